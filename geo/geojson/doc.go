// Package geojson reads GeoJSON (RFC 7946) strictly and as a stream, and writes it with the same bytes for the same content.
//
// The reader takes a FeatureCollection, a single Feature, a bare geometry, a GeometryCollection (one row per geometry),
// newline-delimited features and RFC 8142 text sequences, with or without a UTF-8 byte order mark. Every feature of the file
// comes back as a Row that is used as it is, mended (Row.Repairs says how) or refused (Row.Refused says why), so that
// read = used + repaired + refused. The geometry of a row that is not refused is valid in the sense of OGC Simple Features:
// closed rings that neither cross nor touch themselves, holes inside their shell, polygons that do not overlap, degrees in range,
// shells counter-clockwise and holes clockwise (RFC 7946 §3.1.6).
//
// JSON is checked to the last byte: a syntax error anywhere refuses the whole file (*SyntaxError), except in newline-delimited
// input, where it refuses its line. Well-formed JSON that is not GeoJSON is a *NotGeoJSONError with a hint. Rows are therefore
// provisional until Next returns io.EOF: a consumer must discard what it took when Next ends with another error.
//
// Coordinates are degrees of longitude and latitude in the layer's own datum; the package knows nothing of datums.
package geojson

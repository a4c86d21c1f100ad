// Package osm reads OpenStreetMap extracts: PBF, and XML as it is, gzipped or bzip2-compressed. The format is told by the first bytes.
//
// [Read] goes over a file up to three times (relations, ways, nodes) and keeps in memory only what was asked for: features whose tags are
// wanted, the ways that their outlines are made of, and the places of those ways' nodes. An [Extract] then gives them as rows in the order
// of nodes, ways and relations, each by id, whatever the order of the file. A feature is called node/1, way/2 or relation/3; its tags are
// its properties.
//
// # Shapes
//
// A node is a point. A way is a polygon if it is closed and its tags say so (see [IsArea]), else a line. A relation of type multipolygon or
// boundary is put together from the edges of its member ways: edges that two of them share cancel out, so that inner rings may touch and
// outer rings may be cut in any way; what lies inside an odd number of rings is inside. The roles of members are not needed, as in
// osmium and osm2pgsql. An outline that does not close, because members or nodes lie beyond the extract or are missing from it, is refused
// with the reason; it is never closed by force.
//
// Coordinates are decimal fractions of a degree with at most nine places, as written in the file: PBF and XML of the same data give the
// same numbers.
//
// # What is not trusted
//
// Sizes are checked before memory is taken, the decompressed size is bounded by the file's, indices into string tables are checked, and
// nothing is decoded outside the caller's goroutine. Files with the history of elements, and files of changes, are refused.
//
// Formats: https://wiki.openstreetmap.org/wiki/PBF_Format and https://wiki.openstreetmap.org/wiki/OSM_XML (API 0.6).
package osm

// Package gpkg reads foreign OGC GeoPackages: files that other programs (GDAL, QGIS,
// ArcGIS) wrote. The project's own file belongs to package data/store.
//
// A file is opened read-only and is never written. What is in it is not trusted: every
// geometry is decoded with bounds checked before memory is taken, and a row that cannot
// be decoded comes back with its error, so that a caller can count and explain it.
//
// Standard: OGC 12-128r19, GeoPackage Encoding Standard 1.4, clause 2.1 (features); the
// geometries in it are ISO WKB (OGC 06-103r4).
package gpkg

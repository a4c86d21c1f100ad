// Package store keeps a project in one file: an OGC GeoPackage that QGIS and ArcGIS open directly,
// with our own tables (lc_…) beside the layers that everybody sees. README.md lists the tables
// and what the file guarantees.
//
// A Project implements coverage.Store on SQLite: one connection writes, a pool of others reads,
// every write is one transaction. A Shelf implements coverage.Projects over a file or a folder.
package store

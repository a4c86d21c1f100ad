// Package table turns the cells of a sheet or text table into the rows of a layer: it finds the columns that say where a row lies
// (longitude and latitude, Amap's location, or well-known text), and leaves all others as text, so that codes keep their leading
// zeros. The readers of CSV and XLSX share it.
//
// Cells are text; an empty cell and Amap's [] are null. In a column typecode, five digits get back the zero that a spreadsheet took
// from them. Columns of coordinates do not come back as properties, so that a table and a GeoJSON file of the same features are the
// same layer.
package table

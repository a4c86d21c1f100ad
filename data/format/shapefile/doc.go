// Package shapefile reads Esri Shapefiles (Esri, ESRI Shapefile Technical Description, July 1998), as files beside each other or in a
// .zip: geometries of .shp, attributes of .dbf (dBASE III to IV and Visual FoxPro), the text of .prj, and the encoding by .cpg,
// by the table's code page, or found by content.
//
// Geometries come in the file's own coordinates; Z and M are dropped and counted. Rings are put together to polygons by their
// direction, as the description asks (outer rings clockwise, each hole in the smallest outer ring that holds it); files whose rings
// all run the other way are read by nesting instead, and each such row says so.
//
// Files are not trusted: lengths are held against the file's size before memory is taken. A record that is damaged inside is refused by
// itself; one that makes the place of the next unknowable refuses the file, with its number.
package shapefile

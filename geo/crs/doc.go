// Package crs reads coordinates of the systems in which Chinese city data comes, and turns them into degrees of longitude and
// latitude on WGS 84 and back.
//
// # What is known
//
//   - WGS 84 and CGCS2000 degrees, UTM on WGS 84 (EPSG:32601–32660, 32701–32760), Web Mercator (EPSG:3857 and its old codes);
//   - CGCS2000 / Gauss–Krüger in 3° and 6° zones, with the zone before the easting or without (EPSG:4491–4554);
//   - Xian 1980, Beijing 1954 and New Beijing, geographic and Gauss–Krüger: recognised, but read only after [CRS.Accept], since
//     no transformation to WGS 84 is published that holds across China;
//   - GCJ-02 and BD-09 degrees, by the formula that is public;
//   - transverse Mercator with parameters of its own (a local central meridian or false easting) on one of these datums.
//
// [Parse] takes EPSG codes and their URNs and URLs, names, WKT 1 as OGC and ESRI write it, WKT 2 and PROJ strings. What it does
// not know it refuses: a plane coordinate in an unknown system is never guessed.
//
// # Axes
//
// The first coordinate is the easting or longitude, whatever the register of EPSG says of the axes: this is how GeoJSON,
// Shapefiles, GeoPackages and database geometries hold them. Survey tables with X = northing are read with [CRS.Swapped];
// [Describe] and [Fit] tell from the figures which order and zone they fit.
//
// # Accuracy
//
// Transverse Mercator is Krüger's series to the sixth order of the third flattening (C. F. F. Karney, Transverse Mercator with
// an accuracy of a few nanometers, J. Geodesy 85, 2011): below 0.1 µm within 3,900 km of the central meridian, beyond which
// coordinates are refused. Inverses of GCJ-02 and BD-09 are iterated to below 1 mm. Results are the same on every processor.
package crs

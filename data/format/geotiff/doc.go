// Package geotiff reads rasters of one band as GeoTIFF (OGC 19-008r4, TIFF 6.0, BigTIFF): population grids such as WorldPop and
// GHS-POP become cells of demand whose sum is the raster's.
//
// Strips and tiles, uncompressed or packed by LZW, deflate or PackBits, with the predictors 2 (differences) and 3 (floating point), of
// whole numbers of 8 to 64 bits and floating point of 32 and 64 bits, in either byte order. What else a file may hold is refused
// with words. Only the first image is read: others are overviews and masks. Cells must be rectangles along the axes of the CRS.
//
// Files are not trusted: every size that a file states is checked against the file or a bound before memory is taken.
package geotiff

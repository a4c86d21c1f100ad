package crs

import (
	"math"

	"lifecircle/geo/measure"
)

// GCJ-02 (国测局坐标) adds a smooth offset of a few hundred metres to degrees on WGS 84, and BD-09 (百度坐标) another one of about
// 900 m. Neither is published by its owner; the formulas are those that every public converter uses, on the Krassowsky ellipsoid.
// Converters that take its semi-major axis for WGS 84's differ by a centimetre.
const (
	gcjAxis = 6378245.0
	gcjEcc2 = 0.00669342162296594323
)

// The box of the public formula: beyond it nothing is moved. It is larger than China and has no better border.
const (
	chinaWest, chinaEast   = 72.004, 137.8347
	chinaSouth, chinaNorth = 0.8293, 55.8271
)

// InShiftBox reports whether the public formula of GCJ-02 and BD-09 moves a place on WGS 84; outside, both are WGS 84.
func InShiftBox(lon, lat float64) bool {
	return lon >= chinaWest && lon <= chinaEast && lat >= chinaSouth && lat <= chinaNorth
}

// gcjOffset is what GCJ-02 adds to a place on WGS 84, in degrees.
func gcjOffset(lon, lat float64) (dlon, dlat float64) {
	x, y := lon-105, lat-35
	xy := float64(x * y)
	root := math.Sqrt(math.Abs(x))
	// sin(k·x·π) is the sine of 180·k·x degrees.
	common := float64(20*sine(1080*x)) + float64(20*sine(360*x))
	east := common + float64(20*sine(180*x)) + float64(40*sine(60*x)) + float64(150*sine(15*x)) + float64(300*sine(6*x))
	north := common + float64(20*sine(180*y)) + float64(40*sine(60*y)) + float64(160*sine(15*y)) + float64(320*sine(6*y))
	east = 300 + x + float64(2*y) + float64(0.1*float64(x*x)) + float64(0.1*xy) + float64(0.1*root) + float64(east*(2.0/3))
	north = -100 + float64(2*x) + float64(3*y) + float64(0.2*float64(y*y)) + float64(0.1*xy) + float64(0.2*root) + float64(north*(2.0/3))
	s, c := measure.SincosDeg(lat)
	w2 := 1 - float64(gcjEcc2*float64(s*s))
	w := math.Sqrt(w2)
	dlon = float64(east*degree) / float64(gcjAxis/w*c)
	dlat = float64(north*degree) / (gcjAxis * (1 - gcjEcc2) / float64(w2*w))
	return dlon, dlat
}

func sine(deg float64) float64 {
	s, _ := measure.SincosDeg(deg)
	return s
}

// bdOffset is what BD-09 adds to a place in GCJ-02, in degrees.
func bdOffset(lon, lat float64) (dlon, dlat float64) {
	_, c := measure.SincosDeg(3000 * lon)
	r := math.Sqrt(float64(lon*lon)+float64(lat*lat)) + float64(0.00002*sine(3000*lat))
	theta := measure.Atan2(lat, lon) + float64(0.000003*c)
	s, c := measure.SincosDeg(float64(theta * degree))
	return float64(r*c) + 0.0065 - lon, float64(r*s) + 0.006 - lat
}

type offset func(lon, lat float64) (dlon, dlat float64)

func bdOverWGS(lon, lat float64) (dlon, dlat float64) {
	dx, dy := gcjOffset(lon, lat)
	bx, by := bdOffset(lon+dx, lat+dy)
	return dx + bx, dy + by
}

// shifted moves a place on WGS 84, unless it lies outside the box.
func shifted(f offset, lon, lat float64) (x, y float64) {
	if !InShiftBox(lon, lat) {
		return lon, lat
	}
	dx, dy := f(lon, lat)
	return lon + dx, lat + dy
}

// maxSteps bounds the iteration. The offsets change by at most 6 % of the distance between two places, so that four steps reach a
// millimetre; the square root at 105° E needs more where it is steep.
const maxSteps = 40

// unshifted finds the place on WGS 84 that the offset moves to (x, y), to below 1e-12°. A place that no place inside the box
// is moved to was not moved.
func unshifted(f offset, x, y float64) (lon, lat float64) {
	if x < chinaWest-1 || x > chinaEast+1 || y < chinaSouth-1 || y > chinaNorth+1 {
		return x, y
	}
	lon, lat = x, y
	for range maxSteps {
		dx, dy := f(lon, lat)
		nextLon, nextLat := x-dx, y-dy
		done := math.Abs(nextLon-lon) < 1e-12 && math.Abs(nextLat-lat) < 1e-12
		lon, lat = nextLon, nextLat
		if done {
			break
		}
	}
	if !InShiftBox(lon, lat) {
		return x, y
	}
	return lon, lat
}

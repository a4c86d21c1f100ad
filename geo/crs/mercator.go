package crs

import "math"

// webRadius is the sphere of Web Mercator (EPSG method 1024), in metres.
const webRadius = 6378137.0

func mercatorForward(lon, lat float64) (x, y float64, ok bool) {
	if math.Abs(lat) > 89 { // nobody's map goes there
		return 0, 0, false
	}
	s := sine(lat)
	return float64(webRadius * float64(lon*radian)), float64(webRadius * asinh(s/math.Sqrt(1-float64(s*s)))), true
}

func mercatorInverse(x, y float64) (lon, lat float64, ok bool) {
	const world = webRadius * math.Pi * (1 + 1e-12)
	if math.Abs(x) > world || math.Abs(y) > 1.5*world {
		return 0, 0, false
	}
	sh, _ := sinhcosh(y / webRadius)
	return min(max(float64(x/webRadius*degree), -180), 180), atanDeg(sh), true
}

package main

import (
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"lifecircle/geo/overlay"
)

// round7 rounds a position to 10⁻⁷ degrees (1 cm), the precision of OpenStreetMap.
func round7(p orb.Point) orb.Point {
	return orb.Point{math.Round(p[0]*1e7) / 1e7, math.Round(p[1]*1e7) / 1e7}
}

// clean gives a geometry with its positions rounded to 10⁻⁷ degrees: equal neighbors in a row are one, parts that collapse are
// dropped, a multi-geometry of one part is that part, and a polygon that is not valid (before or after rounding) is mended
// by noding it anew. mended tells that it was.
func clean(g orb.Geometry) (out orb.Geometry, mended bool, err error) {
	switch g := g.(type) {
	case orb.Point:
		return round7(g), false, nil
	case orb.LineString:
		return cleanLines(orb.MultiLineString{g})
	case orb.MultiLineString:
		return cleanLines(g)
	case orb.Polygon:
		return cleanPolygons(orb.MultiPolygon{g})
	case orb.MultiPolygon:
		return cleanPolygons(g)
	}
	return nil, false, fmt.Errorf("a %T is not expected here", g)
}

func cleanLines(lines orb.MultiLineString) (orb.Geometry, bool, error) {
	var out orb.MultiLineString
	for _, l := range lines {
		if c := cleanChain(l); len(c) >= 2 {
			out = append(out, c)
		}
	}
	switch len(out) {
	case 0:
		return nil, false, fmt.Errorf("the line has no length")
	case 1:
		return out[0], false, nil
	}
	return out, false, nil
}

func cleanPolygons(polygons orb.MultiPolygon) (orb.Geometry, bool, error) {
	out := cleanRings(polygons)
	mended := false
	// Rounding what was mended can break it anew, but each time by less.
	for try := 0; overlay.Valid(out) != nil; try++ {
		if try == 3 {
			return nil, true, fmt.Errorf("the polygon cannot be mended: %w", overlay.Valid(out))
		}
		noded, err := overlay.Union([]orb.Geometry{out})
		if err != nil {
			return nil, true, err
		}
		out, mended = cleanRings(noded), true
	}
	out = overlay.Normalize(out)
	switch len(out) {
	case 0:
		return nil, mended, fmt.Errorf("the polygon has no area")
	case 1:
		return out[0], mended, nil
	}
	return out, mended, nil
}

func cleanRings(polygons orb.MultiPolygon) orb.MultiPolygon {
	var out orb.MultiPolygon
	for _, p := range polygons {
		var q orb.Polygon
		for i, r := range p {
			c := cleanChain(orb.LineString(r))
			if len(c) < 4 {
				if i == 0 {
					break // no shell, no part
				}
				continue
			}
			q = append(q, orb.Ring(c))
		}
		if len(q) > 0 {
			out = append(out, q)
		}
	}
	return out
}

func cleanChain(l orb.LineString) orb.LineString {
	var out orb.LineString
	for _, p := range l {
		if q := round7(p); len(out) == 0 || out[len(out)-1] != q {
			out = append(out, q)
		}
	}
	return out
}

// multi gives a polygon or multipolygon as a multipolygon.
func multi(g orb.Geometry) orb.MultiPolygon {
	switch g := g.(type) {
	case orb.Polygon:
		return orb.MultiPolygon{g}
	case orb.MultiPolygon:
		return g
	}
	return nil
}

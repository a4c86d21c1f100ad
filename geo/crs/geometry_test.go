package crs

import (
	"testing"

	"github.com/paulmach/orb"
)

// Every geometry type comes through with every vertex moved and the given one untouched; one bad vertex refuses the whole.
func TestGeometry(t *testing.T) {
	c := read(t, 4545).Swapped()
	p, q, r := orb.Point{3271930, 362088}, orb.Point{3272930, 362088}, orb.Point{3272930, 363088}
	bad := orb.Point{1, 36362088}
	ring := func(last orb.Point) orb.Ring { return orb.Ring{p, q, last, p} }
	for _, build := range []func(orb.Point) orb.Geometry{
		func(x orb.Point) orb.Geometry { return x },
		func(x orb.Point) orb.Geometry { return orb.MultiPoint{p, x} },
		func(x orb.Point) orb.Geometry { return orb.LineString{p, q, x} },
		func(x orb.Point) orb.Geometry { return orb.MultiLineString{{p, q}, {q, x}} },
		func(x orb.Point) orb.Geometry { return ring(x) },
		func(x orb.Point) orb.Geometry { return orb.Polygon{ring(r), ring(x)} },
		func(x orb.Point) orb.Geometry { return orb.MultiPolygon{{ring(r)}, {ring(x)}} },
		func(x orb.Point) orb.Geometry { return orb.Collection{p, ring(x)} },
	} {
		g := build(r)
		got, err := c.Geometry(g)
		if err != nil || got.GeoJSONType() != g.GeoJSONType() {
			t.Fatalf("%T: %v, %v", g, got, err)
		}
		if b := got.Bound(); b.Min[0] < 106.57 || b.Max[0] > 106.6 || b.Min[1] < 29.55 || b.Max[1] > 29.57 {
			t.Errorf("%T comes to %v", g, b)
		}
		if !orb.Equal(g, build(r)) {
			t.Errorf("%T was changed", g)
		}
		if got, err := c.Geometry(build(bad)); codeOf(err) != Range || got != nil {
			t.Errorf("%T with a bad vertex: %v, %v", g, got, err)
		}
	}
	if g, err := c.Geometry(nil); g != nil || err != nil {
		t.Error(g, err)
	}
	if g, err := read(t, 4490).Geometry(p); err != nil || g != orb.Geometry(p) {
		t.Error("degrees on CGCS2000 are read as they are", g, err)
	}
	forbidden, _ := FromEPSG(2433)
	if _, err := forbidden.Geometry(p); codeOf(err) != Consent {
		t.Error(err)
	}
}

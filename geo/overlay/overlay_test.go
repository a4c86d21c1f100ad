package overlay

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

func box(x0, y0, x1, y1 float64) orb.Polygon {
	return orb.Polygon{{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}, {x0, y0}}}
}

func hole(p, h orb.Polygon) orb.Polygon {
	r := h[0].Clone()
	r.Reverse()
	return append(p.Clone(), r)
}

// Exports are compared byte by byte: one shape must be written in one way, whoever drew it.
func TestNormalize(t *testing.T) {
	unit := orb.MultiPolygon{box(0, 0, 1, 1)}
	for _, c := range []struct {
		name string
		in   orb.MultiPolygon
		want orb.MultiPolygon
	}{
		{"nothing", nil, orb.MultiPolygon{}},
		{"as it should be", unit, unit},
		{"clockwise, another start", orb.MultiPolygon{{{{1, 1}, {1, 0}, {0, 0}, {0, 1}, {1, 1}}}}, unit},
		{"not closed", orb.MultiPolygon{{{{1, 0}, {1, 1}, {0, 1}, {0, 0}}}}, unit},
		{"rounded", orb.MultiPolygon{{{{1e-10, -1e-10}, {1 + 4e-10, 0}, {1, 1}, {0, 1}, {1e-10, -1e-10}}}}, unit},
		{"a vertex twice", orb.MultiPolygon{{{{0, 0}, {1, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}, {0, 0}}}}, unit},
		{"a spike", orb.MultiPolygon{{{{0, 0}, {1, 0}, {2, 0.5}, {1, 0}, {1, 1}, {0, 1}, {0, 0}}}}, unit},
		{"a spike at the start", orb.MultiPolygon{{{{-1, 0}, {0, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}, {-1, 0}}}}, unit},
		{"a collapsed part", orb.MultiPolygon{box(0, 0, 1, 1), box(2, 2, 2+4e-10, 3), {{{3, 3}, {4, 4}, {3, 3}}}}, unit},
		{"a collapsed hole", orb.MultiPolygon{hole(box(0, 0, 1, 1), box(0.5, 0.5, 0.5+1e-10, 0.7))}, unit},
		{"a collapsed shell takes its holes along", orb.MultiPolygon{hole(box(0, 0, 1e-10, 1), box(0, 0, 1, 1))}, orb.MultiPolygon{}},
		{"parts and holes in order",
			orb.MultiPolygon{box(3, 0, 4, 1), append(hole(box(0, 0, 2, 2), box(1, 1, 1.5, 1.5)), box(0.5, 0.5, 0.7, 0.7)[0])},
			orb.MultiPolygon{
				{{{0, 0}, {2, 0}, {2, 2}, {0, 2}, {0, 0}}, {{0.5, 0.5}, {0.5, 0.7}, {0.7, 0.7}, {0.7, 0.5}, {0.5, 0.5}}, {{1, 1}, {1, 1.5}, {1.5, 1.5}, {1.5, 1}, {1, 1}}},
				box(3, 0, 4, 1)}},
		{"no negative zero", orb.MultiPolygon{{{{math.Copysign(0, -1), 0}, {1, 0}, {1, 1}, {-1e-12, 1}, {0, -1e-12}}}}, unit},
		{"a sliver a step wide", orb.MultiPolygon{{{{106, 29}, {106.000000001, 30}, {106, 30}}}}, orb.MultiPolygon{{{{106, 29}, {106.000000001, 30}, {106, 30}, {106, 29}}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Normalize(c.in)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			for _, p := range got {
				if math.Signbit(p[0][0][0]) {
					t.Error("negative zero")
				}
			}
			if d := cmp.Diff(got, Normalize(got)); d != "" {
				t.Error("twice:", d)
			}
		})
	}
}

func TestOperations(t *testing.T) {
	a, b := box(0, 0, 2, 2), box(1, 1, 3, 3)
	for _, c := range []struct {
		name string
		do   func() (orb.MultiPolygon, error)
		want orb.MultiPolygon
	}{
		{"union", func() (orb.MultiPolygon, error) { return Union([]orb.Geometry{a, b}) },
			orb.MultiPolygon{{{{0, 0}, {2, 0}, {2, 1}, {3, 1}, {3, 3}, {1, 3}, {1, 2}, {0, 2}, {0, 0}}}}},
		{"union of nothing", func() (orb.MultiPolygon, error) { return Union(nil) }, orb.MultiPolygon{}},
		{"union of all kinds", func() (orb.MultiPolygon, error) {
			return Union([]orb.Geometry{orb.Collection{a[0], orb.MultiPolygon{b}}, a.Bound(), nil})
		}, orb.MultiPolygon{{{{0, 0}, {2, 0}, {2, 1}, {3, 1}, {3, 3}, {1, 3}, {1, 2}, {0, 2}, {0, 0}}}}},
		{"union of parts with a common side", func() (orb.MultiPolygon, error) { return Union([]orb.Geometry{box(0, 0, 1, 1), box(1, 0, 2, 1)}) },
			orb.MultiPolygon{{{{0, 0}, {1, 0}, {2, 0}, {2, 1}, {1, 1}, {0, 1}, {0, 0}}}}},
		{"intersection", func() (orb.MultiPolygon, error) { return Intersection(a, b) }, orb.MultiPolygon{box(1, 1, 2, 2)}},
		{"intersection along a side is no land", func() (orb.MultiPolygon, error) { return Intersection(box(0, 0, 1, 1), box(1, 0, 2, 1)) }, orb.MultiPolygon{}},
		{"intersection in a corner is no land", func() (orb.MultiPolygon, error) { return Intersection(box(0, 0, 1, 1), box(1, 1, 2, 2)) }, orb.MultiPolygon{}},
		{"intersection far apart", func() (orb.MultiPolygon, error) { return Intersection(box(0, 0, 1, 1), box(5, 5, 6, 6)) }, orb.MultiPolygon{}},
		{"intersection with side and land", func() (orb.MultiPolygon, error) {
			return Intersection(box(0, 0, 2, 1), orb.MultiPolygon{box(0.5, 0.5, 1, 2), box(2, 0, 3, 1)})
		}, orb.MultiPolygon{box(0.5, 0.5, 1, 1)}},
		{"intersection with parts that overlap", func() (orb.MultiPolygon, error) {
			return Intersection(orb.Collection{a, b}, box(0, 0, 1.5, 1.5))
		}, orb.MultiPolygon{box(0, 0, 1.5, 1.5)}},
		{"difference", func() (orb.MultiPolygon, error) { return Difference(a, b) },
			orb.MultiPolygon{{{{0, 0}, {2, 0}, {2, 1}, {1, 1}, {1, 2}, {0, 2}, {0, 0}}}}},
		{"difference makes a hole", func() (orb.MultiPolygon, error) { return Difference(box(0, 0, 3, 3), box(1, 1, 2, 2)) },
			orb.MultiPolygon{hole(box(0, 0, 3, 3), box(1, 1, 2, 2))}},
		{"difference from itself", func() (orb.MultiPolygon, error) { return Difference(a, a) }, orb.MultiPolygon{}},
		{"difference from nothing", func() (orb.MultiPolygon, error) { return Difference(nil, a) }, orb.MultiPolygon{}},
		{"difference by nothing", func() (orb.MultiPolygon, error) { return Difference(a, nil) }, orb.MultiPolygon{a}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.do()
			if err != nil {
				t.Fatal(err)
			}
			want := Normalize(c.want)
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestOperationsRefuse(t *testing.T) {
	line := orb.LineString{{0, 0}, {1, 1}}
	for name, do := range map[string]func() (orb.MultiPolygon, error){
		"union":        func() (orb.MultiPolygon, error) { return Union([]orb.Geometry{box(0, 0, 1, 1), line}) },
		"intersection": func() (orb.MultiPolygon, error) { return Intersection(line, box(0, 0, 1, 1)) },
		"difference":   func() (orb.MultiPolygon, error) { return Difference(box(0, 0, 1, 1), orb.Point{}) },
		"collection":   func() (orb.MultiPolygon, error) { return Union([]orb.Geometry{orb.Collection{line}}) },
	} {
		if _, err := do(); !errors.Is(err, ErrNotAreal) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	// Broken input ends in an error or a valid result, never in a panic.
	nasty := []orb.Geometry{
		orb.Polygon{{{0, 0}, {1, 1}, {1, 0}, {0, 1}, {0, 0}}},
		orb.Polygon{{{0, 0}, {math.NaN(), 1}, {1, 0}, {0, 0}}},
		orb.Polygon{{{0, 0}, {math.Inf(1), 1}, {1, 0}, {0, 0}}},
		orb.Polygon{{{0, 0}, {1, 1}}}, orb.Polygon{{}}, orb.Polygon{}, orb.MultiPolygon{{}, nil}, orb.Polygon{{{0, 0}, {0, 0}, {0, 0}, {0, 0}}},
		orb.Polygon{box(0, 0, 1, 1)[0], box(2, 2, 3, 3)[0]},
	}
	for _, g := range append(nasty, orb.AllGeometries...) {
		for _, h := range []orb.Geometry{box(0.2, 0.2, 0.8, 0.8), g} {
			for _, do := range []func(a, b orb.Geometry) (orb.MultiPolygon, error){Intersection, Difference,
				func(a, b orb.Geometry) (orb.MultiPolygon, error) { return Union([]orb.Geometry{a, b}) }} {
				if got, err := do(g, h); err == nil && Valid(got) != nil {
					t.Errorf("%v with %v: %v", g, h, Valid(got))
				}
			}
		}
		Intersects(g, box(0, 0, 1, 1))
		Touches(g, g)
		_ = Valid(g)
	}
}

func TestValid(t *testing.T) {
	for _, c := range []struct {
		name string
		g    orb.Geometry
		say  string // "" if valid
	}{
		{"nothing", nil, ""},
		{"a square", box(0, 0, 1, 1), ""},
		{"a point", orb.Point{1, 2}, ""},
		{"a line", orb.LineString{{0, 0}, {1, 1}}, ""},
		{"parts that touch in a corner", orb.MultiPolygon{box(0, 0, 1, 1), box(1, 1, 2, 2)}, ""},
		{"parts with a common side", orb.MultiPolygon{box(0, 0, 1, 1), box(1, 0, 2, 1)}, "1"},
		{"a bow tie", orb.Polygon{{{0, 0}, {1, 1}, {1, 0}, {0, 1}, {0, 0}}}, "simple"},
		{"not closed", orb.Polygon{{{0, 0}, {1, 0}, {1, 1}}}, "closed"},
		{"a hole outside", orb.Polygon{box(0, 0, 1, 1)[0], box(2, 2, 3, 3)[0]}, "2"},
		{"not a number", orb.Point{math.NaN(), 0}, "NaN"},
		{"in a collection", orb.Collection{orb.Point{}, orb.LineString{{0, 0}}}, "member 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Valid(c.g)
			if (err == nil) != (c.say == "") || err != nil && !strings.Contains(err.Error(), c.say) {
				t.Errorf("error %v, want %q", err, c.say)
			}
		})
	}
}

func TestIntersectsTouches(t *testing.T) {
	a := box(0, 0, 1, 1)
	for _, c := range []struct {
		name                string
		a, b                orb.Geometry
		intersects, touches bool
	}{
		{"apart", a, box(2, 2, 3, 3), false, false},
		{"overlap", a, box(0.5, 0.5, 3, 3), true, true},
		{"within", a, box(0.2, 0.2, 0.3, 0.3), true, true},
		{"in the hole", hole(box(0, 0, 3, 3), box(1, 1, 2, 2)), box(1.2, 1.2, 1.8, 1.8), false, false},
		{"common side", a, box(1, 0, 2, 1), true, true},
		{"common corner", a, box(1, 1, 2, 2), true, true},
		{"a rounding step apart", a, box(1+1e-9, 0.2, 2, 0.8), false, true},
		{"a rounding step apart, the other", box(1+1e-9, 0.2, 2, 0.8), a, false, true},
		{"a centimetre apart", a, box(1+1e-7, 0.2, 2, 0.8), false, false},
		{"point on a side", orb.Point{1, 0.5}, a, true, true},
		{"point inside", orb.Point{0.5, 0.5}, a, true, true},
		{"point beside a side", orb.Point{1 + 1e-9, 0.5}, a, false, true},
		{"line through", orb.LineString{{-1, 0.5}, {2, 0.6}}, a, true, true},
		{"nothing", nil, a, false, false},
		{"empty", orb.MultiPolygon{}, a, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Intersects(c.a, c.b); got != c.intersects {
				t.Errorf("intersects: %v", got)
			}
			if got := Touches(c.a, c.b); got != c.touches {
				t.Errorf("touches: %v", got)
			}
			if Intersects(c.b, c.a) != c.intersects || Touches(c.b, c.a) != c.touches {
				t.Error("differs the other way round")
			}
		})
	}
}

package osm

import (
	"math"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"lifecircle/geo/geojson"
)

// path reads grid places "x,y" as a line; a unit is a thousandth of a degree.
func path(xy ...int64) []place {
	var line []place
	for i := 0; i < len(xy); i += 2 {
		line = append(line, place{xy[i] * 1e6, xy[i+1] * 1e6})
	}
	return line
}

// gridArea is the area of polygons in square grid units, by the shoelace formula.
func gridArea(mp orb.MultiPolygon) float64 {
	sum := 0.0
	for _, p := range mp {
		for _, r := range p {
			sum += shoelace(r) / 2 * 1e6
		}
	}
	return sum
}

func square(x, y, side int64) []place {
	return path(x, y, x+side, y, x+side, y+side, x, y+side, x, y)
}

// An outline that is put together wrongly is a park where there is none, or a lake full of people.
func TestOutline(t *testing.T) {
	type want struct {
		parts, holes int
		area         float64
		fault        outlineFault
		openInner    bool
	}
	for _, c := range []struct {
		name         string
		outer, inner [][]place
		want
	}{
		{"one ring", [][]place{square(0, 0, 10)}, nil, want{parts: 1, area: 100}},
		{"cut and reversed", [][]place{path(0, 0, 10, 0, 10, 10), path(0, 0, 0, 10), path(10, 10, 0, 10)}, nil, want{parts: 1, area: 100}},
		{"hole", [][]place{square(0, 0, 10)}, [][]place{square(2, 2, 3)}, want{parts: 1, holes: 1, area: 91}},
		{"hole with the role of an outer ring", [][]place{square(0, 0, 10), square(2, 2, 3)}, nil, want{parts: 1, holes: 1, area: 91}},
		{"island in a hole", [][]place{square(0, 0, 10), square(3, 3, 1)}, [][]place{square(2, 2, 3)}, want{parts: 2, holes: 1, area: 92}},
		{"inner rings that share an edge", [][]place{square(0, 0, 10)}, [][]place{square(2, 2, 3), path(5, 2, 8, 2, 8, 5, 5, 5, 5, 2)}, want{parts: 1, holes: 1, area: 82}},
		{"outer rings that share an edge", [][]place{square(0, 0, 10), path(10, 0, 20, 0, 20, 10, 10, 10, 10, 0)}, nil, want{parts: 1, area: 200}},
		{"inner rings that share a vertex", [][]place{square(0, 0, 10)}, [][]place{square(2, 2, 3), square(5, 5, 3)}, want{parts: 1, holes: 2, area: 82}},
		{"outer rings that share a vertex", [][]place{square(0, 0, 10), square(10, 10, 10)}, nil, want{parts: 2, area: 200}},
		{"hole that touches the outer ring in a vertex", [][]place{path(0, 0, 10, 0, 10, 10, 0, 10, 0, 5, 0, 0)}, [][]place{path(0, 5, 3, 4, 3, 6, 0, 5)}, want{parts: 1, holes: 1, area: 97}},
		{"hole that cuts the outer ring in two", [][]place{path(0, 0, 10, 0, 10, 5, 10, 10, 0, 10, 0, 5, 0, 0)}, [][]place{path(0, 5, 5, 4, 10, 5, 5, 6, 0, 5)}, want{parts: 2, area: 90}},
		{"crescents that touch twice", [][]place{path(0, 0, 10, 0, 10, 10, 0, 10, 0, 0), path(0, 0, 3, 5, 10, 10)}, [][]place{path(10, 10, 5, 3, 0, 0)}, want{parts: 2, area: 80}},
		{"one way in both directions", [][]place{square(0, 0, 10), path(3, 3, 4, 4), path(4, 4, 3, 3)}, nil, want{parts: 1, area: 100}},
		{"figure of eight in one way", [][]place{path(0, 0, 4, 0, 2, 2, 0, 4, 4, 4, 2, 2, 0, 0)}, nil, want{parts: 2, area: 8}},
		{"open", [][]place{path(0, 0, 10, 0, 10, 10)}, nil, want{fault: outlineOpen}},
		{"open beside a closed one", [][]place{square(0, 0, 5), path(20, 0, 30, 0)}, nil, want{fault: outlineOpen}},
		{"inner ring open", [][]place{square(0, 0, 10)}, [][]place{path(2, 2, 3, 3, 2, 4)}, want{parts: 1, area: 100, openInner: true}},
		{"nothing", nil, nil, want{fault: outlineEmpty}},
		{"one place", [][]place{path(1, 1, 1, 1)}, nil, want{fault: outlineEmpty}},
		{"there and back", [][]place{path(0, 0, 5, 5, 0, 0)}, nil, want{fault: outlineEmpty}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var o outline
			for _, l := range c.outer {
				o.add(l, false)
			}
			for _, l := range c.inner {
				o.add(l, true)
			}
			mp, openInner, fault := o.polygons()
			holes := -len(mp)
			for _, p := range mp {
				holes += len(p)
			}
			got := want{len(mp), holes, math.Round(gridArea(mp)*1e3) / 1e3, fault, openInner}
			if fault != outlineOK {
				got = want{fault: fault}
			}
			if got != c.want {
				t.Fatalf("%+v, want %+v\n%v", got, c.want, mp)
			}
			if fault == outlineOK {
				if _, _, why := geojson.Clean(mp, false); why != nil {
					t.Errorf("not valid: %v in %v", why, mp)
				}
			}
		})
	}
}

// Any set of squares of a grid has an outline, however its edges are cut into ways, and the polygons put together from it are valid and
// have the area of the squares. Corners where squares touch make every kind of knot.
func TestOutlineOfSquares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 7).Draw(t, "n")
		filled := map[[2]int]bool{}
		for x := range n {
			for y := range n {
				if rapid.Bool().Draw(t, "filled") {
					filled[[2]int{x, y}] = true
				}
			}
		}
		type edge struct{ a, b [2]int }
		var edges []edge
		for x := range n + 1 {
			for y := range n + 1 {
				if filled[[2]int{x, y}] != filled[[2]int{x - 1, y}] {
					edges = append(edges, edge{[2]int{x, y}, [2]int{x, y + 1}})
				}
				if filled[[2]int{x, y}] != filled[[2]int{x, y - 1}] {
					edges = append(edges, edge{[2]int{x, y}, [2]int{x + 1, y}})
				}
			}
		}
		order := rapid.Permutation(edges).Draw(t, "order")
		var o outline
		for i := 0; i < len(order); {
			e := order[i]
			if rapid.Bool().Draw(t, "reversed") {
				e.a, e.b = e.b, e.a
			}
			line := path(int64(e.a[0]), int64(e.a[1]), int64(e.b[0]), int64(e.b[1]))
			// a way goes on while the next edge begins where it ends
			for i++; i < len(order) && (order[i].a == e.b || order[i].b == e.b); i++ {
				next := order[i].b
				if next == e.b {
					next = order[i].a
				}
				line = append(line, path(int64(next[0]), int64(next[1]))...)
				e.b = next
			}
			o.add(line, rapid.Bool().Draw(t, "inner"))
		}
		mp, openInner, fault := o.polygons()
		if len(filled) == 0 {
			if fault != outlineEmpty {
				t.Fatalf("nothing is %v", mp)
			}
			return
		}
		if fault != outlineOK || openInner {
			t.Fatalf("fault %v, open inner ring %v", fault, openInner)
		}
		if got := gridArea(mp); math.Abs(got-float64(len(filled))) > 1e-6 {
			t.Fatalf("area %v, want %d\n%v", got, len(filled), mp)
		}
		if _, _, why := geojson.Clean(mp, false); why != nil {
			t.Fatalf("not valid: %v\n%v", why, mp)
		}
	})
}

// Hostile outlines cost a moment.
func TestOutlineBounds(t *testing.T) {
	var fan, many outline
	for i := range int64(2 * maxFan) {
		fan.add(path(0, 0, 10+i, 1, 10+i, 2, 0, 0), false)
	}
	if _, _, fault := fan.polygons(); fault != outlineComplex {
		t.Errorf("a fan of %d triangles: %v", 2*maxFan, fault)
	}
	for i := range int64(maxRings + 1) {
		many.add(square(3*(i%300), 3*(i/300), 2), false)
	}
	if _, _, fault := many.polygons(); fault != outlineComplex {
		t.Errorf("%d rings: %v", maxRings+1, fault)
	}
}

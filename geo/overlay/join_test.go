package overlay

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

// mosaic draws a quilt of n × n quadrangles with crooked corners; neighbors share whole edges.
func mosaic(t *rapid.T, n int) []orb.Geometry {
	corner := make([]orb.Point, (n+1)*(n+1))
	for i := range corner {
		dx, dy := rapid.IntRange(-30, 30).Draw(t, "dx"), rapid.IntRange(-30, 30).Draw(t, "dy")
		corner[i] = orb.Point{106.5 + float64(i%(n+1))/1000 + float64(dx)/1e5, 29.5 + float64(i/(n+1))/1000 + float64(dy)/1e5}
	}
	var out []orb.Geometry
	for y := range n {
		for x := range n {
			a, b := corner[y*(n+1)+x], corner[y*(n+1)+x+1]
			c, d := corner[(y+1)*(n+1)+x+1], corner[(y+1)*(n+1)+x]
			out = append(out, orb.Polygon{{a, b, c, d, a}})
		}
	}
	return out
}

// Outlines of districts come from edges where they can; they must be what an overlay gives.
func TestJoinIsUnion(t *testing.T) {
	byEdges := 0
	rapid.Check(t, func(t *rapid.T) {
		all := mosaic(t, rapid.IntRange(1, 5).Draw(t, "n"))
		var some []orb.Geometry
		for _, g := range all {
			if rapid.IntRange(0, 9).Draw(t, "in") > 1 {
				some = append(some, g)
			}
		}
		want, err := Union(some)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Join(some)
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Fatalf("%v\n%s", err, d)
		}
		var mp orb.MultiPolygon
		for _, g := range some {
			mp = append(mp, g.(orb.Polygon))
		}
		if rings, ok := outerEdges(mp); ok && len(rings) > 0 {
			byEdges++
		}
	})
	if byEdges == 0 {
		t.Error("no case was joined by its edges")
	}
}

// What does not share whole edges is left to the overlay.
func TestJoinElse(t *testing.T) {
	for _, c := range []struct {
		name string
		in   []orb.Geometry
	}{
		{"nothing", nil},
		{"a border split on one side only", []orb.Geometry{box(0, 0, 1, 2), box(1, 0, 2, 1), box(1, 1, 2, 2)}},
		{"corners that touch", []orb.Geometry{box(0, 0, 1, 1), box(1, 1, 2, 2)}},
		{"holes whose corners touch", []orb.Geometry{box(0, 0, 1, 3), box(1, 0, 3, 1), box(1, 2, 2, 3), box(2, 1, 3, 2), box(2, 2, 3, 3)}},
		{"a ring closed by a corner only", []orb.Geometry{box(0, 0, 1, 1), box(1, 0, 2, 1), box(2, 1, 3, 2), box(0, 1, 1, 2), box(1, 2, 2, 3), box(0, 2, 1, 3), box(2, 2, 3, 3)}},
		{"a board of squares", []orb.Geometry{box(0, 0, 1, 1), box(2, 0, 3, 1), box(1, 1, 2, 2), box(0, 2, 1, 3), box(2, 2, 3, 3)}},
		{"overlapping after all", []orb.Geometry{box(0, 0, 2, 2), box(1, 1, 3, 3)}},
		{"the same twice", []orb.Geometry{box(0, 0, 1, 1), box(0, 0, 1, 1)}},
		{"a hole filled", []orb.Geometry{hole(box(0, 0, 3, 3), box(1, 1, 2, 2)), box(1, 1, 2, 2)}},
		{"an island in a hole", []orb.Geometry{hole(box(0, 0, 5, 5), box(1, 1, 4, 4)), box(2, 2, 3, 3)}},
		{"a hole in an island in a hole", []orb.Geometry{hole(box(0, 0, 9, 9), box(1, 1, 8, 8)), hole(box(2, 2, 7, 7), box(3, 3, 6, 6))}},
		{"a gap of a rounding step", []orb.Geometry{box(0, 0, 1, 1), box(1+1e-10, 0, 2, 1)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			want, err := Union(c.in)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Join(c.in)
			if d := cmp.Diff(want, got); err != nil || d != "" {
				t.Errorf("%v\n%s", err, d)
			}
		})
	}
	if _, err := Join([]orb.Geometry{orb.Point{}}); err == nil {
		t.Error("a point was joined")
	}
}

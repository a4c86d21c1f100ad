package overlay

import (
	"testing"

	"github.com/paulmach/orb"
)

// Neighbors that share a border, a corner or only rounding noise of an edge's middle do not share inside; those that
// overlap do, also where no edge crosses.
func TestOutlinesMeet(t *testing.T) {
	box := func(x0, y0, x1, y1 float64) orb.Polygon {
		return orb.Polygon{{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}, {x0, y0}}}
	}
	slanted := orb.Polygon{{{0.1, 0.3}, {0.7000001, 0.9}, {0, 1}, {0.1, 0.3}}}
	beyond := orb.Polygon{{{0.1, 0.3}, {1, 0}, {0.7000001, 0.9}, {0.1, 0.3}}}
	frame := append(box(0, 0, 4, 4), orb.Ring{{1, 1}, {1, 3}, {3, 3}, {3, 1}, {1, 1}})
	for _, c := range []struct {
		name string
		a, b orb.Geometry
		want bool
	}{
		{"a shared side", box(0, 0, 1, 1), box(1, 0, 2, 1), false},
		{"a shared slanted side", slanted, beyond, false},
		{"half a side", box(0, 0, 1, 1), box(1, 0.5, 2, 2), false},
		{"a corner", box(0, 0, 1, 1), box(1, 1, 2, 2), false},
		{"apart", box(0, 0, 1, 1), box(5, 5, 6, 6), false},
		{"in the hole", frame, box(1, 1, 3, 3), false},
		{"crossing", box(0, 0, 2, 2), box(1, 1, 3, 3), true},
		{"a cross", box(0, 1, 3, 2), box(1, 0, 2, 3), true},
		{"one in the other", box(0, 0, 3, 3), box(1, 1, 2, 2), true},
		{"the same", box(0, 0, 1, 1), box(0, 0, 1, 1), true},
		{"half of it", box(0, 0, 2, 1), box(0, 0, 1, 1), true},
		{"over the frame's hole", frame, box(0.5, 0.5, 3.5, 3.5), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := NewOutline(c.a), NewOutline(c.b)
			if a.Meets(b) != c.want || b.Meets(a) != c.want {
				t.Errorf("%v %v, want %v", a.Meets(b), b.Meets(a), c.want)
			}
		})
	}
}

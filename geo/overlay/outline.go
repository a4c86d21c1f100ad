package overlay

import (
	"slices"

	"github.com/paulmach/orb"

	"lifecircle/geo/measure"
)

// Outline is a polygon prepared for the question whether it shares inside with others. It is not safe for
// concurrent use.
type Outline struct {
	g       orb.Geometry
	bound   orb.Bound
	rings   []orb.Ring
	locator *measure.Locator // made when first needed
}

// NewOutline prepares a valid Polygon or MultiPolygon.
func NewOutline(g orb.Geometry) *Outline {
	o := &Outline{g: g, bound: g.Bound()}
	switch g := g.(type) {
	case orb.Polygon:
		o.rings = g
	case orb.MultiPolygon:
		for _, p := range g {
			o.rings = append(o.rings, p...)
		}
	}
	return o
}

func (o *Outline) inside(p orb.Point) bool {
	if o.locator == nil {
		o.locator = measure.NewLocator(o.g)
	}
	return o.locator.Locate(p) == measure.Inside
}

type segment struct{ a, b orb.Point }

func (s segment) min(k int) float64 { return min(s.a[k], s.b[k]) }
func (s segment) max(k int) float64 { return max(s.a[k], s.b[k]) }

// Bound is the polygon's box.
func (o *Outline) Bound() orb.Bound { return o.bound }

// Meets tells whether two valid polygons share more than borders: an edge of one crosses an edge of the other, or a
// vertex, an edge's middle or an inner point of one lies inside the other. Predicates are exact; an edge that both
// share is no reason.
func (a *Outline) Meets(b *Outline) bool {
	box := orb.Bound{
		Min: orb.Point{max(a.bound.Min[0], b.bound.Min[0]), max(a.bound.Min[1], b.bound.Min[1])},
		Max: orb.Point{min(a.bound.Max[0], b.bound.Max[0]), min(a.bound.Max[1], b.bound.Max[1])},
	}
	if box.Min[0] >= box.Max[0] || box.Min[1] >= box.Max[1] {
		return false
	}
	as, bs := a.within(box), b.within(box)
	return anyCross(as, bs) || anyInside(as, bs, box, b) || anyInside(bs, as, box, a) ||
		b.inside(measure.PointOnSurface(a.g)) || a.inside(measure.PointOnSurface(b.g))
}

// within gives the edges that meet a box, by their western end.
func (o *Outline) within(box orb.Bound) []segment {
	var out []segment
	for _, r := range o.rings {
		for i := 1; i < len(r); i++ {
			s := segment{r[i-1], r[i]}
			if s.min(0) <= box.Max[0] && s.max(0) >= box.Min[0] && s.min(1) <= box.Max[1] && s.max(1) >= box.Min[1] {
				out = append(out, s)
			}
		}
	}
	slices.SortFunc(out, func(x, y segment) int {
		switch {
		case x.min(0) < y.min(0):
			return -1
		case x.min(0) > y.min(0):
			return 1
		}
		return 0
	})
	return out
}

// anyCross sweeps two lists of edges from west to east for a pair that crosses properly.
func anyCross(as, bs []segment) bool {
	var openA, openB []segment
	for i, j := 0, 0; i < len(as) || j < len(bs); {
		if j == len(bs) || i < len(as) && as[i].min(0) <= bs[j].min(0) {
			if openB = meets(as[i], openB); openB == nil {
				return true
			}
			openA = append(openA, as[i])
			i++
		} else {
			if openA = meets(bs[j], openA); openA == nil {
				return true
			}
			openB = append(openB, bs[j])
			j++
		}
	}
	return false
}

// meets drops the open edges that end west of s, and gives nil if s crosses one of the others.
func meets(s segment, open []segment) []segment {
	kept := open[:0]
	if kept == nil {
		kept = []segment{}
	}
	for _, t := range open {
		if t.max(0) < s.min(0) {
			continue
		}
		if t.min(1) <= s.max(1) && t.max(1) >= s.min(1) && crossProperly(s, t) {
			return nil
		}
		kept = append(kept, t)
	}
	return kept
}

// crossProperly tells whether two edges cross in one inner point of both.
func crossProperly(s, t segment) bool {
	return measure.Orient(s.a, s.b, t.a)*measure.Orient(s.a, s.b, t.b) < 0 && measure.Orient(t.a, t.b, s.a)*measure.Orient(t.a, t.b, s.b) < 0
}

// anyInside tells whether a vertex or the middle of one of these edges lies inside o. The middle of an edge that o
// has too lies on its border, but for rounding: it is not asked.
func anyInside(edges, others []segment, box orb.Bound, o *Outline) bool {
	shared := make(map[segment]bool, len(others))
	for _, s := range others {
		shared[s], shared[segment{s.b, s.a}] = true, true
	}
	for _, s := range edges {
		if box.Contains(s.a) && o.inside(s.a) {
			return true
		}
		if shared[s] {
			continue
		}
		if middle := (orb.Point{(s.a[0] + s.b[0]) / 2, (s.a[1] + s.b[1]) / 2}); box.Contains(middle) && o.inside(middle) {
			return true
		}
	}
	return false
}

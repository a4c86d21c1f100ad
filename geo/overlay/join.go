package overlay

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"

	"lifecircle/geo/measure"
)

// Join is the union of polygons whose interiors are known to be disjoint, such as the neighborhoods of a
// district. Where neighbors share whole edges, as a clean coverage has it, the edges that two polygons share cancel out and
// those left are the outline, which takes a thousandth of the time of an overlay. Anything else is left to Union. The result is
// rounded and normalised as Union's. Errors are Union's.
func Join(gs []orb.Geometry) (orb.MultiPolygon, error) {
	var all orb.MultiPolygon
	for _, g := range gs {
		ps, err := polygons(g)
		if err != nil {
			return Union(gs)
		}
		all = append(all, ps...)
	}
	if rings, ok := outerEdges(all); ok {
		if mp, ok := assemble(rings); ok && Valid(mp) == nil {
			return clean(mp)
		}
	}
	return Union(gs)
}

// outerEdges cancels the edges that two polygons walk in opposite directions and chains the others to rings, shells
// counterclockwise. It gives up where rings touch each other or themselves: there it takes more than edges to tell.
func outerEdges(all orb.MultiPolygon) ([]orb.Ring, bool) {
	edges := map[segment]bool{}
	for _, p := range canonical(all) {
		for _, r := range p {
			for i := 1; i < len(r); i++ {
				if back := (segment{r[i], r[i-1]}); edges[back] {
					delete(edges, back)
					continue
				}
				s := segment{r[i-1], r[i]}
				if edges[s] {
					return nil, false // walked twice in one direction: they overlap
				}
				edges[s] = true
			}
		}
	}
	next := make(map[orb.Point]orb.Point, len(edges))
	left := make([]segment, 0, len(edges))
	for s := range edges {
		if _, fork := next[s.a]; fork {
			return nil, false
		}
		next[s.a] = s.b
		left = append(left, s)
	}
	slices.SortFunc(left, func(x, y segment) int {
		return cmp.Or(cmp.Compare(x.a[0], y.a[0]), cmp.Compare(x.a[1], y.a[1]))
	})
	if anyVertexOnEdge(left) {
		return nil, false
	}
	var rings []orb.Ring
	for _, s := range left {
		if _, there := next[s.a]; !there {
			continue
		}
		var ring orb.Ring
		for p := s.a; ; {
			q, there := next[p]
			if !there {
				break
			}
			delete(next, p)
			ring = append(ring, p)
			p = q
		}
		if ring = append(ring, ring[0]); len(ring) < 4 {
			return nil, false
		}
		rings = append(rings, ring)
	}
	return rings, true
}

// anyVertexOnEdge tells whether an edge passes through the first vertex of another one, or so near that rounding could
// make it so. The edges are sorted by their first vertices.
func anyVertexOnEdge(edges []segment) bool {
	for _, s := range edges {
		west, east := s.min(0)-touchDegrees, s.max(0)+touchDegrees
		i, _ := slices.BinarySearchFunc(edges, west, func(e segment, x float64) int { return cmp.Compare(e.a[0], x) })
		for ; i < len(edges) && edges[i].a[0] <= east; i++ {
			if v := edges[i].a; v != s.a && v != s.b && nearSegment(v, s.a, s.b) {
				return true
			}
		}
	}
	return false
}

// assemble gives every hole to the shell around it. The rings must not touch.
func assemble(rings []orb.Ring) (orb.MultiPolygon, bool) {
	var mp orb.MultiPolygon
	var holes []orb.Ring
	for _, r := range rings {
		if planarArea(r[:len(r)-1]) > 0 {
			mp = append(mp, orb.Polygon{r})
		} else {
			holes = append(holes, r)
		}
	}
	shells := slices.Clone(mp)
	for _, h := range holes {
		around := -1
		for i, p := range shells {
			if p.Bound().Contains(h[0]) && measure.Locate(orb.MultiPolygon{p}, h[0]) == measure.Inside &&
				(around < 0 || shells[around].Bound().Contains(p[0][0]) && measure.Locate(orb.MultiPolygon{shells[around]}, p[0][0]) == measure.Inside) {
				around = i
			}
		}
		if around < 0 {
			return nil, false
		}
		mp[around] = append(mp[around], h)
	}
	return mp, len(mp) > 0
}

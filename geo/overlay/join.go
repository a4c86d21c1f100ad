package overlay

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"lifecircle/geo/measure"
)

// Join is the union of polygons whose interiors are known to be disjoint, such as the neighborhoods of a
// district. Where neighbors share whole edges, as a clean coverage has it, the edges that two polygons share cancel out and
// those left are the outline, which takes a thousandth of the time of an overlay. Anything else is left to Union. The result is
// rounded and normalised as Union's. Errors are Union's.
func Join(gs []orb.Geometry) (orb.MultiPolygon, error) {
	if mp, ok := joinByEdges(gs); ok {
		return mp, nil
	}
	return Union(gs)
}

func joinByEdges(gs []orb.Geometry) (orb.MultiPolygon, bool) {
	var all orb.MultiPolygon
	for _, g := range gs {
		ps, err := polygons(g)
		if err != nil {
			return nil, false
		}
		all = append(all, ps...)
	}
	rings, ok := outerEdges(all)
	if !ok {
		return nil, false
	}
	mp, ok := assemble(rings)
	if !ok {
		return nil, false
	}
	mp, err := clean(mp)
	return mp, err == nil
}

// outerEdges cancels the edges that two polygons walk in opposite directions and chains the others to simple rings, with the
// inside on their left. It gives up where polygons share parts of edges: there it takes more than edges to tell.
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
	left := make([]segment, 0, len(edges))
	for s := range edges {
		left = append(left, s)
	}
	slices.SortFunc(left, func(x, y segment) int { return cmp.Or(comparePoints(x.a, y.a), comparePoints(x.b, y.b)) })
	if anyVertexOnEdge(left) {
		return nil, false
	}
	return chain(left)
}

// nearBy tells whether two places are apart by some rounding steps only, as the ends of the shortest edges are.
func nearBy(p, q orb.Point) bool {
	return math.Abs(p[0]-q[0]) <= 4*touchDegrees && math.Abs(p[1]-q[1]) <= 4*touchDegrees
}

// chain makes simple rings of edges, sorted. Where several leave a vertex the way goes on as far to the left as it can, so that
// parts that touch at a corner stay apart; a ring that comes by a vertex again is closed there.
func chain(edges []segment) ([]orb.Ring, bool) {
	first := make(map[orb.Point]int, len(edges)) // of the edges that leave a vertex
	for i := len(edges) - 1; i >= 0; i-- {
		first[edges[i].a] = i
	}
	used := make([]bool, len(edges))
	next := func(e segment) int {
		best := -1
		i, ok := first[e.b]
		for ; ok && i < len(edges) && edges[i].a == e.b; i++ {
			if !used[i] && (best < 0 || moreLeft(e, edges[best].b, edges[i].b)) {
				best = i
			}
		}
		return best
	}
	var rings []orb.Ring
	for start := range edges {
		if used[start] {
			continue
		}
		var path []orb.Point
		at := map[orb.Point]int{}
		for k := start; ; {
			used[k] = true
			at[edges[k].a] = len(path)
			path = append(path, edges[k].a)
			if from, again := at[edges[k].b]; again {
				ring := append(orb.Ring(slices.Clone(path[from:])), path[from])
				if len(ring) < 4 {
					return nil, false
				}
				rings = append(rings, ring)
				for _, v := range path[from:] {
					delete(at, v)
				}
				if path = path[:from]; len(path) == 0 {
					break
				}
			}
			if k = next(edges[k]); k < 0 {
				return nil, false
			}
		}
	}
	return rings, true
}

// moreLeft tells whether the way from an edge on to w turns farther to the left than the way to v.
func moreLeft(e segment, v, w orb.Point) bool {
	x, y := measure.Orient(e.a, e.b, v), measure.Orient(e.a, e.b, w)
	if x != y {
		return y > x
	}
	return measure.Orient(e.b, v, w) > 0
}

// anyVertexOnEdge tells whether an edge passes through the first vertex of another one, or so near that rounding could
// make it so. The edges are sorted by their first vertices.
func anyVertexOnEdge(edges []segment) bool {
	for _, s := range edges {
		west, east := s.min(0)-touchDegrees, s.max(0)+touchDegrees
		i, _ := slices.BinarySearchFunc(edges, west, func(e segment, x float64) int { return cmp.Compare(e.a[0], x) })
		for ; i < len(edges) && edges[i].a[0] <= east; i++ {
			if v := edges[i].a; !nearBy(v, s.a) && !nearBy(v, s.b) && nearSegment(v, s.a, s.b) {
				return true
			}
		}
	}
	return false
}

// assemble gives every hole to the smallest shell around it. Rings may touch at vertices.
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
	slices.SortStableFunc(mp, func(a, b orb.Polygon) int {
		return cmp.Compare(planarArea(a[0][:len(a[0])-1]), planarArea(b[0][:len(b[0])-1]))
	})
	bounds, locators := make([]orb.Bound, len(mp)), make([]*measure.Locator, len(mp))
	for i, p := range mp {
		bounds[i] = p.Bound()
	}
	for _, h := range holes {
		box := h.Bound()
		in := -1
		for i := range mp {
			if b := bounds[i]; box.Min[0] < b.Min[0] || box.Max[0] > b.Max[0] || box.Min[1] < b.Min[1] || box.Max[1] > b.Max[1] {
				continue
			}
			if locators[i] == nil {
				locators[i] = measure.NewLocator(orb.Polygon{mp[i][0]})
			}
			if holds(locators[i], h) {
				in = i
				break
			}
		}
		if in < 0 {
			return nil, false
		}
		mp[in] = append(mp[in], h)
	}
	return mp, len(mp) > 0
}

// holds tells whether a hole lies in a shell, by its first vertex that is not on the border.
func holds(shell *measure.Locator, hole orb.Ring) bool {
	for _, v := range hole {
		if at := shell.Locate(v); at != measure.Border {
			return at == measure.Inside
		}
	}
	r := slices.Clone(hole)
	slices.Reverse(r)
	return shell.Locate(measure.PointOnSurface(orb.Polygon{r})) == measure.Inside
}

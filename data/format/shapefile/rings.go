package shapefile

import (
	"slices"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"lifecircle/coverage/intake"
	"lifecircle/geo/geojson"
)

// ring is a ring of a polygon record.
type ring struct {
	at    orb.Ring
	box   orb.Bound
	area  float64 // twice the signed area: positive counter-clockwise
	depth int     // rings around it
}

func (r *ring) shell() bool { return r.area < 0 } // clockwise

// assemble puts the rings of a record together. A single ring is an outer one whichever way it runs.
func assemble(parts [][]orb.Point) (orb.Geometry, []intake.Finding, *intake.Finding) {
	rings := make([]ring, len(parts))
	for i, p := range parts {
		rings[i] = ring{at: p, box: orb.Ring(p).Bound(), area: doubleArea(p)}
	}
	if len(rings) == 1 {
		return orb.Polygon{rings[0].at}, nil, nil
	}
	n := newNest(rings)
	owner, orphans, ok := n.holders()
	if ok && orphans > 0 {
		ok = n.depths()
	}
	if !ok {
		return nil, nil, finding(string(geojson.TooComplex), "多边形的环过多, 无法归类", "the polygon has too many rings to put them together")
	}
	var repairs []intake.Finding
	shells := func(i int) bool { return rings[i].shell() }
	if orphans > 0 {
		repairs = append(repairs, *finding("ring_orientation", "环的方向不合规范 (外环应为顺时针), 已按包含关系归类", "rings run the wrong way round (outer rings should run clockwise); they were put together by what they lie in"))
		if turned(rings) {
			shells = func(i int) bool { return rings[i].depth%2 == 0 }
			if owner, ok = n.holdersAmong(shells); !ok {
				return nil, nil, finding(string(geojson.TooComplex), "多边形的环过多, 无法归类", "the polygon has too many rings to put them together")
			}
		}
	}
	var out orb.MultiPolygon
	place := make([]int, len(rings))
	for i := range rings {
		if shells(i) || owner[i] < 0 {
			place[i] = len(out)
			out = append(out, orb.Polygon{rings[i].at})
		}
	}
	for i := range rings {
		if !shells(i) && owner[i] >= 0 {
			p := place[owner[i]]
			out[p] = append(out[p], rings[i].at)
		}
	}
	if len(out) == 1 {
		return out[0], repairs, nil
	}
	return out, repairs, nil
}

// turned reports whether the directions of all rings make sense the other way round: no outer ring runs clockwise, or every ring runs
// opposite to what its depth asks for.
func turned(rings []ring) bool {
	none, opposite := true, true
	for i := range rings {
		none = none && !rings[i].shell()
		opposite = opposite && rings[i].shell() == (rings[i].depth%2 == 1)
	}
	return none || opposite
}

// nest answers which rings lie in which, with bounded work.
type nest struct {
	rings []ring
	tree  rtree.RTreeG[int]
	work  int
}

func newNest(rings []ring) *nest {
	n := &nest{rings: rings}
	vertices := 0
	for i := range rings {
		n.tree.Insert(rings[i].box.Min, rings[i].box.Max, i)
		vertices += len(rings[i].at)
	}
	n.work = 100_000_000 + 100*vertices
	return n
}

// holders gives, for each hole by direction, the smallest outer ring that it lies in, −1 for none; orphans are holes in none.
func (n *nest) holders() (owner []int, orphans int, ok bool) {
	owner, ok = n.holdersAmong(func(i int) bool { return n.rings[i].shell() })
	for i := range owner {
		if !n.rings[i].shell() && owner[i] < 0 {
			orphans++
		}
	}
	return owner, orphans, ok
}

// holdersAmong does so for given shells.
func (n *nest) holdersAmong(shell func(int) bool) (owner []int, ok bool) {
	owner = make([]int, len(n.rings))
	for i := range n.rings {
		owner[i] = -1
		if shell(i) {
			continue
		}
		n.around(i, func(j int) {
			if shell(j) && (owner[i] < 0 || smaller(&n.rings[j], &n.rings[owner[i]])) {
				owner[i] = j
			}
		})
		if n.work < 0 {
			return owner, false
		}
	}
	return owner, true
}

// depths counts the rings around each.
func (n *nest) depths() bool {
	for i := range n.rings {
		n.rings[i].depth = 0
		n.around(i, func(int) { n.rings[i].depth++ })
		if n.work < 0 {
			return false
		}
	}
	return true
}

// around calls visit, in order, for the rings that ring i lies in.
func (n *nest) around(i int, visit func(int)) {
	r := &n.rings[i]
	var found []int
	n.tree.Search(r.box.Min, r.box.Max, func(lo, hi [2]float64, j int) bool {
		n.work -= 16
		if j != i && lo[0] <= r.box.Min[0] && lo[1] <= r.box.Min[1] && hi[0] >= r.box.Max[0] && hi[1] >= r.box.Max[1] {
			found = append(found, j)
		}
		return n.work >= 0
	})
	slices.Sort(found)
	for _, j := range found {
		if n.work < 0 {
			return
		}
		if n.within(r, &n.rings[j]) {
			visit(j)
		}
	}
}

// within reports whether a lies in b: where its first vertex lies that is not on b's border. A ring with all vertices on b's border lies in
// it if it is the smaller one.
func (n *nest) within(a, b *ring) bool {
	for _, p := range a.at {
		n.work -= len(b.at)
		switch side(p, b.at) {
		case 1:
			return true
		case -1:
			return false
		}
		if n.work < 0 {
			return false
		}
	}
	return smaller(a, b)
}

func smaller(a, b *ring) bool { return abs(a.area) < abs(b.area) }

func abs(v float64) float64 { return max(v, -v) }

// doubleArea is twice the signed area of a ring, closed or not, taken around its first vertex.
func doubleArea(ps []orb.Point) float64 {
	sum, o := 0.0, ps[0]
	for i := range ps {
		a, b := ps[i], ps[(i+1)%len(ps)]
		sum += float64((a[0]-o[0])*(b[1]-o[1])) - float64((b[0]-o[0])*(a[1]-o[1]))
	}
	return sum
}

// side is 1 inside a ring, −1 outside, 0 on its border.
func side(p orb.Point, ps []orb.Point) int {
	inside := false
	for i := range ps {
		a, b := ps[i], ps[(i+1)%len(ps)]
		if (a[1] > p[1]) == (b[1] > p[1]) {
			if a[1] == p[1] && b[1] == p[1] && min(a[0], b[0]) <= p[0] && p[0] <= max(a[0], b[0]) || p == a {
				return 0
			}
			continue
		}
		turn := float64((b[0]-a[0])*(p[1]-a[1])) - float64((b[1]-a[1])*(p[0]-a[0]))
		switch {
		case turn == 0:
			return 0
		case (turn > 0) == (b[1] > a[1]):
			inside = !inside
		}
	}
	if inside {
		return 1
	}
	return -1
}

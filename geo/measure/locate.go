package measure

import (
	"math"

	"github.com/paulmach/orb"
)

// Position says where a point lies with regard to a polygon.
type Position int8

// The three positions. A point on the ring of a hole is on the border too.
const (
	Outside Position = iota
	Border
	Inside
)

// String returns the position's English name.
func (p Position) String() string {
	switch p {
	case Inside:
		return "inside"
	case Border:
		return "border"
	}
	return "outside"
}

// Locate returns the position of p in a Polygon, MultiPolygon, Ring, Bound or Collection of them; anything else has no
// inside. It is exact. A polygon's inside is by the even-odd rule; a point is inside a multipolygon if it is inside one of its
// polygons, else on its border if it is on the border of one. Rings need not be closed. O(vertices); see [Locator].
func Locate(g orb.Geometry, p orb.Point) Position {
	best := Outside
	eachPolygon(g, func(poly orb.Polygon) {
		if best == Inside {
			return
		}
		if pos := locatePolygon(poly, p); pos > best {
			best = pos
		}
	})
	return best
}

// Locator answers Locate for one geometry many times, in about the logarithm of its size. It is immutable.
type Locator struct {
	bound   orb.Bound
	edges   []edge  // lower end first, in the order of the polygons
	starts  []int32 // strip i holds list[starts[i]:starts[i+1]]
	list    []int32
	scale   float64 // strips per degree of latitude
	nstrips int
}

// edge is a side of a ring, its lower end first; part is the polygon it belongs to.
type edge struct {
	lo, hi orb.Point
	part   int32
}

// NewLocator prepares a geometry as accepted by [Locate].
func NewLocator(g orb.Geometry) *Locator {
	l := &Locator{bound: orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}}
	part := int32(0)
	eachPolygon(g, func(poly orb.Polygon) {
		for _, r := range poly {
			for i := range r {
				a, b := r[i], r[(i+1)%len(r)]
				l.bound = extend(l.bound, a)
				if a[1] > b[1] {
					a, b = b, a
				}
				l.edges = append(l.edges, edge{a, b, part})
			}
		}
		part++
	})
	if len(l.edges) > 0 {
		l.cut()
	}
	return l
}

// cut sorts the edges into horizontal strips, about four edges to a strip; fewer strips where edges are tall.
func (l *Locator) cut() {
	height := l.bound.Max[1] - l.bound.Min[1]
	n := min(max(len(l.edges)/4, 1), 1<<16)
	for ; ; n /= 2 {
		l.nstrips, l.scale = n, 0
		if n > 1 && height > 0 {
			l.scale = float64(n) / height
		}
		if math.IsInf(l.scale, 0) {
			l.scale = 0
		}
		total := 0
		for _, e := range l.edges {
			total += l.strip(e.hi[1]) - l.strip(e.lo[1]) + 1
		}
		if n == 1 || total <= 8*len(l.edges) {
			break
		}
	}
	l.starts = make([]int32, l.nstrips+1)
	for _, e := range l.edges {
		for s := l.strip(e.lo[1]); s <= l.strip(e.hi[1]); s++ {
			l.starts[s+1]++
		}
	}
	for s := range l.nstrips {
		l.starts[s+1] += l.starts[s]
	}
	l.list = make([]int32, l.starts[l.nstrips])
	next := append([]int32(nil), l.starts...)
	for i, e := range l.edges {
		for s := l.strip(e.lo[1]); s <= l.strip(e.hi[1]); s++ {
			l.list[next[s]] = int32(i)
			next[s]++
		}
	}
}

// strip is a monotone function of the latitude: an edge that holds a latitude is in the strip of that latitude.
func (l *Locator) strip(lat float64) int {
	s := float64((lat - l.bound.Min[1]) * l.scale)
	if !(s < float64(l.nstrips)) {
		return l.nstrips - 1
	}
	return max(int(s), 0)
}

// Bound returns the box of all vertices; it is inverted if there are none.
func (l *Locator) Bound() orb.Bound { return l.bound }

// Locate returns the position of p.
func (l *Locator) Locate(p orb.Point) Position {
	if len(l.edges) == 0 || p[0] < l.bound.Min[0] || p[0] > l.bound.Max[0] || p[1] < l.bound.Min[1] || p[1] > l.bound.Max[1] {
		return Outside
	}
	s := l.strip(p[1])
	best, part, odd, on := Outside, int32(-1), false, false
	for _, i := range l.list[l.starts[s]:l.starts[s+1]] {
		e := &l.edges[i]
		if e.part != part {
			if !on && odd {
				return Inside
			}
			if on {
				best = Border
			}
			part, odd, on = e.part, false, false
		}
		crosses, touches := e.meets(p)
		odd = odd != crosses
		on = on || touches
	}
	switch {
	case on:
		return Border
	case odd:
		return Inside
	}
	return best
}

// meets tells whether the ray from p to the east crosses the edge (which holds its lower end but not its upper one), and
// whether p lies on the edge.
func (e *edge) meets(p orb.Point) (crosses, touches bool) {
	if p[1] < e.lo[1] || p[1] > e.hi[1] {
		return false, false
	}
	west, east := e.lo[0], e.hi[0]
	if west > east {
		west, east = east, west
	}
	if p[0] > east {
		return false, false
	}
	below := p[1] < e.hi[1]
	if p[0] < west {
		return below, false
	}
	if e.lo[1] == e.hi[1] {
		return false, true
	}
	switch Orient(e.lo, e.hi, p) {
	case 0:
		return false, true
	case 1:
		return below, false
	}
	return false, false
}

func locatePolygon(poly orb.Polygon, p orb.Point) Position {
	odd := false
	for _, r := range poly {
		for i := range r {
			e := edge{lo: r[i], hi: r[(i+1)%len(r)]}
			if e.lo[1] > e.hi[1] {
				e.lo, e.hi = e.hi, e.lo
			}
			crosses, touches := e.meets(p)
			if touches {
				return Border
			}
			odd = odd != crosses
		}
	}
	if odd {
		return Inside
	}
	return Outside
}

// eachPolygon calls f for the polygons of a geometry in their order.
func eachPolygon(g orb.Geometry, f func(orb.Polygon)) {
	switch g := g.(type) {
	case orb.Polygon:
		f(g)
	case orb.MultiPolygon:
		for _, p := range g {
			f(p)
		}
	case orb.Ring:
		f(orb.Polygon{g})
	case orb.Bound:
		f(g.ToPolygon())
	case orb.Collection:
		for _, c := range g {
			eachPolygon(c, f)
		}
	}
}

func extend(b orb.Bound, p orb.Point) orb.Bound {
	b.Min = orb.Point{math.Min(b.Min[0], p[0]), math.Min(b.Min[1], p[1])}
	b.Max = orb.Point{math.Max(b.Max[0], p[0]), math.Max(b.Max[1], p[1])}
	return b
}

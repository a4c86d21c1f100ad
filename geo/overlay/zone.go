package overlay

import (
	"cmp"
	"hash/fnv"
	"math"
	"slices"
	"sync"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"lifecircle/geo/measure"
)

// A Site is a thing that serves: a point, a line, a polygon or several of them.
type Site struct {
	Geometry orb.Geometry
	// Metres is how far it serves, the limit included. A polygon serves all of its inside and as far from its edge. Points
	// and lines need a positive limit, polygons one that is not negative; others serve nothing.
	Metres float64
}

// A Zone is the union of the service areas of sites: every place within a site's limit of that site. It answers as if each
// limit were longer by less than a micrometre, which keeps circles and borders that coincide apart.
//
// A Zone does not depend on the order of its sites, and may be used by several goroutines.
type Zone struct {
	parts []part
	tree  rtree.RTreeGN[float64, int32]

	mu    sync.Mutex
	tiles map[tileKey]*tile
}

// part is one point, line or polygon of a site, with its edges cut short enough to be straight in a local plane.
type part struct {
	kind   partKind
	metres float64     // the limit, a little grown
	verts  []orb.Point // each place once
	edges  [][2]int32  // areas: the inside lies to the left; lines: either way, each once
	rings  []orb.Ring  // areas: closed rings as cut, shell first
	bound  orb.Bound
	reach  orb.Bound // all that it can serve
}

type partKind int8

const (
	pointPart partKind = iota
	linePart
	areaPart
)

// edgeTolerance is how straight, in metres, the cut edges of sites are in a local plane.
const edgeTolerance = 1e-5

// NewZone prepares the union of the service areas of the sites.
func NewZone(sites []Site) *Zone {
	z := &Zone{tiles: map[tileKey]*tile{}}
	for _, s := range sites {
		if s.Geometry == nil || !(s.Metres >= 0) || math.IsInf(s.Metres, 1) {
			continue
		}
		z.parts = appendParts(z.parts, s.Geometry, s.Metres)
	}
	slices.SortFunc(z.parts, compareParts)
	z.parts = slices.CompactFunc(z.parts, func(a, b part) bool { return compareParts(a, b) == 0 })
	for i := range z.parts {
		p := &z.parts[i]
		p.metres += apart(p)
		dlon, dlat := grown(p.bound, p.metres)
		p.reach = orb.Bound{
			Min: orb.Point{p.bound.Min[0] - dlon, p.bound.Min[1] - dlat},
			Max: orb.Point{p.bound.Max[0] + dlon, p.bound.Max[1] + dlat},
		}
		z.tree.Insert(p.reach.Min, p.reach.Max, int32(i))
	}
	return z
}

// grown returns by how many degrees a box must grow to hold what lies within the metres of it.
func grown(b orb.Bound, metres float64) (dlon, dlat float64) {
	for _, lat := range [...]float64{b.Min[1], b.Max[1]} {
		x, y := measure.Degrees(lat, metres)
		dlon, dlat = max(dlon, x), max(dlat, y)
	}
	return dlon, dlat
}

// apart is the little by which a part's limit grows: 0.1 to 1 µm, taken from the part itself. Borders that coincide (two
// parks with a common edge line, a neighborhood's border exactly at the limit) then lie clearly on one side of each other,
// and every computation agrees on which.
func apart(p *part) float64 {
	h := fnv.New64a()
	var b [16]byte
	for _, v := range p.verts {
		for k, c := range v {
			bits := math.Float64bits(c)
			for i := range 8 {
				b[8*k+i] = byte(bits >> (8 * i))
			}
		}
		h.Write(b[:])
	}
	return 1e-7 * (1 + 9*float64(h.Sum64()>>11)/(1<<53))
}

func compareParts(a, b part) int {
	if c := cmp.Compare(a.kind, b.kind); c != 0 {
		return c
	}
	if c := slices.CompareFunc(a.verts, b.verts, comparePoints); c != 0 {
		return c
	}
	if c := slices.CompareFunc(a.edges, b.edges, func(x, y [2]int32) int {
		return cmp.Or(cmp.Compare(x[0], y[0]), cmp.Compare(x[1], y[1]))
	}); c != 0 {
		return c
	}
	return cmp.Compare(a.metres, b.metres)
}

func appendParts(parts []part, g orb.Geometry, metres float64) []part {
	switch g := g.(type) {
	case orb.Point:
		if metres > 0 {
			parts = append(parts, part{kind: pointPart, metres: metres, verts: []orb.Point{g}, bound: g.Bound()})
		}
	case orb.MultiPoint:
		for _, p := range g {
			parts = appendParts(parts, p, metres)
		}
	case orb.LineString:
		if metres > 0 && len(g) > 0 {
			parts = append(parts, newLine(g, metres))
		}
	case orb.MultiLineString:
		for _, l := range g {
			parts = appendParts(parts, l, metres)
		}
	case orb.Ring:
		parts = appendParts(parts, orb.Polygon{g}, metres)
	case orb.Bound:
		parts = appendParts(parts, g.ToPolygon(), metres)
	case orb.Polygon:
		if p, ok := newArea(g, metres); ok {
			parts = append(parts, p)
		}
	case orb.MultiPolygon:
		for _, p := range g {
			parts = appendParts(parts, p, metres)
		}
	case orb.Collection:
		for _, m := range g {
			parts = appendParts(parts, m, metres)
		}
	}
	return parts
}

func newLine(l orb.LineString, metres float64) part {
	l = slices.Clone(l)
	if slices.CompareFunc(l, reversed(l), comparePoints) > 0 {
		slices.Reverse(l) // either way it is the same line
	}
	b := partBuilder{index: map[orb.Point]int32{}, seen: map[[2]int32]bool{}}
	b.chain(l, true)
	p := part{kind: linePart, metres: metres, verts: b.verts, edges: b.edges, bound: l.Bound()}
	if len(p.edges) == 0 {
		p.kind, p.verts = pointPart, p.verts[:1] // a line of one place
	}
	return p
}

func newArea(g orb.Polygon, metres float64) (part, bool) {
	c := canonical(orb.MultiPolygon{g})
	if len(c) == 0 {
		return part{}, false
	}
	b := partBuilder{index: map[orb.Point]int32{}, seen: map[[2]int32]bool{}}
	p := part{kind: areaPart, metres: metres, bound: c[0].Bound()}
	for _, r := range c[0] {
		p.rings = append(p.rings, b.chain(r, false))
	}
	p.verts, p.edges = b.verts, b.edges
	return p, true
}

func reversed(l orb.LineString) orb.LineString {
	r := slices.Clone(l)
	slices.Reverse(r)
	return r
}

// partBuilder collects the vertices and edges of a part, each once.
type partBuilder struct {
	verts []orb.Point
	edges [][2]int32
	index map[orb.Point]int32
	seen  map[[2]int32]bool
}

// same is how near, in degrees, consecutive vertices are one: 0.1 µm, where a direction means nothing any more.
const same = 1e-12

// chain adds the edges of a line or a closed ring, cut short, and returns the vertices as cut.
func (b *partBuilder) chain(l []orb.Point, undirected bool) orb.Ring {
	cut := orb.Ring{l[0]}
	last := b.vertex(l[0])
	add := func(v orb.Point) {
		if w := b.verts[last]; math.Abs(v[0]-w[0]) <= same && math.Abs(v[1]-w[1]) <= same {
			return
		}
		k := b.vertex(v)
		e := [2]int32{last, k}
		name := e
		if undirected && e[0] > e[1] {
			name = [2]int32{e[1], e[0]}
		}
		if !b.seen[name] {
			b.seen[name] = true
			b.edges = append(b.edges, e)
		}
		last = k
		cut = append(cut, v)
	}
	for i := 1; i < len(l); i++ {
		n := pieces(l[i-1], l[i], edgeTolerance)
		for k := 1; k < n; k++ {
			add(between(l[i-1], l[i], k, n))
		}
		add(l[i])
	}
	return cut
}

func (b *partBuilder) vertex(v orb.Point) int32 {
	if k, ok := b.index[v]; ok {
		return k
	}
	k := int32(len(b.verts))
	b.index[v] = k
	b.verts = append(b.verts, v)
	return k
}

// search returns the parts that can serve something in the box, in order.
func (z *Zone) search(b orb.Bound) []int32 {
	var hits []int32
	z.tree.Search(b.Min, b.Max, func(_, _ [2]float64, i int32) bool {
		hits = append(hits, i)
		return true
	})
	slices.Sort(hits)
	return hits
}

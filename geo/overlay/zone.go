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
	return 1e-7 * (1 + float64(9*float64(h.Sum64()>>11)/(1<<53)))
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
			parts = appendLine(parts, g, metres)
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

// appendLine adds a line as one part, or as several where it runs over its own course again: parts are kept apart from each
// other (see apart), the edges of one part are not.
func appendLine(parts []part, l orb.LineString, metres float64) []part {
	l = slices.Clone(l)
	if slices.CompareFunc(l, reversed(l), comparePoints) > 0 {
		slices.Reverse(l) // either way it is the same line
	}
	first := 0
	for i := 1; i < len(l); i++ {
		for k := first; k+1 < i; k++ {
			if overlap(l[k], l[k+1], l[i-1], l[i]) {
				parts = append(parts, newLine(l[first:i], metres))
				first = i - 1
				break
			}
		}
	}
	return append(parts, newLine(l[first:], metres))
}

func newLine(l orb.LineString, metres float64) part {
	b := partBuilder{index: map[orb.Point]int32{}, seen: map[[2]int32]bool{}}
	b.chain(l, true)
	p := part{kind: linePart, metres: metres, verts: b.verts, edges: b.edges, bound: l.Bound()}
	if len(p.edges) == 0 {
		p.kind, p.verts = pointPart, p.verts[:1] // a line of one place
	}
	return p
}

// overlap tells whether two edges run along the same line, within a tenth of a millimetre, and side by side for a while.
func overlap(a, b, c, d orb.Point) bool {
	const near = 1e-9
	if max(a[0], b[0])+near < min(c[0], d[0]) || max(c[0], d[0])+near < min(a[0], b[0]) ||
		max(a[1], b[1])+near < min(c[1], d[1]) || max(c[1], d[1])+near < min(a[1], b[1]) {
		return false
	}
	u, v := xy{b[0] - a[0], b[1] - a[1]}, xy{d[0] - c[0], d[1] - c[1]}
	if u.dot(u) < v.dot(v) {
		a, u, c, d = c, v, a, b
	}
	l := u.length()
	if l == 0 {
		return false
	}
	u = u.scale(1 / l)
	p, q := xy{c[0] - a[0], c[1] - a[1]}, xy{d[0] - a[0], d[1] - a[1]}
	if math.Abs(u.cross(p)) > near || math.Abs(u.cross(q)) > near {
		return false
	}
	s, t := u.dot(p), u.dot(q)
	return max(s, t) > near && min(s, t) < l-near
}

func newArea(g orb.Polygon, metres float64) (part, bool) {
	c := canonical(orb.MultiPolygon{g})
	if len(c) == 0 {
		return part{}, false
	}
	b := partBuilder{index: map[orb.Point]int32{}, seen: map[[2]int32]bool{}}
	p := part{kind: areaPart, metres: metres, bound: c[0].Bound()}
	for i, r := range c[0] {
		if cut := b.chain(r, false); len(cut) >= 4 {
			p.rings = append(p.rings, cut)
		} else if i == 0 {
			return part{}, false
		}
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

// chain adds the edges of a line or a closed ring, cut short, and returns the vertices as cut.
func (b *partBuilder) chain(l []orb.Point, undirected bool) orb.Ring {
	l = apartly(l, !undirected)
	last := b.vertex(l[0])
	cut := orb.Ring{b.verts[last]}
	add := func(v orb.Point) {
		k := b.vertex(v)
		if k == last {
			return
		}
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
		cut = append(cut, b.verts[k])
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

// same is how near, in degrees, consecutive vertices are one: a micrometre.
const same = 1e-11

// apartly drops vertices that lie on the one before, also at the seam of a ring.
func apartly(l []orb.Point, closed bool) []orb.Point {
	on := func(a, b orb.Point) bool { return math.Abs(a[0]-b[0]) <= same && math.Abs(a[1]-b[1]) <= same }
	out := []orb.Point{l[0]}
	for _, v := range l[1:] {
		if !on(v, out[len(out)-1]) {
			out = append(out, v)
		}
	}
	if closed {
		for len(out) > 1 && on(out[len(out)-1], out[0]) {
			out = out[:len(out)-1]
		}
		out = append(out, out[0])
	}
	return out
}

// vertex returns the number of a place; places that differ by rounding only (a micrometre) are one.
func (b *partBuilder) vertex(v orb.Point) int32 {
	key := orb.Point{math.Round(v[0]*1e11) + 0, math.Round(v[1]*1e11) + 0}
	if k, ok := b.index[key]; ok {
		return k
	}
	k := int32(len(b.verts))
	b.index[key] = k
	b.verts = append(b.verts, v)
	return k
}

// reaches tells whether any part can serve something in the box.
func (z *Zone) reaches(b orb.Bound) bool {
	found := false
	z.tree.Search(b.Min, b.Max, func(_, _ [2]float64, _ int32) bool {
		found = true
		return false
	})
	return found
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

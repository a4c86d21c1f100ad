package overlay

import (
	"math"
	"slices"

	"github.com/paulmach/orb"

	"lifecircle/geo/measure"
)

// region is a zone in one local plane, within a box: the discs and strips that the served land consists of, the polygons
// whose inside it holds, and the true border of their union.
//
// How the border is found: it can only consist of arcs about vertices and of offsets of edges. Of each such curve, what lies
// strictly inside another disc or strip is taken away. What remains cannot cross the edge of a polygon (strips lie along
// it), so each remaining piece is inside or outside of each polygon as a whole.
type region struct {
	plane  measure.Plane
	box    rect
	discs  []disc
	strips []strip
	areas  []area
	border []border
	grid   *grid
}

// border is a piece of the true border of the region, and its box.
type border struct {
	curve
	box rect
}

// area is the inside of a polygon, as closed rings; even-odd.
type area struct {
	box   rect
	rings [][]xy
}

func (a *area) has(p xy) bool {
	if !a.box.has(p) {
		return false
	}
	in := false
	for _, r := range a.rings {
		for i := 1; i < len(r); i++ {
			if crosses(r[i-1], r[i], p) {
				in = !in
			}
		}
	}
	return in
}

// crosses tells whether the ray from p to the east crosses the edge from a to b.
func crosses(a, b, p xy) bool {
	if (a.y > p.y) == (b.y > p.y) {
		return false
	}
	// The same answer for a–b and b–a.
	if a.y > b.y {
		a, b = b, a
	}
	return b.sub(a).cross(p.sub(a)) > 0
}

// candidate is a curve that may be border, and the discs and strips that it belongs to.
type candidate struct {
	curve
	discs  [2]int32
	strips []int32
	area   int32 // its own polygon or −1: never covers it
}

// newRegion builds the region of the lon/lat box.
func (z *Zone) newRegion(box orb.Bound) *region {
	g := &region{plane: measure.NewPlane(box.Center())}
	g.box = planeBox(g.plane, box)
	var cands []candidate
	for _, i := range z.search(box) {
		cands = g.add(&z.parts[i], box, cands)
	}
	g.grid = newGrid(g)
	var spans, left []span
	for i := range cands {
		c := &cands[i]
		box := c.box(c.t0, c.t1)
		if !box.meets(g.box) {
			continue
		}
		spans = c.outside(spans[:0], g.box)
		var covered bool
		if spans, covered = g.covered(spans, c, box); covered {
			continue
		}
		left = rest(left[:0], spans, c.t0, c.t1)
		for _, s := range left {
			mid := c.at((s.t0 + s.t1) / 2)
			if g.inArea(mid) {
				continue
			}
			b := border{curve: c.curve, box: c.box(s.t0, s.t1)}
			b.t0, b.t1 = s.t0, s.t1
			g.border = append(g.border, b)
		}
	}
	g.grid.seen, g.grid.seenStrips = nil, nil
	return g
}

// covered appends the spans of the candidate (within its box) inside other discs and strips, or tells that they hold all
// of it that matters.
func (g *region) covered(spans []span, c *candidate, box rect) ([]span, bool) {
	m := c.at((c.t0 + c.t1) / 2)
	v := c.at(c.t0).sub(m)
	w := c.at(c.t1).sub(m)
	size := float64(math.Sqrt(max(v.dot(v), w.dot(w))) * (1 + 1e-9)) // an arc of at most π/4 lies in this circle
	q := g.grid
	x0, x1, y0, y1, ok := q.cells(box)
	if !ok {
		return spans, true
	}
	q.now++
	held := true
	for y := y0; y <= y1; y++ {
		for x := x0; x <= x1; x++ {
			held = held && q.holder[y*q.nx+x] >= 0
		}
	}
	if held {
		return spans, true
	}
	for y := y0; y <= y1; y++ {
		for x := x0; x <= x1; x++ {
			k := y*q.nx + x
			if d := q.holder[k]; d >= 0 && d != c.discs[0] && d != c.discs[1] && q.seen[d] != q.now {
				q.seen[d] = q.now
				n := len(spans)
				if spans = c.inDisc(spans, &g.discs[d]); c.whole(spans[n:]) {
					return spans, true
				}
			}
			for _, item := range q.items[q.first[k]:q.first[k+1]] {
				n := len(spans)
				if item >= 0 {
					o := &g.discs[item]
					if q.seen[item] == q.now {
						continue
					}
					q.seen[item] = q.now
					far := o.c.sub(m)
					if lim := o.r + size; far.dot(far) >= float64(lim*lim) || item == c.discs[0] || item == c.discs[1] {
						continue
					}
					spans = c.inDisc(spans, o)
				} else {
					item = ^item
					s := &g.strips[item]
					if q.seenStrips[item] == q.now {
						continue
					}
					q.seenStrips[item] = q.now
					far := s.mid.sub(m)
					if lim := s.half + size; far.dot(far) >= float64(lim*lim) || slices.Contains(c.strips, item) {
						continue
					}
					spans = c.inStrip(spans, s)
				}
				if c.whole(spans[n:]) {
					return spans, true
				}
			}
		}
	}
	return spans, false
}

func (g *region) inArea(p xy) bool {
	for i := range g.areas {
		if g.areas[i].has(p) {
			return true
		}
	}
	return false
}

// serves tells whether a place within the box is served.
func (g *region) serves(p xy) bool {
	items, served := g.grid.at(p)
	if served {
		return true
	}
	for _, i := range items {
		if i >= 0 {
			o := &g.discs[i]
			if v := p.sub(o.c); v.dot(v) <= float64(o.r*o.r) {
				return true
			}
		} else if g.strips[^i].has(p) {
			return true
		}
	}
	return g.inArea(p)
}

// add takes in what of a part matters for the box, and appends its curves.
func (g *region) add(p *part, box orb.Bound, cands []candidate) []candidate {
	r := p.metres
	if p.kind == pointPart {
		c := forward(g.plane, p.verts[0])
		k := int32(len(g.discs))
		g.discs = append(g.discs, disc{c, r})
		return appendArcs(cands, candidate{discs: [2]int32{k, -1}, area: -1}, c, r, xy{1, 0}, xy{1, 0}, true)
	}
	// The box in the plane is a little larger than that in degrees, and a straight cut in degrees bends in the plane.
	dlon, dlat := grown(box, r+2*bend(g.box, box))
	near := orb.Bound{
		Min: orb.Point{box.Min[0] - dlon, box.Min[1] - dlat},
		Max: orb.Point{box.Max[0] + dlon, box.Max[1] + dlat},
	}
	// The edges near the box, and the place of every vertex they touch.
	discOf := make([]int32, len(p.verts))
	for i := range discOf {
		discOf[i] = -1
	}
	vertex := func(v int32) xy {
		if discOf[v] < 0 {
			discOf[v] = int32(len(g.discs))
			g.discs = append(g.discs, disc{forward(g.plane, p.verts[v]), r})
		}
		return g.discs[discOf[v]].c
	}
	type spoke struct {
		v, strip int32
		d        xy // along the edge, in its direction
		out      bool
	}
	var spokes []spoke
	first := len(g.discs)
	for _, e := range p.edges {
		a, b := p.verts[e[0]], p.verts[e[1]]
		if max(a[0], b[0]) < near.Min[0] || min(a[0], b[0]) > near.Max[0] ||
			max(a[1], b[1]) < near.Min[1] || min(a[1], b[1]) > near.Max[1] {
			continue
		}
		s := newStrip(vertex(e[0]), vertex(e[1]), r)
		k := int32(len(g.strips))
		g.strips = append(g.strips, s)
		spokes = append(spokes, spoke{e[0], k, s.d, true}, spoke{e[1], k, s.d, false})
		c := candidate{discs: [2]int32{discOf[e[0]], discOf[e[1]]}, strips: []int32{k}, area: -1}
		c.curve = curve{a: s.a.along(s.d.right(), r), d: s.d, t1: s.l}
		cands = append(cands, c)
		if p.kind == linePart {
			c.curve = curve{a: s.a.along(s.d, s.l).along(s.d.left(), r), d: s.d.scale(-1), t1: s.l}
			cands = append(cands, c)
		}
	}
	if p.kind == areaPart {
		g.addArea(p, near)
	}
	// The arcs: at each vertex, the directions that are nearest to no edge that meets there.
	at := make([][]spoke, len(g.discs)-first)
	for _, s := range spokes {
		k := int(discOf[s.v]) - first
		at[k] = append(at[k], s)
	}
	for k, ss := range at {
		c := g.discs[first+k].c
		if !g.box.meets(rect{c.x - r, c.y - r, c.x + r, c.y + r}) {
			continue
		}
		own := candidate{discs: [2]int32{int32(first + k), -1}, area: -1}
		for _, s := range ss {
			own.strips = append(own.strips, s.strip)
		}
		if p.kind == areaPart && len(ss) == 2 && ss[0].out != ss[1].out {
			in, out := ss[0].d, ss[1].d
			if ss[0].out {
				in, out = out, in
			}
			turn := in.cross(out)
			if turn > 0 || in.dot(out) < 0 && turn > -1e-12 {
				cands = appendArcs(cands, own, c, r, in.right(), out.right(), in.dot(out) < 0)
			}
			continue
		}
		dirs := make([]xy, len(ss))
		for i, s := range ss {
			dirs[i] = s.d
			if !s.out {
				dirs[i] = s.d.scale(-1)
			}
		}
		if u, v, ok := cone(dirs); ok {
			cands = appendArcs(cands, own, c, r, u, v, u.dot(v) < 0)
		}
	}
	return cands
}

// addArea takes in the polygon's inside, cut to the box so that far vertices cost nothing.
func (g *region) addArea(p *part, near orb.Bound) {
	var a area
	a.box = emptyRect()
	for _, r := range p.rings {
		if !near.Contains(r.Bound().Min) || !near.Contains(r.Bound().Max) {
			r = clipRing(r, near)
		}
		if len(r) < 4 {
			continue
		}
		ring := make([]xy, len(r))
		for i, v := range r {
			ring[i] = forward(g.plane, v)
			a.box = a.box.with(ring[i])
		}
		a.rings = append(a.rings, ring)
	}
	if len(a.rings) > 0 {
		g.areas = append(g.areas, a)
	}
}

// cone returns the directions, from u counter-clockwise to v, that make no acute angle with any of the given ones.
func cone(dirs []xy) (u, v xy, ok bool) {
	u, v = dirs[0].left(), dirs[0].right()
	mid := dirs[0].scale(-1)
	for _, d := range dirs[1:] {
		a, b := u.dot(d) > 0, v.dot(d) > 0
		switch {
		case a && b:
			return u, v, false
		case a:
			u = d.left()
		case b:
			v = d.right()
		case mid.dot(d) > 0:
			return u, v, false
		}
		if u.cross(v) <= 0 && u.dot(v) > -0.5 {
			return u, v, false
		}
		if m := u.add(v); m.dot(m) > 1e-12 {
			mid = m
		}
	}
	return u, v, true
}

func appendArcs(cands []candidate, own candidate, c xy, r float64, u, v xy, half bool) []candidate {
	var buf [16]curve
	for _, a := range arcs(buf[:0], c, r, u, v, half) {
		own.curve = a
		cands = append(cands, own)
	}
	return cands
}

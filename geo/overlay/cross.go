package overlay

import (
	"cmp"
	"math"
	"slices"
)

// crossing is an outline and a region's border laid over each other: where they meet, which runs of the outline are served
// and which spans of the border lie in the outline.
type crossing struct {
	meets  bool    // false: the outline is served as a whole or not at all
	area2  float64 // twice the area of the common part
	open   float64 // metres by which its border fails to close: 0 but for rounding, unless something was missed
	nodes  []node
	runs   []run
	inner  []piece
	served []bool // of rings that meet no border, by ring
}

// node is a place where the outline and the border meet.
type node struct {
	p    xy
	ring int
	edge int
	s    float64 // metres along the edge
	elem int32   // index of the border
	t    float64 // its parameter there
}

// run is a stretch of a ring between nodes, in the direction of the ring. from = −1: the whole ring.
type run struct {
	ring     int
	from, to int32
	served   bool
}

// piece is a span of the border within the outline.
type piece struct {
	elem   int32
	t0, t1 float64
}

// slack is how far, in metres, edges and arcs are prolonged when they are met with each other. A meeting found twice does no
// harm, one that is missed does.
const slack = 1e-8

func (g *region) cross(o *outline, near []int32) *crossing {
	x := &crossing{served: make([]bool, len(o.rings))}
	for _, e := range near {
		x.meet(o, e, &g.border[e])
	}
	origin := o.rings[0][0]
	var gap xy
	// The outline, run by run.
	order := make([]int32, len(x.nodes))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int {
		a, b := &x.nodes[i], &x.nodes[j]
		return cmp.Or(cmp.Compare(a.ring, b.ring), cmp.Compare(a.edge, b.edge), cmp.Compare(a.s, b.s), cmp.Compare(i, j))
	})
	for i, r := range o.rings {
		n := 0
		for n < len(order) && x.nodes[order[n]].ring == i {
			n++
		}
		here := order[:n]
		order = order[n:]
		if n == 0 {
			in := g.serves(middle(r))
			x.served[i] = in
			x.runs = append(x.runs, run{ring: i, from: -1, to: -1, served: in})
			if in {
				for k := 1; k < len(r); k++ {
					x.area2 += r[k-1].sub(origin).cross(r[k].sub(origin))
				}
			}
			continue
		}
		for k, from := range here {
			to := here[(k+1)%n]
			// The run is judged at the middle of its longest stretch, where it is clearest.
			var best, sum float64
			var at xy
			o.walk(x, i, from, to, func(a, b xy) {
				v := b.sub(a)
				if l := v.dot(v); l >= best {
					best, at = l, a.along(v, 0.5)
				}
				sum += a.sub(origin).cross(b.sub(origin))
			})
			in := g.serves(at)
			x.runs = append(x.runs, run{ring: i, from: from, to: to, served: in})
			if in {
				x.area2 += sum
				gap = gap.add(x.nodes[to].p.sub(x.nodes[from].p))
			}
		}
	}
	// The border, span by span. The nodes of one border curve stand together.
	first := 0
	var ids []int32
	for _, e := range near {
		b := &g.border[e]
		ids = ids[:0]
		for first < len(x.nodes) && x.nodes[first].elem == e {
			ids = append(ids, int32(first))
			first++
		}
		slices.SortFunc(ids, func(i, j int32) int {
			return cmp.Or(cmp.Compare(x.nodes[i].t, x.nodes[j].t), cmp.Compare(i, j))
		})
		t0 := b.t0
		for k := 0; k <= len(ids); k++ {
			t1 := b.t1
			if k < len(ids) {
				t1 = x.nodes[ids[k]].t
			}
			if t0 < t1 && o.has(b.at((t0+t1)/2)) {
				x.inner = append(x.inner, piece{e, t0, t1})
				x.area2 += b.sweep(origin, t0, t1)
				gap = gap.add(b.at(t1).sub(b.at(t0)))
			}
			t0 = t1
		}
	}
	x.meets = len(x.nodes) > 0 || len(x.inner) > 0
	x.open = gap.length()
	return x
}

// middle is the middle of a ring's longest edge.
func middle(r []xy) xy {
	var best float64
	var at xy
	for k := 1; k < len(r); k++ {
		v := r[k].sub(r[k-1])
		if l := v.dot(v); l >= best {
			best, at = l, r[k-1].along(v, 0.5)
		}
	}
	return at
}

// walk calls f with the straight stretches of a ring from one node to the next.
func (o *outline) walk(x *crossing, ring int, from, to int32, f func(a, b xy)) {
	r := o.rings[ring]
	a, b := &x.nodes[from], &x.nodes[to]
	p := a.p
	k := a.edge
	if (run{from: from, to: to}).wraps(a, b) {
		// Around the seam of the ring.
		for ; k < len(r)-2; k++ {
			f(p, r[k+1])
			p = r[k+1]
		}
		f(p, r[len(r)-1])
		p, k = r[0], 0
	}
	for ; k < b.edge; k++ {
		f(p, r[k+1])
		p = r[k+1]
	}
	f(p, b.p)
}

// wraps tells whether the run from a to b passes the seam of the ring.
func (r run) wraps(a, b *node) bool {
	if a.edge != b.edge {
		return a.edge > b.edge
	}
	if a.s != b.s {
		return a.s > b.s
	}
	return r.from >= r.to
}

// meet finds where one piece of border meets the outline.
func (x *crossing) meet(o *outline, elem int32, c *border) {
	box := c.box.pad(slack)
	more := float64(slack * c.perMetre())
	for i := range o.blocks {
		b := &o.blocks[i]
		if !b.box.meets(box) {
			continue
		}
		r := o.rings[b.ring]
		for k := b.from; k < b.to; k++ {
			p, q := r[k], r[k+1]
			if max(p.x, q.x) < box.x0 || min(p.x, q.x) > box.x1 || max(p.y, q.y) < box.y0 || min(p.y, q.y) > box.y1 {
				continue
			}
			v := q.sub(p)
			l := v.length()
			u := v.scale(1 / l)
			add := func(s, t float64) {
				if s < -slack || s > l+slack || t < c.t0-more || t > c.t1+more {
					return
				}
				s = min(max(s, 0), l)
				x.nodes = append(x.nodes, node{p: p.along(u, s), ring: b.ring, edge: k, s: s, elem: elem,
					t: min(max(t, c.t0), c.t1)})
			}
			w := c.a.sub(p)
			if !c.arc {
				if d := u.cross(c.d); d != 0 {
					add(w.cross(c.d)/d, w.cross(u)/d)
				}
				continue
			}
			y := math.Abs(w.cross(u))
			if y >= c.r {
				continue
			}
			m := w.dot(u)
			h := math.Sqrt((c.r - y) * (c.r + y))
			for _, s := range [...]float64{m - h, m + h} {
				add(s, c.tau(p.along(u, s).sub(c.a).scale(1/c.r)))
			}
		}
	}
}

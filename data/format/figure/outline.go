package figure

import (
	"cmp"
	"slices"

	"lifecircle/coverage/report"
)

// Outlines on paper. A border that two shapes share is drawn with the same places on both sides: rings are cut into arcs where borders
// meet, and each arc loses the places that do not show, in one direction whoever it belongs to. So no sliver opens between neighbors.

// tolerance is how far a border may be moved by leaving places out.
const tolerance = 5

// A shape smaller than speck in both directions could not be seen; a dot, a square of that side, stands for it.
const (
	speck = 16
	dot   = 30
)

// outlines are the shapes and parents' borders of a base on paper.
type outlines struct {
	shapes  [][][]Point
	borders [][]Point // lines, open or closed
	closed  []bool
}

func newOutlines(b *report.Base, g *ground) *outlines {
	o := &outlines{shapes: make([][][]Point, len(b.Shapes))}
	var t topology
	for i := range b.Shapes {
		o.shapes[i] = g.rings(b.Shapes[i].Geometry)
		t.add(o.shapes[i])
	}
	for _, m := range b.Borders {
		lines, whole := g.lines(m)
		if whole {
			t.add(lines)
		}
		for _, l := range lines {
			o.borders, o.closed = append(o.borders, l), append(o.closed, whole)
		}
	}
	t.settle()
	for i, rings := range o.shapes {
		o.shapes[i] = seen(t.simplified(rings), rings)
	}
	for i, l := range o.borders {
		if o.closed[i] {
			o.borders[i] = t.ring(l)
		} else {
			o.borders[i] = thin(l)
		}
	}
	return o
}

// seen gives the rings of a shape, a dot in place of what nobody could see.
func seen(rings, before [][]Point) [][]Point {
	if len(before) == 0 {
		return nil
	}
	all := rings
	if len(all) == 0 {
		all = before
	}
	lo, hi := box(all)
	if len(rings) > 0 && (hi.X-lo.X >= speck || hi.Y-lo.Y >= speck) {
		return rings
	}
	x, y := (lo.X+hi.X)/2, (lo.Y+hi.Y)/2
	const d = dot / 2
	return [][]Point{{{x - d, y - d}, {x + d, y - d}, {x + d, y + d}, {x - d, y + d}}}
}

func box(rings [][]Point) (lo, hi Point) {
	first := true
	for _, r := range rings {
		for _, p := range r {
			if first {
				lo, hi, first = p, p, false
			}
			lo, hi = Point{min(lo.X, p.X), min(lo.Y, p.Y)}, Point{max(hi.X, p.X), max(hi.Y, p.Y)}
		}
	}
	return lo, hi
}

// corner is what lies on a border's both sides of a place; a place with more than two neighbors is a node.
type corner struct {
	a, b Point
	node bool
}

type topology struct{ corners map[Point]corner }

func (t *topology) add(rings [][]Point) {
	if t.corners == nil {
		t.corners = map[Point]corner{}
	}
	for _, r := range rings {
		p := r[len(r)-1]
		for i, v := range r {
			q := r[(i+1)%len(r)]
			a, b := p, q
			if after(a, b) {
				a, b = b, a
			}
			if c, ok := t.corners[v]; !ok {
				t.corners[v] = corner{a: a, b: b}
			} else if !c.node && (c.a != a || c.b != b) {
				c.node = true
				t.corners[v] = c
			}
			p = v
		}
	}
}

// settle is called when everything is added.
func (t *topology) settle() {
	for v, c := range t.corners { // a map's order: each entry for itself
		if !c.node {
			delete(t.corners, v)
		}
	}
}

func after(a, b Point) bool { return a.X > b.X || (a.X == b.X && a.Y > b.Y) }

// simplified gives rings without the places that do not show; rings without an inside are gone.
func (t *topology) simplified(rings [][]Point) [][]Point {
	out := make([][]Point, 0, len(rings))
	for _, r := range rings {
		if s := t.ring(r); len(s) > 2 && area2(s) != 0 {
			out = append(out, s)
		}
	}
	return out
}

// ring simplifies one closed line.
func (t *topology) ring(r []Point) []Point {
	if len(r) < 4 {
		return r
	}
	start := slices.IndexFunc(r, func(p Point) bool { _, node := t.corners[p]; return node })
	if start < 0 { // an island: from its least place to the one farthest from it and back
		for i := range r {
			if start < 0 || after(r[start], r[i]) {
				start = i
			}
		}
		r = append(slices.Clone(r[start:]), r[:start]...)
		far, best := 0, int64(-1)
		for i, p := range r {
			if d := square(p, r[0]); d > best || (d == best && after(r[far], p)) {
				far, best = i, d
			}
		}
		if far == 0 {
			return r[:1]
		}
		return append(arc(r[:far+1]), arc(append(slices.Clone(r[far:]), r[0]))...)
	}
	r = append(slices.Clone(r[start:]), r[:start]...)
	out := make([]Point, 0, len(r))
	from := 0
	for i := 1; i <= len(r); i++ {
		if i < len(r) {
			if _, node := t.corners[r[i]]; !node {
				continue
			}
		}
		part := slices.Clone(r[from:min(i+1, len(r))])
		if i == len(r) {
			part = append(part, r[0])
		}
		out = append(out, arc(part)...)
		from = i
	}
	return out
}

// drawn gives rings as they are drawn: see straight.
func drawn(rings [][]Point) [][]Point {
	out := make([][]Point, 0, len(rings))
	for _, r := range rings {
		if s := straight(r); len(s) > 2 {
			out = append(out, s)
		}
	}
	return out
}

// straight drops places that lie exactly on the line between their neighbors: no border moves by it.
func straight(r []Point) []Point {
	out := r[:0:0]
	for i, p := range r {
		a := r[len(r)-1]
		if len(out) > 0 {
			a = out[len(out)-1]
		} else if i > 0 {
			a = r[i-1]
		}
		b := r[(i+1)%len(r)]
		if cross(a, p, b) == 0 && dotp(a, p, b) <= 0 {
			continue
		}
		out = append(out, p)
	}
	return out
}

func dotp(a, p, b Point) int64 {
	return int64(a.X-p.X)*int64(b.X-p.X) + int64(a.Y-p.Y)*int64(b.Y-p.Y)
}

// arc simplifies an open line, alike in both directions, and gives it without its end.
func arc(ps []Point) []Point {
	n := len(ps)
	turned := after(ps[0], ps[n-1]) || (ps[0] == ps[n-1] && after(ps[1], ps[n-2]))
	if turned {
		slices.Reverse(ps)
	}
	out := thin(ps)
	if turned {
		slices.Reverse(out)
	}
	return out[:len(out)-1]
}

// thin is the way of Douglas and Peucker: a place stays if leaving it out would move the line by more than the tolerance.
func thin(ps []Point) []Point {
	if len(ps) < 3 {
		return slices.Clone(ps)
	}
	keep := make([]bool, len(ps))
	keep[0], keep[len(ps)-1] = true, true
	stack := [][2]int{{0, len(ps) - 1}}
	for len(stack) > 0 {
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		a, b := ps[s[0]], ps[s[1]]
		best, at := float64(tolerance*tolerance), -1
		for i := s[0] + 1; i < s[1]; i++ {
			if d := away(ps[i], a, b); d > best {
				best, at = d, i
			}
		}
		if at >= 0 {
			keep[at] = true
			stack = append(stack, [2]int{s[0], at}, [2]int{at, s[1]})
		}
	}
	var out []Point
	for i, p := range ps {
		if keep[i] {
			out = append(out, p)
		}
	}
	return out
}

// away gives the squared distance of a place from a stretch.
func away(p, a, b Point) float64 {
	long := square(a, b)
	if long == 0 {
		return float64(square(p, a))
	}
	along := int64(p.X-a.X)*int64(b.X-a.X) + int64(p.Y-a.Y)*int64(b.Y-a.Y)
	switch {
	case along <= 0:
		return float64(square(p, a))
	case along >= long:
		return float64(square(p, b))
	}
	c := float64(cross(a, b, p))
	return c * c / float64(long)
}

func square(a, b Point) int64 {
	x, y := int64(a.X-b.X), int64(a.Y-b.Y)
	return x*x + y*y
}

func cross(a, b, c Point) int64 {
	return int64(b.X-a.X)*int64(c.Y-a.Y) - int64(b.Y-a.Y)*int64(c.X-a.X)
}

func area2(r []Point) int64 {
	sum := int64(0)
	for i, p := range r {
		q := r[(i+1)%len(r)]
		sum += int64(p.X)*int64(q.Y) - int64(q.X)*int64(p.Y)
	}
	return sum
}

// layers puts shapes that overlap into different layers: the even-odd rule would cut what two of them cover out of both.
func layers(shapes [][][]Point) []int {
	type extent struct {
		i      int
		lo, hi Point
	}
	var list []extent
	for i, rings := range shapes {
		if len(rings) > 0 {
			lo, hi := box(rings)
			list = append(list, extent{i, lo, hi})
		}
	}
	slices.SortStableFunc(list, func(a, b extent) int { return cmp.Compare(a.lo.X, b.lo.X) })
	layer := make([]int, len(shapes))
	for k, a := range list {
		var taken []int
		for _, b := range list[:k] { // those that began further left and may reach here
			if b.hi.X > a.lo.X && b.lo.Y < a.hi.Y && a.lo.Y < b.hi.Y && overlap(shapes[a.i], shapes[b.i]) {
				taken = append(taken, layer[b.i])
			}
		}
		for slices.Contains(taken, layer[a.i]) {
			layer[a.i]++
		}
	}
	return layer
}

// overlap tells whether two shapes have an inside in common: borders that cross, or a place of one inside the other.
func overlap(a, b [][]Point) bool {
	for _, r := range a {
		for i, p := range r {
			q := r[(i+1)%len(r)]
			for _, s := range b {
				for k, u := range s {
					v := s[(k+1)%len(s)]
					if cross(p, q, u) != 0 && cross(p, q, v) != 0 && cross(u, v, p) != 0 && cross(u, v, q) != 0 &&
						(cross(p, q, u) > 0) != (cross(p, q, v) > 0) && (cross(u, v, p) > 0) != (cross(u, v, q) > 0) {
						return true
					}
				}
			}
		}
	}
	return within(a, b) || within(b, a)
}

// within tells whether a middle of a, between its border's places on a level, lies inside of b.
func within(a, b [][]Point) bool {
	lo, hi := box(a)
	y := (lo.Y + hi.Y) / 2
	xs := crossings(a, y, nil)
	for i := 0; i+1 < len(xs); i += 2 {
		if xs[i+1]-xs[i] < 2 {
			continue
		}
		x, n := (xs[i]+xs[i+1])/2, 0
		for _, c := range crossings(b, y, nil) {
			if c < x {
				n++
			}
		}
		if n%2 == 1 {
			return true
		}
	}
	return false
}

// dissolved joins shapes that lie side by side into rings without the borders between them: each stretch that two of them share in
// opposite directions falls away. Rings run as they come out: the even-odd rule tells the inside.
func dissolved(shapes [][][]Point) [][]Point {
	type edge struct{ a, b Point }
	open := map[edge]int{}
	var order []edge
	for _, rings := range shapes {
		for _, r := range rings {
			for i, p := range r {
				e := edge{p, r[(i+1)%len(r)]}
				if back := (edge{e.b, e.a}); open[back] > 0 {
					open[back]--
					continue
				}
				open[e]++
				order = append(order, e)
			}
		}
	}
	from := map[Point][]edge{}
	for _, e := range order {
		if open[e] > 0 {
			open[e]--
			from[e.a] = append(from[e.a], e)
		}
	}
	next := func(p Point) (edge, bool) {
		list := from[p]
		if len(list) == 0 {
			return edge{}, false
		}
		from[p] = list[1:]
		return list[0], true
	}
	var out [][]Point
	for _, e := range order {
		for {
			e, ok := next(e.a)
			if !ok {
				break
			}
			ring := []Point{e.a}
			for e.b != ring[0] {
				ring = append(ring, e.b)
				if e, ok = next(e.b); !ok { // cannot be: every place is left as often as it is reached
					break
				}
			}
			if ring = straight(ring); len(ring) > 2 {
				out = append(out, ring)
			}
		}
	}
	return out
}

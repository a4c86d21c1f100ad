// Package boxtree is a packed, immutable tree over boxes in three dimensions, for nearest and overlap queries. It knows nothing
// of the earth: the packages above put earth-centred metres or degrees into it.
package boxtree

import "math"

// Box is an axis-parallel box. A box whose Min is above its Max is empty; empty boxes are never found.
type Box struct {
	Min, Max [3]float64
}

// Empty returns the box that holds nothing; extending it gives the box of what is added.
func Empty() Box {
	inf := math.Inf(1)
	return Box{[3]float64{inf, inf, inf}, [3]float64{-inf, -inf, -inf}}
}

// Extend returns the smallest box that holds b and c.
func (b Box) Extend(c Box) Box {
	for k := range 3 {
		b.Min[k] = min(b.Min[k], c.Min[k])
		b.Max[k] = max(b.Max[k], c.Max[k])
	}
	return b
}

// Add returns the smallest box that holds b and the point p.
func (b Box) Add(p [3]float64) Box { return b.Extend(Box{p, p}) }

// Pad returns the box grown by d on every side.
func (b Box) Pad(d float64) Box {
	for k := range 3 {
		b.Min[k] -= d
		b.Max[k] += d
	}
	return b
}

// Distance2 returns the squared distance from p to the nearest place of the box, 0 inside.
func (b *Box) Distance2(p *[3]float64) float64 {
	x := max(b.Min[0]-p[0], 0, p[0]-b.Max[0])
	y := max(b.Min[1]-p[1], 0, p[1]-b.Max[1])
	z := max(b.Min[2]-p[2], 0, p[2]-b.Max[2])
	return float64(x*x) + float64(y*y) + float64(z*z)
}

// overlaps tells whether two boxes share a place.
func (b *Box) overlaps(c *Box) bool {
	return b.Min[0] <= c.Max[0] && c.Min[0] <= b.Max[0] && b.Min[1] <= c.Max[1] && c.Min[1] <= b.Max[1] &&
		b.Min[2] <= c.Max[2] && c.Min[2] <= b.Max[2]
}

// Tree is the index. The zero value is an empty one.
type Tree struct {
	nodes []node
	boxes []Box   // of the items, in tree order
	items []int32 // their numbers, in tree order
}

// node is followed by its left child; a leaf has no right child.
type node struct {
	box          Box
	right        int32
	start, count int32
}

const leafSize = 4

// New builds the tree; item i is boxes[i]. It is deterministic and takes n·log n.
func New(boxes []Box) *Tree {
	t := &Tree{items: make([]int32, len(boxes)), boxes: make([]Box, len(boxes))}
	for i := range t.items {
		t.items[i] = int32(i)
	}
	if len(boxes) > 0 {
		t.build(boxes, 0, len(boxes))
	}
	for i, n := range t.items {
		t.boxes[i] = boxes[n]
	}
	return t
}

func (t *Tree) build(boxes []Box, from, to int) {
	at := len(t.nodes)
	n := node{box: Empty(), start: int32(from), count: int32(to - from)}
	centres := Empty()
	for _, i := range t.items[from:to] {
		n.box = n.box.Extend(boxes[i])
		centres = centres.Add([3]float64{centre(&boxes[i], 0), centre(&boxes[i], 1), centre(&boxes[i], 2)})
	}
	t.nodes = append(t.nodes, n)
	if to-from <= leafSize {
		return
	}
	axis := 0
	for k := 1; k < 3; k++ {
		if centres.Max[k]-centres.Min[k] > centres.Max[axis]-centres.Min[axis] {
			axis = k
		}
	}
	mid := from + (to-from)/2
	selectNth(t.items[from:to], mid-from, func(a, b int32) bool {
		ca, cb := centre(&boxes[a], axis), centre(&boxes[b], axis)
		return ca < cb || (ca == cb && a < b)
	})
	t.build(boxes, from, mid)
	t.nodes[at].right = int32(len(t.nodes))
	t.build(boxes, mid, to)
}

func centre(b *Box, axis int) float64 { return b.Min[axis] + b.Max[axis] }

// selectNth puts the n-th smallest item in its place, smaller ones before it. less is a total order.
func selectNth(s []int32, n int, less func(a, b int32) bool) {
	lo, hi := 0, len(s)-1
	for lo < hi {
		// The median of three, so that sorted input is no worst case.
		a, b, c := s[lo], s[lo+(hi-lo)/2], s[hi]
		if less(b, a) {
			a, b = b, a
		}
		pivot := b
		if less(c, b) {
			pivot = c
			if less(c, a) {
				pivot = a
			}
		}
		i, j := lo, hi
		for i <= j {
			for less(s[i], pivot) {
				i++
			}
			for less(pivot, s[j]) {
				j--
			}
			if i <= j {
				s[i], s[j] = s[j], s[i]
				i++
				j--
			}
		}
		switch {
		case n <= j:
			hi = j
		case n >= i:
			lo = i
		default:
			return
		}
	}
}

// Len returns the number of items.
func (t *Tree) Len() int { return len(t.items) }

// Bound returns the box of all items.
func (t *Tree) Bound() Box {
	if len(t.nodes) == 0 {
		return Empty()
	}
	return t.nodes[0].box
}

// Near calls visit for the items whose boxes lie within a limit of p, near branches first. Limits and distances are
// squared; the limit holds inclusively. visit gets the item and returns the limit from now on, which may only fall.
func (t *Tree) Near(p [3]float64, limit2 float64, visit func(item int, box2 float64) float64) {
	if len(t.nodes) == 0 {
		return
	}
	type entry struct {
		at int32
		d2 float64
	}
	var stack [64]entry
	n := 0
	stack[n] = entry{0, t.nodes[0].box.Distance2(&p)}
	n++
	for n > 0 {
		n--
		e := stack[n]
		if e.d2 > limit2 {
			continue
		}
		nd := &t.nodes[e.at]
		for nd.right != 0 {
			l, r := e.at+1, nd.right
			dl, dr := t.nodes[l].box.Distance2(&p), t.nodes[r].box.Distance2(&p)
			if dr < dl {
				l, r, dl, dr = r, l, dr, dl
			}
			if dr <= limit2 {
				stack[n] = entry{r, dr}
				n++
			}
			if dl > limit2 {
				nd = nil
				break
			}
			e = entry{l, dl}
			nd = &t.nodes[l]
		}
		if nd == nil {
			continue
		}
		for i := nd.start; i < nd.start+nd.count; i++ {
			if d2 := t.boxes[i].Distance2(&p); d2 <= limit2 {
				limit2 = visit(int(t.items[i]), d2)
			}
		}
	}
}

// Overlap calls visit for the items whose boxes share a place with b, in no particular but a fixed order.
func (t *Tree) Overlap(b Box, visit func(item int)) {
	if len(t.nodes) == 0 {
		return
	}
	var stack [64]int32
	n := 1
	for n > 0 {
		n--
		at := stack[n]
		nd := &t.nodes[at]
		if !nd.box.overlaps(&b) {
			continue
		}
		if nd.right != 0 {
			stack[n], stack[n+1] = nd.right, at+1
			n += 2
			continue
		}
		for i := nd.start; i < nd.start+nd.count; i++ {
			if t.boxes[i].overlaps(&b) {
				visit(int(t.items[i]))
			}
		}
	}
}

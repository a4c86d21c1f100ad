package overlay

import "math"

// grid tells which discs and strips of a region come near a place. A cell that lies in one disc as a whole names it and
// carries no list: most questions end there.
type grid struct {
	box    rect
	nx, ny int
	sx, sy float64 // cells per metre
	first  []int32 // of each cell, where its list begins in items; one more at the end
	items  []int32 // i: disc i; ^i: strip i
	holder []int32 // of each cell: a disc that holds all of it, or −1
	// Scratch of the search: when an item was last seen.
	seen, seenStrips []int32
	now              int32
}

// newGrid covers the region's box with cells of about a third of the largest limit, 64 × 64 at most.
func newGrid(g *region) *grid {
	var r float64
	for i := range g.discs {
		r = max(r, g.discs[i].r)
	}
	w, h := g.box.x1-g.box.x0, g.box.y1-g.box.y0
	cells := func(length float64) int {
		return int(min(max(math.Ceil(length/max(r/3, 1e-3)), 1), 64))
	}
	q := &grid{box: g.box, nx: cells(w), ny: cells(h)}
	q.sx, q.sy = float64(q.nx)/w, float64(q.ny)/h
	n := q.nx * q.ny
	q.holder = make([]int32, n)
	for k := range q.holder {
		q.holder[k] = -1
	}
	q.first = make([]int32, n+1)
	q.seen = make([]int32, len(g.discs))
	q.seenStrips = make([]int32, len(g.strips))
	type entry struct{ cell, item int32 }
	var entries []entry
	cw, ch := w/float64(q.nx), h/float64(q.ny)
	half := math.Sqrt(float64(cw*cw)+float64(ch*ch)) / 2 * (1 + 1e-9)
	put := func(item int32, c xy, reach, holds float64, box rect) {
		x0, x1, y0, y1, ok := q.cells(box)
		if !ok {
			return
		}
		for y := y0; y <= y1; y++ {
			for x := x0; x <= x1; x++ {
				k := y*q.nx + x
				if q.holder[k] >= 0 {
					continue
				}
				v := xy{q.box.x0 + float64((float64(x)+0.5)*cw), q.box.y0 + float64((float64(y)+0.5)*ch)}.sub(c)
				d := v.length()
				switch {
				case d > reach+half:
				case d+half < holds:
					q.holder[k] = item
				default:
					entries = append(entries, entry{int32(k), item})
				}
			}
		}
	}
	for i := range g.discs {
		o := &g.discs[i]
		put(int32(i), o.c, o.r, o.r, rect{o.c.x, o.c.y, o.c.x, o.c.y}.pad(o.r))
	}
	for i := range g.strips {
		s := &g.strips[i]
		box := rect{s.a.x, s.a.y, s.a.x, s.a.y}.with(s.a.along(s.d, s.l)).pad(s.r)
		put(^int32(i), s.mid, s.half, 0, box)
	}
	for _, e := range entries {
		if q.holder[e.cell] < 0 {
			q.first[e.cell+1]++
		}
	}
	for k := range n {
		q.first[k+1] += q.first[k]
	}
	q.items = make([]int32, q.first[n])
	next := make([]int32, n)
	for _, e := range entries {
		if q.holder[e.cell] < 0 {
			q.items[q.first[e.cell]+next[e.cell]] = e.item
			next[e.cell]++
		}
	}
	return q
}

// cells returns the range of cells that the box meets.
func (q *grid) cells(b rect) (x0, x1, y0, y1 int, ok bool) {
	if !b.meets(q.box) {
		return 0, 0, 0, 0, false
	}
	column := func(x float64) int { return min(max(int((x-q.box.x0)*q.sx), 0), q.nx-1) }
	row := func(y float64) int { return min(max(int((y-q.box.y0)*q.sy), 0), q.ny-1) }
	// A step wider, so that rounding cannot miss a cell.
	return column(b.x0 - 1e-6), column(b.x1 + 1e-6), row(b.y0 - 1e-6), row(b.y1 + 1e-6), true
}

// at returns the list of the cell of a place, or that the place is served.
func (q *grid) at(p xy) (items []int32, served bool) {
	x := min(max(int((p.x-q.box.x0)*q.sx), 0), q.nx-1)
	y := min(max(int((p.y-q.box.y0)*q.sy), 0), q.ny-1)
	k := y*q.nx + x
	return q.items[q.first[k]:q.first[k+1]], q.holder[k] >= 0 && q.box.has(p)
}

package main

import (
	"math"
	"slices"
)

// corner is a corner of a cell and what lies beyond the edge that begins there: the number of a site, or a side of the square, −1 south,
// −2 east, −3 north, −4 west.
type corner struct {
	at    [2]float64
	faces int // the site, or the side of the square, beyond the edge that begins here
}

// voronoi gives for every site the part of the square of ±half about the origin that is nearer to it than to any other site, as an open
// ring, counter-clockwise. Sites are distinct and lie inside. Cells that meet have equal corners.
func voronoi(sites [][2]float64, half float64) [][][2]float64 {
	b := newBuckets(sites, half)
	cells := make([][][2]float64, len(sites))
	for i := range sites {
		corners := []corner{{[2]float64{-half, -half}, -1}, {[2]float64{half, -half}, -2}, {[2]float64{half, half}, -3}, {[2]float64{-half, half}, -4}}
		for ring := 0; ring <= b.n; ring++ {
			// A site beyond twice the farthest corner cannot cut the cell; those of the ring lie beyond (ring − 1) buckets.
			if float64(float64(ring-1)*b.width) > 2*farthest(corners, sites[i]) {
				break
			}
			b.ring(sites[i], ring, func(j int) {
				if j != i {
					corners = nearer(corners, sites[i], sites[j], j)
				}
			})
		}
		cells[i] = settle(corners, sites, i, half)
	}
	return cells
}

func farthest(corners []corner, from [2]float64) float64 {
	d := 0.0
	for _, c := range corners {
		d = math.Max(d, math.Hypot(c.at[0]-from[0], c.at[1]-from[1]))
	}
	return d
}

// nearer cuts from a convex polygon what is nearer to b than to a; the edge along the cut faces site.
func nearer(corners []corner, a, b [2]float64, site int) []corner {
	mx, my := (a[0]+b[0])/2, (a[1]+b[1])/2
	dx, dy := a[0]-b[0], a[1]-b[1]
	beyond := func(p [2]float64) float64 { return float64((p[0]-mx)*dx) + float64((p[1]-my)*dy) } // negative: nearer to b
	if !slices.ContainsFunc(corners, func(c corner) bool { return beyond(c.at) < 0 }) {
		return corners
	}
	var out []corner
	for k, c := range corners {
		next := corners[(k+1)%len(corners)]
		s, t := beyond(c.at), beyond(next.at)
		if s >= 0 {
			out = append(out, c)
		}
		if (s >= 0) == (t >= 0) {
			continue
		}
		u := s / (s - t)
		cut := [2]float64{c.at[0] + float64(u*(next.at[0]-c.at[0])), c.at[1] + float64(u*(next.at[1]-c.at[1]))}
		if s >= 0 {
			out = append(out, corner{cut, site}) // leaves: the cut begins here
		} else {
			out = append(out, corner{cut, c.faces}) // enters: the rest of the edge that it was on
		}
	}
	return out
}

// settle computes the corners of a site's cell from the sites that meet there, in the order of their numbers, so that every cell
// there gets the same bits.
func settle(corners []corner, sites [][2]float64, site int, half float64) [][2]float64 {
	out := make([][2]float64, len(corners))
	for k, c := range corners {
		before, after := corners[(k+len(corners)-1)%len(corners)].faces, c.faces
		switch {
		case before < 0 && after < 0:
			out[k] = c.at
		case before < 0 || after < 0:
			out[k] = onSide(sites, site, max(before, after), min(before, after), half)
		default:
			meet := []int{site, before, after}
			slices.Sort(meet)
			out[k] = circumcenter(sites[meet[0]], sites[meet[1]], sites[meet[2]])
		}
	}
	return out
}

// onSide gives the place on a side of the square that is as far from one site as from another.
func onSide(sites [][2]float64, i, j, side int, half float64) [2]float64 {
	a, b := sites[min(i, j)], sites[max(i, j)]
	along, across, at := 0, 1, -half // the south side: y = −half
	switch side {
	case -2:
		along, across, at = 1, 0, half
	case -3:
		at = half
	case -4:
		along, across = 1, 0
	}
	d := b[along] - a[along]
	e := b[across] - a[across]
	middle := (a[along] + b[along]) / 2
	var p [2]float64
	p[across] = at
	p[along] = middle - float64(e*(at-(a[across]+b[across])/2))/d
	return p
}

// circumcenter gives the place that is equally far from three.
func circumcenter(a, b, c [2]float64) [2]float64 {
	bx, by, cx, cy := b[0]-a[0], b[1]-a[1], c[0]-a[0], c[1]-a[1]
	d := 2 * (float64(bx*cy) - float64(by*cx))
	b2, c2 := float64(bx*bx)+float64(by*by), float64(cx*cx)+float64(cy*cy)
	return [2]float64{a[0] + (float64(cy*b2)-float64(by*c2))/d, a[1] + (float64(bx*c2)-float64(cx*b2))/d}
}

// buckets are a lattice over the square with the sites in each field, about two a field.
type buckets struct {
	n     int // fields along a side
	half  float64
	width float64 // metres
	field [][]int
}

func newBuckets(sites [][2]float64, half float64) buckets {
	n := max(1, int(math.Sqrt(float64(len(sites))/2)))
	b := buckets{n: n, half: half, width: 2 * half / float64(n), field: make([][]int, n*n)}
	for i, s := range sites {
		x, y := b.at(s)
		b.field[y*n+x] = append(b.field[y*n+x], i)
	}
	return b
}

func (b buckets) at(p [2]float64) (x, y int) {
	f := func(v float64) int { return max(0, min(b.n-1, int((v+b.half)/b.width))) }
	return f(p[0]), f(p[1])
}

// ring visits the sites in the fields that are so many fields away from a place's own, in a fixed order.
func (b buckets) ring(p [2]float64, away int, visit func(site int)) {
	cx, cy := b.at(p)
	for y := max(0, cy-away); y <= min(b.n-1, cy+away); y++ {
		step := max(1, 2*away)
		if y == cy-away || y == cy+away {
			step = 1
		}
		for x := cx - away; x <= cx+away; x += step {
			if x >= 0 && x < b.n {
				for _, site := range b.field[y*b.n+x] {
					visit(site)
				}
			}
		}
	}
}

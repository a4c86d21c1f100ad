package coverage

import (
	"math"
	"sort"

	"github.com/paulmach/orb"

	"lifecircle/geo/measure"
	"lifecircle/geo/overlay"
)

// The fixed lattice of 25 m squares (design.md §5): rows of 0.000225° from the equator, columns of
// 0.000225° ÷ cos of the row's middle, rounded to 10⁻⁹°, from the meridian of Greenwich. Everything
// is counted in billionths of a degree.

const latticeRow = 225_000 // 10⁻⁹°

// square is one square of the lattice.
type square struct{ row, col int64 }

// columnWidth is the width of the columns of a row, 10⁻⁹°.
func columnWidth(row int64) int64 {
	mid := (float64(row) + 0.5) * latticeRow * 1e-9
	return int64(math.Floor(latticeRow/cosDegrees(mid) + 0.5))
}

// squareOf gives the square that holds a point, rounded to 10⁻⁹°; a point on an edge belongs to the square north or east of it.
func squareOf(p orb.Point) square {
	row := floorDiv(degrees(p[1]), latticeRow)
	return square{row, floorDiv(degrees(p[0]), columnWidth(row))}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// middle is the middle of a square.
func (s square) middle() orb.Point {
	w := columnWidth(s.row)
	return orb.Point{
		(float64(s.col*w) + float64(w)/2) / 1e9,
		(float64(s.row*latticeRow) + latticeRow/2) / 1e9,
	}
}

// run is a row's squares from column first to column last.
type run struct{ row, first, last int64 }

// polygon is the outline of a run.
func (r run) polygon() orb.Polygon {
	w := columnWidth(r.row)
	x0, x1 := float64(r.first*w)/1e9, float64((r.last+1)*w)/1e9
	y0, y1 := float64(r.row*latticeRow)/1e9, float64((r.row+1)*latticeRow)/1e9
	return orb.Polygon{{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}, {x0, y0}}}
}

// west and east are the borders of a run in 10⁻⁹°.
func (r run) west() int64 { return r.first * columnWidth(r.row) }
func (r run) east() int64 { return (r.last + 1) * columnWidth(r.row) }

// runsOf joins neighboring squares of a row; the result is sorted by row and column.
func runsOf(squares []square) []run {
	s := append([]square(nil), squares...)
	sort.Slice(s, func(a, b int) bool {
		if s[a].row != s[b].row {
			return s[a].row < s[b].row
		}
		return s[a].col < s[b].col
	})
	var out []run
	for _, q := range s {
		if n := len(out); n > 0 && out[n-1].row == q.row && q.col <= out[n-1].last+1 {
			out[n-1].last = max(out[n-1].last, q.col)
			continue
		}
		out = append(out, run{q.row, q.col, q.col})
	}
	return out
}

// components groups runs that share a piece of an edge; each holds indices of runs, ascending, and the
// groups are sorted by their first run.
func components(runs []run) [][]int {
	sets := newDisjoint(len(runs))
	lower := 0 // first run of the row below, as far as it may still touch
	for i := range runs {
		for lower < i && (runs[lower].row < runs[i].row-1 || (runs[lower].row == runs[i].row-1 && runs[lower].east() <= runs[i].west())) {
			lower++
		}
		for j := lower; j < i && runs[j].row == runs[i].row-1 && runs[j].west() < runs[i].east(); j++ {
			if runs[j].east() > runs[i].west() {
				sets.join(i, j)
			}
		}
	}
	return sets.groups()
}

// outline gives the outline of runs that are connected by edges: one shell, and the holes in it. It is
// traced along the lattice's lines in whole numbers, so that it is exact; no overlay is needed.
func outline(runs []run) orb.MultiPolygon {
	if len(runs) == 1 {
		return orb.MultiPolygon{runs[0].polygon()}
	}
	type vertex struct{ x, y int64 }
	next := map[vertex][]vertex{} // directed edges, the inside on their left
	var starts []vertex
	edge := func(a, b vertex) {
		next[a] = append(next[a], b)
		starts = append(starts, a)
	}
	// horizontal edges: what of one row's border has no square of the component on the other side; its points
	// also cut the vertical edges, which are whole by construction
	rows := map[int64][]run{}
	for _, r := range runs {
		rows[r.row] = append(rows[r.row], r)
		w, e, s, n := r.west(), r.east(), r.row*latticeRow, (r.row+1)*latticeRow
		edge(vertex{e, s}, vertex{e, n})
		edge(vertex{w, n}, vertex{w, s})
	}
	for _, r := range runs {
		for _, side := range [2]struct {
			other int64
			y     int64
			up    bool
		}{{r.row - 1, r.row * latticeRow, true}, {r.row + 1, (r.row + 1) * latticeRow, false}} {
			at := r.west()
			bare := func(to int64) {
				if to > at && side.up {
					edge(vertex{at, side.y}, vertex{to, side.y})
				} else if to > at {
					edge(vertex{to, side.y}, vertex{at, side.y})
				}
			}
			for _, o := range rows[side.other] {
				if o.east() <= at || o.west() >= r.east() {
					continue
				}
				bare(min(o.west(), r.east()))
				at = max(at, o.east())
			}
			bare(r.east())
		}
	}
	var rings [][]vertex
	for _, start := range starts {
		if len(next[start]) == 0 {
			continue
		}
		var path []vertex
		seen := map[vertex]int{}
		for v := start; ; {
			if k, again := seen[v]; again { // a loop is closed: a ring of its own, also where rings touch
				rings = append(rings, append([]vertex(nil), path[k:]...))
				for _, u := range path[k:] {
					delete(seen, u)
				}
				path = path[:k]
			}
			out := next[v]
			if len(out) == 0 {
				break
			}
			seen[v] = len(path)
			path = append(path, v)
			next[v] = out[:len(out)-1]
			v = out[len(out)-1]
		}
	}
	var shell orb.Ring
	var holes []orb.Ring
	for _, ring := range rings {
		var twice int64 // area, in units that keep the sign
		x0, y0 := ring[0].x, ring[0].y
		out := make(orb.Ring, 0, len(ring)+1)
		for i, v := range ring {
			p, n := ring[(i+len(ring)-1)%len(ring)], ring[(i+1)%len(ring)]
			twice += ((v.x-x0)*((n.y-y0)/latticeRow) - (n.x-x0)*((v.y-y0)/latticeRow))
			if (p.x == v.x && v.x == n.x) || (p.y == v.y && v.y == n.y) {
				continue // no corner
			}
			out = append(out, orb.Point{float64(v.x) / 1e9, float64(v.y) / 1e9})
		}
		out = append(out, out[0])
		if twice > 0 {
			shell = out
		} else {
			holes = append(holes, out)
		}
	}
	return orb.MultiPolygon{append(orb.Polygon{shell}, holes...)}
}

// latticeIn gives the squares whose middles lie in an area, sorted.
func latticeIn(mp orb.MultiPolygon) []square {
	if len(mp) == 0 {
		return nil
	}
	b := mp.Bound()
	var out []square
	first := int64(math.Floor(b.Min[1]*1e9/latticeRow - 0.5))
	last := int64(math.Ceil(b.Max[1]*1e9/latticeRow - 0.5))
	type edge struct{ a, b orb.Point }
	byRow := map[int64][]edge{}
	for _, poly := range mp {
		for _, ring := range poly {
			for i := 1; i < len(ring); i++ {
				lo, hi := ring[i-1], ring[i]
				if lo[1] > hi[1] {
					lo, hi = hi, lo
				}
				r0 := int64(math.Ceil(lo[1]*1e9/latticeRow - 0.5))
				for r := r0 - 1; r <= last; r++ {
					y := (square{r, 0}).middle()[1]
					if y < lo[1] {
						continue
					}
					if y >= hi[1] {
						break
					}
					byRow[r] = append(byRow[r], edge{lo, hi})
				}
			}
		}
	}
	var xs []float64
	for r := first; r <= last; r++ {
		edges := byRow[r]
		if len(edges) == 0 {
			continue
		}
		y := (square{r, 0}).middle()[1]
		xs = xs[:0]
		for _, e := range edges {
			t := (y - e.a[1]) / (e.b[1] - e.a[1])
			xs = append(xs, e.a[0]+float64(t*(e.b[0]-e.a[0])))
		}
		sort.Float64s(xs)
		w := float64(columnWidth(r))
		for k := 0; k+1 < len(xs); k += 2 {
			// middles (col + ½)·w in [xs[k], xs[k+1])
			c0 := int64(math.Ceil(xs[k]*1e9/w - 0.5))
			c1 := int64(math.Ceil(xs[k+1]*1e9/w-0.5)) - 1
			for col := c0; col <= c1; col++ {
				out = append(out, square{r, col})
			}
		}
	}
	return out
}

// tile is the part of a lattice square that lies in an area.
type tile struct {
	square square
	point  orb.Point // the square's middle, or a point on the part if the middle lies outside it
	mm2    int64     // of the part
}

// tilesOf cuts an area by the lattice; the tiles are sorted, and those without area left out.
func tilesOf(mp orb.MultiPolygon) ([]tile, error) {
	cut := map[square]bool{} // squares that the border passes
	for _, poly := range mp {
		for _, ring := range poly {
			for i := 1; i < len(ring); i++ {
				crossed(ring[i-1], ring[i], cut)
			}
		}
	}
	var out []tile
	for _, s := range latticeIn(mp) {
		if !cut[s] {
			out = append(out, tile{s, s.middle(), measure.AreaMM2(run{s.row, s.col, s.col}.polygon())})
		}
	}
	for s := range cut {
		part, err := overlay.Intersection(run{s.row, s.col, s.col}.polygon(), mp)
		if err != nil {
			return nil, err
		}
		if mm2 := measure.AreaMM2(part); mm2 > 0 {
			t := tile{s, s.middle(), mm2}
			if measure.Locate(part, t.point) == measure.Outside {
				t.point = measure.PointOnSurface(part)
			}
			out = append(out, t)
		}
	}
	sort.Slice(out, func(a, b int) bool {
		if out[a].square.row != out[b].square.row {
			return out[a].square.row < out[b].square.row
		}
		return out[a].square.col < out[b].square.col
	})
	return out, nil
}

// crossed marks every square that an edge passes or touches, and perhaps a neighbor of one.
func crossed(a, b orb.Point, marked map[square]bool) {
	const near = 1e-9 // degrees
	if a[1] > b[1] {
		a, b = b, a
	}
	for row := squareOf(orb.Point{a[0], a[1] - near}).row; row <= squareOf(orb.Point{b[0], b[1] + near}).row; row++ {
		south, north := float64(row*latticeRow)/1e9, float64((row+1)*latticeRow)/1e9
		x0, x1 := a[0], b[0]
		if a[1] < b[1] {
			at := func(y float64) float64 {
				t := min(1, max(0, (y-a[1])/(b[1]-a[1])))
				return a[0] + float64(t*(b[0]-a[0]))
			}
			x0, x1 = at(south), at(north)
		}
		w := columnWidth(row)
		for col := floorDiv(degrees(min(x0, x1)-near), w); col <= floorDiv(degrees(max(x0, x1)+near), w); col++ {
			marked[square{row, col}] = true
		}
	}
}

// disjoint is a union–find over 0…n−1.
type disjoint struct{ up []int }

func newDisjoint(n int) *disjoint {
	d := &disjoint{make([]int, n)}
	for i := range d.up {
		d.up[i] = i
	}
	return d
}

func (d *disjoint) find(i int) int {
	for d.up[i] != i {
		d.up[i] = d.up[d.up[i]]
		i = d.up[i]
	}
	return i
}

// join joins two sets; the smaller root stays, so that the result hangs on no order.
func (d *disjoint) join(a, b int) {
	a, b = d.find(a), d.find(b)
	if a > b {
		a, b = b, a
	}
	d.up[b] = a
}

// groups gives the sets, each ascending, sorted by their smallest element.
func (d *disjoint) groups() [][]int {
	at := map[int]int{}
	var out [][]int
	for i := range d.up {
		r := d.find(i)
		k, ok := at[r]
		if !ok {
			k = len(out)
			at[r] = k
			out = append(out, nil)
		}
		out[k] = append(out[k], i)
	}
	return out
}

func cosDegrees(lat float64) float64 { return math.Cos(lat * math.Pi / 180) }

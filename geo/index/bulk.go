package index

import (
	"math"
	"math/bits"
	"slices"
	"sync/atomic"

	"lifecircle/geo/index/boxtree"
	"lifecircle/geo/measure"
	"lifecircle/geo/panics"

	"github.com/paulmach/orb"
)

// Queries is a set of demand points made ready to be asked against many facility sets: their earth-centred positions in spatial
// order, with a ball around each block of a hierarchy. About 60 bytes a point. It is immutable.
type Queries struct {
	places []measure.Place // in spatial order
	order  []int32         // places[k] is point order[k]
	depth  int             // of the hierarchy: 2^depth blocks at the bottom
	balls  []ball          // a heap: block 1 is everything, block i halves into 2i and 2i+1
}

// ball holds all places of a block: every chord to its centre is at most radius.
type ball struct {
	centre [3]float64
	radius float64
}

const blockSize = 16 // points in a block at the bottom, at most

// NewQueries prepares points; the order they are given in is kept in all answers.
func NewQueries(ps []orb.Point, threads int) *Queries {
	n := len(ps)
	q := &Queries{places: make([]measure.Place, n), order: make([]int32, n)}
	if n == 0 {
		return q
	}
	q.depth = bits.Len(uint((n - 1) / blockSize))
	sorted := make([]measure.Place, n)
	parallel(n, threads, 4096, func(from, to int) {
		for i := from; i < to; i++ {
			sorted[i] = measure.PlaceOf(ps[i])
		}
	})
	for k, key := range sortKeys(spatialKeys(sorted, threads), bits.Len(uint(n-1))) {
		q.order[k] = int32(key & (1<<bits.Len(uint(n-1)) - 1))
	}
	parallel(n, threads, 4096, func(from, to int) {
		for k := from; k < to; k++ {
			q.places[k] = sorted[q.order[k]]
		}
	})
	q.balls = make([]ball, 2<<q.depth)
	parallel(1<<q.depth, threads, 64, func(from, to int) {
		for i := from; i < to; i++ {
			q.balls[1<<q.depth+i] = ballOf(q.places[q.first(q.depth, i):q.first(q.depth, i+1)])
		}
	})
	for i := 1<<q.depth - 1; i > 0; i-- {
		q.balls[i] = around(q.balls[2*i], q.balls[2*i+1])
	}
	return q
}

// Len returns the number of points.
func (q *Queries) Len() int { return len(q.places) }

// first is where block i of a level begins.
func (q *Queries) first(level, i int) int {
	return int(uint64(len(q.places)) * uint64(i) >> uint(level))
}

// All answers One for every point on so many threads: mm[i] and idx[i] are those of ps[i], −1 both if there is no shape. Where the
// same points are asked against several indexes, prepare them once and use [Nearest.AllOf].
func (x *Nearest) All(ps []orb.Point, threads int, mm []int32, idx []int32) {
	x.AllOf(NewQueries(ps, threads), threads, mm, idx)
}

// AllOf answers One for prepared points; mm and idx have at least q.Len() places, in the order the points were given in.
//
// It descends the hierarchy of blocks with the list of facilities that can be nearest to any point of a block: those not
// farther from its centre than the nearest one, plus twice its radius. In a city that leaves a handful for blocks of 16.
func (x *Nearest) AllOf(q *Queries, threads int, mm []int32, idx []int32) {
	if q.Len() == 0 {
		return
	}
	if x.count == 0 {
		for i := range q.Len() {
			mm[i], idx[i] = -1, -1
		}
		return
	}
	// Blocks enough for the threads to be evenly busy, taken one by one.
	level := min(q.depth, 7)
	var next atomic.Int64
	var wait panics.Group
	for range max(1, min(threads, 1<<level)) {
		wait.Go(func() {
			w := x.newWorker(q, mm, idx)
			for i := int(next.Add(1)) - 1; i < 1<<level && !wait.Failed(); i = int(next.Add(1)) - 1 {
				w.block(level, i, 0, 0)
			}
		})
	}
	wait.Wait()
}

// worker goes through blocks; its lists of candidates are stacks, of which a block uses the end.
type worker struct {
	x       *Nearest
	q       *Queries
	mm, idx []int32
	points  []candidate
	shapes  []int32
	dist2   []float64
	near    []float64
}

func (x *Nearest) newWorker(q *Queries, mm, idx []int32) *worker {
	w := &worker{x: x, q: q, mm: mm, idx: idx}
	w.points = make([]candidate, 0, 4*len(x.points)+64)
	for i := range x.points {
		w.points = append(w.points, candidate{vector(&x.points[i].place), int32(i)})
	}
	w.shapes = make([]int32, 0, 4*len(x.shapes)+64)
	for i := range x.shapes {
		w.shapes = append(w.shapes, int32(i))
	}
	return w
}

// candidate is a point that serves, copied so that the inner loop reads one stretch of memory.
type candidate struct {
	at [3]float64
	i  int32
}

// block answers block i of a level, given the candidates of the block above from the given places of the stacks on.
func (w *worker) block(level, i, points, shapes int) {
	b := &w.q.balls[1<<level+i]
	endP, endS := len(w.points), len(w.shapes)
	w.keep(b, points, shapes)
	switch {
	case level == w.q.depth, len(w.points)-endP <= 1 && len(w.shapes) == endS:
		w.answer(w.q.first(level, i), w.q.first(level, i+1), w.points[endP:], w.shapes[endS:])
	default:
		w.block(level+1, 2*i, endP, endS)
		w.block(level+1, 2*i+1, endP, endS)
	}
	w.points, w.shapes = w.points[:endP], w.shapes[:endS]
}

// keep puts on the stacks which of the candidates can be nearest to a point of the ball.
func (w *worker) keep(b *ball, points, shapes int) {
	endP, endS := len(w.points), len(w.shapes)
	// No point of the ball has a longer chord to its nearest than this.
	most2 := math.Inf(1)
	if cap(w.dist2) < endP-points {
		w.dist2 = make([]float64, endP-points)
	}
	d2 := w.dist2[:endP-points]
	for k := range d2 {
		d := chord2(&w.points[points+k].at, &b.centre)
		d2[k] = d
		if d < most2 {
			most2 = d
		}
	}
	for _, i := range w.shapes[shapes:endS] {
		if d := farthest2(&w.x.shapes[i].box, &b.centre); d < most2 {
			most2 = d
		}
	}
	limit := math.Sqrt(most2) + b.radius
	limit = tie(min(limit, farChord)) + b.radius + 1e-6
	limit2 := float64(limit * limit)
	for k, d := range d2 {
		if d <= limit2 {
			w.points = append(w.points, w.points[points+k])
		}
	}
	for k := shapes; k < endS; k++ {
		if i := w.shapes[k]; w.x.shapes[i].box.Distance2(&b.centre) <= limit2 {
			w.shapes = append(w.shapes, i)
		}
	}
}

// answer finds the nearest for the places from…to among the candidates.
func (w *worker) answer(from, to int, points []candidate, shapes []int32) {
	for k := from; k < to; k++ {
		p := &w.q.places[k]
		b := best{mm: math.MaxInt32}
		if len(points) > 0 {
			w.nearestPoint(p, points, &b)
		}
		if len(shapes) > 0 {
			w.nearestShape(p, shapes, &b)
		}
		w.mm[w.q.order[k]], w.idx[w.q.order[k]] = b.mm, b.index
	}
}

// nearestPoint compares by chord, and by millimetres only those that could tie. It puts the winner first: the next place, close
// by, most likely has the same one, and then the loop takes no branch.
func (w *worker) nearestPoint(p *measure.Place, points []candidate, b *best) {
	at := vector(p)
	first, tied := 0, false
	d1 := chord2(&points[0].at, &at)
	limit := tie(math.Sqrt(d1))
	limit2 := float64(limit * limit)
	for k := 1; k < len(points); k++ {
		d := chord2(&points[k].at, &at)
		if d > limit2 {
			continue
		}
		if tied = true; d < d1 {
			limit = tie(math.Sqrt(d))
			limit2 = float64(limit * limit)
			tied = d1 <= limit2
			first, d1 = k, d
		}
	}
	points[0], points[first] = points[first], points[0]
	switch {
	case d1 > farChord*farChord:
	case !tied:
		s := &w.x.points[points[0].i]
		if mm := measure.Millimetres(p.Distance(s.place)); mm < math.MaxInt32 {
			b.mm, b.index = mm, s.index
		}
	default:
		for k := range points {
			if c := &points[k]; chord2(&c.at, &at) <= limit2 {
				s := &w.x.points[c.i]
				b.take(measure.Millimetres(p.Distance(s.place)), s.index)
			}
		}
	}
}

// nearestShape measures the shapes whose boxes are not too far, the nearest boxes first.
func (w *worker) nearestShape(p *measure.Place, shapes []int32, b *best) {
	at := vector(p)
	b.limit2 = reach2(b.mm)
	w.near = w.near[:0]
	for _, i := range shapes {
		w.near = append(w.near, w.x.shapes[i].box.Distance2(&at))
	}
	for {
		next := -1
		for k, d := range w.near {
			if d <= b.limit2 && (next < 0 || d < w.near[next]) {
				next = k
			}
		}
		if next < 0 {
			return
		}
		w.near[next] = math.Inf(1)
		s := &w.x.shapes[shapes[next]]
		b.take(measure.Millimetres(s.shape.DistanceWithin(*p, b.metres())), s.index)
	}
}

// farChord is longer than any chord of less than saturated millimetres (2,147.5 km).
const farChord = 2.2e6

// tie returns a chord such that a longer one means more millimetres than the chord d does. Distances over one chord differ with
// latitude and azimuth, by at most 0.08·d³/24R² up to farChord (R ≥ 6335 km), and millimetres by rounding.
func tie(d float64) float64 { return d + 0.0011 + float64(1e-16*float64(d*float64(d*d))) }

func chord2(a, b *[3]float64) float64 {
	x, y, z := a[0]-b[0], a[1]-b[1], a[2]-b[2]
	return float64(x*x) + float64(y*y) + float64(z*z)
}

// farthest2 is the squared distance to the farthest corner of a box: the shape in it is not farther. +Inf for an empty one.
func farthest2(b *boxtree.Box, p *[3]float64) float64 {
	if b.Min[0] > b.Max[0] {
		return math.Inf(1)
	}
	sum := 0.0
	for k := range 3 {
		d := max(p[k]-b.Min[k], b.Max[k]-p[k])
		sum += float64(d * d)
	}
	return sum
}

// ballOf returns a ball around places.
func ballOf(places []measure.Place) ball {
	box := boxtree.Empty()
	for i := range places {
		box = box.Add(vector(&places[i]))
	}
	var b ball
	if len(places) == 0 {
		return b
	}
	for k := range 3 {
		b.centre[k] = (box.Min[k] + box.Max[k]) / 2
	}
	r2 := 0.0
	for i := range places {
		v := vector(&places[i])
		r2 = max(r2, chord2(&v, &b.centre))
	}
	b.radius = math.Sqrt(r2) + 1e-6
	return b
}

// around returns a ball around two.
func around(a, b ball) ball {
	d := math.Sqrt(chord2(&a.centre, &b.centre))
	if d+b.radius <= a.radius {
		return a
	}
	if d+a.radius <= b.radius {
		return b
	}
	r := (d + a.radius + b.radius) / 2
	var c ball
	for k := range 3 {
		c.centre[k] = a.centre[k] + float64((b.centre[k]-a.centre[k])*((r-a.radius)/d))
	}
	c.radius = r + 1e-6
	return c
}

// spatialKeys returns for every place its Morton code in the box of all, 13 bits a coordinate (fewer for more than 2²⁵ places), and
// below that its number, so that sorting the keys sorts the places, those of one code as they were.
func spatialKeys(places []measure.Place, threads int) []uint64 {
	box := boxtree.Empty()
	for i := range places {
		box = box.Add(vector(&places[i]))
	}
	size := 1e-3
	for k := range 3 {
		size = max(size, box.Max[k]-box.Min[k])
	}
	number := bits.Len(uint(len(places) - 1))
	depth := min(13, (64-number)/3)
	scale := float64(uint64(1)<<depth-1) / size
	keys := make([]uint64, len(places))
	parallel(len(places), threads, 4096, func(from, to int) {
		for i := from; i < to; i++ {
			v := vector(&places[i])
			var key uint64
			for k := range 3 {
				key |= spread(uint64((v[k]-box.Min[k])*scale)) << k
			}
			keys[i] = key<<number | uint64(i)
		}
	})
	return keys
}

// spread puts two zeros between the lower 21 bits of x.
func spread(x uint64) uint64 {
	x &= 0x1fffff
	x = (x | x<<32) & 0x1f00000000ffff
	x = (x | x<<16) & 0x1f0000ff0000ff
	x = (x | x<<8) & 0x100f00f00f00f00f
	x = (x | x<<4) & 0x10c30c30c30c30c3
	return (x | x<<2) & 0x1249249249249249
}

// sortKeys sorts keys by their bits from the given one on, equal ones as they were: a radix sort, eleven bits at a time. It
// overwrites them.
func sortKeys(keys []uint64, from int) []uint64 {
	n := len(keys)
	if n < 512 {
		slices.Sort(keys)
		return keys
	}
	other := make([]uint64, n)
	var counts [2048]int32
	for shift := from; shift < 64; shift += 11 {
		clear(counts[:])
		for _, key := range keys {
			counts[key>>shift&2047]++
		}
		if slices.Contains(counts[:], int32(n)) {
			continue
		}
		at := int32(0)
		for d, c := range counts {
			counts[d], at = at, at+c
		}
		for _, key := range keys {
			d := key >> shift & 2047
			other[counts[d]] = key
			counts[d]++
		}
		keys, other = other, keys
	}
	return keys
}

// parallel calls work for stretches of 0…n−1 on so many threads, in pieces of at least grain. It panics where work does.
func parallel(n, threads, grain int, work func(from, to int)) {
	threads = max(1, min(threads, (n+grain-1)/grain))
	if threads == 1 {
		work(0, n)
		return
	}
	step := max(grain, n/(threads*8))
	var next atomic.Int64
	var wait panics.Group
	for range threads {
		wait.Go(func() {
			for !wait.Failed() {
				from := int(next.Add(int64(step))) - step
				if from >= n {
					return
				}
				work(from, min(from+step, n))
			}
		})
	}
	wait.Wait()
}

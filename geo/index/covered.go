package index

import (
	"math"
	"sync/atomic"

	"lifecircle/geo/measure"
	"lifecircle/geo/panics"
)

// CoveredOf tells for prepared points whether One's distance is at most limitMM: the same as comparing what AllOf gives,
// in a fifth of the time, since whole blocks lie within the limit of one facility or beyond it of all. in has at least q.Len()
// places, in the order the points were given in. It returns early, with in unfinished, once stop says so (nil: never).
func (x *Nearest) CoveredOf(q *Queries, limitMM int32, threads int, in []bool, stop func() bool) {
	if q.Len() == 0 {
		return
	}
	if x.count == 0 || limitMM < 0 {
		clear(in[:q.Len()])
		return
	}
	if limitMM == math.MaxInt32 { // reach is saturated there: everything is within it
		for i := range q.Len() {
			in[i] = true
		}
		return
	}
	level := min(q.depth, 7)
	var next atomic.Int64
	var wait panics.Group
	for range max(1, min(threads, 1<<level)) {
		wait.Go(func() {
			c := x.newCover(q, limitMM, in)
			for i := int(next.Add(1)) - 1; i < 1<<level && (stop == nil || !stop()) && !wait.Failed(); i = int(next.Add(1)) - 1 {
				c.block(level, i, 0, 0)
			}
		})
	}
	wait.Wait()
}

// cover goes through blocks; its lists of candidates are stacks, as a worker's.
type cover struct {
	x            *Nearest
	q            *Queries
	limit        int32
	inner, outer float64 // chords: up to inner all is within the limit, beyond outer nothing
	in           []bool
	points       []candidate
	shapes       []int32
}

func (x *Nearest) newCover(q *Queries, limitMM int32, in []bool) *cover {
	w := x.newWorker(q, nil, nil)
	return &cover{x: x, q: q, limit: limitMM, inner: innerChord(float64(limitMM) / 1000), outer: measure.ChordLimit(metresFor(limitMM)), in: in, points: w.points, shapes: w.shapes}
}

// innerChord is a chord in metres such that places whose chord is no longer are no farther than metres. Arcs over a chord c are at most
// c + c³/24R² + 3c⁵/640R⁴ + …, R at least the smallest radius of curvature (b²/a = 6335.4 km); up to 2,500 km a tenth of the
// cubic term more covers the rest. It is negative, which no chord is, where that does not hold.
func innerChord(metres float64) float64 {
	if metres > 2.5e6 {
		return -1
	}
	const k = 1.1 / (24 * 6.335e6 * 6.335e6)
	return metres - float64(k*float64(metres*float64(metres*metres))) - 1e-6
}

// block answers block i of a level, given the candidates of the block above from the given places of the stacks on.
func (c *cover) block(level, i, points, shapes int) {
	b := &c.q.balls[1<<level+i]
	from, to := c.q.first(level, i), c.q.first(level, i+1)
	endP, endS := len(c.points), len(c.shapes)
	whole, near := c.inner-b.radius-1e-6, c.outer+b.radius+1e-6
	whole2, near2 := float64(whole*whole), float64(near*near)
	all := false
	for k := points; k < endP && !all; k++ {
		if d := chord2(&c.points[k].at, &b.centre); d <= near2 {
			c.points = append(c.points, c.points[k])
			all = whole > 0 && d <= whole2
		}
	}
	for k := shapes; k < endS && !all; k++ {
		if box := &c.x.shapes[c.shapes[k]].box; box.Distance2(&b.centre) <= near2 {
			c.shapes = append(c.shapes, c.shapes[k])
			all = whole > 0 && farthest2(box, &b.centre) <= whole2
		}
	}
	switch {
	case all, len(c.points) == endP && len(c.shapes) == endS:
		for _, p := range c.q.order[from:to] {
			c.in[p] = all
		}
	case level == c.q.depth:
		for k := from; k < to; k++ {
			c.in[c.q.order[k]] = c.holds(&c.q.places[k], c.points[endP:], c.shapes[endS:])
		}
	default:
		c.block(level+1, 2*i, endP, endS)
		c.block(level+1, 2*i+1, endP, endS)
	}
	c.points, c.shapes = c.points[:endP], c.shapes[:endS]
}

// holds tells whether any of the candidates is within the limit of a place.
func (c *cover) holds(p *measure.Place, points []candidate, shapes []int32) bool {
	at := vector(p)
	inner2, outer2 := float64(c.inner*c.inner), float64(c.outer*c.outer)
	for k := range points {
		d := chord2(&points[k].at, &at)
		if d > outer2 {
			continue
		}
		if (c.inner > 0 && d <= inner2) || measure.Millimetres(p.Distance(c.x.points[points[k].i].place)) <= c.limit {
			return true
		}
	}
	for _, i := range shapes {
		s := &c.x.shapes[i]
		if s.box.Distance2(&at) <= outer2 && measure.Millimetres(s.shape.DistanceWithin(*p, metresFor(c.limit))) <= c.limit {
			return true
		}
	}
	return false
}

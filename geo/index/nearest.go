package index

import (
	"math"
	"slices"

	"lifecircle/geo/index/boxtree"
	"lifecircle/geo/measure"

	"github.com/paulmach/orb"
)

// Nearest is an immutable index over facility shapes.
type Nearest struct {
	count int // of the shapes

	// Facilities that are points, apart: they are most of all facilities and can be compared by chord alone. Points at
	// one place are kept once, for the smallest index; the others follow in same.
	points []site
	same   [][]int32 // per point: all the shapes there, ascending; nil if it is only one
	tree   *boxtree.Tree

	// Everything else.
	shapes []area
	boxes  *boxtree.Tree
}

// site is a point that serves, with the smallest index of a shape at it.
type site struct {
	place measure.Place
	index int32
}

// area is a line, a polygon or a mixture, with its index.
type area struct {
	shape *measure.Shape
	box   boxtree.Box
	index int32
}

// Hit is a shape found, and how far it is in whole millimetres.
type Hit struct {
	Index int
	MM    int32
}

// NewNearest builds the index; the shape of index i is shapes[i].
func NewNearest(shapes []*measure.Shape) *Nearest {
	x := &Nearest{count: len(shapes)}
	var all []site
	for i, s := range shapes {
		places, ok := s.Places()
		if !ok {
			x.shapes = append(x.shapes, area{s, s.Box(), int32(i)})
			continue
		}
		for _, p := range places {
			all = append(all, site{p, int32(i)})
		}
	}
	slices.SortFunc(all, func(a, b site) int {
		for k := range 2 {
			if a.place.Point[k] != b.place.Point[k] {
				if a.place.Point[k] < b.place.Point[k] {
					return -1
				}
				return 1
			}
		}
		return int(a.index) - int(b.index)
	})
	for i, s := range all {
		last := len(x.points) - 1
		if i > 0 && x.points[last].place.Point == s.place.Point {
			if x.same[last] == nil {
				x.same[last] = []int32{x.points[last].index}
			}
			if list := x.same[last]; list[len(list)-1] != s.index {
				x.same[last] = append(list, s.index)
			}
			continue
		}
		x.points = append(x.points, s)
		x.same = append(x.same, nil)
	}
	boxes := make([]boxtree.Box, len(x.points))
	for i := range x.points {
		v := vector(&x.points[i].place)
		boxes[i] = boxtree.Box{Min: v, Max: v}
	}
	x.tree = boxtree.New(boxes)
	boxes = make([]boxtree.Box, len(x.shapes))
	for i := range x.shapes {
		boxes[i] = x.shapes[i].box
	}
	x.boxes = boxtree.New(boxes)
	return x
}

// Len returns the number of shapes.
func (x *Nearest) Len() int { return x.count }

// One returns the nearest shape and its distance in millimetres; at 2,147 km and beyond all are equally far. ok is false only
// if there is no shape.
func (x *Nearest) One(p orb.Point) (i int, mm int32, ok bool) {
	if x.count == 0 {
		return -1, -1, false
	}
	at := measure.PlaceOf(p)
	b := best{mm: math.MaxInt32, limit2: reach2(math.MaxInt32)}
	x.tree.Near(vector(&at), b.limit2, func(i int, _ float64) float64 {
		s := &x.points[i]
		b.take(measure.Millimetres(at.Distance(s.place)), s.index)
		return b.limit2
	})
	x.boxes.Near(vector(&at), b.limit2, func(i int, _ float64) float64 {
		s := &x.shapes[i]
		b.take(measure.Millimetres(s.shape.DistanceWithin(at, b.metres())), s.index)
		return b.limit2
	})
	return int(b.index), b.mm, true
}

// Within returns the shapes whose distance, rounded to millimetres, is at most limitMM, sorted by index. A limit of
// [math.MaxInt32] returns all.
func (x *Nearest) Within(p orb.Point, limitMM int32) []Hit {
	if limitMM < 0 || x.count == 0 {
		return nil
	}
	hits := x.upTo(measure.PlaceOf(p), limitMM)
	if limitMM == math.MaxInt32 {
		return x.addRest(hits)
	}
	return hits
}

// K returns the k nearest shapes, sorted by distance and index; all of them if there are fewer.
func (x *Nearest) K(p orb.Point, k int) []Hit {
	if k <= 0 || x.count == 0 {
		return nil
	}
	at := measure.PlaceOf(p)
	// The k-th smallest distance bounds the search: sought first among all that come, then all up to it are taken.
	limit := x.kth(at, k)
	hits := x.upTo(at, limit)
	if limit == math.MaxInt32 {
		hits = x.addRest(hits)
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		if a.MM != b.MM {
			if a.MM < b.MM {
				return -1
			}
			return 1
		}
		return a.Index - b.Index
	})
	return hits[:min(k, len(hits))]
}

// kth returns the k-th smallest distance in millimetres, saturated if there are fewer than k shapes in reach.
func (x *Nearest) kth(at measure.Place, k int) int32 {
	// A shape of several points comes several times; only its nearest counts.
	nearest := map[int32]int32{}
	var sorted []int32 // the k smallest
	limit2, limit := reach2(math.MaxInt32), int32(math.MaxInt32)
	take := func(mm, index int32) {
		if old, ok := nearest[index]; ok {
			if mm >= old {
				return
			}
			if j, found := slices.BinarySearch(sorted, old); found {
				sorted = slices.Delete(sorted, j, j+1)
			}
		}
		nearest[index] = mm
		j, _ := slices.BinarySearch(sorted, mm)
		if j < k {
			sorted = slices.Insert(sorted, j, mm)
			if len(sorted) > k {
				sorted = sorted[:k]
			}
			if len(sorted) == k && sorted[k-1] < limit {
				limit = sorted[k-1]
				limit2 = reach2(limit)
			}
		}
	}
	x.tree.Near(vector(&at), limit2, func(i int, _ float64) float64 {
		mm := measure.Millimetres(at.Distance(x.points[i].place))
		take(mm, x.points[i].index)
		for _, index := range x.same[i] {
			take(mm, index)
		}
		return limit2
	})
	x.boxes.Near(vector(&at), limit2, func(i int, _ float64) float64 {
		s := &x.shapes[i]
		take(measure.Millimetres(s.shape.DistanceWithin(at, metresFor(limit))), s.index)
		return limit2
	})
	return limit
}

// upTo lists the shapes found up to the limit, sorted by index.
func (x *Nearest) upTo(at measure.Place, limitMM int32) []Hit {
	var hits []Hit
	limit2 := reach2(limitMM)
	x.tree.Near(vector(&at), limit2, func(i int, _ float64) float64 {
		if mm := measure.Millimetres(at.Distance(x.points[i].place)); mm <= limitMM {
			hits = append(hits, Hit{int(x.points[i].index), mm})
			if x.same[i] != nil {
				for _, index := range x.same[i][1:] {
					hits = append(hits, Hit{int(index), mm})
				}
			}
		}
		return limit2
	})
	x.boxes.Near(vector(&at), limit2, func(i int, _ float64) float64 {
		s := &x.shapes[i]
		if mm := measure.Millimetres(s.shape.DistanceWithin(at, metresFor(limitMM))); mm <= limitMM {
			hits = append(hits, Hit{int(s.index), mm})
		}
		return limit2
	})
	slices.SortFunc(hits, func(a, b Hit) int {
		if a.Index != b.Index {
			return a.Index - b.Index
		}
		return int(a.MM - b.MM)
	})
	// Of a shape of several points the nearest stays.
	return slices.CompactFunc(hits, func(a, b Hit) bool { return a.Index == b.Index })
}

// addRest adds the shapes that are missing, as far away as can be said.
func (x *Nearest) addRest(hits []Hit) []Hit {
	all := make([]Hit, x.count)
	for i := range all {
		all[i] = Hit{i, math.MaxInt32}
	}
	for _, h := range hits {
		all[h.Index] = h
	}
	return all
}

// best is the nearest shape so far: the start is index 0 at saturated millimetres, which is the answer if nothing is nearer.
type best struct {
	mm, index int32
	limit2    float64 // the squared chord beyond which nothing can be as near
}

func (b *best) take(mm, index int32) {
	if mm < b.mm {
		b.mm, b.index = mm, index
		b.limit2 = reach2(mm)
	} else if mm == b.mm && mm != math.MaxInt32 && index < b.index {
		b.index = index
	}
}

func (b *best) metres() float64 { return metresFor(b.mm) }

// metresFor is the distance below which metres round to at most mm (with a little to spare).
func metresFor(mm int32) float64 { return float64((float64(mm) + 0.501) / 1000) }

// reach2 is the squared chord beyond which every distance rounds to more than mm.
func reach2(mm int32) float64 {
	c := measure.ChordLimit(metresFor(mm))
	return float64(c * c)
}

func vector(p *measure.Place) [3]float64 { return [3]float64{p.X, p.Y, p.Z} }

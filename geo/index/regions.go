package index

import (
	"math"
	"slices"

	"lifecircle/geo/index/boxtree"
	"lifecircle/geo/measure"

	"github.com/paulmach/orb"
)

// Regions is an immutable index over polygons (neighborhoods, survey areas): which of them hold a point.
type Regions struct {
	locators []*measure.Locator
	rings    [][]orb.Ring
	tree     *boxtree.Tree
}

// NewRegions builds the index; the polygon of index i is ps[i].
func NewRegions(ps []orb.MultiPolygon) *Regions {
	r := &Regions{locators: make([]*measure.Locator, len(ps)), rings: make([][]orb.Ring, len(ps))}
	boxes := make([]boxtree.Box, len(ps))
	for i, p := range ps {
		r.locators[i] = measure.NewLocator(p)
		boxes[i] = flat(r.locators[i].Bound())
		for _, polygon := range p {
			r.rings[i] = append(r.rings[i], polygon...)
		}
	}
	r.tree = boxtree.New(boxes)
	return r
}

// Len returns the number of polygons.
func (r *Regions) Len() int { return len(r.locators) }

// At returns the polygons whose interior holds p and those on whose border it lies, each sorted. It is exact.
func (r *Regions) At(p orb.Point) (inside, border []int) {
	r.tree.Overlap(flat(orb.Bound{Min: p, Max: p}), func(i int) {
		switch r.locators[i].Locate(p) {
		case measure.Inside:
			inside = append(inside, i)
		case measure.Border:
			border = append(border, i)
		}
	})
	slices.Sort(inside)
	slices.Sort(border)
	return inside, border
}

// AtEach calls yield for every point with what At returns for it. The calls come in any order, from so many goroutines;
// the slices must not be changed. Points are taken cell by cell of a grid, and where no border passes a cell, one look is for all in it.
func (r *Regions) AtEach(ps []orb.Point, threads int, yield func(i int, inside, border []int)) {
	g := newPointGrid(ps)
	parallel(len(g.first)-1, threads, 64, func(from, to int) {
		for c := from; c < to; c++ {
			r.atCell(ps, g.order[g.first[c]:g.first[c+1]], yield)
		}
	})
}

// atCell answers for the points of a cell.
func (r *Regions) atCell(ps []orb.Point, cell []int32, yield func(i int, inside, border []int)) {
	if len(cell) == 0 {
		return
	}
	box := orb.Bound{Min: ps[cell[0]], Max: ps[cell[0]]}
	for _, i := range cell[1:] {
		box = box.Extend(ps[i])
	}
	near, all := r.Search(box), true
	for _, k := range near {
		if borderPasses(r.rings[k], box) {
			all = false
			break
		}
	}
	var inside, border []int
	if all {
		for _, k := range near {
			if r.locators[k].Locate(ps[cell[0]]) == measure.Inside {
				inside = append(inside, k)
			}
		}
		for _, i := range cell {
			yield(int(i), inside, nil)
		}
		return
	}
	for _, i := range cell {
		inside, border = nil, nil
		for _, k := range near {
			switch r.locators[k].Locate(ps[i]) {
			case measure.Inside:
				inside = append(inside, k)
			case measure.Border:
				border = append(border, k)
			}
		}
		yield(int(i), inside, border)
	}
}

// borderPasses tells whether an edge may come into a box: it does not if it lies beside the box or all corners of the box lie to
// one side of it, by more than rounding can be.
func borderPasses(rings []orb.Ring, b orb.Bound) bool {
	for _, r := range rings {
		for i := 1; i < len(r); i++ {
			p, q := r[i-1], r[i]
			if max(p[0], q[0]) < b.Min[0] || min(p[0], q[0]) > b.Max[0] || max(p[1], q[1]) < b.Min[1] || min(p[1], q[1]) > b.Max[1] {
				continue
			}
			left, right := false, false
			for _, x := range [2]float64{b.Min[0], b.Max[0]} {
				for _, y := range [2]float64{b.Min[1], b.Max[1]} {
					u, v := float64((q[0]-p[0])*(y-p[1])), float64((q[1]-p[1])*(x-p[0]))
					left = left || u-v > -sideError
					right = right || u-v < sideError
				}
			}
			if left && right {
				return true
			}
		}
	}
	return false
}

// sideError is more than the side of a point of an edge can be wrong by, in square degrees: the differences are exact to 2⁻⁴⁴ of
// 360, the products to as much of 360².
const sideError = 1e-10

// pointGrid sorts points into the cells of a grid, some eight to a cell.
type pointGrid struct {
	first []int32 // of each cell, where its points begin in order; one more at the end
	order []int32
}

func newPointGrid(ps []orb.Point) *pointGrid {
	g := &pointGrid{first: []int32{0}, order: make([]int32, len(ps))}
	if len(ps) == 0 {
		return g
	}
	box := orb.Bound{Min: ps[0], Max: ps[0]}
	for _, p := range ps[1:] {
		box = box.Extend(p)
	}
	side := int(math.Ceil(math.Sqrt(float64(len(ps)) / 8)))
	scale := func(k int) float64 { return float64(side) / max(box.Max[k]-box.Min[k], 1e-9) }
	sx, sy := scale(0), scale(1)
	cell := func(p orb.Point) int {
		x, y := int((p[0]-box.Min[0])*sx), int((p[1]-box.Min[1])*sy)
		return min(y, side-1)*side + min(x, side-1)
	}
	g.first = make([]int32, side*side+1)
	for _, p := range ps {
		g.first[cell(p)+1]++
	}
	for c := range side * side {
		g.first[c+1] += g.first[c]
	}
	next := slices.Clone(g.first[:side*side])
	for i, p := range ps {
		c := cell(p)
		g.order[next[c]] = int32(i)
		next[c]++
	}
	return g
}

// Search returns the polygons whose lon/lat boxes share a place with b, sorted.
func (r *Regions) Search(b orb.Bound) []int {
	var found []int
	r.tree.Overlap(flat(b), func(i int) { found = append(found, i) })
	slices.Sort(found)
	return found
}

// flat puts a lon/lat box into a plane of the tree's space.
func flat(b orb.Bound) boxtree.Box {
	return boxtree.Box{Min: [3]float64{b.Min[0], b.Min[1], 0}, Max: [3]float64{b.Max[0], b.Max[1], 0}}
}

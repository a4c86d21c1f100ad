package index

import (
	"slices"

	"lifecircle/geo/index/boxtree"
	"lifecircle/geo/measure"

	"github.com/paulmach/orb"
)

// Regions is an immutable index over polygons (neighborhoods, survey areas): which of them hold a point.
type Regions struct {
	locators []*measure.Locator
	tree     *boxtree.Tree
}

// NewRegions builds the index; the polygon of index i is ps[i].
func NewRegions(ps []orb.MultiPolygon) *Regions {
	r := &Regions{locators: make([]*measure.Locator, len(ps))}
	boxes := make([]boxtree.Box, len(ps))
	for i, p := range ps {
		r.locators[i] = measure.NewLocator(p)
		boxes[i] = flat(r.locators[i].Bound())
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

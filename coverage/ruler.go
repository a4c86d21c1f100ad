package coverage

import (
	"context"
	"fmt"
	"sync"

	"github.com/paulmach/orb"

	"lifecircle/geo/index"
	"lifecircle/geo/measure"
	"lifecircle/geo/overlay"
)

// Ruler reads distance in one way (口径). It sees points and facility sets; no store, clock or file.
type Ruler interface {
	// Basis is the ruler's word in tables: "radius" or "path".
	Basis() string
	// Key is part of every hash: basis, parameters and version of the algorithm.
	Key() string
	// Nearest gives for every point its nearest facility of the set, however far.
	Nearest(ctx context.Context, from *Places, set *FacilitySet, threads int) (Reach, error)
	// Covered tells for every point whether Nearest is at most limit millimetres, faster.
	Covered(ctx context.Context, from *Places, set *FacilitySet, limit int32, threads int) ([]bool, error)
	// Within gives every pair of a point and a facility that are no more than limit millimetres
	// apart, sorted by point, then facility.
	Within(ctx context.Context, from []orb.Point, set *FacilitySet, limit int32) ([]Pair, error)
	// Area draws the places within limit millimetres of any facility of the set, inside the true ones.
	Area(ctx context.Context, set *FacilitySet, limit int32) (orb.MultiPolygon, error)
}

// Places are points that are asked about many facility sets, prepared once.
type Places struct {
	Points  []orb.Point
	once    sync.Once
	queries *index.Queries
}

// NewPlaces makes places of points, which must not change afterwards.
func NewPlaces(points []orb.Point) *Places { return &Places{Points: points} }

func (p *Places) ready(threads int) *index.Queries {
	p.once.Do(func() { p.queries = index.NewQueries(p.Points, threads) })
	return p.queries
}

// FacilitySet is a set of facilities, sorted by id and then layer name: the position in
// it breaks ties.
type FacilitySet struct {
	Geometries []orb.Geometry
	shapes     []*measure.Shape
	nearest    *index.Nearest
}

// NewFacilitySet prepares facilities for a ruler, in the order given.
func NewFacilitySet(gs []orb.Geometry) *FacilitySet {
	shapes := make([]*measure.Shape, len(gs))
	for i, g := range gs {
		shapes[i] = measure.NewShape(g)
	}
	return newFacilitySet(gs, shapes)
}

func newFacilitySet(gs []orb.Geometry, shapes []*measure.Shape) *FacilitySet {
	return &FacilitySet{Geometries: gs, shapes: shapes, nearest: index.NewNearest(shapes)}
}

// Reach is the way from each point to its nearest facility, in packed arrays.
type Reach struct {
	MM       []int32 // millimetres; −1: unreachable
	Seconds  []int32 // nil on the radius basis, which knows no time
	Facility []int32 // position in the set; −1: none
	Cause    []uint8 // why a point is unreachable; nil: only because the set is empty
}

// Pair is a point and a facility within a limit of it.
type Pair struct {
	From, Facility int32
	MM             int32
}

// Radius is the ruler of straight lines on the WGS 84 ellipsoid.
type Radius struct{}

var _ Ruler = Radius{}

// Basis is "radius".
func (Radius) Basis() string { return "radius" }

// Key names the algorithm.
func (Radius) Key() string { return "radius/1" }

// Nearest gives the straight distance to the nearest facility: from a polygon's edge, 0 inside it.
func (Radius) Nearest(ctx context.Context, from *Places, set *FacilitySet, threads int) (Reach, error) {
	if err := ctx.Err(); err != nil {
		return Reach{}, err
	}
	r := Reach{MM: make([]int32, len(from.Points)), Facility: make([]int32, len(from.Points))}
	set.nearest.AllOf(from.ready(threads), threads, r.MM, r.Facility)
	return r, nil
}

// Covered tells which points lie within a limit of any facility.
func (Radius) Covered(ctx context.Context, from *Places, set *FacilitySet, limit int32, threads int) ([]bool, error) {
	in := make([]bool, len(from.Points))
	set.nearest.CoveredOf(from.ready(threads), limit, threads, in, func() bool { return ctx.Err() != nil })
	return in, ctx.Err()
}

// Within gives the pairs no more than limit millimetres apart.
func (Radius) Within(ctx context.Context, from []orb.Point, set *FacilitySet, limit int32) ([]Pair, error) {
	var out []Pair
	for i, p := range from {
		if i&1023 == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
		}
		for _, h := range set.nearest.Within(p, limit) {
			out = append(out, Pair{From: int32(i), Facility: int32(h.Index), MM: h.MM})
		}
	}
	return out, nil
}

// Area draws the union of the facilities' service areas.
func (Radius) Area(ctx context.Context, set *FacilitySet, limit int32) (orb.MultiPolygon, error) {
	sites := make([]overlay.Site, len(set.Geometries))
	for i, g := range set.Geometries {
		sites[i] = overlay.Site{Geometry: g, Metres: metres(limit)}
	}
	mp, err := overlay.NewZone(sites).Polygon(nil)
	if err != nil {
		return nil, fmt.Errorf("service area of %d facilities: %w", len(sites), err)
	}
	return mp, ctx.Err()
}

// metres gives millimetres as metres.
func metres(mm int32) float64 { return float64(mm) / 1000 }

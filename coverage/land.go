package coverage

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sort"

	"github.com/paulmach/orb"

	"lifecircle/geo/measure"
	"lifecircle/geo/overlay"
)

// minLandMM2 is 1 m²: less land than that is no demand.
const minLandMM2 = 1_000_000

// landUse is residential land, cut by neighborhoods. Layers are unions: where parcels overlap, land
// counts once.
type landUse struct {
	pieces      []landPiece
	subjects    [][]int32        // per subject (units, then parents, then what City.with adds): its pieces, ascending
	outside     int64            // mm² in no neighborhood
	overlapping []bool           // per unit: it shares interior with another one
	unions      map[string]int32 // pieces of a parcel in several units (unionKey) → the piece that they are together
}

// landPiece is the part of a dissolved parcel that lies in a subject.
type landPiece struct {
	polygon orb.MultiPolygon
	mm2     int64
	parcel  int
	whole   bool // it is the parcel
}

// addLand dissolves the parcels of all land layers and cuts them by neighborhoods.
func (c *City) addLand(layers []*Layer) error {
	land := ofRole(layers, RoleLand)
	if len(land) == 0 {
		return nil
	}
	var parcels []orb.MultiPolygon
	for _, l := range land {
		for i := range l.IDs {
			parcels = append(parcels, polygons(l.Geometry(i)))
		}
	}
	parcels, err := dissolve(parcels)
	if err != nil {
		return fmt.Errorf("residential land: %w", err)
	}
	lu := &landUse{subjects: make([][]int32, len(c.units), len(c.units)+len(c.parents)), overlapping: c.overlapping}
	type cutting struct {
		hits    []unitPart
		outside int64
		err     error
	}
	cuttings := make([]cutting, len(parcels))
	parallel(len(parcels), runtime.GOMAXPROCS(0), 16, func(p int) {
		t := &cuttings[p]
		if t.hits, t.err = c.cutLand(parcels[p]); t.err == nil {
			t.outside, t.err = c.outsideMM2(parcels[p], t.hits)
		}
	})
	for p, t := range cuttings {
		if t.err != nil {
			return fmt.Errorf("residential land at %.5f, %.5f: %w", parcels[p][0][0][0][0], parcels[p][0][0][0][1], t.err)
		}
		for _, h := range t.hits {
			n := lu.add(landPiece{h.piece, measure.AreaMM2(h.piece), p, same(h.piece, parcels[p])})
			lu.subjects[h.unit] = append(lu.subjects[h.unit], n)
		}
		lu.outside += t.outside
	}
	c.land = lu
	return lu.unite(memberSets(c.parents))
}

func (lu *landUse) add(p landPiece) int32 {
	lu.pieces = append(lu.pieces, p)
	return int32(len(lu.pieces) - 1)
}

// unite adds sets of units as subjects. Their land is the union of the units' land: what lies in two of them counts once.
func (lu *landUse) unite(sets [][]int) error {
	for _, members := range sets {
		var own []int32
		shared := map[int][]int32{} // parcel → pieces of units that overlap others
		for _, u := range members {
			if !lu.overlapping[u] {
				own = append(own, lu.subjects[u]...)
				continue
			}
			for _, n := range lu.subjects[u] {
				parcel := lu.pieces[n].parcel
				shared[parcel] = append(shared[parcel], n)
			}
		}
		for _, parcel := range slices.Sorted(maps.Keys(shared)) {
			n, err := lu.union(shared[parcel])
			if err != nil {
				at := lu.pieces[shared[parcel][0]].polygon[0][0][0]
				return fmt.Errorf("residential land at %.5f, %.5f: %w", at[0], at[1], err)
			}
			own = append(own, n)
		}
		slices.Sort(own)
		lu.subjects = append(lu.subjects, own)
	}
	return nil
}

// union gives the piece that some pieces of a parcel are together: one of them, if that is the union, else a new one.
func (lu *landUse) union(pieces []int32) (int32, error) {
	gs := make([]orb.Geometry, len(pieces))
	for i, n := range pieces {
		if len(pieces) == 1 || lu.pieces[n].whole {
			return n, nil
		}
		gs[i] = lu.pieces[n].polygon
	}
	key := unionKey(pieces)
	if n, ok := lu.unions[key]; ok {
		return n, nil
	}
	polygon, err := overlay.Union(gs)
	if err != nil {
		return 0, err
	}
	if lu.unions == nil {
		lu.unions = map[string]int32{}
	}
	n := lu.add(landPiece{polygon: polygon, mm2: measure.AreaMM2(polygon), parcel: lu.pieces[pieces[0]].parcel})
	lu.unions[key] = n
	return n, nil
}

// with gives land that has these sets of units as further subjects; the land itself stays as it is.
func (lu *landUse) with(sets [][]int) (*landUse, error) {
	out := *lu
	out.pieces, out.subjects, out.unions = slices.Clip(lu.pieces), slices.Clip(lu.subjects), maps.Clone(lu.unions)
	return &out, out.unite(sets)
}

// cutLand cuts a parcel by neighborhoods.
func (c *City) cutLand(parcel orb.MultiPolygon) ([]unitPart, error) {
	var parts []unitPart
	for _, u := range c.regions.Search(parcel.Bound()) {
		switch relate(parcel, c.units[u].geometry) {
		case apart:
		case within:
			parts = append(parts, unitPart{u, parcel})
		default:
			piece, err := overlay.Intersection(parcel, c.units[u].geometry)
			if err != nil {
				return nil, err
			}
			if len(piece) > 0 {
				parts = append(parts, unitPart{u, piece})
			}
		}
	}
	return parts, nil
}

// outsideMM2 gives how much of a parcel lies in no neighborhood; less than overlays round is none.
func (c *City) outsideMM2(parcel orb.MultiPolygon, parts []unitPart) (int64, error) {
	whole := measure.AreaMM2(parcel)
	rest, pieces, overlapping := whole, []orb.Geometry(nil), false
	for _, p := range parts {
		if same(p.piece, parcel) {
			return 0, nil
		}
		rest -= measure.AreaMM2(p.piece)
		pieces, overlapping = append(pieces, p.piece), overlapping || c.overlapping[p.unit]
	}
	if overlapping {
		all, err := overlay.Union(pieces)
		if err != nil {
			return 0, err
		}
		rest = whole - measure.AreaMM2(all)
	}
	if len(parts) > 0 && pieceSliver(parcel, whole) >= rest {
		return 0, nil
	}
	return max(0, rest), nil
}

// dissolve makes of parcels disjoint areas: those that overlap or share a border are joined. The result is
// normalised and sorted, whatever the order of the parcels.
func dissolve(parcels []orb.MultiPolygon) ([]orb.MultiPolygon, error) {
	bounds := make([]orb.Bound, len(parcels))
	order := make([]int, len(parcels))
	for i, p := range parcels {
		bounds[i], order[i] = p.Bound(), i
	}
	sort.Slice(order, func(a, b int) bool { return bounds[order[a]].Min[0] < bounds[order[b]].Min[0] })
	sets := newDisjoint(len(parcels))
	for k, i := range order {
		for _, j := range order[k+1:] {
			if bounds[j].Min[0] > bounds[i].Max[0] {
				break
			}
			if bounds[i].Intersects(bounds[j]) && overlay.Intersects(parcels[i], parcels[j]) {
				sets.join(i, j)
			}
		}
	}
	var out []orb.MultiPolygon
	for _, g := range sets.groups() {
		if len(g) == 1 {
			out = append(out, overlay.Normalize(parcels[g[0]]))
			continue
		}
		gs := make([]orb.Geometry, len(g))
		for i, n := range g {
			gs[i] = parcels[n]
		}
		u, err := overlay.Union(gs)
		if err != nil {
			return nil, err
		}
		for _, poly := range u {
			out = append(out, orb.MultiPolygon{poly})
		}
	}
	kept := out[:0]
	for _, mp := range out {
		if len(mp) > 0 {
			kept = append(kept, mp)
		}
	}
	sort.Slice(kept, func(a, b int) bool { return lessArea(kept[a], kept[b]) })
	return kept, nil
}

// lessArea orders normalised areas by their first vertices.
func lessArea(a, b orb.MultiPolygon) bool {
	for i := 0; i < min(len(a), len(b)); i++ {
		for j := 0; j < min(len(a[i]), len(b[i])); j++ {
			for k := 0; k < min(len(a[i][j]), len(b[i][j])); k++ {
				p, q := a[i][j][k], b[i][j][k]
				if p != q {
					return p[0] < q[0] || (p[0] == q[0] && p[1] < q[1])
				}
			}
			if len(a[i][j]) != len(b[i][j]) {
				return len(a[i][j]) < len(b[i][j])
			}
		}
		if len(a[i]) != len(b[i]) {
			return len(a[i]) < len(b[i])
		}
	}
	return len(a) < len(b)
}

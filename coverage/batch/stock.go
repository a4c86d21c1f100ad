package batch

import (
	"maps"
	"runtime"
	"slices"
	"sort"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/geo/index"
	"lifecircle/geo/measure"
	"lifecircle/geo/overlay"
)

// stock is the layers of a source with what cutting them needs. It is read-only once made.
type stock struct {
	layers  []*coverage.Layer // sorted by key
	reports map[string]*coverage.ImportReport
	refused []RefusedRow // neighborhoods
	failed  []Problem    // layers that were refused
	units   []stockUnit  // sorted by id, then layer, as the engine has them
	regions *index.Regions
	of      map[*coverage.Layer][][]int32 // demand, buildings, land: the units that a row may matter to; only for cuts
}

type stockUnit struct {
	id       string
	layer    int // of stock.layers
	row      int
	geometry orb.MultiPolygon
	parents  map[string][]string
}

// newStock prepares layers. With toCut rows are located, which takes as long as a run does.
func newStock(layers []*coverage.Layer, toCut bool) *stock {
	sort.Slice(layers, func(a, b int) bool { return layers[a].Info.LayerKey.Less(layers[b].Info.LayerKey) })
	s := &stock{layers: layers, reports: map[string]*coverage.ImportReport{}}
	for k, l := range layers {
		if l.Info.Role != coverage.RoleNeighborhoods {
			continue
		}
		for i, id := range l.IDs {
			u := stockUnit{id: id, layer: k, row: i, geometry: areal(l.Geometry(i)), parents: map[string][]string{}}
			for _, c := range l.Parents {
				u.parents[c.Level] = c.Parents[i]
			}
			s.units = append(s.units, u)
		}
	}
	sort.SliceStable(s.units, func(a, b int) bool {
		x, y := &s.units[a], &s.units[b]
		if x.id != y.id {
			return x.id < y.id
		}
		return layers[x.layer].Info.Name < layers[y.layer].Info.Name
	})
	polygons := make([]orb.MultiPolygon, len(s.units))
	for i := range s.units {
		polygons[i] = s.units[i].geometry
	}
	s.regions = index.NewRegions(polygons)
	if toCut {
		s.of = map[*coverage.Layer][][]int32{}
		var land []*coverage.Layer
		for _, l := range layers {
			switch l.Info.Role {
			case coverage.RoleDemand, coverage.RoleBuildings:
				s.of[l] = s.locate(l)
			case coverage.RoleLand:
				land = append(land, l)
			}
		}
		s.locateLand(land)
	}
	return s
}

// locate gives the units that each row of demand or buildings belongs to, by the engine's rule: a point to every unit whose interior holds
// it, on borders only to the one with the smallest id; a cell to every unit that it meets.
func (s *stock) locate(l *coverage.Layer) [][]int32 {
	out := make([][]int32, l.Len())
	var points []orb.Point
	var rows []int
	for i := range l.IDs {
		g := l.Geometry(i)
		if g == nil {
			continue
		}
		if cell := areal(g); cell != nil && l.Info.Role == coverage.RoleDemand && measure.AreaMM2(cell) > 0 {
			candidates := s.regions.Search(cell.Bound())
			for _, u := range candidates {
				if len(candidates) == 1 || overlay.Intersects(cell, s.units[u].geometry) {
					out[i] = append(out[i], int32(u))
				}
			}
			continue
		}
		p, ok := g.(orb.Point)
		if !ok {
			p = measure.PointOnSurface(g)
		}
		points, rows = append(points, p), append(rows, i)
	}
	s.regions.AtEach(points, runtime.GOMAXPROCS(0), func(i int, inside, border []int) {
		units := inside
		if len(units) == 0 && len(border) > 0 {
			units = border[:1]
		}
		for _, u := range units {
			out[rows[i]] = append(out[rows[i]], int32(u))
		}
	})
	return out
}

// locateLand gives the units that parcels matter to. Parcels that overlap or share a border are one piece of land to the engine, which cuts
// the whole of it: they go together, so that a unit's share is cut from the same land as in the whole city, to the last digit.
func (s *stock) locateLand(layers []*coverage.Layer) {
	type parcel struct {
		layer *coverage.Layer
		row   int
		shape orb.MultiPolygon
		bound orb.Bound
	}
	var all []parcel
	for _, l := range layers {
		s.of[l] = make([][]int32, l.Len())
		for i := range l.IDs {
			if mp := areal(l.Geometry(i)); mp != nil {
				all = append(all, parcel{l, i, mp, mp.Bound()})
			}
		}
	}
	sort.SliceStable(all, func(a, b int) bool { return all[a].bound.Min[0] < all[b].bound.Min[0] })
	root := make([]int, len(all))
	for i := range root {
		root[i] = i
	}
	find := func(i int) int {
		for root[i] != i {
			root[i] = root[root[i]]
			i = root[i]
		}
		return i
	}
	for i := range all {
		for j := i + 1; j < len(all) && all[j].bound.Min[0] <= all[i].bound.Max[0]; j++ {
			if a, b := find(i), find(j); a != b && all[i].bound.Intersects(all[j].bound) && overlay.Intersects(all[i].shape, all[j].shape) {
				root[max(a, b)] = min(a, b)
			}
		}
	}
	units := map[int]map[int32]bool{}
	for i := range all {
		r := find(i)
		if units[r] == nil {
			units[r] = map[int32]bool{}
		}
		for _, u := range s.regions.Search(all[i].bound) {
			units[r][int32(u)] = true
		}
	}
	for i := range all {
		s.of[all[i].layer][all[i].row] = slices.Sorted(maps.Keys(units[find(i)]))
	}
}

// members gives the units of an area: all, or those of its parent.
func (s *stock) members(a *Area) []int {
	var out []int
	for i := range s.units {
		if a.Parent == "" || slices.Contains(s.units[i].parents[a.Level], a.Parent) {
			out = append(out, i)
		}
	}
	return out
}

// around is the box of some units, wider by a distance on all sides.
func (s *stock) around(units []int, metres float64) orb.Bound {
	var box orb.Bound
	for n, u := range units {
		if b := s.units[u].geometry.Bound(); n == 0 {
			box = b
		} else {
			box = box.Union(b)
		}
	}
	lat := max(abs(box.Min[1]), abs(box.Max[1]))
	dlon, dlat := measure.Degrees(min(lat, 89), metres)
	return orb.Bound{Min: orb.Point{box.Min[0] - dlon, box.Min[1] - dlat}, Max: orb.Point{box.Max[0] + dlon, box.Max[1] + dlat}}
}

func abs(x float64) float64 { return max(x, -x) }

// cut gives the layers of an area that is a part of the source: its units with the demand, buildings and land that matter to them, the
// rows of tables that speak of them, and the facilities whose box meets the box `near`. Every layer stays, also without rows: that it was
// imported, and where it is surveyed, is true in the part as in the whole.
func (s *stock) cut(a *Area, units []int, near orb.Bound) []*coverage.Layer {
	member := make([]bool, len(s.units))
	ids := map[string]bool{}
	rowsOf := map[int][]int{} // layer → rows
	for _, u := range units {
		member[u], ids[s.units[u].id] = true, true
		rowsOf[s.units[u].layer] = append(rowsOf[s.units[u].layer], s.units[u].row)
	}
	var out []*coverage.Layer
	for k, l := range s.layers {
		rows := []int{}
		switch l.Info.Role {
		case coverage.RoleNeighborhoods:
			rows = append(rows, rowsOf[k]...)
			slices.Sort(rows)
		case coverage.RoleAttributes:
			for i, id := range l.IDs {
				if ids[id] {
					rows = append(rows, i)
				}
			}
		case coverage.RoleDemand, coverage.RoleBuildings, coverage.RoleLand:
			for i, of := range s.of[l] {
				if slices.ContainsFunc(of, func(u int32) bool { return member[u] }) {
					rows = append(rows, i)
				}
			}
		default:
			for i := range l.IDs {
				if g := l.Geometry(i); g != nil && g.Bound().Intersects(near) {
					rows = append(rows, i)
				}
			}
		}
		out = append(out, l.Select(rows))
	}
	return out
}

// crossing lists parents, as level=id, that have units in the area and others outside it: what is counted or summed in them is of the part.
func (s *stock) crossing(a *Area, units []int) []string {
	if a.Parent == "" {
		return nil
	}
	in, all := map[string]int{}, map[string]int{}
	count := func(m map[string]int, u int) {
		for level, ids := range s.units[u].parents {
			for _, id := range ids {
				m[level+"="+id]++
			}
		}
	}
	for u := range s.units {
		count(all, u)
	}
	for _, u := range units {
		count(in, u)
	}
	var out []string
	for key, n := range in {
		if n < all[key] {
			out = append(out, key)
		}
	}
	slices.Sort(out)
	return out
}

// largestLimit is the largest distance that any requirement asks for, in metres: minutes at 100 m each, faster than any plan walks.
func largestLimit(ways []Way) float64 {
	most := int64(0)
	for _, w := range ways {
		for i := range w.Catalog.Requirements {
			for _, alt := range w.Catalog.Requirements[i].AnyOf {
				most = max(most, limitOf(alt.Limit))
			}
		}
	}
	return float64(most) / 1000
}

// limitOf gives a limit in millimetres.
func limitOf(l catalog.Limit) int64 {
	return max(int64(l.RadiusMM), int64(l.PathMM), int64(l.Seconds)*100_000/60)
}

// areal gives the polygons of a geometry, nil if it has no area by its type.
func areal(g orb.Geometry) orb.MultiPolygon {
	switch g := g.(type) {
	case orb.Polygon:
		return orb.MultiPolygon{g}
	case orb.MultiPolygon:
		return g
	}
	return nil
}

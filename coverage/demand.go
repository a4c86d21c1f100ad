package coverage

import (
	"fmt"
	"runtime"
	"slices"
	"sort"

	"github.com/paulmach/orb"

	"lifecircle/coverage/catalog"
	"lifecircle/geo/measure"
	"lifecircle/geo/overlay"
)

// group is demand of one kind: places with weights, and who they belong to.
//
// A place is a point of demand, the piece of a cell that lies in one neighborhood (or in none), or a
// building. Places behind `exported` are pieces that only a parent needs, where a cell straddles the
// border between two of its members.
type group struct {
	kind     string      // "demand", "buildings" or "totals"
	points   []orb.Point // where each place is judged
	places   *Places     // points, prepared
	ids      []string    // id of the row that a place comes from
	layers   []string    // name of its layer
	measures map[string]*weights
	subjects [][]int32 // per subject (units, then parents): its places, ascending
	exported int
	apart    bool                       // no place is in two units: a parent's sums are those of its units
	pieces   map[int32]orb.MultiPolygon // geometry of places that are pieces of cells
	widths   []float64                  // of cells, metres
}

// weights are one measure of a group's places.
type weights struct {
	milli    []int64
	modelled bool
	unknown  int // rows without a value
}

const (
	groupDemand    = "demand"
	groupBuildings = "buildings"
	groupTotals    = "totals"
)

// addDemand takes demand layers, buildings, and totals known for whole units.
func (c *City) addDemand(layers []*Layer) error {
	if demand := ofRole(layers, RoleDemand); len(demand) > 0 {
		g := &group{kind: groupDemand, measures: map[string]*weights{}}
		if err := c.fill(g, demand); err != nil {
			return err
		}
		c.addGroup(g)
	}
	buildings := ofRole(layers, RoleBuildings)
	if len(buildings) > 0 {
		g := &group{kind: groupBuildings, measures: map[string]*weights{}}
		if err := c.fill(g, buildings); err != nil {
			return err
		}
		one := &weights{milli: make([]int64, len(g.points))}
		for i := range one.milli {
			one.milli[i] = 1000
		}
		g.measures[catalog.DenominatorBuildings] = one
		c.addGroup(g)
	}
	return c.spreadTotals(buildings)
}

func (c *City) addGroup(g *group) {
	g.places = NewPlaces(g.points)
	c.groups = append(c.groups, g)
}

// row is one row of a demand or building layer on its way into a group.
type row struct {
	layer *Layer
	i     int
}

// fill makes a group's places of the layers' rows, sorted by id and layer.
func (c *City) fill(g *group, layers []*Layer) error {
	var rows []row
	for _, l := range layers {
		for i := range l.IDs {
			rows = append(rows, row{l, i})
		}
		for _, m := range l.Measures {
			w := g.measures[m.Name]
			if w == nil {
				w = &weights{}
				g.measures[m.Name] = w
			}
			w.modelled = w.modelled || m.Modelled || l.Info.Modelled
		}
	}
	if len(layers) > 1 {
		sort.SliceStable(rows, func(a, b int) bool {
			x, y := rows[a], rows[b]
			if x.layer.IDs[x.i] != y.layer.IDs[y.i] {
				return x.layer.IDs[x.i] < y.layer.IDs[y.i]
			}
			return x.layer.Info.Name < y.layer.Info.Name
		})
	}
	names := sortedKeys(g.measures)
	for _, name := range names {
		for _, r := range rows {
			if m, ok := r.layer.Measure(name); ok && m.Values[r.i] == Unknown {
				g.measures[name].unknown++
			}
		}
	}
	place := func(r row, p orb.Point, part, whole int64) int32 {
		g.points = append(g.points, p)
		g.ids = append(g.ids, r.layer.IDs[r.i])
		g.layers = append(g.layers, r.layer.Info.Name)
		for _, name := range names {
			w, v := g.measures[name], int64(0)
			if m, ok := r.layer.Measure(name); ok && m.Values[r.i] != Unknown {
				v = portion(m.Values[r.i], part, whole)
			}
			w.milli = append(w.milli, v)
		}
		return int32(len(g.points) - 1)
	}
	placePiece := func(r row, piece orb.MultiPolygon, part, whole int64) int32 {
		n := place(r, measure.PointOnSurface(piece), part, whole)
		if g.pieces == nil {
			g.pieces = map[int32]orb.MultiPolygon{}
		}
		g.pieces[n] = piece
		return n
	}

	g.subjects = make([][]int32, len(c.units)+len(c.parents))
	// straddlers are cells in several neighborhoods, with their place in each; split are all those places
	type straddler struct {
		row    row
		whole  int64
		units  []int
		places []int32
	}
	var straddlers []straddler
	split := map[int32]bool{}
	several := false
	spots := c.spots(rows, g.kind)
	g.points, g.ids, g.layers = slices.Grow(g.points, len(rows)), slices.Grow(g.ids, len(rows)), slices.Grow(g.layers, len(rows))
	for i, r := range rows {
		if s := &spots[i]; s.cell == nil {
			n := place(r, s.point, 1, 1)
			if s.first >= 0 {
				g.subjects[s.first] = append(g.subjects[s.first], n)
			}
			for _, u := range s.others {
				g.subjects[u] = append(g.subjects[u], n)
				several = true
			}
			continue
		}
		cell, whole := spots[i].cell, spots[i].whole
		g.widths = append(g.widths, boundWidth(cell.Bound()))
		cell = overlay.Normalize(cell) // neighbors that share a border share its rounded vertices, cut or not
		parts, rest, err := c.cut(cell)
		if err != nil {
			return fmt.Errorf("demand cell %s: %w", r.layer.IDs[r.i], err)
		}
		s := straddler{row: r, whole: whole}
		for _, p := range parts {
			if part := pieceArea(p.piece, cell, whole); part > 0 {
				n := placePiece(r, p.piece, part, whole)
				g.subjects[p.unit] = append(g.subjects[p.unit], n)
				s.units, s.places = append(s.units, p.unit), append(s.places, n)
			}
		}
		if part := pieceArea(rest, cell, whole); part > 0 {
			placePiece(r, rest, part, whole)
		}
		if len(s.places) > 1 {
			straddlers = append(straddlers, s)
			for _, n := range s.places {
				split[n] = true
			}
		}
	}
	g.exported = len(g.points)
	g.apart = len(straddlers) == 0 && !several

	// parents: the union of their members' demand, once; cells that straddle members are cut anew
	parentsOf := make([][]int, len(c.units))
	places := make([][]int32, len(c.parents))
	for k, p := range c.parents {
		for _, u := range p.members {
			parentsOf[u] = append(parentsOf[u], k)
			for _, n := range g.subjects[u] {
				if !split[n] {
					places[k] = append(places[k], n)
				}
			}
		}
	}
	for _, s := range straddlers {
		held := map[int][]int32{} // parent → the places of its members
		for i, u := range s.units {
			for _, k := range parentsOf[u] {
				held[k] = append(held[k], s.places[i])
			}
		}
		for k := range c.parents {
			if len(held[k]) == 1 {
				places[k] = append(places[k], held[k][0])
			}
			if len(held[k]) < 2 {
				continue
			}
			var in []orb.Geometry
			for _, n := range held[k] {
				in = append(in, g.pieces[n])
			}
			piece, err := overlay.Union(in)
			if err != nil {
				return fmt.Errorf("demand cell %s in %s: %w", s.row.layer.IDs[s.row.i], c.parents[k].id, err)
			}
			places[k] = append(places[k], placePiece(s.row, piece, pieceArea(piece, nil, s.whole), s.whole))
		}
	}
	for k := range c.parents {
		slices.Sort(places[k])
		g.subjects[len(c.units)+k] = slices.Compact(places[k]) // a place in two overlapping members counts once
	}
	return nil
}

// spot is where a row of demand lies: a point with the units that it belongs to, or a cell.
type spot struct {
	point  orb.Point
	first  int32 // unit, −1 if none
	others []int // further units
	cell   orb.MultiPolygon
	whole  int64 // of the cell, mm²
}

// spots locates rows.
func (c *City) spots(rows []row, kind string) []spot {
	threads := runtime.GOMAXPROCS(0)
	out := make([]spot, len(rows))
	parallel(len(rows), threads, 1024, func(i int) {
		s, geometry := &out[i], rows[i].layer.Geometry(rows[i].i)
		if cell := polygons(geometry); cell != nil && kind != groupBuildings {
			if s.whole = measure.AreaMM2(cell); s.whole > 0 {
				s.cell = cell
				return
			}
		}
		var ok bool
		if s.point, ok = geometry.(orb.Point); !ok {
			s.point = measure.PointOnSurface(geometry)
		}
	})
	var points []orb.Point
	var of []int32 // the row of each point
	for i := range out {
		if out[i].cell == nil {
			points, of = append(points, out[i].point), append(of, int32(i))
		}
	}
	c.regions.AtEach(points, threads, func(i int, inside, border []int) {
		s := &out[of[i]]
		s.first = -1
		if units := belonging(inside, border); len(units) > 0 {
			s.first, s.others = int32(units[0]), units[1:]
		}
	})
	return out
}

// pieceArea gives the area of a piece of a cell in mm²: 0 for a sliver and all of the cell for what only a sliver is missing
// from. A sliver is a strip as wide as overlays round, 0.2 mm, or a millionth of the cell.
func pieceArea(piece, cell orb.MultiPolygon, whole int64) int64 {
	if len(piece) == 0 {
		return 0
	}
	if same(piece, cell) {
		return whole
	}
	part := min(measure.AreaMM2(piece), whole)
	switch sliver := pieceSliver(piece, whole); {
	case part <= sliver:
		return 0
	case whole-part <= sliver:
		return whole
	}
	return part
}

func pieceSliver(piece orb.MultiPolygon, whole int64) int64 {
	return whole/1_000_000 + int64(200*boundWidth(piece.Bound()))
}

// belonging gives the neighborhoods that a point belongs to: every one whose interior holds it; on borders only, the one
// with the smallest id that it touches.
func belonging(inside, border []int) []int {
	if len(inside) == 0 && len(border) > 0 {
		return border[:1]
	}
	return inside
}

type unitPart struct {
	unit  int
	piece orb.MultiPolygon
}

// cut cuts a cell by neighborhoods: one part per neighborhood, and what is in none.
func (c *City) cut(cell orb.MultiPolygon) (parts []unitPart, rest orb.MultiPolygon, err error) {
	var cover []orb.Geometry
	for _, u := range c.regions.Search(cell.Bound()) {
		switch relate(cell, c.units[u].geometry) {
		case apart:
			continue
		case within:
			parts = append(parts, unitPart{u, cell})
			cover = append(cover, cell)
			continue
		}
		piece, err := overlay.Intersection(cell, c.units[u].geometry)
		if err != nil {
			return nil, nil, err
		}
		if len(piece) > 0 {
			parts = append(parts, unitPart{u, piece})
			cover = append(cover, piece)
		}
	}
	if len(cover) == 0 {
		return nil, cell, nil
	}
	for _, p := range parts {
		if same(p.piece, cell) {
			return parts, nil, nil
		}
	}
	all, err := overlay.Union(cover)
	if err != nil {
		return nil, nil, err
	}
	rest, err = overlay.Difference(cell, all)
	return parts, rest, err
}

// relation is how an area lies to another one, as far as cheap tests can tell.
type relation uint8

const (
	crossing relation = iota // perhaps: an overlay must tell
	within
	apart
)

// relate tells whether a lies within b or apart from it, without an overlay: where no border of b touches a, one vertex
// speaks for all of a polygon. Predicates are exact.
func relate(a, b orb.MultiPolygon) relation {
	box := a.Bound()
	for _, poly := range b {
		for _, ring := range poly {
			for i := 1; i < len(ring); i++ {
				if passes(ring[i-1], ring[i], a, box) {
					return crossing
				}
			}
		}
	}
	in := 0
	for _, poly := range a {
		if measure.Locate(b, poly[0][0]) == measure.Inside {
			in++
		}
	}
	switch in {
	case len(a):
		return within
	case 0:
		return apart
	}
	return crossing
}

// passes tells whether an edge touches an area, or lies in it.
func passes(p, q orb.Point, a orb.MultiPolygon, box orb.Bound) bool {
	if max(p[0], q[0]) < box.Min[0] || min(p[0], q[0]) > box.Max[0] || max(p[1], q[1]) < box.Min[1] || min(p[1], q[1]) > box.Max[1] {
		return false
	}
	for _, poly := range a {
		for _, ring := range poly {
			for i := 1; i < len(ring); i++ {
				if touch(p, q, ring[i-1], ring[i]) {
					return true
				}
			}
		}
	}
	return box.Contains(p) && measure.Locate(a, p) == measure.Inside
}

// touch tells whether two edges have a point in common.
func touch(a, b, c, d orb.Point) bool {
	if max(a[0], b[0]) < min(c[0], d[0]) || max(c[0], d[0]) < min(a[0], b[0]) || max(a[1], b[1]) < min(c[1], d[1]) || max(c[1], d[1]) < min(a[1], b[1]) {
		return false
	}
	return measure.Orient(a, b, c)*measure.Orient(a, b, d) <= 0 && measure.Orient(c, d, a)*measure.Orient(c, d, b) <= 0
}

// same tells whether two areas are the same value.
func same(a, b orb.MultiPolygon) bool {
	return len(a) == len(b) && len(a) > 0 && &a[0] == &b[0]
}

// spreadTotals places people that are only known per neighborhood: over its buildings by floor or
// footprint area, else over its residential land, cut by the fixed lattice, by area; by largest remainder.
// The totals are real, the placement is modelled.
func (c *City) spreadTotals(buildings []*Layer) error {
	wanted := map[string]bool{}
	for i := range c.units {
		for name := range c.units[i].totals {
			wanted[name] = true
		}
	}
	for _, g := range c.groups {
		for name := range g.measures {
			delete(wanted, name) // somebody knows where they live
		}
	}
	var from *group
	for _, g := range c.groups {
		if g.kind == groupBuildings {
			from = g
		}
	}
	if len(wanted) == 0 || (from == nil && c.land == nil) {
		return nil
	}
	footprint, floor := buildingAreas(buildings)
	g := &group{kind: groupTotals, measures: map[string]*weights{}, subjects: make([][]int32, len(c.units)+len(c.parents))}
	names := sortedKeys(wanted)
	for _, name := range names {
		g.measures[name] = &weights{modelled: true}
	}
	unplaced, uncounted := 0, map[string]int{}
	for u := range c.units {
		for _, name := range names {
			if _, ok := c.units[u].totals[name]; !ok {
				uncounted[name]++
			}
		}
		if len(c.units[u].totals) == 0 {
			continue
		}
		start := len(g.points)
		var shares []int64
		if from != nil {
			places := from.subjects[u]
			shares = buildingShares(from, places, footprint, floor)
			for _, n := range places {
				g.points = append(g.points, from.points[n])
				g.ids = append(g.ids, from.ids[n])
				g.layers = append(g.layers, from.layers[n])
			}
		}
		if len(shares) == 0 && c.land != nil {
			for k, n := range c.land.subjects[u] {
				tiles, err := tilesOf(c.land.pieces[n].polygon)
				if err != nil {
					return fmt.Errorf("residential land of %s: %w", c.units[u].id, err)
				}
				for _, t := range tiles {
					g.points = append(g.points, t.point)
					g.ids = append(g.ids, fmt.Sprintf("%s:%d:%d:%d", c.units[u].id, k, t.square.row, t.square.col))
					g.layers = append(g.layers, "land")
					shares = append(shares, t.mm2)
				}
			}
		}
		if len(shares) == 0 {
			unplaced++
			continue
		}
		for n := start; n < len(g.points); n++ {
			g.subjects[u] = append(g.subjects[u], int32(n))
		}
		for _, name := range names {
			w := g.measures[name]
			total, ok := c.units[u].totals[name]
			if !ok {
				w.milli = append(w.milli, make([]int64, len(shares))...)
				continue
			}
			w.milli = append(w.milli, apportion(total.milli, shares)...)
		}
	}
	g.exported = len(g.points)
	for k, p := range c.parents {
		for _, u := range p.members {
			g.subjects[len(c.units)+k] = append(g.subjects[len(c.units)+k], g.subjects[u]...)
		}
	}
	if unplaced > 0 {
		c.notes = append(c.notes, Mark{"unplaced_totals", Text{
			Zh: fmt.Sprintf("%d 个评价单元有人数，但其内没有建筑或居住用地，人口无处安放，未计入", unplaced),
			En: fmt.Sprintf("%d neighborhoods have people but neither a building nor residential land inside: they could not be placed and are not counted", unplaced),
		}})
	}
	for _, name := range names {
		if n := uncounted[name]; n > 0 {
			c.notes = append(c.notes, Mark{"unknown_totals", Text{
				Zh: fmt.Sprintf("%d 个评价单元的 %s 未知，上级单元的合计不含它们", n, name),
				En: fmt.Sprintf("%s is unknown for %d neighborhoods: the sums of their parents leave them out", name, n),
			}})
		}
	}
	c.addGroup(g)
	return nil
}

// buildingAreas gives footprint and floor areas by layer name and id.
func buildingAreas(layers []*Layer) (footprint, floor map[[2]string]int64) {
	footprint, floor = map[[2]string]int64{}, map[[2]string]int64{}
	for _, l := range layers {
		for i, id := range l.IDs {
			k := [2]string{l.Info.Name, id}
			if l.AreaMM2 != nil && l.AreaMM2[i] > 0 {
				footprint[k] = l.AreaMM2[i]
			}
			if l.FloorMM2 != nil && l.FloorMM2[i] > 0 {
				floor[k] = l.FloorMM2[i]
			}
		}
	}
	return footprint, floor
}

// buildingShares weighs a unit's buildings: by floor area if all of them have one, else by footprint if
// all have one, else all alike.
func buildingShares(g *group, places []int32, footprint, floor map[[2]string]int64) []int64 {
	for _, areas := range []map[[2]string]int64{floor, footprint} {
		shares := make([]int64, 0, len(places))
		for _, n := range places {
			if a := areas[[2]string{g.layers[n], g.ids[n]}]; a > 0 {
				shares = append(shares, a)
			}
		}
		if len(shares) == len(places) {
			return shares
		}
	}
	shares := make([]int64, len(places))
	for i := range shares {
		shares[i] = 1
	}
	return shares
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

package coverage

import (
	"encoding/binary"
	"fmt"
	"maps"
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
// building. Places behind `exported` are pieces that only several units together need, where a cell straddles the
// border between two of them.
type group struct {
	kind     string      // "demand", "buildings" or "totals"
	points   []orb.Point // where each place is judged
	places   *Places     // points, prepared
	ids      []string    // id of the row that a place comes from
	layers   []string    // name of its layer
	names    []string    // of measures that rows give
	measures map[string]*weights
	subjects [][]int32 // per subject (units, then parents, then what City.with adds): its places, ascending
	exported int
	apart    bool                       // no place is in two units: a parent's sums are those of its units
	pieces   map[int32]orb.MultiPolygon // geometry of exported places that are pieces of cells
	widths   []float64                  // of cells, metres

	straddlers []straddler
	unions     map[string]int32 // places in several units of a cell (unionKey) → the place that they are together
}

// straddler is a cell in several units, with its piece in each of them.
type straddler struct {
	cell   demandRow
	whole  int64   // area of the cell, mm²
	units  []int   // ascending
	places []int32 // per unit
	parts  []int64 // per unit: area of the piece, mm²
}

// demandRow is what a group takes of a row.
type demandRow struct {
	id, layer string
	milli     []int64 // per name of group.names, 0 where unknown
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
	g.names = sortedKeys(g.measures)
	for _, name := range g.names {
		for _, r := range rows {
			if m, ok := r.layer.Measure(name); ok && m.Values[r.i] == Unknown {
				g.measures[name].unknown++
			}
		}
	}
	g.subjects = make([][]int32, len(c.units), len(c.units)+len(c.parents))
	several := false
	spots := c.spots(rows, g.kind)
	g.points, g.ids, g.layers = slices.Grow(g.points, len(rows)), slices.Grow(g.ids, len(rows)), slices.Grow(g.layers, len(rows))
	milli := make([]int64, len(g.names))
	for i, r := range rows {
		at := demandRow{r.layer.IDs[r.i], r.layer.Info.Name, milli}
		for k, name := range g.names {
			milli[k] = 0
			if m, ok := r.layer.Measure(name); ok && m.Values[r.i] != Unknown {
				milli[k] = m.Values[r.i]
			}
		}
		if s := &spots[i]; s.cell == nil {
			n := g.place(at, s.point, 1, 1)
			if s.first >= 0 {
				g.subjects[s.first] = append(g.subjects[s.first], n)
			}
			for _, u := range s.others {
				g.subjects[u] = append(g.subjects[u], n)
				several = true
			}
			continue
		}
		g.widths = append(g.widths, boundWidth(spots[i].cell.Bound()))
		if err := c.fillCell(g, at, spots[i].cell, spots[i].whole); err != nil {
			return fmt.Errorf("demand cell %s: %w", at.id, err)
		}
	}
	g.exported = len(g.points)
	g.apart = len(g.straddlers) == 0 && !several
	return g.unite(memberSets(c.parents))
}

// fillCell makes the places of one cell of `whole` mm²: its pieces in units, and what is in none.
func (c *City) fillCell(g *group, at demandRow, cell orb.MultiPolygon, whole int64) error {
	cell = overlay.Normalize(cell) // neighbors that share a border share its rounded vertices, cut or not
	parts, rest, err := c.cut(cell)
	if err != nil {
		return err
	}
	piece := func(mp orb.MultiPolygon, part int64) int32 {
		n := g.place(at, measure.PointOnSurface(mp), part, whole)
		if g.pieces == nil {
			g.pieces = map[int32]orb.MultiPolygon{}
		}
		g.pieces[n] = mp
		return n
	}
	s := straddler{cell: at, whole: whole}
	for _, p := range parts {
		if part := pieceArea(p.piece, cell, whole); part > 0 {
			n := piece(p.piece, part)
			g.subjects[p.unit] = append(g.subjects[p.unit], n)
			s.units, s.places, s.parts = append(s.units, p.unit), append(s.places, n), append(s.parts, part)
		}
	}
	if part := pieceArea(rest, cell, whole); part > 0 {
		piece(rest, part)
	}
	if len(s.places) > 1 {
		s.cell.milli = slices.Clone(at.milli)
		g.straddlers = append(g.straddlers, s)
	}
	return nil
}

// place adds a place that is part/whole of a row.
func (g *group) place(r demandRow, p orb.Point, part, whole int64) int32 {
	g.points = append(g.points, p)
	g.ids = append(g.ids, r.id)
	g.layers = append(g.layers, r.layer)
	for k, name := range g.names {
		w := g.measures[name]
		w.milli = append(w.milli, portion(r.milli[k], part, whole))
	}
	return int32(len(g.points) - 1)
}

// unite adds sets of units as subjects. Their demand is the union of the units' demand: a place in two of them is one place, and
// a cell that straddles them is cut anew with all of them together.
func (g *group) unite(sets [][]int) error {
	split := make([]bool, len(g.points)) // places that are pieces of straddlers
	for i := range g.straddlers {
		for _, n := range g.straddlers[i].places {
			split[n] = true
		}
	}
	setsOf := map[int][]int{} // unit → sets
	places := make([][]int32, len(sets))
	for k, members := range sets {
		for _, u := range members {
			setsOf[u] = append(setsOf[u], k)
			for _, n := range g.subjects[u] {
				if !split[n] {
					places[k] = append(places[k], n)
				}
			}
		}
	}
	for i := range g.straddlers {
		s := &g.straddlers[i]
		held := map[int][]int{} // set → which of the cell's units it has
		for x, u := range s.units {
			for _, k := range setsOf[u] {
				held[k] = append(held[k], x)
			}
		}
		for _, k := range slices.Sorted(maps.Keys(held)) {
			n, err := g.union(s, held[k])
			if err != nil {
				return fmt.Errorf("demand cell %s: %w", s.cell.id, err)
			}
			places[k] = append(places[k], n)
		}
	}
	for k := range sets {
		slices.Sort(places[k])
		g.subjects = append(g.subjects, slices.Compact(places[k]))
	}
	return nil
}

// union gives the place of a cell in several of its units together: one of theirs, if that is the union, else a new one.
func (g *group) union(s *straddler, in []int) (int32, error) {
	places, pieces := make([]int32, len(in)), make([]orb.Geometry, len(in))
	for i, x := range in {
		if len(in) == 1 || s.parts[x] == s.whole {
			return s.places[x], nil
		}
		places[i], pieces[i] = s.places[x], g.pieces[s.places[x]]
	}
	key := unionKey(places)
	if n, ok := g.unions[key]; ok {
		return n, nil
	}
	piece, err := overlay.Union(pieces)
	if err != nil {
		return 0, err
	}
	if g.unions == nil {
		g.unions = map[string]int32{}
	}
	n := g.place(s.cell, measure.PointOnSurface(piece), pieceArea(piece, nil, s.whole), s.whole)
	g.unions[key] = n
	return n, nil
}

// unionKey names what some places or pieces are together.
func unionKey(ns []int32) string {
	b := make([]byte, 0, 4*len(ns))
	for _, n := range ns {
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	return string(b)
}

// with gives a group that has these sets of units as further subjects; the group itself stays as it is.
func (g *group) with(sets [][]int) (*group, error) {
	out := *g
	out.points, out.ids, out.layers = slices.Clip(g.points), slices.Clip(g.ids), slices.Clip(g.layers)
	out.subjects, out.unions = slices.Clip(g.subjects), maps.Clone(g.unions)
	out.measures = map[string]*weights{}
	for name, w := range g.measures {
		own := *w
		own.milli = slices.Clip(w.milli)
		out.measures[name] = &own
	}
	if err := out.unite(sets); err != nil {
		return nil, err
	}
	if len(out.points) > len(g.points) {
		out.places = NewPlaces(out.points)
	}
	return &out, nil
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
	// a person counts in one unit: where units overlap, each places its own
	g := &group{kind: groupTotals, measures: map[string]*weights{}, subjects: make([][]int32, len(c.units)), apart: true}
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
	if err := g.unite(memberSets(c.parents)); err != nil {
		return err
	}
	if err := c.noteSharedTotals(g); err != nil {
		return err
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

// noteSharedTotals tells of units of one parent that overlap and have people both: the parent's people are the sum of theirs, since
// nobody knows who of them lives in both.
func (c *City) noteSharedTotals(g *group) error {
	in := map[int]bool{}
	for a := range c.units {
		if !c.overlapping[a] || len(g.subjects[a]) == 0 {
			continue
		}
		for _, b := range c.regions.Search(c.units[a].bound) {
			if b <= a || (in[a] && in[b]) || !c.overlapping[b] || len(g.subjects[b]) == 0 || !c.addedUp(a, b, g) {
				continue
			}
			shared, err := c.overlap(a, b)
			if err != nil {
				return err
			}
			if shared {
				in[a], in[b] = true, true
			}
		}
	}
	if len(in) > 0 {
		c.notes = append(c.notes, Mark{"shared_totals", Text{
			Zh: fmt.Sprintf("%d 个评价单元与同一上级的其他单元重叠且只有总人数：上级按各单元总数相加，重叠处的人可能重复计入", len(in)),
			En: fmt.Sprintf("%d neighborhoods overlap others of the same parent and only their totals are known: the parent has the sum of the totals, where people in an overlap may count twice", len(in)),
		}})
	}
	return nil
}

// addedUp tells whether two units have people of one measure both, and a parent that adds them up.
func (c *City) addedUp(a, b int, g *group) bool {
	return slices.ContainsFunc(c.units[a].parents, func(p parentKey) bool { return slices.Contains(c.units[b].parents, p) }) &&
		slices.ContainsFunc(sortedKeys(g.measures), func(name string) bool {
			return c.units[a].totals[name].milli > 0 && c.units[b].totals[name].milli > 0
		})
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

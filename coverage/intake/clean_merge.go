package intake

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/geo/geojson"
	"lifecircle/geo/measure"
	"lifecircle/geo/panics"
)

// Duplicates: facilities of one layer with the same name (plainName), at least one service in common, and not more than 50 m apart are one
// facility; of services that come in pairs (bus stops on either side of a street) the list of services says less, see catalog.Services.MergeMetres.
// The one that says most stays, whatever the order of the file: a polygon before a point, the larger polygon, then more known
// columns, then the smaller id. It takes over what it does not know itself. Those without a name are never merged, nor are two of known but
// different status, nor two polygons of which neither lies in the other: a park may have parts.

// mergeMetres is how far apart two rows of one facility may lie, whatever the service.
const mergeMetres = catalog.DefaultMergeMetres

// place is a row, or a row of the layer that the file is appended to, as duplicates are told.
type place struct {
	row      int32 // of the file; of the base layer if base
	base     bool
	id, name string // name in plain form
	g        orb.Geometry
	at       orb.Point // a point in g
	mm2      int64     // area of g, coverage.Unknown for a point
	services []string
	status   coverage.Status
	props    geojson.Properties
	known    int // columns with a value
}

// namedRow is a row's plain name, by its hash.
type namedRow struct {
	sum uint64
	row int32 // ≥ 0 of the file, < 0 of the base: −1 − row
}

func byName(x, y namedRow) int { return cmp.Or(cmp.Compare(x.sum, y.sum), cmp.Compare(x.row, y.row)) }

// namesLater gives the rows that have a name, sorted by it, where such rows may be merged; they are sorted meanwhile.
func (b *builder) namesLater() func() []namedRow {
	if b.o.Role != coverage.RoleFacilities || b.o.KeepDuplicates {
		return func() []namedRow { return nil }
	}
	return panics.Meanwhile(func() []namedRow { return sortedNames(b.c.names.len(), b.c.names.get) })
}

// sortedNames gives those of n rows that have a name, sorted by it.
func sortedNames(n int, name func(row int32) string) []namedRow {
	all := make([]namedRow, 0, n)
	var plain []byte
	for row := range int32(n) {
		all, plain = appendName(all, plain, name(row), row)
	}
	slices.SortFunc(all, byName)
	return all
}

// appendName appends a row, if it has a name; plain is room for it.
func appendName(all []namedRow, plain []byte, name string, row int32) ([]namedRow, []byte) {
	if plain = appendPlainName(plain[:0], name); len(plain) > 0 {
		all = append(all, namedRow{fnv1a(plain), row})
	}
	return all, plain
}

// mergePlaces drops rows that are another one's facility, and gives the other what it lacked.
func (b *builder) mergePlaces(names []namedRow, drop []bool) {
	b.eachName(names, drop, false, func(group []place) { b.mergeGroup(group, drop) })
}

// mergeIntoBase drops rows that are a facility of the layer that they are appended to, which stays as it is.
func (b *builder) mergeIntoBase(names []namedRow, drop []bool) {
	if b.base == nil || len(names) == 0 {
		return
	}
	var plain []byte
	for j, name := range b.base.Names {
		names, plain = appendName(names, plain, name, int32(-1-j))
	}
	slices.SortFunc(names, byName)
	b.eachName(names, drop, true, func(group []place) { b.mergeGroup(group, drop) })
}

// eachName visits the rows that have another of their plain name beside them, name by name, those of the base among them. Neither names nor
// places are kept longer than that: a layer may have a million.
func (b *builder) eachName(all []namedRow, drop []bool, base bool, visit func([]place)) {
	var group []namedRow
	for from := 0; from < len(all); {
		to := from + 1
		for to < len(all) && all[to].sum == all[from].sum {
			to++
		}
		group = group[:0]
		for _, n := range all[from:to] {
			if n.row < 0 || !drop[n.row] {
				group = append(group, n)
			}
		}
		from = to
		if len(group) < 2 || group[len(group)-1].row < 0 || base && group[0].row >= 0 { // alone, all in the base, or none
			continue
		}
		places := make([]place, 0, len(group))
		for _, n := range group {
			places = append(places, b.placeOf(n.row))
		}
		if places = besideOthers(places); len(places) == 0 {
			continue
		}
		slices.SortStableFunc(places, func(p, q place) int { return strings.Compare(p.name, q.name) })
		for len(places) > 0 { // names may share a hash
			n := 1
			for n < len(places) && places[n].name == places[0].name {
				n++
			}
			if n > 1 {
				for i := range places[:n] {
					b.know(&places[i])
				}
				visit(places[:n])
			}
			places = places[n:]
		}
	}
}

// fnv1a is the hash FNV-1a of 64 bits.
func fnv1a(b []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// besideOthers leaves out places that have no other within mergeMetres, as far as boxes tell.
func besideOthers(places []place) []place {
	if len(places) == 2 {
		if !grown(places[0].g.Bound(), mergeMetres).Intersects(places[1].g.Bound()) {
			return nil
		}
		return places
	}
	var tree rtree.RTreeG[int]
	for i := range places {
		box := places[i].g.Bound()
		tree.Insert(box.Min, box.Max, i)
	}
	var out []place
	for i := range places {
		box, found := grown(places[i].g.Bound(), mergeMetres), false
		tree.Search(box.Min, box.Max, func(_, _ [2]float64, j int) bool {
			found = j != i
			return !found
		})
		if found {
			out = append(out, places[i])
		}
	}
	return out
}

// placeOf gives what tells rows apart at first sight: name and geometry.
func (b *builder) placeOf(row int32) place {
	if row < 0 {
		j := -1 - row
		return place{row: j, base: true, name: plainName(b.base.Names[j]), g: b.base.Geometry(int(j))}
	}
	return place{row: row, name: plainName(b.c.names.get(row)), g: b.c.geometry(row)}
}

// know fills in the rest of a place.
func (b *builder) know(p *place) {
	if p.base {
		l := b.base
		p.id, p.services = l.IDs[p.row], l.RowServices(int(p.row))
		if l.Status != nil {
			p.status = l.Status[p.row]
		}
	} else {
		c := &b.c
		p.id, p.services = c.ids.get(p.row), b.o.Services
		if c.services != nil {
			p.services = c.services[p.row]
		}
		if c.status != nil {
			p.status = c.status[p.row]
		}
		p.props, _ = geojson.ParseProperties([]byte(c.property(p.row)))
		p.known = b.knownColumns(p.row, p.props)
	}
	p.locate()
}

// locate finds a point in a place's geometry, and its size.
func (p *place) locate() {
	if q, ok := p.g.(orb.Point); ok {
		p.at = q
	} else {
		p.at = measure.PointOnSurface(p.g)
	}
	p.mm2 = areaMM2(p.g)
}

// knownColumns counts what is known of a row.
func (b *builder) knownColumns(i int32, props geojson.Properties) int {
	c, n := &b.c, 0
	for _, v := range props {
		if !vacant(v.Value) {
			n++
		}
	}
	if c.status != nil && c.status[i] != coverage.StatusUnknown {
		n++
	}
	for _, column := range [][]int64{c.capacity, c.area} {
		if column != nil && column[i] != coverage.Unknown {
			n++
		}
	}
	for _, column := range [][]string{c.opened, c.closed} {
		if column != nil && column[i] != "" {
			n++
		}
	}
	return n
}

// vacant tells whether a property says nothing.
func vacant(v geojson.Value) bool {
	return v.Kind == geojson.Null || v.Kind == geojson.String && strings.TrimSpace(v.Text) == "" || v.Kind == geojson.JSON && (v.Text == "[]" || v.Text == "{}")
}

// better orders the rows of a group: the first of a cluster stays. Rows of the layer that is appended to stay in any case.
func better(p, q place) int {
	rank := func(p place) int {
		if p.base {
			return 0
		}
		return 1
	}
	return cmp.Or(cmp.Compare(rank(p), rank(q)), -cmp.Compare(p.mm2, q.mm2), -cmp.Compare(p.known, q.known), cmp.Compare(p.id, q.id))
}

// mergeGroup merges the rows of one name: each, best first, takes in those beside it that nobody took before.
func (b *builder) mergeGroup(group []place, drop []bool) {
	slices.SortFunc(group, better)
	var tree rtree.RTreeG[int]
	for i := range group {
		box := group[i].g.Bound()
		tree.Insert(box.Min, box.Max, i)
	}
	gone := make([]bool, len(group))
	for i := range group {
		keeper := &group[i]
		if gone[i] || !keeper.base && group[0].base {
			continue
		}
		services, status := keeper.services, keeper.status
		var near []int
		box := grown(keeper.g.Bound(), mergeMetres)
		tree.Search(box.Min, box.Max, func(_, _ [2]float64, j int) bool {
			if j > i && !gone[j] && !group[j].base {
				near = append(near, j)
			}
			return true
		})
		slices.Sort(near)
		var shape *measure.Shape
		var taken []string
		for _, j := range near {
			other := &group[j]
			limit, shared := mergeLimit(b.services, services, other.services)
			if !shared || status != coverage.StatusUnknown && other.status != coverage.StatusUnknown && status != other.status {
				continue
			}
			if shape == nil {
				shape = measure.NewShape(keeper.g)
			}
			metres := apart(shape, keeper, other)
			if metres > float64(limit) && metres <= mergeMetres {
				b.pairs++
			}
			if metres > float64(limit) || metres > 0 && keeper.mm2 >= 0 && other.mm2 >= 0 {
				continue
			}
			gone[j], drop[other.row] = true, true
			tree.Delete(other.g.Bound().Min, other.g.Bound().Max, j)
			joined, differing := b.join(keeper, other)
			b.reportMerged(keeper, other, metres, joined, differing)
			if len(joined) > 0 {
				taken = append(taken, fmt.Sprintf("%s (#%d)", strings.Join(joined, ", "), b.c.n[other.row]))
			}
			if status == coverage.StatusUnknown {
				status = other.status
			}
		}
		if len(taken) > 0 {
			zh, en := listed(taken)
			b.settle(keeper.row, "repaired", *finding("duplicate_joined", "从重复的要素补充: "+zh, "took over from its duplicates: "+en))
		}
	}
}

// apart is the distance in metres from the place of one to the geometry of the other, rounded to millimetres.
func apart(shape *measure.Shape, keeper, other *place) float64 {
	d := shape.Distance(other.at)
	if other.mm2 >= 0 {
		d = min(d, measure.NewShape(other.g).Distance(keeper.at))
	}
	return math.Floor(float64(d*1000)+0.5) / 1000
}

// grown is a box grown by some metres on every side.
func grown(b orb.Bound, metres float64) orb.Bound {
	lat := min(max(math.Abs(b.Min[1]), math.Abs(b.Max[1])), 89)
	dx, dy := measure.Degrees(lat, metres*1.01)
	return orb.Bound{Min: orb.Point{b.Min[0] - dx, b.Min[1] - dy}, Max: orb.Point{b.Max[0] + dx, b.Max[1] + dy}}
}

// mergeLimit is how far apart rows that offer some services may be one facility: the least of what the services that they share allow.
func mergeLimit(of *catalog.Services, services, others []string) (metres int, shared bool) {
	metres = mergeMetres
	for _, s := range services {
		if slices.Contains(others, s) {
			metres, shared = min(metres, of.MergeMetres(s)), true
		}
	}
	return metres, shared
}

// join gives the row that stays what it does not know and the other does, and names those columns and the ones in which both
// say different things. Rows of the layer that is appended to, and all under Strict, stay as they are.
func (b *builder) join(keeper, other *place) (joined, differing []string) {
	if keeper.base {
		return nil, nil
	}
	c, k, m := &b.c, keeper.row, other.row
	own := map[string]geojson.Value{}
	for _, a := range keeper.props {
		own[a.Key] = a.Value
	}
	var more geojson.Properties
	for _, a := range other.props {
		switch v, has := own[a.Key]; {
		case vacant(a.Value):
		case !has || vacant(v):
			joined, more = append(joined, a.Key), append(more, a)
		case v != a.Value && !b.identity(a.Key):
			differing = append(differing, a.Key)
		}
	}
	if b.o.Strict {
		return nil, append(differing, joined...)
	}
	if len(more) > 0 {
		keeper.props = slices.DeleteFunc(slices.Clone(keeper.props), func(a geojson.Property) bool {
			_, again := more.Get(a.Key)
			return again
		})
		keeper.props = append(keeper.props, more...)
		slices.SortFunc(keeper.props, func(x, y geojson.Property) int { return strings.Compare(x.Key, y.Key) })
		c.setProperty(k, string(keeper.props.AppendJSON(nil)))
	}
	if c.services != nil {
		if all := union(c.services[k], c.services[m]); len(all) > len(c.services[k]) {
			c.services[k] = all
			joined = append(joined, "services")
		}
	}
	if c.status != nil && c.status[k] == coverage.StatusUnknown {
		c.status[k] = c.status[m]
	}
	for _, column := range [][]int64{c.capacity, c.area} {
		if column != nil && column[k] == coverage.Unknown {
			column[k] = column[m]
		}
	}
	if c.opened != nil && c.opened[k] == "" && (c.closed == nil || c.closed[k] == "" || c.opened[m] <= c.closed[k]) {
		c.opened[k] = c.opened[m]
	}
	if c.closed != nil && c.closed[k] == "" && (c.opened == nil || c.opened[k] == "" || c.closed[m] >= c.opened[k]) {
		c.closed[k] = c.closed[m]
	}
	return joined, differing
}

// identity tells whether a column is of the row itself, not of what it stands for.
func (b *builder) identity(field string) bool {
	return field == b.o.IDField || field == "id" || slices.Contains(b.names, field)
}

func union(a, b []string) []string {
	all := append(slices.Clone(a), b...)
	slices.Sort(all)
	return slices.Compact(all)
}

// reportMerged writes which row stayed, and why.
func (b *builder) reportMerged(keeper, other *place, metres float64, joined, differing []string) {
	zh := fmt.Sprintf("与第 %d 个要素(编号 %s)", b.number(keeper), quote(keeper.id))
	en := fmt.Sprintf("feature %d (id %s)", b.number(keeper), quote(keeper.id))
	if keeper.base {
		zh, en = "与图层中编号 "+quote(keeper.id)+" 的要素", "the layer's feature "+quote(keeper.id)
	}
	why := staysBecause(keeper, other)
	zh += fmt.Sprintf("同名同类, 相距 %.3f 米, 合并为一; 保留后者, 因其%s", metres, why.Zh)
	en = fmt.Sprintf("the same name and service as %s, %.3f m away: merged; that one stays, %s", en, metres, why.En)
	if len(joined) > 0 {
		a, e := listed(joined)
		zh += "; 补充其: " + a
		en += "; it took over: " + e
	}
	if len(differing) > 0 {
		a, e := listed(differing)
		zh += "; 两者不同, 以保留者为准: " + a
		en += "; they differ, as the one that stays says, in: " + e
	}
	f := finding("duplicate_place", zh, en)
	if b.o.Strict {
		b.settle(other.row, "refused", *strictly([]Finding{*f}))
		return
	}
	b.settle(other.row, "repaired", *f)
}

func (b *builder) number(p *place) int {
	if p.base {
		return 0
	}
	return int(b.c.n[p.row])
}

// staysBecause says by which rule of better the keeper won.
func staysBecause(keeper, other *place) coverage.Text {
	switch {
	case keeper.base:
		return coverage.Text{Zh: "已在图层中", En: "being in the layer already"}
	case keeper.mm2 > other.mm2 && other.mm2 < 0:
		return coverage.Text{Zh: "是面", En: "being a polygon"}
	case keeper.mm2 > other.mm2:
		return coverage.Text{Zh: "面积更大", En: "being the larger polygon"}
	case keeper.known > other.known:
		return coverage.Text{
			Zh: fmt.Sprintf("已知的栏目更多(%d 比 %d)", keeper.known, other.known),
			En: fmt.Sprintf("with more known columns (%d against %d)", keeper.known, other.known),
		}
	}
	return coverage.Text{Zh: "编号在前", En: "having the smaller id"}
}

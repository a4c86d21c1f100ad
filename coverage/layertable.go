package coverage

import (
	"errors"
	"slices"
	"sort"
	"strings"

	"github.com/paulmach/orb"
)

// LayersTable gives the rows of the current layers of a role as one table, for the project file's
// visible tables, the service and the exports alike. Rows are sorted by id, then layer. Columns:
//
//	every role      id, layer, name … derived, properties (JSON text; last)
//	neighborhoods   level, kind, parents (level=id, joined by ";"), one column per measure, modelled
//	facilities      services (joined by ","), status, opened, closed, capacity, area_m2
//	demand          one column per measure, modelled
//	buildings       area_m2, floor_m2, one column per measure, modelled
//	attributes      one column per measure, modelled
//
// A measure's column has its name and three decimals, see MeasureColumn; areas are square metres with three
// decimals, rounded half-up; modelled names the measures that come from a model. A row's id within the table
// is its own; where another layer has the same one, "@" and the layer's name follow.
func LayersTable(role Role, layers []*Layer) (Table, error) {
	if !slices.Contains(Roles[:], role) {
		return Table{}, Errorf(Invalid, "没有“%s”这种图层", "there is no role %q of layers", role)
	}
	t := Table{Name: string(role), GeometryType: layerGeometryType(role)}
	sorted := make([]*Layer, len(layers))
	for i, l := range layers {
		if l.Info.Role != role {
			return Table{}, Errorf(Internal, "图层“%s”不属于 %s", "layer %q is not one of %s", l.Info.Name, role)
		}
		sorted[i] = l
		if !sort.StringsAreSorted(l.IDs) {
			c := *l
			c.Measures, c.Parents = slices.Clone(l.Measures), slices.Clone(l.Parents)
			c.Sort()
			sorted[i] = &c
		}
		t.Len += l.Len()
	}
	sort.SliceStable(sorted, func(a, b int) bool {
		x, y := sorted[a].Info, sorted[b].Info
		return x.Name < y.Name || x.Name == y.Name && x.Service < y.Service
	})
	columns := layerColumns(role, sorted)
	for _, c := range columns {
		t.Columns = append(t.Columns, c.Column)
		t.Same = append(t.Same, len(sorted) == 1 && !c.varies(sorted[0]))
	}
	t.Each = func(yield func(string, []Value, orb.Geometry) error) error {
		row := make([]Value, len(columns))
		first := true
		return eachByID(sorted, func(id string, l *Layer, i int) error {
			for k, c := range columns {
				if first || !t.Same[k] {
					row[k] = c.value(l, i)
				}
			}
			first = false
			return yield(id, row, l.Geometry(i))
		})
	}
	return t, nil
}

// MeasureColumn gives the name of a measure's column in LayersTable: the measure's own, unless
// another column of these tables has it.
func MeasureColumn(measure string) string {
	if slices.Contains(fixedLayerColumns[:], measure) {
		return "measure:" + measure
	}
	return measure
}

// fixedLayerColumns are the columns of LayersTable that are no measures, of all roles.
var fixedLayerColumns = [...]string{"id", "layer", "name", "level", "kind", "parents", "services", "status", "opened", "closed",
	"capacity", "area_m2", "floor_m2", "modelled", "derived", "properties"}

// JoinParents writes a row's parents as one text: level=id, joined by ";", levels in their order. A
// backslash stands before any of the characters ; = \ inside a level or an id. Row is the row's number.
func JoinParents(columns []ParentColumn, row int) string {
	var b strings.Builder
	escape := func(s string) {
		for i := 0; i < len(s); i++ {
			if strings.IndexByte(`;=\`, s[i]) >= 0 {
				b.WriteByte('\\')
			}
			b.WriteByte(s[i])
		}
	}
	for _, c := range columns {
		for _, p := range c.Parents[row] {
			if b.Len() > 0 {
				b.WriteByte(';')
			}
			escape(c.Level)
			b.WriteByte('=')
			escape(p)
		}
	}
	return b.String()
}

// Membership is one parent of a row.
type Membership struct {
	Level  string `json:"level"`
	Parent string `json:"id"`
}

// SplitParents reads what JoinParents wrote, or a person typed in its form.
func SplitParents(text string) ([]Membership, error) {
	var out []Membership
	var m Membership
	var word strings.Builder
	named := false // the level of m is read
	end := func() error {
		if !named && strings.TrimSpace(word.String()) == "" {
			word.Reset()
			return nil // nothing between two semicolons
		}
		m.Parent = strings.TrimSpace(word.String())
		if !named || m.Level == "" || m.Parent == "" {
			return errors.New(`parents are written level=id;level=id`)
		}
		out = append(out, m)
		m, named = Membership{}, false
		word.Reset()
		return nil
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			word.WriteByte(text[i])
		case c == '=' && !named:
			m.Level, named = strings.TrimSpace(word.String()), true
			word.Reset()
		case c == ';':
			if err := end(); err != nil {
				return nil, err
			}
		default:
			word.WriteByte(c)
		}
	}
	return out, end()
}

// ParseStatus reads a status's word in tables, "" as unknown.
func ParseStatus(word string) (Status, bool) {
	if word == "" {
		return StatusUnknown, true
	}
	for s := StatusUnknown; s <= StatusClosed; s++ {
		if word == s.String() {
			return s, true
		}
	}
	return StatusUnknown, false
}

// layerGeometryType is what the rows of a role may be: one type where there is one, else "Geometry".
func layerGeometryType(role Role) string {
	switch role {
	case RoleNeighborhoods, RoleLand:
		return "MultiPolygon"
	case RoleNetwork:
		return "MultiLineString"
	case RoleAttributes:
		return ""
	}
	return "Geometry"
}

type layerColumn struct {
	Column
	value  func(l *Layer, i int) Value
	varies func(l *Layer) bool // from row to row, for all that is known without looking at them
}

func layerColumns(role Role, layers []*Layer) []layerColumn {
	textual := func(name string, varies func(l *Layer) bool, get func(l *Layer, i int) string) layerColumn {
		return layerColumn{Column{Name: name}, func(l *Layer, i int) Value { return textOrNull(get(l, i)) }, varies}
	}
	never := func(*Layer) bool { return false }
	info := func(name string, get func(l *Layer) string) layerColumn {
		return textual(name, never, func(l *Layer, _ int) string { return get(l) })
	}
	texts := func(name string, get func(l *Layer) []string) layerColumn {
		return textual(name, func(l *Layer) bool { return get(l) != nil }, func(l *Layer, i int) string {
			if column := get(l); column != nil {
				return column[i]
			}
			return ""
		})
	}
	thousandths := func(name string, divide int64, get func(l *Layer) []int64) layerColumn {
		return layerColumn{Column{Name: name, Type: DecimalColumn, Decimals: 3}, func(l *Layer, i int) Value {
			column := get(l)
			if column == nil || column[i] == Unknown {
				return null()
			}
			return integer((column[i] + divide/2) / divide)
		}, func(l *Layer) bool { return get(l) != nil }}
	}
	areaColumn := thousandths("area_m2", 1000, func(l *Layer) []int64 { return l.AreaMM2 })

	out := []layerColumn{
		texts("id", func(l *Layer) []string { return l.IDs }),
		info("layer", func(l *Layer) string { return l.Info.Name }),
		texts("name", func(l *Layer) []string { return l.Names }),
	}
	switch role {
	case RoleNeighborhoods:
		out = append(out,
			info("level", func(l *Layer) string { return l.Info.Level }),
			texts("kind", func(l *Layer) []string { return l.Kinds }),
			textual("parents", func(l *Layer) bool { return len(l.Parents) > 0 }, func(l *Layer, i int) string { return JoinParents(l.Parents, i) }))
	case RoleFacilities:
		out = append(out,
			textual("services", func(l *Layer) bool { return l.Services != nil }, func(l *Layer, i int) string { return strings.Join(l.RowServices(i), ",") }),
			textual("status", func(l *Layer) bool { return l.Status != nil }, func(l *Layer, i int) string {
				if l.Status == nil {
					return StatusUnknown.String()
				}
				return l.Status[i].String()
			}),
			texts("opened", func(l *Layer) []string { return l.Opened }),
			texts("closed", func(l *Layer) []string { return l.Closed }),
			thousandths("capacity", 1, func(l *Layer) []int64 { return l.Capacity }),
			areaColumn)
	case RoleBuildings:
		out = append(out, areaColumn, thousandths("floor_m2", 1000, func(l *Layer) []int64 { return l.FloorMM2 }))
	}
	switch role {
	case RoleNeighborhoods, RoleDemand, RoleBuildings, RoleAttributes:
		for _, name := range measureNames(layers) {
			out = append(out, thousandths(MeasureColumn(name), 1, func(l *Layer) []int64 {
				if m, ok := l.Measure(name); ok {
					return m.Values
				}
				return nil
			}))
		}
		out = append(out, info("modelled", modelledMeasures))
	}
	return append(out,
		info("derived", func(l *Layer) string { return l.Info.Derived }),
		textual("properties", func(l *Layer) bool { return l.Properties != nil || l.PropertiesOutside != nil }, (*Layer).Property))
}

func measureNames(layers []*Layer) []string {
	var names []string
	for _, l := range layers {
		for _, m := range l.Measures {
			names = append(names, m.Name)
		}
	}
	sort.Strings(names)
	return slices.Compact(names)
}

func modelledMeasures(l *Layer) string {
	var names []string
	for _, m := range l.Measures {
		if m.Modelled || l.Info.Modelled {
			names = append(names, m.Name)
		}
	}
	return strings.Join(names, ",")
}

// eachByID merges the rows of layers that are sorted by id: by id, then in the order of the layers. The id
// it gives is unique.
func eachByID(layers []*Layer, yield func(id string, l *Layer, i int) error) error {
	if len(layers) == 1 {
		for i, id := range layers[0].IDs {
			if err := yield(id, layers[0], i); err != nil {
				return err
			}
		}
		return nil
	}
	type ref struct{ layer, row int }
	refs := make([]ref, 0)
	for k, l := range layers {
		for i := range l.IDs {
			refs = append(refs, ref{k, i})
		}
	}
	idOf := func(r ref) string { return layers[r.layer].IDs[r.row] }
	sort.Slice(refs, func(a, b int) bool {
		if x, y := idOf(refs[a]), idOf(refs[b]); x != y {
			return x < y
		}
		return refs[a].layer < refs[b].layer || refs[a].layer == refs[b].layer && refs[a].row < refs[b].row
	})
	var given map[string]bool // ids that were made unique
	for n, r := range refs {
		id, l := idOf(r), layers[r.layer]
		if n > 0 && idOf(refs[n-1]) == id || n+1 < len(refs) && idOf(refs[n+1]) == id {
			id += "@" + l.Info.Name
			for given[id] || slices.ContainsFunc(layers, func(o *Layer) bool { _, ok := slices.BinarySearch(o.IDs, id); return ok }) {
				id += "@" + l.Info.Service
			}
			if given == nil {
				given = map[string]bool{}
			}
			given[id] = true
		}
		if err := yield(id, l, r.row); err != nil {
			return err
		}
	}
	return nil
}

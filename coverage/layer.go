package coverage

import (
	"sort"

	"github.com/paulmach/orb"
)

// Role is what a layer is for.
type Role string

// The roles of layers.
const (
	RoleNeighborhoods Role = "neighborhoods" // 评价单元: the polygons that are judged
	RoleFacilities    Role = "facilities"    // 设施
	RoleDemand        Role = "demand"        // 需求: points or cells with measures
	RoleLand          Role = "land"          // 居住用地: residential land, a union of polygons
	RoleBuildings     Role = "buildings"     // 建筑: points or footprints
	RoleAttributes    Role = "attributes"    // 属性表: measures by neighborhood id, no geometry
	RoleNetwork       Role = "network"       // 步行网络: kept for the path basis
)

// Roles lists every role in the order in which layers are shown.
var Roles = [...]Role{RoleNeighborhoods, RoleFacilities, RoleDemand, RoleLand, RoleBuildings, RoleAttributes, RoleNetwork}

// Unknown marks an integer column's missing value (capacity, area, measure).
const Unknown int64 = -1

// LayerKey names a layer: role, services (facilities only, joined by ","), name.
type LayerKey struct {
	Role    Role   `json:"role"`
	Service string `json:"service,omitempty"`
	Name    string `json:"name"`
}

// Less orders keys by role, service and name bytes.
func (k LayerKey) Less(o LayerKey) bool {
	if k.Role != o.Role {
		return k.Role < o.Role
	}
	if k.Service != o.Service {
		return k.Service < o.Service
	}
	return k.Name < o.Name
}

// SurveyKind says where a layer is known to be complete.
type SurveyKind string

// Where a layer is surveyed.
const (
	SurveyUnknown    SurveyKind = "unknown"    // an OSM or POI extract: nothing is promised
	SurveyEverywhere SurveyKind = "everywhere" // complete wherever it is asked
	SurveyPolygon    SurveyKind = "polygon"    // complete inside Area, its border included
)

// Survey is what is known of a layer's completeness for one service.
type Survey struct {
	Service string           `json:"service"`
	Kind    SurveyKind       `json:"kind"`
	Area    orb.MultiPolygon `json:"-"` // SurveyPolygon only; normalised
}

// Status is the state of a facility.
type Status uint8

// The states of a facility. Those that exist or whose state is unknown count.
const (
	StatusUnknown Status = iota
	StatusExisting
	StatusConstruction
	StatusPlanned
	StatusClosed
)

// String gives the status's word in tables.
func (s Status) String() string {
	return [...]string{"unknown", "existing", "under_construction", "planned", "closed"}[s]
}

// Measure is one number of every row: people, households, any group's people.
// Values are in thousandths; Unknown where a row has none.
type Measure struct {
	Name     string
	Modelled bool // not counted by anyone: the result of a model
	Values   []int64
}

// ParentColumn tells which parents of one level the rows of a neighborhood layer belong to.
// Membership is many-to-many: a row may have none, one or several.
type ParentColumn struct {
	Level   string
	Parents [][]string // per row, sorted
}

// Declared is what the user said of a layer at import, kept so that a later import
// under the same name may leave it out. Keys are the names of the options.
type Declared map[string]string

// LayerInfo is what is known of a layer besides its rows.
type LayerInfo struct {
	LayerKey
	Version     int       `json:"version"`            // 1, 2, … per key
	Hash        string    `json:"hash"`               // of content and declarations, hex SHA-256
	Rows        int       `json:"rows"`               //
	Source      string    `json:"source"`             // base name of the file it came from
	CRS         string    `json:"crs"`                // e.g. EPSG:4326
	CRSKnownBy  string    `json:"crs_known_by"`       // format, option, …
	Level       string    `json:"level,omitempty"`    // neighborhoods: community, circle …
	Services    []string  `json:"services,omitempty"` // facilities: what the layer lists, sorted
	Surveys     []Survey  `json:"surveys,omitempty"`  // facilities: one per service
	Modelled    bool      `json:"modelled,omitempty"` // measures come from a model
	Derived     string    `json:"derived,omitempty"`  // what an unofficial layer was derived from and how; may be "中文 / English"
	Attribution string    `json:"attribution,omitempty"`
	Declared    Declared  `json:"declared,omitempty"`
	Bound       orb.Bound `json:"bbox"`
	Changed     bool      `json:"changed,omitempty"` // edited by another program since it was imported
}

// Survey gives the survey of a service, unknown if nothing was declared.
func (i *LayerInfo) Survey(service string) Survey {
	for _, s := range i.Surveys {
		if s.Service == service {
			return s
		}
	}
	return Survey{Service: service, Kind: SurveyUnknown}
}

// Layer is one version of a layer: columns of equal length, rows sorted by id bytes.
// A column that the layer has no use for is nil.
type Layer struct {
	Info  LayerInfo
	IDs   []string // unique within the layer
	Names []string // "" where there is none

	Points []orb.Point    // every row's place, when all rows are points
	Shapes []orb.Geometry // every row's geometry, when not all are points; both nil for attributes

	Properties []string // every row's own properties as canonical JSON

	// In place of Shapes and Properties, where they would fill the memory: read them by Geometry and Property.
	ShapesOutside     Outside[orb.Geometry]
	PropertiesOutside Outside[string]

	Kinds   []string       // neighborhoods: kind of circle (居住型 …), "" unknown
	Parents []ParentColumn // neighborhoods: membership by level

	Measures []Measure // neighborhoods, demand, buildings, attributes; sorted by name

	Services [][]string // facilities: per row, sorted; nil when every row offers all of Info.Services
	Status   []Status   // facilities; nil = all unknown
	Opened   []string   // facilities: YYYY-MM-DD or ""; nil = all unknown
	Closed   []string   // likewise
	Capacity []int64    // facilities: thousandths of places; nil = all unknown
	AreaMM2  []int64    // facilities: size; buildings: footprint; Unknown where not known; nil = all unknown
	FloorMM2 []int64    // buildings: floor area; likewise
}

// Outside is a column that lies outside memory. It may be read by many goroutines at once, and fast only in the order of its rows.
// Where it cannot be read it panics with an *Error.
type Outside[T any] interface {
	At(i int) T
	Size(i int) int // bytes in the file
}

// Len is the number of rows.
func (l *Layer) Len() int { return len(l.IDs) }

// Inside gives the layer with all of its columns in memory.
func (l *Layer) Inside() *Layer {
	if l.ShapesOutside == nil && l.PropertiesOutside == nil {
		return l
	}
	c := *l
	c.Shapes, c.Properties = inside(l.Shapes, l.ShapesOutside, l.Len()), inside(l.Properties, l.PropertiesOutside, l.Len())
	c.ShapesOutside, c.PropertiesOutside = nil, nil
	return &c
}

func inside[T any](column []T, outside Outside[T], rows int) []T {
	if outside == nil {
		return column
	}
	out := make([]T, rows)
	for i := range out {
		out[i] = outside.At(i)
	}
	return out
}

// Geometry gives a row's geometry, nil for a row without one.
func (l *Layer) Geometry(i int) orb.Geometry {
	switch {
	case l.Points != nil:
		return l.Points[i]
	case l.Shapes != nil:
		return l.Shapes[i]
	case l.ShapesOutside != nil:
		return l.ShapesOutside.At(i)
	}
	return nil
}

// Property gives a row's own properties as canonical JSON, "" where the layer has none.
func (l *Layer) Property(i int) string {
	switch {
	case l.Properties != nil:
		return l.Properties[i]
	case l.PropertiesOutside != nil:
		return l.PropertiesOutside.At(i)
	}
	return ""
}

// RowServices gives the services that a facility offers.
func (l *Layer) RowServices(i int) []string {
	if l.Services != nil {
		return l.Services[i]
	}
	return l.Info.Services
}

// Measure gives the measure of that name.
func (l *Layer) Measure(name string) (*Measure, bool) {
	for i := range l.Measures {
		if l.Measures[i].Name == name {
			return &l.Measures[i], true
		}
	}
	return nil, false
}

// Sort brings rows into the order of their ids' bytes, parents and measures into theirs.
func (l *Layer) Sort() {
	sort.Slice(l.Measures, func(a, b int) bool { return l.Measures[a].Name < l.Measures[b].Name })
	sort.SliceStable(l.Parents, func(a, b int) bool { return l.Parents[a].Level < l.Parents[b].Level })
	if sort.StringsAreSorted(l.IDs) {
		return
	}
	*l = *l.Inside()
	order := make([]int, len(l.IDs))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return l.IDs[order[a]] < l.IDs[order[b]] })
	l.IDs = permute(l.IDs, order)
	l.Names = permute(l.Names, order)
	l.Points = permute(l.Points, order)
	l.Shapes = permute(l.Shapes, order)
	l.Properties = permute(l.Properties, order)
	l.Kinds = permute(l.Kinds, order)
	for i := range l.Parents {
		l.Parents[i].Parents = permute(l.Parents[i].Parents, order)
	}
	for i := range l.Measures {
		l.Measures[i].Values = permute(l.Measures[i].Values, order)
	}
	l.Services = permute(l.Services, order)
	l.Status = permute(l.Status, order)
	l.Opened = permute(l.Opened, order)
	l.Closed = permute(l.Closed, order)
	l.Capacity = permute(l.Capacity, order)
	l.AreaMM2 = permute(l.AreaMM2, order)
	l.FloorMM2 = permute(l.FloorMM2, order)
}

// Select gives a layer of some of the rows, which are named in ascending order: the same columns, declarations and surveys, and a hash of its
// own if rows are left out. It shares what it can with l.
func (l *Layer) Select(rows []int) *Layer {
	if len(rows) == len(l.IDs) {
		return l
	}
	l = l.Inside()
	out := &Layer{
		Info: l.Info, IDs: pick(l.IDs, rows), Names: pick(l.Names, rows), Points: pick(l.Points, rows), Shapes: pick(l.Shapes, rows), Properties: pick(l.Properties, rows),
		Kinds: pick(l.Kinds, rows), Services: pick(l.Services, rows), Status: pick(l.Status, rows), Opened: pick(l.Opened, rows), Closed: pick(l.Closed, rows),
		Capacity: pick(l.Capacity, rows), AreaMM2: pick(l.AreaMM2, rows), FloorMM2: pick(l.FloorMM2, rows),
	}
	for _, c := range l.Parents {
		out.Parents = append(out.Parents, ParentColumn{c.Level, pick(c.Parents, rows)})
	}
	for _, m := range l.Measures {
		out.Measures = append(out.Measures, Measure{m.Name, m.Modelled, pick(m.Values, rows)})
	}
	out.Info.Rows, out.Info.Bound = len(rows), orb.Bound{}
	for n := range rows {
		g := out.Geometry(n)
		switch {
		case g == nil:
		case out.Info.Bound == (orb.Bound{}):
			out.Info.Bound = g.Bound()
		default:
			out.Info.Bound = out.Info.Bound.Union(g.Bound())
		}
	}
	out.Info.Hash = out.ComputeHash()
	return out
}

// pick gives some elements of a column, nil for a column that is not there.
func pick[T any](s []T, rows []int) []T {
	if s == nil {
		return nil
	}
	out := make([]T, len(rows))
	for n, i := range rows {
		out[n] = s[i]
	}
	return out
}

func permute[T any](s []T, order []int) []T {
	if s == nil {
		return nil
	}
	out := make([]T, len(s))
	for i, j := range order {
		out[i] = s[j]
	}
	return out
}

package coverage

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"sync"

	"github.com/paulmach/orb"

	"lifecircle/coverage/catalog"
	"lifecircle/geo/index"
	"lifecircle/geo/measure"
	"lifecircle/geo/overlay"
)

// City is what a run judges, made of the current layers: units, parents, facilities, demand and land.
// It is read-only once made and shared by all goroutines.
type City struct {
	Inputs []InputRef // every layer read, sorted by key

	units   []unit
	parents []parent
	regions *index.Regions // of units

	facilities []facility     // sorted by id, then layer name
	lists      []facilityList // the facility layers, sorted by key

	groups []*group // demand: explicit, buildings, known totals
	land   *landUse // nil without a land layer
	notes  []Mark   // what is worth saying of the inputs

	overlapping []bool // units that share interior with another unit

	outlines *outlines // of the parents
}

// outlines are drawn when first asked for, once for all cities of the same units.
type outlines struct {
	once sync.Once
	of   []orb.MultiPolygon // per parent
	err  error
}

// unit is a neighborhood.
type unit struct {
	id, name, kind, layer string
	level                 string
	geometry              orb.MultiPolygon
	bound                 orb.Bound
	parents               []parentKey
	totals                map[string]known // measures known for the whole unit
}

// known is a total that is known for a unit.
type known struct {
	milli    int64
	modelled bool
}

type parentKey struct{ level, id string }

// parent is an area made of units: a street, a district.
type parent struct {
	parentKey
	name    string // as a table of attributes says, else its id
	members []int  // units, ascending
}

// facility is one facility of one layer.
type facility struct {
	id, name, layer string
	list            int // facilityList
	row             int
	geometry        orb.Geometry
	shape           *measure.Shape
	services        []string
	status          Status
	opened, closed  string
	capacity        int64
	areaMM2         int64
}

// facilityList is what a facility layer says of itself.
type facilityList struct {
	info LayerInfo
}

// LoadCity reads the current version of every layer of a project.
func LoadCity(ctx context.Context, st Store) (*City, error) {
	infos, err := st.Layers(ctx)
	if err != nil {
		return nil, err
	}
	sort.Slice(infos, func(a, b int) bool { return infos[a].LayerKey.Less(infos[b].LayerKey) })
	layers := make([]*Layer, len(infos))
	for i, info := range infos {
		if layers[i], err = st.Layer(ctx, info.Hash); err != nil {
			return nil, fmt.Errorf("layer %s %s: %w", info.Role, info.Name, err)
		}
	}
	return NewCity(layers)
}

// loadCity reads the layer versions that a run read.
func loadCity(ctx context.Context, st Store, inputs []InputRef) (*City, error) {
	layers := make([]*Layer, len(inputs))
	for i, in := range inputs {
		l, err := st.Layer(ctx, in.Hash)
		if err != nil {
			return nil, fmt.Errorf("layer %s %s of the run: %w", in.Role, in.Name, err)
		}
		layers[i] = l
	}
	return NewCity(layers)
}

// NewCity makes a city of layers, one version of each key, in any order.
func NewCity(layers []*Layer) (*City, error) {
	layers = append([]*Layer(nil), layers...)
	sort.Slice(layers, func(a, b int) bool { return layers[a].Info.LayerKey.Less(layers[b].Info.LayerKey) })
	c := &City{outlines: &outlines{}}
	for _, l := range layers {
		if l.Info.Role == RoleNetwork {
			continue // for the path basis
		}
		c.Inputs = append(c.Inputs, l.ref())
	}
	if err := c.addUnits(layers); err != nil {
		return nil, err
	}
	c.addFacilities(layers)
	if err := c.addLand(layers); err != nil {
		return nil, err
	}
	if err := c.addDemand(layers); err != nil {
		return nil, err
	}
	return c, nil
}

// WithFacilities gives the city with these layers of facilities instead of its own. It shares units, demand and land with c, which
// stays as it is, so that it takes a fraction of the time of NewCity.
func (c *City) WithFacilities(layers []*Layer) *City {
	layers = append([]*Layer(nil), layers...)
	sort.Slice(layers, func(a, b int) bool { return layers[a].Info.LayerKey.Less(layers[b].Info.LayerKey) })
	out := *c
	out.facilities, out.lists, out.Inputs = nil, nil, nil
	for _, in := range c.Inputs {
		if in.Role != RoleFacilities {
			out.Inputs = append(out.Inputs, in)
		}
	}
	for _, l := range ofRole(layers, RoleFacilities) {
		out.Inputs = append(out.Inputs, l.ref())
	}
	sort.Slice(out.Inputs, func(a, b int) bool { return out.Inputs[a].Less(out.Inputs[b].LayerKey) })
	out.addFacilities(layers)
	return &out
}

// ref names the version for those who read it.
func (l *Layer) ref() InputRef {
	return InputRef{LayerKey: l.Info.LayerKey, Version: l.Info.Version, Hash: l.Info.Hash, Rows: l.Len(),
		Modelled: l.Info.Modelled, Derived: l.Info.Derived, Attribution: l.Info.Attribution}
}

func ofRole(layers []*Layer, role Role) []*Layer {
	var out []*Layer
	for _, l := range layers {
		if l.Info.Role == role {
			out = append(out, l)
		}
	}
	return out
}

// addUnits takes the neighborhoods with their parents and the totals known for them.
func (c *City) addUnits(layers []*Layer) error {
	byID := c.readUnits(layers)
	c.nameAreas(layers)
	geoms := make([]orb.MultiPolygon, len(c.units))
	for i := range c.units {
		geoms[i] = c.units[i].geometry
	}
	c.regions = index.NewRegions(geoms)

	// a table of attributes speaks last: it is the newer count
	for _, l := range ofRole(layers, RoleAttributes) {
		for _, m := range l.Measures {
			for i, id := range l.IDs {
				for _, u := range byID[id] {
					if m.Values[i] != Unknown {
						c.units[u].totals[m.Name] = known{m.Values[i], m.Modelled}
					}
				}
			}
		}
	}
	return c.findOverlaps()
}

// nameAreas gives parents, and units that have no name, the names that tables of attributes without measures have for their ids; the last
// table counts. An id that several areas have, such as 1, names none of the parents.
func (c *City) nameAreas(layers []*Layer) {
	names := map[string]string{}
	for _, l := range ofRole(layers, RoleAttributes) {
		for i, id := range l.IDs {
			if name := at(l.Names, i); name != "" && len(l.Measures) == 0 {
				names[id] = name
			}
		}
	}
	areas := map[string]int{}
	for i := range c.parents {
		areas[c.parents[i].id]++
	}
	for i := range c.units {
		u := &c.units[i]
		areas[u.id]++
		if u.name == "" {
			u.name = names[u.id]
		}
	}
	for i := range c.parents {
		p := &c.parents[i]
		if name := names[p.id]; name != "" && areas[p.id] == 1 {
			p.name = name
		}
	}
}

// readUnits reads the neighborhoods and what they belong to, in the order in which they are judged. It gives the units of each id.
func (c *City) readUnits(layers []*Layer) map[string][]int {
	for _, l := range ofRole(layers, RoleNeighborhoods) {
		for i := range l.IDs {
			u := unit{id: l.IDs[i], name: at(l.Names, i), kind: at(l.Kinds, i), layer: l.Info.Name, level: l.Info.Level, totals: map[string]known{}}
			u.geometry = polygons(l.Geometry(i))
			u.bound = u.geometry.Bound()
			for _, pc := range l.Parents {
				for _, id := range pc.Parents[i] {
					u.parents = append(u.parents, parentKey{pc.Level, id})
				}
			}
			for _, m := range l.Measures {
				if m.Values[i] != Unknown {
					u.totals[m.Name] = known{m.Values[i], m.Modelled}
				}
			}
			c.units = append(c.units, u)
		}
	}
	sort.SliceStable(c.units, func(a, b int) bool {
		if c.units[a].id != c.units[b].id {
			return c.units[a].id < c.units[b].id
		}
		return c.units[a].layer < c.units[b].layer
	})
	byID := map[string][]int{}
	members := map[parentKey][]int{}
	for i := range c.units {
		u := &c.units[i]
		byID[u.id] = append(byID[u.id], i)
		for _, p := range u.parents {
			if m := members[p]; len(m) == 0 || m[len(m)-1] != i {
				members[p] = append(m, i)
			}
		}
	}
	for p, m := range members {
		c.parents = append(c.parents, parent{p, p.id, m})
	}
	sort.Slice(c.parents, func(a, b int) bool {
		if c.parents[a].level != c.parents[b].level {
			return c.parents[a].level < c.parents[b].level
		}
		return c.parents[a].id < c.parents[b].id
	})
	return byID
}

// Members gives, for every subject of a run that is a parent, its units as places in r.Subjects, ascending; nil for units. It reads
// only the neighborhoods that the run read.
func Members(ctx context.Context, st Store, r *Run) ([][]int, error) {
	var layers []*Layer
	for _, in := range r.Inputs {
		if in.Role != RoleNeighborhoods {
			continue
		}
		l, err := st.Layer(ctx, in.Hash)
		if err != nil {
			return nil, fmt.Errorf("layer %s %s of the run: %w", in.Role, in.Name, err)
		}
		layers = append(layers, l)
	}
	sort.Slice(layers, func(a, b int) bool { return layers[a].Info.LayerKey.Less(layers[b].Info.LayerKey) })
	c := &City{}
	c.readUnits(layers)
	if len(c.units)+len(c.parents) != len(r.Subjects) {
		return nil, Errorf(Internal, "评估与其评价单元不符", "the run does not fit its neighborhoods")
	}
	out := make([][]int, len(r.Subjects))
	for k, p := range c.parents {
		out[len(c.units)+k] = p.members
	}
	return out, nil
}

// memberSets gives the units of parents.
func memberSets(parents []parent) [][]int {
	sets := make([][]int, len(parents))
	for k, p := range parents {
		sets[k] = p.members
	}
	return sets
}

// with gives a city in which these sets of units are further subjects behind the parents, wherever their demand or land is more
// than the sum of the units' (groups that are apart stay without them). The city itself stays as it is.
func (c *City) with(sets [][]int) (*City, error) {
	out := *c
	out.groups = slices.Clone(c.groups)
	var err error
	for i, g := range c.groups {
		if g.apart {
			continue
		}
		if out.groups[i], err = g.with(sets); err != nil {
			return nil, err
		}
	}
	if c.land != nil {
		if out.land, err = c.land.with(sets); err != nil {
			return nil, err
		}
	}
	return &out, nil
}

// findOverlaps marks units that share interior with another one, so that their parents' land is not counted twice.
func (c *City) findOverlaps() error {
	c.overlapping = make([]bool, len(c.units))
	outlines := make([]*overlay.Outline, len(c.units))
	for i := range c.units {
		outlines[i] = overlay.NewOutline(c.units[i].geometry)
	}
	for a := range c.units {
		for _, b := range c.regions.Search(c.units[a].bound) {
			if b <= a || (c.overlapping[a] && c.overlapping[b]) || !outlines[a].Meets(outlines[b]) {
				continue
			}
			shared, err := c.overlap(a, b)
			if err != nil {
				return err
			}
			if shared {
				c.overlapping[a], c.overlapping[b] = true, true
			}
		}
	}
	return nil
}

// overlap tells whether two units share interior: 1 m² at least.
func (c *City) overlap(a, b int) (bool, error) {
	shared, err := overlay.Intersection(c.units[a].geometry, c.units[b].geometry)
	if err != nil {
		return false, fmt.Errorf("neighborhoods %s and %s: %w", c.units[a].id, c.units[b].id, err)
	}
	return len(shared) > 0 && measure.AreaMM2(shared) >= minLandMM2, nil
}

func (c *City) addFacilities(layers []*Layer) {
	for _, l := range ofRole(layers, RoleFacilities) {
		list := len(c.lists)
		c.lists = append(c.lists, facilityList{l.Info})
		for i := range l.IDs {
			f := facility{
				id: l.IDs[i], name: at(l.Names, i), layer: l.Info.Name, list: list, row: i,
				geometry: l.Geometry(i), services: l.RowServices(i), status: at(l.Status, i),
				opened: at(l.Opened, i), closed: at(l.Closed, i), capacity: Unknown, areaMM2: Unknown,
			}
			if l.Capacity != nil {
				f.capacity = l.Capacity[i]
			}
			if l.AreaMM2 != nil {
				f.areaMM2 = l.AreaMM2[i]
			}
			f.shape = measure.NewShape(f.geometry)
			c.facilities = append(c.facilities, f)
		}
	}
	sort.SliceStable(c.facilities, func(a, b int) bool {
		if c.facilities[a].id != c.facilities[b].id {
			return c.facilities[a].id < c.facilities[b].id
		}
		return c.facilities[a].layer < c.facilities[b].layer
	})
}

// counts tells whether a facility counts in a run: by its status, or on a date by its dates.
func (f *facility) counts(asOf string) bool {
	if asOf == "" {
		return f.status == StatusUnknown || f.status == StatusExisting
	}
	if f.opened != "" && f.opened > asOf {
		return false
	}
	if f.closed != "" && f.closed <= asOf {
		return false
	}
	switch f.status {
	case StatusConstruction, StatusPlanned:
		return f.opened != "" // open by that date, as the layer itself says
	case StatusClosed:
		return f.closed != "" // still open on that date
	}
	return true
}

// listing tells how the facility layers list a service.
type listing uint8

const (
	notListed  listing = iota // no layer could hold it
	parentOnly                // a layer holds its parent and cannot tell it apart
	listed
)

// list tells how a service is listed, and by which of its ancestors where only by a parent.
func (c *City) list(services *catalog.Services, service string) (listing, string) {
	own := append([]string{service}, services.Descendants(service)...)
	for i := range c.lists {
		if anyIn(c.lists[i].info.Services, own) {
			return listed, service
		}
	}
	for _, a := range services.Ancestors(service) {
		for i := range c.lists {
			if anyIn(c.lists[i].info.Services, []string{a}) {
				return parentOnly, a
			}
		}
	}
	return notListed, ""
}

// surveyed gives where facilities of a service are known to be complete: the union over layers of
// what they declare for it; all of its children together make it complete too.
func (c *City) surveyed(services *catalog.Services, service string) (area, error) {
	out := area{}
	for i := range c.lists {
		if !anyIn(c.lists[i].info.Services, []string{service}) {
			continue
		}
		switch s := c.lists[i].info.Survey(service); s.Kind {
		case SurveyEverywhere:
			return area{everywhere: true}, nil
		case SurveyPolygon:
			var err error
			if out, err = out.union(area{polygon: s.Area}); err != nil {
				return area{}, err
			}
		}
	}
	children := services.Children(service)
	if len(children) == 0 {
		return out, nil
	}
	all := area{everywhere: true}
	for _, ch := range children {
		a, err := c.surveyed(services, ch)
		if err != nil {
			return area{}, err
		}
		if all, err = all.intersection(a); err != nil {
			return area{}, err
		}
	}
	return out.union(all)
}

// area is everywhere, a polygon, or nowhere (the zero value).
type area struct {
	everywhere bool
	polygon    orb.MultiPolygon
}

func (a area) nowhere() bool { return !a.everywhere && len(a.polygon) == 0 }

func (a area) union(b area) (area, error) {
	switch {
	case a.everywhere || b.everywhere:
		return area{everywhere: true}, nil
	case len(a.polygon) == 0:
		return b, nil
	case len(b.polygon) == 0:
		return a, nil
	}
	u, err := overlay.Union([]orb.Geometry{a.polygon, b.polygon})
	return area{polygon: u}, err
}

func (a area) intersection(b area) (area, error) {
	switch {
	case a.everywhere:
		return b, nil
	case b.everywhere:
		return a, nil
	case a.nowhere() || b.nowhere():
		return area{}, nil
	}
	i, err := overlay.Intersection(a.polygon, b.polygon)
	return area{polygon: i}, err
}

func anyIn(list, of []string) bool {
	for _, a := range list {
		for _, b := range of {
			if a == b {
				return true
			}
		}
	}
	return false
}

// at gives s[i], the zero value of a column that is not there.
func at[T any](s []T, i int) T {
	var zero T
	if s == nil {
		return zero
	}
	return s[i]
}

// polygons gives the polygons of an areal geometry.
func polygons(g orb.Geometry) orb.MultiPolygon {
	switch g := g.(type) {
	case orb.Polygon:
		return orb.MultiPolygon{g}
	case orb.MultiPolygon:
		return g
	}
	return nil
}

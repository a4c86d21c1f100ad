package osm

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
	"lifecircle/geo/geojson"
	"lifecircle/geo/measure"
)

// Layer is a layer that an extract has the features for.
type Layer struct {
	Role    coverage.Role
	Options intake.Options // role, attribution, columns; the caller names the layer
	Note    coverage.Text  // what was taken
	x       *Extract
	s       Selection
}

// Source gives the layer's features from the first on.
func (l *Layer) Source() *Source { return l.x.Source(l.s) }

// Plan is what an extract gives a project.
type Plan struct {
	Layers []Layer
	Notes  []coverage.Text // what a project needs and the extract does not have
}

// Columns that a plan adds to the rows of buildings.
const floorsColumn = "lifecircle:floors"

// walkable are the values of highway=* that people walk on, unless foot=no or access=private or no says otherwise.
var walkable = []string{"bridleway", "corridor", "cycleway", "footway", "living_street", "path", "pedestrian", "primary", "primary_link", "residential", "road",
	"secondary", "secondary_link", "service", "steps", "tertiary", "tertiary_link", "track", "trunk", "trunk_link", "unclassified"}

// Wanted is what has to be read of a file for [Extract.Plan]: what the mapping concerns, residential land, buildings, boundaries and ways.
func Wanted(m *intake.Mapper) func(Kind, Tags) bool {
	return func(kind Kind, tags Tags) bool {
		for _, t := range tags {
			switch t.Key {
			case "landuse":
				if t.Value == "residential" {
					return true
				}
			case "building", "place", "boundary":
				if kind != Node && t.Value != "no" {
					return true
				}
			case "highway":
				if kind == Way && slices.Contains(walkable, t.Value) {
					return true
				}
			}
			if m.Concerns(t.Key, t.Value) {
				return true
			}
		}
		return false
	}
}

// Plan says which features become which layers: facilities by the mapping, residential land, buildings with their floors, neighborhoods from
// the finest level of administrative boundaries (or, without them, from areas of places), and the walking network. The mapping is set in the
// options of the facilities by the caller. A kind of which the extract has nothing gives no layer but a note.
func (x *Extract) Plan(m *intake.Mapper) Plan {
	c := x.census()
	var p Plan
	add := func(role coverage.Role, count int, note, none coverage.Text, s Selection, edit func(*intake.Options)) {
		if count == 0 {
			p.Notes = append(p.Notes, none)
			return
		}
		l := Layer{Role: role, Options: intake.Options{Role: role, Attribution: Attribution}, Note: note, x: x, s: s}
		if edit != nil {
			edit(&l.Options)
		}
		p.Layers = append(p.Layers, l)
	}
	x.planNeighborhoods(c, add)
	concerned := func(f Feature) bool {
		return slices.ContainsFunc(f.Tags, func(t Tag) bool { return m.Concerns(t.Key, t.Value) })
	}
	add(coverage.RoleFacilities, x.count(concerned), words("设施: 按映射 %s", "facilities: by the mapping %s", m.Mapping().ID),
		words("没有可映射的设施", "nothing that the mapping concerns"), Selection{Want: concerned}, nil)
	residential := func(f Feature) bool { return f.Tags.Find("landuse") == "residential" && f.Ref.Kind != Node }
	add(coverage.RoleLand, c.residential, words("居住用地: landuse=residential", "residential land: landuse=residential"),
		words("没有居住用地 (landuse=residential)", "no residential land (landuse=residential)"), Selection{Want: residential}, nil)
	add(coverage.RoleBuildings, c.buildings, words("建筑: building=*, 层数取自 building:levels", "buildings: building=*, floors from building:levels"),
		words("没有建筑 (building=*)", "no buildings (building=*)"), Selection{Want: isBuilding, Edit: readFloors},
		func(o *intake.Options) {
			if c.levels > 0 {
				o.FloorsField = floorsColumn
			}
		})
	add(coverage.RoleNetwork, c.network, words("步行网络: 可步行的 highway=*", "walking network: highway=* that people walk on"),
		words("没有道路 (highway=*)", "no ways to walk on (highway=*)"), Selection{Want: isWalkable}, nil)
	return p
}

func words(zh, en string, args ...any) coverage.Text {
	return coverage.Text{Zh: fmt.Sprintf(zh, args...), En: fmt.Sprintf(en, args...)}
}

// count is the number of features that are wanted.
func (x *Extract) count(want func(Feature) bool) int {
	n := 0
	for s := x.Source(Selection{}); ; {
		f, ok := s.feature()
		if !ok {
			return n
		}
		if want(f) {
			n++
		}
	}
}

// census counts what a plan depends on.
type census struct {
	residential, buildings, levels, network int
	admin                                   map[int]units    // boundaries that can be drawn, by admin_level
	places                                  map[string]units // areas by place
}

// units are areas that could be neighborhoods.
type units struct {
	count int
	most  float64 // m² of the largest
}

func (u units) add(g orb.Geometry) units { return units{u.count + 1, max(u.most, measure.Area(g))} }

// useful reports whether units divide the extract, or one of them covers at least half of it.
func (x *Extract) useful(u units) bool {
	return u.count > 1 || u.count == 1 && x.HasBox && u.most >= measure.Area(x.Box)/2
}

func (x *Extract) census() census {
	c := census{admin: map[int]units{}, places: map[string]units{}}
	for s := x.Source(Selection{}); ; {
		f, ok := s.feature()
		if !ok {
			return c
		}
		switch {
		case isBuilding(f):
			c.buildings++
			if _, ok := floorsOf(f.Tags.Find("building:levels")); ok {
				c.levels++
			}
		case isWalkable(f):
			c.network++
		}
		if f.Ref.Kind != Node && f.Tags.Find("landuse") == "residential" {
			c.residential++
		}
		if f.Shape != AreaShape {
			continue
		}
		level := adminLevel(f)
		place := f.Tags.Find("place")
		if level == 0 && !slices.Contains(unitPlaces, place) {
			continue
		}
		var row intake.Row
		if x.draw(f, &row); row.Refused != nil {
			continue // its outline is not all in the file
		}
		if level > 0 {
			c.admin[level] = c.admin[level].add(row.Feature.Geometry)
		} else {
			c.places[place] = c.places[place].add(row.Feature.Geometry)
		}
	}
}

// unitPlaces are the places whose areas can be neighborhoods, the finest first.
var unitPlaces = []string{"neighbourhood", "quarter", "suburb"}

// adminLevel is the level of an administrative boundary, 0 for anything else.
func adminLevel(f Feature) int {
	if f.Tags.Find("boundary") != "administrative" {
		return 0
	}
	level, err := strconv.Atoi(strings.TrimSpace(f.Tags.Find("admin_level")))
	if err != nil || level < 1 || level > 12 {
		return 0
	}
	return level
}

// planNeighborhoods takes the finest level of boundaries that divides the extract if it is below a municipality's (admin_level 9 and more),
// else areas of places, else the finest level there is.
func (x *Extract) planNeighborhoods(c census, add func(coverage.Role, int, coverage.Text, coverage.Text, Selection, func(*intake.Options))) {
	level := 0
	for l, u := range c.admin {
		if x.useful(u) {
			level = max(level, l)
		}
	}
	if level < 9 {
		for _, kind := range unitPlaces {
			if u := c.places[kind]; x.useful(u) {
				add(coverage.RoleNeighborhoods, u.count, words("评价单元: 面状地名 place=%s", "neighborhoods: areas of place=%s", kind), coverage.Text{}, Selection{Want: func(f Feature) bool {
					return f.Shape == AreaShape && adminLevel(f) == 0 && f.Tags.Find("place") == kind
				}}, nil)
				return
			}
		}
	}
	name := map[bool]string{true: "community", false: "district"}[level >= 9]
	if level == 8 {
		name = "street"
	}
	add(coverage.RoleNeighborhoods, c.admin[level].count, words("评价单元: 行政边界 admin_level=%d", "neighborhoods: administrative boundaries of admin_level=%d", level),
		words("没有可划分此范围的完整行政边界或面状地名: 请另行导入评价单元",
			"no complete administrative boundaries and no areas of places divide the extract: import neighborhoods from another file"),
		Selection{Want: func(f Feature) bool { return f.Shape == AreaShape && adminLevel(f) == level }},
		func(o *intake.Options) { o.Level = name })
}

// isBuilding tells buildings that stand: ways and relations with building=* but no.
func isBuilding(f Feature) bool {
	kind := f.Tags.Find("building")
	return f.Ref.Kind != Node && kind != "" && kind != "no" && !slices.Contains([]string{"construction", "proposed", "planned", "demolished", "destroyed", "razed"}, kind)
}

// isWalkable tells the lines of the walking network.
func isWalkable(f Feature) bool {
	if f.Shape != LineShape || !slices.Contains(walkable, f.Tags.Find("highway")) {
		return false
	}
	switch f.Tags.Find("foot") {
	case "no", "use_sidepath":
		return false
	case "":
		access := f.Tags.Find("access")
		return access != "no" && access != "private"
	}
	return true
}

// readFloors adds the number of floors to a building, or says that it cannot be read.
func readFloors(row *intake.Row) {
	v, ok := row.Feature.Properties.Get("building:levels")
	if !ok || strings.TrimSpace(v.Text) == "" {
		return
	}
	floors, ok := floorsOf(v.Text)
	if !ok {
		if row.Refused == nil {
			row.Repairs = append(row.Repairs, finding("unread_floors", "building:levels "+printable(v.Text)+" 无法读取, 层数未知",
				"building:levels "+printable(v.Text)+" cannot be read; the number of floors is not known"))
		}
		return
	}
	p := append(slices.Clone(row.Feature.Properties), geojson.Property{Key: floorsColumn, Value: geojson.Value{Kind: geojson.Number, Text: floors}})
	slices.SortStableFunc(p, func(a, b geojson.Property) int { return strings.Compare(a.Key, b.Key) })
	row.Feature.Properties = slices.CompactFunc(p, func(a, b geojson.Property) bool { return a.Key == b.Key })
}

// floorsOf reads a number of floors above ground, up to 200; half ones are written 2.5.
func floorsOf(text string) (string, bool) {
	text = strings.TrimSpace(text)
	whole, fraction, dot := strings.Cut(text, ".")
	if whole == "" || len(whole) > 3 || len(fraction) > 3 || strings.Trim(whole+fraction, "0123456789") != "" || dot && fraction == "" {
		return "", false
	}
	if n, err := strconv.Atoi(whole); err != nil || n > 200 {
		return "", false
	}
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if fraction = strings.TrimRight(fraction, "0"); fraction != "" {
		whole += "." + fraction
	}
	return whole, true
}

package coverage_test

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/tidwall/geodesic"
	"pgregory.net/rapid"

	"lifecircle/coverage"
	"lifecircle/geo/measure"
)

// A town is a generated city of rectangles on a lattice of 10⁻⁵ degrees (0.97 m by 1.11 m): its neighborhoods overlap, touch and lie apart,
// people live on their borders, cells straddle them, parents do not nest, and layers are surveyed in part. What design.md says of it is
// counted a second time by the plainest means there are: whole numbers, a grid through all corners, and every pair of a home and a
// facility.
type town struct {
	units    []townUnit // sorted by id
	homes    []townHome
	cells    []townCell
	clinics  []townSite // of three layers, see layerServices
	surveys  [3]townSurvey
	listed   [3]bool // which of the layers there are
	limit    [3]int32
	line     [2]int // pass lines, 10⁻⁶
	min      int    // facilities that a count asks for
	noHouses bool   // no layer has households
	params   coverage.Params
}

// latticePoint gives a place of the lattice, the same number of degrees for the same whole number.
func latticePoint(x, y int) orb.Point {
	return orb.Point{float64(10_650_000+x) / 1e5, float64(2_950_000+y) / 1e5}
}

// box is a rectangle of the lattice: west, south, east, north.
type box [4]int

func (b box) polygon() orb.Polygon {
	return orb.Polygon{{latticePoint(b[0], b[1]), latticePoint(b[2], b[1]), latticePoint(b[2], b[3]), latticePoint(b[0], b[3]), latticePoint(b[0], b[1])}}
}

func (b box) holds(x, y int) bool { return b[0] <= x && x <= b[2] && b[1] <= y && y <= b[3] }

// apart tells whether two boxes share nothing, not even a corner.
func (b box) apart(o box) bool { return b[2] < o[0] || o[2] < b[0] || b[3] < o[1] || o[3] < b[1] }

// townUnit is a neighborhood of one part or two.
type townUnit struct {
	id, kind string
	parts    []box
	streets  []string // 0 to 2
	district string   // "" for none
}

func (u *townUnit) shape() orb.Geometry {
	if len(u.parts) == 1 {
		return u.parts[0].polygon()
	}
	return boxes(u.parts)
}

func boxes(bs []box) (mp orb.MultiPolygon) {
	for _, b := range bs {
		mp = append(mp, b.polygon())
	}
	return mp
}

// townHome is a point of demand: thousandths of people and of households, coverage.Unknown where the layer does not say.
type townHome struct {
	id                 string
	x, y               int
	layer              int // of two
	people, households int64
}

type townCell struct {
	id     string
	box    box
	people int64 // thousandths
}

// townSite is a facility: a point, or a park-like box.
type townSite struct {
	id             string
	layer          int
	service        string
	box            box // a point if it has no width
	status         coverage.Status
	opened, closed string
	areaMM2        int64
}

func (s *townSite) shape() orb.Geometry {
	if s.box[0] == s.box[2] {
		return latticePoint(s.box[0], s.box[1])
	}
	return s.box.polygon()
}

// townSurvey says where a layer is complete.
type townSurvey struct {
	kind  coverage.SurveyKind
	parts []box // apart from each other
}

// layerServices are what the three layers of facilities list: the parent, its two children told apart row by row, and something else.
var layerServices = [3][]string{{"clinic"}, {"clinic_center", "clinic_station"}, {"pharmacy"}}

// drawTown draws a town. Corners lie on a coarse raster, and homes and clinics half the time: much touches, overlaps and coincides.
func drawTown(t *rapid.T) *town {
	c := &town{}
	coarse := func(name string) int { return 50 * rapid.IntRange(-6, 6).Draw(t, name) }
	place := func() (x, y int) {
		if rapid.Bool().Draw(t, "on the raster") {
			return coarse("x"), coarse("y")
		}
		return 2 * rapid.IntRange(-200, 200).Draw(t, "x"), 2 * rapid.IntRange(-200, 200).Draw(t, "y")
	}
	area := func() box {
		x, y := coarse("west"), coarse("south")
		return box{x, y, x + 50*rapid.IntRange(1, 8).Draw(t, "wide"), y + 50*rapid.IntRange(1, 8).Draw(t, "high")}
	}
	subset := func(name string, of ...string) (out []string) {
		for _, s := range of {
			if rapid.Bool().Draw(t, name) {
				out = append(out, s)
			}
		}
		return out
	}
	for i := range rapid.IntRange(1, 5).Draw(t, "units") {
		u := townUnit{id: fmt.Sprintf("u%d", i), parts: []box{area()}, kind: rapid.SampledFrom([]string{"", "居住型", "居住型", "产业型"}).Draw(t, "kind"),
			streets: subset("street", "s1", "s2"), district: rapid.SampledFrom([]string{"", "d", "d"}).Draw(t, "district")}
		if rapid.IntRange(0, 3).Draw(t, "parts") == 0 {
			if b := area(); b.apart(u.parts[0]) {
				u.parts = append(u.parts, b)
			}
		}
		c.units = append(c.units, u)
	}
	for i := range rapid.IntRange(2, 14).Draw(t, "homes") {
		h := townHome{id: fmt.Sprintf("h%d", i/2), layer: i % 2} // ids are unique within a layer only
		h.x, h.y = place()
		h.people = rapid.SampledFrom([]int64{coverage.Unknown, 0, 500, 1000, 1001, 4000}).Draw(t, "people")
		h.households = rapid.SampledFrom([]int64{coverage.Unknown, 0, 1000, 2000}).Draw(t, "households")
		c.homes = append(c.homes, h)
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "cells") {
		x, y := 10*rapid.IntRange(-30, 30).Draw(t, "x"), 10*rapid.IntRange(-30, 30).Draw(t, "y")
		w, h := 10*rapid.IntRange(1, 20).Draw(t, "wide"), 10*rapid.IntRange(1, 20).Draw(t, "high")
		c.cells = append(c.cells, townCell{fmt.Sprintf("k%d", i), box{x, y, x + w, y + h}, rapid.Int64Range(0, 9999).Draw(t, "people")})
	}
	dates := []string{"", "", "2019-12-31", "2020-06-01", "2021-01-01"}
	for i := range rapid.IntRange(1, 8).Draw(t, "facilities") {
		x, y := place()
		s := townSite{id: fmt.Sprintf("f%d", i/2), layer: rapid.IntRange(0, 2).Draw(t, "layer"), box: box{x, y, x, y},
			status:  rapid.SampledFrom([]coverage.Status{0, 1, 1, 1, 2, 3, 4}).Draw(t, "status"),
			opened:  rapid.SampledFrom(dates).Draw(t, "opened"),
			closed:  rapid.SampledFrom(dates).Draw(t, "closed"),
			areaMM2: 1_000_000 * rapid.SampledFrom([]int64{99, 100, 300, 499, 500}).Draw(t, "area")}
		s.id += fmt.Sprint("-", s.layer, i)
		s.service = layerServices[s.layer][rapid.IntRange(0, len(layerServices[s.layer])-1).Draw(t, "service")]
		if rapid.IntRange(0, 4).Draw(t, "polygon") == 0 {
			s.box[2], s.box[3] = x+10*rapid.IntRange(1, 10).Draw(t, "wide"), y+10*rapid.IntRange(1, 10).Draw(t, "high")
		}
		if rapid.IntRange(0, 2).Draw(t, "unsized") == 0 {
			s.areaMM2 = coverage.Unknown
		}
		c.clinics = append(c.clinics, s)
	}
	for k := range c.surveys {
		c.listed[k] = rapid.IntRange(0, 4).Draw(t, "listed") > 0
		c.surveys[k].kind = rapid.SampledFrom([]coverage.SurveyKind{coverage.SurveyUnknown, coverage.SurveyEverywhere, coverage.SurveyPolygon, coverage.SurveyPolygon}).Draw(t, "survey")
		if c.surveys[k].kind == coverage.SurveyPolygon {
			c.surveys[k].parts = drawSurvey(t, area)
		}
	}
	c.clinics = slices.DeleteFunc(c.clinics, func(s townSite) bool { return !c.listed[s.layer] })
	c.line = [2]int{rapid.SampledFrom([]int{1, 333_333, 500_000, 700_000, 1_000_000}).Draw(t, "line"), rapid.SampledFrom([]int{250_000, 500_000, 1_000_000}).Draw(t, "line")}
	c.min = rapid.IntRange(1, 3).Draw(t, "min")
	c.noHouses = rapid.IntRange(0, 3).Draw(t, "no households") == 0
	c.params = coverage.Params{AssumeComplete: rapid.IntRange(0, 4).Draw(t, "assume complete") == 0, AcceptParent: rapid.Bool().Draw(t, "accept parent"),
		AsOf: rapid.SampledFrom([]string{"", "", "2020-06-01"}).Draw(t, "as of")}
	c.drawLimits(t)
	c.cells = slices.DeleteFunc(c.cells, func(k townCell) bool { return !c.plain(k) })
	return c
}

// drawSurvey draws a surveyed area: a box larger than most, perhaps with a second one.
func drawSurvey(t *rapid.T, area func() box) []box {
	b := area()
	grow := 50 * rapid.IntRange(0, 8).Draw(t, "survey")
	parts := []box{{b[0] - grow, b[1] - grow, b[2] + grow, b[3] + grow}}
	if b := area(); rapid.Bool().Draw(t, "two parts") && b.apart(parts[0]) {
		parts = append(parts, b)
	}
	return parts
}

// drawLimits draws limits: any, or the very millimetres of a way that occurs, or one less.
func (c *town) drawLimits(t *rapid.T) {
	var ways []int32
	for _, h := range c.homes {
		p := latticePoint(h.x, h.y)
		for i := range c.clinics {
			ways = append(ways, wayTo(c.clinics[i].shape(), p))
		}
		for k := range c.surveys {
			for _, b := range c.surveys[k].parts {
				ways = append(ways, measure.Millimetres(measure.NewShape(b.polygon()).BorderDistance(p)))
			}
		}
	}
	for k := range c.limit {
		c.limit[k] = int32(rapid.IntRange(10_000, 500_000).Draw(t, "limit"))
		if how := rapid.IntRange(0, 2).Draw(t, "on the limit"); how > 0 && len(ways) > 0 {
			if way := rapid.SampledFrom(ways).Draw(t, "way") - int32(how-1); way > 0 {
				c.limit[k] = way
			}
		}
	}
}

// wayTo gives the millimetres from a point to a facility, one by one and without an index.
func wayTo(g orb.Geometry, p orb.Point) int32 {
	return measure.Millimetres(measure.NewShape(g).Distance(p))
}

// checkWay compares a way from point to point with Karney's geodesics, which the program does not use.
func checkWay(t tester, a, b orb.Point) {
	var metres float64
	geodesic.WGS84.Inverse(a[1], a[0], b[1], b[0], &metres, nil, nil)
	if d := float64(wayTo(a, b)) - 1000*metres; math.Abs(d) > 1 {
		t.Errorf("%v to %v is %d mm, by Karney %.3f", a, b, wayTo(a, b), 1000*metres)
	}
}

// regions of the lattice, through the grid of all their corners

// region is an area of the lattice: a raster of lines between which it does not change, and what of it belongs.
type region struct {
	everywhere bool
	xs, ys     []int
	in         func(x, y float64) bool
}

func regionOf(bs ...box) region {
	r := region{in: func(x, y float64) bool {
		for _, b := range bs {
			if float64(b[0]) < x && x < float64(b[2]) && float64(b[1]) < y && y < float64(b[3]) {
				return true
			}
		}
		return false
	}}
	for _, b := range bs {
		r.xs, r.ys = append(r.xs, b[0], b[2]), append(r.ys, b[1], b[3])
	}
	return r.sorted()
}

func (r region) sorted() region {
	slices.Sort(r.xs)
	slices.Sort(r.ys)
	r.xs, r.ys = slices.Compact(r.xs), slices.Compact(r.ys)
	return r
}

func (r region) combine(o region, with func(a, b bool) bool) region {
	return region{xs: slices.Concat(r.xs, o.xs), ys: slices.Concat(r.ys, o.ys), in: func(x, y float64) bool { return with(r.in(x, y), o.in(x, y)) }}.sorted()
}

func (r region) union(o region) region {
	if r.everywhere || o.everywhere {
		return region{everywhere: true}
	}
	return r.combine(o, func(a, b bool) bool { return a || b })
}

func (r region) intersection(o region) region {
	switch {
	case r.everywhere:
		return o
	case o.everywhere:
		return r
	}
	return r.combine(o, func(a, b bool) bool { return a && b })
}

// fields gives the fields of the raster that belong to the region.
func (r region) fields() (out []box) {
	for i := 1; i < len(r.xs); i++ {
		for j := 1; j < len(r.ys); j++ {
			if r.in(float64(r.xs[i-1]+r.xs[i])/2, float64(r.ys[j-1]+r.ys[j])/2) {
				out = append(out, box{r.xs[i-1], r.ys[j-1], r.xs[i], r.ys[j]})
			}
		}
	}
	return out
}

// border gives the sides of fields beyond which the region ends.
func (r region) border() (out []orb.LineString) {
	for _, b := range r.fields() {
		x, y := float64(b[0]+b[2])/2, float64(b[1]+b[3])/2
		for _, side := range []struct {
			x, y float64
			a, b orb.Point
		}{
			{float64(b[0]) - 0.25, y, latticePoint(b[0], b[1]), latticePoint(b[0], b[3])}, {float64(b[2]) + 0.25, y, latticePoint(b[2], b[1]), latticePoint(b[2], b[3])},
			{x, float64(b[1]) - 0.25, latticePoint(b[0], b[1]), latticePoint(b[2], b[1])}, {x, float64(b[3]) + 0.25, latticePoint(b[0], b[3]), latticePoint(b[2], b[3])},
		} {
			if !r.in(side.x, side.y) {
				out = append(out, orb.LineString{side.a, side.b})
			}
		}
	}
	return out
}

// holds tells whether a place lies in the region, borders included.
func (r region) holds(x, y float64) bool {
	return slices.ContainsFunc(r.fields(), func(b box) bool {
		return float64(b[0]) <= x && x <= float64(b[2]) && float64(b[1]) <= y && y <= float64(b[3])
	})
}

// tells gives how far inside the region a point lies, in mm: −1 outside.
func (r region) tells(x, y float64) int32 {
	if r.everywhere {
		return math.MaxInt32
	}
	if !r.holds(x, y) {
		return -1
	}
	p, least := fineLatticePoint(x, y), int32(math.MaxInt32)
	for _, side := range r.border() {
		least = min(least, wayTo(side, p))
	}
	return least
}

// fineLatticePoint gives a place between those of the lattice.
func fineLatticePoint(x, y float64) orb.Point {
	if x == math.Trunc(x) && y == math.Trunc(y) {
		return latticePoint(int(x), int(y))
	}
	return orb.Point{(10_650_000 + x) / 1e5, (2_950_000 + y) / 1e5}
}

// what a cell's piece weighs and where it is judged

// piece gives the weight of what of a cell lies in a region, by area, and its centroid. sure is false where weight or place hang on
// the last digit, or the centroid lies outside.
func (k townCell) piece(r region) (milli int64, x, y float64, sure bool) {
	in := r.intersection(regionOf(k.box))
	fields := in.fields()
	if len(fields) == 0 {
		return 0, 0, 0, true
	}
	var mm2, plane, mx, my int64 // area on the earth; on the lattice, and its moments doubled
	bands := map[[2]int]int{}    // south, north → width
	for _, b := range fields {
		mm2 += measure.AreaMM2(b.polygon())
		a := int64((b[2] - b[0]) * (b[3] - b[1]))
		plane, mx, my = plane+a, mx+a*int64(b[0]+b[2]), my+a*int64(b[1]+b[3])
		bands[[2]int{b[1], b[3]}] += b[2] - b[0]
	}
	x, y = float64(mx)/float64(2*plane), float64(my)/float64(2*plane)
	sure = in.holds(x, y)
	for _, side := range in.border() { // clear of the border, so that it does not matter how the program finds the centroid
		sure = sure && wayTo(side, fineLatticePoint(x, y)) > 10
	}
	num, den := mm2, measure.AreaMM2(k.box.polygon())
	wide, alike := -1, true
	for _, w := range bands {
		alike = alike && (wide < 0 || w == wide)
		wide = w
	}
	full := 0
	for b := range bands {
		full += b[1] - b[0]
	}
	exact := alike && full == k.box[3]-k.box[1]
	if exact { // a band of full height: its part of the area is its part of the width
		num, den = int64(wide), int64(k.box[2]-k.box[0])
	}
	twice := new(big.Int).Mul(big.NewInt(2*k.people), big.NewInt(num))
	q, rest := new(big.Int).QuoRem(twice.Add(twice, big.NewInt(den)), big.NewInt(2*den), new(big.Int))
	from := new(big.Rat).SetFrac(rest, big.NewInt(2*den)) // the fraction beyond the rounding: 0 or 1 is a tie
	f, _ := from.Float64()
	return q.Int64(), x, y, sure && (exact || (f > 1e-4 && f < 1-1e-4))
}

// plain tells whether all that is asked of a cell is clear: in every neighborhood and in every union of some of them.
func (c *town) plain(k townCell) bool {
	for set := 1; set < 1<<len(c.units); set++ {
		var parts []box
		for i := range c.units {
			if set>>i&1 == 1 {
				parts = append(parts, c.units[i].parts...)
			}
		}
		milli, x, y, sure := k.piece(regionOf(parts...))
		if !sure {
			return false
		}
		if milli == 0 {
			continue
		}
		p := fineLatticePoint(x, y)
		for _, limit := range c.limit {
			for i := range c.clinics {
				if d := wayTo(c.clinics[i].shape(), p) - limit; d > -5 && d < 5 {
					return false
				}
			}
			for s := range c.surveys { // surveys of a service are made of these boxes' sides
				for _, b := range c.surveys[s].parts {
					for _, side := range regionOf(b).border() {
						if d := wayTo(side, p) - limit; d > -5 && d < 5 {
							return false
						}
					}
				}
			}
		}
	}
	return true
}

// layers makes the layers that an import would make.
func (c *town) layers() []*coverage.Layer {
	l := &coverage.Layer{Info: coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: coverage.RoleNeighborhoods, Name: "units"}, Level: "community"}}
	streets, districts := coverage.ParentColumn{Level: "street"}, coverage.ParentColumn{Level: "district"}
	for i := range c.units {
		u := &c.units[i]
		l.IDs, l.Kinds, l.Shapes = append(l.IDs, u.id), append(l.Kinds, u.kind), append(l.Shapes, u.shape())
		streets.Parents = append(streets.Parents, u.streets)
		districts.Parents = append(districts.Parents, strings.Fields(u.district))
	}
	l.Parents = []coverage.ParentColumn{districts, streets}
	l.Sort()
	out := []*coverage.Layer{seal(l)}
	for k := range 2 {
		l := &coverage.Layer{Info: coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: coverage.RoleDemand, Name: fmt.Sprint("homes", k)}}, Shapes: []orb.Geometry{}}
		people, households := coverage.Measure{Name: "population"}, coverage.Measure{Name: "households"}
		for _, h := range c.homes {
			if h.layer == k {
				l.IDs, l.Shapes = append(l.IDs, h.id), append(l.Shapes, latticePoint(h.x, h.y))
				people.Values, households.Values = append(people.Values, h.people), append(households.Values, h.households)
			}
		}
		if k == 1 {
			for _, x := range c.cells {
				l.IDs, l.Shapes = append(l.IDs, x.id), append(l.Shapes, x.box.polygon())
				people.Values, households.Values = append(people.Values, x.people), append(households.Values, coverage.Unknown)
			}
		}
		if l.Measures = append(l.Measures, people); !c.noHouses {
			l.Measures = append(l.Measures, households)
		}
		l.Sort()
		out = append(out, seal(l))
	}
	for k, services := range layerServices {
		if !c.listed[k] {
			continue
		}
		l := &coverage.Layer{Info: coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: coverage.RoleFacilities, Service: strings.Join(services, ","), Name: fmt.Sprint("sites", k)},
			Services: services}, Shapes: []orb.Geometry{}, AreaMM2: []int64{}}
		for _, s := range services {
			survey := coverage.Survey{Service: s, Kind: c.surveys[k].kind}
			if survey.Kind == coverage.SurveyPolygon {
				survey.Area = boxes(c.surveys[k].parts)
			}
			l.Info.Surveys = append(l.Info.Surveys, survey)
		}
		for i := range c.clinics {
			if s := &c.clinics[i]; s.layer == k {
				l.IDs, l.Shapes, l.Services = append(l.IDs, s.id), append(l.Shapes, s.shape()), append(l.Services, []string{s.service})
				l.Status, l.Opened, l.Closed, l.AreaMM2 = append(l.Status, s.status), append(l.Opened, s.opened), append(l.Closed, s.closed), append(l.AreaMM2, s.areaMM2)
			}
		}
		l.Sort()
		out = append(out, seal(l))
	}
	return out
}

// townRule is a requirement of a town's catalog, as the second count reads it.
type townRule struct {
	id, denominator, yaml string
	any                   []townOption
	per                   string // of a count
	line                  int    // 10⁻⁶
	weight                int64  // 10⁻⁶
	mandatory             bool
	kinds                 []string
}

type townOption struct {
	service  string
	limit    int32 // 0: none on this basis
	min, max int64 // m², 0: any size
}

// rules are the requirements that every town is judged by.
func (c *town) rules() []townRule {
	radius := func(k int) string { return fmt.Sprintf("limit: {radius_m: %d.%03d}", c.limit[k]/1000, c.limit[k]%1000) }
	line := func(k int) string { return fmt.Sprintf("pass_line: %d.%06d", c.line[k]/1_000_000, c.line[k]%1_000_000) }
	return []townRule{
		{"people", "population", "service: clinic, " + radius(0) + ", mandatory: true, " + line(0), []townOption{{"clinic", c.limit[0], 0, 0}}, "", c.line[0], 1_000_000, true, nil},
		{"houses", "households", "service: clinic_station, " + radius(1) + ", weight: 2.5, denominator: households, " + line(1), []townOption{{"clinic_station", c.limit[1], 0, 0}}, "", c.line[1], 2_500_000, false, nil},
		{"either", "population", fmt.Sprintf("any_of: [{service: pharmacy, %s}, {service: clinic_center, %s}], weight: 0.3, %s", radius(2), radius(0), line(1)),
			[]townOption{{"pharmacy", c.limit[2], 0, 0}, {"clinic_center", c.limit[0], 0, 0}}, "", c.line[1], 300_000, false, nil},
		{"paths", "population", fmt.Sprintf("any_of: [{service: pharmacy, %s}, {service: clinic, limit: {path_m: 300}}, {service: gym, %s}], %s", radius(1), radius(0), line(0)),
			[]townOption{{"pharmacy", c.limit[1], 0, 0}, {"clinic", 0, 0, 0}, {"gym", c.limit[0], 0, 0}}, "", c.line[0], 1_000_000, false, nil},
		{"sized", "population", "service: clinic, min_area_m2: 100, max_area_m2: 500, " + radius(1) + ", " + line(0), []townOption{{"clinic", c.limit[1], 100, 500}}, "", c.line[0], 1_000_000, false, nil},
		{"dwellers", "population", "service: pharmacy, applies_to: [居住型], " + radius(0) + ", " + line(0), []townOption{{"pharmacy", c.limit[0], 0, 0}}, "", c.line[0], 1_000_000, true, []string{"居住型"}},
		{"per-unit", "count", fmt.Sprintf("count: {service: clinic, min: %d, per: unit}", c.min), []townOption{{"clinic", 1, 0, 0}}, "unit", 1_000_000, 1_000_000, false, nil},
		{"per-street", "count", fmt.Sprintf("count: {service: pharmacy, min: %d, per: street}, mandatory: true", c.min), []townOption{{"pharmacy", 1, 0, 0}}, "street", 1_000_000, 1_000_000, true, nil},
	}
}

func (c *town) catalog() string {
	var b strings.Builder
	b.WriteString("denominator: population\nrequirements:\n")
	for _, r := range c.rules() {
		fmt.Fprintf(&b, "  - {id: %s, tier: \"15\", %s}\n", r.id, r.yaml)
	}
	return b.String()
}

func (c *town) judge(t tester) *coverage.Run {
	t.Helper()
	return assess(t, book(t, c.catalog()), c.params, c.layers()...)
}

package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"lifecircle/coverage"
	"lifecircle/geo/measure"
)

var (
	clinics = Options{Role: coverage.RoleFacilities, Services: []string{"clinic"}}
	people  = Options{Role: coverage.RoleDemand}
	units   = Options{Role: coverage.RoleNeighborhoods}
)

// What happens to single rows: each reason by name, with the row that it hits.
func TestBuildRows(t *testing.T) {
	const (
		good    = `"geometry":{"type":"Point","coordinates":[106.5,29.5]},"properties":{"population":1}`
		polygon = `"geometry":{"type":"Polygon","coordinates":[[[106,29],[106.01,29],[106.01,29.01],[106,29.01],[106,29]]]},"properties":{"population":1}`
	)
	with := func(o Options, f func(*Options)) Options { f(&o); return o }
	for _, c := range []struct {
		name     string
		o        Options
		features []string
		want     string
		rows     int
	}{
		{"used", people, []string{good}, "", 1},
		{"reader's refusal", people, []string{good, `"geometry":null,"properties":{}`}, "2 refused null_geometry", 1},
		{"reader's repair", units, []string{`"geometry":{"type":"Polygon","coordinates":[[[106,29],[106.01,29],[106.01,29.01],[106,29.01]]]},"properties":{}`},
			"1 repaired ring_closed", 1},
		{"point as a neighborhood", units, []string{polygon, good}, "2 refused geometry_kind", 1},
		{"point as land", Options{Role: coverage.RoleLand}, []string{polygon, good}, "2 refused geometry_kind", 1},
		{"line as a facility", clinics, []string{good, `"geometry":{"type":"LineString","coordinates":[[106,29],[107,29]]},"properties":{}`}, "2 refused geometry_kind", 1},
		{"several points in one", clinics, []string{good, `"geometry":{"type":"MultiPoint","coordinates":[[106,29],[107,29]]},"properties":{}`}, "2 refused geometry_kind", 1},
		{"multipoint of one", clinics, []string{`"geometry":{"type":"MultiPoint","coordinates":[[106,29]]},"properties":{}`}, "1 repaired multipoint_single", 1},
		{"polygon in a network", Options{Role: coverage.RoleNetwork}, []string{`"geometry":{"type":"LineString","coordinates":[[106,29],[107,29]]},"properties":{}`, polygon},
			"2 refused geometry_kind", 1},
		{"several lines in one are kept", Options{Role: coverage.RoleNetwork}, []string{`"geometry":{"type":"MultiLineString","coordinates":[[[106,29],[107,29]],[[108,29],[109,29]]]},"properties":{}`}, "", 1},
		{"polygon under 1 mm²", units, []string{polygon, `"geometry":{"type":"Polygon","coordinates":[[[106,29],[106.000000001,29],[106.000000001,29.000000001],[106,29]]]},"properties":{}`},
			"2 refused zero_area", 1},
		{"equal features with one id", people, []string{point(`"a"`, 1, 2, `"population":1`), point(`"a"`, 1, 2, `"population":1.0`)}, "2 repaired duplicate_equal", 1},
		{"different features with one id", people, []string{point(`"a"`, 1, 2, `"population":1`), point(`"b"`, 1, 2, `"population":1`), point(`"a"`, 1, 2, `"population":2`), point(`"a"`, 1, 2, `"population":1`)},
			"1 refused duplicate_id; 3 refused duplicate_id; 4 refused duplicate_id", 1},
		{"the number 1 and the text 1", people, []string{point(`1`, 1, 2, `"population":1`), point(`"1"`, 1, 2, `"population":1`)}, "2 repaired duplicate_equal", 1},
		{"equal features without ids are several", people, []string{point("", 1, 2, `"population":1`), point("", 1, 2, `"population":1`)}, "", 2},
		{"a refused row takes no id", people, []string{point(`"a"`, 1, 2, `"population":1`), point(`"a"`, 1, 2, `"population":-1`)}, "2 refused bad_measure", 1},
		{"id column without a value", with(people, func(o *Options) { o.IDField = "code" }),
			[]string{point("", 1, 2, `"population":1,"code":"x"`), point("", 1, 2, `"population":1`), point("", 1, 2, `"population":1,"code":""`), point("", 1, 2, `"population":1,"code":true`)},
			"2 refused missing_id; 3 refused missing_id; 4 refused bad_id", 1},
		{"negative people", people, []string{good, point("", 1, 2, `"population":-3`)}, "2 refused bad_measure", 1},
		{"people in words", people, []string{good, point("", 1, 2, `"population":"many"`)}, "2 refused bad_measure", 1},
		{"thousands separator", people, []string{good, point("", 1, 2, `"population":"1,200"`)}, "2 refused bad_measure", 1},
		{"too many people", people, []string{good, point("", 1, 2, `"population":1e300`)}, "2 refused bad_measure", 1},
		{"missing measure is no finding of its row", people, []string{good, point("", 1, 2, `"population":null`), point("", 1, 2, ``)}, "", 3},
		{"negative capacity", with(clinics, func(o *Options) { o.CapacityField = "beds" }), []string{point("", 1, 2, `"beds":3`), point("", 1, 2, `"beds":-3`)}, "2 refused bad_capacity", 1},
		{"bad area", with(clinics, func(o *Options) { o.AreaField = "m2" }), []string{point("", 1, 2, `"m2":3`), point("", 1, 2, `"m2":"wide"`)}, "2 refused bad_area", 1},
		{"bad date", with(clinics, func(o *Options) { o.OpenedField = "since" }), []string{point("", 1, 2, `"since":2020`), point("", 1, 2, `"since":"soon"`)}, "2 refused bad_date", 1},
		{"closed before opened", with(clinics, func(o *Options) { o.OpenedField, o.ClosedField = "a", "b" }),
			[]string{point("", 1, 2, `"a":2020,"b":2020`), point("", 1, 2, `"a":"2020-02-01","b":"2019"`)}, "2 refused bad_date", 1},
		{"unknown service", Options{Role: coverage.RoleFacilities, ServiceField: "s"}, []string{point("", 1, 2, `"s":"charger"`), point("", 1, 2, `"s":"kindergardn"`), point("", 1, 2, `"s":""`)},
			"2 refused unknown_service; 3 refused missing_service", 1},
		{"bad parent", with(units, func(o *Options) { o.Parents = []ParentSpec{{"street", "st"}} }),
			[]string{square("", 1, 2, 0.1, `"st":"x"`), square("", 2, 2, 0.1, `"st":{"a":1}`)}, "2 refused bad_parent", 1},
		{"bad floors", Options{Role: coverage.RoleBuildings, FloorsField: "fl"}, []string{square("", 1, 2, 0.001, `"fl":3`), square("", 2, 2, 0.001, `"fl":2000`)}, "2 refused bad_floors", 1},
		{"repaired, then merged", units, []string{square(`"a"`, 106, 29, 0.5, ``), `"id":"a","geometry":{"type":"Polygon","coordinates":[[[106,29],[106.5,29],[106.5,29.5],[106,29.5]]]},"properties":{}`},
			"2 repaired duplicate_equal", 1},
		{"rings begun elsewhere are equal", units, []string{square(`"a"`, 106, 29, 0.5, ``), `"id":"a","geometry":{"type":"Polygon","coordinates":[[[106.5,29.5],[106.5,29],[106,29],[106,29.5],[106.5,29.5]]]},"properties":{}`},
			"2 repaired duplicate_equal", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, rep := mustBuild(t, collection(c.features...), c.o)
			if got := reasons(rep); got != c.want {
				t.Errorf("rows %q, want %q\n%+v", got, c.want, rep.Rows)
			}
			if l.Len() != c.rows {
				t.Errorf("%d rows in the layer, want %d", l.Len(), c.rows)
			}
		})
	}
}

// A refusal that does not name the column leaves the planner searching.
func TestRowTexts(t *testing.T) {
	o := Options{Role: coverage.RoleFacilities, ServiceField: "类别", CapacityField: "床位"}
	_, rep := mustBuild(t, collection(
		point(`"x"`, 1, 2, `"类别":"clinic","床位":"1,200"`), point(`"y"`, 1, 2, `"类别":"clinik","床位":1`), point(`"z"`, 1, 2, `"类别":"clinic","床位":1`)), o)
	for i, want := range []string{"床位: \"1,200\" has a thousands separator", "类别: there is no service \"clinik\"; did you mean clinic?"} {
		if !strings.Contains(rep.Rows[i].Text, want) {
			t.Errorf("row %d says %q, want %q", i+1, rep.Rows[i].Text, want)
		}
	}
	if rep.Rows[0].ID != "x" || rep.Rows[0].Line != 1 || rep.Rows[1].Line != 2 {
		t.Errorf("rows do not say which they are: %+v", rep.Rows)
	}
}

// Files that are refused as a whole: the code, the words a planner needs, and that the report comes back.
func TestBuildRefusals(t *testing.T) {
	with := func(o Options, f func(*Options)) Options { f(&o); return o }
	one := collection(point(`"a"`, 1, 2, `"population":1,"人口":2`))
	for _, c := range []struct {
		name, text string
		o          Options
		code       coverage.Code
		says       string
	}{
		{"broken at the end", one[:len(one)-1], people, coverage.Refused, "line 1"},
		{"broken after the end", one + "x", people, coverage.Refused, "line 1"},
		{"empty", "", people, coverage.Refused, ""},
		{"white space", " \n", people, coverage.Refused, ""},
		{"JSON, but not GeoJSON", `{"a":1}`, people, coverage.Refused, "type"},
		{"no row usable", collection(`"geometry":null,"properties":{"population":1}`, `"geometry":null,"properties":{}`), people, coverage.Refused, "none of 2 features is usable; 2 of them: null_geometry"},
		{"no such measure", one, with(people, func(o *Options) { o.Measures = []MeasureSpec{{"population", "pop"}} }), coverage.Refused, "pop: no row has this column; the file's columns: population, 人口"},
		{"no population", collection(point(`"a"`, 1, 2, `"人口":2`)), people, coverage.Refused, "--measure population=COLUMN"},
		{"no such id column", one, with(people, func(o *Options) { o.IDField = "code" }), coverage.Refused, "code: no row has this column"},
		{"no such name column", one, with(people, func(o *Options) { o.NameField = "label" }), coverage.Refused, "label: no row has this column"},
		{"unknown crs in the file", `{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::27700"}},"features":[]}`, people, coverage.Refused, "27700"},
		{"degrees, and a plane behind the features", strings.TrimSuffix(one, "}") + `,"crs":{"type":"name","properties":{"name":"EPSG:4547"}}}`, people, coverage.Refused, "degrees"},
		{"Xian 1980", one, with(people, func(o *Options) { o.CRS = "EPSG:4610" }), coverage.Refused, "--accept-error METRES"},
		{"Beijing 1954 with too little", one, with(people, func(o *Options) { o.CRS, o.AcceptError = "EPSG:4214", 5 }), coverage.Refused, "too little"},
		{"unknown crs", one, with(people, func(o *Options) { o.CRS = "EPSG:27700" }), coverage.Refused, "27700"},
		{"auto without a project", collection(point(`"a"`, 106, 29, `"population":1`)), with(people, func(o *Options) { o.CRS = "auto" }), coverage.Refused, "no layer to compare with"},
		{"too large", one, with(people, func(o *Options) { o.MaxBytes = 10 }), coverage.Refused, "larger than the limit"},
		{"no service", one, Options{Role: coverage.RoleFacilities}, coverage.Invalid, "--service"},
		{"misspelt service", one, Options{Role: coverage.RoleFacilities, Services: []string{"kindergarden"}}, coverage.Invalid, "did you mean kindergarten?"},
		{"service for demand", one, with(people, func(o *Options) { o.Services = []string{"clinic"} }), coverage.Invalid, "service"},
		{"complete for land", one, Options{Role: coverage.RoleLand, Complete: &Complete{Everywhere: true}}, coverage.Invalid, "complete"},
		{"no such role", one, Options{Role: "streets"}, coverage.Invalid, "role"},
		{"replace and append", one, with(people, func(o *Options) { o.Replace, o.Append = true, true }), coverage.Invalid, "append"},
		{"measure twice", one, with(people, func(o *Options) { o.Measures = []MeasureSpec{{"a", "population"}, {"a", "人口"}} }), coverage.Invalid, "twice"},
		{"measure called land", one, with(people, func(o *Options) { o.Measures = []MeasureSpec{{"land", "population"}} }), coverage.Invalid, "land"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, rep, err := Build(context.Background(), testServices(t), "dir/people.geojson", strings.NewReader(c.text), c.o, nil)
			if l != nil || coverage.CodeOf(err) != c.code {
				t.Fatalf("layer %v, error %v; want code %s", l, err, c.code)
			}
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("%q does not say %q", err, c.says)
			}
			if c.code == coverage.Refused {
				if rep == nil {
					t.Fatal("no report beside the refusal")
				}
				checkSums(t, rep, nil)
				if !strings.Contains(err.Error(), "people.geojson") || strings.Contains(err.Error(), "dir/") {
					t.Errorf("%q does not name the file by its base name", err)
				}
				var e *coverage.Error
				if errors.As(err, &e); e.Text.Zh == "" {
					t.Error("no Chinese text")
				}
			}
		})
	}
}

func TestIDsAndNames(t *testing.T) {
	l, _ := mustBuild(t, collection(
		point(`"f"`, 1, 1, `"population":1,"id":"p","name":"甲","名称":"乙"`),
		point(`1.0`, 1, 2, `"population":1,"名称":" 丙 "`),
		point("", 1, 3, `"population":1,"id":7,"name":null,"名称":"丁"`),
		point("", 1, 4, `"population":1,"id":"0012"`)), people)
	if diff := cmp.Diff([]string{"0012", "1", "7", "f"}, l.IDs); diff != "" {
		t.Error("ids: feature id, then property id, as text:", diff)
	}
	if diff := cmp.Diff([]string{"", " 丙 ", "丁", "甲"}, l.Names); diff != "" {
		t.Error("names are name, then 名称, unchanged:", diff)
	}
	o := people
	o.IDField, o.NameField = "code", "label"
	l, _ = mustBuild(t, collection(point(`"f"`, 1, 1, `"population":1,"code":12345678901234567890,"label":"x","name":"y"`)), o)
	if l.IDs[0] != "12345678901234567890" || l.Names[0] != "x" {
		t.Errorf("id %q, name %q", l.IDs[0], l.Names[0])
	}
}

func TestFacilities(t *testing.T) {
	o := Options{
		Role: coverage.RoleFacilities, Services: []string{"charger", "诊所,clinic"}[:1], Complete: &Complete{Everywhere: true},
		StatusField: "状态", CapacityField: "cap", AreaField: "m2", OpenedField: "o", ClosedField: "c", Attribution: "© OpenStreetMap contributors",
	}
	l, rep := mustBuild(t, collection(
		point(`"a"`, 1, 1, `"状态":"在建","cap":"12.5","m2":0.0000015,"o":"2020","c":"2024年5月"`),
		point(`"b"`, 1, 2, `"状态":"半开放"`),
		square(`"c"`, 1, 3, 0.001, `"状态":"半开放","m2":null,"cap":0`)), o)
	if diff := cmp.Diff([]string{"ev_charger"}, l.Info.Services); diff != "" || l.Info.Service != "ev_charger" {
		t.Error("an alias stands for its key:", diff)
	}
	if s := l.Info.Survey("ev_charger"); s.Kind != coverage.SurveyEverywhere {
		t.Errorf("survey %+v", s)
	}
	if diff := cmp.Diff([]coverage.Status{coverage.StatusConstruction, coverage.StatusUnknown, coverage.StatusUnknown}, l.Status); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int64{12500, coverage.Unknown, 0}, l.Capacity); diff != "" {
		t.Error(diff)
	}
	if l.AreaMM2[0] != 2 || l.AreaMM2[1] != coverage.Unknown || l.AreaMM2[2] != measure.AreaMM2(l.Geometry(2)) {
		t.Errorf("areas %v: the column, rounded half-up, else the polygon's own", l.AreaMM2)
	}
	if l.Opened[0] != "2020-01-01" || l.Closed[0] != "2024-05-31" || l.Opened[1] != "" {
		t.Errorf("dates %q %q", l.Opened, l.Closed)
	}
	if l.Shapes == nil || l.Points != nil || l.Geometry(0) != orb.Geometry(orb.Point{1, 1}) {
		t.Errorf("mixed geometries stand in Shapes: %v %v", l.Points, l.Shapes)
	}
	if got := warnings(rep); got != "unknown_status date_rounded" {
		t.Errorf("warnings %q", got)
	}
	if !strings.Contains(rep.Warnings[0].Text, `"半开放" × 2`) {
		t.Errorf("the warning does not name the word: %s", rep.Warnings[0].Text)
	}
}

func TestServiceField(t *testing.T) {
	o := Options{Role: coverage.RoleFacilities, ServiceField: "s"}
	l, rep := mustBuild(t, collection(point(`"a"`, 1, 1, `"s":"clinic、幼儿园"`), point(`"b"`, 1, 2, `"s":["charger","clinic"]`)), o)
	if diff := cmp.Diff([][]string{{"clinic", "kindergarten"}, {"clinic", "ev_charger"}}, l.Services); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"clinic", "ev_charger", "kindergarten"}, rep.Services); diff != "" || l.Info.Service != "" {
		t.Error("the key must not change with the content:", diff, l.Info.Service)
	}
}

func TestEmptyLayerListsItsService(t *testing.T) {
	l, rep := mustBuild(t, collection(), Options{Role: coverage.RoleFacilities, Services: []string{"ev_charger"}, CapacityField: "cap", Complete: &Complete{Everywhere: true}})
	if l.Len() != 0 || rep.Read != 0 || rep.BBox != nil || l.Info.Survey("ev_charger").Kind != coverage.SurveyEverywhere {
		t.Errorf("an empty collection is a layer like any other: %+v %+v", l.Info, rep)
	}
}

func TestParkPoints(t *testing.T) {
	o := Options{Role: coverage.RoleFacilities, Services: []string{"park"}}
	if _, rep := mustBuild(t, collection(point("", 1, 1, ``)), o); warnings(rep) != "park_points" {
		t.Errorf("warnings %q", warnings(rep))
	}
	if _, rep := mustBuild(t, collection(square("", 1, 1, 0.1, ``)), o); warnings(rep) != "" {
		t.Errorf("warnings %q", warnings(rep))
	}
	o = Options{Role: coverage.RoleFacilities, ServiceField: "s"}
	if _, rep := mustBuild(t, collection(point("", 1, 1, `"s":"park"`), point("", 1, 2, `"s":"clinic"`), square("", 1, 3, 0.1, `"s":"clinic"`)), o); warnings(rep) != "park_points" || !strings.Contains(rep.Warnings[0].Text, "all 1 parks") {
		t.Errorf("warnings %+v", rep.Warnings)
	}
}

func TestMeasures(t *testing.T) {
	o := people
	o.Modelled = true
	o.Measures = []MeasureSpec{{"population:60+", "old"}, {"population", "人口"}}
	l, rep := mustBuild(t, collection(point(`"a"`, 1, 1, `"人口":"12.3456","old":null`), point(`"b"`, 1, 2, `"人口":7,"old":1`)), o)
	want := []coverage.Measure{
		{Name: "population", Modelled: true, Values: []int64{12346, 7000}},
		{Name: "population:60+", Modelled: true, Values: []int64{coverage.Unknown, 1000}},
	}
	if diff := cmp.Diff(want, l.Measures); diff != "" {
		t.Error(diff)
	}
	if warnings(rep) != "missing_measure" || !strings.Contains(rep.Warnings[0].Text, "1 rows have no population:60+") {
		t.Errorf("warnings %+v", rep.Warnings)
	}
}

func TestNeighborhoods(t *testing.T) {
	o := units
	o.Parents = []ParentSpec{{"ward", "w"}}
	o.KindField = "k"
	l, _ := mustBuild(t, collection(
		square(`"500103001001"`, 106, 29, 0.01, `"w":["b","a"],"k":"居住型"`),
		square(`"x"`, 107, 29, 0.01, `"w":3`)), o)
	want := []coverage.ParentColumn{
		{Level: "district", Parents: [][]string{{"500103"}, nil}},
		{Level: "street", Parents: [][]string{{"500103001"}, nil}},
		{Level: "ward", Parents: [][]string{{"a", "b"}, {"3"}}},
	}
	if diff := cmp.Diff(want, l.Parents); diff != "" {
		t.Error("street and district come from the 12-digit code:", diff)
	}
	if l.Info.Level != "community" || l.Kinds[0] != "居住型" {
		t.Errorf("level %q, kinds %q", l.Info.Level, l.Kinds)
	}

	o.Parents = []ParentSpec{{"street", "w"}}
	l, _ = mustBuild(t, collection(square(`"500103001001"`, 106, 29, 0.01, `"w":"朝天门","k":null`)), o)
	want = []coverage.ParentColumn{{Level: "district", Parents: [][]string{{"500103"}}}, {Level: "street", Parents: [][]string{{"朝天门"}}}}
	if diff := cmp.Diff(want, l.Parents); diff != "" {
		t.Error("a column that is given goes before the code:", diff)
	}

	l, _ = mustBuild(t, collection(square(`"x"`, 106, 29, 0.01, ``)), units)
	if l.Parents != nil {
		t.Errorf("no parents are known, yet %v", l.Parents)
	}
}

// People in an overlap count twice: the planner must hear of it, and must not hear of neighborhoods that only touch.
func TestOverlaps(t *testing.T) {
	polygon := func(id string, ring ...[2]float64) string {
		var b []string
		for _, p := range append(ring, ring[0]) {
			b = append(b, fmt.Sprintf("[%g,%g]", p[0], p[1]))
		}
		return fmt.Sprintf(`"id":%q,"geometry":{"type":"Polygon","coordinates":[[%s]]},"properties":{}`, id, strings.Join(b, ","))
	}
	for _, c := range []struct {
		name     string
		features []string
		want     string // pairs
	}{
		{"side by side", []string{square(`"a"`, 106, 29, 0.5, ``), square(`"b"`, 106.5, 29, 0.5, ``)}, ""},
		{"corner to corner", []string{square(`"a"`, 106, 29, 0.5, ``), square(`"b"`, 106.5, 29.5, 0.5, ``)}, ""},
		{"half a side shared", []string{square(`"a"`, 106, 29, 0.5, ``), square(`"b"`, 106.5, 29.25, 0.5, ``)}, ""},
		{"apart", []string{square(`"a"`, 106, 29, 0.5, ``), square(`"b"`, 108, 29, 0.5, ``)}, ""},
		{"overlapping", []string{square(`"a"`, 106, 29, 0.5, ``), square(`"b"`, 106.25, 29.25, 0.5, ``)}, "a/b"},
		{"the same twice", []string{square(`"a"`, 106, 29, 0.5, ``), square(`"b"`, 106, 29, 0.5, ``)}, "a/b"},
		{"one inside the other", []string{square(`"a"`, 106, 29, 0.5, ``), square(`"b"`, 106.125, 29.125, 0.125, ``)}, "a/b"},
		{"diamond with its corners on the sides", []string{square(`"a"`, 106, 29, 0.5, ``),
			polygon("b", [2]float64{106.25, 29}, [2]float64{106.5, 29.25}, [2]float64{106.25, 29.5}, [2]float64{106, 29.25})}, "a/b"},
		{"a cross", []string{polygon("a", [2]float64{106, 29.2}, [2]float64{107, 29.2}, [2]float64{107, 29.3}, [2]float64{106, 29.3}),
			polygon("b", [2]float64{106.4, 29}, [2]float64{106.5, 29}, [2]float64{106.5, 30}, [2]float64{106.4, 30})}, "a/b"},
		{"in a hole", []string{`"id":"a","geometry":{"type":"Polygon","coordinates":[[[106,29],[107,29],[107,30],[106,30],[106,29]],[[106.25,29.25],[106.25,29.75],[106.75,29.75],[106.75,29.25],[106.25,29.25]]]},"properties":{}`,
			square(`"b"`, 106.25, 29.25, 0.5, ``)}, ""},
		{"half a square metre", []string{square(`"a"`, 106, 29, 0.5, ``), square(`"b"`, 106.5-0.000000000005, 29, 0.5, ``)}, ""},
		{"largest first", []string{square(`"a"`, 106, 29, 0.5, ``), square(`"b"`, 106.46875, 29, 0.5, ``), square(`"c"`, 106.75, 29, 0.5, ``)}, "b/c, a/b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, rep := mustBuild(t, collection(c.features...), units)
			pairs, unmeasured := overlaps(l)
			var got []string
			for _, p := range pairs {
				got = append(got, l.IDs[p.a]+"/"+l.IDs[p.b])
			}
			if strings.Join(got, ", ") != c.want || unmeasured != 0 {
				t.Errorf("pairs %v (%d unmeasured), want %q", got, unmeasured, c.want)
			}
			if (warnings(rep) == "overlap") != (c.want != "") {
				t.Errorf("warnings %+v", rep.Warnings)
			}
		})
	}
}

func TestBuildings(t *testing.T) {
	o := Options{Role: coverage.RoleBuildings, AreaField: "m2", FloorAreaField: "fa", FloorsField: "fl"}
	l, _ := mustBuild(t, collection(
		point(`"a"`, 1, 1, `"m2":100.5,"fl":"6"`),
		point(`"b"`, 1, 2, `"m2":100,"fa":250,"fl":6`),
		point(`"c"`, 1, 3, `"fl":6`),
		square(`"d"`, 1, 4, 0.001, `"fl":1.5`)), o)
	footprint := measure.AreaMM2(l.Geometry(3))
	if diff := cmp.Diff([]int64{603_000_000, 250_000_000, coverage.Unknown, (footprint*3 + 1) / 2}, l.FloorMM2); diff != "" {
		t.Error("floor area is its column, else footprint × floors:", diff)
	}
	if diff := cmp.Diff([]int64{100_500_000, 100_000_000, coverage.Unknown, footprint}, l.AreaMM2); diff != "" {
		t.Error(diff)
	}
}

func TestCRS(t *testing.T) {
	one := collection(point(`"a"`, 106, 29, `"population":1`))
	for _, c := range []struct{ name, text, option, crs, by, warns string }{
		{"by the format", one, "", "EPSG:4326", "format", ""},
		{"by the option", one, "CRS84", "EPSG:4326", "option", ""},
		{"CGCS2000", one, "EPSG:4490", "EPSG:4490", "option", "cgcs2000"},
		{"by the file", `{"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:OGC:1.3:CRS84"}},` + one[1:], "", "EPSG:4326", "file", ""},
		{"CGCS2000 by the file", `{"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::4490"}},` + one[1:], "", "EPSG:4490", "file", "cgcs2000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := people
			o.CRS = c.option
			l, rep := mustBuild(t, c.text, o)
			if rep.CRS != c.crs || rep.CRSKnownBy != c.by || warnings(rep) != c.warns || l.Info.CRS != c.crs {
				t.Errorf("crs %s known by %s, warnings %q", rep.CRS, rep.CRSKnownBy, warnings(rep))
			}
		})
	}
}

func TestAttributes(t *testing.T) {
	o := Options{Role: coverage.RoleAttributes, JoinField: "code", Measures: []MeasureSpec{{"population", "人口"}}}
	build := func(t *testing.T, text string) (*coverage.Layer, *coverage.ImportReport, error) {
		t.Helper()
		return Build(context.Background(), testServices(t), "counts.csv", strings.NewReader(text), withTables(o), nil)
	}
	t.Run("rows", func(t *testing.T) {
		l, rep, err := build(t, "\ufeffcode,name,人口\r\n0012,\"甲,乙\",12.5\r\n0013,丙,\r\n0014,丁,-1\r\n,戊,1\r\n0015,x\r\n0016,y,1,2\r\n0012,\"甲,乙\",12.5\r\n0017,a,1\r\n0017,b,1\r\n")
		if err != nil {
			t.Fatal(err)
		}
		checkSums(t, rep, l)
		want := "3 refused bad_measure; 4 refused missing_id; 5 refused cell_count; 6 refused cell_count; 7 repaired duplicate_equal; 8 refused duplicate_id; 9 refused duplicate_id"
		if got := reasons(rep); got != want {
			t.Errorf("rows %s\nwant %s", got, want)
		}
		if diff := cmp.Diff([]string{"0012", "0013"}, l.IDs); diff != "" {
			t.Error("codes keep their zeros:", diff)
		}
		if l.Names[0] != "甲,乙" || l.Measures[0].Values[0] != 12500 || l.Measures[0].Values[1] != coverage.Unknown || l.Points != nil || l.Shapes != nil {
			t.Errorf("%+v", l)
		}
		if rep.Format != "csv" || rep.CRS != "" || rep.Rows[0].Line != 4 {
			t.Errorf("report %+v", rep)
		}
		if l.Properties[1] != `{"code":"0013","name":"丙","人口":null}` {
			t.Errorf("properties %s", l.Properties[1])
		}
	})
	for _, c := range []struct{ name, text, says string }{
		{"JSON", `{"type":"FeatureCollection"}`, "JSON"},
		{"no such column", "id,人口\n1,2\n", "code: no row has this column; the file's columns: id, 人口"},
		{"no such column and no row", "id,人口\n", "code: no row has this column"},
		{"no row usable", "code,人口\n1,x\n", "none of 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, rep, err := build(t, c.text)
			if l != nil || coverage.CodeOf(err) != coverage.Refused || !strings.Contains(err.Error(), c.says) || rep == nil {
				t.Errorf("error %v, want a refusal that says %q", err, c.says)
			}
		})
	}
	t.Run("header only", func(t *testing.T) {
		l, rep, err := build(t, "code,人口\n")
		if err != nil || l.Len() != 0 || rep.Read != 0 {
			t.Errorf("%v %+v", err, rep)
		}
	})
	if _, _, err := Build(context.Background(), testServices(t), "x.csv", strings.NewReader("a,b\n"), withTables(Options{Role: coverage.RoleAttributes, JoinField: "a"}), nil); coverage.CodeOf(err) != coverage.Invalid {
		t.Errorf("a table without a measure: %v", err)
	}
}

func TestReadArea(t *testing.T) {
	area, err := ReadArea(strings.NewReader(collection(square("", 1, 1, 1, ``), square("", 1.5, 1, 1, ``))), "area.geojson")
	if err != nil || len(area) != 1 || area.Bound() != (orb.Bound{Min: orb.Point{1, 1}, Max: orb.Point{2.5, 2}}) {
		t.Errorf("union %v, %v", area, err)
	}
	l, _ := mustBuild(t, collection(point("", 1, 1, ``)), Options{Role: coverage.RoleFacilities, Services: []string{"clinic"}, Complete: &Complete{Area: area, Source: "area.geojson"}})
	if s := l.Info.Survey("clinic"); s.Kind != coverage.SurveyPolygon || !orb.Equal(s.Area, area) {
		t.Errorf("survey %+v", s)
	}
	for name, text := range map[string]string{
		"point": collection(point("", 1, 1, ``)), "bad part": collection(square("", 1, 1, 1, ``), `"geometry":null,"properties":{}`),
		"empty": collection(), "broken": "{", "unknown CRS": `{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"EPSG:27700"}},"features":[]}`,
	} {
		if _, err := ReadArea(strings.NewReader(text), "area.geojson"); coverage.CodeOf(err) != coverage.Refused {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Law: the same features in any order, with their members in any order and their rings begun anywhere, are the same layer.
func TestOrderChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(t, "features")
		type item struct {
			id, lon, lat int
			props        []string
			polygon      bool
		}
		items := make([]item, n)
		for i := range items {
			items[i] = item{
				id: rapid.IntRange(0, 4).Draw(t, "id"), lon: rapid.IntRange(0, 2).Draw(t, "lon"), lat: rapid.IntRange(0, 2).Draw(t, "lat"),
				props:   []string{fmt.Sprintf(`"population":%d`, rapid.IntRange(-1, 2).Draw(t, "people")), `"name":"甲"`, `"x":[1.0,{"b":1,"a":2}]`},
				polygon: rapid.Bool().Draw(t, "polygon"),
			}
		}
		write := func(rng *rand.Rand) string {
			order := rng.Perm(n)
			var features []string
			for _, i := range order {
				it := items[i]
				props := slices.Clone(it.props)
				rng.Shuffle(len(props), func(a, b int) { props[a], props[b] = props[b], props[a] })
				id := ""
				if it.id > 0 {
					id = fmt.Sprintf(`"%d"`, it.id)
				}
				if !it.polygon {
					features = append(features, point(id, float64(it.lon), float64(it.lat), strings.Join(props, ",")))
					continue
				}
				ring := [][2]int{{it.lon, it.lat}, {it.lon + 1, it.lat}, {it.lon + 1, it.lat + 1}, {it.lon, it.lat + 1}}
				start := rng.Intn(4)
				if rng.Intn(2) == 0 {
					slices.Reverse(ring)
				}
				var b []string
				for k := range 5 {
					p := ring[(start+k)%4]
					b = append(b, fmt.Sprintf("[%d.0,%d]", p[0], p[1]))
				}
				features = append(features, withID(id)+`"properties":{`+strings.Join(props, ",")+`},"geometry":{"coordinates":[[`+strings.Join(b, ",")+`]],"type":"Polygon"}`)
			}
			return collection(features...)
		}
		rng := rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed")))
		services := testServices(t)
		first, rep, err := Build(context.Background(), services, "p.geojson", strings.NewReader(write(rng)), people, nil)
		checkSums(t, rep, first)
		for range 3 {
			again, rep2, err2 := Build(context.Background(), services, "p.geojson", strings.NewReader(write(rng)), people, nil)
			if (err == nil) != (err2 == nil) || rep.Used != rep2.Used || rep.Repaired != rep2.Repaired || rep.Refused != rep2.Refused {
				t.Fatalf("%v %v: %+v %+v", err, err2, rep, rep2)
			}
			if err != nil {
				continue
			}
			if diff := cmp.Diff(first, again); diff != "" {
				t.Fatalf("another order is another layer: %s", diff)
			}
		}
	})
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := Build(ctx, testServices(t), "p.geojson", strings.NewReader(collection()), people, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// A disk that fails is nobody's bad file.
func TestReadError(t *testing.T) {
	broken := io.MultiReader(strings.NewReader(`{"type":"FeatureCollection","features":[`), failing{})
	_, _, err := Build(context.Background(), testServices(t), "p.geojson", broken, people, nil)
	if !errors.Is(err, errDisk) || coverage.CodeOf(err) != coverage.Internal {
		t.Errorf("error %v of code %s", err, coverage.CodeOf(err))
	}
}

var errDisk = errors.New("the disk is gone")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errDisk }

// Neighborhoods whose ids and names stand in columns of other names come in under hashes: the report must say so, and
// which columns there are.
func TestNeighborhoodsWithoutIDsOrNames(t *testing.T) {
	const file = `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"ADMINCODE":"500103","NAME":"渝中区"},
"geometry":{"type":"Polygon","coordinates":[[[106,29],[106.1,29],[106.1,29.1],[106,29.1],[106,29]]]}}]}`
	for _, c := range []struct {
		name string
		o    Options
		want []string
	}{
		{"neither", Options{Role: coverage.RoleNeighborhoods}, []string{"hashed_ids", "no_names"}},
		{"both named", Options{Role: coverage.RoleNeighborhoods, IDField: "ADMINCODE", NameField: "NAME"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, rep, err := Build(context.Background(), nil, "districts.geojson", strings.NewReader(file), c.o, nil)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, w := range rep.Warnings {
				got = append(got, w.Code)
				if !strings.Contains(w.Text, "ADMINCODE, NAME") {
					t.Errorf("%s does not name the columns", w.Text)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("warnings %v, want %v", got, c.want)
			}
		})
	}
}

package intake

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lifecircle/coverage"
)

func importText(t *testing.T, st coverage.Store, file, text string, o Options) (*coverage.ImportReport, error) {
	t.Helper()
	rep, err := Import(context.Background(), st, testServices(t), file, strings.NewReader(text), o, nil)
	if rep != nil {
		checkSums(t, rep, nil)
	}
	return rep, err
}

func mustImport(t *testing.T, st coverage.Store, file, text string, o Options) *coverage.ImportReport {
	t.Helper()
	rep, err := importText(t, st, file, text, o)
	if err != nil {
		t.Fatalf("import %s: %v", file, err)
	}
	return rep
}

var (
	threeClinics = collection(point(`"a"`, 106, 29, `"beds":1`), point(`"b"`, 106.1, 29, `"beds":2`), `"id":"c","geometry":null,"properties":{}`)
	moreClinics  = collection(point(`"b"`, 106.1, 29, `"beds":2`), point(`"a"`, 106, 29, `"beds":9`), point(`"d"`, 106.3, 29, `"beds":4`))
)

func TestImportTwice(t *testing.T) {
	st := newMemoryStore()
	first := mustImport(t, st, "clinics.geojson", threeClinics, clinics)
	if first.Version != 1 || first.Unchanged || first.Hash != st.current[0].Hash || st.current[0].Name != "clinics" || first.SHA256 == "" {
		t.Fatalf("%+v", first)
	}
	again := mustImport(t, st, "clinics.geojson", threeClinics, clinics)
	want := *first
	want.Unchanged = true
	if diff := cmp.Diff(&want, again); diff != "" {
		t.Error("the stored report, unchanged:", diff)
	}
	if st.saves != 1 {
		t.Errorf("%d saves: the same content again writes nothing", st.saves)
	}
	// the same rows, but a file that lost none: its own report
	other := mustImport(t, st, "clinics.geojson", collection(point(`"b"`, 106.1, 29, `"beds":2`), point(`"a"`, 106, 29, `"beds":1`)), clinics)
	if !other.Unchanged || other.Refused != 0 || other.Read != 2 || st.saves != 1 {
		t.Errorf("%+v", other)
	}
	// replace makes no difference then
	if rep := mustImport(t, st, "clinics.geojson", threeClinics, Options{Role: coverage.RoleFacilities, Services: clinics.Services, Replace: true}); !rep.Unchanged || st.saves != 1 {
		t.Errorf("%+v", rep)
	}
}

func TestOtherContent(t *testing.T) {
	st := newMemoryStore()
	mustImport(t, st, "clinics.geojson", threeClinics, clinics)
	rep, err := importText(t, st, "clinics.geojson", moreClinics, clinics)
	if coverage.CodeOf(err) != coverage.Conflict || !strings.Contains(err.Error(), "--replace") || rep == nil || st.saves != 1 {
		t.Fatalf("%v %+v", err, rep)
	}
	o := clinics
	o.Replace = true
	if rep := mustImport(t, st, "clinics.geojson", moreClinics, o); rep.Version != 2 || st.current[0].Rows != 3 || len(st.packed) != 2 {
		t.Errorf("%+v", rep)
	}
	// another name, another role or another service is another layer
	for _, o := range []Options{
		{Role: coverage.RoleFacilities, Services: []string{"clinic"}, Name: "new"},
		{Role: coverage.RoleFacilities, Services: []string{"kindergarten"}},
		{Role: coverage.RoleDemand, Measures: []MeasureSpec{{"population", "beds"}}},
	} {
		if rep := mustImport(t, st, "clinics.geojson", threeClinics, o); rep.Version != 1 {
			t.Errorf("%+v", rep)
		}
	}
}

func TestAppend(t *testing.T) {
	st := newMemoryStore()
	o := clinics
	o.Append, o.CapacityField = true, "beds"
	mustImport(t, st, "clinics.geojson", threeClinics, clinics) // without capacity
	rep := mustImport(t, st, "more.geojson", moreClinics, Options{Role: o.Role, Services: o.Services, Name: "clinics", Append: true, CapacityField: "beds"})
	if got, want := reasons(rep), "1 repaired duplicate_equal; 2 refused duplicate_id"; got != want {
		t.Errorf("rows %s, want %s", got, want)
	}
	l, err := st.Layer(context.Background(), rep.Hash)
	if err != nil {
		t.Fatal(err)
	}
	checkColumns(t, l)
	if diff := cmp.Diff([]string{"a", "b", "d"}, l.IDs); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int64{coverage.Unknown, coverage.Unknown, 4000}, l.Capacity); diff != "" {
		t.Error("what the old rows did not say is unknown:", diff)
	}
	if rep.Version != 2 || l.Info.Source != "clinics.geojson, more.geojson" {
		t.Errorf("version %d, source %q", rep.Version, l.Info.Source)
	}
	again := mustImport(t, st, "more.geojson", moreClinics, Options{Role: o.Role, Services: o.Services, Name: "clinics", Append: true})
	if !again.Unchanged || st.saves != 2 || reasons(again) != "1 repaired duplicate_equal; 2 refused duplicate_id; 3 repaired duplicate_equal" {
		t.Errorf("appending the same again: %+v", again)
	}
	_, err = importText(t, st, "more.geojson", collection(point(`"a"`, 106, 29, `"beds":9`)), Options{Role: o.Role, Services: o.Services, Name: "clinics", Append: true})
	if coverage.CodeOf(err) != coverage.Refused {
		t.Errorf("none usable: %v", err)
	}
}

func TestAppendMixed(t *testing.T) {
	st := newMemoryStore()
	mustImport(t, st, "u.geojson", collection(square(`"a"`, 106, 29, 0.5, `"p":1,"w":"x"`)),
		Options{Role: coverage.RoleNeighborhoods, Parents: []ParentSpec{{"ward", "w"}}, Measures: []MeasureSpec{{"population", "p"}}})
	rep := mustImport(t, st, "u.geojson", collection(square(`"500103001001"`, 106.25, 29, 0.5, `"p":2,"w":null,"h":3`)),
		Options{Role: coverage.RoleNeighborhoods, Append: true, Measures: []MeasureSpec{{"population", "p"}, {"households", "h"}}})
	l, err := st.Layer(context.Background(), rep.Hash)
	if err != nil {
		t.Fatal(err)
	}
	checkColumns(t, l)
	want := []coverage.Measure{{Name: "households", Values: []int64{3000, coverage.Unknown}}, {Name: "population", Values: []int64{2000, 1000}}}
	if diff := cmp.Diff(want, l.Measures); diff != "" {
		t.Error(diff)
	}
	var levels []string
	for _, p := range l.Parents {
		levels = append(levels, p.Level)
	}
	if diff := cmp.Diff([]string{"district", "street", "ward"}, levels); diff != "" {
		t.Error(diff)
	}
	if warnings(rep) != "no_names overlap" {
		t.Errorf("the new unit overlaps an old one: warnings %q", warnings(rep))
	}

	mustImport(t, st, "d.geojson", collection(point(`"a"`, 106, 29, `"population":1`)), people)
	o := people
	o.Append = true
	rep = mustImport(t, st, "d.geojson", collection(square(`"b"`, 106, 29, 0.5, `"population":1`)), o)
	if l, err = st.Layer(context.Background(), rep.Hash); err != nil || len(l.Shapes) != 2 {
		t.Errorf("points and cells in one layer: %v %v", l, err)
	}
	checkColumns(t, l)
}

func TestDeclarationsStay(t *testing.T) {
	st := newMemoryStore()
	area, err := ReadArea(strings.NewReader(collection(square("", 106, 29, 1, ``))), "area.geojson")
	if err != nil {
		t.Fatal(err)
	}
	full := Options{
		Role: coverage.RoleFacilities, Services: []string{"clinic"}, CapacityField: "beds", Attribution: "bureau", Derived: "by hand",
		Complete: &Complete{Area: area, Source: "area.geojson"},
	}
	first := mustImport(t, st, "clinics.geojson", threeClinics, full)

	rep := mustImport(t, st, "clinics.geojson", threeClinics, Options{Role: coverage.RoleFacilities})
	if !rep.Unchanged || rep.Hash != first.Hash {
		t.Errorf("options left out keep what was declared, also the service: %+v", rep)
	}
	rep = mustImport(t, st, "clinics.geojson", moreClinics, Options{Role: coverage.RoleFacilities, Replace: true})
	info := st.current[0]
	if rep.Version != 2 || info.Attribution != "bureau" || info.Derived != "by hand" || info.Survey("clinic").Kind != coverage.SurveyPolygon || info.Declared["complete"] != "area.geojson" {
		t.Errorf("%+v", info)
	}
	l, _ := st.Layer(context.Background(), rep.Hash)
	if diff := cmp.Diff([]int64{9000, 2000, 4000}, l.Capacity); diff != "" {
		t.Error("capacity-field stays declared:", diff)
	}

	// a new declaration on the same content is a new version, without --replace
	rep = mustImport(t, st, "clinics.geojson", moreClinics, Options{Role: coverage.RoleFacilities, Complete: &Complete{Everywhere: true}})
	if rep.Version != 3 || st.current[0].Survey("clinic").Kind != coverage.SurveyEverywhere {
		t.Errorf("%+v", rep)
	}
	rep = mustImport(t, st, "clinics.geojson", moreClinics, Options{Role: coverage.RoleFacilities, Complete: &Complete{Unknown: true}})
	if rep.Version != 4 || st.current[0].Survey("clinic").Kind != coverage.SurveyUnknown {
		t.Errorf("%+v", rep)
	}

	// a file without the declared column is not read as if nothing was said
	without := collection(point(`"a"`, 106, 29, ``))
	if _, err := importText(t, st, "clinics.geojson", without, Options{Role: coverage.RoleFacilities, Replace: true}); coverage.CodeOf(err) != coverage.Refused || !strings.Contains(err.Error(), "declared it with --capacity-field") {
		t.Errorf("error %v", err)
	}
	rep = mustImport(t, st, "clinics.geojson", without, Options{Role: coverage.RoleFacilities, Replace: true, CapacityField: "-"})
	if _, still := st.current[0].Declared["capacity-field"]; still || rep.Version != 5 {
		t.Errorf("a withdrawn declaration: %+v", st.current[0])
	}

	// two layers of one name: which is meant?
	mustImport(t, st, "clinics.geojson", threeClinics, Options{Role: coverage.RoleFacilities, Services: []string{"kindergarten"}})
	if _, err := importText(t, st, "clinics.geojson", moreClinics, Options{Role: coverage.RoleFacilities}); coverage.CodeOf(err) != coverage.Invalid || !strings.Contains(err.Error(), "kindergarten") {
		t.Errorf("error %v", err)
	}
}

func TestMeasureDeclarationsStay(t *testing.T) {
	st := newMemoryStore()
	o := people
	o.Modelled = true
	o.Measures = []MeasureSpec{{"population:60+", "old=er"}, {"population", "p"}}
	text := collection(point(`"a"`, 106, 29, `"p":1,"old=er":2`))
	first := mustImport(t, st, "people.geojson", text, o)
	if rep := mustImport(t, st, "people.geojson", text, people); !rep.Unchanged || rep.Hash != first.Hash {
		t.Errorf("%+v", rep)
	}
	o.Measures = o.Measures[1:]
	if rep := mustImport(t, st, "people.geojson", text, o); rep.Unchanged || rep.Version != 2 {
		t.Errorf("fewer measures of the same file: %+v", rep)
	}
}

func TestRefusedImportWritesNothing(t *testing.T) {
	st := newMemoryStore()
	for name, text := range map[string]string{"broken": threeClinics[:40], "none usable": collection(`"geometry":null,"properties":{}`)} {
		rep, err := importText(t, st, "clinics.geojson", text, clinics)
		if coverage.CodeOf(err) != coverage.Refused || rep == nil || st.saves != 0 {
			t.Errorf("%s: %v, %d saves", name, err, st.saves)
		}
	}
}

func TestUnmatchedAttributes(t *testing.T) {
	st := newMemoryStore()
	o := withTables(Options{Role: coverage.RoleAttributes, JoinField: "code", Measures: []MeasureSpec{{"population", "人口"}}})
	mustImport(t, st, "units.geojson", collection(square(`"0012"`, 106, 29, 0.1, ``)), units)
	rep := mustImport(t, st, "counts.csv", "code,人口\n0012,5\n12,6\n", o)
	if warnings(rep) != "unmatched" || !strings.Contains(rep.Warnings[0].Text, "1 of 2 ids") || rep.Used != 2 || st.current[1].Rows != 2 {
		t.Errorf("%+v", rep)
	}
}

func TestFarAway(t *testing.T) {
	st := newMemoryStore()
	mustImport(t, st, "units.geojson", collection(square(`"u"`, 106.5, 29.5, 0.1, ``)), units)
	for _, c := range []struct {
		name, says string
		lon, lat   float64
	}{
		{"here", "", 106.55, 29.55},
		{"in the next province", "", 104, 31},
		{"in Athens", "km from the neighborhoods", 23.7, 37.9},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := clinics
			o.Name = c.name
			rep := mustImport(t, st, "c.geojson", collection(point("", c.lon, c.lat, ``)), o)
			if (warnings(rep) == "far_away") != (c.says != "") {
				t.Fatalf("warnings %+v", rep.Warnings)
			}
			if c.says != "" && !strings.Contains(rep.Warnings[0].Text, c.says) {
				t.Errorf("%q", rep.Warnings[0].Text)
			}
		})
	}

	st = newMemoryStore() // where both numbers are latitudes, only a warning can tell
	mustImport(t, st, "units.geojson", collection(square(`"u"`, 23.7, 37.9, 0.1, ``)), units)
	if rep := mustImport(t, st, "c.geojson", collection(point("", 80, 10, ``)), clinics); warnings(rep) != "far_away" || strings.Contains(rep.Warnings[0].Text, "swapped") {
		t.Errorf("%+v", rep.Warnings)
	}
	st = newMemoryStore()
	mustImport(t, st, "c.geojson", collection(point("", 10, 60, ``)), clinics)
	if rep := mustImport(t, st, "units.geojson", collection(square(`"u"`, 60, 10, 0.1, ``)), units); warnings(rep) != "far_away" || !strings.Contains(rep.Warnings[0].Text, "swapped") {
		t.Errorf("%+v", rep.Warnings)
	}
}

// Another program's edits are other content: an import must not undo them unasked.
func TestImportOverEdits(t *testing.T) {
	st := newMemoryStore()
	mustImport(t, st, "clinics.geojson", threeClinics, clinics)
	st.current[0].Changed = true
	st.onRefresh = func() {
		l, err := st.Layer(context.Background(), st.current[0].Hash)
		if err != nil {
			t.Fatal(err)
		}
		l.Points[0][0] += 0.01
		l.Info.Hash = l.ComputeHash()
		l.Info.Version, l.Info.Changed = 2, false
		st.packed[l.Info.Hash] = l.Pack()
		st.current[0] = l.Info
	}
	if _, err := importText(t, st, "clinics.geojson", threeClinics, clinics); coverage.CodeOf(err) != coverage.Conflict || st.refreshed != 1 {
		t.Errorf("error %v, %d refreshed", err, st.refreshed)
	}
	o := clinics
	o.Replace = true
	if rep := mustImport(t, st, "clinics.geojson", threeClinics, o); rep.Version != 3 || rep.Unchanged {
		t.Errorf("%+v", rep)
	}
}

package intake

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/geo/geojson"
	"lifecircle/geo/measure"
)

const osmLike = `
id: tags
lifecycle: true
separators: ;
details: {opened: [start_date], closed: [end_date], capacity: [capacity, beds], status: [状态], hours: [opening_hours], shared: [shared_use], area_m2: [area_m2]}
group_by: [amenity, leisure]
detects: [clinic, kindergarten, park, pocket_park, ev_charger]
rules:
  - {id: clinic, service: clinic, when: {amenity: [clinic, doctors]}}
  - {id: clinic-station, service: clinic_station, when: {amenity: clinic}, name: {accept: [卫生服务站], reject: [宠物]}}
  - {id: kindergarten, service: kindergarten, when: {amenity: kindergarten}}
  - {id: charger, service: ev_charger, when: {amenity: charging_station}, unless: {access: ["private", "n*"]}}
  - {id: park, service: park, when: {leisure: [park, playground]}, min_area_m2: 5000}
  - {id: pocket-park, service: pocket_park, when: {leisure: [park, playground]}, max_area_m2: 5000}
`

func testMapper(tb tester, src string) *Mapper {
	tb.Helper()
	m, _, err := catalog.ParseMapping([]byte(src), "m.yaml", testServices(tb))
	if err != nil {
		tb.Fatal(err)
	}
	return NewMapper(m)
}

// props reads "k=v" pairs as properties.
func tagged(tb tester, pairs ...string) geojson.Properties {
	tb.Helper()
	var p geojson.Properties
	for _, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		p = append(p, geojson.Property{Key: key, Value: geojson.Value{Kind: geojson.String, Text: value}})
	}
	slices.SortFunc(p, func(a, b geojson.Property) int { return strings.Compare(a.Key, b.Key) })
	return p
}

// plot is a square of about so many square metres at the equator, of exactly areaMM2.
func plot(side float64) orb.Polygon {
	d := side / 111_194.9
	return orb.Polygon{{{0, 0}, {d, 0}, {d, d}, {0, d}, {0, 0}}}
}

// A feature that goes to the wrong service, or to none, is a gap on the map or a facility that is not there.
func TestMapperServices(t *testing.T) {
	m := testMapper(t, osmLike)
	point := orb.Point{1, 2}
	for _, c := range []struct {
		name  string
		props []string
		g     orb.Geometry
		want  string
	}{
		{"one rule", []string{"amenity=doctors"}, point, "clinic"},
		{"two rules", []string{"amenity=clinic", "name=渝中区社区卫生服务站"}, point, "clinic clinic_station"},
		{"keyword in brackets is a branch", []string{"amenity=clinic", "name=医院（卫生服务站）"}, point, "clinic"},
		{"rejected even in brackets", []string{"amenity=clinic", "name=卫生服务站(宠物)"}, point, "clinic"},
		{"several values", []string{"amenity=kindergarten; clinic"}, point, "clinic kindergarten"},
		{"part of a value is none", []string{"amenity=clinics"}, point, ""},
		{"healthcare alone", []string{"healthcare=clinic"}, point, ""},
		{"unless holds", []string{"amenity=charging_station", "access=private"}, point, ""},
		{"unless by prefix", []string{"amenity=charging_station", "access=no"}, point, ""},
		{"unless does not hold", []string{"amenity=charging_station", "access=customers"}, point, "ev_charger"},
		{"park by size", []string{"leisure=park"}, plot(80), "park"},
		{"pocket park by size", []string{"leisure=park"}, plot(60), "pocket_park"},
		{"pocket park without size", []string{"leisure=playground"}, point, "pocket_park"},
		{"park by a column of areas", []string{"leisure=park", "area_m2=5000"}, point, "park"},
		{"a polygon's own area goes before a column", []string{"leisure=park", "area_m2=9000"}, plot(60), "pocket_park"},
		{"garden", []string{"leisure=garden"}, plot(80), ""},
		{"nothing", nil, point, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := m.Apply(tagged(t, c.props...), c.g)
			if s := strings.Join(got.Services, " "); s != c.want {
				t.Errorf("services %q, want %q", s, c.want)
			}
		})
	}
}

// 5,000 m² is a park to the last square millimetre, and nothing falls between park and pocket park.
func TestMapperParkBorder(t *testing.T) {
	m := testMapper(t, osmLike)
	rapid.Check(t, func(t *rapid.T) {
		g := plot(rapid.Float64Range(69, 72.5).Draw(t, "side"))
		want := "pocket_park"
		if measure.AreaMM2(g) >= 5_000_000_000 {
			want = "park"
		}
		if got := m.Apply(tagged(t, "leisure=park"), g).Services; !slices.Equal(got, []string{want}) {
			t.Fatalf("%d mm² is %v", measure.AreaMM2(g), got)
		}
	})
	for cell, want := range map[string]string{"5000": "park", "4999.999999": "pocket_park", "4999.9999996": "park"} {
		if got := m.Apply(tagged(t, "leisure=park", "area_m2="+cell), orb.Point{}).Services; !slices.Equal(got, []string{want}) {
			t.Errorf("%s m² is %v", cell, got)
		}
	}
}

// A clinic that is being built or was given up does not serve anybody.
func TestMapperLifecycle(t *testing.T) {
	m := testMapper(t, osmLike)
	for _, c := range []struct {
		props    []string
		services string
		status   coverage.Status
	}{
		{[]string{"amenity=clinic"}, "clinic", coverage.StatusExisting},
		{[]string{"construction:amenity=clinic"}, "clinic", coverage.StatusConstruction},
		{[]string{"amenity=construction", "construction=clinic"}, "clinic", coverage.StatusConstruction},
		{[]string{"proposed:amenity=clinic"}, "clinic", coverage.StatusPlanned},
		{[]string{"planned:leisure=park", "disused:amenity=clinic"}, "pocket_park", coverage.StatusPlanned},
		{[]string{"disused:amenity=clinic"}, "clinic", coverage.StatusClosed},
		{[]string{"was:amenity=clinic", "shop=yes"}, "clinic", coverage.StatusClosed},
		{[]string{"amenity=clinic", "disused=yes"}, "clinic", coverage.StatusClosed},
		{[]string{"amenity=clinic", "disused:amenity=kindergarten"}, "clinic", coverage.StatusExisting},
		{[]string{"amenity=clinic", "disused:shop=yes"}, "clinic", coverage.StatusExisting},
		{[]string{"disused:amenity=bench"}, "", coverage.StatusUnknown},
		{[]string{"note:amenity=clinic"}, "", coverage.StatusUnknown},
		{[]string{"amenity=clinic", "状态=规划"}, "clinic", coverage.StatusPlanned},
	} {
		got := m.Apply(tagged(t, c.props...), orb.Point{})
		if strings.Join(got.Services, " ") != c.services || got.Status != c.status {
			t.Errorf("%v: %v %v, want %s %v", c.props, got.Services, got.Status, c.services, c.status)
		}
	}
}

// What else a tag says is read where it can be read, and noted where it cannot; the facility stays.
func TestMapperDetails(t *testing.T) {
	m := testMapper(t, osmLike)
	got := m.Apply(tagged(t, "amenity=clinic", "start_date=2019-05", "end_date=C21", "capacity=many", "beds=20.5", "opening_hours= Mo-Fr 08:00-17:30 ",
		"shared_use=yes", "状态=装修"), orb.Point{})
	var codes []string
	for _, f := range got.Unread {
		codes = append(codes, f.Code)
	}
	got.Unread, got.Rules = nil, nil
	want := Match{Services: []string{"clinic"}, Status: coverage.StatusExisting, StatusWord: "装修", Opened: "2019-05-01", Rounded: true, Capacity: 20_500,
		AreaMM2: coverage.Unknown, Hours: "Mo-Fr 08:00-17:30", Shared: "yes"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"unread_date", "unread_capacity"}, codes); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := m.Apply(tagged(t, "amenity=clinic", "start_date=2020", "end_date=2019"), orb.Point{}); got.Opened != "" || got.Closed != "" || len(got.Unread) != 1 {
		t.Errorf("closed before it opened: %+v", got)
	}
}

// Codes lose their zeros in spreadsheets, come as numbers, and several to a cell.
func TestMapperCodes(t *testing.T) {
	m := testMapper(t, `
id: codes
separators: "|"
columns: {typecode: {names: [typecode, 编码], digits: 6}, name: [名称]}
group_by: [typecode]
detects: [ev_charger, kindergarten]
rules:
  - {id: charger, service: ev_charger, when: {typecode: "0111*"}, unless: {typecode: "011103"}}
  - {id: kindergarten, service: kindergarten, when: {typecode: 141204}, name: {reject: [集团]}}
`)
	number := func(text string) geojson.Properties {
		return geojson.Properties{{Key: "typecode", Value: geojson.Value{Kind: geojson.Number, Text: text}}}
	}
	for _, c := range []struct {
		props geojson.Properties
		want  string
	}{
		{tagged(t, "typecode=011100"), "ev_charger"},
		{tagged(t, "typecode=11100"), "ev_charger"},
		{number("11100"), "ev_charger"},
		{tagged(t, "编码=11101"), "ev_charger"},
		{tagged(t, "typecode=[]", "编码=11101"), "ev_charger"},
		{tagged(t, "typecode=11103"), ""},
		{tagged(t, "typecode=141204|11100"), "ev_charger kindergarten"},
		{tagged(t, "typecode=141204", "名称=某某集团幼儿园"), ""},
		{tagged(t, "typecode=14120"), ""},
		{tagged(t, "typecode=|"), ""},
	} {
		if got := m.Apply(c.props, orb.Point{}); strings.Join(got.Services, " ") != c.want {
			t.Errorf("%v: %v, want %s", c.props, got.Services, c.want)
		}
	}
}

// A reader that leaves out what the mapping does not concern loses no facility.
func TestMapperConcerns(t *testing.T) {
	m := testMapper(t, strings.Replace(osmLike, "[amenity, leisure]", "[leisure]", 1))
	if m.Concerns("amenity", "bench") || !m.Concerns("leisure", "garden") || !m.Concerns("disused:amenity", "clinic") || !m.Concerns("amenity", "bench;clinic") {
		t.Error("only what rules look for concerns a mapping, and what it groups by")
	}
	keys := []string{"amenity", "leisure", "name", "construction:amenity", "disused:leisure", "construction", "access", "shop", "note:amenity"}
	values := []string{"clinic", "park", "construction", "kindergarten", "yes"}
	rapid.Check(t, func(t *rapid.T) {
		var pairs []string
		concerned := false
		for _, key := range keys {
			if rapid.Bool().Draw(t, key) {
				value := rapid.SampledFrom(values).Draw(t, "value")
				pairs = append(pairs, key+"="+value)
				concerned = concerned || m.Concerns(key, value)
			}
		}
		if got := m.Apply(tagged(t, pairs...), orb.Point{}); len(got.Services) > 0 && !concerned {
			t.Fatalf("%v gives %v", pairs, got.Services)
		}
	})
}

// An import by a mapping keeps what a rule takes, counts the rest, and lists what it could have found.
func TestImportByMapping(t *testing.T) {
	text := collection(
		point(`"a"`, 1, 2, `"amenity":"clinic","name":"A","capacity":"3"`),
		point(`"b"`, 1, 3, `"amenity":"clinic;kindergarten","start_date":"~1950"`),
		point(`"c"`, 1, 4, `"amenity":"bench"`),
		point(`"d"`, 1, 5, `"amenity":"bench"`),
		point(`"e"`, 1, 6, `"note":"nothing"`),
		point(`"f"`, 1, 7, `"disused:amenity":"clinic"`),
		withID(`"g"`)+`"geometry":{"type":"LineString","coordinates":[[0,0],[1,1]]},"properties":{"leisure":"park"}`,
		withID(`"h"`)+`"geometry":null,"properties":{"leisure":"garden"}`,
	)
	o := Options{Role: coverage.RoleFacilities, Mapping: testMapper(t, osmLike)}
	l, rep := mustBuild(t, text, o)
	checkSums(t, rep, l)
	if diff := cmp.Diff([]string{"a", "b", "f"}, l.IDs); diff != "" {
		t.Errorf("rows (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([][]string{{"clinic"}, {"clinic", "kindergarten"}, {"clinic"}}, l.Services); diff != "" {
		t.Errorf("services (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]coverage.Status{coverage.StatusExisting, coverage.StatusExisting, coverage.StatusClosed}, l.Status); diff != "" {
		t.Errorf("status (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]int64{3000, coverage.Unknown, coverage.Unknown}, l.Capacity); diff != "" || l.Opened != nil || l.AreaMM2 != nil {
		t.Errorf("capacity (-want +got)\n%s\nopened %v, area %v", diff, l.Opened, l.AreaMM2)
	}
	if diff := cmp.Diff([]string{"clinic", "ev_charger", "kindergarten", "park", "pocket_park"}, l.Info.Services); diff != "" {
		t.Errorf("services that the layer lists (-want +got)\n%s", diff)
	}
	if rep.Read != 4 || reasons(rep) != "2 repaired unread_date; 7 refused geometry_kind" {
		t.Errorf("read %d, refused %d, rows %s", rep.Read, rep.Refused, reasons(rep))
	}
	want := &coverage.MappingReport{
		Mapping: "tags", Hash: o.Mapping.Mapping().Hash(), Detects: []string{"clinic", "kindergarten", "park", "pocket_park", "ev_charger"}, Features: 8, Mapped: 4, Unmapped: 4,
		Rules: []coverage.MappingCount{{Rule: "clinic", Services: []string{"clinic"}, Features: 3}, {Rule: "clinic-station", Services: []string{"clinic_station"}},
			{Rule: "kindergarten", Services: []string{"kindergarten"}, Features: 1}, {Rule: "charger", Services: []string{"ev_charger"}},
			{Rule: "park", Services: []string{"park"}}, {Rule: "pocket-park", Services: []string{"pocket_park"}, Features: 1}},
		Groups: []coverage.MappingGroup{{Group: "amenity=bench", Features: 2}, {Group: "-", Features: 1}, {Group: "leisure=garden", Features: 1}},
	}
	if diff := cmp.Diff(want, rep.Mapping); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if l.Info.Declared["mapping"] != "tags" || l.Info.Declared["mapping-hash"] != o.Mapping.Mapping().Hash() {
		t.Errorf("declared %v", l.Info.Declared)
	}
}

// A year later somebody asks by which rules the clinics were found: report and layer name the very mapping, and an edit of its file is told.
func TestMappingIsKept(t *testing.T) {
	st := newMemoryStore()
	own := func(src string) *Mapper { return NewOwnMapper(testMapper(t, src).Mapping(), "rules/街道 2026.yaml") }
	src := collection(point(`"a"`, 106.5, 29.5, `"amenity":"doctors"`), point(`"b"`, 106.6, 29.5, `"amenity":"clinic"`))
	o := Options{Role: coverage.RoleFacilities, Name: "pois", Mapping: own(osmLike)}
	rep := mustImport(t, st, "pois.geojson", src, o)
	hash := o.Mapping.Mapping().Hash()
	if len(hash) != 64 || rep.Mapping.Hash != hash || rep.Mapping.File != "街道 2026.yaml" || rep.Mapping.Mapping != "tags" {
		t.Errorf("%+v", rep.Mapping)
	}
	o.Mapping = own("# a comment\n" + strings.Replace(osmLike, "{amenity: [clinic, doctors]}", "{ amenity: [ clinic, doctors ] }", 1))
	if rep := mustImport(t, st, "pois.geojson", src, o); !rep.Unchanged || warnings(rep) != "" {
		t.Errorf("a comment: %+v", rep)
	}
	o.Mapping, o.Replace = own(strings.Replace(osmLike, "[clinic, doctors]", "[clinic]", 1)), true
	rep = mustImport(t, st, "pois.geojson", src, o)
	if rep.Unchanged || rep.Used != 1 || warnings(rep) != "mapping_changed" || rep.Mapping.Hash == hash || !strings.Contains(rep.Warnings[0].TextZh, hash[:12]) {
		t.Errorf("another rule: %+v", rep)
	}
	if infos, _ := st.Layers(t.Context()); infos[0].Declared["mapping-hash"] != rep.Mapping.Hash {
		t.Errorf("declared %v", infos[0].Declared)
	}
	if rep := mustImport(t, st, "pois.geojson", src, o); !rep.Unchanged || rep.Version != 2 {
		t.Errorf("once more: %+v", rep)
	}
}

func TestMappingOptions(t *testing.T) {
	m := testMapper(t, osmLike)
	for name, o := range map[string]Options{
		"with a service": {Role: coverage.RoleFacilities, Mapping: m, Services: []string{"clinic"}},
		"with a column":  {Role: coverage.RoleFacilities, Mapping: m, ServiceField: "s"},
		"other role":     {Role: coverage.RoleLand, Mapping: m},
	} {
		if _, _, err := Build(context.Background(), testServices(t), "f.geojson", strings.NewReader(collection()), o, nil); coverage.CodeOf(err) != coverage.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Many kinds of unmapped features cost bounded memory, and their number is still right.
func TestMappingTallyBounds(t *testing.T) {
	tally := testMapper(t, osmLike).NewTally()
	for i := range maxGroups + 500 {
		tally.Add(tagged(t, fmt.Sprintf("amenity=x%05d", i)), &Match{})
	}
	r := tally.Report()
	if len(tally.groups) != maxGroups || len(r.Groups) != listedGroups || r.Unmapped != maxGroups+500 || r.More != r.Unmapped-listedGroups {
		t.Errorf("%d groups, listed %d, unmapped %d, more %d", len(tally.groups), len(r.Groups), r.Unmapped, r.More)
	}
}

// Real points of interest are counted as another program counts them.
func TestRealCategories(t *testing.T) {
	m := testMapper(t, osmLike)
	f := sharedFile(t, "las_palmas/derived/pois.geojson")
	_, rep, err := Build(context.Background(), testServices(t), "pois.geojson", f, Options{Role: coverage.RoleFacilities, Mapping: m}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, r := range rep.Mapping.Rules {
		got[r.Rule] = r.Features
	}
	// counted in the file with Python's json module
	want := map[string]int{"clinic": 116, "clinic-station": 0, "kindergarten": 23, "charger": 5, "park": 55, "pocket-park": 412 - 55}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("features by rule (-want +got)\n%s", diff)
	}
	if rep.Mapping.Features != 2314 || rep.Mapping.Mapped != rep.Read {
		t.Errorf("%d features, %d mapped, %d read", rep.Mapping.Features, rep.Mapping.Mapped, rep.Read)
	}
}

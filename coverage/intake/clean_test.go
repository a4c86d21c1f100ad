package intake

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/geo/measure"
)

// shape is a feature with a polygon's rings, in thousandths of a degree from 106.5, 29.5.
func shape(id, kind, coordinates string) string {
	return withID(`"`+id+`"`) + `"geometry":{"type":"` + kind + `","coordinates":` + coordinates + `},"properties":{}`
}

const (
	bowTie    = `[[[106.50,29.50],[106.51,29.51],[106.51,29.50],[106.50,29.51],[106.50,29.50]]]`
	plainRing = `[[106.50,29.50],[106.51,29.50],[106.51,29.51],[106.50,29.51],[106.50,29.50]]`
)

var landOptions = Options{Role: coverage.RoleLand, Name: "land"}

// A polygon with a mistake in it is land all the same, and the report says what became of it.
func TestShapesAreMended(t *testing.T) {
	cases := []struct {
		name, feature, reason string
		parts                 int
		before, after         float64 // m², to 1 m²
	}{
		{"bow-tie", shape("x", "Polygon", bowTie), "self_crossing", 2, 0, 537_265},
		{"bow-tie that is not closed", shape("x", "Polygon", `[[[106.50,29.50],[106.51,29.51],[106.51,29.50],[106.50,29.51]]]`), "self_crossing", 2, 0, 537_265},
		{"hole that touches in a vertex", shape("x", "Polygon", `[[[106.50,29.50],[106.51,29.50],[106.51,29.51],[106.50,29.51],[106.50,29.50],[106.502,29.504],[106.504,29.504],[106.504,29.502],[106.50,29.50]]]`), "self_touching", 1, 988_778, 988_778},
		{"overlapping parts", shape("x", "MultiPolygon", `[[`+plainRing+`],[`+plainRing+`]]`), "polygons_overlap", 1, 2_149_000, 1_074_500},
		{"parts with a common edge", shape("x", "MultiPolygon", `[[`+plainRing+`],[[[106.51,29.50],[106.52,29.50],[106.52,29.51],[106.51,29.51],[106.51,29.50]]]]`), "shared_edge", 1, 2_149_000, 2_149_000},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l, rep := mustBuild(t, collection(c.feature, square(`"ok"`, 106.6, 29.6, 0.01, "")), landOptions)
			if reasons(rep) != "1 repaired "+c.reason || rep.Used != 1 {
				t.Fatalf("rows %s", reasons(rep))
			}
			parts := 1
			if mp, ok := l.Geometry(slices.Index(l.IDs, "x")).(orb.MultiPolygon); ok {
				parts = len(mp)
			}
			row := rep.Rows[0]
			before, _ := row.AreaBefore.Float64()
			after, _ := row.AreaAfter.Float64()
			if parts != c.parts || !about(before, c.before) || !about(after, c.after) {
				t.Errorf("%d parts, %s → %s m²: %s", parts, row.AreaBefore, row.AreaAfter, row.Text)
			}
			if string(row.AreaAfter) != squareMetres(measure.AreaMM2(l.Geometry(slices.Index(l.IDs, "x")))) {
				t.Errorf("the layer's area is not %s", row.AreaAfter)
			}
			strict := landOptions
			strict.Strict = true
			_, rep = mustBuild(t, collection(c.feature, square(`"ok"`, 106.6, 29.6, 0.01, "")), strict)
			if reasons(rep) != "1 refused "+c.reason || rep.Rows[0].AreaBefore != "" {
				t.Errorf("strict: %+v", rep.Rows)
			}
		})
	}
}

func about(got, want float64) bool { return got-want < 0.001*want+1 && want-got < 0.001*want+1 }

// What nobody can tell stays refused, each with its reason.
func TestShapesThatStayRefused(t *testing.T) {
	facility := Options{Role: coverage.RoleFacilities, Services: []string{"park"}, Name: "parks"}
	mixed := func(members string) string {
		return `"id":"x","geometry":{"type":"GeometryCollection","geometries":[` + members + `]},"properties":{}`
	}
	const (
		aPoint   = `{"type":"Point","coordinates":[106.5,29.5]}`
		aLine    = `{"type":"LineString","coordinates":[[106.5,29.5],[106.6,29.5]]}`
		aPolygon = `{"type":"Polygon","coordinates":[` + plainRing + `]}`
		another  = `{"type":"Polygon","coordinates":[[[106.505,29.50],[106.52,29.50],[106.52,29.51],[106.505,29.51],[106.505,29.50]]]}`
	)
	for _, c := range []struct {
		name, feature, want string
		o                   Options
	}{
		{"hole outside", shape("x", "Polygon", `[`+plainRing+`,[[107,30],[107.1,30],[107.1,30.1],[107,30]]]`), "1 refused hole_outside", landOptions},
		{"no geometry", `"id":"x","geometry":null,"properties":{}`, "1 refused null_geometry", landOptions},
		{"empty", shape("x", "Polygon", `[]`), "1 refused empty_geometry", landOptions},
		{"no area", shape("x", "Polygon", `[[[106.5,29.5],[106.6,29.5],[106.5,29.5],[106.6,29.5],[106.5,29.5]]]`), "1 refused collapsed_ring", landOptions},
		{"points and polygons, both of use", mixed(aPoint + "," + aPolygon), "1 refused geometry_collection", facility},
		{"nothing of use", mixed(aPoint + "," + aLine), "1 refused geometry_collection", landOptions},
		{"one kind of use", mixed(aLine + "," + aPolygon), "1 repaired collection_part", facility},
		{"a point of use", mixed(aPoint + "," + aLine), "1 repaired collection_part", facility},
		{"two points of use", mixed(aPoint + "," + aLine + `,{"type":"Point","coordinates":[106.51,29.5]}`), "1 refused geometry_kind", facility},
		{"polygons of use that overlap", mixed(aPolygon + "," + aLine + "," + another), "1 repaired collection_part", landOptions},
		{"one kind only", mixed(aPolygon), "1 repaired collection_flattened", landOptions},
	} {
		t.Run(c.name, func(t *testing.T) {
			ok := square(`"ok"`, 106.7, 29.7, 0.01, "")
			_, rep := mustBuild(t, collection(c.feature, ok), c.o)
			if got := reasons(rep); got != c.want {
				t.Errorf("rows %s, want %s", got, c.want)
			}
			c.o.Strict = true
			if _, rep = mustBuild(t, collection(c.feature, ok), c.o); rep.Repaired != 0 || rep.Refused != 1 {
				t.Errorf("strict: %s", reasons(rep))
			}
		})
	}
}

func TestPlainName(t *testing.T) {
	same := [][]string{
		{"和平药房（南坪店）", "和平药房(南坪店)", "和平药房【南坪店】", "和平药房 [南坪店]", "和平药房〔南坪店〕", "和平药房\u3000﹙南坪店﹚", "\ufeff和平药房（南坪店） "},
		{"KFC 24H", "ＫＦＣ２４Ｈ", "kfc24h", "Kfc\t24h"},
		{"Café–Bar", "cafe\u0301-bar", "CAFÉ—BAR"},
		{"奥林匹克·花园", "奥林匹克•花园", "奥林匹克・花园"},
		{"", " ", "-", "——", "无", "（无）名"[:0], "无名", "未命名", "Unnamed", "N/A", "()", "null"},
	}
	for i, group := range same {
		for _, name := range group {
			if got, want := plainName(name), plainName(group[0]); got != want {
				t.Errorf("%q → %q, %q → %q", name, got, group[0], want)
			}
			for j, other := range same {
				if i != j && plainName(name) == plainName(other[0]) {
					t.Errorf("%q and %q are two", name, other[0])
				}
			}
		}
	}
	for _, two := range [][2]string{
		{"和平药房（南坪店）", "和平药房"}, {"和平药房（南坪店）", "和平药房南坪店"}, {"和平药房（南坪店）", "和平药房（南岸店）"}, {"第1小学", "第11小学"}, {"一号门", "二号门"},
	} {
		if plainName(two[0]) == plainName(two[1]) {
			t.Errorf("%q and %q are two", two[0], two[1])
		}
	}
	if plainName("和平药房（南坪店）") != "和平药房(南坪店)" {
		t.Error("the plain form itself")
	}
}

// Latitude steps in degrees: 0.0004 is 44 m, 0.0005 is 55 m.
func named(id, name string, north float64, more string) string {
	if more != "" {
		more = "," + more
	}
	return point(`"`+id+`"`, 106.5, 29.5+north, `"name":"`+name+`"`+more)
}

// A POI export has the same clinic twice; it must count once, keep what either of them says, and be found again in the report.
func TestDuplicatesAreMerged(t *testing.T) {
	withService := Options{Role: coverage.RoleFacilities, Name: "poi", ServiceField: "s", StatusField: "st"}
	cases := []struct {
		name     string
		o        Options
		features []string
		ids      string
		rows     string
	}{
		{"44 m apart", clinics, []string{named("b", "南坪诊所", 0, ""), named("a", "南坪诊所", 0.0004, "")}, "a", "1 repaired duplicate_place"},
		{"55 m apart", clinics, []string{named("b", "南坪诊所", 0, ""), named("a", "南坪诊所", 0.0005, "")}, "a b", ""},
		{"a chain: only those beside the one that stays", clinics, []string{named("a", "南坪诊所", 0, ""), named("b", "南坪诊所", 0.0004, ""), named("c", "南坪诊所", 0.0008, "")}, "a c", "2 repaired duplicate_place"},
		{"bracket styles", clinics, []string{named("a", "和平（南坪店）", 0, ""), named("b", "和平(南坪店)", 0, `"x":1`)}, "b", "1 repaired duplicate_place"},
		{"branches", clinics, []string{named("a", "和平（南坪店）", 0, ""), named("b", "和平", 0, "")}, "a b", ""},
		{"no names", clinics, []string{named("a", "", 0, ""), named("b", "", 0, ""), named("c", "无名", 0, ""), named("d", "无名", 0, "")}, "a b c d", ""},
		{"the one that knows more stays and takes over", clinics, []string{named("a", "甲", 0, `"tel":"1","fax":""`), named("b", "甲", 0.0001, `"tel":"2","beds":3,"floor":1`)}, "b", "1 repaired duplicate_place"},
		{"both say something of their own", clinics, []string{named("a", "甲", 0, `"tel":"1","y":1`), named("b", "甲", 0.0001, `"beds":3,"x":1,"z":1`)}, "b", "1 repaired duplicate_place; 2 repaired duplicate_joined"},
		{"another service", withService, []string{named("a", "甲", 0, `"s":"clinic","st":""`), named("b", "甲", 0, `"s":"park"`)}, "a b", ""},
		{"a service in common", withService, []string{named("a", "甲", 0, `"s":"clinic","st":"","k":1`), named("b", "甲", 0, `"s":"clinic,park"`)}, "a", "1 repaired duplicate_joined; 2 repaired duplicate_place"},
		{"planned beside existing", withService, []string{named("a", "甲", 0, `"s":"clinic","st":"existing"`), named("b", "甲", 0, `"s":"clinic","st":"planned"`)}, "a b", ""},
		{"status not known", withService, []string{named("a", "甲", 0, `"s":"clinic","st":"existing"`), named("b", "甲", 0, `"s":"clinic"`)}, "a", "2 repaired duplicate_place"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			l, rep := mustBuild(t, collection(c.features...), c.o)
			if got := strings.Join(l.IDs, " "); got != c.ids || reasons(rep) != c.rows {
				t.Errorf("ids %s, rows %s; want %s, %s", got, reasons(rep), c.ids, c.rows)
			}
			keep := c.o
			keep.KeepDuplicates = true
			if l, rep = mustBuild(t, collection(c.features...), keep); l.Len() != len(c.features) || len(rep.Rows) != 0 {
				t.Errorf("duplicates kept: %d rows, %s", l.Len(), reasons(rep))
			}
		})
	}
}

func TestWhatAMergeSays(t *testing.T) {
	l, rep := mustBuild(t, collection(
		named("a", "南坪诊所", 0.0001, `"tel":"1","beds":3`),
		named("b", "南坪诊所", 0, `"tel":"2","hours":"8-20","x":1`),
		point(`"c"`, 106.6, 29.5, `"name":"另一家"`),
	), clinics)
	if d := cmp.Diff([]string{`{"beds":3,"hours":"8-20","name":"南坪诊所","tel":"2","x":1}`, `{"name":"另一家"}`}, l.Properties); d != "" {
		t.Error(d)
	}
	if rep.Merged != 1 || rep.Repaired != 2 || rep.Used != 1 {
		t.Errorf("%+v", rep)
	}
	for i, want := range []string{"feature 2 (id \"b\"), 11.084 m away: merged; that one stays, with more known columns (4 against 3); it took over: beds; they differ, as the one that stays says, in: tel", "took over from its duplicates: beds (#1)"} {
		if r := rep.Rows[i]; !strings.Contains(r.Text, want) || r.Name != "南坪诊所" {
			t.Errorf("%+v\nwant %s", r, want)
		}
	}
	strict := clinics
	strict.Strict = true
	l, rep = mustBuild(t, collection(named("a", "南坪诊所", 0.0001, `"beds":3`), named("b", "南坪诊所", 0, `"x":1,"y":2`)), strict)
	if l.Properties[0] != `{"name":"南坪诊所","x":1,"y":2}` || reasons(rep) != "1 refused duplicate_place" {
		t.Errorf("strict joins nothing: %s, %s", l.Properties[0], reasons(rep))
	}
}

// A park's outline says more than a point in it; two parts of a park are two.
func TestDuplicatePolygons(t *testing.T) {
	parks := Options{Role: coverage.RoleFacilities, Services: []string{"park"}, Name: "parks"}
	const name = `"name":"江南公园"`
	l, rep := mustBuild(t, collection(
		point(`"a"`, 106.5002, 29.5002, name+`,"x":1,"y":1`),
		square(`"b"`, 106.5, 29.5, 0.001, name),
		square(`"c"`, 106.5002, 29.5002, 0.0003, name+`,"z":1`),
		square(`"d"`, 106.50101, 29.5, 0.001, name),
	), parks)
	if got := strings.Join(l.IDs, " "); got != "b d" || rep.Merged != 2 {
		t.Errorf("ids %s, %s", got, reasons(rep))
	}
	if want := `{"name":"江南公园","x":1,"y":1,"z":1}`; l.Properties[0] != want {
		t.Errorf("%s", l.Properties[0])
	}
	if !strings.Contains(rep.Rows[0].Text, "being a polygon") || !strings.Contains(rep.Rows[2].Text, "being the larger polygon") {
		t.Errorf("%+v", rep.Rows)
	}
}

// Appending an overlapping export adds what is new only, however often it is done.
func TestDuplicatesOfTheLayer(t *testing.T) {
	st := newMemoryStore()
	mustImport(t, st, "clinics.geojson", collection(named("a", "甲诊所", 0, `"tel":"1"`), named("b", "甲诊所", 0.0001, `"tel":"","beds":1,"x":2`)), clinics)
	add := clinics
	add.Append, add.Name = true, "clinics"
	more := collection(named("c", "甲 诊所", 0.0002, `"beds":9,"p":1,"q":1,"r":1`), named("d", "乙诊所", 0, ""))
	rep := mustImport(t, st, "more.geojson", more, add)
	l, err := st.Layer(t.Context(), rep.Hash)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(l.IDs, " "); got != "b d" || reasons(rep) != "1 repaired duplicate_place" || rep.Merged != 1 {
		t.Errorf("ids %s, %s", got, reasons(rep))
	}
	if !strings.Contains(rep.Rows[0].Text, `the layer's feature "b"`) || l.Properties[0] != `{"beds":1,"name":"甲诊所","tel":"1","x":2}` {
		t.Errorf("%s\n%s", rep.Rows[0].Text, l.Properties[0])
	}
	again := mustImport(t, st, "clinics.geojson", collection(named("a", "甲诊所", 0, `"tel":"1"`), named("b", "甲诊所", 0.0001, `"tel":"","beds":1,"x":2`)), add)
	if !again.Unchanged || again.Refused != 0 {
		t.Errorf("the first file once more: %s", reasons(again))
	}
}

// The order of the file decides nothing, and no two that are left are duplicates of each other.
func TestMergingDoesNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 40).Draw(t, "rows")
		var features []string
		for i := range n {
			name := rapid.SampledFrom([]string{"甲", "甲 ", "乙（东）", "乙(东)", "乙", ""}).Draw(t, "name")
			more := fmt.Sprintf(`"s":%q`, rapid.SampledFrom([]string{"clinic", "park", "clinic,park"}).Draw(t, "service"))
			if rapid.Bool().Draw(t, "tel") {
				more += fmt.Sprintf(`,"tel":"%d"`, i)
			}
			features = append(features, point(fmt.Sprintf(`"%03d"`, i), 106.5+float64(rapid.IntRange(0, 12).Draw(t, "x"))*1e-4,
				29.5+float64(rapid.IntRange(0, 12).Draw(t, "y"))*1e-4, `"name":"`+name+`",`+more))
		}
		o := Options{Role: coverage.RoleFacilities, Name: "poi", ServiceField: "s"}
		l, rep := mustBuild(t, collection(features...), o)
		shuffled := slices.Clone(features)
		rand.New(rand.NewPCG(1, uint64(n))).Shuffle(n, func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		other, repOther := mustBuild(t, collection(shuffled...), o)
		if l.Info.Hash != other.Info.Hash || rep.Merged != repOther.Merged {
			t.Fatalf("%v and %v", l.IDs, other.IDs)
		}
		if l.Len()+rep.Merged != n {
			t.Fatalf("%d rows left, %d merged, of %d", l.Len(), rep.Merged, n)
		}
		again, _ := mustBuild(t, collection(features...), o)
		if again.Info.Hash != l.Info.Hash {
			t.Fatal("twice is two")
		}
	})
}

// The first look at a layer says whether it lies where the neighborhoods are.
func TestFirstLook(t *testing.T) {
	st := newMemoryStore()
	none := mustImport(t, st, "early.geojson", collection(named("a", "甲", 0, "")), Options{Role: coverage.RoleFacilities, Services: []string{"park"}})
	if none.FirstLook != nil {
		t.Errorf("without neighborhoods: %+v", none.FirstLook)
	}
	units := mustImport(t, st, "units.geojson", collection(square(`"u1"`, 106.5, 29.5, 0.01, ""), square(`"u2"`, 106.51, 29.5, 0.01, "")), Options{Role: coverage.RoleNeighborhoods})
	if units.FirstLook != nil {
		t.Errorf("neighborhoods themselves: %+v", units.FirstLook)
	}
	rep := mustImport(t, st, "clinics.geojson", collection(
		point(`"in"`, 106.505, 29.505, ""), point(`"border"`, 106.51, 29.505, ""), point(`"beside"`, 106.53, 29.505, ""), point(`"far"`, 106.7, 29.505, ""),
	), clinics)
	look := rep.FirstLook
	if look == nil || look.Rows != 4 || look.Inside != 2 || look.Share != 0.5 || look.Outside != 1 || look.MarginM != 5000 {
		t.Fatalf("%+v", look)
	}
	if want := measure.Distance(orb.Point{106.505, 29.505}, orb.Point{106.51, 29.505}); !about(look.MedianM, want) {
		t.Errorf("median %g m, want about %g", look.MedianM, want)
	}
	if warnings(rep) != "outside_study_area" || !strings.HasSuffix(rep.Warnings[0].Text, ": far") || rep.Used != 4 {
		t.Errorf("%+v", rep.Warnings)
	}
}

// A bus stop has one name on either side of the street. Merged, it would be beyond the limit for people whom the other pole serves, and count once
// where a requirement counts stops. The same pole, listed once for each of its lines, is one.
func TestBusStopsComeInPairs(t *testing.T) {
	services, err := catalog.ParseServices([]byte(serviceList+"  - {key: bus_stop, zh: 公交车站, en: Bus stop, merge_m: 5}\n"), "services.yaml")
	if err != nil {
		t.Fatal(err)
	}
	const metre = 1 / 111_000.0
	stop := func(id string, north float64, name string) string {
		return point(`"`+id+`"`, 106.55, 29.56+north*metre, `"name":"`+name+`"`)
	}
	build := func(o Options, features ...string) (*coverage.Layer, *coverage.ImportReport) {
		t.Helper()
		o.Role, o.Name = coverage.RoleFacilities, "stops"
		l, rep, err := Build(t.Context(), services, "stops.geojson", strings.NewReader(collection(features...)), o, nil)
		if err != nil {
			t.Fatal(err)
		}
		return l, rep
	}
	street := []string{stop("a-402", 0, "解放碑（公交站）"), stop("a-181", 2, "解放碑(公交站)"), stop("b", 24, "解放碑(公交站)"), stop("c", 90, "解放碑(公交站)")}
	for range 3 {
		l, rep := build(Options{Services: []string{"bus_stop"}}, street...)
		if strings.Join(l.IDs, " ") != "a-181 b c" || rep.Merged != 1 || warnings(rep) != "pairs_kept" || !strings.Contains(rep.Warnings[0].Text, "not merged: 1;") {
			t.Errorf("%v, merged %d, %+v", l.IDs, rep.Merged, rep.Warnings)
		}
		street = append(street[1:], street[0])
	}
	if l, rep := build(Options{Services: []string{"clinic"}}, street...); l.Len() != 2 || warnings(rep) != "" {
		t.Errorf("clinics: %v, %s", l.IDs, warnings(rep))
	}
	// where rows share two services, the one that comes in pairs keeps them apart
	if l, _ := build(Options{Services: []string{"bus_stop", "clinic"}}, street...); l.Len() != 3 {
		t.Errorf("both: %v", l.IDs)
	}
	if l, rep := build(Options{Services: []string{"bus_stop"}, KeepDuplicates: true}, street...); l.Len() != 4 || rep.Merged != 0 {
		t.Errorf("keep-duplicates: %v", l.IDs)
	}
}

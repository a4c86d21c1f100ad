package intake

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/geo/measure"
)

// jiefangbei is a place in the middle of Chongqing.
var jiefangbei = orb.Point{106.577, 29.557}

// in gives a place's coordinates in a system.
func in(tb testing.TB, system string, p orb.Point) [2]float64 {
	tb.Helper()
	x, y, err := mustCRS(system).FromWGS84(p[0], p[1])
	if err != nil {
		tb.Fatal(err)
	}
	return [2]float64{x, y}
}

// near fails unless a layer's only place is where it should be, to the millimetre.
func near(t *testing.T, l *coverage.Layer, want orb.Point) {
	t.Helper()
	if d := measure.Distance(l.Points[0], want); !(d < 1e-3) {
		t.Errorf("the place is %v, %.3f m from %v", l.Points[0], d, want)
	}
}

// However a GeoJSON file says its CRS, and wherever in the file it does, places come out where they are on WGS 84.
func TestGeoJSONInOtherSystems(t *testing.T) {
	for _, system := range []string{"EPSG:4545", "EPSG:4523", "EPSG:32648", "EPSG:3857", "GCJ-02", "BD-09"} {
		at := in(t, system, jiefangbei)
		one := collection(fmt.Sprintf(`"id":"a","geometry":{"type":"Point","coordinates":[%v,%v]},"properties":{"population":1}`, at[0], at[1]))
		member := `"crs":{"type":"name","properties":{"name":"` + system + `"}}`
		for name, c := range map[string]struct{ text, option, by string }{
			"option":                         {one, system, byOption},
			"member before the features":     {"{" + member + "," + one[1:], "", byFile},
			"member behind the features":     {one[:len(one)-1] + "," + member + "}", "", byFile},
			"option against the file's 4326": {`{"crs":{"type":"name","properties":{"name":"EPSG:4326"}},` + one[1:], system, byOption},
		} {
			t.Run(system+" by "+name, func(t *testing.T) {
				o := people
				o.CRS = c.option
				l, rep := mustBuild(t, c.text, o)
				near(t, l, jiefangbei)
				if rep.CRS != system || rep.CRSKnownBy != c.by || rep.CRSName.Zh == "" || rep.Accuracy == nil || rep.Read != 1 {
					t.Errorf("report %+v", rep)
				}
			})
		}
	}
}

// arealScale is that of EPSG:4545 at jiefangbei, 138 km from its central meridian 108°: (1 + (138 / 6371)² / 2)².
const arealScale = 1.000468

// Polygons are checked where they lie, not where the file's figures put them: holes and shells keep their sense when axes are swapped.
func TestPolygonOnThePlane(t *testing.T) {
	at := in(t, "EPSG:4545", jiefangbei)
	x, y := at[0], at[1]
	ring := func(side float64, x, y float64) string {
		return fmt.Sprintf("[[%[1]v,%[2]v],[%[3]v,%[2]v],[%[3]v,%[4]v],[%[1]v,%[4]v],[%[1]v,%[2]v]]", x, y, x+side, y+side)
	}
	text := collection(`"id":"a","geometry":{"type":"Polygon","coordinates":[` + ring(1000, x, y) + "," + ring(100, x+400, y+400) + `]},"properties":{}`)
	l, rep := mustBuild(t, text, Options{Role: coverage.RoleLand, CRS: "EPSG:4545"})
	area := measure.Area(l.Shapes[0])
	if rep.Refused != 0 || math.Abs(area-990_000/arealScale) > 20 {
		t.Errorf("area %.1f m², rows %s", area, reasons(rep))
	}
}

// Tables say less than GeoJSON: the figures tell degrees from metres and one order of axes from the other, never more than that.
func TestTablesOfCoordinates(t *testing.T) {
	flip := func(p [2]float64) [2]float64 { return [2]float64{p[1], p[0]} }
	for _, c := range []struct {
		name     string
		at       [2]float64
		says     string // the file
		option   string
		crs, by  string
		warnings string
	}{
		{"degrees", jiefangbei, "", "", "EPSG:4326", byDefault, "crs_assumed"},
		{"degrees, latitude first", flip(jiefangbei), "", "", "EPSG:4326", byDefault, "crs_assumed axes_swapped"},
		{"degrees that are stated, latitude first", flip(jiefangbei), "", "EPSG:4326", "EPSG:4326", byOption, "axes_swapped"},
		{"GCJ-02", in(t, "GCJ-02", jiefangbei), "", "gcj02", "GCJ-02", byOption, ""},
		{"a grid by the file", in(t, "EPSG:4545", jiefangbei), "EPSG:4545", "", "EPSG:4545", byFile, "cgcs2000"},
		{"X = northing", flip(in(t, "EPSG:4545", jiefangbei)), "EPSG:4545", "", "EPSG:4545", byFile, "cgcs2000 northing_first"},
		{"X = northing with the zone", flip(in(t, "EPSG:4523", jiefangbei)), "", "EPSG:4523", "EPSG:4523", byOption, "cgcs2000 northing_first"},
		{"the option against the file", in(t, "EPSG:4545", jiefangbei), "EPSG:4544", "EPSG:4545", "EPSG:4545", byOption, "cgcs2000 crs_overridden"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := people
			o.CRS, o.Formats = c.option, tableFormats{c.says}
			l, rep := mustBuild(t, table(c.at), o)
			near(t, l, jiefangbei)
			if rep.CRS != c.crs || rep.CRSKnownBy != c.by || warnings(rep) != c.warnings {
				t.Errorf("%s by %s, warnings %q; want %s by %s, %q", rep.CRS, rep.CRSKnownBy, warnings(rep), c.crs, c.by, c.warnings)
			}
		})
	}
	t.Run("accepted error", func(t *testing.T) {
		o := people
		o.CRS, o.AcceptError, o.Formats = "EPSG:2343", 100, tableFormats{}
		p, err := mustCRS("EPSG:2343").Accept(100)
		if err != nil {
			t.Fatal(err)
		}
		x, y, err := p.FromWGS84(jiefangbei[0], jiefangbei[1])
		if err != nil {
			t.Fatal(err)
		}
		l, rep := mustBuild(t, table([2]float64{x, y}), o)
		near(t, l, jiefangbei)
		if warnings(rep) != "crs_accepted_error" || !strings.Contains(rep.Warnings[0].Text, "100 m") {
			t.Errorf("%+v", rep.Warnings)
		}
	})
	for _, c := range []struct {
		name string
		at   [2]float64
		says []string
	}{
		{"with the zone", in(t, "EPSG:4523", jiefangbei), []string{"3° zone 35", "EPSG:4523", "--crs"}},
		{"without the zone", in(t, "EPSG:4545", jiefangbei), []string{"without a zone", "--crs"}},
		{"metres of nothing known", [2]float64{5000, 7000}, []string{"no degrees", "--crs EPSG:n"}},
	} {
		t.Run("unknown plane "+c.name, func(t *testing.T) {
			o := people
			o.Formats = tableFormats{}
			_, _, err := Build(context.Background(), testServices(t), "p.csv", strings.NewReader(table(c.at)), o, nil)
			if coverage.CodeOf(err) != coverage.Refused {
				t.Fatal(err)
			}
			for _, words := range c.says {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("%q does not say %q", err, words)
				}
			}
		})
	}
	// GeoJSON has no planes of its own: what looks like one is refused, and said to be one
	at := in(t, "EPSG:4523", jiefangbei)
	_, _, err := Build(context.Background(), testServices(t), "p.geojson", strings.NewReader(collection(
		fmt.Sprintf(`"geometry":{"type":"Point","coordinates":[%v,%v]},"properties":{"population":1}`, at[0], at[1]))), people, nil)
	if coverage.CodeOf(err) != coverage.Refused || !strings.Contains(err.Error(), "EPSG:4523") {
		t.Errorf("%v", err)
	}
}

// Beside a project's other layers the figures say more: which order of axes, and which zones, put the rows among them.
func TestFiguresBesideTheProject(t *testing.T) {
	st := newMemoryStore()
	mustImport(t, st, "units.geojson", collection(square(`"u"`, 23.6, 37.9, 0.2, ``)), units)
	o := clinics
	o.Formats = tableFormats{}
	athens := orb.Point{23.7, 37.95}
	rep := mustImport(t, st, "c.csv", table([2]float64{athens[1], athens[0]}), o)
	l, err := st.Layer(context.Background(), rep.Hash)
	if err != nil {
		t.Fatal(err)
	}
	near(t, l, athens)
	if warnings(rep) != "axes_swapped" {
		t.Errorf("warnings %q: both orders are degrees, but one lies in Athens", warnings(rep))
	}

	st = newMemoryStore()
	mustImport(t, st, "units.geojson", collection(square(`"u"`, 106.5, 29.5, 0.2, ``)), units)
	_, err = importText(t, st, "c.csv", table(in(t, "EPSG:4545", jiefangbei)), o)
	if coverage.CodeOf(err) != coverage.Refused || !strings.Contains(err.Error(), "EPSG:4545") || strings.Contains(err.Error(), "EPSG:4549") {
		t.Errorf("%v", err)
	}
}

// streets is a lattice of streets 120 m apart around a place, and doors that stand 8 to 20 m beside them.
func streets(tb testing.TB, n int) (network string, doors []orb.Point) {
	rng := rand.New(rand.NewSource(5))
	var lines []string
	dlon, dlat := measure.Degrees(jiefangbei[1], 120)
	for i := range 60 {
		jitter := 0.4 * rng.Float64()
		x, y := jiefangbei[0]+(float64(i)+jitter-30)*dlon, jiefangbei[1]+(float64(i)+jitter-30)*dlat
		lines = append(lines,
			fmt.Sprintf(`"geometry":{"type":"LineString","coordinates":[[%v,%v],[%v,%v]]},"properties":{}`, x, jiefangbei[1]-30*dlat, x, jiefangbei[1]+30*dlat),
			fmt.Sprintf(`"geometry":{"type":"LineString","coordinates":[[%v,%v],[%v,%v]]},"properties":{}`, jiefangbei[0]-30*dlon, y, jiefangbei[0]+30*dlon, y))
		for range n / 60 {
			doors = append(doors, orb.Point{x + (8+12*rng.Float64())/120*dlon, jiefangbei[1] + (rng.Float64()-0.5)*50*dlat})
		}
	}
	return collection(lines...), doors
}

// What comes from a map service is 500 m off. With --crs auto the streets tell; without it, the import warns; and where nothing tells, auto refuses.
func TestDatumOnImport(t *testing.T) {
	network, doors := streets(t, 300)
	write := func(system string) string {
		var features []string
		for i, p := range doors {
			at := in(t, system, p)
			features = append(features, fmt.Sprintf(`"id":"%d","geometry":{"type":"Point","coordinates":[%v,%v]},"properties":{}`, i, at[0], at[1]))
		}
		return collection(features...)
	}
	project := func() *memoryStore {
		st := newMemoryStore()
		mustImport(t, st, "streets.geojson", network, Options{Role: coverage.RoleNetwork})
		return st
	}
	auto := clinics
	auto.CRS = "auto"
	for _, system := range []string{"EPSG:4326", "GCJ-02", "BD-09"} {
		t.Run(system, func(t *testing.T) {
			st := project()
			rep := mustImport(t, st, "doors.geojson", write(system), auto)
			if rep.CRS != system || rep.CRSKnownBy != byAuto || warnings(rep) != "crs_auto" {
				t.Fatalf("%s by %s, warnings %+v", rep.CRS, rep.CRSKnownBy, rep.Warnings)
			}
			l, err := st.Layer(context.Background(), rep.Hash)
			if err != nil {
				t.Fatal(err)
			}
			if d := measure.Distance(l.Points[0], doors[0]); d > 1e-3 {
				t.Errorf("a door is %.3f m off", d)
			}
			if again := mustImport(t, st, "doors.geojson", write(system), clinics); !again.Unchanged {
				t.Errorf("auto stays declared: %+v", again)
			}
			want := map[string]string{"EPSG:4326": "", "GCJ-02": "datum_gcj02", "BD-09": "datum_bd09"}[system]
			if rep := mustImport(t, project(), "doors.geojson", write(system), clinics); warnings(rep) != want {
				t.Errorf("without --crs auto: warnings %q, want %q", warnings(rep), want)
			}
		})
	}
	t.Run("nothing to compare with", func(t *testing.T) {
		st := newMemoryStore()
		if _, err := importText(t, st, "doors.geojson", write("GCJ-02"), auto); coverage.CodeOf(err) != coverage.Refused || st.saves != 0 {
			t.Errorf("%v", err)
		}
	})
	t.Run("too few to tell", func(t *testing.T) {
		st := project()
		if _, err := importText(t, st, "doors.geojson", collection(point("", 106.58, 29.56, ``)), auto); coverage.CodeOf(err) != coverage.Refused || st.saves != 1 {
			t.Errorf("%v", err)
		}
	})
	t.Run("outside China", func(t *testing.T) {
		if rep := mustImport(t, newMemoryStore(), "doors.geojson", collection(point("", 23.7, 37.9, ``)), auto); rep.CRS != "EPSG:4326" || rep.CRSKnownBy != byFormat {
			t.Errorf("%+v", rep)
		}
	})
}

// An area in another system is transformed like a layer.
func TestReadAreaInOtherSystems(t *testing.T) {
	at := in(t, "EPSG:4545", jiefangbei)
	text := fmt.Sprintf(`{"type":"Polygon","coordinates":[[[%[1]v,%[2]v],[%[3]v,%[2]v],[%[3]v,%[4]v],[%[1]v,%[4]v],[%[1]v,%[2]v]]],"crs":{"type":"name","properties":{"name":"EPSG:4545"}}}`,
		at[0], at[1], at[0]+500, at[1]+500)
	area, err := ReadArea(strings.NewReader(text), "area.geojson")
	if err != nil {
		t.Fatal(err)
	}
	if m2 := measure.Area(area); math.Abs(m2-250_000/arealScale) > 5 {
		t.Errorf("%.1f m²", m2)
	}
}

// One row of a short table whose columns changed places is that row's fault: the others are read, and the report says which it was. Metres are refused
// as before, and the message shows a pair that is no degrees, not one that is.
func TestOneSwappedRow(t *testing.T) {
	read := func(places ...[2]float64) (*coverage.ImportReport, error) {
		o := people
		o.Formats = tableFormats{}
		_, rep, err := Build(t.Context(), testServices(t), "people.csv", strings.NewReader(table(places...)), o, nil)
		return rep, err
	}
	a, b, swapped := [2]float64{106.55, 29.56}, [2]float64{106.57, 29.57}, [2]float64{29.58, 106.58}
	rep, err := read(a, b, swapped)
	if err != nil || rep.Used != 2 || reasons(rep) != "3 refused out_of_range" || !strings.Contains(rep.Rows[0].TextZh, "写反") {
		t.Errorf("%+v, %v", rep, err)
	}
	if rep, err = read(swapped, swapped, swapped); err != nil || rep.Used != 3 || !strings.Contains(warnings(rep), "axes_swapped") {
		t.Errorf("all of them: %+v, %v", rep, err)
	}
	for _, metres := range [][][2]float64{{a, {36354000, 3271000}, {36355000, 3272000}}, {{36354000, 3271000}}, {{120, 170}, {130, 160}, {140, 150}}, {{120, 30}, {20, 150}, {140, 150}, {120, 160}}} {
		_, err := read(metres...)
		var e *coverage.Error
		if !errors.As(err, &e) || e.Field != "crs" || strings.Contains(e.Text.En, "106.55") {
			t.Errorf("%v: %v", metres, err)
		}
	}
}

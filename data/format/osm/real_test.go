package osm

import (
	"bytes"
	"context"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
	"lifecircle/data/catalogs"
	"lifecircle/geo/geojson"
	"lifecircle/geo/measure"
)

// sharedFile finds a file of the folder of real data beside the repository, or skips the test.
func sharedFile(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		path := filepath.Join(dir, "shared", "data", filepath.FromSlash(name))
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Skipf("shared/data/%s is not there: the real data lies outside the repository", name)
	return ""
}

func readShared(t testing.TB, name string, o Options) *Extract {
	t.Helper()
	f, err := os.Open(sharedFile(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	x, err := Read(context.Background(), f, o)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

const (
	lasPalmas = "las_palmas/raw/las_palmas_20230221.osm.pbf"
	monaco    = "monaco/raw/monaco_20210421.osm.pbf"
	campus    = "beijing_bupt/bupt_campus.osm"
)

// gdal reads a layer of a file by GDAL's OSM driver, as features by their OSM names.
func gdal(t *testing.T, file, sql string) map[string]geojson.Feature {
	t.Helper()
	tool, err := exec.LookPath("ogr2ogr")
	if err != nil {
		t.Skip("ogr2ogr of GDAL is not installed")
	}
	cmd := exec.Command(tool, "-f", "GeoJSONSeq", "/vsistdout/", file, "-lco", "COORDINATE_PRECISION=9", "-sql", sql)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	features := map[string]geojson.Feature{}
	for r := geojson.NewReader(bytes.NewReader(out), geojson.Limits{}); ; {
		row, err := r.Next()
		if err == io.EOF {
			return features
		}
		if err != nil {
			t.Fatal(err)
		}
		id := "node/"
		v, _ := row.Feature.Properties.Get("osm_id")
		if strings.Contains(sql, "multipolygons") {
			if id = "relation/"; v.Text == "" {
				id = "way/"
				v, _ = row.Feature.Properties.Get("osm_way_id")
			}
		}
		features[id+v.Text] = row.Feature
	}
}

// GDAL's OSM driver finds the same amenities at the same places.
func TestPointsAgainstGDAL(t *testing.T) {
	for _, file := range []string{lasPalmas, monaco, campus} {
		t.Run(file, func(t *testing.T) {
			want := gdal(t, sharedFile(t, file), `SELECT osm_id, other_tags FROM points WHERE other_tags LIKE '%"amenity"=>%'`)
			x := readShared(t, file, Options{Want: func(k Kind, tags Tags) bool { return k == Node && tags.Find("amenity") != "" }})
			rows := drain(t, x.Source(Selection{}))
			if len(rows) != len(want) || len(rows) < 20 {
				t.Errorf("%d amenities, GDAL has %d", len(rows), len(want))
			}
			for _, r := range rows {
				if w, ok := want[r.Feature.ID]; !ok || w.Geometry != r.Feature.Geometry {
					t.Errorf("%s at %v, GDAL %v", r.Feature.ID, r.Feature.Geometry, w.Geometry)
				}
			}
		})
	}
}

// GDAL's OSM driver finds the same areas, of the same size, for every tag that both take for an area. They differ on purpose where
//   - nodes of an outline are missing: GDAL closes it across the gap, this reader refuses it;
//   - a closed way is an outer ring of a relation: GDAL leaves the way out whatever its tags say, this reader only if they repeat the relation's;
//   - some members of a relation are missing: GDAL leaves it out, this reader takes the rings that close and says so.
func TestAreasAgainstGDAL(t *testing.T) {
	for _, c := range []struct {
		file    string
		same    int
		refused int
		ours    int // only here
	}{{lasPalmas, 30_031, 42, 7}, {monaco, 1_377, 0, 0}, {campus, 216, 0, 1}} {
		t.Run(c.file, func(t *testing.T) {
			keys := []string{"building", "leisure", "landuse", "amenity"}
			want := gdal(t, sharedFile(t, c.file), `SELECT osm_id, osm_way_id, building, leisure, landuse, amenity, other_tags FROM multipolygons
				WHERE building IS NOT NULL OR leisure IS NOT NULL OR landuse IS NOT NULL OR amenity IS NOT NULL`)
			x := readShared(t, c.file, Options{Want: func(k Kind, tags Tags) bool {
				for _, key := range keys {
					if tags.Find(key) != "" {
						return k != Node
					}
				}
				return false
			}})
			part := map[string]bool{}
			for i := range x.relations {
				for _, m := range x.relations[i].members {
					part[m.ref.String()] = true
				}
			}
			same, refused, ours := 0, 0, 0
			for _, r := range drain(t, x.Source(Selection{Want: func(f Feature) bool { return f.Shape == AreaShape }})) {
				w, ok := want[r.Feature.ID]
				delete(want, r.Feature.ID)
				switch {
				case r.Refused != nil:
					refused++
					if code := r.Refused.Code; code != "missing_nodes" && code != "part_of_relation" && code != "no_outline" {
						t.Errorf("%s: refused: %s; by GDAL an area: %v", r.Feature.ID, code, ok)
					}
				case !ok:
					ours++
					if !part[r.Feature.ID] && !strings.Contains(said(r), "missing_members") {
						t.Errorf("%s: GDAL has no area; tags %v", r.Feature.ID, r.Feature.Properties)
					}
				case w.Geometry == nil: // GDAL's outline is not valid
					if _, _, why := geojson.Clean(r.Feature.Geometry, false); why != nil {
						t.Errorf("%s: nor is this reader's outline valid: %v", r.Feature.ID, why)
					}
				default:
					area, theirs := measure.Area(r.Feature.Geometry), measure.Area(w.Geometry)
					if math.Abs(area-theirs) > 1e-9*theirs+1e-6 {
						t.Errorf("%s: %.3f m², GDAL %.3f m²; findings %v", r.Feature.ID, area, theirs, r.Repairs)
					}
					same++
				}
			}
			for id, w := range want {
				t.Errorf("%s is an area by GDAL only: %v", id, w.Properties)
			}
			if same != c.same || refused != c.refused || ours != c.ours {
				t.Errorf("%d areas agree, %d refused, %d only here; want %d, %d, %d", same, refused, ours, c.same, c.refused, c.ours)
			}
		})
	}
}

// planned builds every layer of a plan as an import does.
func planned(t *testing.T, file string) (map[coverage.Role]*coverage.Layer, map[coverage.Role]*coverage.ImportReport, Plan) {
	t.Helper()
	mapping, err := catalogs.Mapping("osm")
	if err != nil {
		t.Fatal(err)
	}
	m := intake.NewMapper(mapping)
	x := readShared(t, file, Options{Want: Wanted(m)})
	plan := x.Plan(m)
	layers, reports := map[coverage.Role]*coverage.Layer{}, map[coverage.Role]*coverage.ImportReport{}
	for _, l := range plan.Layers {
		o := l.Options
		o.Name = "osm"
		if o.Role == coverage.RoleFacilities {
			o.Mapping, o.KeepDuplicates = m, true
		}
		layer, rep, err := intake.BuildFrom(context.Background(), catalogs.Services(), file, l.Source(), o, nil)
		if err != nil {
			t.Fatal(l.Role, err)
		}
		layers[l.Role], reports[l.Role] = layer, rep
	}
	return layers, reports, plan
}

// byService counts the facilities of each service.
func byService(l *coverage.Layer) map[string]int {
	n := map[string]int{}
	for i := range l.IDs {
		for _, s := range l.RowServices(i) {
			n[s]++
		}
	}
	return n
}

// A whole project comes out of one file. Of the services the numbers are those of the points of interest that another program made of the same
// files (Las Palmas: derived/pois.geojson by tag), or counted in them by hand (the campus: 2 hospitals, 7 charging stations).
func TestPlan(t *testing.T) {
	for _, c := range []struct {
		file  string
		rows  map[coverage.Role]int
		some  map[string]int // facilities by service
		notes int
	}{
		{lasPalmas, map[coverage.Role]int{coverage.RoleFacilities: 4322, coverage.RoleLand: 45, coverage.RoleBuildings: 22593, coverage.RoleNetwork: 12792},
			map[string]int{"clinic": 143, "kindergarten": 23, "ev_charger": 5, "elderly_canteen": 0}, 1},
		{monaco, map[coverage.Role]int{coverage.RoleNeighborhoods: 6, coverage.RoleFacilities: 463, coverage.RoleLand: 5, coverage.RoleBuildings: 1206, coverage.RoleNetwork: 2260},
			map[string]int{"bus_stop": 104, "kindergarten": 1, "ev_charger": 0, "nursing_home": 0, "toilet": 31}, 0},
		{campus, map[coverage.Role]int{coverage.RoleFacilities: 83, coverage.RoleLand: 3, coverage.RoleBuildings: 110, coverage.RoleNetwork: 189},
			map[string]int{"clinic": 2, "kindergarten": 0, "ev_charger": 7}, 1},
	} {
		t.Run(c.file, func(t *testing.T) {
			layers, reports, plan := planned(t, c.file)
			got := map[coverage.Role]int{}
			for role, l := range layers {
				got[role] = l.Len()
				if r := reports[role]; r.Read != r.Used+r.Repaired+r.Refused || r.Format == "" || l.Info.Attribution != Attribution {
					t.Errorf("%s: report %+v", role, r)
				}
			}
			if diff := gocmp.Diff(c.rows, got); diff != "" {
				t.Errorf("rows (-want +got)\n%s", diff)
			}
			if len(plan.Notes) != c.notes {
				t.Errorf("notes %v", plan.Notes)
			}
			facilities := layers[coverage.RoleFacilities]
			services := byService(facilities)
			for s, n := range c.some {
				if services[s] != n {
					t.Errorf("%d facilities of %s, want %d", services[s], s, n)
				}
			}
			for service, listed := range map[string]bool{"ev_charger": true, "kindergarten": true, "elderly_canteen": false, "judicial_office": false} {
				if slices.Contains(facilities.Info.Services, service) != listed {
					t.Errorf("the layer lists %v", facilities.Info.Services)
				}
			}
			if m := reports[coverage.RoleFacilities].Mapping; m.Features != m.Mapped+m.Unmapped || m.Mapped != reports[coverage.RoleFacilities].Read || len(m.Groups) == 0 {
				t.Errorf("mapping %+v", m)
			}
			if b := layers[coverage.RoleBuildings]; c.file != campus && !slices.ContainsFunc(b.FloorMM2, func(n int64) bool { return n != coverage.Unknown }) {
				t.Error("no building has a floor area")
			}
		})
	}
}

// The parks of an extract and the points of interest made of it by another program are sorted into the same services.
func TestCategoriesAgree(t *testing.T) {
	mapping, err := catalogs.Mapping("poi-category")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(sharedFile(t, "las_palmas/derived/pois.geojson"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	l, rep, err := intake.Build(context.Background(), catalogs.Services(), "pois.geojson", f, intake.Options{Role: coverage.RoleFacilities, Mapping: intake.NewMapper(mapping), KeepDuplicates: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := byService(l)
	want := map[string]int{"clinic": 143, "kindergarten": 23, "ev_charger": 5, "park": 55, "pocket_park": 357, "police_station": 12, "toilet": 29}
	for s, n := range want {
		if got[s] != n {
			t.Errorf("%d facilities of %s, want %d", got[s], s, n)
		}
	}
	if g := rep.Mapping.Groups; len(g) == 0 || g[0] != (coverage.MappingGroup{Group: "category=school", Features: 152}) {
		t.Errorf("unmapped %v", g)
	}
}

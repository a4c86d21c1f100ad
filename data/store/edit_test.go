package store

import (
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/geo/measure"
)

// plain opens a connection of another program: it has the functions that the standard's triggers ask for, as
// QGIS and GDAL have, and nothing else of ours.
func plain(t testing.TB, path string) *sql.DB {
	t.Helper()
	db := openDB(path, accessWrite, time.Second, false)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

func mustExec(t testing.TB, db *sql.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// touched gives the names of layers that are shown as edited.
func touched(t testing.TB, p *Project) string {
	t.Helper()
	infos, err := p.Layers(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, i := range infos {
		if i.Changed {
			names = append(names, i.Name)
		}
	}
	return strings.Join(names, " ")
}

// A planner edits in QGIS and scores again: the edit counts, everything else stays exactly as it was.
func TestEditsByAnotherProgramAreReadBack(t *testing.T) {
	tests := []struct {
		name, edit string
		touched    string
		role       coverage.Role
		want       func(l map[string]*coverage.Layer)
	}{
		{"a name", `UPDATE facilities SET name = '新名' WHERE id = 'c2'`, "医疗", coverage.RoleFacilities,
			func(l map[string]*coverage.Layer) { l["医疗"].Names[1] = "新名" }},
		{"a status, a date and a capacity", `UPDATE facilities SET status = 'closed', closed = '2025-01-31', capacity = 12.5 WHERE id = 'c1'`, "医疗", coverage.RoleFacilities,
			func(l map[string]*coverage.Layer) {
				l["医疗"].Status[0], l["医疗"].Closed = coverage.StatusClosed, []string{"2025-01-31", "", ""}
				l["医疗"].Capacity[0] = 12_500
			}},
		{"a row less", `DELETE FROM facilities WHERE id = 'c2'`, "医疗", coverage.RoleFacilities,
			func(l map[string]*coverage.Layer) { deleteRow(l["医疗"], 1) }},
		{"services of a row", `UPDATE facilities SET services = ' pocket_park , park' WHERE id = 'p1'`, "公园", coverage.RoleFacilities,
			func(l map[string]*coverage.Layer) { l["公园"].Services[0] = []string{"park", "pocket_park"} }},
		{"a size", `UPDATE facilities SET area_m2 = 0.25 WHERE id = 'p2'`, "公园", coverage.RoleFacilities,
			func(l map[string]*coverage.Layer) { l["公园"].AreaMM2[1] = 250_000 }},
		{"parents", `UPDATE neighborhoods SET parents = 'district=500103; street=9 ;circle=圈' WHERE id = '500103001001'`, "社区", coverage.RoleNeighborhoods,
			func(l map[string]*coverage.Layer) {
				l["社区"].Parents = []coverage.ParentColumn{{Level: "circle", Parents: [][]string{{"圈"}, nil}}, l["社区"].Parents[0],
					{Level: "street", Parents: [][]string{{"9"}, {"500103001", "500103002"}}}}
			}},
		{"a measure", `UPDATE neighborhoods SET "population:60+" = NULL, population = 7 WHERE id = '500103001002'`, "社区", coverage.RoleNeighborhoods,
			func(l map[string]*coverage.Layer) {
				l["社区"].Measures[0].Values[1], l["社区"].Measures[1].Values[1] = 7000, coverage.Unknown
			}},
		{"properties", `UPDATE neighborhoods SET properties = '{"z":1.0, "a":"b"}' WHERE id = '500103001002'`, "社区", coverage.RoleNeighborhoods,
			func(l map[string]*coverage.Layer) { l["社区"].Properties[1] = `{"a":"b","z":1}` }},
		{"an id", `UPDATE buildings SET id = 'b0' WHERE id = 'b2'`, "楼", coverage.RoleBuildings,
			func(l map[string]*coverage.Layer) {
				l["楼"].IDs, l["楼"].Names = []string{"b0", "b1"}, []string{"二号楼", "一号楼"}
				l["楼"].Points = []orb.Point{{106.552, 29.552}, {106.551, 29.551}}
				l["楼"].AreaMM2, l["楼"].FloorMM2 = []int64{-1, 100_000_001}, []int64{-1, 600_000_006}
				l["楼"].Measures[0].Values = []int64{20_000, 10_000}
			}},
		{"attributes", `UPDATE attributes SET population = 3001`, "counts", coverage.RoleAttributes,
			func(l map[string]*coverage.Layer) { l["counts"].Measures[0].Values[0] = 3_001_000 }},
		{"to another layer", `UPDATE facilities SET layer = '公园', services = 'park' WHERE id = 'c3'`, "医疗 公园", coverage.RoleFacilities,
			func(l map[string]*coverage.Layer) {
				deleteRow(l["医疗"], 2)
				c := l["公园"]
				c.IDs, c.Names = append([]string{"c3"}, c.IDs...), append([]string{`O'Brien "诊所"`}, c.Names...)
				c.Shapes = append([]orb.Geometry{orb.Point{106.9, 29.9}}, c.Shapes...)
				c.Properties = append([]string{`{"name":"O'Brien \"诊所\""}`}, c.Properties...)
				c.Services = append([][]string{{"park"}}, c.Services...)
				c.Status, c.Capacity = []coverage.Status{coverage.StatusPlanned, 0, 0}, []int64{1500, -1, -1}
				c.AreaMM2 = append([]int64{-1}, c.AreaMM2...)
			}},
		{"and back again", `UPDATE facilities SET name = 'x' WHERE id = 'c1'; UPDATE facilities SET name = '大溪沟卫生站' WHERE id = 'c1'`, "医疗", coverage.RoleFacilities, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, path := mustCreate(t)
			mustSave(t, p, city()...)
			mustExec(t, plain(t, path), tt.edit)
			if got := touched(t, p); got != tt.touched {
				t.Errorf("shown as edited: %q, want %q", got, tt.touched)
			}
			infos, err := p.Refresh(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if got := touched(t, p); got != "" {
				t.Errorf("still shown as edited: %s", got)
			}
			want := map[string]*coverage.Layer{}
			for _, l := range city() {
				if l.Info.Role == tt.role {
					want[l.Info.Name] = l
				}
			}
			if tt.want == nil {
				if len(infos) != 0 {
					t.Errorf("an edit taken back makes a version: %v", infos)
				}
				return
			}
			tt.want(want)
			if len(infos) != len(strings.Fields(tt.touched)) {
				t.Errorf("%d new versions", len(infos))
			}
			for _, i := range infos {
				got, err := p.Layer(ctx, i.Hash)
				if err != nil {
					t.Fatal(err)
				}
				if i.Version != 2 || got.Info.Rows != got.Len() || got.ComputeHash() != i.Hash {
					t.Errorf("info: %+v", i)
				}
				if w := want[i.Name]; w.ComputeHash() != got.ComputeHash() {
					got.Info, w.Info = coverage.LayerInfo{}, coverage.LayerInfo{}
					t.Errorf("%s (-want +got):\n%s", i.Name, cmp.Diff(w, got))
				}
				if r, err := p.Report(ctx, i.Hash); err != nil || r.Read != got.Len() || r.Warnings[0].Code != "edited_in_file" {
					t.Errorf("report: %+v %v", r, err)
				}
			}
			p.Close()
			check(t, path)
		})
	}
}

func deleteRow(l *coverage.Layer, i int) {
	l.IDs, l.Names, l.Properties = append(l.IDs[:i], l.IDs[i+1:]...), append(l.Names[:i], l.Names[i+1:]...), append(l.Properties[:i], l.Properties[i+1:]...)
	l.Points, l.Status, l.Capacity = append(l.Points[:i], l.Points[i+1:]...), append(l.Status[:i], l.Status[i+1:]...), append(l.Capacity[:i], l.Capacity[i+1:]...)
	l.Opened, l.Closed = append(l.Opened[:i], l.Opened[i+1:]...), append(l.Closed[:i], l.Closed[i+1:]...)
}

// What cannot be used is refused with the place where to mend it, and nothing is half read.
func TestEditsThatCannotBeUsedAreRefused(t *testing.T) {
	tests := []struct{ name, edit, text string }{
		{"two rows with one id", `UPDATE facilities SET id = 'c1' WHERE id = 'c2'`, `facilities fid 2 id: "c1" is the id of fid 1 already`},
		{"a status", `UPDATE facilities SET status = '开放' WHERE id = 'c2'`, `facilities fid 2 status: "开放" is no status`},
		{"a date", `UPDATE facilities SET opened = '2023-02-29' WHERE id = 'c2'`, `facilities fid 2 opened: "2023-02-29" is no date`},
		{"a number", `UPDATE neighborhoods SET population = 'viele' WHERE id = '500103001002'`, `neighborhoods fid 2 population: viele is no number`},
		{"a negative number", `UPDATE neighborhoods SET population = -1 WHERE id = '500103001002'`, `neighborhoods fid 2 population: -1 is out of range`},
		{"a service", `UPDATE facilities SET services = 'school' WHERE id = 'c2'`, `facilities fid 2 services: the layer lists no "school", but clinic`},
		{"a layer", `UPDATE facilities SET layer = 'other' WHERE id = 'c2'`, `facilities fid 2 layer: "other" does not say which layer the row is of; the layers are: 公园, 医疗`},
		{"parents", `UPDATE neighborhoods SET parents = '500103' WHERE id = '500103001002'`, `neighborhoods fid 2 parents: write level=id;level=id`},
		{"properties", `UPDATE neighborhoods SET properties = '[1]' WHERE id = '500103001002'`, `neighborhoods fid 2 properties: it is no JSON object`},
		{"the level", `UPDATE neighborhoods SET level = 'circle' WHERE id = '500103001002'`, `neighborhoods fid 2 level: it is said of the whole layer`},
		{"a new row without a layer", `INSERT INTO attributes (id, layer, population) VALUES ('500103001002', 'x', 5)`, `attributes fid 2 layer: "x" does not say`},
		{"a text that is a blob", `UPDATE facilities SET name = x'00' WHERE id = 'c2'`, `facilities fid 2 name: it is no text`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, path := mustCreate(t)
			mustSave(t, p, city()...)
			db := plain(t, path)
			mustExec(t, db, tt.edit)
			before := dump(t, path)
			_, err := p.Refresh(ctx)
			if coverage.CodeOf(err) != coverage.Refused || !strings.Contains(err.Error(), tt.text) || !strings.HasPrefix(err.Error(), filepath.Base(path)) {
				t.Errorf("%v\nwant %s", err, tt.text)
			}
			if before != dump(t, path) {
				t.Error("something was written")
			}
			if touched(t, p) == "" && tt.name != "a new row without a layer" {
				t.Error("it is not shown as edited any more")
			}
		})
	}
}

// Our own triggers ask for no function: where the standard's do not fire, any SQLite shell is noticed too.
func TestEditsByAShellWithoutFunctionsAreNoticed(t *testing.T) {
	p, path := mustCreate(t)
	mustSave(t, p, city()...)
	db, err := sql.Open("sqlite3", "file:"+escapePath(path))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	mustExec(t, db, `DELETE FROM facilities WHERE id = 'p1'`, `UPDATE attributes SET population = 1`)
	if got := touched(t, p); got != "counts 公园" {
		t.Errorf("shown as edited: %q", got)
	}
}

// Importing over rows that somebody edited must not lose the edit: it stays as a version.
func TestSavingOverEditsKeepsThem(t *testing.T) {
	p, path := mustCreate(t)
	mustSave(t, p, clinics())
	db := plain(t, path)
	mustExec(t, db, `UPDATE facilities SET name = '人工修改' WHERE id = 'c1'`)
	l := clinics()
	mustSave(t, p, l)
	if l.Info.Version != 3 {
		t.Fatalf("version %d", l.Info.Version)
	}
	var hash string
	if err := db.QueryRow(`SELECT hash FROM lc_layers WHERE version = 2`).Scan(&hash); err != nil {
		t.Fatal(err)
	}
	if edited, err := p.Layer(ctx, hash); err != nil || edited.Names[0] != "人工修改" {
		t.Errorf("the edit: %v", err)
	}
	if got := query(t, db, `SELECT name FROM facilities WHERE id = 'c1'`); got[0] != "大溪沟卫生站" {
		t.Errorf("the visible row: %v", got)
	}
	if got := touched(t, p); got != "" {
		t.Errorf("shown as edited: %s", got)
	}
}

// A QGIS user copies our column layer, or leaves it empty; both must find their layer.
func TestNewRowsFindTheirLayer(t *testing.T) {
	p, path := mustCreate(t)
	mustSave(t, p, counts())
	other := clinics()
	other.Info.Services, other.Info.Service = []string{"nursery"}, "nursery" // the same name, another service
	other.IDs = []string{"n1", "n2", "n3"}
	mustSave(t, p, clinics(), other)
	db := openDB(path, accessWrite, p.options.busy, false) // with the functions, as QGIS has them
	defer db.Close()
	blob := encodeBlob(nil, orb.Point{106.57, 29.57})
	for _, services := range []string{"nursery", "clinic"} {
		if _, err := db.Exec(`INSERT INTO facilities (geom, layer, name, services) VALUES (?, '医疗', ?, ?)`, blob, "新"+services, services); err != nil {
			t.Fatal(err)
		}
	}
	mustExec(t, db, `INSERT INTO attributes (id, population) VALUES ('500103001002', 5)`)
	infos, err := p.Refresh(ctx)
	if err != nil || len(infos) != 3 {
		t.Fatal(infos, err)
	}
	for _, i := range infos {
		l, err := p.Layer(ctx, i.Hash)
		if err != nil {
			t.Fatal(err)
		}
		if i.Role == coverage.RoleAttributes {
			if l.Len() != 2 || l.Measures[0].Values[1] != 5000 {
				t.Errorf("%+v", l)
			}
			continue
		}
		found := false
		for k, name := range l.Names {
			if name == "新"+i.Service {
				found = true
				if len(l.IDs[k]) != 16 || l.Points[k] != (orb.Point{106.57, 29.57}) {
					t.Errorf("%s %v", l.IDs[k], l.Points[k])
				}
			}
		}
		if !found || l.Len() != 4 {
			t.Errorf("%s: %v", i.Service, l.Names)
		}
	}
	if got := query(t, db, `SELECT count(*) FROM facilities WHERE id IS NULL OR lc_layer IS NULL OR status IS NULL`); got[0] != "0" {
		t.Errorf("%s rows are not complete in the table", got[0])
	}
	if again, err := p.Refresh(ctx); err != nil || again != nil {
		t.Errorf("a second refresh: %v %v", again, err)
	}
	p.Close()
	check(t, path)
}

// A polygon that is reshaped has another size; one that crosses itself is refused, as at import.
func TestReshapedPolygons(t *testing.T) {
	p, path := mustCreate(t)
	l := parks()
	l.AreaMM2[0] = measure.AreaMM2(l.Shapes[0])
	mustSave(t, p, l, land())
	db := openDB(path, accessWrite, p.options.busy, false)
	defer db.Close()
	set := func(table, id string, g orb.Geometry) {
		t.Helper()
		if _, err := db.Exec(`UPDATE `+table+` SET geom = ? WHERE id = ?`, encodeBlob(nil, g), id); err != nil {
			t.Fatal(err)
		}
	}
	larger := square(106.57, 29.56, 0.003)
	set("facilities", "p1", orb.MultiPolygon{larger})
	infos, err := p.Refresh(ctx)
	if err != nil || len(infos) != 1 {
		t.Fatal(infos, err)
	}
	got, err := p.Layer(ctx, infos[0].Hash)
	if err != nil {
		t.Fatal(err)
	}
	if got.AreaMM2[0] != measure.AreaMM2(larger) || got.AreaMM2[1] != l.AreaMM2[1] || !orb.Equal(got.Shapes[0], larger) {
		t.Errorf("%v %v", got.AreaMM2, got.Shapes[0])
	}
	for name, g := range map[string]orb.Geometry{
		"crossing":   orb.Polygon{{{106.5, 29.5}, {106.6, 29.6}, {106.6, 29.5}, {106.5, 29.6}, {106.5, 29.5}}},
		"in metres":  orb.Polygon{{{500000, 3200000}, {500100, 3200000}, {500100, 3200100}, {500000, 3200000}}},
		"empty":      orb.MultiPolygon{},
		"not a kind": orb.LineString{{106.5, 29.5}, {106.6, 29.6}},
	} {
		set("land", "l1", g)
		if _, err := p.Refresh(ctx); coverage.CodeOf(err) != coverage.Refused || !strings.Contains(err.Error(), "land fid 1 geom") {
			t.Errorf("%s: %v", name, err)
		}
	}
	mustExec(t, db, `UPDATE land SET geom = NULL`)
	if _, err := p.Refresh(ctx); coverage.CodeOf(err) != coverage.Refused || !strings.Contains(err.Error(), "land fid 1 geom") {
		t.Errorf("no geometry: %v", err)
	}
	set("land", "l1", land().Shapes[0])
	if infos, err := p.Refresh(ctx); err != nil || infos != nil {
		t.Errorf("the old outline again: %v %v", infos, err)
	}
	p.Close()
	check(t, path)
}

func gdal(t testing.TB, program string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("no %s on this machine: apt-get install gdal-bin", program)
	}
	c := exec.Command(path, args...)
	c.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := c.CombinedOutput()
	if err != nil || strings.Contains(string(out), "Warning") || strings.Contains(string(out), "ERROR") {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// The promise to GIS users: every layer opens with its rows, CRS and Chinese names.
func TestGDALReadsEveryLayer(t *testing.T) {
	p, path := mustCreate(t)
	mustSave(t, p, city()...)
	saveTables(t, p, 1, testTables()...)
	p.Close()
	counts := map[string]int{"neighborhoods": 2, "facilities": 5, "demand": 50, "land": 1, "buildings": 2, "network": 2, "attributes": 1,
		"scores": 2, "coverage": 2, "gaps": 1, "service_areas": 1}
	list := gdal(t, "ogrinfo", "-ro", path)
	for name := range counts {
		if !strings.Contains(list, ": "+name) {
			t.Errorf("%s is not listed:\n%s", name, list)
		}
	}
	if strings.Contains(list, "lc_") {
		t.Errorf("our own tables are listed:\n%s", list)
	}
	for name, n := range counts {
		out := gdal(t, "ogrinfo", "-ro", "-al", path, name)
		if !strings.Contains(out, "Feature Count: "+itoa(n)+"\n") {
			t.Errorf("%s:\n%s", name, out)
		}
		if name != "attributes" && name != "scores" && name != "coverage" && (!strings.Contains(out, `ID["EPSG",4326]]`) || !strings.Contains(out, "Extent: (106.")) {
			t.Errorf("%s has no CRS or no extent:\n%s", name, out)
		}
	}
	out := gdal(t, "ogrinfo", "-ro", "-q", path, "neighborhoods")
	for _, want := range []string{"name (String) = 大溪沟社区", "layer (String) = 社区", "population (Real) = 12345.678", "population:60+ (Real) = 2.5",
		"parents (String) = district=500103;street=500103001;street=500103002", "MULTIPOLYGON (((106.55 29.55,"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
	// Its own reading of the R-tree: a box that holds one clinic.
	if out := gdal(t, "ogrinfo", "-ro", "-q", "-spat", "106.5505", "29.5505", "106.5515", "29.5515", path, "facilities"); strings.Count(out, "OGRFeature") != 1 {
		t.Errorf("spatial filter:\n%s", out)
	}
}

// GDAL puts a polygon, and heights, into a column of multipolygons with no more than a warning. Such a file can be read, and is in
// the standard's form again after the next run.
func TestGeometriesInAnotherForm(t *testing.T) {
	polygon := square(106.555, 29.555, 0.01)
	wkbZ := func(kind uint32) []byte {
		b := binary.LittleEndian.AppendUint32([]byte{1}, kind)
		b = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(b, 1), uint32(len(polygon[0])))
		for _, p := range polygon[0] {
			b = appendFloat(appendFloat(appendFloat(b, p[0]), p[1]), 250)
		}
		return b
	}
	plainHead := func(srs int32) []byte { return binary.LittleEndian.AppendUint32([]byte{'G', 'P', 0, 1}, uint32(srs)) }
	wideBox := encodeBlob(nil, orb.MultiPolygon{polygon})
	copy(wideBox[8:], appendFloat(nil, 100))
	for _, tt := range []struct {
		name, findings string // before the next run
		blob           []byte
	}{
		{"a polygon", "", encodeBlob(nil, polygon)},
		{"with heights", "", append(plainHead(srsWGS84), wkbZ(1003)...)},
		{"with heights, written the older way", "geometry_wkb", append(plainHead(srsWGS84), wkbZ(0x80000003)...)},
		{"of an undefined system", "geometry_srs", append(plainHead(srsGeographic), appendWKB(nil, orb.MultiPolygon{polygon})...)},
		{"with the box of another one", "geometry_envelope", wideBox},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := wholeCity(t)
			db := plain(t, path)
			if _, err := db.Exec(`UPDATE land SET geom = ?`, tt.blob); err != nil {
				t.Fatal(err)
			}
			db.Close()
			r := mustCheck(t, path)
			found := codes(r.Findings)
			if found = strings.TrimSpace(strings.NewReplacer("geometry_type", "", "rtree_box", "", "  ", " ").Replace(found)); found != tt.findings || codes(r.Notes) != "edited" {
				t.Errorf("before: %+v %+v", r.Findings, r.Notes)
			}
			if tt.findings == "" && len(r.Findings) > 0 {
				t.Errorf("before: %+v", r.Findings)
			}
			p := mustOpen(t, path, ReadWrite)
			infos, err := p.Refresh(ctx)
			if err != nil || len(infos) != 1 {
				t.Fatal(infos, err)
			}
			l, err := p.Layer(ctx, infos[0].Hash)
			if err != nil || !orb.Equal(l.Shapes[0], polygon) {
				t.Errorf("%v %v", l, err)
			}
			p.Close()
			if r := inOrder(t, path); len(r.Notes) > 0 {
				t.Errorf("after: %+v", r.Notes)
			}
			check(t, path)
		})
	}
	t.Run("of another system", func(t *testing.T) {
		path := wholeCity(t)
		db := plain(t, path)
		if _, err := db.Exec(`UPDATE land SET geom = ?`, append(plainHead(4490), appendWKB(nil, orb.MultiPolygon{polygon})...)); err != nil {
			t.Fatal(err)
		}
		p := mustOpen(t, path, ReadWrite)
		if _, err := p.Refresh(ctx); coverage.CodeOf(err) != coverage.Refused || !strings.Contains(err.Error(), "land fid 1 geom: the geometry's reference system is 4490, the column's 4326") {
			t.Errorf("%v", err)
		}
	})
}

// QGIS writes through GDAL: its edits and new features must be noticed, indexed and read.
func TestGDALEditsAreNoticed(t *testing.T) {
	p, path := mustCreate(t)
	mustSave(t, p, city()...)
	p.Close()
	gdal(t, "ogrinfo", "-q", path, "-sql", `UPDATE facilities SET name = '改名' WHERE id = 'c1'`)
	type feature struct {
		Type       string         `json:"type"`
		Properties map[string]any `json:"properties"`
		Geometry   map[string]any `json:"geometry"`
	}
	added, err := json.Marshal(map[string]any{"type": "FeatureCollection", "features": []feature{{"Feature",
		map[string]any{"name": "新诊所", "services": "clinic", "capacity": 7.5}, map[string]any{"type": "Point", "coordinates": []float64{106.58, 29.58}}}}})
	if err != nil {
		t.Fatal(err)
	}
	source := filepath.Join(t.TempDir(), "new.geojson")
	if err := os.WriteFile(source, added, 0o644); err != nil {
		t.Fatal(err)
	}
	gdal(t, "ogr2ogr", "-append", "-nln", "facilities", path, source)
	if r := inOrder(t, path); codes(r.Notes) != "edited" {
		t.Errorf("the checker notes %+v", r.Notes)
	}
	q := mustOpen(t, path, ReadWrite)
	if got := touched(t, q); got != "医疗 公园" { // the new row may be of either
		t.Errorf("shown as edited: %s", got)
	}
	infos, err := q.Refresh(ctx)
	if err != nil || len(infos) != 1 {
		t.Fatal(infos, err)
	}
	l, err := q.Layer(ctx, infos[0].Hash)
	if err != nil {
		t.Fatal(err)
	}
	if l.Len() != 4 || !strings.Contains(strings.Join(l.Names, " "), "新诊所") || !strings.Contains(strings.Join(l.Names, " "), "改名") {
		t.Errorf("%v", l.Names)
	}
	q.Close()
	check(t, path) // the R-tree holds the new row
	inOrder(t, path)
	// A layer of one's own beside ours disturbs nothing.
	gdal(t, "ogr2ogr", "-update", "-nln", "my_notes", path, source)
	r := mustOpen(t, path, ReadWrite)
	mustSave(t, r, people(60))
	r.Close()
	check(t, path)
	inOrder(t, path)
	if out := gdal(t, "ogrinfo", "-ro", "-so", path, "my_notes"); !strings.Contains(out, "Feature Count: 1\n") {
		t.Error(out)
	}
}

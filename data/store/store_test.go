package store

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"lifecircle/coverage"
)

var ctx = context.Background()

// testClock is a clock that goes a second at every look.
func testClock() func() time.Time {
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	return func() time.Time {
		at = at.Add(time.Second)
		return at
	}
}

// mustCreate makes a project in a folder of the test.
func mustCreate(t testing.TB, opts ...Option) (*Project, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "渝中 100%?#1.gpkg")
	p, err := Create(path, "yuzhong", "渝中区", append([]Option{WithClock(testClock())}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p, path
}

func mustOpen(t testing.TB, path string, mode Mode, opts ...Option) *Project {
	t.Helper()
	p, err := Open(path, mode, append([]Option{WithClock(testClock())}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func mustSave(t testing.TB, p *Project, layers ...*coverage.Layer) {
	t.Helper()
	for _, l := range layers {
		if err := p.SaveLayer(ctx, l, report(l)); err != nil {
			t.Fatal(err)
		}
	}
}

func report(l *coverage.Layer) *coverage.ImportReport {
	return &coverage.ImportReport{Layer: l.Info.Name, Role: l.Info.Role, Source: l.Info.Source, Format: "geojson", CRS: "EPSG:4326",
		Read: l.Len(), Used: l.Len(), Rows: []coverage.ReportRow{}, Warnings: []coverage.ReportNote{}}
}

func square(x, y, size float64) orb.Polygon {
	return orb.Polygon{{{x, y}, {x + size, y}, {x + size, y + size}, {x, y + size}, {x, y}}}
}

// A small city: one layer of every role.

func neighborhoods() *coverage.Layer {
	return &coverage.Layer{
		Info: coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: coverage.RoleNeighborhoods, Name: "社区"}, Source: "社区.geojson", CRS: "EPSG:4326",
			CRSKnownBy: "format", Level: "community", Declared: coverage.Declared{"id-field": "code"}},
		IDs:   []string{"500103001001", "500103001002"},
		Names: []string{"大溪沟社区", "人和街社区"},
		Shapes: []orb.Geometry{square(106.55, 29.55, 0.01), orb.MultiPolygon{square(106.56, 29.55, 0.01),
			square(106.58, 29.55, 0.005)}},
		Properties: []string{`{"code":"500103001001"}`, `{"code":"500103001002"}`},
		Kinds:      []string{"居住型", ""},
		Parents: []coverage.ParentColumn{{Level: "district", Parents: [][]string{{"500103"}, {"500103"}}},
			{Level: "street", Parents: [][]string{{"500103001"}, {"500103001", "500103002"}}}},
		Measures: []coverage.Measure{{Name: "population", Values: []int64{12345678, coverage.Unknown}}, {Name: "population:60+", Modelled: true, Values: []int64{1000, 2500}}},
	}
}

func clinics() *coverage.Layer {
	return &coverage.Layer{
		Info: coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: coverage.RoleFacilities, Service: "clinic", Name: "医疗"}, Source: "clinics.geojson",
			CRS: "EPSG:4326", CRSKnownBy: "format", Services: []string{"clinic"},
			Surveys: []coverage.Survey{{Service: "clinic", Kind: coverage.SurveyPolygon, Area: orb.MultiPolygon{square(106.5, 29.5, 0.2)}}}},
		IDs:        []string{"c1", "c2", "c3"},
		Names:      []string{"大溪沟卫生站", "", "O'Brien \"诊所\""},
		Points:     []orb.Point{{106.551, 29.551}, {106.565, 29.555}, {106.9, 29.9}},
		Properties: []string{`{"name":"大溪沟卫生站"}`, `{}`, `{"name":"O'Brien \"诊所\""}`},
		Status:     []coverage.Status{coverage.StatusExisting, coverage.StatusUnknown, coverage.StatusPlanned},
		Opened:     []string{"2019-05-01", "", ""}, Closed: []string{"", "", ""},
		Capacity: []int64{20_000, coverage.Unknown, 1_500},
	}
}

func parks() *coverage.Layer {
	return &coverage.Layer{
		Info: coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: coverage.RoleFacilities, Service: "park,pocket_park", Name: "公园"}, Source: "parks.geojson",
			CRS: "EPSG:4326", CRSKnownBy: "format", Services: []string{"park", "pocket_park"},
			Surveys: []coverage.Survey{{Service: "park", Kind: coverage.SurveyEverywhere}, {Service: "pocket_park", Kind: coverage.SurveyUnknown}}},
		IDs: []string{"p1", "p2"}, Names: []string{"人民公园", "口袋公园"},
		Shapes:     []orb.Geometry{square(106.57, 29.56, 0.002), orb.Point{106.56, 29.56}},
		Properties: []string{`{}`, `{}`},
		Services:   [][]string{{"park"}, {"pocket_park"}}, AreaMM2: []int64{42_945_123_456, 500_000_000},
	}
}

func people(n int) *coverage.Layer {
	l := &coverage.Layer{
		Info: coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: coverage.RoleDemand, Name: "people"}, Source: "people.geojson", CRS: "EPSG:4326", CRSKnownBy: "format", Modelled: true},
		IDs:  make([]string, n), Points: make([]orb.Point, n), Properties: make([]string, n), Names: make([]string, n),
		Measures: []coverage.Measure{{Name: "population", Values: make([]int64, n)}},
	}
	for i := range l.IDs {
		l.IDs[i] = fmt.Sprintf("d%08d", i)
		l.Points[i] = orb.Point{106.5 + float64(i%1000)*1e-4, 29.5 + float64(i/1000)*1e-4}
		l.Properties[i] = fmt.Sprintf(`{"n":%d}`, i)
		l.Measures[0].Values[i] = int64(i%100) * 1001
	}
	return l
}

func land() *coverage.Layer {
	return &coverage.Layer{
		Info: coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: coverage.RoleLand, Name: "land"}, Source: "land.geojson", CRS: "EPSG:4326", CRSKnownBy: "format",
			Derived: "由 OpenStreetMap 推导", Attribution: "© OpenStreetMap contributors"},
		IDs: []string{"l1"}, Names: []string{""}, Shapes: []orb.Geometry{orb.Polygon{square(106.55, 29.55, 0.02)[0],
			{{106.56, 29.56}, {106.56, 29.565}, {106.565, 29.565}, {106.56, 29.56}}}}, Properties: []string{`{}`},
	}
}

func buildings() *coverage.Layer {
	return &coverage.Layer{
		Info: coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: coverage.RoleBuildings, Name: "楼"}, Source: "b.geojson", CRS: "EPSG:4326", CRSKnownBy: "format"},
		IDs:  []string{"b1", "b2"}, Names: []string{"一号楼", "二号楼"}, Points: []orb.Point{{106.551, 29.551}, {106.552, 29.552}},
		Properties: []string{`{}`, `{}`}, AreaMM2: []int64{100_000_001, coverage.Unknown}, FloorMM2: []int64{600_000_006, coverage.Unknown},
		Measures: []coverage.Measure{{Name: "households", Values: []int64{10_000, 20_000}}},
	}
}

func counts() *coverage.Layer {
	return &coverage.Layer{
		Info:     coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: coverage.RoleAttributes, Name: "counts"}, Source: "counts.csv"},
		IDs:      []string{"500103001001"},
		Measures: []coverage.Measure{{Name: "population", Values: []int64{3_000_000}}}, Properties: []string{`{"人口":"3000"}`},
	}
}

func roads() *coverage.Layer {
	return &coverage.Layer{
		Info: coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: coverage.RoleNetwork, Name: "roads"}, Source: "roads.geojson", CRS: "EPSG:4326", CRSKnownBy: "format"},
		IDs:  []string{"r1", "r2"}, Names: []string{"人民路", ""}, Properties: []string{`{"class":"residential"}`, `{}`},
		Shapes: []orb.Geometry{orb.LineString{{106.55, 29.55}, {106.56, 29.56}}, orb.MultiLineString{{{106.55, 29.55}, {106.56, 29.55}}, {{106.57, 29.55}, {106.58, 29.55}}}},
	}
}

func city() []*coverage.Layer {
	return []*coverage.Layer{neighborhoods(), clinics(), parks(), people(50), land(), buildings(), counts(), roads()}
}

// dump writes every table's rows as text, with what SQLite says of the schema.
func dump(t testing.TB, path string) string {
	t.Helper()
	db := openDB(path, accessRead, time.Second, true)
	defer db.Close()
	rows, err := db.Query(`SELECT name, coalesce(sql, '') FROM sqlite_master ORDER BY type, name`)
	var b strings.Builder
	schema, err := collect(rows, err, func(r *sql.Rows) (s [2]string, err error) {
		err = r.Scan(&s[0], &s[1])
		return s, err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range schema {
		b.WriteString(s[1] + "\n")
		if !strings.HasPrefix(s[1], "CREATE TABLE") && !strings.HasPrefix(s[1], "CREATE VIRTUAL TABLE") {
			continue
		}
		b.WriteString(strings.Join(query(t, db, `SELECT * FROM `+quote(s[0])+` ORDER BY 1`), "\n") + "\n")
	}
	return b.String()
}

// query gives rows as text.
func query(t testing.TB, db *sql.DB, q string, args ...any) []string {
	t.Helper()
	rows, err := db.Query(q, args...)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	names, _ := rows.Columns()
	out, err := collect(rows, nil, func(r *sql.Rows) (string, error) {
		cells := make([]any, len(names))
		targets := make([]any, len(names))
		for i := range cells {
			targets[i] = &cells[i]
		}
		err := r.Scan(targets...)
		var s []string
		for _, c := range cells {
			if b, ok := c.([]byte); ok {
				s = append(s, fmt.Sprintf("%x", b))
			} else {
				s = append(s, fmt.Sprint(c))
			}
		}
		return strings.Join(s, "|"), err
	})
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	return out
}

// check runs SQLite's own checks of the file and of every R-tree.
func check(t testing.TB, path string) {
	t.Helper()
	db := openDB(path, accessWrite, time.Second, false)
	defer db.Close()
	if got := query(t, db, `PRAGMA integrity_check`); len(got) != 1 || got[0] != "ok" {
		t.Errorf("integrity_check: %v", got)
	}
	if got := query(t, db, `PRAGMA foreign_key_check`); len(got) != 0 {
		t.Errorf("foreign_key_check: %v", got)
	}
	for _, table := range query(t, db, `SELECT table_name FROM gpkg_geometry_columns`) {
		if got := query(t, db, `SELECT rtreecheck(?)`, rtreeName(table)); got[0] != "ok" {
			t.Errorf("R-tree of %s: %v", table, got)
		}
		wrong := query(t, db, fmt.Sprintf(`SELECT fid FROM %[1]s LEFT JOIN %[2]s r ON r.id = fid WHERE r.id IS NULL
OR r.minx > ST_MinX(geom) OR r.maxx < ST_MaxX(geom) OR r.miny > ST_MinY(geom) OR r.maxy < ST_MaxY(geom) OR r.maxx - r.minx > ST_MaxX(geom) - ST_MinX(geom) + 0.0001`,
			quote(table), quote(rtreeName(table))))
		if len(wrong) != 0 {
			t.Errorf("rows of %s that are not right in its R-tree: %v", table, wrong)
		}
		if got := query(t, db, fmt.Sprintf(`SELECT (SELECT count(*) FROM %s) - (SELECT count(*) FROM %s)`, quote(table), quote(rtreeName(table)))); got[0] != "0" {
			t.Errorf("%s and its R-tree differ by %s rows", table, got[0])
		}
	}
}

// What is imported must come back exactly, in this session and the next: every run reads it from here.
func TestLayersComeBack(t *testing.T) {
	p, path := mustCreate(t)
	want := city()
	mustSave(t, p, want...)
	same := func(p *Project) {
		t.Helper()
		infos, err := p.Layers(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if len(infos) != len(want) || !sort.SliceIsSorted(infos, func(a, b int) bool { return infos[a].Less(infos[b].LayerKey) }) {
			t.Fatalf("%d layers, or not in order: %v", len(infos), infos)
		}
		for _, l := range want {
			got, err := p.Layer(ctx, l.Info.Hash)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(l, got); d != "" {
				t.Errorf("%s comes back changed (-saved +read):\n%s", l.Info.Name, d)
			}
			for _, i := range infos {
				if i.LayerKey == l.Info.LayerKey {
					if d := cmp.Diff(l.Info, i); d != "" {
						t.Errorf("%s is listed otherwise (-saved +read):\n%s", l.Info.Name, d)
					}
				}
			}
			r, err := p.Report(ctx, l.Info.Hash)
			if err != nil {
				t.Fatal(err)
			}
			wantReport := report(l)
			wantReport.Version, wantReport.Hash = 1, l.Info.Hash
			if d := cmp.Diff(wantReport, r); d != "" {
				t.Errorf("report of %s:\n%s", l.Info.Name, d)
			}
		}
		info, err := p.Project(ctx)
		if d := cmp.Diff(coverage.ProjectInfo{Name: "yuzhong", Title: "渝中区", Schema: 3, Created: "2026-03-01T08:00:01.000Z"}, info); err != nil || d != "" {
			t.Error(err, d)
		}
	}
	same(p)
	p.Close()
	for _, mode := range []Mode{ReadOnly, ReadWrite} {
		q := mustOpen(t, path, mode)
		same(q)
		q.Close()
	}
	check(t, path)
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(left) != 1 {
		t.Errorf("after a clean close there is more than one file: %v", left)
	}
}

// A batch that imports the same files every night must not change the project.
func TestSavingTheSameAgainWritesNothing(t *testing.T) {
	p, path := mustCreate(t)
	mustSave(t, p, city()...)
	p.Close()
	before := dump(t, path)
	bytesBefore, _ := os.ReadFile(path)
	q := mustOpen(t, path, ReadWrite)
	for _, l := range city() {
		l.Info.Source = "another.geojson"
		r := report(l)
		if err := q.SaveLayer(ctx, l, r); err != nil {
			t.Fatal(err)
		}
		if l.Info.Version != 1 || r.Version != 1 || r.Hash != l.Info.Hash {
			t.Errorf("version %d, report's %d %s", l.Info.Version, r.Version, r.Hash)
		}
	}
	if infos, err := q.Refresh(ctx); err != nil || infos != nil {
		t.Errorf("refresh of untouched layers: %v %v", infos, err)
	}
	q.Close()
	if d := cmp.Diff(before, dump(t, path)); d != "" {
		t.Errorf("tables changed:\n%s", d)
	}
	if after, _ := os.ReadFile(path); len(after) != len(bytesBefore) {
		t.Errorf("the file went from %d to %d bytes", len(bytesBefore), len(after))
	}
}

// Last year's run is explained with last year's layers.
func TestVersionsStay(t *testing.T) {
	p, path := mustCreate(t)
	mustSave(t, p, city()...)
	first := clinics()
	first.Info.Hash = first.ComputeHash()
	second := clinics()
	second.Names[0] = "改名"
	mustSave(t, p, second)
	if second.Info.Version != 2 || second.Info.Hash == first.Info.Hash {
		t.Fatalf("version %d, hash %s", second.Info.Version, second.Info.Hash)
	}
	old, err := p.Layer(ctx, first.Info.Hash)
	if err != nil || old.Names[0] != "大溪沟卫生站" || old.Info.Version != 1 {
		t.Fatalf("the replaced version: %v %v", old, err)
	}
	db := openDB(path, accessRead, time.Second, true)
	defer db.Close()
	if got := query(t, db, `SELECT l.version, c.deflate FROM lc_layers l JOIN lc_contents c USING (hash) JOIN lc_keys k ON k.id = l.key_id WHERE k.name = '医疗' ORDER BY 1`); strings.Join(got, " ") != "1|1 2|0" {
		t.Errorf("what is compressed: %v", got)
	}
	if got := query(t, db, `SELECT count(*), sum(name = '改名') FROM facilities`); got[0] != "5|1" {
		t.Errorf("rows of the visible table: %v", got)
	}
	// Back to the first content: a third version with the hash of the first.
	third := clinics()
	mustSave(t, p, third)
	again, err := p.Layer(ctx, first.Info.Hash)
	if err != nil || third.Info.Version != 3 || again.Info.Version != 3 || third.Info.Hash != first.Info.Hash {
		t.Fatalf("back to the first: %v %v", again.Info, err)
	}
	infos, _ := p.Layers(ctx)
	if len(infos) != len(city()) {
		t.Errorf("%d layers", len(infos))
	}
	if _, err := p.Layer(ctx, "nothing"); coverage.CodeOf(err) != coverage.NotFound {
		t.Errorf("a version that is not there: %v", err)
	}
	if _, err := p.Report(ctx, "nothing"); coverage.CodeOf(err) != coverage.NotFound {
		t.Errorf("a report that is not there: %v", err)
	}
	p.Close()
	check(t, path)
}

// Large layers go through the packed R-tree, small changes beside them through single rows: both must hold.
func TestRTreeOfLargeAndSmallLayers(t *testing.T) {
	p, path := mustCreate(t)
	many := func(name string, n int) *coverage.Layer {
		l := people(n)
		l.Info.Name = name
		return l
	}
	for _, l := range []*coverage.Layer{many("a", 9000), many("b", 100), many("c", 5000), many("b", 70), many("a", 0), many("c", 4999), many("a", 1), many("c", 0), many("b", 0)} {
		mustSave(t, p, l)
		p.Close()
		check(t, path)
		p = mustOpen(t, path, ReadWrite)
	}
}

func TestLayerColumnsThatDoNotFitAreRefused(t *testing.T) {
	p, path := mustCreate(t)
	before := dump(t, path)
	for name, spoil := range map[string]func(l *coverage.Layer){
		"short names": func(l *coverage.Layer) { l.Names = l.Names[:1] },
		"unsorted":    func(l *coverage.Layer) { l.IDs[0], l.IDs[1] = l.IDs[1], l.IDs[0] },
		"twice":       func(l *coverage.Layer) { l.IDs[1] = l.IDs[0] },
		"role":        func(l *coverage.Layer) { l.Info.Role = "attic" },
		"no name":     func(l *coverage.Layer) { l.Info.Name = "" },
		"measure":     func(l *coverage.Layer) { l.Measures = []coverage.Measure{{Name: "x"}} },
	} {
		l := clinics()
		spoil(l)
		if err := p.SaveLayer(ctx, l, nil); coverage.CodeOf(err) != coverage.Internal {
			t.Errorf("%s: %v", name, err)
		}
	}
	if before != dump(t, path) {
		t.Error("something was written")
	}
}

// A measure may be called anything; the table must still open everywhere, and read back.
func TestMeasureNamesThatSQLDoesNotTake(t *testing.T) {
	p, path := mustCreate(t)
	names := []string{"Population", "geom", "lc_x", "level", "population", "population:60+", "say \"hi\"", "人口"}
	l := neighborhoods()
	l.Measures = nil
	for i, n := range names {
		l.Measures = append(l.Measures, coverage.Measure{Name: n, Values: []int64{int64(i) * 1000, coverage.Unknown}})
	}
	mustSave(t, p, l)
	db := openDB(path, accessWrite, time.Second, false)
	defer db.Close()
	got := query(t, db, `SELECT name FROM pragma_table_info('neighborhoods') WHERE type = 'REAL' ORDER BY cid`)
	if d := cmp.Diff([]string{"Population", "column_1", "column_2", "measure:level", "column_3", "population:60+", "column_4", "column_5"}, got); d != "" {
		t.Error(d)
	}
	// An edit of such a column is read back into its measure.
	if _, err := db.Exec(`UPDATE neighborhoods SET column_5 = 99.5 WHERE id = '500103001002'`); err != nil {
		t.Fatal(err)
	}
	infos, err := p.Refresh(ctx)
	if err != nil || len(infos) != 1 {
		t.Fatal(infos, err)
	}
	fresh, err := p.Layer(ctx, infos[0].Hash)
	if err != nil {
		t.Fatal(err)
	}
	if m, ok := fresh.Measure("人口"); !ok || m.Values[1] != 99_500 || m.Values[0] != 7000 {
		t.Errorf("%v", m)
	}
}

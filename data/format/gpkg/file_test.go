package gpkg

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"

	"lifecircle/coverage"
)

// write makes a small GeoPackage as another program would, and gives its path.
func write(t testing.TB, statements ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "城市 100%?.gpkg")
	db, err := sql.Open("sqlite3", "file:"+filepath.ToSlash(filepath.Dir(path))+"/"+"%E5%9F%8E%E5%B8%82%20100%25%3F.gpkg")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	body, err := wkb.Marshal(orb.Point{23.7, 37.9}, binary.LittleEndian)
	if err != nil {
		t.Fatal(err)
	}
	point := append(header(binary.LittleEndian, 4490, 0), body...)
	for _, s := range append([]string{
		`CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT, srs_id INTEGER PRIMARY KEY, organization TEXT, organization_coordsys_id INTEGER, definition TEXT)`,
		`INSERT INTO gpkg_spatial_ref_sys VALUES ('CGCS2000', 4490, 'EPSG', 4490, 'GEOGCS["CGCS2000"]')`,
		`CREATE TABLE gpkg_contents (table_name TEXT PRIMARY KEY, data_type TEXT, identifier TEXT, srs_id INTEGER)`,
		`CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, geometry_type_name TEXT, srs_id INTEGER)`,
		`INSERT INTO gpkg_contents VALUES ('clinics', 'features', '诊所', 4490), ('codes', 'attributes', NULL, NULL), ('ortho', 'tiles', NULL, NULL)`,
		`INSERT INTO gpkg_geometry_columns VALUES ('clinics', 'geom', 'POINT', 4490)`,
		`CREATE TABLE clinics (id INTEGER PRIMARY KEY, geom POINT, "name ""中文""" TEXT, opened DATE, beds BOOLEAN, size REAL)`,
		`CREATE TABLE codes (code TEXT PRIMARY KEY, people INTEGER)`,
		`INSERT INTO codes VALUES ('500101001001', 42), ('010101001001', NULL)`,
	}, statements...) {
		if _, err := db.Exec(s, sql.Named("point", point)); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
	return path
}

func read(t *testing.T, path, table string, columns ...string) []Row {
	t.Helper()
	f, err := Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var rows []Row
	if err := f.Read(context.Background(), table, columns, func(r Row) error {
		r.Values = append([]any{}, r.Values...)
		rows = append(rows, r)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return rows
}

// A file with Chinese and quotes in its names and a path full of signs is read as it is.
func TestLayersAndRows(t *testing.T) {
	path := write(t, `INSERT INTO clinics VALUES (7, @point, '渝中', '2024-05-06', 1, 2.5), (3, NULL, NULL, NULL, NULL, NULL)`)
	f, err := Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	layers, err := f.Layers(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	want := []Layer{
		{Table: "clinics", Kind: "features", Identifier: "诊所", GeometryColumn: "geom", GeometryType: "POINT", FIDColumn: "id",
			SRS:     SRS{4490, "EPSG", 4490, `GEOGCS["CGCS2000"]`},
			Columns: []Column{{`name "中文"`, "TEXT"}, {"opened", "DATE"}, {"beds", "BOOLEAN"}, {"size", "REAL"}}},
		{Table: "codes", Kind: "attributes", Columns: []Column{{"code", "TEXT"}, {"people", "INTEGER"}}},
	}
	if d := cmp.Diff(want, layers); d != "" {
		t.Error(d)
	}
	got := read(t, path, "clinics", `name "中文"`, "opened", "beds", "size", "id")
	rows := []Row{
		{FID: 3, Values: []any{nil, nil, nil, nil, int64(3)}},
		{FID: 7, Geometry: orb.Point{23.7, 37.9}, Values: []any{"渝中", "2024-05-06", int64(1), 2.5, int64(7)}},
	}
	if d := cmp.Diff(rows, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]any{"500101001001", int64(42)}, read(t, path, "codes", "code", "people")[0].Values); d != "" {
		t.Error(d)
	}
}

// A row that is broken comes back with its reason, between its neighbors.
func TestBrokenRowsAreCounted(t *testing.T) {
	path := write(t, `INSERT INTO clinics (id, geom, size) VALUES (1, @point, 1), (2, x'4750000101', 2), (3, 'text', 3), (4, @point, CAST(x'ff' AS TEXT)), (5, @point, 5)`)
	bad := map[int64]bool{2: true, 3: true, 4: true}
	rows := read(t, path, "clinics", "size")
	if len(rows) != 5 {
		t.Fatalf("%d rows, want 5", len(rows))
	}
	for _, r := range rows {
		if (r.Err != nil) != bad[r.FID] || (r.Geometry == nil) != bad[r.FID] {
			t.Errorf("row %d: %v, %v", r.FID, r.Geometry, r.Err)
		}
	}
}

// Errors say what is wrong and with which code, so that the command line can end with the right exit code.
func TestOpenAndReadErrors(t *testing.T) {
	ctx := context.Background()
	text := filepath.Join(t.TempDir(), "a.gpkg")
	if err := os.WriteFile(text, []byte("这不是数据库, it is a text that is longer than a header of SQLite, by far, so that it is looked at"), 0o600); err != nil {
		t.Fatal(err)
	}
	plain := filepath.Join(t.TempDir(), "b.gpkg")
	db, err := sql.Open("sqlite3", plain)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`CREATE TABLE t (a)`); err != nil {
		t.Fatal(err)
	}
	db.Close()
	good := write(t)
	f, err := Open(ctx, good)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	open := func(path string) error {
		f, err := Open(ctx, path)
		if err == nil {
			f.Close()
		}
		return err
	}
	view, err := Open(ctx, write(t, `CREATE VIEW v AS SELECT lost FROM clinics`, `INSERT INTO gpkg_contents VALUES ('v', 'attributes', NULL, NULL)`))
	if err != nil {
		t.Fatal(err)
	}
	defer view.Close()
	_, ofLostColumn := view.Layers(ctx)
	never := func(Row) error { return errors.New("a row") }
	stop := errors.New("stop")
	cases := []struct {
		name string
		err  error
		code coverage.Code
	}{
		{"no file", open(filepath.Join(t.TempDir(), "none.gpkg")), coverage.NotFound},
		{"a folder", open(t.TempDir()), coverage.NotFound},
		{"a text file", open(text), coverage.Refused},
		{"a database that is no GeoPackage", open(plain), coverage.Refused},
		{"a view of a column that is not there", ofLostColumn, coverage.Refused},
		{"no such layer", f.Read(ctx, "schools", nil, never), coverage.NotFound},
		{"a layer of tiles", f.Read(ctx, "ortho", nil, never), coverage.NotFound},
		{"no such column", f.Read(ctx, "clinics", []string{"geom"}, never), coverage.NotFound},
	}
	for _, c := range cases {
		if got := coverage.CodeOf(c.err); got != c.code {
			t.Errorf("%s: %q (%v), want %q", c.name, got, c.err, c.code)
		}
	}
	if _, err := os.Stat(filepath.Join(t.TempDir(), "none.gpkg")); err == nil {
		t.Error("opening a file that is not there made it")
	}
	if err := f.Read(ctx, "codes", nil, func(Row) error { return stop }); err != stop {
		t.Errorf("yield's error came back as %v", err)
	}
}

// Reading leaves the file as it was, byte for byte, and nothing beside it: it may lie on a read-only disk.
func TestReadingWritesNothing(t *testing.T) {
	path := write(t, `INSERT INTO clinics (id, geom) VALUES (1, @point)`)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	read(t, path, "clinics")
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, after); d != "" {
		t.Error("the file changed")
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 {
		t.Errorf("%v lie in the folder, %v", files, err)
	}
}

// The real foreign file: what GDAL wrote in 2017 is read in full.
func TestAthens(t *testing.T) {
	path, ok := findShared("athens_south/athens-osm-20170921.gpkg")
	if !ok {
		t.Skip("shared/data/athens_south is not beside the repository")
	}
	// Figures of the set's own description.
	for table, want := range map[string]int{"buildings_polygons": 22982, "roads_lines": 6979, "places_points": 21, "leisure_polygons": 933, "land_polygons": 6, "harbours_points": 0} {
		rows := read(t, path, table)
		if len(rows) != want {
			t.Errorf("%s: %d rows, want %d", table, len(rows), want)
		}
		for _, r := range rows {
			if r.Err != nil || r.Geometry == nil {
				t.Errorf("%s %d: %v", table, r.FID, r.Err)
			}
		}
	}
	first := read(t, path, "places_points", "osm_id", "place", "name")[0]
	want := Row{FID: 1, Geometry: orb.Point{23.7093734, 37.9151873}, Values: []any{"26743920", "suburb", "Καλαμάκι"}}
	if d := cmp.Diff(want, first); d != "" {
		t.Error(d)
	}
}

// findShared walks up from the package's folder to a folder shared/data.
func findShared(name string) (string, bool) {
	dir, err := os.Getwd()
	if err != nil {
		return "", false
	}
	for {
		path := filepath.Join(dir, "shared", "data", filepath.FromSlash(name))
		if _, err := os.Stat(path); err == nil {
			return path, true
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", false
		}
		dir = up
	}
}

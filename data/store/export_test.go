package store

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
)

// A table of a run comes out as a GeoPackage that other programs read, with its digits, and the same bytes every time.
func TestExport(t *testing.T) {
	for _, table := range testTables() {
		t.Run(table.Name, func(t *testing.T) {
			var first, second bytes.Buffer
			if err := Export(ctx, &first, table); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Millisecond)
			if err := Export(ctx, &second, table); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(first.Bytes(), second.Bytes()) {
				t.Error("two exports differ")
			}
			path := filepath.Join(t.TempDir(), "out.gpkg")
			if err := os.WriteFile(path, first.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			check(t, path)
			db := openDB(path, accessRead, time.Second, true)
			defer db.Close()
			if got := query(t, db, `SELECT name FROM sqlite_master WHERE name LIKE 'lc\_%' ESCAPE '\'`); len(got) != 0 {
				t.Errorf("our own tables: %v", got)
			}
			kind := "attributes"
			if table.GeometryType != "" {
				kind = "features"
			}
			if got := query(t, db, `SELECT table_name, data_type FROM gpkg_contents`); strings.Join(got, " ") != table.Name+"|"+kind {
				t.Errorf("contents: %v", got)
			}
			if got := query(t, db, `SELECT count(*) FROM `+quote(table.Name)); got[0] != itoa(table.Len) {
				t.Errorf("%s rows, want %d", got[0], table.Len)
			}
			db.Close()
			if out := gdal(t, "ogrinfo", "-ro", "-so", "-al", path); !strings.Contains(out, "Feature Count: "+itoa(table.Len)) || strings.Contains(out, "Warning") {
				t.Errorf("GDAL reads:\n%s", out)
			}
		})
	}
}

func TestExportStops(t *testing.T) {
	gone, cancel := context.WithCancel(ctx)
	table := testTables()[0]
	table.Each = func(func(string, []coverage.Value, orb.Geometry) error) error {
		cancel()
		return gone.Err()
	}
	var out bytes.Buffer
	if err := Export(gone, &out, table); err == nil || out.Len() > 0 {
		t.Errorf("%v, %d bytes", err, out.Len())
	}
}

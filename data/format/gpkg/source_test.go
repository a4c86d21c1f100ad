package gpkg

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lifecircle/coverage"
)

// athens is the foreign GeoPackage of the folder of real data, or skips the test.
func athens(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		path := filepath.Join(dir, "shared", "data", "athens_south", "athens-osm-20170921.gpkg")
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Skip("shared/data/athens_south is not there: the real data lies outside the repository")
	return ""
}

// Of several layers the one that is meant has to be named; the refusal lists them. Rows come whole, with their key.
func TestSource(t *testing.T) {
	path := athens(t)
	ctx := context.Background()
	_, err := OpenSource(ctx, path, "", false)
	if coverage.CodeOf(err) != coverage.Refused || !strings.Contains(err.Error(), "roads_lines") || !strings.Contains(err.Error(), "--source-layer") {
		t.Errorf("%v", err)
	}
	if _, err := OpenSource(ctx, path, "roads", false); coverage.CodeOf(err) != coverage.NotFound {
		t.Errorf("%v", err)
	}
	s, err := OpenSource(ctx, path, "places_points", false)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	n := 0
	for {
		row, err := s.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		n++
		fid, ok := row.Feature.Properties.Get(s.layer.FIDColumn)
		if row.N != n || row.Refused != nil || row.Feature.Geometry == nil || !ok || fid.Text == "" {
			t.Fatalf("%+v", row)
		}
		for i := 1; i < len(row.Feature.Properties); i++ {
			if row.Feature.Properties[i-1].Key >= row.Feature.Properties[i].Key {
				t.Fatalf("properties are not in order: %+v", row.Feature.Properties)
			}
		}
	}
	info := s.Info()
	if n != 21 || info.Format != "gpkg" || info.Layer != "places_points" || info.System.Code != "EPSG:4326" || !info.Unchecked {
		t.Errorf("%d rows, %+v", n, info)
	}
	s, err = OpenSource(ctx, path, "places_points", false)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil { // before a row was read
		t.Error(err)
	}
}

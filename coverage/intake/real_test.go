package intake

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"lifecircle/coverage"
)

// sharedFile opens a file of the folder of real data beside the repository, or skips the test.
func sharedFile(t *testing.T, name string) *os.File {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		f, err := os.Open(filepath.Join(dir, "shared", "data", filepath.FromSlash(name)))
		if err == nil {
			t.Cleanup(func() { f.Close() })
			return f
		}
	}
	t.Skipf("shared/data/%s is not there: the real data lies outside the repository", name)
	return nil
}

// Real layers come in whole: every row used or accounted for.
func TestRealLayers(t *testing.T) {
	unitsOf := func(idField, nameField string) Options {
		return Options{Role: coverage.RoleNeighborhoods, IDField: idField, NameField: nameField}
	}
	for _, c := range []struct {
		file string
		o    Options
		read int
		warn string
	}{
		{"las_palmas/derived/neighbourhoods.geojson", Options{Role: coverage.RoleNeighborhoods, Measures: []MeasureSpec{{"population", "population"}}}, 52, ""},
		{"las_palmas/derived/population_grid_100m.geojson", people, 1614, ""},
		{"las_palmas/derived/buildings_points.geojson", Options{Role: coverage.RoleBuildings}, 22184, ""},
		{"las_palmas/derived/park_polygons.geojson", Options{Role: coverage.RoleFacilities, Services: []string{"park"}}, 421, ""},
		{"las_palmas/derived/walk_edges.geojson", Options{Role: coverage.RoleNetwork}, 23305, ""},
		{"monaco/derived/walk_edges.geojson", Options{Role: coverage.RoleNetwork}, 4012, ""},
		{"chongqing_admin/districts_wgs84.geojson", unitsOf("ADMINCODE", "NAME"), 38, ""},
	} {
		t.Run(c.file, func(t *testing.T) {
			f := sharedFile(t, c.file)
			l, rep, err := Build(context.Background(), testServices(t), c.file, f, c.o, nil)
			if err != nil {
				t.Fatal(err)
			}
			checkSums(t, rep, l)
			if rep.Read != c.read || rep.Refused != 0 || warnings(rep) != c.warn {
				t.Errorf("read %d of %d, rows %s, warnings %+v", rep.Read, c.read, reasons(rep), rep.Warnings)
			}
		})
	}
}

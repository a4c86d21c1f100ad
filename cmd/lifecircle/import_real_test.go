package main

import (
	"os"
	"path/filepath"
	"testing"
)

// sharedData gives a path in the folder of real data beside the repository, or skips the test.
func sharedData(t *testing.T, name string) string {
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

// Two whole cities straight from OpenStreetMap's files, scored: every neighborhood gets a row, and nothing that was not found is called unmet.
func TestCitiesFromExtracts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		city, extract, units string
		reads                []string
		neighborhoods        int
	}{
		{"Monaco", "monaco/raw/monaco_20210421.osm.pbf", "", []string{"admin_level=10", "read 9, used 6, repaired 0, refused 3", "read 1206, used 1206", "mapped 463"}, 6},
		{"Las Palmas", "las_palmas/raw/las_palmas_20230221.osm.pbf", "las_palmas/derived/neighbourhoods.geojson",
			[]string{"read 46, used 45, repaired 0, refused 1", "read 22611", "mapped 4329", "import neighborhoods from another file"}, 52},
	} {
		t.Run(c.city, func(t *testing.T) {
			t.Parallel()
			extract := sharedData(t, c.extract)
			project := filepath.Join(t.TempDir(), "city.gpkg")
			run(t, "import", project, extract, "--as", "osm", "--lang", "en").must(exitDone).says(c.reads...)
			if c.units != "" {
				run(t, "import", project, sharedData(t, c.units), "--as", "neighborhoods").must(exitDone)
			}
			var doc struct {
				Neighborhoods []struct{ ID string }
				Counts        struct {
					Met, Unmet  int
					NotDetected int `json:"not_detected"`
					NotAssessed int `json:"not_assessed"`
				}
			}
			run(t, "score", project, "--json").must(exitDone).json(&doc)
			if len(doc.Neighborhoods) != c.neighborhoods || doc.Counts.Unmet != 0 || doc.Counts.Met == 0 || doc.Counts.NotDetected == 0 {
				t.Errorf("%d neighborhoods, %+v", len(doc.Neighborhoods), doc.Counts)
			}
		})
	}
}

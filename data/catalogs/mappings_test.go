package catalogs_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lifecircle/coverage/catalog"
	"lifecircle/data/catalogs"
)

// Shipped mappings are the examples that users start from: they must raise no finding, and every file must be shipped.
func TestShippedMappingsLintClean(t *testing.T) {
	files, err := filepath.Glob("mappings/*.yaml")
	if err != nil || len(files) != len(catalogs.MappingIDs()) {
		t.Fatalf("files %v, shipped %v, %v", files, catalogs.MappingIDs(), err)
	}
	for _, id := range catalogs.MappingIDs() {
		src, ok := catalogs.MappingSource(id)
		if !ok {
			t.Fatalf("no source of %s", id)
		}
		m, findings, err := catalog.ParseMapping(src, id+".yaml", catalogs.Services())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range findings {
			t.Errorf("%s:%v", id, f)
		}
		if m.ID != id || len(m.Detects) == 0 {
			t.Errorf("the file of %s is called %s and detects %v", id, m.ID, m.Detects)
		}
	}
	if _, err := catalogs.Mapping("gaode"); err == nil || !strings.Contains(err.Error(), "amap, osm") {
		t.Errorf("error %v does not say what there is", err)
	}
}

// The services that planners ask first are given by the tags that the documentation names, and by nothing else.
func TestOSMRulesOfTheFour(t *testing.T) {
	m, err := catalogs.Mapping("osm")
	if err != nil {
		t.Fatal(err)
	}
	services := catalogs.Services()
	want := map[string]string{
		"clinic": "amenity=clinic,doctors,hospital", "kindergarten": "amenity=kindergarten", "ev_charger": "amenity=charging_station",
		"park": "leisure=park,playground", "pocket_park": "leisure=park,playground",
	}
	got := map[string]string{}
	for _, r := range m.Rules {
		for _, s := range r.Services {
			for asked := range want {
				if !services.Satisfies(s, asked) {
					continue
				}
				tags := r.When[0].Key + "=" + strings.Join(r.When[0].Values, ",")
				if before, has := got[asked]; has && before != tags {
					t.Errorf("%s: %s and %s", asked, before, tags)
				}
				got[asked] = tags
			}
		}
	}
	for s, tags := range want {
		if got[s] != tags || !slices.Contains(m.Detects, s) {
			t.Errorf("%s comes from %q, want %q; detected: %v", s, got[s], tags, m.Detects)
		}
	}
}

package catalog_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"lifecircle/coverage/catalog"
)

// A layer called by another word for the same service must not be taken for a service that nobody provides.
func TestResolve(t *testing.T) {
	services := sharedServices(t)
	for word, want := range map[string]string{
		"ev_charger": "ev_charger", "charger": "ev_charger", "充电桩": "ev_charger", "充电设施": "ev_charger",
		"EV charging station": "ev_charger", "ev-charger": "ev_charger", " Pocket Park ": "pocket_park",
	} {
		if got, ok := services.Resolve(word); !ok || got != want {
			t.Errorf("Resolve(%q) = %q, %v; want %q", word, got, ok, want)
		}
	}
	for _, word := range []string{"", "hospital", "clinics"} {
		if got, ok := services.Resolve(word); ok {
			t.Errorf("Resolve(%q) = %q, want none", word, got)
		}
	}
}

func TestSuggest(t *testing.T) {
	services := sharedServices(t)
	for misspelt, want := range map[string]string{
		"clinc": "clinic", "kindergarden": "kindergarten", "pokect_park": "pocket_park", "幼儿圆": "幼儿园", "zoo": "", "": "",
	} {
		if got := services.Suggest(misspelt); got != want {
			t.Errorf("Suggest(%q) = %q, want %q", misspelt, got, want)
		}
	}
}

// A facility satisfies its service and that service's ancestors, never a child (design §5).
func TestKinship(t *testing.T) {
	services := sharedServices(t)
	if got := services.Ancestors("clinic_station"); !slices.Equal(got, []string{"clinic"}) {
		t.Errorf("ancestors of clinic_station: %v", got)
	}
	if got := services.Descendants("clinic"); !slices.Equal(got, []string{"clinic_station", "clinic_center"}) {
		t.Errorf("descendants of clinic: %v", got)
	}
	if !services.Satisfies("clinic_station", "clinic") || services.Satisfies("clinic", "clinic_station") || !services.Satisfies("park", "park") {
		t.Error("a station serves as a clinic, a clinic not as a station, a park as a park")
	}
	if got := services.Name("clinic"); got.Zh != "社区医疗站" {
		t.Errorf("name of clinic: %+v", got)
	}
	if got := services.Name("zoo"); got.In("zh") != "zoo" {
		t.Errorf("name of an unknown key: %+v", got)
	}
}

// Several parents: each ancestor once, the nearest first.
func TestKinshipDiamond(t *testing.T) {
	services, err := catalog.ParseServices([]byte(`
services:
  - {key: a, zh: 甲}
  - {key: b, zh: 乙, parent: a}
  - {key: c, zh: 丙, parent: 甲}
  - {key: d, zh: 丁, parents: [b, c]}
`), "s.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if got := services.Ancestors("d"); !slices.Equal(got, []string{"b", "c", "a"}) {
		t.Errorf("ancestors of d: %v", got)
	}
	if got := services.Descendants("a"); !slices.Equal(got, []string{"b", "c", "d"}) {
		t.Errorf("descendants of a: %v", got)
	}
}

func TestParseServicesErrors(t *testing.T) {
	for _, c := range []struct{ name, src, code string }{
		{"two of one key", "services:\n  - {key: a, zh: 甲}\n  - {key: a, zh: 乙}", "duplicate_service"},
		{"alias of another", "services:\n  - {key: a, zh: 甲}\n  - {key: b, zh: 乙, aliases: [A]}", "duplicate_service"},
		{"unknown parent", "services:\n  - {key: clinic}\n  - {key: b, parent: clinik}", "unknown_service"},
		{"own parent", "services:\n  - {key: a}\n  - {key: b, parent: b}", "service_cycle"},
		{"circle of parents", "services:\n  - {key: a, parent: b}\n  - {key: b, parent: a}", "service_cycle"},
		{"no key", "services:\n  - {zh: 甲}", "missing_key"},
		{"no services", "services: []", "no_services"},
		{"bad key", "services:\n  - {key: 'a|b'}", "bad_id"},
		{"not YAML", "services: [", "syntax"},
		{"empty", "", "empty_file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := catalog.ParseServices([]byte(c.src), "s.yaml")
			var fault *catalog.Error
			if !errors.As(err, &fault) {
				t.Fatalf("error %v, want *catalog.Error", err)
			}
			if fault.Findings[0].Code != c.code || !strings.HasPrefix(err.Error(), "s.yaml:") {
				t.Errorf("%v, want code %s", err, c.code)
			}
		})
	}
}

// The key as its own alias or name is no ambiguity.
func TestServiceNamedAsItsKey(t *testing.T) {
	services, err := catalog.ParseServices([]byte("services:\n  - {key: gym, zh: gym, aliases: [GYM]}"), "s.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if key, ok := services.Resolve("Gym"); !ok || key != "gym" {
		t.Errorf("Gym: %q, %v", key, ok)
	}
}

func TestNilServices(t *testing.T) {
	var none *catalog.Services
	if _, ok := none.Resolve("clinic"); ok || none.Keys() != nil || none.Ancestors("a") != nil || none.Suggest("a") != "" || none.Name("a").En != "a" {
		t.Error("a nil list must be an empty one")
	}
}

// How near two records of one name are one facility is said in the shared list alone: a catalog judges layers that are read already.
func TestMergeMetres(t *testing.T) {
	plain := "services:\n  - {key: bus_stop, zh: 公交车站}\n  - {key: clinic, zh: 医疗站}\n"
	s, err := catalog.ParseServices([]byte(strings.Replace(plain, "公交车站", "公交车站, merge_m: 5", 1)), "services.yaml")
	if err != nil || s.MergeMetres("bus_stop") != 5 || s.MergeMetres("clinic") != 50 || s.MergeMetres("x") != 50 || (*catalog.Services)(nil).MergeMetres("clinic") != 50 {
		t.Errorf("%v", err)
	}
	if without, err := catalog.ParseServices([]byte(plain), "services.yaml"); err != nil || without.Hash() != s.Hash() {
		t.Errorf("runs over the same layers would be others: %v", err)
	}
	for _, bad := range []string{"-1", "51", "2.5", "near"} {
		if _, err := catalog.ParseServices([]byte(strings.Replace(plain, "公交车站", "公交车站, merge_m: "+bad, 1)), "services.yaml"); err == nil {
			t.Errorf("merge_m: %s is taken", bad)
		}
	}
	c, _, err := catalog.Parse([]byte("id: x\ntiers: [{id: a, minutes: 5}]\nservices: [{key: own, zh: 自有}]\nrequirements: [{service: own, tier: a, limit: {radius_m: 5}}]\n"), "x.yaml", s)
	if err != nil || c.Services.MergeMetres("bus_stop") != 5 || c.Services.MergeMetres("own") != 50 {
		t.Errorf("%v", err)
	}
	if _, _, err := catalog.Parse([]byte("id: x\ntiers: [{id: a, minutes: 5}]\nservices: [{key: own, zh: 自有, merge_m: 5}]\nrequirements: [{service: own, tier: a, limit: {radius_m: 5}}]\n"), "x.yaml", s); err == nil {
		t.Error("a catalog says how layers are read")
	}
}

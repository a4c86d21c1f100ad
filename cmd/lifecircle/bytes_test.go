package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"lifecircle/coverage/intake"
	"lifecircle/data/catalogs"
	"lifecircle/data/samples"
)

// cityFile is a GeoJSON file of a real city, and how it is imported.
type cityFile struct {
	name     string
	features []rawFeature
	options  intake.Options
}

// rawFeature is a feature as it was written; the texts of its members are kept.
type rawFeature struct {
	ID         json.RawMessage            `json:"id,omitempty"`
	Properties map[string]json.RawMessage `json:"properties"`
	Geometry   json.RawMessage            `json:"geometry"`
}

// write writes the file in the order of a tool: rows, members and properties as r shuffles them.
func (f cityFile) write(r *rand.Rand) []byte {
	var b bytes.Buffer
	b.WriteString(`{"type":"FeatureCollection","features":[`)
	for i, k := range r.Perm(len(f.features)) {
		if i > 0 {
			b.WriteByte(',')
		}
		row := &f.features[k]
		var properties bytes.Buffer
		names := slices.Sorted(maps.Keys(row.Properties))
		for j, n := range r.Perm(len(names)) {
			if j > 0 {
				properties.WriteByte(',')
			}
			fmt.Fprintf(&properties, "%q:%s", names[n], row.Properties[names[n]])
		}
		members := []string{`"type":"Feature"`, `"properties":{` + properties.String() + `}`, `"geometry":` + string(row.Geometry)}
		if row.ID != nil {
			members = append(members, `"id":`+string(row.ID))
		}
		for j, n := range r.Perm(len(members)) {
			b.WriteByte("{,"[min(j, 1)])
			b.WriteString(members[n])
		}
		b.WriteByte('}')
	}
	b.WriteString(`]}`)
	return b.Bytes()
}

// readCityFile reads a file of a city, to be written again in any order.
func readCityFile(t *testing.T, name string, r io.Reader, o intake.Options) cityFile {
	t.Helper()
	var doc struct{ Features []rawFeature }
	if err := json.NewDecoder(r).Decode(&doc); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return cityFile{name, doc.Features, o}
}

// athens is the embedded sample.
func athens(t *testing.T) (out []cityFile) {
	t.Helper()
	for _, l := range samples.Athens() {
		r, err := l.Open()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, readCityFile(t, l.File, r, l.Options))
		r.Close()
	}
	return out
}

// derived gives a city of the folder of real data beside the repository, or skips the test: the layer roles of its files, and a layer of facilities
// for some of the categories of its POIs, one of them complete everywhere and one in the first neighborhood.
func derived(city string) func(t *testing.T) []cityFile {
	return func(t *testing.T) (out []cityFile) {
		t.Helper()
		dir := filepath.Join("..", "..", "..", "shared", "data", city, "derived")
		if _, err := os.Stat(dir); err != nil {
			t.Skipf("shared/data/%s is not there: the real data lies outside the repository", city)
		}
		read := func(name string, o intake.Options) cityFile {
			f, err := os.Open(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			return readCityFile(t, name, f, o)
		}
		hoods := read("neighbourhoods.geojson", intake.Options{Role: "neighborhoods", Parents: []intake.ParentSpec{{Level: "source", Field: "population_source"}}})
		out = []cityFile{hoods,
			read("population_grid_100m.geojson", intake.Options{Role: "demand"}),
			read("buildings_points.geojson", intake.Options{Role: "buildings", AreaField: "area_m2"}),
			read("boundary.geojson", intake.Options{Role: "land"}),
			read("park_polygons.geojson", intake.Options{Role: "facilities", Services: []string{"park"}}),
		}
		first, err := intake.ReadArea(bytes.NewReader(cityFile{features: hoods.features[:1]}.write(rand.New(rand.NewPCG(0, 0)))), "first.geojson")
		if err != nil {
			t.Fatal(err)
		}
		complete := map[string]*intake.Complete{"sports": {Everywhere: true}, "culture": {Area: first}}
		of := map[string][]rawFeature{}
		for _, f := range read("pois.geojson", intake.Options{}).features {
			category := string(f.Properties["category"])
			of[category] = append(of[category], f)
		}
		for category, service := range map[string]string{"childcare": "kindergarten", "charging": "ev_charger", "culture": "culture", "elderly_social": "elderly_care",
			"health_clinic": "clinic", "park": "pocket_park", "sports": "sports"} {
			o := intake.Options{Role: "facilities", Services: []string{service}, Complete: complete[category]}
			out = append(out, cityFile{category + ".geojson", of[`"`+category+`"`], o})
		}
		return out
	}
}

// importShuffled makes a project of a city's files, in any order and each in any order of its rows.
func importShuffled(t *testing.T, path string, files []cityFile, r *rand.Rand) {
	t.Helper()
	p, err := createProject(path, "city")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	for _, k := range r.Perm(len(files)) {
		f := files[k]
		if _, err := intake.Import(context.Background(), p, catalogs.Services(), f.name, bytes.NewReader(f.write(r)), f.options, nil); err != nil {
			t.Fatalf("%s: %v", f.name, err)
		}
	}
}

// Two colleagues who score the same real city hand in the same bytes, whatever their machines and the order in which their tools wrote the files:
// every layer in both formats, at 1, 2 and 8 threads.
func TestSameBytesOfRealCities(t *testing.T) {
	if testing.Short() {
		t.Skip("imports three cities three times")
	}
	t.Parallel()
	for _, c := range []struct {
		name  string
		files func(*testing.T) []cityFile
		score []string
	}{
		{"athens", athens, []string{"--accept-parent"}},
		{"monaco", derived("monaco"), nil},
		{"las_palmas by people", derived("las_palmas"), []string{"--denominator", "population"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := c.files(t)
			var want map[string]string
			for seed, threads := range []string{"1", "2", "8"} {
				project := filepath.Join(t.TempDir(), "city.gpkg")
				importShuffled(t, project, files, rand.New(rand.NewPCG(uint64(seed), 7)))
				run(t, append([]string{"score", project, "--threads", threads, "--quiet"}, c.score...)...).must(exitDone)
				got := exports(t, project)
				if want == nil {
					want = got
					continue
				}
				for _, name := range slices.Sorted(maps.Keys(want)) {
					if got[name] != want[name] {
						t.Errorf("%s at %s threads has other bytes (%d, %s) than at 1 (%d, %s): %s", name, threads,
							len(got[name]), digest(got[name]), len(want[name]), digest(want[name]), difference(want[name], got[name]))
					}
				}
			}
		})
	}
}

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:4])
}

// difference shows where two texts part.
func difference(a, b string) string {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	from := max(0, i-80)
	return fmt.Sprintf("%q against %q", a[from:min(len(a), i+80)], b[from:min(len(b), i+80)])
}

package samples_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
	"lifecircle/data/catalogs"
	"lifecircle/data/samples"
)

// realCity is a city of real data, read but not scored. It needs no project file, so that it can be scored where there is no C compiler.
type realCity struct {
	coverage.Store // only layers are asked for
	name           string
	layers         map[string]*coverage.Layer // by hash
}

// Layer gives a layer by its hash.
func (c *realCity) Layer(_ context.Context, hash string) (*coverage.Layer, error) {
	if l := c.layers[hash]; l != nil {
		return l, nil
	}
	return nil, coverage.Errorf(coverage.NotFound, "没有图层 %s", "no layer %s", hash)
}

// add reads a GeoJSON file as an import does.
func (c *realCity) add(t testing.TB, file string, r io.Reader, o intake.Options) {
	t.Helper()
	l, _, err := intake.Build(t.Context(), catalogs.Services(), file, r, o, nil)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	c.layers[l.Info.Hash] = l
}

// realCities gives the embedded sample, and where the folder of real data is beside the repository Monaco and, of all, Las Palmas.
func realCities(t testing.TB, all bool) []*realCity {
	t.Helper()
	athens := &realCity{name: "athens", layers: map[string]*coverage.Layer{}}
	for _, l := range samples.Athens() {
		athens.add(t, l.File, bytes.NewReader(content(t, l)), l.Options)
	}
	out := []*realCity{athens}
	names := []string{"monaco"}
	if all {
		names = append(names, "las_palmas")
	}
	for _, name := range names {
		dir := sharedFolder(name + "/derived")
		if dir == "" {
			t.Logf("shared/data/%s is not there: the real data lies outside the repository", name)
			continue
		}
		out = append(out, derivedCity(t, name, dir))
	}
	return out
}

// sharedFolder finds a folder of the real data beside the repository, "" if it is not there.
func sharedFolder(name string) string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		folder := filepath.Join(dir, "shared", "data", filepath.FromSlash(name))
		if stat, err := os.Stat(folder); err == nil && stat.IsDir() {
			return folder
		}
	}
	return ""
}

// categories says which services the categories of the POIs of shared/data stand for.
var categories = map[string]string{
	"childcare": "kindergarten", "charging": "ev_charger", "community": "community_service", "culture": "culture", "elderly_social": "elderly_care",
	"health_clinic": "clinic", "market": "market", "park": "pocket_park", "pharmacy": "pharmacy", "school": "primary_school", "sports": "sports", "toilets": "toilet",
}

// derivedCity reads a city of shared/data: neighborhoods, cells of people, buildings, the whole municipality as its land, a layer of facilities
// per category of POIs (of sports one that is complete, of culture one that is complete in the first neighborhood), parks from their edges.
func derivedCity(t testing.TB, name, dir string) *realCity {
	t.Helper()
	c := &realCity{name: name, layers: map[string]*coverage.Layer{}}
	read := func(file string) []byte {
		b, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	add := func(file string, o intake.Options) { c.add(t, file, bytes.NewReader(read(file)), o) }
	add("neighbourhoods.geojson", intake.Options{Role: coverage.RoleNeighborhoods, Parents: []intake.ParentSpec{{Level: "source", Field: "population_source"}}})
	add("population_grid_100m.geojson", intake.Options{Role: coverage.RoleDemand})
	add("buildings_points.geojson", intake.Options{Role: coverage.RoleBuildings, AreaField: "area_m2"})
	add("boundary.geojson", intake.Options{Role: coverage.RoleLand})
	add("park_polygons.geojson", intake.Options{Role: coverage.RoleFacilities, Services: []string{"park"}})

	type features struct {
		Type     string            `json:"type"`
		Features []json.RawMessage `json:"features"`
	}
	var hoods, pois features
	if err := json.Unmarshal(read("neighbourhoods.geojson"), &hoods); err != nil {
		t.Fatal(err)
	}
	first, err := intake.ReadArea(bytes.NewReader(hoods.Features[0]), "first.geojson")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(read("pois.geojson"), &pois); err != nil {
		t.Fatal(err)
	}
	of := map[string][]json.RawMessage{}
	for _, f := range pois.Features {
		var p struct{ Properties struct{ Category string } }
		if err := json.Unmarshal(f, &p); err != nil {
			t.Fatal(err)
		}
		of[p.Properties.Category] = append(of[p.Properties.Category], f)
	}
	for category, service := range categories {
		o := intake.Options{Role: coverage.RoleFacilities, Services: []string{service}}
		switch category {
		case "sports":
			o.Complete = &intake.Complete{Everywhere: true}
		case "culture":
			o.Complete = &intake.Complete{Area: first}
		}
		text, err := json.Marshal(features{"FeatureCollection", append([]json.RawMessage{}, of[category]...)})
		if err != nil {
			t.Fatal(err)
		}
		c.add(t, category+".geojson", bytes.NewReader(text), o)
	}
	return c
}

// digests scores a city twice, by land as the data is and by people assuming complete data, and gives the SHA-256 of every table with its geometry.
func (c *realCity) digests(t testing.TB, threads int) []string {
	t.Helper()
	var layers []*coverage.Layer
	for _, l := range c.layers {
		layers = append(layers, l)
	}
	city, err := coverage.NewCity(layers)
	if err != nil {
		t.Fatal(err)
	}
	cat, err := catalogs.Get(catalogs.DefaultID)
	if err != nil {
		t.Fatal(err)
	}
	o := coverage.Options{Threads: threads}
	var out []string
	for _, p := range []coverage.Params{{}, {Denominator: "population", AssumeComplete: true, AcceptParent: true}} {
		run, err := coverage.Assess(t.Context(), city, cat, catalogs.Services(), p, o, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"reach", "coverage", "scores", "matrix", "gaps", "service_areas"} {
			var table coverage.Table
			if name == "reach" {
				table, err = coverage.ReachTable(t.Context(), c, run, o)
			} else {
				table, err = run.Table(name)
			}
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.New()
			if err := table.WriteGeoJSON(sum); err != nil {
				t.Fatal(err)
			}
			out = append(out, fmt.Sprintf("%s %s %s %d rows %s", c.name, or(p.Denominator, "land"), name, rowsOf(t, &table), hex.EncodeToString(sum.Sum(nil))))
		}
	}
	return out
}

func rowsOf(t testing.TB, table *coverage.Table) (n int) {
	t.Helper()
	if err := table.Each(func(string, []coverage.Value, orb.Geometry) error { n++; return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

func or(a, b string) string {
	if a == "" {
		return b
	}
	return a
}

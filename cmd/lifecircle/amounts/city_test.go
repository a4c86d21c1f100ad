package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"lifecircle/coverage/catalog"
	"lifecircle/data/catalogs"
	"lifecircle/geo/geojson"
	"lifecircle/geo/measure"
	"lifecircle/geo/overlay"
)

var small = citySize{Demand: 3000, Facilities: 800, Services: 20, Neighborhoods: 120, Streets: 13, Districts: 4, Clusters: 12, HalfSide: 3000}

func makeSmall(t *testing.T, seed uint64) (string, cityLayers) {
	t.Helper()
	city, dir := t.TempDir(), t.TempDir()
	if err := makeCity(city, small, seed); err != nil {
		t.Fatal(err)
	}
	c, err := makeLayers(city, dir, small.Streets, small.Districts)
	if err != nil {
		t.Fatal(err)
	}
	return city, c
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = string(text)
	}
	return out
}

// A table in the README can only be made again if the city can.
func TestSameSeedSameCity(t *testing.T) {
	city, layers := makeSmall(t, 1)
	again, layersAgain := makeSmall(t, 1)
	other, _ := makeSmall(t, 2)
	if diff := cmp.Diff(contents(t, city), contents(t, again)); diff != "" {
		t.Error("the same seed gives another city:", diff)
	}
	if diff := cmp.Diff(contents(t, layers.Dir), contents(t, layersAgain.Dir)); diff != "" {
		t.Error("the same city gives other layers:", diff)
	}
	if contents(t, city)[demandFile] == contents(t, other)[demandFile] {
		t.Error("another seed gives the same city")
	}
}

func TestCityHasWhatItSays(t *testing.T) {
	city, c := makeSmall(t, 3)
	if c.Demand != small.Demand || c.Facilities != small.Facilities || c.Units != small.Neighborhoods || len(c.Services) != small.Services {
		t.Errorf("made %+v of %+v", c, small)
	}
	counts := map[string]int{}
	err := readTable(filepath.Join(city, facilitiesFile), []string{"service"}, func(row []string) error {
		counts[strings.Clone(row[0])]++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	first, last := counts[serviceName(0)]+counts[serviceName(1)], counts[serviceName(18)]+counts[serviceName(19)]
	if first == 0 || last < 5*first {
		t.Errorf("services should be unequal by about ten: %v", counts)
	}
	plane := measure.NewPlane(cityOrigin)
	err = readFeatures(c.file(demandLayer), func(f geojson.Feature) error {
		p := plane.Forward(f.Geometry.(orb.Point))
		if people, ok := f.Properties.Get("population"); math.Abs(p[0]) > small.HalfSide+0.02 || math.Abs(p[1]) > small.HalfSide+0.02 || !ok || people.Kind != geojson.Number {
			return fmt.Errorf("demand %s lies at %v with %v people", f.ID, p, people)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Neighborhoods fill the square without gaps and overlaps, and their codes name streets and districts.
func TestNeighborhoodsFillTheCity(t *testing.T) {
	_, c := makeSmall(t, 4)
	var cells []orb.Geometry
	total := 0.0
	streets, districts, codes := map[string]bool{}, map[string]bool{}, map[string]bool{}
	err := readFeatures(c.file(unitLayer), func(f geojson.Feature) error {
		cells = append(cells, f.Geometry)
		total += measure.Area(f.Geometry)
		if len(f.ID) != 12 || codes[f.ID] {
			t.Errorf("%q is no code, or stands twice", f.ID)
		}
		codes[f.ID], streets[f.ID[:9]], districts[f.ID[:6]] = true, true, true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(streets) != small.Streets || len(districts) != small.Districts {
		t.Errorf("%d streets in %d districts, not %d in %d", len(streets), len(districts), small.Streets, small.Districts)
	}
	union, err := overlay.Union(cells)
	if err != nil {
		t.Fatal(err)
	}
	if len(union) != 1 || len(union[0]) != 1 || math.Abs(measure.Area(union)-total) > 1e-3 {
		t.Errorf("the union has %d parts and %.3f m², the cells %.3f m²", len(union), measure.Area(union), total)
	}
	if want := 4 * small.HalfSide * small.HalfSide; math.Abs(total-want) > 1e-5*want {
		t.Errorf("the cells have %.1f m² of %.1f", total, want)
	}
}

// Parcels lie inside their neighborhood, apart from each other.
func TestParcels(t *testing.T) {
	_, c := makeSmall(t, 5)
	cells := map[string]orb.Geometry{}
	if err := readFeatures(c.file(unitLayer), func(f geojson.Feature) error { cells[f.ID] = f.Geometry; return nil }); err != nil {
		t.Fatal(err)
	}
	var all []orb.Geometry
	total := 0.0
	err := readFeatures(c.file(landLayer), func(f geojson.Feature) error {
		code, _, _ := strings.Cut(f.ID, "-")
		both, err := overlay.Union([]orb.Geometry{f.Geometry, cells[code]})
		if err != nil {
			return err
		}
		if grown := measure.Area(both) - measure.Area(cells[code]); grown > 1 {
			t.Errorf("parcel %s stands out of its neighborhood by %.1f m²", f.ID, grown)
		}
		all = append(all, f.Geometry)
		total += measure.Area(f.Geometry)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	union, err := overlay.Union(all)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != c.Parcels || c.Parcels < 3*c.Units || math.Abs(measure.Area(union)-total) > 1 {
		t.Errorf("%d parcels of %.1f m², %.1f m² together", len(all), total, measure.Area(union))
	}
}

// A cell holds what is nearest to its site, and cells that meet have equal corners.
func TestVoronoi(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const half = 1000
		n := rapid.IntRange(1, 60).Draw(t, "n")
		var sites [][2]float64
		for i := range n {
			// Sites on a lattice, moved by a part of its width that is theirs alone: distinct, and no four on a circle.
			x := float64(i%8)*200 - 800 + rapid.Float64Range(0, 90).Draw(t, "x") + float64(i)/7
			y := float64(i/8)*200 - 800 + rapid.Float64Range(0, 90).Draw(t, "y") + float64(i)/11
			sites = append(sites, [2]float64{x, y})
		}
		area := 0.0
		for i, cell := range voronoi(sites, half) {
			for k, p := range cell {
				q := cell[(k+1)%len(cell)]
				area += (float64(p[0]*q[1]) - float64(q[0]*p[1])) / 2
				own := math.Hypot(p[0]-sites[i][0], p[1]-sites[i][1])
				for j, s := range sites {
					if d := math.Hypot(p[0]-s[0], p[1]-s[1]); d < own-1e-6 {
						t.Fatalf("corner %v of cell %d is nearer to site %d", p, i, j)
					}
				}
			}
		}
		if math.Abs(area-4*half*half) > 1e-3 {
			t.Fatalf("cells have %v m² of %v", area, 4*half*half)
		}
	})
}

// A moved facility is all that the changed layer changes.
func TestChangedLayer(t *testing.T) {
	_, c := makeSmall(t, 6)
	read := func(layer string) map[string]orb.Geometry {
		out := map[string]orb.Geometry{}
		if err := readFeatures(c.file(layer), func(f geojson.Feature) error { out[f.ID] = f.Geometry; return nil }); err != nil {
			t.Fatal(err)
		}
		return out
	}
	before, after := read(c.Changed), read(changedLayer)
	moved := 0
	for id, g := range before {
		if after[id] != g {
			moved++
		}
	}
	if moved != 1 || len(before) != len(after) {
		t.Errorf("%d of %d facilities moved, %d are left", moved, len(before), len(after))
	}
}

// The services stand in the list, none has a parent (its facilities would count for that one too), and the catalogs are without fault.
func TestServicesAndCatalogs(t *testing.T) {
	services := catalogs.Services()
	seen := map[string]bool{}
	for _, key := range cityServices {
		if s, ok := services.Get(key); !ok || s.Key != key || len(s.Parents) > 0 || seen[key] {
			t.Errorf("%s: %+v", key, s)
		}
		seen[key] = true
	}
	var keys []string
	for _, s := range lasPalmasServices {
		keys = append(keys, s.service)
	}
	for name, c := range map[string]struct {
		text string
		want int
	}{
		"people":       {catalogText(cityServices, false, "population"), len(cityServices)},
		"both":         {catalogText(keys, false, "land", "population"), 2 * len(keys)},
		"every radius": {catalogText(keys, true, "land", "population"), 6 * len(keys)},
	} {
		parsed, findings, err := catalog.Parse([]byte(c.text), name, services)
		if err != nil {
			t.Fatal(name, err)
		}
		for _, f := range findings {
			if f.Severity != catalog.SeverityInfo {
				t.Errorf("%s: line %d: %s", name, f.Line, f.Text.En)
			}
		}
		if len(parsed.Requirements) != c.want {
			t.Errorf("%s: %d requirements, not %d", name, len(parsed.Requirements), c.want)
		}
	}
}

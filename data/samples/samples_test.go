package samples_test

import (
	"context"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
	"lifecircle/data/catalogs"
	"lifecircle/data/samples"
	"lifecircle/geo/geojson"
	"lifecircle/geo/measure"
	"lifecircle/geo/overlay"
)

func content(t testing.TB, l samples.Layer) []byte {
	t.Helper()
	r, err := l.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func find(t testing.TB, file string) samples.Layer {
	t.Helper()
	for _, l := range samples.Athens() {
		if l.File == file+".geojson" {
			return l
		}
	}
	t.Fatalf("no layer %s", file)
	return samples.Layer{}
}

// rows reads a layer strictly: a row refused or repaired fails the test.
func rows(t testing.TB, file string) []geojson.Feature {
	t.Helper()
	r := geojson.NewReader(strings.NewReader(string(content(t, find(t, file)))), geojson.Limits{})
	var fs []geojson.Feature
	for {
		row, err := r.Next()
		if err == io.EOF {
			return fs
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if row.Refused != nil || len(row.Repairs) > 0 {
			t.Fatalf("%s %s: refused %v, repaired %v", file, row.Feature.ID, row.Refused, row.Repairs)
		}
		fs = append(fs, row.Feature)
	}
}

// Features of every layer: those that the sample's description promises to a reader.
var promised = map[string]int{
	"neighborhoods": 18, "land": 280, "population": 12388, "buildings": 22982, "roads": 6979,
	"kindergarten": 15, "primary_school": 120, "clinic": 13, "shop_pharmacy": 51, "culture": 15,
	"sports": 404, "park": 56, "pocket_park": 198, "community_service": 4, "elderly_care": 5, "ev_charger": 0,
}

// merged are features that lie within another one of the same name and service.
var merged = map[string]int{"sports": 1} // a pitch in its sports ground

// Every layer passes the import that a user's file passes, without a row refused or mended, and says where it comes from.
func TestLayersImport(t *testing.T) {
	services := catalogs.Services()
	seen := map[string]bool{}
	for _, l := range samples.Athens() {
		name := strings.TrimSuffix(l.File, ".geojson")
		t.Run(name, func(t *testing.T) {
			if seen[name] {
				t.Fatal("the layer stands twice")
			}
			seen[name] = true
			if l.Title.Zh == "" || l.Title.En == "" || (l.Note.Zh == "") != (l.Note.En == "") {
				t.Errorf("the title or the note lacks a language: %+v, %+v", l.Title, l.Note)
			}
			layer, report, err := intake.Build(context.Background(), services, l.File, strings.NewReader(string(content(t, l))), l.Options, nil)
			if err != nil {
				t.Fatal(err)
			}
			want, ok := promised[name]
			if !ok || report.Read != want || report.Used != want-merged[name] || report.Repaired != merged[name] || report.Merged != merged[name] {
				t.Errorf("read %d, used %d, repaired %d, refused %d; %d are promised: %v", report.Read, report.Used, report.Repaired, report.Refused, want, report.Rows)
			}
			if layer.Info.Name != name || layer.Info.Attribution != samples.Attribution {
				t.Errorf("name %q, attribution %q", layer.Info.Name, layer.Info.Attribution)
			}
			for _, s := range layer.Info.Surveys {
				if s.Kind != coverage.SurveyUnknown {
					t.Errorf("an OpenStreetMap layer is declared surveyed: %+v", s)
				}
			}
			for _, w := range report.Warnings {
				t.Logf("%s: %s", w.Code, w.Text)
			}
		})
	}
	if len(seen) != len(promised) {
		t.Errorf("%d layers, %d are promised", len(seen), len(promised))
	}
}

// What is modelled or derived carries its mark into every run.
func TestMarks(t *testing.T) {
	if o := find(t, "population").Options; !o.Modelled || o.Derived == "" {
		t.Error("the population is not marked as modelled")
	}
	for _, file := range []string{"neighborhoods", "buildings"} {
		if find(t, file).Options.Derived == "" {
			t.Errorf("%s are not marked as derived", file)
		}
	}
	for _, f := range rows(t, "neighborhoods") {
		if v, ok := f.Properties.Get("derived"); !ok || !strings.Contains(v.Text, "no official boundary") {
			t.Errorf("%s: %q does not say that it is no official boundary", f.ID, v.Text)
		}
	}
}

// The files stay small, carry their licence, and hold no more digits than OpenStreetMap has.
func TestFiles(t *testing.T) {
	longer := regexp.MustCompile(`\.\d{8}`)
	for _, l := range samples.Athens() {
		text := string(content(t, l))
		if found := longer.FindString(text); found != "" {
			t.Errorf("%s: a number with more than 7 decimals: %s", l.File, found)
		}
		if head := text[:min(400, len(text))]; !strings.Contains(head, samples.Attribution) || !strings.Contains(head, samples.License) {
			t.Errorf("%s: no attribution or licence in it", l.File)
		}
	}
	entries, err := os.ReadDir("athens")
	if err != nil {
		t.Fatal(err)
	}
	var total int64
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
		if name := e.Name(); strings.HasSuffix(name, ".gz") {
			find(t, strings.TrimSuffix(name, ".geojson.gz")) // no file that no layer names
			packed, err := os.ReadFile(filepath.Join("athens", name))
			if err != nil {
				t.Fatal(err)
			}
			if packed[3] != 0 || string(packed[4:8]) != "\x00\x00\x00\x00" {
				t.Errorf("%s: the compressed file holds a name or a time", name)
			}
		}
	}
	if total > 6e6 {
		t.Errorf("the sample has %d bytes; 6 MB are allowed", total)
	}
	if !strings.Contains(samples.ReadMe(), "ODbL") {
		t.Error("the description says nothing of the licence")
	}
	if n := samples.Name(); n.Zh == "" || n.En == "" {
		t.Error("the sample has no name")
	}
}

// The modelled people add up to 100 per hectare of the residential land, which has the 31 km² that are said of it.
func TestPeopleAndLand(t *testing.T) {
	var parcels []orb.Geometry
	for _, f := range rows(t, "land") {
		parcels = append(parcels, f.Geometry)
	}
	land, err := overlay.Union(parcels)
	if err != nil {
		t.Fatal(err)
	}
	km2 := measure.Area(land) / 1e6
	if math.Abs(km2-31.1) > 0.1 {
		t.Errorf("%.3f km² of residential land, want 31.1", km2)
	}
	people := 0.0
	for _, f := range rows(t, "population") {
		v, _ := f.Properties.Get("population")
		n, ok := v.Float()
		if !ok || n != 25 {
			t.Fatalf("%s: %q people", f.ID, v.Text)
		}
		if measure.Locate(land, f.Geometry.(orb.Point)) == measure.Outside {
			t.Fatalf("%s lies outside of the residential land", f.ID)
		}
		people += n
	}
	if want := km2 * 1e4; math.Abs(people-want) > 0.01*want {
		t.Errorf("%.0f people; 100 per hectare are %.0f", people, want)
	}
}

// Neighborhoods do not overlap, hold all the people between them, and each has the land that it must have.
func TestNeighborhoods(t *testing.T) {
	units := rows(t, "neighborhoods")
	var shapes []orb.Geometry
	sum, towns := 0.0, map[string]bool{}
	for _, u := range units {
		if err := overlay.Valid(u.Geometry); err != nil {
			t.Errorf("%s: %v", u.ID, err)
		}
		shapes = append(shapes, u.Geometry)
		sum += measure.Area(u.Geometry)
		town, _ := u.Properties.Get("town")
		towns[town.Text] = true
		for _, key := range []string{"name", "name:el", "name:en", "name:zh", "place", "osm", "town"} {
			if v, ok := u.Properties.Get(key); !ok || v.Text == "" {
				t.Errorf("%s has no %s", u.ID, key)
			}
		}
	}
	if len(towns) != 7 {
		t.Errorf("%d towns, want the 7 places of kind city and suburb", len(towns))
	}
	for i := range shapes {
		for j := range i {
			both, err := overlay.Intersection(shapes[i], shapes[j])
			if err != nil {
				t.Fatal(err)
			}
			if area := measure.Area(both); area > 0.1 {
				t.Errorf("%s and %s overlap in %.3f m²", units[i].ID, units[j].ID, area)
			}
		}
	}
	whole, err := overlay.Union(shapes)
	if err != nil {
		t.Fatal(err)
	}
	if d := math.Abs(measure.Area(whole) - sum); d > 1 {
		t.Errorf("the parts differ from the whole by %.3f m²", d)
	}
	people := make([]int, len(units))
	for _, f := range rows(t, "population") {
		in := 0
		for i, s := range shapes {
			if measure.Locate(s, f.Geometry.(orb.Point)) != measure.Outside {
				people[i] += 25
				in++
			}
		}
		if in != 1 {
			t.Errorf("%s lies in %d neighborhoods", f.ID, in)
		}
	}
	for i, n := range people {
		// 0.3 km² at 100 per hectare are 3,000 people; the lattice is off by a few squares.
		if n < 2900 {
			t.Errorf("%s has %d people: too little residential land to stand alone", units[i].ID, n)
		}
	}
}

// Parks are told apart by area alone, and every one of them has an edge to be reached.
func TestParks(t *testing.T) {
	for _, f := range rows(t, "park") {
		if a := measure.Area(f.Geometry); a < 5000 {
			t.Errorf("park %s has %.1f m²", f.ID, a)
		}
	}
	for _, f := range rows(t, "pocket_park") {
		if a := measure.Area(f.Geometry); a >= 5000 || a <= 0 {
			t.Errorf("pocket park %s has %.1f m²", f.ID, a)
		}
	}
}

// The roads keep what a walking network asks of them.
func TestRoads(t *testing.T) {
	classes, tunnels, layers := map[string]int{}, 0, 0
	for _, f := range rows(t, "roads") {
		class, _ := f.Properties.Get("class")
		classes[class.Text]++
		if _, ok := f.Properties.Get("tunnel"); ok {
			tunnels++
		}
		if v, ok := f.Properties.Get("layer"); ok {
			if v.Kind != geojson.Number {
				t.Errorf("%s: the layer %q is no number", f.ID, v.Text)
			}
			layers++
		}
	}
	// 67 stair ways and 658 footways stand in the description of the source.
	if classes["steps"] != 67 || classes["footway"] != 658 || classes[""] != 0 {
		t.Errorf("%d stairs, %d footways, %d without a class", classes["steps"], classes["footway"], classes[""])
	}
	if tunnels != 8 || layers != 66 {
		t.Errorf("%d with a tunnel, %d with a layer; want 8 and 66", tunnels, layers)
	}
}

package main

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"lifecircle/data/format/gpkg"
	"lifecircle/geo/measure"
	"lifecircle/geo/overlay"
)

// source finds the extract beside the repository or among the downloaded modules; nothing is fetched for a test.
func source(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for up := filepath.Dir(dir); up != dir; dir, up = up, filepath.Dir(up) {
		path := filepath.Join(up, "shared", "data", "athens_south", filepath.Base(sourceFile))
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	if cache, err := exec.Command("go", "env", "GOMODCACHE").Output(); err == nil {
		path := filepath.Join(strings.TrimSpace(string(cache)), filepath.FromSlash(sourceModule), filepath.FromSlash(sourceFile))
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Skip("the source is neither in shared/data beside the repository nor among the downloaded modules: go mod download " + sourceModule)
	return ""
}

// What is embedded is what the command makes of the source, byte for byte, each time.
func TestRegenerate(t *testing.T) {
	path := source(t)
	files, err := generate(context.Background(), path, "..")
	if err != nil {
		t.Fatal(err)
	}
	again, err := generate(context.Background(), path, "..")
	if err != nil {
		t.Fatal(err)
	}
	committed, err := filepath.Glob("../athens/*.geojson.gz")
	if err != nil || len(committed) != len(files) {
		t.Errorf("%d files are embedded, %d are made; %v", len(committed), len(files), err)
	}
	for i, f := range files {
		if !bytes.Equal(f.content, again[i].content) {
			t.Errorf("%s: the second time it came out otherwise", f.name)
		}
		packed, err := os.ReadFile(filepath.Join("..", "athens", f.name))
		if err != nil {
			t.Error(err)
			continue
		}
		if old, err := unpack(packed); err != nil || !bytes.Equal(old, f.content) {
			t.Errorf("%s: the embedded content is another (%v); run go generate ./data/samples", f.name, err)
		}
		if same, err := pack(filepath.Join("..", "athens", f.name), f.content); err != nil || !bytes.Equal(same, packed) {
			t.Errorf("%s: running again would change its bytes (%v)", f.name, err)
		}
	}
}

// Another file under the same name is refused: the samples would silently be of another day.
func TestOtherSourceRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "athens-osm-20170921.gpkg")
	if err := os.WriteFile(path, []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(context.Background(), path, "..", &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("%v; want an error that names the SHA-256", err)
	}
}

// openExtract reads the source.
func openExtract(t *testing.T) *extract {
	t.Helper()
	f, err := gpkg.Open(context.Background(), source(t))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	x, err := readExtract(context.Background(), f, "..")
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// The real neighborhoods: every place of the land lies in the cell of the nearest named place, by the ellipsoid; 19 become 18;
// together they are the land of the rectangle.
func TestNeighborhoodsOfAthens(t *testing.T) {
	x := openExtract(t)
	if len(x.places) != 19 || len(x.residential) != 280 || x.mended != 0 {
		t.Errorf("%d places, %d residential polygons, %d mended; want 19, 280 and 0", len(x.places), len(x.residential), x.mended)
	}
	cells, err := neighborhoods(x)
	if err != nil {
		t.Fatal(err)
	}
	if len(cells) != 18 {
		t.Fatalf("%d cells, want 18", len(cells))
	}
	owner := map[*place]*cell{}
	total := int64(0)
	for _, c := range cells {
		owner[c.place] = c
		for _, p := range c.merged {
			owner[p] = c
		}
		if c.residential < leastResidentialMM2 {
			t.Errorf("%s has %.3f km² of residential land", c.place.name.id, float64(c.residential)/1e12)
		}
		total += measure.AreaMM2(c.land)
	}
	land, err := overlay.Intersection(x.land, x.boundary)
	if err != nil {
		t.Fatal(err)
	}
	if d := math.Abs(float64(total-measure.AreaMM2(land))) / 1e6; d > 100 { // of 73 km²: rounding to 1 cm along 90 km of coast and border
		t.Errorf("the cells differ from the land by %.1f m²", d)
	}

	const seed = 3
	random := rand.New(rand.NewPCG(seed, seed))
	b := x.boundary.Bound()
	shore := measure.NewShape(land)
	tested := 0
	for range 4000 {
		p := orb.Point{b.Min[0] + random.Float64()*(b.Max[0]-b.Min[0]), b.Min[1] + random.Float64()*(b.Max[1]-b.Min[1])}
		if measure.Locate(land, p) != measure.Inside || shore.BorderDistance(p) < 0.1 {
			continue
		}
		nearest, second := nearestTwo(p, x.places)
		if measure.Distance(p, nearest.at) > measure.Distance(p, second.at)-0.1 {
			continue // within decimetres of a border: either may have it
		}
		tested++
		for _, c := range cells {
			if in := measure.Locate(c.land, p) != measure.Outside; in != (c == owner[nearest]) {
				t.Errorf("seed %d: %v is nearest to %s; in the cell of %s: %v", seed, p, nearest.name.id, c.place.name.id, in)
			}
		}
	}
	if tested < 1000 {
		t.Errorf("only %d places were tested", tested)
	}
}

func nearestTwo(p orb.Point, places []*place) (first, second *place) {
	a, b := math.Inf(1), math.Inf(1)
	for _, q := range places {
		switch d := measure.Distance(p, q.at); {
		case d < a:
			first, second, a, b = q, first, d, a
		case d < b:
			second, b = q, d
		}
	}
	return first, second
}

// Law: the diagram and brute force agree, for any sites, and every place lies in one cell.
func TestVoronoiBruteForce(t *testing.T) {
	middle := orb.Point{23.73, 37.9}
	plane := measure.NewPlane(middle)
	inPlane := rapid.Custom(func(rt *rapid.T) [2]float64 {
		return [2]float64{float64(rapid.IntRange(-60000, 60000).Draw(rt, "x")) / 10, float64(rapid.IntRange(-60000, 60000).Draw(rt, "y")) / 10}
	})
	rapid.Check(t, func(rt *rapid.T) {
		var sites []orb.Point
		for _, v := range rapid.SliceOfNDistinct(inPlane, 1, 12, rapid.ID).Draw(rt, "sites") {
			sites = append(sites, plane.Inverse(v))
		}
		cells := voronoi(plane, sites)
		for range 20 {
			v := inPlane.Draw(rt, "place")
			p := plane.Inverse(v)
			nearest, least, second := -1, math.Inf(1), math.Inf(1)
			for i, s := range sites {
				q := plane.Forward(s)
				d := math.Hypot(v[0]-q[0], v[1]-q[1])
				if d < least {
					nearest, least, second = i, d, least
				} else {
					second = math.Min(second, d)
				}
			}
			// A border is drawn within a few centimetres; how far a place is from it, the difference of
			// its distances does not say where the two sites are near one another.
			if second-least < 0.001*least+0.5 {
				continue
			}
			for i, c := range cells {
				if in := measure.Locate(c, p) != measure.Outside; in != (i == nearest) {
					rt.Fatalf("%v is nearest to site %d (%.3f m, the next %.3f m); in cell %d: %v", v, nearest, least, second, i, in)
				}
			}
		}
	})
}

// Cells of neighbors meet in equal vertices, also where long edges are cut: no slivers between neighborhoods.
func TestVoronoiCellsShareEdges(t *testing.T) {
	plane := measure.NewPlane(orb.Point{106.5, 29.5})
	var sites []orb.Point
	for _, v := range [][2]float64{{-3100, 150}, {2900, -700}, {300, 4100}, {-200, -3900}, {120, 80}} {
		sites = append(sites, plane.Inverse(v))
	}
	cells := voronoi(plane, sites)
	sum := 0.0
	var all []orb.Geometry
	for i, c := range cells {
		if measure.Locate(c, sites[i]) != measure.Inside {
			t.Errorf("site %d does not lie in its cell", i)
		}
		sum += measure.Area(c)
		all = append(all, c)
	}
	whole, err := overlay.Union(all)
	if err != nil {
		t.Fatal(err)
	}
	if len(whole) != 1 || len(whole[0]) != 1 {
		t.Errorf("the union of the cells has %d parts, %d rings in the first: there are slivers", len(whole), len(whole[0]))
	}
	if d := math.Abs(measure.Area(whole) - sum); d > 1e-3 {
		t.Errorf("the parts differ from the whole by %g m²", d)
	}
}

// block is a rectangle of a street grid, in steps of 0.001 degrees.
func block(x0, y0, x1, y1 int) orb.MultiPolygon {
	at := func(x, y int) orb.Point { return orb.Point{23 + float64(x)/1000, 38 + float64(y)/1000} }
	return orb.MultiPolygon{{orb.Ring{at(x0, y0), at(x1, y0), at(x1, y1), at(x0, y1), at(x0, y0)}}}
}

// The rule of joining, on a grid that can be followed by hand: the cell with least joins first, along the longest common border,
// and a joined cell may have to join again.
func TestMerge(t *testing.T) {
	// A step is 88 m × 111 m: 10 × 10 are about 0.97 km².
	cases := []struct {
		name  string
		cells map[string]orb.MultiPolygon
		land  orb.MultiPolygon
		want  map[string]string
	}{
		{"all have enough", map[string]orb.MultiPolygon{"a": block(0, 0, 10, 10), "b": block(10, 0, 20, 10)}, block(0, 0, 20, 10),
			map[string]string{"a": "", "b": ""}},
		{"the poorest joins along the longest border", map[string]orb.MultiPolygon{
			"a": {{orb.Ring{block(0, 0, 10, 10)[0][0][0], {23.010, 38}, {23.010, 38.003}, {23.010, 38.010}, {23, 38.010}, {23, 38}}}},
			"b": {{orb.Ring{{23.010, 38}, {23.020, 38}, {23.020, 38.003}, {23.010, 38.003}, {23.010, 38}}}},
			"c": {{orb.Ring{{23.010, 38.003}, {23.020, 38.003}, {23.020, 38.010}, {23.010, 38.010}, {23.010, 38.003}}}},
		}, append(block(0, 0, 10, 10), block(10, 4, 20, 10)...), map[string]string{"a": "", "c": "b"}},
		{"a joined cell joins again", map[string]orb.MultiPolygon{"a": block(0, 0, 3, 4), "b": block(3, 0, 6, 4), "c": block(6, 0, 9, 4)}, block(0, 0, 9, 4),
			map[string]string{"b": "a c"}},
		{"the last one stays", map[string]orb.MultiPolygon{"a": block(0, 0, 1, 1)}, nil, map[string]string{"a": ""}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var cells []*cell
			for id, land := range c.cells { // merge must not hang on the order
				cell := &cell{place: &place{name: name{id: id}}, land: land}
				if err := cell.weigh(c.land); err != nil {
					t.Fatal(err)
				}
				cells = append(cells, cell)
			}
			merged, err := merge(cells, c.land)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for _, m := range merged {
				var ids []string
				for _, p := range m.merged {
					ids = append(ids, p.name.id)
				}
				got[m.place.name.id] = strings.Join(ids, " ")
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// A town is the nearest city or suburb; a suburb is its own.
func TestTown(t *testing.T) {
	at := func(id, kind string, lon float64) *place {
		return &place{kind: kind, at: orb.Point{lon, 38}, name: name{id: id}}
	}
	x := &extract{places: []*place{at("a", "suburb", 23), at("b", "neighbourhood", 23.04), at("c", "city", 23.06), at("d", "neighbourhood", 23.02)}}
	for i, want := range []string{"a", "c", "c", "a"} {
		if got := x.town(x.places[i]).name.id; got != want {
			t.Errorf("%s belongs to %s, want %s", x.places[i].name.id, got, want)
		}
	}
}

// Cleaning: what is valid stays, what is not is mended and counted, what has no extent is an error.
func TestClean(t *testing.T) {
	square := orb.Ring{{0, 0}, {1, 0}, {1, 1}, {0, 1}, {0, 0}}
	cases := []struct {
		name   string
		g      orb.Geometry
		want   orb.Geometry
		mended bool
		fails  bool
	}{
		{"point", orb.Point{1.00000004, 2.00000006}, orb.Point{1, 2.0000001}, false, false},
		{"line of one part", orb.MultiLineString{{{0, 0}, {0, 1e-9}, {1, 1}}}, orb.LineString{{0, 0}, {1, 1}}, false, false},
		{"line without length", orb.LineString{{0, 0}, {0, 1e-9}}, nil, false, true},
		{"polygon of one part", orb.MultiPolygon{{square}}, orb.Polygon{square}, false, false},
		{"a clockwise ring is turned", orb.Polygon{{{0, 0}, {0, 1}, {1, 1}, {1, 0}, {0, 0}}}, orb.Polygon{square}, false, false},
		{"a hole that collapses", orb.Polygon{square, {{.5, .5}, {.5 + 1e-9, .5}, {.5, .5 + 1e-9}, {.5, .5}}}, orb.Polygon{square}, false, false},
		{"a part that collapses", orb.MultiPolygon{{{{5, 5}, {5 + 1e-9, 5}, {5, 5 + 1e-9}, {5, 5}}}, {square}}, orb.Polygon{square}, false, false},
		{"nothing left", orb.Polygon{{{5, 5}, {5 + 1e-9, 5}, {5, 5 + 1e-9}, {5, 5}}}, nil, false, true},
		{"overlapping parts", orb.MultiPolygon{{square}, {{{1, 0}, {2, 0}, {2, 1}, {1, 1}, {1, 0}}}},
			orb.Polygon{{{0, 0}, {2, 0}, {2, 1}, {0, 1}, {0, 0}}}, true, false},
		{"nothing that is drawn", orb.MultiPoint{{0, 0}}, nil, false, true},
	}
	for _, c := range cases {
		got, mended, err := clean(c.g)
		if (err != nil) != c.fails || mended != c.mended && !c.fails {
			t.Errorf("%s: mended %v, %v", c.name, mended, err)
			continue
		}
		if c.fails {
			continue
		}
		if c.mended { // vertices along an edge may stay
			if a, b := measure.AreaMM2(got), measure.AreaMM2(c.want); a < b-b/1e6 || a > b+b/1e6 {
				t.Errorf("%s: %d mm², want %d", c.name, a, b)
			}
		} else if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
		again, mended, err := clean(got)
		if err != nil || mended || cmp.Diff(got, again) != "" {
			t.Errorf("%s: cleaning twice is not cleaning once: %v, %v", c.name, mended, err)
		}
	}
}

// Sizes decide exactly at their limits: 5,000 m² is a park, a square millimetre less is not.
func TestRuleSizes(t *testing.T) {
	park := object{columns: []string{"leisure"}, values: []any{"park"}, geometry: block(0, 0, 1, 1)[0]}
	area := measure.AreaMM2(park.geometry)
	cases := []struct {
		name string
		rule rule
		want bool
	}{
		{"no limits", rule{key: "leisure", value: "park", maxMM2: math.MaxInt64}, true},
		{"another value", rule{key: "leisure", value: "pitch", maxMM2: math.MaxInt64}, false},
		{"exactly the least", rule{key: "leisure", value: "park", minMM2: area, maxMM2: math.MaxInt64}, true},
		{"under the least", rule{key: "leisure", value: "park", minMM2: area + 1, maxMM2: math.MaxInt64}, false},
		{"exactly the most", rule{key: "leisure", value: "park", maxMM2: area}, false},
		{"under the most", rule{key: "leisure", value: "park", maxMM2: area + 1}, true},
	}
	for _, c := range cases {
		if got := c.rule.fits(&park); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// The shipped tables are read in full; a broken one is an error that names its row.
func TestTables(t *testing.T) {
	names, err := readNames("../names.csv")
	if err != nil || len(names) != 19 {
		t.Errorf("%d names, %v", len(names), err)
	}
	ids := map[string]bool{}
	for _, n := range names {
		if ids[n.id] || n.el == "" || n.en == "" || n.zh == "" {
			t.Errorf("%+v: the id stands twice or a name is missing", n)
		}
		ids[n.id] = true
	}
	rules, err := readRules("..")
	if err != nil || len(rules) == 0 {
		t.Errorf("%d rules, %v", len(rules), err)
	}
	const header = "osm_node,id,el,en,zh\n"
	for i, text := range []string{"", "a,b\n", header + "1,a\n", header + "1,a,b,c,d\n1,e,f,g,h\n"} {
		path := filepath.Join(t.TempDir(), fmt.Sprintf("%d.csv", i))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readNames(path); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

// Square metres are printed from millimetres, half up, with no more digits than they need.
func TestDecimetres(t *testing.T) {
	for mm2, want := range map[int64]string{0: "0", 49_999: "0", 50_000: "0.1", 1_000_000: "1", 123_449_999: "123.4", 123_450_000: "123.5", 99_950_000: "100"} {
		if got := decimetres(mm2); got != want {
			t.Errorf("%d mm²: %s, want %s", mm2, got, want)
		}
	}
}

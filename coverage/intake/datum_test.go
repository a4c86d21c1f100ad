package intake

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/geo/geojson"
	"lifecircle/geo/measure"
)

// realCity is a city of shared/data moved to a place in China.
type realCity struct {
	layers map[string][]orb.Geometry
}

// loadCity reads layers of a city and moves them there in a local plane: lengths and angles stay but for the earth's flattening.
func loadCity(t *testing.T, city string, to orb.Point, names ...string) realCity {
	t.Helper()
	c := realCity{layers: map[string][]orb.Geometry{}}
	var all orb.Bound
	for _, name := range names {
		r := geojson.NewReader(sharedFile(t, city+"/derived/"+name+".geojson"), geojson.Limits{})
		for {
			row, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if g := row.Feature.Geometry; g != nil && row.Refused == nil {
				if len(c.layers) == 0 && all == (orb.Bound{}) {
					all = g.Bound()
				}
				all = all.Union(g.Bound())
				c.layers[name] = append(c.layers[name], g)
			}
		}
	}
	from := all.Center()
	_, there := measure.SincosDeg(to[1])
	_, here := measure.SincosDeg(from[1])
	move := func(p orb.Point) orb.Point {
		return orb.Point{to[0] + (p[0]-from[0])*here/there, to[1] + p[1] - from[1]}
	}
	for _, gs := range c.layers {
		for i := range gs {
			gs[i] = mapPoints(gs[i], move)
		}
	}
	return c
}

// mapPoints gives a copy of a geometry with every vertex moved.
func mapPoints(g orb.Geometry, f func(orb.Point) orb.Point) orb.Geometry {
	g = orb.Clone(g)
	each := func(ps []orb.Point) {
		for i := range ps {
			ps[i] = f(ps[i])
		}
	}
	switch g := g.(type) {
	case orb.Point:
		return f(g)
	case orb.MultiPoint:
		each(g)
	case orb.LineString:
		each(g)
	case orb.MultiLineString:
		for _, l := range g {
			each(l)
		}
	case orb.Polygon:
		for _, r := range g {
			each(r)
		}
	case orb.MultiPolygon:
		for _, p := range g {
			for _, r := range p {
				each(r)
			}
		}
	}
	return g
}

func placesOf(gs []orb.Geometry) []orb.Point {
	out := make([]orb.Point, len(gs))
	for i, g := range gs {
		out[i] = measure.PointOnSurface(g)
	}
	return out
}

// shiftBy moves a place on WGS 84 as the layer or reference of a shift is moved.
func shiftBy(s DatumShift, p orb.Point) orb.Point {
	c := gcj02
	if s == LayerBD09 || s == ReferenceBD09 {
		c = bd09
	}
	x, y, err := c.FromWGS84(p[0], p[1])
	if err != nil {
		panic(err)
	}
	return orb.Point{x, y}
}

// shiftedProfile is the profile of a layer against references of which one side is shifted.
func shiftedProfile(truth DatumShift, layer []orb.Point, references [][]orb.Geometry) *datumProfile {
	by := func(p orb.Point) orb.Point { return shiftBy(truth, p) }
	switch truth {
	case LayerGCJ02, LayerBD09:
		layer = slices.Clone(layer)
		for i := range layer {
			layer[i] = by(layer[i])
		}
	case ReferenceGCJ02, ReferenceBD09:
		references = slices.Clone(references)
		for i, r := range references {
			references[i] = make([]orb.Geometry, len(r))
			for k, g := range r {
				references[i][k] = mapPoints(g, by)
			}
		}
	}
	return newDatumProfile(layer, references)
}

// tallied counts the answers to many draws of points.
type tallied struct{ right, wrong, unsure int }

func (a tallied) add(b tallied) tallied {
	return tallied{a.right + b.right, a.wrong + b.wrong, a.unsure + b.unsure}
}

// recall is the share of draws with a right answer that is sure.
func (a tallied) recall() float64 { return float64(a.right) / float64(a.right+a.wrong+a.unsure) }

// draws weighs so many samples of n points.
func (p *datumProfile) draws(truth DatumShift, n, times int, rnd *rand.Rand) (out tallied) {
	for range times {
		e := p.weigh(rnd.Perm(len(p.points))[:min(n, len(p.points))])
		switch {
		case !e.Sure:
			out.unsure++
		case e.Best == truth:
			out.right++
		default:
			out.wrong++
		}
	}
	return out
}

// Real layers moved to Chongqing and Beijing and shifted by the real transforms: the sure answers are right, and with 200 points there is
// one as often as the README says by kind of reference. go test -v prints its table.
func TestDatumOfRealLayers(t *testing.T) {
	names := []string{"pois", "walk_edges", "buildings_points", "population_grid_100m", "park_polygons"}
	truths := []DatumShift{ShiftNone, LayerGCJ02, LayerBD09, ReferenceGCJ02}
	if testing.Short() {
		t.Skip("many seconds of arithmetic")
	}
	times := 10
	if os.Getenv("LIFECIRCLE_DATUM") == "full" {
		times = 40
	}
	cities := map[string]realCity{
		"las_palmas": loadCity(t, "las_palmas", orb.Point{106.55, 29.56}, names...),
		"monaco":     loadCity(t, "monaco", orb.Point{116.4, 39.9}, names...),
	}
	sizes := [...]int{20, 50, 200, 400}
	var all [len(sizes)]tallied
	table := "\n| layer | references | " + fmt.Sprint(sizes) + " points: sure and right | sure and wrong |\n"
	row := func(layer, references string, sums [len(sizes)]tallied) {
		var recalls []string
		wrong, of := 0, 0
		for _, sum := range sums {
			recalls = append(recalls, fmt.Sprintf("%.1f %%", 100*sum.recall()))
			wrong += sum.wrong
			of += sum.wrong + sum.right + sum.unsure
		}
		table += fmt.Sprintf("| %s | %s | %s | %d of %d |\n", layer, references, strings.Join(recalls, ", "), wrong, of)
	}
	for _, c := range []struct {
		city, layer string
		references  []string
		recall      float64 // with 200 points, at least
	}{
		{"las_palmas", "pois", []string{"walk_edges", "buildings_points"}, 0.99},
		{"las_palmas", "buildings_points", []string{"walk_edges"}, 0.99},
		{"las_palmas", "park_polygons", []string{"walk_edges", "buildings_points"}, 0.99},
		{"monaco", "pois", []string{"walk_edges", "buildings_points"}, 0.99},
		{"monaco", "buildings_points", []string{"walk_edges"}, 0.99},
		{"monaco", "pois", []string{"walk_edges"}, 0.99},
		{"las_palmas", "pois", []string{"walk_edges"}, 0.75},
		{"las_palmas", "pois", []string{"population_grid_100m"}, 0},
	} {
		t.Run(c.city+" "+c.layer+" by "+strings.Join(c.references, ", "), func(t *testing.T) {
			city := cities[c.city]
			var references [][]orb.Geometry
			for _, r := range c.references {
				references = append(references, city.layers[r])
			}
			var sums [len(sizes)]tallied
			for _, truth := range truths {
				p := shiftedProfile(truth, placesOf(city.layers[c.layer]), references)
				rnd := rand.New(rand.NewPCG(20260101, uint64(truth)))
				for i, n := range sizes {
					sums[i] = sums[i].add(p.draws(truth, n, max(1, times*[...]int{3, 2, 1, 0}[i]), rnd))
				}
			}
			for i, sum := range sums {
				if sum.wrong > 0 {
					t.Errorf("%d points: %d sure answers are wrong", sizes[i], sum.wrong)
				}
				all[i] = all[i].add(sum)
			}
			if got := sums[2].recall(); got < c.recall {
				t.Errorf("200 points tell in %.3f of the draws, they should in %v", got, c.recall)
			}
			row(c.city+" "+c.layer, strings.Join(c.references, ", "), sums)
		})
	}
	row("all", "", all)
	t.Log(table)
}

// Layers that fit nowhere are taken for sure less often than once in a thousand, and their p-values are what they say: points at random over
// a town or in clusters, in as many towns; with LIFECIRCLE_DATUM=full also real layers turned and moved away, and one city's on another.
func TestDatumFalseAlarms(t *testing.T) {
	full := os.Getenv("LIFECIRCLE_DATUM") == "full"
	towns, each := 4, 10
	if full {
		towns, each = 30, 40
	}
	type alarms struct{ sure, of, p01, p001 int }
	var all alarms
	kinds := map[string]alarms{}
	judge := func(kind string, e DatumEvidence) {
		a := kinds[kind]
		a.of++
		if e.Sure {
			a.sure++
		}
		if e.Sure && e.Best != ShiftNone {
			t.Errorf("%s: a layer that fits nowhere is taken for shifted: %+v", kind, e)
		}
		for _, p := range e.PValue {
			if p < 0.01 {
				a.p01++
			}
			if p < 0.001 {
				a.p001++
			}
		}
		kinds[kind] = a
	}
	for seed := range towns {
		rnd := rand.New(rand.NewPCG(uint64(seed), 77))
		streets, _ := madeTown(rnd, 0)
		anywhere := func() orb.Point { return orb.Point{106.5 + 0.03*rnd.Float64(), 29.5 + 0.03*rnd.Float64()} }
		for range each {
			for _, n := range []int{20, 200} {
				loose, clusters := make([]orb.Point, n), make([]orb.Point, n)
				middles, wide := make([]orb.Point, 5+rnd.IntN(40)), 0.0003+0.004*rnd.Float64()
				for i := range middles {
					middles[i] = anywhere()
				}
				for i := range n {
					loose[i] = anywhere()
					m := middles[rnd.IntN(len(middles))]
					clusters[i] = orb.Point{m[0] + wide*rnd.NormFloat64(), m[1] + wide*rnd.NormFloat64()}
				}
				judge(fmt.Sprintf("%d at random", n), DetectDatum(loose, streets))
				judge(fmt.Sprintf("%d in clusters", n), DetectDatum(clusters, streets))
			}
		}
	}
	if full {
		city := loadCity(t, "las_palmas", orb.Point{106.55, 29.56}, "pois", "walk_edges", "buildings_points", "population_grid_100m")
		other := placesOf(loadCity(t, "monaco", orb.Point{106.55, 29.56}, "buildings_points").layers["buildings_points"])
		rnd := rand.New(rand.NewPCG(8, 8))
		for _, r := range []string{"walk_edges", "buildings_points", "population_grid_100m"} {
			for range 100 {
				judge("real, moved and turned, by "+r, DetectDatum(away(placesOf(city.layers["pois"]), rnd), city.layers[r]))
				judge("of another city, by "+r, DetectDatum(away(other, rnd), city.layers[r]))
			}
		}
	}
	for kind, a := range kinds {
		t.Logf("%s: %d of %d sure; %.4f of the p-values below 0.01, %.4f below 0.001", kind, a.sure, a.of,
			float64(a.p01)/float64(numShifts*a.of), float64(a.p001)/float64(numShifts*a.of))
		all = alarms{all.sure + a.sure, all.of + a.of, all.p01 + a.p01, all.p001 + a.p001}
	}
	t.Logf("all: %d of %d sure; %.4f of the p-values below 0.01, %.4f below 0.001", all.sure, all.of,
		float64(all.p01)/float64(numShifts*all.of), float64(all.p001)/float64(numShifts*all.of))
	if all.sure*1000 > all.of {
		t.Errorf("%d of %d layers that fit nowhere are taken for sure", all.sure, all.of)
	}
	if expected := 0.01 * float64(numShifts*all.of); float64(all.p01) > 2*expected {
		t.Errorf("%d p-values are below 0.01, %.0f would be", all.p01, expected)
	}
}

// away turns places about their middle by any angle and moves them 600 to 3,000 m.
func away(places []orb.Point, rnd *rand.Rand) []orb.Point {
	var box orb.Bound
	for i, p := range places {
		if i == 0 {
			box = p.Bound()
		}
		box = box.Extend(p)
	}
	middle := box.Center()
	dlon, dlat := measure.Degrees(middle[1], 1)
	sin, cos := math.Sincos(2 * math.Pi * rnd.Float64())
	east, north := math.Sincos(2 * math.Pi * rnd.Float64())
	far := 600 + 2400*rnd.Float64()
	out := make([]orb.Point, len(places))
	for i, p := range places {
		x, y := (p[0]-middle[0])/dlon, (p[1]-middle[1])/dlat
		out[i] = orb.Point{middle[0] + dlon*(x*cos-y*sin+far*east), middle[1] + dlat*(x*sin+y*cos+far*north)}
	}
	return out
}

// Places kept for lying in population cells before their datum was known lie in them because they were cut so: never a sure answer.
func TestDatumOfCutLayer(t *testing.T) {
	rnd := rand.New(rand.NewPCG(6, 6))
	var cells []orb.Geometry
	for i := range 30 {
		for k := range 30 {
			if rnd.Float64() < 0.6 {
				a := orb.Point{106.5 + 0.001*float64(i), 29.5 + 0.001*float64(k)}
				cells = append(cells, orb.Bound{Min: a, Max: orb.Point{a[0] + 0.001, a[1] + 0.001}}.ToPolygon())
			}
		}
	}
	var cut []orb.Point
	for len(cut) < 200 {
		cell := cells[rnd.IntN(len(cells))].Bound()
		cut = append(cut, orb.Point{cell.Min[0] + 0.001*rnd.Float64(), cell.Min[1] + 0.001*rnd.Float64()})
	}
	if e := DetectDatum(cut, cells); e.Sure || !e.Applicable {
		t.Errorf("%+v", e)
	}
}

// madeTown is a made-up town of streets 130 m apart, not quite straight, and of houses 12 m beside them.
func madeTown(rnd *rand.Rand, houses int) (streets []orb.Geometry, points []orb.Point) {
	const step = 0.0012
	for i := range 25 {
		for k := range 25 {
			a := orb.Point{106.5 + step*float64(i) + 0.0004*rnd.Float64(), 29.5 + step*float64(k) + 0.0004*rnd.Float64()}
			b := orb.Point{a[0] + step*rnd.Float64(), a[1] + step*(rnd.Float64()-0.5)}
			streets = append(streets, orb.LineString{a, b})
			f := rnd.Float64()
			if len(points) < houses {
				points = append(points, orb.Point{a[0] + f*(b[0]-a[0]), a[1] + f*(b[1]-a[1]) + 0.00011})
			}
		}
	}
	return streets, points
}

// Every shift is found, on either side, in a town whose houses follow its streets.
func TestDatumShifts(t *testing.T) {
	streets, houses := madeTown(rand.New(rand.NewPCG(1, 1)), 300)
	for truth := range DatumShift(numShifts) {
		e := shiftedProfile(truth, houses, [][]orb.Geometry{streets}).weigh(nil)
		if !e.Applicable || !e.Sure || e.Best != truth || e.Points != 300 {
			t.Errorf("shift %d: %+v", truth, e)
		}
		sum := 0.0
		for _, p := range e.Posterior {
			sum += p
		}
		if sum > 1+1e-12 {
			t.Errorf("posterior probabilities sum to %v", sum)
		}
	}
}

// Layers that have nothing to do with each other, that lie elsewhere, or are too small, tell nothing; no case is taken for one.
func TestDatumUnsure(t *testing.T) {
	rnd := rand.New(rand.NewPCG(2, 2))
	streets, houses := madeTown(rnd, 300)
	sure := 0
	for range 40 {
		loose := make([]orb.Point, 200)
		for i := range loose {
			loose[i] = orb.Point{106.5 + 0.03*rnd.Float64(), 29.5 + 0.03*rnd.Float64()}
		}
		if DetectDatum(loose, streets).Sure {
			sure++
		}
	}
	if sure > 0 {
		t.Errorf("%d of 40 layers of random points are taken for sure", sure)
	}
	europe := func(p orb.Point) orb.Point { return orb.Point{p[0] - 100, p[1] + 14} }
	var abroad []orb.Geometry
	for _, s := range streets {
		abroad = append(abroad, mapPoints(s, europe))
	}
	moved := slices.Clone(houses)
	for i := range moved {
		moved[i] = europe(moved[i])
	}
	for name, e := range map[string]DatumEvidence{
		"outside the box":          DetectDatum(moved, abroad),
		"far from the reference":   DetectDatum(houses, abroad),
		"nine points":              DetectDatum(houses[:9], streets),
		"one point many times":     DetectDatum(slices.Repeat(houses[:1], 500), streets),
		"no points":                DetectDatum(nil, streets),
		"no reference":             DetectDatum(houses),
		"an empty reference":       DetectDatum(houses, nil),
		"a reference of nothing":   DetectDatum(houses, []orb.Geometry{nil, orb.Polygon{}, orb.LineString{}}),
		"all inside one polygon":   DetectDatum(houses, []orb.Geometry{orb.Bound{Min: orb.Point{100, 20}, Max: orb.Point{110, 40}}.ToPolygon()}),
		"all at the same distance": DetectDatum(houses, []orb.Geometry{orb.Point{106.5, 29.5}}),
	} {
		if e.Sure || (e.Applicable && !strings.HasPrefix(name, "all")) {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

// Neither the order of points and geometries nor repeated points change the answer.
func TestDatumOrder(t *testing.T) {
	streets, houses := madeTown(rand.New(rand.NewPCG(3, 3)), 500)
	want := DetectDatum(houses, streets)
	rnd := rand.New(rand.NewPCG(4, 4))
	for range 3 {
		rnd.Shuffle(len(houses), func(i, j int) { houses[i], houses[j] = houses[j], houses[i] })
		rnd.Shuffle(len(streets), func(i, j int) { streets[i], streets[j] = streets[j], streets[i] })
		if got := DetectDatum(append(houses, houses[0], houses[7]), streets); got != want {
			t.Errorf("%+v, then %+v", want, got)
		}
	}
}

// The tail of the F distribution has closed forms with two degrees of freedom above, and known quantiles elsewhere.
func TestFTail(t *testing.T) {
	for _, f := range []float64{0.1, 1, 3, 20} {
		for _, below := range []float64{5, 100.5, 228} {
			want := math.Pow(1+2*f/below, -below/2)
			if got := fTail(f, 2, below); math.Abs(got-want) > 1e-12*want+1e-300 {
				t.Errorf("F(2, %v) at %v: %v, want %v", below, f, got, want)
			}
		}
	}
	for _, c := range []struct {
		f           float64
		above       int
		below, want float64
	}{
		{1.0, 8, 228, 0.4368340911751182}, {2.5, 8, 228, 0.012765462880073703}, {9.0, 8, 228, 1.0113454210269267e-10}, {4.0, 16, 220.0, 1.170967668128462e-06}, {3.0, 24, 212, 1.1795916134803214e-05}, {1.7, 6, 11, 0.21087232489109717}, // SciPy 1.x
		{0, 8, 200, 1}, {-1, 8, 200, 1}, {math.NaN(), 8, 200, 1},
	} {
		if got := fTail(c.f, c.above, c.below); math.Abs(got-c.want) > 1e-9*c.want {
			t.Errorf("F(%d, %v) at %v: %v, want %v", c.above, c.below, c.f, got, c.want)
		}
	}
}

// madeLayer is a layer as an import makes one.
func madeLayer(role coverage.Role, name string, gs []orb.Geometry) *coverage.Layer {
	l := &coverage.Layer{Info: coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: role, Name: name}, Rows: len(gs)}}
	for i, g := range gs {
		l.IDs = append(l.IDs, fmt.Sprintf("%s-%04d", name, i))
		l.Names = append(l.Names, "")
		l.Properties = append(l.Properties, "{}")
		l.Shapes = append(l.Shapes, g)
		if i == 0 {
			l.Info.Bound = g.Bound()
		}
		l.Info.Bound = l.Info.Bound.Union(g.Bound())
	}
	l.Info.Hash = l.ComputeHash()
	return l
}

// An import says that its layer is shifted against the project's, or the project's against it, with how sure that is; it says nothing of
// layers that fit, and nothing where there is nothing to hold a layer against.
func TestDatumWarning(t *testing.T) {
	streets, points := madeTown(rand.New(rand.NewPCG(5, 5)), 400)
	houses := make([]orb.Geometry, len(points))
	for i, p := range points {
		houses[i] = p
	}
	moved := func(s DatumShift, gs []orb.Geometry) []orb.Geometry {
		out := make([]orb.Geometry, len(gs))
		for i, g := range gs {
			out[i] = mapPoints(g, func(p orb.Point) orb.Point { return shiftBy(s, p) })
		}
		return out
	}
	network := madeLayer(coverage.RoleNetwork, "streets", streets)
	homes := madeLayer(coverage.RoleBuildings, "homes", houses)
	for _, c := range []struct {
		name    string
		project []*coverage.Layer
		l       *coverage.Layer
		code    string
		crs     string // of --crs auto
		text    string
	}{
		{"it fits", []*coverage.Layer{network}, homes, "", "EPSG:4326", ""},
		{"Amap houses", []*coverage.Layer{network}, madeLayer(coverage.RoleBuildings, "homes", moved(LayerGCJ02, houses)), "datum_gcj02", "GCJ-02", "homes seems to be in GCJ-02, shifted against streets"},
		{"Baidu houses", []*coverage.Layer{network}, madeLayer(coverage.RoleBuildings, "homes", moved(LayerBD09, houses)), "datum_bd09", "BD-09", "--crs bd09"},
		{"Amap streets after houses", []*coverage.Layer{homes}, madeLayer(coverage.RoleNetwork, "streets", moved(LayerGCJ02, streets)), "datum_gcj02", "GCJ-02", "streets seems to be in GCJ-02"},
		{"houses after Amap streets", []*coverage.Layer{madeLayer(coverage.RoleNetwork, "streets", moved(LayerGCJ02, streets))}, homes, "datum_gcj02", "", "which seem to be in GCJ-02"},
		{"all from Amap", []*coverage.Layer{madeLayer(coverage.RoleNetwork, "streets", moved(LayerGCJ02, streets))}, madeLayer(coverage.RoleBuildings, "homes", moved(LayerGCJ02, houses)), "", "EPSG:4326", ""},
		{"alone", nil, homes, "", "", ""},
		{"its own former version", []*coverage.Layer{homes}, madeLayer(coverage.RoleBuildings, "homes", moved(LayerGCJ02, houses)), "", "", ""},
		{"ten houses", []*coverage.Layer{network}, madeLayer(coverage.RoleBuildings, "homes", moved(LayerGCJ02, houses[:10])), "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			st := newMemoryStore()
			for _, l := range c.project {
				if err := st.SaveLayer(t.Context(), l, &coverage.ImportReport{}); err != nil {
					t.Fatal(err)
				}
			}
			var rep coverage.ImportReport
			if err := warnDatum(t.Context(), st, st.current, c.l, &rep); err != nil {
				t.Fatal(err)
			}
			if warnings(&rep) != c.code {
				t.Fatalf("%+v", rep.Warnings)
			}
			if c.code != "" && (!strings.Contains(rep.Warnings[0].Text, c.text) || rep.Warnings[0].TextZh == "") {
				t.Errorf("%+v", rep.Warnings[0])
			}
			e, _, err := DatumOfLayer(t.Context(), st, st.current, c.l)
			if err != nil {
				t.Fatal(err)
			}
			if known, ok := e.CRS(); ok != (c.crs != "") || known.Code != c.crs {
				t.Errorf("auto takes it for %q, %+v", known.Code, e)
			}
		})
	}
}

package overlay

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/paulmach/orb"

	"lifecircle/geo/measure"
)

// A drawn service area must not promise anybody more than the limit, and not hide more than 5 cm at 500 m.
func TestServiceAreaLiesJustInside(t *testing.T) {
	for _, lat := range latitudes {
		l := layAt(106.5, lat)
		for _, r := range []float64{50, 300, 500, 1000} {
			for name, g := range map[string]orb.Geometry{
				"point":          l.point(0, 0),
				"points":         orb.MultiPoint{l.point(0, 0), l.point(400, 100), l.point(5000, 0)},
				"line":           orb.LineString{l.point(-900, 30), l.point(0, 0), l.point(500, 700)},
				"loop":           orb.LineString(box(106.5, lat, 106.52, lat+0.02)[0]),
				"park":           orb.Polygon{{l.point(0, 0), l.point(700, 100), l.point(300, 300), l.point(200, 900), l.point(0, 0)}},
				"park with hole": hole(box(106.5, lat, 106.53, lat+0.03), box(106.51, lat+0.01, 106.52, lat+0.02)),
			} {
				t.Run(fmt.Sprintf("%s/%g m/%g", name, r, lat), func(t *testing.T) {
					got, err := ServiceArea(Site{g, r})
					if err != nil {
						t.Fatal(err)
					}
					if err := Valid(got); err != nil {
						t.Fatal(err)
					}
					shape := measure.NewShape(g)
					for _, ring := range flat(got) {
						for i := 1; i < len(ring); i++ {
							a, b := ring[i-1], ring[i]
							if d := shape.Distance(a); d > r+0.002 || d < r-0.002 {
								t.Fatalf("corner %v is %.4f m away", a, d)
							}
							mid := orb.Point{(a[0] + b[0]) / 2, (a[1] + b[1]) / 2}
							if d := shape.Distance(mid); d > r+0.002 || d < r-0.05*r/500-0.002 {
								t.Fatalf("side at %v is %.4f m away", mid, d)
							}
						}
					}
				})
			}
		}
	}
}

func TestServiceAreaOfNothing(t *testing.T) {
	for _, s := range []Site{{nil, 500}, {orb.Point{1, 1}, 0}, {orb.Point{1, 1}, -1}, {orb.Point{1, 1}, math.NaN()}, {orb.Point{1, 1}, math.Inf(1)},
		{orb.Collection{}, 10}, {orb.Polygon{}, 10}, {orb.Polygon{{}}, 10}, {orb.LineString{}, 10}} {
		got, err := ServiceArea(s)
		if err != nil || len(got) != 0 || got == nil {
			t.Errorf("%v: %v, %v", s, got, err)
		}
	}
	if got, err := ServiceArea(Site{orb.LineString{{1, 1}, {1, 1}}, 500}); err != nil || len(got) != 1 {
		t.Errorf("a line of one place: %v, %v", got, err)
	}
}

// A district many times larger than the cells of the lattice must have the share that its quarters have.
func TestCoveredOfLargePieces(t *testing.T) {
	for _, lat := range latitudes {
		l := layAt(106.5, lat)
		var sites []Site
		for x := -9500.0; x < 10000; x += 1000 {
			for y := -9500.0; y < 10000; y += 1000 {
				p := layAt(106.5+x/100000, lat+y/100000).point(0, 0)
				sites = append(sites, Site{p, 200})
			}
		}
		piece := orb.MultiPolygon{l.square(0, 0, 30000)}
		f, _, _ := NewZone(sites).Covered(piece)
		want := 400 * math.Pi * 200 * 200 / measure.Area(piece)
		if math.Abs(f/want-1) > 1e-6 {
			t.Errorf("lat %g: share %.10f, want %.10f", lat, f, want)
		}
		gap, err := NewZone(sites).Uncovered(piece)
		if err != nil {
			t.Fatal(err)
		}
		if len(gap) != 1 || len(gap[0]) != 401 {
			t.Errorf("lat %g: %d parts", lat, len(gap))
		}
	}
}

func TestCoveredMM2(t *testing.T) {
	l := layAt(106.5, 29.5)
	z := NewZone([]Site{{l.point(0, 0), 500}})
	for _, c := range []struct {
		name  string
		piece orb.Polygon
		check func(mm2, whole int64) bool
	}{
		{"wholly inside, to the last mm²", l.square(0, 0, 400), func(got, whole int64) bool { return got == whole }},
		{"wholly outside", l.square(2000, 0, 400), func(got, _ int64) bool { return got == 0 }},
		{"far away", l.square(50000, 0, 400), func(got, _ int64) bool { return got == 0 }},
		{"in part", l.square(500, 0, 400), func(got, whole int64) bool { return got > 0 && got < whole }},
	} {
		t.Run(c.name, func(t *testing.T) {
			mm2 := measure.AreaMM2(c.piece)
			if got := z.CoveredMM2(orb.MultiPolygon{c.piece}, mm2); !c.check(got, mm2) {
				t.Errorf("%d of %d", got, mm2)
			}
		})
	}
	if got := NewZone(nil).CoveredMM2(orb.MultiPolygon{l.square(0, 0, 400)}, 5); got != 0 {
		t.Errorf("no sites: %d", got)
	}
	if f, all, none := z.Covered(nil); f != 0 || all || none {
		t.Error("a piece of nothing is neither covered nor not")
	}
}

func TestScaleHalfUp(t *testing.T) {
	for _, c := range []struct {
		n    int64
		f    float64
		want int64
	}{{10, 0.25, 3}, {10, 0.249, 2}, {3, 0.5, 2}, {1, 0.5, 1}, {1 << 60, 0.5, 1 << 59}, {math.MaxInt64, 1, math.MaxInt64}, {7, 0, 0},
		{math.MaxInt64, 1 - 1e-16, math.MaxInt64 - 1024}, {-5, 0.5, 0}} {
		if got := scaleHalfUp(c.n, c.f); got != c.want {
			t.Errorf("%d·%v = %d, want %d", c.n, c.f, got, c.want)
		}
	}
}

// The slow way out, by finely drawn polygons, must tell the same as the exact way.
func TestFallbackAgrees(t *testing.T) {
	l := layAt(106.5, 29.5)
	rng := rand.New(rand.NewPCG(3, 4))
	for range 10 {
		var sites []Site
		for range 4 {
			sites = append(sites, Site{l.point(rng.Float64()*1000-500, rng.Float64()*1000-500), 100 + 300*rng.Float64()})
		}
		sites = append(sites, Site{l.blob(rng, 300, 0, 100, 12), 80})
		piece := l.blob(rng, 0, 0, 600, 30)
		z := NewZone(sites)
		exact, _, _ := z.Covered(orb.MultiPolygon{piece})
		drawn, err := z.drawnShare(piece)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(exact-drawn) > 2e-6 {
			t.Errorf("exact %.9f, drawn %.9f", exact, drawn)
		}
		traced, ok := z.drawnByTrace(orb.MultiPolygon{piece}, false)
		if !ok {
			t.Fatal("not traced")
		}
		bound := piece.Bound()
		u, err := z.drawnUnion(&bound, circleSteps)
		if err != nil {
			t.Fatal(err)
		}
		cut, err := Difference(piece, u)
		if err != nil {
			t.Fatal(err)
		}
		a, err := Difference(traced, cut)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Difference(cut, traced)
		if err != nil {
			t.Fatal(err)
		}
		if apart := measure.Area(a) + measure.Area(b); apart > 0.05*6000 {
			t.Errorf("traced and cut gaps differ by %g m²", apart)
		}
	}
}

// Ten requirements are judged side by side: a zone must give each goroutine what it gives one.
func TestZoneInParallel(t *testing.T) {
	pieces, sites := city(60, 100, 30)
	one := NewZone(sites)
	want := make([]float64, len(pieces))
	for i, p := range pieces {
		want[i], _, _ = one.Covered(p)
	}
	shared := NewZone(sites)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range pieces {
				k := len(pieces) - 1 - i
				if f, _, _ := shared.Covered(pieces[k]); f != want[k] {
					t.Errorf("piece %d: %v, want %v", k, f, want[k])
				}
			}
		})
	}
	wg.Wait()
}

func TestZonePolygon(t *testing.T) {
	l := layAt(106.5, 29.5)
	z := NewZone([]Site{{l.point(0, 0), 500}, {l.point(600, 0), 500}, {l.point(5000, 0), 300}})
	all, err := z.Polygon(nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 2 {
		t.Fatalf("%d parts, want the two that meet and the one apart", len(all))
	}
	const r = 500.0
	lens := 2*r*r*math.Acos(300/r) - 300*math.Sqrt(4*r*r-600*600)
	want := 2*math.Pi*r*r - lens + math.Pi*300*300
	if got := measure.Area(all); got > want || got < want*(1-1.4e-4) {
		t.Errorf("%g m², true %g", got, want)
	}
	clip := orb.MultiPoint{l.point(-500, -500), l.point(0, 500)}.Bound()
	half, err := z.Polygon(&clip)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := measure.Area(half), math.Pi*r*r/2; math.Abs(got/want-1) > 2e-3 {
		t.Errorf("clipped: %g m², want about %g", got, want)
	}
	far := orb.Bound{Min: orb.Point{0, 0}, Max: orb.Point{1, 1}}
	if got, err := z.Polygon(&far); err != nil || len(got) != 0 {
		t.Errorf("clipped away: %v, %v", got, err)
	}
}

// A wide zone is drawn tile by tile: what comes out must be what a drawing in one piece is, also along the seams.
func TestWideZonesAreDrawnWhole(t *testing.T) {
	seeds := 3
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		r := rand.New(rand.NewPCG(uint64(seed), 9))
		var sites []Site
		for range 30 + 10*seed {
			p := orb.Point{106.4 + 0.16*r.Float64(), 29.4 + 0.16*r.Float64()}
			if seed%2 == 1 { // on the lines of the tiles, circles touch them and cross them at corners
				p = orb.Point{math.Round(p[0]/drawnTile) * drawnTile, p[1]}
			}
			var g orb.Geometry = p
			switch r.IntN(8) {
			case 0:
				g = orb.LineString{p, {p[0] + 0.03*r.Float64(), p[1] + 0.03*r.Float64()}}
			case 1:
				g = orb.Polygon{{p, {p[0] + 0.02, p[1]}, {p[0] + 0.02, p[1] + 0.02}, {p[0], p[1] + 0.02}, p}}
			}
			sites = append(sites, Site{g, 300 + 700*r.Float64()})
		}
		z := NewZone(sites)
		whole, err := z.drawnUnion(nil, circleSteps)
		if err != nil {
			t.Fatal(err)
		}
		box := orb.Bound{Min: orb.Point{106.3, 29.3}, Max: orb.Point{106.8, 29.8}}
		tiled, ok := z.drawnByTiles(box, 0)
		if !ok {
			t.Fatalf("seed %d: not drawn by tiles", seed)
		}
		if err := Valid(tiled); err != nil {
			t.Error(err)
		}
		a, err := Difference(whole, tiled)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Difference(tiled, whole)
		if err != nil {
			t.Fatal(err)
		}
		border := 0.0
		for _, p := range whole {
			for _, ring := range p {
				border += 111_000 * float64(len(ring)) * 1e-4
			}
		}
		if apart := measure.Area(a) + measure.Area(b); apart > 0.11*border {
			t.Errorf("seed %d: %g m² apart along some %g m of border", seed, apart, border)
		}
		if len(whole) != len(tiled) {
			t.Errorf("seed %d: %d parts, %d in one piece", seed, len(tiled), len(whole))
		}
		for k := range min(len(whole), len(tiled)) {
			if len(whole[k]) != len(tiled[k]) {
				t.Errorf("seed %d: part %d has %d rings, %d in one piece", seed, k, len(tiled[k]), len(whole[k]))
			}
		}
	}
}

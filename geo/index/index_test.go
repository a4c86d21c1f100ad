package index_test

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"lifecircle/geo/index"
	"lifecircle/geo/measure"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

var seed = flag.Uint64("seed", 20260, "seed of the random cases")

func random(tb testing.TB) *rand.Rand {
	tb.Helper()
	tb.Logf("-seed %d", *seed)
	return rand.New(rand.NewPCG(*seed, 2))
}

// town is a random set of facilities and demand points at a latitude.
type town struct {
	name   string
	shapes []*measure.Shape
	demand []orb.Point
}

// towns are the cases on which every query is compared with brute force.
func towns(r *rand.Rand) []town {
	var all []town
	for _, lat := range []float64{0, 29.5, 45, 60, 80} {
		centre := orb.Point{106.5, lat}
		for _, kind := range []string{"points", "clusters", "lattice", "parks", "mixed", "far", "other side"} {
			t := town{name: fmt.Sprintf("%s at %g°", kind, lat)}
			houses := 120
			if kind == "other side" {
				houses = 8 // brute force over far polygons is slow
			}
			for range houses {
				t.demand = append(t.demand, near(r, centre, 0.05))
			}
			n := 1 + r.IntN(80)
			for i := range n {
				p := near(r, centre, 0.05)
				var g orb.Geometry = p
				switch kind {
				case "clusters":
					// Duplicates, and neighbors within a millimetre.
					p = orb.Point{centre[0] + 0.01*float64(r.IntN(3)), lat + 0.01*float64(r.IntN(3))}
					if i%3 == 0 {
						p[0] += 2e-9 * r.Float64()
					}
					g = p
					if i%7 == 0 {
						g = orb.MultiPoint{p, near(r, centre, 0.05), p}
					}
				case "lattice":
					// Demand in the middles: ties everywhere.
					g = orb.Point{centre[0] + 0.002*float64(i%9), lat + 0.002*float64(i/9)}
				case "parks":
					g = park(r, p, 0.004)
				case "mixed":
					switch i % 5 {
					case 0:
						g = park(r, p, 0.01)
					case 1:
						g = orb.LineString{p, near(r, p, 0.02), near(r, p, 0.02)}
					case 2:
						g = orb.MultiPolygon{park(r, p, 0.003), park(r, near(r, p, 0.05), 0.003)}
					case 3:
						g = orb.Collection{p, park(r, near(r, centre, 0.05), 0.002)}
					}
				case "far":
					p = orb.Point{centre[0] + 30*r.Float64() - 15, lat + 8*r.Float64() - 4}
					g = p
					if i%3 == 0 {
						g = park(r, p, 0.3)
					}
				case "other side":
					g = orb.Point{-70 + 5*r.Float64(), -lat + 5*r.Float64()}
					if i%3 == 0 {
						g = park(r, orb.Point{-70, -lat}, 0.1)
					}
				}
				t.shapes = append(t.shapes, measure.NewShape(g))
			}
			if kind == "lattice" {
				for i := range 80 {
					t.demand = append(t.demand, orb.Point{centre[0] + 0.001*float64(i%9), lat + 0.001*float64(i/9)})
				}
			}
			if kind == "clusters" {
				for i := range 40 {
					t.demand = append(t.demand, orb.Point{centre[0] + 0.005*float64(i%5), lat + 0.005*float64(i/5)})
				}
			}
			all = append(all, t)
		}
	}
	p := orb.Point{106.5, 29.5}
	all = append(all,
		town{"one", []*measure.Shape{measure.NewShape(p)}, []orb.Point{p, {106.6, 29.5}, {-70, -30}}},
		town{"an empty facility", []*measure.Shape{measure.NewShape(orb.MultiPoint{}), measure.NewShape(p)}, []orb.Point{p, {-70, -30}}},
		town{"only empty facilities", []*measure.Shape{measure.NewShape(nil), measure.NewShape(orb.Polygon{})}, []orb.Point{p}},
		town{"poles", []*measure.Shape{measure.NewShape(orb.Point{0, 90}), measure.NewShape(orb.Point{50, -90})}, []orb.Point{{0, 89.99}, {90, 90}, {180, -85}}},
	)
	// A whole world at once: blocks of demand are large, ties by saturation.
	world := town{name: "world"}
	for range 60 {
		world.demand = append(world.demand, orb.Point{360*r.Float64() - 180, 170*r.Float64() - 85})
	}
	for i := range 60 {
		q := orb.Point{340*r.Float64() - 170, 150*r.Float64() - 75}
		var g orb.Geometry = q
		if i%6 == 0 {
			g = park(r, q, 0.1)
		}
		world.shapes = append(world.shapes, measure.NewShape(g))
	}
	return append(all, world)
}

func near(r *rand.Rand, p orb.Point, d float64) orb.Point {
	return orb.Point{p[0] + d*(2*r.Float64()-1), p[1] + d*(2*r.Float64()-1)}
}

// park is a star-shaped polygon, mostly with a pond (a hole).
func park(r *rand.Rand, p orb.Point, size float64) orb.Polygon {
	n := 3 + r.IntN(30)
	var ring, hole orb.Ring
	for i := range n {
		s, c := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		f := size * (0.5 + 0.5*r.Float64())
		ring = append(ring, orb.Point{p[0] + f*c, p[1] + f*s})
		hole = append(hole, orb.Point{p[0] + 0.2*size*c, p[1] + 0.2*size*s})
	}
	poly := orb.Polygon{append(ring, ring[0])}
	if r.IntN(3) > 0 && n > 5 {
		poly = append(poly, append(hole, hole[0]))
	}
	return poly
}

// brute lists all shapes as (index, millimetres).
func brute(t town, p orb.Point) []index.Hit {
	var hits []index.Hit
	for i, s := range t.shapes {
		hits = append(hits, index.Hit{Index: i, MM: measure.Millimetres(s.Distance(p))})
	}
	return hits
}

func byDistance(hits []index.Hit) []index.Hit {
	hits = slices.Clone(hits)
	slices.SortStableFunc(hits, func(a, b index.Hit) int { return int(int64(a.MM) - int64(b.MM)) })
	return hits
}

// A reach that is wrong by a millimetre, or names another facility on the second run, is a number nobody can explain.
func TestNearestIsBruteForce(t *testing.T) {
	r := random(t)
	for range 1 {
		for _, c := range towns(r) {
			t.Run(c.name, func(t *testing.T) {
				x := index.NewNearest(c.shapes)
				mm, idx := make([]int32, len(c.demand)), make([]int32, len(c.demand))
				x.All(c.demand, 2, mm, idx)
				for i, p := range c.demand {
					hits := brute(c, p)
					sorted := byDistance(hits)
					want := sorted[0]
					if gotI, gotMM, ok := x.One(p); !ok || gotI != want.Index || gotMM != want.MM {
						t.Fatalf("One(%v) = %d, %d mm; brute force has %+v", p, gotI, gotMM, want)
					}
					if int(idx[i]) != want.Index || mm[i] != want.MM {
						t.Fatalf("All: %v has %d, %d mm; brute force has %+v", p, idx[i], mm[i], want)
					}
					for _, k := range []int{1, 2, 5, len(hits), len(hits) + 3} {
						if diff := cmp.Diff(sorted[:min(k, len(sorted))], x.K(p, k)); diff != "" {
							t.Fatalf("K(%v, %d): %s", p, k, diff)
						}
					}
					limits := []int32{0, 500000, 1000000, math.MaxInt32, math.MaxInt32 - 1, hits[r.IntN(len(hits))].MM}
					if want.MM > 0 {
						limits = append(limits, want.MM-1)
					}
					for _, limit := range limits {
						var within []index.Hit
						for _, h := range hits {
							if h.MM <= limit {
								within = append(within, h)
							}
						}
						if diff := cmp.Diff(within, x.Within(p, limit)); diff != "" {
							t.Fatalf("Within(%v, %d): %s", p, limit, diff)
						}
					}
				}
			})
		}
	}
}

// Many points in one call take other ways through the code than few: whole blocks with one candidate, shared lists.
func TestAllIsOne(t *testing.T) {
	r := random(t)
	centre := orb.Point{106.5, 29.5}
	demand := make([]orb.Point, 20000)
	for i := range demand {
		demand[i] = near(r, centre, 0.1)
		if i%10 == 0 {
			demand[i] = demand[i/2] // the same house twice
		}
		if i%1000 == 0 {
			demand[i] = orb.Point{-70, -30}
		}
	}
	for _, c := range []struct {
		name          string
		points, parks int
	}{{"few points", 3, 0}, {"points", 500, 0}, {"parks", 0, 200}, {"both", 100, 100}} {
		t.Run(c.name, func(t *testing.T) {
			var shapes []*measure.Shape
			for range c.points {
				p := near(r, centre, 0.1)
				shapes = append(shapes, measure.NewShape(p), measure.NewShape(p))
			}
			for range c.parks {
				shapes = append(shapes, measure.NewShape(park(r, near(r, centre, 0.1), 0.003)))
			}
			x := index.NewNearest(shapes)
			q := index.NewQueries(demand, 2)
			var first []int32
			for _, threads := range []int{1, 2, 3, 64} {
				mm, idx := make([]int32, len(demand)), make([]int32, len(demand))
				x.AllOf(q, threads, mm, idx)
				if first == nil {
					first = append(slices.Clone(mm), idx...)
					for i, p := range demand {
						if j, d, _ := x.One(p); int32(j) != idx[i] || d != mm[i] {
							t.Fatalf("%v: All has %d, %d mm, One has %d, %d mm", p, idx[i], mm[i], j, d)
						}
					}
				}
				if !slices.Equal(first, append(mm, idx...)) {
					t.Fatalf("%d threads change the answer", threads)
				}
			}
		})
	}
}

// A service without any facility is unreachable, not an error.
func TestNoFacilities(t *testing.T) {
	x := index.NewNearest(nil)
	p := orb.Point{106.5, 29.5}
	if i, mm, ok := x.One(p); ok || i != -1 || mm != -1 {
		t.Errorf("One = %d, %d, %v", i, mm, ok)
	}
	mm, idx := []int32{7, 7}, []int32{7, 7}
	x.All([]orb.Point{p, p}, 2, mm, idx)
	if !slices.Equal(mm, []int32{-1, -1}) || !slices.Equal(idx, []int32{-1, -1}) {
		t.Errorf("All = %v, %v", mm, idx)
	}
	if x.K(p, 3) != nil || x.Within(p, math.MaxInt32) != nil || x.Within(p, 0) != nil {
		t.Error("K or Within found something")
	}
	index.NewNearest([]*measure.Shape{measure.NewShape(p)}).All(nil, 2, nil, nil)
	if got := index.NewNearest([]*measure.Shape{measure.NewShape(p)}).Within(p, -1); got != nil {
		t.Errorf("a negative limit found %v", got)
	}
}

// Adding a facility never takes anyone farther away.
func TestMoreFacilitiesAreNeverFarther(t *testing.T) {
	r := random(t)
	for _, c := range towns(r) {
		all, some := index.NewNearest(c.shapes), index.NewNearest(c.shapes[:(len(c.shapes)+1)/2])
		for _, p := range c.demand {
			_, a, _ := all.One(p)
			_, b, _ := some.One(p)
			if a > b {
				t.Fatalf("%s, %v: %d mm with all, %d mm with half", c.name, p, a, b)
			}
		}
	}
}

// A resident on a border belongs to the neighborhood of smallest id that it touches: both must be found, exactly.
func TestRegionsAreBruteForce(t *testing.T) {
	r := random(t)
	var ps []orb.MultiPolygon
	square := func(x, y, d float64) orb.MultiPolygon {
		return orb.MultiPolygon{{{{x, y}, {x + d, y}, {x + d, y + d}, {x, y + d}, {x, y}}}}
	}
	for i := range 100 {
		ps = append(ps, square(106+0.1*float64(i%10), 29+0.1*float64(i/10), 0.1))
	}
	for range 60 {
		ps = append(ps, orb.MultiPolygon{park(r, orb.Point{106 + r.Float64(), 29 + r.Float64()}, 0.2)})
	}
	ps = append(ps, nil, orb.MultiPolygon{})
	x := index.NewRegions(ps)
	var asked []orb.Point
	var told [][2][]int
	for i := range 3000 {
		p := orb.Point{105.9 + 1.2*r.Float64(), 28.9 + 1.2*r.Float64()}
		switch i % 3 {
		case 1:
			p = orb.Point{106 + 0.1*float64(r.IntN(11)), 29 + 0.1*float64(r.IntN(11))}
		case 2:
			ring := ps[100+r.IntN(60)][0][0]
			p = ring[r.IntN(len(ring))]
		}
		var inside, border []int
		for k, mp := range ps {
			switch measure.Locate(mp, p) {
			case measure.Inside:
				inside = append(inside, k)
			case measure.Border:
				border = append(border, k)
			}
		}
		gotInside, gotBorder := x.At(p)
		if !slices.Equal(inside, gotInside) || !slices.Equal(border, gotBorder) {
			t.Fatalf("%v: inside %v, border %v; brute force %v, %v", p, gotInside, gotBorder, inside, border)
		}
		asked, told = append(asked, p), append(told, [2][]int{inside, border})
	}
	for i := range 40_000 { // close together: whole cells lie in one square
		p := orb.Point{106.2 + 0.3*r.Float64(), 29.2 + 0.3*r.Float64()}
		if i%50 == 0 {
			p[i/50%2] = 106.3 - 77*float64(i/50%2) // on the line between two
		}
		inside, border := x.At(p)
		asked, told = append(asked, p), append(told, [2][]int{inside, border})
	}
	var mu sync.Mutex
	seen := make([]int, len(asked))
	x.AtEach(asked, 3, func(i int, inside, border []int) {
		mu.Lock()
		defer mu.Unlock()
		if seen[i]++; !slices.Equal(inside, told[i][0]) || !slices.Equal(border, told[i][1]) {
			t.Errorf("%v among many: inside %v, border %v; alone %v", asked[i], inside, border, told[i])
		}
	})
	if slices.ContainsFunc(seen, func(n int) bool { return n != 1 }) {
		t.Error("a point was told of not once")
	}
	x.AtEach(nil, 2, func(int, []int, []int) { t.Error("told of no point") })
	if got := x.Search(orb.Bound{Min: orb.Point{106.11, 29.11}, Max: orb.Point{106.12, 29.12}}); !slices.Contains(got, 11) || !slices.IsSorted(got) {
		t.Errorf("Search = %v", got)
	}
	if got := x.Search(orb.Bound{Min: orb.Point{0, 0}, Max: orb.Point{1, 1}}); got != nil {
		t.Errorf("Search elsewhere = %v", got)
	}
}

func BenchmarkAll(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	centre := orb.Point{106.5, 29.5}
	for _, c := range []struct {
		kind               string
		demand, facilities int
	}{{"points", 10_000, 500}, {"points", 100_000, 5_000}, {"points", 1_200_000, 5_000}, {"parks", 100_000, 1_000}} {
		demand := make([]orb.Point, c.demand)
		for i := range demand {
			demand[i] = near(r, centre, 0.3)
		}
		shapes := make([]*measure.Shape, c.facilities)
		for i := range shapes {
			p := near(r, centre, 0.3)
			shapes[i] = measure.NewShape(p)
			if c.kind == "parks" {
				shapes[i] = measure.NewShape(park(r, p, 0.003))
			}
		}
		mm, idx := make([]int32, c.demand), make([]int32, c.demand)
		name := fmt.Sprintf("%s/demand=%d/facilities=%d", c.kind, c.demand, c.facilities)
		x := index.NewNearest(shapes)
		q := index.NewQueries(demand, 2)
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/threads=%d", name, threads), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					x.AllOf(q, threads, mm, idx)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(c.demand), "ns/query")
			})
		}
	}
}

func BenchmarkOne(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	centre := orb.Point{106.5, 29.5}
	shapes := make([]*measure.Shape, 5000)
	for i := range shapes {
		shapes[i] = measure.NewShape(near(r, centre, 0.3))
	}
	x := index.NewNearest(shapes)
	ps := make([]orb.Point, 1024)
	for i := range ps {
		ps[i] = near(r, centre, 0.3)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		x.One(ps[i&1023])
		i++
	}
}

func BenchmarkNewQueries(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	ps := make([]orb.Point, 1_200_000)
	for i := range ps {
		ps[i] = near(r, orb.Point{106.5, 29.5}, 0.3)
	}
	b.ReportAllocs()
	for b.Loop() {
		index.NewQueries(ps, 2)
	}
}

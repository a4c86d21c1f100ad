package measure_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"lifecircle/geo/measure"

	"github.com/paulmach/orb"
)

// sampled is the least distance to places on an edge that is straight in lon/lat: dense sampling, finer and finer around the
// best, with the geodesic oracle.
func sampled(p, a, b orb.Point) float64 {
	at := func(t float64) float64 { return oracle(p, orb.Point{a[0] + t*(b[0]-a[0]), a[1] + t*(b[1]-a[1])}) }
	lo, hi := 0.0, 1.0
	best, bestT := math.Inf(1), 0.0
	for range 9 {
		for i := range 41 {
			t := lo + (hi-lo)*float64(i)/40
			if d := at(t); d < best {
				best, bestT = d, t
			}
		}
		w := (hi - lo) / 20
		lo, hi = math.Max(0, bestT-w), math.Min(1, bestT+w)
	}
	return best
}

// A park counts from its edge: the nearest place of an edge, however long, is found to the micrometre.
func TestSegmentAgainstSampling(t *testing.T) {
	r := random(t)
	for _, c := range []struct {
		name            string
		length, away    float64 // degrees
		maxLat, allowed float64
	}{
		{"park edge", 0.003, 0.01, 60, 2e-6},
		{"road", 0.1, 0.1, 60, 2e-6},
		{"border of a province", 5, 2, 60, 1e-5},
		{"far away", 0.05, 10, 60, 1e-5},
		{"north", 0.1, 0.1, 85, 2e-6},
		{"next to it", 0.01, 1e-7, 60, 2e-6},
	} {
		t.Run(c.name, func(t *testing.T) {
			worst := 0.0
			for range 60 {
				a := orb.Point{106, (2*r.Float64() - 1) * c.maxLat}
				b := orb.Point{a[0] + c.length*(2*r.Float64()-1), a[1] + c.length*(2*r.Float64()-1)}
				f := r.Float64()
				p := orb.Point{a[0] + f*(b[0]-a[0]) + c.away*(2*r.Float64()-1), a[1] + f*(b[1]-a[1]) + c.away*(2*r.Float64()-1)}
				got, want := measure.NewShape(orb.LineString{a, b}).Distance(p), sampled(p, a, b)
				worst = math.Max(worst, math.Abs(got-want))
				if math.Abs(got-want) > c.allowed {
					t.Fatalf("%v to %v–%v: %.8f m, sampled %.8f (%g off)", p, a, b, got, want, got-want)
				}
			}
			t.Logf("worst %.3g m", worst)
		})
	}
}

// An edge along a parallel is no geodesic: at 60° the two lie 100 m apart over one degree, a whole block of houses.
func TestEdgesAreStraightInDegrees(t *testing.T) {
	s := measure.NewShape(orb.LineString{{106, 60}, {107, 60}})
	if d := s.Distance(orb.Point{106.5, 60}); d > 1e-6 {
		t.Errorf("a place on the parallel is %v m from it", d)
	}
}

func TestShapeDistance(t *testing.T) {
	square := func(x, y, d float64) orb.Ring {
		return orb.Ring{{x, y}, {x + d, y}, {x + d, y + d}, {x, y + d}, {x, y}}
	}
	park := orb.Polygon{square(106.5, 29.5, 0.01), square(106.504, 29.504, 0.002)}
	east := orb.Point{106.52, 29.505}
	pond := orb.Point{106.505, 29.505}
	lawn := orb.Point{106.501, 29.505}
	toEdge := sampled(east, orb.Point{106.51, 29.5}, orb.Point{106.51, 29.51})
	inPond := math.Min(sampled(pond, orb.Point{106.504, 29.504}, orb.Point{106.504, 29.506}), sampled(pond, orb.Point{106.504, 29.504}, orb.Point{106.506, 29.504}))
	onLawn := sampled(lawn, orb.Point{106.5, 29.5}, orb.Point{106.5, 29.51})
	for _, c := range []struct {
		name         string
		g            orb.Geometry
		p            orb.Point
		want, border float64
	}{
		{"point", orb.Point{106.51, 29.505}, east, oracle(orb.Point{106.51, 29.505}, east), oracle(orb.Point{106.51, 29.505}, east)},
		{"nearest of points", orb.MultiPoint{{0, 0}, {106.51, 29.505}}, east, oracle(orb.Point{106.51, 29.505}, east), oracle(orb.Point{106.51, 29.505}, east)},
		{"outside a park", park, east, toEdge, toEdge},
		{"inside a park", park, lawn, 0, onLawn},
		{"in the pond of a park", park, pond, inPond, inPond},
		{"on the edge of a park", park, orb.Point{106.5, 29.503}, 0, 0},
		{"at the corner of a park", park, orb.Point{106.5, 29.5}, 0, 0},
		{"on the pond's shore", park, orb.Point{106.504, 29.505}, 0, 0},
		{"two parks", orb.MultiPolygon{{square(100, 20, 1)}, park}, east, toEdge, toEdge},
		{"ring", park[0], pond, 0, sampled(pond, orb.Point{106.51, 29.5}, orb.Point{106.51, 29.51})},
		{"bound", park.Bound(), lawn, 0, onLawn},
		{"park with its gate", orb.Collection{park, orb.Point{106.515, 29.505}}, east, oracle(orb.Point{106.515, 29.505}, east), oracle(orb.Point{106.515, 29.505}, east)},
		{"line", orb.LineString(park[0]), lawn, onLawn, onLawn},
		{"lines", orb.MultiLineString{{{0, 0}, {1, 1}}, orb.LineString(park[0])}, lawn, onLawn, onLawn},
		{"line of one place", orb.LineString{{106.51, 29.505}, {106.51, 29.505}}, east, oracle(orb.Point{106.51, 29.505}, east), oracle(orb.Point{106.51, 29.505}, east)},
		{"unclosed ring", orb.Polygon{park[0][:4]}, lawn, 0, onLawn},
		{"nil", nil, east, math.Inf(1), math.Inf(1)},
		{"empty", orb.MultiPolygon{}, east, math.Inf(1), math.Inf(1)},
		{"empty ring", orb.Polygon{{}}, east, math.Inf(1), math.Inf(1)},
		{"empty line", orb.LineString{}, east, math.Inf(1), math.Inf(1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := measure.NewShape(c.g)
			if got := s.Distance(c.p); got != c.want && !(math.Abs(got-c.want) < 2e-6) {
				t.Errorf("Distance = %v, want %v", got, c.want)
			}
			if got := s.BorderDistance(c.p); got != c.border && !(math.Abs(got-c.border) < 2e-6) {
				t.Errorf("BorderDistance = %v, want %v", got, c.border)
			}
		})
	}
}

// Indexes leave out by boxes: a box must hold the inside of a country, which bulges out between its borders.
func TestBoxHoldsTheShape(t *testing.T) {
	r := random(t)
	for range 200 {
		g := star(r, orb.Point{300*r.Float64() - 150, 100*r.Float64() - 50}, math.Pow(10, 1.5-5*r.Float64()), 3+r.IntN(9))
		s := measure.NewShape(g)
		box, b := s.Box(), g.Bound()
		for range 50 {
			p := orb.Point{b.Min[0] + (b.Max[0]-b.Min[0])*r.Float64(), b.Min[1] + (b.Max[1]-b.Min[1])*r.Float64()}
			if !s.Contains(p) {
				continue
			}
			q := measure.PlaceOf(p)
			if box.Distance2(&[3]float64{q.X, q.Y, q.Z}) > 0 {
				t.Fatalf("%v: the box leaves out %v", g, p)
			}
		}
	}
}

// A polygon of thousands of edges takes the tree, a few edges a loop: both give the least of all edges.
func TestManyEdges(t *testing.T) {
	r := random(t)
	poly := star(r, orb.Point{106.5, 29.5}, 0.05, 400)
	s := measure.NewShape(poly)
	for range 100 {
		p := orb.Point{106.4 + 0.2*r.Float64(), 29.4 + 0.2*r.Float64()}
		want := math.Inf(1)
		for i := 1; i < len(poly[0]); i++ {
			want = math.Min(want, measure.NewShape(orb.LineString{poly[0][i-1], poly[0][i]}).Distance(p))
		}
		if got := s.BorderDistance(p); got != want {
			t.Fatalf("%v: %v m, edge by edge %v", p, got, want)
		}
		if d := s.Distance(p); d != 0 && d != want {
			t.Fatalf("%v: Distance %v, border %v", p, d, want)
		}
		if got := s.DistanceWithin(measure.PlaceOf(p), want); got != s.Distance(p) {
			t.Fatalf("%v: within its own distance %v it is %v", p, want, got)
		}
	}
}

func TestCentroid(t *testing.T) {
	square := func(x, y, d float64) orb.Ring {
		return orb.Ring{{x, y}, {x + d, y}, {x + d, y + d}, {x, y + d}, {x, y}}
	}
	for _, c := range []struct {
		name string
		g    orb.Geometry
		want orb.Point
	}{
		{"point", orb.Point{106, 29}, orb.Point{106, 29}},
		{"points", orb.MultiPoint{{106, 29}, {108, 29}, {107, 32}}, orb.Point{107, 30}},
		{"line", orb.LineString{{106, 29}, {108, 29}}, orb.Point{107, 29}},
		{"lines by length", orb.MultiLineString{{{0, 0}, {3, 0}}, {{0, 4}, {1, 4}}}, orb.Point{1.25, 1}},
		{"square", square(106, 29, 1), orb.Point{106.5, 29.5}},
		{"hole", orb.Polygon{square(0, 0, 4), square(2, 0, 2)}, orb.Point{5.0 / 3, 7.0 / 3}},
		{"two squares", orb.MultiPolygon{{square(0, 0, 1)}, {square(10, 0, 1)}}, orb.Point{5.5, 0.5}},
		{"mixed: the area counts", orb.Collection{orb.Point{50, 50}, square(106, 29, 1)}, orb.Point{106.5, 29.5}},
		{"flat polygon: as a line", orb.Polygon{{{0, 0}, {2, 0}, {0, 0}}}, orb.Point{1, 0}},
		{"one place: as a point", orb.Polygon{{{3, 4}, {3, 4}}}, orb.Point{3, 4}},
		{"bound", orb.Bound{Max: orb.Point{2, 4}}, orb.Point{1, 2}},
		{"nil", nil, orb.Point{}},
		{"empty", orb.Polygon{}, orb.Point{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := measure.Centroid(c.g)
			if math.Abs(got[0]-c.want[0]) > 1e-12 || math.Abs(got[1]-c.want[1]) > 1e-12 {
				t.Errorf("Centroid = %v, want %v", got, c.want)
			}
		})
	}
}

// A piece of land is judged at a point on it: never in the pond, never across the street.
func TestPointOnSurface(t *testing.T) {
	r := random(t)
	u := orb.Polygon{{{0, 0}, {5, 0}, {5, 5}, {4, 5}, {4, 1}, {1, 1}, {1, 5}, {0, 5}, {0, 0}}}
	if p := measure.PointOnSurface(u); measure.Locate(u, p) != measure.Inside {
		t.Errorf("U shape: %v", p)
	}
	ring := orb.Polygon{{{0, 0}, {4, 0}, {4, 4}, {0, 4}, {0, 0}}, {{1, 1}, {3, 1}, {3, 3}, {1, 3}, {1, 1}}}
	if p := measure.PointOnSurface(ring); measure.Locate(ring, p) != measure.Inside {
		t.Errorf("ring: %v", p)
	}
	for range 2000 {
		mp := orb.MultiPolygon{star(r, orb.Point{106, 29}, 0.01, 3+r.IntN(30))}
		if r.IntN(2) == 0 {
			mp = append(mp, star(r, orb.Point{106.1, 29.05}, 0.01, 3+r.IntN(5)))
		}
		p := measure.PointOnSurface(mp)
		if measure.Locate(mp, p) != measure.Inside {
			t.Fatalf("%v: %v is not inside", mp, p)
		}
	}
	for _, g := range []orb.Geometry{orb.LineString{{0, 0}, {1, 1}, {2, 0}}, orb.MultiPoint{{1, 1}, {2, 2}, {9, 9}}, orb.Polygon{{{0, 0}, {2, 0}, {0, 0}}}, orb.Point{3, 4}} {
		if d := measure.NewShape(g).Distance(measure.PointOnSurface(g)); d > 1e-6 {
			t.Errorf("%v: the point is %v m off", g, d)
		}
	}
	if p := measure.PointOnSurface(nil); p != (orb.Point{}) {
		t.Errorf("nil: %v", p)
	}
}

func BenchmarkShapeDistance(b *testing.B) {
	for _, n := range []int{5, 50, 500, 5000} {
		r := rand.New(rand.NewPCG(1, 1))
		s := measure.NewShape(star(r, orb.Point{106.5, 29.5}, 0.005, n))
		ps := make([]measure.Place, 1024)
		for i := range ps {
			ps[i] = measure.PlaceOf(orb.Point{106.49 + 0.02*r.Float64(), 29.49 + 0.02*r.Float64()})
		}
		b.Run(fmt.Sprintf("edges=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				s.DistanceFrom(ps[i&1023])
				i++
			}
		})
	}
}

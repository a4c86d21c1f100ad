package measure_test

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"lifecircle/geo/measure"

	"github.com/paulmach/orb"
	"github.com/tidwall/geodesic"
)

var seed = flag.Uint64("seed", 20260, "seed of the random cases")

func random(tb testing.TB) *rand.Rand {
	tb.Helper()
	tb.Logf("-seed %d", *seed)
	return rand.New(rand.NewPCG(*seed, 1))
}

// oracle is Karney's geodesic, an implementation that shares nothing with ours.
func oracle(a, b orb.Point) float64 {
	var s float64
	geodesic.WGS84.Inverse(a[1], a[0], b[1], b[0], &s, nil, nil)
	return s
}

// walk goes from p so many metres along a geodesic.
func walk(p orb.Point, azimuth, metres float64) orb.Point {
	var lat, lon float64
	geodesic.WGS84.Direct(p[1], p[0], azimuth, metres, &lat, &lon, nil)
	return orb.Point{lon, lat}
}

// A planner's limit is compared in millimetres: the ruler has to be much finer than that.
func TestDistanceAgainstGeodesic(t *testing.T) {
	r := random(t)
	for _, c := range []struct {
		metres, tolerance float64
	}{
		{0.001, 1e-8}, {1, 1e-8}, {300, 1e-8}, {500, 1e-8}, {1000, 1e-8}, {5000, 1e-8}, {20e3, 1e-8}, {50e3, 5e-8},
		{100e3, 5e-7}, {300e3, 5e-8}, {1000e3, 5e-8}, {5000e3, 3e-7}, {10000e3, 3e-7},
	} {
		t.Run(fmt.Sprintf("%gm", c.metres), func(t *testing.T) {
			worst := 0.0
			for i := range 4000 {
				lat := 120*r.Float64() - 60
				if i%5 == 0 {
					lat = 170*r.Float64() - 85
				}
				a := orb.Point{360*r.Float64() - 180, lat}
				b := walk(a, 360*r.Float64(), c.metres*(0.5+0.5*r.Float64()))
				got, want := measure.Distance(a, b), oracle(a, b)
				worst = math.Max(worst, math.Abs(got-want))
				if math.Abs(got-want) > c.tolerance {
					t.Fatalf("%v to %v: %.9f m, geodesic says %.9f (%g off)", a, b, got, want, got-want)
				}
				if back := measure.Distance(b, a); back != got {
					t.Fatalf("%v to %v: there %v, back %v", a, b, got, back)
				}
			}
			t.Logf("worst %.3g m", worst)
		})
	}
}

func TestDistanceHardPlaces(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b orb.Point
	}{
		{"same", orb.Point{106.5, 29.5}, orb.Point{106.5, 29.5}},
		{"pole to pole", orb.Point{0, -90}, orb.Point{77, 90}},
		{"pole to city", orb.Point{12, 90}, orb.Point{106.5, 29.5}},
		{"equator", orb.Point{0, 0}, orb.Point{100, 0}},
		{"equator, leaving it is shorter", orb.Point{0, 0}, orb.Point{179.7, 0}},
		{"equator, opposite", orb.Point{0, 0}, orb.Point{180, 0}},
		{"opposite", orb.Point{0, 30}, orb.Point{180, -30}},
		{"nearly opposite", orb.Point{0, 30}, orb.Point{179.9, -30}},
		{"nearly opposite, other latitude", orb.Point{0, 30}, orb.Point{179.8, -29.9}},
		{"half a degree off the equator", orb.Point{0, 0.5}, orb.Point{179.5, 0.5}},
		{"Karney's antipodal example", orb.Point{0, -30}, orb.Point{179.8, 29.9}},
		{"same meridian", orb.Point{106, -20}, orb.Point{106, 60}},
		{"opposite meridian", orb.Point{-74, 40}, orb.Point{106, 30}},
		{"across the antimeridian", orb.Point{179.9, 10}, orb.Point{-179.9, 10.1}},
		{"across it, far", orb.Point{170, 10}, orb.Point{-120, 40}},
		{"same parallel", orb.Point{10, 60}, orb.Point{100, 60}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, want := measure.Distance(c.a, c.b), oracle(c.a, c.b)
			if math.Abs(got-want) > 2e-7 {
				t.Errorf("%.9f m, geodesic says %.9f (%g off)", got, want, got-want)
			}
		})
	}
}

// Far and nearly opposite places at random: nothing may diverge.
func TestDistanceAnywhere(t *testing.T) {
	r := random(t)
	worst := 0.0
	for i := range 20000 {
		a := orb.Point{360*r.Float64() - 180, 180*r.Float64() - 90}
		b := orb.Point{360*r.Float64() - 180, 180*r.Float64() - 90}
		if i%2 == 0 {
			b = orb.Point{a[0] + 180 + 2*r.Float64() - 1, -a[1] + 2*r.Float64() - 1}
			b[1] = math.Max(-90, math.Min(90, b[1]))
			if i%4 == 0 {
				b[1] = -a[1]
			}
		}
		got, want := measure.Distance(a, b), oracle(a, b)
		worst = math.Max(worst, math.Abs(got-want))
		if math.Abs(got-want) > 1e-5 {
			t.Fatalf("%v to %v: %.9f m, geodesic says %.9f (%g off)", a, b, got, want, got-want)
		}
	}
	t.Logf("worst %.3g m", worst)
}

// The index leaves out what lies beyond the chord: nothing at the distance may have a longer one.
func TestChordLimitHolds(t *testing.T) {
	r := random(t)
	for i := range 40000 {
		a := orb.Point{360*r.Float64() - 180, 180*r.Float64() - 90}
		b := walk(a, 360*r.Float64(), math.Pow(10, 7*r.Float64()))
		if i%3 == 0 {
			b = walk(a, 90*float64(r.IntN(4)), 2.4e6*r.Float64())
		}
		d := measure.Distance(a, b)
		chord := math.Sqrt(measure.PlaceOf(a).Chord2(measure.PlaceOf(b)))
		if chord > measure.ChordLimit(d) {
			t.Fatalf("%v to %v: chord %v above the limit %v of distance %v", a, b, chord, measure.ChordLimit(d), d)
		}
		if d < 2e6 && measure.ChordLimit(d)-chord > 1e-6+0.1*(d-chord) {
			t.Fatalf("%v to %v: limit %v is loose, chord %v, distance %v", a, b, measure.ChordLimit(d), chord, d)
		}
	}
}

func TestMillimetres(t *testing.T) {
	for _, c := range []struct {
		name   string
		metres float64
		want   int32
	}{
		{"zero", 0, 0},
		{"below half", 0.000499, 0},
		{"half goes up", 0.0005, 1},
		{"a limit", 500, 500000},
		{"just beyond a limit", 500.0004, 500000},
		{"beyond a limit", 500.0006, 500001},
		{"largest", 2147483.646, math.MaxInt32 - 1},
		{"saturated", 2147483.647, math.MaxInt32},
		{"other side of the earth", 2e7, math.MaxInt32},
		{"no facility", math.Inf(1), math.MaxInt32},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := measure.Millimetres(c.metres); got != c.want {
				t.Errorf("Millimetres(%v) = %d, want %d", c.metres, got, c.want)
			}
		})
	}
}

// The pre-selection box must hold the whole disc, or facilities just inside a limit would be lost.
func TestDegreesHoldTheDisc(t *testing.T) {
	r := random(t)
	for range 3000 {
		p := orb.Point{0, 178*r.Float64() - 89}
		metres := math.Pow(10, 1+5*r.Float64())
		dlon, dlat := measure.Degrees(p[1], metres)
		maxLon, maxLat := 0.0, 0.0
		for az := 0.0; az < 360; az += 3 {
			q := walk(p, az, metres)
			maxLon, maxLat = math.Max(maxLon, math.Abs(q[0])), math.Max(maxLat, math.Abs(q[1]-p[1]))
		}
		if maxLon > dlon || maxLat > dlat {
			t.Fatalf("lat %v, %v m: disc needs %v × %v°, box has %v × %v", p[1], metres, maxLon, maxLat, dlon, dlat)
		}
		if math.Abs(p[1]) < 60 && metres < 1e5 && (dlon > 1.02*maxLon || dlat > 1.02*maxLat) {
			t.Fatalf("lat %v, %v m: disc needs %v × %v°, box is too large: %v × %v", p[1], metres, maxLon, maxLat, dlon, dlat)
		}
	}
}

func TestPlane(t *testing.T) {
	r := random(t)
	for range 3000 {
		origin := orb.Point{106.5 + r.Float64(), 120*r.Float64() - 60}
		f := measure.NewPlane(origin)
		p, q := walk(origin, 360*r.Float64(), 1e4*r.Float64()), walk(origin, 360*r.Float64(), 1e4*r.Float64())
		u, v := f.Forward(p), f.Forward(q)
		if d := math.Hypot(u[0], u[1]) - oracle(origin, p); math.Abs(d) > 1e-6 {
			t.Fatalf("distance from the origin is %g m off", d)
		}
		flat, true := math.Hypot(u[0]-v[0], u[1]-v[1]), oracle(p, q)
		if math.Abs(flat-true) > 4.2e-7*true+1e-6 {
			t.Fatalf("%v: %v to %v: %v m in the plane, %v m on the earth", origin, p, q, flat, true)
		}
		if back := f.Inverse(u); measure.Distance(back, p) > 1e-7 {
			t.Fatalf("%v: Inverse(Forward(%v)) = %v", origin, p, back)
		}
	}
	f := measure.NewPlane(orb.Point{106.5, 29.5})
	if u := f.Forward(orb.Point{106.51, 29.5}); u[0] < 960 || u[0] > 980 || math.Abs(u[1]) > 0.1 {
		t.Errorf("0.01° east is %v", u)
	}
	if u := f.Forward(f.Origin()); u != [2]float64{} {
		t.Errorf("the origin is %v", u)
	}
}

func BenchmarkDistance(b *testing.B) {
	p := orb.Point{106.5, 29.5}
	for _, metres := range []float64{500, 5e3, 2e5, 5e6} {
		q := walk(p, 37, metres)
		b.Run(fmt.Sprintf("%gm", metres), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				measure.Distance(p, q)
			}
		})
	}
}

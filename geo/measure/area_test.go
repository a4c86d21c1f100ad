package measure_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"lifecircle/geo/measure"

	"github.com/paulmach/orb"
	"github.com/tidwall/geodesic"
)

// star is a star-shaped polygon of n corners about p, sizes in degrees.
func star(r *rand.Rand, p orb.Point, size float64, n int) orb.Polygon {
	var ring orb.Ring
	for i := range n {
		s, c := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		f := size * (0.4 + 0.6*r.Float64())
		ring = append(ring, orb.Point{p[0] + f*c, p[1] + f*s})
	}
	return orb.Polygon{append(ring, ring[0])}
}

// geodesicArea is the area by Karney's polygon. Its edges are geodesics, so ours are cut into n and 2n pieces; the error falls
// with n² and is extrapolated away.
func geodesicArea(ring orb.Ring, n int) float64 {
	a, b := cutArea(ring, n), cutArea(ring, 2*n)
	return b + (b-a)/3
}

func cutArea(ring orb.Ring, n int) float64 {
	p := geodesic.WGS84.PolygonInit(false)
	for i := 1; i < len(ring); i++ {
		for k := range n {
			t := float64(k) / float64(n)
			p.AddPoint(ring[i-1][1]+t*(ring[i][1]-ring[i-1][1]), ring[i-1][0]+t*(ring[i][0]-ring[i-1][0]))
		}
	}
	var area float64
	p.Compute(false, true, &area, nil)
	return math.Abs(area)
}

// Land is a denominator: a parcel's area is taken as real, on the ellipsoid, at any latitude.
func TestAreaAgainstGeodesic(t *testing.T) {
	r := random(t)
	for _, c := range []struct {
		name      string
		size      float64
		cuts      int
		tolerance float64 // relative
	}{
		{"building", 0.0002, 1, 1e-6}, // the oracle itself keeps about 1e-4 m²
		{"parcel", 0.002, 8, 2e-8},
		{"district", 0.1, 64, 1e-10},
		{"province", 3, 500, 1e-11},
	} {
		t.Run(c.name, func(t *testing.T) {
			worst := 0.0
			for i := range 60 {
				lat := 120*r.Float64() - 60
				if i%6 == 0 {
					lat = 80*r.Float64() - 40
				}
				poly := star(r, orb.Point{106, lat}, c.size, 3+r.IntN(9))
				got, want := measure.Area(poly), geodesicArea(poly[0], c.cuts)
				worst = math.Max(worst, math.Abs(got/want-1))
				if math.Abs(got-want) > c.tolerance*want {
					t.Fatalf("%v: %.6f m², geodesic polygon %.6f (%.3g relative)", poly, got, want, got/want-1)
				}
			}
			t.Logf("worst %.3g", worst)
		})
	}
}

// strip is the closed form of the area between two parallels over a width in degrees, in 200-bit arithmetic.
func strip(lat1, lat2, width float64) float64 {
	s := func(lat float64) *big.Float {
		f := func(x float64) *big.Float { return new(big.Float).SetPrec(200).SetFloat64(x) }
		mul := func(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(200).Mul(a, b) }
		quo := func(a, b *big.Float) *big.Float { return new(big.Float).SetPrec(200).Quo(a, b) }
		flat := quo(f(1), new(big.Float).SetPrec(200).Quo(f(298257223563), f(1e9)))
		e2 := mul(flat, new(big.Float).Sub(f(2), flat))
		sin := f(0)
		// Taylor series of the sine, with π to 60 digits.
		pi, _, _ := big.ParseFloat("3.14159265358979323846264338327950288419716939937510582097494459", 10, 200, big.ToNearestEven)
		x := quo(mul(f(lat), pi), f(180))
		term := new(big.Float).Set(x)
		for k := 1; k < 80; k += 2 {
			sin = new(big.Float).Add(sin, term)
			term = quo(mul(mul(term, x), mul(x, f(-1))), f(float64((k+1)*(k+2))))
		}
		// (1/e)·artanh(e·sin) = Σ e²ᵏ sin²ᵏ⁺¹/(2k+1)
		y2 := mul(e2, mul(sin, sin))
		sum, power := f(0), new(big.Float).Set(sin)
		for k := range 60 {
			sum = new(big.Float).Add(sum, quo(power, f(float64(2*k+1))))
			power = mul(power, y2)
		}
		b := mul(f(6378137), new(big.Float).Sub(f(1), flat))
		total := new(big.Float).Add(quo(sin, new(big.Float).Sub(f(1), y2)), sum)
		return mul(mul(mul(b, b), quo(total, f(2))), quo(pi, f(180)))
	}
	d := new(big.Float).Sub(s(lat2), s(lat1))
	v, _ := d.Mul(d, new(big.Float).SetFloat64(width)).Float64()
	return v
}

// A rectangle of meridians and parallels has a closed form: also the smallest parcel keeps its digits.
func TestAreaOfRectangles(t *testing.T) {
	for _, c := range []struct {
		name                       string
		lon1, lat1, lon2, lat2, ok float64
	}{
		{"half the earth", 0, 0, 180, 90, 1e-14},
		{"across the equator", 10, -40, 30, 50, 1e-14},
		{"degree", 106, 29, 107, 30, 1e-14},
		{"block of 100 m", 106.5, 29.5, 106.5 + 1.0/1024, 29.5 + 1.0/1024, 1e-13},
		{"kiosk of 1 m", 106.5, 29.5, 106.5 + 1.0/(1<<17), 29.5 + 1.0/(1<<17), 1e-12},
		{"north", 20, 84, 21, 85, 1e-13},
		{"pole", 20, 85, 21, 90, 1e-13},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := strip(c.lat1, c.lat2, c.lon2-c.lon1)
			box := orb.Bound{Min: orb.Point{c.lon1, c.lat1}, Max: orb.Point{c.lon2, c.lat2}}
			for _, g := range []orb.Geometry{box, box.ToRing(), box.ToPolygon(), orb.MultiPolygon{box.ToPolygon()}, orb.Collection{orb.Point{1, 2}, box.ToPolygon()}} {
				if got := measure.Area(g); math.Abs(got-want) > c.ok*want {
					t.Errorf("%T: %.12g m², want %.12g (%.3g relative)", g, got, want, got/want-1)
				}
			}
		})
	}
}

// Covered and uncovered land must sum to the parcel: cutting a polygon by a line loses nothing.
func TestPartsSumToTheWhole(t *testing.T) {
	r := random(t)
	for range 300 {
		lat := 120*r.Float64() - 60
		ring := star(r, orb.Point{106, lat}, math.Pow(10, -1-4*r.Float64()), 3+r.IntN(20))[0]
		centre := orb.Point{106, lat}
		whole := measure.Area(orb.Polygon{ring})
		parts, mm2 := 0.0, int64(0)
		for i := 1; i < len(ring); i++ {
			tri := orb.Polygon{{centre, ring[i-1], ring[i], centre}}
			parts += measure.Area(tri)
			mm2 += measure.AreaMM2(tri)
		}
		if math.Abs(parts-whole) > 1e-11*whole+1e-9 {
			t.Fatalf("whole %v m², parts %v (%.3g relative)", whole, parts, parts/whole-1)
		}
		if d := mm2 - measure.AreaMM2(orb.Polygon{ring}); math.Abs(float64(d)) > float64(len(ring))+1e-11*whole*1e6 {
			t.Fatalf("whole %d mm², parts %d", measure.AreaMM2(orb.Polygon{ring}), mm2)
		}
	}
}

func TestAreaOfParts(t *testing.T) {
	square := func(x, y, d float64) orb.Ring {
		return orb.Ring{{x, y}, {x + d, y}, {x + d, y + d}, {x, y + d}, {x, y}}
	}
	outer, hole := square(106, 29, 1), square(106.25, 29.25, 0.5)
	a, b := measure.Area(outer), measure.Area(hole)
	if got := measure.Area(orb.Polygon{outer, hole}); math.Abs(got-(a-b)) > 1e-3 {
		t.Errorf("with a hole %v, want %v", got, a-b)
	}
	reversed := hole.Clone()
	reversed.Reverse()
	if got := measure.Area(orb.Polygon{outer, reversed}); math.Abs(got-(a-b)) > 1e-3 {
		t.Errorf("with a hole wound the other way %v, want %v", got, a-b)
	}
	if got := measure.Area(outer[:4]); math.Abs(got-a) > 1e-3 {
		t.Errorf("unclosed %v, want %v", got, a)
	}
	for _, g := range []orb.Geometry{nil, orb.Point{1, 2}, orb.MultiPoint{{1, 2}}, orb.LineString(outer), orb.MultiLineString{orb.LineString(outer)},
		orb.Polygon{}, orb.Polygon{{}}, orb.Polygon{{{1, 2}}}, orb.Polygon{{{1, 2}, {3, 4}, {1, 2}}}, orb.MultiPolygon{}, orb.Collection{}, orb.Ring{}} {
		if got := measure.Area(g); math.Abs(got) > 1e-3 {
			t.Errorf("%T %v has area %v", g, g, got)
		}
	}
	if got := measure.AreaMM2(orb.Bound{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}); got != math.MaxInt64 {
		t.Errorf("the earth has %d mm²", got)
	}
}

// bigOrient is the exact sign by rationals.
func bigOrient(a, b, c orb.Point) int {
	rat := func(x float64) *big.Rat { return new(big.Rat).SetFloat64(x) }
	sub := func(x, y float64) *big.Rat { return new(big.Rat).Sub(rat(x), rat(y)) }
	return new(big.Rat).Mul(sub(b[0], a[0]), sub(c[1], a[1])).Cmp(new(big.Rat).Mul(sub(b[1], a[1]), sub(c[0], a[0])))
}

// nasty returns points that are on a line, or off it by a unit in the last place.
func nasty(r *rand.Rand) (a, b, c orb.Point) {
	scale := []float64{1, 1, 1e-3, 1e-160, 1e150, 5e-324}[r.IntN(6)]
	f := func() float64 { return scale * float64(r.IntN(9)-4) / []float64{1, 3, 7}[r.IntN(3)] }
	a, b = orb.Point{f(), f()}, orb.Point{f(), f()}
	t := float64(r.IntN(9)) / 8
	c = orb.Point{a[0] + t*(b[0]-a[0]), a[1] + t*(b[1]-a[1])}
	for k := range 2 {
		switch r.IntN(4) {
		case 0:
			c[k] = math.Nextafter(c[k], math.Inf(1))
		case 1:
			c[k] = math.Nextafter(c[k], math.Inf(-1))
		}
	}
	return a, b, c
}

func TestOrientIsExact(t *testing.T) {
	r := random(t)
	for range 30000 {
		a, b, c := nasty(r)
		if got, want := measure.Orient(a, b, c), bigOrient(a, b, c); got != want {
			t.Fatalf("Orient(%v, %v, %v) = %d, exactly %d", a, b, c, got, want)
		}
	}
}

// bigLocate counts crossings with exact signs, in plain words.
func bigLocate(mp orb.MultiPolygon, p orb.Point) measure.Position {
	best := measure.Outside
	for _, poly := range mp {
		odd, on := false, false
		for _, ring := range poly {
			for i := range ring {
				a, b := ring[i], ring[(i+1)%len(ring)]
				side := bigOrient(a, b, p)
				if side == 0 && math.Min(a[0], b[0]) <= p[0] && p[0] <= math.Max(a[0], b[0]) && math.Min(a[1], b[1]) <= p[1] && p[1] <= math.Max(a[1], b[1]) {
					on = true
				}
				if a[1] <= p[1] && p[1] < b[1] && side > 0 || b[1] <= p[1] && p[1] < a[1] && side < 0 {
					odd = !odd
				}
			}
		}
		pos := measure.Outside
		if odd {
			pos = measure.Inside
		}
		if on {
			pos = measure.Border
		}
		best = max(best, pos)
	}
	return best
}

// A resident exactly on a border, and one a hair beside it, are given to the right community.
func TestLocateIsExact(t *testing.T) {
	r := random(t)
	counts := map[measure.Position]int{}
	for i := range 120 {
		var mp orb.MultiPolygon
		for range 1 + r.IntN(3) {
			p := orb.Point{float64(r.IntN(3)), float64(r.IntN(3))}
			poly := star(r, p, 1, 3+r.IntN(40))
			if i%2 == 0 {
				// On a coarse lattice: horizontal edges, rings that touch themselves.
				for k := range poly[0] {
					poly[0][k] = orb.Point{math.Round(poly[0][k][0]*8) / 8, math.Round(poly[0][k][1]*8) / 8}
				}
			}
			if r.IntN(2) == 0 {
				poly = append(poly, star(r, p, 0.3, 3+r.IntN(9))[0])
			}
			mp = append(mp, poly)
		}
		loc := measure.NewLocator(mp)
		for range 30 {
			p := orb.Point{4*r.Float64() - 1, 4*r.Float64() - 1}
			ring := mp[r.IntN(len(mp))][0]
			k := r.IntN(len(ring) - 1)
			switch r.IntN(4) {
			case 0:
				p = ring[k]
			case 1:
				p = orb.Point{(ring[k][0] + ring[k+1][0]) / 2, (ring[k][1] + ring[k+1][1]) / 2}
			case 2:
				p = orb.Point{math.Round(p[0]*8) / 8, math.Round(p[1]*8) / 8}
			}
			if r.IntN(3) == 0 {
				p[0] = math.Nextafter(p[0], 2-4*float64(r.IntN(2)))
			}
			want := bigLocate(mp, p)
			counts[want]++
			if got := measure.Locate(mp, p); got != want {
				t.Fatalf("Locate(%v, %v) = %v, exactly %v", mp, p, got, want)
			}
			if got := loc.Locate(p); got != want {
				t.Fatalf("Locator(%v): %v is %v, exactly %v", mp, p, got, want)
			}
		}
	}
	for _, pos := range []measure.Position{measure.Inside, measure.Border, measure.Outside} {
		if counts[pos] < 200 {
			t.Errorf("only %d cases were %v", counts[pos], pos)
		}
	}
}

func TestLocateOddGeometry(t *testing.T) {
	for _, c := range []struct {
		name string
		g    orb.Geometry
		p    orb.Point
		want measure.Position
	}{
		{"nil", nil, orb.Point{0, 0}, measure.Outside},
		{"point", orb.Point{0, 0}, orb.Point{0, 0}, measure.Outside},
		{"no rings", orb.Polygon{}, orb.Point{0, 0}, measure.Outside},
		{"empty ring", orb.Polygon{{}}, orb.Point{0, 0}, measure.Outside},
		{"ring of one vertex", orb.Polygon{{{1, 2}}}, orb.Point{1, 2}, measure.Border},
		{"flat ring", orb.Polygon{{{0, 0}, {2, 0}, {0, 0}}}, orb.Point{1, 0}, measure.Border},
		{"unclosed", orb.Polygon{{{0, 0}, {2, 0}, {0, 2}}}, orb.Point{0.5, 0.5}, measure.Inside},
		{"collection", orb.Collection{orb.Point{9, 9}, orb.Polygon{{{0, 0}, {2, 0}, {0, 2}, {0, 0}}}}, orb.Point{1, 1}, measure.Border},
		{"bound", orb.Bound{Max: orb.Point{1, 1}}, orb.Point{0.5, 0.5}, measure.Inside},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := measure.Locate(c.g, c.p); got != c.want {
				t.Errorf("Locate = %v, want %v", got, c.want)
			}
			if got := measure.NewLocator(c.g).Locate(c.p); got != c.want {
				t.Errorf("Locator = %v, want %v", got, c.want)
			}
		})
	}
}

// ringOf makes a ring of small integers or odd floats out of bytes.
func ringOf(data []byte) orb.Ring {
	odd := []float64{0, math.Copysign(0, -1), 5e-324, -5e-324, 1e-160, 90, -90, 180, -180, math.Nextafter(1, 2), 1e-300, 29.5}
	var ring orb.Ring
	for i := 0; i+1 < len(data) && len(ring) < 64; i += 2 {
		var p orb.Point
		for k, b := range data[i : i+2] {
			p[k] = float64(int8(b)) / 2
			if b >= 0xf0 {
				p[k] = odd[int(b-0xf0)%len(odd)]
			}
		}
		ring = append(ring, p)
	}
	return ring
}

func FuzzPolygon(f *testing.F) {
	f.Add([]byte{0, 0, 4, 0, 4, 4, 0, 4, 0, 0}, []byte{1, 1, 2, 1, 2, 2, 1, 1}, []byte{1, 1})
	f.Add([]byte{0, 0, 4, 4, 4, 0, 0, 4}, []byte{}, []byte{2, 2})
	f.Add([]byte{1, 1}, []byte{0xf2, 0xf3}, []byte{0xf2, 0xf3})
	f.Add([]byte{0xf6, 0xf5, 0xf8, 0xf7, 0, 0}, []byte{0xf4, 0xf4, 0xfa, 0xf2, 0xf3, 0xf9}, []byte{0, 0})
	f.Fuzz(func(t *testing.T, a, b, c []byte) {
		poly := orb.Polygon{ringOf(a), ringOf(b)}
		at := ringOf(c)
		if len(at) == 0 {
			return
		}
		p := at[0]
		want := bigLocate(orb.MultiPolygon{poly}, p)
		if got := measure.Locate(poly, p); got != want {
			t.Errorf("Locate(%v, %v) = %v, exactly %v", poly, p, got, want)
		}
		if got := measure.NewLocator(poly).Locate(p); got != want {
			t.Errorf("Locator(%v): %v is %v, exactly %v", poly, p, got, want)
		}
		if area := measure.Area(poly); !(area >= 0 && area < 2e15) {
			t.Errorf("Area(%v) = %v", poly, area)
		}
		if s := measure.PointOnSurface(poly); math.IsNaN(s[0]) || math.IsNaN(s[1]) {
			t.Errorf("PointOnSurface(%v) = %v", poly, s)
		}
	})
}

func BenchmarkArea(b *testing.B) {
	poly := star(rand.New(rand.NewPCG(1, 1)), orb.Point{106.5, 29.5}, 0.01, 100)
	b.ReportAllocs()
	for b.Loop() {
		measure.Area(poly)
	}
}

func BenchmarkLocator(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	loc := measure.NewLocator(star(r, orb.Point{106.5, 29.5}, 0.01, 5000))
	ps := make([]orb.Point, 1024)
	for i := range ps {
		ps[i] = orb.Point{106.49 + 0.02*r.Float64(), 29.49 + 0.02*r.Float64()}
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		loc.Locate(ps[i&1023])
		i++
	}
}

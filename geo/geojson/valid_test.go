package geojson

import (
	"math"
	"math/big"
	"math/rand"
	"os"
	"testing"

	"github.com/paulmach/orb"
	"github.com/peterstace/simplefeatures/geom"
)

// The verdict on a polygon must be that of an independent implementation of OGC Simple Features, or what is accepted here fails
// in the overlay, in QGIS or in ArcGIS. Small lattices make every degenerate way to touch frequent.
func TestValidAgainstOracle(t *testing.T) {
	rng := rand.New(rand.NewSource(7))
	var valid, invalid int
	codes := make(map[Code]int)
	for i := range 60_000 {
		mp := randomPolygons(rng, i%4)
		got := false
		g, _, f := Clean(mp, false)
		if f != nil {
			codes[f.Code]++
		} else {
			got = true
		}
		want := oracleValid(mp)
		if got != want {
			t.Fatalf("case %d: %s\nhere: %v; oracle: valid %v", i, AppendGeometry(nil, mp), f, want)
		}
		if !got {
			invalid++
			continue
		}
		valid++
		for _, p := range g.(orb.MultiPolygon) {
			for j, r := range p {
				if ccw := r.Orientation() == orb.CCW; ccw != (j == 0) {
					t.Fatalf("ring %d of %v runs the wrong way", j, g)
				}
			}
		}
	}
	t.Logf("%d valid, %d invalid: %v", valid, invalid, codes)
	for _, c := range []Code{CollapsedRing, SelfCrossing, SelfTouching, HoleOutside, HoleCrossing, HolesOverlap, InteriorSplit, PolygonsOverlap, SharedEdge} {
		if codes[c] < 5 {
			t.Errorf("%s occurred %d times only", c, codes[c])
		}
	}
	if valid < 3000 || invalid < 3000 {
		t.Errorf("%d valid, %d invalid", valid, invalid)
	}
}

// randomPolygons makes one or two polygons on a small lattice: random closed walks, or boxes with boxes and diamonds as holes.
func randomPolygons(rng *rand.Rand, style int) orb.MultiPolygon {
	size := 3 + rng.Intn(6)
	pick := func() orb.Point { return orb.Point{float64(rng.Intn(size)), float64(rng.Intn(size))} }
	walk := func(n int) orb.Ring {
		var r orb.Ring
		for range n {
			r = append(r, pick())
		}
		return append(r, r[0])
	}
	shape := func(w, h int) orb.Ring {
		x, y := float64(rng.Intn(size*2)), float64(rng.Intn(size*2))
		dx, dy := float64(1+rng.Intn(w)), float64(1+rng.Intn(h))
		switch rng.Intn(3) {
		case 0:
			return orb.Ring{{x, y}, {x + dx, y}, {x + dx, y + dy}, {x, y + dy}, {x, y}}
		case 1:
			return orb.Ring{{x - dx, y}, {x, y - dy}, {x + dx, y}, {x, y + dy}, {x - dx, y}}
		}
		return orb.Ring{{x, y}, {x + dx, y}, {x, y + dy}, {x, y}}
	}
	var mp orb.MultiPolygon
	switch style {
	case 0:
		mp = orb.MultiPolygon{{walk(3 + rng.Intn(5))}}
	case 1:
		outer := float64(size * 2)
		p := orb.Polygon{{{0, 0}, {outer, 0}, {outer, outer}, {0, outer}, {0, 0}}}
		for range 1 + rng.Intn(4) {
			p = append(p, shape(3, 3))
			if rng.Intn(8) == 0 {
				for i := range p[len(p)-1] {
					p[len(p)-1][i][0] += outer
				}
			}
		}
		mp = orb.MultiPolygon{p}
	case 2:
		for range 2 + rng.Intn(2) {
			mp = append(mp, orb.Polygon{shape(4, 4)})
		}
	case 3:
		outer := float64(size * 2)
		p := orb.Polygon{{{0, 0}, {outer, 0}, {outer, outer}, {0, outer}, {0, 0}}, shape(6, 6)}
		mp = orb.MultiPolygon{p, {shape(4, 4)}}
	}
	for _, p := range mp {
		for _, r := range p {
			if rng.Intn(2) == 0 {
				r.Reverse()
			}
		}
	}
	// turned and scaled so that straight lines are not axis-parallel, yet collinear vertices stay exactly so
	if rng.Intn(2) == 0 {
		for _, p := range mp {
			for _, r := range p {
				for i, v := range r {
					r[i] = orb.Point{v[0] + 2*v[1], 3*v[1] - v[0]}
				}
			}
		}
	}
	return mp
}

// oracleValid asks simplefeatures. It judges how rings that touch are nested by the first vertex of each alone, and overlooks a
// ring inside another one if that vertex lies on the border, so it is asked about every vertex and edge middle as the first.
func oracleValid(mp orb.MultiPolygon) bool {
	if !oracleValidFrom(mp, 0) {
		return false
	}
	rings, most := 0, 0
	var dense orb.MultiPolygon
	for _, p := range mp {
		var q orb.Polygon
		for _, r := range p {
			rings++
			var s orb.Ring
			for i, v := range r {
				if i > 0 && v != r[i-1] {
					s = append(s, orb.Point{(v[0] + r[i-1][0]) / 2, (v[1] + r[i-1][1]) / 2}, v)
				}
			}
			q = append(q, append(s, s[0]))
			most = max(most, len(s))
		}
		dense = append(dense, q)
	}
	for from := range most {
		if rings > 1 && most < 100 && !oracleValidFrom(dense, from) {
			return false
		}
	}
	return true
}

func oracleValidFrom(mp orb.MultiPolygon, from int) bool {
	var polygons []geom.Polygon
	for _, p := range mp {
		var rings []geom.LineString
		for _, r := range p {
			n := len(r) - 1
			var xy []float64
			for i := range n + 1 {
				v := r[(i+from)%n]
				if k := len(xy); k == 0 || v[0] != xy[k-2] || v[1] != xy[k-1] {
					xy = append(xy, v[0], v[1])
				}
			}
			rings = append(rings, geom.NewLineString(geom.NewSequence(xy, geom.DimXY)))
		}
		polygons = append(polygons, geom.NewPolygon(rings))
	}
	return geom.NewMultiPolygon(polygons).Validate() == nil
}

// A sign that is wrong for three nearly straight vertices would call a good outline crossing, or a bad one good.
func TestTurn(t *testing.T) {
	rng := rand.New(rand.NewSource(11))
	rat := func(v float64) *big.Rat { return new(big.Rat).SetFloat64(v) }
	sub := func(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }
	mul := func(a, b *big.Rat) *big.Rat { return new(big.Rat).Mul(a, b) }
	nudge := func(v float64) float64 {
		for range rng.Intn(4) {
			v = math.Nextafter(v, float64(rng.Intn(2)*400-200))
		}
		return v
	}
	var zeros int
	for i := range 20_000 {
		scale := 1.0
		if i%10 == 9 {
			scale = math.Pow(10, -float64(rng.Intn(320)))
		}
		a := orb.Point{(rng.Float64()*360 - 180) * scale, (rng.Float64()*180 - 90) * scale}
		b := orb.Point{(rng.Float64()*360 - 180) * scale, (rng.Float64()*180 - 90) * scale}
		if i%3 == 0 {
			a, b = orb.Point{math.Round(a[0]), math.Round(a[1])}, orb.Point{math.Round(b[0]), math.Round(b[1])}
		}
		f := float64(rng.Intn(9)) / 4
		c := orb.Point{nudge(a[0] + f*(b[0]-a[0])), nudge(a[1] + f*(b[1]-a[1]))}
		want := sub(mul(sub(rat(a[0]), rat(c[0])), sub(rat(b[1]), rat(c[1]))), mul(sub(rat(a[1]), rat(c[1])), sub(rat(b[0]), rat(c[0])))).Sign()
		if want == 0 {
			zeros++
		}
		if got := turn(a, b, c); got != want {
			t.Fatalf("turn(%v, %v, %v) = %d, want %d", a, b, c, got, want)
		}
	}
	if zeros < 500 {
		t.Errorf("only %d straight cases", zeros)
	}
}

// The index must find the crossing that comparing all edges finds, in outlines large enough to use it.
func TestLargeOutlines(t *testing.T) {
	rng := rand.New(rand.NewSource(3))
	for i := range 40 {
		n := 50 + rng.Intn(2000)
		r := make(orb.Ring, 0, n+1)
		for j := range n {
			s, c := math.Sincos(2 * math.Pi * float64(j) / float64(n))
			d := 10 + rng.Float64()
			r = append(r, orb.Point{100 + d*c, 30 + d*s})
		}
		r = append(r, r[0])
		if _, _, f := Clean(orb.Polygon{r}, false); f != nil {
			t.Fatalf("star-shaped outline %d refused: %v", i, f)
		}
		// two vertices that lie close change places: the edges around them cross unless all four directions happen not to
		k := 1 + rng.Intn(n-3)
		r[k], r[k+1] = r[k+1], r[k]
		want := true
		for a := range n {
			for b := a + 2; b < n; b++ {
				if a == 0 && b == n-1 {
					continue
				}
				if m, _ := meet(r[a], r[a+1], r[b], r[b+1]); m != apart {
					want = false
				}
			}
		}
		if _, _, f := Clean(orb.Polygon{r}, false); (f == nil) != want {
			t.Fatalf("outline %d: %v, want valid %v", i, f, want)
		}
	}
}

// Many holes, as a district with thousands of lakes has, must take no quadratic time.
func TestManyHoles(t *testing.T) {
	p := orb.Polygon{{{0, 0}, {90, 0}, {90, 80}, {0, 80}, {0, 0}}}
	for i := range 40_000 {
		x, y := 0.1+float64(i%200)*0.4, 0.1+float64(i/200)*0.35
		p = append(p, orb.Ring{{x, y}, {x, y + 0.2}, {x + 0.2, y + 0.2}, {x + 0.2, y}, {x, y}})
	}
	if _, _, f := Clean(p, false); f != nil {
		t.Fatal(f)
	}
	p = append(p, orb.Ring{{0.15, 0.15}, {0.15, 0.2}, {0.2, 0.2}, {0.15, 0.15}})
	if _, _, f := Clean(p, false); f == nil || f.Code != HolesOverlap {
		t.Fatal(f)
	}
}

// An outline made to be slow is refused in bounded time, not computed for hours.
func TestTooComplex(t *testing.T) {
	var r orb.Ring
	const teeth = 30_000
	for i := range teeth {
		x := float64(i) * 1e-5
		r = append(r, orb.Point{x, 0}, orb.Point{x + 40, 40})
	}
	r = append(r, orb.Point{45, 0}, orb.Point{45, -1}, orb.Point{0, -1}, r[0])
	_, _, f := Clean(orb.Polygon{r}, false)
	if f == nil || f.Code != TooComplex {
		t.Fatal(f)
	}
}

// Clean is the door for every other format: no geometry, however odd, may pass it unjudged or break it.
func TestCleanEveryType(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, g := range orb.AllGeometries {
		switch g := g.(type) {
		case orb.Point, orb.Collection:
			if c, ok := g.(orb.Collection); !ok || len(c) > 0 {
				continue // good as it is, at 0, 0
			}
		}
		if out, _, f := Clean(g, false); f == nil {
			t.Errorf("%T %v became %v", g, g, out)
		}
	}
	for _, g := range []orb.Geometry{orb.Point{nan, 0}, orb.Point{0, inf}, orb.MultiPoint{{nan, nan}}, orb.LineString{{0, 0}, {-inf, 1}},
		orb.Polygon{{{0, 0}, {1, 0}, {nan, 1}, {0, 0}}}, orb.Collection{orb.Point{0, nan}}} {
		if _, _, f := Clean(g, true); f == nil || f.Code != NotFinite {
			t.Errorf("%v: %v", g, f)
		}
	}
	g, repairs, f := Clean(orb.Bound{Min: orb.Point{0, 0}, Max: orb.Point{1, 1}}, false)
	if f != nil || len(repairs) != 0 || len(g.(orb.Polygon)[0]) != 5 {
		t.Error(g, repairs, f)
	}
	g, repairs, f = Clean(orb.Collection{orb.Ring{{0, 0}, {1, 0}, {1, 1}}}, false)
	if f != nil || len(repairs) != 2 || len(g.(orb.Polygon)[0]) != 4 {
		t.Error(g, repairs, f)
	}
	if p, _, _ := Clean(orb.Point{math.Copysign(0, -1), math.Copysign(0, -1)}, false); math.Signbit(p.(orb.Point)[0]) || math.Signbit(p.(orb.Point)[1]) {
		t.Error("minus zero stays")
	}
}

// Real layers must come through: the 38 districts of Chongqing, and the layers of Las Palmas.
func TestRealFiles(t *testing.T) {
	for _, path := range [][]string{
		{"chongqing_admin", "districts_wgs84.geojson"}, {"las_palmas", "derived", "neighbourhoods.geojson"}, {"las_palmas", "derived", "park_polygons.geojson"},
		{"las_palmas", "derived", "pois.geojson"}, {"las_palmas", "derived", "boundary.geojson"}, {"las_palmas", "derived", "population_grid_100m.geojson"},
	} {
		f, err := os.Open(sharedData(t, path...))
		if err != nil {
			t.Fatal(err)
		}
		rows, info, err := drain(t, NewReader(f, Limits{}))
		f.Close()
		if err != nil {
			t.Errorf("%v: %v", path, err)
		}
		for _, row := range rows {
			if row.Refused != nil {
				t.Logf("%v row %d: %v", path, row.N, row.Refused)
			}
			if g, ok := row.Feature.Geometry.(orb.MultiPolygon); ok && !oracleValid(g) {
				t.Errorf("%v row %d is invalid", path, row.N)
			}
		}
		t.Logf("%v: %+v", path, info)
		if info.Used == 0 {
			t.Errorf("%v: nothing used", path)
		}
	}
}

package measure_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"lifecircle/geo/measure"

	"github.com/paulmach/orb"
)

// oracleLatitudes are those of cities.
var oracleLatitudes = []float64{0, 15, 29.5, 45, 60}

// pondPark is a park with a pond: two star-shaped rings about a place, the inner one within the outer one. Sizes in degrees.
func pondPark(r *rand.Rand, p orb.Point, size float64) orb.Polygon {
	park := star(r, p, size, 5+r.IntN(20))
	pond := star(r, p, 0.2*size, 3+r.IntN(9))
	return orb.Polygon{park[0], pond[0]}
}

// A park's pond is no land: what Karney's polygons say of the shell less what they say of the holes, at every latitude.
func TestAreaWithHolesAgainstGeodesic(t *testing.T) {
	r := random(t)
	for _, lat := range oracleLatitudes {
		for _, c := range []struct {
			name      string
			size      float64 // degrees
			cuts      int
			tolerance float64 // relative; the oracle itself keeps about 1e-4 m²
		}{{"pocket park", 0.0005, 4, 3e-7}, {"park", 0.003, 12, 2e-8}, {"district", 0.1, 64, 1e-10}} {
			t.Run(fmt.Sprintf("%s/%g", c.name, lat), func(t *testing.T) {
				worst := 0.0
				for range 12 {
					a, b := pondPark(r, orb.Point{106, lat}, c.size), pondPark(r, orb.Point{106 + 3*c.size, -lat}, c.size)
					want := 0.0
					for _, p := range []orb.Polygon{a, b} {
						want += geodesicArea(p[0], c.cuts) - geodesicArea(p[1], c.cuts)
					}
					b[1].Reverse() // the winding says nothing
					got := measure.Area(orb.MultiPolygon{a, b})
					worst = math.Max(worst, math.Abs(got/want-1))
					if math.Abs(got-want) > c.tolerance*want {
						t.Fatalf("%v and %v: %.6f m², geodesic polygons %.6f (%.3g relative)", a, b, got, want, got/want-1)
					}
					if mm2 := measure.AreaMM2(orb.MultiPolygon{a, b}); math.Abs(float64(mm2)-got*1e6) > 1 {
						t.Fatalf("%d mm², %.9f m²", mm2, got)
					}
				}
				t.Logf("worst %.3g", worst)
			})
		}
	}
}

// Who lives or works inside a park has no way to it; on its pond the way leads to the shore; outside to the edge. By geodesics
// to places sampled on every edge, the same to a millimetre.
func TestParksAgainstGeodesic(t *testing.T) {
	r := random(t)
	for _, lat := range oracleLatitudes {
		t.Run(fmt.Sprint(lat), func(t *testing.T) {
			counts := map[string]int{}
			for range 4 {
				park := pondPark(r, orb.Point{106, lat}, 0.004)
				shape := measure.NewShape(park)
				for i := range 12 {
					spread := []float64{0.012, 0.004, 0.0005}[i%3]
					p := orb.Point{106 + spread*(r.Float64()-0.5), lat + spread*(r.Float64()-0.5)}
					where := "outside"
					switch {
					case bigLocate(orb.MultiPolygon{park}, p) != measure.Outside:
						where = "inside"
					case bigLocate(orb.MultiPolygon{{park[1]}}, p) != measure.Outside:
						where = "on the pond"
					}
					counts[where]++
					want := math.Inf(1)
					for _, ring := range park {
						for i := 1; i < len(ring); i++ {
							want = math.Min(want, sampled(p, ring[i-1], ring[i]))
						}
					}
					if got := shape.BorderDistance(p); math.Abs(got-want) > 2e-6 {
						t.Fatalf("%v to the border of %v: %.7f m, geodesics %.7f", p, park, got, want)
					}
					if where == "inside" {
						want = 0
					}
					got := shape.Distance(p)
					if math.Abs(got-want) > 2e-6 || where == "inside" && got != 0 {
						t.Fatalf("%v, %s: %.7f m to %v, geodesics %.7f", p, where, got, park, want)
					}
					if a, b := measure.Millimetres(got), measure.Millimetres(want); a-b > 1 || b-a > 1 {
						t.Fatalf("%v: %d mm to %v, geodesics %d", p, a, park, b)
					}
				}
			}
			for _, where := range []string{"inside", "on the pond", "outside"} {
				if counts[where] < 3 {
					t.Errorf("only %d places %s", counts[where], where)
				}
			}
		})
	}
}

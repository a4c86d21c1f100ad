package overlay

import (
	"fmt"
	"math"
	"testing"

	"github.com/paulmach/orb"
	"github.com/tidwall/geodesic"

	"lifecircle/geo/measure"
)

// The oracle is Karney's geodesic, which shares nothing with package measure.

func geodesicMetres(a, b orb.Point) float64 {
	var s float64
	geodesic.WGS84.Inverse(a[1], a[0], b[1], b[0], &s, nil, nil)
	return s
}

// cutRing gives a ring whose edges, straight in degrees, are cut into n pieces each.
func cutRing(ring orb.Ring, n int) orb.Ring {
	var out orb.Ring
	for i := 1; i < len(ring); i++ {
		for k := range n {
			f := float64(k) / float64(n)
			out = append(out, orb.Point{ring[i-1][0] + f*(ring[i][0]-ring[i-1][0]), ring[i-1][1] + f*(ring[i][1]-ring[i-1][1])})
		}
	}
	return append(out, ring[0])
}

// geodesicRing gives the area and the perimeter of a ring in m² and m.
func geodesicRing(ring orb.Ring) (area, perimeter float64) {
	p := geodesic.WGS84.PolygonInit(false)
	for _, v := range ring[1:] {
		p.AddPoint(v[1], v[0])
	}
	p.Compute(false, true, &area, &perimeter)
	return math.Abs(area), perimeter
}

// geodesicCircle is the area of a geodesic circle, by a polygon of very many corners made as large as the circle.
func geodesicCircle(p orb.Point, r float64) float64 {
	const n = 4096
	var ring orb.Ring
	for i := range n + 1 {
		var lat, lon float64
		geodesic.WGS84.Direct(p[1], p[0], 360*float64(i%n)/n, r, &lat, &lon, nil)
		ring = append(ring, orb.Point{lon, lat})
	}
	area, _ := geodesicRing(ring)
	return area * (2 * math.Pi / n) / math.Sin(2*math.Pi/n)
}

// served is the area of a zone inside a box, in m².
func served(z *Zone, box orb.Polygon) float64 {
	f, _, _ := z.Covered(orb.MultiPolygon{box})
	return f * measure.Area(box)
}

// What a clinic or a park with a pond serves is as large on the earth as geodesics say: for a circle by its corners, for a
// convex park by Steiner's formula (area + perimeter · r + π·r², on the pond's side area − perimeter · r + 4·r² for a pond
// with right angles). The promise is 0.05 m of border; what is counted is a thousand times better.
func TestServedAreaAgainstGeodesic(t *testing.T) {
	for _, lat := range []float64{0, 29.5, -45, 60} {
		for _, r := range []float64{50, 500, 1000} {
			t.Run(fmt.Sprintf("%g/%g m", lat, r), func(t *testing.T) {
				l := layAt(106.5, lat)
				around := l.square(0, 0, 9000)
				centre := l.point(0, 0)
				check := func(what string, got, want, border float64) {
					t.Helper()
					if math.Abs(got-want) > 5e-5*border {
						t.Errorf("%s: %.4f m², geodesics %.4f (%.3g m of border)", what, got, want, (got-want)/border)
					}
				}
				disc := geodesicCircle(centre, r)
				check("clinic", served(NewZone([]Site{{centre, r}}), around), disc, 2*math.Pi*r)
				check("clinic in a finer box", served(NewZone([]Site{{centre, r}}), l.square(0, 0, 2*r+10)), disc, 2*math.Pi*r)

				// A park between meridians and parallels of 2.4 × 2.4 km or so, with a pond half as wide.
				dlon, dlat := measure.Degrees(lat, 1200)
				rect := func(f float64) orb.Ring {
					return box(106.5-f*dlon, lat-f*dlat, 106.5+f*dlon, lat+f*dlat)[0]
				}
				shell, pond := rect(1), rect(0.5)
				area, perimeter := geodesicRing(cutRing(shell, 200))
				pondArea, shore := geodesicRing(cutRing(pond, 200))
				dry := 0.0 // what of the pond is too far from the shore
				if r < 590 {
					dry = pondArea - shore*r + 4*r*r
				}
				check("park with a pond", served(NewZone([]Site{{orb.Polygon{shell, pond}, r}}), around), area+perimeter*r+math.Pi*r*r-dry, perimeter+2*math.Pi*r+shore)
			})
		}
	}
}

// A clinic inside its own park, both of a service, serves what the park serves and no more.
func TestFacilityInsideItsOwnPark(t *testing.T) {
	for _, lat := range []float64{0, 29.5, 60} {
		l := layAt(106.5, lat)
		park := l.square(0, 0, 1500)
		around := l.square(0, 0, 4000)
		with := served(NewZone([]Site{{park, 500}, {l.point(100, 200), 500}, {l.point(749, 0), 499}}), around)
		if alone := served(NewZone([]Site{{park, 500}}), around); with != alone {
			t.Errorf("lat %g: %v m² with a facility inside, %v without", lat, with, alone)
		}
	}
}

// The drawn service area lies inside the true one by at most 0.05 m at 500 m, by geodesics to the facility from corners and
// the middles of sides, a fifth of them.
func TestDrawnServiceAreaAgainstGeodesic(t *testing.T) {
	for _, lat := range []float64{0, 15, 29.5, -45, 60} {
		l := layAt(106.5, lat)
		triangle := orb.Ring{l.point(0, 0), l.point(700, 100), l.point(-200, 900), l.point(0, 0)}
		pond := orb.Ring{l.point(100, 100), l.point(400, 150), l.point(-30, 600), l.point(100, 100)}
		for name, g := range map[string]orb.Geometry{"clinic": l.point(0, 0), "park with a pond": orb.Polygon{triangle, pond}} {
			for _, r := range []float64{50, 500} {
				t.Run(fmt.Sprintf("%s/%g/%g m", name, lat, r), func(t *testing.T) {
					drawn, err := ServiceArea(Site{g, r})
					if err != nil {
						t.Fatal(err)
					}
					if len(drawn) != 1 {
						t.Fatalf("%d parts", len(drawn))
					}
					for _, ring := range drawn[0] {
						for i := 1; i < len(ring); i += 5 {
							a, b := ring[i-1], ring[i]
							for k, p := range []orb.Point{a, {(a[0] + b[0]) / 2, (a[1] + b[1]) / 2}} {
								d := geodesicTo(p, g)
								low := r - 0.002
								if k == 1 {
									low -= 0.05 * r / 500
								}
								if d > r+0.0005 || d < low {
									t.Fatalf("%v is %.4f m from the facility", p, d)
								}
							}
						}
					}
				})
			}
		}
	}
}

// geodesicTo is the least geodesic from p to a point or to the rings of a polygon, their edges sampled finer and finer.
func geodesicTo(p orb.Point, g orb.Geometry) float64 {
	if q, ok := g.(orb.Point); ok {
		return geodesicMetres(p, q)
	}
	best := math.Inf(1)
	for _, ring := range g.(orb.Polygon) {
		for i := 1; i < len(ring); i++ {
			a, b := ring[i-1], ring[i]
			lo, hi := 0.0, 1.0
			for range 8 {
				nearest, at := math.Inf(1), 0.0
				for k := range 11 {
					f := lo + (hi-lo)*float64(k)/10
					if d := geodesicMetres(p, orb.Point{a[0] + f*(b[0]-a[0]), a[1] + f*(b[1]-a[1])}); d < nearest {
						nearest, at = d, f
					}
				}
				best = math.Min(best, nearest)
				w := (hi - lo) / 10
				lo, hi = math.Max(0, at-w), math.Min(1, at+w)
			}
		}
	}
	return best
}

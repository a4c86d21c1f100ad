package overlay

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
)

// city is 10 km square: parcels with many vertices, and points or parks that serve 500 m.
func city(parcels, points, parks int) (pieces []orb.MultiPolygon, sites []Site) {
	l := layAt(23.72, 37.92)
	rng := rand.New(rand.NewPCG(1, 2))
	at := func() (x, y float64) { return rng.Float64()*10000 - 5000, rng.Float64()*10000 - 5000 }
	blob := func(size float64, n int) orb.Polygon {
		x, y := at()
		return l.blob(rng, x, y, size, n)
	}
	for range parcels {
		pieces = append(pieces, orb.MultiPolygon{blob(100+rng.Float64()*300, 10+rng.IntN(200))})
	}
	for range points {
		x, y := at()
		sites = append(sites, Site{l.point(x, y), 500})
	}
	for range parks {
		sites = append(sites, Site{blob(50+rng.Float64()*100, 8+rng.IntN(60)), 300})
	}
	return pieces, sites
}

func (l lay) blob(rng *rand.Rand, x, y, size float64, n int) orb.Polygon {
	c := circle(4 * ((n + 3) / 4))
	var r orb.Ring
	for _, v := range c {
		d := size * (0.6 + 0.4*rng.Float64())
		r = append(r, l.point(x+v.x*d, y+v.y*d))
	}
	return orb.Polygon{append(r, r[0])}
}

func BenchmarkCovered(b *testing.B) {
	for _, c := range []struct{ parcels, points, parks int }{{280, 300, 0}, {280, 0, 300}, {280, 5000, 0}, {18, 300, 300}} {
		pieces, sites := city(c.parcels, c.points, c.parks)
		b.Run(fmt.Sprintf("pieces=%d/points=%d/parks=%d", c.parcels, c.points, c.parks), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				z := NewZone(sites)
				for _, p := range pieces {
					z.Covered(p)
				}
			}
		})
	}
}

func BenchmarkUncovered(b *testing.B) {
	pieces, sites := city(280, 300, 0)
	z := NewZone(sites)
	b.ReportAllocs()
	for b.Loop() {
		for _, p := range pieces {
			if _, err := z.Uncovered(p); err != nil {
				b.Fatal(err)
			}
		}
	}
}

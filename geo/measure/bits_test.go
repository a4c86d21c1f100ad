package measure_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"lifecircle/geo/measure"
)

// Every processor computes the same bits, not only the same millimetres: a compiler that fuses a product with a sum, or a sine in assembly, would
// show here. The digest changes with the algorithms only.
func TestSameBitsOnEveryProcessor(t *testing.T) {
	const want = "3ac3e33ffdb10c935f559f77a31bb02e3ea411b99f03da7273d0c703644aa968"
	r := rand.New(rand.NewPCG(1, 1))
	span := func(lo, hi float64) float64 { return float64(float64(hi-lo)*r.Float64()) + lo } // a test may be fused, too
	power := func(lo, hi int) float64 { return math.Ldexp(1, lo+r.IntN(hi-lo)) }
	h := sha256.New()
	put := func(vs ...float64) {
		for _, v := range vs {
			h.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)))
		}
	}
	for range 20_000 {
		a, d := orb.Point{span(-180, 180), span(-90, 90)}, power(-20, 7)
		b := orb.Point{a[0] + span(-d, d), max(-90, min(90, a[1]+span(-d, d)))}
		put(measure.Distance(a, b))
	}
	for range 5_000 {
		x, y, d := span(-170, 170), span(-80, 80), power(-14, 2)
		p := orb.Polygon{{{x, y}, {x + span(d/2, d), y + span(-d/4, d/4)}, {x + span(d/2, d), y + span(d/2, d)}, {x + span(0, d/3), y + span(d/2, d)}, {x, y}}}
		q := orb.Point{x + span(-d, d), y + span(-d, d)}
		s, c, on := measure.NewShape(p), measure.Centroid(p), measure.PointOnSurface(p)
		dlon, dlat := measure.Degrees(y, span(0, 1e5))
		put(float64(measure.AreaMM2(p)), c[0], c[1], on[0], on[1], s.Distance(q), s.BorderDistance(q), measure.ChordLimit(1e5*d), dlon, dlat)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("bits digest %s, want %s", got, want)
	}
}

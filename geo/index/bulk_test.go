package index

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"lifecircle/geo/measure"

	"github.com/paulmach/orb"
)

// The bulk query compares chords: what it leaves out must round to more millimetres, whatever the azimuth and latitude.
func TestTieBoundHolds(t *testing.T) {
	r := rand.New(rand.NewPCG(20260, 3))
	for range 60000 {
		a := orb.Point{0, 180*r.Float64() - 90}
		d := math.Pow(10, 7.3*r.Float64()-6)
		b := orb.Point{a[0] + d*(2*r.Float64()-1), math.Max(-90, math.Min(90, a[1]+d*(2*r.Float64()-1)))}
		p, q := measure.PlaceOf(a), measure.PlaceOf(b)
		chord := math.Sqrt(p.Chord2(q))
		mm := measure.Millimetres(p.Distance(q))
		if chord > farChord || mm == math.MaxInt32 {
			if chord > farChord && mm != math.MaxInt32 {
				t.Fatalf("%v to %v: %d mm although the chord is %v", a, b, mm, chord)
			}
			continue
		}
		if limit := math.Sqrt(reach2(mm)); limit > tie(chord) {
			t.Fatalf("%v to %v: a chord of %v could tie with %v, but only %v is kept", a, b, limit, chord, tie(chord))
		}
	}
}

// A fault in one of the threads comes up in the one that asked, where a server turns it into the failure of one request.
func TestFaultsOfThreadsComeUp(t *testing.T) {
	for _, threads := range []int{1, 4} {
		func() {
			defer func() {
				if v := fmt.Sprint(recover()); v != "a fault" {
					t.Errorf("%d threads: it comes as %s", threads, v)
				}
			}()
			parallel(1000, threads, 10, func(from, to int) {
				if from <= 500 && 500 < to {
					panic("a fault")
				}
			})
			t.Errorf("%d threads: nothing comes", threads)
		}()
	}
}

package overlay

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"lifecircle/geo/measure"
)

// milli makes a closed ring of coordinates in thousandths of a degree east and north of a place in Chongqing.
func milli(xy ...float64) orb.Ring {
	var r orb.Ring
	for i := 0; i < len(xy); i += 2 {
		r = append(r, orb.Point{round(106.5 + xy[i]/1000), round(29.5 + xy[i+1]/1000)})
	}
	return r
}

// A planner's polygon that crosses itself must become the land that was drawn around, and nothing else.
func TestRepair(t *testing.T) {
	square := milli(0, 0, 10, 0, 10, 10, 0, 10, 0, 0)
	cases := []struct {
		name string
		in   orb.Geometry
		want orb.MultiPolygon
	}{
		{"valid", orb.Polygon{square}, orb.MultiPolygon{{square}}},
		{"clockwise", orb.Polygon{milli(0, 0, 0, 10, 10, 10, 10, 0, 0, 0)}, orb.MultiPolygon{{square}}},
		{"not closed", orb.Polygon{square[:4]}, orb.MultiPolygon{{square}}},
		{"vertex given twice", orb.Polygon{milli(0, 0, 0, 0, 10, 0, 10, 10, 10, 10, 0, 10, 0, 0, 0, 0)}, orb.MultiPolygon{{square}}},
		{"spike", orb.Polygon{milli(0, 0, 10, 0, 20, 0, 10, 0, 10, 10, 0, 10, 0, 0)}, orb.MultiPolygon{{square}}},
		{"bow-tie keeps both wings", orb.Polygon{milli(0, 0, 10, 10, 10, 0, 0, 10, 0, 0)},
			orb.MultiPolygon{{milli(0, 0, 5, 5, 0, 10, 0, 0)}, {milli(5, 5, 10, 0, 10, 10, 5, 5)}}},
		{"drawn twice is land once", orb.Polygon{append(slices.Clone(square[:4]), square...)}, orb.MultiPolygon{{square}}},
		{"loop inside in the same sense stays land", orb.Polygon{milli(0, 0, 10, 0, 10, 10, 0, 10, 0, 0, 4, 2, 4, 4, 2, 4, 0, 0)}, orb.MultiPolygon{{square}}},
		{"hole reached through one vertex", orb.Polygon{milli(0, 0, 10, 0, 10, 10, 0, 10, 0, 0, 2, 4, 4, 4, 4, 2, 0, 0)},
			orb.MultiPolygon{{square, milli(0, 0, 2, 4, 4, 4, 4, 2, 0, 0)}}},
		{"hole reached over a bridge", orb.Polygon{milli(0, 0, 10, 0, 10, 10, 0, 10, 0, 0, 2, 2, 2, 4, 4, 4, 4, 2, 2, 2, 0, 0)},
			orb.MultiPolygon{{square, milli(2, 2, 2, 4, 4, 4, 4, 2, 2, 2)}}},
		{"hole over the border", orb.Polygon{square, milli(5, 5, 15, 5, 15, 8, 5, 8, 5, 5)},
			orb.MultiPolygon{{milli(0, 0, 10, 0, 10, 5, 5, 5, 5, 8, 10, 8, 10, 10, 0, 10, 0, 0)}}},
		{"holes that overlap", orb.Polygon{square, milli(2, 2, 6, 2, 6, 6, 2, 6, 2, 2), milli(4, 2, 8, 2, 8, 6, 4, 6, 4, 2)},
			orb.MultiPolygon{{square, milli(2, 2, 2, 6, 4, 6, 6, 6, 8, 6, 8, 2, 6, 2, 4, 2, 2, 2)}}},
		{"parts that overlap", orb.MultiPolygon{{square}, {milli(5, 0, 15, 0, 15, 10, 5, 10, 5, 0)}},
			orb.MultiPolygon{{milli(0, 0, 5, 0, 10, 0, 15, 0, 15, 10, 10, 10, 5, 10, 0, 10, 0, 0)}}},
		{"part within a part", orb.MultiPolygon{{square}, {milli(2, 2, 4, 2, 4, 4, 2, 4, 2, 2)}}, orb.MultiPolygon{{square}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			before := orb.Clone(c.in)
			got, err := Repair(c.in)
			if err != nil {
				t.Fatal(err)
			}
			want := Normalize(c.want)
			if d := cmp.Diff(merge(want), merge(got)); d != "" {
				t.Error(d)
			}
			if !orb.Equal(before, c.in) {
				t.Error("the argument was changed")
			}
			again, err := Repair(got)
			if err != nil || !orb.Equal(again, got) {
				t.Errorf("a second repair gives something else: %v, %v", again, err)
			}
		})
	}
}

// merge drops vertices on straight edges, where an overlay may or may not keep them.
func merge(mp orb.MultiPolygon) orb.MultiPolygon {
	out := make(orb.MultiPolygon, len(mp))
	for i, p := range mp {
		for _, r := range p {
			open := r[:len(r)-1]
			var q orb.Ring
			for k, v := range open {
				if measure.Orient(open[(k+len(open)-1)%len(open)], v, open[(k+1)%len(open)]) != 0 {
					q = append(q, v)
				}
			}
			out[i] = append(out[i], append(q, q[0]))
		}
	}
	return Normalize(out)
}

func TestRepairRefuses(t *testing.T) {
	spiral := make(orb.Ring, 0, 6000)
	for i := range 6000 { // a star whose every edge crosses nearly every other one
		s, c := math.Sincos(float64(i) * math.Pi * 2999 / 3000)
		spiral = append(spiral, orb.Point{106.5 + c/100, 29.5 + s/100})
	}
	square := milli(0, 0, 10, 0, 10, 10, 0, 10, 0, 0)
	for _, c := range []struct {
		name string
		in   orb.Geometry
		want error
	}{
		{"point", orb.Point{1, 2}, ErrNotAreal},
		{"line there and back", orb.Polygon{milli(0, 0, 10, 0, 0, 0)}, ErrNothingLeft},
		{"smaller than the lattice", orb.Polygon{{{1, 1}, {1 + 1e-11, 1}, {1, 1 + 1e-11}, {1, 1}}}, ErrNothingLeft},
		{"hole outside", orb.Polygon{square, milli(20, 20, 22, 20, 22, 22, 20, 20)}, ErrHoleOutside},
		{"hole as large as the shell", orb.Polygon{square, square}, ErrNothingLeft},
		{"crosses itself millions of times", orb.Polygon{spiral}, ErrTooComplex},
		{"too long", orb.Polygon{make(orb.Ring, maxRepairVertices+1)}, ErrTooComplex},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := Repair(c.in); !errors.Is(err, c.want) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
	if _, err := Repair(orb.Polygon{{{math.NaN(), 1}, {2, 2}, {3, 1}}}); err == nil {
		t.Error("NaN was accepted")
	}
}

// turns is how often a closed ring runs around a place that lies off its edges: the crossings of a ray to the east.
func turns(r orb.Ring, p orb.Point) int {
	n := 0
	for i := 1; i < len(r); i++ {
		a, b := r[i-1], r[i]
		switch {
		case a[1] <= p[1] && b[1] > p[1] && measure.Orient(a, b, p) > 0:
			n++
		case a[1] > p[1] && b[1] <= p[1] && measure.Orient(a, b, p) < 0:
			n--
		}
	}
	return n
}

// Whatever is drawn, a place is land after the repair if, and only if, the ring winds around it.
func TestRepairFollowsTheWinding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SampledFrom([]int{3, 6, 1000}).Draw(t, "lattice")
		n := rapid.IntRange(3, 14).Draw(t, "vertices")
		var xy []float64
		for range n {
			xy = append(xy, float64(rapid.IntRange(0, size).Draw(t, "x"))*10/float64(size), float64(rapid.IntRange(0, size).Draw(t, "y"))*10/float64(size))
		}
		ring := milli(append(xy, xy[0], xy[1])...)
		land, err := Repair(orb.Polygon{ring})
		if err != nil && !errors.Is(err, ErrNothingLeft) {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(1, uint64(n)))
		for range 60 {
			p := orb.Point{106.5 + rng.Float64()/100, 29.5 + rng.Float64()/100}
			if vertexNear(orb.Point(p), ring) {
				continue // within half a millimetre of an edge, which noding may have bent
			}
			in := len(land) > 0 && measure.Locate(land, p) != measure.Outside
			if w := turns(ring, p); in != (w != 0) {
				t.Fatalf("%v: the ring winds %d times around it, land: %v\n%v\n%v", p, w, in, ring, land)
			}
		}
		if len(land) == 0 {
			return
		}
		slices.Reverse(ring)
		turned := append(slices.Clone(ring[2:]), ring[1], ring[2])
		if again, err := Repair(orb.Polygon{turned}); err != nil || math.Abs(measure.Area(again)-measure.Area(land)) > 1 {
			t.Fatalf("the other way round: %v %v", again, err)
		}
	})
}

// Rings as they occur, with one mistake, cost what their length costs.
func BenchmarkRepair(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		r := make(orb.Ring, 0, n+1)
		for i := range n {
			s, c := math.Sincos(2 * math.Pi * float64(i) / float64(n))
			r = append(r, orb.Point{106.5 + c/100, 29.5 + s/100})
		}
		r[n/2], r[n/2+1] = r[n/2+1], r[n/2]
		r = append(r, r[0])
		b.Run("n="+map[int]string{100: "100", 10_000: "10000", 100_000: "100000"}[n], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Repair(orb.Polygon{r}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

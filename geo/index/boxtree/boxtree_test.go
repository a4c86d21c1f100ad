package boxtree_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"lifecircle/geo/index/boxtree"
)

func boxes(r *rand.Rand, n int) []boxtree.Box {
	all := make([]boxtree.Box, n)
	for i := range all {
		p := [3]float64{r.Float64(), r.Float64(), r.Float64()}
		if i%5 == 0 {
			p = [3]float64{0.5, 0.5, float64(i%3) / 2} // equal centres
		}
		all[i] = boxtree.Box{Min: p, Max: p}.Pad(0.1 * r.Float64() * float64(i%2))
	}
	if n > 3 {
		all[3] = boxtree.Empty()
	}
	return all
}

// What the tree leaves out is lost for every query above it.
func TestTreeIsBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(20260, 4))
	for _, n := range []int{0, 1, 4, 5, 17, 300, 2000} {
		all := boxes(r, n)
		tree := boxtree.New(all)
		if tree.Len() != n {
			t.Fatalf("%d items of %d", tree.Len(), n)
		}
		for range 200 {
			p := [3]float64{2*r.Float64() - 0.5, 2*r.Float64() - 0.5, r.Float64()}
			limit := r.Float64() * r.Float64()
			var want, got []int
			nearest := math.Inf(1)
			for i := range all {
				d := all[i].Distance2(&p)
				nearest = min(nearest, d)
				if d <= limit {
					want = append(want, i)
				}
			}
			tree.Near(p, limit, func(i int, d2 float64) float64 {
				if d2 != all[i].Distance2(&p) {
					t.Fatalf("item %d is said to be at %v", i, d2)
				}
				got = append(got, i)
				return limit
			})
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Fatalf("n=%d: Near found %v, brute force %v", n, got, want)
			}
			best := math.Inf(1)
			tree.Near(p, math.MaxFloat64, func(_ int, d2 float64) float64 {
				best = min(best, d2)
				return best
			})
			if best != nearest {
				t.Fatalf("n=%d: nearest at %v, brute force %v", n, best, nearest)
			}
			b := boxtree.Box{Min: p, Max: p}.Pad(0.3 * r.Float64())
			want, got = nil, nil
			for i, c := range all {
				if c.Min[0] <= b.Max[0] && b.Min[0] <= c.Max[0] && c.Min[1] <= b.Max[1] && b.Min[1] <= c.Max[1] && c.Min[2] <= b.Max[2] && b.Min[2] <= c.Max[2] {
					want = append(want, i)
				}
			}
			tree.Overlap(b, func(i int) { got = append(got, i) })
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Fatalf("n=%d: Overlap found %v, brute force %v", n, got, want)
			}
		}
	}
}

func BenchmarkNew(b *testing.B) {
	all := boxes(rand.New(rand.NewPCG(1, 1)), 100_000)
	b.ReportAllocs()
	for b.Loop() {
		boxtree.New(all)
	}
}

package index_test

import (
	"math"
	"testing"

	"lifecircle/geo/index"
)

// What is covered is never decided by blocks otherwise than by millimetres, on the limit least of all.
func TestCoveredIsReachWithinTheLimit(t *testing.T) {
	r := random(t)
	for _, town := range towns(r) {
		x, q, n := index.NewNearest(town.shapes), index.NewQueries(town.demand, 2), len(town.demand)
		mm, idx, in := make([]int32, n), make([]int32, n), make([]bool, n)
		x.AllOf(q, 1, mm, idx)
		limits := []int32{-1, 0, 1, 500_000, 5_000_000, 2_000_000_000, math.MaxInt32 - 1, math.MaxInt32}
		for range 12 {
			at := mm[r.IntN(n)]
			limits = append(limits, max(at, 1)-1, at, min(at, math.MaxInt32-1)+1)
		}
		for _, limit := range limits {
			x.CoveredOf(q, limit, 1+r.IntN(3), in, nil)
			for i := range in {
				if want := mm[i] >= 0 && mm[i] <= limit; in[i] != want {
					t.Fatalf("%s: %v, %d mm from the nearest, limit %d: covered %v", town.name, town.demand[i], mm[i], limit, in[i])
				}
			}
		}
	}
}

// In a grid of demand whole blocks lie inside the limit, outside, and on its border.
func TestCoveredInBlocks(t *testing.T) {
	r := random(t)
	for _, town := range towns(r) {
		centre := town.demand[0]
		for i := range 4000 {
			town.demand = append(town.demand, near(r, centre, 0.08*float64(i)/4000))
		}
		x, q, n := index.NewNearest(town.shapes[:1+len(town.shapes)/8]), index.NewQueries(town.demand, 2), len(town.demand)
		mm, idx, in := make([]int32, n), make([]int32, n), make([]bool, n)
		x.AllOf(q, 2, mm, idx)
		for _, limit := range []int32{50_000, 300_000, 1_000_000, 4_000_000} {
			x.CoveredOf(q, limit, 2, in, nil)
			for i := range in {
				if in[i] != (mm[i] >= 0 && mm[i] <= limit) {
					t.Fatalf("%s: %v, %d mm from the nearest, limit %d: covered %v", town.name, town.demand[i], mm[i], limit, in[i])
				}
			}
		}
	}
}

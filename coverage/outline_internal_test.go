package coverage

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"lifecircle/geo/overlay"

	"github.com/paulmach/orb"
)

// The outline of squares, traced in whole numbers, is the union that an overlay engine finds, whatever holes and
// corners they form.
func TestOutlineIsTheUnion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "n")
		var squares []square
		base := squareOf(orb.Point{106.5, 29.5})
		for range n {
			row := base.row + rapid.Int64Range(0, 5).Draw(t, "row")
			w := squareOf(orb.Point{106.5, (float64(row) + 0.5) * 0.000225})
			squares = append(squares, square{row, w.col + rapid.Int64Range(0, 5).Draw(t, "col")})
		}
		runs := runsOf(squares)
		for _, members := range components(runs) {
			var own []run
			var gs []orb.Geometry
			for _, r := range members {
				own = append(own, runs[r])
				gs = append(gs, runs[r].polygon())
			}
			got := overlay.Normalize(outline(own))
			if err := overlay.Valid(got); err != nil {
				t.Fatalf("%v: %v", own, err)
			}
			want, err := overlay.Union(gs)
			if err != nil {
				t.Fatal(err)
			}
			rest, err := overlay.Difference(got, want)
			if err != nil {
				t.Fatal(err)
			}
			back, err := overlay.Difference(want, got)
			if err != nil {
				t.Fatal(err)
			}
			if len(rest) > 0 || len(back) > 0 || len(got) != 1 {
				t.Fatalf("%v:\n got %v\nwant %v", own, got, want)
			}
			if len(members) == 1 && !reflect.DeepEqual(got, want) {
				t.Fatalf("one run: %v, want %v", got, want)
			}
		}
	})
}

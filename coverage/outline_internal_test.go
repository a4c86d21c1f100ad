package coverage

import (
	"math"
	"reflect"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"lifecircle/geo/measure"
	"lifecircle/geo/overlay"
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

// The tiles of an area are its parts: nothing of a border square is lost or counted whole, at any latitude.
func TestTilesSumToTheArea(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x, y := rapid.Float64Range(-170, 170).Draw(t, "x"), rapid.Float64Range(-60, 60).Draw(t, "y")
		ring := orb.Ring{}
		for k := range 7 {
			r := rapid.Float64Range(0.0001, 0.002).Draw(t, "r")
			a := 2 * math.Pi * float64(k) / 7
			ring = append(ring, orb.Point{x + r*math.Cos(a), y + r*math.Sin(a)})
		}
		area := orb.MultiPolygon{{append(ring, ring[0])}}
		tiles, err := tilesOf(area)
		if err != nil {
			t.Fatal(err)
		}
		var sum int64
		for i, tile := range tiles {
			sum += tile.mm2
			if measure.Locate(area, tile.point) == measure.Outside && measure.NewShape(area).Distance(tile.point) > 0.001 {
				t.Errorf("tile %v is judged outside the land", tile.square)
			}
			if i > 0 && tiles[i-1].square == tile.square {
				t.Errorf("%v twice", tile.square)
			}
		}
		if whole := measure.AreaMM2(area); math.Abs(float64(sum-whole)) > 1e5+float64(whole)*1e-6 { // overlays round to 0.1 mm along ~1 km
			t.Errorf("tiles sum to %d mm², the land is %d", sum, whole)
		}
	})
}

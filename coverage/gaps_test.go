package coverage_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/geo/measure"
)

// squareAt is the lattice of design.md §5, literally: rows of 0.000225° from the equator, columns of 0.000225° ÷ cos of the
// row's middle, rounded to 10⁻⁹°, from 0°. It gives the square that holds a point, in 10⁻⁹°: west, south, width, height.
func squareAt(p orb.Point) (x, y, w, h int64) {
	h = 225_000
	row := int64(math.Floor(math.Round(p[1]*1e9) / float64(h)))
	middle := (float64(row) + 0.5) * 0.000225
	w = int64(math.Round(0.000225 / math.Cos(middle*math.Pi/180) * 1e9))
	col := int64(math.Floor(math.Round(p[0]*1e9) / float64(w)))
	return col * w, row * h, w, h
}

func squarePolygon(p orb.Point) orb.Polygon {
	x, y, w, h := squareAt(p)
	at := func(x, y int64) orb.Point { return orb.Point{float64(x) / 1e9, float64(y) / 1e9} }
	return orb.Polygon{{at(x, y), at(x+w, y), at(x+w, y+h), at(x, y+h), at(x, y)}}
}

// middleOf gives the middle of the lattice square of a point.
func middleOf(p orb.Point) orb.Point {
	x, y, w, h := squareAt(p)
	return orb.Point{(float64(x) + float64(w)/2) / 1e9, (float64(y) + float64(h)/2) / 1e9}
}

func gapsOf(run *coverage.Run, requirement string) (out []coverage.Gap) {
	for _, g := range run.Gaps {
		if run.Requirements[g.Requirement].ID == requirement {
			out = append(out, g)
		}
	}
	return out
}

const far100 = `
requirements:
  - {id: r, service: clinic, tier: "15", limit: {radius_m: 100}, denominator: population}
`

// The gap of a lonely home is its square of the fixed lattice, vertex by vertex.
func TestGapOfAPointIsItsLatticeSquare(t *testing.T) {
	home := middleOf(xy(300, 300))
	run := assess(t, book(t, far100), coverage.Params{}, oneUnit(), everywhere("f", "clinic", map[string]orb.Geometry{"f": xy(-500, 0)}), onePerson(home))
	if len(run.Gaps) != 1 {
		t.Fatalf("%d gaps", len(run.Gaps))
	}
	g := run.Gaps[0]
	if want := squarePolygon(home); fmt.Sprint(g.Geometry) != fmt.Sprint(orb.MultiPolygon{want}) {
		t.Errorf("%v, want %v", g.Geometry, want)
	}
	if d := math.Sqrt(float64(g.AreaMM2)) / 1000; math.Abs(d-25) > 0.2 {
		t.Errorf("the square is %.3f m wide", d)
	}
	mm := int64(measure.Millimetres(measure.Distance(xy(-500, 0), home)))
	if g.People != 1000 || g.State != "uncovered" || g.NearestMM != mm || g.NearestMax != mm || g.ID != "a/r/0001" || g.Cluster != g.ID {
		t.Errorf("%+v, %d mm", g, mm)
	}
}

// West of Greenwich and south of the equator the lattice goes on.
func TestLatticeInEveryQuarter(t *testing.T) {
	for _, at := range []orb.Point{{106.5, 29.5}, {-70.25, -33.4}, {-0.0001, 51.5}, {0.0001, -0.0001}, {23.7, 37.9}} {
		home := middleOf(at)
		box := orb.Polygon{{{at[0] - 0.01, at[1] - 0.01}, {at[0] + 0.01, at[1] - 0.01}, {at[0] + 0.01, at[1] + 0.01}, {at[0] - 0.01, at[1] + 0.01}, {at[0] - 0.01, at[1] - 0.01}}}
		run := assess(t, book(t, far100), coverage.Params{}, units("u", map[string]orb.Polygon{"a": box}), everywhere("f", "clinic", map[string]orb.Geometry{"f": orb.Point{at[0] + 0.008, at[1]}}), onePerson(home))
		if len(run.Gaps) != 1 || fmt.Sprint(run.Gaps[0].Geometry) != fmt.Sprint(orb.MultiPolygon{squarePolygon(home)}) {
			t.Errorf("%v: %v, want %v", at, run.Gaps, squarePolygon(home))
		}
	}
}

// A point on a line of the lattice has one square, the one north and east of it.
func TestPointsOnLatticeLines(t *testing.T) {
	x, y, w, h := squareAt(xy(300, 300))
	corner := orb.Point{float64(x) / 1e9, float64(y) / 1e9}
	edge := orb.Point{float64(x) / 1e9, float64(y+h/2) / 1e9}
	low := orb.Point{float64(x+w/2) / 1e9, float64(y) / 1e9}
	for name, home := range map[string]orb.Point{"corner": corner, "west edge": edge, "south edge": low} {
		run := assess(t, book(t, far100), coverage.Params{}, oneUnit(), everywhere("f", "clinic", map[string]orb.Geometry{"f": xy(-500, 0)}), onePerson(home))
		if len(run.Gaps) != 1 || run.Gaps[0].People != 1000 || fmt.Sprint(run.Gaps[0].Geometry) != fmt.Sprint(orb.MultiPolygon{squarePolygon(xy(300, 300))}) {
			t.Errorf("%s: %v", name, run.Gaps)
		}
	}
}

// What people stand in a gap is what is missing, at every place where a square and a border can meet.
func TestGapsOfPeopleSumAndStayInside(t *testing.T) {
	x, y, _, _ := squareAt(xy(300, 300))
	line := orb.Point{float64(x) / 1e9, float64(y) / 1e9}
	o := xy(-700, -700)
	onLines := orb.Polygon{{o, {line[0], o[1]}, line, {o[0], line[1]}, o}} // its north-east corner is a corner of the lattice
	slanted := orb.Polygon{{xy(-500, -500), xy(512, -333), xy(417, 501), xy(-498, 489), xy(-500, -500)}}
	bay := orb.Polygon{{xy(-500, -500), xy(500, -500), xy(500, 500), xy(10, 500), xy(5, -400), xy(0, 500), xy(-500, 500), xy(-500, -500)}}
	along := func(a, b orb.Point, n int) (out []orb.Geometry) {
		for i := range n + 1 {
			f := float64(i) / float64(n)
			out = append(out, orb.Point{a[0] + f*(b[0]-a[0]), a[1] + f*(b[1]-a[1])})
		}
		return out
	}
	for _, c := range []struct {
		name string
		unit orb.Polygon
		at   []orb.Geometry
	}{
		{"on lattice lines that are borders", onLines, []orb.Geometry{line, orb.Point{line[0], xy(0, 0)[1]}, orb.Point{xy(0, 0)[0], line[1]}}},
		{"along a slanted border", slanted, along(slanted[0][1], slanted[0][2], 37)},
		{"along another", slanted, along(slanted[0][0], slanted[0][1], 41)},
		{"around a narrow bay", bay, append(along(xy(11, 490), xy(6, -390), 40), along(xy(-1, 490), xy(4, -390), 40)...)},
		{"cells and points together", slanted, append(along(xy(-300, -300), xy(300, 300), 20), rect(-450, 100, -350, 200), rect(-350, 100, -250, 200), rect(-520, 300, -480, 400))},
	} {
		t.Run(c.name, func(t *testing.T) {
			at, n := map[string]orb.Geometry{}, map[string]int64{}
			for i, p := range c.at {
				at[fmt.Sprint(i)], n[fmt.Sprint(i)] = p, int64(i+1)
			}
			run := assess(t, book(t, far100), coverage.Params{}, units("u", map[string]orb.Polygon{"a": c.unit}),
				surveyedIn("f", "clinic", rect(-2000, -2000, 300, 2000), map[string]orb.Geometry{"f": xy(-400, -400)}), people("p", at, n))
			cell := cell(t, run, "a", "r")
			var missing, open int64
			for _, g := range run.Gaps {
				if g.People <= 0 || g.AreaMM2 <= 0 {
					t.Errorf("an empty gap: %+v", g)
				}
				if g.State == "undetermined" {
					open += g.People
				}
				missing += g.People
				near := measure.NewShape(c.unit)
				for _, poly := range g.Geometry {
					for _, ring := range poly {
						for _, v := range ring {
							if near.Distance(v) > 0.001 {
								t.Errorf("gap %s leaves the neighborhood at %v by %.3f m", g.ID, v, near.Distance(v))
							}
						}
					}
				}
			}
			if cell.Total == 0 || missing != cell.Total-cell.Covered || open != cell.Undetermined {
				t.Errorf("in gaps %d, %d of them undetermined, of %s", missing, open, sums(cell))
			}
		})
	}
}

// Squares that share an edge are one gap; those that share a corner are two.
func TestGapsAreConnectedParts(t *testing.T) {
	m := middleOf(xy(300, 300))
	_, _, w, h := squareAt(m)
	step := func(dx, dy float64) orb.Geometry {
		return orb.Point{m[0] + dx*float64(w)/1e9, m[1] + dy*float64(h)/1e9}
	}
	for _, c := range []struct {
		name string
		at   map[string]orb.Geometry
		want int
	}{
		{"side by side", map[string]orb.Geometry{"1": step(0, 0), "2": step(1, 0)}, 1},
		{"one above the other", map[string]orb.Geometry{"1": step(0, 0), "2": step(0, 1)}, 1},
		{"in one square", map[string]orb.Geometry{"1": step(0, 0), "2": step(0.2, 0.2)}, 1},
		{"a square between", map[string]orb.Geometry{"1": step(0, 0), "2": step(2, 0)}, 2},
		{"a square between, inhabited", map[string]orb.Geometry{"1": step(0, 0), "2": step(2, 0), "3": step(1, 0)}, 1},
		{"two cells with a common border", map[string]orb.Geometry{"1": rect(300, 300, 400, 400), "2": rect(400, 300, 500, 400)}, 1},
		{"two cells with a common corner", map[string]orb.Geometry{"1": rect(300, 300, 400, 400), "2": rect(400, 400, 500, 500)}, 2},
		{"two cells, one cut by the neighborhood's border", map[string]orb.Geometry{"1": rect(850, 300, 950, 400), "2": rect(950, 300, 1050, 400)}, 1},
		{"a cell and a point in it", map[string]orb.Geometry{"1": rect(300, 300, 400, 400), "2": xy(350, 350)}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := map[string]int64{}
			for id := range c.at {
				n[id] = 1
			}
			run := assess(t, book(t, far100), coverage.Params{}, oneUnit(), everywhere("f", "clinic", map[string]orb.Geometry{"f": xy(-500, 0)}), people("p", c.at, n))
			if len(run.Gaps) != c.want {
				t.Errorf("%d gaps, want %d", len(run.Gaps), c.want)
			}
		})
	}
}

// nearest_m weighs people, and half a millimetre goes up.
func TestNearestOfAGap(t *testing.T) {
	m := middleOf(xy(300, 300))
	a, b := orb.Point{m[0] + 3e-5, m[1]}, orb.Point{m[0] - 3e-5, m[1]}
	f := xy(-500, 0)
	da, db := int64(measure.Millimetres(measure.Distance(f, a))), int64(measure.Millimetres(measure.Distance(f, b)))
	for _, n := range [][2]int64{{1, 1}, {3, 1}, {1, 2}, {7, 9}} {
		run := assess(t, book(t, far100), coverage.Params{}, oneUnit(), everywhere("f", "clinic", map[string]orb.Geometry{"f": f}),
			people("p", map[string]orb.Geometry{"a": a, "b": b}, map[string]int64{"a": n[0], "b": n[1]}))
		mean := (2*(n[0]*da+n[1]*db) + n[0] + n[1]) / (2 * (n[0] + n[1])) // half up
		if len(run.Gaps) != 1 || run.Gaps[0].NearestMM != mean || run.Gaps[0].NearestMax != max(da, db) {
			t.Errorf("%v people: %+v, want %d and %d", n, run.Gaps, mean, max(da, db))
		}
	}
	run := assess(t, book(t, far100), coverage.Params{}, oneUnit(), everywhere("f", "clinic", nil), onePerson(a))
	if r := records(t, run.GapsTable())[0]; r["nearest_m"] != "" || r["nearest_max_m"] != "" || r["people"] != "1.000" {
		t.Errorf("without any facility: %v", r)
	}
}

// What lies on both sides of a community's border is one cluster.
func TestClustersJoinAcrossNeighborhoods(t *testing.T) {
	us := units("community", map[string]orb.Polygon{"a": rect(-1000, -1000, 0, 1000), "b": rect(0, -1000, 1000, 1000), "c": rect(1000, -1000, 2000, 1000)})
	f := everywhere("f", "clinic", map[string]orb.Geometry{"f": xy(-900, -900)})
	clusters := func(layers ...*coverage.Layer) string {
		run := assess(t, book(t, far100+"  - {id: l, service: clinic, tier: \"15\", limit: {radius_m: 100}, denominator: land}\n"), coverage.Params{}, append(layers, us, f)...)
		var out []string
		for _, g := range run.Gaps {
			out = append(out, g.ID+">"+g.Cluster)
		}
		return strings.Join(out, " ")
	}
	if got := clusters(people("p", map[string]orb.Geometry{"1": rect(-60, 0, 40, 100), "2": xy(1500, 500)}, map[string]int64{"1": 10, "2": 1})); got != "a/r/0001>a/r/0001 b/r/0001>a/r/0001 c/r/0001>c/r/0001" {
		t.Errorf("people: %s", got)
	}
	if got := clusters(land(rect(-60, 0, 40, 100), rect(1500, 0, 1600, 100))); got != "a/l/0001>a/l/0001 b/l/0001>a/l/0001 c/l/0001>c/l/0001" {
		t.Errorf("land: %s", got)
	}
}

// Gaps of land are the land beyond the limit: their areas are what is missing, and the nearest columns are those of the
// lattice's middles in them.
func TestGapsOfLand(t *testing.T) {
	const yaml = `
requirements:
  - {id: r, service: clinic, tier: "15", limit: {radius_m: 500}, denominator: land}
`
	at := map[string]orb.Geometry{"f": xy(0, 0), "g": xy(700, 100)}
	us := units("community", map[string]orb.Polygon{"a": rect(-1000, -1000, 0, 1000), "b": rect(0, -1000, 1000, 1000)})
	parcels := []orb.Polygon{rect(-700, -700, 650, 600), rect(800, 800, 950, 950)}
	for _, c := range []struct {
		name string
		list *coverage.Layer
	}{
		{"surveyed", everywhere("f", "clinic", at)}, {"not surveyed", unsurveyed("f", "clinic", at)},
		{"surveyed in part", surveyedIn("f", "clinic", rect(-1100, -900, 2000, 2000), at)}, {"no facility", everywhere("f", "clinic", nil)},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := assess(t, book(t, yaml), coverage.Params{}, us, c.list, land(parcels...))
			for u, id := range []string{"a", "b"} {
				cell := cell(t, run, id, "r")
				var missing, open int64
				for _, g := range run.Gaps {
					if g.Subject != u {
						continue
					}
					missing += g.AreaMM2
					if g.State == "undetermined" {
						open += g.AreaMM2
					}
					if g.People != coverage.Unknown {
						t.Errorf("people in land: %+v", g)
					}
					if drawn := measure.AreaMM2(g.Geometry); math.Abs(float64(drawn-g.AreaMM2)) > float64(drawn)*1e-3+1e6 {
						t.Errorf("%s is drawn with %d mm² and has %d", g.ID, drawn, g.AreaMM2)
					}
					wantNearest(t, g, c.list)
				}
				if missing != cell.Total-cell.Covered || open != cell.Undetermined {
					t.Errorf("%s: gaps of %d mm², %d of them undetermined, of %s", id, missing, open, sums(cell))
				}
			}
			for _, r := range records(t, run.GapsTable()) {
				if r["people"] != "" {
					t.Errorf("people: %v", r)
				}
			}
		})
	}
}

// wantNearest computes a land gap's nearest columns again, square by square of the lattice.
func wantNearest(t *testing.T, g coverage.Gap, list *coverage.Layer) {
	t.Helper()
	if list.Len() == 0 {
		if g.NearestMM != coverage.Unknown || g.NearestMax != coverage.Unknown {
			t.Errorf("%s: %d %d without a facility", g.ID, g.NearestMM, g.NearestMax)
		}
		return
	}
	b := g.Geometry.Bound()
	var sum, n, most int64
	for y := b.Min[1] - 0.000225; y < b.Max[1]+0.000225; y += 0.000225 {
		_, _, w, _ := squareAt(orb.Point{b.Min[0], y})
		for x := b.Min[0] - float64(w)/1e9; x < b.Max[0]+float64(w)/1e9; x += float64(w) / 1e9 {
			m := middleOf(orb.Point{x, y})
			if measure.Locate(g.Geometry, m) != measure.Inside {
				continue
			}
			d := int64(math.MaxInt64)
			for i := range list.Len() {
				d = min(d, int64(measure.Millimetres(measure.Distance(list.Geometry(i).(orb.Point), m))))
			}
			sum, n, most = sum+d, n+1, max(most, d)
		}
	}
	if n > 0 && (g.NearestMM != (2*sum+n)/(2*n) || g.NearestMax != most) {
		t.Errorf("%s: nearest %d and %d mm, want %d and %d over %d middles", g.ID, g.NearestMM, g.NearestMax, (2*sum+n)/(2*n), most, n)
	}
}

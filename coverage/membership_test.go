package coverage_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/geo/measure"
)

// everyone is reached: totals show who belongs where.
const everyone = `
requirements:
  - {id: r, service: clinic, tier: "15", limit: {radius_m: 100000}, denominator: population}
`

func anyClinic() *coverage.Layer {
	return everywhere("clinics", "clinic", map[string]orb.Geometry{"f": xy(0, 0)})
}

// A person on the border of two communities must count once, and one in an overlap in both.
func TestPointMembership(t *testing.T) {
	// a and b share the border x = 0; c overlaps both; d lies apart and shares a corner with nobody
	us := units("community", map[string]orb.Polygon{
		"a": rect(-1000, 0, 0, 1000), "b": rect(0, 0, 1000, 1000), "c": rect(-200, 400, 200, 600), "d": rect(3000, 0, 4000, 1000),
	})
	onBorder := orb.Point{xy(0, 0)[0], (us.Shapes[0].(orb.Polygon)[0][1][1] + us.Shapes[0].(orb.Polygon)[0][2][1]) / 2}
	for _, c := range []struct {
		name string
		at   orb.Point
		want string // units that count it
	}{
		{"inside one", xy(-500, 300), "a"},
		{"inside two that overlap", xy(-100, 500), "ac"},
		{"on the border of two, inside a third", onBorder, "c"},
		{"on the border of two: the smallest id", us.Shapes[0].(orb.Polygon)[0][1], "a"},
		{"on the border of one, inside nobody", us.Shapes[3].(orb.Polygon)[0][0], "d"},
		{"in none", xy(2000, 500), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := assess(t, book(t, everyone), coverage.Params{}, us, anyClinic(),
				people("p", map[string]orb.Geometry{"x": c.at}, map[string]int64{"x": 7}))
			got := ""
			for _, id := range []string{"a", "b", "c", "d"} {
				if n := cell(t, run, id, "r").Total; n == 7000 {
					got += id
				} else if n != 0 {
					t.Errorf("%s counts %d", id, n)
				}
			}
			if got != c.want {
				t.Errorf("belongs to %q, want %q", got, c.want)
			}
			if hasMark(run, "demand_outside") != (c.want == "") {
				t.Errorf("demand in no neighborhood is reported: %v", hasMark(run, "demand_outside"))
			}
		})
	}
}

// Ids are compared by bytes: 10 comes before 9.
func TestBorderGoesToTheSmallestIDByBytes(t *testing.T) {
	us := units("community", map[string]orb.Polygon{"9": rect(-1000, 0, 0, 1000), "10": rect(0, 0, 1000, 1000)})
	run := assess(t, book(t, everyone), coverage.Params{}, us, anyClinic(),
		people("p", map[string]orb.Geometry{"x": us.Shapes[0].(orb.Polygon)[0][0]}, map[string]int64{"x": 1}))
	if n := cell(t, run, "10", "r").Total; n != 1000 {
		t.Errorf("10 counts %d, 9 counts %d", n, cell(t, run, "9", "r").Total)
	}
}

// reachRows runs table reach over an in-memory project.
func reachRows(t tester, yaml string, p coverage.Params, layers ...*coverage.Layer) []map[string]string {
	t.Helper()
	st := newMemory(layers...)
	table, err := coverage.ReachTable(context.Background(), st, assess(t, book(t, yaml), p, layers...), coverage.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	return records(t, table)
}

// A census cell across a border is shared by area, and nobody is lost: the rest piece stays in table reach.
func TestCellsAreCutByBorders(t *testing.T) {
	us := units("community", map[string]orb.Polygon{"a": rect(-1000, -1000, 0, 1000), "b": rect(0, -1000, 300, 1000)})
	for _, c := range []struct {
		name       string
		cell       orb.Geometry
		people     int64 // thousandths
		a, b, rest float64
	}{
		{"wholly inside", rect(-300, 0, -200, 100), 12_345, 12.345, 0, 0},
		{"half and half", rect(-50, 0, 50, 100), 10_001, 5.0005, 5.0005, 0},
		{"a third outside all", rect(-100, 0, 500, 100), 600_000, 100, 300, 200},
		{"outside", rect(1000, 0, 1100, 100), 5_000, 0, 0, 5},
		{"its border on the border of units", rect(-100, 0, 0, 100), 999_999, 999.999, 0, 0},
		{"two parts, one on each side", orb.MultiPolygon{rect(-200, 0, -100, 100), rect(100, 0, 200, 100)}, 8_000, 4, 4, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			demand := people("p", map[string]orb.Geometry{"x": c.cell}, nil)
			change(demand, func(l *coverage.Layer) { l.Measures[0].Values[0] = c.people })
			run := assess(t, book(t, everyone), coverage.Params{}, us, anyClinic(), demand)
			near := func(what string, got int64, want float64) {
				t.Helper()
				if math.Abs(float64(got)-want*1000) > 0.51+want*1000*1e-6 {
					t.Errorf("%s: %d thousandths, want %.4f", what, got, want*1000)
				}
			}
			near("a", cell(t, run, "a", "r").Total, c.a)
			near("b", cell(t, run, "b", "r").Total, c.b)
			rest := 0.0
			for _, r := range reachRows(t, everyone, coverage.Params{}, us, anyClinic(), demand) {
				if r["neighborhood_id"] == "" {
					fmt.Sscan(r["weight"], &rest)
				}
			}
			near("none", int64(rest*1000+0.5), c.rest)
		})
	}
}

// Half of one thousandth is rounded up, on both sides.
func TestWeightsAreRoundedHalfUp(t *testing.T) {
	// the same longitudes left and right, so that the halves are equal to the last mm²
	o := xy(0, 0)
	box := func(x0, x1 float64) orb.Polygon {
		return orb.Polygon{{{o[0] + x0, o[1]}, {o[0] + x1, o[1]}, {o[0] + x1, o[1] + 0.001}, {o[0] + x0, o[1] + 0.001}, {o[0] + x0, o[1]}}}
	}
	us := units("community", map[string]orb.Polygon{"a": box(-0.004, 0), "b": box(0, 0.004)})
	demand := people("p", map[string]orb.Geometry{"x": box(-0.0005, 0.0005)}, nil)
	change(demand, func(l *coverage.Layer) { l.Measures[0].Values[0] = 1 })
	run := assess(t, book(t, everyone), coverage.Params{}, us, anyClinic(), demand)
	if a, b := cell(t, run, "a", "r").Total, cell(t, run, "b", "r").Total; a != 1 || b != 1 {
		t.Errorf("halves of 0.001 people: %d and %d thousandths, want 1 and 1", a, b)
	}
}

// The parts of a cell in one neighborhood are one piece, judged at one point: its centroid, or if that lies outside, a
// point on its surface.
func TestPiecesAreJudgedTogether(t *testing.T) {
	us := oneUnit()
	ring := orb.Polygon(append(rect(-300, -300, 300, 300), rect(-290, -290, 290, 290)[0]))
	for _, c := range []struct {
		name string
		cell orb.Geometry
		want func(orb.Point) bool
	}{
		{"a square at its centroid", rect(100, 100, 200, 200), func(p orb.Point) bool { return measure.Distance(p, xy(150, 150)) < 0.01 }},
		{"a ring on its surface", ring, func(p orb.Point) bool { return measure.Locate(ring, p) != measure.Outside }},
		{"two parts on one of them", orb.MultiPolygon{rect(-400, 0, -300, 100), rect(300, 0, 400, 100)}, func(p orb.Point) bool {
			return measure.Locate(rect(-400, 0, -300, 100), p) != measure.Outside || measure.Locate(rect(300, 0, 400, 100), p) != measure.Outside
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows := reachRows(t, everyone, coverage.Params{}, us, anyClinic(), people("p", map[string]orb.Geometry{"x": c.cell}, map[string]int64{"x": 10}))
			if len(rows) != 1 || rows[0]["weight"] != "10.000" {
				t.Fatalf("pieces: %v", rows)
			}
			var p orb.Point
			fmt.Sscan(rows[0]["lon"], &p[0])
			fmt.Sscan(rows[0]["lat"], &p[1])
			if !c.want(p) {
				t.Errorf("judged at %v", p)
			}
		})
	}
}

// Overlapping communities may each count a person; their street must count them once, and a cell is cut anew with the union.
func TestParentsAreUnions(t *testing.T) {
	us := change(units("community", map[string]orb.Polygon{
		"a": rect(-1000, -500, 200, 500), "b": rect(-200, -500, 1000, 500), "c": rect(2000, -500, 3000, 500),
	}), parents("street", map[string]string{"a": "s", "b": "s", "c": "t"}))
	run := assess(t, book(t, everyone), coverage.Params{}, us, anyClinic(),
		people("p", map[string]orb.Geometry{"both": xy(0, 0), "cell": rect(-400, 0, 400, 100), "half": rect(1900, 0, 2100, 100)},
			map[string]int64{"both": 10, "cell": 800, "half": 30}))
	for _, c := range []struct {
		id   string
		want int64
	}{{"a", 610_000}, {"b", 610_000}, {"s", 810_000}, {"c", 15_000}, {"t", 15_000}} {
		if got := cell(t, run, c.id, "r").Total; math.Abs(float64(got-c.want)) > 2 {
			t.Errorf("%s counts %d thousandths, want %d", c.id, got, c.want)
		}
	}
}

// A street's share is that of its people, never the mean of its communities' shares.
func TestParentShareIsNoAverage(t *testing.T) {
	us := change(units("community", map[string]orb.Polygon{"a": rect(-1000, -500, 0, 500), "b": rect(0, -500, 1000, 500)}),
		parents("street", map[string]string{"a": "s", "b": "s"}))
	run := assess(t, book(t, clinic500), coverage.Params{}, us, everywhere("clinics", "clinic", map[string]orb.Geometry{"f": xy(-300, 0)}),
		people("p", map[string]orb.Geometry{"near": xy(-300, 10), "far": xy(900, 0)}, map[string]int64{"near": 10, "far": 990}))
	if got := sums(cell(t, run, "s", "clinic-15")); got != "1000000 10000 0 unmet" {
		t.Errorf("street: %s", got)
	}
	c := cell(t, run, "s", "clinic-15")
	if c.UnitsMet != 1 || c.UnitsJudged != 2 {
		t.Errorf("units met %d of %d, want 1 of 2", c.UnitsMet, c.UnitsJudged)
	}
}

// A circle belongs to two streets, streets do not nest in the district: everybody is counted once in each parent.
func TestParentsNeedNotNest(t *testing.T) {
	us := change(units("circle", map[string]orb.Polygon{"a": rect(-1000, 0, 0, 500), "b": rect(0, 0, 1000, 500), "c": rect(1000, 0, 2000, 500)}),
		func(l *coverage.Layer) {
			parents("street", map[string]string{"a": "s", "b": "s t", "c": "t"})(l)
			parents("district", map[string]string{"a": "d", "c": "d"})(l)
		})
	run := assess(t, book(t, everyone), coverage.Params{}, us, anyClinic(),
		people("p", map[string]orb.Geometry{"1": xy(-500, 100), "2": xy(500, 100), "3": xy(1500, 100)}, map[string]int64{"1": 1, "2": 10, "3": 100}))
	for id, want := range map[string]int64{"s": 11_000, "t": 110_000, "d": 101_000} {
		if got := cell(t, run, id, "r").Total; got != want {
			t.Errorf("%s counts %d thousandths, want %d", id, got, want)
		}
	}
	levels := ""
	for _, r := range records(t, run.ScoresTable()) {
		if r["scope"] == "overall" {
			levels += r["neighborhood_id"] + "=" + r["level"] + "/" + r["units"] + " "
		}
	}
	if levels != "a=unit/ b=unit/ c=unit/ d=district/2 s=street/2 t=street/2 " {
		t.Errorf("levels: %s", levels)
	}
}

// Demand layers add up; a value that is not known counts as nobody and is said.
func TestDemandLayersAddUp(t *testing.T) {
	run := assess(t, book(t, everyone), coverage.Params{}, oneUnit(), anyClinic(),
		people("p1", map[string]orb.Geometry{"x": xy(0, 0)}, map[string]int64{"x": 3}),
		people("p2", map[string]orb.Geometry{"x": xy(0, 0)}, map[string]int64{"x": 4}))
	if got := cell(t, run, "a", "r").Total; got != 7000 {
		t.Errorf("two layers: %d", got)
	}
	unknown := change(people("p", map[string]orb.Geometry{"x": xy(0, 0), "y": rect(-1100, 0, -900, 100)}, map[string]int64{"x": 3}),
		func(l *coverage.Layer) { l.Measures[0].Values[1] = coverage.Unknown })
	run = assess(t, book(t, everyone), coverage.Params{}, oneUnit(), anyClinic(), unknown)
	if got := cell(t, run, "a", "r").Total; got != 3000 {
		t.Errorf("with an unknown: %d", got)
	}
	for _, m := range run.Marks {
		if m.Code == "unknown_demand" && m.Text.En != "population is unknown for 1 places of demand and counts as 0" {
			t.Errorf("mark: %s", m.Text.En)
		}
	}
	if !hasMark(run, "unknown_demand") {
		t.Error("unknown demand is not said")
	}
}

// A cell of 9.3 km² and more inside a vast one must not be taken for a sliver.
func TestVastCells(t *testing.T) {
	us := units("district", map[string]orb.Polygon{"a": rect(0, 0, 3100, 3100), "b": rect(3100, 0, 6200, 3100)})
	run := assess(t, book(t, everyone), coverage.Params{}, us, anyClinic(),
		people("p", map[string]orb.Geometry{"x": rect(0, 0, 6200, 3100)}, map[string]int64{"x": 1000}))
	for _, id := range []string{"a", "b"} {
		if got := cell(t, run, id, "r").Total; math.Abs(float64(got-500_000)) > 100 {
			t.Errorf("%s counts %d", id, got)
		}
	}
}

// Cells wider than a third of the smallest limit are warned about; others are not.
func TestWideCellsAreWarnedAbout(t *testing.T) {
	for _, c := range []struct {
		width float64
		want  bool
	}{{166, false}, {168, true}} {
		run := assess(t, book(t, clinic500), coverage.Params{}, oneUnit(), anyClinic(),
			people("p", map[string]orb.Geometry{"x": rect(0, 0, c.width, 50)}, map[string]int64{"x": 1}))
		if got := hasMark(run, "wide_cells"); got != c.want {
			t.Errorf("a cell of %.0f m under a limit of 500 m: warned %v", c.width, got)
		}
	}
}

// People known only per community are spread over buildings by floor area, else footprint, else land, to the last one.
func TestKnownTotals(t *testing.T) {
	us := change(units("community", map[string]orb.Polygon{"a": rect(-1000, -1000, 0, 1000), "b": rect(0, -1000, 1000, 1000)}),
		totals("population", map[string]int64{"a": 100, "b": 11}))
	homes := map[string]orb.Geometry{"1": xy(-500, 0), "2": xy(-400, 0), "3": xy(-300, 0), "4": xy(500, 0)}
	for _, c := range []struct {
		name string
		more []*coverage.Layer
		want map[string]string // demand_id → weight
	}{
		{"by floor area", []*coverage.Layer{buildings(homes, map[string]int64{"1": 1, "2": 1, "3": 1, "4": 1}, map[string]int64{"1": 1, "2": 1, "3": 2, "4": 9})},
			map[string]string{"1": "25.000", "2": "25.000", "3": "50.000", "4": "11.000"}},
		{"by footprint where a floor area is missing", []*coverage.Layer{buildings(homes, map[string]int64{"1": 1, "2": 3, "3": 4, "4": 1}, map[string]int64{"1": 1, "2": 1})},
			map[string]string{"1": "12.500", "2": "37.500", "3": "50.000", "4": "11.000"}},
		{"by largest remainder, ties to the smallest id", []*coverage.Layer{buildings(homes, map[string]int64{"1": 1, "2": 1, "3": 1, "4": 1}, nil)},
			map[string]string{"1": "33.334", "2": "33.333", "3": "33.333", "4": "11.000"}},
		{"alike where no area is known", []*coverage.Layer{buildings(homes, nil, nil)},
			map[string]string{"1": "33.334", "2": "33.333", "3": "33.333", "4": "11.000"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			layers := append([]*coverage.Layer{us, anyClinic()}, c.more...)
			run := assess(t, book(t, everyone), coverage.Params{}, layers...)
			got := map[string]string{}
			for _, r := range reachRows(t, everyone, coverage.Params{}, layers...) {
				got[r["demand_id"]] = r["weight"]
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("spread %v, want %v", got, c.want)
			}
			if a, b := cell(t, run, "a", "r").Total, cell(t, run, "b", "r").Total; a != 100_000 || b != 11_000 {
				t.Errorf("totals %d and %d", a, b)
			}
			if !hasMark(run, "modelled_placement") || !run.Requirements[0].Modelled {
				t.Errorf("the placement is not marked as modelled: %v", run.Marks)
			}
		})
	}
	t.Run("over residential land", func(t *testing.T) {
		run := assess(t, book(t, everyone), coverage.Params{}, us, anyClinic(), land(rect(-500, 0, -300, 200), rect(100, 0, 103, 2)))
		if a, b := cell(t, run, "a", "r").Total, cell(t, run, "b", "r").Total; a != 100_000 || b != 11_000 {
			t.Errorf("totals %d and %d (b has less land than a lattice square)", a, b)
		}
		if !hasMark(run, "modelled_placement") {
			t.Error("not marked")
		}
	})
	t.Run("a unit with neither is reported", func(t *testing.T) {
		run := assess(t, book(t, everyone), coverage.Params{}, us, anyClinic(), land(rect(-500, 0, -300, 200)))
		if c := cell(t, run, "b", "r"); c.Total != 0 || c.Verdict != coverage.NotAssessed || !hasMark(run, "unplaced_totals") {
			t.Errorf("%+v %v", c, run.Marks)
		}
	})
	t.Run("never when a demand layer carries the measure", func(t *testing.T) {
		run := assess(t, book(t, everyone), coverage.Params{}, us, anyClinic(), land(rect(-500, 0, -300, 200)),
			people("p", map[string]orb.Geometry{"x": xy(-10, 0)}, map[string]int64{"x": 5}))
		if a, b := cell(t, run, "a", "r").Total, cell(t, run, "b", "r").Total; a != 5000 || b != 0 || hasMark(run, "modelled_placement") {
			t.Errorf("totals %d and %d, marks %v", a, b, run.Marks)
		}
	})
	t.Run("a table of attributes speaks last", func(t *testing.T) {
		table := &coverage.Layer{Info: coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: coverage.RoleAttributes, Name: "census"}}, IDs: []string{"a"}}
		table.Measures = []coverage.Measure{measureOf(table, "population", map[string]int64{"a": 40})}
		run := assess(t, book(t, everyone), coverage.Params{}, us, anyClinic(), buildings(homes, nil, nil), seal(table))
		if a, b := cell(t, run, "a", "r").Total, cell(t, run, "b", "r").Total; a != 40_000 || b != 11_000 {
			t.Errorf("totals %d and %d", a, b)
		}
	})
	t.Run("a community without a count is said", func(t *testing.T) {
		some := change(units("community", map[string]orb.Polygon{"a": rect(-1000, -1000, 0, 1000), "b": rect(0, -1000, 1000, 1000)}),
			totals("population", map[string]int64{"a": 100}))
		run := assess(t, book(t, everyone), coverage.Params{}, some, anyClinic(), buildings(homes, nil, nil))
		if !hasMark(run, "unknown_totals") || cell(t, run, "b", "r").Verdict != coverage.NotAssessed {
			t.Errorf("marks %v", run.Marks)
		}
	})
}

// Two layers of units may use the same ids: their rows stay apart.
func TestUnitsOfTwoLayersWithTheSameID(t *testing.T) {
	run := assess(t, book(t, clinic500), coverage.Params{},
		units("community", map[string]orb.Polygon{"1": rect(-1000, 0, 0, 1000)}),
		change(units("circle", map[string]orb.Polygon{"1": rect(0, 0, 1000, 1000)}), named("circles")),
		everywhere("clinics", "clinic", map[string]orb.Geometry{"f": xy(5000, 0)}),
		people("p", map[string]orb.Geometry{"x": xy(-500, 500), "y": xy(500, 500)}, map[string]int64{"x": 1, "y": 2}))
	for _, name := range []string{"scores", "coverage", "matrix", "gaps"} {
		table, _ := run.Table(name)
		records(t, table) // looks for ids that are not unique
	}
}

// Where areas are numbered from 1, a table says of none of the parents what it is called, and a table of people never does.
func TestNumbersAreNoNamesOfParents(t *testing.T) {
	us := units("community", map[string]orb.Polygon{"1": rect(0, 0, 1000, 1000), "2": rect(1000, 0, 2000, 1000)})
	us.Names = []string{"", ""}
	us.Parents = []coverage.ParentColumn{{Level: "street", Parents: [][]string{{"1"}, {"7"}}}, {Level: "district", Parents: [][]string{{"7"}, {"9"}}}}
	names := &coverage.Layer{Info: coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: coverage.RoleAttributes, Name: "names"}}, IDs: []string{"1", "7"}, Names: []string{"北门社区", "七号"}}
	counts := &coverage.Layer{Info: coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: coverage.RoleAttributes, Name: "people"}}, IDs: []string{"2", "9"}, Names: []string{"南门社区", "九区"},
		Measures: []coverage.Measure{{Name: "population", Values: []int64{1000, 2000}}}}
	for _, l := range []*coverage.Layer{names, counts} {
		l.Info.Hash = l.ComputeHash()
	}
	run := assess(t, book(t, everyone), coverage.Params{}, us, anyClinic(), names, counts, people("p", map[string]orb.Geometry{"x": xy(500, 500)}, map[string]int64{"x": 7}))
	var got []string
	for _, s := range run.Subjects {
		got = append(got, s.Level+" "+s.ID+" "+s.Name)
	}
	if d := cmp.Diff([]string{"unit 1 北门社区", "unit 2 ", "district 7 7", "district 9 9", "street 1 1", "street 7 7"}, got); d != "" {
		t.Error(d)
	}
}

// A street is called what a table of names calls it, in every table; its id stays its code.
func TestParentsHaveNames(t *testing.T) {
	us := units("community", map[string]orb.Polygon{"500103001001": rect(0, 0, 1000, 1000), "500103001002": rect(1000, 0, 2000, 1000)})
	us.Names = []string{"", "自己的名称"}
	us.Parents = []coverage.ParentColumn{{Level: "street", Parents: [][]string{{"500103001"}, {"500103001"}}}, {Level: "district", Parents: [][]string{{"500103"}, {"500103"}}}}
	table := func(name string, of map[string]string) *coverage.Layer {
		l := &coverage.Layer{Info: coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: coverage.RoleAttributes, Name: name}}}
		for _, id := range slices.Sorted(maps.Keys(of)) {
			l.IDs, l.Names = append(l.IDs, id), append(l.Names, of[id])
		}
		l.Info.Hash = l.ComputeHash()
		return l
	}
	old := table("a", map[string]string{"500103001": "旧名", "500103002": "别处"})
	names := table("b", map[string]string{"500103001": "朝天门街道", "500103001001": "朝天门社区", "500103001002": "表中名称"})
	run := assess(t, book(t, everyone), coverage.Params{}, us, anyClinic(), old, names, people("p", map[string]orb.Geometry{"x": xy(500, 500)}, map[string]int64{"x": 7}))
	var got []string
	for _, s := range run.Subjects {
		got = append(got, s.Level+" "+s.ID+" "+s.Name)
	}
	if d := cmp.Diff([]string{"unit 500103001001 朝天门社区", "unit 500103001002 自己的名称", "district 500103 500103", "street 500103001 朝天门街道"}, got); d != "" {
		t.Error(d)
	}
}

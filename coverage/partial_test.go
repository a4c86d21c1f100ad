package coverage_test

import (
	"context"
	"fmt"
	"math"
	"sync"
	"testing"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
)

// Parents, some of whose units a requirement is not asked of: they answer for the union of the others.

// asked is a street of a and b, who are asked by `some`, and of c and d, who are not; a street t of b and c, and a district of all.
func asked(polys map[string]orb.Polygon) *coverage.Layer {
	us := change(units("community", polys), parents("district", map[string]string{"a": "z", "b": "z", "c": "z", "d": "z"}))
	change(us, parents("street", map[string]string{"a": "s", "b": "s t", "c": "s t", "d": "s"}))
	return change(us, func(l *coverage.Layer) {
		for _, id := range l.IDs {
			l.Kinds = append(l.Kinds, map[string]string{"a": "居住型", "b": "居住型"}[id])
		}
	})
}

const askedOfSome = `
requirements:
  - {id: all, service: clinic, tier: "15", limit: {radius_m: 40}, denominator: population}
  - {id: some, service: clinic, tier: "15", limit: {radius_m: 40}, denominator: population, applies_to: [居住型]}
  - {id: some-land, service: clinic, tier: "15", limit: {radius_m: 40}, denominator: land, applies_to: [居住型]}
`

// cellOf is demand of one cell with so many thousandths of people.
func cellOf(milli int64, at orb.Geometry) *coverage.Layer {
	return change(people("p", map[string]orb.Geometry{"k": at}, nil), func(l *coverage.Layer) { l.Measures[0].Values[0] = milli })
}

func TestPartlyAskedParentsCutCellsAnew(t *testing.T) {
	strips := map[string]orb.Polygon{"a": rect(0, 0, 100, 100), "b": rect(100, 0, 200, 100), "c": rect(200, 0, 400, 100), "d": rect(900, 0, 999, 100)}
	for _, c := range []struct {
		name  string
		units map[string]orb.Polygon
		cell  orb.Geometry
		milli int64
		// thousandths of people of street s, street t, the district
		s, t, z int64
	}{
		{"thirds in two that are asked are two thirds", strips, rect(0, 0, 300, 100), 1000, 667, 333, 667},
		{"halves of two that are asked are the whole", strips, rect(0, 20, 200, 80), 1000, 1000, 500, 1000},
		{"only one of those that it straddles is asked", strips, rect(150, 0, 250, 100), 1000, 500, 500, 500},
		{"none of those that it straddles is asked", strips, rect(250, 0, 350, 100), 1000, 0, 0, 0},
		{"what is in no neighborhood stays out", strips, rect(0, -50, 200, 100), 1000, 667, 333, 667},
		{"an overlap counts once", map[string]orb.Polygon{"a": rect(0, 0, 200, 100), "b": rect(100, 0, 300, 100), "c": rect(250, 0, 400, 100), "d": rect(50, 0, 60, 100)},
			rect(0, 0, 400, 100), 4000, 3000, 2000, 3000},
		{"all of the cell in both", map[string]orb.Polygon{"a": rect(0, 0, 200, 100), "b": rect(0, 0, 210, 100), "c": rect(0, 0, 220, 100), "d": rect(0, 0, 230, 100)},
			rect(50, 0, 150, 100), 4000, 4000, 4000, 4000},
		{"all of the cell in one, a part in another", map[string]orb.Polygon{"a": rect(0, 0, 200, 100), "b": rect(100, 0, 210, 100), "c": rect(150, 0, 220, 100), "d": rect(0, 0, 230, 100)},
			rect(50, 0, 150, 100), 4000, 4000, 2000, 4000},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := assess(t, book(t, askedOfSome), coverage.Params{}, asked(c.units), everywhere("f", "clinic", map[string]orb.Geometry{"f": xy(5000, 0)}), cellOf(c.milli, c.cell))
			for id, want := range map[string]int64{"s": c.s, "t": c.t, "z": c.z} {
				if got := cell(t, run, id, "some").Total; got != want {
					t.Errorf("%s answers for %d thousandths, want %d", id, got, want)
				}
			}
		})
	}
}

// The pieces in two units are out of reach, their union is judged in its own middle.
func TestPartlyAskedParentsJudgeCellsInTheirMiddle(t *testing.T) {
	us := asked(map[string]orb.Polygon{"a": rect(0, 0, 100, 100), "b": rect(100, 0, 200, 100), "c": rect(200, 0, 300, 100), "d": rect(300, 0, 400, 100)})
	layers := []*coverage.Layer{us, everywhere("f", "clinic", map[string]orb.Geometry{"f": xy(100, 50)}), cellOf(4000, rect(0, 0, 400, 100))}
	run := assess(t, book(t, askedOfSome), coverage.Params{}, layers...)
	for at, want := range map[[2]string]string{
		{"a", "some"}: "1000 0 0 unmet", {"b", "some"}: "1000 0 0 unmet", {"t", "some"}: "1000 0 0 unmet",
		{"s", "some"}: "2000 2000 0 met", {"z", "some"}: "2000 2000 0 met", {"s", "all"}: "4000 0 0 unmet",
	} {
		if got := sums(cell(t, run, at[0], at[1])); got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
	rows := map[string]int{}
	for _, r := range reachRows(t, askedOfSome, coverage.Params{}, layers...) {
		rows[r["requirement"]+r["neighborhood_id"]]++
	}
	for _, id := range []string{"a", "b", "c", "d"} {
		for _, requirement := range []string{"all", "some", "some-land"} {
			if rows[requirement+id] != 1 || len(rows) != 12 {
				t.Fatalf("table reach has %v, want a row per requirement and unit", rows)
			}
		}
	}
}

// Land that two units share counts once in a street that is asked of just these and others.
func TestPartlyAskedParentsCountLandOnce(t *testing.T) {
	us := asked(map[string]orb.Polygon{"a": rect(0, 0, 200, 100), "b": rect(100, 0, 300, 100), "c": rect(250, 0, 400, 100), "d": rect(400, 0, 500, 100)})
	run := assess(t, book(t, askedOfSome), coverage.Params{}, us, everywhere("f", "clinic", map[string]orb.Geometry{"f": xy(150, 50)}), land(rect(0, 0, 120, 100), rect(130, 0, 500, 100)))
	for id, want := range map[string]float64{"a": 19_000, "b": 19_000, "s": 29_000, "z": 29_000, "t": 19_000} {
		c := cell(t, run, id, "some-land")
		r, w := 40.0, 20.0 // the disc without the strip of land that is missing, 20 to 30 m west of its middle
		segment := func(h float64) float64 { return r*r*math.Acos(h/r) - h*math.Sqrt(r*r-h*h) }
		disc := math.Pi*r*r - segment(w) + segment(w+10)
		if math.Abs(float64(c.Total)/1e6-want) > 0.1 || math.Abs(float64(c.Covered)/1e6-disc) > 0.1 {
			t.Errorf("%s: %s, want %.0f m², covered %.2f", id, sums(c), want, disc)
		}
	}
}

// A city is shared: judging it by a catalog that asks some changes nothing for others, at the same time or later.
func TestPartlyAskedParentsLeaveTheCityAlone(t *testing.T) {
	layers := []*coverage.Layer{
		asked(map[string]orb.Polygon{"a": rect(0, 0, 200, 100), "b": rect(100, 0, 300, 100), "c": rect(250, 0, 400, 100), "d": rect(400, 0, 500, 100)}),
		everywhere("f", "clinic", map[string]orb.Geometry{"f": xy(150, 50)}), land(rect(0, 0, 500, 100)),
		people("p", map[string]orb.Geometry{"1": rect(0, 0, 480, 100), "2": rect(110, 20, 290, 80), "3": xy(150, 20)}, map[string]int64{"1": 1001, "2": 77, "3": 5}),
	}
	books := []string{askedOfSome, `
requirements:
  - {id: others, service: clinic, tier: "15", limit: {radius_m: 60}, denominator: population, applies_to: [居住型, 产业型]}
  - {id: all, service: clinic, tier: "15", limit: {radius_m: 60}, denominator: land}
`}
	city, err := coverage.NewCity(layers)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			run, err := coverage.Assess(context.Background(), city, book(t, books[i%2]), testServices, coverage.Params{}, coverage.Options{Threads: 2}, nil)
			if err != nil {
				t.Error(err)
				return
			}
			if got, want := everyTable(t, run), everyTable(t, assess(t, book(t, books[i%2]), coverage.Params{}, layers...)); got != want {
				t.Errorf("catalog %d of a shared city:\n%s\nof its own:\n%s", i%2, got, want)
			}
		})
	}
	wg.Wait()
}

// What an explanation of a parent lists adds up to its cell: nothing of the units that are not asked, nothing twice.
func TestExplainPartlyAskedParents(t *testing.T) {
	overlapping := map[string]orb.Polygon{"a": rect(0, 0, 200, 100), "b": rect(100, 0, 300, 100), "c": rect(250, 0, 400, 100), "d": rect(400, 0, 500, 100)}
	apart := map[string]orb.Polygon{"a": rect(0, 0, 100, 100), "b": rect(100, 0, 200, 100), "c": rect(200, 0, 400, 100), "d": rect(400, 0, 500, 100)}
	points := people("p", map[string]orb.Geometry{"1": xy(50, 50), "2": xy(150, 50), "3": xy(260, 50), "4": xy(450, 50)}, map[string]int64{"1": 1, "2": 2, "3": 4, "4": 8})
	for _, c := range []struct {
		name   string
		units  map[string]orb.Polygon
		demand *coverage.Layer
	}{
		{"points of units apart", apart, points},
		{"points of units that overlap", overlapping, points},
		{"a cell", overlapping, cellOf(4001, rect(0, 0, 450, 100))},
	} {
		t.Run(c.name, func(t *testing.T) {
			layers := []*coverage.Layer{asked(c.units), everywhere("f", "clinic", map[string]orb.Geometry{"f": xy(150, 50)}), c.demand, land(rect(0, 0, 500, 100))}
			run := assess(t, book(t, askedOfSome), coverage.Params{}, layers...)
			st := newMemory(layers...)
			for _, parent := range []string{"s", "t", "z"} {
				for _, requirement := range []string{"all", "some", "some-land"} {
					e, err := coverage.Explain(t.Context(), st, run, parent, requirement, coverage.Options{})
					if err != nil {
						t.Fatal(err)
					}
					r := e.Requirements[0]
					weight, reached := int64(0), int64(0)
					for _, d := range r.Demand {
						weight, reached = weight+d.Weight.Int, reached+d.Covered.Int
					}
					slack := int64(0)
					if requirement == "some-land" { // parcels are rounded to 10⁻³ m²
						slack = int64(len(r.Demand))
					}
					if d, o := weight-r.Total.Int, reached-r.Covered.Int; r.Total.Int == 0 || max(d, -d) > slack || max(o, -o) > slack {
						t.Errorf("%s × %s: places add up to %d, %d of them covered; the cell says %d and %d", parent, requirement, weight, reached, r.Total.Int, r.Covered.Int)
					}
				}
			}
		})
	}
}

// An explanation of a count lists the facilities that are counted, and no others.
func TestExplainListsWhatIsCounted(t *testing.T) {
	us := change(asked(map[string]orb.Polygon{"a": rect(0, 0, 100, 100), "b": rect(100, 0, 200, 100), "c": rect(200, 0, 300, 100), "d": rect(300, 0, 400, 100)}), func(l *coverage.Layer) {
		for i := range l.Parents {
			if l.Parents[i].Level == "street" {
				l.Parents[i].Parents = [][]string{{"s"}, {"s", "t"}, {"t"}, {}}
			}
		}
	})
	layers := []*coverage.Layer{us, everywhere("f", "clinic", map[string]orb.Geometry{"fa": xy(50, 50), "fb": xy(150, 50), "fc": xy(250, 50), "fd": xy(350, 50)})}
	run := assess(t, book(t, `
requirements:
  - {id: street, tier: "15", count: {service: clinic, min: 9, per: street}}
  - {id: some-street, tier: "15", count: {service: clinic, min: 9, per: street}, applies_to: [居住型]}
  - {id: some-unit, tier: "15", count: {service: clinic, min: 9, per: unit}, applies_to: [居住型]}
`), coverage.Params{}, layers...)
	st := newMemory(layers...)
	for _, c := range []struct {
		subject, requirement, want string
		covered                    int64
	}{
		{"a", "street", "fa fb", 2000},
		{"b", "street", "fa fb", 2000}, // b is of s and t: the smallest id
		{"c", "street", "fb fc", 2000},
		{"d", "street", "", 0},
		{"s", "street", "fa fb", 2000},
		{"z", "street", "fa fb fc", 4000}, // fb in both streets
		{"z", "some-street", "fa fb", 2000},
		{"z", "some-unit", "fa fb", 2000},
		{"t", "some-unit", "fb", 1000},
	} {
		e, err := coverage.Explain(t.Context(), st, run, c.subject, c.requirement, coverage.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for i, f := range e.Requirements[0].Facilities {
			if i > 0 {
				got += " "
			}
			got += f.ID
		}
		if n := cell(t, run, c.subject, c.requirement).Covered; got != c.want || n != c.covered {
			t.Errorf("%s × %s lists %q and counts %d, want %q and %d", c.subject, c.requirement, got, n, c.want, c.covered)
		}
	}
}

// Totals are of units: a parent has their sum, of those that are asked, and says so where units of it overlap.
func TestTotalsOfUnitsThatOverlap(t *testing.T) {
	apart := map[string]orb.Polygon{"a": rect(0, 0, 100, 100), "b": rect(100, 0, 200, 100), "c": rect(200, 0, 300, 100), "d": rect(300, 0, 400, 100)}
	with := func(id string, p orb.Polygon) map[string]orb.Polygon {
		out := map[string]orb.Polygon{}
		for k, v := range apart {
			out[k] = v
		}
		out[id] = p
		return out
	}
	everyUnit := map[string]int64{"a": 100, "b": 10, "c": 1000, "d": 20}
	for _, c := range []struct {
		name   string
		units  map[string]orb.Polygon
		totals map[string]int64
		mark   bool
	}{
		{"borders only", apart, everyUnit, false},
		{"an overlap", with("b", rect(50, 0, 200, 100)), everyUnit, true},
		{"an overlap with a unit whose total is not known", with("d", rect(250, 0, 400, 100)), map[string]int64{"a": 100, "b": 10, "c": 1000}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			us := change(asked(c.units), totals("population", c.totals))
			run := assess(t, book(t, askedOfSome), coverage.Params{}, us, anyClinic(), buildings(map[string]orb.Geometry{"1": xy(40, 50), "2": xy(75, 50), "3": xy(150, 50), "4": xy(220, 50), "5": xy(275, 50), "6": xy(350, 50)}, nil, nil))
			var sum int64
			for _, n := range c.totals {
				sum += n * 1000
			}
			if all, some := cell(t, run, "z", "all").Total, cell(t, run, "z", "some").Total; all != sum || some != 110_000 {
				t.Errorf("the district has %d, %d of them asked, want %d and 110000", all, some, sum)
			}
			if hasMark(run, "shared_totals") != c.mark {
				t.Errorf("marks %v", run.Marks)
			}
		})
	}
	t.Run("an overlap in no common parent", func(t *testing.T) {
		us := change(units("community", map[string]orb.Polygon{"a": rect(0, 0, 100, 100), "b": rect(50, 0, 200, 100)}), totals("population", map[string]int64{"a": 1, "b": 2}))
		change(us, parents("street", map[string]string{"a": "s", "b": "t"}))
		if run := assess(t, book(t, everyone), coverage.Params{}, us, anyClinic(), land(rect(0, 0, 200, 100))); hasMark(run, "shared_totals") || fmt.Sprint(cell(t, run, "s", "r").Total, cell(t, run, "t", "r").Total) != "1000 2000" {
			t.Errorf("marks %v", run.Marks)
		}
	})
}

package coverage_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"lifecircle/coverage"
	"lifecircle/geo/measure"
	"lifecircle/geo/overlay"
)

// check runs a law over generated cities.
func check(t *testing.T, law func(t *rapid.T, c *latticeCity)) {
	t.Helper()
	cases(t, 100, func(rt *rapid.T) { law(rt, drawCity(rt)) })
}

// judge scores a lattice city.
func (c *latticeCity) judge(t tester) *coverage.Run {
	return assess(t, book(t, c.catalog()), coverage.Params{}, c.layers()...)
}

// every calls f with the cells of two runs of the same neighborhoods and catalog.
func every(a, b *coverage.Run, f func(name string, a, b coverage.Cell)) {
	n := len(a.Requirements)
	for s := range a.Subjects {
		for k := range a.Requirements {
			f(a.Subjects[s].ID+" × "+a.Requirements[k].ID, a.Cells[s*n+k], b.Cells[s*n+k])
		}
	}
}

// Who is covered is who can be counted.
func TestLawPeopleAreCountedInClosedForm(t *testing.T) {
	check(t, func(t *rapid.T, c *latticeCity) {
		run := c.judge(t)
		want := c.want()
		for _, s := range run.Subjects {
			got := cell(t, run, s.ID, "people")
			if w := want[s.ID]; got.Total != w.total || got.Covered != w.covered || got.Undetermined != w.undetermined {
				t.Errorf("%s: %s, want %+v", s.ID, sums(got), w)
			}
			var line coverage.Verdict
			switch w := want[s.ID]; {
			case 10*w.covered >= 7*w.total:
				line = coverage.Met
			case 10*(w.covered+w.undetermined) < 7*w.total:
				line = coverage.Unmet
			default:
				line = coverage.NotDetected
			}
			if got.Verdict != line {
				t.Errorf("%s: %s, want %s", s.ID, sums(got), line)
			}
		}
	})
}

// Clinics at the corners of neighborhoods serve a quarter of a disc in each.
func TestLawLandIsCountedInClosedForm(t *testing.T) {
	cases(t, 100, func(t *rapid.T) {
		c := &latticeCity{nx: rapid.IntRange(1, 3).Draw(t, "nx"), ny: rapid.IntRange(1, 3).Draw(t, "ny"), side: 300, step: 100,
			limit: float64(rapid.IntRange(20, 150).Draw(t, "limit"))}
		x0, y0 := c.origin()
		corners := map[[2]int]bool{}
		for i := range c.nx + 1 {
			for j := range c.ny + 1 {
				if corners[[2]int{i, j}] = rapid.Bool().Draw(t, "clinic"); corners[[2]int{i, j}] {
					c.clinics = append(c.clinics, [2]int{x0 + i*c.side, y0 + j*c.side})
				}
			}
		}
		run := c.judge(t)
		for i := range c.nx {
			for j := range c.ny {
				quarters := 0.0
				for _, k := range [][2]int{{i, j}, {i + 1, j}, {i, j + 1}, {i + 1, j + 1}} {
					if corners[k] {
						quarters++
					}
				}
				got, want := cell(t, run, unitName(i, j), "land"), quarters*math.Pi*c.limit*c.limit/4
				if math.Abs(float64(got.Covered)/1e6-want) > 1+want*2e-4 || math.Abs(float64(got.Total)/1e6-90_000) > 20 || got.Undetermined != 0 {
					t.Errorf("%s: %s, want %.2f m²", unitName(i, j), sums(got), want)
				}
			}
		}
	})
}

// Building a clinic must never make a city worse.
func TestLawAddingAFacilityNeverLowersAShare(t *testing.T) {
	check(t, func(t *rapid.T, c *latticeCity) {
		before := c.judge(t)
		c.clinics = append(c.clinics, drawPlace(t, c))
		after := c.judge(t)
		every(before, after, func(name string, a, b coverage.Cell) {
			noise := int64(0) // people are counted; areas are integrals of another border, true to 10⁻⁸ of the whole
			if strings.HasSuffix(name, "land") {
				noise = a.Total / 100_000_000
			}
			if b.Covered < a.Covered-noise || b.Covered+b.Undetermined < a.Covered+a.Undetermined-noise || b.Total != a.Total {
				t.Errorf("%s: %s before, %s after", name, sums(a), sums(b))
			}
		})
	})
}

// Knowing more must never make an answer vaguer.
func TestLawWideningASurveyNeverWidensAnInterval(t *testing.T) {
	check(t, func(t *rapid.T, c *latticeCity) {
		if c.survey == nil {
			c.survey = &[4]int{-200, -200, 200, 200}
		}
		c.unknown = false
		wider := *c.survey
		for i := range wider {
			d := 25 * rapid.IntRange(0, 20).Draw(t, "wider")
			if i < 2 {
				d = -d
			}
			wider[i] += d
		}
		polygon := c.judge(t)
		runs := []*coverage.Run{polygon}
		narrow := c.survey
		c.survey, c.unknown = nil, true
		runs = append([]*coverage.Run{c.judge(t)}, runs...)
		c.unknown, c.survey = false, &wider
		runs = append(runs, c.judge(t))
		c.survey = nil
		runs = append(runs, c.judge(t))
		c.survey = narrow
		for i := 1; i < len(runs); i++ {
			every(runs[i-1], runs[i], func(name string, a, b coverage.Cell) {
				noise := int64(0) // people are counted; the cut of land by a survey is rounded to 10⁻⁹°: 0.05 mm along 4 × 300 m
				if strings.HasSuffix(name, "land") {
					noise = 60_000
				}
				if a.Covered != b.Covered || b.Undetermined > a.Undetermined+noise {
					t.Errorf("%s: %s, with a wider survey %s", name, sums(a), sums(b))
				}
				decided := a.Verdict == coverage.Met || a.Verdict == coverage.Unmet
				if decided && a.Verdict != b.Verdict {
					t.Errorf("%s: a wider survey turned %s into %s", name, sums(a), sums(b))
				}
			})
		}
	})
}

// However a street is divided into communities, its people and its land are the same.
func TestLawSplittingAUnitKeepsTheParent(t *testing.T) {
	check(t, func(t *rapid.T, c *latticeCity) {
		c.streets = true
		whole := c.judge(t)
		split := c.unitsLayer()
		id := rapid.SampledFrom(slices.Clone(split.IDs)).Draw(t, "unit")
		k := slices.Index(split.IDs, id)
		west, south := c.origin()
		var i, j int
		fmt.Sscanf(id, "u%02d%02d", &i, &j)
		west, south = west+i*c.side, south+j*c.side
		at := west + c.step*rapid.IntRange(1, c.perUnit()-1).Draw(t, "at") // between homes
		change(split, func(l *coverage.Layer) {
			l.Shapes[k] = rect(float64(west), float64(south), float64(at), float64(south+c.side))
			l.IDs, l.Names = append(l.IDs, id+"-east"), append(l.Names, "")
			l.Shapes = append(l.Shapes, rect(float64(at), float64(south), float64(west+c.side), float64(south+c.side)))
			for p := range l.Parents {
				l.Parents[p].Parents = append(l.Parents[p].Parents, l.Parents[p].Parents[k])
			}
			l.Sort()
		})
		parts := assess(t, book(t, c.catalog()), coverage.Params{}, split, c.homes(), c.clinicsLayer(), c.ground())
		for _, s := range whole.Subjects {
			if s.Level == "unit" {
				continue
			}
			if a, b := cell(t, whole, s.ID, "people"), cell(t, parts, s.ID, "people"); sums(a) != sums(b) {
				t.Errorf("people of %s: %s, in parts %s", s.ID, sums(a), sums(b))
			}
			a, b := cell(t, whole, s.ID, "land"), cell(t, parts, s.ID, "land")
			for _, d := range []int64{a.Total - b.Total, a.Covered - b.Covered, a.Undetermined - b.Undetermined} {
				if math.Abs(float64(d)) > 1e6 { // 1 m² of up to 810,000: borders are rounded to 10⁻⁹°
					t.Errorf("land of %s: %s, in parts %s", s.ID, sums(a), sums(b))
				}
			}
		}
	})
}

// The parts are the whole: neighborhoods of their street, gaps of what is missing.
func TestLawPartsSumToTheWhole(t *testing.T) {
	check(t, func(t *rapid.T, c *latticeCity) {
		c.streets = true
		run := c.judge(t)
		for _, requirement := range []string{"people", "land"} {
			sum := map[string]tallyOf{}
			for _, s := range run.Subjects {
				x := cell(t, run, s.ID, requirement)
				v := sum[s.Level]
				sum[s.Level] = tallyOf{v.total + x.Total, v.covered + x.Covered, v.undetermined + x.Undetermined}
			}
			if sum["unit"] != sum["street"] || sum["unit"] != sum["district"] {
				t.Errorf("%s: %+v", requirement, sum)
			}
			var open, all int64
			for _, g := range gapsOf(run, requirement) {
				n := g.People
				if requirement == "land" {
					n = g.AreaMM2
				}
				all += n
				if g.State == "undetermined" {
					open += n
				}
			}
			slack := int64(0)
			if requirement == "land" { // a strip too thin to be drawn goes with the other state: under 1 m² a neighborhood
				slack = 1_000_000 * int64(c.nx*c.ny)
			}
			if v := sum["unit"]; all != v.total-v.covered || max(open-v.undetermined, v.undetermined-open) > slack {
				t.Errorf("%s: gaps hold %d, %d of them undetermined, of %+v", requirement, all, open, v)
			}
		}
	})
}

// Gaps of points are the unions of their lattice squares: as many as brute force joins, of the same area, each a valid polygon.
func TestLawGapsAreUnionsOfSquares(t *testing.T) {
	cases(t, 100, func(t *rapid.T) {
		type box struct{ x0, y0, x1, y1 int64 }
		x, y, w, h := squareAt(xy(100, 100))
		at, n := map[string]orb.Geometry{}, map[string]int64{}
		known := map[box]int{}
		var boxes []box
		var area int64
		for i := range rapid.IntRange(1, 40).Draw(t, "homes") {
			p := orb.Point{float64(x+w/2+w*int64(rapid.IntRange(0, 7).Draw(t, "east"))) / 1e9, float64(y+h/2+h*int64(rapid.IntRange(0, 7).Draw(t, "north"))) / 1e9}
			id := fmt.Sprint(i)
			at[id], n[id] = p, 1
			x0, y0, w, h := squareAt(p)
			if b := (box{x0, y0, x0 + w, y0 + h}); known[b] == 0 {
				known[b] = 1
				boxes = append(boxes, b)
				area += measure.AreaMM2(squarePolygon(p))
			}
		}
		group := make([]int, len(boxes))
		for i := range group {
			group[i] = i
		}
		for i, a := range boxes { // whoever shares a piece of an edge takes the smaller group
			for j, b := range boxes[:i] {
				wide, high := min(a.x1, b.x1)-max(a.x0, b.x0), min(a.y1, b.y1)-max(a.y0, b.y0)
				if (wide > 0 && high == 0) || (wide == 0 && high > 0) {
					from, to := max(group[i], group[j]), min(group[i], group[j])
					for k := range group {
						if group[k] == from {
							group[k] = to
						}
					}
				}
			}
		}
		groups := map[int]bool{}
		for _, g := range group {
			groups[g] = true
		}
		run := assess(t, book(t, far100), coverage.Params{}, oneUnit(), everywhere("f", "clinic", map[string]orb.Geometry{"f": xy(-500, 0)}), people("p", at, n))
		if len(run.Gaps) != len(groups) {
			t.Errorf("%d gaps, want %d", len(run.Gaps), len(groups))
		}
		drawn := int64(0)
		for _, g := range run.Gaps {
			drawn += g.AreaMM2
			if err := overlay.Valid(g.Geometry); err != nil {
				t.Errorf("%s: %v", g.ID, err)
			}
		}
		if d := drawn - area; d > int64(len(boxes)) || -d > int64(len(boxes)) {
			t.Errorf("gaps of %d mm², their squares have %d", drawn, area)
		}
	})
}

// Scores lie between 0 and 100, and what is not known can only add to them.
func TestLawScoresAreBounded(t *testing.T) {
	check(t, func(t *rapid.T, c *latticeCity) {
		run := c.judge(t)
		for i, s := range run.Scores {
			if s.Known && (s.Score < 0 || s.Score > s.Max || s.Max > 100*coverage.ScoreScale) || s.Completeness < 0 || s.Completeness > 1_000_000 {
				t.Errorf("score %d: %+v", i, s)
			}
			if !c.unknown && c.survey == nil && s.Score != s.Max {
				t.Errorf("surveyed everywhere, and %+v", s)
			}
		}
		for _, c := range run.Cells {
			if c.Covered < 0 || c.Undetermined < 0 || c.Covered+c.Undetermined > c.Total {
				t.Errorf("%s", sums(c))
			}
		}
	})
}

// The same inputs give the same bytes: whatever the order of layers, rows and parcels, the number of threads, and the names of
// files.
func TestLawOrderAndThreadsChangeNoByte(t *testing.T) {
	check(t, func(t *rapid.T, c *latticeCity) {
		yaml := c.catalog()
		layers := c.layers()
		cells := people("cells", map[string]orb.Geometry{"1": rect(-40, -30, 75, 60), "2": rect(75, -30, 160, 60), "3": rect(-200, -100, 2000, -30)}, map[string]int64{"1": 7, "2": 5, "3": 100})
		layers = append(layers, cells)
		one := score1(t, yaml, 1, layers)
		shuffled := rapid.Permutation(c.layers()).Draw(t, "layers")
		for _, l := range shuffled {
			switch l.Info.Role {
			case coverage.RoleLand: // the order of parcels, and where their rings begin
				order := rapid.Permutation(slices.Clone(l.Shapes)).Draw(t, "parcels")
				l.Shapes = nil
				for _, g := range order {
					r := g.(orb.Polygon)[0]
					k := rapid.IntRange(0, 3).Draw(t, "start")
					turned := append(slices.Clone(r[k:4]), r[:k]...)
					l.Shapes = append(l.Shapes, orb.Polygon{append(turned, turned[0])})
				}
			case coverage.RoleDemand:
				l.Info.Name = "another name"
			}
			l.Info.Source = "another.geojson"
		}
		shuffled = append([]*coverage.Layer{cells}, shuffled...)
		if two := score1(t, yaml, 2, shuffled); two != one {
			t.Errorf("another order gives other bytes:\n%s\n%s", one, two)
		}
	})
}

// score1 gives every table of a city, as bytes.
func score1(t tester, yaml string, threads int, layers []*coverage.Layer) string {
	city, err := coverage.NewCity(layers)
	if err != nil {
		t.Fatal(err)
	}
	run, err := coverage.Assess(context.Background(), city, book(t, yaml), testServices, coverage.Params{}, coverage.Options{Threads: threads}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return everyTable(t, run)
}

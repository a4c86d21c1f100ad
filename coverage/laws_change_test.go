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

// What a change of a town may do to its numbers, and what it may not.

// clone copies a town, so that a change leaves the one before alone.
func (c *town) clone() *town {
	out := *c
	out.units, out.homes, out.cells, out.clinics = slices.Clone(c.units), slices.Clone(c.homes), slices.Clone(c.cells), slices.Clone(c.clinics)
	for i := range out.units {
		out.units[i].parts, out.units[i].streets = slices.Clone(c.units[i].parts), slices.Clone(c.units[i].streets)
	}
	return &out
}

// decided tells whether the layers decide a verdict.
func decided(v coverage.Verdict) bool { return v == coverage.Met || v == coverage.Unmet }

// Building something must never make a town worse, under any requirement, by distance or by number.
func TestLawTownsGainFromEveryFacility(t *testing.T) {
	cases(t, 100, func(t *rapid.T) {
		c := drawTown(t)
		if !slices.Contains(c.listed[:], true) {
			t.Skip("no layer to build in")
		}
		more := c.clone()
		k := rapid.SampledFrom(slices.DeleteFunc([]int{0, 1, 2}, func(k int) bool { return !c.listed[k] })).Draw(t, "layer")
		x, y := 50*rapid.IntRange(-6, 6).Draw(t, "x"), 50*rapid.IntRange(-6, 6).Draw(t, "y")
		more.clinics = append(more.clinics, townSite{id: "new", layer: k, service: rapid.SampledFrom(layerServices[k]).Draw(t, "service"), box: box{x, y, x, y},
			status: coverage.StatusExisting, areaMM2: rapid.SampledFrom([]int64{coverage.Unknown, 200_000_000}).Draw(t, "area")})
		every(c.judge(t), more.judge(t), func(name string, a, b coverage.Cell) {
			if b.Covered < a.Covered || b.Covered+b.Undetermined < a.Covered+a.Undetermined || b.Total != a.Total || (a.Verdict == coverage.Met && b.Verdict != coverage.Met) {
				t.Errorf("%s: %s, with one more %s", name, sums(a), sums(b))
			}
		})
	})
}

// Knowing more must never make an answer vaguer, or another one.
func TestLawTownsLearnFromWiderSurveys(t *testing.T) {
	cases(t, 60, func(t *rapid.T) {
		c := drawTown(t)
		c.params.AssumeComplete = false
		k := rapid.IntRange(0, 2).Draw(t, "layer")
		c.surveys[k] = townSurvey{kind: coverage.SurveyUnknown}
		runs := []*coverage.Run{c.judge(t)}
		if c.surveys[k].kind, c.surveys[k].parts = coverage.SurveyPolygon, []box{{-200, -200, 300, 250}}; rapid.Bool().Draw(t, "two parts") {
			c.surveys[k].parts = append(c.surveys[k].parts, box{-300, 350, 0, 600})
		}
		runs = append(runs, c.judge(t))
		by := func(name string) int { return rapid.SampledFrom([]int{0, 1, 50, 400}).Draw(t, name) }
		for i, b := range c.surveys[k].parts[:1] {
			wider := box{b[0] - by("west"), b[1] - by("south"), b[2] + by("east"), b[3] + min(by("north"), 50)}
			c.surveys[k].parts = append([]box{wider}, c.surveys[k].parts[i+1:]...)
		}
		runs = append(runs, c.judge(t))
		c.surveys[k] = townSurvey{kind: coverage.SurveyEverywhere}
		runs = append(runs, c.judge(t))
		c.params.AssumeComplete = true
		runs = append(runs, c.judge(t))
		for i := 1; i < len(runs); i++ {
			every(runs[i-1], runs[i], func(name string, a, b coverage.Cell) {
				if a.Total != b.Total || a.Covered != b.Covered || b.Undetermined > a.Undetermined || (decided(a.Verdict) && a.Verdict != b.Verdict) {
					t.Errorf("%s, step %d: %s, with a wider survey %s", name, i, sums(a), sums(b))
				}
				if i == len(runs)-1 && (b.Undetermined != 0 || b.Verdict == coverage.NotDetected) {
					t.Errorf("%s: assumed complete, and %s", name, sums(b))
				}
			})
		}
	})
}

// A longer limit covers what a shorter one does, and no disc that passes the border of a survey comes back into it.
func TestLawTownsGainFromALongerLimit(t *testing.T) {
	cases(t, 60, func(t *rapid.T) {
		c := drawTown(t)
		longer := c.clone()
		for k := range longer.limit {
			longer.limit[k] += int32(rapid.SampledFrom([]int{0, 1, 1000, 200_000}).Draw(t, "longer"))
		}
		every(c.judge(t), longer.judge(t), func(name string, a, b coverage.Cell) {
			if b.Covered < a.Covered || b.Covered+b.Undetermined < a.Covered+a.Undetermined || b.Total != a.Total {
				t.Errorf("%s: %s, with longer limits %s", name, sums(a), sums(b))
			}
		})
	})
}

// However a neighborhood is divided, its streets and its district keep their numbers; those that it does not belong to, too.
func TestLawTownsKeepParentsWhenAUnitIsSplit(t *testing.T) {
	cases(t, 100, func(t *rapid.T) {
		c := drawTown(t)
		split := c.clone()
		i := rapid.IntRange(0, len(c.units)-1).Draw(t, "unit")
		u := &split.units[i]
		east := *u
		east.id += "e" // sorts before the next
		b := u.parts[0]
		at := b[0] + 1 + 2*rapid.IntRange(0, (b[2]-b[0])/2-1).Draw(t, "at") // nobody lives at an odd place
		u.parts = append([]box{{b[0], b[1], at, b[3]}}, u.parts[1:]...)
		east.parts = []box{{at, b[1], b[2], b[3]}}
		split.units = slices.Insert(split.units, i+1, east)
		whole, parts := c.judge(t), split.judge(t)
		for s := range whole.Subjects {
			subject := &whole.Subjects[s]
			if subject.Level == "unit" {
				continue
			}
			for k, r := range c.rules() {
				if r.per == "unit" { // one more to be provided for
					continue
				}
				a, b := whole.Cells[s*len(whole.Requirements)+k], parts.Cells[(s+1)*len(parts.Requirements)+k]
				if sums(a) != sums(b) {
					t.Errorf("%s %s × %s: %s, with %s in parts %s", subject.Level, subject.ID, r.id, sums(a), u.id, sums(b))
				}
			}
		}
	})
}

// Where neighborhoods share nothing but borders, a parent is the sum of them; where cells are cut, but for the rounding of their pieces.
func TestLawTownsAddUp(t *testing.T) {
	cases(t, 100, func(t *rapid.T) {
		c := drawTown(t)
		var apart []townUnit
		for _, u := range c.units {
			clear := !slices.ContainsFunc(apart, func(o townUnit) bool {
				return len(regionOf(u.parts...).intersection(regionOf(o.parts...)).fields()) > 0
			})
			if clear {
				apart = append(apart, u)
			}
		}
		c.units = apart
		if rapid.Bool().Draw(t, "points only") {
			c.cells = nil
		}
		run, rules := c.judge(t), c.rules()
		for s, subject := range run.Subjects {
			if subject.Level == "unit" {
				continue
			}
			for k := range rules {
				if rules[k].per != "" {
					continue
				}
				var sum tallyOf
				for _, i := range c.members(subject.Level, subject.ID) {
					if len(rules[k].kinds) == 0 || slices.Contains(rules[k].kinds, c.units[i].kind) {
						x := run.Cells[i*len(rules)+k]
						sum = tallyOf{sum.total + x.Total, sum.covered + x.Covered, sum.undetermined + x.Undetermined}
					}
				}
				got := run.Cells[s*len(rules)+k]
				slack := int64(len(c.cells) * len(c.units))
				if d := got.Total - sum.total; max(d, -d) > slack || (len(c.cells) == 0 && (got.Covered != sum.covered || got.Undetermined != sum.undetermined)) {
					t.Errorf("%s %s × %s: %s, its units together %+v", subject.Level, subject.ID, rules[k].id, sums(got), sum)
				}
			}
		}
	})
}

// Two bureaus that each survey their part know as much as one that surveys both.
func TestLawTwoSurveysAreTheirUnion(t *testing.T) {
	cases(t, 60, func(t *rapid.T) {
		c := drawTown(t)
		c.params.AssumeComplete = false
		if !c.listed[2] {
			t.Skip("no layer to divide")
		}
		draw := func() box {
			x, y := 50*rapid.IntRange(-12, 6).Draw(t, "west"), 50*rapid.IntRange(-12, 6).Draw(t, "south")
			return box{x, y, x + 50*rapid.IntRange(1, 20).Draw(t, "wide"), y + 50*rapid.IntRange(1, 20).Draw(t, "high")}
		}
		west, east := draw(), draw()
		both, err := overlay.Union([]orb.Geometry{west.polygon(), east.polygon()})
		if err != nil {
			t.Fatal(err)
		}
		layers := c.layers()
		one := layers[len(layers)-1]
		survey := func(l *coverage.Layer, area orb.MultiPolygon) {
			l.Info.Surveys = []coverage.Survey{{Service: "pharmacy", Kind: coverage.SurveyPolygon, Area: area}}
		}
		change(one, func(l *coverage.Layer) { survey(l, both) })
		first, second := *one, *one
		second.Info.Name = "others"
		n := rapid.IntRange(0, one.Len()).Draw(t, "in the first")
		take := func(l *coverage.Layer, from, to int) {
			l.IDs, l.Shapes, l.Services = one.IDs[from:to], one.Shapes[from:to], one.Services[from:to]
			l.Status, l.Opened, l.Closed, l.AreaMM2 = one.Status[from:to], one.Opened[from:to], one.Closed[from:to], one.AreaMM2[from:to]
		}
		change(&first, func(l *coverage.Layer) { take(l, 0, n); survey(l, orb.MultiPolygon{west.polygon()}) })
		change(&second, func(l *coverage.Layer) { take(l, n, one.Len()); survey(l, orb.MultiPolygon{east.polygon()}) })
		cat := book(t, c.catalog())
		a := assess(t, cat, c.params, layers...)
		b := assess(t, cat, c.params, append(layers[:len(layers)-1], &first, &second)...)
		every(a, b, func(name string, a, b coverage.Cell) {
			if sums(a) != sums(b) || a.Cause != b.Cause {
				t.Errorf("%s: %s %s, of two layers %s %s", name, sums(a), a.Cause, sums(b), b.Cause)
			}
		})
	})
}

// The order of layers, the number of threads, and names that keep their order change no byte of any table.
func TestLawTownsKeepTheirBytes(t *testing.T) {
	const mark = "§" // before every name; without it all is as it was
	cases(t, 60, func(t *rapid.T) {
		c := drawTown(t)
		want := townBytes(t, c, 1, c.layers())
		renamed := c.layers()
		for _, l := range renamed {
			change(l, func(l *coverage.Layer) {
				l.Info.Name = mark + l.Info.Name
				for i := range l.IDs {
					l.IDs[i] = mark + l.IDs[i]
				}
				for _, p := range l.Parents {
					for i, of := range p.Parents {
						p.Parents[i] = slices.Clone(of)
						for k := range of {
							p.Parents[i][k] = mark + of[k]
						}
					}
				}
			})
		}
		renamed = rapid.Permutation(renamed).Draw(t, "layers")
		threads := rapid.IntRange(2, 9).Draw(t, "threads")
		if got := townBytes(t, c, threads, renamed); strings.ReplaceAll(got, mark, "") != want {
			t.Errorf("other bytes:\n%s\n%s", want, got)
		}
	})
}

// townBytes gives every table of a town, the reach of every place included.
func townBytes(t tester, c *town, threads int, layers []*coverage.Layer) string {
	city, err := coverage.NewCity(layers)
	if err != nil {
		t.Fatal(err)
	}
	o := coverage.Options{Threads: threads}
	run, err := coverage.Assess(context.Background(), city, book(t, c.catalog()), testServices, c.params, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	reach, err := coverage.ReachTable(context.Background(), newMemory(layers...), run, o)
	if err != nil {
		t.Fatal(err)
	}
	return everyTable(t, run) + geojsonOf(t, reach)
}

// Land is what parcels cover together, however they overlap, cut by neighborhoods; what is covered of it lies in the drawn service areas, and the rest in the gaps.
func TestLawTownsCountLandOnce(t *testing.T) {
	cases(t, 40, func(t *rapid.T) {
		c := drawTown(t)
		var parcels []box
		for range rapid.IntRange(1, 5).Draw(t, "parcels") {
			x, y := 25*rapid.IntRange(-14, 14).Draw(t, "west"), 25*rapid.IntRange(-14, 14).Draw(t, "south")
			parcels = append(parcels, box{x, y, x + 25*rapid.IntRange(1, 12).Draw(t, "wide"), y + 25*rapid.IntRange(1, 12).Draw(t, "high")})
		}
		var polys []orb.Polygon
		for _, p := range parcels {
			polys = append(polys, p.polygon())
		}
		radius := func(k int) string { return fmt.Sprintf("limit: {radius_m: %d.%03d}", c.limit[k]/1000, c.limit[k]%1000) }
		yaml := "requirements:\n  - {id: land, any_of: [{service: clinic, " + radius(0) + "}, {service: pharmacy, " + radius(1) + "}], tier: \"15\", denominator: land, pass_line: 0.5}\n"
		run := assess(t, book(t, yaml), c.params, append(c.layers(), land(polys...))...)
		gaps := map[[2]string]int64{}
		for _, g := range run.Gaps {
			gaps[[2]string{run.Subjects[g.Subject].ID, ""}] += g.AreaMM2
			gaps[[2]string{run.Subjects[g.Subject].ID, g.State}] += g.AreaMM2
		}
		for s, subject := range run.Subjects {
			got := run.Cells[s]
			var parts []box
			for _, i := range c.members(subject.Level, subject.ID) {
				parts = append(parts, c.units[i].parts...)
			}
			var total int64
			fields := regionOf(parts...).intersection(regionOf(parcels...)).fields()
			for _, f := range fields {
				total += measure.AreaMM2(f.polygon())
			}
			if d := got.Total - total; d < -2000 || d > 2000 { // overlays keep the lattice; areas are rounded to mm²
				t.Errorf("%s: %s, counted %d mm² of land", subject.ID, sums(got), total)
			}
			if got.Covered < 0 || got.Undetermined < 0 || got.Covered+got.Undetermined > got.Total {
				t.Errorf("%s: %s", subject.ID, sums(got))
			}
			if got.Verdict == coverage.NotAssessed {
				continue
			}
			c.checkDrawnLand(t, run, subject.ID, got, fields)
			if subject.Level != "unit" {
				continue
			}
			if all := gaps[[2]string{subject.ID, ""}]; all != got.Total-got.Covered {
				t.Errorf("%s: %s, gaps of %d mm²", subject.ID, sums(got), all)
			}
			if d := gaps[[2]string{subject.ID, "undetermined"}] - got.Undetermined; d < -1_000_000 || d > 1_000_000 { // under 1 m² is not drawn
				t.Errorf("%s: %s, undetermined gaps %d mm² off", subject.ID, sums(got), d)
			}
		}
	})
}

// checkDrawnLand compares covered land with what of the fields lies in the drawn service areas: inside the true one by at most 0.05 m.
func (c *town) checkDrawnLand(t tester, run *coverage.Run, id string, got coverage.Cell, fields []box) {
	t.Helper()
	var areas []orb.Geometry
	for _, a := range run.ServiceAreas {
		areas = append(areas, a.Geometry)
	}
	serves, err := overlay.Union(areas)
	if err != nil {
		t.Fatal(err)
	}
	var drawn int64
	for _, f := range fields {
		if len(serves) == 0 {
			break
		}
		in, err := overlay.Intersection(f.polygon(), serves)
		if err != nil {
			t.Fatal(err)
		}
		drawn += measure.AreaMM2(in)
	}
	border := 0.0 // m
	for i := range c.clinics {
		s := &c.clinics[i]
		border += 2*math.Pi*float64(max(c.limit[0], c.limit[1]))/1000 + 2.3*float64(s.box[2]-s.box[0]+s.box[3]-s.box[1])
	}
	if d := float64(got.Covered-drawn) / 1e6; d < -0.01 || d > 0.05*border+0.01 {
		t.Errorf("%s: %s, %d mm² in the drawn service areas, %.3f m² off, allowed %.3f", id, sums(got), drawn, d, 0.05*border)
	}
}

// Of a square that is surveyed, the layers tell all that lies a limit inside its border; discs that lie there are covered for certain.
func TestLawLandUnderASurveyInClosedForm(t *testing.T) {
	cases(t, 60, func(t *rapid.T) {
		limit, side := float64(rapid.IntRange(20, 60).Draw(t, "limit")), 600.0
		survey := func(name string) float64 { return float64(5 * rapid.IntRange(40, 59).Draw(t, name)) }
		w, s, e, n := -survey("west"), -survey("south"), survey("east"), survey("north") // at least 200 m from the middle
		at, discs := map[string]orb.Geometry{}, 0.0
		for i := range 4 { // 100 m off the middle: clear of each other where the limit is under 100, and of the survey's unknown edge
			if rapid.Bool().Draw(t, "clinic") {
				at[fmt.Sprint(i)] = xy(float64(i%2*2-1)*100, float64(i/2*2-1)*100)
				discs += math.Pi * limit * limit
			}
		}
		if 100+2*limit > 200 {
			t.Skip("a disc would reach the edge that the survey cannot tell")
		}
		run := assess(t, book(t, fmt.Sprintf("requirements:\n  - {id: land, service: clinic, tier: \"15\", limit: {radius_m: %g}, denominator: land}\n", limit)), coverage.Params{},
			units("community", map[string]orb.Polygon{"u": rect(-side/2, -side/2, side/2, side/2)}), surveyedIn("f", "clinic", rect(w, s, e, n), at), land(rect(-side/2, -side/2, side/2, side/2)))
		got := cell(t, run, "u", "land")
		told := (e-w-2*limit)*(n-s-2*limit) - discs
		for _, x := range []struct {
			name string
			got  int64
			want float64
		}{{"total", got.Total, side * side}, {"covered", got.Covered, discs}, {"uncovered", got.Total - got.Covered - got.Undetermined, told}} {
			if d := math.Abs(float64(x.got)/1e6 - x.want); d > 0.5+2e-4*x.want {
				t.Errorf("%s %.3f m², want %.3f", x.name, float64(x.got)/1e6, x.want)
			}
		}
	})
}

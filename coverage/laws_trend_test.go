package coverage_test

import (
	"context"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"lifecircle/coverage"
	"lifecircle/coverage/trend"
)

// What holds of any two runs, on generated towns.

// drawChanges gives a town after a year: some of its layers, surveys, rules and parameters are others.
func drawChanges(t *rapid.T, c *town) *town {
	out := c.clone()
	changes := []func(){
		func() { // a facility is built
			k := rapid.IntRange(0, 2).Draw(t, "layer")
			if !out.listed[k] {
				out.listed[k] = true // in a layer that was not there
			}
			x, y := 50*rapid.IntRange(-6, 6).Draw(t, "x"), 50*rapid.IntRange(-6, 6).Draw(t, "y")
			out.clinics = append(out.clinics, townSite{id: "new", layer: k, service: rapid.SampledFrom(layerServices[k]).Draw(t, "service"), box: box{x, y, x, y},
				status: coverage.StatusExisting, areaMM2: 200_000_000})
		},
		func() { // one is closed
			if len(out.clinics) > 0 {
				out.clinics = out.clinics[1:]
			}
		},
		func() { out.surveys[0] = townSurvey{kind: coverage.SurveyEverywhere} },
		func() { out.surveys[1] = townSurvey{kind: coverage.SurveyUnknown} },
		func() { out.limit[0] += 50_000 },
		func() { out.line[0] = 500_000 },
		func() { out.homes[0].people = 7000 },
		func() { out.homes = out.homes[1:] },
		func() { out.units[0].kind, out.units[0].streets = "居住型", []string{"s2"} },
		func() { out.units = append(out.units[1:], townUnit{id: "v", parts: out.units[0].parts, district: "d"}) },
		func() { out.params.AcceptParent = !out.params.AcceptParent },
		func() { out.params.AssumeComplete = !out.params.AssumeComplete },
		func() { out.params.AsOf = "2021-06-01" },
	}
	for range rapid.IntRange(1, 4).Draw(t, "changes") {
		changes[rapid.IntRange(0, len(changes)-1).Draw(t, "change")]()
	}
	return out
}

// Whatever changed, change = Σ effects + remainder in every number, a single cause explains all, the way back is the way there with the signs
// turned, and no byte hangs on threads or on what a cache holds.
func TestLawTrend(t *testing.T) {
	singles, several := 0, 0
	cases(t, 120, func(t *rapid.T) {
		before := drawTown(t)
		after := drawChanges(t, before)
		m := newMemory(append(before.layers(), after.layers()...)...)
		base, run := before.judge(t), after.judge(t)
		there, back := comparedIn(t, m, base, run), comparedIn(t, m, run, base) // addsUp looks at both
		if len(there.Causes) == 1 {
			singles++
		} else {
			several++
		}

		x, y := turnedSums(there.Total.Change), back.Total.Change
		if x != y || len(there.Causes) != len(back.Causes) || there.Total.People != back.Total.People || len(there.Added) != len(back.Removed) {
			t.Errorf("there %+v, back %+v", there.Total, back.Total)
		}
		ids := map[string]trend.Sums{}
		for i := range there.Requirements {
			ids[there.Requirements[i].ID] = turnedSums(there.Requirements[i].Change)
		}
		for i := range back.Requirements {
			if r := &back.Requirements[i]; ids[r.ID] != r.Change {
				t.Errorf("%s: there %+v turned, back %+v", r.ID, ids[r.ID], r.Change)
			}
		}
		cells, turned := changesOf(there, -1), changesOf(back, 1)
		if len(cells) != len(turned) {
			t.Errorf("there %d cells, back %d", len(cells), len(turned))
		}
		for name, d := range turned {
			if cells[name] != d {
				t.Errorf("%s: there %+v turned, back %+v", name, cells[name], d)
			}
		}

		m.noCache = true
		one, err := trend.Compare(context.Background(), m, base, run, coverage.Options{Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		if document(t, one) != document(t, there) {
			t.Errorf("one thread, two threads: %s\n%s", document(t, one), document(t, there))
		}
		if self := comparedIn(t, m, run, run); !self.Same() || len(self.Cells)+len(self.Subjects) > 0 || self.Total.Change != (trend.Sums{}) {
			t.Errorf("against itself: %+v", self)
		}
		// every cell that differs between the runs is listed
		if len(there.Added)+len(there.Removed) == 0 {
			listed := map[string]bool{}
			for _, c := range there.Cells {
				listed[there.Subjects[c.Subject].Level+" "+there.Subjects[c.Subject].ID+" "+there.Requirements[c.Requirement].ID] = true
			}
			for s := range run.Subjects {
				for k := range run.Requirements {
					x, y := &base.Cells[s*len(run.Requirements)+k], &run.Cells[s*len(run.Requirements)+k]
					name := run.Subjects[s].Level + " " + run.Subjects[s].ID + " " + run.Requirements[k].ID
					if judged := y.Verdict != coverage.NotAssessed; !listed[name] && (x.Verdict != y.Verdict || judged && (x.Total != y.Total || x.Covered != y.Covered || x.Undetermined != y.Undetermined)) {
						t.Errorf("%s is not listed: %s, %s", name, sums(*x), sums(*y))
					}
				}
			}
		}
	})
	if singles < 5 || several < 5 {
		t.Errorf("%d cases of one cause, %d of several", singles, several)
	}
}

// turnedSums is a change the other way round; as many verdicts differ.
func turnedSums(s trend.Sums) trend.Sums {
	return trend.Sums{
		Verdicts: coverage.Counts{Met: -s.Verdicts.Met, Unmet: -s.Verdicts.Unmet, NotDetected: -s.Verdicts.NotDetected, NotAssessed: -s.Verdicts.NotAssessed}, Changed: s.Changed,
		Demand: trend.Demand{Total: -s.Demand.Total, Covered: -s.Demand.Covered, Undetermined: -s.Demand.Undetermined}, Gained: s.Lost, Lost: s.Gained,
	}
}

// changesOf gives what changed by the names of cells, times sign.
func changesOf(tr *trend.Trend, sign int64) map[string]trend.Delta {
	out := map[string]trend.Delta{}
	for _, c := range tr.Cells {
		d, s := c.Change, &tr.Subjects[c.Subject]
		d.Total, d.Covered, d.Undetermined, d.People = sign*d.Total, sign*d.Covered, sign*d.Undetermined, sign*d.People
		if d != (trend.Delta{Known: d.Known, PeopleKnown: d.PeopleKnown}) {
			out[s.Level+" "+s.ID+" "+strings.ToLower(tr.Requirements[c.Requirement].ID)] = d
		}
	}
	return out
}

package coverage_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/coverage/trend"
)

// Package trend is tested here, on the cities whose numbers are known in closed form.

// city is what one run reads.
type city struct {
	catalog string
	params  coverage.Params
	layers  []*coverage.Layer
}

func (c city) with(layers ...*coverage.Layer) city {
	c.layers = append(slices.Clone(c.layers), layers...)
	return c
}

// compared scores both cities as a project's two runs and holds them against each other.
func compared(t tester, before, after city) *trend.Trend {
	t.Helper()
	m := newMemory(append(slices.Clone(before.layers), after.layers...)...)
	return comparedIn(t, m, assess(t, book(t, before.catalog), before.params, before.layers...), assess(t, book(t, after.catalog), after.params, after.layers...))
}

func comparedIn(t tester, m trend.Source, base, run *coverage.Run) *trend.Trend {
	t.Helper()
	tr, err := trend.Compare(context.Background(), m, base, run, coverage.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	addsUp(t, tr, base, run)
	return tr
}

// addsUp holds a trend against its own law: change = Σ effects + remainder, number by number, and the totals are those of the parts.
func addsUp(t tester, tr *trend.Trend, base, run *coverage.Run) {
	t.Helper()
	sum := func(what string, a trend.Account) {
		left := a.Change
		minus := func(s trend.Sums) {
			left.Verdicts.Met -= s.Verdicts.Met
			left.Verdicts.Unmet -= s.Verdicts.Unmet
			left.Verdicts.NotDetected -= s.Verdicts.NotDetected
			left.Verdicts.NotAssessed -= s.Verdicts.NotAssessed
			left.Changed -= s.Changed
			left.Demand.Total -= s.Demand.Total
			left.Demand.Covered -= s.Demand.Covered
			left.Demand.Undetermined -= s.Demand.Undetermined
			left.Gained -= s.Gained
			left.Lost -= s.Lost
		}
		for _, e := range a.Effects {
			minus(e.Sums)
		}
		if minus(a.Remainder); left != (trend.Sums{}) {
			t.Errorf("%s does not add up, %+v is left: %+v", what, left, a)
		}
	}
	sum("total", tr.Total)
	var whole trend.Sums
	gained, lost, people := map[int]int64{}, map[int]int64{}, map[int]map[int]int64{}
	for i := range tr.Requirements {
		r := &tr.Requirements[i]
		sum(r.ID, r.Account)
		if !r.Variant {
			whole.Changed += r.Change.Changed
			whole.Gained += r.Change.Gained
			whole.Lost += r.Change.Lost
			whole.Verdicts.Met += r.Change.Verdicts.Met
		}
	}
	if c := tr.Total.Change; whole.Changed != c.Changed || whole.Gained != c.Gained || whole.Lost != c.Lost || whole.Verdicts.Met != c.Verdicts.Met || c.Verdicts.Met != run.Counts.Met-base.Counts.Met {
		t.Errorf("the total %+v is not the sum of the requirements %+v", c, whole)
	}
	for i := range tr.Cells {
		c := &tr.Cells[i]
		d, p := c.Change.Demand, c.Change.People
		for _, e := range c.Effects {
			d.Total, d.Covered, d.Undetermined, p = d.Total-e.Total, d.Covered-e.Covered, d.Undetermined-e.Undetermined, p-e.People
			if tr.Subjects[c.Subject].Level == "unit" {
				if people[c.Requirement] == nil {
					people[c.Requirement] = map[int]int64{}
				}
				people[c.Requirement][e.Cause] += e.People
			}
		}
		if d != c.Remainder.Demand || p != c.Remainder.People {
			t.Errorf("cell %d does not add up: %+v", i, c)
		}
		if tr.Subjects[c.Subject].Level == "unit" {
			gained[c.Requirement] += max(0, c.Change.People)
			lost[c.Requirement] += max(0, -c.Change.People)
		}
	}
	for k := range tr.Requirements {
		r := &tr.Requirements[k]
		if r.Change.Gained != gained[k] || r.Change.Lost != lost[k] {
			t.Errorf("%s: people %d and %d, by its cells %d and %d", r.ID, r.Change.Gained, r.Change.Lost, gained[k], lost[k])
		}
		for _, e := range r.Effects {
			if e.Net() != people[k][e.Cause] {
				t.Errorf("%s: cause %d gains %d, by its cells %d", r.ID, e.Cause, e.Net(), people[k][e.Cause])
			}
		}
	}
	for i := range tr.Subjects {
		for _, s := range tr.Subjects[i].Scores {
			d := s.Change
			for _, e := range s.Effects {
				d.Score, d.Max = d.Score-e.Score, d.Max-e.Max
			}
			if d.Score != s.Remainder.Score || d.Max != s.Remainder.Max {
				t.Errorf("the score of %s in %s does not add up: %+v", tr.Subjects[i].ID, s.Scope, s)
			}
		}
	}
	if len(tr.Causes) == 1 && tr.Causes[0].Attributable && (tr.Remains() || tr.Causes[0].Effect != tr.Total.Change || tr.Causes[0].Missing > 0) {
		t.Errorf("the only cause %q leaves something unexplained: %+v of %+v", tr.Causes[0].Text.En, tr.Causes[0].Effect, tr.Total.Change)
	}
}

// says lists the causes in one text: kind, name, and people gained.
func causesOf(tr *trend.Trend) string {
	var out []string
	for _, c := range tr.Causes {
		s := string(c.Kind)
		if c.Layer.Name != "" {
			s += " " + c.Layer.Name
		}
		if c.Parameter != "" {
			s += " " + c.Parameter
		}
		if !c.Attributable {
			s += " ?"
		} else {
			s += fmt.Sprintf(" %+d", c.Effect.Net()/1000)
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

// cellsOf lists the cells that differ: subject, requirement, verdicts, and people.
func cellsOf(tr *trend.Trend) (out []string) {
	for _, c := range tr.Cells {
		s := fmt.Sprintf("%s %s %s→%s", tr.Subjects[c.Subject].ID, tr.Requirements[c.Requirement].ID, c.Before.Verdict, c.After.Verdict)
		if c.Change.PeopleKnown {
			s += fmt.Sprintf(" %+d", c.Change.People/1000)
		}
		out = append(out, s)
	}
	return out
}

// pair is a city of two neighborhoods a and b, 3 km apart, in a street s; 30 live in the middle of a and 10 at its border, 20 in the middle of b.
func pair() city {
	us := change(units("community", map[string]orb.Polygon{"a": rect(-1000, -1000, 1000, 1000), "b": rect(2000, -1000, 4000, 1000)}), parents("street", map[string]string{"a": "s", "b": "s"}))
	return city{catalog: clinic500, layers: []*coverage.Layer{us,
		people("people", map[string]orb.Geometry{"a1": xy(0, 0), "a2": xy(900, 0), "b1": xy(3000, 0)}, map[string]int64{"a1": 30, "a2": 10, "b1": 20})}}
}

// A clinic is built: the neighborhoods and people within its radius change, no others, and its layer is the cause.
func TestTrendFacilityAdded(t *testing.T) {
	c := pair()
	old := everywhere("clinics", "clinic", map[string]orb.Geometry{"f": xy(3000, 100)})
	now := everywhere("clinics", "clinic", map[string]orb.Geometry{"f": xy(3000, 100), "g": xy(0, 499.9)})
	tr := compared(t, c.with(old), c.with(now))
	if got := causesOf(tr); got != "layer_changed clinics +30" {
		t.Errorf("causes: %s", got)
	}
	if r := tr.Causes[0].Rows; *r != (trend.Rows{Before: 1, After: 2, Added: 1}) {
		t.Errorf("rows %+v", r)
	}
	// 30 of 40 are 0.75 of the line 0.8: still unmet; the street goes from 20 to 50 of 60
	if d := cmp.Diff([]string{"a clinic-15 unmet→unmet +30", "s clinic-15 unmet→met +30"}, cellsOf(tr)); d != "" {
		t.Error(d)
	}
	if got := tr.Total; got.Change.Gained != 30_000 || got.Change.Lost != 0 || got.Change.Changed != 0 || got.Remainder != (trend.Sums{}) || got.People != 2 || got.Unknown != 0 {
		t.Errorf("total %+v", got)
	}
	a := tr.Subjects[0]
	if len(tr.Subjects) != 2 || a.ID != "a" || a.Gained != 30_000 || !slices.Equal(a.Causes, []int{0}) {
		t.Errorf("subjects %+v", tr.Subjects)
	}
	if o := a.Scores[len(a.Scores)-1]; o.Before.Score != 0 || o.After.Score != 93_750_000_000 || o.Effects[0].Score != o.Change.Score || o.Remainder != (trend.Points{Known: true}) {
		t.Errorf("score of a: %+v", o)
	}
	back := compared(t, c.with(now), c.with(old))
	if got := back.Total.Change; got.Lost != 30_000 || got.Gained != 0 {
		t.Errorf("the clinic closed: %+v", got)
	}
}

// A bureau declares its layer complete: not detected becomes unmet, nobody gains or loses anything, and the survey is the cause, apart from the content.
func TestTrendSurvey(t *testing.T) {
	c := pair()
	at := map[string]orb.Geometry{"f": xy(3000, 100)}
	tr := compared(t, c.with(unsurveyed("clinics", "clinic", at)), c.with(everywhere("clinics", "clinic", at)))
	if got := causesOf(tr); got != "survey clinics +0" {
		t.Errorf("causes: %s", got)
	}
	if d := cmp.Diff([]string{"a clinic-15 not_detected→unmet +0", "s clinic-15 not_detected→unmet +0"}, cellsOf(tr)); d != "" {
		t.Error(d)
	}
	if want := []string{"clinic unknown → everywhere"}; !slices.Equal(tr.Causes[0].Fields, want) {
		t.Errorf("fields %q", tr.Causes[0].Fields)
	}
	if v := tr.Causes[0].Effect.Verdicts; v != (coverage.Counts{Unmet: 1, NotDetected: -1}) {
		t.Errorf("verdicts %+v", v)
	}

	// what was said at import, for and against, belongs to the survey
	said := func(l *coverage.Layer, how string) *coverage.Layer {
		return change(l, func(l *coverage.Layer) { l.Info.Declared = coverage.Declared{"complete": how, "crs": "EPSG:4326"} })
	}
	mute := change(unsurveyed("clinics", "clinic", at), func(l *coverage.Layer) { l.Info.Declared = coverage.Declared{"crs": "EPSG:4326"} })
	for _, l := range []*coverage.Layer{mute, said(unsurveyed("clinics", "clinic", at), "unknown")} {
		now := said(everywhere("clinics", "clinic", at), "everywhere")
		if there, back := causesOf(compared(t, c.with(l), c.with(now))), causesOf(compared(t, c.with(now), c.with(l))); there != "survey clinics +0" || back != there {
			t.Errorf("causes: %s; back: %s", there, back)
		}
	}

	// content and survey in one import: two causes, and neither takes what is the other's
	both := compared(t, c.with(unsurveyed("clinics", "clinic", at)), c.with(everywhere("clinics", "clinic", map[string]orb.Geometry{"f": xy(3000, 100), "g": xy(0, 0)})))
	if got := causesOf(both); got != "layer_changed clinics +30, survey clinics +0" {
		t.Errorf("causes: %s", got)
	}
	a := both.Cells[0]
	if a.Effects[0].Verdict != coverage.NotDetected || a.Effects[1].Verdict != coverage.Unmet || a.After.Verdict != coverage.Unmet {
		t.Errorf("%+v", a)
	}
	if a.Effects[0].Undetermined != -30_000 || a.Effects[1].Undetermined != -40_000 || a.Change.Undetermined != -40_000 || a.Remainder.Undetermined != 30_000 {
		t.Errorf("what both settle is not the remainder: %+v", a)
	}
}

// The guideline's limit is doubled: the catalog is the cause, the requirement is shown as redefined, with the field.
func TestTrendCatalog(t *testing.T) {
	c := pair().with(everywhere("clinics", "clinic", map[string]orb.Geometry{"f": xy(0, 0)}))
	wide := c
	wide.catalog = strings.Replace(clinic500, "radius_m: 500", "radius_m: 1000", 1)
	tr := compared(t, c, wide)
	if got := causesOf(tr); got != "catalog +10" {
		t.Errorf("causes: %s", got)
	}
	if d := cmp.Diff([]string{"a clinic-15 unmet→met +10", "s clinic-15 unmet→unmet +10"}, cellsOf(tr)); d != "" {
		t.Error(d)
	}
	r := tr.Requirements[0]
	if r.What != trend.Redefined || r.Before.Limit != "500" || r.After.Limit != "1000" || len(r.Fields) != 1 || r.Fields[0].Field != "limit clinic" {
		t.Errorf("requirement %+v", r)
	}
	if !slices.Equal(tr.Causes[0].Fields, []string{"clinic-15 limit clinic"}) {
		t.Errorf("fields %q", tr.Causes[0].Fields)
	}

	more := c
	more.catalog = `
requirements:
  - {service: pharmacy, tier: "15", limit: {radius_m: 500}, denominator: population}
`
	tr = compared(t, c, more)
	if len(tr.Requirements) != 2 || tr.Requirements[0].What != trend.Added || tr.Requirements[1].What != trend.Removed || tr.Requirements[0].Before != nil || tr.Requirements[1].After != nil {
		t.Errorf("requirements %+v", tr.Requirements)
	}
	if tr.Total.Change.Verdicts != (coverage.Counts{Unmet: -2, NotAssessed: 2}) || tr.Total.People != 0 || tr.Total.Unknown != 4 {
		t.Errorf("total %+v", tr.Total)
	}
}

// Two clinics are built for the same people: either alone would have gained them, so that the remainder takes them back once.
func TestTrendInteraction(t *testing.T) {
	c := pair()
	none := []*coverage.Layer{everywhere("one", "clinic", nil), everywhere("two", "clinic", nil)}
	two := []*coverage.Layer{everywhere("one", "clinic", map[string]orb.Geometry{"f": xy(0, 0)}), everywhere("two", "clinic", map[string]orb.Geometry{"g": xy(0, 10)})}
	tr := compared(t, c.with(none...), c.with(two...))
	if got := causesOf(tr); got != "layer_changed one +30, layer_changed two +30" {
		t.Errorf("causes: %s", got)
	}
	if got := tr.Total; got.Change.Net() != 30_000 || got.Remainder.Net() != -30_000 || !tr.Remains() {
		t.Errorf("total %+v", got)
	}
	if c := tr.Cells[0]; c.Remainder.People != -30_000 || c.Remainder.Covered != -30_000 || len(c.Effects) != 2 {
		t.Errorf("cell %+v", c)
	}
}

// Layers come and go as causes of their own.
func TestTrendLayersAddedAndRemoved(t *testing.T) {
	c := pair()
	tr := compared(t, c.with(everywhere("old", "clinic", map[string]orb.Geometry{"f": xy(3000, 0)})), c.with(everywhere("new", "clinic", map[string]orb.Geometry{"g": xy(0, 0)})))
	if got := causesOf(tr); got != "layer_added new +30, layer_removed old +0" {
		t.Errorf("causes: %s", got)
	}
	// without the old layer alone no layer lists clinics: who is covered is not known then, which is not 0
	if o := tr.Causes[1]; o.Kind != trend.LayerRemoved || !o.Attributable || o.Missing != 2 || o.Effect.Net() != 0 {
		t.Errorf("%+v", o)
	}
	if got := tr.Total; got.Change.Gained != 30_000 || got.Change.Lost != 20_000 || got.Remainder.Net() != -20_000 {
		t.Errorf("total %+v", got)
	}
}

// Every parameter is a cause of its own.
func TestTrendParameters(t *testing.T) {
	c := pair().with(unsurveyed("clinics", "clinic", map[string]orb.Geometry{"f": xy(3000, 0)}), land(rect(-500, -500, 500, 500), rect(2500, -500, 3500, 500)))
	c.catalog = `
requirements:
  - {service: clinic, tier: "15", limit: {radius_m: 500}, pass_line: 0.8, targets: {"2025": 0.5}}
`
	now := c
	now.params = coverage.Params{Denominator: "population", AssumeComplete: true, AcceptParent: true, AsOf: "2026-01-31", Year: 2026}
	tr := compared(t, c, now)
	if got := causesOf(tr); got != "parameter denominator +0, parameter assume_complete +0, parameter accept_parent +0, parameter as_of +0, parameter year +0" {
		t.Errorf("causes: %s", got)
	}
	if e := tr.Causes[1].Effect; e.Verdicts != (coverage.Counts{Unmet: 2, NotDetected: -2}) || e.Changed != 2 {
		t.Errorf("assuming complete data: %+v", e)
	}
	if e := tr.Causes[0].Effect; e.Verdicts != (coverage.Counts{Met: 1, NotDetected: -1}) {
		t.Errorf("another denominator: %+v", e)
	}
	// land and people cannot be taken from each other; the people beside the land can
	a := tr.Cells[slices.IndexFunc(tr.Cells, func(c trend.Cell) bool { return tr.Subjects[c.Subject].ID == "a" })]
	if a.Change.Known || !a.Change.PeopleKnown || a.PeopleBefore != 0 || a.PeopleAfter != 0 {
		t.Errorf("%+v", a)
	}
	if r := tr.Requirements[0]; r.What != trend.Redefined || r.Compared != 0 || r.People != 2 {
		t.Errorf("%+v", r)
	}
	// the target of the year lets the half that the clinic reaches do
	if e := tr.Causes[4]; e.Before != "" || e.After != "2026" || e.Effect.Verdicts != (coverage.Counts{Met: 1, NotDetected: -1}) || e.Effect.Demand != (trend.Demand{}) {
		t.Errorf("the target of a year: %+v", e)
	}
}

// Where nobody counted people, nothing is said of them: unknown is not 0.
func TestTrendPeopleUnknown(t *testing.T) {
	c := city{catalog: "requirements:\n  - {service: clinic, tier: \"15\", limit: {radius_m: 500}}\n", layers: []*coverage.Layer{oneUnit(), land(rect(-500, -500, 500, 500))}}
	tr := compared(t, c.with(everywhere("f", "clinic", nil)), c.with(everywhere("f", "clinic", map[string]orb.Geometry{"f": xy(0, 0)})))
	if tr.Total.People != 0 || tr.Total.Unknown != 1 || tr.Cells[0].PeopleAfter != coverage.Unknown || tr.Cells[0].Change.PeopleKnown || tr.Cells[0].Change.Covered <= 0 {
		t.Errorf("%+v %+v", tr.Total, tr.Cells)
	}
	b, err := json.Marshal(tr)
	if err != nil || !strings.Contains(string(b), `"people_net":null`) || strings.Contains(string(b), `"people_net":0`) {
		t.Errorf("%v %s", err, b)
	}
}

// Neighborhoods are renamed, split and merged away: those of both runs are compared, the others listed.
func TestTrendNeighborhoods(t *testing.T) {
	before := pair().with(everywhere("f", "clinic", map[string]orb.Geometry{"f": xy(0, 0)}))
	after := before
	after.layers = slices.Clone(before.layers)
	after.layers[0] = change(units("community", map[string]orb.Polygon{"a": rect(-1000, -1000, 800, 1000), "c": rect(2000, -1000, 4000, 1000)}), func(l *coverage.Layer) {
		parents("street", map[string]string{"a": "s", "c": "s"})(l)
		l.Names[0] = "新名"
	})
	tr := compared(t, before, after)
	if got := causesOf(tr); got != "layer_changed units +0" {
		t.Errorf("causes: %s", got)
	}
	if len(tr.Added) != 1 || tr.Added[0].ID != "c" || len(tr.Removed) != 1 || tr.Removed[0].ID != "b" || tr.Neighborhoods != 1 {
		t.Errorf("added %+v, removed %+v", tr.Added, tr.Removed)
	}
	a := tr.Subjects[0]
	if !a.Renamed() || a.BaseName != "社区 a" || a.Name != "新名" || a.Changed != 1 {
		t.Errorf("%+v", a)
	}
	if c := tr.Cells[0]; c.Change.Total != -10_000 || c.Change.Covered != 0 || c.After.Verdict != coverage.Met {
		t.Errorf("the ten at the border live in a no more: %+v", c)
	}
}

// What is kept of an old run is compared; what cannot be scored again is named with the reason, and the remainder holds it.
func TestTrendNotAttributable(t *testing.T) {
	c := pair()
	old, now := everywhere("f", "clinic", nil), everywhere("f", "clinic", map[string]orb.Geometry{"f": xy(0, 0)})
	before, after := c.with(old), c.with(now)
	after.params.AsOf = "2026-01-31"
	base, run := assess(t, book(t, before.catalog), before.params, before.layers...), assess(t, book(t, after.catalog), after.params, after.layers...)

	m := newMemory(append(slices.Clone(before.layers), after.layers...)...)
	delete(m.layers, now.Info.Hash)
	tr := comparedIn(t, m, base, run)
	if got := causesOf(tr); got != "layer_changed f ?, parameter as_of +0" {
		t.Errorf("causes: %s", got)
	}
	if r := tr.Causes[0].Reason; !strings.Contains(r.En, "no layer") || r.Zh == "" {
		t.Errorf("reason %+v", r)
	}
	if tr.Total.Change.Net() != 30_000 || tr.Total.Remainder.Net() != 30_000 {
		t.Errorf("total %+v", tr.Total)
	}

	m = newMemory(append(slices.Clone(before.layers), after.layers...)...)
	delete(m.layers, old.Info.Hash) // the newer version in its place can be scored all the same
	if tr = comparedIn(t, m, base, run); causesOf(tr) != "layer_changed f +30, parameter as_of ?" || tr.Total.Remainder.Net() != 0 {
		t.Errorf("%s %+v", causesOf(tr), tr.Total)
	}

	delete(m.layers, c.layers[0].Info.Hash)
	if tr = comparedIn(t, m, base, run); causesOf(tr) != "layer_changed f ?, parameter as_of ?" || tr.Total.Remainder != tr.Total.Change {
		t.Errorf("%s %+v", causesOf(tr), tr.Total)
	}

	units := c.layers[0]
	moved := change(func() *coverage.Layer { l := *units; return &l }(), named("other"))
	tr = compared(t, before, city{before.catalog, before.params, append([]*coverage.Layer{moved}, before.layers[1:]...)})
	if got := causesOf(tr); got != "layer_added other +0, layer_removed units ?" || !strings.Contains(tr.Causes[1].Reason.En, "no neighborhoods") {
		t.Errorf("%s: %s", got, tr.Causes[1].Reason.En)
	}
}

// A run of an older version of the program: what scoring its inputs anew changes is the algorithm's, the rest is not.
func TestTrendAlgorithm(t *testing.T) {
	c := pair()
	before, after := c.with(everywhere("f", "clinic", map[string]orb.Geometry{"f": xy(3000, 0)})), c.with(everywhere("f", "clinic", map[string]orb.Geometry{"f": xy(3000, 0), "g": xy(0, 0)}))
	m := newMemory(append(slices.Clone(before.layers), after.layers...)...)
	base, run := assess(t, book(t, before.catalog), before.params, before.layers...), assess(t, book(t, after.catalog), after.params, after.layers...)
	base.Version = "1"
	base.Cells[0].Covered += 7_000 // that version saw seven more in a
	tr := comparedIn(t, m, base, run)
	if got := causesOf(tr); got != "layer_changed f +30, algorithm -7" || tr.Total.Change.Net() != 23_000 || tr.Total.Remainder.Net() != 0 {
		t.Errorf("%s %+v", got, tr.Total)
	}
	back := comparedIn(t, m, run, base)
	if got := causesOf(back); got != "layer_changed f -30, algorithm +7" || back.Total.Change.Net() != -23_000 {
		t.Errorf("%s %+v", got, back.Total)
	}
	delete(m.layers, before.layers[len(before.layers)-1].Info.Hash)
	if tr = comparedIn(t, m, base, run); causesOf(tr) != "layer_changed f ?, algorithm ?" || tr.Total.Remainder.Net() != 23_000 {
		t.Errorf("%s %+v", causesOf(tr), tr.Total)
	}
}

// Runs as a project keeps them give the same trend as fresh ones; an interrupted comparison is an error.
func TestTrendOfKeptRuns(t *testing.T) {
	c := pair()
	m := newMemory(c.with(everywhere("f", "clinic", nil)).layers...)
	ctx := context.Background()
	base, err := coverage.ScoreProject(ctx, m, book(t, clinic500), testServices, coverage.Params{}, coverage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m.put(everywhere("f", "clinic", map[string]orb.Geometry{"f": xy(0, 0)}))
	run, err := coverage.ScoreProject(ctx, m, book(t, clinic500), testServices, coverage.Params{}, coverage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	keptBase, err := m.Run(ctx, base.Hash)
	if err != nil {
		t.Fatal(err)
	}
	keptRun, err := m.Run(ctx, run.Hash)
	if err != nil {
		t.Fatal(err)
	}
	keptBase.RunInfo, keptRun.RunInfo = base.RunInfo, run.RunInfo
	saved := m.saved
	fresh, kept := document(t, comparedIn(t, m, base, run)), document(t, comparedIn(t, m, keptBase, keptRun))
	if fresh != kept {
		t.Error(cmp.Diff(fresh, kept))
	}
	if m.saved != saved {
		t.Errorf("%d values were saved by a comparison", m.saved-saved)
	}
	stopped, stop := context.WithCancel(ctx)
	stop()
	if _, err := trend.Compare(stopped, m, base, run, coverage.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	if same := comparedIn(t, m, run, keptRun); !same.Same() || len(same.Cells)+len(same.Subjects)+len(same.Added)+len(same.Removed) > 0 {
		t.Errorf("a run held against itself: %+v", same)
	}
}

func document(t tester, tr *trend.Trend) string {
	t.Helper()
	b, err := json.Marshal(tr)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// If nobody says which run is meant, the only earlier one by the same catalog is; several are named, none is guessed.
func TestTrendPrevious(t *testing.T) {
	info := func(hash, catalog string, year int) coverage.RunInfo {
		return coverage.RunInfo{Hash: hash, Catalog: catalog, Params: coverage.Params{Year: year}}
	}
	runs := []coverage.RunInfo{info("a1", "x", 0), info("b1", "y", 0), info("c1", "x", 2025), info("d1", "x", 2025), info("e1", "x", 0), info("f1", "x", 0)}
	for hash, want := range map[string]string{"a1": "not_found", "b1": "not_found", "c1": "a1", "d1": "c1", "e1": "a1", "f1": "invalid"} {
		got, err := trend.Previous(runs, runs[slices.IndexFunc(runs, func(r coverage.RunInfo) bool { return r.Hash == hash })])
		if err != nil {
			got.Hash = string(coverage.CodeOf(err))
		}
		if got.Hash != want {
			t.Errorf("before %s: %s, want %s (%v)", hash, got.Hash, want, err)
		}
	}
	if _, err := trend.Previous(runs, runs[5]); err == nil || !strings.Contains(err.Error(), "a1") || !strings.Contains(err.Error(), "e1") || strings.Contains(err.Error(), "c1") {
		t.Errorf("%v", err)
	}
}

// A city with other facilities gives the same run, byte by byte, as one made anew of all its layers, and leaves the one that it came from alone.
func TestWithFacilities(t *testing.T) {
	c := pair()
	old, now := everywhere("clinics", "clinic", map[string]orb.Geometry{"f": xy(3000, 100)}), everywhere("clinics", "clinic", map[string]orb.Geometry{"g": xy(0, 0)})
	park := unsurveyed("parks", "park", map[string]orb.Geometry{"p": rect(0, 0, 50, 50)})
	judged := func(city *coverage.City) string {
		run, err := coverage.Assess(t.Context(), city, book(t, clinic500), testServices, coverage.Params{}, coverage.Options{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		inputs, _ := json.Marshal(run.Inputs)
		return string(inputs) + everyTable(t, run)
	}
	from := func(layers ...*coverage.Layer) *coverage.City {
		city, err := coverage.NewCity(layers)
		if err != nil {
			t.Fatal(err)
		}
		return city
	}
	first := from(c.with(old).layers...)
	want := judged(first)
	if d := cmp.Diff(judged(from(c.with(now, park).layers...)), judged(first.WithFacilities([]*coverage.Layer{park, now}))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(want, judged(first)); d != "" {
		t.Errorf("the city that it came from changed: %s", d)
	}
}

// What a scratch has no room for is computed again, which changes nothing; the cache below is read and never written.
func TestScratch(t *testing.T) {
	ctx := t.Context()
	m := newMemory()
	m.cache["below"] = []byte("1")
	s := coverage.NewScratch(m, 5)
	if err := s.SaveCached(ctx, map[string][]byte{"a": []byte("123"), "b": []byte("456"), "c": []byte("78")}); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"a": "123", "b": "", "c": "78", "below": "1", "none": ""} {
		if got, err := s.Cached(ctx, key); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", key, got, err)
		}
	}
	if len(m.cache) != 1 {
		t.Errorf("the cache below was written: %v", m.cache)
	}
	if got, err := coverage.NewScratch(nil, 0).Cached(ctx, "a"); err != nil || got != nil {
		t.Errorf("no cache below: %q, %v", got, err)
	}
}

// A newer program brings another list of services: that is a cause of its own beside the catalog, and a catalog that the older list cannot read is
// named as not attributable.
func TestTrendServices(t *testing.T) {
	list := func(yaml string) *catalog.Services {
		s, err := catalog.ParseServices([]byte("services:\n"+yaml), "services.yaml")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	plain := list("  - {key: clinic, zh: 医, en: Clinic}\n  - {key: station, zh: 站, en: Station}\n")
	nested := list("  - {key: clinic, zh: 医, en: Clinic}\n  - {key: station, zh: 站, en: Station, parents: [clinic]}\n  - {key: spa, zh: 泉, en: Spa}\n")
	c := pair().with(everywhere("stations", "station", map[string]orb.Geometry{"f": xy(0, 0)}))
	judged := func(services *catalog.Services, requirements string) *coverage.Run {
		cat, _, err := catalog.Parse([]byte("id: test\ntitle: T\ntiers: [{id: \"15\", minutes: 15}]\nrequirements:\n"+requirements), "test.yaml", services)
		if err != nil {
			t.Fatal(err)
		}
		city, err := coverage.NewCity(c.layers)
		if err != nil {
			t.Fatal(err)
		}
		run, err := coverage.Assess(t.Context(), city, cat, services, coverage.Params{}, coverage.Options{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return run
	}
	clinic := "  - {service: clinic, tier: \"15\", limit: {radius_m: 500}, denominator: population}\n"
	m := newMemory(c.layers...)
	base := judged(plain, clinic)
	tr := comparedIn(t, m, base, judged(nested, clinic))
	if got := causesOf(tr); got != "services +0" || tr.Causes[0].Effect.Verdicts != (coverage.Counts{Unmet: 2, NotAssessed: -2}) {
		t.Errorf("%s %+v", got, tr.Causes[0].Effect)
	}
	// who was covered before no layer told: unknown, which is not 0
	if tr.Total.Unknown != 2 || tr.Cells[0].PeopleBefore != coverage.Unknown || tr.Cells[0].PeopleAfter != 30_000 {
		t.Errorf("%+v %+v", tr.Total, tr.Cells[0])
	}
	tr = comparedIn(t, m, base, judged(nested, clinic+"  - {service: spa, tier: \"15\", limit: {radius_m: 500}, denominator: population}\n"))
	if got := causesOf(tr); got != "catalog ?, services +0" || !strings.Contains(tr.Causes[0].Reason.En, "spa") || !strings.HasPrefix(tr.Causes[0].Reason.Zh, "服务目录 test：") || tr.Total.Remainder.Verdicts != (coverage.Counts{NotAssessed: 2}) {
		t.Errorf("%s %+v, remainder %+v", got, tr.Causes[0].Reason, tr.Total.Remainder)
	}
}

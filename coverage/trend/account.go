package trend

import (
	"fmt"
	"slices"
	"strings"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
)

// unitLevel is the level of what is judged, in tables.
const unitLevel = "unit"

// Causes of a cell that is not assessed, as in table coverage.
const (
	notApplicable = "not_applicable"
	noDemand      = "no_demand"
	noDenominator = "no_denominator"
)

// view finds the cells of one run by the subjects and requirements that the two runs share.
type view struct {
	run      *coverage.Run
	subjects []int  // per matched subject: its place in the run, −1
	columns  []int  // per pair of requirements: its place in the run, −1
	people   []bool // per pair: some cell of the column counts the people of the pair's measure
}

// step is a change from one run to another.
type step struct{ from, to *view }

// value is what a run says of a subject under a requirement.
type value struct {
	there       bool
	verdict     coverage.Verdict
	denominator string
	known       bool // the tally
	demand      Demand
	peopleKnown bool
	people      int64 // covered
}

// accounts adds up changes and effects.
type accounts struct {
	pairs    []catalog.Pair
	measures []string // per pair: whose people are counted
	variant  []bool   // per pair
	before   *view
	after    *view
	unit     []bool // per matched subject
	scopes   []string

	whole   []Delta        // per matched subject and pair
	effects [][]CellEffect // likewise
	scores  [][]ScoreEffect
	totals  []Effect   // per attributable cause
	ofPair  [][]Effect // per pair
	changed []int      // per attributable cause: neighborhoods with another overall score
}

// subjectKeys names subjects by level and id, and of equal ones by which one it is.
func subjectKeys(r *coverage.Run) []string {
	seen := map[string]int{}
	out := make([]string, len(r.Subjects))
	for i := range r.Subjects {
		key := r.Subjects[i].Level + "\x00" + r.Subjects[i].ID
		seen[key]++
		out[i] = fmt.Sprint(key, "\x00", seen[key])
	}
	return out
}

func newAccounts(base, run *coverage.Run) *accounts {
	a := &accounts{pairs: catalog.Pairs(base.Catalog, run.Catalog)}
	for _, p := range a.pairs {
		a.measures = append(a.measures, measureOf(base, run, p))
		if p.After >= 0 {
			a.variant = append(a.variant, run.Requirements[p.After].Variant)
		} else {
			a.variant = append(a.variant, base.Requirements[p.Before].Variant)
		}
	}
	old := map[string]bool{}
	for _, k := range subjectKeys(base) {
		old[k] = true
	}
	var matched []string
	for i, k := range subjectKeys(run) {
		if old[k] {
			matched = append(matched, k)
			a.unit = append(a.unit, run.Subjects[i].Level == unitLevel)
		}
	}
	a.before, a.after = a.view(base, matched, false), a.view(run, matched, true)
	a.scopes = scopes(run)
	for _, s := range scopes(base) {
		if !slices.Contains(a.scopes, s) {
			a.scopes = append(a.scopes, s)
		}
	}
	n := len(matched) * len(a.pairs)
	a.whole, a.effects, a.scores = make([]Delta, n), make([][]CellEffect, n), make([][]ScoreEffect, len(matched)*len(a.scopes))
	a.ofPair = make([][]Effect, len(a.pairs))
	for s := range matched {
		for p := range a.pairs {
			a.whole[s*len(a.pairs)+p] = a.delta(s, p, []step{{a.before, a.after}})
		}
	}
	return a
}

func scopes(r *coverage.Run) (out []string) {
	for _, t := range r.Catalog.Tiers {
		out = append(out, t.ID)
	}
	return append(out, coverage.Overall)
}

// measureOf tells whose people a pair of requirements counts: those of the group that both are about, else everybody.
func measureOf(base, run *coverage.Run, p catalog.Pair) string {
	var of []string
	if p.Before >= 0 {
		of = append(of, base.Requirements[p.Before].Denominator)
	}
	if p.After >= 0 {
		of = append(of, run.Requirements[p.After].Denominator)
	}
	if strings.HasPrefix(of[0], catalog.DenominatorPopulation+":") && of[0] == of[len(of)-1] {
		return of[0]
	}
	return catalog.DenominatorPopulation
}

// like gives the view of another run with the subjects of this account; after tells by which of the two catalogs it was judged.
func (a *accounts) like(r *coverage.Run, after bool) *view {
	var matched []string
	keys := subjectKeys(a.after.run)
	for _, s := range a.after.subjects {
		matched = append(matched, keys[s])
	}
	return a.view(r, matched, after)
}

func (a *accounts) view(r *coverage.Run, matched []string, after bool) *view {
	v := &view{run: r, subjects: make([]int, len(matched)), columns: make([]int, len(a.pairs)), people: make([]bool, len(a.pairs))}
	at := map[string]int{}
	for i, k := range subjectKeys(r) {
		at[k] = i
	}
	for i, k := range matched {
		if s, ok := at[k]; ok {
			v.subjects[i] = s
		} else {
			v.subjects[i] = -1
		}
	}
	n := len(r.Requirements)
	for p, pair := range a.pairs {
		k := pair.Before
		if after {
			k = pair.After
		}
		v.columns[p] = k
		for s := 0; k >= 0 && s < len(r.Subjects) && !v.people[p]; s++ {
			_, v.people[p] = other(&r.Cells[s*n+k], a.measures[p])
		}
	}
	return v
}

// other gives the people covered under a measure that stands beside the denominator.
func other(c *coverage.Cell, measure string) (int64, bool) {
	for _, o := range c.Others {
		if o.Denominator == measure {
			return o.Covered, true
		}
	}
	return 0, false
}

func (a *accounts) value(v *view, subject, pair int) (out value) {
	s, k := v.subjects[subject], v.columns[pair]
	if s < 0 || k < 0 {
		return out
	}
	c, d := &v.run.Cells[s*len(v.run.Requirements)+k], &v.run.Requirements[k]
	out.there, out.verdict, out.denominator = true, c.Verdict, d.Denominator
	asked, nobody, undenominated := true, false, false
	if c.Verdict == coverage.NotAssessed { // only then
		asked, nobody, undenominated = !has(c.Cause, notApplicable), has(c.Cause, noDemand), has(c.Cause, noDenominator)
	}
	if out.known = asked && (c.Verdict != coverage.NotAssessed || nobody); out.known {
		out.demand = Demand{c.Total, c.Covered, c.Undetermined}
	}
	switch {
	case !asked:
	case d.Denominator == a.measures[pair]:
		out.people, out.peopleKnown = out.demand.Covered, out.known
	default:
		out.people, out.peopleKnown = other(c, a.measures[pair])
		if !out.peopleKnown { // nobody lives there, if people are counted elsewhere and the requirement can be judged at all
			out.peopleKnown = v.people[pair] && (out.known || undenominated)
		}
	}
	return out
}

// has tells whether a cause column holds a code.
func has(cause, code string) bool {
	for c := range strings.SplitSeq(cause, ";") {
		if c == code {
			return true
		}
	}
	return false
}

// delta adds up the steps of a change; one that cannot be told makes the sum unknown.
func (a *accounts) delta(subject, pair int, steps []step) Delta {
	d := Delta{Known: true, PeopleKnown: true}
	for _, st := range steps {
		x, y := a.value(st.from, subject, pair), a.value(st.to, subject, pair)
		d.Known = d.Known && x.known && y.known && x.denominator == y.denominator
		d.PeopleKnown = d.PeopleKnown && x.peopleKnown && y.peopleKnown
		d.Demand = d.plus(y.demand, 1).plus(x.demand, -1)
		d.People += y.people - x.people
	}
	if !d.Known {
		d.Demand = Demand{}
	}
	if !d.PeopleKnown {
		d.People = 0
	}
	return d
}

func (d Demand) plus(o Demand, sign int64) Demand {
	return Demand{d.Total + sign*o.Total, d.Covered + sign*o.Covered, d.Undetermined + sign*o.Undetermined}
}

// differ counts the steps over which the verdict differs.
func (a *accounts) differ(subject, pair int, steps []step) (n int) {
	for _, st := range steps {
		if x, y := a.value(st.from, subject, pair), a.value(st.to, subject, pair); x.there && y.there && x.verdict != y.verdict {
			n++
		}
	}
	return n
}

// points gives the change of a score over steps.
func (a *accounts) points(subject int, scope string, steps []step) Points {
	p := Points{Known: true}
	for _, st := range steps {
		x, y := st.from.score(subject, scope), st.to.score(subject, scope)
		p.Known = p.Known && x.Known && y.Known
		p.Score += y.Score - x.Score
		p.Max += y.Max - x.Max
	}
	if !p.Known {
		return Points{}
	}
	return p
}

// score gives a subject's score in a scope, none where the run has not both.
func (v *view) score(subject int, scope string) coverage.Score {
	if s := v.subjects[subject]; s >= 0 {
		for _, x := range v.run.SubjectScores(s) {
			if x.Scope == scope {
				return x
			}
		}
	}
	return coverage.Score{Scope: scope}
}

// add takes in what a cause changes over these steps.
func (a *accounts) add(cause int, steps []step) {
	total := Effect{Cause: cause}
	for _, st := range steps {
		total.Verdicts = plusCounts(total.Verdicts, minusCounts(st.to.run.Counts, st.from.run.Counts))
	}
	for p := range a.pairs {
		e := Effect{Cause: cause}
		for _, st := range steps {
			e.Verdicts = plusCounts(e.Verdicts, minusCounts(st.to.counts(p).Counts, st.from.counts(p).Counts))
		}
		for s, unit := range a.unit {
			i := s*len(a.pairs) + p
			d, n := a.delta(s, p, steps), a.differ(s, p, steps)
			w := &a.whole[i]
			missing := w.Known && !d.Known || w.PeopleKnown && !d.PeopleKnown
			if d.Known = d.Known && w.Known; !d.Known {
				d.Demand = Demand{}
			}
			if d.PeopleKnown = d.PeopleKnown && w.PeopleKnown; !d.PeopleKnown {
				d.People = 0
			}
			if n > 0 || d.Demand != (Demand{}) || d.People != 0 {
				a.effects[i] = append(a.effects[i], CellEffect{cause, a.value(steps[0].to, s, p).verdict, d})
			}
			if unit {
				e.take(d, n)
				if missing {
					e.Missing++
				}
			}
		}
		a.ofPair[p] = append(a.ofPair[p], e)
		if !a.variant[p] {
			total.Changed += e.Changed
			total.Gained += e.Gained
			total.Lost += e.Lost
			total.Missing += e.Missing
		}
	}
	a.totals = append(a.totals, total)
	moved := 0
	for s, unit := range a.unit {
		for k, scope := range a.scopes {
			whole, d := a.points(s, scope, []step{{a.before, a.after}}), a.points(s, scope, steps)
			if unit && scope == coverage.Overall && (d.Score != 0 || d.Max != 0) {
				moved++
			}
			if whole.Known && (d.Score != 0 || d.Max != 0) {
				i := s*len(a.scopes) + k
				a.scores[i] = append(a.scores[i], ScoreEffect{cause, d})
			}
		}
	}
	a.changed = append(a.changed, moved)
}

// take adds a neighborhood's change.
func (s *Sums) take(d Delta, changed int) {
	s.Changed += changed
	s.Demand = s.Demand.plus(d.Demand, 1)
	s.Gained += max(0, d.People)
	s.Lost += max(0, -d.People)
}

// counts counts the verdicts of a run's neighborhoods under a requirement.
func (v *view) counts(pair int) (out CountsOf) {
	k := v.columns[pair]
	if k < 0 {
		return out
	}
	out.Known = true
	for s := range v.run.Subjects {
		if v.run.Subjects[s].Level != unitLevel {
			continue
		}
		switch v.run.Cells[s*len(v.run.Requirements)+k].Verdict {
		case coverage.Met:
			out.Met++
		case coverage.Unmet:
			out.Unmet++
		case coverage.NotDetected:
			out.NotDetected++
		default:
			out.NotAssessed++
		}
	}
	return out
}

func plusCounts(a, b coverage.Counts) coverage.Counts {
	return coverage.Counts{Met: a.Met + b.Met, Unmet: a.Unmet + b.Unmet, NotDetected: a.NotDetected + b.NotDetected, NotAssessed: a.NotAssessed + b.NotAssessed}
}

func minusCounts(a, b coverage.Counts) coverage.Counts {
	return coverage.Counts{Met: a.Met - b.Met, Unmet: a.Unmet - b.Unmet, NotDetected: a.NotDetected - b.NotDetected, NotAssessed: a.NotAssessed - b.NotAssessed}
}

// less takes effects away from a change: what is left is the remainder.
func (s Sums) less(effects []Effect) Sums {
	for _, e := range effects {
		s.Verdicts = minusCounts(s.Verdicts, e.Verdicts)
		s.Changed -= e.Changed
		s.Demand = s.Demand.plus(e.Demand, -1)
		s.Gained -= e.Gained
		s.Lost -= e.Lost
	}
	return s
}

// finish writes the accounts into a trend whose causes are known.
func (a *accounts) finish(t *Trend) {
	whole := []step{{a.before, a.after}}
	base, run := a.before.run, a.after.run
	t.Total.Effects = a.totals
	t.Total.Change.Verdicts = minusCounts(run.Counts, base.Counts)
	for p, pair := range a.pairs {
		r := Requirement{Variant: a.variant[p], Measure: a.measures[p], Counts: [2]CountsOf{a.before.counts(p), a.after.counts(p)}}
		r.Effects = a.ofPair[p]
		if pair.Before >= 0 {
			r.Before = &base.Requirements[pair.Before]
			r.ID, r.BaseID, r.Name, r.What = r.Before.ID, r.Before.ID, base.Catalog.Requirements[pair.Before].Name, Removed
		}
		if pair.After >= 0 {
			r.After = &run.Requirements[pair.After]
			r.ID, r.Name, r.What = r.After.ID, run.Catalog.Requirements[pair.After].Name, Added
		}
		if r.Before != nil && r.After != nil {
			if r.What = ""; redefined(r.Before, r.After) {
				r.What = Redefined
			}
		}
		if t.Catalog != nil {
			for _, d := range t.Catalog.Requirements {
				if d.What == catalog.RequirementChanged && r.After != nil && d.After == r.After.ID {
					r.Fields = d.Fields
				}
			}
		}
		r.Change.Verdicts = minusCounts(r.Counts[1].Counts, r.Counts[0].Counts)
		for s, unit := range a.unit {
			if !unit {
				continue
			}
			w := a.whole[s*len(a.pairs)+p]
			r.Change.take(w, a.differ(s, p, whole))
			if w.Known {
				r.Compared++
			}
			if w.PeopleKnown {
				r.People++
			} else {
				r.Unknown++
			}
		}
		r.Remainder = r.Change.less(r.Effects)
		if !r.Variant {
			t.Total.Change.Changed += r.Change.Changed
			t.Total.Change.Gained += r.Change.Gained
			t.Total.Change.Lost += r.Change.Lost
			t.Total.People += r.People
			t.Total.Unknown += r.Unknown
		}
		t.Requirements = append(t.Requirements, r)
	}
	t.Total.Remainder = t.Total.Change.less(t.Total.Effects)
	for k, e := range t.Total.Effects {
		c := &t.Causes[e.Cause]
		c.Attributable, c.Effect, c.Missing, c.Scores = true, e.Sums, e.Missing, a.changed[k]
	}
	for s, unit := range a.unit {
		if unit {
			t.Neighborhoods++
		}
		a.subject(t, s)
	}
	t.Added, t.Removed = unmatched(run, a.after), unmatched(base, a.before)
}

// redefined tells whether a requirement asks something else than before.
func redefined(x, y *coverage.Judged) bool {
	return x.Service != y.Service || x.Tier != y.Tier || x.Limit != y.Limit || x.Unit != y.Unit || x.Denominator != y.Denominator || x.PassLine != y.PassLine || x.Variant != y.Variant
}

// subject lists a matched subject and its cells, if anything of it differs.
func (a *accounts) subject(t *Trend, s int) {
	whole := []step{{a.before, a.after}}
	x, y := &a.before.run.Subjects[a.before.subjects[s]], &a.after.run.Subjects[a.after.subjects[s]]
	out := Subject{Level: y.Level, ID: y.ID, Name: y.Name, BaseName: x.Name}
	causes := map[int]bool{}
	differs := out.Renamed()
	for k, scope := range a.scopes {
		sc := Score{Scope: scope, Before: a.before.score(s, scope), After: a.after.score(s, scope), Change: a.points(s, scope, whole), Effects: a.scores[s*len(a.scopes)+k]}
		sc.Remainder = sc.Change
		for _, e := range sc.Effects {
			sc.Remainder.Score -= e.Score
			sc.Remainder.Max -= e.Max
			causes[e.Cause] = true
		}
		differs = differs || sc.Before != sc.After || len(sc.Effects) > 0
		out.Scores = append(out.Scores, sc)
	}
	for p := range a.pairs {
		i := s*len(a.pairs) + p
		w, n := a.whole[i], a.differ(s, p, whole)
		if !a.variant[p] {
			out.Changed += n
			out.People = out.People || w.PeopleKnown
			out.Gained += max(0, w.People)
			out.Lost += max(0, -w.People)
		}
		v, u := a.value(a.before, s, p), a.value(a.after, s, p)
		if !v.there || !u.there || (n == 0 && len(a.effects[i]) == 0 && v == u) {
			continue
		}
		c := Cell{Subject: len(t.Subjects), Requirement: p, Before: a.before.cell(s, p), After: a.after.cell(s, p), PeopleBefore: v.covered(), PeopleAfter: u.covered(),
			Change: w, Effects: a.effects[i], Remainder: w}
		for _, e := range c.Effects {
			c.Remainder.Demand = c.Remainder.plus(e.Demand, -1)
			c.Remainder.People -= e.People
			causes[e.Cause] = true
		}
		t.Cells = append(t.Cells, c)
		differs = true
	}
	if !differs {
		return
	}
	for k := range t.Causes {
		if causes[k] {
			out.Causes = append(out.Causes, k)
		}
	}
	t.Subjects = append(t.Subjects, out)
}

// covered gives the people covered, coverage.Unknown if nobody counted them.
func (v value) covered() int64 {
	if !v.peopleKnown {
		return coverage.Unknown
	}
	return v.people
}

func (v *view) cell(subject, pair int) coverage.Cell {
	return v.run.Cells[v.subjects[subject]*len(v.run.Requirements)+v.columns[pair]]
}

// unmatched lists the subjects of a run that the view of it leaves out.
func unmatched(r *coverage.Run, v *view) (out []Listed) {
	in := make([]bool, len(r.Subjects))
	for _, s := range v.subjects {
		in[s] = true
	}
	for i := range r.Subjects {
		if s := &r.Subjects[i]; !in[i] {
			scores := r.SubjectScores(i)
			out = append(out, Listed{s.Level, s.ID, s.Name, scores[len(scores)-1]})
		}
	}
	return out
}

package coverage_test

import (
	"flag"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"lifecircle/coverage"
)

// askedChecks is the number of cases that the user asks for with -rapid.checks, "" if none.
var askedChecks = sync.OnceValue(func() (n string) {
	flag.Visit(func(f *flag.Flag) {
		if f.Name == "rapid.checks" {
			n = f.Value.String()
		}
	})
	return n
})

// cases runs a law over n generated cases, or as many as -rapid.checks asks for.
func cases(t *testing.T, n int, law func(*rapid.T)) {
	t.Helper()
	checks := askedChecks()
	if checks == "" {
		checks = strconv.Itoa(n)
	}
	set := func(n string) {
		if err := flag.Set("rapid.checks", n); err != nil {
			t.Fatal(err)
		}
	}
	usual := flag.Lookup("rapid.checks").DefValue
	set(checks)
	defer set(usual)
	rapid.Check(t, law)
}

// townPlace is demand at a place, as the second count sees it.
type townPlace struct {
	x, y              float64
	people, household int64
}

// counted tells whether a facility is there for a run.
func (c *town) counted(s *townSite) bool {
	day := c.params.AsOf
	if day == "" {
		return s.status == coverage.StatusExisting || s.status == coverage.StatusUnknown
	}
	if (s.opened != "" && day < s.opened) || (s.closed != "" && day >= s.closed) {
		return false
	}
	switch s.status {
	case coverage.StatusClosed:
		return s.closed != ""
	case coverage.StatusPlanned, coverage.StatusConstruction:
		return s.opened != ""
	}
	return true
}

// choice is an alternative of a rule as a run can judge it.
type choice struct {
	townOption
	missing string
	sites   []*townSite
	survey  region
}

// choose finds what there is to judge an alternative by.
func (c *town) choose(o townOption) choice {
	out := choice{townOption: o}
	family := map[string][]string{"clinic": {"clinic", "clinic_center", "clinic_station"}}[o.service]
	if family == nil {
		family = []string{o.service}
	}
	listed := false
	for k, services := range layerServices {
		listed = listed || (c.listed[k] && slices.ContainsFunc(services, func(s string) bool { return slices.Contains(family, s) }))
	}
	service := o.service
	switch {
	case o.limit == 0:
		out.missing = "no_limit"
		return out
	case listed:
	case strings.HasPrefix(service, "clinic_") && c.listed[0] && c.params.AcceptParent: // the parent's own stand in
		service, family = "clinic", []string{"clinic"}
	case strings.HasPrefix(service, "clinic_") && c.listed[0]:
		out.missing = "parent_only"
		return out
	default:
		out.missing = "no_layer"
		return out
	}
	for i := range c.clinics {
		s := &c.clinics[i]
		fits := s.areaMM2 == coverage.Unknown || (s.areaMM2 >= o.min*1_000_000 && (o.max == 0 || s.areaMM2 < o.max*1_000_000))
		if slices.Contains(family, s.service) && c.counted(s) && fits {
			out.sites = append(out.sites, s)
		}
	}
	if out.survey = c.surveyOf(service); c.params.AssumeComplete {
		out.survey = region{everywhere: true}
	}
	return out
}

// surveyOf gives where a service is surveyed: where a layer says so, or where all of its children are.
func (c *town) surveyOf(service string) region {
	own := func(k int) region {
		switch {
		case !c.listed[k] || c.surveys[k].kind == coverage.SurveyUnknown:
			return regionOf()
		case c.surveys[k].kind == coverage.SurveyEverywhere:
			return region{everywhere: true}
		}
		return regionOf(c.surveys[k].parts...)
	}
	switch service {
	case "clinic":
		return own(0).union(own(1))
	case "pharmacy":
		return own(2)
	}
	return own(1)
}

// state says of a place what a rule's alternatives together say: 0 uncovered, 1 undetermined, 2 covered.
func (c *town) state(t tester, choices []choice, open bool, x, y float64) int {
	told := true
	p := fineLatticePoint(x, y)
	for _, o := range choices {
		for _, s := range o.sites {
			if s.box[0] == s.box[2] {
				checkWay(t, latticePoint(s.box[0], s.box[1]), p)
			}
			if wayTo(s.shape(), p) <= o.limit {
				return 2
			}
		}
		told = told && o.survey.tells(x, y) >= o.limit
	}
	if told && !open {
		return 0
	}
	return 1
}

// members gives the neighborhoods of a parent, or the one with that id.
func (c *town) members(level, id string) (out []int) {
	for i := range c.units {
		u := &c.units[i]
		if (level == "unit" && u.id == id) || (level == "street" && slices.Contains(u.streets, id)) || (level == "district" && u.district == id) {
			out = append(out, i)
		}
	}
	return out
}

// belongs gives the neighborhoods of a point: those whose interior holds it, else of those it touches the one with the smallest id.
func (c *town) belongs(x, y int) (in []int) {
	touched := -1
	for i := range c.units {
		for _, b := range c.units[i].parts {
			switch {
			case b[0] < x && x < b[2] && b[1] < y && y < b[3]:
				in = append(in, i)
			case b.holds(x, y) && touched < 0:
				touched = i
			}
		}
	}
	if len(in) == 0 && touched >= 0 {
		return []int{touched}
	}
	return in
}

// demand gives the places of some neighborhoods together: a point once, cells cut by all of them together.
func (c *town) demand(units []int) (out []townPlace) {
	var parts []box
	for _, i := range units {
		parts = append(parts, c.units[i].parts...)
	}
	for _, h := range c.homes {
		if slices.ContainsFunc(c.belongs(h.x, h.y), func(i int) bool { return slices.Contains(units, i) }) {
			out = append(out, townPlace{float64(h.x), float64(h.y), max(h.people, 0), max(h.households, 0)})
		}
	}
	for _, k := range c.cells {
		if milli, x, y, _ := k.piece(regionOf(parts...)); milli > 0 {
			out = append(out, townPlace{x, y, milli, 0})
		}
	}
	return out
}

// touches tells whether a facility lies in a neighborhood, borders included.
func (u *townUnit) touches(s *townSite) bool {
	return slices.ContainsFunc(u.parts, func(b box) bool { return !b.apart(s.box) })
}

// facilitiesIn counts the facilities in some neighborhoods together, and tells whether these are surveyed to the last field.
func (c *town) facilitiesIn(o *choice, units []int) (n int64, whole bool) {
	for _, s := range o.sites {
		if slices.ContainsFunc(units, func(i int) bool { return c.units[i].touches(s) }) {
			n++
		}
	}
	whole = true
	for _, i := range units {
		if o.survey.everywhere {
			continue
		}
		rest := regionOf(c.units[i].parts...).combine(o.survey, func(unit, survey bool) bool { return unit && !survey })
		whole = whole && len(rest.fields()) == 0
	}
	return n, whole
}

// want is the second count of a cell of the table: sums, verdict and the first cause.
type want struct {
	tallyOf
	verdict coverage.Verdict
	cause   string
}

// count judges some neighborhoods, the parent of a level or one, by a rule.
func (c *town) count(t tester, r *townRule, level, id string) want {
	units := c.members(level, id)
	asked := units
	if len(r.kinds) > 0 {
		asked = slices.DeleteFunc(slices.Clone(units), func(i int) bool { return !slices.Contains(r.kinds, c.units[i].kind) })
	}
	var choices []choice
	missing, open := "", false
	for _, o := range r.any {
		if x := c.choose(o); x.missing == "" {
			choices = append(choices, x)
		} else {
			if missing == "" {
				missing = x.missing
			}
			open = open || !c.params.AssumeComplete
		}
	}
	var out want
	switch {
	case len(asked) == 0:
		out.cause = "not_applicable"
		return out
	case len(choices) == 0:
		out.cause = missing
		return out
	case r.per != "":
		out.tallyOf, out.cause = c.countFacilities(r, &choices[0], level, id)
	case r.denominator == "households" && c.noHouses:
		out.cause = "no_denominator"
	default:
		for _, p := range c.demand(asked) {
			n := p.people
			if r.denominator == "households" {
				n = p.household
			}
			out.total += n
			switch c.state(t, choices, open, p.x, p.y) {
			case 2:
				out.covered += n
			case 1:
				out.undetermined += n
			}
		}
		if out.total == 0 {
			out.cause = "no_demand"
		}
	}
	if out.cause != "" {
		return out
	}
	reaches := func(part int64) bool { // part/total ≥ line, in whole numbers
		return new(big.Int).Mul(big.NewInt(part), big.NewInt(1_000_000)).Cmp(new(big.Int).Mul(big.NewInt(out.total), big.NewInt(int64(r.line)))) >= 0
	}
	switch {
	case reaches(out.covered):
		out.verdict = coverage.Met
	case reaches(out.covered + out.undetermined):
		out.verdict, out.cause = coverage.NotDetected, "not_surveyed"
	default:
		out.verdict = coverage.Unmet
	}
	return out
}

// countFacilities judges by number: what is asked of a neighborhood is asked of the unit or street that holds it, of any other parent the sum.
func (c *town) countFacilities(r *townRule, o *choice, level, id string) (sum tallyOf, cause string) {
	type holder struct{ level, id string }
	var holders []holder
	hold := func(i int) {
		h := holder{"unit", c.units[i].id}
		if r.per == "street" {
			if len(c.units[i].streets) == 0 {
				return
			}
			h = holder{"street", c.units[i].streets[0]}
		}
		if !slices.Contains(holders, h) {
			holders = append(holders, h)
		}
	}
	if level == r.per {
		holders = []holder{{level, id}}
	} else {
		for _, i := range c.members(level, id) {
			hold(i)
		}
	}
	for _, h := range holders {
		n, whole := c.facilitiesIn(o, c.members(h.level, h.id))
		got := 1000 * min(n, int64(c.min))
		sum.total, sum.covered = sum.total+int64(1000*c.min), sum.covered+got
		if !whole {
			sum.undetermined += int64(1000*c.min) - got
		}
	}
	if len(holders) == 0 {
		cause = "no_level"
	}
	return sum, cause
}

// Every number of a town can be had again by counting: sums, verdicts, causes, people of gaps, 社区达标率, scores and completeness.
func TestLawTownsAreCountedTwice(t *testing.T) {
	cases(t, 300, func(t *rapid.T) {
		c := drawTown(t)
		run := c.judge(t)
		rules := c.rules()
		wants := map[string][]want{}
		for s := range run.Subjects {
			subject := &run.Subjects[s]
			key := subject.Level + "=" + subject.ID
			for k := range rules {
				w := c.count(t, &rules[k], subject.Level, subject.ID)
				wants[key] = append(wants[key], w)
				got := run.Cells[s*len(rules)+k]
				cause, _, _ := strings.Cut(got.Cause, ";")
				known := w.verdict != coverage.NotAssessed
				if got.Verdict != w.verdict || (known && (tallyOf{got.Total, got.Covered, got.Undetermined}) != w.tallyOf) || (w.cause != "" && cause != w.cause) {
					t.Errorf("%s × %s: %s (%s), counted %+v", key, rules[k].id, sums(got), got.Cause, w)
				}
			}
			c.checkScores(t, run, s, rules, wants[key])
		}
		c.checkRates(t, run, rules, wants)
		c.checkGaps(t, run, rules, wants)
	})
}

// A street that is asked of some of its communities answers for their people and land once, however these overlap.
func TestPartlyAskedParentCountsOverlapsOnce(t *testing.T) {
	us := units("community", map[string]orb.Polygon{"a": rect(0, 0, 200, 200), "b": rect(100, 0, 300, 200), "c": rect(500, 0, 600, 100)})
	change(us, parents("street", map[string]string{"a": "s", "b": "s", "c": "s"}))
	change(us, func(l *coverage.Layer) { l.Kinds = []string{"居住型", "居住型", "产业型"} })
	run := assess(t, book(t, `
requirements:
  - {id: all, service: clinic, tier: "15", limit: {radius_m: 100}, denominator: population}
  - {id: some, service: clinic, tier: "15", limit: {radius_m: 100}, denominator: population, applies_to: [居住型]}
  - {id: land, service: clinic, tier: "15", limit: {radius_m: 100}, denominator: land}
  - {id: some-land, service: clinic, tier: "15", limit: {radius_m: 100}, denominator: land, applies_to: [居住型]}
`), coverage.Params{}, us, everywhere("f", "clinic", map[string]orb.Geometry{"f": xy(5000, 0)}),
		people("p", map[string]orb.Geometry{"k": rect(50, 50, 250, 150)}, map[string]int64{"k": 40}), land(rect(0, 0, 300, 200)))
	for _, pair := range [][2]string{{"all", "some"}, {"land", "some-land"}} { // nobody lives in c, and it has no land
		if all, some := cell(t, run, "s", pair[0]), cell(t, run, "s", pair[1]); all.Total != some.Total {
			t.Errorf("%s: %s, asked of all %s", pair[1], sums(some), sums(all))
		}
	}
}

// checkScores works a subject's scores out of the second count.
func (c *town) checkScores(t tester, run *coverage.Run, s int, rules []townRule, wants []want) {
	t.Helper()
	sum, most, weight := new(big.Rat), new(big.Rat), new(big.Rat)
	var decided, all int64
	attainment := func(part int64, w want, r *townRule) *big.Rat {
		a := new(big.Rat).Quo(big.NewRat(part, w.total), big.NewRat(int64(r.line), 1_000_000))
		if one := big.NewRat(1, 1); a.Cmp(one) > 0 {
			a = one
		}
		return a.Mul(a, big.NewRat(r.weight, 1))
	}
	for k, w := range wants {
		if w.cause == "not_applicable" {
			continue
		}
		all += rules[k].weight
		if w.verdict == coverage.Met || w.verdict == coverage.Unmet {
			decided += rules[k].weight
		}
		if w.verdict != coverage.NotAssessed {
			weight.Add(weight, big.NewRat(rules[k].weight, 1))
			sum.Add(sum, attainment(w.covered, w, &rules[k]))
			most.Add(most, attainment(w.covered+w.undetermined, w, &rules[k]))
		}
	}
	scores := run.SubjectScores(s)
	got := scores[len(scores)-1]
	if got.Known != (weight.Sign() > 0) || got.Completeness != (2*decided*1_000_000+all)/(2*all) {
		t.Errorf("%s: %+v, counted completeness %d of %d", run.Subjects[s].ID, got, decided, all)
	}
	if !got.Known {
		return
	}
	for _, x := range []struct {
		name string
		got  int64
		want *big.Rat
	}{{"score", got.Score, sum}, {"score_max", got.Max, most}} {
		points := new(big.Rat).Mul(x.want.Quo(x.want, weight), big.NewRat(100*coverage.ScoreScale, 1))
		if d := points.Sub(points, big.NewRat(x.got, 1)); d.Abs(d).Cmp(big.NewRat(501, 1000)) > 0 { // attainments are rounded to 10⁻¹⁵
			t.Errorf("%s of %s: %d, counted %s more or less", x.name, run.Subjects[s].ID, x.got, d.FloatString(4))
		}
	}
}

// checkRates counts the units of each parent that meet a requirement, of those that were judged.
func (c *town) checkRates(t tester, run *coverage.Run, rules []townRule, wants map[string][]want) {
	t.Helper()
	for s := range run.Subjects {
		subject := &run.Subjects[s]
		if subject.Level == "unit" {
			continue
		}
		units := c.members(subject.Level, subject.ID)
		for k := range rules {
			var met, judged int32
			for _, i := range units {
				w := wants["unit="+c.units[i].id][k]
				if w.verdict != coverage.NotAssessed {
					judged++
				}
				if w.verdict == coverage.Met {
					met++
				}
			}
			if got := run.Cells[s*len(rules)+k]; got.UnitsMet != met || got.UnitsJudged != judged || subject.Members != len(units) {
				t.Errorf("%s × %s: %d of %d units meet it, counted %d of %d", subject.ID, rules[k].id, got.UnitsMet, got.UnitsJudged, met, judged)
			}
		}
	}
}

// checkGaps adds up the people of every unit's gaps, by state.
func (c *town) checkGaps(t tester, run *coverage.Run, rules []townRule, wants map[string][]want) {
	t.Helper()
	got := map[string]int64{}
	for _, g := range run.Gaps {
		got[fmt.Sprint(run.Subjects[g.Subject].ID, " ", g.Requirement, " ", g.State)] += g.People
	}
	for i := range c.units {
		for k, w := range wants["unit="+c.units[i].id] {
			if rules[k].per != "" || w.verdict == coverage.NotAssessed {
				w = want{}
			}
			for state, n := range map[string]int64{"uncovered": w.total - w.covered - w.undetermined, "undetermined": w.undetermined} {
				key := fmt.Sprint(c.units[i].id, " ", k, " ", state)
				if got[key] != n {
					t.Errorf("gaps of %s × %s hold %d %s, counted %d", c.units[i].id, rules[k].id, got[key], state, n)
				}
				delete(got, key)
			}
		}
	}
	for key, n := range got {
		t.Errorf("gaps of nobody: %s %d", key, n)
	}
}

package coverage_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
)

// shareCity is a unit where k of 100 people live at the clinic, the park and so on, whose share is thus k %.
func shareCity(shares map[string]int64, unknown map[string]bool) []*coverage.Layer {
	layers := []*coverage.Layer{oneUnit()}
	at := map[string]orb.Geometry{}
	n := map[string]int64{}
	i := 0.0
	// every service has its own hundred people, in its own measure
	for _, service := range []string{"clinic", "park", "market", "bank"} {
		k, ok := shares[service]
		if !ok {
			continue
		}
		i++
		here, there := service+"-near", service+"-far"
		at[here], at[there] = xy(-900, 100*i), xy(900, 100*i)
		n[here], n[there] = k, 100-k
		list := everywhere(service, service, map[string]orb.Geometry{"f": xy(-900, 100*i)})
		if unknown[service] {
			list = unsurveyed(service, service, map[string]orb.Geometry{"f": xy(-900, 100*i)})
		}
		layers = append(layers, list)
	}
	p := people("p", at, n)
	p.Measures = nil
	for _, service := range []string{"bank", "clinic", "market", "park"} {
		own := map[string]int64{}
		for id, v := range n {
			if strings.HasPrefix(id, service) {
				own[id] = v
			} else {
				own[id] = 0
			}
		}
		p.Measures = append(p.Measures, measureOf(p, "of_"+service, own))
	}
	return append(layers, seal(p))
}

// reqs writes requirements: "clinic 5 weight: 2, mandatory: true".
func reqs(lines ...string) string {
	var b strings.Builder
	b.WriteString("requirements:\n")
	for _, l := range lines {
		f := strings.SplitN(l, " ", 3)
		fmt.Fprintf(&b, "  - {id: %s, service: %s, tier: %q, limit: {radius_m: 300}, denominator: of_%s", f[0], f[0], f[1], f[0])
		if len(f) > 2 {
			b.WriteString(", " + f[2])
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// Scores, re-computed by hand.
func TestScores(t *testing.T) {
	unknownPark := map[string]bool{"park": true}
	for _, c := range []struct {
		name, yaml      string
		shares          map[string]int64
		unknown         map[string]bool
		score, max      float64
		completeness    int64
		grade           string
		capped, nothing bool
	}{
		{name: "all met", yaml: reqs("clinic 15", "park 15"), shares: map[string]int64{"clinic": 80, "park": 100}, score: 100, max: 100, completeness: 1_000_000, grade: "A"},
		{name: "a share above the line is worth no more", yaml: reqs("clinic 15", "park 15"), shares: map[string]int64{"clinic": 40, "park": 100}, score: 75, max: 75, completeness: 1_000_000, grade: "B"},
		{name: "weights", yaml: reqs("clinic 15 weight: 3", "park 15"), shares: map[string]int64{"clinic": 40, "park": 80}, score: 62.5, max: 62.5, completeness: 1_000_000, grade: "C"},
		{name: "a third, to nine places", yaml: reqs("clinic 15 pass_line: 0.9"), shares: map[string]int64{"clinic": 30}, score: 33.333333333, max: 33.333333333, completeness: 1_000_000, grade: "D"},
		{name: "two thirds are rounded half up", yaml: reqs("clinic 15 pass_line: 0.9"), shares: map[string]int64{"clinic": 60}, score: 66.666666667, max: 66.666666667, completeness: 1_000_000, grade: "C"},
		{name: "unknown: an interval", yaml: reqs("clinic 15", "park 15"), shares: map[string]int64{"clinic": 80, "park": 20}, unknown: unknownPark, score: 62.5, max: 100, completeness: 500_000, grade: ""},
		{name: "unknown but met", yaml: reqs("clinic 15", "park 15"), shares: map[string]int64{"clinic": 80, "park": 80}, unknown: unknownPark, score: 100, max: 100, completeness: 1_000_000, grade: "A"},
		{name: "not assessed: no share, but weight in completeness", yaml: reqs("clinic 15", "park 15"), shares: map[string]int64{"clinic": 80}, score: 100, max: 100, completeness: 500_000, grade: ""},
		{name: "exactly on the completeness floor", yaml: reqs("clinic 15 weight: 3", "park 15 weight: 2"), shares: map[string]int64{"clinic": 80}, score: 100, max: 100, completeness: 600_000, grade: "A"},
		{name: "weight 0 is reported only", yaml: reqs("clinic 15", "park 15 weight: 0"), shares: map[string]int64{"clinic": 80, "park": 0}, score: 100, max: 100, completeness: 1_000_000, grade: "A"},
		{name: "a variant is reported only", yaml: reqs("clinic 15") + "  - {id: strict, variant_of: clinic, service: clinic, tier: \"15\", limit: {radius_m: 1}, denominator: of_clinic, pass_line: 1}\n", shares: map[string]int64{"clinic": 80}, score: 100, max: 100, completeness: 1_000_000, grade: "A"},
		{name: "one for other kinds of circle is left out", yaml: reqs("clinic 15", "park 15 applies_to: [商业型]"), shares: map[string]int64{"clinic": 80, "park": 0}, score: 100, max: 100, completeness: 1_000_000, grade: "A"},
		{name: "an unmet mandatory one caps the grade", yaml: reqs("clinic 15 weight: 9", "park 15 mandatory: true"), shares: map[string]int64{"clinic": 80, "park": 79}, score: 99.875, max: 99.875, completeness: 1_000_000, grade: "C", capped: true},
		{name: "a met mandatory one does not", yaml: reqs("clinic 15 weight: 9", "park 15 mandatory: true"), shares: map[string]int64{"clinic": 80, "park": 80}, score: 100, max: 100, completeness: 1_000_000, grade: "A"},
		{name: "nor does one that is not known", yaml: reqs("clinic 15 weight: 9", "park 15 mandatory: true"), shares: map[string]int64{"clinic": 80, "park": 40}, unknown: unknownPark, score: 95, max: 100, completeness: 900_000, grade: "A"},
		{name: "a cap does not lift a low grade", yaml: reqs("clinic 15", "park 15 mandatory: true"), shares: map[string]int64{"clinic": 0, "park": 0}, score: 0, max: 0, completeness: 1_000_000, grade: "D"},
		{name: "exactly on the line of A", yaml: reqs("clinic 15"), shares: map[string]int64{"clinic": 72}, score: 90, max: 90, completeness: 1_000_000, grade: "A"},
		{name: "below the line of A", yaml: reqs("clinic 15 pass_line: 0.8", "park 15 weight: 0.000001"), shares: map[string]int64{"clinic": 72, "park": 0}, score: 89.99991, max: 89.99991, completeness: 1_000_000, grade: "B"},
		{name: "exactly on the line of B", yaml: reqs("clinic 15"), shares: map[string]int64{"clinic": 60}, score: 75, max: 75, completeness: 1_000_000, grade: "B"},
		{name: "exactly on the line of C", yaml: reqs("clinic 15"), shares: map[string]int64{"clinic": 48}, score: 60, max: 60, completeness: 1_000_000, grade: "C"},
		{name: "nothing was assessed", yaml: reqs("park 15"), shares: map[string]int64{"clinic": 48}, nothing: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := assess(t, book(t, c.yaml), coverage.Params{}, shareCity(c.shares, c.unknown)...)
			s := score(t, run, "a", "overall")
			if s.Known == c.nothing || s.Score != int64(math.Round(c.score*1e9)) || s.Max != int64(math.Round(c.max*1e9)) || s.Completeness != c.completeness || s.Grade != c.grade || s.Capped != c.capped {
				t.Errorf("%+v", s)
			}
			n := s.Counts.Met + s.Counts.Unmet + s.Counts.NotDetected + s.Counts.NotAssessed
			if want := strings.Count(c.yaml, "{id:") - strings.Count(c.yaml, "variant_of"); n != want {
				t.Errorf("%d verdicts, want %d", n, want)
			}
			if s.Counts != run.Counts {
				t.Errorf("the run counts %+v, its only unit %+v", run.Counts, s.Counts)
			}
		})
	}
}

// Each tier has its own score; overall is over all of them.
func TestScoresPerTier(t *testing.T) {
	run := assess(t, book(t, reqs("clinic 5", "park 15", "market 15 mandatory: true")), coverage.Params{}, shareCity(map[string]int64{"clinic": 40, "park": 80, "market": 0}, nil)...)
	for scope, want := range map[string]string{"5": "50.000000000 D", "15": "50.000000000 D", "overall": "50.000000000 D"} {
		found := false
		for _, r := range records(t, run.ScoresTable()) {
			if r["scope"] == scope && r["neighborhood_id"] == "a" {
				found = true
				if got := r["score"] + " " + r["grade"]; got != want {
					t.Errorf("%s: %s, want %s", scope, got, want)
				}
			}
		}
		if !found {
			t.Errorf("no row of %s", scope)
		}
	}
}

// 社区达标率: of a street's communities, how many meet a requirement, of those with a share.
func TestUnitsMet(t *testing.T) {
	us := change(units("community", map[string]orb.Polygon{"a": rect(-1000, 0, 0, 1000), "b": rect(0, 0, 1000, 1000), "c": rect(1000, 0, 2000, 1000), "d": rect(2000, 0, 3000, 1000)}),
		parents("street", map[string]string{"a": "s", "b": "s", "c": "s", "d": "s"}))
	run := assess(t, book(t, clinic500), coverage.Params{}, us,
		surveyedIn("f", "clinic", rect(-3000, -3000, 1500, 3000), map[string]orb.Geometry{"f": xy(-500, 500)}),
		people("p", map[string]orb.Geometry{"1": xy(-500, 400), "2": xy(900, 500), "3": xy(1900, 500)}, map[string]int64{"1": 10, "2": 20, "3": 30}))
	for id, want := range map[string]string{"a": "met", "b": "unmet", "c": "not_detected", "d": "not_assessed"} {
		if got := cell(t, run, id, "clinic-15").Verdict.String(); got != want {
			t.Errorf("%s %s, want %s", id, got, want)
		}
	}
	for _, r := range records(t, run.CoverageTable()) {
		if r["level"] == "street" && (r["units_met"] != "1" || r["units_judged"] != "3" || r["units"] != "4") {
			t.Errorf("%s of %s judged of %s", r["units_met"], r["units_judged"], r["units"])
		}
		if r["level"] == "unit" && r["units_met"] != "" {
			t.Errorf("a unit has units: %v", r)
		}
	}
}

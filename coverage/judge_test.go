package coverage_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/geo/measure"
)

// limitOf writes a requirement for people whose limit is the distance of two points, to the millimetre.
func limitOf(mm int32) string {
	return fmt.Sprintf(`
requirements:
  - {id: r, service: clinic, tier: "15", limit: {radius_m: %d.%03d}, denominator: population}
`, mm/1000, mm%1000)
}

func onePerson(at orb.Point) *coverage.Layer {
	return people("p", map[string]orb.Geometry{"x": at}, map[string]int64{"x": 1})
}

// A limit is inclusive: exactly N mm is covered, one millimetre less is not.
func TestLimitIsInclusive(t *testing.T) {
	home := xy(300, 400)
	mm := measure.Millimetres(measure.Distance(xy(0, 0), home))
	for _, c := range []struct {
		limit int32
		want  string
	}{{mm, "1000 1000 0 met"}, {mm - 1, "1000 0 0 unmet"}, {mm + 1, "1000 1000 0 met"}} {
		run := assess(t, book(t, limitOf(c.limit)), coverage.Params{}, oneUnit(), everywhere("f", "clinic", map[string]orb.Geometry{"f": xy(0, 0)}), onePerson(home))
		if got := sums(cell(t, run, "a", "r")); got != c.want {
			t.Errorf("at %d mm under a limit of %d mm: %s, want %s", mm, c.limit, got, c.want)
		}
	}
}

// A park counts from its edge, and inside it the distance is none.
func TestPolygonFacilitiesCountFromTheirEdge(t *testing.T) {
	park := everywhere("f", "clinic", map[string]orb.Geometry{"f": rect(-200, -200, 200, 200)})
	for _, c := range []struct {
		at   orb.Point
		want string
	}{{xy(0, 0), "1000 1000 0 met"}, {xy(299, 0), "1000 1000 0 met"}, {xy(301, 0), "1000 0 0 unmet"}} {
		if got := sums(cell(t, assess(t, book(t, limitOf(100_000)), coverage.Params{}, oneUnit(), park, onePerson(c.at)), "a", "r")); got != c.want {
			t.Errorf("%v: %s, want %s", c.at, got, c.want)
		}
	}
}

// "No clinic" must never be said where only the data is thin.
func TestCoveredUncoveredUndetermined(t *testing.T) {
	at := map[string]orb.Geometry{"f": xy(-600, 0)}
	zone := rect(-900, -900, 500, 900) // the border in the east is 500 m east of the origin
	border := measure.Millimetres(measure.NewShape(orb.LineString(zone[0])).Distance(xy(0, 0)))
	for _, c := range []struct {
		name  string
		list  *coverage.Layer
		home  orb.Point
		limit int32
		p     coverage.Params
		want  string
	}{
		{"near, surveyed", everywhere("f", "clinic", at), xy(-500, 0), 400_000, coverage.Params{}, "1000 1000 0 met"},
		{"near, not surveyed: what is there is there", unsurveyed("f", "clinic", at), xy(-500, 0), 400_000, coverage.Params{}, "1000 1000 0 met"},
		{"far, surveyed", everywhere("f", "clinic", at), xy(0, 0), 400_000, coverage.Params{}, "1000 0 0 unmet"},
		{"far, not surveyed", unsurveyed("f", "clinic", at), xy(0, 0), 400_000, coverage.Params{}, "1000 0 1000 not_detected"},
		{"far, not surveyed, assumed complete", unsurveyed("f", "clinic", at), xy(0, 0), 400_000, coverage.Params{AssumeComplete: true}, "1000 0 0 unmet"},
		{"far, the disc inside the survey", surveyedIn("f", "clinic", zone, at), xy(0, 0), 400_000, coverage.Params{}, "1000 0 0 unmet"},
		{"far, the disc touches the survey's border", surveyedIn("f", "clinic", zone, at), xy(0, 0), border, coverage.Params{}, "1000 0 0 unmet"},
		{"far, the disc is a millimetre over it", surveyedIn("f", "clinic", zone, at), xy(0, 0), border + 1, coverage.Params{}, "1000 0 1000 not_detected"},
		{"far, outside the survey", surveyedIn("f", "clinic", zone, at), xy(950, 0), 300_000, coverage.Params{}, "1000 0 1000 not_detected"},
		{"no facility at all, surveyed", everywhere("f", "clinic", nil), xy(0, 0), 400_000, coverage.Params{}, "1000 0 0 unmet"},
		{"no facility at all, not surveyed", unsurveyed("f", "clinic", nil), xy(0, 0), 400_000, coverage.Params{}, "1000 0 1000 not_detected"},
		{"a facility outside every neighborhood", everywhere("f", "clinic", map[string]orb.Geometry{"f": xy(1100, 0)}), xy(950, 0), 400_000, coverage.Params{}, "1000 1000 0 met"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := assess(t, book(t, limitOf(c.limit)), c.p, oneUnit(), c.list, onePerson(c.home))
			got := cell(t, run, "a", "r")
			if sums(got) != c.want {
				t.Errorf("%s, want %s", sums(got), c.want)
			}
			if c.p.AssumeComplete != strings.Contains(got.Cause, "assumed_complete") || c.p.AssumeComplete != hasMark(run, "assumed_complete") {
				t.Errorf("the assumption is not said: %q", got.Cause)
			}
		})
	}
}

// Two layers that are each surveyed on one side of a line know both sides; a hole in the survey is not surveyed.
func TestSurveysOfSeveralLayersUnite(t *testing.T) {
	west, east := rect(-2000, -2000, 0, 2000), rect(0, -2000, 2000, 2000)
	far := map[string]orb.Geometry{"f": xy(-1900, 0)}
	other := map[string]orb.Geometry{"g": xy(1900, 0)}
	hole := orb.Polygon(append(rect(-2000, -2000, 2000, 2000), rect(-10, -10, 10, 10)[0]))
	run := func(layers ...*coverage.Layer) string {
		return sums(cell(t, assess(t, book(t, limitOf(400_000)), coverage.Params{}, append(layers, oneUnit(), onePerson(xy(0, 0)))...), "a", "r"))
	}
	if got := run(surveyedIn("f", "clinic", west, far)); got != "1000 0 1000 not_detected" {
		t.Errorf("one half: %s", got)
	}
	if got := run(surveyedIn("f", "clinic", west, far), surveyedIn("g", "clinic", east, other)); got != "1000 0 0 unmet" {
		t.Errorf("both halves: %s", got)
	}
	if got := run(surveyedIn("f", "clinic", hole, far)); got != "1000 0 1000 not_detected" {
		t.Errorf("a hole in the survey: %s", got)
	}
	if got := run(surveyedIn("f", "clinic", west, far), everywhere("g", "clinic", other)); got != "1000 0 0 unmet" {
		t.Errorf("everywhere beside a half: %s", got)
	}
}

// Stations and centers together are all clinics there are; stations alone are not.
func TestChildrenCompleteAParentService(t *testing.T) {
	stations := everywhere("f", "clinic_station", map[string]orb.Geometry{"f": xy(-900, 0)})
	centers := everywhere("g", "clinic_center", map[string]orb.Geometry{"g": xy(900, 0)})
	run := func(layers ...*coverage.Layer) string {
		return sums(cell(t, assess(t, book(t, limitOf(400_000)), coverage.Params{}, append(layers, oneUnit(), onePerson(xy(0, 0)))...), "a", "r"))
	}
	if got := run(stations); got != "1000 0 1000 not_detected" {
		t.Errorf("stations alone: %s", got)
	}
	if got := run(stations, centers); got != "1000 0 0 unmet" {
		t.Errorf("stations and centers: %s", got)
	}
	if got := run(stations, surveyedIn("g", "clinic_center", rect(-500, -500, 500, 500), nil)); got != "1000 0 0 unmet" {
		t.Errorf("centers known around the home: %s", got)
	}
	if got := run(stations, surveyedIn("g", "clinic_center", rect(-300, -500, 500, 500), nil)); got != "1000 0 1000 not_detected" {
		t.Errorf("centers not known in the west: %s", got)
	}
}

// A facility satisfies its service and its parents, never a child, unless the run accepts parents and says so.
func TestWhichServicesSatisfy(t *testing.T) {
	yaml := func(service string) string {
		return `
requirements:
  - {id: r, service: ` + service + `, tier: "15", limit: {radius_m: 400}, denominator: population}
`
	}
	here := map[string]orb.Geometry{"f": xy(0, 0)}
	accept := coverage.Params{AcceptParent: true}
	for _, c := range []struct {
		name, asked string
		lists       []*coverage.Layer
		p           coverage.Params
		want, cause string
	}{
		{"a station serves as a clinic", "clinic", []*coverage.Layer{everywhere("f", "clinic_station", here)}, coverage.Params{}, "1000 1000 0 met", ""},
		{"a clinic is no station", "clinic_station", []*coverage.Layer{everywhere("f", "clinic", here)}, coverage.Params{}, "1000 0 0 not_assessed", "parent_only"},
		{"a clinic stands in for a station", "clinic_station", []*coverage.Layer{everywhere("f", "clinic", here)}, accept, "1000 1000 0 met", "parent_accepted:clinic"},
		{"no parent stands in where the service has a layer", "clinic_station", []*coverage.Layer{everywhere("f", "clinic", here), everywhere("g", "clinic_station", nil)}, accept, "1000 0 0 unmet", ""},
		{"a center never stands in for a station", "clinic_station", []*coverage.Layer{everywhere("f", "clinic", nil), everywhere("g", "clinic_center", here)}, accept, "1000 0 0 unmet", "parent_accepted:clinic"},
		{"nothing is said of the service", "clinic", []*coverage.Layer{everywhere("f", "park", here)}, coverage.Params{}, "1000 0 0 not_assessed", "no_layer"},
		{"nor with parents accepted", "clinic", []*coverage.Layer{everywhere("f", "park", here)}, accept, "1000 0 0 not_assessed", "no_layer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := assess(t, book(t, yaml(c.asked)), c.p, append(c.lists, oneUnit(), onePerson(xy(0, 0)))...)
			got := cell(t, run, "a", "r")
			if sums(got) != c.want || got.Cause != c.cause {
				t.Errorf("%s %q, want %s %q", sums(got), got.Cause, c.want, c.cause)
			}
			if hasMark(run, "parent_accepted") != strings.HasPrefix(c.cause, "parent_accepted") {
				t.Errorf("marks: %v", run.Marks)
			}
		})
	}
}

const parks = `
requirements:
  - id: r
    tier: "15"
    denominator: population
    any_of:
      - {service: park,        limit: {radius_m: 500}}
      - {service: pocket_park, limit: {radius_m: 300}}
`

// A home is served by a park in 500 m or a pocket park in 300 m; what cannot be told stays open.
func TestAnyOf(t *testing.T) {
	park := func(d float64) *coverage.Layer {
		return everywhere("parks", "park", map[string]orb.Geometry{"p": xy(d, 0)})
	}
	pocket := func(d float64) *coverage.Layer {
		return everywhere("pockets", "pocket_park", map[string]orb.Geometry{"q": xy(-d, 0)})
	}
	noLimit := strings.Replace(parks, "{radius_m: 300}", "{path_m: 300}", 1)
	complete := coverage.Params{AssumeComplete: true}
	for _, c := range []struct {
		name, yaml  string
		lists       []*coverage.Layer
		p           coverage.Params
		want, cause string
	}{
		{"the first covers", parks, []*coverage.Layer{park(499), pocket(301)}, coverage.Params{}, "1000 1000 0 met", ""},
		{"the second covers", parks, []*coverage.Layer{park(501), pocket(299)}, coverage.Params{}, "1000 1000 0 met", ""},
		{"each has its own limit", parks, []*coverage.Layer{park(501), pocket(301)}, coverage.Params{}, "1000 0 0 unmet", ""},
		{"the other is not surveyed", parks, []*coverage.Layer{park(501), unsurveyed("pockets", "pocket_park", nil)}, coverage.Params{}, "1000 0 1000 not_detected", "not_surveyed"},
		{"one is missing: covered all the same", parks, []*coverage.Layer{park(499)}, coverage.Params{}, "1000 1000 0 met", "missing:pocket_park"},
		{"one is missing: open", parks, []*coverage.Layer{park(501)}, coverage.Params{}, "1000 0 1000 not_detected", "not_surveyed;missing:pocket_park"},
		{"one is missing, assumed complete: left out and named", parks, []*coverage.Layer{park(501)}, complete, "1000 0 0 unmet", "left_out:pocket_park;assumed_complete"},
		{"one has no limit on this basis: open", noLimit, []*coverage.Layer{park(501), pocket(10)}, coverage.Params{}, "1000 0 1000 not_detected", "not_surveyed;missing:pocket_park"},
		{"one has no limit, assumed complete", noLimit, []*coverage.Layer{park(501), pocket(10)}, complete, "1000 0 0 unmet", "left_out:pocket_park;assumed_complete"},
		{"none is left", parks, []*coverage.Layer{anyClinic()}, coverage.Params{}, "1000 0 0 not_assessed", "no_layer"},
		{"none is left, assumed complete", parks, []*coverage.Layer{anyClinic()}, complete, "1000 0 0 not_assessed", "no_layer"},
		{"none is left, for two reasons", noLimit, []*coverage.Layer{pocket(10)}, complete, "1000 0 0 not_assessed", "no_layer;no_limit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := cell(t, assess(t, book(t, c.yaml), c.p, append(c.lists, oneUnit(), onePerson(xy(0, 0)))...), "a", "r")
			if sums(got) != c.want || got.Cause != c.cause {
				t.Errorf("%s %q, want %s %q", sums(got), got.Cause, c.want, c.cause)
			}
		})
	}
}

// Counting is judged whatever the distance.
func TestCountRequirements(t *testing.T) {
	us := change(units("community", map[string]orb.Polygon{"a": rect(-1000, 0, 0, 1000), "b": rect(0, 0, 1000, 1000), "c": rect(1000, 0, 2000, 1000)}),
		parents("street", map[string]string{"a": "s", "b": "s", "c": "t"}))
	corner := us.Shapes[0].(orb.Polygon)[0][1] // of a and b
	yaml := func(per string, least int) string {
		return fmt.Sprintf(`
requirements:
  - {id: r, tier: "15", count: {service: clinic, min: %d, per: %s}}
`, least, per)
	}
	at := func(ps ...orb.Geometry) map[string]orb.Geometry {
		m := map[string]orb.Geometry{}
		for i, p := range ps {
			m[fmt.Sprint(i)] = p
		}
		return m
	}
	for _, c := range []struct {
		name, yaml string
		list       *coverage.Layer
		want       map[string]string
	}{
		{"one per unit", yaml("unit", 1), everywhere("f", "clinic", at(xy(-500, 500))),
			map[string]string{"a": "1000 1000 0 met", "b": "1000 0 0 unmet", "s": "2000 1000 0 unmet"}},
		{"two of three", yaml("unit", 3), everywhere("f", "clinic", at(xy(-500, 500), xy(-500, 600))),
			map[string]string{"a": "3000 2000 0 unmet"}},
		{"more than asked is as good", yaml("unit", 1), everywhere("f", "clinic", at(xy(-500, 500), xy(-500, 600))),
			map[string]string{"a": "1000 1000 0 met"}},
		{"on the border of two: in both", yaml("unit", 1), everywhere("f", "clinic", at(corner)),
			map[string]string{"a": "1000 1000 0 met", "b": "1000 1000 0 met", "c": "1000 0 0 unmet"}},
		{"a ground across two: in both", yaml("unit", 1), everywhere("f", "clinic", at(rect(-10, 500, 10, 510))),
			map[string]string{"a": "1000 1000 0 met", "b": "1000 1000 0 met", "c": "1000 0 0 unmet"}},
		{"per community, the level of the units", yaml("community", 1), everywhere("f", "clinic", at(xy(-500, 500))),
			map[string]string{"a": "1000 1000 0 met", "b": "1000 0 0 unmet"}},
		{"per street: both of its communities", yaml("street", 1), everywhere("f", "clinic", at(xy(-500, 500))),
			map[string]string{"a": "1000 1000 0 met", "b": "1000 1000 0 met", "c": "1000 0 0 unmet", "s": "1000 1000 0 met", "t": "1000 0 0 unmet"}},
		{"per street a ground across two counts once", yaml("street", 2), everywhere("f", "clinic", at(rect(-10, 500, 10, 510))),
			map[string]string{"a": "2000 1000 0 unmet", "s": "2000 1000 0 unmet"}},
		{"per a level that nobody has", yaml("district", 1), everywhere("f", "clinic", at(xy(-500, 500))),
			map[string]string{"a": "0 0 0 not_assessed", "s": "0 0 0 not_assessed"}},
		{"not surveyed: there may be more", yaml("unit", 2), unsurveyed("f", "clinic", at(xy(-500, 500))),
			map[string]string{"a": "2000 1000 1000 not_detected", "b": "2000 0 2000 not_detected"}},
		{"not surveyed, but enough", yaml("unit", 1), unsurveyed("f", "clinic", at(xy(-500, 500))),
			map[string]string{"a": "1000 1000 0 met"}},
		{"the whole unit surveyed", yaml("unit", 1), surveyedIn("f", "clinic", rect(-1000, 0, 500, 1000), nil),
			map[string]string{"a": "1000 0 0 unmet", "b": "1000 0 1000 not_detected"}},
		{"the street is surveyed only if all of it is", yaml("street", 1), surveyedIn("f", "clinic", rect(-1000, 0, 500, 1000), nil),
			map[string]string{"a": "1000 0 1000 not_detected", "s": "1000 0 1000 not_detected"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := assess(t, book(t, c.yaml), coverage.Params{Denominator: "population"}, us, c.list)
			for id, want := range c.want {
				if got := sums(cell(t, run, id, "r")); got != want {
					t.Errorf("%s: %s, want %s", id, got, want)
				}
			}
			if d := run.Requirements[0]; d.Denominator != "count" || d.Unit != "count" || d.PassLine != catalog.One {
				t.Errorf("%+v", d)
			}
			if c.name == "per a level that nobody has" && cell(t, run, "a", "r").Cause != "no_level" {
				t.Errorf("cause %q", cell(t, run, "a", "r").Cause)
			}
		})
	}
}

// Circles beside communities in one project: both are judged "per community".
func TestCountPerCommunityForCirclesToo(t *testing.T) {
	run := assess(t, book(t, `
requirements:
  - {id: r, tier: "15", count: {service: clinic, min: 1, per: community}}
`), coverage.Params{},
		units("community", map[string]orb.Polygon{"a": rect(-1000, 0, 0, 1000)}),
		change(units("circle", map[string]orb.Polygon{"k": rect(0, 0, 1000, 1000)}), func(l *coverage.Layer) { named("circles")(l); parents("community", map[string]string{"k": "m"})(l) }),
		everywhere("f", "clinic", map[string]orb.Geometry{"f": xy(500, 500)}))
	for id, want := range map[string]string{"a": "1000 0 0 unmet", "k": "1000 1000 0 met", "m": "1000 1000 0 met"} {
		if got := sums(cell(t, run, id, "r")); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
}

// Verdicts are inequalities of whole numbers, exact on the line, however many people there are.
func TestVerdictsOnTheLine(t *testing.T) {
	const yaml = `
requirements:
  - {id: r, service: clinic, tier: "15", limit: {radius_m: 500}, pass_line: 0.8, denominator: population}
`
	for _, c := range []struct {
		name               string
		near, far, unknown int64 // thousandths
		want               coverage.Verdict
	}{
		{"exactly on it", 8, 2, 0, coverage.Met},
		{"a thousandth below", 7999, 2001, 0, coverage.Unmet},
		{"huge, exactly on it", 4_000_000_000_000_000_000, 1_000_000_000_000_000_000, 0, coverage.Met},
		{"huge, one thousandth below", 3_999_999_999_999_999_999, 1_000_000_000_000_000_000, 0, coverage.Unmet},
		{"the unknown could reach it exactly", 0, 2, 8, coverage.NotDetected},
		{"the unknown could not", 0, 2001, 7999, coverage.Unmet},
		{"huge: the unknown could reach it exactly", 0, 1_000_000_000_000_000_000, 4_000_000_000_000_000_000, coverage.NotDetected},
		{"huge: the unknown could not", 0, 1_000_000_000_000_000_001, 4_000_000_000_000_000_000, coverage.Unmet},
	} {
		t.Run(c.name, func(t *testing.T) {
			demand := change(people("p", map[string]orb.Geometry{"1": xy(-600, 0), "2": xy(50, 0), "3": xy(900, 0)}, nil), func(l *coverage.Layer) {
				l.Measures[0].Values = []int64{c.near, c.far, c.unknown}
			})
			run := assess(t, book(t, yaml), coverage.Params{}, oneUnit(), demand,
				surveyedIn("f", "clinic", rect(-1500, -900, 600, 900), map[string]orb.Geometry{"f": xy(-600, 0)}))
			if got := cell(t, run, "a", "r"); got.Verdict != c.want || got.Covered != c.near || got.Undetermined != c.unknown {
				t.Errorf("%s, want %s", sums(got), c.want)
			}
		})
	}
}

// A share that is printed must not seem to reach a line that it misses.
func TestSharesArePrintedRoundedDown(t *testing.T) {
	run := assess(t, book(t, clinic500), coverage.Params{}, oneUnit(), anyClinic(),
		change(people("p", map[string]orb.Geometry{"1": xy(0, 0), "2": xy(900, 0)}, nil), func(l *coverage.Layer) {
			l.Measures[0].Values = []int64{799_999_999_999, 200_000_000_001}
		}))
	r := records(t, run.CoverageTable())[0]
	if r["share"] != "0.799999999" || r["verdict"] != "unmet" || r["pass_line"] != "0.800000000" {
		t.Errorf("%v", r)
	}
}

// Why something was not assessed must be said, and no share shown.
func TestNotAssessedHasACause(t *testing.T) {
	kinds := change(oneUnit(), func(l *coverage.Layer) { l.Kinds = []string{"商业型"} })
	for _, c := range []struct {
		name, req string
		layers    []*coverage.Layer
		want      string
	}{
		{"no layer lists the service", `{id: r, service: park, tier: "15", limit: {radius_m: 500}, denominator: population}`, nil, "no_layer"},
		{"only the parent has a layer", `{id: r, service: clinic_station, tier: "15", limit: {radius_m: 500}, denominator: population}`, nil, "parent_only"},
		{"no limit on this basis", `{id: r, service: clinic, tier: "15", limit: {path_m: 500}, denominator: population}`, nil, "no_limit"},
		{"the denominator's measure is missing", `{id: r, service: clinic, tier: "15", limit: {radius_m: 500}, denominator: "population:60+"}`, nil, "no_denominator"},
		{"there is no land", `{id: r, service: clinic, tier: "15", limit: {radius_m: 500}, denominator: land}`, nil, "no_denominator"},
		{"there are no buildings", `{id: r, service: clinic, tier: "15", limit: {radius_m: 500}, denominator: buildings}`, nil, "no_denominator"},
		{"no land in the unit", `{id: r, service: clinic, tier: "15", limit: {radius_m: 500}, denominator: land}`, []*coverage.Layer{land(rect(2000, 0, 2100, 100))}, "no_demand"},
		{"under a square metre of land", `{id: r, service: clinic, tier: "15", limit: {radius_m: 500}, denominator: land}`, []*coverage.Layer{land(rect(0, 0, 0.99, 1))}, "no_demand"},
		{"for another kind of circle", `{id: r, service: clinic, tier: "15", limit: {radius_m: 500}, denominator: population, applies_to: [居住型]}`, nil, "not_applicable"},
		{"the unit has no such parent", `{id: r, tier: "15", count: {service: clinic, min: 1, per: street}}`, nil, "no_level"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := assess(t, book(t, "requirements:\n  - "+c.req+"\n"), coverage.Params{}, append(c.layers, kinds, anyClinic(), onePerson(xy(0, 0)))...)
			if got := cell(t, run, "a", "r"); got.Verdict != coverage.NotAssessed || got.Cause != c.want {
				t.Errorf("%s %q, want not_assessed %q", sums(got), got.Cause, c.want)
			}
			r := records(t, run.CoverageTable())[0]
			if r["verdict"] != "not_assessed" || r["share"] != "" || r["share_max"] != "" || r["demand_covered"] != "" {
				t.Errorf("%v", r)
			}
			if len(run.Gaps) > 0 {
				t.Errorf("gaps: %v", run.Gaps)
			}
			for _, lang := range []string{"zh", "en"} {
				if texts := coverage.CauseTexts(c.want, testServices); len(texts) != 1 || texts[0].In(lang) == c.want {
					t.Errorf("the cause has no words: %v", texts)
				}
			}
		})
	}
}

// A share is of the denominator that was asked for, or there is none.
func TestDenominatorOrder(t *testing.T) {
	layers := []*coverage.Layer{oneUnit(), anyClinic(), land(rect(0, 0, 10, 10)), buildings(map[string]orb.Geometry{"1": xy(0, 0)}, nil, nil),
		change(onePerson(xy(0, 0)), func(l *coverage.Layer) {
			l.Measures = append(l.Measures, measureOf(l, "households", map[string]int64{"x": 2}))
			l.Sort()
		})}
	for _, c := range []struct{ name, own, run, catalog, want string }{
		{"land where nothing is said", "", "", "", "land"},
		{"the catalog's", "", "", "households", "households"},
		{"the run's before the catalog's", "", "buildings", "households", "buildings"},
		{"the requirement's before all", "population", "buildings", "households", "population"},
	} {
		t.Run(c.name, func(t *testing.T) {
			yaml := ""
			if c.catalog != "" {
				yaml += "denominator: " + c.catalog + "\n"
			}
			yaml += "requirements:\n  - {id: r, service: clinic, tier: \"15\", limit: {radius_m: 500}"
			if c.own != "" {
				yaml += ", denominator: " + c.own
			}
			run := assess(t, book(t, yaml+"}\n"), coverage.Params{Denominator: c.run}, layers...)
			if got := run.Requirements[0].Denominator; got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			var others []string
			for _, o := range cell(t, run, "a", "r").Others {
				others = append(others, o.Denominator)
			}
			all := map[string]bool{"buildings": true, "households": true, "land": true, "population": true}
			delete(all, c.want)
			if len(others) != 3 || !all[others[0]] || !all[others[1]] || !all[others[2]] {
				t.Errorf("beside it %v", others)
			}
		})
	}
	t.Run("a missing one is never replaced, the others are listed without a verdict", func(t *testing.T) {
		run := assess(t, book(t, clinic500), coverage.Params{}, oneUnit(), unsurveyed("f", "clinic", map[string]orb.Geometry{"f": xy(0, 0)}), buildings(map[string]orb.Geometry{"1": xy(0, 0), "2": xy(900, 0)}, nil, nil))
		r := records(t, run.CoverageTable())[0]
		if r["verdict"] != "not_assessed" || r["cause"] != "no_denominator" || r["other_shares"] != "buildings=0.500000000..1.000000000" {
			t.Errorf("%v", r)
		}
	})
}

// Which facilities count: by status, by date if one is given, by size.
func TestWhichFacilitiesCount(t *testing.T) {
	for _, c := range []struct {
		name           string
		status         coverage.Status
		opened, closed string
		asOf           string
		want           bool
	}{
		{"existing", coverage.StatusExisting, "", "", "", true},
		{"unknown", coverage.StatusUnknown, "", "", "", true},
		{"under construction", coverage.StatusConstruction, "", "", "", false},
		{"planned", coverage.StatusPlanned, "", "", "", false},
		{"closed", coverage.StatusClosed, "", "", "", false},
		{"no date is read without one asked", coverage.StatusExisting, "2099-01-01", "2000-01-01", "", true},
		{"nor does one open a planned one", coverage.StatusPlanned, "2000-01-01", "", "", false},
		{"existing, opened on the day", coverage.StatusExisting, "2026-01-31", "", "2026-01-31", true},
		{"existing, opens the day after", coverage.StatusExisting, "2026-02-01", "", "2026-01-31", false},
		{"existing, closes the day after", coverage.StatusExisting, "", "2026-02-01", "2026-01-31", true},
		{"existing, closed on the day", coverage.StatusExisting, "", "2026-01-31", "2026-01-31", false},
		{"existing, no dates", coverage.StatusExisting, "", "", "2026-01-31", true},
		{"planned, no dates", coverage.StatusPlanned, "", "", "2026-01-31", false},
		{"closed, no dates", coverage.StatusClosed, "", "", "2026-01-31", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			list := change(everywhere("f", "clinic", map[string]orb.Geometry{"f": xy(0, 0)}), func(l *coverage.Layer) {
				l.Status, l.Opened, l.Closed = []coverage.Status{c.status}, []string{c.opened}, []string{c.closed}
			})
			run := assess(t, book(t, clinic500), coverage.Params{AsOf: c.asOf}, oneUnit(), list, onePerson(xy(0, 0)))
			if got := cell(t, run, "a", "clinic-15").Verdict == coverage.Met; got != c.want {
				t.Errorf("counts: %v", got)
			}
		})
	}
	for _, c := range []struct {
		name string
		m2   int64 // −1: unknown
		want string
	}{
		{"below the least", 399, "1000 0 0 unmet"},
		{"the least is enough", 400, "1000 1000 0 met"},
		{"just below the most", 4999, "1000 1000 0 met"},
		{"the most is exclusive", 5000, "1000 0 0 unmet"},
		{"unknown counts, and is flagged", -1, "1000 1000 0 met"},
	} {
		t.Run("size "+c.name, func(t *testing.T) {
			list := change(everywhere("f", "pocket_park", map[string]orb.Geometry{"f": xy(0, 0)}), func(l *coverage.Layer) {
				l.AreaMM2 = []int64{c.m2 * 1_000_000}
				if c.m2 < 0 {
					l.AreaMM2[0] = coverage.Unknown
				}
			})
			run := assess(t, book(t, `
requirements:
  - {id: r, service: pocket_park, tier: "15", limit: {radius_m: 500}, min_area_m2: 400, max_area_m2: 5000, denominator: population}
`), coverage.Params{}, oneUnit(), list, onePerson(xy(0, 0)))
			got := cell(t, run, "a", "r")
			if sums(got) != c.want || (got.Cause == "size_unknown") != (c.m2 < 0) {
				t.Errorf("%s %q, want %s", sums(got), got.Cause, c.want)
			}
		})
	}
	t.Run("a date that is none is refused", func(t *testing.T) {
		city, _ := coverage.NewCity([]*coverage.Layer{oneUnit()})
		for _, p := range []coverage.Params{{AsOf: "2026-1-5"}, {AsOf: "tomorrow"}, {Basis: "crow"}} {
			if _, err := coverage.Assess(context.Background(), city, book(t, clinic500), testServices, p, coverage.Options{}, nil); coverage.CodeOf(err) != coverage.Invalid {
				t.Errorf("%+v: %v", p, err)
			}
		}
	})
}

// The pass line of a year is the target of the latest year not after it.
func TestTargetsByYear(t *testing.T) {
	c := book(t, `
requirements:
  - {id: r, service: clinic, tier: "15", limit: {radius_m: 500}, denominator: population, pass_line: 0.8, targets: {"2025": 0.5, "2027": 0.9}}
`)
	for year, want := range map[int]catalog.Ppm{0: 800_000, 2024: 800_000, 2025: 500_000, 2026: 500_000, 2027: 900_000, 2100: 900_000} {
		if got := assess(t, c, coverage.Params{Year: year}, oneUnit(), anyClinic(), onePerson(xy(0, 0))).Requirements[0].PassLine; got != want {
			t.Errorf("%d: %s, want %s", year, got, want)
		}
	}
}

// Land is judged by exact area, once where parcels overlap, and as an interval where the survey ends.
func TestLand(t *testing.T) {
	const yaml = `
requirements:
  - {id: r, service: clinic, tier: "15", limit: {radius_m: 500}, denominator: land}
`
	quarter := math.Pi * 500 * 500 / 4
	four := map[string]orb.Polygon{"ne": rect(0, 0, 1000, 1000), "nw": rect(-1000, 0, 0, 1000), "se": rect(0, -1000, 1000, 0), "sw": rect(-1000, -1000, 0, 0)}
	ground := land(rect(-600, -600, 600, 600))
	near := func(t *testing.T, what string, got int64, want float64) {
		t.Helper()
		if math.Abs(float64(got)/1e6-want) > 0.5 {
			t.Errorf("%s: %.3f m², want %.3f", what, float64(got)/1e6, want)
		}
	}
	t.Run("a quarter of the disc in each of four units", func(t *testing.T) {
		run := assess(t, book(t, yaml), coverage.Params{}, change(units("community", four), parents("street", map[string]string{"ne": "s", "nw": "s", "se": "s", "sw": "s"})),
			everywhere("f", "clinic", map[string]orb.Geometry{"f": xy(0, 0)}), ground)
		var total, covered int64
		for id := range four {
			c := cell(t, run, id, "r")
			// the border is a parallel, which bends away from the straight line: d²·tan φ ÷ 2R, 1.9 m² in a quarter
			if got := float64(c.Covered) / 1e6; math.Abs(got-quarter) > 2 {
				t.Errorf("%s: %.3f m², want %.3f", id, got, quarter)
			}
			near(t, id+" in all", c.Total, 600*600)
			total, covered = total+c.Total, covered+c.Covered
		}
		s := cell(t, run, "s", "r")
		if s.Total != total || s.Covered != covered {
			t.Errorf("the street has %d of %d, its units %d of %d", s.Covered, s.Total, covered, total)
		}
	})
	t.Run("overlapping parcels and layers count once", func(t *testing.T) {
		run := assess(t, book(t, yaml), coverage.Params{}, oneUnit(), everywhere("f", "clinic", map[string]orb.Geometry{"f": xy(0, 0)}),
			land(rect(-600, -600, 100, 600), rect(0, -600, 600, 600), rect(0, -600, 600, 600)), change(land(rect(-50, -50, 50, 50)), named("more")))
		near(t, "total", cell(t, run, "a", "r").Total, 1200*1200)
		near(t, "covered", cell(t, run, "a", "r").Covered, 4*quarter)
		if hasMark(run, "demand_outside") {
			t.Errorf("marks %v", run.Marks)
		}
	})
	t.Run("overlapping units: once in their street", func(t *testing.T) {
		us := change(units("community", map[string]orb.Polygon{"a": rect(-1000, -1000, 300, 1000), "b": rect(-300, -1000, 1000, 1000)}), parents("street", map[string]string{"a": "s", "b": "s"}))
		run := assess(t, book(t, yaml), coverage.Params{}, us, everywhere("f", "clinic", map[string]orb.Geometry{"f": xy(0, 0)}), ground)
		near(t, "a", cell(t, run, "a", "r").Total, 900*1200)
		near(t, "b", cell(t, run, "b", "r").Total, 900*1200)
		near(t, "s", cell(t, run, "s", "r").Total, 1200*1200)
		near(t, "s covered", cell(t, run, "s", "r").Covered, 4*quarter)
	})
	t.Run("two discs that overlap cover their union", func(t *testing.T) {
		d, r := 400.0, 500.0
		lens := 2*r*r*math.Acos(d/(2*r)) - d/2*math.Sqrt(4*r*r-d*d)
		run := assess(t, book(t, yaml), coverage.Params{}, oneUnit(), everywhere("f", "clinic", map[string]orb.Geometry{"f": xy(-200, 0), "g": xy(200, 0)}), land(rect(-900, -900, 900, 900)))
		near(t, "covered", cell(t, run, "a", "r").Covered, 8*quarter-lens)
	})
	t.Run("no survey: all the rest is undetermined", func(t *testing.T) {
		c := cell(t, assess(t, book(t, yaml), coverage.Params{}, oneUnit(), unsurveyed("f", "clinic", map[string]orb.Geometry{"f": xy(0, 0)}), ground), "a", "r")
		if c.Covered+c.Undetermined != c.Total || c.Verdict != coverage.NotDetected {
			t.Errorf("%s", sums(c))
		}
	})
	t.Run("a survey polygon: known where the whole disc lies in it", func(t *testing.T) {
		// land 100 m × 400 m in the east; surveyed to 850 m: known up to 350 m
		c := cell(t, assess(t, book(t, yaml), coverage.Params{}, oneUnit(),
			surveyedIn("f", "clinic", rect(-2000, -2000, 850, 2000), map[string]orb.Geometry{"f": xy(-1500, 0)}), land(rect(100, 0, 500, 100))), "a", "r")
		near(t, "total", c.Total, 400*100)
		near(t, "undetermined", c.Undetermined, 150*100)
		if c.Covered != 0 {
			t.Errorf("covered %d", c.Covered)
		}
	})
	t.Run("a survey that is everywhere is the same as one that is far wider", func(t *testing.T) {
		at := map[string]orb.Geometry{"f": xy(100, 50)}
		a := cell(t, assess(t, book(t, yaml), coverage.Params{}, oneUnit(), everywhere("f", "clinic", at), ground), "a", "r")
		b := cell(t, assess(t, book(t, yaml), coverage.Params{}, oneUnit(), surveyedIn("f", "clinic", rect(-5000, -5000, 5000, 5000), at), ground), "a", "r")
		if a.Covered != b.Covered || a.Total != b.Total || b.Undetermined > 500_000 {
			t.Errorf("%s and %s", sums(a), sums(b))
		}
	})
	t.Run("land in no neighborhood is reported", func(t *testing.T) {
		run := assess(t, book(t, yaml), coverage.Params{}, oneUnit(), anyClinic(), land(rect(900, 0, 1100, 100), rect(3000, 0, 3100, 100)))
		for _, m := range run.Marks {
			if m.Code == "demand_outside" && strings.HasPrefix(m.Text.En, "20000 m²") {
				return
			}
		}
		t.Errorf("marks %v", run.Marks)
	})
}

// Unknown size is flagged where it makes a difference, and nowhere else.
func TestUnknownSizeIsFlaggedWhereItCounts(t *testing.T) {
	parks := change(everywhere("parks", "park", map[string]orb.Geometry{"a": xy(0, 0), "b": xy(5000, 0)}), func(l *coverage.Layer) {
		l.AreaMM2 = []int64{coverage.Unknown, 9_000_000_000}
	})
	near := units("community", map[string]orb.Polygon{"a": rect(-100, -100, 100, 100), "b": rect(4900, -100, 5100, 100), "c": rect(8000, -100, 8100, 100)})
	homes := people("p", map[string]orb.Geometry{"1": xy(0, 50), "2": xy(5000, 50), "3": xy(8050, 0)}, map[string]int64{"1": 1, "2": 1, "3": 1})
	for _, form := range []string{
		`{id: r, service: park, tier: "15", limit: {radius_m: 500}, min_area_m2: 400, denominator: population}`,
		`{id: r, tier: "15", count: {service: park, min: 1, per: unit, min_area_m2: 400}}`,
	} {
		run := assess(t, book(t, "requirements:\n  - "+form+"\n"), coverage.Params{}, near, parks, homes)
		for id, want := range map[string]string{"a": "size_unknown", "b": "", "c": ""} {
			if got := cell(t, run, id, "r").Cause; got != want {
				t.Errorf("%s: %s has cause %q, want %q", form, id, got, want)
			}
		}
	}
}

// A parent answers for those of its units that a requirement is asked of, and no gap is drawn in the others.
func TestParentOfUnitsOfSeveralKinds(t *testing.T) {
	list := change(units("community", map[string]orb.Polygon{"a": rect(0, 0, 200, 200), "b": rect(200, 0, 400, 200)}), func(l *coverage.Layer) {
		l.Kinds = []string{"新区", "老区"}
		l.Parents = []coverage.ParentColumn{{Level: "street", Parents: [][]string{{"s"}, {"s"}}}}
	})
	homes := people("p", map[string]orb.Geometry{"1": xy(100, 100), "2": xy(300, 100)}, map[string]int64{"1": 1, "2": 6})
	for denominator, want := range map[string]int64{"population": 1000, "land": 0} {
		run := assess(t, book(t, "requirements:\n  - {id: r, service: clinic, tier: \"15\", limit: {radius_m: 150}, applies_to: [新区], denominator: "+denominator+"}\n"), coverage.Params{},
			list, everywhere("clinics", "clinic", map[string]orb.Geometry{"f": xy(100, 100)}), homes, land(rect(50, 50, 350, 150)))
		a, s := cell(t, run, "a", "r"), cell(t, run, "s", "r")
		if sums(a) != sums(s) || s.Verdict != coverage.Met || (want > 0 && s.Total != want) || s.UnitsMet != 1 || s.UnitsJudged != 1 {
			t.Errorf("%s: unit %s, street %s, %d of %d", denominator, sums(a), sums(s), s.UnitsMet, s.UnitsJudged)
		}
		if b := cell(t, run, "b", "r"); b.Cause != "not_applicable" {
			t.Errorf("b: %q", b.Cause)
		}
		for _, g := range run.Gaps {
			if run.Subjects[g.Subject].ID == "b" {
				t.Errorf("%s: a gap where nothing is asked", denominator)
			}
		}
	}
}

// A cell cut exactly in half gives each half rounded half up, whatever the rounding of areas.
func TestHalvesOfCellsAreRoundedUp(t *testing.T) {
	box := func(x0, y0, x1, y1 float64) orb.Polygon {
		return orb.Polygon{{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}, {x0, y0}}}
	}
	list := units("community", map[string]orb.Polygon{"a": box(106.49, 29.49, 106.5, 29.51), "b": box(106.5, 29.49, 106.51, 29.51)})
	cells, n := map[string]orb.Geometry{}, 20
	for k := range n {
		y := 29.491 + float64(k)*0.0005
		cells[string(rune('a'+k))] = box(106.4995, y, 106.5005, y+0.00045)
	}
	homes := change(people("p", cells, nil), func(l *coverage.Layer) {
		for i := range l.Measures[0].Values {
			l.Measures[0].Values[i] = 1001
		}
	})
	run := assess(t, book(t, clinic500), coverage.Params{}, list, everywhere("clinics", "clinic", map[string]orb.Geometry{"f": orb.Point{106.5, 29.5}}), homes)
	for _, id := range []string{"a", "b"} {
		if got := cell(t, run, id, "clinic-15").Total; got != int64(n)*501 {
			t.Errorf("%s has %d, want %d halves of 0.5005 rounded up", id, got, n)
		}
	}
}

package coverage_test

import (
	"math"
	"testing"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
)

const clinic500 = `
requirements:
  - {service: clinic, tier: "15", limit: {radius_m: 500}, pass_line: 0.8, mandatory: true, denominator: population}
`

// A disc in a square of land, and people on both sides of the limit.
func TestClosedFormDisc(t *testing.T) {
	run := assess(t, book(t, `
requirements:
  - {id: land, service: clinic, tier: "15", limit: {radius_m: 500}, denominator: land}
  - {id: people, service: clinic, tier: "15", limit: {radius_m: 500}, denominator: population}
`), coverage.Params{},
		units("community", map[string]orb.Polygon{"a": rect(-1000, -1000, 1000, 1000)}),
		facilities("clinics", "clinic", coverage.SurveyEverywhere, nil, map[string]orb.Geometry{"f": xy(0, 0)}),
		land(rect(-600, -600, 600, 600)),
		people("people", map[string]orb.Geometry{"near": xy(0, 499.9), "far": xy(0, 500.1)}, map[string]int64{"near": 30, "far": 10}),
	)
	c := cell(t, run, "a", "land")
	if got, want := float64(c.Covered)/float64(c.Total), math.Pi*500*500/(1200*1200); math.Abs(got-want) > 1e-6 {
		t.Errorf("share of land %.9f, want %.9f", got, want)
	}
	if c.Undetermined != 0 {
		t.Errorf("undetermined land %d in a surveyed city", c.Undetermined)
	}
	if c := cell(t, run, "a", "people"); c.Covered != 30_000 || c.Total != 40_000 || c.Verdict != coverage.Unmet {
		t.Errorf("people: %+v", c)
	}
	var area int64
	for _, g := range run.Gaps {
		if run.Requirements[g.Requirement].ID == "land" {
			area += g.AreaMM2
		}
	}
	if area != c.Total-c.Covered {
		t.Errorf("gaps of land sum to %d mm², want %d", area, c.Total-c.Covered)
	}
}

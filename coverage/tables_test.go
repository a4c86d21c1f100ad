package coverage_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/geo/measure"
)

// The columns that scripts rely on stand first, in the order of design.md §8.
func TestColumnsOfTheContract(t *testing.T) {
	layers := []*coverage.Layer{oneUnit(), anyClinic(), onePerson(xy(0, 0))}
	run := assess(t, book(t, clinic500), coverage.Params{}, layers...)
	reach, err := coverage.ReachTable(t.Context(), newMemory(layers...), run, coverage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		table coverage.Table
		want  string
	}{
		{reach, "demand_id, lon, lat, weight, neighborhood_id, requirement, service, basis, reach_m, seconds, facility_id, cause"},
		{run.CoverageTable(), "neighborhood_id, neighborhood, level, requirement, service, tier, basis, limit, unit, denominator, demand_total, demand_covered, demand_undetermined, share, share_max, pass_line, verdict, cause, confidence"},
		{run.ScoresTable(), "neighborhood_id, neighborhood, level, scope, score, score_max, grade, completeness, met, unmet, not_detected, not_assessed"},
		{run.GapsTable(), "gap_id, cluster_id, neighborhood_id, requirement, state, people, area_m2, nearest_m, nearest_max_m"},
		{run.MatrixTable(), "neighborhood_id, neighborhood, level, scope, score, score_max, grade, completeness, met, unmet, not_detected, not_assessed, share_clinic-15, verdict_clinic-15"},
	} {
		var names []string
		for _, col := range c.table.Columns {
			names = append(names, col.Name)
		}
		if got := strings.Join(names, ", "); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s", c.table.Name, got)
		}
		for _, r := range records(t, c.table) {
			for col, least := range map[string]int{"share": 7, "share_max": 7, "share_clinic-15": 7, "pass_line": 7, "score": 2, "score_max": 2, "completeness": 4, "lon": 9, "lat": 9, "weight": 3, "area_m2": 3, "people": 3, "demand_total": 3} {
				if v, ok := r[col]; ok && v != "" {
					if _, decimals, _ := strings.Cut(v, "."); len(decimals) < least {
						t.Errorf("%s.%s is %s: fewer than %d decimals", c.table.Name, col, v, least)
					}
				}
			}
		}
	}
	if _, err := run.Table("nothing"); coverage.CodeOf(err) != coverage.NotFound {
		t.Errorf("an unknown table: %v", err)
	}
}

// The words of a row, joined alternatives included, and rows sorted by ids' bytes with requirements in catalog order.
func TestCoverageRows(t *testing.T) {
	us := change(units("community", map[string]orb.Polygon{"b": rect(-1000, 0, 0, 1000), "B": rect(0, 0, 1000, 1000), "10": rect(1000, 0, 2000, 1000), "9": rect(2000, 0, 3000, 1000)}),
		parents("street", map[string]string{"b": "a"}))
	run := assess(t, book(t, parks+"  - {service: clinic, tier: \"5\", limit: {radius_m: 500.5, path_m: 600}, denominator: population}\n"), coverage.Params{}, us,
		everywhere("f", "park", nil), everywhere("g", "pocket_park", nil), onePerson(xy(-500, 500)))
	var order []string
	for _, r := range records(t, run.CoverageTable()) {
		order = append(order, r["neighborhood_id"]+":"+r["requirement"])
		if r["requirement"] == "r" && (r["service"] != "park|pocket_park" || r["limit"] != "500|300" || r["unit"] != "m" || r["tier"] != "15" || r["basis"] != "radius") {
			t.Errorf("%v", r)
		}
		if r["requirement"] == "clinic-5" && (r["limit"] != "500.5" || r["cause"] != "no_layer" || r["verdict"] != "not_assessed") {
			t.Errorf("%v", r)
		}
	}
	if got := strings.Join(order, " "); got != "10:r 10:clinic-5 9:r 9:clinic-5 B:r B:clinic-5 a:r a:clinic-5 b:r b:clinic-5" {
		t.Errorf("order: %s", got)
	}
	for _, r := range records(t, run.MatrixTable()) {
		if r["neighborhood_id"] == "b" && (r["share_r"] != "0.000000000" || r["verdict_r"] != "unmet" || r["share_clinic-5"] != "" || r["verdict_clinic-5"] != "not_assessed") {
			t.Errorf("%v", r)
		}
		if r["level"] != "unit" {
			t.Errorf("a parent in the matrix: %v", r)
		}
	}
}

// Table reach has every person and every requirement, wherever they live.
func TestReachRows(t *testing.T) {
	us := units("community", map[string]orb.Polygon{"a": rect(-1000, 0, 0, 1000), "b": rect(-100, 0, 1000, 1000)})
	list := everywhere("f", "clinic", map[string]orb.Geometry{"z": xy(-400, 500), "y": xy(400, 500)})
	demand := people("p", map[string]orb.Geometry{"in": xy(-500, 500), "both": xy(-50, 500), "out": xy(0, 5000), "cell": rect(900, 0, 1100, 100)},
		map[string]int64{"in": 1, "both": 2, "out": 3, "cell": 4})
	yaml := clinic500 + `  - {id: parks, service: park, tier: "15", limit: {radius_m: 500}, denominator: population}
  - {id: empty, service: market, tier: "15", limit: {radius_m: 500}, denominator: population}
  - {id: path, service: clinic, tier: "15", limit: {path_m: 500}, denominator: population}
  - {id: landed, service: clinic, tier: "15", limit: {radius_m: 500}, denominator: land}
  - {id: counted, tier: "15", count: {service: clinic, min: 1, per: unit}}
`
	rows := reachRows(t, yaml, coverage.Params{}, us, list, demand, everywhere("m", "market", nil))
	var got []string
	for _, r := range rows {
		if r["requirement"] == "clinic-15" {
			got = append(got, fmt.Sprintf("%s %s %s %s", r["demand_id"], r["neighborhood_id"], r["weight"], r["facility_id"]))
		}
	}
	if s := strings.Join(got, "; "); s != "both a|b 2.000 z; cell  2.000 y; cell b 2.000 y; in a 1.000 z; out  3.000 y" {
		t.Errorf("rows: %s", s)
	}
	if len(rows) != 5*5 {
		t.Errorf("%d rows, want 5 places × 5 requirements with a limit", len(rows))
	}
	for _, r := range rows {
		var p orb.Point
		fmt.Sscan(r["lon"], &p[0])
		fmt.Sscan(r["lat"], &p[1])
		mm := min(measure.Millimetres(measure.Distance(p, xy(-400, 500))), measure.Millimetres(measure.Distance(p, xy(400, 500))))
		want := fmt.Sprintf("%d.%03d", mm/1000, mm%1000)
		cause := ""
		switch r["requirement"] {
		case "parks":
			want, cause = "", "no_layer"
		case "empty":
			want, cause = "", "no_facility"
		case "path":
			cause = "no_limit"
		}
		if r["reach_m"] != want || r["cause"] != cause || r["seconds"] != "" || r["basis"] != "radius" {
			t.Errorf("%s × %s: reach %q cause %q, want %q %q", r["demand_id"], r["requirement"], r["reach_m"], r["cause"], want, cause)
		}
	}
}

// A tie goes to the smallest facility id, then layer name; also between the alternatives of a requirement.
func TestTiesGoToTheSmallestID(t *testing.T) {
	here := func(id string) map[string]orb.Geometry { return map[string]orb.Geometry{id: xy(100, 0)} }
	facility := func(yaml string, layers ...*coverage.Layer) string {
		r := reachRows(t, yaml, coverage.Params{}, append(layers, oneUnit(), onePerson(xy(0, 0)))...)[0]
		return r["facility_id"] + " " + r["reach_m"]
	}
	if got := facility(clinic500, everywhere("f", "clinic", here("9")), everywhere("g", "clinic", here("10"))); got != "10 100.000" {
		t.Errorf("two layers: %s", got)
	}
	if got := facility(parks, everywhere("f", "park", here("b")), everywhere("g", "pocket_park", here("a"))); got != "a 100.000" {
		t.Errorf("two alternatives, both cover: %s", got)
	}
	if got := facility(parks, everywhere("f", "park", map[string]orb.Geometry{"b": xy(600, 0)}), everywhere("g", "pocket_park", map[string]orb.Geometry{"a": xy(600, 0)})); !strings.HasPrefix(got, "a ") {
		t.Errorf("two alternatives, none covers: %s", got)
	}
	// the facility that covers is named before one that is nearer and does not
	if got := facility(parks, everywhere("f", "park", map[string]orb.Geometry{"b": xy(450, 0)}), everywhere("g", "pocket_park", map[string]orb.Geometry{"a": xy(350, 0)})); !strings.HasPrefix(got, "b ") {
		t.Errorf("the one that covers: %s", got)
	}
}

// Every output says that data was assumed complete, and which parents stood in.
func TestAssumptionsAreInEveryOutput(t *testing.T) {
	layers := []*coverage.Layer{oneUnit(), unsurveyed("f", "clinic", map[string]orb.Geometry{"f": xy(900, 0)}), onePerson(xy(0, 0))}
	yaml := strings.ReplaceAll(clinic500, "service: clinic", "service: clinic_station")
	p := coverage.Params{AssumeComplete: true, AcceptParent: true}
	run := assess(t, book(t, yaml), p, layers...)
	reach, err := coverage.ReachTable(t.Context(), newMemory(layers...), run, coverage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []coverage.Table{run.CoverageTable(), run.ScoresTable(), run.MatrixTable(), run.GapsTable(), run.ServiceAreasTable(), reach} {
		for _, r := range records(t, table) {
			all := fmt.Sprint(r)
			if !strings.Contains(all, "assumed_complete") || !strings.Contains(all, "parent_accepted") {
				t.Errorf("%s does not say so: %s", table.Name, all)
			}
		}
	}
}

// Explaining a neighborhood gives the numbers of the tables, and the facility behind every person.
func TestExplainAgreesWithTheTables(t *testing.T) {
	us := change(units("community", map[string]orb.Polygon{"a": rect(-1000, 0, 0, 1000), "b": rect(0, 0, 1000, 1000)}), parents("street", map[string]string{"a": "s", "b": "s"}))
	layers := []*coverage.Layer{us, everywhere("f", "clinic", map[string]orb.Geometry{"f": xy(-500, 500), "g": xy(600, 500)}), land(rect(-300, 300, 300, 700)),
		people("p", map[string]orb.Geometry{"1": xy(-500, 400), "2": xy(10, 500), "3": xy(700, 500)}, map[string]int64{"1": 5, "2": 7, "3": 11})}
	yaml := strings.Replace(clinic500, "500", "400", 1) + `  - {id: l, service: clinic, tier: "15", limit: {radius_m: 400}, denominator: land}
  - {id: n, tier: "15", count: {service: clinic, min: 2, per: street}}
`
	run := assess(t, book(t, yaml), coverage.Params{}, layers...)
	st := newMemory(layers...)
	for _, r := range records(t, run.CoverageTable()) {
		e, err := coverage.Explain(t.Context(), st, run, r["neighborhood_id"], r["requirement"], coverage.Options{})
		if err != nil {
			t.Fatal(err)
		}
		x := e.Requirements[0]
		if x.Total.String() != r["demand_total"] || x.Covered.String() != r["demand_covered"] || x.Share.String() != r["share"] || x.Verdict != r["verdict"] {
			t.Errorf("%s × %s: %s of %s, table %s of %s", r["neighborhood_id"], r["requirement"], x.Covered, x.Total, r["demand_covered"], r["demand_total"])
		}
		sum, want := int64(0), x.Covered.Int
		for _, d := range x.Demand {
			sum += d.Covered.Int
		}
		if x.ID != "n" && (sum < want-1 || sum > want+1) { // m² are rounded parcel by parcel
			t.Errorf("%s × %s: places add up to %d, want %d", r["neighborhood_id"], r["requirement"], sum, want)
		}
		if len(x.Facilities) == 0 {
			t.Errorf("%s × %s names no facility", r["neighborhood_id"], r["requirement"])
		}
	}
	for _, c := range []struct{ neighborhood, requirement string }{{"nobody", ""}, {"a", "nothing"}} {
		if _, err := coverage.Explain(t.Context(), st, run, c.neighborhood, c.requirement, coverage.Options{}); coverage.CodeOf(err) != coverage.NotFound {
			t.Errorf("%v: %v", c, err)
		}
	}
	if e, err := coverage.Explain(t.Context(), st, run, "street=s", "", coverage.Options{}); err != nil || len(e.Members) != 2 || len(e.Requirements) != 3 {
		t.Errorf("the street: %v %+v", err, e)
	}
}

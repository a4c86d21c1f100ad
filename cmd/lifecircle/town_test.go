package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A planner's own files and catalog give the numbers that can be worked out with a pencil: 100 of 160 people reach the clinic,
// who are 0.78125 of the pass line; the mandatory clinic caps the grade.
func TestOwnData(t *testing.T) {
	t.Parallel()
	c := newTown()
	project := c.build(t, t.TempDir(), "--complete")
	var doc scored
	c.score(t, project).must(exitDone).json(&doc)
	if doc.Counts != (counts{Met: 1, Unmet: 3}) {
		t.Errorf("counts %+v", doc.Counts)
	}
	if doc.Catalog != "town" || !doc.Latest || len(doc.Run) != 64 || len(doc.CatalogHash) != 64 || doc.Created == "" || doc.Algorithm == "" || doc.Params["basis"] != "radius" {
		t.Errorf("run %+v", doc)
	}
	if len(doc.Inputs) != 5 {
		t.Errorf("%d inputs, want the 5 layers", len(doc.Inputs))
	}
	grade := func(s string) *string { return &s }
	want := []neighborhood{
		{westID, "=1+1 上清寺", "92.708333333", "92.708333333", grade("C"), "1.000000"},
		{eastID, "大坪", "0.000000000", "0.000000000", grade("D"), "1.000000"},
	}
	if d := cmp.Diff(want, doc.Neighborhoods); d != "" {
		t.Error(d)
	}
}

// The same clinics from a map extract promise nothing beyond themselves: what was unmet is not detected, and the score an interval.
func TestOwnDataNotSurveyed(t *testing.T) {
	t.Parallel()
	c := newTown()
	project := c.build(t, t.TempDir())
	var doc, assumed scored
	c.score(t, project).must(exitDone).json(&doc)
	if doc.Counts != (counts{Met: 1, Unmet: 1, NotDetected: 2}) {
		t.Errorf("counts %+v", doc.Counts)
	}
	if n := doc.Neighborhoods; n[0].Score != "92.708333333" || n[0].ScoreMax != "100.000000000" || n[1].ScoreMax != "33.333333333" {
		t.Errorf("%+v", n)
	}
	c.score(t, project, "--assume-complete").must(exitDone).json(&assumed)
	if assumed.Counts != (counts{Met: 1, Unmet: 3}) || assumed.Run == doc.Run {
		t.Errorf("assumed complete: %+v", assumed.Counts)
	}
	if !slices.ContainsFunc(assumed.Marks, func(m struct{ Code string }) bool { return m.Code == "assumed_complete" }) {
		t.Errorf("marks %+v do not say that completeness was assumed", assumed.Marks)
	}
	r := run(t, "score", project, "--catalog", filepath.Join(filepath.Dir(project), "town.yaml"), "--lang", "en").must(exitDone)
	r.says("not detected (2 neighborhoods)", "--service SERVICE --complete", "services: clinic")
}

// A layer that is complete inside a polygon is unmet there and not detected outside.
func TestSurveyedArea(t *testing.T) {
	t.Parallel()
	c := newTown()
	dir := t.TempDir()
	area := write(t, filepath.Join(dir, "area.geojson"), box(106.49, 29.49, 106.5205, 29.53))
	project := c.build(t, dir, "--complete="+area)
	var doc scored
	c.score(t, project).must(exitDone).json(&doc)
	if doc.Counts != (counts{Met: 1, Unmet: 2, NotDetected: 1}) {
		t.Errorf("counts %+v: west is surveyed, east is not", doc.Counts)
	}
	var layers layersDoc
	run(t, "layers", project, "show", "clinics", "--json").must(exitDone).json(&layers)
	if s := layers.Layers[0].Surveys; len(s) != 1 || s[0].Kind != "polygon" {
		t.Errorf("surveys %+v", s)
	}
	// left out at the next import, the declaration stays; unknown withdraws it
	run(t, "import", project, filepath.Join(dir, "clinics.geojson"), "--as", "facilities", "--service", "clinic").must(exitDone).says("unchanged")
	run(t, "import", project, filepath.Join(dir, "clinics.geojson"), "--as", "facilities", "--service", "clinic", "--complete=unknown").must(exitDone)
	run(t, "layers", project, "show", "clinics", "--json").must(exitDone).json(&layers)
	if s := layers.Layers[0].Surveys; len(s) > 0 && s[0].Kind != "unknown" {
		t.Errorf("surveys %+v after --complete=unknown", s)
	}
}

type layersDoc struct {
	Layers []struct {
		Role, Name, Hash, Source string
		Rows, Version            int
		Surveys                  []struct{ Service, Kind string }
		Report                   *importDoc
	}
}

type explained struct {
	Run          string
	Neighborhood string `json:"neighborhood_id"`
	Scores       []struct {
		Scope   string
		Score   float64
		Formula string
	}
	Requirements []struct {
		ID           string  `json:"requirement"`
		Tier         string  `json:"tier"`
		Variant      bool    `json:"variant"`
		Weight       float64 `json:"weight"`
		Source       string
		Total        *float64 `json:"demand_total"`
		Covered      *float64 `json:"demand_covered"`
		Undetermined *float64 `json:"demand_undetermined"`
		Share        *float64 `json:"share"`
		ShareMax     *float64 `json:"share_max"`
		PassLine     float64  `json:"pass_line"`
		Attainment   *float64 `json:"attainment"`
		Verdict      string
		Facilities   []struct {
			ID      string  `json:"facility_id"`
			Serves  float64 `json:"serves"`
			Nearest float64 `json:"nearest_m"`
		}
		Demand []struct {
			ID       string  `json:"demand_id"`
			Weight   float64 `json:"weight"`
			Covered  float64 `json:"covered"`
			State    string
			Reach    float64 `json:"reach_m"`
			Facility string  `json:"facility_id"`
		}
	}
}

// rederive works every score of an explanation out of its own lines.
func (e explained) rederive(t *testing.T) {
	t.Helper()
	near := func(what string, got, want, tolerance float64) {
		t.Helper()
		if math.Abs(got-want) > tolerance {
			t.Errorf("%s: %s is %v, by its own lines %v", e.Neighborhood, what, got, want)
		}
	}
	for _, s := range e.Scores {
		sum, weights := 0.0, 0.0
		for _, r := range e.Requirements {
			if r.Variant || r.Share == nil || (s.Scope != "overall" && r.Tier != s.Scope) {
				continue
			}
			sum += r.Weight * math.Min(1, *r.Covered / *r.Total / r.PassLine)
			weights += r.Weight
		}
		if weights > 0 {
			near("score "+s.Scope, s.Score, 100*sum/weights, 1e-6)
		}
	}
	for _, r := range e.Requirements {
		if r.Share == nil {
			if r.Verdict != "not_assessed" {
				t.Errorf("%s %s: no share, yet %s", e.Neighborhood, r.ID, r.Verdict)
			}
			continue
		}
		near("share "+r.ID, *r.Share, *r.Covered / *r.Total, 1e-8)
		near("share_max "+r.ID, *r.ShareMax, (*r.Covered+*r.Undetermined) / *r.Total, 1e-8)
		near("attainment "+r.ID, *r.Attainment, math.Min(1, *r.Covered / *r.Total / r.PassLine), 1e-8)
		verdict := "not_detected"
		switch {
		case *r.Share >= r.PassLine:
			verdict = "met"
		case *r.ShareMax < r.PassLine:
			verdict = "unmet"
		}
		if verdict != r.Verdict {
			t.Errorf("%s %s: verdict %s, by its own lines %s", e.Neighborhood, r.ID, r.Verdict, verdict)
		}
		if len(r.Demand) > 0 {
			total, covered := 0.0, 0.0
			for _, d := range r.Demand {
				total, covered = total+d.Weight, covered+d.Covered
			}
			near("people of "+r.ID, *r.Total, total, 1e-6)
			near("covered people of "+r.ID, *r.Covered, covered, 1e-6)
		}
	}
}

// Every number can be re-derived: the score from the requirements, these from the people, these from the way to a facility.
func TestExplain(t *testing.T) {
	t.Parallel()
	c := newTown()
	project := c.build(t, t.TempDir(), "--complete")
	c.score(t, project).must(exitDone)
	for _, id := range []string{westID, eastID} {
		var e explained
		run(t, "explain", project, "--neighborhood", id, "--json").must(exitDone).json(&e)
		if len(e.Requirements) != 2 || len(e.Scores) != 2 {
			t.Fatalf("%d requirements, %d scores", len(e.Requirements), len(e.Scores))
		}
		e.rederive(t)
	}
	var e explained
	run(t, "explain", project, "--neighborhood", westID, "--requirement", "clinic-15", "--json").must(exitDone).json(&e)
	e.Scores = nil // one requirement of two is listed
	e.rederive(t)
	r := e.Requirements[0]
	if r.Source != "rule 7" || len(r.Facilities) != 1 || r.Facilities[0].ID != "c1" || r.Facilities[0].Serves != 100 || r.Facilities[0].Nearest != 499.99 {
		t.Errorf("clinic: %+v", r)
	}
	for _, d := range r.Demand {
		want := map[string]float64{"in": 499.99, "out": 500.01}[d.ID]
		if d.Reach != want || d.Facility != "c1" || (d.State == "covered") != (want <= 500) {
			t.Errorf("demand %+v, want %v m", d, want)
		}
	}
	t.Run("by name, by prefix, by parent", func(t *testing.T) {
		var byName, parent explained
		run(t, "explain", project, "--neighborhood", "大坪", "--run", e.Run[:8], "--json").must(exitDone).json(&byName)
		if byName.Neighborhood != eastID || byName.Run != e.Run {
			t.Errorf("by name: %s of %s", byName.Neighborhood, byName.Run)
		}
		run(t, "explain", project, "--neighborhood", "street=大坪街道", "--json").must(exitDone).json(&parent)
		parent.rederive(t)
	})
	t.Run("words", func(t *testing.T) {
		run(t, "explain", project, "--neighborhood", westID, "--lang", "en").must(exitDone).says("100 × (1×0.78125", "rule 7", "capped", "facility c1 卫生站", "serves 100")
		run(t, "explain", project, "--neighborhood", westID, "--lang", "zh").must(exitDone).says("得分", "未达标", "覆盖率", "必配")
	})
	t.Run("refused", func(t *testing.T) {
		run(t, "explain", project, "--neighborhood", "x", "--lang", "en").must(exitUsage).says(`no neighborhood "x"`)
		run(t, "explain", project, "--neighborhood", westID, "--requirement", "y", "--lang", "en").must(exitUsage).says("clinic-15, kindergarten-15")
		run(t, "explain", project, "--neighborhood", westID, "--run", "ffffffff", "--lang", "en").must(exitUsage)
	})
}

var resultTables = []string{"reach", "coverage", "scores", "gaps", "matrix", "service_areas"}

// exports gives every table of a project in both formats.
func exports(t *testing.T, project string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, table := range resultTables {
		for _, format := range []string{"csv", "geojson"} {
			out[table+"."+format] = run(t, "export", project, "--layer", table, "--format", format).must(exitDone).stdout
		}
	}
	return out
}

// No export hangs on the number of threads, or on the order in which a colleague's tool wrote features and properties.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	c := newTown()
	one := c.build(t, filepath.Join(t.TempDir(), "one"), "--complete")
	c.score(t, one, "--threads", "1").must(exitDone)
	want := exports(t, one)
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 1))
		d := town{shuffled(c.communities, r), shuffled(c.clinics, r), shuffled(c.kindergartens, r), shuffled(c.people, r), shuffled(c.land, r)}
		two := d.build(t, filepath.Join(t.TempDir(), "two"), "--complete")
		d.score(t, two, "--threads", "2").must(exitDone)
		for name, bytes := range exports(t, two) {
			if bytes != want[name] {
				t.Errorf("seed %d: %s differs: %s", seed, name, cmp.Diff(want[name], bytes))
			}
		}
	}
}

// Scoring the same again is the same run, found and not computed; older runs can still be exported.
func TestSameRun(t *testing.T) {
	t.Parallel()
	c := newTown()
	project := c.build(t, t.TempDir(), "--complete")
	var first, again, assumed scored
	c.score(t, project).must(exitDone).json(&first)
	before := exports(t, project)
	c.score(t, project, "--assume-complete").must(exitDone).json(&assumed)
	c.score(t, project, "--threads", "2").must(exitDone).json(&again)
	if first.Run != again.Run || first.Created != again.Created {
		t.Errorf("run %s of %s became %s of %s", first.Run, first.Created, again.Run, again.Created)
	}
	var doc struct {
		Runs []struct {
			Run     string
			Latest  bool
			Changed []string `json:"changed_since_run"`
		}
	}
	run(t, "runs", project, "--json").must(exitDone).json(&doc)
	if len(doc.Runs) != 2 || !doc.Runs[slices.IndexFunc(doc.Runs, func(r struct {
		Run     string
		Latest  bool
		Changed []string `json:"changed_since_run"`
	}) bool {
		return r.Run == first.Run
	})].Latest {
		t.Errorf("runs %+v: the latest is what the last score returned", doc.Runs)
	}
	// a layer is replaced: last year's run still says what it said
	dir := filepath.Dir(project)
	write(t, filepath.Join(dir, "clinics.geojson"), collection(c.clinics[1:]))
	run(t, "import", project, filepath.Join(dir, "clinics.geojson"), "--as", "facilities", "--service", "clinic", "--replace").must(exitDone)
	run(t, "runs", project, "--lang", "en").must(exitDone).says("changed since: clinics", first.Run[:12])
	for name, bytes := range before {
		table, format, _ := strings.Cut(name, ".")
		if got := run(t, "export", project, "--run", first.Run[:10], "--layer", table, "--format", format).must(exitDone).stdout; got != bytes {
			t.Errorf("%s of the old run changed", name)
		}
	}
}

// The tables are what scripts read: header, BOM, order, empty for unknown, and no cell that a spreadsheet would run.
func TestExport(t *testing.T) {
	t.Parallel()
	c := newTown()
	dir := t.TempDir()
	project := c.build(t, dir, "--complete")
	c.score(t, project).must(exitDone)
	heads := map[string]string{
		"reach":    "demand_id,lon,lat,weight,neighborhood_id,requirement,service,basis,reach_m,seconds,facility_id,cause",
		"coverage": "neighborhood_id,neighborhood,level,requirement,service,tier,basis,limit,unit,denominator,demand_total,demand_covered,demand_undetermined,share,share_max,pass_line,verdict,cause,confidence",
		"scores":   "neighborhood_id,neighborhood,level,scope,score,score_max,grade,completeness,met,unmet,not_detected,not_assessed",
		"gaps":     "gap_id,cluster_id,neighborhood_id,requirement,state,people,area_m2,nearest_m,nearest_max_m",
		"matrix":   "neighborhood_id,neighborhood,level,scope,score,score_max,grade,completeness,met,unmet,not_detected,not_assessed,share_clinic-15,verdict_clinic-15,share_kindergarten-15,verdict_kindergarten-15",
	}
	for table, head := range heads {
		file := filepath.Join(dir, table+".csv")
		run(t, "export", project, "--layer", table, "-o", file).must(exitDone)
		text, bom := strings.CutPrefix(read(t, file), "\ufeff")
		if !bom || !strings.HasPrefix(text, head) {
			t.Errorf("%s begins with %q, want a BOM and %q", table, clip(text)[:min(len(text), 300)], head)
		}
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || len(rows) < 2 {
			t.Errorf("%s: %d rows, %v", table, len(rows), err)
		}
		for _, row := range rows[1:] {
			for i, cell := range row {
				if _, err := strconv.ParseFloat(cell, 64); err != nil && cell != "" && strings.ContainsRune("=+-@", rune(cell[0])) {
					t.Errorf("%s: column %s would run: %q", table, rows[0][i], cell)
				}
			}
		}
		var doc struct {
			Type     string
			Features []struct {
				Properties map[string]any
				Geometry   json.RawMessage
			}
		}
		run(t, "export", project, "--layer", table, "-o", filepath.Join(dir, table+".geojson")).must(exitDone)
		if err := json.Unmarshal([]byte(read(t, filepath.Join(dir, table+".geojson"))), &doc); err != nil || doc.Type != "FeatureCollection" || len(doc.Features) != len(rows)-1 {
			t.Fatalf("%s.geojson: %s, %d features beside %d rows, %v", table, doc.Type, len(doc.Features), len(rows)-1, err)
		}
		for i, f := range doc.Features {
			if len(f.Properties) != len(rows[0]) {
				t.Errorf("%s: %d properties beside %d columns", table, len(f.Properties), len(rows[0]))
			}
			if id, ok := f.Properties["neighborhood_id"].(string); ok && id != rows[i+1][slices.Index(rows[0], "neighborhood_id")] {
				t.Errorf("%s: feature %d is not row %d", table, i, i)
			}
		}
		var list struct {
			Run, Layer string
			Rows       []map[string]any
		}
		run(t, "export", project, "--layer", table, "--json").must(exitDone).json(&list)
		if list.Layer != table || len(list.Run) != 64 || len(list.Rows) != len(rows)-1 {
			t.Errorf("%s --json: %s, %d rows", table, list.Layer, len(list.Rows))
		}
	}
	if !strings.Contains(read(t, filepath.Join(dir, "scores.csv")), ",'=1+1 上清寺,") {
		t.Error("a name that begins with = is not escaped")
	}
	var wrote struct {
		File, Layer, Format, Run string
		Rows                     int
	}
	run(t, "export", project, "--layer", "scores", "-o", filepath.Join(dir, "s.csv"), "--json").must(exitDone).json(&wrote)
	if wrote.Layer != "scores" || wrote.Format != "csv" || wrote.Rows == 0 || len(wrote.Run) != 64 || !strings.HasSuffix(wrote.File, "s.csv") {
		t.Errorf("%+v", wrote)
	}
	t.Run("never over the project", func(t *testing.T) {
		run(t, "export", project, "--layer", "scores", "-o", project, "--lang", "en").must(exitUsage).says("project file itself")
		run(t, "runs", project).must(exitDone)
	})
	t.Run("nowhere to write", func(t *testing.T) {
		run(t, "export", project, "--layer", "scores", "-o", filepath.Join(dir, "no", "x.csv"), "--lang", "en").must(exitUsage).says("x.csv", "folder")
		run(t, "export", project, "--layer", "scores", "-o", dir, "--lang", "en").must(exitUsage).says("is a folder")
		left, _ := filepath.Glob(filepath.Join(dir, ".lifecircle-*"))
		if len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

// The gaps hold just the people who are not covered.
func TestGaps(t *testing.T) {
	t.Parallel()
	c := newTown()
	project := c.build(t, t.TempDir(), "--complete")
	c.score(t, project).must(exitDone)
	var doc struct {
		Run  string
		Gaps []struct {
			ID           string `json:"gap_id"`
			Cluster      string `json:"cluster_id"`
			Neighborhood string `json:"neighborhood_id"`
			Name         string `json:"neighborhood"`
			Requirement  string
			State        string
			People       float64
			Area         float64 `json:"area_m2"`
			Nearest      float64 `json:"nearest_m"`
			NearestMax   float64 `json:"nearest_max_m"`
		}
	}
	run(t, "gaps", project, "--requirement", "clinic-15", "--json").must(exitDone).json(&doc)
	if len(doc.Gaps) != 2 || doc.Gaps[0].People != 200 || doc.Gaps[1].People != 60 || doc.Gaps[1].Nearest != 500.01 || doc.Gaps[1].Neighborhood != westID {
		t.Errorf("gaps %+v, want 200 in the east and 60 in the west at 500.01 m", doc.Gaps)
	}
	for _, g := range doc.Gaps {
		if g.ID == "" || g.Cluster == "" || g.State != "uncovered" || g.Requirement != "clinic-15" || g.Area <= 0 || g.Area > 625.7 || g.NearestMax < g.Nearest {
			t.Errorf("%+v", g)
		}
	}
	run(t, "gaps", project, "--limit", "1", "--json").must(exitDone).json(&doc)
	if len(doc.Gaps) != 1 {
		t.Errorf("%d gaps with --limit 1", len(doc.Gaps))
	}
	run(t, "gaps", project, "--lang", "zh").must(exitDone).says("盲区", "未覆盖", "大坪")
	run(t, "gaps", project, "--requirement", "z", "--lang", "en").must(exitUsage).says(`no requirement "z"`)
	run(t, "gaps", project, "--limit", "-1").must(exitUsage)
}

// A table of counts by code stands in where a planner has no points: spread over the land, and every output says so.
func TestAttributes(t *testing.T) {
	t.Parallel()
	c := newTown()
	dir := t.TempDir()
	project := filepath.Join(dir, "town.gpkg")
	run(t, "new", project).must(exitDone)
	run(t, "import", project, write(t, filepath.Join(dir, "units.geojson"), collection(c.communities)), "--as", "neighborhoods", "--id-field", "code").must(exitDone)
	run(t, "import", project, write(t, filepath.Join(dir, "clinics.geojson"), collection(c.clinics)), "--as", "facilities", "--service", "clinic", "--complete").must(exitDone)
	run(t, "import", project, write(t, filepath.Join(dir, "land.geojson"), collection(c.land)), "--as", "land").must(exitDone)
	table := "code,人口\n" + westID + ",1000\n" + eastID + ",500\n999999999999,7\n"
	r := run(t, "import", project, write(t, filepath.Join(dir, "counts.csv"), table), "--as", "attributes", "--join", "code", "--measure", "population=人口", "--lang", "en").must(exitDone)
	r.says("read 3, used 3", "unmatched", "999999999999")
	var doc scored
	c.town(t, dir)
	c.score(t, project).must(exitDone).json(&doc)
	if !slices.ContainsFunc(doc.Marks, func(m struct{ Code string }) bool { return m.Code == "modelled_placement" }) {
		t.Errorf("marks %+v do not say that the placement is modelled", doc.Marks)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(run(t, "export", project, "--layer", "coverage").must(exitDone).stdout, "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	total := slices.Index(rows[0], "demand_total")
	for _, row := range rows[1:] {
		if row[2] == "unit" && row[3] == "clinic-15" && row[total] != map[string]string{westID: "1000.000", eastID: "500.000"}[row[0]] {
			t.Errorf("%s: total %s", row[0], row[total])
		}
	}
}

// town writes the catalog alone.
func (town) town(t testing.TB, dir string) { write(t, filepath.Join(dir, "town.yaml"), townCatalog) }

// A condition of the user that does not hold is told apart from a failure: the results are there, the exit code is 4.
func TestConditions(t *testing.T) {
	t.Parallel()
	c := newTown()
	dir := t.TempDir()
	project := c.build(t, dir, "--complete")
	var doc scored
	r := c.score(t, project, "--fail-under", "50", "--lang", "en").must(exitCondition)
	r.says("1 neighborhoods score under 50")
	r.json(&doc)
	if len(doc.Neighborhoods) != 2 {
		t.Errorf("the result is missing: %s", clip(r.stdout))
	}
	c.score(t, project, "--fail-under", "0").must(exitDone)
	for _, bad := range []string{"-1", "101", "NaN", "x"} {
		c.score(t, project, "--fail-under="+bad).must(exitUsage)
	}
	broken := append(slices.Clone(c.clinics), feature{`{"type":"Point","coordinates":[200,0]}`, []property{{"id", `"far"`}}})
	file := write(t, filepath.Join(dir, "more.geojson"), collection(broken))
	run(t, "import", project, file, "--as", "facilities", "--service", "clinic", "--strict", "--lang", "en").must(exitCondition).says("feature 3 (far)", "refused", "--strict")
	run(t, "layers", project, "show", "more").must(exitDone) // it is there
	run(t, "import", project, file, "--as", "facilities", "--service", "clinic").must(exitDone).says("unchanged")
}

// Ctrl+C during a score leaves a project as it was.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	c := newTown()
	project := c.build(t, t.TempDir(), "--complete")
	ctx, stop := context.WithCancel(context.Background())
	stop()
	runIn(t, ctx, "", "score", project, "--lang", "en").must(exitInterrupted).says("interrupted")
	runIn(t, ctx, "", "import", project, filepath.Join(filepath.Dir(project), "clinics.geojson"), "--as", "facilities", "--service", "clinic", "--layer", "again").must(exitInterrupted)
	var doc layersDoc
	run(t, "layers", project, "--json").must(exitDone).json(&doc)
	if len(doc.Layers) != 5 {
		t.Errorf("%d layers after an interrupted import", len(doc.Layers))
	}
	c.score(t, project).must(exitDone)
	left, _ := filepath.Glob(project + "-*")
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A copy is a project of its own, and never overwrites anything.
func TestCopy(t *testing.T) {
	t.Parallel()
	c := newTown()
	project := c.build(t, t.TempDir(), "--complete")
	c.score(t, project).must(exitDone)
	to := filepath.Join(t.TempDir(), "backup.gpkg")
	var doc map[string]string
	run(t, "copy", project, to, "--json").must(exitDone).json(&doc)
	if doc["project"] != project || doc["copy"] != to {
		t.Errorf("%v", doc)
	}
	if d := cmp.Diff(exports(t, project), exports(t, to)); d != "" {
		t.Error(d)
	}
	before := read(t, to)
	run(t, "copy", project, to, "--lang", "en").must(exitUsage).says("exists already")
	if read(t, to) != before {
		t.Error("the copy was changed")
	}
	if _, err := os.Stat(to + "-wal"); err == nil {
		t.Error("a log was left beside the copy")
	}
}

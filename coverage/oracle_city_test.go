package coverage_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
	"lifecircle/geo/measure"
)

// oracleCity is a city of testdata/oracle/cities.json: its layers and what is asked of it. Both the engine and freeze.py read it.
type oracleCity struct {
	Folder        string                  `json:"folder"` // from the repository's root
	Neighborhoods string                  `json:"neighborhoods"`
	Land          string                  `json:"land"`
	People        string                  `json:"people"`
	Buildings     string                  `json:"buildings"`
	Survey        string                  `json:"survey"` // "" = everywhere, by assumption
	Services      map[string]oracleSource `json:"services"`
	Requirements  []json.RawMessage       `json:"requirements"`
}

type oracleSource struct{ File, Category string }

// oracleRow is what another engine found for a neighborhood, requirement and denominator.
type oracleRow struct {
	denominator, requirement, neighborhood         string
	total, covered, undetermined, doubtful         float64 // m² or people or buildings
	uncoveredM2, lon, lat, undeterminedM2, borderM float64
}

func readOracleCities(t *testing.T) map[string]oracleCity {
	t.Helper()
	b, err := os.ReadFile("testdata/oracle/cities.json")
	if err != nil {
		t.Fatal(err)
	}
	var cities map[string]oracleCity
	if err := json.Unmarshal(b, &cities); err != nil {
		t.Fatal(err)
	}
	return cities
}

func readOracleRows(t *testing.T, city string) []oracleRow {
	t.Helper()
	f, err := os.Open("testdata/oracle/cities.csv.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	r := csv.NewReader(z)
	r.Comment = '#'
	records, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []oracleRow
	for _, c := range records[1:] {
		if c[0] != city {
			continue
		}
		row := oracleRow{denominator: c[1], requirement: c[2], neighborhood: c[3]}
		for i, v := range []*float64{&row.total, &row.covered, &row.undetermined, &row.doubtful, &row.uncoveredM2, &row.lon, &row.lat, &row.undeterminedM2, &row.borderM} {
			if *v, err = strconv.ParseFloat(c[4+i], 64); err != nil {
				t.Fatal(err)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// open reads a file of the city, or skips the test.
func (c *oracleCity) open(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(path.Join("..", c.Folder, name))
	if errors.Is(err, fs.ErrNotExist) && strings.HasPrefix(c.Folder, "../shared") {
		t.Skipf("%s/%s is not there: the real data lies outside the repository", c.Folder, name)
	}
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(name, ".gz") {
		return b
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if b, err = io.ReadAll(z); err != nil {
		t.Fatal(err)
	}
	return b
}

// layers imports the city's files as a planner would.
func (c *oracleCity) layers(t *testing.T) []*coverage.Layer {
	t.Helper()
	build := func(name string, data []byte, o intake.Options) *coverage.Layer {
		t.Helper()
		l, report, err := intake.Build(context.Background(), testServices, name, bytes.NewReader(data), o, nil)
		if err != nil {
			t.Fatal(err)
		}
		if report.Refused > 0 {
			t.Fatalf("%s: %d rows refused", name, report.Refused)
		}
		return l
	}
	complete := &intake.Complete{Everywhere: true}
	if c.Survey != "" {
		area, err := intake.ReadArea(bytes.NewReader(c.open(t, c.Survey)), c.Survey)
		if err != nil {
			t.Fatal(err)
		}
		complete = &intake.Complete{Area: area, Source: c.Survey}
	}
	out := []*coverage.Layer{
		build("units", c.open(t, c.Neighborhoods), intake.Options{Role: coverage.RoleNeighborhoods}),
		build("land", c.open(t, c.Land), intake.Options{Role: coverage.RoleLand}),
		build("people", c.open(t, c.People), intake.Options{Role: coverage.RoleDemand, Measures: []intake.MeasureSpec{{Name: "population", Field: "population"}}}),
		build("buildings", c.open(t, c.Buildings), intake.Options{Role: coverage.RoleBuildings}),
	}
	for service, source := range c.Services {
		data := source.keep(t, c.open(t, source.File))
		out = append(out, build(service, data, intake.Options{Role: coverage.RoleFacilities, Services: []string{service}, Complete: complete}))
	}
	return out
}

// keep gives the features of the source's category; all of them if it has none.
func (s oracleSource) keep(t *testing.T, data []byte) []byte {
	t.Helper()
	if s.Category == "" {
		return data
	}
	var all struct {
		Type     string            `json:"type"`
		Features []json.RawMessage `json:"features"`
	}
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	kept := []json.RawMessage{}
	for _, raw := range all.Features {
		var f struct {
			Properties struct {
				Category string `json:"category"`
			} `json:"properties"`
		}
		if err := json.Unmarshal(raw, &f); err != nil {
			t.Fatal(err)
		}
		if f.Properties.Category == s.Category {
			kept = append(kept, raw)
		}
	}
	all.Features = kept
	b, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// catalogYAML asks every requirement under every denominator.
func (c *oracleCity) catalogYAML(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("requirements:\n")
	for _, raw := range c.Requirements {
		for _, d := range []string{"land", "population", "buildings"} {
			var q map[string]any
			if err := json.Unmarshal(raw, &q); err != nil {
				t.Fatal(err)
			}
			q["id"], q["tier"], q["denominator"], q["pass_line"] = fmt.Sprint(q["id"], "-", d), "15", d, 0.8
			line, err := json.Marshal(q)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "  - %s\n", line)
		}
	}
	return b.String()
}

// drawnGap is what a run draws as the gaps of one neighborhood and requirement, of one state.
type drawnGap struct {
	m2     float64 // of the drawn polygons
	mm2    int64   // of the table
	people int64
	centre orb.Point
	some   bool
}

func drawnGaps(run *coverage.Run, requirement, subject int, state string) drawnGap {
	var d drawnGap
	var all orb.MultiPolygon
	for i := range run.Gaps {
		if g := &run.Gaps[i]; g.Requirement == requirement && g.Subject == subject && g.State == state {
			d.some = true
			d.mm2 += g.AreaMM2
			d.people += g.People
			d.m2 += measure.Area(g.Geometry)
			all = append(all, g.Geometry...)
		}
	}
	d.centre = measure.Centroid(all)
	return d
}

// Shares, verdicts and gaps of three cities against an overlay by GEOS and geodesics by PROJ. The values were made by
// testdata/oracle/freeze.py, whose first lines say how; they are frozen in cities.csv.gz, of which the first line names the versions.
//
// Drawn gaps may differ by what 0.05 m at 500 m of the border of the service areas explains; counted areas differ by less than 0.5 mm of it.
// People and buildings must be the same, except for places that lie within 2 mm of a limit (doubtful), and cut cells, whose people
// are rounded to thousandths of areas that each engine rounds in its own way.
//
// One disagreement was found and was not ours: united without a grid, GEOS 3.14.1 loses up to 12,600 m² of what a park of the
// embedded city reaches (its own plain buffer of that park, this engine, and GEOS on a grid of a micrometre agree).
func TestCitiesAgainstGEOS(t *testing.T) {
	for name, city := range readOracleCities(t) {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name != "monaco" {
				t.Skip("takes seconds")
			}
			layers := city.layers(t)
			run := assess(t, book(t, city.catalogYAML(t)), coverage.Params{AssumeComplete: city.Survey == ""}, layers...)
			units, requirements := map[string]int{}, map[string]int{}
			for i := range run.Subjects {
				units[run.Subjects[i].ID] = i
			}
			for i := range run.Requirements {
				requirements[run.Requirements[i].ID] = i
			}
			rows := readOracleRows(t, name)
			if want := len(units) * len(requirements); len(rows) != want {
				t.Fatalf("%d frozen rows, want %d", len(rows), want)
			}
			var worst worstOf
			for _, row := range rows {
				r, ok := requirements[row.requirement+"-"+row.denominator]
				u, found := units[row.neighborhood]
				if !ok || !found {
					t.Fatalf("no %s or %s", row.requirement, row.neighborhood)
				}
				worst.compare(t, run, r, u, row)
			}
			t.Log(worst)
		})
	}
}

// worstOf are the largest differences found: of counted and drawn land in metres of border, of people, and of the area of their gaps.
type worstOf struct{ counted, drawn, total, people, squares float64 }

func (w worstOf) String() string {
	return fmt.Sprintf("worst: counted %.2g m of border, drawn %.2g m, land %.2g m², people %.3g, squares %.2g m²", w.counted, w.drawn, w.total, w.people, w.squares)
}

// drawnWithin is how far, in metres, a drawn border may lie from the true one: 0.05 m at 500 m, and in proportion beyond.
func drawnWithin(limits string) float64 {
	most := 500.0
	for _, s := range strings.Split(limits, "|") {
		if m, err := strconv.ParseFloat(s, 64); err == nil {
			most = max(most, m)
		}
	}
	return 0.05 * most / 500
}

func (w *worstOf) compare(t *testing.T, run *coverage.Run, r, u int, row oracleRow) {
	t.Helper()
	c := run.Cells[u*len(run.Requirements)+r]
	what := fmt.Sprintf("%s, %s, %s", row.neighborhood, row.requirement, row.denominator)
	within := func(field string, got, want, tolerance float64) float64 {
		t.Helper()
		if math.Abs(got-want) > tolerance {
			t.Errorf("%s: %s %.4f, the other engine %.4f, %.4f apart (allowed %.4f)", what, field, got, want, got-want, tolerance)
		}
		return math.Abs(got - want)
	}
	beyond, cannot := drawnGaps(run, r, u, "uncovered"), drawnGaps(run, r, u, "undetermined")
	if row.denominator == "land" {
		m2 := func(mm2 int64) float64 { return float64(mm2) / 1e6 }
		w.total = max(w.total, within("land", m2(c.Total), row.total, 1e-6*row.total+0.1))
		fine := 0.0005*row.borderM + 1e-6*row.total + 0.1
		for _, d := range []float64{within("covered", m2(c.Covered), row.covered, fine), within("undetermined", m2(c.Undetermined), row.undetermined, fine)} {
			if row.borderM > 100 {
				w.counted = max(w.counted, d/row.borderM)
			}
		}
		border := drawnWithin(run.Requirements[r].Limit)*row.borderM + 1e-6*row.total + 1.1 // parts under 1 m² are not drawn
		for _, d := range []float64{within("gap", beyond.m2, row.uncoveredM2, border), within("undetermined gap", cannot.m2, row.undeterminedM2, border)} {
			if row.borderM > 100 {
				w.drawn = max(w.drawn, d/row.borderM)
			}
		}
		if beyond.mm2+cannot.mm2 != c.Total-c.Covered && beyond.some {
			t.Errorf("%s: gaps of %d mm², uncovered %d", what, beyond.mm2+cannot.mm2, c.Total-c.Covered)
		}
		if beyond.some && row.uncoveredM2 > 100 { // nor does its centre move by more than that border weighs
			size := measure.Distance(run.Subjects[u].Geometry.Bound().Min, run.Subjects[u].Geometry.Bound().Max)
			within("gap's centre, m", measure.Distance(beyond.centre, orb.Point{row.lon, row.lat}), 0, 0.01+size*border/row.uncoveredM2)
		}
	} else {
		n := func(milli int64) float64 { return float64(milli) / 1000 }
		rounding := 0.0
		if row.denominator == "population" {
			rounding = 0.02
		}
		within("total", n(c.Total), row.total, rounding)
		for _, d := range []float64{within("covered", n(c.Covered), row.covered, row.doubtful+rounding), within("undetermined", n(c.Undetermined), row.undetermined, row.doubtful+rounding)} {
			w.people = max(w.people, d)
		}
		if got := beyond.people + cannot.people; got != c.Total-c.Covered {
			t.Errorf("%s: %d people in gaps, %d uncovered", what, got, c.Total-c.Covered)
		}
		if row.doubtful == 0 {
			for _, d := range []float64{within("squares", beyond.m2, row.uncoveredM2, 1e-6*row.uncoveredM2+0.1), within("undetermined squares", cannot.m2, row.undeterminedM2, 1e-6*row.undeterminedM2+0.1)} {
				w.squares = max(w.squares, d)
			}
		}
	}
	// The verdict is that of the other engine's share, unless the pass line lies between the two.
	if row.total > 1 {
		slack := 1e-5 + (0.0005*row.borderM+row.doubtful+0.2)/row.total
		low, high := row.covered/row.total, (row.covered+row.undetermined)/row.total
		want := coverage.NotDetected
		switch {
		case low >= 0.8:
			want = coverage.Met
		case high < 0.8:
			want = coverage.Unmet
		}
		if near := math.Abs(low-0.8) < slack || math.Abs(high-0.8) < slack; !near && c.Verdict != want {
			t.Errorf("%s: %v, the other engine %v", what, c.Verdict, want)
		}
	} else if row.total == 0 && c.Verdict != coverage.NotAssessed {
		t.Errorf("%s: %v without demand", what, c.Verdict)
	}
}

package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/geodesic"
)

// result is what a command left behind.
type result struct {
	t      testing.TB
	args   []string
	code   int
	stdout string
	stderr string
}

// run runs a command as a shell would.
func run(t testing.TB, args ...string) result {
	t.Helper()
	return runIn(t, context.Background(), "", args...)
}

func runIn(t testing.TB, ctx context.Context, stdin string, args ...string) result {
	t.Helper()
	var out, err bytes.Buffer
	code := Run(ctx, args, strings.NewReader(stdin), &out, &err)
	return result{t, args, code, out.String(), err.String()}
}

// must fails the test unless the command ended with the code.
func (r result) must(code int) result {
	r.t.Helper()
	if r.code != code {
		r.t.Fatalf("lifecircle %s: exit %d, want %d\nstdout: %s\nstderr: %s", strings.Join(r.args, " "), r.code, code, clip(r.stdout), clip(r.stderr))
	}
	return r
}

// says fails the test unless both streams together hold every word.
func (r result) says(words ...string) result {
	r.t.Helper()
	for _, w := range words {
		if !strings.Contains(r.stdout+r.stderr, w) {
			r.t.Errorf("lifecircle %s: says nothing of %q\nstdout: %s\nstderr: %s", strings.Join(r.args, " "), w, clip(r.stdout), clip(r.stderr))
		}
	}
	return r
}

// json decodes standard output, which must be one document and nothing else.
func (r result) json(v any) {
	r.t.Helper()
	d := json.NewDecoder(strings.NewReader(r.stdout))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		r.t.Fatalf("lifecircle %s: %v in %s", strings.Join(r.args, " "), err, clip(r.stdout))
	}
	if d.More() {
		r.t.Fatalf("lifecircle %s: more than one document: %s", strings.Join(r.args, " "), clip(r.stdout))
	}
}

func clip(s string) string {
	if len(s) > 3000 {
		return s[:3000] + "…"
	}
	return s
}

func write(t testing.TB, path, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// feature is a GeoJSON feature of a test; properties are written in the order given, so that tests can shuffle them.
type feature struct {
	geometry   string
	properties []property
}

type property struct{ key, value string } // value as JSON

func collection(features []feature) string {
	var list []string
	for _, f := range features {
		var props []string
		for _, p := range f.properties {
			props = append(props, fmt.Sprintf("%q:%s", p.key, p.value))
		}
		list = append(list, `{"type":"Feature","properties":{`+strings.Join(props, ",")+`},"geometry":`+f.geometry+`}`)
	}
	return `{"type":"FeatureCollection","features":[` + strings.Join(list, ",\n") + `]}`
}

// shuffled gives the same features with properties and features in another order.
func shuffled(features []feature, r *rand.Rand) []feature {
	out := make([]feature, len(features))
	for i, k := range r.Perm(len(features)) {
		f := features[k]
		props := make([]property, len(f.properties))
		for j, m := range r.Perm(len(props)) {
			props[j] = f.properties[m]
		}
		out[i] = feature{f.geometry, props}
	}
	return out
}

func point(lon, lat float64) string {
	return fmt.Sprintf(`{"type":"Point","coordinates":[%.9f,%.9f]}`, lon, lat)
}

func box(w, s, e, n float64) string {
	return fmt.Sprintf(`{"type":"Polygon","coordinates":[[[%[1]g,%[2]g],[%[3]g,%[2]g],[%[3]g,%[4]g],[%[1]g,%[4]g],[%[1]g,%[2]g]]]}`, w, s, e, n)
}

// away gives the point at a distance in metres and an azimuth, by Karney's geodesics, which the program does not use.
func away(lon, lat, azimuth, metres float64) (float64, float64) {
	var lat2, lon2 float64
	geodesic.WGS84.Direct(lat, lon, azimuth, metres, &lat2, &lon2, nil)
	return lon2, lat2
}

// tables dumps every table of a project file.
func tables(t testing.TB, path string) map[string]string {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	names, err := strings1(db, `SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name`)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, name := range names {
		rows, err := db.Query(`SELECT * FROM "` + name + `"`)
		if err != nil {
			t.Fatal(err)
		}
		columns, _ := rows.Columns()
		var b strings.Builder
		for rows.Next() {
			cells := make([]any, len(columns))
			for i := range cells {
				cells[i] = new(any)
			}
			if err := rows.Scan(cells...); err != nil {
				t.Fatal(err)
			}
			for _, c := range cells {
				fmt.Fprintf(&b, "%v|", *c.(*any))
			}
			b.WriteByte('\n')
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		rows.Close()
		out[name] = b.String()
	}
	if len(out) < 5 {
		t.Fatalf("only tables %v", names)
	}
	return out
}

func strings1(db *sql.DB, query string) ([]string, error) {
	rows, err := db.Query(query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// A town whose coverage is known: two communities side by side at 29.5° N. In the western one live 100 people just within
// 500 m of the clinic and 60 just beyond; the kindergarten stands 100 m from the first. In the eastern one live 200, far from both.
const (
	westID, eastID = "500103001001", "500103002001"
	clinicLon      = 106.51
	clinicLat      = 29.51
)

type town struct {
	communities, clinics, kindergartens, people, land []feature
}

func newTown() town {
	inLon, inLat := away(clinicLon, clinicLat, 0, 499.99)
	outLon, outLat := away(clinicLon, clinicLat, 180, 500.01)
	kLon, kLat := away(inLon, inLat, 45, 100)
	named := func(pairs ...string) []property {
		var p []property
		for i := 0; i < len(pairs); i += 2 {
			p = append(p, property{pairs[i], pairs[i+1]})
		}
		return p
	}
	return town{
		communities: []feature{
			{box(106.50, 29.50, 106.52, 29.52), named("code", `"`+westID+`"`, "name", `"=1+1 上清寺"`, "street", `"上清寺街道"`)},
			{box(106.52, 29.50, 106.54, 29.52), named("code", `"`+eastID+`"`, "name", `"大坪"`, "street", `"大坪街道"`)},
		},
		clinics: []feature{{point(clinicLon, clinicLat), named("id", `"c1"`, "name", `"卫生站"`, "beds", `12`)},
			{point(106.60, 29.60), named("id", `"c2"`, "name", `"远处"`, "beds", `3`)}},
		kindergartens: []feature{{point(kLon, kLat), named("name", `"幼儿园"`, "open", `"existing"`)}},
		people: []feature{
			{point(inLon, inLat), named("id", `"in"`, "population", `100`)},
			{point(outLon, outLat), named("id", `"out"`, "population", `60`)},
			{point(106.53, 29.51), named("id", `"east"`, "population", `200`)},
		},
		land: []feature{{box(106.505, 29.505, 106.535, 29.515), nil}},
	}
}

const townCatalog = `id: town
title: {zh: 小城, en: Town}
tiers: [{id: "15", minutes: 15}]
denominator: population
requirements:
  - {service: clinic, tier: "15", limit: {radius_m: 500}, pass_line: 0.8, mandatory: true, source: rule 7, confidence: A}
  - {service: kindergarten, tier: "15", limit: {radius_m: 300}, pass_line: 0.5, weight: 2}
`

// build writes the town's files into a folder and makes a project of them.
func (c town) build(t testing.TB, dir string, clinicOptions ...string) string {
	t.Helper()
	project := filepath.Join(dir, "town.gpkg")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	run(t, "new", project, "--name", "小城").must(exitDone)
	write(t, filepath.Join(dir, "town.yaml"), townCatalog)
	for name, features := range map[string][]feature{"communities": c.communities, "clinics": c.clinics, "kindergartens": c.kindergartens, "people": c.people, "land": c.land} {
		write(t, filepath.Join(dir, name+".geojson"), collection(features))
	}
	run(t, "import", project, filepath.Join(dir, "communities.geojson"), "--as", "neighborhoods", "--id-field", "code", "--parent", "street=street").must(exitDone)
	run(t, append([]string{"import", project, filepath.Join(dir, "clinics.geojson"), "--as", "facilities", "--service", "clinic", "--capacity-field", "beds"}, clinicOptions...)...).must(exitDone)
	run(t, "import", project, filepath.Join(dir, "kindergartens.geojson"), "--as", "facilities", "--service", "kindergarten", "--status-field", "open", "--complete").must(exitDone)
	run(t, "import", project, filepath.Join(dir, "people.geojson"), "--as", "demand").must(exitDone)
	run(t, "import", project, filepath.Join(dir, "land.geojson"), "--as", "land").must(exitDone)
	return project
}

func (c town) score(t testing.TB, project string, options ...string) result {
	t.Helper()
	return run(t, append([]string{"score", project, "--catalog", filepath.Join(filepath.Dir(project), "town.yaml"), "--json"}, options...)...)
}

// scored is the document of score --json.
type scored struct {
	Run           string `json:"run"`
	Created       string `json:"created"`
	Latest        bool   `json:"latest"`
	Catalog       string `json:"catalog"`
	CatalogHash   string `json:"catalog_hash"`
	Algorithm     string `json:"algorithm"`
	Params        map[string]any
	Counts        counts
	Marks         []struct{ Code string }
	Inputs        []struct{ Role, Service, Name, Hash string }
	Neighborhoods []neighborhood
}

type counts struct {
	Met         int `json:"met"`
	Unmet       int `json:"unmet"`
	NotDetected int `json:"not_detected"`
	NotAssessed int `json:"not_assessed"`
}

type neighborhood struct {
	ID           string      `json:"id"`
	Name         string      `json:"name"`
	Score        json.Number `json:"score"`
	ScoreMax     json.Number `json:"score_max"`
	Grade        *string     `json:"grade"`
	Completeness json.Number `json:"completeness"`
}

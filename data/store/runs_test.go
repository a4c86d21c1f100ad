package store

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
)

func itoa(n int) string { return strconv.Itoa(n) }

// testTables are small tables in the form of a run's.
func testTables() []coverage.Table {
	table := func(name, geometry string, rows int, columns ...coverage.Column) coverage.Table {
		return coverage.Table{Name: name, GeometryType: geometry, Len: rows, Columns: columns,
			Each: func(yield func(string, []coverage.Value, orb.Geometry) error) error {
				for i := range rows {
					var row []coverage.Value
					for _, c := range columns {
						switch {
						case c.Type == coverage.TextColumn:
							row = append(row, coverage.Value{Text: c.Name + " 甲"})
						case i == 1:
							row = append(row, coverage.Value{Null: true})
						default:
							row = append(row, coverage.Value{Int: 123456789})
						}
					}
					var g orb.Geometry
					if geometry != "" {
						g = orb.MultiPolygon{square(106.5+float64(i), 29.5, 0.1)}
					}
					if err := yield(itoa(i), row, g); err != nil {
						return err
					}
				}
				return nil
			}}
	}
	share := coverage.Column{Name: "share", Type: coverage.DecimalColumn, Decimals: 9}
	limit := coverage.Column{Name: "limit"}
	return []coverage.Table{
		table("scores", "MultiPolygon", 2, coverage.Column{Name: "neighborhood_id"}, coverage.Column{Name: "met", Type: coverage.IntegerColumn}),
		table("coverage", "", 2, coverage.Column{Name: "neighborhood_id"}, limit, share),
		table("gaps", "MultiPolygon", 1, coverage.Column{Name: "gap_id"}, share),
		table("service_areas", "MultiPolygon", 1, limit),
	}
}

// saveTables writes tables as those of a run would be, without a run.
func saveTables(t testing.TB, p *Project, n int, tables ...coverage.Table) {
	t.Helper()
	if err := p.write(ctx, func(tx *tx) error {
		for _, table := range tables {
			if err := tx.writeResult(table, fmt.Sprint("run ", n)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// The tables of the latest run stand in the file under their names, with every digit.
func TestResultTables(t *testing.T) {
	p, path := mustCreate(t)
	saveTables(t, p, 1, testTables()...)
	saveTables(t, p, 2, testTables()...) // in the place of the first
	db := openDB(path, accessRead, time.Second, true)
	defer db.Close()
	want := []string{
		"coverage|attributes|<nil>|<nil>|<nil>|<nil>",
		"gaps|features|106.5|29.5|106.6|29.6",
		"scores|features|106.5|29.5|107.6|29.6",
		"service_areas|features|106.5|29.5|106.6|29.6",
	}
	if d := cmp.Diff(want, query(t, db, `SELECT table_name, data_type, min_x, min_y, max_x, max_y FROM gpkg_contents WHERE table_name <> 'attributes' ORDER BY 1`)); d != "" {
		t.Error(d)
	}
	if got := query(t, db, `SELECT fid, neighborhood_id, "limit", share FROM coverage ORDER BY fid`); strings.Join(got, ";") != "1|neighborhood_id 甲|limit 甲|0.123456789;2|neighborhood_id 甲|limit 甲|<nil>" {
		t.Errorf("%v", got)
	}
	for _, name := range []string{"facilities", "facilities_near", "gpkg_x", "rtree_x", "lc_x", "Scores", "a b", "", "1x"} {
		table := testTables()[1]
		table.Name = name
		if err := p.write(ctx, func(tx *tx) error { return tx.writeResult(table, "") }); err == nil {
			t.Errorf("a table may be called %q", name)
		}
	}
	p.Close()
	check(t, path)
}

const testServices = `services:
  - {key: clinic, zh: 社区医疗站, en: clinic}
  - {key: park, zh: 公园, en: park}
  - {key: pocket_park, zh: 口袋公园, en: pocket park}
`

const testCatalog = `id: my-city
title: {zh: 我的城市, en: My city}
tiers: [{id: "15", minutes: 15}]
requirements:
  - {service: clinic, tier: "15", limit: {radius_m: 500}, pass_line: 0.8, mandatory: true}
  - {service: park, tier: "15", limit: {radius_m: 300}, pass_line: 0.8, weight: 2}
`

func score(t testing.TB, p *Project, params coverage.Params) *coverage.Run {
	t.Helper()
	return scoreWith(t, p, params, coverage.Options{})
}

func scoreWith(t testing.TB, p *Project, params coverage.Params, o coverage.Options) *coverage.Run {
	t.Helper()
	services, err := catalog.ParseServices([]byte(testServices), "services.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cat, _, err := catalog.Parse([]byte(testCatalog), "catalog.yaml", services)
	if err != nil {
		t.Fatal(err)
	}
	o.Now = testClock()
	r, err := coverage.ScoreProject(ctx, p, cat, services, params, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A run can be asked for and explained as long as the file exists, and says when its layers have changed since.
func TestRunsComeBack(t *testing.T) {
	p, path := mustCreate(t)
	if runs, err := p.Runs(ctx); err != nil || len(runs) != 0 {
		t.Errorf("%v %v", runs, err)
	}
	if _, err := p.Run(ctx, ""); coverage.CodeOf(err) != coverage.NotFound {
		t.Errorf("no run yet: %v", err)
	}
	mustSave(t, p, neighborhoods(), clinics(), parks(), land())
	first := score(t, p, coverage.Params{})
	second := score(t, p, coverage.Params{AssumeComplete: true})
	if first.Hash == second.Hash {
		t.Fatal("two runs, one hash")
	}
	runs, err := p.Runs(ctx)
	if err != nil || len(runs) != 2 || runs[0].Hash != first.Hash || runs[0].Latest || !runs[1].Latest || runs[0].Changed != nil {
		t.Fatalf("%+v %v", runs, err)
	}
	if runs[0].Counts != first.Counts || !runs[1].Params.AssumeComplete || runs[0].Created != first.Created {
		t.Errorf("%+v", runs)
	}
	tests := []struct {
		name, hash, want string
		code             coverage.Code
	}{
		{"the latest", "", second.Hash, ""},
		{"in full", first.Hash, first.Hash, ""},
		{"a prefix", first.Hash[:12], first.Hash, ""},
		{"in capitals", strings.ToUpper(first.Hash[:12]), first.Hash, ""},
		{"too short", first.Hash[:3], "", coverage.Invalid},
		{"no hash", "latest", "", coverage.Invalid},
		{"not there", strings.Repeat("0123", 16), "", coverage.NotFound},
	}
	for _, tt := range tests {
		got, err := p.Run(ctx, tt.hash)
		if coverage.CodeOf(err) != tt.code {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if err == nil && got.Hash != tt.want {
			t.Errorf("%s: %s", tt.name, got.Hash)
		}
	}
	same := func(p *Project, want *coverage.Run) {
		t.Helper()
		got, err := p.Run(ctx, want.Hash)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Drawings(ctx, got); err != nil || !got.Drawn {
			t.Fatalf("drawn %v: %v", got.Drawn, err)
		}
		for i, table := range want.Tables() {
			if d := cmp.Diff(tableJSON(t, table), tableJSON(t, got.Tables()[i])); d != "" {
				t.Errorf("%s:\n%s", table.Name, d)
			}
		}
	}
	same(p, first)
	same(p, second)

	// Scoring the first again finds it, makes it the latest, and shows its tables again.
	visible := func() string {
		db := openDB(path, accessRead, time.Second, true)
		defer db.Close()
		return strings.Join(query(t, db, `SELECT DISTINCT description FROM gpkg_contents WHERE table_name IN ('scores', 'coverage', 'gaps', 'service_areas')`), ";")
	}
	if visible() != "lifecircle run "+second.Hash {
		t.Errorf("the visible tables are of %s", visible())
	}
	before := dump(t, path)
	score(t, p, coverage.Params{AssumeComplete: true})
	if before != dump(t, path) {
		t.Error("scoring the latest again wrote something")
	}
	again := score(t, p, coverage.Params{})
	if again.Hash != first.Hash || !again.Latest || again.Created != first.Created || visible() != "lifecircle run "+first.Hash {
		t.Errorf("%+v, the visible tables are of %s", again.RunInfo, visible())
	}

	// Another version of a layer, and an edit, are named.
	l := clinics()
	l.Names[0] = "x"
	mustSave(t, p, l)
	mustExec(t, plain(t, path), `UPDATE facilities SET name = 'y' WHERE id = 'p1'`)
	if runs, err = p.Runs(ctx); err != nil || strings.Join(runs[0].Changed, " ") != "医疗 公园" {
		t.Errorf("changed since: %v %v", runs[0].Changed, err)
	}
	// So is a layer that came later.
	later := clinics()
	later.Info.Name = "新增"
	later.Info.Hash = later.ComputeHash()
	mustSave(t, p, later)
	if runs, err = p.Runs(ctx); err != nil || strings.Join(runs[0].Changed, " ") != "医疗 公园 新增" {
		t.Errorf("changed since: %v %v", runs[0].Changed, err)
	}
	p.Close()
	q := mustOpen(t, path, ReadOnly)
	same(q, first)
	q.Close()
	check(t, path)
}

// A prefix that two runs share must not pick one of them.
func TestAmbiguousRunPrefix(t *testing.T) {
	p, path := mustCreate(t)
	db := plain(t, path)
	mustExec(t, db, `INSERT INTO lc_runs VALUES (1, 'abcd1', 0, '', '{}', '[]', 0, x''), (2, 'abcd2', 0, '', '{}', '[]', 0, x''), (3, 'abcd', 0, '', '{}', '[]', 0, x'')`)
	if got, err := p.runHash(ctx, "abcd2"); err != nil || got != "abcd2" {
		t.Errorf("%s %v", got, err)
	}
	if got, err := p.runHash(ctx, "abcd"); err != nil || got != "abcd" {
		t.Errorf("a full hash: %s %v", got, err)
	}
	mustExec(t, db, `DELETE FROM lc_runs WHERE seq = 3`)
	if _, err := p.runHash(ctx, "abcd"); coverage.CodeOf(err) != coverage.Invalid {
		t.Errorf("two runs: %v", err)
	}
}

func tableJSON(t testing.TB, table coverage.Table) []string {
	t.Helper()
	var out []string
	if err := table.Each(func(id string, row []coverage.Value, g orb.Geometry) error {
		line := id + " " + string(table.AppendRowJSON(nil, row))
		if g != nil {
			line += fmt.Sprintf(" %x", appendWKB(nil, g))
		}
		out = append(out, line)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// A run that is drawn later is the same, byte for byte, as one that is drawn with its numbers.
func TestDrawnLater(t *testing.T) {
	p, path := mustCreate(t)
	mustSave(t, p, neighborhoods(), clinics(), parks(), land())
	now := scoreWith(t, p, coverage.Params{}, coverage.Options{})
	q, later := mustCreate(t)
	mustSave(t, q, neighborhoods(), clinics(), parks(), land())
	r := scoreWith(t, q, coverage.Params{}, coverage.Options{Draw: coverage.DrawLater})
	if r.Hash != now.Hash || r.Drawn || len(r.Gaps) != 0 {
		t.Fatalf("drawn %v", r.Drawn)
	}
	undrawn := `SELECT count(*) FROM gpkg_contents WHERE table_name IN ('coverage', 'gaps', 'service_areas') AND description LIKE '%not drawn yet%'`
	if got := query(t, plain(t, later), undrawn); got[0] != "3" {
		t.Errorf("%s tables say that they are not drawn yet", got[0])
	}
	clean(t, later)
	for range 2 { // the second time they are there
		kept, err := q.Run(ctx, "")
		if err == nil {
			err = coverage.Draw(ctx, q, kept, coverage.Options{})
		}
		if err != nil || !kept.Drawn {
			t.Fatalf("drawn %v: %v", kept.Drawn, err)
		}
		for i, table := range now.Tables() {
			if d := cmp.Diff(tableJSON(t, table), tableJSON(t, kept.Tables()[i])); d != "" {
				t.Errorf("%s:\n%s", table.Name, d)
			}
		}
	}
	content := `SELECT hex(geom), gap_id, people, area_m2, nearest_m FROM gaps ORDER BY fid`
	if a, b := query(t, plain(t, path), content), query(t, plain(t, later), content); len(a) == 0 || !cmp.Equal(a, b) {
		t.Errorf("table gaps: %d and %d rows", len(a), len(b))
	}
	if got := query(t, plain(t, later), undrawn); got[0] != "0" {
		t.Errorf("%s tables still say that they are not drawn", got[0])
	}
	clean(t, later)

	// Scoring again draws what was left, once it is asked for.
	scoreWith(t, q, coverage.Params{AssumeComplete: true}, coverage.Options{Draw: coverage.DrawLater})
	if again := scoreWith(t, q, coverage.Params{AssumeComplete: true}, coverage.Options{}); !again.Drawn {
		t.Error("not drawn by scoring again")
	}
	clean(t, later)

	// Drawings of a run that is not the latest are kept, and change no visible table.
	before := query(t, plain(t, later), content)
	old, err := q.Run(ctx, r.Hash)
	if err == nil {
		mustExec(t, plain(t, later), `DELETE FROM lc_drawings`, `DELETE FROM lc_cache`)
		err = coverage.Draw(ctx, q, old, coverage.Options{})
	}
	if err != nil || !cmp.Equal(before, query(t, plain(t, later), content)) || query(t, plain(t, later), `SELECT count(*) FROM lc_drawings`)[0] == "0" {
		t.Errorf("drawing a past run: %v", err)
	}
}

// clean fails if lifecircle's own checker finds anything.
func clean(t testing.TB, path string) {
	t.Helper()
	report, err := Check(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		t.Errorf("%+v", f)
	}
}

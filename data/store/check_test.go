package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"lifecircle/coverage"
)

// wholeCity makes a project with every role, replaced versions, two runs, and closes it.
func wholeCity(t testing.TB) string {
	t.Helper()
	p, path := mustCreate(t)
	mustSave(t, p, city()...)
	l := clinics()
	l.Names[0] = "改名"
	mustSave(t, p, l)
	if err := p.SaveCached(ctx, map[string][]byte{"k": {1}}); err != nil {
		t.Fatal(err)
	}
	score(t, p, coverage.Params{})
	score(t, p, coverage.Params{AssumeComplete: true})
	p.Close()
	return path
}

// duplicate copies a file at rest into a folder of its own.
func duplicate(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "副本.gpkg")
	if err := os.WriteFile(to, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return to
}

func mustCheck(t testing.TB, path string) *CheckReport {
	t.Helper()
	r, err := Check(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// codes gives the codes of findings, sorted, each once.
func codes(findings []Finding) string {
	var out []string
	for _, f := range findings {
		out = append(out, f.Code)
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), " ")
}

// inOrder fails the test unless the checker finds nothing.
func inOrder(t testing.TB, path string) *CheckReport {
	t.Helper()
	r := mustCheck(t, path)
	for _, f := range r.Findings {
		t.Errorf("%s: %+v", filepath.Base(path), f)
	}
	return r
}

// Whatever the program itself writes is in order: a checker that cries wolf is not looked at again.
func TestCheckFindsNothingInOurFiles(t *testing.T) {
	path := wholeCity(t)
	before, _ := os.ReadFile(path)
	r := inOrder(t, path)
	if r.Versions != 9 || r.Runs != 2 || r.Tables != 11 || r.Geometries < 60 || r.Rows <= r.Geometries || r.Schema != len(migrations()) || len(r.Notes) != 0 {
		t.Errorf("what it looked at: %+v", r)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the checker wrote into the file")
	}
	empty, emptyPath := mustCreate(t)
	inOrder(t, emptyPath) // open just now, and without a layer
	empty.Close()
	inOrder(t, emptyPath)

	// A bigger city whose layers come and go, through packed and single rows of the R-trees.
	p := mustOpen(t, path, ReadWrite)
	for _, n := range []int{5000, 100, 0, 3000} {
		l := people(n)
		mustSave(t, p, l)
		inOrder(t, path)
	}
	p.Close()
	inOrder(t, path)
}

// A planner's edits in another program are no faults: neither before they are read back nor after.
func TestCheckAfterEdits(t *testing.T) {
	path := wholeCity(t)
	db := plain(t, path)
	blob := encodeBlob(nil, orb.MultiPolygon{{{{106.55, 29.55}, {106.55, 29.56}, {106.56, 29.56}, {106.56, 29.55}, {106.55, 29.55}}}}) // clockwise
	mustExec(t, db, `UPDATE facilities SET name = '新名', capacity = 3.00004 WHERE id = 'c2'`, `DELETE FROM demand WHERE id = 'd00000001'`,
		`UPDATE facilities SET services = ' park' WHERE id = 'p1'`)
	if _, err := db.Exec(`UPDATE neighborhoods SET geom = ? WHERE id = '500103001001'`, blob); err != nil {
		t.Fatal(err)
	}
	r := inOrder(t, path)
	if codes(r.Notes) != "edited" && codes(r.Notes) != "edited log" || len(r.Notes) < 4 {
		t.Errorf("what is edited: %+v", r.Notes)
	}
	db.Close()
	p := mustOpen(t, path, ReadWrite)
	if infos, err := p.Refresh(ctx); err != nil || len(infos) != 3 { // ' park' is no other service
		t.Fatal(infos, err)
	}
	p.Close()
	inOrder(t, path)
}

// Every kind of damage is found, and called by its name: a planner's only copy must not rot unseen.
func TestCheckFindsEveryKindOfDamage(t *testing.T) {
	original := wholeCity(t)
	// hide takes back the marks that the triggers set, as a fault of the disk would leave none.
	const hide = `UPDATE lc_keys SET touched = 0; UPDATE lc_tables SET touched = 0`
	// A geometry that is put in without the triggers of the R-tree, marked for the loop below.
	blob := func(change func(b []byte) []byte) string {
		return fmt.Sprintf(`geom x'%x'`, change(encodeBlob(nil, orb.MultiPolygon{land().Shapes[0].(orb.Polygon)})))
	}
	at := func(i int, v byte) string {
		return blob(func(b []byte) []byte { b[i] = v; return b })
	}
	setFloat := func(i int, v float64) string {
		return blob(func(b []byte) []byte { binary.LittleEndian.PutUint64(b[i:], math.Float64bits(v)); return b })
	}
	const start = 8 + 32 + 9 + 9 + 4 // of the first position: header, envelope, multi-polygon, polygon, ring
	tests := []struct {
		code, sql string
		also      string // what the same damage breaks beside
	}{
		{"constraint", `PRAGMA ignore_check_constraints = 1; UPDATE lc_keys SET touched = 7 WHERE name = 'land'`, ""},
		{"constraint", `PRAGMA ignore_check_constraints = 1; UPDATE lc_contents SET data = 'text' WHERE deflate = 1`, "layer_content"},
		{"integrity", `CREATE INDEX extra ON demand(name); PRAGMA writable_schema = 1; UPDATE sqlite_master SET sql = 'CREATE INDEX extra ON demand(id)' WHERE name = 'extra'`, ""},
		{"integrity", `DELETE FROM rtree_land_geom_rowid`, ""},
		{"foreign_key", `PRAGMA foreign_keys = 0; DELETE FROM gpkg_contents WHERE table_name = 'land'`, "contents geometry_column"},
		{"user_version", `PRAGMA user_version = 10100`, ""},
		{"core_table", `ALTER TABLE gpkg_spatial_ref_sys RENAME COLUMN description TO words`, ""},
		{"srs", `DELETE FROM gpkg_spatial_ref_sys WHERE srs_id = -1`, ""},
		{"srs", `UPDATE gpkg_spatial_ref_sys SET definition = '' WHERE srs_id = 4326`, ""},
		{"contents", `INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('nowhere', 'attributes', 'nowhere')`, ""},
		{"contents", `DELETE FROM gpkg_contents WHERE table_name = 'attributes'`, ""},
		{"contents_srs", `UPDATE gpkg_contents SET srs_id = 0 WHERE table_name = 'land'`, ""},
		{"last_change", `UPDATE gpkg_contents SET last_change = '2026-03-01 08:00:00' WHERE table_name = 'land'`, ""},
		{"last_change", `UPDATE gpkg_contents SET last_change = '2026-02-30T08:00:00.000Z' WHERE table_name = 'land'`, ""},
		{"extent", `UPDATE gpkg_contents SET max_x = 106.6 WHERE table_name = 'land'`, ""},
		{"extent", `UPDATE gpkg_contents SET min_y = NULL WHERE table_name = 'land'`, ""},
		{"geometry_column", `DELETE FROM gpkg_geometry_columns WHERE table_name = 'land'`, "column_type"},
		{"geometry_column", `UPDATE gpkg_geometry_columns SET geometry_type_name = 'MultiPolygon' WHERE table_name = 'land'`, "column_type"},
		{"geometry_column", `INSERT INTO gpkg_geometry_columns VALUES ('attributes', 'geom', 'POINT', 4326, 0, 0)`, ""},
		{"column_type", `ALTER TABLE land ADD COLUMN at TIMESTAMP`, ""},
		{"primary_key", `CREATE TABLE log (id TEXT PRIMARY KEY); INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('log', 'attributes', 'log')`, ""},
		{"extension", `INSERT INTO gpkg_extensions VALUES ('nowhere', NULL, 'x_y', 'd', 'read-write')`, ""},
		{"extension", `INSERT INTO gpkg_extensions VALUES ('land', 'nothing', 'x_y', 'd', 'read-write')`, ""},
		{"extension", `UPDATE gpkg_extensions SET scope = 'mine' WHERE table_name = 'land'`, ""},
		{"geometry_header", `geom 'GP, a text'`, "row_unusable rtree_extra"},
		{"geometry_header", at(0, 'X'), "row_unusable"},
		{"geometry_header", at(2, 9), ""},
		{"geometry_header", at(3, 0x43), ""},
		{"geometry_srs", at(4, 7), "row_unusable"},
		{"geometry_wkb", blob(func(b []byte) []byte { return b[:len(b)-3] }), "row_unusable"},
		{"geometry_wkb", blob(func(b []byte) []byte { return append(b, 1) }), "row_unusable"},
		{"geometry_wkb", at(start-9-9+1+3, 0x20), "row_unusable"}, // the SRS mark of EWKB
		{"geometry_type", fmt.Sprintf(`geom x'%x'`, encodeBlob(nil, land().Shapes[0])), ""},
		{"geometry_empty", at(3, 0x13), ""},
		{"geometry_position", setFloat(start, math.NaN()), "row_unusable"},
		{"geometry_position", setFloat(start, 181), "row_unusable"},
		{"geometry_shape", setFloat(start, 106.5501), "row_unusable row_changed"},
		{"geometry_envelope", setFloat(8, 106), ""},
		{"rtree_table", `DELETE FROM gpkg_extensions WHERE table_name = 'land'; DROP TABLE rtree_land_geom`, ""},
		{"rtree_extension", `DELETE FROM gpkg_extensions WHERE table_name = 'land'`, ""},
		{"rtree_trigger", `DROP TRIGGER rtree_land_geom_delete`, ""},
		{"rtree_box", `UPDATE rtree_demand_geom SET maxx = 107 WHERE id = 3`, ""},
		{"rtree_box", `UPDATE rtree_demand_geom SET minx = 106.6, maxx = 106.6 WHERE id = 3`, ""},
		{"rtree_lost", `DELETE FROM rtree_demand_geom WHERE id = 50`, ""},
		{"rtree_extra", `INSERT INTO rtree_demand_geom VALUES (99, 106, 106, 29, 29)`, ""},
		{"rtree_extra", `UPDATE demand SET geom = NULL WHERE fid = 2; INSERT INTO rtree_demand_geom VALUES (2, 106, 106, 29, 29); ` + hide, "row_unusable"},
		{"unreadable", `DROP TABLE lc_reports`, ""},
		{"meta", `DELETE FROM lc_meta WHERE key = 'title'`, ""},
		{"meta", `UPDATE lc_meta SET value = 'yesterday' WHERE key = 'created'`, ""},
		{"layer_version", `UPDATE lc_layers SET is_current = 0 WHERE key_id = (SELECT id FROM lc_keys WHERE name = 'land')`, ""},
		{"layer_version", `DELETE FROM lc_reports WHERE layer_id = (SELECT id FROM lc_layers WHERE is_current = 0); DELETE FROM lc_layers WHERE is_current = 0`, "content_stray run_input"},
		{"layer_info", `UPDATE lc_layers SET info = '{' WHERE key_id = (SELECT id FROM lc_keys WHERE name = 'land')`, "unreadable"},
		{"layer_info", `UPDATE lc_layers SET info = replace(info, '"rows":1', '"rows":2') WHERE key_id = (SELECT id FROM lc_keys WHERE name = 'land')`, ""},
		{"layer_content", `UPDATE lc_contents SET data = substr(data, 1, size - 8) WHERE deflate = 0`, ""},
		{"layer_content", `UPDATE lc_contents SET data = zeroblob(9) WHERE deflate = 1`, ""},
		{"layer_content", `UPDATE lc_contents SET size = size + 1 WHERE deflate = 0`, ""},
		{"layer_hash", `UPDATE lc_contents SET data = (SELECT data FROM lc_contents WHERE hash IN (SELECT hash FROM lc_layers JOIN lc_keys k ON k.id = key_id WHERE k.name = 'roads')),
 size = (SELECT size FROM lc_contents WHERE hash IN (SELECT hash FROM lc_layers JOIN lc_keys k ON k.id = key_id WHERE k.name = 'roads')) WHERE hash IN (SELECT hash FROM lc_layers JOIN lc_keys k ON k.id = key_id WHERE k.name = 'land')`, "layer_info"},
		{"layer_table", `DROP TABLE attributes; DELETE FROM gpkg_contents WHERE table_name = 'attributes'`, ""},
		{"content_stray", `INSERT INTO lc_contents VALUES ('abc', 0, 0, x'')`, ""},
		{"report", `UPDATE lc_reports SET data = x'00' WHERE layer_id = 1`, ""},
		{"report", `UPDATE lc_reports SET layer_id = 99 WHERE layer_id = 1; UPDATE lc_reports SET layer_id = 1 WHERE layer_id = 2; UPDATE lc_reports SET layer_id = 2 WHERE layer_id = 99`, ""},
		{"touch_trigger", `DROP TRIGGER lc_touch_land_update`, ""},
		{"row_unusable", `UPDATE facilities SET status = 'sleeping' WHERE id = 'c1'; ` + hide, ""},
		{"row_lost", `DELETE FROM demand WHERE id = 'd00000007'; ` + hide, ""},
		{"row_extra", `INSERT INTO demand (fid, geom, id, layer, lc_layer) SELECT 100, geom, 'new', layer, lc_layer FROM demand WHERE fid = 1; ` + hide, ""},
		{"row_changed", `UPDATE demand SET population = 7 WHERE id = 'd00000007'; ` + hide, ""},
		{"row_stray", `UPDATE demand SET lc_layer = 77 WHERE id = 'd00000007'; ` + hide, "row_lost"},
		{"run_info", `UPDATE lc_runs SET info = '[' WHERE seq = 1`, ""},
		{"run_info", `UPDATE lc_runs SET created = 'today' WHERE seq = 1`, ""},
		{"run_input", `UPDATE lc_runs SET inputs = replace(inputs, '"hash":"', '"hash":"0') WHERE seq = 1`, ""},
		{"run_content", `UPDATE lc_runs SET data = x'00' WHERE seq = 1`, ""},
		{"run_content", `UPDATE lc_runs SET info = replace(info, '"not_assessed":', '"not_assessed":1') WHERE seq = 1`, ""},
		{"run_content", `UPDATE lc_drawings SET data = x'00' WHERE requirement = 0`, ""},
		{"run_latest", `UPDATE lc_runs SET is_latest = 0`, ""},
		{"result_table", `UPDATE gpkg_contents SET description = 'mine' WHERE table_name = 'coverage'`, ""},
		{"result_table", `DROP TABLE coverage; DELETE FROM gpkg_contents WHERE table_name = 'coverage'`, "extension geometry_column"},
		{"result_row", `UPDATE coverage SET share = 1 WHERE fid = 1`, ""},
		{"result_row", `DELETE FROM coverage WHERE fid = 1`, ""},
		{"result_row", `INSERT INTO coverage (fid) VALUES (9999)`, ""},
		{"cache", `UPDATE lc_cache SET value = zeroblob(length(value)) WHERE seq = 1`, ""},
	}
	for _, tt := range tests {
		name, _, _ := strings.Cut(tt.sql, "; UPDATE lc_keys")
		t.Run(tt.code+"/"+name[:min(40, len(name))], func(t *testing.T) {
			path := duplicate(t, original)
			db := plain(t, path)
			mustExec(t, db, `PRAGMA foreign_keys = 0`)
			if tt.code != "foreign_key" {
				mustExec(t, db, `PRAGMA defer_foreign_keys = 1`)
			}
			if geom, ok := strings.CutPrefix(tt.sql, "geom "); ok {
				triggers := query(t, db, `SELECT sql FROM sqlite_master WHERE name LIKE 'rtree_land_geom_update_'`)
				mustExec(t, db, `DROP TRIGGER rtree_land_geom_update1`, `DROP TRIGGER rtree_land_geom_update2`, `DROP TRIGGER rtree_land_geom_update3`, `DROP TRIGGER rtree_land_geom_update4`)
				mustExec(t, db, append([]string{`UPDATE land SET geom = ` + geom, hide}, triggers...)...)
			} else {
				mustExec(t, db, tt.sql)
			}
			db.Close()
			before, _ := os.ReadFile(path)
			r := mustCheck(t, path)
			if !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Code == tt.code && f.Text != "" && f.TextZh != "" }) {
				t.Fatalf("not found, but: %+v", r.Findings)
			}
			allowed := append(strings.Fields(tt.also), tt.code, "foreign_key")
			for _, f := range r.Findings {
				if !slices.Contains(allowed, f.Code) {
					t.Errorf("beside: %+v", f)
				}
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("the checker wrote into the file")
			}
		})
	}
	// README.md lists every code, and every code is proven here or in the tests below.
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var proven []string
	for _, tt := range tests {
		proven = append(proven, tt.code)
	}
	for _, tt := range ledgerDamage { // TestCheckOfTheLedger
		proven = append(proven, tt.code)
	}
	slices.Sort(proven)
	var listed []string
	for _, line := range strings.Split(string(page), "\n") {
		if rest, ok := strings.CutPrefix(line, "| finding `"); ok {
			code, _, _ := strings.Cut(rest, "`")
			listed = append(listed, code)
		}
	}
	slices.Sort(listed)
	if d := cmp.Diff(slices.Compact(append(proven, "zz_hot_journal")), append(slices.DeleteFunc(listed, func(s string) bool { return s == "hot_journal" }), "zz_hot_journal")); d != "" {
		t.Errorf("codes proven and listed (-proven +listed):\n%s", d)
	}
}

// A file that a crash left half-written is named as such, and not touched: the checker may be pointed at evidence.
func TestCheckLeavesAHotJournal(t *testing.T) {
	path := wholeCity(t)
	db := plain(t, path)
	mustExec(t, db, `PRAGMA cache_size = 1`, `BEGIN IMMEDIATE`, `UPDATE demand SET name = 'half', properties = printf('%.2000c', 'x')`)
	crashed := duplicate(t, path)
	journal, err := os.ReadFile(path + "-journal")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(crashed+"-journal", journal, 0o644); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(crashed)
	if r := mustCheck(t, crashed); codes(r.Findings) != "hot_journal" {
		t.Errorf("%+v", r)
	}
	if after, _ := os.ReadFile(crashed); !bytes.Equal(before, after) || !hasContent(crashed+"-journal") {
		t.Error("the checker rolled something back")
	}
	mustOpen(t, crashed, ReadWrite).Close()
	inOrder(t, crashed)
}

// Damage all over gives a short list and a number, not a million lines.
func TestCheckBoundsItsReport(t *testing.T) {
	path := wholeCity(t)
	db := plain(t, path)
	mustExec(t, db, `DELETE FROM rtree_demand_geom`)
	r := mustCheck(t, path)
	if len(r.Findings) != findingsShown || r.Omitted != 50-findingsShown || codes(r.Findings) != "rtree_lost" {
		t.Errorf("%d findings, %d omitted: %s", len(r.Findings), r.Omitted, codes(r.Findings))
	}
}

// What is no project is refused, as by every other command; a canceled check is no clean one.
func TestCheckRefusesOtherFiles(t *testing.T) {
	other := filepath.Join(t.TempDir(), "a.gpkg")
	if err := os.WriteFile(other, []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Check(ctx, other); coverage.CodeOf(err) != coverage.Refused {
		t.Errorf("no database: %v", err)
	}
	if _, err := Check(ctx, other+"x"); coverage.CodeOf(err) != coverage.NotFound {
		t.Errorf("no file: %v", err)
	}
	path := wholeCity(t)
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Check(canceled, path); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// The checker reads bytes that a disk has spoiled anywhere: it must end, with an error or findings, and change nothing.
func TestCheckOfSpoiledBytes(t *testing.T) {
	original := wholeCity(t)
	bytesBefore, _ := os.ReadFile(original)
	whole := meaning(dump(t, original))
	found, refused := 0, 0
	const rounds = 60
	for i := range rounds {
		spoiled := bytes.Clone(bytesBefore)
		at := 100 + (i*7919*4099)%(len(spoiled)-600)
		for k := range 400 {
			spoiled[at+k] ^= byte(k*31 + i + 1)
		}
		path := filepath.Join(t.TempDir(), "s.gpkg")
		if err := os.WriteFile(path, spoiled, 0o644); err != nil {
			t.Fatal(err)
		}
		started := time.Now()
		r, err := Check(ctx, path)
		switch {
		case coverage.CodeOf(err) == coverage.Refused:
			refused++
		case err != nil:
			t.Errorf("at %d: %v", at, err)
		case len(r.Findings) > 0:
			found++
		case meaning(dump(t, path)) != whole:
			t.Errorf("at %d: it says something else, and nothing is found", at)
		}
		if time.Since(started) > time.Minute {
			t.Errorf("at %d: it takes %s", at, time.Since(started))
		}
		if after, _ := os.ReadFile(path); !bytes.Equal(spoiled, after) {
			t.Errorf("at %d: the file changed", at)
		}
	}
	t.Logf("of %d spoiled files %d were refused, %d have findings, %d were hit where nothing is", rounds, refused, found, rounds-found-refused)
}

// meaning takes the nodes of R-trees out of a dump: their unused cells mean nothing.
func meaning(dump string) string {
	var out []string
	node := false
	for _, line := range strings.Split(dump, "\n") {
		if strings.HasPrefix(line, "CREATE ") {
			node = strings.HasPrefix(line, `CREATE TABLE "rtree_`) && strings.Contains(line, `_node"`)
		}
		if !node {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

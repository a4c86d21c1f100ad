package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lifecircle/coverage"
	"lifecircle/coverage/ledger"
)

// order gives the runs in the order in which they were scored.
func order(t testing.TB, p *Project, names map[string]string) string {
	t.Helper()
	list, err := p.Scorings(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, s := range list {
		out = append(out, names[s.Run])
	}
	return strings.Join(out, "")
}

// The project knows in which order it was scored: an old run scored again is noted anew, the latest scored again is not.
func TestScorings(t *testing.T) {
	p, path := mustCreate(t)
	mustSave(t, p, neighborhoods(), clinics(), parks(), land())
	a := score(t, p, coverage.Params{})
	b := score(t, p, coverage.Params{AssumeComplete: true})
	names := map[string]string{a.Hash: "a", b.Hash: "b"}
	score(t, p, coverage.Params{AssumeComplete: true})
	if got := order(t, p, names); got != "ab" {
		t.Errorf("%s: the latest scored again is noted", got)
	}
	score(t, p, coverage.Params{})
	score(t, p, coverage.Params{})
	if got := order(t, p, names); got != "aba" {
		t.Errorf("%s, want aba", got)
	}
	list, err := p.Scorings(ctx)
	if err != nil || list[2].At <= list[0].At || list[0].Seq >= list[1].Seq {
		t.Errorf("%+v %v", list, err)
	}
	inOrder(t, path)
	// A run that cannot be saved is not noted.
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := p.SaveRun(cancelled, b, nil); err == nil {
		t.Error("a cancelled save saved")
	}
	if got := order(t, p, names); got != "aba" {
		t.Errorf("%s after a save that failed", got)
	}
}

// A project from before the log gets it from what it knew: the first scoring of each run, and which one was scored last.
func TestScoringsOfAnOlderProject(t *testing.T) {
	steps := migrations()
	for _, again := range []bool{false, true} {
		p, path := mustCreate(t)
		mustSave(t, p, neighborhoods(), clinics(), parks(), land())
		a := score(t, p, coverage.Params{})
		b := score(t, p, coverage.Params{AssumeComplete: true})
		want := "ab"
		if again {
			score(t, p, coverage.Params{})
			want = "aba"
		}
		p.Close()
		db := plain(t, path)
		mustExec(t, db, `DROP TABLE lc_pieces`, `DROP TABLE lc_ledger`, `DROP TABLE lc_scorings`, `UPDATE lc_meta SET value = '2' WHERE key = 'schema'`)
		db.Close()
		if r := mustCheck(t, path); len(r.Findings) > 0 || len(r.Notes) != 1 || r.Notes[0].Code != "older_schema" {
			t.Errorf("an older project is no fault: %+v %+v", r.Findings, r.Notes)
		}
		older := mustOpen(t, path, ReadWrite, withSteps(steps[:2]))
		older.Close()
		q := mustOpen(t, path, ReadWrite)
		if got := order(t, q, map[string]string{a.Hash: "a", b.Hash: "b"}); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		list, err := q.Scorings(ctx)
		if err != nil || list[0].At != a.Created || again && list[2].At != "" {
			t.Errorf("%+v %v", list, err)
		}
		q.Close()
		inOrder(t, path)
	}
}

// written saves entries and gives what is there then.
func written(t testing.TB, p *Project, series string) []ledger.Entry {
	t.Helper()
	list, err := p.LedgerEntries(ctx, series)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// What people wrote is kept in order, with its time and the scoring after which it was written; all of it or nothing.
func TestLedgerEntries(t *testing.T) {
	p, path := mustCreate(t)
	mustSave(t, p, neighborhoods(), clinics(), parks(), land())
	entries := []ledger.Entry{{Finding: "500103001001/park-15", Field: ledger.FieldOwner, Value: "甲", Who: "乙", Source: "台账.xlsx"}, {Finding: "500103001002/clinic-15", Field: ledger.FieldDue, Value: "2027-06-30"}}
	if err := p.SaveLedgerEntries(ctx, "s", 0, entries); coverage.CodeOf(err) != coverage.NotFound {
		t.Errorf("before the first run: %v", err)
	}
	r := score(t, p, coverage.Params{AssumeComplete: true})
	series := ledger.SeriesOf(&r.RunInfo).Key()
	if err := p.SaveLedgerEntries(ctx, series, 0, entries); err != nil {
		t.Fatal(err)
	}
	got := written(t, p, series)
	if len(got) != 2 || got[0].Seq != 1 || got[0].At == "" || got[0].Scoring != 1 || got[0].Who != "乙" || got[0].Source != "台账.xlsx" || got[1].Value != "2027-06-30" {
		t.Errorf("%+v", got)
	}
	if err := p.SaveLedgerEntries(ctx, series, 0, entries); coverage.CodeOf(err) != coverage.Conflict {
		t.Errorf("over what was written in the meantime: %v", err)
	}
	if err := p.SaveLedgerEntries(ctx, "other", 0, entries); err != nil {
		t.Errorf("another series: %v", err)
	}
	// One of many that cannot be kept: none is.
	bad := append(slices.Clone(entries), ledger.Entry{Finding: "x", Field: "colour", Value: "red"})
	if err := p.SaveLedgerEntries(ctx, series, 2, bad); err == nil || len(written(t, p, series)) != 2 {
		t.Errorf("%v: %d entries", err, len(written(t, p, series)))
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := p.SaveLedgerEntries(cancelled, series, 2, entries); err == nil || len(written(t, p, series)) != 2 {
		t.Errorf("cancelled: %v", err)
	}
	before := dump(t, path)
	if err := p.SaveLedgerEntries(ctx, series, 2, nil); err != nil || dump(t, path) != before {
		t.Errorf("nothing to write: %v", err)
	}
	p.Close()
	q := mustOpen(t, path, ReadOnly)
	if d := cmp.Diff(got, written(t, q, series)); d != "" {
		t.Error(d)
	}
	if err := q.SaveLedgerEntries(ctx, series, 2, entries); coverage.CodeOf(err) != coverage.Unavailable {
		t.Errorf("read-only: %v", err)
	}
}

// wholeLedger is a city with a run and what people wrote of its findings.
func wholeLedger(t testing.TB) string {
	t.Helper()
	p, path := mustCreate(t)
	mustSave(t, p, neighborhoods(), clinics(), parks(), land())
	score(t, p, coverage.Params{AssumeComplete: true})
	l, err := ledger.Read(ctx, p, "")
	if err != nil || len(l.Findings) == 0 {
		t.Fatal(l, err)
	}
	day, owner := "2027-06-30", "区卫健委"
	_, entries, err := l.Set([]ledger.Edit{{Finding: l.Findings[0].ID, Owner: &owner, Due: &day}})
	if err == nil {
		err = l.Save(ctx, p, entries)
	}
	if err != nil {
		t.Fatal(err)
	}
	score(t, p, coverage.Params{})
	score(t, p, coverage.Params{AssumeComplete: true})
	p.Close()
	return path
}

// ledgerDamage is what may be wrong with the logs.
var ledgerDamage = []struct{ code, sql string }{
	{"scoring", `DELETE FROM lc_scorings WHERE seq = 3`},
	{"scoring", `UPDATE lc_scorings SET at = 'yesterday' WHERE seq = 2`},
	{"scoring", `INSERT INTO lc_scorings (hash, at) SELECT hash, at FROM lc_scorings WHERE seq = 3`},
	{"scoring", `DELETE FROM lc_scorings WHERE seq = 2; UPDATE lc_ledger SET scoring = 1`},
	{"foreign_key", `UPDATE lc_scorings SET hash = 'abcd' WHERE seq = 2`},
	{"foreign_key", `UPDATE lc_ledger SET scoring = 99`},
	{"constraint", `PRAGMA ignore_check_constraints = 1; UPDATE lc_ledger SET field = 'colour' WHERE seq = 1`},
	{"ledger_entry", `UPDATE lc_ledger SET series = '{' WHERE seq = 1`},
	{"ledger_entry", `UPDATE lc_ledger SET at = 'today' WHERE seq = 1`},
	{"ledger_entry", `UPDATE lc_ledger SET value = '2027-02-30' WHERE field = 'due'`},
	{"ledger_entry", `UPDATE lc_ledger SET scoring = 3 WHERE seq = 1`},
	{"ledger_finding", `UPDATE lc_ledger SET finding = 'nowhere/clinic-15' WHERE seq = 2`},
}

// The checker knows the logs: what damages them is found, and called by its name.
func TestCheckOfTheLedger(t *testing.T) {
	original := wholeLedger(t)
	inOrder(t, original)
	for i, tt := range ledgerDamage {
		t.Run(fmt.Sprint(i, " ", tt.code), func(t *testing.T) {
			path := duplicate(t, original)
			db := plain(t, path)
			mustExec(t, db, `PRAGMA foreign_keys = 0`, tt.sql)
			db.Close()
			r := mustCheck(t, path)
			if !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Code == tt.code && f.Text != "" && f.TextZh != "" }) {
				t.Errorf("not found, but: %+v", r.Findings)
			}
		})
	}
}

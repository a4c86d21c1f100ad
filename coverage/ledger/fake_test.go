package ledger_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/coverage/ledger"
)

const services = `services:
  - {key: clinic, zh: 社区医疗站, en: clinic}
  - {key: park, zh: 公园, en: park}
  - {key: school, zh: 小学, en: school}
`

// The requirements of the test's catalog, in its order, with class and denominator.
const townCatalog = `id: town
title: {zh: 小城, en: Town}
tiers: [{id: "15", minutes: 15}]
requirements:
  - {service: school, tier: "15", class: quality, limit: {radius_m: 500}}
  - {service: clinic, tier: "15", limit: {radius_m: 500}, denominator: population}
  - {service: park, tier: "15", class: special, limit: {radius_m: 300}}
`

func parse(t testing.TB, text string) *catalog.Catalog {
	t.Helper()
	list, err := catalog.ParseServices([]byte(services), "services.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := catalog.Parse([]byte(text), "town.yaml", list)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// town makes a run: verdicts by neighborhood, a letter for each requirement of the catalog: m met, u unmet, d not detected, n not assessed. A neighborhood
// that is not named is not there.
func town(t testing.TB, hash string, params coverage.Params, text string, verdicts map[string]string) *coverage.Run {
	t.Helper()
	c := parse(t, text)
	if params.Basis == "" {
		params.Basis = "radius"
	}
	r := &coverage.Run{RunInfo: coverage.RunInfo{Hash: hash, Catalog: c.ID, Params: params}, Catalog: c}
	for k := range c.Requirements {
		q := &c.Requirements[k]
		denominator := q.Denominator
		if denominator == "" {
			denominator = "land"
		}
		r.Requirements = append(r.Requirements, coverage.Judged{ID: q.ID, Denominator: denominator, PassLine: q.PassLine, Variant: q.VariantOf != "", Confidence: "B"})
	}
	for _, id := range slices.Sorted(maps.Keys(verdicts)) {
		if len(verdicts[id]) != len(r.Requirements) {
			t.Fatalf("%s has verdicts %s", id, verdicts[id])
		}
		r.Subjects = append(r.Subjects, coverage.Subject{ID: id, Name: "社区 " + id, Level: "unit"})
		for k, letter := range verdicts[id] {
			r.Cells = append(r.Cells, cell(letter, r.Requirements[k].Denominator))
		}
	}
	// A parent misses everything; parents are no findings.
	r.Subjects = append(r.Subjects, coverage.Subject{ID: "渝中区", Level: "district", Members: len(verdicts)})
	for range r.Requirements {
		r.Cells = append(r.Cells, coverage.Cell{Total: 10, Verdict: coverage.Unmet})
	}
	return r
}

// cell has 100 people or square millimetres: 90 covered if met, 30 if not; where it is not detected, 60 undetermined.
func cell(letter rune, denominator string) coverage.Cell {
	c := coverage.Cell{Total: 100_000}
	switch letter {
	case 'm':
		c.Verdict, c.Covered = coverage.Met, 90_000
	case 'u':
		c.Verdict, c.Covered = coverage.Unmet, 30_000
	case 'd':
		c.Verdict, c.Covered, c.Undetermined, c.Cause = coverage.NotDetected, 30_000, 60_000, "not_surveyed"
	case 'n':
		return coverage.Cell{Verdict: coverage.NotAssessed, Cause: "no_layer"}
	}
	if denominator == "land" {
		c.Others = []coverage.OtherShare{{Denominator: "buildings", Total: 7000}, {Denominator: "population", Total: c.Total * 2, Covered: c.Covered * 2, Undetermined: c.Undetermined * 2}}
	}
	return c
}

// fake is a project in memory.
type fake struct {
	runs     map[string]*coverage.Run
	scorings []ledger.Scoring
	entries  map[string][]ledger.Entry
}

func project() *fake {
	return &fake{runs: map[string]*coverage.Run{}, entries: map[string][]ledger.Entry{}}
}

// score makes a run the latest, as a project does: nothing if it is so already.
func (p *fake) score(r *coverage.Run) {
	p.runs[r.Hash] = r
	if n := len(p.scorings); n > 0 && p.scorings[n-1].Run == r.Hash {
		return
	}
	p.scorings = append(p.scorings, ledger.Scoring{Seq: int64(len(p.scorings) + 1), Run: r.Hash, At: "2026-03-01T08:00:00.000Z"})
}

func (p *fake) Runs(context.Context) (out []coverage.RunInfo, err error) {
	for _, hash := range slices.Sorted(maps.Keys(p.runs)) {
		out = append(out, p.runs[hash].RunInfo)
	}
	return out, nil
}

func (p *fake) Run(_ context.Context, hash string) (*coverage.Run, error) {
	if hash == "" && len(p.scorings) > 0 {
		hash = p.scorings[len(p.scorings)-1].Run
	}
	for full, r := range p.runs {
		if hash != "" && strings.HasPrefix(full, hash) {
			return r, nil
		}
	}
	return nil, coverage.Errorf(coverage.NotFound, "没有评估 %s", "there is no run %s", hash)
}

func (p *fake) Scorings(context.Context) ([]ledger.Scoring, error) { return p.scorings, nil }

func (p *fake) LedgerEntries(_ context.Context, series string) ([]ledger.Entry, error) {
	return p.entries[series], nil
}

func (p *fake) SaveLedgerEntries(_ context.Context, series string, after int64, entries []ledger.Entry) error {
	if int64(len(p.entries[series])) != after {
		return coverage.Errorf(coverage.Conflict, "冲突", "conflict")
	}
	for _, e := range entries {
		e.Seq, e.Scoring = int64(len(p.entries[series])+1), int64(len(p.scorings))
		p.entries[series] = append(p.entries[series], e)
	}
	return nil
}

var ctx = context.Background()

func mustRead(t testing.TB, p *fake, run string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Read(ctx, p, run)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// set writes as a command does.
func set(t testing.TB, p *fake, edits ...ledger.Edit) {
	t.Helper()
	l := mustRead(t, p, "")
	_, entries, err := l.Set(edits)
	if err == nil {
		err = l.Save(ctx, p, entries)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func text(s string) *string { return &s }

// hash makes the hash of a run, of which the first twelve characters differ.
func hash(n int) string { return fmt.Sprintf("%012x%s", 0xabc000+n, strings.Repeat("0", 52)) }

package ledger_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"lifecircle/coverage"
	"lifecircle/coverage/ledger"
)

// A bureau asks of a finding: when was it found, is it still there, what closed it? Verdicts scoring by scoring, and what follows.
func TestStatesFollowFromTheRuns(t *testing.T) {
	for _, tt := range []struct {
		verdicts                  string // of one requirement; - = the neighborhood is gone
		state                     ledger.State
		first, last, closedBy     int // scoring, 0 for none
		now, verdict, description string
	}{
		{"m", "", 0, 0, 0, "", "", "what is met is no finding"},
		{"n", "", 0, 0, 0, "", "", "what cannot be assessed is none either"},
		{"u", ledger.Open, 1, 1, 0, "unmet", "unmet", ""},
		{"d", ledger.Open, 1, 1, 0, "not_detected", "not_detected", ""},
		{"mu", ledger.Open, 2, 2, 0, "unmet", "unmet", "found later"},
		{"ud", ledger.Open, 1, 2, 0, "not_detected", "not_detected", "worse known, still there"},
		{"um", ledger.Closed, 1, 1, 2, "met", "unmet", ""},
		{"umm", ledger.Closed, 1, 1, 2, "met", "unmet", "closed by the first run in which it is met"},
		{"un", ledger.Open, 1, 1, 0, "not_assessed", "unmet", "unknown is not none: a layer went missing"},
		{"u-", ledger.Open, 1, 1, 0, "absent", "unmet", "the neighborhood went missing"},
		{"u-m", ledger.Closed, 1, 1, 3, "met", "unmet", ""},
		{"umu", ledger.Reopened, 1, 3, 0, "unmet", "unmet", ""},
		{"umuu", ledger.Reopened, 1, 4, 0, "unmet", "unmet", "stays reopened"},
		{"umn", ledger.Closed, 1, 1, 2, "not_assessed", "unmet", "closed stays closed while nobody knows better"},
		{"umnd", ledger.Reopened, 1, 4, 0, "not_detected", "not_detected", ""},
		{"umum", ledger.Closed, 1, 3, 4, "met", "unmet", "closed again, by the later run"},
	} {
		p := project()
		for i, letter := range tt.verdicts {
			units := map[string]string{"a": string(letter) + "mm"}
			if letter == '-' {
				units = map[string]string{"b": "mmm"}
			}
			p.score(town(t, hash(i+1), coverage.Params{}, townCatalog, units))
		}
		l := mustRead(t, p, "")
		if tt.state == "" {
			if len(l.Findings) > 0 {
				t.Errorf("%s: %+v; %s", tt.verdicts, l.Findings, tt.description)
			}
			continue
		}
		if len(l.Findings) != 1 {
			t.Fatalf("%s: %d findings", tt.verdicts, len(l.Findings))
		}
		run := func(n int) string {
			if n == 0 {
				return ""
			}
			return hash(n)
		}
		f := l.Findings[0]
		if f.ID != "a/school-15" || f.State != tt.state || f.FirstRun != run(tt.first) || f.LastRun != run(tt.last) || f.ClosedBy != run(tt.closedBy) || f.Now != tt.now || f.Verdict != tt.verdict {
			t.Errorf("%s: %+v; %s", tt.verdicts, f, tt.description)
		}
	}
}

// Scoring an old run again makes it the latest: the ledger follows the order of scorings, not that of first runs.
func TestScoringAnOldRunAgain(t *testing.T) {
	p := project()
	unmet, met := town(t, hash(1), coverage.Params{}, townCatalog, map[string]string{"a": "umm"}), town(t, hash(2), coverage.Params{}, townCatalog, map[string]string{"a": "mmm"})
	for _, r := range []*coverage.Run{unmet, met, unmet} {
		p.score(r)
	}
	l := mustRead(t, p, "")
	if f := l.Findings[0]; f.State != ledger.Reopened || f.LastRun != hash(1) || len(l.Scorings) != 3 || l.Run.Hash != hash(1) {
		t.Errorf("%+v", f)
	}
	before, err := ledger.ReadAt(ctx, p, "", 2)
	if err != nil || before.Findings[0].State != ledger.Closed || before.Run.Hash != hash(2) {
		t.Errorf("as of the second scoring: %+v %v", before.Findings[0], err)
	}
}

// Runs with other parameters or another catalog judge otherwise: what they find opens and closes nothing here. The date of facilities and the year of targets go on
// from year to year, and belong to one ledger.
func TestSeries(t *testing.T) {
	p := project()
	p.score(town(t, hash(1), coverage.Params{}, townCatalog, map[string]string{"a": "uum"}))
	p.score(town(t, hash(2), coverage.Params{AssumeComplete: true}, townCatalog, map[string]string{"a": "mmm"}))
	p.score(town(t, hash(3), coverage.Params{}, strings.Replace(townCatalog, "id: town", "id: other", 1), map[string]string{"a": "mmu"}))
	p.score(town(t, hash(4), coverage.Params{AsOf: "2027-01-01", Year: 2027}, townCatalog, map[string]string{"a": "mum"}))
	l := mustRead(t, p, "")
	if len(l.Scorings) != 2 || len(l.Findings) != 2 || l.Findings[0].State != ledger.Closed || l.Findings[0].ClosedBy != hash(4) || l.Findings[1].State != ledger.Open {
		t.Errorf("%+v %+v", l.Scorings, l.Findings)
	}
	if l := mustRead(t, p, hash(3)); len(l.Findings) != 1 || l.Findings[0].ID != "a/park-15" || l.Series.Catalog != "other" {
		t.Errorf("the other catalog's: %+v", l.Findings)
	}
	if l := mustRead(t, p, hash(2)); len(l.Findings) != 0 {
		t.Errorf("assumed complete: %+v", l.Findings)
	}
	if _, err := ledger.Read(ctx, p, "ffff"); coverage.CodeOf(err) != coverage.NotFound {
		t.Error(err)
	}
	// What people write is of one ledger: an acceptance where completeness was assumed says nothing where it was not.
	set(t, p, ledger.Edit{Finding: "a/clinic-15", Owner: text("区卫健委")})
	if l := mustRead(t, p, hash(3)); l.Findings[0].Owner != "" {
		t.Errorf("%+v", l.Findings[0])
	}
}

// A variant is another reading of a requirement, reported and not scored: nobody has to build for it.
func TestVariantsAreNoFindings(t *testing.T) {
	p := project()
	variant := strings.Replace(townCatalog, "{service: park,", "{id: park-15, variant_of: school-15, service: park,", 1)
	variant = strings.Replace(variant, "class: special, ", "", 1)
	p.score(town(t, hash(1), coverage.Params{}, variant, map[string]string{"a": "muu"}))
	if l := mustRead(t, p, ""); len(l.Findings) != 1 || l.Findings[0].ID != "a/clinic-15" {
		t.Errorf("%+v", l.Findings)
	}
}

// Who would gain: the requirement's own people, else those under population beside it; with the ones of whom the layers cannot tell as an upper bound; unknown where nobody
// counted people.
func TestPeople(t *testing.T) {
	p := project()
	r := town(t, hash(1), coverage.Params{}, townCatalog, map[string]string{"a": "uuu", "b": "ddd"})
	r.Cells[2].Others = nil
	p.score(r)
	var got []string
	for _, f := range mustRead(t, p, "").Findings {
		got = append(got, fmt.Sprint(f.ID, " ", f.People, "..", f.PeopleMax, " ", f.PeopleOf))
	}
	want := []string{
		"a/school-15 140.000..140.000 population", "a/clinic-15 70.000..70.000 population", "a/park-15 –..– ",
		"b/school-15 20.000..140.000 population", "b/clinic-15 10.000..70.000 population", "b/park-15 20.000..140.000 population",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	young := town(t, hash(2), coverage.Params{}, strings.Replace(townCatalog, "denominator: population", `denominator: "population:0-3"`, 1), map[string]string{"a": "mum"})
	households := town(t, hash(3), coverage.Params{}, strings.Replace(townCatalog, "denominator: population", "denominator: households", 1), map[string]string{"a": "mum"})
	p.score(young)
	if f := mustRead(t, p, "").Finding("a/clinic-15"); f.PeopleOf != "population:0-3" || f.People.String() != "70.000" {
		t.Errorf("%+v", f)
	}
	p.score(households)
	if f := mustRead(t, p, "").Finding("a/clinic-15"); f.PeopleOf != "" || !f.People.Null || !f.PeopleMax.Null {
		t.Errorf("households are no people: %+v", f)
	}
}

// The yearly project list: basic before quality before special, then by people, unknown last; what is closed or accepted is nothing to build.
func TestProjectList(t *testing.T) {
	p := project()
	r := town(t, hash(1), coverage.Params{}, townCatalog, map[string]string{"a": "uuu", "b": "ddd", "c": "uuu", "d": "uuu"})
	r.Cells[2].Others, r.Cells[4].Total = nil, 400_000
	p.score(r)
	r = town(t, hash(2), coverage.Params{}, townCatalog, map[string]string{"a": "uuu", "b": "ddd", "c": "umu", "d": "uuu"})
	r.Cells[2].Others, r.Cells[4].Total = nil, 400_000
	p.score(r)
	set(t, p, ledger.Edit{Finding: "d/school-15", Accept: text("山地")})
	l := mustRead(t, p, "")
	var got []string
	for _, f := range ledger.ProjectList(l.Findings) {
		got = append(got, f.ID)
	}
	want := "b/clinic-15 a/clinic-15 d/clinic-15 a/school-15 c/school-15 b/school-15 c/park-15 d/park-15 b/park-15 a/park-15"
	if strings.Join(got, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), want)
	}
	if l.Findings[0].ID != "a/school-15" || len(l.Findings) != 12 {
		t.Error("the list changed the ledger's own order")
	}
}

// Of two findings of which as many people would surely gain, the one of which more might comes first; then the id decides. A class that nobody knows comes last.
func TestOrderOfProjects(t *testing.T) {
	finding := func(id, class string, people, most int64) ledger.Finding {
		return ledger.Finding{ID: id, Class: class, People: coverage.People(people), PeopleMax: coverage.People(most)}
	}
	list := []ledger.Finding{finding("h", "other", 9, 9), finding("g", "basic", -1, -1), finding("f", "special", 9, 9), finding("e", "basic", 0, 0), finding("d", "basic", 5, 7), finding("c", "basic", 5, 8), finding("b", "quality", 99, 99),
		finding("a", "basic", 5, 7), finding("i", "basic", 6, 6)}
	ledger.SortAsProjects(list)
	var got string
	for _, f := range list {
		got += f.ID
	}
	if got != "icadegbfh" {
		t.Error(got)
	}
}

// Somebody accepts that a park cannot be built. It shows so while it is found; once it was met, finding it again is news.
func TestAcceptance(t *testing.T) {
	p := project()
	found, met := town(t, hash(1), coverage.Params{}, townCatalog, map[string]string{"a": "mmu"}), town(t, hash(2), coverage.Params{}, townCatalog, map[string]string{"a": "mmm"})
	again := town(t, hash(3), coverage.Params{}, townCatalog, map[string]string{"a": "mmd"})
	state := func() string {
		f := mustRead(t, p, "").Findings[0]
		return string(f.State) + " " + f.Reason
	}
	expect := func(want string) {
		t.Helper()
		if got := state(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	p.score(found)
	set(t, p, ledger.Edit{Finding: "a/park-15", Accept: text(" 山地  ")})
	expect("accepted 山地")
	p.score(again)
	expect("accepted 山地")
	p.score(met)
	expect("closed 山地")
	if _, _, err := mustRead(t, p, "").Set([]ledger.Edit{{Finding: "a/park-15", Accept: text("x")}}); coverage.CodeOf(err) != coverage.Conflict {
		t.Errorf("accepting what is closed: %v", err)
	}
	p.score(found)
	expect("reopened 山地")
	set(t, p, ledger.Edit{Finding: "a/park-15", Accept: text("山地")})
	expect("accepted 山地")
	set(t, p, ledger.Edit{Finding: "a/park-15", Withdraw: true})
	expect("reopened ")
	if h := mustRead(t, p, "").Findings[0].History; len(h) != 3 || h[0].Value != "山地" || h[2].Value != "" {
		t.Errorf("history %+v", h)
	}
}

// What is written is checked before anything is kept.
func TestSetRefuses(t *testing.T) {
	p := project()
	p.score(town(t, hash(1), coverage.Params{}, townCatalog, map[string]string{"a": "umm"}))
	l := mustRead(t, p, "")
	good := ledger.Edit{Finding: "a/school-15", Owner: text("x")}
	for _, tt := range []struct {
		edit  ledger.Edit
		code  coverage.Code
		field string
	}{
		{ledger.Edit{Finding: "a/none-15", Owner: text("x")}, coverage.NotFound, "finding"},
		{ledger.Edit{Finding: "渝中区/school-15", Owner: text("x")}, coverage.NotFound, "finding"},
		{ledger.Edit{Finding: "a/clinic-15", Owner: text("x")}, coverage.NotFound, "finding"}, // it is met
		{ledger.Edit{Finding: "a/school-15", Due: text("2026-02-30")}, coverage.Invalid, "due"},
		{ledger.Edit{Finding: "a/school-15", Accept: text(" ")}, coverage.Invalid, "reason"},
		{ledger.Edit{Finding: "a/school-15", Note: text("a\x07b")}, coverage.Invalid, "note"},
		{ledger.Edit{Finding: "a/school-15", Note: text("a\u202eb")}, coverage.Invalid, "note"},
		{ledger.Edit{Finding: "a/school-15", Note: text("\xff")}, coverage.Invalid, "note"},
		{ledger.Edit{Finding: "a/school-15", Note: text("[]")}, coverage.Invalid, "note"},
		{ledger.Edit{Finding: "a/school-15", Owner: text(strings.Repeat("长", 201))}, coverage.Invalid, "owner"},
		{ledger.Edit{Finding: "a/school-15", Note: text(strings.Repeat("长", 2001))}, coverage.Invalid, "note"},
	} {
		changes, entries, err := l.Set([]ledger.Edit{good, tt.edit})
		e, ok := err.(*coverage.Error)
		if !ok || e.Code != tt.code || e.Field != tt.field || e.Hint == (coverage.Text{}) || e.Text.Zh == "" || changes != nil || entries != nil {
			t.Errorf("%+v: %v %v %+v", tt.edit, changes, entries, err)
		}
	}
	changes, entries, err := l.Set([]ledger.Edit{{Finding: "a/school-15", Owner: text(" 区\n卫健委 "), Due: text("2026/5/1"), Note: text("一\r\n二 "), Accept: text("r")}, {Finding: "a/school-15"}})
	want := []ledger.Change{{Finding: "a/school-15", Field: "owner", New: "区 卫健委"}, {Finding: "a/school-15", Field: "due", New: "2026-05-01"}, {Finding: "a/school-15", Field: "note", New: "一\n二"},
		{Finding: "a/school-15", Field: "state", Old: "open", New: "accepted"}, {Finding: "a/school-15", Field: "reason", New: "r"}}
	if d := cmp.Diff(want, changes); err != nil || d != "" || len(entries) != 4 {
		t.Error(err, d, len(entries))
	}
}

// Somebody else wrote since the ledger was read: what they wrote is not written over unseen.
func TestSaveNoticesOthers(t *testing.T) {
	p := project()
	p.score(town(t, hash(1), coverage.Params{}, townCatalog, map[string]string{"a": "umm"}))
	l := mustRead(t, p, "")
	set(t, p, ledger.Edit{Finding: "a/school-15", Owner: text("甲")})
	_, entries, err := l.Set([]ledger.Edit{{Finding: "a/school-15", Owner: text("乙")}})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Save(ctx, p, entries); coverage.CodeOf(err) != coverage.Conflict {
		t.Error(err)
	}
}

// Dates as people and spreadsheets write them.
func TestParseDate(t *testing.T) {
	for text, want := range map[string]string{
		"": "", " ": "", "2026-05-01": "2026-05-01", "2026/5/1": "2026-05-01", "2026.5.1": "2026-05-01", "2026年5月1日": "2026-05-01", "2026 年 5 月 1 日": "2026-05-01", "2026年5月1": "2026-05-01",
		"20260501": "2026-05-01", "46143": "2026-05-01", "46143.0": "2026-05-01", "２０２６－０５－０１": "2026-05-01", "2026-05-01 00:00:00": "2026-05-01", "2026-05-01T00:00:00Z": "2026-05-01", "2028-02-29": "2028-02-29",
		"36526": "2000-01-01", "99999": "2173-10-13", "2199-12-31": "2199-12-31",
	} {
		if got, err := ledger.ParseDate(text); err != nil || got != want {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
	for _, text := range []string{"2026-02-30", "2027-02-29", "2026-13-01", "2026-00-10", "5/1/2026", "01-05-2026", "2026年5月", "2026", "年底", "1999-12-31", "2200-01-01", "00060", "36525", "2026-05-01 12:30:00", "20261301", "=TODAY()",
		"2026-05-01x", "-46143", strings.Repeat("9", 100)} {
		got, err := ledger.ParseDate(text)
		if e, ok := err.(*coverage.Error); !ok || got != "" || e.Code != coverage.Invalid || e.Field != "due" || e.Hint.Zh == "" || e.Hint.En == "" {
			t.Errorf("%q: %q %v", text, got, err)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2026-05-01", "2026年5月1日", "46143", "20260501", "2026-02-30", "２０２６/５/１", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		day, err := ledger.ParseDate(s)
		if err != nil {
			return
		}
		if again, err := ledger.ParseDate(day); err != nil || again != day {
			t.Errorf("%q is read as %q, and that as %q %v", s, day, again, err)
		}
	})
}

// Laws over all histories: taking runs one by one is replaying them all; a state is what a look at the bare sequence of verdicts says; nothing that people write changes what
// the runs say.
func TestLawsOfHistories(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		letters := []string{"m", "u", "d", "n"}
		n := rapid.IntRange(1, 8).Draw(rt, "scorings")
		p := project()
		var h ledger.History
		sequences := map[string]string{}
		for i := range n {
			units := map[string]string{}
			for _, id := range []string{"a", "b"} {
				v := ""
				for range 3 {
					v += rapid.SampledFrom(letters).Draw(rt, "verdict")
				}
				if rapid.IntRange(0, 4).Draw(rt, "there") > 0 {
					units[id] = v
				}
			}
			r := town(t, hash(i+1), coverage.Params{}, townCatalog, units)
			p.score(r)
			h.Add(p.scorings[i], r)
			for _, id := range []string{"a", "b"} {
				for k, q := range []string{"school-15", "clinic-15", "park-15"} {
					letter := "-"
					if v, ok := units[id]; ok {
						letter = v[k : k+1]
					}
					sequences[id+"/"+q] += letter
				}
			}
			replayed, err := ledger.ReadAt(ctx, p, hash(1), i+1)
			if err != nil {
				rt.Fatal(err)
			}
			if d := cmp.Diff(h.Findings(), replayed.Findings, cmpopts.IgnoreUnexported(ledger.Finding{})); d != "" {
				rt.Fatalf("after %d scorings: %s", i+1, d)
			}
		}
		l := mustRead(t, p, "")
		for id, s := range sequences {
			f := l.Finding(id)
			if first := strings.IndexAny(s, "ud"); first < 0 {
				if f != nil {
					rt.Fatalf("%s %s: %+v", id, s, f)
				}
				continue
			} else if f.FirstRun != hash(first+1) || f.LastRun != hash(strings.LastIndexAny(s, "ud")+1) {
				rt.Fatalf("%s %s: first and last %+v", id, s, f)
			}
			known := strings.NewReplacer("n", "", "-", "").Replace(s[strings.IndexAny(s, "ud"):])
			want := ledger.Open
			switch {
			case strings.HasSuffix(known, "m"):
				want = ledger.Closed
			case strings.Contains(known, "m"):
				want = ledger.Reopened
			}
			if f.State != want || (f.ClosedBy == "") != (want != ledger.Closed) {
				rt.Fatalf("%s %s: %s, want %s", id, s, f.State, want)
			}
		}
		var edits []ledger.Edit
		for i := range l.Findings {
			if f := &l.Findings[i]; f.State != ledger.Closed {
				edits = append(edits, ledger.Edit{Finding: f.ID, Accept: text("r"), Owner: text("o"), Due: text("46143"), Note: text("n")})
			}
		}
		set(t, p, edits...)
		after := mustRead(t, p, "")
		if d := cmp.Diff(l.Findings, after.Findings, cmpopts.IgnoreUnexported(ledger.Finding{}), cmpopts.IgnoreFields(ledger.Finding{}, "State", "Owner", "Due", "Note", "Reason", "History")); d != "" {
			rt.Fatal(d)
		}
		if open := slices.ContainsFunc(after.Findings, func(f ledger.Finding) bool { return f.State != ledger.Closed && f.State != ledger.Accepted }); open {
			rt.Fatal("what was accepted does not show so")
		}
	})
}

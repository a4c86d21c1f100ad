package ledger_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"lifecircle/coverage"
	"lifecircle/coverage/ledger"
)

// handedOut gives a ledger as rows, as a workbook holds it.
func handedOut(t testing.TB, l *ledger.Ledger) []ledger.Row {
	t.Helper()
	table := l.Table(l.Findings)
	var rows []ledger.Row
	if err := table.Each(func(_ string, row []coverage.Value, _ orb.Geometry) error {
		var cells ledger.Cells
		for i, c := range table.Columns {
			cells.Set(ledger.Columns[i].Key, string(c.AppendText(nil, row[i])))
		}
		rows = append(rows, ledger.Row{N: len(rows) + 2, Cells: cells})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return rows
}

// bring imports rows, and keeps what they change if keep is set.
func bring(t testing.TB, p *fake, rows []ledger.Row, keep bool) (*ledger.Report, error) {
	t.Helper()
	l := mustRead(t, p, "")
	report, entries, err := l.Import(ctx, rows, func(ctx context.Context, n int) (*ledger.Ledger, error) { return ledger.ReadAt(ctx, p, l.Run.Hash, n) })
	if report == nil {
		t.Fatal(err)
		return nil, err
	}
	if report.Rows != report.Changed+report.Unchanged+report.Repeated+report.Refused {
		t.Errorf("the rows do not add up: %+v", report)
	}
	if err != nil && len(entries) > 0 {
		t.Error("a file that is refused has entries")
	}
	if keep {
		if err := l.Save(ctx, p, entries); err != nil {
			t.Fatal(err)
		}
	}
	return report, err
}

func threeFindings(t testing.TB) *fake {
	p := project()
	p.score(town(t, hash(1), coverage.Params{}, townCatalog, map[string]string{"a": "uum", "b": "mmu"}))
	set(t, p, ledger.Edit{Finding: "a/clinic-15", Owner: text("区卫健委"), Due: text("2026-05-01"), Note: text("=1+1"), Accept: text("老理由")})
	return p
}

// A bureau fills the ledger in. Rows 2, 3 and 4 are a/school-15 (open), a/clinic-15 (accepted) and b/park-15 (open).
func TestImport(t *testing.T) {
	for _, tt := range []struct {
		name    string
		fill    func(rows []ledger.Row) []ledger.Row
		changes string // row finding field old>new
		refused string // row column code
		exit    bool   // the file as a whole
	}{
		{"nothing", nil, "", "", false},
		{"owner, due and note", put(2, "owner", "区教委", "due", "2026年9月1日", "note", "立项\n二"), "2 owner >区教委|2 due >2026-09-01|2 note >立项\n二", "", false},
		{"emptied", put(3, "owner", "", "due", " ", "note", ""), "3 owner 区卫健委>|3 due 2026-05-01>|3 note =1+1>", "", false},
		{"a date from a spreadsheet", put(2, "due", "46143"), "2 due >2026-05-01", "", false},
		{"the same day in other words", put(3, "due", "2026/5/1"), "", "", false},
		{"a bad date beside a good owner", put(2, "owner", "x", "due", "2026-02-30"), "2 owner >x", "2 due bad_due", false},
		{"accepted", put(2, "state", "accepted", "reason", "无用地"), "2 state open>accepted|2 reason >无用地", "", false},
		{"accepted, in Chinese", put(2, "state", "已接受", "reason", "无用地"), "2 state open>accepted|2 reason >无用地", "", false},
		{"accepted without a reason", put(2, "state", "已接受 accepted"), "", "2 reason no_reason", false},
		{"another reason", put(3, "reason", "新理由"), "3 reason 老理由>新理由", "", false},
		{"a reason taken away", put(3, "reason", ""), "", "3 reason no_reason", false},
		{"withdrawn", put(3, "state", "未关闭 open"), "3 state accepted>open|3 reason 老理由>", "", false},
		{"a reason alone", put(2, "reason", "无用地"), "", "2 reason reason_without_acceptance", false},
		{"closed by hand", put(2, "state", "已关闭 closed"), "", "2 state derived_state", false},
		{"no such state", put(2, "state", "完成"), "", "2 state bad_state", false},
		{"no state", put(2, "state", ""), "", "2 state bad_state", false},
		{"a figure changed", put(2, "share", "0.95", "owner", "x"), "2 owner >x", "2 share read_only", false},
		{"figures as a spreadsheet saves them", put(2, "share", "0.3", "people", "140", "pass_line", ".8"), "", "2 pass_line read_only", false},
		{"a name changed", put(2, "neighborhood", "别处"), "", "2 neighborhood read_only", false},
		{"blanks", put(2, "neighborhood", " 社区  a ", "finding", " a/school-15 "), "", "", false},
		{"no such finding", put(2, "finding", "z/school-15"), "", "2  unknown_finding", false},
		{"a finding that is met", put(2, "finding", "b/clinic-15"), "", "2  unknown_finding", false},
		{"no id", put(2, "finding", ""), "", "2  no_finding", false},
		{"no mark", put(2, "mark", ""), "", "2  bad_mark", false},
		{"another row's mark", func(rows []ledger.Row) []ledger.Row {
			rows[0].Cells.Set("mark", rows[1].Cells.Text("mark"))
			return rows
		}, "", "2  bad_mark", false},
		{"marks of two rows exchanged", func(rows []ledger.Row) []ledger.Row {
			a, b := rows[0].Cells.Text("mark"), rows[2].Cells.Text("mark") // of both nobody has written
			rows[0].Cells.Set("mark", b)
			rows[2].Cells.Set("mark", a)
			return rows
		}, "", "2  bad_mark|4  bad_mark", false},
		{"a row twice", func(rows []ledger.Row) []ledger.Row { return append(rows, ledger.Row{N: 9, Cells: rows[0].Cells}) }, "", "", false},
		{"a row twice, differently", func(rows []ledger.Row) []ledger.Row {
			return append(rows, put(2, "owner", "x")(copied(rows))[0])
		}, "", "2  duplicate_row|2  duplicate_row", false},
		{"rows left out", func(rows []ledger.Row) []ledger.Row { return rows[2:] }, "", "", false},
		{"a column left out", func(rows []ledger.Row) []ledger.Row {
			for i := range rows {
				rows[i].Cells.Delete("owner")
				rows[i].Cells.Delete("share")
				rows[i].Cells.Delete("state")
			}
			return rows
		}, "", "", false},
		{"no rows", func([]ledger.Row) []ledger.Row { return nil }, "", "", false},
		{"all rows refused", func(rows []ledger.Row) []ledger.Row {
			return put(2, "finding", "x")(rows)[:1]
		}, "", "2  unknown_finding", true},
		{"another project's", func(rows []ledger.Row) []ledger.Row {
			for _, r := range rows {
				r.Cells.Set("mark", strings.Replace(r.Cells.Text("mark"), "abc001", "abc777", 1))
			}
			return rows
		}, "", "2  other_project|3  other_project|4  other_project", true},
		{"a row cut short", func(rows []ledger.Row) []ledger.Row {
			rows[1].Fault = &coverage.Text{Zh: "坏", En: "bad"}
			return rows
		}, "", "3  unreadable", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := threeFindings(t)
			rows := handedOut(t, mustRead(t, p, ""))
			if tt.fill != nil {
				rows = tt.fill(rows)
			}
			report, err := bring(t, p, rows, true)
			var changes, refused []string
			for _, c := range report.Changes {
				changes = append(changes, fmt.Sprintf("%d %s %s>%s", c.Row, c.Field, c.Old, c.New))
			}
			for _, r := range report.Refusals {
				refused = append(refused, fmt.Sprintf("%d %s %s", r.Row, r.Column, r.Code))
				if r.Text.Zh == "" || r.Text.En == "" || r.Hint.Zh == "" || r.Hint.En == "" {
					t.Errorf("%s: not said in both languages what is wrong and what to do: %+v", r.Code, r)
				}
			}
			if got := strings.Join(changes, "|"); got != tt.changes {
				t.Errorf("changes %q, want %q", got, tt.changes)
			}
			if got := strings.Join(refused, "|"); got != tt.refused {
				t.Errorf("refused %q, want %q", got, tt.refused)
			}
			if (coverage.CodeOf(err) == coverage.Refused) != tt.exit || !tt.exit && err != nil {
				t.Errorf("error %v", err)
			}
			// Once more: what was taken over is there now.
			if again, _ := bring(t, p, handedOut(t, mustRead(t, p, "")), true); again.Changed+again.Refused > 0 || len(again.Refusals) > 0 {
				t.Errorf("handed out anew and brought home: %+v", again)
			}
			if again, _ := bring(t, p, rows, true); again.Changed > 0 || len(again.Refusals) != len(report.Refusals) {
				t.Errorf("the same file once more: %+v", again)
			}
		})
	}
}

// put fills cells of the row with that number.
func put(n int, pairs ...string) func([]ledger.Row) []ledger.Row {
	return func(rows []ledger.Row) []ledger.Row {
		for i := 0; i < len(pairs); i += 2 {
			rows[n-2].Cells.Set(pairs[i], pairs[i+1])
		}
		return rows
	}
}

func copied(rows []ledger.Row) []ledger.Row {
	var out []ledger.Row
	for _, r := range rows {
		out = append(out, ledger.Row{N: r.N, Cells: r.Cells.Clone()})
	}
	return out
}

// While the workbook was out, the project went on: what was written and scored in the meantime stays, and what the bureau wrote is taken over.
func TestImportAfterTheProjectWentOn(t *testing.T) {
	p := threeFindings(t)
	rows := handedOut(t, mustRead(t, p, ""))
	set(t, p, ledger.Edit{Finding: "a/school-15", Owner: text("甲"), Note: text("甲的备注")}, ledger.Edit{Finding: "a/clinic-15", Withdraw: true})
	p.score(town(t, hash(2), coverage.Params{}, townCatalog, map[string]string{"a": "udm", "b": "mum"})) // b/park-15 is met now; a figure changed; a new finding
	rows = put(2, "note", "局里的备注", "due", "2026-09-01")(rows)
	rows = put(4, "owner", "园林局", "state", "accepted", "reason", "山地")(rows)
	report, err := bring(t, p, rows, true)
	if err != nil {
		t.Fatal(err)
	}
	want := []ledger.Change{{Row: 2, Finding: "a/school-15", Field: "due", New: "2026-09-01"}, {Row: 4, Finding: "b/park-15", Field: "owner", New: "园林局"}}
	if d := cmp.Diff(want, report.Changes); d != "" {
		t.Error(d)
	}
	var refused []string
	for _, r := range report.Refusals {
		refused = append(refused, fmt.Sprint(r.Row, " ", r.Column, " ", r.Code))
	}
	if got := strings.Join(refused, "|"); got != "2 note changed_meanwhile|4 state is_closed" {
		t.Errorf("refused %s", got)
	}
	if report.Missing != 1 {
		t.Errorf("%d findings are not in the file", report.Missing)
	}
	l := mustRead(t, p, "")
	if f := l.Finding("a/school-15"); f.Owner != "甲" || f.Note != "甲的备注" || f.Due != "2026-09-01" {
		t.Errorf("%+v", f)
	}
	if f := l.Finding("a/clinic-15"); f.State != ledger.Open {
		t.Errorf("the acceptance that was withdrawn meanwhile came back: %+v", f)
	}
}

// Rows of a ledger of other parameters say which one, and how to bring them home.
func TestImportOfAnotherSeries(t *testing.T) {
	p := threeFindings(t)
	rows := handedOut(t, mustRead(t, p, ""))
	p.score(town(t, hash(2), coverage.Params{AssumeComplete: true}, townCatalog, map[string]string{"a": "uum", "b": "mmu"}))
	report, err := bring(t, p, rows, false)
	if coverage.CodeOf(err) != coverage.Refused || report.Refused != 3 || report.Refusals[0].Code != "other_series" || !strings.Contains(err.Error(), "--run "+hash(1)[:12]) {
		t.Errorf("%+v %v", report, err)
	}
	rows[0] = handedOut(t, mustRead(t, p, ""))[0]
	if report, err := bring(t, p, rows, false); err != nil || report.Refused != 2 || report.Unchanged != 1 {
		t.Errorf("one row of this ledger: %+v %v", report, err)
	}
}

// Law: a ledger that comes home as it was handed out changes nothing, whatever was written and scored before and meanwhile, and in whatever order its rows stand.
func TestLawOfTheRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := project()
		n := 0
		score := func() {
			n++
			units := map[string]string{}
			for _, id := range []string{"a", "b", "c"} {
				for range 3 {
					units[id] += rapid.SampledFrom([]string{"m", "u", "d", "n"}).Draw(rt, "verdict")
				}
			}
			p.score(town(t, hash(n), coverage.Params{}, townCatalog, units))
		}
		words := rapid.OneOf(rapid.StringN(0, 30, 200), rapid.SampledFrom([]string{"=1+1", "'=1", "''", "-5", "2026-05-01", "已接受", " ", "a\nb"}))
		write := func() {
			l := mustRead(t, p, "")
			for i := range l.Findings {
				f := &l.Findings[i]
				edit := ledger.Edit{Finding: f.ID, Owner: text(words.Draw(rt, "owner")), Note: text(words.Draw(rt, "note"))}
				if rapid.Bool().Draw(rt, "due") {
					edit.Due = text(fmt.Sprintf("20%02d-%02d-%02d", rapid.IntRange(0, 99).Draw(rt, "y"), rapid.IntRange(1, 12).Draw(rt, "m"), rapid.IntRange(1, 28).Draw(rt, "d")))
				}
				switch rapid.IntRange(0, 3).Draw(rt, "acceptance") {
				case 0:
					edit.Accept = text(words.Draw(rt, "reason"))
				case 1:
					edit.Withdraw = true
				}
				if _, entries, err := l.Set([]ledger.Edit{edit}); err == nil { // what cannot be kept is refused
					if err := l.Save(ctx, p, entries); err != nil {
						rt.Fatal(err)
					}
					l = mustRead(t, p, "")
				}
			}
		}
		for range rapid.IntRange(1, 4).Draw(rt, "rounds") {
			score()
			write()
		}
		rows := rapid.Permutation(handedOut(t, mustRead(t, p, ""))).Draw(rt, "order")
		if rapid.Bool().Draw(rt, "meanwhile") {
			score()
			write()
		}
		report, err := bring(t, p, rows, false)
		if err != nil || report.Changed > 0 || len(report.Refusals) > 0 || report.Unchanged != len(rows) {
			rt.Fatalf("%+v %v", report, err)
		}
	})
}

package ledgerbook_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/coverage/ledger"
	"lifecircle/data/format/ledgerbook"
)

var ctx = context.Background()

// project is one run in memory, and what people wrote.
type project struct {
	run     *coverage.Run
	entries []ledger.Entry
}

func (p *project) Runs(context.Context) ([]coverage.RunInfo, error) {
	return []coverage.RunInfo{p.run.RunInfo}, nil
}
func (p *project) Run(context.Context, string) (*coverage.Run, error) { return p.run, nil }
func (p *project) Scorings(context.Context) ([]ledger.Scoring, error) {
	return []ledger.Scoring{{Seq: 1, Run: p.run.Hash}}, nil
}
func (p *project) LedgerEntries(context.Context, string) ([]ledger.Entry, error) {
	return p.entries, nil
}
func (p *project) SaveLedgerEntries(_ context.Context, _ string, _ int64, entries []ledger.Entry) error {
	for _, e := range entries {
		e.Seq, e.Scoring = int64(len(p.entries)+1), 1
		p.entries = append(p.entries, e)
	}
	return nil
}

// small is a project of neighborhoods that miss one requirement each: a clinic, by land, with 1234.567 people beside.
func small(t testing.TB, names ...string) *project {
	t.Helper()
	services, err := catalog.ParseServices([]byte("services:\n  - {key: clinic, zh: 社区医疗站, en: clinic}\n"), "services.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := catalog.Parse([]byte("id: town\ntitle: {zh: 小城, en: Town}\ntiers: [{id: \"15\", minutes: 15}]\nrequirements: [{service: clinic, tier: \"15\", limit: {radius_m: 500}}]\n"), "town.yaml", services)
	if err != nil {
		t.Fatal(err)
	}
	r := &coverage.Run{RunInfo: coverage.RunInfo{Hash: strings.Repeat("12345678e9", 6) + "0000", Catalog: "town", Params: coverage.Params{Basis: "radius"},
		Marks: []coverage.Mark{{Code: "assumed_complete", Text: coverage.Text{Zh: "假定数据完整", En: "assumed complete"}}}}, Catalog: c,
		Requirements: []coverage.Judged{{ID: c.Requirements[0].ID, Denominator: "land", PassLine: c.Requirements[0].PassLine, Confidence: "A*"}}}
	for i, name := range names {
		r.Subjects = append(r.Subjects, coverage.Subject{ID: fmt.Sprintf("5001030010%02d", i), Name: name, Level: "unit"})
		r.Cells = append(r.Cells, coverage.Cell{Total: 3_000_000, Covered: 1_000_000, Verdict: coverage.Unmet, Others: []coverage.OtherShare{{Denominator: "population", Total: 2_000_000, Covered: 765_433}}})
	}
	return &project{run: r}
}

func (p *project) ledger(t testing.TB) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Read(ctx, p, "")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (p *project) set(t testing.TB, edits ...ledger.Edit) {
	t.Helper()
	l := p.ledger(t)
	_, entries, err := l.Set(edits)
	if err == nil {
		err = l.Save(ctx, p, entries)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// file writes the ledger.
func file(t testing.TB, l *ledger.Ledger, write func(io.Writer, *ledger.Ledger, []ledger.Finding) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b, l, l.Findings); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// home imports a file.
func (p *project) home(t testing.TB, b []byte) (*ledger.Report, []ledger.Entry) {
	t.Helper()
	sheet, err := ledgerbook.Read(bytes.NewReader(b), int64(len(b)), "台账")
	if err != nil {
		t.Fatal(err)
	}
	l := p.ledger(t)
	report, entries, err := l.Import(ctx, sheet.Rows, func(ctx context.Context, n int) (*ledger.Ledger, error) { return ledger.ReadAt(ctx, p, "", n) })
	if err != nil {
		t.Fatal(err)
	}
	return report, entries
}

func text(s string) *string { return &s }

var forms = map[string]func(io.Writer, *ledger.Ledger, []ledger.Finding) error{"xlsx": ledgerbook.WriteXLSX, "csv": ledgerbook.WriteCSV}

// Names and notes that a spreadsheet would run as formulas stay texts, in both forms, and come home as they were.
func TestFormulasStayTexts(t *testing.T) {
	evil := []string{`=cmd|' /C calc'!A0`, "+1+1", "-1+2", "@SUM(A1)", "\t=1", "＝1+1", "'=1", "''", "=1\n=2", `=HYPERLINK("http://x","y")`}
	p := small(t, evil...)
	for i, s := range evil {
		p.set(t, ledger.Edit{Finding: fmt.Sprintf("5001030010%02d/clinic-15", i), Owner: text(s), Note: text(s), Accept: text(s)})
	}
	b := file(t, p.ledger(t), ledgerbook.WriteXLSX)
	for name, part := range parts(t, b) {
		if strings.Contains(part, "<f>") || strings.Contains(part, "<f ") {
			t.Errorf("%s holds a formula", name)
		}
	}
	for _, line := range strings.Split(string(file(t, p.ledger(t), ledgerbook.WriteCSV)), "\r\n") {
		for cell := range strings.SplitSeq(strings.ReplaceAll(line, `"`, ""), ",") {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t") {
				t.Errorf("a spreadsheet runs %q", cell)
			}
		}
	}
	for form, write := range forms {
		report, _ := p.home(t, file(t, p.ledger(t), write))
		if report.Unchanged != len(evil) || len(report.Refusals) > 0 {
			t.Errorf("%s: %+v", form, report)
		}
	}
}

func parts(t testing.TB, workbook []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(workbook), int64(len(workbook)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(b)
	}
	return out
}

// A hand that reruns the export gets the same file: nothing of the clock is in it.
func TestTheSameBytes(t *testing.T) {
	for form, write := range forms {
		p := small(t, "甲", "乙")
		p.set(t, ledger.Edit{Finding: "500103001000/clinic-15", Owner: text("区卫健委"), Due: text("2026-05-01")})
		first := file(t, p.ledger(t), write)
		for range 5 {
			if !bytes.Equal(first, file(t, p.ledger(t), write)) {
				t.Fatalf("%s differs from one writing to the next", form)
			}
		}
	}
}

// What a bureau sees: numbers are numbers, days are days, the header stays in sight, states come from a list, and what is assumed is said.
func TestWorkbook(t *testing.T) {
	p := small(t, "大溪沟社区", "人和街社区")
	p.set(t, ledger.Edit{Finding: "500103001000/clinic-15", Owner: text("区卫健委"), Due: text("2026-05-01")})
	b := file(t, p.ledger(t), ledgerbook.WriteXLSX)
	f, err := excelize.OpenReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const sheet = "台账 Ledger"
	for cell, want := range map[string]string{"A1": "编号 finding", "A2": "500103001000/clinic-15", "B2": "大溪沟社区", "C2": "社区医疗站 / clinic", "D2": "基础保障 basic", "E2": "未达标 unmet", "F2": "1,235", "G2": "未关闭 open",
		"H2": "区卫健委", "I2": "2026-05-01", "I3": "", "M2": "33.3%"} {
		if got, err := f.GetCellValue(sheet, cell); err != nil || got != want {
			t.Errorf("%s shows %q, want %q (%v)", cell, got, want, err)
		}
	}
	for cell, want := range map[string]string{"F2": "1234.567", "I2": "46143", "M2": "0.333333333"} {
		if got, _ := f.GetCellValue(sheet, cell, excelize.Options{RawCellValue: true}); got != want {
			t.Errorf("%s holds %q, want %q", cell, got, want)
		}
	}
	panes, err := f.GetPanes(sheet)
	if err != nil || !panes.Freeze || panes.YSplit != 1 || panes.XSplit != 1 {
		t.Errorf("panes %+v %v", panes, err)
	}
	lists, err := f.GetDataValidations(sheet)
	if err != nil {
		t.Fatal(err)
	}
	choices := map[string]string{}
	for _, v := range lists {
		choices[v.Sqref] = v.Type + " " + v.Formula1
	}
	if got := choices["G2:G3"]; got != `list "未关闭 open,已关闭 closed,重新出现 reopened,已接受 accepted"` && !strings.Contains(got, "已接受 accepted") {
		t.Errorf("choices of states: %v", choices)
	}
	if !strings.HasPrefix(choices["I2:I3"], "date") {
		t.Errorf("days: %v", choices)
	}
	if part := parts(t, b)["xl/worksheets/sheet1.xml"]; !strings.Contains(part, "<autoFilter") || !strings.Contains(part, "<dataValidations") {
		t.Error("no filter or no lists in the sheet")
	}
	rows, err := f.GetRows("说明 About")
	if err != nil || !strings.Contains(fmt.Sprint(rows), "假定数据完整") || !strings.Contains(fmt.Sprint(rows), p.run.Hash) {
		t.Errorf("about: %v %v", rows, err)
	}
}

// A bureau fills the workbook in with its spreadsheet, adds a column of its own, renames the sheet: what it wrote comes home.
func TestFilledInBySpreadsheet(t *testing.T) {
	p := small(t, "甲", "乙", "丙")
	f, err := excelize.OpenReader(bytes.NewReader(file(t, p.ledger(t), ledgerbook.WriteXLSX)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const sheet = "台账 Ledger"
	for cell, v := range map[string]any{"G2": "已接受 accepted", "K2": "山地", "H3": "区卫健委", "I3": "2026年5月1日", "I4": 46143, "J4": "=1+1", "Z1": "自己的列", "Z2": "x"} {
		if err := f.SetCellValue(sheet, cell, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.SetSheetName(sheet, "2026"); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	read, err := ledgerbook.Read(bytes.NewReader(b.Bytes()), int64(b.Len()), "台账.xlsx")
	if err != nil || len(read.Rows) != 3 || read.Rows[0].N != 2 || len(read.Ignored) != 1 || read.Ignored[0] != "自己的列" {
		t.Fatalf("%+v %v", read, err)
	}
	report, entries := p.home(t, b.Bytes())
	want := []ledger.Change{
		{Row: 2, Finding: "500103001000/clinic-15", Field: "state", Old: "open", New: "accepted"}, {Row: 2, Finding: "500103001000/clinic-15", Field: "reason", New: "山地"},
		{Row: 3, Finding: "500103001001/clinic-15", Field: "owner", New: "区卫健委"}, {Row: 3, Finding: "500103001001/clinic-15", Field: "due", New: "2026-05-01"},
		{Row: 4, Finding: "500103001002/clinic-15", Field: "due", New: "2026-05-01"}, {Row: 4, Finding: "500103001002/clinic-15", Field: "note", New: "=1+1"},
	}
	if d := cmp.Diff(want, report.Changes); d != "" || len(report.Refusals) > 0 || len(entries) != 5 {
		t.Errorf("%s %+v", d, report.Refusals)
	}
}

// CSV that went through a Chinese spreadsheet: GBK, semicolons or tabs, numbers cut short.
func TestFilledInAsText(t *testing.T) {
	p := small(t, "甲,“乙”", "乙")
	p.set(t, ledger.Edit{Finding: "500103001001/clinic-15", Note: text("=老\n二")})
	csv := strings.TrimPrefix(string(file(t, p.ledger(t), ledgerbook.WriteCSV)), "\ufeff")
	csv = strings.ReplaceAll(csv, "0.333333333", "0.333333333000")
	csv = strings.ReplaceAll(csv, ",未关闭 open,,,", ",未关闭 open,区卫健委,2026/5/1,")
	gbk, err := simplifiedchinese.GBK.NewEncoder().String(csv)
	if err != nil {
		t.Fatal(err)
	}
	report, _ := p.home(t, []byte(gbk))
	if report.Changed != 2 || len(report.Changes) != 4 || len(report.Refusals) > 0 {
		t.Errorf("%+v", report)
	}
}

// Files that are no ledger are refused as a whole, with what to do; nothing of them is read as if it were one.
func TestNoLedger(t *testing.T) {
	p := small(t, "甲")
	csv := string(file(t, p.ledger(t), ledgerbook.WriteCSV))
	book := file(t, p.ledger(t), ledgerbook.WriteXLSX)
	other := excelize.NewFile()
	defer other.Close()
	_ = other.SetSheetRow("Sheet1", "A1", &[]string{"名称", "地址"})
	_ = other.SetSheetRow("Sheet1", "A2", &[]string{"甲", "乙"})
	var foreign bytes.Buffer
	if err := other.Write(&foreign); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"empty":           nil,
		"another table":   []byte("name,lon\nx,1\n"),
		"another book":    foreign.Bytes(),
		"no mark":         []byte(strings.Replace(csv, "标识 mark", "x", 1)),
		"a column twice":  []byte(strings.Replace(csv, "备注 note", "owner", 1)),
		"a torn workbook": book[:len(book)/2],
		"a picture":       []byte("\x89PNG\r\n\x1a\n\x00\x00\x00"),
		"an old workbook": []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 600)),
	} {
		sheet, err := ledgerbook.Read(bytes.NewReader(b), int64(len(b)), "台账.xlsx")
		e, ok := err.(*coverage.Error)
		if sheet != nil || !ok || e.Code != coverage.Refused || e.File != "台账.xlsx" || e.Text.Zh == "" || e.Text.En == "" {
			t.Errorf("%s: %v %v", name, sheet, err)
		}
	}
}

// A ledger without findings is a file too, and changes nothing.
func TestEmptyLedger(t *testing.T) {
	p := small(t)
	for form, write := range forms {
		if report, _ := p.home(t, file(t, p.ledger(t), write)); report.Rows != 0 || report.Changed != 0 {
			t.Errorf("%s: %+v", form, report)
		}
	}
}

// Law: whatever neighborhoods are called and people write, both forms come home unchanged.
func TestLawOfForms(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		names := rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"_x000D_", "a\r\nb", "[]", "'", "\u0000x", "１", "=1", " 甲 ", "\ufeff甲"})), 1, 4).Draw(rt, "names")
		p := small(t, names...)
		for i := range names {
			word := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"_x0041_", "=1", "'=1", "''=", "a\n b", "#N/A", "1e5", "TRUE", "0012", "2026/5/1"}))
			edit := ledger.Edit{Finding: fmt.Sprintf("5001030010%02d/clinic-15", i), Owner: text(word.Draw(rt, "owner")), Note: text(word.Draw(rt, "note")), Accept: text(word.Draw(rt, "reason"))}
			l := p.ledger(t)
			if _, entries, err := l.Set([]ledger.Edit{edit}); err == nil { // what cannot be kept is refused
				if err := l.Save(ctx, p, entries); err != nil {
					rt.Fatal(err)
				}
			}
		}
		for form, write := range forms {
			report, _ := p.home(t, file(t, p.ledger(t), write))
			if report.Unchanged != len(names) || len(report.Refusals) > 0 {
				rt.Fatalf("%s: %+v of %+v", form, report, p.entries)
			}
		}
	})
}

// FuzzRead has bytes of any kind come home: they end in an error or a report, the report adds up, and what it takes over can be handed out and brought home again.
func FuzzRead(f *testing.F) {
	p := small(f, "甲", "=乙")
	p.set(f, ledger.Edit{Finding: "500103001000/clinic-15", Owner: text("'=x"), Due: text("2026-05-01")})
	csv := file(f, p.ledger(f), ledgerbook.WriteCSV)
	f.Add(csv)
	f.Add(file(f, p.ledger(f), ledgerbook.WriteXLSX))
	f.Add(bytes.ReplaceAll(csv, []byte("未关闭 open"), []byte("已接受")))
	f.Add(bytes.ReplaceAll(csv, []byte("2026-05-01"), []byte("2026年13月1日")))
	f.Add([]byte("finding\tmark\tnote\n500103001000/clinic-15\tlc-x-1-0-abcdef\t\"a\nb\"\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		sheet, err := ledgerbook.Read(bytes.NewReader(b), int64(len(b)), "台账")
		if err != nil {
			return
		}
		p := small(t, "甲", "=乙")
		p.set(t, ledger.Edit{Finding: "500103001000/clinic-15", Owner: text("'=x"), Due: text("2026-05-01")})
		l := p.ledger(t)
		report, entries, err := l.Import(ctx, sheet.Rows, func(ctx context.Context, n int) (*ledger.Ledger, error) { return ledger.ReadAt(ctx, p, "", n) })
		if err != nil && coverage.CodeOf(err) != coverage.Refused {
			t.Fatal(err)
		}
		if report.Rows != report.Changed+report.Unchanged+report.Repeated+report.Refused {
			t.Fatalf("the rows do not add up: %+v", report)
		}
		if err := l.Save(ctx, p, entries); err != nil {
			t.Fatal(err)
		}
		for form, write := range forms {
			if again, _ := p.home(t, file(t, p.ledger(t), write)); again.Unchanged != 2 || len(again.Refusals) > 0 {
				t.Fatalf("%s: %+v", form, again)
			}
		}
	})
}

// A bureau opens the workbook in another spreadsheet and saves it: nothing changes by that alone. Needs LibreOffice.
func TestSavedByLibreOffice(t *testing.T) {
	office, err := exec.LookPath("soffice")
	if err != nil || testing.Short() {
		t.Skip("LibreOffice is not installed, or there is no time")
	}
	p := small(t, "=1+1 上清寺", "大坪", "'丙", "_x0041_")
	p.set(t, ledger.Edit{Finding: "500103001000/clinic-15", Owner: text("=cmd|calc"), Due: text("2026-05-01"), Note: text("一\n二")}, ledger.Edit{Finding: "500103001002/clinic-15", Accept: text("'=1")})
	dir := t.TempDir()
	for form, write := range forms {
		source := filepath.Join(dir, "l."+form)
		if err := os.WriteFile(source, file(t, p.ledger(t), write), 0o644); err != nil {
			t.Fatal(err)
		}
		convert := exec.Command(office, "--headless", "-env:UserInstallation=file://"+filepath.ToSlash(filepath.Join(dir, "profile")), "--infilter=CSV:44,34,76,1", "--convert-to", "xlsx", "--outdir", filepath.Join(dir, "saved"), source)
		if form == "xlsx" {
			convert.Args = slices.DeleteFunc(convert.Args, func(s string) bool { return strings.HasPrefix(s, "--infilter") })
		}
		if out, err := convert.CombinedOutput(); err != nil {
			t.Skipf("LibreOffice does not run here: %v %s", err, out)
		}
		saved, err := os.ReadFile(filepath.Join(dir, "saved", "l.xlsx"))
		if err != nil {
			t.Fatal(err)
		}
		if report, _ := p.home(t, saved); report.Unchanged != 4 || len(report.Refusals) > 0 {
			t.Errorf("%s: %+v", form, report)
		}
	}
}

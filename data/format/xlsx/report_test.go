package xlsx

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"lifecircle/coverage"
	"lifecircle/coverage/report"
)

// hostile are names as people type them, and worse.
var hostile = []string{"=cmd|' /C calc'!A0", "+1", "-2+3", "@SUM(A1)", "渝中区\x00\x07社区", strings.Repeat("长名", 100), "a[b]:*?/\\'c", "שלום مرحبا", "👩‍👩‍👧‍👦", "\ufffe", "<b>&amp;\"'", "_x0041_", strings.Repeat("x", 40_000)}

// sheetOf makes a report of one wide table with every kind of column, and some small ones.
func sheetOf(rows int) *report.Report {
	same := func(s string) report.Text { return report.Text{Zh: s, En: s} }
	wide := &report.Table{Key: "matrix", Caption: report.Text{Zh: "对照表", En: "Matrix"}, Notes: []report.Text{same("分母")}, PageRows: 10, Columns: []report.Column{
		{Key: "id", Title: same("编号")}, {Key: "name", Title: same("名称")}, {Key: "score", Title: same("得分"), Kind: report.KindScore, Scale: 9, Decimals: 2},
		{Key: "people", Title: same("人口"), Kind: report.KindNumber, Scale: 3},
	}}
	for k := range 4 {
		g := same(fmt.Sprintf("要求 %d", k))
		wide.Columns = append(wide.Columns, report.Column{Key: "s", Title: same("覆盖率"), Group: g, Kind: report.KindPercent, Scale: 9, Decimals: 1}, report.Column{Key: "v", Title: same("结论"), Group: g, Kind: report.KindVerdict})
	}
	for i := range rows {
		name := hostile[i%len(hostile)]
		row := []report.Cell{{Text: same(strconv.Itoa(500103001001 + i))}, {Text: same(name)}, {Num: int64(i) * 7_654_321 % 100_000_000_000, Tone: report.ToneScore0}, {Num: int64(i)*1001 + 1, Null: i%5 == 0}}
		for k := range 4 {
			v, tone := report.Text{Zh: "达标", En: "met"}, report.ToneMet
			if (i+k)%3 == 0 {
				v, tone = report.Text{Zh: "未检出", En: "not detected"}, report.ToneNotDetected
			}
			row = append(row, report.Cell{Num: int64(i*k) * 123_457 % 1_000_000_001}, report.Cell{Text: v, Tone: tone})
		}
		wide.Rows = append(wide.Rows, row)
	}
	second, third := *wide, *wide
	second.Caption, third.Caption = same("第二"), same("第三")
	few := &report.Table{Key: "grades", Caption: same("等级"), Columns: wide.Columns[:4]}
	if rows > 1 {
		few.Rows = [][]report.Cell{wide.Rows[0][:4], wide.Rows[1][:4]}
	}
	return &report.Report{Title: same("报告 =1+1"), Area: report.Area{Name: same("渝中区")}, Facts: []report.Fact{{Key: "run", Name: same("评估"), Value: same("=HYPERLINK(\"x\")")}},
		Marks: []coverage.Mark{{Code: "x", Text: same("暂定")}}, Credits: []string{"© OpenStreetMap contributors"},
		Sections: []report.Section{{Key: "a", Title: same("概况"), Blocks: []report.Block{&report.Paragraph{Text: same("-正文")}, few, wide, &second, &third}}}}
}

func written(t testing.TB, r *report.Report, lang string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteReport(&b, r, lang); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Every number of a report is in the workbook with all its digits, every text as it is, and nothing is a formula.
func TestReportReadBack(t *testing.T) {
	r := sheetOf(200)
	f, err := excelize.OpenReader(bytes.NewReader(written(t, r, "zh")))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			for k := range row {
				if x, _ := f.GetCellFormula(sheet, at(k+1, i+1)); x != "" {
					t.Errorf("%s %s is a formula: %s", sheet, at(k+1, i+1), x)
				}
			}
		}
	}
	wide := r.Sections[0].Blocks[2].(*report.Table)
	first := 0
	rows, err := f.GetRows("对照表", excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		if len(rows[i]) > 1 && rows[i][0] == "编号" {
			first = i + 1
		}
	}
	if first == 0 || len(rows) != first+len(wide.Rows) {
		t.Fatalf("head in row %d, %d rows, want %d", first, len(rows), len(wide.Rows))
	}
	for i, want := range wide.Rows {
		for k, c := range wide.Columns {
			got := ""
			if k < len(rows[first+i]) {
				got = rows[first+i][k]
			}
			switch {
			case want[k].Null:
				if got != "" {
					t.Errorf("row %d %s: %q, want it empty", i, c.Key, got)
				}
			case c.Kind == report.KindText || c.Kind == report.KindVerdict:
				if w := clean(want[k].Text.Zh); got != w && !strings.Contains(w, "\ufffd") {
					t.Errorf("row %d %s: %.40q, want %.40q", i, c.Key, got, w)
				}
			default:
				if n, err := strconv.ParseFloat(got, 64); err != nil || n != c.Float(want[k]) {
					t.Errorf("row %d %s: %q, want %v", i, c.Key, got, c.Float(want[k]))
				}
			}
		}
	}
}

// A report of nothing, and one of a row, are workbooks too; the same report is the same bytes.
func TestReportSizes(t *testing.T) {
	for _, n := range []int{0, 1, 50} {
		for _, lang := range []string{"zh", "en"} {
			a, b := written(t, sheetOf(n), lang), written(t, sheetOf(n), lang)
			if !bytes.Equal(a, b) {
				t.Errorf("%d rows, %s: other bytes the second time", n, lang)
			}
			f, err := excelize.OpenReader(bytes.NewReader(a))
			if err != nil {
				t.Fatal(err)
			}
			f.Close()
		}
	}
	if err := WriteReport(&bytes.Buffer{}, &report.Report{}, "zh"); err != nil {
		t.Error(err)
	}
}

// Captions that Excel takes for no sheet's name, or twice, still give sheets of their own.
func TestSheetNames(t *testing.T) {
	b := newBook("x", "y")
	defer b.f.Close()
	seen := map[string]bool{}
	for _, n := range append([]string{"对照表", "对照表", "MATRIX", "matrix", "", strings.Repeat("表", 40), strings.Repeat("表", 41), strings.Repeat("😀", 20)}, hostile...) {
		s := b.sheet(n)
		if seen[strings.ToLower(s)] || s == "" || len([]rune(s)) > maxSheetName || strings.ContainsAny(s, `[]:*?/\'`) {
			t.Errorf("%q → %q", n, s)
		}
		seen[strings.ToLower(s)] = true
	}
	if b.err != nil {
		t.Error(b.err)
	}
}

// LibreOffice opens the workbook and sees the same sheets and numbers.
func TestReportInLibreOffice(t *testing.T) {
	office, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("soffice is not installed: apt-get install libreoffice-calc")
	}
	if testing.Short() {
		t.Skip("LibreOffice takes seconds to start")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "report.xlsx")
	r := sheetOf(30)
	if err := os.WriteFile(path, written(t, r, "en"), 0o644); err != nil {
		t.Fatal(err)
	}
	// all sheets as CSV, one file each, formatted cells off
	c := exec.Command(office, "-env:UserInstallation=file://"+dir+"/profile", "--headless", "--convert-to", `csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1`, "--outdir", dir, path)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b, err := os.ReadFile(filepath.Join(dir, "report-Matrix.csv"))
	if err != nil {
		t.Fatal(err)
	}
	wide := r.Sections[0].Blocks[2].(*report.Table)
	for i, row := range wide.Rows {
		if want := strconv.FormatFloat(wide.Columns[2].Float(row[2]), 'f', -1, 64); !bytes.Contains(b, []byte(want)) {
			t.Errorf("row %d: LibreOffice does not show %s", i, want)
		}
	}
	if !bytes.Contains(b, []byte("=cmd|")) {
		t.Error("a name that looks like a formula is not shown as it is")
	}
}

func BenchmarkWriteReport(b *testing.B) {
	for _, n := range []int{300, 11_270} {
		r := sheetOf(n)
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				written(b, r, "zh")
			}
		})
	}
}

// A share that rounds up to its pass line is shown with all digits, so that nobody reads “80.00 %, unmet”.
func TestShareUnderItsLine(t *testing.T) {
	r := sheetOf(20)
	wide := r.Sections[0].Blocks[2].(*report.Table)
	wide.Rows[3][4] = report.Cell{Num: 799_996_000, Exact: true}
	wide.Rows[4][4] = report.Cell{Num: 799_996_000}
	f, err := excelize.OpenReader(bytes.NewReader(written(t, r, "zh")))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows("对照表")
	if err != nil {
		t.Fatal(err)
	}
	n := len(rows) - len(wide.Rows)
	if got := rows[n+3][4]; got != "79.9996000%" {
		t.Errorf("it shows %s", got)
	}
	if got := rows[n+4][4]; got != "80.00%" {
		t.Errorf("another shows %s", got)
	}
}

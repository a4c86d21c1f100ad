package pdf

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"lifecircle/coverage"
	"lifecircle/coverage/report"
	"lifecircle/data/format/figure"
	"lifecircle/data/format/pages"
)

// odd are names as people type them, and worse.
var odd = []string{"渝中区（上清寺）", strings.Repeat("很长的名字", 40), strings.Repeat("unbreakable", 20), "שלום مرحبا", "👩‍👩‍👧‍👦 é", "=cmd|' /C calc'!A0", "a\x00\x07b", "<b>&amp;(\\)", "\u202eabc", ""}

func same(s string) report.Text { return report.Text{Zh: s, En: s} }

// sample is a report with every kind of block; its table has n rows.
func sample(n int) *report.Report {
	t := &report.Table{Key: "t", Caption: report.Text{Zh: "对照表", En: "Matrix"}, Notes: []report.Text{same("分母")}, Columns: []report.Column{
		{Key: "name", Title: same("名称")}, {Key: "share", Title: same("覆盖率"), Kind: report.KindPercent, Scale: 9, Decimals: 1}, {Key: "people", Title: same("人口"), Kind: report.KindNumber, Scale: 3},
		{Key: "verdict", Title: same("结论"), Kind: report.KindVerdict}}}
	for i := range n {
		t.Rows = append(t.Rows, []report.Cell{{Text: same(odd[i%len(odd)])}, {Num: int64(i) * 12_345_678 % 1_000_000_001}, {Num: int64(i) * 1_234_567, Null: i%7 == 3}, {Text: same("未达标"), Tone: report.ToneFar}})
	}
	hidden := &report.Table{Key: "h", Caption: same("只在工作簿"), SheetOnly: true}
	bars := &report.Figure{Key: "f", Caption: same("得分"), Desc: same("得分"), Table: "t", Plot: &report.Bars{Full: 100, Rows: []report.Bar{{Label: same(odd[1]), Value: 40, Max: 70, Tone: report.ToneScore2, Words: same("40–70")}, {Label: same("无"), Null: true}}}}
	return &report.Report{Title: report.Text{Zh: "渝中区评估报告", En: "Report of Yuzhong"}, Area: report.Area{Name: same("渝中区")}, Facts: []report.Fact{{Key: "run", Name: same("评估"), Value: same("abc")}},
		Marks: []coverage.Mark{{Code: "x", Text: same("服务目录为暂定")}}, Credits: []string{"© OpenStreetMap contributors"}, Sections: []report.Section{
			{Key: "a", Title: same("概况"), Blocks: []report.Block{&report.Paragraph{Text: same(strings.Repeat("正文，", 200))}, &report.Paragraph{Text: same("假定"), Mark: true}, bars, t, hidden}},
			{Key: "b", Title: same("空章")},
		}}
}

func written(t testing.TB, r *report.Report, lang string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r, lang); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The same report is the same bytes; one of nothing, and one of many pages, are PDF too.
func TestSameBytes(t *testing.T) {
	for _, n := range []int{0, 1, 300} {
		for _, lang := range []string{"zh", "en"} {
			a := written(t, sample(n), lang)
			if !bytes.Equal(a, written(t, sample(n), lang)) {
				t.Errorf("%d rows, %s: other bytes the second time", n, lang)
			}
			if !bytes.HasPrefix(a, []byte("%PDF-")) || !bytes.Contains(a, []byte("%%EOF")) {
				t.Errorf("%d rows: no PDF", n)
			}
		}
	}
	written(t, &report.Report{}, "zh")
}

// Another program reads the numbers of the model out of the pages, the contents name the right page, and what the font lacks is said.
func TestReadByPoppler(t *testing.T) {
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not installed: apt-get install poppler-utils")
	}
	path := filepath.Join(t.TempDir(), "report.pdf")
	r := sample(120)
	if err := os.WriteFile(path, written(t, r, "zh"), 0o644); err != nil {
		t.Fatal(err)
	}
	text := func(args ...string) string {
		out, err := exec.Command(tool, append(args, path, "-")...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	all := text("-layout")
	table := r.Sections[0].Blocks[3].(*report.Table)
	for i, row := range table.Rows {
		for k, c := range table.Columns[1:3] {
			if s := c.Show(row[k+1], "zh"); !strings.Contains(all, s) {
				t.Errorf("row %d: %s is not in the PDF", i, s)
			}
		}
	}
	for _, word := range []string{"渝中区（上清寺）", "图 1", "表 1", "只在工作簿", "所用字体缺少下列字符", "U+05E9", "© OpenStreetMap", "服务目录为暂定"} {
		if !strings.Contains(strings.ReplaceAll(all, " ", ""), strings.ReplaceAll(word, " ", "")) {
			t.Errorf("the PDF does not say %q", word)
		}
	}
	var page int
	for _, line := range strings.Split(text("-layout", "-f", "2", "-l", "2"), "\n") {
		if strings.Contains(line, "空章") {
			fields := strings.Fields(line)
			fmt.Sscan(fields[len(fields)-1], &page)
		}
	}
	if at := fmt.Sprint(page); page == 0 || !strings.Contains(text("-f", at, "-l", at), "空章") {
		t.Errorf("the contents have the last chapter on page %d", page)
	}
}

// Lines break where Chinese and Latin may, never before a closing mark, and no line is wider than its column.
func TestWrap(t *testing.T) {
	d := newDocument(&report.Report{}, "zh", nil)
	for _, s := range append([]string{"距离为椭球面上的直线距离，等于限值算达到；公园从边缘算起。（见附录）", "kindergarten within 300 m, clinic"}, odd...) {
		s = d.settable(s)
		for _, width := range []float64{8, 20, 60} {
			joined := ""
			for i, line := range d.wrap(s, 10, width) {
				if w := d.width(line, 10); w > width+0.001 && len([]rune(line)) > 1 {
					t.Errorf("%q is %.2f mm wide in %.0f", line, w, width)
				}
				if rs := []rune(line); i > 0 && width >= 20 && len(rs) > 0 && strings.ContainsRune("，。、；）", rs[0]) {
					t.Errorf("a line begins with %q", rs[0])
				}
				joined += line
			}
			if strings.ReplaceAll(joined, " ", "") != strings.ReplaceAll(s, " ", "") {
				t.Errorf("%q was wrapped to %q", s, joined)
			}
		}
	}
}

// read gives the words of a PDF without white space, page by page.
func read(t *testing.T, pdf []byte) []string {
	t.Helper()
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext is not installed: apt-get install poppler-utils")
	}
	cmd := exec.Command(tool, "-raw", "-", "-")
	cmd.Stdin = bytes.NewReader(pdf)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.Join(strings.FieldsFunc(string(out), func(r rune) bool { return r == ' ' || r == '\n' || r == '\u3000' }), ""), "\f")
}

func of(blocks ...report.Block) *report.Report {
	return &report.Report{Title: same("报告"), Sections: []report.Section{{Key: "a", Title: same("章"), Blocks: blocks}}}
}

// A table with more columns than a page bears is on pages across, in parts that name their rows; every cell is there, none is cut.
func TestWideTable(t *testing.T) {
	table := &report.Table{Key: "t", Caption: same("对照表"), Columns: []report.Column{{Title: same("单元"), Width: 20}}}
	row := []report.Cell{{Text: same("上清寺")}}
	for i := range 40 {
		c := report.Column{Title: same(fmt.Sprintf("要求%d", i)), Kind: report.KindNumber}
		if i >= 4 && i < 8 {
			c.Group = same("五分钟圈")
		}
		table.Columns, row = append(table.Columns, c), append(row, report.Cell{Num: int64(100_000_000 + i)})
	}
	table.Rows = [][]report.Cell{row, row[:3]}
	r := of(table)
	sheets := read(t, written(t, r, "zh"))
	all := strings.Join(sheets, "")
	for i, c := range table.Columns[1:] {
		if s := c.Show(row[i+1], "zh"); !strings.Contains(all, s) || !strings.Contains(all, c.Title.Zh) {
			t.Errorf("%s: %s is not in the PDF", c.Title.Zh, s)
		}
	}
	parts := strings.Count(all, "表1对照表（续）") + 1
	if names := strings.Count(all, "上清寺"); parts < 2 || names != 2*parts {
		t.Errorf("%d parts name their two rows %d times", parts, names)
	}
	if !strings.Contains(all, "五分钟圈") || !strings.Contains(all, "一、章") {
		t.Error("the group of columns or the chapter is not named")
	}
	if len(sheets) < 3 || !strings.Contains(sheets[2], "一、章") || !strings.Contains(sheets[2], "表1对照表") {
		t.Error("the heading of the chapter stands on a page of its own")
	}
	for i, words := range read(t, written(t, of(&report.Paragraph{Text: same("前言")}, table, &report.Paragraph{Text: same("后记")}), "en")) {
		if words != "" && !strings.HasSuffix(words, fmt.Sprint(i+1)) {
			t.Errorf("page %d does not end with its number: %q", i+1, words)
		}
	}
}

// What people write into a cell is there to its end however long it is: it goes on over pages, under the headings.
func TestLongCell(t *testing.T) {
	for _, n := range []int{100, 300, 6000} {
		var long strings.Builder
		for i := range n {
			fmt.Fprintf(&long, "clause%04d ", i)
		}
		table := &report.Table{Key: "t", Caption: same("台账"), Columns: []report.Column{{Title: same("序号"), Kind: report.KindNumber}, {Title: same("备注"), Width: 20}}}
		for i := range 20 {
			table.Rows = append(table.Rows, []report.Cell{{Num: int64(i)}, {Text: same("短")}})
		}
		table.Rows[7][1].Text = same(long.String())
		pages := read(t, written(t, of(table), "zh"))
		all := strings.Join(pages, "")
		for i := range n {
			if s := fmt.Sprintf("clause%04d", i); !strings.Contains(all, s) {
				t.Fatalf("of %d clauses %s is not in the PDF", n, s)
			}
		}
		for i, words := range pages[2:] {
			if strings.Contains(words, "clause") && !strings.Contains(words, "序号备注") {
				t.Errorf("%d clauses: page %d goes on without headings", n, i+3)
			}
		}
		if strings.Contains(all, "…") {
			t.Error("something is cut")
		}
	}
	heading := strings.Repeat("很长的要求名称", 40)
	words := strings.Join(read(t, written(t, of(&report.Table{Key: "t", Columns: []report.Column{{Title: same(heading)}, {Title: same("数"), Kind: report.KindNumber}}, Rows: [][]report.Cell{{{Text: same("值")}, {}}}}), "zh")), "")
	if !strings.Contains(words, "列名全文："+heading) {
		t.Error("a heading that was cut is not in full under the table")
	}
}

// The rows that are left out and the tables for sheets are told of as in the other documents.
func TestSaysWhatIsLeftOut(t *testing.T) {
	r := sample(60)
	table := r.Sections[0].Blocks[3].(*report.Table)
	table.PageRows = 25
	_, left := pages.Rows(table, "en")
	all := strings.Join(read(t, written(t, r, "en")), "")
	for _, s := range []string{left, pages.Elsewhere([]report.Text{same("只在工作簿")}, "en"), pages.Notes(table.Notes, "en"), "Table 1Matrix", "Numbers: Table 1.", pages.Sources(r.Credits, "en")} {
		if s == "" || !strings.Contains(all, strings.ReplaceAll(s, " ", "")) {
			t.Errorf("the PDF does not say %q", s)
		}
	}
	if all := strings.Join(read(t, written(t, of(&report.Table{Key: "t", Columns: table.Columns}, &report.Table{Key: "u"}), "en")), ""); strings.Count(all, "Norows.") != 2 {
		t.Error("tables without rows do not say so")
	}
}

// No line of a drawing runs out of the width that it was laid out for, where that was a guess, and by a few hundredths elsewhere.
func TestWordsKeepToTheirMeasure(t *testing.T) {
	d := newDocument(&report.Report{}, "zh", nil)
	d.page(false)
	for _, s := range append([]string{"Щ · ЖЮ × Œ", "สวัสดี", "👨‍👩‍👧‍👦👍🏽", "渝中区"}, odd...) {
		w := &figure.Words{Text: s, Size: 300}
		_, width := d.fitted(w)
		most := float64(figure.Measure(s, 300, false)) / 100
		if !figure.Guessed(s) {
			most *= 1.03
		}
		if most > 0 && width > most+1e-9 {
			t.Errorf("%q is %.2f mm wide, laid out for %.2f", s, width, most)
		}
	}
}

// A printed page does not tell when it was printed.
func TestUndated(t *testing.T) {
	a := undated([]byte("x /CreationDate (D:20261129101112+00'00')\n/ModDate (D:20261129101112+00'00') y"))
	b := undated([]byte("x /CreationDate (D:20250101000000+00'00')\n/ModDate (D:20250101000000+00'00') y"))
	if !bytes.Equal(a, b) || len(a) != len("x /CreationDate (D:20261129101112+00'00')\n/ModDate (D:20261129101112+00'00') y") {
		t.Errorf("%s\n%s", a, b)
	}
}

// Chromium prints the page where it is installed, twice the same.
func TestByChromium(t *testing.T) {
	path := Chromium()
	if path == "" {
		t.Skip("no Chromium on the path")
	}
	if testing.Short() {
		t.Skip("Chromium takes seconds to start")
	}
	page := []byte("<!doctype html><meta charset=utf-8><title>报告</title><h1>渝中区</h1>")
	a, err := ByChromium(context.Background(), path, page)
	if err != nil {
		t.Fatal(err)
	}
	b, err := ByChromium(context.Background(), path, page)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) || !bytes.HasPrefix(a, []byte("%PDF-")) {
		t.Errorf("%d and %d bytes differ, or are no PDF", len(a), len(b))
	}
	if _, err := ByChromium(context.Background(), filepath.Join(t.TempDir(), "none"), page); coverage.CodeOf(err) != coverage.Unavailable {
		t.Errorf("a browser that is not there: %v", err)
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, n := range []int{100, 1000} {
		r := sample(n)
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				written(b, r, "zh")
			}
		})
	}
}

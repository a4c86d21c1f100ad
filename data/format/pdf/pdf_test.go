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

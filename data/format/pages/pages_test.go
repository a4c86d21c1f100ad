package pages

import (
	"fmt"
	"strings"
	"testing"

	"lifecircle/coverage"
	"lifecircle/coverage/report"
)

func same(s string) report.Text { return report.Text{Zh: s, En: s} }

// Chapters are counted as a Chinese document counts them.
func TestOrdinal(t *testing.T) {
	for n, want := range map[int]string{1: "一、", 9: "九、", 10: "十、", 11: "十一、", 20: "二十、", 21: "二十一、", 90: "九十、", 99: "九十九、", 100: "100、"} {
		if got := Ordinal(n, "zh"); got != want {
			t.Errorf("%d is %s, want %s", n, got, want)
		}
		if got := Ordinal(n, "en"); got != fmt.Sprint(n)+". " {
			t.Errorf("%d is %q in English", n, got)
		}
	}
}

// Figures and tables are counted apart, through all chapters; a table for sheets takes no number and is not referred to.
func TestNumber(t *testing.T) {
	a, sheet, b := &report.Table{Key: "a", Caption: same("甲")}, &report.Table{Key: "s", SheetOnly: true}, &report.Table{Key: "b"}
	f, g := &report.Figure{Key: "a", Caption: same("图甲")}, &report.Figure{Key: "g"}
	n := Number(&report.Report{Sections: []report.Section{{Blocks: []report.Block{f, a, &report.Paragraph{}}}, {Blocks: []report.Block{sheet, g, b}}}})
	if n.Of(f) != 1 || n.Of(g) != 2 || n.Of(a) != 1 || n.Of(b) != 2 || n.Of(sheet) != 0 {
		t.Errorf("figures %d %d, tables %d %d, for sheets %d", n.Of(f), n.Of(g), n.Of(a), n.Of(b), n.Of(sheet))
	}
	if n.Table("b") != b || n.Table("s") != nil || n.Table("none") != nil {
		t.Error("a key leads to the wrong table")
	}
	if Name(true, 3, "zh") != "图 3" || Name(false, 3, "en") != "Table 3" || Caption(f) != same("图甲") || Caption(a) != same("甲") {
		t.Error("figures and tables are not called by their names")
	}
}

// What is shown and what is said to be left out are all rows.
func TestRows(t *testing.T) {
	for _, c := range []struct {
		rows, page, shown int
		says              []string
	}{{0, 0, 0, nil}, {5, 0, 5, nil}, {5, 5, 5, nil}, {2377, 30, 30, []string{"30", "2,377", "2,347"}}, {2500, 0, MaxRows, []string{"2,000", "2,500", "500"}}, {2500, 9999, MaxRows, []string{"2,000"}}} {
		table := &report.Table{Rows: make([][]report.Cell, c.rows), PageRows: c.page}
		for _, lang := range []string{"zh", "en"} {
			rows, left := Rows(table, lang)
			if len(rows) != c.shown || (left == "") != (c.says == nil) {
				t.Errorf("of %d rows %d are shown, and %q is said", c.rows, len(rows), left)
			}
			for _, s := range c.says {
				if !strings.Contains(left, s) {
					t.Errorf("%q does not say %s", left, s)
				}
			}
		}
	}
}

// Sentences of a list end in one stop each; of nothing, nothing is said.
func TestSentences(t *testing.T) {
	notes := []report.Text{{Zh: "分母：人口", En: "denominator: people"}, {Zh: "已截断。", En: "Cut off."}}
	for _, c := range [][2]string{
		{Notes(notes, "zh"), "注：分母：人口。已截断。"}, {Notes(notes, "en"), "Note: denominator: people. Cut off."}, {Notes(nil, "zh"), ""},
		{Elsewhere([]report.Text{same("甲"), same("乙")}, "zh"), "下列表格行列过多，见随附的工作簿：甲；乙。"}, {Elsewhere(nil, "en"), ""},
		{Sources([]string{"a", "b"}, "en"), "Sources: a; b"}, {Sources(nil, "zh"), ""},
	} {
		if c[0] != c[1] {
			t.Errorf("%q, want %q", c[0], c[1])
		}
	}
	r := &report.Report{Marks: []coverage.Mark{{Text: same("暂定。")}, {Text: same("假定")}}}
	if got := Marks(r, "zh", 282, 17000, 3); len(got) != 1 || got[0] != "暂定；假定" {
		t.Errorf("marks are %q", got)
	}
}

// A table of any number of columns stands in parts that the page bears: every column is in them once and in order, every part tells its
// rows apart, and no part is wider than the page.
func TestPieces(t *testing.T) {
	for _, room := range []int{17000, 25700} {
		parts := 0
		for n := 0; n <= 40; n++ {
			table := &report.Table{}
			row := make([]report.Cell, 0, n)
			for i := range n {
				c := report.Column{Key: fmt.Sprint(i), Title: same(fmt.Sprintf("第 %d 项要求", i)), Kind: report.KindNumber}
				cell := report.Cell{Num: 12_345_678}
				if i == 0 {
					c, cell = report.Column{Title: same("名称"), Width: 20}, report.Cell{Text: same("渝中区上清寺街道某某社区")}
				}
				table.Columns, row = append(table.Columns, c), append(row, cell)
			}
			rows := [][]report.Cell{row, row[:min(1, n)]} // the second one is short of cells
			pieces := Pieces(table, rows, room, "zh")
			next := 0
			for k, p := range pieces {
				sum := 0
				for at, i := range p.Columns {
					sum += p.Widths[at]
					if k > 0 && at == 0 {
						if i != 0 {
							t.Fatalf("%d columns: part %d begins with column %d rather than the names", n, k, i)
						}
						continue
					}
					if i != next {
						t.Fatalf("%d columns: column %d stands where %d should", n, i, next)
					}
					next++
				}
				if sum > 1000 || p.Width < 1 || p.Width > 1000 || len(p.Widths) != len(p.Columns) {
					t.Errorf("%d columns: part %d is %d wide of %d, %d thousandths of the page", n, k, sum, 1000, p.Width)
				}
			}
			if next != n || len(pieces) < parts {
				t.Errorf("%d columns: %d are shown, in %d parts", n, next, len(pieces))
			}
			parts = len(pieces)
		}
		if parts < 3 {
			t.Errorf("40 columns stand in %d parts: nothing was broken", parts)
		}
	}
}

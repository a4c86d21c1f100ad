package report

import (
	"strconv"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
)

// Text is a wording in Chinese and English.
type Text = catalog.Text

// Report is a document about one area.
type Report struct {
	Area     Area
	Title    Text
	Facts    []Fact          // what the document rests on: run, catalog, basis, denominator, assumptions
	Marks    []coverage.Mark // what every page must say: assumptions, provisional sources
	Sections []Section
	Credits  []string // attributions of the layers shown, each once
}

// Fact is one line of the cover.
type Fact struct {
	Key   string // stable: area, catalog, basis, denominator, run, algorithm, date …
	Name  Text
	Value Text
}

// Section is a chapter. Figures and tables are numbered through the document in the order in which they stand.
type Section struct {
	Key    string // stable name: anchor of a page, sheet of a workbook
	Title  Text
	Blocks []Block
}

// Block is a paragraph, a table or a figure.
type Block interface{ block() }

// Paragraph is running text.
type Paragraph struct {
	Text Text
	Mark bool // an assumption or limitation: to be set apart, never left out
}

// Table is a table with typed columns.
type Table struct {
	Key     string // stable name, unique in the report: sheet of a workbook, anchor of a page
	Caption Text
	Sheet   Text   // name of its sheet, where the caption is too long for one
	Notes   []Text // what its figures rest on: denominator, basis, catalog, confidence, assumptions
	Columns []Column
	Rows    [][]Cell
	// PageRows bounds the rows that a document in pages shows (0: all); such a document says how many are left out and that the
	// workbook has them all. A workbook and data formats always show all.
	PageRows int
	// SheetOnly tables are for workbooks and data formats: too wide or long for pages.
	SheetOnly bool
	// PageOnly tables are for pages: a workbook has the same figures in another table.
	PageOnly bool
	// Cut is how many rows there are beyond Rows, in the workbook's table only.
	Cut int
}

// paged makes of a table that is too wide for pages one with some of its columns, for pages only; the table itself is then for sheets.
func paged(t *Table, columns ...string) *Table {
	t.SheetOnly = true
	out := &Table{Key: t.Key + "-page", Caption: t.Caption, Notes: t.Notes, PageRows: t.PageRows, PageOnly: true}
	var from []int
	for _, key := range columns {
		for k := range t.Columns {
			if t.Columns[k].Key == key {
				from = append(from, k)
				out.Columns = append(out.Columns, t.Columns[k])
			}
		}
	}
	rows := t.Rows
	if t.PageRows > 0 { // of a large table no more than pages show
		rows = rows[:min(len(rows), t.PageRows)]
		out.Cut = len(t.Rows) - len(rows)
	}
	for _, row := range rows {
		cells := make([]Cell, len(from))
		for i, k := range from {
			cells[i] = row[k]
		}
		out.Rows = append(out.Rows, cells)
	}
	return out
}

// Kind says what a column's cells are.
type Kind uint8

// Kinds of columns. Numbers are Cell.Num · 10^−Scale.
const (
	KindText    Kind = iota // Cell.Text
	KindNumber              // a number with Decimals digits shown
	KindPercent             // a share: shown × 100 with Decimals digits, cut off, never rounded up over a line
	KindScore               // points of 100: cut off likewise
	KindVerdict             // Cell.Text in words, Cell.Tone
)

// Column is a column of a table.
type Column struct {
	Key      string // stable name
	Title    Text
	Group    Text // columns of one group stand under a common heading; empty: none
	Kind     Kind
	Scale    int // Cell.Num is in units of 10^−Scale
	Decimals int // digits shown on pages
	Width    int // characters, a hint for sheets; 0: by kind
}

// Cell is one cell: a text, a number, or unknown (Null).
type Cell struct {
	Text Text
	Num  int64
	Null bool // unknown: shown as –, empty in a workbook
	// Exact asks a workbook for all digits: rounded to its two the number would look as if it reached a line that it misses.
	Exact bool
	Tone  Tone // its colour; ToneNone: none
}

// Figure is a drawing with its caption, the words for who cannot see it, and the numbers behind it.
type Figure struct {
	Key     string // stable name, unique in the report
	Caption Text
	Desc    Text   // what is to be seen, in a sentence or two
	Notes   []Text // as of a table
	Plot    Plot
	Data    *Table // the numbers behind it; nil where a table of the same section has them (Table names it)
	Table   string // key of that table
}

func (*Paragraph) block() {}
func (*Table) block()     {}
func (*Figure) block()    {}

// words makes a cell of words, number one of a number.
func words(zh, en string) Cell       { return Cell{Text: Text{Zh: zh, En: en}} }
func text(t Text) Cell               { return Cell{Text: t} }
func plain(s string) Cell            { return Cell{Text: Text{Zh: s, En: s}, Null: s == ""} }
func number(n int64) Cell            { return Cell{Num: n} }
func numberIf(ok bool, n int64) Cell { return Cell{Num: n, Null: !ok} }

// below marks a number that misses a line: both in units of 10^−scale, two digits shown (of a percentage if percent).
func below(n, line int64, scale int, percent bool) bool {
	digits := scale - 2
	if percent {
		digits -= 2
	}
	return n < line && cut(round(n, digits), -digits) >= line
}

// lineDigits gives the decimals that show every one of some shares (in millionths) whole: a line is never cut.
func lineDigits(lines ...int64) int {
	digits := 0
	for _, l := range lines {
		for digits < 4 && l%pow10(4-digits) != 0 {
			digits++
		}
	}
	return digits
}

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

// Dash is how documents show what is not known.
const Dash = "–"

// Show gives a cell as a document in pages shows it. Percentages and scores are cut off after their digits, not rounded, so that
// what misses a line never looks as if it reached it; other numbers are rounded half up. Digits are grouped by commas.
func (c Column) Show(cell Cell, lang string) string {
	if cell.Null {
		return Dash
	}
	switch c.Kind {
	case KindText, KindVerdict:
		return cell.Text.In(lang)
	case KindPercent:
		return decimal(cut(cell.Num, c.Scale-2-c.Decimals), c.Decimals) + "%"
	case KindScore:
		return decimal(cut(cell.Num, c.Scale-c.Decimals), c.Decimals)
	}
	return decimal(round(cell.Num, c.Scale-c.Decimals), c.Decimals)
}

// cut takes digits off towards zero; fewer than none puts zeros on.
func cut(n int64, digits int) int64 {
	for ; digits < 0; digits++ {
		n *= 10
	}
	for ; digits > 0; digits-- {
		n /= 10
	}
	return n
}

// round takes digits off, a half upwards (away from zero).
func round(n int64, digits int) int64 {
	if digits <= 0 {
		return cut(n, digits)
	}
	n = cut(n, digits-1)
	if n < 0 {
		return -((-n + 5) / 10)
	}
	return (n + 5) / 10
}

// decimal writes n · 10^−decimals, thousands grouped by commas.
func decimal(n int64, decimals int) string {
	s := string(coverage.AppendDecimal(nil, n, decimals))
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	whole, rest := s, ""
	if decimals > 0 {
		whole, rest = s[:len(s)-decimals-1], s[len(s)-decimals-1:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return sign + whole + rest
}

// count writes a whole number with its thousands grouped.
func count(n int) string { return decimal(int64(n), 0) }

// Float gives a number for a workbook: the decimal that it is, read back by strconv.
func (c Column) Float(cell Cell) float64 {
	f, _ := strconv.ParseFloat(string(coverage.AppendDecimal(nil, cell.Num, c.Scale)), 64) // digits only: it cannot fail
	return f
}

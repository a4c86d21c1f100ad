package ledgerbook

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"github.com/rivo/uniseg"
	"github.com/xuri/excelize/v2"

	"lifecircle/coverage"
	"lifecircle/coverage/ledger"
	"lifecircle/data/format/csv"
)

// Sheets of the workbook; only the first is read.
const (
	sheetLedger = "台账 Ledger"
	sheetAbout  = "说明 About"
)

// madeAt stands where a workbook says when it was made: the same ledger is the same bytes.
const madeAt = "2000-01-01T00:00:00Z"

// maxRows is how many rows of findings a sheet can hold.
const maxRows = excelize.TotalRows - 1

// escaped begins the marks of rows whose texts have an apostrophe before what would be run as a formula: the rows of CSV, into whatever they are saved later.
const escaped = "t"

// WriteCSV writes findings of a ledger as CSV: UTF-8 with BOM, one header row.
func WriteCSV(w io.Writer, l *ledger.Ledger, findings []ledger.Finding) error {
	t := l.Table(findings)
	each := t.Each
	t.Each = func(yield func(string, []coverage.Value, orb.Geometry) error) error {
		return each(func(id string, row []coverage.Value, g orb.Geometry) error {
			for i := range row {
				switch c := &ledger.Columns[i]; {
				case c.Key == ledger.MarkColumn:
					row[i].Text = escaped + row[i].Text
				case c.Type == coverage.TextColumn && strings.HasPrefix(row[i].Text, "'"):
					row[i].Text = "'" + row[i].Text // reading takes one away
				}
			}
			return yield(id, row, g)
		})
	}
	return csv.Write(w, &t)
}

// WriteXLSX writes findings of a ledger as a workbook. Refused if there are more than a sheet can hold.
func WriteXLSX(w io.Writer, l *ledger.Ledger, findings []ledger.Finding) error {
	if len(findings) > maxRows {
		e := coverage.Errorf(coverage.Refused, "有 %[1]d 条，一张工作表只能放 %[2]d 行", "there are %[1]d findings; a sheet holds %[2]d rows", len(findings), maxRows)
		e.Hint = coverage.Text{Zh: "用 --neighborhood、--requirement 或 --state 分成几个文件，或导出 CSV", En: "make several files with --neighborhood, --requirement or --state, or write CSV"}
		return e
	}
	b := &book{f: excelize.NewFile(), l: l}
	defer b.f.Close()
	b.do(b.f.SetDocProps(&excelize.DocProperties{Title: sheetLedger + " " + l.Run.Catalog, Creator: "lifecircle", LastModifiedBy: "lifecircle", Created: madeAt, Modified: madeAt}))
	b.styles()
	b.do(b.f.SetSheetName(b.f.GetSheetName(0), sheetLedger))
	_, err := b.f.NewSheet(sheetAbout)
	b.do(err)
	b.about(len(findings))
	b.sheet(findings)
	if b.err != nil {
		return fmt.Errorf("writing the ledger: %w", b.err)
	}
	return b.f.Write(w)
}

// book fills a workbook; after an error it does nothing.
type book struct {
	f    *excelize.File
	l    *ledger.Ledger
	head [2]int // styles of headers: of columns that follow from the runs, and that may be filled in
	cell [2]map[string]int
	text int
	err  error
}

func (b *book) do(err error) {
	if b.err == nil {
		b.err = err
	}
}

// Kinds of cells.
const (
	kindText   = "text"
	kindShare  = "share"
	kindPeople = "people"
	kindDate   = "date"
)

func kind(c *ledger.Column) string {
	switch {
	case c.Key == string(ledger.FieldDue):
		return kindDate
	case c.Type != coverage.DecimalColumn:
		return kindText
	case c.Decimals == 3:
		return kindPeople
	}
	return kindShare
}

func (b *book) styles() {
	style := func(s excelize.Style) int {
		id, err := b.f.NewStyle(&s)
		b.do(err)
		return id
	}
	top := &excelize.Alignment{Vertical: "top", WrapText: true}
	line := []excelize.Border{}
	for _, side := range []string{"left", "right", "top", "bottom"} {
		line = append(line, excelize.Border{Type: side, Style: 1, Color: "D0D0D0"})
	}
	fill := func(color string) excelize.Fill {
		return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{color}}
	}
	b.text = style(excelize.Style{NumFmt: 49, Alignment: top})
	for edit, colors := range [2][2]string{{"D9D9D9", "F2F2F2"}, {"FFE699", "FFFFFF"}} {
		b.head[edit] = style(excelize.Style{Font: &excelize.Font{Bold: true}, Fill: fill(colors[0]), Alignment: top, Border: line})
		b.cell[edit] = map[string]int{}
		for _, k := range [][2]string{{kindText, "@"}, {kindShare, "0.0%"}, {kindPeople, "#,##0"}, {kindDate, "yyyy-mm-dd"}} {
			b.cell[edit][k[0]] = style(excelize.Style{CustomNumFmt: &k[1], Fill: fill(colors[1]), Alignment: &excelize.Alignment{Vertical: "top", WrapText: edit == 1}, Border: line})
		}
	}
}

func side(c *ledger.Column) int {
	if c.Edit {
		return 1
	}
	return 0
}

func (b *book) sheet(findings []ledger.Finding) {
	last := max(len(findings)+1, 2)
	for i := range ledger.Columns {
		b.choices(&ledger.Columns[i], column(i), last)
	}
	b.do(b.f.AutoFilter(sheetLedger, "A1:"+column(len(ledger.Columns)-1)+fmt.Sprint(last), nil))
	b.page(sheetLedger, 8) // A3
	b.do(b.f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", RefersTo: "'" + sheetLedger + "'!$1:$1", Scope: sheetLedger}))
	b.do(b.f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Area", RefersTo: fmt.Sprintf("'%s'!$A$1:$%s$%d", sheetLedger, column(printed()), last), Scope: sheetLedger}))
	s, err := b.f.NewStreamWriter(sheetLedger)
	if err != nil {
		b.do(err)
		return
	}
	for i := range ledger.Columns {
		c := &ledger.Columns[i]
		b.do(s.SetColWidth(i+1, i+1, c.Width))
	}
	b.do(s.SetPanes(&excelize.Panes{Freeze: true, XSplit: 1, YSplit: 1, TopLeftCell: "B2", ActivePane: "bottomRight"}))
	row := make([]any, len(ledger.Columns))
	for i := range ledger.Columns {
		c := &ledger.Columns[i]
		row[i] = excelize.Cell{StyleID: b.head[side(c)], Value: c.Header()}
	}
	b.do(s.SetRow("A1", row, excelize.RowOpts{Height: 32}))
	t := b.l.Table(findings)
	n := 1
	b.do(t.Each(func(_ string, values []coverage.Value, _ orb.Geometry) error {
		n++
		lines := 1
		for i, v := range values {
			c := &ledger.Columns[i]
			if c.Edit {
				lines = max(lines, lineCount(v.Text, c.Width))
			}
			row[i] = excelize.Cell{StyleID: b.cell[side(c)][kind(c)], Value: value(c, v)}
		}
		if lines > 1 { // a spreadsheet does not find the height by itself
			return s.SetRow("A"+fmt.Sprint(n), row, excelize.RowOpts{Height: float64(min(15*lines, 400))})
		}
		return s.SetRow("A"+fmt.Sprint(n), row)
	}))
	b.do(s.Flush())
}

// lineCount is how many lines a text takes in a column; Chinese characters take two places.
func lineCount(text string, width float64) int {
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		n += 1 + max(0, uniseg.StringWidth(line)-1)/max(1, int(width)-4)
	}
	return n
}

// printed is the last column that goes on paper: behind it stand codes.
func printed() int {
	return slices.IndexFunc(ledger.Columns, func(c ledger.Column) bool { return c.Key == "confidence" })
}

func ptr[T any](v T) *T { return &v }

// page has a sheet printed across, as wide as the paper.
func (b *book) page(sheet string, paper int) {
	b.do(b.f.SetPageLayout(sheet, &excelize.PageLayoutOptions{Orientation: ptr("landscape"), Size: &paper, FitToWidth: ptr(1), FitToHeight: ptr(0)}))
	b.do(b.f.SetSheetProps(sheet, &excelize.SheetPropsOptions{FitToPage: ptr(true)}))
}

// value gives a cell as a workbook holds it: numbers as numbers, days as days, everything else as text.
func value(c *ledger.Column, v coverage.Value) any {
	switch {
	case v.Null:
		return nil
	case c.Type == coverage.DecimalColumn:
		scale := 1.0
		for range c.Decimals {
			scale *= 10
		}
		return float64(v.Int) / scale
	case kind(c) == kindDate:
		if day, err := time.Parse(time.DateOnly, v.Text); err == nil {
			return int(day.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)).Hours() / 24)
		}
	}
	return v.Text
}

func column(i int) string {
	name, _ := excelize.ColumnNumberToName(i + 1) // small and positive
	return name
}

// choices gives a column that may be filled in its list, and says what its cells hold.
func (b *book) choices(c *ledger.Column, name string, last int) {
	if !c.Edit {
		return
	}
	v := excelize.NewDataValidation(true)
	v.SetSqref(fmt.Sprintf("%[1]s2:%[1]s%[2]d", name, last))
	switch {
	case c.Words != nil:
		var words []string
		for _, w := range c.Words {
			words = append(words, w.Text)
		}
		b.do(v.SetDropList(words))
		v.SetError(excelize.DataValidationErrorStyleStop, c.Name.Zh, "从列表中选择 (choose one of the list)")
	case kind(c) == kindDate:
		b.do(v.SetRange(36526, 109574, excelize.DataValidationTypeDate, excelize.DataValidationOperatorBetween)) // 2000-01-01 to 2199-12-31
		v.SetError(excelize.DataValidationErrorStyleWarning, c.Name.Zh, "日期，如 2026-05-01 (a date)")
	case c.Help == (coverage.Text{}):
		return
	}
	if c.Help != (coverage.Text{}) {
		v.SetInput(c.Name.Zh, c.Help.Zh+"\n"+c.Help.En)
	}
	b.do(b.f.AddDataValidation(sheetLedger, v))
}

// aboutWidth is how wide the sheet About's second column is, in characters.
const aboutWidth = 100

// about says what the ledger is of, and how it is filled in.
func (b *book) about(n int) {
	l, row := b.l, 0
	line := func(what coverage.Text, text string) {
		row++
		for i, s := range []string{strings.TrimSpace(what.Zh + "\n" + what.En), text} {
			at := column(i) + fmt.Sprint(row)
			b.do(b.f.SetCellStr(sheetAbout, at, s))
			style := b.text
			if i == 0 {
				style = b.head[0]
			}
			b.do(b.f.SetCellStyle(sheetAbout, at, at, style))
		}
		b.do(b.f.SetRowHeight(sheetAbout, row, float64(15*max(2, lineCount(text, aboutWidth)))))
	}
	both := func(t coverage.Text) string { return strings.TrimSpace(t.Zh + "\n" + t.En) }
	line(say("目录", "catalog"), strings.TrimSpace(l.Run.Catalog+"\n"+both(l.Title)))
	line(say("口径", "basis"), l.Run.Params.Basis)
	if d := l.Run.Params.Denominator; d != "" {
		line(say("分母", "denominator"), d)
	}
	line(say("最新评估", "latest run"), l.Run.Hash)
	line(say("评估次数", "scorings"), fmt.Sprint(len(l.Scorings)))
	line(say("条数", "findings"), fmt.Sprint(n))
	for _, m := range l.Run.Marks {
		line(say("须注明", "to be said"), both(m.Text))
	}
	line(say("填写", "filling in"), both(say("只填黄色表头的列：状态、责任单位、期限、备注、接受理由。其余由评估得出，改动不采用并会报告。",
		"Fill in the columns with yellow headers only: state, owner, due, note, reason. The others follow from the runs; changes there are reported and not taken over.")))
	line(say("回收", "bringing it home"), both(say("可排序、筛选、删行；“编号”“标识”两列须保留。运行 lifecircle ledger import 项目.gpkg 本文件，逐条报告改了什么、拒绝了什么和怎样改。",
		"Rows may be sorted, filtered and removed; the columns finding and mark must stay. lifecircle ledger import PROJECT.gpkg FILE reports what changed, what was refused and what to do.")))
	for i := range ledger.Columns {
		if c := &ledger.Columns[i]; c.Help != (coverage.Text{}) {
			line(coverage.Text{Zh: c.Name.Zh, En: c.Name.En}, both(c.Help))
		}
	}
	b.do(b.f.SetColWidth(sheetAbout, "A", "A", 20))
	b.do(b.f.SetColWidth(sheetAbout, "B", "B", aboutWidth))
	b.page(sheetAbout, 9) // A4
}

func say(zh, en string) coverage.Text { return coverage.Text{Zh: zh, En: en} }

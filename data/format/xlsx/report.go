package xlsx

import (
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"

	"lifecircle/coverage/report"
)

// WriteReport writes a report as a workbook in a language ("zh" or "en"): a cover with contents, the running text, and a sheet for every
// table, also those behind figures. Numbers are numbers with all their digits, unknown is an empty cell, every text is a text and
// never a formula. Colours of scores and verdicts are conditional formats, so that they follow sorting and editing. A table with
// more rows than a sheet can hold goes on in further sheets.
func WriteReport(w io.Writer, r *report.Report, lang string) error {
	b := newBook(r.Title.In(lang), r.Area.Name.In(lang))
	defer b.f.Close()
	s := &sheets{book: b, lang: lang, title: r.Title.In(lang), marks: r}
	cover := b.sheet(s.in("封面", "Cover"))
	s.text(r)
	var large, few []*report.Table
	for _, t := range tables(r) {
		if small(t) {
			few = append(few, t)
		} else {
			large = append(large, t)
		}
	}
	s.statistics(few)
	for _, t := range large {
		s.table(t)
	}
	s.cover(cover, r)
	if b.err != nil {
		return fmt.Errorf("writing the workbook: %w", b.err)
	}
	return b.f.Write(w)
}

// tables lists the tables of a report that a workbook shows, also those behind figures.
func tables(r *report.Report) []*report.Table {
	var out []*report.Table
	for _, section := range r.Sections {
		for _, block := range section.Blocks {
			switch block := block.(type) {
			case *report.Table:
				if !block.PageOnly {
					out = append(out, block)
				}
			case *report.Figure:
				if block.Data != nil {
					out = append(out, block.Data)
				}
			}
		}
	}
	return out
}

// small tells whether a table shares a sheet with others: counts and classes, a few rows whatever the size of the city.
func small(t *report.Table) bool {
	return len(t.Rows) <= 12 && len(t.Columns) <= 7 && t.PageRows == 0 && !t.SheetOnly
}

// sheets writes the sheets of a report.
type sheets struct {
	*book
	lang, title string
	marks       *report.Report
	contents    []content
}

// content is a line of the contents.
type content struct {
	caption, sheet string
	rows           int
}

func (s *sheets) in(zh, en string) string { return report.Text{Zh: zh, En: en}.In(s.lang) }

// set writes a text into a cell of a small sheet.
func (s *sheets) set(sheet string, column, row int, text string, l look) {
	cell := at(column, row)
	s.do(s.f.SetCellStr(sheet, cell, clean(text)))
	s.do(s.f.SetCellStyle(sheet, cell, cell, s.style(l)))
}

// cover writes the first sheet: title, what the report rests on, marks, contents.
func (s *sheets) cover(sheet string, r *report.Report) {
	s.do(s.f.SetColWidth(sheet, "A", "A", 26))
	s.do(s.f.SetColWidth(sheet, "B", "B", 90))
	s.set(sheet, 1, 1, r.Title.In(s.lang), look{bold: true, size: 18, plain: true})
	row := 3
	for _, f := range r.Facts {
		s.set(sheet, 1, row, f.Name.In(s.lang), look{bold: true})
		s.set(sheet, 2, row, f.Value.In(s.lang), look{format: "@"})
		row++
	}
	for _, m := range r.Marks {
		s.set(sheet, 1, row, s.in("注意", "note"), look{bold: true, fill: report.ToneMark.Hex()})
		s.set(sheet, 2, row, m.Text.In(s.lang), look{fill: report.ToneMark.Hex(), format: "@"})
		row++
	}
	for _, c := range r.Credits {
		s.set(sheet, 1, row, s.in("署名", "attribution"), look{bold: true})
		s.set(sheet, 2, row, c, look{format: "@"})
		row++
	}
	row++
	s.set(sheet, 1, row, s.in("目录", "Contents"), look{bold: true, size: 14, plain: true})
	row++
	for _, c := range s.contents {
		s.set(sheet, 1, row, c.sheet, look{link: true})
		s.do(s.f.SetCellHyperLink(sheet, at(1, row), "'"+strings.ReplaceAll(c.sheet, "'", "''")+"'!A1", "Location"))
		words := c.caption
		if c.rows >= 0 {
			words += s.in(fmt.Sprintf("（%d 行）", c.rows), fmt.Sprintf(" (%d rows)", c.rows))
		}
		s.set(sheet, 2, row, words, look{})
		row++
	}
	off := false
	s.do(s.f.SetSheetView(sheet, 0, &excelize.ViewOptions{ShowGridLines: &off}))
	s.printed(sheet, s.title, 0, 0)
}

// text writes the running text of all sections.
func (s *sheets) text(r *report.Report) {
	sheet := s.sheet(s.in("说明", "Text"))
	s.contents = append(s.contents, content{s.in("正文：概况、方法与定义", "Running text: overview, method, definitions"), sheet, -1})
	s.do(s.f.SetColWidth(sheet, "A", "A", 120))
	s.set(sheet, 1, 1, s.title, look{bold: true, size: 14, plain: true})
	row := 2
	for _, section := range r.Sections {
		row++
		first := true
		for _, block := range section.Blocks {
			p, ok := block.(*report.Paragraph)
			if !ok {
				continue
			}
			if first {
				s.set(sheet, 1, row, section.Title.In(s.lang), look{bold: true, size: 12})
				first = false
				row++
			}
			l := look{format: "@"}
			if p.Mark {
				l.fill = report.ToneMark.Hex()
			}
			words := p.Text.In(s.lang)
			s.set(sheet, 1, row, words, l)
			s.do(s.f.SetRowHeight(sheet, row, 15*float64(1+width(words)/118)))
			row++
		}
	}
	s.printed(sheet, s.title, 0, 0)
}

// statistics writes small tables into one sheet, one below the other.
func (s *sheets) statistics(list []*report.Table) {
	if len(list) == 0 {
		return
	}
	sheet := s.sheet(s.in("统计", "Statistics"))
	s.do(s.f.SetColWidth(sheet, "A", "A", 44))
	s.do(s.f.SetColWidth(sheet, "B", "G", 16))
	const columns, room = 7, 44 + 6*16
	line := func(row int, text string, l look, size int) { // across the sheet
		s.set(sheet, 1, row, text, l)
		s.do(s.f.MergeCell(sheet, at(1, row), at(columns, row)))
		s.do(s.f.SetRowHeight(sheet, row, lineHeight(text, room, size).Height))
	}
	line(1, s.title, look{bold: true, size: 14}, 20)
	row := 2
	for _, m := range s.marks.Marks {
		line(row, m.Text.In(s.lang), look{fill: report.ToneMark.Hex()}, 15)
		row++
	}
	for _, t := range list {
		row++
		s.contents = append(s.contents, content{t.Caption.In(s.lang), sheet, len(t.Rows)})
		line(row, t.Caption.In(s.lang), look{bold: true, size: 12}, 18)
		for _, n := range t.Notes {
			row++
			line(row, n.In(s.lang), look{}, 15)
		}
		row++
		for k := range t.Columns {
			s.set(sheet, k+1, row, t.Columns[k].Title.In(s.lang), look{head: true})
		}
		for _, r := range t.Rows {
			row++
			for k := range t.Columns {
				cell := s.cell(&t.Columns[k], &r[k], false)
				s.do(s.f.SetCellValue(sheet, at(k+1, row), cell.Value))
				s.do(s.f.SetCellStyle(sheet, at(k+1, row), at(k+1, row), cell.StyleID))
			}
		}
		row++
	}
	s.printed(sheet, s.title, 0, 0)
}

// numberFormat is how a column's numbers show.
func numberFormat(c *report.Column) string {
	switch c.Kind {
	case report.KindPercent:
		return "0.00%"
	case report.KindScore:
		return "0.00"
	case report.KindNumber:
		if c.Decimals > 0 {
			return "#,##0." + strings.Repeat("0", c.Decimals)
		}
		return "#,##0"
	}
	return "@"
}

// exactFormat shows every digit of a column's numbers.
func exactFormat(c *report.Column) string {
	digits := c.Scale
	if c.Kind == report.KindPercent {
		return "0." + strings.Repeat("0", max(1, digits-2)) + "%"
	}
	return "0." + strings.Repeat("0", max(1, digits))
}

// table writes a table into a sheet of its own, or several where one cannot hold it.
func (s *sheets) table(t *report.Table) {
	head := 4 + len(t.Notes)
	room := maxSheetRows - head - 2
	for first, n := 0, 1; first == 0 || first < len(t.Rows); first, n = first+room, n+1 {
		caption := t.Caption.In(s.lang)
		if n > 1 {
			caption += s.in(fmt.Sprintf("（续 %d）", n), fmt.Sprintf(" (continued, %d)", n))
		}
		s.part(t, t.Rows[first:min(first+room, len(t.Rows))], caption)
	}
}

// part writes some rows of a table into a sheet.
func (s *sheets) part(t *report.Table, rows [][]report.Cell, caption string) {
	if s.err != nil {
		return
	}
	name := caption
	if short := t.Sheet.In(s.lang); short != "" {
		name = short
	}
	sheet := s.sheet(name)
	s.contents = append(s.contents, content{caption, sheet, len(rows)})
	grouped, lines := false, 1
	widths := make([]int, len(t.Columns))
	for i := range t.Columns {
		grouped = grouped || t.Columns[i].Group != report.Text{}
		widths[i] = s.columnWidth(t, i, rows)
		lines = max(lines, 1+(width(t.Columns[i].Title.In(s.lang))-1)/max(1, widths[i]-1))
	}
	var marks []string
	for _, m := range s.marks.Marks {
		marks = append(marks, m.Text.In(s.lang))
	}
	headRow := 3 + len(t.Notes)
	if len(marks) > 0 {
		headRow++
	}
	top := headRow
	if grouped {
		headRow++
	}
	s.printed(sheet, s.title, top, headRow) // before the rows are streamed: what follows them is written at the end
	w, err := s.f.NewStreamWriter(sheet)
	if s.do(err); err != nil {
		return
	}
	for i, n := range widths {
		s.do(w.SetColWidth(i+1, i+1, float64(n)))
	}
	still := 1
	if len(t.Columns) > 8 {
		still = 2
	}
	s.do(w.SetPanes(&excelize.Panes{Freeze: true, XSplit: still, YSplit: headRow, TopLeftCell: at(still+1, headRow+1), ActivePane: "bottomRight",
		Selection: []excelize.Selection{{SQRef: at(still+1, headRow+1), ActiveCell: at(still+1, headRow+1), Pane: "bottomRight"}}}))
	room := 0
	for _, n := range widths {
		room += n
	}
	row := 1
	put := func(text string, l look, size int) { // across the whole table
		s.do(w.SetRow(at(1, row), []any{excelize.Cell{StyleID: s.style(l), Value: clean(text)}}, lineHeight(text, room, size)))
		if len(t.Columns) > 1 {
			s.do(w.MergeCell(at(1, row), at(len(t.Columns), row)))
		}
		row++
	}
	put(caption, look{bold: true, size: 14}, 20)
	for _, n := range t.Notes {
		put(n.In(s.lang), look{}, 15)
	}
	if len(marks) > 0 {
		put(s.in("注意：", "Note: ")+strings.Join(marks, s.in("；", "; ")), look{fill: report.ToneMark.Hex()}, 15)
	}
	row++
	if grouped {
		s.groups(w, t, row)
		row++
	}
	heads := make([]any, len(t.Columns))
	for i := range t.Columns {
		heads[i] = excelize.Cell{StyleID: s.style(look{head: true}), Value: clean(t.Columns[i].Title.In(s.lang))}
	}
	s.do(w.SetRow(at(1, row), heads, excelize.RowOpts{Height: float64(4 + 15*lines)}))
	if row != headRow {
		s.do(fmt.Errorf("the head of %s is in row %d, not %d", t.Key, row, headRow))
	}
	painted := s.conditions(sheet, t, rows, headRow+1)
	s.rows(w, t, rows, headRow+1, painted)
	last := headRow + max(1, len(rows))
	s.do(s.f.AutoFilter(sheet, at(1, headRow)+":"+at(len(t.Columns), last), nil))
	s.do(w.Flush())
}

// lineHeight makes a row high enough for a text that wraps in a room of so many characters.
func lineHeight(text string, room, size int) excelize.RowOpts {
	return excelize.RowOpts{Height: float64(min(400, size*(1+width(text)*11/10/max(1, room))))}
}

// rows writes the cells. Columns that conditional formats paint have no fill of their own.
func (s *sheets) rows(w *excelize.StreamWriter, t *report.Table, rows [][]report.Cell, first int, painted []bool) {
	cells := make([]any, len(t.Columns))
	for i, r := range rows {
		for k := range t.Columns {
			cells[k] = s.cell(&t.Columns[k], &r[k], painted[k])
		}
		s.do(w.SetRow(at(1, first+i), cells))
	}
}

// cell gives a cell's value and look.
func (s *sheets) cell(c *report.Column, cell *report.Cell, painted bool) excelize.Cell {
	l := look{format: numberFormat(c)}
	if cell.Exact {
		l.format = exactFormat(c)
	}
	if cell.Tone != report.ToneNone && !painted {
		l.fill, l.hatch, l.dark = cell.Tone.Hex(), cell.Tone.Hatched(), cell.Tone.Dark() && !cell.Tone.Hatched()
	}
	x := excelize.Cell{StyleID: s.style(l)}
	switch {
	case cell.Null:
	case c.Kind == report.KindText || c.Kind == report.KindVerdict:
		x.Value = clean(cell.Text.In(s.lang))
	default:
		x.Value = c.Float(*cell)
	}
	return x
}

// groups writes the headings over columns that belong together.
func (s *sheets) groups(w *excelize.StreamWriter, t *report.Table, row int) {
	cells := make([]any, len(t.Columns))
	style := s.style(look{head: true, center: true})
	for i := 0; i < len(t.Columns); {
		g := t.Columns[i].Group
		end := i + 1
		for end < len(t.Columns) && g != (report.Text{}) && t.Columns[end].Group == g {
			end++
		}
		cells[i] = excelize.Cell{StyleID: style, Value: clean(g.In(s.lang))}
		for k := i + 1; k < end; k++ {
			cells[k] = excelize.Cell{StyleID: style}
		}
		if end > i+1 {
			s.do(w.MergeCell(at(i+1, row), at(end, row)))
		}
		i = end
	}
	s.do(w.SetRow(at(1, row), cells))
}

// columnWidth fits a column to what stands in it, within bounds.
func (s *sheets) columnWidth(t *report.Table, k int, rows [][]report.Cell) int {
	c := &t.Columns[k]
	most := max(8, (width(c.Title.In(s.lang))+1)/2+2) // a title may take two lines
	bound := max(c.Width, 40)
	for i, r := range rows {
		if i == 400 {
			break
		}
		if n := width(c.Show(r[k], s.lang)); n+2 > most {
			most = min(n+2, bound)
		}
	}
	return most
}

// words gives the words of a column with their tones; nil where there are too many to be verdicts. Of words with two tones the last
// of the tones (the more severe) stands.
func (s *sheets) words(k int, rows [][]report.Cell) (order []string, tones map[string]report.Tone) {
	tones = map[string]report.Tone{}
	for _, r := range rows {
		if r[k].Null || r[k].Tone == report.ToneNone {
			continue
		}
		word := clean(r[k].Text.In(s.lang))
		old, ok := tones[word]
		if !ok {
			order = append(order, word)
		}
		tones[word] = max(old, r[k].Tone)
		if len(order) > 12 {
			return nil, nil
		}
	}
	return order, tones
}

// conditions lays conditional formats over scores and verdicts, and over the shares that a verdict is about. It tells which columns
// they paint.
func (s *sheets) conditions(sheet string, t *report.Table, rows [][]report.Cell, first int) []bool {
	painted := make([]bool, len(t.Columns))
	if len(rows) == 0 {
		return painted
	}
	last := first + len(rows) - 1
	for k := range t.Columns {
		switch t.Columns[k].Kind {
		case report.KindVerdict:
			order, tones := s.words(k, rows)
			if len(order) == 0 {
				continue
			}
			from := k
			for from > 0 && t.Columns[k].Group != (report.Text{}) && t.Columns[from-1].Group == t.Columns[k].Group {
				from--
			}
			column, _ := excelize.ColumnNumberToName(k + 1)
			var formats []excelize.ConditionalFormatOptions
			for _, word := range order {
				tone := tones[word]
				formats = append(formats, excelize.ConditionalFormatOptions{Type: "formula", Criteria: fmt.Sprintf(`$%s%d="%s"`, column, first, strings.ReplaceAll(word, `"`, `""`)),
					Format: s.rule(rule{tone.Hex(), tone.Hatched(), tone.Dark()})})
			}
			s.do(s.f.SetConditionalFormat(sheet, at(from+1, first)+":"+at(k+1, last), formats))
			for i := from; i <= k; i++ {
				painted[i] = true
			}
		case report.KindScore:
			toned := false
			for _, r := range rows {
				toned = toned || r[k].Tone != report.ToneNone
			}
			if !toned {
				continue
			}
			cell := at(k+1, first)
			var formats []excelize.ConditionalFormatOptions
			for c := 4; c >= 0; c-- {
				tone := report.ToneScore0 + report.Tone(c)
				formats = append(formats, excelize.ConditionalFormatOptions{Type: "formula", Criteria: fmt.Sprintf(`AND(ISNUMBER(%s),%s>=%d)`, cell, cell, 20*c), StopIfTrue: true,
					Format: s.rule(rule{tone.Hex(), false, tone.Dark()})})
			}
			s.do(s.f.SetConditionalFormat(sheet, cell+":"+at(k+1, last), formats))
			painted[k] = true
		}
	}
	return painted
}

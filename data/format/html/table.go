package html

import (
	"slices"
	"strconv"

	"lifecircle/coverage/report"
	"lifecircle/data/format/figure"
)

// Tables are as wide as the text and never wider: columns get their share of it by what stands in them, and a table with more columns than
// the page can bear is broken into parts that repeat the column with the names.

// setting is how a table is set.
type setting struct {
	size int // of the type
	pad  int // left and right of a cell, and what a browser rounds
}

// settings are 8 and 7 points: the smaller one where it keeps columns together.
var settings = []setting{{282, 340}, {247, 240}}

const (
	narrowest  = 1000 // a column
	widestText = 5200 // what a column of text asks for at most
	leastText  = 1900 // what a short text is content with
	longText   = 4200 // and a long one, that then takes a few lines
	longWord   = 2600 // a word up to this width is not broken
	sampled    = 300  // rows that are measured
	short      = 14   // rows up to which a table stays on one sheet of paper
)

// table writes a table; n is nil for one behind a figure.
func (p *page) table(t *report.Table, n *numbered) {
	limit := maxRows
	if t.PageRows > 0 {
		limit = min(limit, t.PageRows)
	}
	rows := t.Rows[:min(limit, len(t.Rows))]
	parts := p.parts(t, rows)
	for k, part := range parts {
		p.part(t, n, rows, part, k)
	}
	if left := len(t.Rows) - len(rows); left > 0 {
		shown, all := grouped(len(rows)), grouped(len(t.Rows))
		p.str(`<p class="note">`, p.say("本表只列前 "+shown+" 行，共 "+all+" 行；其余 "+grouped(left)+" 行见随附的工作簿和数据文件。",
			"The first "+shown+" of "+all+" rows are listed; the other "+grouped(left)+" stand in the workbook and the data files."), "</p>\n")
	}
	p.notes(t.Notes)
}

func grouped(n int) string {
	return report.Column{Kind: report.KindNumber}.Show(report.Cell{Num: int64(n)}, "en")
}

// piece is a part of a table: its columns, their widths in thousandths of its own, and its own in thousandths of the page.
type piece struct {
	columns, widths []int
	width           int
	small           bool
}

// parts distributes the columns of a table.
func (p *page) parts(t *report.Table, rows [][]report.Cell) []piece {
	repeated := p.namesColumn(t)
	wish, least := make([]int, len(t.Columns)), make([]int, len(t.Columns))
	var out [][]int
	small := false
	for k, set := range settings {
		for i := range t.Columns {
			wish[i], least[i] = p.measure(&t.Columns[i], i, rows, set)
		}
		out, small = distribute(least, repeated, figureWidth), k > 0
		if len(out) <= 1 {
			break
		}
	}
	for limit := figureWidth / 4; len(out) > 1 && limit < figureWidth; limit += 250 { // parts of about the same width
		if even := distribute(least, repeated, limit); len(even) == len(out) {
			out = even
			break
		}
	}
	if len(out) == 0 {
		p.widths[1000] = true
		return []piece{{width: 1000}}
	}
	var pieces []piece
	for _, columns := range out {
		piece := spread(columns, wish, least)
		piece.small = small
		p.widths[piece.width] = true
		for _, w := range piece.widths {
			p.widths[w] = true
		}
		pieces = append(pieces, piece)
	}
	return pieces
}

// distribute fills parts with columns up to a width; every part begins with the repeated column once that has been there.
func distribute(least []int, repeated, limit int) (out [][]int) {
	var now []int
	used := 0
	for i := range least {
		if used+least[i] > limit && len(now) > 0 && !slices.Equal(now, []int{repeated}) {
			out = append(out, now)
			now, used = nil, 0
			if repeated < i {
				now, used = []int{repeated}, least[repeated]
			}
		}
		now, used = append(now, i), used+least[i]
	}
	if len(now) > 0 {
		out = append(out, now)
	}
	return out
}

// namesColumn is the column that tells rows apart for a reader: the first one of text that asks for room, else the first.
func (p *page) namesColumn(t *report.Table) int {
	for i, c := range t.Columns {
		if c.Kind == report.KindText && c.Width >= 18 {
			return i
		}
	}
	if len(t.Columns) == 0 {
		return -1
	}
	return 0
}

// measure gives the width that a column would have and the one that it is content with.
func (p *page) measure(c *report.Column, i int, rows [][]report.Cell, set setting) (wish, least int) {
	head := c.Title.In(p.lang)
	wish = min(figure.Measure(head, set.size, true), 1500)
	least = min(word(head, set.size, true), longWord)
	for _, row := range rows[:min(sampled, len(rows))] {
		if i >= len(row) {
			continue
		}
		s := c.Show(row[i], p.lang)
		w := figure.Measure(s, set.size, false)
		wish = max(wish, w)
		if c.Kind == report.KindText || c.Kind == report.KindVerdict {
			least = max(least, min(w, leastText), min(w/3, longText), min(word(s, set.size, false), longWord))
		} else {
			least = max(least, w)
		}
	}
	least = min(max(least+set.pad, narrowest), figureWidth/2)
	return max(min(wish+set.pad, widestText), least), least
}

// word gives the width of the longest run of Latin letters, which should not be broken.
func word(s string, size int, bold bool) int {
	longest, from := 0, -1
	for i, r := range s + " " {
		latin := r > ' ' && r < 0x250 && r != '-' && r != '/'
		if latin && from < 0 {
			from = i
		}
		if !latin && from >= 0 {
			longest = max(longest, figure.Measure(s[from:i], size, bold))
			from = -1
		}
	}
	return longest
}

// spread gives columns the width of the page: what they are content with, and of the rest by what they would like. A few narrow columns are
// not pulled apart over the whole page.
func spread(columns, wish, least []int) piece {
	sum, more := 0, 0
	for _, i := range columns {
		sum, more = sum+least[i], more+wish[i]-least[i]
	}
	width := max(sum, min(figureWidth, (sum+more)*5/4))
	if width > figureWidth*4/5 {
		width = max(sum, figureWidth)
	}
	rest := width - sum
	piece := piece{columns: slices.Clone(columns), width: min(1000, width*1000/figureWidth)}
	for _, i := range columns {
		w := least[i]
		switch {
		case rest >= more:
			w = wish[i] * width / (sum + more)
		default:
			w += rest * (wish[i] - least[i]) / more
		}
		piece.widths = append(piece.widths, w*1000/width)
	}
	return piece
}

func (p *page) part(t *report.Table, n *numbered, rows [][]report.Cell, piece piece, k int) {
	p.str(`<div class="wide`)
	if len(rows) <= short {
		p.str(" short")
	}
	p.str(`" tabindex="0" role="region" aria-label="`).text(p.in(t.Caption)).str(`"><table`)
	if n != nil && k == 0 {
		p.str(` id="`).text(n.id).str(`"`)
	}
	p.str(` class="t w`).int(piece.width)
	if piece.small {
		p.str(" small")
	}
	for at, i := range piece.columns {
		switch t.Columns[i].Kind {
		case report.KindText:
		case report.KindVerdict:
			p.str(" c").int(at + 1)
		default:
			p.str(" r").int(at + 1)
		}
	}
	p.str("\">\n<caption>")
	if n != nil {
		p.str(n.name(p.lang), p.say("　", "  "))
	}
	p.text(p.in(t.Caption))
	if k > 0 {
		p.str(p.say("（续）", " (continued)"))
	}
	p.str("</caption>\n<colgroup>")
	for _, w := range piece.widths {
		p.str(`<col class="w`).int(w).str(`">`)
	}
	p.str("</colgroup>\n")
	if len(piece.columns) > 0 {
		p.str("<thead>\n")
		p.heads(t, piece.columns)
		p.str("</thead>\n")
	}
	p.str("<tbody>\n")
	if len(rows) == 0 || len(piece.columns) == 0 {
		p.str(`<tr><td class="none" colspan="`).int(max(1, len(piece.columns))).str(`">`, p.say("没有数据行", "no rows"), "</td></tr>\n")
	}
	for _, row := range rows {
		if len(piece.columns) == 0 {
			break
		}
		p.str("<tr>")
		for at, i := range piece.columns {
			name := "td"
			if at == 0 {
				name = "th"
				p.str(`<th scope="row"`)
			} else {
				p.str("<td")
			}
			var cell report.Cell
			if cell.Null = true; i < len(row) {
				cell = row[i]
			}
			if cell.Tone != report.ToneNone {
				p.str(` class="x`).int(int(cell.Tone)).str(`"`)
			}
			p.str(">").text(t.Columns[i].Show(cell, p.lang)).str("</", name, ">")
		}
		p.str("</tr>\n")
	}
	p.str("</tbody>\n</table></div>\n")
}

// heads writes the headings, of grouped columns in two lines.
func (p *page) heads(t *report.Table, columns []int) {
	grouped := false
	for _, i := range columns {
		grouped = grouped || t.Columns[i].Group != report.Text{}
	}
	if !grouped {
		p.str("<tr>")
		for _, i := range columns {
			p.str(`<th scope="col">`).text(p.in(t.Columns[i].Title)).str("</th>")
		}
		p.str("</tr>\n")
		return
	}
	p.str("<tr>")
	for at := 0; at < len(columns); {
		c := t.Columns[columns[at]]
		if c.Group == (report.Text{}) {
			p.str(`<th scope="col" rowspan="2">`).text(p.in(c.Title)).str("</th>")
			at++
			continue
		}
		n := 1
		for at+n < len(columns) && t.Columns[columns[at+n]].Group == c.Group {
			n++
		}
		p.str(`<th scope="colgroup" colspan="`, strconv.Itoa(n), `">`).text(p.in(c.Group)).str("</th>")
		at += n
	}
	p.str("</tr>\n<tr>")
	for _, i := range columns {
		if c := t.Columns[i]; c.Group != (report.Text{}) {
			p.str(`<th scope="col">`).text(p.in(c.Title)).str("</th>")
		}
	}
	p.str("</tr>\n")
}

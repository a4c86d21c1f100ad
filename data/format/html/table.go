package html

import (
	"strconv"

	"lifecircle/coverage/report"
	"lifecircle/data/format/pages"
)

// short is how many rows a table has at most that stays on one sheet of paper.
const short = 14

// table writes a table; n is nil for one behind a figure. One with more columns than the page can bear is in parts.
func (p *page) table(t *report.Table, n *numbered) {
	rows, left := pages.Rows(t, p.lang)
	for k, piece := range pages.Pieces(t, rows, figureWidth, p.lang) {
		p.widths[piece.Width] = true
		for _, w := range piece.Widths {
			p.widths[w] = true
		}
		p.part(t, n, rows, piece, k)
	}
	if left != "" {
		p.str(`<p class="note">`).text(left).str("</p>\n")
	}
	p.notes(t.Notes)
}

func (p *page) part(t *report.Table, n *numbered, rows [][]report.Cell, piece pages.Piece, k int) {
	p.str(`<div class="wide`)
	if len(rows) <= short {
		p.str(" short")
	}
	p.str(`" tabindex="0" role="region" aria-label="`).text(p.in(t.Caption)).str(`"><table`)
	if n != nil && k == 0 {
		p.str(` id="`).text(n.id).str(`"`)
	}
	p.str(` class="t w`).int(piece.Width)
	if piece.Small {
		p.str(" small")
	}
	for at, i := range piece.Columns {
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
	for _, w := range piece.Widths {
		p.str(`<col class="w`).int(w).str(`">`)
	}
	p.str("</colgroup>\n")
	if len(piece.Columns) > 0 {
		p.str("<thead>\n")
		p.heads(t, piece.Columns)
		p.str("</thead>\n")
	}
	p.str("<tbody>\n")
	if len(rows) == 0 || len(piece.Columns) == 0 {
		p.str(`<tr><td class="none" colspan="`).int(max(1, len(piece.Columns))).str(`">`, p.say("没有数据行", "no rows"), "</td></tr>\n")
	}
	for _, row := range rows {
		if len(piece.Columns) == 0 {
			break
		}
		p.str("<tr>")
		for at, i := range piece.Columns {
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

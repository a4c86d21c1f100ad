package docx

import (
	"strconv"
	"strings"

	"lifecircle/coverage/report"
	"lifecircle/data/format/pages"
)

// table writes a table with its caption over it and its notes under it: upright if its columns find room, else on a page across, and
// in parts if even that is too narrow.
func (d *document) table(t *report.Table) {
	rows, left := pages.Rows(t, d.lang)
	room := roomUpright
	wide := d.acrossNeeded(t, rows)
	if wide {
		room = roomAcross
	}
	pieces := pages.Pieces(t, rows, room, d.lang)
	d.turn(wide)
	n := d.numbers.Of(t)
	for k, piece := range pieces {
		if k == 0 {
			d.caption("TableCaption", false, n, d.in(t.Caption))
		} else {
			d.open("TableCaption", "").field("REF "+numberMark(false, n)+` \h`, pages.Name(false, n, d.lang)).run("", d.say("　", "  ")+d.in(t.Caption)+d.say("（续）", " (continued)")).str(`</w:p>`)
		}
		if len(piece.Columns) == 0 {
			d.note(d.say("没有数据行。", "No rows."))
			continue
		}
		d.piece(t, rows, piece, twips(room*piece.Width/1000))
	}
	d.note(left)
	notes := pages.Notes(t.Notes, d.lang)
	d.note(notes)
	if left == "" && notes == "" {
		d.para("SectionEnd", "", "")
	}
}

// acrossNeeded tells whether a table finds no room upright.
func (d *document) acrossNeeded(t *report.Table, rows [][]report.Cell) bool {
	return len(pages.Pieces(t, rows, roomUpright, d.lang)) > 1
}

func (d *document) piece(t *report.Table, rows [][]report.Cell, piece pages.Piece, room int) {
	widths := make([]int, len(piece.Widths))
	sum := 0
	for i, w := range piece.Widths {
		widths[i] = w * room / 1000
		sum += widths[i]
	}
	kind, small := "Results", ""
	if piece.Small {
		kind, small = "ResultsSmall", `<w:sz w:val="14"/><w:szCs w:val="14"/>`
	}
	d.str(`<w:tbl><w:tblPr><w:tblStyle w:val="`, kind, `"/><w:tblW w:w="`).int(sum).str(`" w:type="dxa"/><w:jc w:val="center"/><w:tblLayout w:type="fixed"/><w:tblLook w:val="0020" w:firstRow="1"/><w:tblCaption w:val="`).
		text(d.in(t.Caption)).str(`"/></w:tblPr><w:tblGrid>`)
	for _, w := range widths {
		d.str(`<w:gridCol w:w="`).int(w).str(`"/>`)
	}
	d.str(`</w:tblGrid>`)
	d.heads(t, piece.Columns, widths, small)
	for _, row := range rows {
		d.str(`<w:tr><w:trPr><w:cantSplit/></w:trPr>`)
		for at, i := range piece.Columns {
			cell := report.Cell{Null: true}
			if i < len(row) {
				cell = row[i]
			}
			c := &t.Columns[i]
			style := "Cell"
			switch {
			case c.Kind == report.KindVerdict:
				style = "CellMiddle"
			case c.Kind != report.KindText:
				style = "CellNumber"
			}
			d.str(`<w:tc><w:tcPr><w:tcW w:w="`).int(widths[at]).str(`" w:type="dxa"/>`)
			look := small
			if hex := cell.Tone.Hex(); hex != "" {
				d.str(`<w:shd w:val="clear" w:color="auto" w:fill="`, strings.ToUpper(hex), `"/>`)
				if cell.Tone.Dark() {
					look = `<w:color w:val="FFFFFF"/>` + small
				}
			}
			d.str(`<w:vAlign w:val="center"/></w:tcPr>`).open(style, "").run(look, c.Show(cell, d.lang)).str(`</w:p></w:tc>`)
		}
		d.str(`</w:tr>`)
	}
	if len(rows) == 0 {
		d.str(`<w:tr><w:tc><w:tcPr><w:tcW w:w="`).int(sum).str(`" w:type="dxa"/><w:gridSpan w:val="`).int(len(widths)).str(`"/></w:tcPr>`).para("CellMiddle", "", d.say("没有数据行", "no rows")).str(`</w:tc></w:tr>`)
	}
	d.str(`</w:tbl>`)
}

// heads writes the headings, of grouped columns in two rows; both repeat on every page.
func (d *document) heads(t *report.Table, columns, widths []int, look string) {
	grouped := false
	for _, i := range columns {
		grouped = grouped || t.Columns[i].Group != report.Text{}
	}
	const begin = `<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>`
	cell := func(width int, more, words string) {
		d.str(`<w:tc><w:tcPr><w:tcW w:w="`).int(width).str(`" w:type="dxa"/>`, more, `<w:tcBorders><w:bottom w:val="single" w:sz="6" w:space="0" w:color="1C2328"/></w:tcBorders><w:shd w:val="clear" w:color="auto" w:fill="EEF2F6"/><w:vAlign w:val="center"/></w:tcPr>`).
			open("CellHead", "").run(look, words).str(`</w:p></w:tc>`)
	}
	if grouped {
		d.str(begin)
		for at := 0; at < len(columns); {
			c := &t.Columns[columns[at]]
			n, width := 1, widths[at]
			for c.Group != (report.Text{}) && at+n < len(columns) && t.Columns[columns[at+n]].Group == c.Group {
				width += widths[at+n]
				n++
			}
			switch {
			case c.Group == report.Text{}:
				cell(width, `<w:vMerge w:val="restart"/>`, d.in(c.Title))
			case n > 1:
				cell(width, `<w:gridSpan w:val="`+strconv.Itoa(n)+`"/>`, d.in(c.Group))
			default:
				cell(width, "", d.in(c.Group))
			}
			at += n
		}
		d.str(`</w:tr>`)
	}
	d.str(begin)
	for at, i := range columns {
		c := &t.Columns[i]
		if grouped && c.Group == (report.Text{}) {
			cell(widths[at], `<w:vMerge/>`, "")
		} else {
			cell(widths[at], "", d.in(c.Title))
		}
	}
	d.str(`</w:tr>`)
}

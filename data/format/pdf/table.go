package pdf

import (
	"strings"

	"lifecircle/coverage/report"
	"lifecircle/data/format/pages"
)

const (
	short       = 14 // rows that a table has at most that stays on one page
	together    = 12 // lines of a row that stay on one page; of more they go on over pages
	fewest      = 3  // lines of such a row that a page ends with at least
	mostOfHead  = 8  // lines of a heading; a longer one stands in full under the table
	cellLeading = 1.3
)

// table sets a table with its caption over it and its notes under it: upright if its columns find room, else on a page across, and in parts
// if even that is too narrow. words is what stands over it and key its anchor, "" for one behind a figure.
func (d *document) table(t *report.Table, words, key string) {
	rows, left := pages.Rows(t, d.lang)
	wide := d.acrossNeeded(t, rows)
	if wide != d.wide {
		d.page(wide)
	}
	size, colour := sizeBody, "0b2d52"
	if key == "" {
		size, colour = sizeNote, "222222"
	}
	for k, piece := range pages.Pieces(t, rows, hundredths(d.room()), d.lang) {
		caption := words
		if k > 0 {
			d.y += 3
			caption += d.say("（续）", " (continued)")
		}
		g := d.grid(t, rows, piece)
		d.need(d.height(caption, size) + 1 + g.start())
		if k == 0 && key != "" {
			d.anchor(key, words, 1)
		}
		d.lines(margin, d.room(), caption, size, colour, true)
		d.y++
		if len(piece.Columns) > 0 {
			g.set()
		}
		if len(rows) == 0 || len(piece.Columns) == 0 {
			d.note(d.say("没有数据行。", "No rows."))
		}
		d.note(g.cut(d.say("列名全文：", "Headings in full: "), d.say("；", "; ")))
	}
	d.note(left)
	d.note(pages.Notes(t.Notes, d.lang))
	d.y += 4
}

// acrossNeeded tells whether a table finds no room upright.
func (d *document) acrossNeeded(t *report.Table, rows [][]report.Cell) bool {
	return len(pages.Pieces(t, rows, hundredths(paperShort-2*margin), d.lang)) > 1
}

// grid is a part of a table in lines.
type grid struct {
	d                *document
	t                *report.Table
	columns          []int
	widths           []float64
	width            float64
	size, pad, step  float64 // points; millimetres
	groups           []group // of columns; nil if none has one
	groupLines       int     // lines that groups take
	heads            [][]string
	headLines        int // lines that headings take beside the groups
	rows             [][]report.Cell
	cells            [][][]string // of rows, of columns
	tall             []int        // lines of rows
	headingsCutShort []string
}

// group is a heading over neighboring columns; a column without one is a group without lines.
type group struct {
	from, to int // columns of the part
	lines    []string
}

func (d *document) grid(t *report.Table, rows [][]report.Cell, piece pages.Piece) *grid {
	g := &grid{d: d, t: t, columns: piece.Columns, size: sizeCell, pad: 1.4, rows: rows}
	if piece.Small {
		g.size, g.pad = sizeCellSmall, 0.95
	}
	g.step = g.size * mmPerPoint * cellLeading
	room := d.room() * float64(piece.Width) / 1000
	for _, w := range piece.Widths {
		g.widths = append(g.widths, room*float64(w)/1000)
		g.width += room * float64(w) / 1000
	}
	g.layHeads()
	for _, row := range rows {
		line, tall := make([][]string, len(g.columns)), 1
		for k, i := range g.columns {
			s := d.settable(t.Columns[i].Show(cellOf(row, i), d.lang))
			if line[k] = []string{s}; !isNumber(t.Columns[i].Kind) { // a number is never broken
				line[k] = d.wrap(s, g.size, g.widths[k]-2*g.pad)
			}
			tall = max(tall, len(line[k]))
		}
		g.cells, g.tall = append(g.cells, line), append(g.tall, tall)
	}
	return g
}

// layHeads breaks headings into lines, of grouped columns in two rows.
func (g *grid) layHeads() {
	broken := func(s string, width float64) []string {
		s = g.d.settable(s)
		lines := g.d.wrap(s, g.size, width-2*g.pad)
		least := g.d.word(s, g.size)
		for w := width - 2*g.pad - 0.5; len(lines) > 1 && w >= least; w -= 0.5 { // lines of about the same length
			even := g.d.wrap(s, g.size, w)
			if len(even) > len(lines) {
				break
			}
			lines = even
		}
		if len(lines) > mostOfHead {
			lines[mostOfHead-1] = g.d.fit(lines[mostOfHead-1]+lines[mostOfHead], g.size, width-2*g.pad)
			lines = lines[:mostOfHead]
			g.headingsCutShort = append(g.headingsCutShort, s)
		}
		return lines
	}
	alone := 0 // lines of columns without a group, which have both rows
	for k := 0; k < len(g.columns); {
		c := &g.t.Columns[g.columns[k]]
		one := group{from: k, to: k + 1}
		width := g.widths[k]
		if c.Group != (report.Text{}) {
			for one.to < len(g.columns) && g.t.Columns[g.columns[one.to]].Group == c.Group {
				width += g.widths[one.to]
				one.to++
			}
			one.lines = broken(c.Group.In(g.d.lang), width)
			g.groupLines = max(g.groupLines, len(one.lines))
		}
		for i := one.from; i < one.to; i++ {
			head := broken(g.t.Columns[g.columns[i]].Title.In(g.d.lang), g.widths[i])
			g.heads = append(g.heads, head)
			if one.lines == nil {
				alone = max(alone, len(head))
			} else {
				g.headLines = max(g.headLines, len(head))
			}
		}
		g.groups = append(g.groups, one)
		k = one.to
	}
	g.headLines = max(g.headLines, alone-g.groupLines)
}

// cut gives the headings that stand in the table with …, in full; "" for none.
func (g *grid) cut(before, between string) string {
	if len(g.headingsCutShort) == 0 {
		return ""
	}
	return before + strings.Join(g.headingsCutShort, between)
}

func cellOf(row []report.Cell, i int) report.Cell {
	if i < len(row) {
		return row[i]
	}
	return report.Cell{Null: true}
}

func isNumber(k report.Kind) bool {
	return k == report.KindNumber || k == report.KindPercent || k == report.KindScore
}

// high is the height of a row of so many lines.
func (g *grid) high(lines int) float64 { return float64(lines)*g.step + 1.6 }

// headHeight is that of the headings.
func (g *grid) headHeight() float64 {
	if g.groupLines == 0 {
		return g.high(g.headLines)
	}
	return g.high(g.groupLines) + g.high(g.headLines)
}

// start is the height that a page must have left for the table to begin there: that of all of a short one, else of a few rows.
func (g *grid) start() float64 {
	if len(g.columns) == 0 {
		return 0
	}
	h := g.headHeight()
	_, paper := g.d.size()
	room := paper - top - bottom - 12 // a caption of two lines
	whole := h
	for _, n := range g.tall {
		whole += g.high(n)
	}
	if len(g.rows) <= short && whole < room {
		return whole
	}
	for _, n := range g.tall[:min(3, len(g.tall))] {
		h += g.high(min(n, together))
	}
	return min(h, room)
}

// set sets headings and rows; the headings are repeated on every page.
func (g *grid) set() {
	d := g.d
	g.head()
	fresh := true // under the headings
	for r := range g.rows {
		for from := 0; from < g.tall[r]; fresh = false {
			lines := g.tall[r] - from
			if fit := int((d.left() - g.high(0)) / g.step); fit < lines {
				if g.tall[r] <= together || fit < fewest {
					g.rule(d.y, 0.4, "1c2328")
					d.page(d.wide)
					g.head()
					fresh = true
					fit = max(1, int((d.left()-g.high(0))/g.step))
				}
				lines = min(lines, fit)
			}
			y := d.y
			g.row(r, from, lines)
			from += lines
			if fresh { // over the colours of the row
				g.rule(y, 0.2, "1c2328")
			} else {
				g.rule(y, 0.1, "d0d4d8")
			}
		}
	}
	g.rule(d.y, 0.4, "1c2328")
	d.y += 1.5
}

func (g *grid) rule(y, width float64, colour string) {
	g.d.line(margin, y, margin+g.width, colour, width)
}

// head sets the headings between a thick and a thin rule.
func (g *grid) head() {
	d := g.d
	height := g.headHeight()
	d.fill(margin, d.y, g.width, height, "eef2f6")
	g.rule(d.y, 0.4, "1c2328")
	above := 0.0
	if g.groupLines > 0 {
		above = g.high(g.groupLines)
	}
	x := margin
	for _, one := range g.groups {
		from, width := x, 0.0
		for k := one.from; k < one.to; k++ {
			if one.lines == nil {
				g.words(g.heads[k], x, d.y, g.widths[k], height, "222222", middle, true)
			} else {
				g.words(g.heads[k], x, d.y+above, g.widths[k], height-above, "222222", middle, true)
			}
			x, width = x+g.widths[k], width+g.widths[k]
		}
		if one.lines != nil {
			g.words(one.lines, from, d.y, width, above, "222222", middle, true)
			d.line(from+g.pad, d.y+above, from+width-g.pad, "808080", 0.15)
		}
	}
	d.y += height
}

// row sets some lines of a row and moves the cursor below them.
func (g *grid) row(r, from, lines int) {
	d := g.d
	height := g.high(lines)
	x := margin
	for k, i := range g.columns {
		cell := cellOf(g.rows[r], i)
		colour := "222222"
		if hex := cell.Tone.Hex(); hex != "" {
			d.fill(x, d.y, g.widths[k], height, hex)
			if cell.Tone.Dark() {
				colour = "ffffff"
			}
		}
		at := start
		switch kind := g.t.Columns[i].Kind; {
		case isNumber(kind):
			at = end
		case kind == report.KindVerdict:
			at = middle
		}
		all := g.cells[r][k]
		room := height
		if len(all) > lines { // goes on over pages: from the top
			room = g.high(min(lines, max(0, len(all)-from)))
		}
		g.words(all[min(from, len(all)):min(from+lines, len(all))], x, d.y, g.widths[k], room, colour, at, false)
		x += g.widths[k]
	}
	d.y += height
}

type place int

const (
	start place = iota
	middle
	end
)

// words sets lines in the middle of a cell's height. One that is wider than the cell, a long number, is set smaller.
func (g *grid) words(lines []string, x, y, width, height float64, colour string, at place, bold bool) {
	y += (height - float64(len(lines))*g.step) / 2
	for i, line := range lines {
		size, w := g.size, g.d.width(line, g.size)
		if room := width - 2*g.pad; w > room && room > 0 {
			size *= room / w
			w = room
		}
		px := x + g.pad
		switch at {
		case middle:
			px = x + (width-w)/2
		case end:
			px = x + width - g.pad - w
		}
		g.d.set(px, y+float64(i)*g.step+g.size*mmPerPoint*1.02, line, size, colour, bold)
	}
}

package pdf

import (
	"fmt"

	"lifecircle/coverage/report"
)

// cellPad is the room around the words of a cell.
const cellPad = 1.0

// table sets a table with its caption over it and its notes under it; n is what it is called, "" for one behind a figure.
func (d *document) table(t *report.Table, n string) {
	rows := t.Rows
	most := maxRows
	if t.PageRows > 0 {
		most = min(most, t.PageRows)
	}
	rows = rows[:min(len(rows), most)]
	wish, least := d.measure(t, rows)
	across := false
	sum := 0.0
	for _, w := range least {
		sum += w
	}
	if across = sum > 210-2*margin; across != d.wide {
		d.page(across)
	}
	widths := spread(wish, least, d.room())
	heads := make([][]string, len(t.Columns))
	lines := 1
	for k := range t.Columns {
		heads[k] = d.wrap(d.settable(headOf(&t.Columns[k], d.lang)), sizeCell, widths[k]-2*cellPad)
		lines = max(lines, len(heads[k]))
	}
	step := sizeCell * mmPerPoint * 1.35
	headHeight := float64(lines)*step + 2*cellPad
	d.need(headHeight + 24)
	if n != "" {
		words := n + d.say("　", "  ") + d.settable(t.Caption.In(d.lang))
		d.anchor("table "+t.Key, words, 1)
		d.lines(margin, d.room(), words, sizeBody, "0b2d52", true)
		d.y += 1
	}
	head := func() {
		d.fill(margin, d.y, total(widths), headHeight, "dce6f1")
		d.cells(t, heads, widths, headHeight, step, nil)
		d.line(margin, d.y, margin+total(widths), "808080", 0.2)
	}
	head()
	for _, row := range rows {
		cells := make([][]string, len(t.Columns))
		tall := 1
		for k := range t.Columns {
			cells[k] = d.wrap(d.settable(t.Columns[k].Show(row[k], d.lang)), sizeCell, widths[k]-2*cellPad)
			if len(cells[k]) > 12 { // a cell is not a page
				cells[k] = append(cells[k][:11], "…")
			}
			tall = max(tall, len(cells[k]))
		}
		h := float64(tall)*step + 2*cellPad
		if d.left() < h {
			d.page(d.wide)
			head()
		}
		d.cells(t, cells, widths, h, step, row)
		d.line(margin, d.y, margin+total(widths), "d0d4d8", 0.1)
	}
	d.y += 2
	if left := len(t.Rows) - len(rows); left > 0 {
		d.lines(margin, d.room(), d.say(fmt.Sprintf("此处列出前 %d 行，其余 %d 行见随附的工作簿。", len(rows), left), fmt.Sprintf("The first %d rows; %d more stand in the workbook.", len(rows), left)), sizeNote, "5a5a5a", false)
	}
	if len(t.Rows) == 0 {
		d.lines(margin, d.room(), d.say("没有内容。", "There is nothing to list."), sizeNote, "5a5a5a", false)
	}
	d.notes(t.Notes)
	d.y += 4
}

func total(widths []float64) (sum float64) {
	for _, w := range widths {
		sum += w
	}
	return sum
}

func headOf(c *report.Column, lang string) string {
	if g := c.Group.In(lang); g != "" {
		return g + " " + c.Title.In(lang)
	}
	return c.Title.In(lang)
}

func isNumber(k report.Kind) bool {
	return k == report.KindNumber || k == report.KindPercent || k == report.KindScore
}

// cells sets a row and moves the cursor below it; row is nil for the head.
func (d *document) cells(t *report.Table, cells [][]string, widths []float64, height, step float64, row []report.Cell) {
	x := margin
	for k, lines := range cells {
		colour := "222222"
		if row != nil && row[k].Tone != report.ToneNone && !row[k].Null {
			tone := row[k].Tone
			d.fill(x, d.y, widths[k], height, tone.Hex())
			if tone.Dark() {
				colour = "ffffff"
			}
		}
		for i, line := range lines {
			at := x + cellPad
			if isNumber(t.Columns[k].Kind) {
				at = x + widths[k] - cellPad - d.width(line, sizeCell)
			}
			d.set(at, d.y+cellPad+float64(i)*step+sizeCell*mmPerPoint*0.95, line, sizeCell, colour, row == nil)
		}
		x += widths[k]
	}
	d.y += height
}

// measure gives the width that each column would like, and the least that it can do with.
func (d *document) measure(t *report.Table, rows [][]report.Cell) (wish, least []float64) {
	for k := range t.Columns {
		c := &t.Columns[k]
		head := d.settable(headOf(c, d.lang))
		w, l := min(d.width(head, sizeCell), 30), d.word(head)
		for _, row := range rows {
			s := d.settable(c.Show(row[k], d.lang))
			w = max(w, min(d.width(s, sizeCell), 60))
			if isNumber(c.Kind) {
				l = max(l, d.width(s, sizeCell))
			} else {
				l = max(l, min(d.word(s), 24))
			}
		}
		wish, least = append(wish, max(w, l)+2*cellPad+0.5), append(least, max(l, 6)+2*cellPad+0.5)
	}
	return wish, least
}

// word gives the width of the longest piece of a text that cannot be broken.
func (d *document) word(s string) float64 {
	most, n := 0.0, 0
	rs := []rune(s)
	for i, r := range rs {
		n += d.face.advance[r]
		if i+1 == len(rs) || breakable(r, rs[i+1]) {
			most = max(most, float64(n)/1000*sizeCell*mmPerPoint)
			n = 0
		}
	}
	return most
}

// spread shares a room out among columns: each gets its least, and of what is left by what it would like more. Columns that cannot all have
// their least are narrowed alike.
func spread(wish, least []float64, room float64) []float64 {
	out := make([]float64, len(wish))
	sum, want := total(least), total(wish)
	switch {
	case want <= room:
		copy(out, wish)
	case sum >= room:
		for k := range out {
			out[k] = least[k] * room / sum
		}
	default:
		for k := range out {
			out[k] = least[k] + (wish[k]-least[k])*(room-sum)/(want-sum)
		}
	}
	return out
}

package figure

import (
	"sort"

	"lifecircle/coverage/report"
)

// Charts of rows stand in three columns: labels, bars, words. Labels and words wrap into two lines.

// row is a row of a chart laid out.
type row struct {
	label, words []string
	high         int
}

type rows struct {
	list               []row
	label, plot, words int // widths of the columns
	left, right        int // of the plot
	shown              int
	air                int // between rows
}

const columnGap = 220

// layRows gives labels and words their room and counts the rows that fit into the height that is left.
func (c *canvas) layRows(n int, label, words func(i int) string, indent, used int) *rows {
	r := &rows{shown: n, air: 130}
	most := 2 // lines of a label
	if n > crowded {
		r.air, most = 60, 1
	}
	widest := func(f func(int) string, limit int) int {
		w := 0
		for i := range min(n, maxRows) {
			w = max(w, Measure(Clean(f(i)), sizeText, false)+20)
		}
		return min(w, limit)
	}
	n = min(n, maxRows)
	r.label = widest(label, (c.Width-indent)*34/100)
	r.words = widest(words, c.Width*26/100)
	r.left = indent + r.label + columnGap
	r.right = c.Width - r.words - columnGap
	r.plot = r.right - r.left
	for i := range n {
		w := row{label: Wrap(label(i), sizeText, false, r.label, most), words: Wrap(words(i), sizeText, false, r.words, most)}
		w.high = max(1, len(w.label), len(w.words))*lineText + r.air
		if used += w.high; used > MaxHeight {
			break
		}
		r.list = append(r.list, w)
	}
	return r
}

const (
	crowded = 24  // more rows stand closer, with one line each
	maxRows = 100 // bounds the rows that are looked at: more never fit
)

// put writes label and words of row i whose top is at y.
func (c *canvas) put(r *rows, i, y int) {
	w := r.list[i]
	base := func(n int) int { return y + (w.high-n*lineText)/2 + lineText*3/4 }
	c.lines(r.left-columnGap, base(len(w.label)), sizeText, lineText, End, ink, w.label)
	c.lines(r.right+columnGap, base(len(w.words)), sizeText, lineText, Start, ink, w.words)
}

// rowsLeftOut says how many rows are not drawn.
func (c *canvas) rowsLeftOut(r *rows) {
	if n := r.shown - len(r.list); n > 0 {
		c.leftOut(c.say("另有 "+grouped(int64(n))+" 行未绘出，见本图数据表。", grouped(int64(n))+" more rows are not drawn: see the table behind the figure."))
	}
}

// axis draws ticks, their lines down a plot and the unit under it. The plot reaches from top to bottom.
func (c *canvas) axis(left, right, top, bottom int, full int64, name func(int64) string, unit string) {
	width := right - left
	parts := 5
	for parts > 1 {
		s, widest := step(full, parts), 0
		for v := int64(0); v <= full; v += s {
			widest = max(widest, Measure(name(v), sizeSmall, false))
		}
		if widest+120 <= scaled(s, full, width) {
			break
		}
		parts--
	}
	s := step(full, parts)
	for v := int64(0); v <= full; v += s {
		x := left + scaled(v, full, width)
		if v > 0 {
			c.line(x, top, x, bottom, hairline, "dddddd")
		}
		c.line(x, bottom, x, bottom+70, hairline, faint)
		half := Measure(name(v), sizeSmall, false) / 2
		c.words(min(x, c.Width-half), bottom+70+lineSmall*4/5, sizeSmall, Middle, faint, name(v))
		if v > full-s {
			break // also where v + s would overflow
		}
	}
	c.line(left, top, left, bottom, 12, faint)
	c.Height = bottom + 70 + lineSmall + 60
	if unit != "" {
		for _, l := range Wrap(unit, sizeSmall, false, width, 2) {
			c.words(left+width/2, c.Height+lineSmall*3/4, sizeSmall, Middle, faint, l)
			c.Height += lineSmall
		}
		c.Height += 60
	}
}

// marker is a line across the plot with its words above.
type marker struct {
	x     int
	lines string
	level int
}

// markers sets the words of lines above a plot, staggered where they would run into each other, and gives them and the top of the plot.
func (c *canvas) markers(lines []report.Line, full int64, left, right, top int) ([]marker, int) {
	var out []marker
	sorted := append([]report.Line(nil), lines...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].At < sorted[j].At })
	var ends []int
	for _, l := range sorted {
		m := marker{x: left + scaled(l.At, full, right-left), lines: Fit(Clean(l.Words.In(c.lang)), sizeSmall, false, c.Width/3)}
		half := Measure(m.lines, sizeSmall, false)/2 + 20
		from := min(max(m.x-half, 0), c.Width-2*half)
		for m.level = 0; m.level < len(ends) && ends[m.level] > from; m.level++ {
		}
		if m.level == len(ends) {
			ends = append(ends, 0)
		}
		ends[m.level] = from + 2*half + 150
		out = append(out, m)
		c.words(from+half, top+lineSmall*(m.level+1)-70, sizeSmall, Middle, ink, m.lines)
	}
	return out, top + len(ends)*lineSmall + 40
}

func (c *canvas) bars(b *report.Bars) {
	if len(b.Rows) == 0 {
		c.nothing()
		return
	}
	full := b.Full
	for _, r := range b.Rows {
		if b.Full <= 0 {
			full = max(full, r.Value, r.Max)
		}
	}
	full = max(full, 1)
	words := func(i int) string {
		r := b.Rows[i]
		if s := r.Words.In(c.lang); s != "" {
			return s
		}
		if r.Null {
			return c.say("未知", "not known")
		}
		return number(r.Value, b.Scale)
	}
	r := c.layRows(len(b.Rows), func(i int) string { return b.Rows[i].Label.In(c.lang) }, words, 0, 1500+len(b.Lines)*lineSmall+(len(b.Legend)+1)*lineSmall)
	marks, top := c.markers(b.Lines, full, r.left, r.right, 0)
	bottom := top + 60
	for _, w := range r.list {
		bottom += w.high
	}
	c.axis(r.left, r.right, top, bottom, full, func(v int64) string { return number(v, b.Scale) }, b.Unit.In(c.lang))
	y := top + 30
	for i, w := range r.list {
		bar := b.Rows[i]
		h := min(w.high-r.air-40, 330)
		at := y + (w.high-h)/2
		value, most := scaled(bar.Value, full, r.plot), scaled(bar.Max, full, r.plot)
		title := Clean(bar.Label.In(c.lang)) + c.say("：", ": ") + Clean(words(i))
		switch {
		case bar.Null:
			c.line(r.left, at+h/2, r.left+500, at+h/2, 16, faint).Dashed = true
		default:
			if value > 0 {
				a := c.box(r.left, at, value, h, "").toned(bar.Tone, false)
				a.Title = title
				if bar.Tone == report.ToneNone {
					a.Fill = "6d8fb3"
				}
			}
			if most > value {
				a := c.box(r.left+value, at, most-value, h, "").toned(bar.Tone, true)
				if bar.Tone == report.ToneNone {
					a.Fill = "6d8fb3"
				}
				a.HatchColour, a.Fill = a.Fill, "ffffff"
				if pale(a.HatchColour) {
					a.HatchColour = faint
				}
				a.Stroke, a.StrokeWidth, a.Title = a.HatchColour, hairline, title
			}
		}
		c.put(r, i, y)
		y += w.high
	}
	for _, m := range marks {
		c.line(m.x, top, m.x, bottom, 18, ink).Dashed = true
	}
	if len(b.Legend) > 0 {
		c.Height = c.legend(b.Legend, 0, c.Height+100, c.Width, 0, nil) + 100
	}
	c.rowsLeftOut(r)
}

// pale tells colours of which lines on white would not be seen.
func pale(hex string) bool {
	switch hex {
	case report.ToneScore0.Hex(), report.ToneScore1.Hex(), report.ToneNotDetected.Hex(), report.ToneMark.Hex(), "ffffff":
		return true
	}
	return false
}

func (c *canvas) intervals(p *report.Intervals) {
	if len(p.Rows) == 0 {
		c.nothing()
		return
	}
	dotted := 0
	for i := range p.Rows {
		if p.Rows[i].Tone != report.ToneNone {
			dotted = 380
		}
	}
	words := func(i int) string {
		if s := p.Rows[i].Words.In(c.lang); s != "" || !p.Rows[i].Null {
			return s
		}
		return c.say("未评估", "not assessed")
	}
	r := c.layRows(len(p.Rows), func(i int) string { return p.Rows[i].Label.In(c.lang) }, words, dotted, 1500+(len(p.Legend)+2)*(lineSmall+110))
	top, bottom := 0, 60
	for _, w := range r.list {
		bottom += w.high
	}
	const whole = 1_000_000
	c.axis(r.left, r.right, top, bottom, 100, func(v int64) string { return number(v, 0) + "%" }, "")
	y, lines := top+30, false
	for i, w := range r.list {
		v := p.Rows[i]
		h := min(w.high-r.air-40, 330)
		at := y + (w.high-h)/2
		if v.Tone != report.ToneNone {
			const d = 200
			a := c.box(0, y+(w.high-d)/2, d, d, "").toned(v.Tone, false)
			a.Stroke, a.StrokeWidth = faint, hairline
		}
		if v.Null {
			c.line(r.left, at+h/2, r.left+500, at+h/2, 16, faint).Dashed = true
		} else {
			title := Clean(v.Label.In(c.lang)) + c.say("：", ": ") + Clean(words(i))
			from, sum := 0, int64(0)
			for _, part := range []struct {
				n    int64
				tone report.Tone
			}{{v.Covered, report.ToneCovered}, {v.Undetermined, report.ToneUndetermined}, {v.Uncovered, report.ToneGap}} {
				sum += max(0, part.n)
				to := scaled(sum, whole, r.plot)
				if to > from {
					a := c.box(r.left+from, at, to-from, h, "").toned(part.tone, false)
					a.Title = title
					if part.tone == report.ToneGap {
						a.Alpha = overAlpha
					}
				}
				from = to
			}
			if v.PassLine > 0 {
				lines = true
				x := r.left + scaled(v.PassLine, whole, r.plot)
				c.line(x, at-60, x, at+h+60, 50, "ffffff")
				c.line(x, at-60, x, at+h+60, 26, ink)
			}
		}
		c.put(r, i, y)
		y += w.high
	}
	if len(p.Legend) > 0 {
		c.Height = c.legend(p.Legend, 0, c.Height+100, c.Width, 0, map[report.Tone]bool{report.ToneGap: true}) + 100
	}
	if lines {
		c.line(swatchW/2, c.Height+30, swatchW/2, c.Height+30+swatchH, 26, ink)
		c.words(swatchW+swatchGap, c.Height+30+(swatchH+sizeSmall*7/10)/2, sizeSmall, Start, ink, c.say("达标线", "pass line"))
		c.Height += swatchH + 130
	}
	c.rowsLeftOut(r)
}

func (c *canvas) histogram(p *report.Histogram) {
	most := int64(0)
	for _, b := range p.Bins {
		most = max(most, int64(b.Count))
	}
	if most == 0 && len(p.Bins) == 0 {
		c.nothing()
		return
	}
	high := 4600
	full := max(1, most)
	s := step(full, 5)
	full = (full + s - 1) / s * s
	left := Measure(grouped(full), sizeSmall, false) + 160
	top := 0
	for _, l := range Wrap(p.Counts.In(c.lang), sizeSmall, false, c.Width, 2) {
		top += lineSmall
		c.words(0, top-60, sizeSmall, Start, faint, l)
	}
	top += sizeSmall + 120
	bottom := top + high
	for v := int64(0); v <= full; v += s {
		y := bottom - scaled(v, full, high)
		if v > 0 {
			c.line(left, y, c.Width, y, hairline, "dddddd")
		}
		c.words(left-100, y+sizeSmall*36/100, sizeSmall, End, faint, grouped(v))
	}
	n := len(p.Bins)
	column := func(i int) int { return left + (c.Width-left)*i/n }
	wide := (c.Width - left) / n
	every, size := 1, sizeSmall
	if wide < 900 {
		size = sizeTiny
		every = (900 + wide - 1) / max(wide, 1)
	}
	below := 0
	for i, b := range p.Bins {
		x, next := column(i), column(i+1)
		gap := (next - x) * 14 / 100
		h := scaled(int64(b.Count), full, high)
		if b.Count > 0 {
			a := c.box(x+gap, bottom-max(h, 12), next-x-2*gap, max(h, 12), "").toned(b.Tone, false)
			if b.Tone == report.ToneNone {
				a.Fill = "6d8fb3"
			}
			a.Stroke, a.StrokeWidth = faint, hairline
			a.Title = Clean(b.Words.In(c.lang)) + c.say("：", ": ") + grouped(int64(b.Count))
		}
		if s := grouped(int64(b.Count)); Measure(s, sizeSmall, false) <= next-x-40 {
			c.words((x+next)/2, bottom-h-70, sizeSmall, Middle, ink, s)
		}
		if i%every == 0 {
			lines := Wrap(b.Words.In(c.lang), size, false, wide*every-80, 3)
			half := 0
			for _, l := range lines {
				half = max(half, (Measure(l, size, false)+1)/2)
			}
			c.lines(min(max((x+next)/2, half), c.Width-half), bottom+lineSmall, size, lineSmall, Middle, ink, lines)
			below = max(below, len(lines))
		}
	}
	c.line(left, bottom, c.Width, bottom, 12, faint)
	c.Height = bottom + below*lineSmall + 140
	for _, l := range Wrap(p.Unit.In(c.lang), sizeSmall, false, c.Width-left, 2) {
		c.words((left+c.Width)/2, c.Height+lineSmall*3/4, sizeSmall, Middle, faint, l)
		c.Height += lineSmall
	}
	c.Height += 60
}

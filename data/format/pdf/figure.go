package pdf

import (
	"lifecircle/coverage/report"
	"lifecircle/data/format/figure"
	"lifecircle/data/format/pages"
)

// figure draws a figure with its caption and notes under it, and the table behind it.
func (d *document) figure(f *report.Figure) {
	d.upright()
	drawing := figure.Draw(f, hundredths(d.room()), d.lang)
	h := float64(drawing.Height) / 100
	key, words := d.called(f)
	notes := pages.Notes(f.Notes, d.lang)
	d.need(min(h+2+d.height(words, sizeBody)+d.height(notes, sizeNote)+5, paperLong-top-bottom))
	d.anchor(key, words, 1)
	d.draw(drawing, margin, d.y)
	d.y += h + 2
	d.lines(margin, d.room(), words, sizeBody, "0b2d52", true)
	d.note(notes)
	switch t := d.numbers.Table(f.Table); {
	case f.Data != nil:
		d.y += 2
		d.table(f.Data, d.say(key+" 的数据", "The numbers behind "+key), "")
	case t != nil:
		d.note(d.say("数据：", "Numbers: ") + pages.Name(false, d.numbers.Of(t), d.lang) + d.say("。", "."))
	case f.Table != "":
		d.note(d.say("数据见随附工作簿的同名表。", "The numbers stand in the workbook's table of that name."))
	}
	d.y += 4
}

// draw draws a drawing with its corner at x, y.
func (d *document) draw(g *figure.Drawing, x, y float64) {
	for _, item := range g.Items {
		switch item := item.(type) {
		case *figure.Area:
			d.area(g, item, x, y)
		case *figure.Words:
			d.words(item, x, y)
		}
	}
}

// path writes the rings of an area; it gives its bounds, and whether there is anything.
func (d *document) path(g *figure.Drawing, a *figure.Area, x, y float64) (x0, y0, x1, y1 float64, ok bool) {
	p, scale := a.Path, 1.0
	if a.Def > 0 {
		p = g.Defs[a.Def-1]
	}
	if a.Scale > 0 {
		scale = float64(a.Scale) / 1000
	}
	place := func(q figure.Point) (float64, float64) {
		return x + (float64(q.X)*scale+float64(a.At.X))/100, y + (float64(q.Y)*scale+float64(a.At.Y))/100
	}
	for _, ring := range p.Rings {
		if len(ring) < 2 {
			continue
		}
		for i, q := range ring {
			px, py := place(q)
			if !ok {
				x0, y0, x1, y1, ok = px, py, px, py, true
			}
			x0, y0, x1, y1 = min(x0, px), min(y0, py), max(x1, px), max(y1, py)
			if i == 0 {
				d.f.MoveTo(px, py)
			} else {
				d.f.LineTo(px, py)
			}
		}
		if !p.Open {
			d.f.ClosePath()
		}
	}
	return x0, y0, x1, y1, ok
}

// hatchStep is the distance between the lines of a hatch, mm.
const hatchStep = 1.2

func (d *document) area(g *figure.Drawing, a *figure.Area, x, y float64) {
	open := a.Path.Open
	if a.Def > 0 {
		open = g.Defs[a.Def-1].Open
	}
	if a.Fill != "" && !open {
		d.f.SetFillColor(rgb(a.Fill))
		if a.Alpha > 0 && a.Alpha < 100 {
			d.f.SetAlpha(float64(a.Alpha)/100, "Normal")
		}
		if _, _, _, _, ok := d.path(g, a, x, y); ok {
			d.f.DrawPath("F*")
		}
		if a.Alpha > 0 && a.Alpha < 100 {
			d.f.SetAlpha(1, "Normal")
		}
	}
	if a.Hatch && !open {
		d.f.RawWriteStr("q\n")
		if x0, y0, x1, y1, ok := d.path(g, a, x, y); ok {
			d.f.RawWriteStr("W* n\n")
			colour := a.HatchColour
			if colour == "" {
				colour = "3b4249"
			}
			d.f.SetDrawColor(rgb(colour))
			d.f.SetLineWidth(0.18)
			for s := x0 + y0 - rest(x0+y0, hatchStep); s <= x1+y1; s += hatchStep { // lines x + y = s
				d.f.Line(max(x0, s-y1), s-max(x0, s-y1), min(x1, s-y0), s-min(x1, s-y0))
			}
		}
		d.f.RawWriteStr("Q\n")
	}
	if a.Stroke != "" {
		d.f.SetDrawColor(rgb(a.Stroke))
		d.f.SetLineWidth(max(0.05, float64(a.StrokeWidth)/100))
		if a.Dashed {
			d.f.SetDashPattern([]float64{1.2, 0.8}, 0)
		}
		if _, _, _, _, ok := d.path(g, a, x, y); ok {
			d.f.DrawPath("D")
		}
		if a.Dashed {
			d.f.SetDashPattern([]float64{}, 0)
		}
	}
}

func rest(v, step float64) float64 {
	n := int(v / step)
	return v - float64(n)*step
}

// fitted gives the size in points at which a line of a drawing is set, and its width. It is smaller where our font is wider than the
// drawing was laid out for: a few hundredths are let pass, for signs like · that are an em here, but not where the measure was a guess.
func (d *document) fitted(w *figure.Words) (size, width float64) {
	size = float64(w.Size) / 100 / mmPerPoint
	width = d.width(d.settable(w.Text), size)
	laid := float64(figure.Measure(w.Text, w.Size, w.Bold)) / 100
	if !figure.Guessed(w.Text) {
		laid *= 1.03
	}
	if laid > 0 && width > laid {
		size *= laid / width
		width = laid
	}
	return size, width
}

// words sets a line of a drawing.
func (d *document) words(w *figure.Words, x, y float64) {
	s := d.settable(w.Text)
	size, width := d.fitted(w)
	px, py := x+float64(w.At.X)/100, y+float64(w.At.Y)/100
	switch w.Anchor {
	case figure.Middle:
		px -= width / 2
	case figure.End:
		px -= width
	}
	if w.Halo {
		d.f.SetFont("L", "", size)
		d.f.SetDrawColor(255, 255, 255)
		d.f.SetLineWidth(size * mmPerPoint * 0.25)
		d.f.SetTextRenderingMode(1)
		d.f.Text(px, py, s)
		d.f.SetTextRenderingMode(0)
	}
	colour := w.Colour
	if colour == "" {
		colour = "222222"
	}
	d.set(px, py, s, size, colour, w.Bold)
}

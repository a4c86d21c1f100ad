package figure

import (
	"strconv"
	"strings"

	"lifecircle/coverage"
	"lifecircle/coverage/report"
)

// Sizes of type and strokes.
const (
	sizeText  = 282 // 8 pt
	sizeSmall = 247 // 7 pt
	sizeTiny  = 205
	lineText  = 370
	lineSmall = 320
	hairline  = 8
	ink       = "222222"
	faint     = "5a5a5a"
	rule      = "b8b8b8"
)

// MaxHeight is the height of the tallest drawing: with its caption it stands on a page of A4. What does not fit is left out, and the
// drawing says so.
const MaxHeight = 21000

// minWidth is the narrowest drawing: a narrower one could not hold its words.
const minWidth = 7000

// Draw lays a figure out in a language ("zh" or "en"), width hundredths of a millimetre wide and as high as it comes, at most MaxHeight.
// The same figure gives the same drawing. A figure without anything to show says so.
func Draw(f *report.Figure, width int, lang string) *Drawing {
	c := &canvas{Drawing: &Drawing{Width: max(width, minWidth), Title: Clean(f.Caption.In(lang)), Desc: Clean(f.Desc.In(lang))}, lang: lang}
	switch p := f.Plot.(type) {
	case *report.Map:
		c.plan(p)
	case *report.Multiples:
		c.multiples(p)
	case *report.Bars:
		c.bars(p)
	case *report.Intervals:
		c.intervals(p)
	case *report.Histogram:
		c.histogram(p)
	default:
		c.nothing()
	}
	return c.Drawing
}

// canvas is a drawing in the making. Its Height is that of what is there already.
type canvas struct {
	*Drawing
	lang string
}

// say chooses between two wordings.
func (c *canvas) say(zh, en string) string { return report.Text{Zh: zh, En: en}.In(c.lang) }

func (c *canvas) words(x, y, size, anchor int, colour, s string) *Words {
	w := &Words{At: Point{int32(x), int32(y)}, Size: size, Anchor: anchor, Colour: colour, Text: s}
	if s != "" {
		c.Items = append(c.Items, w)
	}
	return w
}

// lines sets lines under each other, the first base line at y, and gives the next base line.
func (c *canvas) lines(x, y, size, step, anchor int, colour string, lines []string) int {
	for _, l := range lines {
		c.words(x, y, size, anchor, colour, l)
		y += step
	}
	return y
}

func (c *canvas) area(a *Area) *Area {
	c.Items = append(c.Items, a)
	return a
}

func rect(x, y, w, h int) Path {
	x0, y0, x1, y1 := int32(x), int32(y), int32(x+w), int32(y+h)
	return Path{Rings: [][]Point{{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}}}
}

func (c *canvas) box(x, y, w, h int, fill string) *Area {
	return c.area(&Area{Path: rect(x, y, w, h), Fill: fill})
}

func (c *canvas) line(x0, y0, x1, y1, width int, colour string) *Area {
	return c.area(&Area{Path: Path{Rings: [][]Point{{{int32(x0), int32(y0)}, {int32(x1), int32(y1)}}}, Open: true}, Stroke: colour, StrokeWidth: width})
}

// toned gives an area the look of a tone.
func (a *Area) toned(t report.Tone, hatch bool) *Area {
	a.Fill = t.Hex()
	if a.Fill == "" {
		a.Fill = "ffffff"
	}
	if hatch || t.Hatched() {
		a.Hatch, a.HatchColour = true, hatchColour(t)
	}
	return a
}

func hatchColour(t report.Tone) string {
	switch {
	case t.Dark():
		return "ffffff"
	case t == report.ToneNotDetected:
		return "8a6aa3"
	}
	return "6b6b6b"
}

// nothing says that there is nothing to show.
func (c *canvas) nothing() {
	c.box(0, c.Height, c.Width, 1600, "f6f6f6").Stroke = rule
	c.Items[len(c.Items)-1].(*Area).StrokeWidth = hairline
	c.words(c.Width/2, c.Height+880, sizeText, Middle, faint, c.say("无数据可绘", "Nothing to show"))
	c.Height += 1600
}

// leftOut says at the bottom what is not drawn.
func (c *canvas) leftOut(s string) {
	for _, l := range Wrap(s, sizeSmall, false, c.Width, 3) {
		c.words(0, c.Height+lineSmall, sizeSmall, Start, faint, l)
		c.Height += lineSmall + 30
	}
	c.Height += 60
}

// entry is a line of a legend, wrapped.
type entry struct {
	report.Legend
	lines []string
	width int
}

const (
	swatchW, swatchH = 520, 280
	swatchGap        = 160
)

// legend sets entries in rows from x, y within width and gives the y below them. Of tones that lie over others the swatches are as light.
func (c *canvas) legend(list []report.Legend, x, y, width, columns int, over map[report.Tone]bool) int {
	var entries []entry
	for _, l := range list {
		e := entry{Legend: l, lines: Wrap(l.Words.In(c.lang), sizeSmall, false, width-swatchW-swatchGap, 4)}
		for _, s := range e.lines {
			e.width = max(e.width, Measure(s, sizeSmall, false))
		}
		e.width += swatchW + swatchGap
		entries = append(entries, e)
	}
	at, high := x, 0
	for _, e := range entries {
		if at > x && (at+e.width > x+width || columns == 1) {
			at, y, high = x, y+high+110, 0
		}
		a := c.box(at, y, swatchW, swatchH, "").toned(e.Tone, e.Hatch)
		a.Stroke, a.StrokeWidth = faint, hairline
		if over[e.Tone] {
			a.Alpha = overAlpha
		}
		c.lines(at+swatchW+swatchGap, y+(swatchH+sizeSmall*7/10)/2, sizeSmall, lineSmall, Start, ink, e.lines)
		high = max(high, swatchH+(len(e.lines)-1)*lineSmall)
		at += e.width + 450
	}
	return y + high
}

// number writes n · 10^−scale without zeros at its end.
func number(n int64, scale int) string {
	s := string(coverage.AppendDecimal(nil, n, scale))
	if scale > 0 {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// grouped writes a count with its thousands grouped.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// step gives a round step, 1, 2 or 5 times a power of ten, that divides full into at most parts.
func step(full int64, parts int) int64 {
	for s := int64(1); s < 1<<60; s *= 10 {
		for _, k := range []int64{1, 2, 5} {
			if full/(s*k) <= int64(parts) {
				return s * k
			}
		}
	}
	return full
}

// scaled gives at·to/full within 0 and to.
func scaled(at, full int64, to int) int {
	if full <= 0 || at <= 0 {
		return 0
	}
	if at >= full {
		return to
	}
	return int(float64(at) / float64(full) * float64(to))
}

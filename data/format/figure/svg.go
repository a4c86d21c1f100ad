package figure

import (
	"strconv"
	"unicode/utf8"
)

// fonts are the faces that a page asks for: those that Measure was made for first.
const fonts = "'Source Han Sans SC','Noto Sans CJK SC','Noto Sans SC','Microsoft YaHei','PingFang SC','Hiragino Sans GB',SimHei,Arial,'Liberation Sans',sans-serif"

// AppendSVG appends a drawing as an inline SVG picture: its title and description for who cannot see it, no script, no style sheet, nothing
// from elsewhere. id begins the ids in it and must be the page's only one, of letters, digits and hyphens. Items of one look that
// follow each other say it once; places are written relative to each other.
func (d *Drawing) AppendSVG(dst []byte, id string) []byte {
	s := svg{b: dst, d: d, id: id, hatches: map[hatch]int{}}
	s.str(`<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="`, id, `-t`)
	if d.Desc != "" {
		s.str(` `, id, `-d`)
	}
	s.str(`" viewBox="0 0 `).int(d.Width).str(" ").int(d.Height).str(`" width="`).hundredths(d.Width).str(`mm" height="`).hundredths(d.Height)
	s.str(`mm" font-family="`, fonts, `">`+"\n"+`<title id="`, id, `-t">`).text(d.Title).str("</title>")
	if d.Desc != "" {
		s.str(`<desc id="`, id, `-d">`).text(d.Desc).str("</desc>")
	}
	s.str("\n")
	s.defs()
	for i := 0; i < len(d.Items); {
		switch item := d.Items[i].(type) {
		case *Area:
			n := 1
			look := lookOf(item)
			for i+n < len(d.Items) {
				if next, ok := d.Items[i+n].(*Area); !ok || lookOf(next) != look {
					break
				}
				n++
			}
			s.areas(look, d.Items[i:i+n])
			i += n
		case *Words:
			n := 1
			look := faceOf(item)
			for i+n < len(d.Items) {
				if next, ok := d.Items[i+n].(*Words); !ok || faceOf(next) != look {
					break
				}
				n++
			}
			s.lines(look, d.Items[i:i+n])
			i += n
		}
	}
	return append(s.b, "</svg>\n"...)
}

// look is all of an area but where it is.
type look struct {
	fill, hatchColour, stroke string
	alpha, width, scale       int
	hatch, dashed, open       bool
	def                       bool
	at                        Point
}

func lookOf(a *Area) look {
	l := look{fill: a.Fill, stroke: a.Stroke, alpha: a.Alpha, width: a.StrokeWidth, dashed: a.Dashed, hatch: a.Hatch, def: a.Def > 0, scale: a.Scale}
	if a.Hatch {
		l.hatchColour = a.HatchColour
	}
	if l.def {
		l.at = a.At
	} else {
		l.open, l.scale = a.Path.Open, 0
	}
	return l
}

// face is all of a line of text but where it is and what it says.
type face struct {
	size, anchor int
	bold, halo   bool
	colour       string
}

func faceOf(w *Words) face { return face{w.Size, w.Anchor, w.Bold, w.Halo, w.Colour} }

type hatch struct{ fill, colour string }

type svg struct {
	b       []byte
	d       *Drawing
	id      string
	hatches map[hatch]int
}

func (s *svg) str(parts ...string) *svg {
	for _, p := range parts {
		s.b = append(s.b, p...)
	}
	return s
}

func (s *svg) int(n int) *svg {
	s.b = strconv.AppendInt(s.b, int64(n), 10)
	return s
}

// hundredths writes n/100.
func (s *svg) hundredths(n int) *svg {
	s.int(n / 100)
	if n %= 100; n > 0 {
		s.str(".")
		if n < 10 {
			s.str("0")
		}
		s.int(n)
	}
	return s
}

func (s *svg) text(t string) *svg {
	s.b = AppendEscaped(s.b, t)
	return s
}

// AppendEscaped appends a text as content or a quoted attribute of HTML and SVG; bytes that are no UTF-8 and characters that neither may
// have become U+FFFD.
func AppendEscaped(dst []byte, t string) []byte {
	from := 0
	for i := 0; i < len(t); {
		c := t[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(t[i:])
			if (r == utf8.RuneError && n == 1) || (r >= 0x80 && r < 0xa0) || r == 0xfffe || r == 0xffff {
				dst = append(append(dst, t[from:i]...), "\ufffd"...)
				from = i + n
			}
			i += n
			continue
		}
		e := ""
		switch {
		case c == '&':
			e = "&amp;"
		case c == '<':
			e = "&lt;"
		case c == '>':
			e = "&gt;"
		case c == '"':
			e = "&#34;"
		case c == '\'':
			e = "&#39;"
		case (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f:
			e = "\ufffd"
		}
		if i++; e != "" {
			dst = append(append(dst, t[from:i-1]...), e...)
			from = i
		}
	}
	return append(dst, t[from:]...)
}

// defs writes hatches and shared outlines.
func (s *svg) defs() {
	var order []hatch
	for _, item := range s.d.Items {
		if a, ok := item.(*Area); ok && a.Hatch {
			h := hatch{a.Fill, a.HatchColour}
			if _, known := s.hatches[h]; !known {
				s.hatches[h] = len(order)
				order = append(order, h)
			}
		}
	}
	if len(order) == 0 && len(s.d.Defs) == 0 {
		return
	}
	s.str("<defs>\n")
	for i, h := range order {
		s.str(`<pattern id="`, s.id, `-h`).int(i).str(`" width="110" height="110" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">`)
		if h.fill != "" {
			s.str(`<path d="M0 0h110v110h-110z" fill="#`, h.fill, `"/>`)
		}
		s.str(`<path d="M55 0v110" stroke="#`, h.colour, `" stroke-width="28"/></pattern>`+"\n")
	}
	for i := range s.d.Defs {
		s.str(`<path id="`, s.id, `-`).int(i + 1).str(`" d="`).path(s.d.Defs[i])
		if s.d.Defs[i].Open {
			s.str(`" fill="none`)
		}
		s.str("\"/>\n")
	}
	s.str("</defs>\n")
}

func (s *svg) areas(l look, items []Item) {
	if len(items) > 1 || l.def {
		s.str("<g").look(l).str(">\n")
	}
	for _, item := range items {
		a := item.(*Area)
		name := "path"
		if l.def {
			name = "use"
			s.str(`<use href="#`, s.id, `-`).int(a.Def).str(`"`)
		} else {
			s.str(`<path d="`).path(a.Path).str(`"`)
		}
		if len(items) == 1 && !l.def {
			s.look(l)
		}
		if a.Title == "" {
			s.str("/>\n")
		} else {
			s.str("><title>").text(a.Title).str("</title></", name, ">\n")
		}
	}
	if len(items) > 1 || l.def {
		s.str("</g>\n")
	}
}

func (s *svg) look(l look) *svg {
	switch {
	case l.open || (l.fill == "" && !l.hatch):
		s.str(` fill="none"`)
	case l.hatch:
		s.str(` fill="url(#`, s.id, `-h`).int(s.hatches[hatch{l.fill, l.hatchColour}]).str(`)"`)
	default:
		s.str(` fill="#`, l.fill, `"`)
	}
	if l.alpha > 0 && l.alpha < 100 {
		s.str(` fill-opacity=".`)
		if l.alpha < 10 {
			s.str("0")
		}
		s.int(l.alpha).str(`"`)
	}
	if !l.open {
		s.str(` fill-rule="evenodd"`)
	}
	if l.stroke != "" && l.width > 0 {
		s.str(` stroke="#`, l.stroke, `" stroke-width="`).int(l.width).str(`" stroke-linejoin="round"`)
		if l.dashed {
			s.str(` stroke-dasharray="`).int(max(60, 4*l.width)).str(" ").int(max(40, 3*l.width)).str(`"`)
		}
	}
	if l.def && (l.at != Point{} || (l.scale != 0 && l.scale != 1000)) {
		s.str(` transform="translate(`).int(int(l.at.X)).str(" ").int(int(l.at.Y)).str(")")
		if l.scale != 0 && l.scale != 1000 {
			s.str(" scale(").thousandths(l.scale).str(")")
		}
		s.str(`"`)
	}
	return s
}

func (s *svg) thousandths(n int) *svg {
	t := strconv.Itoa(1000 + n%1000)
	return s.int(n/1000).str(".", t[1:])
}

// path writes rings relative to each other: after a ring is closed, its first place is the current one.
func (s *svg) path(p Path) *svg {
	x, y := int32(0), int32(0)
	for k, ring := range p.Rings {
		for i, q := range ring {
			dx, dy := int(q.X-x), int(q.Y-y)
			x, y = q.X, q.Y
			switch {
			case i == 0 && k == 0:
				s.str("M").pair(dx, dy)
			case i == 0:
				s.str("m").pair(dx, dy)
			case dy == 0:
				s.str("h").int(dx)
			case dx == 0:
				s.str("v").int(dy)
			case i == 1:
				s.str("l").pair(dx, dy)
			default:
				if a := ring[i-2]; a.X == ring[i-1].X || a.Y == ring[i-1].Y {
					s.str("l")
				} else if dx >= 0 {
					s.str(" ")
				}
				s.pair(dx, dy)
			}
		}
		if !p.Open && len(ring) > 0 {
			s.str("z")
			x, y = ring[0].X, ring[0].Y
		}
	}
	return s
}

func (s *svg) pair(x, y int) *svg {
	if s.int(x); y >= 0 {
		s.str(" ")
	}
	return s.int(y)
}

func (s *svg) lines(f face, items []Item) {
	if len(items) > 1 {
		s.str("<g").face(f).str(">\n")
	}
	for _, item := range items {
		w := item.(*Words)
		s.str(`<text x="`).int(int(w.At.X)).str(`" y="`).int(int(w.At.Y)).str(`"`)
		if len(items) == 1 {
			s.face(f)
		}
		if Guessed(w.Text) { // no renderer may run out of what was measured
			s.str(` textLength="`).int(Measure(w.Text, w.Size, w.Bold)).str(`" lengthAdjust="spacingAndGlyphs"`)
		}
		s.str(">").text(w.Text).str("</text>\n")
	}
	if len(items) > 1 {
		s.str("</g>\n")
	}
}

func (s *svg) face(f face) *svg {
	s.str(` font-size="`).int(f.size).str(`"`)
	switch f.anchor {
	case Middle:
		s.str(` text-anchor="middle"`)
	case End:
		s.str(` text-anchor="end"`)
	}
	if f.bold {
		s.str(` font-weight="bold"`)
	}
	if f.colour != "" {
		s.str(` fill="#`, f.colour, `"`)
	}
	if f.halo {
		s.str(` paint-order="stroke" stroke="#fff" stroke-opacity=".85" stroke-width="`).int(f.size / 6).str(`" stroke-linejoin="round"`)
	}
	return s
}

package figure

import (
	"cmp"
	"slices"
	"sort"
	"strconv"

	"lifecircle/coverage/report"
)

// overAlpha is how opaque a place over the shapes is, in hundredths.
const overAlpha = 40

// Bounds of a map.
const (
	sidebar    = 4300 // the column beside a map that is not wide
	mapHeight  = 12800
	mapMargin  = 250
	seenFrom   = 24 // a place over the shapes must be so large in one direction
	maxOver    = 20_000
	fineShapes = 3000 // more shapes have finer borders
)

// sheet is a map being drawn: projection, outlines, and how many places over it are left out because they could not be seen.
type sheet struct {
	g      ground
	o      *outlines
	layer  []int // of shapes in panels that join them
	unseen int
}

func (c *canvas) plan(m *report.Map) {
	b, ok := extent(m.Base)
	if !ok {
		c.nothing()
		return
	}
	left, tall := c.Width, mapHeight
	beside := aspect(b) < 1.75 && c.Width >= 12000
	if beside {
		left = c.Width - sidebar - 300
	}
	if !beside {
		tall = mapHeight - 2500
	}
	g := newGround(b, left, tall, mapMargin)
	s := &sheet{g: g, o: newOutlines(m.Base, &g)}
	frame := c.box(0, 0, g.w, g.h, "fbfbfb")
	c.shapes(s, m, 0, 0)
	if m.Labels {
		c.labels(s, m)
	}
	frame.Stroke, frame.StrokeWidth = ink, 14
	over := overTones(m)
	if beside {
		y := c.furniture(s, m.Legend, over, left+300, 100, sidebar, 1)
		c.Height = max(g.h, y)
	} else {
		c.Height = c.furniture(s, m.Legend, over, 0, g.h+200, c.Width, 0)
	}
	c.credits(m.Credits)
	c.unseen(s)
}

// overTones are the tones of places over the shapes, which are half transparent.
func overTones(m *report.Map) map[report.Tone]bool {
	over := map[report.Tone]bool{}
	for i := range m.Overlays {
		over[m.Overlays[i].Tone] = true
	}
	for _, t := range m.Fill {
		delete(over, t)
	}
	return over
}

func (s *sheet) tone(p *report.Map, i int) (report.Tone, bool) {
	t, hatch := report.ToneNone, false
	if i < len(p.Fill) {
		t = p.Fill[i]
	}
	if i < len(p.Hatch) {
		hatch = p.Hatch[i]
	}
	return t, hatch
}

// shapes draws a map's shapes, what lies over them and the borders of parents, its frame's corner at x, y.
func (c *canvas) shapes(s *sheet, m *report.Map, x, y int) {
	words := map[report.Tone]string{}
	for _, l := range m.Legend {
		if _, ok := words[l.Tone]; !ok {
			words[l.Tone] = Clean(l.Words.In(c.lang))
		}
	}
	thin := 10
	if len(m.Base.Shapes) > fineShapes {
		thin = 3
	}
	for _, i := range s.byLook(m) {
		if len(s.o.shapes[i]) == 0 {
			continue
		}
		a := c.area(&Area{Path: moved(drawn(s.o.shapes[i]), x, y), Stroke: "6e6e6e", StrokeWidth: thin})
		t, hatch := s.tone(m, i)
		a.toned(t, hatch)
		a.Title = Clean(m.Base.Shapes[i].Name)
		if w := words[t]; w != "" {
			a.Title += c.say("：", ": ") + w
		}
	}
	c.over(s, m, x, y)
	c.parents(s, x, y, 32)
}

// byLook gives the shapes sorted by tone, so that a writer can say a look once for many.
func (s *sheet) byLook(m *report.Map) []int {
	order := make([]int, len(m.Base.Shapes))
	key := make([]int, len(order))
	for i := range order {
		t, hatch := s.tone(m, i)
		order[i], key[i] = i, int(t)*2
		if hatch {
			key[i]++
		}
	}
	sort.SliceStable(order, func(a, b int) bool { return key[order[a]] < key[order[b]] })
	return order
}

func (c *canvas) parents(s *sheet, x, y, width int) {
	if len(s.o.borders) == 0 {
		return
	}
	var lines [][]Point
	for i, l := range s.o.borders {
		if l = slices.Clone(l); s.o.closed[i] {
			l = append(l, l[0])
		}
		lines = append(lines, l)
	}
	p := moved(lines, x, y)
	p.Open = true
	c.area(&Area{Path: p, Stroke: ink, StrokeWidth: width})
}

// over draws the places over the shapes; of those that could not be seen it counts how many there are.
func (c *canvas) over(s *sheet, m *report.Map, x, y int) {
	type place struct {
		rings [][]Point
		size  int64
		tone  report.Tone
	}
	var places []place
	for i := range m.Overlays {
		rings := s.g.rings(m.Overlays[i].Geometry)
		lo, hi := box(rings)
		if hi.X-lo.X < seenFrom && hi.Y-lo.Y < seenFrom {
			s.unseen++
			continue
		}
		var kept [][]Point
		for _, r := range rings {
			if r = thinRing(r); len(r) > 2 {
				kept = append(kept, r)
			}
		}
		if len(kept) == 0 {
			s.unseen++
			continue
		}
		places = append(places, place{kept, int64(hi.X-lo.X) * int64(hi.Y-lo.Y), m.Overlays[i].Tone})
	}
	if len(places) > maxOver {
		sizes := make([]int64, len(places))
		for i := range places {
			sizes[i] = places[i].size
		}
		slices.SortFunc(sizes, func(a, b int64) int { return cmp.Compare(b, a) })
		kept := places[:0]
		for _, p := range places {
			if p.size >= sizes[maxOver-1] && len(kept) < maxOver {
				kept = append(kept, p)
			}
		}
		s.unseen += len(places) - len(kept)
		places = kept
	}
	for _, p := range places {
		a := c.area(&Area{Path: moved(p.rings, x, y), Alpha: overAlpha})
		a.toned(p.tone, false)
	}
}

// thinRing simplifies a ring that shares no border.
func thinRing(r []Point) []Point {
	var t topology
	return straight(t.ring(r))
}

func moved(rings [][]Point, x, y int) Path {
	if x == 0 && y == 0 {
		return Path{Rings: rings}
	}
	out := make([][]Point, len(rings))
	for i, r := range rings {
		out[i] = make([]Point, len(r))
		for k, p := range r {
			out[i][k] = Point{p.X + int32(x), p.Y + int32(y)}
		}
	}
	return Path{Rings: out}
}

// unseen says how many places over the map are left out.
func (c *canvas) unseen(s *sheet) {
	if n := s.unseen; n > 0 {
		k := grouped(int64(n))
		c.leftOut(c.say("另有 "+k+" 处在此比例下过小，未绘出；数据表与导出图层列出全部。", k+" more places are too small to be seen at this scale and are not drawn; the tables and exported layers have them all."))
	}
}

// credits writes the attributions under a map.
func (c *canvas) credits(credits []string) {
	if len(credits) == 0 {
		return
	}
	s := c.say("资料来源：", "Sources: ")
	for i, credit := range credits {
		if i > 0 {
			s += c.say("；", "; ")
		}
		s += credit
	}
	c.Height += 80
	for _, l := range Wrap(s, sizeSmall, false, c.Width, 6) {
		c.words(0, c.Height+lineSmall*3/4, sizeSmall, Start, faint, l)
		c.Height += lineSmall
	}
	c.Height += 60
}

// furniture is what a map must have: legend, scale, north, and the slot for the number of its approval. It gives the y below.
func (c *canvas) furniture(s *sheet, legend []report.Legend, over map[report.Tone]bool, x, y, width, columns int) int {
	if columns == 1 {
		c.north(x+350, y)
		y = c.scale(s, x+900, y+480, width-900) + 350
		if len(legend) > 0 {
			c.words(x, y+sizeText, sizeText, Start, ink, c.say("图例", "Legend")).Bold = true
			y = c.legend(legend, x, y+lineText+150, width, 1, over) + 350
		}
		return c.slot(x, y, width) + 50
	}
	const side = 4600
	c.north(x+width-side+350, y)
	below := c.scale(s, x+width-side+900, y+480, side-900)
	below = c.slot(x+width-side, below+200, side)
	if len(legend) > 0 {
		c.words(x, y+sizeText, sizeText, Start, ink, c.say("图例", "Legend")).Bold = true
		y = c.legend(legend, x, y+lineText+150, width-side-400, 0, over)
	}
	return max(y, below) + 50
}

// north draws an arrow upwards, 1000 high: maps have north on top.
func (c *canvas) north(x, y int) {
	px, py := int32(x), int32(y)
	c.words(x, y+sizeText*8/10, sizeText, Middle, ink, c.say("北", "N")).Bold = true
	c.area(&Area{Path: Path{Rings: [][]Point{{{px, py + 300}, {px + 190, py + 900}, {px, py + 760}, {px - 190, py + 900}}}}, Stroke: ink, StrokeWidth: 14, Fill: "ffffff", Title: c.say("上为北", "north is up")})
	c.area(&Area{Path: Path{Rings: [][]Point{{{px, py + 300}, {px, py + 760}, {px - 190, py + 900}}}}, Fill: ink})
}

// scale draws a bar of a round length on the ground, at most width, and gives the y below.
func (c *canvas) scale(s *sheet, x, y, width int) int {
	metres := int64(1)
	for _, m := range roundLengths {
		if float64(m)*s.g.perMetre <= float64(min(width-500, 3200)) {
			metres = m
		}
	}
	w := int(float64(metres)*s.g.perMetre + 0.5)
	if w <= 0 {
		return y
	}
	name := strconv.FormatInt(metres, 10) + c.say(" 米", " m")
	if metres >= 1000 {
		name = grouped(metres/1000) + c.say(" 千米", " km")
	}
	c.box(x, y+330, w/2, 90, ink)
	c.box(x+w/2, y+330, w-w/2, 90, "ffffff")
	frame := c.box(x, y+330, w, 90, "")
	frame.Stroke, frame.StrokeWidth = ink, 12
	if half := Measure(name, sizeSmall, false) / 2; w > half+Measure("0", sizeSmall, false) {
		c.words(x, y+250, sizeSmall, Middle, ink, "0")
	}
	c.words(x+w, y+250, sizeSmall, Middle, ink, name)
	return y + 420
}

// roundLengths are the lengths that a scale bar may have, in metres.
var roundLengths = func() (out []int64) {
	for p := int64(1); p <= 1_000_000; p *= 10 {
		out = append(out, p, 2*p, 5*p)
	}
	return out
}()

// slot draws a free frame for the number under which a map may be published, and gives the y below.
func (c *canvas) slot(x, y, width int) int {
	const high = 620
	a := c.box(x, y, width, high, "ffffff")
	a.Stroke, a.StrokeWidth = faint, hairline
	c.words(x+120, y+high/2+sizeSmall*36/100, sizeSmall, Start, faint, c.say("审图号：", "Map approval no.:"))
	return y + high
}

// A name stands on a map only where its shape holds it.

type rectangle struct{ x0, y0, x1, y1 int32 }

func (a rectangle) meets(b rectangle) bool {
	return a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1
}

// maxLabels bounds the names on a map.
const maxLabels = 400

func (c *canvas) labels(s *sheet, m *report.Map) {
	type candidate struct {
		i    int
		area int64
	}
	var list []candidate
	for i, rings := range s.o.shapes {
		a := int64(0)
		for _, r := range rings {
			a += max(area2(r), -area2(r))
		}
		if a > 2*500*300 {
			list = append(list, candidate{i, a})
		}
	}
	sort.SliceStable(list, func(a, b int) bool { return list[a].area > list[b].area })
	var placed []rectangle
	for _, l := range list {
		if len(placed) == maxLabels {
			break
		}
		name := Clean(m.Base.Shapes[l.i].Name)
		if name == "" {
			continue
		}
		for _, try := range labelTries {
			size := try.size
			lines := []string{name}
			if try.lines > 1 {
				if lines = Wrap(name, size, false, (Measure(name, size, false)/try.lines)*118/100+size, try.lines); len(lines) != try.lines {
					continue
				}
			}
			w, h := 0, len(lines)*size*115/100
			for _, line := range lines {
				w = max(w, Measure(line, size, false))
			}
			if w > 6000 || Fit(lines[len(lines)-1], size, false, 6000) != lines[len(lines)-1] {
				continue
			}
			at, ok := room(s.o.shapes[l.i], w+60, h+40, placed)
			if !ok {
				continue
			}
			placed = append(placed, at)
			y := int(at.y0) + 20 + size*88/100
			for _, line := range lines {
				word := c.words(int(at.x0+at.x1)/2, y, size, Middle, ink, line)
				word.Halo = true
				y += size * 115 / 100
			}
			break
		}
	}
}

// labelTries are the ways in which a name may stand, the best first.
var labelTries = []struct{ size, lines int }{{230, 1}, {230, 2}, {195, 1}, {195, 2}}

// room finds a place for a box in rings, clear of their borders and of what is placed.
func room(rings [][]Point, w, h int, placed []rectangle) (rectangle, bool) {
	lo, hi := box(rings)
	if int(hi.X-lo.X) < w || int(hi.Y-lo.Y) < h {
		return rectangle{}, false
	}
	type spot struct {
		x0, x1, y int32
	}
	var spots []spot
	const scans = 11
	var xs []int32
	for k := 1; k <= scans; k++ {
		y := lo.Y + int32(int64(hi.Y-lo.Y)*int64(k)/(scans+1))
		xs = crossings(rings, y, xs[:0])
		for i := 0; i+1 < len(xs); i += 2 {
			if int(xs[i+1]-xs[i]) >= w {
				spots = append(spots, spot{xs[i], xs[i+1], y})
			}
		}
	}
	mid := (lo.Y + hi.Y) / 2
	sort.SliceStable(spots, func(a, b int) bool { // wide ones first, the middle of the shape before its ends
		return score(spots[a].x0, spots[a].x1, spots[a].y, mid) > score(spots[b].x0, spots[b].x1, spots[b].y, mid)
	})
	for _, s := range spots {
		for _, part := range []int32{2, 3} { // the middle of the run, then nearer to its ends
			for _, x := range []int32{s.x0 + (s.x1-s.x0)/part, s.x1 - (s.x1-s.x0)/part} {
				r := rectangle{x - int32(w)/2, s.y - int32(h)/2, x + int32(w+1)/2, s.y + int32(h+1)/2}
				if holds(rings, r) && !slices.ContainsFunc(placed, r.meets) {
					return r, true
				}
			}
		}
	}
	return rectangle{}, false
}

func score(x0, x1, y, mid int32) int32 { return (x1 - x0) - max(y-mid, mid-y) }

// crossings gives where rings cross a level, in order.
func crossings(rings [][]Point, y int32, xs []int32) []int32 {
	for _, r := range rings {
		a := r[len(r)-1]
		for _, b := range r {
			if (a.Y <= y) != (b.Y <= y) {
				xs = append(xs, a.X+int32(int64(b.X-a.X)*int64(y-a.Y)/int64(b.Y-a.Y)))
			}
			a = b
		}
	}
	slices.Sort(xs)
	return xs
}

// holds tells whether no border passes through a rectangle whose middle is inside.
func holds(rings [][]Point, r rectangle) bool {
	inside := false
	x, y := (r.x0+r.x1)/2, (r.y0+r.y1)/2
	for _, ring := range rings {
		a := ring[len(ring)-1]
		for _, b := range ring {
			if touches(a, b, r) {
				return false
			}
			if (a.Y <= y) != (b.Y <= y) && a.X+int32(int64(b.X-a.X)*int64(y-a.Y)/int64(b.Y-a.Y)) > x {
				inside = !inside
			}
			a = b
		}
	}
	return inside
}

// touches tells whether a stretch meets a rectangle.
func touches(a, b Point, r rectangle) bool {
	if max(a.X, b.X) < r.x0 || min(a.X, b.X) > r.x1 || max(a.Y, b.Y) < r.y0 || min(a.Y, b.Y) > r.y1 {
		return false
	}
	pos, neg := false, false
	for _, p := range [4]Point{{r.x0, r.y0}, {r.x1, r.y0}, {r.x1, r.y1}, {r.x0, r.y1}} {
		s := cross(a, b, p)
		pos, neg = pos || s >= 0, neg || s <= 0
	}
	return pos && neg
}

// Small maps share the outlines of their shapes: they are laid out once and used in every panel. Where there are too many for a
// page to bear, each panel's shapes of one look are joined into one area.

// maxUses bounds the uses of outlines in a drawing.
const maxUses = 24_000

func (c *canvas) multiples(p *report.Multiples) {
	if len(p.Maps) == 0 || p.Maps[0].Base == nil {
		c.nothing()
		return
	}
	base := p.Maps[0].Base
	b, ok := extent(base)
	if !ok {
		c.nothing()
		return
	}
	const gap = 260
	n, foot := len(p.Maps), 2600+len(p.Legend)*180
	if c.Width < 12000 {
		foot += len(p.Legend) * 400
	}
	type layout struct {
		columns, wide, tall, shown int
		titles                     [][]string
		heads                      []int // of titles, per row of panels
	}
	var l layout
	for columns := min(n, 4); columns <= 8; columns++ {
		wide := (c.Width - (columns-1)*gap) / columns
		if wide < 1500 && l.columns > 0 {
			break
		}
		l = layout{columns: columns, wide: wide, tall: min(wide*13/10, int(float64(wide)/aspect(b))+60), shown: n}
		if n < columns {
			l.tall = min(l.tall, 6000)
		}
		l.tall = max(l.tall, 300)
		height := foot
		for i := 0; i < n; i += columns {
			head := 1
			for _, m := range p.Maps[i:min(i+columns, n)] {
				t := Wrap(m.Title.In(c.lang), sizeSmall, false, wide, 3)
				l.titles = append(l.titles, t)
				head = max(head, len(t))
			}
			if height += head*lineSmall + 80 + l.tall + 200; height > MaxHeight && i > 0 {
				l.shown = i
				break
			}
			l.heads = append(l.heads, head)
		}
		if l.shown == n {
			break
		}
	}
	g := newGround(b, l.wide, l.tall, 30)
	s := &sheet{g: g, o: newOutlines(base, &g)}
	shared := len(base.Shapes)*l.shown <= maxUses
	if !shared {
		s.layer = layers(s.o.shapes)
	}
	def := make([]int, len(base.Shapes))
	if shared {
		for i, rings := range s.o.shapes {
			if len(rings) > 0 {
				c.Defs = append(c.Defs, Path{Rings: drawn(rings)})
				def[i] = len(c.Defs)
			}
		}
	}
	border := 0
	if len(s.o.borders) > 0 {
		var lines [][]Point
		for i, line := range s.o.borders {
			if line = slices.Clone(line); s.o.closed[i] {
				line = append(line, line[0])
			}
			lines = append(lines, line)
		}
		c.Defs = append(c.Defs, Path{Rings: lines, Open: true})
		border = len(c.Defs)
	}
	y := 0
	for i := 0; i < l.shown; i += l.columns {
		head := l.heads[i/l.columns]
		for k, m := range p.Maps[i:min(i+l.columns, l.shown)] {
			x := k * (l.wide + gap)
			title := l.titles[i+k]
			c.lines(x, y+sizeSmall+(head-len(title))*lineSmall, sizeSmall, lineSmall, Start, ink, title)
			c.panel(s, m, def, border, x+(l.wide-g.w)/2, y+head*lineSmall+80)
		}
		y += head*lineSmall + 80 + g.h + 200
	}
	over := map[report.Tone]bool{}
	for _, m := range p.Maps {
		for t := range overTones(m) {
			over[t] = true
		}
	}
	c.line(0, y, c.Width, y, hairline, rule)
	c.Height = c.furniture(s, p.Legend, over, 0, y+150, c.Width, 0)
	c.credits(p.Credits)
	if k := n - l.shown; k > 0 {
		c.leftOut(c.say("另有 "+grouped(int64(k))+" 幅未绘出，见本图数据表。", grouped(int64(k))+" more maps are not drawn: see the table behind the figure."))
	}
	c.unseen(s)
}

// panel draws one small map, its frame's corner at x, y.
func (c *canvas) panel(s *sheet, m *report.Map, def []int, border, x, y int) {
	at := Point{int32(x), int32(y)}
	thin := 4
	if len(def) > 400 {
		thin = 0
	}
	if s.layer == nil {
		for _, i := range s.byLook(m) {
			if def[i] == 0 {
				continue
			}
			a := c.area(&Area{Def: def[i], At: at, StrokeWidth: thin})
			t, hatch := s.tone(m, i)
			a.toned(t, hatch)
			if a.Stroke = "6e6e6e"; thin == 0 {
				a.Stroke, a.StrokeWidth = a.Fill, 2 // closes the seams that rasters show between neighbors
			}
		}
	} else {
		order := s.byLook(m)
		for from := 0; from < len(order); {
			t, hatch := s.tone(m, order[from])
			var groups [][][][]Point // by layer
			for ; from < len(order); from++ {
				if t2, h2 := s.tone(m, order[from]); t2 != t || h2 != hatch {
					break
				}
				i := order[from]
				for len(groups) <= s.layer[i] {
					groups = append(groups, nil)
				}
				groups[s.layer[i]] = append(groups[s.layer[i]], s.o.shapes[i])
			}
			for _, group := range groups {
				if rings := dissolved(group); len(rings) > 0 {
					c.area(&Area{Path: moved(rings, x, y)}).toned(t, hatch)
				}
			}
		}
	}
	c.over(s, m, x, y)
	if border > 0 {
		c.area(&Area{Def: border, At: at, Stroke: ink, StrokeWidth: 14})
	}
}

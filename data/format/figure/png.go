package figure

import (
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	embedded "lifecircle/data/fonts"
)

// Bounds of a raster.
const (
	minDPI = 36
	maxDPI = 600
)

// PNG writes a drawing as a picture with at most 256 colours, anti-aliased, words set in the embedded font; a character that the font
// does not have is a box. dpi is from 36 to 600. The same drawing gives the same bytes: places are whole 1/256 of a pixel, and what is
// not whole is rounded alike on every machine. Errors are those of w, and of a dpi out of bounds.
func (d *Drawing) PNG(w io.Writer, dpi int) error {
	if dpi < minDPI || dpi > maxDPI {
		return fmt.Errorf("a picture of %d dots per inch: from %d to %d", dpi, minDPI, maxDPI)
	}
	r := &raster{dpi: dpi, glyphs: map[glyphKey]glyph{}}
	r.w, r.h = max(1, (d.Width*dpi+2539)/2540), max(1, (d.Height*dpi+2539)/2540)
	r.pix = make([]uint8, 3*r.w*r.h)
	for i := range r.pix {
		r.pix[i] = 255
	}
	r.acc = make([]int32, r.w+2)
	for _, item := range d.Items {
		switch item := item.(type) {
		case *Area:
			r.area(d, item)
		case *Words:
			if err := r.words(item); err != nil {
				return err
			}
		}
	}
	return png.Encode(w, r.paletted())
}

// raster is a picture in the making.
type raster struct {
	dpi, w, h int
	pix       []uint8 // red, green, blue
	edges     []edge
	crossings []crossing
	sorted    []crossing
	starts    []int32 // of the crossings of each line, sorted
	next      []int32
	acc       []int32
	stripes   []int32 // cover of hatches by x + y, of 256
	font      *sfnt.Font
	buf       sfnt.Buffer
	glyphs    map[glyphKey]glyph
}

// spot is a place in 1/256 of a pixel.
type spot struct{ x, y int32 }

// edge is a side of a filled outline, going down; dir tells whether it did before.
type edge struct {
	x0, y0, x1, y1 int32
	dir            int32
}

// crossing is where an edge meets a line of samples.
type crossing struct{ line, x, dir int32 }

// paint is the look of a fill.
type paint struct {
	r, g, b int32
	alpha   int32 // of 256
	stripes []int32
}

func paintOf(hex string, percent int) paint {
	var v [3]int32
	for i := range v {
		for k := range 2 {
			c := int32(0)
			if 2*i+k < len(hex) {
				switch x := hex[2*i+k]; {
				case x >= '0' && x <= '9':
					c = int32(x - '0')
				case x >= 'a' && x <= 'f':
					c = int32(x-'a') + 10
				case x >= 'A' && x <= 'F':
					c = int32(x-'A') + 10
				}
			}
			v[i] = v[i]*16 + c
		}
	}
	if percent <= 0 || percent > 100 {
		percent = 100
	}
	return paint{r: v[0], g: v[1], b: v[2], alpha: int32(percent) * 256 / 100}
}

// sub gives hundredths of a millimetre in 1/256 of a pixel.
func (r *raster) sub(v int64) int32 {
	n := v * int64(r.dpi) * 256
	if n < 0 {
		n -= 1270
	} else {
		n += 1270
	}
	return int32(max(math.MinInt32/4, min(math.MaxInt32/4, n/2540)))
}

// ring puts a ring of places on this raster.
func (r *raster) ring(dst []spot, ring []Point, a *Area) []spot {
	scale := int64(1000)
	if a.Def > 0 && a.Scale != 0 {
		scale = int64(a.Scale)
	}
	for _, p := range ring {
		var q spot
		if a.Def > 0 {
			q = spot{r.thousandths(int64(a.At.X)*1000 + int64(p.X)*scale), r.thousandths(int64(a.At.Y)*1000 + int64(p.Y)*scale)}
		} else {
			q = spot{r.sub(int64(p.X)), r.sub(int64(p.Y))}
		}
		if n := len(dst); n == 0 || dst[n-1] != q {
			dst = append(dst, q)
		}
	}
	return dst
}

func (r *raster) thousandths(v int64) int32 {
	n := v * int64(r.dpi) * 256
	if n < 0 {
		n -= 1270 * 1000
	} else {
		n += 1270 * 1000
	}
	return int32(max(math.MinInt32/4, min(math.MaxInt32/4, n/(2540*1000))))
}

const (
	linesOfAreas = 4 // lines of samples in a pixel
	linesOfWords = 8
)

func (r *raster) area(d *Drawing, a *Area) {
	path, width := a.Path, int64(a.StrokeWidth)*1000
	if a.Def > 0 {
		if a.Def > len(d.Defs) {
			return
		}
		path = d.Defs[a.Def-1]
		if a.Scale != 0 {
			width = int64(a.StrokeWidth) * int64(a.Scale)
		}
	}
	rings := make([][]spot, 0, len(path.Rings))
	for _, ring := range path.Rings {
		rings = append(rings, r.ring(make([]spot, 0, len(ring)+1), ring, a))
	}
	if !path.Open && (a.Fill != "" || a.Hatch) {
		for _, ring := range rings {
			r.outline(ring)
		}
		if a.Fill != "" {
			r.fill(paintOf(a.Fill, a.Alpha), true, linesOfAreas)
		}
		if a.Hatch {
			p := paintOf(a.HatchColour, a.Alpha)
			p.stripes = r.hatch()
			r.fill(p, true, linesOfAreas)
		}
		r.edges = r.edges[:0]
	}
	if a.Stroke == "" || width <= 0 {
		return
	}
	half := float64(r.thousandths(width)) / 2
	for _, ring := range rings {
		if !path.Open && len(ring) > 1 {
			ring = append(ring, ring[0])
		}
		if a.Dashed {
			r.dashes(ring, half, float64(r.sub(int64(max(60, 4*a.StrokeWidth)))), float64(r.sub(int64(max(40, 3*a.StrokeWidth)))))
		} else {
			r.stroke(ring, half, !path.Open)
		}
	}
	r.fill(paintOf(a.Stroke, 100), false, linesOfAreas)
	r.edges = r.edges[:0]
}

// hatch gives the cover of diagonal lines, the same as of the pattern of AppendSVG: 28 wide, 110 apart, turned by 45°.
func (r *raster) hatch() []int32 {
	if r.stripes == nil {
		r.stripes = make([]int32, r.w+r.h)
		pixel := 2540 / float64(r.dpi)
		for i := range r.stripes {
			at := math.Mod(float64(float64(i+1)*pixel)*math.Sqrt2/2, 110)
			r.stripes[i] = int32(256 * max(0, min(1, (14-math.Abs(at-55))/pixel+0.5)))
		}
	}
	return r.stripes
}

// outline adds the sides of a ring.
func (r *raster) outline(ring []spot) {
	for i := range ring {
		r.side(ring[i], ring[(i+1)%len(ring)])
	}
}

func (r *raster) side(a, b spot) {
	switch {
	case a.y < b.y:
		r.edges = append(r.edges, edge{a.x, a.y, b.x, b.y, 1})
	case a.y > b.y:
		r.edges = append(r.edges, edge{b.x, b.y, a.x, a.y, -1})
	}
}

// stroke adds a line of a half width as bars around its pieces, all turned the same way, with round joins where they would be seen.
func (r *raster) stroke(line []spot, half float64, closed bool) {
	if len(line) == 0 {
		return
	}
	least := half * half / 4 // pieces shorter than half the half width are as good as none
	kept := line[:1:1]
	for i, p := range line[1:] {
		q := kept[len(kept)-1]
		dx, dy := float64(p.x-q.x), float64(p.y-q.y)
		if float64(dx*dx)+float64(dy*dy) >= least || i == len(line)-2 {
			kept = append(kept, p)
		}
	}
	for i := range kept[1:] {
		r.bar(kept[i], kept[i+1], half)
	}
	if half < 160 { // a gap at a corner is below a third of a pixel
		return
	}
	for i, p := range kept {
		if closed || (i > 0 && i < len(kept)-1) {
			r.disc(p, half)
		}
	}
}

func (r *raster) bar(a, b spot, half float64) {
	dx, dy := float64(b.x-a.x), float64(b.y-a.y)
	length := math.Sqrt(float64(dx*dx) + float64(dy*dy))
	if length == 0 {
		return
	}
	nx, ny := int32(math.Round(float64(-dy*half)/length)), int32(math.Round(float64(dx*half)/length))
	p := [4]spot{{a.x + nx, a.y + ny}, {b.x + nx, b.y + ny}, {b.x - nx, b.y - ny}, {a.x - nx, a.y - ny}}
	r.outline(p[:])
}

// octagon holds the corners of a disc of radius 1000, turned as bars are.
var octagon = [8][2]int32{{1000, 0}, {707, -707}, {0, -1000}, {-707, -707}, {-1000, 0}, {-707, 707}, {0, 1000}, {707, 707}}

func (r *raster) disc(p spot, half float64) {
	var ring [8]spot
	for i, c := range octagon {
		ring[i] = spot{p.x + int32(float64(c[0])*half/1000), p.y + int32(float64(c[1])*half/1000)}
	}
	r.outline(ring[:])
}

// dashes adds a line in pieces.
func (r *raster) dashes(line []spot, half, on, off float64) {
	if on < 1 || off < 1 {
		return
	}
	drawn, left := true, on
	for i := range line[:max(0, len(line)-1)] {
		a, b := line[i], line[i+1]
		dx, dy := float64(b.x-a.x), float64(b.y-a.y)
		length := math.Sqrt(float64(dx*dx) + float64(dy*dy))
		for at := 0.0; at < length; {
			step := min(left, length-at)
			if drawn {
				from, to := at/length, (at+step)/length
				r.bar(spot{a.x + int32(float64(dx*from)), a.y + int32(float64(dy*from))}, spot{a.x + int32(float64(dx*to)), a.y + int32(float64(dy*to))}, half)
			}
			at += step
			if left -= step; left <= 0 {
				drawn = !drawn
				left = off
				if drawn {
					left = on
				}
			}
		}
	}
}

// fill paints what the edges enclose, by the even-odd rule or by that of winding. A pixel has some lines of samples, on each of which its
// cover is exact.
func (r *raster) fill(p paint, evenOdd bool, lines int32) {
	step := 256 / lines
	top, bottom := int32(r.h)*lines, int32(-1)
	r.crossings = r.crossings[:0]
	for _, e := range r.edges {
		first := max(0, (e.y0+step/2-1)/step) // the first sample at or below y0
		if e.y0 < 0 {
			first = 0
		}
		for n := first; n < int32(r.h)*lines; n++ {
			y := n*step + step/2
			if y >= e.y1 {
				break
			}
			if y < e.y0 {
				continue
			}
			x := e.x0 + int32(int64(y-e.y0)*int64(e.x1-e.x0)/int64(e.y1-e.y0))
			r.crossings = append(r.crossings, crossing{n, x, e.dir})
			top, bottom = min(top, n), max(bottom, n)
		}
	}
	if bottom < top {
		return
	}
	// Crossings by line, counted out; within a line by x.
	n := int(bottom-top) + 2
	r.starts = slices.Grow(r.starts[:0], n)[:n]
	clear(r.starts)
	for _, c := range r.crossings {
		r.starts[c.line-top+1]++
	}
	for i := 1; i < n; i++ {
		r.starts[i] += r.starts[i-1]
	}
	r.sorted = slices.Grow(r.sorted[:0], len(r.crossings))[:len(r.crossings)]
	r.next = append(r.next[:0], r.starts...)
	for _, c := range r.crossings {
		r.sorted[r.next[c.line-top]] = c
		r.next[c.line-top]++
	}
	full := 256 * lines
	for row := top / lines; row <= bottom/lines; row++ {
		left, right := int32(r.w), int32(-1)
		for n := max(top, row*lines); n <= min(bottom, row*lines+lines-1); n++ {
			on := r.sorted[r.starts[n-top]:r.starts[n-top+1]]
			sortByX(on)
			winding := int32(0)
			for i := 0; i+1 < len(on); i++ {
				if evenOdd {
					winding ^= 1
				} else {
					winding += on[i].dir
				}
				if winding == 0 || on[i].x == on[i+1].x {
					continue
				}
				a, b := max(0, on[i].x), min(int32(r.w)*256, on[i+1].x)
				if a >= b {
					continue
				}
				r.acc[a>>8] += 256 - a&255
				r.acc[a>>8+1] += a & 255
				r.acc[b>>8] -= 256 - b&255
				r.acc[b>>8+1] -= b & 255
				left, right = min(left, a>>8), max(right, b>>8)
			}
		}
		if right < left {
			continue
		}
		r.span(p, int(row), int(left), int(min(right, int32(r.w)-1)), full)
		clear(r.acc[left : right+2])
	}
}

func sortByX(on []crossing) {
	if len(on) > 32 {
		slices.SortFunc(on, func(a, b crossing) int { return int(a.x - b.x) })
		return
	}
	for i := 1; i < len(on); i++ {
		for k := i; k > 0 && on[k].x < on[k-1].x; k-- {
			on[k], on[k-1] = on[k-1], on[k]
		}
	}
}

// span paints a line of pixels by the cover that is accumulated for it.
func (r *raster) span(p paint, y, left, right int, full int32) {
	sum := int32(0)
	pix := r.pix[3*(y*r.w+left):]
	for x := left; x <= right; x++ {
		sum += r.acc[x]
		a := min(sum, full) * p.alpha / full
		if p.stripes != nil {
			a = a * p.stripes[x+y] / 256
		}
		if a > 0 {
			pix[0] += uint8((p.r - int32(pix[0])) * a / 256)
			pix[1] += uint8((p.g - int32(pix[1])) * a / 256)
			pix[2] += uint8((p.b - int32(pix[2])) * a / 256)
		}
		pix = pix[3:]
	}
}

type glyphKey struct {
	r    rune
	ppem fixed.Int26_6
}

// glyph is an outline with its advance, in 1/256 of a pixel.
type glyph struct {
	rings   [][]spot
	advance int32
}

func (r *raster) words(w *Words) error {
	if r.font == nil {
		f, err := sfnt.Parse(embedded.Regular())
		if err != nil {
			return err
		}
		r.font = f
	}
	em := r.sub(int64(w.Size))
	embolden := int32(0)
	if w.Bold {
		embolden = em * 18 / 1000
	}
	var line []glyph
	width := int32(0)
	for rest, state := w.Text, -1; rest != ""; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		for _, g := range r.cluster(cluster, em) {
			g.advance += 2 * embolden
			line = append(line, g)
			width += g.advance
		}
	}
	room := width
	if most := r.sub(int64(Measure(w.Text, w.Size, w.Bold))); width > most && most > 0 { // never wider than what it was laid out for
		room = most
	}
	x := r.sub(int64(w.At.X))
	switch w.Anchor {
	case Middle:
		x -= room / 2
	case End:
		x -= room
	}
	y := r.sub(int64(w.At.Y))
	squeeze := func(v int32) int32 {
		if room == width {
			return v
		}
		return int32(int64(v) * int64(room) / int64(width))
	}
	var rings [][]spot
	pen := int32(0)
	for _, g := range line {
		for _, ring := range g.rings {
			out := make([]spot, len(ring))
			for i, p := range ring {
				out[i] = spot{x + squeeze(pen+p.x+embolden), y + p.y}
			}
			rings = append(rings, out)
		}
		pen += g.advance
	}
	if w.Halo {
		for _, ring := range rings {
			if len(ring) > 1 {
				r.stroke(append(slices.Clone(ring), ring[0]), float64(em)/12, true)
			}
		}
		r.fill(paintOf("ffffff", 85), false, linesOfAreas)
		r.edges = r.edges[:0]
	}
	for _, ring := range rings {
		r.outline(ring)
		if embolden > 0 { // the same a little to each side
			for _, by := range []int32{-embolden, embolden} {
				for i, k := 0, len(ring)-1; i < len(ring); k, i = i, i+1 {
					r.side(spot{ring[k].x + by, ring[k].y}, spot{ring[i].x + by, ring[i].y})
				}
			}
		}
	}
	colour := w.Colour
	if colour == "" {
		colour = "000000"
	}
	r.fill(paintOf(colour, 100), false, linesOfWords)
	r.edges = r.edges[:0]
	return nil
}

// cluster gives the glyphs of what is read as one character: those of its letters, or one box for all if the font does not have the first.
func (r *raster) cluster(cluster string, em int32) []glyph {
	var out []glyph
	for i, c := range cluster {
		g, ok := r.glyph(c, em)
		if !ok {
			if i == 0 {
				w, _ := clusterWidth(cluster)
				return []glyph{frame(int32(w)*em/1000, em)}
			}
			continue // a mark that the font does not have
		}
		out = append(out, g)
	}
	return out
}

// frame stands for a character that cannot be shown.
func frame(width, em int32) glyph {
	g := glyph{advance: width}
	gap, rim := em/16, max(12, em/24)
	if width < 4*gap {
		return g
	}
	x0, x1, y0, y1 := gap, width-gap, -em*3/4, em/16
	g.rings = [][]spot{{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}, {{x0 + rim, y0 + rim}, {x0 + rim, y1 - rim}, {x1 - rim, y1 - rim}, {x1 - rim, y0 + rim}}}
	return g
}

// glyph gives a character's outline, its curves as lines; false if the font does not have it.
func (r *raster) glyph(c rune, em int32) (glyph, bool) {
	ppem := fixed.Int26_6((em + 2) / 4)
	key := glyphKey{c, ppem}
	if g, ok := r.glyphs[key]; ok {
		return g, g.advance >= 0
	}
	none := glyph{advance: -1}
	i, err := r.font.GlyphIndex(&r.buf, c)
	if err != nil || i == 0 || c == utf8.RuneError {
		r.glyphs[key] = none
		return none, false
	}
	advance, err := r.font.GlyphAdvance(&r.buf, i, ppem, 0)
	if err != nil {
		r.glyphs[key] = none
		return none, false
	}
	segments, err := r.font.LoadGlyph(&r.buf, i, ppem, nil)
	if err != nil {
		r.glyphs[key] = none
		return none, false
	}
	g := glyph{advance: int32(advance) * 4}
	var ring []spot
	for _, s := range segments {
		var p [3]spot
		for k := range p {
			p[k] = spot{int32(s.Args[k].X) * 4, int32(s.Args[k].Y) * 4}
		}
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			if len(ring) > 2 {
				g.rings = append(g.rings, ring)
			}
			ring = []spot{p[0]}
		case sfnt.SegmentOpLineTo:
			ring = append(ring, p[0])
		case sfnt.SegmentOpQuadTo:
			a := ring[len(ring)-1]
			n := int64(curveSteps(a, p[1]))
			for t := int64(1); t <= n; t++ {
				u := n - t
				ring = append(ring, spot{int32((u*u*int64(a.x) + 2*u*t*int64(p[0].x) + t*t*int64(p[1].x)) / (n * n)), int32((u*u*int64(a.y) + 2*u*t*int64(p[0].y) + t*t*int64(p[1].y)) / (n * n))})
			}
		case sfnt.SegmentOpCubeTo:
			a := ring[len(ring)-1]
			n := int64(curveSteps(a, p[2]))
			for t := int64(1); t <= n; t++ {
				u := n - t
				ring = append(ring, spot{int32((u*u*u*int64(a.x) + 3*u*u*t*int64(p[0].x) + 3*u*t*t*int64(p[1].x) + t*t*t*int64(p[2].x)) / (n * n * n)),
					int32((u*u*u*int64(a.y) + 3*u*u*t*int64(p[0].y) + 3*u*t*t*int64(p[1].y) + t*t*t*int64(p[2].y)) / (n * n * n))})
			}
		}
	}
	if len(ring) > 2 {
		g.rings = append(g.rings, ring)
	}
	r.glyphs[key] = g
	return g, true
}

// curveSteps is how many lines stand for a curve between two places.
func curveSteps(a, b spot) int32 {
	d := max(a.x-b.x, b.x-a.x) + max(a.y-b.y, b.y-a.y)
	return max(2, min(12, d/256+2))
}

// paletted gives the picture with the 256 colours that stand for it best. Colours that agree in the first six bits of each part are one:
// that which most of them are. Of these the most frequent ones stay as they are, and the rest become one that is much like them.
func (r *raster) paletted() *image.Paletted {
	type cell struct {
		colour uint32
		lead   int32 // by how much the colour leads the others of the cell
		count  int32
	}
	cells := make([]cell, 1<<18)
	for i := 0; i < len(r.pix); {
		c := uint32(r.pix[i])<<16 | uint32(r.pix[i+1])<<8 | uint32(r.pix[i+2])
		n := int32(1)
		for i += 3; i < len(r.pix) && c == uint32(r.pix[i])<<16|uint32(r.pix[i+1])<<8|uint32(r.pix[i+2]); i += 3 {
			n++
		}
		at := &cells[cellOf(c)]
		at.count += n
		switch {
		case at.colour == c:
			at.lead += n
		case at.lead < n:
			at.colour, at.lead = c, n-at.lead
		default:
			at.lead -= n
		}
	}
	var used []cell
	for _, c := range cells {
		if c.count > 0 {
			used = append(used, c)
		}
	}
	slices.SortFunc(used, func(a, b cell) int { return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.colour, b.colour)) })
	var chosen []uint32
	for apart := int32(0); ; apart += 64 {
		chosen = chosen[:0]
		for _, c := range used {
			if len(chosen) > 256 {
				break
			}
			if len(chosen) < flatColours {
				chosen = append(chosen, c.colour)
				continue
			}
			if _, d := nearest(chosen, c.colour); d > apart {
				chosen = append(chosen, c.colour)
			}
		}
		if len(chosen) <= 256 {
			break
		}
	}
	palette := make(color.Palette, len(chosen))
	for i, c := range chosen {
		palette[i] = color.RGBA{uint8(c >> 16), uint8(c >> 8), uint8(c), 255}
	}
	index := make([]uint8, 1<<18)
	for i, c := range cells {
		if c.count > 0 {
			best, _ := nearest(chosen, c.colour)
			index[i] = uint8(best)
		}
	}
	out := image.NewPaletted(image.Rect(0, 0, r.w, r.h), palette)
	for i := range out.Pix {
		out.Pix[i] = index[cellOf(uint32(r.pix[3*i])<<16|uint32(r.pix[3*i+1])<<8|uint32(r.pix[3*i+2]))]
	}
	return out
}

// flatColours are kept however alike: grounds and areas, while what is rarer are their rims.
const flatColours = 64

// cellOf gives the first six bits of red, green and blue.
func cellOf(c uint32) uint32 { return c>>6&0x3f000 | c>>4&0xfc0 | c>>2&0x3f }

// nearest gives the place of the colour most like one, and the square of how far it is; none is very far.
func nearest(of []uint32, c uint32) (int, int32) {
	best, least := 0, int32(math.MaxInt32)
	for i, o := range of {
		r, g, b := int32(o>>16)-int32(c>>16), int32(o>>8&255)-int32(c>>8&255), int32(o&255)-int32(c&255)
		if d := r*r + g*g + b*b; d < least {
			best, least = i, d
		}
	}
	return best, least
}

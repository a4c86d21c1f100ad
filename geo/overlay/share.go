package overlay

import (
	"errors"
	"math"
	"math/bits"
	"slices"
	"sync"

	"github.com/paulmach/orb"

	"lifecircle/geo/measure"
)

// Covered returns the share of the piece's area that lies in the zone, 0 to 1, to about 10⁻⁷ of the piece for limits up to a
// few kilometres. all and none tell for certain that the piece lies wholly inside or outside; a piece without area is
// neither.
//
// It is Green's theorem on the border of the common part: what of the piece's border lies in the zone, and what of the
// zone's border lies in the piece, arcs in closed form. The piece is cut along a fixed lattice of about 2 km, and each cut
// is computed in a local plane (equidistant to 10⁻⁸ there).
func (z *Zone) Covered(piece orb.MultiPolygon) (fraction float64, all, none bool) {
	size := sizeOf(piece)
	var part, total float64
	all, none = true, true
	for _, p := range piece {
		z.eachTile(p, func(t *tile, cut orb.Polygon) {
			if t == nil {
				total += 2 * measure.Area(cut)
				all = false
				return
			}
			c, a, in, out := z.coveredIn(t, cut, size)
			part += c
			total += a
			all = all && in
			none = none && out
		})
	}
	switch {
	case !(total > 0):
		return 0, false, false
	case all:
		return 1, true, false
	case none:
		return 0, false, true
	}
	// The noise of the sums must not read as a millionth of a square metre.
	f := part / total
	if f < 1e-10 {
		f = 0
	} else if f > 1-1e-10 {
		f = 1
	}
	return f, false, false
}

// CoveredMM2 returns the covered area in mm² of a piece whose whole area is pieceMM2, rounded half-up: all of it, to the
// last mm², if the piece lies wholly inside the zone, and 0 if it lies wholly outside.
func (z *Zone) CoveredMM2(piece orb.MultiPolygon, pieceMM2 int64) int64 {
	f, all, none := z.Covered(piece)
	switch {
	case none:
		return 0
	case all:
		return pieceMM2
	}
	return scaleHalfUp(pieceMM2, f)
}

// scaleHalfUp is n·f rounded half-up, exactly, for 0 ≤ f ≤ 1.
func scaleHalfUp(n int64, f float64) int64 {
	if n <= 0 || f <= 0 {
		return 0
	}
	if f >= 1 {
		return n
	}
	// f in units of 2⁻⁶², and a 128-bit product.
	hi, lo := bits.Mul64(uint64(n), uint64(math.Ldexp(f, 62)))
	lo, carry := bits.Add64(lo, 1<<61, 0)
	hi += carry
	return int64(hi<<2 | lo>>62)
}

// Tiles lie on a fixed lattice: rows of tileDegrees of latitude; columns as wide, widened by whole numbers towards the poles.
const tileDegrees = 0.02

type tileKey struct{ row, col int32 }

// tile is the zone within one cell of the lattice, built when first asked for.
type tile struct {
	once sync.Once
	*region
}

func rowOf(lat float64) int32 { return int32(math.Floor(lat / tileDegrees)) }

// columnDegrees is the width of the columns of a row.
func columnDegrees(row int32) float64 {
	lat := math.Abs((float64(row) + 0.5) * tileDegrees)
	t := tangent(min(lat, 88))
	return tileDegrees * math.Floor(math.Sqrt(1+float64(t*t))+0.25)
}

func (z *Zone) tile(k tileKey) *tile {
	z.mu.Lock()
	t := z.tiles[k]
	if t == nil {
		t = &tile{}
		z.tiles[k] = t
	}
	z.mu.Unlock()
	t.once.Do(func() {
		w := columnDegrees(k.row)
		t.region = z.newRegion(orb.Bound{
			Min: orb.Point{float64(k.col) * w, float64(k.row) * tileDegrees},
			Max: orb.Point{float64(k.col+1) * w, float64(k.row+1) * tileDegrees},
		})
	})
	return t
}

// eachTile cuts a polygon along the lattice and calls f with every cut, in order. Where no site reaches, the tile is nil.
func (z *Zone) eachTile(p orb.Polygon, f func(*tile, orb.Polygon)) {
	if len(p) == 0 || len(p[0]) < 3 {
		return
	}
	b := p[0].Bound()
	if !z.reaches(b) {
		f(nil, p)
		return
	}
	for row := rowOf(b.Min[1]); row <= rowOf(b.Max[1]); row++ {
		strip := clipPolygon(p, 1, float64(row)*tileDegrees, float64(row+1)*tileDegrees)
		if len(strip) == 0 {
			continue
		}
		w := columnDegrees(row)
		s := strip[0].Bound()
		if !z.reaches(s) {
			f(nil, strip)
			continue
		}
		for col := int32(math.Floor(s.Min[0] / w)); col <= int32(math.Floor(s.Max[0]/w)); col++ {
			cut := clipPolygon(strip, 0, float64(col)*w, float64(col+1)*w)
			if len(cut) == 0 {
				continue
			}
			c := cut[0].Bound()
			switch {
			case c.Min[0] == c.Max[0] || c.Min[1] == c.Max[1]:
			case z.reaches(c):
				f(z.tile(tileKey{row, col}), cut)
			default:
				f(nil, cut)
			}
		}
	}
}

// size tells roughly how large a piece is: its area in m², the length of its border and its width in metres: 4·area/border,
// the side of a square.
type size struct{ area, border, width float64 }

func sizeOf(mp orb.MultiPolygon) size {
	const metres = earth * math.Pi / 180
	var area, around float64
	for _, p := range mp {
		for i, r := range p {
			if len(r) < 3 {
				continue
			}
			t := tangent(math.Abs(r[0][1]))
			kx := metres / math.Sqrt(1+float64(t*t))
			a := float64(math.Abs(planarArea(r)) / 2 * kx * metres)
			if i == 0 {
				area += a
			} else {
				area -= a
			}
			for j := 1; j < len(r); j++ {
				v := xy{(r[j][0] - r[j-1][0]) * kx, (r[j][1] - r[j-1][1]) * metres}
				around += v.length()
			}
		}
	}
	if around == 0 {
		return size{}
	}
	area = max(area, 0)
	return size{area, around, area * 4 / around}
}

// outline is a piece in the plane of a region: closed rings with the inside to the left, in blocks with boxes for the search.
type outline struct {
	area
	area2  float64 // twice the area
	blocks []block
	origin [][]int32 // for each vertex of rings: its index in the polygon's ring, −1 for those that were put in
	source []int     // for each of rings: the polygon's ring it comes from
}

// block is a run of edges of one ring: edge k goes from vertex k to k+1.
type block struct {
	box      rect
	ring     int
	from, to int
}

const blockSize = 16

// newOutline projects a polygon. Its edges are cut to be straight in the plane within a ten-millionth of the width.
func (g *region) newOutline(p orb.Polygon, width float64) *outline {
	o := &outline{area: area{box: emptyRect()}}
	tol := min(max(1e-7*width, 1e-8), 1e-3)
	for i, r := range p {
		if len(r) < 3 {
			continue
		}
		ring := make([]xy, 0, len(r)+8)
		origin := make([]int32, 0, len(r)+8)
		push := func(v orb.Point, index int) {
			q := forward(g.plane, v)
			if len(ring) == 0 || ring[len(ring)-1] != q {
				ring = append(ring, q)
				origin = append(origin, int32(index))
				o.box = o.box.with(q)
			}
		}
		push(r[0], 0)
		for j := 1; j < len(r); j++ {
			if r[j] == r[j-1] {
				continue
			}
			n := pieces(r[j-1], r[j], tol)
			for k := 1; k < n; k++ {
				push(between(r[j-1], r[j], k, n), -1)
			}
			push(r[j], j)
		}
		if ring[0] != ring[len(ring)-1] {
			ring = append(ring, ring[0])
			origin = append(origin, origin[0])
		}
		if len(ring) < 4 {
			continue
		}
		var twice float64
		for j := 1; j < len(ring); j++ {
			twice += ring[j-1].sub(ring[0]).cross(ring[j].sub(ring[0]))
		}
		if (twice > 0) != (i == 0) {
			slices.Reverse(ring)
			slices.Reverse(origin)
			twice = -twice
		}
		o.area2 += twice
		for from := 0; from < len(ring)-1; from += blockSize {
			b := block{box: emptyRect(), ring: len(o.rings), from: from, to: min(from+blockSize, len(ring)-1)}
			for _, v := range ring[from : b.to+1] {
				b.box = b.box.with(v)
			}
			o.blocks = append(o.blocks, b)
		}
		o.rings = append(o.rings, ring)
		o.origin = append(o.origin, origin)
		o.source = append(o.source, i)
	}
	return o
}

func (o *outline) has(p xy) bool {
	if !o.box.has(p) {
		return false
	}
	in := false
	for i := range o.blocks {
		b := &o.blocks[i]
		if p.y < b.box.y0 || p.y > b.box.y1 || p.x > b.box.x1 {
			continue
		}
		r := o.rings[b.ring]
		for k := b.from; k < b.to; k++ {
			if crosses(r[k], r[k+1], p) {
				in = !in
			}
		}
	}
	return in
}

// coveredIn returns the covered and the whole area of a cut in the plane (twice each, m²), and whether it is certainly all
// inside or all outside.
func (z *Zone) coveredIn(t *tile, cut orb.Polygon, size size) (part, total float64, all, none bool) {
	near := t.near(planeBox(t.plane, cut[0].Bound()))
	o := t.newOutline(cut, size.width)
	if !(o.area2 > 1e-9) {
		return 0, 0, true, true
	}
	if len(near) == 0 {
		if t.serves(o.rings[0][0]) {
			return o.area2, o.area2, true, false
		}
		return 0, o.area2, false, true
	}
	x := t.cross(o, near)
	if !x.meets {
		if x.served[0] {
			return o.area2, o.area2, true, false
		}
		return 0, o.area2, false, true
	}
	if !x.closes(o, 2*size.area) {
		if f, err := z.drawnShare(cut); err == nil {
			return f * o.area2, o.area2, false, false
		}
	}
	return min(max(x.area2, 0), o.area2), o.area2, false, false
}

// closes tells whether the border of the common part closes well enough for its area to be right to a millionth of the
// whole (twice its area is given). It does unless rounding made two decisions at one place differ.
func (x *crossing) closes(o *outline, whole2 float64) bool {
	size := o.box.x1 - o.box.x0 + o.box.y1 - o.box.y0
	tol := float64(1e-6 * max(o.area2, whole2))
	return float64(x.open*size) <= tol && x.area2 >= -tol && x.area2 <= o.area2+tol
}

// drawnShare is the share of a cut that lies in the zone, by overlay with finely drawn service areas: the way out where the
// exact border does not close.
func (z *Zone) drawnShare(cut orb.Polygon) (float64, error) {
	whole, err := union(orb.MultiPolygon{cut})
	if err != nil {
		return 0, err
	}
	box := cut.Bound()
	served, err := z.drawnUnion(&box, 16*circleSteps)
	if err != nil {
		return 0, err
	}
	common, err := Intersection(whole, served)
	if err != nil {
		return 0, err
	}
	area := measure.Area(whole)
	if !(area > 0) {
		return 0, errors.New("overlay: a piece without area")
	}
	return min(measure.Area(common)/area, 1), nil
}

// near returns the pieces of border whose boxes meet the box.
func (g *region) near(box rect) []int32 {
	var out []int32
	for i := range g.border {
		if g.border[i].box.meets(box) {
			out = append(out, int32(i))
		}
	}
	return out
}

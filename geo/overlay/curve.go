package overlay

import (
	"math"
	"slices"
)

// curve is a piece of a service area's border: a straight offset of an edge, or an arc about a vertex. Both run with the
// served side on their left, over a parameter from t0 to t1: metres from a along d for a line; for an arc τ = tan(θ/2),
// θ counted counter-clockwise from the direction d. So arcs need no trigonometry, and their parameter grows with the angle.
type curve struct {
	arc    bool
	a      xy // start of a line, centre of an arc
	d      xy // unit: direction of a line, middle direction of an arc
	r      float64
	t0, t1 float64
}

// maxTau is tan(π/16): arcs are kept no longer than π/4, so that their boxes are tight.
const maxTau = 0.19891236737965800691

func (c *curve) at(t float64) xy {
	if !c.arc {
		return c.a.along(c.d, t)
	}
	z := float64(t * t)
	w := 1 / (1 + z)
	v := c.d.scale((1-z)*w).along(c.d.left(), 2*t*w)
	return c.a.along(v, c.r)
}

// tau returns the arc's parameter of the direction v (a unit vector).
func (c *curve) tau(v xy) float64 {
	return c.d.cross(v) / max(1+c.d.dot(v), 1e-300)
}

// perMetre is how much the parameter changes over one metre, at most.
func (c *curve) perMetre() float64 {
	if !c.arc {
		return 1
	}
	m := max(math.Abs(c.t0), math.Abs(c.t1))
	return (1 + float64(m*m)) / (2 * c.r)
}

// box returns the box of the curve between two parameters.
func (c *curve) box(t0, t1 float64) rect {
	r := emptyRect().with(c.at(t0)).with(c.at(t1))
	if c.arc {
		for _, v := range [...]xy{{1, 0}, {0, 1}, {-1, 0}, {0, -1}} {
			if t := c.tau(v); t0 < t && t < t1 {
				r = r.with(c.a.along(v, c.r))
			}
		}
	}
	return r
}

// sweep is twice the area swept from o while walking the curve from t0 to t1: ∫ (x dy − y dx) about o, in closed form.
func (c *curve) sweep(o xy, t0, t1 float64) float64 {
	p, q := c.at(t0), c.at(t1)
	if !c.arc {
		return p.sub(o).cross(q.sub(o))
	}
	// About the centre it is r²·Δθ; moving the origin adds a chord.
	turn := 2 * (arctan(t1) - arctan(t0))
	return float64(float64(c.r*c.r)*turn) + c.a.sub(o).cross(q.sub(p))
}

// arctan is the arc tangent for |t| ≤ ½ or so, in plain arithmetic (the same on every processor).
func arctan(t float64) float64 {
	// tan(x/2) = t / (1 + √(1+t²)), twice.
	t /= 1 + math.Sqrt(1+float64(t*t))
	t /= 1 + math.Sqrt(1+float64(t*t))
	z := float64(t * t)
	s := 0.0
	for k := 21; k >= 1; k -= 2 {
		s = 1/float64(k) - float64(z*s)
	}
	return float64(4 * t * s)
}

// span is an interval of a curve's parameter.
type span struct{ t0, t1 float64 }

// whole tells whether one of the spans is all of the curve.
func (c *curve) whole(spans []span) bool {
	for _, s := range spans {
		if s.t0 <= c.t0 && s.t1 >= c.t1 {
			return true
		}
	}
	return false
}

// disc is all within r of c.
type disc struct {
	c xy
	r float64
}

// strip is all beside an edge: from a along d for l metres, r to either side.
type strip struct {
	a, d xy
	l, r float64
	mid  xy
	half float64 // radius of the circle about mid that holds it
}

func newStrip(a, b xy, r float64) strip {
	v := b.sub(a)
	l := v.length()
	return strip{a: a, d: v.scale(1 / l), l: l, r: r, mid: a.along(v, 0.5), half: math.Sqrt(float64(l*l/4) + float64(r*r))}
}

func (s *strip) has(p xy) bool {
	v := p.sub(s.a)
	x := v.dot(s.d)
	return x >= 0 && x <= s.l && math.Abs(s.d.cross(v)) <= s.r
}

// inDisc appends the spans of the curve that lie strictly inside the disc.
func (c *curve) inDisc(spans []span, o *disc) []span {
	v := o.c.sub(c.a)
	if !c.arc {
		x := v.dot(c.d)
		y := math.Abs(v.cross(c.d))
		if y >= o.r {
			return spans
		}
		h := math.Sqrt((o.r - y) * (o.r + y))
		return clipped(spans, x-h, x+h, c.t0, c.t1)
	}
	l := v.length()
	if l == 0 {
		if c.r < o.r {
			spans = append(spans, span{c.t0, c.t1})
		}
		return spans
	}
	// The part of the circle beyond x along v lies in the disc.
	x := float64((l + float64((c.r-o.r)*((c.r+o.r)/l))) / 2)
	if x >= c.r {
		return spans
	}
	if x <= -c.r {
		return append(spans, span{c.t0, c.t1})
	}
	u := v.scale(1 / l)
	h := math.Sqrt((c.r - x) * (c.r + x))
	lo := c.tau(u.scale(x/c.r).along(u.left(), -h/c.r))
	hi := c.tau(u.scale(x/c.r).along(u.left(), h/c.r))
	if lo <= hi {
		return clipped(spans, lo, hi, c.t0, c.t1)
	}
	// The span passes the back of the arc.
	spans = clipped(spans, math.Inf(-1), hi, c.t0, c.t1)
	return clipped(spans, lo, math.Inf(1), c.t0, c.t1)
}

// inStrip appends the spans of the curve that lie strictly inside the strip.
func (c *curve) inStrip(spans []span, s *strip) []span {
	if !c.arc {
		v := c.a.sub(s.a)
		lo, hi := c.t0, c.t1
		lo, hi = slab(lo, hi, v.dot(s.d), c.d.dot(s.d), 0, s.l)
		lo, hi = slab(lo, hi, s.d.cross(v), s.d.cross(c.d), -s.r, s.r)
		if lo < hi {
			spans = append(spans, span{lo, hi})
		}
		return spans
	}
	n := s.d.left()
	var cuts [10]float64
	ts := append(cuts[:0], c.t0)
	ts = c.onLine(ts, s.d, s.a.dot(s.d))
	ts = c.onLine(ts, s.d, s.a.dot(s.d)+s.l)
	ts = c.onLine(ts, n, s.a.dot(n)-s.r)
	ts = c.onLine(ts, n, s.a.dot(n)+s.r)
	if len(ts) > 2 {
		slices.Sort(ts[1:])
	}
	ts = append(ts, c.t1)
	for i := 1; i < len(ts); i++ {
		if ts[i-1] < ts[i] && s.has(c.at((ts[i-1]+ts[i])/2)) {
			spans = append(spans, span{ts[i-1], ts[i]})
		}
	}
	return spans
}

// outside appends the spans of the curve that lie outside the box.
func (c *curve) outside(spans []span, b rect) []span {
	if b.has(c.at(c.t0)) && b.has(c.at(c.t1)) && (!c.arc || !c.leaves(b)) {
		return spans
	}
	var cuts [10]float64
	ts := append(cuts[:0], c.t0)
	ts = c.onLine(ts, xy{1, 0}, b.x0)
	ts = c.onLine(ts, xy{1, 0}, b.x1)
	ts = c.onLine(ts, xy{0, 1}, b.y0)
	ts = c.onLine(ts, xy{0, 1}, b.y1)
	slices.Sort(ts[1:])
	ts = append(ts, c.t1)
	for i := 1; i < len(ts); i++ {
		if ts[i-1] < ts[i] && !b.has(c.at((ts[i-1]+ts[i])/2)) {
			spans = append(spans, span{ts[i-1], ts[i]})
		}
	}
	return spans
}

func (c *curve) leaves(b rect) bool {
	r := c.box(c.t0, c.t1)
	return r.x0 < b.x0 || r.y0 < b.y0 || r.x1 > b.x1 || r.y1 > b.y1
}

// onLine appends the parameters, strictly between the ends, at which the curve meets the line n·p = k (n a unit vector).
func (c *curve) onLine(ts []float64, n xy, k float64) []float64 {
	x := k - n.dot(c.a)
	if !c.arc {
		if d := n.dot(c.d); d != 0 {
			if t := x / d; c.t0 < t && t < c.t1 {
				ts = append(ts, t)
			}
		}
		return ts
	}
	if math.Abs(x) >= c.r {
		return ts
	}
	h := math.Sqrt((c.r - x) * (c.r + x))
	for _, y := range [...]float64{-h, h} {
		if t := c.tau(n.scale(x/c.r).along(n.left(), y/c.r)); c.t0 < t && t < c.t1 {
			ts = append(ts, t)
		}
	}
	return ts
}

// slab cuts the span [lo, hi] of t to where min < x + t·d < max.
func slab(lo, hi, x, d, lower, upper float64) (float64, float64) {
	if d == 0 {
		if x <= lower || x >= upper {
			return 1, 0
		}
		return lo, hi
	}
	a, b := (lower-x)/d, (upper-x)/d
	if a > b {
		a, b = b, a
	}
	return max(lo, a), min(hi, b)
}

func clipped(spans []span, lo, hi, t0, t1 float64) []span {
	lo, hi = max(lo, t0), min(hi, t1)
	if lo < hi {
		spans = append(spans, span{lo, hi})
	}
	return spans
}

// rest appends what the spans leave of [t0, t1]; it sorts the spans.
func rest(out, spans []span, t0, t1 float64) []span {
	slices.SortFunc(spans, func(a, b span) int {
		if a.t0 < b.t0 {
			return -1
		}
		if a.t0 > b.t0 {
			return 1
		}
		return 0
	})
	for _, s := range spans {
		if s.t0 > t0 {
			out = append(out, span{t0, s.t0})
		}
		t0 = max(t0, s.t1)
	}
	if t0 < t1 {
		out = append(out, span{t0, t1})
	}
	return out
}

// arcs appends the arc about c from the direction u counter-clockwise to v, in pieces of at most π/4. half tells that it
// is a half circle or more, as for the ends of lines; full circles are u == v with half set.
func arcs(out []curve, c xy, r float64, u, v xy, half bool) []curve {
	if half {
		if u == v {
			w := u.scale(-1)
			return arcs(arcs(out, c, r, u, w, true), c, r, w, u, true)
		}
		m := u.left()
		if w := u.sub(v); w.dot(w) < 3.999 {
			m = u.add(v).unit()
			if m.dot(u.left()) < 0 {
				m = m.scale(-1)
			}
		}
		return arcs(arcs(out, c, r, u, m, false), c, r, m, v, false)
	}
	m := u.add(v).unit()
	arc := curve{arc: true, a: c, d: m, r: r}
	arc.t0, arc.t1 = arc.tau(u), arc.tau(v)
	if arc.t1 > maxTau*(1+1e-9) {
		return arcs(arcs(out, c, r, u, m, false), c, r, m, v, false)
	}
	if arc.t0 < arc.t1 {
		out = append(out, arc)
	}
	return out
}

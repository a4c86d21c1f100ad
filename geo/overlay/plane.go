package overlay

import (
	"math"

	"github.com/paulmach/orb"

	"lifecircle/geo/measure"
)

// earth is a mean radius, for tolerances and margins only.
const earth = 6371008.8

// xy is a place or a vector in a local plane, in metres east and north.
type xy struct{ x, y float64 }

func (a xy) add(b xy) xy                      { return xy{a.x + b.x, a.y + b.y} }
func (a xy) sub(b xy) xy                      { return xy{a.x - b.x, a.y - b.y} }
func (a xy) along(d xy, t float64) xy         { return xy{a.x + float64(d.x*t), a.y + float64(d.y*t)} }
func (a xy) scale(t float64) xy               { return xy{float64(a.x * t), float64(a.y * t)} }
func (a xy) dot(b xy) float64                 { return float64(a.x*b.x) + float64(a.y*b.y) }
func (a xy) cross(b xy) float64               { return float64(a.x*b.y) - float64(a.y*b.x) }
func (a xy) left() xy                         { return xy{-a.y, a.x} }
func (a xy) right() xy                        { return xy{a.y, -a.x} }
func (a xy) length() float64                  { return math.Sqrt(a.dot(a)) }
func (a xy) unit() xy                         { return a.scale(1 / a.length()) }
func forward(p measure.Plane, v orb.Point) xy { f := p.Forward(v); return xy{f[0], f[1]} }

// rect is a box in a plane.
type rect struct{ x0, y0, x1, y1 float64 }

func emptyRect() rect { return rect{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)} }

func (r rect) meets(s rect) bool { return r.x0 <= s.x1 && s.x0 <= r.x1 && r.y0 <= s.y1 && s.y0 <= r.y1 }
func (r rect) has(p xy) bool     { return r.x0 <= p.x && p.x <= r.x1 && r.y0 <= p.y && p.y <= r.y1 }
func (r rect) with(p xy) rect {
	return rect{min(r.x0, p.x), min(r.y0, p.y), max(r.x1, p.x), max(r.y1, p.y)}
}
func (r rect) pad(m float64) rect { return rect{r.x0 - m, r.y0 - m, r.x1 + m, r.y1 + m} }

// planeBox returns a box of the plane that holds everything in the lon/lat box b.
func planeBox(p measure.Plane, b orb.Bound) rect {
	r := emptyRect()
	for _, v := range [...]orb.Point{b.Min, b.Max, {b.Min[0], b.Max[1]}, {b.Max[0], b.Min[1]}} {
		r = r.with(forward(p, v))
	}
	return r.pad(bend(r, b))
}

// bend is more, in metres, than the sides of a lon/lat box, r in the plane, are curved there: parallels bulge by w²·tan φ/8R,
// meridians by less.
func bend(r rect, b orb.Bound) float64 {
	w, h := r.x1-r.x0, r.y1-r.y0
	tan := tangent(max(math.Abs(b.Min[1]), math.Abs(b.Max[1])))
	return 1e-3 + (float64(w*w)+float64(h*h))*(tan+1)/(4*earth)
}

// tangent is tan of degrees below 89°, good enough for tolerances (tan(x) by half-angle from a short series).
func tangent(deg float64) float64 {
	x := min(deg, 89) * (math.Pi / 180) / 8
	z := float64(x * x)
	t := float64(x * (1 + float64(z*(1.0/3+float64(z*(2.0/15+float64(z*(17.0/315))))))))
	for range 3 {
		t = 2 * t / (1 - float64(t*t))
	}
	return t
}

// bulge is how far, in metres, an edge straight in longitude and latitude departs from the straight line of a local plane
// between the same ends: X(X²/2+Y²)·tan φ/(4R·L) for X metres east and Y metres north.
func bulge(a, b orb.Point) float64 {
	const metres = earth * math.Pi / 180
	lat := math.Abs(a[1]+b[1]) / 2
	tan := tangent(lat)
	cos := 1 / math.Sqrt(1+float64(tan*tan))
	x := math.Abs(b[0]-a[0]) * metres * cos
	y := (b[1] - a[1]) * metres
	l := math.Sqrt(float64(x*x) + float64(y*y))
	if l == 0 {
		return 0
	}
	return x * (float64(x*x/2) + float64(y*y)) / l * tan / (4 * earth)
}

// longest is the length in metres beyond which an edge is cut in any case: farther, geodesics themselves bend in the plane.
const longest = 500

// pieces tells into how many equal pieces the edge from a to b must be cut to be straight within tol metres.
func pieces(a, b orb.Point, tol float64) int {
	n := math.Ceil(math.Sqrt(bulge(a, b) / tol))
	const metres = earth * math.Pi / 180
	lat := min(math.Abs(a[1]), math.Abs(b[1]))
	tan := tangent(lat)
	x := (b[0] - a[0]) * metres / math.Sqrt(1+float64(tan*tan))
	y := (b[1] - a[1]) * metres
	n = max(n, math.Ceil(math.Sqrt(float64(x*x)+float64(y*y))/longest))
	return int(min(max(n, 1), 1e6))
}

// between returns the place k/n of the way from a to b.
func between(a, b orb.Point, k, n int) orb.Point {
	t := float64(k) / float64(n)
	return orb.Point{a[0] + float64((b[0]-a[0])*t), a[1] + float64((b[1]-a[1])*t)}
}

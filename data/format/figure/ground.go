package figure

import (
	"math"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/clip"

	"lifecircle/coverage/report"
	"lifecircle/geo/measure"
)

// ground is the projection of a map: degrees to hundredths of a millimetre in a frame. Equirectangular with the metres of a
// degree at the middle latitude: within a city lengths are true to some parts in ten thousand.
type ground struct {
	window   orb.Bound // what is shown, degrees
	lon, lat float64   // the middle
	kx, ky   float64   // units per degree
	perMetre float64   // units per metre
	w, h     int       // of the frame
}

// metresPerDegree gives the metres of a degree of longitude and latitude on WGS 84.
func metresPerDegree(lat float64) (mx, my float64) {
	const a, e2 = 6378137.0, 0.0066943799901413165
	sin, cos := measure.SincosDeg(lat)
	d := 1 - float64(e2*float64(sin*sin))
	n := a / math.Sqrt(d)
	return n * cos * math.Pi / 180, n * (1 - e2) / d * math.Pi / 180
}

// extent gives the box of a base in degrees, never without size, and whether there is anything in it.
func extent(b *report.Base) (orb.Bound, bool) {
	bound, found := b.Bound, false
	if !(bound.Max[0] > bound.Min[0] && bound.Max[1] > bound.Min[1]) || !finite(bound) {
		first := true
		for i := range b.Shapes {
			for _, p := range proper(b.Shapes[i].Geometry) {
				for _, r := range p {
					for _, q := range r {
						if first {
							bound, first = orb.Bound{Min: q, Max: q}, false
						}
						bound = bound.Extend(q)
					}
				}
			}
		}
		if first {
			bound = orb.Bound{}
		}
	}
	for i := range b.Shapes {
		found = found || len(b.Shapes[i].Geometry) > 0
	}
	for k := range 2 {
		if bound.Max[k]-bound.Min[k] < 0.0005 { // a point on a map: show 50 metres around it
			mid := (bound.Min[k] + bound.Max[k]) / 2
			bound.Min[k], bound.Max[k] = mid-0.00025, mid+0.00025
		}
	}
	return bound, found
}

func finite(b orb.Bound) bool { return place(b.Min) && place(b.Max) }

// place tells whether a point can be on a map.
func place(p orb.Point) bool { return math.Abs(p[0]) <= 540 && math.Abs(p[1]) <= 90 }

// newGround fits an extent into at most w × h, margin kept free on every side. The frame is as large as what it shows.
func newGround(b orb.Bound, w, h, margin int) ground {
	g := ground{lon: (b.Min[0] + b.Max[0]) / 2, lat: (b.Min[1] + b.Max[1]) / 2}
	mx, my := metresPerDegree(g.lat)
	mx = max(mx, 1)
	wide, high := (b.Max[0]-b.Min[0])*mx, (b.Max[1]-b.Min[1])*my
	g.perMetre = min(float64(w-2*margin)/wide, float64(h-2*margin)/high)
	g.kx, g.ky = mx*g.perMetre, my*g.perMetre
	g.w, g.h = w, min(h, int(math.Ceil(high*g.perMetre))+2*margin)
	x, y := float64(g.w)/2/g.kx, float64(g.h)/2/g.ky
	g.window = orb.Bound{Min: orb.Point{g.lon - x, g.lat - y}, Max: orb.Point{g.lon + x, g.lat + y}}
	return g
}

// aspect gives width by height of an extent on the ground.
func aspect(b orb.Bound) float64 {
	mx, my := metresPerDegree((b.Min[1] + b.Max[1]) / 2)
	return (b.Max[0] - b.Min[0]) * max(mx, 1) / ((b.Max[1] - b.Min[1]) * my)
}

// grid is the step to which places are rounded: finer than a printer's dots.
const grid = 2

// at gives the place of a point on paper, the frame's upper left corner at 0, 0.
func (g *ground) at(p orb.Point) Point {
	x := float64((p[0]-g.lon)*g.kx) + float64(g.w)/2
	y := float64((g.lat-p[1])*g.ky) + float64(g.h)/2
	return Point{int32(math.Floor(x/grid+0.5)) * grid, int32(math.Floor(y/grid+0.5)) * grid}
}

// rings gives the rings of a geometry on paper, without repeated places; what reaches beyond the frame is cut off.
func (g *ground) rings(m orb.MultiPolygon) [][]Point {
	m = proper(m)
	if b := m.Bound(); len(m) > 0 && !(g.window.Contains(b.Min) && g.window.Contains(b.Max)) {
		m = clip.MultiPolygon(g.window, m.Clone())
	}
	var out [][]Point
	for _, p := range m {
		for _, r := range p {
			if ring := g.line(r, true); len(ring) > 0 {
				out = append(out, ring)
			}
		}
	}
	return out
}

// lines gives the rings of a geometry on paper as lines, cut at the frame, and tells whether they are still whole.
func (g *ground) lines(m orb.MultiPolygon) (lines [][]Point, whole bool) {
	m = proper(m)
	b := m.Bound()
	if len(m) == 0 || (g.window.Contains(b.Min) && g.window.Contains(b.Max)) {
		return g.rings(m), true
	}
	for _, p := range m {
		for _, r := range p {
			for _, l := range clip.LineString(g.window, orb.LineString(r).Clone()) {
				if line := g.line(l, false); len(line) > 1 {
					lines = append(lines, line)
				}
			}
		}
	}
	return lines, false
}

func (g *ground) line(ps []orb.Point, closed bool) []Point {
	out := make([]Point, 0, len(ps))
	for _, p := range ps {
		if q := g.at(p); len(out) == 0 || out[len(out)-1] != q {
			out = append(out, q)
		}
	}
	for closed && len(out) > 1 && out[0] == out[len(out)-1] {
		out = out[:len(out)-1]
	}
	return out
}

// proper leaves out rings with places that are none.
func proper(m orb.MultiPolygon) orb.MultiPolygon {
	for _, p := range m {
		for _, r := range p {
			for _, q := range r {
				if !place(q) {
					return properCopy(m)
				}
			}
		}
	}
	return m
}

func properCopy(m orb.MultiPolygon) orb.MultiPolygon {
	var out orb.MultiPolygon
	for _, p := range m {
		var kept orb.Polygon
		for k, r := range p {
			ok := true
			for _, q := range r {
				ok = ok && place(q)
			}
			if ok {
				kept = append(kept, r)
			} else if k == 0 {
				break
			}
		}
		if len(kept) > 0 {
			out = append(out, kept)
		}
	}
	return out
}

package measure

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// Centroid returns the centroid of a geometry in the lon/lat plane: by area for polygons (holes off), by length for lines, the
// mean for points. Of a mixed collection the parts of highest dimension count; polygons without area, or so tangled that their
// signed areas cancel, count as their rings, lines without length as points. An empty geometry has the centroid (0, 0).
func Centroid(g orb.Geometry) orb.Point {
	c := centroid{bound: orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}}
	c.add(g)
	return c.point()
}

// PointOnSurface returns a point of the geometry, the same whenever it is asked: for polygons the centroid if it lies
// inside, else the middle of the widest run of a parallel inside one of them; for lines and points the vertex nearest to the
// centroid. An empty geometry has (0, 0), a polygon without an inside one of its vertices.
func PointOnSurface(g orb.Geometry) orb.Point {
	c := Centroid(g)
	loc := NewLocator(g)
	if loc.Locate(c) == Inside {
		return c
	}
	best, width := orb.Point{}, -1.0
	eachPolygon(g, func(p orb.Polygon) {
		if q, w := widestRun(p); w > width && loc.Locate(q) == Inside {
			best, width = q, w
		}
	})
	if width >= 0 {
		return best
	}
	near := math.Inf(1)
	eachVertex(g, func(v orb.Point) {
		dx, dy := v[0]-c[0], v[1]-c[1]
		if d := float64(dx*dx) + float64(dy*dy); d < near {
			best, near = v, d
		}
	})
	return best
}

// widestRun returns the middle of the widest run of a parallel inside the polygon, on the parallels half-way between its
// vertices' latitudes that are nearest to the middle of its height; −1 if there is no inside.
func widestRun(p orb.Polygon) (orb.Point, float64) {
	var lats []float64
	for _, r := range p {
		for _, v := range r {
			lats = append(lats, v[1])
		}
	}
	slices.Sort(lats)
	lats = slices.Compact(lats)
	if len(lats) < 2 {
		return orb.Point{}, -1
	}
	centre := lats[0] + (lats[len(lats)-1]-lats[0])/2
	mids := make([]float64, 0, len(lats)-1)
	for i := 1; i < len(lats); i++ {
		if m := lats[i-1] + (lats[i]-lats[i-1])/2; m > lats[i-1] && m < lats[i] {
			mids = append(mids, m)
		}
	}
	slices.SortStableFunc(mids, func(a, b float64) int {
		switch da, db := math.Abs(a-centre), math.Abs(b-centre); {
		case da < db:
			return -1
		case da > db:
			return 1
		}
		return 0
	})
	best, width := orb.Point{}, -1.0
	for tried, y := range mids {
		if tried >= 16 && width >= 0 {
			break
		}
		var xs []float64
		for _, r := range p {
			for i := range r {
				a, b := r[i], r[(i+1)%len(r)]
				if a[1] > b[1] {
					a, b = b, a
				}
				if a[1] <= y && y < b[1] {
					xs = append(xs, a[0]+float64((y-a[1])*((b[0]-a[0])/(b[1]-a[1]))))
				}
			}
		}
		slices.Sort(xs)
		for i := 1; i < len(xs); i += 2 {
			q := orb.Point{xs[i-1] + (xs[i]-xs[i-1])/2, y}
			if w := xs[i] - xs[i-1]; w > width && locatePolygon(p, q) == Inside {
				best, width = q, w
			}
		}
	}
	return best, width
}

// centroid sums up by dimension, relative to the first vertex so that small shapes keep their digits.
type centroid struct {
	started        bool
	origin         orb.Point
	area, ax, ay   float64
	length, lx, ly float64
	points, px, py float64
	areal, line    bool
	bound          orb.Bound // of the polygons
}

func (c *centroid) add(g orb.Geometry) {
	switch g := g.(type) {
	case orb.Point:
		c.addPoint(g)
	case orb.MultiPoint:
		for _, p := range g {
			c.add(p)
		}
	case orb.LineString:
		c.addLine(g, false)
		c.line = c.line || len(g) > 0
	case orb.MultiLineString:
		for _, l := range g {
			c.add(l)
		}
	case orb.Collection:
		for _, m := range g {
			c.add(m)
		}
	default:
		eachPolygon(g, func(p orb.Polygon) {
			for i, r := range p {
				c.addRing(r, i > 0)
			}
			c.areal = c.areal || len(p) > 0
		})
	}
}

func (c *centroid) at(p orb.Point) (x, y float64) {
	if !c.started {
		c.origin, c.started = p, true
	}
	return p[0] - c.origin[0], p[1] - c.origin[1]
}

func (c *centroid) addPoint(p orb.Point) {
	x, y := c.at(p)
	c.points++
	c.px += x
	c.py += y
}

func (c *centroid) addLine(l []orb.Point, closed bool) {
	for i, p := range l {
		c.addPoint(p)
		j := i + 1
		if j == len(l) {
			if !closed {
				break
			}
			j = 0
		}
		x, y := c.at(p)
		u, v := c.at(l[j])
		w := math.Sqrt(float64((u-x)*(u-x)) + float64((v-y)*(v-y)))
		c.length += w
		c.lx += float64(w * (x + u) / 2)
		c.ly += float64(w * (y + v) / 2)
	}
}

func (c *centroid) addRing(r orb.Ring, hole bool) {
	c.addLine(r, true)
	if len(r) == 0 {
		return
	}
	// Relative to the ring's own start, then moved.
	ox, oy := c.at(r[0])
	var area, sx, sy float64
	for i := range r {
		p, q := r[i], r[(i+1)%len(r)]
		c.bound = extend(c.bound, p)
		x, y, u, v := p[0]-r[0][0], p[1]-r[0][1], q[0]-r[0][0], q[1]-r[0][1]
		k := float64(x*v) - float64(u*y)
		area += k
		sx += float64(k * (x + u))
		sy += float64(k * (y + v))
	}
	sx, sy = sx/3+float64(ox*area), sy/3+float64(oy*area)
	if (area < 0) != hole {
		area, sx, sy = -area, -sx, -sy
	}
	c.area += area
	c.ax += sx
	c.ay += sy
}

func (c *centroid) point() orb.Point {
	move := func(x, y, w float64) orb.Point { return orb.Point{c.origin[0] + x/w, c.origin[1] + y/w} }
	if c.areal && c.area > 0 {
		// The centroid of an area lies in its box, but for rounding; of areas that cancel it may lie anywhere.
		p := move(c.ax, c.ay, c.area)
		q := orb.Point{math.Max(c.bound.Min[0], math.Min(c.bound.Max[0], p[0])), math.Max(c.bound.Min[1], math.Min(c.bound.Max[1], p[1]))}
		if math.Abs(p[0]-q[0]) <= 1e-9 && math.Abs(p[1]-q[1]) <= 1e-9 {
			return q
		}
	}
	switch {
	case (c.areal || c.line) && c.length > 0:
		return move(c.lx, c.ly, c.length)
	case c.points > 0:
		return move(c.px, c.py, c.points)
	}
	return orb.Point{}
}

// eachVertex calls f for every vertex in order.
func eachVertex(g orb.Geometry, f func(orb.Point)) {
	switch g := g.(type) {
	case orb.Point:
		f(g)
	case orb.MultiPoint:
		for _, p := range g {
			f(p)
		}
	case orb.LineString:
		for _, p := range g {
			f(p)
		}
	case orb.MultiLineString:
		for _, l := range g {
			eachVertex(l, f)
		}
	case orb.Collection:
		for _, c := range g {
			eachVertex(c, f)
		}
	default:
		eachPolygon(g, func(p orb.Polygon) {
			for _, r := range p {
				for _, v := range r {
					f(v)
				}
			}
		})
	}
}

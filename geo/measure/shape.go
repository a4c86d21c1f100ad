package measure

import (
	"math"

	"lifecircle/geo/index/boxtree"

	"github.com/paulmach/orb"
)

// Shape is a geometry made ready for measuring distances to it: Point, MultiPoint, LineString, MultiLineString, Ring (as a
// polygon), Polygon, MultiPolygon, Bound, or a Collection of these. It is immutable and safe for concurrent use.
type Shape struct {
	bound  orb.Bound
	box    boxtree.Box // of the whole shape, the inside of polygons included
	points []Place
	pieces []piece
	inside *Locator // nil if the shape has no polygons

	pointTree, pieceTree *boxtree.Tree // nil if there are few
}

// piece is a part of an edge, so short that the curve X(t) = a + b·t + c·t², t ∈ [0, 1], in earth-centred metres stays within
// pieceError of the edge that is straight in lon/lat.
type piece struct {
	a, b, c  [3]float64
	from, to orb.Point // degrees
	box      boxtree.Box
}

const (
	pieceError = 1e-6    // metres
	maxPieces  = 4096    // of one edge: even around the equator the error stays below 0.2 mm
	allPieces  = 1 << 21 // of one shape: a guard for absurd input, far beyond any facility or boundary
	fewItems   = 12      // up to here a plain loop is faster than a tree
	bendChord  = 300e3   // beyond, the nearest place on a piece is sought by distance itself, not by chord
)

// NewShape prepares a geometry. A nil or empty geometry is at distance +Inf of everything.
func NewShape(g orb.Geometry) *Shape {
	s := &Shape{bound: orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}, box: boxtree.Empty()}
	var lines []orb.LineString
	s.collect(g, &lines)
	edges := 0
	for _, l := range lines {
		edges += len(l)
	}
	most := min(maxPieces, max(1, allPieces/max(edges, 1)))
	for _, l := range lines {
		s.addLine(l, most)
	}
	areal := false
	eachPolygon(g, func(p orb.Polygon) { areal = areal || len(p) > 0 })
	if areal {
		s.inside = NewLocator(g)
		s.box = s.box.Extend(surfaceBox(s.inside.Bound()))
	}
	for i := range s.pieces {
		s.box = s.box.Extend(s.pieces[i].box)
	}
	for _, p := range s.points {
		s.box = s.box.Add([3]float64{p.X, p.Y, p.Z})
	}
	if len(s.points) > fewItems {
		boxes := make([]boxtree.Box, len(s.points))
		for i, p := range s.points {
			v := [3]float64{p.X, p.Y, p.Z}
			boxes[i] = boxtree.Box{Min: v, Max: v}
		}
		s.pointTree = boxtree.New(boxes)
	}
	if len(s.pieces) > fewItems {
		boxes := make([]boxtree.Box, len(s.pieces))
		for i := range s.pieces {
			boxes[i] = s.pieces[i].box
		}
		s.pieceTree = boxtree.New(boxes)
	}
	return s
}

// Distance returns the metres from p to the nearest place of the shape: 0 inside or on a polygon, holes count as outside;
// +Inf if the shape is empty.
func (s *Shape) Distance(p orb.Point) float64 { return s.DistanceFrom(PlaceOf(p)) }

// DistanceFrom is Distance from a prepared place.
func (s *Shape) DistanceFrom(p Place) float64 { return s.DistanceWithin(p, math.Inf(1)) }

// DistanceWithin is DistanceFrom as far as it does not exceed limit metres; if it does, any larger value may come back. It is
// what indexes call when they have found something nearer already.
func (s *Shape) DistanceWithin(p Place, limit float64) float64 {
	if s.Contains(p.Point) {
		return 0
	}
	return s.nearest(p, limit)
}

// BorderDistance returns the metres from p to the nearest place of the shape's points, lines and rings, also from inside of
// a polygon; +Inf if the shape is empty.
func (s *Shape) BorderDistance(p orb.Point) float64 { return s.nearest(PlaceOf(p), math.Inf(1)) }

// Contains tells whether p lies inside or on the border of a polygon of the shape, exactly.
func (s *Shape) Contains(p orb.Point) bool { return s.inside != nil && s.inside.Locate(p) != Outside }

// Bound returns the lon/lat box of the shape's vertices; it is inverted (Min above Max) if the shape is empty.
func (s *Shape) Bound() orb.Bound { return s.bound }

// Box returns a box in earth-centred metres that holds the shape with the inside of its polygons: no place of the shape has a
// smaller chord to a point than the box.
func (s *Shape) Box() boxtree.Box { return s.box }

// Places returns the points of a shape that consists of points only, and false for any other shape.
func (s *Shape) Places() ([]Place, bool) {
	return s.points, len(s.pieces) == 0 && s.inside == nil
}

// nearest is the distance to points and pieces, if it is at most limit.
func (s *Shape) nearest(p Place, limit float64) float64 {
	best := math.Inf(1)
	chord := ChordLimit(limit)
	limit2 := float64(chord * chord)
	found := func(d float64) {
		if d < best {
			best = d
			if d < limit {
				limit = d
				chord := ChordLimit(d)
				limit2 = float64(chord * chord)
			}
		}
	}
	at := [3]float64{p.X, p.Y, p.Z}
	if s.pointTree != nil {
		s.pointTree.Near(at, limit2, func(i int, _ float64) float64 {
			found(p.Distance(s.points[i]))
			return limit2
		})
	} else {
		for i := range s.points {
			if p.Chord2(s.points[i]) <= limit2 {
				found(p.Distance(s.points[i]))
			}
		}
	}
	if s.pieceTree != nil {
		s.pieceTree.Near(at, limit2, func(i int, _ float64) float64 {
			found(s.pieces[i].distance(&p, limit2))
			return limit2
		})
	} else {
		for i := range s.pieces {
			if s.pieces[i].box.Distance2(&at) <= limit2 {
				found(s.pieces[i].distance(&p, limit2))
			}
		}
	}
	return best
}

// distance returns the metres from p to the piece, +Inf if its chord is longer than the root of limit2.
func (c *piece) distance(p *Place, limit2 float64) float64 {
	x, y, z := p.X-c.a[0], p.Y-c.a[1], p.Z-c.a[2]
	// Start at the foot on the straight line between the ends, then Newton on the squared chord.
	ex, ey, ez := c.b[0]+c.c[0], c.b[1]+c.c[1], c.b[2]+c.c[2]
	ee := dot(ex, ey, ez, ex, ey, ez)
	t := 0.0
	if ee > 0 {
		t = clamp01(dot(x, y, z, ex, ey, ez) / ee)
	}
	cc := dot(c.c[0], c.c[1], c.c[2], c.c[0], c.c[1], c.c[2])
	if cc > 0 {
		for range 12 {
			rx, ry, rz := x-c.at(0, t), y-c.at(1, t), z-c.at(2, t)
			vx, vy, vz := c.b[0]+float64(2*t*c.c[0]), c.b[1]+float64(2*t*c.c[1]), c.b[2]+float64(2*t*c.c[2])
			g := -dot(rx, ry, rz, vx, vy, vz)
			h := dot(vx, vy, vz, vx, vy, vz) - float64(2*dot(rx, ry, rz, c.c[0], c.c[1], c.c[2]))
			if h <= 0 {
				// The place looks at the hollow side from beyond its centre: an end is nearest.
				t = 0
				if c.chord2(x, y, z, 1) < c.chord2(x, y, z, 0) {
					t = 1
				}
				break
			}
			next := clamp01(t - g/h)
			done := math.Abs(next-t) < 1e-9
			t = next
			if done {
				break
			}
		}
	}
	qx, qy, qz := c.at(0, t), c.at(1, t), c.at(2, t)
	dx, dy, dz := x-qx, y-qy, z-qz
	h, v := float64(dx*dx)+float64(dy*dy), float64(dz*dz)
	if h+v > limit2 {
		// The nearest by chord is the nearest by distance but for millimetres in thousands of kilometres, see far.
		if h+v < bendChord*bendChord || math.Sqrt(h+v) > math.Sqrt(limit2)+1 {
			return math.Inf(1)
		}
	}
	switch d2 := h + v; {
	case d2 > bendChord*bendChord:
		return c.far(p)
	case d2 > shortChord*shortChord:
		return geodesic(p.Point, c.point(t))
	}
	return arc(h, v, p.X+c.a[0]+qx, p.Y+c.a[1]+qy, p.Z+c.a[2]+qz)
}

// far finds the nearest place on the piece by the distance itself: seen from afar a piece is so short that the distance along
// it is a parabola. (By chord alone the foot would be metres off, since chords of one length stand for distances that differ with
// the azimuth.)
func (c *piece) far(p *Place) float64 {
	d0, d1, d2 := geodesic(p.Point, c.from), geodesic(p.Point, c.point(0.5)), geodesic(p.Point, c.to)
	best := math.Min(d0, math.Min(d1, d2))
	// d(t) = d0 + m·t + q·t²
	q := float64(2*(d0+d2)) - float64(4*d1)
	m := d2 - d0 - q
	if q > 0 {
		if t := -m / (2 * q); t > 0 && t < 1 {
			best = math.Min(best, geodesic(p.Point, c.point(t)))
		}
	}
	return best
}

// at is a coordinate of X(t) − a.
func (c *piece) at(k int, t float64) float64 { return float64(t * (c.b[k] + float64(t*c.c[k]))) }

// chord2 is the squared chord from a place, given relative to a, to X(t).
func (c *piece) chord2(x, y, z, t float64) float64 {
	dx, dy, dz := x-c.at(0, t), y-c.at(1, t), z-c.at(2, t)
	return dot(dx, dy, dz, dx, dy, dz)
}

// point is the place of parameter t in degrees.
func (c *piece) point(t float64) orb.Point {
	return orb.Point{c.from[0] + float64(t*(c.to[0]-c.from[0])), c.from[1] + float64(t*(c.to[1]-c.from[1]))}
}

// collect takes the points of a geometry and lists its lines and rings (closed).
func (s *Shape) collect(g orb.Geometry, lines *[]orb.LineString) {
	switch g := g.(type) {
	case orb.Point:
		s.points = append(s.points, PlaceOf(g))
		s.bound = extend(s.bound, g)
	case orb.MultiPoint:
		for _, p := range g {
			s.collect(p, lines)
		}
	case orb.LineString:
		for _, p := range g {
			s.bound = extend(s.bound, p)
		}
		*lines = append(*lines, g)
	case orb.MultiLineString:
		for _, l := range g {
			s.collect(l, lines)
		}
	case orb.Collection:
		for _, c := range g {
			s.collect(c, lines)
		}
	default:
		eachPolygon(g, func(p orb.Polygon) {
			for _, r := range p {
				l := orb.LineString(r)
				if len(l) > 1 && l[0] != l[len(l)-1] {
					l = append(append(orb.LineString{}, l...), l[0])
				}
				s.collect(l, lines)
			}
		})
	}
}

// addLine cuts the edges of a line into pieces, at most so many per edge. A line of a single place is a point.
func (s *Shape) addLine(l orb.LineString, most int) {
	if len(l) == 0 {
		return
	}
	n := len(s.pieces)
	for i := 1; i < len(l); i++ {
		if l[i-1] != l[i] {
			s.addEdge(l[i-1], l[i], most)
		}
	}
	if len(s.pieces) == n {
		s.points = append(s.points, PlaceOf(l[0]))
	}
}

func (s *Shape) addEdge(p, q orb.Point, most int) {
	n, miss := pieceCount(p, q, most)
	whole := piece{from: p, to: q}
	from := p
	for i := 1; i <= n; i++ {
		to := q
		if i < n {
			to = whole.point(float64(i) / float64(n))
		}
		s.pieces = append(s.pieces, newPiece(from, to, miss))
		from = to
	}
}

// newPiece fits the parabola through both ends and the middle; it misses the edge by at most so many metres.
func newPiece(from, to orb.Point, miss float64) piece {
	c := piece{from: from, to: to}
	a, m, e := PlaceOf(from), PlaceOf(c.point(0.5)), PlaceOf(to)
	c.a = [3]float64{a.X, a.Y, a.Z}
	mid, end := [3]float64{m.X, m.Y, m.Z}, [3]float64{e.X, e.Y, e.Z}
	var control [3]float64
	for k := range 3 {
		dm, de := mid[k]-c.a[k], end[k]-c.a[k]
		c.c[k] = float64(2 * (de - float64(2*dm)))
		c.b[k] = de - c.c[k]
		control[k] = c.a[k] + float64(c.b[k]/2)
	}
	// The curve lies in the hull of its Bézier points.
	c.box = boxtree.Empty().Add(c.a).Add(control).Add(end).Pad(miss + 1e-6)
	return c
}

// pieceCount returns into how many pieces an edge must be cut, and by how many metres they miss it then: a parabola through
// three places of a curve misses it by at most 0.00802·|X‴|/n³.
func pieceCount(p, q orb.Point, most int) (n int, miss float64) {
	dl, dp := math.Abs(q[0]-p[0])*radian, math.Abs(q[1]-p[1])*radian
	// The radius of the parallel is largest at the latitude nearest to the equator.
	lat := math.Min(math.Abs(p[1]), math.Abs(q[1]))
	if (p[1] < 0) != (q[1] < 0) {
		lat = 0
	}
	_, cp := sincosDeg(lat)
	const r = 6.4e6
	x3 := float64(float64(r*cp)*float64(dl*float64(dl*dl))) +
		float64(r*float64(float64(3*float64(dl*dp)*(dl+dp))+float64(dp*float64(dp*dp))))
	bend := float64(0.00802 * x3)
	cube := func(n int) float64 { return float64(n) * float64(n) * float64(n) }
	lo, hi := 1, most
	for lo < hi {
		n := (lo + hi) / 2
		if cube(n)*pieceError >= bend {
			hi = n
		} else {
			lo = n + 1
		}
	}
	return lo, bend / cube(lo)
}

// surfaceBox returns a box in earth-centred metres that holds all the surface within a lon/lat box.
func surfaceBox(b orb.Bound) boxtree.Box {
	box := boxtree.Empty()
	lons := []float64{b.Min[0], b.Max[0]}
	for q := math.Ceil(b.Min[0]/90) * 90; q < b.Max[0]; q += 90 {
		lons = append(lons, q)
	}
	lats := []float64{b.Min[1], b.Max[1]}
	if b.Min[1] < 0 && b.Max[1] > 0 {
		lats = append(lats, 0)
	}
	// Each coordinate is monotone in longitude between multiples of 90° and in latitude between pole and equator.
	for _, lon := range lons {
		for _, lat := range lats {
			p := PlaceOf(orb.Point{lon, lat})
			box = box.Add([3]float64{p.X, p.Y, p.Z})
		}
	}
	return box.Pad(2e-6)
}

func dot(x, y, z, u, v, w float64) float64 {
	return float64(x*u) + float64(y*v) + float64(z*w)
}

func clamp01(t float64) float64 {
	if t < 0 {
		return 0
	}
	if t > 1 {
		return 1
	}
	return t
}

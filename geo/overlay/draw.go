package overlay

import (
	"math"

	"github.com/paulmach/orb"

	"lifecircle/geo/measure"
)

// circleSteps is the number of corners of a drawn circle. They lie on the true circle and its sides inside, by
// r·(1−cos(π/224)) at most: 0.05 m at 500 m.
const circleSteps = 224

// drawnParts returns polygons whose union is the drawn service area of a part: one about each edge or point and the
// polygon itself. Only what can meet the box is drawn, unless box is nil.
func drawnParts(out []orb.Geometry, p *part, box *orb.Bound, steps int) []orb.Geometry {
	corners := circle(steps)
	edges := p.edges
	if p.kind == pointPart {
		edges = [][2]int32{{0, 0}}
	}
	for _, e := range edges {
		a, b := p.verts[e[0]], p.verts[e[1]]
		if box != nil {
			eb := orb.MultiPoint{a, b}.Bound()
			dlon, dlat := grown(eb, p.metres)
			eb.Min[0], eb.Min[1], eb.Max[0], eb.Max[1] = eb.Min[0]-dlon, eb.Min[1]-dlat, eb.Max[0]+dlon, eb.Max[1]+dlat
			if !eb.Intersects(*box) {
				continue
			}
		}
		out = append(out, drawnStadium(a, b, p.metres, corners))
	}
	if p.kind == areaPart {
		poly := orb.Polygon(p.rings)
		if box != nil {
			near := box.Pad(1e-6)
			if !poly.Bound().Intersects(near) {
				return out
			}
		}
		out = append(out, poly)
	}
	return out
}

// drawnStadium is the polygon of all within r metres of the edge from a to b.
func drawnStadium(a, b orb.Point, r float64, corners []xy) orb.Polygon {
	plane := measure.NewPlane(orb.Point{(a[0] + b[0]) / 2, (a[1] + b[1]) / 2})
	p, q := forward(plane, a), forward(plane, b)
	ring := make(orb.Ring, 0, len(corners)+5)
	put := func(v xy) { ring = append(ring, plane.Inverse([2]float64{v.x, v.y})) }
	if p == q {
		for _, c := range corners {
			put(p.along(c, r))
		}
	} else {
		d := q.sub(p).unit()
		half := func(c xy, from xy) { // counter-clockwise from one normal to the other
			put(c.along(from, r))
			n := len(corners)
			start := 0
			for i := range n {
				if before, v := corners[(i+n-1)%n], corners[i]; from.cross(v) > 1e-12 && from.cross(before) <= 1e-12 {
					start = i
				}
			}
			for i := range n {
				v := corners[(start+i)%n]
				if from.cross(v) <= 1e-12 {
					break
				}
				put(c.along(v, r))
			}
			put(c.along(from, -r))
		}
		half(q, d.right())
		half(p, d.left())
	}
	return orb.Polygon{append(ring, ring[0])}
}

// circle returns the corners of the unit circle, counter-clockwise from the east, n a multiple of 4.
func circle(n int) []xy {
	out := make([]xy, n)
	step := 2 * math.Pi / float64(n)
	for i := range n / 4 {
		// The series of sine and cosine for up to π/2, in plain arithmetic.
		x := float64(step * float64(i))
		z := float64(x * x)
		s, c := 0.0, 0.0
		for k := 26; k >= 2; k -= 2 {
			c = 1 - float64(z*c)/float64((k-1)*k)
			s = 1 - float64(z*s)/float64(k*(k+1))
		}
		cos, sin := c, float64(x*s)
		out[i] = xy{cos, sin}
		out[i+n/4] = xy{-sin, cos}
		out[i+n/2] = xy{-cos, -sin}
		out[i+3*n/4] = xy{sin, -cos}
	}
	return out
}

// drawnUnion draws what the zone serves within and near the box (everything if box is nil).
func (z *Zone) drawnUnion(box *orb.Bound, steps int) (orb.MultiPolygon, error) {
	var all []orb.Geometry
	if box == nil {
		for i := range z.parts {
			all = drawnParts(all, &z.parts[i], nil, steps)
		}
	} else {
		for _, i := range z.search(*box) {
			all = drawnParts(all, &z.parts[i], box, steps)
		}
	}
	return Union(all)
}

// ServiceArea draws the service area of one site: all within its limit of it, holes included where they are wide enough.
// Its corners lie on the true border and its sides inside of it, by at most 0.05 m at 500 m (in proportion to the limit). A
// site that serves nothing gives an empty result.
func ServiceArea(s Site) (orb.MultiPolygon, error) {
	return NewZone([]Site{s}).Polygon(nil)
}

// Polygon draws the zone, drawn as [ServiceArea] is: all of it, or what lies in the box clip.
func (z *Zone) Polygon(clip *orb.Bound) (orb.MultiPolygon, error) {
	var box orb.Bound
	switch {
	case len(z.parts) == 0:
		return orb.MultiPolygon{}, nil
	case clip != nil:
		box = *clip
	default:
		box = z.parts[0].reach
		for _, p := range z.parts {
			box = box.Union(p.reach)
		}
		box = box.Pad(1e-4)
	}
	if box.Max[0]-box.Min[0] <= 2*drawnTile && box.Max[1]-box.Min[1] <= 2*drawnTile {
		if mp, ok := z.drawnByTrace(orb.MultiPolygon{box.ToPolygon()}, true); ok {
			return mp, nil
		}
	} else {
		for _, origin := range []float64{0, 0.375, 0.6875} { // of a tile: other lines, should the first cut unluckily
			if mp, ok := z.drawnByTiles(box, origin*drawnTile); ok {
				return mp, nil
			}
		}
	}
	u, err := z.drawnUnion(clip, circleSteps)
	if err != nil || clip == nil {
		return u, err
	}
	return Intersection(u, box)
}

// Uncovered draws what of the piece lies outside the zone: the piece less the drawn service areas, normalised. It is empty
// if the piece is wholly covered.
func (z *Zone) Uncovered(piece orb.MultiPolygon) (orb.MultiPolygon, error) {
	_, all, none := z.Covered(piece)
	switch {
	case all:
		return orb.MultiPolygon{}, nil
	case none:
		return clean(canonical(piece))
	}
	if mp, ok := z.drawnByTrace(piece, false); ok {
		return mp, nil
	}
	box := piece.Bound()
	u, err := z.drawnUnion(&box, circleSteps)
	if err != nil {
		return nil, err
	}
	return Difference(piece, u)
}

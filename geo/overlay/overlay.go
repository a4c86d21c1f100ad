package overlay

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
	sf "github.com/peterstace/simplefeatures/geom"

	"lifecircle/geo/measure"
)

// ErrNotAreal is returned (wrapped) where polygons are needed and something else was given.
var ErrNotAreal = errors.New("overlay: not a polygon")

// Union returns the land that lies in any of the polygons, normalised. The order of the polygons does not matter. It
// returns ErrNotAreal (wrapped) for points and lines, and an error if the polygons are too broken to be overlaid.
func Union(gs []orb.Geometry) (orb.MultiPolygon, error) {
	var all orb.MultiPolygon
	for i, g := range gs {
		ps, err := polygons(g)
		if err != nil {
			return nil, fmt.Errorf("union: geometry %d: %w", i, err)
		}
		all = append(all, ps...)
	}
	return union(all)
}

// Intersection returns the land that lies in both a and b, normalised; points and lines in which they only touch are
// dropped. Errors are as in [Union].
func Intersection(a, b orb.Geometry) (orb.MultiPolygon, error) {
	return binary("intersection", a, b, sf.Intersection)
}

// Difference returns the land of a that does not lie in b, normalised. Errors are as in [Union].
func Difference(a, b orb.Geometry) (orb.MultiPolygon, error) {
	return binary("difference", a, b, sf.Difference)
}

// Valid tells whether g follows the rules of OGC Simple Features (06-103r4, 6.1): finite coordinates, closed rings that do
// not cross themselves or one another, holes inside, a connected interior, parts that share points at most. The error names
// the rule and the place.
func Valid(g orb.Geometry) error {
	if g == nil {
		return nil
	}
	if c, ok := g.(orb.Collection); ok {
		for i, part := range c {
			if err := Valid(part); err != nil {
				return fmt.Errorf("member %d: %w", i, err)
			}
		}
		return nil
	}
	x, err := toSF(g)
	if err != nil {
		return err
	}
	return guard(x.Validate)
}

// Intersects tells whether a and b share at least a point, borders included.
func Intersects(a, b orb.Geometry) bool {
	if a == nil || b == nil || !a.Bound().Intersects(b.Bound()) {
		return false
	}
	x, errA := toSF(a)
	y, errB := toSF(b)
	if errA != nil || errB != nil || x.IsEmpty() || y.IsEmpty() {
		return false
	}
	return sf.Intersects(x, y)
}

// touchDegrees is how near two drawn geometries must come to count as touching. Each was rounded to 10⁻⁹ degrees, so
// neighbors that share a border can stand a few steps apart.
const touchDegrees = 5e-9

// Touches tells whether a and b share at least a point, borders included, or come as near as drawn geometry can tell:
// 5·10⁻⁹ degrees, about half a millimetre. Unlike the DE-9IM predicate of that name it is also true for overlaps.
func Touches(a, b orb.Geometry) bool {
	if a == nil || b == nil || !a.Bound().Pad(touchDegrees).Intersects(b.Bound()) {
		return false
	}
	if Intersects(a, b) {
		return true
	}
	// Without a common point the least distance lies at a vertex of one of them.
	return vertexNear(a, b) || vertexNear(b, a)
}

// vertexNear tells whether a vertex of a comes within touchDegrees of a segment or point of b.
func vertexNear(a, b orb.Geometry) bool {
	box := b.Bound().Pad(touchDegrees)
	near := false
	walk(a, func(chain []orb.Point) {
		for _, p := range chain {
			if near || !box.Contains(p) {
				continue
			}
			walk(b, func(other []orb.Point) {
				for i, q := range other {
					if near {
						return
					}
					if i == 0 {
						near = math.Abs(p[0]-q[0]) <= touchDegrees && math.Abs(p[1]-q[1]) <= touchDegrees
						continue
					}
					near = nearSegment(p, other[i-1], q)
				}
			})
		}
	})
	return near
}

func nearSegment(p, a, b orb.Point) bool {
	if p[0] < min(a[0], b[0])-touchDegrees || p[0] > max(a[0], b[0])+touchDegrees ||
		p[1] < min(a[1], b[1])-touchDegrees || p[1] > max(a[1], b[1])+touchDegrees {
		return false
	}
	dx, dy := b[0]-a[0], b[1]-a[1]
	px, py := p[0]-a[0], p[1]-a[1]
	t := 0.0
	if l := float64(dx*dx) + float64(dy*dy); l > 0 {
		t = min(1, max(0, (float64(px*dx)+float64(py*dy))/l))
	}
	ex, ey := px-float64(t*dx), py-float64(t*dy)
	return float64(ex*ex)+float64(ey*ey) <= touchDegrees*touchDegrees
}

// walk calls f with every chain of vertices of g: single points, lines, closed rings.
func walk(g orb.Geometry, f func([]orb.Point)) {
	switch g := g.(type) {
	case orb.Point:
		f([]orb.Point{g})
	case orb.MultiPoint:
		for _, p := range g {
			f([]orb.Point{p})
		}
	case orb.LineString:
		f(g)
	case orb.MultiLineString:
		for _, l := range g {
			f(l)
		}
	case orb.Ring:
		f(g)
	case orb.Polygon:
		for _, r := range g {
			f(r)
		}
	case orb.MultiPolygon:
		for _, p := range g {
			walk(p, f)
		}
	case orb.Bound:
		f(g.ToRing())
	case orb.Collection:
		for _, m := range g {
			walk(m, f)
		}
	}
}

// polygons returns the polygons of g, or ErrNotAreal.
func polygons(g orb.Geometry) (orb.MultiPolygon, error) {
	switch g := g.(type) {
	case nil:
		return nil, nil
	case orb.Polygon:
		return orb.MultiPolygon{g}, nil
	case orb.MultiPolygon:
		return g, nil
	case orb.Ring:
		return orb.MultiPolygon{{g}}, nil
	case orb.Bound:
		return orb.MultiPolygon{g.ToPolygon()}, nil
	case orb.Collection:
		var all orb.MultiPolygon
		for _, m := range g {
			ps, err := polygons(m)
			if err != nil {
				return nil, err
			}
			all = append(all, ps...)
		}
		return all, nil
	}
	return nil, fmt.Errorf("%w: %s", ErrNotAreal, g.GeoJSONType())
}

// merged returns the polygons of g; those of a collection may overlap and are united.
func merged(g orb.Geometry) (orb.MultiPolygon, error) {
	ps, err := polygons(g)
	if err != nil {
		return nil, err
	}
	if _, ok := g.(orb.Collection); ok && len(ps) > 1 {
		return union(ps)
	}
	return ps, nil
}

// binary runs one operation on two areal geometries, on ever coarser copies if the engine stumbles.
func binary(name string, a, b orb.Geometry, op func(a, b sf.Geometry) (sf.Geometry, error)) (orb.MultiPolygon, error) {
	pa, err := merged(a)
	if err != nil {
		return nil, fmt.Errorf("%s: first geometry: %w", name, err)
	}
	pb, err := merged(b)
	if err != nil {
		return nil, fmt.Errorf("%s: second geometry: %w", name, err)
	}
	return retry(name, func(snap func(orb.MultiPolygon) orb.MultiPolygon) (sf.Geometry, error) {
		return op(multiToSF(snap(pa)), multiToSF(snap(pb)))
	})
}

// union merges polygons, whatever their order.
func union(all orb.MultiPolygon) (orb.MultiPolygon, error) {
	if len(all) == 0 {
		return orb.MultiPolygon{}, nil
	}
	return retry("union", func(snap func(orb.MultiPolygon) orb.MultiPolygon) (sf.Geometry, error) {
		// A canonical order, since the engine's cascade depends on it.
		ps := slices.Clone(snap(all))
		slices.SortStableFunc(ps, comparePolygons)
		ps = slices.CompactFunc(ps, func(a, b orb.Polygon) bool { return comparePolygons(a, b) == 0 })
		members := make([]sf.Geometry, 0, len(ps))
		for _, p := range ps {
			members = append(members, polygonToSF(p).AsGeometry())
		}
		return sf.UnionMany(members)
	})
}

// retry runs op on the input as it is (turned into normal order, not rounded), then on the input rounded to 10⁻⁹ and to
// 10⁻⁸ degrees.
func retry(name string, op func(snap func(orb.MultiPolygon) orb.MultiPolygon) (sf.Geometry, error)) (orb.MultiPolygon, error) {
	var first error
	for _, snap := range []func(orb.MultiPolygon) orb.MultiPolygon{canonical, Normalize, coarse} {
		var g sf.Geometry
		err := guard(func() (err error) {
			g, err = op(snap)
			return err
		})
		if err == nil {
			return clean(areal(g))
		}
		if first == nil {
			first = err
		}
	}
	return nil, fmt.Errorf("%s: the polygons cannot be overlaid (do they cross themselves?): %w", name, first)
}

// clean normalises a result. Rounding can bring two edges to cross; then they are noded once more, and if that does not
// help, the ring is rebuilt from the outside (a buffer of zero width), provided that no land is lost.
func clean(mp orb.MultiPolygon) (orb.MultiPolygon, error) {
	given := mp
	for try := range 6 {
		mp = Normalize(mp)
		if len(mp) == 0 || Valid(mp) == nil {
			if try > 0 {
				break
			}
			return mp, nil
		}
		var g sf.Geometry
		err := guard(func() (err error) {
			if try%2 == 1 {
				g, err = sf.Buffer(multiToSF(mp), 0)
				return err
			}
			members := make([]sf.Geometry, 0, len(mp))
			for _, p := range mp {
				members = append(members, polygonToSF(p).AsGeometry())
			}
			g, err = sf.UnionMany(members)
			return err
		})
		if err == nil {
			mp = areal(g)
		}
	}
	if err := Valid(mp); err != nil {
		return nil, fmt.Errorf("normalise: %w", err)
	}
	// Half a step of rounding, along the whole border.
	was := sizeOf(given)
	if lost := measure.Area(given) - measure.Area(mp); lost > 1e-3+float64(1e-4*was.border) {
		return nil, fmt.Errorf("normalise: %g of %g m² would be lost", lost, was.area)
	}
	return mp, nil
}

// coarse rounds to 10⁻⁸ degrees.
func coarse(mp orb.MultiPolygon) orb.MultiPolygon {
	out := make(orb.MultiPolygon, 0, len(mp))
	for _, p := range mp {
		q := make(orb.Polygon, 0, len(p))
		for _, r := range p {
			s := make(orb.Ring, 0, len(r))
			for _, v := range r {
				s = append(s, orb.Point{math.Round(v[0]*1e8) / 1e8, math.Round(v[1]*1e8) / 1e8})
			}
			q = append(q, s)
		}
		out = append(out, q)
	}
	return Normalize(out)
}

// canonical brings rings into normal order without moving a vertex, so that the same land given in another order gives the
// same result to the last bit.
func canonical(mp orb.MultiPolygon) orb.MultiPolygon {
	out := make(orb.MultiPolygon, 0, len(mp))
	for _, p := range mp {
		q := make(orb.Polygon, 0, len(p))
		for i, r := range p {
			open := dropSpikes(slices.Clone(r))
			if len(open) < 3 {
				if i == 0 {
					break
				}
				continue
			}
			if (planarArea(open) > 0) != (i == 0) {
				slices.Reverse(open)
			}
			open = rotate(open)
			q = append(q, append(open, open[0]))
		}
		if len(q) > 0 {
			slices.SortFunc(q[1:], compareRings)
			out = append(out, q)
		}
	}
	slices.SortFunc(out, comparePolygons)
	return out
}

// planarArea is twice the signed area of a ring in square degrees.
func planarArea(r orb.Ring) float64 {
	var sum float64
	o := r[0]
	for i := range r {
		a, b := r[i], r[(i+1)%len(r)]
		sum += float64((a[0]-o[0])*(b[1]-o[1])) - float64((b[0]-o[0])*(a[1]-o[1]))
	}
	return sum
}

// guard turns a panic of the engine into an error.
func guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("overlay engine: %v", r)
		}
	}()
	return f()
}

// areal returns the polygons of an engine's result; points and lines are dropped.
func areal(g sf.Geometry) orb.MultiPolygon {
	var out orb.MultiPolygon
	switch g.Type() {
	case sf.TypePolygon:
		if p := g.MustAsPolygon(); !p.IsEmpty() {
			out = append(out, polygonFromSF(p))
		}
	case sf.TypeMultiPolygon:
		m := g.MustAsMultiPolygon()
		for i := range m.NumPolygons() {
			if p := m.PolygonN(i); !p.IsEmpty() {
				out = append(out, polygonFromSF(p))
			}
		}
	case sf.TypeGeometryCollection:
		c := g.MustAsGeometryCollection()
		for i := range c.NumGeometries() {
			out = append(out, areal(c.GeometryN(i))...)
		}
	}
	return out
}

func polygonFromSF(p sf.Polygon) orb.Polygon {
	rings := p.DumpRings()
	out := make(orb.Polygon, 0, len(rings))
	for _, r := range rings {
		seq := r.Coordinates()
		ring := make(orb.Ring, 0, seq.Length())
		for i := range seq.Length() {
			xy := seq.GetXY(i)
			ring = append(ring, orb.Point{xy.X, xy.Y})
		}
		out = append(out, ring)
	}
	return out
}

func sequence(ps []orb.Point) sf.Sequence {
	flat := make([]float64, 0, 2*len(ps))
	for _, p := range ps {
		flat = append(flat, p[0], p[1])
	}
	return sf.NewSequence(flat, sf.DimXY)
}

func polygonToSF(p orb.Polygon) sf.Polygon {
	rings := make([]sf.LineString, 0, len(p))
	for _, r := range p {
		rings = append(rings, sf.NewLineString(sequence(r)))
	}
	return sf.NewPolygon(rings)
}

func multiToSF(mp orb.MultiPolygon) sf.Geometry {
	ps := make([]sf.Polygon, 0, len(mp))
	for _, p := range mp {
		ps = append(ps, polygonToSF(p))
	}
	if len(ps) == 1 {
		return ps[0].AsGeometry()
	}
	return sf.NewMultiPolygon(ps).AsGeometry()
}

func toSF(g orb.Geometry) (sf.Geometry, error) {
	switch g := g.(type) {
	case nil:
		return sf.Geometry{}, nil
	case orb.Point:
		return sf.NewPointXY(g[0], g[1]).AsGeometry(), nil
	case orb.MultiPoint:
		ps := make([]sf.Point, 0, len(g))
		for _, p := range g {
			ps = append(ps, sf.NewPointXY(p[0], p[1]))
		}
		return sf.NewMultiPoint(ps).AsGeometry(), nil
	case orb.LineString:
		return sf.NewLineString(sequence(g)).AsGeometry(), nil
	case orb.MultiLineString:
		ls := make([]sf.LineString, 0, len(g))
		for _, l := range g {
			ls = append(ls, sf.NewLineString(sequence(l)))
		}
		return sf.NewMultiLineString(ls).AsGeometry(), nil
	case orb.Ring:
		return polygonToSF(orb.Polygon{g}).AsGeometry(), nil
	case orb.Polygon:
		return polygonToSF(g).AsGeometry(), nil
	case orb.MultiPolygon:
		ps := make([]sf.Polygon, 0, len(g))
		for _, p := range g {
			ps = append(ps, polygonToSF(p))
		}
		return sf.NewMultiPolygon(ps).AsGeometry(), nil
	case orb.Bound:
		return polygonToSF(g.ToPolygon()).AsGeometry(), nil
	case orb.Collection:
		ms := make([]sf.Geometry, 0, len(g))
		for _, m := range g {
			x, err := toSF(m)
			if err != nil {
				return sf.Geometry{}, err
			}
			ms = append(ms, x)
		}
		return sf.NewGeometryCollection(ms).AsGeometry(), nil
	}
	return sf.Geometry{}, fmt.Errorf("overlay: geometry of unknown kind %T", g)
}

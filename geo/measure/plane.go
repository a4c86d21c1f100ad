package measure

import (
	"math"

	"github.com/paulmach/orb"
)

// Plane is the azimuthal equidistant map of the ellipsoid about an origin: x east and y north in metres. Distances from the
// origin are true to a micrometre. Between other places they are too long by at most (r/R)²/6 of themselves, across the direction to
// the origin: 1e-7 at r = 5 km, 4e-7 at 10 km (no plane map can do better than half of that). Good to 100 km.
type Plane struct {
	origin      Place
	east, north [3]float64
	mx, my      float64 // metres per degree at the origin
}

// NewPlane returns the plane about an origin in degrees, not a pole.
func NewPlane(origin orb.Point) Plane {
	sl, cl := sincosDeg(origin[0])
	sp, cp := sincosDeg(origin[1])
	w := 1 - float64(ecc2*float64(sp*sp))
	n := semiMajor / math.Sqrt(w)
	return Plane{
		origin: PlaceOf(origin),
		east:   [3]float64{-sl, cl, 0},
		north:  [3]float64{-float64(sp * cl), -float64(sp * sl), cp},
		mx:     float64(n*math.Max(cp, 1e-9)) * radian,
		my:     float64(n*(1-ecc2)/w) * radian,
	}
}

// Origin returns the origin in degrees.
func (f Plane) Origin() orb.Point { return f.origin.Point }

// Forward returns the place of a point (degrees) in metres east and north of the origin.
func (f Plane) Forward(p orb.Point) [2]float64 {
	q := PlaceOf(p)
	dx, dy, dz := q.X-f.origin.X, q.Y-f.origin.Y, q.Z-f.origin.Z
	e := dot(dx, dy, dz, f.east[0], f.east[1], f.east[2])
	n := dot(dx, dy, dz, f.north[0], f.north[1], f.north[2])
	r := math.Sqrt(float64(e*e) + float64(n*n))
	if r == 0 {
		return [2]float64{}
	}
	k := f.origin.Distance(q) / r
	return [2]float64{float64(k * e), float64(k * n)}
}

// Inverse returns the point (degrees) of a place in the plane; Forward(Inverse(v)) is v to a nanometre or so.
func (f Plane) Inverse(v [2]float64) orb.Point {
	p := orb.Point{f.origin.Point[0] + v[0]/f.mx, f.origin.Point[1] + v[1]/f.my}
	for range 8 {
		p[1] = math.Max(-90, math.Min(90, p[1]))
		w := f.Forward(p)
		dx, dy := v[0]-w[0], v[1]-w[1]
		// Near the guess the metres per degree are those of its own latitude.
		_, cp := sincosDeg(p[1])
		_, c0 := sincosDeg(f.origin.Point[1])
		p[0] += dx / (f.mx * math.Max(cp, 1e-9) / math.Max(c0, 1e-9))
		p[1] += dy / f.my
		if math.Abs(dx)+math.Abs(dy) < 1e-9 {
			break
		}
	}
	return p
}

package measure

import (
	"math"

	"github.com/paulmach/orb"
)

// geodesic returns the length in metres of the shortest geodesic between any two points.
//
// It solves the inverse problem in the canonical form of Karney (Algorithms for geodesics, J. Geod. 87, 2013, §4): with
// the first point the one of larger |latitude|, moved to the southern hemisphere, the longitude at which a geodesic of
// azimuth α meets the second latitude has a single root in α ∈ [0, π]. The root is found by a bracketed secant, which cannot
// fail near antipodes, and the longitude and distance integrals are done by Gauss–Legendre instead of series.
func geodesic(p, q orb.Point) float64 {
	lat1, lat2 := p[1], q[1]
	if math.Abs(lat1) < math.Abs(lat2) {
		lat1, lat2 = lat2, lat1
	}
	if lat1 > 0 {
		lat1, lat2 = -lat1, -lat2
	}
	lon := math.Abs(p[0] - q[0])
	lon = lon - 360*math.Floor(lon/360)
	if lon > 180 {
		lon = 360 - lon
	}
	var g geodesicProblem
	g.sb1, g.cb1 = reduced(lat1)
	g.sb2, g.cb2 = reduced(lat2)
	if g.sb1 > -1e-150 {
		// Both on the equator: along it, unless it is shorter to leave it.
		if lon <= 180*(1-flattening) {
			return float64(semiMajor * float64(lon*radian))
		}
		g.sb1 = -1e-150
	}
	g.lon = float64(lon * radian)
	switch {
	case lon == 0:
		_, s := g.shoot(0)
		return s
	case lon == 180:
		_, s := g.shoot(math.Pi)
		return s
	}
	return g.solve(lon)
}

// geodesicProblem is the inverse problem in canonical form: sines and cosines of the reduced latitudes, and the longitude
// between the points in radians, 0 to π.
type geodesicProblem struct {
	sb1, cb1, sb2, cb2, lon float64
}

// solve finds the azimuth and returns the distance in metres.
func (g *geodesicProblem) solve(lonDeg float64) float64 {
	lo, hi := 0.0, math.Pi
	flo, fhi := -g.lon, math.Pi-g.lon
	// Start from the azimuth on the sphere.
	sl, cl := sincosDeg(lonDeg)
	x := atan2(float64(g.cb2*sl), float64(g.cb1*g.sb2)-float64(float64(g.sb1*g.cb2)*cl))
	var s float64
	side := 0
	for i := 0; i < 200; i++ {
		if !(x > lo && x < hi) || i%8 == 7 {
			x = lo + float64((hi-lo)/2)
			if x == lo || x == hi {
				break
			}
		}
		var l float64
		l, s = g.shoot(x)
		f := l - g.lon
		if math.Abs(f) < 2e-16 {
			break
		}
		// Illinois: the end that stays twice counts half, so that both ends move. The first step has only a far
		// bracket; probe close to the start instead.
		if f < 0 {
			lo, flo = x, f
			if side == -1 {
				fhi /= 2
			}
			side = -1
		} else {
			hi, fhi = x, f
			if side == 1 {
				flo /= 2
			}
			side = 1
		}
		if i == 0 {
			x -= float64(4 * f)
			continue
		}
		x = lo - float64(flo*((hi-lo)/(fhi-flo)))
	}
	return s
}

// shoot follows the geodesic of azimuth alpha (radians, from the first point) to the second latitude and returns the
// longitude passed (radians) and the way (metres).
func (g *geodesicProblem) shoot(alpha float64) (lon, metres float64) {
	sa, ca := sincosRad(alpha)
	if alpha == math.Pi {
		sa, ca = 0, -1
	}
	sa0 := float64(sa * g.cb1)
	y1 := float64(ca * g.cb1)
	ca02 := float64(ca*ca) + float64(float64(sa*g.sb1)*float64(sa*g.sb1))
	d := float64((g.sb1 - g.sb2) * (g.sb1 + g.sb2)) // cos²β2 − cos²β1 ≥ 0
	y2 := math.Sqrt(float64(y1*y1) + math.Max(d, 0))
	s1, s2 := atan2(g.sb1, y1), atan2(g.sb2, y2)
	w1, w2 := atan2(float64(sa0*g.sb1), y1), atan2(float64(sa0*g.sb2), y2)
	if sa == 0 && ca < 0 {
		w1, w2 = -math.Pi, 0
	}
	k2 := float64(eccSecond2 * ca02)
	mid, half := float64((s1+s2)/2), float64((s2-s1)/2)
	var i1, i3 float64
	for i, x := range [5]float64{0.1488743389816312, 0.4333953941292472, 0.6794095682990244, 0.8650633666889845, 0.9739065285171717} {
		w := [5]float64{0.2955242247147529, 0.2692667193099963, 0.2190863625159820, 0.1494513491505806, 0.0666713443086881}[i]
		for _, t := range [2]float64{-x, x} {
			sn, _ := sincosRad(mid + float64(half*t))
			r := math.Sqrt(1 + float64(k2*float64(sn*sn)))
			// Away from one: a sum of small numbers rounds less.
			i1 += float64(w * (r - 1))
			i3 += float64(w * ((2 - flattening) / (1 + float64((1-flattening)*r))))
		}
	}
	lon = (w2 - w1) - float64(float64(flattening*sa0)*float64(half*i3))
	return lon, float64(semiMinor * (float64(2*half) + float64(half*i1)))
}

// reduced returns sine and cosine of the reduced latitude of a latitude in degrees; the cosine is never zero.
func reduced(lat float64) (sin, cos float64) {
	s, c := sincosDeg(lat)
	sin, cos = unit(float64((1-flattening)*s), c)
	return sin, math.Max(math.Abs(cos), 1e-150)
}

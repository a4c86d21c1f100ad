package measure

import (
	"math"

	"github.com/paulmach/orb"
)

// The WGS 84 ellipsoid (NIMA TR8350.2). CGCS2000 differs from it in the eleventh digit of the flattening.
const (
	semiMajor  = 6378137.0
	flattening = 1 / 298.257223563
	semiMinor  = semiMajor * (1 - flattening)
	ecc2       = flattening * (2 - flattening)                // first eccentricity squared
	axes2      = 1 / ((1 - flattening) * (1 - flattening))    // (a/b)²
	minRadius  = semiMinor * (1 - flattening)                 // b²/a, smallest radius of curvature
	eccSecond2 = ecc2 / ((1 - flattening) * (1 - flattening)) // second eccentricity squared
	shortChord = 100e3                                        // up to here the chord formula is good to 0.3 µm
	maxMM      = math.MaxInt32
)

// Distance returns the metres between a and b along the WGS 84 ellipsoid. The error is below 1 µm up to 5,000 km and below
// 10 µm beyond, up to antipodal points. Distance(a, b) == Distance(b, a) to the bit.
func Distance(a, b orb.Point) float64 {
	return PlaceOf(a).Distance(PlaceOf(b))
}

// Millimetres rounds metres half-up to whole millimetres, the unit in which reach is compared with limits. From
// 2,147 km on (and for +Inf) it is [math.MaxInt32].
func Millimetres(metres float64) int32 {
	x := math.Floor(float64(metres*1000) + 0.5)
	if !(x < maxMM) {
		return maxMM
	}
	return int32(x)
}

// Place is a point made ready for measuring: its position in degrees and in earth-centred coordinates (metres; x towards
// 0° E, z towards the north pole).
type Place struct {
	X, Y, Z float64
	Point   orb.Point
}

// PlaceOf prepares a point (degrees) for repeated measuring.
func PlaceOf(p orb.Point) Place {
	sl, cl := sincosDeg(p[0])
	sp, cp := sincosDeg(p[1])
	n := semiMajor / math.Sqrt(1-float64(ecc2*float64(sp*sp)))
	r := float64(n * cp)
	return Place{float64(r * cl), float64(r * sl), float64(float64(n*(1-ecc2)) * sp), p}
}

// Distance returns the metres between two places, the same bits as the function Distance.
func (p Place) Distance(q Place) float64 {
	cx, cy, cz := p.X-q.X, p.Y-q.Y, p.Z-q.Z
	h, v := float64(cx*cx)+float64(cy*cy), float64(cz*cz)
	if h+v > shortChord*shortChord {
		return geodesic(p.Point, q.Point)
	}
	return arc(h, v, p.X+q.X, p.Y+q.Y, p.Z+q.Z)
}

// Chord2 returns the squared length in m² of the straight line through the earth between two places. The distance is never
// shorter than the chord.
func (p Place) Chord2(q Place) float64 {
	cx, cy, cz := p.X-q.X, p.Y-q.Y, p.Z-q.Z
	return float64(cx*cx) + float64(cy*cy) + float64(cz*cz)
}

// arc is the length of the geodesic over a chord: h and v are the chord's squared lengths along the equator's plane and the
// axis, (mx, my, mz) twice its middle. The plane that touches the ellipsoid over the middle is parallel to the chord
// (conjugate diameters), so the curvature κ there in the chord's direction needs no angle; then, as on the circle of that
// curvature, s = d·(1 + u/24 + 3u²/640 + 5u³/7168) with u = κ²d².
func arc(h, v, mx, my, mz float64) float64 {
	d2 := h + v
	if d2 == 0 {
		return 0
	}
	mh, mv := float64(mx*mx)+float64(my*my), float64(mz*mz)
	c := h + float64(axes2*v)
	m := mh + float64(axes2*mv)
	n := mh + float64(axes2*axes2*mv)
	u := float64(float64(c*c)*m) / float64(float64(d2*n)*(semiMajor*semiMajor))
	return float64(math.Sqrt(d2) * (1 + float64(u*(1.0/24+float64(u*(3.0/640+float64(u*(5.0/7168))))))))
}

// ChordLimit returns a chord in metres that is at least as long as that of any two places with the given distance (metres):
// what lies beyond it lies beyond the distance. It is the bound by which indexes leave candidates out. Chord lengths over
// arcs of least curvature are s − s³/24R² + s⁵/1920R⁴ − …; R is taken larger than the largest radius (a²/b = 6399.6 km).
func ChordLimit(metres float64) float64 {
	if metres > 2.5e6 {
		return metres
	}
	const k = 0.96 / (24 * 6.4e6 * 6.4e6)
	return metres - float64(k*float64(metres*float64(metres*metres))) + 1e-7
}

// Degrees returns half the size, in degrees, of a lon/lat box around a point of latitude lat that is sure to contain the disc
// of the given radius in metres. It is at most about 1 % too large away from the poles; dlon is 180 if the disc holds a pole.
func Degrees(lat, metres float64) (dlon, dlat float64) {
	const slack = 1 + 1e-9
	// Meridian arcs: ds ≥ M·dφ ≥ (b²/a)·dφ.
	dlat = float64(metres/minRadius) * degree * slack
	// With the reduced latitude β: ds² ≥ b²(dβ² + cos²β dλ²), so the disc lies within the spherical one of radius s/b.
	delta := float64(metres/semiMinor) * slack
	sp, cp := sincosDeg(lat)
	sb, cb := unit((1-flattening)*sp, cp)
	if atan2(cb, math.Abs(sb)) <= delta {
		return 180, dlat
	}
	sd, _ := sincosRad(delta)
	x := sd / cb
	if x >= 1 {
		return 180, dlat
	}
	return atan2(x, math.Sqrt(1-float64(x*x))) * degree * slack, dlat
}

// unit scales a vector to length one.
func unit(y, x float64) (float64, float64) {
	r := math.Sqrt(float64(x*x) + float64(y*y))
	return y / r, x / r
}

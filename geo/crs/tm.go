package crs

import (
	"math"

	"lifecircle/geo/measure"
)

// ellipsoid is a reference ellipsoid with what the transverse Mercator projection needs of it.
type ellipsoid struct {
	name        string
	a, rf       float64 // semi-major axis in metres, reciprocal flattening
	e2, e       float64 // first eccentricity, squared and plain
	rectifying  float64 // A, the radius of the rectifying sphere, metres
	alpha, beta [6]float64
}

// newEllipsoid expands Krüger's series in the third flattening n (Karney 2011, equations 14, 35 and 36).
func newEllipsoid(name string, a, rf float64) ellipsoid {
	f := 1 / rf
	n := f / (2 - f)
	el := ellipsoid{name: name, a: a, rf: rf, e2: float64(f * (2 - f))}
	el.e = math.Sqrt(el.e2)
	n2 := float64(n * n)
	el.rectifying = float64(a / (1 + n) * (1 + float64(n2*(1.0/4+float64(n2*(1.0/64+float64(n2/256)))))))
	el.alpha = [6]float64{
		power(n, 1, 1.0/2, -2.0/3, 5.0/16, 41.0/180, -127.0/288, 7891.0/37800),
		power(n, 2, 13.0/48, -3.0/5, 557.0/1440, 281.0/630, -1983433.0/1935360),
		power(n, 3, 61.0/240, -103.0/140, 15061.0/26880, 167603.0/181440),
		power(n, 4, 49561.0/161280, -179.0/168, 6601661.0/7257600),
		power(n, 5, 34729.0/80640, -3418889.0/1995840),
		power(n, 6, 212378941.0/319334400),
	}
	el.beta = [6]float64{
		power(n, 1, 1.0/2, -2.0/3, 37.0/96, -1.0/360, -81.0/512, 96199.0/604800),
		power(n, 2, 1.0/48, 1.0/15, -437.0/1440, 46.0/105, -1118711.0/3870720),
		power(n, 3, 17.0/480, -37.0/840, -209.0/4480, 5569.0/90720),
		power(n, 4, 4397.0/161280, -11.0/504, -830251.0/7257600),
		power(n, 5, 4583.0/161280, -108847.0/3991680),
		power(n, 6, 20648693.0/638668800),
	}
	return el
}

// power is n^k · (c₀ + c₁n + c₂n² + …).
func power(n float64, k int, c ...float64) float64 {
	s := 0.0
	for i := len(c) - 1; i >= 0; i-- {
		s = c[i] + float64(s*n)
	}
	for range k {
		s = float64(s * n)
	}
	return s
}

// maxFromMeridian bounds how far from the central meridian, or along it, coordinates are understood (metres before scaling):
// within, the series is good to nanometres.
const (
	maxFromMeridian = 3.9e6
	maxAlong        = 1.01e7
)

// grid is a transverse Mercator grid. It is comparable.
type grid struct {
	lat0, lon0 float64 // origin, degrees
	scale      float64 // on the central meridian
	fe, fn     float64 // false easting and northing, metres
	unit       float64 // metres of one unit of the coordinates
}

// forward projects degrees on the ellipsoid; ok is false too far from the central meridian.
func (g grid) forward(el *ellipsoid, lon, lat float64) (x, y float64, ok bool) {
	xi, eta, ok := el.forward(normalLon(lon-g.lon0), lat)
	if !ok {
		return 0, 0, false
	}
	r := float64(g.scale * el.rectifying)
	x = g.fe + float64(r*eta)
	y = g.fn + float64(r*(xi-el.along(g.lat0)))
	return x / g.unit, y / g.unit, true
}

// inverse gives the degrees on the ellipsoid; ok is false too far from the central meridian or the origin.
func (g grid) inverse(el *ellipsoid, x, y float64) (lon, lat float64, ok bool) {
	r := float64(g.scale * el.rectifying)
	e := float64(x*g.unit) - g.fe
	n := float64(y*g.unit) - g.fn
	xi := n/r + el.along(g.lat0)
	eta := e / r
	if !(math.Abs(float64(eta*el.rectifying)) <= maxFromMeridian && math.Abs(float64(xi*el.rectifying)) <= maxAlong) {
		return 0, 0, false
	}
	dlon, lat := el.inverse(xi, eta)
	return normalLon(g.lon0 + dlon), lat, true
}

// along is the rectifying latitude in radians.
func (el *ellipsoid) along(lat float64) float64 {
	if lat == 0 {
		return 0
	}
	xi, _, _ := el.forward(0, lat)
	return xi
}

// forward gives the grid coordinates in units of the rectifying radius; dlon is measured from the central meridian.
func (el *ellipsoid) forward(dlon, lat float64) (xi, eta float64, ok bool) {
	if !(math.Abs(lat) <= 90 && math.Abs(dlon) <= 80) {
		return 0, 0, false
	}
	sp, cp := measure.SincosDeg(lat)
	sl, cl := measure.SincosDeg(dlon)
	// All by τ′ = tan of the conformal latitude, times cos φ so that the poles need no care.
	sigma, cosigma := sinhcosh(float64(el.e * atanh(float64(el.e*sp))))
	st := float64(sp*cosigma) - sigma // τ′·cos φ = sin φ·√(1+σ²) − σ
	h := math.Sqrt(float64(st*st) + float64(float64(cp*cl)*float64(cp*cl)))
	xi = measure.Atan2(st, float64(cp*cl))
	eta = asinh(float64(cp*sl) / h)
	dxi, deta := harmonics(&el.alpha, xi, eta)
	xi, eta = xi+dxi, eta+deta
	return xi, eta, math.Abs(float64(eta*el.rectifying)) <= maxFromMeridian
}

// inverse gives degrees from the central meridian and of latitude.
func (el *ellipsoid) inverse(xi, eta float64) (dlon, lat float64) {
	dxi, deta := harmonics(&el.beta, xi, eta)
	s, c := measure.SincosDeg(float64((xi - dxi) * degree))
	sh, _ := sinhcosh(eta - deta)
	h := math.Sqrt(float64(sh*sh) + float64(c*c))
	dlon = float64(measure.Atan2(sh, c) * degree)
	if h < 1e-12 { // at a pole τ is no number
		return dlon, math.Copysign(90, s)
	}
	return dlon, atanDeg(el.tau(s / h))
}

// tau finds tan φ from the tangent of the conformal latitude by Newton's method (Karney 2011, equations 19 to 21), which gains
// so many digits a step that the bound of steps is never what ends it.
func (el *ellipsoid) tau(conformal float64) float64 {
	t := conformal / (1 - el.e2)
	if math.Abs(t) > 70 { // towards the poles τ ≈ τ′·exp(e·atanh e)
		sigma, cosigma := sinhcosh(float64(el.e * atanh(el.e)))
		t = float64(conformal * (sigma + cosigma))
	}
	for range 8 {
		root := math.Sqrt(1 + float64(t*t))
		sigma, cosigma := sinhcosh(float64(el.e * atanh(float64(el.e*t)/root)))
		at := float64(t*cosigma) - float64(sigma*root)
		step := (conformal - at) / math.Sqrt(1+float64(at*at)) *
			(1 + float64((1-el.e2)*float64(t*t))) / float64((1-el.e2)*root)
		t += step
		if math.Abs(step) <= 1e-16*(1+math.Abs(t)) {
			break
		}
	}
	return t
}

// harmonics sums Σ c_j·sin 2jξ·cosh 2jη and Σ c_j·cos 2jξ·sinh 2jη by Clenshaw's rule in complex numbers.
func harmonics(c *[6]float64, xi, eta float64) (dxi, deta float64) {
	s, k := measure.SincosDeg(float64(2 * xi * degree))
	sh, ch := sinhcosh(2 * eta)
	// a = 2·cos 2ζ with ζ = ξ + iη.
	ar, ai := 2*float64(k*ch), -2*float64(s*sh)
	var ur, ui, vr, vi float64
	for j := len(c) - 1; j >= 0; j-- {
		wr := float64(ar*ur) - float64(ai*ui) - vr + c[j]
		wi := float64(ar*ui) + float64(ai*ur) - vi
		vr, vi = ur, ui
		ur, ui = wr, wi
	}
	// times sin 2ζ
	zr, zi := float64(s*ch), float64(k*sh)
	return float64(zr*ur) - float64(zi*ui), float64(zr*ui) + float64(zi*ur)
}

// normalLon brings a longitude into −180 to 180.
func normalLon(lon float64) float64 {
	for lon > 180 {
		lon -= 360
	}
	for lon < -180 {
		lon += 360
	}
	return lon
}

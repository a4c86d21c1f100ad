package crs

import (
	"math"

	"lifecircle/geo/measure"
)

// Hyperbolic functions in plain float64 arithmetic, the same bits on every processor (see package measure).

const (
	radian = math.Pi / 180 // one degree in radians
	degree = 180 / math.Pi // one radian in degrees
)

// atanh sums the series for |x| ≤ 0.11: the first term left out is below 1e-20.
func atanh(x float64) float64 {
	z := float64(x * x)
	s := 1.0 / 17
	for _, k := range [...]float64{15, 13, 11, 9, 7, 5, 3} {
		s = 1/k + float64(s*z)
	}
	return x + float64(x*float64(z*s))
}

// asinh is the inverse of sinh, by halving the argument of tanh: tanh(y/2) = sinh y ÷ (1 + cosh y). |x| is at most e³.
func asinh(x float64) float64 {
	t := x / (1 + math.Sqrt(1+float64(x*x)))
	scale := 2.0
	for t > 0.1 || t < -0.1 {
		t /= 1 + math.Sqrt(1-float64(t*t))
		scale *= 2
	}
	return float64(scale * atanh(t))
}

// sinhcosh returns both for |x| at most a few units: the series for a quarter of x, doubled twice.
func sinhcosh(x float64) (sinh, cosh float64) {
	q := x / 4
	z := float64(q * q)
	s := 1.0
	for _, k := range [...]float64{20 * 21, 18 * 19, 16 * 17, 14 * 15, 12 * 13, 10 * 11, 8 * 9, 6 * 7, 4 * 5, 2 * 3} {
		s = 1 + float64(float64(s*z)/k)
	}
	sinh = float64(q * s)
	cosh = math.Sqrt(1 + float64(sinh*sinh))
	for range 2 {
		sinh, cosh = float64(2*float64(sinh*cosh)), 1+float64(2*float64(sinh*sinh))
	}
	return sinh, cosh
}

func atanDeg(t float64) float64 { return float64(measure.Atan2(t, 1) * degree) }

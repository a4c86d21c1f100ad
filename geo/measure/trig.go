package measure

import "math"

// Sine, cosine and arc tangent in plain float64 arithmetic. The ones of package math may be compiled with fused
// multiply-add or replaced by assembly on some processors, which would move results by a unit in the last place.

const (
	radian = math.Pi / 180 // one degree in radians
	degree = 180 / math.Pi // one radian in degrees
)

// sincosDeg returns sine and cosine of x degrees. The reduction to ±45° is exact, so that multiples of 90° give exact results.
func sincosDeg(x float64) (sin, cos float64) {
	q := math.Floor(float64(x/90) + 0.5)
	s, c := sincosSmall(float64((x - float64(90*q)) * radian))
	switch int64(q) & 3 {
	case 0:
		return s, c
	case 1:
		return c, -s
	case 2:
		return -s, -c
	default:
		return -c, s
	}
}

// sincosRad returns sine and cosine of x radians, |x| at most a few turns.
func sincosRad(x float64) (sin, cos float64) {
	// π/2 in two parts: the first has enough trailing zeros for q·hi to be exact.
	const hi, lo = 1.57079632673412561417e+00, 6.07710050650619224932e-11
	q := math.Floor(float64(x*(2/math.Pi)) + 0.5)
	s, c := sincosSmall((x - float64(q*hi)) - float64(q*lo))
	switch int64(q) & 3 {
	case 0:
		return s, c
	case 1:
		return c, -s
	case 2:
		return -s, -c
	default:
		return -c, s
	}
}

// sincosSmall sums the Taylor series for |x| ≤ π/4 (a little more does no harm): the first term left out is below 1e-17.
func sincosSmall(x float64) (sin, cos float64) {
	z := float64(x * x)
	s := 1.0 / 355687428096000
	s = -1.0/1307674368000 + float64(s*z)
	s = 1.0/6227020800 + float64(s*z)
	s = -1.0/39916800 + float64(s*z)
	s = 1.0/362880 + float64(s*z)
	s = -1.0/5040 + float64(s*z)
	s = 1.0/120 + float64(s*z)
	s = -1.0/6 + float64(s*z)
	c := 1.0 / 20922789888000
	c = -1.0/87178291200 + float64(c*z)
	c = 1.0/479001600 + float64(c*z)
	c = -1.0/3628800 + float64(c*z)
	c = 1.0/40320 + float64(c*z)
	c = -1.0/720 + float64(c*z)
	c = 1.0/24 + float64(c*z)
	half := float64(0.5 * z)
	// 1 − z/2 loses bits that are given back, as (1−w)−half is exact.
	w := 1 - half
	return x + float64(x*float64(z*s)), w + (((1 - w) - half) + float64(float64(z*z)*c))
}

// atan2 returns the angle of the vector (x, y) in radians, −π to π; atan2(0, 0) = 0.
func atan2(y, x float64) float64 {
	ax, ay := math.Abs(x), math.Abs(y)
	if ax == 0 && ay == 0 {
		return 0
	}
	swap := ay > ax
	if swap {
		ax, ay = ay, ax
	}
	t := ay / ax
	// A first guess good to 0.004, then the rest from the angle between the guess and the vector.
	g := float64(t * (math.Pi/4 + float64(0.273*(1-t))))
	s, c := sincosSmall(g)
	r := (float64(t*c) - s) / (c + float64(t*s))
	z := float64(r * r)
	a := g + float64(r*(1-float64(z*(1.0/3-float64(z*(1.0/5-float64(z/7)))))))
	if swap {
		a = math.Pi/2 - a
	}
	if x < 0 {
		a = math.Pi - a
	}
	if y < 0 || (y == 0 && math.Signbit(y)) {
		a = -a
	}
	return a
}

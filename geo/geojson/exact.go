package geojson

import (
	"math"
	"math/big"

	"github.com/paulmach/orb"
)

// turn is the exact sign of the turn a → b → c: +1 to the left, −1 to the right, 0 straight. A float filter decides nearly always;
// near zero the determinant is summed as an exact expansion (Shewchuk 1997, Adaptive Precision Floating-Point Arithmetic and
// Fast Robust Geometric Predicates).
func turn(a, b, c orb.Point) int {
	acx, bcx := a[0]-c[0], b[0]-c[0]
	acy, bcy := a[1]-c[1], b[1]-c[1]
	left := float64(acx * bcy)
	right := float64(acy * bcx)
	det := left - right
	bound := 3.3306690738754716e-16 * (math.Abs(left) + math.Abs(right))
	if bound > 1e-290 && (det > bound || det < -bound) {
		return sign(det)
	}
	if (acx == 0 || bcy == 0) && (acy == 0 || bcx == 0) {
		return 0 // a difference of doubles is zero only if they are equal
	}
	for _, v := range [...]float64{acx, bcx, acy, bcy} {
		if v != 0 && math.Abs(v) < 1e-120 {
			return turnBig(a, b, c) // the expansion could underflow
		}
	}
	var sum expansion
	sum.addProduct(a[0], c[0], b[1], c[1], 1)
	sum.addProduct(a[1], c[1], b[0], c[0], -1)
	return sum.sign()
}

// expansion is an exact sum of doubles that do not overlap, smallest first.
type expansion struct {
	n int
	e [16]float64
}

// addProduct adds s·(a−b)·(c−d), s = ±1.
func (x *expansion) addProduct(a, b, c, d, s float64) {
	h1, l1 := twoSum(a, -b)
	h2, l2 := twoSum(c, -d)
	for _, f := range [...][2]float64{{l1, l2}, {l1, h2}, {h1, l2}, {h1, h2}} {
		p := float64(f[0] * f[1])
		x.add(s * math.FMA(f[0], f[1], -p))
		x.add(s * p)
	}
}

func (x *expansion) add(v float64) {
	for i := range x.n {
		v, x.e[i] = twoSum(v, x.e[i])
	}
	x.e[x.n] = v
	x.n++
}

func (x *expansion) sign() int {
	for i := x.n - 1; i >= 0; i-- {
		if x.e[i] != 0 {
			return sign(x.e[i])
		}
	}
	return 0
}

// twoSum is a+b as the rounded sum and its error.
func twoSum(a, b float64) (sum, err float64) {
	sum = a + b
	bb := sum - a
	return sum, (a - (sum - bb)) + (b - bb)
}

// turnBig is turn in wide arithmetic: differences of doubles below 2^11 fit in 1,100 bits, their products in 2,200.
func turnBig(a, b, c orb.Point) int {
	diff := func(x, y float64) *big.Float {
		wide := func(v float64) *big.Float { return new(big.Float).SetPrec(5000).SetFloat64(v) }
		return wide(x).Sub(wide(x), wide(y))
	}
	mul := func(x, y *big.Float) *big.Float { return new(big.Float).SetPrec(10000).Mul(x, y) }
	return mul(diff(a[0], c[0]), diff(b[1], c[1])).Cmp(mul(diff(a[1], c[1]), diff(b[0], c[0])))
}

func sign(v float64) int {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}

package measure

import (
	"math"
	"math/big"

	"github.com/paulmach/orb"
)

// Orient returns the side of the line a→b on which c lies in the lon/lat plane: 1 left (counter-clockwise), −1 right, 0 on
// it. It is exact for all finite coordinates (0 if one is not finite): a float filter with the error bound of Shewchuk (Adaptive precision
// floating-point arithmetic, 1997), then exact expansions, then rationals where products could underflow.
func Orient(a, b, c orb.Point) int {
	l := float64((a[0] - c[0]) * (b[1] - c[1]))
	r := float64((a[1] - c[1]) * (b[0] - c[0]))
	det := l - r
	sum := math.Abs(l) + math.Abs(r)
	const bound = 3.3306690738754716e-16 // (3 + 16ε)ε, ε = 2⁻⁵³
	if sum > 1e-280 && sum < 1e280 && math.Abs(det) > float64(bound*sum) {
		return sign(det)
	}
	return orientExact(a, b, c)
}

func orientExact(a, b, c orb.Point) int {
	if a == b || b == c || a == c {
		return 0
	}
	coordinates := [6]float64{a[0], a[1], b[0], b[1], c[0], c[1]}
	for _, v := range coordinates {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return 0
		}
	}
	for _, v := range coordinates {
		if m := math.Abs(v); m != 0 && (m < 1e-140 || m > 1e140) {
			return orientRational(a, b, c)
		}
	}
	// det = ax·by − ax·cy − cx·by − ay·bx + ay·cx + cy·bx, each product as an exact pair, summed exactly.
	var e [12]float64
	n := 0
	for _, f := range [6][2]float64{{a[0], b[1]}, {-a[0], c[1]}, {-c[0], b[1]}, {-a[1], b[0]}, {a[1], c[0]}, {c[1], b[0]}} {
		hi := float64(f[0] * f[1])
		lo := math.FMA(f[0], f[1], -hi)
		n = grow(&e, n, lo)
		n = grow(&e, n, hi)
	}
	// The components do not overlap: the last one that is not zero has the sign of the sum.
	for i := n - 1; i >= 0; i-- {
		if e[i] != 0 {
			return sign(e[i])
		}
	}
	return 0
}

// grow adds x to the expansion e[:n], exactly, and returns its new length.
func grow(e *[12]float64, n int, x float64) int {
	for i := 0; i < n; i++ {
		s := x + e[i]
		bb := s - x
		e[i] = (x - (s - bb)) + (e[i] - bb)
		x = s
	}
	e[n] = x
	return n + 1
}

func orientRational(a, b, c orb.Point) int {
	rat := func(x float64) *big.Rat { return new(big.Rat).SetFloat64(x) }
	sub := func(x, y float64) *big.Rat { return new(big.Rat).Sub(rat(x), rat(y)) }
	l := new(big.Rat).Mul(sub(a[0], c[0]), sub(b[1], c[1]))
	r := new(big.Rat).Mul(sub(a[1], c[1]), sub(b[0], c[0]))
	return l.Cmp(r)
}

func sign(x float64) int {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

package overlay

import (
	"cmp"
	"math"
	"math/big"
	"slices"

	"github.com/paulmach/orb"
)

// unit is the resolution of drawn geometry: a billion steps to the degree, 0.11 mm on the meridian.
const unit = 1e9

// Normalize brings polygons into the one form in which this program writes them: vertices rounded to 10⁻⁹ degrees, repeated
// vertices and spikes removed, rings that collapse dropped (with their holes, if the ring is a shell), rings closed and
// oriented as RFC 7946 asks (shells counter-clockwise, holes clockwise), each ring starting at its smallest vertex (west,
// then south), holes and parts sorted. It does not mend crossings, and it is idempotent. The argument is not changed.
func Normalize(mp orb.MultiPolygon) orb.MultiPolygon {
	out := make(orb.MultiPolygon, 0, len(mp))
	for _, p := range mp {
		if n := normalizePolygon(p); n != nil {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, comparePolygons)
	return out
}

func normalizePolygon(p orb.Polygon) orb.Polygon {
	if len(p) == 0 {
		return nil
	}
	shell := normalizeRing(p[0], true)
	if shell == nil {
		return nil
	}
	out := orb.Polygon{shell}
	for _, hole := range p[1:] {
		if h := normalizeRing(hole, false); h != nil {
			out = append(out, h)
		}
	}
	slices.SortFunc(out[1:], compareRings)
	return out
}

// normalizeRing returns the ring in normal form, or nil if nothing is left of it.
func normalizeRing(r orb.Ring, shell bool) orb.Ring {
	open := make(orb.Ring, 0, len(r)+1)
	for _, v := range r {
		open = append(open, orb.Point{round(v[0]), round(v[1])})
	}
	open = dropSpikes(open)
	if len(open) < 3 {
		return nil
	}
	sign := ringSign(open)
	if sign == 0 {
		return nil
	}
	if (sign > 0) != shell {
		slices.Reverse(open)
	}
	open = rotate(open)
	return append(open, open[0])
}

// round is to the nearest step, and without a negative zero.
func round(x float64) float64 { return math.Round(x*unit)/unit + 0 }

// dropSpikes removes repeated vertices and there-and-back excursions from a ring, and returns it open (without its closing
// vertex).
func dropSpikes(r orb.Ring) orb.Ring {
	out := r[:0]
	for _, v := range r {
		for {
			n := len(out)
			if n > 0 && out[n-1] == v {
				out = out[:n-1] // the same place again: keep the new copy
				continue
			}
			if n > 1 && out[n-2] == v {
				out = out[:n-1] // out[n-1] was the tip of a spike
				continue
			}
			break
		}
		out = append(out, v)
	}
	// The same at the seam.
	for len(out) > 1 {
		n := len(out)
		switch {
		case out[0] == out[n-1]:
			out = out[:n-1]
		case n > 2 && out[1] == out[n-1]:
			out = out[1:]
		case n > 2 && out[0] == out[n-2]:
			out = out[:n-1]
		default:
			return out
		}
	}
	return out
}

// ringSign is the sign of the area of an open or closed ring whose vertices lie on the 10⁻⁹ degree lattice: +1
// counter-clockwise, −1 clockwise, 0 without area. It is exact.
func ringSign(r orb.Ring) int {
	var sum, size float64
	o := r[0]
	for i := range r {
		a, b := r[i], r[(i+1)%len(r)]
		s := float64((a[0]-o[0])*(b[1]-o[1])) - float64((b[0]-o[0])*(a[1]-o[1]))
		sum += s
		size += math.Abs(float64((a[0]-o[0])*(b[1]-o[1]))) + math.Abs(float64((b[0]-o[0])*(a[1]-o[1])))
	}
	if math.Abs(sum) > 1e-13*float64(len(r)+8)*size {
		return cmp.Compare(sum, 0)
	}
	var total, t big.Int
	for i := range r {
		a, b := r[i], r[(i+1)%len(r)]
		t.Mul(steps(a[0]), steps(b[1]))
		total.Add(&total, &t)
		t.Mul(steps(b[0]), steps(a[1]))
		total.Sub(&total, &t)
	}
	return total.Sign()
}

func steps(x float64) *big.Int { return big.NewInt(int64(math.Round(x * unit))) }

// rotate starts an open ring at its smallest vertex; if a ring passes it twice, the start that makes the smaller ring wins.
func rotate(r orb.Ring) orb.Ring {
	n := len(r)
	best := 0
	for i := 1; i < n; i++ {
		c := comparePoints(r[i], r[best])
		for k := 1; c == 0 && k < n; k++ {
			c = comparePoints(r[(i+k)%n], r[(best+k)%n])
		}
		if c < 0 {
			best = i
		}
	}
	out := make(orb.Ring, 0, n+1)
	out = append(out, r[best:]...)
	return append(out, r[:best]...)
}

func comparePoints(a, b orb.Point) int {
	if c := cmp.Compare(a[0], b[0]); c != 0 {
		return c
	}
	return cmp.Compare(a[1], b[1])
}

func compareRings(a, b orb.Ring) int { return slices.CompareFunc(a, b, comparePoints) }

func comparePolygons(a, b orb.Polygon) int { return slices.CompareFunc(a, b, compareRings) }

package coverage

import (
	"math/big"
	"math/bits"
	"sort"
)

// Whole-number arithmetic without overflow: people in thousandths, land in square millimetres
// (a municipality has 10¹⁷), shares in millionths.

// mulDiv gives a·b/c rounded half up, for 0 ≤ a < 2⁶², b ≥ 0 and 0 < c < 2⁶², where the result fits.
func mulDiv(a, b, c int64) int64 {
	if b == c {
		return a
	}
	hi, lo := bits.Mul64(uint64(a)*2, uint64(b))
	lo, carry := bits.Add64(lo, uint64(c), 0)
	q, _ := bits.Div64(hi+carry, lo, uint64(c)*2)
	return int64(q)
}

// portion gives the part of a weight that goes with a part of an area, rounded half up. Areas are rounded to
// whole mm², which would break exact halves either way: they count as reached within 2 mm².
func portion(weight, part, whole int64) int64 {
	return mulDiv(weight, min(part+2, whole), whole)
}

// atLeast tells whether part/whole ≥ line/10⁶, exactly.
func atLeast(part, whole int64, line int64) bool {
	ah, al := bits.Mul64(uint64(part), 1_000_000)
	bh, bl := bits.Mul64(uint64(whole), uint64(line))
	return ah > bh || (ah == bh && al >= bl)
}

// ratioFloor gives part/whole · 10^9 rounded down, so that a share printed never seems to reach a
// line that it misses.
func ratioFloor(part, whole int64) int64 {
	hi, lo := bits.Mul64(uint64(part), 1_000_000_000)
	q, _ := bits.Div64(hi, lo, uint64(whole))
	return int64(q)
}

// attainmentScale is the unit of attainments: 10⁻¹⁵.
const attainmentScale = 1_000_000_000_000_000

// attainment gives min(1, (part/whole) ÷ (line/10⁶)) in 10⁻¹⁵, rounded half up.
func attainment(part, whole, line int64) int64 {
	if atLeast(part, whole, line) {
		return attainmentScale
	}
	num := new(big.Int).Mul(big.NewInt(part), big.NewInt(1_000_000))
	num.Mul(num, big.NewInt(2*attainmentScale))
	den := new(big.Int).Mul(big.NewInt(whole), big.NewInt(line))
	num.Add(num, den)
	return num.Quo(num, den.Lsh(den, 1)).Int64()
}

// apportion divides total among weights (≥ 0, not all 0) by largest remainder; ties go to the first.
// The parts sum to total exactly.
func apportion(total int64, weights []int64) []int64 {
	out := make([]int64, len(weights))
	sum := new(big.Int)
	for _, w := range weights {
		sum.Add(sum, big.NewInt(w))
	}
	if sum.Sign() == 0 {
		return out
	}
	type remainder struct {
		i int
		r *big.Int
	}
	rest := total
	rs := make([]remainder, len(weights))
	t := big.NewInt(total)
	for i, w := range weights {
		q, r := new(big.Int).QuoRem(new(big.Int).Mul(t, big.NewInt(w)), sum, new(big.Int))
		out[i] = q.Int64()
		rest -= out[i]
		rs[i] = remainder{i, r}
	}
	sort.SliceStable(rs, func(a, b int) bool { return rs[a].r.Cmp(rs[b].r) > 0 })
	for k := int64(0); k < rest; k++ {
		out[rs[k].i]++
	}
	return out
}

// Ratio gives a share as tables do: part ÷ whole in 10⁻⁹, cut off; 0 of nothing. Both must not be negative, part at most whole.
func Ratio(part, whole int64) int64 {
	if whole == 0 {
		return 0
	}
	return ratioFloor(part, whole)
}

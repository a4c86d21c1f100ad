package measure

import (
	"math"

	"github.com/paulmach/orb"
)

// Area returns the area in m² that the polygons of g enclose on the ellipsoid, their edges being straight in lon/lat; points
// and lines have none. Holes are taken off; the polygons of a multipolygon must not overlap, and winding does not matter.
//
// It is the integral of the authalic function S(φ) = ∫₀^φ M·N·cosφ dφ along the edges (closed form: Snyder, Map
// Projections, USGS 1395, eq. 3-12), taken relative to the middle latitude of each polygon, so that a small parcel keeps 12
// digits and more.
func Area(g orb.Geometry) float64 {
	sum := 0.0
	eachPolygon(g, func(p orb.Polygon) { sum += polygonArea(p) })
	return sum
}

// AreaMM2 returns the area rounded half-up to mm², the unit in which land is counted; saturated at [math.MaxInt64]
// (9.2 million km²).
func AreaMM2(g orb.Geometry) int64 {
	x := math.Floor(float64(Area(g)*1e6) + 0.5)
	if !(x < math.MaxInt64) {
		return math.MaxInt64
	}
	return int64(x)
}

func polygonArea(p orb.Polygon) float64 {
	if len(p) == 0 || len(p[0]) == 0 {
		return 0
	}
	lo, hi := p[0][0][1], p[0][0][1]
	for _, v := range p[0] {
		lo, hi = math.Min(lo, v[1]), math.Max(hi, v[1])
	}
	from := newAuthalic(lo + (hi-lo)/2)
	area := math.Abs(from.ring(p[0]))
	for _, hole := range p[1:] {
		area -= math.Abs(from.ring(hole))
	}
	return math.Max(area, 0)
}

// authalic is the function S(φ) − S(φ0).
type authalic struct {
	lat0, sin0, den0 float64
}

func newAuthalic(lat0 float64) authalic {
	s, _ := sincosDeg(lat0)
	return authalic{lat0, s, 1 - float64(ecc2*float64(s*s))}
}

// ring returns the signed area of a ring in m², positive if counter-clockwise.
func (a authalic) ring(r orb.Ring) float64 {
	sum := 0.0
	for i := range r {
		p, q := r[i], r[(i+1)%len(r)]
		if p[0] != q[0] {
			sum -= float64((q[0] - p[0]) * radian * a.mean(p[1], q[1]))
		}
	}
	return sum
}

// mean returns the mean of S(φ) − S(φ0) over the latitudes between two, by three-point Gauss–Legendre on pieces of at most
// half a degree (relative error below 1e-18 of S).
func (a authalic) mean(lat1, lat2 float64) float64 {
	const node = 0.7745966692414834 // √(3/5)
	d := lat2 - lat1
	n := 1 + int(math.Abs(d)*2)
	step := d / float64(n)
	sum := 0.0
	for i := range n {
		mid := (lat1 - a.lat0) + float64((float64(i)+0.5)*step)
		h := float64(step / 2 * node)
		sum += float64(5*(a.at(mid-h)+a.at(mid+h))) + float64(8*a.at(mid))
	}
	return sum / float64(18*n)
}

// at returns S(φ0 + d) − S(φ0) in m², d in degrees, without the loss of digits of a difference.
func (a authalic) at(d float64) float64 {
	sh, _ := sincosDeg(d / 2)
	_, cm := sincosDeg(a.lat0 + d/2)
	ds := float64(2 * cm * sh)
	s := a.sin0 + ds
	cross := float64(ecc2 * float64(s*a.sin0))
	first := float64(ds*(1+cross)) / float64((1-float64(ecc2*float64(s*s)))*a.den0)
	// artanh(x)/e with x = e·ds/(1−cross): a series, |x| ≤ 0.17.
	y := ds / (1 - cross)
	z := float64(ecc2 * float64(y*y))
	t := 1.0 / 19
	for k := 17; k >= 1; k -= 2 {
		t = 1/float64(k) + float64(z*t)
	}
	return float64(semiMinor * semiMinor / 2 * (first + float64(y*t)))
}

package intake

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"math"
	"runtime"
	"slices"
	"sort"

	"github.com/paulmach/orb"

	"lifecircle/geo/crs"
	"lifecircle/geo/index"
	"lifecircle/geo/measure"
)

// DatumShift says how the coordinates of a layer lie to those of a reference.
type DatumShift uint8

// The shifts that are looked for.
const (
	ShiftNone      DatumShift = iota // both in one datum
	LayerGCJ02                       // the layer is in GCJ-02, the reference on WGS 84
	LayerBD09                        // the layer is in BD-09, the reference on WGS 84
	ReferenceGCJ02                   // the reference is in GCJ-02, the layer on WGS 84
	ReferenceBD09                    // the reference is in BD-09, the layer on WGS 84
	numShifts      = iota
)

// DatumEvidence is what a layer and its references tell of its datum.
//
// The model: the layer is moved back by each of the five shifts, and to 48 places 150 to 600 m around each (the controls). At every
// place the distances of the layer's points to the nearest part of each reference are taken, and the shares of points that are
// nearer than each of eight distances up to 100 m. Around a shift that does not fit, these shares are a plane (a town grows denser
// towards its middle) and a scatter about it. Where layer and reference fit, they stand out, in whatever direction: shops stand a few
// metres beside a street more often than chance has it, the middles of houses less often right on one. How much is Hotelling's T² under
// the covariance of the scatter about all five planes, and its p-value that of the F distribution; a shift whose own controls are
// scattered more than the others' needs as much more. Against "these do not fit anywhere" a p-value weighs as
// datumPower·p^(datumPower−1), a density that falls from small p-values to large ones; the prior shares are in datumPrior.
//
// How many points lie within 100 m at all is known and no evidence: it says that layer and reference end at the same border, and both may
// have been cut by it in whatever datum. T² is that of the additional information (Rao 1970; Mardia, Kent and Bibby, Multivariate
// Analysis, 5.3): of what the nearer distances say beyond it.
//
// Areas that a layer may have been cut by (neighborhoods, population cells) tell nothing of a place where nearly all points lie in
// them: the cut alone puts them there, whatever datum it was made in.
type DatumEvidence struct {
	Points     int                // of the layer that were compared
	Best       DatumShift         // the likeliest
	Posterior  [numShifts]float64 // probability of each shift; what is left is "cannot tell: the layers do not fit anywhere"
	PValue     [numShifts]float64 // how often a place that does not fit stands out as much
	Sure       bool               // Posterior[Best] is at least 0.999
	Applicable bool               // the layer lies where GCJ-02 and BD-09 differ from WGS 84, and has enough points beside the reference
}

// Constants of the detector.
const (
	datumSure     = 0.999
	datumPower    = 0.2
	datumControls = 48
	minDatum      = 20    // points; the shares of fewer are too coarse for the F distribution
	farOut        = 100e3 // millimetres to a reference beyond which a point lies out of the town
	maxDatum      = 400   // points; more tell nothing new
	maxReference  = 100e3 // geometries of one reference
	datumReach    = 3e3   // metres around a reference in which points of the layer are compared
	cutArea       = 2e3   // square metres of areas that a layer may be cut by, in the median: more than a house has
	cutMargin     = 100e3 // millimetres by which such areas may have been widened
	cutShare      = 0.95  // of the points that lie in the areas so widened after a cut
)

// datumPrior are the shares of imports that are expected of each shift; 0.15 fit nowhere. Layer and reference have the same: which of the two
// is imported and which was there is not known here, and either may come from a map service.
var datumPrior = [numShifts]float64{ShiftNone: 0.45, LayerGCJ02: 0.15, LayerBD09: 0.05, ReferenceGCJ02: 0.15, ReferenceBD09: 0.05}

// datumShares are the shares of the controls' distances within farOut at which points are counted. The first one sees places that
// coincide. Their number is even, which makes the tail of the F distribution a finite sum.
var datumShares = [...]float64{0.004, 0.05, 0.12, 0.23, 0.37, 0.5, 0.7, 0.9}

// DetectDatum tells whether a layer and its references (streets, buildings, population cells, other facilities …, each a set of
// geometries in degrees) lie in one datum, or are shifted by GCJ-02 or BD-09 against each other. Several references are weighed
// together. The answer does not depend on the order of points and geometries, nor on the number of threads.
func DetectDatum(layer []orb.Point, references ...[]orb.Geometry) DatumEvidence {
	p := newDatumProfile(layer, references)
	return p.weigh(nil)
}

// datumProfile holds the distances behind the evidence: of each reference, place (shift by shift, first the shift itself, then its
// controls) and point, in millimetres.
type datumProfile struct {
	points []orb.Point
	mm     [][][]int32 // reference, place, point
	areas  []bool      // of each reference, whether its geometries are areas that a layer may be cut by
}

const placesPerShift = 1 + datumControls

func newDatumProfile(layer []orb.Point, references [][]orb.Geometry) *datumProfile {
	p := &datumProfile{}
	var near orb.Bound
	var kept [][]orb.Geometry
	for _, r := range references {
		if r = sampleGeometries(r); len(r) == 0 {
			continue
		}
		for _, g := range r {
			if len(kept) == 0 && near == (orb.Bound{}) {
				near = g.Bound()
			}
			near = near.Union(g.Bound())
		}
		kept = append(kept, r)
	}
	if len(kept) == 0 {
		return p
	}
	p.points = samplePoints(layer, around(near, datumReach))
	if len(p.points) < minDatum {
		return p
	}
	places := datumPlaces(p.points)
	for _, r := range kept {
		p.mm = append(p.mm, distances(r, places))
		p.areas = append(p.areas, areAreas(r))
	}
	return p
}

// around widens a box by so many metres.
func around(b orb.Bound, metres float64) orb.Bound {
	dlon, dlat := measure.Degrees(max(math.Abs(b.Min[1]), math.Abs(b.Max[1])), metres)
	return orb.Bound{Min: orb.Point{b.Min[0] - dlon, b.Min[1] - dlat}, Max: orb.Point{b.Max[0] + dlon, b.Max[1] + dlat}}
}

// samplePoints takes at most maxDatum different points in the box that the formulas move, whatever order they come in.
func samplePoints(layer []orb.Point, near orb.Bound) []orb.Point {
	var in []orb.Point
	for _, p := range layer {
		if near.Contains(p) && crs.InShiftBox(p[0], p[1]) {
			in = append(in, p)
		}
	}
	sort.Slice(in, func(i, j int) bool {
		a, b := pointHash(in[i]), pointHash(in[j])
		if a != b {
			return a < b
		}
		return in[i][0] < in[j][0] || in[i][0] == in[j][0] && in[i][1] < in[j][1]
	})
	in = slices.Compact(in)
	return in[:min(len(in), maxDatum)]
}

func sampleGeometries(gs []orb.Geometry) []orb.Geometry {
	gs = slices.DeleteFunc(slices.Clone(gs), func(g orb.Geometry) bool { return g == nil || g.Bound().IsEmpty() })
	if len(gs) <= maxReference {
		return gs
	}
	type keyed struct {
		hash uint64
		at   int
	}
	keys := make([]keyed, len(gs))
	for i, g := range gs {
		keys[i] = keyed{pointHash(g.Bound().Min), i}
	}
	slices.SortFunc(keys, func(a, b keyed) int { return cmp.Or(cmp.Compare(a.hash, b.hash), a.at-b.at) })
	out := make([]orb.Geometry, int(maxReference))
	for i := range out {
		out[i] = gs[keys[i].at]
	}
	return out
}

// areAreas reports whether geometries are all polygons, and as large as to cut a layer by.
func areAreas(gs []orb.Geometry) bool {
	metres := make([]float64, len(gs))
	for i, g := range gs {
		if g.Dimensions() != 2 {
			return false
		}
		metres[i] = measure.Area(g)
	}
	slices.Sort(metres)
	return metres[len(metres)/2] >= cutArea
}

func pointHash(p orb.Point) uint64 {
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:], math.Float64bits(p[0]))
	binary.LittleEndian.PutUint64(b[8:], math.Float64bits(p[1]))
	h := fnv.New64a()
	h.Write(b[:])
	x := h.Sum64() // FNV's last bytes stir little
	x ^= x >> 31
	x *= 0x9e3779b97f4a7c15
	return x ^ x>>29
}

// unshift moves a point of the layer to where the reference has it, if they are shifted so.
func (s DatumShift) unshift(p orb.Point) orb.Point {
	var lon, lat float64
	var err error
	switch s {
	case LayerGCJ02:
		lon, lat, err = gcj02.ToWGS84(p[0], p[1])
	case LayerBD09:
		lon, lat, err = bd09.ToWGS84(p[0], p[1])
	case ReferenceGCJ02:
		lon, lat, err = gcj02.FromWGS84(p[0], p[1])
	case ReferenceBD09:
		lon, lat, err = bd09.FromWGS84(p[0], p[1])
	default:
		return p
	}
	if err != nil {
		return p
	}
	return orb.Point{lon, lat}
}

// The two systems of shifted coordinates.
var gcj02, bd09 = mustCRS("GCJ-02"), mustCRS("BD-09")

func mustCRS(name string) crs.CRS {
	c, err := crs.Parse(name)
	if err != nil {
		panic(err)
	}
	return c
}

// controlOffsets are metres east and north from a shift to its controls, which fill a ring from 150 to 600 m evenly (by the golden
// angle): beyond what a layer that fits is blurred by, and near enough that the town is the same.
func controlOffsets() (out [datumControls][2]float64) {
	const inner, outer, golden = 150.0, 600.0, 137.50776405003785
	for c := range out {
		r := math.Sqrt(inner*inner + float64((outer*outer-inner*inner)*(float64(c)+0.5))/datumControls)
		sin, cos := measure.SincosDeg(golden * float64(c))
		out[c] = [2]float64{float64(r * cos), float64(r * sin)}
	}
	return out
}

// datumPlaces gives the points at every place: of each shift the points moved back, then the controls around them.
func datumPlaces(points []orb.Point) [][]orb.Point {
	offsets := controlOffsets()
	var out [][]orb.Point
	for s := range DatumShift(numShifts) {
		moved := make([]orb.Point, len(points))
		for i, p := range points {
			moved[i] = s.unshift(p)
		}
		out = append(out, moved)
		for _, offset := range offsets {
			place := make([]orb.Point, len(points))
			for i, p := range moved {
				dlon, dlat := measure.Degrees(p[1], 1)
				place[i] = orb.Point{p[0] + float64(dlon*offset[0]), p[1] + float64(dlat*offset[1])}
			}
			out = append(out, place)
		}
	}
	return out
}

// distances gives millimetres from every point at every place to the nearest geometry.
func distances(reference []orb.Geometry, places [][]orb.Point) [][]int32 {
	shapes := make([]*measure.Shape, len(reference))
	for i, g := range reference {
		shapes[i] = measure.NewShape(g)
	}
	x := index.NewNearest(shapes)
	all := slices.Concat(places...)
	mm, idx := make([]int32, len(all)), make([]int32, len(all))
	x.All(all, runtime.GOMAXPROCS(0), mm, idx)
	out := make([][]int32, len(places))
	n := len(places[0])
	for i := range places {
		out[i] = mm[i*n : (i+1)*n]
	}
	return out
}

// weigh turns the distances of some of the points (all for nil) into evidence.
func (p *datumProfile) weigh(rows []int) DatumEvidence {
	if rows == nil {
		rows = make([]int, len(p.points))
		for i := range rows {
			rows[i] = i
		}
	}
	e := DatumEvidence{Points: len(rows)}
	for s := range e.PValue {
		e.PValue[s] = 1
	}
	if len(p.mm) == 0 || len(rows) < minDatum {
		return e
	}
	e.Applicable = true
	var last []bool
	var found [numShifts]float64
	for s := range DatumShift(numShifts) {
		if told := p.telling(s, rows); last == nil || !slices.Equal(told, last) {
			last, found = told, [numShifts]float64{1, 1, 1, 1, 1}
			if shares, known := p.shares(rows, told); len(shares[0]) > known {
				found = standingOut(shares, known, len(rows))
			}
		}
		e.PValue[s] = found[s]
	}
	total := 1.0
	for _, prior := range datumPrior {
		total -= prior // the share of "cannot tell", which weighs 1
	}
	for s, prior := range datumPrior {
		e.Posterior[s] = prior * datumPower * math.Pow(max(e.PValue[s], 1e-300), datumPower-1)
		total += e.Posterior[s]
	}
	for s := range e.Posterior {
		e.Posterior[s] /= total
		if e.Posterior[s] > e.Posterior[e.Best] {
			e.Best = DatumShift(s)
		}
	}
	e.Sure = e.Posterior[e.Best] >= datumSure
	return e
}

// telling reports of each reference whether it can tell that a shift fits: areas that nearly all points lie in there cannot.
func (p *datumProfile) telling(s DatumShift, rows []int) []bool {
	out := make([]bool, len(p.mm))
	for r, mm := range p.mm {
		within := 0
		for _, i := range rows {
			if mm[int(s)*placesPerShift][i] <= cutMargin {
				within++
			}
		}
		out[r] = !p.areas[r] || float64(within) < cutShare*float64(len(rows))
	}
	return out
}

// shares gives for every place the shares of the points nearer than the thresholds of each reference that tells: first those of
// farOut, which are known and no evidence, then an even number of the others.
func (p *datumProfile) shares(rows []int, told []bool) (out [][]float64, known int) {
	out = make([][]float64, numShifts*placesPerShift)
	add := func(mm [][]int32, limits []int32) {
		for _, limit := range limits {
			for place := range out {
				n := 0
				for _, i := range rows {
					if mm[place][i] <= limit {
						n++
					}
				}
				out[place] = append(out[place], float64(n)/float64(len(rows)))
			}
		}
	}
	for r, mm := range p.mm {
		if told[r] {
			add(mm, []int32{farOut})
		}
	}
	known = len(out[0])
	for r, mm := range p.mm {
		if told[r] {
			add(mm, thresholds(mm, rows))
		}
	}
	if (len(out[0])-known)%2 == 1 {
		for place := range out {
			out[place] = out[place][:len(out[place])-1]
		}
	}
	return out, known
}

// thresholds are the quantiles of the controls' distances within farOut that differ, without the largest.
func thresholds(mm [][]int32, rows []int) (out []int32) {
	var all []int32
	for place := range mm {
		if place%placesPerShift == 0 {
			continue
		}
		for _, i := range rows {
			if mm[place][i] <= farOut {
				all = append(all, mm[place][i])
			}
		}
	}
	slices.Sort(all)
	for _, share := range datumShares {
		if len(all) == 0 {
			break
		}
		t := all[int(share*float64(len(all)))]
		if t < all[len(all)-1] && (len(out) == 0 || t > out[len(out)-1]) {
			out = append(out, t)
		}
	}
	return out
}

// standingOut gives for each shift the p-value of Hotelling's T² of its shares against the plane through the controls around it, beyond
// what the first, known ones say.
func standingOut(shares [][]float64, known, points int) [numShifts]float64 {
	m := len(shares[0])
	basis := planeBasis()
	var rests [numShifts][placesPerShift][]float64 // from the plane, at every place
	covariance := make([][]float64, m)
	for i := range covariance {
		covariance[i] = make([]float64, m)
	}
	for s := range numShifts {
		own := shares[s*placesPerShift : (s+1)*placesPerShift]
		var plane [len(basis)][]float64
		for a, axis := range basis {
			plane[a] = make([]float64, m)
			for c, control := range own[1:] {
				for k, x := range control {
					plane[a][k] += float64(axis[1+c] * x)
				}
			}
		}
		for place, x := range own {
			rest := slices.Clone(x)
			for k := range rest {
				for a, axis := range basis {
					rest[k] -= float64(axis[place] * plane[a][k])
				}
			}
			rests[s][place] = rest
			if place == 0 {
				continue
			}
			for i := range m {
				for j := range m {
					covariance[i][j] += float64(rest[i] * rest[j])
				}
			}
		}
	}
	free := float64(numShifts * (datumControls - len(basis)))
	for i := range m {
		for j := range m {
			covariance[i][j] /= free
		}
		covariance[i][i] += 0.5 / float64(points*points) // one rare coincidence is no evidence
	}
	scale := 1.0 // of the variance of a shift's shares about its plane
	for _, axis := range basis {
		scale += float64(axis[0] * axis[0])
	}
	var out [numShifts]float64
	for s := range numShifts {
		scatter := 0.0
		for _, rest := range rests[s][1:] {
			_, more := quadratic(covariance, rest, known)
			scatter += more / float64(m-known) / float64(datumControls-len(basis))
		}
		t2, more := quadratic(covariance, rests[s][0], known)
		below := free - float64(m) + 1
		f := more / scale / (free + t2/scale) * below / float64(m-known)
		f /= max(1, scatter) // its controls may be scattered more than the others: in a town beside ones in the sea
		out[s] = fTail(f, m-known, below)
	}
	return out
}

// planeBasis gives a constant, a slope east and one north that are orthonormal over the controls, at every place of a shift.
func planeBasis() (out [3][placesPerShift]float64) {
	offsets := controlOffsets()
	for a := range out {
		axis := &out[a]
		axis[0] = 1
		if a > 0 {
			axis[0] = 0
		}
		for c, offset := range offsets {
			axis[1+c] = [...]float64{1, offset[0], offset[1]}[a]
		}
		for b := range a + 1 { // Gram and Schmidt; at last its own length
			dot := 0.0
			for c := range offsets {
				dot += float64(axis[1+c] * out[b][1+c])
			}
			for place := range axis {
				if b < a {
					axis[place] -= float64(dot * out[b][place])
				} else {
					axis[place] /= math.Sqrt(dot)
				}
			}
		}
	}
	return out
}

// quadratic is dᵀ·C⁻¹·d of a positive definite matrix, by Cholesky's decomposition: that of the first numbers alone, and what the
// others add.
func quadratic(c [][]float64, d []float64, first int) (sum, more float64) {
	m := len(d)
	l := make([][]float64, m)
	y := make([]float64, m)
	for i := range m {
		l[i] = make([]float64, i+1)
		for j := range i + 1 {
			x := c[i][j]
			for k := range j {
				x -= float64(l[i][k] * l[j][k])
			}
			if i == j {
				l[i][i] = math.Sqrt(max(x, 1e-18))
			} else {
				l[i][j] = x / l[j][j]
			}
		}
		y[i] = d[i]
		for k := range i {
			y[i] -= float64(l[i][k] * y[k])
		}
		y[i] /= l[i][i]
		if i < first {
			sum += float64(y[i] * y[i])
		} else {
			more += float64(y[i] * y[i])
		}
	}
	return sum, more
}

// fTail is the probability that F of an even number of degrees of freedom above and some below exceeds f: the finite sum
// xᵃ·Σ_{j<b} Γ(a+j)/(Γ(a)·j!)·(1−x)ʲ with a = below/2, b = above/2, x = below/(below + above·f).
func fTail(f float64, above int, below float64) float64 {
	if !(f > 0) {
		return 1
	}
	a := below / 2
	x := below / (below + float64(float64(above)*f))
	term, sum := 1.0, 1.0
	for j := 1; j < above/2; j++ {
		term *= (a + float64(j) - 1) / float64(j) * (1 - x)
		sum += term
	}
	return min(1, math.Exp(a*math.Log(x))*sum)
}

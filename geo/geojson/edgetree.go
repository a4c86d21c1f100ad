package geojson

import (
	"math"
	"math/bits"
	"slices"

	"github.com/paulmach/orb"
)

// edgeRef names an edge: the one that leaves vertex edge of a ring.
type edgeRef struct{ ring, edge int32 }

type box struct{ x0, y0, x1, y1 float64 }

func (b box) meets(o box) bool {
	return b.x0 <= o.x1 && o.x0 <= b.x1 && b.y0 <= o.y1 && o.y0 <= b.y1
}

// edgeTree is a packed tree of boxes over the edges of a polygon, in Hilbert order, eight by eight. It lives for one check.
type edgeTree struct {
	rings  []ring
	edges  []edgeRef
	boxes  []box   // of the edges
	levels [][]box // levels[0] bounds eight edges each, the last one everything
	work   int64   // box comparisons that are left
}

const fan = 8

func newEdgeTree(rings []ring, n int) edgeTree {
	t := edgeTree{rings: rings, edges: make([]edgeRef, 0, n), boxes: make([]box, n), work: 50e6 + 400*int64(n)}
	all := box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for i, r := range rings {
		for j := range len(r.Ring) - 1 {
			t.edges = append(t.edges, edgeRef{int32(i), int32(j)})
		}
		for _, p := range r.Ring {
			all = box{min(all.x0, p[0]), min(all.y0, p[1]), max(all.x1, p[0]), max(all.y1, p[1])}
		}
	}
	if n > 4*fan {
		// Order does not change what is found, only how fast, so the key need not be exact.
		keys := make([]uint64, n)
		sx, sy := 65535/max(all.x1-all.x0, 1e-300), 65535/max(all.y1-all.y0, 1e-300)
		for i, e := range t.edges {
			r := rings[e.ring].Ring
			a, b := r[e.edge], r[e.edge+1]
			x := uint32(((a[0]+b[0])/2 - all.x0) * sx)
			y := uint32(((a[1]+b[1])/2 - all.y0) * sy)
			keys[i] = uint64(hilbert(min(x, 65535), min(y, 65535)))<<32 | uint64(i)
		}
		slices.Sort(keys)
		sorted := make([]edgeRef, n)
		for i, k := range keys {
			sorted[i] = t.edges[uint32(k)]
		}
		t.edges = sorted
	}
	for i, e := range t.edges {
		r := rings[e.ring].Ring
		a, b := r[e.edge], r[e.edge+1]
		t.boxes[i] = box{min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])}
	}
	for below := t.boxes; ; {
		level := make([]box, 0, (len(below)+fan-1)/fan)
		for i := 0; i < len(below); i += fan {
			b := below[i]
			for _, o := range below[i+1 : min(i+fan, len(below))] {
				b = box{min(b.x0, o.x0), min(b.y0, o.y0), max(b.x1, o.x1), max(b.y1, o.y1)}
			}
			level = append(level, b)
		}
		t.levels = append(t.levels, level)
		if len(level) == 1 {
			return t
		}
		below = level
	}
}

// pairs visits every pair of edges whose boxes meet, until visit returns false. It returns false if the work ran out.
func (t *edgeTree) pairs(visit func(a, b edgeRef) bool) bool {
	top := len(t.levels) - 1
	t.join(top, 0, 0, visit)
	return t.work >= 0
}

// join visits the pairs between nodes i and j of a level; it returns false to stop everything.
func (t *edgeTree) join(level, i, j int, visit func(a, b edgeRef) bool) bool {
	below := t.boxes
	if level > 0 {
		below = t.levels[level-1]
	}
	iEnd, jEnd := min(i*fan+fan, len(below)), min(j*fan+fan, len(below))
	for a := i * fan; a < iEnd; a++ {
		b := j * fan
		if i == j {
			b = a
			if level == 0 {
				b++
			}
		}
		for ; b < jEnd; b++ {
			if t.work--; t.work < 0 {
				return false
			}
			if !below[a].meets(below[b]) {
				continue
			}
			if level > 0 {
				if !t.join(level-1, a, b, visit) {
					return false
				}
				continue
			}
			t.work -= 4 // a look at two edges takes longer than at two boxes
			if !visit(t.edges[a], t.edges[b]) {
				return false
			}
		}
	}
	return true
}

// ray visits every edge that a ray from p to the east crosses, counting a vertex on the ray as above it; p lies on no edge that
// matters to the caller. It returns false if the work ran out.
func (t *edgeTree) ray(p orb.Point, visit func(edgeRef)) bool {
	t.cast(len(t.levels)-1, 0, p, visit)
	return t.work >= 0
}

func (t *edgeTree) cast(level, i int, p orb.Point, visit func(edgeRef)) {
	below := t.boxes
	if level > 0 {
		below = t.levels[level-1]
	}
	for a := i * fan; a < min(i*fan+fan, len(below)); a++ {
		if t.work--; t.work < 0 {
			return
		}
		if b := below[a]; b.y0 > p[1] || b.y1 < p[1] || b.x1 < p[0] {
			continue
		}
		if level > 0 {
			t.cast(level-1, a, p, visit)
			continue
		}
		e := t.edges[a]
		r := t.rings[e.ring].Ring
		from, to := r[e.edge], r[e.edge+1]
		if up := to[1] > p[1]; up != (from[1] > p[1]) {
			if side := turn(from, to, p); up && side > 0 || !up && side < 0 {
				visit(e)
			}
		}
	}
}

// hilbert is the place of a cell of a 65536 × 65536 grid along the Hilbert curve.
func hilbert(x, y uint32) uint32 {
	var d uint32
	for s := uint32(1) << 15; s > 0; s >>= 1 {
		rx, ry := x&s != 0, y&s != 0
		q := uint32(0)
		if rx {
			q = 3
		}
		if ry {
			q ^= 1
		}
		d += q << (2 * uint(bits.TrailingZeros32(s)))
		if !ry {
			if rx {
				x, y = 65535-x, 65535-y
			}
			x, y = y, x
		}
	}
	return d
}

package overlay

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"lifecircle/geo/index/boxtree"
	"lifecircle/geo/measure"
)

// What Repair cannot do (wrapped in what it returns).
var (
	ErrTooComplex  = errors.New("overlay: too complex to repair")
	ErrNothingLeft = errors.New("overlay: the rings enclose no land")
	ErrHoleOutside = errors.New("overlay: a hole lies outside its polygon")
)

// Bounds of a repair. Noding costs n log n and grows with the crossings; what has more of them than outlines as they occur is refused.
const (
	maxRepairVertices = 200_000
	maxRepairRounds   = 24
)

// Repair returns the land that the rings of polygons enclose where they break the rules of OGC Simple Features: rings that are not
// closed, cross or touch themselves, run over themselves, holes that cross their shell or one another, parts that overlap.
//
// A ring encloses the places around which it winds, however often and whichever way (the non-zero rule): a bow-tie gives both its
// wings, a loop drawn twice stays land, a part that is cut off by running around it backwards stays out. A polygon is the land of its shell without that
// of its holes, a multipolygon the union of its parts. Where rings are valid this is the land that they always meant.
//
// Vertices are rounded to 10⁻⁹ degrees before anything is decided, and decisions are exact after that; the result is valid and normalised. A hole wholly outside
// its polygon is ErrHoleOutside, since nobody can tell what was meant; ErrNothingLeft and ErrTooComplex are the other errors beside those of [Union].
func Repair(g orb.Geometry) (orb.MultiPolygon, error) {
	parts, err := polygons(g)
	if err != nil {
		return nil, fmt.Errorf("repair: %w", err)
	}
	n := 0
	for _, p := range parts {
		for _, r := range p {
			n += len(r)
		}
	}
	if n > maxRepairVertices {
		return nil, fmt.Errorf("repair: %d vertices: %w", n, ErrTooComplex)
	}
	var land orb.MultiPolygon
	for i, p := range parts {
		whole, err := repairPolygon(p)
		if err != nil {
			return nil, fmt.Errorf("repair: polygon %d: %w", i, err)
		}
		land = append(land, whole...)
	}
	if len(parts) > 1 {
		if land, err = union(land); err != nil {
			return nil, fmt.Errorf("repair: %w", err)
		}
	}
	land = Normalize(land)
	if len(land) == 0 {
		return nil, fmt.Errorf("repair: %w", ErrNothingLeft)
	}
	if err := Valid(land); err != nil {
		return nil, fmt.Errorf("repair: %w: %w", ErrTooComplex, err)
	}
	return land, nil
}

// repairPolygon is the land of the shell without that of the holes.
func repairPolygon(p orb.Polygon) (orb.MultiPolygon, error) {
	if len(p) == 0 {
		return nil, nil
	}
	shell, err := enclosed(p[0])
	if err != nil || len(p) == 1 || len(shell) == 0 {
		return shell, err
	}
	var holes orb.MultiPolygon
	for _, r := range p[1:] {
		hole, err := enclosed(r)
		if err != nil {
			return nil, err
		}
		holes = append(holes, hole...)
	}
	if len(holes) == 0 {
		return shell, nil
	}
	if holes, err = union(holes); err != nil {
		return nil, err
	}
	outside, err := Difference(holes, shell)
	if err != nil {
		return nil, err
	}
	for _, hole := range holes {
		if slices.ContainsFunc(outside, func(o orb.Polygon) bool { return comparePolygons(o, hole) == 0 }) {
			return nil, ErrHoleOutside
		}
	}
	return Difference(shell, holes)
}

// enclosed returns the land around which one ring winds, normalised.
func enclosed(r orb.Ring) (orb.MultiPolygon, error) {
	chain := make([]orb.Point, 0, len(r)+1)
	for _, v := range r {
		if math.IsNaN(v[0]) || math.IsNaN(v[1]) || math.IsInf(v[0], 0) || math.IsInf(v[1], 0) {
			return nil, errors.New("a coordinate is not finite")
		}
		if v = (orb.Point{round(v[0]), round(v[1])}); len(chain) == 0 || chain[len(chain)-1] != v {
			chain = append(chain, v)
		}
	}
	if len(chain) < 3 {
		return nil, nil
	}
	if chain[0] != chain[len(chain)-1] {
		chain = append(chain, chain[0])
	}
	chain, err := noded(chain)
	if err != nil {
		return nil, err
	}
	if len(chain) < 4 {
		return nil, nil
	}
	a := newArrangement(chain)
	a.wind()
	return Normalize(a.land()), nil
}

// maxMeetings is how many pairs of edges of a ring may come near each other; along an outline as it occurs it is two or three a vertex.
func maxMeetings(edges int) int { return 20_000 + 40*edges }

// noded gives a closed chain a vertex wherever it meets itself. New vertices are rounded to the lattice, which bends edges a
// little and can make new meetings, so this is repeated until there are none.
func noded(chain []orb.Point) ([]orb.Point, error) {
	for range maxRepairRounds {
		n := len(chain) - 1
		boxes := make([]boxtree.Box, n)
		for i := range n {
			p, q := chain[i], chain[i+1]
			boxes[i] = boxtree.Box{Min: [3]float64{min(p[0], q[0]), min(p[1], q[1])}, Max: [3]float64{max(p[0], q[0]), max(p[1], q[1])}}
		}
		tree := boxtree.New(boxes)
		cuts := map[int][]orb.Point{}
		pairs := 0
		for i := 0; i < n && pairs <= maxMeetings(n); i++ {
			tree.Overlap(boxes[i], func(j int) {
				if j <= i {
					return
				}
				pairs++
				onFirst, onSecond := meetings(chain[i], chain[i+1], chain[j], chain[j+1])
				if len(onFirst) > 0 {
					cuts[i] = append(cuts[i], onFirst...)
				}
				if len(onSecond) > 0 {
					cuts[j] = append(cuts[j], onSecond...)
				}
			})
		}
		if pairs > maxMeetings(n) {
			return nil, ErrTooComplex
		}
		if len(cuts) == 0 {
			return chain, nil
		}
		out := make([]orb.Point, 0, len(chain)+2*len(cuts))
		for i := range n {
			out = append(out, chain[i])
			for _, v := range along(chain[i], chain[i+1], cuts[i]) {
				if v != out[len(out)-1] {
					out = append(out, v)
				}
			}
		}
		if out[len(out)-1] != out[0] {
			out = append(out, out[0])
		}
		if chain = out; len(chain) > 2*maxRepairVertices {
			return nil, ErrTooComplex
		}
	}
	return nil, ErrTooComplex
}

// along sorts places on the edge from a to b in its direction.
func along(a, b orb.Point, places []orb.Point) []orb.Point {
	axis := 0
	if math.Abs(b[1]-a[1]) > math.Abs(b[0]-a[0]) {
		axis = 1
	}
	slices.SortFunc(places, func(p, q orb.Point) int {
		o := cmp.Or(cmp.Compare(p[axis], q[axis]), cmp.Compare(p[1-axis], q[1-axis]))
		if b[axis] < a[axis] {
			return -o
		}
		return o
	})
	return places
}

// meetings gives the places at which the edges a→b and c→d need a vertex that they do not have.
func meetings(a, b, c, d orb.Point) (onFirst, onSecond []orb.Point) {
	oc, od := measure.Orient(a, b, c), measure.Orient(a, b, d)
	oa, ob := measure.Orient(c, d, a), measure.Orient(c, d, b)
	if oc*od < 0 && oa*ob < 0 {
		x := crossingPlace(a, b, c, d)
		if x != a && x != b {
			onFirst = append(onFirst, x)
		}
		if x != c && x != d {
			onSecond = append(onSecond, x)
		}
		return onFirst, onSecond
	}
	for _, v := range [...]struct {
		p    orb.Point
		side int
	}{{c, oc}, {d, od}} {
		if v.side == 0 && within(v.p, a, b) {
			onFirst = append(onFirst, v.p)
		}
	}
	for _, v := range [...]struct {
		p    orb.Point
		side int
	}{{a, oa}, {b, ob}} {
		if v.side == 0 && within(v.p, c, d) {
			onSecond = append(onSecond, v.p)
		}
	}
	return onFirst, onSecond
}

// within tells whether a place on the line through a and b lies between them.
func within(p, a, b orb.Point) bool {
	return p != a && p != b && min(a[0], b[0]) <= p[0] && p[0] <= max(a[0], b[0]) && min(a[1], b[1]) <= p[1] && p[1] <= max(a[1], b[1])
}

// crossingPlace is where two edges that cross do so, rounded to the lattice and within the boxes of both.
func crossingPlace(a, b, c, d orb.Point) orb.Point {
	ux, uy := b[0]-a[0], b[1]-a[1]
	vx, vy := d[0]-c[0], d[1]-c[1]
	wx, wy := c[0]-a[0], c[1]-a[1]
	t := 0.5
	if det := float64(ux*vy) - float64(uy*vx); det != 0 {
		t = min(1, max(0, (float64(wx*vy)-float64(wy*vx))/det))
	}
	hold := func(x, p, q, r, s float64) float64 {
		return min(max(x, min(p, q), min(r, s)), max(p, q), max(r, s))
	}
	return orb.Point{
		round(hold(a[0]+float64(t*ux), a[0], b[0], c[0], d[0])),
		round(hold(a[1]+float64(t*uy), a[1], b[1], c[1], d[1])),
	}
}

// arrangement is the plane cut up by a closed, noded chain. Every edge is two half-edges, 2e and 2e+1, with the face to the left of
// each; a chain is connected, so that every face has one border.
type arrangement struct {
	places []orb.Point
	from   []int32   // per half-edge: the place it leaves
	net    []int32   // per edge: how often the chain runs along 2e, less how often along 2e+1
	out    [][]int32 // per place: the half-edges that leave it, counter-clockwise
	at     []int32   // per half-edge: its number in out
	face   []int32   // per half-edge
	winds  []int32   // per face: how often the chain runs around it
}

func newArrangement(chain []orb.Point) *arrangement {
	a := &arrangement{}
	number := make(map[orb.Point]int32, len(chain))
	place := func(p orb.Point) int32 {
		i, ok := number[p]
		if !ok {
			i = int32(len(a.places))
			number[p] = i
			a.places = append(a.places, p)
		}
		return i
	}
	edges := map[[2]int32]int32{}
	for i := 1; i < len(chain); i++ {
		u, v := place(chain[i-1]), place(chain[i])
		way := int32(1)
		if u > v {
			u, v, way = v, u, -1
		}
		e, ok := edges[[2]int32{u, v}]
		if !ok {
			e = int32(len(a.net))
			edges[[2]int32{u, v}] = e
			a.net = append(a.net, 0)
			a.from = append(a.from, u, v)
		}
		a.net[e] += way
	}
	a.out = make([][]int32, len(a.places))
	for h, u := range a.from {
		a.out[u] = append(a.out[u], int32(h))
	}
	a.at = make([]int32, len(a.from))
	for u, list := range a.out {
		centre := a.places[u]
		slices.SortFunc(list, func(g, h int32) int {
			p, q := a.places[a.from[g^1]], a.places[a.from[h^1]]
			return cmp.Or(cmp.Compare(half(centre, p), half(centre, q)), -measure.Orient(centre, p, q))
		})
		for i, h := range list {
			a.at[h] = int32(i)
		}
	}
	return a
}

// half is 0 for directions from 0 up to 180 degrees, 1 for the others.
func half(from, to orb.Point) int {
	if to[1] > from[1] || to[1] == from[1] && to[0] > from[0] {
		return 0
	}
	return 1
}

// turnRight gives the next half-edge clockwise about the place that h leaves.
func (a *arrangement) turnRight(h int32) int32 {
	list := a.out[a.from[h]]
	return list[(int(a.at[h])+len(list)-1)%len(list)]
}

// wind finds the faces, and how often the chain runs around each.
func (a *arrangement) wind() {
	a.face = slices.Repeat([]int32{-1}, len(a.from))
	var borders []int32 // a half-edge of each face
	for h := range a.from {
		if a.face[h] >= 0 {
			continue
		}
		f := int32(len(borders))
		borders = append(borders, int32(h))
		for g := int32(h); a.face[g] < 0; g = a.turnRight(g ^ 1) {
			a.face[g] = f
		}
	}
	a.winds = make([]int32, len(borders))
	known := make([]bool, len(borders))
	open := a.face[a.westernmost()]
	known[open] = true
	for queue := []int32{open}; len(queue) > 0; queue = queue[1:] {
		f := queue[0]
		for g, first := borders[f], true; first || g != borders[f]; g, first = a.turnRight(g^1), false {
			if other := a.face[g^1]; !known[other] {
				known[other] = true
				a.winds[other] = a.winds[f] - a.netOf(g)
				queue = append(queue, other)
			}
		}
	}
}

// netOf is how often the chain runs along a half-edge, less how often against it: by so much the face to its left is wound around
// more often than the one to its right.
func (a *arrangement) netOf(h int32) int32 {
	if h&1 == 0 {
		return a.net[h/2]
	}
	return -a.net[h/2]
}

// westernmost gives a half-edge that has the unbounded face to its left: at the smallest place all edges lead east (or due north),
// and to the left of the northernmost one is nothing.
func (a *arrangement) westernmost() int32 {
	low := 0
	for i, p := range a.places {
		if comparePoints(p, a.places[low]) < 0 {
			low = i
		}
	}
	list := a.out[low]
	best := list[len(list)-1]
	for _, h := range list {
		if half(a.places[low], a.places[a.from[h^1]]) == 0 {
			best = h
		}
	}
	return best
}

// land gives the faces that the chain winds around, joined where they meet along an edge.
func (a *arrangement) land() orb.MultiPolygon {
	inside := func(h int32) bool { return a.winds[a.face[h]] != 0 }
	border := func(h int32) bool { return inside(h) && !inside(h^1) }
	region := make([]int32, len(a.winds))
	for f := range region {
		region[f] = int32(f)
	}
	find := func(f int32) int32 {
		for region[f] != f {
			region[f] = region[region[f]]
			f = region[f]
		}
		return f
	}
	for h := int32(0); int(h) < len(a.from); h += 2 {
		if inside(h) && inside(h^1) {
			region[find(a.face[h])] = find(a.face[h^1])
		}
	}
	seen := make([]bool, len(a.from))
	polygons := map[int32]*orb.Polygon{}
	var order []int32
	for h := int32(0); int(h) < len(a.from); h++ {
		if seen[h] || !border(h) {
			continue
		}
		var walk []int32 // places
		for g := h; !seen[g]; {
			seen[g] = true
			walk = append(walk, a.from[g])
			for g = a.turnRight(g ^ 1); !border(g); g = a.turnRight(g) {
			}
		}
		f := find(a.face[h])
		if polygons[f] == nil {
			polygons[f] = &orb.Polygon{nil}
			order = append(order, f)
		}
		for _, r := range a.loops(walk) {
			if ringSign(r) > 0 {
				(*polygons[f])[0] = r
			} else {
				*polygons[f] = append(*polygons[f], r)
			}
		}
	}
	var out orb.MultiPolygon
	for _, f := range order {
		if p := *polygons[f]; p[0] != nil {
			out = append(out, p)
		}
	}
	return out
}

// loops takes a closed walk apart where it passes a place again: a valid ring passes none twice.
func (a *arrangement) loops(walk []int32) []orb.Ring {
	var out []orb.Ring
	var stack []int32
	where := map[int32]int{} // place → its number in the stack
	for _, u := range append(walk, walk[0]) {
		if i, again := where[u]; again {
			r := make(orb.Ring, 0, len(stack)-i+1)
			for _, v := range stack[i:] {
				r = append(r, a.places[v])
				delete(where, v)
			}
			out = append(out, append(r, r[0]))
			stack = stack[:i]
		}
		where[u] = len(stack)
		stack = append(stack, u)
	}
	return out
}

package osm

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"lifecircle/geo/measure"
)

// Bounds of one outline. The largest relations of OpenStreetMap, lakes with their islands, have some ten thousand rings.
const (
	maxRings = 20_000
	maxTests = 1 << 28 // edges that rays are held against
	maxFan   = 1_000   // edges that meet at one vertex
)

// segment is an edge of an outline between two vertices, from the smaller.
type segment struct {
	a, b  int32
	inner bool // every way that it comes from has the role inner
}

// outline puts rings together from the edges of ways in any order and direction. The zero value is empty.
type outline struct {
	lines    [][]place
	inner    []bool // per line
	vertices []place
	points   []orb.Point
	segments []segment
	at       [][]int32 // segments per vertex
	part     []int32   // connected part per vertex: its smallest vertex
}

// add takes a line; inner says that its role is inner.
func (o *outline) add(line []place, inner bool) {
	o.lines, o.inner = append(o.lines, line), append(o.inner, inner)
}

// outlineFault says why there are no polygons.
type outlineFault int

const (
	outlineOK outlineFault = iota
	outlineEmpty
	outlineOpen    // an outer ring does not close
	outlineComplex // too many rings
)

// polygons gives the area inside an odd number of rings. openInner tells that inner rings that do not close were left out.
func (o *outline) polygons() (mp orb.MultiPolygon, openInner bool, fault outlineFault) {
	o.connect()
	open := map[int32]bool{} // parts with loose ends
	tangled := map[int32]bool{}
	for v, at := range o.at {
		if len(at) > maxFan {
			return nil, false, outlineComplex
		}
		if len(at)%2 != 0 {
			open[o.part[v]] = true
		} else if len(at) > 2 {
			tangled[o.part[v]] = true
		}
	}
	for _, s := range o.segments {
		if !open[o.part[s.a]] {
			continue
		}
		if !s.inner {
			return nil, false, outlineOpen
		}
		openInner = true
	}
	if len(tangled)*len(o.segments) > maxTests {
		return nil, openInner, outlineComplex
	}
	rings := o.rings(open, tangled)
	switch {
	case len(rings) == 0:
		return nil, openInner, outlineEmpty
	case len(rings) > maxRings:
		return nil, openInner, outlineComplex
	}
	return nest(rings), openInner, outlineOK
}

// connect makes vertices and segments of the lines; segments that stand an even number of times cancel out.
func (o *outline) connect() {
	for _, l := range o.lines {
		o.vertices = append(o.vertices, l...)
	}
	slices.SortFunc(o.vertices, place.compare)
	o.vertices = slices.Compact(o.vertices)
	index := func(p place) int32 {
		i, _ := slices.BinarySearchFunc(o.vertices, p, place.compare)
		return int32(i)
	}
	var all []segment
	for n, l := range o.lines {
		for i := 1; i < len(l); i++ {
			a, b := index(l[i-1]), index(l[i])
			if a != b {
				all = append(all, segment{min(a, b), max(a, b), o.inner[n]})
			}
		}
	}
	slices.SortFunc(all, func(s, t segment) int { return cmp.Or(cmp.Compare(s.a, t.a), cmp.Compare(s.b, t.b)) })
	for i := 0; i < len(all); {
		j, inner := i, true
		for ; j < len(all) && all[j].a == all[i].a && all[j].b == all[i].b; j++ {
			inner = inner && all[j].inner
		}
		if (j-i)%2 == 1 {
			o.segments = append(o.segments, segment{all[i].a, all[i].b, inner})
		}
		i = j
	}
	o.at = make([][]int32, len(o.vertices))
	o.part = make([]int32, len(o.vertices))
	o.points = make([]orb.Point, len(o.vertices))
	for v, p := range o.vertices {
		o.part[v], o.points[v] = int32(v), p.point()
	}
	find := func(v int32) int32 {
		for o.part[v] != v {
			o.part[v] = o.part[o.part[v]]
			v = o.part[v]
		}
		return v
	}
	for i, s := range o.segments {
		o.at[s.a], o.at[s.b] = append(o.at[s.a], int32(i)), append(o.at[s.b], int32(i))
		if p, q := find(s.a), find(s.b); p != q {
			o.part[max(p, q)] = min(p, q)
		}
	}
	for v := range o.part {
		o.part[v] = find(int32(v))
	}
}

// other is the far end of a segment.
func (o *outline) other(s, v int32) int32 { return o.segments[s].a ^ o.segments[s].b ^ v }

// rings traces every closed part; no vertex stands twice in a ring.
func (o *outline) rings(open, tangled map[int32]bool) []orb.Ring {
	var rings []orb.Ring
	used := make([]bool, len(o.segments))
	var left []bool // per segment of a tangled part: what is left of a→b is inside
	for v := range o.vertices {
		start := int32(v)
		part := o.part[v]
		if len(o.at[v]) == 0 || open[part] {
			continue
		}
		if tangled[part] && part == start { // the part's smallest vertex comes first
			if left == nil {
				left = make([]bool, len(o.segments))
			}
			o.fill(start, left)
		}
		for _, s := range o.at[v] {
			if used[s] || tangled[part] && left[s] != (o.segments[s].a == start) {
				continue // tangled parts are walked with the inside on the left
			}
			walk := []int32{}
			for at := start; !used[s]; {
				used[s] = true
				walk = append(walk, at)
				at = o.other(s, at)
				s = o.turn(s, at)
			}
			rings = o.split(walk, rings)
			if len(rings) > maxRings {
				return rings
			}
		}
	}
	return rings
}

// turn gives the segment by which a walk that comes to a vertex goes on: the next one clockwise, which bounds the same inside.
func (o *outline) turn(s, v int32) int32 {
	at := o.at[v]
	i := slices.Index(at, s)
	return at[(i+len(at)-1)%len(at)]
}

// fill sorts the segments of a tangled part about their vertices, counter-clockwise from the east, and finds out on which side of each the
// inside lies. start is the part's westernmost vertex.
func (o *outline) fill(start int32, left []bool) {
	inside := o.parity(start)
	seen := map[int32]bool{start: true}
	o.sortAt(start)
	at := o.at[start]
	north := 0 // segments that go east or north; the wedge behind the last of them holds the west
	for north < len(at) && o.half(start, o.other(at[north], start)) == 0 {
		north++
	}
	last := (north + len(at) - 1) % len(at)
	for i := range at {
		// the wedge to the left of at[last] is as the surroundings of the part; each segment changes sides
		o.setLeft(at[(last+i)%len(at)], start, inside != (i%2 == 1), left)
	}
	for queue := []int32{start}; len(queue) > 0; queue = queue[1:] {
		for _, s := range o.at[queue[0]] {
			v := o.other(s, queue[0])
			if seen[v] {
				continue
			}
			seen[v] = true
			queue = append(queue, v)
			o.sortAt(v)
			from := slices.Index(o.at[v], s)
			here := left[s] == (o.segments[s].a == v) // inside on the left of the segment, seen from v
			for i := range o.at[v] {
				o.setLeft(o.at[v][(from+i)%len(o.at[v])], v, here != (i%2 == 1), left)
			}
		}
	}
}

// setLeft notes whether the inside is on the left of a segment that goes out from a vertex.
func (o *outline) setLeft(s, from int32, inside bool, left []bool) {
	left[s] = inside == (o.segments[s].a == from)
}

// sortAt sorts the segments about a vertex counter-clockwise from the east.
func (o *outline) sortAt(v int32) {
	slices.SortFunc(o.at[v], func(s, t int32) int {
		p, q := o.other(s, v), o.other(t, v)
		return cmp.Or(cmp.Compare(o.half(v, p), o.half(v, q)), -measure.Orient(o.points[v], o.points[p], o.points[q]), cmp.Compare(s, t))
	})
}

// half is 0 for directions from east to just before west through north, 1 for the others.
func (o *outline) half(from, to int32) int {
	p, q := o.vertices[from], o.vertices[to]
	if q.lat > p.lat || q.lat == p.lat && q.lon > p.lon {
		return 0
	}
	return 1
}

// parity reports whether the surroundings of a part lie inside the other parts, by a ray to the west of its westernmost vertex.
func (o *outline) parity(v int32) bool {
	inside, p := false, o.vertices[v]
	for _, s := range o.segments {
		a, b := o.vertices[s.a], o.vertices[s.b]
		if o.part[s.a] == o.part[v] || (a.lat > p.lat) == (b.lat > p.lat) {
			continue
		}
		side := measure.Orient(o.points[s.a], o.points[s.b], o.points[v])
		if a.lat > b.lat {
			side = -side
		}
		if side < 0 { // the segment is west of the vertex
			inside = !inside
		}
	}
	return inside
}

// split takes a closed walk apart wherever it comes back to a vertex.
func (o *outline) split(walk []int32, rings []orb.Ring) []orb.Ring {
	var path []int32
	at := map[int32]int{}
	for _, v := range append(walk, walk[0]) {
		from, back := at[v]
		if back {
			loop := path[from:]
			if len(loop) > 2 {
				ring := make(orb.Ring, 0, len(loop)+1)
				for _, w := range loop {
					ring = append(ring, o.points[w])
				}
				rings = append(rings, append(ring, ring[0]))
			}
			for _, w := range loop[1:] {
				delete(at, w)
			}
			path = path[:from+1]
			continue
		}
		at[v] = len(path)
		path = append(path, v)
	}
	return rings
}

// nest makes polygons of rings that do not cross: those inside an even number of others are shells, the rest their holes.
func nest(rings []orb.Ring) orb.MultiPolygon {
	type node struct {
		ring    orb.Ring
		bound   orb.Bound
		area    float64
		locator *measure.Locator
		depth   int
		parent  int // smallest ring around it, -1 for none
		shell   int // place among the polygons
	}
	nodes := make([]node, len(rings))
	for i, r := range rings {
		nodes[i] = node{ring: r, bound: r.Bound(), area: math.Abs(shoelace(r)), parent: -1}
	}
	slices.SortStableFunc(nodes, func(a, b node) int { return cmp.Compare(b.area, a.area) })
	var mp orb.MultiPolygon
	for i := range nodes {
		n := &nodes[i]
		for j := i - 1; j >= 0; j-- { // the smallest ring around comes first
			outer := &nodes[j]
			if !outer.bound.Contains(n.bound.Min) || !outer.bound.Contains(n.bound.Max) {
				continue
			}
			if outer.locator == nil {
				outer.locator = measure.NewLocator(orb.Polygon{outer.ring})
			}
			if within(n.ring, outer.locator) {
				n.depth, n.parent = outer.depth+1, j
				break
			}
		}
		if n.depth%2 == 0 {
			n.shell = len(mp)
			mp = append(mp, orb.Polygon{turned(n.ring, 1)})
		} else {
			shell := nodes[n.parent].shell
			mp[shell] = append(mp[shell], turned(n.ring, -1))
		}
	}
	return mp
}

// within reports whether a ring lies inside another that it does not cross; the two may touch.
func within(r orb.Ring, outer *measure.Locator) bool {
	for _, p := range r {
		if at := outer.Locate(p); at != measure.Border {
			return at == measure.Inside
		}
	}
	for i := 1; i < len(r); i++ {
		middle := orb.Point{r[i-1][0] + float64((r[i][0]-r[i-1][0])/2), r[i-1][1] + float64((r[i][1]-r[i-1][1])/2)}
		if at := outer.Locate(middle); at != measure.Border {
			return at == measure.Inside
		}
	}
	return false
}

// shoelace is twice the signed area in square degrees, about the ring's first vertex.
func shoelace(r orb.Ring) float64 {
	sum := 0.0
	for i := 1; i < len(r); i++ {
		a, b := orb.Point{r[i-1][0] - r[0][0], r[i-1][1] - r[0][1]}, orb.Point{r[i][0] - r[0][0], r[i][1] - r[0][1]}
		sum += float64(a[0]*b[1]) - float64(a[1]*b[0])
	}
	return sum
}

// turned gives a ring that runs counter-clockwise (1) or clockwise (-1).
func turned(r orb.Ring, sign float64) orb.Ring {
	if shoelace(r)*sign < 0 {
		slices.Reverse(r)
	}
	return r
}

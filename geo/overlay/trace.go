package overlay

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// traceSize is how large, in degrees of latitude, a piece may be to be traced in one plane (some 60 km).
const traceSize = 0.6

// trace draws the part of a polygon that lies outside the zone (or inside, if served is set) by walking along its border:
// the runs of the outline and the spans of the zone's border that a crossing found. ok is false if the walk does not close
// or its result is not a valid polygon; the caller must then take the way of polygon overlay.
func (z *Zone) trace(p orb.Polygon, served bool) (mp orb.MultiPolygon, ok bool) {
	box := p[0].Bound()
	if box.Max[1]-box.Min[1] > traceSize || box.Max[0]-box.Min[0] > 2*traceSize {
		return nil, false
	}
	g := z.newRegion(box)
	o := g.newOutline(p, sizeOf(orb.MultiPolygon{p}).width)
	if !(o.area2 > 0) {
		return nil, true
	}
	x := g.cross(o, g.near(o.box))
	if !x.meets {
		if x.served[0] == served {
			return drawn(orb.MultiPolygon{p})
		}
		return nil, true
	}
	if !x.closes(o, 0) {
		return nil, false
	}
	w := walker{g: g, o: o, x: x, p: p, served: served, corners: circle(circleSteps)}
	loops, ok := w.loops()
	if !ok {
		return nil, false
	}
	mp, area2, ok := nest(loops)
	if !ok {
		return nil, false
	}
	// What is drawn departs from the exact area by what lies between arcs and their chords.
	want := x.area2
	if !served {
		want = o.area2 - want
	}
	if math.Abs(area2-want) > float64(2*w.chords)+float64(1e-6*o.area2) {
		return nil, false
	}
	return drawn(mp)
}

// drawn brings a traced result into normal form; ok is false if rounding made its borders cross.
func drawn(mp orb.MultiPolygon) (orb.MultiPolygon, bool) {
	mp = Normalize(mp)
	return mp, Valid(mp) == nil
}

// walker turns a crossing into closed loops.
type walker struct {
	g       *region
	o       *outline
	x       *crossing
	p       orb.Polygon
	served  bool
	corners []xy
	chords  float64 // area, m², between arcs and chords, at most
}

// corner is a vertex of a loop, in the plane and in degrees.
type corner struct {
	xy
	at   orb.Point
	made bool // only put in to project an edge: not drawn
}

// stretch is a piece of the way: its places but the last, which is the first of the next.
type stretch struct {
	corners []corner
	end     xy
	next    int
	done    bool
}

// touching is how near, in metres, two stretches must come to be joined; much shorter ones are joined over. Where edges meet
// at less than 10⁻⁷ radians (an edge cut to be straight), the place where their offsets cross is known to 0.03 mm only.
const touching = 1e-4

func (s *stretch) short() bool {
	v := s.end.sub(s.corners[0].xy)
	return len(s.corners) == 1 && v.dot(v) < touching*touching/100
}

// loops returns the closed ways around what is drawn, which lies to their left.
func (w *walker) loops() ([][]corner, bool) {
	var out [][]corner
	var ways []stretch
	for _, r := range w.x.runs {
		if r.served != w.served {
			continue
		}
		s := w.alongOutline(r)
		if r.from < 0 {
			out = append(out, s.corners)
		} else if !s.short() {
			ways = append(ways, s)
		}
	}
	for _, e := range w.x.inner {
		if s := w.alongBorder(e); !s.short() {
			ways = append(ways, s)
		}
	}
	if !join(ways) {
		return nil, false
	}
	for k := range ways {
		if ways[k].done {
			continue
		}
		var loop []corner
		i := k
		for !ways[i].done {
			ways[i].done = true
			loop = append(loop, ways[i].corners...)
			i = ways[i].next
		}
		if i != k {
			return nil, false
		}
		out = append(out, loop)
	}
	return out, true
}

// join sets the next of each stretch: the nearest that begins where it ends.
func join(ways []stretch) bool {
	heads := make([]int, len(ways))
	for i := range heads {
		heads[i] = i
	}
	start := func(i int) xy { return ways[i].corners[0].xy }
	slices.SortFunc(heads, func(i, j int) int {
		a, b := start(i), start(j)
		return cmp.Or(cmp.Compare(a.x, b.x), cmp.Compare(a.y, b.y), cmp.Compare(i, j))
	})
	taken := make([]bool, len(ways))
	for i := range ways {
		end := ways[i].end
		k, _ := slices.BinarySearchFunc(heads, end.x-touching, func(j int, x float64) int { return cmp.Compare(start(j).x, x) })
		best, at := touching*touching, -1
		for ; k < len(heads) && start(heads[k]).x <= end.x+touching; k++ {
			if v := start(heads[k]).sub(end); !taken[k] && v.dot(v) < best {
				best, at = v.dot(v), k
			}
		}
		if at < 0 {
			return false
		}
		taken[at] = true
		ways[i].next = heads[at]
	}
	return true
}

func (w *walker) corner(p xy) corner {
	return corner{xy: p, at: w.g.plane.Inverse([2]float64{p.x, p.y})}
}

// alongOutline returns a run with its vertices.
func (w *walker) alongOutline(r run) stretch {
	ring, origin := w.o.rings[r.ring], w.o.origin[r.ring]
	source := w.p[w.o.source[r.ring]]
	var s stretch
	vertex := func(k int) {
		if origin[k] >= 0 {
			s.corners = append(s.corners, corner{xy: ring[k], at: source[origin[k]]})
		} else {
			s.corners = append(s.corners, corner{xy: ring[k], made: true})
		}
	}
	if r.from < 0 {
		for k := range len(ring) - 1 {
			vertex(k)
		}
		return s
	}
	a, b := &w.x.nodes[r.from], &w.x.nodes[r.to]
	s.corners = append(s.corners, w.corner(a.p))
	s.end = b.p
	k := a.edge
	if r.wraps(a, b) {
		for ; k < len(ring)-1; k++ {
			vertex(k + 1)
		}
		k = 0
	}
	for ; k < b.edge; k++ {
		vertex(k + 1)
	}
	return s
}

// alongBorder returns a span of the border, arcs with the corners of the drawn circle. What is served lies to the left of
// the border, so it is walked backwards around what is not.
func (w *walker) alongBorder(e piece) (s stretch) {
	c := &w.g.border[e.elem]
	places := []xy{c.at(e.t0)}
	if c.arc {
		// The corners of the circle between the ends.
		n := len(w.corners)
		u := places[0].sub(c.a)
		k := int(math.Floor(angle(u)/(2*math.Pi)*float64(n))) - 1
		for range n/8 + 4 {
			k++
			v := w.corners[((k%n)+n)%n]
			t := c.tau(v)
			if t >= e.t1 && t < 1 {
				break
			}
			if t > e.t0 && t < e.t1 {
				places = append(places, c.a.along(v, c.r))
			}
		}
		// 2/3 of the sagitta times the length would do.
		w.chords += float64(c.r * (math.Pi * math.Pi / 2 / float64(n*n)) * 2 * c.r * (arctan(e.t1) - arctan(e.t0)))
	}
	places = append(places, c.at(e.t1))
	if !w.served {
		slices.Reverse(places)
	}
	last := len(places) - 1
	for _, p := range places[:last] {
		s.corners = append(s.corners, w.corner(p))
	}
	s.end = places[last]
	return s
}

// angle is the direction of v in radians, 0 to 2π, to some 10⁻³: it only tells where to begin to look.
func angle(v xy) float64 {
	ax, ay := math.Abs(v.x), math.Abs(v.y)
	t := min(ax, ay) / max(ax, ay)
	a := float64(t * (math.Pi/4 + float64(0.273*(1-t))))
	if ay > ax {
		a = math.Pi/2 - a
	}
	if v.x < 0 {
		a = math.Pi - a
	}
	if v.y < 0 {
		a = 2*math.Pi - a
	}
	return a
}

// nest makes polygons of loops: those that run counter-clockwise are shells, the others holes of the smallest shell around
// them. area2 is twice their area in the plane.
func nest(loops [][]corner) (mp orb.MultiPolygon, area2 float64, ok bool) {
	type shell struct {
		loop  []corner
		area2 float64
		holes []orb.Ring
	}
	var shells []shell
	var holes [][]corner
	for _, l := range loops {
		var twice float64
		for i := range l {
			a, b := l[i].sub(l[0].xy), l[(i+1)%len(l)].sub(l[0].xy)
			twice += a.cross(b)
		}
		area2 += twice
		if len(l) < 3 {
			continue
		}
		if twice > 0 {
			shells = append(shells, shell{loop: l, area2: twice})
		} else if twice < -1e-6 {
			holes = append(holes, l)
		}
	}
	for _, h := range holes {
		best := -1
		for i := range shells {
			if (best < 0 || shells[i].area2 < shells[best].area2) && around(shells[i].loop, h) {
				best = i
			}
		}
		if best < 0 {
			return nil, 0, false
		}
		shells[best].holes = append(shells[best].holes, degrees(h))
	}
	for _, s := range shells {
		mp = append(mp, append(orb.Polygon{degrees(s.loop)}, s.holes...))
	}
	return mp, area2, true
}

// around tells whether a hole lies in a shell, by most of its vertices (one may touch).
func around(shell, hole []corner) bool {
	var in, n int
	for k := 0; k < len(hole); k += max(1, len(hole)/5) {
		n++
		p := hole[k].xy
		inside := false
		for i := range shell {
			if crosses(shell[i].xy, shell[(i+1)%len(shell)].xy, p) {
				inside = !inside
			}
		}
		if inside {
			in++
		}
	}
	return 2*in > n
}

func degrees(l []corner) orb.Ring {
	r := make(orb.Ring, 0, len(l)+1)
	for _, c := range l {
		if !c.made {
			r = append(r, c.at)
		}
	}
	if len(r) == 0 {
		return nil
	}
	return append(r, r[0])
}

// drawnByTrace draws a whole piece by tracing each of its polygons.
func (z *Zone) drawnByTrace(piece orb.MultiPolygon, served bool) (orb.MultiPolygon, bool) {
	var out orb.MultiPolygon
	for _, p := range piece {
		if len(p) == 0 {
			continue
		}
		mp, ok := z.trace(p, served)
		if !ok {
			return nil, false
		}
		out = append(out, mp...)
	}
	if len(piece) > 1 {
		return drawn(out)
	}
	return out, true
}

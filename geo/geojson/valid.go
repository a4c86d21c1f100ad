package geojson

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
)

// Clean checks a geometry that another reader has decoded, as the Reader checks its own: finite positions in range (unless plane,
// that is, in metres of a plane coordinate system), lines of two distinct places, closed rings, valid polygons without overlap.
// It returns the geometry as the Reader would (consecutive duplicates removed, rings closed and oriented, collections of one kind
// flattened), the repairs, and why it is refused. The argument is not changed.
func Clean(g orb.Geometry, plane bool) (orb.Geometry, []Finding, *Finding) {
	c := cleaner{plane: plane}
	g, f := c.geometry(g)
	if f != nil {
		return nil, nil, f
	}
	var repairs []Finding
	if c.flattened != nil {
		repairs = append(repairs, *c.flattened)
	}
	if c.closed > 0 {
		repairs = append(repairs, Finding{Code: RingClosed, Text: closedText(c.closed)})
	}
	return g, repairs, nil
}

type cleaner struct {
	plane     bool
	closed    int
	flattened *Finding
}

func (c *cleaner) geometry(g orb.Geometry) (orb.Geometry, *Finding) {
	switch g := g.(type) {
	case nil:
		return nil, findingf(NullGeometry, "there is no geometry")
	case orb.Point:
		if f := c.positions([]orb.Point{g}); f != nil {
			f.Path = ""
			return nil, f
		}
		return positive(g), nil
	case orb.MultiPoint:
		if len(g) == 0 {
			return nil, findingf(EmptyGeometry, "the geometry is empty")
		}
		if f := c.positions(g); f != nil {
			return nil, f
		}
		out := slices.Clone(g)
		for i := range out {
			out[i] = positive(out[i])
		}
		return out, nil
	case orb.LineString:
		return typed(c.line(g))
	case orb.MultiLineString:
		if len(g) == 0 {
			return nil, findingf(EmptyGeometry, "the geometry is empty")
		}
		var out orb.MultiLineString
		for i, l := range g {
			l, f := c.line(l)
			if f != nil {
				return nil, f.at(i)
			}
			out = append(out, l)
		}
		return out, nil
	case orb.Ring:
		return c.geometry(orb.Polygon{g})
	case orb.Bound:
		return c.geometry(g.ToPolygon())
	case orb.Polygon:
		p, f := c.polygon(g)
		if f == nil {
			f = checkPolygons(orb.MultiPolygon{p}, false)
		}
		if f != nil {
			return nil, f
		}
		return p, nil
	case orb.MultiPolygon:
		if len(g) == 0 {
			return nil, findingf(EmptyGeometry, "the geometry is empty")
		}
		var out orb.MultiPolygon
		for i, p := range g {
			p, f := c.polygon(p)
			if f != nil {
				return nil, f.at(i)
			}
			out = append(out, p)
		}
		if f := checkPolygons(out, true); f != nil {
			return nil, f
		}
		return out, nil
	case orb.Collection:
		var members []orb.Geometry
		for i, m := range g {
			m, f := c.geometry(m)
			if f != nil {
				return nil, f.at(i)
			}
			members = append(members, m)
		}
		return c.flatten(members)
	}
	return nil, findingf(BadType, "unknown geometry type %T", g)
}

func (c *cleaner) flatten(members []orb.Geometry) (orb.Geometry, *Finding) {
	g, f := flatten(members)
	if f != nil {
		return nil, f
	}
	if mp, ok := g.(orb.MultiPolygon); ok && len(members) > 1 {
		if f := checkPolygons(mp, true); f != nil {
			f.Path = "" // an index would be one of the flattened parts
			return nil, f
		}
	}
	c.flattened = findingf(CollectionFlattened, "a geometry collection of one kind was read as a %s", g.GeoJSONType())
	return g, nil
}

func (c *cleaner) polygon(p orb.Polygon) (orb.Polygon, *Finding) {
	if len(p) == 0 {
		return nil, findingf(EmptyGeometry, "the polygon is empty")
	}
	var out orb.Polygon
	for i, r := range p {
		if f := c.positions(r); f != nil {
			return nil, f.at(i)
		}
		r, closed, f := cleanRing(r)
		if f == nil && !c.plane {
			f = checkMeridian(r)
		}
		if f != nil {
			return nil, f.at(i)
		}
		if closed {
			c.closed++
		}
		out = append(out, orient(r, i == 0))
	}
	return out, nil
}

func (c *cleaner) line(l []orb.Point) (orb.LineString, *Finding) {
	if f := c.positions(l); f != nil {
		return nil, f
	}
	out, f := cleanLine(l)
	if f == nil && !c.plane {
		f = checkMeridian(out)
	}
	return out, f
}

func (c *cleaner) positions(ps []orb.Point) *Finding {
	for i, p := range ps {
		if !finite(p) {
			return findingf(NotFinite, "a coordinate is not finite").at(i)
		}
		if !c.plane {
			if f := checkRange(p); f != nil {
				return f.at(i)
			}
		}
	}
	return nil
}

func finite(p orb.Point) bool {
	return math.Abs(p[0]) <= math.MaxFloat64 && math.Abs(p[1]) <= math.MaxFloat64
}

// positive turns −0 into 0.
func positive(p orb.Point) orb.Point { return orb.Point{p[0] + 0, p[1] + 0} }

// Positions, lines, rings.

// checkRange refuses what cannot be degrees of longitude and latitude, and says what it looks like.
func checkRange(p orb.Point) *Finding {
	x, y := math.Abs(p[0]), math.Abs(p[1])
	if x <= 180 && y <= 90 {
		return nil
	}
	f := findingf(OutOfRange, "longitude %.10g is beyond ±180°", p[0]).zh("经度 %.10g 超出 ±180°", p[0])
	if x <= 180 {
		f = findingf(OutOfRange, "latitude %.10g is beyond ±90°", p[1]).zh("纬度 %.10g 超出 ±90°", p[1])
	}
	switch {
	case x <= 90 && y <= 180:
		f.Text += "; latitude and longitude look swapped"
		f.Zh += "; 经纬度似乎写反了"
	case x > 1000 || y > 1000:
		f.Text += "; this looks like metres of a plane coordinate system: declare the layer's CRS"
		f.Zh += "; 像是平面坐标系的米: 请声明图层的坐标系"
	}
	return f
}

// checkMeridian refuses an edge that spans more than 180° of longitude: read as RFC 7946 says, it runs around the earth the long
// way, which nobody means.
func checkMeridian(ps []orb.Point) *Finding {
	for i := 1; i < len(ps); i++ {
		if math.Abs(ps[i][0]-ps[i-1][0]) > 180 {
			return findingf(Antimeridian, "the edge from %s to %s spans more than 180° of longitude; cut the geometry at the antimeridian", place(ps[i-1]), place(ps[i])).
				zh("从 %s 到 %s 的边跨越经度超过 180°; 请在 180° 经线处切开", place(ps[i-1]), place(ps[i]))
		}
	}
	return nil
}

// cleanLine copies a line without consecutive duplicates.
func cleanLine(ps []orb.Point) (orb.LineString, *Finding) {
	if len(ps) == 0 {
		return nil, findingf(EmptyGeometry, "the line is empty")
	}
	out := distinct(ps, 0)
	if len(out) < 2 {
		return nil, findingf(ShortLine, "a line needs two distinct positions and has only %s", place(out[0])).zh("线至少要有两个不同的点, 只有 %s", place(out[0]))
	}
	return out, nil
}

// distinct copies positions without consecutive duplicates, with room for some more.
func distinct(ps []orb.Point, room int) []orb.Point {
	out := make([]orb.Point, 0, len(ps)+room)
	for _, p := range ps {
		if p = positive(p); len(out) == 0 || p != out[len(out)-1] {
			out = append(out, p)
		}
	}
	return out
}

// closeEnough is the distance in degrees (0.1 mm) below which a ring's last position was meant to be its first.
const closeEnough = 1e-9

// cleanRing copies a ring without consecutive duplicates and closed, and reports whether it had to be closed.
func cleanRing(ps []orb.Point) (orb.Ring, bool, *Finding) {
	if len(ps) == 0 {
		return nil, false, findingf(EmptyGeometry, "the ring is empty")
	}
	first, last := ps[0], ps[len(ps)-1]
	closed := first == last
	near := !closed && math.Abs(first[0]-last[0]) <= closeEnough && math.Abs(first[1]-last[1]) <= closeEnough
	if n := len(ps); n < 3 || n == 3 && (closed || near) {
		return nil, false, findingf(ShortRing, "a ring needs four positions and has %d", n).zh("环至少要有四个点, 只有 %d 个", n)
	}
	out := distinct(ps, 1)
	if near {
		out = out[:len(out)-1]
		for len(out) > 1 && out[len(out)-1] == out[0] {
			out = out[:len(out)-1]
		}
	}
	if !closed {
		out = append(out, out[0])
	}
	if len(out) >= 4 {
		for _, p := range out[2:] {
			if turn(out[0], out[1], p) != 0 {
				return out, !closed, nil
			}
		}
	}
	return nil, false, findingf(CollapsedRing, "the ring at %s has no area", place(out[0])).zh("%s 处的环没有面积", place(out[0]))
}

func closedText(n int) string {
	if n == 1 {
		return "the ring was not closed; its first position was repeated at its end"
	}
	return fmt.Sprintf("%d rings were not closed; their first positions were repeated at their ends", n)
}

// orient turns a simple ring counter-clockwise or clockwise, in place, and returns it.
func orient(r orb.Ring, ccw bool) orb.Ring {
	if s := winding(r); s < 0 && ccw || s > 0 && !ccw {
		slices.Reverse(r)
	}
	return r
}

// winding is +1 for a counter-clockwise simple ring, −1 for a clockwise one: the exact turn at its smallest vertex, which is convex.
func winding(r orb.Ring) int {
	n := len(r) - 1
	low := 0
	for i := 1; i < n; i++ {
		if comparePoints(r[i], r[low]) < 0 {
			low = i
		}
	}
	return turn(r[(low+n-1)%n], r[low], r[low+1])
}

func comparePoints(a, b orb.Point) int {
	if c := cmp.Compare(a[0], b[0]); c != 0 {
		return c
	}
	return cmp.Compare(a[1], b[1])
}

// place writes a position for a message, to a centimetre.
func place(p orb.Point) string {
	short := func(v float64) string {
		s := strconv.FormatFloat(v, 'f', 7, 64)
		return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	}
	return short(p[0]) + ", " + short(p[1])
}

// Polygons.

// checkPolygons checks OGC validity of polygons whose rings are closed, without consecutive duplicates, not collapsed, and
// oriented (shell first and counter-clockwise, holes clockwise). All decisions are exact. Paths are [ring], or [polygon][ring]
// where multi. Time is n log n for outlines as they occur; what would take far longer is refused as too complex.
func checkPolygons(mp orb.MultiPolygon, multi bool) *Finding {
	v := validator{multi: multi}
	for i, p := range mp {
		for j, r := range p {
			v.rings = append(v.rings, ring{Ring: r, polygon: i, number: j, start: v.n})
			v.n += len(r) - 1
		}
	}
	if f := v.crossings(); f != nil {
		return f
	}
	if len(v.rings) == 1 {
		return nil
	}
	return v.nesting()
}

type ring struct {
	orb.Ring
	polygon, number int
	start           int // number of its first edge among all edges
}

// hole tells whether the ring is a hole: the polygon lies to the left of shells and holes alike.
func (r ring) hole() bool { return r.number > 0 }

type validator struct {
	multi   bool
	rings   []ring
	n       int // edges
	tree    edgeTree
	touches []touch
	pending *Finding // a milder fault, reported if no crossing is found
}

// touch is a point that two rings share, with the edge of each on which it was found.
type touch struct {
	a, b   int // rings, a < b
	at     orb.Point
	ea, eb int // edges within the rings
}

// crossings looks at all pairs of edges whose boxes meet.
func (v *validator) crossings() *Finding {
	v.tree = newEdgeTree(v.rings, v.n)
	var found *Finding
	done := v.tree.pairs(func(i, j edgeRef) bool {
		found = v.pair(i, j)
		return found == nil
	})
	switch {
	case found != nil:
		return found
	case !done:
		return findingf(TooComplex, "the polygon has %d edges that lie so that checking them would take too long; simplify or split it", v.n).
			zh("多边形的 %d 条边排布复杂, 检查耗时过长; 请简化或拆分", v.n)
	}
	return v.pending
}

func (v *validator) pair(i, j edgeRef) *Finding {
	if i.ring > j.ring || i.ring == j.ring && i.edge > j.edge {
		i, j = j, i
	}
	ri, rj := v.rings[i.ring], v.rings[j.ring]
	a, b := ri.Ring[i.edge], ri.Ring[i.edge+1]
	c, d := rj.Ring[j.edge], rj.Ring[j.edge+1]
	if i.ring == j.ring {
		n := len(ri.Ring) - 1
		switch {
		case i.edge+1 == j.edge:
			if foldsBack(a, b, d) {
				return v.fault(int(i.ring), SelfCrossing, "the ring runs back over itself", b)
			}
			return nil
		case i.edge == 0 && int(j.edge) == n-1:
			if foldsBack(c, d, b) {
				return v.fault(int(i.ring), SelfCrossing, "the ring runs back over itself", d)
			}
			return nil
		}
	}
	meeting, at := meet(a, b, c, d)
	switch meeting {
	case apart:
		return nil
	case touching:
		if i.ring != j.ring {
			v.touches = append(v.touches, touch{a: int(i.ring), b: int(j.ring), at: at, ea: int(i.edge), eb: int(j.edge)})
			return nil
		}
		if v.passes(ri, int(i.edge), rj, int(j.edge), at) {
			// where edges also run along each other, that is the better place to name
			if v.pending == nil || v.pending.Code != SelfCrossing {
				v.pending = v.fault(int(i.ring), SelfCrossing, "the ring crosses itself", at)
			}
		} else if v.pending == nil {
			v.pending = v.fault(int(i.ring), SelfTouching, "the ring touches itself", at)
		}
		return nil
	case overlapping:
		if i.ring == j.ring {
			return v.fault(int(i.ring), SelfCrossing, "the ring runs along itself", at)
		}
		if ri.polygon == rj.polygon {
			if !ri.hole() {
				return v.fault(int(j.ring), HoleCrossing, "the hole shares an edge with its polygon's border", at)
			}
			return v.fault(int(j.ring), HolesOverlap, "two holes share an edge", at)
		}
		// both polygons lie to the left of their edges
		sameWay := (b[0] > a[0]) == (d[0] > c[0])
		if a[0] == b[0] {
			sameWay = (b[1] > a[1]) == (d[1] > c[1])
		}
		if !sameWay {
			if v.pending == nil {
				v.pending = v.fault(int(j.ring), SharedEdge, "two polygons share an edge", at)
			}
			return nil
		}
	}
	return v.cross(int(i.ring), int(j.ring), at)
}

// cross is the finding that two rings cross at a place.
func (v *validator) cross(i, j int, at orb.Point) *Finding {
	a, b := v.rings[i], v.rings[j]
	switch {
	case i == j:
		return v.fault(i, SelfCrossing, "the ring crosses itself", at)
	case a.polygon != b.polygon:
		return v.fault(j, PolygonsOverlap, "two polygons overlap", at)
	case !a.hole():
		return v.fault(j, HoleCrossing, "the hole crosses its polygon's border", at)
	}
	return v.fault(j, HolesOverlap, "two holes overlap", at)
}

func (v *validator) fault(ring int, code Code, text string, at orb.Point) *Finding {
	f := findingf(code, "%s at %s", text, place(at)).zh("%s, 位于 %s", code.Zh(), place(at)).at(v.rings[ring].number)
	if v.multi {
		f.at(v.rings[ring].polygon)
	}
	return f
}

// nesting checks how rings that do not cross lie in one another.
func (v *validator) nesting() *Finding {
	slices.SortFunc(v.touches, func(s, t touch) int {
		return cmp.Or(cmp.Compare(s.a, t.a), cmp.Compare(s.b, t.b), comparePoints(s.at, t.at), cmp.Compare(s.ea, t.ea), cmp.Compare(s.eb, t.eb))
	})
	v.touches = slices.CompactFunc(v.touches, func(s, t touch) bool { return s.a == t.a && s.b == t.b && s.at == t.at })
	// where rings touch, the directions at the touch tell which lies in which
	type relation struct {
		other  int
		inside bool
	}
	related := make([][]relation, len(v.rings))
	for i, t := range v.touches {
		a, b := v.rings[t.a], v.rings[t.b]
		if v.passes(a, t.ea, b, t.eb, t.at) {
			return v.cross(t.a, t.b, t.at)
		}
		if i > 0 && v.touches[i-1].a == t.a && v.touches[i-1].b == t.b {
			continue
		}
		_, an := neighbours(a, t.ea, t.at)
		_, bn := neighbours(b, t.eb, t.at)
		related[t.a] = append(related[t.a], relation{t.b, leftOf(b, t.eb, t.at, an) != b.hole()})
		related[t.b] = append(related[t.b], relation{t.a, leftOf(a, t.ea, t.at, bn) != a.hole()})
	}
	if f := v.split(); f != nil {
		return f
	}
	parity := make([]bool, len(v.rings))
	touches := make([]bool, len(v.rings))
	var around []int // rings that the current one lies in
	for i, r := range v.rings {
		around = around[:0]
		for _, rel := range related[i] {
			touches[rel.other] = true
			if rel.inside {
				around = append(around, rel.other)
			}
		}
		touches[i] = true
		var hit []int
		if !v.tree.ray(r.Ring[0], func(e edgeRef) {
			if j := int(e.ring); !touches[j] {
				parity[j] = !parity[j]
				hit = append(hit, j)
			}
		}) {
			return findingf(TooComplex, "the polygon's %d rings lie so that checking them would take too long; split it", len(v.rings)).
				zh("多边形的 %d 个环排布复杂, 检查耗时过长; 请拆分", len(v.rings))
		}
		for _, j := range hit {
			if parity[j] {
				parity[j] = false
				around = append(around, j)
			}
		}
		touches[i] = false
		for _, rel := range related[i] {
			touches[rel.other] = false
		}
		if f := v.lies(i, around); f != nil {
			return f
		}
	}
	return nil
}

// lies judges a ring by the rings it lies in.
func (v *validator) lies(i int, around []int) *Finding {
	r := v.rings[i]
	inShell := false
	for _, j := range around {
		o := v.rings[j]
		switch {
		case o.polygon == r.polygon && !o.hole():
			inShell = true
		case o.polygon == r.polygon && r.hole():
			return v.fault(i, HolesOverlap, "a hole lies in another hole", r.Ring[0])
		case o.polygon != r.polygon && !r.hole() && !o.hole():
			inHole := slices.ContainsFunc(around, func(k int) bool { return v.rings[k].polygon == o.polygon && v.rings[k].hole() })
			if !inHole {
				return v.fault(i, PolygonsOverlap, "a polygon lies in another one", r.Ring[0])
			}
		}
	}
	if r.hole() && !inShell {
		return v.fault(i, HoleOutside, "the hole lies outside its polygon", r.Ring[0])
	}
	return nil
}

// split refuses a polygon whose rings touch in a closed chain, which cuts its inside in pieces: rings and touching points as the
// two sides of a graph must form no cycle.
func (v *validator) split() *Finding {
	var own []touch
	for _, t := range v.touches {
		if v.rings[t.a].polygon == v.rings[t.b].polygon {
			own = append(own, t)
		}
	}
	slices.SortFunc(own, func(s, t touch) int {
		return cmp.Or(cmp.Compare(v.rings[s.a].polygon, v.rings[t.a].polygon), comparePoints(s.at, t.at), cmp.Compare(s.a, t.a), cmp.Compare(s.b, t.b))
	})
	root := make([]int, len(v.rings))
	for i := range root {
		root[i] = i
	}
	find := func(i int) int {
		for root[i] != i {
			root[i] = root[root[i]]
			i = root[i]
		}
		return i
	}
	for from := 0; from < len(own); {
		to := from
		var at []int
		for to < len(own) && own[to].at == own[from].at && v.rings[own[to].a].polygon == v.rings[own[from].a].polygon {
			at = append(at, own[to].a, own[to].b)
			to++
		}
		slices.Sort(at)
		at = slices.Compact(at)
		for _, r := range at[1:] {
			x, y := find(at[0]), find(r)
			if x == y {
				return v.fault(r, InteriorSplit, "rings that touch cut the polygon in pieces", own[from].at)
			}
			root[y] = x
		}
		from = to
	}
	return nil
}

// passes reports whether two stretches of ring that share the point at, without running along each other, cross there.
func (v *validator) passes(a ring, ea int, b ring, eb int, at orb.Point) bool {
	before, after := neighbours(b, eb, at)
	return leftOf(a, ea, at, before) != leftOf(a, ea, at, after)
}

// neighbours are the vertices before and after a point on a ring's edge.
func neighbours(r ring, edge int, at orb.Point) (before, after orb.Point) {
	n := len(r.Ring) - 1
	before, after = r.Ring[edge], r.Ring[edge+1]
	if at == before {
		before = r.Ring[(edge+n-1)%n]
	} else if at == after {
		after = r.Ring[(edge+1)%n+1]
	}
	return before, after
}

// leftOf reports whether the direction from at to q, which runs along neither edge of the ring at that point, lies on its left.
func leftOf(r ring, edge int, at, q orb.Point) bool {
	before, after := neighbours(r, edge, at)
	in, out := turn(before, at, q) > 0, turn(at, after, q) > 0
	if turn(before, at, after) > 0 {
		return in && out
	}
	return in || out
}

// Pairs of edges.

type meeting uint8

const (
	apart meeting = iota
	touching
	overlapping
	crossing
)

// meet tells how two edges meet, exactly, and where, for touching exactly.
func meet(a, b, c, d orb.Point) (meeting, orb.Point) {
	tc, td := turn(a, b, c), turn(a, b, d)
	if tc == td && tc != 0 {
		return apart, a
	}
	ta, tb := turn(c, d, a), turn(c, d, b)
	if ta == tb && ta != 0 {
		return apart, a
	}
	if tc == 0 && td == 0 {
		if comparePoints(a, b) > 0 {
			a, b = b, a
		}
		if comparePoints(c, d) > 0 {
			c, d = d, c
		}
		if comparePoints(c, a) > 0 {
			a = c
		}
		if comparePoints(d, b) < 0 {
			b = d
		}
		switch order := comparePoints(a, b); {
		case order > 0:
			return apart, a
		case order == 0:
			return touching, a
		}
		return overlapping, a
	}
	switch {
	case tc == 0:
		return onEdge(c, a, b)
	case td == 0:
		return onEdge(d, a, b)
	case ta == 0:
		return onEdge(a, c, d)
	case tb == 0:
		return onEdge(b, c, d)
	}
	// the signs differ on both sides; where exactly is only for the message
	dx, dy := b[0]-a[0], b[1]-a[1]
	ex, ey := d[0]-c[0], d[1]-c[1]
	t := (float64((c[0]-a[0])*ey) - float64((c[1]-a[1])*ex)) / (float64(dx*ey) - float64(dy*ex))
	t = max(0, min(1, t))
	if math.IsNaN(t) {
		t = 0
	}
	return crossing, orb.Point{a[0] + float64(t*dx), a[1] + float64(t*dy)}
}

// onEdge tells whether p on the line through a and b lies on the edge.
func onEdge(p, a, b orb.Point) (meeting, orb.Point) {
	if min(a[0], b[0]) <= p[0] && p[0] <= max(a[0], b[0]) && min(a[1], b[1]) <= p[1] && p[1] <= max(a[1], b[1]) {
		return touching, p
	}
	return apart, p
}

// foldsBack reports whether the way a → b → c turns back onto itself at b.
func foldsBack(a, b, c orb.Point) bool {
	if sign(a[0]-b[0])*sign(c[0]-b[0]) < 0 || sign(a[1]-b[1])*sign(c[1]-b[1]) < 0 {
		return false
	}
	if turn(a, b, c) != 0 {
		return false
	}
	return sign(a[0]-b[0]) == sign(c[0]-b[0]) && sign(a[1]-b[1]) == sign(c[1]-b[1])
}

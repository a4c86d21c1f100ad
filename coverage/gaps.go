package coverage

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"sync/atomic"

	"github.com/paulmach/orb"

	"lifecircle/geo/index"
	"lifecircle/geo/measure"
	"lifecircle/geo/overlay"
)

// part is a connected place of a gap before it has an id.
type part struct {
	polygon       orb.MultiPolygon
	people        int64 // thousandths; Unknown for land
	mm2           int64
	nearest, most int64 // mm, Unknown where no facility exists
}

// landGaps draws, in every unit, the land that is not covered: beyond the limit, or undetermined.
func (j *judge) landGaps(ctx context.Context, q *question, col *column, lt *landTally) error {
	parts := make([][2][]part, len(j.city.units)) // by state
	var failed atomic.Pointer[error]
	parallel(len(j.city.units), j.threads, 1, func(u int) {
		if !q.req.Applies(j.city.units[u].kind) {
			return
		}
		var drawn [2][]orb.MultiPolygon
		for _, n := range j.city.land.subjects[u] {
			t := lt.pieces[n]
			if t.covered == t.total || ctx.Err() != nil {
				continue
			}
			beyond, cannot, err := j.drawPiece(j.city.land.pieces[n].polygon, t, lt, int(n))
			if err != nil {
				failed.CompareAndSwap(nil, &err)
				return
			}
			for _, p := range beyond {
				drawn[uncovered] = append(drawn[uncovered], orb.MultiPolygon{p})
			}
			for _, p := range cannot {
				drawn[undetermined] = append(drawn[undetermined], orb.MultiPolygon{p})
			}
		}
		s := lt.sums[u]
		whole := [2]int64{s.total - s.covered - s.undetermined, s.undetermined}
		for state := range whole { // a strip too thin to be drawn goes with the other state
			if len(drawn[state]) == 0 && len(drawn[1-state]) > 0 {
				whole[1-state], whole[state] = whole[1-state]+whole[state], 0
			}
		}
		for state := range whole {
			parts[u][state] = shareOut(drawn[state], whole[state])
		}
	})
	if e := failed.Load(); e != nil {
		return *e
	}
	// how far the nearest facility is from the lattice's middles in each gap
	var points []orb.Point
	var ends []int
	for u := range parts {
		for state := range parts[u] {
			for k := range parts[u][state] {
				squares := latticeIn(parts[u][state][k].polygon)
				for _, s := range squares {
					points = append(points, s.middle())
				}
				if len(squares) == 0 {
					points = append(points, measure.PointOnSurface(parts[u][state][k].polygon))
				}
				ends = append(ends, len(points))
			}
		}
	}
	look, err := j.look(ctx, q, NewPlaces(points))
	if err != nil {
		return err
	}
	start, n := 0, 0
	for u := range parts {
		for state := range parts[u] {
			for k := range parts[u][state] {
				p := &parts[u][state][k]
				p.people = Unknown
				p.nearest, p.most = meanReach(look.mm[start:ends[n]], nil)
				start, n = ends[n], n+1
			}
			for _, p := range parts[u][state] {
				col.gaps = append(col.gaps, p.gap(u, uint8(state)))
			}
		}
	}
	return nil
}

// drawPiece draws what of a piece is uncovered and what is undetermined.
func (j *judge) drawPiece(piece orb.MultiPolygon, t sum, lt *landTally, n int) (beyond, cannot orb.MultiPolygon, err error) {
	left := piece
	if t.covered > 0 {
		if left, err = lt.serves.Uncovered(piece); err != nil {
			return nil, nil, err
		}
	}
	switch {
	case t.undetermined == 0:
		return left, nil, nil
	case t.undetermined == t.total-t.covered:
		return nil, left, nil
	}
	if beyond, err = lt.tells.Uncovered(lt.inside[n]); err != nil {
		return nil, nil, err
	}
	cannot, err = overlay.Difference(left, beyond)
	return beyond, cannot, err
}

// shareOut gives drawn parts their exact areas: what is drawn lies up to 5 cm off the exact border, so
// the exact sum is divided among the parts in proportion. Parts under 1 m² are only drawn if no other is.
func shareOut(drawn []orb.MultiPolygon, whole int64) []part {
	if whole <= 0 || len(drawn) == 0 {
		return nil
	}
	var parts []part
	var areas []int64
	for _, mp := range drawn {
		if a := measure.AreaMM2(mp); a >= minLandMM2 {
			parts = append(parts, part{polygon: mp})
			areas = append(areas, a)
		}
	}
	if len(parts) == 0 {
		largest := slices.MaxFunc(drawn, func(a, b orb.MultiPolygon) int {
			return int(min(1, max(-1, measure.AreaMM2(a)-measure.AreaMM2(b))))
		})
		return []part{{polygon: largest, mm2: whole}}
	}
	for i, a := range apportion(whole, areas) {
		parts[i].mm2 = a
	}
	return parts
}

// peopleGaps draws, in every unit, the cells and the lattice squares of points that are not covered.
func (j *judge) peopleGaps(ctx context.Context, q *question, col *column) error {
	looks := make([]*outlook, len(j.city.groups))
	for g, gr := range j.city.groups {
		if gr.measures[q.denominator] == nil {
			continue
		}
		var err error
		if looks[g], err = j.look(ctx, q, gr.places); err != nil {
			return err
		}
	}
	if j.clips == nil {
		j.clips = make([]map[run][]orb.MultiPolygon, len(j.city.units))
		for u := range j.clips {
			j.clips[u] = map[run][]orb.MultiPolygon{}
		}
	}
	found := make([][]Gap, len(j.city.units))
	var failed atomic.Pointer[error]
	parallel(len(j.city.units), j.threads, 1, func(u int) {
		if !q.req.Applies(j.city.units[u].kind) {
			return
		}
		for state := uncovered; state <= undetermined; state++ {
			parts, err := j.unitGaps(q, looks, u, state)
			if err != nil {
				err = fmt.Errorf("neighborhood %s: %w", j.city.units[u].id, err)
				failed.CompareAndSwap(nil, &err)
				return
			}
			for _, p := range parts {
				found[u] = append(found[u], p.gap(u, state))
			}
		}
	})
	if e := failed.Load(); e != nil {
		return *e
	}
	for _, g := range found {
		col.gaps = append(col.gaps, g...)
	}
	return nil
}

func (p part) gap(unit int, state uint8) Gap {
	return Gap{Subject: unit, State: stateNames[state], People: p.people, AreaMM2: p.mm2, NearestMM: p.nearest, NearestMax: p.most, Geometry: p.polygon}
}

// unitGaps gives a unit's connected places of one state.
func (j *judge) unitGaps(q *question, looks []*outlook, u int, state uint8) ([]part, error) {
	type spot struct {
		point  orb.Point
		weight int64
		mm     int32
		area   int // index in areas
	}
	var spots []spot
	var squares []square
	var areas []orb.MultiPolygon // connected places: first the pieces of cells, then components of squares
	loose := false               // some may share borders
	for g, gr := range j.city.groups {
		w := gr.measures[q.denominator]
		if w == nil {
			continue
		}
		for _, n := range gr.subjects[u] {
			if looks[g].state[n] != state || w.milli[n] == 0 {
				continue
			}
			s := spot{gr.points[n], w.milli[n], looks[g].mm[n], -1}
			if piece, ok := gr.pieces[n]; ok {
				s.area, loose = len(areas), true
				areas = append(areas, piece)
			} else {
				squares = append(squares, squareOf(s.point))
			}
			spots = append(spots, s)
		}
	}
	if len(spots) == 0 {
		return nil, nil
	}
	shapes, shapeOf, rowOf := squareAreas(squares)
	parts := make([][]int, len(shapes)) // areas that each connected group of squares was clipped to
	for i, shape := range shapes {
		clipped, known := j.clips[u][rowOf[i]]
		if !known {
			var err error
			if clipped, err = j.clip(shape, u); err != nil {
				return nil, err
			}
			if rowOf[i] != (run{}) {
				j.clips[u][rowOf[i]] = clipped
			}
		}
		for _, mp := range clipped {
			parts[i] = append(parts[i], len(areas))
			areas = append(areas, mp)
		}
	}
	// every point to the part that holds it
	locators := make([]*measure.Locator, len(areas))
	for i := range spots {
		s := &spots[i]
		if s.area >= 0 {
			continue
		}
		here := parts[shapeOf[squareOf(s.point)]]
		for _, k := range here {
			if locators[k] == nil {
				locators[k] = measure.NewLocator(areas[k])
			}
			if locators[k].Locate(s.point) != measure.Outside {
				s.area = k
				break
			}
		}
		for _, k := range here { // on a border, but for rounding
			if s.area < 0 && measure.NewShape(areas[k]).Distance(s.point) <= touchMetres {
				s.area = k
			}
		}
		if s.area < 0 { // on a border, its square outside: the square on the other side
			area, err := j.squareInside(s.point, u)
			if err != nil {
				return nil, err
			}
			s.area, loose = len(areas), true
			areas = append(areas, area)
		}
	}
	// parts that share more than a corner are one gap
	used := make([]bool, len(areas))
	for _, s := range spots {
		used[s.area] = true
	}
	var kept []int
	for k := range areas {
		if used[k] {
			kept = append(kept, k)
		}
	}
	var joined [][]int
	var shapesOf []orb.MultiPolygon
	if loose { // groups of squares share no border with each other
		var err error
		if joined, shapesOf, err = joinAreas(areas, kept); err != nil {
			return nil, err
		}
	} else {
		for _, k := range kept {
			joined, shapesOf = append(joined, []int{k}), append(shapesOf, overlay.Normalize(areas[k]))
		}
	}
	groupOf := make([]int, len(areas))
	for g, group := range joined {
		for _, k := range group {
			groupOf[k] = g
		}
	}
	out := make([]part, len(joined))
	mms, ws := make([][]int32, len(joined)), make([][]int64, len(joined))
	for _, s := range spots {
		g := groupOf[s.area]
		out[g].people += s.weight
		mms[g], ws[g] = append(mms[g], s.mm), append(ws[g], s.weight)
	}
	for g := range joined {
		out[g].polygon, out[g].mm2 = shapesOf[g], measure.AreaMM2(shapesOf[g])
		out[g].nearest, out[g].most = meanReach(mms[g], ws[g])
	}
	return out, nil
}

// squareInside gives what of a lattice square at a point lies in a unit, for a point on the unit's border: of the squares that
// touch the point the first, from north-east to south-west, that has something inside.
func (j *judge) squareInside(p orb.Point, u int) (orb.MultiPolygon, error) {
	const step = 2e-9 // degrees
	for _, by := range [4]orb.Point{{step, step}, {-step, step}, {step, -step}, {-step, -step}} {
		sq := squareOf(orb.Point{p[0] + by[0], p[1] + by[1]})
		in, err := overlay.Intersection(run{sq.row, sq.col, sq.col}.polygon(), j.city.units[u].geometry)
		if err != nil {
			return nil, err
		}
		for _, poly := range in {
			if mp := (orb.MultiPolygon{poly}); measure.NewShape(mp).Distance(p) <= touchMetres {
				return mp, nil
			}
		}
	}
	sq := squareOf(p)
	return orb.MultiPolygon{run{sq.row, sq.col, sq.col}.polygon()}, nil
}

// touchMetres is how near a point must come to drawn geometry to lie in it: overlays round to 10⁻⁹ degrees.
const touchMetres = 0.001

// clip gives the parts of a shape that lie in a unit.
func (j *judge) clip(shape orb.MultiPolygon, u int) ([]orb.MultiPolygon, error) {
	if relate(shape, j.city.units[u].geometry) != crossing {
		return []orb.MultiPolygon{shape}, nil
	}
	in, err := overlay.Intersection(shape, j.city.units[u].geometry)
	if err != nil {
		return nil, err
	}
	var parts []orb.MultiPolygon
	for _, p := range in {
		parts = append(parts, orb.MultiPolygon{p})
	}
	return parts, nil
}

// squareAreas gives the outlines of the connected groups of squares, the group of every square, and the run that
// a group is made of, zero if of several.
func squareAreas(squares []square) ([]orb.MultiPolygon, map[square]int, []run) {
	runs := runsOf(squares)
	groups := components(runs)
	groupOf := make(map[square]int, len(squares))
	out := make([]orb.MultiPolygon, len(groups))
	only := make([]run, len(groups))
	for g, members := range groups {
		own := make([]run, len(members))
		for i, r := range members {
			own[i] = runs[r]
			for col := runs[r].first; col <= runs[r].last; col++ {
				groupOf[square{runs[r].row, col}] = g
			}
		}
		if out[g] = outline(own); len(own) == 1 {
			only[g] = own[0]
		}
	}
	return out, groupOf, only
}

// joinAreas unites areas (those kept, by index) and groups them by the connected parts of their union: areas that share a
// border of some length, or the several parts of one area, are one group. The groups are sorted by their first area.
func joinAreas(areas []orb.MultiPolygon, kept []int) ([][]int, []orb.MultiPolygon, error) {
	gs := make([]orb.Geometry, len(kept))
	for i, k := range kept {
		gs[i] = areas[k]
	}
	union, err := overlay.Join(gs)
	if err != nil {
		return nil, nil, err
	}
	whole := make([]orb.MultiPolygon, len(union))
	for i, p := range union {
		whole[i] = orb.MultiPolygon{p}
	}
	regions := index.NewRegions(whole)
	sets := newDisjoint(len(kept) + len(union)) // areas, then parts
	for i, k := range kept {
		for _, p := range areas[k] {
			at, box := measure.PointOnSurface(p), p.Bound()
			inside, border := regions.At(at)
			for _, n := range append(inside, border...) {
				sets.join(i, len(kept)+n)
			}
			if len(inside) == 0 && len(border) == 0 { // a sliver, but for rounding: the parts that touch it
				for _, n := range regions.Search(box.Pad(touchDegrees)) {
					if overlay.Touches(whole[n], p) {
						sets.join(i, len(kept)+n)
					}
				}
			}
		}
	}
	var groups [][]int
	var shapes []orb.MultiPolygon
	for _, set := range sets.groups() {
		var group []int
		var shape orb.MultiPolygon
		for _, n := range set {
			if n < len(kept) {
				group = append(group, kept[n])
			} else {
				shape = append(shape, union[n-len(kept)])
			}
		}
		switch {
		case len(group) == 0:
			continue // no area's: only rounding leaves such a part
		case len(shape) == 0:
			for _, k := range group {
				shape = append(shape, areas[k]...)
			}
		}
		groups, shapes = append(groups, group), append(shapes, overlay.Normalize(shape))
	}
	return groups, shapes, nil
}

// touchDegrees is touchMetres in degrees of latitude.
const touchDegrees = 1e-8

// meanReach gives the weighted mean (half up) and the largest of reaches; Unknown where none exists. A
// nil weights counts each once.
func meanReach(mm []int32, weights []int64) (mean, most int64) {
	var total, sum int64
	most = Unknown
	hi := int64(0) // Σ weight·mm may pass 2⁶³: carry in units of 2⁴⁰
	for i, m := range mm {
		if m < 0 {
			return Unknown, Unknown
		}
		w := int64(1)
		if weights != nil {
			w = weights[i]
		}
		total += w
		most = max(most, int64(m))
		sum += w * (int64(m) & 0xffff)
		hi += w * (int64(m) >> 16)
	}
	if total == 0 {
		return Unknown, most
	}
	q, r := hi/total, hi%total
	return q<<16 + mulDiv(1, r<<16+sum, total), most
}

// finishGaps sorts a requirement's gaps, names them, and joins those that touch across neighborhoods.
func finishGaps(gaps []Gap, units []unit, requirement int, id string) {
	sort.SliceStable(gaps, func(a, b int) bool {
		x, y := gaps[a], gaps[b]
		if x.Subject != y.Subject {
			return x.Subject < y.Subject
		}
		if x.State != y.State {
			return x.State < y.State
		}
		return lessArea(x.Geometry, y.Geometry)
	})
	names := unitRows(units)
	number := 0
	for i := range gaps {
		number++
		if i == 0 || gaps[i-1].Subject != gaps[i].Subject {
			number = 1
		}
		gaps[i].Requirement = requirement
		gaps[i].ID = fmt.Sprintf("%s/%s/%04d", names[gaps[i].Subject], id, number)
	}
	sets := newDisjoint(len(gaps))
	bounds := make([]orb.Bound, len(gaps))
	order := make([]int, len(gaps))
	const near = 2e-9 // degrees: overlay results are rounded to 10⁻⁹
	for i := range gaps {
		bounds[i], order[i] = gaps[i].Geometry.Bound(), i
		bounds[i].Min[0] -= near
		bounds[i].Min[1] -= near
		bounds[i].Max[0] += near
		bounds[i].Max[1] += near
	}
	sort.Slice(order, func(a, b int) bool { return bounds[order[a]].Min[0] < bounds[order[b]].Min[0] })
	for x, a := range order {
		for _, b := range order[x+1:] {
			if bounds[b].Min[0] > bounds[a].Max[0] {
				break
			}
			if gaps[a].State == gaps[b].State && gaps[a].Subject != gaps[b].Subject && bounds[a].Intersects(bounds[b]) &&
				sets.find(a) != sets.find(b) && touching(gaps[a].Geometry, gaps[b].Geometry, bounds[a], bounds[b]) {
				sets.join(a, b)
			}
		}
	}
	for i := range gaps {
		gaps[i].Cluster = gaps[sets.find(i)].ID
	}
}

// touching tells whether two areas come within a millimetre of each other: borders cut by an overlay are
// rounded, each on its own side.
func touching(a, b orb.MultiPolygon, boundA, boundB orb.Bound) bool {
	for _, side := range [2]struct {
		vertices, shape orb.MultiPolygon
		bound           orb.Bound
	}{{a, b, boundB}, {b, a, boundA}} {
		var shape *measure.Shape
		for _, poly := range side.vertices {
			for _, ring := range poly {
				for _, v := range ring {
					if !side.bound.Contains(v) {
						continue
					}
					if shape == nil {
						shape = measure.NewShape(side.shape)
					}
					if shape.Distance(v) <= touchMetres {
						return true
					}
				}
			}
		}
	}
	return false
}

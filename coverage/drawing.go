package coverage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"
)

// The drawings of a run are its gaps and service areas: what a map shows. They follow from its inputs, catalog
// and parameters as its numbers do, but take much longer and more room in a large city, so that they may be made later.

// Drawing says when a run is drawn; it changes no byte of a drawing.
type Drawing uint8

const (
	DrawNow   Drawing = iota // with the run
	DrawLater                // when somebody asks, see Draw
	DrawAuto                 // with the run if the city is small: up to drawnAtOnce places judged
)

// drawnAtOnce bounds the places of demand and parcels of land, each counted for every requirement, that DrawAuto draws with
// the run: a second or two.
const drawnAtOnce = 1_000_000

// now tells whether a city's run by n requirements is drawn at once.
func (d Drawing) now(c *City, n int) bool {
	if d != DrawAuto {
		return d == DrawNow
	}
	places := 0
	for _, g := range c.groups {
		places += len(g.points)
	}
	if c.land != nil {
		places += len(c.land.pieces)
	}
	return places*n <= drawnAtOnce
}

// Draw gives a run its gaps and service areas: those that the store keeps, else computed anew from the layer versions that
// the run read, and kept.
func Draw(ctx context.Context, st Store, r *Run, o Options) error {
	if r.Drawn {
		return nil
	}
	if err := st.Drawings(ctx, r); err != nil || r.Drawn {
		return err
	}
	if r.Version != AlgorithmVersion {
		return Errorf(Invalid, "评估 %.12[1]s 由另一版本（算法 %[2]s）计算，未保存盲区，无法补绘；请重新评估", "run %.12[1]s was computed by another version (algorithm %[2]s) without its gaps, which cannot be drawn now: score again", r.Hash, r.Version)
	}
	o.Progress.at("read", 0, 0)
	city, err := loadCity(ctx, st, r.Inputs)
	if err != nil {
		return err
	}
	j, err := newJudge(city, r.Catalog, r.Services(), r.Params, o.threads())
	if err != nil {
		return err
	}
	w := &work{judge: j, cache: st, fresh: map[string][]byte{}, draw: true}
	for k := range r.Catalog.Requirements {
		if err := ctx.Err(); err != nil {
			return err
		}
		o.Progress.at("draw", int64(k), int64(len(r.Requirements)))
		gaps, err := w.gaps(ctx, k)
		if err != nil {
			return err
		}
		r.Gaps = append(r.Gaps, gaps...)
	}
	if err := w.drawAreas(ctx, r); err != nil {
		return err
	}
	r.sortDrawings()
	if err := w.keep(ctx); err != nil {
		return err
	}
	return st.SaveDrawings(ctx, r)
}

// sortDrawings puts the gaps of a run in their order.
func (r *Run) sortDrawings() {
	sort.SliceStable(r.Gaps, func(a, b int) bool {
		x, y := &r.Gaps[a], &r.Gaps[b]
		if x.Subject != y.Subject {
			return x.Subject < y.Subject
		}
		return x.Requirement < y.Requirement
	})
	r.Drawn = true
}

// work computes columns and drawings that no cache has.
type work struct {
	*judge
	cache Cache // may be nil
	fresh map[string][]byte
	draw  bool // gaps are wanted with columns
}

// keep keeps what was computed.
func (w *work) keep(ctx context.Context) error {
	if w.cache == nil || len(w.fresh) == 0 {
		return nil
	}
	return w.cache.SaveCached(ctx, w.fresh)
}

// cached gives a value from the cache, nil if there is none.
func (w *work) cached(ctx context.Context, key string) []byte {
	if w.cache == nil {
		return nil
	}
	b, err := w.cache.Cached(ctx, key)
	if err != nil {
		return nil
	}
	return b
}

// column gives the column of requirement r, with its gaps if they are drawn now.
func (w *work) column(ctx context.Context, r, subjects int) (*column, error) {
	req := &w.catalog.Requirements[r]
	key, err := w.columnKey(req)
	if err != nil {
		return nil, err
	}
	col, ok := unpackColumn(w.cached(ctx, "column/"+key), subjects)
	if ok && w.draw {
		if col.gaps, ok = unpackGaps(w.cached(ctx, "gaps/"+key)); ok {
			col.number(r)
		}
	}
	if ok {
		return col, nil
	}
	if col, err = w.judge.judge(ctx, req, w.draw); err != nil {
		return nil, err
	}
	w.fresh["column/"+key] = col.pack()
	if w.draw {
		finishGaps(col.gaps, w.city.units, r, req.ID)
		w.fresh["gaps/"+key] = packGaps(col.gaps)
	}
	return col, nil
}

// number says of which requirement a column's gaps are: in the cache they are of any.
func (c *column) number(r int) {
	for i := range c.gaps {
		c.gaps[i].Requirement = r
	}
}

// gaps gives the gaps of requirement r.
func (w *work) gaps(ctx context.Context, r int) ([]Gap, error) {
	req := &w.catalog.Requirements[r]
	key, err := w.columnKey(req)
	if err != nil {
		return nil, err
	}
	col := &column{}
	var ok bool
	if col.gaps, ok = unpackGaps(w.cached(ctx, "gaps/"+key)); ok {
		col.number(r)
		return col.gaps, nil
	}
	if col, err = w.judge.judge(ctx, req, true); err != nil {
		return nil, err
	}
	finishGaps(col.gaps, w.city.units, r, req.ID)
	w.fresh["gaps/"+key] = packGaps(col.gaps)
	return col.gaps, nil
}

// drawAreas draws where each alternative of each requirement serves. A drawing hangs only on the facilities
// and the limit: it is kept in the cache under them.
func (w *work) drawAreas(ctx context.Context, run *Run) error {
	type drawing struct {
		o   option
		key string
	}
	var todo []drawing
	for r := range w.catalog.Requirements {
		if w.catalog.Requirements[r].Count != nil {
			continue
		}
		q, err := w.ask(&w.catalog.Requirements[r])
		if err != nil {
			return err
		}
		for _, o := range q.options {
			run.ServiceAreas = append(run.ServiceAreas, ServiceArea{Requirement: r, Service: o.alt.Service, Limit: trimDecimal(int64(o.limit), 3), Facilities: len(o.members)})
			todo = append(todo, drawing{o, w.areaKey(&o)})
		}
	}
	errs, found := make([]error, len(todo)), make([]bool, len(todo))
	parallel(len(todo), w.threads, 1, func(i int) {
		a := &run.ServiceAreas[i]
		if b := w.cached(ctx, todo[i].key); b != nil {
			u := unpacker{b: b}
			if g := polygons(u.shape(0)); u.err == nil && len(u.b) == 0 {
				a.Geometry, found[i] = g, true
				return
			}
		}
		if errs[i] = ctx.Err(); errs[i] == nil {
			a.Geometry, errs[i] = w.ruler.Area(ctx, todo[i].o.set, todo[i].o.limit)
		}
	})
	for i, err := range errs {
		if err != nil {
			return err
		}
		if !found[i] {
			p := packer{}
			p.shape(run.ServiceAreas[i].Geometry)
			w.fresh[todo[i].key] = p.b
		}
	}
	return nil
}

// areaKey names the drawing of an option's service area.
func (j *judge) areaKey(o *option) string {
	p := packer{}
	p.string(AlgorithmVersion + j.ruler.Key())
	p.uint32(int(o.limit))
	for _, g := range o.set.Geometries {
		p.shape(g)
	}
	sum := sha256.Sum256(p.b)
	return "area/" + hex.EncodeToString(sum[:])
}

const drawingMagic = "LCDR\x01"

// PackDrawings packs the gaps and service areas of one requirement: what the project file keeps beside the run.
func (r *Run) PackDrawings(requirement int) []byte {
	var gaps []Gap
	for i := range r.Gaps {
		if r.Gaps[i].Requirement == requirement {
			gaps = append(gaps, r.Gaps[i])
		}
	}
	var areas []ServiceArea
	for _, a := range r.ServiceAreas {
		if a.Requirement == requirement {
			areas = append(areas, a)
		}
	}
	p := packer{b: []byte(drawingMagic)}
	p.gaps(gaps)
	p.areas(areas)
	return p.b
}

// UnpackDrawings reads what PackDrawings wrote of every requirement, in their order.
func (r *Run) UnpackDrawings(packed [][]byte) error {
	if len(packed) != len(r.Requirements) {
		return fmt.Errorf("%w: drawings of %d requirements, the run has %d", ErrPacked, len(packed), len(r.Requirements))
	}
	gaps, areas := []Gap(nil), []ServiceArea(nil)
	for _, b := range packed {
		u := unpacker{b: b}
		if string(u.take(len(drawingMagic))) != drawingMagic {
			return fmt.Errorf("%w: no packed drawings", ErrPacked)
		}
		g, a := u.gaps(), u.areas()
		if u.err == nil && len(u.b) != 0 {
			u.fail("%d bytes too many", len(u.b))
		}
		if u.err != nil {
			return u.err
		}
		gaps, areas = append(gaps, g...), append(areas, a...)
	}
	r.Gaps, r.ServiceAreas = gaps, areas
	r.sortDrawings()
	return r.soundDrawings()
}

// soundDrawings refuses gaps and service areas of what the run does not have.
func (r *Run) soundDrawings() error {
	for i := range r.Gaps {
		if g := &r.Gaps[i]; g.Subject >= len(r.Subjects) || g.Requirement >= len(r.Requirements) || min(g.People, g.NearestMM, g.NearestMax) < Unknown || g.AreaMM2 < 0 {
			return fmt.Errorf("%w: gap %d", ErrPacked, i)
		}
	}
	for i := range r.ServiceAreas {
		if r.ServiceAreas[i].Requirement >= len(r.Requirements) {
			return fmt.Errorf("%w: service area %d", ErrPacked, i)
		}
	}
	return nil
}

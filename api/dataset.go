package api

import (
	"context"
	"slices"
	"sync"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"lifecircle/coverage"
	"lifecircle/geo/geojson"
	"lifecircle/geo/measure"
)

// dataset is one version of a table, ready to be asked for pages of its rows as GeoJSON features. A table that fits is
// rendered once and kept, with what finds rows by place, value and id; a larger one is walked for every
// request, with the same answers.
type dataset struct {
	table  coverage.Table
	packed *packed // nil: the table is walked
}

// page is the answer to a query: features in the table's order.
type page struct {
	matched  int
	features [][]byte
}

// newDataset renders a table if it takes no more than max bytes. The second result is what it takes.
func newDataset(ctx context.Context, t coverage.Table, max int64) (*dataset, int64, error) {
	d := &dataset{table: t}
	p, err := pack(ctx, &t, max)
	if err != nil {
		return nil, 0, err
	}
	d.packed = p
	if p == nil {
		return d, 1024, nil
	}
	return d, p.size, nil
}

// query gives the page of rows that match.
func (d *dataset) query(ctx context.Context, q itemsQuery) (page, error) {
	if d.packed == nil {
		return d.walk(ctx, q)
	}
	p := d.packed
	rows, all, err := p.find(ctx, &d.table, q)
	if err != nil {
		return page{}, err
	}
	out := page{matched: len(rows)}
	if all {
		out.matched = p.len()
	}
	for i := q.offset; i < out.matched && len(out.features) < q.limit; i++ {
		row := i
		if !all {
			row = int(rows[i])
		}
		out.features = append(out.features, p.feature(row, q.skipGeometry))
	}
	return out, nil
}

// walk answers a query from the table itself.
func (d *dataset) walk(ctx context.Context, q itemsQuery) (page, error) {
	var out page
	n := 0
	err := d.table.Each(func(id string, row []coverage.Value, g orb.Geometry) error {
		if n++; n%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		for _, f := range q.filters {
			if !f.matches(row) {
				return nil
			}
		}
		if q.boxes != nil && !slices.ContainsFunc(q.boxes, func(b orb.Bound) bool { return intersects(g, b) }) {
			return nil
		}
		if out.matched >= q.offset && len(out.features) < q.limit {
			feature, _, _ := appendFeature(nil, &d.table, id, row, g, q.skipGeometry)
			out.features = append(out.features, feature)
		}
		out.matched++
		return nil
	})
	return out, err
}

// item gives the feature of an id, nil if there is none.
func (d *dataset) item(ctx context.Context, id string) ([]byte, error) {
	if p := d.packed; p != nil {
		if row, ok := p.ids[id]; ok {
			return p.feature(int(row), false), nil
		}
		return nil, nil
	}
	var feature []byte
	n := 0
	err := d.table.Each(func(rowID string, row []coverage.Value, g orb.Geometry) error {
		if n++; n%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if rowID == id {
			feature, _, _ = appendFeature(nil, &d.table, id, row, g, false)
			return errFound
		}
		return nil
	})
	if err == errFound {
		err = nil
	}
	return feature, err
}

type stop string

func (s stop) Error() string { return string(s) }

const (
	errFound    = stop("found")
	errTooLarge = stop("too large")
)

// packed is a rendered table.
type packed struct {
	blob  []byte // all features, one after the other
	spans []span
	boxes []orb.Bound // nil: the table has no geometry
	bare  []int32     // rows without a geometry, which every box matches
	ids   map[string]int32
	size  int64

	treeOnce sync.Once
	tree     *rtree.RTreeGN[float64, int32]

	mu     sync.Mutex
	values map[int]map[coverage.Value][]int32 // column → value → rows
}

// span is where a feature, and its geometry within it, stands in the blob.
type span struct{ start, geometry, geometryEnd, end int64 }

func pack(ctx context.Context, t *coverage.Table, max int64) (*packed, error) {
	if int64(t.Len)*64 > max {
		return nil, nil
	}
	p := &packed{spans: make([]span, 0, t.Len), ids: make(map[string]int32, t.Len), values: map[int]map[coverage.Value][]int32{}}
	hasGeometry := t.GeometryType != ""
	err := t.Each(func(id string, row []coverage.Value, g orb.Geometry) error {
		n := len(p.spans)
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		s := span{start: int64(len(p.blob))}
		var from, to int
		p.blob, from, to = appendFeature(p.blob, t, id, row, g, false)
		s.geometry, s.geometryEnd, s.end = int64(from), int64(to), int64(len(p.blob))
		p.spans = append(p.spans, s)
		if _, twice := p.ids[id]; !twice {
			p.ids[id] = int32(n)
		}
		if hasGeometry {
			var b orb.Bound
			if isEmpty(g) {
				p.bare = append(p.bare, int32(n))
			} else {
				b = g.Bound()
			}
			p.boxes = append(p.boxes, b)
		}
		p.size = int64(cap(p.blob)) + int64(n+1)*160 // spans, boxes, tree, ids, one index
		if p.size > max {
			return errTooLarge
		}
		return nil
	})
	if err == errTooLarge {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (p *packed) len() int { return len(p.spans) }

// feature gives a row as a GeoJSON feature. It is part of the blob unless the geometry is cut out.
func (p *packed) feature(row int, skipGeometry bool) []byte {
	s := p.spans[row]
	if !skipGeometry || s.geometry == s.geometryEnd {
		return p.blob[s.start:s.end:s.end]
	}
	out := append([]byte(nil), p.blob[s.start:s.geometry]...)
	out = append(out, "null"...)
	return append(out, p.blob[s.geometryEnd:s.end]...)
}

// find gives the matching rows in order, or all=true for every row.
func (p *packed) find(ctx context.Context, t *coverage.Table, q itemsQuery) (rows []int32, all bool, err error) {
	all = true
	if q.boxes != nil && p.boxes != nil {
		rows, all = p.inside(q.boxes), false
	}
	for _, f := range q.filters {
		if f.never {
			return nil, false, nil
		}
		index, err := p.index(ctx, t, f.column)
		if err != nil {
			return nil, false, err
		}
		if all {
			rows, all = index[f.value], false
		} else {
			rows = both(rows, index[f.value])
		}
	}
	return rows, all, nil
}

// inside gives the rows that touch any of the boxes, in order.
func (p *packed) inside(boxes []orb.Bound) []int32 {
	p.treeOnce.Do(func() {
		p.tree = new(rtree.RTreeGN[float64, int32])
		bare := p.bare
		for i, b := range p.boxes {
			if len(bare) > 0 && bare[0] == int32(i) {
				bare = bare[1:]
				continue
			}
			p.tree.Insert(b.Min, b.Max, int32(i))
		}
	})
	rows := slices.Clone(p.bare)
	for _, box := range boxes {
		p.tree.Search(box.Min, box.Max, func(min, max [2]float64, row int32) bool {
			within := min[0] >= box.Min[0] && min[1] >= box.Min[1] && max[0] <= box.Max[0] && max[1] <= box.Max[1]
			if !within {
				s := p.spans[row]
				g, err := geojson.ParseGeometry(p.blob[s.geometry:s.geometryEnd])
				within = err != nil || intersects(g, box)
			}
			if within {
				rows = append(rows, row)
			}
			return true
		})
	}
	slices.Sort(rows)
	return slices.Compact(rows)
}

// index gives the rows by the values of a column; it is made when first asked for.
func (p *packed) index(ctx context.Context, t *coverage.Table, column int) (map[coverage.Value][]int32, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if index, ok := p.values[column]; ok {
		return index, nil
	}
	index := map[coverage.Value][]int32{}
	n := int32(0)
	err := t.Each(func(_ string, row []coverage.Value, _ orb.Geometry) error {
		if n%4096 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		v := row[column]
		if v.Null {
			v = coverage.Value{Null: true}
		}
		index[v] = append(index[v], n)
		n++
		return nil
	})
	if err != nil {
		return nil, err
	}
	p.values[column] = index
	return index, nil
}

// both gives what two sorted lists share.
func both(a, b []int32) []int32 {
	var out []int32
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			a = a[1:]
		case a[0] > b[0]:
			b = b[1:]
		default:
			out = append(out, a[0])
			a, b = a[1:], b[1:]
		}
	}
	return out
}

// appendFeature appends a row as a GeoJSON feature, and tells where its geometry stands.
func appendFeature(dst []byte, t *coverage.Table, id string, row []coverage.Value, g orb.Geometry, skipGeometry bool) (out []byte, from, to int) {
	dst = append(dst, `{"type":"Feature","id":`...)
	dst = coverage.AppendJSONString(dst, id)
	dst = append(dst, `,"geometry":`...)
	from = len(dst)
	if skipGeometry || isEmpty(g) {
		dst = append(dst, "null"...)
	} else {
		dst = geojson.AppendGeometry(dst, g)
	}
	to = len(dst)
	dst = append(dst, `,"properties":`...)
	dst = t.AppendRowJSON(dst, row)
	return append(dst, '}'), from, to
}

func isEmpty(g orb.Geometry) bool {
	switch g := g.(type) {
	case nil:
		return true
	case orb.MultiPolygon:
		return len(g) == 0
	case orb.Polygon:
		return len(g) == 0
	case orb.MultiPoint:
		return len(g) == 0
	case orb.LineString:
		return len(g) == 0
	case orb.MultiLineString:
		return len(g) == 0
	}
	return false
}

// intersects tells exactly whether a geometry and a box have a point in common. No geometry intersects every box.
func intersects(g orb.Geometry, box orb.Bound) bool {
	switch g := g.(type) {
	case orb.Point:
		return box.Contains(g)
	case orb.MultiPoint:
		return slices.ContainsFunc(g, box.Contains)
	case orb.LineString:
		return lineMeets(g, box)
	case orb.MultiLineString:
		return slices.ContainsFunc(g, func(l orb.LineString) bool { return lineMeets(l, box) })
	case orb.Polygon:
		return len(g) == 0 || polygonMeets(g, box)
	case orb.MultiPolygon:
		return len(g) == 0 || slices.ContainsFunc(g, func(p orb.Polygon) bool { return polygonMeets(p, box) })
	}
	return true
}

// polygonMeets: a ring comes into the box, or the box lies within the polygon.
func polygonMeets(p orb.Polygon, box orb.Bound) bool {
	for _, ring := range p {
		if lineMeets(orb.LineString(ring), box) {
			return true
		}
	}
	return measure.Locate(p, box.Min) != measure.Outside
}

func lineMeets(l orb.LineString, box orb.Bound) bool {
	if len(l) == 1 {
		return box.Contains(l[0])
	}
	for i := 1; i < len(l); i++ {
		if segmentMeets(l[i-1], l[i], box) {
			return true
		}
	}
	return false
}

// segmentMeets: the boxes overlap, and the corners of the box do not all lie on one side of the line.
func segmentMeets(a, b orb.Point, box orb.Bound) bool {
	if max(a[0], b[0]) < box.Min[0] || min(a[0], b[0]) > box.Max[0] || max(a[1], b[1]) < box.Min[1] || min(a[1], b[1]) > box.Max[1] {
		return false
	}
	if a == b || box.Contains(a) || box.Contains(b) {
		return true
	}
	left, right := false, false
	for _, corner := range [...]orb.Point{box.Min, {box.Max[0], box.Min[1]}, box.Max, {box.Min[0], box.Max[1]}} {
		side := measure.Orient(a, b, corner)
		left = left || side >= 0
		right = right || side <= 0
	}
	return left && right
}

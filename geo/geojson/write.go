package geojson

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/paulmach/orb"
)

// AppendGeometry appends a geometry as GeoJSON: compact, members in the order type, coordinates, the shortest decimals that read
// back as the same doubles, never in scientific notation, −0 as 0. A nil geometry is null; rings and bounds are polygons. All
// coordinates must be finite.
func AppendGeometry(dst []byte, g orb.Geometry) []byte {
	start := func(typ string) { dst = append(append(append(dst, `{"type":"`...), typ...), `","coordinates":`...) }
	switch g := g.(type) {
	case nil:
		return append(dst, "null"...)
	case orb.Point:
		start("Point")
		dst = appendPosition(dst, g)
	case orb.MultiPoint:
		start("MultiPoint")
		dst = appendPositions(dst, g)
	case orb.LineString:
		start("LineString")
		dst = appendPositions(dst, g)
	case orb.MultiLineString:
		start("MultiLineString")
		dst = appendArray(dst, g, func(dst []byte, l orb.LineString) []byte { return appendPositions(dst, l) })
	case orb.Ring:
		return AppendGeometry(dst, orb.Polygon{g})
	case orb.Bound:
		return AppendGeometry(dst, g.ToPolygon())
	case orb.Polygon:
		start("Polygon")
		dst = appendRings(dst, g)
	case orb.MultiPolygon:
		start("MultiPolygon")
		dst = appendArray(dst, g, appendRings)
	case orb.Collection:
		dst = append(dst, `{"type":"GeometryCollection","geometries":`...)
		dst = appendArray(dst, g, AppendGeometry)
	}
	return append(dst, '}')
}

func appendArray[T any](dst []byte, elements []T, appendOne func([]byte, T) []byte) []byte {
	dst = append(dst, '[')
	for i, e := range elements {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendOne(dst, e)
	}
	return append(dst, ']')
}

func appendRings(dst []byte, p orb.Polygon) []byte {
	return appendArray(dst, p, func(dst []byte, r orb.Ring) []byte { return appendPositions(dst, r) })
}

func appendPositions(dst []byte, ps []orb.Point) []byte { return appendArray(dst, ps, appendPosition) }

func appendPosition(dst []byte, p orb.Point) []byte {
	dst = append(dst, '[')
	dst = append(appendFloat(dst, p[0]), ',')
	return append(appendFloat(dst, p[1]), ']')
}

// ParseGeometry reads one GeoJSON geometry as strictly as the Reader; what the Reader would mend is an error too. Errors are
// *SyntaxError or *Finding.
func ParseGeometry(text []byte) (orb.Geometry, error) {
	var s scanner
	if err := s.check(text, 1, 0, defaultDepth); err != nil {
		return nil, err
	}
	d := decoder{text: text, maxVertices: Limits{}.withDefaults().MaxVertices}
	g, f := d.geometry()
	switch {
	case f != nil:
		return nil, f
	case d.flattened != nil:
		return nil, d.flattened
	case d.closing != nil:
		d.closing.Text = "the ring is not closed"
		return nil, d.closing
	}
	return g, nil
}

// Canonical gives bytes that are equal for equal features, for hashing: id (as text), geometry, then properties as by AppendJSON.
// Rings begin at their smallest vertex and run as RFC 7946 says, holes and the polygons of a multipolygon are sorted; the order of
// a multi-point or of lines is kept. The feature is not changed.
func Canonical(f Feature) []byte {
	dst, _ := AppendCanonical(make([]byte, 0, 256), f)
	return dst
}

// AppendCanonical appends what [Canonical] gives, and says at which byte of it the properties begin; they end before the last one.
func AppendCanonical(dst []byte, f Feature) (_ []byte, properties int) {
	dst = append(dst, `{"type":"Feature"`...)
	if f.HasID {
		dst = appendString(append(dst, `,"id":`...), f.ID)
	}
	dst = AppendGeometry(append(dst, `,"geometry":`...), canonicalGeometry(f.Geometry))
	dst = append(dst, `,"properties":`...)
	properties = len(dst)
	return append(f.Properties.AppendJSON(dst), '}'), properties
}

func canonicalGeometry(g orb.Geometry) orb.Geometry {
	switch g := g.(type) {
	case orb.Ring:
		return canonicalPolygon(orb.Polygon{g})
	case orb.Polygon:
		return canonicalPolygon(g)
	case orb.MultiPolygon:
		out := make(orb.MultiPolygon, len(g))
		for i, p := range g {
			out[i] = canonicalPolygon(p)
		}
		slices.SortFunc(out, func(a, b orb.Polygon) int {
			return slices.CompareFunc(a, b, compareRings)
		})
		return out
	}
	return g
}

func canonicalPolygon(p orb.Polygon) orb.Polygon {
	out := make(orb.Polygon, len(p))
	for i, r := range p {
		out[i] = canonicalRing(r, i == 0)
	}
	if len(out) > 2 {
		slices.SortFunc(out[1:], compareRings)
	}
	return out
}

func compareRings(a, b orb.Ring) int { return slices.CompareFunc(a, b, comparePoints) }

func canonicalRing(r orb.Ring, ccw bool) orb.Ring {
	out := slices.Clone(r)
	n := len(out) - 1
	if n < 3 || out[0] != out[n] {
		return out
	}
	orient(out, ccw)
	low := 0
	for i := 1; i < n; i++ {
		if comparePoints(out[i], out[low]) < 0 {
			low = i
		}
	}
	turned := append(make(orb.Ring, 0, n+1), out[low:n]...)
	turned = append(turned, out[:low]...)
	return append(turned, out[low])
}

// Writer writes a FeatureCollection as a stream, a feature per line, with members always in the same order: type, the members set
// before the first feature, features, the members set after it. The first error stays.
type Writer struct {
	w        *bufio.Writer
	buf      []byte
	features bool // the array of features is open
	any      bool
	closed   bool
	names    []string
	after    []byte
	err      error
	check    scanner
}

// NewWriter returns a writer to w.
func NewWriter(w io.Writer) *Writer {
	x := &Writer{w: bufio.NewWriterSize(w, 64<<10)}
	x.write([]byte(`{"type":"FeatureCollection"`))
	return x
}

// Member sets a further member of the collection, such as name, numberMatched or links, to a JSON text. Before the first feature
// it is written at once, later behind the features.
func (w *Writer) Member(name string, json []byte) error {
	switch {
	case w.err != nil:
		return w.err
	case w.closed:
		return w.fail(errors.New("geojson: the collection is closed"))
	case name == "type" || name == "features" || slices.Contains(w.names, name):
		return w.fail(fmt.Errorf("geojson: the collection already has a member %q", name))
	}
	if err := w.check.check(json, 1, 0, defaultDepth); err != nil {
		return w.fail(fmt.Errorf("geojson: member %q: %w", name, err))
	}
	w.names = append(w.names, name)
	w.buf = append(w.buf[:0], ',')
	w.buf = append(appendString(w.buf, name), ':')
	w.buf = append(w.buf, bytes.TrimSpace(json)...)
	if w.features {
		w.after = append(w.after, w.buf...)
		return nil
	}
	return w.write(w.buf)
}

// WriteFeature writes a feature. An empty id is left out, a nil geometry is null; properties is a JSON object, or nil for null,
// and written as it is.
func (w *Writer) WriteFeature(id string, g orb.Geometry, properties []byte) error {
	if w.err != nil {
		return w.err
	}
	if w.closed {
		return w.fail(errors.New("geojson: the collection is closed"))
	}
	properties = bytes.TrimSpace(properties)
	if len(properties) == 0 {
		properties = []byte("null")
	} else if err := w.check.check(properties, 1, 0, defaultDepth); err != nil {
		return w.fail(fmt.Errorf("geojson: properties of feature %q: %w", id, err))
	} else if properties[0] != '{' && properties[0] != 'n' {
		return w.fail(fmt.Errorf("geojson: properties of feature %q are no object", id))
	}
	if !allFinite(g) {
		return w.fail(fmt.Errorf("geojson: feature %q has a coordinate that is not finite", id))
	}
	w.open()
	b := w.buf[:0]
	if w.any {
		b = append(b, ',')
	}
	w.any = true
	b = append(b, "\n{\"type\":\"Feature\""...)
	if id != "" {
		b = appendString(append(b, `,"id":`...), id)
	}
	b = AppendGeometry(append(b, `,"geometry":`...), g)
	b = append(append(append(b, `,"properties":`...), properties...), '}')
	w.buf = b
	return w.write(b)
}

// Close ends the collection and flushes it; it does not close the underlying writer. A second call does nothing.
func (w *Writer) Close() error {
	if w.closed || w.err != nil {
		return w.err
	}
	w.open()
	w.closed = true
	if w.any {
		w.write([]byte("\n"))
	}
	w.write([]byte("]"))
	w.write(w.after)
	w.write([]byte("}\n"))
	if w.err == nil {
		w.err = w.w.Flush()
	}
	return w.err
}

func (w *Writer) open() {
	if !w.features {
		w.features = true
		w.write([]byte(`,"features":[`))
	}
}

func (w *Writer) write(b []byte) error {
	if w.err == nil {
		_, w.err = w.w.Write(b)
	}
	return w.err
}

func (w *Writer) fail(err error) error {
	w.err = err
	return err
}

func allFinite(g orb.Geometry) bool {
	all := func(ps []orb.Point) bool {
		for _, p := range ps {
			if !finite(p) {
				return false
			}
		}
		return true
	}
	switch g := g.(type) {
	case orb.Point:
		return finite(g)
	case orb.MultiPoint:
		return all(g)
	case orb.LineString:
		return all(g)
	case orb.MultiLineString:
		for _, l := range g {
			if !all(l) {
				return false
			}
		}
	case orb.Ring:
		return all(g)
	case orb.Bound:
		return finite(g.Min) && finite(g.Max)
	case orb.Polygon:
		for _, r := range g {
			if !all(r) {
				return false
			}
		}
	case orb.MultiPolygon:
		for _, p := range g {
			if !allFinite(p) {
				return false
			}
		}
	case orb.Collection:
		for _, m := range g {
			if !allFinite(m) {
				return false
			}
		}
	}
	return true
}

package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// The GeoPackage's geometry blob (OGC 12-128r18, 2.1.3): "GP", version, flags, SRS id, an
// envelope, and ISO WKB. We write little endian, SRS 4326, and the envelope except for points,
// whose WKB is no longer than one. We read what any program may write: both byte orders, any
// envelope, Z and M (dropped).

const (
	srsWGS84 = 4326
	// The two undefined systems of every GeoPackage: a geometry that says so is in its column's.
	srsPlane, srsGeographic = -1, 0
	// maxNesting bounds collections within collections.
	maxNesting = 8
)

var errBlob = errors.New("not a GeoPackage geometry")

// The codes of WKB.
const (
	wkbPoint uint32 = iota + 1
	wkbLineString
	wkbPolygon
	wkbMultiPoint
	wkbMultiLineString
	wkbMultiPolygon
	wkbCollection
)

// encodeBlob appends the blob of a geometry; nil gives nothing (NULL).
func encodeBlob(dst []byte, g orb.Geometry) []byte {
	if g == nil {
		return dst
	}
	_, isPoint := g.(orb.Point)
	b := g.Bound()
	empty := !isPoint && (isEmpty(g) || b.IsEmpty())
	flags := byte(1) // little endian
	if empty {
		flags |= 1 << 4
	} else if !isPoint {
		flags |= 1 << 1 // envelope: min x, max x, min y, max y
	}
	dst = append(dst, 'G', 'P', 0, flags)
	dst = binary.LittleEndian.AppendUint32(dst, srsWGS84)
	if !isPoint && !empty {
		for _, v := range [...]float64{b.Min[0], b.Max[0], b.Min[1], b.Max[1]} {
			dst = appendFloat(dst, v)
		}
	}
	return appendWKB(dst, g)
}

// isEmpty tells whether a geometry has no position at all.
func isEmpty(g orb.Geometry) bool {
	switch g := g.(type) {
	case nil:
		return true
	case orb.Point:
		return math.IsNaN(g[0])
	case orb.LineString:
		return len(g) == 0
	case orb.MultiPoint:
		return len(g) == 0
	case orb.Polygon:
		return len(g) == 0 || len(g[0]) == 0
	case orb.MultiLineString:
		for _, l := range g {
			if len(l) > 0 {
				return false
			}
		}
		return true
	case orb.MultiPolygon:
		for _, p := range g {
			if !isEmpty(p) {
				return false
			}
		}
		return true
	case orb.Collection:
		for _, p := range g {
			if !isEmpty(p) {
				return false
			}
		}
		return true
	}
	return false
}

func appendFloat(dst []byte, v float64) []byte {
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(v))
}

func appendHead(dst []byte, kind uint32, count int) []byte {
	dst = append(dst, 1)
	dst = binary.LittleEndian.AppendUint32(dst, kind)
	return binary.LittleEndian.AppendUint32(dst, uint32(count))
}

func appendPositions(dst []byte, ps []orb.Point) []byte {
	for _, p := range ps {
		dst = appendFloat(appendFloat(dst, p[0]), p[1])
	}
	return dst
}

// appendWKB appends a geometry in little endian ISO WKB.
func appendWKB(dst []byte, g orb.Geometry) []byte {
	switch g := g.(type) {
	case orb.Point:
		dst = append(dst, 1)
		dst = binary.LittleEndian.AppendUint32(dst, wkbPoint)
		return appendFloat(appendFloat(dst, g[0]), g[1])
	case orb.LineString:
		return appendPositions(appendHead(dst, wkbLineString, len(g)), g)
	case orb.Ring:
		return appendWKB(dst, orb.Polygon{g})
	case orb.Bound:
		return appendWKB(dst, g.ToPolygon())
	case orb.Polygon:
		dst = appendHead(dst, wkbPolygon, len(g))
		for _, r := range g {
			dst = binary.LittleEndian.AppendUint32(dst, uint32(len(r)))
			dst = appendPositions(dst, r)
		}
		return dst
	case orb.MultiPoint:
		dst = appendHead(dst, wkbMultiPoint, len(g))
		for _, p := range g {
			dst = appendWKB(dst, p)
		}
		return dst
	case orb.MultiLineString:
		dst = appendHead(dst, wkbMultiLineString, len(g))
		for _, l := range g {
			dst = appendWKB(dst, l)
		}
		return dst
	case orb.MultiPolygon:
		dst = appendHead(dst, wkbMultiPolygon, len(g))
		for _, p := range g {
			dst = appendWKB(dst, p)
		}
		return dst
	case orb.Collection:
		dst = appendHead(dst, wkbCollection, len(g))
		for _, p := range g {
			dst = appendWKB(dst, p)
		}
		return dst
	}
	panic(fmt.Sprintf("store: no such geometry: %T", g))
}

// decodeBlob reads a blob; nothing (NULL) gives nil.
func decodeBlob(b []byte) (orb.Geometry, error) {
	if len(b) == 0 {
		return nil, nil
	}
	_, body, err := blobHead(b)
	if err != nil {
		return nil, err
	}
	return decodeWKB(body)
}

// decodeWKB reads one geometry and nothing after it.
func decodeWKB(b []byte) (orb.Geometry, error) {
	r := wkbReader{b: b}
	g := r.geometry(0)
	if r.err == nil && len(r.b) != 0 {
		r.fail("%d bytes too many", len(r.b))
	}
	if r.err != nil {
		return nil, r.err
	}
	return g, nil
}

// blobHead reads a blob's header: its envelope (min x, max x, min y, max y; nil if it has none) and its WKB.
func blobHead(b []byte) (envelope *[4]float64, wkb []byte, err error) {
	if len(b) < 8 || b[0] != 'G' || b[1] != 'P' {
		return nil, nil, errBlob
	}
	flags := b[3]
	if flags&(1<<5) != 0 {
		return nil, nil, fmt.Errorf("%w: an extended type", errBlob)
	}
	var order binary.ByteOrder = binary.BigEndian
	if flags&1 != 0 {
		order = binary.LittleEndian
	}
	sizes := [...]int{0, 4, 6, 6, 8}
	code := int(flags >> 1 & 7)
	if code >= len(sizes) || len(b) < 8+8*sizes[code] {
		return nil, nil, fmt.Errorf("%w: its envelope", errBlob)
	}
	if code > 0 {
		envelope = &[4]float64{}
		for i := range envelope {
			envelope[i] = math.Float64frombits(order.Uint64(b[8+8*i:]))
		}
	}
	return envelope, b[8+8*sizes[code]:], nil
}

// blobSRS gives the SRS id in the header of a blob that blobHead has read.
func blobSRS(b []byte) int32 {
	if b[3]&1 != 0 {
		return int32(binary.LittleEndian.Uint32(b[4:]))
	}
	return int32(binary.BigEndian.Uint32(b[4:]))
}

// wkbKind gives the type of a WKB that decodeWKB has read, with the codes of Z and M.
func wkbKind(wkb []byte) uint32 {
	if wkb[0] == 1 {
		return binary.LittleEndian.Uint32(wkb[1:])
	}
	return binary.BigEndian.Uint32(wkb[1:])
}

// conforms tells whether the blob of g is what a column of a type takes that is in SRS 4326 and without Z and M; other programs
// write others too, GDAL with no more than a warning.
func conforms(b []byte, g orb.Geometry, column string) bool {
	envelope, wkb, err := blobHead(b)
	if err != nil || b[2] != 0 || b[3]&0xd0 != 0 || blobSRS(b) != srsWGS84 {
		return false
	}
	kind := wkbKind(wkb)
	if fits, known := columnFits(column, kind); kind >= 1000 || !known || !fits {
		return false
	}
	bound := g.Bound()
	return envelope == nil || *envelope == [4]float64{bound.Min[0], bound.Max[0], bound.Min[1], bound.Max[1]}
}

// blobBound gives the bound of a blob's geometry, ok = false for none or an empty one.
func blobBound(b []byte) (env [4]float64, ok bool, err error) {
	envelope, wkb, err := blobHead(b)
	if err != nil {
		return env, false, err
	}
	if envelope != nil && !math.IsNaN(envelope[0]) {
		return *envelope, b[3]&(1<<4) == 0, nil
	}
	g, err := decodeWKB(wkb)
	if err != nil || isEmpty(g) {
		return env, false, err
	}
	bound := g.Bound()
	return [4]float64{bound.Min[0], bound.Max[0], bound.Min[1], bound.Max[1]}, true, nil
}

// spatialFunctions are the SQL functions that the R-tree extension asks for (OGC 12-128r18, F.3): NULL for
// NULL, for what is no geometry, and for the bound of an empty one.
func spatialFunctions() map[string]any {
	corner := func(i int) func(any) any {
		return func(v any) any {
			b, _ := v.([]byte)
			env, ok, err := blobBound(b)
			if !ok || err != nil {
				return nil
			}
			return env[i]
		}
	}
	return map[string]any{
		"ST_MinX": corner(0), "ST_MaxX": corner(1), "ST_MinY": corner(2), "ST_MaxY": corner(3),
		"ST_IsEmpty": func(v any) any {
			b, _ := v.([]byte)
			_, ok, err := blobBound(b)
			if err != nil {
				return nil
			}
			if ok {
				return int64(0)
			}
			return int64(1)
		},
	}
}

// wkbReader takes values off the front of b; after its first error it gives zeros.
type wkbReader struct {
	b     []byte
	err   error
	order binary.ByteOrder
	dims  int // of a position
}

func (r *wkbReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", errBlob, fmt.Sprintf(format, args...))
	}
	r.b = nil
}

func (r *wkbReader) take(n int) []byte {
	if r.err != nil || n > len(r.b) {
		r.fail("it ends too early")
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

// count reads a count of things of at least size bytes each.
func (r *wkbReader) count(size int) int {
	b := r.take(4)
	if r.err != nil {
		return 0
	}
	n := r.order.Uint32(b)
	if uint64(n)*uint64(size) > uint64(len(r.b)) {
		r.fail("a count of %d", n)
		return 0
	}
	return int(n)
}

// head reads the byte order and the type of a geometry, with its number of dimensions.
func (r *wkbReader) head() uint32 {
	b := r.take(1)
	if r.err != nil {
		return 0
	}
	switch b[0] {
	case 0:
		r.order = binary.BigEndian
	case 1:
		r.order = binary.LittleEndian
	default:
		r.fail("byte order %d", b[0])
		return 0
	}
	b = r.take(4)
	if r.err != nil {
		return 0
	}
	kind := r.order.Uint32(b)
	r.dims = 2
	if kind&0x80000000 != 0 { // the older way of writing Z and M
		r.dims++
	}
	if kind&0x40000000 != 0 {
		r.dims++
	}
	kind &^= 0xc0000000
	switch kind / 1000 {
	case 1, 2:
		r.dims++
	case 3:
		r.dims += 2
	}
	return kind % 1000
}

func (r *wkbReader) position() orb.Point {
	b := r.take(8 * r.dims)
	if r.err != nil {
		return orb.Point{}
	}
	return orb.Point{math.Float64frombits(r.order.Uint64(b)), math.Float64frombits(r.order.Uint64(b[8:]))}
}

func (r *wkbReader) positions() []orb.Point {
	out := make([]orb.Point, r.count(8*r.dims))
	for i := range out {
		out[i] = r.position()
	}
	return out
}

func (r *wkbReader) geometry(depth int) orb.Geometry {
	kind := r.head()
	if r.err != nil {
		return nil
	}
	switch kind {
	case wkbPoint:
		return r.position()
	case wkbLineString:
		return orb.LineString(r.positions())
	case wkbPolygon:
		out := make(orb.Polygon, r.count(4))
		for i := range out {
			out[i] = r.positions()
		}
		return out
	case wkbMultiPoint:
		return parts[orb.Point, orb.MultiPoint](r, depth)
	case wkbMultiLineString:
		return parts[orb.LineString, orb.MultiLineString](r, depth)
	case wkbMultiPolygon:
		return parts[orb.Polygon, orb.MultiPolygon](r, depth)
	case wkbCollection:
		return parts[orb.Geometry, orb.Collection](r, depth)
	}
	r.fail("geometry type %d", kind)
	return nil
}

// parts reads the parts of a multi-geometry, all of them of one type.
func parts[T orb.Geometry, M ~[]T](r *wkbReader, depth int) M {
	if depth == maxNesting {
		r.fail("geometries nested more than %d deep", maxNesting)
		return nil
	}
	out := make(M, r.count(5))
	for i := range out {
		part, ok := r.geometry(depth + 1).(T)
		if r.err != nil {
			return nil
		}
		if !ok {
			r.fail("a part of another type")
			return nil
		}
		out[i] = part
	}
	return out
}

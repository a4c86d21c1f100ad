package gpkg

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// maxDepth bounds how deep collections may nest.
const maxDepth = 16

// GeometryError says where and why the bytes of a geometry cannot be read.
type GeometryError struct {
	Offset int    // bytes from the start of the value
	Reason string // what is wrong there
}

// Error gives the sentence.
func (e *GeometryError) Error() string {
	return fmt.Sprintf("geometry at byte %d: %s", e.Offset, e.Reason)
}

// DecodeGeometry reads a GeoPackage geometry value: the "GP" header (clause 2.1.3) and the
// WKB after it. It gives the geometry in the file's coordinates and axis order (x, y), nil if
// it is empty, and the id of its reference system. Z and M are dropped. Curves and extended
// geometries are an error (*GeometryError), as is any coordinate that is not finite.
func DecodeGeometry(b []byte) (g orb.Geometry, srs int32, err error) {
	const fixed = 8
	if len(b) < fixed {
		return nil, 0, &GeometryError{len(b), "shorter than a GeoPackage header"}
	}
	if b[0] != 'G' || b[1] != 'P' {
		return nil, 0, &GeometryError{0, "no GeoPackage geometry (the bytes GP are missing)"}
	}
	if b[2] != 0 {
		return nil, 0, &GeometryError{2, fmt.Sprintf("geometry version %d is unknown", b[2])}
	}
	flags := b[3]
	if flags&0x20 != 0 {
		return nil, 0, &GeometryError{3, "extended geometries are not supported"}
	}
	order := byteOrder(flags & 1)
	srs = int32(order.Uint32(b[4:]))
	// Sizes of the envelope by its code: none, xy, xyz, xym, xyzm.
	sizes := [...]int{0, 32, 48, 48, 64}
	code := int(flags >> 1 & 7)
	if code >= len(sizes) {
		return nil, srs, &GeometryError{3, fmt.Sprintf("envelope code %d is unknown", code)}
	}
	start := fixed + sizes[code]
	if len(b) < start {
		return nil, srs, &GeometryError{len(b), "ends inside the envelope"}
	}
	g, err = decodeWKB(b, start)
	if err != nil {
		return nil, srs, err
	}
	return g, srs, nil
}

// DecodeWKB reads well-known binary: ISO (types 1–7, with 1000, 2000 and 3000 for Z, M and ZM)
// or the older extended form (flags in the high bits, with or without an SRID), in any byte
// order. It gives nil for an empty geometry; Z and M are dropped. Trailing bytes are an error.
func DecodeWKB(b []byte) (orb.Geometry, error) { return decodeWKB(b, 0) }

func decodeWKB(b []byte, at int) (orb.Geometry, error) {
	d := decoder{b: b, at: at}
	g := d.geometry(0, 0)
	if d.err != nil {
		return nil, d.err
	}
	if d.at != len(b) {
		return nil, &GeometryError{d.at, fmt.Sprintf("%d bytes follow the geometry", len(b)-d.at)}
	}
	return g, nil
}

// The types of WKB.
const (
	wkbPoint = iota + 1
	wkbLineString
	wkbPolygon
	wkbMultiPoint
	wkbMultiLineString
	wkbMultiPolygon
	wkbCollection
)

// decoder walks over WKB; the first error sticks and stops it.
type decoder struct {
	b   []byte
	at  int
	err error
}

func (d *decoder) fail(at int, format string, args ...any) {
	if d.err == nil {
		d.err = &GeometryError{at, fmt.Sprintf(format, args...)}
	}
}

func byteOrder(little byte) binary.ByteOrder {
	if little == 1 {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

// geometry reads one geometry with its own byte order and type; want is the type that a
// multi-geometry's members must have, 0 for any.
func (d *decoder) geometry(want uint32, depth int) orb.Geometry {
	start := d.at
	if depth > maxDepth {
		d.fail(start, "collections nest deeper than %d", maxDepth)
		return nil
	}
	if len(d.b)-d.at < 5 {
		d.fail(len(d.b), "ends where a geometry should begin")
		return nil
	}
	if d.b[d.at] > 1 {
		d.fail(d.at, "byte order %d is unknown", d.b[d.at])
		return nil
	}
	order := byteOrder(d.b[d.at])
	raw := order.Uint32(d.b[d.at+1:])
	d.at += 5
	kind, dims := raw&0x1fffffff, 2
	if raw&0x80000000 != 0 { // EWKB: Z
		dims++
	}
	if raw&0x40000000 != 0 { // EWKB: M
		dims++
	}
	if raw&0x20000000 != 0 { // EWKB: SRID
		if len(d.b)-d.at < 4 {
			d.fail(len(d.b), "ends inside the SRID")
			return nil
		}
		d.at += 4
	}
	if raw&0xe0000000 == 0 {
		switch kind / 1000 {
		case 1, 2:
			dims = 3
		case 3:
			dims = 4
		}
		if kind < 4000 {
			kind %= 1000
		}
	}
	if want != 0 && kind != want {
		d.fail(start, "a member of type %d where type %d belongs", kind, want)
		return nil
	}
	switch kind {
	case wkbPoint:
		if p, ok := d.point(order, dims); ok {
			return p
		}
	case wkbLineString:
		if l := d.points(order, dims); len(l) > 0 {
			return orb.LineString(l)
		}
	case wkbPolygon:
		if p := d.polygon(order, dims); len(p) > 0 {
			return p
		}
	case wkbMultiPoint:
		return members(d, order, wkbPoint, depth, func(m orb.MultiPoint, p orb.Point) orb.MultiPoint { return append(m, p) })
	case wkbMultiLineString:
		return members(d, order, wkbLineString, depth, func(m orb.MultiLineString, l orb.LineString) orb.MultiLineString { return append(m, l) })
	case wkbMultiPolygon:
		return members(d, order, wkbPolygon, depth, func(m orb.MultiPolygon, p orb.Polygon) orb.MultiPolygon { return append(m, p) })
	case wkbCollection:
		return members(d, order, 0, depth, func(c orb.Collection, g orb.Geometry) orb.Collection { return append(c, g) })
	default:
		d.fail(start, "geometry type %d is not supported", raw)
	}
	return nil
}

// members reads the members of a multi-geometry; empty ones are left out.
func members[M orb.Geometry, T orb.Geometry](d *decoder, order binary.ByteOrder, kind uint32, depth int, add func(M, T) M) orb.Geometry {
	const smallest = 9 // byte order, type, count
	n := d.count(order, smallest)
	var all M
	found := false
	for i := 0; i < n && d.err == nil; i++ {
		g := d.geometry(kind, depth+1)
		if t, ok := g.(T); ok && d.err == nil {
			all = add(all, t)
			found = true
		}
	}
	if !found || d.err != nil {
		return nil
	}
	return all
}

// count reads a number of things of at least size bytes each, and checks that they fit.
func (d *decoder) count(order binary.ByteOrder, size int) int {
	if d.err != nil {
		return 0
	}
	if len(d.b)-d.at < 4 {
		d.fail(len(d.b), "ends where a count should be")
		return 0
	}
	n := uint64(order.Uint32(d.b[d.at:]))
	d.at += 4
	if n*uint64(size) > uint64(len(d.b)-d.at) {
		d.fail(d.at-4, "a count of %d does not fit into the %d bytes that follow", n, len(d.b)-d.at)
		return 0
	}
	return int(n)
}

func (d *decoder) polygon(order binary.ByteOrder, dims int) orb.Polygon {
	n := d.count(order, 4)
	var p orb.Polygon
	for i := 0; i < n && d.err == nil; i++ {
		ring := d.points(order, dims)
		if len(ring) == 0 {
			if i == 0 && n > 1 {
				d.fail(d.at, "the outer ring is empty")
			}
			continue
		}
		p = append(p, orb.Ring(ring))
	}
	return p
}

func (d *decoder) points(order binary.ByteOrder, dims int) []orb.Point {
	n := d.count(order, 8*dims)
	if n == 0 {
		return nil
	}
	ps := make([]orb.Point, 0, n)
	for range n {
		at := d.at
		p, ok := d.point(order, dims)
		if !ok {
			d.fail(at, "an empty position inside a line or ring")
			return nil
		}
		ps = append(ps, p)
	}
	return ps
}

// point reads a position; it is not ok if all of it is NaN, which is how WKB writes an empty point.
func (d *decoder) point(order binary.ByteOrder, dims int) (orb.Point, bool) {
	if d.err != nil {
		return orb.Point{}, false
	}
	if len(d.b)-d.at < 8*dims {
		d.fail(len(d.b), "ends inside a position")
		return orb.Point{}, false
	}
	x := math.Float64frombits(order.Uint64(d.b[d.at:]))
	y := math.Float64frombits(order.Uint64(d.b[d.at+8:]))
	if math.IsNaN(x) && math.IsNaN(y) {
		d.at += 8 * dims
		return orb.Point{}, false
	}
	if math.IsNaN(x) || math.IsInf(x, 0) || math.IsNaN(y) || math.IsInf(y, 0) {
		d.fail(d.at, "a coordinate is not finite")
		return orb.Point{}, false
	}
	d.at += 8 * dims
	return orb.Point{x, y}, true
}

package coverage

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sort"

	"github.com/paulmach/orb"
)

// The packed copy of a layer, and its hash.
//
// Beside the rows that GIS users see, the project file keeps every version of a layer as one
// block of columns: a million rows are read back in a fraction of the second that a million
// SQL rows take. The form, all numbers little endian:
//
//	"LCLY", version (1 byte), 3 zero bytes
//	info     length (uint32) and JSON of LayerInfo, then its bound (4 float64: west, south, east, north)
//	surveys  count (uint32), then the area of each as a shape, in the order of info
//	rows     count (uint64) and the mask of the columns that follow (uint32)
//	columns  in the order of packColumns; strings as n lengths (uint32) and one run of bytes, points
//	         as pairs of float64, shapes as below, numbers as int64, lists as n counts and their strings
//	shape    kind (1 byte, as in WKB; 0 = none), counts as uint32, positions as pairs of float64
//
// Pack is faithful: what it wrote, UnpackLayer gives back. ComputeHash runs over the same columns in
// canonical form; a later version of the packed form must leave that of the hash as it is.
const (
	packMagic   = "LCLY"
	packVersion = 1
	hashDomain  = "lifecircle layer 1"
	maxNesting  = 4 // of geometry collections
)

// Bits of the column mask.
const (
	hasNames uint32 = 1 << iota
	hasPoints
	hasShapes
	hasProperties
	hasKinds
	hasServices
	hasStatus
	hasOpened
	hasClosed
	hasCapacity
	hasArea
	hasFloor

	allColumns = hasFloor<<1 - 1
)

// Kinds of shapes, the codes of WKB.
const (
	shapeNone byte = iota
	shapePoint
	shapeLineString
	shapePolygon
	shapeMultiPoint
	shapeMultiLineString
	shapeMultiPolygon
	shapeCollection
)

// ErrPacked is in the chain of every error of UnpackLayer.
var ErrPacked = errors.New("packed layer is damaged")

// Pack gives the layer as one block of bytes: the same bytes for the same layer.
func (l *Layer) Pack() []byte {
	p := packer{b: make([]byte, 0, l.PackedSize())}
	p.layer(l)
	return p.b
}

// PackTo writes what Pack gives piece by piece, so that a large layer need not be held twice. The error is the writer's.
func (l *Layer) PackTo(w io.Writer) error {
	p := packer{out: w}
	p.layer(l)
	p.flush()
	return p.err
}

// AppendShape appends one geometry, nil too, in its packed form.
func AppendShape(dst []byte, g orb.Geometry) []byte {
	p := packer{b: dst}
	p.shape(g)
	return p.b
}

// UnpackShape reads what AppendShape wrote. The errors are those of UnpackLayer.
func UnpackShape(b []byte) (orb.Geometry, error) {
	u := unpacker{b: b}
	g := u.shape(0)
	if u.err == nil && len(u.b) != 0 {
		u.fail("%d bytes too many", len(u.b))
	}
	return g, u.err
}

// UnpackLayer reads what Pack wrote. Strings share one copy per column. Damaged bytes give an error, never a panic,
// and never need more than a small multiple of their own size in memory.
func UnpackLayer(b []byte) (*Layer, error) {
	u := unpacker{b: b}
	if string(u.take(4)) != packMagic {
		return nil, fmt.Errorf("%w: no packed layer", ErrPacked)
	}
	if v := u.take(4); u.err != nil || v[0] != packVersion || v[1]|v[2]|v[3] != 0 {
		return nil, fmt.Errorf("%w: unknown version", ErrPacked)
	}
	l := &Layer{}
	u.info(&l.Info)
	u.columns(l)
	if u.err == nil && len(u.b) != 0 {
		u.fail("%d bytes too many", len(u.b))
	}
	if u.err != nil {
		return nil, u.err
	}
	return l, nil
}

// ComputeHash gives the hash of the layer's content and declarations, hex SHA-256: its key, rows in the order of
// their ids with every column, and what was declared of them. It leaves out what says nothing about the
// content: version, source file, how the CRS became known, bound, Changed. A column in which nothing is
// known counts as absent, a multi-geometry of one part as that part.
func (l *Layer) ComputeHash() string {
	c := l.canonical()
	sum := sha256.New()
	p := packer{out: sum, canonical: true}
	p.string(hashDomain)
	i := &c.Info
	for _, s := range []string{string(i.Role), i.Service, i.Name, i.CRS, i.Level, i.Derived, i.Attribution} {
		p.string(s)
	}
	p.bool(i.Modelled)
	p.list(i.Services)
	p.uint32(len(i.Surveys))
	for _, s := range i.Surveys {
		p.string(s.Service)
		p.string(string(s.Kind))
		p.shape(s.Area)
	}
	keys := make([]string, 0, len(i.Declared))
	for k := range i.Declared {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	p.uint32(len(keys))
	for _, k := range keys {
		p.string(k)
		p.string(i.Declared[k])
	}
	p.columns(c)
	p.flush()
	return hex.EncodeToString(sum.Sum(nil))
}

// canonical gives a copy that is sorted and without columns that say nothing. It shares rows with l.
func (l *Layer) canonical() *Layer {
	c := *l
	c.Measures, c.Parents = slices.Clone(l.Measures), slices.Clone(l.Parents)
	c.Info.Services = slices.Sorted(slices.Values(l.Info.Services))
	c.Info.Surveys = slices.Clone(l.Info.Surveys)
	sort.SliceStable(c.Info.Surveys, func(a, b int) bool { return c.Info.Surveys[a].Service < c.Info.Surveys[b].Service })
	c.Sort()

	c.Names = dropDefault(c.Names, "")
	c.Properties = dropDefault(c.Properties, "")
	c.Kinds = dropDefault(c.Kinds, "")
	c.Opened = dropDefault(c.Opened, "")
	c.Closed = dropDefault(c.Closed, "")
	c.Status = dropDefault(c.Status, StatusUnknown)
	c.Capacity = dropDefault(c.Capacity, Unknown)
	c.AreaMM2 = dropDefault(c.AreaMM2, Unknown)
	c.FloorMM2 = dropDefault(c.FloorMM2, Unknown)
	if !slices.ContainsFunc(c.Services, func(s []string) bool { return !slices.Equal(s, c.Info.Services) }) {
		c.Services = nil
	}
	if len(c.Points) == 0 {
		c.Points = onlyPoints(&c)
	}
	if len(c.Points) > 0 || c.Len() == 0 {
		c.Shapes, c.ShapesOutside = nil, nil
	}
	return &c
}

func dropDefault[T comparable](column []T, unknown T) []T {
	for _, v := range column {
		if v != unknown {
			return column
		}
	}
	return nil
}

// onlyPoints gives the places of a layer whose shapes are all points, else nil.
func onlyPoints(l *Layer) []orb.Point {
	var out []orb.Point
	for i := range l.IDs {
		p, ok := single(l.Geometry(i)).(orb.Point)
		if !ok {
			return nil
		}
		out = append(out, p)
	}
	return out
}

// single gives the part of a multi-geometry of one part, else the geometry itself.
func single(g orb.Geometry) orb.Geometry {
	switch g := g.(type) {
	case orb.MultiPoint:
		if len(g) == 1 {
			return g[0]
		}
	case orb.MultiLineString:
		if len(g) == 1 {
			return g[0]
		}
	case orb.MultiPolygon:
		if len(g) == 1 {
			return g[0]
		}
	}
	return g
}

// PackedSize is a good guess at the size of the packed layer, in bytes.
func (l *Layer) PackedSize() int {
	n := 4096 + 24*len(l.Points)
	if l.PropertiesOutside != nil {
		for i := range l.IDs {
			n += 4 + l.PropertiesOutside.Size(i)
		}
	}
	if l.ShapesOutside != nil {
		for i := range l.IDs {
			n += l.ShapesOutside.Size(i)
		}
	}
	for _, column := range [][]string{l.IDs, l.Names, l.Properties, l.Kinds, l.Opened, l.Closed} {
		n += 4 * len(column)
		for _, s := range column {
			n += len(s)
		}
	}
	n += 8 * (len(l.Capacity) + len(l.AreaMM2) + len(l.FloorMM2) + len(l.Measures)*len(l.IDs))
	return n + len(l.Status) + 16*len(l.Services) + 32*len(l.Shapes)
}

// packer appends values; with a writer it empties itself into it again and again: a column may be as large as the memory.
type packer struct {
	b         []byte
	out       io.Writer // may be nil
	err       error     // of out, the first
	canonical bool      // geometry in the form of the hash
}

// packRoom is how much a packer gathers for its writer.
const packRoom = 64 << 10

// room empties the packer if it holds enough.
func (p *packer) room() {
	if p.out != nil && len(p.b) >= packRoom {
		p.flush()
	}
}

func (p *packer) flush() {
	if p.out == nil {
		return
	}
	if p.err == nil {
		_, p.err = p.out.Write(p.b)
	}
	p.b = p.b[:0]
}

func (p *packer) layer(l *Layer) {
	p.b = append(p.b, packMagic...)
	p.b = append(p.b, packVersion, 0, 0, 0)
	p.info(&l.Info)
	p.columns(l)
}

func (p *packer) info(i *LayerInfo) {
	plain := *i
	plain.Bound = orb.Bound{} // JSON knows no infinities
	text, err := json.Marshal(plain)
	if err != nil {
		panic(err) // LayerInfo holds nothing but strings, numbers and lists of them
	}
	p.string(string(text))
	p.point(i.Bound.Min)
	p.point(i.Bound.Max)
	p.uint32(len(i.Surveys))
	for _, s := range i.Surveys {
		p.shape(s.Area)
	}
}

func (p *packer) columns(l *Layer) {
	p.b = binary.LittleEndian.AppendUint64(p.b, uint64(len(l.IDs)))
	p.b = binary.LittleEndian.AppendUint32(p.b, l.mask())
	p.strings(l.IDs)
	if l.Names != nil {
		p.strings(l.Names)
	}
	if l.Points != nil {
		for _, v := range l.Points {
			p.point(v)
			p.room()
		}
	}
	if l.Shapes != nil || l.ShapesOutside != nil {
		for i := range l.IDs {
			p.shape(l.Geometry(i))
		}
	}
	if l.Properties != nil {
		p.strings(l.Properties)
	}
	if texts := l.PropertiesOutside; texts != nil {
		for i := range l.IDs {
			p.uint32(texts.Size(i))
			p.room()
		}
		for i := range l.IDs {
			p.text(texts.At(i))
		}
	}
	if l.Kinds != nil {
		p.strings(l.Kinds)
	}
	if l.Services != nil {
		p.lists(l.Services)
	}
	if l.Status != nil {
		for _, s := range l.Status {
			p.b = append(p.b, byte(s))
		}
		p.room()
	}
	if l.Opened != nil {
		p.strings(l.Opened)
	}
	if l.Closed != nil {
		p.strings(l.Closed)
	}
	for _, column := range [][]int64{l.Capacity, l.AreaMM2, l.FloorMM2} {
		p.ints(column)
	}
	p.uint32(len(l.Parents))
	for _, c := range l.Parents {
		p.string(c.Level)
		p.lists(c.Parents)
	}
	p.uint32(len(l.Measures))
	for _, m := range l.Measures {
		p.string(m.Name)
		p.bool(m.Modelled)
		p.ints(m.Values)
	}
}

func (l *Layer) mask() (mask uint32) {
	for _, c := range []struct {
		has bool
		bit uint32
	}{
		{l.Names != nil, hasNames}, {l.Points != nil, hasPoints}, {l.Shapes != nil || l.ShapesOutside != nil, hasShapes},
		{l.Properties != nil || l.PropertiesOutside != nil, hasProperties}, {l.Kinds != nil, hasKinds}, {l.Services != nil, hasServices},
		{l.Status != nil, hasStatus}, {l.Opened != nil, hasOpened}, {l.Closed != nil, hasClosed},
		{l.Capacity != nil, hasCapacity}, {l.AreaMM2 != nil, hasArea}, {l.FloorMM2 != nil, hasFloor},
	} {
		if c.has {
			mask |= c.bit
		}
	}
	return mask
}

func (p *packer) uint32(n int) { p.b = binary.LittleEndian.AppendUint32(p.b, uint32(n)) }

func (p *packer) bool(v bool) {
	if v {
		p.b = append(p.b, 1)
	} else {
		p.b = append(p.b, 0)
	}
}

func (p *packer) string(s string) {
	p.uint32(len(s))
	p.b = append(p.b, s...)
}

func (p *packer) list(column []string) {
	p.uint32(len(column))
	p.strings(column)
}

func (p *packer) strings(column []string) {
	for _, s := range column {
		p.uint32(len(s))
		p.room()
	}
	for _, s := range column {
		p.text(s)
	}
}

// text appends bytes of which there may be many.
func (p *packer) text(s string) {
	for p.out != nil && len(s) > packRoom {
		p.b = append(p.b, s[:packRoom]...)
		p.flush()
		s = s[packRoom:]
	}
	p.b = append(p.b, s...)
	p.room()
}

// lists are n counts, then the strings of all as strings writes them.
func (p *packer) lists(column [][]string) {
	for _, list := range column {
		p.uint32(len(list))
		p.room()
	}
	for _, list := range column {
		for _, s := range list {
			p.uint32(len(s))
			p.room()
		}
	}
	for _, list := range column {
		for _, s := range list {
			p.text(s)
		}
	}
}

func (p *packer) ints(column []int64) {
	for _, v := range column {
		p.b = binary.LittleEndian.AppendUint64(p.b, uint64(v))
		p.room()
	}
}

func (p *packer) point(v orb.Point) {
	if p.canonical {
		v[0], v[1] = v[0]+0, v[1]+0 // −0 is 0
	}
	p.b = binary.LittleEndian.AppendUint64(p.b, math.Float64bits(v[0]))
	p.b = binary.LittleEndian.AppendUint64(p.b, math.Float64bits(v[1]))
}

func (p *packer) points(vs []orb.Point) {
	p.uint32(len(vs))
	for _, v := range vs {
		p.point(v)
		p.room()
	}
}

func (p *packer) rings(rings []orb.Ring) {
	p.uint32(len(rings))
	for _, r := range rings {
		p.points(r)
	}
}

func (p *packer) shape(g orb.Geometry) {
	if p.canonical {
		g = single(g)
	}
	p.room()
	switch g := g.(type) {
	case nil:
		p.b = append(p.b, shapeNone)
	case orb.Point:
		p.b = append(p.b, shapePoint)
		p.point(g)
	case orb.LineString:
		p.b = append(p.b, shapeLineString)
		p.points(g)
	case orb.Ring:
		p.shape(orb.Polygon{g})
	case orb.Bound:
		p.shape(g.ToPolygon())
	case orb.Polygon:
		p.b = append(p.b, shapePolygon)
		p.rings(g)
	case orb.MultiPoint:
		p.b = append(p.b, shapeMultiPoint)
		p.points(g)
	case orb.MultiLineString:
		p.b = append(p.b, shapeMultiLineString)
		p.uint32(len(g))
		for _, line := range g {
			p.points(line)
		}
	case orb.MultiPolygon:
		p.b = append(p.b, shapeMultiPolygon)
		p.uint32(len(g))
		for _, poly := range g {
			p.rings(poly)
		}
	case orb.Collection:
		p.b = append(p.b, shapeCollection)
		p.uint32(len(g))
		for _, part := range g {
			p.shape(part)
		}
	default:
		panic(fmt.Sprintf("coverage: no such geometry: %T", g))
	}
}

// unpacker takes values off the front of b; after its first error it gives zeros.
type unpacker struct {
	b   []byte
	err error
}

func (u *unpacker) fail(format string, args ...any) {
	if u.err == nil {
		u.err = fmt.Errorf("%w: %s", ErrPacked, fmt.Sprintf(format, args...))
	}
	u.b = nil
}

func (u *unpacker) take(n int) []byte {
	if u.err != nil || n < 0 || n > len(u.b) {
		u.fail("it ends too early")
		return nil
	}
	b := u.b[:n]
	u.b = u.b[n:]
	return b
}

// count reads a count of things that take at least size bytes each, so that no damaged count asks for memory.
func (u *unpacker) count(size int) int {
	b := u.take(4)
	if u.err != nil {
		return 0
	}
	n := uint64(binary.LittleEndian.Uint32(b))
	if n*uint64(size) > uint64(len(u.b)) {
		u.fail("a count of %d", n)
		return 0
	}
	return int(n)
}

func (u *unpacker) string() string { return string(u.take(u.count(1))) }

func (u *unpacker) bool() bool {
	b := u.take(1)
	if u.err != nil {
		return false
	}
	if b[0] > 1 {
		u.fail("a flag of %d", b[0])
	}
	return b[0] == 1
}

func (u *unpacker) info(i *LayerInfo) {
	text := u.take(u.count(1))
	if u.err != nil {
		return
	}
	if err := json.Unmarshal(text, i); err != nil {
		u.fail("info: %v", err)
		return
	}
	i.Bound.Min, i.Bound.Max = u.point(), u.point()
	if n := u.count(1); n != len(i.Surveys) {
		u.fail("%d survey areas for %d surveys", n, len(i.Surveys))
		return
	}
	for k := range i.Surveys {
		switch area := u.shape(0).(type) {
		case nil:
		case orb.MultiPolygon:
			if len(area) > 0 {
				i.Surveys[k].Area = area
			}
		default:
			u.fail("a survey area that is no multipolygon")
		}
	}
}

func (u *unpacker) columns(l *Layer) {
	head := u.take(12)
	if u.err != nil {
		return
	}
	rows, mask := binary.LittleEndian.Uint64(head), binary.LittleEndian.Uint32(head[8:])
	if rows > uint64(len(u.b))/4 || mask&^allColumns != 0 { // every row has the length of its id
		u.fail("%d rows", rows)
		return
	}
	n := int(rows)
	l.IDs = u.strings(n)
	has := func(bit uint32) bool { return mask&bit != 0 && u.err == nil }
	if has(hasNames) {
		l.Names = u.strings(n)
	}
	if has(hasPoints) {
		l.Points = u.points(n)
	}
	if has(hasShapes) {
		l.Shapes = u.shapes(n)
	}
	if has(hasProperties) {
		l.Properties = u.strings(n)
	}
	if has(hasKinds) {
		l.Kinds = u.strings(n)
	}
	if has(hasServices) {
		l.Services = u.lists(n)
	}
	if has(hasStatus) {
		l.Status = u.status(n)
	}
	if has(hasOpened) {
		l.Opened = u.strings(n)
	}
	if has(hasClosed) {
		l.Closed = u.strings(n)
	}
	if has(hasCapacity) {
		l.Capacity = u.ints(n)
	}
	if has(hasArea) {
		l.AreaMM2 = u.ints(n)
	}
	if has(hasFloor) {
		l.FloorMM2 = u.ints(n)
	}
	for k := u.count(4); k > 0 && u.err == nil; k-- {
		l.Parents = append(l.Parents, ParentColumn{Level: u.string(), Parents: u.lists(n)})
	}
	for k := u.count(5); k > 0 && u.err == nil; k-- {
		l.Measures = append(l.Measures, Measure{Name: u.string(), Modelled: u.bool(), Values: u.ints(n)})
	}
}

func (u *unpacker) strings(n int) []string {
	if n > len(u.b)/4 {
		u.fail("%d strings", n)
		return nil
	}
	lengths := u.take(4 * n)
	total := uint64(0)
	for i := 0; i < n; i++ {
		total += uint64(binary.LittleEndian.Uint32(lengths[4*i:]))
	}
	if total > uint64(len(u.b)) {
		u.fail("%d bytes of text", total)
		return nil
	}
	all := string(u.take(int(total)))
	out := make([]string, n)
	at := 0
	for i := range out {
		end := at + int(binary.LittleEndian.Uint32(lengths[4*i:]))
		out[i] = all[at:end]
		at = end
	}
	return out
}

func (u *unpacker) lists(n int) [][]string {
	if n > len(u.b)/4 {
		u.fail("%d lists", n)
		return nil
	}
	counts := u.take(4 * n)
	total := uint64(0)
	for i := 0; i < n; i++ {
		total += uint64(binary.LittleEndian.Uint32(counts[4*i:]))
	}
	if total > uint64(len(u.b))/4 {
		u.fail("%d strings in lists", total)
		return nil
	}
	all := u.strings(int(total))
	if u.err != nil {
		return nil
	}
	out := make([][]string, n)
	for i := range out {
		if k := binary.LittleEndian.Uint32(counts[4*i:]); k > 0 {
			out[i], all = all[:k:k], all[k:]
		}
	}
	return out
}

func (u *unpacker) ints(n int) []int64 {
	if n > len(u.b)/8 {
		u.fail("%d numbers", n)
		return nil
	}
	b := u.take(8 * n)
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return out
}

func (u *unpacker) status(n int) []Status {
	b := u.take(n)
	if u.err != nil {
		return nil
	}
	out := make([]Status, n)
	for i, v := range b {
		if Status(v) > StatusClosed {
			u.fail("a status of %d", v)
			return nil
		}
		out[i] = Status(v)
	}
	return out
}

func (u *unpacker) point() orb.Point {
	b := u.take(16)
	if u.err != nil {
		return orb.Point{}
	}
	return orb.Point{
		math.Float64frombits(binary.LittleEndian.Uint64(b)),
		math.Float64frombits(binary.LittleEndian.Uint64(b[8:])),
	}
}

func (u *unpacker) points(n int) []orb.Point {
	if n > len(u.b)/16 {
		u.fail("%d positions", n)
		return nil
	}
	out := make([]orb.Point, n)
	for i := range out {
		out[i] = u.point()
	}
	return out
}

func (u *unpacker) shapes(n int) []orb.Geometry {
	if n > len(u.b) {
		u.fail("%d shapes", n)
		return nil
	}
	out := make([]orb.Geometry, n)
	for i := range out {
		out[i] = u.shape(0)
	}
	return out
}

func (u *unpacker) rings() []orb.Ring {
	out := make([]orb.Ring, u.count(4))
	for i := range out {
		out[i] = u.points(u.count(16))
	}
	return out
}

func (u *unpacker) shape(depth int) orb.Geometry {
	kind := u.take(1)
	if u.err != nil {
		return nil
	}
	switch kind[0] {
	case shapeNone:
		return nil
	case shapePoint:
		return u.point()
	case shapeLineString:
		return orb.LineString(u.points(u.count(16)))
	case shapePolygon:
		return orb.Polygon(u.rings())
	case shapeMultiPoint:
		return orb.MultiPoint(u.points(u.count(16)))
	case shapeMultiLineString:
		out := make(orb.MultiLineString, u.count(4))
		for i := range out {
			out[i] = u.points(u.count(16))
		}
		return out
	case shapeMultiPolygon:
		out := make(orb.MultiPolygon, u.count(4))
		for i := range out {
			out[i] = u.rings()
		}
		return out
	case shapeCollection:
		if depth == maxNesting {
			u.fail("collections nested more than %d deep", maxNesting)
			return nil
		}
		out := make(orb.Collection, u.count(1))
		for i := range out {
			out[i] = u.shape(depth + 1)
		}
		return out
	}
	u.fail("a shape of kind %d", kind[0])
	return nil
}

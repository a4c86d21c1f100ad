package shapefile

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/paulmach/orb"

	"lifecircle/coverage/intake"
	"lifecircle/geo/geojson"
)

// Types of shapes: 1, 3, 5, 8, and 10 more with Z (and M), 20 more with M.
const (
	nullShape  = 0
	point      = 1
	polyLine   = 3
	polygon    = 5
	multiPoint = 8
	multiPatch = 31
)

const (
	headerBytes = 100
	// maxRecordBytes bounds one record, which is held in memory.
	maxRecordBytes = 256 << 20
	// noData: values below say that there is none.
	noData = -1e38
)

// shpReader reads the records of a .shp one after the other.
type shpReader struct {
	name string
	file io.ReadCloser
	in   *bufio.Reader
	at   int64 // place of in, in bytes
	end  int64 // of the records
	kind uint32

	index *index
	n     int // records read
	spent int64
	buf   []byte

	dropped int // positions whose Z or M was dropped
}

// kindName is a type of shapes in words.
func kindName(kind uint32) string {
	name := map[uint32]string{nullShape: "Null", point: "Point", polyLine: "PolyLine", polygon: "Polygon", multiPoint: "MultiPoint"}[flat(kind)]
	switch {
	case kind == multiPatch:
		return "MultiPatch"
	case name == "" || kind > 28:
		return fmt.Sprintf("%d", kind)
	case kind > 20:
		return name + "M"
	case kind > 10:
		return name + "Z"
	}
	return name
}

// flat gives a type without its Z and M.
func flat(kind uint32) uint32 {
	if kind > 28 {
		return kind
	}
	return kind % 10
}

// known tells the types that are read: null, and points, lines, polygons and point sets with or without Z and M.
func known(kind uint32) bool {
	switch flat(kind) {
	case point, polyLine, polygon, multiPoint:
		return true
	}
	return kind == nullShape
}

func openShp(p part) (*shpReader, error) {
	f, err := p.open()
	if err != nil {
		return nil, err
	}
	r := &shpReader{name: p.name, file: f, in: bufio.NewReaderSize(f, 1<<16)}
	if err := r.header(p.size); err != nil {
		f.Close()
		return nil, err
	}
	return r, nil
}

func (r *shpReader) header(size int64) error {
	var h [headerBytes]byte
	if n, err := io.ReadFull(r.in, h[:]); err != nil {
		if n == 0 && err == io.EOF {
			return refuse(nil, r.name+" 是空文件", r.name+" is empty", "", "")
		}
		return r.failure(err, "文件头不完整", "its header is cut off")
	}
	r.at = headerBytes
	if binary.BigEndian.Uint32(h[:]) != 9994 || binary.LittleEndian.Uint32(h[28:]) != 1000 {
		return refuse(nil, r.name+" 不是 Shapefile", r.name+" is not a Shapefile", "", "")
	}
	r.kind = binary.LittleEndian.Uint32(h[32:])
	switch {
	case r.kind == multiPatch:
		return refuse(nil, r.name+" 是三维 MultiPatch, 不能读取", r.name+" holds MultiPatch shapes (three-dimensional surfaces), which are not read",
			"请先转换为面 (如 ArcGIS 的 “Multipatch 轮廓”)", "turn them into polygons first, for example with ArcGIS' Multipatch Footprint")
	case !known(r.kind):
		return refuse(nil, fmt.Sprintf("%s 的图形类型 %d 不认识", r.name, r.kind), fmt.Sprintf("%s has the unknown shape type %d", r.name, r.kind), "", "")
	}
	r.end = int64(binary.BigEndian.Uint32(h[24:])) * 2
	if r.end < headerBytes || r.end > size {
		return refuse(nil, fmt.Sprintf("%s 不完整: 文件头说有 %d 字节, 实有 %d 字节", r.name, r.end, size),
			fmt.Sprintf("%s is cut off: its header says %d bytes, and there are %d", r.name, r.end, size), "请重新复制或导出", "copy or export it again")
	}
	return nil
}

// next reads the next record's content, which is good until the next call; io.EOF behind the last.
func (r *shpReader) next() ([]byte, error) {
	want := int64(-1)
	if r.index != nil {
		if r.n == len(r.index.offsets) {
			return nil, io.EOF
		}
		var to int64
		to, want = r.index.at(r.n)
		if err := r.seek(to); err != nil {
			return nil, err
		}
	} else if r.at == r.end {
		return nil, io.EOF
	}
	r.n++
	if r.end-r.at < 8 {
		return nil, r.broken("记录头不完整", "its header is cut off")
	}
	var h [8]byte
	if _, err := io.ReadFull(r.in, h[:]); err != nil {
		return nil, r.failure(err, fmt.Sprintf("记录 %d 不完整", r.n), fmt.Sprintf("record %d is cut off", r.n))
	}
	r.at += 8
	size := int64(binary.BigEndian.Uint32(h[4:])) * 2
	switch {
	case want >= 0 && size != want:
		return nil, refuse(nil, fmt.Sprintf("%s 的记录 %d 与索引 .shx 不符", r.name, r.n), fmt.Sprintf("record %d of %s is not as the index .shx says", r.n, r.name),
			"若 .shx 是别的文件的, 删除后重试; 否则重新导出", "try again without the .shx if it belongs to another file, else export the file again")
	case size > r.end-r.at:
		return nil, r.broken(fmt.Sprintf("长 %d 字节, 文件只剩 %d 字节", size, r.end-r.at), fmt.Sprintf("it has %d bytes where %d are left in the file", size, r.end-r.at))
	case size > maxRecordBytes:
		return nil, r.broken(fmt.Sprintf("长 %d 字节, 超过上限", size), fmt.Sprintf("it has %d bytes, which is beyond the limit", size))
	}
	if r.spent += size; r.spent > 2*r.end+maxRecordBytes {
		return nil, refuse(nil, r.name+" 的索引 .shx 让记录相互重叠", "the index .shx of "+r.name+" makes records overlap", "删除 .shx 后重试", "try again without the .shx")
	}
	if int64(cap(r.buf)) < size {
		r.buf = make([]byte, size)
	}
	r.buf = r.buf[:size]
	if _, err := io.ReadFull(r.in, r.buf); err != nil {
		return nil, r.failure(err, fmt.Sprintf("记录 %d 不完整", r.n), fmt.Sprintf("record %d is cut off", r.n))
	}
	r.at += size
	return r.buf, nil
}

// seek goes to a place: forward always, backward where the file allows it.
func (r *shpReader) seek(to int64) error {
	if to >= r.at {
		n, err := io.CopyN(io.Discard, r.in, to-r.at)
		if r.at += n; err != nil {
			return r.failure(err, fmt.Sprintf("记录 %d 不完整", r.n+1), fmt.Sprintf("record %d is cut off", r.n+1))
		}
		return nil
	}
	s, ok := r.file.(io.Seeker)
	if !ok {
		return refuse(nil, r.name+" 的记录次序被打乱, 在压缩包中无法读取", "the records of "+r.name+" are out of order, which cannot be read inside an archive", "请先解压", "unpack it first")
	}
	if _, err := s.Seek(to, io.SeekStart); err != nil {
		return err
	}
	r.in.Reset(r.file)
	r.at = to
	return nil
}

func (r *shpReader) broken(zh, en string) error {
	return refuse(nil, fmt.Sprintf("%s 的记录 %d 已损坏: %s", r.name, r.n, zh), fmt.Sprintf("record %d of %s is damaged: %s", r.n, r.name, en),
		"请重新复制或导出", "copy or export the file again")
}

// failure tells a file that ends too early from one that cannot be read.
func (r *shpReader) failure(err error, zh, en string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return refuse(nil, r.name+": "+zh, r.name+": "+en, "请重新复制或导出", "copy or export the file again")
	}
	return fmt.Errorf("reading %s: %w", r.name, err)
}

// shape decodes a record's content.
func (r *shpReader) shape(b []byte) (orb.Geometry, []intake.Finding, *intake.Finding) {
	if len(b) < 4 {
		return nil, nil, damaged("没有图形类型", "it has no shape type")
	}
	kind := binary.LittleEndian.Uint32(b)
	if kind == nullShape {
		return nil, nil, finding(string(geojson.NullGeometry), "空图形 (Null)", "the shape is null")
	}
	if kind != r.kind {
		return nil, nil, damaged("图形类型 "+kindName(kind)+" 与文件的 "+kindName(r.kind)+" 不同", "its shape type "+kindName(kind)+" is not the file's "+kindName(r.kind))
	}
	var g orb.Geometry
	var repairs []intake.Finding
	var why *intake.Finding
	positions := 1
	switch flat(kind) {
	case point:
		if len(b) < 20 {
			return nil, nil, damaged("坐标不完整", "its coordinates are cut off")
		}
		p := position(b[4:])
		if p[0] < noData || p[1] < noData {
			return nil, nil, finding(string(geojson.EmptyGeometry), "点没有坐标", "the point has no coordinates")
		}
		g = p
	case multiPoint:
		var ps []orb.Point
		if ps, why = points(b, 36, 40); why == nil {
			g, positions = orb.MultiPoint(ps), len(ps)
		}
	default:
		var lines [][]orb.Point
		if lines, positions, why = parts(b); why != nil {
			break
		}
		if flat(kind) == polygon {
			if !finite(lines) {
				why = finding(string(geojson.NotFinite), "坐标不是有限数", "a coordinate is not finite")
				break
			}
			g, repairs, why = assemble(lines)
			break
		}
		if len(lines) == 1 {
			g = orb.LineString(lines[0])
			break
		}
		all := make(orb.MultiLineString, len(lines))
		for i, l := range lines {
			all[i] = l
		}
		g = all
	}
	if why == nil && kind > 10 {
		r.dropped += positions
	}
	return g, repairs, why
}

// points reads a count at one place and as many positions at another.
func points(b []byte, count, at int) ([]orb.Point, *intake.Finding) {
	if len(b) < at {
		return nil, damaged("不完整", "it is cut off")
	}
	n := int64(binary.LittleEndian.Uint32(b[count:]))
	if n*16 > int64(len(b)-at) {
		return nil, damaged(fmt.Sprintf("有 %d 个点, 放不下", n), fmt.Sprintf("its %d points do not fit into it", n))
	}
	if n == 0 {
		return nil, finding(string(geojson.EmptyGeometry), "几何为空", "the geometry is empty")
	}
	out := make([]orb.Point, n)
	for i := range out {
		out[i] = position(b[at+16*i:])
	}
	return out, nil
}

// parts reads the parts of lines and polygons; they share one array.
func parts(b []byte) ([][]orb.Point, int, *intake.Finding) {
	if len(b) < 44 {
		return nil, 0, damaged("不完整", "it is cut off")
	}
	n := int64(binary.LittleEndian.Uint32(b[36:]))
	if n*4 > int64(len(b)-44) {
		return nil, 0, damaged(fmt.Sprintf("有 %d 个部分, 放不下", n), fmt.Sprintf("its %d parts do not fit into it", n))
	}
	all, why := points(b, 40, 44+4*int(n))
	if why != nil {
		return nil, 0, why
	}
	if n == 0 {
		return nil, 0, damaged("有点而没有部分", "it has points and no parts")
	}
	out := make([][]orb.Point, n)
	for i := range out {
		from := int64(binary.LittleEndian.Uint32(b[44+4*i:]))
		to := int64(len(all))
		if i+1 < len(out) {
			to = int64(binary.LittleEndian.Uint32(b[48+4*i:]))
		}
		if from >= to || to > int64(len(all)) || i == 0 && from != 0 {
			return nil, 0, damaged(fmt.Sprintf("部分 %d 的起点不可用", i), fmt.Sprintf("part %d begins at a place that cannot be", i))
		}
		out[i] = all[from:to:to]
	}
	return out, len(all), nil
}

func finite(lines [][]orb.Point) bool {
	for _, l := range lines {
		for _, p := range l {
			if !(math.Abs(p[0]) <= math.MaxFloat64 && math.Abs(p[1]) <= math.MaxFloat64) {
				return false
			}
		}
	}
	return true
}

func position(b []byte) orb.Point {
	return orb.Point{math.Float64frombits(binary.LittleEndian.Uint64(b)), math.Float64frombits(binary.LittleEndian.Uint64(b[8:]))}
}

func finding(code, zh, en string) *intake.Finding {
	f := intake.Finding{Code: code}
	f.Text.Zh, f.Text.En = zh, en
	return &f
}

func damaged(zh, en string) *intake.Finding {
	return finding("damaged_record", "记录已损坏: "+zh, "the record is damaged: "+en)
}

// index is what a .shx says of where records are.
type index struct {
	offsets []uint32 // in 16-bit words
	lengths []uint32
}

func (x *index) at(i int) (offset, length int64) {
	return int64(x.offsets[i]) * 2, int64(x.lengths[i]) * 2
}

// readIndex reads a .shx as far as it is needed: nil if the records simply follow each other, or if the index is of no use, which
// useless says.
func readIndex(p part, end int64) (x *index, useless bool, err error) {
	if p.size < headerBytes || (p.size-headerBytes)%8 != 0 || p.size > maxIndex {
		return nil, true, nil
	}
	f, err := p.open()
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, 1<<16)
	var h [headerBytes]byte
	if _, err := io.ReadFull(in, h[:]); err != nil || binary.BigEndian.Uint32(h[:]) != 9994 {
		return nil, true, nil
	}
	x = &index{}
	next, inOrder := int64(headerBytes), true
	for n := (p.size - headerBytes) / 8; n > 0; n-- {
		if _, err := io.ReadFull(in, h[:8]); err != nil {
			return nil, true, nil
		}
		x.offsets = append(x.offsets, binary.BigEndian.Uint32(h[:]))
		x.lengths = append(x.lengths, binary.BigEndian.Uint32(h[4:]))
		from, size := x.at(len(x.offsets) - 1)
		if from < headerBytes || from+8+size > end {
			return nil, true, nil
		}
		inOrder = inOrder && from == next
		next = from + 8 + size
	}
	if inOrder && next == end {
		return nil, false, nil
	}
	return x, false, nil
}

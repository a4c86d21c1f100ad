package osm

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
)

// Bounds of the format: "the uncompressed length of a Blob must be less than 32 MiB", of a BlobHeader less than 64 KiB.
const (
	maxBlobHeader = 64 << 10
	maxBlob       = 32 << 20
)

// pbfFile reads PBF, over and over.
type pbfFile struct {
	r      io.ReadSeeker
	budget *budget
	bound  orb.Bound // what the file says of itself
	bounds bool
	blocks []pbfBlock // of the file, once it has been read through
	whole  bool       // blocks is complete

	packed, plain []byte
	inflater      io.ReadCloser
	block         primitiveBlock
}

// pbfBlock says where a block of data is, and what was seen in it.
type pbfBlock struct {
	offset int64 // of its blob
	size   int
	kinds  uint8
}

// scan calls the visitor for every element.
func (f *pbfFile) scan(ctx context.Context, v visitor) error {
	want := uint8(0)
	for kind, call := range []func(*element) error{v.node, v.way, v.relation} {
		if call != nil {
			want |= 1 << kind
		}
	}
	if !f.whole {
		return f.scanAll(ctx, v, want)
	}
	for n, b := range f.blocks {
		if b.kinds&want == 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := f.r.Seek(b.offset, io.SeekStart); err != nil {
			return err
		}
		if _, err := f.visit(b.size, n+1, v, want); err != nil {
			return err
		}
	}
	return nil
}

// scanAll reads the file from its beginning and takes down what is in each block.
func (f *pbfFile) scanAll(ctx context.Context, v visitor, want uint8) error {
	offset, err := f.r.Seek(0, io.SeekStart)
	if err != nil {
		return err
	}
	f.blocks = nil
	headed := false
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		kind, header, size, err := f.frame()
		switch {
		case err == io.EOF && headed:
			f.whole = true
			return nil
		case err == io.EOF:
			return refused("文件中没有数据", "there is no data in the file")
		case err != nil:
			return f.broken(len(f.blocks)+1, err)
		}
		offset += int64(header)
		switch {
		case kind == "OSMHeader":
			headed = true
			if err := f.header(size); err != nil {
				return err
			}
		case !headed:
			return f.broken(1, errors.New("the first block is no OSMHeader"))
		case kind == "OSMData":
			kinds, err := f.visit(size, len(f.blocks)+1, v, want)
			if err != nil {
				return err
			}
			f.blocks = append(f.blocks, pbfBlock{offset, size, kinds})
		default: // "parsers should ignore fileblock types that they do not recognize"
			if _, err := io.CopyN(io.Discard, f.r, int64(size)); err != nil {
				return f.broken(len(f.blocks)+1, err)
			}
		}
		offset += int64(size)
	}
}

// frame reads what stands before a blob: its kind and size, and its own length. io.EOF at the end of the file.
func (f *pbfFile) frame() (kind string, header, size int, err error) {
	var head [4]byte
	if _, err := io.ReadFull(f.r, head[:]); err != nil {
		return "", 0, 0, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n >= maxBlobHeader {
		return "", 0, 0, fmt.Errorf("a block header of %d bytes", n)
	}
	f.packed = slices.Grow(f.packed[:0], int(n))[:n]
	if _, err := io.ReadFull(f.r, f.packed); err != nil {
		return "", 0, 0, cut(err)
	}
	m := message{rest: f.packed}
	for m.next() {
		switch {
		case m.field == 1 && m.kind == wireBytes:
			kind = string(m.bytes)
		case m.field == 3 && m.kind == wireVarint:
			if m.num >= maxBlob {
				return "", 0, 0, fmt.Errorf("a block of %d bytes", m.num)
			}
			size = int(m.num)
		}
	}
	return kind, 4 + int(n), size, m.err
}

// blob reads and inflates a blob. The bytes are valid until the next call.
func (f *pbfFile) blob(size int) ([]byte, error) {
	f.packed = slices.Grow(f.packed[:0], size)[:size]
	if _, err := io.ReadFull(f.r, f.packed); err != nil {
		return nil, cut(err)
	}
	var deflated []byte
	rawSize, other := uint64(0), uint64(0)
	m := message{rest: f.packed}
	for m.next() {
		switch {
		case m.field == 1 && m.kind == wireBytes:
			return m.bytes, f.budget.take(len(m.bytes))
		case m.field == 2 && m.kind == wireVarint:
			rawSize = m.num
		case m.field == 3 && m.kind == wireBytes:
			deflated = m.bytes
		case m.field > 3 && m.kind == wireBytes:
			other = m.field
		}
	}
	switch {
	case m.err != nil:
		return nil, m.err
	case deflated == nil && other > 0:
		name := map[uint64]string{4: "LZMA", 5: "bzip2", 6: "LZ4", 7: "Zstandard"}[other]
		return nil, refusedHint("PBF 以 "+name+" 压缩", "the PBF is compressed by "+name,
			"用 osmium cat -f pbf,pbf_compression=zlib 转换", "convert it with osmium cat -f pbf,pbf_compression=zlib")
	case deflated == nil:
		return nil, errors.New("a block without data")
	case rawSize > maxBlob:
		return nil, fmt.Errorf("a block of %d bytes when inflated", rawSize)
	}
	if err := f.budget.take(int(rawSize)); err != nil {
		return nil, err
	}
	return f.inflate(deflated, int(rawSize))
}

// inflate gives exactly size bytes, or an error.
func (f *pbfFile) inflate(deflated []byte, size int) ([]byte, error) {
	var err error
	if f.inflater == nil {
		f.inflater, err = zlib.NewReader(bytes.NewReader(deflated))
	} else {
		err = f.inflater.(zlib.Resetter).Reset(bytes.NewReader(deflated), nil)
	}
	if err != nil {
		f.inflater = nil
		return nil, err
	}
	f.plain = slices.Grow(f.plain[:0], size+1)[:size+1]
	n, err := io.ReadFull(f.inflater, f.plain)
	switch {
	case err == nil:
		return nil, errors.New("a block longer than it says")
	case err != io.ErrUnexpectedEOF && err != io.EOF:
		return nil, err
	case n != size:
		return nil, errors.New("a block shorter than it says")
	}
	return f.plain[:n], nil
}

// header reads an OSMHeader: the features that a reader must know, and the box.
func (f *pbfFile) header(size int) error {
	data, err := f.blob(size)
	if err != nil {
		return f.broken(0, err)
	}
	m := message{rest: data}
	for m.next() {
		switch {
		case m.field == 1 && m.kind == wireBytes:
			f.readBounds(m.bytes)
		case m.field == 4 && m.kind == wireBytes:
			switch name := string(m.bytes); name {
			case "OsmSchema-V0.6", "DenseNodes":
			case "HistoricalInformation":
				return refusedHint("文件含有要素的历史版本", "the file holds the history of its elements",
					"用 osmium time-filter 取出一个时刻", "take out one moment with osmium time-filter")
			default:
				return refused("PBF 要求未知的特性 "+printable(name), "the PBF needs an unknown feature: "+printable(name))
			}
		}
	}
	if m.err != nil {
		return f.broken(0, m.err)
	}
	return nil
}

// readBounds reads a HeaderBBox: left, right, top, bottom in billionths of a degree.
func (f *pbfFile) readBounds(data []byte) {
	var side [5]int64
	m := message{rest: data}
	for m.next() {
		if m.field < uint64(len(side)) && m.kind == wireVarint {
			side[m.field] = zigzag(m.num)
		}
	}
	if m.err == nil && side[1] < side[2] && side[4] < side[3] {
		f.bound = orb.Bound{Min: place{side[1], side[4]}.point(), Max: place{side[2], side[3]}.point()}
		f.bounds = true
	}
}

// visit decodes a block of data, and tells which kinds of elements it holds.
func (f *pbfFile) visit(size, n int, v visitor, want uint8) (uint8, error) {
	data, err := f.blob(size)
	if err != nil {
		return 0, f.broken(n, err)
	}
	kinds, err := f.block.decode(data, v, want)
	var mine *visitError
	if errors.As(err, &mine) {
		return kinds, mine.err
	}
	if err != nil {
		return kinds, f.broken(n, err)
	}
	return kinds, nil
}

// broken says which block cannot be read.
func (f *pbfFile) broken(n int, err error) error {
	var own *coverage.Error
	if errors.As(err, &own) {
		return own
	}
	if !isDataError(err) {
		return err
	}
	e := coverage.Errorf(coverage.Refused, "PBF 第 %d 个数据块已损坏", "block %d of the PBF is broken", n)
	e.Text.En += ": " + err.Error()
	e.Err = err
	e.Hint = coverage.Text{Zh: "文件可能没有下载完整, 请重新获取", En: "it may not have been downloaded completely; get it again"}
	return e
}

// visitError carries an error of the visitor through the decoder.
type visitError struct{ err error }

func (e *visitError) Error() string { return e.err.Error() }

// primitiveBlock decodes the blocks of a file one after the other.
type primitiveBlock struct {
	strings          []string
	granularity      int64
	latOff, lonOff   int64
	keys, vals, more []uint64
	lats, lons, ids  []uint64
	visible          []uint64
	e                element
}

// decode calls the visitor for the elements of a block.
func (b *primitiveBlock) decode(data []byte, v visitor, want uint8) (kinds uint8, err error) {
	b.strings, b.granularity, b.latOff, b.lonOff = b.strings[:0], 100, 0, 0
	m := message{rest: data}
	for m.next() {
		switch {
		case m.field == 1:
			if err := b.readStrings(&m); err != nil {
				return 0, err
			}
		case m.field == 17 && m.kind == wireVarint:
			b.granularity = int64(int32(m.num))
		case m.field == 19 && m.kind == wireVarint:
			b.latOff = int64(m.num)
		case m.field == 20 && m.kind == wireVarint:
			b.lonOff = int64(m.num)
		}
	}
	if m.err != nil {
		return 0, m.err
	}
	m = message{rest: data}
	for m.next() {
		if m.field != 2 {
			continue
		}
		group, ok := m.sub()
		if !ok {
			break
		}
		seen, err := b.group(group, v, want)
		kinds |= seen
		if err != nil {
			return kinds, err
		}
	}
	return kinds, m.err
}

// readStrings reads the table of strings; all of them share one allocation.
func (b *primitiveBlock) readStrings(m *message) error {
	table, ok := m.sub()
	if !ok {
		return m.err
	}
	text := string(table.rest)
	for table.next() {
		if table.field != 1 || table.kind != wireBytes {
			continue
		}
		to := len(text) - len(table.rest)
		s := text[to-len(table.bytes) : to]
		if !utf8.ValidString(s) {
			return errors.New("a text that is not UTF-8")
		}
		b.strings = append(b.strings, s)
	}
	return table.err
}

func (b *primitiveBlock) group(m message, v visitor, want uint8) (kinds uint8, err error) {
	for m.next() && err == nil {
		var kind Kind
		read := b.node
		switch m.field {
		case 1:
			kind = Node
		case 2:
			kind, read = Node, b.dense
		case 3:
			kind, read = Way, b.way
		case 4:
			kind, read = Relation, b.relation
		default:
			continue
		}
		kinds |= 1 << kind
		if want&(1<<kind) == 0 {
			continue
		}
		part, ok := m.sub()
		if !ok {
			break
		}
		err = read(part, v)
	}
	if err != nil {
		return kinds, err
	}
	return kinds, m.err
}

// call hands the element to the visitor.
func (b *primitiveBlock) call(f func(*element) error) error {
	if err := f(&b.e); err != nil {
		return &visitError{err}
	}
	return nil
}

// info reads what is said of an element besides its data; deleted elements have visible = false.
func info(m message) (version int64, visible bool) {
	visible = true
	for m.next() {
		switch {
		case m.field == 1 && m.kind == wireVarint:
			version = int64(m.num)
		case m.field == 6 && m.kind == wireVarint:
			visible = m.num != 0
		}
	}
	return version, visible
}

func (b *primitiveBlock) text(i uint64) (string, error) {
	if i >= uint64(len(b.strings)) {
		return "", errors.New("a text beyond the table of strings")
	}
	return b.strings[i], nil
}

// tags joins keys and values.
func (b *primitiveBlock) tags() error {
	b.e.tags = b.e.tags[:0]
	if len(b.keys) != len(b.vals) {
		return errors.New("keys and values of different number")
	}
	for i := range b.keys {
		key, err := b.text(b.keys[i])
		if err != nil {
			return err
		}
		value, err := b.text(b.vals[i])
		if err != nil {
			return err
		}
		b.e.tags = append(b.e.tags, Tag{key, value})
	}
	return nil
}

// place gives the position that raw coordinates stand for.
func (b *primitiveBlock) place(lon, lat int64) place {
	x, ok := b.nano(b.lonOff, lon)
	y, also := b.nano(b.latOff, lat)
	if !ok || !also {
		return nowhere
	}
	return place{x, y}
}

func (b *primitiveBlock) nano(offset, raw int64) (int64, bool) {
	about := float64(float64(b.granularity)*float64(raw)) + float64(offset)
	if math.Abs(about) > 1e12 || math.Abs(float64(offset)) > 1e15 {
		return 0, false
	}
	return offset + b.granularity*raw, true
}

// node reads a node that is not packed with others.
func (b *primitiveBlock) node(m message, v visitor) error {
	b.keys, b.vals = b.keys[:0], b.vals[:0]
	b.e = element{tags: b.e.tags, refs: b.e.refs, members: b.e.members}
	visible := true
	var lon, lat int64
	for m.next() {
		switch m.field {
		case 1:
			b.e.id = zigzag(m.num)
		case 2:
			b.keys = m.numbers(b.keys)
		case 3:
			b.vals = m.numbers(b.vals)
		case 4:
			b.e.version, visible = info(message{rest: m.bytes})
		case 8:
			lat = zigzag(m.num)
		case 9:
			lon = zigzag(m.num)
		}
	}
	if m.err != nil {
		return m.err
	}
	if err := b.tags(); err != nil || !visible {
		return err
	}
	b.e.at = b.place(lon, lat)
	return b.call(v.node)
}

// dense reads nodes whose columns are packed, each value as the difference from the one before.
func (b *primitiveBlock) dense(m message, v visitor) error {
	b.ids, b.lats, b.lons, b.keys, b.visible, b.more = b.ids[:0], b.lats[:0], b.lons[:0], b.keys[:0], b.visible[:0], b.more[:0]
	for m.next() {
		switch m.field {
		case 1:
			b.ids = m.numbers(b.ids)
		case 5:
			in := message{rest: m.bytes}
			for in.next() {
				switch in.field {
				case 1:
					b.more = in.numbers(b.more)
				case 6:
					b.visible = in.numbers(b.visible)
				}
			}
			if in.err != nil {
				return in.err
			}
		case 8:
			b.lats = m.numbers(b.lats)
		case 9:
			b.lons = m.numbers(b.lons)
		case 10:
			b.keys = m.numbers(b.keys)
		}
	}
	n := len(b.ids)
	switch {
	case m.err != nil:
		return m.err
	case len(b.lats) != n || len(b.lons) != n:
		return errors.New("nodes and coordinates of different number")
	case len(b.visible) != 0 && len(b.visible) != n, len(b.more) != 0 && len(b.more) != n:
		return errors.New("nodes and their versions of different number")
	}
	b.e = element{tags: b.e.tags, refs: b.e.refs, members: b.e.members}
	var id, lat, lon int64
	at := 0 // in keys: key, value, …, 0 per node
	for i := range n {
		id, lat, lon = id+zigzag(b.ids[i]), lat+zigzag(b.lats[i]), lon+zigzag(b.lons[i])
		b.e.tags = b.e.tags[:0]
		for at < len(b.keys) && b.keys[at] != 0 {
			if at+1 >= len(b.keys) {
				return errors.New("a key without a value")
			}
			key, err := b.text(b.keys[at])
			if err != nil {
				return err
			}
			value, err := b.text(b.keys[at+1])
			if err != nil {
				return err
			}
			b.e.tags = append(b.e.tags, Tag{key, value})
			at += 2
		}
		at++
		if len(b.visible) > 0 && b.visible[i] == 0 {
			continue
		}
		b.e.id, b.e.at, b.e.version = id, b.place(lon, lat), 0
		if len(b.more) > 0 {
			b.e.version = int64(b.more[i])
		}
		if err := b.call(v.node); err != nil {
			return err
		}
	}
	return nil
}

func (b *primitiveBlock) way(m message, v visitor) error {
	b.keys, b.vals, b.ids = b.keys[:0], b.vals[:0], b.ids[:0]
	b.e = element{tags: b.e.tags, refs: b.e.refs[:0], members: b.e.members}
	visible := true
	for m.next() {
		switch m.field {
		case 1:
			b.e.id = int64(m.num)
		case 2:
			b.keys = m.numbers(b.keys)
		case 3:
			b.vals = m.numbers(b.vals)
		case 4:
			b.e.version, visible = info(message{rest: m.bytes})
		case 8:
			b.ids = m.numbers(b.ids)
		}
	}
	if m.err != nil {
		return m.err
	}
	if err := b.tags(); err != nil || !visible {
		return err
	}
	var ref int64
	for _, d := range b.ids {
		ref += zigzag(d)
		b.e.refs = append(b.e.refs, ref)
	}
	return b.call(v.way)
}

func (b *primitiveBlock) relation(m message, v visitor) error {
	b.keys, b.vals, b.ids, b.more, b.lats = b.keys[:0], b.vals[:0], b.ids[:0], b.more[:0], b.lats[:0]
	b.e = element{tags: b.e.tags, refs: b.e.refs, members: b.e.members[:0]}
	visible := true
	for m.next() {
		switch m.field {
		case 1:
			b.e.id = int64(m.num)
		case 2:
			b.keys = m.numbers(b.keys)
		case 3:
			b.vals = m.numbers(b.vals)
		case 4:
			b.e.version, visible = info(message{rest: m.bytes})
		case 8:
			b.more = m.numbers(b.more) // roles
		case 9:
			b.ids = m.numbers(b.ids)
		case 10:
			b.lats = m.numbers(b.lats) // kinds
		}
	}
	if m.err != nil {
		return m.err
	}
	if err := b.tags(); err != nil || !visible {
		return err
	}
	if len(b.ids) != len(b.more) || len(b.ids) != len(b.lats) {
		return errors.New("members and roles of different number")
	}
	var ref int64
	for i, d := range b.ids {
		ref += zigzag(d)
		role, err := b.text(b.more[i])
		if err != nil {
			return err
		}
		if b.lats[i] > uint64(Relation) {
			return errors.New("a member of an unknown kind")
		}
		b.e.members = append(b.e.members, member{Ref{Kind(b.lats[i]), ref}, role})
	}
	return b.call(v.relation)
}

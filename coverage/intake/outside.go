package intake

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
)

// What the rows of a large file say would fill the memory: their properties and shapes then lie in temporary files, and are read back
// window by window.

const (
	insideBytes = 24 << 20  // of properties and shapes that stay in memory
	windowBytes = 256 << 10 // read or written at once in order
	seekBytes   = 4 << 10   // read where a string is sought
	bucketBytes = 8 << 20   // that are brought into order in memory at once
	windows     = 4         // kept: several may read in order at once
)

// outside is a list of byte strings in a temporary file.
type outside struct {
	file   *os.File
	closed bool
	starts []int64          // of each, and where the next one begins
	tail   []byte           // what is not written yet
	err    error            // of writing, the first
	other  map[int32]string // what stands in the place of some

	mu     sync.Mutex
	window [windows]window // the latest first
}

// window is a part of the file.
type window struct {
	from int64
	text string
}

func newOutside() (*outside, error) {
	f, err := os.CreateTemp("", "lifecircle-*")
	if err != nil {
		return nil, noRoom(err)
	}
	_ = os.Remove(f.Name()) // where an open file cannot be removed, close does
	return &outside{file: f, starts: []int64{0}}, nil
}

func (o *outside) close() {
	if o != nil && !o.closed {
		o.closed = true
		o.file.Close()
		os.Remove(o.file.Name())
	}
}

// noRoom says that a temporary file cannot be written or read.
func noRoom(err error) error {
	e := coverage.Errorf(coverage.Unavailable, "临时文件不可用: %v", "a temporary file failed: %v", err)
	e.Err = err
	e.Hint = coverage.Text{Zh: "文件很大时需要临时空间: 请清理磁盘, 或用环境变量 TMPDIR 另指文件夹", En: "large files take room for a while: make some, or name another folder by the environment variable TMPDIR"}
	return e
}

func (o *outside) len() int { return len(o.starts) - 1 }

// end is where the next string begins.
func (o *outside) end() int64 { return o.starts[len(o.starts)-1] }

// add appends a string, which write appends to what it is given.
func (o *outside) add(write func([]byte) []byte) {
	before := len(o.tail)
	o.tail = write(o.tail)
	o.starts = append(o.starts, o.end()+int64(len(o.tail)-before))
	if len(o.tail) >= windowBytes {
		o.flush()
	}
}

func (o *outside) flush() {
	if o == nil || len(o.tail) == 0 {
		return
	}
	if _, err := o.file.WriteAt(o.tail, o.end()-int64(len(o.tail))); err != nil && o.err == nil {
		o.err = noRoom(err)
	}
	if o.tail = o.tail[:0]; cap(o.tail) > 4*windowBytes {
		o.tail = nil // after a large one
	}
}

// set puts a string in the place of one.
func (o *outside) set(i int32, s string) {
	if o.other == nil {
		o.other = map[int32]string{}
	}
	o.other[i] = s
}

// Size is the length of a string in bytes.
func (o *outside) Size(i int) int {
	if s, has := o.other[int32(i)]; has {
		return len(s)
	}
	return int(o.starts[i+1] - o.starts[i])
}

// At gives a string.
func (o *outside) At(i int) string {
	if s, has := o.other[int32(i)]; has {
		return s
	}
	from, to := o.starts[i], o.starts[i+1]
	if written := o.end() - int64(len(o.tail)); from >= written {
		return string(o.tail[from-written : to-written])
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for k, w := range o.window {
		if from >= w.from && to <= w.from+int64(len(w.text)) {
			if k > 0 {
				copy(o.window[1:k+1], o.window[:k])
				o.window[0] = w
			}
			return w.text[from-w.from : to-w.from]
		}
	}
	n := int64(seekBytes)
	for _, w := range o.window { // more, where reading goes on behind or within a window
		if end := w.from + int64(len(w.text)); w.text != "" && from >= w.from && from <= end {
			n = max(n, min(windowBytes, 4*int64(len(w.text))))
		}
	}
	copy(o.window[1:], o.window[:])
	o.window[0] = window{from, o.read(from, max(to-from, min(n, o.end()-int64(len(o.tail))-from)))}
	return o.window[0].text[:to-from]
}

// read gives bytes of the file.
func (o *outside) read(from, n int64) string {
	var b strings.Builder
	b.Grow(int(n))
	if _, err := io.CopyN(&b, io.NewSectionReader(o.file, from, n), n); err != nil {
		panic(noRoom(err))
	}
	return b.String()
}

// some gives some of the strings, in their order; nil for all.
func (o *outside) some(rows []int32) coverage.Outside[string] {
	if rows == nil {
		return o
	}
	return someOf{o, rows}
}

type someOf struct {
	o    *outside
	rows []int32
}

func (s someOf) At(i int) string { return s.o.At(int(s.rows[i])) }
func (s someOf) Size(i int) int  { return s.o.Size(int(s.rows[i])) }

// inOrder gives some of the strings in another order, in a new file (or o itself, if nothing changes). The file is written and read twice,
// bucket by bucket: rows that lie anywhere in it are never sought one by one.
func (o *outside) inOrder(rows []int32) (*outside, error) {
	if o.flush(); o.err != nil {
		return nil, o.err
	}
	if len(rows) == o.len() && len(o.other) == 0 && slices.IsSorted(rows) {
		return o, nil
	}
	out, err := newOutside()
	if err != nil {
		return nil, err
	}
	done := false
	defer func() {
		if !done {
			out.close()
		}
	}()
	out.starts = make([]int64, 1, len(rows)+1)
	place := make([]int32, o.len()) // of every string in out
	for i := range place {
		place[i] = -1
	}
	for k, i := range rows {
		place[i] = int32(k)
		out.starts = append(out.starts, out.end()+int64(o.Size(int(i))))
	}
	b := out.buckets()
	for i, k := range place { // in the order in which they are read
		if k >= 0 {
			b.put(k, o.At(i))
		}
	}
	b.finish()
	if out.err != nil {
		return nil, out.err
	}
	done = true
	return out, nil
}

// buckets are runs of a file's strings: those that begin in the same bucketBytes of it.
type buckets struct {
	o    *outside
	each []bucket
}

type bucket struct {
	first, end int     // strings of the file
	put        []int32 // those that were put, in that order
	from, next int64   // where they lie as they were put, and where the next one goes
	part       []byte  // what is not written yet
}

func (o *outside) buckets() *buckets {
	b := &buckets{o: o}
	for i, from := range o.starts[:o.len()] {
		if k := int(from / bucketBytes); len(b.each) == 0 || k > int(b.each[len(b.each)-1].from/bucketBytes) {
			b.each = append(b.each, bucket{first: i, from: from, next: from})
		}
		b.each[len(b.each)-1].end = i + 1
	}
	return b
}

// put appends a string of the file to its bucket.
func (b *buckets) put(i int32, s string) {
	k, _ := slices.BinarySearchFunc(b.each, int(i), func(x bucket, i int) int { return x.end - 1 - i })
	x := &b.each[min(k, len(b.each)-1)]
	x.put = append(x.put, i)
	x.part = append(x.part, s...)
	if len(x.part) >= windowBytes/4 {
		b.flush(x)
	}
}

func (b *buckets) flush(x *bucket) {
	if _, err := b.o.file.WriteAt(x.part, x.next); err != nil && b.o.err == nil {
		b.o.err = noRoom(err)
	}
	x.next += int64(len(x.part))
	if x.part = x.part[:0]; cap(x.part) > windowBytes {
		x.part = nil
	}
}

// finish brings every bucket into order.
func (b *buckets) finish() {
	var text []byte
	for k := range b.each {
		x := &b.each[k]
		b.flush(x)
		if b.o.err != nil {
			return
		}
		have := b.o.read(x.from, x.next-x.from)
		text = append(text[:0], have...)
		for _, i := range x.put {
			n := int(b.o.starts[i+1] - b.o.starts[i])
			copy(text[b.o.starts[i]-x.from:], have[:n])
			have = have[n:]
		}
		if _, err := b.o.file.WriteAt(text, x.from); err != nil {
			b.o.err = noRoom(err)
			return
		}
		*x = bucket{}
	}
}

// shapesOutside is a column of shapes.
type shapesOutside struct{ packed coverage.Outside[string] }

func (s shapesOutside) Size(i int) int { return s.packed.Size(i) }

// At gives a shape.
func (s shapesOutside) At(i int) orb.Geometry {
	g, err := coverage.UnpackShape([]byte(s.packed.At(i)))
	if err != nil {
		panic(noRoom(err))
	}
	return g
}

// addShape appends a shape.
func (o *outside) addShape(g orb.Geometry) {
	o.add(func(b []byte) []byte { return coverage.AppendShape(b, g) })
}

// rooms are the columns that may lie outside memory until an import is done.
type rooms struct {
	most int // see columns.most
	all  []*columns
}

// take allows a builder's columns to lie outside memory; nil does not.
func (r *rooms) take(c *columns) {
	if r != nil {
		c.most = r.most
		r.all = append(r.all, c)
	}
}

func (r *rooms) close() {
	for _, c := range r.all {
		c.close()
	}
}

// outsideFault turns the panic of a column that could not be read into the error that it is.
func outsideFault(err *error) {
	switch v := recover().(type) {
	case nil:
	case error:
		var e *coverage.Error
		if !errors.As(v, &e) {
			panic(v)
		}
		*err = e
	default:
		panic(v)
	}
}

var _ coverage.Outside[string] = (*outside)(nil)
var _ coverage.Outside[orb.Geometry] = shapesOutside{}

package osm

import (
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"strconv"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
)

// Format is a form in which OpenStreetMap data comes.
type Format string

// The forms that are read.
const (
	PBF      Format = "osm-pbf"
	XML      Format = "osm-xml"
	XMLGzip  Format = "osm-xml-gzip"
	XMLBzip2 Format = "osm-xml-bzip2"
)

// headBytes is how much of a file's beginning Sniff wants to see.
const headBytes = 4096

// Sniff tells the format by a file's first bytes (4 KiB are enough); false if they are no OpenStreetMap data.
func Sniff(head []byte) (Format, bool) {
	switch {
	case len(head) > 17 && binary.BigEndian.Uint32(head) < maxBlobHeader && bytes.HasPrefix(head[4:], []byte("\x0a\x09OSMHeader")):
		return PBF, true
	case isXML(head):
		return XML, true
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		z, err := gzip.NewReader(bytes.NewReader(head))
		if err != nil {
			return "", false
		}
		start := make([]byte, headBytes)
		n, _ := io.ReadFull(z, start) // what the cut head holds
		if isXML(start[:n]) {
			return XMLGzip, true
		}
	case bytes.HasPrefix(head, []byte("BZh")):
		// a block of bzip2 is longer than the head: what is in it shows when it is read
		return XMLBzip2, true
	}
	return "", false
}

// isXML reports whether the root element is osm or osmChange.
func isXML(head []byte) bool {
	rest := bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	for {
		rest = bytes.TrimLeft(rest, " \t\r\n")
		var end string
		switch {
		case bytes.HasPrefix(rest, []byte("<?")):
			end = "?>"
		case bytes.HasPrefix(rest, []byte("<!--")):
			end = "-->"
		case bytes.HasPrefix(rest, []byte("<!")):
			end = ">"
		default:
			return bytes.HasPrefix(rest, []byte("<osm")) && len(rest) > 4 && bytes.IndexByte([]byte(" \t\r\n>/C"), rest[4]) >= 0
		}
		i := bytes.Index(rest, []byte(end))
		if i < 0 {
			return false
		}
		rest = rest[i+len(end):]
	}
}

// file is what the formats have in common.
type file interface {
	scan(ctx context.Context, v visitor) error
	box() (orb.Bound, bool) // what the file says that it covers, known after a scan
}

func (f *pbfFile) box() (orb.Bound, bool) { return f.bound, f.bounds }
func (f *xmlFile) box() (orb.Bound, bool) { return f.bound, f.bounds }

// open finds out the format and makes a file that can be gone over again.
func open(r io.ReadSeeker) (file, Format, error) {
	size, err := r.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, "", err
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, "", err
	}
	head := make([]byte, headBytes)
	n, err := io.ReadFull(r, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, "", err
	}
	format, ok := Sniff(head[:n])
	if !ok {
		return nil, "", refusedHint("这不是 OSM 数据(PBF 或 XML)", "this is no OpenStreetMap data, neither PBF nor XML",
			"需要 .osm.pbf、.osm、.osm.gz 或 .osm.bz2", "give an .osm.pbf, .osm, .osm.gz or .osm.bz2")
	}
	b := &budget{most: 32<<20 + 200*size}
	if format == PBF {
		return &restarted{&pbfFile{r: r, budget: b}, b}, format, nil
	}
	x := &xmlFile{open: func() (io.Reader, error) {
		if _, err := r.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		switch format {
		case XMLGzip:
			z, err := gzip.NewReader(r)
			return &budgetReader{z, b}, err
		case XMLBzip2:
			return &budgetReader{bzip2.NewReader(r), b}, nil
		}
		return r, nil
	}}
	return &restarted{x, b}, format, nil
}

// restarted gives every scan the whole budget.
type restarted struct {
	file
	budget *budget
}

func (f *restarted) scan(ctx context.Context, v visitor) error {
	f.budget.used = 0
	return f.file.scan(ctx, v)
}

// budget bounds what a file may become when it is decompressed. Real ones grow by a factor of 2 (PBF) to 30 (bzip2).
type budget struct{ used, most int64 }

func (b *budget) take(n int) error {
	if b.used += int64(n); b.used > b.most {
		return refused("解压后过大: 超过文件大小的 200 倍", "too large when decompressed: more than 200 times the size of the file")
	}
	return nil
}

type budgetReader struct {
	r io.Reader
	b *budget
}

func (r *budgetReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if e := r.b.take(n); e != nil {
		return 0, e
	}
	return n, err
}

func refused(zh, en string) error {
	return &coverage.Error{Code: coverage.Refused, Text: coverage.Text{Zh: zh, En: en}}
}

func refusedHint(zh, en, hintZh, hintEn string) error {
	return &coverage.Error{Code: coverage.Refused, Text: coverage.Text{Zh: zh, En: en}, Hint: coverage.Text{Zh: hintZh, En: hintEn}}
}

// isDataError tells what is wrong with the data from what is wrong with reading it.
func isDataError(err error) bool {
	var path *fs.PathError
	return !errors.As(err, &path) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// cut makes the end of a file inside a block an error of its own.
func cut(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// printable shows a text of the file in a message, shortened.
func printable(s string) string {
	if r := []rune(s); len(r) > 40 {
		s = string(r[:40]) + "…"
	}
	return strconv.Quote(s)
}

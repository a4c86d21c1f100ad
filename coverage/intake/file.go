package intake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
)

// File is a file of known size that can be read any number of times, in any order.
type File struct {
	Name string // base name, for reports
	Path string // where it lies on the disk with the files that belong to it, "" if it lies nowhere or alone
	Size int64

	data io.ReaderAt
	at   atomic.Int64 // the farthest byte read: for progress
	sum  string
}

// NewFile makes a file of bytes that somebody else holds open. path is where they lie, "" if nowhere.
func NewFile(name, path string, data io.ReaderAt, size int64) *File {
	return &File{Name: baseName(name), Path: path, Size: size, data: data}
}

// ReadAt reads bytes of the file.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.data.ReadAt(p, off)
	if end := off + int64(n); end > f.at.Load() {
		f.at.Store(end)
	}
	return n, err
}

// Reader reads the file from its start.
func (f *File) Reader() *io.SectionReader { return io.NewSectionReader(f, 0, f.Size) }

// Head gives the first bytes of the file, by which formats are told.
func (f *File) Head() ([]byte, error) {
	head := make([]byte, min(f.Size, 4096))
	n, err := f.data.ReadAt(head, 0)
	if err == io.EOF || n == len(head) {
		err = nil
	}
	return head[:n], err
}

// SHA256 is the hash of the file's bytes in hex.
func (f *File) SHA256(ctx context.Context) (string, error) {
	if f.sum != "" {
		return f.sum, nil
	}
	sum := sha256.New()
	in := io.NewSectionReader(f.data, 0, f.Size)
	for {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		_, err := io.CopyN(sum, in, 16<<20)
		if err == io.EOF {
			break
		}
		if err != nil {
			return "", fmt.Errorf("reading %s: %w", f.Name, err)
		}
	}
	f.sum = hex.EncodeToString(sum.Sum(nil))
	return f.sum, nil
}

// Bytes of a stream that are kept in memory; longer ones are kept in a temporary file.
const spoolMemory = 8 << 20

// Spool reads a stream to its end, so that it can be read again. The file is gone once done is called. A stream of more than limit
// bytes is an error of code coverage.Refused; no limit is 8 GiB.
func Spool(name string, r io.Reader, limit int64) (f *File, done func() error, err error) {
	if limit <= 0 {
		limit = defaultMaxBytes
	}
	r = io.LimitReader(r, limit+1)
	head, err := io.ReadAll(io.LimitReader(r, spoolMemory))
	if err != nil {
		return nil, nil, err
	}
	if len(head) < spoolMemory {
		if int64(len(head)) > limit {
			return nil, nil, sourceError(name, errTooBig(limit))
		}
		return NewFile(name, "", bytes.NewReader(head), int64(len(head))), func() error { return nil }, nil
	}
	t, err := os.CreateTemp("", "lifecircle-*")
	if err != nil {
		return nil, nil, err
	}
	done = func() error { return errors.Join(t.Close(), os.Remove(t.Name())) }
	size, err := io.Copy(t, io.MultiReader(bytes.NewReader(head), r))
	if err == nil && size > limit {
		err = sourceError(name, errTooBig(limit))
	}
	if err != nil {
		done()
		return nil, nil, err
	}
	return NewFile(name, "", t, size), done, nil
}

// sized is a stream that is there as a whole, such as *bytes.Reader and *strings.Reader.
type sized interface {
	io.ReaderAt
	Size() int64
}

// asFile makes a file of a stream, without a copy where it can be read again as it is.
func asFile(name string, r io.Reader, limit int64) (*File, func() error, error) {
	if s, ok := r.(sized); ok {
		return NewFile(name, "", s, s.Size()), func() error { return nil }, nil
	}
	if d, ok := r.(*os.File); ok {
		if info, err := d.Stat(); err == nil && info.Mode().IsRegular() {
			return NewFile(name, d.Name(), d, info.Size()), func() error { return nil }, nil
		}
	}
	f, done, err := Spool(name, r, limit)
	if err != nil {
		return nil, nil, sourceError(name, err)
	}
	return f, done, nil
}

// Formats are the formats beside GeoJSON in which layers come, told by content. Package data/format/formats has those of the program.
type Formats interface {
	// Open starts to read a file; nil without an error says that it is to be read as GeoJSON. A Source that is an io.Closer is
	// closed when it was read. Errors of code coverage.Refused or NotFound are the file's, Invalid the options'.
	Open(ctx context.Context, f *File, o ReadOptions) (Source, error)
	// DefaultMapping names the mapping by which facilities of such a file are found if nothing is said of their services, "" for none.
	DefaultMapping(f *File) (string, error)
	// Mapping gives a mapping by its name.
	Mapping(id string) (*catalog.Mapping, error)
}

// ReadOptions say how a file is to be read. Formats that have no use for an option pass it over; what is left out is found by content.
type ReadOptions struct {
	Layer     string // sheet of a workbook, layer of a GeoPackage or archive
	Encoding  string // such as gb18030
	Delimiter string // between the columns of a text table: one character, or tab
	Header    int    // row of a sheet that names the columns, from 1

	// Columns of coordinates of a table.
	X, Y, Location, WKT string

	// Of a raster.
	Clip       orb.MultiPolygon // cells that this area does not meet are left out; nil: none are
	CellPoints bool             // cells as points in their middles

	// Set by the import.
	Modelled bool // the user said that the figures are a model's, which a grid then need not ask
	Role     coverage.Role
	Mapping  *Mapper
	Around   *orb.Bound // the project's neighborhoods and 5 km around them, nil without any: what lies beyond may be left out, if it is said
}

package xlsx

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"
)

// sortedZip is the archive of a workbook with its parts in the order of their names: excelize writes streamed sheets in an order that
// differs from run to run. Parts are kept packed until the end.
type sortedZip struct {
	w     io.Writer
	parts []*part
}

var _ excelize.ZipWriter = (*sortedZip)(nil)

// part is one file of an archive while it is written.
type part struct {
	name   string
	packed bytes.Buffer
	pack   *flate.Writer
	crc    hash.Hash32
	size   uint64
}

func (p *part) Write(b []byte) (int, error) {
	p.crc.Write(b)
	p.size += uint64(len(b))
	return p.pack.Write(b)
}

// Create starts a part, after the one before it.
func (z *sortedZip) Create(name string) (io.Writer, error) {
	p := &part{name: name, crc: crc32.NewIEEE()}
	var err error
	p.pack, err = flate.NewWriter(&p.packed, flate.DefaultCompression)
	z.parts = append(z.parts, p)
	return p, err
}

// AddFS is not needed to write a workbook.
func (z *sortedZip) AddFS(fs.FS) error { return fmt.Errorf("xlsx: not supported") }

// Close writes the archive.
func (z *sortedZip) Close() error {
	slices.SortFunc(z.parts, func(a, b *part) int { return strings.Compare(a.name, b.name) })
	w := zip.NewWriter(z.w)
	for _, p := range z.parts {
		if err := p.pack.Close(); err != nil {
			return err
		}
		out, err := w.CreateRaw(&zip.FileHeader{Name: p.name, Method: zip.Deflate, CRC32: p.crc.Sum32(), CompressedSize64: uint64(p.packed.Len()), UncompressedSize64: p.size})
		if err != nil {
			return err
		}
		if _, err := p.packed.WriteTo(out); err != nil {
			return err
		}
	}
	return w.Close()
}

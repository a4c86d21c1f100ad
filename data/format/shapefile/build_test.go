package shapefile_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"lifecircle/coverage/intake"
	"lifecircle/data/format/shapefile"
)

// files are the parts of a Shapefile by their extensions.
type files map[string][]byte

// zipped packs the parts of layers by their names.
func zipped(t testing.TB, layers map[string]files) *bytes.Reader {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, parts := range layers {
		for ext, content := range parts {
			w, err := z.Create(name + ext)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(content); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(b.Bytes())
}

// open reads the one layer of parts.
func open(t testing.TB, parts files, o shapefile.Options) (*shapefile.Reader, error) {
	t.Helper()
	z := zipped(t, map[string]files{"层": parts})
	return shapefile.OpenZip(z, z.Size(), o)
}

// all reads every row; the error is that of the whole file.
func all(r *shapefile.Reader) ([]intake.Row, error) {
	var rows []intake.Row
	for {
		row, err := r.Next()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
}

// shp writes a .shp of records' contents.
func shp(kind uint32, records ...[]byte) []byte {
	out := make([]byte, 100)
	binary.BigEndian.PutUint32(out, 9994)
	binary.LittleEndian.PutUint32(out[28:], 1000)
	binary.LittleEndian.PutUint32(out[32:], kind)
	for i, r := range records {
		out = binary.BigEndian.AppendUint32(out, uint32(i+1))
		out = binary.BigEndian.AppendUint32(out, uint32(len(r)/2))
		out = append(out, r...)
	}
	binary.BigEndian.PutUint32(out[24:], uint32(len(out)/2))
	return out
}

// shx writes an index of offsets and lengths in bytes.
func shx(kind uint32, places ...[2]int) []byte {
	out := shp(kind)
	for _, p := range places {
		out = binary.BigEndian.AppendUint32(out, uint32(p[0]/2))
		out = binary.BigEndian.AppendUint32(out, uint32(p[1]/2))
	}
	binary.BigEndian.PutUint32(out[24:], uint32(len(out)/2))
	return out
}

func appendPoint(b []byte, p orb.Point) []byte {
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p[0]))
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(p[1]))
}

func pointRecord(x, y float64) []byte {
	return appendPoint(binary.LittleEndian.AppendUint32(nil, 1), orb.Point{x, y})
}

// partsRecord writes lines or rings.
func partsRecord(kind uint32, parts ...[]orb.Point) []byte {
	b := binary.LittleEndian.AppendUint32(nil, kind)
	b = append(b, make([]byte, 32)...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(parts)))
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(n))
	at := 0
	for _, p := range parts {
		b = binary.LittleEndian.AppendUint32(b, uint32(at))
		at += len(p)
	}
	for _, p := range parts {
		for _, v := range p {
			b = appendPoint(b, v)
		}
	}
	return b
}

func nullRecord() []byte { return make([]byte, 4) }

// column describes a field of a .dbf.
type column struct {
	name     string
	kind     byte
	width    int
	decimals byte
}

// dbf writes a table; a value is its raw text, padded to the field's width. A row that begins with the value "*" is deleted.
func dbf(ldid byte, columns []column, rows ...[]string) []byte {
	width := 1
	for _, c := range columns {
		width += c.width
	}
	out := make([]byte, 32)
	out[0], out[29] = 0x03, ldid
	binary.LittleEndian.PutUint32(out[4:], uint32(len(rows)))
	binary.LittleEndian.PutUint16(out[8:], uint16(32+32*len(columns)+1))
	binary.LittleEndian.PutUint16(out[10:], uint16(width))
	for _, c := range columns {
		f := make([]byte, 32)
		copy(f[:11], c.name)
		f[11], f[16], f[17] = c.kind, byte(c.width), c.decimals
		if c.kind == 'C' && c.width > 255 {
			f[17] = byte(c.width >> 8)
		}
		out = append(out, f...)
	}
	out = append(out, 0x0d)
	for _, row := range rows {
		mark := byte(' ')
		if len(row) > len(columns) {
			mark, row = '*', row[1:]
		}
		out = append(out, mark)
		for i, c := range columns {
			v := row[i]
			pad := strings.Repeat(" ", max(0, c.width-len(v)))
			if c.kind == 'N' || c.kind == 'F' {
				v = pad + v
			} else {
				v += pad
			}
			out = append(out, v[:c.width]...)
		}
	}
	return append(out, 0x1a)
}

// ids is a table of n rows with a column ID.
func ids(n int) []byte {
	rows := make([][]string, n)
	for i := range rows {
		rows[i] = []string{strconv.Itoa(i + 1)}
	}
	return dbf(0, []column{{"ID", 'N', 4, 0}}, rows...)
}

// Rings: clockwise as outer rings, counter-clockwise as holes.
func square(x, y, size float64, clockwise bool) []orb.Point {
	ring := []orb.Point{{x, y}, {x, y + size}, {x + size, y + size}, {x + size, y}, {x, y}}
	if !clockwise {
		ring[1], ring[3] = ring[3], ring[1]
	}
	return ring
}

package intake

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"os"

	"lifecircle/coverage"
	"lifecircle/geo/geojson"
)

// Source is a file as a stream of rows. GeoJSON and CSV are read here; readers of other formats implement it in data/format.
type Source interface {
	// Next gives the next row, used or refused; io.EOF at the end. Any other error refuses the whole file, and with it the
	// rows given before.
	Next() (Row, error)
	// Info says what is known of the file; it is complete after io.EOF.
	Info() SourceInfo
}

// Row is one feature or table row of a file. It belongs to the caller.
type Row struct {
	N       int // 1-based number in the file
	Line    int // 1-based line where it begins, 0 if the format has none
	Feature geojson.Feature
	Repairs []Finding
	Refused *Finding // then Feature holds what could be read: id, properties, no geometry
}

// Finding is why a row was refused, or how it was mended: a stable code and a sentence.
type Finding struct {
	Code string
	Text coverage.Text
}

// SourceInfo is what a file says of itself.
type SourceInfo struct {
	Format string   // geojson, geojson-lines, csv …
	CRS    string   // the CRS that the file names, in the file's own words; "" if it names none
	Fields []string // columns, where the format names them once for all rows, in the file's order
	Places bool     // rows have geometries
}

// defaultMaxBytes bounds a file: features stream, but the columns they fill stay in memory.
const (
	defaultMaxBytes    = 8 << 30
	defaultMaxBytesCSV = 256 << 20
)

// meter counts and hashes the bytes of a file while they are read, and stops at the bound.
type meter struct {
	r    io.Reader
	sum  hash.Hash
	n    int64
	max  int64
	over bool
}

func newMeter(r io.Reader, limit int64) *meter {
	return &meter{r: r, sum: sha256.New(), max: limit}
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.n += int64(n)
	if m.n > m.max {
		m.over = true
		return 0, errTooBig(m.max)
	}
	m.sum.Write(p[:n])
	return n, err
}

func (m *meter) hex() string { return hex.EncodeToString(m.sum.Sum(nil)) }

func errTooBig(limit int64) error {
	return (&problem{Code: coverage.Refused, Text: coverage.Text{
		Zh: "文件超过上限 " + mebibytes(limit), En: "the file is larger than the limit of " + mebibytes(limit),
	}}).hint("把文件拆开, 用 --append 逐个导入", "split it and import the parts with --append").err()
}

// sizeOf is the number of bytes to come, 0 if r does not tell.
func sizeOf(r io.Reader) int64 {
	switch r := r.(type) {
	case interface{ Len() int }:
		return int64(r.Len())
	case *os.File:
		if info, err := r.Stat(); err == nil && info.Mode().IsRegular() {
			return info.Size()
		}
	}
	return 0
}

// geojsonSource reads GeoJSON of any form.
type geojsonSource struct{ r *geojson.Reader }

func newGeoJSONSource(r io.Reader) Source {
	return &geojsonSource{geojson.NewReader(r, geojson.Limits{})}
}

func (s *geojsonSource) Next() (Row, error) {
	in, err := s.r.Next()
	if err != nil {
		return Row{}, err
	}
	row := Row{N: in.N, Line: in.Line, Feature: in.Feature}
	for i := range in.Repairs {
		row.Repairs = append(row.Repairs, fromGeoJSON(&in.Repairs[i]))
	}
	if in.Refused != nil {
		f := fromGeoJSON(in.Refused)
		row.Refused = &f
	}
	return row, nil
}

func fromGeoJSON(f *geojson.Finding) Finding {
	return Finding{Code: string(f.Code), Text: coverage.Text{Zh: f.Chinese(), En: f.Error()}}
}

func (s *geojsonSource) Info() SourceInfo {
	in := s.r.Info()
	format := "geojson"
	if in.Form == geojson.FormLines || in.Form == geojson.FormSequence {
		format = "geojson-lines"
	}
	return SourceInfo{Format: format, CRS: in.CRS, Places: true}
}

// looksLikeJSON tells JSON from a table by the first byte that is no white space; b is the beginning of a file.
func looksLikeJSON(b []byte) bool {
	b = bytes.TrimLeft(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")), " \t\r\n\x1e")
	return len(b) > 0 && (b[0] == '{' || b[0] == '[')
}

package intake

import (
	"io"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/geo/crs"
	"lifecircle/geo/geojson"
)

// Source is a file as a stream of rows. GeoJSON is read here; readers of other formats implement it in data/format.
//
// A source whose Info says Unchecked gives geometries as the file has them, in the file's own CRS: their rows are made whole here
// (transformed, then checked and mended as the GeoJSON reader does). That is known before the first row.
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
	Refused *Finding     // then Feature holds what could be read: id, properties, no geometry
	Broken  orb.Geometry // of a refused row: a geometry that breaks the rules, which may be mended (geojson.Row.Broken)

	areas *areas // before and after the shape was mended
}

// Finding is why a row was refused, or how it was mended: a stable code and a sentence.
type Finding struct {
	Code string
	Text coverage.Text
}

// SourceInfo is what a file says of itself.
type SourceInfo struct {
	Format string   // geojson, geojson-lines, csv …
	CRS    string   // the CRS that the file names or defines, in the file's own words; "" if it does not
	Fields []string // columns, where the format names them once for all rows, in the file's order
	Places bool     // rows have geometries

	Layer           string    // sheet or layer of the file that was read, "" if the format has but one
	Encoding        string    // of the file's text, where it is not UTF-8 by the format's own rule
	EncodingKnownBy string    // option, bom, file (it says so), content; ascii where nothing had to be known
	Unchecked       bool      // geometries are as the file has them; see Source
	Degrees         bool      // coordinates are degrees on WGS 84, longitude first, by the format's own rule, unless CRS says otherwise
	Notes           []Finding // about the file as a whole: what was left out or brought into another form, with counts

	// System is the CRS where the format states it in parts, and SystemError why these cannot be used; both zero: see CRS.
	System      crs.CRS
	SystemError error

	// What the format knows of its layers, where the user says nothing else.
	Attribution, Level, FloorsField string
}

// defaultMaxBytes bounds a file: features stream, but the columns they fill stay in memory.
const defaultMaxBytes = 8 << 30

func errTooBig(limit int64) error {
	return (&problem{Code: coverage.Refused, Text: coverage.Text{
		Zh: "文件超过上限 " + mebibytes(limit), En: "the file is larger than the limit of " + mebibytes(limit),
	}}).hint("把文件拆开, 用 --append 逐个导入", "split it and import the parts with --append").err()
}

// geojsonSource reads GeoJSON of any form.
type geojsonSource struct{ r *geojson.Reader }

// newGeoJSONSource reads GeoJSON whose coordinates are degrees, or metres of a plane.
func newGeoJSONSource(r io.Reader, plane bool) *geojsonSource {
	return &geojsonSource{geojson.NewReader(r, geojson.Limits{Plane: plane})}
}

func (s *geojsonSource) Next() (Row, error) {
	in, err := s.r.Next()
	if err != nil {
		return Row{}, err
	}
	row := Row{N: in.N, Line: in.Line, Feature: in.Feature, Broken: in.Broken}
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
	return SourceInfo{Format: format, CRS: in.CRS, Places: true, Degrees: true}
}

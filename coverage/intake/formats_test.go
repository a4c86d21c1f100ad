package intake

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/geo/geojson"
)

// tableFormats stands for the readers of package data/format, which this package must not import: it reads text tables whose columns x and y
// are coordinates as they are. crs is what such a file says of them.
type tableFormats struct{ crs string }

func withTables(o Options) Options {
	o.Formats = tableFormats{}
	return o
}

func (t tableFormats) Open(_ context.Context, f *File, o ReadOptions) (Source, error) {
	head, err := f.Head()
	if err != nil || strings.HasPrefix(string(head), "{") {
		return nil, err
	}
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(readAll(f), "\ufeff")))
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if err != nil {
		return nil, err
	}
	return &tableSource{tableFormats: t, r: r, header: header, places: o.Role != coverage.RoleAttributes}, nil
}

func (tableFormats) DefaultMapping(*File) (string, error)     { return "", nil }
func (tableFormats) Mapping(string) (*catalog.Mapping, error) { return nil, errors.New("no mappings") }

func readAll(f *File) string {
	b, err := io.ReadAll(f.Reader())
	if err != nil {
		panic(err)
	}
	return string(b)
}

type tableSource struct {
	tableFormats
	r      *csv.Reader
	header []string
	places bool
	n      int
}

func (s *tableSource) Next() (Row, error) {
	cells, err := s.r.Read()
	if err != nil {
		return Row{}, err
	}
	s.n++
	line, _ := s.r.FieldPos(0)
	row := Row{N: s.n, Line: line}
	if len(cells) != len(s.header) {
		row.Refused = finding("cell_count", "单元格数不符", "another number of cells")
	}
	var at orb.Point
	for i, name := range s.header {
		if i >= len(cells) {
			break
		}
		switch {
		case s.places && name == "x":
			at[0], _ = strconv.ParseFloat(cells[i], 64)
			continue
		case s.places && name == "y":
			at[1], _ = strconv.ParseFloat(cells[i], 64)
			continue
		}
		v := geojson.Value{}
		if cells[i] != "" {
			v = geojson.Value{Kind: geojson.String, Text: cells[i]}
		}
		row.Feature.Properties = append(row.Feature.Properties, geojson.Property{Key: name, Value: v})
	}
	slices.SortFunc(row.Feature.Properties, func(a, b geojson.Property) int { return strings.Compare(a.Key, b.Key) })
	if s.places {
		row.Feature.Geometry = at
	}
	return row, nil
}

func (s *tableSource) Info() SourceInfo {
	return SourceInfo{Format: "csv", CRS: s.crs, Fields: s.header, Places: s.places, Unchecked: s.places}
}

// table writes points as a text table.
func table(points ...[2]float64) string {
	var b strings.Builder
	b.WriteString("population,x,y\n")
	for _, p := range points {
		fmt.Fprintf(&b, "1,%v,%v\n", p[0], p[1])
	}
	return b.String()
}

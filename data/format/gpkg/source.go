package gpkg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
	"lifecircle/geo/crs"
	"lifecircle/geo/geojson"
)

// Source is a layer of a GeoPackage as a stream of rows, with the primary key as a property among the others. It implements
// intake.Source and is not for concurrent use.
type Source struct {
	file    *File
	layer   Layer
	columns []string // the properties, in the order of their names' bytes
	several bool
	system  crs.CRS
	unclear error

	next  func() (Row, error, bool)
	stop  func()
	n     int
	blobs map[string]int // columns of bytes → values left out
}

// errStop ends the reading of a table early.
var errStop = errors.New("stop")

// OpenSource opens a layer of a GeoPackage: the one of a name, or the only one there is. attributes says that rows need no geometry.
// Errors are those of Open; a file with several layers of which none is named is refused, with their names.
func OpenSource(ctx context.Context, path, name string, attributes bool) (*Source, error) {
	f, err := Open(ctx, path)
	if err != nil {
		return nil, err
	}
	s := &Source{file: f, blobs: map[string]int{}}
	if err := s.choose(ctx, name, attributes); err != nil {
		f.Close()
		return nil, err
	}
	for _, c := range s.layer.Columns {
		s.columns = append(s.columns, c.Name)
	}
	if s.layer.FIDColumn != "" && !slices.Contains(s.columns, s.layer.FIDColumn) {
		s.columns = append(s.columns, s.layer.FIDColumn)
	}
	slices.Sort(s.columns)
	srs := s.layer.SRS
	if s.layer.GeometryColumn != "" && srs.ID > 0 {
		s.system, s.unclear = crs.FromGeoPackage(srs.Organization, srs.Code, srs.Definition)
	}
	s.next, s.stop = iter.Pull2(s.rows(ctx))
	return s, nil
}

// choose finds the layer.
func (s *Source) choose(ctx context.Context, name string, attributes bool) error {
	all, err := s.file.Layers(ctx)
	if err != nil {
		return err
	}
	s.several = len(all) > 1
	if name != "" {
		s.layer, err = s.file.Layer(ctx, name)
		if err == nil && s.layer.GeometryColumn == "" && !attributes {
			return s.file.refused(nil, "图层 "+name+" 没有几何", "the layer "+name+" has no geometries")
		}
		return err
	}
	all = slices.DeleteFunc(all, func(l Layer) bool { return l.GeometryColumn == "" && !attributes })
	switch len(all) {
	case 0:
		return s.file.refused(nil, "文件中没有带几何的图层", "the file has no layer with geometries")
	case 1:
		s.layer = all[0]
		return nil
	}
	var names []string
	for _, l := range all {
		names = append(names, l.Table)
	}
	e := coverage.Errorf(coverage.Refused, "文件中有 %d 个图层", "the file has %d layers", len(all))
	e.File, e.Field = s.file.name, "source-layer"
	list := strings.Join(names[:min(len(names), 30)], ", ")
	e.Hint = coverage.Text{Zh: "用 --source-layer 指明其一: " + list, En: "say which with --source-layer: " + list}
	return e
}

// rows reads the table; the error of the last pair is the reading's.
func (s *Source) rows(ctx context.Context) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		err := s.file.Read(ctx, s.layer.Table, s.columns, func(r Row) error {
			if !yield(r, nil) {
				return errStop
			}
			return nil
		})
		if err != nil && err != errStop {
			yield(Row{}, err)
		}
	}
}

// Next gives the next row.
func (s *Source) Next() (intake.Row, error) {
	r, err, ok := s.next()
	switch {
	case !ok:
		return intake.Row{}, io.EOF
	case err != nil:
		return intake.Row{}, err
	}
	s.n++
	row := intake.Row{N: s.n}
	row.Feature.Geometry = r.Geometry
	row.Feature.Properties = make(geojson.Properties, 0, len(s.columns))
	for i, name := range s.columns {
		row.Feature.Properties = append(row.Feature.Properties, geojson.Property{Key: name, Value: s.value(name, r.Values[i])})
	}
	if r.Err != nil {
		row.Refused = &intake.Finding{Code: "bad_value", Text: coverage.Text{Zh: "该行无法读取: " + r.Err.Error(), En: "the row cannot be read: " + r.Err.Error()}}
	}
	return row, nil
}

// value makes a property of a value; bytes are left out and counted.
func (s *Source) value(column string, v any) geojson.Value {
	switch v := v.(type) {
	case int64:
		return geojson.Value{Kind: geojson.Number, Text: strconv.FormatInt(v, 10)}
	case float64:
		p, err := geojson.ParseProperties([]byte(`{"v":` + strconv.FormatFloat(v, 'g', -1, 64) + `}`)) // in canonical form
		if err == nil {
			return p[0].Value // else it is not finite, and unknown
		}
	case string:
		return geojson.Value{Kind: geojson.String, Text: strings.ToValidUTF8(v, "\uFFFD")}
	case []byte:
		s.blobs[column]++
	}
	return geojson.Value{}
}

// Info says what is known of the layer.
func (s *Source) Info() intake.SourceInfo {
	info := intake.SourceInfo{
		Format: "gpkg", Fields: s.columns, Places: s.layer.GeometryColumn != "", Unchecked: true,
		System: s.system, SystemError: s.unclear,
	}
	if s.several {
		info.Layer = s.layer.Table
	}
	for _, name := range s.columns {
		if n := s.blobs[name]; n > 0 {
			info.Notes = append(info.Notes, intake.Finding{Code: "bytes_dropped", Text: coverage.Text{
				Zh: fmt.Sprintf("列 %s 的 %d 个二进制值未采用", name, n), En: fmt.Sprintf("%d values of the column %s are bytes and were left out", n, name),
			}})
		}
	}
	return info
}

// Close ends the reading.
func (s *Source) Close() error {
	s.stop()
	return s.file.Close()
}

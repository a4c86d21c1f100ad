package gpkg

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"
	"github.com/paulmach/orb"

	"lifecircle/coverage"
)

// File is an open GeoPackage. Its methods are safe for concurrent use.
type File struct {
	db   *sql.DB
	name string // base name, for errors
}

// Layer is a table of a GeoPackage that its contents list.
type Layer struct {
	Table          string
	Kind           string // "features" or "attributes"
	Identifier     string // what people call it; may be empty
	GeometryColumn string // "" for attributes
	GeometryType   string // as declared, e.g. MULTIPOLYGON; rows may hold others
	SRS            SRS
	FIDColumn      string   // the integer primary key; "" if there is none (a view)
	Columns        []Column // all others but the geometry, in the table's order
}

// SRS is a spatial reference system as the file describes it.
type SRS struct {
	ID           int32 // the file's own key; −1 plane and 0 geographic of unknown datum
	Organization string
	Code         int64 // e.g. 4326 with organization EPSG
	Definition   string
}

// Column is a column of attributes.
type Column struct{ Name, Type string }

// Row is one row of a layer. It is only valid during the call that it is passed to.
type Row struct {
	FID      int64        // the primary key, or the 1-based number of the row where there is none
	Geometry orb.Geometry // nil if it is NULL or empty
	Values   []any        // of the columns asked for: nil, int64, float64, string or []byte
	Err      error        // why the row cannot be used; Geometry is nil then
}

// Open opens a GeoPackage for reading. It fails with Refused if the file is none, and with
// NotFound if there is no such file.
func Open(ctx context.Context, path string) (*File, error) {
	f := &File{name: filepath.Base(path)}
	st, err := os.Stat(path)
	if err != nil || st.IsDir() {
		return nil, &coverage.Error{Code: coverage.NotFound, File: f.name, Err: err,
			Text: coverage.Text{Zh: "没有这个文件", En: "there is no such file"}}
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: "mode=ro&_query_only=true"}
	if _, err := os.Stat(path + "-wal"); os.IsNotExist(err) {
		// Without a log beside it nothing can be missing from the file itself; SQLite then needs
		// to write no index beside it, which a read-only folder would not let it.
		u.RawQuery += "&immutable=1"
	}
	if f.db, err = sql.Open("sqlite3", u.String()); err != nil {
		return nil, err
	}
	f.db.SetMaxOpenConns(4)
	var n int
	err = f.db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_master WHERE name IN ('gpkg_contents', 'gpkg_spatial_ref_sys')`).Scan(&n)
	if err == nil && n < 2 {
		err = fmt.Errorf("gpkg_contents or gpkg_spatial_ref_sys is missing")
	}
	if err != nil {
		f.db.Close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, f.refused(err, "这不是 GeoPackage 文件", "this is not a GeoPackage")
	}
	return f, nil
}

// Close closes the file.
func (f *File) Close() error { return f.db.Close() }

func (f *File) refused(err error, zh, en string) error {
	return &coverage.Error{Code: coverage.Refused, File: f.name, Err: err, Text: coverage.Text{Zh: zh, En: en}}
}

// Layers gives the tables of features and attributes, sorted by name.
func (f *File) Layers(ctx context.Context) ([]Layer, error) {
	rows, err := f.db.QueryContext(ctx, `SELECT c.table_name, c.data_type, coalesce(c.identifier, ''), coalesce(g.column_name, ''),
		coalesce(g.geometry_type_name, ''), coalesce(g.srs_id, 0), coalesce(s.organization, ''),
		coalesce(s.organization_coordsys_id, 0), coalesce(s.definition, '')
		FROM gpkg_contents c
		LEFT JOIN gpkg_geometry_columns g ON lower(g.table_name) = lower(c.table_name)
		LEFT JOIN gpkg_spatial_ref_sys s ON s.srs_id = g.srs_id
		WHERE c.data_type IN ('features', 'attributes') ORDER BY c.table_name`)
	if err != nil {
		return nil, f.refused(err, "无法读取图层目录", "its list of layers cannot be read")
	}
	defer rows.Close()
	var layers []Layer
	for rows.Next() {
		var l Layer
		if err := rows.Scan(&l.Table, &l.Kind, &l.Identifier, &l.GeometryColumn, &l.GeometryType,
			&l.SRS.ID, &l.SRS.Organization, &l.SRS.Code, &l.SRS.Definition); err != nil {
			return nil, f.refused(err, "无法读取图层目录", "its list of layers cannot be read")
		}
		layers = append(layers, l)
	}
	if err := rows.Err(); err != nil {
		return nil, f.refused(err, "无法读取图层目录", "its list of layers cannot be read")
	}
	for i := range layers {
		if err := f.columns(ctx, &layers[i]); err != nil {
			return nil, err
		}
	}
	return layers, nil
}

// columns fills in a layer's columns.
func (f *File) columns(ctx context.Context, l *Layer) error {
	rows, err := f.db.QueryContext(ctx, `SELECT name, type, pk FROM pragma_table_info(?) ORDER BY cid`, l.Table)
	if err != nil {
		return f.refused(err, "无法读取表 "+l.Table, "the table "+l.Table+" cannot be read")
	}
	defer rows.Close()
	for rows.Next() {
		var c Column
		var pk int
		if err := rows.Scan(&c.Name, &c.Type, &pk); err != nil {
			return f.refused(err, "无法读取表 "+l.Table, "the table "+l.Table+" cannot be read")
		}
		switch {
		case pk == 1 && strings.EqualFold(c.Type, "INTEGER"):
			l.FIDColumn = c.Name
		case l.GeometryColumn != "" && strings.EqualFold(c.Name, l.GeometryColumn):
			l.GeometryColumn = c.Name
		default:
			l.Columns = append(l.Columns, c)
		}
	}
	if err := rows.Err(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return f.refused(err, "无法读取表 "+l.Table, "the table "+l.Table+" cannot be read")
	}
	return nil
}

// Layer gives a layer by its table's name: NotFound, with the names that there are, if none has it.
func (f *File) Layer(ctx context.Context, table string) (Layer, error) {
	layers, err := f.Layers(ctx)
	if err != nil {
		return Layer{}, err
	}
	names := make([]string, len(layers))
	for i, l := range layers {
		if l.Table == table {
			return l, nil
		}
		names[i] = l.Table
	}
	list := strings.Join(names, ", ")
	return Layer{}, &coverage.Error{Code: coverage.NotFound, File: f.name, Field: table,
		Text: coverage.Text{Zh: "文件中没有这个图层", En: "the file has no such layer"},
		Hint: coverage.Text{Zh: "文件中的图层: " + list, En: "its layers: " + list}}
}

// Read calls yield for every row of a table in the order of its primary key, with the values
// of the named columns, until yield returns an error, which Read then returns. A row whose
// geometry or text cannot be read is passed on with Err set. It fails with NotFound if there
// is no such table or column, and with Refused where the file is damaged.
func (f *File) Read(ctx context.Context, table string, columns []string, yield func(Row) error) error {
	l, err := f.Layer(ctx, table)
	if err != nil {
		return err
	}
	query, err := f.selectRows(l, columns)
	if err != nil {
		return err
	}
	rows, err := f.db.QueryContext(ctx, query)
	if err != nil {
		return f.refused(err, "无法读取表 "+table, "the table "+table+" cannot be read")
	}
	defer rows.Close()

	values := make([]any, 2+len(columns)) // key, geometry, columns
	into := make([]any, len(values))
	for i := range values {
		into[i] = &values[i]
	}
	for n := int64(1); rows.Next(); n++ {
		if err := rows.Scan(into...); err != nil {
			return f.refused(err, "无法读取表 "+table, "the table "+table+" cannot be read")
		}
		row := Row{FID: n, Values: values[2:]}
		if fid, ok := values[0].(int64); ok {
			row.FID = fid
		}
		row.Geometry, row.Err = decodeValue(values[1])
		for i, v := range row.Values {
			if s, ok := v.(string); ok && !utf8.ValidString(s) {
				row.Geometry, row.Err = nil, fmt.Errorf("%s: the text is not UTF-8", columns[i])
				break
			}
		}
		if err := yield(row); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return f.refused(err, "表 "+table+" 已损坏", "the table "+table+" is damaged")
	}
	return nil
}

// selectRows writes the query of Read. The + before a column keeps the driver from turning
// dates and booleans into types of its own.
func (f *File) selectRows(l Layer, columns []string) (string, error) {
	var b strings.Builder
	key := "NULL"
	if l.FIDColumn != "" {
		key = quote(l.FIDColumn)
	}
	b.WriteString("SELECT " + key + ", ")
	if l.GeometryColumn == "" {
		b.WriteString("NULL")
	} else {
		b.WriteString(quote(l.GeometryColumn))
	}
	for _, name := range columns {
		known := name == l.FIDColumn
		for _, c := range l.Columns {
			known = known || c.Name == name
		}
		if !known {
			return "", &coverage.Error{Code: coverage.NotFound, File: f.name, Field: l.Table + "." + name,
				Text: coverage.Text{Zh: "没有这一列", En: "there is no such column"}}
		}
		b.WriteString(", +" + quote(name))
	}
	b.WriteString(" FROM " + quote(l.Table))
	if l.FIDColumn != "" {
		b.WriteString(" ORDER BY " + key)
	}
	return b.String(), nil
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func decodeValue(v any) (orb.Geometry, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case []byte:
		g, _, err := DecodeGeometry(v)
		return g, err
	}
	return nil, fmt.Errorf("the geometry column holds %T, not bytes", v)
}

// Text gives a value as text: "" for NULL, numbers in their shortest form.
func Text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

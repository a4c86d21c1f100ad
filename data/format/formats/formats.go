// Package formats opens files of every format that the program reads. A format is told by content, not by name: the first of these that the
// file's beginning fits is taken.
//
//	GeoJSON of any form      read by coverage/intake itself
//	OpenStreetMap            PBF, XML, XML in gzip or bzip2
//	GeoPackage               one of its layers
//	Shapefile                .shp with its files beside it, or in a .zip
//	XLSX
//	GeoTIFF                  as a population grid
//	text tables              CSV and the like: what is text and nothing else
//
// Other formats are refused, with words that say what they are and what to do.
package formats

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/coverage/intake"
	"lifecircle/data/catalogs"
	"lifecircle/data/format/csv"
	"lifecircle/data/format/geotiff"
	"lifecircle/data/format/gpkg"
	"lifecircle/data/format/osm"
	"lifecircle/data/format/shapefile"
	"lifecircle/data/format/table"
	"lifecircle/data/format/xlsx"
)

// All are the formats beside GeoJSON. It implements intake.Formats.
type All struct{}

var _ intake.Formats = All{}

// kind is a format as far as the first bytes tell.
type kind uint8

const (
	unknown kind = iota
	geoJSON
	openStreetMap
	geoPackage
	looseShapefile
	archive
	oldWorkbook
	compressed
	markup
	document
	raster
	text
	empty
)

// sniff tells the format by the first bytes. name decides only whether text that is no JSON is meant to be some.
func sniff(head []byte, name string) kind {
	start := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n\x1e")
	_, isOSM := osm.Sniff(head)
	switch {
	case len(start) == 0:
		return empty
	case isOSM:
		return openStreetMap
	case bytes.HasPrefix(head, []byte("SQLite format 3\x00")):
		return geoPackage
	case geotiff.Sniff(head):
		return raster
	case xlsx.SniffLegacy(head):
		return oldWorkbook
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return archive
	case shapefile.Sniff(head):
		return looseShapefile
	case bytes.HasPrefix(head, []byte("\x1f\x8b")), bytes.HasPrefix(head, []byte("7z\xbc\xaf")), bytes.HasPrefix(head, []byte("Rar!")):
		return compressed
	case bytes.HasPrefix(head, []byte("%PDF")), bytes.HasPrefix(head, []byte("\x89PNG")), bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return document
	case start[0] == '{', start[0] == '[', jsonName(name) && csv.Sniff(head):
		return geoJSON
	case start[0] == '<':
		return markup
	case csv.Sniff(head):
		return text
	}
	return unknown
}

func jsonName(name string) bool {
	return slices.Contains([]string{".json", ".geojson", ".geojsonl", ".geojsons", ".ndjson", ".jsonl"}, strings.ToLower(filepath.Ext(name)))
}

// Open starts to read a file in the format that its content tells; nil for GeoJSON.
func (All) Open(ctx context.Context, f *intake.File, o intake.ReadOptions) (intake.Source, error) {
	head, err := f.Head()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.Name, err)
	}
	k := sniff(head, f.Name)
	if k != raster && (o.Clip != nil || o.CellPoints) {
		return nil, refuse("只有栅格 (GeoTIFF) 可以裁剪或取像元中心", "only a raster (GeoTIFF) is clipped, or read as points of its cells", "去掉 --clip 和 --cell-points", "leave out --clip and --cell-points")
	}
	switch k {
	case geoJSON:
		return nil, nil
	case empty:
		return nil, refuse("空文件", "the file is empty", "", "")
	case openStreetMap:
		return openOSM(ctx, f, o)
	case geoPackage:
		return onDisk(f, ".gpkg", func(path string) (intake.Source, error) {
			return orNil(gpkg.OpenSource(ctx, path, o.Layer, o.Role == coverage.RoleAttributes))
		})
	case looseShapefile:
		return onDisk(f, ".shp", func(path string) (intake.Source, error) {
			return orNil(shapefile.Open(path, shapefile.Options{Encoding: o.Encoding}))
		})
	case archive:
		return openArchive(f, o)
	case raster:
		return openRaster(f, o)
	case text:
		return openText(f, o)
	default:
		return nil, foreign(k)
	}
}

// orNil keeps a typed nil from being a Source.
func orNil[S intake.Source](s S, err error) (intake.Source, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

func tableOptions(o *intake.ReadOptions) table.Options {
	return table.Options{Attributes: o.Role == coverage.RoleAttributes, X: o.X, Y: o.Y, Location: o.Location, WKT: o.WKT}
}

func openText(f *intake.File, o intake.ReadOptions) (intake.Source, error) {
	delimiter, err := delimiterOf(o.Delimiter)
	if err != nil {
		return nil, err
	}
	return orNil(csv.NewReader(f.Reader(), csv.Options{Options: tableOptions(&o), Encoding: o.Encoding, Delimiter: delimiter}))
}

// delimiterOf reads the option; 0 for none.
func delimiterOf(s string) (rune, error) {
	switch strings.ToLower(s) {
	case "":
		return 0, nil
	case "tab", `\t`:
		return '\t', nil
	}
	r, n := utf8.DecodeRuneInString(s)
	if n != len(s) {
		e := coverage.Errorf(coverage.Invalid, "分隔符“%s”不是单个字符", "%q is not one character", s)
		e.Field = "delimiter"
		e.Hint = coverage.Text{Zh: "如 ; 或 tab", En: "such as ; or tab"}
		return 0, e
	}
	return r, nil
}

func openArchive(f *intake.File, o intake.ReadOptions) (intake.Source, error) {
	if shapefile.SniffZip(f, f.Size) {
		return orNil(shapefile.OpenZip(f, f.Size, shapefile.Options{Encoding: o.Encoding, Layer: o.Layer}))
	}
	return orNil(xlsx.Open(f, f.Size, xlsx.Options{Options: tableOptions(&o), Sheet: o.Layer, Header: o.Header}))
}

// openRaster reads a grid of people, in the area that is asked for, else around the project's neighborhoods.
func openRaster(f *intake.File, o intake.ReadOptions) (intake.Source, error) {
	if o.Role != coverage.RoleDemand {
		return nil, refuse("这是栅格(GeoTIFF), 只能作人口栅格导入", "this is a raster (GeoTIFF), which can only be a grid of people", "用 --as demand", "use --as demand")
	}
	x, err := geotiff.Open(f, f.Size)
	if err != nil {
		return nil, err
	}
	area := o.Clip
	if area == nil && o.Around != nil {
		area = orb.MultiPolygon{o.Around.ToPolygon()}
	}
	return geotiff.NewSource(x, geotiff.Options{Area: area, Points: o.CellPoints, Modelled: o.Modelled}), nil
}

// osmSource is a layer of an extract with what the format knows of it.
type osmSource struct {
	*osm.Source
	o intake.Options
}

// Info adds the attribution and the columns that the extract's reader made.
func (s *osmSource) Info() intake.SourceInfo {
	info := s.Source.Info()
	info.Attribution, info.Level, info.FloorsField = s.o.Attribution, s.o.Level, s.o.FloorsField
	return info
}

// OSMSource gives a planned layer as a source of its own.
func OSMSource(l *osm.Layer) intake.Source { return &osmSource{l.Source(), l.Options} }

// openOSM reads the features that the role takes.
func openOSM(ctx context.Context, f *intake.File, o intake.ReadOptions) (intake.Source, error) {
	m := o.Mapping
	if m == nil {
		if o.Role == coverage.RoleFacilities {
			return nil, refuse("OSM 数据中的设施要按映射识别", "facilities are found in OpenStreetMap data by a mapping", "去掉 --service 和 --service-field, 或给出 --mapping", "leave out --service and --service-field, or give --mapping")
		}
		shipped, err := catalogs.Mapping(osmMapping)
		if err != nil {
			return nil, err
		}
		m = intake.NewMapper(shipped)
	}
	x, err := osm.Read(ctx, f.Reader(), osm.Options{Want: osm.Wanted(m)})
	if err != nil {
		return nil, err
	}
	plan := x.Plan(m)
	for i := range plan.Layers {
		if plan.Layers[i].Role == o.Role {
			return OSMSource(&plan.Layers[i]), nil
		}
	}
	e := &coverage.Error{Code: coverage.Refused, Text: coverage.Text{Zh: "此 OSM 数据不能给出 " + string(o.Role) + " 图层", En: "these OpenStreetMap data give no layer of role " + string(o.Role)}}
	for i, n := range plan.Notes {
		if i > 0 {
			e.Hint.Zh, e.Hint.En = e.Hint.Zh+"; ", e.Hint.En+"; "
		}
		e.Hint.Zh, e.Hint.En = e.Hint.Zh+n.Zh, e.Hint.En+n.En
	}
	return nil, e
}

// osmMapping is the shipped mapping of OpenStreetMap's tags.
const osmMapping = "osm"

// DefaultMapping is the mapping of OpenStreetMap's tags for its files, none for any other.
func (All) DefaultMapping(f *intake.File) (string, error) {
	head, err := f.Head()
	if err != nil {
		return "", err
	}
	if _, ok := osm.Sniff(head); ok {
		return osmMapping, nil
	}
	return "", nil
}

// Mapping gives a shipped mapping.
func (All) Mapping(id string) (*catalog.Mapping, error) { return catalogs.Mapping(id) }

// onDisk opens a file by its path; one that lies nowhere, or alone under another name, is written to a temporary one first.
func onDisk(f *intake.File, ext string, open func(path string) (intake.Source, error)) (intake.Source, error) {
	if f.Path != "" {
		return open(f.Path)
	}
	dir, err := os.MkdirTemp("", "lifecircle-*")
	if err != nil {
		return nil, err
	}
	src, err := inFolder(f, filepath.Join(dir, "file"+ext), open)
	if err != nil {
		var e *coverage.Error
		if errors.As(err, &e) {
			e.File = f.Name // not that of the copy
		}
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &temporary{src, dir}, nil
}

func inFolder(f *intake.File, path string, open func(path string) (intake.Source, error)) (intake.Source, error) {
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(out, f.Reader())
	if err := errors.Join(err, out.Close()); err != nil {
		return nil, err
	}
	return open(path)
}

// temporary is a source whose file is gone once it is closed.
type temporary struct {
	intake.Source
	dir string
}

// Close ends the reading and removes the file.
func (t *temporary) Close() error {
	var err error
	if c, ok := t.Source.(io.Closer); ok {
		err = c.Close()
	}
	return errors.Join(err, os.RemoveAll(t.dir))
}

// foreign says what a file is that cannot be read.
func foreign(k kind) error {
	switch k {
	case oldWorkbook:
		return refuse("这是旧版电子表格(.xls)或带密码的工作簿", "this is an old spreadsheet (.xls) or a workbook with a password", "另存为不带密码的 .xlsx", "save it as .xlsx without a password")
	case compressed:
		return refuse("这是压缩文件", "this is a compressed file", "请先解压; Shapefile 可打包为 .zip", "unpack it first; a Shapefile may come as .zip")
	case markup:
		return refuse("这是 XML 或 HTML(如 KML、GML), 不能读取", "this is XML or HTML, such as KML or GML, which is not read", "请在 GIS 软件中另存为 GeoPackage 或 GeoJSON", "save it as GeoPackage or GeoJSON in a GIS")
	case document:
		return refuse("这是图片或 PDF, 不是数据", "this is a picture or PDF, no data", "", "")
	}
	return refuse("不认识的文件格式", "the format of the file is not known here",
		"可读: GeoJSON、CSV、XLSX、Shapefile、GeoPackage、OSM PBF/XML", "these are read: GeoJSON, CSV, XLSX, Shapefile, GeoPackage, OSM PBF and XML")
}

func refuse(zh, en, hintZh, hintEn string) error {
	return &coverage.Error{Code: coverage.Refused, Text: coverage.Text{Zh: zh, En: en}, Hint: coverage.Text{Zh: hintZh, En: hintEn}}
}

package formats_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
	"lifecircle/data/catalogs"
	"lifecircle/data/format/formats"
)

func build(name, text string, o intake.Options) (*coverage.Layer, *coverage.ImportReport, error) {
	o.Formats = formats.All{}
	return intake.Build(context.Background(), catalogs.Services(), name, strings.NewReader(text), o, nil)
}

var clinics = intake.Options{Role: coverage.RoleFacilities, Services: []string{"clinic"}}

// What a file is stands in its content: a wrong name, or none, makes no difference.
func TestToldByContent(t *testing.T) {
	gbk, err := simplifiedchinese.GBK.NewEncoder().String("名称,经度,纬度\n解放碑社区卫生服务站,106.57,29.55\n观音桥社区卫生服务站,106.53,29.58\n")
	if err != nil {
		t.Fatal(err)
	}
	const osm = `<?xml version="1.0"?><osm version="0.6"><node id="1" lat="29.55" lon="106.57"><tag k="amenity" v="clinic"/></node><node id="2" lat="29.5" lon="106.5"><tag k="amenity" v="bench"/></node></osm>`
	for _, c := range []struct {
		name, file, text string
		o                intake.Options
		format           string
		rows             int
	}{
		{"GeoJSON called CSV", "x.csv", `{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[106.5,29.5]}}`, clinics, "geojson", 1},
		{"CSV called JSON's cousin", "x.dat", "lon,lat\n106.5,29.5\n", clinics, "csv", 1},
		{"GBK", "x.txt", gbk, clinics, "csv", 2},
		{"tabs", "x", "lon\tlat\n106.5\t29.5\n", clinics, "tsv", 1},
		{"OSM", "x.xml", osm, intake.Options{Role: coverage.RoleFacilities}, "osm-xml", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, rep, err := build(c.file, c.text, c.o)
			if err != nil {
				t.Fatal(err)
			}
			if rep.Format != c.format || l.Len() != c.rows {
				t.Errorf("format %s, %d rows", rep.Format, l.Len())
			}
			switch {
			case c.format == "osm-xml" && (rep.Mapping == nil || rep.Mapping.Mapped != 1 || rep.Mapping.Unmapped != 0 && rep.Mapping.Unmapped != 1 || !strings.Contains(l.Info.Attribution, "OpenStreetMap") ||
				l.Info.Survey("kindergarten").Kind != coverage.SurveyUnknown || len(l.Info.Services) < 5):
				t.Errorf("%+v, %+v", rep.Mapping, l.Info)
			case c.name == "GBK" && (rep.Encoding != "GB18030" || rep.EncodedBy != "content"):
				t.Errorf("encoding %s by %s", rep.Encoding, rep.EncodedBy)
			}
		})
	}
}

// What cannot be read is refused with words that say what it is and what to do, and never as an empty layer.
func TestRefused(t *testing.T) {
	var noShape bytes.Buffer
	z := zip.NewWriter(&noShape)
	w, _ := z.Create("readme.txt")
	io.WriteString(w, "nothing")
	z.Close()
	counts := intake.Options{Role: coverage.RoleAttributes, JoinField: "code", Measures: []intake.MeasureSpec{{Name: "population", Field: "人口"}}}
	for _, c := range []struct {
		name, file, text string
		o                intake.Options
		says             string
	}{
		{"empty", "x.csv", "", counts, "empty"},
		{"blank", "x.csv", " \n\n", counts, "empty"},
		{"stray quote", "x.csv", "code,人口\n1,\"2\"3\n", counts, "line 2"},
		{"open quote", "x.csv", "code,人口\n1,\"2\n", counts, "line"},
		{"no known encoding", "x.csv", "code,\xff\xfe\x81\n1,2\n", counts, "encoding"},
		{"column twice", "x.csv", "code,人口,code\n1,2,3\n", counts, "same name"},
		{"no such column", "x.csv", "id,人口\n1,2\n", counts, "code: no row has this column; the file's columns: id, 人口"},
		{"JSON for a table", "x.csv", `{"type":"FeatureCollection","features":[]}`, counts, "JSON"},
		{"no coordinates", "x.csv", "name,address\na,b\n", clinics, "no columns of coordinates"},
		{"text called GeoJSON", "x.geojson", "hello\n", clinics, "line 1"},
		{"XML", "x.kml", "<?xml version=\"1.0\"?><kml></kml>", clinics, "KML"},
		{"HTML", "x.geojson", "<!DOCTYPE html><html>", clinics, ""},
		{"gzip", "x.geojson.gz", "\x1f\x8b\x08\x00abcdefghijkl", clinics, "unpack"},
		{"old workbook", "x.xls", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 600), clinics, ".xlsx"},
		{"archive of nothing", "x.zip", noShape.String(), clinics, "workbook"},
		{"picture", "x.png", "\x89PNG\r\n\x1a\n", clinics, "picture"},
		{"bytes", "x.bin", "\x00\x01\x02\x03\x04", clinics, "not known here"},
		{"SQLite, but no GeoPackage", "x.gpkg", "SQLite format 3\x00" + strings.Repeat("\x00", 200), clinics, ""},
		{"OSM by a service", "x.osm", `<osm version="0.6"><node id="1" lat="1" lon="1"><tag k="amenity" v="clinic"/></node></osm>`, clinics, "by a mapping"},
		{"OSM without the role", "x.osm", `<osm version="0.6"><node id="1" lat="1" lon="1"><tag k="amenity" v="clinic"/></node></osm>`, intake.Options{Role: coverage.RoleLand}, "land"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, rep, err := build(c.file, c.text, c.o)
			if l != nil || coverage.CodeOf(err) != coverage.Refused || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), c.file) || rep == nil {
				t.Errorf("%v; want a refusal that names %s and says %q", err, c.file, c.says)
			}
		})
	}
	o := clinics
	o.Read.Delimiter = "ab"
	if _, _, err := build("x.csv", "lon,lat\n1,2\n", o); coverage.CodeOf(err) != coverage.Invalid || !strings.Contains(err.Error(), "delimiter") {
		t.Errorf("%v", err)
	}
}

// A table of counts joins by its codes, whatever its encoding, with zeros in front kept.
func TestTableOfCounts(t *testing.T) {
	o := intake.Options{Role: coverage.RoleAttributes, JoinField: "code", Measures: []intake.MeasureSpec{{Name: "population", Field: "人口"}}}
	l, rep, err := build("counts.csv", "\ufeffcode;人口\n0012;12.5\n0013;\n", o)
	if err != nil || rep.Read != 2 || l.IDs[0] != "0012" || l.Measures[0].Values[0] != 12500 || l.Measures[0].Values[1] != coverage.Unknown || l.Points != nil || rep.CRS != "" {
		t.Errorf("%v %+v", err, rep)
	}
}

// Temporary copies that formats need of files that lie nowhere are gone afterwards.
func TestNothingIsLeft(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	for _, c := range []struct{ file, pattern string }{
		{"a.gpkg", "athens_south/athens-osm-20170921.gpkg"}, {"a.shp", "siting/sf/ServiceAreas_4.shp"},
	} {
		b := shared(t, c.pattern)
		o := intake.Options{Role: coverage.RoleFacilities, Services: []string{"park"}, CRS: "EPSG:4326"}
		o.Read.Layer = "no_such_layer"
		if _, rep, err := build(c.file, string(b), o); err == nil && rep.Read == 0 {
			t.Errorf("%s: %+v", c.file, rep)
		}
		o.Read.Layer = "leisure"
		build(c.file, string(b), o)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%d files are left", len(left))
	}
}

// shared reads a file of the folder of real data beside the repository, or skips the test.
func shared(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile(sharedPath(tb, name))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func sharedPath(tb testing.TB, name string) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		path := filepath.Join(dir, "shared", "data", filepath.FromSlash(name))
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	tb.Skipf("shared/data/%s is not there: the real data lies outside the repository", name)
	return ""
}

// buildPath builds a layer of a file on the disk.
func buildPath(tb testing.TB, name string, o intake.Options) (*coverage.Layer, *coverage.ImportReport) {
	tb.Helper()
	path := sharedPath(tb, name)
	f, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	o.Formats = formats.All{}
	l, rep, err := intake.Build(context.Background(), catalogs.Services(), filepath.Base(path), f, o, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return l, rep
}

// Real files of every format come in whole.
func TestRealFiles(t *testing.T) {
	t.Run("Shapefile in GBK is the GeoJSON of the same districts", func(t *testing.T) {
		o := intake.Options{Role: coverage.RoleNeighborhoods, IDField: "ADMINCODE", NameField: "NAME", Level: "district"}
		l, rep := buildPath(t, "chongqing_admin/raw/pygeo_chongqing_shp/区县界_area.shp", o)
		if rep.Read != 38 || rep.Used != 38 || rep.Encoding != "GB18030" || rep.CRS == "" || rep.CRSKnownBy != "file" {
			t.Errorf("%+v", rep)
		}
		want, _ := buildPath(t, "chongqing_admin/districts_wgs84.geojson", o)
		for i, id := range want.IDs {
			if l.IDs[i] != id || l.Names[i] != want.Names[i] {
				t.Errorf("%s %s, in GeoJSON %s %s", l.IDs[i], l.Names[i], id, want.Names[i])
			}
		}
	})
	t.Run("GeoPackage layer", func(t *testing.T) {
		o := intake.Options{Role: coverage.RoleNetwork}
		o.Read.Layer = "roads_lines"
		l, rep := buildPath(t, "athens_south/athens-osm-20170921.gpkg", o)
		if rep.Format != "gpkg" || rep.Part != "roads_lines" || l.Len() != 6979 || rep.CRSKnownBy != "file" || rep.CRS != "EPSG:4326" {
			t.Errorf("%+v", rep)
		}
	})
	t.Run("OSM XML", func(t *testing.T) {
		l, rep := buildPath(t, "beijing_bupt/bupt_campus.osm", intake.Options{Role: coverage.RoleFacilities})
		n := map[string]int{}
		for i := range l.IDs {
			for _, s := range l.RowServices(i) {
				n[s]++
			}
		}
		if rep.Format != "osm-xml" || n["ev_charger"] != 7 || n["clinic"] != 2 || n["kindergarten"] != 0 || l.Info.Survey("kindergarten").Kind != coverage.SurveyUnknown {
			t.Errorf("%v, %+v", n, rep.Mapping)
		}
	})
	t.Run("official codes", func(t *testing.T) {
		o := intake.Options{Role: coverage.RoleAttributes, JoinField: "code", Measures: []intake.MeasureSpec{{Name: "street", Field: "streetCode"}}}
		l, rep := buildPath(t, "chongqing_admin/villages_chongqing.csv", o)
		if l.Len() != 11270 || len(l.IDs[0]) != 12 || rep.Refused != 0 {
			t.Errorf("%d rows, first id %q", l.Len(), l.IDs[0])
		}
		for file, rows := range map[string]int{"areas": 38, "streets": 1031} {
			o := intake.Options{Role: coverage.RoleAttributes, JoinField: "code", Measures: []intake.MeasureSpec{{Name: "c", Field: "code"}}}
			if l, _ := buildPath(t, "chongqing_admin/"+file+"_chongqing.csv", o); l.Len() != rows {
				t.Errorf("%s: %d rows", file, l.Len())
			}
		}
	})
}

// A raster is a grid of people, and nothing else.
func TestRaster(t *testing.T) {
	b := shared(t, "monaco/derived/dem_srtm.tif")
	if _, _, err := build("dem.tif", string(b), clinics); coverage.CodeOf(err) != coverage.Refused || !strings.Contains(err.Error(), "--as demand") {
		t.Errorf("%v", err)
	}
	l, rep, err := build("dem.tif", string(b), intake.Options{Role: coverage.RoleDemand}) // heights stand for people
	if err != nil || rep.Format != "geotiff" || l.Len() == 0 || l.Shapes == nil {
		t.Errorf("%v %+v", err, rep)
	}
}

package shapefile_test

import (
	"archive/zip"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"lifecircle/coverage/intake"
	"lifecircle/data/format/shapefile"
	"lifecircle/geo/geojson"
)

// canonical gives the rows of any source as canonical features, sorted.
func canonical(t *testing.T, rows []intake.Row) []string {
	t.Helper()
	var out []string
	for _, r := range rows {
		if r.Refused != nil {
			t.Fatalf("row %d: %+v", r.N, r.Refused)
		}
		f := r.Feature
		g, _, why := geojson.Clean(f.Geometry, false)
		if why != nil {
			t.Fatalf("row %d: %v", r.N, why)
		}
		f.Geometry, f.ID, f.HasID = single(g), "", false
		out = append(out, string(geojson.Canonical(f)))
	}
	slices.Sort(out)
	return out
}

// single makes a multi-geometry of one part that part: a Shapefile cannot tell them apart.
func single(g orb.Geometry) orb.Geometry {
	switch g := g.(type) {
	case orb.MultiPolygon:
		if len(g) == 1 {
			return g[0]
		}
	case orb.MultiLineString:
		if len(g) == 1 {
			return g[0]
		}
	}
	return g
}

func readGeoJSON(t *testing.T, r io.Reader) []intake.Row {
	t.Helper()
	var rows []intake.Row
	in := geojson.NewReader(r, geojson.Limits{})
	for {
		row, err := in.Next()
		if err == io.EOF {
			return rows
		}
		if err != nil || row.Refused != nil {
			t.Fatalf("%v %v", err, row.Refused)
		}
		rows = append(rows, intake.Row{N: row.N, Feature: row.Feature})
	}
}

func gdal(t *testing.T, args ...string) {
	t.Helper()
	tool, err := exec.LookPath("ogr2ogr")
	if err != nil {
		t.Skip("GDAL (ogr2ogr) is not installed")
	}
	if out, err := exec.Command(tool, args...).CombinedOutput(); err != nil {
		t.Fatalf("ogr2ogr %v: %v\n%s", args, err, out)
	}
}

// What GDAL writes from GeoJSON is read back as the same features: Chinese names in either encoding, polygons with holes and islands,
// lines, Z, dates, numbers, and the archive that it makes itself.
func TestGDAL(t *testing.T) {
	polygons := `{"type":"Feature","properties":{"名称":"解放碑","code":"050301","n":12,"v":-0.5},"geometry":{"type":"MultiPolygon","coordinates":[[[[0,0],[10,0],[10,10],[0,10],[0,0]],[[2,2],[2,4],[4,4],[4,2],[2,2]]],[[[2.5,2.5],[3,2.5],[3,3],[2.5,3],[2.5,2.5]]]]}},
		{"type":"Feature","properties":{"名称":"綦江","code":null,"n":null,"v":1e9},"geometry":{"type":"Polygon","coordinates":[[[106.5,29.5],[106.6,29.5],[106.6,29.6],[106.5,29.5]]]}}`
	lines := `{"type":"Feature","properties":{"名称":"路","day":"2024-05-01"},"geometry":{"type":"LineString","coordinates":[[0,0,5],[1,1,6],[2,0,7]]}},
		{"type":"Feature","properties":{"名称":"街","day":null},"geometry":{"type":"MultiLineString","coordinates":[[[0,0,1],[1,1,1]],[[5,5,1],[6,6,1]]]}}`
	points := `{"type":"Feature","properties":{"名称":"学校","n":123456789012},"geometry":{"type":"Point","coordinates":[106.123456789,29.987654321]}}`
	for _, c := range []struct {
		name, features string
		args           []string
		file           string
		known          string
	}{
		{"polygons in GBK", polygons, []string{"-lco", "ENCODING=GBK"}, "层.shp", "GB18030 file"},
		{"polygons in UTF-8", polygons, []string{"-lco", "ENCODING=UTF-8"}, "层.shp", "UTF-8 file"},
		{"lines with Z", lines, []string{"-lco", "ENCODING=UTF-8"}, "层.shp", "UTF-8 file"},
		{"points with Z and M", points, []string{"-lco", "SHPT=POINTZM", "-lco", "ENCODING=CP936"}, "层.shp", "GB18030 file"},
		{"archive", polygons, []string{"-lco", "ENCODING=UTF-8", "-nln", "layer"}, "层.shz", "UTF-8 file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			text := `{"type":"FeatureCollection","features":[` + c.features + `]}`
			source, file := filepath.Join(dir, "in.geojson"), filepath.Join(dir, c.file)
			if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			gdal(t, append([]string{"-f", "ESRI Shapefile", file, source}, c.args...)...)
			r := openFile(t, file)
			defer r.Close()
			rows, err := all(r)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(canonical(t, readGeoJSON(t, strings.NewReader(text))), canonical(t, rows)); d != "" {
				t.Error(d)
			}
			info := r.Info()
			if s := info.Encoding + " " + info.EncodingKnownBy; s != c.known || !strings.Contains(info.CRS, "WGS") {
				t.Errorf("%s, want %s; CRS %s", s, c.known, info.CRS)
			}
		})
	}
}

func openFile(t *testing.T, file string) *shapefile.Reader {
	t.Helper()
	if strings.HasSuffix(file, ".shp") {
		r, err := shapefile.Open(file, shapefile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	stat, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if !shapefile.SniffZip(f, stat.Size()) {
		t.Error("the archive is not recognised")
	}
	r, err := shapefile.OpenZip(f, stat.Size(), shapefile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// sharedFile finds real data that lies outside the repository.
func sharedFile(t *testing.T, name string) string {
	t.Helper()
	for _, up := range []string{"../../../shared/data", "../../../../shared/data"} {
		if path := filepath.Join(up, name); exists(path) {
			return path
		}
	}
	t.Skipf("shared/data/%s is not there: the real data lies outside the repository", name)
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

const chongqing = "chongqing_admin/raw/pygeo_chongqing_shp/区县界_area.shp"

// The districts of Chongqing as a planner has them, with a table in GBK: names, codes and every vertex as GDAL reads them.
func TestChongqing(t *testing.T) {
	path := sharedFile(t, chongqing)
	r, err := shapefile.Open(path, shapefile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	rows, err := all(r)
	if err != nil {
		t.Fatal(err)
	}
	info := r.Info()
	if len(rows) != 38 || info.Encoding != "GB18030" || !strings.HasPrefix(info.CRS, `GEOGCS["GCS_WGS_1984"`) {
		t.Fatalf("%d rows, %+v", len(rows), info)
	}
	names := map[string]string{}
	for _, row := range rows {
		name, _ := row.Feature.Properties.Get("NAME")
		code, _ := row.Feature.Properties.Get("ADMINCODE")
		names[code.Text] = name.Text
	}
	for code, want := range map[string]string{"500236": "奉节县", "500103": "渝中区", "500240": "石柱土家族自治县"} {
		if names[code] != want {
			t.Errorf("%s is %q, want %s", code, names[code], want)
		}
	}
	t.Run("as GDAL", func(t *testing.T) {
		out := filepath.Join(t.TempDir(), "out.geojson")
		gdal(t, "-f", "GeoJSON", "-lco", "COORDINATE_PRECISION=17", "-oo", "ENCODING=GBK", out, path)
		f, err := os.Open(out)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		want, got := shapesByName(t, readGeoJSON(t, f)), shapesByName(t, rows)
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d[:min(len(d), 2000)])
		}
	})
	t.Run("zipped", func(t *testing.T) {
		z := pack(t, path)
		stat, _ := z.Stat()
		r, err := shapefile.OpenZip(z, stat.Size(), shapefile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		again, err := all(r)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(canonical(t, rows), canonical(t, again)); d != "" || r.Info().Layer != "区县界_area" {
			t.Errorf("%s: %s", r.Info().Layer, d[:min(len(d), 2000)])
		}
	})
}

// pack zips a Shapefile as a Chinese Windows does: names in GBK, and no mark that says so.
func pack(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "a.zip"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	z := zip.NewWriter(f)
	for _, ext := range []string{".shp", ".dbf", ".prj", ".shx"} {
		b, err := os.ReadFile(strings.TrimSuffix(path, ".shp") + ext)
		if err != nil {
			t.Fatal(err)
		}
		w, err := z.CreateHeader(&zip.FileHeader{Name: gbk("区县界_area") + ext, NonUTF8: true, Method: zip.Deflate})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return f
}

// shapesByName gives the canonical geometry of each district.
func shapesByName(t *testing.T, rows []intake.Row) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, r := range rows {
		name, _ := r.Feature.Properties.Get("NAME")
		g, _, why := geojson.Clean(r.Feature.Geometry, false)
		if why != nil {
			t.Fatalf("%s: %v", name.Text, why)
		}
		b, err := json.Marshal(string(geojson.Canonical(geojson.Feature{Geometry: single(g)})))
		if err != nil {
			t.Fatal(err)
		}
		out[name.Text] = string(b)
	}
	return out
}

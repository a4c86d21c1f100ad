package shapefile_test

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
	"lifecircle/data/format/shapefile"
	"lifecircle/geo/geojson"
	"lifecircle/geo/measure"
)

func gbk(s string) string {
	out, err := simplifiedchinese.GBK.NewEncoder().String(s)
	if err != nil {
		panic(err)
	}
	return out
}

func codes(rows []intake.Row) string {
	var out []string
	for _, r := range rows {
		switch {
		case r.Refused != nil:
			out = append(out, r.Refused.Code)
		case len(r.Repairs) > 0:
			out = append(out, "+"+r.Repairs[0].Code)
		default:
			out = append(out, "ok")
		}
	}
	return strings.Join(out, " ")
}

func noteCodes(info intake.SourceInfo) string {
	var out []string
	for _, n := range info.Notes {
		out = append(out, n.Code)
	}
	return strings.Join(out, " ")
}

// A hole that goes to the wrong island, or becomes an island, changes areas and shares without a word.
func TestRings(t *testing.T) {
	const cw, ccw = true, false
	outer, hole := square(0, 0, 10, cw), square(2, 2, 2, ccw)
	island, far := square(2.5, 2.5, 1, cw), square(20, 0, 10, cw)
	farHole := square(22, 2, 2, ccw)
	touching := []orb.Point{{0, 5}, {2, 4}, {2, 6}, {0, 5}} // a hole that begins on its outer ring's border
	for _, c := range []struct {
		name  string
		rings [][]orb.Point
		want  orb.Geometry
		code  string
	}{
		{"one ring, clockwise", [][]orb.Point{outer}, orb.Polygon{outer}, ""},
		{"one ring, the other way", [][]orb.Point{square(0, 0, 10, ccw)}, orb.Polygon{square(0, 0, 10, ccw)}, ""},
		{"hole before its outer ring", [][]orb.Point{hole, outer}, orb.Polygon{outer, hole}, ""},
		{"holes of two parts, mixed", [][]orb.Point{farHole, outer, hole, far}, orb.MultiPolygon{{outer, hole}, {far, farHole}}, ""},
		{"island in a lake", [][]orb.Point{outer, hole, island}, orb.MultiPolygon{{outer, hole}, {island}}, ""},
		{"hole in the island in a lake", [][]orb.Point{square(2.7, 2.7, 0.2, ccw), outer, hole, island},
			orb.MultiPolygon{{outer, hole}, {island, square(2.7, 2.7, 0.2, ccw)}}, ""},
		{"hole that touches the border", [][]orb.Point{far, outer, touching}, orb.MultiPolygon{{far}, {outer, touching}}, ""},
		{"all counter-clockwise", [][]orb.Point{square(0, 0, 10, ccw), hole}, orb.Polygon{square(0, 0, 10, ccw), hole}, "ring_orientation"},
		{"all counter-clockwise, apart", [][]orb.Point{square(0, 0, 10, ccw), square(20, 0, 10, ccw)},
			orb.MultiPolygon{{square(0, 0, 10, ccw)}, {square(20, 0, 10, ccw)}}, "ring_orientation"},
		{"as GeoJSON has them", [][]orb.Point{square(0, 0, 10, ccw), square(2, 2, 2, cw)}, orb.Polygon{square(0, 0, 10, ccw), square(2, 2, 2, cw)}, "ring_orientation"},
		{"as GeoJSON has them, three deep", [][]orb.Point{square(2.5, 2.5, 1, ccw), square(0, 0, 10, ccw), square(2, 2, 2, cw)},
			orb.MultiPolygon{{square(2.5, 2.5, 1, ccw)}, {square(0, 0, 10, ccw), square(2, 2, 2, cw)}}, "ring_orientation"},
		{"one part of two the wrong way", [][]orb.Point{outer, square(20, 0, 10, ccw)}, orb.MultiPolygon{{outer}, {square(20, 0, 10, ccw)}}, "ring_orientation"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := open(t, files{".shp": shp(5, partsRecord(5, c.rings...)), ".dbf": ids(1)}, shapefile.Options{})
			if err != nil {
				t.Fatal(err)
			}
			rows, err := all(r)
			if err != nil || len(rows) != 1 || rows[0].Refused != nil {
				t.Fatalf("%v, %+v", err, rows)
			}
			if d := cmp.Diff(polygons(c.want), polygons(rows[0].Feature.Geometry)); d != "" {
				t.Error(d)
			}
			if got := strings.TrimPrefix(codes(rows), "+"); c.code != "" && got != c.code || c.code == "" && got != "ok" {
				t.Errorf("%s, want %q", got, c.code)
			}
			if _, _, why := geojson.Clean(rows[0].Feature.Geometry, false); why != nil {
				t.Errorf("the polygon is refused: %v", why)
			}
		})
	}
}

// polygons gives rings as plain lists, for comparing.
func polygons(g orb.Geometry) [][][]orb.Point {
	mp, ok := g.(orb.MultiPolygon)
	if p, one := g.(orb.Polygon); one {
		mp, ok = orb.MultiPolygon{p}, true
	}
	if !ok {
		return nil
	}
	var out [][][]orb.Point
	for _, p := range mp {
		var rings [][]orb.Point
		for _, r := range p {
			rings = append(rings, r)
		}
		out = append(out, rings)
	}
	return out
}

// Overlapping parts are an error of the file; read by nesting, one would silently become a hole in the other.
func TestOverlappingPartsStayParts(t *testing.T) {
	r, err := open(t, files{".shp": shp(5, partsRecord(5, square(0, 0, 10, true), square(2, 2, 2, true)))}, shapefile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := all(r)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, why := geojson.Clean(rows[0].Feature.Geometry, false); why == nil || why.Code != geojson.PolygonsOverlap {
		t.Errorf("%v, want %s", why, geojson.PolygonsOverlap)
	}
}

// However the rings of islands with lakes are shuffled, the same land comes back: areas are those of the closed form.
func TestRingsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rings [][]orb.Point
		want := int64(0)
		for i := range rapid.IntRange(1, 6).Draw(t, "islands") {
			x := float64(i) * 0.02
			rings = append(rings, square(x, 0, 0.01, true))
			want += measure.AreaMM2(orb.Polygon{square(x, 0, 0.01, false)})
			for k := range rapid.IntRange(0, 3).Draw(t, "lakes") {
				hole := square(x+0.001+float64(k)*0.003, 0.002, 0.002, false)
				rings = append(rings, hole)
				want -= measure.AreaMM2(orb.Polygon{hole})
			}
		}
		reversed := rapid.Bool().Draw(t, "reversed")
		for i := range rings {
			rings[i] = turn(rings[i], rapid.IntRange(0, 3).Draw(t, "start"), reversed)
		}
		rings = rapid.Permutation(rings).Draw(t, "order")
		r, err := openBytes(files{".shp": shp(5, partsRecord(5, rings...))})
		if err != nil {
			t.Fatal(err)
		}
		rows, err := all(r)
		if err != nil || len(rows) != 1 || rows[0].Refused != nil {
			t.Fatalf("%v %v", err, rows)
		}
		g, _, why := geojson.Clean(rows[0].Feature.Geometry, false)
		if why != nil {
			t.Fatal(why)
		}
		if got := measure.AreaMM2(g); math.Abs(float64(got-want)) > float64(len(rings)) { // each ring's area is rounded
			t.Fatalf("area %d mm², want %d", got, want)
		}
	})
}

// turn starts a closed ring elsewhere, and runs it the other way.
func turn(ring []orb.Point, start int, reversed bool) []orb.Point {
	n := len(ring) - 1
	out := make([]orb.Point, 0, n+1)
	for i := range n + 1 {
		k := (start + i) % n
		if reversed {
			k = (start + n*2 - i) % n
		}
		out = append(out, ring[k])
	}
	return out
}

func TestTypes(t *testing.T) {
	withZ := func(b []byte, kind uint32, numbers int) []byte { // Z and M behind the positions
		b = bytes.Clone(b)
		b[0] = byte(kind)
		return append(b, make([]byte, 8*numbers)...)
	}
	multi := append([]byte{8, 0, 0, 0}, make([]byte, 32)...)
	multi = append(multi, 2, 0, 0, 0)
	multi = appendPoint(appendPoint(multi, orb.Point{1, 2}), orb.Point{3, 4})
	line := []orb.Point{{0, 0}, {1, 1}, {2, 0}}
	for _, c := range []struct {
		name    string
		kind    uint32
		record  []byte
		want    orb.Geometry
		dropped bool
	}{
		{"point", 1, pointRecord(106.5, 29.5), orb.Point{106.5, 29.5}, false},
		{"point Z", 11, withZ(pointRecord(1, 2), 11, 2), orb.Point{1, 2}, true},
		{"point M", 21, withZ(pointRecord(1, 2), 21, 1), orb.Point{1, 2}, true},
		{"points", 8, multi, orb.MultiPoint{{1, 2}, {3, 4}}, false},
		{"line", 3, partsRecord(3, line), orb.LineString(line), false},
		{"lines M", 23, withZ(partsRecord(23, line, line), 23, 8), orb.MultiLineString{line, line}, true},
		{"polygon Z without M", 15, withZ(partsRecord(15, square(0, 0, 1, true)), 15, 7), orb.Polygon{square(0, 0, 1, true)}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := open(t, files{".shp": shp(c.kind, c.record, nullRecord()), ".dbf": ids(2)}, shapefile.Options{})
			if err != nil {
				t.Fatal(err)
			}
			rows, err := all(r)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, rows[0].Feature.Geometry); d != "" {
				t.Error(d)
			}
			if got := codes(rows); got != "ok null_geometry" {
				t.Error(got)
			}
			if got := noteCodes(r.Info()); got == "z_dropped" != c.dropped {
				t.Errorf("notes %q", got)
			}
		})
	}
}

// What a planner sees in the table must arrive as it is: codes whole, dates as dates, what did not fit as unknown.
func TestTable(t *testing.T) {
	columns := []column{{gbk("名称"), 'C', 12, 0}, {"CODE", 'C', 12, 0}, {"N", 'N', 13, 2}, {"F", 'F', 19, 11}, {"L", 'L', 1, 0}, {"D", 'D', 8, 0}, {"N", 'N', 4, 0}, {"MEMO", 'M', 10, 0}}
	table := dbf(0x4d, columns,
		[]string{gbk("解放碑  "), "050301", "500103001001", " 5.00103001e+011", "T", "20240501", "***", "1"},
		[]string{"*", "gone", "", "", "", "", "", "", ""},
		[]string{"", "", "-0.50", ".25", "?", "00000000", "12", ""},
		[]string{"a", "b", "1-2", "", "n", "20241301", "+7", ""},
	)
	r, err := open(t, files{".shp": shp(1, pointRecord(1, 2), pointRecord(1, 2), pointRecord(1, 3), pointRecord(1, 4)), ".dbf": table, ".prj": []byte(" GEOGCS[…] \n")}, shapefile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := all(r)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range rows {
		got = append(got, string(row.Feature.Properties.AppendJSON(nil)))
	}
	want := []string{
		`{"CODE":"050301","D":"2024-05-01","F":500103001000,"L":true,"N":500103001001,"N_2":null,"名称":"解放碑"}`,
		`{"CODE":null,"D":null,"F":0.25,"L":null,"N":-0.5,"N_2":12,"名称":null}`,
		`{"CODE":"b","D":"20241301","F":null,"L":false,"N":"1-2","N_2":7,"名称":"a"}`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	info := r.Info()
	if info.CRS != "GEOGCS[…]" || info.Encoding != "GB18030" || info.EncodingKnownBy != "file" || info.Layer != "层" || !info.Unchecked || rows[1].N != 3 {
		t.Errorf("%+v, second row has number %d", info, rows[1].N)
	}
	if got := noteCodes(info); got != "deleted_records columns_renamed memo_columns" {
		t.Error(got)
	}
}

// A wrong encoding gives wrong names without an error: what is not sure must be said.
func TestEncodings(t *testing.T) {
	names := []string{"渝中区人民小学", "解放碑街道社区卫生服务站", "綦江区", "石柱土家族自治县"}
	utf8Names := func(s string) string { return s }
	latin := func(s string) string { return map[string]string{"綦江区": "Telde y Caf\xe9"}[s] }
	for _, c := range []struct {
		name   string
		encode func(string) string
		ldid   byte
		cpg    string
		option string
		want   string // encoding and how it was known, or what the error says
	}{
		{"GBK by the code page", gbk, 0x4d, "", "", "GB18030 file"},
		{"GBK by .cpg", gbk, 0, "GBK", "", "GB18030 file"},
		{"GBK by a number", gbk, 0, "936", "", "GB18030 file"},
		{"GBK, nothing said", gbk, 0, "", "", "GB18030 content"},
		{"GBK, Windows' code page", gbk, 0x57, "", "", "GB18030 content"},
		{"GBK, option", gbk, 0, "UTF-8", "gb2312", "GB18030 option"},
		{"GBK, .cpg of a word that is none", gbk, 0, "Klingon", "", "GB18030 content"},
		{"UTF-8 by .cpg", utf8Names, 0x4d, "UTF-8", "", "UTF-8 file"},
		{"UTF-8, nothing said", utf8Names, 0, "", "", "UTF-8 content"},
		{"GBK, called Latin 1", gbk, 0, "ISO-8859-1", "", "look like GB18030"},
		{"UTF-8, called Latin 1", utf8Names, 0, "88591", "", "look like UTF-8"},
		{"Latin 1, nothing said", latin, 0, "", "", "cannot be told"},
		{"Latin 1, said", latin, 0, "ISO-8859-1", "", "windows-1252 file"},
		{"no such encoding", gbk, 0, "", "klingon", "not known"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var rows [][]string
			var records [][]byte
			for _, n := range names {
				rows = append(rows, []string{c.encode(n)})
				records = append(records, pointRecord(1, 2))
			}
			parts := files{".shp": shp(1, records...), ".dbf": dbf(c.ldid, []column{{c.encode("名称") + "x", 'C', 40, 0}}, rows...)}
			if c.cpg != "" {
				parts[".cpg"] = []byte(c.cpg + "\r\n")
			}
			r, err := open(t, parts, shapefile.Options{Encoding: c.option})
			if err != nil {
				if !strings.Contains(err.Error(), c.want) {
					t.Fatalf("%v, want %q", err, c.want)
				}
				return
			}
			got, err := all(r)
			if err != nil {
				t.Fatal(err)
			}
			info := r.Info()
			if s := info.Encoding + " " + info.EncodingKnownBy; s != c.want {
				t.Errorf("%s, want %s", s, c.want)
			}
			if text := got[2].Feature.Properties[0].Value.Text; text != "綦江区" && text != "Telde y Café" {
				t.Errorf("%q", text)
			}
		})
	}
}

// A field's width cuts the last character in half; the rest of the name is still good, and a text that is not in the encoding is not.
func TestCutText(t *testing.T) {
	r, err := open(t, files{".cpg": []byte("UTF-8"), ".shp": shp(1, pointRecord(1, 2), pointRecord(1, 2)),
		".dbf": dbf(0, []column{{"名称", 'C', 8, 0}}, []string{"解放碑"}, []string{gbk("解放碑")})}, shapefile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := all(r)
	if err != nil {
		t.Fatal(err)
	}
	if got := rows[0].Feature.Properties[0].Value.Text; got != "解放" || codes(rows) != "ok bad_text" || noteCodes(r.Info()) != "text_cut" {
		t.Errorf("%q, %s, %s", got, codes(rows), noteCodes(r.Info()))
	}
}

func TestWideText(t *testing.T) {
	long := strings.Repeat("长", 100)
	if _, err := open(t, files{".shp": shp(1, pointRecord(1, 2)), ".dbf": dbf(0, []column{{"A", 'C', 300, 0}, {"B", 'C', 3, 7}}, []string{long, "abc"})}, shapefile.Options{}); err == nil {
		t.Fatal("a width that does not add up was taken")
	}
	r, err := open(t, files{".shp": shp(1, pointRecord(1, 2)), ".dbf": dbf(0, []column{{"A", 'C', 300, 0}, {"B", 'C', 3, 0}}, []string{long, "abc"})}, shapefile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := all(r)
	if err != nil || rows[0].Feature.Properties[0].Value.Text != long || rows[0].Feature.Properties[1].Value.Text != "abc" {
		t.Errorf("%v %v", err, rows)
	}
}

func TestRefused(t *testing.T) {
	good := shp(1, pointRecord(1, 2), pointRecord(3, 4))
	lying := bytes.Clone(good)
	lying[100+28+7] = 200 // the length of record 2
	for _, c := range []struct {
		name  string
		parts files
		want  string
	}{
		{"multipatch", files{".shp": shp(31)}, "MultiPatch"},
		{"unknown type", files{".shp": shp(7)}, "unknown shape type 7"},
		{"no type with Z", files{".shp": shp(10)}, "unknown shape type 10"},
		{"empty", files{".shp": {}}, "is empty"},
		{"not a Shapefile", files{".shp": bytes.Repeat([]byte("x"), 200)}, "not a Shapefile"},
		{"cut off", files{".shp": good[:len(good)-3]}, "header says 156 bytes, and there are 153"},
		{"a record beyond the end", files{".shp": lying}, "record 2 of 层.shp is damaged: it has 400 bytes where 20 are left"},
		{"fewer rows", files{".shp": good, ".dbf": ids(1)}, "1 records, which is not the number of shapes"},
		{"more rows", files{".shp": good, ".dbf": ids(3)}, "3 records, which is not the number of shapes"},
		{"table cut off", files{".shp": good, ".dbf": ids(2)[:72]}, "it should have 2 records, and there is room for 1"},
		{"no table", files{".shp": good, ".dbf": []byte("PK\x03\x04 no table at all, but long enough")}, "not a dBase table"},
		{"no .shp", files{".dbf": ids(2)}, "holds no .shp"},
		{"index of another file", files{".shp": good, ".shx": shx(1, [2]int{100, 20}, [2]int{128, 8})}, "record 2 of 层.shp is not as the index .shx says"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := open(t, c.parts, shapefile.Options{})
			if err == nil {
				_, err = all(r)
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || coverage.CodeOf(err) != coverage.Refused {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// A record that is damaged inside is refused by itself, with a reason; the others are read.
func TestDamagedRecords(t *testing.T) {
	ring := partsRecord(5, square(0, 0, 1, true))
	with := func(at int, v byte) []byte { b := bytes.Clone(ring); b[at] = v; return b }
	nan := bytes.Clone(ring)
	for i := range 8 {
		nan[48+i] = 0xff
	}
	r, err := open(t, files{".shp": shp(5, ring, with(40, 200), with(36, 200), with(44, 3), with(36, 0), with(0, 3), nan, []byte{5, 0}, ring), ".dbf": ids(9)}, shapefile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := all(r)
	if want := "ok damaged_record damaged_record damaged_record damaged_record damaged_record not_finite damaged_record ok"; err != nil || codes(rows) != want {
		t.Errorf("%v\n%s, want\n%s", err, codes(rows), want)
	}
	if v, _ := rows[8].Feature.Properties.Get("ID"); v.Text != "9" {
		t.Errorf("the last row has the attributes of row %s", v.Text)
	}
}

// An index may leave gaps, or put records in another order; without it the first would be read as records.
func TestIndex(t *testing.T) {
	gap := shp(1, pointRecord(1, 1), bytes.Repeat([]byte{0xaa}, 20), pointRecord(2, 2))
	for _, c := range []struct {
		name    string
		index   []byte
		onDisk  bool
		want    string
		notes   string
		refused string
	}{
		{"gap", shx(1, [2]int{100, 20}, [2]int{156, 20}), false, "1 2", "", ""},
		{"other order on disk", shx(1, [2]int{156, 20}, [2]int{100, 20}), true, "2 1", "", ""},
		{"other order in an archive", shx(1, [2]int{156, 20}, [2]int{100, 20}), false, "", "", "out of order"},
		{"nonsense", []byte("no index"), true, "1 ? 2", "index_ignored", ""},
		{"beyond the end", shx(1, [2]int{1000, 20}, [2]int{100, 20}), true, "1 ? 2", "index_ignored", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := strings.Count(c.want, " ") + 1
			parts := files{".shp": gap, ".shx": c.index, ".dbf": ids(n)}
			var r *shapefile.Reader
			var err error
			if c.onDisk {
				r, err = shapefile.Open(onDisk(t, parts), shapefile.Options{})
			} else {
				r, err = open(t, parts, shapefile.Options{})
			}
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			rows, err := all(r)
			if c.refused != "" {
				if err == nil || !strings.Contains(err.Error(), c.refused) {
					t.Errorf("%v, want %q", err, c.refused)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, row := range rows {
				text := "?"
				if p, ok := row.Feature.Geometry.(orb.Point); ok {
					text = string(rune('0' + int(p[0])))
				}
				got = append(got, text)
			}
			if strings.Join(got, " ") != c.want || noteCodes(r.Info()) != c.notes {
				t.Errorf("%v, notes %q; want %s, %q", got, noteCodes(r.Info()), c.want, c.notes)
			}
		})
	}
}

func onDisk(t *testing.T, parts files) string {
	t.Helper()
	dir := t.TempDir()
	for ext, b := range parts {
		if err := os.WriteFile(filepath.Join(dir, "社区"+strings.ToUpper(ext)), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "社区.SHP")
}

func TestLayersOfAnArchive(t *testing.T) {
	one := files{".shp": shp(1, pointRecord(1, 1)), ".dbf": ids(1)}
	z := zipped(t, map[string]files{"数据/学校": one, "数据/医院": one, "__MACOSX/数据/._学校": {".shp": {0}}})
	if _, err := shapefile.OpenZip(z, z.Size(), shapefile.Options{}); err == nil || !strings.Contains(err.Error(), "2 layers") {
		t.Errorf("%v", err)
	}
	r, err := shapefile.OpenZip(z, z.Size(), shapefile.Options{Layer: "医院"})
	if err != nil || r.Info().Layer != "医院" {
		t.Fatal(err)
	}
	if _, err := shapefile.OpenZip(z, z.Size(), shapefile.Options{Layer: "公园"}); coverage.CodeOf(err) != coverage.NotFound {
		t.Errorf("%v", err)
	}
	if _, err := shapefile.Open(filepath.Join(t.TempDir(), "x.shp"), shapefile.Options{}); coverage.CodeOf(err) != coverage.NotFound {
		t.Errorf("%v", err)
	}
}

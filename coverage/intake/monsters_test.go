package intake

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lifecircle/coverage"
)

// What a planner reads of files that cannot be used, word by word and in both languages.

// said gives the words of an error of a file.
func said(err error) coverage.Text {
	var e *coverage.Error
	if !errors.As(err, &e) {
		return coverage.Text{En: fmt.Sprint(err)}
	}
	return coverage.Text{Zh: e.In("zh"), En: e.In("en")}
}

// Rows that are wrong in ways that a reader may take for right: each is refused in exactly these words, and its neighbor is used.
func TestExactWordsOfRows(t *testing.T) {
	geometry := func(kind, coordinates string) string {
		return `"geometry":{"type":"` + kind + `","coordinates":` + coordinates + `},"properties":{"population":1}`
	}
	at := func(lon, lat string) string { return geometry("Point", "["+lon+","+lat+"]") }
	people := func(v string) string {
		return `"geometry":{"type":"Point","coordinates":[106.5,29.5]},"properties":{"population":` + v + `}`
	}
	const shell = `[[106,29],[106.01,29],[106.01,29.01],[106,29.01],[106,29]]`
	for _, c := range []struct {
		name, feature, reason string
		want                  coverage.Text
	}{
		{"NaN as text", at(`"NaN"`, "29.5"), "not_a_number", coverage.Text{Zh: "坐标不是数字 (geometry.coordinates[0])", En: `geometry.coordinates[0]: a coordinate must be a number, not the text "NaN"`}},
		{"null as a coordinate", at("106.5", "null"), "not_a_number", coverage.Text{Zh: "坐标不是数字 (geometry.coordinates[1])", En: "geometry.coordinates[1]: a coordinate must be a number, not null"}},
		{"beyond a float", at("1e999", "29.5"), "not_finite", coverage.Text{Zh: "1e999 过大, 不能作为坐标 (geometry.coordinates[0])", En: "geometry.coordinates[0]: 1e999 is too large for a coordinate"}},
		{"minus infinity", at("106.5", "-1e400"), "not_finite", coverage.Text{Zh: "-1e400 过大, 不能作为坐标 (geometry.coordinates[1])", En: "geometry.coordinates[1]: -1e400 is too large for a coordinate"}},
		{"nobody knows the people", people(`"NaN"`), "bad_measure", coverage.Text{Zh: `population: "NaN" 不是数字`, En: `population: "NaN" is not a number`}},
		{"people without end", people(`"Infinity"`), "bad_measure", coverage.Text{Zh: `population: "Infinity" 不是数字`, En: `population: "Infinity" is not a number`}},
		{"too many people", people("1e309"), "bad_measure", coverage.Text{Zh: `population: "1e309" 过大`, En: `population: "1e309" is too large`}},
		{"metres", at("652839.5", "3272123.25"), "out_of_range", coverage.Text{Zh: "经度 652839.5 超出 ±180°; 像是平面坐标系的米: 请声明图层的坐标系 (geometry.coordinates)",
			En: "geometry.coordinates: longitude 652839.5 is beyond ±180°; this looks like metres of a plane coordinate system: declare the layer's CRS"}},
		{"metres with a zone", at("36362088", "3271930"), "out_of_range", coverage.Text{Zh: "经度 36362088 超出 ±180°; 像是平面坐标系的米: 请声明图层的坐标系 (geometry.coordinates)",
			En: "geometry.coordinates: longitude 36362088 is beyond ±180°; this looks like metres of a plane coordinate system: declare the layer's CRS"}},
		{"swapped axes", at("29.5577", "106.577"), "out_of_range", coverage.Text{Zh: "纬度 106.577 超出 ±90°; 经纬度似乎写反了 (geometry.coordinates)",
			En: "geometry.coordinates: latitude 106.577 is beyond ±90°; latitude and longitude look swapped"}},
		{"a hole outside its shell", geometry("Polygon", "["+shell+",[[107,29],[107,29.01],[107.01,29.01],[107,29]]]"), "hole_outside", coverage.Text{Zh: "洞在多边形之外, 位于 107, 29 (geometry.coordinates[1])",
			En: "geometry.coordinates[1]: the hole lies outside its polygon at 107, 29"}},
		{"a hole around its shell", geometry("Polygon", "["+shell+",[[105,28],[105,30],[107,30],[107,28],[105,28]]]"), "hole_outside", coverage.Text{Zh: "洞在多边形之外, 位于 105, 28 (geometry.coordinates[1])",
			En: "geometry.coordinates[1]: the hole lies outside its polygon at 105, 28"}},
		{"a geometry twice", `"geometry":null,"geometry":{"type":"Point","coordinates":[1,2]},"properties":{"population":1}`, "duplicate_member",
			coverage.Text{Zh: "要素有两个成员 geometry", En: "the feature has two members named geometry"}},
		{"coordinates twice", `"geometry":{"type":"Point","coordinates":[1,2],"coordinates":[3,4]},"properties":{"population":1}`, "duplicate_member",
			coverage.Text{Zh: "几何有两个成员 coordinates (geometry)", En: "geometry: the geometry has two members named coordinates"}},
		{"a position of one number", geometry("Point", "[106.5]"), "short_position", coverage.Text{Zh: "坐标需要两个数, 只有 1 个 (geometry.coordinates)", En: "geometry.coordinates: a position needs two numbers and has 1"}},
		{"a type misspelt", geometry("point", "[106.5,29.5]"), "bad_type", coverage.Text{Zh: `未知的几何类型 "point", 是否为 Point? (geometry.type)`, En: `geometry.type: unknown geometry type "point", did you mean Point?`}},
		{"a ring of three", geometry("Polygon", "[[[106,29],[106.01,29],[106,29]]]"), "short_ring", coverage.Text{Zh: "环至少要有四个点, 只有 3 个 (geometry.coordinates[0])", En: "geometry.coordinates[0]: a ring needs four positions and has 3"}},
		{"over the antimeridian", geometry("Polygon", "[[[179,29],[-179,29],[-179,30],[179,29]]]"), "antimeridian", coverage.Text{Zh: "从 179, 29 到 -179, 29 的边跨越经度超过 180°; 请在 180° 经线处切开 (geometry.coordinates[0])",
			En: "geometry.coordinates[0]: the edge from 179, 29 to -179, 29 spans more than 180° of longitude; cut the geometry at the antimeridian"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, rep := mustBuild(t, collection(point(`"good"`, 106.5, 29.5, `"population":7`), c.feature), Options{Role: coverage.RoleDemand})
			if l.Len() != 1 || len(rep.Rows) != 1 || rep.Rows[0].N != 2 || rep.Rows[0].Action != "refused" || rep.Rows[0].Reason != c.reason {
				t.Fatalf("%d rows in the layer; %+v", l.Len(), rep.Rows)
			}
			if d := cmp.Diff(c.want, coverage.Text{Zh: rep.Rows[0].TextZh, En: rep.Rows[0].Text}); d != "" {
				t.Error(d)
			}
		})
	}
}

// Files that are refused as a whole say what they are, where they break and what to do.
func TestExactWordsOfFiles(t *testing.T) {
	good := point(`"a"`, 106.5, 29.5, `"population":1`)
	whole := collection(good)
	const nothing = "; nothing was imported; export the file again from its source"
	const nothingZh = "。文件没有被导入, 请从源头重新导出"
	for _, c := range []struct {
		name, text string
		o          Options
		want       coverage.Text
	}{
		{"NaN bare", strings.Replace(whole, "106.5", "NaN", 1), people, coverage.Text{Zh: "f: 第 1 行(第 109 字节): JSON 语法错误" + nothingZh, En: "f: line 1, byte 109: found 'N' where a value should follow" + nothing}},
		{"minus infinity bare", strings.Replace(whole, "29.5", "-Infinity", 1), people, coverage.Text{Zh: "f: 第 1 行(第 116 字节): JSON 语法错误" + nothingZh, En: "f: line 1, byte 116: found 'I' where a digit should follow" + nothing}},
		{"a number that begins with a plus", strings.Replace(whole, "106.5", "+106.5", 1), people, coverage.Text{Zh: "f: 第 1 行(第 109 字节): JSON 语法错误" + nothingZh, En: "f: line 1, byte 109: found '+' where a value should follow" + nothing}},
		{"a hexadecimal number", strings.Replace(whole, "106.5", "0x6A", 1), people, coverage.Text{Zh: "f: 第 1 行(第 110 字节): JSON 语法错误" + nothingZh, En: "f: line 1, byte 110: found 'x' where ',' or ']' should follow" + nothing}},
		{"a decimal comma", strings.Replace(whole, `"population":1`, `"population":1,5`, 1), people, coverage.Text{Zh: "f: 第 1 行(第 151 字节): JSON 语法错误" + nothingZh, En: "f: line 1, byte 151: found '5' where a member name in double quotes should follow" + nothing}},
		{"a million nested arrays", strings.Repeat("[", 1_000_000), people, coverage.Text{Zh: "f: 第 1 行(第 64 字节): 嵌套超过 64 层" + nothingZh, En: "f: line 1, byte 64: nested deeper than 64 levels" + nothing}},
		{"GBK", strings.Replace(whole, `"a"`, "\"\xd6\xd8\"", 1), people, coverage.Text{Zh: "f: 第 1 行(第 64 字节): 字节 0xd6 不是 UTF-8; 请另存为 UTF-8 (可能是 GBK)" + nothingZh, En: "f: line 1, byte 64: byte 0xd6 is not UTF-8; save the file as UTF-8 (it may be GBK)" + nothing}},
		{"empty", "", people, coverage.Text{Zh: "f: 文件是空的", En: "f: the file is empty"}},
		{"a spreadsheet", "PK\x03\x04", people, coverage.Text{Zh: "f: 文件是 zip 压缩包(或 KMZ、XLSX)。请先解压", En: "f: the file is a zip archive (or KMZ, XLSX); unpack it first"}},
		{"a GeoPackage", "SQLite format 3\x00", people, coverage.Text{Zh: "f: 文件是 SQLite 数据库或 GeoPackage。请把其中的图层导出为 GeoJSON", En: "f: the file is a SQLite database or GeoPackage; export its layer as GeoJSON"}},
		{"TopoJSON", `{"type":"Topology","objects":{},"arcs":[]}`, people, coverage.Text{Zh: "f: 文件是 TopoJSON。请转换为 GeoJSON", En: "f: the file is TopoJSON; convert it to GeoJSON"}},
		{"JSON, but not GeoJSON", `{"a":1}`, people, coverage.Text{Zh: "f: 外层对象没有 type。GeoJSON 文件应为 FeatureCollection、Feature 或几何", En: "f: the outer object has no type; a GeoJSON file is a FeatureCollection, a Feature or a geometry"}},
		{"an array", "[1]", people, coverage.Text{Zh: `f: 文件是 JSON 数组。GeoJSON 要素应放在 {"type": "FeatureCollection", "features": [...]} 之中`,
			En: `f: the file is a JSON array; GeoJSON features belong into {"type": "FeatureCollection", "features": [...]}`}},
		{"features twice", `{"type":"FeatureCollection","features":[],"features":[]}`, people, coverage.Text{Zh: "f: 外层对象有两个成员 features", En: "f: the outer object has two members named features"}},
		{"all in metres", collection(point("", 652839, 3272123, `"population":1`)), people,
			coverage.Text{Zh: "f: 1 个要素无一可用。其中 1 个: out_of_range; 如第 1 个: 经度 652839 超出 ±180°; 像是平面坐标系的米: 请声明图层的坐标系 (geometry.coordinates); 看起来像: 不带带号的平面坐标, 中央经线与基准未知, 东坐标(经度)在前; 请用 --crs EPSG:n 写明",
				En: "f: none of 1 features is usable; 1 of them: out_of_range; for example feature 1: geometry.coordinates: longitude 652839 is beyond ±180°; this looks like metres of a plane coordinate system: declare the layer's CRS; they look like plane coordinates without a zone, central meridian and datum unknown, easting (longitude) first; say which with --crs EPSG:n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, rep, err := Build(context.Background(), testServices(t), "f", strings.NewReader(c.text), c.o, nil)
			if l != nil || rep == nil || coverage.CodeOf(err) != coverage.Refused {
				t.Fatalf("%v, %v", rep, err)
			}
			if d := cmp.Diff(c.want, said(err)); d != "" {
				t.Error(d)
			}
		})
	}
}

// Of duplicate keys in properties the last counts, whatever their number.
func TestDuplicateKeys(t *testing.T) {
	l, rep := mustBuild(t, collection(point(`"a"`, 1, 2, `"population":1,"population":"x","n":{"b":1,"b":2},`+strings.Repeat(`"population":3,`, 100_000)+`"population":2.5`)), people)
	if rep.Used != 1 || l.Measures[0].Values[0] != 2500 || l.Properties[0] != `{"n":{"b":2},"population":2.5}` {
		t.Errorf("%+v, %v, %.80s", rep, l.Measures, l.Properties[0])
	}
}

// A hundred thousand points in one place, as a geocoder makes them that knows only the town: without ids they are as many people, with
// one id they are one; nothing is lost, and it takes no quadratic time.
func TestIdenticalPoints(t *testing.T) {
	const n = 100_000
	for _, c := range []struct {
		name, id string
		o        Options
		rows     int
		people   int64
		refused  int
	}{
		{"people without ids", "", people, n, 3000 * n, 0},
		{"people of one id", `"a"`, people, 1, 3000, 0},
		{"clinics without ids", "", clinics, n, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			features := strings.Repeat(`{"type":"Feature",`+point(c.id, 106.5, 29.5, `"population":3`)+"},\n", n)
			l, rep := mustBuild(t, `{"type":"FeatureCollection","features":[`+strings.TrimSuffix(features, ",\n")+"]}", c.o)
			if rep.Read != n || l.Len() != c.rows || rep.Refused != c.refused {
				t.Errorf("%d read, %d refused, %d in the layer", rep.Read, rep.Refused, l.Len())
			}
			sum := int64(0)
			for _, m := range l.Measures {
				for _, v := range m.Values {
					sum += v
				}
			}
			if sum != c.people {
				t.Errorf("%d thousandths of people, want %d", sum, c.people)
			}
		})
	}
	// One id and different people: nobody knows which is right, all are refused.
	_, rep, err := Build(context.Background(), testServices(t), "f", strings.NewReader(collection(point(`"a"`, 1, 2, `"population":1`), point(`"a"`, 1, 2, `"population":2`))), people, nil)
	if coverage.CodeOf(err) != coverage.Refused || rep.Refused != 2 || !strings.Contains(said(err).En, "none of 2 features is usable; 2 of them: duplicate_id") ||
		!strings.Contains(said(err).Zh, "2 个要素无一可用。其中 2 个: duplicate_id") {
		t.Errorf("%+v, %v", rep, said(err))
	}
}

// The first layer of a project has nothing to be held against. Where both numbers may be latitudes, the country can tell.
func TestSwappedFirstLayer(t *testing.T) {
	for _, c := range []struct {
		name     string
		lon, lat float64
		want     string
	}{
		{"Ürümqi", 87.6, 43.8, ""},
		{"Ürümqi, swapped", 43.8, 87.6, "swapped_axes"},
		{"Lhasa is at 91° and out of range, Kashgar is not", 39.47, 75.99, "swapped_axes"},
		{"Athens", 23.7, 37.9, ""},
		{"Athens, swapped", 37.9, 23.7, ""}, // in Sudan, where people live too
		{"Tromsø", 18.95, 69.65, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			st := newMemoryStore()
			rep := mustImport(t, st, "c.geojson", collection(point("", c.lon, c.lat, ``)), clinics)
			if got := warnings(rep); got != c.want {
				t.Fatalf("warnings %q, want %q", got, c.want)
			}
			if c.want == "" {
				return
			}
			want := coverage.Text{Zh: "图层不在中国境内, 经纬度对调后则在; 请检查坐标顺序(应为经度、纬度)",
				En: "the layer lies outside of China, and would lie inside with latitude and longitude swapped; check the order of the axes (longitude, latitude)"}
			if d := cmp.Diff(want, coverage.Text{Zh: rep.Warnings[0].TextZh, En: rep.Warnings[0].Text}); d != "" {
				t.Error(d)
			}
		})
	}
}

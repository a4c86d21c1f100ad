package geojson

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

func TestNumbers(t *testing.T) {
	tests := []struct{ in, want string }{
		{"0", "0"}, {"-0", "0"}, {"0.000", "0"}, {"-0e9", "0"}, {"1", "1"}, {"1.0", "1"}, {"1e0", "1"}, {"10e-1", "1"}, {"0.1e1", "1"}, {"-1.50", "-1.5"},
		{"12345678901234567890", "12345678901234567890"}, {"123456789012345678901234567890123", "123456789012345678901234567890123"},
		{"0.1", "0.1"}, {"1e-1", "0.1"}, {"0.000001", "0.000001"}, {"1e-6", "0.000001"}, {"1e-7", "1e-7"}, {"0.00000012", "1.2e-7"},
		{"1e20", "100000000000000000000"}, {"1E+21", "1e21"}, {"12e20", "1.2e21"}, {"1200000000000000000000000", "1.2e24"}, {"1e999", "1e999"},
		{"-1.000000000000000000000000000000001", "-1.000000000000000000000000000000001"}, {"120.5e1", "1205"}, {"3.14e00", "3.14"}, {"1e-999", "1e-999"},
		{"1e000000000000000000005", "100000"}, {"-1.5E+123456789012345678", "-1.5e123456789012345678"},
	}
	for _, test := range tests {
		got := string(appendNumber([]byte("x"), []byte(test.in)))[1:]
		if got != test.want {
			t.Errorf("%s is %s, want %s", test.in, got, test.want)
		}
		if again := string(appendNumber(nil, []byte(got))); again != got {
			t.Errorf("%s is not stable: %s", got, again)
		}
	}
}

// Coordinates must be the doubles that every other correct reader gets, to the last bit.
func TestParseFloat(t *testing.T) {
	check := func(t interface{ Fatalf(string, ...any) }, text string) {
		want, err := strconv.ParseFloat(text, 64)
		got, ok := parseFloat([]byte(text))
		if ok != (err == nil) || ok && (got != want || math.Signbit(got) && got == 0) {
			t.Fatalf("%s is read as %v, %v; want %v", text, got, ok, want)
		}
	}
	for _, s := range []string{"0", "-0", "-0.0", "1e-400", "-1e-400", "1e308", "1e309", "106.55", "0.00000000000000000000000000001", "0.0000000000000000000001",
		"9007199254740993", "999999999999999", "0.1", "123456789012345.6", "5e-324", "-29.563000000000002"} {
		check(t, s)
	}
	rapid.Check(t, func(t *rapid.T) {
		check(t, rapid.StringMatching(`-?(0|[1-9][0-9]{0,18})(\.[0-9]{1,24})?(e-?[0-9]{1,3})?`).Draw(t, "number"))
	})
}

func TestProperties(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", `{}`, `{}`},
		{"null", `null`, `{}`},
		{"sorted by bytes", `{"b":1,"a":2,"B":3,"名称":4,"é":5}`, `{"B":3,"a":2,"b":1,"é":5,"名称":4}`},
		{"of duplicate keys the last counts", `{"a":1,"b":0,"a":"two","\u0061":[3]}`, `{"a":[3],"b":0}`},
		{"kinds", ` { "a" : true , "b" : false , "c" : null , "d" : -1.50e1 , "e" : "x" } `, `{"a":true,"b":false,"c":null,"d":-15,"e":"x"}`},
		{"nested", `{"a":{"z":[1.0,{"y":2,"x":[ ]}],"b":{},"z":{"q":"\u00e9"}}}`, `{"a":{"b":{},"z":{"q":"é"}}}`},
		{"escapes", `{"a":"\"\\\/\b\f\n\r\t\u0000\u001f\u007f"}`, "{\"a\":\"\\\"\\\\/\\u0008\\u000c\\n\\r\\t\\u0000\\u001f\x7f\"}"},
		{"surrogates", `{"a":"\ud83c\udfe5 \uD83C","b":["\udfe5\ud83c"]}`, `{"a":"🏥 �","b":["��"]}`},
		{"empty key", `{"":""}`, `{"":""}`},
		{"large number", `{"code":500103001001000000000000001}`, `{"code":500103001001000000000000001}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p, err := ParseProperties([]byte(test.in))
			if err != nil {
				t.Fatal(err)
			}
			got := string(p.AppendJSON(nil))
			if got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			again, err := ParseProperties([]byte(got))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(p, again); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, bad := range []string{``, `[]`, `1`, `"x"`, `{"a":1,}`, `{"a":1} x`, `{"a":01}`, "{\"a\":\"\xff\"}", strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)} {
		if p, err := ParseProperties([]byte(bad)); err == nil {
			t.Errorf("%s is read as %v", bad, p)
		}
	}
}

func TestPropertiesGet(t *testing.T) {
	p, err := ParseProperties([]byte(`{"人口":1234.50,"text":" 12 ","name":"渝中区","hex":"0x10","nan":"NaN","big":1e999,"no":null,"yes":true,"obj":{"b":1,"a":2}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		key   string
		kind  Kind
		text  string
		value float64
		ok    bool
	}{
		{"人口", Number, "1234.5", 1234.5, true}, {"text", String, " 12 ", 12, true}, {"name", String, "渝中区", 0, false}, {"hex", String, "0x10", 0, false},
		{"nan", String, "NaN", 0, false}, {"big", Number, "1e999", 0, false}, {"no", Null, "", 0, false}, {"yes", Bool, "true", 0, false},
		{"obj", JSON, `{"a":2,"b":1}`, 0, false},
	} {
		v, ok := p.Get(test.key)
		if f, fok := v.Float(); !ok || v.Kind != test.kind || v.String() != test.text || f != test.value || fok != test.ok {
			t.Errorf("%s is %+v, %v, %v", test.key, v, f, fok)
		}
	}
	if _, ok := p.Get("absent"); ok {
		t.Error("found what is absent")
	}
}

// Half a character in a name is mended and reported, not passed on in silence.
func TestLoneSurrogate(t *testing.T) {
	for _, f := range []string{strings.Replace(goodPoint, `"n":1`, `"n":"\ud800x"`, 1), strings.Replace(goodPoint, `"n":1`, `"\udc00":1`, 1), strings.Replace(goodPoint, `"a"`, `"\ud800"`, 1),
		strings.Replace(goodPoint, `"n":1`, `"n":["\ud800"]`, 1)} {
		rows, info, err := everyWay(t, collection(f), Limits{})
		if err != nil || info.Repaired != 1 || len(rows[0].Repairs) != 1 || rows[0].Repairs[0].Code != LoneSurrogate {
			t.Errorf("%s: %v, %+v", f, err, rows)
		}
	}
}

func TestAppendGeometry(t *testing.T) {
	negativeZero := math.Copysign(0, -1)
	tests := []struct {
		g    orb.Geometry
		want string
	}{
		{nil, `null`},
		{orb.Point{106.55, negativeZero}, `{"type":"Point","coordinates":[106.55,0]}`},
		{orb.Point{1e-9, 1e21}, `{"type":"Point","coordinates":[0.000000001,1000000000000000000000]}`},
		{orb.Point{0.30000000000000004, -1.0 / 3}, `{"type":"Point","coordinates":[0.30000000000000004,-0.3333333333333333]}`},
		{orb.MultiPoint{{1, 2}, {3, 4}}, `{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}`},
		{orb.LineString{{1, 2}, {3, 4}}, `{"type":"LineString","coordinates":[[1,2],[3,4]]}`},
		{orb.MultiLineString{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}}, `{"type":"MultiLineString","coordinates":[[[1,2],[3,4]],[[5,6],[7,8]]]}`},
		{orb.Ring{{0, 0}, {1, 0}, {1, 1}, {0, 0}}, `{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}`},
		{orb.Bound{Max: orb.Point{1, 2}}, `{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,2],[0,2],[0,0]]]}`},
		{orb.MultiPolygon{{{{0, 0}, {1, 0}, {1, 1}, {0, 0}}}}, `{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]]]}`},
		{orb.Collection{orb.Point{1, 2}, nil}, `{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},null]}`},
	}
	for _, test := range tests {
		if got := string(AppendGeometry(nil, test.g)); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
	for _, g := range orb.AllGeometries {
		if b := AppendGeometry(nil, g); !json.Valid(b) {
			t.Errorf("%T: %s", g, b)
		}
		if b := Canonical(Feature{Geometry: g}); !json.Valid(b) {
			t.Errorf("%T: %s", g, b)
		}
	}
}

func TestParseGeometry(t *testing.T) {
	g, err := ParseGeometry([]byte(` {"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]} `))
	if diff := cmp.Diff(orb.Geometry(orb.Polygon{{{0, 0}, {1, 0}, {1, 1}, {0, 0}}}), g); err != nil || diff != "" {
		t.Error(err, diff)
	}
	for text, code := range map[string]Code{
		`null`: NullGeometry, `5`: BadType, `{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1]]]}`: RingClosed, `{"type":"Point","coordinates":[1,200]}`: OutOfRange,
		`{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}]}`: CollectionFlattened,
	} {
		var f *Finding
		if g, err := ParseGeometry([]byte(text)); !errors.As(err, &f) || f.Code != code {
			t.Errorf("%s: %v, %v", text, g, err)
		}
	}
	var syntax *SyntaxError
	for _, text := range []string{``, `{`, `{"type":"Point","coordinates":[1,2]} x`} {
		if _, err := ParseGeometry([]byte(text)); !errors.As(err, &syntax) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// One feature written by two programs must hash alike, or its copy counts twice; two different ones must not.
func TestCanonical(t *testing.T) {
	read := func(text string) string {
		rows, _, err := everyWay(t, collection(text), Limits{})
		if err != nil || rows[0].Refused != nil {
			t.Fatalf("%s: %v, %+v", text, err, rows)
		}
		return string(Canonical(rows[0].Feature))
	}
	polygon := func(rings string) string {
		return `{"type":"Feature","id":7,"geometry":{"type":"Polygon","coordinates":` + rings + `},"properties":{"b":[1.0,-0],"a":"é"}}`
	}
	want := read(polygon(`[[[0,0],[9,0],[9,9],[0,9],[0,0]],[[1,1],[1,2],[2,2],[1,1]],[[5,5],[5,6],[6,6],[5,5]]]`))
	if want != `{"type":"Feature","id":"7","geometry":{"type":"Polygon","coordinates":[[[0,0],[9,0],[9,9],[0,9],[0,0]],[[1,1],[1,2],[2,2],[1,1]],[[5,5],[5,6],[6,6],[5,5]]]},"properties":{"a":"é","b":[1,0]}}` {
		t.Error(want)
	}
	for _, same := range []string{
		polygon(`[[[9,9],[0,9],[0,0],[9,0],[9,9]],[[1,1],[1,2],[2,2],[1,1]],[[5,5],[5,6],[6,6],[5,5]]]`),
		polygon(`[[[9,9],[9,0],[0,0],[0,9],[9,9]],[[6,6],[5,6],[5,5],[6,6]],[[2,2],[1,1],[1,2],[2,2]]]`),
		polygon(`[[[0.0,-0.0],[9e0,0],[9,9],[9,9],[0,9]],[[1,1],[1,2],[2,2],[1,1]],[[5,5,7],[5,6],[6,6],[5,5]]]`),
		strings.NewReplacer(`"id":7`, `"id":"7"`, `"b":[1.0,-0],"a":"é"`, `"a":0,"a":"\u00e9","b":[1,0e5]`).Replace(polygon(`[[[0,0],[9,0],[9,9],[0,9],[0,0]],[[1,1],[1,2],[2,2],[1,1]],[[5,5],[5,6],[6,6],[5,5]]]`)),
	} {
		if got := read(same); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	if read(polygon(`[[[0,0],[9,0],[9,9],[0,9],[0,0]]]`)) == want {
		t.Error("a polygon without its holes is the same")
	}
	rows, _, _ := everyWay(t, collection(polygon(`[[[9,9],[0,9],[0,0],[9,0],[9,9]]]`)), Limits{})
	Canonical(rows[0].Feature)
	if rows[0].Feature.Geometry.(orb.Polygon)[0][0] != (orb.Point{9, 9}) {
		t.Error("Canonical changed its argument")
	}
}

func TestWriter(t *testing.T) {
	var b bytes.Buffer
	w := NewWriter(&b)
	for _, err := range []error{
		w.Member("name", []byte(`"诊所"`)),
		w.Member("numberMatched", []byte(`2`)),
		w.WriteFeature("a\"b", orb.Point{106.5, 29.5}, []byte(` {"x":1} `)),
		w.WriteFeature("", nil, nil),
		w.Member("links", []byte(`[{"rel":"self"}]`)),
		w.Close(), w.Close(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := `{"type":"FeatureCollection","name":"诊所","numberMatched":2,"features":[
{"type":"Feature","id":"a\"b","geometry":{"type":"Point","coordinates":[106.5,29.5]},"properties":{"x":1}},
{"type":"Feature","geometry":null,"properties":null}
],"links":[{"rel":"self"}]}
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	b.Reset()
	if w := NewWriter(&b); w.Close() != nil || b.String() != `{"type":"FeatureCollection","features":[]}`+"\n" {
		t.Errorf("empty collection: %s", b.String())
	}
	for name, do := range map[string]func(w *Writer) error{
		"properties no object":  func(w *Writer) error { return w.WriteFeature("a", orb.Point{}, []byte(`[]`)) },
		"properties broken":     func(w *Writer) error { return w.WriteFeature("a", orb.Point{}, []byte(`{"a":}`)) },
		"not finite":            func(w *Writer) error { return w.WriteFeature("a", orb.MultiPolygon{{{{math.NaN(), 0}}}}, nil) },
		"member broken":         func(w *Writer) error { return w.Member("a", []byte(`{`)) },
		"features as a member":  func(w *Writer) error { return w.Member("features", []byte(`[]`)) },
		"the same member twice": func(w *Writer) error { return errors.Join(w.Member("a", []byte(`1`)), w.Member("a", []byte(`1`))) },
		"after the end":         func(w *Writer) error { return errors.Join(w.Close(), w.WriteFeature("a", nil, nil)) },
	} {
		if err := do(NewWriter(&bytes.Buffer{})); err == nil {
			t.Errorf("%s was written", name)
		}
	}
	w = NewWriter(failingWriter{})
	for range 10_000 {
		_ = w.WriteFeature("a", orb.Point{1, 2}, nil)
	}
	if w.Close() == nil {
		t.Error("a full disk went unnoticed")
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// What is written is read back as it was: no digit, no name and no order may drift through an export and an import.
func TestRoundTrip(t *testing.T) {
	coordinate := func(limit float64) *rapid.Generator[float64] {
		return rapid.Custom(func(t *rapid.T) float64 { return rapid.Float64Range(-limit, limit).Draw(t, "c") + 0 })
	}
	point := rapid.Custom(func(t *rapid.T) orb.Point {
		return orb.Point{coordinate(90).Draw(t, "x"), coordinate(90).Draw(t, "y")}
	})
	value := rapid.Custom(func(t *rapid.T) any {
		switch rapid.IntRange(0, 4).Draw(t, "kind") {
		case 0:
			return rapid.String().Draw(t, "s")
		case 1:
			return rapid.Float64Range(-1e30, 1e30).Draw(t, "f")
		case 2:
			return rapid.Bool().Draw(t, "b")
		case 3:
			return []any{rapid.Int().Draw(t, "i"), map[string]any{rapid.String().Draw(t, "k"): nil}}
		}
		return nil
	})
	rapid.Check(t, func(t *rapid.T) {
		text, err := json.Marshal(rapid.MapOfN(rapid.String(), value, 0, 6).Draw(t, "properties"))
		if err != nil {
			t.Fatal(err)
		}
		p, err := ParseProperties(text)
		if err != nil {
			t.Fatal(err)
		}
		want := Feature{ID: rapid.String().Draw(t, "id"), Properties: p}
		want.HasID = want.ID != ""
		var g orb.Geometry
		switch rapid.IntRange(0, 3).Draw(t, "geometry") {
		case 0:
			g = point.Draw(t, "p")
		case 1:
			g = orb.MultiPoint(rapid.SliceOfN(point, 1, 5).Draw(t, "ps"))
		case 2:
			g = orb.LineString(rapid.SliceOfN(point, 2, 5).Draw(t, "l"))
		case 3:
			g = orb.Polygon{append(rapid.SliceOfN(point, 3, 6).Draw(t, "r"), point.Draw(t, "last"))}
		}
		g, _, refused := Clean(g, false)
		if refused != nil {
			t.Skip()
		}
		want.Geometry = g
		var b bytes.Buffer
		w := NewWriter(&b)
		if err := errors.Join(w.WriteFeature(want.ID, g, p.AppendJSON(nil)), w.Close()); err != nil {
			t.Fatal(err)
		}
		row, err := NewReader(&b, Limits{}).Next()
		if err != nil || row.Refused != nil || len(row.Repairs) > 0 {
			t.Fatal(err, row)
		}
		if diff := cmp.Diff(want, row.Feature); diff != "" {
			t.Fatal(diff)
		}
		if same, err := ParseGeometry(AppendGeometry(nil, g)); err != nil || !orb.Equal(same, g) {
			t.Fatal(same, err)
		}
	})
}

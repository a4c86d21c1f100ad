package geojson

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

// Whatever stands in a file: no crash; nothing that is no JSON is accepted; what is accepted is written and read back as it was.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{collection(goodPoint), goodPoint, goodPoint + "\n" + goodPoint, "\x1e" + goodPoint + "\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lim := Limits{MaxFeatureBytes: 1 << 20, MaxVertices: 20_000}
		var rows []Row
		var info Info
		var err error
		if len(data) < 4096 {
			rows, info, err = everyWay(t, string(data), lim)
		} else {
			rows, info, err = readAll(t, string(data), lim)
		}
		lines := info.Form == FormLines || info.Form == FormSequence
		text := bytes.TrimPrefix(data, []byte("\ufeff"))
		if err == nil && !lines && !(json.Valid(text) && utf8.Valid(text)) {
			t.Fatalf("accepted what is no JSON")
		}
		if err != nil {
			var syntax *SyntaxError
			if errors.As(err, &syntax) && (syntax.Offset < 0 || syntax.Offset > int64(len(data)) || syntax.Line < 1) {
				t.Fatalf("%v lies outside the file", err)
			}
			return
		}
		var b bytes.Buffer
		w := NewWriter(&b)
		var used []Feature
		for _, row := range rows {
			if row.Refused != nil {
				continue
			}
			used = append(used, row.Feature)
			if err := w.WriteFeature(row.Feature.ID, row.Feature.Geometry, row.Feature.Properties.AppendJSON(nil)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if !json.Valid(b.Bytes()) {
			t.Fatalf("wrote what is no JSON: %s", b.Bytes())
		}
		r := NewReader(&b, Limits{})
		for _, want := range used {
			row, err := r.Next()
			if err != nil || row.Refused != nil || len(row.Repairs) > 0 {
				t.Fatalf("cannot read back %s: %v, %+v", Canonical(want), err, row)
			}
			if !orb.Equal(want.Geometry, row.Feature.Geometry) || !bytes.Equal(Canonical(want), Canonical(row.Feature)) {
				t.Fatalf("%s was read back as %s", Canonical(want), Canonical(row.Feature))
			}
		}
		if _, err := r.Next(); err != io.EOF {
			t.Fatal(err)
		}
	})
}

// Properties must mean what encoding/json, an independent reader, says that they mean.
func FuzzParseProperties(f *testing.F) {
	for _, seed := range []string{`{}`, `null`, `{"b":1.50,"a":[{"y":1,"x":"\u00e9\ud800"}],"b":null}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParseProperties(data)
		if err != nil {
			return
		}
		if !json.Valid(data) {
			t.Fatal("accepted what is no JSON")
		}
		for i := 1; i < len(p); i++ {
			if p[i-1].Key >= p[i].Key {
				t.Fatalf("keys are not sorted: %q, %q", p[i-1].Key, p[i].Key)
			}
		}
		text := p.AppendJSON(nil)
		again, err := ParseProperties(text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p, again); diff != "" {
			t.Fatal(diff)
		}
		var other map[string]any
		d := json.NewDecoder(bytes.NewReader(data))
		d.UseNumber()
		if err := d.Decode(&other); err != nil {
			t.Fatal(err)
		}
		retold, err := json.Marshal(other)
		if err != nil {
			t.Fatal(err)
		}
		same, err := ParseProperties(retold)
		if err != nil {
			t.Fatal(err)
		}
		if got := same.AppendJSON(nil); !bytes.Equal(got, text) {
			t.Fatalf("read as %s, by encoding/json as %s", text, got)
		}
	})
}

// A geometry that is accepted by itself is the one that the reader of files accepts without a repair, and keeps its bytes when
// it is written and read again.
func FuzzParseGeometry(f *testing.F) {
	for _, seed := range []string{`{"type":"Point","coordinates":[106.5,29.5]}`, `{"type":"MultiPolygon","coordinates":[[[[0,0],[10,0],[10,10],[0,0]],[[4,1],[5,2],[5,1],[4,1]]]]}`,
		`{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}]}`, `{"coordinates":[[0,0],[1e-7,1]],"type":"LineString","type":"Point"}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := ParseGeometry(data)
		rows, _, fileErr := readAll(t, string(data), Limits{})
		asFile := fileErr == nil && len(rows) == 1 && rows[0].Refused == nil && len(rows[0].Repairs) == 0
		if err != nil {
			if g != nil {
				t.Fatalf("a geometry and an error: %v, %v", g, err)
			}
			if asFile && bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) && orb.Geometry(nil) != rows[0].Feature.Geometry && !isFeature(data) {
				t.Fatalf("refused as %v, but the reader takes it as %v", err, rows[0].Feature.Geometry)
			}
			return
		}
		if !json.Valid(data) {
			t.Fatal("accepted what is no JSON")
		}
		if !asFile || !orb.Equal(g, rows[0].Feature.Geometry) {
			t.Fatalf("accepted as %v, by the reader as %+v, %v", g, rows, fileErr)
		}
		text := AppendGeometry(nil, g)
		again, err := ParseGeometry(text)
		if err != nil || !orb.Equal(g, again) || !bytes.Equal(text, AppendGeometry(nil, again)) {
			t.Fatalf("%s was read back as %v, %v", text, again, err)
		}
	})
}

// isFeature tells whether a document is a Feature or a GeometryCollection, which the reader takes apart, rather than one geometry.
func isFeature(data []byte) bool {
	var outer struct{ Type string }
	return json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &outer) != nil || outer.Type == "Feature" || outer.Type == "FeatureCollection" || outer.Type == "GeometryCollection"
}

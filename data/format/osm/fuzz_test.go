package osm

import (
	"bytes"
	"context"
	"io"
	"testing"

	"lifecircle/coverage"
	"lifecircle/geo/geojson"
)

// FuzzPBF reads any bytes as PBF.
func FuzzPBF(f *testing.F) {
	d := town()
	f.Add(d.pbf(true, true))
	f.Add(d.pbf(true, false))
	f.Add(d.pbf(false, false))
	f.Fuzz(func(t *testing.T, file []byte) {
		if format, ok := Sniff(file); ok && format == PBF {
			fuzzRead(t, file)
		}
	})
}

// FuzzXML reads any bytes as XML.
func FuzzXML(f *testing.F) {
	f.Add(town().xml())
	f.Add([]byte(`<osm version="0.6"><bounds minlat="1" minlon="2" maxlat="3" maxlon="4"/><node id="1" lat="1" lon="1e0"/></osm>`))
	f.Fuzz(func(t *testing.T, file []byte) {
		if format, ok := Sniff(file); ok && format == XML {
			fuzzRead(t, file)
		}
	})
}

// fuzzRead holds what must be true of every file: no crash, an error is the file's, the same rows again, each with a geometry or a reason,
// and geometries that can be checked.
func fuzzRead(t *testing.T, file []byte) {
	if len(file) > 1<<16 {
		t.Skip("long inputs only cost time")
	}
	x, err := Read(context.Background(), bytes.NewReader(file), Options{MaxFeatures: 10_000, MaxVertices: 100_000})
	if err != nil {
		if coverage.CodeOf(err) != coverage.Refused {
			t.Fatalf("%s: %v", coverage.CodeOf(err), err)
		}
		return
	}
	once, again := x.Source(Selection{}), x.Source(Selection{})
	for n := 1; ; n++ {
		row, err := once.Next()
		same, _ := again.Next()
		if err == io.EOF {
			return
		}
		if row.N != n || said(row) != said(same) || (row.Feature.Geometry == nil) != (row.Refused != nil) {
			t.Fatalf("row %d: %+v and %+v", n, row, same)
		}
		if row.Refused == nil {
			geojson.Clean(row.Feature.Geometry, false)
		}
	}
}

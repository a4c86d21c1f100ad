package store

import (
	"bytes"
	"encoding/hex"
	"math"
	"testing"

	"github.com/paulmach/orb"
)

var blobGeometries = map[string]orb.Geometry{
	"point":       orb.Point{106.5, 29.5},
	"line":        orb.LineString{{1, 2}, {3, 4}},
	"polygon":     orb.Polygon{{{0, 0}, {4, 0}, {4, 4}, {0, 0}}, {{1, 0.5}, {2, 1}, {2, 0.5}, {1, 0.5}}},
	"multipoint":  orb.MultiPoint{{1, 2}, {3, 4}},
	"multiline":   orb.MultiLineString{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8}}},
	"multi":       orb.MultiPolygon{{{{0, 0}, {4, 0}, {4, 4}, {0, 0}}}, {{{9, 9}, {10, 9}, {10, 10}, {9, 9}}}},
	"empty":       orb.MultiPolygon{},
	"empty line":  orb.LineString{},
	"collection":  orb.Collection{orb.Point{1, 2}, orb.LineString{{1, 2}, {3, 4}}},
	"empty parts": orb.Collection{},
}

func TestBlobs(t *testing.T) {
	for name, g := range blobGeometries {
		t.Run(name, func(t *testing.T) {
			b := encodeBlob(nil, g)
			got, err := decodeBlob(b)
			if err != nil || !orb.Equal(g, got) {
				t.Fatalf("%v %v", got, err)
			}
			env, ok, err := blobBound(b)
			if err != nil || ok == isEmpty(g) {
				t.Fatalf("bound: %v %v", ok, err)
			}
			if bound := g.Bound(); ok && env != [4]float64{bound.Min[0], bound.Max[0], bound.Min[1], bound.Max[1]} {
				t.Errorf("bound: %v", env)
			}
			for cut := range b {
				if cut == 0 {
					continue
				}
				if _, err := decodeBlob(b[:cut]); err == nil {
					t.Errorf("cut to %d of %d bytes, it is still read", cut, len(b))
				}
			}
		})
	}
	if g, err := decodeBlob(nil); g != nil || err != nil {
		t.Errorf("NULL: %v %v", g, err)
	}
}

// Other programs write big endian, heights and measures; their features must come in all the same.
func TestBlobsOfOtherPrograms(t *testing.T) {
	tests := []struct {
		name, hex string
		want      orb.Geometry
	}{
		{"big endian", "47500000" + "000010e6" + "00" + "00000001" + "405aa00000000000" + "403d800000000000", orb.Point{106.5, 29.5}},
		{"with z, ISO", "47500001" + "e6100000" + "01" + "e9030000" + "0000000000a05a40" + "0000000000803d40" + "0000000000006940", orb.Point{106.5, 29.5}},
		{"with z and m, older", "47500001" + "e6100000" + "01" + "010000c0" + "0000000000a05a40" + "0000000000803d40" + "0000000000006940" + "0000000000006940", orb.Point{106.5, 29.5}},
		{"with an envelope of z", "47500005" + "e6100000" + "0000000000000000" + "000000000000f03f" + "0000000000000000" + "000000000000f03f" + "0000000000000000" + "0000000000000000" +
			"01" + "02000000" + "02000000" + "0000000000000000" + "0000000000000000" + "000000000000f03f" + "000000000000f03f", orb.LineString{{0, 0}, {1, 1}}},
	}
	for _, tt := range tests {
		b, err := hex.DecodeString(tt.hex)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decodeBlob(b); err != nil || !orb.Equal(got, tt.want) {
			t.Errorf("%s: %v %v", tt.name, got, err)
		}
		if _, ok, err := blobBound(b); !ok || err != nil {
			t.Errorf("%s: bound %v %v", tt.name, ok, err)
		}
	}
}

// The functions of the triggers, on what may stand in a column.
func TestSpatialFunctions(t *testing.T) {
	f := spatialFunctions()
	call := func(name string, v any) any { return f[name].(func(any) any)(v) }
	line := encodeBlob(nil, orb.LineString{{1, 2}, {3, 4}})
	for name, want := range map[string]any{"ST_MinX": 1.0, "ST_MaxX": 3.0, "ST_MinY": 2.0, "ST_MaxY": 4.0, "ST_IsEmpty": int64(0)} {
		if got := call(name, line); got != want {
			t.Errorf("%s: %v", name, got)
		}
		for _, v := range []any{nil, "text", int64(1), []byte{}, []byte("GP")} {
			if got := call(name, v); got != nil {
				t.Errorf("%s of %v: %v", name, v, got)
			}
		}
	}
	if got := call("ST_IsEmpty", encodeBlob(nil, orb.MultiPolygon{})); got != int64(1) {
		t.Errorf("an empty geometry: %v", got)
	}
	if got := call("ST_IsEmpty", encodeBlob(nil, orb.Point{math.NaN(), math.NaN()})); got != int64(1) {
		t.Errorf("an empty point: %v", got)
	}
}

func FuzzDecodeBlob(f *testing.F) {
	for _, g := range blobGeometries {
		f.Add(encodeBlob(nil, g))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, _ = blobBound(b)
		g, err := decodeBlob(b)
		if err != nil || g == nil {
			return
		}
		again := encodeBlob(nil, g)
		h, err := decodeBlob(again)
		if err != nil {
			t.Fatalf("what was read is not read again: %v", err)
		}
		if !bytes.Equal(again, encodeBlob(nil, h)) {
			t.Fatal("it changes")
		}
	})
}

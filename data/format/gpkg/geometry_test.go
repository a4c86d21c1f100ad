package gpkg

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/wkb"
	"pgregory.net/rapid"
)

// header gives a GeoPackage header in a byte order with an envelope code and whatever bytes the envelope has.
func header(order binary.ByteOrder, srs int32, envelope byte) []byte {
	flags := envelope << 1
	if order == binary.LittleEndian {
		flags |= 1
	}
	b := []byte{'G', 'P', 0, flags, 0, 0, 0, 0}
	order.PutUint32(b[4:], uint32(srs))
	return append(b, make([]byte, [...]int{0, 32, 48, 48, 64}[envelope])...)
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var square = orb.Ring{{0, 0}, {4, 0}, {4, 4}, {0, 4}, {0, 0}}
var hole = orb.Ring{{1, 1}, {1, 2}, {2, 2}, {2, 1}, {1, 1}}

// Every kind of geometry that a program may have written comes back as it was, in both byte orders and under every envelope.
func TestDecodeGeometryKinds(t *testing.T) {
	cases := []struct {
		name string
		g    orb.Geometry
	}{
		{"point", orb.Point{23.7, 37.9}},
		{"line", orb.LineString{{0, 0}, {1, 2}, {3, -4}}},
		{"polygon", orb.Polygon{square}},
		{"polygon with hole", orb.Polygon{square, hole}},
		{"multipoint", orb.MultiPoint{{1, 2}, {3, 4}}},
		{"multiline", orb.MultiLineString{{{0, 0}, {1, 1}}, {{5, 5}, {6, 6}, {7, 5}}}},
		{"multipolygon", orb.MultiPolygon{{square, hole}, {orb.Ring{{9, 9}, {10, 9}, {10, 10}, {9, 9}}}}},
		{"collection", orb.Collection{orb.Point{1, 1}, orb.MultiPolygon{{square}}, orb.Collection{orb.LineString{{0, 0}, {1, 1}}}}},
	}
	for _, c := range cases {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			for envelope := byte(0); envelope <= 4; envelope++ {
				body, err := wkb.Marshal(c.g, order)
				if err != nil {
					t.Fatal(err)
				}
				g, srs, err := DecodeGeometry(append(header(order, 4326, envelope), body...))
				if err != nil || srs != 4326 {
					t.Fatalf("%s, %v, envelope %d: srs %d, %v", c.name, order, envelope, srs, err)
				}
				if d := cmp.Diff(c.g, g); d != "" {
					t.Errorf("%s, %v, envelope %d: %s", c.name, order, envelope, d)
				}
			}
		}
	}
}

// A surveyor's heights and measures are dropped, not mistaken for the next vertex.
func TestDecodeWKBDropsHeights(t *testing.T) {
	position := func(values ...float64) []byte {
		var b []byte
		for _, v := range values {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
		return b
	}
	line := func(kind uint32, extra []byte, positions ...[]byte) []byte {
		b := binary.LittleEndian.AppendUint32([]byte{1}, kind)
		b = append(b, extra...)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(positions)))
		return append(b, bytes.Join(positions, nil)...)
	}
	want := orb.LineString{{1, 2}, {3, 4}}
	cases := []struct {
		name string
		b    []byte
	}{
		{"ISO Z", line(1002, nil, position(1, 2, 9), position(3, 4, 9))},
		{"ISO M", line(2002, nil, position(1, 2, 9), position(3, 4, 9))},
		{"ISO ZM", line(3002, nil, position(1, 2, 8, 9), position(3, 4, 8, 9))},
		{"EWKB Z", line(0x80000002, nil, position(1, 2, 9), position(3, 4, 9))},
		{"EWKB ZM with SRID", line(0xe0000002, []byte{0xe6, 0x10, 0, 0}, position(1, 2, 8, 9), position(3, 4, 8, 9))},
	}
	for _, c := range cases {
		g, err := DecodeWKB(c.b)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if d := cmp.Diff(orb.Geometry(want), g); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}

// Empty geometries are nil, so that a row without a place is refused as one and not as a crash.
func TestDecodeEmpty(t *testing.T) {
	cases := []struct{ name, hex string }{
		{"point", "01 01000000 000000000000f87f 000000000000f87f"},
		{"line", "01 02000000 00000000"},
		{"polygon", "01 03000000 00000000"},
		{"polygon of an empty ring", "01 03000000 01000000 00000000"},
		{"multipolygon", "00 00000006 00000000"},
		{"multipoint of an empty point", "01 04000000 01000000 01 01000000 000000000000f87f 000000000000f87f"},
		{"collection of an empty collection", "01 07000000 01000000 01 07000000 00000000"},
	}
	for _, c := range cases {
		if g, err := DecodeWKB(unhex(t, c.hex)); g != nil || err != nil {
			t.Errorf("%s: %v, %v; want nil, nil", c.name, g, err)
		}
	}
}

// Damaged bytes are an error that says where, never a crash, a wild allocation or half a geometry.
func TestDecodeRefuses(t *testing.T) {
	cases := []struct{ name, hex, want string }{
		{"nothing", "", "header"},
		{"no magic", "0000 00 01 e6100000 01 01000000", "GP"},
		{"newer version", "4750 01 01 e6100000", "version 1"},
		{"extended", "4750 00 21 e6100000", "extended"},
		{"envelope code 5", "4750 00 0b e6100000", "envelope code 5"},
		{"ends in envelope", "4750 00 03 e6100000 00000000", "envelope"},
		{"header only", "4750 00 01 e6100000", "begin"},
		{"byte order 2", "4750 00 01 e6100000 02 01000000", "byte order 2"},
		{"curve", "4750 00 01 e6100000 01 08000000 00000000", "type 8"},
		{"type 0", "4750 00 01 e6100000 01 00000000 00000000", "type 0"},
		{"type of another family", "4750 00 01 e6100000 01 a10f0000 00000000", "type 4001"},
		{"ends in a position", "4750 00 01 e6100000 01 01000000 0000", "position"},
		{"four billion vertices", "4750 00 01 e6100000 01 02000000 ffffffff", "does not fit"},
		{"four billion rings", "4750 00 01 e6100000 01 03000000 ffffffff", "does not fit"},
		{"four billion members", "4750 00 01 e6100000 01 07000000 ffffffff", "does not fit"},
		{"a line in a multipoint", "4750 00 01 e6100000 01 04000000 01000000 01 02000000 00000000", "type 1 belongs"},
		{"infinite", "4750 00 01 e6100000 01 01000000 000000000000f07f 0000000000000000", "not finite"},
		{"half NaN", "4750 00 01 e6100000 01 01000000 000000000000f87f 0000000000000000", "not finite"},
		{"NaN in a line", "4750 00 01 e6100000 01 02000000 01000000 000000000000f87f 000000000000f87f", "empty position"},
		{"a hole without a shell", "4750 00 01 e6100000 01 03000000 02000000 00000000 00000000", "outer ring"},
		{"trailing byte", "4750 00 01 e6100000 01 02000000 00000000 07", "1 bytes follow"},
	}
	for _, c := range cases {
		g, _, err := DecodeGeometry(unhex(t, c.hex))
		if err == nil || g != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v; want an error with %q", c.name, g, err, c.want)
		}
	}
	deep := bytes.Repeat(unhex(t, "01 07000000 01000000"), 1000)
	if _, err := DecodeWKB(append(deep, unhex(t, "01 07000000 00000000")...)); err == nil || !strings.Contains(err.Error(), "nest") {
		t.Errorf("a thousand nested collections: %v", err)
	}
}

// Whatever is cut off a geometry, the rest is refused.
func TestDecodeEveryPrefixRefused(t *testing.T) {
	body, err := wkb.Marshal(orb.Collection{orb.MultiPolygon{{square, hole}}, orb.LineString{{0, 0}, {1, 1}}}, binary.LittleEndian)
	if err != nil {
		t.Fatal(err)
	}
	for n := range body {
		if g, err := DecodeWKB(body[:n]); err == nil {
			t.Errorf("the first %d of %d bytes were read as %v", n, len(body), g)
		}
	}
}

// Law: decode(encode(g)) = g.
func TestDecodeRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		points := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) orb.Point {
			return orb.Point{rapid.Float64Range(-180, 180).Draw(rt, "x"), rapid.Float64Range(-90, 90).Draw(rt, "y")}
		}), 1, 9)
		g := orb.MultiPolygon{{orb.Ring(points.Draw(rt, "shell"))}, {orb.Ring(points.Draw(rt, "a")), orb.Ring(points.Draw(rt, "b"))}}
		body, err := wkb.Marshal(g, binary.BigEndian)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := DecodeWKB(body)
		if err != nil {
			rt.Fatal(err)
		}
		if d := cmp.Diff(orb.Geometry(g), got); d != "" {
			rt.Fatal(d)
		}
	})
}

// FuzzDecodeGeometry: no bytes crash the decoder or make it take more memory than they could describe, and
// what it accepts, written again by another implementation, reads the same.
func FuzzDecodeGeometry(f *testing.F) {
	for _, g := range []orb.Geometry{orb.Point{1, 2}, orb.MultiPolygon{{square, hole}}, orb.Collection{orb.LineString{{0, 0}, {1, 1}}}} {
		body, err := wkb.Marshal(g, binary.LittleEndian)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(append(header(binary.LittleEndian, 4326, 1), body...))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		g, _, err := DecodeGeometry(b)
		if err != nil {
			if g != nil {
				t.Fatalf("an error and a geometry: %v, %v", err, g)
			}
			return
		}
		if g == nil {
			return
		}
		again, err := wkb.Marshal(g, binary.BigEndian)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeWKB(again)
		if err != nil {
			t.Fatalf("%v: read once, refused when written again: %v", g, err)
		}
		if d := cmp.Diff(g, got); d != "" {
			t.Fatal(d)
		}
	})
}

package wkt_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	orbwkt "github.com/paulmach/orb/encoding/wkt"
	"pgregory.net/rapid"

	"lifecircle/data/format/wkt"
)

func TestParse(t *testing.T) {
	ring := orb.Ring{{0, 0}, {4, 0}, {4, 4}, {0, 0}}
	for _, c := range []struct {
		text string
		want wkt.Geometry
	}{
		{"POINT(106.5 29.5)", wkt.Geometry{Shape: orb.Point{106.5, 29.5}}},
		{" point ( -1e1  +2.50 ) ", wkt.Geometry{Shape: orb.Point{-10, 2.5}}},
		{"SRID=4490;POINT Z (1 2 3)", wkt.Geometry{Shape: orb.Point{1, 2}, SRID: 4490, Dropped: 1}},
		{"POINTZM(1 2 3 4)", wkt.Geometry{Shape: orb.Point{1, 2}, Dropped: 1}},
		{"POINT M (1 2 3)", wkt.Geometry{Shape: orb.Point{1, 2}, Dropped: 1}},
		{"POINT(1 2 3)", wkt.Geometry{Shape: orb.Point{1, 2}, Dropped: 1}},
		{"POINT EMPTY", wkt.Geometry{}},
		{"MultiPolygon Z EMPTY", wkt.Geometry{}},
		{"GEOMETRYCOLLECTION(POINT EMPTY)", wkt.Geometry{}},
		{"MULTIPOINT(1 2, (3 4), EMPTY)", wkt.Geometry{Shape: orb.MultiPoint{{1, 2}, {3, 4}}}},
		{"LINESTRING(0 0,1 1,\n2 2)", wkt.Geometry{Shape: orb.LineString{{0, 0}, {1, 1}, {2, 2}}}},
		{"POLYGON((0 0,4 0,4 4,0 0),(1 .5,2 .5,2 1,1 .5))", wkt.Geometry{Shape: orb.Polygon{ring, {{1, .5}, {2, .5}, {2, 1}, {1, .5}}}}},
		{"MULTIPOLYGON(((0 0,4 0,4 4,0 0)),EMPTY)", wkt.Geometry{Shape: orb.MultiPolygon{{ring}}}},
		{"GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1))", wkt.Geometry{Shape: orb.Collection{orb.Point{1, 2}, orb.LineString{{0, 0}, {1, 1}}}}},
	} {
		got, err := wkt.Parse(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
		} else if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", c.text, d)
		}
		if !wkt.Like(c.text) {
			t.Errorf("%s is not recognised", c.text)
		}
	}
}

func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                   "no geometry begins here",
		"CIRCLE(1 2)":        "no geometry begins here",
		"POINT(1)":           "byte 7: a number is missing",
		"POINT(1 NaN)":       "a number is missing",
		"POINT(1 1e999)":     "a number is missing",
		"POINT(1 2":          "')' is missing",
		"POINT(1,2)":         "a number is missing",
		"POINT(1 2 3 4 5)":   "')' is missing",
		"POINT Z (1 2)":      "2 numbers where 3 belong",
		"POINT(1 2) x":       "more text follows",
		"SRID=x;POINT(1 2)":  "SRID=",
		"SRID=-1;POINT(1 2)": "SRID=",
		"POLYGON(0 0,1 1)":   "'(' is missing",
		strings.Repeat("GEOMETRYCOLLECTION(", 1000): "nest deeper than 16",
	} {
		if _, err := wkt.Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
	for _, text := range []string{"渝中区", "point of sale", "", "1,2", "0103000020E6100000"} {
		if text != "point of sale" && wkt.Like(text) {
			t.Errorf("%q looks like WKT", text)
		}
	}
}

// What another implementation writes is read as the same geometry.
func TestReadsOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		coordinate := rapid.Float64Range(-1e7, 1e7)
		point := rapid.Custom(func(t *rapid.T) orb.Point { return orb.Point{coordinate.Draw(t, "x") + 0, coordinate.Draw(t, "y") + 0} })
		line := rapid.SliceOfN(point, 1, 5)
		g := rapid.OneOf(
			rapid.Custom(func(t *rapid.T) orb.Geometry { return point.Draw(t, "point") }),
			rapid.Custom(func(t *rapid.T) orb.Geometry { return orb.MultiPoint(line.Draw(t, "points")) }),
			rapid.Custom(func(t *rapid.T) orb.Geometry { return orb.LineString(line.Draw(t, "line")) }),
			rapid.Custom(func(t *rapid.T) orb.Geometry {
				return orb.MultiPolygon{{orb.Ring(line.Draw(t, "shell")), orb.Ring(line.Draw(t, "hole"))}, {orb.Ring(line.Draw(t, "other"))}}
			}),
		).Draw(t, "geometry")
		got, err := wkt.Parse(orbwkt.MarshalString(g))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(g, got.Shape); d != "" {
			t.Fatal(d)
		}
	})
}

// FuzzParse: no text crashes the parser, and what it accepts, written by another implementation, is read as the same.
func FuzzParse(f *testing.F) {
	f.Add("SRID=4490;MULTIPOLYGON Z (((0 0 1,4 0 1,4 4 1,0 0 1)),EMPTY)")
	f.Add("GEOMETRYCOLLECTION(POINT(1 2),GEOMETRYCOLLECTION(MULTIPOINT(1 2,(3 4))))")
	f.Fuzz(func(t *testing.T, text string) {
		g, err := wkt.Parse(text)
		if err != nil {
			if g.Shape != nil {
				t.Fatal("an error and a geometry")
			}
			return
		}
		if g.Shape == nil {
			return
		}
		again, err := wkt.Parse(orbwkt.MarshalString(g.Shape))
		if err != nil {
			t.Fatalf("%q: %v", orbwkt.MarshalString(g.Shape), err)
		}
		if d := cmp.Diff(g.Shape, again.Shape); d != "" {
			t.Fatal(d)
		}
	})
}

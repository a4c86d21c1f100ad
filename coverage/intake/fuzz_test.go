package intake

import (
	"bytes"
	"context"
	"testing"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/geo/geojson"
)

// FuzzImport reads any bytes as every role: no crash, the counts add up, what is accepted is the same layer when read again,
// and an error is the file's or the options', never ours.
func FuzzImport(f *testing.F) {
	services := testServices(f)
	roles := []Options{
		{Role: coverage.RoleNeighborhoods, Parents: []ParentSpec{{"ward", "w"}}, KindField: "w"},
		{Role: coverage.RoleFacilities, ServiceField: "s", StatusField: "s", CapacityField: "population", AreaField: "population", OpenedField: "s", ClosedField: "w"},
		{Role: coverage.RoleDemand},
		{Role: coverage.RoleLand},
		{Role: coverage.RoleBuildings, FloorsField: "population", FloorAreaField: "w"},
		{Role: coverage.RoleAttributes, JoinField: "code", Measures: []MeasureSpec{{"population", "population"}}},
		{Role: coverage.RoleNetwork},
		{Role: coverage.RoleFacilities, Services: []string{"park"}},
	}
	f.Add(uint8(2), []byte(collection(point(`"a"`, 1, 2, `"population":1`), point(`"a"`, 1, 2, `"population":2`))))
	f.Fuzz(func(t *testing.T, role uint8, data []byte) {
		if len(data) > 1<<16 {
			t.Skip("long inputs only cost time")
		}
		o := roles[int(role)%len(roles)]
		l, rep, err := Build(context.Background(), services, "f.geojson", bytes.NewReader(data), o, nil)
		if rep == nil {
			t.Fatalf("no report: %v", err)
		}
		checkSums(t, rep, l)
		if err != nil {
			if code := coverage.CodeOf(err); code != coverage.Refused {
				t.Fatalf("%s: %v", code, err)
			}
			return
		}
		again, _, err := Build(context.Background(), services, "f.geojson", bytes.NewReader(data), o, nil)
		if err != nil || again.Info.Hash != l.Info.Hash {
			t.Fatalf("read again: %v, hash %s and %s", err, l.Info.Hash, again.Info.Hash)
		}
	})
}

// FuzzAttributes reads any bytes as a table: no crash, the counts add up, what is accepted is the same layer when read again, with
// other line ends and a byte order mark too.
func FuzzAttributes(f *testing.F) {
	services := testServices(f)
	o := Options{Role: coverage.RoleAttributes, JoinField: "code", Measures: []MeasureSpec{{"population", "人口"}}}
	for _, text := range []string{"code,人口\n0012,5\n", "\ufeffcode,\"人口\"\r\n\"00\"\"12\",\"5\"\r\n,6\r\n7,8,9\r\n", "人口,code\n1,\"a\nb\"\n", "code,人口\n1,1e3\n1,1000\n2,-0\n3,1,200\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			t.Skip("long inputs only cost time")
		}
		read := func(data []byte) (*coverage.Layer, error) {
			l, rep, err := Build(context.Background(), services, "f.csv", bytes.NewReader(data), o, nil)
			if rep == nil {
				t.Fatalf("no report: %v", err)
			}
			checkSums(t, rep, l)
			if code := coverage.CodeOf(err); err != nil && code != coverage.Refused {
				t.Fatalf("%s: %v", code, err)
			}
			return l, err
		}
		l, err := read(data)
		if err != nil {
			return
		}
		if again, err := read(data); err != nil || again.Info.Hash != l.Info.Hash {
			t.Fatalf("read again: %v", err)
		}
		if bytes.ContainsAny(data, "\r\"") || bytes.HasPrefix(data, []byte("\ufeff")) {
			return
		}
		other := append([]byte("\ufeff"), bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))...)
		if again, err := read(other); err != nil || again.Info.Hash != l.Info.Hash {
			t.Fatalf("with other line ends and a byte order mark: %v", err)
		}
	})
}

// FuzzReadArea reads any bytes as the area in which a layer is complete: it is refused, or has parts that lie within the degrees and are
// the same when they are read again.
func FuzzReadArea(f *testing.F) {
	f.Add([]byte(collection(square("", 1, 1, 1, ``), square("", 1.5, 1, 1, ``))))
	f.Add([]byte(collection(square("", 1, 1, 1, ``), square("", 2, 2, 1, ``))))
	f.Add([]byte(`{"type":"Polygon","coordinates":[[[0,0],[9,0],[9,9],[0,9],[0,0]],[[1,1],[1,2],[2,2],[1,1]]]}`))
	f.Add([]byte(`{"type":"FeatureCollection","crs":{"type":"name","properties":{"name":"EPSG:3857"}},"features":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<14 {
			t.Skip("long inputs only cost time")
		}
		area, err := ReadArea(bytes.NewReader(data), "area.geojson")
		if err != nil {
			if code := coverage.CodeOf(err); code != coverage.Refused || area != nil {
				t.Fatalf("%v, %s: %v", area, code, err)
			}
			return
		}
		if b := area.Bound(); len(area) == 0 || b.Min[0] < -180 || b.Max[0] > 180 || b.Min[1] < -90 || b.Max[1] > 90 {
			t.Fatalf("%v", area)
		}
		text := append(geojson.AppendGeometry([]byte(`{"type":"Feature","properties":{},"geometry":`), area), '}')
		again, err := ReadArea(bytes.NewReader(text), "area.geojson")
		if err != nil || !orb.Equal(area, again) {
			t.Fatalf("%s was read back as %v, %v", text, again, err)
		}
	})
}

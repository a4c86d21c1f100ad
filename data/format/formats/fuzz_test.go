package formats_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
	"lifecircle/data/catalogs"
	"lifecircle/data/format/formats"
)

// FuzzOpen reads any bytes as any format, under any role: no crash, counts that add up, and errors that are the file's.
func FuzzOpen(f *testing.F) {
	services := catalogs.Services()
	roles := []intake.Options{
		{Role: coverage.RoleFacilities, Services: []string{"clinic"}},
		{Role: coverage.RoleFacilities},
		{Role: coverage.RoleLand, CRS: "EPSG:4545"},
		{Role: coverage.RoleAttributes, JoinField: "code", Measures: []intake.MeasureSpec{{Name: "population", Field: "n"}}},
		{Role: coverage.RoleDemand, CRS: "gcj02", Measures: []intake.MeasureSpec{{Name: "population", Field: "n"}}},
		{Role: coverage.RoleNeighborhoods, CRS: "auto"},
	}
	for i, seed := range []string{
		"lon,lat\n106.5,29.5\n", `<osm version="0.6"><node id="1" lat="1" lon="1"><tag k="amenity" v="clinic"/></node></osm>`,
		"wkt\n\"POLYGON((400000 3200000,400100 3200000,400100 3200100,400000 3200000))\"\n", "code,n\n1,2\n", "x,y,n\n29.5,106.5,1\n",
		`{"type":"Point","coordinates":[106.5,29.5]}`, "SQLite format 3\x00", "PK\x03\x04", "\x1f\x8b\x08", "II*\x00", "\x00\x00\x27\x0a",
	} {
		f.Add(uint8(i), []byte(seed))
	}
	f.Fuzz(func(t *testing.T, role uint8, data []byte) {
		if len(data) > 1<<15 {
			t.Skip("long inputs only cost time")
		}
		o := roles[int(role)%len(roles)]
		o.Formats = formats.All{}
		l, rep, err := intake.Build(context.Background(), services, "f", bytes.NewReader(data), o, nil)
		if err != nil {
			switch code := coverage.CodeOf(err); code {
			case coverage.Refused:
			case coverage.Invalid: // a file that is not OpenStreetMap's has no mapping of its own
				if len(o.Services) > 0 || o.Role != coverage.RoleFacilities {
					t.Fatalf("%s: %v", code, err)
				}
			default:
				t.Fatalf("%s: %v", code, err)
			}
			return
		}
		if rep.Read != rep.Used+rep.Repaired+rep.Refused || l.Len() != rep.Used+rep.Repaired-rep.Merged {
			t.Fatalf("%d rows of %+v", l.Len(), rep)
		}
	})
}

// Broken JSON of every kind is refused in whatever format it looks like, and none of it becomes a layer of rows.
func TestBrokenJSON(t *testing.T) {
	dir := filepath.Dir(sharedPath(t, "bad_input/JSONTestSuite"))
	files, err := filepath.Glob(filepath.Join(dir, "JSONTestSuite", "*.json"))
	if nested, e := filepath.Glob(filepath.Join(dir, "JSONTestSuite", "*", "*.json")); e == nil {
		files = append(files, nested...)
	}
	if err != nil || len(files) < 300 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{filepath.Base(file), "noname"} {
			l, _, err := build(name, string(b), clinics)
			if err == nil && l.Len() > 0 || err != nil && coverage.CodeOf(err) != coverage.Refused {
				t.Errorf("%s as %s: %v", strings.TrimPrefix(file, dir), name, err)
			}
		}
	}
}

package gpkg

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
	"unicode/utf8"

	"lifecircle/coverage"
)

// FuzzFile spoils a GeoPackage of another program anywhere, or cuts it: reading all of it ends, in rows or in a refusal that names
// the file, and the file stays as it was.
func FuzzFile(f *testing.F) {
	whole, err := os.ReadFile(write(f, `INSERT INTO clinics VALUES (7, @point, '渝中', '2024-05-06', 1, 2.5), (3, NULL, NULL, NULL, NULL, NULL)`,
		`CREATE VIEW schools AS SELECT id, geom FROM clinics`, `INSERT INTO gpkg_contents VALUES ('schools', 'features', NULL, 4490)`,
		`INSERT INTO gpkg_geometry_columns VALUES ('schools', 'geom', 'POINT', 4490)`))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(0), []byte("PK\x03\x04"), false)
	f.Add(uint32(16), []byte{2, 0}, false)
	f.Add(uint32(56), []byte{0, 0, 0, 3}, false) // UTF-16
	f.Add(uint32(len(whole)/2), []byte{}, true)
	for _, word := range []string{"CREATE TABLE clinics", "features", "geom POINT", "POINT", "GP\x00", "渝中", "2024-05-06", "SELECT id", "INTEGER PRIMARY KEY"} {
		if at := bytes.Index(whole, []byte(word)); at >= 0 {
			f.Add(uint32(at), []byte("x"), false)
			f.Add(uint32(at+len(word)-1), []byte{0xff, '9'}, false)
		} else {
			f.Fatalf("%q is not in the file", word)
		}
	}
	f.Fuzz(func(t *testing.T, at uint32, patch []byte, cut bool) {
		if len(patch) > 4096 {
			t.Skip("a page is enough")
		}
		spoiled := bytes.Clone(whole)
		place := int(at) % len(spoiled)
		copy(spoiled[place:], patch)
		if cut {
			spoiled = spoiled[:place]
		}
		path := filepath.Join(t.TempDir(), "s.gpkg")
		if err := os.WriteFile(path, spoiled, 0o644); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		refused := func(what string, err error) {
			if ctx.Err() != nil {
				t.Fatalf("%s does not end", what)
			}
			if code := coverage.CodeOf(err); err != nil && code != coverage.Refused && code != coverage.NotFound {
				t.Fatalf("%s: %s: %v", what, code, err)
			}
		}
		file, err := Open(ctx, path)
		refused("open", err)
		if err != nil {
			return
		}
		defer file.Close()
		layers, err := file.Layers(ctx)
		refused("layers", err)
		for _, l := range layers {
			var names []string
			for _, c := range l.Columns {
				names = append(names, c.Name)
			}
			n := 0
			err := file.Read(ctx, l.Table, names, func(r Row) error {
				if n++; n > 100_000 {
					t.Fatal("rows without end")
				}
				if r.Err != nil && r.Geometry != nil || len(r.Values) != len(names) {
					t.Fatalf("row %+v", r)
				}
				for _, v := range r.Values {
					if s, ok := v.(string); ok && r.Err == nil && !utf8.ValidString(s) {
						t.Fatalf("%q is passed on", s)
					}
					Text(v)
				}
				return nil
			})
			refused("read "+l.Table, err)
		}
		if after, err := os.ReadFile(path); err != nil || !bytes.Equal(spoiled, after) {
			t.Fatalf("the file changed: %v", err)
		}
	})
}

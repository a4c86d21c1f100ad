package store

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lifecircle/coverage"
)

// spoiledFile writes a project with some of its bytes replaced, and cut or not, into a folder of the test.
func spoiledFile(t testing.TB, whole []byte, at uint32, patch []byte, cut bool) string {
	t.Helper()
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
	return path
}

// FuzzProjectFile spoils bytes of a project anywhere, as a disk or a hostile sender may: whatever is asked of it then ends, in an
// error that calls the file damaged or in an answer; the checker changes nothing.
func FuzzProjectFile(f *testing.F) {
	whole, err := os.ReadFile(wholeCity(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint32(0), []byte("SQLite format 4"), false)
	f.Add(uint32(16), []byte{0, 1, 2, 2, 255}, false)
	f.Add(uint32(28), []byte{0, 0, 0, 1}, false)
	f.Add(uint32(100), []byte{5, 255, 255, 0, 1}, false)
	f.Add(uint32(8192), []byte{13, 0, 0, 0, 200}, false)
	f.Add(uint32(20_000), []byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff"), false)
	f.Add(uint32(len(whole)/2), []byte{}, true)
	for _, word := range []string{"CREATE TABLE lc_layers", "CREATE TRIGGER", `"rows":`, "GP\x00\x01", "lc_contents"} {
		if at := bytes.Index(whole, []byte(word)); at >= 0 {
			f.Add(uint32(at), []byte("x"), false)
			f.Add(uint32(at+len(word)), []byte("9"), false)
		}
	}
	f.Fuzz(func(t *testing.T, at uint32, patch []byte, cut bool) {
		if len(patch) > 4096 {
			t.Skip("a page is enough")
		}
		path := spoiledFile(t, whole, at, patch, cut)
		before, _ := os.ReadFile(path)
		limited, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		refused := func(what string, err error) {
			if err != nil && coverage.CodeOf(err) == coverage.Internal {
				t.Errorf("%s: %v", what, err)
			}
			if limited.Err() != nil {
				t.Fatalf("%s does not end", what)
			}
		}
		_, err := Check(limited, path)
		refused("check", err)
		if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
			t.Error("the checker changed the file")
		}
		p, err := Open(path, ReadWrite, WithBusyTimeout(10*time.Millisecond))
		refused("open", err)
		if err != nil {
			return
		}
		defer p.Close()
		_, err = p.Project(limited)
		refused("project", err)
		infos, err := p.Layers(limited)
		refused("layers", err)
		for _, i := range infos {
			_, err = p.Layer(limited, i.Hash)
			refused("layer", err)
			_, err = p.Report(limited, i.Hash)
			refused("report", err)
		}
		runs, err := p.Runs(limited)
		refused("runs", err)
		for _, r := range runs {
			_, err = p.Run(limited, r.Hash)
			refused("run", err)
		}
		_, err = p.Cached(limited, "k")
		refused("cached", err)
		_, err = p.Refresh(limited)
		refused("refresh", err)
		refused("save", p.SaveLayer(limited, people(5), nil))
		refused("copy", p.Copy(limited, filepath.Join(t.TempDir(), "c.gpkg")))
	})
}

// editable are the cells that FuzzEdits writes into.
var editable = [...]struct{ table, column string }{
	{"facilities", "geom"}, {"facilities", "id"}, {"facilities", "services"}, {"facilities", "status"}, {"facilities", "opened"}, {"facilities", "capacity"},
	{"facilities", "layer"}, {"facilities", "properties"}, {"facilities", "lc_layer"}, {"facilities", "fid"}, {"neighborhoods", "geom"}, {"neighborhoods", "parents"},
	{"neighborhoods", "population"}, {"neighborhoods", "level"}, {"neighborhoods", "name"}, {"land", "geom"}, {"network", "geom"}, {"demand", "population"}, {"buildings", "floor_area_m2"},
	{"attributes", "id"}, {"attributes", "population"},
}

// FuzzEdits writes any value into any cell that a GIS user can reach: reading it back either refuses, with table and row, and
// changes nothing, or leaves a file that is in order.
func FuzzEdits(f *testing.F) {
	whole, err := os.ReadFile(wholeCity(f))
	if err != nil {
		f.Fatal(err)
	}
	for i, text := range []string{"GP", "c2", "park", "开放", "2023-02-29", "1e400", "公园", `{"a":1,"a":2}`, "3", "99", "", "street=1;;", "-0.0005", "circle", "\x00", "nan"} {
		f.Add(uint8(i), uint8(i%4), []byte(text))
	}
	for _, g := range blobGeometries {
		for column := range []uint8{0, 10, 15, 16} {
			f.Add([]uint8{0, 10, 15, 16}[column], uint8(2), encodeBlob(nil, g))
		}
	}
	f.Fuzz(func(t *testing.T, cell, kind uint8, value []byte) {
		path := filepath.Join(t.TempDir(), "e.gpkg")
		if err := os.WriteFile(path, whole, 0o644); err != nil {
			t.Fatal(err)
		}
		c := editable[int(cell)%len(editable)]
		as := [...]string{"CAST(? AS TEXT)", "CAST(CAST(? AS TEXT) AS NUMERIC)", "?", "CAST(CAST(? AS TEXT) AS REAL)"}[kind%4]
		db := openDB(path, accessWrite, time.Second, false)
		_, err := db.Exec(`UPDATE `+quote(c.table)+` SET `+quote(c.column)+` = `+as+` WHERE rowid = (SELECT min(rowid) FROM `+quote(c.table)+`)`, value)
		db.Close()
		if err != nil {
			t.Skip("SQLite itself refuses it")
		}
		p, err := Open(path, ReadWrite, WithClock(testClock()))
		if err != nil {
			t.Fatal(err)
		}
		before := dump(t, path)
		_, err = p.Refresh(ctx)
		p.Close()
		if err != nil {
			if coverage.CodeOf(err) != coverage.Refused || !strings.Contains(err.Error(), "e.gpkg") || !strings.Contains(err.Error(), c.table) {
				t.Fatalf("%s %s: %v", c.table, c.column, err)
			}
			if d := cmp.Diff(before, dump(t, path)); d != "" {
				t.Fatalf("refused, and yet written: %s", d)
			}
			return
		}
		inOrder(t, path)
	})
}

// FuzzInflate: bytes that were not deflated here are damaged, never a crash or more memory than they could describe.
func FuzzInflate(f *testing.F) {
	for _, text := range []string{"", "a", strings.Repeat("重庆", 3000)} {
		f.Add(deflate([]byte(text)), len(text))
		f.Add(deflate([]byte(text)), len(text)+1)
	}
	f.Add([]byte{1, 0, 0, 255, 255}, 1<<40)
	f.Fuzz(func(t *testing.T, b []byte, size int) {
		out, err := inflate(b, size)
		if err != nil {
			if coverage.CodeOf(err) != coverage.Refused {
				t.Fatal(err)
			}
			return
		}
		if len(out) != size {
			t.Fatalf("%d bytes, not %d", len(out), size)
		}
		if again, err := inflate(deflate(out), size); err != nil || !bytes.Equal(out, again) {
			t.Fatalf("read once, not read when written again: %v", err)
		}
	})
}

// FuzzDecodeInfo: what a file says of a layer version, with the areas of its surveys, is read as it is written, or refused.
func FuzzDecodeInfo(f *testing.F) {
	for _, l := range city() {
		text, areas, err := encodeInfo(l.Info)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, areas)
	}
	f.Add(`{"surveys":[{"service":"clinic","kind":"polygon"},{}]}`, []byte{1, 7, 0, 0, 0, 2, 0, 0, 0})
	f.Fuzz(func(t *testing.T, text string, areas []byte) {
		info, err := decodeInfo(text, areas)
		if err != nil {
			return
		}
		text, areas, err = encodeInfo(info)
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeInfo(text, areas)
		if err != nil {
			t.Fatalf("read once, not read when written again: %v", err)
		}
		retold, sameAreas, err := encodeInfo(again)
		if err != nil || retold != text || !bytes.Equal(areas, sameAreas) {
			t.Fatalf("%s was read back as %s: %v", text, retold, err)
		}
	})
}

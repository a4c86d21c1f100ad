package shapefile_test

import (
	"archive/zip"
	"bytes"
	"testing"

	"lifecircle/coverage"
	"lifecircle/data/format/shapefile"
	"lifecircle/geo/geojson"
)

// openBytes opens parts that are packed without compression.
func openBytes(parts files) (*shapefile.Reader, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, ext := range []string{".shp", ".shx", ".dbf", ".cpg"} {
		if content, ok := parts[ext]; ok {
			w, err := z.CreateHeader(&zip.FileHeader{Name: "f" + ext, Method: zip.Store})
			if err != nil {
				return nil, err
			}
			if _, err := w.Write(content); err != nil {
				return nil, err
			}
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return shapefile.OpenZip(bytes.NewReader(b.Bytes()), int64(b.Len()), shapefile.Options{})
}

// FuzzReader: no bytes crash the reader, an error is the file's and never ours, a row is refused or has a geometry that can be checked,
// and reading again gives the same.
func FuzzReader(f *testing.F) {
	f.Add(shp(1, pointRecord(1, 2)), ids(1), []byte("UTF-8"), shx(1, [2]int{100, 20}))
	f.Add(shp(5, partsRecord(5, square(0, 0, 10, true), square(2, 2, 2, false))), ids(1), []byte{}, []byte{})
	f.Fuzz(func(t *testing.T, shp, dbf, cpg, shx []byte) {
		if len(shp)+len(dbf)+len(shx) > 1<<16 {
			t.Skip("long inputs only cost time")
		}
		parts := files{".shp": shp}
		for ext, b := range (files{".dbf": dbf, ".cpg": cpg, ".shx": shx}) {
			if len(b) > 0 {
				parts[ext] = b
			}
		}
		first, errFirst := readAll(t, parts)
		again, errAgain := readAll(t, parts)
		if first != again || (errFirst == nil) != (errAgain == nil) {
			t.Fatalf("read again: %v, %v\n%s\n%s", errFirst, errAgain, first, again)
		}
	})
}

func readAll(t *testing.T, parts files) (string, error) {
	r, err := openBytes(parts)
	if err == nil {
		defer r.Close()
		var out []byte
		rows, errRows := all(r)
		for _, row := range rows {
			out = append(row.Feature.Properties.AppendJSON(out), '\n')
			if _, err := geojson.ParseProperties(row.Feature.Properties.AppendJSON(nil)); err != nil {
				t.Fatalf("properties that are no JSON: %v", err)
			}
			if (row.Feature.Geometry == nil) != (row.Refused != nil) {
				t.Fatalf("row %d: geometry %v, refused %v", row.N, row.Feature.Geometry, row.Refused)
			}
			if row.Refused == nil {
				if g, _, why := geojson.Clean(row.Feature.Geometry, true); why == nil {
					out = append(geojson.AppendGeometry(out, g), '\n')
				}
			}
		}
		r.Info()
		if errRows == nil {
			return string(out), nil
		}
		err = errRows
	}
	if coverage.CodeOf(err) != coverage.Refused {
		t.Fatalf("%v", err)
	}
	return "", err
}

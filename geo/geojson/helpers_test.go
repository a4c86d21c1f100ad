package geojson

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

// readAll reads a document to its end; rows are returned also where the file is refused.
func readAll(t testing.TB, text string, lim Limits) ([]Row, Info, error) {
	t.Helper()
	return drain(t, NewReader(strings.NewReader(text), lim))
}

func drain(t testing.TB, r *Reader) ([]Row, Info, error) {
	t.Helper()
	var rows []Row
	for {
		row, err := r.Next()
		if err == io.EOF {
			info := r.Info()
			if info.Read != info.Used+info.Repaired+info.Refused || info.Read != len(rows) {
				t.Fatalf("counts do not add up: %+v with %d rows", info, len(rows))
			}
			return rows, info, nil
		}
		if err != nil {
			if _, again := r.Next(); again != err {
				t.Fatalf("Next after the error %v returned %v", err, again)
			}
			return rows, r.Info(), err
		}
		rows = append(rows, row)
		if row.N != len(rows) {
			t.Fatalf("row %d has number %d", len(rows), row.N)
		}
		if (row.Refused != nil) != (row.Feature.Geometry == nil) {
			t.Fatalf("row %d: geometry %v, refused %v", row.N, row.Feature.Geometry, row.Refused)
		}
	}
}

// everyWay reads a document whole and byte by byte, which must give the same.
func everyWay(t testing.TB, text string, lim Limits) ([]Row, Info, error) {
	t.Helper()
	rows, info, err := readAll(t, text, lim)
	slow, _, slowErr := drain(t, NewReader(iotest.OneByteReader(strings.NewReader(text)), lim))
	if (err == nil) != (slowErr == nil) || err != nil && err.Error() != slowErr.Error() || len(rows) != len(slow) {
		t.Fatalf("read at once: %d rows, %v; byte by byte: %d rows, %v", len(rows), err, len(slow), slowErr)
	}
	for i := range rows {
		a, b := rows[i], slow[i]
		if a.Line != b.Line || string(Canonical(a.Feature)) != string(Canonical(b.Feature)) || (a.Refused == nil) != (b.Refused == nil) {
			t.Fatalf("row %d differs when read byte by byte: %+v, %+v", i+1, a, b)
		}
	}
	return rows, info, err
}

// errorCode is the code of a file's refusal.
func errorCode(err error) Code {
	var syntax *SyntaxError
	var other *NotGeoJSONError
	switch {
	case errors.As(err, &syntax):
		return syntax.Code
	case errors.As(err, &other):
		return other.Code
	}
	return ""
}

// sharedData finds a file of the shared test data beside the repository, or skips the test.
func sharedData(t testing.TB, path ...string) string {
	t.Helper()
	dir, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for {
		p := filepath.Join(append([]string{dir, "shared", "data"}, path...)...)
		if _, err := os.Stat(p); err == nil {
			return p
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Skipf("shared/data/%s is not beside the repository", filepath.Join(path...))
		}
		dir = up
	}
}

package geojson

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A file that is broken in any of the ways that others have collected must be refused, never read in part; a file that is only no
// GeoJSON must be called that, or its author looks for a missing comma.
func TestJSONTestSuite(t *testing.T) {
	dir := sharedData(t, "bad_input", "JSONTestSuite", "test_parsing")
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 300 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = everyWay(t, string(text), Limits{})
		var other *NotGeoJSONError
		switch {
		case err == nil:
			t.Errorf("%s was accepted", f.Name())
		case strings.HasPrefix(f.Name(), "y_") && !errors.As(err, &other):
			t.Errorf("%s: well-formed JSON was refused as %v", f.Name(), err)
		case strings.HasPrefix(f.Name(), "n_") && errors.As(err, &other) && other.Code != EmptyFile && text[0] != '<':
			t.Errorf("%s: broken JSON was refused as %v", f.Name(), err)
		}
		// the same text as the value of a property and as a foreign member
		if len(text) > 0 && strings.HasPrefix(f.Name(), "y_") {
			for _, wrap := range []string{
				`{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"a":§}}]}`,
				`{"x":§,"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":null}]}`,
				`{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":null}],"x":§}`,
			} {
				rows, _, err := everyWay(t, strings.Replace(wrap, "§", string(text), 1), Limits{})
				if err != nil || len(rows) != 1 || rows[0].Refused != nil {
					t.Errorf("%s inside a document: %v, %+v", f.Name(), err, rows)
				}
			}
		}
		if strings.HasPrefix(f.Name(), "n_") {
			wrapped := `{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"a":` + string(text) + `}}]}`
			if _, _, err := everyWay(t, wrapped, Limits{}); err == nil {
				t.Errorf("%s was accepted as a property", f.Name())
			}
		}
	}
}

func TestJSONTestSuiteTransform(t *testing.T) {
	dir := sharedData(t, "bad_input", "JSONTestSuite", "test_transform")
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		_, _, _ = everyWay(t, string(text), Limits{})
	}
}

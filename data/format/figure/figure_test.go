package figure_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"maps"

	"lifecircle/data/format/figure"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden are the samples that are kept as files: a figure in next year's report looks like this year's.
var golden = []string{"map_dot", "map_empty", "multiples_wide", "bars", "intervals", "histogram", "bars_hostile", "map_one"}

func TestGolden(t *testing.T) {
	all := samples()
	for _, name := range golden {
		for _, lang := range []string{"zh", "en"} {
			got := figure.Draw(all[name], 17000, lang).AppendSVG(nil, "f1")
			path := filepath.Join("testdata", name+"."+lang+".svg")
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s differs: look at it and write it anew with -update", path)
			}
		}
	}
}

func TestPreview(t *testing.T) {
	var b []byte
	b = append(b, "<!doctype html><meta charset=utf-8><body style='width:170mm'>"...)
	all := samples()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		lang := "zh"
		if len(name)%2 == 0 {
			lang = "en"
		}
		svg := figure.Draw(all[name], 17000, lang).AppendSVG(nil, name)
		t.Log(name, len(svg))
		b = append(b, "<p>"+name+"</p>"...)
		b = append(b, svg...)
	}
	os.WriteFile("/tmp/html-preview.html", b, 0o644)
}

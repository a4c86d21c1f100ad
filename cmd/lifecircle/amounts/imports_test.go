package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
	"lifecircle/data/catalogs"
	"lifecircle/data/format/formats"
)

// What is measured must be what the table says: files of the size that share asks for, the same every time, of which an import can use every row.
func TestImportFiles(t *testing.T) {
	const share = 0.004
	dir, again := t.TempDir(), t.TempDir()
	for _, d := range []string{dir, again} {
		if err := makeImports(d, share, 7); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range importCases {
		path := filepath.Join(dir, c.file)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if other, _ := os.ReadFile(filepath.Join(again, c.file)); string(other) != string(text) {
			t.Errorf("%s: the same seed gives other bytes", c.file)
		}
		if strings.HasSuffix(c.file, ".geojson") && (float64(len(text)) < importBytes*share || float64(len(text)) > importBytes*share*1.6) {
			t.Errorf("%s has %d bytes", c.file, len(text))
		}
		o := intake.Options{Role: coverage.Role(c.options[1]), Name: "layer", Formats: formats.All{}, CRS: "EPSG:4326"}
		switch c.options[2%len(c.options)] {
		case "--service":
			o.Services = []string{c.options[3]}
		case "--mapping":
			m, err := catalogs.Mapping(c.options[3])
			if err != nil {
				t.Fatal(err)
			}
			o.Mapping = intake.NewMapper(m)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		l, rep, err := intake.Build(context.Background(), catalogs.Services(), c.file, f, o, nil)
		f.Close()
		if err != nil || rep.Refused > 0 || l.Len() == 0 {
			t.Fatalf("%s: %v, %+v", c.key, err, rep)
		}
		if want := 4000; c.key == "import/csv" && rep.Read != want {
			t.Errorf("%s has %d rows, not %d", c.file, rep.Read, want)
		}
		if m := rep.Mapping; c.key == "import/unmapped" && (m.Mapped == 0 || m.Mapped*90 > m.Features) {
			t.Errorf("%s: %d of %d features are mapped", c.file, m.Mapped, m.Features)
		}
	}
}

func TestImportSection(t *testing.T) {
	b := &bench{scale: 1, work: t.TempDir(), words: io.Discard, taken: map[string][]usage{
		"import/csv":      {{Wall: seconds(6), CPU: seconds(9), Peak: 290 << 20, Others: 0.1}},
		"import/unmapped": {{Wall: seconds(9), CPU: seconds(9), Peak: 120 << 20, Others: 0.5}},
	}}
	text := b.importSection("a machine", "a command")
	for _, want := range []string{
		"Written by `a command` on a machine.",
		"| CSV of 1,000,000 facilities (? MB), one service for all | 6.00 | ≤ 5.00: **no 否** | 9.00 | 290 | ≤ 300: yes 是 | 10 % | 1 |",
		"| 9.00 † |  | 9.00 | 120 | ≤ 100: **no 否** | 50 % | 1 |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if d := cmp.Diff(2, strings.Count(text, "† ")); d != "" { // one row, and the note
		t.Error(d)
	}
}

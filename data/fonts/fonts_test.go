package fonts_test

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/image/font/sfnt"

	"lifecircle/data/fonts"
)

// A report of Chongqing can be set: the font has every character of the official names, and what reports are written with.
func TestNamesCanBeSet(t *testing.T) {
	f, err := sfnt.Parse(fonts.Regular())
	if err != nil {
		t.Fatal(err)
	}
	var b sfnt.Buffer
	lacks := func(s string) (out string) {
		for _, r := range s {
			if i, err := f.GlyphIndex(&b, r); r > ' ' && (err != nil || i == 0) {
				out += string(r)
			}
		}
		return out
	}
	if l := lacks("0123456789 ABCxyz，。、；：“”‘’（）《》—–·×÷≤≥²%‰° ÄÖÜßéñ Ωλφα Жёд 达标未检出评估 ？！＝ ✓ ● ○ □"); l != "" {
		t.Errorf("the font lacks %q", l)
	}
	if lacks("𠮷") == "" {
		t.Error("a character outside the subset is there: the test sees nothing")
	}
	for _, name := range []string{"areas_chongqing.csv", "streets_chongqing.csv", "villages_chongqing.csv"} {
		r, err := os.Open(filepath.Join("..", "..", "..", "shared", "data", "chongqing_admin", name))
		if err != nil {
			t.Skip("shared/data/chongqing_admin is not beside the repository")
		}
		defer r.Close()
		rows, err := csv.NewReader(r).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			if l := lacks(strings.TrimPrefix(strings.Join(row, ""), "\ufeff")); l != "" {
				t.Errorf("%s %v: the font lacks %q", name, row, l)
			}
		}
	}
}

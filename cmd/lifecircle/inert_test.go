package main

import (
	"bytes"
	"strings"
	"testing"
)

// A name must not be able to clear the screen of whoever reads it.
func TestInert(t *testing.T) {
	for in, want := range map[string]string{
		"上清寺 Jiefangbei\n":    "上清寺 Jiefangbei\n",
		"a\x1b[2Jb\x07":       "a\ufffd[2Jb\ufffd",
		"x\ry\u0085":          "x\ufffdy\ufffd",
		"abc\u202edef\u2066g": "abc\ufffddef\ufffdg",
		"tab\tstays":          "tab\tstays",
	} {
		if got := inert(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
		var b bytes.Buffer
		w := &inertWriter{w: &b}
		for i := range len(in) { // also cut in the middle of characters
			if n, err := w.Write([]byte{in[i]}); n != 1 || err != nil {
				t.Fatal(n, err)
			}
		}
		if b.String() != want {
			t.Errorf("%q byte by byte: %q, want %q", in, b.String(), want)
		}
	}
}

// One endless name must not push every other row off the screen.
func TestLongCellsAreCut(t *testing.T) {
	g := grid{head: []string{"name", "score"}}
	g.add(strings.Repeat("长", 1000), "1")
	g.add("short", "2")
	var b bytes.Buffer
	if err := g.print(&b); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if len([]rune(line)) > 60 {
			t.Errorf("a line of %d characters", len([]rune(line)))
		}
	}
	if !strings.Contains(b.String(), "…") {
		t.Error("the cut is not shown")
	}
}

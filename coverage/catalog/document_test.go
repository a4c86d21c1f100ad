package catalog_test

import (
	"errors"
	"slices"
	"testing"

	"lifecircle/coverage/catalog"
)

// Another kind of file is read as strictly as a catalog: every fault is found at once, with its place and the word for what the file should be.
func TestDocument(t *testing.T) {
	what := catalog.Text{Zh: "计划", En: "plan"}
	src := "id: x y\nn: 12\nok: true\nwords: [a, 'b']\nmap: {k: v, 5: 6}\nlist:\n  - {a: 1}\n  - {b: 1}\nextra: 1\n"
	d, root, ok := catalog.OpenDocument([]byte(src), "f.yaml", what, "id", "n", "ok", "words", "map", "list", "gone")
	if !ok || root.Empty() || root.Line() != 1 {
		t.Fatal(d.Findings())
	}
	root.Identifier("id")
	if n, ok := root.Integer("n", 1, 20); !ok || n != 12 {
		t.Errorf("%d", n)
	}
	if _, ok := root.Integer("n", 20, 30); ok {
		t.Error("12 is not from 20 to 30")
	}
	if !root.Boolean("ok") || !root.IsBoolean("ok") || root.IsBoolean("n") || root.Has("gone") || !root.Has("list") {
		t.Error("booleans")
	}
	if w := root.Words("words"); !slices.Equal(w, []string{"a", "b"}) {
		t.Errorf("%v", w)
	}
	if m := root.Pairs("map"); !slices.Equal(m, []catalog.KeyText{{Key: "k", Text: "v"}, {Key: "5", Text: "6"}}) {
		t.Errorf("%v", m)
	}
	blocks := root.Blocks("list", 10, "a")
	if len(blocks) != 2 || blocks[0].String("a") != "1" || blocks[0].Line() != 7 {
		t.Errorf("%+v", blocks)
	}
	root.Require("gone")
	root.Require("id")
	root.Note(catalog.SeverityWarning, "n", "odd", catalog.Text{Zh: "怪", En: "odd"}).Hint = catalog.Text{Zh: "改", En: "change it"}
	var got []string
	for _, f := range d.Findings() {
		got = append(got, f.String())
	}
	want := []string{
		`1:1: error: the key "gone" is missing [missing_key]`,
		`1:5: error: "x y" cannot be an identifier [bad_id]; use letters, digits and - _ . only, at most 64 characters, not beginning with a point`,
		`2:1: warning: odd [odd]; change it`,
		`2:4: error: n: 12 is out of range, expected a whole number from 20 to 30 [bad_range]`,
		`8:6: error: unknown key "b" [unknown_key]; known keys: a`,
		`9:1: error: unknown key "extra" [unknown_key]; known keys: id, n, ok, words, map, list, gone`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	var e *catalog.Error
	if err := d.Err(); !errors.As(err, &e) || e.File != "f.yaml" {
		t.Errorf("%v", err)
	}
	if d, _, ok := catalog.OpenDocument(make([]byte, 2<<20), "f.yaml", what); ok || d.Findings()[0].Hint.En != "this does not look like a plan" || d.Findings()[0].Hint.Zh != "这不像一个计划文件" {
		t.Errorf("%v", d.Findings())
	}
}

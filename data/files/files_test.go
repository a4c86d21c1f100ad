package files_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lifecircle/data/files"
)

func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return strings.Join(out, " ")
}

// Whatever stops the writing of a file, the older one stays as it was, and nothing else.
func TestWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "表.csv")
	hello := func(w io.Writer) error { _, err := io.WriteString(w, "hello"); return err }
	if n, err := files.Write(path, hello); n != 5 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	full := errors.New("full")
	if _, err := files.Write(path, func(w io.Writer) error { io.WriteString(w, "half"); return full }); err != full {
		t.Errorf("a failure gives %v", err)
	}
	func() {
		defer func() {
			if recover() != "fault" {
				t.Error("the panic is lost")
			}
		}()
		files.Write(path, func(io.Writer) error { panic("fault") })
	}()
	b, err := os.ReadFile(path)
	if string(b) != "hello" || err != nil || names(t, dir) != "表.csv" {
		t.Errorf("%q, %v; the folder holds %s", b, err, names(t, dir))
	}
	if s, err := os.Stat(path); err != nil || s.Mode().Perm() != 0o644 {
		t.Errorf("others cannot read it: %v, %v", s, err)
	}
	if err := files.SyncFolder(dir); err != nil {
		t.Error(err)
	}
	if err := files.SyncFolder(path + "/none"); err == nil {
		t.Error("a folder that is not there is synced")
	}
}

// What a killed process leaves is known again as that of its file, and nothing else is taken for it.
func TestTemporariesAreKnown(t *testing.T) {
	for _, base := range []string{"index.json", "a-1", strings.Repeat("长", 85)} {
		dir := t.TempDir()
		f, err := files.Create(filepath.Join(dir, base))
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		left := names(t, dir)
		if !files.IsTemporary(left, base) {
			t.Errorf("%s is not known as what is left of %s", left, base)
		}
		for _, other := range []string{base, "a", left + "x", "." + base, ".lifecircle-" + base + "-"} {
			if files.IsTemporary(other, base) {
				t.Errorf("%s is taken for what is left of %s", other, base)
			}
		}
		if files.IsTemporary(left, "a") {
			t.Errorf("%s is taken for what is left of a", left)
		}
	}
}

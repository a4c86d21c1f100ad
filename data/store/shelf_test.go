package store

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lifecircle/coverage"
)

// A file put in the place of an open project must not swallow what is uploaded: it is refused, with what to do.
func TestShelfSeesAReplacedFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "d.gpkg")
	for _, f := range []string{path, filepath.Join(folder, "x.gpkg")} {
		p, err := Create(f, "", "")
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s, err := OpenShelf(folder, ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx := context.Background()
	if _, err := s.Open(ctx, "d"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(ctx, "d"); err != nil {
		t.Fatalf("the same file again: %v", err)
	}
	if err := os.Rename(filepath.Join(folder, "x.gpkg"), path); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(ctx, "d"); coverage.CodeOf(err) != coverage.Unavailable || !strings.Contains(err.Error(), "d.gpkg") {
		t.Errorf("replaced: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(ctx, "d"); coverage.CodeOf(err) != coverage.Unavailable {
		t.Errorf("removed: %v", err)
	}
}

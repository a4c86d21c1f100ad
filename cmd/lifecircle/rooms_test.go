package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The rooms of the project and the arrows between them: cmd → api, data, coverage, geo; api → coverage, geo; data → coverage,
// geo; coverage → geo. An arrow against them would tie the domain to a database or a server.
func TestArrows(t *testing.T) {
	allowed := map[string][]string{
		"cmd":      {"cmd", "api", "data", "coverage", "geo"},
		"api":      {"api", "coverage", "geo"},
		"data":     {"data", "coverage", "geo"},
		"coverage": {"coverage", "geo"},
		"geo":      {"geo"},
	}
	list := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}} {{join .TestImports " "}} {{join .XTestImports " "}}`, "lifecircle/...")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		from, ok := room(fields[0])
		if !ok {
			t.Errorf("%s lies outside the rooms", fields[0])
			continue
		}
		seen++
		for _, imported := range fields[1:] {
			if to, ok := room(imported); ok && !slices.Contains(allowed[from], to) {
				t.Errorf("%s imports %s: no arrow goes from %s to %s", fields[0], imported, from, to)
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d packages seen", seen)
	}
}

// Only the store and the GeoPackage format speak SQLite, so that geometry and domain build without a C compiler.
func TestSQLiteStaysInItsRooms(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}} {{join .TestImports " "}} {{join .XTestImports " "}}`, "lifecircle/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if slices.Contains(fields[1:], "github.com/mattn/go-sqlite3") && fields[0] != "lifecircle/data/store" && fields[0] != "lifecircle/data/format/gpkg" {
			t.Errorf("%s imports the SQLite driver", fields[0])
		}
	}
	for _, pkg := range []string{"lifecircle/geo/...", "lifecircle/coverage/..."} {
		deps, err := exec.Command("go", "list", "-deps", pkg).Output()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(deps), "go-sqlite3") {
			t.Errorf("%s depends on the SQLite driver", pkg)
		}
	}
}

// The top level holds the five rooms and the files that every reader looks for, nothing else.
func TestTopLevel(t *testing.T) {
	entries, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"CHANGELOG.md", "LICENSE", "README.md", "api", "cmd", "coverage", "data", "geo", "go.mod", "go.sum"}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(want, e.Name()) {
			if exec.Command("git", "-C", "../..", "check-ignore", "-q", e.Name()).Run() != nil {
				t.Errorf("%s stands at the top level", e.Name())
			}
		}
	}
}

func room(path string) (string, bool) {
	rest, ok := strings.CutPrefix(path, "lifecircle/")
	if !ok {
		return "", false
	}
	name, _, _ := strings.Cut(rest, "/")
	return name, slices.Contains([]string{"cmd", "api", "data", "coverage", "geo"}, name)
}

package format_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A planner looks a reason up: every code that the readers of tables and Shapefiles can say stands in the README.
func TestReadmeListsEveryCode(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile(`(?:finding\(|note\((?:[a-z.]+, |len\([a-z.]+\), )?)"([a-z_]+)"`)
	found := 0
	for _, room := range []string{"table", "csv", "xlsx", "shapefile"} {
		files, err := filepath.Glob(room + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", room, err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			src, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range code.FindAllSubmatch(src, -1) {
				found++
				if !strings.Contains(string(readme), "`"+string(m[1])+"`") {
					t.Errorf("%s: the README does not explain %s", name, m[1])
				}
			}
		}
	}
	if found < 25 {
		t.Errorf("only %d codes found: does the pattern still fit the source?", found)
	}
}

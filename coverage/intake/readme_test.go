package intake

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A planner looks a reason up in the README: every code that the package can say stands there.
func TestReadmeListsEveryCode(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile(`(?:finding\(|badCell\(|note\((?:rep, )?)"([a-z_0-9]+)"`)
	found := 0
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
	if found < 20 {
		t.Errorf("only %d codes found: does the pattern still fit the source?", found)
	}
}

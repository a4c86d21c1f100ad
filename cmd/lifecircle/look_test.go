package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Distances are saturated at 2,147 km: a layer beyond must not be said to lie exactly there.
func TestFirstLookFromFar(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	project := filepath.Join(dir, "p.gpkg")
	ran(t, nil, "new", project).must(0)
	ran(t, nil, "import", project, write("u.geojson", `{"type":"Feature","id":"u","geometry":{"type":"Polygon","coordinates":[[[23,37],[23.1,37],[23.1,37.1],[23,37]]]},"properties":{"name":"U"}}`), "--as", "neighborhoods").must(0)
	for place, want := range map[string][2]string{"106.55,29.55": {"median distance to a border over 2147 km,", "距其边界中位数超过 2147 公里，"}, "23.12,37.05": {" m, 0 beyond", " 米，研究范围外 0 行"}} {
		file := write("c"+place[:2]+".csv", "id,name,location\n1,甲,\""+place+"\"\n")
		for i, lang := range []string{"en", "zh"} {
			r := ran(t, nil, "import", project, file, "--as", "facilities", "--service", "clinic", "--layer", "at"+place[:2]+lang, "--lang", lang).must(0)
			if !strings.Contains(r.stdout, want[i]) {
				t.Errorf("%s does not say %q:\n%s", place, want[i], r.stdout)
			}
		}
	}
}

package main

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
)

// The README promises scripts a form of every --json. Each document is held against it, field by field and type by type:
// nothing is printed that it does not name, and what it does not call optional is there.
func TestJSONContract(t *testing.T) {
	t.Parallel()
	promised := readContract(t)
	seen := map[string]map[string]map[string]bool{} // command → path → types
	add := func(command string, r result) {
		var doc any
		r.json(&doc)
		if seen[command] == nil {
			seen[command] = map[string]map[string]bool{}
		}
		flatten(seen[command], "", doc)
	}
	c := newTown()
	dir := t.TempDir()
	area := write(t, filepath.Join(dir, "area.geojson"), box(106.49, 29.49, 106.55, 29.53))
	project := c.build(t, dir, "--complete="+area)
	clinics := filepath.Join(dir, "clinics.geojson")
	mixed := write(t, filepath.Join(dir, "mixed.geojson"), collection(append(slices.Clone(c.clinics), feature{`null`, []property{{"id", `"x"`}}})))
	other := write(t, filepath.Join(dir, "other", "clinics.geojson"), collection(c.clinics[:1]))
	bad := write(t, filepath.Join(dir, "bad.yaml"), strings.Replace(townCatalog, "radius_m: 500", "radius_m: -5", 1))

	add("new", run(t, "new", filepath.Join(dir, "new.gpkg"), "--json").must(exitDone))
	add("import", run(t, "import", project, mixed, "--as", "facilities", "--service", "clinic", "--json").must(exitDone))
	add("import", run(t, "import", project, clinics, "--as", "facilities", "--service", "clinic", "--json").must(exitDone))
	far := write(t, filepath.Join(dir, "far.geojson"), point(2, 48))
	add("import", run(t, "import", project, far, "--as", "facilities", "--service", "park", "--attribution", "A", "--derived", "B", "--json").must(exitDone))
	add("import", run(t, "import", project, other, "--as", "facilities", "--service", "clinic", "--json").must(exitUsage))
	extract := write(t, filepath.Join(dir, "town.osm"), `<osm version="0.6"><node id="1" lat="29.5" lon="106.5"><tag k="amenity" v="clinic"/></node>`+
		`<node id="2" lat="29.5" lon="106.51"><tag k="amenity" v="bench"/><tag k="leisure" v="garden"/></node></osm>`)
	add("import", run(t, "import", project, extract, "--as", "facilities", "--json").must(exitDone))
	add("import --as osm", run(t, "import", filepath.Join(dir, "osm.gpkg"), extract, "--as", "osm", "--json").must(exitDone))
	table := write(t, filepath.Join(dir, "table.csv"), "name,lon,lat\n甲,106.5,29.5\n")
	add("import", run(t, "import", project, table, "--as", "facilities", "--service", "park", "--crs", "gcj02", "--json").must(exitDone))
	add("layers", run(t, "layers", project, "--json").must(exitDone))
	add("layers", run(t, "layers", project, "show", "clinics", "--json").must(exitDone))
	add("score", c.score(t, project))
	add("score", c.score(t, project, "--denominator", "population", "--as-of", "2026-01-31", "--year", "2027", "--accept-parent", "--assume-complete"))
	for _, args := range [][]string{{westID}, {westID, "--requirement", "clinic-15"}, {"street=大坪街道"}, {eastID, "--requirement", "kindergarten-15"}} {
		add("explain", run(t, append([]string{"explain", project, "--json", "--neighborhood"}, args...)...).must(exitDone))
	}
	add("gaps", run(t, "gaps", project, "--json").must(exitDone))
	run(t, "import", project, other, "--as", "facilities", "--service", "clinic", "--replace").must(exitDone)
	add("runs", run(t, "runs", project, "--json").must(exitDone))
	add("export", run(t, "export", project, "--layer", "scores", "-o", filepath.Join(dir, "s.csv"), "--json").must(exitDone))
	add("report", run(t, "report", project, "--out", filepath.Join(dir, "report"), "--format", "json,csv,xlsx", "--levels", "city", "--json").must(exitDone))
	contractOfLedger(t, project, add)
	add("copy", run(t, "copy", project, filepath.Join(dir, "copy.gpkg"), "--json").must(exitDone))
	add("check", run(t, "check", project, "--json").must(exitDone))
	edited := write(t, filepath.Join(dir, "edited.gpkg"), read(t, project))
	spoil(t, edited, `UPDATE lc_keys SET touched = 1 WHERE name = 'land'`, `DELETE FROM rtree_demand_geom`)
	add("check", run(t, "check", edited, "--json").must(exitCondition))
	add("layers undo", run(t, "layers", "undo", project, "clinics", "--json").must(exitDone))
	add("catalog list", run(t, "catalog", "list", "--json").must(exitDone))
	for _, id := range []string{"chongqing-15min", "gb50180-2018", "tdt1062-2021", "complete-community-2020", filepath.Join(dir, "town.yaml")} {
		add("catalog show", run(t, "catalog", "show", id, "--json").must(exitDone))
	}
	add("catalog lint", run(t, "catalog", "lint", bad, "--json").must(exitCondition))
	add("catalog lint", run(t, "catalog", "lint", filepath.Join(dir, "town.yaml"), "--json"))
	add("catalog export", run(t, "catalog", "export", "gb50180-2018", "--json").must(exitDone))
	add("catalog export", run(t, "catalog", "export", "gb50180-2018", "-o", filepath.Join(dir, "c.yaml"), "--json").must(exitDone))
	workbook := filepath.Join(dir, "own.xlsx")
	add("catalog template", run(t, "catalog", "template", filepath.Join(dir, "town.yaml"), "-o", workbook, "--json").must(exitDone))
	add("catalog import", run(t, "catalog", "import", workbook, "-o", filepath.Join(dir, "own.yaml"), "--json").must(exitDone))
	empty := filepath.Join(dir, "empty.xlsx")
	run(t, "catalog", "template", "-o", empty).must(exitDone)
	add("catalog import", run(t, "catalog", "import", empty, "-o", filepath.Join(dir, "own.yaml"), "--json").must(exitRefused))
	strict := write(t, filepath.Join(dir, "strict.yaml"), strings.Replace(strings.Replace(townCatalog, "radius_m: 500", "radius_m: 1", 1), "service: kindergarten", "service: nursery", 1))
	add("catalog diff", run(t, "catalog", "diff", filepath.Join(dir, "town.yaml"), strict, "--project", project, "--assume-complete", "--json").must(exitDone))
	add("catalog diff", run(t, "catalog", "diff", strict, strict, "--json").must(exitDone))
	add("version", run(t, "version", "--json").must(exitDone))
	add("demo", result{t: t, stdout: theDemo(t).stdout})
	srv := serving(t, "serve", project, "--addr", "127.0.0.1:0", "--json")
	srv.stop()
	add("serve", result{t: t, stdout: srv.printed})
	add("errors", run(t, "score", project, "--catalog", bad, "--json").must(exitRefused))
	add("errors", run(t, "runs", filepath.Join(dir, "none.gpkg"), "--json").must(exitUsage))

	for command, paths := range seen {
		for path, types := range paths {
			p, ok := promised[command][path]
			if !ok {
				t.Errorf("%s --json prints %s %v, which the README does not name", command, path, sortedSet(types))
				continue
			}
			for typ := range types {
				if !slices.Contains(p.types, typ) {
					t.Errorf("%s --json: %s is %s, the README says %v", command, path, typ, p.types)
				}
			}
		}
	}
	for command, paths := range promised {
		for path, p := range paths {
			if seen[command][path] == nil && !p.optional {
				t.Errorf("%s --json lacks %s, which the README promises", command, path)
			}
		}
	}
}

type promise struct {
	types    []string
	optional bool
}

var contractRow = regexp.MustCompile("^\\| `([^`]+)` \\| ([a-z, ]+)(\\?)? \\|")

// readContract reads the README's tables: a heading a command, a row a field.
func readContract(t *testing.T) map[string]map[string]promise {
	t.Helper()
	out := map[string]map[string]promise{}
	command := ""
	for line := range strings.SplitSeq(read(t, "README.md"), "\n") {
		if h, ok := strings.CutPrefix(line, "### "); ok {
			command = h
			out[command] = map[string]promise{}
		}
		if m := contractRow.FindStringSubmatch(line); m != nil && command != "" {
			out[command][m[1]] = promise{strings.Split(m[2], " or "), m[3] == "?"}
		}
	}
	if len(out) == 0 {
		t.Fatal("the README has no contract")
	}
	return out
}

// flatten lists the paths of a document's values with their types; elements of an array share one path.
func flatten(out map[string]map[string]bool, path string, v any) {
	note := func(typ string) {
		if path == "" {
			return
		}
		if out[path] == nil {
			out[path] = map[string]bool{}
		}
		out[path][typ] = true
	}
	switch v := v.(type) {
	case map[string]any:
		if strings.HasSuffix(path, "declared") || strings.HasSuffix(path, "report") || path == "undone" || path == "now" { // keys that are names of options; the document of import; a layer
			note("object")
			return
		}
		if bilingual(v) {
			note("words")
			return
		}
		for key, child := range v {
			next := key
			if path != "" {
				next = path + "." + key
			}
			flatten(out, next, child)
		}
	case []any:
		if len(v) == 0 {
			return
		}
		for _, child := range v {
			flatten(out, path+"[]", child)
		}
	case string:
		note("text")
	case json.Number:
		note("number")
	case bool:
		note("boolean")
	case nil:
		note("null")
	}
}

// bilingual tells {"zh": …, "en": …}.
func bilingual(v map[string]any) bool {
	for key := range v {
		if key != "zh" && key != "en" {
			return false
		}
	}
	return len(v) > 0
}

func sortedSet(m map[string]bool) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rivo/uniseg"
)

// Wrong usage ends with 2, says what is wrong and where help is, and prints no result.
func TestUsage(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		args []string
		word string
		try  string
	}{
		{[]string{"bogus"}, "unexpected argument bogus", "Try: lifecircle --help"},
		{[]string{"score"}, "<project>", "Try: lifecircle score --help"},
		{[]string{"score", "p.gpkg", "--foo"}, "unknown flag --foo", "Try: lifecircle score --help"},
		{[]string{"score", "p.gpkg", "--year", "x"}, "--year", "Try: lifecircle score --help"},
		{[]string{"score", "p.gpkg", "--year", "12"}, "--year", "Try: lifecircle score --help"},
		{[]string{"score", "p.gpkg", "--threads=-1"}, "--threads", "Try: lifecircle score --help"},
		{[]string{"import", "p.gpkg", "f.geojson"}, "--as", "Try: lifecircle import --help"},
		{[]string{"import", "p.gpkg", "f.geojson", "--as", "land", "--parent", "street"}, "street=FIELD", "Try: lifecircle import --help"},
		{[]string{"import", "p.gpkg", "f.geojson", "--as", "land", "--measure", "population"}, "population=FIELD", "Try: lifecircle import --help"},
		{[]string{"import", "p.gpkg", "f.geojson", "--as", "land", "--append", "--replace"}, "--append", "Try: lifecircle import --help"},
		{[]string{"export", "p.gpkg", "--layer", "x"}, "matrix", "Try: lifecircle export --help"},
		{[]string{"export", "p.gpkg", "--layer", "gaps", "--format", "shp"}, "geojson", "Try: lifecircle export --help"},
		{[]string{"layers", "p.gpkg", "show"}, "name the layer", "Try: lifecircle layers --help"},
		{[]string{"gaps", "p.gpkg", "--limit=-2"}, "--limit", "Try: lifecircle gaps --help"},
		{[]string{"ledger"}, "list", "Try: lifecircle ledger --help"},
		{[]string{"ledger", "list", "p.gpkg", "--limit=-2"}, "--limit", "Try: lifecircle ledger --help"},
		{[]string{"ledger", "list", "p.gpkg", "--state", "done"}, "reopened", "Try: lifecircle ledger --help"},
		{[]string{"ledger", "list", "p.gpkg", "--class", "x"}, "quality", "Try: lifecircle ledger --help"},
		{[]string{"ledger", "set", "p.gpkg", "a/b"}, "--accept", "Try: lifecircle ledger --help"},
		{[]string{"ledger", "set", "p.gpkg", "a/b", "--accept", "x", "--withdraw"}, "--withdraw", "Try: lifecircle ledger --help"},
		{[]string{"ledger", "export", "p.gpkg"}, "--output", "Try: lifecircle ledger --help"},
		{[]string{"ledger", "import", "p.gpkg"}, "<file>", "Try: lifecircle ledger --help"},
		{[]string{"catalog"}, "list", "Try: lifecircle catalog --help"},
		{[]string{"demo", "--threads=-1"}, "--threads", "Try: lifecircle demo --help"},
		{[]string{"version", "--lang", "fr"}, "--lang", "Try: lifecircle version --help"},
	} {
		t.Run(strings.Join(x.args, " "), func(t *testing.T) {
			r := run(t, append(x.args, "--quiet")...).must(exitUsage)
			if r.stdout != "" || !strings.Contains(r.stderr, x.word) || !strings.Contains(r.stderr, x.try) {
				t.Errorf("stdout %q, stderr %q, want %q and %q", r.stdout, r.stderr, x.word, x.try)
			}
			var doc struct{ Error errorDoc }
			run(t, append(x.args, "--json")...).must(exitUsage).json(&doc)
			if doc.Error.Code != "invalid" || doc.Error.Text == "" || doc.Error.TextZh == "" {
				t.Errorf("--json: %+v", doc.Error)
			}
		})
	}
}

// With nothing said at all, the help stands where a person looks, and a script sees that it called wrongly.
func TestNothingSaid(t *testing.T) {
	t.Parallel()
	if r := run(t).must(exitUsage); r.stdout != "" || !strings.Contains(r.stderr, "Usage: lifecircle") {
		t.Errorf("stdout %q", clip(r.stdout))
	}
}

// The help of every command holds an example of it and needs no manual beside it.
func TestHelp(t *testing.T) {
	t.Parallel()
	r := run(t, "--help").must(exitDone)
	for _, c := range commands() {
		if !strings.Contains(r.stdout, "\n  "+c) {
			t.Errorf("the help does not name %s", c)
		}
		h := run(t, c, "--help").must(exitDone)
		if c != "version" && !strings.Contains(h.stdout, "    lifecircle "+c) {
			t.Errorf("the help of %s holds no example:\n%s", c, h.stdout)
		}
		if !slices.ContainsFunc([]rune(h.stdout), func(r rune) bool { return r >= 0x4e00 && r < 0xa000 }) {
			t.Errorf("the help of %s says nothing in Chinese", c)
		}
		if h.stderr != "" {
			t.Errorf("help on standard error: %q", h.stderr)
		}
		if g := run(t, "help", c).must(exitDone); g.stdout != h.stdout {
			t.Errorf("lifecircle help %s differs from %s --help", c, c)
		}
	}
	for _, c := range []string{"list", "show", "lint", "export", "template", "import", "diff"} {
		run(t, "help", "catalog", c).must(exitDone).says("lifecircle catalog " + c)
	}
	for _, c := range []string{"list", "set", "export", "import"} {
		run(t, "help", "ledger", c).must(exitDone).says("lifecircle ledger " + c)
	}
	if r := run(t, "help").must(exitDone); !strings.Contains(r.stdout, "lifecircle demo") {
		t.Error("the help does not lead to the demo")
	}
}

// --quiet leaves nothing on standard error when all went well, and the results where they are.
func TestQuiet(t *testing.T) {
	t.Parallel()
	c := newTown()
	dir := t.TempDir()
	project := c.build(t, dir)
	for _, args := range [][]string{
		{"new", filepath.Join(dir, "noextension")}, {"layers", project}, {"layers", project, "show", "clinics"}, {"catalog", "list"}, {"catalog", "show", "chongqing-15min"},
		{"score", project}, {"explain", project, "--neighborhood", westID}, {"gaps", project}, {"runs", project},
		{"export", project, "--layer", "scores"}, {"copy", project, filepath.Join(dir, "copy.gpkg")}, {"version"},
		{"import", project, filepath.Join(dir, "clinics.geojson"), "--as", "facilities", "--service", "clinic"},
	} {
		r := run(t, append(args, "--quiet")...).must(exitDone)
		if r.stderr != "" || r.stdout == "" {
			t.Errorf("%v: stdout %q, stderr %q", args, clip(r.stdout), r.stderr)
		}
	}
	file := filepath.Join(dir, "s.csv")
	if r := run(t, "export", project, "--layer", "scores", "-o", file, "-q").must(exitDone); r.stdout+r.stderr != "" {
		t.Errorf("%q %q", r.stdout, r.stderr)
	}
	if r := run(t, "export", project, "--layer", "nothing", "-q").must(exitUsage); r.stderr == "" {
		t.Error("an error was not said")
	}
}

// Words come in the language that is asked for, or in that of the environment.
func TestLanguage(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("LC_ALL", "zh_CN.UTF-8")
	run(t, "runs", filepath.Join(dir, "x.gpkg")).must(exitUsage).says("没有这个文件")
	run(t, "new", filepath.Join(dir, "a.gpkg")).must(exitDone).says("已新建")
	run(t, "new", filepath.Join(dir, "b.gpkg"), "--lang", "en").must(exitDone).says("made ")
	t.Setenv("LC_ALL", "")
	t.Setenv("LC_MESSAGES", "")
	t.Setenv("LANG", "C")
	run(t, "runs", filepath.Join(dir, "x.gpkg")).must(exitUsage).says("there is no such file")
	run(t, "runs", filepath.Join(dir, "x.gpkg"), "--lang", "zh").must(exitUsage).says("没有这个文件")
}

func TestNew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "city.gpkg")
	var doc map[string]string
	run(t, "new", path, "--name", "渝中区", "--json").must(exitDone).json(&doc)
	if doc["project"] != path || doc["name"] != "city" || doc["title"] != "渝中区" || !strings.HasSuffix(doc["created"], "Z") {
		t.Errorf("%v", doc)
	}
	before := read(t, path)
	run(t, "new", path, "--lang", "en").must(exitUsage).says("city.gpkg", "exists already")
	if read(t, path) != before {
		t.Error("new changed a project that was there")
	}
	run(t, "new", filepath.Join(dir, "no", "city.gpkg"), "--lang", "en").must(exitUsage).says("folder does not exist")
	// an empty project says what is next
	run(t, "score", path, "--lang", "en").must(exitRefused).says("no neighborhoods", "--as neighborhoods")
	run(t, "gaps", path, "--lang", "en").must(exitUsage).says("no run yet", "lifecircle score")
	run(t, "runs", path, "--lang", "en").must(exitDone).says("no run yet")
	run(t, "layers", path, "show", "x", "--lang", "en").must(exitUsage).says(`no layer "x"`)
}

func TestVersion(t *testing.T) {
	t.Parallel()
	var doc map[string]string
	run(t, "version", "--json").must(exitDone).json(&doc)
	if doc["version"] == "" || doc["algorithm"] == "" {
		t.Errorf("%v", doc)
	}
	run(t, "--version").must(exitDone).says("lifecircle " + doc["version"])
}

// A catalog of one's own is exported from a shipped one, checked with line numbers, and refused where it is broken.
func TestCatalog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var list struct {
		Catalogs []struct {
			ID           string
			Title        struct{ Zh, En string }
			Provisional  bool
			Requirements int
			Hash         string
		}
	}
	run(t, "catalog", "list", "--json").must(exitDone).json(&list)
	if len(list.Catalogs) < 4 {
		t.Fatalf("%d catalogs", len(list.Catalogs))
	}
	for _, c := range list.Catalogs {
		if c.Title.Zh == "" || c.Title.En == "" || c.Requirements == 0 || len(c.Hash) != 64 {
			t.Errorf("%+v", c)
		}
		run(t, "catalog", "show", c.ID).must(exitDone)
		file := filepath.Join(dir, c.ID+".yaml")
		run(t, "catalog", "export", c.ID, "-o", file).must(exitDone)
		if run(t, "catalog", "export", c.ID).must(exitDone).stdout != read(t, file) {
			t.Errorf("%s: file and standard output differ", c.ID)
		}
		var shipped, own map[string]any
		run(t, "catalog", "show", c.ID, "--json").must(exitDone).json(&shipped)
		run(t, "catalog", "show", file, "--json").must(exitDone).json(&own)
		if shipped["id"] != own["id"] {
			t.Errorf("%s became %v", c.ID, own["id"])
		}
		run(t, "catalog", "lint", file, "--lang", "en").must(exitDone)
	}
	run(t, "catalog", "show", "chongqing-15min", "--lang", "zh").must(exitDone).says("暂定", "口袋公园", "A* 转引", "项目默认")
	run(t, "catalog", "show", "nothing", "--lang", "en").must(exitUsage).says("chongqing-15min")
	run(t, "catalog", "export", filepath.Join(dir, "gb50180-2018.yaml")).must(exitUsage).says("shipped")

	broken := write(t, filepath.Join(dir, "broken.yaml"), strings.Replace(townCatalog, "radius_m: 500", "radius_m: -5", 1))
	run(t, "catalog", "lint", broken, "--lang", "en").must(exitCondition).says("broken.yaml:6:", "error")
	var lint struct {
		File     string
		Usable   bool
		Findings []struct {
			Severity, Path, Code string
			Line, Column         int
			Text                 struct{ Zh, En string }
		}
	}
	run(t, "catalog", "lint", broken, "--json").must(exitCondition).json(&lint)
	if lint.File != "broken.yaml" || lint.Usable || len(lint.Findings) == 0 || lint.Findings[0].Line != 6 || lint.Findings[0].Code == "" || lint.Findings[0].Text.Zh == "" {
		t.Errorf("%+v", lint)
	}
	project := filepath.Join(dir, "p.gpkg")
	run(t, "new", project).must(exitDone)
	r := run(t, "score", project, "--catalog", broken, "--json", "--lang", "en").must(exitRefused).says("broken.yaml", "line 6", "catalog lint")
	var doc struct{ Error errorDoc }
	r.json(&doc)
	if doc.Error.Code != "refused" || doc.Error.File != "broken.yaml" {
		t.Errorf("%+v", doc.Error)
	}
	run(t, "score", project, "--catalog", filepath.Join(dir, "none.yaml"), "--lang", "en").must(exitUsage).says("none.yaml: no such file")
}

// Columns stand under their heads, Chinese characters counted as two places and numbers at the right.
func TestGrid(t *testing.T) {
	t.Parallel()
	g := grid{head: []string{"评价单元", "n", "list"}, right: map[int]bool{1: true}, fit: 24}
	g.add("上清寺街道", "7", "a"+fitMark+"b"+fitMark+"cc"+fitMark+"dddddd")
	g.add("A", "12345", "one\ntwo")
	var b strings.Builder
	if err := g.print(&b); err != nil {
		t.Fatal(err)
	}
	want := "评价单元        n  list\n" +
		"上清寺街道      7  a, b\n" +
		"A           12345  one\n" +
		"                   two\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	for line := range strings.SplitSeq(strings.TrimSpace(b.String()), "\n") {
		if i := strings.LastIndex(line, "  "); uniseg.StringWidth(line[:i]) != 17 {
			t.Errorf("%q: the last column begins at %d", line, uniseg.StringWidth(line[:i]))
		}
	}
}

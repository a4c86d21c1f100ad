package reports_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
	"lifecircle/coverage/report"
	"lifecircle/data/catalogs"
	"lifecircle/data/format/reports"
	"lifecircle/data/samples"
	"lifecircle/data/store"
)

// athens is the embedded city, scored as it is, with intervals in it: made once.
var athens = sync.OnceValues(func() (*report.Source, error) {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "reports-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	p, err := store.Create(filepath.Join(dir, "athens.gpkg"), "", "雅典南部")
	if err != nil {
		return nil, err
	}
	defer p.Close()
	for _, l := range samples.Athens() {
		r, err := l.Open()
		if err != nil {
			return nil, err
		}
		if _, err := intake.Import(ctx, p, catalogs.Services(), l.File, r, l.Options, nil); err != nil {
			return nil, err
		}
		r.Close()
	}
	cat, err := catalogs.Get("chongqing-15min")
	if err != nil {
		return nil, err
	}
	run, err := coverage.ScoreProject(ctx, p, cat, catalogs.Services(), coverage.Params{AcceptParent: true}, coverage.Options{Draw: coverage.DrawNow})
	if err != nil {
		return nil, err
	}
	return report.Load(ctx, p, run)
})

func source(t testing.TB) *report.Source {
	t.Helper()
	s, err := athens()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func spec(formats ...string) reports.Spec {
	return reports.Spec{Formats: formats, Languages: []string{"zh", "en"}}
}

func files(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		out[filepath.ToSlash(rel)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func write(t testing.TB, dir string, s reports.Spec) *reports.Index {
	t.Helper()
	index, err := reports.Write(context.Background(), source(t), dir, s, nil)
	if err != nil {
		t.Fatal(err)
	}
	return index
}

// A bureau that writes its report again, on a machine with more processors, gets the same files; the index lists them all.
func TestSameFiles(t *testing.T) {
	formats := reports.Formats()
	if testing.Short() { // the race detector looks at the goroutines, not at the writers
		formats = []string{"html", "json", "csv"}
	}
	a, b := t.TempDir(), t.TempDir()
	one, many := spec(formats...), spec(formats...)
	one.Threads, many.Threads = 1, 7
	index := write(t, a, one)
	write(t, b, many)
	x, y := files(t, a), files(t, b)
	for name := range x {
		if x[name] != y[name] {
			t.Errorf("%s differs: %d and %d bytes", name, len(x[name]), len(y[name]))
		}
	}
	if len(x) != len(y) || len(x) != len(index.Files)+2 {
		t.Errorf("%d and %d files, index of %d", len(x), len(y), len(index.Files))
	}
	for _, f := range index.Files {
		if int64(len(x[f.Path])) != f.Bytes || f.Bytes == 0 {
			t.Errorf("%s has %d bytes, the index says %d", f.Path, len(x[f.Path]), f.Bytes)
		}
		if !strings.Contains(x["index.html"], "report."+f.Language) && f.Language != "" {
			t.Errorf("index.html does not list %s", f.Path)
		}
	}
	for name, content := range x {
		for _, word := range []string{os.TempDir() + "/", "NaN", "%!"} {
			if slices.Contains([]string{".html", ".json", ".csv", ".geojson"}, filepath.Ext(name)) && strings.Contains(content, word) {
				t.Errorf("%s holds %q", name, word)
			}
		}
	}
}

// What an earlier report left behind and this one does not have goes; a file that is not ours stays.
func TestEarlierReport(t *testing.T) {
	dir := t.TempDir()
	all := spec("json", "csv")
	write(t, dir, all)
	if err := os.WriteFile(filepath.Join(dir, "city", "审图号.txt"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	few := spec("json")
	few.Levels = []string{"city"}
	write(t, dir, few)
	var names []string
	for name := range files(t, dir) {
		names = append(names, name)
	}
	slices.Sort(names)
	if d := cmp.Diff([]string{"city/summary.json", "city/审图号.txt", "index.html", "index.json"}, names); d != "" {
		t.Error(d)
	}
	if err := os.WriteFile(filepath.Join(dir, "index.json"), []byte(`{"my":"site"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := reports.Write(context.Background(), source(t), dir, few, nil); coverage.CodeOf(err) != coverage.Conflict {
		t.Errorf("a folder with somebody else's index.json: %v", err)
	}
}

func readIndex(t *testing.T, dir string) (index reports.Index) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err == nil {
		err = json.Unmarshal(b, &index)
	}
	if err != nil {
		t.Fatal(err)
	}
	return index
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A report that is stopped half-way must not look like the one before it, and nothing of it may be left over when the next one is written.
func TestReportThatIsGivenUp(t *testing.T) {
	dir := t.TempDir()
	before := spec("json")
	before.Levels = []string{"city"}
	write(t, dir, before)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	given := spec("csv", "xlsx")
	given.Threads = 1
	if _, err := reports.Write(ctx, source(t), dir, given, func(_ string, n, _ int64) {
		if n == 3 {
			stop()
		}
	}); err == nil {
		t.Fatal("it was not stopped")
	}
	if _, err := os.Stat(filepath.Join(dir, "index.html")); err == nil {
		t.Error("the index.html of the report before stands over other documents")
	}
	index := readIndex(t, dir)
	named := map[string]bool{"index.json": true}
	for _, f := range index.Files {
		named[f.Path] = true
	}
	if !index.Unfinished || index.MadeBy != reports.MadeBy || !named["city/summary.json"] || !named["city/report.en.xlsx"] || !named["results/gaps.csv"] {
		t.Errorf("index.json says %+v", index)
	}
	there := files(t, dir)
	if len(there) != 1+1+3 {
		t.Errorf("%d files", len(there))
	}
	for name := range there {
		if !named[name] {
			t.Errorf("%s is in no index: nobody removes it", name)
		}
	}
	// What a killed process leaves under temporary names, and what is not ours.
	for _, name := range []string{".lifecircle-index.json-17", "city/.lifecircle-summary.json-4", "city/.lifecircle-report.zh.xlsx-123"} {
		put(t, filepath.Join(dir, name), "half")
	}
	put(t, filepath.Join(dir, ".lifecircle-own.csv-5"), "somebody is writing it")
	write(t, dir, before)
	var names []string
	for name := range files(t, dir) {
		names = append(names, name)
	}
	slices.Sort(names)
	if d := cmp.Diff([]string{".lifecircle-own.csv-5", "city/summary.json", "index.html", "index.json"}, names); d != "" {
		t.Error(d)
	}
	if index := readIndex(t, dir); index.Unfinished || len(index.Files) != 1 {
		t.Errorf("the next index.json says %+v", index)
	}
}

// A bureau's own files stay, whatever an index says of them: only what has our mark, in the forms that we write, in real folders, is removed.
func TestFilesOfOthersStay(t *testing.T) {
	few := spec("json")
	few.Levels = []string{"city"}
	for name, content := range map[string]string{
		"index.json": `{"run":"1ce8d4ff","files":[{"file":"photos/a.jpg"},{"file":"district/1/summary.json"}]}`,
		"index.html": "our site",
	} {
		dir := t.TempDir()
		put(t, filepath.Join(dir, name), content)
		put(t, filepath.Join(dir, "photos/a.jpg"), "x")
		put(t, filepath.Join(dir, "district/1/summary.json"), "x")
		if _, err := reports.Write(context.Background(), source(t), dir, few, nil); coverage.CodeOf(err) != coverage.Conflict || !strings.Contains(err.Error(), name) {
			t.Errorf("a folder with somebody else's %s: %v", name, err)
		}
		if left := files(t, dir); len(left) != 3 || left[name] != content {
			t.Errorf("a folder with somebody else's %s is changed: %v", name, left)
		}
	}

	dir, elsewhere := t.TempDir(), t.TempDir()
	put(t, filepath.Join(elsewhere, "1/summary.json"), "x")
	kept := []string{"photos/a.jpg", "notes.txt", "city/report.zh.txt", "city/report.fr.html", "city/notes/summary.json/x", "results/people.csv", "results/summary.json", "summary.json", "district/1/scores.csv",
		"district/ /summary.json", "linked/1/summary.json", "../" + filepath.Base(elsewhere) + "/1/summary.json", "district/2/report.en.html"}
	gone := []string{"city/report.zh.pdf", "results/scores.gpkg", "district/3~2/summary.json", "street/大坪/report.en.docx"}
	index := reports.Index{MadeBy: reports.MadeBy, Run: "1"}
	for _, name := range slices.Concat(kept, gone) {
		index.Files = append(index.Files, reports.File{Path: name})
		if !strings.HasPrefix(name, "linked/") && !strings.HasPrefix(name, "..") && name != "district/2/report.en.html" {
			put(t, filepath.Join(dir, name), "x")
		}
	}
	b, _ := json.Marshal(index)
	put(t, filepath.Join(dir, "index.json"), string(b))
	put(t, filepath.Join(dir, "district/2/own.html"), "x")
	for link, to := range map[string]string{"linked": elsewhere, "district/2/report.en.html": "own.html"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Skip(err)
		}
	}
	write(t, dir, few)
	for _, name := range kept {
		if _, err := os.Lstat(filepath.Join(dir, name)); err != nil {
			t.Errorf("%s is removed", name)
		}
	}
	for _, name := range gone {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s of the earlier report stays", name)
		}
	}
	if _, err := os.Lstat(filepath.Join(dir, "street")); err == nil {
		t.Error("an empty folder stays")
	}
}

// What is planned is known as ours again: else nobody removes it.
func TestPlannedPathsAreOurs(t *testing.T) {
	index := write(t, t.TempDir(), spec("json", "csv", "html"))
	for _, f := range index.Files {
		if !reports.Ours(f.Path) {
			t.Errorf("%s is not", f.Path)
		}
	}
	taken := map[string]bool{}
	for _, id := range []string{"a", "A", "x.", "x", "..", "", "~1", strings.Repeat("长", 200), strings.Repeat("长", 199) + "城", "a/b", "a~2"} {
		if folder := reports.FolderOf(report.Area{Level: "street", ID: id}, taken); !reports.Ours(folder + "/report.zh.html") {
			t.Errorf("%s is not", folder)
		}
	}
}

// A fault in the writing of one report comes up in the caller, and the folder does not look finished.
func TestPanicsComeUpInTheCaller(t *testing.T) {
	dir := t.TempDir()
	defer func() {
		if v := fmt.Sprintf("%+v", recover()); !strings.Contains(v, "a fault") || !strings.Contains(v, "TestPanicsComeUpInTheCaller") {
			t.Errorf("it comes as %s", v)
		}
		if _, err := os.Stat(filepath.Join(dir, "index.html")); err == nil {
			t.Error("index.html stands over an unfinished report")
		}
	}()
	reports.Write(context.Background(), source(t), dir, spec("json"), func(string, int64, int64) { panic("a fault") })
	t.Error("nothing comes")
}

// What cannot be written is refused before anything is.
func TestRefused(t *testing.T) {
	for name, s := range map[string]reports.Spec{
		"format": {Formats: []string{"xls"}}, "language": {Formats: []string{"json"}, Languages: []string{"de"}}, "level": {Formats: []string{"json"}, Levels: []string{"village"}},
	} {
		dir := filepath.Join(t.TempDir(), "out")
		_, err := reports.Write(context.Background(), source(t), dir, s, nil)
		if coverage.CodeOf(err) != coverage.Invalid || !strings.Contains(err.Error(), "one of: ") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s: the folder was made", name)
		}
	}
}

// A program that reads the summary can rely on its schema, and finds the numbers of the tables in it.
func TestSummaryFitsSchemaAndTables(t *testing.T) {
	src := source(t)
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(report.SummarySchema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("summary.json", parsed); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("summary.json")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, spec("json", "csv"))
	scores := table(t, filepath.Join(dir, "results", "scores.csv"))
	covered := table(t, filepath.Join(dir, "results", "coverage.csv"))
	for _, a := range src.Areas(nil) {
		s, err := src.Summarize(a)
		if err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(instance); err != nil {
			t.Errorf("%s: %v", a.Key(), err)
		}
		var counts coverage.Counts
		for _, r := range s.Requirements {
			counts.Met, counts.Unmet = counts.Met+r.Met, counts.Unmet+r.Unmet
			counts.NotDetected, counts.NotAssessed = counts.NotDetected+r.NotDetected, counts.NotAssessed+r.NotAssessed
			if a.Level == "" {
				continue
			}
			row := find(covered, func(x map[string]string) bool {
				return x["level"] == a.Level && x["neighborhood_id"] == a.ID && x["requirement"] == r.ID
			})
			if row["demand_covered"] != shown(r.Covered) || row["share"] != shown(r.Share) || row["share_max"] != shown(r.ShareMax) {
				t.Errorf("%s %s: summary %s %s %s, table %s %s %s", a.Key(), r.ID, r.Covered, r.Share, r.ShareMax, row["demand_covered"], row["share"], row["share_max"])
			}
		}
		if counts != s.Counts || counts == (coverage.Counts{}) {
			t.Errorf("%s: requirements add up to %+v, neighborhoods to %+v", a.Key(), counts, s.Counts)
		}
		for _, u := range s.Units {
			row := find(scores, func(x map[string]string) bool {
				return x["level"] == "unit" && x["neighborhood_id"] == u.ID && x["scope"] == "overall"
			})
			if row["score"] != shown(u.Score) || row["score_max"] != shown(u.ScoreMax) || row["completeness"] != shown(u.Completeness) {
				t.Errorf("%s: summary %s, table %s", u.ID, u.Score, row["score"])
			}
		}
	}
	if s, err := src.Summarize(report.Area{Level: "district", ID: "none"}); coverage.CodeOf(err) != coverage.NotFound {
		t.Errorf("an area that is not there: %v, %v", s, err)
	}
	if schema.Validate(map[string]any{"schema": "x"}) == nil {
		t.Error("the schema takes anything")
	}
}

func shown(d coverage.Decimal) string {
	if d.Null {
		return ""
	}
	return d.String()
}

func table(t *testing.T, path string) []map[string]string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]string
	for _, r := range rows[1:] {
		m := map[string]string{}
		for i, name := range rows[0] {
			m[name] = r[i]
		}
		out = append(out, m)
	}
	return out
}

func find(rows []map[string]string, is func(map[string]string) bool) map[string]string {
	if i := slices.IndexFunc(rows, is); i >= 0 {
		return rows[i]
	}
	return nil
}

// A report says everything in both languages, names every table and figure once, and states under each result what it rests on.
func TestReportIsWhole(t *testing.T) {
	src := source(t)
	for _, a := range src.Areas(nil)[:3] {
		r, err := src.Build(a)
		if err != nil {
			t.Fatal(err)
		}
		keys := map[string]bool{}
		both := func(where string, x report.Text) {
			if x.Zh == "" || x.En == "" {
				t.Errorf("%s %s: %+v is not in both languages", a.Key(), where, x)
			}
		}
		once := func(key string) {
			if key == "" || keys[key] {
				t.Errorf("%s: key %q twice or empty", a.Key(), key)
			}
			keys[key] = true
		}
		checkTable := func(x *report.Table) {
			once("table " + x.Key)
			both(x.Key, x.Caption)
			for _, n := range x.Notes {
				both(x.Key, n)
			}
			for _, c := range x.Columns {
				both(x.Key+" "+c.Key, c.Title)
			}
			for _, row := range x.Rows {
				if len(row) != len(x.Columns) {
					t.Fatalf("%s: %d cells in %d columns", x.Key, len(row), len(x.Columns))
				}
			}
		}
		both("title", r.Title)
		tables := map[string]*report.Table{}
		var figures []*report.Figure
		for _, s := range r.Sections {
			once("section " + s.Key)
			both(s.Key, s.Title)
			for _, b := range s.Blocks {
				switch b := b.(type) {
				case *report.Paragraph:
					both(s.Key, b.Text)
				case *report.Table:
					checkTable(b)
					tables[b.Key] = b
				case *report.Figure:
					once("figure " + b.Key)
					both(b.Key, b.Caption)
					both(b.Key, b.Desc)
					if b.Data != nil {
						checkTable(b.Data)
					}
					figures = append(figures, b)
					if !slices.ContainsFunc(b.Notes, func(x report.Text) bool {
						return strings.Contains(x.En, "Denominator") && strings.Contains(x.En, "catalog")
					}) {
						t.Errorf("figure %s does not say what it rests on: %v", b.Key, b.Notes)
					}
				}
			}
		}
		for _, f := range figures {
			if f.Data == nil && tables[f.Table] == nil {
				t.Errorf("figure %s has no table behind it", f.Key)
			}
		}
		units := 0
		for _, row := range tables["matrix"].Rows {
			units++
			if row[0].Text.Zh == "" {
				t.Error("a row of the matrix without an id")
			}
		}
		if s, _ := src.Summarize(a); units != s.Neighborhoods {
			t.Errorf("%s: %d rows in the matrix, %d neighborhoods", a.Key(), units, s.Neighborhoods)
		}
	}
}

// Names that no file system takes still give folders, each its own.
func TestFoldersOfHostileNames(t *testing.T) {
	names := []string{"渝中区", "a/b", `a\b`, "..", "", "con:1", strings.Repeat("长", 200), strings.Repeat("长", 199) + "城", "A", "a", "a.", "x\x00y"}
	taken := map[string]bool{}
	seen := map[string]bool{}
	for _, n := range names {
		f := reports.FolderOf(report.Area{Level: "district", ID: n}, taken)
		if seen[strings.ToLower(f)] || !filepath.IsLocal(f) || strings.Count(f, "/") != 1 || len(f) > 140 {
			t.Errorf("%q → %q", n, f)
		}
		seen[strings.ToLower(f)] = true
	}
	if fmt.Sprint(seen["district/渝中区"]) != "true" {
		t.Error("a plain name is changed")
	}
}

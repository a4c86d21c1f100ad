package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"lifecircle/data/store"
)

// ledgerDoc is the document of ledger list --json.
type ledgerDoc struct {
	Run      string
	Scorings []struct{ Run, Time string }
	Counts   map[string]int
	Findings []ledgerFinding
}

type ledgerFinding struct {
	ID       string       `json:"finding"`
	State    string       `json:"state"`
	Now      string       `json:"now"`
	Verdict  string       `json:"verdict"`
	People   *json.Number `json:"people"`
	PeopleOf string       `json:"people_of"`
	First    string       `json:"first_run"`
	Last     string       `json:"last_run"`
	Closed   string       `json:"closed_by"`
	Owner    string       `json:"owner"`
	Due      string       `json:"due"`
	Note     string       `json:"note"`
	Reason   string       `json:"reason"`
	History  []struct{ Field, Value, Time, Who, Source string }
}

func ledgerOf(t testing.TB, project string, options ...string) ledgerDoc {
	t.Helper()
	var doc ledgerDoc
	run(t, append([]string{"ledger", "list", project, "--json"}, options...)...).must(exitDone).json(&doc)
	return doc
}

func ids(doc ledgerDoc) string {
	var out []string
	for _, f := range doc.Findings {
		out = append(out, f.ID)
	}
	return strings.Join(out, " ")
}

// The ids of the town's findings: west misses the clinic (100 of 160 reach it), east both.
const (
	westClinic, eastClinic = westID + "/clinic-15", eastID + "/clinic-15"
	eastKindergarten       = eastID + "/kindergarten-15"
)

// A year in a planner's town: findings, who is in charge, a new clinic that closes one, its end that reopens it, and every figure worked out with a pencil.
func TestLedger(t *testing.T) {
	t.Parallel()
	c := newTown()
	dir := t.TempDir()
	project := c.build(t, dir, "--complete")
	run(t, "ledger", "list", project, "--lang", "en").must(exitUsage).says("no run yet")
	var first, second scored
	c.score(t, project).must(exitDone).json(&first)

	doc := ledgerOf(t, project)
	if got := ids(doc); got != westClinic+" "+eastClinic+" "+eastKindergarten || doc.Run != first.Run || len(doc.Scorings) != 1 {
		t.Fatalf("%s %+v", got, doc.Scorings)
	}
	if f := doc.Findings[0]; f.State != "open" || f.Verdict != "unmet" || f.People == nil || f.People.String() != "60.000" || f.PeopleOf != "population" || f.First != first.Run || f.Last != first.Run {
		t.Errorf("%+v", f)
	}
	if got := ids(ledgerOf(t, project, "--list")); got != eastClinic+" "+eastKindergarten+" "+westClinic {
		t.Errorf("the project list is %s: 200, 200 and 60 people would gain", got)
	}
	for options, want := range map[string]string{
		"--requirement clinic-15": westClinic + " " + eastClinic, "--neighborhood 大坪": eastClinic + " " + eastKindergarten, "--neighborhood " + westID: westClinic, "--state closed": "", "--list --limit 1": eastClinic, "--class quality": "",
		"--owner=": westClinic + " " + eastClinic + " " + eastKindergarten,
	} {
		if got := ids(ledgerOf(t, project, strings.Fields(options)...)); got != want {
			t.Errorf("%s: %s, want %s", options, got, want)
		}
	}

	run(t, "ledger", "list", project, "--requirement", "clinic-51", "--lang", "en").must(exitUsage).says("--requirement", "no requirement")
	run(t, "ledger", "list", project, "--neighborhood", "大评", "--lang", "en").must(exitUsage).says("--neighborhood", "no neighborhood")
	if got := ids(ledgerOf(t, project, "--neighborhood", westID, "--requirement", "kindergarten-15")); got != "" {
		t.Errorf("west has its kindergarten: %s", got)
	}
	run(t, "ledger", "set", project, westClinic, "--owner", "x", "--note", "y").must(exitDone)
	run(t, "ledger", "set", project, westClinic, "--owner", "", "--note=").must(exitDone)
	if f := ledgerOf(t, project).Findings[0]; f.Owner != "" || f.Note != "" {
		t.Errorf("emptied: %+v", f)
	}

	run(t, "ledger", "set", project, westClinic, eastClinic, "--owner", "区卫健委", "--due", "2027年6月30日", "--who", "张工").must(exitDone).says(westClinic, "2027-06-30")
	run(t, "ledger", "set", project, eastKindergarten, "--accept", "无用地").must(exitDone)
	before := tables(t, project)
	run(t, "ledger", "set", project, westClinic, "--owner", "区卫健委", "--lang", "en").must(exitDone).says("nothing changed")
	for want, args := range map[string][]string{
		"no finding":         {westClinic, westID + "/none-15", "--owner", "x"},
		"--due":              {westClinic, "--due", "2027-02-30", "--owner", "x"},
		"needs a reason":     {westClinic, "--accept", ""},
		"NEIGHBORHOOD/REQUI": {"大坪", "--note", "x"},
	} {
		run(t, append([]string{"ledger", "set", project, "--lang", "en"}, args...)...).must(exitUsage).says(want)
	}
	if d := cmp.Diff(before, tables(t, project)); d != "" {
		t.Errorf("what was refused left something: %s", d)
	}
	if got := ids(ledgerOf(t, project, "--list")); got != eastClinic+" "+westClinic {
		t.Errorf("what is accepted is nothing to build: %s", got)
	}
	if got := ids(ledgerOf(t, project, "--owner", "区卫健委")); got != westClinic+" "+eastClinic {
		t.Errorf("by owner: %s", got)
	}

	// A clinic for the east, and later none again.
	both := c
	both.clinics = append(slices.Clone(c.clinics), feature{point(106.53, 29.51), []property{{"id", `"c3"`}, {"name", `"新站"`}}})
	clinics := write(t, filepath.Join(dir, "new", "clinics.geojson"), collection(both.clinics))
	run(t, "import", project, clinics, "--as", "facilities", "--service", "clinic", "--replace").must(exitDone)
	c.score(t, project).must(exitDone).json(&second)
	doc = ledgerOf(t, project)
	if f := doc.Findings[1]; f.ID != eastClinic || f.State != "closed" || f.Closed != second.Run || f.Last != first.Run || f.Now != "met" || f.Owner != "区卫健委" || f.Due != "2027-06-30" {
		t.Errorf("%+v", f)
	}
	run(t, "ledger", "set", project, eastClinic, "--accept", "x", "--lang", "en").must(exitUsage).says("was closed by run " + second.Run[:12])
	run(t, "layers", "undo", project, "clinics").must(exitDone)
	c.score(t, project).must(exitDone) // the first run again: it is the latest
	doc = ledgerOf(t, project, "--history")
	if f := doc.Findings[1]; f.State != "reopened" || f.Closed != "" || f.Last != first.Run || len(doc.Scorings) != 3 || len(f.History) != 2 || f.History[0].Who != "张工" || f.History[0].Time == "" {
		t.Errorf("%+v of %+v", f, doc.Scorings)
	}
	if f := doc.Findings[2]; f.State != "accepted" || f.Reason != "无用地" {
		t.Errorf("%+v", f)
	}
	// Assuming nothing else, other parameters are another ledger, in which nobody wrote.
	c.score(t, project, "--accept-parent").must(exitDone)
	if other := ledgerOf(t, project); other.Findings[1].Owner != "" || len(other.Scorings) != 1 {
		t.Errorf("%+v", other)
	}
	if old := ledgerOf(t, project, "--run", first.Run[:8]); old.Findings[1].Owner != "区卫健委" || old.Findings[1].State != "reopened" {
		t.Errorf("%+v", old.Findings[1])
	}
	run(t, "ledger", "list", project, "--lang", "zh").must(exitDone).says("未达标", "台账（目录 town")
	run(t, "ledger", "list", project, "--run", first.Run[:8], "--lang", "zh", "--history").must(exitDone).says("重新出现", "已接受", "张工")

	// A copy keeps all of it, and both are in order.
	copied := filepath.Join(dir, "copy.gpkg")
	run(t, "copy", project, copied).must(exitDone)
	if d := cmp.Diff(ledgerOf(t, project, "--run", first.Run, "--history"), ledgerOf(t, copied, "--run", first.Run, "--history")); d != "" {
		t.Error(d)
	}
	run(t, "check", project).must(exitDone)
	run(t, "check", copied).must(exitDone)
}

// What people write changes no number: the run, its tables and exports are as they were.
func TestLedgerChangesNoVerdict(t *testing.T) {
	t.Parallel()
	c := newTown()
	project := c.build(t, t.TempDir(), "--complete")
	c.score(t, project).must(exitDone)
	export := func() string { return run(t, "export", project, "--layer", "coverage").must(exitDone).stdout }
	before, numbers := tables(t, project), export()
	run(t, "ledger", "set", project, eastClinic, westClinic, "--accept", "无用地", "--owner", "x").must(exitDone)
	after := tables(t, project)
	delete(before, "lc_ledger")
	delete(after, "lc_ledger")
	if d := cmp.Diff(before, after); d != "" || export() != numbers {
		t.Errorf("an acceptance changed more than the ledger: %s", d)
	}
	var again scored
	c.score(t, project).must(exitDone).json(&again)
	if again.Counts != (counts{Met: 1, Unmet: 3}) {
		t.Errorf("%+v", again.Counts)
	}
}

// The workbook goes out, is filled in, and comes home, with a report of every change and refusal; the dry run says the same and writes nothing.
func TestLedgerThereAndBack(t *testing.T) {
	t.Parallel()
	c := newTown()
	dir := t.TempDir()
	project := c.build(t, dir, "--complete")
	c.score(t, project).must(exitDone)
	run(t, "ledger", "set", project, westClinic, "--owner", "=cmd|calc", "--note", "@SUM(A1)").must(exitDone)
	book, text := filepath.Join(dir, "台账.xlsx"), filepath.Join(dir, "台账.csv")
	untouched := tables(t, project)
	for _, file := range []string{book, text} {
		run(t, "ledger", "export", project, "-o", file, "-q").must(exitDone)
		first := read(t, file)
		run(t, "ledger", "export", project, "-o", file, "--lang", "zh").must(exitDone)
		if read(t, file) != first {
			t.Errorf("%s: not the same bytes", filepath.Base(file))
		}
		if out := run(t, "ledger", "export", project, "-o", "-", "--format", strings.TrimPrefix(filepath.Ext(file), ".")).must(exitDone).stdout; out != first {
			t.Error("standard output has other bytes")
		}
		run(t, "ledger", "import", project, file, "--strict", "--lang", "en").must(exitDone).says("3 rows, 0 changed, 3 unchanged")
	}
	if d := cmp.Diff(untouched, tables(t, project)); d != "" {
		t.Errorf("a round trip without edits changed %s", d)
	}
	fill(t, book, map[string]any{
		"H2": "区卫健委", "I2": "2027/6/30", // west clinic, owner and due
		"G3": "已接受 accepted", "K3": "无用地", "M3": 0.99, // east clinic: accepted, and a share that somebody wrote
		"I4": "2027-02-30", "J4": "立项", // east kindergarten: no such day
	})
	dry := run(t, "ledger", "import", project, book, "--dry-run", "--lang", "en").must(exitDone)
	dry.says(`row 2 `+westClinic+` owner: “=cmd|calc” → “区卫健委”`, `row 4 column "due" refused `+eastKindergarten+" (bad_due)", `row 3 column "share" refused`, "nothing was written")
	if d := cmp.Diff(untouched, tables(t, project)); d != "" {
		t.Errorf("the dry run wrote %s", d)
	}
	wet := run(t, "ledger", "import", project, book, "--strict", "--who", "卫健委", "--lang", "en").must(exitCondition)
	if wet.stdout != dry.stdout {
		t.Errorf("the dry run said otherwise:\n%s\n%s", dry.stdout, wet.stdout)
	}
	doc := ledgerOf(t, project, "--history")
	if f := doc.Findings[0]; f.Owner != "区卫健委" || f.Due != "2027-06-30" || f.Note != "@SUM(A1)" || f.History[2].Who != "卫健委" || f.History[2].Source != "台账.xlsx" {
		t.Errorf("%+v", f)
	}
	if f := doc.Findings[1]; f.State != "accepted" || f.Reason != "无用地" {
		t.Errorf("%+v", f)
	}
	if f := doc.Findings[2]; f.Due != "" || f.Note != "立项" {
		t.Errorf("%+v", f)
	}
	run(t, "ledger", "import", project, book, "--lang", "en").must(exitDone).says("nothing changed", "0 changed") // the same file again
	run(t, "check", project).must(exitDone)
}

// fill fills cells of the first sheet in.
func fill(t testing.TB, path string, cells map[string]any) {
	t.Helper()
	f, err := excelize.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for cell, v := range cells {
		if err := f.SetCellValue(f.GetSheetName(0), cell, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Save(); err != nil {
		t.Fatal(err)
	}
}

// A file that is no ledger of this project is refused as a whole with 3, and leaves nothing.
func TestLedgerOfElsewhere(t *testing.T) {
	t.Parallel()
	c := newTown()
	dir := t.TempDir()
	project, other := c.build(t, filepath.Join(dir, "a"), "--complete"), c.build(t, filepath.Join(dir, "b"))
	c.score(t, project).must(exitDone)
	c.score(t, other).must(exitDone)
	run(t, "ledger", "set", other, eastClinic, "--owner", "x").must(exitDone)
	foreign := filepath.Join(dir, "foreign.xlsx")
	run(t, "ledger", "export", other, "-o", foreign).must(exitDone)
	before := tables(t, project)
	run(t, "ledger", "import", project, foreign, "--lang", "en").must(exitRefused).says("another project", "import it into the project")
	var doc struct {
		Refused  int
		Written  bool
		Refusals []struct{ Code string }
		Error    errorDoc
	}
	run(t, "ledger", "import", project, foreign, "--json").must(exitRefused).json(&doc)
	if doc.Refused != 3 || doc.Written || doc.Refusals[0].Code != "other_project" || doc.Error.Code != "refused" {
		t.Errorf("%+v", doc)
	}
	run(t, "ledger", "import", project, filepath.Join(dir, "a", "town.yaml"), "--lang", "en").must(exitRefused)
	run(t, "ledger", "import", project, filepath.Join(dir, "none.xlsx"), "--lang", "en").must(exitUsage).says("no such file")
	run(t, "ledger", "import", project, dir, "--lang", "en").must(exitUsage)
	run(t, "ledger", "export", project, "-o", project, "--lang", "en").must(exitUsage).says("the project file itself")
	if d := cmp.Diff(before, tables(t, project)); d != "" {
		t.Errorf("a ledger of elsewhere left %s", d)
	}
	// The same project with other parameters: the message says where the rows belong.
	own := filepath.Join(dir, "own.csv")
	run(t, "ledger", "export", project, "-o", own).must(exitDone)
	var assumed scored
	c.score(t, project, "--assume-complete").must(exitDone).json(&assumed)
	before = tables(t, project)
	r := run(t, "ledger", "import", project, own, "--lang", "en").must(exitRefused).says("another ledger of the project", "--run ")
	_, rest, _ := strings.Cut(r.stderr, "--run ")
	run(t, "ledger", "import", project, own, "--run", strings.TrimSpace(rest), "--lang", "en").must(exitDone).says("3 unchanged")
	if d := cmp.Diff(before, tables(t, project)); d != "" {
		t.Errorf("refused files left %s", d)
	}
}

// Shuffled inputs and two makings of a project give the same workbook: nothing of the clock or of the order is in it.
func TestLedgerBytesOfShuffledInputs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var files []string
	for seed := range uint64(2) {
		c := newTown()
		r := rand.New(rand.NewPCG(seed, 7))
		for _, layer := range []*[]feature{&c.communities, &c.clinics, &c.kindergartens, &c.people, &c.land} {
			*layer = shuffled(*layer, r)
		}
		project := c.build(t, filepath.Join(dir, fmt.Sprint(seed)))
		c.score(t, project).must(exitDone)
		run(t, "ledger", "set", project, eastClinic, "--owner", "区卫健委", "--due", "2027-06-30").must(exitDone)
		for _, name := range []string{"l.xlsx", "l.csv"} {
			file := filepath.Join(dir, fmt.Sprint(seed), name)
			run(t, "ledger", "export", project, "-o", file).must(exitDone)
			files = append(files, read(t, file))
		}
	}
	if files[0] != files[2] || files[1] != files[3] {
		t.Error("the same project in another order gives other bytes")
	}
}

// An import that is killed leaves all of its changes or none, and never less than was acknowledged; the same command again ends as if nothing had happened.
func TestKillsDuringLedgerImport(t *testing.T) {
	rounds := 6
	if text := os.Getenv("LIFECIRCLE_KILLS"); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	} else if testing.Short() {
		t.Skip("it takes seconds")
	}
	c := newTown()
	c.communities, c.people = nil, nil
	const side = 24
	for i := range side * side {
		x, y := 106.50+float64(i%side)*0.0005, 29.50+float64(i/side)*0.0005
		c.communities = append(c.communities, feature{box(x, y, x+0.0005, y+0.0005), []property{{"code", fmt.Sprintf(`"u%05d"`, i)}, {"name", `"社区"`}, {"street", `"街"`}}})
		c.people = append(c.people, feature{point(x+0.0002, y+0.0002), []property{{"id", fmt.Sprintf(`"p%05d"`, i)}, {"population", `10`}}})
	}
	c.clinics = c.clinics[1:]
	dir := t.TempDir()
	original := c.build(t, dir, "--complete")
	c.score(t, original, "--gaps", "later").must(exitDone)
	file := filepath.Join(dir, "l.csv")
	run(t, "ledger", "export", original, "-o", file).must(exitDone)
	write(t, file, strings.ReplaceAll(read(t, file), ",未关闭 open,,,", ",未关闭 open,区卫健委,2027-06-30,"))
	count := func(project string) int {
		n := 0
		for _, f := range ledgerOf(t, project).Findings {
			if f.Owner != "" {
				n++
			}
		}
		return n
	}
	whole := write(t, filepath.Join(dir, "whole.gpkg"), read(t, original))
	started := time.Now()
	ran(t, nil, "ledger", "import", whole, file).must(exitDone)
	took := time.Since(started)
	all := count(whole)
	if all < side*side {
		t.Fatalf("only %d findings", all)
	}
	killed := 0
	r := rand.New(rand.NewPCG(3, 9))
	for i := range rounds {
		project := write(t, filepath.Join(dir, fmt.Sprintf("k%d.gpkg", i)), read(t, original))
		p := program(t, nil, "ledger", "import", project, file)
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration((0.4 + 0.8*r.Float64()) * float64(took)))
		_ = p.Process.Signal(syscall.SIGKILL)
		acknowledged := p.Wait() == nil
		run(t, "ledger", "set", project, "u00000/clinic-15", "--note", "x").must(exitDone) // opens it for writing, which rolls back
		switch n := count(project); {
		case n != 0 && n != all, acknowledged && n != all:
			t.Errorf("%d of %d findings were written, acknowledged: %v", n, all, acknowledged)
		case n == 0:
			killed++
		}
		run(t, "ledger", "import", project, file).must(exitDone)
		if n := count(project); n != all {
			t.Errorf("once more: %d of %d", n, all)
		}
		if report, err := store.Check(t.Context(), project); err != nil || len(report.Findings) > 0 {
			t.Error(report, err)
		}
		os.Remove(project)
	}
	t.Logf("%d kills within %s, %d before the end", rounds, took.Round(time.Millisecond), killed)
}

// contractOfLedger adds the documents of the ledger's commands.
func contractOfLedger(t *testing.T, project string, add func(string, result)) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ledger.xlsx")
	add("ledger set", run(t, "ledger", "set", project, eastClinic, "--owner", "x", "--who", "y", "--json").must(exitDone))
	add("ledger set", run(t, "ledger", "set", project, eastClinic, "--owner", "x", "--json").must(exitDone))
	add("ledger export", run(t, "ledger", "export", project, "-o", file, "--json").must(exitDone))
	add("ledger import", run(t, "ledger", "import", project, file, "--json").must(exitDone))
	fill(t, file, map[string]any{"H2": "z", "I2": "nie", "AA1": "mine", "AA2": "x"})
	add("ledger import", run(t, "ledger", "import", project, file, "--dry-run", "--json").must(exitDone))
	add("ledger import", run(t, "ledger", "import", project, file, "--json").must(exitDone))
	fill(t, file, map[string]any{"A2": "a", "A3": "b", "A4": "c", "A5": "d", "A6": "e"})
	add("ledger import", run(t, "ledger", "import", project, file, "--json").must(exitRefused))
	add("ledger list", run(t, "ledger", "list", project, "--history", "--json").must(exitDone))
	if b := []byte(read(t, file)); !bytes.HasPrefix(b, []byte("PK")) {
		t.Error("the workbook is none")
	}
}

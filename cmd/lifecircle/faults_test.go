package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lifecircle/data/store"
)

// Faults of the whole program: the rows of the table in data/store/README.md that have an exit code or a command.

// argumentsVariable has a child of this test binary be the program, with these arguments (JSON).
const argumentsVariable = "LIFECIRCLE_TEST_ARGUMENTS"

// TestTheProgram is no test: it is what a child runs.
func TestTheProgram(t *testing.T) {
	text, ok := os.LookupEnv(argumentsVariable)
	if !ok {
		t.Skip("it is run by other tests")
	}
	os.Args = os.Args[:1]
	var args []string
	if err := json.Unmarshal([]byte(text), &args); err != nil {
		t.Fatal(err)
	}
	os.Args = append(os.Args, args...)
	main()
}

// process is a program that was started.
type process struct {
	*exec.Cmd
	stdout, stderr bytes.Buffer
	args           []string
}

// program makes a process of the program; prefix is a command that starts it, if any.
func program(t testing.TB, prefix []string, args ...string) *process {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	line := append(slices.Clone(prefix), binary, "-test.run=^TestTheProgram$")
	p := &process{Cmd: exec.Command(line[0], line[1:]...), args: args}
	p.Env = append(os.Environ(), argumentsVariable+"="+string(text), "LC_ALL=C")
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	return p
}

// ran starts a program and waits for its end.
func ran(t testing.TB, prefix []string, args ...string) result {
	t.Helper()
	p := program(t, prefix, args...)
	if err := p.Run(); err != nil && p.ProcessState == nil {
		t.Fatal(err)
	}
	return result{t, args, p.ProcessState.ExitCode(), p.stdout.String(), p.stderr.String()}
}

// crowd gives n people on a lattice over the town; another seed gives others.
func crowd(n, seed int) string {
	var list []feature
	for i := range n {
		list = append(list, feature{point(106.50+float64(i%100)*0.0004, 29.50+float64(i/100%100)*0.0002), []property{{"id", fmt.Sprintf(`"p%06d"`, i)}, {"population", strconv.Itoa((i*7+seed*13)%50 + 1)}}})
	}
	return collection(list)
}

// The town at rest is in order; one that somebody spoiled is not, and what is no project is refused.
func TestCheck(t *testing.T) {
	t.Parallel()
	c := newTown()
	dir := t.TempDir()
	project := c.build(t, dir, "--complete")
	c.score(t, project).must(exitDone)
	before := read(t, project)
	run(t, "check", project, "--lang", "en").must(exitDone).says("no findings", "town.gpkg", "5 layer versions", "1 runs")
	var doc store.CheckReport
	run(t, "check", project, "--json").must(exitDone).json(&doc)
	if len(doc.Findings) != 0 || doc.Runs != 1 || doc.Versions != 5 || doc.File != "town.gpkg" {
		t.Errorf("%+v", doc)
	}
	if read(t, project) != before {
		t.Error("the file changed")
	}
	spoil(t, project, `DELETE FROM rtree_land_geom`, `UPDATE lc_runs SET created = 'yesterday'`)
	before = read(t, project)
	run(t, "check", project, "--lang", "en").must(exitCondition).says("rtree_lost: land 1: ", "run_info: lc_runs 1: ", "2 findings")
	run(t, "check", project, "--lang", "zh").must(exitCondition).says("rtree_lost: land 1: R 树里没有这一行", "2 处问题")
	run(t, "check", project, "--json").must(exitCondition).json(&doc)
	if len(doc.Findings) != 2 || doc.Findings[0].Code != "rtree_lost" || doc.Findings[0].Row != 1 || doc.Findings[0].TextZh == "" {
		t.Errorf("%+v", doc.Findings)
	}
	if read(t, project) != before {
		t.Error("the checker repaired something")
	}
	run(t, "check", write(t, filepath.Join(dir, "no.gpkg"), "text"), "--lang", "en").must(exitRefused).says("no.gpkg", "no GeoPackage")
	run(t, "check", filepath.Join(dir, "nothing.gpkg"), "--lang", "en").must(exitUsage).says("there is no such file")
}

// Every refusal of a file keeps the file, names it, and has its exit code.
func TestFaultyFiles(t *testing.T) {
	t.Parallel()
	c := newTown()
	dir := t.TempDir()
	project := c.build(t, dir)
	whole := read(t, project)
	newer := write(t, filepath.Join(dir, "newer.gpkg"), whole)
	spoil(t, newer, `UPDATE lc_meta SET value = '99' WHERE key = 'schema'`)
	foreign := write(t, filepath.Join(dir, "foreign.gpkg"), whole)
	spoil(t, foreign, `DELETE FROM gpkg_extensions WHERE extension_name = 'lifecircle_project'`)
	tests := []struct{ name, path, says string }{
		{"cut", write(t, filepath.Join(dir, "cut.gpkg"), whole[:len(whole)/2]), fmt.Sprintf("cut.gpkg: the file is cut short: %d bytes of %d", len(whole)/2, len(whole))},
		{"empty", write(t, filepath.Join(dir, "empty.gpkg"), ""), "empty.gpkg: it is no GeoPackage"},
		{"newer", newer, "newer.gpkg: the project file is of a newer version (99)"},
		{"foreign", foreign, "foreign.gpkg: it is not a project of lifecircle"},
	}
	for _, tt := range tests {
		before := read(t, tt.path)
		for _, args := range [][]string{{"import", tt.path, filepath.Join(dir, "land.geojson"), "--as", "land"}, {"score", tt.path, "--catalog", filepath.Join(dir, "town.yaml")},
			{"layers", tt.path}, {"copy", tt.path, filepath.Join(dir, "x.gpkg")}, {"check", tt.path}, {"serve", tt.path, "--addr", "127.0.0.1:0"}} {
			run(t, append(args, "--lang", "en")...).must(exitRefused).says(tt.says)
		}
		if read(t, tt.path) != before {
			t.Errorf("%s: the file changed", tt.name)
		}
	}
	// A file that may only be read.
	if err := os.Chmod(project, 0o444); err != nil {
		t.Fatal(err)
	}
	refused := "town.gpkg: the file is open for reading only; check the permissions of the file and its folder"
	run(t, "import", project, write(t, filepath.Join(dir, "more.geojson"), crowd(5, 1)), "--as", "demand", "--lang", "en").must(exitFault).says(refused)
	run(t, "score", project, "--catalog", filepath.Join(dir, "town.yaml"), "--lang", "en").must(exitFault).says(refused)
	run(t, "layers", project, "--lang", "en").must(exitDone)
	run(t, "check", project, "--lang", "en").must(exitDone)
	if read(t, project) != whole {
		t.Error("a file for reading only changed")
	}
}

// A project on a medium or in a folder where nothing can be written can be read and explained.
func TestReadOnlyFolder(t *testing.T) {
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("a medium for reading only can be mounted by root on Linux only")
	}
	c := newTown()
	dir := t.TempDir()
	project := c.build(t, filepath.Join(dir, "medium"))
	catalog := filepath.Join(dir, "medium", "town.yaml")
	c.score(t, project).must(exitDone)
	more := write(t, filepath.Join(dir, "more.geojson"), crowd(5, 1))
	medium := filepath.Join(dir, "medium")
	if out, err := exec.Command("mount", "--bind", medium, medium).CombinedOutput(); err != nil {
		t.Skipf("nothing can be mounted here: %v %s", err, out)
	}
	defer exec.Command("umount", "-l", medium).Run()
	if out, err := exec.Command("mount", "-o", "remount,bind,ro", medium).CombinedOutput(); err != nil {
		t.Skipf("nothing can be mounted for reading only here: %v %s", err, out)
	}
	refused := "town.gpkg: the file is open for reading only; check the permissions of the file and its folder"
	ran(t, nil, "import", project, more, "--as", "demand").must(exitFault).says(refused)
	ran(t, nil, "score", project, "--catalog", catalog, "--assume-complete").must(exitFault).says(refused)
	ran(t, nil, "score", project, "--catalog", catalog).must(exitDone) // the run that is there
	ran(t, nil, "runs", project).must(exitDone)
	ran(t, nil, "check", project).must(exitDone)
	ran(t, nil, "copy", project, filepath.Join(dir, "copy.gpkg")).must(exitDone)
	ran(t, nil, "copy", project, filepath.Join(medium, "copy.gpkg")).must(exitFault)
}

// A quota is reached in the middle of an import: nothing was written, and the error says why.
func TestFileSizeLimit(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("bash")
	if err != nil || runtime.GOOS == "windows" {
		t.Skip("limits are set by a shell")
	}
	c := newTown()
	dir := t.TempDir()
	project := c.build(t, dir)
	before := tables(t, project)
	crowded := write(t, filepath.Join(dir, "crowd.geojson"), crowd(9000, 1))
	limit := []string{shell, "-c", `ulimit -f 600; exec "$0" "$@"`} // KiB
	ran(t, limit, "import", project, crowded, "--as", "demand", "--layer", "crowd").must(exitFault).says("town.gpkg: a quota or limit of file size is reached, nothing was written")
	if d := cmp.Diff(before, tables(t, project)); d != "" {
		t.Error(d)
	}
	run(t, "check", project).must(exitDone)
	ran(t, nil, "import", project, crowded, "--as", "demand", "--layer", "crowd").must(exitDone)
	run(t, "check", project).must(exitDone)
}

// Another program holds the file: we wait 10 s, then say which file, and have written nothing.
func TestLockedFile(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for 10 s")
	}
	t.Parallel()
	c := newTown()
	dir := t.TempDir()
	project := c.build(t, dir)
	more := write(t, filepath.Join(dir, "more.geojson"), crowd(5, 1))
	db, release := locked(t, project)
	started := time.Now()
	ran(t, nil, "import", project, more, "--as", "demand").must(exitFault).says("town.gpkg: the file is locked by another program; end the editing there and try again")
	if waited := time.Since(started); waited < 9*time.Second || waited > 25*time.Second {
		t.Errorf("it waited %s", waited)
	}
	release()
	db.Close()
	ran(t, nil, "import", project, more, "--as", "demand").must(exitDone)
	run(t, "check", project).must(exitDone)
}

// The machine loses power in the middle of an import, a score or an upload, again and again: what was acknowledged is there, nothing is
// half there, the file is in order, and in the end the results are those of a project that nothing happened to.
func TestKills(t *testing.T) {
	rounds := 24
	if text := os.Getenv("LIFECIRCLE_KILLS"); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	} else if testing.Short() {
		t.Skip("it takes seconds")
	}
	c := newTown()
	dir := t.TempDir()
	catalog := filepath.Join(dir, "town.yaml")
	crowds := [2]string{write(t, filepath.Join(dir, "a.geojson"), crowd(3000, 1)), write(t, filepath.Join(dir, "b.geojson"), crowd(3000, 2))}
	importing := func(project string, which int) []string {
		return []string{"import", project, crowds[which], "--as", "demand", "--layer", "crowd", "--replace", "--json"}
	}
	scoring := func(project string, day int) []string {
		return []string{"score", project, "--catalog", catalog, "--as-of", time.Date(2026, 1, 1+day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), "--json"}
	}

	// A project that nothing happens to tells what every step must come to, and how long it takes.
	calm := c.build(t, filepath.Join(dir, "calm"), "--complete")
	write(t, catalog, townCatalog)
	var hashes [2]string
	for which := range hashes {
		hashes[which] = hashOf(t, ran(t, nil, importing(calm, which)...).must(exitDone))
	}
	took := map[string]time.Duration{}
	started := time.Now()
	ran(t, nil, importing(calm, 0)...).must(exitDone)
	took["import"], took["upload"], started = time.Since(started), time.Since(started), time.Now()
	ran(t, nil, scoring(calm, 0)...).must(exitDone)
	took["score"] = time.Since(started)
	want := exports(t, calm)

	project := c.build(t, filepath.Join(dir, "killed"), "--complete")
	ran(t, nil, importing(project, 0)...).must(exitDone)
	current := 0
	ran(t, nil, scoring(project, 0)...).must(exitDone)
	r := rand.New(rand.NewPCG(7, uint64(rounds)))
	outcome := map[string]int{}
	for round := range rounds {
		kind := [...]string{"import", "score", "upload"}[round%3]
		next := 1 - current
		delay := time.Duration(r.Float64() * 1.5 * float64(took[kind]))
		acknowledged := false
		switch kind {
		case "import", "score":
			args := importing(project, next)
			if kind == "score" {
				args = scoring(project, round+1)
			}
			p := program(t, nil, args...)
			if err := p.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(delay)
			_ = p.Process.Kill()
			_ = p.Wait()
			acknowledged = json.Valid(p.stdout.Bytes()) && p.stdout.Len() > 0
		case "upload":
			acknowledged = killedUpload(t, project, crowds[next], delay)
		}
		outcome[kind+map[bool]string{true: " acknowledged", false: " cut off"}[acknowledged]]++

		report, err := store.Check(t.Context(), project)
		if err == nil && len(report.Findings) == 1 && report.Findings[0].Code == "hot_journal" { // the next opening rolls it back
			outcome["rolled back"]++
			run(t, "layers", project).must(exitDone)
			report, err = store.Check(t.Context(), project)
		}
		if err != nil || len(report.Findings) > 0 {
			t.Fatalf("round %d, %s: %v %+v", round, kind, err, report)
		}
		for _, n := range report.Notes {
			if n.Code != "log" {
				t.Errorf("round %d, %s: %+v", round, kind, n)
			}
		}
		is := currentHash(t, project)
		switch {
		case kind == "score" && is != hashes[current], is != hashes[0] && is != hashes[1]:
			t.Fatalf("round %d, %s: the layer is %s", round, kind, is)
		case kind != "score" && acknowledged && is != hashes[next]:
			t.Fatalf("round %d, %s: acknowledged and lost", round, kind)
		}
		if kind == "score" {
			again := ran(t, nil, scoring(project, round+1)...).must(exitDone)
			var doc scored
			again.json(&doc)
			if doc.Params["as_of"] == nil || !doc.Latest {
				t.Fatalf("round %d: %s", round, clip(again.stdout))
			}
		} else {
			if got := hashOf(t, ran(t, nil, importing(project, next)...).must(exitDone)); got != hashes[next] {
				t.Fatalf("round %d: the same import gives %s, not %s", round, got, hashes[next])
			}
			current = next
		}
	}
	if current != 0 {
		ran(t, nil, importing(project, 0)...).must(exitDone)
	}
	ran(t, nil, scoring(project, 0)...).must(exitDone)
	if d := cmp.Diff(want, exports(t, project)); d != "" {
		t.Errorf("the results are others:\n%s", d)
	}
	run(t, "check", project).must(exitDone)
	t.Logf("%d kills; undisturbed %v; %v", rounds, took, outcome)
}

// killedUpload uploads a layer to a server that is killed, and tells whether the server said that it took it.
func killedUpload(t *testing.T, project, file string, delay time.Duration) bool {
	t.Helper()
	body := read(t, file)
	p := program(t, nil, "serve", project, "--addr", "127.0.0.1:0", "--json")
	p.Stdout = nil
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	defer p.Wait()
	defer p.Process.Kill()
	var doc struct{ Address string }
	if err := json.NewDecoder(out).Decode(&doc); err != nil {
		t.Fatal(err, p.stderr.String())
	}
	killed := time.AfterFunc(delay, func() { _ = p.Process.Kill() })
	defer killed.Stop()
	answer, err := http.Post(doc.Address+"/projects/town/layers?as=demand&layer=crowd&replace=true", "application/geo+json", strings.NewReader(body))
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return false
	}
	if answer.StatusCode/100 != 2 {
		t.Fatalf("upload: %s %s", answer.Status, text)
	}
	return true
}

// hashOf gives the layer's hash in the report of an import.
func hashOf(t *testing.T, r result) string {
	t.Helper()
	var doc struct{ Hash string }
	r.json(&doc)
	if doc.Hash == "" {
		t.Fatal(clip(r.stdout))
	}
	return doc.Hash
}

// currentHash gives the hash of the crowd's current version.
func currentHash(t *testing.T, project string) string {
	t.Helper()
	p, err := store.Open(project, store.ReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	infos, err := p.Layers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range infos {
		if i.Name == "crowd" {
			return i.Hash
		}
	}
	t.Fatal("the layer is gone")
	return ""
}

// spoil changes a project as no program should.
func spoil(t testing.TB, path string, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=rw")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// locked holds a file as a program does that is editing it.
func locked(t testing.TB, path string) (db *sql.DB, release func()) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+path+"?mode=rw")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	return db, func() {
		if _, err := db.Exec(`ROLLBACK`); err != nil {
			t.Error(err)
		}
	}
}

// gdal runs a program of GDAL, as QGIS would use the library, or skips the test.
func gdal(t *testing.T, program string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("no %s on this machine: apt-get install gdal-bin", program)
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	if err != nil || strings.Contains(string(out), "ERROR") {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// A colleague edits layers through GDAL after the project was scored: the file stays in order, the run is shown as older than the layers
// and keeps its numbers, and the next run counts the edits.
func TestEditedThroughGDAL(t *testing.T) {
	t.Parallel()
	c := newTown()
	dir := t.TempDir()
	project := c.build(t, dir, "--complete")
	var first, second scored
	c.score(t, project).must(exitDone).json(&first)
	before := exports(t, project)
	clinic := feature{point(106.53, 29.512), []property{{"name", `"新诊所"`}, {"services", `"clinic"`}, {"layer", `"clinics"`}}}
	community := feature{box(106.54, 29.50, 106.55, 29.51), []property{{"id", `"500103003001"`}, {"name", `"新社区"`}, {"layer", `"communities"`}}}
	gdal(t, "ogr2ogr", "-append", "-nln", "facilities", project, write(t, filepath.Join(dir, "clinic.geojson"), collection([]feature{clinic})))
	gdal(t, "ogrinfo", "-q", project, "-sql", `UPDATE demand SET population = 40 WHERE id = 'out'`)
	gdal(t, "ogr2ogr", "-append", "-nln", "neighborhoods", project, write(t, filepath.Join(dir, "community.geojson"), collection([]feature{community}))) // a Polygon among MultiPolygons

	for _, layer := range []string{"clinics", "communities", "people"} {
		run(t, "check", project, "--lang", "en").must(exitDone).says("no findings", `layer "`+layer+`" was edited by another program; the next run reads it back`)
	}
	run(t, "runs", project, "--lang", "en").must(exitDone).says("changed since: ", "clinics", "communities", "people")
	var doc struct {
		Runs []struct {
			Run     string
			Changed []string `json:"changed_since_run"`
		}
	}
	run(t, "runs", project, "--json").must(exitDone).json(&doc)
	if len(doc.Runs) != 1 || strings.Join(doc.Runs[0].Changed, " ") != "people clinics communities" {
		t.Errorf("%+v", doc.Runs)
	}
	if d := cmp.Diff(before, exports(t, project)); d != "" {
		t.Errorf("the run says something else now:\n%s", d)
	}

	c.score(t, project).must(exitDone).json(&second)
	run(t, "check", project, "--lang", "en").must(exitDone).says("no findings", "2 runs")
	if second.Run == first.Run || len(second.Neighborhoods) != 3 {
		t.Fatalf("%+v", second)
	}
	got := run(t, "export", project, "--layer", "coverage", "--format", "csv").must(exitDone).stdout
	for _, want := range []string{westID + ",=1+1 上清寺", eastID + ",大坪", "500103003001,新社区"} {
		if !strings.Contains(strings.ReplaceAll(got, "'=", "="), want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	share := func(unit string) string {
		t.Helper()
		for _, n := range second.Neighborhoods {
			if n.ID == unit {
				return n.Score.String()
			}
		}
		t.Fatalf("no %s", unit)
		return ""
	}
	// 100 of 140 people reach the clinic in the west: 0.714285714 of 0.8; all do in the east, where no kindergarten is.
	if west, east := share(westID), share(eastID); west != "96.428571429" || east != "33.333333333" {
		t.Errorf("scores %s, %s", west, east)
	}
	if list := gdal(t, "ogrinfo", "-ro", "-so", project, "neighborhoods"); !strings.Contains(list, "Feature Count: 3\n") || !strings.Contains(list, "Geometry: Multi Polygon\n") {
		t.Error(list)
	}
}

// A disk that is full in the middle of an import or a score: exit 1, the words, nothing written, and all is well when there is room.
func TestFullDisk(t *testing.T) {
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("a small file system can be mounted by root on Linux only")
	}
	c := newTown()
	dir := t.TempDir()
	disk := filepath.Join(dir, "disk")
	if err := os.Mkdir(disk, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk).CombinedOutput(); err != nil {
		t.Skipf("no small file system here: %v %s", err, out)
	}
	defer exec.Command("umount", "-l", disk).Run()
	project := c.build(t, disk)
	catalog := filepath.Join(disk, "town.yaml")
	crowded := write(t, filepath.Join(dir, "crowd.geojson"), crowd(30_000, 1))
	before := tables(t, project)
	full := "town.gpkg: the disk is full, nothing was written; make room and try again"
	ran(t, nil, "import", project, crowded, "--as", "demand", "--layer", "crowd").must(exitFault).says(full)
	if err := os.WriteFile(filepath.Join(disk, "ballast"), make([]byte, 8<<20), 0o644); err == nil {
		t.Fatal("the disk is not full")
	}
	ran(t, nil, "score", project, "--catalog", catalog).must(exitFault).says("the disk is full")
	ran(t, nil, "copy", project, filepath.Join(disk, "copy.gpkg")).must(exitFault).says("the disk is full")
	if err := os.Remove(filepath.Join(disk, "ballast")); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, tables(t, project)); d != "" {
		t.Error(d)
	}
	run(t, "check", project).must(exitDone)
	ran(t, nil, "score", project, "--catalog", catalog).must(exitDone)
	run(t, "check", project).must(exitDone)
}

// Two programs import into one project at the same time: each waits for the other, and both layers are there.
func TestTwoImports(t *testing.T) {
	t.Parallel()
	c := newTown()
	dir := t.TempDir()
	project := c.build(t, dir)
	var imports []*process
	for i := range 4 {
		p := program(t, nil, "import", project, write(t, filepath.Join(dir, fmt.Sprintf("crowd%d.geojson", i)), crowd(2000, i)), "--as", "demand")
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		imports = append(imports, p)
	}
	for _, p := range imports {
		if err := p.Wait(); err != nil {
			t.Errorf("%v: %v\n%s", p.args, err, p.stderr.String())
		}
	}
	run(t, "layers", project, "--lang", "en").must(exitDone).says("crowd0", "crowd1", "crowd2", "crowd3")
	run(t, "check", project).must(exitDone)
}

// A program that has the file open in SQLite's older mode and reads on: we wait 10 s, then say which file.
func TestReaderHolds(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for 10 s")
	}
	t.Parallel()
	c := newTown()
	dir := t.TempDir()
	project := c.build(t, dir)
	before := tables(t, project)
	db, err := sql.Open("sqlite3", "file:"+project+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	var n int
	if _, err := db.Exec(`BEGIN`); err != nil {
		t.Fatal(err)
	}
	if err := db.QueryRow(`SELECT count(*) FROM demand`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	more := write(t, filepath.Join(dir, "more.geojson"), crowd(5, 1))
	ran(t, nil, "import", project, more, "--as", "demand").must(exitFault).says("town.gpkg: another program reads the project file", "town.gpkg: the file is locked by another program; end the editing there and try again")
	ran(t, nil, "check", project).must(exitDone)
	if _, err := db.Exec(`ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, tables(t, project)); d != "" {
		t.Error(d)
	}
	ran(t, nil, "import", project, more, "--as", "demand").must(exitDone)
	run(t, "check", project).must(exitDone)
}

// Monsters uploaded to a server are refused in words, one after the other, and the server goes on.
func TestMonsterUploads(t *testing.T) {
	t.Parallel()
	c := newTown()
	project := c.build(t, t.TempDir())
	before := tables(t, project)
	p := program(t, nil, "serve", project, "--addr", "127.0.0.1:0", "--json")
	p.Stdout = nil
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	defer p.Wait()
	defer p.Process.Kill()
	var doc struct{ Address string }
	if err := json.NewDecoder(out).Decode(&doc); err != nil {
		t.Fatal(err, p.stderr.String())
	}
	for _, m := range []struct{ name, body, says string }{
		{"nested arrays", strings.Repeat("[", 1_000_000), "nested deeper than 64 levels"},
		{"nested objects", strings.Repeat(`{"a":`, 1_000_000), "nested deeper than 64 levels"},
		{"NaN", strings.Replace(crowd(1, 1), "106.5", "NaN", 1), "found 'N' where a value should follow"},
		{"swapped", `{"type":"Point","coordinates":[29.5,106.5]}`, "latitude and longitude look swapped"},
		{"metres", `{"type":"Point","coordinates":[652839,3272123]}`, "this looks like metres of a plane coordinate system"},
		{"cut off", crowd(3000, 1)[:100_000], "the input ends"},
		{"no GeoJSON", `{"a":1}`, "the outer object has no type"},
		{"nothing", "", "the file is empty"},
	} {
		answer, err := http.Post(doc.Address+"/projects/town/layers?as=facilities&service=clinic&layer=monster", "application/geo+json", strings.NewReader(m.body))
		if err != nil {
			t.Fatalf("%s: %v", m.name, err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(string(text), m.says) {
			t.Errorf("%s: %s %s, want %q", m.name, answer.Status, clip(string(text)), m.says)
		}
	}
	if d := cmp.Diff(before, tables(t, project)); d != "" {
		t.Error(d)
	}
	if answer, err := http.Get(doc.Address + "/projects"); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("the server is gone: %v", err)
	}
}

package store

import (
	"bytes"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lifecircle/coverage"
)

// The faults of README.md that concern the file; those of the whole program, with its exit codes, are tested in cmd/lifecircle.

// kills gives how often a test kills: few by default, LIFECIRCLE_KILLS for a proof.
func kills(t testing.TB, otherwise int) int {
	text := os.Getenv("LIFECIRCLE_KILLS")
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("LIFECIRCLE_KILLS=%q is no number", text)
	}
	return n
}

// Work that children of this test binary do until they are killed, by the value of roleVariable.
const roleVariable = "LIFECIRCLE_TEST_ROLE"

// child starts this test binary for some work on a file.
func child(t testing.TB, role, path string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	c := exec.Command(program, "-test.run=^$")
	c.Env = append(os.Environ(), roleVariable+"="+role, killVariable+"="+path)
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c, &out
}

// longSteps are migrations that take some milliseconds each, on top of today's.
func longSteps() []migration {
	steps := migrations()
	for i := range 4 {
		steps = append(steps, migration{name: fmt.Sprintf("step %d", i), sql: fmt.Sprintf(`CREATE TABLE lc_step%[1]d (x, y);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) INSERT INTO lc_step%[1]d SELECT i, hex(zeroblob(40)) FROM n;
CREATE INDEX lc_ix_step%[1]d ON lc_step%[1]d (y, x)`, i)})
	}
	return steps
}

func withSteps(steps []migration) Option { return func(o *options) { o.migrations = steps } }

// doRole is what a child does.
func doRole(role, path string) {
	fail := func(err error) {
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
	}
	switch role {
	case "migrate":
		p, err := Open(path, ReadWrite, withSteps(longSteps()))
		fail(err)
		fail(p.Close())
		fmt.Println("done")
	case "undo": // an import and its undoing, again and again
		p, err := Open(path, ReadWrite)
		fail(err)
		for n := 1; ; n++ {
			l := people(2000 + n)
			fail(p.SaveLayer(ctx, l, report(l)))
			fmt.Println("at", l.Info.Version)
			_, now, err := p.UndoLayer(ctx, l.Info.LayerKey)
			fail(err)
			fmt.Println("at", now.Version)
		}
	case "layers a", "layers b":
		p, err := Open(path, ReadWrite)
		fail(err)
		for n := 1; n <= 15; n++ {
			l := people(200 + n)
			l.Info.Name = role
			fail(p.SaveLayer(ctx, l, report(l)))
		}
		fail(p.Close())
		fmt.Println("done")
	}
	os.Exit(0)
}

// An upgrade that is killed leaves the file at one version or the next, and goes on when it is opened again.
func TestKillsDuringMigration(t *testing.T) {
	original := wholeCity(t)
	steps := longSteps()
	goal := duplicate(t, original)
	started := time.Now()
	c, out := child(t, "migrate", goal)
	if err := c.Wait(); err != nil || !strings.Contains(out.String(), "done") {
		t.Fatal(err, out)
	}
	whole := time.Since(started)
	want := dump(t, goal)
	seen := map[int]int{}
	rounds := kills(t, 8)
	r := rand.New(rand.NewPCG(1, uint64(rounds)))
	for range rounds {
		path := duplicate(t, original)
		c, _ := child(t, "migrate", path)
		time.Sleep(time.Duration(r.Float64() * float64(whole)))
		_ = c.Process.Signal(syscall.SIGKILL)
		_ = c.Wait()
		access, schema, err := identify(path, len(steps), time.Second, true)
		if err != nil || access == "" {
			t.Fatal(err)
		}
		seen[schema]++
		db := openDB(path, accessWrite, time.Second, false)
		for i := len(migrations()); i < len(steps); i++ {
			rows := query(t, db, `SELECT count(*) FROM sqlite_master WHERE name IN (?, ?)`, fmt.Sprintf("lc_step%d", i-len(migrations())), fmt.Sprintf("lc_ix_step%d", i-len(migrations())))
			if want := map[bool]string{true: "2", false: "0"}[i < schema]; rows[0] != want {
				t.Errorf("version %d has %s of what step %d makes", schema, rows[0], i)
			}
		}
		if got := query(t, db, `PRAGMA integrity_check`); got[0] != "ok" {
			t.Error(got)
		}
		db.Close()
		p, err := Open(path, ReadWrite, withSteps(steps))
		if err != nil {
			t.Fatal(err)
		}
		p.Close()
		if got := dump(t, path); got != want {
			t.Error("the upgrade that was begun again is not that of one go")
		}
		if report, err := Check(ctx, path, withSteps(steps)); err != nil || len(report.Findings) > 0 {
			t.Error(report, err)
		}
		os.RemoveAll(filepath.Dir(path))
	}
	t.Logf("%d kills within %s; versions after them: %v", rounds, whole.Round(time.Millisecond), seen)
}

// Two programs that save at the same time: each waits for the other, nothing is lost, the file is in order.
func TestTwoProcessesWriting(t *testing.T) {
	path := wholeCity(t)
	a, outA := child(t, "layers a", path)
	b, outB := child(t, "layers b", path)
	if err := a.Wait(); err != nil {
		t.Error(err, outA)
	}
	if err := b.Wait(); err != nil {
		t.Error(err, outB)
	}
	inOrder(t, path)
	p := mustOpen(t, path, ReadOnly)
	infos, err := p.Layers(ctx)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, i := range infos {
		if strings.HasPrefix(i.Name, "layers ") {
			found++
			if i.Version != 15 || i.Rows != 215 {
				t.Errorf("%s: version %d of %d rows", i.Name, i.Version, i.Rows)
			}
		}
	}
	if found != 2 {
		t.Errorf("%d layers", found)
	}
}

// A planner's disk fills up in the middle of an import: the file is as it was, and works again when there is room.
func TestFullDiskOfAFileSystem(t *testing.T) {
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("a small file system can be mounted by root on Linux only")
	}
	folder := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder).CombinedOutput(); err != nil {
		t.Skipf("no small file system here: %v %s", err, out)
	}
	defer exec.Command("umount", "-l", folder).Run()
	path := filepath.Join(folder, "满.gpkg")
	p, err := Create(path, "", "")
	if err != nil {
		t.Fatal(err)
	}
	mustSave(t, p, clinics(), people(2000))
	before := dump(t, path)
	for range 3 {
		err = p.SaveLayer(ctx, people(30_000), nil)
		if coverage.CodeOf(err) != coverage.Unavailable || !strings.Contains(err.Error(), "满.gpkg: the disk is full, nothing was written") {
			t.Fatalf("%v", err)
		}
	}
	if before != dump(t, path) {
		t.Error("something was written")
	}
	if err := p.Copy(ctx, filepath.Join(folder, "copy.gpkg")); err == nil {
		q := mustOpen(t, filepath.Join(folder, "copy.gpkg"), ReadOnly)
		q.Close()
	} else if !strings.Contains(err.Error(), "disk is full") {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "ballast"), make([]byte, 8<<20), 0o644); err == nil {
		t.Error("the file system is not full")
	}
	if _, err := Create(filepath.Join(folder, "new.gpkg"), "", ""); err == nil || !strings.Contains(err.Error(), "disk is full") {
		t.Errorf("a new project: %v", err)
	}
	if _, err := os.Stat(filepath.Join(folder, "new.gpkg")); err == nil {
		t.Error("half a project is left")
	}
	if err := os.Remove(filepath.Join(folder, "ballast")); err != nil {
		t.Fatal(err)
	}
	mustSave(t, p, parks())
	p.Close()
	inOrder(t, path)
}

// A file that a broken download or a full stick cut off is not opened, wherever it is cut, and not changed.
func TestCutFile(t *testing.T) {
	path := wholeCity(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, size := range []int{0, 50, 100, 4096, 5000, len(whole) / 2, len(whole) - 4096, len(whole) - 1} {
		cutFile := filepath.Join(t.TempDir(), "cut.gpkg")
		if err := os.WriteFile(cutFile, whole[:size], 0o644); err != nil {
			t.Fatal(err)
		}
		want := "cut.gpkg: the file is cut short: " + strconv.Itoa(size) + " bytes of " + strconv.Itoa(len(whole))
		if i < 2 {
			want = "cut.gpkg: it is no GeoPackage"
		}
		for name, open := range map[string]func() error{
			"reading": func() error { _, err := Open(cutFile, ReadOnly); return err },
			"writing": func() error { _, err := Open(cutFile, ReadWrite); return err },
			"check":   func() error { _, err := Check(ctx, cutFile); return err },
		} {
			if err := open(); coverage.CodeOf(err) != coverage.Refused || !strings.Contains(err.Error(), want) {
				t.Errorf("%d bytes, %s: %v", size, name, err)
			}
		}
		if after, _ := os.ReadFile(cutFile); !bytes.Equal(after, whole[:size]) {
			t.Errorf("%d bytes: the file changed", size)
		}
	}
}

// A computer with an empty battery says 1970, or worse. Nothing but dates may hang on it.
func TestWrongClock(t *testing.T) {
	tables := map[string]string{}
	for name, at := range map[string]time.Time{
		"right":        time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC),
		"before 1970":  time.Date(1903, 5, 6, 7, 8, 9, 0, time.UTC),
		"the zero":     {},
		"far":          time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
		"beyond":       time.Date(21_000, 1, 1, 0, 0, 0, 0, time.UTC),
		"before Jesus": time.Date(-44, 3, 15, 0, 0, 0, 0, time.UTC),
	} {
		p, path := mustCreate(t, WithClock(func() time.Time { at = at.Add(-time.Hour); return at })) // and it goes backwards
		mustSave(t, p, city()...)
		score(t, p, coverage.Params{})
		p.Close()
		inOrder(t, path)
		q := mustOpen(t, path, ReadOnly)
		r, err := q.Run(ctx, "")
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range r.Tables() {
			tables[name] += strings.Join(tableJSON(t, table), "\n")
		}
		q.Close()
		if name == "beyond" {
			db := openDB(path, accessRead, time.Second, true)
			if got := query(t, db, `SELECT DISTINCT CAST(last_change AS TEXT) FROM gpkg_contents`); len(got) != 1 || got[0] != "9999-12-31T23:59:59.999Z" {
				t.Error(got)
			}
			db.Close()
		}
	}
	for name, got := range tables {
		if d := cmp.Diff(tables["right"], got); d != "" {
			t.Errorf("%s: other results:\n%s", name, d)
		}
	}
}

// A colleague looks at the map for an hour: saving goes on beside, and the file is one file when the last one closes.
func TestReaderThatStays(t *testing.T) {
	path := wholeCity(t)
	p := mustOpen(t, path, ReadWrite, WithBusyTimeout(100*time.Millisecond))
	reader := openDB(path, accessRead, time.Second, true)
	reader.SetMaxOpenConns(1)
	mustExec(t, reader, `BEGIN`)
	rows := query(t, reader, `SELECT count(*) FROM demand`)
	mustSave(t, p, people(500))
	if again := query(t, reader, `SELECT count(*) FROM demand`); again[0] != rows[0] {
		t.Error("the reader's view changed under it")
	}
	started := time.Now()
	p.Close()
	if d := time.Since(started); d > 5*time.Second {
		t.Errorf("closing takes %s", d)
	}
	inOrder(t, path)
	mustExec(t, reader, `ROLLBACK`)
	if now := query(t, reader, `SELECT count(*) FROM demand`); now[0] != "500" {
		t.Errorf("after: %v", now)
	}
	reader.Close()
	mustOpen(t, path, ReadWrite).Close()
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(left) != 1 {
		t.Errorf("more than one file is left: %v", left)
	}
}

// A program that opened the file before us, in the older mode, and reads on: we wait for it, then say which file.
func TestReaderInAnotherProgram(t *testing.T) {
	path := wholeCity(t)
	reader, err := sql.Open("sqlite3", "file:"+escapePath(path)+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	reader.SetMaxOpenConns(1)
	mustExec(t, reader, `BEGIN`)
	query(t, reader, `SELECT count(*) FROM demand`)
	before := dump(t, path)
	p := mustOpen(t, path, ReadWrite, WithBusyTimeout(200*time.Millisecond))
	if w := p.Warnings(); len(w) != 1 || !strings.Contains(w[0].En, filepath.Base(path)+": another program reads") || w[0].Zh == "" {
		t.Errorf("warnings: %v", w)
	}
	err = p.SaveLayer(ctx, people(500), nil)
	if coverage.CodeOf(err) != coverage.Unavailable || !strings.Contains(err.Error(), filepath.Base(path)+": the file is locked by another program") {
		t.Fatalf("%v", err)
	}
	mustExec(t, reader, `ROLLBACK`)
	if before != dump(t, path) {
		t.Error("something was written")
	}
	mustSave(t, p, people(500)) // the reader has ended
	p.Close()
	inOrder(t, path)
}

// A project is backed up with cp while nobody has it open, and with copy at any time.
func TestCopyAtRestAndDuringWrites(t *testing.T) {
	path := wholeCity(t)
	rest := duplicate(t, path)
	inOrder(t, rest)
	if dump(t, rest) != dump(t, path) {
		t.Error("a copy at rest says something else")
	}
	writer, out := child(t, "layers a", path)
	copies := 0
	for i := 0; i < 100 && writer.ProcessState == nil; i++ {
		to := filepath.Join(t.TempDir(), "c.gpkg")
		p := mustOpen(t, path, ReadOnly)
		if err := p.Copy(ctx, to); err != nil {
			t.Fatal(err)
		}
		p.Close()
		inOrder(t, to)
		q := mustOpen(t, to, ReadWrite)
		mustSave(t, q, parks())
		q.Close()
		copies++
		if i == 4 {
			if err := writer.Wait(); err != nil {
				t.Fatal(err, out)
			}
		}
	}
	inOrder(t, path)
	t.Logf("%d copies", copies)
}

// On a network drive the log's shared memory cannot be had: the file stays in the older mode, and the user is told.
func TestNetworkDrive(t *testing.T) {
	path := wholeCity(t)
	network := func(o *options) { o.onNetwork = func(string) bool { return true } }
	told := 0
	p := mustOpen(t, path, ReadWrite, network, WithWarning(func(coverage.Text) { told++ }))
	if w := p.Warnings(); len(w) != 1 || told != 1 || !strings.Contains(w[0].En, filepath.Base(path)+": the project lies on a network drive") {
		t.Errorf("%v", w)
	}
	mustSave(t, p, people(500))
	if _, err := os.Stat(path + "-wal"); err == nil {
		t.Error("there is a log")
	}
	header, _ := os.ReadFile(path)
	if header[18] != 1 {
		t.Error("the file is in WAL mode")
	}
	// A second machine that reads just then.
	q := mustOpen(t, path, ReadOnly, network)
	if infos, err := q.Layers(ctx); err != nil || len(infos) != len(city()) {
		t.Error(infos, err)
	}
	mustSave(t, p, people(400))
	q.Close()
	p.Close()
	inOrder(t, path)
	if onNetwork(path) {
		t.Log("the folder of this test is on a network drive")
	} else if p := mustOpen(t, path, ReadWrite); len(p.Warnings()) != 0 {
		t.Errorf("a local file: %v", p.Warnings())
	}
}

// A byte that the disk spoiled in a packed column must not become a number in a report.
func TestSpoiledContentIsNoticed(t *testing.T) {
	original := wholeCity(t)
	for _, statement := range []string{
		`UPDATE lc_contents SET data = CAST(substr(data, 1, length(data) - 6) || x'ff' || substr(data, length(data) - 4) AS BLOB) WHERE hash = (SELECT hash FROM lc_layers JOIN lc_keys k ON k.id = key_id WHERE k.name = 'people')`,
		`UPDATE lc_runs SET data = CAST(substr(data, 1, length(data) - 1) || x'00' AS BLOB) WHERE is_latest`,
		`UPDATE lc_cache SET value = CAST(x'7f' || substr(value, 2) AS BLOB) WHERE key = 'k'`,
	} {
		path := duplicate(t, original)
		db := plain(t, path)
		mustExec(t, db, statement)
		db.Close()
		p := mustOpen(t, path, ReadOnly)
		infos, err := p.Layers(ctx)
		if err != nil {
			t.Fatal(err)
		}
		noticed := 0
		for _, i := range infos {
			if _, err := p.Layer(ctx, i.Hash); err != nil {
				noticed++
				if coverage.CodeOf(err) != coverage.Refused || !strings.Contains(err.Error(), filepath.Base(path)+": data in the file is damaged") {
					t.Error(err)
				}
			}
		}
		if _, err := p.Run(ctx, ""); err != nil {
			noticed++
			if coverage.CodeOf(err) != coverage.Refused || !strings.Contains(err.Error(), "damaged") {
				t.Error(err)
			}
		}
		if v, err := p.Cached(ctx, "k"); v == nil && err == nil {
			noticed++
		}
		if noticed != 1 {
			t.Errorf("%s: noticed %d times", statement[:20], noticed)
		}
		p.Close()
	}
	// Files of before had no checksums, and are read as they are.
	path := duplicate(t, original)
	db := plain(t, path)
	mustExec(t, db, `UPDATE lc_contents SET data = substr(data, 1, length(data) - 4)`, `UPDATE lc_runs SET data = substr(data, 1, length(data) - 4)`, `UPDATE lc_reports SET data = substr(data, 1, length(data) - 4)`)
	db.Close()
	inOrder(t, path)
}

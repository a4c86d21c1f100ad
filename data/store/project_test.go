package store

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lifecircle/coverage"
)

// A project file must never be lost to a second `new`.
func TestCreateRefusesToReplaceAFile(t *testing.T) {
	p, path := mustCreate(t)
	mustSave(t, p, clinics())
	p.Close()
	before := dump(t, path)
	if _, err := Create(path, "", ""); coverage.CodeOf(err) != coverage.Conflict || !strings.Contains(err.Error(), filepath.Base(path)) {
		t.Errorf("create over a project: %v", err)
	}
	if before != dump(t, path) {
		t.Error("the project changed")
	}
	if _, err := Create(filepath.Join(t.TempDir(), "no", "folder", "x.gpkg"), "", ""); coverage.CodeOf(err) != coverage.NotFound {
		t.Errorf("create in a folder that is not there: %v", err)
	}
	q, err := Create(filepath.Join(t.TempDir(), "x.gpkg"), "", "")
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	if info, _ := q.Project(ctx); info.Name != "x" || info.Title != "x" {
		t.Errorf("names: %+v", info)
	}
}

// What is not a project is said to be none, and left as it is: GIS people open all sorts of files.
func TestOpenRefusesOtherFilesAndLeavesThem(t *testing.T) {
	folder := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	script := func(name string, statements ...string) string {
		path := filepath.Join(folder, name)
		db := openDB(path, accessCreate, time.Second, false)
		defer db.Close()
		for _, s := range statements {
			if _, err := db.Exec(s); err != nil {
				t.Fatal(err)
			}
		}
		return path
	}
	p, newer := mustCreate(t)
	p.Close()
	script2 := func(path string, statement string) string {
		db := openDB(path, accessWrite, time.Second, false)
		defer db.Close()
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
		return path
	}
	foreignGPKG := []string{`PRAGMA application_id = 1196444487`, `PRAGMA user_version = 10300`, `CREATE TABLE gpkg_contents (table_name TEXT)`,
		`CREATE TABLE gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT, definition TEXT, scope TEXT)`}
	tests := []struct {
		name, path string
		code       coverage.Code
		text       string
	}{
		{"not there", filepath.Join(folder, "nothing.gpkg"), coverage.NotFound, "nothing.gpkg: there is no such file"},
		{"a folder", folder, coverage.Refused, "it is no GeoPackage"},
		{"empty", write("empty.gpkg", nil), coverage.Refused, "empty.gpkg: it is no GeoPackage"},
		{"text", write("text.gpkg", bytes.Repeat([]byte("a,b\n"), 100)), coverage.Refused, "it is no GeoPackage"},
		{"cut header", write("cut.gpkg", []byte("SQLite format 3\x00")), coverage.Refused, "it is no GeoPackage"},
		{"damaged", write("damaged.gpkg", append([]byte("SQLite format 3\x00\x10\x00\x01\x01\x00\x40\x20\x20"), append(make([]byte, 44), append([]byte("\x00\x00\x00\x00GPKG"), bytes.Repeat([]byte{7}, 5000)...)...)...)), coverage.Refused, "damaged"},
		{"another SQLite file", script("plain.gpkg", `CREATE TABLE t (x)`), coverage.Refused, "it is not a project of lifecircle"},
		{"another GeoPackage", script("foreign.gpkg", foreignGPKG...), coverage.Refused, "it is not a project of lifecircle"},
		{"a newer project", script2(newer, `UPDATE lc_meta SET value = '99' WHERE key = 'schema'`), coverage.Refused, "newer version (99)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before, _ := os.ReadFile(tt.path)
			for _, mode := range []Mode{ReadOnly, ReadWrite} {
				p, err := Open(tt.path, mode)
				if err == nil {
					p.Close()
					t.Fatal("it is opened")
				}
				if coverage.CodeOf(err) != tt.code || !strings.Contains(err.Error(), tt.text) || !strings.Contains(err.Error(), filepath.Base(tt.path)) {
					t.Errorf("%s: %v", coverage.CodeOf(err), err)
				}
			}
			if after, _ := os.ReadFile(tt.path); !bytes.Equal(before, after) {
				t.Error("the file changed")
			}
			for _, suffix := range []string{"-wal", "-journal"} {
				if _, err := os.Stat(tt.path + suffix); err == nil {
					t.Errorf("it left a file %s", suffix)
				}
			}
		})
	}
}

// A city's archive is read-only; it must open, and say why it does not save.
func TestReadOnlyFile(t *testing.T) {
	p, path := mustCreate(t)
	l := clinics()
	mustSave(t, p, l)
	p.Close()
	before, _ := os.ReadFile(path)
	if err := os.Chmod(path, 0o444); err != nil {
		t.Fatal(err)
	}
	q := mustOpen(t, path, ReadWrite)
	if !q.ReadOnly() {
		t.Error("it is open for writing")
	}
	if got, err := q.Layer(ctx, l.Info.Hash); err != nil || got.Len() != 3 {
		t.Errorf("reading: %v", err)
	}
	other := clinics()
	other.Names[0] = "x"
	err := q.SaveLayer(ctx, other, nil)
	if coverage.CodeOf(err) != coverage.Unavailable || !strings.Contains(err.Error(), "reading only") || !strings.Contains(err.Error(), filepath.Base(path)) {
		t.Errorf("saving: %v", err)
	}
	if err := q.SaveLayer(ctx, clinics(), nil); err != nil {
		t.Errorf("saving what is there already: %v", err)
	}
	if err := q.SaveCached(ctx, map[string][]byte{"k": {1}}); err != nil {
		t.Errorf("the cache is no promise: %v", err)
	}
	q.Close()
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the file changed")
	}
}

// A planner who runs two programs on one project gets an answer, not a hang or a broken file.
func TestTwoWriters(t *testing.T) {
	p, path := mustCreate(t)
	q := mustOpen(t, path, ReadWrite, WithBusyTimeout(50*time.Millisecond))
	other, err := sql.Open("sqlite3", "file:"+escapePath(path))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	other.SetMaxOpenConns(1)
	if _, err := other.Exec(`BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	err = q.SaveLayer(ctx, clinics(), nil)
	if coverage.CodeOf(err) != coverage.Unavailable || !strings.Contains(err.Error(), "locked") || !strings.Contains(err.Error(), filepath.Base(path)) {
		t.Errorf("a locked file: %v", err)
	}
	if _, err := other.Exec(`ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	mustSave(t, q, clinics())
	mustSave(t, p, parks())
	for _, s := range []*Project{p, q} {
		if infos, err := s.Layers(ctx); err != nil || len(infos) != 2 {
			t.Errorf("layers: %v %v", infos, err)
		}
	}
}

// One import and many readers: a reader sees the layer before or after, whole, and never waits for the writer.
func TestReadersDuringWrites(t *testing.T) {
	p, path := mustCreate(t)
	versions := [2]*coverage.Layer{people(300), people(400)}
	for _, v := range versions {
		v.Info.Hash = v.ComputeHash()
	}
	mustSave(t, p, versions[0])
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				select {
				case <-done:
					return
				default:
				}
				infos, err := p.Layers(ctx)
				if err != nil || len(infos) != 1 {
					t.Errorf("layers: %v %v", infos, err)
					return
				}
				l, err := p.Layer(ctx, infos[0].Hash)
				if err != nil || l.Len() != infos[0].Rows {
					t.Errorf("layer: %v", err)
					return
				}
			}
		}()
	}
	for i := range 10 {
		l := *versions[(i+1)%2]
		if err := p.SaveLayer(ctx, &l, nil); err != nil {
			t.Error(err)
		}
		if err := p.SaveCached(ctx, map[string][]byte{"k": make([]byte, 1000)}); err != nil {
			t.Error(err)
		}
	}
	close(done)
	wg.Wait()
	p.Close()
	check(t, path)
}

// Ctrl-C in the middle of an import leaves what was there.
func TestCanceledSaveWritesNothing(t *testing.T) {
	p, path := mustCreate(t)
	mustSave(t, p, people(100))
	before := dump(t, path)
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	if err := p.SaveLayer(canceled, clinics(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled before: %v", err)
	}
	during, cancel := context.WithCancel(ctx)
	l := people(20_000)
	l.Info.Hash = l.ComputeHash()
	time.AfterFunc(20*time.Millisecond, cancel)
	err := p.SaveLayer(during, l, nil)
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("canceled during: %v", err)
	}
	if err != nil && before != dump(t, path) {
		t.Error("something was written")
	}
	mustSave(t, p, clinics())
	p.Close()
	check(t, path)
	if err := p.SaveLayer(ctx, parks(), nil); err == nil {
		t.Error("a closed project is written")
	}
}

// A full disk is told apart from a fault of ours, and leaves what was there.
func TestFullDisk(t *testing.T) {
	p, path := mustCreate(t)
	mustSave(t, p, clinics())
	before := dump(t, path)
	var pages int
	if err := p.writer.QueryRowContext(ctx, `PRAGMA page_count`).Scan(&pages); err != nil {
		t.Fatal(err)
	}
	if _, err := p.writer.ExecContext(ctx, fmt.Sprintf(`PRAGMA max_page_count = %d`, pages+20)); err != nil {
		t.Fatal(err)
	}
	err := p.SaveLayer(ctx, people(20_000), nil)
	if coverage.CodeOf(err) != coverage.Unavailable || !strings.Contains(err.Error(), "disk is full") || !strings.Contains(err.Error(), filepath.Base(path)) {
		t.Errorf("%v", err)
	}
	if before != dump(t, path) {
		t.Error("something was written")
	}
	if _, err := p.writer.ExecContext(ctx, `PRAGMA max_page_count = 1000000`); err != nil {
		t.Fatal(err)
	}
	mustSave(t, p, people(20_000))
	p.Close()
	check(t, path)
}

// Where WAL mode cannot be had, a crash leaves a journal; the file must open all the same, as it was before.
func TestHotJournalIsRolledBack(t *testing.T) {
	p, path := mustCreate(t)
	mustSave(t, p, people(3000))
	p.Close()
	before := dump(t, path)
	db := openDB(path, accessWrite, time.Second, false)
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, s := range []string{`PRAGMA cache_size = 5`, `BEGIN IMMEDIATE`, `UPDATE demand SET name = 'half'`} {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	for _, mode := range []Mode{ReadOnly, ReadWrite} {
		crashed := filepath.Join(t.TempDir(), "crashed.gpkg")
		for _, suffix := range []string{"", "-journal"} {
			b, err := os.ReadFile(path + suffix)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(crashed+suffix, b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		q := mustOpen(t, crashed, mode)
		if infos, err := q.Layers(ctx); err != nil || len(infos) != 1 {
			t.Errorf("%v %v", infos, err)
		}
		q.Close()
		if before != dump(t, crashed) {
			t.Error("half a change is left")
		}
	}
}

// killVariable tells a child of this test binary which file to write until it is killed.
const killVariable = "LIFECIRCLE_TEST_WRITE_UNTIL_KILLED"

func TestMain(m *testing.M) {
	if path := os.Getenv(killVariable); path != "" {
		if role := os.Getenv(roleVariable); role != "" {
			doRole(role, path)
		}
		writeUntilKilled(path, os.Getenv(soleVariable) != "")
	}
	os.Exit(m.Run())
}

// soleVariable has a child write as whoever is alone does.
const soleVariable = "LIFECIRCLE_TEST_SOLE"

// alone has every layer saved by writeSole.
func alone(o *options) { o.soleFrom = 1 }

// writeUntilKilled saves layers of growing size and says which one is acknowledged.
func writeUntilKilled(path string, sole bool) {
	var opts []Option
	if sole {
		opts = []Option{alone}
	}
	p, err := Open(path, ReadWrite, opts...)
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	for n := 1; ; n++ {
		if err := p.SaveLayer(ctx, people(1000+n), nil); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		fmt.Println("saved", n)
	}
}

// The machine may lose power at any moment; what import said it saved must be there, and nothing half.
func TestKillLosesNothingAcknowledged(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p, path := mustCreate(t)
	mustSave(t, p, clinics())
	p.Close()
	for round := range kills(t, 4) {
		var out bytes.Buffer
		child := exec.Command(program)
		child.Env = append(os.Environ(), killVariable+"="+path)
		if round%2 == 1 {
			child.Env = append(child.Env, soleVariable+"=1")
		}
		child.Stdout = &out
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(100+round*97%400) * time.Millisecond)
		if err := child.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait()
		acknowledged := 0
		for _, line := range strings.Split(strings.TrimSpace(out.String()), "\n") {
			if n, ok := strings.CutPrefix(line, "saved "); ok {
				acknowledged, _ = strconv.Atoi(n)
			} else if line != "" {
				t.Fatal(line)
			}
		}
		q := mustOpen(t, path, ReadWrite)
		infos, err := q.Layers(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range infos {
			if i.Role != coverage.RoleDemand {
				continue
			}
			if i.Rows < 1000+acknowledged || acknowledged > 0 && i.Rows > 1001+acknowledged {
				t.Errorf("round %d: %d rows, %d saves were acknowledged", round, i.Rows, acknowledged)
			}
			l, err := q.Layer(ctx, i.Hash)
			if err != nil || l.Len() != i.Rows || l.ComputeHash() != i.Hash {
				t.Errorf("round %d: the layer is not whole: %v", round, err)
			}
		}
		q.Close()
		check(t, path)
		if i, _ := mustOpen(t, path, ReadOnly).Refresh(ctx); i != nil {
			t.Errorf("round %d: our own rows look edited: %v", round, i)
		}
	}
}

// Who has the project alone writes a large layer once, not into the log first; where somebody reads, the log is used, and nobody waits.
func TestSoleUse(t *testing.T) {
	logged := func(path string) int64 {
		stat, err := os.Stat(path + "-wal")
		if err != nil {
			return 0
		}
		return stat.Size()
	}
	p, path := mustCreate(t, alone)
	l := people(20_000)
	mustSave(t, p, l)
	if n := logged(path); n > 100_000 {
		t.Errorf("%d bytes went through the log", n)
	}
	if mode := p.askWriter(`PRAGMA journal_mode`); mode != "wal" {
		t.Errorf("afterwards the journal is %q", mode)
	}
	reader, err := p.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	count := func() (n int) {
		if err := reader.QueryRow(`SELECT count(*) FROM demand`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if count() != 20_000 {
		t.Error("the reader does not see the layer")
	}
	mustSave(t, p, people(30_000))
	if n := logged(path); n < 100_000 {
		t.Errorf("only %d bytes went through the log beside a reader", n)
	}
	if count() != 20_000 {
		t.Error("the reader sees what came after it began")
	}
	if err := reader.Rollback(); err != nil {
		t.Fatal(err)
	}
	mustSave(t, p, l)
	if got, err := p.Layer(ctx, l.Info.Hash); err != nil || got.ComputeHash() != l.Info.Hash {
		t.Errorf("%v", err)
	}
	p.Close()
	check(t, path)
	q, other := mustCreate(t)
	mustSave(t, q, people(20_000))
	mustSave(t, q, people(30_000))
	mustSave(t, q, people(20_000))
	q.Close()
	if d := cmp.Diff(dump(t, other), dump(t, path)); d != "" {
		t.Error(d)
	}
}

// askedFor is a column that calls back in its middle.
type askedFor struct{ middle func() }

func (a *askedFor) Size(int) int { return 2 }
func (a *askedFor) At(i int) string {
	if i == 10_000 && a.middle != nil {
		middle := a.middle
		a.middle = nil
		middle()
	}
	return "{}"
}

// Who comes in the middle of a save by one who is alone is turned away: let in, he would keep it from ending, and the import would be lost.
func TestNobodyComesBetweenWhoIsAlone(t *testing.T) {
	p, path := mustCreate(t, alone, WithBusyTimeout(300*time.Millisecond))
	l := people(20_000)
	column := &askedFor{}
	l.Properties, l.PropertiesOutside = nil, column
	l.Info.Hash = l.ComputeHash() // else it is asked for while we begin
	var came error
	column.middle = func() {
		db := openDB(path, accessRead, 100*time.Millisecond, true)
		defer db.Close()
		reader, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
		if err != nil {
			came = err
			return
		}
		t.Cleanup(func() { _ = reader.Rollback() })
		var n int
		came = reader.QueryRow(`SELECT count(*) FROM lc_meta`).Scan(&n)
	}
	if err := p.SaveLayer(ctx, l, nil); err != nil {
		t.Fatal(err)
	}
	if came == nil {
		t.Error("somebody read in the middle")
	}
	if mode := p.askWriter(`PRAGMA journal_mode`); mode != "wal" {
		t.Errorf("afterwards the journal is %q", mode)
	}
	if got, err := p.Layer(ctx, l.Info.Hash); err != nil || got.Len() != l.Len() {
		t.Errorf("%v", err)
	}
	p.Close()
	check(t, path)
}

// GDAL makes a table anew when a column is altered, with row numbers that are never used again; the index must follow them.
func TestSavingIntoATableThatNumbersItsRows(t *testing.T) {
	p, path := mustCreate(t)
	mustSave(t, p, people(3000))
	p.Close()
	db := openDB(path, accessWrite, time.Second, false)
	defer db.Close()
	db.SetMaxOpenConns(1)
	definition := query(t, db, `SELECT sql FROM sqlite_master WHERE name = 'demand'`)[0]
	made := strings.NewReplacer("fid INTEGER NOT NULL PRIMARY KEY", "fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL", `"demand"`, `"made_anew"`).Replace(definition)
	more := query(t, db, `SELECT sql FROM sqlite_master WHERE tbl_name = 'demand' AND type IN ('trigger', 'index') AND sql IS NOT NULL`)
	for _, q := range append([]string{`PRAGMA foreign_keys = OFF`, `PRAGMA legacy_alter_table = ON`, made, `INSERT INTO made_anew SELECT * FROM demand`, `DROP TABLE demand`,
		`ALTER TABLE made_anew RENAME TO demand`}, more...) {
		mustExec(t, db, q)
	}
	if !strings.Contains(query(t, db, `SELECT sql FROM sqlite_master WHERE name = 'demand'`)[0], "AUTOINCREMENT") {
		t.Fatal("the table is as it was")
	}
	db.Close()
	for _, n := range []int{5000, 3500, 100} {
		q := mustOpen(t, path, ReadWrite)
		mustSave(t, q, people(n))
		q.Close()
		report, err := Check(ctx, path)
		if err != nil || len(report.Findings) > 0 {
			t.Fatalf("%d rows: %v %+v", n, err, report.Findings)
		}
	}
}

// Row numbers of other programs may lie at both ends of what there is.
func TestIndexOfExtremeRowNumbers(t *testing.T) {
	tree := rtreeLevels([]box{newBox(math.MaxInt64, [4]float64{1, 1, 1, 1}), newBox(-2, [4]float64{2, 2, 2, 2}), newBox(7, [4]float64{3, 3, 3, 3})})
	var fids []int64
	if err := tree.write(func(insertion int, args []driver.Value) error {
		if insertion == 2 {
			fids = append(fids, args[0].(int64))
		}
		return nil
	}); err != nil || !slices.Equal(fids, []int64{-2, 7, math.MaxInt64}) {
		t.Errorf("%v %v", fids, err)
	}
}

// A fault of the one who fills in rows, or of SQLite, comes up where the rows are inserted, and nothing hangs.
func TestBulkFaults(t *testing.T) {
	p, _ := mustCreate(t)
	table := insertion{into: "lc_meta", width: 2}
	row := func(i int) []driver.Value { return []driver.Value{fmt.Sprint("k", i), "v"} }
	write := func(fill func(put func(int, []driver.Value) error) error) error {
		return p.write(ctx, func(tx *tx) error { return tx.bulk([]insertion{table}, fill) })
	}
	fault := errors.New("no more")
	if err := write(func(put func(int, []driver.Value) error) error {
		for i := range 5000 {
			if err := put(0, row(i)); err != nil {
				return err
			}
		}
		return fault
	}); !errors.Is(err, fault) {
		t.Errorf("%v", err)
	}
	filled := 0
	if err := write(func(put func(int, []driver.Value) error) error {
		for i := range 1_000_000 {
			if err := put(0, row(i%3000)); err != nil { // twice the same key
				return err
			}
			filled++
		}
		return nil
	}); err == nil || filled > 100_000 || errors.Is(err, errStopped) {
		t.Errorf("%v after %d rows", err, filled)
	}
	func() {
		defer func() {
			if fmt.Sprint(recover()) != "broken" {
				t.Error("the panic does not come up")
			}
		}()
		_ = write(func(put func(int, []driver.Value) error) error { panic("broken") })
	}()
	if err := write(func(put func(int, []driver.Value) error) error { return put(0, row(1)) }); err != nil {
		t.Error(err)
	}
}

// An older file is brought up to date step by step, and stays as it is if a step fails.
func TestMigrations(t *testing.T) {
	p, path := mustCreate(t)
	mustSave(t, p, clinics())
	p.Close()
	steps := append(migrations(), migration{"0002", `CREATE TABLE lc_second (x); INSERT INTO lc_second VALUES (1)`}, migration{"0003", `ALTER TABLE lc_second ADD COLUMN y`})
	before := dump(t, path)
	if _, err := Open(path, ReadOnly, withSteps(steps)); coverage.CodeOf(err) != coverage.Refused || !strings.Contains(err.Error(), "older") {
		t.Errorf("an older file for reading: %v", err)
	}
	n := len(migrations())
	broken := append(steps[:n+1:n+1], migration{"0003", `CREATE TABLE lc_third (x); INSERT INTO nowhere VALUES (1)`})
	if _, err := Open(path, ReadWrite, withSteps(broken)); err == nil {
		t.Error("a broken step is passed over")
	}
	after := dump(t, path)
	if strings.Contains(after, "lc_third") || !strings.Contains(after, "lc_second") || before == after {
		t.Error("a step is not one transaction")
	}
	q := mustOpen(t, path, ReadWrite, withSteps(steps))
	if info, err := q.Project(ctx); err != nil || info.Schema != n+2 {
		t.Errorf("%+v %v", info, err)
	}
	if infos, err := q.Layers(ctx); err != nil || len(infos) != 1 {
		t.Errorf("layers: %v %v", infos, err)
	}
	q.Close()
	if _, err := Open(path, ReadWrite); coverage.CodeOf(err) != coverage.Refused {
		t.Errorf("today's program on a file of tomorrow: %v", err)
	}
	check(t, path)
}

// A backup made while the service writes is a whole project.
func TestCopy(t *testing.T) {
	p, path := mustCreate(t)
	mustSave(t, p, city()...)
	to := filepath.Join(t.TempDir(), "备份.gpkg")
	done := make(chan error)
	go func() {
		for i := range 5 {
			if err := p.SaveLayer(ctx, people(200+i), nil); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	if err := p.Copy(ctx, to); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := p.Copy(ctx, to); coverage.CodeOf(err) != coverage.Conflict || !strings.Contains(err.Error(), "备份.gpkg") {
		t.Errorf("copy over a file: %v", err)
	}
	check(t, to)
	q := mustOpen(t, to, ReadOnly)
	infos, err := q.Layers(ctx)
	if err != nil || len(infos) != len(city()) {
		t.Errorf("layers of the copy: %v %v", infos, err)
	}
	for _, i := range infos {
		if l, err := q.Layer(ctx, i.Hash); err != nil || l.ComputeHash() != i.Hash {
			t.Errorf("%s in the copy: %v", i.Name, err)
		}
	}
	q.Close()
	p.Close()
	// At rest the copy of an unchanged project says the same as the project.
	again := filepath.Join(t.TempDir(), "again.gpkg")
	r := mustOpen(t, path, ReadOnly)
	if err := r.Copy(ctx, again); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(dump(t, path), dump(t, again)); d != "" {
		t.Error(d)
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	folder := t.TempDir()
	if err := r.Copy(canceled, filepath.Join(folder, "c.gpkg")); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if left, _ := os.ReadDir(folder); len(left) != 0 {
		t.Errorf("a canceled copy leaves %v", left)
	}
}

// The server shows the projects of a folder and nothing else.
func TestShelf(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"南岸", "渝中"} {
		p, err := Create(filepath.Join(folder, name+".gpkg"), "", "")
		if err != nil {
			t.Fatal(err)
		}
		p.Close()
	}
	if err := os.WriteFile(filepath.Join(folder, "other.gpkg"), []byte("no project"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(folder, "folder.gpkg"), 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := OpenShelf(folder, ReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for range 2 {
		if ids, err := s.List(ctx); err != nil || strings.Join(ids, " ") != "南岸 渝中" {
			t.Errorf("%v %v", ids, err)
		}
	}
	a, err := s.Open(ctx, "渝中")
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := s.Open(ctx, "渝中"); a != b {
		t.Error("a project is opened twice")
	}
	for _, id := range []string{"", "nothing", "../" + filepath.Base(folder) + "/渝中", ".", "a/b", `a\b`, "渝中.gpkg"} {
		if _, err := s.Open(ctx, id); coverage.CodeOf(err) != coverage.NotFound {
			t.Errorf("%q: %v", id, err)
		}
	}
	if _, err := s.Open(ctx, "other"); coverage.CodeOf(err) != coverage.Refused {
		t.Errorf("no project: %v", err)
	}
	s.Close()
	if _, err := s.Open(ctx, "渝中"); err == nil {
		t.Error("a closed shelf opens projects")
	}

	one, err := OpenShelf(filepath.Join(folder, "南岸.gpkg"), ReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	if ids, _ := one.List(ctx); strings.Join(ids, " ") != "南岸" {
		t.Errorf("%v", ids)
	}
	if _, err := one.Open(ctx, "渝中"); coverage.CodeOf(err) != coverage.NotFound {
		t.Errorf("beside the file: %v", err)
	}
	if _, err := OpenShelf(filepath.Join(folder, "other.gpkg"), ReadOnly); coverage.CodeOf(err) != coverage.Refused {
		t.Errorf("a shelf of no project: %v", err)
	}
	if _, err := OpenShelf(filepath.Join(folder, "none"), ReadOnly); coverage.CodeOf(err) != coverage.NotFound {
		t.Errorf("a shelf of nothing: %v", err)
	}
}

// The cache stays within its bound, and forgets the oldest first.
func TestCache(t *testing.T) {
	p, _ := mustCreate(t, WithCacheLimit(100))
	save := func(key string, size int) {
		t.Helper()
		if err := p.SaveCached(ctx, map[string][]byte{key: bytes.Repeat([]byte{key[0]}, size)}); err != nil {
			t.Fatal(err)
		}
	}
	has := func(want string) {
		t.Helper()
		var got []string
		for _, k := range []string{"a", "b", "c", "d", "e"} {
			v, err := p.Cached(ctx, k)
			if err != nil {
				t.Fatal(err)
			}
			if v != nil {
				got = append(got, fmt.Sprint(k, len(v)))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%v, want %s", got, want)
		}
	}
	has("")
	save("a", 40)
	save("b", 60)
	has("a40 b60")
	save("c", 10)
	has("b60 c10")
	save("b", 70) // newest now
	save("d", 20)
	has("b70 c10 d20")
	save("e", 101)
	has("b70 c10 d20")
	save("e", 0)
	has("b70 c10 d20 e0")
	save("a", 100)
	has("a100 e0")
}

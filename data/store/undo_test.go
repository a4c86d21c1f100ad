package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lifecircle/coverage"
)

func mustUndo(t testing.TB, p *Project, key coverage.LayerKey) (coverage.LayerInfo, *coverage.LayerInfo) {
	t.Helper()
	undone, now, err := p.UndoLayer(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	return undone, now
}

// named is the clinics with another name at the first, as a later import of the layer.
func named(name string) *coverage.Layer {
	l := clinics()
	l.Names[0] = name
	return l
}

// visibleName is what a GIS user sees of the first clinic, "" if there is none.
func visibleName(t testing.TB, path string) string {
	t.Helper()
	db := openDB(path, accessRead, time.Second, true)
	defer db.Close()
	return strings.Join(query(t, db, `SELECT name FROM facilities WHERE id = 'c1'`), ",")
}

// A planner who imported the wrong file twice goes back twice, not to and fro, and loses nothing on the way.
func TestUndoLayer(t *testing.T) {
	p, path := mustCreate(t)
	mustSave(t, p, neighborhoods(), parks(), land(), named("甲"))
	key := clinics().Info.LayerKey
	run := score(t, p, coverage.Params{})
	mustSave(t, p, named("乙"), named("丙"))

	undone, now := mustUndo(t, p, key)
	if undone.Version != 3 || now == nil || now.Version != 4 || now.Rows != 3 || visibleName(t, path) != "乙" {
		t.Fatalf("undone %+v, now %+v, visible %s", undone, now, visibleName(t, path))
	}
	report, err := p.Report(ctx, now.Hash)
	if err != nil || report.Version != 4 || report.Read != 3 {
		t.Errorf("the report of what is current again: %+v %v", report, err)
	}
	if runs, err := p.Runs(ctx); err != nil || !slices.Contains(runs[0].Changed, key.Name) {
		t.Errorf("the run of version 1 is not shown as changed: %+v %v", runs, err)
	}
	if undone, now = mustUndo(t, p, key); undone.Version != 4 || now.Version != 5 || visibleName(t, path) != "甲" {
		t.Fatalf("the second time: undone %+v, now %+v", undone, now)
	}
	if runs, err := p.Runs(ctx); err != nil || len(runs[0].Changed) != 0 {
		t.Errorf("the run's own version is current again: %+v %v", runs[0].Changed, err)
	}
	mustSave(t, p, named("丁"))
	if _, now = mustUndo(t, p, key); now.Version != 7 || visibleName(t, path) != "甲" {
		t.Fatalf("after another import: %+v, %s", now, visibleName(t, path))
	}
	if undone, now = mustUndo(t, p, key); now != nil || undone.Version != 7 || visibleName(t, path) != "" {
		t.Fatalf("the first import undone: %+v %+v %s", undone, now, visibleName(t, path))
	}
	infos, err := p.Layers(ctx)
	if err != nil || len(infos) != 3 || slices.ContainsFunc(infos, func(i coverage.LayerInfo) bool { return i.LayerKey == key }) {
		t.Errorf("the layers left: %+v %v", infos, err)
	}
	if _, _, err := p.UndoLayer(ctx, key); coverage.CodeOf(err) != coverage.NotFound {
		t.Errorf("nothing to undo: %v", err)
	}
	if runs, err := p.Runs(ctx); err != nil || !slices.Contains(runs[0].Changed, key.Name) {
		t.Errorf("a run of a layer that is gone: %+v %v", runs, err)
	}
	if again, err := p.Run(ctx, run.Hash); err != nil || again.Hash != run.Hash {
		t.Errorf("the run of before: %v", err)
	}
	for _, in := range run.Inputs {
		if _, err := p.Layer(ctx, in.Hash); err != nil {
			t.Errorf("an input of the run of before: %v", err)
		}
	}
	inOrder(t, path)

	mustSave(t, p, named("戊"))
	if infos, _ = p.Layers(ctx); len(infos) != 4 || visibleName(t, path) != "戊" {
		t.Errorf("an import after that: %+v", infos)
	}
	if undone, now = mustUndo(t, p, key); undone.Version != 8 || now != nil {
		t.Errorf("there was nothing before it: %+v %+v", undone, now)
	}
	p.Close()
	check(t, path)
	inOrder(t, path)
}

// What QGIS changed since the last import is the last change.
func TestUndoTakesBackEdits(t *testing.T) {
	p, path := mustCreate(t)
	mustSave(t, p, named("甲"), parks(), named("乙"))
	db := plain(t, path)
	mustExec(t, db, `UPDATE facilities SET name = '人工修改' WHERE id = 'c1'`)
	undone, now := mustUndo(t, p, clinics().Info.LayerKey)
	if undone.Version != 3 || now.Version != 4 || visibleName(t, path) != "乙" || touched(t, p) != "" {
		t.Fatalf("undone %+v, now %+v, %s, edited: %s", undone, now, visibleName(t, path), touched(t, p))
	}
	if kept, err := p.Layer(ctx, undone.Hash); err != nil || kept.Names[0] != "人工修改" {
		t.Errorf("the edit is lost: %v", err)
	}
	if _, now = mustUndo(t, p, clinics().Info.LayerKey); now.Version != 5 || visibleName(t, path) != "甲" {
		t.Errorf("the import before: %+v", now)
	}
	inOrder(t, path)
}

// In files of before, versions do not say what they replaced: it was the one before.
func TestUndoInAnOlderFile(t *testing.T) {
	p, path := mustCreate(t)
	mustSave(t, p, named("甲"), named("乙"))
	p.Close()
	mustExec(t, plain(t, path), `UPDATE lc_layers SET info = replace(replace(info, ',"replaces":0', ''), ',"replaces":1', '')`)
	p = mustOpen(t, path, ReadWrite)
	if _, now := mustUndo(t, p, clinics().Info.LayerKey); now.Version != 3 || visibleName(t, path) != "甲" {
		t.Errorf("%+v", now)
	}
	if _, now := mustUndo(t, p, clinics().Info.LayerKey); now != nil {
		t.Errorf("%+v", now)
	}
	inOrder(t, path)
}

// Of every role the rows, the extent and the R-tree follow, and the other layers of the table stay.
func TestUndoEveryRole(t *testing.T) {
	p, path := mustCreate(t)
	mustSave(t, p, city()...)
	p.Close()
	p = mustOpen(t, path, ReadWrite)
	for _, l := range city() {
		if _, now := mustUndo(t, p, l.Info.LayerKey); now != nil {
			t.Errorf("%s: %+v", l.Info.Name, now)
		}
	}
	if infos, err := p.Layers(ctx); err != nil || len(infos) != 0 {
		t.Errorf("%v %v", infos, err)
	}
	p.Close()
	db := openDB(path, accessRead, time.Second, true)
	for _, role := range coverage.Roles {
		if got := query(t, db, `SELECT count(*) FROM `+quote(string(role))); got[0] != "0" {
			t.Errorf("%s: %s rows", role, got[0])
		}
		if got := query(t, db, `SELECT min_x FROM gpkg_contents WHERE table_name = ?`, string(role)); got[0] != "<nil>" {
			t.Errorf("%s: extent %s", role, got[0])
		}
	}
	db.Close()
	check(t, path)
	inOrder(t, path)
}

// An undo that is interrupted, or that cannot be written, leaves the file as it was.
func TestUndoWholeOrNotAtAll(t *testing.T) {
	p, path := mustCreate(t)
	mustSave(t, p, named("甲"), named("乙"))
	before := dump(t, path)
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := p.UndoLayer(gone, clinics().Info.LayerKey); err == nil {
		t.Error("an interrupted undo was acknowledged")
	}
	mustExec(t, plain(t, path), `UPDATE lc_contents SET data = x'00' WHERE deflate = 1`)
	spoiled := dump(t, path)
	if _, _, err := p.UndoLayer(ctx, clinics().Info.LayerKey); coverage.CodeOf(err) != coverage.Refused {
		t.Errorf("a version that cannot be read: %v", err)
	}
	if d := cmp.Diff(spoiled, dump(t, path)); d != "" {
		t.Errorf("something was written:\n%s", d)
	}
	if before == spoiled {
		t.Error("nothing was spoiled")
	}
	p.Close()
	p = mustOpen(t, path, ReadOnly)
	if _, _, err := p.UndoLayer(ctx, clinics().Info.LayerKey); err == nil {
		t.Error("a project open for reading was written")
	}
}

// Killed at any moment, the file holds one state or the next, and what was acknowledged stays undone.
func TestKillsDuringUndo(t *testing.T) {
	p, path := mustCreate(t)
	mustSave(t, p, people(3000))
	p.Close()
	key := people(1).Info.LayerKey
	for round := range kills(t, 3) {
		c, out := child(t, "undo", path)
		time.Sleep(time.Duration(150+round*89%300) * time.Millisecond)
		if err := c.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		_ = c.Wait()
		lines := strings.Fields(strings.ReplaceAll(out.String(), " ", "_"))
		p := mustOpen(t, path, ReadWrite)
		infos, err := p.Layers(ctx)
		if err != nil || len(infos) != 1 {
			t.Fatalf("%v %v %s", infos, err, out)
		}
		acknowledged := 0
		if len(lines) > 0 {
			if _, err := fmt.Sscanf(lines[len(lines)-1], "at_%d", &acknowledged); err != nil {
				t.Fatal(out)
			}
		}
		if v := infos[0].Version; v < acknowledged || v > acknowledged+1 && acknowledged > 0 {
			t.Errorf("version %d of which %d was acknowledged", v, acknowledged)
		}
		if l, err := p.Layer(ctx, infos[0].Hash); err != nil || l.Len() != infos[0].Rows {
			t.Errorf("the current version: %v", err)
		}
		p.Close()
		inOrder(t, path)
		if infos[0].LayerKey != key {
			t.Errorf("%+v", infos[0].LayerKey)
		}
	}
}

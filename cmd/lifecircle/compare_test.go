package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// compared is the document of compare --json, as far as the tests read it.
type compared struct {
	Base   struct{ Run string }
	Run    struct{ Run string }
	Change struct {
		Verdicts counts
		Gained   *float64 `json:"people_gained"`
		Net      *float64 `json:"people_net"`
	}
	Remainder struct {
		Net *float64 `json:"people_net"`
	}
	Causes []struct {
		Kind         string
		Parameter    string
		Layer        *struct{ Name string }
		Attributable bool
		Effect       *struct {
			Net *float64 `json:"people_net"`
		}
	}
	Requirements []struct{ ID, What string }
	Subjects     []struct {
		ID     string `json:"neighborhood_id"`
		Level  string
		Causes []int
	}
	Cells []struct {
		ID          string `json:"neighborhood_id"`
		Level       string
		Requirement string
		Before      struct{ Verdict string }
		After       struct{ Verdict string }
		Change      struct {
			People *float64 `json:"people_covered"`
		}
	}
}

// A year later a clinic has been built in the east, and the bureau asks why its numbers changed: the layer gained 200 people there, and nothing else did.
func TestCompare(t *testing.T) {
	t.Parallel()
	c := newTown()
	dir := t.TempDir()
	project := c.build(t, dir, "--complete")
	var first, second scored
	c.score(t, project).must(exitDone).json(&first)
	run(t, "compare", project, "--lang", "en").must(exitUsage).says("no run by catalog town before", "--against")

	built := append(slices.Clone(c.clinics), feature{point(106.53, 29.511), []property{{"id", `"c3"`}, {"name", `"大坪卫生站"`}}})
	more := write(t, filepath.Join(dir, "clinics.geojson"), collection(built))
	run(t, "import", project, more, "--as", "facilities", "--service", "clinic", "--replace").must(exitDone)
	c.score(t, project).must(exitDone).json(&second)
	before := read(t, project)

	var doc compared
	run(t, "compare", project, "--json").must(exitDone).json(&doc)
	if doc.Base.Run != first.Run || doc.Run.Run != second.Run {
		t.Errorf("%s against %s, want the only earlier run", doc.Run.Run, doc.Base.Run)
	}
	if len(doc.Causes) != 1 || doc.Causes[0].Kind != "layer_changed" || doc.Causes[0].Layer.Name != "clinics" || !doc.Causes[0].Attributable || *doc.Causes[0].Effect.Net != 200 {
		t.Errorf("causes %+v", doc.Causes)
	}
	if doc.Change.Verdicts != (counts{Met: 1, Unmet: -1}) || *doc.Change.Gained != 200 || *doc.Change.Net != 200 || *doc.Remainder.Net != 0 {
		t.Errorf("change %+v, remainder %+v", doc.Change, doc.Remainder)
	}
	if n := doc.Cells[0]; n.ID != eastID || n.Requirement != "clinic-15" || n.Before.Verdict != "unmet" || n.After.Verdict != "met" || *n.Change.People != 200 {
		t.Errorf("cell %+v", n)
	}
	for _, s := range doc.Subjects {
		if s.ID == westID {
			t.Errorf("the west changed: %+v", s)
		}
	}
	run(t, "compare", project, "--lang", "en").must(exitDone).says("facilities clinics (clinic): version 1 → 2, 2 → 3 rows, 1 added, 0 removed", "+200", "大坪", "clinic-15 unmet → met",
		"1 of 2 neighborhoods changed", "remainder", "people count once a requirement")
	run(t, "compare", project, "--lang", "zh").must(exitDone).says("设施图层 clinics（clinic）：第 1 版 → 第 2 版", "新覆盖（人·项）", "余项", "未达标 → 达标", "2 个评价单元中有 1 个变化")
	run(t, "compare", project, "--run", first.Run[:8], "--against", second.Run[:8], "--lang", "en").must(exitDone).says("-200", "met → unmet")
	run(t, "compare", project, "--against", second.Run[:8], "--lang", "en").must(exitDone).says("nothing changed")

	if read(t, project) != before {
		t.Error("a comparison wrote to the project")
	}

	// three earlier runs: none is guessed
	c.score(t, project, "--assume-complete").must(exitDone)
	c.score(t, project, "--year", "2030").must(exitDone)
	run(t, "compare", project, "--lang", "en").must(exitUsage).says("several runs by catalog town", first.Run[:12], second.Run[:12], "--against")
	run(t, "compare", project, "--against", "ffffffff").must(exitUsage)
	run(t, "compare", project, "--threads", "-1").must(exitUsage)
	run(t, "compare", filepath.Join(dir, "none.gpkg")).must(exitUsage)

	// by whatever the two runs differ, the same bytes at any number of threads, and from a file that cannot be written
	if err := os.Chmod(project, 0o400); err != nil {
		t.Fatal(err)
	}
	one := run(t, "compare", project, "--against", first.Run[:8], "--threads", "1", "--json").must(exitDone).stdout
	for _, threads := range []string{"2", "7"} {
		if d := cmp.Diff(one, run(t, "compare", project, "--against", first.Run[:8], "--threads", threads, "--json").must(exitDone).stdout); d != "" {
			t.Errorf("%s threads: %s", threads, d)
		}
	}
	var year compared
	run(t, "compare", project, "--against", first.Run[:8], "--json").must(exitDone).json(&year)
	if len(year.Causes) != 2 || year.Causes[1].Kind != "parameter" || year.Causes[1].Parameter != "year" {
		t.Errorf("causes %+v", year.Causes)
	}
}

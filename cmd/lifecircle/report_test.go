package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A planner gets a folder of reports of the city and each street, and a program the list of it; the same run gives the same files.
func TestReport(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := newTown()
	project := c.build(t, dir, "--complete")
	c.score(t, project).must(exitDone)
	out := filepath.Join(dir, "报告")
	var doc struct {
		Run   string
		Files []struct {
			File, Area, Format, Language string
			Bytes                        int64
		}
	}
	run(t, "report", project, "--out", out, "--format", "xlsx,json,csv", "--json").must(exitDone).json(&doc)
	areas, again := map[string]bool{}, map[string]string{}
	for _, f := range doc.Files {
		areas[f.Area] = true
		b := read(t, filepath.Join(out, f.File))
		if again[f.File] = b; int64(len(b)) != f.Bytes || f.Bytes == 0 {
			t.Errorf("%+v has %d bytes", f, len(b))
		}
	}
	if len(doc.Run) != 64 || !areas["city"] || len(areas) < 3 {
		t.Errorf("run %s, areas %v", doc.Run, areas)
	}
	run(t, "report", project, "--out", out, "--format", "xlsx,json,csv", "--threads", "1", "--lang", "zh").must(exitDone).says("已写出")
	for name, b := range again {
		if read(t, filepath.Join(out, name)) != b {
			t.Errorf("%s is other bytes the second time", name)
		}
	}
	if !strings.Contains(read(t, filepath.Join(out, "index.html")), "report.zh.xlsx") {
		t.Error("index.html lists no report")
	}
}

// What cannot be done is said before anything is written.
func TestReportRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := newTown()
	project := c.build(t, dir, "--complete")
	out := filepath.Join(dir, "out")
	run(t, "report", project, "--out", out, "--lang", "en").must(exitUsage).says("no run yet", "lifecircle score")
	c.score(t, project).must(exitDone)
	run(t, "report", project, "--out", out, "--format", "xls", "--lang", "en").must(exitUsage).says("--format", "xlsx")
	run(t, "report", project, "--out", out, "--languages", "fr").must(exitUsage)
	run(t, "report", project, "--out", out, "--levels", "village", "--lang", "en").must(exitUsage).says("one of: city")
	run(t, "report", project, "--out", out, "--date", "29.11.2026").must(exitUsage)
	run(t, "report", project).must(exitUsage).says("--out")
	if _, err := os.Stat(out); err == nil {
		t.Error("a folder was made")
	}
	file := write(t, filepath.Join(dir, "file"), "x")
	run(t, "report", project, "--out", file, "--lang", "en").must(exitUsage).says("folder")
}

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A bureau fills in the template of a shipped catalog, brings it back, and sees what it changes for whom; the project stays as it was.
func TestCatalogInASpreadsheet(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	workbook, file := filepath.Join(dir, "服务目录.xlsx"), filepath.Join(dir, "own.yaml")
	run(t, "catalog", "template", "-o", workbook).must(exitDone)
	run(t, "catalog", "import", workbook, "-o", file, "--lang", "en").must(exitRefused).says("目录 Catalog row 2", `"编号 id" is empty`, "nothing was written")
	if _, err := os.Stat(file); err == nil {
		t.Error("a template with errors became a catalog")
	}
	run(t, "catalog", "template", "chongqing-15min", "-o", workbook).must(exitDone)
	run(t, "catalog", "import", workbook, "-o", file, "--lang", "zh").must(exitDone).says("要求 Requirements 第 6 行 列“半径(米) radius_m”", "读入 10 条要求")
	run(t, "catalog", "lint", file).must(exitDone)
	run(t, "catalog", "diff", "chongqing-15min", file, "--lang", "zh").must(exitDone).says("内容相同")
	run(t, "catalog", "import", filepath.Join(dir, "none.xlsx"), "-o", file, "--lang", "en").must(exitUsage).says("none.xlsx: no such file")
	run(t, "catalog", "import", file, "-o", file, "--lang", "en").must(exitRefused).says("own.yaml", "not an .xlsx workbook")
	run(t, "catalog", "template").must(exitUsage)
}

func TestCatalogDiff(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := newTown()
	project := c.build(t, dir, "--complete")
	before := read(t, project)
	other := write(t, filepath.Join(dir, "other.yaml"), strings.Replace(townCatalog, "radius_m: 500", "radius_m: 50000", 1))
	var doc struct {
		Same         bool
		Requirements []struct {
			What   string
			Fields []struct{ Field, Before, After string }
		}
		Results struct {
			Neighborhoods int
			Requirements  []struct{ Changed int }
			Verdicts      []struct{ Requirement, Before, After string }
		}
	}
	town := filepath.Join(dir, "town.yaml")
	run(t, "catalog", "diff", town, other, "--project", project, "--json").must(exitDone).json(&doc)
	if doc.Same || len(doc.Requirements) != 1 || doc.Requirements[0].Fields[0].Field != "limit clinic" || doc.Requirements[0].Fields[0].After != "50000 m" {
		t.Errorf("%+v", doc.Requirements)
	}
	// the same as two runs say
	met := func(catalog string) int {
		copied := filepath.Join(t.TempDir(), "p.gpkg")
		run(t, "copy", project, copied).must(exitDone)
		var scored struct{ Counts struct{ Met int } }
		run(t, "score", copied, "--catalog", catalog, "--json").must(exitDone).json(&scored)
		return scored.Counts.Met
	}
	gained := 0
	for _, v := range doc.Results.Verdicts {
		if v.Before == "met" || v.After != "met" || v.Requirement != "clinic-15" {
			t.Errorf("%+v", v)
		}
		gained++
	}
	if want := met(other) - met(town); gained == 0 || gained != want || doc.Results.Requirements[0].Changed != gained {
		t.Errorf("%d verdicts are met now, the runs say %d", gained, want)
	}
	if read(t, project) != before {
		t.Error("the project was written to")
	}
	run(t, "catalog", "diff", town, other, "--project", project, "--lang", "zh").must(exitDone).says("限值 clinic", "500 m", "达标/未达标", "未写入项目")
	run(t, "catalog", "diff", town, other, "--year", "2027", "--lang", "en").must(exitUsage).says("--project")
	run(t, "catalog", "diff", town, "none").must(exitUsage)
}

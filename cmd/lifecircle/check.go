package main

import (
	"fmt"

	"lifecircle/coverage"
	"lifecircle/data/store"
)

type checkCmd struct {
	Project string `arg:"" help:"Project file. 项目文件"`
}

func (checkCmd) Help() string {
	return `Looks at everything that a project file promises: pages, keys, every geometry and its place in the R-tree, every version of every layer against its hash and its rows, every run. It writes nothing and repairs nothing. Exit code 4 if anything is wrong. 只检查，不修复；有问题时退出码为 4。

    lifecircle check city.gpkg`
}

func (c checkCmd) Run(a *app) error {
	r, err := store.Check(a.ctx, c.Project)
	if err != nil {
		return err
	}
	if a.JSON {
		if err := a.print(r); err != nil {
			return err
		}
	} else {
		a.printCheck(r)
	}
	if n := len(r.Findings) + r.Omitted; n > 0 {
		return said{coverage.Errorf(coverage.Condition, "%[1]d 处问题", "%[1]d findings", n)}
	}
	return nil
}

// printCheck prints what was looked at and what was found, one finding a line.
func (a *app) printCheck(r *store.CheckReport) {
	line := func(f store.Finding, mark string) {
		at := f.Table
		if f.Row != 0 {
			at += fmt.Sprintf(" %d", f.Row)
		}
		if at != "" {
			at += ": "
		}
		fmt.Fprintf(a.stdout, "%s%s: %s%s\n", mark, f.Code, at, a.in(f.TextZh, f.Text))
	}
	for _, f := range r.Findings {
		line(f, "")
	}
	for _, f := range r.Notes {
		line(f, "· ")
	}
	if r.Omitted > 0 {
		fmt.Fprintf(a.stdout, a.in("另有同类问题 %d 处\n", "and %d more of the same kinds\n"), r.Omitted)
	}
	fmt.Fprintf(a.stdout, a.in("%[1]s：已检查 %[2]d 张表、%[3]d 行、%[4]d 个几何、%[5]d 个图层版本、%[6]d 次评估；",
		"%[1]s: looked at %[2]d tables, %[3]d rows, %[4]d geometries, %[5]d layer versions, %[6]d runs; "),
		r.File, r.Tables, r.Rows, r.Geometries, r.Versions, r.Runs)
	if n := len(r.Findings) + r.Omitted; n > 0 {
		fmt.Fprintf(a.stdout, a.in("%d 处问题\n", "%d findings\n"), n)
	} else {
		fmt.Fprintln(a.stdout, a.in("没有问题", "no findings"))
	}
}

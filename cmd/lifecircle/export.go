package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"lifecircle/coverage"
	"lifecircle/data/format/csv"
	"lifecircle/data/store"
)

type exportCmd struct {
	Project string `arg:"" help:"Project file. 项目文件"`
	Layer   string `required:"" enum:"reach,coverage,scores,gaps,matrix,service_areas" help:"Table: reach, coverage, scores, gaps, matrix, service_areas. 结果表"`
	Format  string `enum:"geojson,csv" default:"csv" help:"geojson or csv. 格式"`
	Output  string `short:"o" placeholder:"FILE" help:"File to write (default: standard output). 输出文件"`
	Run_    string `name:"run" placeholder:"HASH" help:"Run, by its hash or a prefix (default: the latest). 评估"`
}

func (c exportCmd) Run(a *app) error {
	return a.open(c.Project, store.ReadOnly, func(p *store.Project) error {
		run, err := a.run(p, c.Run_)
		if err != nil {
			return err
		}
		var t coverage.Table
		if c.Layer == "reach" {
			t, err = coverage.ReachTable(a.ctx, p, run, coverage.Options{})
		} else {
			t, err = run.Table(c.Layer)
		}
		if err != nil {
			return err
		}
		write := func(w io.Writer) error {
			if c.Format == "csv" {
				return csv.Write(w, &t)
			}
			return t.WriteGeoJSON(w)
		}
		if c.Output == "" || c.Output == "-" {
			return write(a.stdout)
		}
		if err := a.writeFile(c.Output, func(f *os.File) error { return write(f) }); err != nil {
			return err
		}
		if a.JSON {
			return a.print(map[string]any{"file": c.Output, "layer": c.Layer, "format": c.Format, "rows": t.Len, "run": run.Hash})
		}
		a.say("%s：%d 行 → %s", "%s: %d rows → %s", c.Layer, t.Len, c.Output)
		return nil
	})
}

// run gives a run of a project; one that has none says how to make one.
func (a *app) run(p coverage.Store, hash string) (*coverage.Run, error) {
	run, err := p.Run(a.ctx, hash)
	if err != nil && hash == "" && coverage.CodeOf(err) == coverage.NotFound {
		return nil, &coverage.Error{Code: coverage.NotFound, Text: coverage.Text{Zh: "项目里还没有评估", En: "the project has no run yet"},
			Hint: coverage.Text{Zh: "先运行：lifecircle score 项目 --catalog chongqing-15min", En: "make one: lifecircle score PROJECT --catalog chongqing-15min"}}
	}
	return run, err
}

// writeFile writes a file whole or not at all: under a temporary name beside it, then renamed.
func (a *app) writeFile(path string, write func(*os.File) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".lifecircle-*")
	if err != nil {
		return &coverage.Error{Code: coverage.Invalid, File: filepath.Base(path), Err: err, Text: coverage.Text{Zh: "无法写入该文件夹", En: "its folder cannot be written to"},
			Hint: coverage.Text{Zh: "检查路径和权限", En: "check the path and its permissions"}}
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if err = write(f); err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil && coverage.CodeOf(err) == coverage.Internal {
		err = &coverage.Error{Code: coverage.Unavailable, File: filepath.Base(path), Err: err, Text: coverage.Text{Zh: fmt.Sprintf("写入失败：%v", err), En: fmt.Sprintf("cannot be written: %v", err)}}
	}
	return err
}

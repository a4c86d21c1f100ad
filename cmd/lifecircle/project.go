package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"lifecircle/coverage"
	"lifecircle/data/store"
)

// open opens a project file for the length of a command.
func (a *app) open(path string, mode store.Mode, f func(*store.Project) error, opts ...store.Option) (err error) {
	if stat, err := os.Stat(path); err == nil && stat.IsDir() {
		return &coverage.Error{Code: coverage.Invalid, File: filepath.Base(path), Text: coverage.Text{Zh: "是文件夹，不是项目文件", En: "is a folder, no project file"},
			Hint: coverage.Text{Zh: "请给出其中的 .gpkg 文件", En: "name the .gpkg file in it"}}
	}
	p, err := store.Open(path, mode, opts...)
	if err != nil {
		var e *coverage.Error
		if errors.As(err, &e) && e.Code == coverage.NotFound && e.Hint == (coverage.Text{}) {
			e.Hint = coverage.Text{Zh: "新建：lifecircle new " + path, En: "make one: lifecircle new " + path}
		}
		return err
	}
	defer func() {
		if e := p.Close(); err == nil {
			err = e
		}
	}()
	for _, w := range p.Warnings() {
		a.say("%s", "%s", w.In(a.Lang))
	}
	return f(p)
}

type newCmd struct {
	Project string `arg:"" help:"Project file to make, e.g. city.gpkg. 项目文件"`
	Name    string `help:"What people call it. 名称"`
}

func (newCmd) Help() string {
	return `The project file is an OGC GeoPackage: QGIS and ArcGIS open it. 项目文件可直接用 QGIS、ArcGIS 打开。

    lifecircle new city.gpkg --name 渝中区`
}

// createProject makes a project file. It says which folder is missing, rather than which file.
func createProject(path, title string) (*store.Project, error) {
	if stat, err := os.Stat(filepath.Dir(path)); err != nil || !stat.IsDir() {
		return nil, &coverage.Error{Code: coverage.Invalid, File: filepath.Base(path), Err: err, Text: coverage.Text{Zh: "它的文件夹不存在", En: "its folder does not exist"},
			Hint: coverage.Text{Zh: "先建文件夹，或检查路径", En: "make the folder first, or check the path"}}
	}
	return store.Create(path, "", title)
}

func (c newCmd) Run(a *app) error {
	p, err := createProject(c.Project, c.Name)
	if err != nil {
		return err
	}
	info, err := p.Project(a.ctx)
	if e := p.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	if a.JSON {
		return a.print(map[string]any{"project": c.Project, "name": info.Name, "title": info.Title, "created": info.Created})
	}
	if filepath.Ext(c.Project) != ".gpkg" {
		a.say("建议以 .gpkg 结尾，QGIS 与 serve 文件夹 才认得", "a name that ends in .gpkg is found by QGIS and by serve FOLDER")
	}
	_, err = fmt.Fprintf(a.stdout, a.in("已新建 %s（%s）\n", "made %s (%s)\n"), c.Project, info.Title)
	return err
}

type copyCmd struct {
	Project string `arg:"" help:"Project file. 项目文件"`
	To      string `arg:"" help:"File to make; it must not exist. 目标文件"`
}

func (copyCmd) Help() string {
	return `The copy is of one moment, and is a project of its own. 备份是某一时刻的完整项目。

    lifecircle copy city.gpkg backup.gpkg`
}

func (c copyCmd) Run(a *app) error {
	return a.open(c.Project, store.ReadOnly, func(p *store.Project) error {
		if err := p.Copy(a.ctx, c.To); err != nil {
			return err
		}
		if a.JSON {
			return a.print(map[string]string{"project": c.Project, "copy": c.To})
		}
		_, err := fmt.Fprintf(a.stdout, a.in("已备份到 %s\n", "copied to %s\n"), c.To)
		return err
	})
}

type runsCmd struct {
	Project string `arg:"" help:"Project file. 项目文件"`
}

func (runsCmd) Help() string {
	return `Runs are kept: results of any of them can be explained and exported by the first characters of its hash.

    lifecircle runs city.gpkg
    lifecircle export city.gpkg --run 1ce8d4ff --layer scores`
}

func (c runsCmd) Run(a *app) error {
	return a.open(c.Project, store.ReadOnly, func(p *store.Project) error {
		runs, err := p.Runs(a.ctx)
		if err != nil {
			return err
		}
		if a.JSON {
			if runs == nil {
				runs = []coverage.RunInfo{}
			}
			return a.print(map[string]any{"runs": runs})
		}
		t := grid{head: []string{a.in("评估", "run"), a.in("时间", "created"), a.in("目录", "catalog"), a.in("口径", "basis"), a.in("达标", "met"), a.in("未达标", "unmet"),
			a.in("未检出", "not detected"), a.in("未评估", "not assessed"), a.in("说明", "notes")}, right: map[int]bool{4: true, 5: true, 6: true, 7: true}}
		if len(runs) == 0 {
			a.say("还没有评估：lifecircle score %s", "no run yet: lifecircle score %s", c.Project)
		}
		for _, r := range runs {
			notes := strings.Join(a.runNotes(&r), ", ")
			t.add(r.Hash[:12], r.Created, r.Catalog, r.Params.Basis, fmt.Sprint(r.Counts.Met), fmt.Sprint(r.Counts.Unmet), fmt.Sprint(r.Counts.NotDetected), fmt.Sprint(r.Counts.NotAssessed), notes)
		}
		return t.print(a.stdout)
	})
}

// runNotes says what sets a run apart from the others of its project.
func (a *app) runNotes(r *coverage.RunInfo) []string {
	var notes []string
	if r.Latest {
		notes = append(notes, a.in("最新", "latest"))
	}
	if r.Params.AssumeComplete {
		notes = append(notes, a.in("假定数据完整", "assumed complete"))
	}
	if r.Params.AcceptParent {
		notes = append(notes, a.in("接受上级服务", "parents accepted"))
	}
	if r.Params.Denominator != "" {
		notes = append(notes, a.in("分母 ", "denominator ")+r.Params.Denominator)
	}
	if r.Params.AsOf != "" {
		notes = append(notes, a.in("截至 ", "as of ")+r.Params.AsOf)
	}
	if r.Params.Year != 0 {
		notes = append(notes, fmt.Sprintf(a.in("%d 年目标", "targets of %d"), r.Params.Year))
	}
	if len(r.Changed) > 0 {
		notes = append(notes, a.in("此后已变：", "changed since: ")+strings.Join(r.Changed, " "))
	}
	return notes
}

package main

import (
	"fmt"

	"lifecircle/coverage"
	"lifecircle/data/store"
)

// open opens a project file for the length of a command.
func (a *app) open(path string, mode store.Mode, f func(*store.Project) error) (err error) {
	p, err := store.Open(path, mode)
	if err != nil {
		return err
	}
	defer func() {
		if e := p.Close(); err == nil {
			err = e
		}
	}()
	return f(p)
}

type newCmd struct {
	Project string `arg:"" help:"Project file to make, e.g. city.gpkg. 项目文件"`
	Name    string `help:"What people call it. 名称"`
}

func (c newCmd) Run(a *app) error {
	p, err := store.Create(c.Project, "", c.Name)
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
	_, err = fmt.Fprintf(a.stdout, a.in("已新建 %s（%s）\n", "made %s (%s)\n"), c.Project, info.Title)
	return err
}

type copyCmd struct {
	Project string `arg:"" help:"Project file. 项目文件"`
	To      string `arg:"" help:"File to make; it must not exist. 目标文件"`
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
			a.in("未检出", "not detected"), a.in("未评估", "not assessed"), a.in("说明", "notes")}}
		for _, r := range runs {
			notes := ""
			if r.Latest {
				notes = a.in("最新 ", "latest ")
			}
			if r.Params.AssumeComplete {
				notes += a.in("假定数据完整 ", "assumed complete ")
			}
			for _, name := range r.Changed {
				notes += a.in("此后已变："+name+" ", "changed since: "+name+" ")
			}
			t.add(r.Hash[:12], r.Created, r.Catalog, r.Params.Basis, fmt.Sprint(r.Counts.Met), fmt.Sprint(r.Counts.Unmet), fmt.Sprint(r.Counts.NotDetected), fmt.Sprint(r.Counts.NotAssessed), notes)
		}
		return t.print(a.stdout)
	})
}

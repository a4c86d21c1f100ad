package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/coverage/intake"
	"lifecircle/data/catalogs"
	"lifecircle/data/samples"
	"lifecircle/data/store"
)

type demoCmd struct {
	NoServe bool   `help:"Stop after saving. 不启动服务"`
	Addr    string `default:"127.0.0.1:8080" help:"Address to serve on; another port if it is taken (${default}). 地址"`
	Project string `placeholder:"FILE" help:"Project file to make (default: in a new temporary folder). 项目文件"`
	Catalog string `default:"chongqing-15min" help:"Catalog to score by (${default}). 服务目录"`
	Threads int    `help:"Threads (default: one per processor). 线程数"`
}

func (c demoCmd) Run(a *app) error {
	cat, _, err := loadCatalog(c.Catalog)
	if err != nil {
		return err
	}
	path := c.Project
	if path == "" {
		dir, err := os.MkdirTemp("", "lifecircle-demo-")
		if err != nil {
			return err
		}
		path = filepath.Join(dir, "south-athens.gpkg")
	}
	start := time.Now()
	if err := c.build(a, path, cat, start); err != nil {
		return err
	}
	if c.NoServe {
		return nil
	}
	err = a.serve(path, c.Addr, false, nil)
	if errors.Is(err, syscall.EADDRINUSE) {
		host, _, e := net.SplitHostPort(c.Addr)
		if e != nil {
			return err
		}
		a.say("%s 已被占用，改用其他端口", "%s is taken: another port", c.Addr)
		err = a.serve(path, net.JoinHostPort(host, "0"), false, nil)
	}
	return err
}

// build imports the sample, scores it twice and prints what came out.
func (c demoCmd) build(a *app, path string, cat *catalog.Catalog, start time.Time) (err error) {
	p, err := store.Create(path, "", samples.Name().Zh+" "+samples.Name().En)
	if err != nil {
		return err
	}
	defer func() {
		if e := p.Close(); err == nil {
			err = e
		}
	}()
	services := catalogs.Services()
	for _, l := range samples.Athens() {
		r, err := l.Open()
		if err != nil {
			return err
		}
		report, err := intake.Import(a.ctx, p, services, l.File, r, l.Options, nil)
		if e := r.Close(); err == nil {
			err = e
		}
		if err != nil {
			return fmt.Errorf("%s: %w", l.File, err)
		}
		a.say("导入 %-26s %6d 行  %s", "import %-26s %6d rows  %s", l.File, report.Read, l.Title.In(a.Lang))
	}
	score := func(assume bool) (*coverage.Run, error) {
		return coverage.ScoreProject(a.ctx, p, cat, services, coverage.Params{AcceptParent: true, AssumeComplete: assume}, coverage.Options{Threads: c.Threads})
	}
	certain, err := score(false)
	if err != nil {
		return err
	}
	a.say("评估（数据原样）%s", "scored as it is: run %s", certain.Hash[:12])
	assumed, err := score(true)
	if err != nil {
		return err
	}
	a.say("评估（假定数据完整）%s，共用时 %.2f 秒", "scored assuming complete data: run %s, %.2f s in all", assumed.Hash[:12], time.Since(start).Seconds())
	if a.JSON {
		type totals struct {
			Run string `json:"run"`
			coverage.Counts
		}
		return a.print(map[string]any{"project": path, "neighborhoods": neighborhoodScores(assumed),
			"certain": totals{certain.Hash, certain.Counts}, "assumed_complete": totals{assumed.Hash, assumed.Counts}})
	}
	fmt.Fprintf(a.stdout, a.in("\n%s：OpenStreetMap 不是普查，下表假定数据完整（--assume-complete）；“确定”一列是不作此假定时的得分区间\n\n",
		"\n%s: OpenStreetMap is no survey. This table assumes complete data (--assume-complete); column “certain” is the interval without that assumption\n\n"), samples.Name().In(a.Lang))
	if err := a.printRun(assumed, certain); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, a.in("\n不作假定时：达标 %d，未达标 %d，未检出 %d，未评估 %d\n", "\nwithout the assumption: met %d, unmet %d, not detected %d, not assessed %d\n"),
		certain.Counts.Met, certain.Counts.Unmet, certain.Counts.NotDetected, certain.Counts.NotAssessed)
	a.printOpen(certain)
	fmt.Fprintln(a.stdout, a.in("\n最大的盲区（假定数据完整）", "\nlargest gaps (assuming complete data)"))
	if err := a.printGaps(assumed, largest(assumed, "", 10)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, a.in("\n项目文件 %s\n%s\n", "\nproject file %s\n%s\n"), path, samples.Attribution)
	return err
}

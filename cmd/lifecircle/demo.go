package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"syscall"
	"time"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/coverage/intake"
	"lifecircle/data/catalogs"
	"lifecircle/data/format/reports"
	"lifecircle/data/samples"
)

type demoCmd struct {
	NoServe bool   `help:"Stop after saving. 不启动服务"`
	Addr    string `default:"127.0.0.1:8080" help:"Address to serve on; another port if it is taken (${default}). 地址"`
	Project string `placeholder:"FILE" help:"Project file to make (default: in a new temporary folder). 项目文件"`
	Catalog string `default:"chongqing-15min" help:"Catalog to score by (${default}). 服务目录"`
	Report  string `placeholder:"DIR" help:"Write the reports of the run that assumes complete data into a folder, without PDF. 评估报告"`
	Threads int    `help:"Threads (default: one per processor). 线程数"`
}

func (demoCmd) Help() string {
	return `Imports real layers of southern Athens (OpenStreetMap, ODbL) into a new project, scores them as they are and once more assuming complete data, prints scores and gaps, and serves the map until Ctrl+C.

    lifecircle demo
    lifecircle demo --no-serve --project athens.gpkg
    lifecircle demo --no-serve --report 报告`
}

func (c demoCmd) Run(a *app) error {
	if c.Threads < 0 {
		return notNegative("--threads")
	}
	cat, _, err := usableCatalog(c.Catalog)
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
	doc, err := c.build(a, path, cat, start)
	if err != nil {
		if c.Project == "" {
			os.RemoveAll(filepath.Dir(path)) // nobody was told of it
		}
		return err
	}
	if c.NoServe {
		if a.JSON {
			return a.print(doc)
		}
		return nil
	}
	ready := func(address string) {
		if a.JSON { // one document: it waits for the address
			doc.Address, doc.Map = "http://"+address, "http://"+address+"/map"
			_ = a.print(doc)
		} else {
			a.printAddress(address)
		}
	}
	err = a.serve(path, c.Addr, false, ready)
	if errors.Is(err, syscall.EADDRINUSE) {
		host, _, e := net.SplitHostPort(c.Addr)
		if e != nil {
			return err
		}
		a.say("%s 已被占用，改用其他端口", "%s is taken: another port", c.Addr)
		err = a.serve(path, net.JoinHostPort(host, "0"), false, ready)
	}
	return err
}

// demoDoc is the document of demo --json.
type demoDoc struct {
	Project         string              `json:"project"`
	Neighborhoods   []neighborhoodScore `json:"neighborhoods"` // of the run that assumes complete data
	Report          string              `json:"report,omitempty"`
	Certain         runTotals           `json:"certain"`
	AssumedComplete runTotals           `json:"assumed_complete"`
	Address         string              `json:"address,omitempty"`
	Map             string              `json:"map,omitempty"`
}

type runTotals struct {
	Run string `json:"run"`
	coverage.Counts
}

// build imports the sample, scores it twice and prints what came out, unless JSON is asked for.
func (c demoCmd) build(a *app, path string, cat *catalog.Catalog, start time.Time) (doc demoDoc, err error) {
	if os.Getenv("GOGC") == "" { // the sample's size is known: rarer collections, 150 MB at most, a third of the time
		defer debug.SetGCPercent(debug.SetGCPercent(400))
	}
	p, err := createProject(path, samples.Name().Zh+" "+samples.Name().En)
	if err != nil {
		return doc, err
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
			return doc, err
		}
		report, err := intake.Import(a.ctx, p, services, l.File, r, l.Options, nil)
		if e := r.Close(); err == nil {
			err = e
		}
		if err != nil {
			return doc, fmt.Errorf("%s: %w", l.File, err)
		}
		a.say("导入 %-26s %6d 行  %s", "import %-26s %6d rows  %s", l.File, report.Read, l.Title.In(a.Lang))
	}
	score := func(assume bool) (*coverage.Run, error) {
		return coverage.ScoreProject(a.ctx, p, cat, services, coverage.Params{AcceptParent: true, AssumeComplete: assume}, coverage.Options{Threads: c.Threads})
	}
	certain, err := score(false)
	if err != nil {
		return doc, err
	}
	a.say("评估（数据原样）%s", "scored as it is: run %s", certain.Hash[:12])
	assumed, err := score(true)
	if err != nil {
		return doc, err
	}
	a.say("评估（假定数据完整）%s，共用时 %.2f 秒", "scored assuming complete data: run %s, %.2f s in all", assumed.Hash[:12], time.Since(start).Seconds())
	doc = demoDoc{Project: path, Neighborhoods: neighborhoodScores(assumed), Certain: runTotals{certain.Hash, certain.Counts}, AssumedComplete: runTotals{assumed.Hash, assumed.Counts}}
	if c.Report != "" {
		doc.Report = c.Report
		if _, err := a.writeReports(p, assumed, c.Report, reportOptions{against: certain.Hash}, demoReports(c.Threads)); err != nil {
			return doc, err
		}
		a.say("评估报告 %s", "reports %s", filepath.Join(c.Report, "index.html"))
	}
	if a.JSON {
		return doc, nil
	}
	fmt.Fprintf(a.stdout, a.in("\n%s：OpenStreetMap 不是普查，下表假定数据完整（--assume-complete）；“确定”一列是不作此假定时的得分区间\n\n",
		"\n%s: OpenStreetMap is no survey. This table assumes complete data (--assume-complete);\ncolumn “certain” is the interval without that assumption\n\n"), samples.Name().In(a.Lang))
	if err := a.printRun(assumed, certain); err != nil {
		return doc, err
	}
	fmt.Fprintf(a.stdout, a.in("\n不作假定时：达标 %d，未达标 %d，未检出 %d，未评估 %d\n", "\nwithout the assumption: met %d, unmet %d, not detected %d, not assessed %d\n"),
		certain.Counts.Met, certain.Counts.Unmet, certain.Counts.NotDetected, certain.Counts.NotAssessed)
	a.printOpen(certain)
	fmt.Fprintln(a.stdout, a.in("\n最大的盲区，每项要求一处（假定数据完整）", "\nlargest gaps, one per requirement (assuming complete data)"))
	if err := a.printGaps(assumed, onePerRequirement(assumed, largest(assumed, "", 0))); err != nil {
		return doc, err
	}
	_, err = fmt.Fprintf(a.stdout, a.in("\n项目文件 %s\n%s\n", "\nproject file %s\n%s\n"), path, samples.Attribution)
	return doc, err
}

// demoReports are all formats but PDF, which takes longer than all the rest.
func demoReports(threads int) reports.Spec {
	return reports.Spec{Formats: slices.DeleteFunc(reports.Formats(), func(f string) bool { return f == "pdf" }), Languages: reports.Languages, Threads: threads}
}

// onePerRequirement keeps the first gap of each requirement: people who lack one thing often lack the others too, and the
// same place ten times over says less.
func onePerRequirement(r *coverage.Run, gaps []*coverage.Gap) []*coverage.Gap {
	seen := map[int]bool{}
	var out []*coverage.Gap
	for _, g := range gaps {
		if !seen[g.Requirement] && !r.Requirements[g.Requirement].Variant {
			seen[g.Requirement] = true
			out = append(out, g)
		}
	}
	return out
}

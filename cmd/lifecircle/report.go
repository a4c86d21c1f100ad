package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"lifecircle/coverage"
	"lifecircle/coverage/ledger"
	"lifecircle/coverage/report"
	"lifecircle/data/format/pdf"
	"lifecircle/data/format/reports"
	"lifecircle/data/store"
)

type reportCmd struct {
	Project   string   `arg:"" help:"Project file. 项目文件"`
	Out       string   `required:"" short:"o" placeholder:"DIR" help:"Folder to write into. 输出文件夹"`
	Run_      string   `name:"run" placeholder:"HASH" help:"Run, by its hash or a prefix (default: the latest). 评估"`
	Against   string   `placeholder:"HASH" help:"Earlier run to hold it against: what changed, for whom, because of what. 对比的评估"`
	Format    []string `sep:"," placeholder:"F,…" help:"Formats (default: all): documents html, xlsx, docx, pdf; summary json; result tables csv, geojson, gpkg. 格式"`
	Languages []string `sep:"," default:"zh,en" placeholder:"L,…" help:"Languages of the documents (${default}). 文档语言"`
	Levels    []string `sep:"," placeholder:"L,…" help:"What is reported on: city, and levels of parents such as district, street (default: all). 报告层级"`
	Date      string   `placeholder:"DATE" help:"Date on the cover; without it none is said. 封面日期"`
	PDF       string   `enum:"auto,chromium,builtin" default:"builtin" placeholder:"HOW" help:"How PDF is made: builtin in the embedded font, the same bytes everywhere; chromium prints the HTML page; auto: chromium where there is one. PDF 生成方式"`
	Threads   int      `placeholder:"N" help:"Threads (default: one per processor). 线程数"`
}

func (reportCmd) Help() string {
	return `Writes what is handed in about the city, each district and each street: maps, tables, gaps, sources, in Chinese and English. index.html lists what there is. The same run with the same ledger gives the same files.

    lifecircle report city.gpkg --out 报告
    lifecircle report city.gpkg --out 报告 --against 1ce8d4ff
    lifecircle report city.gpkg --out 报告 --format html,xlsx --levels city,district --languages zh`
}

func (c reportCmd) Run(a *app) error {
	spec, err := c.spec()
	if err != nil {
		return err
	}
	if stat, err := os.Stat(c.Project); err == nil && stat.Size() > largeProject && os.Getenv("GOGC") == "" { // the gaps of a large city lie in memory: garbage is to stay little beside them
		defer debug.SetGCPercent(debug.SetGCPercent(25))
	}
	return a.open(c.Project, store.ReadOnly, func(p *store.Project) error {
		run, err := a.run(p, c.Run_)
		if err != nil {
			return err
		}
		if err := a.draw(c.Project, p, run); err != nil {
			return err
		}
		start := time.Now()
		index, err := a.writeReports(p, run, c.Out, reportOptions{date: c.Date, against: c.Against}, spec)
		if err != nil {
			return err
		}
		a.say("用时 %.2f 秒", "took %.2f s", time.Since(start).Seconds())
		if a.JSON {
			return a.print(index)
		}
		bytes := int64(0)
		for _, f := range index.Files {
			bytes += f.Bytes
		}
		_, err = fmt.Fprintf(a.stdout, a.in("已写出 %d 个文件，%.1f MB：%s/index.html\n", "wrote %d files, %.1f MB: %s/index.html\n"), len(index.Files), float64(bytes)/1e6, strings.TrimRight(c.Out, "/\\"))
		return err
	})
}

// spec checks what is asked for.
func (c reportCmd) spec() (reports.Spec, error) {
	spec := reports.Spec{Formats: c.Format, Languages: c.Languages, Levels: c.Levels, Threads: c.Threads}
	if len(spec.Formats) == 0 {
		spec.Formats = reports.Formats()
	}
	if c.Threads < 0 {
		return spec, notNegative("--threads")
	}
	if c.Date != "" {
		if _, err := time.Parse(time.DateOnly, c.Date); err != nil {
			return spec, &coverage.Error{Code: coverage.Invalid, Field: "--date", Text: coverage.Text{Zh: "应写作 2026-01-31", En: "should read like 2026-01-31"}}
		}
	}
	if c.PDF != "builtin" && slices.Contains(spec.Formats, "pdf") {
		if spec.Chromium = pdf.Chromium(); spec.Chromium == "" && c.PDF == "chromium" {
			return spec, &coverage.Error{Code: coverage.Invalid, Field: "--pdf", Text: coverage.Text{Zh: "没有找到 Chromium", En: "there is no Chromium on the path"},
				Hint: coverage.Text{Zh: "请安装，或用 --pdf builtin", En: "install one, or use --pdf builtin"}}
		}
	}
	return spec, spec.Check()
}

// largeProject is how many bytes make a project file that of a large city for its reports.
const largeProject = 64 << 20

// reportOptions are what a report holds beside its run.
type reportOptions struct {
	date    string
	against string // hash of a run, or its prefix; "": none
}

// writeReports writes the reports of a run that is drawn.
func (a *app) writeReports(p *store.Project, run *coverage.Run, dir string, o reportOptions, spec reports.Spec) (*reports.Index, error) {
	src, err := reportSource(a.ctx, p, run, o.date)
	if err != nil {
		return nil, err
	}
	if o.against != "" {
		base, err := p.Run(a.ctx, o.against)
		if err != nil {
			return nil, err
		}
		progress, done := a.progress("对比", "compare")
		err = src.AddTrend(a.ctx, p, base, coverage.Options{Threads: spec.Threads, Progress: progress})
		done()
		if err != nil {
			return nil, err
		}
	}
	progress, done := a.progress("写报告", "report")
	defer done()
	return reports.Write(a.ctx, src, dir, spec, progress)
}

// reportSource reads what reports of a run need, with the ledger of its project.
func reportSource(ctx context.Context, p coverage.Store, run *coverage.Run, date string) (*report.Source, error) {
	src, err := report.Load(ctx, p, run)
	if err != nil {
		return nil, err
	}
	src.Date = date
	if l, ok := p.(ledger.Store); ok {
		err = src.AddLedger(ctx, l)
	}
	return src, err
}

package main

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/data/catalogs"
	"lifecircle/data/store"
)

type scoreCmd struct {
	Project        string   `arg:"" help:"Project file. 项目文件"`
	Catalog        string   `default:"chongqing-15min" placeholder:"ID|FILE" help:"Id of a shipped catalog, or a file (default: ${default}). 服务目录"`
	Basis          string   `hidden:"" default:"radius" help:"How distance is read (${default}). 口径"`
	Denominator    string   `placeholder:"D" help:"What a share is a share of, where the catalog does not say: land, population, population:60+, households, buildings. 分母"`
	AssumeComplete bool     `help:"Take every layer as complete: what it does not hold is not there. 假定数据完整"`
	AcceptParent   bool     `help:"Where only a parent service has a layer, let its facilities stand in. 接受上级服务"`
	AsOf           string   `placeholder:"DATE" help:"Judge by opening and closing dates on that day. 截止日期"`
	Year           int      `placeholder:"Y" help:"Take the targets of that year as pass lines. 目标年份"`
	Gaps           string   `enum:"auto,now,later" default:"auto" placeholder:"WHEN" help:"When to draw gaps and service areas, and to fill the map tables of the file: now, later (when first asked for), or auto: now unless the city is large. 何时绘制盲区与服务范围"`
	Threads        int      `placeholder:"N" help:"Threads (default: one per processor); no byte of the result hangs on it. 线程数"`
	FailUnder      *float64 `placeholder:"POINTS" help:"Exit with 4 if any neighborhood scores less, or has no score. 不低于"`
}

func (scoreCmd) Help() string {
	return `Needs neighborhoods, facilities, and what the shares are shares of: residential land, or demand with --denominator population. The same inputs give the same run again.

    lifecircle score city.gpkg
    lifecircle score city.gpkg --catalog my-city.yaml --denominator population
    lifecircle score city.gpkg --assume-complete --fail-under 60

A layer is complete where its import said --complete; elsewhere "not detected" is not "unmet". 未声明普查完整之处，“未检出”不等于“未达标”。`
}

// drawings are the values of --gaps.
var drawings = map[string]coverage.Drawing{"auto": coverage.DrawAuto, "now": coverage.DrawNow, "later": coverage.DrawLater}

// check refuses numbers that make no sense before anything is read.
func (c scoreCmd) check() error {
	switch {
	case c.Threads < 0:
		return notNegative("--threads")
	case c.Year != 0 && (c.Year < 1900 || c.Year > 9999):
		return &coverage.Error{Code: coverage.Invalid, Field: "--year", Text: coverage.Text{Zh: "应为年份，如 2027", En: "should be a year such as 2027"}}
	case c.FailUnder != nil && !(*c.FailUnder >= 0 && *c.FailUnder <= 100):
		return &coverage.Error{Code: coverage.Invalid, Field: "--fail-under", Text: coverage.Text{Zh: "应在 0 与 100 之间", En: "should lie between 0 and 100"}}
	}
	return nil
}

func notNegative(option string) error {
	return &coverage.Error{Code: coverage.Invalid, Field: option, Text: coverage.Text{Zh: "不能为负", En: "cannot be negative"}}
}

func (c scoreCmd) Run(a *app) error {
	if err := c.check(); err != nil {
		return err
	}
	cat, findings, err := usableCatalog(c.Catalog)
	if err != nil {
		return err
	}
	for _, f := range findings {
		if f.Severity != catalog.SeverityInfo {
			a.say("%s:%d:%d %s", "%s:%d:%d %s", c.Catalog, f.Line, f.Column, f.Text.In(a.Lang))
		}
	}
	return a.open(c.Project, store.ReadWrite, func(p *store.Project) error {
		progress, done := a.progress("评估", "score")
		start := time.Now()
		run, err := coverage.ScoreProject(a.ctx, p, cat, catalogs.Services(), coverage.Params{Basis: c.Basis, Denominator: c.Denominator, AssumeComplete: c.AssumeComplete,
			AcceptParent: c.AcceptParent, AsOf: c.AsOf, Year: c.Year}, coverage.Options{Threads: c.Threads, Progress: progress, Draw: drawings[c.Gaps]})
		done()
		if err != nil {
			return err
		}
		if !run.Drawn && c.Gaps == "auto" {
			a.say("城市较大，盲区与服务范围留待需要时绘制（gaps、export、serve），或 --gaps now", "the city is large: gaps and service areas are drawn when first asked for (gaps, export, serve), or with --gaps now")
		}
		a.say("用时 %.2f 秒", "took %.2f s", time.Since(start).Seconds())
		if a.JSON {
			err = a.print(scoreJSON(run))
		} else {
			err = a.printRun(run, nil)
		}
		if err != nil {
			return err
		}
		return c.condition(run)
	})
}

// condition checks --fail-under.
func (c scoreCmd) condition(run *coverage.Run) error {
	if c.FailUnder == nil {
		return nil
	}
	low := 0
	for i, s := range run.Subjects {
		if s.Level != unitLevel {
			continue
		}
		if o := overall(run, i); !o.Known || float64(o.Score) < *c.FailUnder*coverage.ScoreScale {
			low++
		}
	}
	if low > 0 {
		return coverage.Errorf(coverage.Condition, "%[1]d 个评价单元低于 %[2]g 分或没有得分（--fail-under）", "%[1]d neighborhoods score under %[2]g, or have no score (--fail-under)", low, *c.FailUnder)
	}
	return nil
}

const unitLevel = "unit"

func overall(r *coverage.Run, subject int) coverage.Score {
	s := r.SubjectScores(subject)
	return s[len(s)-1]
}

// neighborhoodScore is a neighborhood in the JSON of score and demo.
type neighborhoodScore struct {
	ID           string           `json:"id"`
	Name         string           `json:"name"`
	Score        coverage.Decimal `json:"score"`
	ScoreMax     coverage.Decimal `json:"score_max"`
	Grade        *string          `json:"grade"`
	Completeness coverage.Decimal `json:"completeness"`
}

func neighborhoodScores(r *coverage.Run) []neighborhoodScore {
	out := []neighborhoodScore{}
	for i, s := range r.Subjects {
		if s.Level != unitLevel {
			continue
		}
		o := overall(r, i)
		n := neighborhoodScore{ID: s.ID, Name: s.Name, Score: decimal(o.Known, o.Score, 9), ScoreMax: decimal(o.Known, o.Max, 9), Completeness: decimal(true, o.Completeness, 6)}
		if o.Grade != "" {
			n.Grade = &o.Grade
		}
		out = append(out, n)
	}
	return out
}

func decimal(known bool, n int64, places int) coverage.Decimal {
	return coverage.Decimal{Value: coverage.Value{Int: n, Null: !known}, Places: places}
}

// scoreJSON is the document of score --json.
func scoreJSON(r *coverage.Run) any {
	return struct {
		coverage.RunInfo
		Version       string              `json:"algorithm"`
		CatalogHash   string              `json:"catalog_hash"`
		Inputs        []coverage.InputRef `json:"inputs"`
		Drawn         bool                `json:"drawn"`
		Neighborhoods []neighborhoodScore `json:"neighborhoods"`
	}{r.RunInfo, r.Version, r.CatalogHash, r.Inputs, r.Drawn, neighborhoodScores(r)}
}

// printRun prints the table of neighborhoods, and what must be said of it. Beside a run that assumes complete data, certain is
// the one that does not.
func (a *app) printRun(r, certain *coverage.Run) error {
	n := len(r.Requirements)
	t := grid{head: []string{a.in("评价单元", "neighborhood"), a.in("得分", "score"), a.in("最高", "score_max"), a.in("等级", "grade"), a.in("完整度", "completeness"), a.in("差距最大的要求（覆盖率）", "worst requirements (share)")},
		fit: a.width(), right: map[int]bool{1: true, 2: true, 4: true}}
	if certain != nil {
		t.head = append(t.head[:5:5], a.in("确定", "certain"), t.head[5])
		t.right[5] = true
	}
	for i, s := range r.Subjects {
		if s.Level != unitLevel {
			continue
		}
		o := overall(r, i)
		type miss struct {
			k     int
			share float64
		}
		var worst []miss
		for k := range n {
			c := &r.Cells[i*n+k]
			if c.Verdict == coverage.NotAssessed || c.Verdict == coverage.Met || r.Requirements[k].Variant {
				continue
			}
			worst = append(worst, miss{k, float64(c.Covered) / float64(c.Total)})
		}
		sort.SliceStable(worst, func(x, y int) bool { return worst[x].share < worst[y].share })
		var words []string
		for _, m := range worst[:min(3, len(worst))] {
			words = append(words, fmt.Sprintf("%s %.0f%%", r.Requirements[m.k].ID, 100*m.share))
		}
		grade := o.Grade
		if grade == "" {
			grade = "–"
		}
		name := s.Name
		if name == "" {
			name = s.ID
		}
		row := []string{name, points(o.Known, o.Score), points(o.Known, o.Max), grade, fmt.Sprintf("%.0f%%", float64(o.Completeness)/1e4), strings.Join(words, fitMark)}
		if certain != nil {
			co := overall(certain, i)
			row = append(row[:5:5], points(co.Known, co.Score)+"–"+points(co.Known, co.Max), row[5])
		}
		t.add(row...)
	}
	if err := t.print(a.stdout); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, a.in("\n目录 %s\n口径 %s  默认分母 %s  评估 %s\n", "\ncatalog %s\nbasis %s  default denominator %s  run %s\n"), a.titleOf(r.Catalog.Title, r.Catalog.Provisional), a.basis(r.Params.Basis), defaultDenominator(r), r.Hash[:12])
	fmt.Fprintf(a.stdout, a.in("结论：达标 %d，未达标 %d，未检出 %d，未评估 %d\n", "verdicts: met %d, unmet %d, not detected %d, not assessed %d\n"), r.Counts.Met, r.Counts.Unmet, r.Counts.NotDetected, r.Counts.NotAssessed)
	for _, m := range r.Marks {
		fmt.Fprintf(a.stdout, "  ! %s\n", m.Text.In(a.Lang))
	}
	a.printOpen(r)
	return nil
}

func (a *app) basis(b string) string {
	return map[string]string{"radius": a.in("半径", "radius (straight line)")}[b]
}

func defaultDenominator(r *coverage.Run) string {
	if r.Params.Denominator != "" {
		return r.Params.Denominator
	}
	return r.Catalog.Denominator
}

func points(known bool, score int64) string {
	if !known {
		return "–"
	}
	return fmt.Sprintf("%.1f", float64(score)/coverage.ScoreScale)
}

// printOpen lists the requirements that could not be decided, why, and what to import.
func (a *app) printOpen(r *coverage.Run) {
	n := len(r.Requirements)
	var lacking []string // services that a surveyed layer would decide
	for k := range r.Requirements {
		for _, verdict := range []coverage.Verdict{coverage.NotDetected, coverage.NotAssessed} {
			open, causes := 0, map[string]bool{}
			for i, s := range r.Subjects {
				if c := &r.Cells[i*n+k]; s.Level == unitLevel && c.Verdict == verdict {
					open++
					first, _, _ := strings.Cut(c.Cause, ";")
					causes[first] = true
				}
			}
			if open == 0 {
				continue
			}
			var texts []string
			for _, cause := range slices.Sorted(maps.Keys(causes)) {
				for _, t := range coverage.CauseTexts(cause, r.Services()) {
					texts = append(texts, t.In(a.Lang))
				}
				switch code, _, _ := strings.Cut(cause, ":"); code {
				case "no_layer", "parent_only", "not_surveyed", "missing":
					lacking = append(lacking, strings.Split(r.Requirements[k].Service, "|")...)
				}
			}
			noun := "neighborhoods"
			if open == 1 {
				noun = "neighborhood"
			}
			fmt.Fprintf(a.stdout, a.in("  ? %s %s（%d 个单元）：%[5]s\n", "  ? %s %s (%d %s): %s\n"), r.Requirements[k].ID, verdictWord(a, verdict), open, noun, strings.Join(texts, "; "))
		}
	}
	if len(lacking) > 0 {
		slices.Sort(lacking)
		fmt.Fprintf(a.stdout, a.in("  → 请导入普查完整的图层：lifecircle import 项目 文件 --as facilities --service 服务 --complete\n    服务：%s\n",
			"  → to decide them, import complete layers: lifecircle import PROJECT FILE --as facilities --service SERVICE --complete\n    services: %s\n"),
			strings.Join(slices.Compact(lacking), ", "))
	}
}

func verdictWord(a *app, v coverage.Verdict) string {
	return a.in(v.Zh(), strings.ReplaceAll(v.String(), "_", " "))
}

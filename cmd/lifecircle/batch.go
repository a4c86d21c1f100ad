package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"lifecircle/coverage"
	"lifecircle/coverage/batch"
	"lifecircle/coverage/catalog"
)

type batchCmd struct {
	Run   batchRunCmd   `cmd:"" default:"withargs" help:"Score the areas of a plan. 运行计划"`
	Merge batchMergeCmd `cmd:"" help:"Put the shards of a plan together. 合并分片"`
}

type batchRunCmd struct {
	Plan    string `arg:"" help:"Plan file (YAML). 计划文件"`
	Out     string `placeholder:"DIR" help:"Folder of results (default: outputs.dir of the plan, beside the plan; with --shard DIR.shards/I-of-N). 输出文件夹"`
	DryRun  bool   `help:"Check the plan and say what would be done; nothing is written. 只检查并列出"`
	Shard   string `placeholder:"I/N" help:"Part I of N of the areas, counted from 1. 分片"`
	Threads int    `placeholder:"N" help:"Threads (default: one per processor); no byte of the result hangs on it. 线程数"`
	Memory  int64  `placeholder:"MIB" help:"Areas run side by side as long as they probably need no more (default 1024). 内存上限"`
}

type batchMergeCmd struct {
	Plan   string   `arg:"" help:"Plan file (YAML). 计划文件"`
	Shards []string `arg:"" name:"shard-dir" help:"Folders of results of all shards, in any order. 各分片的输出文件夹"`
	Out    string   `placeholder:"DIR" help:"Folder of results (default: outputs.dir of the plan). 输出文件夹"`
}

func (batchCmd) Help() string {
	return `A plan lists areas (projects, lists of layers, or a project that is cut by a level of parents), catalogs and outputs. It is checked as a whole before anything runs. Inputs are never written to. Whatever goes wrong with an area stops no other: its row says why, and the exit code is 4. Killed and started again, a batch goes on and ends in the same bytes. 中断后重新运行即继续，结果逐字节相同。

    areas:
      - cut: {project: chongqing.gpkg, by: district}

    lifecircle batch plan.yaml --dry-run
    lifecircle batch plan.yaml --out results
    lifecircle batch plan.yaml --shard 2/5
    lifecircle batch merge plan.yaml results.shards/* --out results

The plan, Slurm and Kubernetes: coverage/batch/README.md. Exit code 3: the plan is refused, nothing was written. 退出码 3：计划有误，未写入任何内容。`
}

// parseShard reads I/N.
func parseShard(s string) (batch.Shard, error) {
	if s == "" {
		return batch.Shard{}, nil
	}
	left, right, ok := strings.Cut(s, "/")
	i, err1 := strconv.Atoi(left)
	n, err2 := strconv.Atoi(right)
	if !ok || err1 != nil || err2 != nil || n < 1 || i < 1 || i > n || n > batch.MaxShards {
		return batch.Shard{}, &coverage.Error{Code: coverage.Invalid, Field: "--shard", Text: coverage.Text{Zh: fmt.Sprintf("“%s”应写作 2/5：五份中的第二份，从 1 数起", s), En: fmt.Sprintf("%q should read like 2/5: the second of five parts, counted from 1", s)}}
	}
	return batch.Shard{I: i, N: n}, nil
}

// checkPlan checks a plan and prints what is found; a plan with errors is refused.
func (a *app) checkPlan(path, out string, outputsOf func(dir string) string) (*batch.Batch, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	dir, file := filepath.Dir(path), filepath.Base(path)
	if out == "" && outputsOf != nil {
		if p, _, err := batch.ParsePlan(src, file, dir); err == nil {
			out = outputsOf(p.Outputs.Dir)
			if !filepath.IsAbs(out) {
				out = filepath.Join(dir, out)
			}
		}
	}
	b, findings, err := batch.Check(a.ctx, src, file, dir, out, &outside{a})
	var broken *catalog.Error
	if err != nil && !errors.As(err, &broken) {
		return nil, err
	}
	bad := 0
	for _, f := range findings {
		if f.Severity == catalog.SeverityError {
			bad++
		}
		if bad > 0 || f.Severity != catalog.SeverityInfo {
			w := a.stderr
			if broken != nil && !a.JSON {
				w = a.stdout
			}
			if broken != nil || !a.Quiet {
				fmt.Fprint(w, inert(findingLine(a, file, f)+"\n"))
			}
		}
	}
	if broken == nil {
		return b, nil
	}
	e := coverage.Errorf(coverage.Refused, "计划有错（%[1]d 处），未运行", "the plan is refused (errors: %[1]d), nothing was run", bad)
	e.File = file
	if !a.JSON {
		return nil, e
	}
	if err := a.print(map[string]any{"plan": path, "findings": findings, "error": errorJSON(e)}); err != nil {
		return nil, err
	}
	fmt.Fprintln(a.stderr, "lifecircle:", inert(a.words(e)))
	return nil, said{e}
}

// findingLine is a finding as compilers print theirs.
func findingLine(a *app, file string, f catalog.Finding) string {
	hint := f.Hint.In(a.Lang)
	if hint != "" {
		hint = "; " + hint
	}
	return fmt.Sprintf("%s:%d:%d: %s %s: %s%s", file, f.Line, f.Column, f.Severity, f.Code, f.Text.In(a.Lang), hint)
}

func (c batchRunCmd) Run(a *app) error {
	shard, err := parseShard(c.Shard)
	switch {
	case err != nil:
		return err
	case c.Threads < 0:
		return notNegative("--threads")
	case c.Memory < 0:
		return notNegative("--memory")
	}
	var outputsOf func(string) string
	if shard.N > 0 {
		outputsOf = func(dir string) string {
			return filepath.Join(dir+".shards", fmt.Sprintf("%d-of-%d", shard.I, shard.N))
		}
	}
	b, err := a.checkPlan(c.Plan, c.Out, outputsOf)
	if err != nil {
		return err
	}
	if c.DryRun {
		return a.printStandings(b, shard)
	}
	s, err := b.Run(a.ctx, batch.Options{Threads: c.Threads, MemoryMB: c.Memory, Shard: shard, Tell: a.tellArea})
	if err != nil {
		return err
	}
	return a.printBatch(b, s, shard)
}

func (c batchMergeCmd) Run(a *app) error {
	b, err := a.checkPlan(c.Plan, c.Out, nil)
	if err != nil {
		return err
	}
	s, err := b.Merge(a.ctx, c.Shards)
	if err != nil {
		return err
	}
	return a.printBatch(b, s, batch.Shard{})
}

// tellArea tells of an area that is finished, one line each: a batch runs overnight, and its log is read in the morning.
func (a *app) tellArea(e batch.Event) {
	name := e.Area.ID
	if e.Area.Name.In(a.Lang) != name {
		name += " " + e.Area.Name.In(a.Lang)
	}
	if e.Kept {
		a.say("%s：已有结果，未变", "%s: finished before, unchanged", name)
		return
	}
	left := ""
	if e.Job.Known && e.Job.Done < e.Job.Parts {
		left = fmt.Sprintf(a.in("，约剩 %s", ", about %s left"), e.Job.Left.Round(time.Second))
	}
	state := stateWord(a, e.Result.State)
	why := ""
	switch {
	case e.Result.Error != nil:
		why = a.in("："+e.Result.Error.TextZh, ": "+e.Result.Error.Text)
	case len(e.Result.Problems) > 0:
		why = a.in("："+e.Result.Problems[0].TextZh, ": "+e.Result.Problems[0].Text)
	case len(e.Result.Refused) > 0:
		why = fmt.Sprintf(a.in("：%d 个评价单元被拒绝", ": %d neighborhoods refused"), len(e.Result.Refused))
	}
	a.say("[%d/%d] %s %s，%.1f 秒%s%s", "[%d/%d] %s %s, %.1f s%s%s", e.Job.Done, e.Job.Parts, name, state, e.Took.Seconds(), left, why)
}

func stateWord(a *app, state string) string {
	return map[string]string{batch.StateDone: a.in("完成", "done"), batch.StatePartial: a.in("部分完成", "partial"), batch.StateFailed: a.in("失败", "failed")}[state]
}

// standingJSON is an area in the document of batch --dry-run.
type standingJSON struct {
	ID            string        `json:"id"`
	Name          coverage.Text `json:"name"`
	Source        string        `json:"source"`
	Neighborhoods *int          `json:"neighborhoods"`
	Runs          []string      `json:"runs"`
	Mine          bool          `json:"mine"`
	Todo          bool          `json:"todo"`
	Why           string        `json:"why"`
}

// printStandings says what a batch would do.
func (a *app) printStandings(b *batch.Batch, shard batch.Shard) error {
	standings, err := b.Standings(a.ctx, shard)
	if err != nil {
		return err
	}
	why := map[string]string{"new": a.in("待评估", "to do"), "changed": a.in("输入已变，重做", "changed, to do again"), "damaged": a.in("结果不完整，重做", "damaged, to do again"), "failed": a.in("上次失败，重做", "failed before, to do again")}
	t := grid{head: []string{a.in("区域", "area"), a.in("名称", "name"), a.in("来源", "source"), a.in("单元", "neighborhoods"), a.in("评估", "runs"), a.in("状态", "state")}, right: map[int]bool{3: true}}
	areas, todo := []standingJSON{}, 0
	for _, s := range standings {
		row := standingJSON{ID: s.Area.ID, Name: s.Area.Name, Source: s.Area.Source, Runs: []string{}, Mine: s.Mine, Todo: s.Mine && !s.Done, Why: s.Why}
		units := "–"
		if n := s.Area.Neighborhoods; n >= 0 {
			row.Neighborhoods = &n
			units = strconv.Itoa(n)
		}
		for _, w := range s.Area.Ways {
			row.Runs = append(row.Runs, w.ID)
		}
		state := why[s.Why]
		switch {
		case !s.Mine:
			state = a.in("属于其他分片", "of another shard")
		case s.Done:
			state = a.in("已完成", "finished")
		default:
			todo++
		}
		areas = append(areas, row)
		t.add(row.ID, row.Name.In(a.Lang), row.Source, units, strings.Join(row.Runs, "\n"), state)
	}
	if a.JSON {
		o := b.Plan.Outputs
		left := b.LeftOut
		if left == nil {
			left = []batch.LeftOut{}
		}
		return a.print(map[string]any{"out": b.Out, "batch": b.Hash, "areas": areas, "left_out": left, "tables": o.Tables, "formats": o.Formats})
	}
	if err := t.print(a.stdout); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, a.in("\n共 %d 个区域，待评估 %d 个 → %s\n", "\n%d areas, %d to do → %s\n"), len(standings), todo, b.Out)
	return err
}

// printBatch says what a batch came to. An area that is not done as planned is an unmet condition.
func (a *app) printBatch(b *batch.Batch, s *batch.Summary, shard batch.Shard) error {
	t := grid{head: []string{a.in("区域", "area"), a.in("名称", "name"), a.in("状态", "state"), a.in("评估", "run"), a.in("单元", "neighborhoods"), a.in("达标", "met"), a.in("未达标", "unmet"), a.in("未检出", "not detected"),
		a.in("未评估", "not assessed")}, right: map[int]bool{4: true, 5: true, 6: true, 7: true, 8: true}}
	bad := 0
	for _, r := range s.Results {
		if r.State != batch.StateDone {
			bad++
		}
		for _, run := range r.Runs {
			t.add(r.ID, r.Name.In(a.Lang), stateWord(a, r.State), run.ID, strconv.Itoa(r.Neighborhoods), strconv.Itoa(run.Counts.Met), strconv.Itoa(run.Counts.Unmet), strconv.Itoa(run.Counts.NotDetected), strconv.Itoa(run.Counts.NotAssessed))
		}
		if len(r.Runs) == 0 {
			t.add(r.ID, r.Name.In(a.Lang), stateWord(a, r.State), "–", "–", "–", "–", "–", "–")
		}
	}
	var err error
	if a.JSON {
		doc := struct {
			Out   string `json:"out"`
			Shard string `json:"shard,omitempty"`
			Kept  int    `json:"kept"`
			*batch.Document
		}{b.Out, "", s.Kept, b.Document(s.Results)}
		if shard.N > 0 {
			doc.Shard = fmt.Sprintf("%d/%d", shard.I, shard.N)
		}
		err = a.print(doc)
	} else if err = t.print(a.stdout); err == nil {
		_, err = fmt.Fprintf(a.stdout, a.in("\n%d 个区域（其中 %d 个早已完成）→ %s\n", "\n%d areas (%d finished before) → %s\n"), len(s.Results), s.Kept, b.Out)
	}
	switch {
	case err != nil || !s.Failed():
		return err
	case bad == 0:
		return coverage.Errorf(coverage.Condition, "项目导入时拒绝了 %[1]d 个评价单元，不知属于哪个区域，见 refused.csv", "neighborhoods that imports refused, of areas that are not known: %[1]d, refused.csv lists them", s.Refused)
	}
	return coverage.Errorf(coverage.Condition, "未按计划完成的区域：%[1]d 个，原因见 batch.csv", "areas that are not done as planned: %[1]d, batch.csv says why", bad)
}

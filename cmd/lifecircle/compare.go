package main

import (
	"fmt"
	"slices"
	"strings"

	"lifecircle/coverage"
	"lifecircle/coverage/trend"
	"lifecircle/data/store"
)

type compareCmd struct {
	Project string `arg:"" help:"Project file. 项目文件"`
	Run_    string `name:"run" placeholder:"HASH" help:"Run, by its hash or a prefix (default: the latest). 评估"`
	Against string `placeholder:"HASH" help:"Run to hold it against (default: the earlier one by the same catalog, if it is the only one). 对比的评估"`
	Threads int    `placeholder:"N" help:"Threads (default: one per processor); no byte of the result hangs on it. 线程数"`
}

func (compareCmd) Help() string {
	return `What changed from one run to another, for how many people, and because of what. Every cause (a layer's content, where it is complete, the catalog, a parameter, the program's version) is applied alone to the older run, which is scored again with it; what single causes leave unexplained is shown as the remainder. Nothing is written.

    lifecircle compare city.gpkg --against 1ce8d4ff
    lifecircle compare city.gpkg --run 77ab01c2 --against 1ce8d4ff --json

People count once a requirement. 每项原因单独代入原评估重算；相互作用列为“余项”。人数按人·项计。`
}

func (c compareCmd) Run(a *app) error {
	if c.Threads < 0 {
		return notNegative("--threads")
	}
	return a.open(c.Project, store.ReadOnly, func(p *store.Project) error {
		run, err := p.Run(a.ctx, c.Run_)
		if err != nil {
			return err
		}
		against := c.Against
		if against == "" {
			runs, err := p.Runs(a.ctx)
			if err != nil {
				return err
			}
			before, err := trend.Previous(runs, run.RunInfo)
			if err != nil {
				return err
			}
			against = before.Hash
		}
		base, err := p.Run(a.ctx, against)
		if err != nil {
			return err
		}
		progress, done := a.progress("对比", "compare")
		t, err := trend.Compare(a.ctx, p, base, run, coverage.Options{Threads: c.Threads, Progress: progress})
		done()
		if err != nil {
			return err
		}
		if a.JSON {
			return a.print(t)
		}
		return a.printTrend(t)
	})
}

func (a *app) printTrend(t *trend.Trend) error {
	w := a.stdout
	for _, s := range []struct {
		name string
		side *trend.Side
	}{{a.in("原评估", "base"), &t.Base}, {a.in("现评估", "run "), &t.Run}} {
		n := s.side.Counts
		fmt.Fprintf(w, a.in("%s %s  %s  %s  %s：达标 %d，未达标 %d，未检出 %d，未评估 %d\n", "%s %.12s  %s  %s  %s: met %d, unmet %d, not detected %d, not assessed %d\n"),
			s.name, s.side.Hash[:min(12, len(s.side.Hash))], s.side.Created, s.side.Catalog, strings.Join(append([]string{a.basis(s.side.Params.Basis)}, a.paramWords(s.side.RunInfo)...), ", "),
			n.Met, n.Unmet, n.NotDetected, n.NotAssessed)
	}
	if t.Same() {
		_, err := fmt.Fprintln(w, a.in("两次评估的输入相同，没有变化", "both runs read the same inputs: nothing changed"))
		return err
	}
	for _, print := range []func(*trend.Trend) error{a.printCauses, a.printRequirementTrends, a.printSubjectTrends} {
		if err := print(t); err != nil {
			return err
		}
	}
	a.printUnmatched(t)
	a.printTrendNotes(t)
	return nil
}

// paramWords are the parameters of a run that are not the default.
func (a *app) paramWords(r coverage.RunInfo) []string {
	return a.runNotes(&coverage.RunInfo{Params: r.Params})
}

// printCauses prints what the changes are because of; the columns add up.
func (a *app) printCauses(t *trend.Trend) error {
	fmt.Fprintln(a.stdout, a.in("\n变化的原因（各自单独作用）", "\nbecause of (each alone)"))
	g := grid{head: []string{"", a.in("达标", "met"), a.in("未达标", "unmet"), a.in("未检出", "not detected"), a.in("未评估", "not assessed"), a.in("结论改变", "verdicts changed"),
		a.in("新覆盖（人·项）", "people gained"), a.in("失去", "lost"), a.in("净", "net"), a.in("原因", "cause")}, right: map[int]bool{}}
	for i := range 8 {
		g.right[i+1] = true
	}
	row := func(number string, s trend.Sums, words string) {
		g.add(number, signed(s.Verdicts.Met), signed(s.Verdicts.Unmet), signed(s.Verdicts.NotDetected), signed(s.Verdicts.NotAssessed), fmt.Sprint(s.Changed),
			peopleIf(t.Total.People > 0, s.Gained), peopleIf(t.Total.People > 0, s.Lost), gain(t.Total.People > 0, s.Net()), words)
	}
	for i := range t.Causes {
		c := &t.Causes[i]
		if c.Attributable {
			row(fmt.Sprint(i+1), c.Effect, c.Text.In(a.Lang))
		} else {
			g.add(fmt.Sprint(i+1), "?", "?", "?", "?", "?", "?", "?", "?", c.Text.In(a.Lang)+a.in("：无法归因，", ": not attributable, ")+c.Reason.In(a.Lang))
		}
	}
	row("", t.Total.Remainder, a.in("余项（原因之间的相互作用与无法归因的部分）", "remainder (interaction of causes, and what is not attributable)"))
	row("", t.Total.Change, a.in("合计", "all together"))
	if err := g.print(a.stdout); err != nil {
		return err
	}
	if t.Total.People > 0 {
		fmt.Fprintln(a.stdout, a.in("人·项：每人按要求各计一次", "people count once a requirement"))
	}
	for i := range t.Causes {
		if c := &t.Causes[i]; len(c.Fields) > 0 && c.Kind != trend.Survey {
			fields := slices.Clone(c.Fields[:min(len(c.Fields), 12)])
			if more := len(c.Fields) - len(fields); more > 0 {
				fields = append(fields, fmt.Sprintf(a.in("另 %d 项", "%d more"), more))
			}
			fmt.Fprintf(a.stdout, a.in("  %d 的不同之处：%s\n", "  %d differs in: %s\n"), i+1, strings.Join(fields, ", "))
		}
	}
	return nil
}

// printRequirementTrends prints the verdicts of each requirement before and after; those in which nothing changed are left out.
func (a *app) printRequirementTrends(t *trend.Trend) error {
	g := grid{head: []string{a.in("要求", "requirement"), a.in("变化", "what"), a.in("原来：达标/未达标/未检出/未评估", "before: met / unmet / not detected / not assessed"), a.in("现在", "after"), a.in("结论改变", "changed"),
		a.in("净增覆盖人数", "people, net"), a.in("因为", "because of")}, right: map[int]bool{4: true, 5: true}}
	same := 0
	for i := range t.Requirements {
		r := &t.Requirements[i]
		moved := r.What != "" || r.Change != (trend.Sums{})
		var because []string
		for _, e := range r.Effects {
			if e.Sums != (trend.Sums{}) {
				moved = true
				because = append(because, fmt.Sprintf("%d: %s", e.Cause+1, a.sumWords(e.Sums, r.People > 0)))
			}
		}
		if r.Remainder != (trend.Sums{}) {
			because = append(because, a.in("余项：", "remainder: ")+a.sumWords(r.Remainder, r.People > 0))
		}
		if !moved {
			same++
			continue
		}
		counts := func(n trend.CountsOf) string {
			if !n.Known {
				return "–"
			}
			return fmt.Sprintf("%d / %d / %d / %d", n.Met, n.Unmet, n.NotDetected, n.NotAssessed)
		}
		g.add(r.ID, a.becameOf(r), counts(r.Counts[0]), counts(r.Counts[1]), fmt.Sprint(r.Change.Changed), gain(r.People > 0, r.Change.Net()), strings.Join(because, "; "))
	}
	if len(g.rows) > 0 {
		fmt.Fprintln(a.stdout, a.in("\n要求", "\nrequirements"))
		if err := g.print(a.stdout); err != nil {
			return err
		}
	}
	if same > 0 {
		fmt.Fprintf(a.stdout, a.in("没有变化的要求：%d 项\n", "requirements under which nothing changed: %d\n"), same)
	}
	return nil
}

// becameOf says what became of a requirement, and whether it is in no total.
func (a *app) becameOf(r *trend.Requirement) string {
	var words []string
	switch r.What {
	case trend.Added:
		words = append(words, a.in("新增", "added"))
	case trend.Removed:
		words = append(words, a.in("删除", "removed"))
	case trend.Redefined:
		for _, f := range []struct{ zh, en, before, after string }{
			{"服务", "service", r.Before.Service, r.After.Service}, {"圈层", "tier", r.Before.Tier, r.After.Tier}, {"限值", "limit", r.Before.Limit, r.After.Limit},
			{"达标线", "pass line", r.Before.PassLine.String(), r.After.PassLine.String()}, {"分母", "denominator", r.Before.Denominator, r.After.Denominator},
		} {
			if f.before != f.after {
				words = append(words, a.in(f.zh, f.en)+" "+nameOr(f.before, "–")+" → "+nameOr(f.after, "–"))
			}
		}
		if len(words) == 0 {
			words = append(words, a.in("重新定义", "redefined"))
		}
	}
	if r.Variant {
		words = append(words, a.in("变体，不入合计", "variant, in no total"))
	}
	return strings.Join(words, ", ")
}

// sumWords says what one cause changes: people, else verdicts, else demand alone.
func (a *app) sumWords(s trend.Sums, people bool) string {
	if people && (s.Gained != 0 || s.Lost != 0) {
		return gain(true, s.Net())
	}
	if s.Changed != 0 {
		return fmt.Sprintf(a.in("%d 处结论", "%d verdicts"), s.Changed)
	}
	if s.Verdicts != (coverage.Counts{}) {
		return a.in("结论数", "counts of verdicts")
	}
	return a.in("覆盖量", "amounts")
}

// maxSubjects is how many neighborhoods a terminal lists; --json lists all.
const maxSubjects = 100

// printSubjectTrends prints the neighborhoods that changed, with the causes by their numbers.
func (a *app) printSubjectTrends(t *trend.Trend) error {
	verdicts := make([][]string, len(t.Subjects))
	for i := range t.Cells {
		if c := &t.Cells[i]; c.Before.Verdict != c.After.Verdict && !t.Requirements[c.Requirement].Variant {
			verdicts[c.Subject] = append(verdicts[c.Subject], fmt.Sprintf("%s %s → %s", t.Requirements[c.Requirement].ID, verdictWord(a, c.Before.Verdict), verdictWord(a, c.After.Verdict)))
		}
	}
	g := grid{head: []string{a.in("评价单元", "neighborhood"), a.in("原得分", "before"), a.in("现得分", "after"), a.in("等级", "grade"), a.in("净（人·项）", "people, net"), a.in("因为", "because of"), a.in("结论改变", "changed"), a.in("结论", "verdicts")},
		right: map[int]bool{1: true, 2: true, 4: true, 6: true}, fit: a.width()}
	total := 0
	for i := range t.Subjects {
		s := &t.Subjects[i]
		if s.Level != unitLevel {
			continue
		}
		if total++; total > maxSubjects {
			continue
		}
		name := nameOr(s.Name, s.ID)
		if s.Renamed() {
			name = nameOr(s.BaseName, s.ID) + " → " + name
		}
		o := &s.Scores[slices.IndexFunc(s.Scores, func(x trend.Score) bool { return x.Scope == coverage.Overall })]
		grade := nameOr(o.After.Grade, "–")
		if o.Before.Grade != o.After.Grade {
			grade = nameOr(o.Before.Grade, "–") + " → " + grade
		}
		var causes []string
		for _, k := range s.Causes {
			words := fmt.Sprint(k + 1)
			for _, e := range o.Effects {
				if e.Cause == k && e.Score != 0 {
					words += " " + pointsMoved(e.Score)
				}
			}
			causes = append(causes, words)
		}
		if o.Remainder.Score != 0 {
			causes = append(causes, a.in("余项 ", "remainder ")+pointsMoved(o.Remainder.Score))
		}
		g.add(name, points(o.Before.Known, o.Before.Score), points(o.After.Known, o.After.Score), grade, gain(s.People, s.Gained-s.Lost), strings.Join(causes, ", "), fmt.Sprint(s.Changed), strings.Join(verdicts[i], fitMark))
	}
	fmt.Fprintf(a.stdout, a.in("\n%d 个评价单元中有 %d 个变化\n", "\n%[2]d of %[1]d neighborhoods changed\n"), t.Neighborhoods, total)
	if total == 0 {
		return nil
	}
	if err := g.print(a.stdout); err != nil {
		return err
	}
	if total > maxSubjects {
		fmt.Fprintf(a.stdout, a.in("只列出前 %d 个；全部见 --json\n", "the first %d are listed; --json has all\n"), maxSubjects)
	}
	return nil
}

// printUnmatched lists neighborhoods and parents that only one run has.
func (a *app) printUnmatched(t *trend.Trend) {
	for _, x := range []struct {
		zh, en string
		list   []trend.Listed
	}{{"只在现评估中", "only in the run", t.Added}, {"只在原评估中", "only in the base", t.Removed}} {
		var names []string
		for _, l := range x.list[:min(len(x.list), maxSubjects)] {
			name := nameOr(l.Name, l.ID)
			if l.Level != unitLevel {
				name = l.Level + " " + name
			}
			names = append(names, name)
		}
		if more := len(x.list) - len(names); more > 0 {
			names = append(names, fmt.Sprintf(a.in("另 %d 个", "%d more"), more))
		}
		if len(names) > 0 {
			fmt.Fprintf(a.stdout, a.in("%s（%d）：%s\n", "%s (%d): %s\n"), a.in(x.zh, x.en), len(x.list), strings.Join(names, ", "))
		}
	}
}

// printTrendNotes says what must be said of the figures: what is not known, and the marks of both runs.
func (a *app) printTrendNotes(t *trend.Trend) {
	if t.Total.Unknown > 0 {
		fmt.Fprintf(a.stdout, a.in("有 %d 处（单元 × 要求）的人数不详，未计入\n", "people are not known in %d cells (neighborhood × requirement), which are in no sum of people\n"), t.Total.Unknown)
	}
	for i := range t.Causes {
		if n := t.Causes[i].Missing; n > 0 {
			fmt.Fprintf(a.stdout, a.in("原因 %d 在 %d 处无法单独比较，归入余项\n", "cause %d cannot be held against the base alone in %d cells: the remainder holds them\n"), i+1, n)
		}
	}
	has := func(list []coverage.Mark, m coverage.Mark) bool { return slices.Contains(list, m) }
	for _, m := range t.Base.Marks {
		if has(t.Run.Marks, m) {
			fmt.Fprintf(a.stdout, "  ! %s\n", m.Text.In(a.Lang))
		} else {
			fmt.Fprintf(a.stdout, a.in("  ! 原评估：%s\n", "  ! base: %s\n"), m.Text.In(a.Lang))
		}
	}
	for _, m := range t.Run.Marks {
		if !has(t.Base.Marks, m) {
			fmt.Fprintf(a.stdout, a.in("  ! 现评估：%s\n", "  ! run: %s\n"), m.Text.In(a.Lang))
		}
	}
}

// pointsMoved writes a change of a score that is not 0.
func pointsMoved(n int64) string {
	if -coverage.ScoreScale/20 < n && n < coverage.ScoreScale/20 {
		return "(< 0.1)"
	}
	return fmt.Sprintf("(%+.1f)", float64(n)/coverage.ScoreScale)
}

func signed(n int) string {
	if n == 0 {
		return "0"
	}
	return fmt.Sprintf("%+d", n)
}

// peopleIf writes thousandths of people without idle zeros, "–" where nobody counted them.
func peopleIf(known bool, n int64) string {
	if !known {
		return "–"
	}
	return strings.TrimRight(strings.TrimRight(string(coverage.AppendDecimal(nil, n, 3)), "0"), ".")
}

// gain writes a change in people with its sign.
func gain(known bool, n int64) string {
	if s := peopleIf(known, n); n <= 0 || !known {
		return s
	} else {
		return "+" + s
	}
}

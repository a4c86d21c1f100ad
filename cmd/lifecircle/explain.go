package main

import (
	"fmt"
	"strings"

	"lifecircle/coverage"
	"lifecircle/data/store"
)

type explainCmd struct {
	Project      string `arg:"" help:"Project file. 项目文件"`
	Neighborhood string `required:"" placeholder:"ID" help:"Neighborhood, or a parent as LEVEL=ID. 评价单元"`
	Requirement  string `placeholder:"R" help:"Only this requirement, with every place of demand. 要求"`
	Run_         string `name:"run" placeholder:"HASH" help:"Run, by its hash or a prefix (default: the latest). 评估"`
}

func (explainCmd) Help() string {
	return `Shows how a score comes about: the sum, each requirement with its clause, the people or land covered, and the facilities that serve them. Works for every past run.

    lifecircle explain city.gpkg --neighborhood 500103001001
    lifecircle explain city.gpkg --neighborhood 上清寺 --requirement clinic-5 --json
    lifecircle explain city.gpkg --neighborhood district=渝中区 --run 1ce8d4ff`
}

func (c explainCmd) Run(a *app) error {
	return a.open(c.Project, store.ReadOnly, func(p *store.Project) error {
		run, err := a.run(p, c.Run_)
		if err != nil {
			return err
		}
		e, err := coverage.Explain(a.ctx, p, run, idOf(run, c.Neighborhood), c.Requirement, coverage.Options{})
		if err != nil {
			return err
		}
		if a.JSON {
			return a.print(e)
		}
		a.printExplanation(e)
		return nil
	})
}

// idOf takes a name for an id, where no neighborhood has that id and just one has that name.
func idOf(r *coverage.Run, word string) string {
	found := ""
	for _, s := range r.Subjects {
		if s.ID == word || s.Level+"="+s.ID == word {
			return word
		}
		if s.Name == word && s.Level == unitLevel {
			if found != "" {
				return word
			}
			found = s.ID
		}
	}
	if found != "" {
		return found
	}
	return word
}

func (a *app) printExplanation(e *coverage.Explanation) {
	w := a.stdout
	line := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	line("%s %s  (%s)", e.Neighborhood, e.Name, e.Level)
	line(a.in("目录 %s  口径 %s  评估 %s", "catalog %s  basis %s  run %s"), a.titleOf(e.Catalog.Title, e.Catalog.Provisional), a.basis(e.Params.Basis), e.Run[:12])
	for _, m := range e.Marks {
		line("  ! %s", m.Text.In(a.Lang))
	}
	for _, s := range e.Scores {
		grade := s.Grade
		if s.Capped {
			grade += a.in("（有必配要求未达标，封顶）", " (capped: a mandatory requirement is unmet)")
		}
		if grade == "" {
			grade = a.in("无（完整度不足）", "none (completeness under the floor)")
		}
		line(a.in("\n得分 %s：%s（最高 %s）  等级 %s  完整度 %s", "\nscore %s: %s (at most %s)  grade %s  completeness %s"), s.Scope, s.Score, s.ScoreMax, grade, s.Completeness)
		if s.Formula != "" {
			line("  = %s", s.Formula)
		}
		if len(s.Left) > 0 {
			line(a.in("  未计入：%s", "  left out: %s"), strings.Join(s.Left, ", "))
		}
	}
	for i := range e.Requirements {
		a.printRequirement(line, &e.Requirements[i])
	}
}

func (a *app) printRequirement(line func(string, ...any), r *coverage.ExplainedReq) {
	word := r.Verdict
	if a.Lang == "zh" {
		word = r.VerdictZh
	}
	mandatory := a.in("非必配", "optional")
	if r.Mandatory {
		mandatory = a.in("必配", "mandatory")
	}
	line("\n%s  %s  → %s", r.ID, r.ServiceName.In(a.Lang), strings.ReplaceAll(word, "_", " "))
	line(a.in("  条文 %s %s  可信度 %s %s  %s  权重 %s", "  clause %s %s  confidence %s %s  %s  weight %s"), r.Source, r.Clause, r.Confidence, r.Mark.In(a.Lang), mandatory, r.Weight)
	if note := r.Note.In(a.Lang); note != "" {
		line("  %s", note)
	}
	line(a.in("  限值 %s %s  分母 %s  总量 %s  覆盖 %s  待定 %s", "  limit %s %s  denominator %s  total %s  covered %s  undetermined %s"), r.Limit, r.Unit, r.Denominator, r.Total, r.Covered, r.Undeter)
	if !r.Share.Null {
		line(a.in("  覆盖率 %s 至 %s  达标线 %s  达成度 %s", "  share %s to %s  pass line %s  attainment %s"), r.Share, r.ShareMax, r.PassLine, r.Attainment)
	}
	if r.Others != "" {
		line(a.in("  其他分母：%s", "  other denominators: %s"), r.Others)
	}
	for _, t := range r.CauseTexts {
		line("  ? %s", t.In(a.Lang))
	}
	if r.UnitsMet != nil {
		line(a.in("  达标单元 %d / %d", "  units that meet it: %d of %d judged"), *r.UnitsMet, *r.UnitsJudged)
	}
	if len(r.Surveys) > 0 {
		line(a.in("  普查 %s", "  surveyed %s"), strings.Join(r.Surveys, ", "))
	}
	const most = 12
	for i, f := range r.Facilities {
		if i == most && len(r.Demand) == 0 {
			line(a.in("  …还有 %d 处设施（--requirement %s 或 --json 全部列出）", "  … and %d more facilities (all with --requirement %s or --json)"), len(r.Facilities)-most, r.ID)
			break
		}
		line(a.in("  设施 %s %s [%s] 服务 %s  最近 %s 米", "  facility %s %s [%s] serves %s  nearest %s m"), f.ID, f.Name, f.Layer, f.Serves, f.NearestM)
	}
	for _, d := range r.Demand {
		line(a.in("  需求 %s (%s, %s) %s %s 覆盖 %s  距 %s 米 %s", "  demand %s (%s, %s) %s %s covered %s  reach %s m %s"), d.ID, d.Lon, d.Lat, d.Weight, d.State, d.Covered, d.ReachM, d.Facility)
	}
	if r.Truncated > 0 {
		line(a.in("  …还有 %d 处需求：见结果表 reach", "  … and %d more places: see table reach"), r.Truncated)
	}
}

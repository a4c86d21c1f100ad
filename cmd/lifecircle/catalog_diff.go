package main

import (
	"fmt"
	"slices"
	"strings"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/data/store"
)

type catalogDiffCmd struct {
	Before string `arg:"" help:"Catalog: id or file. 原目录"`
	After  string `arg:"" help:"Catalog that takes its place: id or file. 新目录"`

	Project        string `placeholder:"FILE" help:"Judge this project by both, and tell which neighborhoods change their verdict; nothing is written. 项目文件"`
	Denominator    string `placeholder:"D" help:"As in score. 分母"`
	AssumeComplete bool   `help:"As in score. 假定数据完整"`
	AcceptParent   bool   `help:"As in score. 接受上级服务"`
	AsOf           string `placeholder:"DATE" help:"As in score. 截止日期"`
	Year           int    `placeholder:"Y" help:"As in score. 目标年份"`
}

func (catalogDiffCmd) Help() string {
	return `Which requirements, limits, pass lines and weights differ, which came and went; with --project also which neighborhoods change their verdict. Requirements are held against each other by id, else by services and tier; long texts are cut, --json has them whole. Exit code 0 whether they differ or not.

    lifecircle catalog diff chongqing-15min my-city.yaml
    lifecircle catalog diff chongqing-15min my-city.yaml --project city.gpkg --denominator population`
}

// catalogRef names a catalog in the JSON of diff.
type catalogRef struct {
	ID    string       `json:"id"`
	Title catalog.Text `json:"title"`
	Hash  string       `json:"hash"`
}

func (c catalogDiffCmd) Run(a *app) error {
	if c.Project == "" && (c.Denominator != "" || c.AssumeComplete || c.AcceptParent || c.AsOf != "" || c.Year != 0) {
		return &coverage.Error{Code: coverage.Invalid, Field: "--project", Text: coverage.Text{Zh: "没有项目可以评估", En: "there is no project to judge"},
			Hint: coverage.Text{Zh: "加上 --project 项目.gpkg", En: "add --project FILE"}}
	}
	if err := (scoreCmd{Year: c.Year}).check(); err != nil {
		return err
	}
	before, _, err := usableCatalog(c.Before)
	if err != nil {
		return err
	}
	after, _, err := usableCatalog(c.After)
	if err != nil {
		return err
	}
	d := catalog.Compare(before, after)
	var results *coverage.RunDifference
	if c.Project != "" {
		if results, err = c.results(a, before, after); err != nil {
			return err
		}
	}
	if a.JSON {
		return a.print(struct {
			Before catalogRef `json:"before"`
			After  catalogRef `json:"after"`
			*catalog.Difference
			Results *coverage.RunDifference `json:"results,omitempty"`
		}{catalogRef{before.ID, before.Title, before.Hash()}, catalogRef{after.ID, after.Title, after.Hash()}, d, results})
	}
	if err := a.printDifference(before, after, d); err != nil || results == nil {
		return err
	}
	return a.printResults(results)
}

// results judges the project by both catalogs, without writing to it.
func (c catalogDiffCmd) results(a *app, before, after *catalog.Catalog) (out *coverage.RunDifference, err error) {
	err = a.open(c.Project, store.ReadOnly, func(p *store.Project) error {
		layers, err := p.Layers(a.ctx)
		if err != nil {
			return err
		}
		units := false
		for _, l := range layers {
			units = units || l.Role == coverage.RoleNeighborhoods
			if l.Changed {
				a.say("图层 %s 被其他程序改过，这里用的是改动前的内容；先运行 score 即会读入", "the layer %s was edited by another program, and is taken as it was before: score reads the edits", l.Name)
			}
		}
		if !units {
			e := coverage.Errorf(coverage.Refused, "项目里没有评价单元", "the project has no neighborhoods")
			e.Hint = coverage.Text{Zh: "先导入：lifecircle import 项目 社区.geojson --as neighborhoods", En: "import them first: lifecircle import PROJECT FILE --as neighborhoods"}
			return e
		}
		city, err := coverage.LoadCity(a.ctx, p)
		if err != nil {
			return err
		}
		progress, done := a.progress("评估", "score")
		defer done()
		out, err = coverage.CompareCatalogs(a.ctx, city, before, after, coverage.Params{Basis: "radius", Denominator: c.Denominator, AssumeComplete: c.AssumeComplete,
			AcceptParent: c.AcceptParent, AsOf: c.AsOf, Year: c.Year}, coverage.Options{Progress: progress}, p)
		return err
	})
	return out, err
}

// fieldWords are the fields that a planner reads, in Chinese.
var fieldWords = map[string]string{
	"id": "编号", "tier": "圈层", "services": "服务", "limit": "限值", "count": "数量", "mandatory": "必配", "weight": "权重", "class": "类别", "variant_of": "变体", "pass_line": "达标线",
	"pass_line_from": "达标线出处", "denominator": "分母", "target": "目标", "applies_to": "适用", "quota": "配额", "source": "来源", "name.zh": "中文名", "name.en": "英文名", "note.zh": "中文备注",
	"note.en": "英文备注", "title.zh": "中文名称", "title.en": "英文名称", "provisional": "暂定", "attribution": "署名", "grades": "等级", "cap_unmet_mandatory": "必配未达标的最高等级",
	"completeness_floor": "完整度下限", "scoring_source": "评分依据", "scoring_confidence": "评分可信度", "service": "自有服务", "tier_order": "圈层次序",
}

// fieldName is a field in the user's language: its first word is translated, what it is about is not.
func (a *app) fieldName(field string) string {
	if a.Lang != "zh" {
		return field
	}
	first, rest, _ := strings.Cut(field, " ")
	if word := fieldWords[first]; word != "" {
		return strings.TrimSpace(word + " " + rest)
	}
	return field
}

func (a *app) printDifference(before, after *catalog.Catalog, d *catalog.Difference) error {
	w := a.stdout
	fmt.Fprintf(w, "%s  %s\n→ %s  %s\n", before.ID, a.titleOf(before.Title, before.Provisional), after.ID, a.titleOf(after.Title, after.Provisional))
	if d.Same {
		_, err := fmt.Fprintln(w, a.in("两个目录内容相同", "the two catalogs are the same"))
		return err
	}
	what := map[string]string{catalog.RequirementAdded: a.in("新增", "added"), catalog.RequirementRemoved: a.in("删除", "removed"), catalog.RequirementChanged: a.in("改变", "changed"), catalog.RequirementMoved: a.in("移位", "moved")}
	t := grid{head: []string{a.in("要求", "requirement"), a.in("变化", "what"), a.in("字段", "field"), a.in("原来", "before"), a.in("现在", "after")}}
	for _, f := range d.General {
		t.add(a.in("（目录）", "(catalog)"), "", a.fieldName(f.Field), f.Before, cut(f.After, maxCell))
	}
	for _, r := range d.Requirements {
		id := r.After
		if id == "" {
			id = r.Before
		}
		first := []string{id, what[r.What]}
		fields := r.Fields
		if r.What == catalog.RequirementAdded || r.What == catalog.RequirementRemoved { // what it asks, not what it is called
			fields = slices.DeleteFunc(slices.Clone(fields), func(f catalog.FieldChange) bool {
				word, _, _ := strings.Cut(f.Field, " ")
				return !slices.Contains([]string{"tier", "limit", "count", "weight", "pass_line", "mandatory", "variant_of", "source"}, word)
			})
		}
		if len(fields) == 0 {
			t.add(first[0], first[1], "", "", "")
		}
		for _, f := range fields {
			t.add(first[0], first[1], a.fieldName(f.Field), f.Before, cut(f.After, maxCell))
			first = []string{"", ""}
		}
	}
	return t.print(w)
}

// maxVerdicts is how many neighborhoods a terminal lists; --json lists all.
const maxVerdicts = 100

func (a *app) printResults(r *coverage.RunDifference) error {
	w := a.stdout
	fmt.Fprintf(w, a.in("\n%d 个评价单元，按两个目录各评一次（未写入项目）\n", "\n%d neighborhoods, judged by both catalogs (nothing was written)\n"), r.Neighborhoods)
	counts := func(n *coverage.Counts) string {
		if n == nil {
			return "–"
		}
		return fmt.Sprintf("%d / %d / %d / %d", n.Met, n.Unmet, n.NotDetected, n.NotAssessed)
	}
	legend := a.in("达标/未达标/未检出/未评估", "met / unmet / not detected / not assessed")
	t := grid{head: []string{a.in("要求", "requirement"), a.in("原来：", "before: ") + legend, a.in("现在", "after"), a.in("结论改变", "changed")}, right: map[int]bool{3: true}}
	for _, n := range r.Requirements {
		t.add(n.ID, counts(n.Before), counts(n.After), fmt.Sprint(n.Changed))
	}
	if err := t.print(w); err != nil {
		return err
	}
	fmt.Fprintf(w, a.in("\n%d 处结论改变，%d 个单元得分或等级改变\n", "\n%d verdicts change, %d neighborhoods change score or grade\n"), len(r.Verdicts), len(r.Scores))
	if len(r.Verdicts) > 0 {
		v := grid{head: []string{a.in("评价单元", "neighborhood"), a.in("要求", "requirement"), a.in("原来", "before"), a.in("现在", "after"), a.in("覆盖率", "share")}}
		for _, x := range r.Verdicts[:min(len(r.Verdicts), maxVerdicts)] {
			v.add(nameOr(x.Neighborhood, x.NeighborhoodID), x.Requirement, verdictWord(a, x.VerdictBefore), verdictWord(a, x.VerdictAfter), percent(x.ShareBefore)+" → "+percent(x.ShareAfter))
		}
		if err := v.print(w); err != nil {
			return err
		}
	}
	if len(r.Scores) > 0 {
		s := grid{head: []string{a.in("评价单元", "neighborhood"), a.in("原得分", "before"), a.in("现得分", "after"), a.in("等级", "grade")}, right: map[int]bool{1: true, 2: true}}
		for _, x := range r.Scores[:min(len(r.Scores), maxVerdicts)] {
			s.add(nameOr(x.Neighborhood, x.NeighborhoodID), points(!x.Before.Null, x.Before.Int), points(!x.After.Null, x.After.Int), nameOr(x.GradeBefore, "–")+" → "+nameOr(x.GradeAfter, "–"))
		}
		if err := s.print(w); err != nil {
			return err
		}
	}
	if max(len(r.Verdicts), len(r.Scores)) > maxVerdicts {
		fmt.Fprintf(w, a.in("只列出前 %d 个；全部见 --json\n", "the first %d are listed; --json has all\n"), maxVerdicts)
	}
	return nil
}

func nameOr(name, other string) string {
	if name == "" {
		return other
	}
	return name
}

func percent(d coverage.Decimal) string {
	if d.Null {
		return "–"
	}
	return fmt.Sprintf("%.1f%%", float64(d.Int)/1e7)
}

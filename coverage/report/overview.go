package report

import (
	"fmt"
	"slices"
	"strconv"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
)

func decimalPlain(n int) string { return strconv.Itoa(n) }

// overview says in a page how things stand.
func (s *Source) overview(p *part) Section {
	sec := Section{Key: "overview", Title: Text{Zh: "概况", En: "Overview"}}
	requirements := s.scored()
	var all coverage.Counts
	graded, capped := map[string]int{}, 0
	var known []int64
	for _, u := range p.units {
		o := s.overall(u)
		all.Met, all.Unmet = all.Met+o.Counts.Met, all.Unmet+o.Counts.Unmet
		all.NotDetected, all.NotAssessed = all.NotDetected+o.Counts.NotDetected, all.NotAssessed+o.Counts.NotAssessed
		graded[o.Grade]++
		if o.Capped {
			capped++
		}
		if o.Known {
			known = append(known, o.Score)
		}
	}
	sec.Blocks = append(sec.Blocks, &Paragraph{Text: Text{
		Zh: fmt.Sprintf("%s共 %s 个评价单元，按“%s”的 %d 项要求逐一评估（口径：%s）。全部 %s 条结论中，达标 %s，未达标 %s，未检出 %s，未评估 %s。",
			p.Name.Zh, count(len(p.units)), s.CatalogName().Zh, len(requirements), basisName(s.Run.Params.Basis).Zh, count(all.Met+all.Unmet+all.NotDetected+all.NotAssessed),
			count(all.Met), count(all.Unmet), count(all.NotDetected), count(all.NotAssessed)),
		En: fmt.Sprintf("%s has %s neighborhoods, each judged by the %d requirements of “%s” (basis: %s). Of %s verdicts, %s are met, %s unmet, %s not detected and %s not assessed.",
			p.Name.En, count(len(p.units)), len(requirements), s.CatalogName().En, basisName(s.Run.Params.Basis).En, count(all.Met+all.Unmet+all.NotDetected+all.NotAssessed),
			count(all.Met), count(all.Unmet), count(all.NotDetected), count(all.NotAssessed)),
	}})
	if all.NotDetected+all.NotAssessed > 0 {
		sec.Blocks = append(sec.Blocks, &Paragraph{Text: Text{
			Zh: "“未检出”指图层无法判断（未声明普查完整），不等于没有设施；“未评估”指缺少图层、需求或限值。二者均不同于“未达标”。",
			En: "“Not detected” means that the layers cannot tell (nobody declared them complete): it does not mean that there is no facility. “Not assessed” means that a layer, demand or a limit is missing. Neither is “unmet”.",
		}})
	}
	if len(known) > 0 {
		slices.Sort(known)
		c := Column{Kind: KindScore, Scale: 9, Decimals: 1}
		show := func(n int64) string { return c.Show(number(n), "en") }
		sec.Blocks = append(sec.Blocks, &Paragraph{Text: Text{
			Zh: fmt.Sprintf("有得分的 %s 个评价单元，得分最低 %s，中位 %s，最高 %s。", count(len(known)), show(known[0]), show(median(known)), show(known[len(known)-1])),
			En: fmt.Sprintf("Scores of the %s neighborhoods that have one: lowest %s, median %s, highest %s.", count(len(known)), show(known[0]), show(median(known)), show(known[len(known)-1])),
		}})
	}
	sec.Blocks = append(sec.Blocks, s.byClass(p), s.grades(graded, capped))
	return sec
}

// median gives the middle of sorted numbers that are not negative, of an even number the mean of the two.
func median(sorted []int64) int64 { return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2 }

// byClass counts verdicts by class of requirement.
func (s *Source) byClass(p *part) *Table {
	t := &Table{Key: "verdicts", Caption: Text{Zh: "结论按要求类别统计", En: "Verdicts by class of requirement"}, Notes: s.rests(s.scored()), Columns: []Column{
		{Key: "class", Title: Text{Zh: "类别", En: "class"}},
		{Key: "requirements", Title: Text{Zh: "要求", En: "requirements"}, Kind: KindNumber},
		{Key: "met", Title: Text{Zh: "达标", En: "met"}, Kind: KindNumber},
		{Key: "unmet", Title: Text{Zh: "未达标", En: "unmet"}, Kind: KindNumber},
		{Key: "not_detected", Title: Text{Zh: "未检出", En: "not detected"}, Kind: KindNumber},
		{Key: "not_assessed", Title: Text{Zh: "未评估", En: "not assessed"}, Kind: KindNumber},
		{Key: "met_share", Title: Text{Zh: "达标占已判定", En: "met, of those decided"}, Kind: KindPercent, Scale: 9, Decimals: 1},
	}}
	row := func(name Text, n int, c coverage.Counts) {
		decided := c.Met + c.Unmet
		t.Rows = append(t.Rows, []Cell{text(name), number(int64(n)), number(int64(c.Met)), number(int64(c.Unmet)), number(int64(c.NotDetected)), number(int64(c.NotAssessed)),
			numberIf(decided > 0, coverage.Ratio(int64(c.Met), int64(decided)))})
	}
	sum := func(of func(*catalog.Requirement) bool) (n int, c coverage.Counts) {
		for _, k := range s.scored() {
			if !of(&s.Run.Catalog.Requirements[k]) {
				continue
			}
			n++
			x := s.tallyOf(p, k)
			c.Met, c.Unmet, c.NotDetected, c.NotAssessed = c.Met+x.Met, c.Unmet+x.Unmet, c.NotDetected+x.NotDetected, c.NotAssessed+x.NotAssessed
		}
		return n, c
	}
	for _, class := range []string{catalog.ClassBasic, catalog.ClassQuality, catalog.ClassSpecial} {
		if n, c := sum(func(r *catalog.Requirement) bool { return r.Class == class }); n > 0 {
			row(catalog.ClassName(class), n, c)
		}
	}
	if n, c := sum(func(r *catalog.Requirement) bool { return r.Mandatory }); n > 0 {
		row(Text{Zh: "其中：必配", En: "of these: mandatory"}, n, c)
	}
	n, c := sum(func(*catalog.Requirement) bool { return true })
	row(Text{Zh: "合计", En: "all"}, n, c)
	return t
}

// grades counts neighborhoods by grade.
func (s *Source) grades(n map[string]int, capped int) *Table {
	digits := 1
	for _, g := range s.Run.Catalog.Grades {
		for digits < 6 && int64(g.Min)%pow10(6-digits) != 0 {
			digits++
		}
	}
	t := &Table{Key: "grades", Caption: Text{Zh: "评价单元按等级统计", En: "Neighborhoods by grade"}, Columns: []Column{
		{Key: "grade", Title: Text{Zh: "等级", En: "grade"}},
		{Key: "from", Title: Text{Zh: "得分不低于", En: "score of at least"}, Kind: KindScore, Scale: 6, Decimals: digits},
		{Key: "neighborhoods", Title: Text{Zh: "评价单元", En: "neighborhoods"}, Kind: KindNumber},
	}}
	for _, g := range s.Run.Catalog.Grades {
		t.Rows = append(t.Rows, []Cell{plain(g.Name), number(int64(g.Min)), number(int64(n[g.Name]))})
	}
	t.Rows = append(t.Rows, []Cell{words("无（完整度不足或无得分）", "none (completeness under the floor, or no score)"), {Null: true}, number(int64(n[""]))})
	floor := Column{Kind: KindPercent, Scale: 6, Decimals: lineDigits(int64(s.Run.Catalog.CompletenessFloor))}.Show(number(int64(s.Run.Catalog.CompletenessFloor)), "en")
	t.Notes = []Text{{
		Zh: fmt.Sprintf("完整度低于 %s 不评等级。等级线来源：%s（可信度 %s）。", floor, bilingual(s.Run.Catalog.ScoringSource).Zh, s.Run.Catalog.ScoringConfidence),
		En: fmt.Sprintf("Below a completeness of %s there is no grade. Source of the lines: %s (confidence %s).", floor, bilingual(s.Run.Catalog.ScoringSource).En, s.Run.Catalog.ScoringConfidence),
	}}
	if limit := s.Run.Catalog.CapUnmetMandatory; limit != "" {
		t.Notes = append(t.Notes, Text{
			Zh: fmt.Sprintf("有必配要求未达标时等级不高于 %s：%s 个单元因此封顶。", limit, count(capped)),
			En: fmt.Sprintf("An unmet mandatory requirement caps the grade at %s: so it is for %s neighborhoods.", limit, count(capped)),
		})
	}
	return t
}

package report

import (
	"fmt"
	"slices"

	"lifecircle/coverage"
)

// Build makes the report of an area. Errors: NotFound if the run has no such area.
func (s *Source) Build(a Area) (*Report, error) {
	p, err := s.part(a)
	if err != nil {
		return nil, err
	}
	r := &Report{Area: a, Marks: s.Run.Marks, Credits: s.Credits()}
	r.Title = Text{Zh: a.Name.Zh + " 15 分钟生活圈评估报告", En: "15-minute service circles: " + a.Name.En}
	r.Facts = s.facts(p)
	base := s.base(p)
	r.Sections = []Section{
		s.overview(p),
		s.scores(p, base),
		s.requirements(p, base),
		s.matrix(p),
		s.gapSection(p, base),
	}
	if len(p.parents) > 0 {
		r.Sections = append(r.Sections, s.parents(p))
	}
	if s.Ledger != nil {
		r.Sections = append(r.Sections, s.ledgerSection(p))
	}
	if s.Trend != nil {
		r.Sections = append(r.Sections, s.trendSection(p, base))
	}
	r.Sections = append(r.Sections, s.inputs(), s.method())
	return r, nil
}

// facts are the lines of the cover.
func (s *Source) facts(p *part) []Fact {
	run := s.Run
	add := func(out []Fact, key string, name, value Text) []Fact { return append(out, Fact{key, name, value}) }
	same := func(v string) Text { return Text{Zh: v, En: v} }
	var out []Fact
	level := levelName(CityLevel)
	if p.Level != "" {
		level = levelName(p.Level)
	}
	out = add(out, "area", Text{Zh: "范围", En: "area"}, Text{Zh: p.Name.Zh + "（" + level.Zh + "）", En: p.Name.En + " (" + level.En + ")"})
	out = add(out, "neighborhoods", Text{Zh: "评价单元", En: "neighborhoods"}, same(count(len(p.units))))
	if total, unknown, ok := s.peopleOf(p); ok {
		v := same(decimal(round(total, 3), 0))
		if p.subject < 0 {
			v = Text{Zh: v.Zh + "（各评价单元之和，重叠处各计一次）", En: v.En + " (sum of the neighborhoods; who lives in two that overlap counts in each)"}
		}
		if unknown > 0 {
			v = Text{Zh: fmt.Sprintf("%s；另有 %s 个单元人口未知", v.Zh, count(unknown)), En: fmt.Sprintf("%s; unknown in %s more", v.En, count(unknown))}
		}
		out = add(out, "population", Text{Zh: "人口", En: "population"}, v)
	}
	out = add(out, "catalog", Text{Zh: "服务目录", En: "catalog"}, s.CatalogName())
	out = add(out, "basis", Text{Zh: "口径", En: "basis"}, basisName(run.Params.Basis))
	out = add(out, "denominator", Text{Zh: "分母", En: "denominator"}, s.denominators(s.scored()))
	out = add(out, "confidence", Text{Zh: "可信度", En: "confidence"}, s.confidences(s.scored()))
	yes, no := Text{Zh: "是：图层里没有的设施视为不存在", En: "yes: what a layer does not hold is taken as not there"}, Text{Zh: "否", En: "no"}
	assumed := no
	if run.Params.AssumeComplete {
		assumed = yes
	}
	out = add(out, "assumed_complete", Text{Zh: "假定数据完整", En: "assumed complete"}, assumed)
	if run.Params.Year != 0 {
		out = add(out, "year", Text{Zh: "目标年份", En: "targets of the year"}, same(decimalPlain(run.Params.Year)))
	}
	if run.Params.AsOf != "" {
		out = add(out, "as_of", Text{Zh: "设施截止日期", En: "facilities as of"}, same(run.Params.AsOf))
	}
	if s.Within > 0 {
		m := count(s.Within)
		out = add(out, "within", Text{Zh: "设施读取范围", En: "facilities read"},
			Text{Zh: "本次评估范围及周边 " + m + " 米；更远的未读取，“最近设施”可能不是最近的", En: "in the area that was scored and " + m + " m around it; none farther, so that the nearest that is named may not be the nearest"})
	}
	if s.Date != "" {
		out = add(out, "date", Text{Zh: "日期", En: "date"}, same(s.Date))
	}
	out = add(out, "run", Text{Zh: "评估", En: "run"}, same(short(run.Hash)))
	if s.Ledger != nil {
		n := count(int(s.Ledger.Entries()))
		out = add(out, "ledger", Text{Zh: "台账", En: "ledger"}, Text{Zh: "截至第 " + n + " 次填写", En: "as of entry " + n})
	}
	if s.Trend != nil {
		out = add(out, "against", Text{Zh: "对比的评估", En: "against run"}, same(short(s.Trend.Base.Hash)))
	}
	return add(out, "algorithm", Text{Zh: "算法版本", En: "algorithm"}, same(run.Version))
}

// short gives the first characters of a hash, as commands show them.
func short(hash string) string { return hash[:min(12, len(hash))] }

// peopleOf gives a parent's own sum of people, or adds up the neighborhoods of the city and counts those of which nobody knows.
func (s *Source) peopleOf(p *part) (sum int64, unknown int, known bool) {
	if p.subject >= 0 {
		sum, known = s.population(p.subject)
		return sum, 0, known
	}
	for _, u := range p.units {
		if n, ok := s.population(u); ok {
			sum, known = sum+n, true
		} else {
			unknown++
		}
	}
	return sum, unknown, known
}

// Credits gives the attributions of the layers, each once.
func (s *Source) Credits() []string {
	var out []string
	for _, l := range s.Layers {
		if a := l.Input.Attribution; a != "" && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

// tally is what an area's neighborhoods add up to under a requirement.
type tally struct {
	coverage.Counts
	total, covered, undetermined int64 // of the denominator
	known                        bool  // somewhere there is a share
	beyond, unclear              int64 // people beyond the limit; of whom the layers cannot tell
	peopleKnown                  bool
}

// tallyOf adds up a requirement over an area. A parent's sums are its own, in which an overlap counts once; the city's are those of its
// neighborhoods.
func (s *Source) tallyOf(p *part, k int) tally {
	var t tally
	d := &s.Run.Requirements[k]
	add := func(c *coverage.Cell) {
		if c.Verdict != coverage.NotAssessed {
			t.known = true
			t.total, t.covered, t.undetermined = t.total+c.Total, t.covered+c.Covered, t.undetermined+c.Undetermined
		}
		if total, covered, unclear, ok := people(d, c); ok {
			t.peopleKnown = true
			t.beyond, t.unclear = t.beyond+total-covered-unclear, t.unclear+unclear
		}
	}
	for _, u := range p.units {
		c := s.cell(u, k)
		switch c.Verdict {
		case coverage.Met:
			t.Met++
		case coverage.Unmet:
			t.Unmet++
		case coverage.NotDetected:
			t.NotDetected++
		case coverage.NotAssessed:
			t.NotAssessed++
		}
		if p.subject < 0 {
			add(c)
		}
	}
	if p.subject >= 0 {
		add(s.cell(p.subject, k))
	}
	return t
}

// verdictCell shows a verdict in words.
func verdictCell(v coverage.Verdict, tone Tone) Cell {
	en := [...]string{"not assessed", "unmet", "not detected", "met"}[v]
	return Cell{Text: Text{Zh: v.Zh(), En: en}, Tone: tone}
}

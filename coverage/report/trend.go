package report

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"lifecircle/coverage"
	"lifecircle/coverage/trend"
)

// AddTrend holds the run against an earlier one.
func (s *Source) AddTrend(ctx context.Context, src trend.Source, base *coverage.Run, o coverage.Options) error {
	t, err := trend.Compare(ctx, src, base, s.Run, o)
	s.Trend = t
	return err
}

// sums are what changed in an area because of something.
type sums struct {
	verdicts    int   // that differ
	people      int64 // covered, person-requirements in thousandths
	peopleKnown bool
	scores      int
}

// trendOf adds up the cells of an area: the whole change, and each cause's alone.
func (s *Source) trendOf(p *part) (whole sums, causes []sums, rest int64) {
	t := s.Trend
	causes = make([]sums, len(t.Causes))
	for i := range t.Cells {
		c := &t.Cells[i]
		if !s.inTrend(p, c.Subject) || t.Requirements[c.Requirement].Variant {
			continue
		}
		if c.Before.Verdict != c.After.Verdict {
			whole.verdicts++
		}
		if c.Change.PeopleKnown {
			whole.peopleKnown = true
			whole.people += c.Change.People
			rest += c.Remainder.People
		}
		for _, e := range c.Effects {
			if e.Verdict != c.Before.Verdict {
				causes[e.Cause].verdicts++
			}
			if e.PeopleKnown {
				causes[e.Cause].peopleKnown = true
				causes[e.Cause].people += e.People
			}
		}
	}
	for i := range t.Subjects {
		if !s.inTrend(p, i) {
			continue
		}
		if o := overallTrend(&t.Subjects[i]); o != nil {
			if o.Before != o.After && (o.Before.Known != o.After.Known || o.Change.Score != 0 || o.Change.Max != 0) {
				whole.scores++
			}
			for _, e := range o.Effects {
				causes[e.Cause].scores++
			}
		}
	}
	return whole, causes, rest
}

// inTrend tells whether a subject of the trend is a neighborhood of the area.
func (s *Source) inTrend(p *part, subject int) bool {
	x := &s.Trend.Subjects[subject]
	return x.Level == unitLevel && p.ids[x.ID]
}

func overallTrend(x *trend.Subject) *trend.Score {
	for i := range x.Scores {
		if x.Scores[i].Scope == coverage.Overall {
			return &x.Scores[i]
		}
	}
	return nil
}

// trendSection says what changed since an earlier run, for whom, and because of what.
func (s *Source) trendSection(p *part, base *Base) Section {
	t := s.Trend
	sec := Section{Key: "trend", Title: Text{Zh: "与另一次评估对比", En: "Against another run"}}
	whole, causes, rest := s.trendOf(p)
	unknown := 0
	for i := range t.Cells {
		if c := &t.Cells[i]; s.inTrend(p, c.Subject) && !t.Requirements[c.Requirement].Variant && !c.Change.PeopleKnown {
			unknown++
		}
	}
	before, after := short(t.Base.Hash), short(t.Run.Hash)
	if t.Same() {
		sec.Blocks = append(sec.Blocks, &Paragraph{Text: Text{Zh: fmt.Sprintf("评估 %s 与 %s 的输入相同，没有变化。", before, after), En: fmt.Sprintf("Runs %s and %s read the same inputs: nothing changed.", before, after)}})
		return sec
	}
	peopleColumn := Column{Kind: KindNumber, Scale: 3}
	net := peopleColumn.Show(numberIf(whole.peopleKnown, whole.people), "en")
	sec.Blocks = append(sec.Blocks, &Paragraph{Text: Text{
		Zh: fmt.Sprintf("与评估 %s 相比，%s 条结论改变，%s 个评价单元得分改变，覆盖净增 %s 人·项（一人的一项要求计一次）。原因共 %d 项，逐一单独代入原评估重算；各项单独作用之和与实际变化之差列为余项。",
			before, count(whole.verdicts), count(whole.scores), net, len(t.Causes)),
		En: fmt.Sprintf("Against run %s, %s verdicts and the scores of %s neighborhoods changed; covered people: %s net (a person counts once a requirement). There are %d causes; each was applied alone to the earlier run, which was scored again with it; what they leave of the whole is the remainder.",
			before, count(whole.verdicts), count(whole.scores), net, len(t.Causes)),
	}})
	if unknown > 0 {
		sec.Blocks = append(sec.Blocks, &Paragraph{Mark: true, Text: Text{
			Zh: fmt.Sprintf("其中 %s 条的人口至少在一次评估中未知，未计入人·项。", count(unknown)), En: fmt.Sprintf("Under %s of them the people are unknown in one run at least, and in no sum.", count(unknown))}})
	}
	sec.Blocks = append(sec.Blocks, s.trendMap(p, base), s.causeTable(whole, causes, rest))
	scores, verdicts := s.changedUnits(p), s.changedVerdicts(p)
	sec.Blocks = append(sec.Blocks, scores, paged(scores, "neighborhood", "before", "after", "change", "people", "causes", "remainder"),
		verdicts, paged(verdicts, "neighborhood", "requirement", "before", "after", "share_before", "share_after", "people", "causes"))
	if listed := s.listed(p); len(listed.Rows) > 0 {
		sec.Blocks = append(sec.Blocks, listed)
	}
	if asked := s.redefined(); len(asked.Rows) > 0 {
		sec.Blocks = append(sec.Blocks, asked)
	}
	return sec
}

// trendMap shows where scores rose and fell.
func (s *Source) trendMap(p *part, base *Base) *Figure {
	change, apart := map[string]int64{}, map[string]bool{} // apart: what cannot be compared
	for i := range s.Trend.Subjects {
		x := &s.Trend.Subjects[i]
		if o := overallTrend(x); o != nil && s.inTrend(p, i) {
			change[x.ID], apart[x.ID] = o.Change.Score, !o.Before.Known || !o.After.Known
		}
	}
	for _, l := range s.Trend.Added {
		if l.Level == unitLevel {
			apart[l.ID] = true
		}
	}
	m := &Map{Base: base, Labels: len(p.units) <= labelled, Credits: s.Credits(), Legend: []Legend{
		{Tone: ToneBetter, Words: Text{Zh: "得分上升", En: "score rose"}}, {Tone: ToneWorse, Words: Text{Zh: "得分下降", En: "score fell"}},
		{Tone: ToneNone, Words: Text{Zh: "无变化", En: "no change"}}, {Tone: ToneNotAssessed, Words: Text{Zh: "无法比较", En: "cannot be compared"}},
	}}
	for _, u := range p.units {
		tone, id := ToneNone, s.Run.Subjects[u].ID
		switch d := change[id]; {
		case apart[id], !s.overall(u).Known:
			tone = ToneNotAssessed
		case d > 0:
			tone = ToneBetter
		case d < 0:
			tone = ToneWorse
		}
		m.Fill = append(m.Fill, tone)
	}
	return &Figure{Key: "trend-map", Caption: Text{Zh: "得分变化", En: "Change of scores"}, Plot: m, Notes: s.rests(s.scored()), Table: "trend-scores-page",
		Desc: Text{Zh: "地图：得分上升、下降和不变的评价单元。", En: "Map of neighborhoods whose score rose, fell or stayed."}}
}

// causeTable lists the causes with what each changes alone; the sums add up to the whole by the remainder.
func (s *Source) causeTable(whole sums, causes []sums, rest int64) *Table {
	t := &Table{Key: "trend-causes", Caption: Text{Zh: "变化的原因", En: "Causes of the changes"}, Columns: []Column{
		{Key: "cause", Title: Text{Zh: "原因", En: "cause"}, Width: 50}, {Key: "before", Title: Text{Zh: "原", En: "before"}, Width: 18}, {Key: "after", Title: Text{Zh: "现", En: "after"}, Width: 18},
		{Key: "verdicts", Title: Text{Zh: "改变的结论", En: "verdicts changed"}, Kind: KindNumber}, {Key: "scores", Title: Text{Zh: "改变的得分", En: "scores changed"}, Kind: KindNumber},
		{Key: "people", Title: Text{Zh: "覆盖净增（人·项）", En: "covered, net (person-requirements)"}, Kind: KindNumber, Scale: 3}, {Key: "reason", Title: Text{Zh: "不能归因的理由", En: "why it cannot be attributed"}, Width: 30},
	}, Notes: []Text{{
		Zh: "每行为该原因单独作用于原评估的结果；结论与得分的个数不可相加，人·项数相加后加余项等于实际变化。",
		En: "Each row is what the cause alone makes of the earlier run; numbers of verdicts and scores do not add up, people do: with the remainder they are the whole change.",
	}}}
	for i := range causes {
		c, x := &s.Trend.Causes[i], &causes[i]
		row := []Cell{text(c.Text), plain(c.Before), plain(c.After), numberIf(c.Attributable, int64(x.verdicts)), numberIf(c.Attributable, int64(x.scores)),
			numberIf(c.Attributable && (x.peopleKnown || whole.peopleKnown), x.people), text(c.Reason)}
		row[6].Null = c.Attributable
		t.Rows = append(t.Rows, row)
	}
	none := Cell{Null: true}
	t.Rows = append(t.Rows, []Cell{{Text: Text{Zh: "余项（原因之间的相互作用与不能归因的部分）", En: "remainder (interaction of causes, and what cannot be attributed)"}, Tone: ToneMark}, none, none, none, none, numberIf(whole.peopleKnown, rest), none},
		[]Cell{words("实际变化", "whole change"), none, none, number(int64(whole.verdicts)), number(int64(whole.scores)), numberIf(whole.peopleKnown, whole.people), none})
	return t
}

// changedUnits lists the neighborhoods whose overall score changed, the largest change first.
func (s *Source) changedUnits(p *part) *Table {
	points := Column{Kind: KindScore, Scale: 9, Decimals: 1}
	c := func(key, zh, en string) Column {
		x := points
		x.Key, x.Title = key, Text{Zh: zh, En: en}
		return x
	}
	t := &Table{Key: "trend-scores", Sheet: Text{Zh: "得分变化", En: "Changed scores"}, Caption: Text{Zh: "得分改变的评价单元", En: "Neighborhoods whose score changed"}, PageRows: pageUnits, Notes: s.rests(s.scored()), Columns: []Column{
		{Key: "neighborhood_id", Title: Text{Zh: "编号", En: "id"}}, {Key: "neighborhood", Title: Text{Zh: "评价单元", En: "neighborhood"}, Width: 24},
		c("before", "原得分", "before"), c("after", "现得分", "after"), c("change", "变化", "change"),
		{Key: "people", Title: Text{Zh: "覆盖净增（人·项）", En: "covered, net"}, Kind: KindNumber, Scale: 3}, {Key: "causes", Title: Text{Zh: "原因（单独作用，分）", En: "causes (points, each alone)"}, Width: 60},
		c("remainder", "余项", "remainder"),
	}}
	for i := range s.Trend.Subjects {
		x := &s.Trend.Subjects[i]
		o := overallTrend(x)
		if o == nil || !s.inTrend(p, i) || (o.Before.Known == o.After.Known && o.Change.Score == 0 && o.Change.Max == 0 && len(o.Effects) == 0) {
			continue
		}
		var zh, en []string
		for _, e := range o.Effects {
			v := "–"
			if e.Known {
				v = signed(points.Show(number(e.Score), "en"))
			}
			zh, en = append(zh, s.Trend.Causes[e.Cause].Text.In("zh")+" "+v), append(en, s.Trend.Causes[e.Cause].Text.In("en")+" "+v)
		}
		name := x.Name
		if name == "" {
			name = x.ID
		}
		change := numberIf(o.Change.Known, o.Change.Score)
		if change.Num > 0 {
			change.Tone = ToneBetter
		} else if change.Num < 0 {
			change.Tone = ToneWorse
		}
		t.Rows = append(t.Rows, []Cell{plain(x.ID), plain(name), numberIf(o.Before.Known, o.Before.Score), numberIf(o.After.Known, o.After.Score), change, numberIf(x.People, x.Gained-x.Lost),
			words(strings.Join(zh, "；"), strings.Join(en, "; ")), numberIf(o.Remainder.Known, o.Remainder.Score)})
	}
	slices.SortStableFunc(t.Rows, func(a, b []Cell) int { return int(min(1, max(-1, abs(b[4].Num)-abs(a[4].Num)))) })
	return t
}

func abs(n int64) int64 { return max(n, -n) }

func signed(s string) string {
	if strings.HasPrefix(s, "-") || strings.Trim(s, "0.") == "" {
		return s
	}
	return "+" + s
}

// changedVerdicts lists the verdicts that changed.
func (s *Source) changedVerdicts(p *part) *Table {
	share := Column{Kind: KindPercent, Scale: 9, Decimals: 1}
	b, a := share, share
	b.Key, b.Title, a.Key, a.Title = "share_before", Text{Zh: "原覆盖率", En: "share before"}, "share_after", Text{Zh: "现覆盖率", En: "share after"}
	t := &Table{Key: "trend-verdicts", Caption: Text{Zh: "改变的结论", En: "Verdicts that changed"}, PageRows: pageUnits, Notes: s.rests(s.scored()), Columns: []Column{
		{Key: "neighborhood_id", Title: Text{Zh: "编号", En: "id"}}, {Key: "neighborhood", Title: Text{Zh: "评价单元", En: "neighborhood"}, Width: 20}, {Key: "requirement", Title: Text{Zh: "要求", En: "requirement"}, Width: 20},
		{Key: "before", Title: Text{Zh: "原结论", En: "before"}, Kind: KindVerdict}, {Key: "after", Title: Text{Zh: "现结论", En: "after"}, Kind: KindVerdict}, b, a,
		{Key: "people", Title: Text{Zh: "覆盖净增（人）", En: "covered, net"}, Kind: KindNumber, Scale: 3}, {Key: "causes", Title: Text{Zh: "单独即改变结论或人数的原因", En: "causes that alone change it"}, Width: 50},
		{Key: "remainder", Title: Text{Zh: "余项（人）", En: "remainder, people"}, Kind: KindNumber, Scale: 3},
	}}
	tones := map[coverage.Verdict]Tone{coverage.Met: ToneMet, coverage.Unmet: ToneFar, coverage.NotDetected: ToneNotDetected, coverage.NotAssessed: ToneNotAssessed}
	for i := range s.Trend.Cells {
		c := &s.Trend.Cells[i]
		r := &s.Trend.Requirements[c.Requirement]
		if !s.inTrend(p, c.Subject) || r.Variant || c.Before.Verdict == c.After.Verdict {
			continue
		}
		var list []Text
		for _, e := range c.Effects {
			list = append(list, s.Trend.Causes[e.Cause].Text)
		}
		x := &s.Trend.Subjects[c.Subject]
		name := x.Name
		if name == "" {
			name = x.ID
		}
		shareOf := func(c *coverage.Cell) Cell {
			return numberIf(c.Verdict != coverage.NotAssessed && c.Total > 0, coverage.Ratio(c.Covered, c.Total))
		}
		t.Rows = append(t.Rows, []Cell{plain(x.ID), plain(name), text(r.Name), verdictCell(c.Before.Verdict, tones[c.Before.Verdict]), verdictCell(c.After.Verdict, tones[c.After.Verdict]),
			shareOf(&c.Before), shareOf(&c.After), numberIf(c.Change.PeopleKnown, c.Change.People), text(joinTexts(list, "；", "; ")), numberIf(c.Remainder.PeopleKnown, c.Remainder.People)})
	}
	return t
}

// redefined names the requirements that only one of the runs has, or that ask for something else.
func (s *Source) redefined() *Table {
	t := &Table{Key: "trend-requirements", Sheet: Text{Zh: "要求变化", En: "Changed requirements"}, Caption: Text{Zh: "新增、取消和改变的要求", En: "Requirements that were added, removed or redefined"}, Columns: []Column{
		{Key: "requirement", Title: Text{Zh: "要求", En: "requirement"}}, {Key: "name", Title: Text{Zh: "名称", En: "name"}, Width: 24}, {Key: "what", Title: Text{Zh: "变化", En: "what"}},
		{Key: "fields", Title: Text{Zh: "不同之处", En: "what differs"}, Width: 40}}, Notes: []Text{{
		Zh: "只有一次评估有的要求不计入对比。", En: "What only one of the runs asks for is in no comparison."}}}
	words := map[string]Text{trend.Added: {Zh: "新增", En: "added"}, trend.Removed: {Zh: "取消", En: "removed"}, trend.Redefined: {Zh: "改变", En: "redefined"}}
	for i := range s.Trend.Requirements {
		r := &s.Trend.Requirements[i]
		if r.What == "" {
			continue
		}
		var fields []string
		for _, f := range r.Fields {
			fields = append(fields, f.Field+": "+f.Before+" → "+f.After)
		}
		t.Rows = append(t.Rows, []Cell{plain(r.ID), text(r.Name), text(words[r.What]), plain(strings.Join(fields, "; "))})
	}
	return t
}

// listed names the neighborhoods that only one of the runs has: of those that are gone nobody knows which area they were in, so every report
// names them all.
func (s *Source) listed(p *part) *Table {
	t := &Table{Key: "trend-neighborhoods", Sheet: Text{Zh: "单元增减", En: "Added and removed"}, Caption: Text{Zh: "新增与取消的评价单元和上级", En: "Neighborhoods and parents that only one run has"}, PageRows: pageUnits, Columns: []Column{
		{Key: "what", Title: Text{Zh: "变化", En: "what"}}, {Key: "level", Title: Text{Zh: "层级", En: "level"}}, {Key: "id", Title: Text{Zh: "编号", En: "id"}}, {Key: "name", Title: Text{Zh: "名称", En: "name"}, Width: 24},
	}}
	for _, l := range s.Trend.Added {
		if p.subject >= 0 && (l.Level != unitLevel || !p.ids[l.ID]) {
			continue
		}
		t.Rows = append(t.Rows, []Cell{words("新增", "added"), text(levelName(l.Level)), plain(l.ID), plain(l.Name)})
	}
	for _, l := range s.Trend.Removed {
		t.Rows = append(t.Rows, []Cell{words("取消", "removed"), text(levelName(l.Level)), plain(l.ID), plain(l.Name)})
	}
	return t
}

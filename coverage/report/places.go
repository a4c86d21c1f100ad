package report

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
)

// base gives the ground of an area's maps: its neighborhoods, and the borders of the widest parents of which it has several.
func (s *Source) base(p *part) *Base {
	b := &Base{}
	for i, u := range p.units {
		x := &s.Run.Subjects[u]
		b.Shapes = append(b.Shapes, Shape{ID: x.ID, Name: s.nameOf(u).Zh, Geometry: x.Geometry})
		if i == 0 {
			b.Bound = x.Geometry.Bound()
		} else {
			b.Bound = b.Bound.Union(x.Geometry.Bound())
		}
	}
	level, fewest := "", 0
	n := map[string]int{}
	for _, i := range p.parents {
		n[s.Run.Subjects[i].Level]++
	}
	for _, l := range sortedKeys(n) {
		if n[l] > 1 && n[l] < len(p.units) && (level == "" || n[l] < fewest) {
			level, fewest = l, n[l]
		}
	}
	for _, i := range p.parents {
		if x := &s.Run.Subjects[i]; level != "" && x.Level == level && len(x.Geometry) > 0 {
			b.Borders = append(b.Borders, x.Geometry)
		}
	}
	return b
}

func sortedKeys[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// labelled bounds the neighborhoods whose names stand on a map.
const labelled = 80

// pageUnits bounds the neighborhoods that a table or figure in pages lists.
const pageUnits = 40

func scoreLegend() []Legend {
	out := make([]Legend, 0, 7)
	for c := 4; c >= 0; c-- {
		w := fmt.Sprintf("%d–%d", 20*c, 20*c+20)
		out = append(out, Legend{Tone: ToneScore0 + Tone(c), Words: Text{Zh: w + " 分", En: w}})
	}
	return append(out, Legend{Hatch: true, Words: Text{Zh: "得分为区间（数据不全）", En: "the score is an interval (thin data)"}},
		Legend{Tone: ToneNotAssessed, Words: Text{Zh: "无得分", En: "no score"}})
}

// scores shows how neighborhoods score: map, distribution, ranking, tiers, and the table of all.
func (s *Source) scores(p *part, base *Base) Section {
	sec := Section{Key: "scores", Title: Text{Zh: "总体得分", En: "Scores"}}
	notes := s.rests(s.scored())
	m := &Map{Base: base, Labels: len(p.units) <= labelled, Legend: scoreLegend(), Credits: s.Credits()}
	var bins [6]int
	order := slices.Clone(p.units)
	for _, u := range p.units {
		o := s.overall(u)
		m.Fill = append(m.Fill, scoreTone(o.Known, o.Score))
		m.Hatch = append(m.Hatch, o.Known && o.Max > o.Score)
		if o.Known {
			bins[scoreTone(true, o.Score)-ToneScore0]++
		} else {
			bins[5]++
		}
	}
	sort.SliceStable(order, func(a, b int) bool {
		x, y := s.overall(order[a]), s.overall(order[b])
		if x.Known != y.Known {
			return x.Known
		}
		return x.Score < y.Score
	})
	hist := &Histogram{Unit: Text{Zh: "得分", En: "score"}, Counts: Text{Zh: "评价单元数", En: "neighborhoods"}}
	data := &Table{Key: "distribution", Caption: Text{Zh: "得分分布", En: "Distribution of scores"}, Columns: []Column{
		{Key: "class", Title: Text{Zh: "得分", En: "score"}}, {Key: "neighborhoods", Title: Text{Zh: "评价单元", En: "neighborhoods"}, Kind: KindNumber}}}
	for c := range 6 {
		w, tone := words("无得分", "no score"), ToneNotAssessed
		if c < 5 {
			w, tone = plain(fmt.Sprintf("%d–%d", 20*c, 20*c+20)), ToneScore0+Tone(c)
		}
		w.Tone = tone
		hist.Bins = append(hist.Bins, Bin{Words: w.Text, Count: bins[c], Tone: tone})
		data.Rows = append(data.Rows, []Cell{w, number(int64(bins[c]))})
	}
	sec.Blocks = append(sec.Blocks, &Figure{
		Key: "score-map", Caption: Text{Zh: "各评价单元总得分", En: "Overall score of each neighborhood"}, Notes: notes, Plot: m, Table: "scores",
		Desc: Text{Zh: fmt.Sprintf("地图按五级颜色表示 %s 个评价单元的总得分，斜线表示得分为区间。", count(len(p.units))),
			En: fmt.Sprintf("Map of the overall scores of %s neighborhoods in five classes; hatching marks scores that are intervals.", count(len(p.units)))},
	}, &Figure{
		Key: "score-distribution", Caption: Text{Zh: "得分分布", En: "Distribution of scores"}, Notes: notes, Plot: hist, Data: data,
		Desc: Text{Zh: "柱状图：各得分段的评价单元数。", En: "Histogram: neighborhoods by class of score."},
	}, s.ranking(order, notes), s.tiers(p, notes), s.scoreTable(order, notes))
	return sec
}

// ranking draws the neighborhoods with the lowest scores.
func (s *Source) ranking(order []int, notes []Text) *Figure {
	shown := order[:min(pageUnits, len(order))]
	bars := &Bars{Full: 100 * coverage.ScoreScale, Scale: 9, Unit: Text{Zh: "得分（浅色至最高可能值）", En: "score (lighter: up to the highest possible)"}}
	for i := len(s.Run.Catalog.Grades) - 1; i >= 0; i-- {
		if g := s.Run.Catalog.Grades[i]; g.Min > 0 {
			bars.Lines = append(bars.Lines, Line{At: int64(g.Min) * 1000, Words: Text{Zh: g.Name, En: g.Name}})
		}
	}
	c := Column{Kind: KindScore, Scale: 9, Decimals: 1}
	for _, u := range shown {
		o := s.overall(u)
		b := Bar{Label: s.nameOf(u), Value: o.Score, Max: o.Max, Null: !o.Known, Tone: scoreTone(o.Known, o.Score)}
		v := c.Show(numberIf(o.Known, o.Score), "en")
		if o.Known && o.Max > o.Score {
			v += "–" + c.Show(number(o.Max), "en")
		}
		if o.Grade != "" {
			v += " " + o.Grade
		}
		b.Words = Text{Zh: v, En: v}
		bars.Rows = append(bars.Rows, b)
	}
	f := &Figure{Key: "ranking", Plot: bars, Notes: notes, Table: "scores", Caption: Text{Zh: "得分由低到高", En: "Scores, the lowest first"},
		Desc: Text{Zh: "横条图：得分最低的评价单元在上，浅色部分为数据不全造成的区间，竖线为等级线。", En: "Bars: the lowest scores on top; the lighter part is the interval left by thin data, lines are those of grades."}}
	if len(shown) < len(order) {
		f.Caption = Text{Zh: fmt.Sprintf("得分最低的 %d 个评价单元（共 %s 个）", len(shown), count(len(order))), En: fmt.Sprintf("The %d lowest scores of %s neighborhoods", len(shown), count(len(order)))}
	}
	return f
}

// tierName gives the words for a scope of scores.
func (s *Source) tierName(scope string) Text {
	if scope == coverage.Overall {
		return Text{Zh: "总体", En: "overall"}
	}
	if t, ok := s.Run.Catalog.Tier(scope); ok {
		if t.Name.Zh != "" || t.Name.En != "" {
			return t.Name
		}
		return Text{Zh: fmt.Sprintf("%d 分钟圈层", t.Minutes), En: fmt.Sprintf("%d-minute tier", t.Minutes)}
	}
	return Text{Zh: scope, En: scope}
}

// tiers draws the score of each tier: the parent's own, or the median of the neighborhoods.
func (s *Source) tiers(p *part, notes []Text) *Figure {
	bars := &Bars{Full: 100 * coverage.ScoreScale, Scale: 9, Unit: Text{Zh: "得分", En: "score"}}
	data := &Table{Key: "tiers", Caption: Text{Zh: "各圈层得分", En: "Scores by tier"}, Columns: []Column{
		{Key: "tier", Title: Text{Zh: "圈层", En: "tier"}}, {Key: "score", Title: Text{Zh: "得分", En: "score"}, Kind: KindScore, Scale: 9, Decimals: 1},
		{Key: "score_max", Title: Text{Zh: "最高可能得分", En: "highest possible"}, Kind: KindScore, Scale: 9, Decimals: 1},
		{Key: "neighborhoods", Title: Text{Zh: "有得分的单元", En: "neighborhoods with a score"}, Kind: KindNumber}}}
	c := data.Columns[1]
	for k := range len(s.Run.Catalog.Tiers) + 1 {
		var scores, most []int64
		for _, u := range p.units {
			if x := s.Run.SubjectScores(u)[k]; x.Known {
				scores, most = append(scores, x.Score), append(most, x.Max)
			}
		}
		b := Bar{Null: len(scores) == 0}
		scope := coverage.Overall
		if k < len(s.Run.Catalog.Tiers) {
			scope = s.Run.Catalog.Tiers[k].ID
		}
		b.Label = s.tierName(scope)
		if p.subject >= 0 {
			x := s.Run.SubjectScores(p.subject)[k]
			b.Null, b.Value, b.Max = !x.Known, x.Score, x.Max
		} else if len(scores) > 0 {
			slices.Sort(scores)
			slices.Sort(most)
			b.Value, b.Max = median(scores), median(most)
		}
		b.Tone = scoreTone(!b.Null, b.Value)
		v := c.Show(numberIf(!b.Null, b.Value), "en")
		if !b.Null && b.Max > b.Value {
			v += "–" + c.Show(number(b.Max), "en")
		}
		b.Words = Text{Zh: v, En: v}
		bars.Rows = append(bars.Rows, b)
		data.Rows = append(data.Rows, []Cell{text(b.Label), numberIf(!b.Null, b.Value), numberIf(!b.Null, b.Max), number(int64(len(scores)))})
	}
	f := &Figure{Key: "tiers", Plot: bars, Data: data, Notes: notes, Caption: Text{Zh: "各圈层得分（各评价单元的中位数）", En: "Scores by tier (median of the neighborhoods)"},
		Desc: Text{Zh: "横条图：每个圈层一条，圈层之间互不包含。", En: "Bars: one per tier; tiers do not contain each other."}}
	if p.subject >= 0 {
		f.Caption = Text{Zh: "各圈层得分（按本区域全部需求）", En: "Scores by tier (of all demand in the area)"}
	}
	return f
}

// scoreTable lists every neighborhood, the lowest score first.
func (s *Source) scoreTable(order []int, notes []Text) *Table {
	t := &Table{Key: "scores", Caption: Text{Zh: "评价单元得分", En: "Scores of neighborhoods"}, Notes: notes, PageRows: pageUnits, Columns: []Column{
		{Key: "neighborhood_id", Title: Text{Zh: "编号", En: "id"}}, {Key: "neighborhood", Title: Text{Zh: "评价单元", En: "neighborhood"}, Width: 24},
		{Key: "score", Title: Text{Zh: "得分", En: "score"}, Kind: KindScore, Scale: 9, Decimals: 1},
		{Key: "score_max", Title: Text{Zh: "最高可能", En: "at most"}, Kind: KindScore, Scale: 9, Decimals: 1},
		{Key: "grade", Title: Text{Zh: "等级", En: "grade"}},
		{Key: "completeness", Title: Text{Zh: "完整度", En: "completeness"}, Kind: KindPercent, Scale: 6, Decimals: 0},
		{Key: "met", Title: Text{Zh: "达标", En: "met"}, Kind: KindNumber}, {Key: "unmet", Title: Text{Zh: "未达标", En: "unmet"}, Kind: KindNumber},
		{Key: "not_detected", Title: Text{Zh: "未检出", En: "not detected"}, Kind: KindNumber}, {Key: "not_assessed", Title: Text{Zh: "未评估", En: "not assessed"}, Kind: KindNumber},
		{Key: "population", Title: Text{Zh: "人口", En: "population"}, Kind: KindNumber, Scale: 3},
	}}
	for _, u := range order {
		x, o := &s.Run.Subjects[u], s.overall(u)
		n, ok := s.population(u)
		t.Rows = append(t.Rows, []Cell{plain(x.ID), text(s.nameOf(u)), s.scoreCell(o.Known, o.Score, true), s.scoreCell(o.Known, o.Max, false), plain(o.Grade),
			number(o.Completeness), number(int64(o.Counts.Met)), number(int64(o.Counts.Unmet)), number(int64(o.Counts.NotDetected)), number(int64(o.Counts.NotAssessed)), numberIf(ok, n)})
	}
	return t
}

// drawnGaps bounds the gaps on a map; the largest are drawn.
const drawnGaps = 5000

// gapOrder gives an area's gaps of scored requirements: by people, then by area, then by id.
func (s *Source) gapOrder(p *part) []*coverage.Gap {
	var out []*coverage.Gap
	for _, u := range p.units {
		for _, i := range s.gaps[u] {
			if g := &s.Run.Gaps[i]; !s.Run.Requirements[g.Requirement].Variant {
				out = append(out, g)
			}
		}
	}
	sort.SliceStable(out, func(a, b int) bool {
		x, y := out[a], out[b]
		if x.People != y.People {
			return x.People > y.People
		}
		if x.AreaMM2 != y.AreaMM2 {
			return x.AreaMM2 > y.AreaMM2
		}
		return x.ID < y.ID
	})
	return out
}

// gapSection shows where demand lies beyond the limits.
func (s *Source) gapSection(p *part, base *Base) Section {
	sec := Section{Key: "gaps", Title: Text{Zh: "盲区", En: "Gaps"}}
	gaps := s.gapOrder(p)
	judged, open := 0, 0 // neighborhoods × requirements
	for _, u := range p.units {
		for _, k := range s.scored() {
			if s.cell(u, k).Verdict == coverage.NotAssessed {
				open++
			} else {
				judged++
			}
		}
	}
	if open > 0 {
		sec.Blocks = append(sec.Blocks, &Paragraph{Mark: true, Text: Text{
			Zh: fmt.Sprintf("%s 条要求未评估（缺少图层、需求、分母或限值），其盲区未知，不在此列。", count(open)),
			En: fmt.Sprintf("%s verdicts are not assessed (a layer, demand, the denominator or a limit is missing): their gaps are unknown and are not among these.", count(open))}})
	}
	switch {
	case len(gaps) == 0 && judged == 0:
		sec.Blocks = append(sec.Blocks, &Paragraph{Text: Text{Zh: "没有一项要求得到评估：盲区未知，不等于没有。", En: "Nothing could be judged: where the gaps are is unknown, which does not mean that there are none."}})
		return sec
	case len(gaps) == 0:
		sec.Blocks = append(sec.Blocks, &Paragraph{Text: Text{Zh: "没有盲区：凡按限值判断且有结论的要求，全部需求都在限值以内。", En: "There are no gaps: under every requirement with a limit that could be judged, all demand lies within it."}})
		return sec
	}
	notes := s.rests(s.scored())
	m := &Map{Base: base, Credits: s.Credits(), Labels: len(p.units) <= labelled, Legend: []Legend{
		{Tone: ToneGap, Words: Text{Zh: "未覆盖（颜色越深，缺少的要素越多）", En: "uncovered (the darker, the more is missing)"}},
		{Tone: ToneUndetermined, Hatch: true, Words: Text{Zh: "待定（图层无法判断）", En: "undetermined (the layers cannot tell)"}},
	}}
	m.Fill = make([]Tone, len(base.Shapes))
	drawn := gaps[:min(drawnGaps, len(gaps))]
	var uncovered, unclear []Overlay
	for _, g := range drawn {
		if g.State == "undetermined" {
			unclear = append(unclear, Overlay{g.Geometry, ToneUndetermined})
		} else {
			uncovered = append(uncovered, Overlay{g.Geometry, ToneGap})
		}
	}
	m.Overlays = append(unclear, uncovered...)
	f := &Figure{Key: "gap-map", Caption: Text{Zh: "盲区分布", En: "Where the gaps are"}, Plot: m, Notes: notes, Table: "gaps",
		Desc: Text{Zh: fmt.Sprintf("地图：%s 处盲区叠加显示，红色为未覆盖，紫色斜线为待定。", count(len(drawn))), En: fmt.Sprintf("Map of %s gaps laid over each other: red is uncovered, hatched purple is undetermined.", count(len(drawn)))}}
	if len(drawn) < len(gaps) {
		f.Notes = append(slices.Clone(notes), Text{Zh: fmt.Sprintf("共 %s 处，图中只绘最大的 %s 处，其余见表。", count(len(gaps)), count(len(drawn))), En: fmt.Sprintf("Of %s gaps the largest %s are drawn; the table has them all.", count(len(gaps)), count(len(drawn)))})
	}
	table := s.gapTable(gaps, notes)
	page := paged(table, "neighborhood", "requirement", "class", "state", "people", "area_m2", "nearest_m", "nearest_max_m")
	f.Table = page.Key
	sec.Blocks = append(sec.Blocks, f, table, page)
	return sec
}

func (s *Source) gapTable(gaps []*coverage.Gap, notes []Text) *Table {
	t := &Table{Key: "gaps", Caption: Text{Zh: "盲区清单（按数量，其次按面积）", En: "Gaps, by amount, then by area"}, PageRows: 30, Columns: []Column{
		{Key: "gap_id", Title: Text{Zh: "盲区", En: "gap"}}, {Key: "cluster_id", Title: Text{Zh: "连片", En: "cluster"}},
		{Key: "neighborhood_id", Title: Text{Zh: "单元编号", En: "neighborhood id"}}, {Key: "neighborhood", Title: Text{Zh: "评价单元", En: "neighborhood"}, Width: 20},
		{Key: "requirement", Title: Text{Zh: "要求", En: "requirement"}, Width: 20}, {Key: "class", Title: Text{Zh: "类别", En: "class"}},
		{Key: "state", Title: Text{Zh: "状态", En: "state"}, Kind: KindVerdict}, {Key: "denominator", Title: Text{Zh: "分母", En: "denominator"}},
		{Key: "people", Title: Text{Zh: "数量", En: "amount"}, Kind: KindNumber, Scale: 3}, {Key: "area_m2", Title: Text{Zh: "面积（平方米）", En: "area, m²"}, Kind: KindNumber, Scale: 3},
		{Key: "nearest_m", Title: Text{Zh: "最近设施（米）", En: "nearest, m"}, Kind: KindNumber, Scale: 3}, {Key: "nearest_max_m", Title: Text{Zh: "最远处（米）", En: "farthest, m"}, Kind: KindNumber, Scale: 3},
	}}
	note := Text{
		Zh: "“数量”为分母的数量（如人口）；分母为居住用地的盲区没有人数，按面积排列。“最近设施”为需求加权的平均距离，空缺表示没有设施。",
		En: "“Amount” is of the denominator (such as people); gaps of residential land have none and are ranked by area. “Nearest” is the weighted mean distance; it is empty where there is no facility.",
	}
	if s.Within > 0 {
		m := count(s.Within)
		note = Text{
			Zh: strings.ReplaceAll(note.Zh, "空缺表示没有设施", "空缺表示读取范围内没有设施") + fmt.Sprintf("未读取范围外 %s 米以远的设施：大于 %s 米的距离可能偏大，空缺处更远的地方可能有设施。", m, m),
			En: strings.ReplaceAll(note.En, "there is no facility", "no facility was read") + fmt.Sprintf(" Facilities farther than %s m from the area were not read: a distance above %s m may be too large, and where it is empty there may be one farther away.", m, m),
		}
	}
	t.Notes = append(slices.Clone(notes), note)
	for _, g := range gaps {
		d := &s.Run.Requirements[g.Requirement]
		state := Cell{Text: Text{Zh: "未覆盖", En: "uncovered"}, Tone: ToneGap}
		if g.State == "undetermined" {
			state = Cell{Text: Text{Zh: "待定", En: "undetermined"}, Tone: ToneUndetermined}
		}
		t.Rows = append(t.Rows, []Cell{plain(g.ID), plain(g.Cluster), plain(s.Run.Subjects[g.Subject].ID), text(s.nameOf(g.Subject)), text(s.Run.RequirementName(g.Requirement)),
			text(catalog.ClassName(s.Run.Catalog.Requirements[g.Requirement].Class)), state, text(denominatorName(d.Denominator)), numberIf(g.People != coverage.Unknown, g.People),
			number((g.AreaMM2 + 500) / 1000), numberIf(g.NearestMM != coverage.Unknown, g.NearestMM), numberIf(g.NearestMax != coverage.Unknown, g.NearestMax)})
	}
	return t
}

// parents shows the streets and districts of an area: scores and 社区达标率.
func (s *Source) parents(p *part) Section {
	sec := Section{Key: "parents", Title: Text{Zh: "上级汇总与社区达标率", En: "Streets and districts"}}
	requirements := s.scored()
	byLevel := map[string][]int{}
	var levels []string
	for _, i := range p.parents {
		l := s.Run.Subjects[i].Level
		if byLevel[l] == nil {
			levels = append(levels, l)
		}
		byLevel[l] = append(byLevel[l], i)
	}
	for _, level := range levels {
		name := levelName(level)
		t := &Table{Key: "parents-" + level, Sheet: Text{Zh: name.Zh + "得分", En: "By " + name.En}, PageRows: pageUnits, Caption: Text{Zh: name.Zh + "：得分与社区达标率", En: "By " + name.En + ": scores, and units that meet the requirements"}, Notes: append(slices.Clone(s.rests(requirements)), Text{
			Zh: "只列全部成员都在本区域内的上级。社区达标率 = 达标的单元 ÷ 有覆盖率的单元，各项要求合计。得分按上级范围内全部需求（成员之并），不是各单元得分的平均。",
			En: "Only those are listed all of whose members lie in the area. Units met = units that meet a requirement ÷ units with a share, over all requirements. Scores are of all demand in the area (the union of its members), never averages of theirs.",
		})}
		t.Columns = []Column{{Key: "id", Title: Text{Zh: "编号", En: "id"}}, {Key: "name", Title: name, Width: 20}, {Key: "units", Title: Text{Zh: "单元", En: "units"}, Kind: KindNumber},
			{Key: "score", Title: Text{Zh: "得分", En: "score"}, Kind: KindScore, Scale: 9, Decimals: 1}, {Key: "score_max", Title: Text{Zh: "最高可能", En: "at most"}, Kind: KindScore, Scale: 9, Decimals: 1},
			{Key: "grade", Title: Text{Zh: "等级", En: "grade"}}, {Key: "completeness", Title: Text{Zh: "完整度", En: "completeness"}, Kind: KindPercent, Scale: 6, Decimals: 0},
			{Key: "units_met", Title: Text{Zh: "社区达标率", En: "units met"}, Kind: KindPercent, Scale: 9, Decimals: 1}}
		wide := &Table{Key: "parents-" + level + "-requirements", Sheet: Text{Zh: name.Zh + "达标率", En: "By " + name.En + ", met"}, SheetOnly: true, Caption: Text{Zh: name.Zh + "：各项要求的社区达标率", En: "By " + name.En + ": units that meet each requirement"}, Notes: t.Notes,
			Columns: slices.Clone(t.Columns[:3])}
		for _, k := range requirements {
			wide.Columns = append(wide.Columns, Column{Key: "units_met_" + s.Run.Requirements[k].ID, Title: s.Run.RequirementName(k), Kind: KindPercent, Scale: 9, Decimals: 1})
		}
		for _, i := range byLevel[level] {
			x, o := &s.Run.Subjects[i], s.overall(i)
			met, judged := int64(0), int64(0)
			row := []Cell{plain(x.ID), text(s.nameOf(i)), number(int64(x.Members))}
			more := slices.Clone(row)
			for _, k := range requirements {
				c := s.cell(i, k)
				met, judged = met+int64(c.UnitsMet), judged+int64(c.UnitsJudged)
				more = append(more, numberIf(c.UnitsJudged > 0, coverage.Ratio(int64(c.UnitsMet), int64(c.UnitsJudged))))
			}
			wide.Rows = append(wide.Rows, more)
			t.Rows = append(t.Rows, append(row, s.scoreCell(o.Known, o.Score, true), s.scoreCell(o.Known, o.Max, false), plain(o.Grade), number(o.Completeness),
				numberIf(judged > 0, coverage.Ratio(met, judged))))
		}
		sec.Blocks = append(sec.Blocks, t, wide)
	}
	return sec
}

// verdictLegend explains the classes of a requirement's map.
func verdictLegend() []Legend {
	return []Legend{
		{Tone: ToneMet, Words: Text{Zh: "达标", En: "met"}}, {Tone: ToneNear, Words: Text{Zh: "未达标（接近）", En: "unmet (near the line)"}}, {Tone: ToneFar, Words: Text{Zh: "未达标（不足四分之三）", En: "unmet (under three quarters of it)"}},
		{Tone: ToneNotDetected, Hatch: true, Words: Text{Zh: "未检出", En: "not detected"}}, {Tone: ToneNotAssessed, Words: Text{Zh: "未评估", En: "not assessed"}},
	}
}

// joinTexts joins words with a separator for each language.
func joinTexts(list []Text, zh, en string) Text {
	var z, e []string
	for _, t := range list {
		z, e = append(z, t.In("zh")), append(e, t.In("en"))
	}
	return Text{Zh: strings.Join(z, zh), En: strings.Join(e, en)}
}

package report

import (
	"fmt"
	"slices"
	"strings"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
)

// requirements shows how an area does under each requirement.
func (s *Source) requirements(p *part, base *Base) Section {
	sec := Section{Key: "requirements", Title: Text{Zh: "各项要求", En: "Requirements"}}
	list := s.scored()
	notes := s.rests(list)
	table := s.requirementTable(p)
	demand := paged(table, "name", "limit", "denominator", "demand_total", "demand_covered", "demand_undetermined", "unit", "share", "share_max", "pass_line")
	units := paged(table, "name", "class", "mandatory", "met", "unmet", "not_detected", "not_assessed", "people_beyond", "confidence")
	units.Key, units.Caption = "requirements-units", Text{Zh: "各项要求的结论与未覆盖人口", En: "Verdicts by requirement, and people beyond the limit"}
	sec.Blocks = append(sec.Blocks, &Figure{
		Key: "intervals", Caption: Text{Zh: "各项要求的覆盖率区间", En: "Share of each requirement, as an interval"}, Plot: s.intervals(p, list), Notes: table.Notes, Table: demand.Key,
		Desc: Text{Zh: "堆叠横条图：覆盖、待定、未覆盖占全部需求之比，短线为达标线。", En: "Stacked bars: covered, undetermined and uncovered, of all demand; a mark stands at the pass line."},
	})
	multiples := &Multiples{Legend: verdictLegend(), Credits: s.Credits()}
	for _, k := range list {
		m := &Map{Base: base, Title: s.Run.RequirementName(k), Small: true}
		for _, u := range p.units {
			m.Fill = append(m.Fill, cellTone(&s.Run.Requirements[k], s.cell(u, k)))
		}
		multiples.Maps = append(multiples.Maps, m)
	}
	sec.Blocks = append(sec.Blocks, &Figure{
		Key: "verdict-maps", Caption: Text{Zh: "各项要求的结论", En: "Verdicts of each requirement"}, Plot: multiples, Notes: notes, Table: "matrix-1",
		Desc: Text{Zh: fmt.Sprintf("%d 幅小地图，每项要求一幅，按结论着色。", len(list)), En: fmt.Sprintf("%d small maps, one per requirement, coloured by verdict.", len(list))},
	}, table, demand, units)
	return sec
}

func (s *Source) intervals(p *part, list []int) *Intervals {
	out := &Intervals{Legend: []Legend{
		{Tone: ToneCovered, Words: Text{Zh: "覆盖", En: "covered"}}, {Tone: ToneUndetermined, Hatch: true, Words: Text{Zh: "待定", En: "undetermined"}},
		{Tone: ToneFar, Words: Text{Zh: "未覆盖", En: "uncovered"}},
	}}
	c := Column{Kind: KindPercent, Scale: 9, Decimals: 1}
	for _, k := range list {
		t := s.tallyOf(p, k)
		row := Interval{Label: s.Run.RequirementName(k), PassLine: int64(s.Run.Requirements[k].PassLine), Null: !t.known || t.total == 0, Words: Text{Zh: "未评估", En: "not assessed"}}
		if !row.Null {
			row.Covered = coverage.Ratio(t.covered, t.total) / 1000
			row.Undetermined = coverage.Ratio(t.covered+t.undetermined, t.total)/1000 - row.Covered
			row.Uncovered = 1_000_000 - row.Covered - row.Undetermined
			w := c.Show(number(coverage.Ratio(t.covered, t.total)), "en")
			if t.undetermined > 0 {
				w += "–" + c.Show(number(coverage.Ratio(t.covered+t.undetermined, t.total)), "en")
			}
			row.Words = Text{Zh: w, En: w}
		}
		if p.subject >= 0 {
			row.Tone = cellTone(&s.Run.Requirements[k], s.cell(p.subject, k))
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}

func yesNo(b bool) Cell {
	if b {
		return words("是", "yes")
	}
	return words("否", "no")
}

// requirementTable lists requirements with the sums of an area.
func (s *Source) requirementTable(p *part) *Table {
	t := &Table{Key: "requirements", Caption: Text{Zh: "各项要求的覆盖情况", En: "Coverage by requirement"}, Columns: []Column{
		{Key: "requirement", Title: Text{Zh: "要求", En: "requirement"}}, {Key: "name", Title: Text{Zh: "名称", En: "name"}, Width: 24},
		{Key: "tier", Title: Text{Zh: "圈层", En: "tier"}}, {Key: "class", Title: Text{Zh: "类别", En: "class"}}, {Key: "mandatory", Title: Text{Zh: "必配", En: "mandatory"}},
		{Key: "limit", Title: Text{Zh: "限值", En: "limit"}}, {Key: "denominator", Title: Text{Zh: "分母", En: "denominator"}}, {Key: "unit", Title: Text{Zh: "单位", En: "unit"}},
		{Key: "demand_total", Title: Text{Zh: "需求总量", En: "demand"}, Kind: KindNumber, Scale: 3}, {Key: "demand_covered", Title: Text{Zh: "覆盖", En: "covered"}, Kind: KindNumber, Scale: 3},
		{Key: "demand_undetermined", Title: Text{Zh: "待定", En: "undetermined"}, Kind: KindNumber, Scale: 3},
		{Key: "share", Title: Text{Zh: "覆盖率", En: "share"}, Kind: KindPercent, Scale: 9, Decimals: 1}, {Key: "share_max", Title: Text{Zh: "最高可能", En: "at most"}, Kind: KindPercent, Scale: 9, Decimals: 1},
		{Key: "pass_line", Title: Text{Zh: "达标线", En: "pass line"}, Kind: KindPercent, Scale: 6, Decimals: s.lines(s.scored())},
		{Key: "met", Title: Text{Zh: "达标单元", En: "met"}, Kind: KindNumber}, {Key: "unmet", Title: Text{Zh: "未达标", En: "unmet"}, Kind: KindNumber},
		{Key: "not_detected", Title: Text{Zh: "未检出", En: "not detected"}, Kind: KindNumber}, {Key: "not_assessed", Title: Text{Zh: "未评估", En: "not assessed"}, Kind: KindNumber},
		{Key: "people_beyond", Title: Text{Zh: "未覆盖人口", En: "people beyond"}, Kind: KindNumber, Scale: 3}, {Key: "confidence", Title: Text{Zh: "可信度", En: "confidence"}},
	}}
	t.Notes = slices.Clone(s.rests(s.scored()))
	if p.subject < 0 {
		t.Notes = append(t.Notes, Text{Zh: "数量为各评价单元之和：位于重叠单元中的需求在每个单元各计一次。", En: "Sums are over the neighborhoods: demand in two that overlap counts in each."})
	}
	for _, k := range s.scored() {
		d, req, x := &s.Run.Requirements[k], &s.Run.Catalog.Requirements[k], s.tallyOf(p, k)
		limit := words(limitText(d, "zh"), limitText(d, "en"))
		ok := x.known && x.total > 0
		t.Rows = append(t.Rows, []Cell{plain(d.ID), text(s.Run.RequirementName(k)), text(s.tierName(d.Tier)), text(catalog.ClassName(req.Class)), yesNo(req.Mandatory), limit,
			text(denominatorName(d.Denominator)), text(denominatorUnit(d.Denominator)), numberIf(x.known, milli(x.total, d.Denominator)), numberIf(x.known, milli(x.covered, d.Denominator)),
			numberIf(x.known, milli(x.undetermined, d.Denominator)), shareCell(ok, x.covered, x.total, d), shareCell(ok, x.covered+x.undetermined, x.total, d),
			number(int64(d.PassLine)), number(int64(x.Met)), number(int64(x.Unmet)), number(int64(x.NotDetected)), number(int64(x.NotAssessed)), numberIf(x.peopleKnown, x.beyond), plain(d.Confidence)})
	}
	return t
}

// limitText writes a requirement's limits with their unit.
func limitText(d *coverage.Judged, lang string) string {
	if d.Limit == "" {
		return ""
	}
	unit := map[string]Text{"m": {Zh: "米", En: "m"}, "min": {Zh: "分钟", En: "min"}, "count": {Zh: "处", En: "facilities"}}[d.Unit]
	return strings.ReplaceAll(d.Limit, "|", " / ") + " " + unit.In(lang)
}

// matrixColumns bounds the requirements of one table of the matrix in pages.
const matrixColumns = 9

// matrix is 一张表: every neighborhood by every requirement.
func (s *Source) matrix(p *part) Section {
	sec := Section{Key: "matrix", Title: Text{Zh: "评价单元与要求对照表", En: "Neighborhoods by requirements"}}
	list := s.scored()
	sheet := s.rests(list)
	notes := append(slices.Clone(sheet), Text{
		Zh: "每格为覆盖率与结论：达 = 达标，未 = 未达标，？ = 未检出（给出区间），– = 未评估。覆盖率截断，不四舍五入。",
		En: "Each cell gives the share and the verdict: met; unmet; n.d. = not detected (with its interval); – = not assessed. Shares are cut off, not rounded.",
	})
	wide := &Table{Key: "matrix", Caption: sec.Title, Notes: sheet, SheetOnly: true, Columns: []Column{
		{Key: "neighborhood_id", Title: Text{Zh: "编号", En: "id"}}, {Key: "neighborhood", Title: Text{Zh: "评价单元", En: "neighborhood"}, Width: 24},
		{Key: "score", Title: Text{Zh: "得分", En: "score"}, Kind: KindScore, Scale: 9, Decimals: 2}, {Key: "score_max", Title: Text{Zh: "最高可能", En: "at most"}, Kind: KindScore, Scale: 9, Decimals: 2},
		{Key: "grade", Title: Text{Zh: "等级", En: "grade"}}, {Key: "completeness", Title: Text{Zh: "完整度", En: "completeness"}, Kind: KindPercent, Scale: 6, Decimals: 0},
	}}
	for _, k := range list {
		id, name := s.Run.Requirements[k].ID, s.Run.RequirementName(k)
		wide.Columns = append(wide.Columns, Column{Key: "share_" + id, Title: Text{Zh: "覆盖率", En: "share"}, Group: name, Kind: KindPercent, Scale: 9, Decimals: 2},
			Column{Key: "share_max_" + id, Title: Text{Zh: "最高可能", En: "at most"}, Group: name, Kind: KindPercent, Scale: 9, Decimals: 2},
			Column{Key: "verdict_" + id, Title: Text{Zh: "结论", En: "verdict"}, Group: name, Kind: KindVerdict, Width: 10})
	}
	for _, u := range p.units {
		o := s.overall(u)
		row := []Cell{plain(s.Run.Subjects[u].ID), text(s.nameOf(u)), s.scoreCell(o.Known, o.Score, true), s.scoreCell(o.Known, o.Max, false), plain(o.Grade), number(o.Completeness)}
		for _, k := range list {
			c := s.cell(u, k)
			known := c.Verdict != coverage.NotAssessed
			d := &s.Run.Requirements[k]
			row = append(row, shareCell(known, c.Covered, c.Total, d), shareCell(known, c.Covered+c.Undetermined, c.Total, d), verdictCell(c.Verdict, cellTone(&s.Run.Requirements[k], c)))
		}
		wide.Rows = append(wide.Rows, row)
	}
	sec.Blocks = append(sec.Blocks, wide)
	pages := (len(list) + matrixColumns - 1) / matrixColumns
	for n := range pages { // of like width
		sec.Blocks = append(sec.Blocks, s.matrixPage(p, list[n*len(list)/pages:(n+1)*len(list)/pages], n+1, notes))
	}
	return sec
}

// matrixPage is a part of the matrix for pages: some requirements, one column each.
func (s *Source) matrixPage(p *part, list []int, n int, notes []Text) *Table {
	t := &Table{Key: fmt.Sprintf("matrix-%d", n), PageOnly: true, PageRows: 3 * pageUnits, Notes: notes,
		Caption: Text{Zh: fmt.Sprintf("评价单元与要求对照表（%d）", n), En: fmt.Sprintf("Neighborhoods by requirements (%d)", n)},
		Columns: []Column{{Key: "neighborhood", Title: Text{Zh: "评价单元", En: "neighborhood"}, Width: 24}}}
	share := Column{Kind: KindPercent, Scale: 9, Decimals: 0}
	for _, k := range list {
		t.Columns = append(t.Columns, Column{Key: "verdict_" + s.Run.Requirements[k].ID, Title: s.Run.RequirementName(k), Kind: KindVerdict, Width: 10})
	}
	for _, u := range p.units {
		row := []Cell{text(s.nameOf(u))}
		for _, k := range list {
			c := s.cell(u, k)
			cell := Cell{Tone: cellTone(&s.Run.Requirements[k], c)}
			v := share.Show(number(coverage.Ratio(c.Covered, c.Total)), "en")
			switch c.Verdict {
			case coverage.NotAssessed:
				cell.Text = Text{Zh: Dash, En: Dash}
			case coverage.Met:
				cell.Text = Text{Zh: "达 " + v, En: "met " + v}
			case coverage.Unmet:
				cell.Text = Text{Zh: "未 " + v, En: "unmet " + v}
			case coverage.NotDetected:
				v = strings.TrimSuffix(v, "%") + "–" + share.Show(number(coverage.Ratio(c.Covered+c.Undetermined, c.Total)), "en")
				cell.Text = Text{Zh: "？ " + v, En: "n.d. " + v}
			}
			row = append(row, cell)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

package report

import (
	"fmt"
	"slices"
	"strings"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
)

var roleNames = map[coverage.Role]Text{
	coverage.RoleNeighborhoods: {Zh: "评价单元", En: "neighborhoods"}, coverage.RoleFacilities: {Zh: "设施", En: "facilities"}, coverage.RoleDemand: {Zh: "需求", En: "demand"},
	coverage.RoleLand: {Zh: "居住用地", En: "residential land"}, coverage.RoleBuildings: {Zh: "建筑", En: "buildings"}, coverage.RoleAttributes: {Zh: "属性表", En: "attributes"},
	coverage.RoleNetwork: {Zh: "步行网络", En: "walking network"},
}

var surveyNames = map[coverage.SurveyKind]Text{
	coverage.SurveyEverywhere: {Zh: "全域普查", En: "complete everywhere"}, coverage.SurveyPolygon: {Zh: "部分区域普查", En: "complete in an area"},
	coverage.SurveyUnknown: {Zh: "未声明", En: "not known"},
}

// surveyOf says where a layer of facilities is known to be complete, service by service where they differ.
func surveyOf(l *Layer, services *catalog.Services) Cell {
	if l.Input.Role != coverage.RoleFacilities {
		return Cell{Null: true}
	}
	kinds := map[coverage.SurveyKind][]string{}
	for _, service := range l.Info.Services {
		k := l.Info.Survey(service).Kind
		kinds[k] = append(kinds[k], service)
	}
	var out []Text
	for _, k := range []coverage.SurveyKind{coverage.SurveyEverywhere, coverage.SurveyPolygon, coverage.SurveyUnknown} {
		if len(kinds[k]) == 0 {
			continue
		}
		t := surveyNames[k]
		if len(kinds) > 1 {
			n := serviceNames(kinds[k], services)
			t = Text{Zh: t.Zh + "：" + n.Zh, En: t.En + ": " + n.En}
		}
		out = append(out, t)
	}
	return text(joinTexts(out, "；", "; "))
}

func serviceNames(keys []string, services *catalog.Services) Text {
	var list []Text
	for _, k := range keys {
		list = append(list, services.Name(k))
	}
	return joinTexts(list, "、", ", ")
}

// inputs says what was read, where it is known to be complete, and what its import found.
func (s *Source) inputs() Section {
	sec := Section{Key: "inputs", Title: Text{Zh: "数据来源与普查状况", En: "Inputs and their completeness"}}
	t := &Table{Key: "layers", Caption: Text{Zh: "图层", En: "Layers"}, Columns: []Column{
		{Key: "role", Title: Text{Zh: "类型", En: "role"}}, {Key: "layer", Title: Text{Zh: "图层", En: "layer"}, Width: 22}, {Key: "services", Title: Text{Zh: "服务要素", En: "services"}, Width: 28},
		{Key: "rows", Title: Text{Zh: "行数", En: "rows"}, Kind: KindNumber}, {Key: "survey", Title: Text{Zh: "普查状况", En: "completeness"}, Width: 18},
		{Key: "source", Title: Text{Zh: "来源文件", En: "source file"}, Width: 22}, {Key: "crs", Title: Text{Zh: "坐标系", En: "CRS"}},
		{Key: "kind", Title: Text{Zh: "性质", En: "nature"}, Width: 24}, {Key: "version", Title: Text{Zh: "版本", En: "version"}, Kind: KindNumber},
		{Key: "refused", Title: Text{Zh: "拒绝", En: "refused"}, Kind: KindNumber}, {Key: "repaired", Title: Text{Zh: "修复", En: "repaired"}, Kind: KindNumber},
		{Key: "attribution", Title: Text{Zh: "署名", En: "attribution"}, Width: 30}, {Key: "hash", Title: Text{Zh: "内容哈希", En: "content hash"}},
	}, Notes: []Text{{
		Zh: "“普查状况”由导入者声明。未声明普查的图层里没有的设施，结论为“未检出”而不是“没有”。",
		En: "Completeness is what the importer declared. What a layer does not hold, where nobody declared it complete, is “not detected”, not “none”.",
	}}}
	for i := range s.Layers {
		l := &s.Layers[i]
		nature := words("原始数据", "original")
		switch how := l.Input.DerivedText(); {
		case l.Input.Derived != "" && l.Input.Modelled:
			nature = words("推导、模拟："+how.Zh, "derived, modelled: "+how.En)
		case l.Input.Derived != "":
			nature = words("推导："+how.Zh, "derived: "+how.En)
		case l.Input.Modelled:
			nature = words("模拟", "modelled")
		}
		if nature.Text.Zh != "原始数据" {
			nature.Tone = ToneMark
		}
		survey := surveyOf(l, s.Run.Services())
		row := []Cell{text(roleNames[l.Input.Role]), plain(l.Input.Name), text(serviceNames(l.Info.Services, s.Run.Services())), number(int64(l.Input.Rows)), survey, plain(l.Info.Source), plain(l.Info.CRS),
			nature, number(int64(l.Input.Version))}
		if l.Report != nil {
			row = append(row, number(int64(l.Report.Refused)), number(int64(l.Report.Repaired)))
		} else {
			row = append(row, Cell{Null: true}, Cell{Null: true})
		}
		t.Rows = append(t.Rows, append(row, plain(l.Input.Attribution), plain(short(l.Input.Hash))))
	}
	sec.Blocks = append(sec.Blocks, t, paged(t, "role", "layer", "services", "rows", "survey", "kind", "refused", "repaired"), s.findings())
	return sec
}

// findings lists what imports warned of, and how many rows they refused or repaired and why.
func (s *Source) findings() *Table {
	t := &Table{Key: "imports", Caption: Text{Zh: "导入时的发现", En: "Findings of the imports"}, PageRows: 60, Columns: []Column{
		{Key: "layer", Title: Text{Zh: "图层", En: "layer"}, Width: 22}, {Key: "kind", Title: Text{Zh: "处理", En: "what was done"}}, {Key: "code", Title: Text{Zh: "代码", En: "code"}},
		{Key: "rows", Title: Text{Zh: "行数", En: "rows"}, Kind: KindNumber}, {Key: "text", Title: Text{Zh: "说明", En: "words"}, Width: 70},
	}}
	kinds := map[string]Text{"refused": {Zh: "拒绝", En: "refused"}, "repaired": {Zh: "修复", En: "repaired"}}
	for _, l := range s.Layers {
		if l.Report == nil {
			continue
		}
		for _, w := range l.Report.Warnings {
			t.Rows = append(t.Rows, []Cell{plain(l.Input.Name), words("警告", "warning"), plain(w.Code), {Null: true}, text(Text{Zh: w.TextZh, En: w.Text})})
		}
		type group struct{ action, reason string }
		n, first := map[group]int{}, map[group]Text{}
		var order []group
		for _, row := range l.Report.Rows {
			g := group{row.Action, row.Reason}
			if n[g] == 0 {
				order = append(order, g)
				first[g] = Text{Zh: row.TextZh, En: row.Text}
			}
			n[g]++
		}
		slices.SortFunc(order, func(a, b group) int { return strings.Compare(a.action+a.reason, b.action+b.reason) })
		for _, g := range order {
			t.Rows = append(t.Rows, []Cell{plain(l.Input.Name), text(kinds[g.action]), plain(g.reason), number(int64(n[g])), words(fmt.Sprintf("首例：%s", first[g].In("zh")), "first: "+first[g].In("en"))})
		}
	}
	if len(t.Rows) == 0 {
		t.Notes = []Text{{Zh: "没有发现。", En: "There are none."}}
	}
	return t
}

// method says how figures are defined and where the catalog's come from.
func (s *Source) method() Section {
	sec := Section{Key: "method", Title: Text{Zh: "方法与依据", En: "Method and sources"}}
	for _, t := range definitions {
		sec.Blocks = append(sec.Blocks, &Paragraph{Text: t})
	}
	if n := s.Run.Catalog.Note; n.Zh != "" || n.En != "" {
		sec.Blocks = append(sec.Blocks, &Paragraph{Text: n, Mark: s.Run.Catalog.Provisional})
	}
	t := &Table{Key: "sources", Caption: Text{Zh: "要求的出处与可信度", En: "Sources of the requirements"}, Columns: []Column{
		{Key: "requirement", Title: Text{Zh: "要求", En: "requirement"}}, {Key: "name", Title: Text{Zh: "名称", En: "name"}, Width: 24}, {Key: "limit", Title: Text{Zh: "限值", En: "limit"}},
		{Key: "pass_line", Title: Text{Zh: "达标线", En: "pass line"}, Kind: KindPercent, Scale: 6, Decimals: s.lines(s.all())}, {Key: "weight", Title: Text{Zh: "权重", En: "weight"}, Kind: KindNumber, Scale: 6, Decimals: 2},
		{Key: "source", Title: Text{Zh: "出处", En: "source"}, Width: 26}, {Key: "clause", Title: Text{Zh: "条文", En: "clause"}, Width: 18},
		{Key: "confidence", Title: Text{Zh: "可信度", En: "confidence"}}, {Key: "note", Title: Text{Zh: "说明", En: "note"}, Width: 40},
	}, Notes: []Text{{
		Zh: "可信度：A 官方，A* 转引，B 待核（未与印刷文本核对），C 项目默认（非官方数字）。依据 B、C 的结论不构成对国家标准的符合性声明。",
		En: "Confidence: A official, A* restated, B unverified (not checked against the printed text), C project default (no official figure). What rests on B or C claims no conformity with a national standard.",
	}}}
	for k := range s.Run.Requirements {
		d, req := &s.Run.Requirements[k], &s.Run.Catalog.Requirements[k]
		name := s.Run.RequirementName(k)
		if d.Variant {
			name = Text{Zh: name.Zh + "（另一读法，不计分）", En: name.En + " (another reading, not scored)"}
		}
		t.Rows = append(t.Rows, []Cell{plain(d.ID), text(name), words(limitText(d, "zh"), limitText(d, "en")), number(int64(d.PassLine)), number(int64(req.Weight)), text(bilingual(req.Source)), plain(req.Clause), plain(d.Confidence), text(req.Note)})
	}
	sec.Blocks = append(sec.Blocks, t, paged(t, "name", "limit", "pass_line", "weight", "source", "clause", "confidence"))
	return sec
}

// definitions are design.md §5 in a planner's words.
var definitions = []Text{
	{Zh: "距离：WGS 84 椭球面上的直线距离，取整到毫米后与限值比较，等于限值算达到；公园等面状设施从边缘算起。不使用绕行系数。",
		En: "Distance: straight geodesic metres on the WGS 84 ellipsoid, rounded to the millimetre and then compared; a limit is inclusive; polygons such as parks count from their edge. No detour factor is applied."},
	{Zh: "覆盖率 = 限值以内的需求 ÷ 单元全部需求。分母逐项写明。数据不全时覆盖率为区间：不在任何已知设施限值内、又不在普查范围内的需求为“待定”，区间上限把它们全部算作覆盖。",
		En: "Share = demand within the limit ÷ all demand of the neighborhood, under a named denominator. Where data is thin the share is an interval: demand beyond every known facility, but not inside a surveyed area, is undetermined, and the upper end takes all of it as covered."},
	{Zh: "达标：覆盖率不低于达标线；未达标：待定需求全部算作覆盖仍低于达标线；未检出：介于两者之间，图层无法判断；未评估：缺少图层、需求、分母或限值，原因另列。",
		En: "Met: the share reaches the pass line. Unmet: it misses the line even if everything undetermined were covered. Not detected: in between, the layers cannot tell. Not assessed: a layer, demand, the denominator or a limit is missing; the cause is given."},
	{Zh: "得分 = 100 · Σ 权重 · min(1, 覆盖率 ÷ 达标线) ÷ Σ 权重，只计有覆盖率的要求；最高可能得分以区间上限计算。完整度 = 已有“达标/未达标”结论的权重 ÷ 全部权重。各圈层互不包含，分别计分。",
		En: "Score = 100 · Σ weight · min(1, share ÷ pass line) ÷ Σ weight over the requirements that have a share; the highest possible score takes the upper ends. Completeness = weight with a verdict met or unmet ÷ all weight. Tiers do not contain each other and are scored apart."},
	{Zh: "盲区：未覆盖或待定需求所在之处。上级（街道、区县）按其成员范围内全部需求计算，重叠处只计一次；社区达标率为达标单元占有覆盖率单元之比。",
		En: "Gap: where uncovered or undetermined demand lies. Parents (streets, districts) are judged on all demand of their members, an overlap counted once; “units met” is the share of units that meet a requirement among those with a share."},
}

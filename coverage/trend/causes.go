package trend

import (
	"fmt"
	"slices"
	"sort"
	"strconv"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
)

// find lists everything that sets the inputs of the two runs apart, in a fixed order.
func (c *comparer) find(d *catalog.Difference) {
	c.findLayers()
	sameServices := c.base.SharedServices().Hash() == c.run.SharedServices().Hash()
	if d != nil {
		f := found{Cause: Cause{Kind: Catalog, Before: c.base.Catalog.ID, After: c.run.Catalog.ID, Fields: d.Fields(), Text: catalogWords(c.base, c.run, d)}}
		f.judge = func() (*coverage.Run, error) {
			cat := c.run.Catalog
			if !sameServices {
				var err error
				if cat, _, err = catalog.Parse(c.run.CatalogSource, cat.ID, c.base.SharedServices()); err != nil {
					return nil, err
				}
			}
			return c.judgeBase(cat, c.base.SharedServices(), c.base.Params)
		}
		c.causes = append(c.causes, f)
	}
	if !sameServices {
		f := found{Cause: Cause{Kind: Services, Before: c.base.SharedServices().Hash(), After: c.run.SharedServices().Hash(),
			Text: coverage.Text{Zh: "程序自带的服务要素表变化", En: "the program's list of services changed"}}}
		f.judge = func() (*coverage.Run, error) {
			cat, _, err := catalog.Parse(c.base.CatalogSource, c.base.Catalog.ID, c.run.SharedServices())
			if err != nil {
				return nil, err
			}
			return c.judgeBase(cat, c.run.SharedServices(), c.base.Params)
		}
		c.causes = append(c.causes, f)
	}
	c.findParameters()
	if now := coverage.AlgorithmVersion; c.base.Version != now || c.run.Version != now {
		c.causes = append(c.causes, found{Cause: Cause{Kind: Algorithm, Before: c.base.Version, After: c.run.Version, Text: coverage.Text{
			Zh: fmt.Sprintf("算法版本 %s → %s（现为 %s，按它重算）", c.base.Version, c.run.Version, now),
			En: fmt.Sprintf("version of the algorithm %s → %s (scored again by %s)", c.base.Version, c.run.Version, now)}}})
	}
}

// findLayers holds the versions of every layer against each other.
func (c *comparer) findLayers() {
	before, after := map[coverage.LayerKey]coverage.InputRef{}, map[coverage.LayerKey]coverage.InputRef{}
	var keys []coverage.LayerKey
	for _, in := range c.base.Inputs {
		before[in.LayerKey] = in
		keys = append(keys, in.LayerKey)
	}
	for _, in := range c.run.Inputs {
		after[in.LayerKey] = in
		if _, ok := before[in.LayerKey]; !ok {
			keys = append(keys, in.LayerKey)
		}
	}
	sort.Slice(keys, func(a, b int) bool { return keys[a].Less(keys[b]) })
	for _, key := range keys {
		x, was := before[key]
		y, is := after[key]
		switch {
		case was && is && x.Hash != y.Hash:
			c.findVersions(x, y)
		case !was:
			w := layerWords(key)
			f := found{Cause: Cause{Kind: LayerAdded, Layer: key, After: strconv.Itoa(y.Version), Rows: &Rows{After: y.Rows, Added: y.Rows}, Text: coverage.Text{
				Zh: fmt.Sprintf("新增%s，%d 行", w.Zh, y.Rows), En: fmt.Sprintf("%s: layer added, %d rows", w.En, y.Rows)}}}
			f.judge = func() (*coverage.Run, error) {
				l, err := c.layer(y)
				if err != nil {
					return nil, err
				}
				return c.judgeLayer(key, l)
			}
			c.causes = append(c.causes, f)
		case !is:
			w := layerWords(key)
			f := found{Cause: Cause{Kind: LayerRemoved, Layer: key, Before: strconv.Itoa(x.Version), Rows: &Rows{Before: x.Rows, Removed: x.Rows}, Text: coverage.Text{
				Zh: fmt.Sprintf("去掉%s，%d 行", w.Zh, x.Rows), En: fmt.Sprintf("%s: layer removed, %d rows", w.En, x.Rows)}}}
			f.judge = func() (*coverage.Run, error) { return c.judgeLayer(key, nil) }
			c.causes = append(c.causes, f)
		}
	}
}

// findVersions tells what two versions of a layer differ in: its content, where it is complete, or both.
func (c *comparer) findVersions(x, y coverage.InputRef) {
	key, w := x.LayerKey, layerWords(x.LayerKey)
	cause := Cause{Layer: key, Before: strconv.Itoa(x.Version), After: strconv.Itoa(y.Version)}
	changed := cause
	changed.Kind, changed.Rows = LayerChanged, &Rows{Before: x.Rows, After: y.Rows}
	newer, err := c.layer(y)
	if err != nil { // one version cannot be read: no telling what of it differs
		changed.Text = versionWords(w, x, y, nil)
		changed.Reason = reason(err)
		c.causes = append(c.causes, found{Cause: changed})
		return
	}
	older, err := c.layer(x)
	if err != nil { // the base with the newer version can still be scored, as a whole
		changed.Text = versionWords(w, x, y, nil)
		c.causes = append(c.causes, found{Cause: changed, judge: func() (*coverage.Run, error) { return c.judgeLayer(key, newer) }})
		return
	}
	content, survey := surveyedAs(newer, older), surveyedAs(older, newer) // the newer content as complete as before; the older content as complete as now
	if content.Info.Hash != older.Info.Hash {
		changed.Rows.Added, changed.Rows.Removed = comeAndGone(older.IDs, newer.IDs)
		changed.Fields = declarations(&older.Info, &newer.Info)
		changed.Text = versionWords(w, x, y, &changed)
		c.causes = append(c.causes, found{Cause: changed, judge: func() (*coverage.Run, error) { return c.judgeLayer(key, content) }})
	}
	if survey.Info.Hash != older.Info.Hash {
		cause.Kind, cause.Fields = Survey, surveyFields(older, newer)
		cause.Text = coverage.Text{Zh: "普查范围：" + w.Zh, En: "survey of " + w.En}
		for i, s := range surveyWords(older, newer) {
			sep := coverage.Text{Zh: "；", En: "; "}
			if i == 0 {
				sep = coverage.Text{Zh: "，", En: ": "}
			}
			cause.Text.Zh += sep.Zh + s.Zh
			cause.Text.En += sep.En + s.En
		}
		c.causes = append(c.causes, found{Cause: cause, judge: func() (*coverage.Run, error) { return c.judgeLayer(key, survey) }})
	}
}

// comeAndGone counts the ids that one of two sorted lists has alone.
func comeAndGone(before, after []string) (added, removed int) {
	i, k := 0, 0
	for i < len(before) || k < len(after) {
		switch {
		case k == len(after) || i < len(before) && before[i] < after[k]:
			removed++
			i++
		case i == len(before) || after[k] < before[i]:
			added++
			k++
		default:
			i++
			k++
		}
	}
	return added, removed
}

// declarations names what was declared of two versions of a layer differently, but for where they are complete.
func declarations(x, y *coverage.LayerInfo) (out []string) {
	note := func(differ bool, name string) {
		if differ {
			out = append(out, name)
		}
	}
	note(x.CRS != y.CRS, "crs")
	note(x.Level != y.Level, "level")
	note(!slices.Equal(x.Services, y.Services), "services")
	note(x.Modelled != y.Modelled, "modelled")
	note(x.Derived != y.Derived, "derived")
	note(x.Attribution != y.Attribution, "attribution")
	var keys []string
	for k := range x.Declared {
		keys = append(keys, k)
	}
	for k := range y.Declared {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range slices.Compact(keys) {
		note(k != declaredSurvey && x.Declared[k] != y.Declared[k] && !slices.Contains(out, k), k)
	}
	return out
}

// surveyed lists the services that two versions of a layer are differently complete for.
func surveyed(x, y *coverage.Layer) (out []string) {
	var all []string
	for _, l := range []*coverage.Layer{x, y} {
		for _, s := range l.Info.Surveys {
			all = append(all, s.Service)
		}
	}
	slices.Sort(all)
	for _, s := range slices.Compact(all) {
		if a, b := x.Info.Survey(s), y.Info.Survey(s); a.Kind != b.Kind || !a.Area.Equal(b.Area) {
			out = append(out, s)
		}
	}
	return out
}

func surveyFields(x, y *coverage.Layer) (out []string) {
	for _, s := range surveyed(x, y) {
		out = append(out, fmt.Sprintf("%s %s → %s", s, x.Info.Survey(s).Kind, y.Info.Survey(s).Kind))
	}
	return out
}

func surveyWords(x, y *coverage.Layer) (out []coverage.Text) {
	kinds := map[coverage.SurveyKind]coverage.Text{
		coverage.SurveyUnknown: {Zh: "未声明完整", En: "not known to be complete"}, coverage.SurveyEverywhere: {Zh: "处处完整", En: "complete everywhere"},
		coverage.SurveyPolygon: {Zh: "范围内完整", En: "complete inside an area"},
	}
	for _, s := range surveyed(x, y) {
		a, b := kinds[x.Info.Survey(s).Kind], kinds[y.Info.Survey(s).Kind]
		out = append(out, coverage.Text{Zh: s + " " + a.Zh + " → " + b.Zh, En: s + " " + a.En + " → " + b.En})
	}
	return out
}

// findParameters takes every parameter that differs as a cause of its own.
func (c *comparer) findParameters() {
	x, y := c.base.Params, c.run.Params
	add := func(name, before, after string, zh, en string, set func(*coverage.Params)) {
		if before == after {
			return
		}
		say := func(v, none, no, yes string) string {
			switch {
			case before+after != "true": // no switch
				return orNone(v, none)
			case v == "":
				return no
			}
			return yes
		}
		f := found{Cause: Cause{Kind: Parameter, Parameter: name, Before: before, After: after, Text: coverage.Text{
			Zh: fmt.Sprintf("参数%s：%s → %s", zh, say(before, "无", "否", "是"), say(after, "无", "否", "是")),
			En: fmt.Sprintf("parameter %s: %s → %s", en, say(before, "none", "no", "yes"), say(after, "none", "no", "yes"))}}}
		f.judge = func() (*coverage.Run, error) {
			p := x
			set(&p)
			return c.judgeBase(c.base.Catalog, c.base.SharedServices(), p)
		}
		c.causes = append(c.causes, f)
	}
	yes := func(b bool) string {
		if b {
			return "true"
		}
		return ""
	}
	year := func(y int) string {
		if y == 0 {
			return ""
		}
		return strconv.Itoa(y)
	}
	add("basis", x.Basis, y.Basis, "口径", "basis", func(p *coverage.Params) { p.Basis = y.Basis })
	add("denominator", x.Denominator, y.Denominator, "分母", "denominator", func(p *coverage.Params) { p.Denominator = y.Denominator })
	add("assume_complete", yes(x.AssumeComplete), yes(y.AssumeComplete), "假定数据完整", "assume-complete", func(p *coverage.Params) { p.AssumeComplete = y.AssumeComplete })
	add("accept_parent", yes(x.AcceptParent), yes(y.AcceptParent), "接受上级服务", "accept-parent", func(p *coverage.Params) { p.AcceptParent = y.AcceptParent })
	add("as_of", x.AsOf, y.AsOf, "截止日期", "as-of", func(p *coverage.Params) { p.AsOf = y.AsOf })
	add("year", year(x.Year), year(y.Year), "目标年份", "year", func(p *coverage.Params) { p.Year = y.Year })
}

func orNone(s, none string) string {
	if s == "" {
		return none
	}
	return s
}

// layerWords names a layer.
func layerWords(key coverage.LayerKey) coverage.Text {
	roles := map[coverage.Role]string{coverage.RoleNeighborhoods: "评价单元图层", coverage.RoleFacilities: "设施图层", coverage.RoleDemand: "需求图层", coverage.RoleLand: "居住用地图层",
		coverage.RoleBuildings: "建筑图层", coverage.RoleAttributes: "属性表", coverage.RoleNetwork: "路网图层"}
	out := coverage.Text{Zh: roles[key.Role] + " " + key.Name, En: string(key.Role) + " " + key.Name}
	if key.Service != "" {
		out.Zh += "（" + key.Service + "）"
		out.En += " (" + key.Service + ")"
	}
	return out
}

// versionWords says how a layer's content changed; without a cause, nothing but that it did.
func versionWords(w coverage.Text, x, y coverage.InputRef, cause *Cause) coverage.Text {
	out := coverage.Text{Zh: fmt.Sprintf("%s：第 %d 版 → 第 %d 版，%d → %d 行", w.Zh, x.Version, y.Version, x.Rows, y.Rows),
		En: fmt.Sprintf("%s: version %d → %d, %d → %d rows", w.En, x.Version, y.Version, x.Rows, y.Rows)}
	if cause == nil {
		return out
	}
	out.Zh += fmt.Sprintf("，新增 %d，减少 %d", cause.Rows.Added, cause.Rows.Removed)
	out.En += fmt.Sprintf(", %d added, %d removed", cause.Rows.Added, cause.Rows.Removed)
	return out
}

func catalogWords(base, run *coverage.Run, d *catalog.Difference) coverage.Text {
	if base.Catalog.ID != run.Catalog.ID {
		return coverage.Text{Zh: "服务目录 " + base.Catalog.ID + " → " + run.Catalog.ID, En: "catalog " + base.Catalog.ID + " → " + run.Catalog.ID}
	}
	n := 0
	for _, r := range d.Requirements {
		if r.What != catalog.RequirementMoved {
			n++
		}
	}
	return coverage.Text{Zh: fmt.Sprintf("服务目录 %s 的内容变化，%d 项要求不同", run.Catalog.ID, n), En: fmt.Sprintf("catalog %s: content changed, %d requirements differ", run.Catalog.ID, n)}
}

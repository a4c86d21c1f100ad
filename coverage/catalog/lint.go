package catalog

import (
	"fmt"
	"slices"
	"strings"
)

// lint checks what only the whole file shows: names that must be known or unique, variants, and figures that are allowed
// but are probably not meant. tiers and places say where c.Tiers and c.Requirements stand.
func (p *parser) lint(c *Catalog, tiers, places []object) {
	p.lintTiers(c, tiers)
	p.lintIDs(c, places)
	p.lintVariants(c, places)
	weighed := false
	for i, r := range c.Requirements {
		p.lintRequirement(c, r, places[i])
		weighed = weighed || (r.Weight > 0 && r.VariantOf == "")
	}
	if len(places) > 0 && !weighed {
		p.report(SeverityWarning, places[0].node, "requirements", "no_weight", "所有权重为 0,不会有得分", "no requirement has a weight: there will be no score", "", "")
	}
	p.lintTwins(c, places)
}

func (p *parser) lintTiers(c *Catalog, tiers []object) {
	used := map[string]bool{}
	for _, r := range c.Requirements {
		used[r.Tier] = true
	}
	first := map[string]object{}
	for i, tier := range c.Tiers {
		if before, twice := first[tier.ID]; twice && tier.ID != "" {
			p.report(SeverityError, tiers[i].at("id"), tiers[i].path+".id", "duplicate_tier",
				fmt.Sprintf("圈层 %s 重复，第 %d 行已有", tier.ID, before.node.Line),
				fmt.Sprintf("the tier %q stands twice, first on line %d", tier.ID, before.node.Line), "", "")
			continue
		}
		first[tier.ID] = tiers[i]
		if !used[tier.ID] && tier.ID != "" {
			p.report(SeverityWarning, tiers[i].node, tiers[i].path, "empty_tier",
				fmt.Sprintf("圈层 %s 没有要求", tier.ID), fmt.Sprintf("no requirement is in the tier %q", tier.ID), "", "")
		}
	}
}

// lintIDs wants every requirement to have a name of its own. Ids become column names, which do not tell cases apart.
func (p *parser) lintIDs(c *Catalog, places []object) {
	first := map[string]int{}
	for i, r := range c.Requirements {
		if r.ID == "" {
			continue
		}
		folded := strings.ToLower(r.ID)
		j, twice := first[folded]
		if !twice {
			first[folded] = i
			continue
		}
		p.report(SeverityError, places[i].at("id"), places[i].path+".id", "duplicate_id",
			fmt.Sprintf("第 %d 行与第 %d 行的要求同名：%s", r.Line, c.Requirements[j].Line, r.ID),
			fmt.Sprintf("the requirements on lines %d and %d are both called %q", c.Requirements[j].Line, r.Line, r.ID),
			"给其中一条写上 id(不区分大小写)", "give one of them an id of its own; case does not count")
	}
}

func (p *parser) lintVariants(c *Catalog, places []object) {
	byID := map[string]int{}
	for i, r := range c.Requirements {
		if _, taken := byID[r.ID]; !taken {
			byID[r.ID] = i
		}
	}
	var ids []string
	for _, r := range c.Requirements {
		ids = append(ids, r.ID)
	}
	for i, r := range c.Requirements {
		if r.VariantOf == "" || p.stopped {
			continue
		}
		at, path := places[i].at("variant_of"), places[i].path+".variant_of"
		j, known := byID[r.VariantOf]
		switch {
		case !known:
			hintZh, hintEn := "", ""
			if near := nearest(r.VariantOf, ids); near != "" {
				hintZh, hintEn = fmt.Sprintf("是否为 %s?", near), fmt.Sprintf("did you mean %s?", near)
			}
			p.report(SeverityError, at, path, "unknown_variant", fmt.Sprintf("没有名为 %s 的要求", r.VariantOf),
				fmt.Sprintf("no requirement is called %q", r.VariantOf), hintZh, hintEn)
		case i == j || c.Requirements[j].VariantOf != "":
			p.report(SeverityError, at, path, "variant_chain", fmt.Sprintf("%s 本身是变体", r.VariantOf),
				fmt.Sprintf("%q is itself a variant", r.VariantOf), "指向被计分的要求", "name the requirement that is scored")
		case c.Requirements[j].Tier != r.Tier:
			p.report(SeverityWarning, at, path, "variant_tier", "变体与原要求不在同一圈层", "the variant is in another tier than its requirement", "", "")
		}
		for _, key := range []string{"mandatory", "weight"} {
			if places[i].has(key) && (key == "weight" || p.boolean(places[i], key)) {
				p.report(SeverityWarning, places[i].at(key), places[i].path+"."+key, "variant_"+key,
					"变体只报告、不计分,"+key+" 不起作用", "a variant is reported, not scored: its "+key+" has no effect", "", "")
			}
		}
	}
}

func (p *parser) lintRequirement(c *Catalog, r Requirement, o object) {
	tier, known := c.Tier(r.Tier)
	if !known && r.Tier != "" {
		var ids []string
		for _, t := range c.Tiers {
			ids = append(ids, t.ID)
		}
		p.report(SeverityError, o.at("tier"), o.path+".tier", "unknown_tier", fmt.Sprintf("没有圈层「%s」", r.Tier),
			fmt.Sprintf("no tier is called %q", r.Tier), "可选:"+strings.Join(ids, ", "), "one of "+strings.Join(ids, ", "))
	}
	if r.Source == "" && r.Confidence != ProjectDefault && !slices.ContainsFunc(r.AnyOf, func(a Alternative) bool { return a.Source != "" }) {
		p.report(SeverityWarning, o.at("confidence"), o.path+".source", "source_missing",
			fmt.Sprintf("可信度 %s 但没有来源", r.Confidence), fmt.Sprintf("confidence %s, but no source is named", r.Confidence),
			"添加 source: …", "add source: …")
	}
	for i := 1; i < len(r.Targets); i++ {
		if r.Targets[i].Share <= r.Targets[i-1].Share {
			p.report(SeverityWarning, o.at("targets"), o.path+".targets", "targets_not_rising",
				fmt.Sprintf("%d 年的目标不高于 %d 年", r.Targets[i].Year, r.Targets[i-1].Year),
				fmt.Sprintf("the target of %d is not above that of %d", r.Targets[i].Year, r.Targets[i-1].Year), "", "")
		}
	}
	if r.Count != nil && r.Count.Per != "" && !slices.Contains([]string{"unit", "community", "street", "district"}, r.Count.Per) {
		p.report(SeverityInfo, o.at("count"), o.path+".count.per", "level",
			fmt.Sprintf("项目须有层级「%s」,否则此项未评估", r.Count.Per),
			fmt.Sprintf("not assessed unless the project has units of the level %q", r.Count.Per), "", "")
	}
	if known && tier.Minutes > 0 {
		for i, a := range r.AnyOf {
			p.lintLimit(a, tier, o, i)
		}
	}
	p.lintBases(r, o)
}

// lintLimit compares a limit with how far one walks in the tier's minutes. Standards themselves go somewhat beyond (a culture
// station of the 5-minute tier may be 500 m away), which is worth knowing; more than twice as far is probably a slip.
func (p *parser) lintLimit(a Alternative, tier Tier, o object, i int) {
	at, path := o.at("limit", "any_of"), o.path+".limit"
	if o.has("any_of") {
		path = fmt.Sprintf("%s.any_of[%d].limit", o.path, i)
		if nodes := o.fields["any_of"].Content; i < len(nodes) {
			at = nodes[i]
		}
	}
	usual := usualMetres(tier.Minutes)
	if metres := max(a.Limit.RadiusMM, a.Limit.PathMM) / 1000; metres > 2*usual {
		p.report(SeverityWarning, at, path, "limit_far_beyond_tier",
			fmt.Sprintf("限值 %d 米远超 %d 分钟圈层通常的 %d 米", metres, tier.Minutes, usual),
			fmt.Sprintf("%d m is far beyond the %d m that are usual in %d minutes", metres, usual, tier.Minutes), "检查数字或圈层", "check the figure or the tier")
	} else if metres > usual {
		p.report(SeverityInfo, at, path, "limit_beyond_tier",
			fmt.Sprintf("限值 %d 米大于 %d 分钟圈层通常的 %d 米", metres, tier.Minutes, usual),
			fmt.Sprintf("%d m is more than the %d m that are usual in %d minutes", metres, usual, tier.Minutes), "", "")
	}
	if a.Limit.Seconds > int32(tier.Minutes)*60 {
		p.report(SeverityWarning, at, path, "minutes_beyond_tier", "时间限值大于圈层的时间", "the limit in minutes is more than the tier's", "", "")
	}
}

// lintBases notes where a run on one basis cannot assess the requirement, or only in part.
func (p *parser) lintBases(r Requirement, o object) {
	radius, path := 0, 0
	for _, a := range r.AnyOf {
		if a.Limit.RadiusMM > 0 {
			radius++
		}
		if a.Limit.PathMM > 0 || a.Limit.Seconds > 0 {
			path++
		}
	}
	at := o.at("any_of", "limit")
	switch {
	case len(r.AnyOf) == 0:
	case radius == 0 && path > 0:
		p.report(SeverityInfo, at, o.path, "no_radius", "没有半径限值，半径口径下未评估", "has no radius: not assessed on the radius basis", "", "")
	case (radius > 0 && radius < len(r.AnyOf)) || (path > 0 && path < len(r.AnyOf)):
		p.report(SeverityInfo, at, o.path, "uneven_bases", "有的选项缺少某一口径的限值，该口径下可能未检出",
			"some alternatives lack a limit on a basis: on that basis the rest may stay undetermined", "给每个选项写同样的限值", "give every alternative the same kinds of limit")
	}
}

// lintTwins finds requirements that ask the same twice under two names, which doubles their weight.
func (p *parser) lintTwins(c *Catalog, places []object) {
	first := map[string]int{}
	for i, r := range c.Requirements {
		if r.VariantOf != "" {
			continue
		}
		key := r.Tier + "\x00" + strings.Join(r.AppliesTo, "\x01") + "\x00" + r.Denominator
		if r.Count != nil {
			key += fmt.Sprintf("\x00%+v", *r.Count)
		}
		for _, a := range r.AnyOf {
			key += fmt.Sprintf("\x00%s %+v %d %d", a.Service, a.Limit, a.MinArea, a.MaxArea)
		}
		j, twice := first[key]
		if !twice {
			first[key] = i
			continue
		}
		if strings.EqualFold(r.ID, c.Requirements[j].ID) {
			continue // an error already
		}
		p.report(SeverityWarning, places[i].node, places[i].path, "duplicate_requirement",
			fmt.Sprintf("与第 %d 行的 %s 要求相同，会重复计权", c.Requirements[j].Line, c.Requirements[j].ID),
			fmt.Sprintf("asks the same as %s on line %d: it would be weighed twice", c.Requirements[j].ID, c.Requirements[j].Line),
			"删去其中一条，或写 variant_of", "remove one of them, or mark it variant_of")
	}
}

// usualMetres is how far one walks in a number of minutes by GB 50180-2018, table 3.0.4 (5: 300 m, 10: 500 m, 15: 1000 m);
// beyond the table at the pace of its last row.
func usualMetres(minutes int) int32 {
	switch {
	case minutes <= 5:
		return 300
	case minutes <= 10:
		return 500
	case minutes <= 15:
		return 1000
	default:
		return int32(minutes * 1000 / 15)
	}
}

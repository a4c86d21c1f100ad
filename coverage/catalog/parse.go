package catalog

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// The keys that a catalog file may hold, by place. data/catalogs/catalog.schema.json says the same.
var (
	catalogKeys = []string{"id", "title", "provisional", "note", "source", "attribution", "services", "tiers", "pass_line",
		"denominator", "grades", "cap_unmet_mandatory", "completeness_floor", "scoring_source", "scoring_confidence", "requirements"}
	textKeys        = []string{"zh", "en"}
	tierKeys        = []string{"id", "minutes", "name"}
	gradeKeys       = []string{"name", "min"}
	requirementKeys = []string{"id", "name", "tier", "class", "mandatory", "weight", "service", "limit", "min_area_m2", "max_area_m2",
		"area_kind", "any_of", "count", "variant_of", "applies_to", "denominator", "pass_line", "targets", "quota",
		"source", "clause", "confidence", "note"}
	alternativeKeys = []string{"service", "limit", "min_area_m2", "max_area_m2", "area_kind", "source", "clause", "confidence"}
	limitKeys       = []string{"radius_m", "path_m", "minutes"}
	countKeys       = []string{"service", "min", "per", "min_area_m2", "max_area_m2", "area_kind"}
	quotaKeys       = []string{"supply", "per", "min", "source", "clause", "confidence"}
)

// Bounds on figures: whatever lies beyond is a slip of the keyboard.
const (
	maxLimitMetres = 100_000
	maxMinutes     = 24 * 60
	maxWeight      = 1_000_000
	maxCount       = 1_000_000
	maxID          = 64 // characters of an identifier or a measure's name
)

// Parse reads a catalog from the bytes of a YAML file (UTF-8, at most 1 MiB). file is the name that errors are reported
// under; services is the shared list, to which the catalog may add its own. The findings, in the order of the file, also hold
// what is worth noting about a usable catalog. The error is an *[Error] if any of them is of severity error; the
// catalog is then nil.
func Parse(src []byte, file string, services *Services) (*Catalog, []Finding, error) {
	p := newParser(file)
	var c *Catalog
	if root, ok := p.open(src); ok {
		if o, ok := p.object(root, "", catalogKeys...); ok {
			c = p.catalog(o, services)
		}
	}
	findings := p.finish()
	if hasErrors(findings) {
		return nil, findings, &Error{File: file, Findings: findings}
	}
	return c, findings, nil
}

// catalog reads the whole file. What it returns is complete only if nothing of severity error was found.
func (p *parser) catalog(o object, shared *Services) *Catalog {
	c := &Catalog{
		ID:          p.identifier(o, "id"),
		Title:       p.text(o, "title"),
		Provisional: p.boolean(o, "provisional"),
		Note:        p.text(o, "note"),
		Source:      p.string(o, "source"),
		Attribution: p.string(o, "attribution"),
		Services:    shared,
	}
	if !o.has("id") {
		p.missing(o, "id")
	}
	if c.Title == (Text{}) {
		c.Title = Text{c.ID, c.ID}
		p.report(SeverityWarning, o.node, "title", "title_missing", "目录没有名称", "the catalog has no title", "添加 title: {zh: …, en: …}", "add title: {zh: …, en: …}")
	}
	if o.has("services") {
		own := p.services(o)
		c.Services = p.extend(shared, own)
		for _, service := range own {
			resolved, _ := c.Services.Get(service.Key)
			c.OwnServices = append(c.OwnServices, resolved)
		}
	}
	tiers := p.tiers(o, c)
	p.scoring(o, c)
	nodes := p.bounded(o, "requirements", maxRows)
	if !o.has("requirements") {
		p.missing(o, "requirements")
	} else if len(nodes) == 0 {
		p.report(SeverityError, o.at("requirements"), "requirements", "no_requirements", "没有任何要求", "there is no requirement", "", "")
	}
	var places []object
	for i, node := range nodes {
		at, ok := p.object(node, fmt.Sprintf("requirements[%d]", i), requirementKeys...)
		if p.stopped {
			return c
		}
		if ok {
			c.Requirements = append(c.Requirements, p.requirement(at, c))
			places = append(places, at)
		}
	}
	p.lint(c, tiers, places)
	return c
}

func (p *parser) tiers(o object, c *Catalog) []object {
	nodes := p.bounded(o, "tiers", maxParts)
	if !o.has("tiers") {
		p.missing(o, "tiers")
	} else if len(nodes) == 0 {
		p.report(SeverityError, o.at("tiers"), "tiers", "no_tiers", "没有圈层", "there is no tier", "如 tiers: [{id: \"15\", minutes: 15}]", `e.g. tiers: [{id: "15", minutes: 15}]`)
	}
	var places []object
	for i, node := range nodes {
		at, ok := p.object(node, fmt.Sprintf("tiers[%d]", i), tierKeys...)
		if !ok {
			continue
		}
		tier := Tier{ID: p.identifier(at, "id"), Name: p.text(at, "name")}
		tier.Minutes, _ = p.integer(at, "minutes", 1, maxMinutes)
		for _, key := range []string{"id", "minutes"} {
			if !at.has(key) {
				p.missing(at, key)
			}
		}
		if tier.Name == (Text{}) && tier.Minutes > 0 {
			tier.Name = Text{fmt.Sprintf("%d分钟", tier.Minutes), fmt.Sprintf("%d min", tier.Minutes)}
		}
		c.Tiers = append(c.Tiers, tier)
		places = append(places, at)
	}
	return places
}

// scoring reads how verdicts become scores and grades, with the project's defaults where the catalog is silent.
func (p *parser) scoring(o object, c *Catalog) {
	c.PassLine = DefaultPassLine
	if line, ok := p.share(o, "pass_line"); ok {
		c.PassLine = line
	}
	c.CompletenessFloor = DefaultCompletenessFloor
	if floor, ok := p.decimal(o, "completeness_floor"); ok {
		if c.CompletenessFloor = floor; floor < 0 || floor > One {
			p.outOfRange(o, "completeness_floor", "bad_range", " 0 到 1", "0 to 1")
		}
	}
	if c.Denominator = p.measure(o, "denominator"); c.Denominator == "" {
		c.Denominator = DefaultDenominator
	}
	if c.ScoringSource = p.string(o, "scoring_source"); c.ScoringSource == "" {
		c.ScoringSource = DefaultScoringSource
	}
	if c.ScoringConfidence = p.confidence(o, "scoring_confidence"); c.ScoringConfidence == "" {
		c.ScoringConfidence = ProjectDefault
	}
	c.Grades = p.grades(o)
	isGrade := func(name string) bool {
		return slices.ContainsFunc(c.Grades, func(g Grade) bool { return g.Name == name })
	}
	switch c.CapUnmetMandatory = p.string(o, "cap_unmet_mandatory"); {
	case o.has("cap_unmet_mandatory") && c.CapUnmetMandatory == "none":
		c.CapUnmetMandatory = ""
	case o.has("cap_unmet_mandatory") && !isGrade(c.CapUnmetMandatory):
		p.report(SeverityError, o.fields["cap_unmet_mandatory"], "cap_unmet_mandatory", "unknown_grade",
			fmt.Sprintf("没有等级「%s」", c.CapUnmetMandatory), fmt.Sprintf("no grade is called %q", c.CapUnmetMandatory),
			"写一个等级的名称，或 none", "name one of the grades, or none")
	case !o.has("cap_unmet_mandatory") && isGrade(DefaultCapUnmetMandatory):
		c.CapUnmetMandatory = DefaultCapUnmetMandatory
	case !o.has("cap_unmet_mandatory"):
		p.report(SeverityWarning, o.at("grades"), "cap_unmet_mandatory", "cap_missing",
			"等级自定义后，必达要求未达标不再限制等级", "with these grades an unmet mandatory requirement caps nothing",
			"添加 cap_unmet_mandatory: 等级名(或 none)", "add cap_unmet_mandatory: a grade's name, or none")
	}
}

func (p *parser) grades(o object) []Grade {
	if !o.has("grades") {
		return DefaultGrades()
	}
	var grades []Grade
	for i, node := range p.bounded(o, "grades", maxParts) {
		at, ok := p.object(node, fmt.Sprintf("grades[%d]", i), gradeKeys...)
		if !ok {
			continue
		}
		grade := Grade{Name: p.identifier(at, "name")}
		grade.Min, _ = p.decimal(at, "min")
		if !at.has("name") {
			p.missing(at, "name")
		}
		if at.has("min") && (grade.Min < 0 || grade.Min > 100*One) {
			p.outOfRange(at, "min", "bad_range", " 0 到 100", "0 to 100")
		}
		for _, before := range grades {
			if before.Name == grade.Name || before.Min <= grade.Min {
				p.report(SeverityError, at.node, at.path, "grade_order", "等级须由高到低，名称各不相同",
					"grades must be listed from the best down, each with a name of its own", "", "")
				break
			}
		}
		grades = append(grades, grade)
	}
	if len(grades) == 0 || grades[len(grades)-1].Min != 0 {
		p.report(SeverityError, o.at("grades"), "grades", "grade_order", "最后一个等级须从 0 分起",
			"the last grade must begin at 0", "如 {name: D, min: 0}", "e.g. {name: D, min: 0}")
		return DefaultGrades()
	}
	return grades
}

func (p *parser) requirement(o object, c *Catalog) Requirement {
	r := Requirement{
		ID:          p.identifier(o, "id"),
		Name:        p.text(o, "name"),
		Tier:        p.string(o, "tier"),
		Class:       p.class(o),
		Mandatory:   p.boolean(o, "mandatory"),
		Weight:      DefaultWeight,
		VariantOf:   p.string(o, "variant_of"),
		AppliesTo:   p.strings(o, "applies_to"),
		Denominator: p.measure(o, "denominator"),
		PassLine:    c.PassLine,
		Source:      p.string(o, "source"),
		Clause:      p.string(o, "clause"),
		Confidence:  p.confidence(o, "confidence"),
		Note:        p.text(o, "note"),
		Line:        o.node.Line,
	}
	slices.Sort(r.AppliesTo)
	if weight, ok := p.decimal(o, "weight"); ok {
		if r.Weight = weight; weight < 0 || weight > maxWeight*One {
			p.outOfRange(o, "weight", "bad_range", fmt.Sprintf(" 0 到 %d", maxWeight), fmt.Sprintf("0 to %d", maxWeight))
		}
	}
	if line, ok := p.share(o, "pass_line"); ok {
		r.PassLine, r.PassLineSet = line, true
	}
	r.Targets = p.targets(o)
	p.form(o, c, &r)
	p.inherit(o, &r)
	r.Quota = p.quota(o, r)
	if !o.has("tier") {
		p.missing(o, "tier")
	}
	if r.Name == (Text{}) {
		r.Name = nameOf(r, c.Services)
	}
	if keys := r.ServiceKeys(); !o.has("id") && len(keys) > 0 && r.Tier != "" {
		r.ID = strings.Join(keys, "-") + "-" + r.Tier
		if utf8.RuneCountInString(r.ID) > maxID {
			p.report(SeverityError, o.node, join(o.path, "id"), "id_missing", "由要素和圈层组成的标识过长", "the id made of services and tier is too long", "写上 id", "give the requirement an id")
		}
	}
	if r.VariantOf != "" {
		r.Mandatory, r.Weight = false, 0
	}
	return r
}

// form reads what is asked: a service within a limit, any of some, or a count.
func (p *parser) form(o object, c *Catalog, r *Requirement) {
	forms := 0
	for _, key := range []string{"service", "any_of", "count"} {
		if o.has(key) {
			forms++
		}
	}
	if forms != 1 {
		p.report(SeverityError, o.node, o.path, "requirement_form",
			"要求须且只须写 service、any_of、count 之一", "a requirement has exactly one of service, any_of and count", "", "")
		return
	}
	if !o.has("service") {
		for _, key := range []string{"limit", "min_area_m2", "max_area_m2", "area_kind"} {
			if o.has(key) {
				p.report(SeverityError, o.at(key), join(o.path, key), "requirement_form",
					key+" 须写在 any_of 的各项或 count 之内", key+" belongs inside any_of or count", "", "")
			}
		}
	}
	switch {
	case o.has("service"):
		r.AnyOf = []Alternative{p.alternative(o, c.Services)}
		r.AnyOf[0].Source, r.AnyOf[0].Clause, r.AnyOf[0].Confidence = "", "", "" // the requirement's, see inherit
	case o.has("any_of"):
		nodes := p.bounded(o, "any_of", maxParts)
		if len(nodes) == 0 {
			p.report(SeverityError, o.at("any_of"), join(o.path, "any_of"), "requirement_form", "any_of 没有内容", "any_of is empty", "", "")
		}
		for i, node := range nodes {
			at, ok := p.object(node, fmt.Sprintf("%s.any_of[%d]", o.path, i), alternativeKeys...)
			if !ok {
				continue
			}
			alternative := p.alternative(at, c.Services)
			alternative.Source, alternative.Clause, alternative.Confidence = p.string(at, "source"), p.string(at, "clause"), p.confidence(at, "confidence")
			for _, before := range r.AnyOf {
				if before.Service == alternative.Service && before.Limit == alternative.Limit && before.MinArea == alternative.MinArea && before.MaxArea == alternative.MaxArea {
					p.report(SeverityWarning, at.node, at.path, "duplicate_alternative", "与前面的一项相同", "the same as an alternative before it", "删去其中一项", "remove one of them")
					break
				}
			}
			r.AnyOf = append(r.AnyOf, alternative)
		}
	default:
		r.Count = p.count(o, c.Services)
		r.PassLine, r.Denominator = One, DenominatorCount
		for _, key := range []string{"pass_line", "targets", "denominator"} {
			if o.has(key) {
				p.report(SeverityError, o.at(key), join(o.path, key), "count_"+key,
					"数量要求的达标线恒为 1,分母恒为数量", "a count is met when all are there: it has no "+key+" of its own", "删去 "+key, "remove "+key)
			}
		}
	}
}

func (p *parser) alternative(o object, services *Services) Alternative {
	a := Alternative{Service: p.service(o, services)}
	a.MinArea, a.MaxArea, a.AreaKind = p.areas(o)
	if !o.has("limit") {
		p.report(SeverityError, o.node, join(o.path, "limit"), "limit_missing", "没有限值", "there is no limit",
			"添加 limit: {radius_m: …}、path_m 或 minutes;只要求数量的用 count", "add limit: {radius_m: …}, path_m or minutes; to ask for a number only, use count")
		return a
	}
	at, ok := p.object(o.fields["limit"], join(o.path, "limit"), limitKeys...)
	if !ok {
		return a
	}
	a.Limit = Limit{
		RadiusMM: p.limit(at, "radius_m", 1000, maxLimitMetres),
		PathMM:   p.limit(at, "path_m", 1000, maxLimitMetres),
		Seconds:  p.limit(at, "minutes", 60, maxMinutes),
	}
	if len(at.fields) == 0 {
		p.report(SeverityError, o.at("limit"), at.path, "limit_missing", "限值没有内容", "the limit is empty", "写 radius_m、path_m 或 minutes", "give radius_m, path_m or minutes")
	}
	return a
}

// limit reads a figure of a limit in whole smaller units: millimetres or seconds. 0 if it is left out.
func (p *parser) limit(o object, key string, units int64, most int) int32 {
	value, ok := p.decimal(o, key)
	if !ok {
		return 0
	}
	if value <= 0 || value > Ppm(most)*One {
		p.outOfRange(o, key, "bad_limit", fmt.Sprintf("大于 0,不超过 %d", most), fmt.Sprintf("more than 0, at most %d", most))
		return 0
	}
	scaled := int64(value) * units
	if scaled%int64(One) != 0 || scaled/int64(One) > math.MaxInt32 {
		p.outOfRange(o, key, "bad_limit", "整毫米或整秒", "whole millimetres or seconds")
		return 0
	}
	return int32(scaled / int64(One))
}

func (p *parser) areas(o object) (least, most Area, kind string) {
	area := func(key string) Area {
		value, ok := p.decimal(o, key)
		if ok && (value <= 0 || value > 1_000_000_000*One) {
			p.outOfRange(o, key, "bad_area", "大于 0,不超过 10 亿平方米", "more than 0, at most 10⁹ m²")
		}
		return Area(value)
	}
	least, most = area("min_area_m2"), area("max_area_m2")
	if least > 0 && most > 0 && least >= most {
		p.report(SeverityError, o.at("max_area_m2"), join(o.path, "max_area_m2"), "area_order",
			fmt.Sprintf("max_area_m2(%s,不含)须大于 min_area_m2(%s)", most, least),
			fmt.Sprintf("max_area_m2 (%s, exclusive) must be more than min_area_m2 (%s)", most, least), "", "")
	}
	kind = p.choice(o, "area_kind", map[string]string{AreaLand: AreaLand, AreaFloor: AreaFloor, "用地面积": AreaLand, "建筑面积": AreaFloor}, AreaLand, AreaFloor)
	if o.has("area_kind") && !o.has("min_area_m2") && !o.has("max_area_m2") {
		p.report(SeverityWarning, o.at("area_kind"), join(o.path, "area_kind"), "area_kind_unused", "没有面积要求", "there is no area to be of that kind", "", "")
	}
	return least, most, kind
}

func (p *parser) count(o object, services *Services) *Count {
	at, ok := p.object(o.fields["count"], join(o.path, "count"), countKeys...)
	if !ok {
		return &Count{}
	}
	n := &Count{Service: p.service(at, services), Min: 1, Per: p.identifier(at, "per")}
	if least, ok := p.integer(at, "min", 1, maxCount); ok {
		n.Min = least
	}
	n.MinArea, n.MaxArea, n.AreaKind = p.areas(at)
	for _, key := range []string{"service", "per"} {
		if !at.has(key) {
			p.missing(at, key)
		}
	}
	return n
}

// quota reads supply per head. per is a measure, or a number and a measure: population, 1000 population:0-3.
func (p *parser) quota(o object, r Requirement) *Quota {
	if !o.has("quota") {
		return nil
	}
	at, ok := p.object(o.fields["quota"], join(o.path, "quota"), quotaKeys...)
	if !ok {
		return nil
	}
	q := &Quota{Supply: p.identifier(at, "supply"), PerCount: One, Source: p.string(at, "source"), Clause: p.string(at, "clause"), Confidence: p.confidence(at, "confidence")}
	if q.Source == "" && q.Clause == "" {
		q.Source, q.Clause = r.Source, r.Clause
	}
	if q.Confidence == "" {
		q.Confidence = r.Confidence
	}
	for _, key := range []string{"supply", "per", "min"} {
		if !at.has(key) {
			p.missing(at, key)
		}
	}
	if least, ok := p.decimal(at, "min"); ok {
		if q.Min = least; least <= 0 {
			p.outOfRange(at, "min", "bad_range", "正数", "a positive number")
		}
	}
	if per := strings.Fields(p.string(at, "per")); len(per) > 0 {
		if len(per) == 2 {
			count, err := ParsePpm(per[0])
			if q.PerCount = count; err == nil && count > 0 {
				per = per[1:]
			}
		}
		if q.Measure = per[0]; len(per) != 1 || !isMeasure(per[0]) || q.Measure == DenominatorCount {
			p.report(SeverityError, at.fields["per"], join(at.path, "per"), "bad_per", "per 应为「数量 度量」", "expected a number and a measure",
				"如 1000 population:0-3", "such as 1000 population:0-3")
		}
	}
	return q
}

func (p *parser) targets(o object) []Target {
	node := o.fields["targets"]
	if node == nil {
		return nil
	}
	path := join(o.path, "targets")
	at, ok := p.object(node, path)
	if !ok {
		return nil
	}
	var targets []Target
	for _, key := range sortedKeys(at.fields) {
		year, err := strconv.Atoi(key)
		if err != nil || !isDigits(key) || len(key) != 4 || year < 1900 || year > 2999 {
			p.report(SeverityError, at.keys[key], join(path, key), "bad_year", fmt.Sprintf("「%s」不是年份", key), fmt.Sprintf("%q is not a year", key), "如 \"2027\": 0.85", `such as "2027": 0.85`)
			continue
		}
		if share, ok := p.share(at, key); ok {
			targets = append(targets, Target{year, share})
		}
	}
	return targets // keys of four digits sort as years do
}

// inherit fills in what a row leaves to its parts or takes from them: the requirement's mark is the weakest of its
// alternatives', an alternative's source, clause and mark are the requirement's.
func (p *parser) inherit(o object, r *Requirement) {
	if r.Confidence == "" {
		var marks []Confidence
		for _, alternative := range r.AnyOf {
			if alternative.Confidence != "" {
				marks = append(marks, alternative.Confidence)
			}
		}
		if len(marks) > 0 && len(marks) == len(r.AnyOf) {
			r.Confidence = Weakest(marks...)
		} else {
			r.Confidence = ProjectDefault
			p.report(SeverityInfo, o.node, join(o.path, "confidence"), "confidence_missing",
				"未写可信度，按 C(项目默认)显示", "no confidence is given: shown as C (project default)",
				"添加 confidence: A、A*、B 或 C", "add confidence: A, A*, B or C")
		}
	}
	for i := range r.AnyOf {
		a := &r.AnyOf[i]
		if a.Source == "" && a.Clause == "" {
			a.Source, a.Clause = r.Source, r.Clause
		}
		if a.Confidence == "" {
			a.Confidence = r.Confidence
		}
	}
}

func (p *parser) service(o object, services *Services) string {
	word := p.string(o, "service")
	if !o.has("service") {
		p.missing(o, "service")
	}
	if word == "" {
		return ""
	}
	key, ok := services.Resolve(word)
	if !ok {
		p.unknownService(services, o.fields["service"], join(o.path, "service"), word)
	}
	return key
}

// share reads a decimal in (0, 1].
func (p *parser) share(o object, key string) (Ppm, bool) {
	value, ok := p.decimal(o, key)
	if !ok {
		return 0, false
	}
	if value <= 0 || value > One {
		hintZh, hintEn := "", ""
		if value > One && value <= 100*One {
			hintZh, hintEn = fmt.Sprintf("%s%% 写作 %s", value, value/100), fmt.Sprintf("write %s for %s %%", value/100, value)
		}
		p.report(SeverityError, o.fields[key], join(o.path, key), "bad_share", fmt.Sprintf("%s 应大于 0、不超过 1", value),
			fmt.Sprintf("%s is not a share: expected more than 0, at most 1", value), hintZh, hintEn)
		return 0, false
	}
	return value, true
}

func (p *parser) confidence(o object, key string) Confidence {
	word := p.string(o, key)
	if word == "" {
		return ""
	}
	mark, ok := ParseConfidence(word)
	if !ok {
		p.report(SeverityError, o.fields[key], join(o.path, key), "unknown_word", fmt.Sprintf("没有可信度「%s」", word),
			fmt.Sprintf("no confidence is called %q", word), "可选：A, A*(restated), B(unverified), C(project-default)", "one of A, A* (restated), B (unverified), C (project-default)")
	}
	return mark
}

func (p *parser) class(o object) string {
	words := map[string]string{
		ClassBasic: ClassBasic, "基础保障": ClassBasic, "基础保障型": ClassBasic,
		ClassQuality: ClassQuality, "品质提升": ClassQuality, "品质提升型": ClassQuality,
		ClassSpecial: ClassSpecial, "特色引导": ClassSpecial, "特色引导型": ClassSpecial,
	}
	if class := p.choice(o, "class", words, ClassBasic, ClassQuality, ClassSpecial); class != "" {
		return class
	}
	return DefaultClass
}

// measure reads the name of a denominator.
func (p *parser) measure(o object, key string) string {
	word := p.string(o, key)
	if word != "" && (!isMeasure(word) || word == DenominatorCount) {
		p.report(SeverityError, o.fields[key], join(o.path, key), "bad_measure", fmt.Sprintf("「%s」不能作为分母", word),
			fmt.Sprintf("%q cannot be a denominator", word), "land、population、population:60+、households、buildings 或度量名",
			"land, population, population:60+, households, buildings or a measure's name")
		return ""
	}
	return word
}

// isMeasure reports whether a word may name a measure: one word, no separators of lists, options or addresses.
func isMeasure(word string) bool {
	first, _ := utf8.DecodeRuneInString(word)
	return unicode.IsLetter(first) && utf8.RuneCountInString(word) <= maxID &&
		!strings.ContainsFunc(word, unicode.IsSpace) && !strings.ContainsAny(word, ",;=|/\\\"'?#&%")
}

// nameOf is the name of a requirement that has none: those of its services.
func nameOf(r Requirement, services *Services) Text {
	var zh, en []string
	for _, key := range r.ServiceKeys() {
		name := services.Name(key)
		zh, en = append(zh, name.In("zh")), append(en, name.In("en"))
	}
	return Text{strings.Join(zh, "或"), strings.Join(en, " or ")}
}

func sortedKeys(fields map[string]*yaml.Node) []string {
	keys := make([]string, 0, len(fields))
	for key := range fields {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Mapping says which features of a file offer which services: by their tags, category codes and names. Package coverage/intake applies it.
type Mapping struct {
	ID          string
	Title, Note Text
	Source      string
	Attribution string // of data that comes in this form
	Lifecycle   bool   // keys may have OpenStreetMap's lifecycle prefixes (construction:amenity=…)
	Separators  string // characters between several values in one cell
	Columns     []MappingColumn
	Details     MappingDetails
	GroupBy     []string // columns by which features without a service are grouped in reports
	Detects     []string // services that the mapping would find if they were in the file: keys, in the order of the file
	Rules       []MappingRule
}

// MappingColumn is a column as rules call it, under the names that files give it.
type MappingColumn struct {
	Key    string
	Names  []string // the first that a feature has a value in counts
	Digits int      // codes of so many digits get lost zeros back in front; 0 for any other text
}

// MappingDetails are the columns that hold what else is read of a facility; the first with a readable value counts.
type MappingDetails struct {
	Status, Opened, Closed, Capacity, Hours, Shared, Area []string
}

// MappingRule gives services to the features that meet all of its conditions.
type MappingRule struct {
	ID       string
	Services []string // keys
	When     []MappingCondition
	Unless   []MappingCondition // none of them may hold
	Accept   []string           // the name, without what stands in brackets, holds one of these
	Reject   []string           // the name holds none of these
	MinArea  Area               // of a polygon, or by the column of areas; features of unknown size have none
	MaxArea  Area               // exclusive; features of unknown size are below it
	Source   string
	Note     Text
	Line     int
}

// MappingCondition holds if a column has one of some values; a value "*" is any but "no", one that ends in * is a prefix.
type MappingCondition struct {
	Key    string
	Values []string
}

// Hash is the SHA-256, in hex, of all that the mapping says: files that differ in comments, spacing, the order of keys or words for
// services have the same. An import keeps it, so that it can be told later whether a file is the mapping that it went by.
func (m *Mapping) Hash() string {
	var w canonicalWriter
	w.open('{')
	w.string("id", m.ID)
	w.text("title", m.Title)
	w.text("note", m.Note)
	w.string("source", m.Source)
	w.string("attribution", m.Attribution)
	w.bool("lifecycle", m.Lifecycle)
	w.string("separators", m.Separators)
	columns := slices.Clone(m.Columns)
	slices.SortFunc(columns, func(a, b MappingColumn) int { return strings.Compare(a.Key, b.Key) })
	w.key("columns").open('[')
	for _, c := range columns {
		w.item().open('{')
		w.string("key", c.Key)
		w.strings("names", c.Names)
		w.number("digits", Ppm(c.Digits)*One)
		w.close('}')
	}
	w.close(']')
	d := &m.Details
	for _, part := range []struct {
		name  string
		words []string
	}{
		{"status", d.Status}, {"opened", d.Opened}, {"closed", d.Closed}, {"capacity", d.Capacity}, {"hours", d.Hours}, {"shared", d.Shared}, {"area_m2", d.Area},
		{"group_by", m.GroupBy}, {"detects", m.Detects},
	} {
		w.strings(part.name, part.words)
	}
	w.key("rules").open('[')
	for i := range m.Rules {
		w.item().mappingRule(&m.Rules[i])
	}
	w.close(']')
	w.close('}')
	sum := sha256.Sum256(w.out)
	return hex.EncodeToString(sum[:])
}

func (w *canonicalWriter) mappingRule(r *MappingRule) {
	w.open('{')
	w.string("id", r.ID)
	w.strings("services", r.Services)
	for _, part := range []struct {
		name string
		list []MappingCondition
	}{{"when", r.When}, {"unless", r.Unless}} {
		list := slices.Clone(part.list) // all of them count, so their order says nothing
		slices.SortFunc(list, func(a, b MappingCondition) int { return strings.Compare(a.Key, b.Key) })
		w.key(part.name).open('{')
		for _, c := range list {
			w.strings(c.Key, c.Values)
		}
		w.close('}')
	}
	w.strings("accept", r.Accept)
	w.strings("reject", r.Reject)
	w.areas(r.MinArea, r.MaxArea, "")
	w.string("source", r.Source)
	w.text("note", r.Note)
	w.close('}')
}

var (
	mappingKeys = []string{"id", "title", "note", "source", "attribution", "lifecycle", "separators", "columns", "details", "group_by",
		"detects", "rules"}
	mappingColumnKeys = []string{"names", "digits"}
	mappingDetailKeys = []string{"status", "opened", "closed", "capacity", "hours", "shared", "area_m2"}
	mappingRuleKeys   = []string{"id", "service", "services", "when", "unless", "name", "min_area_m2", "max_area_m2", "source", "note"}
	mappingNameKeys   = []string{"accept", "reject"}
)

// MappingName is the column whose text the keywords of rules are looked for in.
const MappingName = "name"

// ParseMapping reads a mapping from the bytes of a YAML file, as strictly as [Parse] reads a catalog: the error is an *[Error] if any finding
// is of severity error, and the mapping is then nil.
func ParseMapping(src []byte, file string, services *Services) (*Mapping, []Finding, error) {
	p := newParser(file)
	var m *Mapping
	if root, ok := p.open(src); ok {
		if o, ok := p.object(root, "", mappingKeys...); ok {
			m = p.mapping(o, services)
		}
	}
	findings := p.finish()
	if hasErrors(findings) {
		return nil, findings, &Error{File: file, Findings: findings}
	}
	return m, findings, nil
}

func (p *parser) mapping(o object, services *Services) *Mapping {
	m := &Mapping{
		ID: p.identifier(o, "id"), Title: p.text(o, "title"), Note: p.text(o, "note"), Source: p.string(o, "source"),
		Attribution: p.string(o, "attribution"), Lifecycle: p.boolean(o, "lifecycle"), Separators: p.string(o, "separators"),
		GroupBy: p.strings(o, "group_by"),
	}
	if !o.has("id") {
		p.missing(o, "id")
	}
	if m.Title == (Text{}) {
		m.Title = Text{m.ID, m.ID}
	}
	p.mappingColumns(o, m)
	if at, ok := p.part(o, "details", mappingDetailKeys...); ok {
		m.Details = MappingDetails{
			Status: p.strings(at, "status"), Opened: p.strings(at, "opened"), Closed: p.strings(at, "closed"), Capacity: p.strings(at, "capacity"),
			Hours: p.strings(at, "hours"), Shared: p.strings(at, "shared"), Area: p.strings(at, "area_m2"),
		}
	}
	places := p.mappingRules(o, m, services)
	m.Detects = p.serviceList(o, "detects", services)
	p.lintMapping(o, m, places)
	return m
}

// part reads a mapping under a key, if it is there.
func (p *parser) part(o object, key string, known ...string) (object, bool) {
	if !o.has(key) {
		return object{}, false
	}
	return p.object(o.fields[key], join(o.path, key), known...)
}

// mappingColumns reads {key: [names]} or {key: {names: […], digits: 6}}.
func (p *parser) mappingColumns(o object, m *Mapping) {
	at, ok := p.part(o, "columns")
	if !ok {
		return
	}
	for _, key := range at.order() {
		c := MappingColumn{Key: key}
		if at.fields[key].Kind == yaml.MappingNode {
			inner, ok := p.object(at.fields[key], join(at.path, key), mappingColumnKeys...)
			if !ok {
				continue
			}
			c.Names = p.strings(inner, "names")
			c.Digits, _ = p.integer(inner, "digits", 1, 18)
			if !inner.has("names") {
				c.Names = []string{key}
			}
		} else {
			c.Names = p.words(at, key)
		}
		m.Columns = append(m.Columns, c)
	}
}

// order gives the keys that have a value, in the order of the file.
func (o object) order() []string {
	var keys []string
	for i := 0; i+1 < len(o.node.Content); i += 2 {
		if key := o.node.Content[i]; o.fields[key.Value] != nil && o.keys[key.Value] == key {
			keys = append(keys, key.Value)
		}
	}
	return keys
}

// scalarWord reads a text; yes, no, true and false are words too, since tags have such values.
func (p *parser) scalarWord(node *yaml.Node, path string) string {
	if node.Kind == yaml.ScalarNode && node.ShortTag() == "!!bool" {
		return node.Value
	}
	return p.scalar(node, path)
}

// words reads one text or a list of them.
func (p *parser) words(o object, key string) []string {
	if node := o.fields[key]; node != nil && node.Kind == yaml.ScalarNode {
		if word := p.scalarWord(node, join(o.path, key)); word != "" {
			return []string{word}
		}
		return nil
	}
	var words []string
	for i, node := range p.list(o, key) {
		node, ok := p.visit(node)
		if !ok {
			break
		}
		path := fmt.Sprintf("%s[%d]", join(o.path, key), i)
		switch word := p.scalarWord(node, path); {
		case word == "":
		case slices.Contains(words, word):
			p.report(SeverityWarning, node, path, "duplicate_value", fmt.Sprintf("「%s」重复", word), fmt.Sprintf("%q is listed twice", word), "", "")
		default:
			words = append(words, word)
		}
	}
	return words
}

// serviceList reads services by any of their words, each once.
func (p *parser) serviceList(o object, key string, services *Services) []string {
	var keys []string
	for _, word := range p.words(o, key) {
		k, ok := services.Resolve(word)
		switch {
		case !ok:
			p.unknownService(services, o.at(key), join(o.path, key), word)
		case !slices.Contains(keys, k):
			keys = append(keys, k)
		}
	}
	return keys
}

// mappingRules reads the rules, and gives their places in the file.
func (p *parser) mappingRules(o object, m *Mapping, services *Services) []object {
	var places []object
	ids := map[string]int{}
	for i, node := range p.bounded(o, "rules", maxRows) {
		at, ok := p.object(node, fmt.Sprintf("rules[%d]", i), mappingRuleKeys...)
		if !ok {
			continue
		}
		r := MappingRule{ID: p.identifier(at, "id"), Source: p.string(at, "source"), Note: p.text(at, "note"), Line: at.node.Line}
		if !at.has("id") {
			p.missing(at, "id")
		}
		if line, twice := ids[r.ID]; twice && r.ID != "" {
			p.report(SeverityError, at.at("id"), join(at.path, "id"), "duplicate_id", fmt.Sprintf("规则 %s 在第 %d 行已有", r.ID, line),
				fmt.Sprintf("the rule %s stands on line %d already", r.ID, line), "换一个名称", "give it another id")
		}
		ids[r.ID] = r.Line
		r.Services = append(p.serviceList(at, "services", services), p.serviceList(at, "service", services)...)
		slices.Sort(r.Services)
		r.Services = slices.Compact(r.Services)
		if len(r.Services) == 0 && !hasErrors(p.findings) {
			p.missing(at, "services")
		}
		r.When, r.Unless = p.conditions(at, "when"), p.conditions(at, "unless")
		if inner, ok := p.part(at, "name", mappingNameKeys...); ok {
			r.Accept, r.Reject = p.words(inner, "accept"), p.words(inner, "reject")
		}
		r.MinArea, r.MaxArea, _ = p.areas(at)
		m.Rules, places = append(m.Rules, r), append(places, at)
	}
	if len(m.Rules) == 0 && !hasErrors(p.findings) {
		p.report(SeverityError, o.at("rules"), "rules", "no_rules", "没有规则", "there are no rules", "", "")
	}
	return places
}

// conditions reads {key: value or list, …}; all of them are one condition each.
func (p *parser) conditions(o object, key string) []MappingCondition {
	at, ok := p.part(o, key)
	if !ok {
		return nil
	}
	var list []MappingCondition
	for _, k := range at.order() {
		c := MappingCondition{Key: k, Values: p.words(at, k)}
		for _, value := range c.Values {
			if i := strings.IndexByte(value, '*'); i >= 0 && i != len(value)-1 {
				p.report(SeverityError, at.at(k), join(at.path, k), "bad_pattern", fmt.Sprintf("「%s」: * 只能在末尾", value),
					fmt.Sprintf("%q: a * stands only at the end", value), "", "")
			}
		}
		list = append(list, c)
	}
	return list
}

// lintMapping checks what spans several parts of the file.
func (p *parser) lintMapping(o object, m *Mapping, places []object) {
	given := map[string]bool{}
	for i, r := range m.Rules {
		for _, s := range r.Services {
			given[s] = true
		}
		if len(r.When) == 0 && len(r.Accept) == 0 {
			p.report(SeverityError, places[i].node, places[i].path, "no_condition", "规则没有 when, 也没有 name.accept: 会匹配一切",
				"the rule has neither when nor name.accept: it would take everything", "写出条件", "say when it holds")
		}
		for j := range i {
			if sameConditions(m.Rules[j], r) {
				p.report(SeverityWarning, places[i].node, places[i].path, "duplicate_rule", fmt.Sprintf("条件与第 %d 行的规则 %s 相同", m.Rules[j].Line, m.Rules[j].ID),
					fmt.Sprintf("has the same conditions as %s on line %d", m.Rules[j].ID, m.Rules[j].Line), "合并两条规则的 services", "give one rule the services of both")
				break
			}
		}
	}
	for _, s := range m.Detects {
		if !given[s] {
			p.report(SeverityError, o.at("detects"), "detects", "detects_nothing", fmt.Sprintf("没有规则给出 %s, 不能声明可检出", s),
				fmt.Sprintf("no rule gives %s, so that it cannot be detected", s), "删去, 或添加规则", "leave it out, or add a rule")
		}
	}
	if len(m.Detects) == 0 && !hasErrors(p.findings) {
		p.report(SeverityWarning, o.at("detects"), "detects", "no_detects", "没有声明可检出的服务要素: 未找到的一律视为未评估",
			"it is not said which services the mapping detects: what is not found counts as not assessed", "添加 detects: […]", "add detects: […]")
	}
}

func sameConditions(a, b MappingRule) bool {
	same := func(x, y []MappingCondition) bool {
		return slices.EqualFunc(x, y, func(c, d MappingCondition) bool { return c.Key == d.Key && slices.Equal(c.Values, d.Values) })
	}
	return same(a.When, b.When) && same(a.Unless, b.Unless) && slices.Equal(a.Accept, b.Accept) && slices.Equal(a.Reject, b.Reject) &&
		a.MinArea == b.MinArea && a.MaxArea == b.MaxArea
}

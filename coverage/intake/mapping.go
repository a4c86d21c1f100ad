package intake

import (
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/geo/geojson"
)

// Mapper applies a mapping: it tells from a feature's properties and geometry which services it offers. It is immutable and safe for
// concurrent use.
type Mapper struct {
	m       *catalog.Mapping
	file    string // base name of a user's own, empty for a shipped one
	columns map[string]column
	first   map[string][]int // rules by the column of their first condition
	always  []int            // rules without conditions on columns
	anchors map[string]bool  // names of columns that decide on services or groups; true if any value may, false if those of the rules
}

// column is a column as rules call it.
type column struct {
	names  []string
	digits int
}

// NewMapper prepares a mapping of the program.
func NewMapper(m *catalog.Mapping) *Mapper { return NewOwnMapper(m, "") }

// NewOwnMapper prepares a mapping that a user's file holds: reports name the file.
func NewOwnMapper(m *catalog.Mapping, file string) *Mapper {
	p := &Mapper{m: m, file: baseName(file), columns: map[string]column{catalog.MappingName: {names: []string{"name", "名称"}}}, first: map[string][]int{}, anchors: map[string]bool{}}
	for _, c := range m.Columns {
		p.columns[c.Key] = column{c.Names, c.Digits}
	}
	anchor := func(key string, any bool) {
		for _, name := range p.column(key).names {
			p.anchors[name] = p.anchors[name] || any
		}
	}
	for i, r := range m.Rules {
		if len(r.When) == 0 {
			p.always = append(p.always, i)
			anchor(catalog.MappingName, true)
			continue
		}
		p.first[r.When[0].Key] = append(p.first[r.When[0].Key], i)
		_, renamed := p.columns[r.When[0].Key]
		anchor(r.When[0].Key, renamed)
	}
	for _, key := range m.GroupBy {
		anchor(key, true)
	}
	return p
}

// Mapping is what the mapper applies.
func (p *Mapper) Mapping() *catalog.Mapping { return p.m }

// Detects are the services that the mapping would find if they were in the file: where it found none they are not detected. What it cannot
// tell is not assessed.
func (p *Mapper) Detects() []string { return slices.Clone(p.m.Detects) }

// Concerns reports whether a cell may decide on services or form a group: a feature of which no cell does is no facility.
func (p *Mapper) Concerns(name, cell string) bool {
	if p.Mapping().Lifecycle {
		if rest, status := lifecycle(name); status != coverage.StatusUnknown {
			name = rest
		}
	}
	any, anchored := p.anchors[name]
	if !anchored || any {
		return anchored
	}
	if _, past := lifecycles[cell]; past && p.m.Lifecycle {
		return true
	}
	values := p.split(cell, p.column(name).digits)
	return slices.ContainsFunc(p.first[name], func(i int) bool { return oneOf(values, p.m.Rules[i].When[0].Values) })
}

// Match is what a mapping makes of one feature.
type Match struct {
	Services []string // keys, sorted; none: no rule took it
	Rules    []int    // the rules that took it, as places in the mapping

	Status         coverage.Status
	StatusWord     string // of the column of status, if it was not understood
	Opened, Closed string // YYYY-MM-DD
	Rounded        bool   // a date gives only a year or month
	Capacity       int64  // thousandths of places, coverage.Unknown if not known
	AreaMM2        int64  // coverage.Unknown if not known
	Hours          string // as the file has it, such as Mo-Fr 08:00-17:30
	Shared         string // likewise

	Unread []Finding // details that could not be read: they count as not known
}

// Apply finds the services of a feature. The geometry is valid, in degrees.
func (p *Mapper) Apply(props geojson.Properties, g orb.Geometry) Match {
	f := mapped{p: p, props: props, geometry: g}
	m := Match{Capacity: coverage.Unknown, AreaMM2: coverage.Unknown}
	if m.Rules = f.rules(); len(m.Rules) > 0 {
		if p.m.Lifecycle {
			m.Status = statusOfTags(props)
		}
	} else if p.m.Lifecycle {
		m.Rules, m.Status = f.past()
	}
	if len(m.Rules) == 0 {
		return m
	}
	for _, i := range m.Rules {
		m.Services = append(m.Services, p.m.Rules[i].Services...)
	}
	slices.Sort(m.Services)
	m.Services = slices.Compact(m.Services)
	m.AreaMM2 = f.area()
	f.details(&m)
	return m
}

// mapped is a feature while rules are held against it.
type mapped struct {
	p        *Mapper
	props    geojson.Properties
	geometry orb.Geometry
	cells    []cell  // those asked for
	name     *string // once asked for
	plain    string  // the name without what stands in brackets
	size     int64
	sized    bool
}

// cell is a column's values.
type cell struct {
	key    string
	values []string
}

// rules gives the rules that hold, in their order.
func (f *mapped) rules() []int {
	var held []int
	for key, list := range f.p.first {
		values := f.values(key)
		if len(values) == 0 {
			continue
		}
		for _, i := range list {
			if f.holds(&f.p.m.Rules[i]) {
				held = append(held, i)
			}
		}
	}
	for _, i := range f.p.always {
		if f.holds(&f.p.m.Rules[i]) {
			held = append(held, i)
		}
	}
	slices.Sort(held)
	return held
}

func (f *mapped) holds(r *catalog.MappingRule) bool {
	for i := range r.When {
		if !f.meets(&r.When[i]) {
			return false
		}
	}
	for i := range r.Unless {
		if f.meets(&r.Unless[i]) {
			return false
		}
	}
	if len(r.Accept)+len(r.Reject) > 0 && !f.named(r) {
		return false
	}
	if r.MinArea == 0 && r.MaxArea == 0 {
		return true
	}
	size := f.area()
	if size == coverage.Unknown {
		return r.MinArea == 0
	}
	return size >= int64(r.MinArea) && (r.MaxArea == 0 || size < int64(r.MaxArea))
}

func (f *mapped) meets(c *catalog.MappingCondition) bool { return oneOf(f.values(c.Key), c.Values) }

// oneOf reports whether one of the values is wanted.
func oneOf(values, wanted []string) bool {
	for _, v := range values {
		for _, want := range wanted {
			switch prefix, cut := strings.CutSuffix(want, "*"); {
			case !cut && v == want, cut && prefix != "" && strings.HasPrefix(v, prefix), want == "*" && v != "no":
				return true
			}
		}
	}
	return false
}

// named holds the name against a rule's keywords.
func (f *mapped) named(r *catalog.MappingRule) bool {
	if f.name == nil {
		name := strings.Join(f.values(catalog.MappingName), ";")
		f.name, f.plain = &name, withoutBrackets(name)
	}
	holds := func(text string, words []string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
	}
	return (len(r.Accept) == 0 || holds(f.plain, r.Accept)) && !holds(*f.name, r.Reject)
}

// area is the size of a polygon, else what a column says, in mm².
func (f *mapped) area() int64 {
	if f.sized {
		return f.size
	}
	f.sized = true
	if f.size = areaMM2(f.geometry); f.size != coverage.Unknown {
		return f.size
	}
	for _, name := range f.p.m.Details.Area {
		if v, ok := f.props.Get(name); ok {
			if n, bad := amount(v, mm2Places, maxAmount); bad == numberOK && n != coverage.Unknown {
				f.size = n
				break
			}
		}
	}
	return f.size
}

func (p *Mapper) column(key string) column {
	if c, ok := p.columns[key]; ok {
		return c
	}
	return column{names: []string{key}}
}

// values gives the values of a column: the first of its names that has any.
func (f *mapped) values(key string) []string {
	for i := range f.cells { // most rules ask for the same few
		if f.cells[i].key == key {
			return f.cells[i].values
		}
	}
	f.cells = append(f.cells, cell{key, f.read(key)})
	return f.cells[len(f.cells)-1].values
}

func (f *mapped) read(key string) []string {
	c := f.p.column(key)
	for _, name := range c.names {
		v, ok := f.props.Get(name)
		if !ok || v.Kind == geojson.Null || v.Text == "" || v.Text == "[]" {
			continue
		}
		if values := f.p.split(v.Text, c.digits); len(values) > 0 {
			return values
		}
	}
	return nil
}

// split takes a cell apart and gives codes their lost zeros back.
func (p *Mapper) split(cell string, digits int) []string {
	values := []string{cell}
	if p.m.Separators != "" && strings.ContainsAny(cell, p.m.Separators) {
		values = strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(p.m.Separators, r) })
	}
	n := 0
	for _, v := range values {
		if v = strings.TrimSpace(v); v == "" {
			continue
		}
		if len(v) < digits && allDigits(v) {
			v = strings.Repeat("0", digits-len(v)) + v
		}
		values[n] = v
		n++
	}
	return values[:n]
}

// withoutBrackets gives a name without its bracketed parts, which mostly say which branch it is.
func withoutBrackets(name string) string {
	if !strings.ContainsAny(name, "(（[【〔") {
		return name
	}
	var b strings.Builder
	depth := 0
	for _, r := range name {
		switch {
		case strings.ContainsRune("(（[【〔", r):
			depth++
		case strings.ContainsRune(")）]】〕", r):
			depth = max(0, depth-1)
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return b.String()
}

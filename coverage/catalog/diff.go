package catalog

import (
	"slices"
	"strconv"
	"strings"
)

// Difference is what sets one catalog apart from another, which was there before.
type Difference struct {
	Same         bool                    `json:"same"`         // the canonical forms are the same
	General      []FieldChange           `json:"general"`      // title, defaults, grades, tiers, own services
	Requirements []RequirementDifference `json:"requirements"` // that differ, in the order of the new catalog; those that were removed at the end
}

// FieldChange is a value that differs. Values are texts as a catalog file has them; empty: there is none.
type FieldChange struct {
	Field  string `json:"field"` // such as limit, pass_line, weight; an alternative's is any_of clinic, a tier's tier 15
	Before string `json:"before"`
	After  string `json:"after"`
}

// What became of a requirement.
const (
	RequirementAdded   = "added"
	RequirementRemoved = "removed"
	RequirementChanged = "changed"
	RequirementMoved   = "moved" // nothing but its place in the order
)

// RequirementDifference is a requirement that one catalog has alone, or that differs.
type RequirementDifference struct {
	Before string        `json:"before,omitempty"` // id in the old catalog
	After  string        `json:"after,omitempty"`  // id in the new one
	Name   Text          `json:"name"`
	What   string        `json:"what"`
	Fields []FieldChange `json:"fields"` // changed: which; added, removed: all that it asks
}

// Pair is a requirement with the one that it was before, by their places; −1: there is none.
type Pair struct{ Before, After int }

// Compare tells what changes from one catalog to another: before and after are complete, as Parse gives them.
func Compare(before, after *Catalog) *Difference {
	d := &Difference{Same: before.Hash() == after.Hash(), General: []FieldChange{}, Requirements: []RequirementDifference{}}
	d.General = appendChanges(d.General, generalFields(before), generalFields(after))
	last := -1 // place of the last old requirement that stands where it stood
	for _, p := range Pairs(before, after) {
		switch {
		case p.Before < 0:
			r := &after.Requirements[p.After]
			d.Requirements = append(d.Requirements, RequirementDifference{After: r.ID, Name: r.Name, What: RequirementAdded, Fields: appendChanges(nil, nil, requirementFields(r))})
		case p.After < 0:
			r := &before.Requirements[p.Before]
			d.Requirements = append(d.Requirements, RequirementDifference{Before: r.ID, Name: r.Name, What: RequirementRemoved, Fields: appendChanges(nil, requirementFields(r), nil)})
		default:
			x, y := &before.Requirements[p.Before], &after.Requirements[p.After]
			change := RequirementDifference{Before: x.ID, After: y.ID, Name: y.Name, What: RequirementChanged}
			change.Fields = appendChanges([]FieldChange{}, requirementFields(x), requirementFields(y))
			if p.Before < last && len(change.Fields) == 0 {
				change.What = RequirementMoved
			}
			last = max(last, p.Before)
			if len(change.Fields) > 0 || change.What == RequirementMoved {
				d.Requirements = append(d.Requirements, change)
			}
		}
	}
	return d
}

// Fields names everything that differs, a requirement's as its id and the field.
func (d *Difference) Fields() []string {
	var out []string
	for _, f := range d.General {
		out = append(out, f.Field)
	}
	for _, r := range d.Requirements {
		id := r.After
		if id == "" {
			id = r.Before
		}
		if r.What != RequirementChanged {
			out = append(out, id+" "+r.What)
			continue
		}
		for _, f := range r.Fields {
			out = append(out, id+" "+f.Field)
		}
	}
	return out
}

// Pairs finds for each requirement of a catalog the one that it was before: that with the same id, whatever the case; else, of
// those that are left, the only one that asks for the same services in a tier of the same minutes in the same form. They come in
// the order of after; those that nothing follows come last.
func Pairs(before, after *Catalog) []Pair {
	taken := make([]bool, len(before.Requirements))
	match := make([]int, len(after.Requirements))
	byID := map[string]int{}
	for i, r := range before.Requirements {
		byID[strings.ToLower(r.ID)] = i
	}
	for k, r := range after.Requirements {
		match[k] = -1
		if i, ok := byID[strings.ToLower(r.ID)]; ok && !taken[i] {
			match[k], taken[i] = i, true
		}
	}
	alike := func(c *Catalog, left func(int) bool) map[string][]int {
		out := map[string][]int{}
		for i := range c.Requirements {
			if left(i) {
				key := askKey(c, &c.Requirements[i])
				out[key] = append(out[key], i)
			}
		}
		return out
	}
	old := alike(before, func(i int) bool { return !taken[i] })
	for key, list := range alike(after, func(k int) bool { return match[k] < 0 }) {
		if len(list) == 1 && len(old[key]) == 1 {
			match[list[0]], taken[old[key][0]] = old[key][0], true
		}
	}
	var pairs []Pair
	for k, i := range match {
		pairs = append(pairs, Pair{i, k})
	}
	for i := range before.Requirements {
		if !taken[i] {
			pairs = append(pairs, Pair{i, -1})
		}
	}
	return pairs
}

// askKey is what a requirement is about, whatever its figures.
func askKey(c *Catalog, r *Requirement) string {
	tier, _ := c.Tier(r.Tier)
	services := r.ServiceKeys()
	slices.Sort(services)
	key := strings.Join(services, " ") + "|" + strconv.Itoa(tier.Minutes) + "|" + strings.Join(r.AppliesTo, " ") + "|" + strconv.FormatBool(r.VariantOf != "")
	if r.Count != nil {
		key += "|per " + r.Count.Per
	}
	return key
}

// field is a value of a catalog under a name.
type field struct{ name, value string }

// appendChanges adds the fields that differ, in the order of after, then those that only before has. Fields of the same name
// are compared in their order.
func appendChanges(out []FieldChange, before, after []field) []FieldChange {
	old := map[string][]string{}
	for _, f := range before {
		old[f.name] = append(old[f.name], f.value)
	}
	for _, f := range after {
		was := ""
		if list := old[f.name]; len(list) > 0 {
			was, old[f.name] = list[0], list[1:]
		}
		if was != f.value {
			out = append(out, FieldChange{f.name, was, f.value})
		}
	}
	for _, f := range before {
		if list := old[f.name]; len(list) > 0 {
			if list[0] != "" {
				out = append(out, FieldChange{f.name, list[0], ""})
			}
			old[f.name] = list[1:]
		}
	}
	return out
}

func generalFields(c *Catalog) []field {
	limit := c.CapUnmetMandatory
	if limit == "" {
		limit = "none"
	}
	var grades []string
	for _, g := range c.Grades {
		grades = append(grades, g.Name+" ≥ "+g.Min.String())
	}
	out := []field{
		{"id", c.ID}, {"title.zh", c.Title.Zh}, {"title.en", c.Title.En}, {"provisional", strconv.FormatBool(c.Provisional)}, {"note.zh", c.Note.Zh}, {"note.en", c.Note.En},
		{"source", c.Source}, {"attribution", c.Attribution}, {"pass_line", c.PassLine.String()}, {"denominator", c.Denominator}, {"grades", strings.Join(grades, ", ")},
		{"cap_unmet_mandatory", limit}, {"completeness_floor", c.CompletenessFloor.String()}, {"scoring_source", c.ScoringSource}, {"scoring_confidence", string(c.ScoringConfidence)},
	}
	var order []string
	for _, t := range c.Tiers {
		order = append(order, t.ID)
		out = append(out, field{"tier " + t.ID, strconv.Itoa(t.Minutes) + " min, " + wording(t.Name)})
	}
	out = append(out, field{"tier_order", strings.Join(order, " | ")})
	for _, s := range c.OwnServices {
		out = append(out, field{"service " + s.Key, wording(s.Name) + "; parents " + strings.Join(s.Parents, " | ") + "; aliases " + strings.Join(s.Aliases, " | ")})
	}
	return out
}

func requirementFields(r *Requirement) []field {
	out := []field{{"id", r.ID}, {"tier", r.Tier}}
	if n := r.Count; n != nil {
		out = append(out, field{"services", n.Service}, field{"count " + n.Service, "≥ " + strconv.Itoa(n.Min) + " per " + n.Per + sizes(n.MinArea, n.MaxArea, n.AreaKind)})
	}
	var order []string
	for _, a := range r.AnyOf {
		order = append(order, a.Service)
		out = append(out, field{"limit " + a.Service, a.Limit.words() + sizes(a.MinArea, a.MaxArea, a.AreaKind)})
	}
	if r.Count == nil {
		out = append(out, field{"services", strings.Join(order, " | ")})
	}
	out = append(out, field{"mandatory", strconv.FormatBool(r.Mandatory)}, field{"weight", r.Weight.String()}, field{"class", r.Class}, field{"variant_of", r.VariantOf},
		field{"pass_line", r.PassLine.String()}, field{"pass_line_from", passLineFrom(r)}, field{"denominator", r.Denominator})
	for _, t := range r.Targets {
		out = append(out, field{"target " + strconv.Itoa(t.Year), t.Share.String()})
	}
	out = append(out, field{"applies_to", strings.Join(r.AppliesTo, " | ")})
	if q := r.Quota; q != nil {
		out = append(out, field{"quota", q.Min.String() + " " + q.Supply + " per " + q.PerCount.String() + " " + q.Measure}, field{"quota source", cited(q.Source, q.Clause, q.Confidence)})
	}
	out = append(out, field{"source", cited(r.Source, r.Clause, r.Confidence)})
	for _, a := range r.AnyOf {
		if s := cited(a.Source, a.Clause, a.Confidence); s != cited(r.Source, r.Clause, r.Confidence) {
			out = append(out, field{"source " + a.Service, s})
		}
	}
	return append(out, field{"name.zh", r.Name.Zh}, field{"name.en", r.Name.En}, field{"note.zh", r.Note.Zh}, field{"note.en", r.Note.En})
}

func passLineFrom(r *Requirement) string {
	if r.PassLineSet || r.Count != nil {
		return "requirement"
	}
	return "catalog"
}

// words writes a limit: 500 m, 650 m path, 10 min.
func (l Limit) words() string {
	var out []string
	add := func(value Ppm, unit string) {
		if value != 0 {
			out = append(out, value.String()+unit)
		}
	}
	add(Ppm(l.RadiusMM)*1000, " m")
	add(Ppm(l.PathMM)*1000, " m path")
	if l.Seconds%3 == 0 {
		add(Ppm(l.Seconds)*One/60, " min")
	} else { // no decimal of minutes; does not come from a file
		add(Ppm(l.Seconds)*One, " s")
	}
	return strings.Join(out, ", ")
}

func sizes(least, most Area, kind string) string {
	out := ""
	if least > 0 {
		out += ", ≥ " + least.String() + " m²"
	}
	if most > 0 {
		out += ", < " + most.String() + " m²"
	}
	if kind != "" {
		out += " " + kind
	}
	return out
}

func wording(t Text) string { return strings.TrimSuffix(t.Zh+" / "+t.En, " / ") }

func cited(source, clause string, mark Confidence) string {
	return strings.Join(slices.DeleteFunc([]string{source, clause, string(mark)}, func(s string) bool { return s == "" }), ", ")
}

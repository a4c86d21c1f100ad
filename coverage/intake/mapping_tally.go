package intake

import (
	"cmp"
	"slices"
	"strings"

	"lifecircle/coverage"
	"lifecircle/geo/geojson"
)

// Bounds of the groups of features that no rule took.
const (
	maxGroups    = 10_000 // remembered
	listedGroups = 20     // in the report
)

// MappingTally counts what a mapping made of the features of one file.
type MappingTally struct {
	p      *Mapper
	rules  []int
	total  int
	mapped int
	groups map[string]int
	lost   int // features of groups beyond maxGroups
}

// NewTally starts at zero.
func (p *Mapper) NewTally() *MappingTally {
	return &MappingTally{p: p, rules: make([]int, len(p.m.Rules)), groups: map[string]int{}}
}

// Add counts a feature. A feature without a match goes to the group of its first column of group_by that has a value.
func (t *MappingTally) Add(props geojson.Properties, m *Match) {
	t.total++
	if len(m.Rules) > 0 {
		t.mapped++
		for _, i := range m.Rules {
			t.rules[i]++
		}
		return
	}
	group := t.p.group(props)
	if _, known := t.groups[group]; !known && len(t.groups) >= maxGroups {
		t.lost++
		return
	}
	t.groups[group]++
}

// otherGroup holds the features that have no value in the columns of group_by.
const otherGroup = "-"

// group names the group of a feature: amenity=bench.
func (p *Mapper) group(props geojson.Properties) string {
	for _, key := range p.m.GroupBy {
		for _, name := range p.column(key).names {
			v, ok := props.Get(name)
			if text := shortened(v.Text); ok && v.Kind != geojson.Null && text != "" && text != "[]" {
				return key + "=" + text
			}
		}
	}
	if p.m.Lifecycle {
		for _, a := range props {
			if rest, status := lifecycle(a.Key); status != coverage.StatusUnknown && slices.Contains(p.m.GroupBy, rest) {
				return a.Key + "=" + shortened(a.Value.Text)
			}
		}
	}
	return otherGroup
}

func shortened(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return strings.Clone(s)
}

// Report gives the counts: rules in the order of the mapping, groups by size and name.
func (t *MappingTally) Report() *coverage.MappingReport {
	r := &coverage.MappingReport{
		Mapping: t.p.m.ID, Hash: t.p.m.Hash(), File: t.p.file, Detects: t.p.Detects(), Features: t.total, Mapped: t.mapped, Unmapped: t.total - t.mapped,
		Rules: []coverage.MappingCount{}, Groups: []coverage.MappingGroup{}, More: t.lost,
	}
	for i, rule := range t.p.m.Rules {
		r.Rules = append(r.Rules, coverage.MappingCount{Rule: rule.ID, Services: rule.Services, Features: t.rules[i]})
	}
	for group, n := range t.groups {
		r.Groups = append(r.Groups, coverage.MappingGroup{Group: group, Features: n})
	}
	slices.SortFunc(r.Groups, func(a, b coverage.MappingGroup) int {
		return cmp.Or(cmp.Compare(b.Features, a.Features), strings.Compare(a.Group, b.Group))
	})
	for _, g := range r.Groups[min(len(r.Groups), listedGroups):] {
		r.More += g.Features
	}
	r.Groups = r.Groups[:min(len(r.Groups), listedGroups)]
	return r
}

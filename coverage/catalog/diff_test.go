package catalog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"lifecircle/coverage/catalog"
)

const diffBase = `
id: old
title: 旧
tiers: [{id: "5", minutes: 5}, {id: "15", minutes: 15}]
requirements:
  - {service: clinic, tier: "15", limit: {radius_m: 500}, confidence: A, source: s}
  - {id: parks, tier: "5", any_of: [{service: park, min_area_m2: 5000, limit: {radius_m: 500}}, {service: pocket_park, limit: {radius_m: 300}}], confidence: C}
  - {id: one, tier: "15", count: {service: kindergarten, per: community}, confidence: C}
  - {id: last, service: elderly_station, tier: "5", limit: {radius_m: 300}, confidence: C}
`

func TestCompare(t *testing.T) {
	old := mustParse(t, diffBase)
	for _, c := range []struct {
		name     string
		from, to []string // replaced in turn
		want     string
	}{
		{"nothing", nil, nil, ""},
		{"limit", []string{"{radius_m: 500}, confidence: A"}, []string{"{radius_m: 450.5, minutes: 7.5}, confidence: A"}, "changed clinic-15 limit clinic: 500 m → 450.5 m, 7.5 min"},
		{"size", []string{"min_area_m2: 5000"}, []string{"min_area_m2: 4000, max_area_m2: 9000"}, "changed parks limit park: 500 m, ≥ 5000 m² → 500 m, ≥ 4000 m², < 9000 m²"},
		{"weight and pass line", []string{"per: community}"}, []string{"per: community}, weight: 2, mandatory: true"}, "changed one mandatory: false → true, weight: 1 → 2"},
		{"catalog's pass line", []string{"title: 旧"}, []string{"title: 旧\npass_line: 0.9"}, "pass_line: 0.8 → 0.9; changed clinic-15 pass_line: 0.8 → 0.9; changed parks pass_line: 0.8 → 0.9; changed last pass_line: 0.8 → 0.9"},
		{"own pass line", []string{"source: s"}, []string{"source: s, pass_line: 0.8"}, "changed clinic-15 pass_line_from: catalog → requirement"},
		{"alternative", []string{", {service: pocket_park, limit: {radius_m: 300}}"}, []string{""}, "changed parks services: park | pocket_park → park, name.zh: 公园绿地或口袋公园 → 公园绿地, name.en: Park or Pocket park → Park, limit pocket_park: 300 m →"},
		{"another id", []string{"id: last, "}, []string{"id: nurseries, "}, "changed nurseries id: last → nurseries"},
		{"case of the id", []string{"id: last, "}, []string{"id: LAST, "}, "changed LAST id: last → LAST"},
		{"removed", []string{"  - {id: last, service: elderly_station, tier: \"5\", limit: {radius_m: 300}, confidence: C}\n"}, []string{""}, "removed last"},
		{"added", []string{"  - {id: last"}, []string{"  - {service: ev_charger, tier: \"5\", limit: {radius_m: 500}, confidence: C}\n  - {id: last"}, "added ev_charger-5"},
		{"mark", []string{"confidence: A, source: s"}, []string{"confidence: B, source: s, clause: 3"}, "changed clinic-15 source: s, A → s, 3, B"},
		{"grades", []string{"title: 旧"}, []string{"title: 旧\ngrades: [{name: A, min: 50}, {name: C, min: 0}]"}, "grades: A ≥ 90, B ≥ 75, C ≥ 60, D ≥ 0 → A ≥ 50, C ≥ 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := diffBase
			for i := range c.from {
				text = strings.Replace(text, c.from[i], c.to[i], 1)
			}
			d := catalog.Compare(old, mustParse(t, text))
			if got := describe(d); got != c.want {
				t.Errorf("%s", cmp.Diff(c.want, got))
			}
			if d.Same != (c.want == "") || (len(d.Fields()) == 0) != d.Same {
				t.Errorf("same %v, fields %v", d.Same, d.Fields())
			}
		})
	}
}

// describe writes a difference on one line; what an added or removed requirement asks is left out.
func describe(d *catalog.Difference) string {
	var parts []string
	change := func(f catalog.FieldChange) string { return fmt.Sprintf("%s: %s → %s", f.Field, f.Before, f.After) }
	for _, f := range d.General {
		parts = append(parts, change(f))
	}
	for _, r := range d.Requirements {
		id := r.After
		if id == "" {
			id = r.Before
		}
		var fields []string
		if r.What == catalog.RequirementChanged {
			for _, f := range r.Fields {
				fields = append(fields, change(f))
			}
		}
		parts = append(parts, strings.TrimSpace(r.What+" "+id+" "+strings.Join(fields, ", ")))
	}
	return strings.Join(parts, "; ")
}

func TestCompareOfAnOrder(t *testing.T) {
	old := mustParse(t, diffBase)
	lines := strings.Split(diffBase, "\n")
	lines[5], lines[8] = lines[8], lines[5]
	d := catalog.Compare(old, mustParse(t, strings.Join(lines, "\n")))
	if got := describe(d); got != "moved parks; moved one; moved clinic-15" {
		t.Error(got)
	}
}

// Two catalogs differ if and only if something is named that differs, and the other way round the same things differ.
func TestCompareLaws(t *testing.T) {
	services := sharedServices(t)
	rapid.Check(t, func(t *rapid.T) {
		made := func(name string) *catalog.Catalog {
			var b strings.Builder
			fmt.Fprintf(&b, "id: c\ntitle: c\npass_line: 0.%d\ntiers: [{id: \"5\", minutes: 5}, {id: \"15\", minutes: 15}]\nrequirements:\n", rapid.IntRange(7, 9).Draw(t, name))
			for i := range rapid.IntRange(1, 5).Draw(t, name+" rows") {
				id := ""
				if rapid.Bool().Draw(t, name+" id") {
					id = fmt.Sprintf("id: r%d, ", i)
				}
				fmt.Fprintf(&b, "  - {%sservice: %s, tier: \"%s\", limit: {radius_m: %d}, weight: %d, confidence: C}\n", id,
					rapid.SampledFrom([]string{"clinic", "elderly_station", "park"}).Draw(t, name+" service"), rapid.SampledFrom([]string{"5", "15"}).Draw(t, name+" tier"),
					rapid.IntRange(3, 4).Draw(t, name+" limit")*100, rapid.IntRange(1, 2).Draw(t, name+" weight"))
			}
			c, _, err := catalog.Parse([]byte(b.String()), "c.yaml", services)
			if err != nil {
				t.SkipNow() // the same id twice
			}
			return c
		}
		a, b := made("a"), made("b")
		there, back := catalog.Compare(a, b), catalog.Compare(b, a)
		if there.Same != (a.Hash() == b.Hash()) || there.Same != (len(there.Fields()) == 0) || there.Same != back.Same {
			t.Fatalf("same %v, fields %v", there.Same, there.Fields())
		}
		count := func(d *catalog.Difference, what string) (n int) {
			for _, r := range d.Requirements {
				if r.What == what {
					n++
				}
			}
			return n
		}
		if count(there, catalog.RequirementAdded) != count(back, catalog.RequirementRemoved) || count(there, catalog.RequirementChanged) != count(back, catalog.RequirementChanged) {
			t.Fatalf("%s, back %s", describe(there), describe(back))
		}
		if len(a.Requirements)+count(there, catalog.RequirementAdded)-count(there, catalog.RequirementRemoved) != len(b.Requirements) {
			t.Fatalf("%s", describe(there))
		}
	})
}

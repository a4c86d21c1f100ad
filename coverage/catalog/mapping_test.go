package catalog_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lifecircle/coverage/catalog"
)

const mappingFrame = `id: x
title: X
detects: [clinic]
rules:
  - {id: a, service: clinic, when: {amenity: clinic}}
`

// mappingLintCases are mappings in which one line is marked #! : the finding must point there.
func mappingLintCases() []lintCase {
	e, w := catalog.SeverityError, catalog.SeverityWarning
	return []lintCase{
		{"no rules", "id: x\nrules: [] #!\n", "no_rules", e},
		{"no id", "title: X #!\ndetects: [clinic]\nrules: [{id: a, service: clinic, when: {a: b}}]\n", "missing_key", e},
		{"takes everything", mappingFrame + "  - {id: b, service: park} #!\n", "no_condition", e},
		{"only rejects", mappingFrame + "  - {id: b, service: park, name: {reject: [x]}} #!\n", "no_condition", e},
		{"pattern", mappingFrame + "  - {id: b, service: park, when: {leisure: \"p*k\"}} #!\n", "bad_pattern", e},
		{"detects what it cannot", "id: x\ndetects: [clinic, park] #!\nrules:\n  - {id: a, service: clinic, when: {a: b}}\n", "detects_nothing", e},
		{"detects a child only", "id: x\ndetects: [clinic_station] #!\nrules:\n  - {id: a, service: clinic, when: {a: b}}\n", "detects_nothing", e},
		{"says nothing of detecting", "id: x #!\nrules:\n  - {id: a, service: clinic, when: {a: b}}\n", "no_detects", w},
		{"same conditions", mappingFrame + "  - {id: b, service: park, when: {amenity: clinic}} #!\n", "duplicate_rule", w},
		{"same id", mappingFrame + "  - {id: a, service: park, when: {leisure: park}} #!\n", "duplicate_id", e},
		{"unknown service", mappingFrame + "  - {id: b, service: parks, when: {leisure: park}} #!\n", "unknown_service", e},
		{"unknown key", mappingFrame + "  - {id: b, service: park, if: {leisure: park}} #!\n", "unknown_key", e},
		{"areas", mappingFrame + "  - {id: b, service: park, when: {leisure: park}, min_area_m2: 5, max_area_m2: 5} #!\n", "area_order", e},
		{"digits", "id: x\ncolumns: {code: {names: [code], digits: 99}} #!\ndetects: [clinic]\nrules: [{id: a, service: clinic, when: {a: b}}]\n", "bad_range", e},
		{"value of another kind", mappingFrame + "  - {id: b, service: park, when: {leisure: {a: b}}} #!\n", "wrong_type", e},
	}
}

// A planner's own mapping is found fault with on the line where the fault is.
func TestMappingLint(t *testing.T) {
	for _, c := range mappingLintCases() {
		t.Run(c.name, func(t *testing.T) {
			line := 1 + strings.Count(c.src[:strings.Index(c.src, "#!")], "\n")
			m, findings, err := catalog.ParseMapping([]byte(c.src), "my.yaml", sharedServices(t))
			if (err != nil) != (c.severity == catalog.SeverityError) || (m == nil) != (err != nil) {
				t.Fatalf("mapping %v, error %v", m, err)
			}
			for _, f := range findings {
				if f.Code == c.code && f.Line == line && f.Severity == c.severity {
					return
				}
			}
			t.Errorf("no %s %s on line %d: %v", c.severity, c.code, line, findings)
		})
	}
}

func TestParseMapping(t *testing.T) {
	src := `
id: my
title: {zh: 我的, en: Mine}
lifecycle: true
separators: ";|"
columns:
  typecode: {names: [code, 编码], digits: 6}
  name: [title]
details: {capacity: [places], status: [state]}
group_by: [typecode]
detects: [社区医疗站]
rules:
  - id: a
    services: [clinic, kindergarten]
    when: {typecode: [141204, 0801*], indoor: yes}
    unless: {access: private}
    name: {accept: 幼儿园, reject: [集团, 培训]}
    min_area_m2: 400
    max_area_m2: 5000.5
`
	m, findings, err := catalog.ParseMapping([]byte(src), "my.yaml", sharedServices(t))
	if err != nil || len(findings) > 0 {
		t.Fatal(err, findings)
	}
	want := &catalog.Mapping{
		ID: "my", Title: catalog.Text{Zh: "我的", En: "Mine"}, Lifecycle: true, Separators: ";|",
		Columns: []catalog.MappingColumn{{Key: "typecode", Names: []string{"code", "编码"}, Digits: 6}, {Key: "name", Names: []string{"title"}}},
		Details: catalog.MappingDetails{Capacity: []string{"places"}, Status: []string{"state"}}, GroupBy: []string{"typecode"}, Detects: []string{"clinic"},
		Rules: []catalog.MappingRule{{
			ID: "a", Services: []string{"clinic", "kindergarten"},
			When:   []catalog.MappingCondition{{Key: "typecode", Values: []string{"141204", "0801*"}}, {Key: "indoor", Values: []string{"yes"}}},
			Unless: []catalog.MappingCondition{{Key: "access", Values: []string{"private"}}},
			Accept: []string{"幼儿园"}, Reject: []string{"集团", "培训"}, MinArea: 400_000_000, MaxArea: 5_000_500_000, Line: 13,
		}},
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A mapping's hash tells any two mappings apart that say different things, and no two that say the same in other words.
func TestMappingHash(t *testing.T) {
	const src = `id: my
title: {zh: 我的, en: Mine}
note: n
source: s
attribution: a
lifecycle: true
separators: ";|"
columns: {typecode: {names: [code, 编码], digits: 6}, name: [title]}
details: {capacity: [places], status: [state], opened: [o], closed: [c], hours: [h], shared: [sh], area_m2: [ar]}
group_by: [typecode]
detects: [clinic]
rules:
  - {id: a, services: [clinic, kindergarten], when: {typecode: [141204, 0801*], indoor: yes}, unless: {access: private}, name: {accept: [幼儿园], reject: [集团]}, min_area_m2: 400, max_area_m2: 5000.5, source: r, note: rn}
  - {id: b, service: park, when: {leisure: park}}
`
	hash := func(src string) string {
		m, _, err := catalog.ParseMapping([]byte(src), "my.yaml", sharedServices(t))
		if err != nil {
			t.Fatal(err)
		}
		return m.Hash()
	}
	whole := hash(src)
	for _, same := range [][2]string{{"note: n\n", "# comment\nnote: n\n"}, {"detects: [clinic]", "detects: [社区医疗站]"}, {"typecode: [141204, 0801*], indoor: yes", "indoor: yes, typecode: [141204, 0801*]"},
		{"typecode: {names: [code, 编码], digits: 6}, name: [title]", "name: [title], typecode: {digits: 6, names: [code, 编码]}"}} {
		if hash(strings.Replace(src, same[0], same[1], 1)) != whole {
			t.Errorf("%q instead of %q is another mapping", same[1], same[0])
		}
	}
	seen := map[string]string{whole: "itself"}
	for _, other := range [][2]string{
		{"id: my", "id: mine"}, {"en: Mine", "en: Other"}, {"note: n", "note: m"}, {"source: s", "source: t"}, {"attribution: a", "attribution: b"}, {"lifecycle: true", "lifecycle: false"},
		{`";|"`, `";"`}, {"[code, 编码]", "[编码, code]"}, {"digits: 6", "digits: 7"}, {"name: [title]", "name: [label]"}, {"[places]", "[beds]"}, {"[state]", "[st]"}, {"opened: [o]", "opened: [p]"},
		{"closed: [c]", "closed: [d]"}, {"hours: [h]", "hours: [i]"}, {"shared: [sh]", "shared: [si]"}, {"area_m2: [ar]", "area_m2: [as]"}, {"group_by: [typecode]", "group_by: [leisure]"},
		{"detects: [clinic]", "detects: [clinic, park]"}, {"id: a,", "id: aa,"}, {"services: [clinic, kindergarten]", "services: [clinic]"}, {"0801*", "0802*"}, {"indoor: yes", "indoor: no"},
		{"access: private", "access: no"}, {"accept: [幼儿园]", "accept: [园]"}, {"reject: [集团]", "reject: [团]"}, {"min_area_m2: 400", "min_area_m2: 401"},
		{"5000.5", "5000.6"}, {"source: r", "source: q"}, {"note: rn", "note: ro"}, {"  - {id: b, service: park, when: {leisure: park}}\n", ""},
	} {
		h := hash(strings.Replace(src, other[0], other[1], 1))
		if was, twice := seen[h]; twice {
			t.Errorf("%q: the same hash as %s", other[1], was)
		}
		seen[h] = other[1]
	}
}

// FuzzParseMapping reads any bytes: no crash, findings within the file, and a mapping only without errors.
func FuzzParseMapping(f *testing.F) {
	f.Add([]byte(mappingFrame))
	for _, c := range mappingLintCases() {
		f.Add([]byte(c.src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		m, findings, err := catalog.ParseMapping(src, "f.yaml", sharedServices(t))
		if (m == nil) != (err != nil) {
			t.Fatalf("mapping %v, error %v", m, err)
		}
		if err != nil {
			return
		}
		for _, x := range findings {
			if x.Severity == catalog.SeverityError || x.Line < 1 || x.Line > 1+strings.Count(string(src), "\n") {
				t.Fatalf("finding %v of a usable mapping", x)
			}
		}
		for _, r := range m.Rules {
			if r.ID == "" || len(r.When)+len(r.Accept) == 0 {
				t.Fatalf("rule %+v takes everything", r)
			}
		}
	})
}

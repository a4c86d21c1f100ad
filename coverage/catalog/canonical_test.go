package catalog_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lifecircle/coverage/catalog"
)

// A run records the hash of its catalog: touching up a comment must not make last year's run look like another catalog's.
func TestHashIgnoresWriting(t *testing.T) {
	want := mustParse(t, userCatalog).Hash()
	for name, src := range map[string]string{
		"comments, blank lines": "# head\n\n" + strings.ReplaceAll(userCatalog, "tier: \"15\"\n", "tier: \"15\" # fifteen\n\n"),
		"CRLF and BOM":          "\ufeff" + strings.ReplaceAll(userCatalog, "\n", "\r\n"),
		"order of keys": strings.NewReplacer("{service: clinic,       tier: \"15\", limit: {radius_m: 500}, pass_line: 0.8, mandatory: true}",
			"{mandatory: true, pass_line: 0.8, limit: {radius_m: 500}, tier: \"15\", service: clinic}").Replace(userCatalog),
		"defaults written out": strings.Replace(userCatalog, "requirements:", "pass_line: 0.800\ndenominator: land\ncompleteness_floor: 0.6\nprovisional: false\nrequirements:", 1),
		"id written out":       strings.Replace(userCatalog, "{service: clinic,", "{id: clinic-15, class: 基础保障, weight: 1.0, confidence: C, service: 社区医疗站,", 1),
		"anchors":              strings.NewReplacer("min_area_m2: 5000, limit: {radius_m: 500}", "min_area_m2: 5000, limit: *l", "tier: \"15\", limit: {radius_m: 500}", "tier: \"15\", limit: &l {radius_m: 500}").Replace(userCatalog),
		"targets unsorted":     strings.Replace(userCatalog, `{"2025": 0.7, "2027": 0.85}`, `{2027: 0.85, 2025: 0.70}`, 1),
		"plain any_of":         strings.Replace(userCatalog, "limit: {radius_m: 300}, pass_line: 0.8, weight: 2", "pass_line: 0.8, weight: 2", 1),
	} {
		t.Run(name, func(t *testing.T) {
			if name == "plain any_of" {
				src = strings.Replace(src, "service: kindergarten, tier", "any_of: [{service: kindergarten, limit: {radius_m: 300}}], tier", 1)
			}
			if src == userCatalog {
				t.Fatal("the case changes nothing")
			}
			if got := mustParse(t, src); got.Hash() != want {
				t.Errorf("another hash:\n%s", got.Canonical())
			}
		})
	}
}

// Whatever changes a result or what is said about it must change the hash.
func TestHashSeesContent(t *testing.T) {
	base := mustParse(t, userCatalog).Hash()
	for _, edit := range [][2]string{
		{"id: my-city", "id: my-town"}, {"zh: 我的城市", "zh: 城市"}, {"minutes: 15", "minutes: 20"}, {"radius_m: 500}, pass", "radius_m: 501}, pass"},
		{"pass_line: 0.8, mandatory: true", "pass_line: 0.8"}, {"weight: 2", "weight: 2.000001"}, {"min_area_m2: 5000", "min_area_m2: 4999"}, {"path_m: 450", "path_m: 451"},
		{"denominator: population ", "denominator: households "}, {"\"2025\": 0.7", "\"2025\": 0.71"}, {"\"2027\"", "\"2028\""}, {"source: city rule 7", "source: city rule 8"},
		{"confidence: A", "confidence: B"}, {"min: 1, per", "min: 2, per"}, {"per: community", "per: street"}, {"id: one-station", "id: station"},
		{"requirements:", "pass_line: 0.81\nrequirements:"}, {"requirements:", "denominator: buildings\nrequirements:"}, {"requirements:", "provisional: true\nrequirements:"},
		{"requirements:", "grades: [{name: A, min: 91}, {name: C, min: 0}]\nrequirements:"}, {"requirements:", "cap_unmet_mandatory: none\nrequirements:"},
		{"requirements:", "completeness_floor: 0.7\nrequirements:"}, {"requirements:", "note: n\nrequirements:"},
		{"tier: \"15\", count", "tier: \"15\", applies_to: [居住型], count"}, {"tier: \"15\", count", "tier: \"15\", class: quality, count"},
		{"confidence: A", "confidence: A\n    quota: {supply: beds, per: population, min: 1}"}, {"min_area_m2: 400,", "min_area_m2: 400, max_area_m2: 5000,"},
	} {
		src := strings.Replace(userCatalog, edit[0], edit[1], 1)
		if src == userCatalog {
			t.Fatalf("%q is not in the catalog", edit[0])
		}
		if mustParse(t, src).Hash() == base {
			t.Errorf("%q → %q does not change the hash", edit[0], edit[1])
		}
	}
}

func TestCanonicalIsACatalog(t *testing.T) {
	for name, src := range map[string]string{
		"user": userCatalog,
		"awkward texts": "id: x\ntitle: \"null\"\nnote: {zh: \"a\\\"b\\\\c\\n\\u0085第二行 \\U0001F6B6: #\", en: \"\\u2028 yes\"}\ntiers: [{id: 5, minutes: 5}]\n" +
			"cap_unmet_mandatory: none\nservices: [{key: own, parent: clinic, aliases: ['1', ~x]}]\nrequirements: [{service: '1', tier: 5, limit: {minutes: 0.05}, variant_of: b}, {id: b, service: own, tier: 5, limit: {path_m: 0.001}}]",
	} {
		t.Run(name, func(t *testing.T) {
			src = strings.ReplaceAll(src, `\u0085`, "")
			want := mustParse(t, src)
			canonical := want.Canonical()
			if !json.Valid(canonical) {
				t.Errorf("not JSON: %s", canonical)
			}
			got := mustParse(t, string(canonical))
			if diff := cmp.Diff(want, got, sameContent); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if string(got.Canonical()) != string(canonical) {
				t.Errorf("not a fixed point:\n%s%s", canonical, got.Canonical())
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(userCatalog))
	f.Add(mustParse(f, userCatalog).Canonical())
	for _, c := range lintCases() {
		if len(c.src) < 1<<10 {
			f.Add([]byte(c.src))
		}
	}
	services := sharedServices(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		c, findings, err := catalog.Parse(src, "fuzz.yaml", services)
		for i, finding := range findings {
			if finding.Line < 1 || finding.Column < 1 || finding.Code == "" || finding.Text.Zh == "" || finding.Text.En == "" {
				t.Fatalf("an unfinished finding: %+v", finding)
			}
			if i > 0 && finding.Line < findings[i-1].Line {
				t.Fatal("findings are not in the order of the file")
			}
		}
		if err != nil {
			if c != nil {
				t.Fatal("both a catalog and an error")
			}
			return
		}
		canonical := c.Canonical()
		back, _, err := catalog.Parse(canonical, "canonical.yaml", services)
		if err != nil {
			t.Fatalf("%v\n%s", err, canonical)
		}
		if diff := cmp.Diff(c, back, sameContent); diff != "" {
			t.Fatalf("(-want +got)\n%s", diff)
		}
	})
}

func FuzzParseServices(f *testing.F) {
	f.Add([]byte(sharedList))
	f.Fuzz(func(t *testing.T, src []byte) {
		services, err := catalog.ParseServices(src, "fuzz.yaml")
		if (services == nil) != (err != nil) {
			t.Fatalf("%v, %v", services, err)
		}
		for _, key := range services.Keys() {
			if got, ok := services.Resolve(key); !ok || got != key {
				t.Fatalf("the key %q resolves to %q", key, got)
			}
			for _, ancestor := range services.Ancestors(key) {
				if ancestor == key || !slices.Contains(services.Descendants(ancestor), key) {
					t.Fatalf("%q is no descendant of its ancestor %q", key, ancestor)
				}
			}
		}
	})
}

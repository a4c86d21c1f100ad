package catalog_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lifecircle/coverage/catalog"
)

// The fuller catalog of the outer contract, as it stands there; the smallest form is its first two requirements.
const (
	userHead = `
id: my-city
title: {zh: 我的城市, en: My city}
tiers: [{id: "15", minutes: 15}]
requirements:
  - {service: clinic,       tier: "15", limit: {radius_m: 500}, pass_line: 0.8, mandatory: true}
  - {service: kindergarten, tier: "15", limit: {radius_m: 300}, pass_line: 0.8, weight: 2}
`
	userCatalog = userHead + `  - id: parks
    tier: "15"
    any_of:
      - {service: park,        min_area_m2: 5000, limit: {radius_m: 500}}
      - {service: pocket_park, min_area_m2: 400,  limit: {radius_m: 300, path_m: 450}}
    denominator: population            # population:60+ | households | buildings | land
    pass_line: 0.8
    targets: {"2025": 0.7, "2027": 0.85}
    source: city rule 7
    confidence: A
  - {id: one-station, tier: "15", count: {service: elderly_station, min: 1, per: community}}
`
)

func TestSmallestUserCatalog(t *testing.T) {
	got := mustParse(t, userHead)
	want := &catalog.Catalog{
		ID: "my-city", Title: catalog.Text{Zh: "我的城市", En: "My city"},
		Tiers:    []catalog.Tier{{ID: "15", Minutes: 15, Name: catalog.Text{Zh: "15分钟", En: "15 min"}}},
		PassLine: 800_000, Denominator: "land", Grades: catalog.DefaultGrades(), CapUnmetMandatory: "C", CompletenessFloor: 600_000,
		ScoringSource: catalog.DefaultScoringSource, ScoringConfidence: catalog.ProjectDefault,
		Requirements: []catalog.Requirement{
			{
				ID: "clinic-15", Name: catalog.Text{Zh: "社区医疗站", En: "Community clinic"}, Tier: "15", Class: "basic", Mandatory: true, Weight: catalog.One,
				AnyOf:    []catalog.Alternative{{Service: "clinic", Limit: catalog.Limit{RadiusMM: 500_000}, Confidence: "C"}},
				PassLine: 800_000, PassLineSet: true, Confidence: "C",
			},
			{
				ID: "kindergarten-15", Name: catalog.Text{Zh: "幼儿园", En: "Kindergarten"}, Tier: "15", Class: "basic", Weight: 2 * catalog.One,
				AnyOf:    []catalog.Alternative{{Service: "kindergarten", Limit: catalog.Limit{RadiusMM: 300_000}, Confidence: "C"}},
				PassLine: 800_000, PassLineSet: true, Confidence: "C",
			},
		},
	}
	if diff := cmp.Diff(want, got, sameContent); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got.Requirements[0].Line != 6 || got.Requirements[1].Line != 7 {
		t.Errorf("lines %d, %d", got.Requirements[0].Line, got.Requirements[1].Line)
	}
}

func TestFullerUserCatalog(t *testing.T) {
	got := mustParse(t, userCatalog)
	want := []catalog.Requirement{
		{
			ID: "parks", Name: catalog.Text{Zh: "公园绿地或口袋公园", En: "Park or Pocket park"}, Tier: "15", Class: "basic", Weight: catalog.One,
			AnyOf: []catalog.Alternative{
				{Service: "park", MinArea: 5000e6, Limit: catalog.Limit{RadiusMM: 500_000}, Source: "city rule 7", Confidence: "A"},
				{Service: "pocket_park", MinArea: 400e6, Limit: catalog.Limit{RadiusMM: 300_000, PathMM: 450_000}, Source: "city rule 7", Confidence: "A"},
			},
			Denominator: "population", PassLine: 800_000, PassLineSet: true,
			Targets: []catalog.Target{{Year: 2025, Share: 700_000}, {Year: 2027, Share: 850_000}},
			Source:  "city rule 7", Confidence: "A",
		},
		{
			ID: "one-station", Name: catalog.Text{Zh: "养老服务站", En: "Elderly service station"}, Tier: "15", Class: "basic", Weight: catalog.One,
			Count:       &catalog.Count{Service: "elderly_station", Min: 1, Per: "community"},
			Denominator: "count", PassLine: catalog.One, Confidence: "C",
		},
	}
	if diff := cmp.Diff(want, got.Requirements[2:], sameContent); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// The two catalogs above are copies of the constitution's; if it changes, they must.
func TestUserCatalogIsTheContract(t *testing.T) {
	design, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "design.md"))
	if err != nil {
		t.Skip("the design page is not beside this repository")
	}
	if !strings.Contains(string(design), "```yaml"+userCatalog+"```") {
		t.Error("design.md §8 shows another catalog than the one tested here")
	}
}

func TestPassAt(t *testing.T) {
	parks := mustParse(t, userCatalog).Requirement("parks")
	for year, want := range map[int]catalog.Ppm{0: 800_000, 2024: 800_000, 2025: 700_000, 2026: 700_000, 2027: 850_000, 2040: 850_000} {
		if got := parks.PassAt(year); got != want {
			t.Errorf("year %d: %s, want %s", year, got, want)
		}
	}
	if got := mustParse(t, userCatalog).Requirement("one-station").PassAt(2030); got != catalog.One {
		t.Errorf("a count passes at %s", got)
	}
}

func TestFullForm(t *testing.T) {
	c := mustParse(t, `
id: full
title: 全式
provisional: true
attribution: somebody
services:
  - {key: library, zh: 图书馆, en: Library, aliases: [书房]}
  - {key: children_library, zh: 少儿图书馆, parent: 书房}
tiers:
  - {id: 15, minutes: 15}
  - {id: 5-10, minutes: 10, name: {zh: 近, en: near}}
pass_line: 0.9
denominator: population:60+
grades: [{name: 优, min: 85.5}, {name: 差}]
cap_unmet_mandatory: 差
completeness_floor: 0
scoring_source: city
scoring_confidence: official
requirements:
  - service: charger
    tier: 15
    class: 品质提升型
    weight: 0
    limit: {radius_m: 1000.5, minutes: 7.5}
    max_area_m2: 0.000001
    area_kind: 用地面积
    applies_to: [居住型, 产业型]
    quota: {supply: places, per: 1000 population:0-3, min: 4.5, source: plan, confidence: A}
    source: rule
    clause: 3
    confidence: restated
    note: one text
  - {id: lib, service: 书房, tier: 5-10, limit: {minutes: 10}, source: rule, confidence: unverified, quota: {supply: area_m2, per: population, min: 0.1}}
  - {id: lib-2, variant_of: lib, service: children_library, tier: 5-10, limit: {path_m: 400}}
  - any_of:
      - {service: park, limit: {radius_m: 300}, source: x, confidence: A*}
      - {service: pocket_park, limit: {radius_m: 300}, source: x, confidence: B}
    tier: 5-10
`)
	r := c.Requirement("ev_charger-15")
	if r == nil {
		t.Fatal("an alias does not resolve to the key in the requirement's id")
	}
	want := catalog.Requirement{
		ID: "ev_charger-15", Name: catalog.Text{Zh: "充电设施", En: "EV charging station"}, Tier: "15", Class: "quality",
		AnyOf: []catalog.Alternative{{Service: "ev_charger", Limit: catalog.Limit{RadiusMM: 1_000_500, Seconds: 450}, MaxArea: 1, AreaKind: "land",
			Source: "rule", Clause: "3", Confidence: "A*"}},
		AppliesTo: []string{"产业型", "居住型"}, PassLine: 900_000,
		Quota:  &catalog.Quota{Supply: "places", PerCount: 1000 * catalog.One, Measure: "population:0-3", Min: 4_500_000, Source: "plan", Confidence: "A"},
		Source: "rule", Clause: "3", Confidence: "A*", Note: catalog.Text{Zh: "one text", En: "one text"},
	}
	if diff := cmp.Diff(want, *r, sameContent); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if !r.Applies("居住型") || r.Applies("商服型") || r.Applies("") || !c.Requirement("lib").Applies("") {
		t.Error("applies_to must hold for its kinds only")
	}
	if q := c.Requirement("lib").Quota; q.PerCount != catalog.One || q.Source != "rule" || q.Confidence != "B" {
		t.Errorf("quota without a number or a source: %+v", q)
	}
	if v := c.Requirement("lib-2"); v.Weight != 0 || v.Mandatory {
		t.Errorf("a variant must not be scored: %+v", v)
	}
	parks := c.Requirement("park-pocket_park-5-10")
	if parks == nil || parks.ConfidenceLabel() != "A*/B" || parks.Confidence != "B" {
		t.Errorf("an any_of takes its mark from its alternatives: %+v", parks)
	}
	if c.CapUnmetMandatory != "差" || c.CapIndex() != 1 || c.GradeIndex(85_500_000) != 0 || c.GradeIndex(85_499_999) != 1 || c.ScoringConfidence != "A" || c.CompletenessFloor != 0 {
		t.Errorf("scoring: %+v", c)
	}
	if c.OwnServices[1].Parents[0] != "library" || !c.Services.Satisfies("children_library", "library") {
		t.Errorf("own services: %+v", c.OwnServices)
	}
	if _, ok := sharedServices(t).Get("library"); ok {
		t.Error("a catalog's own services leaked into the shared list")
	}
}

// The command line shows a catalog as JSON: decimals as numbers, words in snake_case.
func TestCatalogJSON(t *testing.T) {
	src, err := json.Marshal(mustParse(t, userCatalog))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		PassLine     float64 `json:"pass_line"`
		Requirements []struct {
			ID    string `json:"id"`
			AnyOf []struct {
				Limit struct {
					Radius float64 `json:"radius_m"`
				} `json:"limit"`
				MinArea float64 `json:"min_area_m2"`
			} `json:"any_of"`
		} `json:"requirements"`
	}
	if err := json.Unmarshal(src, &got); err != nil {
		t.Fatal(err)
	}
	if park := got.Requirements[2].AnyOf[0]; got.PassLine != 0.8 || park.Limit.Radius != 500 || park.MinArea != 5000 {
		t.Errorf("%s", src)
	}
}

func TestConfidence(t *testing.T) {
	for word, want := range map[string]catalog.Confidence{"A": "A", "a*": "A*", "restated": "A*", "Unverified": "B", "project-default": "C", "official": "A"} {
		if got, ok := catalog.ParseConfidence(word); !ok || got != want {
			t.Errorf("%q: %q, %v", word, got, ok)
		}
	}
	if _, ok := catalog.ParseConfidence("D"); ok {
		t.Error("D is no confidence")
	}
	if catalog.Weakest("A", "B", "A*") != "B" || catalog.Weakest() != "A" || catalog.Weakest("A", "C", "B") != "C" {
		t.Error("Weakest")
	}
	if catalog.Unverified.Mark() != (catalog.Text{Zh: "待核", En: "unverified"}) || catalog.Official.Mark() != (catalog.Text{}) {
		t.Error("marks shown to the user")
	}
}

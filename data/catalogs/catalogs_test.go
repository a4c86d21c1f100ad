package catalogs_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lifecircle/coverage/catalog"
	"lifecircle/data/catalogs"
)

// Shipped catalogs are the examples that users start from: they must raise neither errors nor warnings.
func TestShippedCatalogsLintClean(t *testing.T) {
	for _, id := range catalogs.IDs() {
		src, ok := catalogs.Source(id)
		if !ok {
			t.Fatalf("no source of %s", id)
		}
		c, findings, err := catalog.Parse(src, id+".yaml", catalogs.Services())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range findings {
			if f.Severity != catalog.SeverityInfo {
				t.Errorf("%s:%v", id, f)
			}
		}
		if c.ID != id {
			t.Errorf("the file of %s is called %s", id, c.ID)
		}
	}
}

// Every YAML file of the folder is shipped, and every shipped catalog has a file.
func TestIDsAreTheFiles(t *testing.T) {
	names, err := filepath.Glob("*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"services.yaml"}
	for _, id := range catalogs.IDs() {
		want = append(want, id+".yaml")
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestGet(t *testing.T) {
	c, err := catalogs.Get(catalogs.DefaultID)
	if err != nil || c.ID != "chongqing-15min" || !c.Provisional {
		t.Fatalf("%v, %v", c, err)
	}
	c.Requirements[0].Weight = 0
	if again, _ := catalogs.Get(catalogs.DefaultID); again.Requirements[0].Weight != catalog.One {
		t.Error("one caller's change is seen by another")
	}
	if _, err := catalogs.Get("../services"); err == nil || !strings.Contains(err.Error(), "gb50180-2018") {
		t.Errorf("error %v does not say what there is", err)
	}
	if _, ok := catalogs.Source("services"); ok {
		t.Error("the list of services is no catalog")
	}
}

// Row by row, the table that the project was asked for; a planner who knows it must find exactly it.
func TestChongqingIsTheTable(t *testing.T) {
	c, err := catalogs.Get("chongqing-15min")
	if err != nil {
		t.Fatal(err)
	}
	type row struct{ ID, Zh, Tier, Asks, Confidence, Source, VariantOf string }
	var got []row
	for i := range c.Requirements {
		r := &c.Requirements[i]
		var asks []string
		for _, a := range r.AnyOf {
			ask := fmt.Sprintf("%s %d m", a.Service, a.Limit.RadiusMM/1000)
			if a.MinArea > 0 {
				ask += " ≥ " + a.MinArea.String()
			}
			if a.MaxArea > 0 {
				ask += " < " + a.MaxArea.String()
			}
			if a.Limit.PathMM != 0 || a.Limit.Seconds != 0 {
				ask += " and a limit that the table does not have"
			}
			asks = append(asks, ask)
		}
		got = append(got, row{r.ID, r.Name.Zh, r.Tier, strings.Join(asks, " | "), r.ConfidenceLabel(), strings.TrimSpace(r.Source + " " + r.Clause), r.VariantOf})
		if r.Mandatory != (r.VariantOf == "") {
			t.Errorf("%s: mandatory %v", r.ID, r.Mandatory)
		}
		if want := catalog.One; r.VariantOf == "" && r.Weight != want {
			t.Errorf("%s: weight %s", r.ID, r.Weight)
		}
		if r.PassLine != 800_000 || r.PassLineSet || r.Denominator != "" || len(r.Targets) > 0 || r.Quota != nil || len(r.AppliesTo) > 0 || r.Count != nil || r.Class != "basic" {
			t.Errorf("%s: a figure that the table does not have: %+v", r.ID, *r)
		}
	}
	want := []row{
		{"nursery-5", "托育机构", "5", "nursery 300 m", "B", "GB 50180-2018 C.0.2", ""},
		{"kindergarten-5", "幼儿园", "5", "kindergarten 300 m", "B", "GB 50180-2018 C.0.2", ""},
		{"elderly_station-5", "养老服务站", "5", "elderly_station 300 m", "B", "GB 50180-2018 C.0.2", ""},
		{"sports-5", "体育设施", "5", "sports 300 m", "B", "GB 50180-2018 C.0.2 (fitness_ground)", ""},
		{"clinic-5", "社区医疗站", "5", "clinic 500 m", "A*", "TD/T 1062-2021 A.3", ""},
		{"clinic-5-300", "社区医疗站（300米）", "5", "clinic 300 m", "B", "GB 50180-2018 C.0.2", "clinic-5"},
		{"culture-5", "文化设施", "5", "culture 500 m", "B", "GB 50180-2018 C.0.2 (culture_station)", ""},
		{"elderly_canteen-15", "老年食堂", "15", "elderly_canteen 1000 m", "C", "项目默认 / project default 一刻钟城市老年助餐服务圈", ""},
		{"parks", "口袋公园", "5", "park 500 m ≥ 5000 | pocket_park 300 m ≥ 400 < 5000", "A*/B", "公园绿化活动场地服务半径", ""},
		{"ev_charger-15", "充电设施", "15", "ev_charger 1000 m", "A*", "重庆 1公里超充圈 2025年末的公开说法 (claim, end 2025)", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if !strings.Contains(c.Title.Zh, "暂定") || !c.Provisional || !strings.Contains(c.Note.Zh, "优先配齐") {
		t.Error("it must say that it is provisional and why all is mandatory")
	}
	if ev := c.Requirement("ev_charger-15"); !strings.Contains(ev.Note.Zh, "驾车") || !strings.Contains(ev.Note.En, "on foot") {
		t.Error("that chargers are scored on foot is the project's decision and must be said")
	}
}

// The project's own defaults are the same in all shipped catalogs, and never pass as official.
func TestShippedScoringIsTheProjectDefault(t *testing.T) {
	for _, c := range catalogs.All() {
		if c.PassLine != 800_000 || c.Denominator != "land" || c.CapUnmetMandatory != "C" || c.CompletenessFloor != 600_000 || c.ScoringConfidence != catalog.ProjectDefault {
			t.Errorf("%s: %+v", c.ID, c)
		}
		if diff := cmp.Diff(catalog.DefaultGrades(), c.Grades); diff != "" {
			t.Errorf("%s: %s", c.ID, diff)
		}
		for _, r := range c.Requirements {
			if r.Source == "" || r.Confidence == "" || (r.Clause == "" && r.ID != "parks") {
				t.Errorf("%s %s: source %q, clause %q, confidence %q", c.ID, r.ID, r.Source, r.Clause, r.Confidence)
			}
			if r.PassLineSet || (r.Weight != catalog.One && r.VariantOf == "") {
				t.Errorf("%s %s: an invented pass line or weight", c.ID, r.ID)
			}
		}
	}
}

// ▲ is mandatory and △ is not, as the clause of each row says.
func TestGB50180Status(t *testing.T) {
	c, err := catalogs.Get("gb50180-2018")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range c.Requirements {
		if r.VariantOf == "" && r.Count == nil && (r.Mandatory != strings.Contains(r.Clause, "▲") || r.Mandatory == strings.Contains(r.Clause, "△")) {
			t.Errorf("%s: mandatory %v, clause %s", r.ID, r.Mandatory, r.Clause)
		}
	}
	for id, want := range map[string]bool{"nursery-5": false, "clinic_station-5": false, "kindergarten-5": true, "elderly_station-5": true, "metro-10": false, "middle_school-15": true, "middle_school-10": false} {
		if r := c.Requirement(id); r == nil || r.Mandatory != want {
			t.Errorf("%s: %+v", id, r)
		}
	}
}

// The standard has no radii; a limit in it would be invented.
func TestCompleteCommunityHasCountsOnly(t *testing.T) {
	c, err := catalogs.Get("complete-community-2020")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range c.Requirements {
		if r.Count == nil || len(r.AnyOf) > 0 || r.Count.Per != "community" {
			t.Errorf("%s: %+v", r.ID, r)
		}
	}
}

// Parents decide which layers count for which requirement.
func TestServiceParents(t *testing.T) {
	services := catalogs.Services()
	for child, parent := range map[string]string{
		"clinic_station": "clinic", "clinic_center": "clinic", "fitness_ground": "sports", "sports_small": "sports", "sports_medium": "sports", "sports_large": "sports",
		"culture_station": "culture", "culture_center": "culture", "elderly_station": "elderly_care", "elderly_canteen": "elderly_care",
	} {
		if got := services.Ancestors(child); !slices.Equal(got, []string{parent}) {
			t.Errorf("%s: ancestors %v, want %s", child, got, parent)
		}
	}
	for alias, key := range map[string]string{
		"charger": "ev_charger", "托育": "nursery", "托儿所": "nursery", "社区医疗站": "clinic", "社区卫生服务站": "clinic_station", "社区卫生服务中心": "clinic_center",
		"老年食堂": "elderly_canteen", "社区食堂": "elderly_canteen", "日间照料中心": "elderly_station", "口袋公园": "pocket_park", "充电桩": "ev_charger", "Kindergarten": "kindergarten",
	} {
		if got, ok := services.Resolve(alias); !ok || got != key {
			t.Errorf("%s: %q, want %s", alias, got, key)
		}
	}
	for _, service := range services.All() {
		if service.Name.Zh == "" || service.Name.En == "" {
			t.Errorf("%s has no name in both languages", service.Key)
		}
	}
}

// Figures against the project's page of facts, wherever that has the key: a typo here would be a wrong verdict in every city.
func TestFiguresAreTheGuidelines(t *testing.T) {
	src, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "guidelines.json"))
	if err != nil {
		t.Skip("guidelines.json is not beside this repository")
	}
	type size struct {
		V float64 `json:"v"`
	}
	var facts []struct {
		Key    string `json:"key"`
		Status []struct {
			Required bool `json:"required"`
		} `json:"status"`
		Radii []struct {
			M       int32  `json:"m"`
			Catalog string `json:"catalog"`
			Conf    string `json:"conf"`
		} `json:"radii"`
		Sizes map[string]size `json:"sizes"`
	}
	if err := json.Unmarshal(src, &facts); err != nil {
		t.Fatal(err)
	}
	services := catalogs.Services()
	sources := map[string]string{"GB 50180-2018": "GB50180-2018", "TD/T 1062-2021": "TDT1062-2021", "JGJ 39-2016": "JGJ39-2016"}
	checked := 0
	for _, fact := range facts {
		if _, ok := services.Get(fact.Key); !ok {
			t.Errorf("no service has the key %s", fact.Key)
		}
		for _, c := range catalogs.All() {
			for _, r := range c.Requirements {
				for _, a := range r.AnyOf {
					standard, known := sources[a.Source]
					if a.Service != fact.Key || !known {
						continue
					}
					found := false
					for _, radius := range fact.Radii {
						if radius.Catalog == standard {
							found = found || (radius.M*1000 == a.Limit.RadiusMM && radius.Conf == string(a.Confidence))
						}
					}
					if checked++; !found {
						t.Errorf("%s %s: %+v (%s) is not among %+v", c.ID, r.ID, a.Limit, a.Confidence, fact.Radii)
					}
					if c.ID == "gb50180-2018" && r.VariantOf == "" && r.ID != fact.Key+"-10" && len(fact.Status) > 0 && r.Mandatory != fact.Status[0].Required {
						t.Errorf("%s %s: mandatory %v", c.ID, r.ID, r.Mandatory)
					}
					checkArea(t, c.ID+" "+r.ID, a.MinArea, a.AreaKind, fact.Sizes["min_floor_m2"].V, fact.Sizes["min_land_m2"].V)
				}
				if r.Count != nil && r.Count.Service == fact.Key && !slices.Contains([]string{"community_service", "sports_small", "park"}, fact.Key) { // other figures than the page's, see its section 3
					checkArea(t, c.ID+" "+r.ID, r.Count.MinArea, r.Count.AreaKind, fact.Sizes["min_floor_m2"].V, fact.Sizes["min_land_m2"].V)
				}
			}
		}
	}
	if checked < 20 {
		t.Errorf("only %d figures compared", checked)
	}
	for key, want := range map[string]catalog.Area{"community_service": 800e6, "sports_small": 800e6, "park": 4000e6, "supermarket": 300e6} {
		c, _ := catalogs.Get("complete-community-2020")
		if got := c.Requirement(key).Count.MinArea; got != want {
			t.Errorf("%s: %s m²", key, got)
		}
	}
}

func checkArea(t *testing.T, where string, least catalog.Area, kind string, floor, land float64) {
	t.Helper()
	want := map[string]float64{catalog.AreaFloor: floor, catalog.AreaLand: land}[kind]
	if least != 0 && float64(least) != want*1e6 {
		t.Errorf("%s: at least %s m² (%s), the page of facts says %v", where, least, kind, want)
	}
}

// The table in prose and the notes hold no other figure of metres than the rows do: a note may not smuggle one in.
func TestNotesNameKnownRadiiOnly(t *testing.T) {
	c, err := catalogs.Get("chongqing-15min")
	if err != nil {
		t.Fatal(err)
	}
	figure := regexp.MustCompile(`(\d+)\s*(?:米|m\b)`)
	for _, r := range c.Requirements {
		for _, m := range figure.FindAllStringSubmatch(r.Note.Zh, -1) {
			if !slices.Contains([]string{"300", "500", "1000"}, m[1]) {
				t.Errorf("%s: the note says %s", r.ID, m[0])
			}
		}
	}
}

// Bus stops stand on either side of a street under one name; nothing else does.
func TestServicesInPairs(t *testing.T) {
	for _, key := range catalogs.Services().Keys() {
		want := 50
		if key == "bus_stop" {
			want = 5
		}
		if n := catalogs.Services().MergeMetres(key); n != want {
			t.Errorf("%s: records of one name within %d m are one facility, want %d", key, n, want)
		}
	}
}

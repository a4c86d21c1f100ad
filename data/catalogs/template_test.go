package catalogs_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/data/catalogs"
)

func readTemplate(t testing.TB, b []byte) *catalogs.TemplateImport {
	t.Helper()
	in, err := catalogs.ReadTemplate(bytes.NewReader(b), int64(len(b)), "own.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// A bureau starts from a shipped catalog: what it does not change must stay as it was, to the byte.
func TestTemplateRoundTripOfShippedCatalogs(t *testing.T) {
	for _, c := range catalogs.All() {
		t.Run(c.ID, func(t *testing.T) {
			workbook, lost, err := catalogs.Template(c)
			if err != nil || len(lost) > 0 {
				t.Fatalf("lost %v, %v", lost, err)
			}
			in := readTemplate(t, workbook)
			for _, f := range in.Findings {
				if f.Severity != catalog.SeverityInfo {
					t.Errorf("%+v", f)
				}
			}
			if in.Catalog == nil {
				t.Fatal("no catalog")
			}
			if diff := cmp.Diff(string(c.Canonical()), string(in.Catalog.Canonical())); diff != "" {
				t.Error(diff)
			}
			if in.Catalog.Hash() != c.Hash() {
				t.Error("another hash")
			}
			again, _, err := catalog.Parse(in.YAML, "own.yaml", catalogs.Services())
			if err != nil || again.Hash() != c.Hash() {
				t.Errorf("the YAML that is written is another catalog: %v", err)
			}
		})
	}
}

// A catalog that uses everything that a file may say.
const everything = `
id: all-2026
title: {zh: 全部, en: All}
provisional: true
note: "冒号: 逗号, \"引号\" # 井号\n第二行"
source: 渝府办〔2026〕1号
attribution: 某局
services:
  - {key: repair_shop, zh: 维修点, en: Repair shop, aliases: [修理铺, fixer], parents: [shop_pharmacy, community_service]}
tiers: [{id: "5-10", minutes: 10}, {id: "15", minutes: 15, name: {zh: 十五分钟}}]
pass_line: 0.75
denominator: population:60+
grades: [{name: 优, min: 87.5}, {name: 良, min: 60}, {name: 差, min: 0}]
cap_unmet_mandatory: none
completeness_floor: 0.333333
scoring_source: 本局
scoring_confidence: A*
requirements:
  - {service: repair_shop, tier: "5-10", limit: {radius_m: 300.125, path_m: 450, minutes: 4.05}, weight: 0, class: special, confidence: B, source: x}
  - {id: "true", service: clinic, tier: "15", limit: {minutes: 15}, mandatory: true, weight: 2.5, pass_line: 0.9, denominator: households, targets: {"2025": 0.7, "2027": 0.85},
     applies_to: [产业型, 居住型], quota: {supply: places, per: 1000 population:0-3, min: 4.5, source: q, clause: c1, confidence: A}, note: {en: only English}}
  - id: parks
    tier: "15"
    name: 公园
    any_of:
      - {service: park, min_area_m2: 5000.5, area_kind: land, limit: {radius_m: 500}, source: s1, clause: "1,2", confidence: A}
      - {service: pocket_park, min_area_m2: 400, max_area_m2: 5000, limit: {path_m: 300}, confidence: A*}
      - {service: pocket_park, limit: {radius_m: 100}}
    source: s0
  - {id: one, tier: "15", any_of: [{service: market, limit: {radius_m: 500}, clause: own}], source: s0, confidence: C}
  - {id: v, variant_of: "true", service: clinic, tier: "15", limit: {radius_m: 800}}
  - {id: n, tier: "15", count: {service: repair_shop, min: 3, per: 网格, min_area_m2: 10, area_kind: floor}}
`

func TestTemplateSaysEverything(t *testing.T) {
	c, _, err := catalog.Parse([]byte(everything), "all.yaml", catalogs.Services())
	if err != nil {
		t.Fatal(err)
	}
	workbook, lost, err := catalogs.Template(c)
	if err != nil || len(lost) > 0 {
		t.Fatalf("lost %v, %v", lost, err)
	}
	in := readTemplate(t, workbook)
	if in.Requirements != 6 || in.Alternatives != 2 {
		t.Errorf("%d requirements, %d alternatives", in.Requirements, in.Alternatives)
	}
	if diff := cmp.Diff(string(c.Canonical()), string(in.Catalog.Canonical())); diff != "" {
		t.Error(diff)
	}
}

// What the sheets cannot say is named, rather than lost in silence.
func TestTemplateNamesWhatItCannotSay(t *testing.T) {
	text := strings.Replace(everything, "[修理铺, fixer]", "[\"修理铺, 丰巢\"]", 1)
	c, _, err := catalog.Parse([]byte(text), "all.yaml", catalogs.Services())
	if err != nil {
		t.Fatal(err)
	}
	_, lost, err := catalogs.Template(c)
	if err != nil || !slices.Equal(lost, []string{"service repair_shop"}) {
		t.Errorf("lost %v, %v", lost, err)
	}
}

func TestTemplateIsTheSameEveryTime(t *testing.T) {
	a, _, err := catalogs.Template(nil)
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := catalogs.Template(nil)
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("two templates differ: %v", err)
	}
}

// filled changes cells of an empty template: "要求 Requirements!A2" → value.
func filled(t testing.TB, cells map[string]any) []byte {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(emptyTemplate()))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for place, v := range cells {
		sheet, at, _ := strings.Cut(place, "!")
		if err := f.SetCellValue(sheet, at, v); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// emptyTemplate is the template without a catalog, made once.
var emptyTemplate = sync.OnceValue(func() []byte {
	b, _, err := catalogs.Template(nil)
	if err != nil {
		panic(err)
	}
	return b
})

// titles are the headers of the requirements.
var titles = sync.OnceValue(func() []string {
	f, err := excelize.OpenReader(bytes.NewReader(emptyTemplate()))
	if err != nil {
		panic(err)
	}
	defer f.Close()
	rows, err := f.GetRows("要求 Requirements")
	if err != nil {
		panic(err)
	}
	return rows[0]
})

// at is the cell of a column of the requirements.
func at(t testing.TB, key string, row int) string {
	t.Helper()
	for i, title := range titles() {
		if _, en, _ := strings.Cut(title, "\n"); en == key {
			name, _ := excelize.CoordinatesToCellName(i+1, row)
			return "要求 Requirements!" + name
		}
	}
	t.Fatalf("no column %s", key)
	return ""
}

func TestTemplateFilledByAPlanner(t *testing.T) {
	in := readTemplate(t, filled(t, map[string]any{
		"目录 Catalog!B2": "yuzhong", "目录 Catalog!B3": "渝中区", "目录 Catalog!B11": "人口",
		"圈层 Tiers!A2": 15, "圈层 Tiers!B2": 15,
		at(t, "tier", 2): 15, at(t, "service", 2): "社区医院", at(t, "radius_m", 2): "５００", at(t, "mandatory", 2): "▲", at(t, "class", 2): "品质提升", at(t, "pass_line", 2): 0.85,
		at(t, "tier", 4): "15", at(t, "service", 4): "老年食堂", at(t, "count_min", 4): 2, at(t, "per", 4): "街道", at(t, "confidence", 4): "a*", at(t, "source", 4): "文件",
		at(t, "targets", 2): "2025年:0.7，2027＝0.8",
	}))
	if in.Catalog == nil {
		t.Fatalf("%+v\n%s", in.Findings, in.YAML)
	}
	r := in.Catalog.Requirements
	if in.Catalog.Denominator != "population" || len(r) != 2 || r[0].ID != "clinic_center-15" || r[0].AnyOf[0].Limit.RadiusMM != 500_000 || !r[0].Mandatory ||
		r[0].Class != catalog.ClassQuality || r[0].PassLine != 850_000 || len(r[0].Targets) != 2 || r[1].Count.Per != "street" || r[1].Count.Min != 2 || r[1].Confidence != catalog.Restated {
		t.Errorf("%s", in.Catalog.Canonical())
	}
}

// Every fault is reported with its sheet, row and column, and what to do.
func TestTemplateFaults(t *testing.T) {
	base := func(more map[string]any) map[string]any {
		cells := map[string]any{"目录 Catalog!B2": "own", "目录 Catalog!B3": "自己的", "圈层 Tiers!A2": "15", "圈层 Tiers!B2": 15,
			at(t, "tier", 2): "15", at(t, "service", 2): "幼儿园", at(t, "radius_m", 2): 300, at(t, "confidence", 2): "A", at(t, "source", 2): "文件"}
		for k, v := range more {
			if cells[k] = v; v == nil {
				delete(cells, k)
			}
		}
		return cells
	}
	for _, c := range []struct {
		name, want string
		cells      map[string]any
	}{
		{"unit in the cell", "要求 Requirements 2 半径(米) radius_m error wrong_type", map[string]any{at(t, "radius_m", 2): "300米"}},
		{"percentage", "要求 Requirements 2 达标线 pass_line error bad_share", map[string]any{at(t, "pass_line", 2): 80}},
		{"unknown service", "要求 Requirements 2 服务要素 service error unknown_service", map[string]any{at(t, "service", 2): "幼儿圆"}},
		{"no tier", "要求 Requirements 2 圈层 tier error missing_key", map[string]any{at(t, "tier", 2): nil}},
		{"tier that is not there", "要求 Requirements 2 圈层 tier error unknown_tier", map[string]any{at(t, "tier", 2): "20"}},
		{"no limit", "要求 Requirements 2 半径(米) radius_m error limit_missing", map[string]any{at(t, "radius_m", 2): nil}},
		{"limit and number", "要求 Requirements 2 半径(米) radius_m error requirement_form", map[string]any{at(t, "count_min", 2): 1, at(t, "per", 2): "社区"}},
		{"word", "要求 Requirements 2 类别 class error unknown_word", map[string]any{at(t, "class", 2): "必须"}},
		{"yes", "要求 Requirements 2 必配 mandatory error wrong_type", map[string]any{at(t, "mandatory", 2): "大概"}},
		{"targets", "要求 Requirements 2 分年目标 targets error bad_year", map[string]any{at(t, "targets", 2): "明年=0.8"}},
		{"same id", "要求 Requirements 4 要求编号 id error duplicate_id", map[string]any{at(t, "id", 2): "x", at(t, "tier", 3): "15", at(t, "service", 3): "小学", at(t, "radius_m", 3): 500,
			at(t, "confidence", 3): "C", at(t, "id", 4): "x", at(t, "tier", 4): "15", at(t, "service", 4): "初中", at(t, "radius_m", 4): 1000, at(t, "confidence", 4): "C"}},
		{"further row differs", "要求 Requirements 3 达标线 pass_line error differs_from_first_row", map[string]any{at(t, "id", 2): "x", at(t, "id", 3): "x", at(t, "service", 3): "托育机构", at(t, "radius_m", 3): 300, at(t, "pass_line", 3): 0.5}},
		{"no id", "目录 Catalog 2 编号 id error missing_key", map[string]any{"目录 Catalog!B2": nil}},
		{"no minutes", "圈层 Tiers 2 步行分钟 minutes error missing_key", map[string]any{"圈层 Tiers!B2": nil}},
		{"floor", "目录 Catalog 13 完整度下限 completeness_floor error bad_range", map[string]any{"目录 Catalog!B13": 60}},
		{"own column", "要求 Requirements 0 责任单位 warning unknown_column", map[string]any{"要求 Requirements!AJ1": "责任单位", "要求 Requirements!AJ2": "教委"}},
		{"own service", "自有服务 Own services 2 要素代码 key error missing_key", map[string]any{"自有服务 Own services!B2": "修理铺"}},
		{"grade", "等级 Grades 3 起评分 min error bad_range", map[string]any{"等级 Grades!A2": "优", "等级 Grades!B2": 120, "等级 Grades!A3": "差", "等级 Grades!B3": -1}},
		{"quota", "要求 Requirements 2 配额下限 quota_min error missing_key", map[string]any{at(t, "quota_supply", 2): "places", at(t, "quota_per", 2): "1000 population"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := readTemplate(t, filled(t, base(c.cells)))
			var got []string
			for _, f := range in.Findings {
				if f.Severity != catalog.SeverityInfo {
					got = append(got, fmt.Sprintf("%s %d %s %s %s", f.Sheet, f.Row, f.Column, f.Severity, f.Code))
					if f.Text.Zh == "" || f.Text.En == "" {
						t.Errorf("%+v says nothing", f)
					}
				}
			}
			if !slices.Contains(got, c.want) {
				t.Errorf("%q is not among %q\n%s", c.want, got, in.YAML)
			}
			if strings.Contains(c.want, "error") != (in.Catalog == nil) {
				t.Errorf("catalog %v", in.Catalog)
			}
		})
	}
}

func TestTemplateOfAnotherFile(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	if err := f.SetSheetRow("Sheet1", "A1", &[]any{"名称", "人口"}); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	for _, b := range [][]byte{out.Bytes(), []byte("id: my-city\n"), nil} {
		_, err := catalogs.ReadTemplate(bytes.NewReader(b), int64(len(b)), "own.xlsx")
		var e *coverage.Error
		if !errors.As(err, &e) || e.Code != coverage.Refused || e.File != "own.xlsx" {
			t.Errorf("%v", err)
		}
	}
}

// The embedded seeds are real workbooks; inputs are bytes of a file, as a user may bring any.
func FuzzReadTemplate(f *testing.F) {
	b, _, err := catalogs.Template(catalogs.All()[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(filled(f, map[string]any{at(f, "id", 2): "x", at(f, "targets", 2): "=;2025", at(f, "service", 2): "\"\\\u2028: #"}))
	f.Fuzz(func(t *testing.T, b []byte) {
		in, err := catalogs.ReadTemplate(bytes.NewReader(b), int64(len(b)), "own.xlsx")
		if err != nil {
			return
		}
		c, _, err := catalog.Parse(in.YAML, "own.yaml", catalogs.Services())
		if in.Catalog != nil && (err != nil || c.Hash() != in.Catalog.Hash()) {
			t.Fatalf("the YAML that is written is another catalog: %v", err)
		}
	})
}

// Texts of any kind come through the sheets and the YAML as they are, or are named as lost.
func FuzzTemplateTexts(f *testing.F) {
	for _, s := range []string{"a", "no", "1.0", "- x", "\"", "a: b # c", "第一行\n第二行", "=1+1", "\u2028", "[]", "~", "&a", "2024-05-01", "0x1", ".inf"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		quoted := fmt.Sprintf("%q", s)
		text := strings.NewReplacer("渝府办〔2026〕1号", quoted, "本局", quoted, "only English", quoted).Replace(everything)
		c, _, err := catalog.Parse([]byte(text), "all.yaml", catalogs.Services())
		if err != nil {
			return
		}
		b, lost, err := catalogs.Template(c)
		if err != nil {
			t.Fatal(err)
		}
		if in := readTemplate(t, b); len(lost) == 0 && (in.Catalog == nil || in.Catalog.Hash() != c.Hash()) {
			t.Fatalf("%q is lost in silence", s)
		}
	})
}

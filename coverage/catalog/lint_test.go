package catalog_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lifecircle/coverage/catalog"
)

// Each case is a catalog in which one line is marked #! : the finding must point there. A planner who is sent to the wrong
// line, or told nothing, ends up scoring a city by a slip of the keyboard. Where the case is only a row, it stands in lintFrame.
type lintCase struct {
	name, src, code string
	severity        catalog.Severity
}

const lintFrame = `id: x
title: X
tiers: [{id: "5", minutes: 5}]
requirements:
  - {service: kindergarten, tier: "5", limit: {radius_m: 300}, source: s, confidence: A}
`

func lintCases() []lintCase {
	row := func(s string) string { return lintFrame + s + "\n" }
	top := func(s string) string { return s + "\n" + lintFrame }
	const e, w, i = catalog.SeverityError, catalog.SeverityWarning, catalog.SeverityInfo
	const park = `  - {service: park, tier: "5", source: s, confidence: A, `
	return []lintCase{
		// the file
		{"empty", "#!", "empty_file", e},
		{"nothing but null", "~ #!", "empty_file", e},
		{"not a mapping", "- a #!", "wrong_type", e},
		{"bracket open", "id: x\n\n# c\ntitle: [a #!\nb: c", "syntax", e},
		{"row out of line", "id: x\nrequirements:\n  - service: clinic\n   tier: a #!\n  - service: park", "syntax", e},
		{"colon in a text", "id: x\ntitle: a: b #!\ntiers: []\n", "syntax", e},
		{"quote open", "id: x\ntitle: \"a #!\ntiers: []\n", "syntax", e},
		{"tab as indentation", "id: x\ntiers:\n\t- {id: a} #!", "syntax", e},
		{"GBK", "id: x\ntitle: \xd6\xd8\xc7\xec #!", "encoding", e},
		{"two catalogs", lintFrame + "---\n" + lintFrame, "several_documents", e},
		{"larger than 1 MiB", "id: x #!" + strings.Repeat("\n#", 1<<20), "too_large", e},
		{"control character", top(`source: "a\x07b" #!`), "control_character", e},
		{"an essay", top("source: " + strings.Repeat("a", 4001) + " #!"), "too_long", e},
		// keys and types
		{"misspelt key", row(park + `limt: {radius_m: 300}, limit: {radius_m: 300}} #!`), "unknown_key", e},
		{"unquoted comma", top("note: {zh: 甲, 乙, en: x} #!"), "unknown_key", e},
		{"key twice", top("source: a\nsource: b #!"), "duplicate_key", e},
		{"merge key", row("  - {<<: {tier: \"5\"}, service: park, limit: {radius_m: 300}} #!"), "merge_key", e},
		{"value forgotten", top("source: #!"), "empty_value", w},
		{"empty text in a list", row(park + `limit: {radius_m: 300}, applies_to: [""]} #!`), "empty_text", e},
		{"text for a number", row(park + `limit: {radius_m: 300}, weight: "2"} #!`), "wrong_type", e},
		{"list for a text", top("source: [a] #!"), "wrong_type", e},
		{"text for a list", row(park + `limit: {radius_m: 300}, applies_to: 居住型} #!`), "wrong_type", e},
		{"yes for true", row(park + `limit: {radius_m: 300}, mandatory: yes} #!`), "wrong_type", e},
		{"list as key", "? [a, b] #!\n: c\n" + lintFrame, "wrong_type", e},
		{"percent", row(park + `limit: {radius_m: 300}, pass_line: 80%} #!`), "wrong_type", e},
		{"exponent", row(park + `limit: {radius_m: 3e2}} #!`), "bad_number", e},
		{"seven places", row(park + `limit: {radius_m: 300}, pass_line: 0.8000001} #!`), "bad_number", e},
		{"id missing", strings.Replace(lintFrame, "id: x\ntitle: X", "title: X #!", 1), "missing_key", e},
		{"id with a bar", "id: a|b #!\n" + strings.TrimPrefix(lintFrame, "id: x\n"), "bad_id", e},
		{"title missing", strings.Replace(lintFrame, "id: x\ntitle: X", "id: x #!", 1), "title_missing", w},
		{"value twice in a list", row(park + `limit: {radius_m: 300}, applies_to: [甲, 甲]} #!`), "duplicate_value", w},
		// own services
		{"own service twice", top("services:\n  - {key: zoo}\n  - {key: zoo} #!"), "duplicate_service", e},
		{"own service is a shared one", top("services:\n  - {key: c, aliases: [clinic]} #!"), "duplicate_service", e},
		{"own parent", top("services:\n  - {key: zoo, parent: zoo} #!"), "service_cycle", e},
		{"unknown parent", top("services:\n  - {key: zoo, parent: clinc} #!"), "unknown_service", e},
		// tiers
		{"no tiers", "id: x\ntitle: X\ntiers: [] #!\nrequirements: []", "no_tiers", e},
		{"minutes missing", strings.Replace(lintFrame, `tiers: [{id: "5", minutes: 5}]`, `tiers: [{id: "5"}] #!`, 1), "missing_key", e},
		{"half minutes", strings.Replace(lintFrame, `minutes: 5}]`, `minutes: 5.5}] #!`, 1), "bad_range", e},
		{"tier twice", strings.Replace(lintFrame, `minutes: 5}]`, `minutes: 5}, {id: 5, minutes: 6}] #!`, 1), "duplicate_tier", e},
		{"tier without requirement", strings.Replace(lintFrame, `minutes: 5}]`, `minutes: 5}, {id: "10", minutes: 10}] #!`, 1), "empty_tier", w},
		{"unknown tier", row(`  - {service: park, tier: "15", limit: {radius_m: 300}} #!`), "unknown_tier", e},
		// scoring
		{"pass line over 1", top("pass_line: 80 #!"), "bad_share", e},
		{"pass line 0", top("pass_line: 0 #!"), "bad_share", e},
		{"completeness over 1", top("completeness_floor: 1.1 #!"), "bad_range", e},
		{"grades not falling", top("grades: [{name: A, min: 60}, {name: B, min: 75}, {name: C, min: 0}] #!"), "grade_order", e},
		{"no last grade", top("grades: [{name: A, min: 60}] #!"), "grade_order", e},
		{"grade over 100", top("grades: [{name: A, min: 101}, {name: C, min: 0}] #!"), "bad_range", e},
		{"cap is no grade", top("cap_unmet_mandatory: E #!"), "unknown_grade", e},
		{"own grades without a cap", top("grades: [{name: good, min: 60}, {name: bad, min: 0}] #!"), "cap_missing", w},
		{"denominator of two words", top("denominator: old people #!"), "bad_measure", e},
		{"denominator count", top("denominator: count #!"), "bad_measure", e},
		// requirements
		{"no requirements", "id: x\ntitle: X\ntiers: [{id: a, minutes: 5}]\nrequirements: [] #!", "no_requirements", e},
		{"requirements missing", "id: x #!\ntitle: X\ntiers: [{id: a, minutes: 5}]", "missing_key", e},
		{"neither form", row(`  - {tier: "5"} #!`), "requirement_form", e},
		{"two forms", row(park + `limit: {radius_m: 300}, count: {service: park, per: unit}} #!`), "requirement_form", e},
		{"limit beside any_of", row(`  - {tier: "5", limit: {radius_m: 1}, any_of: [{service: park, limit: {radius_m: 300}}]} #!`), "requirement_form", e},
		{"any_of nothing", row(`  - {tier: "5", any_of: []} #!`), "requirement_form", e},
		{"misspelt service", row(`  - {service: clinc, tier: "5", limit: {radius_m: 300}} #!`), "unknown_service", e},
		{"service missing", row(`  - {tier: "5", count: {per: unit}} #!`), "missing_key", e},
		{"class", row(park + `limit: {radius_m: 300}, class: luxury} #!`), "unknown_word", e},
		{"confidence", row(`  - {service: park, tier: "5", limit: {radius_m: 300}, confidence: sure} #!`), "unknown_word", e},
		{"no confidence", row(`  - {service: park, tier: "5", limit: {radius_m: 300}} #!`), "confidence_missing", i},
		{"claim without source", row(`  - {service: park, tier: "5", limit: {radius_m: 300}, confidence: A} #!`), "source_missing", w},
		{"no limit", row(`  - {service: park, tier: "5"} #!`), "limit_missing", e},
		{"empty limit", row(park + `limit: {}} #!`), "limit_missing", e},
		{"limit 0", row(park + `limit: {radius_m: 0}} #!`), "bad_limit", e},
		{"limit in micrometres", row(park + `limit: {radius_m: 300.0001}} #!`), "bad_limit", e},
		{"limit beyond the tier", row(park + `limit: {radius_m: 500}} #!`), "limit_beyond_tier", i},
		{"a zero too many", row(park + `limit: {radius_m: 3000}} #!`), "limit_far_beyond_tier", w},
		{"more minutes than the tier", row(park + `limit: {radius_m: 300, minutes: 10}} #!`), "minutes_beyond_tier", w},
		{"minutes only", row(park + `limit: {minutes: 5}} #!`), "no_radius", i},
		{"a path for one of two", row("  - tier: \"5\"\n    any_of: #!\n      - {service: park, limit: {radius_m: 300, path_m: 300}}\n      - {service: pocket_park, limit: {radius_m: 300}}"), "uneven_bases", i},
		{"alternative twice", row("  - tier: \"5\"\n    any_of:\n      - {service: park, limit: {radius_m: 300}}\n      - {service: park, limit: {radius_m: 300}} #!"), "duplicate_alternative", w},
		{"sizes upside down", row(park + `limit: {radius_m: 300}, min_area_m2: 400, max_area_m2: 400} #!`), "area_order", e},
		{"size 0", row(park + `limit: {radius_m: 300}, min_area_m2: 0} #!`), "bad_area", e},
		{"kind of no size", row(park + `limit: {radius_m: 300}, area_kind: land} #!`), "area_kind_unused", w},
		{"negative weight", row(park + `limit: {radius_m: 300}, weight: -1} #!`), "bad_range", e},
		{"no weight at all", strings.Replace(lintFrame, "source: s, confidence: A}", "weight: 0} #!", 1), "no_weight", w},
		{"derived id twice", row(`  - {service: kindergarten, tier: "5", limit: {radius_m: 500}} #!`), "duplicate_id", e},
		{"ids that differ in case", row(`  - {id: Kindergarten-5, service: park, tier: "5", limit: {radius_m: 300}} #!`), "duplicate_id", e},
		{"id too long to derive", top("services: [{key: "+strings.Repeat("k", 64)+"}]") + `  - {service: ` + strings.Repeat("k", 64) + `, tier: "5", limit: {radius_m: 300}} #!`, "id_missing", e},
		{"the same asked twice", row(`  - {id: k2, service: 幼儿园, tier: "5", limit: {radius_m: 300}} #!`), "duplicate_requirement", w},
		{"target not a year", row(park + `limit: {radius_m: 300}, targets: {soon: 0.8}} #!`), "bad_year", e},
		{"target over 1", row(park + `limit: {radius_m: 300}, targets: {2027: 85}} #!`), "bad_share", e},
		{"targets fall", row(park + `limit: {radius_m: 300}, targets: {2025: 0.9, 2027: 0.8}} #!`), "targets_not_rising", w},
		// variants
		{"variant of nothing", row(park + `limit: {radius_m: 300}, variant_of: kindergarten-15} #!`), "unknown_variant", e},
		{"variant of itself", row(park + `limit: {radius_m: 300}, variant_of: park-5} #!`), "variant_chain", e},
		{"variant of a variant", row(park + "limit: {radius_m: 200}, variant_of: kindergarten-5}\n  - {id: v, service: park, tier: \"5\", limit: {radius_m: 300}, variant_of: park-5} #!"), "variant_chain", e},
		{"variant in another tier", strings.Replace(row(`  - {service: park, tier: "10", limit: {radius_m: 300}, variant_of: kindergarten-5} #!`), "minutes: 5}]", "minutes: 5}, {id: \"10\", minutes: 10}]", 1), "variant_tier", w},
		{"mandatory variant", row(park + `limit: {radius_m: 300}, variant_of: kindergarten-5, mandatory: true} #!`), "variant_mandatory", w},
		{"weighed variant", row(park + `limit: {radius_m: 300}, variant_of: kindergarten-5, weight: 2} #!`), "variant_weight", w},
		// counts
		{"count without a level", row(`  - {tier: "5", count: {service: park, min: 1}} #!`), "missing_key", e},
		{"count of none", row(`  - {tier: "5", count: {service: park, min: 0, per: unit}} #!`), "bad_range", e},
		{"count with a pass line", row(`  - {tier: "5", pass_line: 0.5, count: {service: park, per: unit}} #!`), "count_pass_line", e},
		{"count with targets", row(`  - {tier: "5", targets: {2025: 1}, count: {service: park, per: unit}} #!`), "count_targets", e},
		{"count with a denominator", row(`  - {tier: "5", denominator: land, count: {service: park, per: unit}} #!`), "count_denominator", e},
		{"count per an unusual level", row(`  - {tier: "5", count: {service: park, per: comunity}} #!`), "level", i},
		// quotas
		{"quota without a line", row(park + `limit: {radius_m: 300}, quota: {supply: places, per: population}} #!`), "missing_key", e},
		{"quota per nothing", row(park + `limit: {radius_m: 300}, quota: {supply: places, per: 1000, min: 1}} #!`), "bad_per", e},
		{"quota of 0", row(park + `limit: {radius_m: 300}, quota: {supply: places, per: population, min: 0}} #!`), "bad_range", e},
		{"too many findings", "id: x\ntitle: X\n" + strings.Repeat("bad: 1\n", 200) + "bad: 1 #!\nbad: 1", "too_many_findings", e},
	}
}

func TestLint(t *testing.T) {
	services := sharedServices(t)
	for _, c := range lintCases() {
		t.Run(c.name, func(t *testing.T) {
			line := 1
			if i := strings.Index(c.src, "#!"); i >= 0 {
				line += strings.Count(c.src[:i], "\n")
			} else if i := strings.Index(c.src, "---\n"); i >= 0 {
				line += strings.Count(c.src[:i], "\n")
			}
			src := strings.Replace(c.src, "#!", "", 1)
			parsed, findings, err := catalog.Parse([]byte(src), "my.yaml", services)
			if (err != nil) != slices.ContainsFunc(findings, func(f catalog.Finding) bool { return f.Severity == catalog.SeverityError }) {
				t.Errorf("error %v, findings %v", err, findings)
			}
			if (parsed == nil) != (err != nil) {
				t.Error("a catalog and an error, or neither")
			}
			var fault *catalog.Error
			if err != nil && (!errors.As(err, &fault) || !strings.HasPrefix(err.Error(), "my.yaml:")) {
				t.Errorf("error %v", err)
			}
			for _, f := range findings {
				if f.Code == c.code && f.Line == line && f.Severity == c.severity {
					if f.Text.Zh == "" || f.Text.En == "" || (f.Hint.Zh == "") != (f.Hint.En == "") {
						t.Errorf("not in both languages: %+v", f)
					}
					return
				}
			}
			t.Errorf("no %s %s on line %d, only:\n%v", c.severity, c.code, line, findings)
		})
	}
}

// Every code that the package can report has a case above.
func TestLintCoversEveryCode(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	codes := map[string]bool{"wrong_type": false}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			call, ok := node.(*ast.CallExpr)
			if !ok {
				return true
			}
			method, ok := call.Fun.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			place := map[string]int{"report": 3, "outOfRange": 2}[method.Sel.Name]
			if place == 0 || len(call.Args) <= place {
				return true
			}
			if literal, ok := call.Args[place].(*ast.BasicLit); ok {
				code, _ := strconv.Unquote(literal.Value)
				codes[code] = false
			}
			return true
		})
	}
	for _, c := range append(lintCases(), mappingLintCases()...) {
		codes[c.code] = true
	}
	delete(codes, "no_services") // of a list of services: see TestParseServicesErrors
	for code, covered := range codes {
		if !covered {
			t.Errorf("no case for %s", code)
		}
	}
	if len(codes) < 50 {
		t.Errorf("only %d codes found in the source", len(codes))
	}
}

func TestDuplicateIDNamesBothLines(t *testing.T) {
	_, findings, _ := catalog.Parse([]byte(lintFrame+`  - {service: kindergarten, tier: "5", limit: {radius_m: 500}}`+"\n"), "my.yaml", sharedServices(t))
	i := slices.IndexFunc(findings, func(f catalog.Finding) bool { return f.Code == "duplicate_id" })
	if i < 0 || !strings.Contains(findings[i].Text.En, "lines 5 and 6") {
		t.Errorf("%v", findings)
	}
}

func TestUnknownServiceSuggests(t *testing.T) {
	_, findings, err := catalog.Parse([]byte(lintFrame+`  - {service: clinik, tier: "5", limit: {radius_m: 300}}`+"\n"), "my.yaml", sharedServices(t))
	if err == nil || !strings.Contains(err.Error(), "did you mean clinic?") || !strings.HasPrefix(err.Error(), "my.yaml:6:15: error: ") {
		t.Errorf("%v", err)
	}
	if i := slices.IndexFunc(findings, func(f catalog.Finding) bool { return f.Code == "unknown_service" }); findings[i].Path != "requirements[1].service" {
		t.Errorf("path %s", findings[i].Path)
	}
}

// A well-written catalog has no findings at all.
func TestLintClean(t *testing.T) {
	_, findings, err := catalog.Parse([]byte(lintFrame), "my.yaml", sharedServices(t))
	if err != nil || len(findings) > 0 {
		t.Errorf("%v %v", findings, err)
	}
}

// A hostile file costs a moment, not the machine.
func TestBounds(t *testing.T) {
	bomb := "id: x\ntitle: X\ntiers: [{id: a, minutes: 5}]\nrequirements:\n  - any_of: &a\n"
	bomb += strings.Repeat("      - {service: park, limit: {radius_m: 1}}\n", 90) + "    tier: a\n"
	bomb += strings.Repeat("  - {tier: a, any_of: *a}\n", 1900)
	deep := strings.Repeat("[", 9_000)
	var wide strings.Builder
	wide.WriteString("id: x\n")
	for i := range 60_000 {
		fmt.Fprintf(&wide, "k%d: 1\n", i)
	}
	recursive := "id: x\ntitle: &t {zh: *t}\ntiers: &r [*r]\nrequirements: *r\n"
	chain := "services:\n"
	for i := range 900 {
		chain += fmt.Sprintf("  - {key: s%d, parent: s%d}\n", i, (i+1)%900)
	}
	for name, src := range map[string]string{"aliases": bomb, "deep": deep, "wide": wide.String(), "recursive": recursive, "chain": chain + lintFrame} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, findings, err := catalog.Parse([]byte(src), "hostile.yaml", sharedServices(t))
			if err == nil {
				t.Error("accepted")
			}
			if len(findings) > 201 {
				t.Errorf("%d findings", len(findings))
			}
			if took := time.Since(start); took > time.Minute { // it takes milliseconds; a square of it would take hours
				t.Errorf("took %v", took)
			}
			t.Logf("%d findings in %v", len(findings), time.Since(start))
		})
	}
}

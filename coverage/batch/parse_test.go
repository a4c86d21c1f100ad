package batch

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
)

// The smallest plan is one line of meaning; everything else has a default.
func TestSmallestPlan(t *testing.T) {
	p, findings, err := ParsePlan([]byte("areas:\n  - cut: {project: chongqing.gpkg, by: district}\n"), "plan.yaml", "d")
	if err != nil || len(findings) != 0 {
		t.Fatal(findings, err)
	}
	a := p.Areas[0]
	if a.Cut.Project != "chongqing.gpkg" || a.Cut.By != "district" || p.MarginM != DefaultMarginM || !p.Neighbors || p.Keep || p.Outputs.Dir != "batch" ||
		!slices.Equal(p.Outputs.Tables, []string{"scores", "coverage", "matrix", "gaps"}) || !slices.Equal(p.Outputs.Formats, []string{"csv"}) {
		t.Errorf("%+v", p)
	}
	catalogs, params := a.Settings.runs(p.Defaults)[0].params()
	if len(params) != 1 || catalogs[0] != "chongqing-15min" || params[0] != (coverage.Params{Basis: "radius"}) {
		t.Errorf("%v %v", catalogs, params)
	}
}

// The README's plan is a plan, and its Kubernetes manifest has the shape of an Indexed Job.
func TestReadmePlans(t *testing.T) {
	src, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	plans := 0
	for _, m := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(src, -1) {
		if strings.Contains(string(m[1]), "apiVersion") {
			for _, want := range []string{"apiVersion: batch/v1", "kind: Job", "completionMode: Indexed", "completions: 3", "restartPolicy: OnFailure", "JOB_COMPLETION_INDEX + 1", `value: "3"`} {
				if !strings.Contains(string(m[1]), want) {
					t.Errorf("the manifest lacks %s", want)
				}
			}
			continue
		}
		plans++
		if _, findings, err := ParsePlan(m[1], "plan.yaml", "."); err != nil || len(findings) > 0 {
			t.Errorf("%v %v", findings, err)
		}
	}
	if plans != 3 {
		t.Errorf("%d plans", plans)
	}
}

// Settings of a run lie over those of the area, those over the plan's; lists are every combination.
func TestSettingsLieOverOthers(t *testing.T) {
	p, _, err := ParsePlan([]byte(`defaults: {catalog: [a, b], denominator: population, assume_complete: true, year: 2027}
areas:
  - {id: x, project: x.gpkg, denominator: [land, households], runs: [{id: one, assume_complete: false}, {catalog: c, year: 2030}]}
  - {id: y, project: y.gpkg, accept_parent: true}
`), "plan.yaml", ".")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range p.Areas {
		for _, r := range a.Settings.runs(p.Defaults) {
			names, params := r.params()
			for i := range names {
				got = append(got, r.ID+" "+runName(names[i], params[i]))
			}
		}
	}
	want := []string{"one a-land-2027", "one a-households-2027", "one b-land-2027", "one b-households-2027", " c-land-complete-2030", " c-households-complete-2030",
		" a-population-complete-parents-2027", " b-population-complete-parents-2027"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// What names a folder can stand on every system, and two texts never share one by a change that nobody sees.
func TestFolderNames(t *testing.T) {
	for in, want := range map[string]string{"渝中区": "渝中区", "Agios Dimitrios": "Agios_Dimitrios", "500103": "500103", "a-b.c": "a-b.c"} {
		if got := folderName(in); got != want {
			t.Errorf("%q is %q", in, got)
		}
	}
	seen := map[string]string{}
	for _, in := range []string{"a/b", "a\\b", "a:b", "../x", ".x", "-x", "x.", "con", "COM1.txt", "=cmd|x", strings.Repeat("长", 200), strings.Repeat("长", 201), "a\x00b", ""} {
		got := folderName(in)
		if !validID(got) || strings.ContainsAny(got, "/\\:|= \x00") || utf8.RuneCountInString(got) > 64 || seen[got] != "" {
			t.Errorf("%q is %q", in, got)
		}
		seen[got] = in
	}
}

// The schema that editors use knows the keys and the words of the parser, and no others.
func TestSchemaKnowsTheKeys(t *testing.T) {
	src, err := os.ReadFile("plan.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	type object struct {
		Properties map[string]json.RawMessage
		Enum       []string
		OneOf      []object
		Items      *object
	}
	var schema struct {
		object
		Defs map[string]object `json:"$defs"`
	}
	if err := json.Unmarshal(src, &schema); err != nil {
		t.Fatal(err)
	}
	inner := func(of object, key string) object {
		var o object
		if err := json.Unmarshal(of.Properties[key], &o); err != nil {
			t.Fatal(key, err)
		}
		return o
	}
	var roles []string
	for _, r := range coverage.Roles {
		roles = append(roles, string(r))
	}
	for what, c := range map[string]struct {
		has  object
		want []string
	}{
		"plan": {schema.object, planKeys}, "defaults": {inner(schema.object, "defaults"), settingsKeys}, "outputs": {inner(schema.object, "outputs"), outputKeys},
		"area": {schema.Defs["area"], areaKeys}, "cut": {schema.Defs["cut"], cutKeys}, "layer": {schema.Defs["layer"], layerKeys}, "run": {*schema.Defs["runs"].Items, runsKeys},
	} {
		var keys []string
		for k := range c.has.Properties {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		if want := slices.Sorted(slices.Values(c.want)); !slices.Equal(keys, want) {
			t.Errorf("%s: the schema has %v, the parser %v", what, keys, want)
		}
	}
	for what, want := range map[string][]string{"tables": tableNames, "formats": slices.Concat(tableFormats, reportFormats), "languages": languages} {
		if got := schema.Defs[what].OneOf[0].Enum; !slices.Equal(got, want) {
			t.Errorf("%s: the schema has %v", what, got)
		}
	}
	if got := inner(schema.Defs["layer"], "as").Enum; !slices.Equal(got, roles) {
		t.Errorf("roles: the schema has %v", got)
	}
}

// Whatever the bytes are, a plan is read or refused with places that exist, in bounded time, and never half.
func FuzzParsePlan(f *testing.F) {
	for _, src := range []string{
		"areas:\n  - cut: {project: c.gpkg, by: district}\n",
		"version: 1\ntitle: {zh: 甲, en: a}\nareas:\n  - {id: x, project: x.gpkg, runs: [{id: a, catalog: [b, c]}]}\noutputs: {formats: [csv, html]}\n",
		"areas:\n  - id: x\n    layers:\n      - {file: a.shp, as: neighborhoods, parent: {street: 街道}, complete: true, header: 2, accept_error: 0.5}\n",
		"areas: &a\n  - {id: x, project: *a}\n", "", "\xff", "areas: [[[[", "a: &b [*b]\nareas: *b\n",
	} {
		f.Add([]byte(src))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		p, findings, err := ParsePlan(src, "plan.yaml", ".")
		lines := 1 // as YAML counts them
		for _, r := range string(src) {
			lines += b2i(strings.ContainsRune("\n\r\u0085\u2028\u2029", r))
		}
		errors := 0
		for _, x := range findings {
			if x.Line < 1 || x.Line > lines+1 || x.Column < 1 || x.Text.Zh == "" || x.Text.En == "" || x.Code == "" {
				t.Errorf("%+v", x)
			}
			if x.Severity == catalog.SeverityError {
				errors++
			}
		}
		if (err != nil) != (errors > 0) || (p == nil) != (err != nil) {
			t.Errorf("%v with %d errors", err, errors)
		}
		if p == nil {
			return
		}
		for _, a := range p.Areas {
			if n := b2i(a.Project != "") + b2i(len(a.Layers) > 0) + b2i(a.Cut != nil); n != 1 || (a.Cut == nil && !validID(a.ID)) {
				t.Errorf("%+v", a)
			}
		}
	})
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

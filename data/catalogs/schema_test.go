package catalogs_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"lifecircle/coverage/catalog"
	"lifecircle/data/catalogs"
)

func readSchema(t *testing.T) map[string]any {
	t.Helper()
	var schema map[string]any
	if err := json.Unmarshal(catalogs.Schema(), &schema); err != nil {
		t.Fatal(err)
	}
	return schema
}

// An editor that checks a catalog against the schema must not contradict the program.
func TestSchemaAcceptsShippedCatalogs(t *testing.T) {
	schema := readSchema(t)
	for _, c := range catalogs.All() {
		src, _ := catalogs.Source(c.ID)
		var written, canonical any
		if err := yaml.Unmarshal(src, &written); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(c.Canonical(), &canonical); err != nil {
			t.Fatal(err)
		}
		for _, value := range []any{plain(written), canonical} {
			if err := validate(schema, schema, value, "$"); err != nil {
				t.Errorf("%s: %v", c.ID, err)
			}
		}
	}
}

// What the schema refuses the parser refuses, and the other way round where a schema can see it.
func TestSchemaAgreesWithParser(t *testing.T) {
	schema := readSchema(t)
	frame := func(top, row string) string {
		return "id: x\ntitle: X\n" + top + "\ntiers: [{id: a, minutes: 5}]\nrequirements: [{tier: a, " + row + "}]\n"
	}
	const plainRow = "service: clinic, limit: {radius_m: 300}"
	for src, want := range map[string]bool{
		frame("", plainRow): true,
		frame("pass_line: 0.5\ndenominator: population:60+\ncap_unmet_mandatory: none", plainRow):            true,
		frame("grades: [{name: A, min: 50}, {name: C}]\nscoring_confidence: restated", plainRow):             true,
		frame("services: [{key: zoo, zh: 动物园, parent: park, aliases: [园]}]", plainRow):                       true,
		frame("", plainRow+", class: 品质提升, weight: 0, applies_to: [居住型], targets: {'2027': 0.9}"):            true,
		frame("", plainRow+", min_area_m2: 1, max_area_m2: 2.5, area_kind: land, confidence: A*, source: s"): true,
		frame("", "id: q, any_of: [{service: park, limit: {path_m: 1, minutes: 2.5}}], note: {zh: 甲}"):       true,
		frame("", "count: {service: park, per: street, min: 2}"):                                             true,
		frame("", plainRow+", quota: {supply: places, per: 1000 population:0-3, min: 4.5}"):                  true,
		frame("colour: red", plainRow):                                                                          false,
		frame("pass_line: 80", plainRow):                                                                        false,
		frame("pass_line: '0.8'", plainRow):                                                                     false,
		frame("denominator: count", plainRow):                                                                   false,
		frame("denominator: old people", plainRow):                                                              false,
		frame("completeness_floor: 2", plainRow):                                                                false,
		frame("provisional: maybe", plainRow):                                                                   false,
		frame("grades: []", plainRow):                                                                           false,
		frame("scoring_confidence: D", plainRow):                                                                false,
		frame("services: [{zh: 动物园}]", plainRow):                                                                false,
		frame("note: {fr: x}", plainRow):                                                                        false,
		frame("", "service: clinic"):                                                                            false,
		frame("", "service: clinic, limit: {}"):                                                                 false,
		frame("", "service: clinic, limit: {radius_m: 0}"):                                                      false,
		frame("", "service: clinic, limit: {metres: 1}"):                                                        false,
		frame("", plainRow+", any_of: [{service: park, limit: {radius_m: 1}}]"):                                 false,
		frame("", "any_of: []"):                                                                                 false,
		frame("", "any_of: [{service: park}]"):                                                                  false,
		frame("", "limit: {radius_m: 1}, any_of: [{service: park, limit: {radius_m: 1}}]"):                      false,
		frame("", "count: {service: park, min: 0, per: unit}"):                                                  false,
		frame("", "count: {service: park}"):                                                                     false,
		frame("", "pass_line: 1, count: {service: park, per: unit}"):                                            false,
		frame("", plainRow+", weight: -1"):                                                                      false,
		frame("", plainRow+", mandatory: 1"):                                                                    false,
		frame("", plainRow+", class: luxury"):                                                                   false,
		frame("", plainRow+", targets: {soon: 0.9}"):                                                            false,
		frame("", plainRow+", targets: {'2027': 90}"):                                                           false,
		frame("", plainRow+", id: a|b"):                                                                         false,
		frame("", plainRow+", area_kind: roof, min_area_m2: 1"):                                                 false,
		frame("", plainRow+", quota: {supply: places, per: '1000', min: 1}"):                                    false,
		frame("", plainRow+", quota: {supply: places, per: population}"):                                        false,
		"id: x\ntitle: X\ntiers: []\nrequirements: [{tier: a, " + plainRow + "}]":                               false,
		"id: x\ntitle: X\ntiers: [{id: a}]\nrequirements: [{tier: a, " + plainRow + "}]":                        false,
		"id: x\ntitle: X\ntiers: [{id: a, minutes: 1.5}]\nrequirements: [{tier: a, " + plainRow + "}]":          false,
		"title: X\ntiers: [{id: a, minutes: 1}]\nrequirements: [{tier: a, " + plainRow + "}]":                   false,
		"id: x\ntitle: X\ntiers: [{id: a, minutes: 1}]\nrequirements: []":                                       false,
		"id: x\ntitle: X\ntiers: [{id: a, minutes: 1}]\nrequirements: [{service: clinic, limit: {minutes: 1}}]": false,
	} {
		_, findings, err := catalog.Parse([]byte(src), "x.yaml", catalogs.Services())
		var value any
		if err := yaml.Unmarshal([]byte(src), &value); err != nil {
			t.Fatal(err)
		}
		refused := validate(schema, schema, plain(value), "$")
		if (err == nil) != want || (refused == nil) != want {
			t.Errorf("want accepted %v\nparser: %v %v\nschema: %v\n%s", want, err, findings, refused, src)
		}
	}
}

// Both sides know the same keys in every place: the parser names its own when it meets one it does not know.
func TestSchemaHasTheParsersKeys(t *testing.T) {
	schema := readSchema(t)
	defs := schema["$defs"].(map[string]any)
	const rowHead = "id: x\ntiers: [{id: a, minutes: 5}]\nrequirements:\n  - "
	for place, c := range map[string]struct {
		object any
		src    string
	}{
		"catalog":     {schema, "zzz: 1"},
		"service":     {defs["service"], "services: [{zzz: 1}]"},
		"tier":        {defs["tier"], "tiers: [{zzz: 1}]"},
		"grade":       {defs["grade"], "grades: [{zzz: 1}]"},
		"requirement": {defs["requirement"], rowHead + "{zzz: 1}"},
		"alternative": {defs["alternative"], rowHead + "any_of: [{zzz: 1}]"},
		"limit":       {defs["limit"], rowHead + "{service: clinic, limit: {zzz: 1}}"},
		"count":       {defs["count"], rowHead + "count: {zzz: 1}"},
		"quota":       {defs["quota"], rowHead + "quota: {zzz: 1}"},
	} {
		_, findings, _ := catalog.Parse([]byte(c.src), "x.yaml", catalogs.Services())
		i := slices.IndexFunc(findings, func(f catalog.Finding) bool { return f.Code == "unknown_key" })
		if i < 0 {
			t.Errorf("%s: no unknown key in %v", place, findings)
			continue
		}
		_, list, _ := strings.Cut(findings[i].Hint.En, "known keys: ")
		parser := strings.Split(list, ", ")
		slices.Sort(parser)
		if known := slices.Sorted(maps.Keys(c.object.(map[string]any)["properties"].(map[string]any))); !slices.Equal(parser, known) {
			t.Errorf("%s: parser %v, schema %v", place, parser, known)
		}
	}
}

// plain turns what YAML gives into what JSON would.
func plain(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key := range v {
			v[key] = plain(v[key])
		}
	case map[any]any:
		object := map[string]any{}
		for key, member := range v {
			object[fmt.Sprint(key)] = plain(member)
		}
		return object
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case int:
		return float64(v)
	}
	return value
}

// validate is a small JSON Schema validator: the keywords that the schema uses, and an error for any other.
func validate(root map[string]any, schema any, value any, at string) error {
	keywords := schema.(map[string]any)
	fail := func(keyword string) error { return fmt.Errorf("%s: %v does not keep to %s", at, value, keyword) }
	number, isNumber := value.(float64)
	text, isText := value.(string)
	list, isList := value.([]any)
	object, isObject := value.(map[string]any)
	for _, keyword := range slices.Sorted(maps.Keys(keywords)) {
		rule := keywords[keyword]
		switch keyword {
		case "$schema", "$defs", "title", "description":
		case "$ref":
			target := root["$defs"].(map[string]any)[strings.TrimPrefix(rule.(string), "#/$defs/")]
			if err := validate(root, target, value, at); err != nil {
				return err
			}
		case "type":
			types, several := rule.([]any)
			if !several {
				types = []any{rule}
			}
			_, isBool := value.(bool)
			is := map[string]bool{"number": isNumber, "integer": isNumber && number == float64(int64(number)), "string": isText, "array": isList, "object": isObject, "boolean": isBool}
			if !slices.ContainsFunc(types, func(name any) bool { return is[name.(string)] }) {
				return fail("type")
			}
		case "enum":
			if !slices.ContainsFunc(rule.([]any), func(allowed any) bool { return reflect.DeepEqual(allowed, value) }) {
				return fail("enum")
			}
		case "const":
			if !reflect.DeepEqual(rule, value) {
				return fail("const")
			}
		case "pattern":
			if isText && !regexp.MustCompile(rule.(string)).MatchString(text) {
				return fail("pattern")
			}
		case "minimum":
			if isNumber && number < rule.(float64) {
				return fail(keyword)
			}
		case "exclusiveMinimum":
			if isNumber && number <= rule.(float64) {
				return fail(keyword)
			}
		case "maximum":
			if isNumber && number > rule.(float64) {
				return fail(keyword)
			}
		case "maxLength":
			if isText && utf8.RuneCountInString(text) > int(rule.(float64)) {
				return fail(keyword)
			}
		case "minItems":
			if isList && len(list) < int(rule.(float64)) {
				return fail(keyword)
			}
		case "maxItems":
			if isList && len(list) > int(rule.(float64)) {
				return fail(keyword)
			}
		case "minProperties":
			if isObject && len(object) < int(rule.(float64)) {
				return fail(keyword)
			}
		case "items":
			for i, element := range list {
				if err := validate(root, rule, element, fmt.Sprintf("%s[%d]", at, i)); err != nil {
					return err
				}
			}
		case "required":
			for _, name := range rule.([]any) {
				if _, has := object[name.(string)]; isObject && !has {
					return fail("required " + name.(string))
				}
			}
		case "properties":
			for name, member := range rule.(map[string]any) {
				if has, ok := object[name]; ok {
					if err := validate(root, member, has, at+"."+name); err != nil {
						return err
					}
				}
			}
		case "additionalProperties":
			properties, _ := keywords["properties"].(map[string]any)
			for name, member := range object {
				if _, known := properties[name]; known {
					continue
				}
				if rule == false {
					return fail("additionalProperties (" + name + ")")
				}
				if err := validate(root, rule, member, at+"."+name); err != nil {
					return err
				}
			}
		case "propertyNames":
			for name := range object {
				if err := validate(root, rule, name, at); err != nil {
					return err
				}
			}
		case "not":
			if validate(root, rule, value, at) == nil {
				return fail(keyword)
			}
		case "anyOf", "oneOf":
			fits := 0
			for _, option := range rule.([]any) {
				if validate(root, option, value, at) == nil {
					fits++
				}
			}
			if fits == 0 || (keyword == "oneOf" && fits > 1) {
				return fail(keyword)
			}
		default:
			return fmt.Errorf("%s: the keyword %s is not known to this test", at, keyword)
		}
	}
	return nil
}

package api_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// What the API definition promises holds: every path answers, every parameter that it names is understood, and every collection is described
// alike in the list and alone.
func TestOpenAPIIsImplemented(t *testing.T) {
	c := newClient(t, shelf{"city": scoredCity(t, 3)})
	doc := c.json(city + "/api")
	if doc["openapi"] != "3.0.3" || doc["servers"].([]any)[0].(map[string]any)["url"] != city {
		t.Errorf("%v %v", doc["openapi"], doc["servers"])
	}
	resolve := func(o any) map[string]any {
		m := o.(map[string]any)
		if ref, ok := m["$ref"].(string); ok {
			var at any = doc
			for _, part := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
				if at = at.(map[string]any)[part]; at == nil {
					t.Fatalf("%s leads nowhere", ref)
				}
			}
			return at.(map[string]any)
		}
		return m
	}
	examples := map[string]string{"run": "latest", "bbox": "106,29,107,30", "datetime": "2020-01-01T00:00:00Z", "neighborhood": "u001", "requirement": "clinic-15",
		"service": "clinic", "role": "facilities", "name": "clinics"}
	operations := map[string]bool{}
	for path, item := range doc["paths"].(map[string]any) {
		op, ok := item.(map[string]any)["get"].(map[string]any)
		if _, post := item.(map[string]any)["post"]; !ok && post && strings.HasSuffix(path, "/undo") {
			continue // TestUndo does what it promises
		} else if !ok {
			t.Errorf("%s has no GET", path)
			continue
		}
		if id := op["operationId"].(string); operations[id] {
			t.Errorf("operation %s twice", id)
		} else {
			operations[id] = true
		}
		for _, status := range []string{"200", "400", "404", "500"} {
			if op["responses"].(map[string]any)[status] == nil {
				t.Errorf("%s: no response %s", path, status)
			}
		}
		target := strings.NewReplacer("{role}", "facilities", "{name}", "clinics", "{run}", "latest").Replace(path)
		if collection, ok := strings.CutSuffix(target, "/items/{featureId}"); ok {
			all := ids(c.json(city + collection + "/items?limit=1"))
			if len(all) == 0 {
				continue
			}
			target = collection + "/items/" + url.PathEscape(all[0])
		}
		query := ""
		if strings.HasSuffix(path, "/explain") {
			query = "neighborhood=u001"
		}
		c.json(city + target + "?" + query)
		for _, p := range op["parameters"].([]any) {
			p := resolve(p)
			name := p["name"].(string)
			if p["in"] == "path" || (query != "" && name == "neighborhood") {
				continue
			}
			schema := p["schema"].(map[string]any)
			value := examples[name]
			switch {
			case schema["enum"] != nil:
				value = schema["enum"].([]any)[0].(string)
			case schema["type"] == "integer", schema["type"] == "number":
				value = "1"
			case schema["type"] == "boolean":
				value = "true"
			}
			c.json(city + target + "?" + query + "&" + url.QueryEscape(name) + "=" + url.QueryEscape(value))
		}
	}
	for _, entry := range c.json(city + "/collections")["collections"].([]any) {
		entry := entry.(map[string]any)
		id := entry["id"].(string)
		if alone := c.json(city + "/collections/" + id); fmt.Sprint(alone) != fmt.Sprint(entry) {
			t.Errorf("%s is described otherwise alone", id)
		}
		if doc["paths"].(map[string]any)["/collections/"+id+"/items"] == nil {
			t.Errorf("%s is not in the API definition", id)
		}
		checkExtent(t, c, entry)
	}
}

// OpenAPI 3.0 has exclusiveMinimum and exclusiveMaximum as flags beside the bound; as numbers, which later versions have, its readers refuse
// the document as a whole.
func TestOpenAPIBounds(t *testing.T) {
	bounds := 0
	var look func(at string, v any)
	look = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for key, inner := range v {
				if key == "exclusiveMinimum" || key == "exclusiveMaximum" {
					bounds++
					if _, flag := inner.(bool); !flag || v[map[string]string{"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}[key]] == nil {
						t.Errorf("%s: %s is %v", at, key, inner)
					}
				}
				look(at+"/"+key, inner)
			}
		case []any:
			for i, inner := range v {
				look(fmt.Sprintf("%s/%d", at, i), inner)
			}
		}
	}
	look("", newClient(t, shelf{"city": scoredCity(t, 3)}).json(city+"/api"))
	if bounds == 0 {
		t.Error("no bound was seen")
	}
}

// The extent holds every feature, and a bbox of it gives them all.
func checkExtent(t *testing.T, c client, entry map[string]any) {
	extent, ok := entry["extent"].(map[string]any)
	if !ok {
		return
	}
	box := extent["spatial"].(map[string]any)["bbox"].([]any)[0].([]any)
	at := fmt.Sprintf("%s/collections/%v/items", city, entry["id"])
	all := c.json(at)["numberMatched"]
	if inside := c.json(fmt.Sprintf("%s?bbox=%v,%v,%v,%v", at, box[0], box[1], box[2], box[3]))["numberMatched"]; inside != all {
		t.Errorf("%v: %v of %v features meet its extent", entry["id"], inside, all)
	}
	if far := c.json(at + "?bbox=10,10,11,11")["numberMatched"]; far != 0.0 {
		t.Errorf("%v: %v features meet a box far away", entry["id"], far)
	}
}

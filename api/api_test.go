package api_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"lifecircle/api"
	"lifecircle/coverage"
)

// client asks a handler as a program would.
type client struct {
	t testing.TB
	h http.Handler
}

func (c client) do(method, target string, body io.Reader, headers ...string) *http.Response {
	c.t.Helper()
	r := httptest.NewRequest(method, target, body)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, r)
	return w.Result()
}

func (c client) get(target string, headers ...string) *http.Response {
	c.t.Helper()
	return c.do(http.MethodGet, target, nil, headers...)
}

// json asks for a document that must be there.
func (c client) json(target string) map[string]any {
	c.t.Helper()
	r := c.get(target)
	return decode(c.t, r, http.StatusOK)
}

func decode(t testing.TB, r *http.Response, status int) map[string]any {
	t.Helper()
	body, _ := io.ReadAll(r.Body)
	if r.StatusCode != status {
		t.Fatalf("status %d, want %d: %s", r.StatusCode, status, body)
	}
	var v map[string]any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return v
}

// problem asks for something that must be refused.
func (c client) problem(target string, status int, code string) map[string]any {
	c.t.Helper()
	r := c.get(target)
	if got := r.Header.Get("Content-Type"); got != "application/problem+json" {
		c.t.Errorf("%s: Content-Type %q", target, got)
	}
	p := decode(c.t, r, status)
	if p["code"] != code || p["status"] != float64(status) || p["title"] == "" || p["title_zh"] == "" || p["type"] != "urn:lifecircle:problem:"+code {
		c.t.Errorf("%s: problem %v, want code %s", target, p, code)
	}
	return p
}

func links(v map[string]any) map[string]string {
	out := map[string]string{}
	for _, l := range v["links"].([]any) {
		l := l.(map[string]any)
		out[l["rel"].(string)] = l["href"].(string)
	}
	return out
}

func newClient(t testing.TB, s shelf) client { return client{t, api.New(config(t, s))} }

const city = "http://example.com/projects/city"

// A front end finds everything from the root by links: a broken one is a dead end.
func TestLinksLeadEverywhere(t *testing.T) {
	c := newClient(t, shelf{"city": scoredCity(t, 4), "a b/c": newMemory("")})
	seen := map[string]bool{}
	var visit func(string)
	visit = func(at string) {
		if seen[at] || len(seen) > 400 {
			return
		}
		seen[at] = true
		r := c.get(at)
		body, _ := io.ReadAll(r.Body)
		if r.StatusCode != http.StatusOK {
			t.Errorf("%s: %d %s", at, r.StatusCode, body)
			return
		}
		if !strings.Contains(r.Header.Get("Content-Type"), "json") {
			return
		}
		var v any
		if err := json.Unmarshal(body, &v); err != nil {
			t.Errorf("%s: %v", at, err)
		}
		for _, l := range allLinks(v) {
			if l["rel"] == "" || l["href"] == "" || l["type"] == nil {
				t.Errorf("%s: link %v", at, l)
			}
			want, _, _ := strings.Cut(l["type"].(string), ";")
			href := l["href"].(string)
			if r := c.get(href); r.StatusCode == http.StatusOK {
				if got, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); got != want {
					t.Errorf("%s: link says %s is %s, it is %s", at, href, want, got)
				}
			}
			visit(href)
		}
	}
	visit("http://example.com/")
	for _, must := range []string{city, city + "/api", city + "/conformance", city + "/collections", city + "/collections/scores",
		city + "/collections/gaps/items", city + "/runs", city + "/layers", "http://example.com/projects/a%20b%2Fc"} {
		if !seen[must] {
			t.Errorf("no link leads to %s", must)
		}
	}
}

func allLinks(v any) []map[string]any {
	var out []map[string]any
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			if list, ok := inner.([]any); ok && k == "links" {
				for _, l := range list {
					out = append(out, l.(map[string]any))
				}
			} else {
				out = append(out, allLinks(inner)...)
			}
		}
	case []any:
		for _, inner := range v {
			out = append(out, allLinks(inner)...)
		}
	}
	return out
}

func TestProjects(t *testing.T) {
	c := newClient(t, shelf{"b": newMemory("乙"), "a": newMemory("")})
	projects := c.json("http://example.com/projects")["projects"].([]any)
	var got []string
	for _, p := range projects {
		p := p.(map[string]any)
		got = append(got, p["id"].(string)+"="+p["title"].(string))
	}
	if want := []string{"a=city", "b=乙"}; !slices.Equal(got, want) {
		t.Errorf("projects %v, want %v", got, want)
	}
	c.problem("http://example.com/projects/nowhere", 404, "not_found")
}

// A browser that opens the server's address wants the map, a program wants links.
func TestRootByAccept(t *testing.T) {
	c := newClient(t, shelf{})
	r := c.get("http://example.com/", "Accept", "text/html,*/*")
	if r.StatusCode != http.StatusSeeOther || r.Header.Get("Location") != "/map" {
		t.Errorf("a browser gets %d to %q", r.StatusCode, r.Header.Get("Location"))
	}
	c.json("http://example.com/")
}

// A project without a run serves its layers, and says what to do for the rest.
func TestNoRunYet(t *testing.T) {
	c := newClient(t, shelf{"city": smallCity(t, 2)})
	for _, entry := range c.json(city + "/collections")["collections"].([]any) {
		if id := entry.(map[string]any)["id"]; id == "scores" || id == "gaps" {
			t.Errorf("collection %v is listed without a run", id)
		}
	}
	p := c.problem(city+"/collections/scores/items", 404, "not_found")
	if !strings.Contains(p["hint"].(string), "lifecircle score") || !strings.Contains(p["hint_zh"].(string), "lifecircle score") {
		t.Errorf("hint %v", p)
	}
	c.problem(city+"/collections/scores", 404, "not_found")
	c.problem(city+"/runs/latest", 404, "not_found")
	c.json(city + "/api")
	if runs := c.json(city + "/runs")["runs"].([]any); len(runs) != 0 {
		t.Errorf("runs %v", runs)
	}
}

// Paging gives every feature once, whatever the size of a page, forwards and backwards.
func TestPagingGivesEveryItemOnce(t *testing.T) {
	c := newClient(t, shelf{"city": scoredCity(t, 6)})
	for _, collection := range []string{"demand", "coverage", "scores", "matrix", "gaps", "facilities", "network", "buildings", "reach"} {
		all := ids(c.json(city + "/collections/" + collection + "/items?limit=10000"))
		if slices.Contains(all, "") || len(slices.Compact(slices.Sorted(slices.Values(all)))) != len(all) {
			t.Errorf("%s: ids are not unique", collection)
		}
		for _, limit := range []int{1, 7, len(all), len(all) + 1} {
			if limit == 0 || len(all)/limit > 200 {
				continue
			}
			var got []string
			last := ""
			for at := fmt.Sprintf("%s/collections/%s/items?limit=%d", city, collection, limit); at != ""; {
				page := c.json(at)
				if page["numberMatched"] != float64(len(all)) || page["numberReturned"] != float64(len(ids(page))) || len(ids(page)) > limit {
					t.Fatalf("%s: numberMatched %v numberReturned %v of %d", at, page["numberMatched"], page["numberReturned"], len(all))
				}
				got = append(got, ids(page)...)
				last, at = at, links(page)["next"]
			}
			if !slices.Equal(got, all) {
				t.Errorf("%s by %d: %d features, want %d", collection, limit, len(got), len(all))
			}
			n := 0
			for at := last; at != ""; n++ {
				at = links(c.json(at))["prev"]
			}
			if want := max(1, (len(all)+limit-1)/limit); n != want {
				t.Errorf("%s by %d: %d pages backwards, want %d", collection, limit, n, want)
			}
		}
	}
}

func ids(page map[string]any) []string {
	out := []string{}
	for _, f := range page["features"].([]any) {
		out = append(out, f.(map[string]any)["id"].(string))
	}
	return out
}

// Every feature can be asked for alone, also one whose id holds a slash, and is the same as in the list.
func TestItem(t *testing.T) {
	c := newClient(t, shelf{"city": scoredCity(t, 3)})
	for _, collection := range []string{"facilities", "coverage", "scores", "neighborhoods", "service_areas"} {
		for _, f := range c.json(city + "/collections/" + collection + "/items")["features"].([]any) {
			want := f.(map[string]any)
			at := city + "/collections/" + collection + "/items/" + url.PathEscape(want["id"].(string))
			got := c.json(at)
			l := links(got)
			if l["self"] != at || l["collection"] != city+"/collections/"+collection {
				t.Errorf("%s: links %v", at, l)
			}
			delete(got, "links")
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s differs from the list:\n%v\n%v", at, got, want)
			}
		}
	}
	c.problem(city+"/collections/facilities/items/nothing", 404, "not_found")
	c.problem(city+"/collections/nothing/items", 404, "not_found")
}

func TestFilters(t *testing.T) {
	c := newClient(t, shelf{"city": scoredCity(t, 6)})
	count := func(query string) float64 {
		return c.json(city + "/collections/" + query)["numberMatched"].(float64)
	}
	rows := c.json(city + "/collections/coverage/items?limit=10000")["features"].([]any)
	for _, filter := range []map[string]string{
		{"requirement": "clinic-15"},
		{"requirement": "clinic-15", "neighborhood_id": "u002"},
		{"verdict": "not_assessed"},
		{"level": "district", "verdict": "unmet"},
		{"share": ""},
		{"pass_line": "0.8"},
		{"pass_line": "0.80000"},
		{"pass_line": "0.8000000000001"},
		{"variant": "false"},
		{"units": "3"},
		{"neighborhood_id": "nobody"},
		{"neighborhood": "社区 2 / unit"},
	} {
		values := url.Values{}
		want := 0.0
		for _, f := range rows {
			match := true
			for k, v := range filter {
				got := f.(map[string]any)["properties"].(map[string]any)[k]
				text := fmt.Sprint(got)
				if got == nil {
					text = ""
				}
				match = match && (text == v || text == strings.TrimRight(v, "0"))
			}
			if match {
				want++
			}
		}
		for k, v := range filter {
			values.Set(k, v)
		}
		if got := count("coverage/items?" + values.Encode()); got != want {
			t.Errorf("%v: %v rows, want %v", filter, got, want)
		}
	}
}

func TestBadParameters(t *testing.T) {
	c := newClient(t, shelf{"city": scoredCity(t, 2)})
	for query, field := range map[string]string{
		"limit=0": "limit", "limit=-1": "limit", "limit=ten": "limit", "limit=": "limit", "limit=1.5": "limit", "limit=1&limit=2": "limit",
		"offset=-1": "offset", "offset=x": "offset",
		"bbox=1,2,3": "bbox", "bbox=1,2,3,4,5": "bbox", "bbox=a,2,3,4": "bbox", "bbox=0,10,1,5": "bbox", "bbox=0,0,181,1": "bbox", "bbox=0,0,1,91": "bbox",
		"bbox=NaN,0,1,1": "bbox", "bbox=0x1p1,0,30,40": "bbox", "bbox=1_0,0,30,40": "bbox", "bbox=0,0,5,1,1,1": "bbox", "bbox=Inf,0,1,1": "bbox",
		"datetime=yesterday": "datetime", "datetime=2020-01-01": "datetime", "datetime=../..": "datetime", "datetime=": "datetime",
		"datetime=2021-01-01T00:00:00Z/2020-01-01T00:00:00Z": "datetime",
		"crs=EPSG:3857": "crs", "bbox-crs=x": "bbox-crs", "f=html": "f", "skipGeometry=perhaps": "skipGeometry",
		"colour=blue": "colour", "pass_line=x": "pass_line", "variant=2": "variant", "run=abc": "run", "units=1.5": "units",
	} {
		if p := c.problem(city+"/collections/coverage/items?"+query, 400, "invalid"); p["field"] != field || p["detail_zh"] == nil {
			t.Errorf("%s: %v, want field %s", query, p, field)
		}
	}
	c.problem(city+"/collections/coverage/items?x=%zz", 400, "invalid")
	c.problem(city+"/collections/coverage/items?run=ffff0000", 404, "not_found")
	c.problem(city+"/collections/neighborhoods/items?run=latest", 400, "invalid")
	for _, at := range []string{"http://example.com/projects?x=1", city + "?x=1", city + "/collections?x=1", city + "/collections/scores?x=1", city + "/conformance?x=1",
		city + "/api?x=1", city + "/runs?x=1", city + "/layers?x=1", city + "/collections/facilities/items/c%2Fu000?x=1", city + "/collections?f=html"} {
		c.problem(at, 400, "invalid")
	}
	for _, fine := range []string{"limit=99999999999999999999999", "limit=10001", "offset=999999", "datetime=2020-01-01T00:00:00Z",
		"datetime=../2020-01-01T00:00:00Z", "datetime=2020-01-01T00:00:00Z/", "datetime=2020-01-01T00:00:00Z/2021-01-01T00:00:00%2B08:00", "bbox=0,0,0,90,90,0",
		"crs=http://www.opengis.net/def/crs/OGC/1.3/CRS84", "bbox-crs=http://www.opengis.net/def/crs/OGC/1.3/CRS84", "f=geojson", "f=json"} {
		c.json(city + "/collections/coverage/items?" + fine)
	}
}

// ?run= takes a hash or its prefix; without it the latest run answers.
func TestRunParameter(t *testing.T) {
	m := scoredCity(t, 4)
	c := newClient(t, shelf{"city": m})
	first, second := m.runs[0].Hash, m.runs[1].Hash
	of := func(query string) string {
		for _, f := range c.json(city + "/collections/scores/items?scope=overall&" + query)["features"].([]any) {
			return fmt.Sprint(f.(map[string]any)["properties"].(map[string]any)["assumed_complete"])
		}
		return "empty"
	}
	for query, want := range map[string]string{"": "true", "run=latest": "true", "run=" + second: "true", "run=" + first: "false", "run=" + first[:8]: "false"} {
		if got := of(query); got != want {
			t.Errorf("%q: assumed_complete %s, want %s", query, got, want)
		}
	}
	score(t, m, coverage.Params{}) // the first run is the latest again
	if of("") != "false" {
		t.Error("the latest run is what the last score returned")
	}
}

func TestETag(t *testing.T) {
	m := scoredCity(t, 4)
	c := newClient(t, shelf{"city": m})
	targets := []string{city, city + "/collections", city + "/collections/coverage/items?limit=3", city + "/collections/facilities/items/c%2Fu000",
		city + "/api", city + "/runs/latest", city + "/layers", "http://example.com/map", "http://example.com/map/app.js"}
	tags := map[string]string{}
	for _, at := range targets {
		r := c.get(at)
		tag := r.Header.Get("ETag")
		if r.StatusCode != 200 || !strings.HasPrefix(tag, `"`) || r.Header.Get("Cache-Control") != "no-cache" {
			t.Fatalf("%s: %d, ETag %q, Cache-Control %q", at, r.StatusCode, tag, r.Header.Get("Cache-Control"))
		}
		tags[at] = tag
		for _, match := range []string{tag, "W/" + tag, `"x", ` + tag, "*"} {
			r := c.get(at, "If-None-Match", match)
			body, _ := io.ReadAll(r.Body)
			if r.StatusCode != http.StatusNotModified || len(body) != 0 {
				t.Errorf("%s If-None-Match %s: %d with %d bytes", at, match, r.StatusCode, len(body))
			}
		}
		if r := c.get(at, "If-None-Match", `"other"`); r.StatusCode != 200 {
			t.Errorf("%s: %d for another tag", at, r.StatusCode)
		}
		r = c.get(at, "Accept-Encoding", "gzip")
		weak := r.Header.Get("ETag")
		if r.Header.Get("Content-Encoding") == "gzip" && weak != "W/"+tag {
			t.Errorf("%s: compressed with ETag %s, want a weak one", at, weak)
		}
	}
	score(t, m, coverage.Params{})
	if at := city + "/collections/coverage/items?limit=3"; c.get(at).Header.Get("ETag") == tags[at] {
		t.Error("another latest run has the same ETag: clients would show yesterday's map")
	}
	if at := city + "/collections/facilities/items/c%2Fu000"; c.get(at).Header.Get("ETag") != tags[at] {
		t.Error("the facilities did not change, but their ETag did")
	}
}

func TestGzip(t *testing.T) {
	c := newClient(t, shelf{"city": scoredCity(t, 4)})
	for _, at := range []string{city + "/collections/coverage/items", city + "/api", city, "http://example.com/map/app.css"} {
		plain, _ := io.ReadAll(c.get(at).Body)
		for accept, want := range map[string]string{"gzip": "gzip", "gzip;q=0": "", "identity": "", "br, gzip;q=0.5": "gzip", "*": "gzip", "*;q=0": "", "deflate": "", "*, gzip;q=0": ""} {
			r := c.get(at, "Accept-Encoding", accept)
			if got := r.Header.Get("Content-Encoding"); got != want {
				t.Errorf("%s Accept-Encoding %s: Content-Encoding %q, want %q", at, accept, got, want)
				continue
			}
			if r.Header.Get("Vary") == "" {
				t.Errorf("%s: no Vary", at)
			}
			body := io.Reader(r.Body)
			if want == "gzip" {
				var err error
				if body, err = gzip.NewReader(r.Body); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := io.ReadAll(body); err != nil || string(got) != string(plain) {
				t.Errorf("%s %s: other bytes (%v)", at, accept, err)
			}
		}
	}
	if r := c.get(city+"/nothing", "Accept-Encoding", "gzip"); r.Header.Get("Content-Encoding") != "gzip" {
		t.Error("problems are not compressed")
	}
}

func TestMethods(t *testing.T) {
	c := newClient(t, shelf{"city": scoredCity(t, 2)})
	items := city + "/collections/scores/items"
	head := c.do(http.MethodHead, items, nil)
	if head.StatusCode != 200 || head.Header.Get("ETag") != c.get(items).Header.Get("ETag") {
		t.Errorf("HEAD: %d %v", head.StatusCode, head.Header)
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH"} {
		r := c.do(method, items, nil)
		p := decode(t, r, http.StatusMethodNotAllowed)
		if p["code"] != "method_not_allowed" || r.Header.Get("Allow") != "GET, HEAD, OPTIONS" {
			t.Errorf("%s: %v, Allow %q", method, p, r.Header.Get("Allow"))
		}
	}
	if r := c.do(http.MethodOptions, city+"/layers", nil); r.StatusCode != http.StatusNoContent || r.Header.Get("Allow") != "GET, HEAD, POST, OPTIONS" {
		t.Errorf("OPTIONS: %d, Allow %q", r.StatusCode, r.Header.Get("Allow"))
	}
	if r := c.do("PUT", "http://example.com/nothing", nil); r.StatusCode != 404 {
		t.Errorf("PUT nowhere: %d", r.StatusCode)
	}
	c.problem("http://example.com/nothing/here", 404, "not_found")
	if r := c.get(city + "/"); r.StatusCode != 200 {
		t.Errorf("a slash at the end: %d", r.StatusCode)
	}
}

func TestCrossOriginReads(t *testing.T) {
	c := newClient(t, shelf{"city": scoredCity(t, 2)})
	r := c.get(city+"/collections/scores/items", "Origin", "https://planner.example")
	if r.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("a front end elsewhere cannot read: %v", r.Header)
	}
	pre := c.do(http.MethodOptions, city+"/layers", nil, "Origin", "https://evil.example", "Access-Control-Request-Method", "POST")
	if pre.Header.Get("Access-Control-Allow-Methods") == "POST" {
		t.Error("another site may upload")
	}
}

// What is our fault is logged, and not told.
func TestFailures(t *testing.T) {
	m := scoredCity(t, 2)
	var log strings.Builder
	cfg := config(t, shelf{"city": m})
	cfg.Logger = textLogger(&log)
	c := client{t, api.New(cfg)}
	m.explode = true
	if p := c.problem(city+"/collections", 500, "internal"); strings.Contains(fmt.Sprint(p), "secret") {
		t.Errorf("the panic is told: %v", p)
	}
	if !strings.Contains(log.String(), "secret") {
		t.Error("the panic is not logged")
	}
	m.explode = false
	m.fail = fmt.Errorf("secret: disk on fire")
	if p := c.problem(city+"/collections", 500, "internal"); strings.Contains(fmt.Sprint(p), "secret") {
		t.Errorf("the error is told: %v", p)
	}
	if !strings.Contains(log.String(), "disk on fire") {
		t.Error("the error is not logged")
	}
	m.fail = coverage.Errorf(coverage.Unavailable, "文件被占用", "city.gpkg is locked")
	if p := c.problem(city+"/layers", 503, "unavailable"); p["detail"] != "city.gpkg is locked" {
		t.Errorf("%v", p)
	}
}

// The same inputs give the same bytes: no time, no order of maps.
func TestSameBytes(t *testing.T) {
	body := func() string {
		var b strings.Builder
		c := newClient(t, shelf{"city": scoredCity(t, 5)})
		for _, at := range []string{city, city + "/collections", city + "/api", city + "/collections/coverage/items?limit=1000", city + "/collections/gaps/items", city + "/layers",
			city + "/collections/service_areas/items", city + "/collections/reach/items?requirement=clinic-15"} {
			io.Copy(&b, c.get(at).Body)
		}
		return b.String()
	}
	if one, two := body(), body(); one != two {
		t.Error("two servers of the same project answer differently")
	}
}

func TestRunPage(t *testing.T) {
	m := scoredCity(t, 4)
	c := newClient(t, shelf{"city": m})
	v := c.json(city + "/runs/" + m.runs[0].Hash[:10])
	if v["run"] != m.runs[0].Hash || v["latest"] != false || v["provisional"] != true || v["title"].(map[string]any)["zh"] != "测试目录" {
		t.Errorf("run %v", v)
	}
	reqs := v["requirements"].([]any)
	if len(reqs) != 4 {
		t.Fatalf("%d requirements", len(reqs))
	}
	r := reqs[0].(map[string]any)
	for k, want := range map[string]any{"id": "clinic-15", "limit": "500", "unit": "m", "pass_line": 0.8, "confidence": "B", "source": "city rule 7", "clause": "3.1",
		"denominator": "land", "mandatory": true, "weight": 1.0} {
		if r[k] != want {
			t.Errorf("%s: %v, want %v", k, r[k], want)
		}
	}
	if r["confidence_mark"].(map[string]any)["zh"] != "待核" {
		t.Errorf("an unverified clause carries no mark: %v", r["confidence_mark"])
	}
	if accepts := fmt.Sprint(r["accepts"]); !strings.Contains(accepts, "clinic_station") {
		t.Errorf("a clinic station does not count as a clinic: %s", accepts)
	}
	counts := r["counts"].(map[string]any)
	if counts["met"].(float64)+counts["unmet"].(float64)+counts["not_detected"].(float64)+counts["not_assessed"].(float64) != 4 {
		t.Errorf("counts %v of 4 units", counts)
	}
	for _, f := range c.json(city + "/collections/coverage/items?limit=1000&run=" + m.runs[0].Hash)["features"].([]any) {
		if cause := f.(map[string]any)["properties"].(map[string]any)["cause"]; cause != nil && v["causes"].(map[string]any)[cause.(string)] == nil {
			t.Errorf("no words for cause %v", cause)
		}
	}
	if fmt.Sprint(v["levels"]) != "[unit district]" {
		t.Errorf("levels %v", v["levels"])
	}
}

func TestExplain(t *testing.T) {
	c := newClient(t, shelf{"city": scoredCity(t, 3)})
	v := c.json(city + "/runs/latest/explain?neighborhood=u001&requirement=clinic-15")
	if v["neighborhood_id"] != "u001" || len(v["requirements"].([]any)) != 1 {
		t.Errorf("explanation %v", v)
	}
	c.problem(city+"/runs/latest/explain", 400, "invalid")
	c.problem(city+"/runs/latest/explain?neighborhood=nobody", 404, "not_found")
	c.problem(city+"/runs/latest/explain?neighborhood=u001&requirement=x", 404, "not_found")
}

func TestSecurityHeaders(t *testing.T) {
	c := newClient(t, shelf{})
	r := c.get("http://example.com/map")
	body, _ := io.ReadAll(r.Body)
	if !strings.Contains(r.Header.Get("Content-Security-Policy"), "default-src 'none'") || r.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers %v", r.Header)
	}
	for _, outside := range []string{"http://", "https://", " style=", "onclick"} {
		if strings.Contains(string(body), outside) {
			t.Errorf("the page holds %q: it must work offline and under its policy", outside)
		}
	}
	for _, at := range []string{"http://example.com/map/doc.go", "http://example.com/map/../api.go", "http://example.com/map/vendor", "http://example.com/map/%2e%2e/go.mod", "http://example.com/map/vendor/maplibre-gl/README.md"} {
		if r := c.get(at); r.StatusCode != 404 {
			t.Errorf("%s: %d", at, r.StatusCode)
		}
	}
	if r := c.get("http://example.com/map/vendor/maplibre-gl/LICENSE.txt"); r.StatusCode != 200 {
		t.Errorf("the licence is not served: %d", r.StatusCode)
	}
	if r := c.get("http://example.com/healthz"); r.StatusCode != 200 || r.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("healthz: %d", r.StatusCode)
	}
}

// Ids hold slashes (way/123), and not every client writes them as %2F: both find the feature.
func TestItemWithSlash(t *testing.T) {
	c := newClient(t, shelf{"city": smallCity(t, 2)})
	at := city + "/collections/facilities/items/"
	escaped, plain := c.json(at+"c%2Fu000"), c.json(at+"c/u000")
	if escaped["id"] != "c/u000" || fmt.Sprint(plain) != fmt.Sprint(escaped) {
		t.Errorf("%v\n%v", escaped, plain)
	}
	c.problem(at+"c/u000/more", http.StatusNotFound, "not_found")
	c.problem(at+"c", http.StatusNotFound, "not_found")
}

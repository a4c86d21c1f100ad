package api_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"lifecircle/api"
	"lifecircle/coverage"
)

// browser opens a headless browser, or skips the test where there is none. Whatever the page asks of another server, and whatever
// its console complains of, fails the test; but not the browser's own line on an answer that is one of the expected refusals.
func browser(t *testing.T, server *httptest.Server, expected ...int) context.Context {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes some seconds: left out with -short")
	}
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("no chromium or chrome on this machine: the map page is not looked at")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WindowSize(1280, 800),
		chromedp.Flag("use-gl", "angle"), chromedp.Flag("use-angle", "swiftshader"), chromedp.Flag("enable-unsafe-swiftshader", true))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 90*time.Second)
	t.Cleanup(cancel)
	var mu sync.Mutex
	var complaints []string
	complain := func(s string) {
		mu.Lock()
		defer mu.Unlock()
		complaints = append(complaints, s)
	}
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, c := range complaints {
			t.Error(c)
		}
	})
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			if u := e.Request.URL; !strings.HasPrefix(u, server.URL) && !strings.HasPrefix(u, "data:") && !strings.HasPrefix(u, "blob:") {
				complain("the page asks another server: " + u)
			}
		case *runtime.EventExceptionThrown:
			complain("exception: " + e.ExceptionDetails.Error())
		case *log.EventEntryAdded:
			refusal := slices.ContainsFunc(expected, func(status int) bool { return strings.Contains(e.Entry.Text, fmt.Sprintf("status of %d ", status)) })
			if e.Entry.Level == log.LevelError && !refusal {
				complain("console: " + e.Entry.Text + " " + e.Entry.URL)
			}
		}
	})
	if err := chromedp.Run(ctx, network.Enable(), log.Enable()); err != nil {
		t.Skipf("the browser does not start: %v", err)
	}
	return ctx
}

func text(t *testing.T, ctx context.Context, selector string) string {
	t.Helper()
	var s string
	if err := chromedp.Run(ctx, chromedp.Evaluate("document.querySelector("+`"`+selector+`"`+").innerText", &s)); err != nil {
		t.Fatalf("%s: %v", selector, err)
	}
	return s
}

func has(t *testing.T, what, s string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(s, part) {
			t.Errorf("%s does not say %q:\n%s", what, part, s)
		}
	}
}

// What a planner sees: the run with its marks, a legend in words, a card with every requirement, in both languages, from this server alone.
func TestMapPage(t *testing.T) {
	m := scoredCity(t, 6)
	server := httptest.NewServer(api.New(config(t, shelf{"city": m})))
	defer server.Close()
	ctx := browser(t, server)
	ready := chromedp.WaitVisible(`body[data-ready="true"]`, chromedp.ByQuery)

	// The first run, as the layers are: its verdicts are not detected where the extract cannot tell.
	if err := chromedp.Run(ctx, chromedp.Navigate(server.URL+"/map?lang=en&run="+m.runs[0].Hash[:8]), ready); err != nil {
		t.Fatal(err)
	}
	has(t, "the panel", text(t, ctx, "#panel"), "小城", "test catalog", "provisional", "straight-line radius", "6 neighborhoods", "not detected", "unverified")
	has(t, "the legend", text(t, ctx, "#legend"), "80–100 points", "Data too thin", "Not assessed", "Residential land", "Roads")
	var painted int
	if err := chromedp.Run(ctx, chromedp.Evaluate(`document.querySelectorAll(".label:not(.hidden)").length`, &painted)); err != nil || painted == 0 {
		t.Errorf("%d names on the map: %v", painted, err)
	}

	// A requirement, and a neighborhood's card beside it.
	err := chromedp.Run(ctx, chromedp.Navigate(server.URL+"/map?lang=en&requirement=kindergarten-5&neighborhood=u000&run="+m.runs[0].Hash[:8]), ready,
		chromedp.WaitVisible("#card .card-row", chromedp.ByQuery))
	if err != nil {
		t.Fatal(err)
	}
	has(t, "the legend", text(t, ctx, "#legend"), "Met: share ≥ 80%", "Unmet", "Not detected: the layers cannot tell", "Not assessed: no layer, denominator or limit",
		"Facilities", "Service area", "Gap: certainly beyond the limit", "Undetermined")
	has(t, "the card", text(t, ctx, "#card"), "社区 0 / unit", "not detected", "not assessed", "residential land", "of ", "undetermined", "no layer lists the service")

	// Chinese by the switch, then the table by keyboard.
	err = chromedp.Run(ctx, chromedp.Click(".title .language", chromedp.ByQuery), chromedp.Sleep(100*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	has(t, "the legend", text(t, ctx, "#legend"), "未评估", "未检出：图层不足以判断", "盲区")
	has(t, "the card", text(t, ctx, "#card"), "未检出", "居住用地", "依据与限值")
	err = chromedp.Run(ctx, chromedp.KeyEvent("\x1b"), chromedp.Focus(".tab.plain", chromedp.ByQuery), chromedp.KeyEvent("\r"), chromedp.WaitVisible("#table table", chromedp.ByQuery))
	if err != nil {
		t.Fatal(err)
	}
	has(t, "the table", text(t, ctx, "#table"), "社区 0 / unit", "社区 5 / unit", "最高可能")
	var lang string
	if err := chromedp.Run(ctx, chromedp.Evaluate(`document.documentElement.lang`, &lang)); err != nil || lang != "zh" {
		t.Errorf("lang %q %v", lang, err)
	}
}

// A project that was never scored says what to do.
func TestMapPageWithoutRun(t *testing.T) {
	server := httptest.NewServer(api.New(config(t, shelf{"city": smallCity(t, 2)})))
	defer server.Close()
	ctx := browser(t, server)
	if err := chromedp.Run(ctx, chromedp.Navigate(server.URL+"/map?lang=en"), chromedp.WaitVisible(`body[data-ready="true"]`, chromedp.ByQuery)); err != nil {
		t.Fatal(err)
	}
	has(t, "the panel", text(t, ctx, "#panel"), "No run yet", "lifecircle score")
}

// Names are other people's texts: whatever stands in them is shown as it stands, runs nowhere, and hides neither map nor card.
func TestMapPageHostileNames(t *testing.T) {
	const hostile = `<img src=x onerror=\"window.owned=1\"><svg onload=\"window.owned=2\"></svg>`
	m := smallCity(t, 2)
	c := newClient(t, shelf{"city": m})
	unit := func(id, name string, west float64) string {
		return fmt.Sprintf(`{"type":"Feature","id":"%s","properties":{"name":"%s"},"geometry":{"type":"Polygon","coordinates":[[[%g,29.5],[%g,29.5],[%g,29.51],[%[3]g,29.51],[%[3]g,29.5]]]}}`,
			id, name, west, west+0.01, west+0.01)
	}
	units := `{"type":"FeatureCollection","features":[` + unit("__proto__", hostile, 106.5) + "," + unit(hostile, strings.Repeat("长", 3000), 106.51) + `]}`
	clinic := `{"type":"Feature","id":"c","properties":{"name":"` + hostile + `"},"geometry":{"type":"Point","coordinates":[106.505,29.505]}}`
	decode(t, post(c, "as=neighborhoods&layer=units&replace=true&attribution="+url.QueryEscape(`<img src=x onerror="window.owned=3">`), units), http.StatusCreated)
	decode(t, post(c, "as=facilities&service=clinic&layer=clinics&replace=true&complete=everywhere", clinic), http.StatusCreated)
	score(t, m, coverage.Params{})
	server := httptest.NewServer(c.h)
	defer server.Close()
	ctx := browser(t, server)
	for _, at := range []string{"requirement=clinic-15&neighborhood=__proto__", "table=1", "neighborhood=" + url.QueryEscape(strings.ReplaceAll(hostile, `\"`, `"`))} {
		var owned, foreign bool
		var highest float64
		err := chromedp.Run(ctx, chromedp.Navigate(server.URL+"/map?lang=en&"+at), chromedp.WaitVisible(`body[data-ready="true"]`, chromedp.ByQuery),
			chromedp.Evaluate(`"owned" in window`, &owned),
			chromedp.Evaluate(`!!document.querySelector("img[src=x], [onload], [onerror]")`, &foreign),
			chromedp.Evaluate(`Math.max(0, ...[...document.querySelectorAll(".label, .card-head h2, tbody th")].map((e) => e.offsetHeight))`, &highest))
		if err != nil {
			t.Fatal(err)
		}
		if owned || foreign {
			t.Errorf("%s: a name became part of the page (ran: %t)", at, owned)
		}
		if highest > 120 {
			t.Errorf("%s: a long name takes %g pixels of height", at, highest)
		}
	}
	has(t, "the card", text(t, ctx, "#card"), "长长长")
	has(t, "the panel", text(t, ctx, "#panel"), "小城 <small>")
	has(t, "the attribution", text(t, ctx, ".maplibregl-ctrl-attrib"), "<img src=x")

	// The card beside the table leaves the table's own buttons in reach.
	var right, left float64
	err := chromedp.Run(ctx, chromedp.Navigate(server.URL+"/map?lang=en&table=1&neighborhood=__proto__"), chromedp.WaitVisible(`body[data-ready="true"]`, chromedp.ByQuery),
		chromedp.Evaluate(`document.querySelector("#table .icon").getBoundingClientRect().right`, &right),
		chromedp.Evaluate(`document.querySelector("#card").getBoundingClientRect().left`, &left))
	if err != nil || right > left {
		t.Errorf("the table's close button ends at %g, the card begins at %g: %v", right, left, err)
	}
}

// A planner imports a layer on the page: what was read and refused is said in their language, a mistake is said with what to do, and taken back.
func TestMapPageUpload(t *testing.T) {
	m := scoredCity(t, 3)
	cfg := config(t, shelf{"city": m})
	cfg.Mappings = []string{"amap", "osm"}
	server := httptest.NewServer(api.New(cfg))
	defer server.Close()
	c := client{t, api.New(config(t, shelf{"city": m}))}
	facilities := func() float64 { return c.json(city + "/collections/facilities/items")["numberMatched"].(float64) }
	before := facilities()
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	ctx := browser(t, server, 409, 422)
	do := func(actions ...chromedp.Action) {
		t.Helper()
		if err := chromedp.Run(ctx, actions...); err != nil {
			t.Fatal(err)
		}
	}
	choose := func(path string) chromedp.Action {
		return chromedp.SetUploadFiles("#import-file", []string{path}, chromedp.ByQuery)
	}
	// an answer is there once the form can be sent again
	send := chromedp.Tasks{
		chromedp.Evaluate(`document.querySelector("#layers .answer").replaceChildren()`, nil),
		chromedp.Click("#layers [type=submit]", chromedp.ByQuery),
		chromedp.WaitReady("#layers .answer > *", chromedp.ByQuery),
		chromedp.WaitEnabled("#layers [type=submit]", chromedp.ByQuery),
		chromedp.Sleep(200 * time.Millisecond),
	}
	do(chromedp.Navigate(server.URL+"/map?lang=zh"), chromedp.WaitVisible(`body[data-ready="true"]`, chromedp.ByQuery),
		chromedp.Focus(".layers-open button", chromedp.ByQuery), chromedp.KeyEvent("\r"), chromedp.WaitVisible("#layers form", chromedp.ByQuery), chromedp.WaitReady("#layers tbody tr", chromedp.ByQuery))
	has(t, "the list", text(t, ctx, "#layers table"), "clinics", "社区医疗站", "居住用地", "streets")
	var unnamed, focus string
	do(chromedp.Evaluate(`[...document.querySelectorAll("#layers input, #layers select, #layers button")].filter((i) => !(i.labels?.length && [...i.labels].some((l) => l.textContent)) && !i.getAttribute("aria-label") && !i.textContent).map((i) => i.outerHTML).join("\n")`, &unnamed),
		chromedp.Evaluate(`document.activeElement.id`, &focus))
	if unnamed != "" || focus != "layers-title" {
		t.Errorf("controls without a name: %s; focus on %q", unnamed, focus)
	}

	// Nothing chosen: the form says so and sends nothing.
	do(chromedp.Click("#layers [type=submit]", chromedp.ByQuery), chromedp.Sleep(50*time.Millisecond))
	has(t, "the form", text(t, ctx, ".import [role=status]"), "请先选择文件")

	// The file stays chosen when the language changes; a service is found by its Chinese name.
	do(choose(file("诊所.geojson", clinics)), chromedp.SendKeys("#layers input[type=search]", "社区医疗站", chromedp.ByQuery),
		chromedp.Click(`.boxes input[value="clinic"]`, chromedp.ByQuery), chromedp.Click(`input[name="complete"][value="everywhere"]`, chromedp.ByQuery),
		chromedp.Click(".title .language", chromedp.ByQuery))
	has(t, "the form in English", text(t, ctx, ".import"), "Import a layer", "Is every facility in it?", "Community clinic", "replace it (the old version is kept)")
	do(chromedp.Click(".title .language", chromedp.ByQuery), send)
	has(t, "the report", text(t, ctx, ".answer"), "导入报告：诊所", "读入", "WGS 84", "格式规定", "逐行说明（1 行）", "拒绝", "null_geometry", "初查")
	has(t, "the list", text(t, ctx, "#layers table"), "诊所")
	if n := facilities(); n != before+2 {
		t.Errorf("%v facilities, %v before", n, before)
	}
	if s := fmt.Sprint(c.json(city + "/layers/facilities/" + url.PathEscape("诊所"))["surveys"]); !strings.Contains(s, "everywhere") {
		t.Errorf("surveys %s", s)
	}

	// Other content under the name is a conflict with words of the form's own, and goes in once replacing is chosen.
	do(choose(file("诊所.geojson", strings.Replace(clinics, "106.501", "106.511", 1))), send)
	has(t, "the conflict", text(t, ctx, ".answer [role=alert]"), "未导入", "已存在", "请选择“替换”或“追加”")
	do(chromedp.Click(`input[name="mode"][value="replace"]`, chromedp.ByQuery), send)
	has(t, "the report", text(t, ctx, ".answer"), "版本", "2")

	// Undoing asks once more, and the page then says what is current.
	undo := chromedp.Click(".undo button", chromedp.ByQuery)
	do(undo)
	has(t, "the question", text(t, ctx, ".undo"), "再按一次，撤销第 2 版")
	do(undo, chromedp.WaitVisible(".answer .done", chromedp.ByQuery), chromedp.Sleep(200*time.Millisecond))
	has(t, "the answer", text(t, ctx, ".answer"), "第 2 版已撤销", "2 行")
	if v := c.json(city + "/layers/facilities/" + url.PathEscape("诊所")); v["version"] != 3.0 || v["rows"] != 2.0 {
		t.Errorf("%v", v)
	}
	do(chromedp.Evaluate(`[...document.querySelectorAll("#layers tbody .link")].find((b) => b.textContent === "诊所").click()`, nil), chromedp.WaitVisible(".answer .report", chromedp.ByQuery))
	has(t, "the stored report", text(t, ctx, ".answer"), "导入报告：诊所", "null_geometry")

	// A mapping of one's own: the form asks for its file, and the report says how many rows its rule took.
	own := file("自己的.yaml", "id: mine\ntitle: {zh: 自己的, en: Mine}\nsource: own\ngroup_by: [kind]\ndetects: [clinic]\nrules:\n  - {id: station, service: clinic, when: {kind: 卫生站}}\n")
	do(choose(file("所有.geojson", `{"type":"FeatureCollection","features":[{"type":"Feature","id":"k","geometry":{"type":"Point","coordinates":[106.501,29.501]},"properties":{"kind":"卫生站"}},
{"type":"Feature","id":"l","geometry":{"type":"Point","coordinates":[106.502,29.501]},"properties":{"kind":"银行"}}]}`)), chromedp.Click(`input[name="mode"][value="new"]`, chromedp.ByQuery),
		chromedp.Evaluate(`{ const m = document.querySelector("#import-mapping"); m.value = " own"; m.dispatchEvent(new Event("change")); }`, nil),
		chromedp.Click("#layers [type=submit]", chromedp.ByQuery), chromedp.Sleep(50*time.Millisecond))
	has(t, "the form", text(t, ctx, ".import [role=status]"), "请选择映射文件")
	do(chromedp.SetUploadFiles("#import-mapping-file", []string{own}, chromedp.ByQuery), send)
	has(t, "the report", text(t, ctx, ".answer"), "导入报告：所有", "mine：2 个要素中映射 1 个")
	do(chromedp.Evaluate(`{ const m = document.querySelector("#import-mapping"); m.value = ""; m.dispatchEvent(new Event("change")); }`, nil), chromedp.Click(`input[name="mode"][value="replace"]`, chromedp.ByQuery))

	// A broken file: where, and what to do.
	do(choose(file("broken.geojson", clinics[:60])), send, chromedp.Click(".title .language", chromedp.ByQuery))
	has(t, "the refusal", text(t, ctx, ".answer [role=alert]"), "Not imported", "broken.geojson")

	// People of neighborhoods: the form has other fields then, and Escape closes it.
	do(chromedp.SetValue("#import-as", "demand", chromedp.ByQuery), chromedp.Evaluate(`document.querySelector("#import-as").dispatchEvent(new Event("change"))`, nil),
		choose(file("people.csv", "lon,lat,人口\n106.501,29.501,12\n")), chromedp.SendKeys("#import-measure", "population＝人口", chromedp.ByQuery), send)
	var open bool
	do(chromedp.Evaluate(`document.querySelector("fieldset[data-roles=facilities]").hidden`, &open))
	if !open {
		t.Error("services are asked for where there are no facilities")
	}
	has(t, "a table without a reader for it", text(t, ctx, ".answer [role=alert]"), "Not imported")
	do(choose(file("people.geojson", `{"type":"Feature","id":"p","geometry":{"type":"Point","coordinates":[106.501,29.501]},"properties":{"人口":12}}`)), send)
	has(t, "the report", text(t, ctx, ".answer"), "Import report: people", "used")
	do(chromedp.KeyEvent("\x1b"), chromedp.WaitNotVisible("#layers", chromedp.ByQuery))
	has(t, "the panel", text(t, ctx, "#panel"), "Changed since this run")
}

// A server that takes no uploads offers none, but shows its layers and their reports.
func TestMapPageReadOnly(t *testing.T) {
	cfg := config(t, shelf{"city": scoredCity(t, 2)})
	cfg.ReadOnly = true
	server := httptest.NewServer(api.New(cfg))
	defer server.Close()
	ctx := browser(t, server)
	var form bool
	err := chromedp.Run(ctx, chromedp.Navigate(server.URL+"/map?lang=en&layers=1"), chromedp.WaitVisible(`body[data-ready="true"]`, chromedp.ByQuery), chromedp.WaitVisible("#layers table", chromedp.ByQuery),
		chromedp.Evaluate(`document.querySelector("#layers form").offsetParent !== null`, &form))
	if err != nil || form {
		t.Errorf("a form is shown: %t %v", form, err)
	}
	for _, s := range []string{text(t, ctx, "#layers h2"), text(t, ctx, ".layers-open")} {
		if s != "Layers" {
			t.Errorf("the page offers %q", s)
		}
	}
	has(t, "the list", text(t, ctx, "#layers"), "clinics", "Residential land")
}

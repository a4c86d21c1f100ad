package api_test

import (
	"context"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"lifecircle/api"
)

// browser opens a headless browser, or skips the test where there is none. Whatever the page asks of another server, and whatever
// its console complains of, fails the test.
func browser(t *testing.T, server *httptest.Server) context.Context {
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
			if e.Entry.Level == log.LevelError {
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

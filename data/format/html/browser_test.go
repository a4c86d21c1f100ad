package html_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"lifecircle/coverage/report"
)

// browser opens a headless browser, or skips the test where there is none. Whatever a page asks of the network, runs, or its policy forbids
// fails the test.
func browser(t *testing.T, address string) context.Context {
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
		t.Skip("no chromium or chrome on this machine: the page is not looked at")
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox)...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 240*time.Second)
	t.Cleanup(cancel)
	var mu sync.Mutex
	var complaints []string
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, c := range complaints {
			t.Error(c)
		}
	})
	chromedp.ListenTarget(ctx, func(event any) {
		s := ""
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			if e.Request.URL != address+"/zh" && e.Request.URL != address+"/en" && !strings.HasSuffix(e.Request.URL, "/favicon.ico") {
				s = "the page asks for " + e.Request.URL
			}
		case *runtime.EventExceptionThrown:
			s = "exception: " + e.ExceptionDetails.Error()
		case *cdp.EventJavascriptDialogOpening:
			s = "a script of the page runs: " + e.Message
		case *log.EventEntryAdded:
			if e.Entry.Level == log.LevelError && !strings.Contains(e.Entry.URL, "favicon") {
				s = "console: " + e.Entry.Text
			}
		}
		if s != "" {
			mu.Lock()
			defer mu.Unlock()
			complaints = append(complaints, s)
		}
	})
	if err := chromedp.Run(ctx, network.Enable(), log.Enable()); err != nil {
		t.Skipf("the browser does not start: %v", err)
	}
	return ctx
}

// tooWide lists elements that reach beyond the paper.
const tooWide = `[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && getComputedStyle(e).display != "none" && !e.closest(".skip")).
	map(e => e.tagName + " " + Math.round(e.getBoundingClientRect().right) + " " + e.textContent.slice(0, 40)).slice(0, 5)`

// overlaps lists words of a figure that a browser draws over each other, or out of the picture. Letters take the middle of their line.
const overlaps = `[...document.querySelectorAll("figure svg")].flatMap(svg => {
	const frame = svg.getBoundingClientRect(), out = [];
	const boxes = [...svg.querySelectorAll("text")].map(e => { const r = e.getBoundingClientRect(); return {s: e.textContent, x0: r.left, x1: r.right, y0: r.top + r.height * .3, y1: r.bottom - r.height * .3}; });
	boxes.forEach((a, i) => {
		if (a.x0 < frame.left - 2 || a.x1 > frame.right + 2 || a.y0 < frame.top || a.y1 > frame.bottom) out.push("outside: " + a.s);
		for (const b of boxes.slice(0, i)) if (a.x0 < b.x1 - 1 && b.x0 < a.x1 - 1 && a.y0 < b.y1 && b.y0 < a.y1) out.push(a.s + " over " + b.s);
	});
	return out;
}).slice(0, 5)`

// cut lists table cells whose words run out of them.
const cut = `[...document.querySelectorAll("th,td,dd,li,caption,figcaption")].filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0).map(e => e.textContent.slice(0, 60)).slice(0, 5)`

// Nothing runs over the edge of a sheet of A4 or over other words, on screen, on a telephone and printed, in both languages and whatever
// places are called; and the page prints.
func TestPageInBrowser(t *testing.T) {
	var r *report.Report
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		lang := strings.TrimPrefix(q.URL.Path, "/")
		if lang != "zh" && lang != "en" {
			http.NotFound(w, q)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(write(t, r, lang)))
	}))
	defer server.Close()
	ctx := browser(t, server.URL)
	look := func(what, script string) {
		t.Helper()
		var found []string
		if err := chromedp.Run(ctx, chromedp.Evaluate(script, &found)); err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			t.Errorf("%s: %s", what, f)
		}
	}
	mixed := func(i int) string { // every hostile name, and plain ones between them
		if i%2 == 1 {
			return plain(i)
		}
		return odd(i / 2)
	}
	r = town(30, 14, mixed)
	for _, lang := range []string{"zh", "en"} {
		if err := chromedp.Run(ctx, emulation.SetEmulatedMedia(), chromedp.EmulateViewport(1280, 900), chromedp.Navigate(server.URL+"/"+lang), chromedp.WaitVisible("footer", chromedp.ByQuery)); err != nil {
			t.Fatal(err)
		}
		what := lang
		look(what+", screen", tooWide)
		look(what+", screen", overlaps)
		look(what+", screen", cut)
		var wide bool // a telephone scrolls tables and figures in their boxes, never the page
		if err := chromedp.Run(ctx, chromedp.EmulateViewport(390, 844), chromedp.Evaluate(`document.documentElement.scrollWidth > 391`, &wide)); err != nil || wide {
			t.Errorf("%s: the page is wider than a telephone: %v", what, err)
		}
		if err := chromedp.Run(ctx, emulation.SetEmulatedMedia().WithMedia("print"), chromedp.EmulateViewport(642, 934)); err != nil { // the text of A4 between margins of 20 mm
			t.Fatal(err)
		}
		look(what+", print", tooWide)
		look(what+", print", overlaps)
		look(what+", print", cut)
		var pdf []byte
		err := chromedp.Run(ctx, chromedp.ActionFunc(func(ctx context.Context) (err error) {
			pdf, _, err = cdp.PrintToPDF().WithPreferCSSPageSize(true).WithPrintBackground(true).Do(ctx)
			return err
		}))
		if pages := strings.Count(string(pdf), "/Type /Page\n"); err != nil || pages < 6 || pages > 40 {
			t.Errorf("%s: %d pages, %d bytes: %v", what, pages, len(pdf), err)
		}
	}
}

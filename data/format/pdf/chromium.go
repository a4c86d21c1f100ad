package pdf

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	"lifecircle/coverage"
)

// browsers are the names under which a Chromium is looked for.
var browsers = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"}

// Chromium gives the path of an installed Chromium, "" if there is none.
func Chromium() string {
	for _, name := range browsers {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// printTime bounds the printing of one document.
const printTime = 2 * time.Minute

// ByChromium prints a page of HTML, which must be whole in itself, with the Chromium at path. It has no network, no script and no profile
// of anybody. Errors: Unavailable if it does not start or end in time.
func ByChromium(ctx context.Context, path string, html []byte) ([]byte, error) {
	dir, err := os.MkdirTemp("", "lifecircle-pdf-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	in, out := filepath.Join(dir, "report.html"), filepath.Join(dir, "report.pdf")
	if err := os.WriteFile(in, html, 0o600); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, printTime)
	defer cancel()
	args := []string{"--headless", "--disable-gpu", "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic", "--no-first-run",
		"--host-resolver-rules=MAP * ~NOTFOUND", "--user-data-dir=" + filepath.Join(dir, "profile"), "--no-pdf-header-footer", "--print-to-pdf=" + out, "file://" + in}
	if os.Geteuid() == 0 {
		args = append([]string{"--no-sandbox"}, args...) // it refuses to start as root otherwise; the page is our own
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.WaitDelay = 5 * time.Second
	said, err := cmd.CombinedOutput()
	b, e := os.ReadFile(out)
	if err != nil || e != nil {
		if ctx.Err() != nil && context.Cause(ctx) == context.Canceled {
			return nil, ctx.Err()
		}
		return nil, &coverage.Error{Code: coverage.Unavailable, File: filepath.Base(path), Err: fmt.Errorf("%w: %.500s", cmp(err, e), said),
			Text: coverage.Text{Zh: "未能打印 PDF", En: "could not print the PDF"}, Hint: coverage.Text{Zh: "可改用 --pdf builtin", En: "use --pdf builtin instead"}}
	}
	return undated(b), nil
}

func cmp(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

var dates = regexp.MustCompile(`/(?:CreationDate|ModDate) ?\(D:(\d{14}[^)]*)\)`)

// undated puts a fixed time in the place of when a PDF was made, of the same length, so that nothing in the file moves.
func undated(b []byte) []byte {
	const fixed = "20000101000000+00'00'"
	for _, m := range dates.FindAllSubmatchIndex(b, -1) {
		for i := m[2]; i < m[3]; i++ {
			c := byte(' ')
			if i-m[2] < len(fixed) {
				c = fixed[i-m[2]]
			}
			b[i] = c
		}
	}
	return b
}

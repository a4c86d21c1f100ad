// Package pdf writes a report as PDF on A4: cover, contents with page numbers, bookmarks, headings, tables that go on over pages under
// repeated heads, figures as vectors. Write sets it in the embedded font and gives the same bytes for the same report. ByChromium prints a
// report's HTML page with a Chromium that is installed: those bytes hang on its version, though not on the time.
package pdf

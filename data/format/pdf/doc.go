// Package pdf writes a report as PDF on A4: cover, contents with page numbers, bookmarks, headings, tables that go on over pages under
// repeated heads, wide ones on pages across and in parts that repeat the names, figures as vectors. Package pages says how things are
// numbered, what is left out and how columns are shared out, as in the other documents. Write sets it in the embedded font and gives the
// same bytes for the same report. ByChromium prints a report's HTML page with a Chromium that is installed: those bytes hang on its
// version, though not on the time.
package pdf

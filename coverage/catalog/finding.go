package catalog

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity says what a finding means for the catalog.
type Severity string

const (
	SeverityError   Severity = "error"   // the catalog cannot be used
	SeverityWarning Severity = "warning" // probably not what its author meant
	SeverityInfo    Severity = "info"    // worth knowing, nothing to repair
)

// Finding is one remark on a catalog file. Line and Column count from 1; Path names the place in words of the file, such as
// requirements[2].limit.radius_m; Code is stable and may be relied on by scripts.
type Finding struct {
	Severity Severity `json:"severity"`
	Line     int      `json:"line"`
	Column   int      `json:"column"`
	Path     string   `json:"path"`
	Code     string   `json:"code"`
	Text     Text     `json:"text"`
	Hint     Text     `json:"hint,omitzero"` // what to do; empty where the text says it
}

// String is the finding in English on one line, as compilers print theirs, without the file's name.
func (f Finding) String() string {
	s := fmt.Sprintf("%d:%d: %s: %s [%s]", f.Line, f.Column, f.Severity, f.Text.En, f.Code)
	if f.Hint.En != "" {
		s += "; " + f.Hint.En
	}
	return s
}

// Error says that a catalog or a list of services cannot be used. Findings hold at least one of severity error.
type Error struct {
	File     string
	Findings []Finding
}

// Error names the file, the first error with its place and remedy, and how many more there are.
func (e *Error) Error() string {
	first, count := "", 0
	for _, f := range e.Findings {
		if f.Severity != SeverityError {
			continue
		}
		if count++; count == 1 {
			first = f.String()
		}
	}
	if count > 1 {
		return fmt.Sprintf("%s:%s (and %d more errors)", e.File, first, count-1)
	}
	return e.File + ":" + first
}

// sortFindings puts findings in the order of the file; ties by path and code, so that the order never depends on the walk.
func sortFindings(findings []Finding) {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Path, b.Path), cmp.Compare(a.Code, b.Code))
	})
}

func hasErrors(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Severity == SeverityError })
}

package crs

import "fmt"

// Code says what kind of error an Error is.
type Code string

// The kinds of errors.
const (
	Unknown  Code = "unknown_crs"   // it names no system that is known here
	Broken   Code = "broken_crs"    // the text is no definition
	Conflict Code = "crs_conflict"  // its parts contradict each other
	Consent  Code = "crs_consent"   // it is read only after Accept
	Range    Code = "crs_range"     // coordinates cannot be of this system
	Units    Code = "crs_parameter" // a parameter, unit or method that is not understood
)

// Error is an error of this package: what happened and what to do, in both languages.
type Error struct {
	Code Code
	Text Text
	Hint Text // may be empty
}

// Error gives the English sentences.
func (e *Error) Error() string {
	if e.Hint.En == "" {
		return e.Text.En
	}
	return e.Text.En + "; " + e.Hint.En
}

// newError fills one format per language with the same arguments; a label appears in the format's language.
func newError(code Code, zh, en string, args ...any) *Error {
	inZh, inEn := make([]any, len(args)), make([]any, len(args))
	for i, a := range args {
		inZh[i], inEn[i] = a, a
		if l, ok := a.(label); ok {
			inZh[i], inEn[i] = l.Zh, l.En
		}
	}
	return &Error{Code: code, Text: Text{fmt.Sprintf(zh, inZh...), fmt.Sprintf(en, inEn...)}}
}

func (e *Error) hint(zh, en string) *Error {
	e.Hint = Text{zh, en}
	return e
}

// quote makes text from a file fit for a message: short and without control characters.
func quote(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return fmt.Sprintf("%q", s)
}

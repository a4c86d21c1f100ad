package coverage

import (
	"errors"
	"fmt"
	"strings"

	"lifecircle/coverage/catalog"
)

// Text is a sentence in the two languages of a planner.
type Text = catalog.Text

// Code says what kind of error an Error is. The command line maps it to an exit
// code and the server to an HTTP status, each in one place.
type Code string

// The kinds of error.
const (
	Internal    Code = "internal"    // our fault: exit 1, 500
	Invalid     Code = "invalid"     // wrong usage: exit 2, 400
	NotFound    Code = "not_found"   // no such thing: exit 2, 404
	Conflict    Code = "conflict"    // it exists with other content: exit 2, 409
	Refused     Code = "refused"     // the input is refused, nothing was written: exit 3, 422
	Condition   Code = "condition"   // done, but a condition of the user does not hold: exit 4
	Unavailable Code = "unavailable" // locked, read-only, full: exit 1, 503
)

// Error is an error that a person can act on: what happened, where, and what to do.
type Error struct {
	Code  Code
	Text  Text   // what happened
	File  string // base name of the file, if any
	Row   int    // 1-based number of the feature or row, 0 if none
	Field string // column, property or option, if any
	Hint  Text   // what to do
	Err   error  // the cause; logged, shown only to developers
}

// Error gives the English sentence: file, row, field, what happened, what to do.
func (e *Error) Error() string { return e.In("en") }

// In gives the whole message in a language, "zh" or "en".
func (e *Error) In(lang string) string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		b.WriteString(": ")
	}
	if e.Row > 0 {
		if lang == "zh" {
			fmt.Fprintf(&b, "第 %d 个要素: ", e.Row)
		} else {
			fmt.Fprintf(&b, "feature %d: ", e.Row)
		}
	}
	if e.Field != "" {
		b.WriteString(e.Field)
		b.WriteString(": ")
	}
	b.WriteString(e.Text.In(lang))
	if h := e.Hint.In(lang); h != "" {
		if lang == "zh" {
			b.WriteString("。")
		} else {
			b.WriteString("; ")
		}
		b.WriteString(h)
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf gives the code of the first Error in err's chain, Internal for any other error, "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// Errorf makes an Error with the same text in both languages filled from one format per language.
func Errorf(code Code, zh, en string, args ...any) *Error {
	return &Error{Code: code, Text: Text{Zh: fmt.Sprintf(zh, args...), En: fmt.Sprintf(en, args...)}}
}

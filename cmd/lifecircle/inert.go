package main

import (
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Names and ids come from other people's files: printed as they are, a control sequence in one would move the cursor, rename
// the window or turn the rest of a line around.

// inert replaces control characters and marks of direction; lines and tabs stay.
func inert(s string) string {
	if strings.IndexFunc(s, active) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if active(r) {
			return '\ufffd'
		}
		return r
	}, s)
}

func active(r rune) bool {
	return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r))
}

// inertWriter writes words for people. It keeps back a rune that a write has cut.
type inertWriter struct {
	w    io.Writer
	rest []byte
}

func (i *inertWriter) Write(p []byte) (int, error) {
	b := append(i.rest, p...)
	end := len(b)
	for k := 1; k < utf8.UTFMax && k <= len(b); k++ {
		if c := b[len(b)-k]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-k:]) {
				end = len(b) - k
			}
			break
		}
	}
	i.rest = append([]byte(nil), b[end:]...)
	if _, err := io.WriteString(i.w, inert(string(b[:end]))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// cut shortens a cell of a table to a width.
func cut(s string, width int) string {
	if uniseg.StringWidth(s) <= width {
		return s
	}
	var b strings.Builder
	at := 0
	for g := uniseg.NewGraphemes(s); g.Next(); {
		if at += g.Width(); at > width-1 {
			break
		}
		b.WriteString(g.Str())
	}
	return b.String() + "…"
}

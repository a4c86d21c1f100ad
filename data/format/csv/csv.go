// Package csv writes result tables as CSV that spreadsheets open as they are: UTF-8 with BOM, one header row,
// fixed decimals, empty for unknown, and no cell that would run as a formula.
package csv

import (
	"bufio"
	"io"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
)

// Write writes a table (RFC 4180, lines end in CR LF).
func Write(w io.Writer, t *coverage.Table) error {
	b := bufio.NewWriterSize(w, 1<<16)
	if _, err := b.WriteString("\ufeff"); err != nil {
		return err
	}
	var line []byte
	for i, c := range t.Columns {
		if i > 0 {
			line = append(line, ',')
		}
		line = appendField(line, c.Name)
	}
	if _, err := b.Write(append(line, '\r', '\n')); err != nil {
		return err
	}
	err := t.Each(func(_ string, row []coverage.Value, _ orb.Geometry) error {
		line = line[:0]
		for i, c := range t.Columns {
			if i > 0 {
				line = append(line, ',')
			}
			if c.Type == coverage.TextColumn && !row[i].Null {
				line = appendField(line, Inert(row[i].Text))
			} else {
				line = c.AppendText(line, row[i])
			}
		}
		_, err := b.Write(append(line, '\r', '\n'))
		return err
	})
	if err != nil {
		return err
	}
	return b.Flush()
}

// Inert escapes a text that a spreadsheet would run as a formula: an apostrophe goes before =, +, -, @, tab and CR
// at its beginning (OWASP, CSV injection). Other texts stay as they are.
func Inert(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\uff1d\uff0b\uff0d\uff20", firstRune(s)) {
		return "'" + s
	}
	return s
}

func firstRune(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}

func appendField(dst []byte, s string) []byte {
	if !strings.ContainsAny(s, ",\"\r\n") && strings.TrimSpace(s) == s {
		return append(dst, s...)
	}
	dst = append(dst, '"')
	for i := 0; i < len(s); i++ {
		if s[i] == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"')
}

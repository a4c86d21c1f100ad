// Package csv reads text tables as planners have them, and writes result tables as CSV that spreadsheets open as they are.
//
// Read: UTF-8, UTF-16 with a byte order mark, GBK and GB18030; columns separated by a comma, semicolon, tab or bar; places in columns of
// longitude and latitude, of Amap's location or of well-known text (package table). Both are found by content and can be stated.
//
// Written: UTF-8 with BOM, one header row, fixed decimals, empty for unknown, and no cell that would run as a formula.
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

// Inert escapes a text that a spreadsheet would run as a formula: an apostrophe goes before =, +, -, @, tab, CR and LF
// at its beginning (OWASP, CSV injection). Other texts stay as they are, and so do plain numbers with a sign: the ids
// of OSM relations are often negative, and scripts join by them.
func Inert(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20", firstRune(s)) && !signedNumber(s) {
		return "'" + s
	}
	return s
}

// signedNumber tells -12 and +1.5: a sign, digits, and at most one point between them.
func signedNumber(s string) bool {
	whole, fraction, point := strings.Cut(s[1:], ".")
	return (s[0] == '-' || s[0] == '+') && digits(whole) && (!point || digits(fraction))
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
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

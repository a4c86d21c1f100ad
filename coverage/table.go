package coverage

import (
	"strconv"
	"strings"

	"github.com/paulmach/orb"
)

// ColumnType is the type of a table's column.
type ColumnType uint8

// Types of columns.
const (
	TextColumn    ColumnType = iota
	IntegerColumn            // Value.Int
	DecimalColumn            // Value.Int scaled by 10^Decimals: printed with exactly that many decimals
	BooleanColumn            // Value.Int 0 or 1
)

// Column is one column of a table. Names and order are a contract (design.md §8).
type Column struct {
	Name     string
	Type     ColumnType
	Decimals int
}

// Value is one cell: text, or an integer scaled as its column says, or unknown (Null).
type Value struct {
	Text string
	Int  int64
	Null bool
}

// Constructors of cells.
func text(s string) Value   { return Value{Text: s} }
func integer(n int64) Value { return Value{Int: n} }
func null() Value           { return Value{Null: true} }
func textOrNull(s string) Value {
	return Value{Text: s, Null: s == ""}
}

// Table is what every export shows: the same names, order and digits in CSV, GeoJSON, the
// project file and the service. Rows come sorted by their id columns.
type Table struct {
	Name         string
	Columns      []Column
	GeometryType string // "Point", "MultiPolygon" or "" (no geometry)
	Len          int    // number of rows
	Same         []bool // columns in which all rows are known to say the same; nil: not known of any
	// Each calls yield for every row in order until it returns an error. The row is only valid
	// during the call. id names the row uniquely within the table.
	Each func(yield func(id string, row []Value, g orb.Geometry) error) error
}

// AppendText appends a cell as it stands in a CSV file or a table of a report, without quoting:
// unknown is empty, decimals have their column's number of places.
func (c Column) AppendText(dst []byte, v Value) []byte {
	if v.Null {
		return dst
	}
	switch c.Type {
	case TextColumn:
		return append(dst, v.Text...)
	case BooleanColumn:
		return strconv.AppendBool(dst, v.Int != 0)
	case DecimalColumn:
		return AppendDecimal(dst, v.Int, c.Decimals)
	}
	return strconv.AppendInt(dst, v.Int, 10)
}

// AppendJSON appends a cell as JSON: unknown is null, decimals are numbers with their column's places.
func (c Column) AppendJSON(dst []byte, v Value) []byte {
	if v.Null {
		return append(dst, "null"...)
	}
	if c.Type == TextColumn {
		return AppendJSONString(dst, v.Text)
	}
	return c.AppendText(dst, v)
}

// AppendRowJSON appends a row as a JSON object of its columns, in their order.
func (t *Table) AppendRowJSON(dst []byte, row []Value) []byte {
	dst = append(dst, '{')
	for i, c := range t.Columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendJSONString(dst, c.Name)
		dst = append(dst, ':')
		dst = c.AppendJSON(dst, row[i])
	}
	return append(dst, '}')
}

// AppendDecimal appends n · 10^−decimals with exactly that many decimals.
func AppendDecimal(dst []byte, n int64, decimals int) []byte {
	if n < 0 {
		dst = append(dst, '-')
		n = -n
	}
	digits := strconv.FormatInt(n, 10)
	if decimals == 0 {
		return append(dst, digits...)
	}
	if len(digits) <= decimals {
		digits = strings.Repeat("0", decimals-len(digits)+1) + digits
	}
	dst = append(dst, digits[:len(digits)-decimals]...)
	dst = append(dst, '.')
	return append(dst, digits[len(digits)-decimals:]...)
}

// AppendJSONString appends s as a JSON string; invalid UTF-8 becomes U+FFFD.
func AppendJSONString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, '\\', 'n')
		case r < 0x20 || r == 0x7f:
			dst = append(dst, '\\', 'u', '0', '0', hex[r>>4&15], hex[r&15])
		default:
			dst = append(dst, string(r)...)
		}
	}
	return append(dst, '"')
}

package ledgerbook

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
	"lifecircle/coverage/ledger"
	"lifecircle/data/format/csv"
	"lifecircle/data/format/table"
	"lifecircle/data/format/xlsx"
)

// maxImport bounds the rows of a file that comes home.
const maxImport = 2_000_000

// Sheet is what a filled-in ledger holds.
type Sheet struct {
	Rows    []ledger.Row
	Ignored []string // headers of columns that the ledger does not know
}

// source is a table that is read row by row.
type source interface {
	Next() (intake.Row, error)
	Info() intake.SourceInfo
}

// Read reads a workbook or text table that WriteXLSX or WriteCSV wrote and somebody filled in; which of them is told by content. file is its name for
// errors, which are of code coverage.Refused: neither of them, damaged, or without the columns that tell what a row is of.
func Read(r io.ReaderAt, size int64, file string) (*Sheet, error) {
	sheet, err := read(r, size)
	if e, ok := err.(*coverage.Error); ok && e.File == "" {
		e.File = file
	}
	return sheet, err
}

func read(r io.ReaderAt, size int64) (*Sheet, error) {
	head := make([]byte, min(size, 512))
	if n, err := r.ReadAt(head, 0); err != nil && err != io.EOF || n < len(head) {
		return nil, err
	}
	options := table.Options{Attributes: true}
	if xlsx.Sniff(head) || xlsx.SniffLegacy(head) {
		x, err := xlsx.Open(r, size, xlsx.Options{Options: options, Sheet: sheetLedger})
		if coverage.CodeOf(err) == coverage.NotFound { // renamed
			x, err = xlsx.Open(r, size, xlsx.Options{Options: options})
		}
		if err != nil {
			return nil, err
		}
		defer x.Close()
		return rows(x)
	}
	x, err := csv.NewReader(io.NewSectionReader(r, 0, size), csv.Options{Options: options})
	if err != nil {
		return nil, err
	}
	return rows(x)
}

// bare takes the apostrophe away that kept a text from being run as a formula.
func bare(s string) string {
	if rest, ok := strings.CutPrefix(s, "'"); ok && (strings.HasPrefix(rest, "'") || csv.Inert(rest) != rest) {
		return rest
	}
	return s
}

var unnamed = regexp.MustCompile(`^column \d+$`)

func rows(x source) (*Sheet, error) {
	s := &Sheet{Rows: []ledger.Row{}, Ignored: []string{}}
	keys := map[string]string{} // by header
	taken := map[string]bool{}
	for _, header := range x.Info().Fields {
		c := ledger.ColumnOf(header)
		switch {
		case c == nil:
			if !unnamed.MatchString(header) {
				s.Ignored = append(s.Ignored, strings.Join(strings.Fields(header), " "))
			}
		case taken[c.Key]:
			return nil, refuse("列“"+c.Header()+"”重复", fmt.Sprintf("the column %q stands twice", c.Header()), c.Header(), "删去其中一列", "remove one of them")
		default:
			taken[c.Key], keys[header] = true, c.Key
		}
	}
	for i := range ledger.Columns {
		if c := &ledger.Columns[i]; c.Needed() && !taken[c.Key] {
			return nil, refuse("没有列“"+c.Header()+"”", fmt.Sprintf("there is no column %q", c.Header()), c.Header(),
				"这不像导出的台账；用 lifecircle ledger export 取得，保留表头", "this does not look like an exported ledger: lifecircle ledger export makes one; keep its headers")
		}
	}
	for {
		row, err := x.Next()
		if err == io.EOF {
			return s, nil
		}
		if err != nil {
			return nil, err
		}
		if len(s.Rows) == maxImport {
			return nil, refuse(fmt.Sprintf("多于 %d 行", maxImport), fmt.Sprintf("there are more than %d rows", maxImport), "", "分成几个文件", "make several files of it")
		}
		out := ledger.Row{N: row.Line}
		if row.Refused != nil {
			out.Fault = &row.Refused.Text
		}
		blank := row.Refused == nil
		for header, key := range keys {
			v, _ := row.Feature.Properties.Get(header)
			out.Cells.Set(key, v.Text)
			blank = blank && strings.TrimSpace(v.Text) == ""
		}
		if mark, ok := strings.CutPrefix(strings.TrimSpace(out.Cells.Text(ledger.MarkColumn)), escaped); ok {
			for _, key := range keys {
				out.Cells.Set(key, bare(out.Cells.Text(key)))
			}
			out.Cells.Set(ledger.MarkColumn, mark)
		}
		if !blank {
			s.Rows = append(s.Rows, out)
		}
	}
}

func refuse(zh, en, field, hintZh, hintEn string) *coverage.Error {
	return &coverage.Error{Code: coverage.Refused, Field: field, Text: coverage.Text{Zh: zh, En: en}, Hint: coverage.Text{Zh: hintZh, En: hintEn}}
}

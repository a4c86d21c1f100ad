package intake

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"lifecircle/coverage"
	"lifecircle/geo/geojson"
)

// csvSource reads a comma-separated table (RFC 4180, UTF-8 with or without BOM, one header row) strictly: a stray quote refuses
// the whole file, since it may have swallowed rows; a row with too few or too many cells is refused by itself. Cells are text, so
// that codes keep their leading zeros; an empty cell is null.
type csvSource struct {
	r      *csv.Reader
	limit  *rowLimit
	fields []string
	order  []int // columns in the order of their names' bytes
	n      int
}

// Bounds of a table: a row is held in memory, and a spreadsheet has no more columns.
const (
	maxRowBytes = 16 << 20
	maxColumns  = 16_384
)

// rowLimit stops a row that does not end, such as one behind a quote that is never closed.
type rowLimit struct {
	r    io.Reader
	left int // bytes until the row must have ended
}

func (l *rowLimit) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, refused("", "一行超过 %s", "a row has more than %s", mebibytes(maxRowBytes)).
			hint("可能有未闭合的引号, 或换行符缺失", "a quote may be open, or the line ends missing").err()
	}
	n, err := l.r.Read(p[:min(len(p), l.left)])
	l.left -= n
	return n, err
}

// newCSVSource reads the header. Errors are of code coverage.Refused.
func newCSVSource(r io.Reader) (Source, error) {
	limit := &rowLimit{r, maxRowBytes}
	in := bufio.NewReaderSize(limit, 64<<10)
	head, err := in.Peek(4096)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		if _, err := in.Discard(3); err != nil {
			return nil, err
		}
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return nil, refused("", "表格是 UTF-16 编码", "the table is UTF-16").
			hint("另存为“CSV UTF-8”", "save it as “CSV UTF-8”").err()
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return nil, refused("", "这是电子表格文件, 不是 CSV", "this is a spreadsheet, not CSV").
			hint("另存为“CSV UTF-8”", "save it as “CSV UTF-8”").err()
	case looksLikeJSON(head):
		return nil, refused("", "属性表应为 CSV, 这是 JSON", "a table of attributes comes as CSV, this is JSON").
			hint("带几何的图层请用其他 --as", "layers with geometries have other roles (--as)").err()
	case bytes.IndexByte(head, 0) >= 0:
		return nil, refused("", "这不是文本文件", "this is not a text file").err()
	}
	s := &csvSource{r: csv.NewReader(in), limit: limit}
	header, err := s.r.Read()
	switch {
	case err == io.EOF:
		return nil, refused("", "空文件", "the file is empty").err()
	case err != nil:
		return nil, csvError(err)
	}
	if len(header) > maxColumns {
		return nil, refused("", "表头有 %d 列, 最多 %d 列", "the header has %d columns, at most %d are read", len(header), maxColumns).err()
	}
	seen := make(map[string]bool, len(header))
	for i, name := range header {
		if !utf8.ValidString(name) {
			return nil, notUTF8(1)
		}
		name = strings.TrimSpace(name)
		if name == "" && len(header) > 1 {
			name = fmt.Sprintf("column %d", i+1)
		}
		if seen[name] {
			return nil, refused("", "列名重复", "two columns have the same name").field(name).
				hint("给其中一列改名", "rename one of them").err()
		}
		seen[name] = true
		s.fields = append(s.fields, name)
	}
	if len(header) == 1 && strings.ContainsAny(header[0], ";\t") {
		return nil, refused("", "列不是以逗号分隔", "the columns are not separated by commas").
			hint("另存为以逗号分隔的 CSV", "save it as comma-separated CSV").err()
	}
	if len(header) == 1 && s.fields[0] == "" {
		return nil, refused("", "没有表头", "there is no header row").err()
	}
	for i := range s.fields {
		s.order = append(s.order, i)
	}
	slices.SortFunc(s.order, func(a, b int) int { return strings.Compare(s.fields[a], s.fields[b]) })
	return s, nil
}

func (s *csvSource) Next() (Row, error) {
	s.limit.left = maxRowBytes
	cells, err := s.r.Read()
	if err == io.EOF {
		return Row{}, io.EOF
	}
	if err != nil && !errors.Is(err, csv.ErrFieldCount) {
		return Row{}, csvError(err)
	}
	s.n++
	line, _ := s.r.FieldPos(0)
	row := Row{N: s.n, Line: line}
	if err != nil {
		row.Refused = finding("cell_count", fmt.Sprintf("有 %d 个单元格, 表头有 %d 列", len(cells), len(s.fields)),
			fmt.Sprintf("%d cells where the header has %d", len(cells), len(s.fields)))
	}
	for _, i := range s.order {
		if i >= len(cells) {
			continue
		}
		value := geojson.Value{}
		if text := cells[i]; text != "" {
			if !utf8.ValidString(text) {
				return Row{}, notUTF8(line)
			}
			value = geojson.Value{Kind: geojson.String, Text: text}
		}
		row.Feature.Properties = append(row.Feature.Properties, geojson.Property{Key: s.fields[i], Value: value})
	}
	return row, nil
}

func (s *csvSource) Info() SourceInfo { return SourceInfo{Format: "csv", Fields: s.fields} }

func notUTF8(line int) error {
	return refused("", "第 %d 行不是 UTF-8 文本", "line %d is not UTF-8 text", line).
		hint("可能是 GBK 编码; 另存为“CSV UTF-8”", "it may be GBK; save it as “CSV UTF-8”").err()
}

func csvError(err error) error {
	var p *csv.ParseError
	if !errors.As(err, &p) {
		return err
	}
	e := coverage.Errorf(coverage.Refused, "第 %d 行第 %d 列: 引号错误", "line %d, byte %d: %s", p.Line, p.Column, p.Err.Error())
	e.Text.Zh = fmt.Sprintf("第 %d 行第 %d 字节: 引号错误", p.Line, p.Column)
	e.Err = err
	e.Hint = coverage.Text{Zh: "带引号的单元格里, 引号要写两遍", En: "inside a quoted cell a quote is written twice"}
	return e
}

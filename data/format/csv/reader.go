package csv

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
	"lifecircle/data/format/charset"
	"lifecircle/data/format/table"
)

// Options say what is known of a text table beforehand.
type Options struct {
	table.Options
	Encoding  string // such as gb18030; default: the byte order mark, else found by content
	Delimiter rune   // default: , ; tab or |, as the first rows show
}

// MaxRecordBytes bounds one row: a quote that is never closed would else swallow the file.
const MaxRecordBytes = 16 << 20

// maxColumns bounds the header.
const maxColumns = 16_384

// Reader reads a text table (RFC 4180, one header row) as a stream of rows. It is strict: a stray quote refuses the whole file, since
// it may have swallowed rows; a row with too few or too many cells is refused by itself. It is not for concurrent use.
type Reader struct {
	text   *charset.Reader
	bound  *allowance
	r      *csv.Reader
	table  *table.Table
	delim  rune
	n      int
	line   int      // where the last record began
	sample []record // read ahead to recognise columns
	err    error    // met behind the sample
}

type record struct {
	line  int
	cells []string
}

// Sniff reports whether a file's beginning may be a text table: text of one line at least, and of no format that other readers know.
// Every text may be one; ask the other formats first.
func Sniff(head []byte) bool {
	switch {
	case len(bytes.TrimSpace(head)) == 0:
		return false
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return true
	}
	start := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n\x1e")
	return len(start) > 0 && start[0] != '{' && start[0] != '[' && start[0] != '<' && bytes.IndexByte(head, 0) < 0
}

// NewReader reads the header and the first rows of r. Errors are of code coverage.Refused, or coverage.Invalid for the options'.
func NewReader(r io.Reader, o Options) (*Reader, error) {
	stated, err := charset.Option(o.Encoding)
	if err != nil {
		return nil, err
	}
	if o.Delimiter != 0 && (o.Delimiter == '"' || o.Delimiter == '\r' || o.Delimiter == '\n' || o.Delimiter == '\uFFFD') {
		e := coverage.Errorf(coverage.Invalid, "分隔符 %q 不可用", "%q cannot separate columns", o.Delimiter)
		e.Field = "delimiter"
		return nil, e
	}
	raw := bufio.NewReaderSize(r, 64<<10)
	start, _ := raw.Peek(8) // an error comes again
	if err := checkMagic(start); err != nil {
		return nil, err
	}
	x := &Reader{text: charset.NewReader(raw, stated)}
	in := bufio.NewReaderSize(x.text, 64<<10)
	head, err := in.Peek(64 << 10)
	if err != nil && err != io.EOF && len(head) == 0 {
		return nil, err
	}
	if err := checkText(head); err != nil {
		return nil, err
	}
	if lone(head) {
		in = bufio.NewReaderSize(&returns{in}, 64<<10)
		head, _ = in.Peek(64 << 10)
	}
	x.delim = o.Delimiter
	if c, n, ok := declared(head); ok {
		if _, err := in.Discard(n); err != nil {
			return nil, err
		}
		head = head[n:]
		if x.delim == 0 {
			x.delim = c
		}
	}
	if x.delim == 0 {
		x.delim = sniffDelimiter(head)
	}
	x.bound = &allowance{r: in}
	x.r = csv.NewReader(bufio.NewReaderSize(x.bound, 64<<10))
	x.r.Comma = x.delim
	x.r.FieldsPerRecord = -1
	if err := x.open(o.Options); err != nil {
		return nil, err
	}
	return x, nil
}

// open reads the header and a sample.
func (x *Reader) open(o table.Options) error {
	header, err := x.read()
	switch {
	case err == io.EOF:
		return refuse("空文件", "the file is empty", "", "")
	case err != nil:
		return err
	case len(header.cells) > maxColumns:
		return refuse(fmt.Sprintf("列数 %d 超过上限 %d", len(header.cells), maxColumns), fmt.Sprintf("%d columns are more than the limit of %d", len(header.cells), maxColumns),
			"检查分隔符", "check what separates the columns")
	}
	var cells [][]string
	for size := 0; len(x.sample) < table.SampleRows && size < MaxRecordBytes; {
		row, err := x.read()
		if err != nil {
			x.err = err
			break
		}
		for _, c := range row.cells {
			size += len(c)
		}
		x.sample = append(x.sample, row)
		cells = append(cells, row.cells)
	}
	x.table, err = table.New(header.cells, cells, o)
	x.r.ReuseRecord = true
	if err != nil && len(header.cells) == 1 && strings.ContainsAny(header.cells[0], "，；") {
		var e *coverage.Error
		if errors.As(err, &e) {
			e.Hint = coverage.Text{Zh: "列要以半角逗号、分号、制表符或竖线分隔", En: "columns are separated by a plain comma, semicolon, tab or bar, not by full-width signs"}
		}
	}
	return err
}

// read takes one record.
func (x *Reader) read() (record, error) {
	x.bound.left = MaxRecordBytes
	cells, err := x.r.Read()
	if err != nil {
		return record{}, x.failure(err)
	}
	x.line, _ = x.r.FieldPos(0)
	return record{x.line, cells}, nil
}

// Next gives the next row. Rows of which every cell is blank are passed over and counted in the notes.
func (x *Reader) Next() (intake.Row, error) {
	for {
		var rec record
		switch {
		case len(x.sample) > 0:
			rec, x.sample[0] = x.sample[0], record{}
			x.sample = x.sample[1:]
		case x.err != nil:
			return intake.Row{}, x.err
		default:
			var err error
			if rec, err = x.read(); err != nil {
				x.err = err
				return intake.Row{}, err
			}
		}
		x.n++
		if x.table.Blank(rec.cells) {
			continue
		}
		return x.table.Row(x.n, rec.line, rec.cells), nil
	}
}

// Info says what is known of the file.
func (x *Reader) Info() intake.SourceInfo {
	info := x.table.Info()
	info.Format = "csv"
	if x.delim == '\t' {
		info.Format = "tsv"
	}
	found := x.text.Found()
	info.Encoding, info.EncodingKnownBy = found.Charset.String(), found.By
	return info
}

var _ intake.Source = (*Reader)(nil)

// checkMagic refuses spreadsheets, which people rename.
func checkMagic(head []byte) error {
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")) {
		return refuse("这是电子表格或压缩文件, 不是 CSV", "this is a spreadsheet or archive, not CSV", "另存为“CSV UTF-8”", "save it as “CSV UTF-8”")
	}
	return nil
}

// checkText refuses text that is no table, and says what it is.
func checkText(head []byte) error {
	switch start := bytes.TrimLeft(head, " \t\r\n\x1e"); {
	case len(start) > 0 && (start[0] == '{' || start[0] == '['):
		return refuse("表格应为 CSV, 这是 JSON", "a table comes as CSV, this is JSON", "带几何的图层请用其他 --as", "layers with geometries have other roles (--as)")
	case bytes.IndexByte(head, 0) >= 0:
		return refuse("这不是文本文件", "this is not a text file", "若是不带 BOM 的 UTF-16, 用 --encoding utf-16le", "if it is UTF-16 without a byte order mark, say --encoding utf-16le")
	}
	return nil
}

// failure makes an error of the row reader one that a planner can act on.
func (x *Reader) failure(err error) error {
	if x.bound.over {
		return refuse(fmt.Sprintf("第 %d 行之后的一行超过 %d MiB", x.line, MaxRecordBytes>>20), fmt.Sprintf("a row behind line %d is longer than %d MiB", x.line, MaxRecordBytes>>20),
			"可能有引号没有成对", "a quote may not be closed")
	}
	var p *csv.ParseError
	if !errors.As(err, &p) {
		return err
	}
	e := coverage.Errorf(coverage.Refused, "第 %d 行第 %d 字节: 引号错误", "line %d, byte %d: %s", p.Line, p.Column, p.Err.Error())
	e.Text.Zh = fmt.Sprintf("第 %d 行第 %d 字节: 引号错误", p.Line, p.Column)
	e.Err = err
	e.Hint = coverage.Text{Zh: "带引号的单元格里, 引号要写两遍", En: "inside a quoted cell a quote is written twice"}
	return e
}

func refuse(zh, en, hintZh, hintEn string) error {
	e := coverage.Errorf(coverage.Refused, "%s", "%s", en)
	e.Text.Zh = zh
	e.Hint = coverage.Text{Zh: hintZh, En: hintEn}
	return e
}

// allowance stops a reader that takes more bytes than one record may have.
type allowance struct {
	r    io.Reader
	left int
	over bool
}

func (a *allowance) Read(p []byte) (int, error) {
	if a.left <= 0 {
		a.over = true
		return 0, errors.New("the row is too long")
	}
	n, err := a.r.Read(p[:min(len(p), a.left)])
	a.left -= n
	return n, err
}

// lone reports whether lines end in a carriage return alone, as old programs wrote them.
func lone(head []byte) bool {
	return bytes.IndexByte(head, '\n') < 0 && bytes.IndexByte(head, '\r') >= 0
}

// returns turns carriage returns into line feeds.
type returns struct{ r io.Reader }

func (c *returns) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	for i := range p[:n] {
		if p[i] == '\r' {
			p[i] = '\n'
		}
	}
	return n, err
}

// declared reads the line sep=; that spreadsheets put in front of a table: the sign and the line's length.
func declared(head []byte) (rune, int, bool) {
	if len(head) < 6 || !bytes.EqualFold(head[:4], []byte("sep=")) || bytes.IndexByte([]byte(",;\t|"), head[4]) < 0 {
		return 0, 0, false
	}
	switch rest := head[5:]; {
	case rest[0] == '\n':
		return rune(head[4]), 6, true
	case bytes.HasPrefix(rest, []byte("\r\n")):
		return rune(head[4]), 7, true
	}
	return 0, 0, false
}

// sniffDelimiter finds what separates the columns: the sign that cuts the header into most columns, and at least half of the first
// rows into as many.
func sniffDelimiter(head []byte) rune {
	best, most := ',', 1
	for _, c := range ",\t;|" {
		r := csv.NewReader(bytes.NewReader(head))
		r.Comma, r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = c, -1, true, true
		columns, rows, same := 0, 0, 0
		for ; rows < 20; rows++ {
			cells, err := r.Read()
			if err != nil {
				break
			}
			if rows == 0 {
				columns = len(cells)
			}
			if len(cells) == columns {
				same++
			}
		}
		if columns > most && 2*same >= rows {
			best, most = c, columns
		}
	}
	return best
}

package xlsx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
	"lifecircle/data/format/table"
)

// Options say what is known of a workbook beforehand.
type Options struct {
	table.Options
	Sheet  string // name, or number counted from 1; default: the first that is visible with columns of coordinates, else not empty
	Header int    // row of the header, counted from 1; default: found below title rows
}

// Sniff reports whether a file begins like an .xlsx workbook, which is a zip archive; so do zipped Shapefiles.
func Sniff(head []byte) bool { return bytes.HasPrefix(head, []byte("PK\x03\x04")) }

// SniffLegacy reports whether a file begins like .xls or a workbook with a password. Open refuses it with words.
func SniffLegacy(head []byte) bool { return legacy(head) }

// previewRows is how many rows of a sheet are looked at to find its header and columns.
const previewRows = 100

// Reader reads a sheet as a stream of rows. It is not for concurrent use.
type Reader struct {
	w       *workbook
	sheet   sheet
	rows    *sheetReader // nil once closed
	tally   *tally
	table   *table.Table
	preview []previewed // read ahead, behind the header
	eof     bool
	err     error
	left    int // column of the table's first cell
	header  int // row
	above   int // rows above the header that hold something
	beyond  int // rows with cells outside the header's columns
	others  []string
	n       int
	cells   []string
}

// previewed is a row that was read ahead.
type previewed struct {
	n       int
	cells   []cell
	spanned []bool
	own     bool
}

// Open reads the workbook's list of sheets, chooses one, and finds its header. r must stay open while rows are read; Close frees
// what is held. Errors are of code coverage.Refused, or coverage.NotFound for a sheet that is not there.
func Open(r io.ReaderAt, size int64, o Options) (*Reader, error) {
	w, err := openWorkbook(r, size)
	if err != nil {
		return nil, err
	}
	x := &Reader{w: w}
	if o.Sheet != "" {
		s, err := w.named(o.Sheet)
		if err != nil {
			return nil, err
		}
		err = x.try(s, o)
		if err == nil && x.table == nil {
			err = refuse(nil, "工作表是空的", "the sheet is empty", w.list("zh"), w.list("en"))
		}
		if err != nil {
			x.Close()
			return nil, w.explain(err, s)
		}
		return x, nil
	}
	return x, x.choose(o)
}

// Close ends the reading.
func (x *Reader) Close() error {
	if x.rows != nil {
		x.rows.close()
		x.rows = nil
	}
	return nil
}

// choose takes the first visible sheet that can be read; where none has coordinates, the error is that of the first with content.
func (x *Reader) choose(o Options) error {
	var first error
	var content []string
	found := -1
	for _, hidden := range []bool{false, true} {
		for i, s := range x.w.sheets {
			if s.hidden != hidden || hidden && (found >= 0 || first != nil) {
				continue
			}
			y := &Reader{w: x.w}
			err := y.try(s, o)
			switch {
			case err != nil:
				y.Close()
				if own := (*coverage.Error)(nil); !errors.As(err, &own) || own.Code != coverage.Refused || found < 0 && !errors.Is(err, errNoTable) {
					return x.w.explain(err, s) // the file is damaged
				}
				if content = append(content, s.name); first == nil {
					first = x.w.explain(err, s)
				}
			case y.table == nil:
				y.Close()
			case found >= 0:
				y.Close()
				content = append(content, s.name)
			default:
				*x, found = *y, i
			}
		}
	}
	switch {
	case found >= 0:
		x.others = content
		return nil
	case first != nil:
		return first
	}
	return refuse(nil, "所有工作表都是空的", "all sheets are empty", x.w.list("zh"), x.w.list("en"))
}

// errNoTable marks errors that say that a sheet holds no table that can be used, as opposed to a damaged file.
var errNoTable = errors.New("no table")

// named finds a sheet by its name or number.
func (w *workbook) named(name string) (sheet, error) {
	for _, s := range w.sheets {
		if s.name == name {
			return s, nil
		}
	}
	if n, err := strconv.Atoi(name); err == nil && n >= 1 && n <= len(w.sheets) {
		return w.sheets[n-1], nil
	}
	e := coverage.Errorf(coverage.NotFound, "没有这个工作表", "there is no such sheet")
	e.Field = name
	e.Hint = coverage.Text{Zh: w.list("zh"), En: w.list("en")}
	return sheet{}, e
}

// list names the sheets for a hint.
func (w *workbook) list(lang string) string {
	const most = 30
	var names []string
	for i, s := range w.sheets[:min(len(w.sheets), most)] {
		names = append(names, fmt.Sprintf("%d %s", i+1, s.name))
	}
	if len(w.sheets) > most {
		names = append(names, "…")
	}
	if lang == "zh" {
		return "工作表: " + strings.Join(names, "、") + "; 用 --sheet 指定"
	}
	return "its sheets: " + strings.Join(names, ", ") + "; choose with --sheet"
}

// explain adds the sheet and the others to an error.
func (w *workbook) explain(err error, s sheet) error {
	var e *coverage.Error
	if !errors.As(err, &e) || e.Code != coverage.Refused || len(w.sheets) < 2 && e.Field != "" {
		return err
	}
	e.Text.Zh = "工作表 " + s.name + ": " + e.Text.Zh
	e.Text.En = "sheet " + s.name + ": " + e.Text.En
	if len(w.sheets) > 1 && !strings.Contains(e.Hint.En, "its sheets:") {
		e.Hint.Zh = strings.TrimPrefix(e.Hint.Zh+"; "+w.list("zh"), "; ")
		e.Hint.En = strings.TrimPrefix(e.Hint.En+"; "+w.list("en"), "; ")
	}
	return err
}

// try begins to read a sheet; x.table stays nil if it is empty.
func (x *Reader) try(s sheet, o Options) error {
	rows, err := x.w.openSheet(s)
	if err != nil {
		return err
	}
	x.sheet, x.rows, x.tally = s, rows, rows.tally
	for len(x.preview) < max(previewRows, min(o.Header, maxRows)+table.SampleRows) {
		r, err := rows.next()
		if err == io.EOF {
			x.eof = true
			break
		}
		if err != nil {
			return err
		}
		if r.own {
			x.preview = append(x.preview, previewed{r.n, slices.Clone(r.cells), slices.Clone(r.spanned), true})
		}
		if o.Header > 0 && r.n > o.Header+table.SampleRows {
			break
		}
	}
	if len(x.preview) == 0 {
		return nil
	}
	at := headerRow(x.preview, o)
	if at < 0 {
		return noTable(refuse(nil, "找不到表头行", "no header row was found", "用 --header 行号 指出表头", "name its row with --header N"))
	}
	x.header, x.above = x.preview[at].n, at
	names := texts(x.preview[at].cells)
	for len(names) > 0 && strings.TrimSpace(names[len(names)-1]) == "" {
		names = names[:len(names)-1]
	}
	for len(names) > 0 && strings.TrimSpace(names[0]) == "" {
		names = names[1:]
		x.left++
	}
	x.preview = x.preview[at+1:]
	x.cells = make([]string, len(names))
	var sample [][]string
	for _, r := range x.preview[:min(len(x.preview), table.SampleRows)] {
		sample = append(sample, slices.Clone(x.cut(r.cells)))
	}
	x.beyond = 0
	if x.table, err = table.New(names, sample, o.Options); err != nil {
		return noTable(err)
	}
	return nil
}

func noTable(err error) error {
	var e *coverage.Error
	if errors.As(err, &e) && e.Err == nil {
		e.Err = errNoTable
	}
	return err
}

// headerRow finds the header among the first rows that hold anything: the first that names coordinates, else the first that begins
// with a text and is about as wide as the table, without cells merged across, as titles and groups of columns are.
func headerRow(rows []previewed, o Options) int {
	if o.Header > 0 {
		return slices.IndexFunc(rows, func(r previewed) bool { return r.n == o.Header })
	}
	widest := 0
	for _, r := range rows {
		n, _, _ := r.shape()
		widest = max(widest, n)
	}
	if !o.Attributes {
		for i, r := range rows[:min(len(rows), 50)] {
			names := texts(r.cells)
			for k, spanned := range r.spanned {
				if spanned {
					names[k] = ""
				}
			}
			if n, _, _ := r.shape(); (n > 1 || widest == 1) && table.Recognised(names) || o.X != "" && slices.Contains(names, o.X) ||
				o.WKT != "" && slices.Contains(names, o.WKT) || o.Location != "" && slices.Contains(names, o.Location) {
				return i
			}
		}
	}
	for i, r := range rows[:min(len(rows), 50)] {
		if n, text, across := r.shape(); text && !across && n >= min(2, widest) && 10*n >= 6*widest {
			return i
		}
	}
	return -1
}

// shape gives the number of cells that hold something, whether the first of them is text, and whether any is merged across.
func (r *previewed) shape() (n int, text, across bool) {
	for i, c := range r.cells {
		if strings.TrimSpace(c.text) == "" {
			continue
		}
		if n == 0 {
			text = !c.number
		}
		n++
		across = across || r.spanned[i]
	}
	return n, text, across
}

func texts(cells []cell) []string {
	out := make([]string, len(cells))
	for i, c := range cells {
		out[i] = c.text
	}
	return out
}

// cut gives the cells in the header's columns. The result is good until the next call.
func (x *Reader) cut(cells []cell) []string {
	outside := false
	for i := range x.cells {
		x.cells[i] = ""
	}
	for i, c := range cells {
		switch k := i - x.left; {
		case k >= 0 && k < len(x.cells):
			x.cells[k] = c.text
		case strings.TrimSpace(c.text) != "":
			outside = true
		}
	}
	if outside {
		x.beyond++
	}
	return x.cells
}

// Next gives the next row; its Line is the sheet's row number. Rows without any content are passed over.
func (x *Reader) Next() (intake.Row, error) {
	for {
		if x.err != nil {
			return intake.Row{}, x.err
		}
		n, cells, err := x.read()
		if err != nil {
			x.err = err
			continue
		}
		texts := x.cut(cells)
		if x.table.Blank(texts) {
			continue
		}
		x.n++
		return x.table.Row(x.n, n, texts), nil
	}
}

// read takes the next row that holds something of its own, first those that were read ahead.
func (x *Reader) read() (int, []cell, error) {
	if len(x.preview) > 0 {
		r := x.preview[0]
		x.preview = x.preview[1:]
		return r.n, r.cells, nil
	}
	for !x.eof {
		if x.rows == nil {
			return 0, nil, errors.New("the workbook was closed")
		}
		r, err := x.rows.next()
		if err == io.EOF {
			x.eof = true
			break
		}
		if err != nil {
			return 0, nil, x.w.explain(err, x.sheet)
		}
		if r.own {
			return r.n, r.cells, nil
		}
	}
	return 0, nil, io.EOF
}

// Info says what is known of the sheet.
func (x *Reader) Info() intake.SourceInfo {
	info := x.table.Info()
	info.Format, info.Layer = "xlsx", x.sheet.name
	note := func(n int, code, zh, en string) {
		if n > 0 {
			info.Notes = append(info.Notes, intake.Finding{Code: code, Text: coverage.Text{Zh: fmt.Sprintf(zh, n), En: fmt.Sprintf(en, n)}})
		}
	}
	if x.above > 0 {
		note(x.header, "header_row", "表头在第 %d 行, 其上的行为标题", "the header is row %d; the rows above it are titles")
	}
	if len(x.others) > 0 {
		list := strings.Join(x.others[:min(len(x.others), 20)], ", ")
		note(len(x.others), "other_sheets", "读入工作表 "+escape(x.sheet.name)+"; 另有 %d 个未读: "+escape(list), "the sheet "+escape(x.sheet.name)+" was read; %d more were not: "+escape(list))
	}
	note(x.beyond, "beyond_header", "%d 行在表头各列之外还有内容, 未读入", "%d rows have cells outside the header's columns, which were not read")
	t := x.tally
	note(t.hidden, "hidden_rows", "读入了 %d 个隐藏 (或被筛选掉) 的行", "%d rows that are hidden or filtered out were read too")
	note(t.filled, "merged_filled", "%d 个单元格取上方合并单元格的文字", "%d cells took the text of the merged cell above them")
	note(t.numbers, "merged_numbers", "%d 个跨行合并单元格里是数字: 只记在首行, 其余行视为未知", "%d cells merged down the rows hold a number, which counts in the first row only; it is unknown in the others")
	note(t.errors, "error_cells", "%d 个单元格为错误值 (#N/A 等), 视为未知", "%d cells show an error (#N/A and the like) and count as unknown")
	note(t.formulas, "formulas_without_value", "%d 个公式没有存下结果, 视为未知; 在表格软件中打开并保存即可", "%d formulas have no stored result and count as unknown; open the workbook in a spreadsheet and save it")
	note(t.bad, "damaged_cells", "%d 个单元格引用了不存在的文字, 视为未知", "%d cells refer to texts that are not there and count as unknown")
	return info
}

func escape(s string) string { return strings.ReplaceAll(s, "%", "%%") }

var _ intake.Source = (*Reader)(nil)

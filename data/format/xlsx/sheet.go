package xlsx

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// cell is what a cell shows.
type cell struct {
	text   string
	number bool // a number, date or truth value
}

// sheetRow is a row of a sheet as far as its last cell that holds anything. It is good until the next one is read.
type sheetRow struct {
	n       int // 1-based
	cells   []cell
	spanned []bool // per cell: it is the first of cells merged across columns
	own     bool   // a cell holds something of its own, not only by merging
}

// at gives a cell by its column, counted from 0.
func (r *sheetRow) at(column int) cell {
	if column < len(r.cells) {
		return r.cells[column]
	}
	return cell{}
}

// sheetReader reads the rows of a sheet one after the other.
type sheetReader struct {
	w      *workbook
	d      *decoder
	row    sheetRow
	merged []area // not reached yet, by first row
	down   map[int]filled
	tally  *tally
	ended  bool // there are no rows
}

// tally counts what a planner should know of the cells that were read.
type tally struct {
	hidden   int // rows
	errors   int // cells that show #N/A and the like
	formulas int // cells whose formula has no stored result
	filled   int // cells that took the text of the merged cell above
	numbers  int // merged cells whose number was left in its first row
	bad      int // cells that refer to a text that is not there
}

// area is a range of cells, counted from 0, inclusive; rows from 1.
type area struct{ top, bottom, left, right int }

// filled is the text of a merged cell for the rows below its first.
type filled struct {
	text   string
	bottom int
}

// openSheet begins to read a sheet.
func (w *workbook) openSheet(s sheet) (*sheetReader, error) {
	if err := w.strings.load(w); err != nil {
		return nil, err
	}
	merged, err := w.mergedCells(s.part)
	if err != nil {
		return nil, err
	}
	d, err := w.decoder(s.part)
	if err != nil {
		return nil, err
	}
	x := &sheetReader{w: w, d: d, merged: merged, down: map[int]filled{}, tally: &tally{}}
	for {
		t, err := d.token()
		if err == io.EOF {
			x.ended = true
			return x, nil
		}
		if err != nil {
			d.close()
			return nil, err
		}
		if e, ok := t.(xml.StartElement); ok && e.Name.Local == "sheetData" {
			return x, nil
		}
	}
}

func (x *sheetReader) close() { x.d.close() }

// next gives the next row, io.EOF behind the last.
func (x *sheetReader) next() (*sheetRow, error) {
	for {
		if x.ended {
			return nil, io.EOF
		}
		t, err := x.d.token()
		if err == io.EOF {
			err = x.damaged("不完整", "it is cut off")
		}
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.EndElement:
			x.ended = t.Name.Local == "sheetData"
		case xml.StartElement:
			if t.Name.Local == "row" {
				if err := x.readRow(&t); err != nil {
					return nil, err
				}
				return &x.row, nil
			}
		}
	}
}

func (x *sheetReader) readRow(e *xml.StartElement) error {
	r := &x.row
	n := r.n + 1
	if text := attr(e, "r"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n <= r.n || n > maxRows {
			return x.damaged(fmt.Sprintf("第 %d 行之后的行号 %q 不可用", r.n, text), fmt.Sprintf("the row behind row %d has the number %q", r.n, text))
		}
	}
	if n > maxRows {
		return tooBig(fmt.Sprintf("行数超过 %d", maxRows), fmt.Sprintf("there are more than %d rows", maxRows))
	}
	*r = sheetRow{n: n, cells: r.cells[:0], spanned: r.spanned[:0]}
	hidden := truth(attr(e, "hidden"))
	column := -1
	for {
		t, err := x.d.token()
		if err == io.EOF {
			return x.damaged("不完整", "it is cut off")
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if t.Name.Local != "c" {
				continue
			}
			if column, err = x.columnOf(&t, column); err != nil {
				return err
			}
			c, err := x.readCell(&t)
			if err != nil {
				return err
			}
			if c.text != "" {
				x.set(column, c)
				r.own = r.own || strings.TrimSpace(c.text) != ""
			}
		case xml.EndElement:
			if t.Name.Local == "row" {
				if hidden && r.own {
					x.tally.hidden++
				}
				x.merge()
				return nil
			}
		}
	}
}

// set puts a cell into the row; columns that were left out are empty.
func (x *sheetReader) set(column int, c cell) {
	r := &x.row
	for len(r.cells) <= column {
		r.cells = append(r.cells, cell{})
		r.spanned = append(r.spanned, false)
	}
	r.cells[column] = c
}

// columnOf gives the column of a cell by its reference, such as BC12, else the one behind the last.
func (x *sheetReader) columnOf(e *xml.StartElement, last int) (int, error) {
	ref := attr(e, "r")
	column := last + 1
	if ref != "" {
		c, _, ok := reference(ref)
		if !ok || c <= last {
			return 0, x.damaged(fmt.Sprintf("单元格位置 %q 不可用", ref), fmt.Sprintf("a cell has the place %q", ref))
		}
		column = c
	}
	if column >= maxColumns {
		return 0, tooBig(fmt.Sprintf("列数超过 %d", maxColumns), fmt.Sprintf("there are more than %d columns", maxColumns))
	}
	return column, nil
}

// reference reads A1 as column 0, row 1.
func reference(ref string) (column, row int, ok bool) {
	i := 0
	for ; i < len(ref) && ref[i] >= 'A' && ref[i] <= 'Z' && i < 4; i++ {
		column = column*26 + int(ref[i]-'A') + 1
	}
	if i == 0 || i > 3 || column > maxColumns {
		return 0, 0, false
	}
	row, err := strconv.Atoi(ref[i:])
	return column - 1, row, err == nil && row > 0 && row <= maxRows
}

// readCell reads a cell to its end.
func (x *sheetReader) readCell(e *xml.StartElement) (cell, error) {
	kind := attr(e, "t")
	style, _ := strconv.Atoi(attr(e, "s"))
	var value []byte
	inline, formula, has, reading := "", false, false, false
	for {
		t, err := x.d.token()
		if err == io.EOF {
			return cell{}, x.damaged("不完整", "it is cut off")
		}
		if err != nil {
			return cell{}, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "v":
				reading, has = true, true
			case "f":
				formula = true
			case "is":
				if inline, err = x.d.richText("is"); err != nil {
					return cell{}, err
				}
			}
		case xml.CharData:
			if reading {
				if len(value)+len(t) > maxToken {
					return cell{}, tooBig("单元格文字过长", "the text of a cell is too long")
				}
				value = append(value, t...)
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "v":
				reading = false
			case "c":
				if formula && !has {
					x.tally.formulas++
				}
				return x.cellOf(kind, style, string(value), inline), nil
			}
		}
	}
}

// cellOf reads a cell's stored value by its type.
func (x *sheetReader) cellOf(kind string, style int, value, inline string) cell {
	switch kind {
	case "s":
		i, err := strconv.Atoi(strings.TrimSpace(value))
		text, ok := x.w.strings.get(i)
		if err != nil || !ok {
			x.tally.bad++
		}
		return cell{text: text}
	case "inlineStr":
		return cell{text: inline}
	case "str":
		return cell{text: unescape(value)}
	case "b":
		if value == "" {
			return cell{}
		}
		return cell{map[bool]string{true: "TRUE", false: "FALSE"}[truth(value)], true}
	case "e":
		x.tally.errors++
		return cell{}
	case "d":
		return cell{value, true}
	}
	if strings.TrimSpace(value) == "" {
		return cell{}
	}
	f := format{}
	if style >= 0 && style < len(x.w.formats) {
		f = x.w.formats[style]
	}
	return cell{f.text(value, x.w.date1904), true}
}

// merge gives texts of merged cells to the rows below, and marks cells merged across.
func (x *sheetReader) merge() {
	r := &x.row
	for column, f := range x.down {
		switch {
		case r.n > f.bottom:
			delete(x.down, column)
		case r.at(column).text == "":
			x.set(column, cell{text: f.text})
			x.tally.filled++
		}
	}
	for len(x.merged) > 0 && x.merged[0].top <= r.n {
		a := x.merged[0]
		x.merged = x.merged[1:]
		if a.top < r.n {
			continue // its first row holds nothing
		}
		c := r.at(a.left)
		if c.text == "" {
			continue
		}
		r.spanned[a.left] = a.right > a.left
		switch {
		case a.bottom == a.top:
		case c.number:
			x.tally.numbers++
		default:
			x.down[a.left] = filled{c.text, a.bottom}
		}
	}
}

// mergedCells lists the merged ranges of a sheet, by first row and column. They stand behind the rows, so the part is searched for
// the end of the rows first.
func (w *workbook) mergedCells(part string) ([]area, error) {
	f, err := w.open(part)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	const look = "sheetData>"
	buf := make([]byte, 0, 64<<10)
	for {
		n, err := f.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if i := closing(buf, look); i >= 0 {
			return w.readMerged(part, io.MultiReader(bytes.NewReader(buf[i:]), f))
		}
		if err == io.EOF {
			return nil, nil
		}
		if err != nil {
			return nil, damagedPart(part, err)
		}
		keep := min(len(buf), 64)
		buf = buf[:copy(buf, buf[len(buf)-keep:])]
	}
}

// closing finds the place behind </sheetData>, with or without a prefix; −1 if there is none.
func closing(buf []byte, name string) int {
	for from := 0; ; {
		i := bytes.Index(buf[from:], []byte(name))
		if i < 0 {
			return -1
		}
		i += from
		start := bytes.LastIndexByte(buf[max(0, i-32):i], '<')
		if start >= 0 {
			if tag := buf[max(0, i-32)+start : i]; len(tag) >= 2 && tag[1] == '/' && (len(tag) == 2 || tag[len(tag)-1] == ':') {
				return i + len(name)
			}
		}
		from = i + len(name)
	}
}

func (w *workbook) readMerged(part string, rest io.Reader) ([]area, error) {
	d := &decoder{part: part, file: io.NopCloser(rest)}
	d.xml = xml.NewDecoder(d)
	d.xml.Strict = false // the elements around it began earlier
	var all []area
	for {
		t, err := d.token()
		if err != nil {
			break // what is behind the rows is not needed to read them; damage before is met again there
		}
		e, ok := t.(xml.StartElement)
		if !ok || e.Name.Local != "mergeCell" {
			continue
		}
		from, to, found := strings.Cut(attr(&e, "ref"), ":")
		left, top, okFrom := reference(from)
		right, bottom, okTo := reference(to)
		if !found || !okFrom || !okTo || right < left || bottom < top {
			continue
		}
		if len(all) == maxMerged {
			return nil, tooBig("合并单元格过多", "there are too many merged cells")
		}
		all = append(all, area{top, bottom, left, right})
	}
	slices.SortFunc(all, func(a, b area) int {
		if a.top != b.top {
			return a.top - b.top
		}
		return a.left - b.left
	})
	return all, nil
}

func (x *sheetReader) damaged(zh, en string) error {
	return refuse(nil, x.d.part+" 已损坏: "+zh, x.d.part+" is damaged: "+en, "请重新保存工作簿", "save the workbook again")
}

func damagedPart(part string, err error) error {
	return refuse(err, part+" 已损坏", part+" is damaged", "请重新保存工作簿", "save the workbook again")
}

package shapefile

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"lifecircle/data/format/charset"
	"lifecircle/geo/geojson"
)

// maxFields is more than any dBase table has.
const maxFields = 4_096

// dbfReader reads the records of a .dbf (dBASE III to IV, FoxPro) one after the other.
type dbfReader struct {
	name    string
	file    io.ReadCloser
	in      *bufio.Reader
	records int
	fields  []field
	order   []int // fields in the order of their names' bytes
	ldid    byte
	row     []byte
	n       int
	foxpro  bool
	renamed []string
	memos   []string // columns whose texts are in another file
}

// field is a column of the table.
type field struct {
	raw   []byte // the name as it is stored
	name  string
	kind  byte
	from  int // in the record
	width int
}

func openDbf(p part) (*dbfReader, error) {
	f, err := p.open()
	if err != nil {
		return nil, err
	}
	r := &dbfReader{name: p.name, file: f, in: bufio.NewReaderSize(f, 1<<16)}
	if err := r.header(p.size); err != nil {
		f.Close()
		return nil, err
	}
	return r, nil
}

// header reads the table's description.
func (r *dbfReader) header(size int64) error {
	var h [32]byte
	if _, err := io.ReadFull(r.in, h[:]); err != nil {
		return r.cut(err, "文件头不完整", "its header is cut off")
	}
	switch h[0] & 0x7f {
	case 0x02, 0x03, 0x05, 0x0b, 0x75:
	case 0x30, 0x31, 0x32:
		r.foxpro = true
	case 0x04, 0x0c:
		return refuse(nil, r.name+" 是 dBase 7 表, 不能读取", r.name+" is a dBase 7 table, which is not read", "另存为 dBase IV 或 Shapefile", "save it as dBase IV or as a Shapefile")
	default:
		return refuse(nil, r.name+" 不是 dBase 表", r.name+" is not a dBase table", "", "")
	}
	records := binary.LittleEndian.Uint32(h[4:])
	head, width := int(binary.LittleEndian.Uint16(h[8:])), int(binary.LittleEndian.Uint16(h[10:]))
	r.ldid = h[29]
	if head < 33 || width < 1 {
		return refuse(nil, r.name+" 的文件头已损坏", "the header of "+r.name+" is damaged", "请重新复制或导出", "copy or export it again")
	}
	if have := (size - int64(head)) / int64(width); int64(records) > max(have, 0) {
		return refuse(nil, fmt.Sprintf("%s 不完整: 应有 %d 行, 只够 %d 行", r.name, records, max(have, 0)),
			fmt.Sprintf("%s is cut off: it should have %d records, and there is room for %d", r.name, records, max(have, 0)), "请重新复制或导出", "copy or export it again")
	}
	r.records = int(records)
	rest := make([]byte, head-32)
	if _, err := io.ReadFull(r.in, rest); err != nil {
		return r.cut(err, "文件头不完整", "its header is cut off")
	}
	for len(rest) >= 32 && rest[0] != 0x0d && len(r.fields) < maxFields {
		r.fields = append(r.fields, field{raw: bytes.Clone(fieldName(rest[:11])), kind: rest[11], width: int(rest[16]) | int(rest[17])<<8})
		rest = rest[32:]
	}
	if err := r.place(width); err != nil {
		return err
	}
	r.row = make([]byte, width)
	return nil
}

// fieldName is the text before the first NUL, without blanks behind it.
func fieldName(b []byte) []byte {
	b, _, _ = bytes.Cut(b, []byte{0})
	return bytes.TrimRight(b, " ")
}

// place finds where fields stand in a record. A text's count of decimals is the high byte of its width where that makes the record's
// width come out right (as FoxPro and Clipper have it), else it means nothing.
func (r *dbfReader) place(width int) error {
	for _, long := range []bool{true, false} {
		at := 1
		for i := range r.fields {
			f := &r.fields[i]
			f.from = at
			w := f.width & 0xff
			if long && f.kind == 'C' {
				w = f.width
			}
			at += w
		}
		if at == width || !long && at <= width {
			for i := range r.fields {
				if f := &r.fields[i]; !long || f.kind != 'C' {
					f.width &= 0xff
				}
			}
			return nil
		}
	}
	return refuse(nil, r.name+" 的文件头已损坏: 各字段总宽与行宽不符", "the header of "+r.name+" is damaged: its fields are wider than a record", "请重新复制或导出", "copy or export it again")
}

// sample gives the names and texts of the first records for finding the encoding, each behind a line feed; the records are read again
// from p. whole is false if there is more.
func (r *dbfReader) sample(p part) (text []byte, whole bool, err error) {
	for _, f := range r.fields {
		text = append(append(text, f.raw...), '\n')
	}
	again, err := openDbf(p)
	if err != nil {
		return nil, false, err
	}
	defer again.file.Close()
	for again.n < again.records {
		if len(text) > charset.SampleBytes {
			return text, false, nil
		}
		deleted, err := again.next()
		if err != nil {
			return nil, false, err
		}
		if deleted {
			continue
		}
		for _, f := range again.fields {
			if f.kind == 'C' {
				text = append(append(text, trim(again.row[f.from:f.from+f.width])...), '\n')
			}
		}
	}
	return text, true, nil
}

// trim takes the padding from the end of a text.
func trim(b []byte) []byte { return bytes.TrimRight(b, " \x00") }

// decodeNames settles the names of the columns: a name that is there already gets a number.
func (r *dbfReader) decodeNames(c charset.Charset) error {
	seen := map[string]bool{}
	for i := range r.fields {
		f := &r.fields[i]
		text, _, ok := c.DecodeCut(f.raw)
		if !ok {
			return refuse(nil, fmt.Sprintf("%s 的第 %d 个列名不是 %s 文本", r.name, i+1, c), fmt.Sprintf("the name of column %d of %s is not text in %s", i+1, r.name, c), hintEncoding.Zh, hintEncoding.En)
		}
		if text = strings.TrimSpace(text); text == "" {
			text = fmt.Sprintf("column %d", i+1)
		}
		f.name = text
		for n := 2; seen[f.name]; n++ {
			f.name = fmt.Sprintf("%s_%d", text, n)
		}
		if f.name != text {
			r.renamed = append(r.renamed, f.name)
		}
		seen[f.name] = true
	}
	r.order = nil
	for i := range r.fields {
		switch kind := r.fields[i].kind; {
		case kind == '0': // FoxPro's flags of nulls
			continue
		case strings.IndexByte("MGP", kind) >= 0, kind == 'B' && !r.foxpro:
			r.memos = append(r.memos, r.fields[i].name)
			continue
		}
		r.order = append(r.order, i)
	}
	slices.SortFunc(r.order, func(a, b int) int { return strings.Compare(r.fields[a].name, r.fields[b].name) })
	return nil
}

// next reads the next record into r.row, and reports whether it is marked as deleted; io.EOF behind the last.
func (r *dbfReader) next() (deleted bool, err error) {
	if r.n == r.records {
		return false, io.EOF
	}
	r.n++
	if _, err := io.ReadFull(r.in, r.row); err != nil {
		return false, r.cut(err, fmt.Sprintf("第 %d 行不完整", r.n), fmt.Sprintf("record %d is cut off", r.n))
	}
	switch r.row[0] {
	case ' ', 0:
		return false, nil
	case '*':
		return true, nil
	}
	return false, refuse(nil, fmt.Sprintf("%s 的第 %d 行已损坏", r.name, r.n), fmt.Sprintf("record %d of %s is damaged", r.n, r.name), "请重新复制或导出", "copy or export it again")
}

// properties gives the values of the record; a bad column is one whose text is not in the encoding, cut counts texts whose last
// character did not fit.
func (r *dbfReader) properties(c charset.Charset) (p geojson.Properties, cut int, bad string) {
	p = make(geojson.Properties, 0, len(r.order))
	for _, i := range r.order {
		f := &r.fields[i]
		raw := r.row[f.from : f.from+f.width]
		if f.kind == 'C' {
			text, short, ok := c.DecodeCut(trim(raw))
			if !ok && bad == "" {
				bad = f.name
			}
			if short {
				cut++
			}
			v := geojson.Value{}
			if text != "" {
				v = geojson.Value{Kind: geojson.String, Text: text}
			}
			p = append(p, geojson.Property{Key: f.name, Value: v})
			continue
		}
		p = append(p, geojson.Property{Key: f.name, Value: r.value(f.kind, raw)})
	}
	return p, cut, bad
}

// value reads a value that is no text. What cannot be read as its type comes as the text that is there.
func (r *dbfReader) value(kind byte, raw []byte) geojson.Value {
	switch {
	case kind == 'I' && len(raw) == 4:
		return number(strconv.Itoa(int(int32(binary.LittleEndian.Uint32(raw)))))
	case kind == '+' && len(raw) == 4:
		return number(strconv.Itoa(int(int32(binary.BigEndian.Uint32(raw) ^ 0x80000000))))
	case kind == 'B' && r.foxpro && len(raw) == 8:
		return float(math.Float64frombits(binary.LittleEndian.Uint64(raw)))
	case kind == 'Y' && len(raw) == 8:
		return number(scaled(int64(binary.LittleEndian.Uint64(raw))))
	case (kind == 'T' || kind == '@') && len(raw) == 8:
		return moment(raw)
	}
	text := strings.TrimSpace(strings.ToValidUTF8(string(bytes.Trim(raw, " \x00")), "\uFFFD"))
	switch {
	case text == "":
		return geojson.Value{}
	case kind == 'N' || kind == 'F':
		if strings.Trim(text, "*") == "" {
			return geojson.Value{} // it did not fit
		}
		return number(text)
	case kind == 'L':
		switch text {
		case "T", "t", "Y", "y":
			return geojson.Value{Kind: geojson.Bool, Text: "true"}
		case "F", "f", "N", "n":
			return geojson.Value{Kind: geojson.Bool, Text: "false"}
		}
		return geojson.Value{}
	case kind == 'D':
		if strings.Trim(text, "0") == "" {
			return geojson.Value{}
		}
		if day, err := time.Parse("20060102", text); err == nil {
			text = day.Format(time.DateOnly)
		}
	}
	return geojson.Value{Kind: geojson.String, Text: text}
}

// number gives digits as a canonical number, anything else as text.
func number(text string) geojson.Value {
	if plain := strings.TrimLeft(text, "0"); len(text) > 0 && len(text) < 19 && strings.Trim(text, "0123456789") == "" {
		if plain == "" {
			plain = "0"
		}
		return geojson.Value{Kind: geojson.Number, Text: plain}
	}
	mantissa := strings.TrimPrefix(strings.TrimPrefix(text, "+"), "-")
	sign := ""
	if strings.HasPrefix(text, "-") {
		sign = "-"
	}
	mantissa = strings.TrimLeft(mantissa, "0")
	if mantissa == "" || mantissa[0] < '0' || mantissa[0] > '9' {
		mantissa = "0" + mantissa
	}
	whole, rest, ok := strings.Cut(mantissa, ".")
	if ok && (rest == "" || rest[0] < '0' || rest[0] > '9') {
		mantissa = whole + rest
	}
	p, err := geojson.ParseProperties([]byte(`{"v":` + sign + mantissa + `}`))
	if err != nil || len(p) != 1 || p[0].Value.Kind != geojson.Number {
		return geojson.Value{Kind: geojson.String, Text: text}
	}
	return p[0].Value
}

func float(v float64) geojson.Value {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return geojson.Value{}
	}
	return number(strconv.FormatFloat(v, 'g', -1, 64))
}

// scaled gives a currency, which is stored in ten-thousandths.
func scaled(v int64) string {
	sign, u := "", uint64(v)
	if v < 0 {
		sign, u = "-", -u
	}
	return fmt.Sprintf("%s%d.%04d", sign, u/10_000, u%10_000)
}

// moment reads a Julian day and milliseconds.
func moment(raw []byte) geojson.Value {
	day, ms := int32(binary.LittleEndian.Uint32(raw)), binary.LittleEndian.Uint32(raw[4:])
	if day < 1_721_426 || day > 5_373_484 || ms >= 86_400_000 { // the years 1 to 9999
		return geojson.Value{}
	}
	t := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(day)-2_440_588).Add(time.Duration(ms) * time.Millisecond)
	layout := time.DateOnly
	if ms > 0 {
		layout = time.DateTime
	}
	return geojson.Value{Kind: geojson.String, Text: t.Round(time.Second).Format(layout)}
}

func (r *dbfReader) cut(err error, zh, en string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return refuse(nil, r.name+": "+zh, r.name+": "+en, "请重新复制或导出", "copy or export it again")
	}
	return fmt.Errorf("reading %s: %w", r.name, err)
}

// byCodePage gives the encoding that a table's language driver stands for. Those that say nothing in practice (0, and 0x57, which
// Windows programs write whatever their code page) are none.
func byCodePage(id byte) charset.Charset {
	label := map[byte]string{
		0x4d: "gbk", 0x7a: "gbk", 0x4f: "big5", 0x78: "big5", 0x13: "shift_jis", 0x7b: "shift_jis", 0x4e: "euc-kr", 0x79: "euc-kr",
		0x03: "windows-1252", 0x58: "windows-1252", 0x59: "windows-1252", 0xc8: "windows-1250", 0xc9: "windows-1251", 0xca: "windows-1254",
		0xcb: "windows-1253", 0xcc: "windows-1257", 0x26: "ibm866", 0x65: "ibm866", 0x50: "windows-874", 0x7c: "windows-874", 0x7d: "windows-1255", 0x7e: "windows-1256",
	}[id]
	c, _ := charset.Lookup(label)
	return c
}

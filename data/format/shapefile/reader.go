package shapefile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
	"lifecircle/data/format/charset"
)

// Options say what is known of a Shapefile beforehand.
type Options struct {
	Encoding string // of the attributes, such as gb18030; default: .cpg, the table's code page, else found by content
	Layer    string // of an archive with several
}

// Sniff reports whether a file begins like a .shp. A zipped Shapefile begins like any archive: see SniffZip.
func Sniff(head []byte) bool {
	return len(head) >= 32 && bytes.HasPrefix(head, []byte{0, 0, 0x27, 0x0a}) && bytes.Equal(head[28:32], []byte{0xe8, 3, 0, 0})
}

// SniffZip reports whether an archive holds a .shp. Other formats are archives too, so its list of files is looked at.
func SniffZip(r io.ReaderAt, size int64) bool {
	var head [4]byte
	if _, err := r.ReadAt(head[:], 0); err != nil || string(head[:]) != "PK\x03\x04" {
		return false
	}
	layers, err := layersInZip(r, size)
	return err == nil && len(layers) > 0
}

// Reader reads a Shapefile as a stream of rows, one for each record that is not deleted. It is not for concurrent use.
type Reader struct {
	layer   string
	prj     string
	shp     *shpReader
	dbf     *dbfReader // nil if there is none
	found   charset.Found
	useless bool // the .shx was left aside

	deleted int
	cut     int // texts whose last character did not fit
	err     error
	closed  bool
}

// Open opens the Shapefile that one of its files (the .shp, as a rule) names; the others lie beside it. Errors are of code
// coverage.Refused, or coverage.NotFound where there is no .shp.
func Open(path string, o Options) (*Reader, error) {
	l, err := layerOnDisk(path)
	if err != nil {
		return nil, err
	}
	if _, ok := l.parts[".shp"]; !ok {
		e := coverage.Errorf(coverage.NotFound, "没有 %s.shp", "there is no %s.shp", l.name)
		e.Hint = coverage.Text{Zh: "Shapefile 由 .shp、.dbf、.prj 等文件组成, 要放在一起", En: "a Shapefile is several files (.shp, .dbf, .prj …), which belong together"}
		return nil, e
	}
	return open(l, o)
}

// OpenZip opens the Shapefile in an archive, whose size is in bytes. Errors are of code coverage.Refused, or coverage.NotFound for a
// layer that is not there. r must stay open while rows are read.
func OpenZip(r io.ReaderAt, size int64, o Options) (*Reader, error) {
	all, err := layersInZip(r, size)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, l := range all {
		if l.name == o.Layer || len(all) == 1 && o.Layer == "" {
			return open(l, o)
		}
		names = append(names, l.name)
	}
	list := strings.Join(names[:min(len(names), 30)], ", ")
	switch {
	case len(all) == 0:
		return nil, refuse(nil, "压缩包中没有 .shp 文件", "the archive holds no .shp", "把 .shp、.dbf、.prj 等文件一起打包", "pack the .shp, .dbf and .prj together")
	case o.Layer != "":
		e := coverage.Errorf(coverage.NotFound, "压缩包中没有这个图层", "the archive has no such layer")
		e.Field = o.Layer
		e.Hint = coverage.Text{Zh: "其中的图层: " + list, En: "its layers: " + list}
		return nil, e
	}
	return nil, refuse(nil, fmt.Sprintf("压缩包中有 %d 个图层", len(all)), fmt.Sprintf("the archive holds %d layers", len(all)),
		"指定其一: "+list, "name one of them: "+list)
}

func open(l layer, o Options) (*Reader, error) {
	x := &Reader{layer: l.name}
	if err := x.open(l, o); err != nil {
		x.Close()
		return nil, err
	}
	return x, nil
}

func (x *Reader) open(l layer, o Options) error {
	stated, err := charset.Option(o.Encoding)
	if err != nil {
		return err
	}
	if x.shp, err = openShp(l.parts[".shp"]); err != nil {
		return err
	}
	if p, ok := l.parts[".shx"]; ok {
		if x.shp.index, x.useless, err = readIndex(p, x.shp.end); err != nil {
			return err
		}
	}
	if x.prj, err = l.text(".prj"); err != nil {
		return err
	}
	p, ok := l.parts[".dbf"]
	if !ok {
		return nil
	}
	if x.dbf, err = openDbf(p); err != nil {
		return err
	}
	cpg, err := l.text(".cpg")
	if err != nil {
		return err
	}
	if err := x.settleEncoding(p, stated, cpg); err != nil {
		return err
	}
	return x.dbf.decodeNames(x.found.Charset)
}

// settleEncoding follows the option, else the .cpg, else the table's code page, else the texts. What the file says is doubted where its texts
// clearly are in another encoding.
func (x *Reader) settleEncoding(p part, stated charset.Charset, cpg string) error {
	if stated.Known() {
		x.found = charset.Found{Charset: stated, By: "option"}
		return nil
	}
	text, whole, err := x.dbf.sample(p)
	if err != nil {
		return err
	}
	said, where := charset.Charset{}, ".cpg"
	if cpg != "" {
		said, _ = charset.Lookup(cpg)
	}
	if !said.Known() {
		said, where = byCodePage(x.dbf.ldid), ".dbf"
	}
	if said.Known() {
		if is, doubt := charset.Doubt(said, text, whole); doubt {
			return refuse(nil, fmt.Sprintf("%s 说编码是 %s, 但文字看来是 %s", where, said, is.Charset), fmt.Sprintf("the %s says that texts are in %s, but they look like %s", where, said, is.Charset),
				fmt.Sprintf("用 --encoding %s 或 --encoding %s 指定", is.Charset, said), fmt.Sprintf("state --encoding %s or --encoding %s", is.Charset, said))
		}
		x.found = charset.Found{Charset: said, By: "file"}
		return nil
	}
	x.found, err = charset.Detect(text, whole)
	return err
}

// Close frees the files; it may be called more than once.
func (x *Reader) Close() error {
	if x.closed {
		return nil
	}
	x.closed = true
	if x.err == nil {
		x.err = errors.New("the Shapefile was closed")
	}
	var errs []error
	if x.shp != nil {
		errs = append(errs, x.shp.file.Close())
	}
	if x.dbf != nil {
		errs = append(errs, x.dbf.file.Close())
	}
	return errors.Join(errs...)
}

// Next gives the next record as a row; its N is the record's number in the file. Records marked as deleted are passed over and counted.
func (x *Reader) Next() (intake.Row, error) {
	for x.err == nil {
		row, deleted, err := x.record()
		switch {
		case err != nil:
			x.err = err
		case deleted:
			x.deleted++
		default:
			return row, nil
		}
	}
	return intake.Row{}, x.err
}

// record reads both files' next record.
func (x *Reader) record() (row intake.Row, deleted bool, err error) {
	content, err := x.shp.next()
	if x.dbf != nil {
		var errDbf error
		deleted, errDbf = x.dbf.next()
		if (err == io.EOF) != (errDbf == io.EOF) && (err == nil || err == io.EOF) && (errDbf == nil || errDbf == io.EOF) {
			return row, false, refuse(nil, fmt.Sprintf("%s 有 %d 行, 与 %s 的图形数不同", x.dbf.name, x.dbf.records, x.shp.name),
				fmt.Sprintf("%s has %d records, which is not the number of shapes in %s", x.dbf.name, x.dbf.records, x.shp.name),
				"两个文件不是同一次导出的, 请重新导出", "the two files are not of one export; export them again")
		}
		if err == nil {
			err = errDbf
		}
	}
	if err != nil || deleted {
		return row, deleted, err
	}
	row.N = x.shp.n
	if x.dbf != nil {
		var cut int
		var bad string
		row.Feature.Properties, cut, bad = x.dbf.properties(x.found.Charset)
		if bad != "" {
			row.Refused = finding("bad_text", fmt.Sprintf("%s: 不是 %s 文本; %s", bad, x.found.Charset, hintEncoding.Zh),
				fmt.Sprintf("%s: not text in %s; %s", bad, x.found.Charset, hintEncoding.En))
			return row, false, nil
		}
		x.cut += cut
	}
	row.Feature.Geometry, row.Repairs, row.Refused = x.shp.shape(content)
	return row, false, nil
}

var hintEncoding = coverage.Text{Zh: "用 --encoding 指定编码, 如 gb18030", En: "state the encoding with --encoding, such as gb18030"}

// Info says what is known of the file; CRS is the text of the .prj.
func (x *Reader) Info() intake.SourceInfo {
	info := intake.SourceInfo{Format: "shapefile", CRS: x.prj, Places: true, Unchecked: true, Layer: x.layer}
	note := func(code, zh, en string, args ...any) {
		info.Notes = append(info.Notes, *finding(code, fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...)))
	}
	if x.useless {
		note("index_ignored", "索引 .shx 不可用, 按 .shp 的次序读取", "the index .shx is of no use; records were read in the order of the .shp")
	}
	if n := x.shp.dropped; n > 0 {
		note("z_dropped", "%d 个坐标的高程或 M 值未采用", "the height or M of %d positions was dropped", n)
	}
	if x.dbf == nil {
		note("no_table", "没有 .dbf: 各行没有属性", "there is no .dbf: rows have no attributes")
		return info
	}
	info.Encoding, info.EncodingKnownBy = x.found.Charset.String(), x.found.By
	for _, f := range x.dbf.fields {
		info.Fields = append(info.Fields, f.name)
	}
	if x.deleted > 0 {
		note("deleted_records", "跳过 %d 个已删除的记录", "%d records that are marked as deleted were passed over", x.deleted)
	}
	if x.cut > 0 {
		note("text_cut", "%d 个文字的最后一个字被字段宽度截断, 已略去", "the last character of %d texts was cut in half by the field's width and left out", x.cut)
	}
	if len(x.dbf.renamed) > 0 {
		note("columns_renamed", "列名重复, 已改为: %s", "names of columns that were there already became: %s", strings.Join(x.dbf.renamed, ", "))
	}
	if len(x.dbf.memos) > 0 {
		note("memo_columns", "备注类字段未读: %s", "memo columns were not read: %s", strings.Join(x.dbf.memos, ", "))
	}
	return info
}

var _ intake.Source = (*Reader)(nil)

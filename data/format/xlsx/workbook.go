package xlsx

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"lifecircle/coverage"
)

// Bounds of a workbook.
const (
	maxUnpacked = 1 << 30   // bytes that one part unpacks to; all that are read, each time they are, to twice that
	maxRatio    = 400       // of unpacked to packed bytes of a part beyond minRatio
	minRatio    = 16 << 20  // bytes below which no ratio is suspect
	maxToken    = 16 << 20  // bytes of one XML token
	maxStrings  = 256 << 20 // bytes of shared strings
	maxParts    = 20_000    // entries of the archive
	maxSheets   = 4_096
	maxFormats  = 65_536
	maxRows     = 1_048_576 // of the format
	maxColumns  = 16_384
	maxMerged   = 1_000_000 // merged ranges
)

// workbook is the archive with what must be known before a sheet is read.
type workbook struct {
	parts    map[string]*zip.File
	sheets   []sheet
	date1904 bool
	strings  sharedStrings
	formats  []format // by style
	unpacked int64
}

// sheet is an entry of the workbook's list.
type sheet struct {
	name   string
	part   string
	hidden bool
}

// openWorkbook reads the list of sheets, the styles and where the shared strings are.
func openWorkbook(r io.ReaderAt, size int64) (*workbook, error) {
	if err := checkMagic(r, size); err != nil {
		return nil, err
	}
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, refuse(err, "压缩包已损坏", "the archive is damaged", "请重新保存或重新下载", "save or download the file again")
	}
	if len(z.File) > maxParts {
		return nil, tooBig(fmt.Sprintf("压缩包内有 %d 个文件", len(z.File)), fmt.Sprintf("the archive has %d entries", len(z.File)))
	}
	w := &workbook{parts: make(map[string]*zip.File, len(z.File))}
	for _, f := range z.File {
		w.parts[strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(f.Name, `\`, "/"), "/"))] = f
	}
	main, err := w.mainPart()
	if err != nil {
		return nil, err
	}
	targets, err := w.relations(main)
	if err != nil {
		return nil, err
	}
	if err := w.readSheets(main, targets); err != nil {
		return nil, err
	}
	for _, t := range targets {
		switch t.kind {
		case "styles":
			err = w.readStyles(t.part)
		case "sharedStrings":
			w.strings.part = t.part
		}
		if err != nil {
			return nil, err
		}
	}
	return w, nil
}

// checkMagic tells a workbook from what else has its name.
func checkMagic(r io.ReaderAt, size int64) error {
	head := make([]byte, 8)
	n, err := r.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return err
	}
	switch head = head[:n]; {
	case n == 0:
		return refuse(nil, "空文件", "the file is empty", "", "")
	case legacy(head):
		return refuse(nil, "这是旧的 .xls 文件, 或有密码的工作簿", "this is an old .xls file, or a workbook with a password",
			"在表格软件中打开, 去掉密码, 另存为 .xlsx", "open it in a spreadsheet, remove the password, and save it as .xlsx")
	case !Sniff(head):
		return refuse(nil, "这不是 .xlsx 工作簿", "this is not an .xlsx workbook", "", "")
	}
	return nil
}

// legacy reports whether a file begins like an OLE2 container: .xls (BIFF), or an encrypted workbook.
func legacy(head []byte) bool {
	return strings.HasPrefix(string(head), "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
}

// mainPart finds the workbook part.
func (w *workbook) mainPart() (string, error) {
	targets, err := w.relations("")
	if err != nil {
		return "", err
	}
	for _, t := range targets {
		if t.kind == "officeDocument" && strings.HasSuffix(t.part, ".xml") && strings.HasPrefix(t.part, "xl/") {
			return t.part, nil
		}
	}
	switch {
	case w.parts["xl/workbook.xml"] != nil:
		return "xl/workbook.xml", nil
	case w.parts["xl/workbook.bin"] != nil:
		return "", refuse(nil, "这是二进制工作簿 (.xlsb)", "this is a binary workbook (.xlsb)", "另存为 .xlsx", "save it as .xlsx")
	case w.parts["mimetype"] != nil && w.parts["content.xml"] != nil:
		return "", refuse(nil, "这是 OpenDocument 表格 (.ods)", "this is an OpenDocument spreadsheet (.ods)", "另存为 .xlsx", "save it as .xlsx")
	case w.parts["word/document.xml"] != nil:
		return "", refuse(nil, "这是文字文档 (.docx), 不是工作簿", "this is a text document (.docx), not a workbook", "", "")
	}
	return "", refuse(nil, "压缩包中没有工作簿", "the archive holds no workbook", "", "")
}

// target is a part that another refers to.
type target struct{ id, kind, part string }

// relations reads what a part refers to; none if it says nothing.
func (w *workbook) relations(part string) ([]target, error) {
	dir, base := path.Split(part)
	name := dir + "_rels/" + base + ".rels"
	if w.parts[name] == nil {
		return nil, nil
	}
	var out []target
	err := w.each(name, func(d *decoder, e *xml.StartElement) error {
		if e.Name.Local != "Relationship" || attr(e, "TargetMode") == "External" || len(out) > maxParts {
			return nil
		}
		to := strings.ReplaceAll(attr(e, "Target"), `\`, "/")
		if strings.HasPrefix(to, "/") {
			to = strings.TrimPrefix(path.Clean(to), "/")
		} else {
			to = path.Join(dir, to)
		}
		out = append(out, target{attr(e, "Id"), path.Base(attr(e, "Type")), strings.ToLower(to)})
		return nil
	})
	return out, err
}

func (w *workbook) readSheets(main string, targets []target) error {
	err := w.each(main, func(d *decoder, e *xml.StartElement) error {
		switch e.Name.Local {
		case "workbookPr":
			w.date1904 = truth(attr(e, "date1904"))
		case "sheet":
			s := sheet{name: attr(e, "name"), hidden: attr(e, "state") == "hidden" || attr(e, "state") == "veryHidden"}
			for _, t := range targets {
				if t.id == attr(e, "id") && t.kind == "worksheet" {
					s.part = t.part
				}
			}
			if s.part != "" && len(w.sheets) < maxSheets {
				w.sheets = append(w.sheets, s)
			}
		}
		return nil
	})
	if err == nil && len(w.sheets) == 0 {
		err = refuse(nil, "工作簿中没有工作表", "the workbook has no sheets", "", "")
	}
	return err
}

// readStyles learns the number format of each style.
func (w *workbook) readStyles(part string) error {
	codes := map[int]string{}
	inside := false
	err := w.each(part, func(d *decoder, e *xml.StartElement) error {
		switch e.Name.Local {
		case "numFmt":
			if id, err := strconv.Atoi(attr(e, "numFmtId")); err == nil && len(codes) < maxFormats {
				codes[id] = attr(e, "formatCode")
			}
		case "cellXfs":
			inside = true
		case "cellStyleXfs", "cellStyles", "dxfs":
			inside = false
		case "xf":
			if inside && len(w.formats) < maxFormats {
				id, _ := strconv.Atoi(attr(e, "numFmtId"))
				w.formats = append(w.formats, formatOf(id, codes[id]))
			}
		}
		return nil
	})
	return err
}

// open begins to read a part, within the bounds.
func (w *workbook) open(part string) (io.ReadCloser, error) {
	f := w.parts[part]
	if f == nil {
		return nil, refuse(nil, "缺少部件 "+part, "the part "+part+" is missing", "请重新保存工作簿", "save the workbook again")
	}
	if f.UncompressedSize64 > minRatio && f.UncompressedSize64/maxRatio > f.CompressedSize64 || f.UncompressedSize64 > maxUnpacked {
		return nil, tooBig(fmt.Sprintf("%s 由 %d 字节解压为 %d 字节", part, f.CompressedSize64, f.UncompressedSize64),
			fmt.Sprintf("%s unpacks from %d to %d bytes", part, f.CompressedSize64, f.UncompressedSize64))
	}
	r, err := f.Open()
	if err != nil {
		return nil, refuse(err, part+" 无法解压", part+" cannot be unpacked", "请重新保存工作簿", "save the workbook again")
	}
	return &bounded{r, w}, nil
}

// bounded counts what is unpacked; the archive's own reader sees to it that a part is no larger than it says.
type bounded struct {
	io.ReadCloser
	w *workbook
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.w.unpacked += int64(n); b.w.unpacked > 2*maxUnpacked {
		return n, tooBig("解压后的数据过大", "what the archive unpacks to is too large")
	}
	return n, err
}

// each calls yield for every element that begins in a part.
func (w *workbook) each(part string, yield func(*decoder, *xml.StartElement) error) error {
	d, err := w.decoder(part)
	if err != nil {
		return err
	}
	defer d.close()
	for {
		t, err := d.token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if e, ok := t.(xml.StartElement); ok {
			if err := yield(d, &e); err != nil {
				return err
			}
		}
	}
}

// decoder reads the tokens of a part, each of bounded size.
type decoder struct {
	part string
	file io.ReadCloser
	xml  *xml.Decoder
	left int
}

func (w *workbook) decoder(part string) (*decoder, error) {
	f, err := w.open(part)
	if err != nil {
		return nil, err
	}
	d := &decoder{part: part, file: f}
	d.xml = xml.NewDecoder(d)
	d.xml.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		return nil, fmt.Errorf("encoding %s: a workbook is UTF-8", label)
	}
	return d, nil
}

func (d *decoder) close() { d.file.Close() }

var errLongToken = errors.New("a piece of text is too long")

// Read bounds what one token may take.
func (d *decoder) Read(p []byte) (int, error) {
	if d.left <= 0 {
		return 0, errLongToken
	}
	n, err := d.file.Read(p[:min(len(p), d.left)])
	d.left -= n
	return n, err
}

// token gives the next token, which is good until the next call. Names keep their prefixes out of the way in Name.Space.
func (d *decoder) token() (xml.Token, error) {
	d.left = maxToken
	t, err := d.xml.RawToken()
	if err == nil || err == io.EOF {
		return t, err
	}
	var own *coverage.Error
	switch {
	case errors.As(err, &own):
		return nil, own
	case errors.Is(err, errLongToken):
		return nil, tooBig(d.part+" 中的一段文字过长", "a piece of text in "+d.part+" is too long")
	}
	return nil, refuse(err, d.part+" 已损坏", d.part+" is damaged", "请重新保存工作簿", "save the workbook again")
}

func attr(e *xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func truth(s string) bool { return s == "1" || s == "true" }

// sharedStrings are the texts that cells refer to by number, packed into one.
type sharedStrings struct {
	part string
	read bool
	all  []byte
	ends []uint32
}

// load reads the shared strings, once.
func (s *sharedStrings) load(w *workbook) error {
	if s.read || s.part == "" {
		return nil
	}
	s.read = true
	d, err := w.decoder(s.part)
	if err != nil {
		return err
	}
	defer d.close()
	for {
		t, err := d.token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		e, ok := t.(xml.StartElement)
		if !ok || e.Name.Local != "si" {
			continue
		}
		text, err := d.richText("si")
		if err != nil {
			return err
		}
		s.all = append(s.all, text...)
		s.ends = append(s.ends, uint32(len(s.all)))
		if len(s.all)+16*len(s.ends) > maxStrings {
			return tooBig("共享文本过多", "the shared strings are too many")
		}
	}
}

func (s *sharedStrings) get(i int) (string, bool) {
	if i < 0 || i >= len(s.ends) {
		return "", false
	}
	from := uint32(0)
	if i > 0 {
		from = s.ends[i-1]
	}
	return string(s.all[from:s.ends[i]]), true
}

// richText joins the pieces of text up to the end of an element, without phonetic hints.
func (d *decoder) richText(end string) (string, error) {
	var b strings.Builder
	reading, phonetic := false, 0
	for {
		t, err := d.token()
		if err == io.EOF {
			return "", refuse(nil, d.part+" 不完整", d.part+" is cut off", "请重新保存工作簿", "save the workbook again")
		}
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.StartElement:
			switch t.Name.Local {
			case "rPh":
				phonetic++
			case "t":
				reading = true
			}
		case xml.EndElement:
			switch t.Name.Local {
			case "rPh":
				phonetic--
			case "t":
				reading = false
			case end:
				return unescape(b.String()), nil
			}
		case xml.CharData:
			if reading && phonetic == 0 {
				if b.Len()+len(t) > maxToken {
					return "", tooBig(d.part+" 中的一段文字过长", "a piece of text in "+d.part+" is too long")
				}
				b.Write(t)
			}
		}
	}
}

// unescape reads _x000D_ as the character that XML cannot hold (ECMA-376, ST_Xstring).
func unescape(s string) string {
	if !strings.Contains(s, "_x") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if len(s)-i >= 7 && s[i] == '_' && s[i+1] == 'x' && s[i+6] == '_' {
			if n, err := strconv.ParseUint(s[i+2:i+6], 16, 16); err == nil {
				b.WriteRune(rune(n))
				i += 7
				continue
			}
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}

func refuse(err error, zh, en, hintZh, hintEn string) error {
	e := coverage.Errorf(coverage.Refused, "%s", "%s", en)
	e.Text.Zh, e.Err = zh, err
	e.Hint = coverage.Text{Zh: hintZh, En: hintEn}
	return e
}

func tooBig(zh, en string) error {
	return refuse(nil, zh+", 超过上限", en+", which is beyond the limit", "把工作簿拆开, 或存为 CSV", "split the workbook, or save the sheet as CSV")
}

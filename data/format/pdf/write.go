package pdf

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-pdf/fpdf"

	"lifecircle/coverage/report"
	"lifecircle/data/fonts"
)

// Lengths on paper, millimetres and points.
const (
	margin   = 20.0
	top      = 22.0
	bottom   = 24.0
	sizeBody = 10.0
	sizeNote = 8.0
	sizeCell = 7.5
	leading  = 1.5
)

// maxRows bounds the rows of a table whatever the table says.
const maxRows = 2000

// Write writes a report in a language, "zh" or "en". Characters that the font does not have are shown as boxes, and the last page says so.
func Write(w io.Writer, r *report.Report, lang string) error {
	first := newDocument(r, lang, nil) // to know the pages
	first.compose()
	d := newDocument(r, lang, first.pages)
	d.compose()
	if err := d.f.Error(); err != nil {
		return fmt.Errorf("writing the PDF: %w", err)
	}
	return d.f.Output(w)
}

// entry is a line of the contents.
type entry struct {
	words string
	level int
	key   string
}

// document is a PDF in the making.
type document struct {
	f       *fpdf.Fpdf
	face    *face
	r       *report.Report
	lang    string
	pages   map[string]int // of sections, figures, tables
	known   map[string]int // pages from a first pass; nil in that one
	links   map[string]int
	numbers map[report.Block]string // what figures and tables are called
	byKey   map[string]string       // the same of tables, by key
	missing map[rune]bool
	y       float64
	wide    bool // on a page across
}

func newDocument(r *report.Report, lang string, known map[string]int) *document {
	f := fpdf.New("P", "mm", "A4", "")
	d := &document{f: f, face: theFace(), r: r, lang: lang, pages: map[string]int{}, known: known, links: map[string]int{}, numbers: map[report.Block]string{}, byKey: map[string]string{}, missing: map[rune]bool{}}
	made := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // the same report is the same bytes
	f.SetCreationDate(made)
	f.SetModificationDate(made)
	f.SetCatalogSort(true)
	f.SetTitle(d.settable(r.Title.In(lang)), true)
	f.SetCreator("lifecircle", true)
	f.SetLang(map[bool]string{true: "zh-CN", false: "en"}[lang == "zh"])
	f.SetAutoPageBreak(false, 0)
	f.AddUTF8FontFromBytes("L", "", slices.Clone(fonts.Regular()))
	f.SetFooterFunc(d.footer)
	return d
}

func (d *document) say(zh, en string) string { return report.Text{Zh: zh, En: en}.In(d.lang) }

func (d *document) compose() {
	d.number()
	d.cover()
	d.contents()
	for i := range d.r.Sections {
		d.section(i)
	}
	d.end()
}

// number names figures and tables in the order in which they stand.
func (d *document) number() {
	figures, tables := 0, 0
	for i := range d.r.Sections {
		for _, b := range d.r.Sections[i].Blocks {
			switch b := b.(type) {
			case *report.Figure:
				figures++
				d.numbers[b] = d.say("图 ", "Figure ") + strconv.Itoa(figures)
			case *report.Table:
				if !b.SheetOnly {
					tables++
					d.numbers[b] = d.say("表 ", "Table ") + strconv.Itoa(tables)
					d.byKey[b.Key] = d.numbers[b]
				}
			}
		}
	}
}

// page starts a page, upright or across.
func (d *document) page(wide bool) {
	d.wide = wide
	if wide {
		d.f.AddPageFormat("L", fpdf.SizeType{Wd: 210, Ht: 297})
	} else {
		d.f.AddPageFormat("P", fpdf.SizeType{Wd: 210, Ht: 297})
	}
	d.y = top
}

func (d *document) size() (width, height float64) {
	if d.wide {
		return 297, 210
	}
	return 210, 297
}

func (d *document) room() float64 { w, _ := d.size(); return w - 2*margin }

func (d *document) left() float64 { _, h := d.size(); return h - bottom - d.y }

// need starts a page if there is no room for a height.
func (d *document) need(height float64) {
	if d.left() < height {
		d.page(d.wide)
	}
}

// footer writes the number of the page, the area and the marks in short.
func (d *document) footer() {
	w, h := d.size()
	d.set(margin, h-12, d.fit(d.settable(d.r.Title.In(d.lang)), 7, (w-2*margin)*0.45), 7, "5a5a5a", false)
	n := strconv.Itoa(d.f.PageNo())
	d.set(w-margin-d.width(n, 8), h-12, n, 8, "222222", false)
	var marks []string
	for _, m := range d.r.Marks {
		marks = append(marks, d.settable(m.Text.In(d.lang)))
	}
	if len(marks) > 0 {
		d.set(margin, h-8, d.fit(strings.Join(marks, d.say("；", "; ")), 6, w-2*margin), 6, "8a6d00", false)
	}
}

// fit cuts a text to a width.
func (d *document) fit(s string, size, width float64) string {
	if d.width(s, size) <= width {
		return s
	}
	rs := []rune(s)
	for len(rs) > 0 && d.width(string(rs), size)+d.width("…", size) > width {
		rs = rs[:len(rs)-1]
	}
	return string(rs) + "…"
}

// set sets a line of settable text with its base line at y.
func (d *document) set(x, y float64, s string, size float64, colour string, bold bool) {
	if s == "" {
		return
	}
	r, g, b := rgb(colour)
	d.f.SetFont("L", "", size)
	d.f.SetTextColor(r, g, b)
	if bold { // the font has one weight: its outlines are drawn too
		d.f.SetDrawColor(r, g, b)
		d.f.SetLineWidth(size * 0.009)
		d.f.SetTextRenderingMode(2)
	}
	d.f.Text(x, y, s)
	if bold {
		d.f.SetTextRenderingMode(0)
	}
}

// lines sets a text that wraps, from the cursor down, over pages where it must.
func (d *document) lines(x, width float64, text string, size float64, colour string, bold bool) {
	step := size * mmPerPoint * leading
	for _, line := range d.wrap(d.settable(text), size, width) {
		d.need(step)
		d.set(x, d.y+size*mmPerPoint, line, size, colour, bold)
		d.y += step
	}
}

func (d *document) cover() {
	d.page(false)
	d.f.Bookmark(d.settable(d.r.Title.In(d.lang)), 0, -1)
	d.y = 60
	d.lines(margin, d.room(), d.r.Title.In(d.lang), 24, "0b2d52", true)
	d.y += 6
	d.line(margin, d.y, margin+d.room(), "0b4f9e", 0.6)
	d.y += 8
	for _, f := range d.r.Facts {
		d.need(8)
		y := d.y
		d.set(margin, y+sizeBody*mmPerPoint, d.settable(f.Name.In(d.lang)), sizeBody, "5a5a5a", false)
		d.lines(margin+42, d.room()-42, f.Value.In(d.lang), sizeBody, "222222", false)
		d.y += 1.5
	}
	if len(d.r.Marks) > 0 {
		d.y += 6
		for _, m := range d.r.Marks {
			d.mark(m.Text.In(d.lang))
		}
	}
}

// mark sets a text apart.
func (d *document) mark(text string) {
	lines := d.wrap(d.settable(text), sizeBody-1, d.room()-8)
	step := (sizeBody - 1) * mmPerPoint * leading
	h := float64(len(lines))*step + 2
	d.need(h)
	d.fill(margin, d.y, d.room(), h, report.ToneMark.Hex())
	d.fill(margin, d.y, 1, h, "e0b400")
	for i, line := range lines {
		d.set(margin+4, d.y+1+float64(i)*step+(sizeBody-1)*mmPerPoint, line, sizeBody-1, "3d3000", false)
	}
	d.y += h + 1
}

// anchor notes where something stands, for the contents and bookmarks.
func (d *document) anchor(key, words string, level int) {
	d.pages[key] = d.f.PageNo()
	d.f.Bookmark(words, level, d.y)
	if link, ok := d.links[key]; ok {
		d.f.SetLink(link, d.y, -1)
	}
}

func (d *document) contents() {
	if len(d.r.Sections) == 0 {
		return
	}
	d.page(false)
	d.lines(margin, d.room(), d.say("目录", "Contents"), 16, "0b2d52", true)
	d.y += 3
	for i := range d.r.Sections {
		s := &d.r.Sections[i]
		d.content("section "+s.Key, ordinal(i+1, d.lang)+d.settable(s.Title.In(d.lang)), 0)
		for _, b := range s.Blocks {
			if n := d.numbers[b]; n != "" {
				d.content(keyOf(b), n+d.say("　", "  ")+d.settable(captionOf(b).In(d.lang)), 1)
			}
		}
	}
}

func (d *document) content(key, words string, level int) {
	size, indent := sizeBody, float64(level)*6
	if level > 0 {
		size = sizeBody - 1
	}
	d.need(7)
	page := ""
	if d.known != nil {
		page = strconv.Itoa(d.known[key])
	}
	d.set(margin+indent, d.y+size*mmPerPoint, d.fit(words, size, d.room()-indent-14), size, "222222", level == 0)
	d.set(margin+d.room()-d.width(page, size), d.y+size*mmPerPoint, page, size, "222222", false)
	link := d.f.AddLink()
	d.links[key] = link
	d.f.Link(margin, d.y, d.room(), 5, link)
	d.y += size * mmPerPoint * leading
}

func keyOf(b report.Block) string {
	switch b := b.(type) {
	case *report.Figure:
		return "figure " + b.Key
	case *report.Table:
		return "table " + b.Key
	}
	return ""
}

func captionOf(b report.Block) report.Text {
	switch b := b.(type) {
	case *report.Figure:
		return b.Caption
	case *report.Table:
		return b.Caption
	}
	return report.Text{}
}

// ordinal numbers chapters.
func ordinal(n int, lang string) string {
	if lang == "zh" {
		return strconv.Itoa(n) + "　"
	}
	return strconv.Itoa(n) + "  "
}

func (d *document) section(i int) {
	s := &d.r.Sections[i]
	d.page(false)
	words := ordinal(i+1, d.lang) + d.settable(s.Title.In(d.lang))
	d.anchor("section "+s.Key, words, 0)
	d.lines(margin, d.room(), words, 16, "0b2d52", true)
	d.y += 3
	var sheets []string
	for _, b := range s.Blocks {
		switch b := b.(type) {
		case *report.Paragraph:
			if b.Mark {
				d.mark(b.Text.In(d.lang))
			} else {
				d.lines(margin, d.room(), b.Text.In(d.lang), sizeBody, "222222", false)
			}
			d.y += 2
		case *report.Figure:
			d.figure(b)
		case *report.Table:
			if b.SheetOnly {
				sheets = append(sheets, b.Caption.In(d.lang))
				continue
			}
			d.table(b, d.numbers[b])
		}
	}
	if len(sheets) > 0 {
		d.lines(margin, d.room(), d.say("下列表格行列过多，见随附的工作簿：", "Tables that are too wide or long for a page stand in the workbook: ")+strings.Join(sheets, d.say("；", "; "))+d.say("。", "."), sizeNote, "5a5a5a", false)
	}
}

// notes sets what a figure or table rests on.
func (d *document) notes(notes []report.Text) {
	if len(notes) == 0 {
		return
	}
	var list []string
	for _, n := range notes {
		list = append(list, n.In(d.lang))
	}
	d.lines(margin, d.room(), d.say("注：", "Note: ")+strings.Join(list, d.say("", " ")), sizeNote, "5a5a5a", false)
}

// end says where the data is from, and which characters could not be set.
func (d *document) end() {
	d.y += 4
	if len(d.r.Credits) > 0 {
		d.lines(margin, d.room(), d.say("资料来源：", "Sources: ")+strings.Join(d.r.Credits, d.say("；", "; ")), sizeNote, "5a5a5a", false)
	}
	if len(d.missing) > 0 {
		var codes []string
		for r := range d.missing {
			codes = append(codes, fmt.Sprintf("U+%04X", r))
		}
		slices.Sort(codes)
		more := ""
		if len(codes) > 20 {
			more = " …"
			codes = codes[:20]
		}
		d.lines(margin, d.room(), d.say("所用字体缺少下列字符，以 □ 表示或略去：", "The font lacks these characters, which are shown as □ or left out: ")+strings.Join(codes, " ")+more, sizeNote, "5a5a5a", false)
	}
}

func rgb(hex string) (r, g, b int) {
	n, err := strconv.ParseUint(hex, 16, 32)
	if err != nil || len(hex) != 6 {
		return 0, 0, 0
	}
	return int(n >> 16), int(n >> 8 & 255), int(n & 255)
}

func (d *document) fill(x, y, w, h float64, colour string) {
	d.f.SetFillColor(rgb(colour))
	d.f.Rect(x, y, w, h, "F")
}

func (d *document) line(x, y, to float64, colour string, width float64) {
	d.f.SetDrawColor(rgb(colour))
	d.f.SetLineWidth(width)
	d.f.Line(x, y, to, y)
}

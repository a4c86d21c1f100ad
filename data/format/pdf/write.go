package pdf

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-pdf/fpdf"

	"lifecircle/coverage/report"
	"lifecircle/data/fonts"
	"lifecircle/data/format/pages"
)

// Lengths on A4, millimetres and points.
const (
	paperLong, paperShort = 297.0, 210.0

	margin        = 20.0
	top           = 22.0
	bottom        = 27.0
	sizeTitle     = 16.0
	sizeBody      = 10.0
	sizeNote      = 8.0
	sizeCell      = 8.0 // as pages measures it
	sizeCellSmall = 7.0
	sizeMarks     = 6.5
	leading       = 1.5
)

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

// document is a PDF in the making.
type document struct {
	f       *fpdf.Fpdf
	face    *face
	r       *report.Report
	lang    string
	pages   map[string]int // of sections, figures, tables
	known   map[string]int // pages from a first pass; nil in that one
	links   map[string]int
	numbers pages.Numbers
	marks   map[bool][]string // the foot of pages across and upright
	missing map[rune]bool
	y       float64
	wide    bool // on a page across
}

func newDocument(r *report.Report, lang string, known map[string]int) *document {
	f := fpdf.New("P", "mm", "A4", "")
	d := &document{f: f, face: theFace(), r: r, lang: lang, pages: map[string]int{}, known: known, links: map[string]int{}, numbers: pages.Number(r), marks: map[bool][]string{}, missing: map[rune]bool{}}
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
	d.cover()
	d.contents()
	for i := range d.r.Sections {
		d.section(i)
	}
	d.end()
}

// page starts a page, upright or across.
func (d *document) page(wide bool) {
	d.f.AddPageFormat(map[bool]string{true: "L", false: "P"}[wide], fpdf.SizeType{Wd: paperShort, Ht: paperLong}) // the foot of the page before is of its own format
	d.wide, d.y = wide, top
}

// upright goes on with upright pages.
func (d *document) upright() {
	if d.wide {
		d.page(false)
	}
}

func (d *document) size() (width, height float64) {
	if d.wide {
		return paperLong, paperShort
	}
	return paperShort, paperLong
}

func (d *document) room() float64 { w, _ := d.size(); return w - 2*margin }

// hundredths gives millimetres as packages figure and pages count them.
func hundredths(mm float64) int { return int(math.Round(mm * 100)) }

// left is what is left of the page.
func (d *document) left() float64 { _, h := d.size(); return h - bottom - d.y }

// need starts a page if there is no room for a height.
func (d *document) need(height float64) {
	if d.left() < height {
		d.page(d.wide)
	}
}

// footer writes what the report is called, the number of the page, and what is assumed.
func (d *document) footer() {
	w, h := d.size()
	y := h - bottom + 9
	d.line(margin, y-4.5, w-margin, "9fb2c8", 0.15)
	d.set(margin, y, d.fit(d.settable(d.r.Title.In(d.lang)), sizeNote, d.room()-20), sizeNote, "5a5a5a", false)
	n := strconv.Itoa(d.f.PageNo())
	d.set(w-margin-d.width(n, sizeNote), y, n, sizeNote, "222222", false)
	if d.f.PageNo() == 1 { // the cover has them in full
		return
	}
	lines, ok := d.marks[d.wide]
	if !ok {
		lines = pages.Marks(d.r, d.lang, hundredths(sizeMarks*mmPerPoint), hundredths(d.room()), 3)
		d.marks[d.wide] = lines
	}
	for i, line := range lines {
		d.set(margin, y+4+float64(i)*sizeMarks*mmPerPoint*1.35, d.settable(line), sizeMarks, "8a6d00", false)
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

// height is what lines takes.
func (d *document) height(text string, size float64) float64 {
	return float64(len(d.wrap(d.settable(text), size, d.room()))) * size * mmPerPoint * leading
}

// note sets what belongs to something above it; nothing for "".
func (d *document) note(s string) {
	if s != "" {
		d.lines(margin, d.room(), s, sizeNote, "5a5a5a", false)
	}
}

func (d *document) cover() {
	d.page(false)
	d.f.Bookmark(d.settable(d.r.Title.In(d.lang)), 0, -1)
	d.y = 46
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
		d.need(16)
		d.lines(margin, d.room(), d.say("须知", "Please note"), sizeBody, "222222", true)
		d.y++
		for _, m := range d.r.Marks {
			d.mark(m.Text.In(d.lang))
		}
	}
}

// mark sets a text apart.
func (d *document) mark(text string) {
	const size, step = sizeBody - 1, (sizeBody - 1) * mmPerPoint * leading
	lines := d.wrap(d.settable(text), size, d.room()-8)
	for len(lines) > 0 {
		d.need(float64(min(len(lines), fewest))*step + 1.4)
		n := min(len(lines), max(1, int((d.left()-1.4)/step)))
		h := float64(n)*step + 1.4
		d.fill(margin, d.y, d.room(), h, report.ToneMark.Hex())
		d.fill(margin, d.y, 1, h, "e0b400")
		for i, line := range lines[:n] {
			d.set(margin+4, d.y+0.7+float64(i)*step+size*mmPerPoint*1.1, line, size, "3d3000", false)
		}
		d.y += h + 0.5
		lines = lines[n:]
	}
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
	d.lines(margin, d.room(), d.say("目录", "Contents"), sizeTitle, "0b2d52", true)
	d.y += 3
	for i := range d.r.Sections {
		s := &d.r.Sections[i]
		d.content("section "+s.Key, pages.Ordinal(i+1, d.lang)+d.settable(s.Title.In(d.lang)), 0)
		for _, b := range s.Blocks {
			if d.numbers.Of(b) > 0 {
				key, words := d.called(b)
				d.content(key, words, 1)
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

// called gives the anchor of a figure or table, and what stands over or under it: 图 3　得分.
func (d *document) called(b report.Block) (key, words string) {
	_, isFigure := b.(*report.Figure)
	name := pages.Name(isFigure, d.numbers.Of(b), d.lang)
	return name, name + d.say("　", "  ") + d.settable(pages.Caption(b).In(d.lang))
}

func (d *document) section(i int) {
	s := &d.r.Sections[i]
	d.page(d.beginsWide(s))
	words := pages.Ordinal(i+1, d.lang) + d.settable(s.Title.In(d.lang))
	d.anchor("section "+s.Key, words, 0)
	d.lines(margin, d.room(), words, sizeTitle, "0b2d52", true)
	d.y += 3
	var sheets []report.Text
	for _, b := range s.Blocks {
		switch b := b.(type) {
		case *report.Paragraph:
			d.upright()
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
				sheets = append(sheets, b.Caption)
				continue
			}
			key, words := d.called(b)
			d.table(b, words, key)
		}
	}
	if len(s.Blocks) == 0 {
		d.lines(margin, d.room(), d.say("本章没有内容。", "There is nothing in this chapter."), sizeBody, "222222", false)
	}
	d.note(pages.Elsewhere(sheets, d.lang))
}

// beginsWide tells whether the first thing in a chapter stands on a page across: then its heading does too.
func (d *document) beginsWide(s *report.Section) bool {
	for _, b := range s.Blocks {
		t, ok := b.(*report.Table)
		if !ok {
			return false
		}
		if !t.SheetOnly {
			rows, _ := pages.Rows(t, d.lang)
			return d.acrossNeeded(t, rows)
		}
	}
	return false
}

// end says where the data is from, and which characters could not be set.
func (d *document) end() {
	d.y += 4
	d.note(pages.Sources(d.r.Credits, d.lang))
	d.note(d.say("本报告由 lifecircle 生成；同一次评估和台账生成的报告逐字节相同。", "Made by lifecircle; the same run and ledger give the same bytes."))
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
		d.note(d.say("所用字体缺少下列字符，以 □ 表示或略去：", "The font lacks these characters, which are shown as □ or left out: ") + strings.Join(codes, " ") + more)
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

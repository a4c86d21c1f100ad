package docx

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"lifecircle/coverage/report"
	"lifecircle/data/format/figure"
	"lifecircle/data/format/pages"
)

// Lengths on A4, in hundredths of a millimetre.
const (
	paperLong, paperShort = 29700, 21000
	margin                = 2000
	roomUpright           = paperShort - 2*margin
	roomAcross            = paperLong - 2*margin
	pictureDPI            = 200
)

// twips gives hundredths of a millimetre in twentieths of a point.
func twips(v int) int { return (v*1440 + 1270) / 2540 }

// Write writes a report in a language, "zh" or "en". Errors are those of w.
func Write(w io.Writer, r *report.Report, lang string) error {
	d := &document{r: r, lang: lang, numbers: pages.Number(r)}
	d.str(`<w:document `, spaces, `><w:body>`)
	d.cover()
	d.contents()
	for i := range r.Sections {
		if err := d.section(i); err != nil {
			return err
		}
	}
	d.end()
	d.str(`</w:body></w:document>`)

	z := zip.NewWriter(w)
	part := func(name string, content []byte, method uint16) error {
		f, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		if err != nil {
			return err
		}
		_, err = f.Write(content)
		return err
	}
	for _, p := range d.parts() {
		if err := part(p.name, append([]byte(prolog), p.content...), zip.Deflate); err != nil {
			return err
		}
	}
	for i, p := range d.pictures {
		if err := part("word/media/"+pictureName(i), p, zip.Store); err != nil {
			return err
		}
	}
	return z.Close()
}

func pictureName(i int) string { return fmt.Sprintf("figure%d.png", i+1) }

// document is a document in the making.
type document struct {
	b        []byte
	r        *report.Report
	lang     string
	numbers  pages.Numbers
	pictures [][]byte
	marks    int  // bookmarks so far
	wide     bool // the pages lie across
	began    bool // the section that is being written has something in it
}

func (d *document) str(parts ...string) *document {
	for _, s := range parts {
		d.b = append(d.b, s...)
	}
	return d
}

func (d *document) int(n int) *document {
	d.b = strconv.AppendInt(d.b, int64(n), 10)
	return d
}

func (d *document) say(zh, en string) string { return report.Text{Zh: zh, En: en}.In(d.lang) }

func (d *document) in(t report.Text) string { return t.In(d.lang) }

// clean gives a text as it can be set: what would turn the line around becomes U+FFFD, white space a space.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Bidi_Control, r):
			return unicode.ReplacementChar
		case r == '\n' || r == '\t' || r == '\r' || r == 0x85 || r == 0x2028 || r == 0x2029:
			return ' '
		}
		return r
	}, s)
}

// text appends a text as content or an attribute.
func (d *document) text(s string) *document {
	d.b = figure.AppendEscaped(d.b, clean(s))
	return d
}

// run appends words with a look; the look is XML.
func (d *document) run(look, s string) *document {
	if s == "" {
		return d
	}
	d.str(`<w:r>`)
	hint := ""
	if d.lang == "zh" { // quotation marks and dashes that both scripts have are set in the Chinese face
		hint = `<w:rFonts w:hint="eastAsia"/>`
	}
	if hint+look != "" {
		d.str(`<w:rPr>`, hint, look, `</w:rPr>`)
	}
	return d.str(`<w:t xml:space="preserve">`).text(s).str(`</w:t></w:r>`)
}

// para appends a paragraph of one run. more is what stands in its properties after the style.
func (d *document) para(style, more, s string) *document {
	return d.open(style, more).run("", s).str(`</w:p>`)
}

func (d *document) open(style, more string) *document {
	d.began = true
	d.str(`<w:p>`)
	if style != "" || more != "" {
		d.str(`<w:pPr>`)
		if style != "" {
			d.str(`<w:pStyle w:val="`, style, `"/>`)
		}
		d.str(more, `</w:pPr>`)
	}
	return d
}

// field appends a field with what it says now.
func (d *document) field(code, now string) *document {
	return d.fieldBegin(code, false).run("", now).fieldEnd()
}

func (d *document) fieldBegin(code string, dirty bool) *document {
	d.str(`<w:r><w:fldChar w:fldCharType="begin"`)
	if dirty {
		d.str(` w:dirty="true"`)
	}
	return d.str(`/></w:r><w:r><w:instrText xml:space="preserve"> `).text(code).str(` </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>`)
}

func (d *document) fieldEnd() *document {
	return d.str(`<w:r><w:fldChar w:fldCharType="end"/></w:r>`)
}

// bookmark puts a name on what inside writes.
func (d *document) bookmark(name string, inside func()) {
	d.marks++
	id := strconv.Itoa(d.marks)
	d.str(`<w:bookmarkStart w:id="`, id, `" w:name="`, name, `"/>`)
	inside()
	d.str(`<w:bookmarkEnd w:id="`, id, `"/>`)
}

func chapterMark(i int) string { return fmt.Sprintf("_Toc1%05d", i+1) }

// blockMark names the bookmark on a caption, numberMark that on what it is called.
func blockMark(isFigure bool, n int) string {
	return fmt.Sprintf("_Toc%d%05d", map[bool]int{true: 2, false: 3}[isFigure], n)
}

func numberMark(isFigure bool, n int) string {
	return fmt.Sprintf("_Ref%d%05d", map[bool]int{true: 2, false: 3}[isFigure], n)
}

func (d *document) cover() {
	d.para("Title", "", d.in(d.r.Title))
	if len(d.r.Facts) > 0 {
		name, value := 4200, roomUpright-4200
		d.str(`<w:tbl><w:tblPr><w:tblStyle w:val="Facts"/><w:tblW w:w="`).int(twips(roomUpright)).str(`" w:type="dxa"/><w:tblLayout w:type="fixed"/><w:tblLook w:val="0000"/></w:tblPr><w:tblGrid><w:gridCol w:w="`).
			int(twips(name)).str(`"/><w:gridCol w:w="`).int(twips(value)).str(`"/></w:tblGrid>`)
		for _, f := range d.r.Facts {
			d.str(`<w:tr><w:trPr><w:cantSplit/></w:trPr>`)
			d.str(`<w:tc><w:tcPr><w:tcW w:w="`).int(twips(name)).str(`" w:type="dxa"/></w:tcPr>`).para("FactName", "", d.in(f.Name)).str(`</w:tc>`)
			d.str(`<w:tc><w:tcPr><w:tcW w:w="`).int(twips(value)).str(`" w:type="dxa"/></w:tcPr>`).para("FactValue", "", d.in(f.Value)).str(`</w:tc></w:tr>`)
		}
		d.str(`</w:tbl>`)
	}
	if len(d.r.Marks) > 0 {
		d.para("MarkHead", "", d.say("须知", "Please note"))
		for _, m := range d.r.Marks {
			d.para("Mark", "", d.say("● ", "• ")+d.in(m.Text))
		}
	}
	d.breakSection(true)
}

// contents are fields with their entries, but without numbers of pages: only who sets the pages knows them. They are marked as due, so
// that Word fills them in when it opens the document; WPS and LibreOffice do when asked to update them.
func (d *document) contents() {
	if len(d.r.Sections) == 0 {
		return
	}
	d.para("ContentsHead", "", d.say("目录", "Contents"))
	type line struct{ mark, words string }
	list := func(style, code string, lines []line) {
		for i, l := range lines {
			d.open(style, "")
			if i == 0 {
				d.fieldBegin(code, true)
			}
			d.str(`<w:hyperlink w:anchor="`, l.mark, `" w:history="1">`).run("", l.words).str(`</w:hyperlink>`)
			if i == len(lines)-1 {
				d.fieldEnd()
			}
			d.str(`</w:p>`)
		}
	}
	var chapters, figures, tables []line
	for i := range d.r.Sections {
		s := &d.r.Sections[i]
		chapters = append(chapters, line{chapterMark(i), pages.Ordinal(i+1, d.lang) + d.in(s.Title)})
		for _, b := range s.Blocks {
			if n := d.numbers.Of(b); n > 0 {
				_, isFigure := b.(*report.Figure)
				l := line{blockMark(isFigure, n), pages.Name(isFigure, n, d.lang) + d.say("　", "  ") + d.in(pages.Caption(b))}
				if isFigure {
					figures = append(figures, l)
				} else {
					tables = append(tables, l)
				}
			}
		}
	}
	list("TOC1", `TOC \o "1-2" \h \z \u`, chapters)
	if len(figures) > 0 {
		d.para("ContentsPart", "", d.say("图目录", "Figures"))
		list("TableofFigures", `TOC \h \z \c "`+pages.Word(true, d.lang)+`"`, figures)
	}
	if len(tables) > 0 {
		d.para("ContentsPart", "", d.say("表目录", "Tables"))
		list("TableofFigures", `TOC \h \z \c "`+pages.Word(false, d.lang)+`"`, tables)
	}
	d.str(`<w:p><w:r><w:br w:type="page"/></w:r></w:p>`)
}

func (d *document) section(i int) error {
	s := &d.r.Sections[i]
	d.turn(d.beginsWide(s))
	d.open("Heading1", "")
	d.bookmark(chapterMark(i), func() { d.run("", d.in(s.Title)) })
	d.str(`</w:p>`)
	var sheets []report.Text
	for _, b := range s.Blocks {
		switch b := b.(type) {
		case *report.Paragraph:
			d.turn(false)
			if b.Mark {
				d.para("Mark", "", d.in(b.Text))
			} else {
				d.para("BodyText", "", d.in(b.Text))
			}
		case *report.Figure:
			d.turn(false)
			if err := d.figure(b); err != nil {
				return err
			}
		case *report.Table:
			if b.SheetOnly {
				sheets = append(sheets, b.Caption)
				continue
			}
			d.table(b)
		}
	}
	if len(s.Blocks) == 0 {
		d.para("BodyText", "", d.say("本章没有内容。", "There is nothing in this chapter."))
	}
	if words := pages.Elsewhere(sheets, d.lang); words != "" {
		d.turn(false)
		d.para("Note", "", words)
	}
	return nil
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

// caption writes what a figure or table is called, its number counted by a field.
func (d *document) caption(style string, isFigure bool, n int, words string) {
	d.open(style, "")
	d.bookmark(blockMark(isFigure, n), func() {
		d.bookmark(numberMark(isFigure, n), func() {
			word := pages.Word(isFigure, d.lang)
			d.run("", word+" ").field("SEQ "+word+` \* ARABIC`, strconv.Itoa(n))
		})
		d.run("", d.say("　", "  ")+words)
	})
	d.str(`</w:p>`)
}

func (d *document) figure(f *report.Figure) error {
	drawing := figure.Draw(f, roomUpright, d.lang)
	var b bytes.Buffer
	if err := drawing.PNG(&b, pictureDPI); err != nil {
		return fmt.Errorf("figure %s: %w", f.Key, err)
	}
	d.pictures = append(d.pictures, b.Bytes())
	id := strconv.Itoa(len(d.pictures))
	const emu = 360 // of a hundredth of a millimetre
	cx, cy := strconv.Itoa(drawing.Width*emu), strconv.Itoa(drawing.Height*emu)
	d.open("Figure", "").str(`<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="`, cx, `" cy="`, cy, `"/><wp:docPr id="`, id, `" name="figure`, id, `" title="`).
		text(drawing.Title).str(`" descr="`).text(drawing.Desc).str(`"/><wp:cNvGraphicFramePr><a:graphicFrameLocks noChangeAspect="1"/></wp:cNvGraphicFramePr><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr><pic:cNvPr id="`, id, `" name="`, pictureName(len(d.pictures)-1),
		`"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="figure`, id, `"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="`, cx, `" cy="`, cy,
		`"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>`)
	d.caption("Caption", true, d.numbers.Of(f), d.in(f.Caption))
	d.note(pages.Notes(f.Notes, d.lang))
	switch t := d.numbers.Table(f.Table); {
	case t != nil:
		n := d.numbers.Of(t)
		d.open("Note", "").run("", d.say("数据：", "Numbers: ")).field("REF "+numberMark(false, n)+` \h`, pages.Name(false, n, d.lang)).run("", d.say("。", ".")).str(`</w:p>`)
	case f.Data != nil || f.Table != "":
		d.note(d.say("数据见随附工作簿的同名表。", "The numbers stand in the workbook's table of that name."))
	}
	return nil
}

func (d *document) note(s string) {
	if s != "" {
		d.para("Note", "", s)
	}
}

func (d *document) end() {
	d.turn(false)
	d.open("Note", `<w:pBdr><w:top w:val="single" w:sz="6" w:space="6" w:color="9FB2C8"/></w:pBdr><w:spacing w:before="480"/>`).run("", pages.Sources(d.r.Credits, d.lang)).str(`</w:p>`)
	d.note(d.say("本报告由 lifecircle 生成；同一次评估和台账生成的报告逐字节相同。", "Made by lifecircle; the same run and ledger give the same bytes."))
	d.properties(false, false)
}

// turn goes on with pages across or upright.
func (d *document) turn(wide bool) {
	if wide == d.wide {
		return
	}
	d.breakSection(false)
	d.wide = wide
}

// breakSection ends the pages so far; what follows begins a new page.
func (d *document) breakSection(cover bool) {
	if !d.began {
		return
	}
	d.str(`<w:p><w:pPr><w:pStyle w:val="SectionEnd"/>`)
	d.properties(d.wide, cover)
	d.str(`</w:pPr></w:p>`)
	d.began = false
}

// properties describes the pages of a section.
func (d *document) properties(wide, cover bool) {
	kind := "upright"
	if wide {
		kind = "across"
	}
	if cover {
		d.str(`<w:sectPr><w:footerReference w:type="default" r:id="footerCover"/>`)
	} else {
		d.str(`<w:sectPr><w:headerReference w:type="default" r:id="header`, kind, `"/><w:footerReference w:type="default" r:id="footer`, kind, `"/>`)
	}
	d.str(`<w:type w:val="nextPage"/>`)
	if wide {
		d.str(`<w:pgSz w:w="16838" w:h="11906" w:orient="landscape"/>`)
	} else {
		d.str(`<w:pgSz w:w="11906" w:h="16838"/>`)
	}
	m := strconv.Itoa(twips(margin))
	d.str(`<w:pgMar w:top="1304" w:right="`, m, `" w:bottom="1361" w:left="`, m, `" w:header="680" w:footer="567" w:gutter="0"/></w:sectPr>`)
}

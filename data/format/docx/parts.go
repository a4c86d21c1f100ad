package docx

import (
	"strconv"
	"strings"

	"lifecircle/data/format/figure"
	"lifecircle/data/format/pages"
)

const (
	prolog = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	spaces = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"`
	main   = "application/vnd.openxmlformats-officedocument.wordprocessingml."
	rels   = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
)

// part is a file in the document.
type part struct {
	name    string
	content []byte
}

// parts are all parts but the pictures, in the order in which they are written: that of types first, as readers expect.
func (d *document) parts() []part {
	own := []struct{ id, name, kind, content string }{ // beside the document: relation and content type are of one name
		{"styles", "styles.xml", "styles", d.styles()},
		{"numbering", "numbering.xml", "numbering", d.numbering()},
		{"settings", "settings.xml", "settings", settings},
		{"fontTable", "fontTable.xml", "fontTable", fontTable},
		{"headerupright", "header1.xml", "header", d.header()},
		{"headeracross", "header2.xml", "header", d.header()},
		{"footerupright", "footer1.xml", "footer", d.footer(roomUpright, false)},
		{"footeracross", "footer2.xml", "footer", d.footer(roomAcross, false)},
		{"footerCover", "footer3.xml", "footer", d.footer(roomUpright, true)},
	}
	var types, relations strings.Builder
	types.WriteString(`<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>` +
		`<Override PartName="/word/document.xml" ContentType="` + main + `document.main+xml"/>`)
	relations.WriteString(`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`)
	for _, p := range own {
		types.WriteString(`<Override PartName="/word/` + p.name + `" ContentType="` + main + p.kind + `+xml"/>`)
		relations.WriteString(`<Relationship Id="` + p.id + `" Type="` + rels + p.kind + `" Target="` + p.name + `"/>`)
	}
	for i := range d.pictures {
		relations.WriteString(`<Relationship Id="figure` + strconv.Itoa(i+1) + `" Type="` + rels + `image" Target="media/` + pictureName(i) + `"/>`)
	}
	types.WriteString(`<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/><Override PartName="/docProps/app.xml" ContentType="application/vnd.openxmlformats-officedocument.extended-properties+xml"/></Types>`)
	relations.WriteString(`</Relationships>`)
	title := string(figure.AppendEscaped(nil, clean(d.in(d.r.Title))))
	out := []part{
		{"[Content_Types].xml", []byte(types.String())},
		{"_rels/.rels", []byte(`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="document" Type="` + rels + `officeDocument" Target="word/document.xml"/><Relationship Id="core" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/><Relationship Id="app" Type="` + rels + `extended-properties" Target="docProps/app.xml"/></Relationships>`)},
		{"docProps/core.xml", []byte(`<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>` + title + `</dc:title><dc:creator>lifecircle</dc:creator><dc:language>` + d.say("zh-CN", "en-US") + `</dc:language></cp:coreProperties>`)},
		{"docProps/app.xml", []byte(`<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"><Application>lifecircle</Application></Properties>`)},
		{"word/document.xml", d.b},
		{"word/_rels/document.xml.rels", []byte(relations.String())},
	}
	for _, p := range own {
		out = append(out, part{"word/" + p.name, []byte(p.content)})
	}
	return out
}

// header says on every page but the cover what the document is.
func (d *document) header() string {
	h := document{r: d.r, lang: d.lang}
	h.str(`<w:hdr `, spaces, `>`).para("Header", "", figure.Fit(figure.Clean(d.in(d.r.Title)), sizeHeader, false, roomUpright)).str(`</w:hdr>`)
	return string(h.b)
}

const sizeHeader = 282 // 8 pt

// footer says on every page what is assumed, and which page it is.
func (d *document) footer(room int, cover bool) string {
	f := document{r: d.r, lang: d.lang}
	f.str(`<w:ftr `, spaces, `>`)
	lines := pages.Marks(d.r, d.lang, sizeHeader, room-3500, 3)
	if cover {
		lines = nil // it has them in full
	}
	f.open("Footer", `<w:tabs><w:tab w:val="right" w:pos="`+strconv.Itoa(twips(room))+`"/></w:tabs>`)
	for i := 0; i < max(1, len(lines)); i++ {
		if i > 0 {
			f.str(`<w:r><w:br/></w:r>`)
		}
		if i < len(lines) {
			f.run("", lines[i])
		}
		if i == 0 && !cover {
			f.str(`<w:r><w:tab/></w:r>`).run("", d.say("第 ", "Page ")).field("PAGE", "1").run("", d.say(" 页，共 ", " of ")).field("NUMPAGES", "1")
			if d.lang == "zh" {
				f.run("", " 页")
			}
		}
	}
	f.str(`</w:p></w:ftr>`)
	return string(f.b)
}

const settings = `<w:settings xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:zoom w:percent="100"/><w:defaultTabStop w:val="420"/><w:characterSpacingControl w:val="compressPunctuation"/><w:compat><w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat><w:themeFontLang w:val="en-US" w:eastAsia="zh-CN"/><w:decimalSymbol w:val="."/><w:listSeparator w:val=","/></w:settings>`

// fontTable says what the Chinese faces are called elsewhere and what kind they are, so that a machine without them takes the like.
const fontTable = `<w:fonts xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">` +
	`<w:font w:name="宋体"><w:altName w:val="SimSun"/><w:panose1 w:val="02010600030101010101"/><w:charset w:val="86"/><w:family w:val="auto"/><w:pitch w:val="variable"/></w:font>` +
	`<w:font w:name="黑体"><w:altName w:val="SimHei"/><w:panose1 w:val="02010609060101010101"/><w:charset w:val="86"/><w:family w:val="modern"/><w:pitch w:val="fixed"/></w:font>` +
	`<w:font w:name="Times New Roman"><w:panose1 w:val="02020603050405020304"/><w:charset w:val="00"/><w:family w:val="roman"/><w:pitch w:val="variable"/></w:font>` +
	`<w:font w:name="Arial"><w:panose1 w:val="020B0604020202020204"/><w:charset w:val="00"/><w:family w:val="swiss"/><w:pitch w:val="variable"/></w:font></w:fonts>`

// numbering counts headings: 一、 and （一） in Chinese, 1. and 1.1 in English.
func (d *document) numbering() string {
	level := func(n int, format, words, style string) string {
		return `<w:lvl w:ilvl="` + strconv.Itoa(n) + `"><w:start w:val="1"/><w:numFmt w:val="` + format + `"/><w:pStyle w:val="` + style + `"/><w:suff w:val="` + d.say("nothing", "space") + `"/><w:lvlText w:val="` + words + `"/><w:lvlJc w:val="left"/><w:pPr><w:ind w:left="0" w:firstLine="0"/></w:pPr></w:lvl>`
	}
	levels := level(0, "decimal", "%1.", "Heading1") + level(1, "decimal", "%1.%2", "Heading2")
	if d.lang == "zh" {
		levels = level(0, "chineseCountingThousand", "%1、", "Heading1") + level(1, "chineseCountingThousand", "（%2）", "Heading2")
	}
	return `<w:numbering xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:abstractNum w:abstractNumId="1"><w:multiLevelType w:val="multilevel"/>` + levels + `</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="1"/></w:num></w:numbering>`
}

// styles are those of a bureau's report: 宋体 for text, 黑体 for headings, captions and tables, tables with three rules.
func (d *document) styles() string {
	const (
		serif = `<w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="宋体" w:cs="Times New Roman"/>`
		sans  = `<w:rFonts w:ascii="Arial" w:hAnsi="Arial" w:eastAsia="黑体" w:cs="Arial"/>`
	)
	var b strings.Builder
	size := func(half int) string {
		s := strconv.Itoa(half)
		return `<w:sz w:val="` + s + `"/><w:szCs w:val="` + s + `"/>`
	}
	style := func(id, name, base, next, para, run string) {
		b.WriteString(`<w:style w:type="paragraph" w:styleId="` + id + `"`)
		if id == "Normal" {
			b.WriteString(` w:default="1"`)
		} else if strings.ToLower(name[:1]) != name[:1] && name != "Title" {
			b.WriteString(` w:customStyle="1"`)
		}
		b.WriteString(`><w:name w:val="` + name + `"/>`)
		if base != "" {
			b.WriteString(`<w:basedOn w:val="` + base + `"/>`)
		}
		if next != "" {
			b.WriteString(`<w:next w:val="` + next + `"/>`)
		}
		b.WriteString(`<w:qFormat/><w:pPr>` + para + `</w:pPr><w:rPr>` + run + `</w:rPr></w:style>`)
	}
	b.WriteString(`<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:docDefaults><w:rPrDefault><w:rPr>` + serif + size(21) +
		`<w:lang w:val="en-US" w:eastAsia="zh-CN" w:bidi="ar-SA"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr/></w:pPrDefault></w:docDefaults>`)
	style("Normal", "Normal", "", "", ``, ``)
	indent := ``
	if d.lang == "zh" {
		indent = `<w:ind w:firstLineChars="200" w:firstLine="420"/>`
	}
	style("BodyText", "Body Text", "Normal", "", `<w:spacing w:before="60" w:after="60" w:line="360" w:lineRule="auto"/>`+indent+`<w:jc w:val="both"/>`, ``)
	style("Title", "Title", "Normal", "BodyText", `<w:pBdr><w:bottom w:val="single" w:sz="18" w:space="12" w:color="17375E"/></w:pBdr><w:spacing w:before="1400" w:after="560" w:line="288" w:lineRule="auto"/><w:jc w:val="left"/>`, sans+`<w:b/><w:color w:val="17375E"/>`+size(48))
	style("Heading1", "heading 1", "Normal", "BodyText", `<w:keepNext/><w:keepLines/><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr><w:spacing w:before="420" w:after="200"/><w:outlineLvl w:val="0"/>`, sans+`<w:b/><w:color w:val="17375E"/>`+size(32))
	style("Heading2", "heading 2", "Normal", "BodyText", `<w:keepNext/><w:keepLines/><w:numPr><w:ilvl w:val="1"/><w:numId w:val="1"/></w:numPr><w:spacing w:before="280" w:after="120"/><w:outlineLvl w:val="1"/>`, sans+`<w:b/>`+size(26))
	style("Caption", "caption", "Normal", "BodyText", `<w:keepLines/><w:spacing w:before="80" w:after="80"/><w:jc w:val="center"/>`, sans+`<w:b/>`+size(19))
	style("TableCaption", "Table Caption", "Caption", "BodyText", `<w:keepNext/><w:spacing w:before="320" w:after="80"/>`, ``)
	style("Figure", "Figure", "Normal", "Caption", `<w:keepNext/><w:spacing w:before="280"/><w:jc w:val="center"/>`, ``)
	style("Note", "Note", "Normal", "", `<w:spacing w:before="60" w:after="60" w:line="264" w:lineRule="auto"/>`, sans+`<w:color w:val="4A545C"/>`+size(16))
	style("Mark", "Mark", "Normal", "", `<w:pBdr><w:left w:val="single" w:sz="24" w:space="6" w:color="B58900"/></w:pBdr><w:shd w:val="clear" w:color="auto" w:fill="FFF4CC"/><w:spacing w:before="0" w:after="0" w:line="300" w:lineRule="auto"/><w:ind w:left="160"/>`, sans+size(19))
	style("MarkHead", "Mark Head", "Mark", "Mark", `<w:keepNext/><w:spacing w:before="360"/>`, `<w:b/>`)
	style("FactName", "Fact Name", "Normal", "", `<w:spacing w:before="40" w:after="40"/>`, sans+`<w:color w:val="4A545C"/>`+size(19))
	style("FactValue", "Fact Value", "Normal", "", `<w:spacing w:before="40" w:after="40"/>`, ``)
	style("Cell", "Cell", "Normal", "", `<w:spacing w:before="20" w:after="20"/>`, sans+size(16))
	style("CellNumber", "Cell Number", "Cell", "", `<w:jc w:val="right"/>`, ``)
	style("CellMiddle", "Cell Middle", "Cell", "", `<w:jc w:val="center"/>`, ``)
	style("CellHead", "Cell Head", "Cell", "", `<w:keepNext/><w:jc w:val="center"/>`, `<w:b/>`)
	style("ContentsHead", "Contents Head", "Normal", "", `<w:keepNext/><w:spacing w:after="240"/>`, sans+`<w:b/><w:color w:val="17375E"/>`+size(32))
	style("ContentsPart", "Contents Part", "Normal", "", `<w:keepNext/><w:spacing w:before="240" w:after="80"/>`, sans+`<w:b/>`+size(21))
	tab := `<w:tabs><w:tab w:val="right" w:leader="dot" w:pos="` + strconv.Itoa(twips(roomUpright)) + `"/></w:tabs>`
	style("TOC1", "toc 1", "Normal", "Normal", tab+`<w:spacing w:before="60" w:after="40"/>`, sans+size(21))
	style("TOC2", "toc 2", "Normal", "Normal", tab+`<w:spacing w:before="20" w:after="20"/><w:ind w:left="420"/>`, sans+size(19))
	style("TableofFigures", "table of figures", "Normal", "Normal", tab+`<w:spacing w:before="20" w:after="20"/>`, sans+size(18))
	style("Header", "header", "Normal", "", `<w:pBdr><w:bottom w:val="single" w:sz="4" w:space="3" w:color="9FB2C8"/></w:pBdr>`, sans+`<w:color w:val="4A545C"/>`+size(16))
	style("Footer", "footer", "Normal", "", ``, sans+`<w:color w:val="4A545C"/>`+size(16))
	style("SectionEnd", "Section End", "Normal", "", `<w:spacing w:before="0" w:after="0" w:line="120" w:lineRule="exact"/>`, size(4))
	rule := func(side string, sz int, colour string) string {
		return `<w:` + side + ` w:val="single" w:sz="` + strconv.Itoa(sz) + `" w:space="0" w:color="` + colour + `"/>`
	}
	table := func(id, inner string, pad int) {
		p := strconv.Itoa(pad)
		b.WriteString(`<w:style w:type="table" w:customStyle="1" w:styleId="` + id + `"><w:name w:val="` + id + `"/><w:tblPr><w:tblBorders>` + rule("top", 12, "1C2328") + rule("bottom", 12, "1C2328") + rule("insideH", 4, inner) +
			`</w:tblBorders><w:tblCellMar><w:left w:w="` + p + `" w:type="dxa"/><w:right w:w="` + p + `" w:type="dxa"/></w:tblCellMar></w:tblPr></w:style>`)
	}
	table("Facts", "C9D0D6", 80)
	table("Results", "D5DADF", 68)
	table("ResultsSmall", "D5DADF", 45)
	b.WriteString(`</w:styles>`)
	return b.String()
}

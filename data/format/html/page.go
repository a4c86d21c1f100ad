package html

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"lifecircle/coverage/report"
	"lifecircle/data/format/figure"
	"lifecircle/data/format/pages"
)

// Options are what a page may have besides its report.
type Options struct {
	Other string // relative address of the same report in the other language; empty: none
}

// Write writes a report in a language, "zh" or "en".
func Write(w io.Writer, r *report.Report, lang string) error { return Options{}.Write(w, r, lang) }

// Write writes a report in a language, "zh" or "en". Errors are those of w.
func (o Options) Write(w io.Writer, r *report.Report, lang string) error {
	p := &page{r: r, lang: lang, ids: map[string]bool{}}
	p.number()
	p.cover(o)
	p.str("<main id=\"main\">\n")
	for i := range r.Sections {
		p.section(i)
	}
	p.str("</main>\n")
	p.end()

	css := p.styles()
	sum := sha256.Sum256([]byte(css))
	head := page{lang: lang}
	head.str("<!doctype html>\n<html lang=\"", map[bool]string{true: "zh-CN", false: "en"}[lang == "zh"], "\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n",
		`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-`, base64.StdEncoding.EncodeToString(sum[:]), `'; base-uri 'none'; form-action 'none'">`, "\n<meta name=\"referrer\" content=\"no-referrer\">\n<title>").
		text(r.Title.In(lang)).str("</title>\n<style>", css, "</style>\n</head>\n<body>\n")
	if _, err := w.Write(head.b); err != nil {
		return err
	}
	_, err := w.Write(p.b)
	return err
}

// page is a page in the making.
type page struct {
	b      []byte
	r      *report.Report
	lang   string
	ids    map[string]bool
	blocks map[report.Block]*numbered
	tables map[string]*numbered // by key, those that the page has
	sheets []report.Text        // captions of those, of the section being written
	anchor []string             // of sections
	widths map[int]bool         // per mille, of columns
}

// numbered is a figure or table with its number and anchor.
type numbered struct {
	n      int
	id     string
	figure bool
}

func (p *page) str(parts ...string) *page {
	for _, s := range parts {
		p.b = append(p.b, s...)
	}
	return p
}

func (p *page) int(n int) *page {
	p.b = strconv.AppendInt(p.b, int64(n), 10)
	return p
}

// text appends a text as content; what would turn the line around or move a cursor becomes U+FFFD.
func (p *page) text(s string) *page {
	if strings.IndexFunc(s, func(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }) >= 0 {
		s = strings.Map(func(r rune) rune {
			if unicode.Is(unicode.Bidi_Control, r) {
				return unicode.ReplacementChar
			}
			return r
		}, s)
	}
	p.b = figure.AppendEscaped(p.b, s)
	return p
}

func (p *page) in(t report.Text) string { return t.In(p.lang) }

func (p *page) say(zh, en string) string {
	if p.lang == "zh" {
		return zh
	}
	return en
}

// id makes an anchor of a stable name: letters, digits and hyphens, each only once.
func (p *page) id(prefix, key string) string {
	s := prefix + strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, strings.ToValidUTF8(key, "_"))
	out := s
	for n := 2; p.ids[out]; n++ {
		out = fmt.Sprintf("%s~%d", s, n)
	}
	p.ids[out] = true
	return out
}

// number gives figures and tables their numbers and anchors.
func (p *page) number() {
	p.blocks, p.tables, p.widths = map[report.Block]*numbered{}, map[string]*numbered{}, map[int]bool{}
	numbers := pages.Number(p.r)
	for i := range p.r.Sections {
		p.anchor = append(p.anchor, p.id("", p.r.Sections[i].Key))
		for _, b := range p.r.Sections[i].Blocks {
			switch b := b.(type) {
			case *report.Figure:
				p.blocks[b] = &numbered{numbers.Of(b), p.id("fig-", b.Key), true}
			case *report.Table:
				if n := numbers.Of(b); n > 0 {
					t := &numbered{n, p.id("tab-", b.Key), false}
					p.blocks[b], p.tables[b.Key] = t, t
				}
			}
		}
	}
}

// name writes what a figure or table is called.
func (n *numbered) name(lang string) string { return pages.Name(n.figure, n.n, lang) }

func (p *page) cover(o Options) {
	p.str(`<a class="skip" href="#main">`, p.say("跳到正文", "Skip to the text"), "</a>\n<header>\n")
	if o.Other != "" {
		p.str(`<p class="other"><a href="`).text(o.Other).str(`" hreflang="`, p.say("en", "zh-CN"), `" lang="`, p.say("en", "zh-CN"), `">`, p.say("English", "中文"), "</a></p>\n")
	}
	p.str("<h1>").text(p.in(p.r.Title)).str("</h1>\n")
	if len(p.r.Facts) > 0 {
		p.str("<dl>\n")
		for _, f := range p.r.Facts {
			p.str("<div><dt>").text(p.in(f.Name)).str("</dt><dd>").text(p.in(f.Value)).str("</dd></div>\n")
		}
		p.str("</dl>\n")
	}
	if len(p.r.Marks) > 0 {
		p.str(`<aside class="marks" aria-label="`, p.say("须知", "Please note"), `"><p class="lead">`, p.say("须知", "Please note"), "</p>\n<ul>\n")
		for _, m := range p.r.Marks {
			p.str("<li>").text(p.in(m.Text)).str("</li>\n")
		}
		p.str("</ul></aside>\n")
	}
	p.str("</header>\n")
	if len(p.r.Sections) == 0 {
		return
	}
	p.str(`<nav aria-labelledby="contents">`, "\n<h2 id=\"contents\">", p.say("目录", "Contents"), "</h2>\n<ol>\n")
	for i := range p.r.Sections {
		s := &p.r.Sections[i]
		p.str(`<li><a href="#`).text(p.anchor[i]).str(`">`, pages.Ordinal(i+1, p.lang)).text(p.in(s.Title)).str("</a>")
		open := false
		for _, b := range s.Blocks {
			n := p.blocks[b]
			if n == nil {
				continue
			}
			if !open {
				p.str("\n<ul>\n")
				open = true
			}
			p.str(`<li><a href="#`).text(n.id).str(`">`, n.name(p.lang), p.say("　", " ")).text(p.in(pages.Caption(b))).str("</a></li>\n")
		}
		if open {
			p.str("</ul>")
		}
		p.str("</li>\n")
	}
	p.str("</ol>\n</nav>\n")
}

func (p *page) section(i int) {
	s := &p.r.Sections[i]
	p.str(`<section aria-labelledby="`).text(p.anchor[i]).str("\">\n<h2 id=\"").text(p.anchor[i]).str(`">`, pages.Ordinal(i+1, p.lang)).text(p.in(s.Title)).str("</h2>\n")
	p.sheets = p.sheets[:0]
	marked := false
	for _, b := range s.Blocks {
		paragraph, ok := b.(*report.Paragraph)
		if mark := ok && paragraph.Mark; mark != marked { // marks that follow each other stand in one box
			if marked = mark; mark {
				p.str(`<div class="mark" role="note">`, "\n")
			} else {
				p.str("</div>\n")
			}
		}
		switch b := b.(type) {
		case *report.Paragraph:
			p.str("<p>").text(p.in(b.Text)).str("</p>\n")
		case *report.Figure:
			p.figure(b)
		case *report.Table:
			if b.SheetOnly {
				p.sheets = append(p.sheets, b.Caption)
				continue
			}
			p.table(b, p.blocks[b])
		}
	}
	if marked {
		p.str("</div>\n")
	}
	if len(s.Blocks) == 0 {
		p.str("<p>", p.say("本章没有内容。", "There is nothing in this chapter."), "</p>\n")
	}
	if words := pages.Elsewhere(p.sheets, p.lang); words != "" {
		p.str(`<p class="note">`).text(words).str("</p>\n")
	}
	p.str("</section>\n")
}

// figureWidth is the width of the text on A4, in hundredths of a millimetre.
const figureWidth = 17000

func (p *page) figure(f *report.Figure) {
	n := p.blocks[f]
	p.str(`<figure id="`).text(n.id).str("\">\n")
	p.b = figure.Draw(f, figureWidth, p.lang).AppendSVG(p.b, "f"+strconv.Itoa(n.n))
	p.str("<figcaption>", n.name(p.lang), p.say("　", "  ")).text(p.in(f.Caption)).str("</figcaption>\n")
	p.notes(f.Notes)
	switch t := p.tables[f.Table]; {
	case f.Data != nil:
		p.str("<details><summary>", p.say("本图数据", "The numbers behind the figure"), "</summary>\n")
		p.table(f.Data, nil)
		p.str("</details>\n")
	case t != nil:
		p.str(`<p class="note data">`, p.say("数据：", "Numbers: "), `<a href="#`).text(t.id).str(`">`, t.name(p.lang), "</a>", p.say("。", "."), "</p>\n")
	case f.Table != "":
		p.str(`<p class="note data">`, p.say("数据见随附工作簿的同名表。", "The numbers stand in the workbook's table of that name."), "</p>\n")
	}
	p.str("</figure>\n")
}

// notes writes what figures rest on.
func (p *page) notes(notes []report.Text) {
	if words := pages.Notes(notes, p.lang); words != "" {
		p.str(`<p class="note">`).text(words).str("</p>\n")
	}
}

func (p *page) end() {
	p.str("<footer>\n")
	if words := pages.Sources(p.r.Credits, p.lang); words != "" {
		p.str("<p>").text(words).str("</p>\n")
	}
	p.str("<p>", p.say("本报告由 lifecircle 生成；同一次评估和台账生成的报告逐字节相同。", "Made by lifecircle; the same run and ledger give the same bytes."), "</p>\n</footer>\n</body>\n</html>\n")
}

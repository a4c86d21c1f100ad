package xlsx

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"github.com/xuri/excelize/v2"
)

// Bounds of what a workbook may hold.
const (
	maxSheetRows = 1_048_576
	maxCellChars = 32_767
	maxSheetName = 31
)

// madeAt stands where a workbook says when it was made: the same report is the same bytes.
const madeAt = "2000-01-01T00:00:00Z"

// book is a workbook being written; after an error it does nothing.
type book struct {
	f      *excelize.File
	styles map[look]int
	rules  map[rule]int // conditional styles
	names  map[string]bool
	sheets int
	err    error
}

// look is what a cell looks like.
type look struct {
	format string // number format; empty: general, @: text
	fill   string // RRGGBB; empty: none
	hatch  bool
	dark   bool // white letters
	bold   bool
	size   int // of letters; 0: as usual
	head   bool
	link   bool
	center bool
	plain  bool // no wrapping
}

// rule is what a conditional format makes of a cell.
type rule struct {
	fill        string
	hatch, dark bool
}

func newBook(title, subject string) *book {
	f := excelize.NewFile()
	f.SetZipWriter(func(w io.Writer) excelize.ZipWriter { return &sortedZip{w: w} })
	b := &book{f: f, styles: map[look]int{}, rules: map[rule]int{}, names: map[string]bool{}}
	b.do(b.f.SetDocProps(&excelize.DocProperties{Title: clean(title), Subject: clean(subject), Creator: "lifecircle", LastModifiedBy: "lifecircle", Created: madeAt, Modified: madeAt}))
	return b
}

func (b *book) do(err error) {
	if b.err == nil {
		b.err = err
	}
}

// pattern gives the fill of a tone: plain, or diagonal lines over it.
func pattern(fill string, hatch bool) excelize.Fill {
	if hatch {
		return excelize.Fill{Type: "pattern", Pattern: 14, Color: []string{fill}} // thin diagonal stripe
	}
	return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{fill}}
}

func (b *book) style(l look) int {
	if id, ok := b.styles[l]; ok {
		return id
	}
	s := &excelize.Style{Alignment: &excelize.Alignment{Vertical: "top", WrapText: !l.plain}, Font: &excelize.Font{Bold: l.bold || l.head, Size: 11}}
	if l.size > 0 {
		s.Font.Size = float64(l.size)
	}
	if l.center {
		s.Alignment.Horizontal = "center"
	}
	switch l.format {
	case "":
	case "@":
		s.NumFmt = 49
	default:
		f := l.format
		s.CustomNumFmt = &f
	}
	if l.fill != "" {
		s.Fill = pattern(l.fill, l.hatch)
	}
	if l.dark {
		s.Font.Color = "FFFFFF"
	}
	if l.head {
		s.Fill = pattern("DCE6F1", false)
		s.Alignment.Vertical = "center"
		s.Border = []excelize.Border{{Type: "bottom", Style: 1, Color: "808080"}, {Type: "top", Style: 1, Color: "808080"}, {Type: "right", Style: 1, Color: "C8D2DC"}}
	}
	if l.link {
		s.Font.Color, s.Font.Underline = "0B4F9E", "single"
	}
	id, err := b.f.NewStyle(s)
	b.do(err)
	b.styles[l] = id
	return id
}

func (b *book) rule(r rule) *int {
	id, ok := b.rules[r]
	if !ok {
		s := &excelize.Style{Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{r.fill}}}
		if r.dark {
			s.Font = &excelize.Font{Color: "FFFFFF"}
		}
		if r.hatch {
			s.Font = &excelize.Font{Italic: true}
		}
		var err error
		id, err = b.f.NewConditionalStyle(s)
		b.do(err)
		b.rules[r] = id
	}
	return &id
}

// sheet adds a sheet; the first takes the place of the one that a new workbook has. It gives the name that it got.
func (b *book) sheet(wanted string) string {
	name := b.sheetName(wanted)
	if b.sheets++; b.sheets == 1 {
		b.do(b.f.SetSheetName(b.f.GetSheetName(0), name))
	} else {
		_, err := b.f.NewSheet(name)
		b.do(err)
	}
	return name
}

// sheetName makes a legal name that no other sheet has.
func (b *book) sheetName(wanted string) string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`[]:*?/\'`, r) {
			return ' '
		}
		return r
	}, clean(wanted))
	name = strings.Join(strings.Fields(name), " ")
	if name == "" {
		name = "–"
	}
	base := cutUnits(name, maxSheetName)
	out := base
	for n := 2; b.names[strings.ToLower(out)]; n++ {
		tail := " " + strconv.Itoa(n)
		out = cutUnits(base, maxSheetName-len(tail)) + tail
	}
	b.names[strings.ToLower(out)] = true
	return out
}

// cutUnits cuts a text to a number of UTF-16 units, which is how Excel counts, at a whole character.
func cutUnits(s string, most int) string {
	n, end := 0, 0
	g := uniseg.NewGraphemes(s)
	for g.Next() {
		for _, r := range g.Runes() {
			n++
			if r > 0xffff {
				n++
			}
		}
		if n > most {
			break
		}
		_, end = g.Positions()
	}
	return strings.TrimSpace(s[:end])
}

// clean makes a text that a workbook can hold: characters that XML has no room for become U+FFFD, a text that is too long ends in “…”.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if (r < 0x20 && r != '\n' && r != '\t') || r == 0x7f || r == 0xfffe || r == 0xffff {
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if len(s) > maxCellChars {
		if c := cutUnits(s, maxCellChars-1); len(c) < len(s) {
			return c + "…"
		}
	}
	return s
}

// width gives the characters that a text takes: an ideograph takes two.
func width(s string) int {
	most := 0
	for line := range strings.SplitSeq(s, "\n") {
		most = max(most, uniseg.StringWidth(line))
	}
	return most
}

// at names a cell.
func at(column, row int) string {
	name, err := excelize.CoordinatesToCellName(column, row)
	if err != nil {
		panic(fmt.Sprintf("xlsx: cell %d, %d", column, row)) // bounded by maxSheetRows and the model's columns
	}
	return name
}

// printed sets up a sheet for A3 across, its head rows on every page.
func (b *book) printed(sheet, title string, from, to int) {
	a3, landscape, one, many := 8, "landscape", 1, 0
	b.do(b.f.SetPageLayout(sheet, &excelize.PageLayoutOptions{Size: &a3, Orientation: &landscape, FitToWidth: &one, FitToHeight: &many}))
	yes := true
	b.do(b.f.SetSheetProps(sheet, &excelize.SheetPropsOptions{FitToPage: &yes}))
	m := func(f float64) *float64 { return &f }
	b.do(b.f.SetPageMargins(sheet, &excelize.PageLayoutMarginsOptions{Left: m(0.5), Right: m(0.5), Top: m(0.7), Bottom: m(0.7), Header: m(0.3), Footer: m(0.3)}))
	title = strings.ReplaceAll(cutUnits(title, 200), "&", "&&")
	b.do(b.f.SetHeaderFooter(sheet, &excelize.HeaderFooterOptions{OddHeader: "&L" + title + "&R&A", OddFooter: "&C&P / &N"}))
	if from > 0 {
		b.do(b.f.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles", Scope: sheet, RefersTo: fmt.Sprintf("'%s'!$%d:$%d", sheet, from, to)}))
	}
}

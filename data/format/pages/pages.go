// Package pages has what documents in pages have in common: how chapters, figures and tables are numbered, which rows of a table
// are shown and what is said about the others, how wide columns are, and what every page says.
package pages

import (
	"slices"
	"strconv"
	"strings"

	"lifecircle/coverage/report"
	"lifecircle/data/format/figure"
)

// MaxRows bounds the rows of a table in a document whatever the table says, so that the document of the largest city can be opened.
const MaxRows = 2000

// Numbers are the numbers of a report's figures and tables, in the order in which they stand. Tables for sheets only have none.
type Numbers struct {
	blocks map[report.Block]int
	tables map[string]*report.Table
}

// Number counts figures and tables.
func Number(r *report.Report) Numbers {
	n := Numbers{map[report.Block]int{}, map[string]*report.Table{}}
	figures, tables := 0, 0
	for i := range r.Sections {
		for _, b := range r.Sections[i].Blocks {
			switch b := b.(type) {
			case *report.Figure:
				figures++
				n.blocks[b] = figures
			case *report.Table:
				if !b.SheetOnly {
					tables++
					n.blocks[b], n.tables[b.Key] = tables, b
				}
			}
		}
	}
	return n
}

// Of gives the number of a figure or table; 0 for what has none.
func (n Numbers) Of(b report.Block) int { return n.blocks[b] }

// Table gives the table of a key, nil if the pages do not have it.
func (n Numbers) Table(key string) *report.Table { return n.tables[key] }

// Word is what a figure or a table is called before its number.
func Word(isFigure bool, lang string) string {
	if isFigure {
		return report.Text{Zh: "图", En: "Figure"}.In(lang)
	}
	return report.Text{Zh: "表", En: "Table"}.In(lang)
}

// Name is a figure or table by its number: 图 3.
func Name(isFigure bool, n int, lang string) string {
	return Word(isFigure, lang) + " " + strconv.Itoa(n)
}

// Caption gives the caption of a figure or table.
func Caption(b report.Block) report.Text {
	switch b := b.(type) {
	case *report.Figure:
		return b.Caption
	case *report.Table:
		return b.Caption
	}
	return report.Text{}
}

// Ordinal numbers chapters: 一、 or 1.
func Ordinal(n int, lang string) string {
	if lang != "zh" {
		return strconv.Itoa(n) + ". "
	}
	digits := []rune("零一二三四五六七八九")
	if n > 99 {
		return strconv.Itoa(n) + "、"
	}
	s := ""
	if n >= 20 {
		s = string(digits[n/10])
	}
	if n >= 10 {
		s += "十"
	}
	if n%10 > 0 {
		s += string(digits[n%10])
	}
	return s + "、"
}

// Rows gives the rows of a table that pages show, and what they say about the others; "" if these are all.
func Rows(t *report.Table, lang string) ([][]report.Cell, string) {
	limit := MaxRows
	if t.PageRows > 0 {
		limit = min(limit, t.PageRows)
	}
	rows := t.Rows[:min(limit, len(t.Rows))]
	left := len(t.Rows) + t.Cut - len(rows)
	if left == 0 {
		return rows, ""
	}
	shown, all := grouped(len(rows)), grouped(len(t.Rows)+t.Cut)
	return rows, report.Text{Zh: "本表只列前 " + shown + " 行，共 " + all + " 行；其余 " + grouped(left) + " 行见随附的工作簿和数据文件。",
		En: "The first " + shown + " of " + all + " rows are listed; the other " + grouped(left) + " stand in the workbook and the data files."}.In(lang)
}

// Elsewhere says which tables stand in the workbook only; "" for none.
func Elsewhere(captions []report.Text, lang string) string {
	if len(captions) == 0 {
		return ""
	}
	var list []string
	for _, c := range captions {
		list = append(list, c.In(lang))
	}
	if lang == "zh" {
		return "下列表格行列过多，见随附的工作簿：" + strings.Join(list, "；") + "。"
	}
	return "Tables that are too wide or long for a page stand in the workbook: " + strings.Join(list, "; ") + "."
}

// Notes joins what figures rest on into a paragraph; "" for none.
func Notes(notes []report.Text, lang string) string {
	var b strings.Builder
	for i, n := range notes {
		s := n.In(lang)
		switch {
		case i == 0:
			b.WriteString(report.Text{Zh: "注：", En: "Note: "}.In(lang))
		case lang != "zh":
			b.WriteByte(' ')
		}
		b.WriteString(s)
		if !strings.HasSuffix(s, "。") && !strings.HasSuffix(s, ".") {
			b.WriteString(report.Text{Zh: "。", En: "."}.In(lang))
		}
	}
	return b.String()
}

// Sources names where data come from; "" for none.
func Sources(credits []string, lang string) string {
	if len(credits) == 0 {
		return ""
	}
	if lang == "zh" {
		return "资料来源：" + strings.Join(credits, "；")
	}
	return "Sources: " + strings.Join(credits, "; ")
}

// Marks are what every page says, in lines of a width in a size of type; the cover has them in full.
func Marks(r *report.Report, lang string, size, width, lines int) []string {
	var all []string
	for _, m := range r.Marks {
		all = append(all, strings.TrimRight(m.Text.In(lang), "。."))
	}
	return figure.Wrap(strings.Join(all, report.Text{Zh: "；", En: "; "}.In(lang)), size, false, width, lines)
}

func grouped(n int) string {
	return report.Column{Kind: report.KindNumber}.Show(report.Cell{Num: int64(n)}, "en")
}

// Tables are as wide as the text and never wider: columns get their share of it by what stands in them, and a table with more columns than
// the page can bear is broken into parts that repeat the column with the names.
// Lengths are hundredths of a millimetre.

// setting is how a table is set.
type setting struct {
	size int // of the type
	pad  int // left and right of a cell, and what a browser rounds
}

// settings are 8 and 7 points: the smaller one where it keeps columns together.
var settings = []setting{{282, 340}, {247, 240}}

const (
	narrowest  = 1000 // a column
	widestText = 5200 // what a column of text asks for at most
	leastText  = 1900 // what a short text is content with
	longText   = 4200 // and a long one, that then takes a few lines
	longWord   = 2600 // a word up to this width is not broken
	sampled    = 300  // rows that are measured
)

// Piece is a part of a table: its columns, their widths in thousandths of its own, and its own in thousandths of the page.
type Piece struct {
	Columns, Widths []int
	Width           int
	Small           bool // set in 7 points rather than 8
}

// Pieces distributes the columns of a table over rooms of a width; of a table without columns it gives one without.
func Pieces(t *report.Table, rows [][]report.Cell, room int, lang string) []Piece {
	repeated := namesColumn(t)
	wish, least := make([]int, len(t.Columns)), make([]int, len(t.Columns))
	var out [][]int
	small := false
	for k, set := range settings {
		for i := range t.Columns {
			wish[i], least[i] = measure(&t.Columns[i], i, rows, set, room, lang)
		}
		out, small = distribute(least, repeated, room), k > 0
		if len(out) <= 1 {
			break
		}
	}
	for limit := room / 4; len(out) > 1 && limit < room; limit += 250 { // parts of about the same width
		if even := distribute(least, repeated, limit); len(even) == len(out) {
			out = even
			break
		}
	}
	if len(out) == 0 {
		return []Piece{{Width: 1000}}
	}
	var pieces []Piece
	for _, columns := range out {
		piece := spread(columns, wish, least, room)
		piece.Small = small
		pieces = append(pieces, piece)
	}
	return pieces
}

// distribute fills parts with columns up to a width; every part begins with the repeated column once that has been there.
func distribute(least []int, repeated, limit int) (out [][]int) {
	var now []int
	used := 0
	for i := range least {
		if used+least[i] > limit && len(now) > 0 && !slices.Equal(now, []int{repeated}) {
			out = append(out, now)
			now, used = nil, 0
			if repeated < i {
				now, used = []int{repeated}, least[repeated]
			}
		}
		now, used = append(now, i), used+least[i]
	}
	if len(now) > 0 {
		out = append(out, now)
	}
	return out
}

// namesColumn is the column that tells rows apart for a reader: the first one of text that asks for room, else the first.
func namesColumn(t *report.Table) int {
	for i, c := range t.Columns {
		if c.Kind == report.KindText && c.Width >= 18 {
			return i
		}
	}
	if len(t.Columns) == 0 {
		return -1
	}
	return 0
}

// measure gives the width that a column would have and the one that it is content with.
func measure(c *report.Column, i int, rows [][]report.Cell, set setting, room int, lang string) (wish, least int) {
	head := c.Title.In(lang)
	wish = min(figure.Measure(head, set.size, true), 1500)
	least = min(word(head, set.size, true), longWord)
	for _, row := range rows[:min(sampled, len(rows))] {
		if i >= len(row) {
			continue
		}
		s := c.Show(row[i], lang)
		w := figure.Measure(s, set.size, false)
		wish = max(wish, w)
		if c.Kind == report.KindText || c.Kind == report.KindVerdict {
			least = max(least, min(w, leastText), min(w/3, longText), min(word(s, set.size, false), longWord))
		} else {
			least = max(least, w)
		}
	}
	least = min(max(least+set.pad, narrowest), room/2)
	return max(min(wish+set.pad, widestText), least), least
}

// word gives the width of the longest run of Latin letters, which should not be broken.
func word(s string, size int, bold bool) int {
	longest, from := 0, -1
	for i, r := range s + " " {
		latin := r > ' ' && r < 0x250 && r != '-' && r != '/'
		if latin && from < 0 {
			from = i
		}
		if !latin && from >= 0 {
			longest = max(longest, figure.Measure(s[from:i], size, bold))
			from = -1
		}
	}
	return longest
}

// spread gives columns the width of the page: what they are content with, and of the rest by what they would like. A few narrow columns are
// not pulled apart over the whole page.
func spread(columns, wish, least []int, room int) Piece {
	sum, more := 0, 0
	for _, i := range columns {
		sum, more = sum+least[i], more+wish[i]-least[i]
	}
	width := max(sum, min(room, (sum+more)*5/4))
	if width > room*4/5 {
		width = max(sum, room)
	}
	rest := width - sum
	piece := Piece{Columns: slices.Clone(columns), Width: min(1000, width*1000/room)}
	for _, i := range columns {
		w := least[i]
		switch {
		case rest >= more:
			w = wish[i] * width / (sum + more)
		default:
			w += rest * (wish[i] - least[i]) / more
		}
		piece.Widths = append(piece.Widths, w*1000/width)
	}
	return piece
}

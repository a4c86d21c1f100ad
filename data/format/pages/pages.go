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
	left := len(t.Rows) - len(rows)
	if left == 0 {
		return rows, ""
	}
	shown, all := grouped(len(rows)), grouped(len(t.Rows))
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
// the page can bear is broken into parts that repeat the column with the names. Lengths are hundredths of a millimetre.

const (
	// CellSize is the type in cells that columns are measured for: 8 pt.
	CellSize   = 282
	cellPad    = 340  // left and right of a cell, and what a browser rounds
	narrowest  = 1150 // a column
	widestText = 5200 // what a column of text asks for at most
	leastText  = 1900 // what it is content with
	sampled    = 300  // rows that are measured
)

// Piece is a part of a table: its columns, and their widths in thousandths of the room.
type Piece struct{ Columns, Widths []int }

// Pieces distributes the columns of a table over rooms of a width.
func Pieces(t *report.Table, rows [][]report.Cell, room int, lang string) []Piece {
	wish, least := make([]int, len(t.Columns)), make([]int, len(t.Columns))
	for i := range t.Columns {
		wish[i], least[i] = measure(&t.Columns[i], i, rows, room, lang)
	}
	repeated := namesColumn(t)
	var out []Piece
	var now []int
	used := 0
	for i := range t.Columns {
		if used+least[i] > room && len(now) > 0 && !(len(now) == 1 && now[0] == repeated) {
			out = append(out, spread(now, wish, least, room))
			now, used = nil, 0
			if repeated >= 0 {
				now, used = []int{repeated}, least[repeated]
			}
		}
		if i != repeated || !slices.Contains(now, i) {
			now, used = append(now, i), used+least[i]
		}
	}
	if len(now) > 0 {
		out = append(out, spread(now, wish, least, room))
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
func measure(c *report.Column, i int, rows [][]report.Cell, room int, lang string) (wish, least int) {
	head := c.Title.In(lang)
	wish = min(figure.Measure(head, CellSize, true), 1500)
	least = min(word(head), 2200)
	for _, row := range rows[:min(sampled, len(rows))] {
		if i >= len(row) {
			continue
		}
		s := c.Show(row[i], lang)
		w := figure.Measure(s, CellSize, false)
		wish = max(wish, w)
		if c.Kind == report.KindText || c.Kind == report.KindVerdict {
			least = max(least, min(w, leastText))
		} else {
			least = max(least, w)
		}
	}
	least = min(max(least+cellPad, narrowest), room/2)
	return max(min(wish+cellPad, widestText), least), least
}

// word gives the width of the longest run of Latin letters in a heading, which should not be broken.
func word(s string) int {
	longest, from := 0, -1
	for i, r := range s + " " {
		latin := r < 0x250 && r != ' ' && r != '-' && r != '/'
		if latin && from < 0 {
			from = i
		}
		if !latin && from >= 0 {
			longest = max(longest, figure.Measure(s[from:i], CellSize, true))
			from = -1
		}
	}
	return longest
}

// spread gives columns the width of the page: what they are content with, and of the rest by what they would like.
func spread(columns, wish, least []int, room int) Piece {
	sum, more := 0, 0
	for _, i := range columns {
		sum, more = sum+least[i], more+wish[i]-least[i]
	}
	rest := max(0, room-sum)
	piece := Piece{Columns: slices.Clone(columns)}
	for _, i := range columns {
		w := least[i]
		if more > 0 && rest >= more {
			w = wish[i] + (rest-more)*wish[i]/(sum+more)
		} else if more > 0 {
			w += rest * (wish[i] - least[i]) / more
		} else {
			w += rest * least[i] / sum
		}
		piece.Widths = append(piece.Widths, w*1000/max(room, sum))
	}
	return piece
}

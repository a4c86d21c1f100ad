package main

import (
	"bufio"
	"io"
	"os"
	"strings"

	"github.com/rivo/uniseg"
	"golang.org/x/term"
)

// grid prints a table on a terminal; Chinese characters take two places. A cell may have several lines.
type grid struct {
	head  []string
	rows  [][]string
	right map[int]bool // columns of numbers
	fit   int          // keep the table within that many places, if it can be: see fitMark; 0 = as wide as it is
}

// fitMark stands between the items of a list in the last column, of which those are shown that fit, but at least two.
const fitMark = "\x00"

// maxCell is the widest that a cell before the last column may be.
const maxCell = 44

// add adds a row; cells before the last column are cut to maxCell.
func (g *grid) add(cells ...string) {
	for i := range cells[:len(cells)-1] {
		lines := strings.Split(cells[i], "\n")
		for k := range lines {
			lines[k] = cut(lines[k], maxCell)
		}
		cells[i] = strings.Join(lines, "\n")
	}
	g.rows = append(g.rows, cells)
}

func (g *grid) print(w io.Writer) error {
	all := append([][]string{g.head}, g.rows...)
	last := len(g.head) - 1
	width := make([]int, len(g.head))
	for _, row := range all {
		for i, c := range row {
			for line := range strings.SplitSeq(c, "\n") {
				if i < last || !strings.Contains(line, fitMark) {
					width[i] = max(width[i], uniseg.StringWidth(line))
				}
			}
		}
	}
	before := 2 * last
	for _, n := range width[:last] {
		before += n
	}
	b := bufio.NewWriter(w)
	for _, row := range all {
		cells, lines := make([][]string, len(row)), 1
		for i, c := range row {
			if i == last {
				c = fitList(c, g.fit-before)
			}
			cells[i] = strings.Split(c, "\n")
			lines = max(lines, len(cells[i]))
		}
		for k := range lines {
			var line strings.Builder
			for i := range cells {
				c := ""
				if k < len(cells[i]) {
					c = cells[i][k]
				}
				pad := strings.Repeat(" ", max(0, width[i]-uniseg.StringWidth(c)))
				if i > 0 {
					line.WriteString("  ")
				}
				if g.right[i] {
					line.WriteString(pad + c)
				} else {
					line.WriteString(c + pad)
				}
			}
			b.WriteString(strings.TrimRight(line.String(), " "))
			b.WriteByte('\n')
		}
	}
	return b.Flush()
}

// fitList gives the items of a list that fit, joined by commas, and the first two in any case.
func fitList(list string, places int) string {
	items := strings.Split(list, fitMark)
	out := items[0]
	for i, item := range items[1:] {
		if i > 0 && places > 0 && uniseg.StringWidth(out)+2+uniseg.StringWidth(item) > places {
			break
		}
		out += ", " + item
	}
	return out
}

// width is how wide a table may be: as the terminal, but not under 100 places.
func (a *app) width() int {
	const narrow = 100
	out := a.stdout
	if words, ok := out.(*inertWriter); ok {
		out = words.w
	}
	if f, ok := out.(*os.File); ok {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil {
			return max(narrow, columns)
		}
	}
	return narrow
}

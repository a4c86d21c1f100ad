package pdf

import (
	"strings"
	"sync"
	"unicode"

	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"

	"lifecircle/data/fonts"
)

// box stands for a character that the font does not have.
const box = '□'

// face is the embedded font with what setting a line needs to know of it. It is read-only.
type face struct {
	advance map[rune]int // thousandths of the em
}

// theFace reads the font once.
var theFace = sync.OnceValue(func() *face {
	f, err := sfnt.Parse(fonts.Regular())
	if err != nil {
		panic(err) // embedded
	}
	out := &face{advance: make(map[rune]int, 1<<13)}
	var b sfnt.Buffer
	for r := rune(' '); r <= 0xffff; r++ {
		i, err := f.GlyphIndex(&b, r)
		if err != nil || i == 0 {
			continue
		}
		if a, err := f.GlyphAdvance(&b, i, fixed.I(1000), 0); err == nil {
			out.advance[r] = a.Round()
		}
	}
	return out
})

// straight are quotation marks for English: the font's own are an em wide, for Chinese.
var straight = strings.NewReplacer("“", `"`, "”", `"`, "‘", "'", "’", "'")

// settable gives a text in characters of the font, on one line; it counts those that the font does not have.
func (d *document) settable(s string) string {
	if d.lang != "zh" {
		s = straight.Replace(s)
	}
	out := make([]rune, 0, len(s))
	for _, r := range s {
		switch {
		case r == '\n' || r == '\t':
			r = ' '
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r) || unicode.Is(unicode.Cf, r):
			if d.face.advance[r] == 0 {
				d.missing[r] = true
				continue
			}
		}
		if _, ok := d.face.advance[r]; !ok {
			d.missing[r] = true
			r = box
		}
		out = append(out, r)
	}
	return string(out)
}

// width gives the width of a settable text in millimetres at a size in points.
func (d *document) width(s string, size float64) float64 {
	n := 0
	for _, r := range s {
		n += d.face.advance[r]
	}
	return float64(n) / 1000 * size * mmPerPoint
}

const mmPerPoint = 25.4 / 72

// Characters that no line may begin or end with (禁则).
const (
	notFirst = "，。、；：？！）》」』】〕”’…—·,.;:?!)]}%％‰°"
	notLast  = "（《「『【〔“‘([{"
)

// breakable tells whether a line may end between two characters.
func breakable(a, b rune) bool {
	if strings.ContainsRune(notFirst, b) || strings.ContainsRune(notLast, a) {
		return false
	}
	if a == ' ' || a == '-' || a == '/' || a == '_' || a == '|' {
		return true
	}
	return wide(a) || wide(b)
}

// word gives the width of the longest piece of a settable text that cannot be broken.
func (d *document) word(s string, size float64) (most float64) {
	rs := []rune(s)
	for from, i := 0, 0; i < len(rs); i++ {
		if i+1 == len(rs) || breakable(rs[i], rs[i+1]) {
			most = max(most, d.width(strings.TrimRight(string(rs[from:i+1]), " "), size))
			from = i + 1
		}
	}
	return most
}

// wide tells ideographs and their like from letters of words.
func wide(r rune) bool { return r >= 0x2e80 && r < 0xfb00 || r >= 0xff00 && r < 0xffef || r == box }

// wrap breaks a settable text into lines of a width; what has no place to break is cut anywhere.
func (d *document) wrap(s string, size, width float64) []string {
	rs := []rune(s)
	var lines []string
	unit := size * mmPerPoint / 1000
	for start := 0; start < len(rs); {
		w, end, last := 0.0, start, -1
		for end < len(rs) {
			w += float64(d.face.advance[rs[end]]) * unit
			if w > width && end > start && rs[end] != ' ' {
				break
			}
			if end+1 < len(rs) && breakable(rs[end], rs[end+1]) {
				last = end + 1
			}
			end++
		}
		if end < len(rs) && last > start {
			end = last
		}
		lines = append(lines, strings.TrimRight(string(rs[start:end]), " "))
		for end < len(rs) && rs[end] == ' ' {
			end++
		}
		start = end
	}
	if len(lines) == 0 {
		lines = []string{""}
	}
	return lines
}

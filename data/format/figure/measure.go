package figure

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Words are measured by a table of our own, so that a figure is laid out alike on every machine. Its widths are the larger ones of
// the common sans-serif faces (Arial and its metric copies, Source Han Sans): what is set in another face may be a little narrower
// than measured, hardly ever wider. Where the table can only guess, a drawer should squeeze the line into its measure: see Guessed.

// ascii holds the widths of U+0020 to U+007E in thousandths of the em.
var ascii = [95]uint16{
	278, 323, 474, 557, 557, 921, 680, 278, 338, 338, 467, 584, 278, 347, 278, 392, 557, 557, 557, 557, 557, 557, 557, 557, 557, 557, 278, 278, 584, 584, 584, 557,
	1016, 667, 667, 723, 723, 667, 611, 778, 728, 293, 535, 667, 557, 834, 723, 778, 667, 778, 723, 667, 611, 723, 667, 944, 667, 667, 611, 338, 392, 338, 555, 559,
	606, 563, 618, 510, 620, 557, 325, 564, 607, 275, 275, 552, 284, 926, 610, 606, 620, 620, 388, 500, 377, 607, 521, 802, 500, 521, 500, 338, 270, 338, 584,
}

// boldMore is how much wider a bold letter is at most.
const boldMore = 58

// runeWidth gives the width of a character in thousandths of the em, and whether that is known rather than guessed.
func runeWidth(r rune) (int, bool) {
	switch {
	case r < 0x20 || r == 0x7f:
		return 0, true
	case r < 0x7f:
		return int(ascii[r-0x20]), true
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) || unicode.Is(unicode.Variation_Selector, r):
		return 0, false
	case r < 0x250:
		return 790, true
	case r >= 0x2e80 && r < 0xa000, r >= 0xac00 && r < 0xd7a4, r >= 0xf900 && r < 0xfb00, r >= 0xfe30 && r < 0xfe70, r >= 0xff00 && r < 0xff61, r == 0x3000:
		return 1000, true
	case r >= 0x2000 && r < 0x2070, r >= 0x2100 && r < 0x2300:
		return 1000, true // punctuation, arrows, mathematics: a full em in Chinese faces
	case r >= 0x370 && r < 0x530:
		return 800, true
	case r >= 0x590 && r < 0x900, r >= 0xfb1d && r < 0xfdf0, r >= 0xfe70 && r < 0xff00:
		return 750, false
	case r >= 0xfdf0 && r < 0xfe00:
		return 4000, false // ligatures of whole phrases
	case r >= 0x12000 && r < 0x12600:
		return 3000, false // cuneiform
	case r >= 0x1f000 && r < 0x20000:
		return 1300, false
	}
	return 1000, r >= 0x20000 && r < 0x32000
}

// clusterWidth gives the width of what is read as one character.
func clusterWidth(s string) (int, bool) {
	r, n := utf8.DecodeRuneInString(s)
	w, known := runeWidth(r)
	if n == len(s) {
		return w, known
	}
	joined := strings.ContainsRune(s, '\u200d') || strings.ContainsRune(s, '\ufe0f') || (r >= 0x1f1e6 && r <= 0x1f1ff)
	for _, r := range s[n:] {
		if m, _ := runeWidth(r); !joined {
			w += m
		} else {
			w = max(w, m)
		}
	}
	if joined {
		w = max(w, 1300)
	}
	return w, false
}

// Measure gives the width of a line of text in the units of size, which is the em.
func Measure(s string, size int, bold bool) int {
	w, n, _ := advance(s)
	if bold {
		w += n * boldMore
	}
	return (w*size + 999) / 1000
}

// Guessed tells whether the measure of a line is a guess: scripts other than Latin, Greek, Cyrillic and those of East Asia, marks
// upon letters, pictures.
func Guessed(s string) bool {
	_, _, known := advance(s)
	return !known
}

// advance adds up thousandths of the em and characters.
func advance(s string) (w, n int, known bool) {
	known = true
	state := -1
	for len(s) > 0 {
		if c := s[0]; c < 0x80 && (len(s) == 1 || s[1] < 0x80) {
			m, _ := runeWidth(rune(c))
			w, n, s, state = w+m, n+1, s[1:], -1
			continue
		}
		var cluster string
		cluster, s, _, state = uniseg.FirstGraphemeClusterInString(s, state)
		m, k := clusterWidth(cluster)
		w, n, known = w+m, n+1, known && k
	}
	return w, n, known
}

// Bounds of what is read as one character: letters under towers of marks would be drawn over their neighbors.
const (
	maxMarks   = 3
	maxCluster = 16
)

// Clean gives a text as it can be set in a line: white space is one space, control characters and marks of direction, which would
// turn the rest of the line around, become U+FFFD, and of marks piled upon one letter three stay.
func Clean(s string) string {
	plain := true
	for i := 0; i < len(s) && plain; i++ {
		plain = s[i] >= 0x20 && s[i] < 0x7f && (s[i] != ' ' || (i > 0 && i+1 < len(s) && s[i+1] != ' '))
	}
	if plain {
		return s
	}
	var b strings.Builder
	space := false
	for state := -1; len(s) > 0; {
		var cluster string
		cluster, s, _, state = uniseg.FirstGraphemeClusterInString(s, state)
		marks, runes := 0, 0
		for _, r := range cluster {
			switch {
			case unicode.IsSpace(r):
				space = b.Len() > 0
				continue
			case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r&0xfffe == 0xfffe || (r >= 0xfdd0 && r < 0xfdf0):
				r = utf8.RuneError
			case unicode.In(r, unicode.Mn, unicode.Me) && !unicode.Is(unicode.Variation_Selector, r):
				if marks++; marks > maxMarks {
					continue
				}
			}
			if runes++; runes > maxCluster {
				break
			}
			if space {
				b.WriteByte(' ')
				space = false
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}

const dots = "…"

// Fit cuts a line so that it is at most width wide, with … for what is cut off.
func Fit(s string, size int, bold bool, width int) string {
	if Measure(s, size, bold) <= width {
		return s
	}
	room := width - Measure(dots, size, bold)
	if room < 0 {
		return ""
	}
	return strings.TrimRight(s[:prefix(s, size, bold, room)], " ") + dots
}

// prefix gives how many bytes of s, whole characters, are at most width wide.
func prefix(s string, size int, bold bool, width int) int {
	at, w, state := 0, 0, -1
	for rest := s; len(rest) > 0; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		m, _ := clusterWidth(cluster)
		if bold {
			m += boldMore
		}
		if w += m; (w*size+999)/1000 > width {
			break
		}
		at += len(cluster)
	}
	return at
}

// Wrap breaks a text into lines of at most width, where its script breaks lines, within a word only if the word is too long. It gives at
// most max lines (0: any number), the last of which ends in … if something is left out.
func Wrap(s string, size int, bold bool, width, max int) []string {
	s = Clean(s)
	if s == "" {
		return nil
	}
	if Measure(s, size, bold) <= width {
		return []string{s}
	}
	var lines []string
	start, end := 0, 0 // of the line being filled
	for state := -1; end < len(s); {
		if max > 0 && len(lines) == max-1 {
			break
		}
		var segment string
		segment, _, _, state = uniseg.FirstLineSegmentInString(s[end:], state)
		next := end + len(segment)
		if Measure(strings.TrimRight(s[start:next], " "), size, bold) <= width {
			end = next
			continue
		}
		if end == start { // a word wider than the line
			n := prefix(s[start:next], size, bold, width)
			if n == 0 {
				return append(lines, Fit(s[start:], size, bold, width))
			}
			end, state = start+n, -1
		}
		lines = append(lines, strings.TrimRight(s[start:end], " "))
		start, state = end, -1
	}
	if start < len(s) {
		lines = append(lines, Fit(strings.TrimRight(s[start:], " "), size, bold, width))
	}
	return lines
}

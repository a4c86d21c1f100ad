package charset

import (
	"math"
	"unicode/utf8"

	"lifecircle/coverage"
)

// SampleBytes is how much of a text, from its first byte beyond ASCII on, is looked at to find its encoding.
const SampleBytes = 1 << 20

// class is a block of two-byte characters: how many there are, and what share of a text they make.
type class struct {
	lead, trail [2]byte // inclusive ranges
	size        float64 // characters
	share       float64 // of the two-byte characters of ordinary text
}

// model tells how likely a text is in one encoding. The shares are rounded from what is generally known of the code charts: the first
// level of GB 2312 and of Big5 was chosen to hold the characters in everyday use, which make some 95 % of any text.
type model struct {
	name    string
	prior   float64 // log-odds (nats) before anything is read: whose files are these?
	classes []class
	four    bool // four-byte characters with a digit in second place (GB18030)
	rest    float64
}

var models = []model{
	{"GB18030", 9, []class{
		{[2]byte{0xa1, 0xa3}, [2]byte{0xa1, 0xfe}, 282, 0.10},   // signs, digits
		{[2]byte{0xa4, 0xa9}, [2]byte{0xa1, 0xfe}, 564, 0.005},  // kana, Greek, Cyrillic
		{[2]byte{0xb0, 0xd7}, [2]byte{0xa1, 0xfe}, 3755, 0.845}, // level 1
		{[2]byte{0xd8, 0xf7}, [2]byte{0xa1, 0xfe}, 3008, 0.045}, // level 2
	}, true, 0.005},
	{"Big5", 5, []class{
		{[2]byte{0xa1, 0xa3}, [2]byte{0x40, 0xfe}, 408, 0.10},
		{[2]byte{0xa4, 0xc6}, [2]byte{0x40, 0xfe}, 5401, 0.85},
		{[2]byte{0xc9, 0xf9}, [2]byte{0x40, 0xfe}, 7652, 0.045},
	}, false, 0.005},
	{"EUC-JP", 0, []class{
		{[2]byte{0xa1, 0xa3}, [2]byte{0xa1, 0xfe}, 282, 0.10},
		{[2]byte{0xa4, 0xa5}, [2]byte{0xa1, 0xfe}, 169, 0.50},
		{[2]byte{0xb0, 0xcf}, [2]byte{0xa1, 0xfe}, 2965, 0.37},
		{[2]byte{0xd0, 0xf4}, [2]byte{0xa1, 0xfe}, 3390, 0.025},
	}, false, 0.005},
	{"EUC-KR", 0, []class{
		{[2]byte{0xa1, 0xac}, [2]byte{0xa1, 0xfe}, 986, 0.03},
		{[2]byte{0xb0, 0xc8}, [2]byte{0xa1, 0xfe}, 2350, 0.96},
		{[2]byte{0xca, 0xfd}, [2]byte{0xa1, 0xfe}, 4888, 0.005},
	}, false, 0.005},
}

// restSize is about how many further two-byte characters any of these encodings can write.
const restSize = 15_000

// score walks over a text as the model's encoding cuts it. ok is false where it cannot be that; odd is the share of characters that
// ordinary text does not have, n the number of all. Each character speaks for the likelihood once: tables repeat the same words.
func (m *model) score(b []byte) (likelihood, odd float64, n int, ok bool) {
	likelihood = m.prior
	oddCount := 0
	var seen [1 << 16 / 64]uint64
	for i := 0; i < len(b); {
		lead := b[i]
		if lead < utf8.RuneSelf {
			i++
			continue
		}
		if i+1 == len(b) {
			break // cut by the end of the sample
		}
		trail := b[i+1]
		if m.four && trail >= '0' && trail <= '9' {
			if i+3 >= len(b) {
				break
			}
			if lead == 0xff || b[i+2] < 0x81 || b[i+2] == 0xff || b[i+3] < '0' || b[i+3] > '9' {
				return 0, 0, 0, false
			}
			likelihood += math.Log(m.rest / restSize)
			oddCount++
			n++
			i += 4
			continue
		}
		if lead == 0x80 || lead == 0xff || trail < 0x40 || trail == 0x7f || trail == 0xff {
			return 0, 0, 0, false
		}
		p, usual := m.rest/restSize, false
		for _, c := range m.classes {
			if lead >= c.lead[0] && lead <= c.lead[1] && trail >= c.trail[0] && trail <= c.trail[1] {
				p, usual = c.share/c.size, true
				break
			}
		}
		if !usual {
			oddCount++
		}
		n++
		i += 2
		if at, bit := int(lead)<<2|int(trail>>6), uint64(1)<<(trail&63); seen[at]&bit == 0 {
			seen[at] |= bit
			likelihood += math.Log(p)
		}
	}
	if n == 0 {
		return likelihood, 0, 0, true
	}
	return likelihood, float64(oddCount) / float64(n), n, true
}

// What it takes to say GB18030: e³ = 20 times as likely as any other, and hardly a character that Chinese text does not have.
const (
	enough = 3.0
	maxOdd = 0.2
)

// Detect says how a text is encoded that does not say so itself. whole is false for a sample, whose end may cut a character. It
// fails with coverage.Refused where the bytes do not tell.
func Detect(b []byte, whole bool) (Found, error) {
	if ascii(b) {
		return Found{UTF8, "ascii"}, nil
	}
	if validUTF8(b, whole) {
		return Found{UTF8, "content"}, nil
	}
	gb, odd, n, ok := models[0].score(b)
	best, likely := math.Inf(-1), ""
	for i := range models[1:] {
		if l, o, _, ok := models[1+i].score(b); ok && o <= maxOdd && l > best {
			best, likely = l, models[1+i].name
		}
	}
	if ok && n > 0 && odd <= maxOdd && gb >= best+enough {
		return Found{GB18030, "content"}, nil
	}
	e := coverage.Errorf(coverage.Refused, "无法确定文本的编码: 既非 UTF-8, 也不像 GBK", "the encoding of the text cannot be told: it is neither UTF-8 nor clearly GBK")
	e.Hint = coverage.Text{Zh: "用 --encoding 指定编码, 如 gb18030、big5、windows-1252", En: "state it with --encoding, such as gb18030, big5, windows-1252"}
	if likely != "" && (!ok || odd > maxOdd || best > gb) {
		e.Hint.Zh += "; 看上去像 " + likely
		e.Hint.En += "; it looks like " + likely
	}
	return Found{}, e
}

// validUTF8 allows a sample to end inside a character.
func validUTF8(b []byte, whole bool) bool {
	if !whole {
		for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
			if c := b[len(b)-n]; utf8.RuneStart(c) {
				if !utf8.FullRune(b[len(b)-n:]) {
					b = b[:len(b)-n]
				}
				break
			}
		}
	}
	return utf8.Valid(b)
}

// Doubt reports an encoding that was declared, although the text itself clearly is another: a table that says ISO-8859-1 and holds
// UTF-8 or GBK would be read without an error, and all its names would be wrong.
func Doubt(declared Charset, sample []byte, whole bool) (Found, bool) {
	if !declared.single() {
		return Found{}, false
	}
	f, err := Detect(sample, whole)
	if err != nil || f.By != "content" {
		return Found{}, false
	}
	if f.Charset.name == "UTF-8" {
		return f, true
	}
	_, odd, n, _ := models[0].score(sample)
	return f, n >= 4 && odd <= 0.05
}

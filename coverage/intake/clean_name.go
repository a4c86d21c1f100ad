package intake

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// plainName brings a name into the form in which two spellings of it are the same: full and half width (Unicode NFKC), case, white
// space and invisible characters, the styles of brackets, dashes and middle dots. What stands in brackets stays and tells branches apart:
// 和平药房（南坪店） and 和平药房 are two. A name that says nothing (无名, unnamed, -) is "".
func plainName(name string) string { return string(appendPlainName(nil, name)) }

// appendPlainName appends the plain form of a name; nothing for a name that says nothing.
func appendPlainName(dst []byte, name string) []byte {
	from, says := len(dst), false
	for i := 0; i < len(name); i++ {
		if name[i] >= utf8.RuneSelf { // mostly Chinese, and as it should be already
			if !plainHan(name) {
				name = norm.NFKC.String(name)
			}
			break
		}
	}
	for _, r := range name {
		var p plainRune
		switch {
		case r < utf8.RuneSelf:
			p = plainASCII[r]
		case isHan(r):
			p = plainRune{r, true}
		default:
			p = plainRuneOf(r)
		}
		if p.r >= 0 {
			dst = utf8.AppendRune(dst, p.r)
			says = says || p.says
		}
	}
	if says && !(len(dst)-from <= longestNoName && slices.Contains(noNames, string(dst[from:]))) {
		return dst
	}
	return dst[:from]
}

// isHan tells the common Chinese characters, which have no other form.
func isHan(r rune) bool { return r >= 0x4e00 && r <= 0x9fff }

// plainHan tells whether a text is of ASCII and common Chinese characters only: its own NFKC form.
func plainHan(s string) bool {
	for _, r := range s {
		if r >= utf8.RuneSelf && !isHan(r) {
			return false
		}
	}
	return true
}

// plainRune is what becomes of a character: r < 0 if nothing; says if it is a letter or digit.
type plainRune struct {
	r    rune
	says bool
}

func plainRuneOf(r rune) plainRune {
	switch r = unicode.ToLower(r); {
	case unicode.IsSpace(r), unicode.Is(unicode.Cf, r), unicode.IsControl(r), r == utf8.RuneError:
		return plainRune{-1, false}
	case strings.ContainsRune("([{<【〔〖〘〚「『《〈﹝﹙﹛", r):
		return plainRune{'(', false}
	case strings.ContainsRune(")]}>】〕〗〙〛」』》〉﹞﹚﹜", r):
		return plainRune{')', false}
	case r == '~' || unicode.Is(unicode.Pd, r):
		return plainRune{'-', false}
	case strings.ContainsRune("·•‧∙⋅・･", r):
		return plainRune{'·', false}
	}
	return plainRune{r, unicode.IsLetter(r) || unicode.IsNumber(r)}
}

// plainASCII has plainRuneOf of the first characters.
var plainASCII = func() (table [utf8.RuneSelf]plainRune) {
	for r := range table {
		table[r] = plainRuneOf(rune(r))
	}
	return table
}()

// longestNoName is the length of the longest of noNames in bytes, or more.
const longestNoName = 16

// noNames are words that stand where a name is not known, in plain form.
var noNames = []string{
	"无", "无名", "无名称", "没有名称", "未命名", "未知", "暂无", "空", "不详", "待定",
	"unnamed", "noname", "unknown", "none", "null", "nil", "nan", "n/a", "na", "tbd",
}

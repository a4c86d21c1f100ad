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
func plainName(name string) string {
	ascii := true
	for i := 0; i < len(name) && ascii; i++ {
		ascii = name[i] < utf8.RuneSelf
	}
	if !ascii {
		name = norm.NFKC.String(name)
	}
	var out strings.Builder
	out.Grow(len(name))
	says := false
	for _, r := range strings.ToLower(name) {
		switch {
		case unicode.IsSpace(r), unicode.Is(unicode.Cf, r), unicode.IsControl(r), r == utf8.RuneError:
			continue
		case strings.ContainsRune("([{<【〔〖〘〚「『《〈﹝﹙﹛", r):
			r = '('
		case strings.ContainsRune(")]}>】〕〗〙〛」』》〉﹞﹚﹜", r):
			r = ')'
		case r == '~' || unicode.Is(unicode.Pd, r):
			r = '-'
		case strings.ContainsRune("·•‧∙⋅・･", r):
			r = '·'
		case unicode.IsLetter(r), unicode.IsNumber(r):
			says = true
		}
		out.WriteRune(r)
	}
	if plain := out.String(); says && !slices.Contains(noNames, plain) {
		return plain
	}
	return ""
}

// noNames are words that stand where a name is not known, in plain form.
var noNames = []string{
	"无", "无名", "无名称", "没有名称", "未命名", "未知", "暂无", "空", "不详", "待定",
	"unnamed", "noname", "unknown", "none", "null", "nil", "nan", "n/a", "na", "tbd",
}

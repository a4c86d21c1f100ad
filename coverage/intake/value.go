package intake

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"lifecircle/coverage"
	"lifecircle/geo/geojson"
)

// Bounds of what a cell may say, in the cell's own unit.
const (
	maxAmount = 1_000_000_000_000 // people, places, m²
	maxFloors = 1_000
)

// Decimal places of the integers that cells become.
const (
	milliPlaces = 3 // measures, capacity, floors
	mm2Places   = 6 // m² to mm²
)

// numberError says why a cell is no amount.
type numberError int

const (
	numberOK numberError = iota
	notANumber
	thousandsSeparator
	negative
	tooLarge
)

func (e numberError) text(cell string) coverage.Text {
	cell = quote(cell)
	switch e {
	case thousandsSeparator:
		return coverage.Text{Zh: cell + " 含有千位分隔符, 请去掉", En: cell + " has a thousands separator; write the digits alone"}
	case negative:
		return coverage.Text{Zh: cell + " 是负数", En: cell + " is negative"}
	case tooLarge:
		return coverage.Text{Zh: cell + " 过大", En: cell + " is too large"}
	}
	return coverage.Text{Zh: cell + " 不是数字", En: cell + " is not a number"}
}

// amount reads a cell as a number ≥ 0, from its digits alone, in units of 10^−places rounded half-up. A cell that is
// missing, null or empty is coverage.Unknown.
func amount(v geojson.Value, places int, limit int64) (int64, numberError) {
	text := v.Text
	switch v.Kind {
	case geojson.Null:
		return coverage.Unknown, numberOK
	case geojson.Number:
	case geojson.String:
		if text = strings.TrimSpace(text); text == "" {
			return coverage.Unknown, numberOK
		}
	default:
		return 0, notANumber
	}
	return scaled(text, places, limit)
}

// scaled gives text · 10^places, rounded half-up; limit bounds the number before scaling.
func scaled(text string, places int, limit int64) (int64, numberError) {
	rest := text
	minus := strings.HasPrefix(rest, "-")
	if minus || strings.HasPrefix(rest, "+") {
		rest = rest[1:]
	}
	mantissa, exponent := rest, 0
	if i := strings.IndexAny(rest, "eE"); i >= 0 {
		mantissa = rest[:i]
		e, err := strconv.Atoi(rest[i+1:])
		if err != nil && !isRange(err) || i == len(rest)-1 {
			return 0, notANumber
		}
		exponent = min(max(e, -1_000_000), 1_000_000)
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if whole == "" && fraction == "" {
		return 0, notANumber
	}
	if !allDigits(whole) || !allDigits(fraction) {
		if strings.ContainsAny(mantissa, ",，") && allDigits(strings.NewReplacer(",", "", "，", "", ".", "").Replace(mantissa)) {
			return 0, thousandsSeparator
		}
		return 0, notANumber
	}
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		return 0, numberOK // zero, also minus zero
	}
	if minus {
		return 0, negative
	}
	shift := exponent - len(fraction) + places // the value is digits · 10^shift
	up := false
	if shift < 0 {
		cut := len(digits) + shift // digits that stay
		if cut < 0 {
			return 0, numberOK
		}
		up = digits[cut] >= '5'
		digits, shift = digits[:cut], 0
	}
	if len(digits)+shift > 19 {
		return 0, tooLarge
	}
	var n uint64
	for i := 0; i < len(digits); i++ {
		n = n*10 + uint64(digits[i]-'0')
	}
	for ; shift > 0; shift-- {
		n *= 10
	}
	if up {
		n++
	}
	top := uint64(limit)
	for range places {
		top *= 10
	}
	if n > top {
		return 0, tooLarge
	}
	return int64(n), numberOK
}

func isRange(err error) bool {
	e, ok := err.(*strconv.NumError)
	return ok && e.Err == strconv.ErrRange
}

func allDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// timesMilli gives n · milli ÷ 1000 rounded half-up, false if that is beyond maxAmount square metres in mm².
func timesMilli(n, milli int64) (int64, bool) {
	hi, lo := bits.Mul64(uint64(n), uint64(milli))
	lo, carry := bits.Add64(lo, 500, 0)
	hi += carry
	if hi >= 1000 {
		return 0, false
	}
	q, _ := bits.Div64(hi, lo, 1000)
	return int64(q), q <= maxAmount*1_000_000
}

// textOf gives a cell as text; false for what is no text (null, true, lists).
func textOf(v geojson.Value) (string, bool) {
	switch v.Kind {
	case geojson.String:
		return v.Text, v.Text != ""
	case geojson.Number:
		return v.Text, true
	}
	return "", false
}

// splitWords takes a list of words apart at commas and their kin.
func splitWords(s string) []string {
	var words []string
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(",;|，；、\n", r) }) {
		if w = strings.TrimSpace(w); w != "" {
			words = append(words, w)
		}
	}
	return words
}

// statusOf reads a facility's status in Chinese or English; false for a word that it does not know.
func statusOf(word string) (coverage.Status, bool) {
	switch strings.ToLower(strings.Join(strings.FieldsFunc(word, func(r rune) bool {
		return unicode.IsSpace(r) || r == '_' || r == '-'
	}), " ")) {
	case "", "unknown", "n/a", "none", "未知", "不详", "不明", "无":
		return coverage.StatusUnknown, true
	case "existing", "exists", "built", "completed", "open", "opened", "operating", "operational", "in operation", "active", "in use",
		"现状", "现有", "既有", "已有", "已建", "已建成", "建成", "现状保留", "保留", "运营", "运营中", "已运营", "在营", "在用", "使用中", "投用", "已投用", "投入使用",
		"正常", "正常运营", "正常使用", "开放", "已开放", "开业", "营业", "营业中", "存续":
		return coverage.StatusExisting, true
	case "under construction", "construction", "being built",
		"在建", "在建中", "建设中", "施工", "施工中", "正在建设":
		return coverage.StatusConstruction, true
	case "planned", "proposed", "planning", "future",
		"规划", "规划中", "规划新增", "拟建", "待建", "计划", "计划中", "筹建", "筹建中", "筹备", "未建":
		return coverage.StatusPlanned, true
	case "closed", "abandoned", "disused", "demolished", "inactive", "cancelled", "canceled",
		"停用", "已停用", "停业", "歇业", "停运", "停办", "关闭", "已关闭", "关停", "撤销", "已撤销", "撤并", "注销", "已注销", "废弃", "已废弃", "拆除", "已拆除":
		return coverage.StatusClosed, true
	}
	return coverage.StatusUnknown, false
}

// dateOf reads a calendar date as YYYY-MM-DD: 2024-05-01, 2024/5/1, 2024.5.1, 20240501, 2024年5月1日, with or without a time
// behind it. A year or month alone is its first day, or its last where end is set; rounded says so.
func dateOf(text string, end bool) (date string, rounded, ok bool) {
	text = strings.TrimSpace(text)
	if i := strings.IndexAny(text, "T "); i >= 8 && strings.Contains(text[i:], ":") {
		text = text[:i] // a time of day
	}
	var parts []string
	if len(text) == 8 && allDigits(text) {
		parts = []string{text[:4], text[4:6], text[6:]}
	} else {
		text = strings.TrimSuffix(text, "日")
		if before, found := strings.CutSuffix(text, "月"); found {
			text = before
		} else if before, found := strings.CutSuffix(text, "年"); found {
			text = before
		}
		parts = strings.FieldsFunc(strings.NewReplacer("年", "-", "月", "-", "/", "-", ".", "-").Replace(text), func(r rune) bool { return r == '-' })
		if len(strings.Join(parts, "-")) != len(strings.NewReplacer("年", "-", "月", "-").Replace(text)) {
			return "", false, false // empty parts
		}
	}
	if len(parts) == 0 || len(parts) > 3 || len(parts[0]) != 4 {
		return "", false, false
	}
	number := [3]int{0, 1, 1}
	for i, p := range parts {
		if len(p) == 0 || len(p) > 4 || i > 0 && len(p) > 2 || !allDigits(p) {
			return "", false, false
		}
		number[i], _ = strconv.Atoi(p) // digits only
	}
	if number[0] < 1000 || number[1] < 1 || number[1] > 12 {
		return "", false, false
	}
	if end && len(parts) == 1 {
		number[1] = 12
	}
	last := time.Date(number[0], time.Month(number[1])+1, 0, 0, 0, 0, 0, time.UTC).Day()
	if end && len(parts) < 3 {
		number[2] = last
	}
	if number[2] < 1 || number[2] > last {
		return "", false, false
	}
	return fmt.Sprintf("%04d-%02d-%02d", number[0], number[1], number[2]), len(parts) < 3, true
}

// parentsOf reads the parents that a cell names: one, or a list of them. They come sorted, each once; false for a cell that
// names none in a way that can be read.
func parentsOf(v geojson.Value) ([]string, bool) {
	switch v.Kind {
	case geojson.Null:
		return nil, true
	case geojson.String, geojson.Number:
		if text := strings.TrimSpace(v.Text); text != "" {
			return []string{strings.Clone(text)}, true
		}
		return nil, true
	case geojson.JSON:
		items, ok := listOf(v.Text)
		if !ok {
			return nil, false
		}
		slices.Sort(items)
		return slices.Compact(items), true
	}
	return nil, false
}

// listOf reads a JSON array of texts and numbers.
func listOf(text string) ([]string, bool) {
	// a property's parser gives numbers their canonical text: lend the array a name and read its items one by one
	items, ok := splitArray(text)
	if !ok {
		return nil, false
	}
	var out []string
	for _, item := range items {
		p, err := geojson.ParseProperties([]byte(`{"v":` + item + `}`))
		if err != nil || len(p) != 1 {
			return nil, false
		}
		switch v := p[0].Value; v.Kind {
		case geojson.Null:
		case geojson.String, geojson.Number:
			if s := strings.TrimSpace(v.Text); s != "" {
				out = append(out, strings.Clone(s))
			}
		default:
			return nil, false
		}
	}
	return out, true
}

// splitArray takes a well-formed compact JSON array of scalars apart.
func splitArray(text string) ([]string, bool) {
	if len(text) < 2 || text[0] != '[' || text[len(text)-1] != ']' {
		return nil, false
	}
	text = text[1 : len(text)-1]
	if text == "" {
		return nil, true
	}
	var items []string
	start, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == '[' || c == '{'):
			return nil, false
		case !quoted && c == ',':
			items = append(items, text[start:i])
			start = i + 1
		}
	}
	return append(items, text[start:]), true
}

// quote shows a cell in a message, shortened.
func quote(s string) string {
	if r := []rune(s); len(r) > 40 {
		s = string(r[:40]) + "…"
	}
	return strconv.Quote(s)
}

func mebibytes(n int64) string { return strconv.FormatInt(n>>20, 10) + " MiB" }

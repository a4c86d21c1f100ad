package xlsx

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// format is what a number format makes of a number, as far as it matters here.
type format struct {
	kind formatKind
	pad  int // digits
}

type formatKind uint8

const (
	plain    formatKind = iota // the number as it is stored
	padded                     // zeros in front up to a number of digits: codes
	date                       // a day
	dateTime                   // a day and a time
	clock                      // a time
)

// formatOf reads a number format: one of the built-in ones by its id (ECMA-376 18.8.30, with the Chinese ones 27–36 and 50–58), or
// its code.
func formatOf(id int, code string) format {
	if code == "" {
		switch {
		case id >= 14 && id <= 17, id >= 27 && id <= 31, id == 36, id >= 50 && id <= 54, id == 57, id == 58:
			return format{kind: date}
		case id == 22:
			return format{kind: dateTime}
		case id >= 18 && id <= 21, id >= 32 && id <= 35, id == 45, id == 47, id == 55, id == 56:
			return format{kind: clock}
		}
		return format{}
	}
	first, _, _ := strings.Cut(bare(code), ";")
	if head, _, ok := strings.Cut(first, "s.0"); ok {
		first = head + "s" // fractions of a second
	}
	if n := len(first); n > 1 && n <= 30 && strings.Trim(first, "0") == "" {
		return format{padded, n}
	}
	if strings.ContainsAny(first, "0#?@") || strings.Contains(first, "general") || strings.Contains(first, "通用") {
		return format{}
	}
	day := strings.ContainsAny(first, "yd") || strings.Contains(first, "m") && !strings.ContainsAny(first, "hs")
	hour := strings.ContainsAny(first, "hs")
	switch {
	case day && hour:
		return format{kind: dateTime}
	case day:
		return format{kind: date}
	case hour:
		return format{kind: clock}
	}
	return format{}
}

// bare takes literals, colours and locales out of a format's code.
func bare(code string) string {
	var b strings.Builder
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case '"':
			end := strings.IndexByte(code[i+1:], '"')
			if end < 0 {
				return strings.ToLower(b.String())
			}
			i += end + 1
		case '[':
			end := strings.IndexByte(code[i:], ']')
			if end < 0 {
				return strings.ToLower(b.String())
			}
			if inner := strings.ToLower(code[i+1 : i+end]); inner != "" && strings.Trim(inner, "hms") == "" {
				b.WriteString("0") // hours beyond a day: a number
			}
			i += end
		case '\\', '_', '*':
			i++
		default:
			b.WriteByte(c)
		}
	}
	return strings.ToLower(b.String())
}

// text gives a stored number as the text that a planner sees, or means.
func (f format) text(raw string, date1904 bool) string {
	raw = strings.TrimSpace(raw)
	v, err := strconv.ParseFloat(raw, 64)
	if err != nil || math.IsInf(v, 0) || math.IsNaN(v) {
		return raw
	}
	switch f.kind {
	case padded:
		if v >= 0 && v < 1e15 && v == math.Trunc(v) {
			digits := strconv.FormatInt(int64(v), 10)
			return strings.Repeat("0", max(0, f.pad-len(digits))) + digits
		}
	case date, dateTime, clock:
		if s, ok := f.moment(v, date1904); ok {
			return s
		}
	}
	return shown(v)
}

// shown gives a number in plain decimals, with the fifteen digits that spreadsheets work with.
func shown(v float64) string {
	if v == 0 {
		return "0"
	}
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 15, 64), 64)
	if a := math.Abs(v); a >= 1e21 || a < 1e-9 {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// moment reads a serial number as a day, counted from 1900 (with the leap day that year never had) or 1904, and a time.
func (f format) moment(v float64, date1904 bool) (string, bool) {
	if v < 0 || v >= 2_958_466 { // 10000-01-01
		return "", false
	}
	days := int(math.Floor(v))
	seconds := int(math.Round(float64((v - math.Floor(v)) * 86400)))
	if seconds == 86400 {
		days, seconds = days+1, 0
	}
	at := func(day time.Time, layout string) string {
		return day.Add(time.Duration(seconds) * time.Second).Format(layout)
	}
	if f.kind == clock {
		if days > 0 {
			return "", false
		}
		return at(time.Time{}, "15:04:05"), true
	}
	base := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case date1904:
		base = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case days == 0 || days == 60: // no such days
		return "", false
	case days < 60:
		days++
	}
	day := base.AddDate(0, 0, days)
	if f.kind == dateTime && seconds > 0 {
		return at(day, "2006-01-02 15:04:05"), true
	}
	return day.Format("2006-01-02"), true
}

package geojson

import (
	"bytes"
	"math"
	"strconv"
	"unsafe"
)

// appendNumber appends the canonical text of a JSON number: equal values have equal text (1, 1.0 and 1e0 are "1", -0 is "0"), and
// no digit is lost, however many there are. Plain decimals are used where at most 21 places stand before the point, or no
// zeros need to be put there, and at most 5 zeros behind it. Exponents of more than 17 digits are kept as written.
func appendNumber(dst, num []byte) []byte {
	// a plain integer, by far the most frequent
	if len(num) > 0 && len(num) < 19 && num[0] != '-' && (num[0] != '0' || len(num) == 1) {
		plain := true
		for _, c := range num {
			if c < '0' || c > '9' {
				plain = false
				break
			}
		}
		if plain {
			return append(dst, num...)
		}
	}
	negative := num[0] == '-'
	if negative {
		num = num[1:]
	}
	mantissa, exponent := num, []byte(nil)
	if i := bytes.IndexAny(num, "eE"); i >= 0 {
		mantissa, exponent = num[:i], num[i+1:]
	}
	whole, fraction := mantissa, []byte(nil)
	if i := bytes.IndexByte(mantissa, '.'); i >= 0 {
		whole, fraction = mantissa[:i], mantissa[i+1:]
	}
	start := len(dst)
	if negative {
		dst = append(dst, '-')
	}
	// the value is 0.d₁d₂… × 10^point, with digits d from at on
	at := len(dst)
	dst = append(append(dst, whole...), fraction...)
	point := int64(len(whole))
	digits := dst[at:]
	for len(digits) > 0 && digits[0] == '0' {
		digits = digits[1:]
		point--
	}
	for len(digits) > 0 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	if len(digits) == 0 {
		return append(dst[:start], '0')
	}
	n := copy(dst[at:], digits)
	dst = dst[:at+n]
	negativeExp := len(exponent) > 0 && exponent[0] == '-'
	exponent = bytes.TrimLeft(bytes.TrimLeft(exponent, "+-"), "0")
	if len(exponent) > 17 {
		dst = append(append(dst[:start], '-')[:at], mantissa...)
		dst = append(dst, 'e')
		if negativeExp {
			dst = append(dst, '-')
		}
		return append(dst, exponent...)
	}
	var e int64
	for _, c := range exponent {
		e = e*10 + int64(c-'0')
	}
	if negativeExp {
		e = -e
	}
	point += e
	switch {
	case point > 0 && (point <= 21 || point <= int64(n)):
		if point >= int64(n) {
			for range point - int64(n) {
				dst = append(dst, '0')
			}
			return dst
		}
		return insert(dst, at+int(point), ".")
	case point <= 0 && point > -6:
		return insert(dst, at, "0.000000"[:2-point])
	}
	if n > 1 {
		dst = insert(dst, at+1, ".")
	}
	dst = append(dst, 'e')
	return strconv.AppendInt(dst, point-1, 10)
}

func insert(dst []byte, at int, text string) []byte {
	n := len(dst)
	dst = append(dst, text...)
	copy(dst[at+len(text):], dst[at:n])
	copy(dst[at:], text)
	return dst
}

// appendFloat appends the shortest decimal that reads back as v, never in scientific notation; -0 is 0.
func appendFloat(dst []byte, v float64) []byte {
	if v == 0 {
		return append(dst, '0')
	}
	return strconv.AppendFloat(dst, v, 'f', -1, 64)
}

// parseFloat reads a JSON number, correctly rounded; false if it is beyond the range of a float64. -0 becomes 0.
func parseFloat(num []byte) (float64, bool) {
	// Up to 15 digits with a small power of ten are exact in one division (Clinger 1990), and most coordinates are that.
	var mantissa uint64
	digits, point := 0, -1
	for i, c := range num {
		switch {
		case c >= '0' && c <= '9':
			mantissa = mantissa*10 + uint64(c-'0')
			if mantissa > 0 {
				digits++
			}
		case c == '.':
			point = i
		case c == '-' && i == 0:
		default:
			digits = 99
		}
		if digits > 15 {
			v, err := strconv.ParseFloat(unsafe.String(unsafe.SliceData(num), len(num)), 64)
			if err != nil || math.IsInf(v, 0) {
				return 0, false
			}
			if v == 0 {
				v = 0
			}
			return v, true
		}
	}
	v := float64(mantissa)
	if point >= 0 {
		places := len(num) - 1 - point
		if places > 22 {
			v, _ = strconv.ParseFloat(string(num), 64)
			if v == 0 {
				return 0, true
			}
			return v, true
		}
		v /= pow10(places)
	}
	if num[0] == '-' && v != 0 {
		v = -v
	}
	return v, true
}

// pow10 is 10^n, exact for 0 ≤ n ≤ 22.
func pow10(n int) float64 {
	return [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
		1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}[n]
}

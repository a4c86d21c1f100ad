package catalog

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Ppm is a decimal with at most six places, held in millionths: 0.8 is 800000. Pass lines, shares, weights, the lines of
// grades (in points of the score, 90 is 90000000) and quota lines are of this type. In JSON it is a number.
type Ppm int64

// One is the decimal 1.
const One Ppm = 1_000_000

// Area is a surface in square millimetres, written in catalogs as square metres with at most six places. 0 means none.
type Area int64

var (
	errNotDecimal = errors.New("not a plain decimal number")
	errTooPrecise = errors.New("more than six decimal places")
	errTooLarge   = errors.New("more than twelve digits before the point")
)

// ParsePpm reads a plain decimal such as 0.8, -1 or 12.500000 from its text, exactly. Exponents, digit groups, leading
// zeros and other bases are refused, for they are read differently by different YAML readers.
func ParsePpm(text string) (Ppm, error) {
	digits := strings.TrimPrefix(text, "-")
	whole, fraction, point := strings.Cut(digits, ".")
	if !isDigits(whole) || (point && !isDigits(fraction)) || (len(whole) > 1 && whole[0] == '0') {
		return 0, errNotDecimal
	}
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > 6 {
		return 0, errTooPrecise
	}
	if len(whole) > 12 {
		return 0, errTooLarge
	}
	value, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", 6-len(fraction)), 10, 64)
	if err != nil {
		return 0, errNotDecimal
	}
	if len(digits) < len(text) {
		value = -value
	}
	return Ppm(value), nil
}

// String is the shortest decimal of the value: 0.8, 1, 12.5.
func (p Ppm) String() string {
	sign, value := "", uint64(p)
	if p < 0 {
		sign, value = "-", -value
	}
	whole, fraction := value/uint64(One), value%uint64(One)
	if fraction == 0 {
		return sign + strconv.FormatUint(whole, 10)
	}
	return sign + strconv.FormatUint(whole, 10) + "." + strings.TrimRight(fmt.Sprintf("%06d", fraction), "0")
}

// MarshalJSON writes the decimal as a JSON number.
func (p Ppm) MarshalJSON() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalJSON reads a JSON number that is a plain decimal with at most six places.
func (p *Ppm) UnmarshalJSON(src []byte) error {
	value, err := ParsePpm(string(src))
	if err != nil {
		return fmt.Errorf("decimal %s: %w", src, err)
	}
	*p = value
	return nil
}

// String is the area in square metres, without a unit.
func (a Area) String() string { return Ppm(a).String() }

// MarshalJSON writes the area as a JSON number of square metres.
func (a Area) MarshalJSON() ([]byte, error) { return Ppm(a).MarshalJSON() }

// UnmarshalJSON reads a JSON number of square metres.
func (a *Area) UnmarshalJSON(src []byte) error { return (*Ppm)(a).UnmarshalJSON(src) }

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

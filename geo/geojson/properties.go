package geojson

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Kind is the JSON kind of a property's value.
type Kind uint8

// The kinds of a Value.
const (
	Null   Kind = iota // Text is empty
	Bool               // Text is true or false
	Number             // Text is the canonical number (1, 1.0 and 1e0 are all "1"), with every digit of the file
	String             // Text is the string itself, unescaped
	JSON               // an array or object: Text is canonical compact JSON with sorted keys
)

// Value is the value of one property.
type Value struct {
	Kind Kind
	Text string
}

// String gives the value as text: a string itself, a number canonically, nested JSON compactly, null as "".
func (v Value) String() string { return v.Text }

// Float gives a number, or a string that is written like a JSON number (spaces around it do not matter); false for anything else
// and for what a float64 cannot hold.
func (v Value) Float() (float64, bool) {
	switch v.Kind {
	case Number:
		return parseFloat([]byte(v.Text))
	case String:
		text := []byte(strings.TrimSpace(v.Text))
		if len(text) == 0 || text[0] != '-' && (text[0] < '0' || text[0] > '9') {
			return 0, false
		}
		var s scanner
		if s.check(text, 1, 0, 1) != nil {
			return 0, false
		}
		return parseFloat(text)
	}
	return 0, false
}

// Property is one member of a feature's properties.
type Property struct {
	Key   string
	Value Value
}

// Properties are a feature's properties, sorted by the bytes of their keys, each key once: of duplicate keys in the file the last
// counts.
type Properties []Property

// Get finds a property by its key.
func (p Properties) Get(key string) (Value, bool) {
	i, ok := slices.BinarySearchFunc(p, key, func(a Property, key string) int { return strings.Compare(a.Key, key) })
	if !ok {
		return Value{}, false
	}
	return p[i].Value, true
}

// AppendJSON appends the properties as canonical JSON: compact, keys sorted, numbers canonical. No properties are {}.
func (p Properties) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	for i, a := range p {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendString(dst, a.Key), ':')
		switch a.Value.Kind {
		case Null:
			dst = append(dst, "null"...)
		case String:
			dst = appendString(dst, a.Value.Text)
		default:
			dst = append(dst, a.Value.Text...)
		}
	}
	return append(dst, '}')
}

// ParseProperties reads a JSON object (or null) as properties; it is the inverse of AppendJSON. Errors are *SyntaxError or *Finding.
func ParseProperties(text []byte) (Properties, error) {
	var s scanner
	if err := s.check(text, 1, 0, defaultDepth); err != nil {
		return nil, err
	}
	d := decoder{text: text}
	p, f := d.properties()
	if f != nil {
		return nil, f
	}
	return p, nil
}

// keyring remembers property keys, so that a million features share them. It is bounded: a file that invents keys gains nothing.
type keyring map[string]string

func (k keyring) get(key []byte) string {
	if s, ok := k[string(key)]; ok {
		return s
	}
	s := string(key)
	if k != nil && len(k) < 4096 && len(key) <= 256 {
		k[s] = s
	}
	return s
}

// properties decodes the value at the cursor. All texts of one feature share one allocation.
func (d *decoder) properties() (Properties, *Finding) {
	switch d.kind() {
	case 'n':
		d.skip()
		return nil, nil
	case '{':
	default:
		return nil, findingf(BadProperties, "properties must be an object or null, not %s", d.describe())
	}
	d.texts = d.texts[:0]
	d.spans = d.spans[:0]
	for d.open('{'); d.more('}'); {
		sp := span{key: d.keys.get(d.string())}
		d.colon()
		sp.from = len(d.texts)
		switch d.kind() {
		case 'n':
			sp.kind = Null
			d.skip()
		case 't', 'f':
			sp.kind = Bool
			d.texts = append(d.texts, d.skip()...)
		case '"':
			sp.kind = String
			d.texts = append(d.texts, d.string()...)
		case '{', '[':
			sp.kind = JSON
			d.texts = d.appendCanonical(d.texts)
		default:
			sp.kind = Number
			d.texts = appendNumber(d.texts, d.skip())
		}
		sp.to = len(d.texts)
		d.spans = append(d.spans, sp)
	}
	if len(d.spans) == 0 {
		return nil, nil
	}
	texts := string(d.texts)
	p := make(Properties, len(d.spans))
	sorted := true
	for i, sp := range d.spans {
		p[i] = Property{Key: sp.key, Value: Value{Kind: sp.kind, Text: texts[sp.from:sp.to]}}
		if i > 0 && p[i-1].Key >= sp.key {
			sorted = false
		}
	}
	if !sorted {
		slices.SortStableFunc(p, func(a, b Property) int { return cmp.Compare(a.Key, b.Key) })
		n := 0
		for i := range p { // of equal keys the last stays
			if i+1 < len(p) && p[i+1].Key == p[i].Key {
				continue
			}
			p[n] = p[i]
			n++
		}
		p = p[:n]
	}
	return p, nil
}

type span struct {
	key      string
	from, to int
	kind     Kind
}

// appendCanonical appends the value at the cursor as canonical JSON: compact, keys sorted (of equal ones the last), numbers
// canonical, strings with the fewest escapes.
func (d *decoder) appendCanonical(dst []byte) []byte {
	switch d.kind() {
	case '"':
		return appendString(dst, d.string())
	case 't', 'f', 'n':
		return append(dst, d.skip()...)
	case '[':
		dst = append(dst, '[')
		i := 0
		for d.open('['); d.more(']'); i++ {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = d.appendCanonical(dst)
		}
		return append(dst, ']')
	case '{':
		type member struct {
			key      string
			from, to int
		}
		var members []member
		start := len(dst)
		for d.open('{'); d.more('}'); {
			m := member{key: string(d.string()), from: len(dst)}
			d.colon()
			dst = d.appendCanonical(dst)
			m.to = len(dst)
			members = append(members, m)
		}
		slices.SortStableFunc(members, func(a, b member) int { return cmp.Compare(a.key, b.key) })
		values := bytes.Clone(dst[start:])
		dst = append(dst[:start], '{')
		for i, m := range members {
			if i+1 < len(members) && members[i+1].key == m.key {
				continue
			}
			if dst[len(dst)-1] != '{' || len(dst) > start+1 {
				dst = append(dst, ',')
			}
			dst = append(appendString(dst, m.key), ':')
			dst = append(dst, values[m.from-start:m.to-start]...)
		}
		return append(dst, '}')
	}
	return appendNumber(dst, d.skip())
}

// appendString appends a JSON string with the fewest escapes: quote, backslash and control characters only. Bytes that are no
// UTF-8 become U+FFFD.
func appendString[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
			if r == utf8.RuneError && n == 1 {
				dst = append(append(dst, s[from:i]...), "\uFFFD"...)
				from = i + 1
			}
			i += n
			continue
		}
		if c >= 0x20 && c != '"' && c != '\\' {
			i++
			continue
		}
		dst = append(dst, s[from:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = fmt.Appendf(dst, "\\u%04x", c)
		}
		i++
		from = i
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"')
}

// quoted shortens a text for a message.
func quoted(s []byte) string {
	if utf8.RuneCount(s) > 40 {
		s = append([]byte(string([]rune(string(s[:min(len(s), 160)]))[:39])), "…"...)
	}
	return strconv.Quote(string(s))
}

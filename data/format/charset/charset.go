package charset

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"lifecircle/coverage"
)

// Charset is an encoding of text, such as UTF-8 or GB18030. The zero value is none.
type Charset struct {
	name string
	enc  encoding.Encoding // nil for UTF-8
}

// The encodings that are found by content.
var (
	UTF8    = Charset{name: "UTF-8"}
	GB18030 = Charset{"GB18030", simplifiedchinese.GB18030}
	utf16LE = Charset{"UTF-16LE", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)}
	utf16BE = Charset{"UTF-16BE", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)}
)

// String is the encoding's name, "" for none.
func (c Charset) String() string { return c.name }

// Known tells an encoding from none.
func (c Charset) Known() bool { return c.name != "" }

// single reports whether every byte string is a text: then no error can ever tell that the encoding is the wrong one.
func (c Charset) single() bool {
	return strings.HasPrefix(c.name, "windows-") || strings.HasPrefix(c.name, "iso-8859") || strings.HasPrefix(c.name, "ibm") ||
		strings.HasPrefix(c.name, "koi8") || c.name == "macintosh" || strings.HasPrefix(c.name, "x-")
}

// Lookup finds an encoding by a name as people, .cpg files and options write it: utf-8, GBK, CP936, 936, ANSI 936, ISO88591, Big5 …
// GB2312 and GBK are read as GB18030, which holds both.
func Lookup(label string) (Charset, bool) {
	s := strings.ToLower(strings.Join(strings.Fields(label), ""))
	for _, prefix := range []string{"windows-", "windows", "codepage", "ansi", "oem", "cp", "ms", "x-"} {
		if rest, ok := strings.CutPrefix(s, prefix); ok && len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' {
			s = rest
			break
		}
	}
	switch s {
	case "utf8", "utf-8", "65001", "utf-8-sig", "utf8-sig":
		return UTF8, true
	case "gb18030", "gbk", "gb2312", "gb_2312-80", "gb_2312", "hz-gb-2312", "euc-cn", "936", "54936", "20936":
		return GB18030, true
	case "utf-16le", "utf16le", "1200", "utf-16", "utf16":
		return utf16LE, true
	case "utf-16be", "utf16be", "1201":
		return utf16BE, true
	case "950":
		s = "big5"
	case "932":
		s = "shift_jis"
	case "949", "51949":
		s = "euc-kr"
	case "866":
		s = "ibm866"
	case "437", "850":
		return Charset{}, false // not in the index; a wrong neighbour would be a silent error
	case "88591", "8859-1", "28591":
		s = "iso-8859-1"
	}
	if len(s) == 4 && strings.HasPrefix(s, "125") || s == "874" {
		s = "windows-" + s
	}
	if rest, ok := strings.CutPrefix(s, "8859"); ok && rest != "" {
		s = "iso-8859-" + strings.TrimPrefix(rest, "-")
	}
	e, err := htmlindex.Get(s)
	if err != nil {
		return Charset{}, false
	}
	name, err := htmlindex.Name(e)
	if err != nil || name == "replacement" || name == "x-user-defined" {
		return Charset{}, false
	}
	switch name {
	case "utf-8":
		return UTF8, true
	case "gbk", "gb18030":
		return GB18030, true
	}
	return Charset{name, e}, true
}

// Option gives the encoding of an option's text, the zero Charset for none; an unknown name is an error of code coverage.Invalid.
func Option(label string) (Charset, error) {
	if label == "" {
		return Charset{}, nil
	}
	c, ok := Lookup(label)
	if !ok {
		e := coverage.Errorf(coverage.Invalid, "不认识编码 %q", "the encoding %q is not known", label)
		e.Field = "encoding"
		e.Hint = coverage.Text{Zh: "可用: utf-8, gb18030 (gbk, gb2312), utf-16, big5, windows-1252 等", En: "such as utf-8, gb18030 (gbk, gb2312), utf-16, big5, windows-1252"}
		return Charset{}, e
	}
	return c, nil
}

// Decode gives a short text in UTF-8; false if it holds bytes that the encoding does not have.
func (c Charset) Decode(b []byte) (string, bool) {
	if c.enc == nil || ascii(b) && !c.wide() {
		return string(b), utf8.Valid(b)
	}
	out, err := c.enc.NewDecoder().Bytes(b)
	if err != nil {
		return "", false
	}
	return string(out), !bytes.Contains(out, []byte("\uFFFD"))
}

// wide reports whether ASCII is not one byte a character.
func (c Charset) wide() bool { return strings.HasPrefix(c.name, "UTF-16") }

// DecodeCut does what Decode does, but forgives a last character that was cut off by a field's width; cut reports that.
func (c Charset) DecodeCut(b []byte) (text string, cut, ok bool) {
	if text, ok = c.Decode(b); ok {
		return text, false, true
	}
	for n := 1; n <= min(3, len(b)-1); n++ {
		if b[len(b)-n] < utf8.RuneSelf {
			break // what was cut begins with a byte beyond ASCII
		}
		if !c.cutCharacter(b[len(b)-n:]) {
			continue
		}
		if text, ok = c.Decode(b[:len(b)-n]); ok {
			return text, true, true
		}
	}
	return "", false, false
}

// cutCharacter reports whether b can be the beginning of one longer character.
func (c Charset) cutCharacter(b []byte) bool {
	if c.enc == nil {
		return !utf8.FullRune(b)
	}
	return len(b) == 1 && !c.single()
}

func ascii(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c >= utf8.RuneSelf })
}

// Found is an encoding and how it was known.
type Found struct {
	Charset Charset
	By      string // option, bom, file (.cpg, code page of the table), content; ascii where nothing needs to be known
}

// badText says that bytes are no text of an encoding, and what to do.
func badText(c Found, zh, en string) error {
	e := coverage.Errorf(coverage.Refused, "%s不是 %s 文本", "%s is not text in %s", zh, c.Charset)
	e.Text.En = fmt.Sprintf("%s is not text in %s", en, c.Charset)
	e.Hint = coverage.Text{Zh: "用 --encoding 指定编码 (如 gb18030), 或另存为 UTF-8", En: "state the encoding with --encoding (such as gb18030), or save the file as UTF-8"}
	return e
}

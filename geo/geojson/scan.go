package geojson

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// scanner checks JSON text (RFC 8259, UTF-8 only) over a sliding buffer. It builds nothing: it finds where a value ends and that
// every byte of it is right, so that the decoder can work on a contiguous, well-formed value without checking again.
//
// While mark ≥ 0 the bytes from mark on are kept. A kept stretch that outgrows maxKeep is let go (mark −1) and
// scanning goes on, so that memory stays bounded.
type scanner struct {
	src  io.Reader // nil: buf[:end] is everything
	buf  []byte
	pos  int
	end  int
	mark int
	base int64 // offset in the file of buf[0]
	line int   // 1-based line of pos; counted in white space, where alone a line can end in JSON

	maxDepth int
	maxKeep  int64
	stack    []bool // open containers, true for an object
	err      error  // of the source, after which nothing more is read
}

const bufferSize = 128 << 10

// fill reads more input behind end, sliding the kept bytes to the front. It reports whether there is any.
func (s *scanner) fill() bool {
	if s.src == nil || s.err != nil {
		return false
	}
	keep := s.pos
	if s.mark >= 0 {
		if int64(s.end-s.mark) >= s.maxKeep {
			s.mark = -1
		} else {
			keep = s.mark
		}
	}
	if keep > 0 && (keep == s.end || s.end == len(s.buf)) {
		copy(s.buf, s.buf[keep:s.end])
		s.base += int64(keep)
		s.pos -= keep
		s.end -= keep
		if s.mark >= 0 {
			s.mark -= keep
		}
	}
	if s.end == len(s.buf) {
		size := max(2*len(s.buf), bufferSize)
		bigger := make([]byte, size)
		copy(bigger, s.buf[:s.end])
		s.buf = bigger
	}
	for tries := 0; tries < 100; tries++ {
		n, err := s.src.Read(s.buf[s.end:])
		s.end += n
		if err != nil {
			s.err = err
		}
		if n > 0 {
			return true
		}
		if err != nil {
			return false
		}
	}
	s.err = io.ErrNoProgress
	return false
}

// failed returns the source's error, if the end of input was not a plain end of file.
func (s *scanner) failed() error {
	if s.err != nil && s.err != io.EOF {
		return fmt.Errorf("reading input: %w", s.err)
	}
	return nil
}

// peek returns the byte at pos, or false at the end of input.
func (s *scanner) peek() (byte, bool) {
	if s.pos < s.end {
		return s.buf[s.pos], true
	}
	if s.fill() {
		return s.buf[s.pos], true
	}
	return 0, false
}

// ahead makes n bytes from pos on available if the input has them, and returns what there is (at least n unless the input ends).
func (s *scanner) ahead(n int) []byte {
	for s.end-s.pos < n && s.fill() {
	}
	return s.buf[s.pos:s.end]
}

// space skips white space and returns the byte that follows without consuming it.
func (s *scanner) space() (byte, bool) {
	for {
		for s.pos < s.end {
			switch c := s.buf[s.pos]; c {
			case '\n':
				s.line++
				s.pos++
			case ' ', '\t', '\r':
				s.pos++
			default:
				return c, true
			}
		}
		if !s.fill() {
			return 0, false
		}
	}
}

// offset is the place of pos in the file.
func (s *scanner) offset() int64 { return s.base + int64(s.pos) }

// bytesFrom returns the kept bytes from file offset from up to pos; they are good until the next read.
func (s *scanner) bytesFrom(from int64) []byte { return s.buf[from-s.base : s.pos] }

func (s *scanner) fail(code Code, format string, args ...any) error {
	if err := s.failed(); err != nil && s.pos >= s.end {
		return err
	}
	return &SyntaxError{Code: code, Offset: s.offset(), Line: s.line, Text: fmt.Sprintf(format, args...)}
}

// inChinese says a syntax error in Chinese, where there is more to say than the code's title.
func inChinese(err error, format string, args ...any) error {
	if e, ok := err.(*SyntaxError); ok {
		e.Zh = fmt.Sprintf(format, args...)
	}
	return err
}

func (s *scanner) unexpected(want string) error {
	c, ok := s.peek()
	if !ok {
		return s.fail(BadJSON, "the input ends where %s should follow", want)
	}
	if c >= 0x20 && c < 0x7f {
		return s.fail(BadJSON, "found '%c' where %s should follow", c, want)
	}
	return s.fail(BadJSON, "found byte 0x%02x where %s should follow", c, want)
}

// value checks one JSON value, beginning at white space before it, and leaves pos behind it.
func (s *scanner) value() error {
	s.stack = s.stack[:0]
	for {
		c, ok := s.space()
		if !ok {
			return s.unexpected("a value")
		}
		switch c {
		case '{', '[':
			if len(s.stack) >= s.maxDepth {
				return inChinese(s.fail(TooDeep, "nested deeper than %d levels", s.maxDepth), "嵌套超过 %d 层", s.maxDepth)
			}
			object := c == '{'
			s.stack = append(s.stack, object)
			s.pos++
			c, ok = s.space()
			if ok && object && c == '}' || ok && !object && c == ']' {
				s.pos++
				s.stack = s.stack[:len(s.stack)-1]
				break
			}
			if object {
				if err := s.key(); err != nil {
					return err
				}
			}
			continue
		case '"':
			if err := s.str(); err != nil {
				return err
			}
		case 't':
			if err := s.word("true"); err != nil {
				return err
			}
		case 'f':
			if err := s.word("false"); err != nil {
				return err
			}
		case 'n':
			if err := s.word("null"); err != nil {
				return err
			}
		default:
			if c != '-' && (c < '0' || c > '9') {
				return s.unexpected("a value")
			}
			if err := s.number(); err != nil {
				return err
			}
		}
		// a value has ended: close what ends with it
		for {
			if len(s.stack) == 0 {
				return nil
			}
			object := s.stack[len(s.stack)-1]
			c, ok = s.space()
			if ok && c == ',' {
				s.pos++
				if object {
					if _, ok = s.space(); !ok {
						return s.unexpected("a member")
					}
					if err := s.key(); err != nil {
						return err
					}
				}
				break
			}
			if ok && object && c == '}' || ok && !object && c == ']' {
				s.pos++
				s.stack = s.stack[:len(s.stack)-1]
				continue
			}
			if object {
				return s.unexpected("',' or '}'")
			}
			return s.unexpected("',' or ']'")
		}
	}
}

// key checks a member's name and the colon behind it; pos is at the name's first byte.
func (s *scanner) key() error {
	if c, ok := s.peek(); !ok || c != '"' {
		return s.unexpected("a member name in double quotes")
	}
	if err := s.str(); err != nil {
		return err
	}
	if c, ok := s.space(); !ok || c != ':' {
		return s.unexpected("':'")
	}
	s.pos++
	return nil
}

// str checks a string; pos is at its opening quote.
func (s *scanner) str() error {
	s.pos++
	for {
		for s.pos < s.end {
			c := s.buf[s.pos]
			if c == '"' {
				s.pos++
				return nil
			}
			if c < 0x20 || c == '\\' || c >= utf8.RuneSelf {
				break
			}
			s.pos++
		}
		c, ok := s.peek()
		switch {
		case !ok:
			return s.fail(BadJSON, "the input ends inside a string")
		case c == '\\':
			if err := s.escape(); err != nil {
				return err
			}
		case c >= utf8.RuneSelf:
			if r, n := utf8.DecodeRune(s.ahead(utf8.UTFMax)); r != utf8.RuneError || n == 3 {
				s.pos += n
			} else {
				return inChinese(s.fail(BadUTF8, "byte 0x%02x is not UTF-8; save the file as UTF-8 (it may be GBK)", c),
					"字节 0x%02x 不是 UTF-8; 请另存为 UTF-8 (可能是 GBK)", c)
			}
		case c < 0x20:
			return s.fail(BadJSON, "control character 0x%02x inside a string", c)
		}
	}
}

func (s *scanner) escape() error {
	s.pos++
	c, ok := s.peek()
	if !ok {
		return s.fail(BadJSON, "the input ends inside a string")
	}
	if strings.IndexByte(`"\/bfnrt`, c) >= 0 {
		s.pos++
		return nil
	}
	if c != 'u' {
		return s.unexpected("an escape such as \\n")
	}
	s.pos++
	for range 4 {
		c, ok = s.peek()
		if !ok || hexDigit(c) < 0 {
			return s.unexpected("a hexadecimal digit")
		}
		s.pos++
	}
	return nil
}

func (s *scanner) word(w string) error {
	for i := range len(w) {
		if c, ok := s.peek(); !ok || c != w[i] {
			return s.unexpected("the rest of " + w)
		}
		s.pos++
	}
	return nil
}

func (s *scanner) number() error {
	if c, _ := s.peek(); c == '-' {
		s.pos++
	}
	c, ok := s.peek()
	if ok && c == '0' {
		s.pos++
	} else if !s.digits() {
		return s.unexpected("a digit")
	}
	if c, ok = s.peek(); ok && c == '.' {
		s.pos++
		if !s.digits() {
			return s.unexpected("a digit")
		}
	}
	if c, ok = s.peek(); ok && (c == 'e' || c == 'E') {
		s.pos++
		if c, ok = s.peek(); ok && (c == '+' || c == '-') {
			s.pos++
		}
		if !s.digits() {
			return s.unexpected("a digit")
		}
	}
	return nil
}

// digits skips decimal digits and reports whether there was one.
func (s *scanner) digits() bool {
	any := false
	for {
		for s.pos < s.end {
			if c := s.buf[s.pos]; c < '0' || c > '9' {
				return any
			}
			s.pos++
			any = true
		}
		if !s.fill() {
			return any
		}
	}
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// check reports whether text is exactly one JSON value; line and offset of an error count from the given start.
func (s *scanner) check(text []byte, line int, offset int64, maxDepth int) error {
	*s = scanner{buf: text, end: len(text), mark: -1, base: offset, line: line, maxDepth: maxDepth, stack: s.stack}
	if err := s.value(); err != nil {
		return err
	}
	if _, ok := s.space(); ok {
		return s.unexpected("the end")
	}
	return nil
}

package charset

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/transform"
)

// Reader turns a stream of bytes into UTF-8. What is ASCII passes at once; at the first other byte the encoding is settled, from the
// option, the byte order mark or up to SampleBytes of content.
type Reader struct {
	src     io.Reader
	found   Found
	pending []byte    // raw bytes read ahead
	err     error     // of src, after pending
	decoder io.Reader // once the encoding is settled
	started bool
}

// NewReader returns a reader of r in UTF-8. option is the encoding that the user stated, or the zero Charset. Read fails with an
// error of code coverage.Refused where the bytes are no text of the encoding, or where no encoding can be told.
func NewReader(r io.Reader, option Charset) *Reader {
	x := &Reader{src: r}
	if option.Known() {
		x.found = Found{option, "option"}
	}
	return x
}

// Found says which encoding the text has; it is settled once all was read.
func (r *Reader) Found() Found {
	if !r.found.Charset.Known() {
		return Found{UTF8, "ascii"}
	}
	return r.found
}

// Read gives the text in UTF-8, without a byte order mark.
func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if !r.started {
		r.started = true
		r.start()
	}
	if r.decoder != nil {
		return r.decoder.Read(p)
	}
	for len(r.pending) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		r.fill(64 << 10)
	}
	i, most := 0, min(len(p), len(r.pending))
	for i < most && r.pending[i] < utf8.RuneSelf {
		i++
	}
	if i == 0 {
		r.fill(SampleBytes)
		found, err := Detect(r.pending, r.err == io.EOF)
		if err != nil {
			r.err, r.pending = err, nil
			return 0, err
		}
		r.found = found
		r.decode()
		return r.decoder.Read(p)
	}
	n := copy(p, r.pending[:i])
	r.pending = r.pending[n:]
	return n, nil
}

// fill reads ahead until n bytes are there, or as many as there are.
func (r *Reader) fill(n int) {
	if len(r.pending) >= n || r.err != nil {
		return
	}
	buf := make([]byte, n)
	have := copy(buf, r.pending)
	more, err := io.ReadFull(r.src, buf[have:])
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	r.pending, r.err = buf[:have+more], err
}

// start looks for a byte order mark and obeys a stated encoding.
func (r *Reader) start() {
	r.fill(4 << 10)
	for _, mark := range []struct {
		bytes string
		of    Charset
	}{{"\xef\xbb\xbf", UTF8}, {"\xff\xfe", utf16LE}, {"\xfe\xff", utf16BE}} {
		if !bytes.HasPrefix(r.pending, []byte(mark.bytes)) {
			continue
		}
		if r.found.Charset.Known() && r.found.Charset.name != mark.of.name && mark.of.name == "UTF-8" && !r.found.Charset.single() {
			break // another encoding was stated, and these bytes may be its text
		}
		r.pending = r.pending[len(mark.bytes):]
		r.found = Found{mark.of, "bom"}
		break
	}
	if r.found.Charset.Known() {
		r.decode()
	}
}

// decode sets the decoder of the settled encoding up.
func (r *Reader) decode() {
	rest := io.MultiReader(bytes.NewReader(r.pending), &failing{r.src, r.err})
	r.pending = nil
	c := r.found.Charset
	var text io.Reader = rest
	if c.enc != nil {
		text = transform.NewReader(rest, c.enc.NewDecoder())
	}
	r.decoder = &checked{src: text, found: r.found, strict: c.enc == nil}
}

// failing is a reader whose error was met already while reading ahead.
type failing struct {
	src io.Reader
	err error
}

func (f *failing) Read(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return f.src.Read(p)
}

// checked passes UTF-8 on in whole characters, and stops where it is broken: at bytes that are no UTF-8 where the source is
// (strict), else at U+FFFD, which the decoder put where the source has no such character.
type checked struct {
	src    io.Reader
	found  Found
	strict bool
	buf    [64 << 10]byte
	from   int // buf[from:good] is good, buf[good:to] is a beginning of a character
	good   int
	to     int
	line   int
	err    error
}

var replacement = []byte("\uFFFD")

func (c *checked) Read(p []byte) (int, error) {
	for c.from == c.good {
		if c.err != nil {
			return 0, c.err
		}
		c.fill()
	}
	n := copy(p, c.buf[c.from:c.good])
	c.from += n
	return n, nil
}

func (c *checked) fill() {
	c.to = copy(c.buf[:], c.buf[c.good:c.to])
	c.from, c.good = 0, 0
	n, err := c.src.Read(c.buf[c.to:])
	c.to += n
	if n == 0 && err == nil {
		return
	}
	end := c.to
	if err != io.EOF {
		end -= partial(c.buf[:c.to])
	}
	text := c.buf[:end]
	bad := -1
	if c.strict {
		if !utf8.Valid(text) {
			bad = invalidAt(text)
		}
	} else {
		bad = bytes.Index(text, replacement)
	}
	if bad >= 0 {
		line := c.line + bytes.Count(text[:bad], []byte{'\n'}) + 1
		end = bad
		err = badText(c.found, fmt.Sprintf("第 %d 行", line), fmt.Sprintf("line %d", line))
	}
	c.line += bytes.Count(c.buf[:end], []byte{'\n'})
	c.good, c.err = end, err
}

// partial is the number of bytes at the end of b that begin a character without ending it.
func partial(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if tail := b[len(b)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}

func invalidAt(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

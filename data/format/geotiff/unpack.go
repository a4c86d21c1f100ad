package geotiff

import (
	"errors"
	"io"
)

var errCode = errors.New("a code of LZW that is not there")

// unpackBits undoes PackBits (TIFF 6.0 section 9) until there are so many bytes.
func unpackBits(packed []byte, want int) ([]byte, error) {
	out := make([]byte, 0, min(want, 128*len(packed)))
	for len(out) < want && len(packed) > 0 {
		n := int(int8(packed[0]))
		packed = packed[1:]
		switch {
		case n >= 0:
			if len(packed) < n+1 {
				return nil, io.ErrUnexpectedEOF
			}
			out = append(out, packed[:n+1]...)
			packed = packed[n+1:]
		case n > -128:
			if len(packed) == 0 {
				return nil, io.ErrUnexpectedEOF
			}
			for range 1 - n {
				out = append(out, packed[0])
			}
			packed = packed[1:]
		}
	}
	if len(out) < want {
		return nil, io.ErrUnexpectedEOF
	}
	return out[:want], nil
}

// Codes of LZW (TIFF 6.0 section 13): from the highest bit, 9 to 12 bits wide, and one bit wider one code before the width is full.
const (
	clearCode = 256
	endCode   = 257
	firstCode = 258
	maxCodes  = 4096
)

// unpackLZW undoes LZW until there are so many bytes. Every code is a text that stands in the output already, so that the table
// holds places instead of texts.
func unpackLZW(packed []byte, want int) ([]byte, error) {
	var (
		from, length [maxCodes]int
		next, width  = firstCode, 9
		before       = -1 // where the last text begins
		bits         uint32
		have         int
	)
	out := make([]byte, 0, min(want, 1024*len(packed)))
	for len(out) < want {
		for have < width {
			if len(packed) == 0 {
				return nil, io.ErrUnexpectedEOF
			}
			bits, have, packed = bits<<8|uint32(packed[0]), have+8, packed[1:]
		}
		code := int(bits>>(have-width)) & (1<<width - 1)
		have -= width
		switch {
		case code == clearCode:
			next, width, before = firstCode, 9, -1
			continue
		case code == endCode:
			return nil, io.ErrUnexpectedEOF
		case code >= next && (code > next || before < 0):
			return nil, errCode
		}
		start := len(out)
		if before >= 0 && next < maxCodes { // the text before and the first byte of this one, which follows it in the output
			from[next], length[next] = before, start-before+1
			next++
		}
		if code < clearCode {
			out = append(out, byte(code))
		} else {
			at, n := from[code], length[code]
			if n > want-start {
				n = want - start
			}
			for k := range n { // byte by byte: the text may run into itself
				out = append(out, out[at+k])
			}
		}
		before = start
		if next+1 >= 1<<width && width < 12 {
			width++
		}
	}
	return out, nil
}

package osm

import (
	"encoding/binary"
	"errors"
)

// Wire types of Protocol Buffers (https://protobuf.dev/programming-guides/encoding).
const (
	wireVarint = 0
	wireFixed8 = 1
	wireBytes  = 2
	wireFixed4 = 5
)

var errWire = errors.New("broken Protocol Buffers message")

// message reads the fields of a Protocol Buffers message one by one.
type message struct {
	rest  []byte
	field uint64
	kind  uint8
	num   uint64 // of a varint
	bytes []byte // of a length-delimited field
	err   error
}

// next goes to the next field; false at the end or on an error.
func (m *message) next() bool {
	if m.err != nil || len(m.rest) == 0 {
		return false
	}
	key, ok := m.varint()
	if !ok {
		return false
	}
	m.field, m.kind, m.num, m.bytes = key>>3, uint8(key&7), 0, nil
	switch m.kind {
	case wireVarint:
		m.num, ok = m.varint()
	case wireBytes:
		var n uint64
		if n, ok = m.varint(); ok {
			m.bytes, ok = m.take(n)
		}
	case wireFixed8:
		_, ok = m.take(8)
	case wireFixed4:
		_, ok = m.take(4)
	default:
		ok = false
	}
	if !ok {
		m.err = errWire
	}
	return ok
}

func (m *message) varint() (uint64, bool) {
	v, n := binary.Uvarint(m.rest)
	if n <= 0 {
		m.err = errWire
		return 0, false
	}
	m.rest = m.rest[n:]
	return v, true
}

func (m *message) take(n uint64) ([]byte, bool) {
	if n > uint64(len(m.rest)) {
		m.err = errWire
		return nil, false
	}
	b := m.rest[:n]
	m.rest = m.rest[n:]
	return b, true
}

// numbers appends the current field's numbers, packed or single.
func (m *message) numbers(into []uint64) []uint64 {
	switch m.kind {
	case wireVarint:
		return append(into, m.num)
	case wireBytes:
		for b := m.bytes; len(b) > 0; {
			v, n := binary.Uvarint(b)
			if n <= 0 {
				m.err = errWire
				return into
			}
			into, b = append(into, v), b[n:]
		}
		return into
	}
	m.err = errWire
	return into
}

// sub gives the current field as a message of its own.
func (m *message) sub() (message, bool) {
	if m.kind != wireBytes {
		m.err = errWire
		return message{}, false
	}
	return message{rest: m.bytes}, true
}

// zigzag decodes a signed number.
func zigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

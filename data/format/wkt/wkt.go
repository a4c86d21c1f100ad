// Package wkt reads geometries as well-known text (OGC 06-103r4, clause 7), as tables carry them in a column: any letter case, Z, M
// and ZM with or without a blank before them, EMPTY, and PostGIS' SRID=n; in front. What is in it is not trusted: nesting and
// memory are bounded by the text's own length.
package wkt

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
)

// maxDepth bounds how deep collections may nest.
const maxDepth = 16

// Error says where and why a text is no geometry.
type Error struct {
	Offset int // bytes from the start of the text
	Reason string
}

// Error gives the sentence.
func (e *Error) Error() string { return fmt.Sprintf("WKT at byte %d: %s", e.Offset, e.Reason) }

// Geometry is what a text says.
type Geometry struct {
	Shape   orb.Geometry // in the text's own coordinates, unchecked; nil if empty
	SRID    int          // of SRID=n; in front, 0 if there is none
	Dropped int          // positions whose Z or M was dropped
}

// Like reports whether a text begins like WKT: a geometry's name, or SRID=.
func Like(text string) bool {
	p := parser{text: text}
	p.space()
	word := p.word()
	return word == "SRID" || strings.TrimRight(word, "ZM") != "" && keyword(strings.TrimSuffix(strings.TrimSuffix(word, "M"), "Z")) != 0
}

// Parse reads one geometry. Errors are *Error.
func Parse(text string) (Geometry, error) {
	p := parser{text: text}
	srid := p.srid()
	g := p.geometry(0)
	p.space()
	if p.err == nil && p.at < len(text) {
		p.fail("more text follows the geometry")
	}
	if p.err != nil {
		return Geometry{}, p.err
	}
	return Geometry{g, srid, p.dropped}, nil
}

type parser struct {
	text    string
	at      int
	err     *Error
	dropped int
	dims    int // of the geometry being read: 2 to 4, 0 if its name does not say
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = &Error{p.at, fmt.Sprintf(format, args...)}
	}
}

func (p *parser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// word takes letters, in capitals.
func (p *parser) word() string {
	from := p.at
	for p.at < len(p.text) && (p.text[p.at]|0x20 >= 'a' && p.text[p.at]|0x20 <= 'z') {
		p.at++
	}
	return strings.ToUpper(p.text[from:p.at])
}

func (p *parser) take(c byte) bool {
	if p.space(); p.err == nil && p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *parser) want(c byte) {
	if !p.take(c) {
		p.fail("%q is missing", c)
	}
}

func (p *parser) srid() int {
	p.space()
	if len(p.text)-p.at < 5 || !strings.EqualFold(p.text[p.at:p.at+5], "SRID=") {
		return 0
	}
	p.at += 5
	digits, _, ok := strings.Cut(p.text[p.at:], ";")
	n, err := strconv.ParseInt(digits, 10, 32)
	if !ok || err != nil || n < 0 {
		p.fail("SRID= is not followed by a number and a semicolon")
		return 0
	}
	p.at += len(digits) + 1
	return int(n)
}

// Kinds of geometry, by name.
const (
	point = iota + 1
	lineString
	polygon
	multiPoint
	multiLineString
	multiPolygon
	collection
)

func keyword(word string) int {
	switch word {
	case "POINT":
		return point
	case "LINESTRING", "LINEARRING":
		return lineString
	case "POLYGON":
		return polygon
	case "MULTIPOINT":
		return multiPoint
	case "MULTILINESTRING":
		return multiLineString
	case "MULTIPOLYGON":
		return multiPolygon
	case "GEOMETRYCOLLECTION":
		return collection
	}
	return 0
}

// geometry reads a tagged geometry; nil for an empty one.
func (p *parser) geometry(depth int) orb.Geometry {
	if p.err != nil {
		return nil
	}
	if depth > maxDepth {
		p.fail("collections nest deeper than %d", maxDepth)
		return nil
	}
	p.space()
	start := p.at
	word := p.word()
	kind := keyword(word)
	p.dims = 0
	if kind == 0 {
		for _, suffix := range []string{"ZM", "Z", "M"} {
			if rest, ok := strings.CutSuffix(word, suffix); ok && keyword(rest) != 0 {
				kind, p.dims = keyword(rest), 2+len(suffix)
				break
			}
		}
	}
	if kind == 0 {
		p.at = start
		p.fail("no geometry begins here")
		return nil
	}
	p.space()
	after := p.at
	switch p.word() {
	case "Z", "M":
		p.dims = 3
	case "ZM":
		p.dims = 4
	case "EMPTY":
		return nil
	default:
		p.at = after
	}
	if p.empty() {
		return nil
	}
	g := p.body(kind, depth)
	if p.err != nil {
		return nil
	}
	return g
}

// empty takes the word EMPTY.
func (p *parser) empty() bool {
	p.space()
	at := p.at
	if p.word() == "EMPTY" {
		return true
	}
	p.at = at
	return false
}

func (p *parser) body(kind, depth int) orb.Geometry {
	switch kind {
	case point:
		p.want('(')
		at := p.position()
		p.want(')')
		return at
	case lineString:
		return orb.LineString(p.positions())
	case polygon:
		return p.polygon()
	case multiPoint:
		return orb.MultiPoint(list(p, func() (orb.Point, bool) {
			if p.empty() {
				return orb.Point{}, false
			}
			inner := p.take('(')
			at := p.position()
			if inner {
				p.want(')')
			}
			return at, true
		}))
	case multiLineString:
		return orb.MultiLineString(list(p, func() (orb.LineString, bool) {
			if p.empty() {
				return nil, false
			}
			return p.positions(), true
		}))
	case multiPolygon:
		return orb.MultiPolygon(list(p, func() (orb.Polygon, bool) {
			if p.empty() {
				return nil, false
			}
			return p.polygon(), true
		}))
	}
	all := orb.Collection(list(p, func() (orb.Geometry, bool) {
		g := p.geometry(depth + 1)
		return g, g != nil
	}))
	if len(all) == 0 {
		return nil
	}
	return all
}

// list reads ( member , member … ); members that are empty are left out.
func list[T any](p *parser, member func() (T, bool)) []T {
	p.want('(')
	var all []T
	for p.err == nil {
		if m, ok := member(); ok {
			all = append(all, m)
		}
		if !p.take(',') {
			break
		}
	}
	p.want(')')
	return all
}

func (p *parser) positions() []orb.Point {
	return list(p, func() (orb.Point, bool) { return p.position(), true })
}

func (p *parser) polygon() orb.Polygon {
	return list(p, func() (orb.Ring, bool) {
		if p.empty() {
			return nil, false
		}
		return p.positions(), true
	})
}

// position reads two numbers, and drops a third and fourth.
func (p *parser) position() orb.Point {
	at := orb.Point{p.number(), p.number()}
	n := 2
	for ; n < 4 && p.err == nil; n++ {
		p.space()
		if p.at == len(p.text) || p.text[p.at] == ',' || p.text[p.at] == ')' {
			break
		}
		p.number()
	}
	if p.err == nil && p.dims != 0 && n != p.dims {
		p.fail("a position has %d numbers where %d belong", n, p.dims)
	}
	if n > 2 {
		p.dropped++
	}
	return at
}

func (p *parser) number() float64 {
	if p.err != nil {
		return 0
	}
	p.space()
	from := p.at
	for p.at < len(p.text) && strings.IndexByte("+-.0123456789eE", p.text[p.at]) >= 0 {
		p.at++
	}
	v, err := strconv.ParseFloat(p.text[from:p.at], 64)
	if err != nil || math.IsInf(v, 0) {
		p.at = from
		p.fail("a number is missing")
		return 0
	}
	return v + 0
}

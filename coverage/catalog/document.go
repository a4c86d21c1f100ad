package catalog

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

// Document reads another kind of YAML file as strictly as [Parse] reads a catalog: keys must be known and stand once, values have the type
// that is asked for, and whatever is wrong is a [Finding] with line and column, all of them at once.
type Document struct{ p *parser }

// Block is a mapping of a document: keys and values. Reading a key that is left out gives nothing and finds nothing.
type Block struct {
	p *parser
	o object
}

// OpenDocument reads the bytes of a file. file is the name that errors are reported under, what says what it should be, for messages. ok
// is false if there is no mapping of the known keys to be read: see Findings.
func OpenDocument(src []byte, file string, what Text, known ...string) (d *Document, root Block, ok bool) {
	p := newParser(file)
	p.what = what
	d = &Document{p}
	node, ok := p.open(src)
	if !ok {
		return d, Block{}, false
	}
	o, ok := p.object(node, "", known...)
	return d, Block{p, o}, ok
}

// Findings gives what was found so far, in the order of the file.
func (d *Document) Findings() []Finding { return d.p.finish() }

// Err gives an *[Error] if any finding is of severity error.
func (d *Document) Err() error {
	if findings := d.p.finish(); hasErrors(findings) {
		return &Error{File: d.p.file, Findings: findings}
	}
	return nil
}

// Has tells whether a key has a value.
func (b Block) Has(key string) bool { return b.o.has(key) }

// Empty tells whether the block is of no document.
func (b Block) Empty() bool { return b.p == nil }

// Line is the line where the block stands.
func (b Block) Line() int { return max(1, b.o.node.Line) }

// Note adds a finding at a key of the block, or at the block itself where the key is empty or left out. What it gives may be given a hint
// until the next finding is made.
func (b Block) Note(severity Severity, key, code string, text Text) *Finding {
	at, path := b.o.node, b.o.path
	if key != "" {
		at, path = b.o.at(key), join(b.o.path, key)
	}
	n := len(b.p.findings)
	b.p.report(severity, at, path, code, text.Zh, text.En, "", "")
	if len(b.p.findings) == n { // too many already
		return &Finding{}
	}
	return &b.p.findings[n]
}

// Require reports a key that is left out.
func (b Block) Require(key string) {
	if _, stands := b.o.keys[key]; !stands {
		b.p.missing(b.o, key)
	}
}

// String reads a text; numbers and dates are taken as they are written.
func (b Block) String(key string) string { return b.p.string(b.o, key) }

// Words reads one text or a list of texts.
func (b Block) Words(key string) []string { return b.p.words(b.o, key) }

// Identifier reads a name that ends up in tables, file names and addresses: letters and digits of any script, - _ and . (not first).
func (b Block) Identifier(key string) string { return b.p.identifier(b.o, key) }

// Text reads a wording: {zh: …, en: …}, or one text for both languages.
func (b Block) Text(key string) Text { return b.p.text(b.o, key) }

// Boolean reads true or false; false if it is left out.
func (b Block) Boolean(key string) bool { return b.p.boolean(b.o, key) }

// IsBoolean tells whether the value is true or false, where another type may stand too.
func (b Block) IsBoolean(key string) bool {
	node := b.o.fields[key]
	return node != nil && node.Kind == yaml.ScalarNode && node.ShortTag() == "!!bool"
}

// Integer reads a whole number of a range.
func (b Block) Integer(key string, low, high int) (value int, ok bool) {
	return b.p.integer(b.o, key, low, high)
}

// Number reads a plain decimal.
func (b Block) Number(key string) (value Ppm, ok bool) { return b.p.decimal(b.o, key) }

// Block reads a mapping under a key; ok is false if it is left out or none.
func (b Block) Block(key string, known ...string) (inner Block, ok bool) {
	o, ok := b.p.part(b.o, key, known...)
	return Block{b.p, o}, ok
}

// Blocks reads a list of mappings, of at most so many elements.
func (b Block) Blocks(key string, most int, known ...string) []Block {
	var out []Block
	for i, node := range b.p.bounded(b.o, key, most) {
		if o, ok := b.p.object(node, fmt.Sprintf("%s[%d]", join(b.o.path, key), i), known...); ok {
			out = append(out, Block{b.p, o})
		}
	}
	return out
}

// KeyText is a key of the file's own choice with its text.
type KeyText struct{ Key, Text string }

// Pairs reads a mapping of free keys to texts, in the order of the file.
func (b Block) Pairs(key string) []KeyText {
	inner, ok := b.Block(key)
	if !ok {
		return nil
	}
	var out []KeyText
	for _, k := range inner.o.order() {
		if v := inner.String(k); v != "" {
			out = append(out, KeyText{k, v})
		}
	}
	return out
}

// IsMeasure reports whether a word may be asked for as a denominator.
func IsMeasure(word string) bool { return isMeasure(word) && word != DenominatorCount }

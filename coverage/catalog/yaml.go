package catalog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// Bounds on a file. A real catalog has some tens of rows; the bounds keep a hostile one (an alias bomb, a file of another
// kind) from costing more than a moment.
const (
	maxBytes    = 1 << 20
	maxNodes    = 100_000 // visited, aliases expanded
	maxFindings = 200
	maxServices = 1_000
	maxRows     = 2_000 // requirements
	maxParts    = 100   // tiers, grades, alternatives
	maxText     = 4_000 // runes of one text
)

// parser walks a YAML document and collects findings. After too many of them, or too many nodes, it is stopped: every
// further read is empty and silent.
type parser struct {
	file     string
	what     Text // of what the file is one
	findings []Finding
	nodes    int
	stopped  bool
}

// object is a mapping of the file with known keys.
type object struct {
	node   *yaml.Node // the mapping itself
	path   string
	fields map[string]*yaml.Node // values, aliases resolved; empty values left out
	keys   map[string]*yaml.Node // where each key stands
}

func newParser(file string) *parser {
	return &parser{file: file, what: Text{"服务目录", "catalog"}}
}

// finish is all findings in the order of the file.
func (p *parser) finish() []Finding {
	sortFindings(p.findings)
	return p.findings
}

// open reads the one document of the bytes. ok is false if there is none that can be walked.
func (p *parser) open(src []byte) (root *yaml.Node, ok bool) {
	start := &yaml.Node{Line: 1, Column: 1}
	if len(src) > maxBytes {
		p.report(SeverityError, start, "", "too_large", "文件大于 1 MiB", "the file is larger than 1 MiB",
			"这不像一个"+p.what.Zh+"文件", "this does not look like a "+p.what.En)
		return nil, false
	}
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	if i := invalidUTF8(src); i >= 0 {
		at := &yaml.Node{Line: 1 + bytes.Count(src[:i], []byte("\n")), Column: i - bytes.LastIndexByte(src[:i], '\n')}
		p.report(SeverityError, at, "", "encoding", "文件不是 UTF-8 编码", "the file is not UTF-8",
			"另存为 UTF-8(可能是 GBK 编码)", "save it as UTF-8; it may be in GBK")
		return nil, false
	}
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	document, err := decodeNode(decoder)
	if errors.Is(err, io.EOF) || (err == nil && (len(document.Content) == 0 || document.Content[0].ShortTag() == "!!null")) {
		p.report(SeverityError, start, "", "empty_file", "文件没有内容", "the file is empty", "", "")
		return nil, false
	}
	if err != nil {
		p.syntax(src, err)
		return nil, false
	}
	switch second, err := decodeNode(decoder); {
	case err == nil:
		p.report(SeverityError, second, "", "several_documents", "一个文件只能有一个"+p.what.Zh, "a file holds one "+p.what.En+" only",
			"把 --- 以后的内容移到另一个文件", "move what follows --- to a file of its own")
		return nil, false
	case !errors.Is(err, io.EOF):
		p.syntax(src, err)
		return nil, false
	}
	return document.Content[0], true
}

// decodeNode reads one document as nodes, which expands no alias. A panic inside the YAML reader is a fault of the file.
func decodeNode(decoder *yaml.Decoder) (document *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			document, err = nil, fmt.Errorf("yaml: line 1: %v", r)
		}
	}()
	document = &yaml.Node{}
	err = decoder.Decode(document)
	return document, err
}

// syntax turns an error of the YAML reader into a finding on the line that breaks the file.
func (p *parser) syntax(src []byte, err error) {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	at := &yaml.Node{Line: 1, Column: 1}
	if m := regexp.MustCompile(`(?s)^line (\d+): (.*)$`).FindStringSubmatch(message); m != nil {
		at.Line, _ = strconv.Atoi(m[1])
		message = m[2]
	}
	hintZh, hintEn := "检查缩进、冒号后的空格、括号和引号", "check indentation, the space after each colon, brackets and quotes"
	lines := strings.SplitAfter(string(src), "\n")
	if broken := brokenLine(src, lines); broken > 0 {
		line := lines[broken-1]
		indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		at.Line, at.Column = broken, len(indent)+1
		if tab := strings.IndexByte(indent, '\t'); tab >= 0 {
			at.Column = tab + 1
			hintZh, hintEn = "缩进只能用空格，不能用制表符", "indent with spaces, not tabs"
		}
	}
	p.report(SeverityError, at, "", "syntax", "不是有效的 YAML："+message, "not valid YAML: "+message, hintZh, hintEn)
}

// brokenLine is the first line (from 1) after the longest run of leading lines that is valid YAML; 0 if that would cost too much
// to find. The reader itself names the line where the broken mapping or list begins, which may be the first one of the file.
func brokenLine(src []byte, lines []string) int {
	if len(src)*len(lines) > 1<<25 {
		return 0
	}
	kept := len(src)
	for n := len(lines); n > 0; n-- {
		kept -= len(lines[n-1])
		if !isYAML(src[:kept]) {
			continue
		}
		for n < len(lines) { // what breaks it is no comment
			if text := strings.TrimSpace(lines[n-1]); text != "" && text[0] != '#' {
				break
			}
			n++
		}
		return n
	}
	return 0
}

func isYAML(src []byte) bool {
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	for {
		if _, err := decodeNode(decoder); err != nil {
			return errors.Is(err, io.EOF)
		}
	}
}

// report adds a finding at a node.
func (p *parser) report(severity Severity, at *yaml.Node, path, code, zh, en, hintZh, hintEn string) {
	if p.stopped {
		return
	}
	if len(p.findings) >= maxFindings {
		p.stopped = true
		severity, code, hintZh, hintEn = SeverityError, "too_many_findings", "", ""
		zh, en = "问题过多，其余不再列出", "too many findings; the rest is not listed"
	}
	p.findings = append(p.findings, Finding{
		Severity: severity, Line: max(1, at.Line), Column: max(1, at.Column), Path: path, Code: code,
		Text: Text{zh, en}, Hint: Text{hintZh, hintEn},
	})
}

// visit counts a node and follows an alias to what it stands for. ok is false once the file has cost too much.
func (p *parser) visit(node *yaml.Node) (target *yaml.Node, ok bool) {
	if p.nodes++; p.nodes > maxNodes && !p.stopped {
		p.report(SeverityError, node, "", "too_large", "内容过多(或别名展开过多)", "too much content, or too many aliases expanded", "", "")
		p.stopped = true
	}
	if p.stopped {
		return nil, false
	}
	if node.Kind == yaml.AliasNode && node.Alias != nil {
		return node.Alias, true
	}
	return node, true
}

// object reads a mapping. Keys must be among the known ones and stand once. An empty value counts as left out.
func (p *parser) object(node *yaml.Node, path string, known ...string) (o object, ok bool) {
	node, ok = p.visit(node)
	if !ok {
		return object{}, false
	}
	o = object{node: node, path: path, fields: map[string]*yaml.Node{}, keys: map[string]*yaml.Node{}}
	if node.Kind != yaml.MappingNode {
		p.wrongType(node, path, "键值对", "a mapping of keys to values")
		return o, false
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		name := key.Value
		if p.stopped {
			break
		}
		switch {
		case key.Kind != yaml.ScalarNode:
			p.wrongType(key, path, "文字作为键", "a word as key")
			continue
		case key.ShortTag() == "!!merge":
			p.report(SeverityError, key, join(path, "<<"), "merge_key", "不支持合并键 <<", "merge keys (<<) are not supported",
				"直接写出各键", "write the keys out")
			continue
		case known != nil && !slices.Contains(known, name):
			hintZh, hintEn := "可用的键:"+strings.Join(known, ", "), "known keys: "+strings.Join(known, ", ")
			if near := nearest(name, known); near != "" {
				hintZh, hintEn = fmt.Sprintf("是否为 %s?%s", near, hintZh), fmt.Sprintf("did you mean %s? %s", near, hintEn)
			}
			if slices.Equal(known, textKeys) {
				hintZh, hintEn = "含逗号或冒号的文字要加引号", "put a text that holds a comma or a colon in quotes"
			}
			p.report(SeverityError, key, join(path, name), "unknown_key",
				fmt.Sprintf("未知的键 %s", name), fmt.Sprintf("unknown key %s", quote(name)), hintZh, hintEn)
			continue
		}
		if before, twice := o.keys[name]; twice {
			p.report(SeverityError, key, join(path, name), "duplicate_key",
				fmt.Sprintf("键 %s 重复，第 %d 行已有", name, before.Line),
				fmt.Sprintf("the key %s stands twice, first on line %d", quote(name), before.Line), "删去其中一个", "remove one of them")
			continue
		}
		o.keys[name] = key
		value, ok := p.visit(value)
		if !ok {
			return o, false
		}
		if tag := value.ShortTag(); value.Kind == yaml.ScalarNode && (tag == "!!null" || tag == "!!str" && strings.TrimSpace(value.Value) == "") {
			p.report(SeverityWarning, key, join(path, name), "empty_value",
				fmt.Sprintf("%s 没有值，按未填处理", name), fmt.Sprintf("%s has no value and counts as left out", quote(name)), "", "")
			continue
		}
		o.fields[name] = value
	}
	return o, !p.stopped
}

// at is where the first of the given keys stands, else where the object does.
func (o object) at(keys ...string) *yaml.Node {
	for _, key := range keys {
		if node, ok := o.keys[key]; ok {
			return node
		}
	}
	return o.node
}

func (o object) has(key string) bool { return o.fields[key] != nil }

// list reads a sequence; nil if the key is left out.
func (p *parser) list(o object, key string) []*yaml.Node {
	node := o.fields[key]
	if node == nil || p.stopped {
		return nil
	}
	if node.Kind != yaml.SequenceNode {
		p.wrongType(node, join(o.path, key), "列表", "a list")
		return nil
	}
	return node.Content
}

// bounded reads a sequence of at most so many elements.
func (p *parser) bounded(o object, key string, most int) []*yaml.Node {
	nodes := p.list(o, key)
	if len(nodes) > most {
		p.report(SeverityError, o.at(key), join(o.path, key), "too_large", fmt.Sprintf("%s 多于 %d 项", key, most), fmt.Sprintf("%s has more than %d elements", key, most), "", "")
		return nodes[:most]
	}
	return nodes
}

// string reads a text, trimmed; empty if the key is left out. Numbers and dates are taken as they are written,
// so that tier: 15 means "15".
func (p *parser) string(o object, key string) string {
	node := o.fields[key]
	if node == nil {
		return ""
	}
	return p.scalar(node, join(o.path, key))
}

func (p *parser) scalar(node *yaml.Node, path string) string {
	if p.stopped {
		return ""
	}
	switch tag := node.ShortTag(); {
	case node.Kind == yaml.ScalarNode && (tag == "!!str" || tag == "!!int" || tag == "!!float" || tag == "!!timestamp"):
	default:
		p.wrongType(node, path, "文字", "a text")
		return ""
	}
	value := strings.TrimSpace(node.Value)
	switch {
	case strings.ContainsFunc(value, func(r rune) bool { return r != '\n' && unicode.IsControl(r) }):
		p.report(SeverityError, node, path, "control_character", "含有控制字符", "holds control characters", "删去不可见的字符", "remove the invisible characters")
		return ""
	case utf8.RuneCountInString(value) > maxText:
		p.report(SeverityError, node, path, "too_long", "文字过长", fmt.Sprintf("longer than %d characters", maxText), "", "")
		return ""
	case value == "":
		p.report(SeverityError, node, path, "empty_text", "文字为空", "the text is empty", "填写内容，或删去这一项", "fill it in or leave the key out")
	}
	return value
}

// strings reads a list of texts without repetitions.
func (p *parser) strings(o object, key string) []string {
	var values []string
	for i, node := range p.list(o, key) {
		node, ok := p.visit(node)
		if !ok {
			break
		}
		path := fmt.Sprintf("%s[%d]", join(o.path, key), i)
		value := p.scalar(node, path)
		switch {
		case value == "":
		case slices.Contains(values, value):
			p.report(SeverityWarning, node, path, "duplicate_value", fmt.Sprintf("「%s」重复", value), fmt.Sprintf("%q is listed twice", value), "", "")
		default:
			values = append(values, value)
		}
	}
	return values
}

// identifier reads a name that ends up in tables, column names and addresses: letters and digits of any script, - _ and .
func (p *parser) identifier(o object, key string) string {
	value := p.string(o, key)
	if value == "" {
		return ""
	}
	valid := utf8.RuneCountInString(value) <= maxID && !strings.HasPrefix(value, ".")
	for _, r := range value {
		valid = valid && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.", r))
	}
	if !valid {
		p.report(SeverityError, o.fields[key], join(o.path, key), "bad_id",
			fmt.Sprintf("「%s」不能作为标识", value), fmt.Sprintf("%q cannot be an identifier", value),
			"只用字母、汉字、数字和 - _ .,最多 64 个字符", "use letters, digits and - _ . only, at most 64 characters, not beginning with a point")
		return ""
	}
	return value
}

// text reads a wording: {zh: …, en: …}, or one text for both languages.
func (p *parser) text(o object, key string) Text {
	node := o.fields[key]
	if node == nil {
		return Text{}
	}
	path := join(o.path, key)
	if node.Kind == yaml.ScalarNode {
		value := p.scalar(node, path)
		return Text{value, value}
	}
	at, ok := p.object(node, path, textKeys...)
	if !ok {
		return Text{}
	}
	return Text{p.string(at, "zh"), p.string(at, "en")}
}

// boolean reads true or false.
func (p *parser) boolean(o object, key string) bool {
	node := o.fields[key]
	if node == nil {
		return false
	}
	if node.Kind != yaml.ScalarNode || node.ShortTag() != "!!bool" {
		p.wrongType(node, join(o.path, key), "true 或 false", "true or false")
		return false
	}
	return strings.EqualFold(node.Value, "true")
}

// decimal reads a plain decimal from its text. ok is false if it is left out or unreadable.
func (p *parser) decimal(o object, key string) (value Ppm, ok bool) {
	node := o.fields[key]
	if node == nil {
		return 0, false
	}
	return p.number(node, join(o.path, key))
}

func (p *parser) number(node *yaml.Node, path string) (value Ppm, ok bool) {
	tag := node.ShortTag()
	if node.Kind != yaml.ScalarNode || (tag != "!!int" && tag != "!!float") {
		zh, en := "数字", "a number"
		if node.Kind == yaml.ScalarNode && tag == "!!str" {
			zh, en = "数字(不加引号、单位或 %)", "a number, without quotes, unit or %"
		}
		p.wrongType(node, path, zh, en)
		return 0, false
	}
	value, err := ParsePpm(node.Value)
	if err == nil {
		return value, true
	}
	zh := map[error]string{errNotDecimal: "不是普通小数", errTooPrecise: "小数超过六位", errTooLarge: "整数超过十二位"}[err]
	p.report(SeverityError, node, path, "bad_number", node.Value+" "+zh, node.Value+": "+err.Error(),
		"写成普通小数，如 0.8 或 500", "write it as a plain decimal such as 0.8 or 500")
	return 0, false
}

// integer reads a whole number of a range.
func (p *parser) integer(o object, key string, low, high int) (value int, ok bool) {
	decimal, ok := p.decimal(o, key)
	if !ok {
		return 0, false
	}
	if decimal%One != 0 || decimal < Ppm(low)*One || decimal > Ppm(high)*One {
		p.outOfRange(o, key, "bad_range", fmt.Sprintf("%d 到 %d 的整数", low, high), fmt.Sprintf("a whole number from %d to %d", low, high))
		return 0, false
	}
	return int(decimal / One), true
}

// choice reads one of some words. The words in Chinese may stand for those in English.
func (p *parser) choice(o object, key string, words map[string]string, listed ...string) string {
	value := p.string(o, key)
	if value == "" {
		return ""
	}
	if word, ok := words[value]; ok {
		return word
	}
	p.report(SeverityError, o.fields[key], join(o.path, key), "unknown_word",
		fmt.Sprintf("「%s」不是可选的值", value), fmt.Sprintf("%q is not one of the words allowed here", value),
		"可选:"+strings.Join(listed, ", "), "one of "+strings.Join(listed, ", "))
	return ""
}

func (p *parser) wrongType(node *yaml.Node, path, zh, en string) {
	p.report(SeverityError, node, path, "wrong_type", "此处应为"+zh, "expected "+en, "", "")
}

func (p *parser) missing(o object, key string) {
	p.report(SeverityError, o.node, join(o.path, key), "missing_key", "缺少 "+key, "the key "+quote(key)+" is missing", "", "")
}

func (p *parser) outOfRange(o object, key, code, zh, en string) {
	p.report(SeverityError, o.fields[key], join(o.path, key), code,
		fmt.Sprintf("%s: %s 超出范围，应为%s", key, o.fields[key].Value, zh),
		fmt.Sprintf("%s: %s is out of range, expected %s", key, o.fields[key].Value, en), "", "")
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// quote makes a word of the file safe to print in a message.
func quote(word string) string { return strconv.Quote(word) }

// invalidUTF8 is the place of the first byte that is not UTF-8, -1 if all are.
func invalidUTF8(src []byte) int {
	for i := 0; i < len(src); {
		r, size := utf8.DecodeRune(src[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

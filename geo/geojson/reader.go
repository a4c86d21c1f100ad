package geojson

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/paulmach/orb"
)

// Limits bound what a file may ask of the reader. Zero fields stand for the defaults.
type Limits struct {
	MaxDepth        int   // levels of nested arrays and objects, the feature collection's own included; default 64
	MaxFeatureBytes int64 // bytes of one feature or line, which is held in memory; default 256 MiB
	MaxVertices     int   // positions of one feature; default 10 million
	MaxFeatures     int   // rows of a file; default 200 million

	// Plane says that coordinates are metres of a plane coordinate system that the caller knows: neither their range nor edges
	// across the antimeridian are checked.
	Plane bool
}

const defaultDepth = 64

func (l Limits) withDefaults() Limits {
	if l.MaxDepth <= 0 {
		l.MaxDepth = defaultDepth
	}
	if l.MaxFeatureBytes <= 0 {
		l.MaxFeatureBytes = 256 << 20
	}
	if l.MaxVertices <= 0 {
		l.MaxVertices = 10_000_000
	}
	if l.MaxFeatures <= 0 {
		l.MaxFeatures = 200_000_000
	}
	return l
}

// Feature is one feature of a layer.
type Feature struct {
	ID         string // a string as it is, a number in canonical text (1.0 is "1"); empty and null ids are none
	HasID      bool
	Geometry   orb.Geometry // Point, MultiPoint, LineString, MultiLineString, Polygon or MultiPolygon; degrees
	Properties Properties
}

// Row is what became of one feature of the file.
type Row struct {
	N       int       // 1-based number of the feature in the file
	Line    int       // 1-based line where it begins
	Feature Feature   // the geometry is valid when Refused is nil
	Repairs []Finding // what was mended
	Refused *Finding  // why it cannot be used; Feature then holds what could be read of id and properties, and no geometry

	// Broken is, of a refused row, the geometry that was decoded but breaks the rules of polygons (self_crossing, holes_overlap …) or is a
	// collection of different kinds, for whoever would mend it; nil otherwise. Its rings are closed and without repeated vertices, its members valid.
	Broken orb.Geometry
}

// Form is the outer shape of the input.
type Form string

// The forms of input.
const (
	FormCollection Form = "collection" // a FeatureCollection
	FormFeature    Form = "feature"    // a single Feature
	FormGeometry   Form = "geometry"   // a single geometry
	FormGeometries Form = "geometries" // a GeometryCollection, one row per geometry
	FormLines      Form = "lines"      // newline-delimited features
	FormSequence   Form = "sequence"   // an RFC 8142 text sequence
)

// Info sums a file up.
type Info struct {
	Form      Form
	Read      int       // rows: Used + Repaired + Refused
	Used      int       // rows used as they are
	Repaired  int       // rows used after mending
	Refused   int       // rows refused
	Bound     orb.Bound // of the used and repaired rows; meaningless if there are none
	CRS       string    // name in a legacy crs member (GeoJSON 2008), empty if there is none; it may follow the features
	Altitudes int64     // positions, in used and repaired rows, of which a third or further ordinate was dropped
	Foreign   []string  // sorted names (64 at most) of members that GeoJSON does not define
}

// Reader reads the rows of one document, one after the other, in bounded memory. It is not for concurrent use.
type Reader struct {
	lim  Limits
	s    scanner
	line scanner // checks single lines
	d    decoder

	next  func() (Row, error) // what Next does in the present state
	err   error               // what Next returns from now on
	info  Info
	names map[string]bool // foreign members

	start     int64 // file offset where the document begins
	startLine int
	top       struct {
		typ     string
		hasType bool
		rows    string // "features" or "geometries" once that array was read
		first   bool   // no member was read yet
		names   []string
	}
	elements int   // of the array
	objects  int   // lines after the first that begin like an object or are well-formed
	trailing error // what a first line followed by nothing but rubbish amounts to
}

// NewReader returns a reader of the document in r.
func NewReader(r io.Reader, lim Limits) *Reader {
	lim = lim.withDefaults()
	x := &Reader{lim: lim, names: make(map[string]bool)}
	x.s = scanner{src: r, mark: -1, line: 1, maxDepth: lim.MaxDepth, maxKeep: lim.MaxFeatureBytes}
	x.d = decoder{plane: lim.Plane, maxVertices: lim.MaxVertices, keys: make(keyring)}
	x.next = x.open
	return x
}

// Next returns the next row, used, repaired or refused, and io.EOF after the last one. Any other error refuses the whole file, and
// the rows that came before it too: a *SyntaxError, a *NotGeoJSONError, or the (wrapped) error of the underlying reader. A row and
// all it holds belong to the caller.
func (r *Reader) Next() (Row, error) {
	if r.err != nil {
		return Row{}, r.err
	}
	row, err := r.next()
	if err == nil && r.info.Read >= r.lim.MaxFeatures {
		err = &SyntaxError{Code: TooMany, Offset: r.s.offset(), Line: r.s.line, Text: "the file has too many features"}
	}
	if err != nil {
		r.err = err
		return Row{}, err
	}
	r.count(&row)
	return row, nil
}

// Info sums up what was read; it is complete once Next has returned io.EOF.
func (r *Reader) Info() Info {
	info := r.info
	for name := range r.names {
		info.Foreign = append(info.Foreign, name)
	}
	slices.Sort(info.Foreign)
	return info
}

func (r *Reader) count(row *Row) {
	r.info.Read++
	row.N = r.info.Read
	for _, name := range r.d.foreign {
		r.foreign(string(name))
	}
	if row.Refused != nil {
		r.info.Refused++
		row.Feature.Geometry = nil
		if row.Broken == nil {
			row.Repairs = nil
		}
		return
	}
	b := row.Feature.Geometry.Bound()
	if r.info.Used+r.info.Repaired == 0 {
		r.info.Bound = b
	} else {
		r.info.Bound = r.info.Bound.Union(b)
	}
	r.info.Altitudes += r.d.altitudes
	if len(row.Repairs) > 0 {
		r.info.Repaired++
	} else {
		r.info.Used++
	}
}

func (r *Reader) foreign(name string) {
	if len(r.names) < 64 && len(name) <= 256 {
		r.names[name] = true
	}
}

// The document.

// open finds out what the input is.
func (r *Reader) open() (Row, error) {
	if err := r.magic(); err != nil {
		return Row{}, err
	}
	if b := r.s.ahead(1); len(b) > 0 && b[0] == recordSeparator {
		r.info.Form = FormSequence
		r.objects = 1
		r.next = r.record
		return r.record()
	}
	c, ok := r.s.space()
	if err := r.s.failed(); err != nil && !ok {
		return Row{}, err
	}
	if !ok {
		return Row{}, &NotGeoJSONError{Code: EmptyFile, Text: "the file is empty", Zh: "文件是空的"}
	}
	r.start, r.startLine = r.s.offset(), r.s.line
	r.s.mark = r.s.pos
	if c != '{' {
		r.s.maxKeep = min(r.s.maxKeep, lookAhead)
		err := r.s.value()
		if err == nil {
			if _, ok := r.s.space(); ok {
				err = r.s.unexpected("the end of the file")
			}
		}
		if err == nil {
			err = r.s.failed()
		}
		if err == nil {
			e := &NotGeoJSONError{Code: NotGeoJSON, Text: "the file holds a single JSON value that is no object", Zh: "文件只有一个 JSON 值, 不是对象"}
			if c == '[' {
				e.Text, e.Zh = "the file is a JSON array", "文件是 JSON 数组"
				e.Hint = `GeoJSON features belong into {"type": "FeatureCollection", "features": [...]}`
				e.HintZh = `GeoJSON 要素应放在 {"type": "FeatureCollection", "features": [...]} 之中`
			}
			err = e
		}
		return r.orLines(err)
	}
	r.s.pos++
	r.top.first = true
	return r.members()
}

// magic looks for the marks of other formats, and passes a UTF-8 byte order mark.
func (r *Reader) magic() error {
	b := r.s.ahead(16)
	for _, m := range []struct{ magic, text, hint, zh, hintZh string }{
		{"\x1f\x8b", "the file is gzip-compressed", "unpack it first", "文件是 gzip 压缩的", "请先解压"},
		{"PK\x03\x04", "the file is a zip archive (or KMZ, XLSX)", "unpack it first", "文件是 zip 压缩包(或 KMZ、XLSX)", "请先解压"},
		{"SQLite format 3", "the file is a SQLite database or GeoPackage", "export its layer as GeoJSON", "文件是 SQLite 数据库或 GeoPackage", "请把其中的图层导出为 GeoJSON"},
		{"\x00\x00\x27\x0a", "the file is a Shapefile", "convert it to GeoJSON", "文件是 Shapefile", "请转换为 GeoJSON"},
		{"\xff\xfe", "the text is UTF-16", "save it as UTF-8", "文本是 UTF-16 编码", "请另存为 UTF-8"},
		{"\xfe\xff", "the text is UTF-16", "save it as UTF-8", "文本是 UTF-16 编码", "请另存为 UTF-8"},
		{"<", "the file is XML (KML, GML, OSM) or HTML", "convert it to GeoJSON", "文件是 XML (KML、GML、OSM) 或 HTML", "请转换为 GeoJSON"},
	} {
		if bytes.HasPrefix(b, []byte(m.magic)) {
			return &NotGeoJSONError{Code: NotGeoJSON, Text: m.text, Hint: m.hint, Zh: m.zh, HintZh: m.hintZh}
		}
	}
	if bytes.HasPrefix(b, []byte("\xef\xbb\xbf")) {
		r.s.pos += 3
	}
	return nil
}

// members reads members of the outer object until rows begin or the object ends. While its type is not known to be a collection
// its bytes are kept, for it may be the one feature.
func (r *Reader) members() (Row, error) {
	s := &r.s
	for {
		c, ok := s.space()
		if ok && c == '}' {
			s.pos++
			return r.closed()
		}
		if !r.top.first {
			if !ok || c != ',' {
				return r.orLines(s.unexpected("',' or '}'"))
			}
			s.pos++
			c, ok = s.space()
		}
		r.top.first = false
		if !ok || c != '"' {
			return r.orLines(s.unexpected("a member name in double quotes"))
		}
		name, err := r.kept(s.key)
		if err != nil {
			return r.orLines(err)
		}
		r.d.reset(name)
		key := string(r.d.string())
		if _, ok = s.space(); !ok {
			return r.orLines(s.unexpected("a value"))
		}
		suspend, err := r.member(key)
		if err != nil {
			return r.orLines(err)
		}
		if suspend {
			r.next = r.element
			return r.element()
		}
	}
}

// member reads the value of a member of the outer object. It reports whether the array of rows begins here.
func (r *Reader) member(key string) (rows bool, err error) {
	s := &r.s
	switch key {
	case "type":
		text, err := r.kept(s.value)
		if err != nil {
			return false, err
		}
		typ := ""
		if r.d.reset(text); r.d.kind() == '"' {
			typ = string(r.d.string())
		}
		if r.top.hasType && typ != r.top.typ {
			return false, &NotGeoJSONError{Code: NotGeoJSON, Text: "the outer object has two different types", Zh: "外层对象有两个不同的 type"}
		}
		r.top.typ, r.top.hasType = typ, true
		if typ == "FeatureCollection" || typ == "GeometryCollection" {
			s.mark = -1
		}
		return false, nil
	case "features", "geometries":
		of := "FeatureCollection"
		if key == "geometries" {
			of = "GeometryCollection"
		}
		if r.top.rows == key {
			return false, &NotGeoJSONError{Code: NotGeoJSON, Text: "the outer object has two members named " + key, Zh: "外层对象有两个成员 " + key}
		}
		c, _ := s.peek()
		switch {
		case r.top.rows != "" || r.top.hasType && r.top.typ != of:
			if key == "features" {
				r.top.names = append(r.top.names, key)
			}
		case c == '[':
			r.top.rows = key
			r.info.Form = FormCollection
			if key == "geometries" {
				r.info.Form = FormGeometries
			}
			s.mark = -1
			s.pos++
			r.elements = 0
			return true, nil
		case r.top.hasType:
			if err := s.value(); err != nil {
				return false, err
			}
			return false, &NotGeoJSONError{Code: NotGeoJSON, Text: "the member " + key + " of the " + of + " is no array", Zh: of + " 的成员 " + key + " 不是数组"}
		}
		return false, s.value()
	case "crs":
		text, err := r.kept(s.value)
		if err == nil {
			r.d.reset(text)
			r.info.CRS = r.d.crs()
		}
		return false, err
	}
	if len(r.top.names) < 64 && len(key) <= 256 {
		r.top.names = append(r.top.names, key)
	}
	return false, s.value()
}

// kept scans with the given function and returns the bytes it passed, which are good until the next read; nothing if they are too
// many to keep.
func (r *Reader) kept(scan func() error) ([]byte, error) {
	s := &r.s
	outer := s.mark >= 0
	if !outer {
		s.mark = s.pos
	}
	from := s.offset()
	if err := scan(); err != nil {
		if !outer {
			s.mark = -1
		}
		return nil, err
	}
	if s.mark < 0 || s.offset()-from > s.maxKeep {
		return nil, inChinese(s.fail(TooLarge, "a member has more than %d bytes", s.maxKeep), "成员超过 %d 字节", s.maxKeep)
	}
	text := s.bytesFrom(from)
	if !outer {
		s.mark = -1
	}
	return text, nil
}

// closed is reached behind the closing brace of the outer object.
func (r *Reader) closed() (Row, error) {
	s := &r.s
	t := &r.top
	collection := t.typ == "FeatureCollection" && t.rows == "features" || t.typ == "GeometryCollection" && t.rows == "geometries"
	if collection {
		if _, ok := s.space(); ok {
			return Row{}, s.unexpected("the end of the file")
		}
		if err := s.failed(); err != nil {
			return Row{}, err
		}
		for _, name := range t.names {
			if name != "bbox" {
				r.foreign(name)
			}
		}
		return Row{}, io.EOF
	}
	single := t.rows == "" && (t.typ == "Feature" || geometryType(t.typ) && t.typ != "GeometryCollection") && !slices.Contains(t.names, "features")
	if !single {
		err := error(r.notGeoJSON())
		if _, ok := s.space(); ok {
			err = s.unexpected("the end of the file")
		}
		if t.rows != "" {
			return Row{}, err
		}
		return r.orLines(err)
	}
	row := Row{Line: r.startLine}
	size := s.offset() - r.start
	if s.mark < 0 || size > r.lim.MaxFeatureBytes {
		row.Refused = r.tooLarge()
		r.d.reset(nil)
	} else {
		r.d.reset(s.bytesFrom(r.start))
		r.d.feature(&row, true)
	}
	r.info.Form = FormFeature
	if t.typ != "Feature" {
		r.info.Form = FormGeometry
	}
	oneLine := s.line == r.startLine
	if _, ok := s.space(); !ok {
		s.mark = -1
		r.next = r.end
		return row, s.failed()
	}
	if !oneLine || s.line == r.startLine {
		return r.orLines(s.unexpected("the end of the file"))
	}
	// a whole feature on the first line, and more on later ones
	if c, _ := s.peek(); c != '{' {
		r.trailing = s.unexpected("the end of the file")
	}
	s.mark = -1
	r.info.Form = FormLines
	r.next = r.record
	return row, nil
}

func (r *Reader) end() (Row, error) {
	if err := r.s.failed(); err != nil {
		return Row{}, err
	}
	return Row{}, io.EOF
}

func (r *Reader) tooLarge() *Finding {
	return findingf(TooLarge, "the feature has more than %d bytes", r.lim.MaxFeatureBytes).zh("要素超过 %d 字节", r.lim.MaxFeatureBytes)
}

// notGeoJSON says what the outer object is instead, as far as it can be known.
func (r *Reader) notGeoJSON() *NotGeoJSONError {
	t := &r.top
	has := func(name string) bool { return slices.Contains(t.names, name) }
	e := &NotGeoJSONError{Code: NotGeoJSON}
	switch {
	case t.typ == "Topology" || has("arcs") && has("objects"):
		e.Text, e.Hint = "the file is TopoJSON", "convert it to GeoJSON"
		e.Zh, e.HintZh = "文件是 TopoJSON", "请转换为 GeoJSON"
	case has("geometryType") || has("spatialReference") || has("displayFieldName"):
		e.Text, e.Hint = "the file is Esri JSON", "export it as GeoJSON (f=geojson)"
		e.Zh, e.HintZh = "文件是 Esri JSON", "请导出为 GeoJSON (f=geojson)"
	case has("elements") && (has("osm3s") || has("generator")):
		e.Text, e.Hint = "the file is an Overpass answer", "convert it to GeoJSON (osmtogeojson)"
		e.Zh, e.HintZh = "文件是 Overpass 的应答", "请转换为 GeoJSON (osmtogeojson)"
	case t.typ == "FeatureCollection":
		e.Text, e.Zh = "the FeatureCollection has no features", "FeatureCollection 没有 features"
	case t.typ == "GeometryCollection":
		e.Text, e.Zh = "the GeometryCollection has no geometries", "GeometryCollection 没有 geometries"
	case (t.typ == "Feature" || geometryType(t.typ)) && (t.rows == "features" || has("features")):
		e.Text, e.Hint = "the outer object has features but is of type "+t.typ, `its type should be "FeatureCollection"`
		e.Zh, e.HintZh = "外层对象有 features, 类型却是 "+t.typ, `类型应为 "FeatureCollection"`
	case t.rows != "" && !t.hasType:
		e.Text, e.Hint = "the outer object has no type", `its type should be "FeatureCollection"`
		e.Zh, e.HintZh = "外层对象没有 type", `类型应为 "FeatureCollection"`
	case t.rows != "":
		e.Text, e.Hint = "the outer object has "+t.rows+" but is of type "+quoted([]byte(t.typ)), `its type should be "FeatureCollection"`
		e.Zh, e.HintZh = "外层对象有 "+t.rows+", 类型却是 "+quoted([]byte(t.typ)), `类型应为 "FeatureCollection"`
	case !t.hasType:
		e.Text, e.Hint = "the outer object has no type", "a GeoJSON file is a FeatureCollection, a Feature or a geometry"
		e.Zh, e.HintZh = "外层对象没有 type", "GeoJSON 文件应为 FeatureCollection、Feature 或几何"
	default:
		e.Text, e.Hint = "the outer object is of type "+quoted([]byte(t.typ)), "a GeoJSON file is a FeatureCollection, a Feature or a geometry"
		e.Zh, e.HintZh = "外层对象的类型是 "+quoted([]byte(t.typ)), "GeoJSON 文件应为 FeatureCollection、Feature 或几何"
		for _, known := range []string{"FeatureCollection", "Feature"} {
			if strings.EqualFold(known, t.typ) {
				e.Hint, e.HintZh = "did you mean "+known+"?", "是否为 "+known+"?"
			}
		}
	}
	return e
}

// element reads the next row of the array of rows; behind its end it goes on with the outer object.
func (r *Reader) element() (Row, error) {
	s := &r.s
	c, ok := s.space()
	if ok && c == ']' {
		s.pos++
		return r.members()
	}
	if r.elements > 0 {
		if !ok || c != ',' {
			return Row{}, s.unexpected("',' or ']'")
		}
		s.pos++
		_, ok = s.space()
	}
	if !ok {
		return Row{}, s.unexpected("a feature")
	}
	r.elements++
	row := Row{Line: s.line}
	from := s.offset()
	s.mark = s.pos
	// the collection and its array are levels too
	s.maxDepth = r.lim.MaxDepth - 2
	err := s.value()
	s.maxDepth = r.lim.MaxDepth
	if err != nil {
		return Row{}, err
	}
	if s.mark < 0 || s.offset()-from > r.lim.MaxFeatureBytes {
		r.d.reset(nil)
		row.Refused = r.tooLarge()
	} else {
		r.d.reset(s.bytesFrom(from))
		r.decode(&row)
	}
	s.mark = -1
	return row, nil
}

func (r *Reader) decode(row *Row) {
	if r.top.rows != "geometries" {
		r.d.feature(row, false)
		return
	}
	g, f := r.d.geometry()
	r.d.finish(row, g, f)
}

// Lines and records.

const (
	recordSeparator = 0x1e
	lookAhead       = 16 << 20 // bytes of a broken first line and the line after it that are kept to tell lines from rubbish
)

// orLines gives newline-delimited input with a broken first line its chance: if the next line that is not blank is a whole feature,
// the input is read again as lines. Otherwise the error stands.
func (r *Reader) orLines(err error) (Row, error) {
	s := &r.s
	if s.mark < 0 || s.failed() != nil {
		return Row{}, err
	}
	var syntax *SyntaxError
	var other *NotGeoJSONError
	if !errors.As(err, &syntax) && !errors.As(err, &other) {
		return Row{}, err
	}
	s.maxKeep = min(r.lim.MaxFeatureBytes, lookAhead)
	defer func() { s.maxKeep = r.lim.MaxFeatureBytes }()
	first := true
	for from := s.mark; ; {
		// the mark moves when the buffer slides
		rel := from - s.mark
		to := -1
		for seen := rel; ; {
			if i := bytes.IndexByte(s.buf[s.mark+seen:s.end], '\n'); i >= 0 {
				to = seen + i
				break
			}
			seen = s.end - s.mark
			s.pos = s.end
			if !s.fill() {
				to = s.end - s.mark
				break
			}
			if s.mark < 0 {
				return Row{}, err
			}
		}
		text := bytes.TrimSpace(s.buf[s.mark+rel : s.mark+to])
		if !first && len(text) > 0 {
			if !r.wholeFeature(text) {
				return Row{}, err
			}
			break
		}
		first = false
		if s.mark+to >= s.end {
			return Row{}, err
		}
		from = s.mark + to + 1
	}
	s.pos = s.mark
	s.line = r.startLine
	s.mark = -1
	r.objects = 1
	r.info = Info{Form: FormLines}
	r.next = r.record
	return r.record()
}

// wholeFeature reports whether a line is a Feature or a geometry by itself.
func (r *Reader) wholeFeature(text []byte) bool {
	if text[0] != '{' || r.line.check(text, 1, 0, r.lim.MaxDepth) != nil {
		return false
	}
	r.d.reset(text)
	typ := ""
	for r.d.open('{'); r.d.more('}'); {
		key := string(r.d.string())
		r.d.colon()
		if r.d.kind() == '"' && key == "type" {
			typ = string(r.d.string())
		} else {
			r.d.skip()
		}
	}
	return typ == "Feature" || geometryType(typ)
}

// record reads the next line, or the next record of a text sequence.
func (r *Reader) record() (Row, error) {
	s := &r.s
	for {
		c, ok := s.space()
		if !ok {
			if err := s.failed(); err != nil {
				return Row{}, err
			}
			if r.trailing != nil && r.objects == 0 {
				return Row{}, r.trailing
			}
			return Row{}, io.EOF
		}
		if c != recordSeparator || r.info.Form != FormSequence {
			break
		}
		s.pos++
	}
	delimiter := byte('\n')
	if r.info.Form == FormSequence {
		delimiter = recordSeparator
	}
	row := Row{Line: s.line}
	from := s.offset()
	s.mark = s.pos
	for {
		i := bytes.IndexByte(s.buf[s.pos:s.end], delimiter)
		upTo := s.end
		if i >= 0 {
			upTo = s.pos + i
		}
		if delimiter != '\n' {
			s.line += bytes.Count(s.buf[s.pos:upTo], []byte{'\n'})
		}
		s.pos = upTo
		if i >= 0 || !s.fill() {
			break
		}
	}
	if err := s.failed(); err != nil && s.pos == s.end {
		return Row{}, err
	}
	r.d.reset(nil)
	if s.mark < 0 || s.offset()-from > r.lim.MaxFeatureBytes {
		row.Refused = r.tooLarge()
		s.mark = -1
		r.objects++
		return row, nil
	}
	text := bytes.TrimRight(s.bytesFrom(from), " \t\r\n")
	s.mark = -1
	err := r.line.check(text, row.Line, from, r.lim.MaxDepth)
	if err == nil || text[0] == '{' {
		r.objects++
	}
	if err != nil {
		row.Refused = &Finding{Code: BadJSON, Text: err.Error()}
		var syntax *SyntaxError
		if errors.As(err, &syntax) {
			row.Refused.Code, row.Refused.Zh = syntax.Code, syntax.Chinese()
		}
		return row, nil
	}
	r.d.reset(text)
	r.d.feature(&row, true)
	return row, nil
}

// crs names the coordinate reference system in the value of a GeoJSON 2008 crs member.
func (d *decoder) crs() string {
	if d.kind() != '{' {
		return ""
	}
	name := ""
	for d.open('{'); d.more('}'); {
		isProperties := string(d.string()) == "properties"
		d.colon()
		if !isProperties || d.kind() != '{' {
			d.skip()
			continue
		}
		for d.open('{'); d.more('}'); {
			key := string(d.string())
			d.colon()
			switch k := d.kind(); {
			case (key == "name" || key == "href") && k == '"':
				name = string(d.string())
			case key == "code" && k >= '0' && k <= '9':
				name = "EPSG:" + string(d.skip())
			case key == "code" && k == '"':
				name = "EPSG:" + string(d.string())
			default:
				d.skip()
			}
		}
	}
	if len(name) > 256 {
		name = ""
	}
	return name
}

package geojson

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/paulmach/orb"
)

// decoder walks over one JSON value that the scanner has checked, and so never meets a syntax error.
type decoder struct {
	text []byte
	at   int

	plane       bool // coordinates are metres on a plane, not degrees
	maxVertices int
	keys        keyring

	vertices  int      // of the current feature
	altitudes int64    // positions with more than two numbers, of the current feature
	surrogate bool     // half a surrogate pair was replaced in the current feature
	closed    int      // rings that were closed
	closing   *Finding // where the first of them is
	flattened *Finding
	broken    orb.Geometry // see Row.Broken
	foreign   [][]byte     // names of members that GeoJSON does not define

	scratch []byte      // of string
	points  []orb.Point // of positions
	texts   []byte      // of properties
	spans   []span
}

func (d *decoder) reset(text []byte) {
	d.text, d.at = text, 0
	d.vertices, d.altitudes, d.surrogate, d.closed, d.closing, d.flattened, d.broken = 0, 0, false, 0, nil, nil, nil
	d.foreign = d.foreign[:0]
}

// Feature.

// feature decodes a Feature or, where bare allows it, a geometry. The row's Refused and Repairs are set; its geometry only if it
// is good.
func (d *decoder) feature(row *Row, bare bool) {
	if d.kind() != '{' {
		row.Refused = findingf(NotAFeature, "a feature must be an object, not %s", d.describe())
		return
	}
	const (
		hasType = 1 << iota
		hasID
		hasGeometry
		hasProperties
	)
	var seen, twice int
	var typ string
	var geometry, properties, id int
	start := d.at
	for d.open('{'); d.more('}'); {
		var m int
		key := d.string()
		switch string(key) {
		case "type":
			d.colon()
			m = hasType
			typ = ""
			if d.kind() == '"' {
				typ = d.typeName()
			} else {
				d.skip()
			}
		case "id":
			d.colon()
			m, id = hasID, d.at
			d.skip()
		case "geometry":
			d.colon()
			m, geometry = hasGeometry, d.at
			d.skip()
		case "properties":
			d.colon()
			m, properties = hasProperties, d.at
			d.skip()
		default:
			if len(d.foreign) < 16 && string(key) != "bbox" {
				d.foreign = append(d.foreign, bytes.Clone(key))
			}
			d.colon()
			d.skip()
		}
		twice |= seen & m
		seen |= m
	}
	if bare && geometryType(typ) {
		d.foreign = d.foreign[:0] // coordinates and the like
		d.at = start
		g, f := d.geometry()
		d.finish(row, g, f)
		return
	}
	if typ != "Feature" {
		switch {
		case typ == "":
			row.Refused = findingf(NotAFeature, `the object has no "type": "Feature"`)
		case geometryType(typ):
			row.Refused = findingf(NotAFeature, "a bare %s stands where a Feature belongs", typ)
		default:
			row.Refused = findingf(NotAFeature, "the type is %s, not Feature", quoted([]byte(typ)))
		}
		return
	}
	var refused *Finding
	if twice != 0 {
		for i, name := range []string{"type", "id", "geometry", "properties"} {
			if twice&(1<<i) != 0 {
				refused = findingf(DuplicateMember, "the feature has two members named %s", name).zh("要素有两个成员 %s", name)
				break
			}
		}
	}
	if seen&hasID != 0 {
		d.at = id
		switch k := d.kind(); {
		case k == '"':
			row.Feature.ID = string(d.string())
		case k == '-' || k >= '0' && k <= '9':
			d.texts = appendNumber(d.texts[:0], d.skip())
			row.Feature.ID = string(d.texts)
		case k == 'n':
		case refused == nil:
			refused = findingf(BadID, "an id must be a string or a number, not %s", d.describe()).in("id")
		}
		row.Feature.HasID = row.Feature.ID != ""
	}
	if seen&hasProperties != 0 {
		d.at = properties
		p, f := d.properties()
		row.Feature.Properties = p
		if refused == nil && f != nil {
			refused = f.in("properties")
		}
	}
	if refused != nil {
		row.Refused = refused
		return
	}
	if seen&hasGeometry == 0 {
		row.Refused = findingf(NullGeometry, "the feature has no geometry")
		return
	}
	d.at = geometry
	if d.kind() == 'n' {
		row.Refused = findingf(NullGeometry, "the geometry is null").in("geometry")
		return
	}
	var g orb.Geometry
	f := d.within("geometry", func() (f *Finding) {
		g, f = d.geometry()
		return f
	})
	if d.flattened != nil {
		d.flattened.in("geometry")
	}
	d.finish(row, g, f)
}

// finish puts a decoded geometry, or why there is none, and the repairs into the row.
func (d *decoder) finish(row *Row, g orb.Geometry, refused *Finding) {
	if refused != nil {
		row.Refused, row.Broken = refused, d.broken
		if d.broken == nil {
			return
		}
	}
	row.Feature.Geometry = g
	if d.flattened != nil {
		row.Repairs = append(row.Repairs, *d.flattened)
	}
	if d.closed > 0 {
		f := *d.closing
		f.Text = closedText(d.closed)
		row.Repairs = append(row.Repairs, f)
	}
	if d.surrogate {
		row.Repairs = append(row.Repairs, Finding{Code: LoneSurrogate, Text: "half of a surrogate pair (\\ud800 to \\udfff) was replaced by U+FFFD"})
	}
}

// Geometry.

func geometryType(name string) bool {
	switch name {
	case "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection":
		return true
	}
	return false
}

// typeName decodes a type, without a new string for the usual ones.
func (d *decoder) typeName() string {
	b := d.string()
	for _, known := range [...]string{"Feature", "Point", "Polygon", "MultiPolygon", "LineString", "MultiLineString", "MultiPoint"} {
		if string(b) == known {
			return known
		}
	}
	return string(b)
}

// geometry decodes and checks the geometry at the cursor.
func (d *decoder) geometry() (orb.Geometry, *Finding) {
	if k := d.kind(); k == 'n' {
		return nil, findingf(NullGeometry, "the geometry is null")
	} else if k != '{' {
		return nil, findingf(BadType, "a geometry must be an object, not %s", d.describe())
	}
	var typ string
	types, coordinates, geometries := 0, -1, -1
	twice := ""
	for d.open('{'); d.more('}'); {
		switch key := d.string(); string(key) {
		case "type":
			d.colon()
			types++
			if types > 1 {
				twice = "type"
			}
			if d.kind() == '"' {
				typ = d.typeName()
			} else {
				d.skip()
			}
		case "coordinates":
			d.colon()
			if coordinates >= 0 {
				twice = "coordinates"
			}
			coordinates = d.at
			d.skip()
		case "geometries":
			d.colon()
			if geometries >= 0 {
				twice = "geometries"
			}
			geometries = d.at
			d.skip()
		default:
			d.colon()
			d.skip()
		}
	}
	after := d.at
	defer func() { d.at = after }()
	if twice != "" {
		return nil, findingf(DuplicateMember, "the geometry has two members named %s", twice).zh("几何有两个成员 %s", twice)
	}
	if !geometryType(typ) {
		for _, known := range []string{"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"} {
			if strings.EqualFold(known, typ) {
				return nil, findingf(BadType, "unknown geometry type %s, did you mean %s?", quoted([]byte(typ)), known).
					zh("未知的几何类型 %s, 是否为 %s?", quoted([]byte(typ)), known).in("type")
			}
		}
		if typ == "" {
			return nil, findingf(BadType, "the geometry has no type").zh("几何没有类型").in("type")
		}
		return nil, findingf(BadType, "unknown geometry type %s", quoted([]byte(typ))).zh("未知的几何类型 %s", quoted([]byte(typ))).in("type")
	}
	if typ == "GeometryCollection" {
		return d.collection(geometries)
	}
	if coordinates < 0 {
		return nil, findingf(EmptyGeometry, "the geometry has no coordinates")
	}
	d.at = coordinates
	if d.kind() == 'n' {
		return nil, findingf(EmptyGeometry, "the coordinates are null").in("coordinates")
	}
	var g orb.Geometry
	f := d.within("coordinates", func() (f *Finding) {
		g, f = d.coordinates(typ)
		return f
	})
	if f != nil {
		return nil, f
	}
	return g, nil
}

func (d *decoder) coordinates(typ string) (orb.Geometry, *Finding) {
	if typ == "Point" {
		if f := d.array("a position"); f != nil {
			return nil, f
		}
		if d.empty() {
			return nil, findingf(EmptyGeometry, "the coordinates are empty")
		}
		return typedPoint(d.position())
	}
	switch typ {
	case "MultiPoint":
		ps, f := d.positions()
		if f != nil {
			return nil, f
		}
		return orb.MultiPoint(slices.Clone(ps)), nil // order and repetitions are the author's
	case "LineString":
		return typed(d.line())
	case "MultiLineString":
		var lines orb.MultiLineString
		f := d.each("an array of lines", func(int) *Finding {
			l, f := d.line()
			lines = append(lines, l)
			return f
		})
		return lines, f
	case "Polygon":
		p, f := d.polygon()
		if f == nil {
			if f = checkPolygons(orb.MultiPolygon{p}, false); f != nil {
				d.broken = p
			}
		}
		return p, f
	default:
		var mp orb.MultiPolygon
		f := d.each("an array of polygons", func(int) *Finding {
			p, f := d.polygon()
			mp = append(mp, p)
			return f
		})
		if f == nil {
			if f = checkPolygons(mp, true); f != nil {
				d.broken = mp
			}
		}
		return mp, f
	}
}

// typed keeps a nil line from becoming a non-nil geometry.
func typed(l orb.LineString, f *Finding) (orb.Geometry, *Finding) {
	if f != nil {
		return nil, f
	}
	return l, nil
}

func typedPoint(p orb.Point, f *Finding) (orb.Geometry, *Finding) {
	if f != nil {
		return nil, f
	}
	return p, nil
}

// empty reports whether the array at the cursor holds nothing.
func (d *decoder) empty() bool {
	i := d.at + 1
	for isSpace(d.text[i]) {
		i++
	}
	return d.text[i] == ']'
}

// collection decodes a GeometryCollection: members of one kind become one multi-geometry (or the only member itself), of
// different kinds are refused.
func (d *decoder) collection(geometries int) (orb.Geometry, *Finding) {
	if geometries < 0 {
		return nil, findingf(EmptyGeometry, "the geometry collection has no geometries")
	}
	d.at = geometries
	if d.kind() == 'n' {
		return nil, findingf(EmptyGeometry, "the geometries are null").in("geometries")
	}
	var members []orb.Geometry
	f := d.within("geometries", func() *Finding {
		return d.each("an array of geometries", func(int) *Finding {
			g, f := d.geometry()
			members = append(members, g)
			return f
		})
	})
	if f != nil {
		d.broken = nil // of one member
		return nil, f
	}
	g, f := flatten(members)
	if f != nil {
		d.broken = orb.Collection(members)
		return nil, f
	}
	if mp, ok := g.(orb.MultiPolygon); ok && len(members) > 1 {
		if f := checkPolygons(mp, true); f != nil {
			f.Path = "geometries" // an index would be one of the flattened parts
			d.broken = mp
			return nil, f
		}
	}
	d.flattened = findingf(CollectionFlattened, "a geometry collection of one kind was read as a %s", g.GeoJSONType())
	return g, nil
}

// flatten joins geometries of one kind (points and multi-points, and so on) into one multi-geometry; a single one stays as it is.
func flatten(members []orb.Geometry) (orb.Geometry, *Finding) {
	if len(members) == 0 {
		return nil, findingf(EmptyGeometry, "the geometry collection is empty")
	}
	if len(members) == 1 {
		return members[0], nil
	}
	var points orb.MultiPoint
	var lines orb.MultiLineString
	var polygons orb.MultiPolygon
	for _, g := range members {
		switch g := g.(type) {
		case orb.Point:
			points = append(points, g)
		case orb.MultiPoint:
			points = append(points, g...)
		case orb.LineString:
			lines = append(lines, g)
		case orb.MultiLineString:
			lines = append(lines, g...)
		case orb.Polygon:
			polygons = append(polygons, g)
		case orb.MultiPolygon:
			polygons = append(polygons, g...)
		}
	}
	switch {
	case len(lines) == 0 && len(polygons) == 0:
		return points, nil
	case len(points) == 0 && len(polygons) == 0:
		return lines, nil
	case len(points) == 0 && len(lines) == 0:
		return polygons, nil
	}
	return nil, findingf(GeometryMixed, "the geometry collection mixes points, lines or polygons; give each kind a feature of its own").
		zh("几何集合混有点、线或面; 请每类各用一个要素")
}

// Coordinates. The cursor stands before the array; findings carry the path from there.

// each walks the array at the cursor, putting the index in front of what is found inside.
func (d *decoder) each(what string, element func(i int) *Finding) *Finding {
	if f := d.array(what); f != nil {
		return f
	}
	n := 0
	for d.open('['); d.more(']'); n++ {
		had := d.closing != nil
		f := element(n)
		if !had && d.closing != nil {
			d.closing.at(n)
		}
		if f != nil {
			return f.at(n)
		}
	}
	if n == 0 {
		return findingf(EmptyGeometry, "%s is empty", what)
	}
	return nil
}

// within puts a member's name in front of what is found inside.
func (d *decoder) within(member string, inside func() *Finding) *Finding {
	had := d.closing != nil
	f := inside()
	if !had && d.closing != nil {
		d.closing.in(member)
	}
	if f != nil {
		f.in(member)
	}
	return f
}

// array checks that an array follows.
func (d *decoder) array(what string) *Finding {
	if k := d.kind(); k != '[' {
		return findingf(BadNesting, "%s should stand here, not %s", what, d.describe())
	}
	return nil
}

func (d *decoder) polygon() (orb.Polygon, *Finding) {
	var p orb.Polygon
	f := d.each("an array of rings", func(i int) *Finding {
		ps, f := d.positions()
		if f != nil {
			return f
		}
		r, closed, f := cleanRing(ps)
		if f != nil {
			return f
		}
		if closed {
			if d.closed++; d.closing == nil {
				d.closing = &Finding{Code: RingClosed}
			}
		}
		if !d.plane {
			if f := checkMeridian(r); f != nil {
				return f
			}
		}
		p = append(p, orient(r, i == 0))
		return nil
	})
	return p, f
}

func (d *decoder) line() (orb.LineString, *Finding) {
	ps, f := d.positions()
	if f != nil {
		return nil, f
	}
	l, f := cleanLine(ps)
	if f == nil && !d.plane {
		f = checkMeridian(l)
	}
	return l, f
}

// positions decodes an array of positions into memory that the next call uses again.
func (d *decoder) positions() ([]orb.Point, *Finding) {
	if f := d.array("an array of positions"); f != nil {
		return nil, f
	}
	d.points = d.points[:0]
	for d.open('['); d.more(']'); {
		var p orb.Point
		f := d.array("a position")
		if f == nil {
			p, f = d.position()
		}
		if f != nil {
			return nil, f.at(len(d.points))
		}
		d.points = append(d.points, p)
	}
	if len(d.points) == 0 {
		return nil, findingf(EmptyGeometry, "an array of positions is empty")
	}
	return d.points, nil
}

// position decodes the array at the cursor as a position; ordinates after the second are dropped.
func (d *decoder) position() (orb.Point, *Finding) {
	var p orb.Point
	if d.vertices++; d.vertices > d.maxVertices {
		return p, findingf(TooManyVertices, "the feature has more than %d vertices", d.maxVertices).zh("要素的顶点超过 %d 个", d.maxVertices)
	}
	n := 0
	for d.open('['); d.more(']'); n++ {
		k := d.kind()
		if k != '-' && (k < '0' || k > '9') {
			if k == '[' {
				return p, findingf(BadNesting, "a number should stand here, not an array").at(n)
			}
			return p, findingf(NotANumber, "a coordinate must be a number, not %s", d.describe()).at(n)
		}
		num := d.number()
		if n > 1 {
			continue
		}
		v, ok := parseFloat(num)
		if !ok {
			return p, findingf(NotFinite, "%s is too large for a coordinate", shorten(num)).zh("%s 过大, 不能作为坐标", shorten(num)).at(n)
		}
		p[n] = v
	}
	if n < 2 {
		return p, findingf(ShortPosition, "a position needs two numbers and has %d", n).zh("坐标需要两个数, 只有 %d 个", n)
	}
	if n > 2 {
		d.altitudes++
	}
	if !d.plane {
		if f := checkRange(p); f != nil {
			return p, f
		}
	}
	return p, nil
}

func shorten(num []byte) string {
	if len(num) > 24 {
		return string(num[:20]) + "…"
	}
	return string(num)
}

// The cursor.

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// kind skips white space and returns the first byte of what follows.
func (d *decoder) kind() byte {
	for isSpace(d.text[d.at]) {
		d.at++
	}
	return d.text[d.at]
}

// open passes the opening bracket of the array or object at the cursor.
func (d *decoder) open(_ byte) {
	d.kind()
	d.at++
}

// more reports whether another element follows before the closing bracket, and passes the comma or the bracket.
func (d *decoder) more(closing byte) bool {
	switch c := d.kind(); c {
	case closing:
		d.at++
		return false
	case ',':
		d.at++
		d.kind()
	}
	return true
}

// colon passes the colon behind a member's name and the white space around it.
func (d *decoder) colon() {
	d.kind()
	d.at++
	d.kind()
}

// number passes the number at the cursor and returns its text.
func (d *decoder) number() []byte {
	from := d.at
	for d.at < len(d.text) {
		switch c := d.text[d.at]; {
		case c >= '0' && c <= '9', c == '.', c == '-', c == 'e', c == 'E', c == '+':
			d.at++
		default:
			return d.text[from:d.at]
		}
	}
	return d.text[from:d.at]
}

// skip passes the value at the cursor and returns its text.
func (d *decoder) skip() []byte {
	k := d.kind()
	from := d.at
	switch k {
	case '"':
		d.skipString()
	case '{', '[':
		depth := 0
		for {
			switch d.text[d.at] {
			case '"':
				d.skipString()
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
			d.at++
			if depth == 0 {
				break
			}
		}
	case 't', 'n':
		d.at += 4
	case 'f':
		d.at += 5
	default:
		return d.number()
	}
	return d.text[from:d.at]
}

func (d *decoder) skipString() {
	for d.at++; ; d.at++ {
		switch d.text[d.at] {
		case '\\':
			d.at++
		case '"':
			d.at++
			return
		}
	}
}

// string passes the string at the cursor and returns its content, which is good until the next call.
func (d *decoder) string() []byte {
	d.kind()
	from := d.at
	d.skipString()
	raw := d.text[from+1 : d.at-1]
	i := bytes.IndexByte(raw, '\\')
	if i < 0 {
		return raw
	}
	out := append(d.scratch[:0], raw[:i]...)
	for i < len(raw) {
		c := raw[i]
		i++
		if c != '\\' {
			out = append(out, c)
			continue
		}
		c = raw[i]
		i++
		switch c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r := hex4(raw[i:])
			i += 4
			if utf16.IsSurrogate(r) {
				low := rune(-1)
				if i+6 <= len(raw) && raw[i] == '\\' && raw[i+1] == 'u' {
					low = hex4(raw[i+2:])
				}
				if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
					d.surrogate = true
				} else {
					i += 6
				}
			}
			out = utf8.AppendRune(out, r)
		default: // quote, slash, backslash
			out = append(out, c)
		}
	}
	d.scratch = out
	return out
}

func hex4(b []byte) rune {
	return rune(hexDigit(b[0])<<12 | hexDigit(b[1])<<8 | hexDigit(b[2])<<4 | hexDigit(b[3]))
}

// describe names the value at the cursor for a message.
func (d *decoder) describe() string {
	switch k := d.kind(); k {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		at := d.at
		s := quoted(d.string())
		d.at = at
		return "the text " + s
	case 't', 'f':
		return "true or false"
	case 'n':
		return "null"
	}
	return "a number"
}

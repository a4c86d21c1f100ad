package crs

import (
	"math"
	"strconv"
	"strings"
)

// node is one KEYWORD[…] of well-known text, or a value in it.
type node struct {
	key    string // upper case; "" for a value
	text   string // a value as written, without quotes
	quoted bool
	args   []node
}

// Bounds of well-known text: real definitions nest 7 deep and have some 200 nodes.
const (
	maxDepth = 24
	maxNodes = 4096
)

type scanner struct {
	s     string
	at    int
	nodes int
}

func (p *scanner) space() {
	for p.at < len(p.s) && strings.IndexByte(" \t\r\n", p.s[p.at]) >= 0 {
		p.at++
	}
}

func (p *scanner) broken() *Error {
	return newError(Broken, "坐标系定义 (WKT) 在第 %d 字节处有语法错误", "the definition of the CRS (WKT) is broken at byte %d", p.at+1)
}

// parse reads one keyword or value; brackets are [] or ().
func (p *scanner) parse(depth int) (node, *Error) {
	p.nodes++
	if depth > maxDepth || p.nodes > maxNodes {
		return node{}, newError(Broken, "坐标系定义 (WKT) 过于复杂", "the definition of the CRS (WKT) is too large")
	}
	p.space()
	if p.at == len(p.s) {
		return node{}, p.broken()
	}
	if p.s[p.at] == '"' {
		return p.quotedText()
	}
	start := p.at
	for p.at < len(p.s) && strings.IndexByte("[](),\" \t\r\n", p.s[p.at]) < 0 {
		p.at++
	}
	word := p.s[start:p.at]
	if word == "" {
		return node{}, p.broken()
	}
	p.space()
	if p.at == len(p.s) || (p.s[p.at] != '[' && p.s[p.at] != '(') {
		return node{text: word}, nil
	}
	end := byte(']')
	if p.s[p.at] == '(' {
		end = ')'
	}
	p.at++
	n := node{key: strings.ToUpper(word)}
	for {
		arg, err := p.parse(depth + 1)
		if err != nil {
			return node{}, err
		}
		n.args = append(n.args, arg)
		p.space()
		switch {
		case p.at == len(p.s):
			return node{}, p.broken()
		case p.s[p.at] == ',':
			p.at++
		case p.s[p.at] == end:
			p.at++
			return n, nil
		default:
			return node{}, p.broken()
		}
	}
}

// quotedText reads "…"; a doubled quote stands for one.
func (p *scanner) quotedText() (node, *Error) {
	var b strings.Builder
	for p.at++; p.at < len(p.s); p.at++ {
		if p.s[p.at] != '"' {
			b.WriteByte(p.s[p.at])
			continue
		}
		if p.at+1 < len(p.s) && p.s[p.at+1] == '"' {
			b.WriteByte('"')
			p.at++
			continue
		}
		p.at++
		return node{text: b.String(), quoted: true}, nil
	}
	return node{}, p.broken()
}

// child finds the first argument with one of the keywords; nil if there is none.
func (n *node) child(keys ...string) *node {
	for i := range n.args {
		for _, k := range keys {
			if n.args[i].key == k {
				return &n.args[i]
			}
		}
	}
	return nil
}

// name is the first argument, if it is quoted text.
func (n *node) name() string {
	if n != nil && len(n.args) > 0 && n.args[0].quoted {
		return n.args[0].text
	}
	return ""
}

// number is the i-th argument as a finite number.
func (n *node) number(i int) (float64, bool) {
	if n == nil || i >= len(n.args) || n.args[i].key != "" {
		return 0, false
	}
	return number(n.args[i].text)
}

// number reads a finite decimal number.
func number(s string) (float64, bool) {
	s = strings.TrimSpace(s)
	if s == "" || strings.Trim(s, "0123456789+-.eE") != "" { // no hexadecimal, no words
		return 0, false
	}
	x, err := strconv.ParseFloat(s, 64)
	return x, err == nil && !math.IsInf(x, 0)
}

// epsgID is the code of an AUTHORITY or ID of EPSG or ESRI; 0 if there is none.
func (n *node) epsgID() int {
	id := n.child("AUTHORITY", "ID")
	if id == nil || len(id.args) < 2 {
		return 0
	}
	if o := strings.ToUpper(id.name()); o != "EPSG" && o != "ESRI" {
		return 0
	}
	code, err := strconv.Atoi(id.args[1].text)
	if err != nil || code < 0 || code > 1e6 {
		return 0
	}
	return code
}

// parseWKT reads well-known text of version 1 (OGC 01-009, and as ESRI writes it) or 2 (OGC 18-010).
func parseWKT(s string) (CRS, error) {
	p := &scanner{s: s}
	n, err := p.parse(0)
	if err == nil {
		err = p.end()
	}
	if err != nil {
		return CRS{}, err
	}
	c, err := n.crs(0)
	if err != nil {
		return CRS{}, err
	}
	return c, nil
}

// end accepts nothing more but a vertical system, which ESRI writes behind the horizontal one.
func (p *scanner) end() *Error {
	p.space()
	if p.at < len(p.s) && p.s[p.at] == ',' {
		p.at++
		if n, err := p.parse(0); err != nil || n.key != "VERTCS" {
			return p.broken()
		}
		p.space()
	}
	if p.at < len(p.s) {
		return p.broken()
	}
	return nil
}

// crs interprets a definition.
func (n *node) crs(depth int) (CRS, *Error) {
	switch n.key {
	case "GEOGCS", "GEOGCRS", "GEOGRAPHICCRS", "GEODCRS", "GEODETICCRS":
		return n.degrees()
	case "PROJCS", "PROJCRS", "PROJECTEDCRS":
		return n.projected()
	case "COMPD_CS", "COMPOUNDCRS": // the first part is the horizontal one
		for i := range n.args {
			if n.args[i].key != "" && depth < 4 {
				return n.args[i].crs(depth + 1)
			}
		}
	case "BOUNDCRS": // a CRS with a transformation beside it
		if src := n.child("SOURCECRS"); src != nil && len(src.args) == 1 && depth < 4 {
			return src.args[0].crs(depth + 1)
		}
	case "":
		return CRS{}, notKnown(n.text)
	}
	return CRS{}, newError(Unknown, "不支持的坐标系类型 %s (%s)", "a CRS of the kind %s (%s) is not read", n.key, quote(n.name())).hint(declareHint.Zh, declareHint.En)
}

func parameterError(what string) *Error {
	return newError(Units, "坐标系定义中的 %s 不支持", "the definition of the CRS has %s, which is not supported", quote(what)).
		hint("请先转换为 EPSG:4326 或 4490", "transform it to EPSG:4326 or 4490 first")
}

// datum reads the datum and ellipsoid of a geographic system.
func (n *node) datum() (Datum, uint8, *Error) {
	d := n.child("DATUM", "ENSEMBLE", "GEODETICDATUM", "TRF")
	if d == nil {
		return 0, 0, newError(Broken, "坐标系定义缺少基准", "the definition of the CRS has no datum")
	}
	e := d.child("SPHEROID", "ELLIPSOID")
	a, okA := e.number(1)
	rf, okRF := e.number(2)
	if !okA || !okRF {
		return 0, 0, newError(Broken, "坐标系定义缺少椭球", "the definition of the CRS has no ellipsoid")
	}
	if pm := n.child("PRIMEM", "PRIMEMERIDIAN"); pm != nil {
		if x, ok := pm.number(1); !ok || x != 0 {
			return 0, 0, parameterError("PRIMEM " + pm.name())
		}
	}
	el, ok := ellipsoidOf(a, rf)
	if !ok {
		return 0, 0, parameterError(e.key + " " + e.name())
	}
	datum := datumNamed(d.name(), el)
	if datum < Foreign && datum != Unnamed && datums[datum].ellipsoid != el {
		return 0, 0, newError(Conflict, "基准 %s 与其椭球 %s 不符", "the datum %s does not belong to the ellipsoid %s", quote(d.name()), quote(e.name()))
	}
	if shift := d.child("TOWGS84"); shift != nil && (datum == WGS84 || datum == CGCS2000 || datum == Unnamed) {
		for i := range shift.args {
			if x, ok := shift.number(i); !ok || x != 0 {
				return 0, 0, parameterError("TOWGS84")
			}
		}
	}
	return datum, el, nil
}

// datumNamed tells a datum by its name in OGC's, ESRI's or EPSG's words.
func datumNamed(name string, el uint8) Datum {
	switch s := strings.TrimPrefix(plain(name), "d"); s {
	case "wgs1984", "wgs84", "worldgeodeticsystem1984", "worldgeodeticsystem1984ensemble", "wgs1984ensemble":
		return WGS84
	case "china2000", "cgcs2000", "chinageodeticcoordinatesystem2000", "chinesegeodeticcoordinatesystem2000", "chinageodeticcoordinatessystem2000":
		return CGCS2000
	case "xian1980", "xian80":
		return Xian80
	case "beijing1954", "beijing54":
		return Beijing54
	case "newbeijing":
		return NewBeijing
	default:
		unnamed := s == "" || strings.HasPrefix(s, "unknown") || strings.HasPrefix(s, "unnamed") || strings.HasPrefix(s, "notspecified") || strings.HasPrefix(s, "undefined")
		if unnamed && (el == onWGS84 || el == onGRS80) {
			return Unnamed
		}
		return Foreign
	}
}

// degrees interprets a geographic system.
func (n *node) degrees() (CRS, *Error) {
	datum, el, err := n.datum()
	if err != nil {
		return CRS{}, err
	}
	if n.child("CS") != nil && n.child("CS").firstWord() == "CARTESIAN" {
		return CRS{}, parameterError("geocentric coordinates")
	}
	unit, ok := n.angleUnit()
	if !ok || unit != radian {
		return CRS{}, parameterError("an angular unit other than degrees")
	}
	return named(CRS{Kind: Geographic, Datum: datum, ellipsoid: el}, n.name(), n.epsgID())
}

func (n *node) firstWord() string {
	if len(n.args) == 0 {
		return ""
	}
	return strings.ToUpper(n.args[0].text)
}

// angleUnit is the unit of a geographic system in radians, exact for degrees, also where it stands in an axis; degrees by default.
func (n *node) angleUnit() (float64, bool) {
	u := n.child("UNIT", "ANGLEUNIT")
	if u == nil {
		if axis := n.child("AXIS"); axis != nil {
			u = axis.child("ANGLEUNIT", "UNIT")
		}
	}
	return u.angle()
}

// angle is an angular unit in radians; degrees for nil.
func (u *node) angle() (float64, bool) {
	if u == nil {
		return radian, true
	}
	x, ok := u.number(1)
	if !ok || !(x > 0 && x < 4) {
		return 0, false
	}
	if math.Abs(x-radian) < 1e-11 {
		return radian, true
	}
	return x, true
}

// named gives a system its code and name, and refuses a code that contradicts what the text defines.
func named(c CRS, name string, said int) (CRS, *Error) {
	id := c
	if c.Kind == Geographic && c.Datum < Foreign && c.Datum != Unnamed {
		id = geographic(c.Datum)
	} else if c.Kind == TransverseMercator {
		id = identify(c, said)
	}
	if known, ok := FromEPSG(said); ok && !sameSystem(known, id) {
		return CRS{}, newError(Conflict, "定义自称 EPSG:%d (%s), 参数却不符", "the definition calls itself EPSG:%d (%s), but its parameters are others", said, label(known.Name)).
			hint(declareHint.Zh, declareHint.En)
	}
	if id.Code == "" {
		if name == "" {
			name = "?"
		}
		id.Name = Text{name, name}
	}
	return id, nil
}

// projected interprets a projected system.
func (n *node) projected() (CRS, *Error) {
	base := n.child("GEOGCS", "BASEGEOGCRS", "BASEGEODCRS", "GEOGCRS", "GEODCRS")
	if base == nil {
		return CRS{}, newError(Broken, "投影坐标系缺少地理坐标系", "the projected CRS has no geographic one")
	}
	datum, el, err := base.datum()
	if err != nil {
		return CRS{}, err
	}
	conv := n.child("CONVERSION", "DERIVINGCONVERSION")
	if conv == nil {
		conv = n // WKT 1 has method and parameters beside the rest
	}
	method := conv.child("METHOD", "PROJECTION")
	if method == nil {
		return CRS{}, newError(Broken, "投影坐标系缺少投影方法", "the projected CRS has no method")
	}
	unit, ok := n.lengthUnit()
	if !ok {
		return CRS{}, parameterError("its unit of length")
	}
	q, err := conv.parameters(base, unit)
	if err != nil {
		return CRS{}, err
	}
	if n.isWebMercator(method.name()) {
		if datum != WGS84 || q != (grid{scale: 1, unit: 1}) {
			return CRS{}, parameterError("a Web Mercator with parameters of its own")
		}
		return named(webMercator(), n.name(), n.epsgID())
	}
	switch plain(method.name()) {
	case "transversemercator", "gausskruger", "gausskrueger", "gausskrger", "transversemercatorcomplex":
	default:
		return CRS{}, newError(Units, "不支持投影方法 %s", "the projection %s is not supported", quote(method.name())).
			hint("请先转换为 EPSG:4326 或 4490", "transform it to EPSG:4326 or 4490 first")
	}
	return named(CRS{Kind: TransverseMercator, Datum: datum, ellipsoid: el, grid: q}, n.name(), n.epsgID())
}

// isWebMercator knows the ways in which files write the sphere of web maps.
func (n *node) isWebMercator(method string) bool {
	switch plain(method) {
	case "mercatorauxiliarysphere", "popularvisualisationpseudomercator":
		return true
	case "mercator1sp", "mercator":
		if ext := n.child("EXTENSION"); ext != nil && len(ext.args) > 1 && strings.Contains(ext.args[1].text, "+b=6378137") {
			return true
		}
		c, ok := FromEPSG(n.epsgID())
		return ok && c.Kind == WebMercator
	}
	return false
}

// lengthUnit is the unit of the plane in metres, also where it stands in an axis; metres by default.
func (n *node) lengthUnit() (float64, bool) {
	u := n.child("UNIT", "LENGTHUNIT")
	if u == nil {
		if axis := n.child("AXIS"); axis != nil {
			u = axis.child("LENGTHUNIT", "UNIT")
		}
	}
	if u == nil {
		return 1, true
	}
	x, ok := u.number(1)
	return x, ok && x > 1e-6 && x < 1e6
}

// parameters reads the parameters of a transverse Mercator or Web Mercator projection; what it does not understand it refuses.
func (n *node) parameters(base *node, unit float64) (grid, *Error) {
	g := grid{scale: 1, unit: unit}
	degrees, ok := base.angleUnit()
	if !ok {
		return g, parameterError("its unit of angles")
	}
	for i := range n.args {
		p := &n.args[i]
		if p.key != "PARAMETER" {
			continue
		}
		x, ok := p.number(1)
		if !ok {
			return g, parameterError("PARAMETER " + p.name())
		}
		angle, length := degrees, unit
		if u := p.child("ANGLEUNIT", "UNIT"); u != nil {
			if angle, ok = u.angle(); !ok {
				return g, parameterError("PARAMETER " + p.name())
			}
		}
		if u := p.child("LENGTHUNIT", "UNIT"); u != nil {
			if length, ok = u.number(1); !ok {
				return g, parameterError("PARAMETER " + p.name())
			}
		}
		turned := x
		if angle != radian {
			turned = float64(float64(x*angle) * degree)
		}
		switch plain(p.name()) {
		case "falseeasting":
			g.fe = float64(x * length)
		case "falsenorthing":
			g.fn = float64(x * length)
		case "centralmeridian", "longitudeofnaturalorigin", "longitudeoforigin", "longitudeofcenter":
			g.lon0 = turned
		case "latitudeoforigin", "latitudeofnaturalorigin", "latitudeofcenter":
			g.lat0 = turned
		case "scalefactor", "scalefactoratnaturalorigin":
			g.scale = x
		case "standardparallel1", "auxiliaryspheretype":
			if x != 0 {
				return g, parameterError("PARAMETER " + p.name())
			}
		default:
			return g, parameterError("PARAMETER " + p.name())
		}
	}
	return g, g.check()
}

// check refuses parameters that no grid on earth has.
func (g grid) check() *Error {
	if !(math.Abs(g.lon0) <= 360 && math.Abs(g.lat0) < 90 && g.scale > 0.5 && g.scale < 2 && math.Abs(g.fe) < 1e9 && math.Abs(g.fn) < 1e9) {
		return parameterError("projection parameters that are out of range")
	}
	return nil
}

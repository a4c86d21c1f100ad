package crs

import (
	"strconv"
	"strings"
)

// maxText bounds a definition in bytes; the longest of the register has a few thousand.
const maxText = 64 << 10

// names are what people and files call systems without a code. Keys are lower-case letters and digits.
var names = map[string]func() CRS{
	"wgs84":   func() CRS { return geographic(WGS84) },
	"wgs1984": func() CRS { return geographic(WGS84) },
	"crs84":   func() CRS { return geographic(WGS84) }, "ogccrs84": func() CRS { return geographic(WGS84) },
	"ogc13crs84": func() CRS { return geographic(WGS84) },
	"cgcs2000":   func() CRS { return geographic(CGCS2000) }, "国家2000": func() CRS { return geographic(CGCS2000) },
	"2000国家大地坐标系": func() CRS { return geographic(CGCS2000) },
	"xian80":      func() CRS { return geographic(Xian80) }, "xian1980": func() CRS { return geographic(Xian80) },
	"西安80": func() CRS { return geographic(Xian80) }, "1980西安坐标系": func() CRS { return geographic(Xian80) },
	"beijing54": func() CRS { return geographic(Beijing54) }, "beijing1954": func() CRS { return geographic(Beijing54) },
	"北京54": func() CRS { return geographic(Beijing54) }, "1954北京坐标系": func() CRS { return geographic(Beijing54) },
	"webmercator": webMercator, "googlemercator": webMercator,
	"gcj02": gcj02, "gcj": gcj02, "火星坐标": gcj02, "火星坐标系": gcj02, "国测局坐标": gcj02, "高德": gcj02, "高德坐标系": gcj02,
	"bd09": bd09, "bd09ll": bd09, "百度": bd09, "百度坐标": bd09, "百度坐标系": bd09,
}

func gcj02() CRS {
	return CRS{Code: "GCJ-02", Name: Text{"GCJ-02 火星坐标系", "GCJ-02"}, Kind: GCJ02, Datum: WGS84}
}

func bd09() CRS {
	return CRS{Code: "BD-09", Name: Text{"BD-09 百度坐标系", "BD-09"}, Kind: BD09, Datum: WGS84}
}

// Parse reads what names or defines a CRS: EPSG:4545, a URN or URL of it, the value of a legacy crs member of GeoJSON, a name such
// as GCJ-02, WKT 1 of OGC or ESRI (a .prj file), WKT 2, or a PROJ string. Errors are of type *Error.
func Parse(text string) (CRS, error) {
	if len(text) > maxText {
		return CRS{}, newError(Broken, "坐标系定义过长: %d 字节", "the definition of the CRS is too long: %d bytes", len(text))
	}
	s := strings.TrimSpace(strings.TrimPrefix(text, "\ufeff"))
	s = strings.TrimRight(s, "\x00 \t\r\n")
	if s == "" {
		return CRS{}, newError(Unknown, "坐标系为空", "the CRS is empty")
	}
	if strings.ContainsAny(s, "[(") {
		if c, ok := fromName(s); ok {
			return c, nil
		}
		return parseWKT(s)
	}
	if strings.HasPrefix(s, "+") || strings.Contains(s, "+proj=") || strings.Contains(s, "+init=") {
		return parsePROJ(s)
	}
	if code, ok := codeIn(s); ok {
		if c, known := FromEPSG(code); known {
			return c, nil
		}
		return CRS{}, notKnown(s)
	}
	if c, ok := fromName(s); ok {
		return c, nil
	}
	return CRS{}, notKnown(s)
}

// FromGeoPackage reads a row of gpkg_spatial_ref_sys: organization, organization_coordsys_id and definition. Where the code is known
// the definition must agree with it, if it can be read.
func FromGeoPackage(organization string, code int64, definition string) (CRS, error) {
	var byCode CRS
	known := false
	if o := strings.ToUpper(strings.TrimSpace(organization)); (o == "EPSG" || o == "ESRI") && code > 0 && code < 1e6 {
		byCode, known = FromEPSG(int(code))
	}
	if d := strings.TrimSpace(definition); d == "" || strings.EqualFold(d, "undefined") {
		if known {
			return byCode, nil
		}
		return CRS{}, newError(Unknown, "文件没有给出坐标系 (%s %d)", "the file does not say what CRS its coordinates are in (%s %d)", quote(organization), code).
			hint(declareHint.Zh, declareHint.En)
	}
	c, err := Parse(definition)
	switch {
	case !known:
		return c, err
	case err == nil && !sameSystem(c, byCode):
		return CRS{}, newError(Conflict, "编号 %d 是 %s, 定义却是 %s", "code %d is %s, but the definition is that of %s", code, nameOf(byCode), nameOf(c))
	case err != nil && err.(*Error).Code == Conflict:
		return CRS{}, err
	}
	return byCode, nil
}

// sameSystem reports whether coordinates mean the same places.
func sameSystem(a, b CRS) bool {
	return a.Kind == b.Kind && a.Datum == b.Datum && a.grid.close(b.grid)
}

var declareHint = Text{"请用 --crs EPSG:n 写明", "say which with --crs EPSG:n"}

func notKnown(s string) *Error {
	return newError(Unknown, "不认识的坐标系 %s", "the CRS %s is not known here", quote(s)).
		hint("可用: EPSG:4326, 4490, CGCS2000 高斯-克吕格 4491–4554, UTM 326xx/327xx, 3857, GCJ-02, BD-09; 其他请先转换为 EPSG:4326",
			"known: EPSG:4326, 4490, CGCS2000 Gauss–Krüger 4491–4554, UTM 326xx/327xx, 3857, GCJ-02, BD-09; transform others to EPSG:4326 first")
}

// codeIn finds the code in EPSG:4545, 4545, urn:ogc:def:crs:EPSG::4545, urn:ogc:def:crs:EPSG:9.9:4545,
// http://www.opengis.net/def/crs/EPSG/0/4545, http://www.opengis.net/gml/srs/epsg.xml#4545, ESRI:102100.
// Of a compound URN the first part is the horizontal one.
func codeIn(s string) (int, bool) {
	u := strings.ToUpper(s)
	if rest, ok := strings.CutPrefix(u, "URN:OGC:DEF:CRS,CRS:"); ok {
		u, _, _ = strings.Cut(rest, ",")
	}
	for _, p := range []string{"URN:OGC:DEF:CRS:", "URN:X-OGC:DEF:CRS:", "HTTP://WWW.OPENGIS.NET/DEF/CRS/", "HTTPS://WWW.OPENGIS.NET/DEF/CRS/"} {
		u = strings.TrimPrefix(u, p)
	}
	for _, p := range []string{"HTTP://WWW.OPENGIS.NET/GML/SRS/EPSG.XML#", "HTTP://SPATIALREFERENCE.ORG/REF/EPSG/", "HTTPS://EPSG.IO/", "HTTP://EPSG.IO/"} {
		if rest, ok := strings.CutPrefix(u, p); ok {
			u = "EPSG:" + strings.TrimSuffix(rest, "/")
		}
	}
	parts := strings.FieldsFunc(u, func(r rune) bool { return r == ':' || r == '/' || r == ' ' })
	switch {
	case len(parts) == 1: // a bare number
	case (len(parts) == 2 || len(parts) == 3) && (parts[0] == "EPSG" || parts[0] == "ESRI"):
	default:
		return 0, false
	}
	last := parts[len(parts)-1]
	if len(last) > 6 || last[0] == '+' || last[0] == '-' {
		return 0, false
	}
	code, err := strconv.Atoi(last)
	return code, err == nil && code > 0
}

func fromName(s string) (CRS, bool) {
	u := strings.ToUpper(s)
	for _, p := range []string{"URN:OGC:DEF:CRS:", "URN:X-OGC:DEF:CRS:", "HTTP://WWW.OPENGIS.NET/DEF/CRS/", "HTTPS://WWW.OPENGIS.NET/DEF/CRS/"} {
		u = strings.TrimPrefix(u, p)
	}
	f, ok := names[plain(u)]
	if !ok {
		return CRS{}, false
	}
	return f(), true
}

// plain keeps lower-case letters and digits of a name.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r > 0x2e7f:
			return r
		}
		return -1
	}, s)
}

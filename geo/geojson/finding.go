package geojson

import (
	"fmt"
	"strconv"
)

// Code is the stable reason why a feature or a file was refused, or how a feature was mended. Codes are part of the import
// report's contract: they may be added to, never renamed.
type Code string

// Reasons to refuse a feature.
const (
	NotAFeature     Code = "not_a_feature"       // the element is no GeoJSON Feature
	DuplicateMember Code = "duplicate_member"    // type, id, geometry, coordinates, geometries or properties given twice
	BadID           Code = "bad_id"              // the id is neither a string nor a number
	BadProperties   Code = "bad_properties"      // properties is neither an object nor null
	NullGeometry    Code = "null_geometry"       // geometry is null or missing
	BadType         Code = "bad_type"            // the geometry's type is missing or unknown
	BadNesting      Code = "bad_nesting"         // coordinates are nested too deep, not deep enough, or are no arrays
	EmptyGeometry   Code = "empty_geometry"      // no coordinates
	ShortPosition   Code = "short_position"      // a position with fewer than two numbers
	NotANumber      Code = "not_a_number"        // a position with something else than numbers
	NotFinite       Code = "not_finite"          // a coordinate too large for a 64-bit float
	OutOfRange      Code = "out_of_range"        // longitude beyond ±180° or latitude beyond ±90°
	ShortLine       Code = "short_line"          // a line with fewer than two distinct positions
	ShortRing       Code = "short_ring"          // a ring with fewer than four positions
	CollapsedRing   Code = "collapsed_ring"      // a ring without area
	SelfCrossing    Code = "self_crossing"       // a ring crosses or runs back over itself
	SelfTouching    Code = "self_touching"       // a ring touches itself in a point
	HoleOutside     Code = "hole_outside"        // a hole lies outside its shell
	HoleCrossing    Code = "hole_crossing"       // a hole crosses its shell or shares an edge with it
	HolesOverlap    Code = "holes_overlap"       // two holes of one polygon overlap or share an edge
	InteriorSplit   Code = "interior_split"      // holes that touch cut the polygon in pieces
	PolygonsOverlap Code = "polygons_overlap"    // two polygons of a multipolygon overlap
	SharedEdge      Code = "shared_edge"         // two polygons of a multipolygon share an edge
	Antimeridian    Code = "antimeridian"        // an edge spans more than 180° of longitude
	GeometryMixed   Code = "geometry_collection" // a GeometryCollection of different kinds
	TooManyVertices Code = "too_many_vertices"   // more vertices than Limits.MaxVertices
	TooComplex      Code = "too_complex"         // checking the polygon would cost more than its size allows
	TooLarge        Code = "too_large"           // more bytes than Limits.MaxFeatureBytes
)

// How a feature was mended.
const (
	RingClosed          Code = "ring_closed"          // the first position was repeated at the end of a ring
	CollectionFlattened Code = "collection_flattened" // a GeometryCollection of one kind became a multi-geometry
	LoneSurrogate       Code = "lone_surrogate"       // half of a \ud800-style pair became U+FFFD
)

// Reasons to refuse a file, or a line of newline-delimited input.
const (
	BadJSON    Code = "bad_json"    // the JSON is broken
	BadUTF8    Code = "bad_utf8"    // the text is not UTF-8
	TooDeep    Code = "too_deep"    // nested deeper than Limits.MaxDepth
	TooMany    Code = "too_many"    // more features than Limits.MaxFeatures
	NotGeoJSON Code = "not_geojson" // well-formed, but no GeoJSON
	EmptyFile  Code = "empty_file"  // nothing but white space
)

// Title says in English, in a few words, what the code means.
func (c Code) Title() string { en, _ := c.titles(); return en }

// Zh says the same as Title in Chinese.
func (c Code) Zh() string { _, zh := c.titles(); return zh }

func (c Code) titles() (en, zh string) {
	switch c {
	case NotAFeature:
		return "not a GeoJSON feature", "不是 GeoJSON 要素"
	case DuplicateMember:
		return "a member is given twice", "成员重复"
	case BadID:
		return "id is neither text nor number", "要素编号既非文本也非数字"
	case BadProperties:
		return "properties is not an object", "属性不是对象"
	case NullGeometry:
		return "no geometry", "没有几何"
	case BadType:
		return "unknown geometry type", "未知的几何类型"
	case BadNesting:
		return "coordinates wrongly nested", "坐标嵌套层次错误"
	case EmptyGeometry:
		return "empty geometry", "几何为空"
	case ShortPosition:
		return "position with fewer than two numbers", "坐标少于两个数"
	case NotANumber:
		return "coordinate is not a number", "坐标不是数字"
	case NotFinite:
		return "coordinate is not finite", "坐标不是有限数"
	case OutOfRange:
		return "coordinate out of range", "坐标超出经纬度范围"
	case ShortLine:
		return "line with fewer than two places", "线少于两个不同的点"
	case ShortRing:
		return "ring with fewer than four positions", "环少于四个点"
	case CollapsedRing:
		return "ring without area", "环没有面积"
	case SelfCrossing:
		return "polygon crosses itself", "多边形自相交"
	case SelfTouching:
		return "ring touches itself", "环自接触"
	case HoleOutside:
		return "hole outside its polygon", "洞在多边形之外"
	case HoleCrossing:
		return "hole crosses its polygon's border", "洞与外环相交"
	case HolesOverlap:
		return "holes overlap", "洞相互重叠"
	case InteriorSplit:
		return "holes cut the polygon in pieces", "洞把多边形分割成多块"
	case PolygonsOverlap:
		return "parts of the multipolygon overlap", "多部件多边形的部件重叠"
	case SharedEdge:
		return "parts of the multipolygon share an edge", "多部件多边形的部件共边"
	case Antimeridian:
		return "crosses the antimeridian", "跨越 180° 经线"
	case GeometryMixed:
		return "geometry collection of different kinds", "几何集合类型不一"
	case TooManyVertices:
		return "too many vertices", "顶点过多"
	case TooComplex:
		return "polygon too complex to check", "多边形过于复杂，无法检查"
	case TooLarge:
		return "feature too large", "要素过大"
	case RingClosed:
		return "ring closed", "环已闭合"
	case CollectionFlattened:
		return "geometry collection flattened", "几何集合已合并"
	case LoneSurrogate:
		return "broken character replaced", "残缺字符已替换"
	case BadJSON:
		return "broken JSON", "JSON 语法错误"
	case BadUTF8:
		return "text is not UTF-8", "文本不是 UTF-8 编码"
	case TooDeep:
		return "nested too deep", "嵌套过深"
	case TooMany:
		return "too many features", "要素过多"
	case NotGeoJSON:
		return "not GeoJSON", "不是 GeoJSON"
	case EmptyFile:
		return "empty file", "空文件"
	}
	return string(c), string(c)
}

// Finding is one thing found wrong with a feature. As an error it says its text and path.
type Finding struct {
	Code Code
	Text string // English, one sentence without a full stop
	Zh   string // the same in Chinese; empty where the code's title says it all
	Path string // where in the feature, such as geometry.coordinates[0][3]; may be empty
}

// Chinese gives the finding as one line of Chinese text.
func (f *Finding) Chinese() string {
	text := f.Zh
	if text == "" {
		text = f.Code.Zh()
	}
	if f.Path == "" {
		return text
	}
	return text + " (" + f.Path + ")"
}

// Error gives the finding as one line of text.
func (f *Finding) Error() string {
	if f.Path == "" {
		return f.Text
	}
	return f.Path + ": " + f.Text
}

func findingf(c Code, format string, args ...any) *Finding {
	return &Finding{Code: c, Text: fmt.Sprintf(format, args...)}
}

// zh says the finding in Chinese, where there is more to say than the code's title.
func (f *Finding) zh(format string, args ...any) *Finding {
	f.Zh = fmt.Sprintf(format, args...)
	return f
}

// at puts an array index in front of the finding's path while it travels outwards.
func (f *Finding) at(i int) *Finding {
	return f.in("[" + strconv.Itoa(i) + "]")
}

// in puts a step, a member's name or an index, in front of the finding's path.
func (f *Finding) in(step string) *Finding {
	if f.Path == "" || f.Path[0] == '[' {
		f.Path = step + f.Path
	} else {
		f.Path = step + "." + f.Path
	}
	return f
}

// SyntaxError says that the file is no JSON, or breaks a bound of the reader (Code: BadJSON, BadUTF8, TooDeep, TooLarge, TooMany).
type SyntaxError struct {
	Code   Code
	Offset int64 // bytes before the place, from the start of the file
	Line   int   // 1-based
	Text   string
	Zh     string // the same in Chinese; empty where the code's title says it all
}

// Error gives the place and the reason.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, byte %d: %s", e.Line, e.Offset, e.Text)
}

// Chinese gives the same as Error in Chinese.
func (e *SyntaxError) Chinese() string {
	text := e.Zh
	if text == "" {
		text = e.Code.Zh()
	}
	return fmt.Sprintf("第 %d 行(第 %d 字节): %s", e.Line, e.Offset, text)
}

// NotGeoJSONError says that the file is readable but holds no GeoJSON (Code: NotGeoJSON or EmptyFile).
type NotGeoJSONError struct {
	Code Code
	Text string // what was found
	Hint string // what the user can do; may be empty

	Zh, HintZh string // the same in Chinese
}

// Error gives what was found and the hint.
func (e *NotGeoJSONError) Error() string {
	if e.Hint == "" {
		return e.Text
	}
	return e.Text + ": " + e.Hint
}

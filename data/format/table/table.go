package table

import (
	"fmt"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
	"lifecircle/data/format/wkt"
	"lifecircle/geo/geojson"
)

// Options say what is wanted of a table. Names of columns are those of the header; what is left out is recognised.
type Options struct {
	Attributes bool   // rows have no places: columns of coordinates are columns like others
	X, Y       string // columns of longitude and latitude (or easting and northing): both or none
	Location   string // column of "longitude,latitude"
	WKT        string // column of well-known text
}

// SampleRows is how many rows help to recognise columns.
const SampleRows = 64

// Table makes rows of cells. It is not for concurrent use.
type Table struct {
	o       Options
	header  []string
	places  places
	columns []column // properties, in the order of their names' bytes

	crs       string // that the names of columns say
	srid      int    // that well-known text says
	sridKnown bool
	restored  int // typecodes
	dropped   int // positions whose Z or M was dropped
	blank     int
}

type column struct {
	name     string
	at       int
	typecode bool
}

// New checks a header and finds the columns of coordinates; sample holds the first rows, SampleRows at most. Errors are of code
// coverage.Refused: names twice, no header, no coordinates where they are wanted, a column that was asked for and is not there.
func New(header []string, sample [][]string, o Options) (*Table, error) {
	t := &Table{o: o}
	for i, name := range header {
		name = strings.TrimSpace(name)
		if name == "" && len(header) > 1 {
			name = fmt.Sprintf("column %d", i+1)
		}
		if slices.Contains(t.header, name) {
			return nil, refused("列名重复", "two columns have the same name", name, "给其中一列改名", "rename one of them")
		}
		t.header = append(t.header, name)
	}
	if len(t.header) == 0 || len(t.header) == 1 && t.header[0] == "" {
		return nil, refused("没有表头", "there is no header row", "", "第一行应为列名", "the first row names the columns")
	}
	if !o.Attributes {
		if err := t.findPlaces(sample); err != nil {
			return nil, err
		}
	}
	for i, name := range t.header {
		if !t.places.uses(i) {
			t.columns = append(t.columns, column{name, i, plainName(name) == "typecode"})
		}
	}
	slices.SortFunc(t.columns, func(a, b column) int { return strings.Compare(a.name, b.name) })
	return t, nil
}

// Columns is the number of the header's columns.
func (t *Table) Columns() int { return len(t.header) }

// Blank reports whether no cell of a row holds anything, and counts it if so: such rows are what a spreadsheet leaves behind.
func (t *Table) Blank(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	t.blank++
	return true
}

// Row makes a row of its cells. Their number must be the header's, else the row is refused (cell_count).
func (t *Table) Row(n, line int, cells []string) intake.Row {
	row := intake.Row{N: n, Line: line}
	row.Feature.Properties = make(geojson.Properties, 0, len(t.columns))
	for _, c := range t.columns {
		if c.at >= len(cells) {
			continue
		}
		value := geojson.Value{}
		if text := cells[c.at]; text != "" && text != missing {
			if c.typecode {
				text = t.typecode(text)
			}
			value = geojson.Value{Kind: geojson.String, Text: text}
		}
		row.Feature.Properties = append(row.Feature.Properties, geojson.Property{Key: c.name, Value: value})
	}
	switch {
	case len(cells) != len(t.header):
		row.Refused = finding("cell_count", fmt.Sprintf("有 %d 个单元格, 表头有 %d 列", len(cells), len(t.header)),
			fmt.Sprintf("%d cells where the header has %d", len(cells), len(t.header)))
	case !t.o.Attributes:
		row.Feature.Geometry, row.Refused = t.place(cells)
	}
	return row
}

// missing is what Amap's service writes where it knows nothing.
const missing = "[]"

// typecode restores leading zeros: Amap's codes have six digits, of which a spreadsheet drops a zero in front. A cell may list
// several codes, separated by |.
func (t *Table) typecode(text string) string {
	if len(text) != 5 && !strings.Contains(text, "|") {
		return text
	}
	codes := strings.Split(text, "|")
	changed := false
	for i, code := range codes {
		if len(code) == 5 && strings.Trim(code, "0123456789") == "" {
			codes[i], changed = "0"+code, true
		}
	}
	if !changed {
		return text
	}
	t.restored++
	return strings.Join(codes, "|")
}

// place reads where a row lies.
func (t *Table) place(cells []string) (orb.Geometry, *intake.Finding) {
	p := &t.places
	switch p.kind {
	case byWKT:
		return t.wellKnown(cells[p.x])
	case byLocation:
		text := cells[p.x]
		if absent(text) {
			return nil, noPlace(t.header[p.x])
		}
		x, y, ok := splitLocation(text)
		if !ok {
			return nil, badCell(t.header[p.x], text, "不是“经度,纬度”", "is not “longitude,latitude”")
		}
		return orb.Point{x, y}, nil
	}
	if absent(cells[p.x]) && absent(cells[p.y]) {
		return nil, noPlace(t.header[p.x] + ", " + t.header[p.y])
	}
	var at orb.Point
	for k, i := range []int{p.x, p.y} {
		if absent(cells[i]) {
			return nil, finding("bad_coordinate", t.header[i]+" 没有值", t.header[i]+" has no value")
		}
		v, ok := number(cells[i])
		if !ok {
			return nil, badCell(t.header[i], cells[i], "不是十进制数", "is not a decimal number")
		}
		at[k] = v
	}
	return at, nil
}

func (t *Table) wellKnown(text string) (orb.Geometry, *intake.Finding) {
	name := t.header[t.places.x]
	if absent(text) {
		return nil, noPlace(name)
	}
	g, err := wkt.Parse(text)
	if err != nil {
		return nil, finding("bad_wkt", fmt.Sprintf("%s: %s 不是可读的 WKT (%s)", name, quote(text), err), fmt.Sprintf("%s: %s: %s", name, quote(text), err))
	}
	if !t.sridKnown {
		t.srid, t.sridKnown = g.SRID, true
	}
	if g.SRID != t.srid {
		return nil, finding("mixed_srid", fmt.Sprintf("%s: SRID %d 与前面的行 (%d) 不同", name, g.SRID, t.srid),
			fmt.Sprintf("%s: SRID %d where the rows before have %d", name, g.SRID, t.srid))
	}
	t.dropped += g.Dropped
	return g.Shape, nil
}

// Info says what is known of the table: Fields, Places, Unchecked, CRS and Notes.
func (t *Table) Info() intake.SourceInfo {
	info := intake.SourceInfo{CRS: t.crs, Places: !t.o.Attributes, Unchecked: !t.o.Attributes}
	if t.srid != 0 {
		info.CRS = fmt.Sprintf("EPSG:%d", t.srid)
	}
	for i, name := range t.header {
		if !t.places.uses(i) {
			info.Fields = append(info.Fields, name)
		}
	}
	note := func(code, zh, en string) { info.Notes = append(info.Notes, *finding(code, zh, en)) }
	if t.places.kind == byLocation {
		note("location_column", fmt.Sprintf("坐标取自列 %s: 高德导出的该列是 GCJ-02; 若尚未转换, 请声明坐标系", t.header[t.places.x]),
			fmt.Sprintf("coordinates come from the column %s, which exports of Amap have in GCJ-02: declare that CRS unless they were converted", t.header[t.places.x]))
	}
	if len(t.places.others) > 0 {
		list := strings.Join(t.places.others, "; ")
		note("other_coordinates", fmt.Sprintf("坐标取自 %s; 未用: %s", t.places.title(t.header), list),
			fmt.Sprintf("coordinates come from %s; not used: %s", t.places.title(t.header), list))
	}
	if t.restored > 0 {
		note("typecode_zeros", fmt.Sprintf("%d 行的 typecode 补回了前导零", t.restored), fmt.Sprintf("%d rows got back the leading zero of their typecode", t.restored))
	}
	if t.dropped > 0 {
		note("z_dropped", fmt.Sprintf("%d 个坐标的高程或 M 值未采用", t.dropped), fmt.Sprintf("the height or M of %d positions was dropped", t.dropped))
	}
	if t.blank > 0 {
		note("blank_rows", fmt.Sprintf("跳过 %d 个空行", t.blank), fmt.Sprintf("%d blank rows were passed over", t.blank))
	}
	return info
}

func finding(code, zh, en string) *intake.Finding {
	return &intake.Finding{Code: code, Text: coverage.Text{Zh: zh, En: en}}
}

func noPlace(columns string) *intake.Finding {
	return finding(string(geojson.NullGeometry), "没有坐标 ("+columns+")", "there are no coordinates ("+columns+")")
}

func badCell(column, cell, zh, en string) *intake.Finding {
	cell = quote(cell)
	return finding("bad_coordinate", column+": "+cell+" "+zh, column+": "+cell+" "+en)
}

func refused(zh, en, field, hintZh, hintEn string) error {
	e := coverage.Errorf(coverage.Refused, "%s", "%s", en)
	e.Text.Zh, e.Field = zh, field
	e.Hint = coverage.Text{Zh: hintZh, En: hintEn}
	return e
}

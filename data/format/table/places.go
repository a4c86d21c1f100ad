package table

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"lifecircle/data/format/wkt"
)

// places are the columns that say where a row lies.
type places struct {
	kind   placeKind
	x, y   int      // columns; y only of byPair
	others []string // further columns that could have been meant
}

type placeKind uint8

const (
	nowhere placeKind = iota
	byPair
	byLocation
	byWKT
)

func (p *places) uses(i int) bool {
	return p.kind != nowhere && (i == p.x || p.kind == byPair && i == p.y)
}

func (p *places) title(header []string) string {
	if p.kind == byPair {
		return header[p.x] + ", " + header[p.y]
	}
	return header[p.x]
}

// Names of columns, plain (see plainName). Pairs stand in the order in which they are preferred.
var (
	pairs = [...][2][]string{
		{{"lon", "lng", "long", "longitude"}, {"lat", "latitude"}},
		{{"经度", "东经"}, {"纬度", "北纬"}},
		{{"x", "coordx", "xcoord", "pointx", "x坐标", "坐标x", "横坐标"}, {"y", "coordy", "ycoord", "pointy", "y坐标", "坐标y", "纵坐标"}},
	}
	locationNames = []string{"location", "坐标", "经纬度", "lnglat", "lonlat", "位置坐标"}
	wktNames      = []string{"wkt", "wktgeom", "geomwkt", "geometrywkt", "wktgeometry", "geom", "geometry", "thegeom", "shape", "几何"}
	datums        = [...]struct{ mark, crs string }{
		{"wgs84", "EPSG:4326"}, {"wgs", "EPSG:4326"}, {"cgcs2000", "EPSG:4490"}, {"国家2000", "EPSG:4490"},
		{"gcj02", "GCJ-02"}, {"gcj", "GCJ-02"}, {"高德", "GCJ-02"}, {"bd09", "BD-09"}, {"百度", "BD-09"},
	}
)

// plainName brings a column's name into the form that names are recognised by: small letters, without blanks, signs and brackets.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// split takes the mark of a datum out of a plain name: gcj02lng is lng in GCJ-02.
func split(name string) (rest, crs string) {
	for _, d := range datums {
		if before, after, ok := strings.Cut(name, d.mark); ok && before+after != "" {
			return before + after, d.crs
		}
	}
	return name, ""
}

// candidate is a way to say where rows lie.
type candidate struct {
	places
	crs  string
	rank int
}

// findPlaces settles the columns of coordinates.
func (t *Table) findPlaces(sample [][]string) error {
	o := &t.o
	asked := func(name string) (int, error) {
		if i := slices.Index(t.header, name); i >= 0 {
			return i, nil
		}
		return 0, refused("没有这一列", "there is no such column", name, "文件中的列: "+t.list(), "the file's columns: "+t.list())
	}
	var err error
	switch p := &t.places; {
	case o.WKT != "":
		p.kind = byWKT
		p.x, err = asked(o.WKT)
		return err
	case o.Location != "":
		p.kind = byLocation
		p.x, err = asked(o.Location)
		return err
	case o.X != "" && o.Y != "":
		p.kind = byPair
		if p.x, err = asked(o.X); err == nil {
			p.y, err = asked(o.Y)
		}
		return err
	case o.X != "" || o.Y != "":
		return refused("坐标列要成对给出", "columns of coordinates come in pairs", o.X+o.Y, "同时给出经度列和纬度列", "name both, that of longitude and that of latitude")
	}
	all := t.candidates(sample)
	if len(all) == 0 {
		return refused("没有坐标列", "there are no columns of coordinates", "",
			"可识别: lon/lat、lng/lat、经度/纬度、x/y、location、wkt; 文件中的列: "+t.list(),
			"these are recognised: lon/lat, lng/lat, 经度/纬度, x/y, location, wkt; the file's columns: "+t.list())
	}
	t.places, t.crs = all[0].places, all[0].crs
	for _, c := range all[1:] {
		t.places.others = append(t.places.others, c.title(t.header))
	}
	return nil
}

// candidates gives the ways in which the header may say where rows lie, the best first.
func (t *Table) candidates(sample [][]string) []candidate {
	type named struct{ name, crs string }
	names := make([]named, len(t.header))
	for i, h := range t.header {
		names[i].name, names[i].crs = split(plainName(h))
	}
	var all []candidate
	for rank, pair := range pairs {
		for x, a := range names {
			if !slices.Contains(pair[0], a.name) {
				continue
			}
			for y, b := range names {
				if slices.Contains(pair[1], b.name) && a.crs == b.crs {
					all = append(all, candidate{places{kind: byPair, x: x, y: y}, a.crs, 10 * (rank + 1)})
				}
			}
		}
	}
	for i, a := range names {
		if slices.Contains(wktNames, a.name) && agree(sample, i, wkt.Like) {
			rank := 5 // a polygon says more than its middle
			all = append(all, candidate{places{kind: byWKT, x: i}, a.crs, rank})
		}
		if slices.Contains(locationNames, a.name) && agree(sample, i, func(s string) bool { _, _, ok := splitLocation(s); return ok }) {
			all = append(all, candidate{places{kind: byLocation, x: i}, a.crs, 25})
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return a.order() - b.order() })
	return all
}

// order prefers, among pairs of one kind, degrees of WGS 84 and CGCS2000 to columns that do not say, and these to shifted ones.
func (c *candidate) order() int {
	switch c.crs {
	case "EPSG:4326":
		return c.rank
	case "EPSG:4490":
		return c.rank + 1
	case "":
		return c.rank + 2
	}
	return c.rank + 3
}

// Recognised reports whether a header names columns of coordinates; it is how a sheet's header row is told.
func Recognised(header []string) bool {
	t := Table{header: header}
	return len(t.candidates(nil)) > 0
}

// agree reports whether the first cell of a column that holds anything is of a kind. A column of which nothing is known agrees.
func agree(sample [][]string, at int, of func(string) bool) bool {
	for _, cells := range sample {
		if at < len(cells) && !absent(cells[at]) {
			return of(cells[at])
		}
	}
	return true
}

// list names the columns for a message.
func (t *Table) list() string {
	const most = 40
	list := strings.Join(t.header[:min(len(t.header), most)], ", ")
	if len(t.header) > most {
		list += ", …"
	}
	return list
}

func absent(cell string) bool {
	cell = strings.TrimSpace(cell)
	return cell == "" || cell == missing
}

// splitLocation reads "106.5,29.6".
func splitLocation(text string) (x, y float64, ok bool) {
	a, b, found := strings.Cut(text, ",")
	if !found {
		a, b, found = strings.Cut(text, "，")
	}
	if !found {
		return 0, 0, false
	}
	x, okX := number(a)
	y, okY := number(b)
	return x, y, okX && okY
}

// number reads a decimal number, with blanks around it.
func number(text string) (float64, bool) {
	text = strings.TrimSpace(text)
	for i := 0; i < len(text); i++ {
		if c := text[i]; (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, false
		}
	}
	v, err := strconv.ParseFloat(text, 64)
	return v + 0, err == nil
}

// quote shows a cell in a message, shortened.
func quote(s string) string {
	if r := []rune(s); len(r) > 40 {
		s = string(r[:40]) + "…"
	}
	return strconv.Quote(s)
}

package intake

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/geo/geojson"
	"lifecircle/geo/measure"
	"lifecircle/geo/overlay"
)

// Mending of shapes. Polygons that break the rules of OGC Simple Features become the land that they enclose (overlay.Repair: a
// ring encloses what it winds around, holes are taken off, parts are united), and of a collection with one kind of geometry that the layer
// takes, that kind is taken. What was done and the change in area stand in the report; Options.Strict refuses instead.

// areas are those of a shape before and after it was mended, in mm².
type areas struct{ before, after int64 }

// mendable reports whether a polygon refused for a reason can be mended without guessing what was meant. A hole outside its polygon
// may be a part of it or a mistake, so it is none.
func mendable(code string) bool {
	switch geojson.Code(code) {
	case geojson.SelfCrossing, geojson.SelfTouching, geojson.HoleCrossing, geojson.HolesOverlap, geojson.InteriorSplit,
		geojson.PolygonsOverlap, geojson.SharedEdge:
		return true
	}
	return false
}

// moveBroken brings a broken geometry, which the reader gave in the file's CRS, into degrees on WGS 84.
func (b *builder) moveBroken(row *Row) {
	if row.Broken == nil || b.placing.system.Kind == 0 || b.placing.system.Identity() {
		return
	}
	g, err := b.placing.system.Geometry(row.Broken)
	if err != nil {
		g = nil // the row stays refused for what is wrong with its rings
	}
	row.Broken = g
}

// mend makes a row with a broken geometry a used one, if that can be done.
func (b *builder) mend(row *Row) {
	broken := row.Broken
	row.Broken = nil
	if row.Refused == nil || broken == nil || b.o.Strict {
		return
	}
	switch {
	case row.Refused.Code == string(geojson.GeometryMixed):
		b.takeKind(row, broken)
	case mendable(row.Refused.Code):
		mendPolygon(row, broken)
	}
}

// mendPolygon replaces the polygon by the land that it encloses. Two engines must find the result valid.
func mendPolygon(row *Row, broken orb.Geometry) {
	land, err := overlay.Repair(broken)
	if err != nil {
		return
	}
	whole, _, why := geojson.Clean(simplest(land), false)
	if why != nil {
		return
	}
	a := areas{measure.AreaMM2(broken), measure.AreaMM2(whole)}
	was := *row.Refused
	zh, en := fmt.Sprintf("已修复为 %d 块", len(land)), fmt.Sprintf("mended into %d pieces", len(land))
	if len(land) == 1 {
		en = "mended into one piece"
	}
	f := Finding{Code: was.Code, Text: coverage.Text{
		Zh: was.Text.Zh + "; " + zh + ", 面积 " + a.text(),
		En: was.Text.En + "; " + en + ", area " + a.text(),
	}}
	row.Feature.Geometry, row.Refused, row.areas = whole, nil, &a
	row.Repairs = append([]Finding{f}, row.Repairs...)
}

// text writes the change in square metres.
func (a areas) text() string {
	before, after := squareMetres(a.before), squareMetres(a.after)
	if a.before == a.after {
		return after + " m² (±0)"
	}
	sign := "+"
	if a.after < a.before {
		sign = ""
	}
	return before + " → " + after + " m² (" + sign + squareMetres(a.after-a.before) + ")"
}

// squareMetres writes mm² as square metres with three decimals, rounded half away from zero.
func squareMetres(mm2 int64) string {
	milli := mm2 / 1000
	switch rest := mm2 % 1000; {
	case rest >= 500 && milli < math.MaxInt64:
		milli++
	case rest <= -500:
		milli--
	}
	return string(coverage.AppendDecimal(nil, milli, 3))
}

// takeKind takes the one kind of geometry that the layer has use for out of a collection.
func (b *builder) takeKind(row *Row, broken orb.Geometry) {
	members, _ := broken.(orb.Collection)
	want := kindsOf(b.o.Role)
	found := kinds(0)
	var taken orb.Collection
	left := 0
	for _, m := range members {
		if k := kindOf(m); k&want != 0 {
			found |= k
			taken = append(taken, m)
		} else {
			left++
		}
	}
	if found == 0 || found&(found-1) != 0 { // none of use, or which of them is meant?
		return
	}
	g, _, why := geojson.Clean(taken, false)
	f := finding("collection_part",
		fmt.Sprintf("几何集合类型不一; 只取%s, 略去其余 %d 个几何", found.text().Zh, left),
		fmt.Sprintf("a geometry collection of different kinds: its %s were taken and %d other geometries left out", found.text().En, left))
	refused := row.Refused
	row.Refused, row.Feature.Geometry = nil, g
	if why != nil { // parts that overlap
		v := fromGeoJSON(why)
		row.Refused = &v
		if mendable(v.Code) {
			mendPolygon(row, polygonsOf(taken))
		}
		if row.Refused != nil {
			row.Refused = refused
			return
		}
	}
	row.Repairs = append([]Finding{*f}, row.Repairs...)
}

// polygonsOf puts the polygons of a collection into one geometry.
func polygonsOf(members orb.Collection) orb.MultiPolygon {
	var out orb.MultiPolygon
	for _, m := range members {
		switch m := m.(type) {
		case orb.Polygon:
			out = append(out, m)
		case orb.MultiPolygon:
			out = append(out, m...)
		}
	}
	return out
}

func kindOf(g orb.Geometry) kinds {
	switch g.(type) {
	case orb.Point, orb.MultiPoint:
		return pointKind
	case orb.LineString, orb.MultiLineString:
		return lineKind
	case orb.Polygon, orb.MultiPolygon, orb.Ring, orb.Bound:
		return polygonKind
	}
	return 0
}

// simplest is a polygon where one says it.
func simplest(mp orb.MultiPolygon) orb.Geometry {
	if len(mp) == 1 {
		return mp[0]
	}
	return mp
}

// strictly turns what was mended into a refusal.
func strictly(repairs []Finding) *Finding {
	f := repairs[0]
	for _, r := range repairs[1:] {
		f.Text.Zh += "; " + r.Text.Zh
		f.Text.En += "; " + r.Text.En
	}
	f.Text.Zh += " (--strict: 不修复)"
	f.Text.En += " (--strict: not repaired)"
	return &f
}

// describe adds to the last row of the report what helps to find the feature: its name, and what mending did to its area.
func (b *builder) describe(row *Row) {
	r := &b.rep.Rows[len(b.rep.Rows)-1]
	r.Name = strings.Clone(b.nameOf(row.Feature.Properties))
	if a := row.areas; a != nil && r.Action == "repaired" {
		r.AreaBefore, r.AreaAfter = json.Number(squareMetres(a.before)), json.Number(squareMetres(a.after))
	}
}

// nameOf finds a row's name, "" for none.
func (b *builder) nameOf(props geojson.Properties) string {
	for _, field := range b.names {
		if v, ok := props.Get(field); ok {
			if name, ok := textOf(v); ok {
				return name
			}
		}
	}
	return ""
}

package intake

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/geo/geojson"
	"lifecircle/geo/measure"
)

// Kinds of geometry that a role takes.
type kinds uint8

const (
	pointKind kinds = 1 << iota
	lineKind
	polygonKind
)

func kindsOf(role coverage.Role) kinds {
	switch role {
	case coverage.RoleNeighborhoods, coverage.RoleLand:
		return polygonKind
	case coverage.RoleFacilities, coverage.RoleDemand, coverage.RoleBuildings:
		return pointKind | polygonKind
	case coverage.RoleNetwork:
		return lineKind
	}
	return 0
}

func (k kinds) text() coverage.Text {
	switch k {
	case polygonKind:
		return coverage.Text{Zh: "面", En: "polygons"}
	case lineKind:
		return coverage.Text{Zh: "线", En: "lines"}
	}
	return coverage.Text{Zh: "点或面", En: "points or polygons"}
}

// makeWhole checks and mends the geometry of a row as the GeoJSON reader does its own.
func makeWhole(row *Row) {
	g, repairs, why := geojson.Clean(row.Feature.Geometry, false)
	if why != nil {
		f := fromGeoJSON(why)
		row.Refused, row.Broken, row.Feature.Geometry = &f, row.Feature.Geometry, nil
		return
	}
	row.Feature.Geometry = g
	for i := range repairs {
		row.Repairs = append(row.Repairs, fromGeoJSON(&repairs[i]))
	}
}

// fit brings a valid geometry into the form that a role keeps: of the right kind, with rings that start at their smallest
// vertex and holes and parts in order, so that equal features have equal bytes however they were written.
func fit(role coverage.Role, g orb.Geometry) (orb.Geometry, *Finding, *Finding) {
	want := kindsOf(role)
	var repair *Finding
	kind := kinds(0)
	switch shape := g.(type) {
	case orb.Point:
		kind, g = pointKind, plain(shape)
	case orb.MultiPoint:
		if len(shape) == 1 {
			kind, g = pointKind, plain(shape[0])
			repair = finding("multipoint_single", "多点只有一个点, 按点读取", "a MultiPoint of one point was read as a Point")
		}
	case orb.LineString:
		kind, g = lineKind, orb.LineString(plainAll(shape))
	case orb.MultiLineString:
		kind = lineKind
		for i := range shape {
			shape[i] = plainAll(shape[i])
		}
	case orb.Polygon:
		kind, g = polygonKind, orderPolygon(shape)
	case orb.MultiPolygon:
		kind = polygonKind
		for i := range shape {
			shape[i] = orderPolygon(shape[i])
		}
		slices.SortFunc(shape, comparePolygons)
	}
	if kind&want == 0 {
		zh, en := geometryWords(g)
		t := want.text()
		refusal := finding("geometry_kind", "几何是"+zh+", 此图层只收"+t.Zh, "the geometry is a "+en+", and this layer takes "+t.En)
		if kind == lineKind && want&polygonKind != 0 {
			refusal.Text.Zh += "; 请改为面, 或取一个点"
			refusal.Text.En += "; give the outline as a polygon, or a point"
		}
		if mp, ok := g.(orb.MultiPoint); ok && len(mp) > 1 && want&pointKind != 0 {
			refusal.Text.Zh += "; 请拆成单个点"
			refusal.Text.En += "; split it into points"
		}
		return nil, nil, refusal
	}
	return g, repair, nil
}

func geometryWords(g orb.Geometry) (zh, en string) {
	if g == nil {
		return "空", "null"
	}
	en = g.GeoJSONType()
	switch en {
	case "Point":
		zh = "点"
	case "MultiPoint":
		zh = "多点"
	case "LineString":
		zh = "线"
	case "MultiLineString":
		zh = "多线"
	case "Polygon", "MultiPolygon":
		zh = "面"
	default:
		zh = "几何集合"
	}
	return zh, en
}

// areaMM2 is the area of a polygon in mm², coverage.Unknown for other kinds.
func areaMM2(g orb.Geometry) int64 {
	switch g.(type) {
	case orb.Polygon, orb.MultiPolygon:
		return measure.AreaMM2(g)
	}
	return coverage.Unknown
}

// plain turns minus zero into zero.
func plain(p orb.Point) orb.Point { return orb.Point{p[0] + 0, p[1] + 0} }

func plainAll[S ~[]orb.Point](ps S) S {
	for i := range ps {
		ps[i] = plain(ps[i])
	}
	return ps
}

func orderPolygon(p orb.Polygon) orb.Polygon {
	for i := range p {
		p[i] = orderRing(p[i])
	}
	if len(p) > 2 {
		slices.SortFunc(p[1:], compareRings)
	}
	return p
}

// orderRing starts a closed ring at its smallest vertex.
func orderRing(r orb.Ring) orb.Ring {
	r = plainAll(r)
	if len(r) < 2 {
		return r
	}
	open := r[:len(r)-1]
	first := 0
	for i := range open {
		if comparePoints(open[i], open[first]) < 0 {
			first = i
		}
	}
	if first > 0 {
		turned := append(slices.Clone(open[first:]), open[:first]...)
		copy(open, turned)
		r[len(r)-1] = r[0]
	}
	return r
}

func comparePoints(a, b orb.Point) int {
	return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
}
func compareRings(a, b orb.Ring) int       { return slices.CompareFunc(a, b, comparePoints) }
func comparePolygons(a, b orb.Polygon) int { return slices.CompareFunc(a, b, compareRings) }

package osm

import (
	"slices"
	"strings"
)

// areaKeys tells which keys make a closed way a polygon, and for which values: those listed, or all but those listed. After the table that
// Overpass turbo, osmtogeojson and the JOSM validator share (https://wiki.openstreetmap.org/wiki/Overpass_turbo/Polygon_Features), with
// healthcare, advertising of areas by area:* and the barriers left to area=yes, as osm2pgsql does.
var areaKeys = map[string]struct {
	only, not []string
}{
	"aeroway":          {not: []string{"taxiway", "runway"}},
	"amenity":          {},
	"area:highway":     {},
	"boundary":         {},
	"building":         {},
	"building:part":    {},
	"craft":            {},
	"golf":             {not: []string{"hole", "path", "cartpath"}},
	"healthcare":       {},
	"highway":          {only: []string{"elevator", "escape", "platform", "rest_area", "services"}},
	"historic":         {},
	"indoor":           {},
	"landuse":          {},
	"leisure":          {not: []string{"slipway"}},
	"man_made":         {not: []string{"cutline", "embankment", "pipeline"}},
	"military":         {},
	"natural":          {not: []string{"arete", "cliff", "coastline", "ridge", "tree_row"}},
	"office":           {},
	"place":            {},
	"power":            {only: []string{"generator", "plant", "substation", "transformer"}},
	"public_transport": {},
	"railway":          {only: []string{"platform", "roundhouse", "station", "turntable"}},
	"ruins":            {},
	"shop":             {},
	"tourism":          {},
	"waterway":         {only: []string{"boatyard", "dam", "dock", "riverbank"}},
}

// lifecycles are the prefixes of tags that speak of another time (https://wiki.openstreetmap.org/wiki/Lifecycle_prefix).
var lifecycles = []string{"proposed:", "planned:", "construction:", "disused:", "abandoned:", "demolished:", "removed:", "razed:", "destroyed:", "was:"}

// IsArea reports whether a closed way with these tags is a polygon: area=yes and area=no decide, else the keys that stand for areas.
func IsArea(tags Tags) bool {
	switch tags.Find("area") {
	case "no":
		return false
	case "":
	default:
		return true
	}
	return slices.ContainsFunc(tags, func(t Tag) bool {
		key := t.Key
		for _, prefix := range lifecycles {
			if rest, ok := strings.CutPrefix(key, prefix); ok {
				key = rest
				break
			}
		}
		rule, known := areaKeys[key]
		return known && t.Value != "" && t.Value != "no" && !slices.Contains(rule.not, t.Value) && (rule.only == nil || slices.Contains(rule.only, t.Value))
	})
}

// isAreaRelation reports whether a relation is put together to polygons.
func isAreaRelation(tags Tags) bool {
	kind := tags.Find("type")
	return kind == "multipolygon" || kind == "boundary"
}

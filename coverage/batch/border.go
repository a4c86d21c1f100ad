package batch

import (
	"fmt"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/geo/geojson"
	"lifecircle/geo/index"
	"lifecircle/geo/overlay"
)

// border gives the facility layers of a neighboring source as an area may read them: what lies near it and not inside its own units, of
// which its own layers speak. A layer is called NAME@SOURCE, so that every facility's origin can be seen.
//
// A survey claims no more than its author could know, and nothing of the area's own land: "everywhere" means the neighbor's own units, a
// polygon itself; both without the area's units. What was not known stays so.
func border(from *source, s *stock, own *stock, units []int, near orb.Bound, taken []*coverage.Layer) ([]*coverage.Layer, error) {
	var land []orb.MultiPolygon
	var ownGeometry []orb.Geometry
	for _, u := range units {
		land = append(land, own.units[u].geometry)
		if own.units[u].geometry.Bound().Intersects(near) {
			ownGeometry = append(ownGeometry, own.units[u].geometry)
		}
	}
	regions := index.NewRegions(land)
	known := map[string]bool{} // facilities of the area's own layers that a neighbor may list too
	for _, l := range taken {
		if l.Info.Role == coverage.RoleFacilities && l.Info.Declared[originKey] == "" {
			for i := range l.IDs {
				for _, service := range l.RowServices(i) {
					known[place(l.Geometry(i))+service] = true
				}
			}
		}
	}
	claims := claimer{near: near, own: ownGeometry}
	var out []*coverage.Layer
	for _, l := range s.layers {
		if l.Info.Role != coverage.RoleFacilities {
			continue
		}
		rows := []int{}
		for i := range l.IDs {
			g := l.Geometry(i)
			if g == nil || !g.Bound().Intersects(near) {
				continue
			}
			inside, err := within(g, regions, land)
			if err != nil {
				return nil, fmt.Errorf("facility %s: %w", l.IDs[i], err)
			}
			twice := len(l.RowServices(i)) > 0
			for _, service := range l.RowServices(i) {
				twice = twice && known[place(g)+service]
			}
			if !inside && !twice {
				rows = append(rows, i)
			}
		}
		surveys, claimed, err := claims.surveys(&l.Info, s)
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 && !claimed {
			continue
		}
		next := *l.Select(rows)
		next.Info.Name = freeName(l.Info.LayerKey, from.id, taken, out)
		next.Info.Surveys = surveys
		next.Info.Declared = coverage.Declared{originKey: from.id}
		next.Info.Changed, next.Info.Version = false, 0
		next.Info.Hash = next.ComputeHash()
		out = append(out, &next)
	}
	return out, nil
}

// originKey is the declaration of a layer that came across the border: which source it is of.
const originKey = "neighbor"

func freeName(key coverage.LayerKey, from string, lists ...[]*coverage.Layer) string {
	name := key.Name + "@" + from
	for {
		key.Name = name
		free := true
		for _, list := range lists {
			for _, l := range list {
				free = free && l.Info.LayerKey != key
			}
		}
		if free {
			return name
		}
		name += "@"
	}
}

// place names where a facility lies, to the last digit.
func place(g orb.Geometry) string { return string(geojson.AppendGeometry(nil, g)) + "\x00" }

// within tells whether a facility lies inside some units as a whole. On their outer border it does not.
func within(g orb.Geometry, regions *index.Regions, units []orb.MultiPolygon) (bool, error) {
	if p, ok := g.(orb.Point); ok {
		inside, _ := regions.At(p)
		return len(inside) > 0, nil
	}
	shape := areal(g)
	if shape == nil {
		return false, nil
	}
	var near []orb.Geometry
	for _, u := range regions.Search(g.Bound()) {
		near = append(near, units[u])
	}
	if len(near) == 0 {
		return false, nil
	}
	all, err := overlay.Union(near)
	if err != nil {
		return false, err
	}
	rest, err := overlay.Difference(shape, all)
	return len(rest) == 0, err
}

// claimer says what surveys of neighbors may claim in an area.
type claimer struct {
	near orb.Bound
	own  []orb.Geometry // the area's units
	land map[*stock]orb.MultiPolygon
}

// surveys gives what a layer's surveys may claim, and whether that is anything.
func (c *claimer) surveys(info *coverage.LayerInfo, s *stock) (out []coverage.Survey, any bool, err error) {
	for _, survey := range info.Surveys {
		next := coverage.Survey{Service: survey.Service, Kind: coverage.SurveyUnknown}
		area := survey.Area
		switch survey.Kind {
		case coverage.SurveyEverywhere:
			if area, err = c.unitsOf(s); err != nil {
				return nil, false, err
			}
		case coverage.SurveyUnknown:
			area = nil
		}
		if len(area) > 0 && area.Bound().Intersects(c.near) {
			own, err := overlay.Union(c.own)
			if err != nil {
				return nil, false, err
			}
			if area, err = overlay.Difference(area, own); err != nil {
				return nil, false, err
			}
			if len(area) > 0 {
				next.Kind, next.Area, any = coverage.SurveyPolygon, area, true
			}
		}
		out = append(out, next)
	}
	return out, any, nil
}

// unitsOf gives the land of a neighbor's units that lie near.
func (c *claimer) unitsOf(s *stock) (orb.MultiPolygon, error) {
	if land, ok := c.land[s]; ok {
		return land, nil
	}
	var near []orb.Geometry
	for _, u := range s.regions.Search(c.near) {
		near = append(near, s.units[u].geometry)
	}
	var land orb.MultiPolygon
	if len(near) > 0 {
		var err error
		if land, err = overlay.Union(near); err != nil {
			return nil, err
		}
	}
	if c.land == nil {
		c.land = map[*stock]orb.MultiPolygon{}
	}
	c.land[s] = land
	return land, nil
}

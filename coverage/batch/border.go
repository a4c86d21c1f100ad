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
func (v *viewer) border(from *source, s *stock, taken []*coverage.Layer) ([]*coverage.Layer, error) {
	var out []*coverage.Layer
	for _, l := range s.layers {
		if l.Info.Role != coverage.RoleFacilities {
			continue
		}
		rows := []int{}
		for i := range l.IDs {
			g := l.Geometry(i)
			if g == nil || !g.Bound().Intersects(v.near) {
				continue
			}
			inside, err := within(g, v.regions, v.land)
			if err != nil {
				return nil, fmt.Errorf("facility %s: %w", l.IDs[i], err)
			}
			twice := len(l.RowServices(i)) > 0
			for _, service := range l.RowServices(i) {
				twice = twice && v.known[place(g)+service]
			}
			if !inside && !twice {
				rows = append(rows, i)
			}
		}
		surveys, claimed, err := v.surveys(&l.Info, s)
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

// viewer is an area that looks across its border.
type viewer struct {
	near    orb.Bound
	land    []orb.MultiPolygon // its units
	regions *index.Regions     // of them
	known   map[string]bool    // its own facilities, by place and service
	outline orb.MultiPolygon   // its units as one, when that was asked for
}

func newViewer(own *stock, units []int, near orb.Bound, layers []*coverage.Layer) *viewer {
	v := &viewer{near: near, known: map[string]bool{}}
	for _, u := range units {
		v.land = append(v.land, own.units[u].geometry)
	}
	v.regions = index.NewRegions(v.land)
	for _, l := range layers {
		if l.Info.Role != coverage.RoleFacilities {
			continue
		}
		for i := range l.IDs {
			for _, service := range l.RowServices(i) {
				v.known[place(l.Geometry(i))+service] = true
			}
		}
	}
	return v
}

// surveys gives what a layer's surveys may claim, and whether that is anything.
func (v *viewer) surveys(info *coverage.LayerInfo, s *stock) (out []coverage.Survey, any bool, err error) {
	var everywhere orb.MultiPolygon // the neighbor's units that lie near, when that was asked for
	for _, survey := range info.Surveys {
		next := coverage.Survey{Service: survey.Service, Kind: coverage.SurveyUnknown}
		area := survey.Area
		switch survey.Kind {
		case coverage.SurveyEverywhere:
			if everywhere == nil {
				if everywhere, err = s.landNear(v.near); err != nil {
					return nil, false, err
				}
			}
			area = everywhere
		case coverage.SurveyUnknown:
			area = nil
		}
		if len(area) > 0 && area.Bound().Intersects(v.near) {
			own, err := v.own()
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

// own gives the land of the area.
func (v *viewer) own() (orb.MultiPolygon, error) {
	if v.outline != nil {
		return v.outline, nil
	}
	parts := make([]orb.Geometry, len(v.land))
	for i, g := range v.land {
		parts[i] = g
	}
	var err error
	v.outline, err = overlay.Union(parts)
	return v.outline, err
}

// landNear gives the land of those units whose box meets a box.
func (s *stock) landNear(near orb.Bound) (orb.MultiPolygon, error) {
	var parts []orb.Geometry
	for _, u := range s.regions.Search(near) {
		parts = append(parts, s.units[u].geometry)
	}
	if len(parts) == 0 {
		return nil, nil
	}
	return overlay.Union(parts)
}

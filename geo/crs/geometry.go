package crs

import (
	"fmt"

	"github.com/paulmach/orb"
)

// Geometry gives a geometry with every vertex on WGS 84; the one given is not changed. Edges stay straight between their new ends: on a
// grid they bend by centimetres over a kilometre. Where axes are swapped, rings change their direction: check the geometry
// after this, not before. Errors are of type *Error.
func (c CRS) Geometry(g orb.Geometry) (orb.Geometry, error) {
	if err := c.ready(); err != nil {
		return nil, err
	}
	if c.Identity() {
		return g, nil
	}
	switch g := g.(type) {
	case nil:
		return nil, nil
	case orb.Point:
		lon, lat, err := c.ToWGS84(g[0], g[1])
		if err != nil {
			return nil, err
		}
		return orb.Point{lon, lat}, nil
	case orb.MultiPoint:
		ps, err := c.points(g)
		if err != nil {
			return nil, err
		}
		return orb.MultiPoint(ps), nil
	case orb.LineString:
		ps, err := c.points(g)
		if err != nil {
			return nil, err
		}
		return orb.LineString(ps), nil
	case orb.Ring:
		ps, err := c.points(g)
		if err != nil {
			return nil, err
		}
		return orb.Ring(ps), nil
	case orb.MultiLineString:
		out := make(orb.MultiLineString, len(g))
		for i, l := range g {
			ps, err := c.points(l)
			if err != nil {
				return nil, err
			}
			out[i] = ps
		}
		return out, nil
	case orb.Polygon:
		p, err := c.polygon(g)
		if err != nil {
			return nil, err
		}
		return p, nil
	case orb.MultiPolygon:
		out := make(orb.MultiPolygon, len(g))
		for i, p := range g {
			q, err := c.polygon(p)
			if err != nil {
				return nil, err
			}
			out[i] = q
		}
		return out, nil
	case orb.Collection:
		out := make(orb.Collection, len(g))
		for i, part := range g {
			moved, err := c.Geometry(part)
			if err != nil {
				return nil, err
			}
			out[i] = moved
		}
		return out, nil
	}
	panic(fmt.Sprintf("crs: %T is no geometry of a file", g))
}

func (c CRS) points(ps []orb.Point) ([]orb.Point, error) {
	out := make([]orb.Point, len(ps))
	for i, p := range ps {
		lon, lat, err := c.ToWGS84(p[0], p[1])
		if err != nil {
			return nil, err
		}
		out[i] = orb.Point{lon, lat}
	}
	return out, nil
}

func (c CRS) polygon(p orb.Polygon) (orb.Polygon, error) {
	out := make(orb.Polygon, len(p))
	for i, r := range p {
		ps, err := c.points(r)
		if err != nil {
			return nil, err
		}
		out[i] = ps
	}
	return out, nil
}

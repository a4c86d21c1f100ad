package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/geo/geojson"
	"lifecircle/geo/measure"
	"lifecircle/geo/overlay"
)

// leastResidentialMM2 is the residential land that a neighborhood must have to stand on its own: 0.3 km².
const leastResidentialMM2 = 3e11

// derivedNote stands in every neighborhood's row, wherever it is taken.
const derivedNote = "Voronoi cell of a named OpenStreetMap place, no official boundary; 由地名点推导, 非官方边界"

// place is a named place of kind city, suburb or neighbourhood.
type place struct {
	node string // OpenStreetMap id
	kind string
	at   orb.Point
	name name
}

// display is the name that readers of either language can read.
func (p *place) display() string { return p.name.en + " " + p.name.zh }

// seat tells whether a place is one that others belong to.
func (p *place) seat() bool { return p.kind == "city" || p.kind == "suburb" }

// cell is a neighborhood in the making.
type cell struct {
	place       *place
	merged      []*place // whose cells were joined to it
	land        orb.MultiPolygon
	residential int64 // mm²
}

// neighborhoods gives the cells of the places on the extract's land, after those with too little residential land were joined.
func neighborhoods(x *extract) ([]*cell, error) {
	land, err := overlay.Intersection(x.land, x.boundary)
	if err != nil {
		return nil, fmt.Errorf("land: %w", err)
	}
	sites := make([]orb.Point, len(x.places))
	for i, p := range x.places {
		sites[i] = p.at
	}
	var cells []*cell
	for i, polygon := range voronoi(x.plane, sites) {
		part, err := overlay.Intersection(polygon, land)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", x.places[i].name.id, err)
		}
		g, _, err := clean(part)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", x.places[i].name.id, err)
		}
		c := &cell{place: x.places[i], land: multi(g)}
		if err := c.weigh(x.residentialUnion); err != nil {
			return nil, err
		}
		cells = append(cells, c)
	}
	return merge(cells, x.residentialUnion)
}

// merge joins cells: while one has less residential land than it must, the one with least (a tie: smallest id) joins the neighbor
// with the longest common border and takes its name.
func merge(cells []*cell, residential orb.MultiPolygon) ([]*cell, error) {
	slices.SortFunc(cells, func(a, b *cell) int { return strings.Compare(a.place.name.id, b.place.name.id) })
	for {
		least := slices.IndexFunc(cells, func(c *cell) bool { return c.residential < leastResidentialMM2 })
		if least < 0 || len(cells) == 1 {
			return cells, nil
		}
		for i, c := range cells {
			if c.residential < cells[least].residential {
				least = i
			}
		}
		from := cells[least]
		cells = slices.Delete(cells, least, least+1)
		var into *cell
		var longest int64
		for _, c := range cells {
			if border := commonBorder(from.land, c.land); into == nil || border > longest {
				into, longest = c, border
			}
		}
		union, err := overlay.Union([]orb.Geometry{from.land, into.land})
		if err != nil {
			return nil, fmt.Errorf("%s joins %s: %w", from.place.name.id, into.place.name.id, err)
		}
		g, _, err := clean(union)
		if err != nil {
			return nil, err
		}
		into.land = multi(g)
		into.merged = append(append(into.merged, from.place), from.merged...)
		if err := into.weigh(residential); err != nil {
			return nil, err
		}
	}
}

func (c *cell) weigh(residential orb.MultiPolygon) error {
	part, err := overlay.Intersection(c.land, residential)
	if err != nil {
		return fmt.Errorf("%s: %w", c.place.name.id, err)
	}
	c.residential = measure.AreaMM2(part)
	return nil
}

// commonBorder is the length in millimetres of the edges that a and b share. Cells meet in equal vertices, so that
// a shared edge is the same edge backwards.
func commonBorder(a, b orb.MultiPolygon) int64 {
	type edge [2]orb.Point
	edges := map[edge]bool{}
	each := func(m orb.MultiPolygon, f func(p, q orb.Point)) {
		for _, polygon := range m {
			for _, ring := range polygon {
				for i := 1; i < len(ring); i++ {
					f(ring[i-1], ring[i])
				}
			}
		}
	}
	each(a, func(p, q orb.Point) { edges[edge{p, q}] = true })
	var total int64
	each(b, func(p, q orb.Point) {
		if edges[edge{q, p}] {
			total += int64(measure.Millimetres(measure.Distance(p, q)))
		}
	})
	return total
}

// town is the nearest place of kind city or suburb (metres on the ellipsoid; a tie: smallest id).
func (x *extract) town(of *place) *place {
	var town *place
	var least float64
	for _, p := range x.places {
		if !p.seat() {
			continue
		}
		d := measure.Distance(of.at, p.at)
		if town == nil || d < least || d == least && p.name.id < town.name.id {
			town, least = p, d
		}
	}
	return town
}

// neighborhoodFeatures writes the cells as features.
func neighborhoodFeatures(x *extract) ([]feature, error) {
	cells, err := neighborhoods(x)
	if err != nil {
		return nil, err
	}
	var fs []feature
	for _, c := range cells {
		f := feature{id: c.place.name.id, geometry: single(c.land)}
		f.set("name", c.place.display())
		f.set("name:el", c.place.name.el)
		f.set("name:en", c.place.name.en)
		f.set("name:zh", c.place.name.zh)
		f.set("place", c.place.kind)
		f.set("osm", "node/"+c.place.node)
		f.set("town", x.town(c.place).display())
		f.set("derived", derivedNote)
		if len(c.merged) > 0 {
			var names []string
			for _, p := range c.merged {
				names = append(names, p.display())
			}
			f.set("merged", strings.Join(names, ", "))
		}
		fs = append(fs, f)
	}
	return fs, nil
}

// single gives a multipolygon of one part as a polygon.
func single(m orb.MultiPolygon) orb.Geometry {
	if len(m) == 1 {
		return m[0]
	}
	return m
}

// feature is a row of a layer in the making.
type feature struct {
	id         string
	geometry   orb.Geometry
	properties geojson.Properties
}

// set sets a property to a text, or to nothing if it is empty.
func (f *feature) set(key, text string) {
	if text != "" {
		f.properties = append(f.properties, geojson.Property{Key: key, Value: geojson.Value{Kind: geojson.String, Text: text}})
	}
}

// number sets a property to a number, given as JSON.
func (f *feature) number(key, text string) {
	f.properties = append(f.properties, geojson.Property{Key: key, Value: geojson.Value{Kind: geojson.Number, Text: text}})
}

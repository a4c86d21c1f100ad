package main

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/data/format/gpkg"
	"lifecircle/geo/measure"
)

const (
	// latticeMetres is the side of a square of the population's lattice.
	latticeMetres = 50
	// peoplePerSquare stands at the middle of every square whose middle lies in residential land: 100 people per hectare.
	peoplePerSquare = 25
)

// population puts people on the residential land, on a lattice in the local metric about the extract's middle.
func population(x *extract) []feature {
	bound := x.residentialUnion.Bound()
	reach := 0.0
	for _, corner := range []orb.Point{bound.Min, bound.Max, bound.LeftTop(), bound.RightBottom()} {
		v := x.plane.Forward(corner)
		reach = max(reach, math.Abs(v[0]), math.Abs(v[1]))
	}
	n := int(reach/latticeMetres) + 2
	inside := measure.NewLocator(x.residentialUnion)
	var fs []feature
	for row := -n; row < n; row++ {
		for column := -n; column < n; column++ {
			at := round7(x.plane.Inverse([2]float64{(float64(column) + 0.5) * latticeMetres, (float64(row) + 0.5) * latticeMetres}))
			if inside.Locate(at) == measure.Outside {
				continue
			}
			f := feature{id: fmt.Sprintf("r%+04dc%+04d", row, column), geometry: at}
			f.number("population", strconv.Itoa(peoplePerSquare))
			fs = append(fs, f)
		}
	}
	return fs
}

// buildings gives every footprint as a point on it, with its area.
func buildings(ctx context.Context, f *gpkg.File) ([]feature, error) {
	var fs []feature
	err := readObjects(ctx, f, "buildings_polygons", []string{"building", "name"}, func(o object) error {
		b := feature{id: o.id, geometry: round7(measure.PointOnSurface(o.geometry))}
		b.number("area_m2", decimetres(measure.AreaMM2(o.geometry)))
		b.set("building", o.text("building"))
		b.set("name", o.text("name"))
		fs = append(fs, b)
		return nil
	})
	return fs, err
}

// decimetres gives square millimetres as square metres with at most one decimal, half up.
func decimetres(mm2 int64) string {
	tenths := (mm2 + 50_000) / 100_000
	if tenths%10 == 0 {
		return strconv.FormatInt(tenths/10, 10)
	}
	return string(coverage.AppendDecimal(nil, tenths, 1))
}

// roads gives the lines with what the walking network will ask of them.
func roads(ctx context.Context, f *gpkg.File) ([]feature, error) {
	var fs []feature
	err := readObjects(ctx, f, "roads_lines", []string{"highway", "name", "tunnel", "layer"}, func(o object) error {
		r := feature{id: o.id, geometry: o.geometry}
		r.set("class", o.text("highway"))
		r.set("name", o.text("name"))
		r.set("tunnel", o.text("tunnel"))
		if layer := o.text("layer"); layer != "" {
			n, err := strconv.Atoi(layer)
			if err != nil {
				return fmt.Errorf("%s: layer %q is no number", o.id, layer)
			}
			r.number("layer", strconv.Itoa(n))
		}
		fs = append(fs, r)
		return nil
	})
	return fs, err
}

// rule is a row of mapping.csv: objects of a table with a tag, of a size, offer a service.
type rule struct {
	service, table, key, value string
	minMM2, maxMM2             int64 // at least, less than; math.MaxInt64 where there is none
}

func (r *rule) fits(o *object) bool {
	if o.text(r.key) != r.value {
		return false
	}
	area := measure.AreaMM2(o.geometry)
	return area >= r.minMM2 && area < r.maxMM2
}

func readRules(dir string) ([]rule, error) {
	var rules []rule
	err := readTable(filepath.Join(dir, "mapping.csv"), "service,table,key,value,min_area_m2,max_area_m2,note", func(f []string) error {
		r := rule{service: f[0], table: f[1], key: f[2], value: f[3], maxMM2: math.MaxInt64}
		for i, into := range []*int64{&r.minMM2, &r.maxMM2} {
			if f[4+i] == "" {
				continue
			}
			n, err := strconv.ParseInt(f[4+i], 10, 32)
			if err != nil {
				return err
			}
			*into = n * 1e6
		}
		rules = append(rules, r)
		return nil
	})
	return rules, err
}

// facilities gives the facilities of every service that the mapping names, in its order; a service of
// which the extract has none gets an empty layer.
func facilities(ctx context.Context, f *gpkg.File, dir string) (services []string, by map[string][]feature, err error) {
	rules, err := readRules(dir)
	if err != nil {
		return nil, nil, err
	}
	by = map[string][]feature{}
	var tables []string
	columns := map[string][]string{}
	for _, r := range rules {
		if !slices.Contains(services, r.service) {
			services = append(services, r.service)
		}
		if !slices.Contains(tables, r.table) {
			tables = append(tables, r.table)
			columns[r.table] = []string{"name"}
		}
		if !slices.Contains(columns[r.table], r.key) {
			columns[r.table] = append(columns[r.table], r.key)
		}
	}
	for _, table := range tables {
		err := readObjects(ctx, f, table, columns[table], func(o object) error {
			for _, r := range rules {
				if r.table != table || !r.fits(&o) {
					continue
				}
				row := feature{id: o.id, geometry: o.geometry}
				row.set("name", o.text("name"))
				row.set("osm", r.key+"="+r.value)
				by[r.service] = append(by[r.service], row)
			}
			return nil
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return services, by, nil
}

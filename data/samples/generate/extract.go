package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/data/format/gpkg"
	"lifecircle/geo/measure"
	"lifecircle/geo/overlay"
)

// extract is what the samples need of the source file.
type extract struct {
	boundary         orb.MultiPolygon // the rectangle that it covers
	land             orb.MultiPolygon // dry land
	places           []*place         // sorted by id
	residential      []feature        // sorted by id
	residentialUnion orb.MultiPolygon
	plane            measure.Plane // metres about the extract's middle
	mended           int           // residential polygons that were not valid
}

// name is a row of names.csv.
type name struct{ id, el, en, zh string }

func readExtract(ctx context.Context, f *gpkg.File, dir string) (*extract, error) {
	x := &extract{}
	var err error
	if x.boundary, err = readUnion(ctx, f, "boundary"); err != nil {
		return nil, err
	}
	if x.land, err = readUnion(ctx, f, "land_polygons"); err != nil {
		return nil, err
	}
	x.plane = measure.NewPlane(round7(x.boundary.Bound().Center()))
	names, err := readNames(filepath.Join(dir, "names.csv"))
	if err != nil {
		return nil, err
	}
	err = f.Read(ctx, "places_points", []string{"osm_id", "place", "name"}, func(r gpkg.Row) error {
		kind := gpkg.Text(r.Values[1])
		if kind != "city" && kind != "suburb" && kind != "neighbourhood" {
			return nil
		}
		at, ok := r.Geometry.(orb.Point)
		if !ok {
			return fmt.Errorf("places_points %d: no point: %v", r.FID, r.Err)
		}
		p := &place{node: gpkg.Text(r.Values[0]), kind: kind, at: round7(at)}
		if p.name, ok = names[p.node]; !ok || p.name.el != gpkg.Text(r.Values[2]) {
			return fmt.Errorf("names.csv: no row for node %s with the name %q", p.node, gpkg.Text(r.Values[2]))
		}
		x.places = append(x.places, p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(x.places, func(a, b *place) int { return strings.Compare(a.name.id, b.name.id) })
	return x, x.readResidential(ctx, f)
}

// readResidential reads the residential land, polygon by polygon and as a union.
func (x *extract) readResidential(ctx context.Context, f *gpkg.File) error {
	var all []orb.Geometry
	err := readObjects(ctx, f, "landuse_polygons", []string{"landuse", "name"}, func(o object) error {
		if o.text("landuse") != "residential" {
			return nil
		}
		if o.mended {
			x.mended++
		}
		row := feature{id: o.id, geometry: o.geometry}
		row.set("name", o.text("name"))
		x.residential = append(x.residential, row)
		all = append(all, o.geometry)
		return nil
	})
	if err != nil {
		return err
	}
	x.residentialUnion, err = overlay.Union(all)
	return err
}

// readUnion reads the polygons of a table as one area.
func readUnion(ctx context.Context, f *gpkg.File, table string) (orb.MultiPolygon, error) {
	var all []orb.Geometry
	err := f.Read(ctx, table, nil, func(r gpkg.Row) error {
		if r.Err != nil || multi(r.Geometry) == nil {
			return fmt.Errorf("%s %d: no polygon: %v", table, r.FID, r.Err)
		}
		all = append(all, r.Geometry)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return overlay.Union(all)
}

// object is one OpenStreetMap object of a table, its geometry cleaned.
type object struct {
	id       string // node/1, way/2, relation/3
	geometry orb.Geometry
	mended   bool
	columns  []string
	values   []any
}

// text gives a column's value.
func (o *object) text(column string) string {
	return gpkg.Text(o.values[slices.Index(o.columns, column)])
}

// readObjects reads a table of OpenStreetMap objects. What a kind of object an id names follows from its
// geometry and columns: GDAL's tables hold nodes as points, ways as lines, and as polygons either ways
// (osm_way_id) or relations (osm_id).
func readObjects(ctx context.Context, f *gpkg.File, table string, columns []string, yield func(object) error) error {
	polygons := strings.HasSuffix(table, "_polygons")
	ids := []string{"osm_id"}
	if polygons {
		ids = append(ids, "osm_way_id")
	}
	return f.Read(ctx, table, append(ids, columns...), func(r gpkg.Row) error {
		if r.Err != nil {
			return fmt.Errorf("%s %d: %w", table, r.FID, r.Err)
		}
		o := object{columns: columns, values: r.Values[len(ids):]}
		switch osm := gpkg.Text(r.Values[0]); {
		case polygons && osm == "":
			o.id = "way/" + gpkg.Text(r.Values[1])
		case polygons:
			o.id = "relation/" + osm
		case strings.HasSuffix(table, "_lines"):
			o.id = "way/" + osm
		default:
			o.id = "node/" + osm
		}
		var err error
		if o.geometry, o.mended, err = clean(r.Geometry); err != nil {
			return fmt.Errorf("%s %s: %w", table, o.id, err)
		}
		return yield(o)
	})
}

// readTable reads a CSV file with a header, row by row.
func readTable(path string, header string, row func(fields []string) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	r := csv.NewReader(file)
	rows, err := r.ReadAll()
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	if len(rows) == 0 || strings.Join(rows[0], ",") != header {
		return fmt.Errorf("%s: the header is not %s", filepath.Base(path), header)
	}
	for i, fields := range rows[1:] {
		if err := row(fields); err != nil {
			return fmt.Errorf("%s, row %d: %w", filepath.Base(path), i+2, err)
		}
	}
	return nil
}

// readNames reads names.csv: names by the id of the place's node.
func readNames(path string) (map[string]name, error) {
	names := map[string]name{}
	err := readTable(path, "osm_node,id,el,en,zh", func(f []string) error {
		if _, twice := names[f[0]]; twice {
			return fmt.Errorf("node %s stands twice", f[0])
		}
		names[f[0]] = name{id: f[1], el: f[2], en: f[3], zh: f[4]}
		return nil
	})
	return names, err
}

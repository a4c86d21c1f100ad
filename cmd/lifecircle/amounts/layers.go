package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/geo/geojson"
	"lifecircle/geo/measure"
)

// cityServices stand for the services s00, s01, … of a generated city: keys of the shipped list of which none is another's parent, so
// that each facility offers one service.
var cityServices = []string{"metro", "mall", "outpatient", "middle_school", "post_office", "telecom", "community_center", "culture", "market", "elderly_care",
	"nursery", "primary_school", "bank", "community_service", "kindergarten", "sports", "park", "clinic", "parcel", "bus_stop",
	"toilet", "parking", "ev_charger", "pocket_park", "restaurant"}

// The layers that are imported.
const (
	demandLayer = "demand"
	landLayer   = "land"
	unitLayer   = "neighborhoods"
	// changedLayer holds the facilities of one service after one of them has moved: another content of the same layer.
	changedLayer = "changed"
)

// cityLayers says what a city became.
type cityLayers struct {
	Dir                       string
	Demand, Facilities, Units int
	Parcels                   int
	Services                  []string // keys, in the order of the city's names
	Changed                   string   // key of the service of changedLayer
	Names                     map[string]string
}

// every is the step by which places are taken for answers that need not hold all: some 20,000 of them.
func (c cityLayers) every() int { return max(1, c.Demand/20_000) }

func (c cityLayers) file(layer string) string { return filepath.Join(c.Dir, layer+".geojson") }

// makeLayers makes the GeoJSON layers of a city for the import: people, facilities by service, neighborhoods with 12-digit codes that name
// so many streets and districts, and parcels of residential land, four in each neighborhood.
func makeLayers(city, dir string, streets, districts int) (cityLayers, error) {
	c := cityLayers{Dir: dir}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return c, err
	}
	for _, step := range []func() error{
		func() error { return c.demand(filepath.Join(city, demandFile)) },
		func() error { return c.facilities(filepath.Join(city, facilitiesFile)) },
		func() error { return c.neighborhoods(filepath.Join(city, neighborhoodsFile), streets, districts) },
	} {
		if err := step(); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (c *cityLayers) demand(path string) error {
	return writeFeatures(c.file(demandLayer), func(w *geojson.Writer) error {
		return readTable(path, []string{"demand_id", "lon", "lat", "weight"}, func(row []string) error {
			at, err := place(row[1], row[2])
			if err != nil {
				return err
			}
			c.Demand++
			return w.WriteFeature(row[0], at, fmt.Appendf(nil, `{"population":%s}`, row[3]))
		})
	})
}

// facilities writes a layer for each service, and one more in which a facility of a service of middling number has moved by about 200 m.
func (c *cityLayers) facilities(path string) error {
	type facility struct {
		id string
		at orb.Point
	}
	by := map[string][]facility{}
	err := readTable(path, []string{"facility_id", "service", "lon", "lat"}, func(row []string) error {
		at, err := place(row[2], row[3])
		service := strings.Clone(row[1])
		by[service] = append(by[service], facility{strings.Clone(row[0]), at})
		c.Facilities++
		return err
	})
	if err != nil {
		return err
	}
	if len(by) > len(cityServices) {
		return fmt.Errorf("%s: %d services, at most %d can be given a name of the list of services", path, len(by), len(cityServices))
	}
	write := func(layer string, list []facility) error {
		return writeFeatures(c.file(layer), func(w *geojson.Writer) error {
			for _, f := range list {
				if err := w.WriteFeature(f.id, f.at, []byte("{}")); err != nil {
					return err
				}
			}
			return nil
		})
	}
	c.Names = map[string]string{}
	for i, name := range slices.Sorted(maps.Keys(by)) {
		key := cityServices[i]
		c.Services = append(c.Services, key)
		c.Names[key] = name
		if err := write(key, by[name]); err != nil {
			return err
		}
		if i == len(by)/2 {
			c.Changed = key
			moved := slices.Clone(by[name])
			moved[0].at = round7(orb.Point{moved[0].at[0] + 0.002, moved[0].at[1]})
			if err := write(changedLayer, moved); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *cityLayers) neighborhoods(path string, streets, districts int) error {
	cells, err := readPolygons(path)
	if err != nil {
		return err
	}
	c.Units = len(cells)
	at := make([][2]float64, len(cells))
	for i, p := range cells {
		at[i] = measure.Centroid(p)
	}
	codes := codesOf(at, streets, districts)
	order := make([]int, len(cells))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return strings.Compare(codes[i], codes[j]) })
	err = writeFeatures(c.file(unitLayer), func(w *geojson.Writer) error {
		for _, i := range order {
			if err := w.WriteFeature(codes[i], cells[i], fmt.Appendf(nil, `{"name":"社区%s"}`, codes[i][6:])); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return writeFeatures(c.file(landLayer), func(w *geojson.Writer) error {
		for _, i := range order {
			for k, p := range parcels(cells[i][0]) {
				c.Parcels++
				if err := w.WriteFeature(fmt.Sprintf("%s-%d", codes[i], k+1), orb.Polygon{p}, []byte("{}")); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// codesOf gives every neighborhood a code of 12 digits, of which the first six name its district and the first nine its street or
// town. Neighbors share them: the places are halved again and again, across their longer extent.
func codesOf(at [][2]float64, streets, districts int) []string {
	codes := make([]string, len(at))
	all := make([]int, len(at))
	for i := range all {
		all[i] = i
	}
	for d, inDistrict := range divide(at, all, districts) {
		of := streets*(d+1)/districts - streets*d/districts
		for s, inStreet := range divide(at, inDistrict, max(1, of)) {
			for k, i := range inStreet {
				codes[i] = fmt.Sprintf("500%03d%03d%03d", 101+d, s+1, k+1)
			}
		}
	}
	return codes
}

// divide parts places into n compact groups of like size.
func divide(at [][2]float64, group []int, n int) [][]int {
	if n <= 1 {
		return [][]int{group}
	}
	low, high := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	for _, i := range group {
		for axis := range 2 {
			low[axis], high[axis] = math.Min(low[axis], at[i][axis]), math.Max(high[axis], at[i][axis])
		}
	}
	axis := 0
	if high[1]-low[1] > high[0]-low[0] {
		axis = 1
	}
	sorted := slices.Clone(group)
	slices.SortStableFunc(sorted, func(i, j int) int {
		switch a, b := at[i][axis], at[j][axis]; {
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return i - j
	})
	half := n / 2
	cut := len(sorted) * half / n
	return append(divide(at, sorted[:cut], half), divide(at, sorted[cut:], n-half)...)
}

const (
	parcelShare = 0.85 // of a quarter's breadth; the rest is streets
	parcelReach = 250  // metres from a parcel's middle to its farthest corner, at most
)

// parcels gives the residential land of a convex neighborhood: its quarters about the middle, each drawn together to its own middle.
func parcels(ring orb.Ring) []orb.Ring {
	plane := measure.NewPlane(measure.Centroid(orb.Polygon{ring}))
	var cell [][2]float64
	for _, p := range ring[:len(ring)-1] {
		cell = append(cell, plane.Forward(p))
	}
	var out []orb.Ring
	for _, towards := range [][2]float64{{1, 1}, {-1, 1}, {-1, -1}, {1, -1}} {
		quarter := halfPlane(halfPlane(cell, 0, towards[0]), 1, towards[1])
		if p := drawTogether(quarter); p != nil {
			var r orb.Ring
			for _, v := range p {
				r = append(r, round7(plane.Inverse(v)))
			}
			out = append(out, append(r, r[0]))
		}
	}
	return out
}

// halfPlane keeps of a convex polygon what lies on one side (sign) of the other axis through the origin.
func halfPlane(ring [][2]float64, axis int, sign float64) [][2]float64 {
	var out [][2]float64
	for k, p := range ring {
		q := ring[(k+1)%len(ring)]
		s, t := sign*p[axis], sign*q[axis]
		if s >= 0 {
			out = append(out, p)
		}
		if (s >= 0) != (t >= 0) {
			u := s / (s - t)
			out = append(out, [2]float64{p[0] + float64(u*(q[0]-p[0])), p[1] + float64(u*(q[1]-p[1]))})
		}
	}
	return out
}

// drawTogether scales a polygon about the mean of its corners; nil where nothing worth a parcel is left.
func drawTogether(ring [][2]float64) [][2]float64 {
	if len(ring) < 3 {
		return nil
	}
	var middle [2]float64
	for _, p := range ring {
		middle[0] += p[0] / float64(len(ring))
		middle[1] += p[1] / float64(len(ring))
	}
	reach, area := 0.0, 0.0
	for k, p := range ring {
		q := ring[(k+1)%len(ring)]
		reach = math.Max(reach, math.Hypot(p[0]-middle[0], p[1]-middle[1]))
		area += float64((p[0]-middle[0])*(q[1]-middle[1])) - float64((q[0]-middle[0])*(p[1]-middle[1]))
	}
	scale := math.Min(parcelShare, parcelReach/reach)
	if float64(area/2*scale*scale) < 100 { // m²
		return nil
	}
	var out [][2]float64
	for _, p := range ring {
		q := [2]float64{middle[0] + float64(scale*(p[0]-middle[0])), middle[1] + float64(scale*(p[1]-middle[1]))}
		if len(out) == 0 || math.Hypot(q[0]-out[len(out)-1][0], q[1]-out[len(out)-1][1]) > 0.1 {
			out = append(out, q)
		}
	}
	if last := len(out) - 1; math.Hypot(out[0][0]-out[last][0], out[0][1]-out[last][1]) <= 0.1 {
		out = out[:last]
	}
	if len(out) < 3 {
		return nil
	}
	return out
}

// readTable gives the rows of a CSV file, the columns in the order asked for. A row is valid until the next.
func readTable(path string, columns []string, each func(row []string) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	b := bufio.NewReaderSize(f, 1<<20)
	if mark, _ := b.Peek(3); bytes.Equal(mark, []byte("\ufeff")) {
		b.Discard(3)
	}
	r := csv.NewReader(b)
	r.ReuseRecord = true
	head, err := r.Read()
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	from := make([]int, len(columns))
	for i, c := range columns {
		if from[i] = slices.Index(head, c); from[i] < 0 {
			return fmt.Errorf("%s: no column %s", path, c)
		}
	}
	row := make([]string, len(columns))
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for i, k := range from {
			row[i] = cells[k]
		}
		if err := each(row); err != nil {
			line, _ := r.FieldPos(0)
			return fmt.Errorf("%s:%d: %w", path, line, err)
		}
	}
}

func place(lon, lat string) (orb.Point, error) {
	x, err := strconv.ParseFloat(lon, 64)
	if err != nil {
		return orb.Point{}, err
	}
	y, err := strconv.ParseFloat(lat, 64)
	return orb.Point{x, y}, err
}

// readPolygons reads the features of a GeoJSON file, each of them a polygon.
func readPolygons(path string) ([]orb.Polygon, error) {
	var out []orb.Polygon
	err := readFeatures(path, func(f geojson.Feature) error {
		p, ok := f.Geometry.(orb.Polygon)
		if !ok {
			return fmt.Errorf("feature %s is no polygon", f.ID)
		}
		out = append(out, p)
		return nil
	})
	return out, err
}

// readFeatures reads the features of a GeoJSON file; a refused one is an error.
func readFeatures(path string, each func(geojson.Feature) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r := geojson.NewReader(f, geojson.Limits{})
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil && row.Refused != nil {
			err = fmt.Errorf("feature %d: %s", row.N, row.Refused.Text)
		}
		if err == nil {
			err = each(row.Feature)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
}

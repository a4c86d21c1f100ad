package main

import (
	"bufio"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/paulmach/orb"

	"lifecircle/geo/geojson"
	"lifecircle/geo/measure"
)

// citySize says how large a generated city is. Its extent grows with its people, so that density is the same in every size.
type citySize struct {
	Demand, Facilities, Services      int
	Neighborhoods, Streets, Districts int
	Clusters                          int     // places around which people and facilities gather
	HalfSide                          float64 // metres; the city is a square
}

// chongqing has the numbers of Chongqing: 11,270 communities and villages in 1,031 streets and towns of 38 districts, on 80 × 80 km.
var chongqing = citySize{Demand: 1_200_000, Facilities: 100_000, Services: 20, Neighborhoods: 11_270, Streets: 1_031, Districts: 38,
	Clusters: 400, HalfSide: 40_000}

// part is a smaller city of the same density: a share of everything but the services.
func (c citySize) part(share float64) citySize {
	of := func(n int) int { return max(1, int(math.Round(float64(n)*share))) }
	return citySize{of(c.Demand), of(c.Facilities), c.Services, of(c.Neighborhoods), of(c.Streets), of(c.Districts), of(c.Clusters),
		c.HalfSide * math.Sqrt(share)}
}

// The files of a city, in the form that the scripts of the peers read too.
const (
	demandFile        = "demand.csv"            // demand_id,lon,lat,weight
	facilitiesFile    = "facilities.csv"        // facility_id,service,lon,lat; services s00, s01, …
	neighborhoodsFile = "neighborhoods.geojson" // polygons
)

// cityOrigin is the middle of a generated city, in degrees: the center of Chongqing.
var cityOrigin = orb.Point{106.5, 29.5}

// makeCity writes the files of a city into a folder; the same seed gives the same files.
func makeCity(dir string, size citySize, seed uint64) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	g := generator{Rand: rand.New(rand.NewPCG(seed, 15)), size: size, plane: measure.NewPlane(cityOrigin)}
	g.gather()
	demand := g.places(size.Demand, 0.85)
	if err := g.writeDemand(filepath.Join(dir, demandFile), demand); err != nil {
		return err
	}
	if err := g.writeFacilities(filepath.Join(dir, facilitiesFile), g.places(size.Facilities, 0.8)); err != nil {
		return err
	}
	return g.writeNeighborhoods(filepath.Join(dir, neighborhoodsFile), g.sites(demand))
}

// generator draws the parts of a city in the plane about its middle (metres), always in the same order.
type generator struct {
	*rand.Rand
	size    citySize
	plane   measure.Plane
	centers [][2]float64
	spread  []float64 // standard deviation of each cluster, metres
	upTo    []float64 // cumulative weights of the clusters, the last is 1
}

// gather places the clusters: centers normal about the middle, sizes by a power law (Pareto, exponent 1.2), spreads from 400 to
// 3,000 m.
func (g *generator) gather() {
	deviation := g.size.HalfSide * 3 / 8
	total := 0.0
	for i := range g.size.Clusters {
		for {
			c := [2]float64{float64(g.NormFloat64() * deviation), float64(g.NormFloat64() * deviation)}
			if g.inside(c) {
				g.centers = append(g.centers, c)
				break
			}
		}
		g.spread = append(g.spread, 400+float64(2600*g.Float64()))
		total += math.Pow((float64(i)+0.5)/float64(g.size.Clusters), -1/1.2) - 0.95
		g.upTo = append(g.upTo, total)
	}
	for i := range g.upTo {
		g.upTo[i] /= total
	}
	g.upTo[len(g.upTo)-1] = 1
}

func (g *generator) inside(p [2]float64) bool {
	return math.Abs(p[0]) <= g.size.HalfSide && math.Abs(p[1]) <= g.size.HalfSide
}

// places draws n places, a share of them in clusters, the rest anywhere.
func (g *generator) places(n int, clustered float64) [][2]float64 {
	out := make([][2]float64, 0, n)
	for len(out) < n {
		p := [2]float64{g.uniform(), g.uniform()}
		if g.Float64() < clustered {
			k, _ := slices.BinarySearch(g.upTo, g.Float64())
			p = [2]float64{g.centers[k][0] + float64(g.NormFloat64()*g.spread[k]), g.centers[k][1] + float64(g.NormFloat64()*g.spread[k])}
		}
		if g.inside(p) {
			out = append(out, p)
		}
	}
	return out
}

func (g *generator) uniform() float64 { return float64((2*g.Float64() - 1) * g.size.HalfSide) }

// sites draws the middles of the neighborhoods: people's places, moved by some 50 m.
func (g *generator) sites(demand [][2]float64) [][2]float64 {
	out := make([][2]float64, g.size.Neighborhoods)
	limit := g.size.HalfSide - 1
	for i, k := range g.Perm(len(demand))[:g.size.Neighborhoods] {
		for axis := range 2 {
			out[i][axis] = math.Max(-limit, math.Min(limit, demand[k][axis]+float64(50*g.NormFloat64())))
		}
	}
	return out
}

// writeDemand gives every place its people: gamma of shape 2 and scale 4, to a hundredth.
func (g *generator) writeDemand(path string, places [][2]float64) error {
	return writeFile(path, func(w *bufio.Writer) error {
		line := []byte("demand_id,lon,lat,weight\n")
		for i, p := range places {
			w.Write(line)
			line = append(strconv.AppendInt(line[:0], int64(i), 10), ',')
			line = append(appendPlace(line, g.plane.Inverse(p)), ',')
			line = append(strconv.AppendFloat(line, 4*(g.ExpFloat64()+g.ExpFloat64()), 'f', 2, 64), '\n')
		}
		_, err := w.Write(line)
		return err
	})
}

// writeFacilities gives every place a service; the last of them is ten times as frequent as the first.
func (g *generator) writeFacilities(path string, places [][2]float64) error {
	upTo := make([]float64, g.size.Services)
	total := 0.0
	for i := range upTo {
		total += math.Pow(10, float64(i)/math.Max(1, float64(g.size.Services-1)))
		upTo[i] = total
	}
	return writeFile(path, func(w *bufio.Writer) error {
		line := []byte("facility_id,service,lon,lat\n")
		for i, p := range places {
			w.Write(line)
			service, _ := slices.BinarySearch(upTo, float64(g.Float64()*total))
			line = append(strconv.AppendInt(line[:0], int64(i), 10), ',')
			line = append(append(line, serviceName(min(service, len(upTo)-1))...), ',')
			line = append(appendPlace(line, g.plane.Inverse(p)), '\n')
		}
		_, err := w.Write(line)
		return err
	})
}

func serviceName(i int) string { return fmt.Sprintf("s%02d", i) }

// writeNeighborhoods writes the Voronoi cells of the sites.
func (g *generator) writeNeighborhoods(path string, sites [][2]float64) error {
	return writeFeatures(path, func(w *geojson.Writer) error {
		for i, cell := range voronoi(sites, g.size.HalfSide) {
			var ring orb.Ring
			for _, p := range cell {
				if q := round7(g.plane.Inverse(p)); len(ring) == 0 || ring[len(ring)-1] != q {
					ring = append(ring, q)
				}
			}
			if len(ring) > 1 && ring[0] == ring[len(ring)-1] {
				ring = ring[:len(ring)-1]
			}
			if len(ring) < 3 {
				continue // no wider than the last digit of a coordinate
			}
			ring = append(ring, ring[0])
			if err := w.WriteFeature(strconv.Itoa(i+1), orb.Polygon{ring}, fmt.Appendf(nil, `{"name":"n%05d"}`, i+1)); err != nil {
				return err
			}
		}
		return nil
	})
}

// round7 rounds a position to 10⁻⁷ degrees (1 cm).
func round7(p orb.Point) orb.Point {
	return orb.Point{math.Round(p[0]*1e7) / 1e7, math.Round(p[1]*1e7) / 1e7}
}

// appendPlace appends longitude and latitude with seven decimals.
func appendPlace(dst []byte, p orb.Point) []byte {
	dst = append(strconv.AppendFloat(dst, p[0], 'f', 7, 64), ',')
	return strconv.AppendFloat(dst, p[1], 'f', 7, 64)
}

// writeFile makes a file of what content writes.
func writeFile(path string, content func(*bufio.Writer) error) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	if err := content(w); err != nil {
		return err
	}
	return w.Flush()
}

// writeFeatures makes a GeoJSON file of the features that content writes.
func writeFeatures(path string, content func(*geojson.Writer) error) error {
	return writeFile(path, func(w *bufio.Writer) error {
		features := geojson.NewWriter(w)
		if err := content(features); err != nil {
			return err
		}
		return features.Close()
	})
}

package index_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"

	"lifecircle/geo/index"
	"lifecircle/geo/measure"

	"github.com/paulmach/orb"
	"github.com/tidwall/geodesic"
)

// realCity is a city of the folder of real data beside the repository: its buildings, and facilities by category.
type realCity struct {
	houses     []orb.Point
	categories map[string][]orb.Geometry
}

// realFeature is what is read of a feature.
type realFeature struct {
	Properties struct {
		Category string `json:"category"`
	} `json:"properties"`
	Geometry struct {
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
	} `json:"geometry"`
}

func (f *realFeature) geometry(t *testing.T) orb.Geometry {
	t.Helper()
	var p orb.Point
	var mp orb.MultiPolygon
	var g orb.Geometry
	var err error
	switch f.Geometry.Type {
	case "Point":
		err = json.Unmarshal(f.Geometry.Coordinates, &p)
		g = p
	case "MultiPolygon":
		err = json.Unmarshal(f.Geometry.Coordinates, &mp)
		g = mp
	default:
		t.Fatalf("a %s", f.Geometry.Type)
	}
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func readRealCity(t *testing.T, name string) realCity {
	t.Helper()
	read := func(file string) []realFeature {
		b, err := os.ReadFile("../../../shared/data/" + name + "/derived/" + file)
		if errors.Is(err, fs.ErrNotExist) {
			t.Skipf("shared/data/%s is not there: the real data lies outside the repository", name)
		}
		if err != nil {
			t.Fatal(err)
		}
		var c struct {
			Features []realFeature `json:"features"`
		}
		if err := json.Unmarshal(b, &c); err != nil {
			t.Fatal(err)
		}
		return c.Features
	}
	c := realCity{categories: map[string][]orb.Geometry{}}
	for _, f := range read("buildings_points.geojson") {
		c.houses = append(c.houses, f.geometry(t).(orb.Point))
	}
	for _, f := range read("pois.geojson") {
		k := f.Properties.Category
		c.categories[k] = append(c.categories[k], f.geometry(t))
	}
	for _, f := range read("park_polygons.geojson") {
		c.categories["park polygons"] = append(c.categories["park polygons"], f.geometry(t))
	}
	return c
}

func shapesOf(gs []orb.Geometry) []*measure.Shape {
	shapes := make([]*measure.Shape, len(gs))
	for i, g := range gs {
		shapes[i] = measure.NewShape(g)
	}
	return shapes
}

// eachOf calls f with 0…n−1 on all processors.
func eachOf(n int, f func(i int)) {
	threads := runtime.GOMAXPROCS(0)
	var wait sync.WaitGroup
	for k := range threads {
		wait.Go(func() {
			for i := k; i < n; i += threads {
				f(i)
			}
		})
	}
	wait.Wait()
}

// The index leaves nothing out that matters: for every building of two cities and every category of facilities, the same
// millimetres and the same facility as measuring all pairs with the same ruler.
func TestRealCitiesAgainstAllPairs(t *testing.T) {
	every := 1
	if testing.Short() {
		every = 23
	}
	for _, name := range []string{"las_palmas", "monaco"} {
		t.Run(name, func(t *testing.T) {
			city := readRealCity(t, name)
			pairs := 0
			for category, gs := range city.categories {
				shapes := shapesOf(gs)
				var houses []orb.Point
				for i := 0; i < len(city.houses); i += every {
					houses = append(houses, city.houses[i])
				}
				mm, idx := make([]int32, len(houses)), make([]int32, len(houses))
				index.NewNearest(shapes).All(houses, 2, mm, idx)
				wrong := make([]bool, len(houses))
				eachOf(len(houses), func(i int) {
					at, best, who := measure.PlaceOf(houses[i]), int32(math.MaxInt32), int32(-1)
					for k, s := range shapes {
						if d := measure.Millimetres(s.DistanceFrom(at)); d < best {
							best, who = d, int32(k)
						}
					}
					wrong[i] = mm[i] != best || idx[i] != who
				})
				if i := slices.Index(wrong, true); i >= 0 {
					t.Errorf("%s: %v is %d mm from facility %d; all pairs say otherwise", category, houses[i], mm[i], idx[i])
				}
				pairs += len(houses) * len(shapes)
			}
			t.Logf("%d pairs", pairs)
		})
	}
}

// The reach of buildings is that of Karney's geodesic to a millimetre, to points and to the edges of parks, and 0 for a
// building inside a park. What lies clearly farther than the index says is left out by rough degrees; if the index were
// wrong by more than a percent, nothing would be left or something nearer found.
func TestRealCitiesAgainstGeodesic(t *testing.T) {
	for name, every := range map[string]int{"las_palmas": 17, "monaco": 3} {
		t.Run(name, func(t *testing.T) {
			city := readRealCity(t, name)
			worst, inside, n := 0.0, 0, 0
			for category, gs := range city.categories {
				shapes := shapesOf(gs)
				x := index.NewNearest(shapes)
				for i := 0; i < len(city.houses); i += every {
					p := city.houses[i]
					_, mm, ok := x.One(p)
					if !ok {
						t.Fatal("no facility")
					}
					got := float64(mm) / 1000
					want := geodesicReach(p, gs, 1.02*got+2)
					n++
					if want == 0 {
						inside++
					}
					worst = math.Max(worst, math.Abs(got-want))
					if math.Abs(got-want) > 0.00051 {
						t.Fatalf("%s: %v is %.3f m away, geodesics %.6f", category, p, got, want)
					}
				}
			}
			if inside == 0 {
				t.Error("no building is inside a park")
			}
			t.Logf("%d reaches, %d of them 0, at most %.3g m apart", n, inside, worst)
		})
	}
}

// geodesicReach is the least geodesic from p to any of the facilities that lies within about most metres.
func geodesicReach(p orb.Point, gs []orb.Geometry, most float64) float64 {
	lonM, latM := 111320*math.Cos(p[1]*math.Pi/180), 110900.0 // right to half a percent
	rough := func(a, b orb.Point) float64 {                   // from p to the segment
		ax, ay, bx, by := (a[0]-p[0])*lonM, (a[1]-p[1])*latM, (b[0]-p[0])*lonM, (b[1]-p[1])*latM
		dx, dy := bx-ax, by-ay
		f := 0.0
		if l := dx*dx + dy*dy; l > 0 {
			f = math.Max(0, math.Min(1, -(ax*dx+ay*dy)/l))
		}
		return math.Hypot(ax+f*dx, ay+f*dy)
	}
	best := math.Inf(1)
	segment := func(a, b orb.Point) {
		if rough(a, b) > most {
			return
		}
		best = math.Min(best, geodesicToSegment(p, a, b))
	}
	for _, g := range gs {
		switch g := g.(type) {
		case orb.Point:
			segment(g, g)
		case orb.MultiPolygon:
			for _, poly := range g {
				odd := false
				for _, ring := range poly {
					for i := 1; i < len(ring); i++ {
						a, b := ring[i-1], ring[i]
						segment(a, b)
						if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < a[0]+(p[1]-a[1])/(b[1]-a[1])*(b[0]-a[0]) {
							odd = !odd
						}
					}
				}
				if odd {
					return 0
				}
			}
		}
	}
	return best
}

// geodesicToSegment is the least geodesic from p to places on an edge that is straight in degrees, by thirds.
func geodesicToSegment(p, a, b orb.Point) float64 {
	at := func(f float64) (s float64) {
		geodesic.WGS84.Inverse(p[1], p[0], a[1]+f*(b[1]-a[1]), a[0]+f*(b[0]-a[0]), &s, nil, nil)
		return s
	}
	best := math.Min(at(0), at(1))
	if a == b {
		return best
	}
	const golden = 0.6180339887498949
	lo, hi := 0.0, 1.0
	u, v := hi-golden, golden
	du, dv := at(u), at(v)
	for range 24 { // 10⁻⁵ of the edge, where the distance is flat
		if du < dv {
			hi, v, dv = v, u, du
			u = hi - golden*(hi-lo)
			du = at(u)
		} else {
			lo, u, du = u, v, dv
			v = lo + golden*(hi-lo)
			dv = at(v)
		}
	}
	return math.Min(best, math.Min(du, dv))
}

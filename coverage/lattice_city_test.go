package coverage_test

import (
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"lifecircle/coverage"
)

// latticeCity is a city of nx × ny square neighborhoods with homes on a lattice and clinics on a finer one, all in whole
// metres around the origin of city_test.go. Whoever is covered there can be counted with whole numbers.
type latticeCity struct {
	nx, ny  int
	side    int      // of a neighborhood, a multiple of step
	step    int      // between homes; the outermost stand half a step inside
	clinics [][2]int // m
	limit   float64  // m; no home is nearer than 0.2 m to any limit, see clearLimit
	survey  *[4]int  // west, south, east, north: where the clinics are known; nil: everywhere
	unknown bool     // they are known nowhere
	streets bool     // rows of neighborhoods are streets, all of them a district
}

// tallyOf is what is counted of people.
type tallyOf struct{ total, covered, undetermined int64 }

func (c *latticeCity) origin() (x, y int)    { return -c.nx * c.side / 2, -c.ny * c.side / 2 }
func unitName(i, j int) string               { return fmt.Sprintf("u%02d%02d", i, j) }
func (c *latticeCity) people(x, y int) int64 { return int64(1 + ((x*7+y*13)%5+5)%5) }
func (c *latticeCity) perUnit() int          { return c.side / c.step }
func (c *latticeCity) home(i, j int) (x, y int) {
	x0, y0 := c.origin()
	return x0 + c.step/2 + i*c.step, y0 + c.step/2 + j*c.step
}

// eachHome calls f with every home, its neighborhood and its people.
func (c *latticeCity) eachHome(f func(unit string, row, x, y int, n int64)) {
	k := c.perUnit()
	for i := range c.nx * k {
		for j := range c.ny * k {
			x, y := c.home(i, j)
			f(unitName(i/k, j/k), j/k, x, y, c.people(i, j))
		}
	}
}

// state says of a home, by whole numbers: 0 uncovered, 1 undetermined, 2 covered.
func (c *latticeCity) state(x, y int) int {
	for _, f := range c.clinics {
		if dx, dy := float64(x-f[0]), float64(y-f[1]); dx*dx+dy*dy <= c.limit*c.limit {
			return 2
		}
	}
	switch s := c.survey; {
	case c.unknown:
		return 1
	case s == nil:
		return 0
	case float64(min(x-s[0], s[2]-x, y-s[1], s[3]-y)) >= c.limit:
		return 0
	}
	return 1
}

// want counts, in thousandths: by neighborhood, by street and for the district.
func (c *latticeCity) want() map[string]tallyOf {
	out := map[string]tallyOf{}
	c.eachHome(func(unit string, row, x, y int, n int64) {
		for _, id := range []string{unit, fmt.Sprint("street", row), "district"} {
			t := out[id]
			t.total += n * 1000
			switch c.state(x, y) {
			case 2:
				t.covered += n * 1000
			case 1:
				t.undetermined += n * 1000
			}
			out[id] = t
		}
	})
	return out
}

// clearLimit moves the limit to the middle of a gap between the distances that occur, so that it is clear who is inside:
// in degrees, places lie up to some centimetres off the whole metre.
func (c *latticeCity) clearLimit() {
	ds := []float64{0, 1e6}
	c.eachHome(func(_ string, _, x, y int, _ int64) {
		for _, f := range c.clinics {
			ds = append(ds, math.Hypot(float64(x-f[0]), float64(y-f[1])))
		}
		if s := c.survey; s != nil {
			ds = append(ds, math.Abs(float64(x-s[0])), math.Abs(float64(s[2]-x)), math.Abs(float64(y-s[1])), math.Abs(float64(s[3]-y)))
		}
	})
	slices.Sort(ds)
	for i := 1; i < len(ds); i++ {
		if ds[i] > c.limit && ds[i]-ds[i-1] > 0.4 {
			c.limit = math.Round((ds[i-1]+min(ds[i], ds[i-1]+20))/2*1000) / 1000
			return
		}
	}
}

func (c *latticeCity) unitsLayer() *coverage.Layer {
	x0, y0 := c.origin()
	polys, street, district := map[string]orb.Polygon{}, map[string]string{}, map[string]string{}
	for i := range c.nx {
		for j := range c.ny {
			id := unitName(i, j)
			polys[id] = rect(float64(x0+i*c.side), float64(y0+j*c.side), float64(x0+(i+1)*c.side), float64(y0+(j+1)*c.side))
			street[id], district[id] = fmt.Sprint("street", j), "district"
		}
	}
	l := units("community", polys)
	if c.streets {
		change(l, parents("street", street))
		change(l, parents("district", district))
	}
	return l
}

func (c *latticeCity) homes() *coverage.Layer {
	at, n := map[string]orb.Geometry{}, map[string]int64{}
	c.eachHome(func(_ string, _, x, y int, people int64) {
		id := fmt.Sprintf("%d/%d", x, y)
		at[id], n[id] = xy(float64(x), float64(y)), people
	})
	return people("homes", at, n)
}

func (c *latticeCity) clinicsLayer() *coverage.Layer {
	at := map[string]orb.Geometry{}
	for i, f := range c.clinics {
		at[fmt.Sprintf("f%02d", i)] = xy(float64(f[0]), float64(f[1]))
	}
	kind, area := coverage.SurveyEverywhere, orb.MultiPolygon(nil)
	if c.unknown {
		kind = coverage.SurveyUnknown
	} else if s := c.survey; s != nil {
		kind, area = coverage.SurveyPolygon, orb.MultiPolygon{rect(float64(s[0]), float64(s[1]), float64(s[2]), float64(s[3]))}
	}
	return facilities("clinics", "clinic", kind, area, at)
}

// ground is the whole city as residential land, in parcels of a neighborhood's half.
func (c *latticeCity) ground() *coverage.Layer {
	x0, y0 := c.origin()
	var parcels []orb.Polygon
	for i := range 2 * c.nx {
		h := c.side / 2
		parcels = append(parcels, rect(float64(x0+i*h), float64(y0), float64(x0+(i+1)*h), float64(y0+c.ny*c.side)))
	}
	return land(parcels...)
}

func (c *latticeCity) layers() []*coverage.Layer {
	return []*coverage.Layer{c.unitsLayer(), c.homes(), c.clinicsLayer(), c.ground()}
}

// catalog asks for clinics by people, land and number.
func (c *latticeCity) catalog() string {
	return fmt.Sprintf(`
requirements:
  - {id: people, service: clinic, tier: "15", limit: {radius_m: %.3f}, pass_line: 0.7, denominator: population, mandatory: true}
  - {id: land, service: clinic, tier: "15", limit: {radius_m: %.3f}, pass_line: 0.5, denominator: land, weight: 2}
  - {id: number, tier: "5", count: {service: clinic, min: 2, per: unit}}
`, c.limit, c.limit)
}

// drawCity draws a small city.
func drawCity(t *rapid.T) *latticeCity {
	c := &latticeCity{
		nx: rapid.IntRange(1, 3).Draw(t, "nx"), ny: rapid.IntRange(1, 3).Draw(t, "ny"), side: 300, step: rapid.SampledFrom([]int{50, 60, 100}).Draw(t, "step"),
		limit: float64(rapid.IntRange(60, 700).Draw(t, "limit")), streets: rapid.Bool().Draw(t, "streets"),
	}
	for range rapid.IntRange(0, 4).Draw(t, "clinics") {
		c.clinics = append(c.clinics, drawPlace(t, c))
	}
	if rapid.Bool().Draw(t, "surveyed in part") {
		c.survey = &[4]int{}
		for i := range c.survey {
			c.survey[i] = 25 * rapid.IntRange(4, 50).Draw(t, "survey")
			if i < 2 {
				c.survey[i] = -c.survey[i]
			}
		}
	} else {
		c.unknown = rapid.Bool().Draw(t, "unknown")
	}
	c.clearLimit()
	return c
}

// drawPlace draws a place in the city or near it.
func drawPlace(t *rapid.T, c *latticeCity) [2]int {
	return [2]int{25 * rapid.IntRange(-c.nx*8, c.nx*8).Draw(t, "x"), 25 * rapid.IntRange(-c.ny*8, c.ny*8).Draw(t, "y")}
}

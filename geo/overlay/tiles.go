package overlay

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
)

// drawnTile is how large, in degrees, the tiles are in which a wide zone is drawn: what one plane holds without loss, and so few
// parts that a trace is quick.
const drawnTile = 0.0625

// drawnByTiles draws the zone in a box tile by tile, and joins the tiles along their edges; a line of the tiles lies at the origin. ok
// is false if a tile cannot be traced, or the tiles do not fit.
func (z *Zone) drawnByTiles(box orb.Bound, origin float64) (orb.MultiPolygon, bool) {
	number := func(c float64) float64 { return math.Floor((c - origin) / drawnTile) }
	at := func(n float64) float64 { return float64(n*drawnTile) + origin }
	x0, y0 := number(box.Min[0]), number(box.Min[1])
	nx, ny := int(number(box.Max[0])-x0)+1, int(number(box.Max[1])-y0)+1
	seams := [2]map[float64][]orb.Point{{}, {}} // vertices on the lines of the tiles, by what they have in common
	var drawn []orb.MultiPolygon
	for i := range nx * ny {
		tile := orb.Bound{
			Min: orb.Point{max(box.Min[0], at(x0+float64(i%nx))), max(box.Min[1], at(y0+float64(i/nx)))},
			Max: orb.Point{min(box.Max[0], at(x0+float64(i%nx+1))), min(box.Max[1], at(y0+float64(i/nx+1)))},
		}
		if !z.reaches(tile) {
			continue
		}
		mp, ok := z.drawnByTrace(orb.MultiPolygon{tile.ToPolygon()}, true)
		if !ok {
			return nil, false
		}
		eachVertex(mp, func(v *orb.Point) {
			for k := range 2 {
				if line := at(math.Round((v[k] - origin) / drawnTile)); math.Abs(v[k]-line) <= seamDegrees {
					v[k] = line
					seams[k][line] = append(seams[k][line], *v)
				}
			}
		})
		drawn = append(drawn, mp)
	}
	// Where a circle crosses a line, the tiles on both sides know the place to a rounding step: they take the same.
	var same [2]map[orb.Point]orb.Point
	for k := range seams {
		same[k] = map[orb.Point]orb.Point{}
		for _, vs := range seams[k] {
			slices.SortFunc(vs, func(a, b orb.Point) int { return cmp.Compare(a[1-k], b[1-k]) })
			for i := 1; i < len(vs); i++ {
				if vs[i][1-k]-vs[i-1][1-k] <= alongDegrees {
					if vs[i] != vs[i-1] {
						same[k][vs[i]] = vs[i-1]
					}
					vs[i] = vs[i-1]
				}
			}
		}
	}
	var gs []orb.Geometry
	for _, mp := range drawn {
		eachVertex(mp, func(v *orb.Point) {
			for k := range 2 {
				if at, ok := same[k][*v]; ok {
					*v = at
				}
			}
		})
		gs = append(gs, mp)
	}
	return joinByEdges(gs)
}

const (
	// seamDegrees is how near, in degrees, a vertex must come to a line of the tiles to lie on it: 2 mm, since edges of tiles are cut
	// to be straight in a plane.
	seamDegrees = 2e-8
	// alongDegrees is how near two vertices on a line must be to be one: 2 cm, since a circle may cross it at a small angle.
	alongDegrees = 2e-7
)

func eachVertex(mp orb.MultiPolygon, f func(*orb.Point)) {
	for _, p := range mp {
		for _, r := range p {
			for i := range r {
				f(&r[i])
			}
		}
	}
}

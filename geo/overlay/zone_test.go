package overlay

import (
	"fmt"
	"math"
	"testing"

	"github.com/paulmach/orb"

	"lifecircle/geo/measure"
)

// lay makes geometry from metres about a place, so that a test can say how far things are apart.
type lay struct{ plane measure.Plane }

func layAt(lon, lat float64) lay { return lay{measure.NewPlane(orb.Point{lon, lat})} }

func (l lay) point(x, y float64) orb.Point { return l.plane.Inverse([2]float64{x, y}) }

// square is centred at (x, y); its sides are cut so finely that they are straight in metres.
func (l lay) square(x, y, side float64) orb.Polygon {
	return l.box(x-side/2, y-side/2, x+side/2, y+side/2)
}

func (l lay) box(x0, y0, x1, y1 float64) orb.Polygon {
	return orb.Polygon{orb.Ring(line(l, x0, y0, x1, y0, x1, y1, x0, y1, x0, y0))}
}

var latitudes = []float64{0, 30, 45, 60}

// A planner who checks a share by hand, with compasses and ruler, must find the same number.
func TestCoveredClosedForms(t *testing.T) {
	const r = 500.0
	lens := func(d float64) float64 { // common area of two discs at distance d
		return 2*r*r*math.Acos(d/2/r) - d/2*math.Sqrt(4*r*r-d*d)
	}
	for _, lat := range latitudes {
		l := layAt(106.5, lat)
		for _, c := range []struct {
			name  string
			sites []Site
			piece orb.Polygon
			want  float64 // m²
			of    float64 // m²
		}{
			{"disc in a square", []Site{{l.point(0, 0), r}}, l.square(0, 0, 1200), math.Pi * r * r, 1200 * 1200},
			{"square in a disc", []Site{{l.point(0, 0), r}}, l.square(0, 0, 300), 300 * 300, 300 * 300},
			{"square just in a disc", []Site{{l.point(0, 0), r}}, l.square(0, 0, r*math.Sqrt2), 2 * r * r, 2 * r * r},
			{"square beyond a disc", []Site{{l.point(0, 0), r}}, l.square(900, 0, 300), 0, 300 * 300},
			{"square touched by a disc", []Site{{l.point(0, 0), r}}, l.square(650, 0, 300), 0, 300 * 300},
			{"disc of 1 km", []Site{{l.point(0, 0), 1000}}, l.square(0, 0, 2200), math.Pi * 1e6, 2200 * 2200},
			{"disc of 3 km", []Site{{l.point(0, 0), 3000}}, l.square(0, 0, 6600), math.Pi * 9e6, 6600 * 6600},
			{"half of a disc", []Site{{l.point(0, 0), r}}, l.box(0, -600, 600, 600), math.Pi * r * r / 2, 600 * 1200},
			{"quarter of a disc, corner at the centre", []Site{{l.point(0, 0), r}}, l.box(0, 0, 600, 600), math.Pi * r * r / 4, 600 * 600},
			{"circle inscribed in the square", []Site{{l.point(0, 0), r}}, l.square(0, 0, 2*r), math.Pi * r * r, 4 * r * r},
			{"two discs", []Site{{l.point(-200, 0), r}, {l.point(200, 0), r}}, l.square(0, 0, 1600), 2*math.Pi*r*r - lens(400), 1600 * 1600},
			{"two discs that touch", []Site{{l.point(-r, 0), r}, {l.point(r, 0), r}}, l.square(0, 0, 2200), 2 * math.Pi * r * r, 2200 * 2200},
			{"one disc three times", []Site{{l.point(0, 0), r}, {l.point(0, 0), r}, {orb.MultiPoint{l.point(0, 0)}, r}}, l.square(0, 0, 1200), math.Pi * r * r, 1200 * 1200},
			{"disc in a disc that touch inside", []Site{{l.point(0, 0), r}, {l.point(200, 0), 300}}, l.square(0, 0, 1200), math.Pi * r * r, 1200 * 1200},
			{"circles of one centre", []Site{{l.point(0, 0), r}, {l.point(0, 0), 300}}, l.square(0, 0, 1200), math.Pi * r * r, 1200 * 1200},
			{"square on the edge of a disc", []Site{{l.point(0, 0), r}}, l.box(r-100, -100, r+100, 100), boxInDisc(r, r-100, 100), 200 * 200},
			{"stadium", []Site{{line(l, -300, 0, 300, 0), 200}}, l.square(0, 0, 1200), 600*400 + math.Pi*200*200, 1200 * 1200},
			{"stadium of a line walked twice", []Site{{line(l, -300, 0, 300, 0, -300, 0), 200}}, l.square(0, 0, 1200), 600*400 + math.Pi*200*200, 1200 * 1200},
			{"bent line", []Site{{line(l, -300, 0, 0, 0, 0, 300), 100}}, l.square(0, 0, 1200), 2*300*200 + math.Pi*100*100 - 100*100 + math.Pi*100*100/4, 1200 * 1200},
			{"rounded square", []Site{{l.square(0, 0, 400), 300}}, l.square(0, 0, 1200), 400*400 + 4*400*300 + math.Pi*300*300, 1200 * 1200},
			{"park without a limit", []Site{{l.square(0, 0, 400), 0}}, l.square(0, 0, 1200), 400 * 400, 1200 * 1200},
			{"park that is the piece", []Site{{l.square(0, 0, 400), 0}}, l.square(0, 0, 400), 400 * 400, 400 * 400},
			{"park with a hole that stays open", []Site{{orb.Polygon{l.square(0, 0, 600)[0], l.square(0, 0, 300)[0]}, 100}}, l.square(0, 0, 1200),
				600*600 + 4*600*100 + math.Pi*100*100 - 100*100, 1200 * 1200},
			{"park with a hole that closes", []Site{{orb.Polygon{l.square(0, 0, 600)[0], l.square(0, 0, 200)[0]}, 100}}, l.square(0, 0, 1200),
				600*600 + 4*600*100 + math.Pi*100*100, 1200 * 1200},
			{"two parks with a common side", []Site{{l.box(-400, -200, 0, 200), 100}, {l.box(0, -200, 400, 200), 100}}, l.square(0, 0, 1200),
				800*400 + 2*1200*100 + math.Pi*100*100, 1200 * 1200},
			{"a park mapped twice, in part", []Site{{l.box(-400, -200, 100, 200), 100}, {l.box(-200, -200, 400, 200), 100}}, l.square(0, 0, 1200),
				800*400 + 2*1200*100 + math.Pi*100*100, 1200 * 1200},
			{"two parks twice the limit apart", []Site{{l.box(-500, -200, -100, 200), 100}, {l.box(100, -200, 500, 200), 100}}, l.square(0, 0, 1400),
				2 * (400*400 + 4*400*100 + math.Pi*100*100), 1400 * 1400},
			{"a court twice the limit wide", []Site{{orb.Polygon{orb.Ring(line(l, -300, -200, 300, -200, 300, 200, 100, 200, 100, -100, -100, -100, -100, 200, -300, 200, -300, -200))}, 100}}, l.square(0, 0, 1400),
				600*400 + 2*1000*100 + math.Pi*100*100 - notch(100), 1400 * 1400},
		} {
			t.Run(fmt.Sprintf("%s/%g", c.name, lat), func(t *testing.T) {
				f, all, none := NewZone(c.sites).Covered(orb.MultiPolygon{c.piece})
				if got, want := f, c.want/c.of; math.Abs(got-want) > 1e-6*want+1e-9 {
					t.Errorf("share = %.9f, want %.9f (%.2g off)", got, want, got/want-1)
				}
				if all && c.want < c.of || none && c.want > 0 {
					t.Errorf("all = %v, none = %v", all, none)
				}
			})
		}
	}
}

// notch is what two discs of radius r, centred at distance 2r, leave open of the strip between them above their centres.
func notch(r float64) float64 { return 2*r*r - math.Pi*r*r/2 }

// boxInDisc is the area of the disc of radius r about 0 within x ≥ x0, |y| ≤ h.
func boxInDisc(r, x0, h float64) float64 {
	// ∫ (√(r²−y²) − x0) dy over |y| ≤ h
	return h*math.Sqrt(r*r-h*h) + r*r*math.Asin(h/r) - 2*h*x0
}

// line is cut finely, so that it is straight in metres.
func line(l lay, xys ...float64) orb.LineString {
	const n = 64
	out := orb.LineString{l.point(xys[0], xys[1])}
	for i := 2; i < len(xys); i += 2 {
		for k := 1; k <= n; k++ {
			t := float64(k) / n
			out = append(out, l.point(xys[i-2]+(xys[i]-xys[i-2])*t, xys[i-1]+(xys[i+1]-xys[i-1])*t))
		}
	}
	return out
}

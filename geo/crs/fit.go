package crs

import (
	"fmt"
	"math"
	"sort"
)

// Family is a group of systems whose coordinates look alike.
type Family uint8

// The families that figures can be told to be of.
const (
	Degrees      Family = iota + 1 // longitude and latitude; the figures do not tell the datum
	ZonedGrid                      // Gauss–Krüger with the zone before the easting; they tell the zone, not the datum
	MeridianGrid                   // Gauss–Krüger or UTM without the zone; they tell neither
	WebGrid                        // Web Mercator
)

// Layout is how coordinates are laid out, as far as their figures tell.
type Layout struct {
	Family      Family
	Order       Order
	Width, Zone int // of a ZonedGrid: degrees and number
}

// Text describes the layout.
func (l Layout) Text() Text {
	zh, en := "东坐标(经度)在前", "easting (longitude) first"
	if l.Order == NorthEast {
		zh, en = "北坐标(纬度)在前", "northing (latitude) first"
	}
	switch l.Family {
	case Degrees:
		return Text{"经纬度, " + zh, "degrees, " + en}
	case ZonedGrid:
		meridian := 3 * l.Zone
		if l.Width == 6 {
			meridian = 6*l.Zone - 3
		}
		return Text{fmt.Sprintf("高斯-克吕格 %d°带第 %d 带(中央经线 %d°E), 基准未知, %s", l.Width, l.Zone, meridian, zh),
			fmt.Sprintf("Gauss–Krüger, %d° zone %d (central meridian %d°E), datum unknown, %s", l.Width, l.Zone, meridian, en)}
	case MeridianGrid:
		return Text{"不带带号的平面坐标, 中央经线与基准未知, " + zh, "plane coordinates without a zone, central meridian and datum unknown, " + en}
	}
	return Text{"Web 墨卡托, " + zh, "Web Mercator, " + en}
}

// CRS gives the system of the layout on a datum, with its order of axes; false where the figures do not tell it.
func (l Layout) CRS(d Datum) (CRS, bool) {
	var c CRS
	switch l.Family {
	case Degrees:
		if int(d) >= len(datums) || datums[d].code == 0 {
			return CRS{}, false
		}
		c = geographic(d)
	case WebGrid:
		c = webMercator()
	case ZonedGrid:
		for _, z := range gaussKruger {
			if n := l.Zone - z.zone; z.datum == d && z.prefixed && z.width == l.Width && n >= 0 && z.first+n <= z.last {
				c = z.at(z.first + n)
			}
		}
	}
	c.Order = l.Order
	return c, c.Kind != 0
}

// china is where the figures of layouts without a place of their own are looked for, in degrees: west, south, east, north.
var china = [4]float64{73, 3, 136, 54}

// most is the share of the samples that must agree; the others may be slips.
const most = 0.95

// Describe tells which layouts coordinates in China fit by their figures alone, likeliest first; none means that they are nothing
// that is known, or mixed. Samples that are not finite count as not fitting. The datum is never among what figures tell.
func Describe(samples [][2]float64) []Layout {
	count := map[Layout]int{}
	for _, p := range samples {
		for _, o := range []Order{EastNorth, NorthEast} {
			e, n := p[0], p[1]
			if o == NorthEast {
				e, n = n, e
			}
			for _, l := range layoutsOf(e, n) {
				l.Order = o
				count[l]++
			}
		}
	}
	var out []Layout
	for l, n := range count {
		if float64(n) >= most*float64(len(samples)) {
			out = append(out, l)
		}
	}
	sort.Slice(out, func(i, j int) bool {
		a, b := out[i], out[j]
		switch {
		case count[a] != count[b]:
			return count[a] > count[b]
		case a.Family != b.Family:
			return a.Family < b.Family
		case a.Order != b.Order:
			return a.Order < b.Order
		}
		return a.Zone < b.Zone
	})
	return out
}

// layoutsOf lists the layouts that one place with this easting and northing fits. Gauss–Krüger zones are at most 3° wide on each side,
// which is 334 km at the equator; northings in China lie below 6,000 km.
func layoutsOf(e, n float64) []Layout {
	const from, to, north = 100e3, 900e3, 6e6
	var out []Layout
	if e >= china[0] && e <= china[2] && n >= china[1] && n <= china[3] {
		out = append(out, Layout{Family: Degrees})
	}
	if n < 300e3 || n > 7.2e6 {
		return out
	}
	zone := int(math.Floor(math.Min(math.Max(e, 0), 1e9) / 1e6))
	if rest := e - float64(zone)*1e6; rest >= from && rest <= to && n <= north {
		switch {
		case zone == 0:
			out = append(out, Layout{Family: MeridianGrid})
		case zone >= 13 && zone <= 23:
			out = append(out, Layout{Family: ZonedGrid, Width: 6, Zone: zone})
		case zone >= 25 && zone <= 45:
			out = append(out, Layout{Family: ZonedGrid, Width: 3, Zone: zone})
		}
	}
	if lon, lat, ok := mercatorInverse(e, n); ok && lon >= china[0] && lon <= china[2] && lat >= china[1] && lat <= china[3] {
		out = append(out, Layout{Family: WebGrid})
	}
	return out
}

// Fitting is a system in one order of axes that puts samples where they are expected.
type Fitting struct {
	CRS   CRS
	Share float64 // of the samples that fall into the box
}

// Fit tells which of the candidates, in which order of axes, put at least 95 % of the samples into the box (degrees on WGS 84: west,
// south, east, north; bounds of the study area with some space around), best first, then in the order of the candidates.
// One answer settles zone and axes; several mean that the figures fit more than one, and somebody has to say which.
func Fit(samples [][2]float64, candidates []CRS, box [4]float64) []Fitting {
	var out []Fitting
	for _, c := range candidates {
		for _, c := range []CRS{c, c.Swapped()} {
			if share := shareInside(samples, c, box); share >= most {
				out = append(out, Fitting{c, share})
			}
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Share > out[j].Share })
	return out
}

func shareInside(samples [][2]float64, c CRS, box [4]float64) float64 {
	if len(samples) == 0 {
		return 0
	}
	in := 0
	for _, p := range samples {
		lon, lat, err := c.ToWGS84(p[0], p[1])
		if err == nil && lon >= box[0] && lat >= box[1] && lon <= box[2] && lat <= box[3] {
			in++
		}
	}
	return float64(in) / float64(len(samples))
}

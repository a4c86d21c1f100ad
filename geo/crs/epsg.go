package crs

import (
	"fmt"
	"math"
)

// The ellipsoids of the datums that are known (EPSG 7030, 1024 and 7019, 7049, 7024).
const (
	onWGS84 = iota
	onGRS80 // CGCS2000 has the same two numbers
	onIAG75
	onKrassowsky
)

var ellipsoids = [...]ellipsoid{
	onWGS84:      newEllipsoid("WGS 84", 6378137, 298.257223563),
	onGRS80:      newEllipsoid("GRS 1980", 6378137, 298.257222101),
	onIAG75:      newEllipsoid("IAG 1975", 6378140, 298.257),
	onKrassowsky: newEllipsoid("Krassowsky 1940", 6378245, 298.3),
}

// ellipsoidOf finds an ellipsoid by its two numbers.
func ellipsoidOf(a, rf float64) (uint8, bool) {
	for i := range ellipsoids {
		if math.Abs(a-ellipsoids[i].a) < 1e-3 && math.Abs(rf-ellipsoids[i].rf) < 1e-7 {
			return uint8(i), true
		}
	}
	return 0, false
}

// datumInfo is what is known of a datum.
type datumInfo struct {
	name      Text
	code      int // EPSG's of its longitudes and latitudes
	ellipsoid uint8
}

var datums = [...]datumInfo{
	WGS84:      {Text{"WGS 84", "WGS 84"}, 4326, onWGS84},
	CGCS2000:   {Text{"CGCS2000 国家大地坐标系", "CGCS2000"}, 4490, onGRS80},
	Xian80:     {Text{"1980 西安坐标系", "Xian 1980"}, 4610, onIAG75},
	Beijing54:  {Text{"1954 北京坐标系", "Beijing 1954"}, 4214, onKrassowsky},
	NewBeijing: {Text{"新 1954 北京坐标系", "New Beijing"}, 4555, onKrassowsky},
}

// beijing54Error bounds what reading Beijing 1954 as WGS 84 moves any place in China by (73–135° E, 18–53° N), in metres, under
// each of the transformations that EPSG publishes for parts of China (15918–15921, 15935, 15936); in Chongqing it is 30 to 46 m.
const beijing54Error = 115

// zones is a run of EPSG codes of Gauss–Krüger grids, one zone after the other.
type zones struct {
	datum       Datum
	first, last int // codes
	width       int // degrees
	zone        int // of the first code; 6° zone n has its meridian at 6n − 3, 3° zone n at 3n
	prefixed    bool
}

var gaussKruger = [...]zones{
	{CGCS2000, 4491, 4501, 6, 13, true},
	{CGCS2000, 4502, 4512, 6, 13, false},
	{CGCS2000, 4513, 4533, 3, 25, true},
	{CGCS2000, 4534, 4554, 3, 25, false},
	{Xian80, 2327, 2337, 6, 13, true},
	{Xian80, 2338, 2348, 6, 13, false},
	{Xian80, 2349, 2369, 3, 25, true},
	{Xian80, 2370, 2390, 3, 25, false},
	{Beijing54, 2401, 2421, 3, 25, true},
	{Beijing54, 2422, 2442, 3, 25, false},
	{Beijing54, 21413, 21423, 6, 13, true},
	{Beijing54, 21453, 21463, 6, 13, false},
	{Beijing54, 21473, 21483, 6, 13, false}, // the former codes of the same
	{NewBeijing, 4568, 4578, 6, 13, true},
	{NewBeijing, 4579, 4589, 6, 13, false},
	{NewBeijing, 4652, 4656, 3, 25, true},
	{NewBeijing, 4766, 4781, 3, 30, true},
	{NewBeijing, 4782, 4800, 3, 25, false},
	{NewBeijing, 4812, 4812, 3, 44, false},
	{NewBeijing, 4822, 4822, 3, 45, false},
}

// FromEPSG gives the system of an EPSG code; false if it is not known here.
func FromEPSG(code int) (CRS, bool) {
	for d := range datums {
		if datums[d].code == code && code != 0 {
			return geographic(Datum(d)), true
		}
	}
	for _, z := range gaussKruger {
		if code >= z.first && code <= z.last {
			return z.at(code), true
		}
	}
	switch {
	case code == 3857, code == 900913, code == 3785, code == 102100, code == 102113:
		return webMercator(), true
	case code > 32600 && code <= 32660:
		return utm(code-32600, true), true
	case code > 32700 && code <= 32760:
		return utm(code-32700, false), true
	}
	return CRS{}, false
}

func epsg(code int) string { return fmt.Sprintf("EPSG:%d", code) }

func geographic(d Datum) CRS {
	in := datums[d]
	return CRS{Code: epsg(in.code), Name: in.name, Kind: Geographic, Datum: d, ellipsoid: in.ellipsoid}
}

func webMercator() CRS {
	return CRS{Code: epsg(3857), Name: Text{"Web 墨卡托", "Web Mercator"}, Kind: WebMercator, Datum: WGS84}
}

func utm(zone int, north bool) CRS {
	code, letter, fn := 32600+zone, "N", 0.0
	if !north {
		code, letter, fn = 32700+zone, "S", 1e7
	}
	name := fmt.Sprintf("WGS 84 / UTM zone %d%s", zone, letter)
	return CRS{Code: epsg(code), Name: Text{name, name}, Kind: TransverseMercator, Datum: WGS84, ellipsoid: onWGS84,
		grid: grid{lon0: float64(6*zone - 183), scale: 0.9996, fe: 500_000, fn: fn, unit: 1}}
}

// at gives the grid of one code of the run.
func (z zones) at(code int) CRS {
	zone := z.zone + code - z.first
	meridian := 3 * zone
	if z.width == 6 {
		meridian = 6*zone - 3
	}
	in := datums[z.datum]
	c := CRS{Code: epsg(code), Kind: TransverseMercator, Datum: z.datum, ellipsoid: in.ellipsoid,
		grid: grid{lon0: float64(meridian), scale: 1, fe: 500_000, unit: 1}}
	if z.prefixed {
		c.grid.fe += float64(zone) * 1e6
		c.Name = Text{fmt.Sprintf("%s / %d°带第 %d 带", in.name.Zh, z.width, zone), fmt.Sprintf("%s / %d-degree Gauss-Kruger zone %d", in.name.En, z.width, zone)}
	} else {
		c.Name = Text{fmt.Sprintf("%s / %d°带中央经线 %d°E", in.name.Zh, z.width, meridian), fmt.Sprintf("%s / %d-degree Gauss-Kruger CM %dE", in.name.En, z.width, meridian)}
	}
	return c
}

// GaussKruger lists the Gauss–Krüger grids of a datum by code.
func GaussKruger(d Datum) []CRS {
	var out []CRS
	for _, z := range gaussKruger {
		if z.datum != d {
			continue
		}
		for code := z.first; code <= z.last; code++ {
			out = append(out, z.at(code))
		}
	}
	return out
}

// identify gives a system its code and name if it is one of the register's. Where two codes have the same parameters (a 6° zone
// and the 3° zone on the same meridian), said is the one that the file names, else it is the 3° zone.
func identify(c CRS, said int) CRS {
	same := func(code int) (CRS, bool) {
		k, ok := FromEPSG(code)
		return k, ok && k.Kind == c.Kind && k.Datum == c.Datum && k.ellipsoid == c.ellipsoid && k.grid.close(c.grid)
	}
	if k, ok := same(said); ok {
		return k
	}
	if c.Kind == TransverseMercator && c.Datum == WGS84 {
		zone := int(math.Round((c.grid.lon0 + 183) / 6))
		for _, code := range []int{32600 + zone, 32700 + zone} {
			if k, ok := same(code); ok {
				return k
			}
		}
		return c
	}
	found := c
	for _, z := range gaussKruger {
		if z.datum != c.Datum {
			continue
		}
		for code := z.first; code <= z.last; code++ {
			if k, ok := same(code); ok && (found.Code == "" || z.width == 3) {
				found = k
			}
		}
	}
	return found
}

// close reports whether two grids are the same but for the rounding of a file: the coordinates agree to a micrometre.
func (g grid) close(h grid) bool {
	near := func(a, b, tol float64) bool { return math.Abs(a-b) <= tol }
	return near(g.lat0, h.lat0, 1e-11) && near(g.lon0, h.lon0, 1e-11) && near(g.scale, h.scale, 1e-13) &&
		near(g.fe, h.fe, 1e-6) && near(g.fn, h.fn, 1e-6) && near(g.unit, h.unit, 1e-13)
}

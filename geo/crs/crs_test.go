package crs

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"lifecircle/geo/measure"
)

// read gives a system of the register, accepted if it has to be.
func read(t testing.TB, code int) CRS {
	t.Helper()
	c, ok := FromEPSG(code)
	if !ok {
		t.Fatalf("EPSG:%d is not known", code)
	}
	if c.NeedsConsent() {
		var err error
		if c, err = c.Accept(150); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func metres(lon, lat, lon2, lat2 float64) float64 {
	return measure.Distance(orb.Point{lon, lat}, orb.Point{lon2, lat2})
}

// Every grid of the register gives PROJ's coordinates (frozen from PROJ 9.5.1, latitudes and longitudes on the grid's own datum)
// within a micrometre, both ways.
func TestAgainstPROJ(t *testing.T) {
	f, err := os.Open("testdata/proj.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	codes := map[int]bool{}
	worst, worstBack := 0.0, 0.0
	for _, row := range rows[1:] {
		var v [5]float64
		for i, s := range row {
			if v[i], err = strconv.ParseFloat(s, 64); err != nil {
				t.Fatal(err)
			}
		}
		code, lon, lat, wantX, wantY := int(v[0]), v[1], v[2], v[3], v[4]
		codes[code] = true
		c := read(t, code)
		x, y, err := c.FromWGS84(lon, lat)
		if err != nil {
			t.Fatalf("EPSG:%d: %v", code, err)
		}
		d := math.Hypot(x-wantX, y-wantY)
		backLon, backLat, err := c.ToWGS84(wantX, wantY)
		if err != nil {
			t.Fatalf("EPSG:%d: %v", code, err)
		}
		back := metres(lon, lat, backLon, backLat)
		if d > 1e-6 || back > 1e-6 {
			t.Errorf("EPSG:%d at %v, %v: %.9f, %.9f is %.3g m off, and %.3g m on the way back", code, lon, lat, x, y, d, back)
		}
		worst, worstBack = max(worst, d), max(worstBack, back)
		sx, sy, err := c.Swapped().FromWGS84(lon, lat)
		if err != nil || sx != y || sy != x {
			t.Errorf("EPSG:%d with swapped axes: %v, %v, %v", code, sx, sy, err)
		}
	}
	if len(codes) < 380 {
		t.Errorf("only %d codes are checked", len(codes))
	}
	t.Logf("%d codes, %d places: worst %.2g m, back %.2g m", len(codes), len(rows)-1, worst, worstBack)
}

// The same against the cs2cs of this machine, over random places.
func TestAgainstInstalledPROJ(t *testing.T) {
	cs2cs, err := exec.LookPath("cs2cs")
	if err != nil {
		t.Skip("cs2cs is not installed (Debian package proj-bin)")
	}
	for _, c := range []struct {
		code int
		args []string
	}{
		{4545, []string{"+proj=longlat", "+ellps=GRS80", "+to", "+proj=tmerc", "+lon_0=108", "+x_0=500000", "+ellps=GRS80"}},
		{4507, []string{"+proj=longlat", "+ellps=GRS80", "+to", "+proj=tmerc", "+lon_0=105", "+x_0=500000", "+ellps=GRS80"}},
		{2381, []string{"+proj=longlat", "+a=6378140", "+rf=298.257", "+to", "+proj=tmerc", "+lon_0=108", "+x_0=500000", "+a=6378140", "+rf=298.257"}},
		{32648, []string{"+proj=longlat", "+datum=WGS84", "+to", "+proj=utm", "+zone=48", "+datum=WGS84"}},
		{3857, []string{"+proj=longlat", "+datum=WGS84", "+to", "+proj=webmerc", "+datum=WGS84"}},
	} {
		t.Run(epsg(c.code), func(t *testing.T) {
			gen := rapid.Custom(func(r *rapid.T) [2]float64 {
				return [2]float64{rapid.Float64Range(100, 112).Draw(r, "lon"), rapid.Float64Range(3, 54).Draw(r, "lat")}
			})
			var in strings.Builder
			var places [][2]float64
			for i := range 500 {
				p := gen.Example(i)
				places = append(places, p)
				fmt.Fprintf(&in, "%.15g %.15g\n", p[0], p[1])
			}
			cmd := exec.Command(cs2cs, append([]string{"-f", "%.9f"}, c.args...)...)
			cmd.Stdin = strings.NewReader(in.String())
			out, err := cmd.Output()
			if err != nil {
				t.Skipf("cs2cs: %v", err)
			}
			sc := bufio.NewScanner(strings.NewReader(string(out)))
			n := 0
			for ; sc.Scan(); n++ {
				var wantX, wantY float64
				if _, err := fmt.Sscan(sc.Text(), &wantX, &wantY); err != nil {
					t.Fatal(err)
				}
				x, y, err := read(t, c.code).FromWGS84(places[n][0], places[n][1])
				if err != nil || math.Hypot(x-wantX, y-wantY) > 1e-6 {
					t.Errorf("%v: %.9f %.9f, PROJ %.9f %.9f, %v", places[n], x, y, wantX, wantY, err)
				}
			}
			if n != len(places) {
				t.Errorf("%d of %d places came back", n, len(places))
			}
		})
	}
}

// There and back is the same place, for every kind of system and anywhere in China.
func TestRoundTrip(t *testing.T) {
	codes := []int{4490, 3857, 32648, 4524, 4545, 4507, 4497, 2381, 2433, 4791}
	rapid.Check(t, func(r *rapid.T) {
		lon := rapid.Float64Range(chinaWest-2, chinaEast+2).Draw(r, "lon")
		lat := rapid.Float64Range(chinaSouth-0.5, chinaNorth+2).Draw(r, "lat")
		systems := []CRS{gcj02(), bd09()}
		for _, code := range codes {
			systems = append(systems, read(t, code))
		}
		for _, c := range systems {
			if c.Kind == TransverseMercator && math.Abs(lon-c.grid.lon0) > 30 {
				continue
			}
			x, y, err := c.FromWGS84(lon, lat)
			if err != nil {
				r.Fatalf("%s: %v", c.Code, err)
			}
			backLon, backLat, err := c.ToWGS84(x, y)
			if err != nil {
				r.Fatalf("%s: %v", c.Code, err)
			}
			limit := 1e-6
			if !InShiftBox(lon, lat) && (c.Kind == GCJ02 || c.Kind == BD09) {
				// A place beyond the border may stand where one inside is moved to: two places with one name.
				if px, py, _ := c.FromWGS84(backLon, backLat); metres(px, py, x, y) > 1e-3 {
					r.Fatalf("%s at %v, %v does not come back", c.Code, lon, lat)
				}
				continue
			}
			if d := metres(lon, lat, backLon, backLat); d > limit {
				r.Fatalf("%s at %v, %v comes back %g m off", c.Code, lon, lat, d)
			}
		}
	})
}

// The formula gives what other converters publish. They differ by a centimetre in the axis that they take.
func TestGCJAndBD(t *testing.T) {
	for _, c := range []struct {
		name       string
		system     CRS
		lon, lat   float64
		x, y       float64
		toleranceM float64
	}{
		{"Shanghai", gcj02(), 121.5272106, 31.1774276, 121.531541859215, 31.17530398364597, 0.02},
		{"Shenzhen", gcj02(), 113.912316, 22.543847, 113.9171764808363, 22.540796131694766, 0.02},
		{"Beijing", gcj02(), 116.377817, 39.911954, 116.38404722455657, 39.91334545536069, 0.02},
		// the example that most public converters print
		{"Tian'anmen", gcj02(), 116.404, 39.915, 116.41024449916938, 39.91640428150164, 1e-6},
		{"Tian'anmen, BD-09", bd09(), 116.404, 39.915, 116.41662724378733, 39.922699552216216, 1e-6},
	} {
		t.Run(c.name, func(t *testing.T) {
			x, y, err := c.system.FromWGS84(c.lon, c.lat)
			if err != nil {
				t.Fatal(err)
			}
			if d := metres(x, y, c.x, c.y); d > c.toleranceM {
				t.Errorf("%v, %v is %.4f m off", x, y, d)
			}
			lon, lat, err := c.system.ToWGS84(x, y)
			if d := metres(lon, lat, c.lon, c.lat); err != nil || d > 1e-6 {
				t.Errorf("comes back %g m off, %v", d, err)
			}
		})
	}
	t.Run("central Chongqing is moved by about 480 m", func(t *testing.T) {
		x, y, _ := gcj02().FromWGS84(106.577, 29.5577)
		if d := metres(106.577, 29.5577, x, y); d < 479 || d > 481 {
			t.Errorf("%.1f m", d)
		}
		x, y, _ = bd09().FromWGS84(106.577, 29.5577)
		if d := metres(106.577, 29.5577, x, y); d < 1048 || d > 1050 {
			t.Errorf("%.1f m", d)
		}
	})
	t.Run("nothing is moved outside", func(t *testing.T) {
		for _, p := range [][2]float64{{7.42, 43.73}, {-15.43, 28.1}, {139.7, 35.7}, {105, -33}, {105, 60}} {
			for _, c := range []CRS{gcj02(), bd09()} {
				x, y, err := c.FromWGS84(p[0], p[1])
				lon, lat, err2 := c.ToWGS84(p[0], p[1])
				if err != nil || err2 != nil || x != p[0] || y != p[1] || lon != p[0] || lat != p[1] || InShiftBox(p[0], p[1]) {
					t.Errorf("%s moves %v to %v, %v and %v, %v", c.Code, p, x, y, lon, lat)
				}
			}
		}
	})
	t.Run("105 east, where the formula has a square root of zero", func(t *testing.T) {
		for _, dx := range []float64{0, 1e-15, -1e-13, 1e-11, 1e-9, -1e-7, 1e-5} {
			for _, c := range []CRS{gcj02(), bd09()} {
				x, y, _ := c.FromWGS84(105+dx, 29.5)
				lon, lat, err := c.ToWGS84(x, y)
				if d := metres(lon, lat, 105+dx, 29.5); err != nil || d > 1e-4 {
					t.Errorf("%s at 105 %+g: %g m off, %v", c.Code, dx, d, err)
				}
			}
		}
	})
}

// Systems whose way to WGS 84 nobody publishes are read only with an error that the user accepts, and say so.
func TestConsent(t *testing.T) {
	for _, code := range []int{4610, 4214, 4555, 2381, 2433, 4793} {
		c, _ := FromEPSG(code)
		if !c.NeedsConsent() || c.Accuracy().Known {
			t.Errorf("%s: %+v", c.Code, c.Accuracy())
		}
		x, y := 362000.0, 3272000.0
		if c.IsDegrees() {
			x, y = 106.5, 29.5
		}
		if _, _, err := c.ToWGS84(x, y); codeOf(err) != Consent {
			t.Errorf("%s is read without consent: %v", c.Code, err)
		}
		if _, _, err := c.FromWGS84(106.5, 29.5); codeOf(err) != Consent {
			t.Errorf("%s is written without consent: %v", c.Code, err)
		}
		a, err := c.Accept(120)
		if err != nil {
			t.Fatal(err)
		}
		if got := a.Accuracy(); !got.Known || got.Metres != 120 || !strings.Contains(got.Text.En, "120 m") || !strings.Contains(got.Text.Zh, "120 米") {
			t.Errorf("%s: %+v", c.Code, got)
		}
		lon, lat, err := a.ToWGS84(x, y)
		if err != nil || math.Abs(lon-106.5) > 1.1 || math.Abs(lat-29.5) > 0.1 {
			t.Errorf("%s: %v, %v, %v", c.Code, lon, lat, err)
		}
		for _, m := range []float64{0, -1, math.NaN(), math.Inf(1), 1e9} {
			if _, err := c.Accept(m); codeOf(err) != Consent {
				t.Errorf("%s: an error of %v m is accepted", c.Code, m)
			}
		}
	}
	c, _ := FromEPSG(2433)
	if _, err := c.Accept(5); codeOf(err) != Consent {
		t.Error("Beijing 1954 is accepted with 5 m, but EPSG's parameters put it tens of metres off")
	}
	plain, _ := FromEPSG(4545)
	if same, err := plain.Accept(5); err != nil || same != plain {
		t.Error("an error is stated for a system that needs none")
	}
}

func codeOf(err error) Code {
	if e, ok := err.(*Error); ok {
		return e.Code
	}
	return ""
}

// Coordinates that cannot be of the system are refused, and the message says what they look like.
func TestOutOfRange(t *testing.T) {
	grid, _ := FromEPSG(4545)
	degrees, _ := FromEPSG(4490)
	web, _ := FromEPSG(3857)
	for _, c := range []struct {
		name string
		c    CRS
		x, y float64
		hint string
	}{
		{"zone before the easting", grid, 36362088, 3271930, "3° zone 36 (central meridian 108°E), datum unknown, easting"},
		{"northing first", grid, 3271930, 36362088, "3° zone 36 (central meridian 108°E), datum unknown, northing"},
		{"metres as degrees", degrees, 362088, 3271930, "without a zone"},
		{"swapped degrees", degrees, 29.5, 106.5, "degrees, northing (latitude) first"},
		{"no number", degrees, math.NaN(), 1, ""},
		{"infinite", web, math.Inf(1), 1, ""},
		{"beyond the world", web, 3e7, 1, ""},
		{"nowhere", grid, 1e300, -1e300, ""},
		{"nothing", CRS{}, 1, 1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := c.c.ToWGS84(c.x, c.y)
			e, ok := err.(*Error)
			if !ok {
				t.Fatalf("read as something: %v", err)
			}
			if !strings.Contains(e.Hint.En, c.hint) || (c.hint == "") != (e.Hint.En == "") || (e.Hint.Zh == "") != (e.Hint.En == "") {
				t.Errorf("hint %+v", e.Hint)
			}
		})
	}
	for _, p := range [][2]float64{{math.NaN(), 0}, {0, 91}, {181, 0}, {-80, 29}} {
		if _, _, err := grid.FromWGS84(p[0], p[1]); codeOf(err) != Range {
			t.Errorf("%v: %v", p, err)
		}
	}
}

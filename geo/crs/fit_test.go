package crs

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

var chongqing = [4]float64{105.2, 28.1, 110.2, 32.3}

// inSystem gives places of central Chongqing in a system.
func inSystem(t testing.TB, c CRS) [][2]float64 {
	t.Helper()
	var out [][2]float64
	for i := range 40 {
		x, y, err := c.FromWGS84(106.45+float64(i)*0.004, 29.45+float64(i*7%40)*0.005)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, [2]float64{x, y})
	}
	return out
}

// Figures tell zone and axes, never the datum.
func TestDescribe(t *testing.T) {
	for _, c := range []struct {
		name string
		c    CRS
		want Layout
	}{
		{"degrees", read(t, 4490), Layout{Family: Degrees}},
		{"swapped degrees", read(t, 4490).Swapped(), Layout{Family: Degrees, Order: NorthEast}},
		{"3° zone 36", read(t, 4524), Layout{Family: ZonedGrid, Width: 3, Zone: 36}},
		{"3° zone 36, X north", read(t, 4524).Swapped(), Layout{Family: ZonedGrid, Width: 3, Zone: 36, Order: NorthEast}},
		{"6° zone 18, X north", read(t, 4496).Swapped(), Layout{Family: ZonedGrid, Width: 6, Zone: 18, Order: NorthEast}},
		{"Xian 1980, zone 35", read(t, 2359), Layout{Family: ZonedGrid, Width: 3, Zone: 35}},
		{"no zone", read(t, 4545), Layout{Family: MeridianGrid}},
		{"no zone, X north", read(t, 4544).Swapped(), Layout{Family: MeridianGrid, Order: NorthEast}},
		{"UTM", read(t, 32648), Layout{Family: MeridianGrid}},
		{"web", read(t, 3857), Layout{Family: WebGrid}},
	} {
		t.Run(c.name, func(t *testing.T) {
			samples := inSystem(t, c.c)
			got := Describe(samples)
			if len(got) != 1 || got[0] != c.want {
				t.Fatalf("%+v", got)
			}
			samples[3] = [2]float64{0, 0} // one slip in forty changes nothing
			if got := Describe(samples); len(got) != 1 || got[0] != c.want {
				t.Errorf("with a slip: %+v", got)
			}
			if back, ok := got[0].CRS(c.c.Datum); ok != (c.want.Family != MeridianGrid) || ok && (back.Code != c.c.Code || back.Order != c.c.Order) {
				t.Errorf("%+v %v", back, ok)
			}
			if got[0].Text().Zh == "" || got[0].Text().En == "" {
				t.Error("the layout is not described")
			}
		})
	}
	for name, samples := range map[string][][2]float64{
		"nothing":  nil,
		"mixed":    append(inSystem(t, read(t, 4490)), inSystem(t, read(t, 4524))...),
		"local":    {{12345, 6789}, {12400, 6800}},
		"no digit": {{math.NaN(), 1}, {math.Inf(1), math.Inf(-1)}},
		"huge":     {{1e300, 1e300}, {-1e300, 3e6}},
	} {
		if got := Describe(samples); len(got) != 0 {
			t.Errorf("%s is taken for %+v", name, got)
		}
	}
	if _, ok := (Layout{Family: Degrees}).CRS(Foreign); ok {
		t.Error("a foreign datum has degrees")
	}
}

// In the study area's box the grid and the order of axes come out; a box over two zones leaves both.
func TestFit(t *testing.T) {
	core := [4]float64{106.2, 29.3, 106.9, 29.9}
	for _, c := range GaussKruger(CGCS2000) {
		lon := c.grid.lon0
		if lon < 105 || lon > 108 {
			continue
		}
		for _, c := range []CRS{c, c.Swapped()} {
			got := Fit(inSystem(t, c), GaussKruger(CGCS2000), core)
			for _, f := range got {
				if !sameSystem(f.CRS, c) || f.CRS.Order != c.Order || f.Share != 1 {
					t.Errorf("%s also fits %s", c.Code, f.CRS.Code)
				}
			}
			if len(got) == 0 {
				t.Errorf("%s fits nothing", c.Code)
			}
		}
	}
	if got := Fit(inSystem(t, read(t, 4545)), []CRS{read(t, 4544), read(t, 4545), read(t, 4546)}, [4]float64{102, 28, 113, 33}); len(got) != 3 {
		t.Errorf("a box of three zones settles the zone: %+v", got)
	}
	if got := Fit(nil, GaussKruger(CGCS2000), core); got != nil {
		t.Errorf("nothing fits %+v", got)
	}
	if got := Fit(inSystem(t, read(t, 4490).Swapped()), []CRS{read(t, 4490)}, chongqing); len(got) != 1 || got[0].CRS.Order != NorthEast {
		t.Errorf("swapped degrees: %+v", got)
	}
}

// A place of a zoned grid anywhere in China is told to be of its own zone and order.
func TestDescribeZones(t *testing.T) {
	grids := GaussKruger(CGCS2000)
	rapid.Check(t, func(r *rapid.T) {
		c := rapid.SampledFrom(grids).Draw(r, "grid")
		half := 1.5
		if c.grid.fe > 1e6 && c.grid.fe < 25e6 || c.grid.fe < 1e6 && math.Mod(c.grid.lon0, 6) == 3 {
			half = 3
		}
		lon := c.grid.lon0 + rapid.Float64Range(-half, half).Draw(r, "dlon")
		lat := rapid.Float64Range(3.5, 53.5).Draw(r, "lat")
		x, y, err := c.FromWGS84(lon, lat)
		if err != nil {
			r.Fatal(err)
		}
		found := false
		for _, l := range Describe([][2]float64{{x, y}}) {
			if l.Order != EastNorth {
				continue
			}
			if c.grid.fe < 1e6 {
				found = found || l.Family == MeridianGrid
			} else if back, ok := l.CRS(CGCS2000); ok && back == c {
				found = true
			}
		}
		if !found {
			r.Fatalf("%s at %v, %v is not told", c.Code, lon, lat)
		}
	})
}

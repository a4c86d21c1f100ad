package geotiff

import (
	"context"
	"testing"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
)

// A grid becomes a layer of demand without further options, with the people of the raster.
func TestGridAsDemand(t *testing.T) {
	r := grid(3, 2, 1.5, 0, -200, 0.3333, 0.3333, 0.3334)
	r.noData = "-200"
	for _, points := range []bool{false, true} {
		l, rep, err := intake.BuildFrom(context.Background(), nil, "grid.tif", NewSource(open(t, r.file()), Options{Points: points}), intake.Options{Role: coverage.RoleDemand}, nil)
		if err != nil {
			t.Fatal(err)
		}
		people, ok := l.Measure("population")
		sum := int64(0)
		for _, n := range people.Values {
			sum += n
		}
		if !ok || l.Len() != 4 || rep.Used != 4 || rep.Refused+rep.Repaired != 0 || sum != 2500 || rep.CRS != "EPSG:4326" || rep.Format != "geotiff" || (l.Points != nil) != points {
			t.Errorf("%d rows, %d people, %+v", l.Len(), sum, rep)
		}
	}
}

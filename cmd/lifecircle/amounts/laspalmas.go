package main

import (
	"fmt"
	"os"
	"path/filepath"

	"lifecircle/geo/geojson"
)

// lasPalmasServices gives the categories of Las Palmas' points of interest keys of the list of services. The first twelve are those that
// the scripts of the peers measure. Parks come as polygons, in a layer of their own.
var lasPalmasServices = []struct{ category, service string }{
	{"bus_stop", "bus_stop"}, {"sports", "sports"}, {"park", "park"}, {"market", "market"}, {"school", "primary_school"}, {"health_clinic", "clinic"},
	{"pharmacy", "pharmacy"}, {"culture", "culture"}, {"community", "community_center"}, {"health_hospital", "outpatient"}, {"childcare", "nursery"},
	{"elderly_social", "elderly_care"}, {"toilets", "toilet"}, {"charging", "ev_charger"},
}

const peersServices = 12 // of lasPalmasServices

// lasPalmas gives the path of a layer of Las Palmas in the folder of test data.
func lasPalmas(data, name string) string {
	return filepath.Join(data, "las_palmas", "derived", name+".geojson")
}

// makeLasPalmas writes a layer of each service but the parks into a folder: <key>.geojson.
func makeLasPalmas(data, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	by := map[string][]geojson.Feature{}
	err := readFeatures(lasPalmas(data, "pois"), func(f geojson.Feature) error {
		category, _ := f.Properties.Get("category")
		by[category.Text] = append(by[category.Text], f)
		return nil
	})
	if err != nil {
		return err
	}
	for _, s := range lasPalmasServices {
		if s.service == "park" {
			continue
		}
		err := writeFeatures(filepath.Join(dir, s.service+".geojson"), func(w *geojson.Writer) error {
			for _, f := range by[s.category] {
				if err := w.WriteFeature(f.ID, f.Geometry, f.Properties.AppendJSON(nil)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("%s: %w", s.category, err)
		}
	}
	return nil
}

package coverage

import (
	"io"

	"github.com/paulmach/orb"

	"lifecircle/geo/geojson"
)

// WriteGeoJSON writes a table as a FeatureCollection: a row a feature, columns its properties in the same order,
// names and digits as in every other export.
func (t *Table) WriteGeoJSON(w io.Writer) error {
	gw := geojson.NewWriter(w)
	var props []byte
	err := t.Each(func(id string, row []Value, g orb.Geometry) error {
		props = t.AppendRowJSON(props[:0], row)
		return gw.WriteFeature(id, g, props)
	})
	if err != nil {
		return err
	}
	return gw.Close()
}

package intake

import (
	"io"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/geo/overlay"
)

// ReadArea reads the area in which a layer is surveyed (--complete=AREA.geojson): the union of the file's polygons, in WGS 84.
// Errors are of code coverage.Refused: an area with a broken part would promise completeness where nobody looked, so one bad
// feature refuses the file.
func ReadArea(r io.Reader, file string) (orb.MultiPolygon, error) {
	m := newMeter(r, defaultMaxBytesCSV)
	src := newGeoJSONSource(m)
	var parts []orb.Geometry
	for {
		row, err := src.Next()
		if err == io.EOF {
			break
		}
		if m.over {
			err = errTooBig(m.max)
		}
		if err != nil {
			return nil, sourceError(file, err)
		}
		why := row.Refused
		if why == nil {
			switch g := row.Feature.Geometry.(type) {
			case orb.Polygon, orb.MultiPolygon:
				parts = append(parts, g)
			default:
				_, en := geometryWords(g)
				why = finding("geometry_kind", "普查范围只收面", "the surveyed area takes polygons, not a "+en)
			}
		}
		if why != nil {
			e := coverage.Errorf(coverage.Refused, "%s", "%s", why.Text.En)
			e.Text.Zh = why.Text.Zh
			e.File, e.Row = baseName(file), row.N
			return nil, e
		}
	}
	b := builder{file: file, rep: &coverage.ImportReport{}}
	if err := b.readCRS(src.Info()); err != nil {
		return nil, err
	}
	area, err := overlay.Union(parts)
	if err != nil {
		e := coverage.Errorf(coverage.Refused, "各部分无法合并", "its parts cannot be united")
		e.File, e.Err = baseName(file), err
		return nil, e
	}
	if len(area) == 0 {
		return nil, refused(file, "普查范围没有面积", "the surveyed area holds no polygon").err()
	}
	return area, nil
}

var _ Source = (*geojsonSource)(nil)
var _ Source = (*csvSource)(nil)

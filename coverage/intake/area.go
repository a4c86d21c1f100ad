package intake

import (
	"errors"
	"io"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/geo/overlay"
)

// ReadArea reads the area in which a layer is surveyed (--complete=AREA.geojson): the union of the file's polygons, in WGS 84.
// Errors are of code coverage.Refused: an area with a broken part would promise completeness where nobody looked, so one bad
// feature refuses the file.
func ReadArea(r io.Reader, file string) (orb.MultiPolygon, error) {
	f, done, err := asFile(file, r, maxAreaBytes)
	if err != nil {
		return nil, err
	}
	defer done()
	b := newBuilder(nil, file, Options{})
	parts, err := b.areaParts(f)
	var again *readAgain
	if errors.As(err, &again) {
		b.known = again.placing
		parts, err = b.areaParts(f)
	}
	if err != nil {
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

// areaParts reads the polygons of an area; *readAgain if a CRS behind the features says that they were read wrongly.
func (b *builder) areaParts(f *File) ([]orb.Geometry, error) {
	b.placing = b.known
	src := newGeoJSONSource(f.Reader(), b.known.system.Kind != 0 && !b.known.system.IsDegrees())
	var parts []orb.Geometry
	var bad error
	for {
		row, err := src.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, sourceError(b.file, err)
		}
		b.toWGS84(&row, false)
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
		if why != nil && bad == nil {
			e := coverage.Errorf(coverage.Refused, "%s", "%s", why.Text.En)
			e.Text.Zh = why.Text.Zh
			e.File, e.Row = baseName(b.file), row.N
			bad = e
		}
	}
	if err := b.settleCRS(src.Info(), nil); err != nil {
		return nil, err
	}
	return parts, bad
}

// maxAreaBytes bounds the file of an area.
const maxAreaBytes = 256 << 20

var _ Source = (*geojsonSource)(nil)

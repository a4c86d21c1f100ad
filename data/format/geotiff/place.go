package geotiff

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
)

// Keys of GeoTIFF (OGC 19-008r4, annex B).
const (
	keyModel      = 1024
	keyRasterType = 1025
	keyCitation   = 1026
	keyGeodetic   = 2048
	keyProjected  = 3072
	keyProjection = 3073 // citation
	modelPlane    = 1
	modelDegrees  = 2
	pointCells    = 2
	userDefined   = 32767
)

// place reads where the cells lie, and in which CRS.
func (x *Raster) place(tags map[uint16]tag) error {
	keys, texts, err := x.keys(tags)
	if err != nil {
		return err
	}
	if err := x.cellSize(tags); err != nil {
		return err
	}
	if keys[keyRasterType] == pointCells {
		x.PointCells = true
		x.Origin[0] -= x.Scale[0] / 2
		x.Origin[1] += x.Scale[1] / 2
	}
	said := strings.ToLower(texts[keyCitation] + " " + texts[keyProjection])
	switch model := keys[keyModel]; {
	case strings.Contains(said, "mollweide") || strings.Contains(said, "54009"):
		return refused("坐标系是 Mollweide (ESRI:54009), 不支持", "its CRS is Mollweide (ESRI:54009), which is not read",
			"GHS-POP 请下载 WGS 84 (EPSG:4326) 版本 (3 或 30 弧秒); 不要重投影, 否则人口总数会变",
			"download the WGS 84 edition of GHS-POP (EPSG:4326; 3 or 30 arc seconds); do not warp it, which changes the number of people")
	case model == modelDegrees && keys[keyGeodetic] != 0 && keys[keyGeodetic] != userDefined:
		x.CRS = "EPSG:" + strconv.Itoa(int(keys[keyGeodetic]))
	case model == modelPlane && keys[keyProjected] != 0 && keys[keyProjected] != userDefined:
		x.CRS = "EPSG:" + strconv.Itoa(int(keys[keyProjected]))
	case model == modelDegrees && strings.Contains(strings.ReplaceAll(said, " ", ""), "wgs84"):
		x.CRS = "EPSG:4326"
	case len(keys) > 0:
		return refused("坐标系没有 EPSG 编号: "+shown(said), "its CRS has no EPSG code: "+shown(said),
			"写入编号: gdal_translate -a_srs EPSG:4326 (确实为 WGS 84 时)", "write it into the file: gdal_translate -a_srs EPSG:4326, if it is WGS 84")
	}
	if x.CRS == "EPSG:4326" || x.CRS == "EPSG:4490" {
		return x.checkDegrees()
	}
	return nil
}

// checkDegrees refuses cells beyond the globe.
func (x *Raster) checkDegrees() error {
	const slack = 1e-6 // half a cell beyond the edge is usual for grids of points; more is not
	c := x.corner(0, 0)
	d := x.corner(x.Width, x.Height)
	half := [2]float64{x.Scale[0]/2 + slack, x.Scale[1]/2 + slack}
	if c[0] < -180-half[0] || d[0] > 180+half[0] || d[1] < -90-half[1] || c[1] > 90+half[1] {
		return refused(fmt.Sprintf("范围 %.6f…%.6f, %.6f…%.6f 超出经纬度", c[0], d[0], d[1], c[1]),
			fmt.Sprintf("its extent %.6f…%.6f, %.6f…%.6f is beyond degrees", c[0], d[0], d[1], c[1]), "检查坐标系", "check its CRS")
	}
	return nil
}

// keys reads the directory of geographic keys: numbers, and the texts of citations.
func (x *Raster) keys(tags map[uint16]tag) (map[uint16]uint64, map[uint16]string, error) {
	keys, texts := map[uint16]uint64{}, map[uint16]string{}
	dir, err := x.numbers(tags, tagGeoKeys, 4*maxNumbers)
	if err != nil || dir == nil {
		return keys, texts, err
	}
	ascii, _, err := x.content(tags, tagGeoASCII, maxText)
	if err != nil {
		return nil, nil, err
	}
	if len(dir) < 4 || uint64(len(dir)) < 4+4*dir[3] {
		return nil, nil, damaged("地理键目录", "the directory of geographic keys")
	}
	for i := uint64(0); i < dir[3]; i++ {
		k := dir[4+4*i:]
		switch id := uint16(k[0]); k[1] {
		case 0:
			keys[id] = k[3]
		case tagGeoASCII:
			if k[3]+k[2] <= uint64(len(ascii)) {
				texts[id] = strings.TrimRight(string(ascii[k[3]:k[3]+k[2]]), "|\x00")
			}
		}
	}
	return keys, texts, nil
}

// cellSize reads the grid's corner and the size of its cells.
func (x *Raster) cellSize(tags map[uint16]tag) error {
	scale, err := x.reals(tags, tagPixelScale)
	if err != nil {
		return err
	}
	tie, err := x.reals(tags, tagTiepoint)
	if err != nil {
		return err
	}
	matrix, err := x.reals(tags, tagTransformation)
	if err != nil {
		return err
	}
	switch {
	case len(scale) >= 2 && len(tie) == 6:
		x.Scale = [2]float64{scale[0], scale[1]}
		x.Origin = [2]float64{tie[3] - float64(tie[0]*scale[0]), tie[4] + float64(tie[1]*scale[1])}
	case len(matrix) == 16:
		if matrix[1] != 0 || matrix[4] != 0 || matrix[5] >= 0 {
			return refused("栅格是旋转或倒置的", "the grid is rotated or upside down", "转正: gdalwarp", "put it upright: gdalwarp")
		}
		x.Scale = [2]float64{matrix[0], -matrix[5]}
		x.Origin = [2]float64{matrix[3], matrix[7]}
	default:
		return refused("没有地理位置 (不是 GeoTIFF)", "it does not say where it lies: it is a TIFF, not a GeoTIFF",
			"若旁边有 .tfw, 先写入文件: gdal_translate -a_srs EPSG:4326", "if there is a .tfw beside it, write it into the file: gdal_translate -a_srs EPSG:4326")
	}
	for _, v := range []float64{x.Scale[0], x.Scale[1], x.Origin[0], x.Origin[1]} {
		if math.IsNaN(v) || math.Abs(v) > 1e9 {
			return damaged("地理位置", "its place")
		}
	}
	if x.Scale[0] < 1e-9 || x.Scale[1] < 1e-9 {
		return refused("像元大小不是正数", "its cells have no positive size", "转正: gdalwarp", "put it upright: gdalwarp")
	}
	return nil
}

// noData reads the value that means none, as GDAL writes it.
func (x *Raster) noData(tags map[uint16]tag) error {
	b, t, err := x.content(tags, tagNoData, 256)
	if b == nil || err != nil {
		return err
	}
	text := strings.TrimSpace(strings.TrimRight(string(b), "\x00"))
	v, err := strconv.ParseFloat(text, 64)
	if t.kind != 2 || err != nil && !math.IsInf(v, 0) {
		return damaged("无数据值 "+shown(text), "its value for no data, "+shown(text))
	}
	if x.format == formatFloat && x.bits == 32 {
		v = float64(float32(v)) // it is written with more digits than the values have
	}
	x.NoData = &v
	return nil
}

// IsNoData reports whether a value means none: the file's own value for it, or no number at all.
func (x *Raster) IsNoData(v float64) bool {
	return math.IsNaN(v) || math.IsInf(v, 0) || x.NoData != nil && v == *x.NoData
}

// corner is the upper left corner of a cell in units of the CRS.
func (x *Raster) corner(column, row int) orb.Point {
	return orb.Point{x.Origin[0] + float64(float64(column)*x.Scale[0]), x.Origin[1] - float64(float64(row)*x.Scale[1])}
}

// Cell is the rectangle of a cell in units of the CRS. Neighbors have the same corners.
func (x *Raster) Cell(column, row int) orb.Polygon {
	a, b := x.corner(column, row), x.corner(column+1, row+1)
	return orb.Polygon{{{a[0], b[1]}, {b[0], b[1]}, {b[0], a[1]}, {a[0], a[1]}, {a[0], b[1]}}}
}

// Middle is the middle of a cell in units of the CRS.
func (x *Raster) Middle(column, row int) orb.Point {
	a, b := x.corner(column, row), x.corner(column+1, row+1)
	return orb.Point{(a[0] + b[0]) / 2, (a[1] + b[1]) / 2}
}

// Bound is the box of all cells in units of the CRS.
func (x *Raster) Bound() orb.Bound {
	a, b := x.corner(0, 0), x.corner(x.Width, x.Height)
	return orb.Bound{Min: orb.Point{a[0], b[1]}, Max: orb.Point{b[0], a[1]}}
}

// shown quotes a text of the file for a message, shortened.
func shown(s string) string {
	s = strings.TrimSpace(s)
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "…"
	}
	return strconv.Quote(s)
}

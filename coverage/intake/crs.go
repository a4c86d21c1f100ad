package intake

import (
	"strings"

	"lifecircle/coverage"
)

// Coordinate reference systems that are read as they are. CGCS2000 differs from WGS 84 by decimetres.
const (
	wgs84    = "EPSG:4326"
	cgcs2000 = "EPSG:4490"
)

// crsNamed gives the CRS that a name stands for: EPSG:4326, urn:ogc:def:crs:OGC:1.3:CRS84, …; false for any other.
func crsNamed(name string) (string, bool) {
	s := strings.ToUpper(strings.TrimSpace(name))
	for _, prefix := range []string{"URN:OGC:DEF:CRS:", "URN:X-OGC:DEF:CRS:", "HTTP://WWW.OPENGIS.NET/DEF/CRS/", "HTTPS://WWW.OPENGIS.NET/DEF/CRS/"} {
		s = strings.TrimPrefix(s, prefix)
	}
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == ':' || r == '/' || r == ' ' })
	if len(parts) == 3 {
		parts = []string{parts[0], parts[2]} // authority, version, code
	}
	switch strings.Join(parts, ":") {
	case "EPSG:4326", "OGC:CRS84", "CRS84", "WGS84", "WGS:84":
		return wgs84, true
	case "EPSG:4490", "CGCS2000":
		return cgcs2000, true
	}
	return "", false
}

// readCRS settles the CRS of the layer from the option, the file, or the format's own rule, in this order.
func (b *builder) readCRS(info SourceInfo) error {
	if !info.Places {
		return nil
	}
	crs, by := wgs84, "format"
	if info.CRS != "" {
		named, ok := crsNamed(info.CRS)
		if !ok {
			return refused(b.file, "文件的坐标系是 %s, 还不能转换", "the file's CRS is %s, which cannot be transformed yet", quote(info.CRS)).field("crs").
				hint("请先转换为 WGS 84 经纬度 (EPSG:4326)", "transform it to WGS 84 degrees (EPSG:4326) first, for example with ogr2ogr -t_srs EPSG:4326").err()
		}
		crs, by = named, "file"
	}
	if b.o.CRS != "" {
		named, ok := crsNamed(b.o.CRS)
		if !ok {
			return refused(b.file, "坐标系 %s 还不能转换", "the CRS %s cannot be transformed yet", quote(b.o.CRS)).field("crs").
				hint("可用: EPSG:4326, OGC:CRS84, EPSG:4490; 请先转换", "known: EPSG:4326, OGC:CRS84, EPSG:4490; transform the file first").err()
		}
		crs, by = named, "option"
	}
	b.rep.CRS, b.rep.CRSKnownBy = crs, by
	return nil
}

// checkCRS refuses an option that cannot be followed before the file is read.
func checkCRS(file, crs string) error {
	if crs == "" {
		return nil
	}
	b := builder{file: file, o: Options{CRS: crs}, rep: &coverage.ImportReport{}}
	return b.readCRS(SourceInfo{Places: true})
}

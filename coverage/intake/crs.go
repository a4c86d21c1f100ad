package intake

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/geo/crs"
	"lifecircle/geo/geojson"
)

// autoCRS is the option that leaves the datum to the comparison with the project's layers.
const autoCRS = "auto"

func isAuto(option string) bool { return strings.EqualFold(strings.TrimSpace(option), autoCRS) }

// How a CRS was known.
const (
	byOption  = "option"
	byFile    = "file"
	byFormat  = "format"
	byDefault = "default" // nothing was said, and the figures are degrees
	byAuto    = "auto"
)

// placing is how the coordinates of a file become degrees on WGS 84.
type placing struct {
	system crs.CRS
	by     string
}

func wgs84() crs.CRS { return mustCRS("EPSG:4326") }

// statedCRS reads the option; the zero CRS if nothing is stated, or auto. A CRS that cannot be followed is refused before the file is read.
func statedCRS(file string, o *Options) (crs.CRS, error) {
	if o.CRS == "" || isAuto(o.CRS) {
		return crs.CRS{}, nil
	}
	system, err := crs.Parse(o.CRS)
	if err != nil {
		return crs.CRS{}, crsError(file, err)
	}
	return accepted(file, system, o)
}

// accepted gives a system with the user's consent to its error, if it needs any.
func accepted(file string, system crs.CRS, o *Options) (crs.CRS, error) {
	if !system.NeedsConsent() {
		return system, nil
	}
	var err error
	if o.AcceptError > 0 {
		system, err = system.Accept(o.AcceptError)
	} else {
		_, _, err = system.ToWGS84(0, 0)
		var e *crs.Error
		if errors.As(err, &e) {
			e.Hint.Zh += ": --accept-error 米"
			e.Hint.En += ": --accept-error METRES"
		}
	}
	if err != nil {
		return crs.CRS{}, crsError(file, err)
	}
	return system, nil
}

// crsError makes an error of package crs one that a planner can act on.
func crsError(file string, err error) error {
	var e *crs.Error
	if !errors.As(err, &e) {
		return err
	}
	out := coverage.Errorf(coverage.Refused, "%s", "%s", e.Text.En)
	out.Text.Zh = e.Text.Zh
	out.Hint = coverage.Text{Zh: e.Hint.Zh, En: e.Hint.En}
	out.File, out.Field, out.Err = baseName(file), "crs", err
	return out
}

// fileCRS gives the system that a file names, the zero CRS if it names none.
func fileCRS(info *SourceInfo) (crs.CRS, error) {
	switch {
	case info.System.Kind != 0:
		return info.System, nil
	case info.SystemError != nil:
		return crs.CRS{}, info.SystemError
	case info.CRS == "":
		return crs.CRS{}, nil
	}
	return crs.Parse(info.CRS)
}

// readAgain says that a file has to be read once more, since only now it is known how its coordinates are to be read.
type readAgain struct{ placing }

func (*readAgain) Error() string { return "the CRS became known while the file was read" }

// settleCRS settles the CRS of the layer from what is known (see builder.known), the option, the file, the format's own rule or the
// figures, in this order. samples are coordinates of the first rows of a source that is Unchecked.
func (b *builder) settleCRS(info SourceInfo, samples [][2]float64) error {
	if !info.Places || b.o.Role == coverage.RoleAttributes {
		return nil
	}
	at, err := b.placingOf(&info, samples)
	if err != nil {
		return err
	}
	if at.system, err = accepted(b.file, at.system, &b.o); err != nil {
		return err
	}
	if info.Unchecked && !info.Degrees {
		at.system = b.orderOf(at.system, samples)
	}
	if !info.Unchecked && at.by == byFile && !at.system.Identity() && b.known.system.Kind == 0 {
		return &readAgain{at}
	}
	first := b.placing.system.Kind == 0
	b.placing = at
	b.reportCRS()
	if first && !at.system.IsDegrees() {
		if !info.Unchecked && b.samples != nil {
			samples = b.samples()
		}
		if len(samples) > 0 && likeDegrees(samples) {
			p := samples[0]
			return refused(b.file, "坐标系是 %s, 而坐标 (如 %g, %g) 是经纬度", "the CRS is %s, but the coordinates (such as %g, %g) are degrees", b.rep.CRS, p[0], p[1]).field("crs").
				hint("请用 --crs 写明经纬度的坐标系, 如 EPSG:4490", "say with --crs what degrees they are, such as EPSG:4490").err()
		}
	}
	return nil
}

func (b *builder) placingOf(info *SourceInfo, samples [][2]float64) (placing, error) {
	if b.known.system.Kind != 0 {
		return b.known, nil
	}
	named, err := fileCRS(info)
	if stated, e := statedCRS(b.file, &b.o); e != nil || stated.Kind != 0 {
		if err == nil && named.Kind != 0 && named.Code != stated.Code && named != wgs84() {
			b.overridden = named
		}
		return placing{stated, byOption}, e
	}
	switch {
	case err != nil:
		return placing{}, crsError(b.file, err)
	case named.Kind != 0:
		return placing{named, byFile}, nil
	case info.Degrees:
		return placing{wgs84(), byFormat}, nil
	case !likeDegrees(samples):
		return placing{}, b.unknownPlane(samples)
	}
	return placing{wgs84(), byDefault}, nil
}

// reportCRS writes the CRS, how it was known and how well it is read into the report.
func (b *builder) reportCRS() {
	s := b.placing.system
	b.rep.CRS, b.rep.CRSKnownBy, b.rep.CRSName = s.Code, b.placing.by, coverage.Text(s.Name)
	if s.Code == "" {
		b.rep.CRS = s.Name.En
	}
	a := s.Accuracy()
	b.rep.Accuracy = &coverage.CRSAccuracy{Text: coverage.Text(a.Text)}
	if a.Known {
		b.rep.Accuracy.Metres = &a.Metres
	}
}

// warnCRS says what a planner has to know of the CRS.
func (b *builder) warnCRS(l *coverage.Layer) {
	s := b.placing.system
	switch {
	case s.Datum == crs.CGCS2000:
		b.note("cgcs2000", "CGCS2000 按 WGS 84 读取, 在重庆二者相差不到 1 米", "CGCS2000 was read as WGS 84; in Chongqing they differ by decimetres")
	case s.Datum == crs.Xian80, s.Datum == crs.Beijing54, s.Datum == crs.NewBeijing, s.Datum == crs.Foreign:
		a := s.Accuracy()
		b.note("crs_accepted_error", s.Name.Zh+": "+a.Text.Zh, s.Name.En+": "+a.Text.En)
	case b.placing.by == byDefault && l.Len() > 0 && touchesShiftBox(l.Info.Bound):
		b.note("crs_assumed", "文件没有说明坐标系, 按 WGS 84 经纬度读取; 若取自高德或腾讯地图, 请用 --crs gcj02, 取自百度地图用 --crs bd09",
			"the file does not say its CRS and was read as WGS 84 degrees; if it comes from Amap or Tencent, state --crs gcj02, from Baidu --crs bd09")
	}
	if b.overridden.Kind != 0 {
		b.note("crs_overridden", fmt.Sprintf("文件写的坐标系是 %s, 按 --crs 以 %s 读取", b.overridden.Name.Zh, s.Name.Zh),
			fmt.Sprintf("the file says %s; it was read as %s, as --crs says", b.overridden.Name.En, s.Name.En))
	}
	if s.Order == crs.NorthEast {
		if s.IsDegrees() {
			b.note("axes_swapped", "坐标为纬度在前, 已对调", "coordinates have the latitude first; they were swapped")
		} else {
			b.note("northing_first", "坐标为北坐标(X)在前, 已对调", "coordinates have the northing first (X = northing); they were swapped")
		}
	}
}

// toWGS84 brings the geometry of a row into degrees on WGS 84, checked and mended.
func (b *builder) toWGS84(row *Row, unchecked bool) {
	moved := b.placing.system.Kind != 0 && !b.placing.system.Identity()
	if row.Refused != nil || row.Feature.Geometry == nil && !unchecked || !unchecked && !moved {
		return
	}
	if moved && row.Feature.Geometry != nil {
		g, err := b.placing.system.Geometry(row.Feature.Geometry)
		if err != nil {
			row.Feature.Geometry, row.Refused = nil, crsFinding(err)
			return
		}
		row.Feature.Geometry = g
	}
	makeWhole(row)
}

// crsFinding is why a geometry cannot be of the layer's CRS.
func crsFinding(err error) *Finding {
	var e *crs.Error
	if !errors.As(err, &e) {
		return finding("crs_range", err.Error(), err.Error())
	}
	f := finding(string(e.Code), e.Text.Zh, e.Text.En)
	if e.Hint.En != "" {
		f.Text.Zh += "; " + e.Hint.Zh
		f.Text.En += "; " + e.Hint.En
	}
	return f
}

// Rows that are looked at before anything is said of their coordinates, and vertices that they may hold in all.
const (
	sampleRows     = 1000
	sampleVertices = 100_000
)

// firstVertex is the first position of a geometry.
func firstVertex(g orb.Geometry) (p [2]float64, ok bool) {
	switch g := g.(type) {
	case orb.Point:
		return g, true
	case orb.MultiPoint:
		return firstOf(g)
	case orb.LineString:
		return firstOf(g)
	case orb.Ring:
		return firstOf(g)
	case orb.MultiLineString:
		if len(g) > 0 {
			return firstOf(g[0])
		}
	case orb.Polygon:
		if len(g) > 0 {
			return firstOf(g[0])
		}
	case orb.MultiPolygon:
		if len(g) > 0 {
			return firstVertex(g[0])
		}
	case orb.Collection:
		if len(g) > 0 {
			return firstVertex(g[0])
		}
	}
	return p, false
}

func firstOf[S ~[]orb.Point](ps S) (p [2]float64, ok bool) {
	if len(ps) == 0 {
		return p, false
	}
	return ps[0], true
}

// agreed is the share of samples that has to fit; the others may be slips.
const agreed = 0.95

func mostOf(samples [][2]float64, holds func(x, y float64) bool) bool {
	n := 0
	for _, p := range samples {
		if holds(p[0], p[1]) {
			n++
		}
	}
	return float64(n) >= agreed*float64(len(samples))
}

func eastNorth(x, y float64) bool { return math.Abs(x) <= 180 && math.Abs(y) <= 90 }
func northEast(x, y float64) bool { return eastNorth(y, x) }

// inDegrees holds for what may be degrees in either order.
func inDegrees(x, y float64) bool { return eastNorth(x, y) || northEast(x, y) }

// likeDegrees reports whether coordinates may be degrees: most of them in either order, and at least half in one. In a short table one row whose
// columns changed places is a row to refuse, it makes no plane of the others. No coordinates may be.
func likeDegrees(samples [][2]float64) bool {
	n := [2]int{}
	for _, p := range samples {
		if eastNorth(p[0], p[1]) {
			n[0]++
		}
		if northEast(p[0], p[1]) {
			n[1]++
		}
	}
	return mostOf(samples, inDegrees) && 2*max(n[0], n[1]) >= len(samples)
}

// studyMargin is how far beyond the project's other layers a layer may reach, in metres.
const studyMargin = 100e3

// orderOf tells from the figures whether the second coordinate is the easting: by the project's other layers, else by what places in China
// look like. Only what fits one order and not the other is swapped.
func (b *builder) orderOf(system crs.CRS, samples [][2]float64) crs.CRS {
	if len(samples) == 0 || system.NeedsConsent() {
		return system
	}
	if b.beside != nil {
		box := around(*b.beside, studyMargin)
		switch fits := crs.Fit(samples, []crs.CRS{system}, [4]float64{box.Min[0], box.Min[1], box.Max[0], box.Max[1]}); {
		case len(fits) == 1:
			return fits[0].CRS
		case len(fits) > 1:
			return system
		}
	}
	if system.IsDegrees() && mostOf(samples, eastNorth) {
		return system
	}
	swapped := false
	for _, l := range crs.Describe(samples) {
		if !sameFamily(system, l.Family) {
			continue
		}
		if l.Order == system.Order {
			return system
		}
		swapped = true
	}
	if swapped {
		return system.Swapped()
	}
	return system
}

func sameFamily(system crs.CRS, f crs.Family) bool {
	switch system.Kind {
	case crs.TransverseMercator:
		return f == crs.ZonedGrid || f == crs.MeridianGrid
	case crs.WebMercator:
		return f == crs.WebGrid
	}
	return f == crs.Degrees
}

// unknownPlane refuses coordinates of a plane that nobody has named, and says what they look like.
func (b *builder) unknownPlane(samples [][2]float64) error {
	p := samples[0]
	if i := slices.IndexFunc(samples, func(p [2]float64) bool { return !inDegrees(p[0], p[1]) }); i >= 0 {
		p = samples[i]
	}
	e := refused(b.file, "没有说明坐标系, 而坐标不是经纬度 (如 %g, %g)", "it is not said what CRS the coordinates are in, and they are no degrees (such as %g, %g)", p[0], p[1]).field("crs")
	zh, en := b.looks(samples)
	if en == "" {
		zh, en = "请用 --crs EPSG:n 写明", "say which it is with --crs EPSG:n"
	}
	return e.hint(zh, en).err()
}

// looks says what coordinates of a plane look like, and which systems would put them into the study area; "" for nothing that is known.
func (b *builder) looks(samples [][2]float64) (zh, en string) {
	layouts := crs.Describe(samples)
	if len(layouts) == 0 || layouts[0].Family == crs.Degrees {
		return "", ""
	}
	t := layouts[0].Text()
	zh, en = "看起来像: "+t.Zh, "they look like "+t.En
	var codes []string
	if b.beside != nil {
		box := around(*b.beside, studyMargin)
		for _, f := range crs.Fit(samples, planeSystems(), [4]float64{box.Min[0], box.Min[1], box.Max[0], box.Max[1]}) {
			codes = append(codes, f.CRS.Code)
		}
	}
	if len(codes) == 0 {
		for _, l := range layouts {
			if c, ok := l.CRS(crs.CGCS2000); ok && c.Code != "" {
				codes = append(codes, c.Code)
			}
		}
	}
	if len(codes) == 0 {
		return zh + "; 请用 --crs EPSG:n 写明", en + "; say which with --crs EPSG:n"
	}
	listZh, listEn := listed(codes)
	return zh + "; 若基准为 CGCS2000, 可能是 " + listZh + ": 请用 --crs 写明", en + "; if the datum is CGCS2000 or WGS 84, it may be " + listEn + ": say which with --crs"
}

// planeSystems are the grids that a file from China may be in without saying so.
func planeSystems() []crs.CRS {
	out := crs.GaussKruger(crs.CGCS2000)
	for zone := 43; zone <= 53; zone++ {
		out = append(out, mustCRS(fmt.Sprintf("EPSG:%d", 32600+zone)))
	}
	return append(out, mustCRS("EPSG:3857"))
}

// planeSamples reads the first positions of GeoJSON as they are, whatever they mean.
func planeSamples(f *File) [][2]float64 {
	src := newGeoJSONSource(f.Reader(), true)
	var out [][2]float64
	for len(out) < sampleRows {
		row, err := src.Next()
		if err != nil {
			break
		}
		if p, ok := firstVertex(row.Feature.Geometry); ok {
			out = append(out, p)
		}
	}
	return out
}

// hintPlane adds to the refusal of a file of which nothing is usable what its coordinates look like, if they are out of range.
func (b *builder) hintPlane(p *problem, reason string) *problem {
	if reason != string(geojson.OutOfRange) || b.samples == nil {
		return p
	}
	if zh, en := b.looks(b.samples()); en != "" {
		p.Hint.Zh += "; " + zh
		p.Hint.En += "; " + en
	}
	return p
}

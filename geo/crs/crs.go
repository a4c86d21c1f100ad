package crs

import (
	"fmt"
	"math"
)

// Text is a sentence or name in the two languages of a planner.
type Text struct{ Zh, En string }

// Kind says how coordinates of a system become degrees.
type Kind uint8

// The kinds of systems.
const (
	Geographic         Kind = iota + 1 // degrees of longitude and latitude
	TransverseMercator                 // Gauss–Krüger, UTM and grids of the same kind
	WebMercator                        // the sphere of web maps
	GCJ02                              // degrees of longitude and latitude, moved
	BD09                               // the same, moved again
)

// Datum is what latitude and longitude refer to.
type Datum uint8

// The datums that are known.
const (
	WGS84      Datum = iota + 1
	CGCS2000         // 2000 国家大地坐标系; read as WGS 84
	Unnamed          // no name is given, but an ellipsoid that is WGS 84's or CGCS2000's; read as WGS 84
	Xian80           // 1980 西安坐标系
	Beijing54        // 1954 北京坐标系
	NewBeijing       // 新 1954 北京坐标系
	Foreign          // a name that is not known here
)

// Order says which coordinate comes first.
type Order uint8

// The orders of axes.
const (
	EastNorth Order = iota // easting or longitude first
	NorthEast              // northing or latitude first: X = northing in Chinese survey tables
)

// CRS is a coordinate reference system that [Parse] understood. It is a comparable value; the zero CRS reads nothing.
type CRS struct {
	Code  string // EPSG:4545, GCJ-02 …; "" for a system with parameters of its own
	Name  Text
	Kind  Kind
	Datum Datum
	Order Order // EastNorth unless Swapped

	ellipsoid uint8 // index into ellipsoids
	grid      grid
	accepted  float64 // metres
}

// Accuracy is how far places may lie from where WGS 84 has them because of the system, beside the data's own errors.
type Accuracy struct {
	Known  bool
	Metres float64 // an upper bound where it is known
	Text   Text
}

// Accuracy says how well the system is read.
func (c CRS) Accuracy() Accuracy {
	switch {
	case c.accepted > 0:
		return Accuracy{true, c.accepted, Text{
			fmt.Sprintf("按 WGS 84 读取, 未做基准转换; 使用者接受的误差为 %g 米, 未经核实", c.accepted),
			fmt.Sprintf("read as WGS 84 without a datum transformation; the user accepts an error of %g m, which nobody has verified", c.accepted)}}
	case c.Datum == Foreign:
		return Accuracy{Text: Text{"不认识其基准, 与 WGS 84 的差别未知", "its datum is not known here, nor how far it is from WGS 84"}}
	case c.NeedsConsent():
		return Accuracy{Text: Text{"到 WGS 84 没有适用于全国的公开转换参数", "no transformation to WGS 84 is published that holds across China"}}
	case c.Kind == GCJ02, c.Kind == BD09:
		return Accuracy{Text: Text{"按公开公式转换, 反算误差小于 1 毫米; 公式本身的误差无官方说明", "by the public formula, inverted to below 1 mm; its owners state no accuracy"}}
	case c.Datum == CGCS2000:
		return Accuracy{true, 1, Text{"CGCS2000 按 WGS 84 读取, 二者相差不到 1 米", "CGCS2000 is read as WGS 84; they differ by decimetres"}}
	case c.Datum == Unnamed:
		return Accuracy{Text: Text{"文件未写明基准, 按其椭球视为 CGCS2000/WGS 84", "no datum is named; by its ellipsoid it is taken for CGCS2000 or WGS 84"}}
	}
	return Accuracy{Known: true}
}

// NeedsConsent reports whether the system is only read after [CRS.Accept]: Xian 1980, Beijing 1954, and datums that are not known.
func (c CRS) NeedsConsent() bool {
	return c.Kind != 0 && c.accepted == 0 && (c.Datum == Xian80 || c.Datum == Beijing54 || c.Datum == NewBeijing || c.Datum == Foreign)
}

// Accept gives the same system, read as if its datum were WGS 84, with the error in metres that the user states and accepts.
// Where EPSG's parameters for parts of China tell how large the error may be (115 m for Beijing 1954), less is refused.
// A system that needs no consent stays as it is.
func (c CRS) Accept(metres float64) (CRS, error) {
	if !(metres > 0 && metres <= 1e4) {
		return CRS{}, newError(Consent, "可接受的误差应为 0 到 10000 米", "the error to accept is more than 0 and at most 10,000 metres")
	}
	if !c.NeedsConsent() {
		return c, nil
	}
	if c.Datum == Beijing54 && metres < beijing54Error {
		return CRS{}, newError(Consent, "1954 北京坐标系与 WGS 84 在中国的差别可达 %d 米(重庆约 30–46 米), 不能只接受 %g 米",
			"Beijing 1954 and WGS 84 differ by up to %d m in China (30 to 46 m in Chongqing); accepting %g m is too little", beijing54Error, metres)
	}
	c.accepted = metres
	return c, nil
}

// Swapped gives the same system with the other order of axes.
func (c CRS) Swapped() CRS {
	c.Order = NorthEast - c.Order
	return c
}

// Identity reports whether coordinates are read as they are: degrees of longitude and latitude on WGS 84 or what is read as such.
func (c CRS) Identity() bool { return c.Kind == Geographic && c.Order == EastNorth }

// IsDegrees reports whether coordinates are degrees, not metres of a plane.
func (c CRS) IsDegrees() bool { return c.Kind == Geographic || c.Kind == GCJ02 || c.Kind == BD09 }

// ToWGS84 gives the longitude and latitude in degrees of a place. Errors are of type *Error, of code Consent (see [CRS.Accept])
// or Range: the coordinates cannot be of this system.
func (c CRS) ToWGS84(x, y float64) (lon, lat float64, err error) {
	if err := c.ready(); err != nil {
		return 0, 0, err
	}
	if c.Order == NorthEast {
		x, y = y, x
	}
	ok := !math.IsNaN(x-y) && !math.IsInf(x-y, 0)
	if ok {
		switch c.Kind {
		case Geographic, GCJ02, BD09:
			if ok = math.Abs(x) <= 180 && math.Abs(y) <= 90; ok {
				lon, lat = c.unmoved(x, y)
			}
		case TransverseMercator:
			lon, lat, ok = c.grid.inverse(&ellipsoids[c.ellipsoid], x, y)
		case WebMercator:
			lon, lat, ok = mercatorInverse(x, y)
		}
	}
	if !ok {
		return 0, 0, c.outOfRange(x, y)
	}
	return lon, lat, nil
}

// FromWGS84 gives the coordinates of a place in degrees of longitude and latitude, in the order of c. Errors are as in ToWGS84.
func (c CRS) FromWGS84(lon, lat float64) (x, y float64, err error) {
	if err := c.ready(); err != nil {
		return 0, 0, err
	}
	ok := math.Abs(lon) <= 180 && math.Abs(lat) <= 90
	if ok {
		switch c.Kind {
		case Geographic:
			x, y = lon, lat
		case GCJ02:
			x, y = shifted(gcjOffset, lon, lat)
		case BD09:
			x, y = shifted(bdOverWGS, lon, lat)
		case TransverseMercator:
			x, y, ok = c.grid.forward(&ellipsoids[c.ellipsoid], lon, lat)
		case WebMercator:
			x, y, ok = mercatorForward(lon, lat)
		}
	}
	if !ok {
		return 0, 0, newError(Range, "经度 %g 纬度 %g 不在 %s 的范围内", "longitude %g, latitude %g lies outside %s", lon, lat, nameOf(c))
	}
	if c.Order == NorthEast {
		x, y = y, x
	}
	return x, y, nil
}

func (c CRS) unmoved(x, y float64) (lon, lat float64) {
	switch c.Kind {
	case GCJ02:
		return unshifted(gcjOffset, x, y)
	case BD09:
		return unshifted(bdOverWGS, x, y)
	}
	return x, y
}

// ready refuses systems that cannot be read.
func (c CRS) ready() error {
	if c.Kind == 0 {
		return newError(Unknown, "没有坐标系", "there is no CRS")
	}
	if c.NeedsConsent() && c.Datum == Foreign {
		return newError(Consent, "不认识 %s 的基准", "the datum of %s is not known here", nameOf(c)).
			hint("请其测绘部门转换为 CGCS2000 (EPSG:4490 或 4513–4554), 或写明可接受的误差",
				"have its survey office transform it to CGCS2000 (EPSG:4490 or 4513–4554), or state the error in metres that you accept")
	}
	if c.NeedsConsent() {
		return newError(Consent, "%s 与 WGS 84 之间没有适用于全国的公开转换参数", "no transformation from %s to WGS 84 is published that holds across China", nameOf(c)).
			hint("请测绘部门转换为 CGCS2000 (EPSG:4490 或 4513–4554), 或写明可接受的误差",
				"have the survey office transform it to CGCS2000 (EPSG:4490 or 4513–4554), or state the error in metres that you accept")
	}
	return nil
}

// outOfRange says what the coordinates look like instead. x is the easting, y the northing.
func (c CRS) outOfRange(x, y float64) error {
	e := newError(Range, "坐标 (%g, %g) 不可能属于 %s", "the coordinates (%g, %g) cannot be of %s", x, y, nameOf(c))
	if ls := Describe([][2]float64{{x, y}}); len(ls) > 0 {
		e.hint("它们像是: "+ls[0].Text().Zh, "they look like "+ls[0].Text().En)
	}
	return e
}

// label is a name that fits both languages of an error.
type label Text

func nameOf(c CRS) label {
	if c.Code != "" {
		return label{c.Name.Zh + " (" + c.Code + ")", c.Name.En + " (" + c.Code + ")"}
	}
	return label{quote(c.Name.Zh), quote(c.Name.En)}
}

// Equal tells whether two systems are the same value.
func (c CRS) Equal(d CRS) bool { return c == d }

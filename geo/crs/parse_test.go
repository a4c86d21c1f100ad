package crs

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const degreesWKT = `GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`

func gridWKT(params string) string {
	return `PROJCS["local",` + degreesWKT + `,PROJECTION["Gauss_Kruger"],` + params + `,UNIT["Meter",1.0]]`
}

// What files, services and people write is understood.
func TestParse(t *testing.T) {
	for _, c := range []struct{ text, code string }{
		{"EPSG:4545", "EPSG:4545"}, {"epsg:4545", "EPSG:4545"}, {" 4545\n", "EPSG:4545"}, {"EPSG::4545", "EPSG:4545"},
		{"urn:ogc:def:crs:EPSG::4545", "EPSG:4545"}, {"urn:ogc:def:crs:EPSG:9.9:4545", "EPSG:4545"}, {"urn:x-ogc:def:crs:EPSG:4545", "EPSG:4545"},
		{"urn:ogc:def:crs,crs:EPSG::4545,crs:EPSG::5737", "EPSG:4545"},
		{"http://www.opengis.net/def/crs/EPSG/0/4545", "EPSG:4545"}, {"https://www.opengis.net/def/crs/EPSG/0/4545", "EPSG:4545"},
		{"http://www.opengis.net/gml/srs/epsg.xml#4545", "EPSG:4545"},
		{"urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"}, {"urn:ogc:def:crs:OGC::CRS84", "EPSG:4326"}, {"OGC:CRS84", "EPSG:4326"}, {"CRS84", "EPSG:4326"},
		{"http://www.opengis.net/def/crs/OGC/1.3/CRS84", "EPSG:4326"}, {"WGS84", "EPSG:4326"}, {"WGS 84", "EPSG:4326"}, {"wgs_1984", "EPSG:4326"},
		{"CGCS2000", "EPSG:4490"}, {"国家2000", "EPSG:4490"}, {"西安80", "EPSG:4610"}, {"Beijing 1954", "EPSG:4214"},
		{"gcj02", "GCJ-02"}, {"GCJ-02", "GCJ-02"}, {"火星坐标系", "GCJ-02"}, {"bd09", "BD-09"}, {"BD-09", "BD-09"}, {"百度坐标系", "BD-09"},
		{"EPSG:900913", "EPSG:3857"}, {"ESRI:102100", "EPSG:3857"}, {"EPSG:32648", "EPSG:32648"}, {"EPSG:32748", "EPSG:32748"},
		{"+proj=longlat +datum=WGS84 +no_defs", "EPSG:4326"}, {"+proj=utm +zone=48 +datum=WGS84 +units=m +no_defs", "EPSG:32648"},
		{"+proj=utm +zone=48 +south +datum=WGS84", "EPSG:32748"}, {"+init=epsg:4545", "EPSG:4545"},
		{"+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +k=1 +units=m +nadgrids=@null +wktext +no_defs", "EPSG:3857"},
		{"+proj=tmerc +lat_0=0 +lon_0=108 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m +no_defs", ""},
		{degreesWKT, "EPSG:4490"},
		{gridWKT(`PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",108.0],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0]`), "EPSG:4545"},
		{gridWKT(`PARAMETER["False_Easting",36500000.0],PARAMETER["Central_Meridian",108.0]`), "EPSG:4524"},
		{gridWKT(`PARAMETER["False_Easting",50000],PARAMETER["Central_Meridian",106.5],PARAMETER["False_Northing",-3000000]`), ""},
		{gridWKT(`PARAMETER["False_Easting",500000],PARAMETER["Central_Meridian",105]`), "EPSG:4544"},
		{gridWKT(`PARAMETER["False_Easting",500000],PARAMETER["Central_Meridian",105],AUTHORITY["EPSG","4507"]`), "EPSG:4507"},
		{degreesWKT + `,VERTCS["Yellow_Sea_1985",VDATUM["Yellow_Sea_1985"],PARAMETER["Vertical_Shift",0.0],UNIT["Meter",1.0]]`, "EPSG:4490"},
		{strings.NewReplacer("[", "(", "]", ")").Replace(degreesWKT), "EPSG:4490"},
		{`COMPD_CS["both",` + degreesWKT + `,VERT_CS["h",VERT_DATUM["d",2005],UNIT["m",1]]]`, "EPSG:4490"},
		{"\ufeff" + degreesWKT + "\r\n", "EPSG:4490"},
		{`GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`, "EPSG:4326"},
	} {
		got, err := Parse(c.text)
		if err != nil || got.Code != c.code || got.Name.En == "" || got.Name.Zh == "" {
			t.Errorf("%s: %q %+v, %v", c.text, got.Code, got.Name, err)
		}
	}
}

// A grid with parameters of its own is read by them.
func TestOwnParameters(t *testing.T) {
	c, err := Parse(gridWKT(`PARAMETER["False_Easting",50000],PARAMETER["Central_Meridian",106.5],PARAMETER["False_Northing",-3000000]`))
	if err != nil {
		t.Fatal(err)
	}
	x, y, err := c.FromWGS84(106.577, 29.5577)
	// PROJ 9.5.1: +proj=tmerc +lon_0=106.5 +x_0=50000 +y_0=-3000000 +ellps=GRS80
	if err != nil || abs(x-57462.168884) > 2e-6 || abs(y-271087.479541) > 2e-6 {
		t.Errorf("%.6f %.6f %v", x, y, err)
	}
	if c.Datum != CGCS2000 || c.Kind != TransverseMercator || !c.Accuracy().Known {
		t.Errorf("%+v", c)
	}
	feet, err := Parse(`PROJCS["feet",` + degreesWKT + `,PROJECTION["Transverse_Mercator"],PARAMETER["False_Easting",164041.9947506562],PARAMETER["Central_Meridian",106.5],UNIT["Foot",0.3048]]`)
	if err != nil {
		t.Fatal(err)
	}
	fx, _, err := feet.FromWGS84(106.577, 29.5577)
	if err != nil || abs(fx*0.3048-57462.168884) > 2e-6 {
		t.Errorf("%v %v", fx*0.3048, err)
	}
	unnamed, err := Parse("+proj=tmerc +lon_0=108 +x_0=500000 +ellps=GRS80")
	if err != nil || unnamed.Datum != Unnamed || unnamed.Accuracy().Known || unnamed.NeedsConsent() {
		t.Errorf("%+v %v", unnamed, err)
	}
	foreign, err := Parse(strings.ReplaceAll(degreesWKT, "D_China_2000", "D_Chongqing_Local"))
	if err != nil || foreign.Datum != Foreign || !foreign.NeedsConsent() {
		t.Errorf("%+v %v", foreign, err)
	}
}

func abs(x float64) float64 { return max(x, -x) }

// What is not understood is refused with the reason, never read as something else.
func TestParseRefuses(t *testing.T) {
	grid := gridWKT(`PARAMETER["Central_Meridian",108],PARAMETER["False_Easting",500000]`)
	for _, c := range []struct {
		text string
		code Code
	}{
		{"", Unknown}, {"  \n", Unknown}, {"EPSG:27700", Unknown}, {"EPSG:0", Unknown}, {"EPSG:-4545", Unknown}, {"EPSG:99999999", Unknown}, {"重庆市独立坐标系", Unknown},
		{"EPSG", Unknown}, {"OGC:CRS83", Unknown}, {"urn:ogc:def:crs:OGC:1.3:CRS27", Unknown},
		{grid[:len(grid)-1], Broken}, {grid + "]", Broken}, {"PROJCS[", Broken}, {`PROJCS["x]`, Broken}, {"[]", Broken}, {`PROJCS[,]`, Broken}, {`GEOGCS["x")`, Broken},
		{`GEOGCS["x"]`, Broken}, {`PROJCS["x",` + degreesWKT + `]`, Broken}, {`PROJCS["x",PROJECTION["Gauss_Kruger"]]`, Broken},
		{degreesWKT + "," + degreesWKT, Broken}, {strings.Repeat("A[", 100_000), Broken}, {strings.Repeat("A[", 1000), Broken}, {"A[" + strings.Repeat("1,", 10_000) + "1]", Broken},
		{strings.ReplaceAll(degreesWKT, "6378137.0,298.257222101", "6378245,298.3"), Conflict}, {strings.ReplaceAll(degreesWKT, "298.257222101", "298.3"), Units},
		{strings.ReplaceAll(degreesWKT, "6378137.0,298.257222101", "6377397.155,299.1528128"), Units},
		{strings.ReplaceAll(degreesWKT, "298.257222101", "1e999"), Broken}, {strings.ReplaceAll(degreesWKT, "298.257222101", "0x1p9"), Broken}, {strings.ReplaceAll(degreesWKT, "298.257222101", "NaN"), Broken},
		{strings.ReplaceAll(degreesWKT, `"Greenwich",0.0`, `"Paris",2.33722917`), Units},
		{strings.ReplaceAll(degreesWKT, "0.0174532925199433", "0.01570796326794897"), Units},
		{strings.ReplaceAll(degreesWKT, "298.257222101]", "298.257222101],TOWGS84[1,2,3,0,0,0,0]"), Units},
		{strings.ReplaceAll(grid, "Gauss_Kruger", "Lambert_Conformal_Conic"), Units},
		{strings.ReplaceAll(grid, "Central_Meridian", "Azimuth"), Units},
		{strings.ReplaceAll(grid, `"Meter",1.0`, `"Meter",0`), Units},
		{strings.ReplaceAll(grid, "108", "1080"), Units},
		{strings.TrimSuffix(grid, "]") + `,AUTHORITY["EPSG","4524"]]`, Conflict},
		{strings.TrimSuffix(degreesWKT, "]") + `,AUTHORITY["EPSG","4326"]]`, Conflict},
		{`LOCAL_CS["local",LOCAL_DATUM["x",0],UNIT["m",1]]`, Unknown}, {`ENGCRS["x",EDATUM["y"]]`, Unknown}, {`VERTCS["h",VDATUM["d"]]`, Unknown}, {`COMPD_CS["x"]`, Unknown},
		{"+proj=lcc +lat_1=20", Units}, {"+proj=tmerc +lon_0=108 +ellps=bessel", Units}, {"+proj=longlat +ellps=GRS80 +towgs84=1,2,3", Units},
		{"+proj=tmerc +lon_0=108 +ellps=GRS80 +axis=neu", Units}, {"+proj=utm +zone=99 +datum=WGS84", Units}, {"+proj=utm +zone=48 +ellps=GRS80", Units}, {"+proj=longlat +datum=NAD27", Units},
		{"+proj=tmerc +lon_0=x +ellps=GRS80", Units}, {"+proj=tmerc +lon_0=1 +lon_0=2 +ellps=GRS80", Broken}, {"+proj=merc +datum=WGS84", Units}, {"+init=epsg:4545 +lon_0=3", Units}, {"+init=" + strings.Repeat("+init=", 10_000) + "epsg:4545", Unknown},
		{"+proj=longlat +datum=WGS84 +pm=paris", Units}, {"+proj=webmerc +datum=WGS84 +lon_0=9", Units},
	} {
		got, err := Parse(c.text)
		e, ok := err.(*Error)
		if !ok || e.Code != c.code || e.Text.Zh == "" || e.Text.En == "" || got != (CRS{}) || len(e.Error()) > 600 {
			t.Errorf("%.80s: %+v, %v", c.text, got, err)
		}
	}
	if _, err := Parse(strings.Repeat(" ", maxText+1)); codeOf(err) != Broken {
		t.Error("a definition of any length is read")
	}
}

// Every definition that PROJ writes of a system, in four flavours, is that system. More of them lie where LIFECIRCLE_WKT says.
func TestDefinitions(t *testing.T) {
	dirs := []string{"testdata/wkt"}
	if more := os.Getenv("LIFECIRCLE_WKT"); more != "" {
		dirs = append(dirs, more)
	}
	n := 0
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.wkt"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			said, _, _ := strings.Cut(filepath.Base(name), "_")
			code, err := strconv.Atoi(said)
			if err != nil {
				t.Fatal(err)
			}
			want, _ := FromEPSG(code)
			got, err := Parse(string(text))
			if err != nil || !sameSystem(got, want) {
				t.Errorf("%s: %+v, %v", name, got, err)
			} else if got.Code != want.Code && !strings.Contains(name, "esri") { // ESRI's text names no code
				t.Errorf("%s is called %s", name, got.Code)
			}
			n++
		}
	}
	if n < 50 {
		t.Errorf("only %d definitions", n)
	}
}

// A row of gpkg_spatial_ref_sys is read by its code where that is known, and refused where its parts contradict each other.
func TestFromGeoPackage(t *testing.T) {
	own := gridWKT(`PARAMETER["False_Easting",50000],PARAMETER["Central_Meridian",106.5]`)
	for _, c := range []struct {
		org        string
		code       int64
		definition string
		want       string
		fails      Code
	}{
		{"EPSG", 4326, "undefined", "EPSG:4326", ""},
		{"epsg", 4490, degreesWKT, "EPSG:4490", ""},
		{"EPSG", 4545, "", "EPSG:4545", ""},
		{"EPSG", 4545, "no definition at all", "EPSG:4545", ""},
		{"EPSG", 4545, degreesWKT, "", Conflict},
		{"NONE", -1, "undefined", "", Unknown},
		{"NONE", 0, "undefined", "", Unknown},
		{"EPSG", 27700, "", "", Unknown},
		{"local", 100001, own, "", ""},
		{"EPSG", 1 << 40, "undefined", "", Unknown},
	} {
		t.Run(fmt.Sprintf("%s %d", c.org, c.code), func(t *testing.T) {
			got, err := FromGeoPackage(c.org, c.code, c.definition)
			if codeOf(err) != c.fails || got.Code != c.want || (err == nil) != (got.Kind != 0) {
				t.Errorf("%+v %v", got, err)
			}
		})
	}
}

// Whatever stands in a .prj: no crash, an answer that is wholly understood or an error in both languages, the same every time.
func FuzzParse(f *testing.F) {
	f.Add("EPSG:4545")
	f.Add(degreesWKT)
	f.Add("+proj=tmerc +lon_0=108 +x_0=500000 +ellps=GRS80")
	files, err := filepath.Glob("testdata/wkt/*.wkt")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse(text)
		again, err2 := Parse(text)
		if c != again || fmt.Sprint(err) != fmt.Sprint(err2) {
			t.Fatalf("%+v, then %+v; %v, then %v", c, again, err, err2)
		}
		if err != nil {
			e, ok := err.(*Error)
			if !ok || e.Text.Zh == "" || e.Text.En == "" || c != (CRS{}) {
				t.Fatalf("%+v %#v", c, err)
			}
			return
		}
		if c.Kind == 0 || c.Datum == 0 || c.Name.En == "" {
			t.Fatalf("%+v", c)
		}
		if c.NeedsConsent() {
			if c, err = c.Accept(1000); err != nil {
				t.Fatal(err)
			}
		}
		lon := c.grid.lon0
		for lon > 180 {
			lon -= 360
		}
		for lon < -180 {
			lon += 360
		}
		lat := 29.5
		x, y, err := c.FromWGS84(lon, lat)
		if err != nil {
			t.Fatal(err)
		}
		backLon, backLat, err := c.ToWGS84(x, y)
		if err != nil || metres(lon, lat, backLon, backLat) > 1e-3 && metres(lon, lat, backLon, backLat) < 1e7 {
			t.Fatalf("%+v: %v, %v comes back as %v, %v, %v", c, lon, lat, backLon, backLat, err)
		}
	})
}

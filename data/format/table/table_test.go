package table_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
	"lifecircle/data/format/table"
	"lifecircle/geo/geojson"
)

// Where rows lie is told by the names that planners and services use, and by the first cells where names alone could mislead.
func TestPlaces(t *testing.T) {
	here := orb.Point{106.5, 29.5}
	for _, c := range []struct {
		header, cells string // separated by bars
		o             table.Options
		want          orb.Geometry
		crs, fields   string
		others        bool
	}{
		{"name|lon|lat", "a|106.5|29.5", table.Options{}, here, "", "name", false},
		{"Latitude|Longitude", "29.5| 106.5 ", table.Options{}, here, "", "", false},
		{"名称|经度|纬度", "a|106.5|29.5", table.Options{}, here, "", "名称", false},
		{"X|Y|楼层", "106.5|29.5|3", table.Options{}, here, "", "楼层", false},
		{"lng|lat|x|y", "106.5|29.5|1|2", table.Options{}, here, "", "x y", true},
		{"经度(GCJ02)|纬度(GCJ02)", "106.5|29.5", table.Options{}, here, "GCJ-02", "", false},
		{"gcj_lng|gcj_lat|wgs84_lng|wgs84_lat", "1|2|106.5|29.5", table.Options{}, here, "EPSG:4326", "gcj_lng gcj_lat", true},
		{"name|location", "a|106.5,29.5", table.Options{}, here, "", "name", false},
		{"name|location", "a|106.5，29.5", table.Options{}, here, "", "name", false},
		{"location|lon|lat", "渝中区|106.5|29.5", table.Options{}, here, "", "location", false},
		{"lon|lat|wkt", "1|2|POINT(106.5 29.5)", table.Options{}, here, "", "lon lat", true},
		{"name|geom", "a|SRID=4490;POINT(106.5 29.5)", table.Options{}, here, "EPSG:4490", "name", false},
		{"geometry|lon|lat", "0101000020|106.5|29.5", table.Options{}, here, "", "geometry", false},
		{"a|b|lon|lat", "106.5|29.5|1|2", table.Options{X: "a", Y: "b"}, here, "", "lon lat", false},
		{"a|lon|lat", "106.5,29.5|1|2", table.Options{Location: "a"}, here, "", "lon lat", false},
		{"a|lon|lat", "POINT(106.5 29.5)|1|2", table.Options{WKT: "a"}, here, "", "lon lat", false},
		{"code|lon|lat", "1|2|3", table.Options{Attributes: true}, nil, "", "code lon lat", false},
	} {
		header, cells := strings.Split(c.header, "|"), strings.Split(c.cells, "|")
		tab, err := table.New(header, [][]string{cells}, c.o)
		if err != nil {
			t.Errorf("%s: %v", c.header, err)
			continue
		}
		row := tab.Row(1, 2, cells)
		info := tab.Info()
		if row.Refused != nil || !cmp.Equal(row.Feature.Geometry, c.want) || info.CRS != c.crs || strings.Join(info.Fields, " ") != c.fields {
			t.Errorf("%s: %v %v, CRS %q, fields %v", c.header, row.Refused, row.Feature.Geometry, info.CRS, info.Fields)
		}
		if has := notes(info); strings.Contains(has, "other_coordinates") != c.others {
			t.Errorf("%s: notes %s", c.header, has)
		}
		if info.Places == c.o.Attributes || info.Unchecked == c.o.Attributes {
			t.Errorf("%s: %+v", c.header, info)
		}
	}
}

func notes(info intake.SourceInfo) string {
	var out []string
	for _, n := range info.Notes {
		out = append(out, n.Code)
	}
	return strings.Join(out, " ")
}

func TestRefusedHeaders(t *testing.T) {
	for _, c := range []struct {
		header string
		o      table.Options
		want   string
	}{
		{"a|b|a", table.Options{Attributes: true}, "two columns have the same name"},
		{"", table.Options{}, "no header row"},
		{"name|address|lon", table.Options{}, "no columns of coordinates"},
		{"lon|纬度", table.Options{}, "no columns of coordinates"},
		{"gcj_lng|wgs_lat", table.Options{}, "no columns of coordinates"},
		{"lon|lat", table.Options{X: "lon"}, "come in pairs"},
		{"lon|lat", table.Options{X: "e", Y: "n"}, "no such column"},
		{"lon|lat", table.Options{WKT: "w"}, "no such column"},
	} {
		_, err := table.New(strings.Split(c.header, "|"), nil, c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) || coverage.CodeOf(err) != coverage.Refused {
			t.Errorf("%q: %v, want %q", c.header, err, c.want)
		}
	}
	_, err := table.New([]string{"名称", "地址"}, nil, table.Options{})
	if err == nil || !strings.Contains(err.Error(), "名称, 地址") {
		t.Errorf("the columns are not listed: %v", err)
	}
}

func TestRows(t *testing.T) {
	tab, err := table.New([]string{"id", "typecode", "tel", "lon", "lat", ""}, nil, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ cells, want, code string }{
		{"007|50301|[]|1|2|x", `{"column 6":"x","id":"007","tel":null,"typecode":"050301"}`, ""},
		{"1|141204|[] |1|2|", `{"column 6":null,"id":"1","tel":"[] ","typecode":"141204"}`, ""},
		{"1|50301,x|a|1|2|", `{"column 6":null,"id":"1","tel":"a","typecode":"50301,x"}`, ""},
		{"1|||1|2|", `{"column 6":null,"id":"1","tel":null,"typecode":null}`, ""},
		{"2|||||", `{"column 6":null,"id":"2","tel":null,"typecode":null}`, "null_geometry"},
		{"3||| |[]|", `{"column 6":null,"id":"3","tel":null,"typecode":null}`, "null_geometry"},
		{"4|||1||", `{"column 6":null,"id":"4","tel":null,"typecode":null}`, "bad_coordinate"},
		{"5|||106°|29|", `{"column 6":null,"id":"5","tel":null,"typecode":null}`, "bad_coordinate"},
		{"5|||0x1p2|29|", `{"column 6":null,"id":"5","tel":null,"typecode":null}`, "bad_coordinate"},
		{"5|||NaN|29|", `{"column 6":null,"id":"5","tel":null,"typecode":null}`, "bad_coordinate"},
		{"5|||1e999|29|", `{"column 6":null,"id":"5","tel":null,"typecode":null}`, "bad_coordinate"},
		{"6|x", `{"id":"6","typecode":"x"}`, "cell_count"},
		{"7|||1|2||more", `{"column 6":null,"id":"7","tel":null,"typecode":null}`, "cell_count"},
	} {
		row := tab.Row(3, 9, strings.Split(c.cells, "|"))
		code := ""
		if row.Refused != nil {
			code = row.Refused.Code
			if row.Refused.Text.Zh == "" || row.Refused.Text.En == "" || row.Feature.Geometry != nil {
				t.Errorf("%s: %+v", c.cells, row)
			}
		}
		if got := string(row.Feature.Properties.AppendJSON(nil)); got != c.want || code != c.code || row.N != 3 || row.Line != 9 {
			t.Errorf("%s: %s %q, want %s %q", c.cells, got, code, c.want, c.code)
		}
	}
	row := tab.Row(1, 1, []string{"1", "50301|141204|60400", "", "1", "2", ""})
	if v, _ := row.Feature.Properties.Get("typecode"); v != (geojson.Value{Kind: geojson.String, Text: "050301|141204|060400"}) {
		t.Errorf("%+v", v)
	}
	if !tab.Blank([]string{"", " ", "\t"}) || tab.Blank([]string{"", "0"}) {
		t.Error("blank rows")
	}
	if got := notes(tab.Info()); got != "typecode_zeros blank_rows" {
		t.Error(got)
	}
}

func TestWKTColumn(t *testing.T) {
	tab, err := table.New([]string{"wkt"}, nil, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ cell, code string }{
		{"SRID=4490;POINT(1 2)", ""}, {"POINT(1 2)", "mixed_srid"}, {"SRID=4326;POINT(1 2)", "mixed_srid"}, {"SRID=4490;POINT Z (1 2 3)", ""},
		{"", "null_geometry"}, {"POLYGON((1 2", "bad_wkt"},
	} {
		code := ""
		if row := tab.Row(1, 1, []string{c.cell}); row.Refused != nil {
			code = row.Refused.Code
		}
		if code != c.code {
			t.Errorf("%s: %q, want %q", c.cell, code, c.code)
		}
	}
	if info := tab.Info(); info.CRS != "EPSG:4490" || notes(info) != "z_dropped" {
		t.Errorf("%+v", info)
	}
}

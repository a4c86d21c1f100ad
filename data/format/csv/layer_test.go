package csv_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
	"lifecircle/data/catalogs"
	"lifecircle/data/format/csv"
)

// A table becomes the layer that a GeoJSON file of the same features is, with every row counted: coordinates are checked as GeoJSON's are.
func TestLayer(t *testing.T) {
	o := intake.Options{Role: coverage.RoleFacilities, Services: []string{"clinic"}, IDField: "编号"}
	var rows, features strings.Builder // enough of them to show that the table has degrees
	for i := range 40 {
		x := 106.61 + float64(i)/1000
		fmt.Fprintf(&rows, "%d,站,%.3f,29.61\n", 100+i, x)
		fmt.Fprintf(&features, `,{"type":"Feature","properties":{"编号":"%d","名称":"站"},"geometry":{"type":"Point","coordinates":[%.3f,29.61]}}`, 100+i, x)
	}
	src, err := csv.NewReader(strings.NewReader(gbk("编号,名称,经度,纬度\n1,綦江一站,106.5,29.5\n2,二站,29.5,106.5\n3,三站,,\n4,四站,355000,3270000\n5,\"五,站\",106.6,29.6\n"+rows.String())), csv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l, rep, err := intake.BuildFrom(context.Background(), catalogs.Services(), "站.csv", src, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rep.Rows {
		got = append(got, r.ID+" "+r.Reason)
	}
	if s := strings.Join(got, "; "); s != "2 out_of_range; 3 null_geometry; 4 out_of_range" || rep.Read != 45 || rep.Used != 42 || rep.Refused != 3 {
		t.Errorf("%s, %+v", s, rep)
	}
	if !strings.Contains(rep.Rows[0].Text, "swapped") || !strings.Contains(rep.Rows[2].Text, "metres") {
		t.Errorf("%+v", rep.Rows)
	}
	same := `{"type":"FeatureCollection","features":[
		{"type":"Feature","properties":{"编号":"5","名称":"五,站"},"geometry":{"type":"Point","coordinates":[106.6,29.6]}},
		{"type":"Feature","properties":{"编号":"1","名称":"綦江一站"},"geometry":{"type":"Point","coordinates":[106.5,29.5]}}` + features.String() + `]}`
	want, _, err := intake.Build(context.Background(), catalogs.Services(), "站.geojson", strings.NewReader(same), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	if l.Info.Hash != want.Info.Hash {
		t.Errorf("the layer's hash is %s, that of the same GeoJSON %s", l.Info.Hash, want.Info.Hash)
	}
}

package formats_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
	"lifecircle/data/catalogs"
	"lifecircle/data/format/formats"
)

// A million facilities of nine columns as a text table, about 120 MB.
func BenchmarkMillionRows(b *testing.B) {
	const n = 1_000_000
	var t bytes.Buffer
	t.WriteString("id,name,category,address,tel,typecode,district,lon,lat\n")
	for i := range n {
		fmt.Fprintf(&t, "%d,某某便民服务点%d,c%d,重庆市渝中区解放碑街道%d号,023-%d,090%d,区%d,%.6f,%.6f\n",
			i, i, i%7, i%3000, 60000000+i, i%900+100, i%38, 106+float64(i%1009)/1009, 29+float64(i%997)/997)
	}
	o := intake.Options{Role: coverage.RoleFacilities, Services: []string{"clinic"}, Formats: formats.All{}}
	b.ReportAllocs()
	for b.Loop() {
		l, _, err := intake.Build(context.Background(), catalogs.Services(), "p.csv", bytes.NewReader(t.Bytes()), o, nil)
		if err != nil || l.Len() != n {
			b.Fatal(err)
		}
	}
}

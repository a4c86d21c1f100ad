package geojson

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"testing"
)

// pointsFile is a layer of n points as a planner's export has them.
func pointsFile(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"type":"FeatureCollection","name":"points","features":[` + "\n")
	for i := range n {
		if i > 0 {
			b.WriteString(",\n")
		}
		x, y := 106.4+float64(i%1000)*0.000317, 29.4+float64(i/1000)*0.000271
		fmt.Fprintf(&b, `{ "type": "Feature", "id": %d, "properties": { "name": "设施 %d", "kind": "clinic", "beds": %d.0, "open": true }, "geometry": { "type": "Point", "coordinates": [ %.9f, %.9f ] } }`, i, i, i%50, x, y)
	}
	b.WriteString("\n]}\n")
	return b.Bytes()
}

// polygonsFile is a layer of n round polygons of m vertices each.
func polygonsFile(n, m int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"type":"FeatureCollection","features":[`)
	for i := range n {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString(`{"type":"Feature","properties":{"i":1},"geometry":{"type":"Polygon","coordinates":[[`)
		for j := range m + 1 {
			if j > 0 {
				b.WriteString(",")
			}
			s, c := math.Sincos(2 * math.Pi * float64(j%m) / float64(m))
			r := 0.003 * (1 + math.Sin(float64(j%m))/float64(m))
			fmt.Fprintf(&b, "[%.9f,%.9f]", 106+float64(i%100)*0.01+r*c, 29+float64(i/100)*0.01+r*s)
		}
		b.WriteString(`]]}}`)
	}
	b.WriteString("]}")
	return b.Bytes()
}

func benchmark(b *testing.B, file []byte, n int) {
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		r := NewReader(bytes.NewReader(file), Limits{})
		for {
			row, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil || row.Refused != nil {
				b.Fatal(err, row.Refused)
			}
		}
		if r.Info().Used != n {
			b.Fatal(r.Info())
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for _, n := range []int{1e4, 1e5, 1e6} {
		b.Run(fmt.Sprintf("points/n=%d", n), func(b *testing.B) { benchmark(b, pointsFile(n), n) })
	}
}

func BenchmarkReadPolygons(b *testing.B) {
	for _, m := range []int{8, 100, 10_000, 1_000_000} {
		n := max(1, 100_000/m)
		b.Run(fmt.Sprintf("vertices=%d/n=%d", m, n), func(b *testing.B) { benchmark(b, polygonsFile(n, m), n) })
	}
}

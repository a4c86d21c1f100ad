package intake

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"testing"

	"lifecircle/coverage"
)

// pointStream writes a FeatureCollection of n points with people and a name, without holding it.
func pointStream(n int) io.Reader {
	r, w := io.Pipe()
	go func() {
		b := []byte(`{"type":"FeatureCollection","features":[`)
		for i := range n {
			if i > 0 {
				b = append(b, ',', '\n')
			}
			b = append(b, `{"type":"Feature","id":`...)
			b = strconv.AppendInt(b, int64(i), 10)
			b = append(b, `,"geometry":{"type":"Point","coordinates":[`...)
			b = strconv.AppendFloat(b, 106+float64(i%1000)/1000, 'f', 6, 64)
			b = append(b, ',')
			b = strconv.AppendFloat(b, 29+float64(i/1000)/1000, 'f', 6, 64)
			b = append(b, `]},"properties":{"population":`...)
			b = strconv.AppendInt(b, int64(i%97), 10)
			b = append(b, `}}`...)
			if len(b) > 1<<16 {
				if _, err := w.Write(b); err != nil {
					return
				}
				b = b[:0]
			}
		}
		w.Write(append(b, "]}"...))
		w.Close()
	}()
	return r
}

func BenchmarkBuild(b *testing.B) {
	services := testServices(b)
	for _, n := range []int{10_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l, _, err := Build(context.Background(), services, "p.geojson", pointStream(n), Options{Role: coverage.RoleDemand}, nil)
				if err != nil || l.Len() != n {
					b.Fatal(err)
				}
			}
		})
	}
}

// A municipality's neighborhoods side by side: 11,270 squares of 40 vertices, none of which overlap.
func BenchmarkOverlaps(b *testing.B) {
	l := lattice(106, 40)
	b.ReportAllocs()
	for b.Loop() {
		if pairs, unmeasured := overlaps(l); len(pairs) > 0 || unmeasured > 0 {
			b.Fatal(len(pairs), unmeasured)
		}
	}
}

package store

import (
	"fmt"
	"path/filepath"
	"testing"
)

// BenchmarkSaveLayer saves points into a new file: rows, R-tree, packed copy.
func BenchmarkSaveLayer(b *testing.B) {
	for _, n := range []int{10_000, 100_000, 1_200_000} {
		l := people(n)
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				p, err := Create(filepath.Join(b.TempDir(), "b.gpkg"), "", "")
				if err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				if err := p.SaveLayer(ctx, l, nil); err != nil {
					b.Fatal(err)
				}
				if err := p.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkLayer reads a layer back, as every run does.
func BenchmarkLayer(b *testing.B) {
	for _, n := range []int{10_000, 1_200_000} {
		p, _ := mustCreate(b)
		l := people(n)
		mustSave(b, p, l)
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Layer(ctx, l.Info.Hash); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCheck checks a whole project of one large layer.
func BenchmarkCheck(b *testing.B) {
	for _, n := range []int{10_000, 1_200_000} {
		p, path := mustCreate(b)
		mustSave(b, p, people(n))
		p.Close()
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if r, err := Check(ctx, path); err != nil || len(r.Findings) > 0 || r.Geometries != n {
					b.Fatal(r, err)
				}
			}
		})
	}
}

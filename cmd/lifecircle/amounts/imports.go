package main

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/geo/measure"
)

// Imports of large files: a table of facilities as Amap exports them, and GeoJSON of half a gigabyte in shapes that ask for memory in different ways.

const (
	importRows  = 1_000_000
	importBytes = 500 << 20
)

// importCase is a file and how it is imported.
type importCase struct {
	key, file, what string
	seconds, mib    float64 // targets; 0: none
	options         []string
}

var importCases = []importCase{
	{"import/csv", "pois.csv", "CSV of ROWS facilities (CSV-MB MB), one service for all", 5, 300, []string{"--as", "facilities", "--service", "clinic", "--crs", "gcj02"}},
	{"import/csv-mapping", "pois.csv", "the same, services found by `--mapping amap`", 5, 300, []string{"--as", "facilities", "--mapping", "amap", "--crs", "gcj02"}},
	{"import/points", "points.geojson", "GeoJSON of GEOJSON-MB MB: points, all kept", 0, 300, []string{"--as", "facilities", "--service", "clinic"}},
	{"import/polygons", "polygons.geojson", "GeoJSON of GEOJSON-MB MB: polygons of 200 corners, all kept", 0, 300, []string{"--as", "land"}},
	{"import/wide", "wide.geojson", "GeoJSON of GEOJSON-MB MB: rows of 1 MiB each, all kept", 0, 300, []string{"--as", "facilities", "--service", "clinic"}},
	{"import/unmapped", "unmapped.geojson", "GeoJSON of GEOJSON-MB MB: one row in a hundred is a facility for `--mapping osm`", 0, 100, []string{"--as", "facilities", "--mapping", "osm"}},
}

// makeImports writes the files into a folder; the same seed gives the same files.
func makeImports(dir string, share float64, seed uint64) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	size := int64(float64(importBytes) * share)
	ring := func(g *importer) string {
		var b strings.Builder
		c, radius := g.place(), 0.0002+0.0003*g.Float64()
		for i := range 201 {
			p := turned(c, radius, float64(i%200)/200)
			fmt.Fprintf(&b, ",[%.9f,%.9f]", p[0], p[1])
		}
		return b.String()[1:]
	}
	point := func(g *importer, properties string) string {
		p := g.place()
		return fmt.Sprintf(`{"type":"Feature","geometry":{"type":"Point","coordinates":[%.7f,%.7f]},"properties":{%s}}`, p[0], p[1], properties)
	}
	files := []struct {
		name string
		make func(g *importer, w *bufio.Writer) error
	}{
		{"pois.csv", func(g *importer, w *bufio.Writer) error { return g.csv(w, int(float64(importRows)*share)) }},
		{"points.geojson", func(g *importer, w *bufio.Writer) error {
			return features(w, size, func(i int) string {
				return point(g, fmt.Sprintf(`"id":"n%d","name":%q,"addr:street":%q,"check_date":"2025-%02d-%02d"`, i, g.name(i%len(poiTypes)), g.word(3)+"路", 1+g.IntN(12), 1+g.IntN(28)))
			})
		}},
		{"polygons.geojson", func(g *importer, w *bufio.Writer) error {
			return features(w, size, func(i int) string {
				return fmt.Sprintf(`{"type":"Feature","geometry":{"type":"Polygon","coordinates":[[%s]]},"properties":{"id":"w%d"}}`, ring(g), i)
			})
		}},
		{"wide.geojson", func(g *importer, w *bufio.Writer) error {
			return features(w, size, func(i int) string {
				return point(g, fmt.Sprintf(`"id":"n%d","note":%q`, i, strings.Repeat(g.word(8), 1<<20/24)))
			})
		}},
		{"unmapped.geojson", func(g *importer, w *bufio.Writer) error {
			return features(w, size, func(i int) string {
				amenity := "bench"
				if i%100 == 0 {
					amenity = "pharmacy"
				}
				return point(g, fmt.Sprintf(`"id":"n%d","amenity":%q,"name":%q,"material":"wood","backrest":"yes","check_date":"2025-%02d-%02d"`, i, amenity, g.name(i%len(poiTypes)), 1+g.IntN(12), 1+g.IntN(28)))
			})
		}},
	}
	for i, f := range files {
		g := &importer{rand.New(rand.NewPCG(seed, uint64(100+i))), measure.NewPlane(cityOrigin)}
		out, err := os.Create(dir + "/" + f.name)
		if err != nil {
			return err
		}
		w := bufio.NewWriterSize(out, 1<<20)
		err = f.make(g, w)
		if err == nil {
			err = w.Flush()
		}
		if e := out.Close(); err == nil {
			err = e
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// features writes features until the file has its size.
func features(w *bufio.Writer, size int64, feature func(i int) string) error {
	n, err := w.WriteString(`{"type":"FeatureCollection","features":[`)
	for i, written := 0, int64(n); err == nil && (i == 0 || written < size); i++ {
		text := feature(i)
		if i > 0 {
			text = ",\n" + text
		}
		n, err = w.WriteString(text)
		written += int64(n)
	}
	if err == nil {
		_, err = w.WriteString("]}\n")
	}
	return err
}

// importer draws facilities.
type importer struct {
	*rand.Rand
	plane measure.Plane
}

func (g *importer) place() orb.Point {
	return g.plane.Inverse([2]float64{float64(15_000 * g.NormFloat64()), float64(12_000 * g.NormFloat64())})
}

// turned is the corner of a regular polygon of a radius in degrees, at a share of the full turn.
func turned(c orb.Point, radius, turn float64) orb.Point {
	y, x := math.Sincos(2 * math.Pi * turn)
	return orb.Point{c[0] + float64(radius*x), c[1] + float64(radius*y)}
}

// poiTypes are types of Amap's points of interest with their codes.
var poiTypes = [...][3]string{
	{"医疗保健服务;医药保健销售店;药房", "090601", "药房"}, {"餐饮服务;中餐厅;中餐厅", "050100", "餐厅"}, {"购物服务;便民商店/便利店;便民商店/便利店", "060200", "便利店"},
	{"科教文化服务;学校;幼儿园", "141204", "幼儿园"}, {"生活服务;美容美发店;美容美发店", "071100", "美发"}, {"公共设施;公共厕所;公共厕所", "200300", "公共厕所"},
	{"体育休闲服务;运动场馆;健身中心", "080111", "健身中心"}, {"医疗保健服务;诊所;诊所", "090300", "诊所"}, {"交通设施服务;公交车站;公交车站相关", "150700", "公交站"},
	{"汽车服务;充电站;充电站", "011100", "充电站"},
}

var poiDistricts = [...]string{"渝中区", "江北区", "沙坪坝区", "九龙坡区", "南岸区", "北碚区", "渝北区", "巴南区"}

var poiWords = []rune("和平民生康宁福安永兴华盛同德仁济天成瑞祥佳美新宏大众友好金源长江嘉陵山城")

func (g *importer) word(n int) string {
	out := make([]rune, n)
	for i := range out {
		out[i] = poiWords[g.IntN(len(poiWords))]
	}
	return string(out)
}

func (g *importer) name(kind int) string {
	name := g.word(2+g.IntN(4)) + poiTypes[kind][2]
	if g.IntN(3) == 0 {
		name += "(" + g.word(2) + "店)"
	}
	return name
}

// csv writes a table as scripts around Amap's service do.
func (g *importer) csv(w *bufio.Writer, rows int) error {
	fmt.Fprint(w, "id,name,lon,lat,type,typecode,address,adname\n")
	for i := range rows {
		kind, district, p := g.IntN(len(poiTypes)), poiDistricts[g.IntN(len(poiDistricts))], g.place()
		if _, err := fmt.Fprintf(w, "B0%03X%07X,%s,%.6f,%.6f,%s,%s,%s%s路%d号,%s\n", g.IntN(1<<12), i, g.name(kind), p[0], p[1], poiTypes[kind][0], poiTypes[kind][1],
			district, g.word(2), 1+g.IntN(500), district); err != nil {
			return err
		}
	}
	return nil
}

// imports measures the imports of large files.
func (b *bench) imports(ctx context.Context, seed uint64) error {
	var keys []string
	for _, c := range importCases {
		keys = append(keys, c.key)
	}
	if !b.wanted(keys...) {
		return nil
	}
	if err := b.remake(ctx, "imports", b.path("imports"), fmt.Sprint(b.scale), fmt.Sprint(seed)); err != nil {
		return err
	}
	project := b.path("import.gpkg")
	var jobs []job
	for _, c := range importCases {
		command := append([]string{b.lifecircle, "import", project, b.path("imports", c.file), "--quiet"}, c.options...)
		jobs = append(jobs, job{key: c.key, command: func() []string { return command }, prepare: func() error {
			if err := os.RemoveAll(project); err != nil {
				return err
			}
			_, _, err := run(ctx, b.lifecircle, "new", project, "--quiet")
			return err
		}})
	}
	return b.measure(ctx, jobs)
}

// measured writes the line of a case that was measured; its targets are those of the full size.
func (b *bench) measured(s *strings.Builder, key, what string, seconds, mib float64) {
	if len(b.taken[key]) == 0 {
		return
	}
	u, n := typical(b.taken[key])
	if b.scale != 1 {
		seconds, mib = 0, 0
	}
	fmt.Fprintf(s, "| %s | %s | %s | %s | %.0f | %s | %s | %d |\n", what, shown(u), against(u.Wall.Seconds(), seconds, u.Others > disturbed && u.Wall.Seconds() > seconds, digits),
		digits(u.CPU.Seconds()), mebibytes(u.Peak), against(mebibytes(u.Peak), mib, false, func(v float64) string { return fmt.Sprintf("%.0f", v) }), percent(u.Others), n)
}

// importSection writes the part of the README on imports.
func (b *bench) importSection(machine, command string) string {
	var s strings.Builder
	fmt.Fprintf(&s, "Written by `%s` on %s. Whole processes: into a new project, saved and synchronised. 整个进程：导入新项目并落盘。\n\n", command, machine)
	s.WriteString("| import 导入 | time 用时, s | target 目标 | CPU, s | peak 内存峰值, MiB | target 目标 | others 他用 | runs 次数 |\n|---|---|---|---|---|---|---|---|\n")
	for _, c := range importCases {
		b.measured(&s, c.key, c.what, c.seconds, c.mib)
	}
	s.WriteString(`
* The files are seeded. The table has id, name, type, code, address and district, in Chinese. What an import holds in memory of a row that it keeps is its id, name, place and numbers, about 200 bytes; the properties and shapes
  of a large file lie in temporary files (up to 2.5 times the file for a moment, in ` + "`TMPDIR`" + `). A row that a mapping passes over is gone when it was read. 大文件的属性与图形暂存于临时文件, 内存只随行数增长。 † = other processes took more than 15 % of the processors: its time says little.
`)
	megabytes := func(file string) string {
		info, err := os.Stat(b.path("imports", file))
		if err != nil {
			return "?"
		}
		return fmt.Sprint((info.Size() + 5e5) / 1e6)
	}
	return strings.NewReplacer("CSV-MB", megabytes("pois.csv"), "GEOJSON-MB", megabytes("points.geojson"), "ROWS", thousands(int(importRows*b.scale))).Replace(s.String())
}

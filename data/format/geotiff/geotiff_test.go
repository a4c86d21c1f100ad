package geotiff

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
)

func open(t testing.TB, b []byte) *Raster {
	t.Helper()
	x, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// all reads a whole raster.
func all(t testing.TB, x *Raster, w Window) []float64 {
	t.Helper()
	var out []float64
	if err := x.Rows(w, func(_ int, values []float64) error { out = append(out, values...); return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

// Every way in which a file may hold values gives the values that were written.
func TestEveryFormOfValues(t *testing.T) {
	const width, height = 37, 23
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, kind := range []struct{ bits, format int }{{8, 1}, {8, 2}, {16, 1}, {16, 2}, {32, 1}, {32, 2}, {64, 2}, {32, 3}, {64, 3}} {
			for _, compression := range []int{compressionNone, compressionLZW, compressionDeflate, compressionOldZip, compressionBits} {
				for _, layout := range []struct{ width, rows int }{{0, height}, {0, 5}, {16, 16}, {48, 32}} {
					for _, big := range []bool{false, true} {
						r := grid(width, height)
						r.order, r.bits, r.format, r.compression, r.big = order, kind.bits, kind.format, compression, big
						r.blockWidth, r.blockRows = layout.width, layout.rows
						if r.predictor = []int{1, 2, 2, 3}[kind.format]; r.predictor == 3 && (order == binary.BigEndian || big) {
							r.predictor = 2
						}
						for i := range width * height {
							v := float64((i * i) % 120)
							if kind.format != 1 && i%7 == 0 {
								v = -v
							}
							if kind.format == formatFloat {
								v += 0.375
							}
							r.values = append(r.values, v)
						}
						x := open(t, r.file())
						if got := all(t, x, x.All()); !slices.Equal(got, r.values) {
							t.Fatalf("%v bits %d format %d compression %d block %v big %v: values differ", order, kind.bits, kind.format, compression, layout, big)
						}
					}
				}
			}
		}
	}
}

// LZW of long data passes every width of codes and the clearing of the table.
func TestLZWOfLongData(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, spread := rapid.IntRange(1, 40_000).Draw(t, "n"), rapid.IntRange(1, 256).Draw(t, "spread")
		state := rapid.Uint32().Draw(t, "state")
		b := make([]byte, n)
		for i := range b {
			state = state*1664525 + 1013904223
			b[i] = byte(int(state>>16) % spread)
		}
		got, err := unpackLZW(packLZW(b), n)
		if err != nil || !bytes.Equal(got, b) {
			t.Fatalf("%d bytes: %v", n, err)
		}
	})
}

// A window gives the same values as the whole raster does there.
func TestWindows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := grid(rapid.IntRange(1, 40).Draw(t, "width"), rapid.IntRange(1, 40).Draw(t, "height"))
		for i := range r.width * r.height {
			r.values = append(r.values, float64(i))
		}
		r.blockRows = rapid.IntRange(1, 20).Draw(t, "rows")
		r.blockWidth = rapid.SampledFrom([]int{0, 16}).Draw(t, "tile")
		b := r.file()
		x, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		side := rapid.IntRange(-3, 45)
		w := Window{side.Draw(t, "left"), side.Draw(t, "top"), side.Draw(t, "right"), side.Draw(t, "bottom")}
		var want, got []float64
		for y := max(0, w.Top); y < min(w.Bottom, r.height); y++ {
			for c := max(0, w.Left); c < min(w.Right, r.width); c++ {
				want = append(want, r.values[y*r.width+c])
			}
		}
		if err := x.Rows(w, func(_ int, v []float64) error { got = append(got, v...); return nil }); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%+v: %v, want %v", w, got, want)
		}
	})
}

func TestPlaces(t *testing.T) {
	r := grid(4, 2, make([]float64, 8)...)
	for _, c := range []struct {
		name   string
		change func(*raster)
		corner orb.Point
		crs    string
	}{
		{"area", func(*raster) {}, orb.Point{106, 30}, "EPSG:4326"},
		{"matrix", func(r *raster) { r.matrix = true }, orb.Point{106, 30}, "EPSG:4326"},
		{"points", func(r *raster) {
			r.keys = []uint16{1, 1, 0, 3, keyModel, 0, 1, modelDegrees, keyRasterType, 0, 1, pointCells, keyGeodetic, 0, 1, 4490}
		}, orb.Point{105.995, 30.005}, "EPSG:4490"},
		{"plane", func(r *raster) {
			r.keys = []uint16{1, 1, 0, 2, keyModel, 0, 1, modelPlane, keyProjected, 0, 1, 32648}
			r.origin, r.cell = [2]float64{600_000, 3_270_000}, [2]float64{100, 100}
		}, orb.Point{600_000, 3_270_000}, "EPSG:32648"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := r
			c.change(&r)
			x := open(t, r.file())
			got := x.Cell(0, 0)[0][3]
			if math.Abs(got[0]-c.corner[0]) > 1e-9 || math.Abs(got[1]-c.corner[1]) > 1e-9 || x.CRS != c.crs {
				t.Errorf("corner %v in %s, want %v in %s", got, x.CRS, c.corner, c.crs)
			}
			if a, b := x.Cell(0, 0), x.Cell(1, 0); a[0][1] != b[0][0] || a[0][2] != b[0][3] {
				t.Error("neighbors do not share their corners")
			}
		})
	}
}

// What a planner may bring instead is refused in words that say what to do.
func TestRefusals(t *testing.T) {
	ok := grid(4, 2, make([]float64, 8)...)
	plain := ok.file()
	change := func(f func(*raster)) []byte {
		r := ok
		f(&r)
		return r.file()
	}
	for name, c := range map[string]struct {
		b    []byte
		word string
	}{
		"no TIFF": {[]byte("GIF89a..........."), "no TIFF"},
		"empty":   {nil, "no TIFF"},
		"cut":     {plain[:len(plain)-30], "damaged"},
		"mollweide": {change(func(r *raster) {
			r.keys = []uint16{1, 1, 0, 3, keyModel, 0, 1, modelPlane, keyCitation, tagGeoASCII, 16, 0, keyProjected, 0, 1, userDefined}
			r.citation = "World Mollweide "
		}), "Mollweide"},
		"own CRS": {change(func(r *raster) {
			r.keys = []uint16{1, 1, 0, 2, keyModel, 0, 1, modelPlane, keyProjected, 0, 1, userDefined}
		}), "no EPSG code"},
		"beyond":                    {change(func(r *raster) { r.origin = [2]float64{500, 30} }), "beyond degrees"},
		"zstd":                      {change(func(r *raster) { r.compression = 50000 }), "compression 50000"},
		"big-endian floating point": {change(func(r *raster) { r.order, r.predictor = binary.BigEndian, 3 }), "byte order"},
		"predictor":                 {change(func(r *raster) { r.predictor = 4 }), "predictor 4"},
		"bits":                      {change(func(r *raster) { r.bits = 24; r.format = 1; r.bits = 64; r.format = 5 }), "format 5"},
		"no place":                  {change(func(r *raster) { r.cell = [2]float64{0, 0} }), "no positive size"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(bytes.NewReader(c.b), int64(len(c.b)))
			var e *coverage.Error
			if !errors.As(err, &e) || e.Code != coverage.Refused || !strings.Contains(e.Text.En, c.word) || e.Text.Zh == "" {
				t.Errorf("%v, want a refusal with %q", err, c.word)
			}
		})
	}
}

func rowsOf(t testing.TB, s *Source) []intake.Row {
	t.Helper()
	var out []intake.Row
	for {
		row, err := s.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, row)
	}
}

// thousandths reads the people of a row.
func thousandths(t testing.TB, row intake.Row) int64 {
	t.Helper()
	v, ok := row.Feature.Properties.Get(Field)
	f, err := strconv.ParseFloat(v.Text, 64)
	if !ok || err != nil {
		t.Fatalf("row %d: %v", row.N, err)
	}
	return int64(math.Round(f * 1000))
}

func TestDemandOfAGrid(t *testing.T) {
	r := grid(3, 2, 1.5, 0, -200, math.NaN(), 0.0001, 2.25)
	r.noData = "-200"
	s := NewSource(open(t, r.file()), Options{})
	rows := rowsOf(t, s)
	if len(rows) != 2 || rows[0].Feature.ID != "r000000-c000000" || thousandths(t, rows[0]) != 1500 || thousandths(t, rows[1]) != 2250 {
		t.Fatalf("%+v", rows)
	}
	var codes []string
	for _, n := range s.Info().Notes {
		codes = append(codes, n.Code+" "+strings.Fields(n.Text.En)[0])
	}
	if want := []string{"grid_sum 2", "grid_modelled 2", "no_data_cells 2", "zero_cells 1", "tiny_cells 1"}; !slices.Equal(codes, want) {
		t.Errorf("%v, want %v", codes, want)
	}
	told := NewSource(open(t, r.file()), Options{Modelled: true})
	rowsOf(t, told)
	if slices.ContainsFunc(told.Info().Notes, func(f intake.Finding) bool { return f.Code == "grid_modelled" }) {
		t.Error("asks for what was said")
	}
}

// Negative people are no people: a whole number that stands for no data is taken as such and said, anything else is refused.
func TestNegativeCells(t *testing.T) {
	r := grid(3, 1, -9999, 4, -0.5)
	s := NewSource(open(t, r.file()), Options{})
	rows := rowsOf(t, s)
	if len(rows) != 2 || rows[0].Refused != nil || rows[1].Refused == nil || rows[1].Refused.Code != "bad_measure" {
		t.Fatalf("%+v", rows)
	}
	if s.tally.below != -9999 || s.tally.belowCells != 1 {
		t.Errorf("no data: %v × %d", s.tally.below, s.tally.belowCells)
	}
}

// The sum of the rows is the sum of the values, rounded, and no cell is off by a thousandth.
func TestSumIsKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := grid(rapid.IntRange(1, 12).Draw(t, "width"), rapid.IntRange(1, 12).Draw(t, "height"))
		r.bits = 64
		sum := int64(0)
		for range r.width * r.height {
			n := rapid.Int64Range(0, 3_000_000_000).Draw(t, "billionths")
			r.values = append(r.values, float64(n)/1e9)
			sum += n
		}
		b := r.file()
		x, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		s := NewSource(x, Options{Points: rapid.Bool().Draw(t, "points")})
		total := int64(0)
		for {
			row, err := s.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			var y, c int
			if _, err := fmt.Sscanf(row.Feature.ID, "r%d-c%d", &y, &c); err != nil {
				t.Fatal(err)
			}
			v, _ := row.Feature.Properties.Get(Field)
			f, _ := v.Float()
			n := int64(math.Round(f * 1000))
			total += n
			if d := f - r.values[y*r.width+c]; math.Abs(d) >= 0.001 {
				t.Fatalf("cell %d, %d is off by %v", y, c, d)
			}
		}
		if want := (sum + 500_000) / 1_000_000; total != want {
			t.Fatalf("sum %d, want %d", total, want)
		}
	})
}

// Cells that the study area touches only at a border hold none of it; cells that it cuts are kept whole.
func TestStudyArea(t *testing.T) {
	r := grid(10, 10)
	for range 100 {
		r.values = append(r.values, 1)
	}
	area := func(a, b, c, d float64) orb.MultiPolygon {
		return orb.MultiPolygon{{{{a, b}, {c, b}, {c, d}, {a, d}, {a, b}}}}
	}
	x := open(t, r.file())
	corner := x.Cell(2, 3)[0] // of the cell in column 2, row 3
	exact := area(corner[0][0], corner[0][1], corner[1][0], corner[3][1])
	for name, c := range map[string]struct {
		area  orb.MultiPolygon
		cells int
		mid   int
	}{
		"one cell exactly": {exact, 1, 1},
		"cuts four":        {area(106.015, 29.975, 106.025, 29.985), 4, 4},
		"small inside one": {area(106.011, 29.991, 106.012, 29.992), 1, 0},
		"all":              {area(105, 29, 107, 31), 100, 100},
		"none":             {area(110, 20, 111, 21), 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := len(rowsOf(t, NewSource(x, Options{Area: c.area}))); got != c.cells {
				t.Errorf("%d cells, want %d", got, c.cells)
			}
			if got := len(rowsOf(t, NewSource(x, Options{Area: c.area, Points: true}))); got != c.mid {
				t.Errorf("%d points, want %d", got, c.mid)
			}
		})
	}
}

// A study area that goes beyond the raster, as a district's does at the edge of a tile, moves nobody: the cells are where they are without it.
func TestStudyAreaBeyondTheRaster(t *testing.T) {
	r := grid(5, 4)
	for i := range 20 {
		r.values = append(r.values, float64(i+1))
	}
	x := open(t, r.file())
	place := func(rows []intake.Row) map[string]string {
		at := map[string]string{}
		for _, row := range rows {
			at[row.Feature.ID] = fmt.Sprint(row.Feature.Geometry.Bound(), row.Feature.Properties)
		}
		return at
	}
	whole := place(rowsOf(t, NewSource(x, Options{})))
	b := x.Bound()
	for name, area := range map[string]orb.Bound{
		"on every side": {Min: orb.Point{b.Min[0] - 1, b.Min[1] - 1}, Max: orb.Point{b.Max[0] + 1, b.Max[1] + 1}},
		"west":          {Min: orb.Point{b.Min[0] - 1, b.Min[1]}, Max: b.Max},
		"exactly":       b,
	} {
		if diff := cmp.Diff(whole, place(rowsOf(t, NewSource(x, Options{Area: orb.MultiPolygon{area.ToPolygon()}})))); diff != "" {
			t.Errorf("%s: (-whole +cut)\n%s", name, diff)
		}
	}
	west := orb.MultiPolygon{orb.Bound{Min: b.Min, Max: orb.Point{x.Middle(1, 0)[0], b.Max[1]}}.ToPolygon()}
	for id, at := range place(rowsOf(t, NewSource(x, Options{Area: west}))) {
		if whole[id] != at {
			t.Errorf("%s lies at %s, without the area at %s", id, at, whole[id])
		}
	}
}

// The elevation model of Monaco, written by GDAL with deflate and predictor 2, has the values that GDAL reads.
func TestMonacoAsGDALReadsIt(t *testing.T) {
	path := filepath.Join("..", "..", "..", "..", "shared", "data", "monaco", "derived", "dem_srtm.tif")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Skip("shared/data/monaco is not beside the repository")
	}
	x := open(t, b)
	values := all(t, x, x.All())
	if x.Width != 168 || x.Height != 120 || x.CRS != "EPSG:4326" || !x.PointCells || x.NoData == nil || *x.NoData != -32768 {
		t.Errorf("%d × %d, %s, points %v, no data %v", x.Width, x.Height, x.CRS, x.PointCells, x.NoData)
	}
	sum, n, least, most := 0.0, 0, math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if !x.IsNoData(v) {
			sum, n, least, most = sum+v, n+1, min(least, v), max(most, v)
		}
	}
	// as gdalinfo -stats says: minimum, maximum, mean, and the corners
	if mean := sum / float64(n); least != -2 || most != 1138 || math.Abs(mean-246.60173740382) > 1e-10 {
		t.Errorf("%v … %v, mean %.12f", least, most, mean)
	}
	if c := x.Bound(); math.Abs(c.Min[0]-7.359583333333334) > 1e-12 || math.Abs(c.Max[1]-43.800416666666663) > 1e-12 || math.Abs(c.Max[0]-7.499583333333334) > 1e-9 {
		t.Errorf("bound %v", c)
	}
	sameAsGDAL(t, path, values)
}

// sameAsGDAL compares values with those that GDAL writes as text, where it is installed.
func sameAsGDAL(t *testing.T, path string, values []float64) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.xyz")
	gdal(t, "gdal_translate", "-q", "-of", "XYZ", path, out)
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if len(lines) != len(values) {
		t.Fatalf("%d values, GDAL has %d", len(values), len(lines))
	}
	for i, line := range lines {
		want, err := strconv.ParseFloat(strings.Fields(line)[2], 64)
		if err != nil || want != values[i] && math.Abs(want-values[i]) > 1e-7*math.Abs(want) {
			t.Fatalf("value %d is %v, GDAL has %s", i, values[i], line)
		}
	}
}

func gdal(t *testing.T, name string, args ...string) {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skip(name + " is not installed")
	}
	if out, err := exec.Command(path, append([]string{"--config", "GDAL_PAM_ENABLED", "NO"}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
}

// GDAL reads what the tests write, and what GDAL writes from it in every form is read back the same.
func TestAgainstGDAL(t *testing.T) {
	r := grid(75, 61)
	for i := range r.width * r.height {
		r.values = append(r.values, float64((i*i*31)%2000)/8)
	}
	dir := t.TempDir()
	from := filepath.Join(dir, "from.tif")
	if err := os.WriteFile(from, r.file(), 0o600); err != nil {
		t.Fatal(err)
	}
	sameAsGDAL(t, from, r.values)
	for _, kind := range []string{"Float32", "Float64", "UInt16", "Int32"} {
		predictor, whole := "PREDICTOR=3", "PREDICTOR=1"
		if !strings.HasPrefix(kind, "Float") {
			predictor, whole = "PREDICTOR=2", "PREDICTOR=2"
		}
		for _, form := range [][]string{
			{"COMPRESS=NONE"}, {"COMPRESS=LZW", predictor}, {"COMPRESS=DEFLATE", predictor}, {"COMPRESS=PACKBITS"}, {"COMPRESS=LZW"},
			{"COMPRESS=LZW", predictor, "TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=32"}, {"COMPRESS=DEFLATE", predictor, "BIGTIFF=YES"},
			{"COMPRESS=LZW", "PREDICTOR=2"}, {"COMPRESS=LZW", whole, "ENDIANNESS=BIG"}, {"TILED=YES", "BLOCKXSIZE=16", "BLOCKYSIZE=16", "SPARSE_OK=TRUE"},
		} {
			if kind != "Float32" && len(form) < 3 && !slices.Contains(form, predictor) {
				continue
			}
			to := filepath.Join(dir, "to.tif")
			args := []string{"-q", "-ot", kind}
			for _, f := range form {
				args = append(args, "-co", f)
			}
			gdal(t, "gdal_translate", append(args, from, to)...)
			b, err := os.ReadFile(to)
			if err != nil {
				t.Fatal(err)
			}
			x := open(t, b)
			got := all(t, x, x.All())
			for i, v := range r.values {
				want := v
				if !strings.HasPrefix(kind, "Float") {
					want = math.Floor(v + 0.5) // as GDAL rounds
				}
				if math.IsNaN(got[i]) {
					got[i] = 0 // a block that GDAL left out
				}
				if got[i] != want {
					t.Fatalf("%s %v: value %d is %v, want %v", kind, form, i, got[i], want)
				}
			}
		}
	}
}

func FuzzOpen(f *testing.F) {
	for _, compression := range []int{compressionNone, compressionLZW, compressionDeflate, compressionBits} {
		r := grid(5, 4)
		for i := range 20 {
			r.values = append(r.values, float64(i)/4)
		}
		r.compression = compression
		f.Add(r.file())
		r.predictor, r.big, r.blockWidth, r.blockRows, r.order, r.noData = 3, true, 16, 16, binary.LittleEndian, "-1"
		f.Add(r.file())
		r.predictor, r.order = 1, binary.BigEndian
		f.Add(r.file())
	}
	area := orb.MultiPolygon{{{{106.011, 29.965}, {106.03, 29.965}, {106.03, 29.99}, {106.011, 29.965}}}}
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			if coverage.CodeOf(err) != coverage.Refused {
				t.Fatalf("%v is no refusal", err)
			}
			return
		}
		if x.Width*x.Height > 1<<20 {
			return
		}
		s := NewSource(x, Options{Area: area, Points: len(b)%2 == 0})
		for n := 0; ; n++ {
			row, err := s.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				if coverage.CodeOf(err) != coverage.Refused {
					t.Fatalf("%v is no refusal", err)
				}
				break
			}
			if row.Refused == nil && row.Feature.Geometry == nil || n > x.Width*x.Height {
				t.Fatalf("row %d: %+v", n, row)
			}
		}
		s.Info()
	})
}

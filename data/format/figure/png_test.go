package figure_test

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lifecircle/data/format/figure"
)

func raster(t testing.TB, d *figure.Drawing, dpi int) (image.Image, []byte) {
	t.Helper()
	var b bytes.Buffer
	if err := d.PNG(&b, dpi); err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return m, b.Bytes()
}

func at(m image.Image, x, y int) [3]int {
	c := color.NRGBAModel.Convert(m.At(x, y)).(color.NRGBA)
	return [3]int{int(c.R), int(c.G), int(c.B)}
}

// Every kind of figure becomes a picture of its size that stays small, twice the same bytes.
func TestPicturesOfSamples(t *testing.T) {
	all := samples()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		d := figure.Draw(all[name], 17000, "zh")
		m, b := raster(t, d, 100)
		if w, h := m.Bounds().Dx(), m.Bounds().Dy(); w != (d.Width*100+2539)/2540 || h != max(1, (d.Height*100+2539)/2540) {
			t.Errorf("%s: %d × %d pixels of %d × %d", name, w, h, d.Width, d.Height)
		}
		if _, again := raster(t, figure.Draw(all[name], 17000, "zh"), 100); !bytes.Equal(b, again) {
			t.Errorf("%s: not the same bytes twice", name)
		}
		if len(b) > 150_000 {
			t.Errorf("%s: %d bytes", name, len(b))
		}
		if dir := os.Getenv("LIFECIRCLE_PICTURES"); dir != "" { // to look at them
			_, b := raster(t, d, 200)
			if err := os.WriteFile(filepath.Join(dir, name+".png"), b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func square4(x, y, side int32, turned bool) []figure.Point {
	r := []figure.Point{{X: x, Y: y}, {X: x + side, Y: y}, {X: x + side, Y: y + side}, {X: x, Y: y + side}}
	if turned {
		slices.Reverse(r)
	}
	return r
}

// At 254 dots per inch a pixel is ten hundredths of a millimetre: what is painted where can be told exactly.
func TestPaint(t *testing.T) {
	area := func(a figure.Area) figure.Item { return &a }
	white, red, half := [3]int{255, 255, 255}, [3]int{255, 0, 0}, [3]int{255, 128, 128}
	hole := func(turned bool) figure.Path {
		return figure.Path{Rings: [][]figure.Point{square4(100, 100, 500, false), square4(200, 200, 200, turned)}}
	}
	line := figure.Path{Open: true, Rings: [][]figure.Point{{{X: 0, Y: 500}, {X: 1000, Y: 500}}}}
	for name, c := range map[string]struct {
		items []figure.Item
		want  map[image.Point][3]int
	}{
		"hole turned the same way":  {[]figure.Item{area(figure.Area{Path: hole(false), Fill: "ff0000"})}, map[image.Point][3]int{{X: 15, Y: 15}: red, {X: 30, Y: 30}: white, {X: 5, Y: 5}: white, {X: 59, Y: 59}: red, {X: 60, Y: 60}: white}},
		"hole turned the other way": {[]figure.Item{area(figure.Area{Path: hole(true), Fill: "ff0000"})}, map[image.Point][3]int{{X: 15, Y: 15}: red, {X: 30, Y: 30}: white}},
		"half opaque":               {[]figure.Item{area(figure.Area{Path: hole(true), Fill: "ff0000", Alpha: 50})}, map[image.Point][3]int{{X: 15, Y: 15}: half, {X: 30, Y: 30}: white}},
		"half a pixel":              {[]figure.Item{area(figure.Area{Path: figure.Path{Rings: [][]figure.Point{square4(105, 105, 500, false)}}, Fill: "ff0000"})}, map[image.Point][3]int{{X: 10, Y: 30}: half, {X: 11, Y: 30}: red, {X: 60, Y: 30}: half}},
		"line":                      {[]figure.Item{area(figure.Area{Path: line, Stroke: "ff0000", StrokeWidth: 40})}, map[image.Point][3]int{{X: 50, Y: 48}: red, {X: 50, Y: 51}: red, {X: 50, Y: 47}: white, {X: 50, Y: 52}: white}},
		"dashes":                    {[]figure.Item{area(figure.Area{Path: line, Stroke: "ff0000", StrokeWidth: 40, Dashed: true})}, map[image.Point][3]int{{X: 5, Y: 50}: red, {X: 20, Y: 50}: white, {X: 33, Y: 50}: red}},
		"beyond the edge":           {[]figure.Item{area(figure.Area{Path: figure.Path{Rings: [][]figure.Point{square4(-1<<30, -1<<30, 1<<31-1, false)}}, Fill: "ff0000"})}, map[image.Point][3]int{{X: 0, Y: 0}: red, {X: 99, Y: 99}: red}},
		"outline used twice": {[]figure.Item{area(figure.Area{Def: 1, Fill: "ff0000"}), area(figure.Area{Def: 1, Fill: "ff0000", At: figure.Point{X: 500, Y: 500}, Scale: 500})},
			map[image.Point][3]int{{X: 5, Y: 5}: red, {X: 25, Y: 5}: white, {X: 55, Y: 55}: red, {X: 59, Y: 59}: red, {X: 61, Y: 61}: white}},
		"an outline that is not there":    {[]figure.Item{area(figure.Area{Def: 7, Fill: "ff0000"})}, map[image.Point][3]int{{X: 5, Y: 5}: white}},
		"a character that the font lacks": {[]figure.Item{&figure.Words{At: figure.Point{X: 100, Y: 800}, Size: 800, Colour: "ff0000", Text: "\U00020bb7"}}, map[image.Point][3]int{{X: 15, Y: 50}: {255, 0, 0}, {X: 50, Y: 50}: white}},
	} {
		d := &figure.Drawing{Width: 1000, Height: 1000, Items: c.items, Defs: []figure.Path{{Rings: [][]figure.Point{square4(0, 0, 200, false)}}}}
		m, _ := raster(t, d, 254)
		for p, want := range c.want {
			if got := at(m, p.X, p.Y); abs(got[0]-want[0])+abs(got[1]-want[1])+abs(got[2]-want[2]) > 6 {
				t.Errorf("%s: %v at %v, want %v", name, got, p, want)
			}
		}
	}
}

func abs(n int) int { return max(n, -n) }

// A hatched area does not hang on its colour: both colours are in it, about a quarter of it lines.
func TestHatch(t *testing.T) {
	d := &figure.Drawing{Width: 1000, Height: 1000, Items: []figure.Item{&figure.Area{Path: figure.Path{Rings: [][]figure.Point{square4(0, 0, 1000, false)}}, Fill: "ffffff", Hatch: true, HatchColour: "000000"}}}
	m, _ := raster(t, d, 254)
	dark := 0
	for y := range 100 {
		for x := range 100 {
			dark += 255 - at(m, x, y)[0]
		}
	}
	if share := float64(dark) / 255 / 10000; share < 0.22 || share > 0.29 {
		t.Errorf("%.3f of the hatch is lines, want 28/110", share)
	}
}

// Words stand where they were laid out: within their measure on the side that their anchor says, and bold ones are darker.
func TestWords(t *testing.T) {
	ink := func(w figure.Words) (left, right, sum int) {
		w.At.Y, w.Size, w.Colour = 700, 500, "000000"
		m, _ := raster(t, &figure.Drawing{Width: 8000, Height: 1000, Items: []figure.Item{&w}}, 254)
		left = 800
		for x := range 800 {
			for y := range 100 {
				if v := 255 - at(m, x, y)[0]; v > 60 {
					left, right = min(left, x), max(right, x)
					sum += v
				}
			}
		}
		return left, right, sum
	}
	for _, s := range []string{"江北嘴社区", "Puerto 12,345.6%", "Ωλφα Жёд", strings.Repeat("W", 10), "𠮷𠮷x", "مجاورة"} {
		width := figure.Measure(s, 500, false) / 10
		var sums [2]int
		for anchor, from := range map[int]int{figure.Start: 400, figure.Middle: 400 - width/2, figure.End: 400 - width} {
			for i, bold := range []bool{false, true} {
				more := 0
				if bold {
					more = figure.Measure(s, 500, true)/10 - width
				}
				l, r, sum := ink(figure.Words{At: figure.Point{X: 4000}, Anchor: anchor, Bold: bold, Text: s})
				if l < from-more-4 || r > from+width+more+4 || r <= l {
					t.Errorf("%q anchor %d: from %d to %d, laid out from %d to %d", s, anchor, l, r, from, from+width)
				}
				sums[i] = sum
			}
		}
		if sums[1] <= sums[0] {
			t.Errorf("%q: bold has %d of ink, plain %d", s, sums[1], sums[0])
		}
	}
}

// Grounds keep their colours though a picture has only 256: the paper around a map stays white beside the map's near-white ground.
func TestFlatColoursStay(t *testing.T) {
	d := figure.Draw(samples()["map_hostile"], 17000, "zh")
	m, _ := raster(t, d, 200)
	if got := at(m, m.Bounds().Dx()-3, m.Bounds().Dy()-60); got != [3]int{255, 255, 255} {
		t.Errorf("the paper is %v", got)
	}
	if got := at(m, 8, 8); got != [3]int{251, 251, 251} {
		t.Errorf("the ground of the map is %v", got)
	}
	for _, item := range d.Items {
		if a, ok := item.(*figure.Area); ok && a.Fill == "253494" && !a.Hatch && a.Def == 0 { // the swatch of the legend
			p := a.Path.Rings[0][0]
			if got := at(m, int(p.X)*200/2540+8, int(p.Y)*200/2540+8); len(a.Path.Rings[0]) == 4 && got != [3]int{0x25, 0x34, 0x94} {
				t.Errorf("the darkest class is %v", got)
			}
		}
	}
}

func TestPictureBounds(t *testing.T) {
	for _, dpi := range []int{0, 35, 601, -200} {
		if (&figure.Drawing{Width: 100, Height: 100}).PNG(io.Discard, dpi) == nil {
			t.Errorf("%d dots per inch were taken", dpi)
		}
	}
}

func BenchmarkPNG(b *testing.B) {
	all := samples()
	for _, name := range []string{"map", "multiples", "intervals"} {
		d := figure.Draw(all[name], 17000, "zh")
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var out bytes.Buffer
			for range b.N {
				out.Reset()
				if err := d.PNG(&out, 200); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(out.Len()), "bytes")
		})
	}
}

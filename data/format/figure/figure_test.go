package figure_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"lifecircle/coverage/report"
	"lifecircle/data/format/figure"
	"lifecircle/geo/measure"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden are the samples that are kept as files: a figure in next year's report looks like this year's.
var golden = []string{"map_dot", "map_empty", "multiples_wide", "bars", "intervals", "histogram", "bars_hostile", "map_one"}

func TestGolden(t *testing.T) {
	all := samples()
	for _, name := range golden {
		for _, lang := range []string{"zh", "en"} {
			got := figure.Draw(all[name], 17000, lang).AppendSVG(nil, "f1")
			path := filepath.Join("testdata", name+"."+lang+".svg")
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s differs: look at it and write it anew with -update", path)
			}
		}
	}
}

// each draws every sample in both languages, as wide as a page and as a column.
func each(t *testing.T, f func(t *testing.T, d *figure.Drawing, of *report.Figure)) {
	all := samples()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for _, lang := range []string{"zh", "en"} {
			for _, width := range []int{17000, 8000, 1} {
				t.Run(fmt.Sprintf("%s/%s/%d", name, lang, width), func(t *testing.T) { f(t, figure.Draw(all[name], width, lang), all[name]) })
			}
		}
	}
}

type frame struct{ x0, y0, x1, y1 int }

func frameOf(w *figure.Words) frame {
	wide, x := figure.Measure(w.Text, w.Size, w.Bold), int(w.At.X)
	switch w.Anchor {
	case figure.Middle:
		x -= wide / 2
	case figure.End:
		x -= wide
	}
	return frame{x, int(w.At.Y) - w.Size*78/100, x + wide, int(w.At.Y) + w.Size*20/100}
}

// No words run into each other or out of the figure, whatever places are called.
func TestWordsDoNotOverlap(t *testing.T) {
	each(t, func(t *testing.T, d *figure.Drawing, _ *report.Figure) {
		var words []*figure.Words
		for _, item := range d.Items {
			if w, ok := item.(*figure.Words); ok {
				words = append(words, w)
			}
		}
		for i, w := range words {
			a := frameOf(w)
			if a.x0 < -2 || a.y0 < 0 || a.x1 > d.Width+2 || a.y1 > d.Height {
				t.Errorf("%q at %v runs out of %d × %d", w.Text, a, d.Width, d.Height)
			}
			for _, other := range words[:i] {
				if b := frameOf(other); a.x0 < b.x1-2 && b.x0 < a.x1-2 && a.y0 < b.y1 && b.y0 < a.y1 {
					t.Errorf("%q at %v and %q at %v overlap", w.Text, a, other.Text, b)
				}
			}
		}
		if d.Height > figure.MaxHeight+1500 {
			t.Errorf("%d high: no page holds it", d.Height)
		}
	})
}

// What is drawn stays inside the figure.
func TestAreasStayInside(t *testing.T) {
	each(t, func(t *testing.T, d *figure.Drawing, _ *report.Figure) {
		for _, item := range d.Items {
			a, ok := item.(*figure.Area)
			if !ok {
				continue
			}
			path := a.Path
			if a.Def > 0 {
				path = d.Defs[a.Def-1]
			}
			for _, r := range path.Rings {
				for _, p := range r {
					if x, y := p.X+a.At.X, p.Y+a.At.Y; x < -40 || y < -40 || int(x) > d.Width+40 || int(y) > d.Height+40 {
						t.Fatalf("%q has %d, %d outside of %d × %d", a.Title, x, y, d.Width, d.Height)
					}
				}
			}
		}
	})
}

// A picture is well-formed, its ids are its own, nothing in it runs or is fetched, and names are text.
func TestSVGIsInert(t *testing.T) {
	each(t, func(t *testing.T, d *figure.Drawing, _ *report.Figure) {
		svg := d.AppendSVG(nil, "f7")
		if again := d.AppendSVG([]byte("x"), "f7"); !bytes.Equal(again[1:], svg) {
			t.Error("a drawing is written in two ways")
		}
		ids := map[string]bool{}
		dec := xml.NewDecoder(bytes.NewReader(svg))
		for {
			token, err := dec.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%v in\n%.2000s", err, svg)
			}
			e, ok := token.(xml.StartElement)
			if !ok {
				continue
			}
			if !slices.Contains([]string{"svg", "title", "desc", "defs", "pattern", "path", "g", "use", "text"}, e.Name.Local) {
				t.Errorf("element %s", e.Name.Local)
			}
			for _, a := range e.Attr {
				switch {
				case a.Name.Local == "id":
					if ids[a.Value] || !strings.HasPrefix(a.Value, "f7-") {
						t.Errorf("id %q twice, or not the figure's own", a.Value)
					}
					ids[a.Value] = true
				case strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "style":
					t.Errorf("attribute %s", a.Name.Local)
				case a.Name.Local == "href" && !strings.HasPrefix(a.Value, "#f7-"):
					t.Errorf("href %s", a.Value)
				}
			}
		}
		if !ids["f7-t"] || !ids["f7-d"] {
			t.Error("no title or description")
		}
	})
}

func areas(d *figure.Drawing, of func(*figure.Area) bool) (out []*figure.Area) {
	for _, item := range d.Items {
		if a, ok := item.(*figure.Area); ok && of(a) {
			out = append(out, a)
		}
	}
	return out
}

func said(d *figure.Drawing) string {
	var out []string
	for _, item := range d.Items {
		if w, ok := item.(*figure.Words); ok {
			out = append(out, w.Text)
		}
	}
	return strings.Join(out, "\n")
}

func area2(r []figure.Point) (sum int64) {
	for i, p := range r {
		q := r[(i+1)%len(r)]
		sum += int64(p.X)*int64(q.Y) - int64(q.X)*int64(p.Y)
	}
	return sum
}

// No sliver opens between neighbors: the areas of shapes on paper add up exactly to that of their parents, whose borders they share.
func TestNeighborsLeaveNoSliver(t *testing.T) {
	for _, size := range [][2]int{{2, 1}, {6, 5}, {20, 20}} {
		b := town(size[0], size[1], plainName)
		d := figure.Draw(figureOf(&report.Map{Base: b}), 17000, "zh")
		shapes, parents, places := int64(0), int64(0), 0
		for _, a := range areas(d, func(a *figure.Area) bool { return a.Title != "" && a.Stroke == "6e6e6e" }) {
			for _, r := range a.Path.Rings {
				shapes, places = shapes+area2(r), places+len(r)
			}
		}
		lines := areas(d, func(a *figure.Area) bool { return a.Path.Open && len(a.Path.Rings) == len(b.Borders) })
		if len(lines) != 1 {
			t.Fatalf("%d borders", len(lines))
		}
		for _, r := range lines[0].Path.Rings {
			parents += area2(r)
		}
		if shapes != parents || shapes == 0 {
			t.Errorf("%v: shapes have %d, their parents %d", size, shapes, parents)
		}
		if all := size[0] * size[1] * 160; places*2 > all && size[0] > 10 {
			t.Errorf("%v: %d of %d places are drawn: nothing is simplified", size, places, all)
		}
	}
}

// The scale tells the truth: its bar is as long as that length on the ground, at every latitude.
func TestScaleIsTrue(t *testing.T) {
	label := regexp.MustCompile(`^([\d,]+) (m|km)$`)
	for _, lat := range []float64{0, 29.5, -45, 68} {
		for _, size := range []float64{0.002, 0.02, 0.3} {
			geometry := square(106, lat, size)
			d := figure.Draw(figureOf(&report.Map{Base: &report.Base{Shapes: []report.Shape{{Name: "s", Geometry: geometry}}}}), 17000, "en")
			shape := areas(d, func(a *figure.Area) bool { return a.Title == "s" })
			if len(shape) != 1 {
				t.Fatalf("%d shapes", len(shape))
			}
			lo, hi := shape[0].Path.Rings[0][0], shape[0].Path.Rings[0][0]
			for _, p := range shape[0].Path.Rings[0] {
				lo.X, lo.Y, hi.X, hi.Y = min(lo.X, p.X), min(lo.Y, p.Y), max(hi.X, p.X), max(hi.Y, p.Y)
			}
			wide := measure.Distance(orb.Point{106, lat + size/2}, orb.Point{106 + size, lat + size/2})
			high := measure.Distance(orb.Point{106, lat}, orb.Point{106, lat + size})
			bar, metres := 0, 0.0
			for _, item := range d.Items {
				if w, ok := item.(*figure.Words); ok {
					if m := label.FindStringSubmatch(w.Text); m != nil {
						n, _ := strconv.Atoi(strings.ReplaceAll(m[1], ",", ""))
						if metres = float64(n); m[2] == "km" {
							metres *= 1000
						}
						bar += int(w.At.X)
					} else if w.Text == "0" {
						bar -= int(w.At.X)
					}
				}
			}
			for name, perMetre := range map[string]float64{"west to east": float64(hi.X-lo.X) / wide, "south to north": float64(hi.Y-lo.Y) / high} {
				if got := float64(bar) / metres / perMetre; got < 0.995 || got > 1.005 {
					t.Errorf("latitude %v, %v°: a bar of %v m is %v times as long %s", lat, size, metres, got, name)
				}
			}
		}
	}
}

// A neighborhood too small to be seen has a dot; one without an outline has none.
func TestSmallShapesAreDots(t *testing.T) {
	d := figure.Draw(samples()["map_dot"], 17000, "zh")
	dots := areas(d, func(a *figure.Area) bool { return strings.HasPrefix(a.Title, "点") })
	if len(dots) != 1 || len(dots[0].Path.Rings) != 1 || area2(dots[0].Path.Rings[0]) < 2*30*30 {
		t.Errorf("%+v", dots)
	}
	if none := areas(d, func(a *figure.Area) bool { return strings.HasPrefix(a.Title, "无") }); len(none) != 0 {
		t.Errorf("%+v", none)
	}
}

// Nothing is lost in silence: what a figure does not draw it counts.
func TestWhatIsLeftOutIsCounted(t *testing.T) {
	all := samples()
	gaps := all["map_gaps"].Plot.(*report.Map)
	d := figure.Draw(all["map_gaps"], 17000, "en")
	drawn := len(areas(d, func(a *figure.Area) bool { return a.Alpha > 0 && a.Alpha < 100 && a.Stroke == "" }))
	m := regexp.MustCompile(`(\d+) more places are too small`).FindStringSubmatch(said(d))
	if m == nil || m[1] != strconv.Itoa(len(gaps.Overlays)-drawn) || drawn < 30 {
		t.Errorf("%d of %d drawn, and said: %v", drawn, len(gaps.Overlays), m)
	}
	if s := said(figure.Draw(all["map_gaps"], 17000, "zh")); !strings.Contains(s, "另有 "+m[1]+" 处") {
		t.Error("not said in Chinese")
	}

	// Each value of the ranking that is drawn stands at its row; the others are counted.
	bars := figure.Draw(all["bars_many"], 17000, "en")
	m = regexp.MustCompile(`(\d+) more rows`).FindStringSubmatch(said(bars))
	if m == nil {
		t.Fatal("300 rows, and nothing is said of those left out")
	}
	left, _ := strconv.Atoi(m[1])
	rows := len(regexp.MustCompile(`(?m)^(\d+\.\d\d|not known)$`).FindAllString(said(bars), -1))
	if rows+left != 300 || rows < 40 {
		t.Errorf("%d rows and %d left out, of 300", rows, left)
	}
	for _, want := range []string{"more maps are not drawn"} {
		if s := said(figure.Draw(all["multiples_many"], 17000, "en")); !strings.Contains(s, want) {
			t.Errorf("200 panels, and not %q", want)
		}
	}
	for _, name := range []string{"map_empty", "multiples_empty", "bars_empty", "intervals_empty", "histogram_empty", "nothing"} {
		if s := said(figure.Draw(all[name], 17000, "zh")); s != "无数据可绘" {
			t.Errorf("%s says %q", name, s)
		}
	}
}

// Panels of a city too large to use each outline in each of them show the same colours: every shape's middle lies in an area of its tone.
func TestPanelsOfLargeCities(t *testing.T) {
	b := town(60, 45, plainName)
	p := multiples(b, 12)
	d := figure.Draw(figureOf(p), 17000, "zh")
	if len(d.Defs) > 1 {
		t.Fatalf("%d outlines are shared", len(d.Defs))
	}
	svg := d.AppendSVG(nil, "f")
	if len(svg) > 2_500_000 {
		t.Errorf("%d bytes", len(svg))
	}
	total := int64(0)
	for _, a := range areas(d, func(a *figure.Area) bool {
		return a.Def == 0 && a.Stroke == "" && a.Fill != "222222" && a.Fill != "ffffff" && a.Title == ""
	}) {
		for _, r := range a.Path.Rings {
			total += area2(r)
		}
	}
	border := int64(0)
	for _, r := range d.Defs[0].Rings {
		border += area2(r)
	}
	if total != 12*border {
		t.Errorf("the panels' areas are %d, twelve times the town is %d", total, 12*border)
	}
}

// Neighborhoods may overlap: what two of one tone cover is coloured, not cut out.
func TestOverlappingNeighborhoods(t *testing.T) {
	b := town(60, 45, plainName)
	for i := range 3 {
		b.Shapes = append(b.Shapes, report.Shape{Name: "over", Geometry: square(106.55, 29.55, 0.02+0.01*float64(i))})
	}
	p := multiples(b, 12)
	for _, m := range p.Maps {
		m.Fill = fill(len(b.Shapes), report.ToneMet)
	}
	d := figure.Draw(figureOf(p), 17000, "zh")
	met := areas(d, func(a *figure.Area) bool { return a.Fill == report.ToneMet.Hex() && a.Stroke == "" })
	if len(met) != 12*4 {
		t.Errorf("%d areas: four layers in twelve panels are not drawn", len(met))
	}
	for _, a := range met {
		if len(a.Path.Rings) != 1 {
			t.Errorf("%d rings: the town, and each square over it, are whole", len(a.Path.Rings))
		}
	}
}

// Lines are never wider than asked for, and together are the text or its beginning.
func TestWrap(t *testing.T) {
	names := append(slices.Clone(hostile), "石马河街道玉带山社区", "Community health centre (15 minutes), any of several", strings.Repeat("x", 500))
	for _, s := range names {
		for _, width := range []int{600, 1500, 4000, 50000} {
			for _, limit := range []int{0, 1, 2, 3} {
				lines := figure.Wrap(s, 282, false, width, limit)
				if limit > 0 && len(lines) > limit {
					t.Errorf("%q: %d lines of %d", s, len(lines), limit)
				}
				for _, l := range lines {
					if w := figure.Measure(l, 282, false); w > width {
						t.Errorf("%q is %d wide, not %d", l, w, width)
					}
				}
				bare := func(s string) string { return strings.ReplaceAll(s, " ", "") }
				got, whole := bare(strings.Join(lines, "")), bare(figure.Clean(s))
				if limit == 0 && width > 1400 && got != whole {
					t.Errorf("%q in lines of %d is %q", whole, width, got)
				}
				if cut, ok := strings.CutSuffix(got, "…"); ok && !strings.HasPrefix(whole, cut) {
					t.Errorf("%q is not the beginning of %q", cut, whole)
				}
			}
		}
	}
	for in, want := range map[string]string{"a\tb\n c ": "a b c", "x\u202ey": "x\ufffdy", "a\x00": "a\ufffd", "e\u0301\u0301\u0301\u0301\u0301": "e\u0301\u0301\u0301", "": "", " ": "", "ok": "ok"} {
		if got := figure.Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, not %q", in, got, want)
		}
	}
}

func FuzzWrap(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, 1500, 2)
	}
	f.Fuzz(func(t *testing.T, s string, width, limit int) {
		width = min(max(width, 300), 20000)
		for _, l := range figure.Wrap(s, 282, false, width, min(max(limit, 0), 5)) {
			if w := figure.Measure(l, 282, false); w > width {
				t.Errorf("%q is %d wide, not %d", l, w, width)
			}
		}
		if c := figure.Clean(s); figure.Clean(c) != c {
			t.Errorf("Clean(%q) is not clean", s)
		}
	})
}

func BenchmarkDraw(b *testing.B) {
	for _, n := range []int{30, 300, 3000, 11270} {
		side := 1
		for side*side < n {
			side++
		}
		base := town(side, side, plainName)
		for name, f := range map[string]*report.Figure{"map": figureOf(cityMap(base)), "multiples": figureOf(multiples(base, 20))} {
			b.Run(fmt.Sprintf("%s/n=%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				size := 0
				for b.Loop() {
					size = len(figure.Draw(f, 17000, "zh").AppendSVG(nil, "f"))
				}
				b.ReportMetric(float64(size), "svg-bytes")
			})
		}
	}
}

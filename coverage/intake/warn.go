package intake

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"lifecircle/coverage"
	"lifecircle/geo/measure"
	"lifecircle/geo/overlay"
)

// maxListed bounds the examples in the text of a finding.
const maxListed = 20

// warn adds findings about the layer as a whole.
func (b *builder) warn(l *coverage.Layer) {
	o := &b.o
	if b.rep.CRS == "EPSG:4490" {
		b.note("cgcs2000", "CGCS2000 按 WGS 84 读取, 在重庆二者相差不到 1 米", "CGCS2000 was read as WGS 84; in Chongqing they differ by decimetres")
	}
	for i, m := range o.Measures {
		if n := b.missing[i]; n > 0 {
			b.note("missing_measure", fmt.Sprintf("%d 行没有 %s(列 %s), 记为未知", n, m.Name, m.Field),
				fmt.Sprintf("%d rows have no %s (column %s); it is unknown there, not 0", n, m.Name, m.Field))
		}
	}
	if len(b.statuses) > 0 {
		words := make([]string, 0, len(b.statuses))
		for w := range b.statuses {
			words = append(words, w)
		}
		sort.Strings(words)
		var list []string
		total := 0
		for _, w := range words {
			total += b.statuses[w]
			list = append(list, fmt.Sprintf("%s × %d", quote(w), b.statuses[w]))
		}
		zh, en := listed(list)
		b.note("unknown_status", fmt.Sprintf("%d 行的状态词不认识, 记为未知(计入现状): %s", total, zh),
			fmt.Sprintf("%d rows have a status that is not understood and count as unknown: %s", total, en))
	}
	if b.rounded > 0 {
		b.note("date_rounded", fmt.Sprintf("%d 行的日期只有年或月: 开放取首日, 关闭取末日", b.rounded),
			fmt.Sprintf("%d rows give only a year or month: opened on its first day, closed on its last", b.rounded))
	}
	if n := parkPoints(l); n > 0 {
		b.note("park_points", fmt.Sprintf("%d 个公园都是点: 大小未知, 距离从点而不是从边界算起; 请用面", n),
			fmt.Sprintf("all %d parks are points: their size is unknown and they count from the point, not from their edge; use polygons", n))
	}
	if b.base == nil { // else the whole is looked at
		warnOverlaps(l, b.rep)
	}
}

// parkPoints counts the parks of a layer in which every park is a point, 0 for any other layer.
func parkPoints(l *coverage.Layer) int {
	n := 0
	for i := range l.IDs {
		if !slices.ContainsFunc(l.RowServices(i), func(s string) bool { return s == "park" || s == "pocket_park" }) {
			continue
		}
		if _, ok := l.Geometry(i).(orb.Point); !ok {
			return 0
		}
		n++
	}
	return n
}

func (b *builder) note(code, zh, en string) { note(b.rep, code, zh, en) }

func note(rep *coverage.ImportReport, code, zh, en string) {
	rep.Warnings = append(rep.Warnings, coverage.ReportNote{Code: code, Text: en, TextZh: zh})
}

// listed joins examples for a sentence.
func listed(items []string) (zh, en string) {
	rest := len(items) - maxListed
	if rest > 0 {
		items = items[:maxListed]
	}
	zh, en = strings.Join(items, "、"), strings.Join(items, ", ")
	if rest > 0 {
		zh += fmt.Sprintf(" 等, 另有 %d 项", rest)
		en += fmt.Sprintf(" and %d more", rest)
	}
	return zh, en
}

// Overlaps that are reported, and how many pairs are measured at most: noise along borders makes many.
const (
	minOverlapMM2 = 1_000_000 // 1 m²
	maxMeasured   = 1_000
)

type overlap struct {
	a, b int // rows
	mm2  int64
}

// warnOverlaps names pairs of neighborhoods that share more than 1 m²: their people count in both.
func warnOverlaps(l *coverage.Layer, rep *coverage.ImportReport) {
	if l.Info.Role != coverage.RoleNeighborhoods {
		return
	}
	pairs, unmeasured := overlaps(l)
	if len(pairs) == 0 && unmeasured == 0 {
		return
	}
	var list []string
	total := 0.0
	for _, p := range pairs {
		m2 := float64(p.mm2) / 1e6
		total += m2
		list = append(list, fmt.Sprintf("%s/%s (%.0f m²)", l.IDs[p.a], l.IDs[p.b], m2))
	}
	zh, en := listed(list)
	if unmeasured > 0 {
		zh += fmt.Sprintf("; 另有 %d 对边界交错, 未计面积", unmeasured)
		en += fmt.Sprintf("; the borders of %d more pairs cross and were not measured", unmeasured)
	}
	note(rep, "overlap", fmt.Sprintf("%d 对评价单元重叠, 共 %.0f m², 其中的人口在两边都计入: %s", len(pairs), total, zh),
		fmt.Sprintf("%d pairs of neighborhoods overlap by %.0f m² in all; people there count in both: %s", len(pairs), total, en))
}

// overlaps gives the pairs of rows whose polygons share at least minOverlapMM2, largest first, and how many pairs beyond
// maxMeasured seem to overlap.
func overlaps(l *coverage.Layer) (pairs []overlap, unmeasured int) {
	var tree rtree.RTreeG[int]
	outlines := make([]*outline, l.Len())
	for i := range l.IDs {
		outlines[i] = newOutline(l.Geometry(i))
		tree.Insert(outlines[i].bound.Min, outlines[i].bound.Max, i)
	}
	measured := 0
	for i := range outlines {
		var near []int
		tree.Search(outlines[i].bound.Min, outlines[i].bound.Max, func(_, _ [2]float64, j int) bool {
			if j > i {
				near = append(near, j)
			}
			return true
		})
		slices.Sort(near)
		for _, j := range near {
			if !interiorsMeet(outlines[i], outlines[j]) {
				continue
			}
			if measured == maxMeasured {
				unmeasured++
				continue
			}
			measured++
			common, err := overlay.Intersection(l.Geometry(i), l.Geometry(j))
			if err != nil {
				unmeasured++
				continue
			}
			if mm2 := measure.AreaMM2(common); mm2 >= minOverlapMM2 {
				pairs = append(pairs, overlap{i, j, mm2})
			}
		}
	}
	slices.SortStableFunc(pairs, func(x, y overlap) int {
		switch {
		case x.mm2 > y.mm2:
			return -1
		case x.mm2 < y.mm2:
			return 1
		}
		return 0
	})
	return pairs, unmeasured
}

// outline is a polygon prepared for the question whether it shares inside with another.
type outline struct {
	g       orb.Geometry
	bound   orb.Bound
	rings   []orb.Ring
	locator *measure.Locator // made when first needed
}

func newOutline(g orb.Geometry) *outline {
	o := &outline{g: g, bound: g.Bound()}
	switch g := g.(type) {
	case orb.Polygon:
		o.rings = g
	case orb.MultiPolygon:
		for _, p := range g {
			o.rings = append(o.rings, p...)
		}
	}
	return o
}

func (o *outline) inside(p orb.Point) bool {
	if o.locator == nil {
		o.locator = measure.NewLocator(o.g)
	}
	return o.locator.Locate(p) == measure.Inside
}

type segment struct{ a, b orb.Point }

func (s segment) min(k int) float64 { return min(s.a[k], s.b[k]) }
func (s segment) max(k int) float64 { return max(s.a[k], s.b[k]) }

// interiorsMeet tells whether two valid polygons share more than borders: an edge of one crosses an edge of the other, or a
// vertex, an edge's middle or an inner point of one lies inside the other.
func interiorsMeet(a, b *outline) bool {
	box := orb.Bound{
		Min: orb.Point{max(a.bound.Min[0], b.bound.Min[0]), max(a.bound.Min[1], b.bound.Min[1])},
		Max: orb.Point{min(a.bound.Max[0], b.bound.Max[0]), min(a.bound.Max[1], b.bound.Max[1])},
	}
	if box.Min[0] >= box.Max[0] || box.Min[1] >= box.Max[1] {
		return false
	}
	as, bs := a.within(box), b.within(box)
	return anyCross(as, bs) || anyInside(as, box, b) || anyInside(bs, box, a) ||
		b.inside(measure.PointOnSurface(a.g)) || a.inside(measure.PointOnSurface(b.g))
}

// within gives the edges that meet a box, by their western end.
func (o *outline) within(box orb.Bound) []segment {
	var out []segment
	for _, r := range o.rings {
		for i := 1; i < len(r); i++ {
			s := segment{r[i-1], r[i]}
			if s.min(0) <= box.Max[0] && s.max(0) >= box.Min[0] && s.min(1) <= box.Max[1] && s.max(1) >= box.Min[1] {
				out = append(out, s)
			}
		}
	}
	slices.SortFunc(out, func(x, y segment) int {
		switch {
		case x.min(0) < y.min(0):
			return -1
		case x.min(0) > y.min(0):
			return 1
		}
		return 0
	})
	return out
}

// anyCross sweeps two lists of edges from west to east for a pair that crosses properly.
func anyCross(as, bs []segment) bool {
	var openA, openB []segment
	for i, j := 0, 0; i < len(as) || j < len(bs); {
		if j == len(bs) || i < len(as) && as[i].min(0) <= bs[j].min(0) {
			if openB = meets(as[i], openB); openB == nil {
				return true
			}
			openA = append(openA, as[i])
			i++
		} else {
			if openA = meets(bs[j], openA); openA == nil {
				return true
			}
			openB = append(openB, bs[j])
			j++
		}
	}
	return false
}

// meets drops the open edges that end west of s, and gives nil if s crosses one of the others.
func meets(s segment, open []segment) []segment {
	kept := open[:0]
	if kept == nil {
		kept = []segment{}
	}
	for _, t := range open {
		if t.max(0) < s.min(0) {
			continue
		}
		if t.min(1) <= s.max(1) && t.max(1) >= s.min(1) && crosses(s, t) {
			return nil
		}
		kept = append(kept, t)
	}
	return kept
}

// crosses tells whether two edges cross in one inner point of both.
func crosses(s, t segment) bool {
	return measure.Orient(s.a, s.b, t.a)*measure.Orient(s.a, s.b, t.b) < 0 && measure.Orient(t.a, t.b, s.a)*measure.Orient(t.a, t.b, s.b) < 0
}

func anyInside(edges []segment, box orb.Bound, o *outline) bool {
	for _, s := range edges {
		if box.Contains(s.a) && o.inside(s.a) {
			return true
		}
		if middle := (orb.Point{(s.a[0] + s.b[0]) / 2, (s.a[1] + s.b[1]) / 2}); box.Contains(middle) && o.inside(middle) {
			return true
		}
	}
	return false
}

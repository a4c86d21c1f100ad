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
	b.warnCRS(l)
	if o.Role != coverage.RoleAttributes && l.Len() > 0 {
		warnSwapped(l.Info.Bound, b.rep)
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
	if b.pairs > 0 {
		b.note("pairs_kept", fmt.Sprintf("%d 对设施同名且相距不超过 %d 米, 未合并: 这类服务成对设置(如道路两侧的公交车站), 各计一处", b.pairs, mergeMetres),
			fmt.Sprintf("pairs of one name within %[2]d m that were not merged: %[1]d; the service comes in pairs, such as bus stops on either side of a street, and each counts", b.pairs, mergeMetres))
	}
	if n := parkPoints(l); n > 0 {
		b.note("park_points", fmt.Sprintf("%d 个公园都是点: 大小未知, 距离从点而不是从边界算起; 请用面", n),
			fmt.Sprintf("all %d parks are points: their size is unknown and they count from the point, not from their edge; use polygons", n))
	}
	if o.Role == coverage.RoleNeighborhoods && l.Len() > 0 && len(b.fields) > 0 {
		if b.hashed == l.Len() {
			b.note("hashed_ids", "评价单元没有编号, 已用内容的哈希代替; 用 --id-field 指定编号列: "+b.columns(), "the neighborhoods have no ids and go by a hash of their content; name the column with --id-field: "+b.columns())
		}
		if !slices.ContainsFunc(l.Names, func(n string) bool { return n != "" }) {
			b.note("no_names", "评价单元没有名称; 用 --name-field 指定名称列: "+b.columns(), "the neighborhoods have no names; name the column with --name-field: "+b.columns())
		}
	}
	if b.base == nil { // else the whole is looked at
		warnOverlaps(l, b.rep)
	}
}

// china is a box around the whole country, in degrees.
var china = orb.Bound{Min: orb.Point{73, 3}, Max: orb.Point{136, 54}}

// warnSwapped tells that a layer, which lies outside of China, would lie inside if latitude and longitude changed places: then both
// numbers are in range (as in Xinjiang and Tibet), and for the first layer of a project nothing else can tell.
func warnSwapped(b orb.Bound, rep *coverage.ImportReport) {
	inside := func(p orb.Point) bool { return china.Contains(orb.Point{p[1], p[0]}) }
	if china.Intersects(b) || !inside(b.Min) || !inside(b.Max) {
		return
	}
	note(rep, "swapped_axes", "图层不在中国境内, 经纬度对调后则在; 请检查坐标顺序(应为经度、纬度)",
		"the layer lies outside of China, and would lie inside with latitude and longitude swapped; check the order of the axes (longitude, latitude)")
}

// columns lists the columns that the file has.
func (b *builder) columns() string {
	names := make([]string, 0, len(b.fields))
	for f := range b.fields {
		names = append(names, f)
	}
	sort.Strings(names)
	_, en := listed(names)
	return en
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
	outlines := make([]*overlay.Outline, l.Len())
	for i := range l.IDs {
		outlines[i] = overlay.NewOutline(l.Geometry(i))
		tree.Insert(outlines[i].Bound().Min, outlines[i].Bound().Max, i)
	}
	measured := 0
	for i := range outlines {
		var near []int
		tree.Search(outlines[i].Bound().Min, outlines[i].Bound().Max, func(_, _ [2]float64, j int) bool {
			if j > i {
				near = append(near, j)
			}
			return true
		})
		slices.Sort(near)
		for _, j := range near {
			if !outlines[i].Meets(outlines[j]) {
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

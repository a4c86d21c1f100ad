package osm

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
	"lifecircle/geo/geojson"
)

// Shape is what an element is drawn as.
type Shape uint8

// The shapes of features.
const (
	PointShape Shape = iota
	LineShape
	AreaShape
	NoShape // relations that are no areas: routes, sites, …
)

// Feature is an element with tags, before its geometry is made.
type Feature struct {
	Ref   Ref
	Tags  Tags
	Shape Shape
}

// Selection says which features of an extract a source gives.
type Selection struct {
	Want func(Feature) bool // nil: all
	Edit func(*intake.Row)  // may add properties and findings to a row, nil: nothing
}

// Source gives features of an extract as rows. It implements [intake.Source]; an extract may have any number of them.
type Source struct {
	x    *Extract
	s    Selection
	next [3]int
	n    int
}

// Source starts at the first feature.
func (x *Extract) Source(s Selection) *Source { return &Source{x: x, s: s} }

// Info says what the format is; coordinates are WGS 84 by the format's own rule. Geometries are as the file has them.
func (s *Source) Info() intake.SourceInfo {
	return intake.SourceInfo{Format: string(s.x.Format), Places: true, Unchecked: true, Degrees: true}
}

// Next gives the next feature, io.EOF at the end.
func (s *Source) Next() (intake.Row, error) {
	for {
		f, ok := s.feature()
		if !ok {
			return intake.Row{}, io.EOF
		}
		if s.s.Want != nil && !s.s.Want(f) {
			continue
		}
		s.n++
		row := intake.Row{N: s.n, Feature: geojson.Feature{ID: f.Ref.String(), HasID: true, Properties: f.Tags.Properties()}}
		s.x.draw(f, &row)
		if s.s.Edit != nil {
			s.s.Edit(&row)
		}
		return row, nil
	}
}

// feature goes on to the next wanted element.
func (s *Source) feature() (Feature, bool) {
	x := s.x
	if i := s.next[Node]; i < len(x.nodes) {
		s.next[Node]++
		return Feature{Ref{Node, x.nodes[i].id}, x.nodes[i].tags, PointShape}, true
	}
	for s.next[Way] < len(x.ways) {
		w := &x.ways[s.next[Way]]
		s.next[Way]++
		if w.wanted {
			return Feature{Ref{Way, w.id}, w.tags, x.wayShape(w)}, true
		}
	}
	if i := s.next[Relation]; i < len(x.relations) {
		s.next[Relation]++
		shape := NoShape
		if isAreaRelation(x.relations[i].tags) {
			shape = AreaShape
		}
		return Feature{Ref{Relation, x.relations[i].id}, x.relations[i].tags, shape}, true
	}
	return Feature{}, false
}

func (x *Extract) wayShape(w *keptWay) Shape {
	if n := w.to - w.from; n > 3 && x.refs[w.from] == x.refs[w.to-1] && IsArea(w.tags) {
		return AreaShape
	}
	return LineShape
}

// draw makes the geometry of a feature, or says why it has none.
func (x *Extract) draw(f Feature, row *intake.Row) {
	switch f.Ref.Kind {
	case Node:
		i, _ := slices.BinarySearchFunc(x.nodes, f.Ref.ID, func(n keptNode, id int64) int { return cmp.Compare(n.id, id) })
		row.Feature.Geometry = x.nodes[i].at.point()
		x.twice(&x.nodes[i].kept, row)
	case Way:
		w, _ := x.way(f.Ref.ID)
		if x.drawWay(w, f.Shape, row); w.part > 0 && f.Shape == AreaShape {
			x.foldPart(&x.relations[w.part-1], row)
		}
		x.twice(&w.kept, row)
	case Relation:
		i, _ := slices.BinarySearchFunc(x.relations, f.Ref.ID, func(r keptRelation, id int64) int { return cmp.Compare(r.id, id) })
		x.drawRelation(&x.relations[i], f.Shape, row)
		x.twice(&x.relations[i].kept, row)
	}
}

// twice notes that other content stood under the same id.
func (x *Extract) twice(k *kept, row *intake.Row) {
	if k.twice && row.Refused == nil {
		row.Repairs = append(row.Repairs, finding("osm_versions", "文件中有多个不同的版本, 采用最新的一个", "stands in the file in several versions; the newest was taken"))
	}
}

// foldPart refuses a way that a relation draws already.
func (x *Extract) foldPart(r *keptRelation, row *intake.Row) {
	var whole intake.Row
	if x.drawRelation(r, AreaShape, &whole); whole.Refused != nil {
		return
	}
	name := Ref{Relation, r.id}.String()
	row.Feature.Geometry = nil
	row.Refused = refusal("part_of_relation", "与 "+name+" 标签相同, 是其外环, 已由该关系表示", "an outer ring of "+name+" with the same tags: the relation stands for it")
}

// drawWay makes a line or polygon of a way.
func (x *Extract) drawWay(w *keptWay, shape Shape, row *intake.Row) {
	runs, missing := x.runs(w)
	switch {
	case shape == AreaShape && missing > 0:
		row.Refused = refusal("missing_nodes", fmt.Sprintf("轮廓的 %d 个节点不在文件中", missing), fmt.Sprintf("%d nodes of its outline are not in the file", missing))
	case shape == AreaShape:
		row.Feature.Geometry = orb.Polygon{ring(runs[0])}
		if touchesItself(runs[0]) {
			untie(runs[0], row)
		}
	case len(runs) == 0:
		row.Refused = refusal("missing_nodes", "节点都不在文件中", "none of its nodes is in the file")
	case missing == 0:
		row.Feature.Geometry = line(runs[0])
	default:
		runs = slices.DeleteFunc(runs, func(r []place) bool { return len(r) < 2 })
		if len(runs) == 0 {
			row.Refused = refusal("missing_nodes", "相邻的节点不在文件中", "no two nodes in a row are in the file")
			return
		}
		lines := make(orb.MultiLineString, len(runs))
		for i, r := range runs {
			lines[i] = line(r)
		}
		row.Feature.Geometry = lines
		if len(lines) == 1 {
			row.Feature.Geometry = lines[0]
		}
		row.Repairs = append(row.Repairs, finding("missing_nodes", fmt.Sprintf("%d 个节点不在文件中, 只取其余部分", missing),
			fmt.Sprintf("%d nodes are not in the file; what is left of the line was taken", missing)))
	}
}

// touchesItself reports whether a closed ring comes to one of its places twice.
func touchesItself(r []place) bool {
	open := slices.Clone(r[1:])
	slices.SortFunc(open, place.compare)
	for i := 1; i < len(open); i++ {
		if open[i] == open[i-1] {
			return true
		}
	}
	return false
}

// untie makes simple rings of a ring that touches itself.
func untie(r []place, row *intake.Row) {
	var o outline
	o.add(r, false)
	if mp, _, fault := o.polygons(); fault == outlineOK {
		row.Feature.Geometry = simplest(mp)
		row.Repairs = append(row.Repairs, finding("ring_untied", "环在顶点处自接, 已分成几个环", "the ring touched itself and was split into simple rings"))
	}
}

// runs gives the places of a way, cut where nodes are missing.
func (x *Extract) runs(w *keptWay) (runs [][]place, missing int) {
	var run []place
	for _, id := range x.refs[w.from:w.to] {
		p, ok := x.place(id)
		if !ok {
			missing++
			if len(run) > 0 {
				runs = append(runs, run)
			}
			run = nil
			continue
		}
		run = append(run, p)
	}
	if len(run) > 0 {
		runs = append(runs, run)
	}
	return runs, missing
}

// drawRelation makes polygons of a relation.
func (x *Extract) drawRelation(r *keptRelation, shape Shape, row *intake.Row) {
	if shape != AreaShape {
		row.Refused = refusal("relation_kind", "关系类型 "+printable(r.tags.Find("type"))+" 不是面", "a relation of type "+printable(r.tags.Find("type"))+" is no area")
		return
	}
	var o outline
	var missing []string
	var again int
	seen := map[int64]bool{}
	nested, broken := 0, 0
	for _, m := range r.members {
		if m.ref.Kind == Relation && (m.role == "outer" || m.role == "inner") {
			nested++
		}
		if m.ref.Kind != Way {
			continue // labels and centres
		}
		if seen[m.ref.ID] {
			again++
			continue
		}
		seen[m.ref.ID] = true
		w, ok := x.way(m.ref.ID)
		if !ok {
			missing = append(missing, m.ref.String())
			continue
		}
		runs, gaps := x.runs(w)
		if gaps > 0 {
			broken++
		}
		for _, run := range runs {
			o.add(run, m.role == "inner")
		}
	}
	mp, openInner, fault := o.polygons()
	switch {
	case fault == outlineEmpty && len(missing) == 0 && nested == 0:
		row.Refused = refusal("no_outline", "没有成员路径围成轮廓", "no member ways enclose it")
	case fault == outlineEmpty || fault == outlineOpen:
		row.Refused = x.openOutline(missing, broken, nested)
	case fault == outlineComplex:
		row.Refused = refusal("too_complex", "轮廓过于复杂", "the outline is too complex")
	default:
		row.Feature.Geometry = simplest(mp)
	}
	if row.Refused != nil {
		return
	}
	if len(missing) > 0 || openInner || broken > 0 || nested > 0 {
		zh := fmt.Sprintf("缺少 %d 条成员路径, %d 条不完整, 已取能闭合的部分", len(missing), broken)
		en := fmt.Sprintf("%d member ways are not in the file and %d are incomplete; the rings that close were taken", len(missing), broken)
		if nested > 0 {
			zh += fmt.Sprintf("; %d 个成员关系未读", nested)
			en += fmt.Sprintf("; %d member relations were not read", nested)
		}
		row.Repairs = append(row.Repairs, finding("missing_members", zh+listed(missing), en+listed(missing)))
	}
	if again > 0 {
		row.Repairs = append(row.Repairs, finding("duplicate_member", fmt.Sprintf("%d 条成员路径重复, 只计一次", again), fmt.Sprintf("%d member ways stand twice and were counted once", again)))
	}
}

// openOutline says why an outer ring does not close.
func (x *Extract) openOutline(missing []string, broken, nested int) *intake.Finding {
	switch {
	case len(missing) > 0:
		return refusal("missing_members", fmt.Sprintf("轮廓不闭合: 缺少 %d 条成员路径", len(missing))+listed(missing),
			fmt.Sprintf("the outline does not close: %d member ways are not in the file", len(missing))+listed(missing))
	case broken > 0:
		return refusal("missing_nodes", fmt.Sprintf("轮廓不闭合: %d 条成员路径缺少节点", broken), fmt.Sprintf("the outline does not close: %d member ways lack nodes", broken))
	case nested > 0:
		return refusal("nested_relation", "轮廓由其他关系组成, 未读", "its outline is made of other relations, which are not followed")
	}
	return refusal("open_outline", "轮廓不闭合", "the outline does not close")
}

// listed shows the first few names.
func listed(names []string) string {
	if len(names) == 0 {
		return ""
	}
	s := " (" + strings.Join(names[:min(len(names), 5)], ", ")
	if len(names) > 5 {
		s += ", …"
	}
	return s + ")"
}

func line(ps []place) orb.LineString {
	l := make(orb.LineString, len(ps))
	for i, p := range ps {
		l[i] = p.point()
	}
	return l
}

func ring(ps []place) orb.Ring { return orb.Ring(line(ps)) }

// simplest gives a polygon for a single part.
func simplest(mp orb.MultiPolygon) orb.Geometry {
	if len(mp) == 1 {
		return mp[0]
	}
	return mp
}

func finding(code, zh, en string) intake.Finding {
	return intake.Finding{Code: code, Text: coverage.Text{Zh: zh, En: en}}
}

func refusal(code, zh, en string) *intake.Finding {
	f := finding(code, zh, en)
	return &f
}

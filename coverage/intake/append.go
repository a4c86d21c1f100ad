package intake

import (
	"fmt"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
)

// appendTo gives the rows of both layers under the declarations of the new one; no id of add is in old (see settleBase).
func appendTo(old, add *coverage.Layer, rep *coverage.ImportReport) *coverage.Layer {
	l := merge(old, add)
	l.Sort()
	l.Info = add.Info
	l.Info.Rows, l.Info.Bound = l.Len(), bound(l)
	if sources := strings.Split(old.Info.Source, ", "); slices.Contains(sources, add.Info.Source) {
		l.Info.Source = old.Info.Source
	} else {
		l.Info.Source = old.Info.Source + ", " + add.Info.Source
	}
	for _, s := range old.Info.Services {
		if slices.Contains(l.Info.Services, s) {
			continue
		}
		survey := old.Info.Survey(s)
		if len(add.Info.Surveys) > 0 { // one declaration speaks for all services of a layer
			survey.Kind, survey.Area = add.Info.Surveys[0].Kind, add.Info.Surveys[0].Area
		}
		l.Info.Services = append(l.Info.Services, s)
		l.Info.Surveys = append(l.Info.Surveys, survey)
	}
	slices.Sort(l.Info.Services)
	slices.SortFunc(l.Info.Surveys, func(a, b coverage.Survey) int { return strings.Compare(a.Service, b.Service) })
	l.Info.Hash = l.ComputeHash()
	rep.Services, rep.Hash = l.Info.Services, l.Info.Hash
	return l
}

// settleBase compares the rows with those of the layer that they are appended to: equal ones count once, and a row whose id
// belongs to another feature there is refused, together with its equals.
func (b *builder) settleBase(order []int32, drop []bool) {
	base := b.base
	if base == nil {
		return
	}
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && b.c.ids.get(order[to]) == b.c.ids.get(order[from]) {
			to++
		}
		group := order[from:to]
		from = to
		id := b.c.ids.get(group[0])
		j, has := slices.BinarySearch(base.IDs, id)
		if !has {
			continue
		}
		same := b.equalsBase(group[0], j)
		for _, i := range group {
			switch {
			case drop[i] && (same || b.c.digests[i] != b.c.digests[group[0]]):
			case same:
				drop[i] = true
				b.settle(i, "repaired", *finding("duplicate_equal", "图层中已有相同的要素, 只计一次", "the layer has an equal feature already, counted once"))
			default:
				drop[i] = true
				b.settle(i, "refused", *finding("duplicate_id", fmt.Sprintf("编号 %s 在图层中属于内容不同的要素; 请改正编号, 或用 --replace 整体导入", quote(id)),
					fmt.Sprintf("the id %s belongs to a different feature of the layer; correct the ids, or import the whole with --replace", quote(id))))
			}
		}
	}
}

// equalsBase compares an accepted row with a row of the layer by geometry and properties.
func (b *builder) equalsBase(i int32, j int) bool {
	if b.c.property(i) != b.base.Property(j) {
		return false
	}
	g, h := b.c.geometry(i), b.base.Geometry(j)
	if g == nil || h == nil {
		return g == nil && h == nil
	}
	return orb.Equal(g, h)
}

// merge gives old's rows and then add's, column by column; a column that one of them lacks is unknown there.
func merge(old, add *coverage.Layer) *coverage.Layer {
	old, add = old.Inside(), add.Inside()
	n, m := old.Len(), add.Len()
	l := &coverage.Layer{
		IDs:        append(slices.Clone(old.IDs), add.IDs...),
		Names:      append(slices.Clone(old.Names), add.Names...),
		Properties: append(slices.Clone(old.Properties), add.Properties...),
		Kinds:      join(old.Kinds, add.Kinds, n, m, ""),
		Status:     join(old.Status, add.Status, n, m, coverage.StatusUnknown),
		Opened:     join(old.Opened, add.Opened, n, m, ""),
		Closed:     join(old.Closed, add.Closed, n, m, ""),
		Capacity:   join(old.Capacity, add.Capacity, n, m, coverage.Unknown),
		AreaMM2:    join(old.AreaMM2, add.AreaMM2, n, m, coverage.Unknown),
		FloorMM2:   join(old.FloorMM2, add.FloorMM2, n, m, coverage.Unknown),
	}
	switch {
	case old.Points != nil && add.Points != nil:
		l.Points = append(slices.Clone(old.Points), add.Points...)
	case old.Points != nil || old.Shapes != nil:
		l.Shapes = make([]orb.Geometry, 0, n+m)
		for i := range n {
			l.Shapes = append(l.Shapes, old.Geometry(i))
		}
		for i := range m {
			l.Shapes = append(l.Shapes, add.Geometry(i))
		}
	}
	if old.Services != nil || add.Services != nil {
		for i := range n {
			l.Services = append(l.Services, old.RowServices(i))
		}
		for i := range m {
			l.Services = append(l.Services, add.RowServices(i))
		}
	}
	for _, name := range measureNames(old, add) {
		x, _ := old.Measure(name)
		y, _ := add.Measure(name)
		mm := coverage.Measure{Name: name}
		var a, b []int64
		if x != nil {
			a, mm.Modelled = x.Values, mm.Modelled || x.Modelled
		}
		if y != nil {
			b, mm.Modelled = y.Values, mm.Modelled || y.Modelled
		}
		mm.Values = join(a, b, n, m, coverage.Unknown)
		l.Measures = append(l.Measures, mm)
	}
	for _, level := range parentLevels(old, add) {
		l.Parents = append(l.Parents, coverage.ParentColumn{
			Level: level, Parents: join(parentColumn(old, level), parentColumn(add, level), n, m, nil),
		})
	}
	return l
}

// join puts the m rows of b behind the n rows of a; the column that is nil is unknown. Both nil give nil.
func join[T any](a, b []T, n, m int, unknown T) []T {
	if a == nil && b == nil {
		return nil
	}
	fill := func(column []T, n int) []T {
		if column == nil {
			column = slices.Repeat([]T{unknown}, n)
		}
		return column
	}
	return slices.Concat(fill(a, n), fill(b, m))
}

func measureNames(layers ...*coverage.Layer) []string {
	var names []string
	for _, l := range layers {
		for i := range l.Measures {
			names = append(names, l.Measures[i].Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func parentLevels(layers ...*coverage.Layer) []string {
	var names []string
	for _, l := range layers {
		for i := range l.Parents {
			names = append(names, l.Parents[i].Level)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func parentColumn(l *coverage.Layer, level string) [][]string {
	for i := range l.Parents {
		if l.Parents[i].Level == level {
			return l.Parents[i].Parents
		}
	}
	return nil
}

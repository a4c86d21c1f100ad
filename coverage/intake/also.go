package intake

import (
	"context"
	"fmt"
	"slices"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/geo/measure"
)

// warnAlso tells of facilities that another layer has too: by the rule by which duplicates of one layer are merged. Across layers nothing is
// merged, since each may be replaced or undone by itself; where a requirement counts facilities, both count.
func warnAlso(ctx context.Context, st coverage.Store, services *catalog.Services, layers []coverage.LayerInfo, l *coverage.Layer, rep *coverage.ImportReport) error {
	if l.Info.Role != coverage.RoleFacilities || l.Len() == 0 {
		return nil
	}
	names := namesOf(l)
	if len(names) == 0 {
		return nil
	}
	near := grown(l.Info.Bound, mergeMetres)
	for _, info := range layers {
		if info.Role != coverage.RoleFacilities || info.LayerKey == l.Info.LayerKey || info.Rows == 0 || !info.Bound.Intersects(near) ||
			!slices.ContainsFunc(info.Services, func(s string) bool { return slices.Contains(l.Info.Services, s) }) {
			continue
		}
		other, err := st.Layer(ctx, info.Hash)
		if err != nil {
			return err
		}
		if also := alsoIn(other, services, l, names); len(also) > 0 {
			zh, en := listed(also)
			note(rep, "also_in_layer", fmt.Sprintf("%d 处设施与图层 %s 中的设施同名、同类且相距不超过 %d 米, 可能是同一处; 未合并, 按数量考核时两处都计: %s", len(also), info.Name, mergeMetres, zh),
				fmt.Sprintf("%d facilities have the name and the service of one in layer %s, %d m away at most, and may be the same; they were not merged, and both count where a requirement counts: %s",
					len(also), info.Name, mergeMetres, en))
		}
	}
	return nil
}

// namesOf gives a layer's rows that have a name, sorted by it.
func namesOf(l *coverage.Layer) []namedRow {
	return sortedNames(len(l.Names), func(row int32) string { return l.Names[row] })
}

// alsoIn names the rows of l that are rows of another layer too, in their order.
func alsoIn(other *coverage.Layer, services *catalog.Services, l *coverage.Layer, names []namedRow) []string {
	found := map[int32]bool{}
	of := func(all []namedRow, sum uint64) []namedRow {
		from, _ := slices.BinarySearchFunc(all, namedRow{sum, 0}, byName)
		to := from
		for to < len(all) && all[to].sum == sum {
			to++
		}
		return all[from:to]
	}
	theirs := namesOf(other)
	for len(theirs) > 0 {
		sum := theirs[0].sum
		group, own := of(theirs, sum), of(names, sum)
		theirs = theirs[len(group):]
		if len(own) == 0 {
			continue
		}
		var tree rtree.RTreeG[int32] // a city has thousands of public toilets without a name of their own
		for _, n := range own {
			box := l.Geometry(int(n.row)).Bound()
			tree.Insert(box.Min, box.Max, n.row)
		}
		for _, n := range group {
			box := grown(other.Geometry(int(n.row)).Bound(), mergeMetres)
			tree.Search(box.Min, box.Max, func(_, _ [2]float64, row int32) bool {
				if !found[row] && samePlace(services, l, int(row), other, int(n.row)) {
					found[row] = true
				}
				return true
			})
		}
	}
	var out []string
	for i := range l.IDs {
		if found[int32(i)] {
			out = append(out, l.Names[i])
		}
	}
	return out
}

// samePlace tells whether two rows, whose names have the same hash, are told to be one facility, as those of one layer are.
func samePlace(services *catalog.Services, a *coverage.Layer, i int, b *coverage.Layer, j int) bool {
	if plainName(a.Names[i]) != plainName(b.Names[j]) {
		return false
	}
	limit, shared := mergeLimit(services, a.RowServices(i), b.RowServices(j))
	if !shared || a.Status != nil && b.Status != nil && a.Status[i] != b.Status[j] && a.Status[i] != coverage.StatusUnknown && b.Status[j] != coverage.StatusUnknown {
		return false
	}
	p, q := placeAt(a.Geometry(i)), placeAt(b.Geometry(j))
	metres := apart(measure.NewShape(p.g), &p, &q)
	return metres <= float64(limit) && !(metres > 0 && p.mm2 >= 0 && q.mm2 >= 0)
}

// placeAt is a place of which nothing but the geometry is known.
func placeAt(g orb.Geometry) place {
	p := place{g: g}
	p.locate()
	return p
}

package intake

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/geo/index"
	"lifecircle/geo/measure"
)

// lookMargin is how far beyond the neighborhoods' extent a place may lie and still be of the study area, in metres: five times the
// widest limit of the shipped catalogs, which no walk exceeds.
const lookMargin = 5_000

// maxLooked bounds the rows whose distance to the neighborhoods is measured.
const maxLooked = 10_000

// lookAt holds a layer against the project's neighborhoods: the report's FirstLook, and a warning about the places beyond the study
// area, which are kept. A project without neighborhoods, and a layer of neighborhoods or without places, has none.
func lookAt(ctx context.Context, st coverage.Store, layers []coverage.LayerInfo, l *coverage.Layer, rep *coverage.ImportReport) error {
	if l.Len() == 0 || l.Info.Role == coverage.RoleNeighborhoods || l.Info.Role == coverage.RoleAttributes {
		return nil
	}
	units, err := neighborhoodsOf(ctx, st, layers)
	if err != nil || len(units) == 0 {
		return err
	}
	look := measureLook(units, l)
	rep.FirstLook = &look
	if look.Outside == 0 || slices.ContainsFunc(rep.Warnings, func(n coverage.ReportNote) bool { return n.Code == "far_away" }) {
		return nil
	}
	zh, en := listed(beyond(units, l))
	note(rep, "outside_study_area", fmt.Sprintf("%d/%d 行在研究范围之外(评价单元外框向外 %.0f 公里), 予以保留: %s", look.Outside, l.Len(), look.MarginM/1000, zh),
		fmt.Sprintf("%d of %d rows lie beyond the study area (the neighborhoods' extent and %.0f km around it) and are kept: %s", look.Outside, l.Len(), look.MarginM/1000, en))
	return nil
}

// neighborhoodsOf gives the polygons of all neighborhoods of a project.
func neighborhoodsOf(ctx context.Context, st coverage.Store, layers []coverage.LayerInfo) ([]orb.MultiPolygon, error) {
	var out []orb.MultiPolygon
	for _, info := range layers {
		if info.Role != coverage.RoleNeighborhoods || info.Rows == 0 {
			continue
		}
		n, err := st.Layer(ctx, info.Hash)
		if err != nil {
			return nil, err
		}
		for i := range n.Len() {
			switch g := n.Geometry(i).(type) {
			case orb.Polygon:
				out = append(out, orb.MultiPolygon{g})
			case orb.MultiPolygon:
				out = append(out, g)
			}
		}
	}
	return out, nil
}

// measureLook counts and measures.
func measureLook(units []orb.MultiPolygon, l *coverage.Layer) coverage.FirstLook {
	look := coverage.FirstLook{MarginM: lookMargin, Outside: len(beyond(units, l))}
	regions := index.NewRegions(units)
	borders := make([]*measure.Shape, len(units))
	for i, u := range units {
		borders[i] = measure.NewShape(outline(u))
	}
	nearest := index.NewNearest(borders)
	step := max(1, (l.Len()+maxLooked-1)/maxLooked)
	var metres []float64
	for i := 0; i < l.Len(); i += step {
		p := placeIn(l.Geometry(i))
		look.Rows++
		if inside, border := regions.At(p); len(inside)+len(border) > 0 {
			look.Inside++
		}
		_, mm, _ := nearest.One(p)
		metres = append(metres, float64(mm)/1000)
	}
	slices.Sort(metres)
	look.MedianM = metres[(len(metres)-1)/2]
	look.Share = math.Floor(float64(look.Inside)/float64(look.Rows)*1e7+0.5) / 1e7
	return look
}

// beyond names the rows that lie beyond the study area as a whole.
func beyond(units []orb.MultiPolygon, l *coverage.Layer) []string {
	box := units[0].Bound()
	for _, u := range units[1:] {
		box = box.Union(u.Bound())
	}
	box = grown(box, lookMargin)
	var out []string
	for i := range l.IDs {
		if g := l.Geometry(i); g != nil && !g.Bound().Intersects(box) {
			out = append(out, l.IDs[i])
		}
	}
	return out
}

// outline is the border of polygons as lines.
func outline(mp orb.MultiPolygon) orb.MultiLineString {
	var out orb.MultiLineString
	for _, p := range mp {
		for _, r := range p {
			out = append(out, orb.LineString(r))
		}
	}
	return out
}

// placeIn is a point of a geometry: in a polygon, on a line.
func placeIn(g orb.Geometry) orb.Point {
	switch g := g.(type) {
	case orb.Point:
		return g
	case orb.LineString:
		return g[len(g)/2]
	case orb.MultiLineString:
		return placeIn(g[0])
	}
	return measure.PointOnSurface(g)
}

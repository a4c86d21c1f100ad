package intake

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/geo/crs"
	"lifecircle/geo/measure"
)

// maxReferences bounds the layers that one layer is held against; more cost time and tell little.
const maxReferences = 3

// datumReferences are the roles that a layer of points is held against, those that tell most first.
var datumReferences = [...]coverage.Role{coverage.RoleNetwork, coverage.RoleBuildings, coverage.RoleLand, coverage.RoleFacilities,
	coverage.RoleDemand, coverage.RoleNeighborhoods}

// datumPoints are the roles whose rows are places that stand beside streets and houses, those that tell most first.
var datumPoints = [...]coverage.Role{coverage.RoleBuildings, coverage.RoleFacilities, coverage.RoleDemand}

// DatumOfLayer holds a layer, not yet saved, against the other layers of a project, and names those it used. A layer of places is held
// against up to three others; streets, land and neighborhoods are held against the largest layer of places. No layer, or
// a layer outside the box in which GCJ-02 differs from WGS 84, gives evidence that is not Applicable. Errors are the store's.
func DatumOfLayer(ctx context.Context, st coverage.Store, layers []coverage.LayerInfo, l *coverage.Layer) (DatumEvidence, []string, error) {
	var e DatumEvidence
	if l.Len() == 0 || l.Info.Role == coverage.RoleAttributes || !touchesShiftBox(l.Info.Bound) {
		return e, nil, nil
	}
	roles, most := datumReferences[:], maxReferences
	places := slices.Contains(datumPoints[:], l.Info.Role)
	if !places {
		roles, most = datumPoints[:], 1
	}
	var used []string
	var others []*coverage.Layer
	for _, info := range besideLayer(layers, l, roles) {
		if len(others) == most {
			break
		}
		other, err := st.Layer(ctx, info.Hash)
		if err != nil {
			return e, nil, err
		}
		others = append(others, other)
		used = append(used, info.Name)
	}
	if len(others) == 0 {
		return e, nil, nil
	}
	if !places {
		return DetectDatum(placesOfLayer(others[0]), geometriesOf(l)).inverted(), used, nil
	}
	var references [][]orb.Geometry
	for _, other := range others {
		references = append(references, geometriesOf(other))
	}
	return DetectDatum(placesOfLayer(l), references...), used, nil
}

// touchesShiftBox reports whether a corner of a box lies where the formulas move places.
func touchesShiftBox(b orb.Bound) bool {
	return crs.InShiftBox(b.Min[0], b.Min[1]) || crs.InShiftBox(b.Max[0], b.Max[1])
}

// besideLayer lists the other layers of the roles that lie where l does, in the order of the roles, the largest of a role first.
func besideLayer(layers []coverage.LayerInfo, l *coverage.Layer, roles []coverage.Role) []coverage.LayerInfo {
	near := around(l.Info.Bound, datumReach)
	var out []coverage.LayerInfo
	for _, info := range layers {
		if info.LayerKey != l.Info.LayerKey && info.Rows > 0 && slices.Contains(roles, info.Role) && info.Bound.Intersects(near) {
			out = append(out, info)
		}
	}
	slices.SortStableFunc(out, func(a, b coverage.LayerInfo) int {
		if d := slices.Index(roles, a.Role) - slices.Index(roles, b.Role); d != 0 {
			return d
		}
		return b.Rows - a.Rows
	})
	return out
}

func geometriesOf(l *coverage.Layer) []orb.Geometry {
	out := make([]orb.Geometry, l.Len())
	for i := range out {
		out[i] = l.Geometry(i)
	}
	return out
}

func placesOfLayer(l *coverage.Layer) []orb.Point {
	if l.Points != nil {
		return l.Points
	}
	out := make([]orb.Point, l.Len())
	for i := range out {
		out[i] = measure.PointOnSurface(l.Geometry(i))
	}
	return out
}

// inverted is the same evidence seen from the reference.
func (e DatumEvidence) inverted() DatumEvidence {
	other := [numShifts]DatumShift{ShiftNone, ReferenceGCJ02, ReferenceBD09, LayerGCJ02, LayerBD09}
	out := e
	out.Best = other[e.Best]
	for s := range e.Posterior {
		out.Posterior[other[s]], out.PValue[other[s]] = e.Posterior[s], e.PValue[s]
	}
	return out
}

// CRS is the system that the layer's degrees are in, if the evidence is sure of it: what --crs auto may use. Where the references are
// the ones that are shifted, nothing is known of the layer but that it fits no reference.
func (e DatumEvidence) CRS() (crs.CRS, bool) {
	if !e.Sure {
		return crs.CRS{}, false
	}
	switch e.Best {
	case LayerGCJ02:
		return gcj02, true
	case LayerBD09:
		return bd09, true
	case ShiftNone:
		return mustCRS("EPSG:4326"), true
	}
	return crs.CRS{}, false
}

// Finding is what a planner has to know: that a layer and the others are shifted against each other. nil if that is not sure.
func (e DatumEvidence) Finding(layer string, references []string) *Finding {
	if !e.Sure || e.Best == ShiftNone {
		return nil
	}
	code, name := "datum_gcj02", "GCJ-02"
	if e.Best == LayerBD09 || e.Best == ReferenceBD09 {
		code, name = "datum_bd09", "BD-09"
	}
	zhRefs, enRefs := listed(references)
	percent := min(100*e.Posterior[e.Best], 99.99)
	if e.Best == LayerGCJ02 || e.Best == LayerBD09 {
		option := strings.ToLower(strings.ReplaceAll(name, "-", ""))
		f := finding(code, fmt.Sprintf("图层 %s 像是 %s 坐标, 与 %s 错开; 把握 %.2f%% (比对 %d 个点); 若属实, 请用 --crs %s 重新导入", layer, name, zhRefs, percent, e.Points, option),
			fmt.Sprintf("the layer %s seems to be in %s, shifted against %s: %.2f %% sure by %d points; if so, import it again with --crs %s", layer, name, enRefs, percent, e.Points, option))
		return f
	}
	return finding(code, fmt.Sprintf("图层 %s 与 %s 错开: 像是后者为 %s 坐标; 把握 %.2f%% (比对 %d 个点); 请检查后者的坐标系", layer, zhRefs, name, percent, e.Points),
		fmt.Sprintf("the layer %s is shifted against %s, which seem to be in %s: %.2f %% sure by %d points; check their CRS", layer, enRefs, name, percent, e.Points))
}

// warnDatum adds the finding that a layer is shifted against the project's other layers.
func warnDatum(ctx context.Context, st coverage.Store, layers []coverage.LayerInfo, l *coverage.Layer, rep *coverage.ImportReport) error {
	e, references, err := DatumOfLayer(ctx, st, layers, l)
	if err != nil {
		return err
	}
	if f := e.Finding(l.Info.Name, references); f != nil {
		note(rep, f.Code, f.Text.Zh, f.Text.En)
	}
	return nil
}

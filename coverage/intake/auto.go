package intake

import (
	"context"
	"fmt"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
)

// decideDatum settles --crs auto for a layer that was read as WGS 84 degrees: by comparison with the project's other layers, if that is sure,
// and else not at all. A layer in another system that its file names, or beyond the places that GCJ-02 moves, stays as it is.
func decideDatum(ctx context.Context, st coverage.Store, services *catalog.Services, f *File, o Options, s setting, layers []coverage.LayerInfo,
	l *coverage.Layer, rep *coverage.ImportReport, p coverage.Progress) (*coverage.Layer, *coverage.ImportReport, error) {
	if !datumOpen(l) {
		return l, rep, nil
	}
	e, references, err := DatumOfLayer(ctx, st, layers, l)
	if err != nil {
		return nil, rep, err
	}
	system, ok := e.CRS()
	if !ok {
		return nil, rep, undecided(f.Name, &e, l.Info.Name, references)
	}
	if !system.Identity() {
		s.known = placing{system, byAuto}
		if l, rep, err = build(ctx, services, f, o, s, p); err != nil {
			return nil, rep, err
		}
	}
	l.Info.CRSKnownBy, rep.CRSKnownBy = byAuto, byAuto
	zh, en := listed(references)
	note(rep, "crs_auto", fmt.Sprintf("坐标系 %s 由比对 %s 得出: 把握 %.2f%% (%d 个点)", rep.CRS, zh, sureness(&e), e.Points),
		fmt.Sprintf("the CRS %s was found by comparison with %s: %.2f %% sure by %d points", rep.CRS, en, sureness(&e), e.Points))
	return l, rep, nil
}

// datumOpen reports whether a layer's degrees may as well be GCJ-02 or BD-09.
func datumOpen(l *coverage.Layer) bool {
	return l.Len() > 0 && l.Info.Role != coverage.RoleAttributes && l.Info.CRS == "EPSG:4326" && touchesShiftBox(l.Info.Bound)
}

func sureness(e *DatumEvidence) float64 { return min(100*e.Posterior[e.Best], 99.99) }

// undecided refuses to guess.
func undecided(file string, e *DatumEvidence, layer string, references []string) error {
	p := refused(file, "比对项目中的其他图层, 无法确定坐标系", "comparison with the project's other layers does not tell the CRS for sure").field("crs")
	switch f := e.Finding(layer, references); {
	case f != nil:
		p.Text.Zh += ": " + f.Text.Zh
		p.Text.En += ": " + f.Text.En
	case len(references) == 0:
		p.Text = coverage.Text{Zh: "项目中没有可供比对的图层, 无法确定坐标系", En: "the project has no layer to compare with, which would tell the CRS"}
	}
	return p.hint("请写明 --crs EPSG:4326、gcj02 或 bd09", "say which with --crs EPSG:4326, gcj02 or bd09").err()
}

// noReference refuses --crs auto where there is no project.
func noReference(l *coverage.Layer, rep *coverage.ImportReport) error {
	if !datumOpen(l) {
		return nil
	}
	return undecided(rep.Source, &DatumEvidence{}, rep.Layer, nil)
}

package batch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"lifecircle/coverage"
)

// sourcesFolder holds projects made of lists of layers, in the work folder. They are used again by a process that goes on.
const sourcesFolder = "sources"

// bears tells which roles of a source are asked for.
type bears func(coverage.Role) bool

func everyRole(coverage.Role) bool { return true }

func borderRole(r coverage.Role) bool {
	return r == coverage.RoleNeighborhoods || r == coverage.RoleFacilities
}

// layers gives the layers that an area is scored from, with the reports to keep with them, and tells in the result what they are.
func (r *runner) layers(ctx context.Context, a *Area, result *Result) ([]*coverage.Layer, []*coverage.ImportReport, error) {
	var s *stock
	var err error
	if a.Parent != "" {
		s, err = onceOf(r, r.stocks, a.from, func() (*stock, error) { return r.load(ctx, a.from, everyRole, true) })
	} else {
		s, err = r.load(ctx, a.from, everyRole, false)
	}
	if err != nil {
		return nil, nil, err
	}
	units := s.members(a)
	if len(units) == 0 {
		for _, p := range s.failed {
			return nil, nil, &coverage.Error{Code: p.Code, Text: coverage.Text{Zh: p.TextZh, En: p.Text}}
		}
		return nil, nil, coverage.Errorf(coverage.Refused, "区域里没有评价单元", "the area has no neighborhoods")
	}
	result.Neighborhoods = len(units)
	result.Problems = append(result.Problems, s.failed...)
	result.Crossing = append(result.Crossing, s.crossing(a, units)...)
	if a.Parent == "" {
		result.Refused = append(result.Refused, s.refused...)
	}
	margin := max(largestLimit(a.Ways), float64(r.Plan.MarginM))
	result.MarginM = int64(margin)
	near := s.around(units, margin+1)

	layers := s.layers
	if a.Parent != "" {
		layers = s.cut(a, units, near)
	}
	layers = slices.Clone(layers)
	var reports []*coverage.ImportReport
	for i, l := range layers {
		whole := s.layers[i]
		report := s.reports[whole.Info.Hash]
		if report != nil { // areas share it, and a project that saves it writes its version there
			own := *report
			report = &own
			if l != whole {
				partReport(report, l, whole, a)
			}
		}
		reports = append(reports, report)
		result.Layers = append(result.Layers, LayerRef{LayerKey: l.Info.LayerKey, Hash: l.Info.Hash, Rows: l.Len(), Of: whole.Len()})
	}
	view := newViewer(s, units, near, layers)
	for _, from := range r.neighborsOf(a) {
		next, err := onceOf(r, r.borders, from, func() (*stock, error) { return r.load(ctx, from, borderRole, false) })
		if err != nil {
			if ctx.Err() != nil || coverage.CodeOf(err) == coverage.Unavailable {
				return nil, nil, err
			}
			p := problem("", err)
			p.Text, p.TextZh = "the neighbor "+from.id+" cannot be read: "+p.Text, "相邻区域 "+from.id+" 无法读取："+p.TextZh
			result.Problems = append(result.Problems, p)
			continue
		}
		across, err := view.border(from, next, layers)
		if err != nil {
			return nil, nil, fmt.Errorf("neighbor %s: %w", from.id, err)
		}
		if len(next.failed) > 0 && len(next.regions.Search(near)) > 0 {
			for _, p := range next.failed {
				p.Text, p.TextZh = "of the neighbor "+from.id+": "+p.Text, "相邻区域 "+from.id+"："+p.TextZh
				result.Problems = append(result.Problems, p)
			}
		}
		if len(across) > 0 {
			result.Neighbors = append(result.Neighbors, from.id)
		}
		for _, l := range across {
			of := 0
			for _, whole := range next.layers {
				if strings.HasPrefix(l.Info.Name, whole.Info.Name+"@"+from.id) && whole.Info.Role == l.Info.Role && whole.Info.Service == l.Info.Service {
					of = whole.Len()
				}
			}
			layers, reports = append(layers, l), append(reports, neighborReport(l, from, of, result.MarginM))
			result.Layers = append(result.Layers, LayerRef{LayerKey: l.Info.LayerKey, Hash: l.Info.Hash, Rows: l.Len(), Of: of, Neighbor: from.id})
		}
	}
	for i, l := range layers { // a project's own version numbers are of no use in another file
		own := *l
		own.Info.Version, own.Info.Changed = 0, false
		layers[i] = &own
	}
	if len(result.Problems) > 0 || len(result.Refused) > 0 {
		result.State = StatePartial
	}
	return layers, reports, nil
}

// partReport says in the report of a layer that an area has only a part of it. Counts and findings stay those of the whole file: of rows that
// were refused nobody knows which area they would be of, and what was found of the file as a whole holds for its parts.
func partReport(rep *coverage.ImportReport, l, whole *coverage.Layer, a *Area) {
	part := coverage.ReportNote{Code: "part",
		Text:   fmt.Sprintf("%d of %d rows of the layer of %s: what matters to %s=%s; counts and findings of the import are of the whole layer", l.Len(), whole.Len(), a.Source, a.Level, a.Parent),
		TextZh: fmt.Sprintf("%s 的图层共 %d 行，取与 %s=%s 有关的 %d 行；导入的计数和发现属于整个图层", a.Source, whole.Len(), a.Level, a.Parent, l.Len())}
	rep.Warnings = append([]coverage.ReportNote{part}, rep.Warnings...)
}

// neighborReport is the report of a layer that came across the border.
func neighborReport(l *coverage.Layer, from *source, of int, margin int64) *coverage.ImportReport {
	return &coverage.ImportReport{Layer: l.Info.Name, Role: l.Info.Role, Services: l.Info.Services, Source: l.Info.Source, CRS: l.Info.CRS, CRSKnownBy: l.Info.CRSKnownBy,
		Read: l.Len(), Used: l.Len(), Rows: []coverage.ReportRow{}, Warnings: []coverage.ReportNote{{Code: "neighbor",
			Text:   fmt.Sprintf("%d of %d facilities of the neighboring area %s: those within %d m of this area and not inside it", l.Len(), of, from.id, margin),
			TextZh: fmt.Sprintf("相邻区域 %s 的 %d 个设施中的 %d 个：在本区域外、周边 %d 米以内", from.id, of, l.Len(), margin)}}}
}

// load reads the layers of a source.
func (r *runner) load(ctx context.Context, s *source, roles bears, toCut bool) (*stock, error) {
	if s.project != "" {
		var out *stock
		return out, withProject(ctx, r.outside, s.project, func(p Project) (err error) {
			infos, err := p.Layers(ctx)
			if err != nil {
				return err
			}
			if print, _ := layerHashes(infos); print != s.fingerprint {
				return &coverage.Error{Code: coverage.Unavailable, File: filepath.Base(s.project), Text: coverage.Text{Zh: "批量运行期间项目的图层变了", En: "its layers changed while the batch ran"},
					Hint: coverage.Text{Zh: "再次运行", En: "run the batch again"}}
			}
			out, err = readStock(ctx, p, infos, roles, toCut)
			return err
		})
	}
	made, err := r.prepare(ctx, s, roles)
	if err != nil {
		return nil, err
	}
	p, err := r.outside.Open(made.path)
	if err != nil {
		return nil, err
	}
	infos, err := p.Layers(ctx)
	var out *stock
	if err == nil {
		out, err = readStock(ctx, p, infos, roles, toCut)
	}
	if err = errors.Join(err, p.Close()); err != nil {
		return nil, err
	}
	out.failed = made.Failed
	return out, nil
}

func readStock(ctx context.Context, p Project, infos []coverage.LayerInfo, roles bears, toCut bool) (*stock, error) {
	var layers []*coverage.Layer
	reports := map[string]*coverage.ImportReport{}
	var refused []RefusedRow
	for _, info := range infos {
		if !roles(info.Role) {
			continue
		}
		l, err := p.Layer(ctx, info.Hash)
		if err != nil {
			return nil, fmt.Errorf("layer %s %s: %w", info.Role, info.Name, err)
		}
		layers = append(layers, l)
		report, err := p.Report(ctx, info.Hash)
		if err != nil {
			if coverage.CodeOf(err) == coverage.NotFound { // read back from another program's edits
				continue
			}
			return nil, err
		}
		reports[info.Hash] = report
		if info.Role == coverage.RoleNeighborhoods {
			refused = append(refused, refusedRows(report)...)
		}
	}
	s := newStock(layers, toCut)
	s.reports, s.refused = reports, refused
	return s, nil
}

func refusedRows(report *coverage.ImportReport) []RefusedRow {
	var out []RefusedRow
	for _, row := range report.Rows {
		if row.Action == "refused" {
			zh := row.TextZh
			if zh == "" {
				zh = row.Text
			}
			out = append(out, RefusedRow{report.Layer, row.N, row.ID, row.Name, row.Reason, row.Text, zh})
		}
	}
	return out
}

// prepared is a project made of a list of layers.
type prepared struct {
	path   string
	Failed []Problem `json:"failed"` // layers that were refused
}

// prepare makes a project of a list of layers, or finds the one that an earlier process made. Neighbors need units and facilities only; the
// whole is made if it will be needed anyway, or if places are found by comparison with the other layers.
func (r *runner) prepare(ctx context.Context, s *source, roles bears) (prepared, error) {
	whole := roles(coverage.RoleDemand)
	for i, a := range r.Areas {
		whole = whole || (a.from == s && r.options.Shard.has(i))
	}
	for _, l := range s.layers {
		whole = whole || l.CRS == "auto"
	}
	return onceOf(r, r.prepared, s, func() (prepared, error) {
		kind := "border"
		if whole {
			kind = "whole"
		}
		dir := filepath.Join(r.Out, workFolder, sourcesFolder)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return prepared{}, err
		}
		base := filepath.Join(dir, s.id+"-"+kind+"-"+hashOf(r.outside.Version(), s.fingerprint)[:16])
		made := prepared{path: base + ".gpkg"}
		if src, err := os.ReadFile(base + ".json"); err == nil && json.Unmarshal(src, &made) == nil {
			return made, nil
		}
		made = prepared{path: base + ".gpkg", Failed: []Problem{}}
		for _, old := range []string{"", "-wal", "-shm", "-journal"} {
			if err := os.RemoveAll(made.path + old); err != nil {
				return made, err
			}
		}
		p, err := r.outside.Create(made.path, s.id, r.clock())
		if err != nil {
			return made, err
		}
		err = r.importAll(ctx, p, s, whole, &made)
		if err = errors.Join(err, p.Close()); err != nil {
			return made, err
		}
		if err := syncPath(made.path); err != nil {
			return made, err
		}
		temporary := base + ".making"
		if err := os.WriteFile(temporary, encode(made), 0o644); err != nil {
			return made, err
		}
		return made, settleAs(temporary, base+".json")
	})
}

// importAll imports the layers of a list: neighborhoods first and tables of attributes behind them, else in the order of the plan.
func (r *runner) importAll(ctx context.Context, p Project, s *source, whole bool, made *prepared) error {
	for _, role := range coverage.Roles {
		for i, l := range s.layers {
			if l.As != string(role) || !(whole || borderRole(role)) {
				continue
			}
			report, err := r.outside.Import(ctx, p, r.Plan.Dir, l)
			if changed := r.sameFiles(ctx, s.files[i], report); changed != nil {
				return changed
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			switch coverage.CodeOf(err) {
			case "":
			case coverage.Refused, coverage.Invalid, coverage.NotFound, coverage.Conflict:
				made.Failed = append(made.Failed, problem(filepath.Base(l.File), err))
			default:
				return err
			}
		}
	}
	return nil
}

// sameFiles checks that a layer was read from the bytes that its area's fingerprint names: the layer's own file by the hash that the import
// took, what belongs to it by its hash now.
func (r *runner) sameFiles(ctx context.Context, paths []string, report *coverage.ImportReport) error {
	for i, path := range paths {
		sum := ""
		var err error
		if i == 0 && report != nil && report.SHA256 != "" {
			sum = report.SHA256
		} else if sum, _, err = hashFile(ctx, path); err != nil && ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || sum != r.sums[path] {
			return &coverage.Error{Code: coverage.Unavailable, File: filepath.Base(path), Text: coverage.Text{Zh: "批量运行期间文件变了", En: "the file changed while the batch ran"},
				Hint: coverage.Text{Zh: "再次运行", En: "run the batch again"}}
		}
	}
	return nil
}

// noRoom tells whether a disk is full.
func noRoom(err error) bool { return errors.Is(err, syscall.ENOSPC) }

package main

import (
	"fmt"
	"slices"
	"strings"

	"lifecircle/coverage"
	"lifecircle/data/store"
)

type layersCmd struct {
	Words   []string `arg:"" name:"project" help:"[show|undo] PROJECT [LAYER]. 项目文件与图层"`
	Role    string   `placeholder:"ROLE" help:"Of layers with one name, that of this role. 类型"`
	Service string   `placeholder:"KEY" help:"Of facility layers with one name, that of these services. 服务要素"`
}

func (layersCmd) Help() string {
	return `Lists versions, sources and where facilities are surveyed; show prints a layer's import report, with every row refused or repaired; undo takes the last import of a layer
(or the last edit by another program) back: the version before is current again, as a new version, and a layer that had none is left out. Nothing is deleted: older runs can
still be explained. 撤销后旧版本重新生效；任何版本都不会被删除。

    lifecircle layers city.gpkg
    lifecircle layers show city.gpkg clinics
    lifecircle layers undo city.gpkg clinics --service clinic`
}

// layersCall is what is asked for: an action on a project, and a layer's name.
type layersCall struct{ action, project, name string }

// call reads the words. The action may also stand behind the project, as it once did.
func (c layersCmd) call() (layersCall, error) {
	actions := map[string]bool{"list": true, "show": true, "undo": true}
	w := c.Words
	switch {
	case len(w) > 1 && actions[w[0]] && (len(w) > 2 || w[0] == "list" || !actions[w[1]]):
	case len(w) > 1 && actions[w[1]]:
		w = append([]string{w[1], w[0]}, w[2:]...)
	case len(w) == 1:
		w = []string{"list", w[0]}
	default:
		return layersCall{}, &coverage.Error{Code: coverage.Invalid, Field: w[min(1, len(w)-1)], Text: coverage.Text{Zh: "应为 show 或 undo", En: "should be show or undo"}, Hint: coverage.Text{Zh: "lifecircle layers show 项目 图层", En: "lifecircle layers show PROJECT LAYER"}}
	}
	out := layersCall{action: w[0], project: w[1]}
	switch {
	case out.action == "list" && len(w) == 2:
		return out, nil
	case out.action != "list" && len(w) == 2:
		return out, &coverage.Error{Code: coverage.Invalid, Text: coverage.Text{Zh: "请给出图层名", En: "name the layer"}, Hint: coverage.Text{Zh: "lifecircle layers " + out.action + " 项目 图层", En: "lifecircle layers " + out.action + " PROJECT LAYER"}}
	case out.action == "list" || len(w) > 3:
		return out, &coverage.Error{Code: coverage.Invalid, Field: w[len(w)-1], Text: coverage.Text{Zh: "多余的参数", En: "one word too many"}, Hint: coverage.Text{Zh: "名称含空格时请加引号", En: "put a name with blanks into quotes"}}
	}
	out.name = w[2]
	return out, nil
}

// layerView is a layer in JSON.
type layerView struct {
	coverage.LayerInfo
	Surveys []surveyView           `json:"surveys,omitempty"`
	BBox    []float64              `json:"bbox"`
	Report  *coverage.ImportReport `json:"report,omitempty"`
}

type surveyView struct {
	Service string              `json:"service"`
	Kind    coverage.SurveyKind `json:"kind"`
}

func view(info coverage.LayerInfo) layerView {
	v := layerView{LayerInfo: info}
	for _, s := range info.Surveys {
		v.Surveys = append(v.Surveys, surveyView{s.Service, s.Kind})
	}
	if !info.Bound.IsEmpty() {
		v.BBox = []float64{info.Bound.Min[0], info.Bound.Min[1], info.Bound.Max[0], info.Bound.Max[1]}
	}
	return v
}

func (c layersCmd) Run(a *app) error {
	call, err := c.call()
	if err != nil {
		return err
	}
	mode := store.ReadOnly
	if call.action == "undo" {
		mode = store.ReadWrite
	}
	return a.open(call.project, mode, func(p *store.Project) error {
		infos, err := p.Layers(a.ctx)
		if err != nil {
			return err
		}
		if call.action != "list" {
			if infos, err = c.named(infos, call.name); err != nil {
				return err
			}
			if call.action == "undo" {
				return c.undo(a, p, infos)
			}
			return c.show(a, p, infos)
		}
		if a.JSON {
			views := []layerView{}
			for _, info := range infos {
				views = append(views, view(info))
			}
			return a.print(map[string]any{"layers": views})
		}
		t := grid{head: []string{a.in("类型", "role"), a.in("图层", "layer"), a.in("服务", "services"), a.in("行数", "rows"), a.in("版本", "version"), a.in("普查", "surveyed"), a.in("来源", "source"), a.in("说明", "notes")}, right: map[int]bool{3: true, 4: true}}
		for _, info := range infos {
			var surveys, notes []string
			for _, s := range info.Surveys {
				surveys = append(surveys, map[coverage.SurveyKind]string{coverage.SurveyEverywhere: a.in("完整", "everywhere"), coverage.SurveyPolygon: a.in("范围内", "in a polygon"), coverage.SurveyUnknown: a.in("未知", "unknown")}[s.Kind])
			}
			if info.Role == coverage.RoleFacilities && len(surveys) == 0 {
				surveys = []string{a.in("未知", "unknown")}
			}
			if info.Modelled {
				notes = append(notes, a.in("模拟", "modelled"))
			}
			if info.Derived != "" {
				notes = append(notes, a.in("推导，非官方", "derived, not official"))
			}
			if info.Changed {
				notes = append(notes, a.in("已被其他程序修改", "edited by another program"))
			}
			t.add(string(info.Role), info.Name, strings.Join(info.Services, ","), fmt.Sprint(info.Rows), fmt.Sprint(info.Version), strings.Join(slices.Compact(surveys), ","), info.Source, strings.Join(notes, ", "))
		}
		return t.print(a.stdout)
	})
}

// named gives the layers of a name.
func (c layersCmd) named(infos []coverage.LayerInfo, name string) ([]coverage.LayerInfo, error) {
	var out []coverage.LayerInfo
	var names []string
	for _, info := range infos {
		names = append(names, info.Name)
		if info.Name == name && (c.Role == "" || string(info.Role) == c.Role) && (c.Service == "" || info.Service == c.Service) {
			out = append(out, info)
		}
	}
	if len(out) == 0 {
		slices.Sort(names)
		names = slices.Compact(names)
		return nil, &coverage.Error{Code: coverage.NotFound, Text: coverage.Text{Zh: "没有图层“" + name + "”", En: fmt.Sprintf("there is no layer %q", name)},
			Hint: coverage.Text{Zh: "现有：" + strings.Join(names, "、"), En: "there are: " + strings.Join(names, ", ")}}
	}
	return out, nil
}

// undo takes the last change of the one layer back.
func (c layersCmd) undo(a *app, p *store.Project, infos []coverage.LayerInfo) error {
	if len(infos) > 1 {
		var keys []string
		for _, info := range infos {
			key := "--role " + string(info.Role)
			if info.Service != "" {
				key += " --service " + info.Service
			}
			keys = append(keys, key)
		}
		return &coverage.Error{Code: coverage.Invalid, Text: coverage.Text{Zh: fmt.Sprintf("有 %d 个图层叫“%s”", len(infos), infos[0].Name), En: fmt.Sprintf("%d layers are called %q", len(infos), infos[0].Name)},
			Hint: coverage.Text{Zh: "请指明其一：" + strings.Join(keys, "；"), En: "say which: " + strings.Join(keys, "; ")}}
	}
	undone, now, err := p.UndoLayer(a.ctx, infos[0].LayerKey)
	if err != nil {
		return err
	}
	if a.JSON {
		doc := undoneView{Undone: view(undone)}
		if now != nil {
			v := view(*now)
			doc.Now = &v
		}
		return a.print(doc)
	}
	if now == nil {
		a.say("%s：第 %d 版（%d 行，%s）已撤销；此前没有版本，图层不再生效", "%s: version %d (%d rows, %s) is undone; there was none before it, and the layer is no longer current", undone.Name, undone.Version, undone.Rows, undone.Source)
		return nil
	}
	a.say("%s：第 %d 版（%d 行，%s）已撤销；现为第 %d 版（%d 行，%s）", "%s: version %d (%d rows, %s) is undone; now version %d (%d rows, %s)",
		undone.Name, undone.Version, undone.Rows, undone.Source, now.Version, now.Rows, now.Source)
	return nil
}

// undoneView is what an undo did, in JSON: now is left out where the layer has no version any more.
type undoneView struct {
	Undone layerView  `json:"undone"`
	Now    *layerView `json:"now,omitempty"`
}

func (c layersCmd) show(a *app, p *store.Project, infos []coverage.LayerInfo) error {
	var views []layerView
	for _, info := range infos {
		v := view(info)
		report, err := p.Report(a.ctx, info.Hash)
		if err != nil && coverage.CodeOf(err) != coverage.NotFound {
			return err
		}
		v.Report = report
		views = append(views, v)
	}
	if a.JSON {
		return a.print(map[string]any{"layers": views})
	}
	for _, v := range views {
		fmt.Fprintf(a.stdout, "%s %s  v%d  %s\n", v.Role, v.Name, v.Version, v.Hash[:12])
		for _, s := range v.Surveys {
			fmt.Fprintf(a.stdout, "  %s %s: %s\n", a.in("普查", "surveyed"), s.Service, s.Kind)
		}
		if v.Derived != "" {
			fmt.Fprintf(a.stdout, "  %s\n", v.Derived)
		}
		if v.Attribution != "" {
			fmt.Fprintf(a.stdout, "  %s\n", v.Attribution)
		}
		if v.Report != nil {
			fmt.Fprintf(a.stdout, "  %s %s  SHA-256 %s\n", a.in("来源", "source"), v.Report.Source, v.Report.SHA256)
			if err := a.printReport(v.Report); err != nil {
				return err
			}
		}
	}
	return nil
}

// printLook says where the layer lies, how it lies to the neighborhoods, and how many rows were joined to others.
func (a *app) printLook(r *coverage.ImportReport) {
	w := a.stdout
	if len(r.BBox) == 4 {
		fmt.Fprintf(w, "  %s %.6f, %.6f – %.6f, %.6f\n", a.in("范围", "extent"), r.BBox[0], r.BBox[1], r.BBox[2], r.BBox[3])
	}
	if r.Merged > 0 {
		fmt.Fprintf(w, a.in("  修复中 %d 行与其他行是同一要素，已合并\n", "  of the repaired, %d rows are another row's feature and were joined to it\n"), r.Merged)
	}
	if l := r.FirstLook; l != nil {
		median := fmt.Sprintf(a.in(" %.0f 米", "%.0f m"), l.MedianM)
		if l.MedianM >= coverage.FarM {
			median = a.in("超过 2147 公里", "over 2147 km")
		}
		fmt.Fprintf(w, a.in("  初查 %d 行：%.1f%% 在评价单元内，距其边界中位数%s，研究范围外 %d 行\n",
			"  first look at %d rows: %.1f%% in a neighborhood, median distance to a border %s, %d beyond the study area\n"),
			l.Rows, 100*l.Share, median, l.Outside)
	}
}

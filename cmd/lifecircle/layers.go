package main

import (
	"fmt"
	"slices"
	"strings"

	"lifecircle/coverage"
	"lifecircle/data/store"
)

type layersCmd struct {
	Project string `arg:"" help:"Project file. 项目文件"`
	Action  string `arg:"" optional:"" enum:"show,list," default:"" help:"show NAME, or nothing for the list. 查看或列出"`
	Name    string `arg:"" optional:"" help:"Layer to show. 图层名"`
}

func (layersCmd) Help() string {
	return `Shows versions, sources and where facilities are surveyed; with show, every row refused or repaired at import.

    lifecircle layers city.gpkg
    lifecircle layers city.gpkg show clinics`
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
	if c.Action == "show" && c.Name == "" {
		return &coverage.Error{Code: coverage.Invalid, Text: coverage.Text{Zh: "请给出图层名", En: "name the layer"}, Hint: coverage.Text{Zh: "lifecircle layers 项目 show 图层", En: "lifecircle layers PROJECT show NAME"}}
	}
	return a.open(c.Project, store.ReadOnly, func(p *store.Project) error {
		infos, err := p.Layers(a.ctx)
		if err != nil {
			return err
		}
		if c.Action == "show" {
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

func (c layersCmd) show(a *app, p *store.Project, infos []coverage.LayerInfo) error {
	var views []layerView
	for _, info := range infos {
		if info.Name != c.Name {
			continue
		}
		v := view(info)
		report, err := p.Report(a.ctx, info.Hash)
		if err != nil && coverage.CodeOf(err) != coverage.NotFound {
			return err
		}
		v.Report = report
		views = append(views, v)
	}
	if len(views) == 0 {
		var names []string
		for _, info := range infos {
			names = append(names, info.Name)
		}
		return &coverage.Error{Code: coverage.NotFound, Text: coverage.Text{Zh: "没有图层“" + c.Name + "”", En: fmt.Sprintf("there is no layer %q", c.Name)},
			Hint: coverage.Text{Zh: "现有：" + strings.Join(names, "、"), En: "there are: " + strings.Join(names, ", ")}}
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
			if err := a.printReport(v.Report); err != nil {
				return err
			}
		}
	}
	return nil
}

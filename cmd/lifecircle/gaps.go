package main

import (
	"fmt"
	"sort"

	"lifecircle/coverage"
	"lifecircle/data/store"
)

type gapsCmd struct {
	Project     string `arg:"" help:"Project file. 项目文件"`
	Requirement string `placeholder:"R" help:"Only of this requirement. 要求"`
	Run_        string `name:"run" placeholder:"HASH" help:"Run, by its hash or a prefix (default: the latest). 评估"`
	Limit       int    `default:"20" help:"How many, the largest first; 0 = all (${default}). 条数"`
}

func (gapsCmd) Help() string {
	return `A gap is a connected place whose people or land lie beyond the limit (uncovered 未覆盖), or of which the layers cannot tell (undetermined 待定). Geometries: export --layer gaps --format geojson.

    lifecircle gaps city.gpkg
    lifecircle gaps city.gpkg --requirement clinic-5 --limit 5`
}

func (c gapsCmd) Run(a *app) error {
	if c.Limit < 0 {
		return notNegative("--limit")
	}
	return a.open(c.Project, store.ReadOnly, func(p *store.Project) error {
		run, err := a.run(p, c.Run_)
		if err != nil {
			return err
		}
		if c.Requirement != "" && run.Catalog.Requirement(c.Requirement) == nil {
			return &coverage.Error{Code: coverage.NotFound, Text: coverage.Text{Zh: "目录中没有要求“" + c.Requirement + "”", En: fmt.Sprintf("the catalog has no requirement %q", c.Requirement)},
				Hint: coverage.Text{Zh: "见 lifecircle catalog show", En: "see: lifecircle catalog show"}}
		}
		if err := a.draw(c.Project, p, run); err != nil {
			return err
		}
		gaps := largest(run, c.Requirement, c.Limit)
		if a.JSON {
			return a.printGapsJSON(run, gaps)
		}
		return a.printGaps(run, gaps)
	})
}

// draw gives a run its gaps and service areas. If they are drawn for the first time they are kept, where the file can be
// written.
func (a *app) draw(path string, p *store.Project, run *coverage.Run) error {
	if err := p.Drawings(a.ctx, run); err != nil || run.Drawn {
		return err
	}
	progress, done := a.progress("绘制", "draw")
	defer done()
	if err := coverage.Draw(a.ctx, p, run, coverage.Options{Progress: progress}); err != nil {
		return err
	}
	err := a.open(path, store.ReadWrite, func(p *store.Project) error { return p.SaveDrawings(a.ctx, run) })
	if err != nil && a.ctx.Err() == nil {
		a.say("未能保存绘制结果：%v", "the drawings could not be kept: %v", err)
		return nil
	}
	return err
}

// largest gives the largest gaps: by people, then by area.
func largest(r *coverage.Run, requirement string, limit int) []*coverage.Gap {
	var out []*coverage.Gap
	for i := range r.Gaps {
		if g := &r.Gaps[i]; requirement == "" || r.Requirements[g.Requirement].ID == requirement {
			out = append(out, g)
		}
	}
	sort.SliceStable(out, func(a, b int) bool {
		if out[a].People != out[b].People {
			return out[a].People > out[b].People
		}
		return out[a].AreaMM2 > out[b].AreaMM2
	})
	if limit > 0 && len(out) > limit {
		out = out[:limit]
	}
	return out
}

func (a *app) printGaps(r *coverage.Run, gaps []*coverage.Gap) error {
	t := grid{head: []string{a.in("盲区", "gap"), a.in("评价单元", "neighborhood"), a.in("要求", "requirement"), a.in("状态", "state"), a.in("人数", "people"), a.in("公顷", "hectares"), a.in("最近设施（米）", "nearest (m)")},
		right: map[int]bool{4: true, 5: true, 6: true}}
	for _, g := range gaps {
		people, nearest := "–", "–"
		if g.People != coverage.Unknown {
			people = fmt.Sprintf("%.0f", float64(g.People)/1000)
		}
		if g.NearestMM != coverage.Unknown {
			nearest = fmt.Sprintf("%.0f", float64(g.NearestMM)/1000)
		}
		state := a.in(map[string]string{"uncovered": "未覆盖", "undetermined": "待定"}[g.State], g.State)
		name := r.Subjects[g.Subject].Name
		if name == "" {
			name = r.Subjects[g.Subject].ID
		}
		t.add(g.ID, name, r.Requirements[g.Requirement].ID, state, people, fmt.Sprintf("%.1f", float64(g.AreaMM2)/1e10), nearest)
	}
	return t.print(a.stdout)
}

func (a *app) printGapsJSON(r *coverage.Run, gaps []*coverage.Gap) error {
	type row struct {
		ID           string           `json:"gap_id"`
		Cluster      string           `json:"cluster_id"`
		Neighborhood string           `json:"neighborhood_id"`
		Name         string           `json:"neighborhood"`
		Requirement  string           `json:"requirement"`
		State        string           `json:"state"`
		People       coverage.Decimal `json:"people"`
		AreaM2       coverage.Decimal `json:"area_m2"`
		Nearest      coverage.Decimal `json:"nearest_m"`
		NearestMax   coverage.Decimal `json:"nearest_max_m"`
	}
	rows := []row{}
	for _, g := range gaps {
		rows = append(rows, row{g.ID, g.Cluster, r.Subjects[g.Subject].ID, r.Subjects[g.Subject].Name, r.Requirements[g.Requirement].ID, g.State,
			decimal(g.People != coverage.Unknown, g.People, 3), decimal(true, (g.AreaMM2+500)/1000, 3),
			decimal(g.NearestMM != coverage.Unknown, g.NearestMM, 3), decimal(g.NearestMax != coverage.Unknown, g.NearestMax, 3)})
	}
	return a.print(map[string]any{"run": r.Hash, "gaps": rows})
}

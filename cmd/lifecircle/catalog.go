package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/data/catalogs"
)

type catalogCmd struct {
	List   catalogListCmd   `cmd:"" help:"List the shipped catalogs. 列出目录"`
	Show   catalogShowCmd   `cmd:"" help:"Show a catalog's requirements with source and confidence. 查看目录"`
	Lint   catalogLintCmd   `cmd:"" help:"Check a catalog file. 检查目录文件"`
	Export catalogExportCmd `cmd:"" help:"Write a shipped catalog's YAML, to start your own from. 导出目录"`
}

// loadCatalog gives a shipped catalog by id, or reads a file.
func loadCatalog(name string) (*catalog.Catalog, []catalog.Finding, error) {
	for _, id := range catalogs.IDs() {
		if id == name {
			c, err := catalogs.Get(id)
			return c, nil, err
		}
	}
	b, err := os.ReadFile(name)
	if errors.Is(err, os.ErrNotExist) && !strings.ContainsAny(name, "./\\") {
		return nil, nil, &coverage.Error{Code: coverage.NotFound, Text: coverage.Text{Zh: "没有服务目录“" + name + "”", En: fmt.Sprintf("there is no catalog %q", name)},
			Hint: coverage.Text{Zh: "现有：" + strings.Join(catalogs.IDs(), "、") + "，或给出自己的文件", En: "there are " + strings.Join(catalogs.IDs(), ", ") + ", or name a file of your own"}}
	}
	if err != nil {
		return nil, nil, fileError(name, err)
	}
	c, findings, err := catalog.Parse(b, filepath.Base(name), catalogs.Services())
	return c, findings, err
}

type catalogListCmd struct{}

func (catalogListCmd) Run(a *app) error {
	if a.JSON {
		type row struct {
			ID           string       `json:"id"`
			Title        catalog.Text `json:"title"`
			Provisional  bool         `json:"provisional"`
			Requirements int          `json:"requirements"`
			Hash         string       `json:"hash"`
		}
		rows := []row{}
		for _, c := range catalogs.All() {
			rows = append(rows, row{c.ID, c.Title, c.Provisional, len(c.Requirements), c.Hash()})
		}
		return a.print(map[string]any{"catalogs": rows})
	}
	t := grid{head: []string{"id", a.in("名称", "title"), a.in("要求", "requirements"), a.in("说明", "notes")}, right: map[int]bool{2: true}}
	for _, c := range catalogs.All() {
		note := ""
		if c.Provisional {
			note = a.in("暂定", "provisional (暂定)")
		}
		t.add(c.ID, c.Title.In(a.Lang), fmt.Sprint(len(c.Requirements)), note)
	}
	return t.print(a.stdout)
}

type catalogShowCmd struct {
	ID string `arg:"" help:"Id of a shipped catalog, or a file. 目录"`
}

func (c catalogShowCmd) Run(a *app) error {
	cat, _, err := loadCatalog(c.ID)
	if err != nil {
		return err
	}
	if a.JSON {
		return a.print(cat)
	}
	title := cat.Title.In(a.Lang)
	if cat.Provisional {
		title += a.in("（暂定）", " (provisional, 暂定)")
	}
	fmt.Fprintf(a.stdout, "%s  %s\n", cat.ID, title)
	if note := cat.Note.In(a.Lang); note != "" {
		fmt.Fprintln(a.stdout, note)
	}
	var grades []string
	for _, g := range cat.Grades {
		grades = append(grades, g.Name+" ≥ "+g.Min.String())
	}
	fmt.Fprintf(a.stdout, a.in("默认：达标线 %s，分母 %s，等级 %s，完整度下限 %s（%s，%s）\n", "defaults: pass line %s, denominator %s, grades %s, completeness floor %s (%s, %s)\n"),
		cat.PassLine, cat.Denominator, strings.Join(grades, ", "), cat.CompletenessFloor, cat.ScoringConfidence, cat.ScoringSource)
	t := grid{head: []string{a.in("要求", "requirement"), a.in("圈层", "tier"), a.in("服务", "services"), a.in("限值", "limit"), a.in("必配", "mandatory"), a.in("达标线", "pass line"), a.in("可信度", "confidence"), a.in("来源", "source")}}
	for i := range cat.Requirements {
		r := &cat.Requirements[i]
		var services, limits []string
		for _, alt := range r.AnyOf {
			services = append(services, cat.Services.Name(alt.Service).In(a.Lang))
			limits = append(limits, describeLimit(alt))
		}
		if r.Count != nil {
			services = []string{cat.Services.Name(r.Count.Service).In(a.Lang)}
			limits = []string{fmt.Sprintf("≥ %d / %s", r.Count.Min, r.Count.Per)}
		}
		mandatory := a.in("否", "no")
		if r.Mandatory {
			mandatory = a.in("是", "yes")
		}
		id := r.ID
		if r.VariantOf != "" {
			id += a.in("（变体）", " (variant)")
		}
		t.add(id, r.Tier, strings.Join(services, " | "), strings.Join(limits, " | "), mandatory, r.PassLine.String(), r.ConfidenceLabel()+" "+r.Confidence.Mark().In(a.Lang), strings.TrimSpace(r.Source+" "+r.Clause))
	}
	return t.print(a.stdout)
}

// describeLimit writes an alternative's limits and sizes.
func describeLimit(alt catalog.Alternative) string {
	var out []string
	if l := alt.Limit; l.RadiusMM > 0 {
		out = append(out, fmt.Sprintf("%g m", float64(l.RadiusMM)/1000))
	}
	if l := alt.Limit; l.PathMM > 0 {
		out = append(out, fmt.Sprintf("%g m path", float64(l.PathMM)/1000))
	}
	if l := alt.Limit; l.Seconds > 0 {
		out = append(out, fmt.Sprintf("%g min", float64(l.Seconds)/60))
	}
	if alt.MinArea > 0 {
		out = append(out, "≥ "+alt.MinArea.String()+" m²")
	}
	if alt.MaxArea > 0 {
		out = append(out, "< "+alt.MaxArea.String()+" m²")
	}
	return strings.Join(out, " ")
}

type catalogLintCmd struct {
	File string `arg:"" help:"Catalog file (YAML). 目录文件"`
}

func (c catalogLintCmd) Run(a *app) error {
	cat, findings, err := loadCatalog(c.File)
	var broken *catalog.Error
	if err != nil && !errors.As(err, &broken) {
		return err
	}
	bad := 0
	for _, f := range findings {
		if f.Severity == catalog.SeverityError || f.Severity == catalog.SeverityWarning {
			bad++
		}
	}
	file := filepath.Base(c.File)
	if a.JSON {
		if findings == nil {
			findings = []catalog.Finding{}
		}
		doc := map[string]any{"file": file, "findings": findings, "usable": err == nil}
		if cat != nil {
			doc["id"], doc["hash"] = cat.ID, cat.Hash()
		}
		if e := a.print(doc); e != nil {
			return e
		}
	} else {
		for _, f := range findings {
			hint := f.Hint.In(a.Lang)
			if hint != "" {
				hint = "; " + hint
			}
			fmt.Fprintf(a.stdout, "%s:%d:%d: %s %s: %s%s\n", file, f.Line, f.Column, f.Severity, f.Code, f.Text.In(a.Lang), hint)
		}
		if bad == 0 {
			fmt.Fprintf(a.stdout, a.in("%s：没有问题\n", "%s: no findings\n"), file)
		}
	}
	if bad > 0 {
		return said{coverage.Errorf(coverage.Condition, "%[1]d 处问题", "%[1]d findings", bad)}
	}
	return nil
}

type catalogExportCmd struct {
	ID     string `arg:"" help:"Id of a shipped catalog. 目录"`
	Output string `short:"o" placeholder:"FILE" help:"File to write (default: standard output). 输出文件"`
}

func (c catalogExportCmd) Run(a *app) error {
	src, ok := catalogs.Source(c.ID)
	if !ok {
		_, _, err := loadCatalog(c.ID)
		if err == nil {
			err = coverage.Errorf(coverage.Invalid, "只能导出自带的目录", "only a shipped catalog can be exported")
		}
		return err
	}
	if c.Output == "" {
		if a.JSON {
			cat, err := catalogs.Get(c.ID)
			if err != nil {
				return err
			}
			return a.print(cat)
		}
		_, err := a.stdout.Write(src)
		return err
	}
	return a.writeFile(c.Output, func(f *os.File) error {
		_, err := f.Write(src)
		return err
	})
}

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/data/catalogs"
)

type catalogCmd struct {
	List     catalogListCmd     `cmd:"" help:"List the shipped catalogs. 列出目录"`
	Show     catalogShowCmd     `cmd:"" help:"Show a catalog's requirements with source and confidence. 查看目录"`
	Lint     catalogLintCmd     `cmd:"" help:"Check a catalog file. 检查目录文件"`
	Export   catalogExportCmd   `cmd:"" help:"Write a shipped catalog's YAML, to start your own from. 导出目录"`
	Template catalogTemplateCmd `cmd:"" help:"Write a workbook (XLSX) to fill your own catalog in. 服务目录模板"`
	Import   catalogImportCmd   `cmd:"" help:"Read the workbook that was filled in into a catalog file. 读入填好的模板"`
	Diff     catalogDiffCmd     `cmd:"" help:"What differs between two catalogs, and which verdicts change. 比较目录"`
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
	return catalog.Parse(b, filepath.Base(name), catalogs.Services())
}

// usableCatalog is loadCatalog for those who need one: a file that cannot be used is refused, with its first error.
func usableCatalog(name string) (*catalog.Catalog, []catalog.Finding, error) {
	c, findings, err := loadCatalog(name)
	var broken *catalog.Error
	if !errors.As(err, &broken) {
		return c, findings, err
	}
	e := &coverage.Error{Code: coverage.Refused, File: filepath.Base(name), Err: err,
		Text: coverage.Text{Zh: "服务目录不可用", En: "the catalog cannot be used"}, Hint: coverage.Text{Zh: "逐条检查：lifecircle catalog lint " + name, En: "all findings: lifecircle catalog lint " + name}}
	for _, f := range broken.Findings {
		if f.Severity == catalog.SeverityError {
			e.Field = f.Path
			e.Text = coverage.Text{Zh: fmt.Sprintf("第 %d 行: %s", f.Line, f.Text.In("zh")), En: fmt.Sprintf("line %d: %s", f.Line, f.Text.En)}
			if f.Hint.En != "" {
				e.Hint = coverage.Text{Zh: f.Hint.In("zh") + "；" + e.Hint.Zh, En: f.Hint.En + "; " + e.Hint.En}
			}
			break
		}
	}
	return nil, findings, e
}

// titleOf is a catalog's title, which says if it is provisional.
func (a *app) titleOf(title catalog.Text, provisional bool) string {
	t := title.In(a.Lang)
	if provisional && !strings.Contains(t, "暂定") && !strings.Contains(t, "provisional") {
		t += a.in("（暂定）", " (provisional)")
	}
	return t
}

func (catalogCmd) Help() string {
	return `A catalog is a guideline made machine-readable: requirements with limits, pass lines, source and confidence. Make your own from a shipped one.

    lifecircle catalog list
    lifecircle catalog show chongqing-15min
    lifecircle catalog export chongqing-15min -o my-city.yaml
    lifecircle catalog lint my-city.yaml
    lifecircle score city.gpkg --catalog my-city.yaml

Or in a spreadsheet 用表格填写:

    lifecircle catalog template -o 服务目录.xlsx
    lifecircle catalog import 服务目录.xlsx -o my-city.yaml
    lifecircle catalog diff chongqing-15min my-city.yaml --project city.gpkg`
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

func (catalogShowCmd) Help() string {
	return `Confidence 可信度: A official 原文; A* restated by officials 转述; B not checked against the printed text 待核; C project default 项目默认.

    lifecircle catalog show gb50180-2018
    lifecircle catalog show my-city.yaml`
}

func (c catalogShowCmd) Run(a *app) error {
	cat, _, err := usableCatalog(c.ID)
	if err != nil {
		return err
	}
	if a.JSON {
		return a.print(cat)
	}
	fmt.Fprintf(a.stdout, "%s  %s\n", cat.ID, a.titleOf(cat.Title, cat.Provisional))
	if note := cat.Note.In(a.Lang); note != "" {
		fmt.Fprintln(a.stdout, note)
	}
	var grades []string
	for _, g := range cat.Grades {
		grades = append(grades, g.Name+" ≥ "+g.Min.String())
	}
	fmt.Fprintf(a.stdout, a.in("默认：达标线 %s，分母 %s，等级 %s，完整度下限 %s（%s，%s）\n", "defaults: pass line %s, denominator %s, grades %s, completeness floor %s (%s, %s)\n"),
		cat.PassLine, cat.Denominator, strings.Join(grades, ", "), cat.CompletenessFloor, cat.ScoringConfidence, cat.ScoringSource)
	t := grid{head: []string{a.in("要求", "requirement"), a.in("圈层", "tier"), a.in("服务", "services"), a.in("限值", "limit"), a.in("必配", "must"), a.in("达标线", "line"), a.in("可信度", "confidence"), a.in("来源", "source")}, right: map[int]bool{5: true}}
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
		t.add(id, r.Tier, strings.Join(services, "\n"), strings.Join(limits, "\n"), mandatory, r.PassLine.String(), r.ConfidenceLabel()+" "+r.Confidence.Mark().In(a.Lang), strings.TrimSpace(r.Source+" "+r.Clause))
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

func (catalogLintCmd) Help() string {
	return `Findings go to standard output, one a line: FILE:LINE:COLUMN: severity code: text. Exit code 4 if there is an error or a warning. 有错误或警告时退出码为 4。

    lifecircle catalog lint my-city.yaml`
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

func (catalogExportCmd) Help() string {
	return `Rename the id, change what your city rules otherwise, and score by the file.

    lifecircle catalog export chongqing-15min -o my-city.yaml`
}

func (c catalogExportCmd) Run(a *app) error {
	src, ok := catalogs.Source(c.ID)
	if !ok {
		_, _, err := loadCatalog(c.ID)
		if err == nil {
			err = coverage.Errorf(coverage.Invalid, "只能导出自带的目录：%[1]s", "only a shipped catalog can be exported: %[1]s", strings.Join(catalogs.IDs(), ", "))
		}
		return err
	}
	if c.Output == "" || c.Output == "-" {
		if a.JSON {
			return a.print(map[string]string{"id": c.ID, "yaml": string(src)})
		}
		_, err := a.stdout.Write(src)
		return err
	}
	if err := a.writeFile(c.Output, func(w io.Writer) error {
		_, err := w.Write(src)
		return err
	}); err != nil {
		return err
	}
	if a.JSON {
		return a.print(map[string]string{"id": c.ID, "file": c.Output})
	}
	a.say("%s → %s", "%s → %s", c.ID, c.Output)
	return nil
}

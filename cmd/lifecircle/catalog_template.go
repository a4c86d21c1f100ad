package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/data/catalogs"
)

type catalogTemplateCmd struct {
	Catalog string `arg:"" optional:"" help:"Catalog to fill it with: id or file (default: empty). 目录"`
	Output  string `short:"o" required:"" placeholder:"FILE.xlsx" help:"Workbook to write. 输出文件"`
}

func (catalogTemplateCmd) Help() string {
	return `A workbook (XLSX) for a service catalog of your own (服务目录、要素表): sheets with Chinese and English headers, lists to choose from, a filled example and a page that explains. Fill it in and bring it back with catalog import.

    lifecircle catalog template -o 服务目录.xlsx
    lifecircle catalog template chongqing-15min -o 服务目录.xlsx     # filled with a shipped catalog, to be changed`
}

func (c catalogTemplateCmd) Run(a *app) error {
	var from *catalog.Catalog
	if c.Catalog != "" {
		var err error
		if from, _, err = usableCatalog(c.Catalog); err != nil {
			return err
		}
	}
	workbook, lost, err := catalogs.Template(from)
	if err != nil {
		return err
	}
	if err := a.writeFile(c.Output, func(w io.Writer) error {
		_, err := w.Write(workbook)
		return err
	}); err != nil {
		return err
	}
	if a.JSON {
		id := ""
		if from != nil {
			id = from.ID
		}
		if lost == nil {
			lost = []string{}
		}
		return a.print(map[string]any{"id": id, "file": c.Output, "lost": lost})
	}
	for _, what := range lost {
		a.say("模板无法表达：%s", "the template cannot say: %s", what)
	}
	a.say("已写入 %[1]s；填好后：lifecircle catalog import %[1]s -o my.yaml", "wrote %[1]s; when it is filled in: lifecircle catalog import %[1]s -o my.yaml", c.Output)
	return nil
}

type catalogImportCmd struct {
	File   string `arg:"" help:"Workbook filled in (XLSX). 填好的模板"`
	Output string `short:"o" required:"" placeholder:"FILE.yaml" help:"Catalog file to write. 输出文件"`
	Strict bool   `help:"Exit with 4 if there is a warning. 严格"`
}

func (catalogImportCmd) Help() string {
	return `Reads a workbook made by catalog template into a catalog file, and checks it as catalog lint does. Every finding names sheet, row and column, and what to do. With an error nothing is written (exit code 3). 逐条报告工作表、行、列和改法；有错误时不写入。

    lifecircle catalog import 服务目录.xlsx -o my-city.yaml
    lifecircle catalog diff chongqing-15min my-city.yaml --project city.gpkg
    lifecircle score city.gpkg --catalog my-city.yaml`
}

func (c catalogImportCmd) Run(a *app) error {
	in, err := readTemplate(c.File)
	if err != nil {
		return err
	}
	count := map[catalog.Severity]int{}
	for _, f := range in.Findings {
		count[f.Severity]++
	}
	if in.Catalog != nil {
		if err := a.writeFile(c.Output, func(w io.Writer) error {
			_, err := w.Write(in.YAML)
			return err
		}); err != nil {
			return err
		}
	}
	if a.JSON {
		err = a.print(c.document(in))
	} else {
		err = a.printTemplate(in)
	}
	switch {
	case err != nil:
		return err
	case in.Catalog == nil:
		e := coverage.Errorf(coverage.Refused, "%[1]d 处错误，未写入", "%[1]d errors; nothing was written", count[catalog.SeverityError])
		e.File = filepath.Base(c.File)
		e.Hint = coverage.Text{Zh: "按上面的清单改正后再导入", En: "correct what is listed and import it again"}
		if a.JSON {
			fmt.Fprintln(a.stderr, "lifecircle:", inert(a.words(e)))
			return said{e}
		}
		return e
	case c.Strict && count[catalog.SeverityWarning] > 0:
		return coverage.Errorf(coverage.Condition, "%[1]d 处警告（--strict）", "%[1]d warnings (--strict)", count[catalog.SeverityWarning])
	}
	a.say("目录 %s：%d 条要求 → %s", "catalog %s: %d requirements → %s", in.Catalog.ID, in.Requirements, c.Output)
	return nil
}

// document is what catalog import --json prints.
func (c catalogImportCmd) document(in *catalogs.TemplateImport) any {
	doc := map[string]any{"source": filepath.Base(c.File), "usable": in.Catalog != nil, "requirements": in.Requirements, "alternatives": in.Alternatives, "findings": in.Findings}
	if in.Findings == nil {
		doc["findings"] = []catalogs.TemplateFinding{}
	}
	if in.Catalog != nil {
		doc["id"], doc["hash"], doc["file"] = in.Catalog.ID, in.Catalog.Hash(), c.Output
	}
	return doc
}

func readTemplate(path string) (*catalogs.TemplateImport, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return nil, fileError(path, err)
	}
	if !stat.Mode().IsRegular() {
		return nil, &coverage.Error{Code: coverage.Invalid, File: filepath.Base(path), Text: coverage.Text{Zh: "不是文件", En: "is no regular file"}, Hint: coverage.Text{Zh: "请给出填好的 .xlsx", En: "name the workbook that was filled in"}}
	}
	return catalogs.ReadTemplate(f, stat.Size(), filepath.Base(path))
}

// printTemplate lists what is to be said of a template, one line a finding.
func (a *app) printTemplate(in *catalogs.TemplateImport) error {
	word := map[catalog.Severity]string{catalog.SeverityError: a.in("错误", "error"), catalog.SeverityWarning: a.in("警告", "warning"), catalog.SeverityInfo: a.in("提示", "note")}
	for _, f := range in.Findings {
		where := f.Sheet
		if f.Row > 0 {
			where += fmt.Sprintf(a.in(" 第 %d 行", " row %d"), f.Row)
		}
		if f.Column != "" {
			where += fmt.Sprintf(a.in(" 列“%s”", " column %q"), f.Column)
		}
		hint := f.Hint.In(a.Lang)
		if hint != "" {
			hint = a.in("；", "; ") + hint
		}
		if _, err := fmt.Fprintf(a.stdout, "%s: %s %s: %s%s\n", where, word[f.Severity], f.Code, strings.TrimSpace(f.Text.In(a.Lang)), hint); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(a.stdout, a.in("读入 %d 条要求（另有 %d 行为其任选项）\n", "read %d requirements (and %d rows that are further alternatives)\n"), in.Requirements, in.Alternatives)
	return err
}

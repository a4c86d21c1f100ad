package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
	"lifecircle/data/catalogs"
	"lifecircle/data/store"
)

type importCmd struct {
	Project string `arg:"" help:"Project file. 项目文件"`
	File    string `arg:"" help:"File to import: GeoJSON (FeatureCollection, Feature, geometry, newline-delimited); CSV with --as attributes; - reads standard input. 数据文件"`

	As      string   `required:"" placeholder:"ROLE" help:"What it is: neighborhoods, facilities, demand, land, buildings, attributes, network. 图层类型"`
	Layer   string   `placeholder:"NAME" help:"Name of the layer (default: the file's base name). 图层名"`
	Service []string `sep:"," placeholder:"KEY" help:"Facilities: the services that every row offers, e.g. clinic. 服务要素"`

	IDField        string   `placeholder:"F" help:"Column of ids (default: the feature's id, property id). 编号字段"`
	NameField      string   `placeholder:"F" help:"Column of names (default: name, 名称). 名称字段"`
	Parent         []string `sep:"," placeholder:"LEVEL=F" help:"Neighborhoods: columns of parents, e.g. street=F,district=G. 上级"`
	Level          string   `placeholder:"LEVEL" help:"Neighborhoods: what they are (default community). 单元层级"`
	KindField      string   `placeholder:"F" help:"Neighborhoods: column of the kind of circle. 生活圈类型字段"`
	Measure        []string `sep:"none" placeholder:"NAME=F" help:"Column of a measure, e.g. population=F or population:60+=G; repeatable. 人口等数值字段"`
	Modelled       bool     `help:"The measures come from a model, nobody counted them. 模拟数据"`
	Join           string   `placeholder:"F" help:"Attributes: column of the neighborhood's id. 关联字段"`
	Complete       string   `optional:"" placeholder:"AREA.geojson" help:"Facilities: the layer is complete, everywhere (--complete) or inside a polygon (--complete=AREA.geojson); --complete=unknown withdraws it. 普查完整"`
	StatusField    string   `placeholder:"F" help:"Facilities: column of the status (existing, under construction, planned, closed). 状态字段"`
	CapacityField  string   `placeholder:"F" help:"Facilities: column of places. 容量字段"`
	AreaField      string   `placeholder:"F" help:"Facilities, buildings: column of square metres (default: the polygon's own). 面积字段"`
	FloorAreaField string   `placeholder:"F" help:"Buildings: column of floor area, m². 建筑面积字段"`
	FloorsField    string   `placeholder:"F" help:"Buildings: column of the number of floors. 层数字段"`
	OpenedField    string   `placeholder:"F" help:"Facilities: column of the opening date. 启用日期字段"`
	ClosedField    string   `placeholder:"F" help:"Facilities: column of the closing date. 停用日期字段"`
	ServiceField   string   `placeholder:"F" help:"Facilities: column of each row's services. 服务字段"`
	CRS            string   `placeholder:"EPSG:n" help:"Coordinates of the file (default: WGS 84). 坐标系"`
	Attribution    string   `placeholder:"TEXT" help:"Who must be named wherever the data is shown. 署名"`
	Derived        string   `placeholder:"TEXT" help:"What the layer was derived from, if it is not an original; may be 中文 / English. 推导说明"`
	Replace        bool     `xor:"mode" help:"Other content takes the place of the layer's. 替换"`
	Append         bool     `xor:"mode" help:"Other content is added to the layer's. 追加"`
	Strict         bool     `help:"Exit with 4 if any row was refused. 严格"`
}

func (importCmd) Help() string {
	return `Every row of the file is used, repaired (and how) or refused (and why); the report is kept with the layer. The same file again changes nothing. WGS 84 degrees are expected.

    lifecircle import city.gpkg communities.geojson --as neighborhoods --id-field code --parent street=街道,district=区县
    lifecircle import city.gpkg clinics.geojson --as facilities --service clinic --complete
    lifecircle import city.gpkg osm.geojson --as facilities --service clinic --complete=surveyed.geojson --layer osm-clinics
    lifecircle import city.gpkg people.geojson --as demand --measure population=F --measure population:60+=G
    lifecircle import city.gpkg land.geojson --as land
    lifecircle import city.gpkg counts.csv --as attributes --join code --measure population=人口

Services are listed by: lifecircle catalog show ID. Exit code 3: the file is refused, nothing was written. 退出码 3：文件被拒绝，未写入任何内容。`
}

func (c importCmd) options() (intake.Options, error) {
	o := intake.Options{
		Role: coverage.Role(c.As), Name: c.Layer, Services: c.Service, IDField: c.IDField, NameField: c.NameField, StatusField: c.StatusField,
		CapacityField: c.CapacityField, AreaField: c.AreaField, FloorAreaField: c.FloorAreaField, FloorsField: c.FloorsField, OpenedField: c.OpenedField,
		ClosedField: c.ClosedField, ServiceField: c.ServiceField, KindField: c.KindField, JoinField: c.Join, Level: c.Level, Modelled: c.Modelled,
		CRS: c.CRS, Replace: c.Replace, Append: c.Append, Strict: c.Strict, Attribution: c.Attribution, Derived: c.Derived,
	}
	for _, s := range c.Parent {
		level, field, ok := strings.Cut(s, "=")
		if !ok || level == "" || field == "" {
			return o, &coverage.Error{Code: coverage.Invalid, Field: "--parent", Text: coverage.Text{Zh: "应写作 street=字段", En: "should read like street=FIELD"}}
		}
		o.Parents = append(o.Parents, intake.ParentSpec{Level: level, Field: field})
	}
	for _, s := range c.Measure {
		name, field, ok := strings.Cut(s, "=")
		if !ok || name == "" || field == "" {
			return o, &coverage.Error{Code: coverage.Invalid, Field: "--measure", Text: coverage.Text{Zh: "应写作 population=字段", En: "should read like population=FIELD"}}
		}
		o.Measures = append(o.Measures, intake.MeasureSpec{Name: name, Field: field})
	}
	switch c.Complete {
	case "":
	case everywhere:
		o.Complete = &intake.Complete{Everywhere: true}
	case "unknown":
		o.Complete = &intake.Complete{Unknown: true}
	default:
		f, err := os.Open(c.Complete)
		if err != nil {
			return o, fileError(c.Complete, err)
		}
		defer f.Close()
		area, err := intake.ReadArea(f, filepath.Base(c.Complete))
		if err != nil {
			return o, err
		}
		o.Complete = &intake.Complete{Area: area, Source: filepath.Base(c.Complete)}
	}
	return o, nil
}

// everywhere stands for --complete without a value.
const everywhere = "everywhere"

// expandComplete gives a bare --complete its value: it may stand with or without one.
func expandComplete(args []string) []string {
	out := make([]string, len(args))
	for i, arg := range args {
		if arg == "--complete" {
			arg = "--complete=" + everywhere
		}
		out[i] = arg
	}
	return out
}

// strayArea says how to name an area, where it was written as a word of its own.
func strayArea(args []string, err error) coverage.Text {
	if !slices.Contains(args, "--complete="+everywhere) || !strings.Contains(err.Error(), "unexpected argument") {
		return coverage.Text{}
	}
	return coverage.Text{Zh: "普查范围要用等号连写：--complete=范围.geojson", En: "an area follows --complete with an equals sign: --complete=AREA.geojson"}
}

// fileError says that a file cannot be read.
func fileError(path string, err error) error {
	e := &coverage.Error{Code: coverage.Invalid, File: filepath.Base(path), Err: err, Text: coverage.Text{Zh: "无法读取", En: "cannot be read"}, Hint: coverage.Text{Zh: "检查路径和权限", En: "check the path and its permissions"}}
	if errors.Is(err, os.ErrNotExist) {
		e.Text = coverage.Text{Zh: "文件不存在", En: "no such file"}
		e.Hint = coverage.Text{Zh: "检查路径", En: "check the path"}
	}
	return e
}

func (c importCmd) Run(a *app) error {
	o, err := c.options()
	if err != nil {
		return err
	}
	if c.File == "-" {
		return a.open(c.Project, store.ReadWrite, func(p *store.Project) error {
			return a.importInto(p, c.File, a.stdin, o)
		})
	}
	f, err := os.Open(c.File)
	if err != nil {
		return fileError(c.File, err)
	}
	defer f.Close()
	if stat, err := f.Stat(); err == nil && stat.IsDir() {
		return &coverage.Error{Code: coverage.Invalid, File: filepath.Base(c.File), Text: coverage.Text{Zh: "是文件夹", En: "is a folder"}, Hint: coverage.Text{Zh: "请给出文件", En: "name a file"}}
	}
	return a.open(c.Project, store.ReadWrite, func(p *store.Project) error {
		return a.importInto(p, filepath.Base(c.File), f, o)
	})
}

// importInto imports and prints the report; refused rows under --strict are an unmet condition.
func (a *app) importInto(p coverage.Store, file string, r io.Reader, o intake.Options) error {
	progress, done := a.progress("导入", "import")
	report, err := intake.Import(a.ctx, p, catalogs.Services(), file, r, o, progress)
	done()
	explainTable(err, file, o.Role)
	switch {
	case err != nil && (report == nil || a.ctx.Err() != nil):
		return err
	case err != nil && a.JSON: // one document: why nothing was written, and what was found in the file
		if e := a.print(failedImport{report, errorJSON(err)}); e != nil {
			return e
		}
		fmt.Fprintln(a.stderr, "lifecircle:", inert(a.words(err)))
		return said{err}
	case err != nil:
		a.printRows(report)
		return err
	}
	if err := a.printReport(report); err != nil {
		return err
	}
	if o.Strict && report.Refused > 0 {
		return coverage.Errorf(coverage.Condition, "%[1]d 行被拒绝（--strict）", "%[1]d rows were refused (--strict)", report.Refused)
	}
	return nil
}

// explainTable says what to do with a table that was given for a layer with geometries.
func explainTable(err error, file string, role coverage.Role) {
	var e *coverage.Error
	if errors.As(err, &e) && e.Code == coverage.Refused && strings.EqualFold(filepath.Ext(file), ".csv") && role != coverage.RoleAttributes {
		e.Text = coverage.Text{Zh: "是表格，不是 GeoJSON", En: "is a table, not GeoJSON"}
		e.Hint = coverage.Text{Zh: "表格只能作属性表导入：--as attributes --join 编号列；图层请转为 GeoJSON", En: "a table comes as --as attributes --join COLUMN; a layer with places comes as GeoJSON"}
	}
}

// failedImport is the document of an import of which nothing was written.
type failedImport struct {
	*coverage.ImportReport
	Error errorBody `json:"error"`
}

// printReport prints an import report; the rows of which something is to be said are listed up to twenty.
func (a *app) printReport(r *coverage.ImportReport) error {
	if a.JSON {
		return a.print(r)
	}
	w := a.stdout
	fmt.Fprintf(w, a.in("%s：读入 %d，采用 %d，修复 %d，拒绝 %d", "%s: read %d, used %d, repaired %d, refused %d"), r.Layer, r.Read, r.Used, r.Repaired, r.Refused)
	if r.Unchanged {
		fmt.Fprint(w, a.in("（内容未变，未写入）", " (unchanged: nothing was written)"))
	}
	fmt.Fprintf(w, "\n  %s %s", a.in("格式", "format"), r.Format)
	if r.CRS != "" {
		fmt.Fprintf(w, "  %s %s (%s)", a.in("坐标系", "CRS"), r.CRS, r.CRSKnownBy)
	}
	fmt.Fprintln(w)
	return a.printRows(r)
}

// printRows prints what a report has to say of rows and of the layer as a whole.
func (a *app) printRows(r *coverage.ImportReport) error {
	w := a.stdout
	const most = 20
	for i, row := range r.Rows {
		if i == most {
			fmt.Fprintf(w, a.in("  …还有 %d 行：--json 或 lifecircle layers 项目 show 图层\n", "  … and %d more rows: see --json, or lifecircle layers PROJECT show LAYER\n"), len(r.Rows)-most)
			break
		}
		text, action := row.Text, row.Action
		if a.Lang == "zh" {
			action = map[string]string{"refused": "拒绝", "repaired": "修复"}[row.Action]
			if row.TextZh != "" {
				text = row.TextZh
			}
		}
		fmt.Fprintf(w, a.in("  第 %d 个要素", "  feature %d"), row.N)
		if row.ID != "" {
			fmt.Fprintf(w, " (%s)", row.ID)
		}
		fmt.Fprintf(w, ": %s %s: %s\n", action, row.Reason, text)
	}
	for _, n := range r.Warnings {
		text := n.Text
		if a.Lang == "zh" && n.TextZh != "" {
			text = n.TextZh
		}
		if _, err := fmt.Fprintf(w, "  ! %s: %s\n", n.Code, text); err != nil {
			return err
		}
	}
	return nil
}

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/coverage/intake"
	"lifecircle/data/catalogs"
	"lifecircle/data/format/formats"
	"lifecircle/data/store"
)

type importCmd struct {
	Project string `arg:"" help:"Project file. 项目文件"`
	File    string `arg:"" help:"File to import: GeoJSON, CSV, XLSX, Shapefile (.shp or .zip), GeoPackage, OSM PBF or XML, population grids as GeoTIFF; told by content. - reads standard input. 数据文件"`

	As      string   `required:"" placeholder:"ROLE" help:"What it is: neighborhoods, facilities, demand, land, buildings, attributes, network; osm takes all that an OpenStreetMap extract has. 图层类型"`
	Layer   string   `placeholder:"NAME" help:"Name of the layer (default: the file's base name). 图层名"`
	Service []string `sep:"," placeholder:"KEY" help:"Facilities: the services that every row offers, e.g. clinic. 服务要素"`

	Mapping string `placeholder:"NAME|FILE" help:"Facilities: finds the services of each row by its category and name: amap, osm, poi-category, or a file of your own (default for OpenStreetMap: osm). 类别映射"`

	IDField        string   `placeholder:"F" help:"Column of ids (default: the feature's id, property id). 编号字段"`
	NameField      string   `placeholder:"F" help:"Column of names (default: name, 名称). 名称字段"`
	Parent         []string `sep:"," placeholder:"LEVEL=F" help:"Neighborhoods: columns of parents, e.g. street=F,district=G. Attributes: columns that tell neighborhoods of one name apart. 上级"`
	Level          string   `placeholder:"LEVEL" help:"Neighborhoods: what they are (default community). 单元层级"`
	KindField      string   `placeholder:"F" help:"Neighborhoods: column of the kind of circle. 生活圈类型字段"`
	Measure        []string `sep:"none" placeholder:"NAME=F" help:"Column of a measure, e.g. population=F or population:60+=G; repeatable. 人口等数值字段"`
	Modelled       bool     `help:"The measures come from a model, nobody counted them. 模拟数据"`
	Join           string   `placeholder:"F" help:"Attributes: column that names the neighborhood, by id, code or name. 关联字段"`
	Complete       string   `optional:"" placeholder:"AREA.geojson" help:"Facilities: the layer is complete, everywhere (--complete) or inside a polygon (--complete=AREA.geojson); --complete=unknown withdraws it. 普查完整"`
	StatusField    string   `placeholder:"F" help:"Facilities: column of the status (existing, under construction, planned, closed). 状态字段"`
	CapacityField  string   `placeholder:"F" help:"Facilities: column of places. 容量字段"`
	AreaField      string   `placeholder:"F" help:"Facilities, buildings: column of square metres (default: the polygon's own). 面积字段"`
	FloorAreaField string   `placeholder:"F" help:"Buildings: column of floor area, m². 建筑面积字段"`
	FloorsField    string   `placeholder:"F" help:"Buildings: column of the number of floors. 层数字段"`
	OpenedField    string   `placeholder:"F" help:"Facilities: column of the opening date. 启用日期字段"`
	ClosedField    string   `placeholder:"F" help:"Facilities: column of the closing date. 停用日期字段"`
	ServiceField   string   `placeholder:"F" help:"Facilities: column of each row's services. 服务字段"`
	CRS            string   `placeholder:"EPSG:n|gcj02|bd09|auto" help:"Coordinates of the file (default: what it says, else WGS 84 degrees); auto compares with the project's layers. 坐标系"`
	AcceptError    float64  `placeholder:"METRES" help:"Read Xian 1980, Beijing 1954 or an unknown datum as WGS 84, with this error. 可接受的误差"`
	Encoding       string   `placeholder:"NAME" help:"Encoding of a text table or Shapefile, e.g. gb18030 (default: found by content). 编码"`
	Delimiter      string   `placeholder:"C" help:"What separates the columns of a text table: a character, or tab (default: found). 分隔符"`
	SourceLayer    string   `aliases:"sheet" placeholder:"NAME" help:"Sheet of a workbook, layer of a GeoPackage or .zip; also --sheet. 工作表或图层"`
	Header         int      `placeholder:"N" help:"Row of a sheet that names the columns (default: found). 表头行"`
	XField         string   `placeholder:"F" help:"Column of longitudes or eastings of a table (default: found by name). 经度列"`
	YField         string   `placeholder:"F" help:"Column of latitudes or northings of a table. 纬度列"`
	LocationField  string   `placeholder:"F" help:"Column of longitude,latitude of a table. 坐标列"`
	WKTField       string   `name:"wkt-field" placeholder:"F" help:"Column of well-known text of a table. WKT 列"`
	Clip           string   `placeholder:"AREA.geojson" help:"Population grid: only the cells that this area meets. 裁剪范围"`
	CellPoints     bool     `help:"Population grid: cells as points in their middles, instead of polygons. 取像元中心点"`
	Attribution    string   `placeholder:"TEXT" help:"Who must be named wherever the data is shown. 署名"`
	Derived        string   `placeholder:"TEXT" help:"What the layer was derived from, if it is not an original; may be 中文 / English. 推导说明"`
	Replace        bool     `xor:"mode" help:"Other content takes the place of the layer's. 替换"`
	Append         bool     `xor:"mode" help:"Other content is added to the layer's. 追加"`
	KeepDuplicates bool     `help:"Facilities: rows of one name within 50 m (bus stops: 5 m) stay apart instead of being merged. 不合并重复设施"`
	Strict         bool     `help:"Refuse what would be repaired, left out or merged, and exit with 4 if any row was refused. 严格"`
}

func (importCmd) Help() string {
	return `Every row of the file is used, repaired (and how) or refused (and why); the report is kept with the layer. The same file again changes nothing. The report says in which CRS and encoding the file was read, and how that was known; coordinates of a plane that nobody names are refused.

    lifecircle import city.gpkg communities.geojson --as neighborhoods --id-field code --parent street=街道,district=区县
    lifecircle import city.gpkg clinics.geojson --as facilities --service clinic --complete
    lifecircle import city.gpkg osm.geojson --as facilities --service clinic --complete=surveyed.geojson --layer osm-clinics
    lifecircle import city.gpkg people.geojson --as demand --measure population=F --measure population:60+=G
    lifecircle import city.gpkg land.geojson --as land
    lifecircle import city.gpkg counts.csv --as attributes --join code --measure population=人口
    lifecircle import city.gpkg streets.csv --as attributes --join code --name-field name
    lifecircle import city.gpkg 人口.xlsx --as attributes --join 社区 --parent street=街道 --measure population=常住人口
    lifecircle import city.gpkg chn_ppp_2020.tif --as demand --modelled --clip boundary.geojson
    lifecircle import city.gpkg 充电站.xlsx --as facilities --service ev_charger --sheet 2025 --crs gcj02
    lifecircle import city.gpkg amap_pois.csv --as facilities --mapping amap --crs auto
    lifecircle import city.gpkg 社区界.shp --as neighborhoods --encoding gbk --crs EPSG:4545
    lifecircle import city.gpkg las_palmas.osm.pbf --as osm

Services are listed by: lifecircle catalog show ID. Exit code 3: the file is refused, nothing was written. 退出码 3：文件被拒绝，未写入任何内容。`
}

func (c importCmd) options() (intake.Options, error) {
	o := intake.Options{
		Role: coverage.Role(c.As), Name: c.Layer, Services: c.Service, IDField: c.IDField, NameField: c.NameField, StatusField: c.StatusField,
		CapacityField: c.CapacityField, AreaField: c.AreaField, FloorAreaField: c.FloorAreaField, FloorsField: c.FloorsField, OpenedField: c.OpenedField,
		ClosedField: c.ClosedField, ServiceField: c.ServiceField, KindField: c.KindField, JoinField: c.Join, Level: c.Level, Modelled: c.Modelled,
		CRS: c.CRS, AcceptError: c.AcceptError, Formats: formats.All{}, Replace: c.Replace, Append: c.Append, Strict: c.Strict, KeepDuplicates: c.KeepDuplicates, Attribution: c.Attribution, Derived: c.Derived,
	}
	o.Read = intake.ReadOptions{
		Layer: c.SourceLayer, Encoding: c.Encoding, Delimiter: c.Delimiter, Header: c.Header, X: c.XField, Y: c.YField, Location: c.LocationField, WKT: c.WKTField, CellPoints: c.CellPoints,
	}
	if c.Clip != "" {
		var err error
		if o.Read.Clip, err = readArea(c.Clip); err != nil {
			return o, err
		}
	}
	if c.Mapping != "" {
		var err error
		if o.Mapping, err = mappingOf(c.Mapping); err != nil {
			return o, err
		}
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
		area, err := readArea(c.Complete)
		if err != nil {
			return o, err
		}
		o.Complete = &intake.Complete{Area: area, Source: filepath.Base(c.Complete)}
	}
	return o, nil
}

// readArea reads an area from a file of polygons.
func readArea(path string) (orb.MultiPolygon, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	defer f.Close()
	return intake.ReadArea(f, filepath.Base(path))
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

// mappingOf gives the shipped mapping of a name, else the one in a file.
func mappingOf(name string) (*intake.Mapper, error) {
	if slices.Contains(catalogs.MappingIDs(), name) {
		m, err := catalogs.Mapping(name)
		if err != nil {
			return nil, err
		}
		return intake.NewMapper(m), nil
	}
	src, err := os.ReadFile(name)
	if err != nil {
		e := fileError(name, err).(*coverage.Error)
		list := strings.Join(catalogs.MappingIDs(), ", ")
		e.Hint = coverage.Text{Zh: "自带的映射：" + list + "；或给出 YAML 文件", En: "shipped mappings: " + list + "; or name a YAML file"}
		return nil, e
	}
	m, _, err := catalog.ParseMapping(src, filepath.Base(name), catalogs.Services())
	if err != nil {
		return nil, &coverage.Error{Code: coverage.Refused, Err: err, Text: coverage.Text{Zh: err.Error(), En: err.Error()}}
	}
	return intake.NewOwnMapper(m, name), nil
}

func (c importCmd) Run(a *app) error {
	if c.As == wholeExtract {
		return c.runOSM(a)
	}
	o, err := c.options()
	if err != nil {
		return err
	}
	f, done, err := a.openFile(c.File)
	if err != nil {
		return err
	}
	defer done()
	if f.Size >= largeImport {
		defer debug.SetGCPercent(debug.SetGCPercent(importGarbage))
	}
	return a.open(c.Project, store.ReadWrite, func(p *store.Project) error {
		return a.importInto(p, f, o)
	}, store.WithSoleUse())
}

// Of a large file the layer is kept in large blocks that are cheap to mark: room for as much again would only be lent from others. A small one
// is done before it matters.
const (
	largeImport   = 32 << 20 // bytes of the file
	importGarbage = 20       // how much may be taken beyond what is kept before it is collected, in per cent
)

// openFile opens a file to import; standard input and pipes are read to their end first.
func (a *app) openFile(path string) (*intake.File, func() error, error) {
	if path == "-" {
		return intake.Spool(path, a.stdin, 0)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fileError(path, err)
	}
	stat, err := f.Stat()
	switch {
	case err != nil:
	case stat.IsDir():
		err = &coverage.Error{Code: coverage.Invalid, File: filepath.Base(path), Text: coverage.Text{Zh: "是文件夹", En: "is a folder"}, Hint: coverage.Text{Zh: "请给出文件", En: "name a file"}}
	case !stat.Mode().IsRegular():
		defer f.Close()
		return intake.Spool(filepath.Base(path), f, 0)
	default:
		return intake.NewFile(path, path, f, stat.Size()), f.Close, nil
	}
	f.Close()
	return nil, nil, err
}

// importInto imports and prints the report; refused rows under --strict are an unmet condition.
func (a *app) importInto(p coverage.Store, f *intake.File, o intake.Options) error {
	progress, done := a.progress("导入", "import")
	report, err := intake.ImportFile(a.ctx, p, catalogs.Services(), f, o, progress)
	done()
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
	a.printSource(r)
	a.printLook(r)
	a.printMapping(r.Mapping)
	return a.printRows(r)
}

// knownBy says how a CRS or an encoding was known.
var knownBy = map[string]coverage.Text{
	"option": {Zh: "选项", En: "option"}, "file": {Zh: "文件", En: "the file says so"}, "format": {Zh: "格式规定", En: "by the format"},
	"default": {Zh: "未说明，默认", En: "not said, by default"}, "auto": {Zh: "比对得出", En: "by comparison"},
	"bom": {Zh: "BOM", En: "byte order mark"}, "content": {Zh: "内容", En: "by content"}, "ascii": {Zh: "内容", En: "by content"},
}

// printSource says how the file was read.
func (a *app) printSource(r *coverage.ImportReport) {
	w := a.stdout
	fmt.Fprintf(w, "\n  %s %s", a.in("格式", "format"), r.Format)
	if r.Part != "" {
		fmt.Fprintf(w, " [%s]", r.Part)
	}
	if r.Encoding != "" {
		fmt.Fprintf(w, "  %s %s (%s)", a.in("编码", "encoding"), r.Encoding, knownBy[r.EncodedBy].In(a.Lang))
	}
	if r.CRS != "" {
		fmt.Fprintf(w, "  %s %s (%s", a.in("坐标系", "CRS"), r.CRS, knownBy[r.CRSKnownBy].In(a.Lang))
		switch accuracy := r.Accuracy; {
		case accuracy == nil:
		case accuracy.Metres == nil:
			fmt.Fprint(w, a.in("；误差未知：", "; accuracy not known: "), accuracy.Text.In(a.Lang))
		case *accuracy.Metres > 0:
			fmt.Fprintf(w, a.in("；误差不超过 %g 米", "; within %g m"), *accuracy.Metres)
		}
		fmt.Fprint(w, ")")
	}
	fmt.Fprintln(w)
}

// mappingOrigin tells which mapping it was, so that it can be found again: the file if it is a user's own, and the first digits of its hash.
func mappingOrigin(m *coverage.MappingReport) string {
	var about []string
	if m.File != "" {
		about = append(about, m.File)
	}
	if m.Hash != "" {
		about = append(about, fmt.Sprintf("SHA-256 %.12s…", m.Hash))
	}
	if len(about) == 0 {
		return ""
	}
	return "  (" + strings.Join(about, ", ") + ")"
}

// printMapping says what a mapping found, rule by rule, and what it passed over.
func (a *app) printMapping(m *coverage.MappingReport) {
	if m == nil {
		return
	}
	w := a.stdout
	fmt.Fprintf(w, a.in("  映射 %s：%d 个要素，映射 %d，未映射 %d%s\n", "  mapping %s: %d features, mapped %d, unmapped %d%s\n"), m.Mapping, m.Features, m.Mapped, m.Unmapped, mappingOrigin(m))
	for _, r := range m.Rules {
		if r.Features > 0 {
			fmt.Fprintf(w, "    %6d  %s → %s\n", r.Features, r.Rule, strings.Join(r.Services, ", "))
		}
	}
	const most = 10
	for i, g := range m.Groups {
		if i == most {
			break
		}
		fmt.Fprintf(w, a.in("    %6d  %s（未映射）\n", "    %6d  %s (unmapped)\n"), g.Features, g.Group)
	}
}

// printRows prints what a report has to say of rows and of the layer as a whole.
func (a *app) printRows(r *coverage.ImportReport) error {
	w := a.stdout
	const most = 20
	for i, row := range r.Rows {
		if i == most {
			fmt.Fprintf(w, a.in("  …还有 %d 行：--json 或 lifecircle layers show 项目 图层 --json\n", "  … and %d more rows: see --json, or lifecircle layers show PROJECT LAYER --json\n"), len(r.Rows)-most)
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
		switch {
		case row.ID != "" && row.Name != "":
			fmt.Fprintf(w, " (%s, %s)", row.ID, row.Name)
		case row.ID+row.Name != "":
			fmt.Fprintf(w, " (%s)", row.ID+row.Name)
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

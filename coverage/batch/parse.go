package batch

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
)

// The keys that a plan may hold, by place. plan.schema.json says the same.
var (
	planKeys     = []string{"version", "title", "date", "defaults", "margin_m", "neighbors", "keep_projects", "areas", "outputs"}
	runKeys      = []string{"catalog", "basis", "denominator", "assume_complete", "accept_parent", "as_of", "year"}
	settingsKeys = append(slices.Clone(runKeys), "runs")
	runsKeys     = append([]string{"id"}, runKeys...)
	areaKeys     = append([]string{"id", "name", "project", "layers", "cut"}, settingsKeys...)
	cutKeys      = []string{"project", "by", "only", "prefix"}
	outputKeys   = []string{"dir", "tables", "formats", "languages", "levels"}
	layerKeys    = []string{"file", "as", "layer", "service", "mapping", "complete", "level", "parent", "measure", "modelled", "id_field", "name_field", "kind_field", "join",
		"status_field", "capacity_field", "area_field", "floor_area_field", "floors_field", "opened_field", "closed_field", "service_field", "crs", "accept_error",
		"encoding", "delimiter", "source_layer", "header", "x_field", "y_field", "location_field", "wkt_field", "clip", "cell_points", "attribution", "derived",
		"keep_duplicates", "strict"}
)

// Bounds on a plan: whatever lies beyond is a slip, or no plan.
const (
	maxAreas   = 5_000
	maxLayers  = 200 // of an area
	maxRuns    = 50  // of an area
	maxMarginM = 100_000
)

var planText = coverage.Text{Zh: "批量计划", En: "batch plan"}

// ParsePlan reads a plan from the bytes of a YAML file (UTF-8, at most 1 MiB); dir is the folder that its paths are relative to. Findings come
// in the order of the file, all at once. The error is a *[catalog.Error] if any of them is of severity error; the plan is then nil. What needs
// the files that a plan names is found by [Check].
func ParsePlan(src []byte, file, dir string) (*Plan, []catalog.Finding, error) {
	p, d := parse(src, file, dir)
	if err := d.Err(); err != nil {
		return nil, d.Findings(), err
	}
	return p, d.Findings(), nil
}

func parse(src []byte, file, dir string) (*Plan, *catalog.Document) {
	d, root, ok := catalog.OpenDocument(src, file, planText, planKeys...)
	p := &Plan{File: filepath.Base(file), Dir: dir, MarginM: DefaultMarginM, Neighbors: true}
	if !ok {
		return p, d
	}
	if version, ok := root.Integer("version", 1, 1_000_000); ok && version != 1 {
		report(root, "version", "unknown_version", "计划版本 %s 未知", "a plan of version %s is not known", strconv.Itoa(version)).hint("写 version: 1，或用更新的程序", "write version: 1, or use a newer program")
	}
	p.Title = root.Text("title")
	p.Date = day(root, "date")
	if b, ok := root.Block("defaults", settingsKeys...); ok {
		p.Defaults = settings(b)
	}
	if n, ok := root.Integer("margin_m", 0, maxMarginM); ok {
		p.MarginM = n
	}
	if root.Has("neighbors") {
		p.Neighbors = root.Boolean("neighbors")
	}
	p.Keep = root.Boolean("keep_projects")
	root.Require("areas")
	blocks := root.Blocks("areas", maxAreas, areaKeys...)
	for _, b := range blocks {
		p.Areas = append(p.Areas, area(b))
	}
	if root.Has("areas") && len(blocks) == 0 {
		report(root, "areas", "no_areas", "计划没有任何区域", "the plan has no area").hint("如 areas: [{id: yuzhong, project: yuzhong.gpkg}]", "e.g. areas: [{id: yuzhong, project: yuzhong.gpkg}]")
	}
	p.Outputs = outputs(root)
	uniqueAreas(p.Areas)
	return p, d
}

func settings(b catalog.Block) Settings {
	s := Settings{RunSpec: runSpec(b)}
	blocks := b.Blocks("runs", maxRuns, runsKeys...)
	if b.Has("runs") && len(blocks) == 0 {
		report(b, "runs", "no_runs", "runs 为空", "runs is empty").hint("删去 runs，或写至少一项", "leave runs out, or list at least one")
	}
	seen := map[string]bool{}
	for _, at := range blocks {
		r := runSpec(at)
		if r.ID = at.Identifier("id"); r.ID != "" {
			checkID(at, "id", r.ID)
			if seen[strings.ToLower(r.ID)] {
				report(at, "id", "duplicate_run", "评估标识 %s 重复", "the run id %s stands twice", r.ID).hint("换一个标识", "give it another id")
			}
			seen[strings.ToLower(r.ID)] = true
		}
		s.Runs = append(s.Runs, r)
	}
	return s
}

func runSpec(b catalog.Block) RunSpec {
	r := RunSpec{Catalogs: b.Words("catalog"), Bases: b.Words("basis"), Denominators: b.Words("denominator"), AsOf: day(b, "as_of"), at: b}
	if b.Has("assume_complete") {
		v := b.Boolean("assume_complete")
		r.AssumeComplete = &v
	}
	if b.Has("accept_parent") {
		v := b.Boolean("accept_parent")
		r.AcceptParent = &v
	}
	r.Year, _ = b.Integer("year", 1900, 9999)
	for _, d := range r.Denominators {
		if !catalog.IsMeasure(d) {
			report(b, "denominator", "bad_measure", "「%s」不能作为分母", "%s cannot be a denominator", d).
				hint("land、population、population:60+、households、buildings 或度量名", "land, population, population:60+, households, buildings or a measure's name")
		}
	}
	for _, basis := range r.Bases {
		if err := (coverage.Params{Basis: basis}).Check(); err != nil {
			reportError(b, "basis", "bad_basis", err)
		}
	}
	return r
}

// day reads a date.
func day(b catalog.Block, key string) string {
	s := b.String(key)
	if s == "" {
		return ""
	}
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		report(b, key, "bad_date", "「%s」不是日期", "%s is no date", s).hint("写成 2026-01-31", "write it as 2026-01-31")
		return ""
	}
	return s
}

func area(b catalog.Block) AreaSpec {
	a := AreaSpec{ID: b.Identifier("id"), Name: b.Text("name"), Project: b.String("project"), Settings: settings(b), at: b}
	if a.ID != "" {
		checkID(b, "id", a.ID)
	}
	for _, at := range b.Blocks("layers", maxLayers, layerKeys...) {
		a.Layers = append(a.Layers, layer(at))
	}
	if at, ok := b.Block("cut", cutKeys...); ok {
		a.Cut = &CutSpec{Project: at.String("project"), By: at.String("by"), Only: at.Words("only"), Prefix: at.Identifier("prefix"), at: at}
		at.Require("project")
		at.Require("by")
	}
	kinds := 0
	for _, key := range []string{"project", "layers", "cut"} {
		if b.Has(key) {
			kinds++
		}
	}
	switch {
	case kinds == 0:
		report(b, "", "no_source", "区域没有数据来源", "the area has no source").hint("写 project、layers 或 cut 之一", "give it one of project, layers, cut")
	case kinds > 1:
		report(b, "", "several_sources", "project、layers、cut 只能写一个", "project, layers and cut exclude each other").hint("分成几个区域", "make several areas of it")
	case b.Has("cut") && b.Has("id"):
		report(b, "id", "id_of_cut", "cut 的区域以上级单元命名，不能写 id", "areas of a cut are called after their parents and take no id").hint("用 cut.prefix 加前缀", "cut.prefix puts a word before their ids")
	case b.Has("cut") && b.Has("name"):
		report(b, "name", "name_of_cut", "cut 的区域以上级单元命名，不能写 name", "areas of a cut are called after their parents and take no name")
	case !b.Has("cut"):
		b.Require("id")
	}
	if b.Has("layers") && len(a.Layers) == 0 {
		report(b, "layers", "no_layers", "layers 为空", "layers is empty")
	}
	if len(a.Layers) > 0 && !slices.ContainsFunc(a.Layers, func(l LayerSpec) bool { return l.As == string(coverage.RoleNeighborhoods) }) {
		report(b, "layers", "no_neighborhoods", "图层里没有评价单元", "no layer holds neighborhoods").hint("添加 {file: …, as: neighborhoods}", "add {file: …, as: neighborhoods}")
	}
	return a
}

func layer(b catalog.Block) LayerSpec {
	l := LayerSpec{File: b.String("file"), As: b.String("as"), Layer: b.String("layer"), Level: b.String("level"), Service: b.Words("service"), Mapping: b.String("mapping"),
		IDField: b.String("id_field"), NameField: b.String("name_field"), KindField: b.String("kind_field"), Join: b.String("join"), StatusField: b.String("status_field"),
		CapacityField: b.String("capacity_field"), AreaField: b.String("area_field"), FloorAreaField: b.String("floor_area_field"), FloorsField: b.String("floors_field"),
		OpenedField: b.String("opened_field"), ClosedField: b.String("closed_field"), ServiceField: b.String("service_field"), CRS: b.String("crs"), Encoding: b.String("encoding"),
		Delimiter: b.String("delimiter"), SourceLayer: b.String("source_layer"), XField: b.String("x_field"), YField: b.String("y_field"), LocationField: b.String("location_field"),
		WKT: b.String("wkt_field"), Parent: b.Pairs("parent"), Measure: b.Pairs("measure"), Clip: b.String("clip"), Attribution: b.String("attribution"), Derived: b.String("derived"),
		Modelled: b.Boolean("modelled"), CellPoints: b.Boolean("cell_points"), KeepDuplicates: b.Boolean("keep_duplicates"), Strict: b.Boolean("strict"), at: b}
	if n, ok := b.Number("accept_error"); ok {
		l.AcceptError = float64(n) / float64(catalog.One)
	}
	l.Header, _ = b.Integer("header", 1, 1_000_000)
	switch {
	case b.IsBoolean("complete") && b.Boolean("complete"):
		l.Complete = Everywhere
	case !b.IsBoolean("complete"):
		l.Complete = b.String("complete")
	}
	b.Require("file")
	b.Require("as")
	if l.As != "" && !slices.Contains(coverage.Roles[:], coverage.Role(l.As)) {
		var roles []string
		for _, r := range coverage.Roles {
			roles = append(roles, string(r))
		}
		list := strings.Join(roles, ", ")
		report(b, "as", "unknown_role", "没有图层类型「%s」", "there is no role %s", l.As).hint("可用："+list, "roles: "+list)
	}
	return l
}

func outputs(root catalog.Block) Outputs {
	o := Outputs{Dir: "batch", at: root}
	b, ok := root.Block("outputs", outputKeys...)
	if ok {
		o.at = b
		if dir := b.String("dir"); dir != "" {
			o.Dir = dir
		}
		o.Tables = words(b, "tables", tableNames)
		o.Formats = words(b, "formats", slices.Concat(tableFormats, reportFormats))
		o.Languages = words(b, "languages", languages)
		o.Levels = b.Words("levels")
	}
	if len(o.Tables) == 0 {
		o.Tables = []string{"scores", "coverage", "matrix", "gaps"}
	}
	if len(o.Formats) == 0 {
		o.Formats = []string{"csv"}
	}
	if len(o.Languages) == 0 {
		o.Languages = languages
	}
	if len(o.Levels) == 0 {
		o.Levels = []string{City}
	}
	return o
}

// words reads some of a list of words, in the order of that list.
func words(b catalog.Block, key string, known []string) []string {
	given := b.Words(key)
	for _, w := range given {
		if !slices.Contains(known, w) {
			list := strings.Join(known, ", ")
			report(b, key, "unknown_word", "「%s」不是可选的值", "%s is not one of the words allowed here", w).hint("可选："+list, "one of "+list)
		}
	}
	return among(given, known)
}

// uniqueAreas refuses ids that stand twice; case does not tell folders apart on every system.
func uniqueAreas(areas []AreaSpec) {
	first := map[string]int{}
	for _, a := range areas {
		if a.ID == "" {
			continue
		}
		key := strings.ToLower(a.ID)
		if line, twice := first[key]; twice {
			report(a.at, "id", "duplicate_area", "区域标识 %s 重复，第 %s 行已有", "the area id %s stands twice, first on line %s", a.ID, strconv.Itoa(line)).hint("换一个标识（不分大小写）", "give it another id; case makes no difference")
			continue
		}
		first[key] = a.at.Line()
	}
}

func checkID(b catalog.Block, key, id string) {
	if !validID(id) {
		report(b, key, "bad_id", "「%s」不能作为文件夹名", "%s cannot be the name of a folder", id).hint("不要以点或连字符开头，不要以点结尾，不用 con、nul 等", "it may not begin with a point or a hyphen, end with a point, or be con, nul and the like")
	}
}

// hinted is a finding that was made, which may be given what to do.
type hinted struct{ f *catalog.Finding }

func (h *hinted) hint(zh, en string) { h.f.Hint = coverage.Text{Zh: zh, En: en} }

// report adds an error at a key. Texts are formats of strings: in English they are
// quoted.
func report(b catalog.Block, key, code, zh, en string, args ...string) *hinted {
	return reportAs(catalog.SeverityError, b, key, code, zh, en, args...)
}

func warn(b catalog.Block, key, code, zh, en string, args ...string) *hinted {
	return reportAs(catalog.SeverityWarning, b, key, code, zh, en, args...)
}

func reportAs(severity catalog.Severity, b catalog.Block, key, code, zh, en string, args ...string) *hinted {
	plain, quoted := make([]any, len(args)), make([]any, len(args))
	for i, s := range args {
		plain[i], quoted[i] = s, strconv.Quote(s)
		if _, err := strconv.Atoi(s); err == nil {
			quoted[i] = s
		}
	}
	return &hinted{b.Note(severity, key, code, coverage.Text{Zh: fmt.Sprintf(zh, plain...), En: fmt.Sprintf(en, quoted...)})}
}

// reportError adds an error of another room at a key, with its hint.
func reportError(b catalog.Block, key, code string, err error) {
	e := asError(err)
	text := coverage.Text{Zh: e.Text.In("zh"), En: e.Text.In("en")}
	for _, part := range []string{e.Field, e.File} {
		if part != "" {
			text.Zh, text.En = part+": "+text.Zh, part+": "+text.En
		}
	}
	h := &hinted{b.Note(catalog.SeverityError, key, code, text)}
	if e.Hint != (coverage.Text{}) {
		h.hint(e.Hint.Zh, e.Hint.En)
	}
}

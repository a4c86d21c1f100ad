package catalogs

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"lifecircle/coverage/catalog"
)

// rowsForEntry is how many rows of a sheet have formats and lists to choose from.
const rowsForEntry = 500

// Template is a workbook in which a bureau's own service catalog (服务目录, 要素表) is filled in, for [ReadTemplate]. With a catalog
// it is filled with that one; nil gives an empty one. lost names what the sheets cannot say of the catalog: reading the
// workbook gives another catalog where it is not empty.
func Template(c *catalog.Catalog) (workbook []byte, lost []string, err error) {
	w := &templateWriter{f: excelize.NewFile(), services: Services()}
	defer w.f.Close()
	if c != nil {
		w.services = c.Services
	}
	w.styles()
	w.helpSheet()
	w.catalogSheet(c)
	w.table(sheetTiers, tierColumns, tierRows(c))
	w.table(sheetGrades, gradeColumns, gradeRows(c))
	w.table(sheetServices, serviceColumns, serviceRows(c))
	w.table(sheetRequirements, requirementColumns, w.requirementRows(c))
	w.table(sheetExample, requirementColumns, w.requirementRows(w.example()))
	w.wordSheet()
	if w.err != nil {
		return nil, nil, fmt.Errorf("writing the template: %w", w.err)
	}
	var out bytes.Buffer
	if err := w.f.Write(&out); err != nil {
		return nil, nil, fmt.Errorf("writing the template: %w", err)
	}
	if c == nil {
		return out.Bytes(), nil, nil
	}
	lost, err = lostOf(c, out.Bytes())
	return out.Bytes(), lost, err
}

// lostOf reads a workbook back and names what is not as it was.
func lostOf(c *catalog.Catalog, workbook []byte) ([]string, error) {
	in, err := ReadTemplate(bytes.NewReader(workbook), int64(len(workbook)), c.ID+".xlsx")
	if err != nil {
		return nil, err
	}
	if in.Catalog == nil {
		var lost []string
		for _, f := range in.Findings {
			if f.Severity == catalog.SeverityError {
				lost = append(lost, fmt.Sprintf("%s %d %s: %s", f.Sheet, f.Row, f.Column, f.Text.En))
			}
		}
		return lost, nil
	}
	d := catalog.Compare(c, in.Catalog)
	lost := d.Fields()
	if !d.Same && len(lost) == 0 {
		lost = []string{"its canonical form"}
	}
	return lost, nil
}

// templateWriter fills a workbook; after an error it does nothing.
type templateWriter struct {
	f                         *excelize.File
	services                  *catalog.Services
	head, text, number, prose int // styles
	err                       error
}

func (w *templateWriter) do(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *templateWriter) styles() {
	style := func(s *excelize.Style) int {
		id, err := w.f.NewStyle(s)
		w.do(err)
		return id
	}
	top := &excelize.Alignment{Vertical: "top", WrapText: true}
	w.head = style(&excelize.Style{Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"DCE6F1"}}, Alignment: top,
		Border: []excelize.Border{{Type: "bottom", Style: 1, Color: "808080"}}})
	w.text = style(&excelize.Style{NumFmt: 49, Alignment: top}) // text: 5-10 must not become a date
	w.number = style(&excelize.Style{NumFmt: 0, Alignment: top})
	w.prose = style(&excelize.Style{Alignment: top})
}

// sheet makes a sheet; the first takes the place of the one that a new workbook has.
func (w *templateWriter) sheet(name string) {
	if name == sheetHelp {
		w.do(w.f.SetSheetName(w.f.GetSheetName(0), name))
		return
	}
	_, err := w.f.NewSheet(name)
	w.do(err)
}

func cellName(column, row int) string {
	name, _ := excelize.CoordinatesToCellName(column, row) // both are positive and small
	return name
}

func (w *templateWriter) set(sheet string, column, row int, text string, style int) {
	at := cellName(column, row)
	w.do(w.f.SetCellStr(sheet, at, text))
	w.do(w.f.SetCellStyle(sheet, at, at, style))
}

// cell writes a value as its column holds it: numbers as numbers, unless a spreadsheet would round them.
func (w *templateWriter) cell(sheet string, column, row int, c *templateColumn, text string) {
	if text == "" {
		return
	}
	digits := len(strings.NewReplacer("-", "", ".", "").Replace(text))
	if v, err := strconv.ParseFloat(text, 64); c.kind == numberCell && err == nil && digits <= 15 {
		at := cellName(column, row)
		w.do(w.f.SetCellFloat(sheet, at, v, -1, 64))
		w.do(w.f.SetCellStyle(sheet, at, at, w.number))
		return
	}
	w.set(sheet, column, row, text, w.text)
}

// table writes a sheet with a header and rows of values by key.
func (w *templateWriter) table(sheet string, columns []templateColumn, rows []map[string]string) {
	w.sheet(sheet)
	last := max(rowsForEntry, len(rows)+1)
	for i := range columns {
		c := &columns[i]
		name, _ := excelize.ColumnNumberToName(i + 1)
		w.do(w.f.SetColWidth(sheet, name, name, max(c.width, 8)))
		style := w.text
		if c.kind == numberCell {
			style = w.number
		}
		w.do(w.f.SetColStyle(sheet, name, style))
		w.set(sheet, i+1, 1, c.header(), w.head)
		w.choices(sheet, c, cellName(i+1, 2)+":"+cellName(i+1, last))
		for k, row := range rows {
			w.cell(sheet, i+1, k+2, c, row[c.key])
		}
	}
	w.do(w.f.SetRowHeight(sheet, 1, 32))
	w.do(w.f.SetPanes(sheet, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}))
}

// choices gives cells a list to choose from, and says what they hold. Other words than the listed are let in where they may mean
// something: a service or level of one's own.
func (w *templateWriter) choices(sheet string, c *templateColumn, cells string) {
	v := excelize.NewDataValidation(true)
	v.SetSqref(cells)
	switch {
	case c.kind == yesCell:
		w.do(v.SetDropList([]string{"是", "否"}))
		v.SetError(excelize.DataValidationErrorStyleWarning, c.zh, "是 / 否 (yes / no)")
	case c.kind == wordCell:
		var words []string
		for _, word := range c.words {
			words = append(words, word[0])
		}
		w.do(v.SetDropList(words))
		v.SetError(excelize.DataValidationErrorStyleInformation, c.zh, strings.Join(words, " / "))
	case c.kind == serviceCell:
		v.SetSqrefDropList(fmt.Sprintf("'%s'!$A$2:$A$%d", sheetWords, len(w.services.All())+1))
		v.SetError(excelize.DataValidationErrorStyleInformation, c.zh, "见“词表”，或“自有服务”里的要素 (see Lists, Own services)")
	case c.key == "tier":
		v.SetSqrefDropList(fmt.Sprintf("'%s'!$A$2:$A$101", sheetTiers))
		v.SetError(excelize.DataValidationErrorStyleInformation, c.zh, "先在“圈层”表中填写 (fill in the sheet Tiers first)")
	case c.kind == numberCell:
		w.do(v.SetRange(0, 1_000_000_000, excelize.DataValidationTypeDecimal, excelize.DataValidationOperatorBetween))
		v.SetError(excelize.DataValidationErrorStyleStop, c.zh, "只写数字 (a number alone)")
	case c.help == (catalog.Text{}):
		return
	}
	if c.help != (catalog.Text{}) {
		v.SetInput(c.zh, strings.TrimSpace(c.help.Zh+"\n"+c.help.En))
	}
	w.do(w.f.AddDataValidation(sheet, v))
}

func (w *templateWriter) catalogSheet(c *catalog.Catalog) {
	w.sheet(sheetCatalog)
	values := catalogValues(c)
	for i, title := range []string{"项目\nitem", "内容\nvalue", "说明\nhelp"} {
		w.set(sheetCatalog, i+1, 1, title, w.head)
	}
	for i := range catalogItems {
		item := &catalogItems[i]
		w.set(sheetCatalog, 1, i+2, item.header(), w.prose)
		w.do(w.f.SetCellStyle(sheetCatalog, cellName(2, i+2), cellName(2, i+2), w.text))
		w.cell(sheetCatalog, 2, i+2, item, values[item.key])
		w.set(sheetCatalog, 3, i+2, strings.TrimSpace(item.help.Zh+"\n"+item.help.En), w.prose)
		if item.kind == yesCell || item.kind == wordCell {
			w.choices(sheetCatalog, item, cellName(2, i+2))
		}
	}
	for column, width := range map[string]float64{"A": 24, "B": 60, "C": 60} {
		w.do(w.f.SetColWidth(sheetCatalog, column, column, width))
	}
}

// wordSheet lists the services that may be named.
func (w *templateWriter) wordSheet() {
	w.sheet(sheetWords)
	for i, title := range []string{"服务要素\nservice", "代码\nkey", "英文名\nEnglish", "别名\naliases"} {
		w.set(sheetWords, i+1, 1, title, w.head)
		name, _ := excelize.ColumnNumberToName(i + 1)
		w.do(w.f.SetColWidth(sheetWords, name, name, 30))
	}
	for k, s := range w.services.All() {
		for i, text := range []string{w.serviceWord(s.Key), s.Key, s.Name.En, strings.Join(s.Aliases, "; ")} {
			w.set(sheetWords, i+1, k+2, text, w.text)
		}
	}
}

// helpSheet says how the workbook is filled in.
func (w *templateWriter) helpSheet() {
	w.sheet(sheetHelp)
	lines := []catalog.Text{
		help("服务目录模板：填好后运行 lifecircle catalog import 文件.xlsx -o 目录.yaml，逐条报告哪张表、哪一行、哪一列有问题、怎样改。", "A template for a service catalog. Fill it in, then: lifecircle catalog import FILE.xlsx -o my.yaml. Every fault is reported with sheet, row, column and what to do."),
		help("一、“"+sheetCatalog+"”：编号必填，其余有默认值。", "1. “"+sheetCatalog+"”: the id is required, the rest has defaults."),
		help("二、“"+sheetTiers+"”：至少一个圈层，如 15 / 15 分钟。", "2. “"+sheetTiers+"”: one at least, such as 15 with 15 minutes."),
		help("三、“"+sheetRequirements+"”：一行一条要求。填服务要素和半径、路程、时间之一；只要求数量的填“最少数量”和“每级”。", "3. “"+sheetRequirements+"”: one requirement a row, with a service and one of radius, path and minutes; to ask for a number, fill in count_min and per."),
		help("四、几种设施任一即可（如公园或口袋公园）：连续几行写同一个要求编号，第一行写全，后面各行只写要素、限值、面积和本行来源。", "4. Where any of several services will do: rows in succession with the same id; the first row says everything, the others service, limit, size and their own source."),
		help("五、限值、数量只写数字，单位在表头；达标线写小数，如 0.8。", "5. Numbers stand alone, units are in the header; a pass line is a decimal such as 0.8."),
		help("六、每个数字写上来源、条款和可信度：A 原文，A* 转引，B 待核，C 项目默认。会随数字进入所有结果。", "6. Give every figure its source, clause and confidence: A official, A* restated, B unverified, C project default. They go into every output."),
		help("七、“"+sheetServices+"”“"+sheetGrades+"”可以空着。“"+sheetExample+"”“"+sheetWords+"”和本页不读入。", "7. “"+sheetServices+"” and “"+sheetGrades+"” may stay empty. “"+sheetExample+"”, “"+sheetWords+"” and this page are not read."),
		help("八、可以增加自己的列，会提示但不读入；不要改表名和表头。", "8. Columns of your own are noted and not read; keep the names of sheets and headers."),
	}
	for i, line := range lines {
		w.set(sheetHelp, 1, i+1, line.Zh+"\n"+line.En, w.prose)
	}
	n := len(lines) + 2
	w.set(sheetHelp, 1, n, sheetRequirements, w.head)
	for i := range requirementColumns {
		c := &requirementColumns[i]
		w.set(sheetHelp, 1, n+1+i, strings.TrimSpace(c.zh+" "+c.key+": "+c.help.Zh+" "+c.help.En), w.prose)
	}
	w.do(w.f.SetColWidth(sheetHelp, "A", "A", 120))
}

// serviceWord is how a planner calls a service.
func (w *templateWriter) serviceWord(key string) string {
	if zh := w.services.Name(key).Zh; zh != "" {
		return zh
	}
	return key
}

// example is a catalog of a few rows of every kind.
func (w *templateWriter) example() *catalog.Catalog {
	const text = `{id: example, title: 示例, tiers: [{id: "5", minutes: 5}, {id: "15", minutes: 15}], requirements: [
{service: clinic, tier: "15", limit: {radius_m: 500}, pass_line: 0.8, mandatory: true, source: 市服务目录, clause: 第3条, confidence: A},
{id: parks, name: 公园, tier: "5", denominator: population, any_of: [
 {service: park, min_area_m2: 5000, area_kind: land, limit: {radius_m: 500}}, {service: pocket_park, min_area_m2: 400, max_area_m2: 5000, area_kind: land, limit: {radius_m: 300, path_m: 450}}],
 targets: {"2025": 0.7, "2027": 0.85}, source: 市服务目录, clause: 第7条, confidence: A},
{id: station, name: 养老服务站, tier: "15", class: quality, weight: 2, count: {service: elderly_station, min: 1, per: community}, source: 市服务目录, clause: 第9条, confidence: A},
{service: nursery, tier: "15", limit: {minutes: 15}, quota: {supply: places, per: 1000 population, min: 4.5}, source: 市服务目录, confidence: B}]}`
	c, _, err := catalog.Parse([]byte(text), "example", Services())
	w.do(err)
	return c
}

func boolWord(b bool) string {
	if b {
		return "是"
	}
	return ""
}

// planners is the word that stands for a catalog's word in a column, the catalog's own if there is none.
func planners(columns []templateColumn, key, word string) string {
	for _, pair := range columnOf(columns, key).words {
		if pair[1] == word {
			return pair[0]
		}
	}
	return word
}

func catalogValues(c *catalog.Catalog) map[string]string {
	if c == nil {
		return nil
	}
	limit := c.CapUnmetMandatory
	if limit == "" {
		limit = "none"
	}
	return map[string]string{
		"id": c.ID, "title_zh": c.Title.Zh, "title_en": c.Title.En, "provisional": boolWord(c.Provisional), "source": c.Source, "attribution": c.Attribution,
		"note_zh": c.Note.Zh, "note_en": c.Note.En, "pass_line": c.PassLine.String(), "denominator": planners(catalogItems, "denominator", c.Denominator),
		"cap_unmet_mandatory": limit, "completeness_floor": c.CompletenessFloor.String(), "scoring_source": c.ScoringSource, "scoring_confidence": string(c.ScoringConfidence),
	}
}

func tierRows(c *catalog.Catalog) (rows []map[string]string) {
	if c == nil {
		return nil
	}
	for _, t := range c.Tiers {
		rows = append(rows, map[string]string{"id": t.ID, "minutes": strconv.Itoa(t.Minutes), "name_zh": t.Name.Zh, "name_en": t.Name.En})
	}
	return rows
}

func gradeRows(c *catalog.Catalog) (rows []map[string]string) {
	if c == nil {
		return nil
	}
	for _, g := range c.Grades {
		rows = append(rows, map[string]string{"name": g.Name, "min": g.Min.String()})
	}
	return rows
}

func serviceRows(c *catalog.Catalog) (rows []map[string]string) {
	if c == nil {
		return nil
	}
	for _, s := range c.OwnServices {
		rows = append(rows, map[string]string{"key": s.Key, "zh": s.Name.Zh, "en": s.Name.En, "parents": strings.Join(s.Parents, "; "), "aliases": strings.Join(s.Aliases, "; ")})
	}
	return rows
}

// requirementRows gives a row for each requirement and each further alternative of it.
func (w *templateWriter) requirementRows(c *catalog.Catalog) (rows []map[string]string) {
	if c == nil {
		return nil
	}
	for i := range c.Requirements {
		r := &c.Requirements[i]
		row := w.requirementRow(r)
		if n := r.Count; n != nil {
			row["service"], row["count_min"], row["per"] = w.serviceWord(n.Service), strconv.Itoa(n.Min), planners(requirementColumns, "per", n.Per)
			areas(row, n.MinArea, n.MaxArea, n.AreaKind)
		}
		for k, a := range r.AnyOf {
			if k > 0 {
				rows = append(rows, row)
				row = map[string]string{"id": r.ID}
			}
			w.alternative(row, r, a)
		}
		rows = append(rows, row)
	}
	return rows
}

func (w *templateWriter) requirementRow(r *catalog.Requirement) map[string]string {
	row := map[string]string{
		"id": r.ID, "name_zh": r.Name.Zh, "name_en": r.Name.En, "tier": r.Tier, "class": planners(requirementColumns, "class", r.Class), "mandatory": boolWord(r.Mandatory),
		"applies_to": strings.Join(r.AppliesTo, "; "), "variant_of": r.VariantOf, "source": r.Source, "clause": r.Clause, "confidence": string(r.Confidence),
		"note_zh": r.Note.Zh, "note_en": r.Note.En,
	}
	if r.VariantOf == "" {
		row["weight"] = r.Weight.String()
	}
	if r.Count == nil {
		row["denominator"] = planners(requirementColumns, "denominator", r.Denominator)
		if r.PassLineSet {
			row["pass_line"] = r.PassLine.String()
		}
		var targets []string
		for _, t := range r.Targets {
			targets = append(targets, fmt.Sprintf("%d=%s", t.Year, t.Share))
		}
		row["targets"] = strings.Join(targets, "; ")
	}
	if q := r.Quota; q != nil {
		row["quota_supply"], row["quota_per"], row["quota_min"] = q.Supply, q.PerCount.String()+" "+q.Measure, q.Min.String()
		if q.Source != r.Source || q.Clause != r.Clause {
			row["quota_source"], row["quota_clause"] = q.Source, q.Clause
		}
		if q.Confidence != r.Confidence {
			row["quota_confidence"] = string(q.Confidence)
		}
	}
	return row
}

func (w *templateWriter) alternative(row map[string]string, r *catalog.Requirement, a catalog.Alternative) {
	row["service"] = w.serviceWord(a.Service)
	number := func(key string, value catalog.Ppm) {
		if value != 0 {
			row[key] = value.String()
		}
	}
	number("radius_m", catalog.Ppm(a.Limit.RadiusMM)*1000)
	number("path_m", catalog.Ppm(a.Limit.PathMM)*1000)
	number("minutes", catalog.Ppm(a.Limit.Seconds)*catalog.One/60)
	areas(row, a.MinArea, a.MaxArea, a.AreaKind)
	if a.Source != r.Source || a.Clause != r.Clause {
		row["alt_source"], row["alt_clause"] = a.Source, a.Clause
	}
	if a.Confidence != r.Confidence {
		row["alt_confidence"] = string(a.Confidence)
	}
}

func areas(row map[string]string, least, most catalog.Area, kind string) {
	if least > 0 {
		row["min_area_m2"] = least.String()
	}
	if most > 0 {
		row["max_area_m2"] = most.String()
	}
	row["area_kind"] = planners(requirementColumns, "area_kind", kind)
}

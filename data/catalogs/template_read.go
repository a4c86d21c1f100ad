package catalogs

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/data/format/table"
	"lifecircle/data/format/xlsx"
)

// TemplateFinding is one remark on a filled-in template: which sheet, row (counted as the spreadsheet does; 0: the sheet as a
// whole) and column, what is the matter, and what to do. Code is stable.
type TemplateFinding struct {
	Sheet    string           `json:"sheet"`
	Row      int              `json:"row"`
	Column   string           `json:"column"`
	Severity catalog.Severity `json:"severity"`
	Code     string           `json:"code"`
	Text     catalog.Text     `json:"text"`
	Hint     catalog.Text     `json:"hint,omitzero"`
}

// TemplateImport is what became of a filled-in template.
type TemplateImport struct {
	YAML         []byte            // the catalog as a file of one's own; also where it has faults
	Catalog      *catalog.Catalog  // nil if there is a finding of severity error
	Findings     []TemplateFinding // by sheet, row and column
	Requirements int               // rows of the sheet give so many requirements,
	Alternatives int               // and so many rows are further alternatives of them
}

// Bounds of a template; the parser has its own of what they hold.
const (
	maxTemplateRows     = 10_000 // of one sheet
	maxTemplateFindings = 200
)

// ReadTemplate reads a workbook as [Template] writes it into a catalog file, and has it checked as any catalog file is. Faults of
// the content are findings; the error is of code coverage.Refused if the file is no workbook or lacks the sheets.
func ReadTemplate(r io.ReaderAt, size int64, file string) (*TemplateImport, error) {
	t := &templateReader{r: r, size: size, in: &TemplateImport{}}
	var sheets [5]*templateSheet
	for i, s := range []struct {
		name    string
		columns []templateColumn
		needed  bool
	}{
		{sheetCatalog, []templateColumn{{key: "item", zh: "项目"}, {key: "value", zh: "内容"}, {key: "help", zh: "说明"}}, true},
		{sheetTiers, tierColumns, true}, {sheetGrades, gradeColumns, false}, {sheetServices, serviceColumns, false}, {sheetRequirements, requirementColumns, true},
	} {
		var err error
		if sheets[i], err = t.sheet(s.name, s.columns, s.needed); err != nil {
			var e *coverage.Error
			if errors.As(err, &e) && e.File == "" {
				e.File = file
			}
			return nil, err
		}
	}
	w := &templateYAML{}
	w.catalog(t, sheets[0])
	w.services(sheets[3])
	w.tiers(sheets[1])
	w.grades(sheets[2])
	w.requirements(t, sheets[4])
	w.flush()
	if len(w.lines) == 0 {
		w.line(templatePlace{&templateSheet{sheetCatalog, catalogItems, nil}, 2, "id", ""}, "{}")
	}
	t.in.YAML = []byte(strings.Join(w.lines, "\n") + "\n")
	c, findings, err := catalog.Parse(t.in.YAML, file, Services())
	for _, f := range findings {
		t.add(w.translate(f))
	}
	slices.SortStableFunc(t.in.Findings, func(a, b TemplateFinding) int {
		if a.Sheet != b.Sheet {
			return sheetOrder(a.Sheet) - sheetOrder(b.Sheet)
		}
		return a.Row - b.Row
	})
	if err == nil && !slices.ContainsFunc(t.in.Findings, func(f TemplateFinding) bool { return f.Severity == catalog.SeverityError }) {
		t.in.Catalog = c
	}
	return t.in, nil
}

func sheetOrder(name string) int {
	return slices.Index([]string{sheetCatalog, sheetTiers, sheetGrades, sheetServices, sheetRequirements}, name)
}

type templateReader struct {
	r    io.ReaderAt
	size int64
	in   *TemplateImport
}

func (t *templateReader) add(f TemplateFinding) {
	if len(t.in.Findings) < maxTemplateFindings {
		t.in.Findings = append(t.in.Findings, f)
	}
}

func (t *templateReader) find(sheet string, row int, column string, severity catalog.Severity, code, zh, en, hintZh, hintEn string) {
	t.add(TemplateFinding{sheet, row, column, severity, code, catalog.Text{Zh: zh, En: en}, catalog.Text{Zh: hintZh, En: hintEn}})
}

// templateSheet is what a sheet holds: rows with cells by key.
type templateSheet struct {
	name    string
	columns []templateColumn
	rows    []templateRow
}

type templateRow struct {
	n     int
	cells map[string]string
}

// sheet reads a sheet by its name, or by its Chinese or English half.
func (t *templateReader) sheet(name string, columns []templateColumn, needed bool) (*templateSheet, error) {
	out := &templateSheet{name: name, columns: columns}
	zh, en, _ := strings.Cut(name, " ")
	var x *xlsx.Reader
	var err error
	for _, try := range []string{name, zh, en} {
		x, err = xlsx.Open(t.r, t.size, xlsx.Options{Options: table.Options{Attributes: true}, Sheet: try})
		if coverage.CodeOf(err) != coverage.NotFound {
			break
		}
	}
	switch {
	case coverage.CodeOf(err) == coverage.NotFound && !needed:
		return out, nil
	case coverage.CodeOf(err) == coverage.NotFound:
		e := coverage.Errorf(coverage.Refused, "没有工作表“%s”", "there is no sheet %q", name)
		e.Hint = coverage.Text{Zh: "这不像服务目录模板；用 lifecircle catalog template -o 文件.xlsx 取得模板", En: "this does not look like the template: lifecircle catalog template -o FILE.xlsx makes one"}
		return nil, e
	case err != nil:
		return nil, err
	}
	defer x.Close()
	keys := map[string]*templateColumn{} // by the file's title
	for _, title := range x.Info().Fields {
		if i := slices.IndexFunc(columns, func(c templateColumn) bool { return c.is(title) }); i >= 0 {
			if other := keyed(keys, columns[i].key); other != "" {
				t.find(name, 0, flat(title), catalog.SeverityError, "duplicate_column", "列“"+flat(title)+"”重复", fmt.Sprintf("the column %q stands twice", flat(title)), "删去其中一列", "remove one of them")
				continue
			}
			keys[title] = &columns[i]
		} else if !regexp.MustCompile(`^column \d+$`).MatchString(title) {
			t.find(name, 0, flat(title), catalog.SeverityWarning, "unknown_column", "列“"+flat(title)+"”不认识，未读入", fmt.Sprintf("the column %q is not known and was not read", flat(title)),
				"若是模板的列，请恢复原来的表头", "if it is one of the template's, restore its header")
		}
	}
	for {
		row, err := x.Next()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		cells := map[string]string{}
		for title, c := range keys {
			v, _ := row.Feature.Properties.Get(title)
			if text := strings.TrimSpace(v.Text); text != "" {
				cells[c.key] = text
			}
		}
		if len(cells) == 0 {
			continue
		}
		if len(out.rows) == maxTemplateRows {
			return nil, coverage.Errorf(coverage.Refused, "工作表“%s”多于 %d 行", "the sheet %q has more than %d rows", name, maxTemplateRows)
		}
		out.rows = append(out.rows, templateRow{row.Line, cells})
	}
}

// keyed is the title of a column that is taken already, "" if it is free.
func keyed(keys map[string]*templateColumn, key string) string {
	for title, c := range keys {
		if c.key == key {
			return title
		}
	}
	return ""
}

func flat(title string) string { return strings.Join(strings.Fields(title), " ") }

// templateYAML writes the catalog file line by line and remembers which cell a line comes from.
type templateYAML struct {
	lines  []string
	places []templatePlace // of each line
	dash   *templateDash   // an element of a list that has no key yet
}

type templateDash struct {
	indent string
	at     templatePlace
}

type templatePlace struct {
	sheet *templateSheet
	row   int
	key   string
	raw   string
}

func (w *templateYAML) line(at templatePlace, text string) {
	if d := w.dash; d != nil && strings.HasPrefix(text, d.indent+"  ") {
		text = d.indent + "- " + text[len(d.indent)+2:]
		w.dash = nil
	}
	w.flush()
	w.lines = append(w.lines, text)
	w.places = append(w.places, at)
}

// put writes a key with the value of a cell, if it has one.
func (w *templateYAML) put(indent, key string, s *templateSheet, row templateRow, from string) {
	raw := row.cells[from]
	if raw == "" {
		return
	}
	w.line(templatePlace{s, row.n, from, raw}, indent+key+": "+yamlValue(columnOf(s.columns, from), raw))
}

// text writes a wording in both languages, or in the one that is there.
func (w *templateYAML) text(indent, key string, s *templateSheet, row templateRow, zh, en string) {
	if row.cells[zh] == "" && row.cells[en] == "" {
		return
	}
	first := zh
	if row.cells[zh] == "" {
		first = en
	}
	w.line(templatePlace{s, row.n, first, row.cells[first]}, indent+key+":")
	w.put(indent+"  ", "zh", s, row, zh)
	w.put(indent+"  ", "en", s, row, en)
}

// item begins an element of a list; its keys are indented by two.
func (w *templateYAML) item(indent string, s *templateSheet, row templateRow) {
	w.flush()
	w.dash = &templateDash{indent, templatePlace{s, row.n, "", ""}}
}

// flush writes an element that got no key.
func (w *templateYAML) flush() {
	if d := w.dash; d != nil {
		w.lines, w.places, w.dash = append(w.lines, d.indent+"- {}"), append(w.places, d.at), nil
	}
}

// catalog turns the sheet of single values into one row.
func (w *templateYAML) catalog(t *templateReader, s *templateSheet) {
	one := &templateSheet{name: s.name, columns: catalogItems}
	rows := map[string]templateRow{} // each value has a row of its own
	for _, row := range s.rows {
		i := slices.IndexFunc(catalogItems, func(c templateColumn) bool { return c.is(row.cells["item"]) })
		switch {
		case row.cells["value"] == "":
		case i < 0:
			t.find(s.name, row.n, flat(row.cells["item"]), catalog.SeverityWarning, "unknown_item", "项目“"+flat(row.cells["item"])+"”不认识，未读入", fmt.Sprintf("the item %q is not known and was not read", flat(row.cells["item"])), "", "")
		case rows[catalogItems[i].key].cells != nil:
			t.find(s.name, row.n, flat(row.cells["item"]), catalog.SeverityError, "duplicate_item", "项目“"+flat(row.cells["item"])+"”重复", fmt.Sprintf("the item %q stands twice", flat(row.cells["item"])), "删去其中一行", "remove one of the rows")
		default:
			rows[catalogItems[i].key] = templateRow{row.n, map[string]string{catalogItems[i].key: row.cells["value"]}}
		}
	}
	for i := range catalogItems {
		key := catalogItems[i].key
		switch name, language, _ := strings.Cut(key, "_"); {
		case language == "zh":
			both := templateRow{rows[key].n, map[string]string{}}
			for _, k := range []string{name + "_zh", name + "_en"} {
				if v := rows[k].cells[k]; v != "" {
					both.n, both.cells[k] = max(both.n, rows[k].n), v
				}
			}
			w.text("", name, one, both, name+"_zh", name+"_en")
		case language == "en":
		default:
			w.put("", key, one, rows[key], key)
		}
	}
}

func (w *templateYAML) services(s *templateSheet) {
	w.list("", "services", s, func(row templateRow) {
		for _, key := range []string{"key", "zh", "en", "parents", "aliases"} {
			w.put("    ", key, s, row, key)
		}
	})
}

func (w *templateYAML) tiers(s *templateSheet) {
	w.list("", "tiers", s, func(row templateRow) {
		w.put("    ", "id", s, row, "id")
		w.put("    ", "minutes", s, row, "minutes")
		w.text("    ", "name", s, row, "name_zh", "name_en")
	})
}

func (w *templateYAML) grades(s *templateSheet) {
	w.list("", "grades", s, func(row templateRow) {
		w.put("    ", "name", s, row, "name")
		w.put("    ", "min", s, row, "min")
	})
}

// list writes the rows of a sheet as a list, nothing if there are none.
func (w *templateYAML) list(indent, key string, s *templateSheet, body func(templateRow)) {
	if len(s.rows) == 0 {
		return
	}
	w.line(templatePlace{s, s.rows[0].n, "", ""}, indent+key+":")
	for _, row := range s.rows {
		w.item(indent+"  ", s, row)
		body(row)
	}
}

// requirements groups rows in succession with the same id, which are alternatives of one requirement.
func (w *templateYAML) requirements(t *templateReader, s *templateSheet) {
	if len(s.rows) > 0 {
		w.line(templatePlace{s, s.rows[0].n, "", ""}, "requirements:")
	}
	for from := 0; from < len(s.rows); {
		to := from + 1
		for id := s.rows[from].cells["id"]; id != "" && to < len(s.rows) && s.rows[to].cells["id"] == id; to++ {
			t.continues(s, s.rows[from], s.rows[to])
		}
		w.requirement(s, s.rows[from:to])
		t.in.Requirements++
		t.in.Alternatives += to - from - 1
		from = to
	}
}

// continues checks that a further row of a requirement does not contradict the first.
func (t *templateReader) continues(s *templateSheet, first, row templateRow) {
	for i := range s.columns {
		c := &s.columns[i]
		if v := row.cells[c.key]; !c.repeat && v != "" && v != first.cells[c.key] {
			t.find(s.name, row.n, flat(c.header()), catalog.SeverityError, "differs_from_first_row",
				fmt.Sprintf("与第 %d 行同属要求 %s，但此列不同: %s", first.n, row.cells["id"], v),
				fmt.Sprintf("belongs to the requirement %s of row %d, which has another value here: %s", row.cells["id"], first.n, v),
				"若是另一条要求，换一个要求编号；若是同一条，此列留空", "give it an id of its own if it is another requirement, else leave the cell empty")
		}
	}
}

func (w *templateYAML) requirement(s *templateSheet, rows []templateRow) {
	const in = "    "
	row := rows[0]
	w.item("  ", s, row)
	w.put(in, "id", s, row, "id")
	w.text(in, "name", s, row, "name_zh", "name_en")
	for _, key := range []string{"tier", "class", "mandatory", "weight"} {
		w.put(in, key, s, row, key)
	}
	count := row.cells["count_min"] != "" || row.cells["per"] != ""
	several := len(rows) > 1 || row.cells["alt_source"] != "" || row.cells["alt_clause"] != "" || row.cells["alt_confidence"] != ""
	switch {
	case count:
		w.line(templatePlace{s, row.n, "count_min", ""}, in+"count:")
		w.put(in+"  ", "service", s, row, "service")
		w.put(in+"  ", "min", s, row, "count_min")
		w.put(in+"  ", "per", s, row, "per")
		w.areas(in+"  ", s, row)
		if limited(row) {
			w.limit(in, s, row)
		}
		for _, more := range rows[1:] { // the parser says that it is one or the other
			w.alternatives(in, s, []templateRow{more})
		}
	case several:
		w.alternatives(in, s, rows)
	default:
		w.put(in, "service", s, row, "service")
		w.limit(in, s, row)
		w.areas(in, s, row)
	}
	w.put(in, "variant_of", s, row, "variant_of")
	w.put(in, "applies_to", s, row, "applies_to")
	w.put(in, "denominator", s, row, "denominator")
	w.put(in, "pass_line", s, row, "pass_line")
	w.put(in, "targets", s, row, "targets")
	w.quota(in, s, row)
	for _, key := range []string{"source", "clause", "confidence"} {
		w.put(in, key, s, row, key)
	}
	w.text(in, "note", s, row, "note_zh", "note_en")
}

func (w *templateYAML) alternatives(indent string, s *templateSheet, rows []templateRow) {
	w.line(templatePlace{s, rows[0].n, "service", ""}, indent+"any_of:")
	for _, row := range rows {
		w.item(indent+"  ", s, row)
		in := indent + "    "
		w.put(in, "service", s, row, "service")
		w.limit(in, s, row)
		w.areas(in, s, row)
		w.put(in, "source", s, row, "alt_source")
		w.put(in, "clause", s, row, "alt_clause")
		w.put(in, "confidence", s, row, "alt_confidence")
	}
}

func limited(row templateRow) bool {
	return row.cells["radius_m"] != "" || row.cells["path_m"] != "" || row.cells["minutes"] != ""
}

func (w *templateYAML) limit(indent string, s *templateSheet, row templateRow) {
	if !limited(row) {
		return
	}
	w.line(templatePlace{s, row.n, "radius_m", ""}, indent+"limit:")
	for _, key := range []string{"radius_m", "path_m", "minutes"} {
		w.put(indent+"  ", key, s, row, key)
	}
}

func (w *templateYAML) areas(indent string, s *templateSheet, row templateRow) {
	for _, key := range []string{"min_area_m2", "max_area_m2", "area_kind"} {
		w.put(indent, key, s, row, key)
	}
}

func (w *templateYAML) quota(indent string, s *templateSheet, row templateRow) {
	begun := false
	for _, key := range []string{"supply", "per", "min", "source", "clause", "confidence"} {
		if row.cells["quota_"+key] == "" {
			continue
		}
		if !begun {
			w.line(templatePlace{s, row.n, "quota_supply", ""}, indent+"quota:")
			begun = true
		}
		w.put(indent+"  ", key, s, row, "quota_"+key)
	}
}

var plainNumber = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// yamlValue writes a cell as the catalog file holds it. What is none of the column's words or numbers goes in as a text, which
// the parser finds fault with.
func yamlValue(c *templateColumn, raw string) string {
	switch c.kind {
	case numberCell:
		if text := narrow(raw); plainNumber.MatchString(text) {
			return text
		}
	case yesCell:
		switch strings.ToLower(raw) {
		case "是", "yes", "y", "true", "1", "▲", "必配", "√", "✓":
			return "true"
		case "否", "no", "n", "false", "0", "△", "选配", "宜配", "×":
			return "false"
		}
	case wordCell:
		for _, word := range c.words {
			if raw == word[0] {
				return yamlText(word[1])
			}
		}
	case listCell:
		var items []string
		for _, item := range splitList(raw) {
			items = append(items, yamlText(item))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case serviceCell:
		if key, ok := Services().Resolve(raw); ok {
			return yamlText(key)
		}
	}
	if c.key == "targets" {
		return yamlTargets(raw)
	}
	return yamlText(raw)
}

// narrow turns digits and signs of full width, which Chinese input gives, into plain ones.
func narrow(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '０' && r <= '９' || r == '．' || r == '－' {
			return r - 0xfee0
		}
		return r
	}, s)
}

func splitList(raw string) []string {
	var items []string
	for _, item := range strings.FieldsFunc(raw, func(r rune) bool { return strings.ContainsRune(";；、，,\n", r) }) {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// yamlTargets reads 2025=0.7; 2027=0.85. A part that reads otherwise becomes a year that the parser finds fault with.
func yamlTargets(raw string) string {
	var members []string
	for _, item := range splitList(narrow(raw)) {
		year, share, _ := strings.Cut(strings.NewReplacer("：", "=", ":", "=", "＝", "=").Replace(item), "=")
		year, share = strings.TrimSuffix(strings.TrimSpace(year), "年"), strings.TrimSpace(share)
		if !plainNumber.MatchString(share) {
			share = yamlText(share + " ")
		}
		members = append(members, yamlText(year)+": "+share)
	}
	return "{" + strings.Join(members, ", ") + "}"
}

var bareText = regexp.MustCompile(`^[\p{Han}A-Za-z_][\p{Han}A-Za-z0-9_（）。，-]*$`)

// yamlText writes a text so that YAML reads it as such.
func yamlText(s string) string {
	switch strings.ToLower(s) {
	case "y", "n", "yes", "no", "true", "false", "on", "off", "null":
	default:
		if bareText.MatchString(s) {
			return s
		}
	}
	out := []byte{'"'}
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			out = append(out, '\\', byte(r))
		case r == '\n':
			out = append(out, `\n`...)
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff || r == 0xfffe || r == 0xffff:
			out = append(out, fmt.Sprintf(`\u%04x`, r)...)
		default:
			out = append(out, string(r)...)
		}
	}
	return string(append(out, '"'))
}

// translate turns a finding about a line of the file into one about a cell.
func (w *templateYAML) translate(f catalog.Finding) TemplateFinding {
	at := templatePlace{}
	if f.Line >= 1 && f.Line <= len(w.places) {
		at = w.places[f.Line-1]
	}
	out := TemplateFinding{Sheet: sheetCatalog, Severity: f.Severity, Code: f.Code, Text: f.Text, Hint: f.Hint}
	switch f.Path {
	case "tiers":
		out.Sheet = sheetTiers
	case "requirements":
		out.Sheet = sheetRequirements
	}
	var c *templateColumn
	if at.sheet != nil {
		if (f.Path != "tiers" && f.Path != "requirements") || at.sheet.name == out.Sheet {
			out.Sheet, out.Row = at.sheet.name, at.row
		}
		if c = columnOf(at.sheet.columns, w.columnOfPath(at, f.Path)); c != nil {
			out.Column = flat(c.header())
		}
		if c != nil && f.Code == "missing_key" && out.Sheet == sheetCatalog { // the whole sheet is one mapping
			out.Row = 2 + slices.IndexFunc(catalogItems, func(item templateColumn) bool { return item.key == c.key })
		}
	}
	out.Text.Zh, out.Text.En = w.rowsForLines(out.Text.Zh), w.rowsForLines(out.Text.En)
	w.reword(&out, c, at.raw)
	return out
}

var pathWord = regexp.MustCompile(`([a-z_0-9]+)(\[\d+\])?$`)

// columnOfPath is the column that a place in the catalog file comes from.
func (w *templateYAML) columnOfPath(at templatePlace, path string) string {
	word := ""
	if m := pathWord.FindStringSubmatch(path); m != nil {
		word = m[1]
	}
	switch {
	case strings.Contains(path, ".quota."):
		return "quota_" + word
	case strings.Contains(path, ".count.") && word == "min":
		return "count_min"
	case strings.Contains(path, ".any_of[") && (word == "source" || word == "clause" || word == "confidence"):
		return "alt_" + word
	case strings.Contains(path, ".targets"):
		return "targets"
	case word == "limit":
		return "radius_m"
	case word == "quota":
		return "quota_supply"
	case word == "count":
		return "count_min"
	case word == "any_of":
		return "service"
	case word == "zh" || word == "en" || word == "name" || word == "title" || word == "note":
		if columnOf(at.sheet.columns, word) != nil {
			return word
		}
		if at.key != "" {
			return at.key
		}
		return word + "_zh"
	}
	if columnOf(at.sheet.columns, word) != nil {
		return word
	}
	return at.key
}

var lineNumbers = regexp.MustCompile(`第 (\d+) 行|lines (\d+) and (\d+)|line (\d+)`)

// rowsForLines turns lines of the file, of which a text speaks, into rows of the sheet.
func (w *templateYAML) rowsForLines(text string) string {
	row := func(line string) string {
		if n, err := strconv.Atoi(line); err == nil && n >= 1 && n <= len(w.places) {
			return strconv.Itoa(w.places[n-1].row)
		}
		return line
	}
	return lineNumbers.ReplaceAllStringFunc(text, func(s string) string {
		m := lineNumbers.FindStringSubmatch(s)
		switch {
		case m[1] != "":
			return "第 " + row(m[1]) + " 行"
		case m[2] != "":
			return "rows " + row(m[2]) + " and " + row(m[3])
		}
		return "row " + row(m[4])
	})
}

// reword says in words of the sheet what the parser says in words of the file.
func (w *templateYAML) reword(f *TemplateFinding, c *templateColumn, raw string) {
	say := func(zh, en, hintZh, hintEn string) {
		f.Text, f.Hint = catalog.Text{Zh: zh, En: en}, catalog.Text{Zh: hintZh, En: hintEn}
	}
	title := f.Column
	switch f.Code {
	case "missing_key":
		switch {
		case f.Sheet == sheetTiers && f.Row == 0, f.Sheet == sheetRequirements && f.Row == 0:
			say("工作表没有内容", "the sheet is empty", "至少填写一行", "fill in one row at least")
		case c != nil:
			say("“"+title+"”没有填写", fmt.Sprintf("%q is empty", title), "填写这一格", "fill in the cell")
		}
	case "limit_missing":
		say("没有限值", "there is no limit", "填写半径、路程、时间之一；只要求数量的，填“最少数量”和“每级”", "fill in one of radius_m, path_m, minutes; to ask for a number, fill in count_min and per")
	case "requirement_form":
		say("要填服务要素和限值，或服务要素、最少数量和每级，不能两者都填", "fill in a service with a limit, or a service with count_min and per, and not both", "清空其中一种", "empty the cells of one of them")
	case "wrong_type":
		switch {
		case c != nil && c.kind == numberCell:
			say(strconv.Quote(raw)+" 不是数字", strconv.Quote(raw)+" is not a number", "只写数字，单位在表头；百分比写成小数，如 0.8", "write the number alone, the unit is in the header; a percentage as a decimal such as 0.8")
		case c != nil && c.kind == yesCell:
			say(strconv.Quote(raw)+" 不是“是”或“否”", strconv.Quote(raw)+" is neither yes nor no", "写 是 或 否", "write 是 (yes) or 否 (no)")
		case c != nil && c.key == "targets":
			say(strconv.Quote(raw)+" 读不懂", strconv.Quote(raw)+" cannot be read", "如 2025=0.7; 2027=0.85", "such as 2025=0.7; 2027=0.85")
		}
	case "unknown_word", "bad_measure":
		if c != nil && len(c.words) > 0 {
			var words []string
			for _, word := range c.words {
				words = append(words, word[0])
			}
			f.Hint = catalog.Text{Zh: "可选: " + strings.Join(words, "、"), En: "one of " + strings.Join(words, ", ")}
		}
	case "title_missing":
		f.Hint = catalog.Text{Zh: "填写名称", En: "fill in the title"}
	case "confidence_missing":
		f.Hint = catalog.Text{Zh: "填写可信度: A、A*、B 或 C", En: "fill in the confidence: A, A*, B or C"}
	case "source_missing":
		f.Hint = catalog.Text{Zh: "填写来源", En: "fill in the source"}
	case "cap_missing":
		f.Hint = catalog.Text{Zh: "在“目录”表填写“必配未达标的最高等级”: 等级名，或 none", En: "fill in cap_unmet_mandatory on the sheet Catalog: a grade's name, or none"}
	case "no_tiers", "no_requirements":
		say("工作表没有内容", "the sheet is empty", "至少填写一行", "fill in one row at least")
	case "unknown_tier":
		f.Hint.Zh, f.Hint.En = f.Hint.Zh+"；或在“圈层”表中增加", f.Hint.En+"; or add it to the sheet Tiers"
	}
}

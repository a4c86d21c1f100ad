package xlsx_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"github.com/xuri/excelize/v2"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
	"lifecircle/data/format/csv"
	"lifecircle/data/format/table"
	"lifecircle/data/format/xlsx"
)

var attributes = xlsx.Options{Options: table.Options{Attributes: true}}

// dump reads a source: a line per row with its number, line, place and properties or why it is refused.
func dump(src intake.Source) (string, error) {
	var out strings.Builder
	for {
		row, err := src.Next()
		if err == io.EOF {
			return out.String(), nil
		}
		if err != nil {
			return out.String(), err
		}
		fmt.Fprintf(&out, "%d/%d ", row.N, row.Line)
		if row.Refused != nil {
			out.WriteString(row.Refused.Code)
		} else if p, ok := row.Feature.Geometry.(orb.Point); ok {
			fmt.Fprintf(&out, "%v,%v", p[0], p[1])
		}
		out.WriteString(" " + string(row.Feature.Properties.AppendJSON(nil)) + "\n")
	}
}

func read(t testing.TB, content []byte, o xlsx.Options) (string, intake.SourceInfo, error) {
	t.Helper()
	r, err := xlsx.Open(bytes.NewReader(content), int64(len(content)), o)
	if err != nil {
		return "", intake.SourceInfo{}, err
	}
	defer r.Close()
	out, err := dump(r)
	return out, r.Info(), err
}

// workbook makes a workbook with another program's library.
func workbook(t testing.TB, fill func(*excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	fill(f)
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// rows puts rows of cells into a sheet, from a row on; nil leaves a cell out.
func rows(t testing.TB, f *excelize.File, sheet string, from int, cells ...[]any) {
	t.Helper()
	for i, row := range cells {
		for k, v := range row {
			if v == nil {
				continue
			}
			name, err := excelize.CoordinatesToCellName(k+1, from+i)
			if err == nil {
				err = f.SetCellValue(sheet, name, v)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

func notes(info intake.SourceInfo) string {
	var out []string
	for _, n := range info.Notes {
		out = append(out, n.Code)
	}
	return strings.Join(out, " ")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A sheet of an office, with titles above and a note beside: the rows are those that a planner would copy out of it.
func TestOfficeSheet(t *testing.T) {
	content := workbook(t, func(f *excelize.File) {
		must(t, f.SetSheetName("Sheet1", "说明"))
		rows(t, f, "说明", 1, []any{"本表由街道办填写"}, []any{"联系电话", "023-60000000"})
		_, err := f.NewSheet("设施")
		must(t, err)
		rows(t, f, "设施", 2,
			[]any{nil, "渝中区社区卫生服务站一览表"},
			[]any{nil, "填表单位: 卫健委", nil, nil, nil, nil, "2024年"},
			[]any{nil, "街道", "名称", "编号", "经度", "纬度", "床位"},
			[]any{nil, "上清寺", "一站", 500103001001, 106.551234, 29.561, 12},
			[]any{nil, nil, "二站", 500103001002, 106.552, 29.562, nil, "核实"},
			[]any{nil, nil, "三站", 500103001003, nil, nil, 7.5},
			nil,
			[]any{nil, "合计", nil, nil, nil, nil, 19.5},
		)
		must(t, f.MergeCell("设施", "B2", "G2"))
		must(t, f.MergeCell("设施", "B5", "B7"))
		must(t, f.SetRowVisible("设施", 6, false))
	})
	got, info, err := read(t, content, xlsx.Options{})
	want := `1/5 106.551234,29.561 {"名称":"一站","床位":"12","编号":"500103001001","街道":"上清寺"}
2/6 106.552,29.562 {"名称":"二站","床位":null,"编号":"500103001002","街道":"上清寺"}
3/7 null_geometry {"名称":"三站","床位":"7.5","编号":"500103001003","街道":"上清寺"}
4/9 null_geometry {"名称":null,"床位":"19.5","编号":null,"街道":"合计"}
`
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
	if info.Layer != "设施" || notes(info) != "header_row other_sheets beyond_header hidden_rows merged_filled" || !info.Unchecked {
		t.Errorf("%+v", info)
	}
}

// What a cell shows is what is read, where a code or date would be another one else.
func TestValues(t *testing.T) {
	style := func(f *excelize.File, cell, code string) {
		id, err := f.NewStyle(&excelize.Style{CustomNumFmt: &code})
		must(t, err)
		must(t, f.SetCellStyle("Sheet1", cell, cell, id))
	}
	content := workbook(t, func(f *excelize.File) {
		day := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
		for i, c := range []struct {
			value  any
			format string
		}{
			{500103001001, ""}, {50301, "000000"}, {"050301", ""}, {45413, "yyyy-mm-dd"}, {45413.75, `yyyy"年"m"月"d"日" h:mm`}, {0.5, "[$-F400]h:mm:ss AM/PM"},
			{1234567.5, "#,##0.00"}, {0.85, "0%"}, {29.563010000000002, ""}, {0.1 + 0.2, ""}, {-3, ""}, {1e20, ""}, {true, ""}, {day, ""}, {60, "yyyy/m/d"}, {59, "yyyy/m/d"},
			{" 前后空格 ", ""}, {"a_b", ""}, {45413, `[DBNum1][$-804]yyyy"年"m"月"d"日";@`}, {30, "[h]:mm"}, {7, "General"},
		} {
			column, err := excelize.ColumnNumberToName(i + 1)
			must(t, err)
			must(t, f.SetCellValue("Sheet1", column+"1", fmt.Sprintf("c%02d", i)))
			must(t, f.SetCellValue("Sheet1", column+"2", c.value))
			if c.format != "" {
				style(f, column+"2", c.format)
			}
		}
	})
	got, _, err := read(t, content, attributes)
	want := `1/2  {"c00":"500103001001","c01":"050301","c02":"050301","c03":"2024-05-01","c04":"2024-05-01 18:00:00","c05":"12:00:00",` +
		`"c06":"1234567.5","c07":"0.85","c08":"29.56301","c09":"0.3","c10":"-3","c11":"100000000000000000000","c12":"TRUE","c13":"2024-05-01","c14":"60","c15":"1900-02-28",` +
		`"c16":" 前后空格 ","c17":"a_b","c18":"2024-05-01","c19":"30","c20":"7"}` + "\n"
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
}

// The header is found below titles and groups of columns, and can be stated.
func TestHeader(t *testing.T) {
	for _, c := range []struct {
		name  string
		cells [][]any
		merge [][2]string
		o     xlsx.Options
		want  string
	}{
		{"first row", [][]any{{"code", "人口"}, {"1", 5}}, nil, attributes, `1/2  {"code":"1","人口":"5"}`},
		{"one column", [][]any{{"code"}, {"1"}}, nil, attributes, `1/2  {"code":"1"}`},
		{"below a title", [][]any{{"人口统计表"}, {"code", "人口"}, {"1", 5}}, nil, attributes, `1/3  {"code":"1","人口":"5"}`},
		{"group over coordinates", [][]any{{"名称", "坐标", nil}, {nil, "经度", "纬度"}, {"a", 1, 2}}, [][2]string{{"A1", "A2"}, {"B1", "C1"}}, xlsx.Options{}, `1/3 1,2 {"名称":"a"}`},
		{"group over attributes", [][]any{{"code", "人口", nil}, {nil, "老年", "儿童"}, {"a", 1, 2}}, [][2]string{{"A1", "A2"}, {"B1", "C1"}}, attributes, `1/3  {"code":"a","儿童":"2","老年":"1"}`},
		{"years", [][]any{{"code", 2023, 2024}, {"a", 1, 2}}, nil, attributes, `1/2  {"2023":"1","2024":"2","code":"a"}`},
		{"stated", [][]any{{"x", "y"}, {"code", "人口"}, {"a", 1}}, nil, xlsx.Options{Header: 2, Options: table.Options{Attributes: true}}, `1/3  {"code":"a","人口":"1"}`},
		{"column that is asked for", [][]any{{"一览表", "2024"}, {"东", "北"}, {1, 2}}, nil, xlsx.Options{Options: table.Options{X: "东", Y: "北"}}, `1/3 1,2 {}`},
		{"column without a name", [][]any{{"a", nil, "b"}, {1, 2, 3}}, nil, attributes, `1/2  {"a":"1","b":"3","column 2":"2"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			content := workbook(t, func(f *excelize.File) {
				rows(t, f, "Sheet1", 1, c.cells...)
				for _, m := range c.merge {
					must(t, f.MergeCell("Sheet1", m[0], m[1]))
				}
			})
			got, _, err := read(t, content, c.o)
			if err != nil || strings.TrimSpace(got) != c.want {
				t.Errorf("%v\n%s, want\n%s", err, got, c.want)
			}
		})
	}
}

// A number merged over three rows is one number: given to each row it would be counted three times.
func TestMergedNumbers(t *testing.T) {
	content := workbook(t, func(f *excelize.File) {
		rows(t, f, "Sheet1", 1, []any{"社区", "人口", "街道"}, []any{"a", 5000, "甲"}, []any{"b"}, []any{"c", nil, "乙"})
		must(t, f.MergeCell("Sheet1", "B2", "B4"))
		must(t, f.MergeCell("Sheet1", "C2", "C3"))
	})
	got, info, err := read(t, content, attributes)
	want := "1/2  {\"人口\":\"5000\",\"社区\":\"a\",\"街道\":\"甲\"}\n2/3  {\"人口\":null,\"社区\":\"b\",\"街道\":\"甲\"}\n3/4  {\"人口\":null,\"社区\":\"c\",\"街道\":\"乙\"}\n"
	if d := cmp.Diff(want, got); d != "" || err != nil || notes(info) != "merged_filled merged_numbers" {
		t.Errorf("%v %s\n%s", err, notes(info), d)
	}
}

func TestSheets(t *testing.T) {
	content := workbook(t, func(f *excelize.File) {
		for _, name := range []string{"空", "隐藏", "人口", "点"} {
			_, err := f.NewSheet(name)
			must(t, err)
		}
		must(t, f.DeleteSheet("Sheet1"))
		rows(t, f, "隐藏", 1, []any{"lon", "lat"}, []any{9, 9})
		must(t, f.SetSheetVisible("隐藏", false))
		rows(t, f, "人口", 1, []any{"code", "n"}, []any{"1", 2})
		rows(t, f, "点", 1, []any{"lon", "lat"}, []any{1, 2})
	})
	for _, c := range []struct {
		o    xlsx.Options
		want string
	}{
		{xlsx.Options{}, "1/2 1,2 {}"},
		{attributes, `1/2  {"code":"1","n":"2"}`},
		{xlsx.Options{Sheet: "隐藏"}, "1/2 9,9 {}"},
		{xlsx.Options{Sheet: "4"}, "1/2 1,2 {}"},
		{xlsx.Options{Sheet: "街道"}, "1 空, 2 隐藏, 3 人口, 4 点"},
		{xlsx.Options{Sheet: "5"}, "no such sheet"},
		{xlsx.Options{Sheet: "空"}, "the sheet is empty"},
		{xlsx.Options{Sheet: "人口"}, "sheet 人口: there are no columns of coordinates"},
	} {
		got, _, err := read(t, content, c.o)
		if err != nil {
			got = err.Error()
		}
		if got = strings.TrimSpace(got); !strings.Contains(got, c.want) {
			t.Errorf("%+v: %s, want %s", c.o, got, c.want)
		}
	}
}

// parts makes a workbook of raw parts; those that are left out have the usual content.
func parts(t testing.TB, over map[string]string) []byte {
	t.Helper()
	const rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	all := map[string]string{
		"_rels/.rels":                `<Relationships><Relationship Id="r1" Type="` + rel + `/officeDocument" Target="/xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":            `<workbook><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="r1" Type="` + rel + `/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="` + rel + `/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="r3" Type="` + rel + `/styles" Target="styles.xml"/></Relationships>`,
		"xl/sharedStrings.xml":       `<sst><si><t>lon</t></si><si><r><t>la</t></r><rPh><t>x</t></rPh><r><t>t</t></r></si></sst>`,
		"xl/styles.xml":              `<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>`,
		"xl/worksheets/sheet1.xml":   `<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row><row><c><v>1</v></c><c><v>2</v></c></row></sheetData></worksheet>`,
	}
	for name, content := range over {
		if all[name] = content; content == "" {
			delete(all, name)
		}
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range all {
		w, err := z.Create(name)
		must(t, err)
		_, err = io.WriteString(w, content)
		must(t, err)
	}
	must(t, z.Close())
	return b.Bytes()
}

const sheet1 = "xl/worksheets/sheet1.xml"

// sheet wraps rows of a sheet.
func sheet(data string) map[string]string {
	return map[string]string{sheet1: `<worksheet><sheetData><row><c t="inlineStr"><is><t>lon</t></is></c><c t="str"><v>lat</v></c><c t="str"><v>v</v></c></row>` + data + `</sheetData></worksheet>`}
}

func TestCells(t *testing.T) {
	for _, c := range []struct{ name, data, want, notes string }{
		{"places left out", `<row><c><v>1</v></c><c><v>2</v></c><c><v>3</v></c></row>`, `1/2 1,2 {"v":"3"}`, ""},
		{"rows left out", `<row r="9"><c r="B9"><v>2</v></c><c r="A10"><v>1</v></c></row>`, "", ""},
		{"sparse", `<row r="9"><c r="A9"><v>1</v></c><c r="B9"><v>2</v></c></row>`, `1/9 1,2 {"v":null}`, ""},
		{"error", `<row><c><v>1</v></c><c><v>2</v></c><c t="e"><v>#N/A</v></c></row>`, `1/2 1,2 {"v":null}`, "error_cells"},
		{"formula", `<row><c><f>1</f><v>1</v></c><c><v>2</v></c><c><f>A1</f></c></row>`, `1/2 1,2 {"v":null}`, "formulas_without_value"},
		{"missing text", `<row><c><v>1</v></c><c><v>2</v></c><c t="s"><v>77</v></c></row>`, `1/2 1,2 {"v":null}`, "damaged_cells"},
		{"date of ISO", `<row><c><v>1</v></c><c><v>2</v></c><c t="d"><v>2024-05-01</v></c></row>`, `1/2 1,2 {"v":"2024-05-01"}`, ""},
		{"built-in date", `<row><c><v>1</v></c><c><v>2</v></c><c s="1"><v>45413</v></c></row>`, `1/2 1,2 {"v":"2024-05-01"}`, ""},
		{"no such style", `<row><c><v>1</v></c><c><v>2</v></c><c s="99"><v>1E3</v></c></row>`, `1/2 1,2 {"v":"1000"}`, ""},
		{"escape", `<row><c><v>1</v></c><c><v>2</v></c><c t="inlineStr"><is><t>a_x000A_b_x005F_x0041_&lt;</t></is></c></row>`, `1/2 1,2 {"v":"a\nb_x0041_<"}`, ""},
		{"blank", `<row><c t="str"><v> </v></c></row><row/>`, ``, ""},
	} {
		got, info, err := read(t, parts(t, sheet(c.data)), xlsx.Options{})
		if c.name == "rows left out" {
			if err == nil || !strings.Contains(err.Error(), `a cell has the place "A10"`) {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if err != nil || strings.TrimSpace(got) != c.want || notes(info) != c.notes {
			t.Errorf("%s: %v %s %q, want %s %q", c.name, err, got, notes(info), c.want, c.notes)
		}
	}
	got, _, err := read(t, parts(t, nil), xlsx.Options{})
	if err != nil || got != "1/2 1,2 {}\n" {
		t.Errorf("%v %s", err, got)
	}
	prefixed := map[string]string{sheet1: `<x:worksheet xmlns:x="u"><x:sheetData><x:row><x:c t="str"><x:v>lon</x:v></x:c><x:c t="str"><x:v>lat</x:v></x:c><x:c t="str"><x:v>v</x:v></x:c></x:row><x:row><x:c><x:v>1</x:v></x:c><x:c><x:v>2</x:v></x:c><x:c t="str"><x:v>a</x:v></x:c></x:row><x:row><x:c><x:v>3</x:v></x:c><x:c><x:v>4</x:v></x:c></x:row></x:sheetData><x:mergeCells><x:mergeCell ref="C2:C3"/></x:mergeCells></x:worksheet>`}
	if got, _, err := read(t, parts(t, prefixed), xlsx.Options{}); err != nil || got != "1/2 1,2 {\"v\":\"a\"}\n2/3 3,4 {\"v\":\"a\"}\n" {
		t.Errorf("%v %s", err, got)
	}
	year1904 := map[string]string{"xl/workbook.xml": `<workbook><workbookPr date1904="1"/><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>`,
		sheet1: sheet(`<row><c><v>1</v></c><c><v>2</v></c><c s="1"><v>43951</v></c></row>`)[sheet1]}
	if got, _, err := read(t, parts(t, year1904), xlsx.Options{}); err != nil || got != "1/2 1,2 {\"v\":\"2024-05-01\"}\n" {
		t.Errorf("%v %s", err, got)
	}
}

func TestRefusedFiles(t *testing.T) {
	huge := strings.Repeat("<row><c><v>1</v></c></row>", 800_000)
	for _, c := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"empty", nil, "empty"},
		{"xls", []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1........"), "old .xls"},
		{"text", []byte("lon,lat\n"), "not an .xlsx workbook"},
		{"cut off", parts(t, nil)[:300], "archive is damaged"},
		{"docx", parts(t, map[string]string{"_rels/.rels": "", "xl/workbook.xml": "", "word/document.xml": "x"}), "text document"},
		{"xlsb", parts(t, map[string]string{"_rels/.rels": "", "xl/workbook.xml": "", "xl/workbook.bin": "x"}), ".xlsb"},
		{"ods", parts(t, map[string]string{"_rels/.rels": "", "xl/workbook.xml": "", "mimetype": "x", "content.xml": "x"}), ".ods"},
		{"no workbook", parts(t, map[string]string{"_rels/.rels": "", "xl/workbook.xml": ""}), "no workbook"},
		{"no sheets", parts(t, map[string]string{"xl/workbook.xml": "<workbook/>"}), "no sheets"},
		{"no rows", parts(t, map[string]string{sheet1: "<worksheet/>"}), "all sheets are empty"},
		{"missing part", parts(t, map[string]string{sheet1: ""}), "sheet1.xml is missing"},
		{"broken XML", parts(t, map[string]string{sheet1: "<worksheet><sheetData><row><c></row"}), "sheet1.xml is damaged"},
		{"rows without end", parts(t, map[string]string{sheet1: "<worksheet><sheetData><row><c t=\"str\"><v>lon</v></c><c t=\"str\"><v>lat</v></c></row>"}), "it is cut off"},
		{"rows out of order", parts(t, sheet(`<row r="5"/><row r="4"/>`)), `has the number "4"`},
		{"row beyond the format", parts(t, sheet(`<row r="1048577"/>`)), `has the number "1048577"`},
		{"column beyond the format", parts(t, sheet(`<row><c r="XFE2"/></row>`)), `place "XFE2"`},
		{"another encoding", parts(t, map[string]string{sheet1: `<?xml version="1.0" encoding="GBK"?><worksheet/>`}), "damaged"},
		{"bomb", parts(t, sheet(huge)), "unpacks from"},
		{"long text", parts(t, sheet(`<row><c t="str"><v>`+strings.Repeat("0123456789abcdef", 1<<20)+strings.Repeat("x", 1<<20)+`</v></c></row>`)), "limit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := read(t, c.content, xlsx.Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) || coverage.CodeOf(err) != coverage.Refused {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// The same table as a workbook and as text is the same layer.
func TestAsCSV(t *testing.T) {
	text, err := os.Open(filepath.Join(shared(t), "streets_chongqing.csv"))
	must(t, err)
	defer text.Close()
	src, err := csv.NewReader(text, csv.Options{Options: table.Options{Attributes: true}})
	must(t, err)
	content := workbook(t, func(f *excelize.File) {
		w, err := f.NewStreamWriter("Sheet1")
		must(t, err)
		header := src.Info().Fields
		cells := make([]any, len(header))
		for i, h := range header {
			cells[i] = h
		}
		must(t, w.SetRow("A1", cells))
		for n := 2; ; n++ {
			row, err := src.Next()
			if err == io.EOF {
				break
			}
			must(t, err)
			for i, h := range header {
				v, _ := row.Feature.Properties.Get(h)
				cells[i] = v.Text
			}
			must(t, w.SetRow(fmt.Sprintf("A%d", n), cells))
		}
		must(t, w.Flush())
	})
	_, err = text.Seek(0, io.SeekStart)
	must(t, err)
	src, err = csv.NewReader(text, csv.Options{Options: table.Options{Attributes: true}})
	must(t, err)
	want, err := dump(src)
	must(t, err)
	got, _, err := read(t, content, attributes)
	if d := cmp.Diff(want, got); d != "" || err != nil || strings.Count(got, "\n") != 1031 {
		t.Errorf("%v\n%s", err, d[:min(len(d), 2000)])
	}
}

func shared(t testing.TB) string {
	t.Helper()
	for _, up := range []string{"../../../shared/data", "../../../../shared/data"} {
		if path := filepath.Join(up, "chongqing_admin"); exists(path) {
			return path
		}
	}
	t.Skip("shared/data/chongqing_admin is not there: the real data lies outside the repository")
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// FuzzReader: no parts crash the reader, errors are the file's, and reading again gives the same.
func FuzzReader(f *testing.F) {
	f.Add([]byte(sheet(`<row><c><v>1</v></c><c><v>2</v></c></row>`)[sheet1]), []byte(`<sst><si><t>a</t></si></sst>`), []byte(`<styleSheet><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>`), false)
	f.Add([]byte(`<worksheet><sheetData><row r="2"><c r="B2" t="s"><v>0</v></c></row></sheetData><mergeCells><mergeCell ref="B2:C4"/></mergeCells></worksheet>`), []byte(`<sst><si><t>a</t></si></sst>`), []byte(``), true)
	f.Fuzz(func(t *testing.T, data, strings, styles []byte, attributes bool) {
		if len(data)+len(strings)+len(styles) > 1<<16 {
			t.Skip("long inputs only cost time")
		}
		content := parts(t, map[string]string{sheet1: string(data) + " ", "xl/sharedStrings.xml": string(strings) + " ", "xl/styles.xml": string(styles) + " "})
		o := xlsx.Options{Options: table.Options{Attributes: attributes}}
		got, info, err := read(t, content, o)
		if err != nil && coverage.CodeOf(err) != coverage.Refused {
			t.Fatal(err)
		}
		again, infoAgain, errAgain := read(t, content, o)
		if got != again || (err == nil) != (errAgain == nil) || !cmp.Equal(info, infoAgain) {
			t.Fatalf("read again: %v, %v\n%s\n%s", err, errAgain, got, again)
		}
	})
}

// FuzzOpen: no bytes crash the reader of the archive itself.
func FuzzOpen(f *testing.F) {
	f.Add(parts(f, nil))
	f.Fuzz(func(t *testing.T, content []byte) {
		if len(content) > 1<<16 {
			t.Skip("long inputs only cost time")
		}
		if _, _, err := read(t, content, xlsx.Options{}); err != nil && coverage.CodeOf(err) != coverage.Refused {
			t.Fatal(err)
		}
	})
}

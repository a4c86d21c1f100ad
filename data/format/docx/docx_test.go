package docx_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lifecircle/coverage"
	"lifecircle/coverage/report"
	"lifecircle/data/format/docx"
)

func tx(zh, en string) report.Text { return report.Text{Zh: zh, En: en} }

func same(s string) report.Text { return report.Text{Zh: s, En: s} }

// hostile are names that other people's files could have.
var hostile = []string{"<w:p/>&amp;]]>", `" w:evil="1`, "=cmd|' /C calc'!A0", "{ INCLUDETEXT \"/etc/passwd\" }", strings.Repeat("很长的社区名称", 29)[:600], strings.Repeat("Llanfair", 25), "مجاورة المدينة", "नई दिल्ली", "👨‍👩‍👧‍👦🏘️",
	"a\x00b\x1b[31mc\u202eevil", "\xff\xfe broken", "two\nlines\tand a tab", " ", ""}

// sample is a report with everything in it: rows left out, tables for sheets, groups, a table for a page across, one of no rows.
func sample(rows, wide int) *report.Report {
	scores := &report.Table{Key: "scores", Caption: tx("评价单元得分", "Scores"), Notes: []report.Text{tx("分母：居住用地", "Denominator: residential land")}, PageRows: 20, Columns: []report.Column{
		{Key: "name", Title: tx("评价单元", "neighborhood"), Width: 20},
		{Key: "score", Title: tx("得分", "score"), Group: tx("得分", "scores"), Kind: report.KindScore, Scale: 2, Decimals: 1},
		{Key: "share", Title: tx("覆盖率", "share"), Group: tx("得分", "scores"), Kind: report.KindPercent, Scale: 6, Decimals: 1},
		{Key: "people", Title: tx("人口", "people"), Kind: report.KindNumber},
		{Key: "verdict", Title: tx("结论", "verdict"), Kind: report.KindVerdict},
	}}
	for i := range rows {
		tone := report.Tone(i % int(report.ToneMark))
		scores.Rows = append(scores.Rows, []report.Cell{{Text: same(hostile[i%len(hostile)] + fmt.Sprint(" ", i))}, {Num: int64(i*997) % 10000, Tone: tone}, {Num: int64(i*99991) % 1000000}, {Num: int64(i) * 12345, Null: i%5 == 4}, {Text: tx("达标", "met"), Tone: tone}})
	}
	matrix := &report.Table{Key: "matrix", Caption: tx("对照表", "Matrix"), Columns: []report.Column{{Key: "name", Title: tx("评价单元", "neighborhood"), Width: 20}}}
	for k := range wide {
		matrix.Columns = append(matrix.Columns, report.Column{Key: fmt.Sprint("r", k), Title: tx(fmt.Sprintf("要求%d", k), fmt.Sprintf("req. %d", k)), Kind: report.KindPercent, Scale: 6, Decimals: 1})
	}
	for i := range min(rows, 30) {
		row := []report.Cell{{Text: same(fmt.Sprint("社区", i))}}
		for k := range wide {
			row = append(row, report.Cell{Num: int64(i*100003+k*7919) % 1000000, Tone: report.ToneMet})
		}
		matrix.Rows = append(matrix.Rows, row)
	}
	bars := &report.Bars{Full: 10000, Scale: 2, Unit: tx("分", "points")}
	for i := range 12 {
		bars.Rows = append(bars.Rows, report.Bar{Label: same(hostile[i%len(hostile)]), Value: int64(i) * 800, Tone: report.ToneScore3, Words: same(fmt.Sprint(i * 8))})
	}
	return &report.Report{Title: tx("某区 15 分钟生活圈评估报告 "+hostile[0], "Report "+hostile[0]), Facts: []report.Fact{{Key: "run", Name: tx("评估", "run"), Value: same(hostile[3])}},
		Marks: []coverage.Mark{{Code: "assumed_complete", Text: tx("假定数据完整", "assumed complete")}, {Code: "provisional_catalog", Text: tx("服务目录为暂定", "the catalog is provisional")}}, Credits: []string{"© OpenStreetMap contributors", hostile[1]},
		Sections: []report.Section{
			{Key: "one", Title: tx("概况", "Overview"), Blocks: []report.Block{&report.Paragraph{Text: same(hostile[9])}, &report.Paragraph{Mark: true, Text: tx("暂定", "provisional")}, scores,
				&report.Figure{Key: "f", Caption: tx("排名", "Ranking"), Desc: same(hostile[1]), Plot: bars, Table: "scores"}}},
			{Key: "two", Title: tx("对照", "Matrix"), Blocks: []report.Block{matrix, &report.Table{Key: "huge", Caption: tx("全表", "All of it"), SheetOnly: true}}},
			{Key: "three", Title: tx("空", "Nothing")},
			{Key: "four", Title: tx("其他", "Other"), Blocks: []report.Block{&report.Table{Key: "none", Caption: tx("无", "None"), Columns: scores.Columns}, &report.Table{Key: "bare", Caption: tx("无列", "No columns")},
				&report.Figure{Key: "g", Caption: tx("无图", "Nothing"), Data: scores}}},
		}}
}

func write(t testing.TB, r *report.Report, lang string) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := docx.Write(&b, r, lang); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func unpack(t testing.TB, b []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if out[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		if f.Modified.Year() > 1980 {
			t.Errorf("%s says when it was made: %v", f.Name, f.Modified)
		}
	}
	return out
}

// node is an element read back.
type node struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Text    string     `xml:",chardata"`
	Nodes   []node     `xml:",any"`
}

func (n *node) attr(name string) string {
	for _, a := range n.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// all finds elements by name, in order, not within those found.
func (n *node) all(name string) (out []*node) {
	for i := range n.Nodes {
		if c := &n.Nodes[i]; c.XMLName.Local == name {
			out = append(out, c)
		} else {
			out = append(out, c.all(name)...)
		}
	}
	return out
}

func (n *node) words() string {
	var b strings.Builder
	for _, t := range n.all("t") {
		b.WriteString(t.Text)
	}
	return b.String()
}

func body(t testing.TB, parts map[string][]byte) *node {
	t.Helper()
	n := &node{}
	if err := xml.Unmarshal(parts["word/document.xml"], n); err != nil {
		t.Fatal(err)
	}
	return n
}

// expected is what the pages show of a report's tables, by the model: heads are left out.
func expected(r *report.Report, lang string) (out [][]string) {
	for _, s := range r.Sections {
		for _, b := range s.Blocks {
			t, ok := b.(*report.Table)
			if !ok || t.SheetOnly {
				continue
			}
			rows := t.Rows
			if t.PageRows > 0 {
				rows = rows[:min(len(rows), t.PageRows)]
			}
			for _, row := range rows {
				var line []string
				for i, c := range t.Columns {
					line = append(line, shown(c.Show(row[i], lang)))
				}
				out = append(out, line)
			}
		}
	}
	return out
}

// shown is a text with what a document cannot hold replaced.
func shown(s string) string {
	return strings.NewReplacer("\n", " ", "\t", " ", "\x00", "\ufffd", "\x1b", "\ufffd", "\u202e", "\ufffd", "\xff", "\ufffd", "\xfe", "\ufffd").Replace(s)
}

// What a planner reads in the document is what the model has: every row that pages show, in order, unknown as a dash, nothing more.
func TestTablesReadBack(t *testing.T) {
	for _, lang := range []string{"zh", "en"} {
		r := sample(50, 18)
		n := body(t, unpack(t, write(t, r, lang)))
		var got [][]string
		for _, table := range n.all("tbl")[1:] { // the first is the cover's
			for _, row := range table.all("tr") {
				if len(row.all("tblHeader")) > 0 {
					continue
				}
				if len(row.all("cantSplit")) != 1 {
					if w := row.words(); w != "没有数据行" && w != "no rows" {
						t.Errorf("a row can be split: %s", w)
					}
					continue
				}
				var line []string
				for _, c := range row.all("tc") {
					line = append(line, c.words())
				}
				got = append(got, line)
			}
		}
		if d := cmp.Diff(expected(r, lang), got); d != "" {
			t.Errorf("%s: %s", lang, d)
		}
		words := n.words()
		for _, want := range []string{map[string]string{"zh": "本表只列前 20 行，共 50 行；其余 30 行见随附的工作簿", "en": "The first 20 of 50 rows are listed; the other 30"}[lang],
			map[string]string{"zh": "见随附的工作簿：全表。", "en": "stand in the workbook: All of it."}[lang], map[string]string{"zh": "假定数据完整", "en": "assumed complete"}[lang]} {
			if !strings.Contains(words, want) {
				t.Errorf("%s: %q is not said", lang, want)
			}
		}
	}
}

// A table that finds no room upright stands on a page across; the next chapter is upright again. One too wide for any page is broken, with the
// names repeated.
func TestPagesAcross(t *testing.T) {
	for wide, want := range map[int]struct{ pieces, across int }{3: {1, 0}, 18: {1, 1}, 40: {2, 1}} {
		n := body(t, unpack(t, write(t, sample(5, wide), "zh")))
		across, pieces := 0, 0
		for _, s := range n.all("pgSz") {
			if s.attr("orient") == "landscape" {
				across++
			}
		}
		for _, p := range n.all("tbl") {
			if strings.Contains(p.words(), "社区0") {
				pieces++
				sum := 0
				for _, g := range p.all("gridCol") {
					var w int
					fmt.Sscan(g.attr("w"), &w)
					sum += w
				}
				if most := 9638 + across*5000; sum > most {
					t.Errorf("%d columns: a table of %d twentieths of a point", wide, sum)
				}
			}
		}
		if across != want.across || pieces < want.pieces {
			t.Errorf("%d columns: %d parts and %d sections across, want %v", wide, pieces, across, want)
		}
	}
}

// Every part is well-formed, every relation has its part, every picture words, every reference its bookmark, each name once.
func TestWhole(t *testing.T) {
	for _, lang := range []string{"zh", "en"} {
		parts := unpack(t, write(t, sample(30, 20), lang))
		for name, content := range parts {
			if strings.HasSuffix(name, ".png") {
				continue
			}
			for d := xml.NewDecoder(bytes.NewReader(content)); ; {
				if _, err := d.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			if strings.HasSuffix(name, ".xml") && name != "[Content_Types].xml" && !bytes.Contains(parts["[Content_Types].xml"], []byte(`"/`+name+`"`)) {
				t.Errorf("%s has no type", name)
			}
		}
		var relations node
		if err := xml.Unmarshal(parts["word/_rels/document.xml.rels"], &relations); err != nil {
			t.Fatal(err)
		}
		known := map[string]bool{}
		for _, r := range relations.Nodes {
			known[r.attr("Id")] = true
			if parts["word/"+r.attr("Target")] == nil || r.attr("TargetMode") != "" {
				t.Errorf("%s is not in the document", r.attr("Target"))
			}
		}
		n := body(t, parts)
		marks := map[string]bool{}
		for _, b := range n.all("bookmarkStart") {
			if marks[b.attr("name")] || len(b.attr("name")) > 40 {
				t.Errorf("bookmark %s", b.attr("name"))
			}
			marks[b.attr("name")] = true
		}
		for _, h := range n.all("hyperlink") {
			if !marks[h.attr("anchor")] {
				t.Errorf("no bookmark %q", h.attr("anchor"))
			}
		}
		var codes []string
		for _, c := range n.all("instrText") {
			code := strings.Fields(c.Text)
			codes = append(codes, code[0])
			if code[0] == "REF" && !marks[code[1]] {
				t.Errorf("no bookmark %q", code[1])
			}
		}
		slices.Sort(codes)
		if d := cmp.Diff([]string{"REF", "SEQ", "TOC"}, slices.Compact(codes)); d != "" {
			t.Errorf("fields: %s", d)
		}
		if starts, ends := len(n.all("fldChar")), len(n.all("bookmarkEnd")); starts != 3*len(codes) || ends != len(marks) {
			t.Errorf("%d field characters of %d fields, %d ends of %d bookmarks", starts, len(codes), ends, len(marks))
		}
		for _, p := range n.all("docPr") {
			if p.attr("title") == "" || p.attr("descr") == "" && p.attr("id") == "1" {
				t.Errorf("picture %s has no words", p.attr("id"))
			}
		}
		for _, id := range []string{"headerupright", "footerupright", "headeracross", "footerCover", "figure1", "figure2"} {
			if !known[id] || !bytes.Contains(parts["word/document.xml"], []byte(`"`+id+`"`)) {
				t.Errorf("%s is not used", id)
			}
		}
		if f := string(parts["word/footer1.xml"]); !strings.Contains(f, map[string]string{"zh": "假定数据完整；服务目录为暂定", "en": "assumed complete; the catalog is provisional"}[lang]) || !strings.Contains(f, "NUMPAGES") || (lang == "en" && strings.Contains(f, "页")) {
			t.Errorf("the footer says %s", f)
		}
		for _, face := range []string{`w:eastAsia="宋体"`, `w:eastAsia="黑体"`, `w:ascii="Times New Roman"`} {
			if !bytes.Contains(parts["word/styles.xml"], []byte(face)) {
				t.Errorf("no %s", face)
			}
		}
	}
}

func TestSameBytes(t *testing.T) {
	if a, b := write(t, sample(40, 20), "zh"), write(t, sample(40, 20), "zh"); !bytes.Equal(a, b) {
		t.Error("the same report gave other bytes")
	}
}

type fails struct{ after int }

var errFull = errors.New("no space left")

func (f *fails) Write(b []byte) (int, error) {
	if f.after -= len(b); f.after < 0 {
		return 0, errFull
	}
	return len(b), nil
}

// A full disk is told, wherever it strikes.
func TestFullDisk(t *testing.T) {
	whole := len(write(t, sample(5, 3), "en"))
	for _, after := range []int{0, 100, whole / 2, whole - 1} {
		if err := docx.Write(&fails{after}, sample(5, 3), "en"); !errors.Is(err, errFull) {
			t.Errorf("after %d of %d bytes: %v", after, whole, err)
		}
	}
}

const reader = `
import json, sys, docx
d = docx.Document(sys.argv[1])
head = lambda r: r._tr.trPr is not None and any(e.tag.endswith('}tblHeader') for e in r._tr.trPr)
json.dump({
 'tables': [[[c.text for c in r.cells] for r in t.rows if not head(r)] for t in d.tables],
 'headings': [p.text for p in d.paragraphs if p.style.name == 'Heading 1'],
 'captions': [p.text for p in d.paragraphs if p.style.name in ('Caption', 'Table Caption')],
 'pictures': len(d.inline_shapes),
 'landscape': sum(s.orientation == 1 for s in d.sections),
 'title': d.core_properties.title,
}, sys.stdout)
`

// A reader that is not ours finds the same numbers, headings and captions.
func TestPythonReadsIt(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("python3 is not installed")
	}
	if err := exec.Command(python, "-c", "import docx").Run(); err != nil {
		t.Skip("python-docx is not installed: pip install python-docx")
	}
	r := sample(50, 18)
	path := filepath.Join(t.TempDir(), "report.docx")
	if err := os.WriteFile(path, write(t, r, "zh"), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, "-c", reader, path).Output()
	if err != nil {
		t.Fatalf("%v", err)
	}
	var got struct {
		Tables              [][][]string
		Headings, Captions  []string
		Pictures, Landscape int
		Title               string
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for _, table := range got.Tables[1:] {
		for _, row := range table {
			if row[0] != "没有数据行" {
				rows = append(rows, row)
			}
		}
	}
	if d := cmp.Diff(expected(r, "zh"), rows); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"概况", "对照", "空", "其他"}, got.Headings); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"表 1　评价单元得分", "图 1　排名", "表 2　对照表", "表 3　无", "表 4　无列", "图 2　无图"}, got.Captions); d != "" {
		t.Error(d)
	}
	if got.Pictures != 2 || got.Landscape != 1 || got.Title != r.Title.Zh {
		t.Errorf("%d pictures, %d sections across, %q", got.Pictures, got.Landscape, got.Title)
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, rows := range []int{20, 200, 2000} {
		r := sample(rows, 20)
		r.Sections[0].Blocks[2].(*report.Table).PageRows = 0
		b.Run(fmt.Sprint("rows=", rows), func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for range b.N {
				n = len(write(b, r, "zh"))
			}
			b.ReportMetric(float64(n), "bytes")
		})
	}
}

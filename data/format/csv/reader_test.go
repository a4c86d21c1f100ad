package csv_test

import (
	"bytes"
	stdcsv "encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
	"lifecircle/data/format/csv"
	"lifecircle/data/format/table"
)

// dump reads a table: a line per row with its number, line, place and properties or why it is refused.
func dump(r io.Reader, o csv.Options) (string, intake.SourceInfo, error) {
	src, err := csv.NewReader(r, o)
	if err != nil {
		return "", intake.SourceInfo{}, err
	}
	var out strings.Builder
	for {
		row, err := src.Next()
		if err == io.EOF {
			return out.String(), src.Info(), nil
		}
		if err != nil {
			return out.String(), src.Info(), err
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

func gbk(s string) string {
	out, err := simplifiedchinese.GBK.NewEncoder().String(s)
	if err != nil {
		panic(err)
	}
	return out
}

func utf16(s string) string {
	out, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(s)
	if err != nil {
		panic(err)
	}
	return out
}

// One table in every form in which it comes is one table.
func TestForms(t *testing.T) {
	const text = "编号,名称,lng,lat\n007,\"上清寺, \"\"渝中\"\"区\",106.5,29.5\n08,綦江社区,106.6,29.6\n"
	want := `1/2 106.5,29.5 {"名称":"上清寺, \"渝中\"区","编号":"007"}
2/3 106.6,29.6 {"名称":"綦江社区","编号":"08"}
`
	tabbed := strings.ReplaceAll(strings.Replace(text, "\"上清寺, \"\"渝中\"\"区\"", "上清寺; '渝中'区", 1), ",", "\t")
	for _, c := range []struct {
		name, text    string
		o             csv.Options
		format, known string
	}{
		{"UTF-8", text, csv.Options{}, "csv", "UTF-8 content"},
		{"UTF-8 with BOM", "\ufeff" + text, csv.Options{}, "csv", "UTF-8 bom"},
		{"GBK", gbk(text), csv.Options{}, "csv", "GB18030 content"},
		{"GBK, stated", gbk(text), csv.Options{Encoding: "gb2312"}, "csv", "GB18030 option"},
		{"UTF-16", utf16(text), csv.Options{}, "csv", "UTF-16LE bom"},
		{"CR LF", strings.ReplaceAll(text, "\n", "\r\n"), csv.Options{}, "csv", "UTF-8 content"},
		{"CR alone", strings.ReplaceAll(text, "\n", "\r"), csv.Options{}, "csv", "UTF-8 content"},
		{"sep=", "sep=,\n" + text, csv.Options{}, "csv", "UTF-8 content"},
		{"no end of line", strings.TrimSuffix(text, "\n"), csv.Options{}, "csv", "UTF-8 content"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, info, err := dump(strings.NewReader(c.text), c.o)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			if s := info.Encoding + " " + info.EncodingKnownBy; s != c.known || info.Format != c.format || !info.Unchecked {
				t.Errorf("%s %+v", s, info)
			}
		})
	}
	got, info, err := dump(strings.NewReader(tabbed), csv.Options{})
	if err != nil || info.Format != "tsv" || !strings.Contains(got, `"上清寺; '渝中'区"`) {
		t.Errorf("%v %s\n%s", err, info.Format, got)
	}
}

// The header says what separates the columns, whatever else stands in the cells.
func TestDelimiters(t *testing.T) {
	for _, c := range []struct {
		text string
		o    csv.Options
		want string
	}{
		{"name;lon;lat\na,b;1;2\n", csv.Options{}, `1/2 1,2 {"name":"a,b"}`},
		{"name|lon|lat\na;b|1|2\n", csv.Options{}, `1/2 1,2 {"name":"a;b"}`},
		{"name\tlon\tlat\na, b, c\t1\t2\n", csv.Options{}, `1/2 1,2 {"name":"a, b, c"}`},
		{"name,type,lon,lat\na,x;y;z|u;v,1,2\n", csv.Options{}, `1/2 1,2 {"name":"a","type":"x;y;z|u;v"}`},
		{"\"a;b;c;d\",lon,lat\nx,1,2\n", csv.Options{}, `1/2 1,2 {"a;b;c;d":"x"}`},
		{"a;b,lon,lat\nx,1,2\n", csv.Options{}, `1/2 1,2 {"a;b":"x"}`},
		{"name,lon|lat\na,1|2\n", csv.Options{Delimiter: '|', Options: table.Options{Attributes: true}}, `1/2  {"lat":"2","name,lon":"a,1"}`},
		{"code\n1\n2\n", csv.Options{Options: table.Options{Attributes: true}}, "1/2  {\"code\":\"1\"}\n2/3  {\"code\":\"2\"}"},
	} {
		got, _, err := dump(strings.NewReader(c.text), c.o)
		if err != nil || strings.TrimSpace(got) != c.want {
			t.Errorf("%q: %v\n%s, want\n%s", c.text, err, got, c.want)
		}
	}
}

// A row with too few or too many cells is refused with its line; the others are read. Blank rows are none.
func TestRaggedRows(t *testing.T) {
	got, info, err := dump(strings.NewReader("id,lon,lat\n1,1,1\n2,2\n\n3,3,3,3\n,,\n\"4\n\",4,4\n5,5,5\n"), csv.Options{})
	want := `1/2 1,1 {"id":"1"}
2/3 cell_count {"id":"2"}
3/5 cell_count {"id":"3"}
5/7 4,4 {"id":"4\n"}
6/9 5,5 {"id":"5"}
`
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
	if len(info.Notes) != 1 || info.Notes[0].Code != "blank_rows" {
		t.Errorf("%+v", info.Notes)
	}
}

func TestRefusedFiles(t *testing.T) {
	long := "lon,lat\n1,2\n\"" + strings.Repeat(strings.Repeat("x", 1<<10)+"\n", csv.MaxRecordBytes>>10+200)
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "empty"},
		{"blank lines", "\n\n\n", "empty"},
		{"JSON", " {\"type\":1}", "JSON"},
		{"workbook", "PK\x03\x04......", "spreadsheet"},
		{"old workbook", "\xd0\xcf\x11\xe0......", "spreadsheet"},
		{"bytes", "a,b\x00c\n", "not a text file"},
		{"no coordinates", "name,address\na,b\n", "no columns of coordinates"},
		{"full-width separators", "名称，经度，纬度\na，1，2\n", "full-width"},
		{"a column twice", "lon,lat,lon\n", "two columns"},
		{"stray quote", "name,lon,lat\na\"b,1,2\n", "line 2, byte 2"},
		{"stray quote, far", "name,lon,lat\n" + strings.Repeat("a,1,2\n", 1000) + "a,\"1\"x,2\n", "line 1002"},
		{"quote without end", "name,lon,lat\n\"a,1,2\n", "line 2, byte 8"},
		{"quote without end, long", long, "a row behind line 2 is longer than 16 MiB"},
		{"other encoding", "name,lon,lat\nCaf\xe9,1,2\n", "cannot be told"},
		{"columns without end", strings.Repeat("a,", 20_000) + "\n", "more than the limit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := dump(strings.NewReader(c.text), csv.Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) || coverage.CodeOf(err) != coverage.Refused {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	for _, o := range []csv.Options{{Encoding: "klingon"}, {Delimiter: '"'}} {
		if _, err := csv.NewReader(strings.NewReader("lon,lat\n"), o); coverage.CodeOf(err) != coverage.Invalid {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestSniff(t *testing.T) {
	for head, want := range map[string]bool{
		"a,b\n": true, "\ufeffa\tb": true, "\xff\xfea\x00": true, gbk("名称,人口"): true,
		"": false, " \n": false, "{\"a\":1}": false, "\ufeff [1]": false, "<osm>": false, "PK\x03\x04\x00": false, "SQLite format 3\x00": false,
	} {
		if csv.Sniff([]byte(head)) != want {
			t.Errorf("%q: not %v", head, want)
		}
	}
}

// Whatever people write into cells, in either encoding, they come back as they were.
func TestReadsBack(t *testing.T) {
	cell := rapid.OneOf(rapid.StringMatching(`[a-z0-9 ,;|"']{0,6}`), rapid.StringOf(rapid.RuneFrom([]rune("渝中区綦江，；\n\t\"a"))))
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 2, 2), 1, 100).Draw(t, "rows")
		delimiter := rapid.SampledFrom([]rune{',', ';', '\t', '|'}).Draw(t, "delimiter")
		var b bytes.Buffer
		w := stdcsv.NewWriter(&b)
		w.Comma = delimiter
		if err := w.Write([]string{"甲", "乙"}); err != nil {
			t.Fatal(err)
		}
		if err := w.WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		text, o := b.String(), csv.Options{Options: table.Options{Attributes: true}, Delimiter: delimiter}
		if rapid.Bool().Draw(t, "gbk") {
			text, o.Encoding = gbk(text), "gbk"
		}
		src, err := csv.NewReader(strings.NewReader(text), o)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range rows {
			if strings.TrimSpace(want[0]+want[1]) == "" {
				continue // a blank row
			}
			row, err := src.Next()
			if err != nil || row.Refused != nil {
				t.Fatalf("%v %v", err, row.Refused)
			}
			for i, name := range []string{"甲", "乙"} {
				if v, _ := row.Feature.Properties.Get(name); v.Text != want[i] {
					t.Fatalf("%s: %q, want %q", name, v.Text, want[i])
				}
			}
		}
		if row, err := src.Next(); err != io.EOF {
			t.Fatalf("%v %v", row, err)
		}
	})
}

// The administrative tables of Chongqing: every row, in UTF-8, with BOM and in GBK alike.
func TestRealTables(t *testing.T) {
	for _, c := range []struct {
		file string
		rows int
	}{{"villages_chongqing.csv", 11_270}, {"streets_chongqing.csv", 1_031}, {"areas_chongqing.csv", 38}, {"areacity_level4_chongqing.csv", 1_062}} {
		t.Run(c.file, func(t *testing.T) {
			text := shared(t, c.file)
			o := csv.Options{Options: table.Options{Attributes: true}}
			got, _, err := dump(bytes.NewReader(text), o)
			if err != nil || strings.Count(got, "\n") != c.rows || strings.Contains(got, "cell_count") {
				t.Fatalf("%v: %d rows, want %d", err, strings.Count(got, "\n"), c.rows)
			}
			again, info, err := dump(strings.NewReader(gbk(strings.TrimPrefix(string(text), "\ufeff"))), o)
			if err != nil || info.Encoding != "GB18030" || again != got {
				t.Errorf("in GBK: %v %s, the same: %v", err, info.Encoding, again == got)
			}
		})
	}
}

func shared(t testing.TB, name string) []byte {
	t.Helper()
	for _, up := range []string{"../../../shared/data", "../../../../shared/data"} {
		if b, err := os.ReadFile(filepath.Join(up, "chongqing_admin", name)); err == nil {
			return b
		}
	}
	t.Skipf("shared/data/chongqing_admin/%s is not there: the real data lies outside the repository", name)
	return nil
}

// FuzzReader: no bytes crash the reader, errors are the file's, and reading again gives the same.
func FuzzReader(f *testing.F) {
	f.Add([]byte("id,lon,lat\n1,106.5,29.5\n"), false)
	f.Add([]byte(gbk("名称;坐标\n渝中区;106.5,29.5\n")), true)
	f.Add([]byte(utf16("name\twkt\na\tPOINT(1 2)\n")), false)
	f.Fuzz(func(t *testing.T, data []byte, attributes bool) {
		if len(data) > 1<<16 {
			t.Skip("long inputs only cost time")
		}
		o := csv.Options{Options: table.Options{Attributes: attributes}}
		got, info, err := dump(bytes.NewReader(data), o)
		if err != nil && coverage.CodeOf(err) != coverage.Refused {
			t.Fatal(err)
		}
		again, infoAgain, errAgain := dump(bytes.NewReader(data), o)
		if got != again || (err == nil) != (errAgain == nil) || !cmp.Equal(info, infoAgain) {
			t.Fatalf("read again: %v, %v\n%s\n%s", err, errAgain, got, again)
		}
	})
}

// BenchmarkReader reads a million rows of nine columns, as an export of a POI service has them.
func BenchmarkReader(b *testing.B) {
	for _, c := range []struct {
		name   string
		encode func(string) string
	}{{"UTF-8", func(s string) string { return s }}, {"GBK", gbk}} {
		b.Run(c.name, func(b *testing.B) {
			const rows = 1_000_000
			line := c.encode("B0FFF12345,重庆市渝中区上清寺社区卫生服务站,090100,解放碑街道民权路28号,106.551234,29.561234,500103,4321,023-60000000\n")
			text := c.encode("id,name,typecode,address,lon,lat,pcode,population,tel\n")
			b.SetBytes(int64(rows * len(line)))
			b.ReportAllocs()
			for b.Loop() {
				src, err := csv.NewReader(io.MultiReader(strings.NewReader(text), &repeated{line, rows, 0}), csv.Options{})
				if err != nil {
					b.Fatal(err)
				}
				n := 0
				for ; ; n++ {
					row, err := src.Next()
					if err == io.EOF {
						break
					}
					if err != nil || row.Refused != nil {
						b.Fatal(err, row.Refused)
					}
				}
				if n != rows {
					b.Fatalf("%d rows", n)
				}
			}
		})
	}
}

// repeated gives a line again and again.
type repeated struct {
	line string
	left int
	at   int
}

func (r *repeated) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) && r.left > 0 {
		k := copy(p[n:], r.line[r.at:])
		n += k
		if r.at += k; r.at == len(r.line) {
			r.at = 0
			r.left--
		}
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

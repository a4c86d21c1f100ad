package csv_test

import (
	"bytes"
	stdcsv "encoding/csv"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"lifecircle/coverage"
	"lifecircle/data/format/csv"
)

// A name that a spreadsheet would run must arrive as text, and every other text as it was.
func TestWrite(t *testing.T) {
	rows := [][]coverage.Value{
		{{Text: "=cmd|' /C calc'!A0"}, {Int: 1500}, {Null: true}},
		{{Text: "上清寺, \"渝中\"\n区"}, {Int: -1}, {Int: 800_000_000}},
		{{Text: " 前后空格 "}, {Int: 0}, {Int: 1_000_000_000}},
	}
	table := coverage.Table{Columns: []coverage.Column{{Name: "name"}, {Name: "reach_m", Type: coverage.DecimalColumn, Decimals: 3}, {Name: "share", Type: coverage.DecimalColumn, Decimals: 9}},
		Len: len(rows), Each: func(yield func(string, []coverage.Value, orb.Geometry) error) error {
			for _, r := range rows {
				if err := yield("", r, nil); err != nil {
					return err
				}
			}
			return nil
		}}
	var b bytes.Buffer
	if err := csv.Write(&b, &table); err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(b.Bytes(), []byte("\xef\xbb\xbf")) {
		t.Error("no BOM: Excel would read Chinese as Latin")
	}
	got, err := stdcsv.NewReader(bytes.NewReader(b.Bytes()[3:])).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"name", "reach_m", "share"}, {"'=cmd|' /C calc'!A0", "1.500", ""}, {"上清寺, \"渝中\"\n区", "-0.001", "0.800000000"}, {" 前后空格 ", "0.000", "1.000000000"}}
	for i := range want {
		for k := range want[i] {
			if got[i][k] != want[i][k] {
				t.Errorf("row %d column %d: %q, want %q", i, k, got[i][k], want[i][k])
			}
		}
	}
}

func TestInert(t *testing.T) {
	for in, want := range map[string]string{"": "", "a=1": "a=1", "-1": "-1", "-2893.5": "-2893.5", "+86": "+86", "-1+1": "'-1+1", "-1.": "'-1.", "-": "'-", "+1e9": "'+1e9", "-1.2.3": "'-1.2.3", "\n=1": "'\n=1", "@x": "'@x", "\t=1": "'\t=1", "＝1": "'＝1", "上清寺": "上清寺"} {
		if got := csv.Inert(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// Whatever people write into names, an independent reader finds the same cells again, one row a line of the table.
func TestWriteReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.IntRange(2, 4).Draw(t, "columns")
		cell := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("=+-@,\"'\t\n ;a上"))))
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, columns, columns), 0, 6).Draw(t, "rows")
		table := coverage.Table{Len: len(rows)}
		for range columns {
			table.Columns = append(table.Columns, coverage.Column{Name: "c"})
		}
		table.Each = func(yield func(string, []coverage.Value, orb.Geometry) error) error {
			for _, r := range rows {
				values := make([]coverage.Value, columns)
				for i := range r {
					values[i].Text = r[i]
				}
				if err := yield("", values, nil); err != nil {
					return err
				}
			}
			return nil
		}
		var b bytes.Buffer
		if err := csv.Write(&b, &table); err != nil {
			t.Fatal(err)
		}
		got, err := stdcsv.NewReader(bytes.NewReader(b.Bytes()[3:])).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(rows)+1 {
			t.Fatalf("%d rows, want %d", len(got), len(rows)+1)
		}
		for i, r := range rows {
			for k := range r {
				want := strings.ReplaceAll(csv.Inert(r[k]), "\r\n", "\n") // the reader's own rule
				if got[i+1][k] != want {
					t.Fatalf("row %d column %d: %q, want %q", i, k, got[i+1][k], want)
				}
			}
		}
	})
}

package report

import (
	"slices"
	"testing"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/coverage/trend"
)

// A share or score that misses its line never looks as if it reached it; other numbers are rounded as people expect.
func TestShow(t *testing.T) {
	percent := Column{Kind: KindPercent, Scale: 9, Decimals: 1}
	score := Column{Kind: KindScore, Scale: 9, Decimals: 1}
	people := Column{Kind: KindNumber, Scale: 3}
	weight := Column{Kind: KindNumber, Scale: 6, Decimals: 2}
	for _, c := range []struct {
		column Column
		n      int64
		want   string
	}{
		{percent, 799_999_999, "79.9%"}, {percent, 800_000_000, "80.0%"}, {percent, 1_000_000_000, "100.0%"}, {percent, 0, "0.0%"}, {percent, 999_999_999, "99.9%"}, {percent, 499_999, "0.0%"},
		{score, 59_999_999_999, "59.9"}, {score, 60_000_000_000, "60.0"}, {score, 100_000_000_000, "100.0"},
		{people, 1_234_567_499, "1,234,567"}, {people, 1_234_567_500, "1,234,568"}, {people, 499, "0"}, {people, 500, "1"}, {people, -1500, "-2"}, {people, 999_500, "1,000"},
		{weight, 1_000_000, "1.00"}, {weight, 1_005_000, "1.01"}, {Column{Kind: KindPercent, Scale: 6}, 800_000, "80%"}, {Column{Kind: KindNumber, Decimals: 2}, 7, "7.00"},
	} {
		if got := c.column.Show(number(c.n), "en"); got != c.want {
			t.Errorf("%d in %+v shows %s, want %s", c.n, c.column, got, c.want)
		}
	}
	if got := people.Show(Cell{Null: true}, "zh"); got != Dash {
		t.Errorf("unknown shows %q", got)
	}
	if got := weight.Float(number(1_234_567)); got != 1.234567 {
		t.Errorf("a workbook gets %v", got)
	}
}

// A workbook shows two digits; where they would make a number look as if it reached its line, all are shown. Lines are never cut.
func TestBelowItsLine(t *testing.T) {
	for _, c := range []struct {
		n, line int64
		percent bool
		want    bool
	}{
		{799_996_000, 800_000_000, true, true}, {799_940_000, 800_000_000, true, false}, {800_000_000, 800_000_000, true, false}, {823_000_000, 825_000_000, true, false}, {824_950_001, 825_000_000, true, true},
		{824_949_999, 825_000_000, true, false}, {0, 800_000_000, true, false}, {59_996_000_000, 60_000_000_000, false, true}, {59_994_000_000, 60_000_000_000, false, false},
	} {
		if got := below(c.n, c.line, 9, c.percent); got != c.want {
			t.Errorf("%d under %d: %v", c.n, c.line, got)
		}
	}
	for want, lines := range map[int][]int64{0: {800_000, 1_000_000}, 1: {800_000, 825_000}, 2: {123_400}, 4: {800_001}} {
		if got := lineDigits(lines...); got != want {
			t.Errorf("%v need %d digits, want %d", lines, got, want)
		}
		c := Column{Kind: KindPercent, Scale: 6, Decimals: want}
		for _, l := range lines {
			if cut(cut(l, 4-want), want-4) != l {
				t.Errorf("%d shows %s", l, c.Show(number(l), "en"))
			}
		}
	}
}

// A table that is too wide for pages leaves there as many rows as they show, and knows how many there are.
func TestPaged(t *testing.T) {
	wide := &Table{Key: "gaps", PageRows: 2, Columns: []Column{{Key: "a"}, {Key: "b"}, {Key: "c"}}}
	for i := range 5 {
		wide.Rows = append(wide.Rows, []Cell{number(int64(i)), number(int64(10 * i)), number(int64(100 * i))})
	}
	p := paged(wide, "c", "a")
	if !wide.SheetOnly || !p.PageOnly || len(p.Rows) != 2 || p.Cut != 3 || p.Key != "gaps-page" || p.Rows[1][0].Num != 100 || p.Rows[1][1].Num != 1 || p.Columns[0].Key != "c" {
		t.Errorf("%+v", p)
	}
}

// A score that was not there before, or is no longer, did not “stay the same”: the map says that it cannot be compared.
func TestTrendMapOfWhatCannotBeCompared(t *testing.T) {
	known := coverage.Score{Scope: coverage.Overall, Known: true, Score: 50}
	run := &coverage.Run{RunInfo: coverage.RunInfo{Hash: "b"}, Catalog: &catalog.Catalog{}, Scores: []coverage.Score{known, known, known, {Scope: coverage.Overall}},
		Subjects: []coverage.Subject{{ID: "new", Level: "unit"}, {ID: "better", Level: "unit"}, {ID: "same", Level: "unit"}, {ID: "gone", Level: "unit"}}}
	s := &Source{Run: run, Members: make([][]int, 4), Trend: &trend.Trend{Subjects: []trend.Subject{
		{ID: "new", Level: "unit", Scores: []trend.Score{{Scope: coverage.Overall, After: known}}},
		{ID: "better", Level: "unit", Scores: []trend.Score{{Scope: coverage.Overall, Before: known, After: known, Change: trend.Points{Known: true, Score: 5}}}},
		{ID: "gone", Level: "unit", Scores: []trend.Score{{Scope: coverage.Overall, Before: known}}},
	}}}
	p, err := s.part(Area{})
	if err != nil {
		t.Fatal(err)
	}
	fill := s.trendMap(p, s.base(p)).Plot.(*Map).Fill
	if want := []Tone{ToneNotAssessed, ToneBetter, ToneNone, ToneNotAssessed}; !slices.Equal(fill, want) {
		t.Errorf("%v, want %v", fill, want)
	}
}

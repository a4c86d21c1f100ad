package report

import "testing"

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

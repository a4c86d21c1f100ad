package api

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"lifecircle/coverage"
)

func TestParseBBox(t *testing.T) {
	for value, want := range map[string][]orb.Bound{
		"1,2,3,4":                 {{Min: orb.Point{1, 2}, Max: orb.Point{3, 4}}},
		"-1.5, 2 ,3,4":            {{Min: orb.Point{-1.5, 2}, Max: orb.Point{3, 4}}},
		"1,2,-10,3,4,10":          {{Min: orb.Point{1, 2}, Max: orb.Point{3, 4}}},
		"-180,-90,180,90":         {{Min: orb.Point{-180, -90}, Max: orb.Point{180, 90}}},
		"177,-20,-178,-15":        {{Min: orb.Point{177, -20}, Max: orb.Point{180, -15}}, {Min: orb.Point{-180, -20}, Max: orb.Point{-178, -15}}},
		"106.5,29.5,106.5,29.5":   {{Min: orb.Point{106.5, 29.5}, Max: orb.Point{106.5, 29.5}}},
		"1e1,2.0,1.1e1,3.00":      {{Min: orb.Point{10, 2}, Max: orb.Point{11, 3}}},
		"106.5,29.5,106.50,29.50": {{Min: orb.Point{106.5, 29.5}, Max: orb.Point{106.5, 29.5}}},
	} {
		got, err := parseBBox(value)
		if err != nil {
			t.Errorf("%s: %v", value, err)
		} else if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", value, d)
		}
	}
}

func TestParseLimit(t *testing.T) {
	for value, want := range map[string]int{"1": 1, "0042": 42, "10000": 10000, "10001": 10000, "184467440737095516160": 10000} {
		if got, err := parseLimit(value); err != nil || got != want {
			t.Errorf("%s: %d %v, want %d", value, got, err, want)
		}
	}
}

// A front end writes the same number in several ways: each finds the same rows, and none is rounded into another.
func TestParseNumber(t *testing.T) {
	share := coverage.Column{Name: "share", Type: coverage.DecimalColumn, Decimals: 9}
	units := coverage.Column{Name: "units", Type: coverage.IntegerColumn}
	never := filter{never: true}
	for _, c := range []struct {
		column coverage.Column
		value  string
		want   filter
		bad    bool
	}{
		{share, "0.5", filter{value: coverage.Value{Int: 500000000}}, false},
		{share, "0.500", filter{value: coverage.Value{Int: 500000000}}, false},
		{share, "5e-1", filter{value: coverage.Value{Int: 500000000}}, false},
		{share, "1e-7", filter{value: coverage.Value{Int: 100}}, false},
		{share, "1E+2", filter{value: coverage.Value{Int: 100000000000}}, false},
		{share, "-0.25", filter{value: coverage.Value{Int: -250000000}}, false},
		{share, "-0", filter{}, false}, {share, "0e999999999999999999999", filter{}, false},
		{share, "1e-10", never, false}, {share, "0.1234567891", never, false},
		{share, "1e218", never, false}, {share, "1e-99999999999999999999", never, false}, {share, "99999999999999999999", never, false},
		{units, "12", filter{value: coverage.Value{Int: 12}}, false},
		{units, "12.0", filter{value: coverage.Value{Int: 12}}, false},
		{units, "1.2e1", filter{value: coverage.Value{Int: 12}}, false},
		{units, "1.5", filter{}, true}, {units, "1e-1", filter{}, true},
		{share, ".5", filter{}, true}, {share, "1.", filter{}, true}, {share, "1e", filter{}, true}, {share, "e5", filter{}, true}, {share, "1e1.5", filter{}, true},
		{share, "0x10", filter{}, true}, {share, "+1", filter{}, true}, {share, "NaN", filter{}, true}, {share, "1_0", filter{}, true}, {share, "--1", filter{}, true},
	} {
		got, err := parseFilter(c.column, c.value)
		if (err != nil) != c.bad || (err == nil && got != c.want) {
			t.Errorf("%s=%s: %+v %v, want %+v", c.column.Name, c.value, got, err, c.want)
		}
	}
}

var fuzzColumns = []coverage.Column{{Name: "kind", Type: coverage.TextColumn}, {Name: "share", Type: coverage.DecimalColumn, Decimals: 9},
	{Name: "limit", Type: coverage.TextColumn}, {Name: "flag", Type: coverage.BooleanColumn}, {Name: "n", Type: coverage.IntegerColumn}}

// Whatever stands in the query, the answer is a query within bounds or an error that names the parameter and says what is wrong in
// both languages.
func FuzzParseItems(f *testing.F) {
	f.Fuzz(func(t *testing.T, raw string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL = &url.URL{Path: "/", RawQuery: raw}
		values, err := parseQuery(r)
		var q itemsQuery
		if err == nil {
			q, err = parseItems(values, fuzzColumns, true)
		}
		if err != nil {
			p := problemOf(err)
			if p.Status != http.StatusBadRequest || p.Detail == "" || p.DetailZh == "" {
				t.Fatalf("%q: %+v", raw, p)
			}
			return
		}
		if q.limit < 1 || q.limit > maxLimit || q.offset < 0 {
			t.Fatalf("%q: limit %d offset %d", raw, q.limit, q.offset)
		}
		for _, b := range q.boxes {
			if b.Min[0] > b.Max[0] || b.Min[1] > b.Max[1] || b.Min[0] < -180 || b.Max[0] > 180 || b.Min[1] < -90 || b.Max[1] > 90 {
				t.Fatalf("%q: box %v", raw, b)
			}
		}
		for _, f := range q.filters {
			if f.column < 0 || f.column >= len(fuzzColumns) {
				t.Fatalf("%q: column %d", raw, f.column)
			}
		}
		again, err := url.ParseQuery(values.Encode())
		if err != nil {
			t.Fatal(err)
		}
		q2, err := parseItems(again, fuzzColumns, true)
		if err != nil || cmp.Diff(q, q2, cmp.AllowUnexported(itemsQuery{}, filter{})) != "" {
			t.Fatalf("%q: a link to this page asks for something else: %v", raw, err)
		}
	})
}

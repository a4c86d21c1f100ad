package catalog_test

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"lifecircle/coverage/catalog"
)

// A pass line read through floating point would make a neighborhood that covers exactly 80 % fail its line.
func TestParsePpm(t *testing.T) {
	for text, want := range map[string]catalog.Ppm{
		"0": 0, "1": 1e6, "0.8": 800_000, "0.80": 800_000, "0.800000000": 800_000, "0.000001": 1, "-2.5": -2_500_000,
		"999999999999.999999": 999_999_999_999_999_999, "0.3": 300_000, "90": 90e6,
	} {
		if got, err := catalog.ParsePpm(text); err != nil || got != want {
			t.Errorf("ParsePpm(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-", ".5", "5.", "1e3", "0x10", "1_000", "010", "+1", " 1", "1,5", "0.0000001", "1000000000000", ".inf", "١"} {
		if got, err := catalog.ParsePpm(text); err == nil {
			t.Errorf("ParsePpm(%q) = %v, want an error", text, got)
		}
	}
}

func TestPpmRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := catalog.Ppm(rapid.Int64Range(-999_999_999_999_999_999, 999_999_999_999_999_999).Draw(t, "ppm"))
		src, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got catalog.Ppm
		if err := json.Unmarshal(src, &got); err != nil || got != want {
			t.Fatalf("%d → %s → %d, %v", want, src, got, err)
		}
	})
}

func TestLimitJSON(t *testing.T) {
	for _, c := range []struct {
		limit catalog.Limit
		want  string
	}{
		{catalog.Limit{}, `{}`},
		{catalog.Limit{RadiusMM: 500_000}, `{"radius_m":500}`},
		{catalog.Limit{RadiusMM: 300_500, PathMM: 450_001, Seconds: 450}, `{"radius_m":300.5,"path_m":450.001,"minutes":7.5}`},
		{catalog.Limit{Seconds: 100}, `{"seconds":100}`},
	} {
		src, err := json.Marshal(c.limit)
		if err != nil || string(src) != c.want {
			t.Errorf("%+v: %s, %v; want %s", c.limit, src, err, c.want)
		}
		var back catalog.Limit
		if err := json.Unmarshal(src, &back); err != nil || back != c.limit {
			t.Errorf("%s: read back as %+v, %v", src, back, err)
		}
	}
}

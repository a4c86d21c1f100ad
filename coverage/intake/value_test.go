package intake

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"lifecircle/coverage"
	"lifecircle/geo/geojson"
)

// A count read through a float loses people; a comma read as a decimal point loses thousands of them.
func TestAmount(t *testing.T) {
	num := func(s string) geojson.Value { return geojson.Value{Kind: geojson.Number, Text: s} }
	str := func(s string) geojson.Value { return geojson.Value{Kind: geojson.String, Text: s} }
	for _, c := range []struct {
		name string
		v    geojson.Value
		want int64
		bad  numberError
	}{
		{"integer", num("12"), 12000, numberOK},
		{"text", str(" 12 "), 12000, numberOK},
		{"thousandths", num("0.001"), 1, numberOK},
		{"half up", num("0.0005"), 1, numberOK},
		{"below half", num("0.00049999999999999999"), 0, numberOK},
		{"no float drift", num("1.0005"), 1001, numberOK},
		{"exponent", num("1.5e3"), 1500000, numberOK},
		{"negative exponent", num("15e-4"), 2, numberOK},
		{"tiny", num("1e-400"), 0, numberOK},
		{"largest", num("1000000000000"), 1_000_000_000_000_000, numberOK},
		{"minus zero", num("-0"), 0, numberOK},
		{"null", geojson.Value{}, coverage.Unknown, numberOK},
		{"empty text", str("  "), coverage.Unknown, numberOK},
		{"plus", str("+5"), 5000, numberOK},
		{"leading zeros", str("0012"), 12000, numberOK},
		{"bare fraction", str(".5"), 500, numberOK},
		{"negative", num("-1"), 0, negative},
		{"negative text", str("-0.5"), 0, negative},
		{"too large", num("1000000000000.001"), 0, tooLarge},
		{"far too large", num("1e400"), 0, tooLarge},
		{"huge exponent", num("1e99999999999999999999"), 0, tooLarge},
		{"thousands separator", str("1,200"), 0, thousandsSeparator},
		{"full-width separator", str("1，200"), 0, thousandsSeparator},
		{"word", str("many"), 0, notANumber},
		{"unit", str("12人"), 0, notANumber},
		{"NaN", str("NaN"), 0, notANumber},
		{"infinity", str("Inf"), 0, notANumber},
		{"hex", str("0x10"), 0, notANumber},
		{"dash", str("-"), 0, notANumber},
		{"point", str("."), 0, notANumber},
		{"two points", str("1.2.3"), 0, notANumber},
		{"dangling exponent", str("1e"), 0, notANumber},
		{"true", geojson.Value{Kind: geojson.Bool, Text: "true"}, 0, notANumber},
		{"list", geojson.Value{Kind: geojson.JSON, Text: "[1]"}, 0, notANumber},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, bad := amount(c.v, milliPlaces, maxAmount)
			if bad != c.bad || bad == numberOK && got != c.want {
				t.Errorf("amount(%q) = %d, %v; want %d, %v", c.v.Text, got, bad, c.want, c.bad)
			}
		})
	}
}

// The oracle is exact rational arithmetic.
func TestAmountAgainstRationals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[0-9]{1,12}(\.[0-9]{0,12})?(e-?[0-9]{1,2})?`).Draw(t, "number")
		places := rapid.SampledFrom([]int{milliPlaces, mm2Places}).Draw(t, "places")
		exact, ok := new(big.Rat).SetString(strings.Replace(text, ".e", "e", 1))
		if !ok {
			t.Fatalf("oracle cannot read %q", text)
		}
		ten := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)
		exact.Mul(exact, new(big.Rat).SetInt(ten))
		exact.Add(exact, big.NewRat(1, 2))
		want := new(big.Int).Quo(exact.Num(), exact.Denom()) // floor, since ≥ 0
		limit := new(big.Int).Mul(ten, big.NewInt(maxAmount))
		got, bad := scaled(text, places, maxAmount)
		if want.Cmp(limit) > 0 {
			if bad != tooLarge {
				t.Fatalf("%q is %v in units, got %d, %v", text, want, got, bad)
			}
			return
		}
		if bad != numberOK || got != want.Int64() {
			t.Fatalf("%q is %v in units, got %d, %v", text, want, got, bad)
		}
	})
}

func TestTimesMilli(t *testing.T) {
	for _, c := range []struct {
		n, milli, want int64
		ok             bool
	}{
		{100_000_000, 6000, 600_000_000, true},
		{1, 500, 1, true},
		{1, 499, 0, true},
		{0, 1_000_000, 0, true},
		{1e18, 1000, 1e18, true},
		{1e18, 1001, 0, false},
		{1e18, 1_000_000, 0, false},
	} {
		if got, ok := timesMilli(c.n, c.milli); ok != c.ok || ok && got != c.want {
			t.Errorf("timesMilli(%d, %d) = %d, %v; want %d, %v", c.n, c.milli, got, ok, c.want, c.ok)
		}
	}
}

// A planned clinic that counts as existing closes a gap that is there.
func TestStatusOf(t *testing.T) {
	for word, want := range map[string]coverage.Status{
		"existing": coverage.StatusExisting, "现状": coverage.StatusExisting, " 已建 ": coverage.StatusExisting, "运营": coverage.StatusExisting, "Open": coverage.StatusExisting,
		"在建": coverage.StatusConstruction, "Under Construction": coverage.StatusConstruction, "under_construction": coverage.StatusConstruction,
		"规划": coverage.StatusPlanned, "拟建": coverage.StatusPlanned, "PLANNED": coverage.StatusPlanned,
		"停用": coverage.StatusClosed, "关闭": coverage.StatusClosed, "已撤销": coverage.StatusClosed, "closed": coverage.StatusClosed,
		"": coverage.StatusUnknown, "未知": coverage.StatusUnknown,
	} {
		if got, ok := statusOf(word); !ok || got != want {
			t.Errorf("statusOf(%q) = %v, %v; want %v", word, got, ok, want)
		}
	}
	if got, ok := statusOf("半开放"); ok || got != coverage.StatusUnknown {
		t.Errorf("an unknown word reads as %v, %v", got, ok)
	}
	for s := coverage.StatusUnknown; s <= coverage.StatusClosed; s++ {
		if got, ok := statusOf(s.String()); !ok || got != s {
			t.Errorf("our own word %q reads as %v, %v", s, got, ok)
		}
	}
}

func TestDateOf(t *testing.T) {
	for _, c := range []struct {
		text    string
		end     bool
		want    string
		rounded bool
	}{
		{"2024-05-01", false, "2024-05-01", false},
		{"2024/5/1", false, "2024-05-01", false},
		{"2024.05.01", false, "2024-05-01", false},
		{"20240501", false, "2024-05-01", false},
		{"2024年5月1日", false, "2024-05-01", false},
		{"2024-05-01T10:00:00Z", false, "2024-05-01", false},
		{"2024-05-01 10:00", false, "2024-05-01", false},
		{"2024", false, "2024-01-01", true},
		{"2024", true, "2024-12-31", true},
		{"2024年", true, "2024-12-31", true},
		{"2024-02", false, "2024-02-01", true},
		{"2024-02", true, "2024-02-29", true},
		{"2023年2月", true, "2023-02-28", true},
		{"2024-02-29", true, "2024-02-29", false},
	} {
		if got, rounded, ok := dateOf(c.text, c.end); !ok || got != c.want || rounded != c.rounded {
			t.Errorf("dateOf(%q, %v) = %q, %v, %v; want %q, %v", c.text, c.end, got, rounded, ok, c.want, c.rounded)
		}
	}
	for _, bad := range []string{"", "soon", "2023-02-29", "2024-13-01", "2024-00-01", "2024-1-32", "24-05-01", "01/05/2024", "2024--05", "2024-", "2024-05-01-02",
		"0000-01-01", "２０２４", "2024年5月 1日", "2024-5-1x"} {
		if got, _, ok := dateOf(bad, false); ok {
			t.Errorf("dateOf(%q) = %q, want a refusal", bad, got)
		}
	}
}

func TestParentsOf(t *testing.T) {
	for _, c := range []struct {
		name string
		v    geojson.Value
		want string
		bad  bool
	}{
		{"none", geojson.Value{}, "", false},
		{"text", geojson.Value{Kind: geojson.String, Text: "朝天门街道"}, "朝天门街道", false},
		{"number", geojson.Value{Kind: geojson.Number, Text: "500103001"}, "500103001", false},
		{"list, sorted, each once", geojson.Value{Kind: geojson.JSON, Text: `["b","a","b",1]`}, "1|a|b", false},
		{"comma in a name", geojson.Value{Kind: geojson.JSON, Text: `["a,b","c\"],[d"]`}, `a,b|c"],[d`, false},
		{"empty list", geojson.Value{Kind: geojson.JSON, Text: `[]`}, "", false},
		{"nested list", geojson.Value{Kind: geojson.JSON, Text: `[["a"]]`}, "", true},
		{"object", geojson.Value{Kind: geojson.JSON, Text: `{"a":1}`}, "", true},
		{"true", geojson.Value{Kind: geojson.Bool, Text: "true"}, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := parentsOf(c.v)
			if ok == c.bad || strings.Join(got, "|") != c.want {
				t.Errorf("got %q, %v; want %q", got, ok, c.want)
			}
		})
	}
}

func TestLayerName(t *testing.T) {
	for file, want := range map[string]string{
		"clinics.geojson": "clinics", "a/b/诊所.geojson.gz": "诊所", `C:\data\parks.JSON`: "parks", "2024.05.clinics.geojson": "2024.05.clinics",
		"noext": "noext", "x.shp": "x", ".geojson": ".geojson", "": "", "-": "",
	} {
		if got := layerName(file); got != want {
			t.Errorf("layerName(%q) = %q, want %q", file, got, want)
		}
	}
}

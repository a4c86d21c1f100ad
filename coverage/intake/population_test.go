package intake

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"lifecircle/coverage"
	"lifecircle/geo/geojson"
)

// rowsSource gives rows of texts under a header.
type rowsSource struct {
	header []string
	rows   [][]string
	at     int
}

func (s *rowsSource) Next() (Row, error) {
	if s.at == len(s.rows) {
		return Row{}, io.EOF
	}
	row := Row{N: s.at + 1}
	for i, name := range s.header {
		v := geojson.Value{}
		if text := s.rows[s.at][i]; text != "" {
			v = geojson.Value{Kind: geojson.String, Text: text}
		}
		row.Feature.Properties = append(row.Feature.Properties, geojson.Property{Key: name, Value: v})
	}
	slices.SortFunc(row.Feature.Properties, func(a, b geojson.Property) int { return strings.Compare(a.Key, b.Key) })
	s.at++
	return row, nil
}

func (s *rowsSource) Info() SourceInfo { return SourceInfo{Format: "csv", Fields: s.header} }

// communities are neighborhoods with 12-digit codes in two streets, two of which have the same name.
func communities() *coverage.Layer {
	l := &coverage.Layer{
		IDs:   []string{"500103001001", "500103001002", "500103002001", "500103002003"},
		Names: []string{"朝天门社区", "新华社区", "新华社区", "学田湾 (北)社区"},
	}
	streets, codes := [][]string{}, [][]string{}
	for i, id := range l.IDs {
		codes = append(codes, []string{id[:6]})
		streets = append(streets, []string{[]string{"朝天门街道", "大溪沟街道"}[i/2]})
	}
	l.Parents = []coverage.ParentColumn{{Level: "district", Parents: codes}, {Level: "street", Parents: streets}}
	return l
}

func unitsOf(layers ...*coverage.Layer) *Units {
	u, _ := ReadUnits(context.Background(), nil, nil) // reads no store
	for _, l := range layers {
		u.add(l)
	}
	return u
}

// Tables of people name communities in many ways: each is joined, mended with a record, or refused with a reason, and never guessed.
func TestJoinByCodeAndName(t *testing.T) {
	for _, c := range []struct{ cell, street, want string }{
		{"500103001001", "", "500103001001"},
		{"500103001001.0", "", "500103001001 code_repaired"},
		{"'500103001001", "", "500103001001 code_repaired"},
		{"５００１０３００１００１", "", "500103001001 code_repaired"},
		{"5.00103001001E+11", "", "500103001001 code_repaired"},
		{"5.00103E+11", "", "refused code_rounded"},
		{"000500103001001", "", "500103001001 code_repaired"},
		{"500103001", "", "refused higher_level"},
		{"500103001000", "", "refused higher_level"},
		{"500103000000", "", "refused higher_level"},
		{"500103", "", "refused higher_level"},
		{"500103009001", "", "500103009001"},
		{"500999", "", "500999"},
		{"朝天门社区", "", "500103001001"},
		{"朝天门社区", "大溪沟街道", "refused parent_mismatch"},
		{"朝天门社区居委会", "", "500103001001 name_variant"},
		{"朝天门", "", "500103001001 name_variant"},
		{"新华社区", "", "refused ambiguous_name"},
		{"新华社区", "大溪沟街道", "500103002001"},
		{"新华社区居民委员会", "朝天门 街道", "500103001002 name_variant"},
		{"学田湾（北）社区", "", "500103002003"},
		{"学田湾社区", "", "学田湾社区"},
		{"朝天门街道", "", "refused higher_level"},
		{"合计", "", "refused total_row"},
		{"不存在社区", "", "不存在社区"},
		{"", "", ""},
	} {
		t.Run(c.cell+" "+c.street, func(t *testing.T) {
			src := unitsOf(communities()).Join(&rowsSource{header: []string{"社区", "街道"}, rows: [][]string{{c.cell, c.street}}}, "社区", []ParentSpec{{"street", "街道"}}, false)
			row, err := src.Next()
			if err != nil {
				t.Fatal(err)
			}
			got := row.Feature.ID
			if row.Refused != nil {
				got = "refused " + row.Refused.Code
			}
			for _, f := range row.Repairs {
				got += " " + f.Code
			}
			if got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
			if v, _ := row.Feature.Properties.Get("社区"); v.Text != c.cell {
				t.Errorf("the cell became %q", v.Text)
			}
		})
	}
}

func TestJoinNotes(t *testing.T) {
	src := unitsOf(communities()).Join(&rowsSource{header: []string{"社区", "区"}, rows: [][]string{
		{"新华社区", "渝中区"}, {"新华社区", ""}, {"朝天门社区", "渝中区"}, {"500103001", ""}, {"0500103002001", ""}}}, "社区", []ParentSpec{{"district", "区"}}, false)
	for {
		if _, err := src.Next(); err == io.EOF {
			break
		}
	}
	var got []string
	for _, n := range src.Info().Notes {
		got = append(got, n.Code+": "+n.Text.En)
	}
	want := []string{
		"joined_by_name: 1 rows were joined to neighborhoods by name",
		"codes_repaired: the codes of 1 rows were restored from numbers, or got their zeros back",
		"ambiguous_names: 1 names stand for several neighborhoods, and their rows were refused: 新华社区",
		"higher_levels: 1 totals of streets or districts were not used: 500103001",
		"parents_not_compared: 1 levels could not be compared, as the project has codes and the table names, or the reverse: district",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// Streets as neighborhoods take the codes of streets in either length, and not those of their communities.
func TestJoinStreets(t *testing.T) {
	streets := &coverage.Layer{IDs: []string{"500103001", "500103002"}, Names: []string{"朝天门街道", "大溪沟街道"}}
	padded := &coverage.Layer{IDs: []string{"500104001000"}, Names: []string{""}}
	u := unitsOf(streets, padded)
	for cell, want := range map[string]string{"500103001": "500103001", "500103001000": "500103001", "500104001": "500104001000", "朝天门街道": "500103001"} {
		s := u.Join(nil, "", nil, false).(*joinSource)
		if m := s.find(cell, nil); m.refused != nil || m.id != want {
			t.Errorf("%s: %+v, want %s", cell, m, want)
		}
	}
	only := unitsOf(streets).Join(nil, "", nil, false).(*joinSource)
	if m := only.find("500103001001", nil); m.refused == nil || m.refused.Code != "lower_level" {
		t.Errorf("%+v", m)
	}
	districts := unitsOf(&coverage.Layer{IDs: []string{"500103", "500104"}, Names: []string{"渝中区", "大渡口区"}}).Join(nil, "", nil, false).(*joinSource)
	for _, part := range []string{"500103001", "500103001000", "500103001001"} {
		if m := districts.find(part, nil); m.refused == nil || m.refused.Code != "lower_level" {
			t.Errorf("%s in a project of districts: %+v", part, m)
		}
	}
	for cell, id := range map[string]string{"500103000000": "500103", "500199001": "500199001", "500104": "500104"} {
		if m := districts.find(cell, nil); m.refused != nil || m.id != id {
			t.Errorf("%s in a project of districts: %+v", cell, m)
		}
	}
}

// A code that is written as a spreadsheet may write it is found again, or refused as rounded; never taken for another.
func TestCodesComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 15).Draw(t, "digits")
		code := fmt.Sprintf("%0*d", n, rapid.Int64Range(1, 999_999_999_999).Draw(t, "code")%pow10(n))
		v := 0.0
		fmt.Sscanf(code, "%g", &v)
		written := rapid.SampledFrom([]string{code, code + ".0", "'" + code, strings.TrimLeft(code, "0"), fmt.Sprintf("%.5E", v), fmt.Sprintf("%.14E", v), fmt.Sprintf("%.0f", v)}).Draw(t, "written")
		if strings.Trim(written, "0.'E+-") == "" {
			return
		}
		digits, rounded, ok := codeOf(written)
		if !ok {
			t.Fatalf("%q is no code", written)
		}
		if !rounded && strings.TrimLeft(digits, "0") != strings.TrimLeft(code, "0") && !strings.Contains(written, "E") {
			t.Fatalf("%q became %q", code, digits)
		}
		if strings.Contains(written, "E") && !rounded && fmt.Sprintf("%.14E", v) == written && strings.TrimLeft(digits, "0") != strings.TrimLeft(code, "0") {
			t.Fatalf("%q became %q", code, digits)
		}
	})
}

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

func FuzzCodeOf(f *testing.F) {
	for _, s := range []string{"500103001001", "5.00103E+11", "1E99", "-1", "1.5", "1e+1e", "E5", "０"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		digits, _, ok := codeOf(s)
		if ok && (digits == "" || !allDigits(digits) || len(digits) > 200) {
			t.Fatalf("%q became %q", s, digits)
		}
		u := unitsOf(communities())
		m := u.Join(nil, "", nil, false).(*joinSource).find(s, nil)
		if _, known := u.byID[m.id]; m.refused == nil && !known && m.id != s && m.id != digits {
			t.Fatalf("%q became %q", s, m.id)
		}
	})
}

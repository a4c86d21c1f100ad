package intake

import (
	"strings"
	"testing"

	"lifecircle/coverage"
)

// A table of people by name reaches the neighborhoods that it names; what it cannot tell apart is listed and not used.
func TestImportOfPeopleByName(t *testing.T) {
	st := newMemoryStore()
	o := units
	o.IDField, o.NameField, o.Parents = "code", "name", []ParentSpec{{"street", "街道"}}
	mustImport(t, st, "units.geojson", collection(
		square(``, 106, 29, 0.1, `"code":"500103001001","name":"朝天门社区","街道":"朝天门街道"`),
		square(``, 106.2, 29, 0.1, `"code":"500103001002","name":"新华社区","街道":"朝天门街道"`),
		square(``, 106.4, 29, 0.1, `"code":"500103002001","name":"新华社区","街道":"大溪沟街道"`)), o)
	people := withTables(Options{Role: coverage.RoleAttributes, JoinField: "社区", Measures: []MeasureSpec{{"population", "人口"}}})
	table := "人口,社区,街道\n10,朝天门社区居委会,朝天门街道\n20,新华社区,朝天门街道\n30,新华社区,大溪沟街道\n60,合计,\n"

	rep := mustImport(t, st, "people.csv", table, people)
	if rep.Used != 0 || rep.Repaired != 1 || rep.Refused != 3 || !strings.Contains(rep.Rows[1].TextZh, "500103002001 district=500103 street=大溪沟街道") {
		t.Errorf("without parents: %+v", rep)
	}
	people.Parents, people.Replace = []ParentSpec{{"street", "街道"}}, true
	rep = mustImport(t, st, "people.csv", table, people)
	if rep.Used != 2 || rep.Repaired != 1 || rep.Refused != 1 || warnings(rep) != "joined_by_name" {
		t.Fatalf("%+v", rep)
	}
	l, err := st.Layer(t.Context(), rep.Hash)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(l.IDs, " ") != "500103001001 500103001002 500103002001" || l.Measures[0].Values[2] != 30_000 || !strings.Contains(l.Properties[0], "朝天门社区居委会") {
		t.Errorf("%v %v %v", l.IDs, l.Measures, l.Properties)
	}
}

// A bureau's table of names says what streets and districts are called, which a 12-digit code does not; without figures no row of it is a total.
func TestImportOfNames(t *testing.T) {
	st := newMemoryStore()
	o := units
	o.IDField = "code"
	mustImport(t, st, "units.geojson", collection(
		square(``, 106, 29, 0.1, `"code":"500103001001"`), square(``, 106.2, 29, 0.1, `"code":"500103002001","name":"大溪沟社区"`)), o)
	table := "code,名称\n500103,渝中区\n500103001,朝天门街道\n500103002000,大溪沟街道\n500103001001,朝天门社区\n500104001,某街道\n"
	names := withTables(Options{Role: coverage.RoleAttributes, JoinField: "code"})
	if _, err := importText(t, st, "names.csv", table, names); coverage.CodeOf(err) != coverage.Invalid {
		t.Errorf("neither figures nor names are asked for: %v", err)
	}
	names.NameField = "名称"
	rep := mustImport(t, st, "names.csv", table, names)
	if rep.Used != 5 || rep.Refused != 0 || warnings(rep) != "unmatched" || !strings.Contains(rep.Warnings[0].Text, "1 of 5") || !strings.Contains(rep.Warnings[0].Text, "500104001") {
		t.Fatalf("%+v", rep)
	}
	l, err := st.Layer(t.Context(), rep.Hash)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(l.IDs, " ") + "|" + strings.Join(l.Names, " "); got != "500103 500103001 500103001001 500103002 500104001|渝中区 朝天门街道 朝天门社区 大溪沟街道 某街道" {
		t.Error(got)
	}
	names.Measures, names.Replace = []MeasureSpec{{"population", "人口"}}, true
	rep = mustImport(t, st, "names.csv", "code,名称,人口\n500103001,朝天门街道,7\n500103001001,朝天门社区,5\n", names)
	if rep.Used != 1 || rep.Refused != 1 || reasons(rep) != "1 refused higher_level" {
		t.Errorf("with figures the street's row is a total: %+v", rep)
	}
}

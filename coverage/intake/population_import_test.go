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

package coverage_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"

	"lifecircle/coverage"
)

// A district's part of a layer holds its rows with every column, and is a layer of its own: with a hash, and readable again.
func TestSelectedRowsKeepEveryColumn(t *testing.T) {
	l := &coverage.Layer{
		Info: coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: coverage.RoleFacilities, Service: "clinic", Name: "c"}, Rows: 3, Services: []string{"clinic"},
			Surveys: []coverage.Survey{{Service: "clinic", Kind: coverage.SurveyEverywhere}}, Declared: coverage.Declared{"id-field": "id"}},
		IDs: []string{"a", "b", "c"}, Names: []string{"A", "B", "C"}, Points: []orb.Point{{1, 1}, {2, 2}, {3, 3}}, Properties: []string{"{}", `{"x":1}`, "{}"},
		Kinds: []string{"k", "", "m"}, Services: [][]string{{"clinic"}, {"clinic", "park"}, nil}, Status: []coverage.Status{1, 2, 3}, Opened: []string{"", "2020-01-01", ""},
		Closed: []string{"2021-01-01", "", ""}, Capacity: []int64{1, 2, 3}, AreaMM2: []int64{4, 5, 6}, FloorMM2: []int64{7, 8, 9},
		Parents:  []coverage.ParentColumn{{Level: "street", Parents: [][]string{{"s"}, {"t"}, nil}}},
		Measures: []coverage.Measure{{Name: "population", Modelled: true, Values: []int64{10, 20, 30}}},
	}
	l.Info.Hash = l.ComputeHash()
	if l.Select([]int{0, 1, 2}) != l {
		t.Error("all of a layer is not the layer")
	}
	part := l.Select([]int{1, 2})
	for what, ok := range map[string]bool{
		"ids": slices.Equal(part.IDs, []string{"b", "c"}), "names": part.Names[0] == "B", "points": part.Points[1] == orb.Point{3, 3}, "properties": part.Properties[0] == `{"x":1}`, "kinds": part.Kinds[1] == "m",
		"services": len(part.Services[0]) == 2, "status": part.Status[0] == 2, "opened": part.Opened[0] == "2020-01-01", "closed": part.Closed[1] == "", "capacity": part.Capacity[1] == 3,
		"area": part.AreaMM2[0] == 5, "floor": part.FloorMM2[1] == 9, "parents": part.Parents[0].Parents[0][0] == "t", "measures": part.Measures[0].Values[1] == 30 && part.Measures[0].Modelled,
		"hash": part.Info.Hash != l.Info.Hash && part.Info.Hash == part.ComputeHash(), "rows": part.Info.Rows == 2 && l.Info.Rows == 3,
		"bound": part.Info.Bound == orb.Bound{Min: orb.Point{2, 2}, Max: orb.Point{3, 3}}, "survey": part.Info.Survey("clinic").Kind == coverage.SurveyEverywhere,
	} {
		if !ok {
			t.Errorf("%s: %+v", what, part)
		}
	}
	again, err := coverage.UnpackLayer(part.Pack())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(part, again); d != "" {
		t.Error(d)
	}
	if none := l.Select([]int{}); none.Len() != 0 || none.Measures[0].Values == nil || none.Info.Bound != (orb.Bound{}) {
		t.Errorf("%+v", none)
	}
}

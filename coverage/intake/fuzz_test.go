package intake

import (
	"bytes"
	"context"
	"testing"

	"lifecircle/coverage"
)

// FuzzImport reads any bytes as every role: no crash, the counts add up, what is accepted is the same layer when read again,
// and an error is the file's or the options', never ours.
func FuzzImport(f *testing.F) {
	services := testServices(f)
	roles := []Options{
		{Role: coverage.RoleNeighborhoods, Parents: []ParentSpec{{"ward", "w"}}, KindField: "w"},
		{Role: coverage.RoleFacilities, ServiceField: "s", StatusField: "s", CapacityField: "population", AreaField: "population", OpenedField: "s", ClosedField: "w"},
		{Role: coverage.RoleDemand},
		{Role: coverage.RoleLand},
		{Role: coverage.RoleBuildings, FloorsField: "population", FloorAreaField: "w"},
		{Role: coverage.RoleAttributes, JoinField: "code", Measures: []MeasureSpec{{"population", "population"}}},
		{Role: coverage.RoleNetwork},
		{Role: coverage.RoleFacilities, Services: []string{"park"}},
	}
	f.Add(uint8(2), []byte(collection(point(`"a"`, 1, 2, `"population":1`), point(`"a"`, 1, 2, `"population":2`))))
	f.Fuzz(func(t *testing.T, role uint8, data []byte) {
		if len(data) > 1<<16 {
			t.Skip("long inputs only cost time")
		}
		o := roles[int(role)%len(roles)]
		l, rep, err := Build(context.Background(), services, "f.geojson", bytes.NewReader(data), o, nil)
		if rep == nil {
			t.Fatalf("no report: %v", err)
		}
		checkSums(t, rep, l)
		if err != nil {
			if code := coverage.CodeOf(err); code != coverage.Refused {
				t.Fatalf("%s: %v", code, err)
			}
			return
		}
		again, _, err := Build(context.Background(), services, "f.geojson", bytes.NewReader(data), o, nil)
		if err != nil || again.Info.Hash != l.Info.Hash {
			t.Fatalf("read again: %v, hash %s and %s", err, l.Info.Hash, again.Info.Hash)
		}
	})
}

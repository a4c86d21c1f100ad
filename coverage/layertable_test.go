package coverage

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/paulmach/orb"
)

// tableText writes a table as lines of cells, with the row's id first.
func tableText(t *testing.T, table Table) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("#")
	for _, c := range table.Columns {
		b.WriteString("|" + c.Name)
	}
	rows := 0
	if err := table.Each(func(id string, row []Value, g orb.Geometry) error {
		rows++
		b.WriteString("\n" + id)
		for i, v := range row {
			b.WriteString("|" + string(table.Columns[i].AppendText(nil, v)))
		}
		if g != nil {
			b.WriteString("|" + g.GeoJSONType())
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if rows != table.Len {
		t.Errorf("%d rows, the table says %d", rows, table.Len)
	}
	return b.String()
}

// What a planner sees in QGIS, in the API and in exports is this table.
func TestLayersTableOfEveryRole(t *testing.T) {
	samples := packSamples()
	tests := []struct {
		name string
		role Role
		want string
	}{
		{"neighborhoods", RoleNeighborhoods,
			`#|id|layer|name|level|kind|parents|population|modelled|derived|properties
500103001001|500103001001|社区|大溪沟社区|community|居住型|district=500103;street=500103001;street=500103002|12.345|population|由地块合并|{"a":1}|Polygon
500103001002|500103001002|社区||community||district=500103||population|由地块合并|{}|MultiPolygon`},
		{"facilities", RoleFacilities,
			`#|id|layer|name|services|status|opened|closed|capacity|area_m2|derived|properties
a|a|poi|一|clinic|existing|2020-01-01||1.000||||Point
b|b|poi|二|clinic,park|unknown||||5000.000|||Polygon
c|c|poi|三|park|closed||2024-02-29|0.005|0.000||`},
		{"buildings", RoleBuildings,
			`#|id|layer|name|area_m2|floor_m2|households|population|modelled|derived|properties
1|1|b||0.000|0.000|0.001|0.003||||Point
2|2|b||0.000||0.002|0.004||||Point`},
		{"network", RoleNetwork,
			`#|id|layer|name|derived|properties
x|x|roads||||LineString
y|y|roads||||MultiLineString`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			table, err := LayersTable(tt.role, []*Layer{samples[tt.name]})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, tableText(t, table)); d != "" {
				t.Error(d)
			}
		})
	}
}

// Two layers of a role are one table: every row once, by id, each with an id of its own.
func TestLayersTableMergesLayers(t *testing.T) {
	point := func(name, service string, measure string, ids ...string) *Layer {
		l := &Layer{Info: LayerInfo{LayerKey: LayerKey{Role: RoleDemand, Service: service, Name: name}}, IDs: ids, Points: make([]orb.Point, len(ids))}
		if measure != "" {
			values := make([]int64, len(ids))
			l.Measures = []Measure{{Name: measure, Values: values}}
		}
		return l
	}
	a := point("a", "", "population", "1", "2", "3")
	b := point("b", "", "level", "2", "2@a", "4")
	unsorted := point("c", "", "", "9", "2")
	want := `#|id|layer|name|measure:level|population|modelled|derived|properties
1|1|a|||0.000||||Point
2@a@|2|a|||0.000||||Point
2@b|2|b||0.000|||||Point
2@c|2|c|||||||Point
2@a|2@a|b||0.000|||||Point
3|3|a|||0.000||||Point
4|4|b||0.000|||||Point
9|9|c|||||||Point`
	for _, order := range [][]*Layer{{a, b, unsorted}, {unsorted, b, a}} {
		table, err := LayersTable(RoleDemand, order)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, tableText(t, table)); d != "" {
			t.Error(d)
		}
	}
	if unsorted.IDs[0] != "9" {
		t.Error("the layer given was changed")
	}
	if _, err := LayersTable(RoleLand, []*Layer{a}); err == nil {
		t.Error("a layer of another role is taken")
	}
	if _, err := LayersTable("attic", nil); err == nil {
		t.Error("an unknown role is taken")
	}
	empty, err := LayersTable(RoleLand, nil)
	if err != nil || empty.Len != 0 || tableText(t, empty) != "#|id|layer|name|derived|properties" {
		t.Errorf("no layers: %v %v", empty, err)
	}
}

func TestParentsAsText(t *testing.T) {
	columns := []ParentColumn{{"a;b", [][]string{{`x=1`, `y\2`}}}, {"street", [][]string{{"500103001"}}}}
	text := JoinParents(columns, 0)
	if want := `a\;b=x\=1;a\;b=y\\2;street=500103001`; text != want {
		t.Fatalf("%s, want %s", text, want)
	}
	got, err := SplitParents(text)
	if d := cmp.Diff([]Membership{{"a;b", "x=1"}, {"a;b", `y\2`}, {"street", "500103001"}}, got); err != nil || d != "" {
		t.Error(err, d)
	}
	tests := []struct {
		text string
		want []Membership
		bad  bool
	}{
		{text: ""},
		{text: " ; "},
		{text: "street = 1 ; district=2;", want: []Membership{{"street", "1"}, {"district", "2"}}},
		{text: "street=a=b", want: []Membership{{"street", "a=b"}}},
		{text: "street", bad: true},
		{text: "street=", bad: true},
		{text: "=1", bad: true},
	}
	for _, tt := range tests {
		got, err := SplitParents(tt.text)
		if (err != nil) != tt.bad || cmp.Diff(tt.want, got) != "" && !tt.bad {
			t.Errorf("%q: %v %v", tt.text, got, err)
		}
	}
}

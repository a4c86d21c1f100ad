package intake

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A clinic in two layers counts twice where a requirement counts clinics; the planner hears of it by the rule by which one layer would merge them.
func TestFacilitiesThatAnotherLayerHas(t *testing.T) {
	with := Options{Role: clinics.Role, ServiceField: "s", StatusField: "st"}
	cases := []struct {
		name string
		o    Options
		a, b string
	}{
		{"the same", clinics, named("a", "南坪诊所", 0, ""), named("b", "南坪诊所", 0, "")},
		{"44 m apart", clinics, named("a", "南坪诊所", 0, ""), named("b", "南坪诊所", 0.0004, "")},
		{"55 m apart", clinics, named("a", "南坪诊所", 0, ""), named("b", "南坪诊所", 0.0005, "")},
		{"bracket styles", clinics, named("a", "和平（南坪店）", 0, ""), named("b", "和平(南坪店)", 0, "")},
		{"branches", clinics, named("a", "和平（南坪店）", 0, ""), named("b", "和平", 0, "")},
		{"no names", clinics, named("a", "", 0, ""), named("b", "", 0, "")},
		{"another service", with, named("a", "甲", 0, `"s":"clinic","st":""`), named("b", "甲", 0, `"s":"park","st":""`)},
		{"a service in common", with, named("a", "甲", 0, `"s":"clinic","st":""`), named("b", "甲", 0, `"s":"clinic,park","st":""`)},
		{"planned beside existing", with, named("a", "甲", 0, `"s":"clinic","st":"existing"`), named("b", "甲", 0, `"s":"clinic","st":"planned"`)},
		{"status not known", with, named("a", "甲", 0, `"s":"clinic","st":"existing"`), named("b", "甲", 0, `"s":"clinic","st":""`)},
		{"a point in a park", clinics, square(`"a"`, 106.5, 29.5, 0.001, `"name":"园"`), point(`"b"`, 106.5002, 29.5002, `"name":"园"`)},
		{"parts of a park", clinics, square(`"a"`, 106.5, 29.5, 0.001, `"name":"园"`), square(`"b"`, 106.50101, 29.5, 0.001, `"name":"园"`)},
	}
	other := point(`"z"`, 107, 29.5, `"name":"另一家","s":"clinic,park","st":""`)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, together := mustBuild(t, collection(c.a, c.b), c.o)
			st := newMemoryStore()
			one, two := c.o, c.o
			one.Name, two.Name = "one", "two"
			if rep := mustImport(t, st, "one.geojson", collection(c.a, other), one); strings.Contains(warnings(rep), "also_in_layer") {
				t.Errorf("alone: %s", warnings(rep))
			}
			rep := mustImport(t, st, "two.geojson", collection(c.b), two)
			if strings.Contains(warnings(rep), "also_in_layer") != (together.Merged == 1) {
				t.Errorf("one layer merges %d of them, two layers say: %s", together.Merged, warnings(rep))
			}
			if rep.Used != 1 {
				t.Errorf("%d rows used", rep.Used)
			}
			again := two
			again.Replace = true
			if rep = mustImport(t, st, "two.geojson", collection(c.b, named("y", "第三家", 1, `"s":"clinic","st":""`)), again); strings.Contains(warnings(rep), "also_in_layer") != (together.Merged == 1) {
				t.Errorf("replaced: %s", warnings(rep))
			}
		})
	}
}

// Thousands of facilities have no name of their own: a city's public toilets must not be held against each other one by one.
func TestManyOfOneNameInTwoLayers(t *testing.T) {
	var one, two []string
	for i := range 20_000 {
		x, y := 106+float64(i%200)*0.002, 29+float64(i/200)*0.002
		one = append(one, point(fmt.Sprintf(`"n%d"`, i), x, y, `"name":"公共厕所"`))
		two = append(two, point(fmt.Sprintf(`"n%d"`, i), x, y+0.0003, `"name":"公共厕所"`))
	}
	st := newMemoryStore()
	o := Options{Role: clinics.Role, Services: clinics.Services, Name: "one"}
	mustImport(t, st, "one.geojson", collection(one...), o)
	o.Name = "two"
	start := time.Now()
	rep := mustImport(t, st, "two.geojson", collection(two...), o)
	if w := rep.Warnings[len(rep.Warnings)-1]; w.Code != "also_in_layer" || !strings.HasPrefix(w.Text, "20000 facilities") || !strings.Contains(w.TextZh, "20000 处设施") {
		t.Errorf("%+v", rep.Warnings)
	}
	t.Logf("%v", time.Since(start))
}

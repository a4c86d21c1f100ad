package coverage_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
)

// tester is what the helpers need of a test: *testing.T, *testing.F and *rapid.T have it.
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Fatal(args ...any)
}

// A lattice city lies on a grid of squares of about 1 km at 29.5° N. Its places are given in whole metres east
// and north of an origin, so that distances and shares are known in closed form.

const (
	originLon, originLat = 106.5, 29.5
)

// lonMetres and latMetres are the lengths of a degree at the origin, on the WGS 84 ellipsoid.
func degreeLengths(lat float64) (lon, latM float64) {
	const a, f = 6378137.0, 1 / 298.257223563
	e2 := f * (2 - f)
	s := math.Sin(lat * math.Pi / 180)
	w := 1 - e2*s*s
	n, m := a/math.Sqrt(w), a*(1-e2)/math.Pow(w, 1.5)
	return n * math.Cos(lat*math.Pi/180) * math.Pi / 180, m * math.Pi / 180
}

// xy gives the point east and north of the origin by metres (right to a millimetre near the origin).
func xy(east, north float64) orb.Point {
	lat := originLat
	for range 3 { // the meridian's scale in the middle of the way
		_, m := degreeLengths((originLat + lat) / 2)
		lat = originLat + north/m
	}
	lon, _ := degreeLengths(lat)
	return orb.Point{originLon + east/lon, lat}
}

func rect(x0, y0, x1, y1 float64) orb.Polygon {
	return orb.Polygon{{xy(x0, y0), xy(x1, y0), xy(x1, y1), xy(x0, y1), xy(x0, y0)}}
}

// layers of a test city

func units(level string, polys map[string]orb.Polygon) *coverage.Layer {
	l := &coverage.Layer{Info: coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: coverage.RoleNeighborhoods, Name: "units"}, Level: level}}
	for id, p := range polys {
		l.IDs = append(l.IDs, id)
		l.Names = append(l.Names, "社区 "+id)
		l.Shapes = append(l.Shapes, p)
	}
	l.Sort()
	return seal(l)
}

func facilities(name, service string, survey coverage.SurveyKind, area orb.MultiPolygon, at map[string]orb.Geometry) *coverage.Layer {
	l := &coverage.Layer{Info: coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: coverage.RoleFacilities, Service: service, Name: name},
		Services: []string{service}, Surveys: []coverage.Survey{{Service: service, Kind: survey, Area: area}}}}
	l.Shapes = []orb.Geometry{}
	for id, g := range at {
		l.IDs = append(l.IDs, id)
		l.Shapes = append(l.Shapes, g)
	}
	l.Sort()
	return seal(l)
}

func people(name string, at map[string]orb.Geometry, n map[string]int64) *coverage.Layer {
	l := &coverage.Layer{Info: coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: coverage.RoleDemand, Name: name}}}
	l.Shapes = []orb.Geometry{}
	m := coverage.Measure{Name: "population"}
	for id, g := range at {
		l.IDs = append(l.IDs, id)
		l.Shapes = append(l.Shapes, g)
		m.Values = append(m.Values, n[id]*1000)
	}
	l.Measures = []coverage.Measure{m}
	l.Sort()
	return seal(l)
}

func land(polys ...orb.Polygon) *coverage.Layer {
	l := &coverage.Layer{Info: coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: coverage.RoleLand, Name: "land"}}}
	for i, p := range polys {
		l.IDs = append(l.IDs, fmt.Sprint(i))
		l.Shapes = append(l.Shapes, p)
	}
	return seal(l)
}

func seal(l *coverage.Layer) *coverage.Layer {
	l.Info.Rows = l.Len()
	l.Info.Hash = l.ComputeHash()
	return l
}

var testServices = func() *catalog.Services {
	b, err := os.ReadFile("../data/catalogs/services.yaml")
	if err != nil {
		panic(err)
	}
	s, err := catalog.ParseServices(b, "services.yaml")
	if err != nil {
		panic(err)
	}
	return s
}()

func book(t tester, yaml string) *catalog.Catalog {
	t.Helper()
	c, findings, err := catalog.Parse([]byte("id: test\ntitle: {zh: 测试, en: test}\ntiers: [{id: \"15\", minutes: 15}, {id: \"5\", minutes: 5}]\n"+yaml), "test.yaml", testServices)
	if err != nil {
		t.Fatalf("%v %v", err, findings)
	}
	return c
}

func assess(t tester, cat *catalog.Catalog, p coverage.Params, layers ...*coverage.Layer) *coverage.Run {
	t.Helper()
	city, err := coverage.NewCity(layers)
	if err != nil {
		t.Fatal(err)
	}
	run, err := coverage.Assess(context.Background(), city, cat, testServices, p, coverage.Options{Threads: 2}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// change applies a change to a layer and gives it the hash of what it is then.
func change(l *coverage.Layer, f func(*coverage.Layer)) *coverage.Layer {
	f(l)
	return seal(l)
}

// parents says which parents of a level each unit belongs to: "a" → "s1 s2".
func parents(level string, of map[string]string) func(*coverage.Layer) {
	return func(l *coverage.Layer) {
		c := coverage.ParentColumn{Level: level}
		for _, id := range l.IDs {
			c.Parents = append(c.Parents, strings.Fields(of[id]))
		}
		l.Parents = append(l.Parents, c)
		l.Sort()
	}
}

// totals gives units a measure; units that are not named have none.
func totals(name string, n map[string]int64) func(*coverage.Layer) {
	return func(l *coverage.Layer) { l.Measures = append(l.Measures, measureOf(l, name, n)); l.Sort() }
}

func measureOf(l *coverage.Layer, name string, n map[string]int64) coverage.Measure {
	m := coverage.Measure{Name: name}
	for _, id := range l.IDs {
		if v, ok := n[id]; ok {
			m.Values = append(m.Values, v*1000)
		} else {
			m.Values = append(m.Values, coverage.Unknown)
		}
	}
	return m
}

func named(name string) func(*coverage.Layer) {
	return func(l *coverage.Layer) { l.Info.Name = name }
}

// buildings are points with footprint and floor areas in m²; −1 is unknown.
func buildings(at map[string]orb.Geometry, footprint, floor map[string]int64) *coverage.Layer {
	l := &coverage.Layer{Info: coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: coverage.RoleBuildings, Name: "buildings"}}, Shapes: []orb.Geometry{}}
	for id, g := range at {
		l.IDs, l.Shapes = append(l.IDs, id), append(l.Shapes, g)
	}
	l.Sort()
	column := func(m map[string]int64) (out []int64) {
		for _, id := range l.IDs {
			if v, ok := m[id]; ok {
				out = append(out, v*1_000_000)
			} else {
				out = append(out, coverage.Unknown)
			}
		}
		return out
	}
	l.AreaMM2, l.FloorMM2 = column(footprint), column(floor)
	return seal(l)
}

func everywhere(name, service string, at map[string]orb.Geometry) *coverage.Layer {
	return facilities(name, service, coverage.SurveyEverywhere, nil, at)
}

func unsurveyed(name, service string, at map[string]orb.Geometry) *coverage.Layer {
	return facilities(name, service, coverage.SurveyUnknown, nil, at)
}

func surveyedIn(name, service string, area orb.Polygon, at map[string]orb.Geometry) *coverage.Layer {
	return facilities(name, service, coverage.SurveyPolygon, orb.MultiPolygon{area}, at)
}

// one unit of 2 km × 2 km around the origin
func oneUnit() *coverage.Layer {
	return units("community", map[string]orb.Polygon{"a": rect(-1000, -1000, 1000, 1000)})
}

// records gives a table's rows as texts by column.
func records(t tester, table coverage.Table) []map[string]string {
	t.Helper()
	var out []map[string]string
	seen := map[string]bool{}
	err := table.Each(func(id string, row []coverage.Value, _ orb.Geometry) error {
		if seen[id] {
			t.Errorf("table %s has two rows with the id %s", table.Name, id)
		}
		seen[id] = true
		m := map[string]string{"#": id}
		for i, c := range table.Columns {
			m[c.Name] = string(c.AppendText(nil, row[i]))
		}
		out = append(out, m)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) != table.Len {
		t.Errorf("table %s has %d rows and says %d", table.Name, len(out), table.Len)
	}
	return out
}

// geojsonOf gives a table as bytes, geometry and all.
func geojsonOf(t tester, table coverage.Table) string {
	t.Helper()
	var b bytes.Buffer
	if err := table.WriteGeoJSON(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// everyTable gives all of a run's tables as bytes.
func everyTable(t tester, r *coverage.Run) string {
	t.Helper()
	var b strings.Builder
	for _, name := range []string{"scores", "coverage", "matrix", "gaps", "service_areas"} {
		table, err := r.Table(name)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(geojsonOf(t, table))
	}
	return b.String()
}

// sums gives a cell's tally and verdict in one comparable text.
func sums(c coverage.Cell) string {
	return fmt.Sprintf("%d %d %d %s", c.Total, c.Covered, c.Undetermined, c.Verdict)
}

func hasMark(r *coverage.Run, code string) bool {
	for _, m := range r.Marks {
		if m.Code == code {
			return true
		}
	}
	return false
}

// score finds a subject's score in a scope.
func score(t tester, r *coverage.Run, subject, scope string) coverage.Score {
	t.Helper()
	for i := range r.Subjects {
		if r.Subjects[i].ID == subject {
			for _, s := range r.SubjectScores(i) {
				if s.Scope == scope {
					return s
				}
			}
		}
	}
	t.Fatalf("no score of %s in %s", subject, scope)
	return coverage.Score{}
}

// cell finds a cell of a run by the ids of subject and requirement.
func cell(t tester, r *coverage.Run, subject, requirement string) coverage.Cell {
	t.Helper()
	for s := range r.Subjects {
		for k := range r.Requirements {
			if r.Subjects[s].ID == subject && r.Requirements[k].ID == requirement {
				return r.Cells[s*len(r.Requirements)+k]
			}
		}
	}
	t.Fatalf("no cell %s × %s", subject, requirement)
	return coverage.Cell{}
}

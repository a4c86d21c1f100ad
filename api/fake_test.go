package api_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/paulmach/orb"

	"lifecircle/api"
	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
)

// memory is a project in memory: what a server must not be able to tell from the project file.
type memory struct {
	info coverage.ProjectInfo

	mu      sync.Mutex
	current []coverage.LayerInfo
	layers  map[string]*coverage.Layer
	reports map[string]*coverage.ImportReport
	before  map[string]coverage.LayerInfo // what a version replaced
	runs    []*coverage.Run
	latest  string
	cache   map[string][]byte
	fail    error // what every read answers with, if set
	explode bool  // panic instead
}

var _ coverage.Store = (*memory)(nil)

func newMemory(title string) *memory {
	return &memory{
		info:   coverage.ProjectInfo{Name: "city", Title: title, Schema: 1, Created: "2026-01-01T00:00:00Z"},
		layers: map[string]*coverage.Layer{}, reports: map[string]*coverage.ImportReport{}, before: map[string]coverage.LayerInfo{}, cache: map[string][]byte{},
	}
}

func (m *memory) Project(context.Context) (coverage.ProjectInfo, error) { return m.info, nil }

func (m *memory) Layers(context.Context) ([]coverage.LayerInfo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.explode {
		panic("secret: the inside of the store")
	}
	return slices.Clone(m.current), m.fail
}

func (m *memory) Layer(_ context.Context, hash string) (*coverage.Layer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l := m.layers[hash]; l != nil {
		return l, nil
	}
	return nil, coverage.Errorf(coverage.NotFound, "没有图层版本 %s", "no layer version %s", hash)
}

func (m *memory) SaveLayer(_ context.Context, l *coverage.Layer, report *coverage.ImportReport) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l.Info.Hash == "" {
		l.Info.Hash = l.ComputeHash()
	}
	at := slices.IndexFunc(m.current, func(i coverage.LayerInfo) bool { return i.LayerKey == l.Info.LayerKey })
	switch {
	case at < 0:
		l.Info.Version = 1
		m.current = append(m.current, l.Info)
		slices.SortFunc(m.current, func(a, b coverage.LayerInfo) int {
			if a.Less(b.LayerKey) {
				return -1
			}
			return 1
		})
	case m.current[at].Hash == l.Info.Hash:
		return nil
	default:
		l.Info.Version = m.current[at].Version + 1
		m.before[l.Info.Hash] = m.current[at]
		m.current[at] = l.Info
	}
	m.layers[l.Info.Hash] = l
	if report != nil {
		m.reports[l.Info.Hash] = report
	}
	return nil
}

func (m *memory) UndoLayer(_ context.Context, key coverage.LayerKey) (coverage.LayerInfo, *coverage.LayerInfo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := slices.IndexFunc(m.current, func(i coverage.LayerInfo) bool { return i.LayerKey == key })
	if at < 0 {
		return coverage.LayerInfo{}, nil, coverage.Errorf(coverage.NotFound, "没有图层 %s", "no layer %s", key.Name)
	}
	undone := m.current[at]
	if before, ok := m.before[undone.Hash]; ok {
		before.Version = undone.Version + 1
		m.current[at] = before
		return undone, &before, nil
	}
	m.current = slices.Delete(m.current, at, at+1)
	return undone, nil, nil
}

func (m *memory) Report(_ context.Context, hash string) (*coverage.ImportReport, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.reports[hash]; r != nil {
		return r, nil
	}
	return nil, coverage.Errorf(coverage.NotFound, "没有导入报告", "no report")
}

func (m *memory) Refresh(context.Context) ([]coverage.LayerInfo, error) { return nil, nil }

func (m *memory) Runs(context.Context) ([]coverage.RunInfo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var infos []coverage.RunInfo
	for _, r := range m.runs {
		info := r.RunInfo
		info.Latest, info.Changed = r.Hash == m.latest, nil
		for _, in := range r.Inputs {
			if !slices.ContainsFunc(m.current, func(l coverage.LayerInfo) bool { return l.LayerKey == in.LayerKey && l.Hash == in.Hash }) {
				info.Changed = append(info.Changed, in.Name)
			}
		}
		infos = append(infos, info)
	}
	return infos, m.fail
}

func (m *memory) Run(_ context.Context, hash string) (*coverage.Run, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if hash == "" {
		hash = m.latest
	}
	for _, r := range m.runs {
		if hash != "" && strings.HasPrefix(r.Hash, hash) {
			return r, nil
		}
	}
	return nil, coverage.Errorf(coverage.NotFound, "没有评估", "no run")
}

func (m *memory) SaveRun(_ context.Context, r *coverage.Run, _ []coverage.Table) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.latest = r.Hash
	if !slices.ContainsFunc(m.runs, func(o *coverage.Run) bool { return o.Hash == r.Hash }) {
		m.runs = append(m.runs, r)
	}
	return nil
}

func (m *memory) Drawings(context.Context, *coverage.Run) error { return nil }

func (m *memory) SaveDrawings(context.Context, *coverage.Run) error { return nil }

func (m *memory) Cached(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cache[key], nil
}

func (m *memory) SaveCached(_ context.Context, values map[string][]byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k, v := range values {
		m.cache[k] = v
	}
	return nil
}

// shelf is a shelf of projects in memory.
type shelf map[string]*memory

func (s shelf) List(context.Context) ([]string, error) {
	var ids []string
	for id := range s {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids, nil
}

func (s shelf) Open(_ context.Context, id string) (coverage.Store, error) {
	if m, ok := s[id]; ok {
		return m, nil
	}
	return nil, coverage.Errorf(coverage.NotFound, "没有项目 %s", "there is no project %s", id)
}

// services is the shared list of services.
func services(t testing.TB) *catalog.Services {
	t.Helper()
	b, err := os.ReadFile("../data/catalogs/services.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s, err := catalog.ParseServices(b, "services.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// testCatalog asks for a clinic near people and land, and for a park that no layer lists.
const testCatalog = `
id: test
title: {zh: 测试目录, en: test catalog}
provisional: true
tiers: [{id: "5", minutes: 5}, {id: "15", minutes: 15}]
requirements:
  - {service: clinic, tier: "15", limit: {radius_m: 500}, denominator: land, mandatory: true, source: city rule 7, clause: "3.1", confidence: B}
  - {id: clinic-people, service: clinic, tier: "5", limit: {radius_m: 300}, denominator: population, pass_line: 0.5}
  - {service: kindergarten, tier: "5", limit: {radius_m: 300}, denominator: land}
  - {service: park, tier: "15", limit: {radius_m: 500}, denominator: land}
`

// The small city is a row of square neighborhoods of about 1 km; step is their width in degrees.
const (
	west, south = 106.50, 29.50
	step        = 0.01
)

// smallCity has n neighborhoods in two districts, a surveyed clinic in the middle of every other one, kindergartens of an extract,
// residential land in the middle of each, 25 people's places each, and streets.
func smallCity(t testing.TB, n int) *memory {
	t.Helper()
	m := newMemory("小城 <small>")
	square := func(x, y, r float64) orb.Polygon {
		return orb.Polygon{{{x - r, y - r}, {x + r, y - r}, {x + r, y + r}, {x - r, y + r}, {x - r, y - r}}}
	}
	units := &coverage.Layer{Info: coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: coverage.RoleNeighborhoods, Name: "units"}, Level: "community"}}
	district := coverage.ParentColumn{Level: "district"}
	land := &coverage.Layer{Info: coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: coverage.RoleLand, Name: "land"}}}
	clinics := &coverage.Layer{Info: coverage.LayerInfo{
		LayerKey: coverage.LayerKey{Role: coverage.RoleFacilities, Service: "clinic", Name: "clinics"}, Services: []string{"clinic"},
		Surveys: []coverage.Survey{{Service: "clinic", Kind: coverage.SurveyEverywhere}}, Attribution: "City health office",
	}}
	schools := &coverage.Layer{Info: coverage.LayerInfo{
		LayerKey: coverage.LayerKey{Role: coverage.RoleFacilities, Service: "kindergarten", Name: "schools"}, Services: []string{"kindergarten"},
		Attribution: "© OpenStreetMap contributors, ODbL 1.0",
	}}
	people := &coverage.Layer{Info: coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: coverage.RoleDemand, Name: "people"}}}
	heads := coverage.Measure{Name: "population"}
	roads := &coverage.Layer{Info: coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: coverage.RoleNetwork, Name: "streets"}}}
	for i := range n {
		x, y := west+(float64(i)+0.5)*step, south+0.5*step
		id := fmt.Sprintf("u%03d", i)
		units.IDs, units.Names, units.Shapes = append(units.IDs, id), append(units.Names, fmt.Sprintf("社区 %d / unit", i)), append(units.Shapes, square(x, y, step/2))
		district.Parents = append(district.Parents, []string{[]string{"east", "west"}[i%2]})
		land.IDs, land.Shapes = append(land.IDs, id), append(land.Shapes, square(x, y, step/4))
		roads.IDs, roads.Shapes = append(roads.IDs, id), append(roads.Shapes, orb.LineString{{x - step/2, y}, {x + step/2, y}})
		if i%2 == 0 {
			clinics.IDs, clinics.Names, clinics.Points = append(clinics.IDs, "c/"+id), append(clinics.Names, "诊所 "+id), append(clinics.Points, orb.Point{x, y})
		} else {
			schools.IDs, schools.Names, schools.Points = append(schools.IDs, "k-"+id), append(schools.Names, "幼儿园 "+id), append(schools.Points, orb.Point{x, y})
		}
		for k := range 25 {
			people.IDs = append(people.IDs, fmt.Sprintf("%s-%02d", id, k))
			people.Points = append(people.Points, orb.Point{x + float64(k%5-2)*step/6, y + float64(k/5-2)*step/6})
			heads.Values = append(heads.Values, int64(10_000+k))
		}
	}
	units.Parents = []coverage.ParentColumn{district}
	people.Measures = []coverage.Measure{heads}
	for _, l := range []*coverage.Layer{units, land, clinics, schools, people, roads} {
		l.Sort()
		l.Info.Rows, l.Info.CRS = l.Len(), "EPSG:4326"
		l.Info.Bound = l.Geometry(0).Bound()
		for i := range l.Len() {
			l.Info.Bound = l.Info.Bound.Union(l.Geometry(i).Bound())
		}
		l.Info.Hash = l.ComputeHash()
		if err := m.SaveLayer(t.Context(), l, nil); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// score runs the test catalog on a project.
func score(t testing.TB, m *memory, p coverage.Params) *coverage.Run {
	t.Helper()
	s := services(t)
	cat, findings, err := catalog.Parse([]byte(testCatalog), "test.yaml", s)
	if err != nil {
		t.Fatal(err, findings)
	}
	run, err := coverage.ScoreProject(context.Background(), m, cat, s, p, coverage.Options{Threads: 2})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// scoredCity is a city of n neighborhoods with two runs, the second with every layer assumed complete.
func scoredCity(t testing.TB, n int) *memory {
	m := smallCity(t, n)
	score(t, m, coverage.Params{})
	score(t, m, coverage.Params{AssumeComplete: true})
	return m
}

func config(t testing.TB, s shelf) api.Config {
	return api.Config{Projects: s, Services: services(t), Version: "test"}
}

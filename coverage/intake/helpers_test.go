package intake

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
)

// tester is what tests, fuzz targets and properties have in common.
type tester interface {
	Helper()
	Error(...any)
	Errorf(string, ...any)
	Fatal(...any)
	Fatalf(string, ...any)
}

const serviceList = `
services:
  - {key: clinic, zh: 社区医疗站, en: Community clinic}
  - {key: clinic_station, zh: 社区卫生服务站, en: Health station, parent: clinic, aliases: [卫生服务站]}
  - {key: kindergarten, zh: 幼儿园, en: Kindergarten}
  - {key: ev_charger, zh: 充电设施, en: Charging station, aliases: [charger]}
  - {key: park, zh: 公园, en: Park}
  - {key: pocket_park, zh: 口袋公园, en: Pocket park}
`

func testServices(tb tester) *catalog.Services {
	tb.Helper()
	s, err := catalog.ParseServices([]byte(serviceList), "services.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// collection writes features, each `{"id":…,"geometry":…,"properties":…}` without its type, as a FeatureCollection.
func collection(features ...string) string {
	var b strings.Builder
	b.WriteString(`{"type":"FeatureCollection","features":[`)
	for i, f := range features {
		if i > 0 {
			b.WriteString(",\n")
		}
		b.WriteString(`{"type":"Feature",` + f + `}`)
	}
	b.WriteString("]}")
	return b.String()
}

// point is a feature at a place, with an id (JSON, "" for none) and properties.
func point(id string, lon, lat float64, props string) string {
	return withID(id) + fmt.Sprintf(`"geometry":{"type":"Point","coordinates":[%g,%g]},"properties":{%s}`, lon, lat, props)
}

// square is a feature of side degrees whose south-west corner lies at a place.
func square(id string, lon, lat, side float64, props string) string {
	return withID(id) + fmt.Sprintf(`"geometry":{"type":"Polygon","coordinates":[[[%[1]g,%[2]g],[%[3]g,%[2]g],[%[3]g,%[4]g],[%[1]g,%[4]g],[%[1]g,%[2]g]]]},"properties":{%[5]s}`,
		lon, lat, lon+side, lat+side, props)
}

func withID(id string) string {
	if id == "" {
		return ""
	}
	return `"id":` + id + `,`
}

func mustBuild(tb tester, text string, o Options) (*coverage.Layer, *coverage.ImportReport) {
	tb.Helper()
	l, rep, err := Build(context.Background(), testServices(tb), "layer.geojson", strings.NewReader(text), o, nil)
	if err != nil {
		tb.Fatalf("Build: %v", err)
	}
	checkSums(tb, rep, l)
	return l, rep
}

// checkSums holds promise 1: every row is used, repaired or refused, each of the latter has its row in the report, and the
// layer has a row for every other one that was not merged.
func checkSums(tb tester, rep *coverage.ImportReport, l *coverage.Layer) {
	tb.Helper()
	if rep.Read != rep.Used+rep.Repaired+rep.Refused {
		tb.Errorf("read %d ≠ used %d + repaired %d + refused %d", rep.Read, rep.Used, rep.Repaired, rep.Refused)
	}
	merged, repaired, refusedRows, last := 0, 0, 0, 0
	for _, r := range rep.Rows {
		switch r.Action {
		case "repaired":
			repaired++
		case "refused":
			refusedRows++
		default:
			tb.Errorf("row %d: action %q", r.N, r.Action)
		}
		if r.Action == "repaired" && (r.Reason == "duplicate_equal" || r.Reason == "duplicate_place") {
			merged++
		}
		if r.N <= last {
			tb.Errorf("row %d of the report follows row %d", r.N, last)
		}
		last = r.N
		if r.Text == "" || r.TextZh == "" || r.Reason == "" {
			tb.Errorf("row %d is not explained in both languages: %+v", r.N, r)
		}
	}
	if repaired != rep.Repaired || refusedRows != rep.Refused {
		tb.Errorf("the report has %d repaired and %d refused rows, counts %d and %d", repaired, refusedRows, rep.Repaired, rep.Refused)
	}
	if merged != rep.Merged {
		tb.Errorf("%d rows merged, the report says %d", merged, rep.Merged)
	}
	if l != nil {
		if want := rep.Used + rep.Repaired - merged; l.Len() != want {
			tb.Errorf("the layer has %d rows, want %d", l.Len(), want)
		}
		checkColumns(tb, l)
	}
	for _, w := range rep.Warnings {
		if w.Code == "" || w.Text == "" || w.TextZh == "" {
			tb.Errorf("warning not explained in both languages: %+v", w)
		}
	}
}

// checkColumns holds that a layer's columns are nil or as long as its ids, which are sorted and unique.
func checkColumns(tb tester, l *coverage.Layer) {
	tb.Helper()
	for i := 1; i < l.Len(); i++ {
		if l.IDs[i-1] >= l.IDs[i] {
			tb.Errorf("ids %q, %q are not in order", l.IDs[i-1], l.IDs[i])
		}
	}
	lengths := map[string]int{
		"names": len(l.Names), "properties": len(l.Properties),
	}
	optional := map[string]int{
		"points": len(l.Points), "shapes": len(l.Shapes), "kinds": len(l.Kinds), "services": len(l.Services), "status": len(l.Status),
		"opened": len(l.Opened), "closed": len(l.Closed), "capacity": len(l.Capacity), "area": len(l.AreaMM2), "floor": len(l.FloorMM2),
	}
	for name, n := range optional {
		if n > 0 {
			lengths[name] = n
		}
	}
	for _, m := range l.Measures {
		lengths["measure "+m.Name] = len(m.Values)
	}
	for _, p := range l.Parents {
		lengths["parent "+p.Level] = len(p.Parents)
	}
	for name, n := range lengths {
		if n != l.Len() {
			tb.Errorf("column %s has %d rows, the layer %d", name, n, l.Len())
		}
	}
	if l.Info.Rows != l.Len() || l.Info.Hash != l.ComputeHash() {
		tb.Errorf("info says %d rows and hash %s", l.Info.Rows, l.Info.Hash)
	}
}

// reasons lists a report's rows as "n action reason".
func reasons(rep *coverage.ImportReport) string {
	var out []string
	for _, r := range rep.Rows {
		out = append(out, fmt.Sprintf("%d %s %s", r.N, r.Action, r.Reason))
	}
	return strings.Join(out, "; ")
}

func warnings(rep *coverage.ImportReport) string {
	var out []string
	for _, w := range rep.Warnings {
		out = append(out, w.Code)
	}
	return strings.Join(out, " ")
}

// memoryStore keeps a project in memory, as far as imports see one. Its layers go through their packed form, as in the file.
type memoryStore struct {
	coverage.Store // the methods that imports do not call

	mu        sync.Mutex
	current   []coverage.LayerInfo
	packed    map[string][]byte
	reports   map[string]coverage.ImportReport
	saves     int
	refreshed int
	onRefresh func() // stands for what another program wrote
}

func newMemoryStore() *memoryStore {
	return &memoryStore{packed: map[string][]byte{}, reports: map[string]coverage.ImportReport{}}
}

func (s *memoryStore) Layers(context.Context) ([]coverage.LayerInfo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]coverage.LayerInfo(nil), s.current...), nil
}

func (s *memoryStore) Layer(_ context.Context, hash string) (*coverage.Layer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.packed[hash]
	if !ok {
		return nil, coverage.Errorf(coverage.NotFound, "没有", "no layer %s", hash)
	}
	return coverage.UnpackLayer(b)
}

func (s *memoryStore) SaveLayer(_ context.Context, l *coverage.Layer, rep *coverage.ImportReport) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saves++
	if l.Info.Hash == "" {
		l.Info.Hash = l.ComputeHash()
	}
	l.Info.Version = 1
	at := -1
	for i, info := range s.current {
		if info.LayerKey == l.Info.LayerKey {
			at, l.Info.Version = i, info.Version+1
		}
	}
	s.packed[l.Info.Hash] = l.Pack()
	s.reports[l.Info.Hash] = *rep
	if at < 0 {
		s.current = append(s.current, l.Info)
	} else {
		s.current[at] = l.Info
	}
	return nil
}

func (s *memoryStore) Report(_ context.Context, hash string) (*coverage.ImportReport, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.reports[hash]
	if !ok {
		return nil, coverage.Errorf(coverage.NotFound, "没有", "no report of %s", hash)
	}
	return &r, nil
}

func (s *memoryStore) Refresh(context.Context) ([]coverage.LayerInfo, error) {
	s.refreshed++
	if s.onRefresh != nil {
		s.onRefresh()
	}
	return nil, nil
}

// lattice is a layer of side × side squares that share their borders, with n vertices each.
func lattice(side, n int) *coverage.Layer {
	l := &coverage.Layer{Info: coverage.LayerInfo{LayerKey: coverage.LayerKey{Role: coverage.RoleNeighborhoods, Name: "lattice"}}}
	at := func(i, k int) float64 { return float64(i*n/4+k) / 4096 }
	for y := range side {
		for x := range side {
			var r orb.Ring
			for k := range n / 4 {
				r = append(r, orb.Point{at(x, k), at(y, 0)})
			}
			for k := range n / 4 {
				r = append(r, orb.Point{at(x+1, 0), at(y, k)})
			}
			for k := range n / 4 {
				r = append(r, orb.Point{at(x+1, -k), at(y+1, 0)})
			}
			for k := range n / 4 {
				r = append(r, orb.Point{at(x, 0), at(y+1, -k)})
			}
			l.Shapes = append(l.Shapes, orb.Polygon{append(r, r[0])})
			l.IDs = append(l.IDs, fmt.Sprintf("%04d-%04d", y, x))
		}
	}
	return l
}

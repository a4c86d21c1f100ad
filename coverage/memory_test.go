package coverage_test

import (
	"context"
	"sort"
	"sync"

	"lifecircle/coverage"
)

// memory is a project in memory: what data/store keeps in a file.
type memory struct {
	mu       sync.Mutex
	current  map[coverage.LayerKey]string
	layers   map[string]*coverage.Layer
	before   map[string]string // what a version replaced
	runs     map[string][]byte
	drawings map[string][][]byte
	infos    []coverage.RunInfo
	cache    map[string][]byte
	noCache  bool
	saved    int // columns and drawings ever computed
	made     int // runs ever saved with tables
}

var _ coverage.Store = (*memory)(nil)

func newMemory(layers ...*coverage.Layer) *memory {
	m := &memory{current: map[coverage.LayerKey]string{}, layers: map[string]*coverage.Layer{}, before: map[string]string{}, runs: map[string][]byte{}, drawings: map[string][][]byte{}, cache: map[string][]byte{}}
	for _, l := range layers {
		m.put(l)
	}
	return m
}

func (m *memory) put(l *coverage.Layer) {
	if old := m.current[l.Info.LayerKey]; old != "" && old != l.Info.Hash {
		m.before[l.Info.Hash] = old
	}
	m.current[l.Info.LayerKey] = l.Info.Hash
	m.layers[l.Info.Hash] = l
}

func (m *memory) Project(context.Context) (coverage.ProjectInfo, error) {
	return coverage.ProjectInfo{Name: "test"}, nil
}

func (m *memory) Layers(context.Context) ([]coverage.LayerInfo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []coverage.LayerInfo
	for _, h := range m.current {
		out = append(out, m.layers[h].Info)
	}
	sort.Slice(out, func(a, b int) bool { return out[a].LayerKey.Less(out[b].LayerKey) })
	return out, nil
}

func (m *memory) Layer(_ context.Context, hash string) (*coverage.Layer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l := m.layers[hash]; l != nil {
		return l, nil
	}
	return nil, coverage.Errorf(coverage.NotFound, "", "no layer %s", hash)
}

func (m *memory) SaveLayer(_ context.Context, l *coverage.Layer, _ *coverage.ImportReport) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(l)
	return nil
}

func (m *memory) UndoLayer(_ context.Context, key coverage.LayerKey) (coverage.LayerInfo, *coverage.LayerInfo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	undone := m.layers[m.current[key]]
	if undone == nil {
		return coverage.LayerInfo{}, nil, coverage.Errorf(coverage.NotFound, "", "no layer %s", key.Name)
	}
	before := m.layers[m.before[undone.Info.Hash]]
	if before == nil {
		delete(m.current, key)
		return undone.Info, nil, nil
	}
	m.current[key] = before.Info.Hash
	return undone.Info, &before.Info, nil
}

func (m *memory) Report(context.Context, string) (*coverage.ImportReport, error) { return nil, nil }

func (m *memory) Refresh(context.Context) ([]coverage.LayerInfo, error) { return nil, nil }

func (m *memory) Runs(context.Context) ([]coverage.RunInfo, error) { return m.infos, nil }

func (m *memory) Run(_ context.Context, hash string) (*coverage.Run, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.runs[hash]
	if !ok {
		return nil, coverage.Errorf(coverage.NotFound, "", "no run %s", hash)
	}
	r := &coverage.Run{}
	err := r.UnmarshalBinary(b)
	r.Hash = hash
	return r, err
}

func (m *memory) SaveRun(_ context.Context, r *coverage.Run, tables []coverage.Table) error {
	b, err := r.MarshalBinary()
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if tables != nil {
		m.made++
	}
	m.runs[r.Hash] = b
	m.keepDrawings(r)
	m.infos = append(m.infos, r.RunInfo)
	return nil
}

func (m *memory) keepDrawings(r *coverage.Run) {
	if !r.Drawn {
		return
	}
	var packed [][]byte
	for k := range r.Requirements {
		packed = append(packed, r.PackDrawings(k))
	}
	m.drawings[r.Hash] = packed
}

func (m *memory) Drawings(_ context.Context, r *coverage.Run) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if packed := m.drawings[r.Hash]; packed != nil {
		return r.UnpackDrawings(packed)
	}
	return nil
}

func (m *memory) SaveDrawings(_ context.Context, r *coverage.Run) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.keepDrawings(r)
	return nil
}

func (m *memory) Cached(_ context.Context, key string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.noCache {
		return nil, nil
	}
	return m.cache[key], nil
}

func (m *memory) SaveCached(_ context.Context, values map[string][]byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k, v := range values {
		m.cache[k] = v
		m.saved++
	}
	return nil
}

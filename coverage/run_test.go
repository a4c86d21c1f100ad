package coverage_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
)

const twoServices = `
requirements:
  - {service: clinic, tier: "15", limit: {radius_m: 500}, pass_line: 0.8, mandatory: true, denominator: population}
  - {service: park,   tier: "5",  limit: {radius_m: 300}, pass_line: 0.5, denominator: land}
  - {id: n, tier: "5", count: {service: clinic, min: 2, per: street}}
`

// project is a small city with something of everything: parents, surveys, cells, land, gaps.
func project() []*coverage.Layer {
	return []*coverage.Layer{
		change(units("community", map[string]orb.Polygon{"a": rect(-1000, 0, 0, 1000), "b": rect(0, 0, 1000, 1000)}), parents("street", map[string]string{"a": "s", "b": "s"})),
		surveyedIn("clinics", "clinic", rect(-1000, 0, 700, 1000), map[string]orb.Geometry{"f": xy(-500, 500)}),
		unsurveyed("parks", "park", map[string]orb.Geometry{"p": rect(300, 300, 500, 500)}),
		people("homes", map[string]orb.Geometry{"1": xy(-600, 400), "2": xy(900, 500), "3": rect(-50, 700, 50, 800)}, map[string]int64{"1": 3, "2": 4, "3": 5}),
		land(rect(-400, 100, 400, 600)),
	}
}

func scored(t tester, st coverage.Store, cat *catalog.Catalog, p coverage.Params, threads int) *coverage.Run {
	t.Helper()
	run, err := coverage.ScoreProject(context.Background(), st, cat, testServices, p, coverage.Options{Threads: threads, Now: func() time.Time { return time.Unix(0, 0) }})
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// The same inputs are the same run, whatever the order, the threads and the clock; every parameter makes another one.
func TestRunHash(t *testing.T) {
	base := scored(t, newMemory(project()...), book(t, twoServices), coverage.Params{}, 1)
	if len(base.Hash) != 64 || base.Created != "1970-01-01T00:00:00Z" || !base.Latest {
		t.Errorf("%+v", base.RunInfo)
	}
	layers := project()
	for i, j := 0, len(layers)-1; i < j; i, j = i+1, j-1 {
		layers[i], layers[j] = layers[j], layers[i]
	}
	if again := scored(t, newMemory(layers...), book(t, twoServices), coverage.Params{Basis: "radius"}, 2); again.Hash != base.Hash {
		t.Error("another order of layers or threads is another run")
	}
	seen := map[string]string{base.Hash: "the base"}
	differs := func(name string, run *coverage.Run) {
		t.Helper()
		if other, ok := seen[run.Hash]; ok {
			t.Errorf("%s has the hash of %s", name, other)
		}
		seen[run.Hash] = name
	}
	for name, p := range map[string]coverage.Params{
		"--denominator": {Denominator: "land"}, "--assume-complete": {AssumeComplete: true}, "--accept-parent": {AcceptParent: true},
		"--as-of": {AsOf: "2026-01-31"}, "--as-of another": {AsOf: "2026-02-01"}, "--year": {Year: 2027},
	} {
		differs(name, scored(t, newMemory(project()...), book(t, twoServices), p, 1))
	}
	differs("another pass line", scored(t, newMemory(project()...), book(t, strings.Replace(twoServices, "0.8", "0.81", 1)), coverage.Params{}, 1))
	differs("another weight", scored(t, newMemory(project()...), book(t, strings.Replace(twoServices, "mandatory: true", "weight: 2", 1)), coverage.Params{}, 1))
	for i, l := range project() {
		more := project()
		more[i] = change(l, func(l *coverage.Layer) { l.IDs[0] += "x" })
		differs("another "+string(l.Info.Role)+" "+l.Info.Service, scored(t, newMemory(more...), book(t, twoServices), coverage.Params{}, 1))
	}
	moreSurvey := project()
	moreSurvey[2] = everywhere("parks", "park", map[string]orb.Geometry{"p": rect(300, 300, 500, 500)})
	differs("another survey", scored(t, newMemory(moreSurvey...), book(t, twoServices), coverage.Params{}, 1))
}

// Scoring the same again computes nothing: it finds the run.
func TestScoringAgainFindsTheRun(t *testing.T) {
	st := newMemory(project()...)
	first := scored(t, st, book(t, twoServices), coverage.Params{}, 2)
	other := scored(t, st, book(t, twoServices), coverage.Params{AssumeComplete: true}, 2)
	saved := st.saved
	again := scored(t, st, book(t, twoServices), coverage.Params{}, 1)
	if again.Hash != first.Hash || st.made != 2 || st.saved != saved || !again.Latest {
		t.Errorf("%d runs made, %d values computed anew, latest %v", st.made, st.saved-saved, again.Latest)
	}
	if first.Hash == other.Hash || everyTable(t, again) != everyTable(t, first) {
		t.Error("the run that was found has other tables")
	}
	if _, err := coverage.ScoreProject(context.Background(), newMemory(), book(t, twoServices), testServices, coverage.Params{}, coverage.Options{}); coverage.CodeOf(err) != coverage.Refused {
		t.Errorf("a project without neighborhoods: %v", err)
	}
}

// The cache may be emptied at any time without changing any result, and after an edit only what hangs on it is computed.
func TestColumnCache(t *testing.T) {
	reorder := book(t, strings.NewReplacer("0.8", "0.8, weight: 3", "mandatory: true, ", "").Replace(twoServices)) // other scores of the same columns
	cold := newMemory(project()...)
	cold.noCache = true
	warm := newMemory(project()...)
	scored(t, warm, book(t, twoServices), coverage.Params{}, 2)
	saved := warm.saved
	if a, b := everyTable(t, scored(t, warm, reorder, coverage.Params{}, 1)), everyTable(t, scored(t, cold, reorder, coverage.Params{}, 2)); a != b {
		t.Errorf("from the cache:\n%s\nwithout:\n%s", a, b)
	}
	if warm.saved != saved {
		t.Errorf("other weights computed %d values anew", warm.saved-saved)
	}
	for _, c := range []struct {
		name   string
		change *coverage.Layer
		want   int // columns, their gaps, and service areas
	}{
		{"a park", unsurveyed("parks", "park", map[string]orb.Geometry{"p": rect(300, 300, 500, 510)}), 3},
		{"the parks' survey", everywhere("parks", "park", map[string]orb.Geometry{"p": rect(300, 300, 500, 510)}), 2},
		{"a clinic", surveyedIn("clinics", "clinic", rect(-1000, 0, 700, 1000), map[string]orb.Geometry{"f": xy(-500, 510)}), 5},
		{"the homes", people("homes", map[string]orb.Geometry{"1": xy(-600, 410)}, map[string]int64{"1": 3}), 6},
		{"the land", land(rect(-400, 100, 400, 610)), 6},
		{"a layer of something else", everywhere("banks", "bank", map[string]orb.Geometry{"b": xy(0, 0)}), 0},
		{"stations, which are clinics", everywhere("stations", "clinic_station", map[string]orb.Geometry{"z": xy(900, 400)}), 5},
	} {
		warm.put(c.change)
		cold.put(c.change)
		saved := warm.saved
		a, b := scored(t, warm, book(t, twoServices), coverage.Params{}, 2), scored(t, cold, book(t, twoServices), coverage.Params{}, 1)
		if n := warm.saved - saved; n != c.want {
			t.Errorf("%s: %d values computed anew, want %d", c.name, n, c.want)
		}
		if everyTable(t, a) != everyTable(t, b) || a.Hash != b.Hash {
			t.Errorf("%s: the cache changes the result", c.name)
		}
	}
	damaged := newMemory(project()...)
	scored(t, damaged, book(t, twoServices), coverage.Params{}, 1)
	for k, v := range damaged.cache {
		damaged.cache[k] = v[:len(v)/2]
	}
	if everyTable(t, scored(t, damaged, reorder, coverage.Params{}, 1)) != everyTable(t, scored(t, newMemory(project()...), reorder, coverage.Params{}, 1)) {
		t.Error("a damaged cache changes the result")
	}
}

// A run that is stopped saves nothing and says why.
func TestScoringCanBeStopped(t *testing.T) {
	st := newMemory(project()...)
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := coverage.ScoreProject(ctx, st, book(t, twoServices), testServices, coverage.Params{}, coverage.Options{}); err == nil || len(st.runs) > 0 {
		t.Errorf("stopped: %v, %d runs", err, len(st.runs))
	}
}

// What the project file keeps of a run is all of it.
func TestRunsArePackedWhole(t *testing.T) {
	for name, p := range map[string]coverage.Params{"as it is": {}, "assumed complete": {AssumeComplete: true, AcceptParent: true, AsOf: "2026-01-31", Year: 2026, Denominator: "population"}} {
		t.Run(name, func(t *testing.T) {
			run := assess(t, book(t, twoServices), p, project()...)
			packed, err := run.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			back := &coverage.Run{}
			if err := back.UnmarshalBinary(packed); err != nil {
				t.Fatal(err)
			}
			var drawings [][]byte
			for k := range run.Requirements {
				drawings = append(drawings, run.PackDrawings(k))
			}
			if err := back.UnpackDrawings(drawings); err != nil || !back.Drawn {
				t.Fatal(err)
			}
			again, err := back.MarshalBinary()
			if err != nil || !bytes.Equal(packed, again) {
				t.Errorf("packed again it has %d bytes, %d before: %v", len(again), len(packed), err)
			}
			if everyTable(t, run) != everyTable(t, back) {
				t.Error("its tables are others")
			}
			if back.Catalog.Hash() != run.CatalogHash || back.Counts != run.Counts {
				t.Errorf("catalog %s, want %s; counts %+v, want %+v", back.Catalog.Hash(), run.CatalogHash, back.Counts, run.Counts)
			}
		})
	}
}

// smallRun is a run with a short list of services, for the corpus.
func smallRun(t tester) *coverage.Run {
	services, err := catalog.ParseServices([]byte("services: [{key: clinic, zh: 诊所, en: Clinic}]"), "s.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cat, _, err := catalog.Parse([]byte("id: x\ntitle: {en: x}\ntiers: [{id: \"15\", minutes: 15}]\n"+clinic500), "x.yaml", services)
	if err != nil {
		t.Fatal(err)
	}
	city, err := coverage.NewCity([]*coverage.Layer{oneUnit(), unsurveyed("f", "clinic", map[string]orb.Geometry{"f": xy(900, 0)}), onePerson(xy(0, 0)), land(rect(0, 0, 50, 50))})
	if err != nil {
		t.Fatal(err)
	}
	run, err := coverage.Assess(context.Background(), city, cat, services, coverage.Params{}, coverage.Options{Threads: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

// A damaged project file must give an error, never a crash, whatever is asked of the run.
func FuzzUnmarshalRun(f *testing.F) {
	packed, err := smallRun(f).MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed)
	f.Add(packed[:len(packed)-1])
	f.Add([]byte("LCRN\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := &coverage.Run{}
		if r.UnmarshalBinary(b) != nil {
			return
		}
		for _, table := range append(r.Tables(), r.MatrixTable()) {
			err := table.Each(func(_ string, row []coverage.Value, _ orb.Geometry) error {
				for i, c := range table.Columns {
					c.AppendText(nil, row[i])
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		one, err := r.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		back := &coverage.Run{}
		if err := back.UnmarshalBinary(one); err != nil {
			t.Fatalf("what it packed it does not read: %v", err)
		}
		if two, _ := back.MarshalBinary(); !bytes.Equal(one, two) {
			t.Error("packed twice it differs")
		}
	})
}

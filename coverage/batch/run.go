package batch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/job"
)

// Shard names a part of a batch: part I of N, counted from 1. The areas, sorted by id, are dealt out in turn. The zero value is all of it.
type Shard struct{ I, N int }

func (s Shard) has(position int) bool { return s.N == 0 || position%s.N == s.I-1 }

// Options say how to run; they change no byte of a result.
type Options struct {
	Threads  int   // 0: one per processor
	MemoryMB int64 // areas run side by side as long as they probably need no more; 0: DefaultMemoryMB
	Shard    Shard
	Tell     func(Event)      // nil: nobody is told; calls come one at a time
	Now      func() time.Time // clock of the time left; nil: time.Now
}

// DefaultMemoryMB bounds areas that run side by side.
const DefaultMemoryMB = 1024

// Event tells that an area is finished.
type Event struct {
	Area   *Area
	Result *Result
	Kept   bool // it was finished before
	Took   time.Duration
	Job    job.State
}

// Standing says how an area stands before a batch begins.
type Standing struct {
	Area *Area
	Mine bool   // it belongs to the shard
	Done bool   // it needs not be done again
	Why  string // why it must be, in a word: new, changed, damaged, failed
}

// Standings tells what a run would do. Nothing is written.
func (b *Batch) Standings(ctx context.Context, shard Shard) ([]Standing, error) {
	var out []Standing
	for i, a := range b.Areas {
		s := Standing{Area: a, Mine: shard.has(i)}
		if s.Mine {
			r, why, err := b.finished(ctx, b.Out, a)
			if err != nil {
				return nil, err
			}
			s.Done, s.Why = r != nil, why
		}
		out = append(out, s)
	}
	return out, nil
}

// finished gives the result of an area that needs not be done again, else why it must be.
func (b *Batch) finished(ctx context.Context, out string, a *Area) (*Result, string, error) {
	r, err := readResult(out, a.ID)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, "new", nil
	case err != nil:
		return nil, "damaged", nil
	case r.Fingerprint != a.Fingerprint:
		return nil, "changed", nil
	case r.State == StateFailed:
		return nil, "failed", nil
	}
	if err := r.whole(ctx, filepath.Join(out, areasFolder, a.ID)); err != nil {
		return nil, "damaged", ctx.Err()
	}
	return r, "", nil
}

// Summary is what a batch came to.
type Summary struct {
	Results []*Result // of the shard's areas, in order
	Kept    int       // of them, finished before
	Refused int       // neighborhoods that imports into projects refused which are cut into areas of the shard
}

// Failed tells whether anything has to be said of any area.
func (s *Summary) Failed() bool {
	return s.Refused > 0 || slices.ContainsFunc(s.Results, func(r *Result) bool { return r.State != StateDone })
}

// Run scores the areas that are not finished, one folder each, and writes the tables over all areas; for a shard it writes shard.json
// instead. Whatever goes wrong with an area is told in its result and stops no other. The error is of the folder of results, or the
// context's: what is finished by then stays.
func (b *Batch) Run(ctx context.Context, o Options) (*Summary, error) {
	if o.Threads <= 0 {
		o.Threads = runtime.GOMAXPROCS(0)
	}
	if o.MemoryMB <= 0 {
		o.MemoryMB = DefaultMemoryMB
	}
	release, err := b.begin(o.Shard)
	if err != nil {
		return nil, err
	}
	defer release()
	r := &runner{Batch: b, options: o, stocks: map[*source]*once[*stock]{}, borders: map[*source]*once[*stock]{}, prepared: map[*source]*once[prepared]{}}
	results, kept, err := r.areas(ctx)
	if err != nil {
		return nil, err
	}
	s := &Summary{Results: results, Kept: kept, Refused: b.refused(o.Shard)}
	if o.Shard.N > 0 {
		err = writeWhole(filepath.Join(b.Out, shardJSON), encode(b.shardOf(o.Shard)))
	} else {
		err = b.rollUp(ctx, results)
	}
	if err != nil {
		return nil, folderError(b.Out, err)
	}
	return s, os.RemoveAll(filepath.Join(b.Out, workFolder))
}

// refused counts the neighborhoods that imports into projects refused which are cut into areas of a shard.
func (b *Batch) refused(shard Shard) int {
	n := 0
	for _, r := range b.Refused {
		for i, a := range b.Areas {
			if shard.has(i) && a.from == r.from && a.Parent != "" {
				n += len(r.Rows)
				break
			}
		}
	}
	return n
}

func folderError(out string, err error) error {
	if coverage.CodeOf(err) != coverage.Internal {
		return err
	}
	return &coverage.Error{Code: coverage.Unavailable, File: filepath.Base(out), Err: err, Text: coverage.Text{Zh: fmt.Sprintf("输出文件夹写入失败：%v", err), En: fmt.Sprintf("the folder of results cannot be written: %v", err)}}
}

// begin makes the folder of results and takes its lock.
func (b *Batch) begin(shard Shard) (release func(), err error) {
	work := filepath.Join(b.Out, workFolder)
	for _, dir := range []string{filepath.Join(b.Out, areasFolder), work} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, folderError(b.Out, err)
		}
	}
	f, err := os.OpenFile(filepath.Join(work, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, folderError(b.Out, err)
	}
	if !lock(f) {
		f.Close()
		return nil, &coverage.Error{Code: coverage.Unavailable, File: filepath.Base(b.Out), Text: coverage.Text{Zh: "另一个进程正在写这个文件夹", En: "another process is writing to this folder"},
			Hint: coverage.Text{Zh: "等它结束，或给每个分片自己的 --out", En: "wait for it, or give every shard an --out of its own"}}
	}
	mine := map[string]bool{}
	for i, a := range b.Areas {
		mine[a.ID] = shard.has(i)
	}
	entries, err := os.ReadDir(filepath.Join(b.Out, areasFolder))
	for _, e := range entries {
		if err == nil && !mine[e.Name()] {
			err = &coverage.Error{Code: coverage.Refused, File: filepath.Base(b.Out), Text: coverage.Text{Zh: "其中有不属于本计划（或本分片）的区域：" + e.Name(), En: fmt.Sprintf("it holds an area that is not of this plan or shard: %s", e.Name())},
				Hint: coverage.Text{Zh: "换一个文件夹，或先移走 areas/" + e.Name(), En: "choose another folder, or move areas/" + e.Name() + " away first"}}
		}
	}
	stale := []string{shardJSON}
	if shard.N > 0 {
		stale = []string{batchCSV, batchJSON, scoresCSV, refusedCSV}
	}
	for _, name := range stale { // of an earlier run of another kind: it would speak of what is no longer there
		if err == nil {
			err = os.RemoveAll(filepath.Join(b.Out, name))
		}
	}
	if err == nil { // what a killed process left half-done; copies of sources stay
		entries, err = os.ReadDir(work)
		for _, e := range entries {
			if err == nil && e.Name() != "lock" && e.Name() != sourcesFolder {
				err = os.RemoveAll(filepath.Join(work, e.Name()))
			}
		}
	}
	if err != nil {
		f.Close()
		return nil, folderError(b.Out, err)
	}
	return func() { f.Close() }, nil
}

// forget removes what speaks of all areas together, before any of them is replaced: killed then, a batch leaves no old sums beside new areas.
func (b *Batch) forget() error {
	for _, name := range []string{batchCSV, batchJSON, scoresCSV, refusedCSV, shardJSON} {
		if err := os.RemoveAll(filepath.Join(b.Out, name)); err != nil {
			return err
		}
	}
	return syncPath(b.Out)
}

// runner is a batch at work.
type runner struct {
	*Batch
	options Options

	mu       sync.Mutex
	stocks   map[*source]*once[*stock] // of sources that are cut
	borders  map[*source]*once[*stock] // units and facilities of neighbors
	prepared map[*source]*once[prepared]
	tell     sync.Mutex
}

// areas does the areas of the shard, in their order, several at a time within the bound of memory.
func (r *runner) areas(ctx context.Context) (results []*Result, kept int, err error) {
	type task struct {
		area *Area
		at   int
	}
	var tasks []task
	whole := int64(0)
	for i, a := range r.Areas {
		if !r.options.Shard.has(i) {
			continue
		}
		known, _, err := r.finished(ctx, r.Out, a)
		if err != nil {
			return nil, 0, err
		}
		results = append(results, known)
		if known == nil {
			tasks = append(tasks, task{a, len(results) - 1})
			whole += a.weight + 1
			continue
		}
		kept++
		r.event(Event{Area: a, Result: known, Kept: true})
	}
	if len(tasks) > 0 {
		if err := r.forget(); err != nil {
			return nil, 0, folderError(r.Out, err)
		}
	}
	workers := max(1, min(r.options.Threads, len(tasks)))
	threads := max(1, r.options.Threads/workers)
	progress := job.New(len(tasks), whole, r.options.Now)
	memory := newBudget(r.options.MemoryMB)
	next, group := make(chan task), sync.WaitGroup{}
	var failed error
	var once sync.Once
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	for range workers {
		group.Add(1)
		go func() {
			defer group.Done()
			for t := range next {
				need := 64 + 8*t.area.weight>>20
				memory.take(need)
				start := time.Now()
				result, err := r.area(ctx, t.area, threads)
				memory.give(need)
				if err != nil {
					once.Do(func() { failed = err; stop() })
					continue
				}
				results[t.at] = result
				r.event(Event{Area: t.area, Result: result, Took: time.Since(start), Job: progress.Done(t.area.weight + 1)})
			}
		}()
	}
	for _, t := range tasks {
		select {
		case next <- t:
		case <-ctx.Done():
		}
	}
	close(next)
	group.Wait()
	if failed != nil {
		return nil, 0, failed
	}
	return results, kept, ctx.Err()
}

func (r *runner) event(e Event) {
	if r.options.Tell == nil {
		return
	}
	r.tell.Lock()
	defer r.tell.Unlock()
	r.options.Tell(e)
}

// area does one area and puts its folder in place. The error is of the folder of results or the context's; any other is told in the result.
func (r *runner) area(ctx context.Context, a *Area, threads int) (*Result, error) {
	dir, err := os.MkdirTemp(filepath.Join(r.Out, workFolder), "area-")
	if err != nil {
		return nil, folderError(r.Out, err)
	}
	defer os.RemoveAll(dir)
	made := filepath.Join(dir, "made")
	result := r.blank(a)
	if err := os.MkdirAll(made, 0o755); err != nil {
		return nil, folderError(r.Out, err)
	}
	if err := r.attempt(ctx, a, result, dir, made, threads); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if noRoom(err) { // no area's fault, and the next would fare no better
			return nil, folderError(r.Out, err)
		}
		p := problem("", err)
		result = r.blank(a)
		result.State, result.Error = StateFailed, &p
		if err := os.RemoveAll(made); err != nil {
			return nil, folderError(r.Out, err)
		}
		if err := os.MkdirAll(made, 0o755); err != nil {
			return nil, folderError(r.Out, err)
		}
	}
	if err := r.place(a, result, dir, made); err != nil {
		return nil, folderError(r.Out, err)
	}
	return result, nil
}

// place gives the folder of an area its name.
func (r *runner) place(a *Area, result *Result, dir, made string) error {
	if err := os.WriteFile(filepath.Join(made, areaJSON), encode(result), 0o644); err != nil {
		return err
	}
	if err := settle(made); err != nil {
		return err
	}
	final := filepath.Join(r.Out, areasFolder, a.ID)
	if err := os.Rename(final, filepath.Join(dir, "old")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.Rename(made, final); err != nil {
		return err
	}
	return syncPath(filepath.Dir(final))
}

func (r *runner) blank(a *Area) *Result {
	around := 0
	if a.Parent != "" {
		around = len(a.from.refused)
	}
	return &Result{Version: resultVersion, ID: a.ID, Name: a.Name, Level: a.Level, Parent: a.Parent, Source: a.Source, State: StateDone, Fingerprint: a.Fingerprint,
		Problems: []Problem{}, Refused: []RefusedRow{}, RefusedAround: around, Neighbors: []string{}, Crossing: []string{}, Layers: []LayerRef{}, Runs: []RunResult{}, Files: []File{}}
}

// attempt scores an area; a panic is an error of the area.
func (r *runner) attempt(ctx context.Context, a *Area, result *Result, dir, made string, threads int) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = coverage.Errorf(coverage.Internal, "程序错误：%[1]v", "a fault of the program: %[1]v", p)
		}
	}()
	layers, reports, err := r.layers(ctx, a, result)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, projectFile)
	p, err := r.outside.Create(path, a.Name.Zh, r.clock())
	if err != nil {
		return err
	}
	defer func() {
		if p != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	for i, l := range layers {
		if err := p.SaveLayer(ctx, l, reports[i]); err != nil {
			return fmt.Errorf("layer %s: %w", l.Info.Name, err)
		}
	}
	within := 0
	if a.Parent != "" {
		within = int(result.MarginM)
	}
	for _, w := range a.Ways {
		run, err := r.score(ctx, p, w, within, made, threads)
		if err != nil {
			return err
		}
		result.Runs = append(result.Runs, *run)
	}
	err, p = p.Close(), nil
	if err != nil || !r.Plan.Keep {
		return err
	}
	if err := os.Rename(path, filepath.Join(made, projectFile)); err != nil {
		return err
	}
	result.Files, err = filesIn(ctx, made, projectFile)
	return err
}

// clock gives the time that stands in files: the plan's day.
func (r *runner) clock() func() time.Time {
	t := time.Unix(0, 0).UTC()
	if r.Plan.Date != "" {
		t, _ = time.Parse(time.DateOnly, r.Plan.Date) // checked when the plan was read
	}
	return func() time.Time { return t }
}

// score makes one run of an area and writes its tables and reports. Facilities were read within so many metres; 0: all.
func (r *runner) score(ctx context.Context, p Project, w Way, within int, made string, threads int) (*RunResult, error) {
	draw := coverage.DrawLater
	o := r.Plan.Outputs
	if r.Plan.Keep || len(o.reports()) > 0 || slices.Contains(o.Tables, "gaps") || slices.Contains(o.Tables, "service_areas") {
		draw = coverage.DrawNow
	}
	run, err := coverage.ScoreProject(ctx, p, w.Catalog, r.outside.Services(), w.Params, coverage.Options{Threads: threads, Draw: draw, Now: r.clock()})
	if err != nil {
		return nil, err
	}
	if draw == coverage.DrawNow && !run.Drawn {
		if err := coverage.Draw(ctx, p, run, coverage.Options{Threads: threads}); err != nil {
			return nil, err
		}
	}
	dir := filepath.Join(made, w.ID)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	for _, name := range o.Tables {
		t, err := run.Table(name)
		if err != nil {
			return nil, err
		}
		for _, format := range o.tables() {
			if err := r.outside.WriteTable(ctx, filepath.Join(dir, name+"."+format), format, &t); err != nil {
				return nil, err
			}
		}
	}
	if reports := o.reports(); len(reports) > 0 {
		spec := ReportSpec{Formats: reports, Languages: o.Languages, Levels: o.Levels, Date: r.Plan.Date, Threads: threads, Within: within}
		if err := r.outside.Reporter().Write(ctx, p, run, filepath.Join(dir, reportFolder), spec); err != nil {
			return nil, err
		}
	}
	out := &RunResult{ID: w.ID, Run: run.Hash, Catalog: w.Catalog.ID, CatalogHash: run.CatalogHash, Params: run.Params, Counts: run.Counts, Marks: run.Marks}
	if out.Marks == nil {
		out.Marks = []coverage.Mark{}
	}
	t := run.ScoresTable()
	err = t.Each(func(_ string, row []coverage.Value, _ orb.Geometry) error {
		var compact json.RawMessage = t.AppendRowJSON(nil, row)
		out.Scores = append(out.Scores, compact)
		return nil
	})
	if err != nil {
		return nil, err
	}
	out.Files, err = filesIn(ctx, made, w.ID)
	return out, err
}

// once computes a value once, for all who ask.
type once[T any] struct {
	sync.Once
	value T
	err   error
}

// onceOf gives the value of a source, computed by the first who asks. A panic is an error for all.
func onceOf[T any](r *runner, m map[*source]*once[T], s *source, compute func() (T, error)) (T, error) {
	r.mu.Lock()
	o := m[s]
	if o == nil {
		o = &once[T]{}
		m[s] = o
	}
	r.mu.Unlock()
	o.Do(func() {
		defer func() {
			if p := recover(); p != nil {
				o.err = coverage.Errorf(coverage.Internal, "程序错误：%[1]v", "a fault of the program: %[1]v", p)
			}
		}()
		o.value, o.err = compute()
	})
	return o.value, o.err
}

// budget is an amount of memory, in MiB, that several may take from; who asks for more than all of it waits to be alone.
type budget struct {
	mu         sync.Mutex
	change     *sync.Cond
	free, most int64
}

func newBudget(most int64) *budget {
	b := &budget{free: most, most: most}
	b.change = sync.NewCond(&b.mu)
	return b
}

func (b *budget) take(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n = min(n, b.most)
	for b.free < n {
		b.change.Wait()
	}
	b.free -= n
}

func (b *budget) give(n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free += min(n, b.most)
	b.change.Broadcast()
}

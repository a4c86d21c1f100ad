package trend

import (
	"context"
	"errors"
	"maps"
	"slices"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
)

// Source is what is read of a project: any version of a layer, and columns that were computed before. Nothing is written. A
// coverage.Store is one.
type Source interface {
	Layer(ctx context.Context, hash string) (*coverage.Layer, error)
	coverage.Cache
}

// scratchRoom bounds what is kept of columns from one cause to the next, bytes.
const scratchRoom = 64 << 20

// Compare tells what changed from a base run to another run of the project, for how many people, and because of what. Every cause is
// applied alone to the base, which is scored again with it; gaps are not drawn and nothing is saved. What cannot be scored again is named
// in the result with its reason, and is no error: errors are those of ctx. The result hangs on no thread and no cache.
func Compare(ctx context.Context, src Source, base, run *coverage.Run, o coverage.Options) (*Trend, error) {
	c := &comparer{ctx: ctx, src: src, base: base, run: run, o: o, cache: coverage.NewScratch(src, scratchRoom), layers: map[string]*coverage.Layer{}, progress: o.Progress}
	c.o.Draw, c.o.Progress = coverage.DrawLater, nil
	t := &Trend{Base: side(base), Run: side(run)}
	if base.CatalogHash != run.CatalogHash {
		t.Catalog = catalog.Compare(base.Catalog, run.Catalog)
	}
	c.find(t.Catalog)
	accounts := newAccounts(base, run)
	ref := accounts.before // the base as the algorithm of today has it
	var stale error        // why its inputs cannot be scored again
	for i := range c.causes {
		cause := &c.causes[i]
		if cause.Kind != Algorithm {
			continue
		}
		// the first thing to know: what the causes before it are held against
		var steps []step
		if base.Version != coverage.AlgorithmVersion {
			r, err := c.again(base)
			if stale = err; err == nil {
				ref = accounts.like(r, false)
				steps = append(steps, step{accounts.before, ref})
			}
		}
		if run.Version != coverage.AlgorithmVersion {
			r, err := c.again(run)
			if err != nil {
				cause.Reason = reason(err)
				break
			}
			steps = append(steps, step{accounts.like(r, true), accounts.after})
		}
		if stale != nil {
			cause.Reason = reason(stale)
			break
		}
		cause.steps = steps
	}
	for i := range c.causes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if c.progress != nil {
			c.progress("compare", int64(i), int64(len(c.causes)))
		}
		cause := &c.causes[i]
		if cause.Kind != Algorithm && cause.Reason == (coverage.Text{}) {
			r, err := (*coverage.Run)(nil), stale
			if err == nil {
				r, err = cause.judge()
			}
			if err != nil {
				cause.Reason = reason(err)
			} else {
				cause.steps = []step{{ref, accounts.like(r, cause.Kind == Catalog)}}
			}
		}
		if cause.steps != nil {
			accounts.add(i, cause.steps)
			cause.steps, cause.judge = nil, nil // the run that it made is not needed any more
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for i := range c.causes {
		t.Causes = append(t.Causes, c.causes[i].Cause)
	}
	accounts.finish(t)
	return t, nil
}

func side(r *coverage.Run) Side {
	s := Side{RunInfo: r.RunInfo, Algorithm: r.Version, CatalogHash: r.CatalogHash, CatalogTitle: r.Catalog.Title}
	for i := range r.Subjects {
		if r.Subjects[i].Level == unitLevel {
			s.Neighborhoods++
		}
	}
	return s
}

// comparer scores the base again with one cause after the other.
type comparer struct {
	ctx       context.Context
	src       Source
	base, run *coverage.Run
	o         coverage.Options
	cache     coverage.Cache
	progress  coverage.Progress
	causes    []found

	layers map[string]*coverage.Layer // versions that were read, by hash
	ground *coverage.City             // of the base's layers but for its facilities
	city   *coverage.City             // of all of the base's layers
}

// found is a cause and how to score the base with it.
type found struct {
	Cause
	judge func() (*coverage.Run, error)
	steps []step
}

func (c *comparer) layer(in coverage.InputRef) (*coverage.Layer, error) {
	if l := c.layers[in.Hash]; l != nil {
		return l, nil
	}
	l, err := c.src.Layer(c.ctx, in.Hash)
	if err != nil {
		return nil, &unread{in, err}
	}
	c.layers[in.Hash] = l
	return l, nil
}

// unread is a version of a layer that cannot be read.
type unread struct {
	in  coverage.InputRef
	err error
}

func (u *unread) Error() string { return string(u.in.Role) + " " + u.in.Name + ": " + u.err.Error() }
func (u *unread) Unwrap() error { return u.err }

// reason says why something cannot be scored again.
func reason(err error) coverage.Text {
	words := func(err error) coverage.Text {
		var e *coverage.Error
		if errors.As(err, &e) {
			return coverage.Text{Zh: e.In("zh"), En: e.In("en")}
		}
		var book *catalog.Error
		if errors.As(err, &book) { // the catalog asks for what the other list of services does not have
			for _, f := range book.Findings {
				if f.Severity == catalog.SeverityError {
					return coverage.Text{Zh: "服务目录 " + book.File + "：" + f.Text.Zh, En: "catalog " + book.File + ": " + f.Text.En}
				}
			}
		}
		return coverage.Text{Zh: err.Error(), En: err.Error()}
	}
	var u *unread
	if errors.As(err, &u) {
		w := words(u.err)
		return coverage.Text{Zh: layerWords(u.in.LayerKey).Zh + " 的该版本无法读取：" + w.Zh, En: "this version of " + layerWords(u.in.LayerKey).En + " cannot be read: " + w.En}
	}
	return words(err)
}

// again scores the inputs of a run of another version.
func (c *comparer) again(r *coverage.Run) (*coverage.Run, error) {
	var layers []*coverage.Layer
	for _, in := range r.Inputs {
		l, err := c.layer(in)
		if err != nil {
			return nil, err
		}
		layers = append(layers, l)
	}
	city, err := coverage.NewCity(layers)
	if err != nil {
		return nil, err
	}
	return coverage.Assess(c.ctx, city, r.Catalog, r.SharedServices(), r.Params, c.o, c.cache)
}

// baseLayers reads the base's layers of facilities or all others, with one key left out or replaced.
func (c *comparer) baseLayers(facilities bool, key coverage.LayerKey, instead *coverage.Layer) ([]*coverage.Layer, error) {
	var out []*coverage.Layer
	for _, in := range c.base.Inputs {
		if in.LayerKey == key || (in.Role == coverage.RoleFacilities) != facilities {
			continue
		}
		l, err := c.layer(in)
		if err != nil {
			return nil, err
		}
		out = append(out, l)
	}
	if instead != nil && (key.Role == coverage.RoleFacilities) == facilities {
		out = append(out, instead)
	}
	return out, nil
}

// with gives the base's city with another layer under a key, or none. Units, demand and land are made anew only if they change.
func (c *comparer) with(key coverage.LayerKey, instead *coverage.Layer) (*coverage.City, error) {
	facilities, err := c.baseLayers(true, key, instead)
	if err != nil {
		return nil, err
	}
	if key.Role != coverage.RoleFacilities && key.Role != "" {
		rest, err := c.baseLayers(false, key, instead)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(rest, func(l *coverage.Layer) bool { return l.Info.Role == coverage.RoleNeighborhoods }) {
			return nil, coverage.Errorf(coverage.Refused, "单独去掉它，就没有评价单元可评", "without it alone there are no neighborhoods to judge")
		}
		return coverage.NewCity(append(rest, facilities...))
	}
	if c.ground == nil {
		rest, err := c.baseLayers(false, coverage.LayerKey{}, nil)
		if err != nil {
			return nil, err
		}
		if c.ground, err = coverage.NewCity(rest); err != nil {
			return nil, err
		}
	}
	return c.ground.WithFacilities(facilities), nil
}

// judgeLayer scores the base with another layer under a key, nil for none.
func (c *comparer) judgeLayer(key coverage.LayerKey, instead *coverage.Layer) (*coverage.Run, error) {
	city, err := c.with(key, instead)
	if err != nil {
		return nil, err
	}
	return coverage.Assess(c.ctx, city, c.base.Catalog, c.base.SharedServices(), c.base.Params, c.o, c.cache)
}

// judgeBase scores the base's layers by another catalog or parameters.
func (c *comparer) judgeBase(cat *catalog.Catalog, services *catalog.Services, p coverage.Params) (*coverage.Run, error) {
	if c.city == nil {
		var err error
		if c.city, err = c.with(coverage.LayerKey{}, nil); err != nil {
			return nil, err
		}
	}
	return coverage.Assess(c.ctx, c.city, cat, services, p, c.o, c.cache)
}

// surveyedAs gives a layer the surveys of another version of it: a version that never was, with a hash of its own.
func surveyedAs(l, other *coverage.Layer) *coverage.Layer {
	out := *l
	out.Info.Surveys = slices.Clone(other.Info.Surveys)
	out.Info.Declared = maps.Clone(l.Info.Declared)
	delete(out.Info.Declared, declaredSurvey)
	if v, ok := other.Info.Declared[declaredSurvey]; ok {
		if out.Info.Declared == nil {
			out.Info.Declared = coverage.Declared{}
		}
		out.Info.Declared[declaredSurvey] = v
	}
	out.Info.Hash = out.ComputeHash()
	return &out
}

// declaredSurvey is the declaration that becomes the surveys of a layer.
const declaredSurvey = "complete"

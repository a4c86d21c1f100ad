package coverage

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"lifecircle/coverage/catalog"
)

// Options say how to run, not what: they change no byte of a result.
type Options struct {
	Threads  int // 0: one per processor
	Draw     Drawing
	Progress Progress
	Now      func() time.Time // for RunInfo.Created; nil: time.Now
}

func (o Options) threads() int {
	if o.Threads > 0 {
		return o.Threads
	}
	return runtime.GOMAXPROCS(0)
}

// ScoreProject judges a project's current layers by a catalog and keeps the run. Layers that another program
// edited are read anew first. The same layers, catalog and parameters give the same run again, without
// computing it. Requirements whose inputs have not changed since any earlier run are taken from the cache.
//
// Errors: Refused if the project has no neighborhoods; Invalid for parameters that make no sense.
func ScoreProject(ctx context.Context, st Store, cat *catalog.Catalog, services *catalog.Services, p Params, o Options) (*Run, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	if _, err := st.Refresh(ctx); err != nil {
		return nil, err
	}
	o.Progress.at("read", 0, 0)
	city, err := LoadCity(ctx, st)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(city.Inputs, func(in InputRef) bool { return in.Role == RoleNeighborhoods }) {
		return nil, &Error{Code: Refused,
			Text: Text{Zh: "项目里没有评价单元", En: "the project has no neighborhoods"},
			Hint: Text{Zh: "先导入：lifecircle import 项目 社区.geojson --as neighborhoods", En: "import them first: lifecircle import PROJECT FILE --as neighborhoods"}}
	}
	hash := runHash(city.Inputs, cat, p)
	if known, err := st.Run(ctx, hash); err == nil {
		return known, reuse(ctx, st, known, city, o)
	} else if CodeOf(err) != NotFound {
		return nil, err
	}
	run, err := Assess(ctx, city, cat, services, p, o, st)
	if err != nil {
		return nil, err
	}
	now := time.Now
	if o.Now != nil {
		now = o.Now
	}
	run.Hash, run.Created, run.Latest = hash, now().UTC().Format(time.RFC3339), true
	o.Progress.at("save", 0, 0)
	return run, st.SaveRun(ctx, run, run.Tables())
}

// reuse makes a run that is there the latest, and draws it if that is asked for.
func reuse(ctx context.Context, st Store, r *Run, city *City, o Options) error {
	if err := st.Drawings(ctx, r); err != nil {
		return err
	}
	if !r.Drawn && o.Draw.now(city, len(r.Requirements)) {
		if err := Draw(ctx, st, r, o); err != nil {
			return err
		}
	}
	r.Latest = true
	return st.SaveRun(ctx, r, nil)
}

// Check refuses parameters that make no sense, as ScoreProject would.
func (p Params) Check() error { return p.check() }

// check refuses parameters that make no sense.
func (p *Params) check() error {
	if p.Basis == "" {
		p.Basis = "radius"
	}
	if p.Basis != "radius" {
		return Errorf(Invalid, "口径“%s”尚不支持，请用 radius", "basis %q is not supported yet: use radius", p.Basis)
	}
	if p.AsOf != "" {
		if _, err := time.Parse(time.DateOnly, p.AsOf); err != nil {
			return Errorf(Invalid, "日期“%s”应写作 2026-01-31", "date %q should read like 2026-01-31", p.AsOf)
		}
	}
	return nil
}

// runHash names a run by everything that its numbers hang on.
func runHash(inputs []InputRef, cat *catalog.Catalog, p Params) string {
	h := sha256.New()
	fmt.Fprintf(h, "lifecircle run %s\n%s\n", AlgorithmVersion, Radius{}.Key())
	for _, in := range inputs {
		fmt.Fprintf(h, "%q %q %q %s\n", in.Role, in.Service, in.Name, in.Hash)
	}
	fmt.Fprintf(h, "catalog %s services %s\n", cat.Hash(), cat.Services.Hash())
	params, _ := json.Marshal(p) // strings, numbers and flags: it cannot fail
	h.Write(params)
	return hex.EncodeToString(h.Sum(nil))
}

// Assess judges a city by a catalog: a pure function but for the cache, which may be nil.
func Assess(ctx context.Context, city *City, cat *catalog.Catalog, services *catalog.Services, p Params, o Options, cache Cache) (*Run, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	j, err := newJudge(city, cat, cat.Services, p, o.threads())
	if err != nil {
		return nil, err
	}
	run := &Run{
		RunInfo: RunInfo{Catalog: cat.ID, Params: p}, Version: AlgorithmVersion, Inputs: city.Inputs,
		CatalogHash: cat.Hash(), CatalogSource: cat.Canonical(), Catalog: cat, services: services,
	}
	run.Subjects = city.subjects()
	if err := city.parentOutlines(run.Subjects, j.threads); err != nil {
		return nil, fmt.Errorf("outlines of parents: %w", err)
	}
	n := len(cat.Requirements)
	run.Cells = make([]Cell, len(run.Subjects)*n)
	w := &work{judge: j, cache: cache, fresh: map[string][]byte{}, draw: o.Draw.now(city, n)}
	for r := range cat.Requirements {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		o.Progress.at("judge", int64(r), int64(n))
		col, err := w.column(ctx, r, len(run.Subjects))
		if err != nil {
			return nil, err
		}
		run.Requirements = append(run.Requirements, col.judged)
		for s := range col.cells {
			run.Cells[s*n+r] = col.cells[s]
		}
		run.Gaps = append(run.Gaps, col.gaps...)
	}
	if w.draw {
		if err := w.drawAreas(ctx, run); err != nil {
			return nil, err
		}
		run.sortDrawings()
	}
	o.Progress.at("judge", int64(n), int64(n))
	if err := w.keep(ctx); err != nil {
		return nil, err
	}
	run.addScores()
	run.Marks = j.marks(run)
	return run, nil
}

// Cache keeps computed values by key; a Store is one.
type Cache interface {
	Cached(ctx context.Context, key string) ([]byte, error)
	SaveCached(ctx context.Context, values map[string][]byte) error
}

// addScores scores every subject from its cells.
func (r *Run) addScores() {
	n := len(r.Requirements)
	r.Scores = nil
	r.Counts = Counts{}
	for s := range r.Subjects {
		scores := scoreSubject(r.Catalog, r.Requirements, r.Cells[s*n:(s+1)*n])
		r.Scores = append(r.Scores, scores...)
		if r.Subjects[s].Level == unitLevel {
			r.Counts.addAll(scores[len(scores)-1].Counts)
		}
	}
}

// unitLevel is the level of what is judged, in tables.
const unitLevel = "unit"

// subjects lists what is judged: units, then parents.
func (c *City) subjects() []Subject {
	out := make([]Subject, 0, len(c.units)+len(c.parents))
	for _, u := range c.units {
		out = append(out, Subject{ID: u.id, Name: u.name, Level: unitLevel, Geometry: u.geometry})
	}
	for _, p := range c.parents {
		out = append(out, Subject{ID: p.id, Name: p.name, Level: p.level, Members: len(p.members)})
	}
	return out
}

// columnKey names a requirement's column by everything that its numbers hang on, and nothing else, so that
// a run after a change computes only what the change touches.
func (j *judge) columnKey(req *catalog.Requirement) (string, error) {
	q, err := j.ask(req)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintf(h, "lifecircle column %s %s %s\n", AlgorithmVersion, j.ruler.Key(), j.services.Hash())
	r := *req
	r.Line, r.Weight, r.Mandatory, r.Note, r.Name = 0, 0, false, Text{}, Text{}
	b, err := json.Marshal(&r)
	if err != nil {
		return "", err
	}
	h.Write(b)
	fmt.Fprintf(h, "\n%s %d %v %q %v %v %q %q\n", q.denominator, q.line, q.open, q.dead, j.params.AssumeComplete, j.params.AcceptParent, j.params.AsOf, q.flags)
	for _, in := range j.city.Inputs {
		if in.Role != RoleFacilities {
			fmt.Fprintf(h, "%s %q %s\n", in.Role, in.Name, in.Hash)
		}
	}
	for k := range q.options {
		o := &q.options[k]
		service := o.alt.Service
		if o.accept != "" {
			service = o.accept
		}
		wanted := append([]string{service}, j.services.Descendants(service)...)
		fmt.Fprintf(h, "option %s %q\n", service, wanted)
		for i := range j.city.lists {
			if info := &j.city.lists[i].info; anyIn(info.Services, wanted) {
				fmt.Fprintf(h, "%q %q %s\n", info.Service, info.Name, info.Hash)
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// marks lists what every output of the run must say.
func (j *judge) marks(run *Run) []Mark {
	var out []Mark
	add := func(code, zh, en string) { out = append(out, Mark{code, Text{Zh: zh, En: en}}) }
	if j.params.AssumeComplete {
		add("assumed_complete", "假定数据完整：图层里没有的设施视为不存在", "assumed complete: what a layer does not hold is taken as not there")
	}
	if j.catalog.Provisional {
		add("provisional_catalog", "服务目录为暂定", "the catalog is provisional")
	}
	var accepted, unverified, defaults, modelled []string
	for r := range run.Requirements {
		d := &run.Requirements[r]
		for _, f := range d.Flags {
			if service, ok := strings.CutPrefix(f, causeParentAccept+":"); ok && !slices.Contains(accepted, service) {
				accepted = append(accepted, service)
			}
		}
		if strings.Contains(d.Confidence, string(catalog.Unverified)) {
			unverified = append(unverified, d.ID)
		}
		if strings.Contains(d.Confidence, string(catalog.ProjectDefault)) {
			defaults = append(defaults, d.ID)
		}
		if d.Modelled && !slices.Contains(modelled, d.Denominator) {
			modelled = append(modelled, d.Denominator)
		}
	}
	if len(accepted) > 0 {
		var zh, en []string
		for _, s := range accepted {
			zh, en = append(zh, j.services.Name(s).Zh), append(en, j.services.Name(s).En)
		}
		add("parent_accepted", "以上级服务代替："+strings.Join(zh, "、"), "a parent service stands in: "+strings.Join(en, ", "))
	}
	if len(unverified) > 0 {
		add("unverified_clauses", "条文待核："+strings.Join(unverified, "、"), "clauses not checked against the printed text: "+strings.Join(unverified, ", "))
	}
	if len(defaults) > 0 {
		add("project_defaults", "项目默认值，非官方数字："+strings.Join(defaults, "、"), "project defaults, no official figures: "+strings.Join(defaults, ", "))
	}
	if j.catalog.ScoringConfidence == catalog.ProjectDefault {
		add("scoring_defaults", "达标线、权重与等级为项目默认", "pass lines, weights and grades are project defaults")
	}
	if len(modelled) > 0 {
		add("modelled_denominator", "分母为模拟数据："+strings.Join(modelled, "、"), "the denominator is modelled: "+strings.Join(modelled, ", "))
	}
	for _, g := range j.city.groups {
		if g.kind == groupTotals {
			add("modelled_placement", "各单元总数为实，空间分布为模拟："+strings.Join(sortedKeys(g.measures), "、"),
				"totals are real, their placement is modelled: "+strings.Join(sortedKeys(g.measures), ", "))
		}
		for _, name := range sortedKeys(g.measures) {
			if n := g.measures[name].unknown; n > 0 {
				add("unknown_demand", fmt.Sprintf("%d 处需求的 %s 未知，按 0 计", n, name), fmt.Sprintf("%s is unknown for %d places of demand and counts as 0", name, n))
			}
		}
	}
	add = func(code, zh, en string) { // once per text
		m := Mark{code, Text{Zh: zh, En: en}}
		if !slices.Contains(out, m) {
			out = append(out, m)
		}
	}
	for _, in := range j.city.Inputs {
		if in.Derived != "" {
			how := in.DerivedText()
			add("derived_layer", "推导数据，非官方："+in.Name+"（"+how.Zh+"）", "derived, not official: "+in.Name+" ("+how.En+")")
		}
		if in.Modelled {
			add("modelled_layer", "模拟数据："+in.Name, "modelled: "+in.Name)
		}
	}
	j.wideCells(run, add)
	j.outside(add)
	return append(out, j.city.notes...)
}

// wideCells warns of cells wider than a third of the smallest limit: one judged point stands for too much.
func (j *judge) wideCells(run *Run, add func(code, zh, en string)) {
	smallest := int32(0)
	for r := range j.catalog.Requirements {
		for _, a := range j.catalog.Requirements[r].AnyOf {
			if l := a.Limit.RadiusMM; l > 0 && (smallest == 0 || l < smallest) {
				smallest = l
			}
		}
	}
	wide := 0
	for _, g := range j.city.groups {
		for _, width := range g.widths {
			if width > metres(smallest)/3 {
				wide++
			}
		}
	}
	if wide > 0 && smallest > 0 {
		add("wide_cells", fmt.Sprintf("%d 个需求网格宽于最小限值的三分之一（%s 米）", wide, trimDecimal(int64(smallest)/3, 3)),
			fmt.Sprintf("%d cells of demand are wider than a third of the smallest limit (%s m)", wide, trimDecimal(int64(smallest)/3, 3)))
	}
}

// outside tells of demand that lies in no neighborhood.
func (j *judge) outside(add func(code, zh, en string)) {
	for _, g := range j.city.groups {
		if g.kind == groupTotals {
			continue
		}
		in := make([]bool, g.exported)
		for _, places := range g.subjects[:len(j.city.units)] {
			for _, p := range places {
				in[p] = true
			}
		}
		for _, name := range sortedKeys(g.measures) {
			out := int64(0)
			for p := range g.exported {
				if !in[p] {
					out += g.measures[name].milli[p]
				}
			}
			if out > 0 {
				v := trimDecimal(out, 3)
				add("demand_outside", name+" "+v+" 不在任何评价单元内，未计入得分", name+" "+v+" lies in no neighborhood and is scored nowhere")
			}
		}
	}
	if lu := j.city.land; lu != nil && lu.outside >= minLandMM2 {
		v := trimDecimal(mulDiv(lu.outside, 1, 1_000_000), 0)
		add("demand_outside", "居住用地 "+v+" 平方米不在任何评价单元内，未计入得分", v+" m² of residential land lie in no neighborhood and are scored nowhere")
	}
}

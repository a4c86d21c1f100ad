package batch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
)

// Batch is a plan that was checked with everything that it names.
type Batch struct {
	Plan    *Plan
	Out     string     // the folder of results
	Hash    string     // of the plan's meaning and of all that its results hang on
	Areas   []*Area    // sorted by the bytes of their ids
	LeftOut []LeftOut  // neighborhoods of projects that are cut which are in no area
	Refused []Refusals // of projects that are cut: which area they would be of is not known

	outside Outside
	sources []*source
	sums    map[string]string // of files, by path
}

// Area is one area of a batch.
type Area struct {
	ID            string
	Name          coverage.Text
	Level, Parent string // of a cut
	Source        string // base name of the project, or "layers"
	Ways          []Way
	Fingerprint   string // of all that the results hang on
	Neighborhoods int    // as far as it is known before the area is done; −1 unknown

	from   *source
	weight int64 // bytes, about
}

// Way is one way to score an area.
type Way struct {
	ID      string
	Catalog *catalog.Catalog
	Params  coverage.Params
}

// LeftOut names neighborhoods that have no parent of the level that a project is cut by.
type LeftOut struct {
	Source string   `json:"source"`
	Level  string   `json:"level"`
	IDs    []string `json:"neighborhoods"`
}

// Refusals are neighborhoods that an import into a project refused.
type Refusals struct {
	Source string
	Rows   []RefusedRow

	from *source
}

// source is where layers come from: a project file, or files.
type source struct {
	id          string
	project     string      // path
	layers      []LayerSpec // paths as the process reads them
	files       [][]string  // of each layer: what it is made of, its own file first
	fingerprint string
	border      string // of what neighbors see: units and facilities
	weight      int64
	levels      []string
	units       []unitRef    // projects only
	refused     []RefusedRow // neighborhoods; projects only
}

// unitRef is a neighborhood of a project as far as a plan needs it.
type unitRef struct {
	id      string
	parents map[string][]string
}

// Check holds a plan against everything that it names: projects and their levels, files and the options of their import, catalogs,
// parameters, and the folder of results (out, or the plan's own). Nothing is written. Findings are those of the plan as a whole, in
// the order of the file; the error is a *[catalog.Error] if any of them is of severity error.
func Check(ctx context.Context, src []byte, file, dir, out string, outside Outside) (*Batch, []catalog.Finding, error) {
	p, d := parse(src, file, dir)
	b := &Batch{Plan: p, outside: outside, sums: map[string]string{}}
	if b.Out = out; out == "" {
		b.Out = p.path(p.Outputs.Dir)
	}
	if !p.Outputs.at.Empty() { // something could be read at all
		c := &checker{Batch: b, ctx: ctx, catalogs: map[string]*catalog.Catalog{}, projects: map[string]*source{}}
		c.settings(p.Defaults)
		for i := range p.Areas {
			if err := ctx.Err(); err != nil {
				return nil, nil, err
			}
			c.area(&p.Areas[i])
		}
		c.levels()
		c.outputs()
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	if err := d.Err(); err != nil {
		return nil, d.Findings(), err
	}
	sort.Slice(b.Areas, func(x, y int) bool { return b.Areas[x].ID < b.Areas[y].ID })
	sort.Slice(b.Refused, func(x, y int) bool {
		p, q := &b.Refused[x], &b.Refused[y]
		return p.Source < q.Source || (p.Source == q.Source && hashJSON(p.Rows) < hashJSON(q.Rows))
	})
	b.fingerprints()
	return b, d.Findings(), nil
}

type checker struct {
	*Batch
	ctx      context.Context
	catalogs map[string]*catalog.Catalog // nil: it cannot be used, which was said
	projects map[string]*source          // by path; nil likewise
}

// settings checks the catalogs of settings, whether an area uses them or not.
func (c *checker) settings(s Settings) {
	for _, r := range append([]RunSpec{s.RunSpec}, s.Runs...) {
		for _, name := range r.Catalogs {
			c.catalog(r.at, name)
		}
	}
}

// catalog gives a catalog that can be used, or reports it at the settings that name it.
func (c *checker) catalog(at catalog.Block, name string) *catalog.Catalog {
	if known, seen := c.catalogs[name]; seen {
		if known == nil {
			report(at, "catalog", "catalog", "服务目录 %s 不可用，见上", "the catalog %s cannot be used, see above", name)
		}
		return known
	}
	got, _, err := c.outside.Catalog(c.Plan.Dir, name)
	c.catalogs[name] = got
	var broken *catalog.Error
	switch {
	case errors.As(err, &broken):
		c.catalogs[name] = nil
		for _, f := range broken.Findings {
			if f.Severity != catalog.SeverityError {
				continue
			}
			h := report(at, "catalog", "catalog", "服务目录 %s 不可用", "the catalog %s cannot be used", name)
			h.f.Text.Zh += fmt.Sprintf("：第 %d 行第 %d 列: %s", f.Line, f.Column, f.Text.In("zh"))
			h.f.Text.En += fmt.Sprintf(": line %d, column %d: %s", f.Line, f.Column, f.Text.In("en"))
			if f.Hint != (coverage.Text{}) {
				h.f.Hint = f.Hint
			}
		}
	case err != nil:
		c.catalogs[name] = nil
		reportError(at, "catalog", "catalog", err)
	}
	return c.catalogs[name]
}

func (c *checker) area(spec *AreaSpec) {
	c.settings(spec.Settings)
	ways := c.ways(spec)
	switch {
	case spec.Cut != nil:
		c.cut(spec, ways)
	case spec.Project != "":
		if s := c.project(spec.at, spec.Project, spec.ID); s != nil {
			c.add(&Area{ID: spec.ID, Name: spec.Name, Source: filepath.Base(spec.Project), Ways: ways, Neighborhoods: len(s.units), from: s, weight: s.weight}, spec.at)
		}
	case len(spec.Layers) > 0:
		if s := c.files(spec); s != nil {
			c.add(&Area{ID: spec.ID, Name: spec.Name, Source: "layers", Ways: ways, Neighborhoods: -1, from: s, weight: s.weight}, spec.at)
		}
	}
}

// ways gives the ways to score an area, each under a name of its own.
func (c *checker) ways(spec *AreaSpec) []Way {
	var out []Way
	seen := map[string]bool{}
	for _, r := range spec.Settings.runs(c.Plan.Defaults) {
		names, params := r.params()
		for i, name := range names {
			at := r.at
			if len(r.Catalogs) == 0 {
				at = spec.at
			}
			var cat *catalog.Catalog
			if known, seen := c.catalogs[name]; seen {
				cat = known // reported where it is named
			} else {
				cat = c.catalog(at, name)
			}
			if cat == nil {
				continue
			}
			w := Way{ID: r.ID, Catalog: cat, Params: params[i]}
			if r.ID == "" {
				w.ID = runName(cat.ID, params[i])
			} else if len(names) > 1 {
				w.ID = folderName(r.ID + "-" + runName(cat.ID, params[i]))
			}
			if key := strings.ToLower(w.ID); seen[key] {
				report(spec.at, "runs", "duplicate_run", "两次评估同名：%s", "two runs are called %s", w.ID).hint("给它们各写一个 id", "give each an id")
			} else {
				seen[key] = true
			}
			out = append(out, w)
		}
	}
	if len(out) > maxRuns {
		report(spec.at, "runs", "too_many_runs", "一个区域多于 %s 次评估", "an area has more than %s runs", strconv.Itoa(maxRuns))
	}
	return out
}

// add adds an area whose id is free.
func (c *checker) add(a *Area, at catalog.Block) {
	for _, other := range c.Areas {
		if strings.EqualFold(other.ID, a.ID) {
			if a.Parent != "" || other.Parent != "" { // otherwise it was said already
				report(at, "", "duplicate_area", "区域标识 %s 重复", "the area id %s stands twice", a.ID).hint("用 cut.prefix 加前缀，或换一个标识", "put a word before the ids of a cut with cut.prefix, or choose another id")
			}
			return
		}
	}
	if a.Name == (coverage.Text{}) {
		a.Name = coverage.Text{Zh: a.ID, En: a.ID}
	}
	c.Areas = append(c.Areas, a)
}

// project opens a project and looks at its layers; nil if it was reported.
func (c *checker) project(at catalog.Block, name, id string) *source {
	path := c.Plan.path(name)
	key := path
	if real, err := filepath.EvalSymlinks(path); err == nil {
		key = real
	}
	if abs, err := filepath.Abs(key); err == nil {
		key = abs
	}
	if s, seen := c.projects[key]; seen {
		if s == nil {
			report(at, "project", "project", "项目 %s 不可用，见上", "the project %s cannot be used, see above", name)
		}
		return s
	}
	s, err := c.lookInto(path)
	if err != nil {
		reportError(at, "project", "project", err)
		c.projects[key] = nil
		return nil
	}
	s.id = c.sourceID(id)
	c.projects[key] = s
	c.sources = append(c.sources, s)
	return s
}

// sourceID makes a name for a source that no other has.
func (c *checker) sourceID(id string) string {
	for n, want := 2, id; ; n++ {
		if !slices.ContainsFunc(c.sources, func(s *source) bool { return strings.EqualFold(s.id, id) }) {
			return id
		}
		id = fmt.Sprintf("%s~%d", want, n)
	}
}

func (c *checker) lookInto(path string) (*source, error) {
	stat, err := os.Stat(path)
	if err != nil {
		e := asError(err)
		e.File = filepath.Base(path)
		return nil, e
	}
	s := &source{project: path, weight: stat.Size()}
	return s, withProject(c.ctx, c.outside, path, func(p Project) error {
		infos, err := p.Layers(c.ctx)
		if err != nil {
			return err
		}
		s.fingerprint, s.border = layerHashes(infos)
		for _, info := range infos {
			if info.Role != coverage.RoleNeighborhoods {
				continue
			}
			l, err := p.Layer(c.ctx, info.Hash)
			if err != nil {
				return err
			}
			for i, id := range l.IDs {
				u := unitRef{id: id, parents: map[string][]string{}}
				for _, col := range l.Parents {
					u.parents[col.Level] = col.Parents[i]
				}
				s.units = append(s.units, u)
			}
			for _, col := range l.Parents {
				s.levels = append(s.levels, col.Level)
			}
			report, err := p.Report(c.ctx, info.Hash)
			if coverage.CodeOf(err) == coverage.NotFound { // read back from another program's edits
				continue
			}
			if err != nil {
				return err
			}
			s.refused = append(s.refused, refusedRows(report)...)
		}
		if len(s.units) == 0 {
			return &coverage.Error{Code: coverage.Refused, File: filepath.Base(path), Text: coverage.Text{Zh: "项目里没有评价单元", En: "the project has no neighborhoods"},
				Hint: coverage.Text{Zh: "先导入：lifecircle import 项目 社区.geojson --as neighborhoods", En: "import them first: lifecircle import PROJECT FILE --as neighborhoods"}}
		}
		slices.Sort(s.levels)
		s.levels = slices.Compact(s.levels)
		return nil
	})
}

// layerHashes gives the hash of a project's layers, and of those that neighbors see.
func layerHashes(infos []coverage.LayerInfo) (all, border string) {
	sort.Slice(infos, func(a, b int) bool { return infos[a].LayerKey.Less(infos[b].LayerKey) })
	var every, seen []string
	for _, info := range infos {
		line := fmt.Sprintf("%q %q %q %s", info.Role, info.Service, info.Name, info.Hash)
		every = append(every, line)
		if info.Role == coverage.RoleNeighborhoods || info.Role == coverage.RoleFacilities {
			seen = append(seen, line)
		}
	}
	return hashOf(every...), hashOf(seen...)
}

// withProject opens a project for reading, as it is now: where another program edited layers, a copy is read in which they are versions.
func withProject(ctx context.Context, outside Outside, path string, f func(Project) error) (err error) {
	p, err := outside.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	infos, err := p.Layers(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(infos, func(i coverage.LayerInfo) bool { return i.Changed }) {
		return f(p)
	}
	dir, err := os.MkdirTemp("", "lifecircle-batch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	copied := filepath.Join(dir, filepath.Base(path))
	if err := p.Copy(ctx, copied); err != nil {
		return err
	}
	changed, err := outside.Change(copied, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, changed.Close()) }()
	if _, err := changed.Refresh(ctx); err != nil {
		return err
	}
	return f(changed)
}

// cut makes an area of every parent.
func (c *checker) cut(spec *AreaSpec, ways []Way) {
	cut := spec.Cut
	if cut.Project == "" || cut.By == "" {
		return // said already
	}
	name := filepath.Base(cut.Project)
	s := c.project(cut.at, cut.Project, folderName(strings.TrimSuffix(name, filepath.Ext(name))))
	if s == nil {
		return
	}
	if !slices.Contains(s.levels, cut.By) {
		list := strings.Join(s.levels, ", ")
		h := report(cut.at, "by", "unknown_level", "%[2]s 没有层级「%[1]s」", "%[2]s has no level %[1]s", cut.By, name)
		if list == "" {
			h.hint("导入评价单元时用 --parent 写明上级", "say the parents when the neighborhoods are imported: --parent LEVEL=COLUMN")
		} else {
			h.hint("现有："+list, "it has "+list)
		}
		return
	}
	if n := len(s.refused); n > 0 && !slices.ContainsFunc(c.Refused, func(r Refusals) bool { return r.from == s }) {
		c.Refused = append(c.Refused, Refusals{name, s.refused, s})
		warn(cut.at, "project", "refused", "%[2]s 导入时拒绝了 %[1]s 个评价单元，不知属于哪个区域", "%[1]s neighborhoods were refused when they were imported into %[2]s; which areas they would be of is not known", strconv.Itoa(n), name).
			hint("见 refused.csv；修正后重新导入", "refused.csv will list them; mend and import them again")
	}
	members := map[string]int{}
	left := LeftOut{Source: name, Level: cut.By}
	for _, u := range s.units {
		for _, p := range u.parents[cut.By] {
			members[p]++
		}
		if len(u.parents[cut.By]) == 0 {
			left.IDs = append(left.IDs, u.id)
		}
	}
	parents := cut.Only
	if len(parents) == 0 {
		for p := range members {
			parents = append(parents, p)
		}
		slices.Sort(parents)
		if len(left.IDs) > 0 {
			slices.Sort(left.IDs)
			c.LeftOut = append(c.LeftOut, left)
			warn(cut.at, "by", "left_out", "%[1]s 个评价单元没有上级 %[2]s，不在任何区域内", "%[1]s neighborhoods have no parent of level %[2]s and are in no area", strconv.Itoa(len(left.IDs)), cut.By).
				hint("如 "+left.IDs[0]+"；补上它们的上级", "such as "+left.IDs[0]+"; give them their parent")
		}
	}
	for _, p := range parents {
		if members[p] == 0 {
			report(cut.at, "only", "unknown_parent", "%[2]s 的层级 %[3]s 里没有「%[1]s」", "%[2]s has no %[1]s at the level %[3]s", p, name, cut.By)
			continue
		}
		weight := s.weight * int64(members[p]) / int64(len(s.units))
		c.add(&Area{ID: cut.Prefix + folderName(p), Name: coverage.Text{Zh: p, En: p}, Level: cut.By, Parent: p, Source: name, Ways: ways, Neighborhoods: members[p], from: s, weight: weight}, cut.at)
	}
}

// files checks a list of layers; nil if any of them was reported.
func (c *checker) files(spec *AreaSpec) *source {
	s := &source{id: c.sourceID(spec.ID)}
	var all, border []string
	first := map[coverage.LayerKey]int{}
	ok := true
	for _, l := range spec.Layers {
		at := l.at
		if l.File == "" || l.As == "" {
			ok = false
			continue
		}
		l.File = c.Plan.path(l.File)
		if l.Complete != "" && l.Complete != Everywhere && l.Complete != Unknown {
			l.Complete = c.Plan.path(l.Complete)
		}
		l.Clip = c.Plan.path(l.Clip)
		if !slices.Contains(coverage.Roles[:], coverage.Role(l.As)) {
			ok = false
			continue
		}
		key, paths, err := c.outside.CheckLayer(c.Plan.Dir, l)
		if err != nil {
			ok = false
			reportError(at, layerKeyOf(at, err), "layer", err)
			continue
		}
		if line, twice := first[key]; twice {
			ok = false
			report(at, "file", "duplicate_layer", "图层 %s 与第 %s 行同名", "the layer %s has the name of the one on line %s", key.Name, strconv.Itoa(line)).hint("用 layer: 另起名称", "give it a name of its own with layer:")
			continue
		}
		first[key] = at.Line()
		print, size, err := c.layerPrint(l, paths)
		if err != nil {
			ok = false
			reportError(at, "file", "layer", err)
			continue
		}
		s.weight += size
		all = append(all, print)
		if l.As == string(coverage.RoleNeighborhoods) || l.As == string(coverage.RoleFacilities) {
			border = append(border, print)
		}
		for _, parent := range l.Parent {
			s.levels = append(s.levels, parent.Key)
		}
		if l.As == string(coverage.RoleNeighborhoods) {
			s.levels = append(s.levels, "street", "district") // by codes
		}
		s.layers, s.files = append(s.layers, l), append(s.files, paths)
	}
	if !ok {
		return nil
	}
	s.fingerprint, s.border = hashOf(all...), hashOf(border...)
	c.sources = append(c.sources, s)
	return s
}

// layerKeyOf gives the key of a layer in the plan that an error speaks of.
func layerKeyOf(at catalog.Block, err error) string {
	if key := strings.ReplaceAll(strings.TrimPrefix(asError(err).Field, "--"), "-", "_"); at.Has(key) {
		return key
	}
	e := asError(err)
	for _, key := range []string{"complete", "clip", "mapping"} {
		if at.Has(key) && e.File != "" && filepath.Base(at.String(key)) == e.File {
			return key
		}
	}
	return "file"
}

// layerPrint is the hash of a layer's options and of the bytes of its files, by base names, and their size.
func (c *checker) layerPrint(l LayerSpec, paths []string) (string, int64, error) {
	whole := int64(0)
	var parts []string
	for _, path := range paths {
		stat, err := os.Stat(path)
		if err != nil {
			return "", 0, err
		}
		whole += stat.Size()
		sum, known := c.sums[path]
		if !known {
			if sum, _, err = hashFile(c.ctx, path); err != nil {
				return "", 0, err
			}
			c.sums[path] = sum
		}
		parts = append(parts, filepath.Base(path), sum)
	}
	plain := l
	plain.at = catalog.Block{}
	for _, s := range []*string{&plain.File, &plain.Complete, &plain.Clip, &plain.Mapping} {
		if *s != "" {
			*s = filepath.Base(*s)
		}
	}
	return hashOf(append(parts, fmt.Sprintf("%+v", plain))...), whole, nil
}

// levels checks the levels of reports against those that the areas have.
func (c *checker) levels() {
	known := []string{City}
	for _, s := range c.sources {
		known = append(known, s.levels...)
	}
	slices.Sort(known)
	known = slices.Compact(known)
	for _, l := range c.Plan.Outputs.Levels {
		if !slices.Contains(known, l) && len(c.sources) > 0 {
			list := strings.Join(known, ", ")
			report(c.Plan.Outputs.at, "levels", "unknown_level", "没有区域有层级「%s」", "no area has the level %s", l).hint("可用："+list, "levels: "+list)
		}
	}
}

// outputs checks the folder of results and the reports that are asked for.
func (c *checker) outputs() {
	at := c.Plan.Outputs.at
	can := c.outside.Reporter().Formats()
	for _, format := range c.Plan.Outputs.reports() {
		if !slices.Contains(can, format) {
			list := strings.Join(slices.Concat(tableFormats, among(can, reportFormats)), ", ")
			report(at, "formats", "no_reporter", "此程序尚不能生成 %s 报告", "this program writes no %s reports yet", format).hint("可用："+list, "formats: "+list)
		}
	}
	key := "dir"
	stat, err := os.Stat(c.Out)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		report(at, key, "output", "输出文件夹无法读取", "the folder of results cannot be read")
	case !stat.IsDir():
		report(at, key, "output", "%s 不是文件夹", "%s is no folder", c.Out).hint("换一个 outputs.dir 或 --out", "choose another outputs.dir or --out")
	default:
		entries, err := os.ReadDir(c.Out)
		if err != nil {
			report(at, key, "output", "输出文件夹无法读取", "the folder of results cannot be read")
		}
		for _, e := range entries {
			if !slices.Contains(ours, e.Name()) {
				report(at, key, "output", "输出文件夹里有别的东西：%s", "the folder of results holds something else: %s", e.Name()).
					hint("换一个空文件夹，或以前同一计划的结果", "choose an empty folder, or one that holds results of a batch")
				break
			}
		}
	}
	for _, s := range c.sources {
		paths := []string{s.project}
		for _, l := range s.layers {
			paths = append(paths, l.File)
		}
		for _, path := range paths {
			if path != "" && inside(c.Out, path) {
				report(at, key, "output", "数据 %s 在输出文件夹内", "the input %s lies in the folder of results", filepath.Base(path)).hint("输入只读：换一个输出文件夹", "inputs are never written to: choose another folder")
			}
		}
	}
}

// ours is what may stand in a folder of results.
var ours = []string{areasFolder, workFolder, batchCSV, batchJSON, scoresCSV, refusedCSV, shardJSON}

// inside tells whether a path lies in a folder.
func inside(dir, path string) bool {
	a, err := filepath.Abs(dir)
	if err != nil {
		return false
	}
	b, err := filepath.Abs(path)
	if err != nil {
		return false
	}
	rel, err := filepath.Rel(a, b)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// fingerprints names every area, and the batch, by all that results hang on.
func (b *Batch) fingerprints() {
	type way struct {
		ID, Catalog, Services string
		Params                coverage.Params
	}
	p := b.Plan
	all := []string{hashJSON(p.Title), hashJSON(b.LeftOut), hashJSON(b.Refused)}
	for _, a := range b.Areas {
		var ways []way
		for _, w := range a.Ways {
			ways = append(ways, way{w.ID, w.Catalog.Hash(), w.Catalog.Services.Hash(), w.Params})
		}
		var near []string
		for _, s := range b.neighborsOf(a) {
			near = append(near, s.id, s.border)
		}
		outputs := p.Outputs
		outputs.Dir, outputs.at = "", catalog.Block{}
		a.Fingerprint = hashJSON(map[string]any{
			"batch": resultVersion, "algorithm": coverage.AlgorithmVersion, "program": b.outside.Version(), "id": a.ID, "name": a.Name, "level": a.Level, "parent": a.Parent,
			"source": a.from.fingerprint, "refused": a.from.refused, "near": near, "margin": p.MarginM, "ways": ways, "outputs": outputs, "keep": p.Keep, "date": p.Date, "title": p.Title, "origin": a.Source,
		})
		all = append(all, a.ID, a.Fingerprint)
	}
	b.Hash = hashOf(all...)
}

// resultVersion changes when the same inputs would leave other files.
const resultVersion = 2

// neighborsOf gives the sources whose facilities may serve an area across its border, sorted by id.
func (b *Batch) neighborsOf(a *Area) []*source {
	if !b.Plan.Neighbors {
		return nil
	}
	var out []*source
	for _, s := range b.sources {
		if s != a.from {
			out = append(out, s)
		}
	}
	sort.Slice(out, func(x, y int) bool { return out[x].id < out[y].id })
	return out
}

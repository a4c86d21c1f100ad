package coverage

import (
	"encoding/json"
	"fmt"

	"github.com/paulmach/orb"

	"lifecircle/coverage/catalog"
)

// The packed form of a run and of a column: what the project file keeps. Numbers are little endian, as in pack.go.

const (
	runMagic      = "LCRN\x02"
	runMagicDrawn = "LCRN\x01" // schema 1 of the project file: the drawings follow the cells
)

// runHead is the part of a run that is kept as JSON.
type runHead struct {
	Params       Params
	Version      string
	Catalog      string
	CatalogHash  string
	Source       string
	Services     string
	Inputs       []InputRef
	Marks        []Mark
	Requirements []Judged
}

// MarshalBinary packs everything of a run but its hash and when it was made.
func (r *Run) MarshalBinary() ([]byte, error) {
	head, err := json.Marshal(runHead{r.Params, r.Version, r.RunInfo.Catalog, r.CatalogHash, string(r.CatalogSource), string(servicesSource(r.services)), r.Inputs, r.Marks, r.Requirements})
	if err != nil {
		return nil, err
	}
	p := packer{}
	p.b = append(p.b, runMagic...)
	p.string(string(head))
	p.uint32(len(r.Subjects))
	for _, s := range r.Subjects {
		p.string(s.ID)
		p.string(s.Name)
		p.string(s.Level)
		p.uint32(s.Members)
		p.shape(s.Geometry)
	}
	p.cells(r.Cells)
	return p.b, nil
}

// UnmarshalBinary reads what MarshalBinary wrote; scores are derived from the cells again.
func (r *Run) UnmarshalBinary(b []byte) error {
	u := unpacker{b: b}
	magic := string(u.take(len(runMagic)))
	if magic != runMagic && magic != runMagicDrawn {
		return fmt.Errorf("%w: no packed run", ErrPacked)
	}
	var head runHead
	text := u.take(u.count(1))
	if u.err != nil {
		return u.err
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return fmt.Errorf("%w: run: %v", ErrPacked, err)
	}
	r.Params, r.Version, r.RunInfo.Catalog = head.Params, head.Version, head.Catalog
	r.CatalogHash, r.CatalogSource, r.Inputs, r.Marks, r.Requirements = head.CatalogHash, []byte(head.Source), head.Inputs, head.Marks, head.Requirements
	r.Subjects = make([]Subject, u.count(17))
	for i := range r.Subjects {
		s := &r.Subjects[i]
		s.ID, s.Name, s.Level = u.string(), u.string(), u.string()
		s.Members = int(u.uint32())
		s.Geometry = polygons(u.shape(0))
	}
	r.Cells = u.cells()
	if magic == runMagicDrawn {
		r.Gaps, r.ServiceAreas = u.gaps(), u.areas()
		r.Drawn = true
	}
	if u.err == nil && len(u.b) != 0 {
		u.fail("%d bytes too many", len(u.b))
	}
	if u.err != nil {
		return u.err
	}
	if len(r.Cells) != len(r.Subjects)*len(r.Requirements) {
		return fmt.Errorf("%w: %d cells of %d subjects and %d requirements", ErrPacked, len(r.Cells), len(r.Subjects), len(r.Requirements))
	}
	for i := range r.Cells {
		if !r.Cells[i].sound() {
			return fmt.Errorf("%w: cell %d does not add up", ErrPacked, i)
		}
	}
	if err := r.soundDrawings(); err != nil {
		return err
	}
	for i := range r.Requirements {
		if l := r.Requirements[i].PassLine; l <= 0 || l > catalog.One {
			return fmt.Errorf("%w: a pass line of %s", ErrPacked, l)
		}
	}
	services, err := catalog.ParseServices([]byte(head.Services), "services of the run")
	if err != nil {
		return fmt.Errorf("services of the run: %w", err)
	}
	cat, _, err := catalog.Parse(r.CatalogSource, "catalog of the run", services)
	if err != nil {
		return fmt.Errorf("catalog of the run: %w", err)
	}
	r.services, r.Catalog = services, cat
	if len(cat.Requirements) != len(r.Requirements) {
		return fmt.Errorf("%w: %d requirements, the catalog has %d", ErrPacked, len(r.Requirements), len(cat.Requirements))
	}
	r.addScores()
	return nil
}

// servicesSource writes the shared list of services so that ParseServices reads it again (JSON is YAML).
func servicesSource(s *catalog.Services) []byte {
	type entry struct {
		Key     string   `json:"key"`
		Zh      string   `json:"zh,omitempty"`
		En      string   `json:"en,omitempty"`
		Aliases []string `json:"aliases,omitempty"`
		Parents []string `json:"parents,omitempty"`
	}
	var list []entry
	for _, e := range s.All() {
		list = append(list, entry{e.Key, e.Name.Zh, e.Name.En, e.Aliases, e.Parents})
	}
	b, _ := json.Marshal(map[string]any{"services": list}) // strings: it cannot fail
	return b
}

const columnMagic = "LCCO\x02"

// pack gives the column as bytes for the cache.
func (c *column) pack() []byte {
	p := packer{}
	p.b = append(p.b, columnMagic...)
	head, _ := json.Marshal(c.judged) // strings and numbers: it cannot fail
	p.string(string(head))
	p.cells(c.cells)
	return p.b
}

// unpackColumn reads a column from the cache; a damaged one counts as none.
func unpackColumn(b []byte, subjects int) (*column, bool) {
	u := unpacker{b: b}
	if string(u.take(len(columnMagic))) != columnMagic {
		return nil, false
	}
	c := &column{}
	if json.Unmarshal(u.take(u.count(1)), &c.judged) != nil {
		return nil, false
	}
	c.cells = u.cells()
	if u.err != nil || len(u.b) != 0 || len(c.cells) != subjects {
		return nil, false
	}
	return c, true
}

const gapsMagic = "LCGA\x01"

// packGaps gives a column's gaps as bytes for the cache.
func packGaps(gaps []Gap) []byte {
	p := packer{b: []byte(gapsMagic)}
	p.gaps(gaps)
	return p.b
}

// unpackGaps reads a column's gaps from the cache; damaged ones count as none.
func unpackGaps(b []byte) ([]Gap, bool) {
	u := unpacker{b: b}
	if string(u.take(len(gapsMagic))) != gapsMagic {
		return nil, false
	}
	gaps := u.gaps()
	return gaps, u.err == nil && len(u.b) == 0
}

// sound tells whether a cell's sums can be shown as shares.
func (c *Cell) sound() bool {
	sums := func(total, covered, undetermined int64) bool {
		return covered >= 0 && undetermined >= 0 && covered <= total && undetermined <= total-covered
	}
	ok := sums(c.Total, c.Covered, c.Undetermined) && (c.Total > 0 || c.Verdict == NotAssessed)
	for _, o := range c.Others {
		ok = ok && o.Total > 0 && sums(o.Total, o.Covered, o.Undetermined)
	}
	return ok
}

func (p *packer) cells(cells []Cell) {
	p.uint32(len(cells))
	causes := newWords()
	for i := range cells {
		c := &cells[i]
		p.ints([]int64{c.Total, c.Covered, c.Undetermined})
		p.b = append(p.b, byte(c.Verdict))
		p.uint32(causes.of(c.Cause))
		p.uint32(int(c.UnitsMet))
		p.uint32(int(c.UnitsJudged))
		p.uint32(len(c.Others))
		for _, o := range c.Others {
			p.uint32(causes.of(o.Denominator))
			p.ints([]int64{o.Total, o.Covered, o.Undetermined})
		}
	}
	p.list(causes.list)
}

func (u *unpacker) cells() []Cell {
	cells := make([]Cell, u.count(41))
	causes := make([]uint32, len(cells))
	var denominators [][]uint32
	for i := range cells {
		c := &cells[i]
		c.Total, c.Covered, c.Undetermined = u.int64(), u.int64(), u.int64()
		if v := u.take(1); u.err == nil {
			if c.Verdict = Verdict(v[0]); c.Verdict > Met {
				u.fail("a verdict of %d", v[0])
			}
		}
		causes[i] = u.uint32()
		c.UnitsMet, c.UnitsJudged = int32(u.uint32()), int32(u.uint32())
		c.Others = make([]OtherShare, u.count(28))
		words := make([]uint32, len(c.Others))
		for k := range c.Others {
			o := &c.Others[k]
			words[k] = u.uint32()
			o.Total, o.Covered, o.Undetermined = u.int64(), u.int64(), u.int64()
		}
		denominators = append(denominators, words)
		if u.err != nil {
			return nil
		}
	}
	list := u.strings(u.count(4))
	word := func(n uint32) string {
		if int(n) >= len(list) {
			u.fail("word %d of %d", n, len(list))
			return ""
		}
		return list[n]
	}
	for i := range cells {
		cells[i].Cause = word(causes[i])
		for k := range cells[i].Others {
			cells[i].Others[k].Denominator = word(denominators[i][k])
		}
		if len(cells[i].Others) == 0 {
			cells[i].Others = nil
		}
	}
	return cells
}

func (p *packer) gaps(gaps []Gap) {
	p.uint32(len(gaps))
	for i := range gaps {
		g := &gaps[i]
		p.string(g.ID)
		p.string(g.Cluster)
		p.string(g.State)
		p.uint32(g.Subject)
		p.uint32(g.Requirement)
		p.ints([]int64{g.People, g.AreaMM2, g.NearestMM, g.NearestMax})
		p.shape(g.Geometry)
	}
}

func (u *unpacker) gaps() []Gap {
	gaps := make([]Gap, u.count(53))
	for i := range gaps {
		g := &gaps[i]
		g.ID, g.Cluster, g.State = u.string(), u.string(), u.string()
		g.Subject, g.Requirement = int(u.uint32()), int(u.uint32())
		g.People, g.AreaMM2, g.NearestMM, g.NearestMax = u.int64(), u.int64(), u.int64(), u.int64()
		g.Geometry = polygons(u.shape(0))
	}
	return gaps
}

func (p *packer) areas(areas []ServiceArea) {
	p.uint32(len(areas))
	for i := range areas {
		a := &areas[i]
		p.uint32(a.Requirement)
		p.string(a.Service)
		p.string(a.Limit)
		p.uint32(a.Facilities)
		p.shape(a.Geometry)
	}
}

func (u *unpacker) areas() []ServiceArea {
	areas := make([]ServiceArea, u.count(17))
	for i := range areas {
		a := &areas[i]
		a.Requirement = int(u.uint32())
		a.Service, a.Limit = u.string(), u.string()
		a.Facilities = int(u.uint32())
		a.Geometry = polygons(u.shape(0))
	}
	return areas
}

func (u *unpacker) uint32() uint32 {
	b := u.take(4)
	if u.err != nil {
		return 0
	}
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

func (u *unpacker) int64() int64 {
	lo := u.uint32()
	return int64(uint64(lo) | uint64(u.uint32())<<32)
}

// words numbers texts that repeat.
type words struct {
	list []string
	at   map[string]int
}

func newWords() *words { return &words{at: map[string]int{}} }

func (w *words) of(s string) int {
	n, ok := w.at[s]
	if !ok {
		n = len(w.list)
		w.at[s] = n
		w.list = append(w.list, s)
	}
	return n
}

// boundWidth is the longer side of a box, metres (for warnings, not for verdicts).
func boundWidth(b orb.Bound) float64 {
	const degree = 111_320 // metres of a degree at the equator
	c := b.Center()
	return max(b.Max[1]-b.Min[1], (b.Max[0]-b.Min[0])*cosDegrees(c[1])) * degree
}

package report

import (
	"context"
	"fmt"
	"strings"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/coverage/ledger"
	"lifecircle/coverage/trend"
)

// Source is what reports of a run are made of. It is read-only once made: areas may be built at the same time.
type Source struct {
	Run     *coverage.Run
	Members [][]int        // of coverage.Members
	Title   string         // of the project
	Date    string         // what the cover says of the date; empty: nothing, so that the same run is the same bytes
	Within  int            // metres: facilities farther than this from the area that was scored were not read; 0: all were
	Layers  []Layer        // what the run read, in the order of Run.Inputs
	Ledger  *ledger.Ledger // nil: no section; see AddLedger
	Trend   *trend.Trend   // likewise; see AddTrend

	gaps [][]int // per subject: its gaps, as places in Run.Gaps
}

// Layer is an input of a run with what its import found.
type Layer struct {
	Input  coverage.InputRef
	Info   coverage.LayerInfo
	Report *coverage.ImportReport // nil if none is kept
}

// Load reads what reports of a run need from its project. The run must be drawn.
func Load(ctx context.Context, st coverage.Store, r *coverage.Run) (*Source, error) {
	project, err := st.Project(ctx)
	if err != nil {
		return nil, err
	}
	s := &Source{Run: r, Title: project.Title}
	if s.Members, err = coverage.Members(ctx, st, r); err != nil {
		return nil, err
	}
	current, err := st.Layers(ctx)
	if err != nil {
		return nil, err
	}
	for _, in := range r.Inputs {
		l := Layer{Input: in}
		for i := range current {
			if current[i].LayerKey == in.LayerKey && current[i].Hash == in.Hash {
				l.Info = current[i]
			}
		}
		if l.Info.Hash == "" { // an earlier version
			old, err := st.Layer(ctx, in.Hash)
			if err != nil {
				return nil, fmt.Errorf("layer %s %s of the run: %w", in.Role, in.Name, err)
			}
			l.Info = old.Info
		}
		if l.Report, err = st.Report(ctx, in.Hash); err != nil && coverage.CodeOf(err) != coverage.NotFound {
			return nil, err
		}
		s.Layers = append(s.Layers, l)
	}
	s.index()
	return s, nil
}

// index sorts the gaps by subject.
func (s *Source) index() {
	s.gaps = make([][]int, len(s.Run.Subjects))
	for i := range s.Run.Gaps {
		u := s.Run.Gaps[i].Subject
		s.gaps[u] = append(s.gaps[u], i)
	}
}

// cell gives the cell of a subject under a requirement.
func (s *Source) cell(subject, requirement int) *coverage.Cell {
	return &s.Run.Cells[subject*len(s.Run.Requirements)+requirement]
}

// overall gives a subject's overall score.
func (s *Source) overall(subject int) *coverage.Score {
	scores := s.Run.SubjectScores(subject)
	return &scores[len(scores)-1]
}

// denominatorName gives the words for a denominator.
func denominatorName(d string) Text {
	switch d {
	case catalog.DenominatorLand:
		return Text{Zh: "居住用地", En: "residential land"}
	case catalog.DenominatorPopulation:
		return Text{Zh: "人口", En: "population"}
	case catalog.DenominatorHouseholds:
		return Text{Zh: "户数", En: "households"}
	case catalog.DenominatorBuildings:
		return Text{Zh: "建筑", En: "buildings"}
	case catalog.DenominatorCount:
		return Text{Zh: "处数", En: "count"}
	}
	if group, ok := strings.CutPrefix(d, catalog.DenominatorPopulation+":"); ok {
		return Text{Zh: "人口（" + group + "）", En: "population " + group}
	}
	return Text{Zh: d, En: d}
}

// denominatorUnit gives the unit of a denominator's sums on paper.
func denominatorUnit(d string) Text {
	switch {
	case d == catalog.DenominatorLand:
		return Text{Zh: "公顷", En: "ha"}
	case isPeople(d):
		return Text{Zh: "人", En: "people"}
	case d == catalog.DenominatorHouseholds:
		return Text{Zh: "户", En: "households"}
	case d == catalog.DenominatorBuildings:
		return Text{Zh: "栋", En: "buildings"}
	case d == catalog.DenominatorCount:
		return Text{Zh: "处", En: "facilities"}
	}
	return Text{}
}

// bilingual reads "中文 / English"; words without the slash serve in both languages.
func bilingual(s string) Text {
	if zh, en, ok := strings.Cut(s, " / "); ok {
		return Text{Zh: zh, En: en}
	}
	return Text{Zh: s, En: s}
}

func isPeople(d string) bool {
	return d == catalog.DenominatorPopulation || strings.HasPrefix(d, catalog.DenominatorPopulation+":")
}

// milli gives a sum of a denominator in thousandths of its unit on paper: land's square millimetres become thousandths of a hectare.
func milli(n int64, d string) int64 {
	if d == catalog.DenominatorLand {
		return (n + 5_000_000) / 10_000_000
	}
	return n
}

// people gives the sums of people under a requirement: its own where it is about people, else those of the population beside it. ok is
// false where nobody was counted.
func people(d *coverage.Judged, c *coverage.Cell) (total, covered, undetermined int64, ok bool) {
	if isPeople(d.Denominator) {
		return c.Total, c.Covered, c.Undetermined, c.Verdict != coverage.NotAssessed
	}
	for i := range c.Others {
		if o := &c.Others[i]; o.Denominator == catalog.DenominatorPopulation {
			return o.Total, o.Covered, o.Undetermined, true
		}
	}
	return 0, 0, 0, false
}

// population gives the people of a subject in thousandths, from the first requirement that knows them.
func (s *Source) population(subject int) (int64, bool) {
	for k := range s.Run.Requirements {
		d, c := &s.Run.Requirements[k], s.cell(subject, k)
		if d.Denominator == catalog.DenominatorPopulation && c.Total > 0 {
			return c.Total, true
		}
		for i := range c.Others {
			if c.Others[i].Denominator == catalog.DenominatorPopulation {
				return c.Others[i].Total, true
			}
		}
	}
	return 0, false
}

// scored lists the requirements that are judged and not variants, in catalog order.
func (s *Source) scored() []int {
	var out []int
	for k := range s.Run.Requirements {
		if !s.Run.Requirements[k].Variant {
			out = append(out, k)
		}
	}
	return out
}

// lines gives the decimals that show the pass lines of some requirements whole.
func (s *Source) lines(requirements []int) int {
	var out []int64
	for _, k := range requirements {
		out = append(out, int64(s.Run.Requirements[k].PassLine))
	}
	return lineDigits(out...)
}

// all lists every requirement, variants too.
func (s *Source) all() []int {
	out := make([]int, len(s.Run.Requirements))
	for k := range out {
		out[k] = k
	}
	return out
}

// shareCell is a share under a requirement, with all digits where two would show it as reaching the pass line.
func shareCell(known bool, part, whole int64, d *coverage.Judged) Cell {
	n := coverage.Ratio(part, whole)
	return Cell{Num: n, Null: !known, Exact: below(n, int64(d.PassLine)*1000, 9, true)}
}

// scoreCell is a score with the colour of its class, with all digits where two would show it as reaching the line of a grade.
func (s *Source) scoreCell(known bool, score int64, toned bool) Cell {
	c := Cell{Num: score, Null: !known}
	for _, g := range s.Run.Catalog.Grades {
		c.Exact = c.Exact || below(score, int64(g.Min)*1000, 9, false)
	}
	if toned {
		c.Tone = scoreTone(known, score)
	}
	return c
}

// basisName gives the words for a basis.
func basisName(b string) Text {
	switch b {
	case "radius", "":
		return Text{Zh: "半径（直线距离）", En: "radius (straight line)"}
	case "path":
		return Text{Zh: "步行路径", En: "walking path"}
	}
	return Text{Zh: b, En: b}
}

// CatalogName gives the catalog's title with its mark.
func (s *Source) CatalogName() Text {
	t := s.Run.Catalog.Title
	out := Text{Zh: t.In("zh"), En: t.In("en")}
	if s.Run.Catalog.Provisional { // some say it in their title
		if !strings.Contains(out.Zh, "暂定") {
			out.Zh += "（暂定）"
		}
		if !strings.Contains(strings.ToLower(out.En), "provisional") {
			out.En += " (provisional)"
		}
	}
	return out
}

// denominators gives the words for the denominators of some requirements, each once.
func (s *Source) denominators(requirements []int) Text {
	var zh, en []string
	seen := map[string]bool{}
	for _, k := range requirements {
		d := s.Run.Requirements[k].Denominator
		if seen[d] {
			continue
		}
		seen[d] = true
		n := denominatorName(d)
		if s.Run.Requirements[k].Modelled {
			n.Zh += "（模拟）"
			n.En += " (modelled)"
		}
		zh, en = append(zh, n.Zh), append(en, n.En)
	}
	return Text{Zh: strings.Join(zh, "、"), En: strings.Join(en, ", ")}
}

// confidences gives the marks of some requirements, each once, the strongest first.
func (s *Source) confidences(requirements []int) Text {
	seen := map[string]bool{}
	for _, k := range requirements {
		for c := range strings.SplitSeq(s.Run.Requirements[k].Confidence, "/") {
			seen[c] = true
		}
	}
	var zh, en []string
	for _, c := range []catalog.Confidence{catalog.Official, catalog.Restated, catalog.Unverified, catalog.ProjectDefault} {
		if !seen[string(c)] {
			continue
		}
		z, e := string(c), string(c)
		if m := c.Mark(); m.Zh != "" {
			z, e = z+" "+m.Zh, e+" "+m.En
		}
		zh, en = append(zh, z), append(en, e)
	}
	return Text{Zh: strings.Join(zh, "、"), En: strings.Join(en, ", ")}
}

// rests says what figures rest on: denominator, basis, catalog, confidence, and what is assumed. It stands under every table and figure
// of results.
func (s *Source) rests(requirements []int) []Text {
	d, c, b, book := s.denominators(requirements), s.confidences(requirements), basisName(s.Run.Params.Basis), s.CatalogName()
	out := []Text{{
		Zh: fmt.Sprintf("分母：%s；口径：%s；目录：%s；可信度：%s。", d.Zh, b.Zh, book.Zh, c.Zh),
		En: fmt.Sprintf("Denominator: %s; basis: %s; catalog: %s; confidence: %s.", d.En, b.En, book.En, c.En),
	}}
	if s.Run.Params.AssumeComplete {
		out = append(out, Text{Zh: "假定数据完整：图层里没有的设施视为不存在。", En: "Assumed complete: what a layer does not hold is taken as not there."})
	}
	return out
}

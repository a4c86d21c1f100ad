package report

import (
	_ "embed"
	"slices"

	"lifecircle/coverage"
	"lifecircle/coverage/ledger"
)

// SummarySchema is the JSON Schema of Summary.
//
//go:embed summary.schema.json
var SummarySchema []byte

// SummaryVersion names the form of a Summary; what stands in it does not change its meaning, more may follow.
const SummaryVersion = "lifecircle-report-summary/1"

// Summary is a report for machines: the numbers of an area, with the digits of the tables. Unknown is null.
type Summary struct {
	Schema        string               `json:"schema"`
	Area          SummaryArea          `json:"area"`
	Run           string               `json:"run"`
	Algorithm     string               `json:"algorithm"`
	Catalog       SummaryCatalog       `json:"catalog"`
	Params        coverage.Params      `json:"params"`
	Marks         []coverage.Mark      `json:"marks"`
	Neighborhoods int                  `json:"neighborhoods"`
	Population    coverage.Decimal     `json:"population"`
	Counts        coverage.Counts      `json:"counts"` // of verdicts of neighborhoods
	Scores        []SummaryScore       `json:"scores"` // of a parent, by scope; empty for the city, which no one judged as a whole
	Requirements  []SummaryRequirement `json:"requirements"`
	Units         []SummaryUnit        `json:"units"` // neighborhoods, by id
	Gaps          SummaryGaps          `json:"gaps"`
	UnitScores    SummarySpread        `json:"unit_scores"`       // of the neighborhoods
	Ledger        *SummaryLedger       `json:"ledger,omitempty"`  // of the run's series
	Against       *SummaryTrend        `json:"against,omitempty"` // what changed since another run
	Attribution   []string             `json:"attribution"`
}

// SummaryArea says what a summary is about.
type SummaryArea struct {
	Level string `json:"level"` // "city", or the parent's level
	ID    string `json:"id"`
	Name  Text   `json:"name"`
}

// SummaryCatalog says by which catalog.
type SummaryCatalog struct {
	ID          string `json:"id"`
	Title       Text   `json:"title"`
	Provisional bool   `json:"provisional"`
	Hash        string `json:"hash"`
}

// SummaryScore is a score in one scope.
type SummaryScore struct {
	Scope        string           `json:"scope"`
	Score        coverage.Decimal `json:"score"`
	ScoreMax     coverage.Decimal `json:"score_max"`
	Grade        *string          `json:"grade"`
	Completeness coverage.Decimal `json:"completeness"`
}

// SummaryRequirement is how an area does under a requirement. Amounts are in the denominator's unit, land in m².
type SummaryRequirement struct {
	ID           string           `json:"requirement"`
	Name         Text             `json:"name"`
	Tier         string           `json:"tier"`
	Class        string           `json:"class"`
	Mandatory    bool             `json:"mandatory"`
	Basis        string           `json:"basis"`
	Limit        string           `json:"limit"`
	Unit         string           `json:"unit"`
	Denominator  string           `json:"denominator"`
	Modelled     bool             `json:"modelled"`
	Total        coverage.Decimal `json:"demand_total"`
	Covered      coverage.Decimal `json:"demand_covered"`
	Undetermined coverage.Decimal `json:"demand_undetermined"`
	Share        coverage.Decimal `json:"share"`
	ShareMax     coverage.Decimal `json:"share_max"`
	PassLine     coverage.Decimal `json:"pass_line"`
	PeopleBeyond coverage.Decimal `json:"people_beyond"`
	Confidence   string           `json:"confidence"`
	coverage.Counts
}

// SummaryUnit is a neighborhood's overall score.
type SummaryUnit struct {
	ID   string `json:"neighborhood_id"`
	Name string `json:"neighborhood"`
	SummaryScore
	coverage.Counts
	Population coverage.Decimal `json:"population"`
}

// SummarySpread is how the overall scores of neighborhoods spread; null without any.
type SummarySpread struct {
	Known   int              `json:"known"` // neighborhoods with a score
	Lowest  coverage.Decimal `json:"lowest"`
	Median  coverage.Decimal `json:"median"`
	Highest coverage.Decimal `json:"highest"`
}

// SummaryLedger counts findings by state.
type SummaryLedger struct {
	Open     int   `json:"open"`
	Reopened int   `json:"reopened"`
	Accepted int   `json:"accepted"`
	Closed   int   `json:"closed"`
	Entries  int64 `json:"entries"` // what people have written until then
}

// SummaryTrend is what changed in an area since another run. People count once a requirement.
type SummaryTrend struct {
	Run       string           `json:"run"`
	Verdicts  int              `json:"verdicts_changed"`
	Scores    int              `json:"scores_changed"`
	People    coverage.Decimal `json:"people_net"`
	Remainder coverage.Decimal `json:"people_remainder"` // of people_net, what single causes leave
	Causes    []SummaryCause   `json:"causes"`
}

// SummaryCause is what a cause changes alone.
type SummaryCause struct {
	Kind         string           `json:"kind"`
	Text         Text             `json:"text"`
	Before       string           `json:"before"`
	After        string           `json:"after"`
	Attributable bool             `json:"attributable"`
	Verdicts     int              `json:"verdicts_changed"`
	People       coverage.Decimal `json:"people_net"`
}

// compared adds the ledger and the comparison, where the source has them.
func (s *Source) compared(p *part, out *Summary) {
	if s.Ledger != nil {
		out.Ledger = &SummaryLedger{Entries: s.Ledger.Entries()}
		n := map[ledger.State]*int{ledger.Open: &out.Ledger.Open, ledger.Reopened: &out.Ledger.Reopened, ledger.Accepted: &out.Ledger.Accepted, ledger.Closed: &out.Ledger.Closed}
		for _, f := range s.findingsOf(p) {
			*n[f.State]++
		}
	}
	if s.Trend == nil {
		return
	}
	whole, causes, rest := s.trendOf(p)
	out.Against = &SummaryTrend{Run: s.Trend.Base.Hash, Verdicts: whole.verdicts, Scores: whole.scores, People: places(whole.peopleKnown, whole.people, 3),
		Remainder: places(whole.peopleKnown, rest, 3), Causes: []SummaryCause{}}
	for i := range causes {
		c := &s.Trend.Causes[i]
		out.Against.Causes = append(out.Against.Causes, SummaryCause{string(c.Kind), c.Text, c.Before, c.After, c.Attributable, causes[i].verdicts,
			places(c.Attributable && whole.peopleKnown, causes[i].people, 3)})
	}
}

// SummaryGaps counts gaps by state.
type SummaryGaps struct {
	Uncovered    int `json:"uncovered"`
	Undetermined int `json:"undetermined"`
}

// Summarize makes the summary of an area. Errors: NotFound if the run has no such area.
func (s *Source) Summarize(a Area) (*Summary, error) {
	p, err := s.part(a)
	if err != nil {
		return nil, err
	}
	r := s.Run
	out := &Summary{
		Schema: SummaryVersion, Area: SummaryArea(a), Run: r.Hash, Algorithm: r.Version, Params: r.Params, Marks: r.Marks, Neighborhoods: len(p.units),
		Catalog: SummaryCatalog{r.Catalog.ID, r.Catalog.Title, r.Catalog.Provisional, r.CatalogHash}, Scores: []SummaryScore{}, Requirements: []SummaryRequirement{}, Units: []SummaryUnit{}, Attribution: s.Credits(),
	}
	if a.Level == "" {
		out.Area.Level = CityLevel
	}
	if out.Marks == nil {
		out.Marks = []coverage.Mark{}
	}
	if out.Attribution == nil {
		out.Attribution = []string{}
	}
	total, _, ok := s.peopleOf(p)
	out.Population = places(ok, total, 3)
	if p.subject >= 0 {
		for _, sc := range r.SubjectScores(p.subject) {
			out.Scores = append(out.Scores, summaryScore(&sc))
		}
	}
	for _, k := range s.scored() {
		d, req, t := &r.Requirements[k], &r.Catalog.Requirements[k], s.tallyOf(p, k)
		shared := t.known && t.total > 0
		out.Requirements = append(out.Requirements, SummaryRequirement{
			ID: d.ID, Name: s.Run.RequirementName(k), Tier: d.Tier, Class: req.Class, Mandatory: req.Mandatory, Basis: r.Params.Basis, Limit: d.Limit, Unit: d.Unit,
			Denominator: d.Denominator, Modelled: d.Modelled, Total: places(t.known, coverage.Amount(t.total, d.Denominator), 3), Covered: places(t.known, coverage.Amount(t.covered, d.Denominator), 3),
			Undetermined: places(t.known, coverage.Amount(t.undetermined, d.Denominator), 3), Share: places(shared, coverage.Ratio(t.covered, t.total), 9),
			ShareMax: places(shared, coverage.Ratio(t.covered+t.undetermined, t.total), 9), PassLine: places(true, int64(d.PassLine)*1000, 9),
			PeopleBeyond: places(t.peopleKnown, t.beyond, 3), Confidence: d.Confidence, Counts: t.Counts,
		})
	}
	var known []int64
	for _, u := range p.units {
		o := s.overall(u)
		if o.Known {
			known = append(known, o.Score)
		}
		n, ok := s.population(u)
		out.Units = append(out.Units, SummaryUnit{ID: r.Subjects[u].ID, Name: r.Subjects[u].Name, SummaryScore: summaryScore(o), Counts: o.Counts, Population: places(ok, n, 3)})
		out.Counts.Met, out.Counts.Unmet = out.Counts.Met+o.Counts.Met, out.Counts.Unmet+o.Counts.Unmet
		out.Counts.NotDetected, out.Counts.NotAssessed = out.Counts.NotDetected+o.Counts.NotDetected, out.Counts.NotAssessed+o.Counts.NotAssessed
	}
	slices.Sort(known)
	out.UnitScores = SummarySpread{len(known), places(false, 0, 9), places(false, 0, 9), places(false, 0, 9)}
	if n := len(known); n > 0 {
		out.UnitScores = SummarySpread{n, places(true, known[0], 9), places(true, median(known), 9), places(true, known[n-1], 9)}
	}
	s.compared(p, out)
	for _, g := range s.gapOrder(p) {
		if g.State == "undetermined" {
			out.Gaps.Undetermined++
		} else {
			out.Gaps.Uncovered++
		}
	}
	return out, nil
}

func places(known bool, n int64, digits int) coverage.Decimal {
	return coverage.Decimal{Value: coverage.Value{Int: n, Null: !known}, Places: digits}
}

func summaryScore(x *coverage.Score) SummaryScore {
	out := SummaryScore{Scope: x.Scope, Score: places(x.Known, x.Score, 9), ScoreMax: places(x.Known, x.Max, 9), Completeness: places(true, x.Completeness, 6)}
	if x.Grade != "" {
		out.Grade = &x.Grade
	}
	return out
}

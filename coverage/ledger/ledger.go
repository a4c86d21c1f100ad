package ledger

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
)

// Series says which runs make up one ledger.
type Series struct {
	Catalog string          `json:"catalog"` // id; its content may change
	Params  coverage.Params `json:"params"`  // without as_of and year
}

// SeriesOf gives the series of a run.
func SeriesOf(r *coverage.RunInfo) Series {
	s := Series{Catalog: r.Catalog, Params: r.Params}
	s.Params.AsOf, s.Params.Year = "", 0
	return s
}

// Key names the series in a store.
func (s Series) Key() string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // texts, booleans and numbers
	}
	return string(b)
}

// Scoring is one time that a run became the latest of its project.
type Scoring struct {
	Seq int64  `json:"-"`    // rising through all scorings of the project
	Run string `json:"run"`  // hash
	At  string `json:"time"` // RFC 3339, UTC; "" if nobody noted it
}

// Field is what people write of a finding.
type Field string

// The fields. A reason that is not empty is an acceptance.
const (
	FieldOwner  Field = "owner"
	FieldDue    Field = "due" // YYYY-MM-DD
	FieldNote   Field = "note"
	FieldReason Field = "reason"
)

// Entry is one thing that somebody wrote of a finding.
type Entry struct {
	Seq     int64  `json:"-"`
	Finding string `json:"-"`
	Field   Field  `json:"field"`
	Value   string `json:"value"`            // "": withdrawn
	At      string `json:"time"`             // RFC 3339, UTC; given by the store
	Who     string `json:"who,omitempty"`    // free text
	Source  string `json:"source,omitempty"` // base name of the file that it came in, "": by hand
	Scoring int64  `json:"-"`                // Seq of the project's last scoring at that time; given by the store
}

// Store is what a ledger needs of a project; data/store implements it.
type Store interface {
	Runs(ctx context.Context) ([]coverage.RunInfo, error)
	Run(ctx context.Context, hash string) (*coverage.Run, error)
	// Scorings gives all scorings in their order.
	Scorings(ctx context.Context) ([]Scoring, error)
	// LedgerEntries gives what was written of the findings of a series, in order.
	LedgerEntries(ctx context.Context, series string) ([]Entry, error)
	// SaveLedgerEntries adds entries to a series, all or none. Conflict if there are entries after the one of number after (0: none): what
	// was written in the meantime must be looked at first.
	SaveLedgerEntries(ctx context.Context, series string, after int64, entries []Entry) error
}

// State is where a finding stands.
type State string

// The states.
const (
	Open     State = "open"
	Closed   State = "closed"   // met since run ClosedBy
	Reopened State = "reopened" // found again after it was closed
	Accepted State = "accepted" // found, and somebody accepted it
)

// States are all states, in the order of a finding's life.
var States = []State{Open, Closed, Reopened, Accepted}

// Name is what people call a state.
func (s State) Name() coverage.Text {
	switch s {
	case Open:
		return coverage.Text{Zh: "未关闭", En: "open"}
	case Closed:
		return coverage.Text{Zh: "已关闭", En: "closed"}
	case Reopened:
		return coverage.Text{Zh: "重新出现", En: "reopened"}
	case Accepted:
		return coverage.Text{Zh: "已接受", En: "accepted"}
	}
	return coverage.Text{Zh: string(s), En: string(s)}
}

// Absent is said in Now of what the latest run did not judge: the neighborhood or the requirement is gone.
const Absent = "absent"

// Finding is a requirement that a neighborhood does not meet, or of which the layers cannot tell. Figures are those of the last run
// in which it was found.
type Finding struct {
	ID          string           `json:"finding"` // UNIT/REQUIREMENT, as the rows of table coverage are named
	SubjectID   string           `json:"neighborhood_id"`
	Subject     string           `json:"neighborhood"` // name
	Level       string           `json:"level"`        // unit
	Requirement string           `json:"requirement"`
	Name        coverage.Text    `json:"requirement_name"`
	Class       string           `json:"class"`   // basic, quality, special
	Verdict     string           `json:"verdict"` // unmet or not_detected
	Share       coverage.Decimal `json:"share"`
	ShareMax    coverage.Decimal `json:"share_max"`
	PassLine    coverage.Decimal `json:"pass_line"`
	Denominator string           `json:"denominator"`       // of the shares
	People      coverage.Decimal `json:"people"`            // who would gain: surely uncovered; unknown if nobody counted people
	PeopleMax   coverage.Decimal `json:"people_max"`        // with those of whom the layers cannot tell
	PeopleOf    string           `json:"people_of"`         // the denominator of People: population, population:0-3 …; "" if unknown
	Confidence  string           `json:"confidence"`        // of the requirement's figures: A, A*, B, C
	Cause       string           `json:"cause"`             // codes joined with ";", see coverage.CauseTexts
	FirstRun    string           `json:"first_run"`         // hash
	LastRun     string           `json:"last_run"`          // hash
	ClosedBy    string           `json:"closed_by"`         // hash, "" unless closed
	State       State            `json:"state"`             //
	Now         string           `json:"now"`               // the verdict of the latest run of the series, or absent
	Owner       string           `json:"owner"`             //
	Due         string           `json:"due"`               // YYYY-MM-DD or ""
	Note        string           `json:"note"`              //
	Reason      string           `json:"reason"`            // of the last acceptance
	History     []Entry          `json:"history,omitempty"` // what people wrote, in order
	derived     State            // without acceptance
	closedSeq   int64            // of the last scoring that closed it, 0 for none
}

// Ledger is the ledger of one series as of one scoring of it.
type Ledger struct {
	Series   Series           `json:"series"`
	Run      coverage.RunInfo `json:"latest"` // the latest run of the series
	Title    coverage.Text    `json:"title"`  // of its catalog
	Scorings []Scoring        `json:"scorings"`
	Findings []Finding        `json:"findings"` // by neighborhood, then in the order of the latest catalog

	entries int64             // number of the last entry
	runs    map[string]Series // of all runs of the project, by hash
	byID    map[string]int
}

// Read gives the ledger of the series of a run ("": the latest), after its last scoring. NotFound if there is no such run, Invalid if a
// prefix fits several.
func Read(ctx context.Context, st Store, run string) (*Ledger, error) { return ReadAt(ctx, st, run, 0) }

// ReadAt gives the ledger as it was after the first n scorings of the series, 0 for all: states and figures are those of then, what people wrote
// is that of now.
func ReadAt(ctx context.Context, st Store, run string, n int) (*Ledger, error) {
	scorings, err := st.Scorings(ctx) // first: whatever it names is there when the runs are read
	if err != nil {
		return nil, err
	}
	infos, err := st.Runs(ctx)
	if err != nil {
		return nil, err
	}
	chosen, err := st.Run(ctx, run)
	if err != nil {
		return nil, err
	}
	l := &Ledger{Series: SeriesOf(&chosen.RunInfo), Scorings: []Scoring{}, runs: map[string]Series{}}
	for i := range infos {
		l.runs[infos[i].Hash] = SeriesOf(&infos[i])
	}
	for _, s := range scorings {
		if series, ok := l.runs[s.Run]; ok && series == l.Series && (n == 0 || len(l.Scorings) < n) {
			l.Scorings = append(l.Scorings, s)
		}
	}
	var h History
	var last *coverage.Run
	for _, s := range l.Scorings {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if last, err = st.Run(ctx, s.Run); err != nil {
			return nil, err
		}
		h.Add(s, last)
	}
	if last != nil {
		l.Run, l.Title = last.RunInfo, last.Catalog.Title
	}
	entries, err := st.LedgerEntries(ctx, l.Series.Key())
	if err != nil {
		return nil, err
	}
	l.Findings = h.Findings()
	l.byID = make(map[string]int, len(l.Findings))
	for i := range l.Findings {
		l.byID[l.Findings[i].ID] = i
	}
	for _, e := range entries {
		l.entries = max(l.entries, e.Seq)
		if i, ok := l.byID[e.Finding]; ok {
			l.Findings[i].History = append(l.Findings[i].History, e)
		}
	}
	for i := range l.Findings {
		l.Findings[i].settle(l.Findings[i].History)
	}
	return l, nil
}

// MarkCodes gives the codes of what every output of the latest run must say, each once, joined with ";".
func (l *Ledger) MarkCodes() string {
	var out []string
	for _, m := range l.Run.Marks {
		if !slices.Contains(out, m.Code) {
			out = append(out, m.Code)
		}
	}
	return strings.Join(out, ";")
}

// Entries is how much people have written into the ledger: it rises with every entry.
func (l *Ledger) Entries() int64 { return l.entries }

// Finding gives a finding by its id, nil if there is none.
func (l *Ledger) Finding(id string) *Finding {
	if i, ok := l.byID[id]; ok {
		return &l.Findings[i]
	}
	return nil
}

// settle makes what people wrote, in order, count.
func (f *Finding) settle(entries []Entry) {
	f.Owner, f.Due, f.Note, f.Reason, f.State = "", "", "", "", f.derived
	var accepted int64
	for _, e := range entries {
		*f.field(e.Field) = e.Value
		if e.Field == FieldReason {
			accepted = e.Scoring
		}
	}
	if f.Reason != "" && f.derived != Closed && accepted >= f.closedSeq {
		f.State = Accepted
	}
}

func (f *Finding) field(name Field) *string {
	switch name {
	case FieldOwner:
		return &f.Owner
	case FieldDue:
		return &f.Due
	case FieldNote:
		return &f.Note
	}
	return &f.Reason
}

// History follows the findings of a series, run by run. The zero value has seen none.
type History struct {
	records map[recordKey]*record
	n       int            // scorings seen
	order   map[string]int // requirements in the order of the latest catalog
}

type recordKey struct{ row, requirement string }

type record struct {
	Finding
	seen int // the scoring that last judged it
}

// Add takes the next scoring of the series.
func (h *History) Add(s Scoring, r *coverage.Run) {
	if h.records == nil {
		h.records = map[recordKey]*record{}
	}
	h.n++
	h.order = map[string]int{}
	names := make([]coverage.Text, len(r.Requirements))
	for k := range r.Requirements {
		h.order[r.Requirements[k].ID] = k
		names[k] = r.RequirementName(k)
	}
	rows, n := r.RowIDs(), len(r.Requirements)
	for i := range r.Subjects {
		if !r.Subjects[i].IsUnit() {
			continue
		}
		for k := range r.Requirements {
			if r.Requirements[k].Variant { // reported, not scored
				continue
			}
			c := &r.Cells[i*n+k]
			key := recordKey{rows[i], r.Requirements[k].ID}
			rec := h.records[key]
			if !found(c.Verdict) && rec == nil || rec != nil && rec.seen == h.n { // two neighborhoods of one name: the first
				continue
			}
			if rec == nil {
				rec = &record{Finding: Finding{ID: key.row + "/" + key.requirement, FirstRun: s.Run, derived: Open}}
				h.records[key] = rec
			}
			rec.seen, rec.Now = h.n, c.Verdict.String()
			switch {
			case found(c.Verdict):
				if rec.derived == Closed {
					rec.derived, rec.ClosedBy = Reopened, ""
				}
				rec.LastRun = s.Run
				rec.figures(r, i, k, names[k])
			case c.Verdict == coverage.Met && rec.derived != Closed:
				rec.derived, rec.ClosedBy, rec.closedSeq = Closed, s.Run, s.Seq
			}
		}
	}
}

func found(v coverage.Verdict) bool { return v == coverage.Unmet || v == coverage.NotDetected }

// figures takes over what a run says of subject i under requirement k.
func (f *Finding) figures(r *coverage.Run, i, k int, name coverage.Text) {
	s, d, c := &r.Subjects[i], &r.Requirements[k], &r.Cells[i*len(r.Requirements)+k]
	f.SubjectID, f.Subject, f.Level = s.ID, s.Name, s.Level
	f.Requirement, f.Name, f.Class = d.ID, name, r.Catalog.Requirements[k].Class
	f.Verdict, f.Denominator, f.PassLine = c.Verdict.String(), d.Denominator, d.Line()
	f.Share, f.ShareMax = c.Shares()
	f.Confidence, f.Cause = d.Confidence, c.Cause
	f.PeopleOf, f.People, f.PeopleMax = "", coverage.People(coverage.Unknown), coverage.People(coverage.Unknown)
	gain := func(of string, total, covered, undetermined int64) {
		f.PeopleOf, f.People, f.PeopleMax = of, coverage.People(total-covered-undetermined), coverage.People(total-covered)
	}
	if ofPeople(d.Denominator) {
		gain(d.Denominator, c.Total, c.Covered, c.Undetermined)
		return
	}
	for _, o := range c.Others {
		if o.Denominator == catalog.DenominatorPopulation {
			gain(o.Denominator, o.Total, o.Covered, o.Undetermined)
		}
	}
}

// ofPeople tells denominators that count people: population and its groups.
func ofPeople(denominator string) bool {
	return denominator == catalog.DenominatorPopulation || strings.HasPrefix(denominator, catalog.DenominatorPopulation+":")
}

// Findings gives what has been found until now, without what people wrote.
func (h *History) Findings() []Finding {
	out := make([]Finding, 0, len(h.records))
	rows := make(map[string]string, len(h.records))
	for key, rec := range h.records {
		f := rec.Finding
		if f.State = f.derived; rec.seen < h.n {
			f.Now = Absent
		}
		out = append(out, f)
		rows[f.ID] = key.row
	}
	place := func(requirement string) int {
		if k, ok := h.order[requirement]; ok {
			return k
		}
		return len(h.order)
	}
	slices.SortFunc(out, func(a, b Finding) int {
		return cmp.Or(strings.Compare(rows[a.ID], rows[b.ID]), cmp.Compare(place(a.Requirement), place(b.Requirement)), strings.Compare(a.ID, b.ID))
	})
	return out
}

// classes in the order of the yearly project list: 基础保障, 品质提升, 特色引导.
var classes = []string{catalog.ClassBasic, catalog.ClassQuality, catalog.ClassSpecial}

// ProjectList is the yearly project list (年度项目清单): the findings that are open or reopened, by class (基础保障 first), then by the people
// who would surely gain, then by those who might, each the most first and unknown last, then by id.
func ProjectList(findings []Finding) []Finding {
	var out []Finding
	for i := range findings {
		if s := findings[i].State; s == Open || s == Reopened {
			out = append(out, findings[i])
		}
	}
	SortAsProjects(out)
	return out
}

// SortAsProjects brings findings into the order of the yearly project list.
func SortAsProjects(findings []Finding) {
	class := func(f *Finding) int {
		if i := slices.Index(classes, f.Class); i >= 0 {
			return i
		}
		return len(classes)
	}
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(class(&a), class(&b)), cmp.Compare(gained(b.People), gained(a.People)),
			cmp.Compare(gained(b.PeopleMax), gained(a.PeopleMax)), strings.Compare(a.ID, b.ID))
	})
}

func gained(d coverage.Decimal) int64 {
	if d.Null {
		return -1
	}
	return d.Int
}

// unknownFinding is the error for an id that no finding of the ledger has.
func unknownFinding(id string) *coverage.Error {
	e := coverage.Errorf(coverage.NotFound, "台账中没有“%[1]s”", "the ledger has no finding %[1]q", id)
	e.Field = "finding"
	e.Hint = coverage.Text{Zh: "编号为“单元/要求”，见 lifecircle ledger list；其他目录或参数的台账用 --run", En: "ids are NEIGHBORHOOD/REQUIREMENT, see lifecircle ledger list; --run chooses the ledger of another catalog or other parameters"}
	return e
}

// short is how a run is written where people read it.
func short(run string) string { return fmt.Sprintf("%.12s", run) }

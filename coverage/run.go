package coverage

import (
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage/catalog"
)

// AlgorithmVersion is part of every run's hash: it changes when the same inputs would give other numbers.
const AlgorithmVersion = "2"

// Params are what a user says of a run. All of them are part of its hash.
type Params struct {
	Basis          string `json:"basis"`                     // "radius"
	Denominator    string `json:"denominator,omitempty"`     // land, population, population:60+, households, buildings …; "" = the catalog's
	AssumeComplete bool   `json:"assume_complete,omitempty"` // every layer is taken as complete
	AcceptParent   bool   `json:"accept_parent,omitempty"`   // a parent service's facilities stand in
	AsOf           string `json:"as_of,omitempty"`           // YYYY-MM-DD: facilities by their dates
	Year           int    `json:"year,omitempty"`            // pass lines by the targets of that year
}

// InputRef names one layer version that a run read.
type InputRef struct {
	LayerKey
	Version     int    `json:"version"`
	Hash        string `json:"hash"`
	Rows        int    `json:"rows"`
	Modelled    bool   `json:"modelled,omitempty"`
	Derived     string `json:"derived,omitempty"`
	Attribution string `json:"attribution,omitempty"`
}

// DerivedText gives the words of Derived in both languages: they may be written as "中文 / English".
func (in InputRef) DerivedText() Text { return bilingual(in.Derived) }

// bilingual reads "中文 / English"; words without the slash serve in both languages.
func bilingual(s string) Text {
	if zh, en, ok := strings.Cut(s, " / "); ok {
		return Text{Zh: zh, En: en}
	}
	return Text{Zh: s, En: s}
}

// Mark is something that every output of a run must carry: an assumption, a provisional source.
type Mark struct {
	Code string `json:"code"` // assumed_complete, provisional_catalog, unverified_clauses, modelled_population, parent_accepted, derived_neighborhoods …
	Text Text   `json:"text"`
}

// RunInfo is a run without its results.
type RunInfo struct {
	Hash    string   `json:"run"`     // hex SHA-256 of inputs, catalog, parameters and version
	Created string   `json:"created"` // RFC 3339, UTC; in no export
	Latest  bool     `json:"latest"`
	Catalog string   `json:"catalog"` // id
	Params  Params   `json:"params"`
	Changed []string `json:"changed_since_run,omitempty"` // names of layers of which another version is current now
	Counts  Counts   `json:"counts"`
	Marks   []Mark   `json:"marks"`
}

// Counts counts verdicts of units by requirements; variants of a requirement are not counted.
type Counts struct {
	Met         int `json:"met"`
	Unmet       int `json:"unmet"`
	NotDetected int `json:"not_detected"`
	NotAssessed int `json:"not_assessed"`
}

// Verdict is what is said of a neighborhood under a requirement.
type Verdict uint8

// The verdicts. "No data" is never "no facility".
const (
	NotAssessed Verdict = iota // 未评估: see the cause
	Unmet                      // 未达标: even with everything undetermined it misses the line
	NotDetected                // 未检出: the layers cannot tell
	Met                        // 达标
)

// String gives the verdict's word in tables.
func (v Verdict) String() string {
	return [...]string{"not_assessed", "unmet", "not_detected", "met"}[v]
}

// Zh gives the verdict's word for planners.
func (v Verdict) Zh() string { return [...]string{"未评估", "未达标", "未检出", "达标"}[v] }

// Run is one assessment: immutable, found again by its hash.
type Run struct {
	RunInfo
	Version       string     `json:"version"` // AlgorithmVersion
	Inputs        []InputRef `json:"inputs"`
	CatalogHash   string     `json:"catalog_hash"`
	CatalogSource []byte     `json:"-"` // canonical form of the catalog, parsed again by Catalog

	Catalog  *catalog.Catalog  `json:"-"`
	services *catalog.Services // the shared list that the catalog was read with

	Subjects     []Subject `json:"-"` // what is judged: units sorted by id, then parents sorted by level and id
	Requirements []Judged  `json:"-"` // in catalog order
	Cells        []Cell    `json:"-"` // Subjects × Requirements, subject-major
	Scores       []Score   `json:"-"` // Subjects × (tiers in catalog order, then overall), subject-major

	// Drawn tells whether the gaps and service areas are there; they follow from the rest, see Draw.
	Drawn        bool          `json:"-"`
	Gaps         []Gap         `json:"-"` // by unit, then requirement
	ServiceAreas []ServiceArea `json:"-"` // by requirement
}

// Services is the list of services that the run's catalog names.
func (r *Run) Services() *catalog.Services {
	if r.Catalog.Services != nil {
		return r.Catalog.Services
	}
	return r.services
}

// SharedServices is the list of services that the run's catalog was read with; the catalog may add its own.
func (r *Run) SharedServices() *catalog.Services {
	if r.services != nil {
		return r.services
	}
	return r.Catalog.Services
}

// Subject is a unit or a parent that is judged.
type Subject struct {
	ID, Name string
	Level    string // "unit" for a neighborhood, else the parent's level
	Members  int    // parents: how many units belong to it
	Geometry orb.MultiPolygon
}

// Judged is a requirement as a run judged it.
type Judged struct {
	ID          string
	Service     string // alternatives joined with "|"
	Tier        string
	Limit       string // numbers joined with "|"
	Unit        string // m, min or count
	Denominator string
	PassLine    catalog.Ppm
	Confidence  string
	Variant     bool // reported, not scored
	Modelled    bool // its denominator is modelled
	Flags       []string
}

// Cell is the tally and the verdict of one subject under one requirement. Sums are in thousandths (people,
// households, buildings, counts) or in square millimetres (land).
type Cell struct {
	Total, Covered, Undetermined int64
	Verdict                      Verdict
	Cause                        string // codes joined with ";"
	UnitsMet, UnitsJudged        int32  // parents: units that meet it, of those with a share (社区达标率)
	Others                       []OtherShare
}

// OtherShare is a share under another denominator, listed without a verdict.
type OtherShare struct {
	Denominator                  string
	Total, Covered, Undetermined int64
}

// Score is a subject's score in one scope.
type Score struct {
	Scope        string // tier id or "overall"
	Known        bool   // false: no requirement has a share
	Score, Max   int64  // 10⁻⁹ points
	Grade        string // "" below the completeness floor
	Capped       bool   // by an unmet mandatory requirement
	Completeness int64  // 10⁻⁶
	Counts       Counts
}

// Gap is a connected place where demand lies beyond the limit or is undetermined.
type Gap struct {
	ID, Cluster string
	Subject     int    // index of the unit
	Requirement int    // index
	State       string // uncovered or undetermined
	People      int64  // thousandths of the denominator; Unknown for land
	AreaMM2     int64
	NearestMM   int64 // people-weighted mean reach; Unknown where no facility exists
	NearestMax  int64
	Geometry    orb.MultiPolygon
}

// ServiceArea is the drawn union of the service areas of one alternative of a requirement.
type ServiceArea struct {
	Requirement int
	Service     string
	Limit       string
	Facilities  int
	Geometry    orb.MultiPolygon
}

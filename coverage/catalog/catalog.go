package catalog

import (
	"encoding/json"
	"slices"
	"strings"
)

// Text is a wording in Chinese and English. Either may be empty.
type Text struct {
	Zh string `json:"zh,omitempty"`
	En string `json:"en,omitempty"`
}

// In is the wording in a language ("zh" or "en"), in the other one if that is missing.
func (t Text) In(language string) string {
	if (language == "zh" && t.Zh != "") || t.En == "" {
		return t.Zh
	}
	return t.En
}

// Catalog is a guideline made machine-readable. A catalog from [Parse] is complete: every default is filled in, every
// service is a key of its Services.
type Catalog struct {
	ID          string    `json:"id"`
	Title       Text      `json:"title"`
	Provisional bool      `json:"provisional"` // 暂定: the guideline's own tables are not public, or not final
	Note        Text      `json:"note,omitzero"`
	Source      string    `json:"source,omitempty"`
	Attribution string    `json:"attribution,omitempty"`
	OwnServices []Service `json:"services,omitempty"` // services that only this catalog knows
	Tiers       []Tier    `json:"tiers"`

	// How verdicts become scores and grades. Sources and confidence of these figures, not of the requirements.
	PassLine          Ppm        `json:"pass_line"`                     // of requirements without their own, in (0, 1]
	Denominator       string     `json:"denominator"`                   // of requirements without their own
	Grades            []Grade    `json:"grades"`                        // best first; the last has Min 0
	CapUnmetMandatory string     `json:"cap_unmet_mandatory,omitempty"` // best grade with an unmet mandatory requirement; empty: no cap
	CompletenessFloor Ppm        `json:"completeness_floor"`            // below it there is no grade, in [0, 1]
	ScoringSource     string     `json:"scoring_source"`
	ScoringConfidence Confidence `json:"scoring_confidence"`

	Requirements []Requirement `json:"requirements"` // in the order of the file

	// Services is the shared list with the catalog's own services added: what Requirements' services are keys of.
	Services *Services `json:"-"`
}

// Tier is a circle of the guideline (圈层). Tiers do not contain each other: each requirement is judged in its own.
type Tier struct {
	ID      string `json:"id"`
	Minutes int    `json:"minutes"` // on foot
	Name    Text   `json:"name"`
}

// Grade is a name for scores of at least Min points (of 100).
type Grade struct {
	Name string `json:"name"`
	Min  Ppm    `json:"min"`
}

// Classes of requirement (要素类型), as the guidelines name them.
const (
	ClassBasic   = "basic"   // 基础保障
	ClassQuality = "quality" // 品质提升
	ClassSpecial = "special" // 特色引导
)

// ClassName is what people call a class of requirement, the class itself if it is unknown.
func ClassName(class string) Text {
	switch class {
	case ClassBasic:
		return Text{Zh: "基础保障", En: "basic"}
	case ClassQuality:
		return Text{Zh: "品质提升", En: "quality"}
	case ClassSpecial:
		return Text{Zh: "特色引导", En: "special"}
	}
	return Text{Zh: class, En: class}
}

// Denominators that have a meaning of their own. Any other denominator is the name of a measure, such as population:60+.
const (
	DenominatorLand       = "land"
	DenominatorPopulation = "population"
	DenominatorHouseholds = "households"
	DenominatorBuildings  = "buildings"
	DenominatorCount      = "count" // of count requirements, cannot be asked for
)

// Requirement is what a catalog asks in a tier: any of some services within their limits (AnyOf), or a count per unit.
// Exactly one of AnyOf and Count is set.
type Requirement struct {
	ID        string `json:"id"` // given, else service and tier: clinic-15
	Name      Text   `json:"name"`
	Tier      string `json:"tier"`  // id of a tier
	Class     string `json:"class"` // basic, quality, special
	Mandatory bool   `json:"mandatory"`
	Weight    Ppm    `json:"weight"` // ≥ 0; a variant has none and is not mandatory

	AnyOf []Alternative `json:"any_of,omitempty"`
	Count *Count        `json:"count,omitempty"`

	VariantOf string   `json:"variant_of,omitempty"` // id of the requirement that this is another reading of: reported, not scored
	AppliesTo []string `json:"applies_to,omitempty"` // kinds of circle (居住型 …), sorted; empty: all

	Denominator string   `json:"denominator,omitempty"` // empty: the run's or the catalog's; "count" if Count is set
	PassLine    Ppm      `json:"pass_line"`             // own, else the catalog's; 1 if Count is set
	PassLineSet bool     `json:"pass_line_set"`         // the requirement has its own pass line
	Targets     []Target `json:"targets,omitempty"`     // by rising year
	Quota       *Quota   `json:"quota,omitempty"`

	Source     string     `json:"source,omitempty"`
	Clause     string     `json:"clause,omitempty"`
	Confidence Confidence `json:"confidence"` // own, else the weakest of the alternatives', else C
	Note       Text       `json:"note,omitzero"`

	Line int `json:"line,omitempty"` // in the file, from 1; not part of the content
}

// Alternative is one way to fulfil a requirement: a facility of the service, of the asked size, within the limit.
type Alternative struct {
	Service    string     `json:"service"` // key
	Limit      Limit      `json:"limit"`
	MinArea    Area       `json:"min_area_m2,omitempty"` // inclusive; 0: none
	MaxArea    Area       `json:"max_area_m2,omitempty"` // exclusive; 0: none
	AreaKind   string     `json:"area_kind,omitempty"`   // land, floor, or empty: not said
	Source     string     `json:"source,omitempty"`      // own, else the requirement's; likewise Clause, Confidence
	Clause     string     `json:"clause,omitempty"`
	Confidence Confidence `json:"confidence"`
}

// What an area is of. A polygon's own area is land; floor area is known only from an attribute.
const (
	AreaLand  = "land"
	AreaFloor = "floor"
)

// Limit is how far a facility may be, by basis. 0 means that there is no limit on that basis. All limits are inclusive.
type Limit struct {
	RadiusMM int32 // straight line, millimetres
	PathMM   int32 // along the walking network, millimetres
	Seconds  int32 // walking time
}

// IsZero reports whether there is no limit on any basis.
func (l Limit) IsZero() bool { return l == Limit{} }

// MarshalJSON writes {"radius_m": 500, "path_m": 650, "minutes": 10} with the bases that have a limit.
func (l Limit) MarshalJSON() ([]byte, error) {
	var members []string
	add := func(name string, value Ppm) {
		if value != 0 {
			members = append(members, `"`+name+`":`+value.String())
		}
	}
	add("radius_m", Ppm(l.RadiusMM)*1000)
	add("path_m", Ppm(l.PathMM)*1000)
	if l.Seconds%3 == 0 {
		add("minutes", Ppm(l.Seconds)*One/60)
	} else { // no decimal of minutes; does not come from a file
		add("seconds", Ppm(l.Seconds)*One)
	}
	return []byte("{" + strings.Join(members, ",") + "}"), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (l *Limit) UnmarshalJSON(src []byte) error {
	var members struct {
		Radius  Ppm `json:"radius_m"`
		Path    Ppm `json:"path_m"`
		Minutes Ppm `json:"minutes"`
		Seconds Ppm `json:"seconds"`
	}
	if err := json.Unmarshal(src, &members); err != nil {
		return err
	}
	*l = Limit{
		RadiusMM: int32(members.Radius / 1000),
		PathMM:   int32(members.Path / 1000),
		Seconds:  int32((members.Minutes*60 + members.Seconds) / One),
	}
	return nil
}

// Count asks for a number of facilities in the unit of a level that holds the neighborhood.
type Count struct {
	Service  string `json:"service"` // key
	Min      int    `json:"min"`     // ≥ 1
	Per      string `json:"per"`     // a level: unit (the neighborhood itself), community, street, district, …
	MinArea  Area   `json:"min_area_m2,omitempty"`
	MaxArea  Area   `json:"max_area_m2,omitempty"`
	AreaKind string `json:"area_kind,omitempty"`
}

// Target is the pass line that a plan sets for a year.
type Target struct {
	Year  int `json:"year"`
	Share Ppm `json:"share"` // in (0, 1]
}

// Quota is supply per head: at least Min of Supply per PerCount of Measure, e.g. 4.5 places per 1000 population.
type Quota struct {
	Supply     string     `json:"supply"` // places, area_m2, beds, meals, or another capacity's name
	PerCount   Ppm        `json:"per_count"`
	Measure    string     `json:"measure"` // population, population:0-3, households, …
	Min        Ppm        `json:"min"`
	Source     string     `json:"source,omitempty"` // own, else the requirement's; likewise Clause, Confidence
	Clause     string     `json:"clause,omitempty"`
	Confidence Confidence `json:"confidence"`
}

// The project's own defaults, all of confidence C.
const (
	DefaultPassLine          Ppm    = 800_000
	DefaultWeight            Ppm    = One
	DefaultCompletenessFloor Ppm    = 600_000
	DefaultDenominator       string = DenominatorLand
	DefaultClass             string = ClassBasic
	DefaultCapUnmetMandatory string = "C"
	DefaultScoringSource     string = "项目默认 / project default"
)

// DefaultGrades are A ≥ 90, B ≥ 75, C ≥ 60, else D; confidence C.
func DefaultGrades() []Grade {
	return []Grade{{"A", 90 * One}, {"B", 75 * One}, {"C", 60 * One}, {"D", 0}}
}

// Tier is the tier of an id; ok is false if there is none.
func (c *Catalog) Tier(id string) (tier Tier, ok bool) {
	i := slices.IndexFunc(c.Tiers, func(t Tier) bool { return t.ID == id })
	if i < 0 {
		return Tier{}, false
	}
	return c.Tiers[i], true
}

// Requirement is the requirement of an id, nil if there is none.
func (c *Catalog) Requirement(id string) *Requirement {
	i := slices.IndexFunc(c.Requirements, func(r Requirement) bool { return r.ID == id })
	if i < 0 {
		return nil
	}
	return &c.Requirements[i]
}

// GradeIndex is the place in Grades of the best grade whose line the score (in points) reaches.
func (c *Catalog) GradeIndex(score Ppm) int {
	for i, grade := range c.Grades {
		if score >= grade.Min {
			return i
		}
	}
	return len(c.Grades) - 1
}

// CapIndex is the place in Grades of the best grade that an unmet mandatory requirement allows; 0 if there is no cap.
func (c *Catalog) CapIndex() int {
	return max(0, slices.IndexFunc(c.Grades, func(g Grade) bool { return g.Name == c.CapUnmetMandatory }))
}

// PassAt is the pass line of a year: the target of the latest year not after it, else the pass line. Year 0 asks for no
// year and gets the pass line.
func (r *Requirement) PassAt(year int) Ppm {
	line := r.PassLine
	if year == 0 {
		return line
	}
	for _, target := range r.Targets {
		if target.Year <= year {
			line = target.Share
		}
	}
	return line
}

// ServiceKeys are the services that the requirement asks for, each once, in order of the alternatives.
func (r *Requirement) ServiceKeys() []string {
	if r.Count != nil {
		return []string{r.Count.Service}
	}
	var keys []string
	for _, alternative := range r.AnyOf {
		if !slices.Contains(keys, alternative.Service) {
			keys = append(keys, alternative.Service)
		}
	}
	return keys
}

// ConfidenceLabel is the mark of the requirement's figures: one mark, or those of the alternatives joined as in A*/B.
func (r *Requirement) ConfidenceLabel() string {
	var marks []string
	for _, alternative := range r.AnyOf {
		if mark := string(alternative.Confidence); !slices.Contains(marks, mark) {
			marks = append(marks, mark)
		}
	}
	if len(marks) < 2 {
		return string(r.Confidence)
	}
	return strings.Join(marks, "/")
}

// Applies reports whether the requirement is asked of a kind of circle. A requirement without applies_to is asked of all; one
// with it is asked of no circle whose kind is unknown (empty).
func (r *Requirement) Applies(kind string) bool {
	return len(r.AppliesTo) == 0 || slices.Contains(r.AppliesTo, kind)
}

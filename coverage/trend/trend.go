// Package trend holds two runs of a project against each other: what changed, for how many people, and because of what.
//
// Everything that sets the inputs of one run apart from those of the other is a cause: a version of a layer, where a layer is
// complete, the catalog, a parameter, the version of the program. Each cause is applied alone to the base run, which is scored again with it, and what that
// changes is its effect. Effects need not add up to the whole: two clinics that serve the same people gain them once, but each of them alone
// gains them too. What is left is shown as the remainder:
//
//	whole change = Σ effects of single causes + remainder
//
// in whole numbers, for every cell, score, requirement and in total. A single cause explains all. What cannot be scored again, because an
// input is no longer kept, is not attributable: the reason is given and the remainder holds it.
package trend

import (
	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
)

// Trend is what changed from a base run to another one. Subjects are matched by level and id, requirements as in catalog.Pairs.
type Trend struct {
	Base, Run Side
	Causes    []Cause             // in a fixed order: layers by key, catalog, services, parameters, algorithm
	Catalog   *catalog.Difference // nil if both runs read the same catalog

	// Total is over the neighborhoods and all requirements but variants: people count once a requirement (person-requirements), and in each of
	// several neighborhoods that overlap.
	Total        Account
	Requirements []Requirement // in the order of the new catalog, those that were removed at the end
	Subjects     []Subject     // of both runs, in which anything differs; units by id, then parents
	Added        []Listed      // subjects of the run that the base does not have; in no sum but those of verdicts
	Removed      []Listed      // the other way round
	Cells        []Cell        // that differ, or would by one cause alone; by subject, then requirement

	Neighborhoods int // in both runs
}

// Side is one of the two runs.
type Side struct {
	coverage.RunInfo
	Algorithm     string
	CatalogHash   string
	CatalogTitle  coverage.Text
	Neighborhoods int
}

// Kind says what kind of cause something is.
type Kind string

// The kinds of causes.
const (
	LayerChanged Kind = "layer_changed" // another version: rows, or what was declared of them
	LayerAdded   Kind = "layer_added"
	LayerRemoved Kind = "layer_removed"
	Survey       Kind = "survey"    // where a layer is complete, apart from its content
	Catalog      Kind = "catalog"   // another catalog, or another content of it
	Services     Kind = "services"  // the program's list of services
	Parameter    Kind = "parameter" // of the run
	Algorithm    Kind = "algorithm" // the version of the definitions
)

// Cause is something that sets the inputs of the two runs apart.
type Cause struct {
	Kind      Kind
	Layer     coverage.LayerKey // of layers and surveys
	Parameter string            // its name, as in Params
	Before    string            // version of the layer, value of the parameter …; "" for none
	After     string
	Rows      *Rows    // of a layer
	Fields    []string // what differs: fields of the catalog, declarations of a layer
	Text      coverage.Text

	Attributable bool
	Reason       coverage.Text // why it is not
	Effect       Sums          // in total, if attributable
	Missing      int           // cells that can be compared, but not under this cause alone: the remainder holds them
	Scores       int           // neighborhoods whose overall score it changes alone
}

// Rows counts the rows of a layer; those added and removed are told by their ids.
type Rows struct{ Before, After, Added, Removed int }

// Sums are changes: after − before. Amounts may be negative but for Gained and Lost of a whole or a single effect.
type Sums struct {
	Verdicts coverage.Counts // of verdicts of each kind, all neighborhoods of either run
	Changed  int             // neighborhoods × requirements of both runs with another verdict
	Demand   Demand          // per requirement only, where its denominator is the same
	Gained   int64           // people who are covered and were not, net per neighborhood: thousandths
	Lost     int64           // the other way round
}

// Net is the change in people covered, thousandths.
func (s Sums) Net() int64 { return s.Gained - s.Lost }

// Demand is a change of a tally in thousandths, square millimetres for land.
type Demand struct{ Total, Covered, Undetermined int64 }

// Account is a whole change taken apart: Change = Σ Effects + Remainder, number by number.
type Account struct {
	Change    Sums
	Effects   []Effect // of the attributable causes, in their order
	Remainder Sums
	People    int // cells in which the people are known in both runs …
	Unknown   int // … and in which they are not, and so in no sum
}

// Effect is what one cause changes alone.
type Effect struct {
	Cause int // place in Trend.Causes
	Sums
	Missing int // see Cause
}

// What became of a requirement.
const (
	Added     = "added"
	Removed   = "removed"
	Redefined = "redefined" // other limits, pass line, denominator …
)

// Requirement is a requirement of either run.
type Requirement struct {
	ID       string // in the run's catalog, in the base's if it was removed
	BaseID   string // "" if it was added
	Name     coverage.Text
	What     string                // "", added, removed or redefined
	Fields   []catalog.FieldChange // that differ between the catalogs
	Before   *coverage.Judged      // as the base judged it; nil if it was added
	After    *coverage.Judged
	Variant  bool        // reported, in no total
	Counts   [2]CountsOf // verdicts of neighborhoods, base and run
	Measure  string      // whose people are counted: population, or the group that it is about
	Account              // over the neighborhoods of both runs
	Compared int         // neighborhoods whose tallies are known in both runs under the same denominator
}

// CountsOf are the verdicts of the neighborhoods of a run, if it has the requirement.
type CountsOf struct {
	Known bool
	coverage.Counts
}

// Subject is a unit or a parent that both runs judged.
type Subject struct {
	Level, ID, Name string
	BaseName        string // its name in the base
	Scores          []Score
	Changed         int   // requirements, without variants, with another verdict
	People          bool  // people are known under some requirement
	Gained, Lost    int64 // person-requirements, thousandths
	Causes          []int // those that change a score, tally or verdict of it alone
}

// Renamed tells whether the base knew it by another name.
func (s *Subject) Renamed() bool { return s.Name != s.BaseName }

// Score is a subject's score in a scope; Scores come as in the run, then scopes that only the base has.
type Score struct {
	Scope         string
	Before, After coverage.Score // not Known where it has none
	Change        Points
	Effects       []ScoreEffect // that are not nothing
	Remainder     Points
}

// Points is a change of a score and of the score with all undetermined demand covered, 10⁻⁹ points.
type Points struct {
	Known      bool
	Score, Max int64
}

// ScoreEffect is what one cause changes alone.
type ScoreEffect struct {
	Cause int
	Points
}

// Listed is a subject that only one run has.
type Listed struct {
	Level, ID, Name string
	Score           coverage.Score // overall
}

// Cell is a subject under a requirement that both runs have.
type Cell struct {
	Subject, Requirement int // places in Trend.Subjects and Trend.Requirements
	Before, After        coverage.Cell
	PeopleBefore         int64 // people covered, thousandths; coverage.Unknown where nobody counted them
	PeopleAfter          int64
	Change               Delta
	Effects              []CellEffect // that are not nothing
	Remainder            Delta
}

// Delta is a change of one cell.
type Delta struct {
	Known bool // the tallies can be compared: both are judged, under the same denominator
	Demand
	PeopleKnown bool
	People      int64 // covered, thousandths
}

// CellEffect is what one cause changes alone, and the verdict that it alone would give.
type CellEffect struct {
	Cause   int
	Verdict coverage.Verdict
	Delta
}

// Same tells whether nothing sets the inputs of the runs apart.
func (t *Trend) Same() bool { return len(t.Causes) == 0 }

// Remains tells whether single causes leave anything unexplained.
func (t *Trend) Remains() bool {
	if t.Total.Remainder != (Sums{}) {
		return true
	}
	for i := range t.Cells {
		if r := &t.Cells[i].Remainder; r.Demand != (Demand{}) || r.People != 0 {
			return true
		}
	}
	for i := range t.Subjects {
		for _, s := range t.Subjects[i].Scores {
			if s.Remainder.Score != 0 || s.Remainder.Max != 0 {
				return true
			}
		}
	}
	return false
}

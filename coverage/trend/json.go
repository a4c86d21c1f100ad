package trend

import (
	"encoding/json"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
)

// The document of a trend: numbers as decimals with fixed places, unknown ones as null, causes by their number from 1.

// Places of decimals: square millimetres are 10⁻⁶ m², everything else is in thousandths.
const (
	landPlaces  = 6
	milliPlaces = 3
	scorePlaces = 9
)

func dec(known bool, n int64, places int) coverage.Decimal {
	return coverage.Decimal{Value: coverage.Value{Int: n, Null: !known}, Places: places}
}

func places(denominator string) int {
	if denominator == catalog.DenominatorLand {
		return landPlaces
	}
	return milliPlaces
}

type sideJSON struct {
	coverage.RunInfo
	Algorithm     string        `json:"algorithm"`
	CatalogHash   string        `json:"catalog_hash"`
	CatalogTitle  coverage.Text `json:"catalog_title"`
	Neighborhoods int           `json:"neighborhoods"`
}

type peopleJSON struct {
	Gained coverage.Decimal `json:"people_gained"`
	Lost   coverage.Decimal `json:"people_lost"`
	Net    coverage.Decimal `json:"people_net"`
}

type sumsJSON struct {
	Verdicts coverage.Counts `json:"verdicts"`
	Changed  int             `json:"verdicts_changed"`
	peopleJSON
}

type demandJSON struct {
	Total        coverage.Decimal `json:"demand_total"`
	Covered      coverage.Decimal `json:"demand_covered"`
	Undetermined coverage.Decimal `json:"demand_undetermined"`
}

type causeJSON struct {
	Number       int                `json:"cause"`
	Kind         Kind               `json:"kind"`
	Layer        *coverage.LayerKey `json:"layer,omitempty"`
	Parameter    string             `json:"parameter,omitempty"`
	Before       string             `json:"before"`
	After        string             `json:"after"`
	Rows         *rowsJSON          `json:"rows,omitempty"`
	Fields       []string           `json:"fields,omitempty"`
	Text         coverage.Text      `json:"text"`
	Attributable bool               `json:"attributable"`
	Reason       coverage.Text      `json:"reason,omitzero"`
	Effect       *sumsJSON          `json:"effect"`
	Missing      int                `json:"not_compared"`
	Scores       int                `json:"scores_changed"`
}

type rowsJSON struct {
	Before  int `json:"before"`
	After   int `json:"after"`
	Added   int `json:"added"`
	Removed int `json:"removed"`
}

type askedJSON struct {
	ID          string           `json:"id"`
	Service     string           `json:"service"`
	Tier        string           `json:"tier"`
	Limit       string           `json:"limit"`
	Unit        string           `json:"unit"`
	Denominator string           `json:"denominator"`
	PassLine    coverage.Decimal `json:"pass_line"`
	Confidence  string           `json:"confidence"`
	Verdicts    coverage.Counts  `json:"verdicts"`
}

type amountsJSON struct {
	sumsJSON
	demandJSON
}

type effectJSON struct {
	Cause int `json:"cause"`
	amountsJSON
	Missing int `json:"not_compared"`
}

type requirementJSON struct {
	ID        string                `json:"id"`
	Name      coverage.Text         `json:"name"`
	What      string                `json:"what"`
	Fields    []catalog.FieldChange `json:"fields,omitempty"`
	Variant   bool                  `json:"variant"`
	Before    *askedJSON            `json:"before"`
	After     *askedJSON            `json:"after"`
	Measure   string                `json:"people_measure"`
	People    int                   `json:"people_compared"`
	Unknown   int                   `json:"people_unknown"`
	Compared  int                   `json:"demand_compared"`
	Change    amountsJSON           `json:"change"`
	Effects   []effectJSON          `json:"effects"`
	Remainder amountsJSON           `json:"remainder"`
}

type pointsJSON struct {
	Score coverage.Decimal `json:"score"`
	Max   coverage.Decimal `json:"score_max"`
}

type scoreJSON struct {
	Scope       string           `json:"scope"`
	Before      coverage.Decimal `json:"before"`
	After       coverage.Decimal `json:"after"`
	MaxBefore   coverage.Decimal `json:"max_before"`
	MaxAfter    coverage.Decimal `json:"max_after"`
	GradeBefore string           `json:"grade_before"`
	GradeAfter  string           `json:"grade_after"`
	Change      pointsJSON       `json:"change"`
	Effects     []struct {
		Cause int `json:"cause"`
		pointsJSON
	} `json:"effects"`
	Remainder pointsJSON `json:"remainder"`
}

type subjectJSON struct {
	Level    string `json:"level"`
	ID       string `json:"neighborhood_id"`
	Name     string `json:"neighborhood"`
	BaseName string `json:"name_before"`
	Changed  int    `json:"verdicts_changed"`
	peopleJSON
	Causes []int       `json:"causes"`
	Scores []scoreJSON `json:"scores"`
}

type listedJSON struct {
	Level string           `json:"level"`
	ID    string           `json:"neighborhood_id"`
	Name  string           `json:"neighborhood"`
	Score coverage.Decimal `json:"score"`
	Grade string           `json:"grade"`
}

type stateJSON struct {
	Verdict     string `json:"verdict"`
	Cause       string `json:"cause"`
	Denominator string `json:"denominator"`
	demandJSON
	Share    coverage.Decimal `json:"share"`
	ShareMax coverage.Decimal `json:"share_max"`
	People   coverage.Decimal `json:"people_covered"`
}

type deltaJSON struct {
	demandJSON
	People coverage.Decimal `json:"people_covered"`
}

type cellJSON struct {
	Level       string    `json:"level"`
	ID          string    `json:"neighborhood_id"`
	Name        string    `json:"neighborhood"`
	Requirement string    `json:"requirement"`
	Before      stateJSON `json:"before"`
	After       stateJSON `json:"after"`
	Change      deltaJSON `json:"change"`
	Effects     []struct {
		Cause   int    `json:"cause"`
		Verdict string `json:"verdict"`
		deltaJSON
	} `json:"effects"`
	Remainder deltaJSON `json:"remainder"`
}

// MarshalJSON writes the document that lifecircle compare --json prints.
func (t *Trend) MarshalJSON() ([]byte, error) {
	doc := struct {
		Base          sideJSON            `json:"base"`
		Run           sideJSON            `json:"run"`
		Neighborhoods int                 `json:"neighborhoods"`
		People        int                 `json:"people_compared"`
		Unknown       int                 `json:"people_unknown"`
		Change        sumsJSON            `json:"change"`
		Remainder     sumsJSON            `json:"remainder"`
		Causes        []causeJSON         `json:"causes"`
		Catalog       *catalog.Difference `json:"catalog_difference,omitempty"`
		Requirements  []requirementJSON   `json:"requirements"`
		Added         []listedJSON        `json:"added"`
		Removed       []listedJSON        `json:"removed"`
		Subjects      []subjectJSON       `json:"subjects"`
		Cells         []cellJSON          `json:"cells"`
	}{
		Base: t.Base.json(), Run: t.Run.json(), Neighborhoods: t.Neighborhoods, People: t.Total.People, Unknown: t.Total.Unknown,
		Change: t.Total.Change.json(t.Total.People > 0), Remainder: t.Total.Remainder.json(t.Total.People > 0), Catalog: t.Catalog,
		Causes: []causeJSON{}, Requirements: []requirementJSON{}, Added: listed(t.Added), Removed: listed(t.Removed), Subjects: []subjectJSON{}, Cells: []cellJSON{},
	}
	for i := range t.Causes {
		c := &t.Causes[i]
		j := causeJSON{Number: i + 1, Kind: c.Kind, Parameter: c.Parameter, Before: c.Before, After: c.After, Fields: c.Fields, Text: c.Text, Attributable: c.Attributable,
			Reason: c.Reason, Missing: c.Missing, Scores: c.Scores}
		if c.Layer != (coverage.LayerKey{}) {
			j.Layer = &c.Layer
		}
		if c.Rows != nil {
			j.Rows = (*rowsJSON)(c.Rows)
		}
		if c.Attributable {
			e := c.Effect.json(t.Total.People > 0)
			j.Effect = &e
		}
		doc.Causes = append(doc.Causes, j)
	}
	for i := range t.Requirements {
		doc.Requirements = append(doc.Requirements, t.Requirements[i].json())
	}
	for i := range t.Subjects {
		doc.Subjects = append(doc.Subjects, t.Subjects[i].json())
	}
	for i := range t.Cells {
		doc.Cells = append(doc.Cells, t.cell(&t.Cells[i]))
	}
	return json.Marshal(doc)
}

func (s Side) json() sideJSON { return sideJSON(s) }

func people(known bool, gained, lost int64) peopleJSON {
	return peopleJSON{dec(known, gained, milliPlaces), dec(known, lost, milliPlaces), dec(known, gained-lost, milliPlaces)}
}

func (s Sums) json(known bool) sumsJSON {
	return sumsJSON{s.Verdicts, s.Changed, people(known, s.Gained, s.Lost)}
}

func (d Demand) json(known bool, places int) demandJSON {
	return demandJSON{dec(known, d.Total, places), dec(known, d.Covered, places), dec(known, d.Undetermined, places)}
}

func (r *Requirement) json() requirementJSON {
	j := requirementJSON{ID: r.ID, Name: r.Name, What: r.What, Fields: r.Fields, Variant: r.Variant, Before: asked(r.Before, r.Counts[0]), After: asked(r.After, r.Counts[1]),
		Measure: r.Measure, People: r.People, Unknown: r.Unknown, Compared: r.Compared, Effects: []effectJSON{}}
	amounts := func(s Sums) amountsJSON {
		n := milliPlaces
		if r.After != nil {
			n = places(r.After.Denominator)
		}
		return amountsJSON{s.json(r.People > 0), s.Demand.json(r.Compared > 0, n)}
	}
	j.Change, j.Remainder = amounts(r.Change), amounts(r.Remainder)
	for _, e := range r.Effects {
		j.Effects = append(j.Effects, effectJSON{e.Cause + 1, amounts(e.Sums), e.Missing})
	}
	return j
}

func asked(d *coverage.Judged, n CountsOf) *askedJSON {
	if d == nil {
		return nil
	}
	return &askedJSON{d.ID, d.Service, d.Tier, d.Limit, d.Unit, d.Denominator, dec(true, int64(d.PassLine)*1000, scorePlaces), d.Confidence, n.Counts}
}

func (p Points) json() pointsJSON {
	return pointsJSON{dec(p.Known, p.Score, scorePlaces), dec(p.Known, p.Max, scorePlaces)}
}

func (s *Subject) json() subjectJSON {
	j := subjectJSON{Level: s.Level, ID: s.ID, Name: s.Name, BaseName: s.BaseName, Changed: s.Changed, peopleJSON: people(s.People, s.Gained, s.Lost), Causes: []int{}, Scores: []scoreJSON{}}
	for _, c := range s.Causes {
		j.Causes = append(j.Causes, c+1)
	}
	for _, x := range s.Scores {
		k := scoreJSON{Scope: x.Scope, Before: dec(x.Before.Known, x.Before.Score, scorePlaces), After: dec(x.After.Known, x.After.Score, scorePlaces),
			MaxBefore: dec(x.Before.Known, x.Before.Max, scorePlaces), MaxAfter: dec(x.After.Known, x.After.Max, scorePlaces),
			GradeBefore: x.Before.Grade, GradeAfter: x.After.Grade, Change: x.Change.json(), Remainder: x.Remainder.json()}
		k.Effects = make([]struct {
			Cause int `json:"cause"`
			pointsJSON
		}, len(x.Effects))
		for i, e := range x.Effects {
			k.Effects[i].Cause, k.Effects[i].pointsJSON = e.Cause+1, e.Points.json()
		}
		j.Scores = append(j.Scores, k)
	}
	return j
}

func listed(list []Listed) []listedJSON {
	out := []listedJSON{}
	for _, l := range list {
		out = append(out, listedJSON{l.Level, l.ID, l.Name, dec(l.Score.Known, l.Score.Score, scorePlaces), l.Score.Grade})
	}
	return out
}

func (t *Trend) cell(c *Cell) cellJSON {
	s, r := &t.Subjects[c.Subject], &t.Requirements[c.Requirement]
	state := func(x *coverage.Cell, d *coverage.Judged, covered int64) stateJSON {
		known := x.Verdict != coverage.NotAssessed || has(x.Cause, noDemand) // of nobody all are known
		out := stateJSON{Verdict: x.Verdict.String(), Cause: x.Cause, Denominator: d.Denominator, People: dec(covered != coverage.Unknown, covered, milliPlaces)}
		out.demandJSON = Demand{x.Total, x.Covered, x.Undetermined}.json(known, places(d.Denominator))
		out.Share, out.ShareMax = x.Shares()
		return out
	}
	delta := func(d Delta) deltaJSON {
		return deltaJSON{d.Demand.json(d.Known, places(r.After.Denominator)), dec(d.PeopleKnown, d.People, milliPlaces)}
	}
	j := cellJSON{Level: s.Level, ID: s.ID, Name: s.Name, Requirement: r.ID, Before: state(&c.Before, r.Before, c.PeopleBefore), After: state(&c.After, r.After, c.PeopleAfter),
		Change: delta(c.Change), Remainder: delta(c.Remainder)}
	j.Effects = make([]struct {
		Cause   int    `json:"cause"`
		Verdict string `json:"verdict"`
		deltaJSON
	}, len(c.Effects))
	for i, e := range c.Effects {
		j.Effects[i].Cause, j.Effects[i].Verdict, j.Effects[i].deltaJSON = e.Cause+1, e.Verdict.String(), delta(e.Delta)
	}
	return j
}

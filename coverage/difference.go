package coverage

import (
	"context"
	"math"

	"lifecircle/coverage/catalog"
)

// RunDifference is what the neighborhoods get from one run to another of the same city.
type RunDifference struct {
	Neighborhoods int                 `json:"neighborhoods"`
	Requirements  []RequirementCounts `json:"requirements"` // in the order of the new catalog, those that were removed at the end
	Verdicts      []VerdictChange     `json:"verdicts"`     // of requirements that both catalogs have, by neighborhood
	Scores        []ScoreChange       `json:"scores"`       // neighborhoods whose score or grade differs
}

// RequirementCounts counts the verdicts of neighborhoods under a requirement; nil where a catalog does not have it.
type RequirementCounts struct {
	ID      string  `json:"id"` // in the new catalog, in the old one if it was removed
	Before  *Counts `json:"before"`
	After   *Counts `json:"after"`
	Changed int     `json:"changed"` // neighborhoods whose verdict differs; 0 where only one catalog has it
}

// VerdictChange is a neighborhood whose verdict under a requirement differs.
type VerdictChange struct {
	NeighborhoodID string  `json:"neighborhood_id"`
	Neighborhood   string  `json:"neighborhood"`
	Requirement    string  `json:"requirement"` // id in the new catalog
	Before         string  `json:"before"`
	After          string  `json:"after"`
	ShareBefore    Decimal `json:"share_before"`
	ShareAfter     Decimal `json:"share_after"`
	VerdictBefore  Verdict `json:"-"`
	VerdictAfter   Verdict `json:"-"`
}

// ScoreChange is a neighborhood whose overall score or grade differs; an empty grade is none.
type ScoreChange struct {
	NeighborhoodID string  `json:"neighborhood_id"`
	Neighborhood   string  `json:"neighborhood"`
	Before         Decimal `json:"before"`
	After          Decimal `json:"after"`
	GradeBefore    string  `json:"grade_before"`
	GradeAfter     string  `json:"grade_after"`
}

// CompareCatalogs judges a city by two catalogs with the same parameters and tells which neighborhoods change their verdict.
// Nothing is written; cache may be nil, and is only read. Errors are those of Assess.
func CompareCatalogs(ctx context.Context, city *City, before, after *catalog.Catalog, p Params, o Options, cache Cache) (*RunDifference, error) {
	kept := NewScratch(cache, 0)
	x, err := Assess(ctx, city, before, before.Services, p, o, kept)
	if err != nil {
		return nil, err
	}
	y, err := Assess(ctx, city, after, after.Services, p, o, kept)
	if err != nil {
		return nil, err
	}
	return compareRuns(x, y), nil
}

// Scratch is a cache for work of which nothing is to be written: it reads from another one and keeps what is saved to itself, so that what
// several assessments share is computed once. It is for one assessment at a time.
type Scratch struct {
	from   Cache
	values map[string][]byte
	room   int
}

// NewScratch makes a scratch on a cache, nil for none, that keeps up to so many bytes, 0 for any number.
func NewScratch(from Cache, limit int) *Scratch {
	if limit == 0 {
		limit = math.MaxInt
	}
	return &Scratch{from, map[string][]byte{}, limit}
}

// Cached gives a value by key, nil if there is none.
func (k *Scratch) Cached(ctx context.Context, key string) ([]byte, error) {
	if v := k.values[key]; v != nil || k.from == nil {
		return v, nil
	}
	return k.from.Cached(ctx, key)
}

// SaveCached keeps the values for which there is room.
func (k *Scratch) SaveCached(_ context.Context, values map[string][]byte) error {
	for _, key := range sortedKeys(values) {
		if v := values[key]; len(v) <= k.room {
			k.room -= len(v)
			k.values[key] = v
		}
	}
	return nil
}

// compareRuns holds two runs of one city against each other; their subjects are the same.
func compareRuns(before, after *Run) *RunDifference {
	d := &RunDifference{Requirements: []RequirementCounts{}, Verdicts: []VerdictChange{}, Scores: []ScoreChange{}}
	pairs := catalog.Pairs(before.Catalog, after.Catalog)
	d.Requirements = make([]RequirementCounts, len(pairs))
	for i, s := range after.Subjects {
		if s.Level != unitLevel {
			continue
		}
		d.Neighborhoods++
		for k, p := range pairs {
			d.addVerdicts(&d.Requirements[k], before, after, i, p)
		}
		x, y := overall(before, i), overall(after, i)
		if x.Known != y.Known || x.Score != y.Score || x.Grade != y.Grade {
			d.Scores = append(d.Scores, ScoreChange{s.ID, s.Name, decimalIf(x.Known, x.Score, 9), decimalIf(y.Known, y.Score, 9), x.Grade, y.Grade})
		}
	}
	for k, p := range pairs {
		if p.After >= 0 {
			d.Requirements[k].ID = after.Requirements[p.After].ID
		} else {
			d.Requirements[k].ID = before.Requirements[p.Before].ID
		}
	}
	return d
}

// addVerdicts counts the verdicts of one neighborhood under one requirement.
func (d *RunDifference) addVerdicts(n *RequirementCounts, before, after *Run, subject int, p catalog.Pair) {
	var x, y *Cell
	if p.Before >= 0 {
		x = &before.Cells[subject*len(before.Requirements)+p.Before]
		if n.Before == nil {
			n.Before = &Counts{}
		}
		n.Before.add(x.Verdict)
	}
	if p.After >= 0 {
		y = &after.Cells[subject*len(after.Requirements)+p.After]
		if n.After == nil {
			n.After = &Counts{}
		}
		n.After.add(y.Verdict)
	}
	if x == nil || y == nil || x.Verdict == y.Verdict {
		return
	}
	n.Changed++
	s := &after.Subjects[subject]
	d.Verdicts = append(d.Verdicts, VerdictChange{
		NeighborhoodID: s.ID, Neighborhood: s.Name, Requirement: after.Requirements[p.After].ID, Before: x.Verdict.String(), After: y.Verdict.String(),
		ShareBefore: x.share(), ShareAfter: y.share(), VerdictBefore: x.Verdict, VerdictAfter: y.Verdict,
	})
}

func overall(r *Run, subject int) Score {
	s := r.SubjectScores(subject)
	return s[len(s)-1]
}

// share is a cell's share as the tables have it, none without a verdict.
func (c *Cell) share() Decimal { return shareOf(c.Verdict != NotAssessed, c.Covered, c.Total) }

// Shares gives share and share_max as the tables have them, unknown without a verdict.
func (c *Cell) Shares() (share, most Decimal) {
	return c.share(), shareOf(c.Verdict != NotAssessed, c.Covered+c.Undetermined, c.Total)
}

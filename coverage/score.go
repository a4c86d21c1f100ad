package coverage

import (
	"math/big"

	"lifecircle/coverage/catalog"
)

// ScoreScale is the unit of scores: 10⁻⁹ points. A score is rounded half up to it, and then compared
// with the lines of grades.
const ScoreScale = 1_000_000_000

// Overall is the scope of a score over all tiers.
const Overall = "overall"

// scopes gives the scopes of a catalog: its tiers, then overall.
func scopes(cat *catalog.Catalog) []string {
	var out []string
	for _, t := range cat.Tiers {
		out = append(out, t.ID)
	}
	return append(out, Overall)
}

// scoreSubject gives a subject's scores, one per scope: 100 · Σ weight·attainment ÷ Σ weight over the
// requirements of weight > 0 that have a share.
func scoreSubject(cat *catalog.Catalog, judged []Judged, cells []Cell) []Score {
	var out []Score
	for _, scope := range scopes(cat) {
		s := Score{Scope: scope}
		sum, sumMax, weight := new(big.Int), new(big.Int), new(big.Int)
		all, decided := int64(0), int64(0)
		missed := false // an unmet mandatory requirement
		for r := range judged {
			req, c := &cat.Requirements[r], &cells[r]
			if judged[r].Variant || (scope != Overall && req.Tier != scope) {
				continue
			}
			s.Counts.add(c.Verdict)
			if hasCause(c.Cause, causeNotApplicable) { // it weighs nothing here
				continue
			}
			missed = missed || (req.Mandatory && c.Verdict == Unmet)
			w := int64(req.Weight)
			if w == 0 {
				continue
			}
			all += w
			if c.Verdict == Met || c.Verdict == Unmet {
				decided += w
			}
			if c.Verdict == NotAssessed {
				continue
			}
			line := int64(judged[r].PassLine)
			bw := big.NewInt(w)
			sum.Add(sum, new(big.Int).Mul(bw, big.NewInt(attainment(c.Covered, c.Total, line))))
			sumMax.Add(sumMax, new(big.Int).Mul(bw, big.NewInt(attainment(c.Covered+c.Undetermined, c.Total, line))))
			weight.Add(weight, bw)
		}
		if all > 0 {
			s.Completeness = mulDiv(decided, 1_000_000, all)
		}
		if s.Known = weight.Sign() > 0; s.Known {
			s.Score, s.Max = points(sum, weight), points(sumMax, weight)
			if all > 0 && atLeast(decided, all, int64(cat.CompletenessFloor)) {
				s.Grade, s.Capped = grade(cat, s.Score, missed)
			}
		}
		out = append(out, s)
	}
	return out
}

// points gives 100·sum ÷ (weight·attainmentScale) in ScoreScale, rounded half up.
func points(sum, weight *big.Int) int64 {
	num := new(big.Int).Mul(sum, big.NewInt(200*ScoreScale))
	den := new(big.Int).Mul(weight, big.NewInt(attainmentScale))
	num.Add(num, den)
	return num.Quo(num, den.Lsh(den, 1)).Int64()
}

// grade gives the grade of a score; an unmet mandatory requirement caps it.
func grade(cat *catalog.Catalog, score int64, missed bool) (name string, capped bool) {
	i := len(cat.Grades) - 1
	for k, g := range cat.Grades {
		if score >= int64(g.Min)*(ScoreScale/1_000_000) {
			i = k
			break
		}
	}
	if i < 0 {
		return "", false
	}
	if ci := cat.CapIndex(); missed && ci >= 0 && i < ci {
		return cat.Grades[ci].Name, true
	}
	return cat.Grades[i].Name, false
}

func (n *Counts) add(v Verdict) {
	switch v {
	case Met:
		n.Met++
	case Unmet:
		n.Unmet++
	case NotDetected:
		n.NotDetected++
	case NotAssessed:
		n.NotAssessed++
	}
}

func (n *Counts) addAll(o Counts) {
	n.Met += o.Met
	n.Unmet += o.Unmet
	n.NotDetected += o.NotDetected
	n.NotAssessed += o.NotAssessed
}

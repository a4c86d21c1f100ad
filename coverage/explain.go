package coverage

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage/catalog"
	"lifecircle/geo/measure"
	"lifecircle/geo/overlay"
)

// Explanation takes one neighborhood of a run apart, down to clause, facility and people, so that every
// number can be re-derived by hand. Decimals are JSON numbers with the digits of the tables.
type Explanation struct {
	Run          string         `json:"run"`
	Neighborhood string         `json:"neighborhood_id"`
	Name         string         `json:"neighborhood"`
	Level        string         `json:"level"`
	Kind         string         `json:"kind,omitempty"`
	Parents      []Membership   `json:"parents,omitempty"`
	Members      []string       `json:"members,omitempty"` // of a parent
	Params       Params         `json:"params"`
	Catalog      ExplainedBook  `json:"catalog"`
	Marks        []Mark         `json:"marks"`
	Scores       []ExplainScore `json:"scores"`
	Requirements []ExplainedReq `json:"requirements"`
	Inputs       []InputRef     `json:"inputs"`
}

// ExplainedBook says which catalog a run used.
type ExplainedBook struct {
	ID          string `json:"id"`
	Title       Text   `json:"title"`
	Provisional bool   `json:"provisional"`
	Hash        string `json:"hash"`
}

// ExplainScore shows a score as the sum that it is.
type ExplainScore struct {
	Scope        string   `json:"scope"`
	Score        Decimal  `json:"score"`
	ScoreMax     Decimal  `json:"score_max"`
	Grade        string   `json:"grade"`
	Capped       bool     `json:"capped"`
	Completeness Decimal  `json:"completeness"`
	Counts       Counts   `json:"counts"`
	Formula      string   `json:"formula"` // 100 × (1×0.75 + …) ÷ (1 + …)
	Left         []string `json:"left_out,omitempty"`
}

// ExplainedReq shows one requirement: where it stands in the guideline, what it was judged by, and the sums.
type ExplainedReq struct {
	ID          string   `json:"requirement"`
	Name        Text     `json:"name"`
	Tier        string   `json:"tier"`
	Class       string   `json:"class"`
	Mandatory   bool     `json:"mandatory"`
	Variant     bool     `json:"variant"`
	Weight      Decimal  `json:"weight"`
	Service     string   `json:"service"`
	ServiceName Text     `json:"service_name"`
	Basis       string   `json:"basis"`
	Limit       string   `json:"limit"`
	Unit        string   `json:"unit"`
	Source      string   `json:"source,omitempty"`
	Clause      string   `json:"clause,omitempty"`
	Confidence  string   `json:"confidence"`
	Mark        Text     `json:"confidence_text"`
	Note        Text     `json:"note"`
	Denominator string   `json:"denominator"`
	Total       Decimal  `json:"demand_total"`
	Covered     Decimal  `json:"demand_covered"`
	Undeter     Decimal  `json:"demand_undetermined"`
	Share       Decimal  `json:"share"`
	ShareMax    Decimal  `json:"share_max"`
	PassLine    Decimal  `json:"pass_line"`
	Attainment  Decimal  `json:"attainment"`
	Verdict     string   `json:"verdict"`
	VerdictZh   string   `json:"verdict_zh"`
	Cause       string   `json:"cause,omitempty"`
	CauseTexts  []Text   `json:"cause_texts,omitempty"`
	Others      string   `json:"other_shares,omitempty"`
	UnitsMet    *int32   `json:"units_met,omitempty"`
	UnitsJudged *int32   `json:"units_judged,omitempty"`
	Surveys     []string `json:"surveys,omitempty"` // per alternative: service: everywhere, polygon, unknown

	Facilities []ExplainedFacility `json:"facilities"`          // those that serve it, or the nearest one; by id
	Demand     []ExplainedPlace    `json:"demand,omitempty"`    // with one requirement asked: every place or parcel
	Members    []ExplainedMember   `json:"units,omitempty"`     // of a parent
	Truncated  int                 `json:"truncated,omitempty"` // places not listed: see table reach
}

// ExplainedFacility is a facility that serves the neighborhood, or its nearest one.
type ExplainedFacility struct {
	ID       string   `json:"facility_id"`
	Name     string   `json:"name,omitempty"`
	Layer    string   `json:"layer"`
	Services []string `json:"services"`
	Status   string   `json:"status"`
	AreaM2   Decimal  `json:"area_m2"`
	Serves   Decimal  `json:"serves"`    // demand of the denominator whose facility it is, or land within its limit (overlaps count in each)
	NearestM Decimal  `json:"nearest_m"` // to the nearest place of the neighborhood's demand, or its land
}

// ExplainedPlace is one place of demand, or one parcel of land.
type ExplainedPlace struct {
	ID       string  `json:"demand_id"`
	Lon      Decimal `json:"lon"`
	Lat      Decimal `json:"lat"`
	Weight   Decimal `json:"weight"`  // of the denominator; m² of a parcel
	Covered  Decimal `json:"covered"` // of it
	State    string  `json:"state"`
	ReachM   Decimal `json:"reach_m"`
	Facility string  `json:"facility_id,omitempty"`
}

// ExplainedMember is a unit of a parent.
type ExplainedMember struct {
	ID      string `json:"neighborhood_id"`
	Verdict string `json:"verdict"`
}

// Decimal is a number printed with a fixed number of places; unknown is null.
type Decimal struct {
	Value
	Places int
}

// MarshalJSON writes the number, or null.
func (d Decimal) MarshalJSON() ([]byte, error) {
	return Column{Type: DecimalColumn, Decimals: d.Places}.AppendJSON(nil, d.Value), nil
}

// String writes the number, "–" if it is unknown.
func (d Decimal) String() string {
	if d.Null {
		return "–"
	}
	return string(AppendDecimal(nil, d.Int, d.Places))
}

func decimal(n int64, places int) Decimal               { return Decimal{integer(n), places} }
func decimalIf(known bool, n int64, places int) Decimal { return Decimal{when(known, n), places} }
func shareOf(known bool, part, whole int64) Decimal {
	if !known {
		return Decimal{null(), shareDecimals}
	}
	return Decimal{share(part, whole), shareDecimals}
}

// maxExplained bounds the places that an explanation lists.
const maxExplained = 10_000

// Explain takes a neighborhood (or a parent, by "level=id") of a run apart. With a requirement, it also lists every
// place of demand or parcel of land. It reads the layer versions that the run read, so that past runs can be
// explained too. NotFound if the run has no such neighborhood or requirement.
func Explain(ctx context.Context, st Store, r *Run, neighborhood, requirement string, o Options) (*Explanation, error) {
	subject := r.find(neighborhood)
	if subject < 0 {
		return nil, &Error{Code: NotFound, Text: say("没有评价单元“"+neighborhood+"”", fmt.Sprintf("there is no neighborhood %q", neighborhood)),
			Hint: say("评价单元见 lifecircle export --layer scores", "see the ids in: lifecircle export --layer scores")}
	}
	if requirement != "" && r.Catalog.Requirement(requirement) == nil {
		var ids []string
		for i := range r.Requirements {
			ids = append(ids, r.Requirements[i].ID)
		}
		return nil, &Error{Code: NotFound, Text: say("目录中没有要求“"+requirement+"”", fmt.Sprintf("the catalog has no requirement %q", requirement)),
			Hint: say("可选："+strings.Join(ids, "、"), "one of: "+strings.Join(ids, ", "))}
	}
	city, err := loadCity(ctx, st, r.Inputs)
	if err != nil {
		return nil, err
	}
	j, err := newJudge(city, r.Catalog, r.Services(), r.Params, o.threads())
	if err != nil {
		return nil, err
	}
	s := &r.Subjects[subject]
	out := &Explanation{
		Run: r.Hash, Neighborhood: s.ID, Name: s.Name, Level: s.Level, Params: r.Params, Marks: r.Marks, Inputs: r.Inputs,
		Catalog: ExplainedBook{r.Catalog.ID, r.Catalog.Title, r.Catalog.Provisional, r.CatalogHash},
	}
	if subject < len(city.units) {
		out.Kind = city.units[subject].kind
		for _, p := range city.units[subject].parents {
			out.Parents = append(out.Parents, Membership{Level: p.level, Parent: p.id})
		}
	} else {
		for _, u := range city.parents[subject-len(city.units)].members {
			out.Members = append(out.Members, city.units[u].id)
		}
	}
	cells := r.Cells[subject*len(r.Requirements) : (subject+1)*len(r.Requirements)]
	for _, sc := range r.SubjectScores(subject) {
		out.Scores = append(out.Scores, r.explainScore(sc, cells))
	}
	for k := range r.Requirements {
		if requirement != "" && r.Requirements[k].ID != requirement {
			continue
		}
		e, err := j.explain(ctx, r, subject, k, requirement != "")
		if err != nil {
			return nil, err
		}
		out.Requirements = append(out.Requirements, e)
	}
	return out, nil
}

// find gives the place of a neighborhood by its id, or of a parent by "level=id" or, if no unit has it, by its id.
func (r *Run) find(id string) int {
	found, ids := -1, r.rowIDs()
	for i := range r.Subjects {
		s := &r.Subjects[i]
		if s.Level == unitLevel && s.ID == id {
			return i
		}
		if ids[i] == id || (found < 0 && s.ID == id) {
			found = i
		}
	}
	return found
}

// explainScore writes a score as the sum that it is.
func (r *Run) explainScore(s Score, cells []Cell) ExplainScore {
	e := ExplainScore{Scope: s.Scope, Score: decimalIf(s.Known, s.Score, scoreDecimals), ScoreMax: decimalIf(s.Known, s.Max, scoreDecimals),
		Grade: s.Grade, Capped: s.Capped, Completeness: decimal(s.Completeness, floorDecimals), Counts: s.Counts}
	var terms, weights []string
	for k := range r.Requirements {
		req, d, c := &r.Catalog.Requirements[k], &r.Requirements[k], &cells[k]
		if (s.Scope != Overall && req.Tier != s.Scope) || d.Variant {
			continue
		}
		if c.Verdict == NotAssessed || req.Weight == 0 {
			e.Left = append(e.Left, d.ID)
			continue
		}
		a := attainment(c.Covered, c.Total, int64(d.PassLine))
		terms = append(terms, req.Weight.String()+"×"+trimDecimal(a, 15)+"["+d.ID+"]")
		weights = append(weights, req.Weight.String())
	}
	if len(terms) > 0 {
		e.Formula = "100 × (" + strings.Join(terms, " + ") + ") ÷ (" + strings.Join(weights, " + ") + ")"
	}
	return e
}

// explain shows one requirement.
func (j *judge) explain(ctx context.Context, r *Run, subject, k int, places bool) (ExplainedReq, error) {
	req, d, c := &r.Catalog.Requirements[k], &r.Requirements[k], &r.Cells[subject*len(r.Requirements)+k]
	known := c.Verdict != NotAssessed
	var names Text
	for _, key := range req.ServiceKeys() {
		n := j.services.Name(key)
		if names.En != "" {
			names.Zh, names.En = names.Zh+"、", names.En+", "
		}
		names.Zh, names.En = names.Zh+n.Zh, names.En+n.En
	}
	e := ExplainedReq{
		ID: d.ID, Name: req.Name, Tier: d.Tier, Class: req.Class, Mandatory: req.Mandatory, Variant: d.Variant, Weight: decimal(int64(req.Weight), 6),
		Service: d.Service, ServiceName: names, Basis: r.Params.Basis, Limit: d.Limit, Unit: d.Unit, Source: req.Source, Clause: req.Clause,
		Confidence: d.Confidence, Mark: req.Confidence.Mark(), Note: req.Note, Denominator: d.Denominator,
		Total:   decimalIf(c.Total > 0 || known, Amount(c.Total, d.Denominator), weightDecimals),
		Covered: decimalIf(known, Amount(c.Covered, d.Denominator), weightDecimals), Undeter: decimalIf(known, Amount(c.Undetermined, d.Denominator), weightDecimals),
		Share: shareOf(known, c.Covered, c.Total), ShareMax: shareOf(known, c.Covered+c.Undetermined, c.Total),
		PassLine: decimal(int64(d.PassLine)*1000, shareDecimals), Verdict: c.Verdict.String(), VerdictZh: c.Verdict.Zh(),
		Cause: c.Cause, CauseTexts: CauseTexts(c.Cause, j.services), Others: c.others(), Facilities: []ExplainedFacility{},
	}
	e.Attainment = Decimal{null(), 15}
	if known {
		e.Attainment = decimal(attainment(c.Covered, c.Total, int64(d.PassLine)), 15)
	}
	if subject >= len(j.city.units) {
		e.UnitsMet, e.UnitsJudged = &c.UnitsMet, &c.UnitsJudged
		for _, u := range j.city.parents[subject-len(j.city.units)].members {
			e.Members = append(e.Members, ExplainedMember{j.city.units[u].id, r.Cells[u*len(r.Requirements)+k].Verdict.String()})
		}
	}
	q, err := j.ask(req)
	if err != nil || q.dead != "" {
		return e, err
	}
	for i := range q.options {
		o := &q.options[i]
		kind := SurveyUnknown
		if o.survey.everywhere {
			kind = SurveyEverywhere
		} else if len(o.survey.polygon) > 0 {
			kind = SurveyPolygon
		}
		e.Surveys = append(e.Surveys, o.alt.Service+": "+string(kind))
	}
	switch {
	case req.Count != nil:
		j.explainCount(&e, q, subject)
	case d.Denominator == catalog.DenominatorLand && j.city.land != nil:
		err = j.explainLand(ctx, &e, q, subject, places)
	default:
		err = j.explainPlaces(ctx, &e, q, subject, places)
	}
	sort.SliceStable(e.Facilities, func(a, b int) bool { return e.Facilities[a].ID < e.Facilities[b].ID })
	return e, err
}

func (j *judge) facility(m int, serves, nearest Decimal) ExplainedFacility {
	f := &j.city.facilities[m]
	return ExplainedFacility{ID: f.id, Name: f.name, Layer: f.layer, Services: f.services, Status: f.status.String(),
		AreaM2: decimalIf(f.areaMM2 != Unknown, mulDiv(max(0, f.areaMM2), 1, 1000), metreDecimals), Serves: serves, NearestM: nearest}
}

// explainCount lists the facilities that are counted: those that lie in the unit, or in what holds it.
func (j *judge) explainCount(e *ExplainedReq, q *question, subject int) {
	in := map[int]bool{}
	for _, u := range j.countedIn(q, subject) {
		in[u] = true
	}
	for _, m := range q.options[0].members {
		for _, u := range j.city.unitsTouching(&j.city.facilities[m]) {
			if in[u] {
				e.Facilities = append(e.Facilities, j.facility(m, decimal(1000, weightDecimals), Decimal{null(), metreDecimals}))
				break
			}
		}
	}
}

// countedIn gives the units whose facilities a count requirement counts for a unit or parent.
func (j *judge) countedIn(q *question, subject int) (in []int) {
	per, units := q.req.Count.Per, []int{subject}
	if subject >= len(j.city.units) {
		p := j.city.parents[subject-len(j.city.units)]
		if p.level == per {
			return p.members
		}
		units = j.members(q.req, p)
	}
	for _, u := range units {
		if per == unitLevel || per == j.city.units[u].level {
			in = append(in, u)
			continue
		}
		for _, p := range j.city.parents { // of several, the one with the smallest id
			if p.level == per && slices.Contains(p.members, u) {
				in = append(in, p.members...)
				break
			}
		}
	}
	return in
}

// explainPlaces lists who is reached by which facility.
func (j *judge) explainPlaces(ctx context.Context, e *ExplainedReq, q *question, subject int, places bool) error {
	serves, nearest := map[int32]int64{}, map[int32]int32{}
	for _, gr := range j.city.groups {
		w := gr.measures[j.city.weighing(q.denominator)]
		if w == nil {
			continue
		}
		at := j.placesOf(q, gr, subject)
		points := make([]orb.Point, len(at))
		for i, p := range at {
			points[i] = gr.points[p]
		}
		look, err := j.look(ctx, q, NewPlaces(points))
		if err != nil {
			return err
		}
		for i, p := range at {
			f := look.facility[i]
			if f >= 0 {
				if n, ok := nearest[f]; !ok || look.mm[i] < n {
					nearest[f] = look.mm[i]
				}
				serves[f] += 0
				if look.state[i] == covered {
					serves[f] += w.milli[p]
				}
			}
			if !places {
				continue
			}
			if len(e.Demand) >= maxExplained {
				e.Truncated++
				continue
			}
			row := ExplainedPlace{ID: gr.ids[p], Lon: decimal(degrees(points[i][0]), degreeDecimals), Lat: decimal(degrees(points[i][1]), degreeDecimals),
				Weight: decimal(w.milli[p], weightDecimals), Covered: decimal(0, weightDecimals), State: stateNames[look.state[i]], ReachM: decimalIf(look.mm[i] >= 0, int64(look.mm[i]), metreDecimals)}
			if f >= 0 {
				row.Facility = j.city.facilities[f].id
			}
			if look.state[i] == covered {
				row.Covered = row.Weight
			}
			e.Demand = append(e.Demand, row)
		}
	}
	for f := range j.city.facilities {
		if n, ok := nearest[int32(f)]; ok {
			e.Facilities = append(e.Facilities, j.facility(f, decimal(serves[int32(f)], weightDecimals), decimal(int64(n), metreDecimals)))
		}
	}
	sort.SliceStable(e.Demand, func(a, b int) bool { return e.Demand[a].ID < e.Demand[b].ID })
	return nil
}

// explainLand lists how much of the land lies within the limit of which facility, and parcel by parcel what is covered.
func (j *judge) explainLand(ctx context.Context, e *ExplainedReq, q *question, subject int, places bool) error {
	pieces := j.applicable(q, j.city.land.subjects)[subject]
	if len(pieces) == 0 {
		return nil
	}
	bound := j.city.land.pieces[pieces[0]].polygon.Bound()
	for _, n := range pieces[1:] {
		bound = bound.Union(j.city.land.pieces[n].polygon.Bound())
	}
	for k := range q.options {
		o := &q.options[k]
		for _, m := range o.members {
			f := &j.city.facilities[m]
			dlon, dlat := measure.Degrees(max(abs(bound.Min[1]), abs(bound.Max[1])), metres(o.limit))
			reach := f.geometry.Bound()
			reach.Min, reach.Max = orb.Point{reach.Min[0] - dlon, reach.Min[1] - dlat}, orb.Point{reach.Max[0] + dlon, reach.Max[1] + dlat}
			if !reach.Intersects(bound) {
				continue
			}
			zone := overlay.NewZone([]overlay.Site{{Geometry: f.geometry, Metres: metres(o.limit)}})
			served := int64(0)
			for _, n := range pieces {
				p := &j.city.land.pieces[n]
				served += zone.CoveredMM2(p.polygon, p.mm2)
			}
			if served > 0 {
				e.Facilities = append(e.Facilities, j.facility(m, decimal(mulDiv(served, 1, 1000), weightDecimals), j.fromLand(pieces, f)))
			}
		}
	}
	if len(e.Facilities) == 0 {
		if err := j.nearestToLand(ctx, e, q, pieces); err != nil {
			return err
		}
	}
	if !places {
		return nil
	}
	lt, err := j.tallyLand(ctx, q)
	if err != nil {
		return err
	}
	for _, n := range pieces {
		p, t := &j.city.land.pieces[n], lt.pieces[n]
		at := measure.PointOnSurface(p.polygon)
		state := "covered"
		switch {
		case t.undetermined > 0:
			state = "undetermined"
		case t.covered < t.total:
			state = "uncovered"
		}
		if t.covered > 0 && t.covered < t.total {
			state = "partly covered"
		}
		e.Demand = append(e.Demand, ExplainedPlace{ID: fmt.Sprintf("parcel %d", p.parcel+1), Lon: decimal(degrees(at[0]), degreeDecimals), Lat: decimal(degrees(at[1]), degreeDecimals),
			Weight: decimal(mulDiv(t.total, 1, 1000), weightDecimals), Covered: decimal(mulDiv(t.covered, 1, 1000), weightDecimals), State: state, ReachM: Decimal{null(), metreDecimals}})
	}
	return nil
}

// nearestToLand lists the facility that is nearest to the land, where none serves it.
func (j *judge) nearestToLand(ctx context.Context, e *ExplainedReq, q *question, pieces []int32) error {
	points := make([]orb.Point, len(pieces))
	for i, n := range pieces {
		points[i] = measure.PointOnSurface(j.city.land.pieces[n].polygon)
	}
	look, err := j.look(ctx, q, NewPlaces(points))
	if err != nil {
		return err
	}
	best := -1
	for i := range points {
		if look.facility[i] >= 0 && (best < 0 || look.mm[i] < look.mm[best]) {
			best = i
		}
	}
	if best >= 0 {
		m := int(look.facility[best])
		e.Facilities = append(e.Facilities, j.facility(m, decimal(0, weightDecimals), j.fromLand(pieces, &j.city.facilities[m])))
	}
	return nil
}

// fromLand gives the least distance between a facility and pieces of land: it lies between a vertex of one and an edge of
// the other, or is 0.
func (j *judge) fromLand(pieces []int32, f *facility) Decimal {
	least := math.Inf(1)
	for _, n := range pieces {
		polygon := j.city.land.pieces[n].polygon
		if overlay.Intersects(f.geometry, polygon) {
			return decimal(0, metreDecimals)
		}
		shape := measure.NewShape(polygon)
		eachVertex(f.geometry, func(p orb.Point) { least = min(least, shape.Distance(p)) })
		if _, point := f.geometry.(orb.Point); !point {
			eachVertex(polygon, func(p orb.Point) { least = min(least, f.shape.Distance(p)) })
		}
	}
	return decimal(int64(measure.Millimetres(least)), metreDecimals)
}

// eachVertex calls f with every vertex of a point or an area.
func eachVertex(g orb.Geometry, f func(orb.Point)) {
	if p, ok := g.(orb.Point); ok {
		f(p)
		return
	}
	for _, poly := range polygons(g) {
		for _, ring := range poly {
			for _, p := range ring {
				f(p)
			}
		}
	}
}

func abs(v float64) float64 { return max(v, -v) }

package coverage

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage/catalog"
	"lifecircle/geo/measure"
	"lifecircle/geo/overlay"
)

// Causes of a verdict, as codes in tables; CauseText gives their words.
const (
	causeNoLayer       = "no_layer"       // no layer lists the service
	causeParentOnly    = "parent_only"    // the layer cannot tell this service from its parent
	causeNoLimit       = "no_limit"       // the catalog has no limit on this basis
	causeNoDenominator = "no_denominator" // the denominator's measure or layer is missing
	causeNoDemand      = "no_demand"      // nothing to cover under the denominator
	causeNotApplicable = "not_applicable" // the requirement is for other kinds of circle
	causeNoLevel       = "no_level"       // the neighborhood belongs to no unit of the level that is counted
	causeNotSurveyed   = "not_surveyed"   // the layers cannot tell what lies outside the survey
	causeMissing       = "missing"        // :service — an alternative that no layer can tell
	causeLeftOut       = "left_out"       // :service — the same under --assume-complete
	causeParentAccept  = "parent_accepted"
	causeAssumed       = "assumed_complete"
	causeSizeUnknown   = "size_unknown" // facilities of unknown size were counted where a size is asked
	causeModelled      = "modelled"     // the denominator is modelled
)

// option is one alternative of a requirement, as this run can judge it.
type option struct {
	alt     catalog.Alternative
	limit   int32  // mm
	missing string // why it cannot be judged, "" if it can
	members []int  // its facilities, positions in City.facilities
	set     *FacilitySet
	survey  area
	border  *measure.Shape // of survey.polygon
	accept  string         // the parent service that stands in
	unsized int            // facilities of unknown size where a size is asked
}

// judge judges one requirement after the other.
type judge struct {
	city     *City
	catalog  *catalog.Catalog
	services *catalog.Services
	ruler    Ruler
	params   Params
	threads  int

	answers map[string][]int // per list of kinds (kindsKey) and parent: the subject that it answers as, −1 if it is not asked

	sets  map[string]*FacilitySet
	clips []map[run][]orb.MultiPolygon // per unit: the parts of runs of squares that lie in it, for all requirements
}

// newJudge makes a judge of a city by a catalog on the radius basis.
func newJudge(city *City, cat *catalog.Catalog, services *catalog.Services, p Params, threads int) (*judge, error) {
	j := &judge{city: city, catalog: cat, services: services, ruler: Radius{}, params: p, threads: threads}
	return j, j.addAnswers()
}

// addAnswers finds out as what parents answer where a requirement is not asked of all of their units: as one of the others, as a
// parent of just these, else as a subject of its own, which is added to the judge's city.
func (j *judge) addAnswers() error {
	j.answers = map[string][]int{}
	subjects := map[string]int{} // by members
	for u := range j.city.units {
		subjects[fmt.Sprint([]int{u})] = u
	}
	for k, p := range j.city.parents {
		subjects[fmt.Sprint(p.members)] = len(j.city.units) + k
	}
	var sets [][]int
	for r := range j.catalog.Requirements {
		req := &j.catalog.Requirements[r]
		if len(req.AppliesTo) == 0 || req.Count != nil || j.answers[kindsKey(req)] != nil {
			continue
		}
		as := make([]int, len(j.city.parents))
		for k, p := range j.city.parents {
			members := j.members(req, p)
			s, ok := subjects[fmt.Sprint(members)]
			switch {
			case len(members) == 0:
				s = -1
			case !ok:
				s = j.subjects() + len(sets)
				sets = append(sets, members)
				subjects[fmt.Sprint(members)] = s
			}
			as[k] = s
		}
		j.answers[kindsKey(req)] = as
	}
	if len(sets) == 0 {
		return nil
	}
	var err error
	j.city, err = j.city.with(sets)
	return err
}

func kindsKey(req *catalog.Requirement) string { return strings.Join(req.AppliesTo, "\x00") }

// subjects is the number of units and parents.
func (j *judge) subjects() int { return len(j.city.units) + len(j.city.parents) }

// column is what a run says of one requirement: a cell per subject, and the gaps of its units.
type column struct {
	judged Judged
	cells  []Cell
	gaps   []Gap
}

// question is a requirement made ready: what there is to judge it by.
type question struct {
	req         *catalog.Requirement
	options     []option // those that can be judged
	unlimited   []option // those without a limit on this basis: they have a reach, no verdict
	open        bool     // an alternative cannot be judged: what is not covered is undetermined
	dead        string   // cause for which nothing can be judged, "" if something can
	denominator string
	line        int64 // pass line, 10⁻⁶
	flags       []string
}

// ask makes a requirement ready.
func (j *judge) ask(req *catalog.Requirement) (*question, error) {
	q := &question{req: req, line: int64(req.PassAt(j.params.Year))}
	switch {
	case req.Count != nil:
		q.denominator = catalog.DenominatorCount
	case req.Denominator != "":
		q.denominator = req.Denominator
	case j.params.Denominator != "":
		q.denominator = j.params.Denominator
	case j.catalog.Denominator != "":
		q.denominator = j.catalog.Denominator
	default:
		q.denominator = catalog.DenominatorLand
	}
	alternatives := req.AnyOf
	if req.Count != nil {
		alternatives = []catalog.Alternative{{Service: req.Count.Service, MinArea: req.Count.MinArea, MaxArea: req.Count.MaxArea}}
	}
	var causes []string
	for _, alt := range alternatives {
		o, err := j.option(alt, req.Count != nil)
		if err != nil {
			return nil, fmt.Errorf("requirement %s: %w", req.ID, err)
		}
		if o.missing != "" {
			if !slices.Contains(causes, o.missing) {
				causes = append(causes, o.missing)
			}
			if len(alternatives) > 1 {
				word := causeMissing
				if j.params.AssumeComplete {
					word = causeLeftOut
				}
				q.flag(word + ":" + alt.Service)
			}
			q.open = q.open || !j.params.AssumeComplete
			if o.missing == causeNoLimit && o.set != nil {
				q.unlimited = append(q.unlimited, o)
			}
			continue
		}
		if o.accept != "" {
			q.flag(causeParentAccept + ":" + o.accept)
		}
		q.options = append(q.options, o)
	}
	if len(q.options) == 0 {
		q.dead = strings.Join(causes, ";")
		q.flags = nil
	} else if j.params.AssumeComplete {
		q.flag(causeAssumed)
	}
	return q, nil
}

func (q *question) flag(f string) {
	if !slices.Contains(q.flags, f) {
		q.flags = append(q.flags, f)
	}
}

// option finds an alternative's limit, facilities and survey.
func (j *judge) option(alt catalog.Alternative, count bool) (option, error) {
	o := option{alt: alt}
	if !count {
		if o.limit = alt.Limit.RadiusMM; o.limit == 0 {
			o.missing = causeNoLimit
		}
	}
	service := alt.Service
	switch how, as := j.city.list(j.services, service); {
	case o.missing != "" && (how == notListed || (how == parentOnly && !j.params.AcceptParent)):
		return o, nil
	case how == notListed:
		o.missing = causeNoLayer
		return o, nil
	case how == parentOnly && !j.params.AcceptParent:
		o.missing = causeParentOnly
		return o, nil
	case how == parentOnly:
		service, o.accept = as, as
	}
	wanted := []string{service}
	if o.accept == "" { // a parent stands in by itself: its other children are known to be something else
		wanted = append(wanted, j.services.Descendants(service)...)
	}
	for i := range j.city.facilities {
		f := &j.city.facilities[i]
		if !anyIn(f.services, wanted) || !f.counts(j.params.AsOf) {
			continue
		}
		if alt.MinArea > 0 || alt.MaxArea > 0 {
			switch {
			case f.areaMM2 == Unknown:
				o.unsized++
			case f.areaMM2 < int64(alt.MinArea), alt.MaxArea > 0 && f.areaMM2 >= int64(alt.MaxArea):
				continue
			}
		}
		o.members = append(o.members, i)
	}
	o.set = j.set(o.members)
	if j.params.AssumeComplete {
		o.survey = area{everywhere: true}
		return o, nil
	}
	var err error
	if o.survey, err = j.city.surveyed(j.services, service); err != nil {
		return o, fmt.Errorf("survey of %s: %w", service, err)
	}
	if len(o.survey.polygon) > 0 {
		o.border = measure.NewShape(o.survey.polygon)
	}
	return o, nil
}

// set gives the facility set of these members, the same one for the same members.
func (j *judge) set(members []int) *FacilitySet {
	var key strings.Builder
	gs := make([]orb.Geometry, len(members))
	shapes := make([]*measure.Shape, len(members))
	for i, m := range members {
		gs[i], shapes[i] = j.city.facilities[m].geometry, j.city.facilities[m].shape
		fmt.Fprintf(&key, "%d,", m)
	}
	if s, ok := j.sets[key.String()]; ok {
		return s
	}
	s := newFacilitySet(gs, shapes)
	if j.sets == nil {
		j.sets = map[string]*FacilitySet{}
	}
	j.sets[key.String()] = s
	return s
}

// The states of a place of demand.
const (
	uncovered uint8 = iota
	undetermined
	covered
)

// stateNames are the words of table `gaps`.
var stateNames = [...]string{"uncovered", "undetermined", "covered"}

// outlook is what a question says of a list of places.
type outlook struct {
	state    []uint8
	mm       []int32 // the way to the facility that covers, else to the nearest one; −1: none exists
	facility []int32 // position in City.facilities; −1: none
	option   []int8  // which option the facility is of
}

// states judges places: covered if any option covers; else undetermined if any option is, or cannot be judged; else
// uncovered.
func (j *judge) states(ctx context.Context, q *question, from *Places) ([]uint8, error) {
	out := make([]uint8, len(from.Points))
	for k := range q.options {
		o := &q.options[k]
		in, err := j.ruler.Covered(ctx, from, o.set, o.limit, j.threads)
		if err != nil {
			return nil, err
		}
		parallel(len(in), j.threads, 4096, func(i int) {
			if in[i] {
				out[i] = covered
			} else if out[i] == uncovered && !o.tells(from.Points[i]) {
				out[i] = undetermined
			}
		})
	}
	if q.open {
		for i, s := range out {
			if s == uncovered {
				out[i] = undetermined
			}
		}
	}
	return out, nil
}

// look judges places as states does, and tells of each which facility covers it and how far that is, else the same of
// the nearest one.
func (j *judge) look(ctx context.Context, q *question, from *Places) (*outlook, error) {
	points := from.Points
	states, err := j.states(ctx, q, from)
	if err != nil {
		return nil, err
	}
	out := &outlook{states, make([]int32, len(points)), make([]int32, len(points)), make([]int8, len(points))}
	for i := range points {
		out.mm[i], out.facility[i], out.option[i] = -1, -1, -1
	}
	best := make([]bool, len(points)) // the facility there covers
	for k := range q.options {
		o := &q.options[k]
		reach, err := j.ruler.Nearest(ctx, from, o.set, j.threads)
		if err != nil {
			return nil, err
		}
		parallel(len(points), j.threads, 4096, func(i int) {
			mm := reach.MM[i]
			if mm < 0 {
				return
			}
			in, f := mm <= o.limit, int32(o.members[reach.Facility[i]])
			nearer := out.mm[i] < 0 || mm < out.mm[i] || (mm == out.mm[i] && f < out.facility[i])
			if (in && !best[i]) || (in == best[i] && nearer) {
				out.mm[i], out.facility[i], out.option[i], best[i] = mm, f, int8(k), in
			}
		})
	}
	return out, nil
}

// tells tells whether the whole disc of the limit around a point lies where the option is surveyed.
func (o *option) tells(p orb.Point) bool {
	switch {
	case o.survey.everywhere:
		return true
	case len(o.survey.polygon) == 0:
		return false
	}
	return o.border.Contains(p) && measure.Millimetres(o.border.BorderDistance(p)) >= o.limit
}

// judge gives the column of one requirement.
func (j *judge) judge(ctx context.Context, req *catalog.Requirement, withGaps bool) (*column, error) {
	q, err := j.ask(req)
	if err != nil {
		return nil, err
	}
	col := &column{judged: j.describe(q), cells: make([]Cell, j.subjects())}
	if req.Count != nil {
		if err := j.count(q, col.cells); err != nil {
			return nil, err
		}
		var hangs []bool
		if sized, some := j.sized(q); some {
			bare := make([]Cell, len(col.cells))
			if err := j.count(sized, bare); err != nil {
				return nil, err
			}
			hangs = make([]bool, len(bare))
			for s := range bare {
				hangs[s] = bare[s].Covered != col.cells[s].Covered
			}
		}
		j.conclude(q, col, hangs)
		return col, nil
	}

	t, err := j.tallies(ctx, q)
	if err != nil {
		return nil, err
	}
	own, ok := t.sums[q.denominator]
	var hangs []bool // per subject: facilities of unknown size make a difference
	if sized, some := j.sized(q); some && ok {
		bare, err := j.tallies(ctx, sized)
		if err != nil {
			return nil, err
		}
		hangs = make([]bool, len(col.cells))
		for s := range hangs {
			hangs[s] = bare.sums[q.denominator][s].covered != own[s].covered
		}
	}
	for s := range col.cells {
		c := &col.cells[s]
		for _, name := range sortedKeys(t.sums) {
			if name != q.denominator && t.sums[name][s].total > 0 && q.dead == "" {
				c.Others = append(c.Others, OtherShare{name, t.sums[name][s].total, t.sums[name][s].covered, t.sums[name][s].undetermined})
			}
		}
		if !ok {
			c.Cause = causeNoDenominator
			continue
		}
		c.Total, c.Covered, c.Undetermined = own[s].total, own[s].covered, own[s].undetermined
	}
	j.conclude(q, col, hangs)
	if withGaps && ok && q.dead == "" {
		if q.denominator == catalog.DenominatorLand {
			err = j.landGaps(ctx, q, col, t.land)
		} else {
			err = j.peopleGaps(ctx, q, col)
		}
		if err != nil {
			return nil, fmt.Errorf("gaps of %s: %w", req.ID, err)
		}
	}
	return col, nil
}

// tallies are the sums of a question under every denominator that there is.
type tallies struct {
	sums   map[string][]sum // by denominator, per subject
	states [][]uint8        // per group of demand and place; nil entries if nothing can be judged
	land   *landTally       // nil without land
}

// tallies adds up what a question covers: places by their states, land by exact areas.
func (j *judge) tallies(ctx context.Context, q *question) (*tallies, error) {
	t := &tallies{sums: map[string][]sum{}, states: make([][]uint8, len(j.city.groups))}
	var err error
	if q.dead == "" {
		for g, gr := range j.city.groups {
			if t.states[g], err = j.states(ctx, q, gr.places); err != nil {
				return nil, err
			}
		}
	}
	for g, gr := range j.city.groups {
		subjects := gr.subjects[:len(j.city.units)]
		if !gr.apart {
			subjects = j.applicable(q, gr.subjects)
		}
		for _, name := range sortedKeys(gr.measures) {
			if t.sums[name] == nil {
				t.sums[name] = make([]sum, j.subjects())
			}
			own := make([]sum, j.subjects())
			tally(own, subjects, gr.measures[name].milli, t.states[g], j.threads)
			if gr.apart {
				j.addUp(q, own)
			}
			for i := range own {
				t.sums[name][i].add(own[i])
			}
		}
	}
	if j.city.land != nil {
		if t.land, err = j.tallyLand(ctx, q); err != nil {
			return nil, err
		}
		t.sums[catalog.DenominatorLand] = t.land.sums
	}
	return t, nil
}

// addUp gives every parent the sums of its units that a requirement is asked of.
func (j *judge) addUp(q *question, sums []sum) {
	for k, p := range j.city.parents {
		for _, u := range j.members(q.req, p) {
			sums[len(j.city.units)+k].add(sums[u])
		}
	}
}

// applicable gives the places or pieces of every unit and parent: a parent, some of whose units a requirement is not asked
// of, answers for the others only.
func (j *judge) applicable(q *question, subjects [][]int32) [][]int32 {
	out := subjects[:j.subjects()]
	if len(q.req.AppliesTo) == 0 {
		return out
	}
	out = slices.Clone(out)
	for k, s := range j.answers[kindsKey(q.req)] {
		var own []int32
		if s >= 0 {
			own = subjects[s]
		}
		out[len(j.city.units)+k] = own
	}
	return out
}

// placesOf gives the places that a unit or parent answers for.
func (j *judge) placesOf(q *question, g *group, subject int) []int32 {
	if !g.apart || subject < len(j.city.units) {
		return j.applicable(q, g.subjects)[subject]
	}
	var out []int32
	for _, u := range j.members(q.req, j.city.parents[subject-len(j.city.units)]) {
		out = append(out, g.subjects[u]...)
	}
	slices.Sort(out)
	return out
}

// members gives the units of a parent that a requirement is asked of.
func (j *judge) members(req *catalog.Requirement, p parent) []int {
	if len(req.AppliesTo) == 0 {
		return p.members
	}
	var out []int
	for _, u := range p.members {
		if req.Applies(j.city.units[u].kind) {
			out = append(out, u)
		}
	}
	return out
}

// sized gives a question without the facilities of unknown size that it counts where a size is asked, and whether
// there are any.
func (j *judge) sized(q *question) (*question, bool) {
	out, some := *q, false
	out.options = slices.Clone(q.options)
	for k := range out.options {
		o := &out.options[k]
		if o.unsized == 0 {
			continue
		}
		some = true
		o.members = nil
		for _, m := range q.options[k].members {
			if j.city.facilities[m].areaMM2 != Unknown {
				o.members = append(o.members, m)
			}
		}
		o.set = j.set(o.members)
	}
	return &out, some
}

// describe gives the words of a requirement in tables.
func (j *judge) describe(q *question) Judged {
	d := Judged{
		ID: q.req.ID, Tier: q.req.Tier, Denominator: q.denominator, PassLine: catalog.Ppm(q.line),
		Confidence: q.req.ConfidenceLabel(), Variant: q.req.VariantOf != "", Flags: slices.Clone(q.flags), Unit: "m",
	}
	for k := range q.options {
		if q.options[k].unsized > 0 {
			d.Flags = append(d.Flags, causeSizeUnknown)
			break
		}
	}
	if q.req.Count != nil {
		d.Service, d.Unit, d.Limit = q.req.Count.Service, "count", fmt.Sprint(q.req.Count.Min)
	} else {
		var services, limits []string
		for _, a := range q.req.AnyOf {
			services = append(services, a.Service)
			l := ""
			if a.Limit.RadiusMM > 0 {
				l = trimDecimal(int64(a.Limit.RadiusMM), 3)
			}
			limits = append(limits, l)
		}
		d.Service, d.Limit = strings.Join(services, "|"), strings.Join(limits, "|")
	}
	for _, g := range j.city.groups {
		if w := g.measures[q.denominator]; w != nil && w.modelled {
			d.Modelled = true
		}
	}
	return d
}

// trimDecimal writes n · 10^−decimals without trailing zeros.
func trimDecimal(n int64, decimals int) string {
	s := string(AppendDecimal(nil, n, decimals))
	if decimals > 0 {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// conclude gives verdicts and causes to a column's tallies, and to parents the number of their units that meet it. hangs tells
// for which subjects facilities of unknown size make a difference (nil: for none).
func (j *judge) conclude(q *question, col *column, hangs []bool) {
	for s := range col.cells {
		c := &col.cells[s]
		var cause []string
		switch {
		case s < len(j.city.units) && !q.req.Applies(j.city.units[s].kind), s >= len(j.city.units) && len(j.members(q.req, j.city.parents[s-len(j.city.units)])) == 0:
			c.Verdict, cause = NotAssessed, []string{causeNotApplicable}
		case q.dead != "":
			c.Verdict, cause = NotAssessed, []string{q.dead}
		case c.Cause != "": // no_denominator, no_level
			c.Verdict, cause = NotAssessed, []string{c.Cause}
		case c.Total == 0:
			c.Verdict, cause = NotAssessed, []string{causeNoDemand}
		case atLeast(c.Covered, c.Total, q.line):
			c.Verdict = Met
		case !atLeast(c.Covered+c.Undetermined, c.Total, q.line):
			c.Verdict = Unmet
		default:
			c.Verdict, cause = NotDetected, []string{causeNotSurveyed}
		}
		if c.Verdict != NotAssessed || q.dead == "" {
			cause = append(cause, q.flags...)
		}
		if hangs != nil && hangs[s] && c.Verdict != NotAssessed {
			cause = append(cause, causeSizeUnknown)
		}
		if col.judged.Modelled && c.Verdict != NotAssessed {
			cause = append(cause, causeModelled)
		}
		c.Cause = strings.Join(cause, ";")
	}
	for k, p := range j.city.parents {
		c := &col.cells[len(j.city.units)+k]
		for _, u := range p.members {
			if col.cells[u].Verdict != NotAssessed {
				c.UnitsJudged++
			}
			if col.cells[u].Verdict == Met {
				c.UnitsMet++
			}
		}
	}
}

// count judges a count requirement: facilities in the unit of the level that holds the neighborhood.
func (j *judge) count(q *question, cells []Cell) error {
	if q.dead != "" {
		return nil
	}
	o, want := &q.options[0], q.req.Count
	n := make([]int, len(j.city.units)) // facilities per unit
	in := make([][]int, len(j.city.units))
	for _, m := range o.members {
		for _, u := range j.city.unitsTouching(&j.city.facilities[m]) {
			n[u]++
			in[u] = append(in[u], m)
		}
	}
	// holders: what is counted in, a unit or a parent of that level
	type holder struct{ n, total, covered, undetermined int64 }
	holders := map[parentKey]holder{}
	hold := func(key parentKey, facilities int, members []int) error {
		h := holder{n: int64(facilities), total: int64(want.Min) * 1000}
		h.covered = min(h.n, int64(want.Min)) * 1000
		whole := true
		for _, u := range members {
			ok, err := o.survey.holds(j.city.units[u].geometry)
			if err != nil {
				return fmt.Errorf("survey in %s: %w", j.city.units[u].id, err)
			}
			whole = whole && ok
		}
		if !whole {
			h.undetermined = h.total - h.covered
		}
		holders[key] = h
		return nil
	}
	of := make([]parentKey, len(j.city.units))
	for u := range j.city.units {
		if want.Per == "unit" || want.Per == j.city.units[u].level {
			of[u] = parentKey{"", fmt.Sprint(u)} // no parent has an empty level
			if err := hold(of[u], n[u], []int{u}); err != nil {
				return err
			}
		}
	}
	for _, p := range j.city.parents {
		if p.level != want.Per {
			continue
		}
		distinct := map[int]bool{}
		for _, u := range p.members {
			for _, m := range in[u] {
				distinct[m] = true
			}
			if of[u] == (parentKey{}) { // of several parents of a level, the one with the smallest id
				of[u] = p.parentKey
			}
		}
		if err := hold(p.parentKey, len(distinct), p.members); err != nil {
			return err
		}
	}
	give := func(c *Cell, keys []parentKey) {
		seen := map[parentKey]bool{}
		for _, k := range keys {
			if k == (parentKey{}) || seen[k] {
				continue
			}
			seen[k] = true
			h := holders[k]
			c.Total += h.total
			c.Covered += h.covered
			c.Undetermined += h.undetermined
		}
		if len(seen) == 0 {
			c.Cause = causeNoLevel
		}
	}
	for u := range j.city.units {
		give(&cells[u], of[u:u+1])
	}
	for k, p := range j.city.parents {
		var keys []parentKey
		if p.level == want.Per {
			keys = []parentKey{p.parentKey}
		} else {
			for _, u := range j.members(q.req, p) {
				keys = append(keys, of[u])
			}
		}
		give(&cells[len(j.city.units)+k], keys)
	}
	return nil
}

// unitsTouching gives the units that a facility lies in, borders included.
func (c *City) unitsTouching(f *facility) []int {
	var out []int
	for _, u := range c.regions.Search(f.geometry.Bound()) {
		if p, ok := f.geometry.(orb.Point); ok {
			if measure.Locate(c.units[u].geometry, p) != measure.Outside {
				out = append(out, u)
			}
		} else if overlay.Intersects(f.geometry, c.units[u].geometry) {
			out = append(out, u)
		}
	}
	sort.Ints(out)
	return out
}

// holds tells whether an area holds a polygon whole.
func (a area) holds(mp orb.MultiPolygon) (bool, error) {
	switch {
	case a.everywhere:
		return true, nil
	case len(a.polygon) == 0:
		return false, nil
	}
	rest, err := overlay.Difference(mp, a.polygon)
	return len(rest) == 0 || measure.AreaMM2(rest) < minLandMM2, err
}

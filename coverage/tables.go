package coverage

import (
	"context"
	"errors"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage/catalog"
	"lifecircle/geo/overlay"
)

// Decimals of the tables of design.md §8.
const (
	shareDecimals  = 9
	scoreDecimals  = 9
	floorDecimals  = 6 // completeness
	weightDecimals = 3
	metreDecimals  = 3
	degreeDecimals = 9
)

// Tables gives the tables that the project file shows to users of GIS. While a run is not drawn they are empty but for the
// scores.
func (r *Run) Tables() []Table {
	return append([]Table{r.ScoresTable()}, r.DrawnTables()...)
}

// DrawnTables gives those of Tables that are for maps.
func (r *Run) DrawnTables() []Table {
	coverage := r.CoverageTable()
	if !r.Drawn {
		coverage.Len, coverage.Each = 0, func(func(string, []Value, orb.Geometry) error) error { return nil }
	}
	return []Table{coverage, r.GapsTable(), r.ServiceAreasTable()}
}

// Table gives a result table by name: scores, coverage, matrix, gaps, service_areas; NotFound for any other.
func (r *Run) Table(name string) (Table, error) {
	switch name {
	case "scores":
		return r.ScoresTable(), nil
	case "coverage":
		return r.CoverageTable(), nil
	case "matrix":
		return r.MatrixTable(), nil
	case "gaps":
		return r.GapsTable(), nil
	case "service_areas":
		return r.ServiceAreasTable(), nil
	}
	return Table{}, Errorf(NotFound, "没有结果图层“%s”", "there is no result layer %q", name)
}

// order gives the subjects in the order of tables: by id, then level.
func (r *Run) order() []int {
	order := make([]int, len(r.Subjects))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool {
		x, y := &r.Subjects[order[a]], &r.Subjects[order[b]]
		if x.ID != y.ID {
			return x.ID < y.ID
		}
		return x.Level < y.Level
	})
	return order
}

// outline gives a subject's geometry: its own, or the union of its members'.
func (s *Subject) outline() orb.Geometry {
	if len(s.Geometry) == 0 {
		return nil
	}
	return s.Geometry
}

// rowIDs names every subject's rows: a unit by its id, a parent by level=id. Ids are unique within a layer only: of units with
// the same id the second is called id~2.
func (r *Run) rowIDs() []string {
	out := make([]string, len(r.Subjects))
	for i := range r.Subjects {
		s := &r.Subjects[i]
		if s.Level == unitLevel {
			out[i] = ordinalID(s.ID, i, func(k int) string { return r.Subjects[k].ID })
		} else {
			out[i] = s.Level + "=" + s.ID
		}
	}
	return out
}

// unitRows names the rows of units, as rowIDs does.
func unitRows(units []unit) []string {
	out := make([]string, len(units))
	for i := range units {
		out[i] = ordinalID(units[i].id, i, func(k int) string { return units[k].id })
	}
	return out
}

// ordinalID adds to the id of thing i, of things sorted by id, which one it is among equals; the first is the id itself.
func ordinalID(id string, i int, of func(int) string) string {
	n := 1
	for i-n >= 0 && of(i-n) == id {
		n++
	}
	if n == 1 {
		return id
	}
	return id + "~" + strconv.Itoa(n)
}

func share(part, whole int64) Value {
	if whole == 0 {
		return null()
	}
	return integer(ratioFloor(part, whole))
}

// Amount gives a tally in a column with three decimals: thousandths as they are, square millimetres as m².
func Amount(n int64, denominator string) int64 {
	if denominator == catalog.DenominatorLand {
		return mulDiv(n, 1, 1000)
	}
	return n
}

// CoverageTable has a row per subject and requirement.
func (r *Run) CoverageTable() Table {
	t := Table{Name: "coverage", GeometryType: "MultiPolygon", Len: len(r.Cells), Columns: []Column{
		{"neighborhood_id", TextColumn, 0}, {"neighborhood", TextColumn, 0}, {"level", TextColumn, 0}, {"requirement", TextColumn, 0},
		{"service", TextColumn, 0}, {"tier", TextColumn, 0}, {"basis", TextColumn, 0}, {"limit", TextColumn, 0}, {"unit", TextColumn, 0},
		{"denominator", TextColumn, 0}, {"demand_total", DecimalColumn, weightDecimals}, {"demand_covered", DecimalColumn, weightDecimals},
		{"demand_undetermined", DecimalColumn, weightDecimals}, {"share", DecimalColumn, shareDecimals}, {"share_max", DecimalColumn, shareDecimals},
		{"pass_line", DecimalColumn, shareDecimals}, {"verdict", TextColumn, 0}, {"cause", TextColumn, 0}, {"confidence", TextColumn, 0},
		{"variant", BooleanColumn, 0}, {"units_met", IntegerColumn, 0}, {"units_judged", IntegerColumn, 0}, {"units", IntegerColumn, 0},
		{"other_shares", TextColumn, 0}, {"catalog", TextColumn, 0}, {"provisional", BooleanColumn, 0},
	}}
	n, ids := len(r.Requirements), r.rowIDs()
	t.Each = func(yield func(string, []Value, orb.Geometry) error) error {
		row := make([]Value, len(t.Columns))
		for _, s := range r.order() {
			subject := &r.Subjects[s]
			for k := range r.Requirements {
				d, c := &r.Requirements[k], &r.Cells[s*n+k]
				row = append(row[:0], text(subject.ID), textOrNull(subject.Name), text(subject.Level), text(d.ID), text(d.Service), text(d.Tier),
					text(r.Params.Basis), textOrNull(d.Limit), text(d.Unit), text(d.Denominator))
				known := c.Verdict != NotAssessed
				row = append(row, when(c.Total > 0 || known, Amount(c.Total, d.Denominator)), when(known, Amount(c.Covered, d.Denominator)),
					when(known, Amount(c.Undetermined, d.Denominator)))
				if known {
					row = append(row, share(c.Covered, c.Total), share(c.Covered+c.Undetermined, c.Total))
				} else {
					row = append(row, null(), null())
				}
				row = append(row, integer(int64(d.PassLine)*1000), text(c.Verdict.String()), textOrNull(c.Cause), text(d.Confidence), flag(d.Variant))
				parent := subject.Level != unitLevel
				row = append(row, when(parent, int64(c.UnitsMet)), when(parent, int64(c.UnitsJudged)), when(parent, int64(subject.Members)),
					textOrNull(c.others()), text(r.RunInfo.Catalog), flag(r.Catalog.Provisional))
				if err := yield(ids[s]+"/"+d.ID, row, subject.outline()); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return t
}

func when(known bool, n int64) Value { return Value{Int: n, Null: !known} }

func flag(b bool) Value {
	if b {
		return integer(1)
	}
	return integer(0)
}

// others writes the shares under other denominators: name=share or name=share..share_max, joined by ";".
func (c *Cell) others() string {
	var out []string
	for _, o := range c.Others {
		s := o.Denominator + "=" + string(AppendDecimal(nil, ratioFloor(o.Covered, o.Total), shareDecimals))
		if o.Undetermined > 0 {
			s += ".." + string(AppendDecimal(nil, ratioFloor(o.Covered+o.Undetermined, o.Total), shareDecimals))
		}
		out = append(out, s)
	}
	return strings.Join(out, ";")
}

func scoreColumns() []Column {
	return []Column{
		{"neighborhood_id", TextColumn, 0}, {"neighborhood", TextColumn, 0}, {"level", TextColumn, 0}, {"scope", TextColumn, 0},
		{"score", DecimalColumn, scoreDecimals}, {"score_max", DecimalColumn, scoreDecimals}, {"grade", TextColumn, 0},
		{"completeness", DecimalColumn, floorDecimals}, {"met", IntegerColumn, 0}, {"unmet", IntegerColumn, 0},
		{"not_detected", IntegerColumn, 0}, {"not_assessed", IntegerColumn, 0},
	}
}

func appendScore(row []Value, subject *Subject, s *Score) []Value {
	return append(row, text(subject.ID), textOrNull(subject.Name), text(subject.Level), text(s.Scope), when(s.Known, s.Score), when(s.Known, s.Max),
		textOrNull(s.Grade), integer(s.Completeness), integer(int64(s.Counts.Met)), integer(int64(s.Counts.Unmet)),
		integer(int64(s.Counts.NotDetected)), integer(int64(s.Counts.NotAssessed)))
}

// SubjectScores gives a subject's scores: one per tier, then overall.
func (r *Run) SubjectScores(subject int) []Score {
	n := len(r.Catalog.Tiers) + 1
	return r.Scores[subject*n : (subject+1)*n]
}

// markCodes gives the codes of a run's marks, each once, joined with ";".
func (r *Run) markCodes() string {
	var out []string
	for _, m := range r.Marks {
		if !slices.Contains(out, m.Code) {
			out = append(out, m.Code)
		}
	}
	return strings.Join(out, ";")
}

// ScoresTable has a row per subject and scope.
func (r *Run) ScoresTable() Table {
	t := Table{Name: "scores", GeometryType: "MultiPolygon", Len: len(r.Scores), Columns: append(scoreColumns(),
		Column{"capped", BooleanColumn, 0}, Column{"units", IntegerColumn, 0}, Column{"catalog", TextColumn, 0}, Column{"assumed_complete", BooleanColumn, 0}, Column{"marks", TextColumn, 0})}
	ids, marks := r.rowIDs(), r.markCodes()
	t.Each = func(yield func(string, []Value, orb.Geometry) error) error {
		var row []Value
		for _, i := range r.order() {
			subject := &r.Subjects[i]
			scores := r.SubjectScores(i)
			for k := range scores {
				row = appendScore(row[:0], subject, &scores[k])
				row = append(row, flag(scores[k].Capped), when(subject.Level != unitLevel, int64(subject.Members)), text(r.RunInfo.Catalog), flag(r.Params.AssumeComplete), textOrNull(marks))
				if err := yield(ids[i]+"/"+scores[k].Scope, row, subject.outline()); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return t
}

// MatrixTable has a row per neighborhood: its overall score, and share and verdict of every requirement.
func (r *Run) MatrixTable() Table {
	t := Table{Name: "matrix", GeometryType: "MultiPolygon", Columns: scoreColumns()}
	for k := range r.Requirements {
		t.Columns = append(t.Columns, Column{"share_" + r.Requirements[k].ID, DecimalColumn, shareDecimals}, Column{"verdict_" + r.Requirements[k].ID, TextColumn, 0})
	}
	t.Columns = append(t.Columns, Column{"assumed_complete", BooleanColumn, 0}, Column{"marks", TextColumn, 0})
	for i := range r.Subjects {
		if r.Subjects[i].Level == unitLevel {
			t.Len++
		}
	}
	n, ids, marks := len(r.Requirements), r.rowIDs(), r.markCodes()
	t.Each = func(yield func(string, []Value, orb.Geometry) error) error {
		var row []Value
		for _, i := range r.order() {
			subject := &r.Subjects[i]
			if subject.Level != unitLevel {
				continue
			}
			scores := r.SubjectScores(i)
			row = appendScore(row[:0], subject, &scores[len(scores)-1])
			for k := range r.Requirements {
				c := &r.Cells[i*n+k]
				if c.Verdict == NotAssessed {
					row = append(row, null(), text(c.Verdict.String()))
				} else {
					row = append(row, share(c.Covered, c.Total), text(c.Verdict.String()))
				}
			}
			row = append(row, flag(r.Params.AssumeComplete), textOrNull(marks))
			if err := yield(ids[i], row, subject.outline()); err != nil {
				return err
			}
		}
		return nil
	}
	return t
}

// GapsTable has a row per gap.
func (r *Run) GapsTable() Table {
	t := Table{Name: "gaps", GeometryType: "MultiPolygon", Len: len(r.Gaps), Columns: []Column{
		{"gap_id", TextColumn, 0}, {"cluster_id", TextColumn, 0}, {"neighborhood_id", TextColumn, 0}, {"requirement", TextColumn, 0},
		{"state", TextColumn, 0}, {"people", DecimalColumn, weightDecimals}, {"area_m2", DecimalColumn, metreDecimals},
		{"nearest_m", DecimalColumn, metreDecimals}, {"nearest_max_m", DecimalColumn, metreDecimals},
		{"neighborhood", TextColumn, 0}, {"service", TextColumn, 0}, {"denominator", TextColumn, 0}, {"limit", TextColumn, 0}, {"assumed_complete", BooleanColumn, 0},
		{"flags", TextColumn, 0},
	}}
	order := make([]int, len(r.Gaps))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(a, b int) bool { return r.Gaps[order[a]].ID < r.Gaps[order[b]].ID })
	t.Each = func(yield func(string, []Value, orb.Geometry) error) error {
		var row []Value
		for _, i := range order {
			g := &r.Gaps[i]
			d := &r.Requirements[g.Requirement]
			row = append(row[:0], text(g.ID), text(g.Cluster), text(r.Subjects[g.Subject].ID), text(d.ID), text(g.State),
				when(g.People != Unknown, g.People), integer(mulDiv(g.AreaMM2, 1, 1000)), when(g.NearestMM != Unknown, g.NearestMM),
				when(g.NearestMax != Unknown, g.NearestMax), textOrNull(r.Subjects[g.Subject].Name), text(d.Service), text(d.Denominator), textOrNull(d.Limit), flag(r.Params.AssumeComplete),
				textOrNull(strings.Join(d.Flags, ";")))
			if err := yield(g.ID, row, g.Geometry); err != nil {
				return err
			}
		}
		return nil
	}
	return t
}

// ServiceAreasTable has a row per requirement and alternative: where its facilities serve, drawn inside the
// true area by at most 0.05 m at 500 m.
func (r *Run) ServiceAreasTable() Table {
	t := Table{Name: "service_areas", GeometryType: "MultiPolygon", Len: len(r.ServiceAreas), Columns: []Column{
		{"requirement", TextColumn, 0}, {"service", TextColumn, 0}, {"tier", TextColumn, 0}, {"basis", TextColumn, 0}, {"limit", TextColumn, 0},
		{"unit", TextColumn, 0}, {"facilities", IntegerColumn, 0}, {"confidence", TextColumn, 0},
		{"flags", TextColumn, 0},
	}}
	t.Each = func(yield func(string, []Value, orb.Geometry) error) error {
		var row []Value
		seen := map[string]int{}
		for i := range r.ServiceAreas {
			a := &r.ServiceAreas[i]
			d := &r.Requirements[a.Requirement]
			row = append(row[:0], text(d.ID), text(a.Service), text(d.Tier), text(r.Params.Basis), text(a.Limit), text(d.Unit), integer(int64(a.Facilities)), text(d.Confidence), textOrNull(strings.Join(d.Flags, ";")))
			var g orb.Geometry
			if len(a.Geometry) > 0 {
				g = a.Geometry
			}
			id := d.ID + "/" + a.Service
			if seen[id]++; seen[id] > 1 { // alternatives of one service that differ by limit or size
				id += "/" + strconv.Itoa(seen[id])
			}
			if err := yield(id, row, g); err != nil {
				return err
			}
		}
		return nil
	}
	return t
}

// ReachTable has a row per place of demand and requirement, computed anew from the run's inputs: reach is
// data, not rows. Places in no neighborhood have an empty neighborhood_id; one in several
// (overlapping) ones has their ids joined by "|".
func ReachTable(ctx context.Context, st Store, r *Run, o Options) (Table, error) {
	city, err := loadCity(ctx, st, r.Inputs)
	if err != nil {
		return Table{}, err
	}
	j, err := newJudge(city, r.Catalog, r.Services(), r.Params, o.threads())
	if err != nil {
		return Table{}, err
	}
	t := Table{Name: "reach", GeometryType: "Point", Columns: []Column{
		{"demand_id", TextColumn, 0}, {"lon", DecimalColumn, degreeDecimals}, {"lat", DecimalColumn, degreeDecimals}, {"weight", DecimalColumn, weightDecimals},
		{"neighborhood_id", TextColumn, 0}, {"requirement", TextColumn, 0}, {"service", TextColumn, 0}, {"basis", TextColumn, 0},
		{"reach_m", DecimalColumn, metreDecimals}, {"seconds", IntegerColumn, 0}, {"facility_id", TextColumn, 0}, {"cause", TextColumn, 0},
		{"state", TextColumn, 0}, {"denominator", TextColumn, 0}, {"layer", TextColumn, 0}, {"flags", TextColumn, 0},
	}}
	type answer struct {
		q      *question
		judged Judged
		flags  string
		name   string // the measure that weighs
		groups []*outlook
	}
	answers := make([]answer, 0, len(r.Requirements))
	for k := range r.Catalog.Requirements {
		req := &r.Catalog.Requirements[k]
		if req.Count != nil {
			continue
		}
		q, err := j.ask(req)
		if err != nil {
			return Table{}, err
		}
		a := answer{q: q, judged: j.describe(q), flags: strings.Join(q.flags, ";"), name: city.weighing(q.denominator), groups: make([]*outlook, len(city.groups))}
		asked := q
		if q.dead != "" {
			asked = &question{req: req, options: q.unlimited} // a reach, though no verdict
		}
		for g, gr := range city.groups {
			if gr.measures[a.name] == nil {
				continue
			}
			if a.groups[g], err = j.look(ctx, asked, gr.places); err != nil {
				return Table{}, err
			}
			t.Len += gr.exported
		}
		answers = append(answers, a)
	}
	belongs := make([][][]int, len(city.groups)) // group → place → units
	type ref struct{ g, p int }
	var refs []ref
	for g, gr := range city.groups {
		belongs[g] = make([][]int, gr.exported)
		for u := range city.units {
			for _, p := range gr.subjects[u] {
				belongs[g][p] = append(belongs[g][p], u)
			}
		}
		for p := range gr.exported {
			refs = append(refs, ref{g, p})
		}
	}
	neighborhood := func(x ref) string {
		var ids []string
		for _, u := range belongs[x.g][x.p] {
			ids = append(ids, city.units[u].id)
		}
		return strings.Join(ids, "|")
	}
	sort.SliceStable(refs, func(a, b int) bool {
		x, y := refs[a], refs[b]
		if i, k := city.groups[x.g].ids[x.p], city.groups[y.g].ids[y.p]; i != k {
			return i < k
		}
		if i, k := city.groups[x.g].layers[x.p], city.groups[y.g].layers[y.p]; i != k {
			return i < k
		}
		return neighborhood(x) < neighborhood(y)
	})
	t.Each = func(yield func(string, []Value, orb.Geometry) error) error {
		var row []Value
		last, same := "", 1
		for _, x := range refs {
			gr, p := city.groups[x.g], x.p
			in := neighborhood(x)
			id := gr.ids[p] + "/" + in // ids are unique within a layer only
			if id == last {
				same++
				id += "~" + strconv.Itoa(same)
			} else {
				last, same = id, 1
			}
			for k := range answers {
				a := &answers[k]
				look := a.groups[x.g]
				if look == nil {
					continue
				}
				d := &a.judged
				pt := gr.points[p]
				row = append(row[:0], text(gr.ids[p]), integer(degrees(pt[0])), integer(degrees(pt[1])), integer(gr.measures[a.name].milli[p]),
					textOrNull(in), text(d.ID), text(d.Service), text(r.Params.Basis))
				if look.mm[p] >= 0 {
					row = append(row, integer(int64(look.mm[p])), null(), text(city.facilities[look.facility[p]].id), textOrNull(a.q.dead))
				} else {
					cause := a.q.dead
					if cause == "" {
						cause = "no_facility"
					}
					row = append(row, null(), null(), null(), text(cause))
				}
				state := stateNames[look.state[p]]
				if a.q.dead != "" {
					state = ""
				}
				flags := a.flags
				if k := look.option[p]; k >= 0 && a.q.dead == "" {
					if alt := &a.q.options[k].alt; (alt.MinArea > 0 || alt.MaxArea > 0) && city.facilities[look.facility[p]].areaMM2 == Unknown {
						flags = strings.TrimPrefix(flags+";"+causeSizeUnknown, ";")
					}
				}
				row = append(row, textOrNull(state), text(a.name), text(gr.layers[p]), textOrNull(flags))
				if err := yield(id+"/"+d.ID, row, pt); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return t, nil
}

// weighing gives the measure that weighs places in table reach: the denominator if places carry it, else population, else
// the first of the others, else buildings.
func (c *City) weighing(denominator string) string {
	has := map[string]bool{}
	for _, g := range c.groups {
		for name := range g.measures {
			has[name] = true
		}
	}
	for _, name := range []string{denominator, catalog.DenominatorPopulation} {
		if has[name] {
			return name
		}
	}
	for _, name := range sortedKeys(has) {
		if name != catalog.DenominatorBuildings {
			return name
		}
	}
	return catalog.DenominatorBuildings
}

// degrees gives an angle in 10⁻⁹°, rounded.
func degrees(v float64) int64 {
	if v < 0 {
		return -int64(-v*1e9 + 0.5)
	}
	return int64(v*1e9 + 0.5)
}

// parentOutlines unites the members of each parent, for maps.
func (c *City) parentOutlines(subjects []Subject, threads int) error {
	c.outlines.once.Do(func() {
		c.outlines.of = make([]orb.MultiPolygon, len(c.parents))
		errs := make([]error, len(c.parents))
		parallel(len(c.parents), threads, 1, func(k int) {
			members, unite := c.parents[k].members, overlay.Join
			gs := make([]orb.Geometry, len(members))
			for i, u := range members {
				if gs[i] = c.units[u].geometry; c.overlapping[u] {
					unite = overlay.Union
				}
			}
			c.outlines.of[k], errs[k] = unite(gs)
		})
		c.outlines.err = errors.Join(errs...)
	})
	for k := range c.parents {
		subjects[len(c.units)+k].Geometry = c.outlines.of[k]
	}
	return c.outlines.err
}

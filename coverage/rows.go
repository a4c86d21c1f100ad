package coverage

// What the tables say of a run's cells, for those who read a run cell by cell.

// RowIDs names the rows of every subject in the tables: a unit by its id, a parent by level=id; of units with the same id the
// second is called id~2. The row of a cell is RowIDs()[subject] + "/" + the requirement's id.
func (r *Run) RowIDs() []string { return r.rowIDs() }

// IsUnit tells a neighborhood from a parent.
func (s *Subject) IsUnit() bool { return s.Level == unitLevel }

// Shares gives share and share_max with the digits of the tables, unknown where nothing is assessed.
func (c *Cell) Shares() (share, most Decimal) {
	known := c.Verdict != NotAssessed
	return shareOf(known, c.Covered, c.Total), shareOf(known, c.Covered+c.Undetermined, c.Total)
}

// Line gives the pass line with the digits of the tables.
func (d *Judged) Line() Decimal { return decimal(int64(d.PassLine)*1000, shareDecimals) }

// People gives a number of people, in thousandths, with the digits of the tables; negative is unknown.
func People(thousandths int64) Decimal {
	return decimalIf(thousandths >= 0, thousandths, weightDecimals)
}

// RequirementName is what people call requirement k: its name, else those of its services.
func (r *Run) RequirementName(k int) Text {
	req := &r.Catalog.Requirements[k]
	if req.Name != (Text{}) {
		return req.Name
	}
	var names Text
	for i, key := range req.ServiceKeys() {
		n := r.Services().Name(key)
		if i > 0 {
			names.Zh, names.En = names.Zh+"、", names.En+", "
		}
		names.Zh, names.En = names.Zh+n.In("zh"), names.En+n.In("en")
	}
	return names
}

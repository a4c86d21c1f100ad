package coverage

import (
	"fmt"
	"strings"
)

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

// RequirementName is what people call requirement k: its name, else those of its services, with the minutes of its tier where another
// requirement has the same name.
func (r *Run) RequirementName(k int) Text {
	name := r.plainName(k)
	if tier, ok := r.Catalog.Tier(r.Catalog.Requirements[k].Tier); ok {
		for i := range r.Catalog.Requirements {
			if i != k && r.plainName(i) == name {
				return Text{Zh: fmt.Sprintf("%s（%d 分钟）", name.Zh, tier.Minutes), En: fmt.Sprintf("%s (%d min)", name.En, tier.Minutes)}
			}
		}
	}
	return name
}

func (r *Run) plainName(k int) Text {
	req := &r.Catalog.Requirements[k]
	if req.Name != (Text{}) {
		return Text{Zh: req.Name.In("zh"), En: req.Name.In("en")}
	}
	var zh, en []string
	for _, key := range req.ServiceKeys() {
		n := r.Services().Name(key)
		zh, en = append(zh, n.In("zh")), append(en, n.In("en"))
	}
	return Text{Zh: strings.Join(zh, "、"), En: strings.Join(en, ", ")}
}

package intake

import (
	"slices"

	"lifecircle/coverage"
)

// mapRow finds the services of a row, and what else the mapping reads of it. Rows that no rule takes are counted by the mapping and are no
// rows of the layer; a row of which nothing could be read stays one, so that its refusal is reported.
func (b *builder) mapRow(row *prepared, r *record) bool {
	r.capacity, r.area = coverage.Unknown, coverage.Unknown
	m := row.match
	if m == nil {
		return true
	}
	b.tally.Add(row.Feature.Properties, m)
	if len(m.Services) == 0 {
		return false
	}
	r.services, r.status, r.statusWord = m.Services, m.Status, m.StatusWord
	r.opened, r.closed, r.roundedOpen = m.Opened, m.Closed, m.Rounded
	r.capacity, r.area = m.Capacity, m.AreaMM2
	row.Repairs = append(row.Repairs, m.Unread...)
	return true
}

// dropUnknown leaves out the columns of facilities of which no row knows anything.
func dropUnknown(l *coverage.Layer) {
	none := func(s string) bool { return s != "" }
	if !slices.ContainsFunc(l.Status, func(s coverage.Status) bool { return s != coverage.StatusUnknown }) {
		l.Status = nil
	}
	if !slices.ContainsFunc(l.Capacity, func(n int64) bool { return n != coverage.Unknown }) {
		l.Capacity = nil
	}
	if !slices.ContainsFunc(l.Opened, none) {
		l.Opened = nil
	}
	if !slices.ContainsFunc(l.Closed, none) {
		l.Closed = nil
	}
}

package intake

import (
	"slices"
	"strings"

	"lifecircle/coverage"
	"lifecircle/geo/geojson"
)

// lifecycles are the prefixes of keys, and the values instead of a kind, by which OpenStreetMap speaks of what is not in use
// (https://wiki.openstreetmap.org/wiki/Lifecycle_prefix).
var lifecycles = map[string]coverage.Status{
	"construction": coverage.StatusConstruction,
	"proposed":     coverage.StatusPlanned,
	"planned":      coverage.StatusPlanned,
	"disused":      coverage.StatusClosed,
	"abandoned":    coverage.StatusClosed,
	"demolished":   coverage.StatusClosed,
	"destroyed":    coverage.StatusClosed,
	"razed":        coverage.StatusClosed,
	"removed":      coverage.StatusClosed,
	"was":          coverage.StatusClosed,
}

// lifecycle takes the prefix off a key; the status is StatusUnknown if it has none.
func lifecycle(key string) (string, coverage.Status) {
	prefix, rest, ok := strings.Cut(key, ":")
	if !ok {
		return key, coverage.StatusUnknown
	}
	if status, known := lifecycles[prefix]; known {
		return rest, status
	}
	return key, coverage.StatusUnknown
}

// statusOfTags is the status of an object with a tag of its own kind: it exists, unless disused=yes or the like says otherwise.
func statusOfTags(props geojson.Properties) coverage.Status {
	for _, key := range []string{"disused", "abandoned", "demolished", "destroyed", "razed", "removed"} {
		if v, ok := props.Get(key); ok && v.Text == "yes" {
			return coverage.StatusClosed
		}
	}
	return coverage.StatusExisting
}

// past holds the rules against what the feature will be or has been, the most alive first: under construction, planned, closed.
func (f *mapped) past() ([]int, coverage.Status) {
	var other [coverage.StatusClosed + 1]geojson.Properties
	for _, a := range f.props {
		key, status := lifecycle(a.Key)
		value := a.Value
		if status == coverage.StatusUnknown {
			// amenity=construction with construction=kindergarten
			status = lifecycles[value.Text]
			told, ok := f.props.Get(value.Text)
			if status == coverage.StatusUnknown || !ok {
				continue
			}
			value = told
		}
		other[status] = append(other[status], geojson.Property{Key: key, Value: value})
	}
	for _, status := range []coverage.Status{coverage.StatusConstruction, coverage.StatusPlanned, coverage.StatusClosed} {
		if len(other[status]) == 0 {
			continue
		}
		then := mapped{p: f.p, props: override(f.props, other[status]), geometry: f.geometry}
		if rules := then.rules(); len(rules) > 0 {
			return rules, status
		}
	}
	return nil, coverage.StatusUnknown
}

// override gives properties in which others take the place of those with the same key.
func override(props, others geojson.Properties) geojson.Properties {
	first := slices.Clone(others)
	slices.SortStableFunc(first, func(a, b geojson.Property) int { return strings.Compare(a.Key, b.Key) })
	first = slices.CompactFunc(first, func(a, b geojson.Property) bool { return a.Key == b.Key })
	out := slices.Clone(first)
	for _, a := range props {
		if _, has := first.Get(a.Key); !has {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b geojson.Property) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// details reads what the mapping knows columns for. What cannot be read is no reason to refuse a facility.
func (f *mapped) details(m *Match) {
	d := &f.p.m.Details
	for _, name := range d.Status {
		word := f.text(name)
		if word == "" {
			continue
		}
		status, known := statusOf(word)
		if known {
			m.Status, m.StatusWord = status, ""
			break
		}
		m.StatusWord = strings.TrimSpace(word)
	}
	m.Opened = f.date(d.Opened, false, m)
	m.Closed = f.date(d.Closed, true, m)
	if m.Opened != "" && m.Closed != "" && m.Closed < m.Opened {
		m.Unread = append(m.Unread, *finding("unread_date", "停用日期 "+m.Closed+" 早于启用日期 "+m.Opened+", 均未采用", "closed on "+m.Closed+", before it opened on "+m.Opened+": neither was taken"))
		m.Opened, m.Closed = "", ""
	}
	for _, name := range d.Capacity {
		v, _ := f.props.Get(name)
		n, bad := amount(v, milliPlaces, maxAmount)
		if bad != numberOK {
			m.Unread = append(m.Unread, *unread("unread_capacity", name, v.Text))
			continue
		}
		if n != coverage.Unknown {
			m.Capacity = n
			break
		}
	}
	m.Hours, m.Shared = f.firstText(d.Hours), f.firstText(d.Shared)
}

// date reads the first of some columns that holds a date.
func (f *mapped) date(names []string, end bool, m *Match) string {
	for _, name := range names {
		text := f.text(name)
		if strings.TrimSpace(text) == "" {
			continue
		}
		date, rounded, ok := dateOf(text, end)
		if ok {
			m.Rounded = m.Rounded || rounded
			return date
		}
		m.Unread = append(m.Unread, *unread("unread_date", name, text))
	}
	return ""
}

func (f *mapped) text(name string) string {
	v, _ := f.props.Get(name)
	text, _ := textOf(v)
	if text == "[]" {
		return ""
	}
	return text
}

func (f *mapped) firstText(names []string) string {
	for _, name := range names {
		if text := strings.TrimSpace(f.text(name)); text != "" {
			return strings.Clone(text)
		}
	}
	return ""
}

func unread(code, column, cell string) *Finding {
	return finding(code, column+": "+quote(cell)+" 无法读取, 视为未知", column+": "+quote(cell)+" cannot be read and counts as not known")
}

package report

import (
	"slices"
	"strings"

	"lifecircle/coverage"
)

// Area is what a report is about: the whole city, or one parent (a district, a street).
type Area struct {
	Level string // "" for the whole city, else the parent's level
	ID    string // of the parent
	Name  Text
}

// Key names an area uniquely in a run: "city", or level=id.
func (a Area) Key() string {
	if a.Level == "" {
		return "city"
	}
	return a.Level + "=" + a.ID
}

// Areas lists what reports can be made about: the city first, then the parents of the given levels (nil: of all), by level and id.
func (s *Source) Areas(levels []string) []Area {
	var out []Area
	if levels == nil || slices.Contains(levels, CityLevel) {
		out = append(out, Area{Name: s.city()})
	}
	for i := range s.Run.Subjects {
		p := &s.Run.Subjects[i]
		if p.Level != unitLevel && (levels == nil || slices.Contains(levels, p.Level)) {
			out = append(out, Area{Level: p.Level, ID: p.ID, Name: s.nameOf(i)})
		}
	}
	return out
}

// CityLevel stands for the whole city among the levels of reports.
const CityLevel = "city"

// Levels lists the levels of a run's parents, with the city first.
func (s *Source) Levels() []string {
	out := []string{CityLevel}
	for i := range s.Run.Subjects {
		if l := s.Run.Subjects[i].Level; l != unitLevel && !slices.Contains(out, l) {
			out = append(out, l)
		}
	}
	return out
}

const unitLevel = "unit"

// levelNames are the words for levels of parents; others are called as the user calls them.
var levelNames = map[string]Text{
	CityLevel: {Zh: "全市", En: "city"}, "district": {Zh: "区县", En: "district"}, "street": {Zh: "街道（镇）", En: "subdistrict"}, "community": {Zh: "社区", En: "community"}, "town": {Zh: "镇", En: "town"}, "county": {Zh: "县", En: "county"}, "village": {Zh: "村", En: "village"},
	"circle": {Zh: "生活圈", En: "service circle"}, unitLevel: {Zh: "评价单元", En: "neighborhood"},
}

func levelName(level string) Text {
	if t, ok := levelNames[level]; ok {
		return t
	}
	return Text{Zh: level, En: level}
}

// part is an area of a run: its units and parents as places in Run.Subjects.
type part struct {
	Area
	subject int   // the parent itself; −1 for the city
	units   []int // ascending
	parents []int // other parents that lie wholly in it
	in      []bool
	ids     map[string]bool // of units
}

// part finds an area. A parent belongs to an area if all of its units do.
func (s *Source) part(a Area) (*part, error) {
	r := s.Run
	p := &part{Area: a, subject: -1, in: make([]bool, len(r.Subjects)), ids: map[string]bool{}}
	if a.Level != "" {
		p.subject = slices.IndexFunc(r.Subjects, func(x coverage.Subject) bool { return x.Level == a.Level && x.ID == a.ID })
		if p.subject < 0 {
			return nil, coverage.Errorf(coverage.NotFound, "评估中没有 %s", "the run has no area %s", a.Key())
		}
		p.units = s.Members[p.subject]
	}
	for i := range r.Subjects {
		if a.Level == "" && r.Subjects[i].Level == unitLevel {
			p.units = append(p.units, i)
		}
	}
	for _, u := range p.units {
		p.in[u] = true
		p.ids[r.Subjects[u].ID] = true
	}
	for i := range r.Subjects {
		m := s.Members[i]
		if i == p.subject || r.Subjects[i].Level == unitLevel || len(m) == 0 || r.Subjects[i].Level == a.Level {
			continue
		}
		if !slices.ContainsFunc(m, func(u int) bool { return !p.in[u] }) {
			p.parents = append(p.parents, i)
		}
	}
	return p, nil
}

// nameOf gives what people call a subject: its name, else its id.
func (s *Source) nameOf(i int) Text {
	x := &s.Run.Subjects[i]
	if name := strings.TrimSpace(x.Name); name != "" {
		return Text{Zh: name, En: name}
	}
	return Text{Zh: x.ID, En: x.ID}
}

// city gives the name of the whole.
func (s *Source) city() Text {
	if s.Title == "" {
		return levelName(CityLevel)
	}
	return Text{Zh: s.Title, En: s.Title}
}

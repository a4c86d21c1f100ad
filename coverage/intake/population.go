package intake

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"lifecircle/coverage"
	"lifecircle/geo/geojson"
)

// Units are the neighborhoods of a project by what tables call them: their ids, such as 12-digit codes of the statistics bureau, and
// their names within streets and districts.
type Units struct {
	units   []unitName
	byID    map[string]int
	byZeros map[string][]int // codes, without the zeros in front
	byName  map[string][]int // plain names
	byLoose map[string][]int // plain names without what tables add or leave out
	above   map[string]int   // codes of streets and districts that the ids begin with, and names of parents → units below
	digits  map[int]bool     // lengths of codes
}

// minCode is the shortest id of digits that counts as a code: of shorter ones 1 and 01 may be two.
const minCode = 6

// unitName is what a neighborhood is called.
type unitName struct {
	id, name string
	parents  map[string][]string // by level
}

// ReadUnits reads the neighborhoods of a project's current layers.
func ReadUnits(ctx context.Context, st coverage.Store, layers []coverage.LayerInfo) (*Units, error) {
	u := &Units{byID: map[string]int{}, byZeros: map[string][]int{}, byName: map[string][]int{}, byLoose: map[string][]int{}, above: map[string]int{}, digits: map[int]bool{}}
	for _, info := range layers {
		if info.Role != coverage.RoleNeighborhoods {
			continue
		}
		l, err := st.Layer(ctx, info.Hash)
		if err != nil {
			return nil, err
		}
		u.add(l)
	}
	return u, nil
}

func (u *Units) add(l *coverage.Layer) {
	for i, id := range l.IDs {
		if _, twice := u.byID[id]; twice {
			continue // the same neighborhood in two layers
		}
		n := unitName{id: id, name: l.Names[i], parents: map[string][]string{}}
		for _, column := range l.Parents {
			n.parents[column.Level] = column.Parents[i]
			for _, parent := range column.Parents[i] {
				u.above[plainName(parent)]++
			}
		}
		k := len(u.units)
		u.units = append(u.units, n)
		u.byID[id] = k
		if len(id) >= minCode && allDigits(id) {
			u.digits[len(id)] = true
			bare := strings.TrimLeft(id, "0")
			u.byZeros[bare] = append(u.byZeros[bare], k)
			for _, c := range codeLevels {
				if len(id) > c.digits && !slices.Contains(n.parents[c.level], id[:c.digits]) {
					u.above[id[:c.digits]]++
				}
			}
		}
		if name := plainName(n.name); name != "" {
			u.byName[name] = append(u.byName[name], k)
			u.byLoose[looseName(name)] = append(u.byLoose[looseName(name)], k)
		}
	}
	delete(u.above, "")
}

// looseName takes off what one table writes and another does not: 朝天门社区居民委员会, 朝天门社区居委会, 朝天门社区 and 朝天门 are one.
func looseName(plain string) string {
	for _, end := range []string{"居民委员会", "居委会", "村民委员会", "村委会", "社区"} {
		if cut := strings.TrimSuffix(plain, end); cut != "" {
			plain = cut
		}
	}
	return plain
}

// Join gives the rows of a table with the id of the neighborhood that the cell of a column names, by code or by name, as the feature's
// id. Columns of parents tell neighborhoods of the same name apart. A cell that names none keeps its own text as id; the row is
// refused where the name fits several, where a code was rounded by a spreadsheet, and where it is a total of a level above. A table without
// measures has no totals: a row of a level above says what that street or district is called, and keeps its code.
func (u *Units) Join(src Source, field string, parents []ParentSpec, names bool) Source {
	return &joinSource{Source: src, units: u, field: field, parents: parents, names: names, ambiguous: map[string]bool{}, levels: map[string]bool{}}
}

type joinSource struct {
	Source
	units     *Units
	field     string
	parents   []ParentSpec
	names     bool            // the table has no measures
	named     int             // rows joined by name
	codes     int             // codes that were mended
	ambiguous map[string]bool // names
	levels    map[string]bool // cells that are totals of a level above
	blind     map[string]bool // levels of which the project has codes and the table names
}

func (s *joinSource) Next() (Row, error) {
	row, err := s.Source.Next()
	if err != nil || row.Refused != nil {
		return row, err
	}
	row.Feature.ID, row.Feature.HasID = "", false
	v, _ := row.Feature.Properties.Get(s.field)
	text, ok := textOf(v)
	if text = strings.TrimSpace(text); !ok || text == "" {
		return row, nil // the builder says so
	}
	m := s.find(text, row.Feature.Properties)
	if m.refused != nil {
		row.Refused = m.refused
		row.Feature.ID, row.Feature.HasID = text, true
		return row, nil
	}
	row.Feature.ID, row.Feature.HasID = m.id, true
	if m.repaired != nil {
		row.Repairs = append(row.Repairs, *m.repaired)
	}
	return row, nil
}

// match is what a cell means.
type match struct {
	id       string
	repaired *Finding
	refused  *Finding
}

func (s *joinSource) find(text string, props geojson.Properties) match {
	u := s.units
	if _, ok := u.byID[text]; ok || len(u.units) == 0 {
		return match{id: text}
	}
	if digits, rounded, ok := codeOf(text); ok {
		return s.code(text, digits, rounded)
	}
	return s.name(text, props)
}

// code finds a neighborhood by its code, however a spreadsheet may have written it.
func (s *joinSource) code(text, digits string, rounded bool) match {
	u := s.units
	mended := func(id, zh, en string) match {
		s.codes++
		return match{id: id, repaired: finding("code_repaired", quote(text)+" 读作 "+id+": "+zh, quote(text)+" was read as "+id+": "+en)}
	}
	if rounded {
		return match{refused: finding("code_rounded", quote(text)+" 被电子表格取整, 编号的末几位已丢失; 把该列设为文本格式后重新导出",
			quote(text)+" was rounded by a spreadsheet, and the last digits of the code are lost; make the column text and export it again")}
	}
	if _, ok := u.byID[digits]; ok {
		return mended(digits, "编号被写成数字", "the code had become a number")
	}
	switch same := u.byZeros[strings.TrimLeft(digits, "0")]; {
	case len(same) == 1:
		return mended(u.units[same[0]].id, "前导零不同", "the zeros in front differ")
	case len(same) > 1:
		return match{refused: finding("ambiguous_code", fmt.Sprintf("编号 %s 去掉前导零后与 %d 个单元相同", quote(text), len(same)), fmt.Sprintf("without the zeros in front, the code %s fits %d neighborhoods", quote(text), len(same)))}
	}
	for _, c := range codeLevels { // 500103001000 is the street 500103001, 500103000000 the district 500103
		short, padded := digits, len(digits) == 12 && strings.Trim(digits[c.digits:], "0") == ""
		if padded {
			short = digits[:c.digits]
		}
		if _, ok := u.byID[short]; ok {
			return mended(short, "末尾的零是补位", "the zeros at its end fill it up")
		}
		if _, ok := u.byID[digits+strings.Repeat("0", max(0, 12-len(digits)))]; ok && len(digits) == c.digits {
			return mended(digits+strings.Repeat("0", 12-len(digits)), "末尾补零", "the zeros at its end were left out")
		}
		if n := u.above[short]; n > 0 && len(short) == c.digits {
			return s.total(text, short, n)
		}
		if n := len(digits); (n == 12 || n == 9) && n > c.digits && !padded && !u.digits[n] { // a community's or street's code
			if k, ok := u.byID[digits[:c.digits]]; ok {
				return match{refused: finding("lower_level", fmt.Sprintf("%s 在单元 %s 之内, 是它的一部分; 按单元合计后再导入", quote(text), u.units[k].id),
					fmt.Sprintf("%s lies within the neighborhood %s and is a part of it; add the parts up and import the sums", quote(text), u.units[k].id))}
			}
		}
	}
	return match{id: digits} // named among those that match nothing
}

// total refuses the total of a street or district: how it is spread over its neighborhoods is not known. Without figures it is no total.
func (s *joinSource) total(text, id string, below int) match {
	if s.names {
		return match{id: id}
	}
	s.levels[text] = true
	return match{refused: finding("higher_level", fmt.Sprintf("%s 是上级的合计, 其下有 %d 个单元; 未拆分, 请给出各单元的数", quote(text), below),
		fmt.Sprintf("%s is the total of a level above, with %d neighborhoods; it was not spread over them: give the figure of each", quote(text), below))}
}

// totals are words that stand in a table's rows of sums, in plain form.
var totals = []string{"合计", "总计", "小计", "共计", "全区", "全市", "全县", "全街道", "total", "subtotal", "sum", "grandtotal"}

// name finds a neighborhood by its name and its parents.
func (s *joinSource) name(text string, props geojson.Properties) match {
	u, plain := s.units, plainName(text)
	loose := false
	all := u.byName[plain]
	if len(all) == 0 && plain != "" {
		all, loose = u.byLoose[looseName(plain)], true
	}
	if len(all) == 0 {
		switch {
		case slices.Contains(totals, plain):
			return match{refused: finding("total_row", quote(text)+" 是合计行", quote(text)+" is a row of sums")}
		case u.above[plain] > 0:
			return s.total(text, text, u.above[plain])
		}
		return match{id: text}
	}
	fit, said := s.within(all, props)
	switch {
	case len(fit) == 0:
		return match{refused: finding("parent_mismatch", fmt.Sprintf("有名为 %s 的单元, 但不在 %s: %s", quote(text), said, u.list(all)),
			fmt.Sprintf("there is a neighborhood called %s, but not in %s: %s", quote(text), said, u.list(all)))}
	case len(fit) > 1:
		s.ambiguous[text] = true
		return match{refused: finding("ambiguous_name", fmt.Sprintf("有 %d 个单元叫 %s: %s; 用编号, 或用 --parent street=列名 指明上级", len(fit), quote(text), u.list(fit)),
			fmt.Sprintf("%d neighborhoods are called %s: %s; use codes, or name the column of their street with --parent street=COLUMN", len(fit), quote(text), u.list(fit)))}
	}
	unit := u.units[fit[0]]
	s.named++
	if loose {
		return match{id: unit.id, repaired: finding("name_variant", quote(text)+" 读作 "+quote(unit.name)+" ("+unit.id+")", quote(text)+" was read as "+quote(unit.name)+" ("+unit.id+")")}
	}
	return match{id: unit.id}
}

// within keeps the neighborhoods that lie in the parents that a row names, and those of which that cannot be told; said is what the
// row names.
func (s *joinSource) within(all []int, props geojson.Properties) (fit []int, said string) {
	fit = all
	var words []string
	for _, p := range s.parents {
		v, _ := props.Get(p.Field)
		want, _ := textOf(v)
		if want = strings.TrimSpace(want); want == "" {
			continue
		}
		words = append(words, p.Level+" "+quote(want))
		fit = slices.DeleteFunc(slices.Clone(fit), func(k int) bool { return !s.mayLieIn(k, p.Level, want) })
	}
	return fit, strings.Join(words, ", ")
}

// mayLieIn reports whether a neighborhood belongs to a parent that is given by name or code, or whether that cannot be told.
func (s *joinSource) mayLieIn(k int, level, want string) bool {
	digits, rounded, code := codeOf(want)
	if rounded {
		return true
	}
	told := false
	for _, parent := range s.units.units[k].parents[level] {
		switch isCode := parent != "" && allDigits(parent); {
		case code && isCode:
			told = true
			if parent == digits || strings.TrimRight(digits, "0") == strings.TrimRight(parent, "0") && len(digits) == 12 {
				return true
			}
		case !code && !isCode:
			told = true
			if plainName(parent) == plainName(want) {
				return true
			}
		default: // the project has codes where the table has names, or the other way round
			if s.blind == nil {
				s.blind = map[string]bool{}
			}
			s.blind[level] = true
		}
	}
	return !told
}

// list names neighborhoods with their parents, a few of them.
func (u *Units) list(all []int) string {
	var words []string
	for i, k := range all {
		if i == 5 {
			words = append(words, "…")
			break
		}
		unit := u.units[k]
		word := unit.id
		var levels []string
		for level := range unit.parents {
			levels = append(levels, level)
		}
		sort.Strings(levels)
		for _, level := range levels {
			if parents := unit.parents[level]; len(parents) > 0 {
				word += " " + level + "=" + strings.Join(parents, "/")
			}
		}
		words = append(words, word)
	}
	return strings.Join(words, "; ")
}

// Info adds what was found of the column's cells.
func (s *joinSource) Info() SourceInfo {
	info := s.Source.Info()
	info.Notes = slices.Clone(info.Notes)
	add := func(code, zh, en string) { info.Notes = append(info.Notes, *finding(code, zh, en)) }
	if s.named > 0 {
		add("joined_by_name", fmt.Sprintf("%d 行按名称对应到评价单元", s.named), fmt.Sprintf("%d rows were joined to neighborhoods by name", s.named))
	}
	if s.codes > 0 {
		add("codes_repaired", fmt.Sprintf("%d 行的编号补回前导零或由数字还原", s.codes), fmt.Sprintf("the codes of %d rows were restored from numbers, or got their zeros back", s.codes))
	}
	for _, list := range []struct {
		words        map[string]bool
		code, zh, en string
	}{
		{s.ambiguous, "ambiguous_names", "%d 个名称在几处都有, 其行未采用: %s", "%d names stand for several neighborhoods, and their rows were refused: %s"},
		{s.levels, "higher_levels", "%d 个街道或区县的合计未采用: %s", "%d totals of streets or districts were not used: %s"},
		{s.blind, "parents_not_compared", "%d 个层级无法比较 (项目里是编号, 表中是名称, 或相反): %s", "%d levels could not be compared, as the project has codes and the table names, or the reverse: %s"},
	} {
		if len(list.words) == 0 {
			continue
		}
		words := make([]string, 0, len(list.words))
		for w := range list.words {
			words = append(words, w)
		}
		sort.Strings(words)
		zh, en := listed(words)
		add(list.code, fmt.Sprintf(list.zh, len(words), zh), fmt.Sprintf(list.en, len(words), en))
	}
	return info
}

// codeOf reads a cell as a code of digits as spreadsheets leave them: 500103001001, 500103001001.0, '500103001001, 5.00103001001E+11,
// digits of full width or in groups. rounded: an exponent hides digits that are lost. ok is false for what is no code.
func codeOf(text string) (digits string, rounded, ok bool) {
	text = strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		case r == ' ' || r == '\u00a0' || r == '\u3000' || r == '\'' || r == '’' || r == '`' || r == '\ufeff' || r == '\u200b':
			return -1
		}
		return r
	}, text)
	mantissa, exponent, scientific := strings.Cut(strings.ToUpper(text), "E")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if whole == "" || !allDigits(whole) || !allDigits(fraction) {
		return "", false, false
	}
	if !scientific {
		return whole, false, strings.Trim(fraction, "0") == "" && len(whole) <= 64
	}
	exponent = strings.TrimPrefix(exponent, "+")
	if exponent == "" || len(exponent) > 2 || !allDigits(exponent) {
		return "", false, false
	}
	places := 0
	for _, r := range exponent {
		places = 10*places + int(r-'0')
	}
	fraction = strings.TrimRight(fraction, "0")
	if len(whole) != 1 || len(fraction) > places {
		return "", false, false
	}
	return whole + fraction + strings.Repeat("0", places-len(fraction)), len(fraction) < places, true
}

package intake

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
)

// MeasureSpec says which column holds a measure: --measure population:60+=G.
type MeasureSpec struct{ Name, Field string }

// ParentSpec says which column holds the parents of a level: --parent street=F.
type ParentSpec struct{ Level, Field string }

// Complete declares where a facility layer is surveyed: --complete[=AREA.geojson].
type Complete struct {
	Everywhere bool
	Area       orb.MultiPolygon // used unless Everywhere; see ReadArea
	Source     string           // base name of the file Area came from
	Unknown    bool             // withdraws an earlier declaration
}

// Options are what a user says of a file. What is left at its zero value keeps what was declared at the earlier import of the
// same layer, else has the default said here. A column called "-" withdraws the earlier declaration of that option.
type Options struct {
	Role     coverage.Role
	Name     string    // of the layer; default: the file's base name without its extensions
	Services []string  // facilities: keys, names or aliases of what every row offers
	Mapping  *Mapper   // facilities: finds the services of each row, instead of Services and ServiceField
	Complete *Complete // facilities; default: nothing is known

	// Columns, by the names that the file uses.
	IDField        string // default: the feature's id, property id, a hash
	NameField      string // default: name, 名称
	StatusField    string // facilities
	CapacityField  string // facilities: places
	AreaField      string // facilities, buildings: m²; default: the measured area of a polygon
	FloorAreaField string // buildings: m²
	FloorsField    string // buildings: floor area is footprint × floors where FloorAreaField says nothing
	OpenedField    string // facilities: date
	ClosedField    string // facilities: date
	ServiceField   string // facilities: the services of each row
	KindField      string // neighborhoods: kind of circle
	JoinField      string // attributes: the neighborhood's id

	Level    string        // neighborhoods; default community
	Parents  []ParentSpec  // neighborhoods
	Measures []MeasureSpec // neighborhoods, demand, buildings, attributes; default for demand: population
	Modelled bool          // the measures come from a model

	CRS         string  // "" (what the file says, else WGS 84 degrees), auto (by comparison with the project's layers), or anything crs.Parse reads
	AcceptError float64 // metres: reads Xian 1980, Beijing 1954 and unknown datums as WGS 84; see crs.CRS.Accept

	Read    ReadOptions
	Formats Formats // beside GeoJSON; nil: none

	Replace bool // other content takes the place of the layer's
	Append  bool // other content is added to the layer's
	Strict  bool // what would be mended, joined or left out is refused; the caller treats refused rows as an unmet condition

	KeepDuplicates bool // facilities: rows of one name side by side stay apart

	Attribution string
	Derived     string // "derived, not official": what was derived and how

	MaxBytes int64 // of the file; default 8 GiB

	levelStated bool // by the user or an earlier import

	kept map[string]string // columns that an earlier import declared → the option, for messages
}

// none withdraws the declaration of a column.
const none = "-"

// Columns and other options that only some roles have, in the order in which they are checked.
func (o *Options) roleOptions() []roleOption {
	const (
		n = coverage.RoleNeighborhoods
		f = coverage.RoleFacilities
		d = coverage.RoleDemand
		b = coverage.RoleBuildings
		a = coverage.RoleAttributes
	)
	return []roleOption{
		{"service", len(o.Services) > 0, []coverage.Role{f}},
		{"service-field", o.ServiceField != "", []coverage.Role{f}},
		{"mapping", o.Mapping != nil, []coverage.Role{f}},
		{"complete", o.Complete != nil, []coverage.Role{f}},
		{"status-field", o.StatusField != "", []coverage.Role{f}},
		{"capacity-field", o.CapacityField != "", []coverage.Role{f}},
		{"opened-field", o.OpenedField != "", []coverage.Role{f}},
		{"closed-field", o.ClosedField != "", []coverage.Role{f}},
		{"keep-duplicates", o.KeepDuplicates, []coverage.Role{f}},
		{"area-field", o.AreaField != "", []coverage.Role{f, b}},
		{"floor-area-field", o.FloorAreaField != "", []coverage.Role{b}},
		{"floors-field", o.FloorsField != "", []coverage.Role{b}},
		{"kind-field", o.KindField != "", []coverage.Role{n}},
		{"level", o.Level != "", []coverage.Role{n}},
		{"parent", len(o.Parents) > 0, []coverage.Role{n, a}},
		{"join", o.JoinField != "", []coverage.Role{a}},
		{"measure", len(o.Measures) > 0, []coverage.Role{n, d, b, a}},
		{"modelled", o.Modelled, []coverage.Role{n, d, b, a}},
	}
}

type roleOption struct {
	name  string
	set   bool
	roles []coverage.Role
}

// fields are the options that name one column each, by the names under which they are declared.
func (o *Options) fields() []fieldOption {
	return []fieldOption{
		{"id-field", &o.IDField},
		{"name-field", &o.NameField},
		{"status-field", &o.StatusField},
		{"capacity-field", &o.CapacityField},
		{"area-field", &o.AreaField},
		{"floor-area-field", &o.FloorAreaField},
		{"floors-field", &o.FloorsField},
		{"opened-field", &o.OpenedField},
		{"closed-field", &o.ClosedField},
		{"service-field", &o.ServiceField},
		{"kind-field", &o.KindField},
		{"join", &o.JoinField},
	}
}

// plainDeclarations are the options that stay declared as they were written.
func (o *Options) plainDeclarations() []fieldOption {
	r := &o.Read
	return []fieldOption{
		{"crs", &o.CRS}, {"source-layer", &r.Layer}, {"encoding", &r.Encoding}, {"delimiter", &r.Delimiter},
		{"x-field", &r.X}, {"y-field", &r.Y}, {"location-field", &r.Location}, {"wkt-field", &r.WKT},
	}
}

type fieldOption struct {
	name  string
	value *string
}

// complete gives the options with the layer's name and the services' keys filled in, or says what is wrong with them.
func (o Options) complete(services *catalog.Services, file string) (Options, error) {
	if !slices.Contains(coverage.Roles[:], o.Role) {
		return o, invalid("as", "没有图层类型“%s”", "there is no role %q", string(o.Role)).
			hint("可用: neighborhoods, facilities, demand, land, buildings, attributes, network",
				"roles: neighborhoods, facilities, demand, land, buildings, attributes, network").err()
	}
	if o.Name == "" {
		o.Name = layerName(file)
	}
	if err := checkName(o.Name); err != nil {
		return o, err
	}
	for _, option := range o.roleOptions() {
		if option.set && !slices.Contains(option.roles, o.Role) {
			return o, invalid(option.name, "%s 图层没有这个选项", "a layer of role %s does not have this option", string(o.Role)).err()
		}
	}
	if o.Replace && o.Append {
		return o, invalid("append", "replace 与 append 不能同时使用", "replace and append exclude each other").err()
	}
	if !(o.AcceptError >= 0 && o.AcceptError <= 1e4) {
		return o, invalid("accept-error", "可接受的误差应为 0 到 10000 米", "the error to accept is more than 0 and at most 10,000 metres").err()
	}
	if o.Read.Header < 0 {
		return o, invalid("header", "表头行号从 1 起", "rows of a sheet are counted from 1").err()
	}
	if o.Mapping != nil && (len(o.Services) > 0 || o.ServiceField != "") {
		return o, invalid("mapping", "mapping 与 service、service-field 不能同时使用", "mapping excludes service and service-field").err()
	}
	var err error
	if o.Services, err = resolveServices(services, o.Services); err != nil {
		return o, err
	}
	seen := map[string]bool{}
	for _, m := range o.Measures {
		switch {
		case !wordOf(m.Name) || m.Name == "land" || m.Name == "count":
			return o, invalid("measure", "指标名“%s”不可用", "%q cannot be the name of a measure", m.Name).
				hint("写法: 名称=列名, 如 population:60+=老年人口", "write NAME=COLUMN, such as population:60+=OLD").err()
		case m.Field == "" || strings.ContainsRune(m.Field, '\n'):
			return o, invalid("measure", "指标 %s 没有列名", "the measure %s names no column", m.Name).err()
		case seen[m.Name]:
			return o, invalid("measure", "指标 %s 给了两次", "the measure %s is given twice", m.Name).err()
		}
		seen[m.Name] = true
	}
	clear(seen)
	for _, p := range o.Parents {
		switch {
		case !wordOf(p.Level) || p.Level == "unit":
			return o, invalid("parent", "层级名“%s”不可用", "%q cannot be the name of a level", p.Level).
				hint("写法: 层级=列名, 如 street=街道", "write LEVEL=COLUMN, such as street=STREET").err()
		case p.Field == "" || strings.ContainsRune(p.Field, '\n'):
			return o, invalid("parent", "层级 %s 没有列名", "the level %s names no column", p.Level).err()
		case seen[p.Level]:
			return o, invalid("parent", "层级 %s 给了两次", "the level %s is given twice", p.Level).err()
		}
		seen[p.Level] = true
	}
	if o.Level != "" && !wordOf(o.Level) {
		return o, invalid("level", "层级名“%s”不可用", "%q cannot be the name of a level", o.Level).err()
	}
	return o, nil
}

// Check says what is wrong with options for a file that is a layer of a new project, before anything is read but the file's head, and gives
// the key that the layer will have. The errors are those that Import would begin with.
func (o Options) Check(services *catalog.Services, f *File) (coverage.LayerKey, error) {
	o, err := o.complete(services, f.Name)
	if err != nil {
		return coverage.LayerKey{}, err
	}
	if _, err := statedCRS(f.Name, &o); err != nil {
		return coverage.LayerKey{}, err
	}
	if err := o.findMapping(f, nil); err != nil {
		return coverage.LayerKey{}, err
	}
	return o.key(), o.ready()
}

// findMapping settles by which mapping facilities are found of which nothing else is said: the one of the earlier import, else the one
// that the file's format has.
func (o *Options) findMapping(f *File, current *coverage.LayerInfo) error {
	if o.Role != coverage.RoleFacilities || o.Mapping != nil || len(o.Services) > 0 || o.ServiceField != "" || o.Formats == nil {
		return nil
	}
	id := ""
	if current != nil {
		id = current.Declared[declaredMapping]
	}
	if id == "" {
		var err error
		if id, err = o.Formats.DefaultMapping(f); err != nil || id == "" {
			return sourceError(f.Name, err)
		}
	}
	m, err := o.Formats.Mapping(id)
	if err != nil {
		return invalid("mapping", "此图层上次导入用的是映射 %s, 请用 --mapping 再次给出", "an earlier import of this layer went by the mapping %s: give it again with --mapping", quote(id)).err()
	}
	o.Mapping = NewMapper(m)
	return nil
}

// otherMapping says that the layer's facilities were found by another state of the same mapping: its file was edited, or the program's
// own one bettered, so that the same file may give other facilities.
func (o *Options) otherMapping(current *coverage.LayerInfo) *coverage.ReportNote {
	was := current.Declared[declaredMappingHash]
	if o.Mapping == nil || was == "" || current.Declared[declaredMapping] != o.Mapping.m.ID || was == o.Mapping.m.Hash() {
		return nil
	}
	return &coverage.ReportNote{
		Code:   "mapping_changed",
		Text:   fmt.Sprintf("the mapping %s is not what it was at the last import (%.12s then, %.12s now): the same file may give other facilities", o.Mapping.m.ID, was, o.Mapping.m.Hash()),
		TextZh: fmt.Sprintf("映射 %s 自上次导入后已改变 (当时 %.12s, 现在 %.12s): 同一文件可能得出不同的设施", o.Mapping.m.ID, was, o.Mapping.m.Hash()),
	}
}

// ready checks what an import needs once the earlier declarations are known.
func (o *Options) ready() error {
	for _, f := range o.fields() {
		if *f.value == none {
			*f.value = ""
		}
	}
	switch o.Role {
	case coverage.RoleFacilities:
		if len(o.Services) == 0 && o.ServiceField == "" && o.Mapping == nil {
			return invalid("service", "没有说明设施属于哪个服务要素", "it is not said which service the facilities offer").
				hint("加上 --service KEY, 或用 --service-field 指出列名, 或用 --mapping 按类别映射", "add --service KEY, name the column with --service-field, or map categories with --mapping").err()
		}
	case coverage.RoleAttributes:
		if o.JoinField == "" && o.IDField == "" {
			return invalid("join", "没有说明哪一列是评价单元编号", "it is not said which column holds the neighborhood's id").
				hint("加上 --join 列名", "add --join COLUMN").err()
		}
		if len(o.Measures) == 0 && o.NameField == "" {
			return invalid("measure", "没有说明要读哪些指标", "it is not said which measures to read").
				hint("如 --measure population=人口; 若是街道、区县的名称表, 用 --name-field 列名", "such as --measure population=POP; of a table that names streets and districts, --name-field COLUMN").err()
		}
	case coverage.RoleDemand:
		if len(o.Measures) == 0 {
			o.Measures = []MeasureSpec{{Name: defaultMeasure, Field: defaultMeasure}}
		}
	case coverage.RoleNeighborhoods:
		if o.levelStated = o.Level != ""; !o.levelStated {
			o.Level = "community"
		}
	}
	return nil
}

const defaultMeasure = "population"

// key names the layer that the options speak of. Where each row says its own services and none was declared, the key has no
// service, so that it does not change with the content.
func (o *Options) key() coverage.LayerKey {
	return coverage.LayerKey{Role: o.Role, Service: strings.Join(o.Services, ","), Name: o.Name}
}

// Options as they are declared with a layer, beside those that LayerInfo holds in its own fields.
const (
	declaredAccept   = "accept-error"
	declaredHeader   = "header"
	declaredMeasure  = "measure"
	declaredParent   = "parent"
	declaredComplete = "complete"
	declaredMapping  = "mapping"

	declaredMappingHash = "mapping-hash" // of what that mapping said
	declaredKeep        = "keep-duplicates"
)

// declared gives what the user said, for LayerInfo.Declared.
func (o *Options) declared() coverage.Declared {
	d := coverage.Declared{}
	for _, f := range o.fields() {
		if *f.value != "" {
			d[f.name] = *f.value
		}
	}
	for _, f := range o.plainDeclarations() {
		if *f.value != "" {
			d[f.name] = *f.value
		}
	}
	if o.AcceptError != 0 {
		d[declaredAccept] = strconv.FormatFloat(o.AcceptError, 'f', -1, 64)
	}
	if o.Read.Header != 0 {
		d[declaredHeader] = strconv.Itoa(o.Read.Header)
	}
	if o.Mapping != nil {
		d[declaredMapping], d[declaredMappingHash] = o.Mapping.m.ID, o.Mapping.m.Hash()
	}
	if o.KeepDuplicates {
		d[declaredKeep] = "true"
	}
	var lines []string
	for _, m := range o.Measures {
		lines = append(lines, m.Name+"="+m.Field)
	}
	if slices.Sort(lines); len(lines) > 0 {
		d[declaredMeasure] = strings.Join(lines, "\n")
	}
	lines = nil
	for _, p := range o.Parents {
		lines = append(lines, p.Level+"="+p.Field)
	}
	if slices.Sort(lines); len(lines) > 0 {
		d[declaredParent] = strings.Join(lines, "\n")
	}
	switch c := o.Complete; {
	case c == nil || c.Unknown:
	case c.Everywhere:
		d[declaredComplete] = "everywhere"
	default:
		d[declaredComplete] = c.Source
	}
	return d
}

// inherit fills what was left out with what was declared for the layer's current version.
func (o *Options) inherit(current *coverage.LayerInfo) {
	d := current.Declared
	o.kept = map[string]string{}
	for _, f := range o.fields() {
		if f.name == "service-field" && o.Mapping != nil {
			continue
		}
		if *f.value == "" && d[f.name] != "" {
			*f.value = d[f.name]
			o.kept[d[f.name]] = f.name
		}
	}
	for _, f := range o.plainDeclarations() {
		if *f.value == "" {
			*f.value = d[f.name]
		}
	}
	if o.AcceptError == 0 {
		o.AcceptError, _ = strconv.ParseFloat(d[declaredAccept], 64)
	}
	if o.Read.Header == 0 {
		o.Read.Header, _ = strconv.Atoi(d[declaredHeader])
	}
	if text := d[declaredMeasure]; len(o.Measures) == 0 && text != "" {
		for _, line := range strings.Split(text, "\n") {
			name, field, _ := strings.Cut(line, "=")
			o.Measures = append(o.Measures, MeasureSpec{name, field})
			o.kept[field] = declaredMeasure
		}
	}
	if text := d[declaredParent]; len(o.Parents) == 0 && text != "" {
		for _, line := range strings.Split(text, "\n") {
			level, field, _ := strings.Cut(line, "=")
			o.Parents = append(o.Parents, ParentSpec{level, field})
			o.kept[field] = declaredParent
		}
	}
	if o.Level == "" {
		o.Level = current.Level
	}
	o.Modelled = o.Modelled || current.Modelled
	o.KeepDuplicates = o.KeepDuplicates || d[declaredKeep] != ""
	if o.Attribution == "" {
		o.Attribution = current.Attribution
	}
	if o.Derived == "" {
		o.Derived = current.Derived
	}
	if o.Complete == nil {
		for _, s := range current.Surveys {
			switch s.Kind { // one declaration speaks for all services of a layer
			case coverage.SurveyEverywhere:
				o.Complete = &Complete{Everywhere: true}
			case coverage.SurveyPolygon:
				o.Complete = &Complete{Area: s.Area, Source: d[declaredComplete]}
			}
		}
	}
}

// surveys gives the survey of each service of the layer.
func (o *Options) surveys(services []string) []coverage.Survey {
	var out []coverage.Survey
	for _, s := range services {
		survey := coverage.Survey{Service: s, Kind: coverage.SurveyUnknown}
		switch c := o.Complete; {
		case c == nil || c.Unknown:
		case c.Everywhere:
			survey.Kind = coverage.SurveyEverywhere
		default:
			survey.Kind, survey.Area = coverage.SurveyPolygon, c.Area
		}
		out = append(out, survey)
	}
	return out
}

// resolveServices gives the sorted keys of services, each once; an item may hold several, separated by commas.
func resolveServices(services *catalog.Services, words []string) ([]string, error) {
	var keys []string
	for _, item := range words {
		for _, word := range splitWords(item) {
			key, ok := services.Resolve(word)
			if !ok {
				e := invalid("service", "没有服务要素“%s”", "there is no service %q", word)
				if s := services.Suggest(word); s != "" {
					e.hint("是否为 "+s, "did you mean "+s+"?")
				} else {
					e.hint("lifecircle catalog show 列出服务要素", "lifecircle catalog show lists the services")
				}
				return nil, e.err()
			}
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys), nil
}

// extensions that are no part of a layer's name.
var extensions = []string{".gz", ".bz2", ".zip", ".txt", ".geojson", ".json", ".geojsonl", ".ndjson", ".jsonl", ".geojsons", ".csv", ".tsv",
	".xlsx", ".shp", ".gpkg", ".osm", ".pbf"}

// layerName is the file's base name without its extensions: clinics.geojson.gz is clinics.
func layerName(file string) string {
	name := path.Base(strings.ReplaceAll(file, `\`, "/"))
	if name == "." || name == "/" || name == "-" {
		return ""
	}
	cut := false
	for {
		ext := path.Ext(name)
		if ext == name || !slices.Contains(extensions, strings.ToLower(ext)) {
			break
		}
		name, cut = strings.TrimSuffix(name, ext), true
	}
	if ext := path.Ext(name); !cut && ext != name {
		name = strings.TrimSuffix(name, ext)
	}
	return name
}

// baseName is the file's name without its folders, for reports.
func baseName(file string) string {
	if file == "" {
		return ""
	}
	return path.Base(strings.ReplaceAll(file, `\`, "/"))
}

func checkName(name string) error {
	switch {
	case name == "":
		return invalid("layer", "图层没有名称", "the layer has no name").hint("加上 --layer 名称", "add --layer NAME").err()
	case name == "." || name == ".." || strings.TrimSpace(name) != name || strings.ContainsFunc(name, func(r rune) bool { return unicode.Is(unicode.Bidi_Control, r) }) ||
		len(name) > 200 || !utf8.ValidString(name) || strings.ContainsAny(name, `/\`) || strings.ContainsFunc(name, unicode.IsControl):
		return invalid("layer", "图层名称不可用: %q", "this cannot be the name of a layer: %q", name).
			hint("至多 200 字节, 不含斜杠、控制字符和首尾空格", "at most 200 bytes, without slashes, control characters and blanks at its ends").err()
	}
	return nil
}

// wordOf reports whether a name of a measure or level can be declared and asked for again.
func wordOf(s string) bool {
	return s != "" && len(s) <= 100 && utf8.ValidString(s) && !strings.ContainsAny(s, "=,|;") && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsSpace(r)
	})
}

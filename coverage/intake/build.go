package intake

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
	"lifecircle/geo/crs"
	"lifecircle/geo/geojson"
)

// Build reads a file into a layer without a project. file is the name that reports and errors show. The report comes back beside an
// error as far as the file was read. Errors of code coverage.Invalid are the options', those of code coverage.Refused the file's.
func Build(ctx context.Context, services *catalog.Services, file string, r io.Reader, o Options, p coverage.Progress) (*coverage.Layer, *coverage.ImportReport, error) {
	f, done, err := asFile(file, r, o.MaxBytes)
	if err != nil {
		return nil, newBuilder(services, file, o).rep, err
	}
	defer done()
	return BuildFile(ctx, services, f, o, p)
}

// BuildFile does what Build does with a file that can be read again.
func BuildFile(ctx context.Context, services *catalog.Services, f *File, o Options, p coverage.Progress) (*coverage.Layer, *coverage.ImportReport, error) {
	o, err := o.complete(services, f.Name)
	if err != nil {
		return nil, nil, err
	}
	if err := o.findMapping(f, nil); err != nil {
		return nil, nil, err
	}
	if err := o.ready(); err != nil {
		return nil, nil, err
	}
	l, rep, err := build(ctx, services, f, o, setting{}, p)
	if err == nil && isAuto(o.CRS) {
		if err = noReference(l, rep); err != nil {
			l = nil
		}
	}
	return l, rep, err
}

// BuildFrom does what Build does with rows that another reader gives; the caller fills in the report's SHA256.
func BuildFrom(ctx context.Context, services *catalog.Services, file string, src Source, o Options, p coverage.Progress) (*coverage.Layer, *coverage.ImportReport, error) {
	o, err := o.complete(services, file)
	if err != nil {
		return nil, nil, err
	}
	if err := o.ready(); err != nil {
		return nil, nil, err
	}
	o.defaults(src.Info())
	b := newBuilder(services, file, o)
	l, err := b.run(ctx, src, p, nil)
	return l, b.rep, err
}

// setting is what an import knows beside the file and the options.
type setting struct {
	base   *coverage.Layer // what the rows are to be appended to
	beside *orb.Bound      // the project's other layers
	around *orb.Bound      // its neighborhoods, and what is near them
	known  placing         // how coordinates are to be read, whatever else says so
	later  bool            // the store computes the layer's hash
	rooms  *rooms          // what builders keep outside memory; nil: they keep all in memory
	units  *Units          // attributes: the neighborhoods that rows may name; nil: cells are ids
}

// build reads a file, in the format that its content tells. It is read once more if only then it is known how its coordinates are meant.
func build(ctx context.Context, services *catalog.Services, f *File, o Options, s setting, p coverage.Progress) (*coverage.Layer, *coverage.ImportReport, error) {
	for {
		l, rep, err := buildOnce(ctx, services, f, o, s, p)
		var again *readAgain
		if !errors.As(err, &again) || s.known.system.Kind != 0 {
			return l, rep, err
		}
		s.known = again.placing
	}
}

func buildOnce(ctx context.Context, services *catalog.Services, f *File, o Options, s setting, p coverage.Progress) (*coverage.Layer, *coverage.ImportReport, error) {
	b := newBuilder(services, f.Name, o)
	limit := o.MaxBytes
	if limit <= 0 {
		limit = defaultMaxBytes
	}
	if f.Size > limit {
		return nil, b.rep, sourceError(f.Name, errTooBig(limit))
	}
	stated, err := statedCRS(f.Name, &o)
	if err != nil {
		return nil, b.rep, err
	}
	if s.known.system.Kind != 0 {
		stated = s.known.system
	}
	src, err := openSource(ctx, f, o, s, stated)
	if err != nil {
		return nil, b.rep, sourceError(f.Name, err)
	}
	if c, ok := src.(io.Closer); ok {
		defer c.Close()
	}
	o.defaults(src.Info())
	b = newBuilder(services, f.Name, o)
	if s.units != nil {
		src = s.units.Join(src, o.joinColumn(), o.Parents, len(o.Measures) == 0)
		b.joined = true
	}
	b.base, b.beside, b.known = s.base, s.beside, s.known
	s.rooms.take(&b.c)
	b.hashLater = s.later
	if _, ok := src.(*geojsonSource); ok {
		b.samples = func() [][2]float64 { return planeSamples(f) }
	}
	b.rep.Format = src.Info().Format
	l, err := b.run(ctx, src, p, func() (int64, int64) { return f.at.Load(), f.Size })
	if err != nil {
		return nil, b.rep, err
	}
	if b.rep.SHA256, err = f.SHA256(ctx); err != nil {
		return nil, b.rep, err
	}
	return l, b.rep, nil
}

// openSource finds the reader of a file.
func openSource(ctx context.Context, f *File, o Options, s setting, stated crs.CRS) (Source, error) {
	if o.Formats != nil {
		read := o.Read
		read.Role, read.Mapping, read.Around, read.Modelled = o.Role, o.Mapping, s.around, o.Modelled
		if src, err := o.Formats.Open(ctx, f, read); err != nil || src != nil {
			return src, err
		}
	}
	if o.Role == coverage.RoleAttributes {
		return nil, refused(f.Name, "属性表应为表格(CSV、XLSX 等), 这是 JSON", "a table of attributes comes as CSV, XLSX or the like, this is JSON").
			hint("带几何的图层请用其他 --as", "layers with geometries have other roles (--as)").err()
	}
	return newGeoJSONSource(f.Reader(), stated.Kind != 0 && !stated.IsDegrees()), nil
}

// joinColumn is the column of ids: of a table, that which names the neighborhood.
func (o *Options) joinColumn() string {
	if o.Role == coverage.RoleAttributes && o.JoinField != "" {
		return o.JoinField
	}
	return o.IDField
}

// defaults takes what a format knows of its layers, where nothing else was said.
func (o *Options) defaults(info SourceInfo) {
	if o.Attribution == "" {
		o.Attribution = info.Attribution
	}
	if o.Role == coverage.RoleNeighborhoods && info.Level != "" && !o.levelStated {
		o.Level = info.Level
	}
	if o.Role == coverage.RoleBuildings && o.FloorsField == "" {
		o.FloorsField = info.FloorsField
	}
}

// builder makes a layer of the rows of one file.
type builder struct {
	o        Options
	file     string
	services *catalog.Services
	rep      *coverage.ImportReport
	base     *coverage.Layer // what the rows are appended to, nil if nothing
	c        columns
	rows     map[int32]int // accepted row → its place in rep.Rows, for the repaired

	names      []string       // columns that may hold the name, best first
	fields     map[string]int // columns of the file → rows in which they occur, without those that follow
	lastFields []string       // columns of the last rows
	sameFields int            // how many rows
	missing    []int          // per measure: rows without it
	statuses   map[string]int // unknown words → rows
	hashed     int            // rows that go by a hash
	rounded    int            // dates
	pairs      int            // of rows of one name that lie within mergeMetres and stay apart, as their service comes in pairs
	hashLater  bool           // by the store
	reserved   bool           // there is room for all rows that the file seems to have
	derived    bool           // a parent was derived from a 12-digit code
	joined     bool           // rows of a table come with the id of the neighborhood that they name
	levels     []string       // of c.parents: those given by columns, then those of 12-digit codes
	cells      map[string][]string
	newService map[string]bool
	tally      *MappingTally // of o.Mapping

	beside     *orb.Bound          // the project's other layers, nil if there are none
	known      placing             // stated from outside
	placing    placing             // once it is settled
	overridden crs.CRS             // what the file says, if the option says otherwise
	samples    func() [][2]float64 // coordinates as the file has them, for messages; may be nil
}

// codeLevels are the parents that a community's 12-digit code of the statistics bureau names by its first digits.
var codeLevels = [...]struct {
	level  string
	digits int
}{{"street", 9}, {"district", 6}}

func codeDigits(level string) int {
	for _, c := range codeLevels {
		if c.level == level {
			return c.digits
		}
	}
	return 0
}

// maxFields bounds the columns that are remembered for messages.
const maxFields = 4096

func newBuilder(services *catalog.Services, file string, o Options) *builder {
	b := &builder{
		o: o, file: file, services: services,
		rows: map[int32]int{}, fields: map[string]int{}, statuses: map[string]int{}, cells: map[string][]string{},
		newService: map[string]bool{},
		names:      []string{"name", "名称"},
		missing:    make([]int, len(o.Measures)),
	}
	if o.NameField != "" {
		b.names = []string{o.NameField}
	}
	b.rep = &coverage.ImportReport{
		Layer: o.Name, Role: o.Role, Services: o.Services, Source: baseName(file),
		Rows: []coverage.ReportRow{}, Warnings: []coverage.ReportNote{},
	}
	if o.Mapping != nil {
		b.tally = o.Mapping.NewTally()
	}
	b.c.measures = make([][]int64, len(o.Measures))
	if o.Role == coverage.RoleNeighborhoods { // a table's parents only tell neighborhoods apart
		for _, p := range o.Parents {
			b.levels = append(b.levels, p.Level)
		}
		for _, d := range codeLevels {
			if !slices.Contains(b.levels, d.level) {
				b.levels = append(b.levels, d.level)
			}
		}
	}
	b.c.parents = make([][][]string, len(b.levels))
	return b
}

// run reads all rows and finishes the layer.
func (b *builder) run(ctx context.Context, src Source, p coverage.Progress, at func() (done, total int64)) (*coverage.Layer, error) {
	defer b.count()
	ahead, err := b.lookAhead(src)
	if err != nil {
		return nil, err
	}
	prepare := b.preparing(src.Info().Unchecked)
	next := newReadAhead(src, prepare)
	defer next.stop()
	var first []byte
	for i := 0; ; i++ {
		if i%1024 == 0 {
			if err := cmp.Or(ctx.Err(), b.c.fault()); err != nil {
				return nil, err
			}
			if at != nil && i%8192 == 0 {
				done, total := at()
				if p != nil {
					p("import", done, total)
				}
				b.reserve(done, total)
			}
		}
		var row *prepared
		var properties []byte
		if i < len(ahead) {
			row, ahead[i] = &prepared{Row: ahead[i]}, Row{}
			first = prepare(row, first[:0])
			properties = first[row.from:row.to]
		} else if row, properties, err = next.next(); err == io.EOF {
			break
		} else if err != nil {
			return nil, sourceError(b.file, err)
		}
		b.add(row, properties)
		if err := b.c.spill(); err != nil {
			return nil, err
		}
	}
	next.stop()
	if err := b.c.fault(); err != nil {
		return nil, err
	}
	return b.finish(src, p, at)
}

// reserve makes room for the rows that a file of so many bytes may have, once enough of it was read to tell.
func (b *builder) reserve(done, total int64) {
	const enough = 1 << 15 // rows
	n := len(b.c.n)
	if b.reserved || n < enough || done <= 0 || total < done {
		return
	}
	b.reserved = true
	if rows := float64(n) * float64(total) / float64(done) * 1.02; rows < math.MaxInt32 {
		b.c.reserve(max(n, int(rows)))
	}
}

// lookAhead reads the first rows and settles the CRS by them.
func (b *builder) lookAhead(src Source) (ahead []Row, err error) {
	info := src.Info()
	most := 1
	if info.Unchecked && !info.Degrees && b.o.Role != coverage.RoleAttributes {
		most = sampleRows
	}
	var samples [][2]float64
	for vertices := 0; len(ahead) < most && vertices < sampleVertices; {
		row, err := src.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, sourceError(b.file, err)
		}
		ahead = append(ahead, row)
		if p, ok := firstVertex(row.Feature.Geometry); ok {
			samples = append(samples, p)
			vertices += verticesOf(row.Feature.Geometry)
		}
	}
	if info.Unchecked && !info.Degrees {
		b.samples = func() [][2]float64 { return samples }
	}
	return ahead, b.settleCRS(src.Info(), samples)
}

// finish makes the layer of what was kept.
func (b *builder) finish(src Source, p coverage.Progress, at func() (done, total int64)) (*coverage.Layer, error) {
	info := src.Info()
	b.rep.Format, b.rep.Part, b.rep.Encoding, b.rep.EncodedBy = info.Format, info.Layer, info.Encoding, info.EncodingKnownBy
	for _, n := range info.Notes {
		b.note(n.Code, n.Text.Zh, n.Text.En)
	}
	if !info.Unchecked { // a crs member may stand behind the features
		if err := b.settleCRS(info, nil); err != nil {
			return nil, err
		}
	}
	b.settleFields()
	for _, f := range info.Fields {
		b.fields[f] += 0
	}
	if err := b.checkFields(len(info.Fields) > 0); err != nil {
		return nil, err
	}
	l, err := b.layer()
	if err != nil {
		return nil, err
	}
	b.warn(l)
	if p != nil && at != nil {
		done, _ := at()
		p("import", done, done)
	}
	return l, nil
}

// verticesOf counts the positions of a geometry.
func verticesOf(g orb.Geometry) int {
	n := 0
	switch g := g.(type) {
	case orb.Point:
		n = 1
	case orb.MultiPoint:
		n = len(g)
	case orb.LineString:
		n = len(g)
	case orb.MultiLineString:
		for _, l := range g {
			n += len(l)
		}
	case orb.Polygon:
		for _, r := range g {
			n += len(r)
		}
	case orb.MultiPolygon:
		for _, p := range g {
			n += verticesOf(p)
		}
	case orb.Collection:
		for _, c := range g {
			n += verticesOf(c)
		}
	}
	return n
}

// add takes one row of the file, with its canonical properties.
func (b *builder) add(row *prepared, properties []byte) {
	var r record
	if b.o.Mapping != nil && !b.mapRow(row, &r) {
		return
	}
	b.rep.Read++
	b.countFields(row.Feature.Properties)
	id, why := b.id(&row.Feature)
	if why := cmp.Or(row.Refused, why, row.unfit); why != nil {
		b.refuse(row, id, why)
		return
	}
	if row.bent != nil {
		row.Repairs = append(row.Repairs, *row.bent)
	}
	if why := b.read(row, &r); why != nil {
		b.refuse(row, id, why)
		return
	}
	if len(row.Repairs) > 0 {
		if b.o.Strict {
			b.refuse(row, id, strictly(row.Repairs))
			return
		}
		b.rows[int32(b.c.ids.len())] = len(b.rep.Rows)
		b.report(row.N, row.Line, id, "repaired", row.Repairs...)
		b.describe(&row.Row)
	}
	b.keep(row, properties, id, &r)
}

// countFields counts in how many rows each column occurs. Rows mostly have the columns of the row before.
func (b *builder) countFields(props geojson.Properties) {
	same := len(props) == len(b.lastFields)
	for i := 0; same && i < len(props); i++ {
		same = props[i].Key == b.lastFields[i]
	}
	if !same {
		b.settleFields()
		for _, a := range props {
			b.lastFields = append(b.lastFields, a.Key)
		}
	}
	b.sameFields++
}

// settleFields adds to the counts those of the rows that had the columns of the last one.
func (b *builder) settleFields() {
	for _, key := range b.lastFields {
		if _, known := b.fields[key]; known {
			b.fields[key] += b.sameFields
		} else if len(b.fields) < maxFields {
			b.fields[strings.Clone(key)] = b.sameFields
		}
	}
	b.lastFields, b.sameFields = b.lastFields[:0], 0
}

// record is what one row says, read and checked.
type record struct {
	name, kind               string
	parents                  [][]string
	measures                 []int64
	services                 []string
	status                   coverage.Status
	opened, closed           string
	capacity, area, floor    int64
	statusWord               string
	roundedOpen, roundedShut bool
}

// id finds a row's own id, "" for none. It lies in the row's memory.
func (b *builder) id(f *geojson.Feature) (string, *Finding) {
	field := b.o.joinColumn()
	if b.joined && f.HasID { // the neighborhood that the column names
		return f.ID, nil
	}
	if field != "" {
		v, _ := f.Properties.Get(field)
		if id, ok := textOf(v); ok {
			return id, nil
		}
		if v.Kind == geojson.Null || v.Kind == geojson.String {
			return "", finding("missing_id", field+" 没有值", field+" has no value")
		}
		return "", finding("bad_id", field+" 既非文本也非数字: "+quote(v.Text), field+" is neither text nor number: "+quote(v.Text))
	}
	if f.HasID && f.ID != "" {
		return f.ID, nil
	}
	if v, ok := f.Properties.Get("id"); ok {
		if id, ok := textOf(v); ok {
			return id, nil
		}
	}
	return "", nil
}

// read takes a row's properties apart; a finding refuses the row.
func (b *builder) read(row *prepared, r *record) *Finding {
	props, measured := row.Feature.Properties, row.areaMM2
	r.name = b.nameOf(props)
	for _, m := range b.o.Measures {
		v, _ := props.Get(m.Field)
		n, bad := amount(v, milliPlaces, maxAmount)
		if bad != numberOK {
			return badCell("bad_measure", m.Field, bad.text(v.Text))
		}
		r.measures = append(r.measures, n)
	}
	if b.o.Mapping == nil {
		r.capacity, r.area = coverage.Unknown, coverage.Unknown
	}
	r.floor = coverage.Unknown
	if measured == 0 {
		return finding("zero_area", "面积小于 1 平方毫米", "the area is under 1 mm²")
	}
	switch b.o.Role {
	case coverage.RoleNeighborhoods:
		return b.readNeighborhood(props, r)
	case coverage.RoleFacilities:
		return b.readFacility(props, r, measured)
	case coverage.RoleBuildings:
		return b.readBuilding(props, r, measured)
	}
	return nil
}

func (b *builder) readNeighborhood(props geojson.Properties, r *record) *Finding {
	if b.o.KindField != "" {
		v, _ := props.Get(b.o.KindField)
		r.kind, _ = textOf(v)
	}
	for _, p := range b.o.Parents {
		v, _ := props.Get(p.Field)
		parents, ok := parentsOf(v)
		if !ok {
			return badCell("bad_parent", p.Field, coverage.Text{
				Zh: quote(v.Text) + " 不是编号、名称或其列表", En: quote(v.Text) + " is neither an id, a name nor a list of them",
			})
		}
		r.parents = append(r.parents, parents)
	}
	return nil
}

func (b *builder) readFacility(props geojson.Properties, r *record, measured int64) *Finding {
	o := &b.o
	if o.ServiceField != "" {
		v, _ := props.Get(o.ServiceField)
		services, why := b.readServices(v)
		if why != nil {
			return why
		}
		r.services = services
	}
	if o.StatusField != "" {
		v, _ := props.Get(o.StatusField)
		word, _ := textOf(v)
		if status, known := statusOf(word); !known {
			r.statusWord = strings.TrimSpace(word)
		} else if strings.TrimSpace(word) != "" {
			r.status, r.statusWord = status, ""
		}
	}
	if o.CapacityField != "" {
		v, _ := props.Get(o.CapacityField)
		n, bad := amount(v, milliPlaces, maxAmount)
		if bad != numberOK {
			return badCell("bad_capacity", o.CapacityField, bad.text(v.Text))
		}
		if n != coverage.Unknown {
			r.capacity = n
		}
	}
	if why := b.readArea(props, r, measured); why != nil {
		return why
	}
	for _, d := range []struct {
		field   string
		date    *string
		rounded *bool
		end     bool
	}{{o.OpenedField, &r.opened, &r.roundedOpen, false}, {o.ClosedField, &r.closed, &r.roundedShut, true}} {
		if d.field == "" {
			continue
		}
		v, _ := props.Get(d.field)
		text, _ := textOf(v)
		if v.Kind == geojson.Null || strings.TrimSpace(text) == "" && v.Kind == geojson.String {
			continue
		}
		var ok bool
		if *d.date, *d.rounded, ok = dateOf(text, d.end); !ok {
			return badCell("bad_date", d.field, coverage.Text{
				Zh: quote(v.Text) + " 不是日期, 写作 2024-05-01", En: quote(v.Text) + " is not a date; write 2024-05-01",
			})
		}
	}
	if r.opened != "" && r.closed != "" && r.closed < r.opened {
		return badCell("bad_date", o.ClosedField, coverage.Text{
			Zh: "关闭(" + r.closed + ")早于开放(" + r.opened + ")", En: "it closes (" + r.closed + ") before it opens (" + r.opened + ")",
		})
	}
	return nil
}

func (b *builder) readServices(v geojson.Value) ([]string, *Finding) {
	if keys, ok := b.cells[v.Text]; ok && v.Kind != geojson.Null {
		return keys, nil
	}
	var words []string
	switch v.Kind {
	case geojson.String:
		words = splitWords(v.Text)
	case geojson.JSON:
		items, ok := listOf(v.Text)
		if !ok {
			return nil, badCell("unknown_service", b.o.ServiceField, coverage.Text{
				Zh: quote(v.Text) + " 不是服务要素的列表", En: quote(v.Text) + " is not a list of services",
			})
		}
		words = items
	case geojson.Null:
	default:
		words = []string{v.Text}
	}
	if len(words) == 0 {
		return nil, finding("missing_service", b.o.ServiceField+" 没有值", b.o.ServiceField+" has no value")
	}
	var keys []string
	for _, w := range words {
		key, ok := b.services.Resolve(w)
		if !ok {
			t := coverage.Text{Zh: "没有服务要素 " + quote(w), En: "there is no service " + quote(w)}
			if s := b.services.Suggest(w); s != "" {
				t.Zh += ", 是否为 " + s
				t.En += "; did you mean " + s + "?"
			}
			return nil, badCell("unknown_service", b.o.ServiceField, t)
		}
		keys = append(keys, key)
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	if len(b.cells) < maxShared {
		b.cells[strings.Clone(v.Text)] = keys
	}
	return keys, nil
}

// readArea takes the size from its column, else from the polygon.
func (b *builder) readArea(props geojson.Properties, r *record, measured int64) *Finding {
	if measured != coverage.Unknown || b.o.Mapping == nil {
		r.area = measured
	}
	if b.o.AreaField == "" {
		return nil
	}
	v, _ := props.Get(b.o.AreaField)
	n, bad := amount(v, mm2Places, maxAmount)
	if bad != numberOK {
		return badCell("bad_area", b.o.AreaField, bad.text(v.Text))
	}
	if n != coverage.Unknown {
		r.area = n
	}
	return nil
}

func (b *builder) readBuilding(props geojson.Properties, r *record, measured int64) *Finding {
	if why := b.readArea(props, r, measured); why != nil {
		return why
	}
	if f := b.o.FloorAreaField; f != "" {
		v, _ := props.Get(f)
		n, bad := amount(v, mm2Places, maxAmount)
		if bad != numberOK {
			return badCell("bad_area", f, bad.text(v.Text))
		}
		r.floor = n
	}
	if f := b.o.FloorsField; f != "" {
		v, _ := props.Get(f)
		floors, bad := amount(v, milliPlaces, maxFloors)
		if bad != numberOK {
			return badCell("bad_floors", f, bad.text(v.Text))
		}
		if r.floor == coverage.Unknown && floors != coverage.Unknown && r.area != coverage.Unknown {
			n, ok := timesMilli(r.area, floors)
			if !ok {
				return badCell("bad_floors", f, tooLarge.text(v.Text))
			}
			r.floor = n
		}
	}
	return nil
}

// keep appends an accepted row to the columns.
func (b *builder) keep(row *prepared, properties []byte, id string, r *record) {
	c, o := &b.c, &b.o
	rows := len(c.n)
	c.n, c.lines = append(c.n, int32(row.N)), append(c.lines, int32(row.Line))
	c.digests = append(c.digests, row.digest)
	c.addProperties(properties)
	c.ids.add(id)
	c.names.add(r.name)
	if o.Role != coverage.RoleAttributes {
		c.addGeometry(row.Feature.Geometry)
	}
	for i, n := range r.measures {
		c.measures[i] = append(c.measures[i], n)
		if n == coverage.Unknown {
			b.missing[i]++
		}
	}
	switch o.Role {
	case coverage.RoleNeighborhoods:
		c.kinds.addShared([]byte(r.kind))
		for i, parents := range r.parents {
			c.parents[i] = append(c.parents[i], parents)
		}
		for i := len(o.Parents); i < len(b.levels); i++ {
			var parents []string
			if len(id) == 12 && allDigits(id) {
				parents = []string{id[:codeDigits(b.levels[i])]}
				b.derived = true
			}
			c.parents[i] = append(c.parents[i], parents)
		}
	case coverage.RoleFacilities:
		if o.ServiceField != "" || o.Mapping != nil {
			c.services = append(c.services, c.shareList(r.services))
			for _, s := range r.services {
				b.newService[s] = true
			}
		}
		if o.StatusField != "" || o.Mapping != nil {
			put(&c.status, rows, r.status, coverage.StatusUnknown)
			if r.statusWord != "" && (b.statuses[r.statusWord] > 0 || len(b.statuses) < maxShared) {
				b.statuses[strings.Clone(r.statusWord)]++
			}
		}
		if o.OpenedField != "" || o.Mapping != nil {
			put(&c.opened, rows, r.opened, "")
		}
		if o.ClosedField != "" || o.Mapping != nil {
			put(&c.closed, rows, r.closed, "")
		}
		if r.roundedOpen || r.roundedShut {
			b.rounded++
		}
		if o.CapacityField != "" || o.Mapping != nil {
			put(&c.capacity, rows, r.capacity, coverage.Unknown)
		}
		put(&c.area, rows, r.area, coverage.Unknown)
	case coverage.RoleBuildings:
		put(&c.area, rows, r.area, coverage.Unknown)
		if o.FloorAreaField != "" || o.FloorsField != "" {
			put(&c.floor, rows, r.floor, coverage.Unknown)
		}
	}
}

func (b *builder) refuse(row *prepared, id string, why *Finding) {
	b.rep.Refused++
	b.report(row.N, row.Line, id, "refused", *why)
	b.describe(&row.Row)
}

// report appends what happened to one row.
func (b *builder) report(n, line int, id, action string, findings ...Finding) {
	b.rep.Rows = append(b.rep.Rows, reportRow(n, line, id, action, findings...))
}

func reportRow(n, line int, id, action string, findings ...Finding) coverage.ReportRow {
	r := coverage.ReportRow{N: n, Line: line, ID: strings.Clone(id), Action: action, Reason: findings[0].Code, Text: findings[0].Text.En, TextZh: findings[0].Text.Zh}
	for _, f := range findings[1:] {
		r.Text += "; " + f.Text.En
		r.TextZh += "; " + f.Text.Zh
	}
	return r
}

// checkFields refuses a file that lacks a column it was asked for; a file without rows can lack none, unless it has a header.
func (b *builder) checkFields(header bool) error {
	if b.rep.Read == 0 && !header {
		return nil
	}
	asked := []string{}
	for _, f := range b.o.fields() {
		asked = append(asked, *f.value)
	}
	for _, m := range b.o.Measures {
		asked = append(asked, m.Field)
	}
	for _, p := range b.o.Parents {
		asked = append(asked, p.Field)
	}
	if b.rep.Refused == b.rep.Read && !header && len(b.fields) == 0 {
		return nil // nothing could be read: that no row is usable says more
	}
	var have []string
	for name := range b.fields {
		have = append(have, name)
	}
	sort.Strings(have)
	for _, field := range asked {
		if _, ok := b.fields[field]; field == "" || ok || len(b.fields) >= maxFields {
			continue
		}
		e := refused(b.file, "没有这一列", "no row has this column").field(field)
		list := strings.Join(have[:min(len(have), 40)], ", ")
		if len(have) > 40 {
			list += ", …"
		}
		hint := coverage.Text{Zh: "文件中的列: " + list, En: "the file's columns: " + list}
		if len(have) == 0 {
			hint = coverage.Text{Zh: "文件中没有任何属性列", En: "the file has no columns"}
		}
		if b.o.Role == coverage.RoleDemand && field == defaultMeasure {
			hint.Zh = "用 --measure population=列名 指出人口列; " + hint.Zh
			hint.En = "name the column of people with --measure population=COLUMN; " + hint.En
		}
		if option, kept := b.o.kept[field]; kept {
			hint.Zh += fmt.Sprintf("; 该列是此图层上次导入时以 --%s 声明的, 请另行指定", option)
			hint.En += fmt.Sprintf("; an earlier import of this layer declared it with --%s: name another column", option)
			if option != declaredMeasure && option != declaredParent {
				hint.Zh += ", 或用 - 取消"
				hint.En += ", or none with -"
			}
		}
		return e.hint(hint.Zh, hint.En).err()
	}
	return nil
}

// layer settles ids and makes the layer of what is kept.
func (b *builder) layer() (*coverage.Layer, error) {
	c, o := &b.c, &b.o
	b.nameRest()
	all, drop := b.settleDuplicates()
	rows := slices.DeleteFunc(slices.Clone(all), func(i int32) bool { return drop[i] })
	b.sortReport()
	b.count()
	if b.rep.Read > 0 && b.rep.Refused == b.rep.Read {
		return nil, b.noneUsable()
	}
	c.n, c.lines, c.digests = nil, nil, nil
	l := &coverage.Layer{
		IDs: c.ids.take(rows), Names: c.names.take(rows), Points: take(&c.points, rows), Kinds: c.kinds.take(rows),
		Services: take(&c.services, rows), Status: take(&c.status, rows), Opened: take(&c.opened, rows), Closed: take(&c.closed, rows),
		Capacity: take(&c.capacity, rows), AreaMM2: take(&c.area, rows), FloorMM2: take(&c.floor, rows),
	}
	if err := c.takeHeavy(l, rows, all); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		l.IDs, l.Names, l.Properties = []string{}, []string{}, []string{}
		if o.Role != coverage.RoleAttributes {
			l.Points = []orb.Point{}
		}
	}
	for i, m := range o.Measures {
		values := take(&c.measures[i], rows)
		if values == nil {
			values = []int64{}
		}
		l.Measures = append(l.Measures, coverage.Measure{Name: m.Name, Modelled: o.Modelled, Values: values})
	}
	for i, level := range b.levels {
		if i >= len(o.Parents) && !b.derived {
			continue
		}
		parents := take(&c.parents[i], rows)
		if parents == nil {
			parents = [][]string{}
		}
		l.Parents = append(l.Parents, coverage.ParentColumn{Level: level, Parents: parents})
	}
	if allEmpty(l.Kinds) {
		l.Kinds = nil
	}
	if !slices.ContainsFunc(l.AreaMM2, func(n int64) bool { return n != coverage.Unknown }) {
		l.AreaMM2 = nil
	}
	if o.Mapping != nil {
		dropUnknown(l)
	}
	l.Sort() // rows are in order; brings parents and measures into theirs

	services := slices.Clone(o.Services)
	for s := range b.newService {
		services = append(services, s)
	}
	if o.Mapping != nil {
		services = append(services, o.Mapping.m.Detects...)
		b.rep.Mapping = b.tally.Report()
	}
	slices.Sort(services)
	services = slices.Compact(services)
	l.Info = coverage.LayerInfo{
		LayerKey: o.key(), Rows: len(rows), Source: baseName(b.file), CRS: b.rep.CRS, CRSKnownBy: b.rep.CRSKnownBy,
		Level: o.Level, Services: services, Surveys: o.surveys(services), Modelled: o.Modelled, Derived: o.Derived,
		Attribution: o.Attribution, Declared: o.declared(), Bound: bound(l),
	}
	if !b.hashLater {
		l.Info.Hash = l.ComputeHash()
	}
	b.rep.Services, b.rep.Hash = services, l.Info.Hash
	b.rep.BBox = box(l)
	return l, nil
}

// nameRest gives rows without an id a hash of their content, with an ordinal among equals.
func (b *builder) nameRest() {
	c := &b.c
	rest := []int{}
	for i := range c.ids.len() {
		if c.ids.get(int32(i)) == "" {
			rest = append(rest, i)
		}
	}
	b.hashed = len(rest)
	slices.SortFunc(rest, func(x, y int) int {
		if o := slices.Compare(c.digests[x][:], c.digests[y][:]); o != 0 {
			return o
		}
		return x - y
	})
	ordinal := 0
	for k, i := range rest {
		if k > 0 && c.digests[i] == c.digests[rest[k-1]] {
			ordinal++
		} else {
			ordinal = 1
		}
		id := hex.EncodeToString(c.digests[i][:8])
		if ordinal > 1 {
			id += "-" + strconv.Itoa(ordinal)
		}
		c.ids.set(int32(i), id)
	}
}

// settleDuplicates keeps the first of equal features that share an id, and refuses all of those that differ. It gives all rows
// sorted by the bytes of their ids, and those that are not kept.
func (b *builder) settleDuplicates() (all []int32, drop []bool) {
	c := &b.c
	drop = make([]bool, c.ids.len())
	places := b.namesLater()
	order := c.byID()
	c.order(order)
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && c.ids.get(order[to]) == c.ids.get(order[from]) {
			to++
		}
		if group := order[from:to]; len(group) > 1 {
			same := c.digests[group[0]] == c.digests[group[len(group)-1]]
			first := slices.Min(group)
			for _, i := range group {
				switch {
				case same && i == first:
				case same:
					drop[i] = true
					b.settle(i, "repaired", *finding("duplicate_equal",
						fmt.Sprintf("与第 %d 个要素完全相同, 只计一次", c.n[first]),
						fmt.Sprintf("equal to feature %d, counted once", c.n[first])))
				default:
					drop[i] = true
					other := first
					if i == first {
						other = group[slices.IndexFunc(group, func(j int32) bool { return j != first })]
					}
					b.settle(i, "refused", *finding("duplicate_id",
						fmt.Sprintf("编号 %s 也属于内容不同的第 %d 个要素; 请改正编号, 或用 --id-field 指定另一列", quote(c.ids.get(i)), c.n[other]),
						fmt.Sprintf("the id %s also belongs to feature %d, which differs; correct the ids, or name another column with --id-field", quote(c.ids.get(i)), c.n[other])))
				}
			}
		}
		from = to
	}
	names := places()
	b.mergePlaces(names, drop)
	b.settleBase(order, drop)
	b.mergeIntoBase(names, drop)
	return order, drop
}

// count makes the report's counts those of its rows.
func (b *builder) count() {
	b.rep.Repaired, b.rep.Refused, b.rep.Merged = 0, 0, 0
	for i := range b.rep.Rows {
		r := &b.rep.Rows[i]
		if r.Action != "repaired" {
			b.rep.Refused++
			continue
		}
		b.rep.Repaired++
		if r.Reason == "duplicate_equal" || r.Reason == "duplicate_place" {
			b.rep.Merged++
		}
	}
	b.rep.Used = b.rep.Read - b.rep.Repaired - b.rep.Refused
}

// settle writes a later finding into an accepted row's entry of the report.
func (b *builder) settle(i int32, action string, f Finding) {
	if at, has := b.rows[i]; has {
		old := b.rep.Rows[at]
		b.rep.Rows[at] = reportRow(old.N, old.Line, b.c.ids.get(i), action, f)
		b.rep.Rows[at].Name = old.Name
		b.rep.Rows[at].AreaBefore, b.rep.Rows[at].AreaAfter = old.AreaBefore, old.AreaAfter
		if action == "repaired" {
			b.rep.Rows[at].Text += "; " + old.Text
			b.rep.Rows[at].TextZh += "; " + old.TextZh
		}
		return
	}
	b.rows[i] = len(b.rep.Rows)
	b.report(int(b.c.n[i]), int(b.c.lines[i]), b.c.ids.get(i), action, f)
	b.rep.Rows[b.rows[i]].Name = b.c.names.get(i)
}

func (b *builder) sortReport() {
	slices.SortFunc(b.rep.Rows, func(x, y coverage.ReportRow) int { return x.N - y.N })
}

// noneUsable says why a file with rows gives nothing: the most frequent reason with its first example.
func (b *builder) noneUsable() error {
	counts := map[string]int{}
	first := -1
	for i := range b.rep.Rows {
		counts[b.rep.Rows[i].Reason]++
	}
	for i := range b.rep.Rows {
		if first < 0 || counts[b.rep.Rows[i].Reason] > counts[b.rep.Rows[first].Reason] {
			first = i
		}
	}
	row := b.rep.Rows[first]
	e := refused(b.file, "%d 个要素无一可用", "none of %d features is usable", b.rep.Read)
	e.hint(
		fmt.Sprintf("其中 %d 个: %s; 如第 %d 个: %s", counts[row.Reason], row.Reason, row.N, row.TextZh),
		fmt.Sprintf("%d of them: %s; for example feature %d: %s", counts[row.Reason], row.Reason, row.N, row.Text))
	return b.hintPlane(e, row.Reason).err()
}

func finding(code, zh, en string) *Finding {
	return &Finding{Code: code, Text: coverage.Text{Zh: zh, En: en}}
}

func badCell(code, field string, t coverage.Text) *Finding {
	return finding(code, field+": "+t.Zh, field+": "+t.En)
}

func allEmpty(s []string) bool {
	return !slices.ContainsFunc(s, func(v string) bool { return v != "" })
}

// bound is the box around a layer's rows, the zero box for none.
func bound(l *coverage.Layer) orb.Bound {
	var out orb.Bound
	for i := range l.IDs {
		g := l.Geometry(i)
		if g == nil {
			continue
		}
		if i == 0 {
			out = g.Bound()
		} else {
			out = out.Union(g.Bound())
		}
	}
	return out
}

func box(l *coverage.Layer) []float64 {
	if l.Len() == 0 || l.Geometry(0) == nil {
		return nil
	}
	b := l.Info.Bound
	return []float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]}
}

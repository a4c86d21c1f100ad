package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/geo/geojson"
	"lifecircle/geo/measure"
)

// Reading back what other programs edited. A planner opens the project in QGIS, moves a clinic, draws a
// new one, saves: the triggers marked the layer, and the next run reads its rows from the visible table
// as a new version. What was not edited keeps its exact values; what was is checked like an import.

// Refresh reads the layers that another program edited back from their tables, as new versions, and gives those. A
// row that cannot be used (broken geometry, a number that is none, no layer to belong to) refuses
// the refresh, with table, fid and column; nothing is written then.
func (p *Project) Refresh(ctx context.Context) ([]coverage.LayerInfo, error) {
	var touched int
	err := p.readers.QueryRowContext(ctx, `SELECT (SELECT count(*) FROM lc_keys WHERE touched) + (SELECT count(*) FROM lc_tables WHERE touched)`).Scan(&touched)
	if err != nil || touched == 0 {
		return nil, explain(p.file, err)
	}
	var out []coverage.LayerInfo
	err = p.write(ctx, func(t *tx) error {
		for _, role := range coverage.Roles {
			infos, err := t.refreshTable(role, p.file)
			if err != nil {
				return err
			}
			out = append(out, infos...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// refreshTable reads the touched layers of a role back, and clears their marks.
func (t *tx) refreshTable(role coverage.Role, file string) ([]coverage.LayerInfo, error) {
	var touched int
	err := t.row(`SELECT (SELECT count(*) FROM lc_tables WHERE name = ?1 AND touched) + (SELECT count(*) FROM lc_keys WHERE role = ?1 AND touched)`, string(role)).Scan(&touched)
	if err != nil || touched == 0 {
		return nil, err
	}
	l, _ := layerTableOf(role)
	if exists, err := t.tableExists(l.name()); err != nil || !exists {
		if err == nil {
			err = editError(file, l.name(), 0, "", "图层表被删除", "the table of the layers is gone")
		}
		return nil, err
	}
	if err := t.assignRows(l, file); err != nil {
		return nil, err
	}
	rows, err := t.query(currentLayers+`WHERE k.role = ? AND k.touched ORDER BY k.role, k.service, k.name`, string(role))
	infos, err := collect(rows, err, scanInfo)
	if err != nil {
		return nil, err
	}
	var out []coverage.LayerInfo
	for _, info := range infos {
		fresh, err := t.refreshLayer(l, info, file)
		if err != nil {
			return nil, err
		}
		if fresh.Hash != info.Hash {
			out = append(out, fresh)
		}
	}
	// Our own updates have touched them again.
	if err := t.exec(`UPDATE lc_keys SET touched = 0 WHERE role = ?`, string(role)); err != nil {
		return nil, err
	}
	if err := t.exec(`UPDATE lc_tables SET touched = 0 WHERE name = ?`, l.name()); err != nil {
		return nil, err
	}
	return out, t.stamp(role)
}

// editError is the refusal of an edited row.
func editError(file, table string, fid int64, column, zh, en string, args ...any) *coverage.Error {
	e := coverage.Errorf(coverage.Refused, zh, en, args...)
	e.File = file
	e.Field = table
	if fid != 0 {
		e.Field += " fid " + strconv.FormatInt(fid, 10)
	}
	if column != "" {
		e.Field += " " + column
	}
	e.Hint = coverage.Text{Zh: "请在编辑这个文件的程序里改正", En: "mend it in the program that edited this file"}
	return e
}

// assignRows gives rows that another program added, or whose layer it changed, to the layer they name.
func (t *tx) assignRows(l layerTable, file string) error {
	services := "NULL"
	if l.role == coverage.RoleFacilities {
		services = "r.services"
	}
	type stray struct {
		fid             int64
		layer, services sql.NullString
		key             sql.NullInt64
	}
	rows, err := t.query(`SELECT r.fid, r.layer, `+services+`, k.id FROM `+quote(l.name())+` r LEFT JOIN lc_keys k ON k.id = r.lc_layer AND k.role = ?
WHERE k.id IS NULL OR r.layer IS NOT k.name ORDER BY r.fid`, string(l.role))
	strays, err := collect(rows, err, func(r *sql.Rows) (s stray, err error) {
		err = r.Scan(&s.fid, &s.layer, &s.services, &s.key)
		return s, err
	})
	if err != nil || len(strays) == 0 {
		return err
	}
	type target struct {
		id   int64
		info coverage.LayerInfo
	}
	rows, err = t.query(`SELECT k.id, l.info FROM lc_keys k JOIN lc_layers l ON l.key_id = k.id AND l.is_current WHERE k.role = ?
ORDER BY k.name, k.service`, string(l.role))
	targets, err := collect(rows, err, func(r *sql.Rows) (k target, err error) {
		var info string
		if err = r.Scan(&k.id, &info); err == nil {
			k.info, err = decodeInfo(info, nil)
		}
		return k, err
	})
	if err != nil {
		return err
	}
	for _, s := range strays {
		var fit []target
		for _, k := range targets {
			if s.layer.String == "" && s.key.Valid {
				if k.id == s.key.Int64 {
					fit = append(fit, k)
				}
			} else if (s.layer.String == "" || s.layer.String == k.info.Name) && offers(k.info.Services, s.services.String) {
				fit = append(fit, k)
			}
		}
		if len(fit) != 1 {
			var names []string
			for _, k := range targets {
				names = append(names, k.info.Name)
			}
			all := strings.Join(slices.Compact(names), ", ")
			return editError(file, l.name(), s.fid, "layer", "“%[1]s”不能确定属于哪个图层；已有图层: %[2]s",
				"%[1]q does not say which layer the row is of; the layers are: %[2]s", s.layer.String, all)
		}
		if err := t.exec(`UPDATE `+quote(l.name())+` SET lc_layer = ?, layer = ? WHERE fid = ?`, fit[0].id, fit[0].info.Name, s.fid); err != nil {
			return err
		}
		if err := t.exec(`UPDATE lc_keys SET touched = 1 WHERE id = ?`, fit[0].id); err != nil {
			return err
		}
	}
	return nil
}

// offers tells whether a layer lists all of a row's services.
func offers(listed []string, row string) bool {
	for _, s := range splitServices(row) {
		if !slices.Contains(listed, s) {
			return false
		}
	}
	return true
}

func splitServices(text string) []string {
	var out []string
	for _, s := range strings.Split(text, ",") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	sort.Strings(out)
	return slices.Compact(out)
}

// refreshLayer reads one layer back from its table, and saves it if it is another one now.
func (t *tx) refreshLayer(l layerTable, info coverage.LayerInfo, file string) (coverage.LayerInfo, error) {
	key, err := t.key(info.LayerKey)
	if err != nil {
		return info, err
	}
	old, err := loadLayer(t, info.Hash)
	if err != nil {
		return info, err
	}
	old.Info = info
	e := newEdit(t, l, old, key.id, file)
	if err := e.read(); err != nil {
		return info, err
	}
	fresh, err := e.layer()
	if err != nil {
		return info, err
	}
	fresh.Info.Hash = fresh.ComputeHash()
	if err := e.writeBack(fresh); err != nil {
		return info, err
	}
	if fresh.Info.Hash == info.Hash { // the edit was taken back
		return info, nil
	}
	fresh.Info.Version, key.replaces = key.newest+1, key.version
	return fresh.Info, t.saveVersion(key, fresh, e.report(fresh))
}

// edit is the reading of one layer's rows.
type edit struct {
	t    *tx
	l    layerTable
	file string
	old  *coverage.Layer
	key  int64

	columns []coverage.Column
	names   []string // of the columns in SQL

	fresh   *coverage.Layer         // its columns grow row by row, in the order of fid
	shapes  []orb.Geometry          // of its rows
	parents [][]coverage.Membership // of its rows
	fids    []int64                 // of its rows
	found   []int64                 // per old row: the fid of the row with its id, 0 if there is none
	added   map[string]int64        // fids of the rows with a new id
	written map[int64]bool          // rows whose cells are written back: new ones and changed ones
	drawn   map[int64]bool          // rows of which the geometry is written back too: it is not in the column's form
	changed int                     // old rows that changed
}

func newEdit(t *tx, l layerTable, old *coverage.Layer, key int64, file string) *edit {
	e := &edit{t: t, l: l, file: file, old: old, key: key, fresh: &coverage.Layer{Info: old.Info}, found: make([]int64, old.Len()),
		added: map[string]int64{}, written: map[int64]bool{}, drawn: map[int64]bool{}}
	for _, m := range old.Measures {
		e.fresh.Measures = append(e.fresh.Measures, coverage.Measure{Name: m.Name, Modelled: m.Modelled})
	}
	return e
}

// editedRow is a row as the new version has it.
type editedRow struct {
	fid                   int64
	id, name, properties  string
	geometry              orb.Geometry
	kind                  string
	parents               []coverage.Membership
	measures              []int64
	services              []string
	status                coverage.Status
	opened, closed        string
	capacity, area, floor int64
}

func (e *edit) fail(fid int64, column, zh, en string, args ...any) error {
	return editError(e.file, e.l.name(), fid, column, zh, en, args...)
}

// read reads every row of the layer, and gives an id to those without one.
func (e *edit) read() error {
	table, err := coverage.LayersTable(e.l.role, []*coverage.Layer{e.old})
	if err != nil {
		return err
	}
	e.columns = table.Columns
	have, err := e.t.columns(e.l.name())
	if err != nil {
		return err
	}
	labels, err := e.t.columnLabels(e.l.name())
	if err != nil {
		return err
	}
	for _, c := range e.columns {
		name, ok := labels[c.Name]
		if !ok {
			name = c.Name
		}
		if !slices.Contains(have, name) {
			return e.fail(0, name, "缺少这一列", "the column is missing")
		}
		e.names = append(e.names, name)
	}
	geom := "NULL"
	if e.l.geometry != "" {
		geom = "CASE typeof(geom) WHEN 'blob' THEN geom END" // a text that reads like one is in no R-tree
	}
	rows, err := e.t.query(`SELECT fid, `+geom+`, `+quoteAll(e.names)+` FROM `+quote(e.l.name())+` WHERE lc_layer = ? ORDER BY fid`, e.key)
	if err != nil {
		return err
	}
	defer rows.Close()
	r := editedRow{}
	cells := make([]any, len(e.names))
	var blob sql.RawBytes
	targets := []any{&r.fid, &blob}
	for i := range cells {
		targets = append(targets, &cells[i])
	}
	next := 0 // rows mostly stand in the order of their ids, as we wrote them
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		r = editedRow{fid: r.fid, measures: r.measures[:0]}
		if r.id, err = e.text(r.fid, "id", cells[0]); err != nil {
			return err
		}
		oldRow, err := e.match(r.fid, r.id, next)
		if err != nil {
			return err
		}
		next = oldRow + 1
		if err := e.row(&r, blob, cells, oldRow); err != nil {
			return err
		}
		e.append(&r)
		if len(e.fids)%4096 == 0 {
			if err := e.t.canceled(); err != nil {
				return err
			}
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	e.nameRows()
	return nil
}

// match finds the old row with an id, −1 if there is none; an id may come once.
func (e *edit) match(fid int64, id string, next int) (int, error) {
	if id == "" {
		return -1, nil
	}
	row, known := next, next < len(e.found) && e.old.IDs[next] == id
	if !known {
		row, known = slices.BinarySearch(e.old.IDs, id)
	}
	other := e.added[id]
	if known {
		other = e.found[row]
	}
	if other != 0 {
		return -1, e.fail(fid, "id", "“%[1]s”与 fid %[2]d 重复", "%[1]q is the id of fid %[2]d already", id, other)
	}
	if known {
		e.found[row] = fid
		return row, nil
	}
	e.added[id] = fid
	return -1, nil
}

// append puts a row at the end of the columns.
func (e *edit) append(r *editedRow) {
	l := e.fresh
	e.fids = append(e.fids, r.fid)
	l.IDs, l.Names, l.Properties = append(l.IDs, r.id), append(l.Names, r.name), append(l.Properties, r.properties)
	if r.geometry != nil {
		e.shapes = append(e.shapes, r.geometry)
	}
	switch e.l.role {
	case coverage.RoleNeighborhoods:
		l.Kinds, e.parents = append(l.Kinds, r.kind), append(e.parents, r.parents)
	case coverage.RoleFacilities:
		l.Services, l.Status = append(l.Services, r.services), append(l.Status, r.status)
		l.Opened, l.Closed = append(l.Opened, r.opened), append(l.Closed, r.closed)
		l.Capacity, l.AreaMM2 = append(l.Capacity, r.capacity), append(l.AreaMM2, r.area)
	case coverage.RoleBuildings:
		l.AreaMM2, l.FloorMM2 = append(l.AreaMM2, r.area), append(l.FloorMM2, r.floor)
	}
	for k := range l.Measures {
		l.Measures[k].Values = append(l.Measures[k].Values, r.measures[k])
	}
}

func quoteAll(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = quote(n)
	}
	return strings.Join(out, ", ")
}

// row reads one row; oldRow is the row with its id before, −1 for a new one.
func (e *edit) row(r *editedRow, blob []byte, cells []any, oldRow int) error {
	r.capacity, r.area, r.floor = coverage.Unknown, coverage.Unknown, coverage.Unknown
	moved := false
	if e.l.geometry != "" {
		g, err := decodeBlob(blob)
		if err != nil || g == nil || isEmpty(g) {
			return e.fail(r.fid, "geom", "没有几何，或几何无法读取", "the geometry is missing or cannot be read")
		}
		if srs := blobSRS(blob); srs != srsWGS84 && srs != srsGeographic && srs != srsPlane {
			return e.fail(r.fid, "geom", "几何的坐标系是 %[1]d，列的是 %[2]d", "the geometry's reference system is %[1]d, the column's %[2]d", srs, srsWGS84)
		}
		if !conforms(blob, g, e.l.geometry) || shapeFault(g) != (coverage.Text{}) { // a ring that is not closed is mended by clean
			e.drawn[r.fid], e.written[r.fid] = true, true
		}
		g = simplest(g)
		if oldRow >= 0 && sameGeometry(simplest(e.old.Geometry(oldRow)), g) {
			r.geometry = e.old.Geometry(oldRow)
		} else {
			if r.geometry, err = e.clean(r.fid, g); err != nil {
				return err
			}
			moved = true
		}
	}
	for i, c := range e.columns {
		if err := e.cell(r, c.Name, e.names[i], cells[i], oldRow); err != nil {
			return err
		}
	}
	if e.l.role == coverage.RoleFacilities || e.l.role == coverage.RoleBuildings {
		e.settleArea(r, oldRow, moved)
	}
	switch {
	case oldRow < 0:
		e.written[r.fid] = true
	case moved || !e.same(r, oldRow):
		e.changed++
		e.written[r.fid] = true
	}
	return nil
}

// same tells whether a row says what the old one said, its geometry apart.
func (e *edit) same(r *editedRow, i int) bool {
	old := e.old
	text := func(column []string, v string) bool {
		return column == nil && v == "" || column != nil && column[i] == v
	}
	number := func(column []int64, v int64) bool {
		return column == nil && v == coverage.Unknown || column != nil && column[i] == v
	}
	if !text(old.Names, r.name) || !text(old.Properties, r.properties) {
		return false
	}
	for k, m := range old.Measures {
		if m.Values[i] != r.measures[k] {
			return false
		}
	}
	switch e.l.role {
	case coverage.RoleNeighborhoods:
		joined, _ := coverage.SplitParents(coverage.JoinParents(old.Parents, i)) // our own form can be read
		return text(old.Kinds, r.kind) && slices.Equal(joined, r.parents)
	case coverage.RoleFacilities:
		return slices.Equal(old.RowServices(i), r.services) && (old.Status == nil && r.status == coverage.StatusUnknown || old.Status != nil && old.Status[i] == r.status) &&
			text(old.Opened, r.opened) && text(old.Closed, r.closed) && number(old.Capacity, r.capacity) && number(old.AreaMM2, r.area)
	case coverage.RoleBuildings:
		return number(old.AreaMM2, r.area) && number(old.FloorMM2, r.floor)
	}
	return true
}

// cell reads one cell into its row.
func (e *edit) cell(r *editedRow, label, column string, v any, oldRow int) (err error) {
	whole := "" // what a column says that is of the whole layer
	switch label {
	case "id", "layer":
		return nil
	case "name":
		r.name, err = e.text(r.fid, column, v)
		return err
	case "kind":
		r.kind, err = e.text(r.fid, column, v)
		return err
	case "properties":
		text, err := e.text(r.fid, column, v)
		if err != nil || text == "" || oldRow >= 0 && e.old.Properties != nil && e.old.Properties[oldRow] == text {
			r.properties = text
			return err
		}
		props, err := geojson.ParseProperties([]byte(text))
		if err != nil {
			return e.fail(r.fid, column, "不是 JSON 对象: %[1]v", "it is no JSON object: %[1]v", err)
		}
		r.properties = string(props.AppendJSON(nil))
		return nil
	case "parents":
		text, err := e.text(r.fid, column, v)
		if err != nil {
			return err
		}
		if r.parents, err = coverage.SplitParents(text); err != nil {
			return e.fail(r.fid, column, "应写作 层级=编号;层级=编号", "write level=id;level=id")
		}
		return nil
	case "services":
		text, err := e.text(r.fid, column, v)
		if err != nil {
			return err
		}
		if oldRow >= 0 && text == strings.Join(e.old.RowServices(oldRow), ",") {
			r.services = e.old.RowServices(oldRow)
			return nil
		}
		if r.services = splitServices(text); len(r.services) == 0 {
			r.services = e.old.Info.Services
		}
		if !offers(e.old.Info.Services, text) {
			return e.fail(r.fid, column, "图层没有“%[1]s”，只有 %[2]s", "the layer lists no %[1]q, but %[2]s", text, strings.Join(e.old.Info.Services, ","))
		}
		return nil
	case "status":
		text, err := e.text(r.fid, column, v)
		if err != nil {
			return err
		}
		status, ok := coverage.ParseStatus(strings.TrimSpace(text))
		if !ok {
			return e.fail(r.fid, column, "“%[1]s”不是状态: existing, under_construction, planned, closed, unknown",
				"%[1]q is no status: existing, under_construction, planned, closed, unknown", text)
		}
		r.status = status
		return nil
	case "opened":
		r.opened, err = e.date(r.fid, column, v)
		return err
	case "closed":
		r.closed, err = e.date(r.fid, column, v)
		return err
	case "capacity":
		r.capacity, err = e.number(r.fid, column, v, 1e3, nil, oldRow)
		return err
	case "area_m2":
		r.area, err = e.number(r.fid, column, v, 1e6, e.old.AreaMM2, oldRow)
		return err
	case "floor_m2":
		r.floor, err = e.number(r.fid, column, v, 1e6, e.old.FloorMM2, oldRow)
		return err
	case "level":
		whole = e.old.Info.Level
	case "derived":
		whole = e.old.Info.Derived
	case "modelled":
		for _, m := range e.old.Measures {
			if m.Modelled || e.old.Info.Modelled {
				if whole != "" {
					whole += ","
				}
				whole += m.Name
			}
		}
	default:
		n, err := e.number(r.fid, column, v, 1e3, nil, oldRow)
		r.measures = append(r.measures, n)
		return err
	}
	text, err := e.text(r.fid, column, v)
	if err == nil && text != "" && text != whole {
		return e.fail(r.fid, column, "这一列说的是整个图层，不能按行修改", "it is said of the whole layer, and cannot be edited by row")
	}
	return err
}

// settleArea measures a polygon that is new, or whose size was measured before it was reshaped.
func (e *edit) settleArea(r *editedRow, oldRow int, moved bool) {
	switch r.geometry.(type) {
	case orb.Polygon, orb.MultiPolygon:
	default:
		return
	}
	if oldRow < 0 {
		if r.area == coverage.Unknown {
			r.area = measure.AreaMM2(r.geometry)
		}
		return
	}
	if !moved || e.old.AreaMM2 == nil || r.area != e.old.AreaMM2[oldRow] {
		return
	}
	if was := e.old.Geometry(oldRow); r.area == measure.AreaMM2(was) {
		r.area = measure.AreaMM2(r.geometry)
	}
}

// text reads a cell of text.
func (e *edit) text(fid int64, column string, v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	}
	return "", e.fail(fid, column, "不是文本", "it is no text")
}

// date reads a day, or nothing.
func (e *edit) date(fid int64, column string, v any) (string, error) {
	text, err := e.text(fid, column, v)
	if err != nil || text == "" {
		return "", err
	}
	if !validDay(text) {
		return "", e.fail(fid, column, "“%[1]s”不是 YYYY-MM-DD 的日期", "%[1]q is no date YYYY-MM-DD", text)
	}
	return text, nil
}

// number reads a number of at least 0 in units of 1/scale. A size that still shows its old value, which is rounded, keeps
// the exact one.
func (e *edit) number(fid int64, column string, v any, scale float64, old []int64, oldRow int) (int64, error) {
	var f float64
	switch v := v.(type) {
	case nil:
		return coverage.Unknown, nil
	case float64:
		f = v
	case int64:
		f = float64(v)
	default:
		return 0, e.fail(fid, column, "“%[1]v”不是数字", "%[1]v is no number", v)
	}
	if !(f >= 0 && f*scale <= 1e18) {
		return 0, e.fail(fid, column, "%[1]v 超出范围", "%[1]v is out of range", f)
	}
	if oldRow >= 0 && old != nil && old[oldRow] != coverage.Unknown && math.Round(f*1000) == float64((old[oldRow]+500)/1000) {
		return old[oldRow], nil
	}
	return int64(math.Round(f * scale)), nil
}

// clean checks a geometry as an import does, and brings it into its form.
func (e *edit) clean(fid int64, g orb.Geometry) (orb.Geometry, error) {
	refuse := func(f *geojson.Finding) error {
		return e.fail(fid, "geom", "%[1]s", "%[2]s", f.Chinese(), f.Error())
	}
	g, _, bad := geojson.Clean(g, false)
	if bad != nil {
		return nil, refuse(bad)
	}
	ok := false
	switch g = simplest(g); g.(type) {
	case orb.Polygon, orb.MultiPolygon:
		ok = e.l.role != coverage.RoleNetwork
		if ok && measure.AreaMM2(g) == 0 {
			return nil, e.fail(fid, "geom", "面积小于 1 平方毫米", "the area is under 1 mm²")
		}
	case orb.Point:
		ok = e.l.geometry == "GEOMETRY"
	case orb.LineString, orb.MultiLineString:
		ok = e.l.role == coverage.RoleNetwork
	}
	if !ok {
		return nil, e.fail(fid, "geom", "这个图层不收 %[1]s", "a %[1]s cannot be in this layer", g.GeoJSONType())
	}
	// The canonical form: rings from their smallest vertex, parts in order.
	row, err := geojson.NewReader(bytes.NewReader(geojson.Canonical(geojson.Feature{Geometry: g})), geojson.Limits{}).Next()
	if err != nil {
		return nil, err
	}
	if row.Refused != nil {
		return nil, refuse(row.Refused)
	}
	return row.Feature.Geometry, nil
}

// nameRows gives rows without an id the one an import would: a hash of the feature, with an ordinal among equals.
func (e *edit) nameRows() {
	for i, id := range e.fresh.IDs {
		if id != "" {
			continue
		}
		feature := geojson.Feature{}
		feature.Properties, _ = geojson.ParseProperties([]byte(e.fresh.Properties[i])) // checked already; nothing gives none
		if e.l.geometry != "" {
			feature.Geometry = e.shapes[i]
		}
		sum := sha256.Sum256(geojson.Canonical(feature))
		base := hex.EncodeToString(sum[:8])
		id = base
		for n := 2; e.taken(id); n++ {
			id = base + "-" + strconv.Itoa(n)
		}
		e.added[id] = e.fids[i]
		e.fresh.IDs[i] = id
	}
}

func (e *edit) taken(id string) bool {
	if row, known := slices.BinarySearch(e.old.IDs, id); known && e.found[row] != 0 {
		return true
	}
	return e.added[id] != 0
}

// layer makes the layer of the rows.
func (e *edit) layer() (*coverage.Layer, error) {
	l := e.fresh
	n := len(l.IDs)
	if n == 0 {
		l.IDs = []string{}
	}
	levels := map[string]bool{}
	for _, c := range e.old.Parents {
		levels[c.Level] = true
	}
	for _, parents := range e.parents {
		for _, p := range parents {
			levels[p.Level] = true
		}
	}
	names := make([]string, 0, len(levels))
	for level := range levels {
		names = append(names, level)
	}
	sort.Strings(names)
	for _, level := range names {
		c := coverage.ParentColumn{Level: level, Parents: make([][]string, n)}
		for i, parents := range e.parents {
			for _, p := range parents {
				if p.Level == level {
					c.Parents[i] = append(c.Parents[i], p.Parent)
				}
			}
			sort.Strings(c.Parents[i])
			c.Parents[i] = slices.Compact(c.Parents[i])
		}
		l.Parents = append(l.Parents, c)
	}
	if e.l.geometry != "" {
		if l.Points = points(e.shapes); l.Points == nil {
			l.Shapes = e.shapes
		}
	}
	dropUnknown(l)
	l.Info.Rows, l.Info.Changed = n, false
	l.Info.Bound = boundOf(l)
	l.Sort()
	return l, checkLayer(l)
}

// dropUnknown takes away the columns in which nothing is known.
func dropUnknown(l *coverage.Layer) {
	drop := func(column *[]string) {
		if !slices.ContainsFunc(*column, func(s string) bool { return s != "" }) {
			*column = nil
		}
	}
	drop(&l.Names)
	drop(&l.Kinds)
	drop(&l.Opened)
	drop(&l.Closed)
	drop(&l.Properties)
	dropInts := func(column *[]int64) {
		if !slices.ContainsFunc(*column, func(n int64) bool { return n != coverage.Unknown }) {
			*column = nil
		}
	}
	dropInts(&l.Capacity)
	dropInts(&l.AreaMM2)
	dropInts(&l.FloorMM2)
	if !slices.ContainsFunc(l.Status, func(s coverage.Status) bool { return s != coverage.StatusUnknown }) {
		l.Status = nil
	}
	if !slices.ContainsFunc(l.Services, func(s []string) bool { return !slices.Equal(s, l.Info.Services) }) {
		l.Services = nil
	}
}

// points gives the places of rows that are all points, nil if one is not; also for no rows.
func points(shapes []orb.Geometry) []orb.Point {
	out := make([]orb.Point, len(shapes))
	for i, g := range shapes {
		p, ok := g.(orb.Point)
		if !ok {
			return nil
		}
		out[i] = p
	}
	return out
}

// writeBack completes the rows that were edited in the visible table: ids, layers, areas, what is said of the
// whole layer, words in their form. Geometry stays as it was drawn, unless it is not in the column's form (a polygon in a column
// of multipolygons, heights).
func (e *edit) writeBack(l *coverage.Layer) error {
	if len(e.written) == 0 {
		return nil
	}
	table, err := coverage.LayersTable(e.l.role, []*coverage.Layer{l})
	if err != nil {
		return err
	}
	var set []string
	for _, n := range e.names {
		set = append(set, quote(n)+" = ?")
	}
	update := `UPDATE ` + quote(e.l.name()) + ` SET ` + strings.Join(set, ", ") + ` WHERE fid = ?`
	return table.Each(func(id string, row []coverage.Value, g orb.Geometry) error {
		fid := e.added[id]
		if fid == 0 {
			i, known := slices.BinarySearch(e.old.IDs, id)
			if !known {
				return nil
			}
			fid = e.found[i]
		}
		if !e.written[fid] {
			return nil
		}
		args := make([]any, 0, len(row)+1)
		for i, v := range row {
			args = append(args, sqlValue(e.columns[i], v))
		}
		if err := e.t.exec(update, append(args, fid)...); err != nil || !e.drawn[fid] {
			return err
		}
		return e.t.exec(`UPDATE `+quote(e.l.name())+` SET geom = ? WHERE fid = ?`, encodeBlob(nil, e.l.promote(g)), fid)
	})
}

// report tells what was edited, in the form of an import.
func (e *edit) report(l *coverage.Layer) *coverage.ImportReport {
	n := l.Len()
	removed := e.old.Len() - (n - len(e.added))
	r := &coverage.ImportReport{Layer: l.Info.Name, Role: l.Info.Role, Services: l.Info.Services, Source: e.file, Format: "gpkg",
		CRS: "EPSG:4326", CRSKnownBy: "format", Read: n, Used: n, Rows: []coverage.ReportRow{}, Version: l.Info.Version, Hash: l.Info.Hash}
	if n > 0 && e.l.geometry != "" {
		b := l.Info.Bound
		r.BBox = []float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]}
	}
	r.Warnings = []coverage.ReportNote{{Code: "edited_in_file",
		Text:   fmt.Sprintf("edited by another program: %d rows added, %d removed, %d changed", len(e.added), removed, e.changed),
		TextZh: fmt.Sprintf("由其他程序编辑: 新增 %d 行，删除 %d 行，修改 %d 行", len(e.added), removed, e.changed)}}
	return r
}

// simplest gives the part of a multi-geometry of one part.
func simplest(g orb.Geometry) orb.Geometry {
	switch g := g.(type) {
	case orb.MultiPoint:
		if len(g) == 1 {
			return g[0]
		}
	case orb.MultiLineString:
		if len(g) == 1 {
			return g[0]
		}
	case orb.MultiPolygon:
		if len(g) == 1 {
			return g[0]
		}
	}
	return g
}

func sameGeometry(a, b orb.Geometry) bool {
	return a != nil && b != nil && a.GeoJSONType() == b.GeoJSONType() && orb.Equal(a, b)
}

// validDay tells whether a text is a day of the calendar, YYYY-MM-DD.
func validDay(text string) bool {
	if len(text) != 10 || text[4] != '-' || text[7] != '-' {
		return false
	}
	y, err1 := strconv.Atoi(text[:4])
	m, err2 := strconv.Atoi(text[5:7])
	d, err3 := strconv.Atoi(text[8:])
	if err1 != nil || err2 != nil || err3 != nil || y < 1 || m < 1 || m > 12 || d < 1 {
		return false
	}
	days := [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[m-1]
	if m == 2 && y%4 == 0 && (y%100 != 0 || y%400 == 0) {
		days++
	}
	return d <= days
}

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
	old, err := loadLayer(t.row(loadQuery, info.Hash), info.Hash)
	if err != nil {
		return info, err
	}
	old.Info = info
	e := &edit{t: t, l: l, file: file, old: old, key: key.id}
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
	fresh.Info.Version = key.newest + 1
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
	rows    []editedRow

	added, changed int
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
	if e.names, err = e.t.columnNames(e.l.name(), have, e.columns); err != nil {
		return err
	}
	for _, name := range e.names {
		if !slices.Contains(have, name) {
			return e.fail(0, name, "缺少这一列", "the column is missing")
		}
	}
	before := make(map[string][]any, e.old.Len()) // cells of the old rows
	index := make(map[string]int, e.old.Len())
	if err := table.Each(func(id string, row []coverage.Value, _ orb.Geometry) error {
		cells := make([]any, len(row))
		for i, v := range row {
			cells[i] = sqlValue(e.columns[i], v)
		}
		index[id] = len(before)
		before[id] = cells
		return nil
	}); err != nil {
		return err
	}
	geom := "NULL"
	if e.l.geometry != "" {
		geom = "geom"
	}
	rows, err := e.t.query(`SELECT fid, `+geom+`, `+quoteAll(e.names)+` FROM `+quote(e.l.name())+` WHERE lc_layer = ? ORDER BY fid`, e.key)
	if err != nil {
		return err
	}
	defer rows.Close()
	cells := make([]any, len(e.names))
	var fid int64
	var blob []byte
	targets := []any{&fid, &blob}
	for i := range cells {
		targets = append(targets, &cells[i])
	}
	seen := make(map[string]int64, e.old.Len())
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		id, err := e.text(fid, "id", cells[0])
		if err != nil {
			return err
		}
		if other, twice := seen[id]; twice && id != "" {
			return e.fail(fid, "id", "“%[1]s”与 fid %[2]d 重复", "%[1]q is the id of fid %[2]d already", id, other)
		}
		seen[id] = fid
		oldCells, known := before[id]
		oldRow := -1
		if known {
			oldRow = index[id]
		} else {
			e.added++
		}
		row, err := e.row(fid, blob, cells, oldCells, oldRow)
		if err != nil {
			return err
		}
		row.id = id
		e.rows = append(e.rows, row)
		if len(e.rows)%4096 == 0 {
			if err := e.t.canceled(); err != nil {
				return err
			}
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	e.nameRows(seen)
	return nil
}

func quoteAll(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = quote(n)
	}
	return strings.Join(out, ", ")
}

// row reads one row; oldCells and oldRow are of the row with its id before, nil and −1 for a new one.
func (e *edit) row(fid int64, blob []byte, cells, oldCells []any, oldRow int) (editedRow, error) {
	r := editedRow{fid: fid, capacity: coverage.Unknown, area: coverage.Unknown, floor: coverage.Unknown}
	moved := false
	if e.l.geometry != "" {
		g, err := decodeBlob(blob)
		if err != nil || g == nil || isEmpty(g) {
			return r, e.fail(fid, "geom", "没有几何，或几何无法读取", "the geometry is missing or cannot be read")
		}
		g = simplest(g)
		if oldRow >= 0 && sameGeometry(simplest(e.old.Geometry(oldRow)), g) {
			r.geometry = e.old.Geometry(oldRow)
		} else {
			if r.geometry, err = e.clean(fid, g); err != nil {
				return r, err
			}
			moved = true
		}
	}
	var changed = moved
	measures := 0
	for i, c := range e.columns {
		if oldCells != nil && cells[i] != oldCells[i] {
			changed = true
		}
		if err := e.cell(&r, c.Name, e.names[i], cells[i], oldRow, &measures); err != nil {
			return r, err
		}
	}
	if e.l.role == coverage.RoleFacilities || e.l.role == coverage.RoleBuildings {
		e.settleArea(&r, oldRow, moved)
	}
	if changed && oldRow >= 0 {
		e.changed++
	}
	return r, nil
}

// cell reads one cell into its row.
func (e *edit) cell(r *editedRow, label, column string, v any, oldRow int, measures *int) (err error) {
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
		var names []string
		for _, m := range e.old.Measures {
			if m.Modelled || e.old.Info.Modelled {
				names = append(names, m.Name)
			}
		}
		whole = strings.Join(names, ",")
	default:
		n, err := e.number(r.fid, column, v, 1e3, nil, oldRow)
		r.measures = append(r.measures, n)
		*measures++
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
		return e.fail(fid, "geom", "%[1]s（%[2]s）", "%[2]s", f.Code.Zh(), f.Text)
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
func (e *edit) nameRows(taken map[string]int64) {
	for i := range e.rows {
		r := &e.rows[i]
		if r.id != "" {
			continue
		}
		props, _ := geojson.ParseProperties([]byte(r.properties)) // checked already; nothing gives none
		sum := sha256.Sum256(geojson.Canonical(geojson.Feature{Geometry: r.geometry, Properties: props}))
		id := hex.EncodeToString(sum[:8])
		for n := 2; ; n++ {
			if _, used := taken[id]; !used {
				break
			}
			id = hex.EncodeToString(sum[:8]) + "-" + strconv.Itoa(n)
		}
		taken[id] = r.fid
		r.id = id
	}
}

// layer makes the layer of the rows.
func (e *edit) layer() (*coverage.Layer, error) {
	slices.SortFunc(e.rows, func(a, b editedRow) int { return strings.Compare(a.id, b.id) })
	n := len(e.rows)
	l := &coverage.Layer{Info: e.old.Info}
	l.Info.Rows, l.Info.Changed = n, false
	var shapes []orb.Geometry
	levels := map[string]bool{}
	for _, c := range e.old.Parents {
		levels[c.Level] = true
	}
	l.IDs, l.Names, l.Properties = make([]string, n), make([]string, n), make([]string, n)
	l.Kinds, l.Opened, l.Closed = make([]string, n), make([]string, n), make([]string, n)
	l.Services, l.Status = make([][]string, n), make([]coverage.Status, n)
	l.Capacity, l.AreaMM2, l.FloorMM2 = make([]int64, n), make([]int64, n), make([]int64, n)
	for _, m := range e.old.Measures {
		l.Measures = append(l.Measures, coverage.Measure{Name: m.Name, Modelled: m.Modelled, Values: make([]int64, n)})
	}
	for i, r := range e.rows {
		l.IDs[i], l.Names[i], l.Properties[i] = r.id, r.name, r.properties
		l.Kinds[i], l.Opened[i], l.Closed[i] = r.kind, r.opened, r.closed
		l.Services[i], l.Status[i] = r.services, r.status
		l.Capacity[i], l.AreaMM2[i], l.FloorMM2[i] = r.capacity, r.area, r.floor
		for k := range l.Measures {
			l.Measures[k].Values[i] = r.measures[k]
		}
		if r.geometry != nil {
			shapes = append(shapes, r.geometry)
		}
		for _, p := range r.parents {
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
		for i, r := range e.rows {
			for _, p := range r.parents {
				if p.Level == level {
					c.Parents[i] = append(c.Parents[i], p.Parent)
				}
			}
			sort.Strings(c.Parents[i])
			c.Parents[i] = slices.Compact(c.Parents[i])
		}
		l.Parents = append(l.Parents, c)
	}
	dropUnknown(l)
	if e.l.geometry != "" {
		l.Points = points(shapes)
		if l.Points == nil {
			l.Shapes = shapes
		}
	}
	l.Info.Bound = boundOf(l)
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

// writeBack puts into the visible table what the reading added: ids, layers, areas, what is said of the
// whole layer. Geometry stays as it was drawn.
func (e *edit) writeBack(l *coverage.Layer) error {
	fids := make(map[string]int64, len(e.rows))
	for _, r := range e.rows {
		fids[r.id] = r.fid
	}
	table, err := coverage.LayersTable(e.l.role, []*coverage.Layer{l})
	if err != nil {
		return err
	}
	var set, differ []string
	for _, n := range e.names {
		set = append(set, quote(n)+" = ?")
		differ = append(differ, quote(n)+" IS NOT ?")
	}
	// Only rows that differ are written, in a second step: reading and writing one table at once is undefined.
	var updates [][]any
	rows, err := e.t.query(`SELECT fid, `+quoteAll(e.names)+` FROM `+quote(e.l.name())+` WHERE lc_layer = ? ORDER BY fid`, e.key)
	if err != nil {
		return err
	}
	defer rows.Close()
	cells := make([]any, len(e.names))
	var fid int64
	targets := []any{&fid}
	for i := range cells {
		targets = append(targets, &cells[i])
	}
	want := make(map[int64][]any, len(fids))
	if err := table.Each(func(id string, row []coverage.Value, _ orb.Geometry) error {
		values := make([]any, len(row))
		for i, v := range row {
			values[i] = sqlValue(table.Columns[i], v)
		}
		want[fids[id]] = values
		return nil
	}); err != nil {
		return err
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		if !slices.Equal(cells, want[fid]) {
			updates = append(updates, append(slices.Clone(want[fid]), fid))
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	rows.Close()
	for _, args := range updates {
		if err := e.t.exec(`UPDATE `+quote(e.l.name())+` SET `+strings.Join(set, ", ")+` WHERE fid = ?`, args...); err != nil {
			return err
		}
	}
	return nil
}

// report tells what was edited, in the form of an import.
func (e *edit) report(l *coverage.Layer) *coverage.ImportReport {
	n := l.Len()
	removed := e.old.Len() - (n - e.added)
	r := &coverage.ImportReport{Layer: l.Info.Name, Role: l.Info.Role, Services: l.Info.Services, Source: e.file, Format: "gpkg",
		CRS: "EPSG:4326", CRSKnownBy: "format", Read: n, Used: n, Rows: []coverage.ReportRow{}, Version: l.Info.Version, Hash: l.Info.Hash}
	if n > 0 && e.l.geometry != "" {
		b := l.Info.Bound
		r.BBox = []float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]}
	}
	r.Warnings = []coverage.ReportNote{{Code: "edited_in_file",
		Text:   fmt.Sprintf("edited by another program: %d rows added, %d removed, %d changed", e.added, removed, e.changed),
		TextZh: fmt.Sprintf("由其他程序编辑: 新增 %d 行，删除 %d 行，修改 %d 行", e.added, removed, e.changed)}}
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

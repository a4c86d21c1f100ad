package store

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/geo/panics"
)

// The tables that everybody sees. A layer table holds the rows of all current layers of a role, as
// coverage.LayersTable gives them, with the column lc_layer that says which layer a row is of; a
// result table holds a table of the latest run.

// layerTable says how the rows of a role are kept.
type layerTable struct {
	role     coverage.Role
	geometry string // geometry_type_name of the column geom, "" for none
	title    coverage.Text
}

// layerTableOf gives a role's table, whose name is the role's.
func layerTableOf(role coverage.Role) (layerTable, bool) {
	t := layerTable{role: role, geometry: "GEOMETRY"}
	switch role {
	case coverage.RoleNeighborhoods:
		t.geometry, t.title = "MULTIPOLYGON", coverage.Text{Zh: "评价单元", En: "neighborhoods"}
	case coverage.RoleFacilities:
		t.title = coverage.Text{Zh: "设施", En: "facilities"}
	case coverage.RoleDemand:
		t.title = coverage.Text{Zh: "需求", En: "demand"}
	case coverage.RoleLand:
		t.geometry, t.title = "MULTIPOLYGON", coverage.Text{Zh: "居住用地", En: "residential land"}
	case coverage.RoleBuildings:
		t.title = coverage.Text{Zh: "建筑", En: "buildings"}
	case coverage.RoleAttributes:
		t.geometry, t.title = "", coverage.Text{Zh: "属性表", En: "attributes"}
	case coverage.RoleNetwork:
		t.geometry, t.title = "MULTILINESTRING", coverage.Text{Zh: "步行网络", En: "walking network"}
	default:
		return t, false
	}
	return t, true
}

func (l layerTable) name() string { return string(l.role) }

// promote gives a geometry the type of the table's column.
func (l layerTable) promote(g orb.Geometry) orb.Geometry {
	switch g := g.(type) {
	case orb.Polygon:
		if l.geometry == "MULTIPOLYGON" {
			return orb.MultiPolygon{g}
		}
	case orb.LineString:
		if l.geometry == "MULTILINESTRING" {
			return orb.MultiLineString{g}
		}
	}
	return g
}

// sqlType is the type of a column in a GeoPackage.
func sqlType(c coverage.Column) string {
	switch c.Type {
	case coverage.IntegerColumn:
		return "INTEGER"
	case coverage.DecimalColumn:
		return "REAL"
	case coverage.BooleanColumn:
		return "BOOLEAN"
	}
	return "TEXT"
}

// sqlValue is a cell as SQLite has it. A decimal becomes the nearest binary number, from which its digits
// can be had back.
func sqlValue(c coverage.Column, v coverage.Value) driver.Value {
	switch {
	case v.Null:
		return nil
	case c.Type == coverage.TextColumn:
		return v.Text
	case c.Type == coverage.DecimalColumn:
		return float64(v.Int) / math.Pow10(c.Decimals)
	}
	return v.Int
}

// tableExists tells whether there is a table of that name.
func (t *tx) tableExists(name string) (bool, error) {
	var n int
	err := t.row(`SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?`, name).Scan(&n)
	return n > 0, err
}

// columns gives the names of a table's columns.
func (t *tx) columns(table string) ([]string, error) {
	rows, err := t.query(`SELECT name FROM pragma_table_info(?)`, table)
	return collect(rows, err, scanOne[string])
}

// ensureLayerTable makes a role's table if need be, and the columns that a layer brings; it gives the SQL
// names of columns, in their order.
func (t *tx) ensureLayerTable(l layerTable, columns []coverage.Column) ([]string, error) {
	name := l.name()
	exists, err := t.tableExists(name)
	if err != nil {
		return nil, err
	}
	var have []string
	if exists {
		if have, err = t.columns(name); err != nil {
			return nil, err
		}
	}
	names, err := t.columnNames(name, columns)
	if err != nil {
		return nil, err
	}
	if !exists {
		if err := t.createTable(name, l.geometry, "", l.title, columns, names, "lc_layer INTEGER"); err != nil {
			return nil, err
		}
		if err := t.exec(`CREATE INDEX ` + quote("lc_ix_"+name) + ` ON ` + quote(name) + `(lc_layer)`); err != nil {
			return nil, err
		}
		if err := t.createTouchTriggers(l); err != nil {
			return nil, err
		}
		return names, nil
	}
	for i, c := range columns {
		if slices.ContainsFunc(have, func(h string) bool { return strings.EqualFold(h, names[i]) }) {
			continue
		}
		if err := t.exec(`ALTER TABLE ` + quote(name) + ` ADD COLUMN ` + quote(names[i]) + ` ` + sqlType(c)); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// createAttributes makes the table of attribute layers, empty. A new file has it at once: where a GeoPackage has a table of
// attributes, GDAL lists what is registered, and not our own tables.
func (t *tx) createAttributes() error {
	table, err := coverage.LayersTable(coverage.RoleAttributes, nil)
	if err != nil {
		return err
	}
	l, _ := layerTableOf(coverage.RoleAttributes)
	_, err = t.ensureLayerTable(l, table.Columns)
	return err
}

// columnNames gives the SQL name of every column, and keeps the names it had to make up: where a name is not
// plain ASCII, or differs from another only by case, which SQL does not tell apart.
func (t *tx) columnNames(table string, columns []coverage.Column) ([]string, error) {
	if err := t.exec(`INSERT OR IGNORE INTO lc_tables (name) VALUES (?)`, table); err != nil {
		return nil, err
	}
	labels, err := t.columnLabels(table)
	if err != nil {
		return nil, err
	}
	taken := map[string]bool{"fid": true, "geom": true, "lc_layer": true}
	for _, column := range labels {
		taken[strings.ToLower(column)] = true
	}
	out := make([]string, len(columns))
	for i, c := range columns {
		if name, ok := labels[c.Name]; ok {
			out[i] = name
			continue
		}
		name := c.Name
		for n := 1; !plainName(name) || taken[strings.ToLower(name)]; n++ {
			name = "column_" + strconv.Itoa(n)
		}
		taken[strings.ToLower(name)] = true
		out[i] = name
		if err := t.exec(`INSERT INTO lc_columns VALUES (?, ?, ?)`, table, c.Name, name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// columnLabels gives the SQL names of a layer table's columns by what they hold.
func (t *tx) columnLabels(table string) (map[string]string, error) {
	labels := map[string]string{}
	rows, err := t.query(`SELECT label, column_name FROM lc_columns WHERE table_name = ?`, table)
	_, err = collect(rows, err, func(r *sql.Rows) (_ struct{}, err error) {
		var label, column string
		err = r.Scan(&label, &column)
		labels[label] = column
		return struct{}{}, err
	})
	return labels, err
}

// plainName tells whether a name can stand in SQL, GDAL and QGIS alike.
func plainName(name string) bool {
	if name == "" || len(name) > 60 || strings.HasPrefix(strings.ToLower(name), "lc_") {
		return false
	}
	for i := 0; i < len(name); i++ {
		if c := name[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '\'' || c == '`' || c == '\\' {
			return false
		}
	}
	return true
}

// createTable makes a visible table, registers it in the GeoPackage, and gives it its R-tree.
func (t *tx) createTable(name, geometry, description string, title coverage.Text, columns []coverage.Column, names []string, more ...string) error {
	definitions := []string{"fid INTEGER NOT NULL PRIMARY KEY"}
	kind, srs := "attributes", any(nil)
	if geometry != "" {
		definitions = append(definitions, "geom "+geometry)
		kind, srs = "features", srsWGS84
	}
	for i, c := range columns {
		definitions = append(definitions, quote(names[i])+" "+sqlType(c))
	}
	definitions = append(definitions, more...)
	if err := t.exec(`CREATE TABLE ` + quote(name) + " (\n  " + strings.Join(definitions, ",\n  ") + "\n)"); err != nil {
		return err
	}
	if description == "" {
		description = title.Zh
	}
	if err := t.exec(`INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id) VALUES (?, ?, ?, ?, ?, ?)`,
		name, kind, name, description, t.now, srs); err != nil {
		return err
	}
	if geometry == "" {
		return nil
	}
	if err := t.exec(`INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', ?, ?, 0, 0)`, name, geometry, srsWGS84); err != nil {
		return err
	}
	return t.createRTree(name)
}

// dropTable removes a visible table with all that was registered of it.
func (t *tx) dropTable(name string) error {
	for _, q := range []string{`DELETE FROM gpkg_geometry_columns WHERE table_name = ?`, `DELETE FROM gpkg_contents WHERE table_name = ?`,
		`DELETE FROM gpkg_extensions WHERE table_name = ?`} {
		if err := t.exec(q, name); err != nil {
			return err
		}
	}
	if err := t.exec(`DROP TABLE IF EXISTS ` + quote(rtreeName(name))); err != nil {
		return err
	}
	return t.exec(`DROP TABLE IF EXISTS ` + quote(name))
}

// changed stamps a table in gpkg_contents, with its extent; a null bound is of no rows.
func (t *tx) changed(table string, bound orb.Bound, known bool) error {
	extent := []any{nil, nil, nil, nil}
	if known {
		extent = []any{bound.Min[0], bound.Min[1], bound.Max[0], bound.Max[1]}
	}
	return t.exec(`UPDATE gpkg_contents SET last_change = ?, min_x = ?, min_y = ?, max_x = ?, max_y = ? WHERE table_name = ?`,
		append(append([]any{t.now}, extent...), table)...)
}

// The triggers that notice other programs' edits. They use no function, so that they fire in any
// program; the mark is set once and costs nothing after that.
var touchEvents = [...]string{"insert", "update", "delete"}

func (t *tx) createTouchTriggers(l layerTable) error {
	name := l.name()
	for _, event := range touchEvents {
		ids := map[string]string{"insert": "NEW.lc_layer", "update": "OLD.lc_layer, NEW.lc_layer", "delete": "OLD.lc_layer"}[event]
		which := `id IN (` + ids + `)`
		if event != "delete" { // a row that another program adds has no lc_layer yet
			which += ` OR (role = ` + literal(string(l.role)) + ` AND (NEW.lc_layer IS NULL OR OLD_LAYER) AND (name = NEW.layer OR NEW.layer IS NULL OR NEW.layer = ''))`
			moved := `0`
			if event == "update" {
				moved = `OLD.layer IS NOT NEW.layer`
			}
			which = strings.Replace(which, "OLD_LAYER", moved, 1)
		}
		if err := t.exec(fmt.Sprintf(`CREATE TRIGGER %s AFTER %s ON %s
BEGIN
  UPDATE lc_tables SET touched = 1 WHERE name = %s AND touched = 0;
  UPDATE lc_keys SET touched = 1 WHERE touched = 0 AND (%s);
END`, quote("lc_touch_"+name+"_"+event), strings.ToUpper(event), quote(name), literal(name), which)); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) dropTouchTriggers(table string) error {
	for _, event := range touchEvents {
		if err := t.exec(`DROP TRIGGER IF EXISTS ` + quote("lc_touch_"+table+"_"+event)); err != nil {
			return err
		}
	}
	return nil
}

// quietly runs a change of our own to a layer table: without its triggers, which would cost more than the
// rows themselves, and which would take us for another program.
func (t *tx) quietly(l layerTable, change func() error) error {
	if err := t.dropTouchTriggers(l.name()); err != nil {
		return err
	}
	if l.geometry != "" {
		if err := t.dropRTreeTriggers(l.name()); err != nil {
			return err
		}
	}
	if err := change(); err != nil {
		return err // the transaction is rolled back, triggers and all
	}
	if l.geometry != "" {
		if err := t.createRTreeTriggers(l.name()); err != nil {
			return err
		}
	}
	return t.createTouchTriggers(l)
}

// fewRows is up to how many rows of a large table are changed in its R-tree one by one; beyond that, the
// R-tree is packed anew.
const fewRows = 2000

// replaceRows puts a layer's rows in the place of those that its table holds of key.
func (t *tx) replaceRows(key int64, layer *coverage.Layer) error {
	l, ok := layerTableOf(layer.Info.Role)
	if !ok {
		return coverage.Errorf(coverage.Internal, "没有“%s”这种图层", "there is no role %q of layers", layer.Info.Role)
	}
	table, err := coverage.LayersTable(l.role, []*coverage.Layer{layer})
	if err != nil {
		return err
	}
	names, err := t.ensureLayerTable(l, table.Columns)
	if err != nil {
		return err
	}
	return t.quietly(l, func() error {
		var all, old int
		if err := t.row(`SELECT count(*), count(CASE WHEN lc_layer = ? THEN 1 END) FROM `+quote(l.name()), key).Scan(&all, &old); err != nil {
			return err
		}
		pack := l.geometry != "" && (all == old || old+layer.Len() > fewRows)
		if old > 0 {
			if l.geometry != "" && !pack {
				if err := t.exec(`DELETE FROM `+quote(rtreeName(l.name()))+` WHERE id IN (SELECT fid FROM `+quote(l.name())+` WHERE lc_layer = ?)`, key); err != nil {
					return err
				}
			}
			remove, args := ` WHERE lc_layer = ?`, []any{key}
			if all == old {
				remove, args = ``, nil // SQLite empties a whole table at once
			}
			if err := t.exec(`DELETE FROM `+quote(l.name())+remove, args...); err != nil {
				return err
			}
		}
		var boxes []box
		if pack && all > old {
			if boxes, err = t.boxes(l.name()); err != nil {
				return err
			}
		}
		if !pack {
			return t.insertRows(l.name(), l.promote, l.geometry != "", table, names, nil, key)
		}
		var fid int64
		if err := t.row(`SELECT coalesce(max(fid), 0) FROM ` + quote(l.name())).Scan(&fid); err != nil {
			return err
		}
		tree := panics.Meanwhile(func() *packed { // the rows of a layer stand in the table in its own order
			boxes = slices.Grow(boxes, layer.Len())
			for i := range layer.Len() {
				if g := layer.Geometry(i); g != nil && !isEmpty(g) {
					boxes = append(boxes, newBox(fid+int64(i)+1, envelope(g)))
				}
			}
			return rtreeLevels(boxes)
		})
		defer tree() // nothing reads the layer when we are back
		if err := t.insertRows(l.name(), l.promote, l.geometry != "", table, names, func(int64, orb.Geometry) {}, key); err != nil {
			return err
		}
		return t.packRTree(l.name(), tree())
	})
}

// boxes reads the bounds of a table's rows.
func (t *tx) boxes(table string) ([]box, error) {
	rows, err := t.query(`SELECT fid, geom FROM ` + quote(table) + ` WHERE geom IS NOT NULL`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []box
	var blob sql.RawBytes
	for rows.Next() {
		var fid int64
		if err := rows.Scan(&fid, &blob); err != nil {
			return nil, err
		}
		env, ok, err := blobBound(blob)
		if err == nil && ok {
			out = append(out, newBox(fid, env))
		}
	}
	return out, rows.Err()
}

// insertRows appends a table's rows. Their boxes go into the R-tree one by one, unless gather takes the geometries for packing it
// afterwards. Keys (lc_layer) are values of more columns after the table's.
func (t *tx) insertRows(name string, promote func(orb.Geometry) orb.Geometry, spatial bool, table coverage.Table, names []string,
	gather func(fid int64, g orb.Geometry), keys ...int64) error {
	var fid int64
	if err := t.row(`SELECT coalesce(max(fid), 0) FROM ` + quote(name)).Scan(&fid); err != nil {
		return err
	}
	same, cells := sameCells(table)
	list := []string{"fid"} // SQLite's own count may be another, where a program made the column AUTOINCREMENT
	if spatial {
		list = append(list, "geom")
	}
	for i, n := range names {
		if !same[i] {
			list = append(list, quote(n))
		}
	}
	rows := insertion{width: len(list)}
	for i, n := range names {
		if same[i] {
			list, rows.same = append(list, quote(n)), append(rows.same, cells[i])
		}
	}
	for _, k := range keys {
		list, rows.same = append(list, "lc_layer"), append(rows.same, k)
	}
	rows.into = quote(name) + ` (` + strings.Join(list, ", ") + `)`
	insertions := []insertion{rows}
	if spatial && gather == nil {
		insertions = append(insertions, insertion{into: quote(rtreeName(name)), width: 5})
	}
	return t.bulk(insertions, func(put func(int, []driver.Value) error) error {
		args := make([]driver.Value, rows.width)
		var last orb.MultiPolygon // rows of one neighborhood follow each other: its blob is made once
		var blob []byte
		return table.Each(func(_ string, row []coverage.Value, g orb.Geometry) error {
			fid++
			args[0] = fid
			next := 1
			if spatial {
				args[1], next = nil, 2
				if g != nil {
					g = promote(g)
					if mp, ok := g.(orb.MultiPolygon); !ok || blob == nil || !sameSlice(mp, last) {
						blob = encodeBlob(make([]byte, 0, 32), g)
						last = mp
					}
					args[1] = blob
					switch {
					case isEmpty(g):
					case gather != nil:
						gather(fid, g)
					default:
						env := envelope(g)
						if err := put(1, []driver.Value{fid, env[0], env[1], env[2], env[3]}); err != nil {
							return err
						}
					}
				}
			}
			for i, v := range row {
				if !same[i] {
					args[next] = sqlValue(table.Columns[i], v)
					next++
				}
			}
			return put(0, args)
		})
	})
}

// sameSlice tells whether two geometries are one value.
func sameSlice(a, b orb.MultiPolygon) bool { return len(a) > 0 && len(a) == len(b) && &a[0] == &b[0] }

// sameCells tells in which columns all rows of a table are known to say the same, and what: such cells are bound once, and every other one costs
// a call into SQLite.
func sameCells(table coverage.Table) (same []bool, cells []driver.Value) {
	same, cells = make([]bool, len(table.Columns)), make([]driver.Value, len(table.Columns))
	if !slices.Contains(table.Same, true) {
		return same, cells
	}
	_ = table.Each(func(_ string, row []coverage.Value, _ orb.Geometry) error {
		for i, c := range table.Columns {
			if same[i] = table.Same[i]; same[i] {
				cells[i] = sqlValue(c, row[i])
			}
		}
		return io.EOF // the first row says it
	})
	return same, cells
}

// envelope gives the bound of a geometry: min x, max x, min y, max y.
func envelope(g orb.Geometry) [4]float64 {
	b := g.Bound()
	return [4]float64{b.Min[0], b.Max[0], b.Min[1], b.Max[1]}
}

// writeResult writes a table of a run anew.
func (t *tx) writeResult(table coverage.Table, description string) error {
	if !resultName(table.Name) {
		return coverage.Errorf(coverage.Internal, "结果表不能叫“%s”", "no table of results can be called %q", table.Name)
	}
	if err := t.dropTable(table.Name); err != nil {
		return err
	}
	names, l := resultColumns(table), resultTable(table)
	if err := t.createTable(table.Name, l.geometry, description, coverage.Text{}, table.Columns, names); err != nil {
		return err
	}
	var bound orb.Bound
	var boxes []box
	if l.geometry != "" { // the index is packed afterwards
		if err := t.dropRTreeTriggers(table.Name); err != nil {
			return err
		}
	}
	if err := t.insertRows(table.Name, l.promote, l.geometry != "", table, names, func(fid int64, g orb.Geometry) {
		if boxes = append(boxes, newBox(fid, envelope(g))); len(boxes) == 1 {
			bound = g.Bound()
		}
		bound = bound.Union(g.Bound())
	}); err != nil {
		return err
	}
	known := len(boxes) > 0
	if l.geometry != "" {
		if err := t.packRTree(table.Name, rtreeLevels(boxes)); err != nil {
			return err
		}
		if err := t.createRTreeTriggers(table.Name); err != nil {
			return err
		}
	}
	return t.changed(table.Name, bound, known)
}

// resultTable says how the rows of a table of a run are kept.
func resultTable(table coverage.Table) layerTable {
	return layerTable{geometry: strings.ToUpper(table.GeometryType)}
}

// resultColumns gives the SQL names of the columns of a table of a run.
func resultColumns(table coverage.Table) []string {
	names := make([]string, 0, len(table.Columns))
	taken := map[string]bool{"fid": true, "geom": true}
	for _, c := range table.Columns {
		name := c.Name
		for n := 1; !plainName(name) || taken[strings.ToLower(name)]; n++ {
			name = "column_" + strconv.Itoa(n)
		}
		taken[strings.ToLower(name)] = true
		names = append(names, name)
	}
	return names
}

// resultTables are the tables of a run (coverage.Run.Tables).
var resultTables = [...]string{"scores", "coverage", "gaps", "service_areas"}

// resultName tells whether a table of results may have that name: a plain one that begins with no
// layer table's name and is none of ours.
func resultName(name string) bool {
	for i := 0; i < len(name); i++ {
		if c := name[i]; c != '_' && (c < 'a' || c > 'z') {
			return false
		}
	}
	for _, prefix := range []string{"gpkg_", "rtree_", "sqlite_", "lc_"} {
		if strings.HasPrefix(name, prefix) {
			return false
		}
	}
	for _, r := range coverage.Roles {
		if name == string(r) || strings.HasPrefix(name, string(r)+"_") {
			return false
		}
	}
	return name != ""
}

package store

import (
	"cmp"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
)

// What a GeoPackage must have (OGC 12-128r18): its tables about tables, and every geometry with its place in the R-tree.

// coreTables are the tables about tables, with the columns that the standard gives them.
var coreTables = [...]struct {
	name    string
	columns []string
}{
	{"gpkg_spatial_ref_sys", []string{"srs_name", "srs_id", "organization", "organization_coordsys_id", "definition", "description"}},
	{"gpkg_contents", []string{"table_name", "data_type", "identifier", "description", "last_change", "min_x", "min_y", "max_x", "max_y", "srs_id"}},
	{"gpkg_geometry_columns", []string{"table_name", "column_name", "geometry_type_name", "srs_id", "z", "m"}},
	{"gpkg_extensions", []string{"table_name", "column_name", "extension_name", "definition", "scope"}},
}

// checkCore looks at the tables about tables, registered tables apart.
func (c *checker) checkCore() error {
	var version int
	if err := c.row(`PRAGMA user_version`).Scan(&version); err != nil {
		return err
	}
	if version < 10200 || version >= 10500 {
		c.find("user_version", "", 0, "user_version 是 %[1]d，不是 GeoPackage 1.2–1.4", "user_version is %[1]d, not that of a GeoPackage 1.2 to 1.4", version)
	}
	for _, core := range coreTables {
		have, err := c.columns(core.name)
		if err != nil {
			return err
		}
		for _, want := range core.columns {
			if !slices.Contains(have, want) {
				c.find("core_table", core.name, 0, "缺少列 %[1]s", "column %[1]s is missing", want)
			}
		}
	}
	for _, srs := range []struct {
		id           int
		organization string
	}{{-1, "NONE"}, {0, "NONE"}, {srsWGS84, "EPSG"}} {
		var n int
		if err := c.row(`SELECT count(*) FROM gpkg_spatial_ref_sys WHERE srs_id = ?1 AND organization_coordsys_id = ?1 AND upper(organization) = ?2 AND definition <> ''`,
			srs.id, srs.organization).Scan(&n); err != nil {
			return err
		}
		if n != 1 {
			c.find("srs", "gpkg_spatial_ref_sys", int64(srs.id), "缺少坐标参考系 %[1]d，或其定义不对", "the reference system %[1]d is missing or defined otherwise", srs.id)
		}
	}
	return c.checkExtensions()
}

func (c *checker) checkExtensions() error {
	type extension struct {
		row           int64
		table, column sql.NullString
		name, scope   string
	}
	rows, err := c.query(`SELECT rowid, table_name, column_name, extension_name, scope FROM gpkg_extensions ORDER BY rowid`)
	list, err := collect(rows, err, func(r *sql.Rows) (e extension, err error) {
		err = r.Scan(&e.row, &e.table, &e.column, &e.name, &e.scope)
		return e, err
	})
	if err != nil {
		return err
	}
	for _, e := range list {
		if e.scope != "read-write" && e.scope != "write-only" {
			c.find("extension", "gpkg_extensions", e.row, "scope 不能是 %[1]q", "the scope cannot be %[1]q", e.scope)
		}
		if !e.table.Valid {
			continue
		}
		columns, err := c.columns(e.table.String)
		if err != nil {
			return err
		}
		if len(columns) == 0 {
			c.find("extension", "gpkg_extensions", e.row, "扩展 %[1]s 登记了不存在的表 %[2]s", "the extension %[1]s names a table %[2]s that is not there", e.name, e.table.String)
		} else if e.column.Valid && !slices.Contains(columns, e.column.String) {
			c.find("extension", "gpkg_extensions", e.row, "扩展 %[1]s 登记了不存在的列 %[2]s.%[3]s", "the extension %[1]s names a column %[2]s.%[3]s that is not there", e.name, e.table.String, e.column.String)
		}
	}
	return nil
}

// registered is a row of gpkg_contents, with that of gpkg_geometry_columns.
type registered struct {
	name, kind, changed string
	extent              [4]sql.NullFloat64 // min x, max x, min y, max y
	srs                 sql.NullInt64
	geometry            geometryColumn
	touched             bool  // another program edited rows, and they were not read back yet
	drawn               int   // geometries that it wrote in another form than the column's, which reading them back mends
	firstDrawn          int64 // the first of them
}

type geometryColumn struct {
	name, kind string
	srs        int64
	z, m       int
}

// checkTables looks at every registered table: its row in gpkg_contents, its columns, its rows.
func (c *checker) checkTables() error {
	rows, err := c.query(`SELECT table_name, data_type, last_change, min_x, max_x, min_y, max_y, srs_id FROM gpkg_contents ORDER BY table_name`)
	tables, err := collect(rows, err, func(r *sql.Rows) (t registered, err error) {
		var changed any // a driver turns a DATETIME into a time where it can
		err = r.Scan(&t.name, &t.kind, &changed, &t.extent[0], &t.extent[1], &t.extent[2], &t.extent[3], &t.srs)
		return t, err
	})
	if err != nil {
		return err
	}
	for i := range tables {
		t := &tables[i]
		if err := c.row(`SELECT CAST(last_change AS TEXT) FROM gpkg_contents WHERE table_name = ?`, t.name).Scan(&t.changed); err != nil {
			return err
		}
		c.report.Tables++
		if err := c.checkTable(t); err != nil {
			if err := c.unreadable(t.name, err); err != nil {
				return err
			}
		}
	}
	if err := c.checkStrayGeometryColumns(); err != nil {
		return err
	}
	return c.checkUnregistered()
}

// checkUnregistered finds tables of ours that other programs do not see.
func (c *checker) checkUnregistered() error {
	var names []string
	for _, r := range coverage.Roles {
		names = append(names, string(r))
	}
	for _, name := range append(names, resultTables[:]...) {
		exists, err := c.has(name)
		if err != nil {
			return err
		}
		var n int
		if err := c.row(`SELECT count(*) FROM gpkg_contents WHERE table_name = ?`, name).Scan(&n); err != nil {
			return err
		}
		if exists && n == 0 {
			c.find("contents", name, 0, "表没有登记在 gpkg_contents", "the table is not registered in gpkg_contents")
		}
	}
	return nil
}

func (c *checker) checkStrayGeometryColumns() error {
	rows, err := c.query(`SELECT g.table_name FROM gpkg_geometry_columns g LEFT JOIN gpkg_contents t ON t.table_name = g.table_name AND t.data_type = 'features' WHERE t.table_name IS NULL ORDER BY 1`)
	names, err := collect(rows, err, scanOne[string])
	for _, name := range names {
		c.find("geometry_column", name, 0, "登记了几何列，但不是要素表", "it has a geometry column registered, but is no table of features")
	}
	return err
}

// knownColumnType tells whether a GeoPackage knows a type of columns (its table 1), geometries apart.
func knownColumnType(kind string) bool {
	if name, size, ok := strings.Cut(kind, "("); ok && (name == "TEXT" || name == "BLOB") {
		digits, closed := strings.CutSuffix(size, ")")
		return closed && digits != "" && strings.Trim(digits, "0123456789") == ""
	}
	switch kind {
	case "BOOLEAN", "TINYINT", "SMALLINT", "MEDIUMINT", "INT", "INTEGER", "FLOAT", "DOUBLE", "REAL", "TEXT", "BLOB", "DATE", "DATETIME":
		return true
	}
	return false
}

// columnFits tells whether a geometry of a type (the code of WKB) may stand in a column, and whether there is such a type
// of columns.
func columnFits(column string, kind uint32) (fits, known bool) {
	switch column {
	case "GEOMETRY":
		return true, true
	case "GEOMETRYCOLLECTION":
		return kind >= wkbMultiPoint && kind <= wkbCollection, true
	}
	names := [...]string{wkbPoint: "POINT", wkbLineString: "LINESTRING", wkbPolygon: "POLYGON", wkbMultiPoint: "MULTIPOINT",
		wkbMultiLineString: "MULTILINESTRING", wkbMultiPolygon: "MULTIPOLYGON"}
	for code, name := range names {
		if name != "" && name == column {
			return kind == uint32(code), true
		}
	}
	return false, false
}

// encodesAs tells whether a geometry, as we write it, is of the type of a column.
func encodesAs(g orb.Geometry, column string) bool {
	fits, known := columnFits(column, wkbKind(appendWKB(nil, g)))
	return known && fits
}

func (c *checker) checkTable(t *registered) error {
	if !validTimestamp(t.changed) {
		c.find("last_change", t.name, 0, "last_change 的格式不对: %[1]s", "last_change is not in its form: %[1]s", t.changed)
	}
	exists, err := c.has(t.name)
	if err != nil {
		return err
	}
	if !exists {
		c.find("contents", t.name, 0, "登记在 gpkg_contents 的表不存在", "it is registered in gpkg_contents, but there is no such table")
		return nil
	}
	if t.kind != "features" && t.kind != "attributes" {
		c.note("other_kind", t.name, "%[1]s 表不是本程序的，未检查", "a table of %[1]s is none of ours, and was not looked at", t.kind)
		return nil
	}
	known := true
	if t.kind == "features" {
		err := c.row(`SELECT column_name, geometry_type_name, srs_id, z, m FROM gpkg_geometry_columns WHERE table_name = ?`, t.name).
			Scan(&t.geometry.name, &t.geometry.kind, &t.geometry.srs, &t.geometry.z, &t.geometry.m)
		if err == sql.ErrNoRows {
			c.find("geometry_column", t.name, 0, "要素表没有登记几何列", "a table of features without a geometry column")
			known = false
		} else if err != nil {
			return err
		}
	}
	if err := c.checkColumns(t); err != nil {
		return err
	}
	if t.kind == "attributes" || !known {
		n, err := c.count(t.name)
		c.report.Rows += n
		return err
	}
	if _, known := columnFits(t.geometry.kind, 0); !known {
		c.find("geometry_column", t.name, 0, "几何类型 %[1]q 不在标准之中", "the standard has no type of geometry %[1]q", t.geometry.kind)
	}
	if !t.srs.Valid || t.srs.Int64 != t.geometry.srs {
		c.find("contents_srs", t.name, 0, "gpkg_contents 的坐标系是 %[1]d，几何列的是 %[2]d", "the reference system is %[1]d in gpkg_contents, but %[2]d of the geometry column", t.srs.Int64, t.geometry.srs)
	}
	return c.checkFeatures(t)
}

func (c *checker) count(table string) (n int, err error) {
	err = c.row(`SELECT count(*) FROM ` + quote(table)).Scan(&n)
	return n, err
}

func (c *checker) checkColumns(t *registered) error {
	type column struct {
		name, kind string
		key        int
	}
	rows, err := c.query(`SELECT name, type, pk FROM pragma_table_info(?)`, t.name)
	columns, err := collect(rows, err, func(r *sql.Rows) (col column, err error) {
		err = r.Scan(&col.name, &col.kind, &col.key)
		return col, err
	})
	if err != nil {
		return err
	}
	keyed, geometry := false, false
	for _, col := range columns {
		keyed = keyed || col.key == 1 && strings.EqualFold(col.kind, "INTEGER")
		if col.name == t.geometry.name && t.kind == "features" {
			geometry = true
			if col.kind != t.geometry.kind {
				c.find("column_type", t.name, 0, "列 %[1]s 的类型是 %[2]q，登记的是 %[3]q", "column %[1]s is of type %[2]q, registered as %[3]q", col.name, col.kind, t.geometry.kind)
			}
			continue
		}
		if !knownColumnType(col.kind) {
			c.find("column_type", t.name, 0, "列 %[1]s 的类型 %[2]q 不在 GeoPackage 之中", "column %[1]s is of a type %[2]q that a GeoPackage does not know", col.name, col.kind)
		}
	}
	if !keyed {
		c.find("primary_key", t.name, 0, "没有整数主键", "it has no integer primary key")
	}
	if t.kind == "features" && !geometry && t.geometry.name != "" {
		c.find("geometry_column", t.name, 0, "登记的几何列 %[1]s 不存在", "the registered geometry column %[1]s is not there", t.geometry.name)
	}
	return nil
}

// indexed is a row of an R-tree.
type indexed struct {
	id  int64
	env [4]float64 // min x, max x, min y, max y, rounded outwards to 32 bits
}

// checkFeatures looks at every geometry, and at the R-tree beside it.
func (c *checker) checkFeatures(t *registered) error {
	if err := c.row(`SELECT EXISTS (SELECT 1 FROM lc_tables WHERE name = ?1 AND touched) OR EXISTS (SELECT 1 FROM lc_keys WHERE role = ?1 AND touched)`, t.name).Scan(&t.touched); err != nil {
		return err
	}
	tree, hasTree, err := c.readTree(t)
	if err != nil {
		return err
	}
	rows, err := c.query(fmt.Sprintf(`SELECT rowid, CASE WHEN typeof(%[1]s) IN ('blob', 'null') THEN %[1]s ELSE x'00' END FROM %[2]s ORDER BY rowid`, quote(t.geometry.name), quote(t.name)))
	if err != nil {
		return err
	}
	defer rows.Close()
	var extent [4]float64
	var any, unsound bool
	var fid int64
	var blob sql.RawBytes
	next := 0
	for rows.Next() {
		if err := rows.Scan(&fid, &blob); err != nil {
			return err
		}
		if c.report.Rows++; c.report.Rows%4096 == 0 {
			if err := c.canceled(); err != nil {
				return err
			}
		}
		env, ok, sound := c.checkGeometry(t, fid, blob)
		unsound = unsound || !sound
		for ; next < len(tree) && tree[next].id < fid; next++ {
			c.find("rtree_extra", t.name, tree[next].id, "R 树里有这一行，表里没有", "the R-tree has a row that the table has not")
		}
		here := next < len(tree) && tree[next].id == fid
		switch {
		case !sound || !hasTree:
		case ok && !here:
			c.find("rtree_lost", t.name, fid, "R 树里没有这一行", "the row is not in the R-tree")
		case !ok && here:
			c.find("rtree_extra", t.name, fid, "R 树里有这一行，但它没有几何", "the R-tree has a row without a geometry")
		case ok && !boxFits(tree[next].env, env):
			c.find("rtree_box", t.name, fid, "R 树里的范围不是几何的范围", "its box in the R-tree is not that of its geometry")
		}
		if here {
			next++
		}
		if ok {
			if any {
				e := &extent
				*e = [4]float64{min(e[0], env[0]), max(e[1], env[1]), min(e[2], env[2]), max(e[3], env[3])}
			} else {
				extent, any = env, true
			}
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for ; next < len(tree); next++ {
		c.find("rtree_extra", t.name, tree[next].id, "R 树里有这一行，表里没有", "the R-tree has a row that the table has not")
	}
	if t.drawn > 0 {
		c.note("edited", t.name, "其他程序写入的 %[1]d 个几何(首个在第 %[2]d 行)类型与列的 %[3]s 不符，下次评估时改正",
			"%[1]d geometries that another program wrote (the first in row %[2]d) are not of the column's type %[3]s; the next run mends them", t.drawn, t.firstDrawn, t.geometry.kind)
	}
	if unsound {
		return nil // nobody knows their extent
	}
	return c.checkExtent(t, extent, any)
}

// checkExtent compares the extent in gpkg_contents with the rows. A table that another program edited may have one that
// is too large, as nobody shrinks it.
func (c *checker) checkExtent(t *registered, env [4]float64, any bool) error {
	var known int
	for _, v := range t.extent {
		if v.Valid {
			known++
		}
	}
	if known == 0 && !any {
		return nil
	}
	wrong := known != 4 || !any && !t.touched
	for i := 0; i < 4 && !wrong && any; i++ {
		beyond := env[i] - t.extent[i].Float64
		if i%2 == 0 {
			beyond = -beyond
		}
		wrong = beyond > 1e-9 || !t.touched && beyond < -1e-9
	}
	if wrong {
		c.find("extent", t.name, 0, "gpkg_contents 里的范围不是各行的范围", "the extent in gpkg_contents is not that of the rows")
	}
	return nil
}

// readTree reads a table's R-tree, sorted by row; ok is false where there is none.
func (c *checker) readTree(t *registered) (tree []indexed, ok bool, err error) {
	name := "rtree_" + t.name + "_" + t.geometry.name
	var n, registered int
	if err := c.row(`SELECT count(*) FROM sqlite_master WHERE name = ? AND sql LIKE 'CREATE VIRTUAL TABLE%rtree%'`, name).Scan(&n); err != nil {
		return nil, false, err
	}
	if err := c.row(`SELECT count(*) FROM gpkg_extensions WHERE table_name = ? AND column_name = ? AND extension_name = 'gpkg_rtree_index'`, t.name, t.geometry.name).Scan(&registered); err != nil {
		return nil, false, err
	}
	switch {
	case n == 0 && registered == 0 && !c.ours(t.name):
		return nil, false, nil // another program's table may do without
	case n == 0:
		c.find("rtree_table", t.name, 0, "没有 R 树索引", "it has no R-tree")
		return nil, false, nil
	case registered == 0:
		c.find("rtree_extension", t.name, 0, "R 树没有登记在 gpkg_extensions", "its R-tree is not registered in gpkg_extensions")
	}
	if err := c.checkTreeTriggers(t, name); err != nil {
		return nil, false, err
	}
	rows, err := c.query(`SELECT * FROM ` + quote(name))
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	for rows.Next() {
		var r indexed
		if err := rows.Scan(&r.id, &r.env[0], &r.env[1], &r.env[2], &r.env[3]); err != nil {
			return nil, false, err
		}
		tree = append(tree, r)
	}
	slices.SortFunc(tree, func(a, b indexed) int { return cmp.Compare(a.id, b.id) })
	return tree, true, rows.Err()
}

// ours tells whether a table is one that we make.
func (c *checker) ours(table string) bool {
	_, layer := layerTableOf(coverage.Role(table))
	return layer || slices.Contains(resultTables[:], table)
}

// checkTreeTriggers looks for the standard's triggers: those of GeoPackage 1.2 and 1.3, or those of 1.4, which split the first update.
func (c *checker) checkTreeTriggers(t *registered, tree string) error {
	rows, err := c.query(`SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ? AND sql LIKE '%' || ? || '%'`, t.name, tree)
	have, err := collect(rows, err, scanOne[string])
	if err != nil {
		return err
	}
	missing := func(ends ...string) (out []string) {
		for _, end := range ends {
			if !slices.Contains(have, tree+"_"+end) {
				out = append(out, tree+"_"+end)
			}
		}
		return out
	}
	old, now := missing("insert", "update1", "update2", "update3", "update4", "delete"), missing("insert", "update2", "update4", "update5", "update6", "update7", "delete")
	if len(now) < len(old) {
		old = now
	}
	for _, name := range old {
		c.find("rtree_trigger", t.name, 0, "缺少触发器 %[1]s", "the trigger %[1]s is missing", name)
	}
	return nil
}

// boxFits tells whether a box of an R-tree holds a geometry's, and is no larger than rounding to 32 bits makes it.
func boxFits(tree, env [4]float64) bool {
	for i, v := range env {
		slack := math.Abs(v)*(1.0/(1<<21)) + 1e-30
		beyond := v - tree[i]
		if i%2 == 1 {
			beyond = -beyond
		}
		if !(beyond >= 0 && beyond <= slack) {
			return false
		}
	}
	return true
}

// checkGeometry looks at one blob. It gives the bound of its geometry, ok = false for none; sound is false where the
// bound cannot be told.
func (c *checker) checkGeometry(t *registered, fid int64, blob []byte) (env [4]float64, ok, sound bool) {
	if blob == nil {
		return env, false, true
	}
	c.report.Geometries++
	find := func(code, zh, en string, args ...any) { c.find(code, t.name, fid, zh, en, args...) }
	envelope, wkb, err := blobHead(blob)
	if err != nil || blob[2] != 0 || blob[3]&0xc0 != 0 {
		find("geometry_header", "不是 GeoPackage 的几何", "it is no geometry of a GeoPackage")
		return env, false, false
	}
	if srs := blobSRS(blob); int64(srs) != t.geometry.srs {
		find("geometry_srs", "几何的坐标系是 %[1]d，列的是 %[2]d", "the geometry's reference system is %[1]d, the column's %[2]d", srs, t.geometry.srs)
	}
	g, err := decodeWKB(wkb)
	if err != nil {
		find("geometry_wkb", "几何无法解码: %[1]v", "the geometry cannot be decoded: %[1]v", err)
		return env, false, false
	}
	kind := wkbKind(wkb)
	if kind&0xe0000000 != 0 {
		find("geometry_wkb", "几何是 EWKB，不是 ISO WKB", "the geometry is EWKB, not ISO WKB")
	}
	z, m := kind/1000 == 1 || kind/1000 == 3, kind/1000 == 2 || kind/1000 == 3
	if fits, known := columnFits(t.geometry.kind, kind%1000); known && !fits ||
		z && t.geometry.z == 0 || !z && t.geometry.z == 1 || m && t.geometry.m == 0 || !m && t.geometry.m == 1 {
		if l, ours := layerTableOf(coverage.Role(t.name)); ours && t.touched && encodesAs(l.promote(g), t.geometry.kind) {
			if t.drawn++; t.drawn == 1 {
				t.firstDrawn = fid
			}
		} else {
			find("geometry_type", "几何类型 %[1]d 与列的 %[2]s 不符", "the geometry's type %[1]d does not fit the column's %[2]s", kind, t.geometry.kind)
		}
	}
	empty := isEmpty(g)
	if empty != (blob[3]&(1<<4) != 0) {
		find("geometry_empty", "“空”标记与几何不符", "the mark of an empty geometry does not fit it")
	}
	if empty {
		return env, false, true
	}
	if !soundPositions(g, t.geometry.srs == srsWGS84) {
		find("geometry_position", "坐标不是有限数，或超出经纬度范围", "a position is not finite, or beyond the degrees")
		return env, false, false
	}
	if fault := shapeFault(g); fault != (coverage.Text{}) {
		find("geometry_shape", "%[1]s", "%[2]s", fault.Zh, fault.En)
	}
	b := g.Bound()
	env = [4]float64{b.Min[0], b.Max[0], b.Min[1], b.Max[1]}
	if envelope != nil && *envelope != env {
		find("geometry_envelope", "头部的范围不是几何的范围", "the envelope in its header is not that of the geometry")
	}
	return env, true, true
}

// soundPositions tells whether every position is finite, and in degrees where it should be.
func soundPositions(g orb.Geometry, degrees bool) bool {
	x, y := math.MaxFloat64, math.MaxFloat64
	if degrees {
		x, y = 180, 90
	}
	sound := true
	eachLine(g, func(line []orb.Point, _ int) {
		for _, p := range line {
			sound = sound && math.Abs(p[0]) <= x && math.Abs(p[1]) <= y
		}
	})
	return sound
}

// shapeFault says what is wrong with lines and rings as such.
func shapeFault(g orb.Geometry) (fault coverage.Text) {
	eachLine(g, func(line []orb.Point, least int) {
		switch {
		case least == ringLeast && (len(line) < least || line[0] != line[len(line)-1]):
			fault = coverage.Text{Zh: "环没有闭合，或少于 4 个点", En: "a ring is not closed, or has fewer than 4 positions"}
		case len(line) < least:
			fault = coverage.Text{Zh: "线少于 2 个点", En: "a line has fewer than 2 positions"}
		}
	})
	return fault
}

const ringLeast = 4

// eachLine gives the runs of positions of a geometry, and of how many each must be: points, lines, rings.
func eachLine(g orb.Geometry, yield func(line []orb.Point, least int)) {
	switch g := g.(type) {
	case orb.Point:
		yield([]orb.Point{g}, 1)
	case orb.MultiPoint:
		yield(g, 1)
	case orb.LineString:
		yield(g, 2)
	case orb.MultiLineString:
		for _, l := range g {
			yield(l, 2)
		}
	case orb.Polygon:
		for _, r := range g {
			yield(r, ringLeast)
		}
	case orb.MultiPolygon:
		for _, p := range g {
			eachLine(p, yield)
		}
	case orb.Collection:
		for _, p := range g {
			eachLine(p, yield)
		}
	}
}

package store

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"reflect"
	"time"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/ledger"
)

// What the project promises beside the GeoPackage: every version of every layer can be read and is what its hash says, the rows that
// everybody sees are those of the current versions, every run can be read again.

// keptVersion is a row of lc_layers with its key.
type keptVersion struct {
	id, keyID int64
	key       coverage.LayerKey
	touched   int
	version   int
	current   int
	hash      string
	info      string
	areas     []byte
}

// checkVersions looks at every version of every layer, and at the rows of the current ones.
func (c *checker) checkVersions() error {
	if err := c.checkKeys(); err != nil {
		return err
	}
	rows, err := c.query(`SELECT l.id, k.id, k.role, k.service, k.name, k.touched, l.version, l.is_current, l.hash, l.info, l.areas
FROM lc_layers l JOIN lc_keys k ON k.id = l.key_id ORDER BY k.role, k.service, k.name, l.version`)
	versions, err := collect(rows, err, func(r *sql.Rows) (v keptVersion, err error) {
		err = r.Scan(&v.id, &v.keyID, &v.key.Role, &v.key.Service, &v.key.Name, &v.touched, &v.version, &v.current, &v.hash, &v.info, &v.areas)
		return v, err
	})
	if err != nil {
		return err
	}
	for i := range versions {
		v := &versions[i]
		if err := c.canceled(); err != nil {
			return err
		}
		l := c.checkVersion(v)
		c.report.Versions++
		if l != nil && v.current != 0 && v.touched == 0 {
			if err := c.checkVisible(v, l); err != nil {
				if err := c.unreadable(string(v.key.Role), err); err != nil {
					return err
				}
			}
		}
		if err := c.checkReport(v); err != nil {
			return err
		}
	}
	if err := c.checkStrayRows(); err != nil {
		return err
	}
	rows, err = c.query(`SELECT hash FROM lc_contents WHERE hash NOT IN (SELECT hash FROM lc_layers) ORDER BY hash`)
	hashes, err := collect(rows, err, scanOne[string])
	for _, h := range hashes {
		c.find("content_stray", "lc_contents", 0, "内容 %.12[1]s 不属于任何版本", "the content %.12[1]s is of no version", h)
	}
	return err
}

// checkKeys looks for a current version, the newest, of every layer, and lists what was edited.
func (c *checker) checkKeys() error {
	type key struct {
		id              int64
		name            string
		touched         int
		current, newest int
		count           int
		info            string // of the newest
	}
	rows, err := c.query(`SELECT k.id, k.name, k.touched, coalesce(max(CASE WHEN l.is_current THEN l.version END), 0), coalesce(max(l.version), 0), count(l.id),
  coalesce((SELECT info FROM lc_layers WHERE key_id = k.id ORDER BY version DESC LIMIT 1), '')
FROM lc_keys k LEFT JOIN lc_layers l ON l.key_id = k.id GROUP BY k.id ORDER BY k.id`)
	keys, err := collect(rows, err, func(r *sql.Rows) (k key, err error) {
		err = r.Scan(&k.id, &k.name, &k.touched, &k.current, &k.newest, &k.count, &k.info)
		return k, err
	})
	for _, k := range keys {
		if h, err := historyOf(k.info); err == nil && h.Undone && k.current == 0 && k.count == k.newest {
			continue // its first version was undone
		}
		if k.current == 0 || k.current != k.newest || k.count != k.newest {
			c.find("layer_version", "lc_keys", k.id, "图层“%[1]s”的当前版本是 %[2]d，最新的是 %[3]d，共 %[4]d 个",
				"layer %[1]q: the current version is %[2]d, the newest %[3]d, of %[4]d", k.name, k.current, k.newest, k.count)
		}
		if k.touched != 0 {
			c.note("edited", "lc_keys", "图层“%[1]s”被其他程序编辑过，下次评估时读回", "layer %[1]q was edited by another program; the next run reads it back", k.name)
		}
	}
	return err
}

// checkVersion reads one version; nil where it cannot be read.
func (c *checker) checkVersion(v *keptVersion) *coverage.Layer {
	find := func(code, zh, en string, args ...any) {
		args = append([]any{v.key.Name, v.version}, args...)
		c.find(code, "lc_layers", v.id, "图层“%[1]s”版本 %[2]d: "+zh, "layer %[1]q version %[2]d: "+en, args...)
	}
	info, err := decodeInfo(v.info, v.areas)
	if err != nil {
		find("layer_info", "其信息无法读取: %[3]v", "what is said of it cannot be read: %[3]v", err)
		return nil
	}
	var size int
	var deflated bool
	var data []byte
	err = c.row(`SELECT size, deflate, data FROM lc_contents WHERE hash = ?`, v.hash).Scan(&size, &deflated, &data)
	if errors.Is(err, sql.ErrNoRows) {
		find("layer_content", "没有内容", "its content is missing")
		return nil
	}
	if err == nil {
		data, err = unseal(data, size, deflated)
	}
	var l *coverage.Layer
	if err == nil {
		l, err = coverage.UnpackLayer(data)
	}
	if err != nil {
		zh, en := errorText(err)
		find("layer_content", "内容无法解包: %[3]s", "its content cannot be unpacked: %[4]s", zh, en)
		return nil
	}
	l.Info = info
	l.Info.Version, l.Info.Hash = v.version, v.hash
	if info.LayerKey != v.key || info.Rows != l.Len() || info.Version != 0 && info.Version != v.version {
		find("layer_info", "其信息与内容不符", "what is said of it does not fit its content")
	}
	if l.ComputeHash() != v.hash {
		find("layer_hash", "内容与哈希不符", "its content is not what its hash says")
		return nil
	}
	return l
}

// checkReport looks at the import report of a version, if it has one.
func (c *checker) checkReport(v *keptVersion) error {
	var size int
	var data []byte
	err := c.row(`SELECT size, data FROM lc_reports WHERE layer_id = ?`, v.id).Scan(&size, &data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	data, err = inflate(data, size)
	r := &coverage.ImportReport{}
	if err == nil {
		err = json.Unmarshal(data, r)
	}
	switch {
	case err != nil:
		zh, en := errorText(err)
		c.find("report", "lc_reports", v.id, "图层“%[1]s”版本 %[2]d 的导入报告无法读取: %[3]s", "the import report of layer %[1]q version %[2]d cannot be read: %[4]s", v.key.Name, v.version, zh, en)
	case r.Read != r.Used+r.Repaired+r.Refused || r.Version != v.version || r.Hash != v.hash:
		c.find("report", "lc_reports", v.id, "图层“%[1]s”版本 %[2]d 的导入报告与版本不符，或各数之和不对", "the import report of layer %[1]q version %[2]d is not that of the version, or does not add up", v.key.Name, v.version)
	}
	return nil
}

// checkVisible compares the rows that everybody sees with the version that scoring reads: by reading them as Refresh would.
func (c *checker) checkVisible(v *keptVersion, l *coverage.Layer) error {
	table, _ := layerTableOf(v.key.Role)
	name := table.name()
	if exists, err := c.has(name); err != nil || !exists {
		if err == nil {
			c.find("layer_table", name, 0, "图层表不存在", "the table of the layers is gone")
		}
		return err
	}
	if err := c.checkTouchTriggers(name); err != nil {
		return err
	}
	e := newEdit(c.tx, table, l, v.keyID, c.report.File)
	err := e.read()
	var fresh *coverage.Layer
	if err == nil {
		fresh, err = e.layer()
	}
	if refusal := (*coverage.Error)(nil); errors.As(err, &refusal) {
		zh, en := errorText(refusal)
		c.find("row_unusable", name, 0, "%[1]s", "%[2]s", zh, en)
		return nil
	}
	if err != nil || fresh.ComputeHash() == v.hash {
		return err
	}
	return c.findRows(name, e, l, fresh)
}

// findRows lists the rows in which the table and the version differ.
func (c *checker) findRows(table string, e *edit, old, fresh *coverage.Layer) error {
	was, err := rowPrints(e.l.role, old)
	if err != nil {
		return err
	}
	is, err := rowPrints(e.l.role, fresh)
	if err != nil {
		return err
	}
	found := false
	for i, id := range old.IDs {
		print, there := is[id]
		switch {
		case !there:
			c.find("row_lost", table, 0, "表里缺少 %[1]q", "the row %[1]q is missing in the table", id)
		case print != was[id]:
			c.find("row_changed", table, e.found[i], "%[1]q 与评估所读的版本不同，却没有编辑标记", "%[1]q is not what scoring reads, and is not marked as edited", id)
		default:
			continue
		}
		found = true
	}
	for _, id := range fresh.IDs {
		if _, there := was[id]; !there {
			c.find("row_extra", table, e.added[id], "%[1]q 不在评估所读的版本里，却没有编辑标记", "%[1]q is not in what scoring reads, and is not marked as edited", id)
			found = true
		}
	}
	if !found {
		c.find("row_changed", table, 0, "图层“%[1]s”的行与评估所读的版本不同", "the rows of layer %[1]q are not what scoring reads", old.Info.Name)
	}
	return nil
}

// rowPrints gives a hash of every row of a layer by its id.
func rowPrints(role coverage.Role, l *coverage.Layer) (map[string][sha256.Size]byte, error) {
	table, err := coverage.LayersTable(role, []*coverage.Layer{l})
	if err != nil {
		return nil, err
	}
	out := make(map[string][sha256.Size]byte, l.Len())
	var b []byte
	err = table.Each(func(id string, row []coverage.Value, g orb.Geometry) error {
		b = table.AppendRowJSON(b[:0], row)
		if g != nil {
			b = appendWKB(b, simplest(g))
		}
		out[id] = sha256.Sum256(b)
		return nil
	})
	return out, err
}

// checkTouchTriggers looks for the triggers that notice other programs' edits.
func (c *checker) checkTouchTriggers(table string) error {
	for _, event := range touchEvents {
		var n int
		name := "lc_touch_" + table + "_" + event
		if err := c.row(`SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name = ? AND tbl_name = ? AND sql LIKE '%lc_keys%'`, name, table).Scan(&n); err != nil {
			return err
		}
		if n == 0 && c.shown[[2]string{"touch_trigger", table}] < len(touchEvents) {
			c.find("touch_trigger", table, 0, "缺少触发器 %[1]s，其他程序的编辑不会被发现", "the trigger %[1]s is missing: edits in other programs go unnoticed", name)
		}
	}
	return nil
}

// checkStrayRows finds rows of layer tables that are of no layer.
func (c *checker) checkStrayRows() error {
	rows, err := c.query(`SELECT name FROM lc_tables WHERE touched = 0 ORDER BY name`)
	names, err := collect(rows, err, scanOne[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		if exists, err := c.has(name); err != nil || !exists {
			if err != nil {
				return err
			}
			continue
		}
		rows, err := c.query(`SELECT fid FROM `+quote(name)+` WHERE lc_layer IS NULL OR lc_layer NOT IN (SELECT id FROM lc_keys WHERE role = ?) ORDER BY fid`, name)
		fids, err := collect(rows, err, scanOne[int64])
		if err != nil {
			if err := c.unreadable(name, err); err != nil {
				return err
			}
		}
		for _, fid := range fids {
			c.find("row_stray", name, fid, "这一行不属于任何图层", "the row is of no layer")
		}
	}
	return nil
}

// checkRuns looks at every run, and at the tables of the latest.
func (c *checker) checkRuns() error {
	type kept struct {
		seq                         int64
		hash, created, info, inputs string
		latest                      int
		size                        int
	}
	rows, err := c.query(`SELECT seq, hash, is_latest, created, info, inputs, size FROM lc_runs ORDER BY seq`)
	runs, err := collect(rows, err, func(r *sql.Rows) (k kept, err error) {
		err = r.Scan(&k.seq, &k.hash, &k.latest, &k.created, &k.info, &k.inputs, &k.size)
		return k, err
	})
	if err != nil {
		return err
	}
	wanted, err := c.noted()
	if err != nil {
		return err
	}
	seen := map[noted]bool{}
	latest, complete := 0, true
	for _, k := range runs {
		if err := c.canceled(); err != nil {
			return err
		}
		c.report.Runs++
		find := func(code, zh, en string, args ...any) {
			args = append([]any{k.hash}, args...)
			c.find(code, "lc_runs", k.seq, "评估 %.12[1]s: "+zh, "run %.12[1]s: "+en, args...)
		}
		var info coverage.RunInfo
		var inputs []coverage.InputRef
		if err := errors.Join(json.Unmarshal([]byte(k.info), &info), json.Unmarshal([]byte(k.inputs), &inputs)); err != nil {
			find("run_info", "其信息无法读取: %[2]v", "what is said of it cannot be read: %[2]v", err)
			complete = false
			continue
		}
		_, err := time.Parse(time.RFC3339, k.created)
		if info.Hash != k.hash || err != nil {
			find("run_info", "其信息与这一行不符", "what is said of it does not fit its row")
		}
		for _, in := range inputs {
			var n int
			if err := c.row(`SELECT count(*) FROM lc_layers WHERE hash = ?`, in.Hash).Scan(&n); err != nil {
				return err
			}
			if n == 0 {
				find("run_input", "所读的图层“%[2]s”版本 %[3]d 已不存在", "the layer %[2]q version %[3]d that it read is not there", in.Name, in.Version)
			}
		}
		var data []byte
		if err := c.row(`SELECT data FROM lc_runs WHERE seq = ?`, k.seq).Scan(&data); err != nil {
			return err
		}
		data, err = inflate(data, k.size)
		r := &coverage.Run{}
		if err == nil {
			err = r.UnmarshalBinary(data)
		}
		switch {
		case err != nil:
			zh, en := errorText(err)
			find("run_content", "结果无法解包: %[2]s", "its results cannot be unpacked: %[3]s", zh, en)
			complete = false
			continue
		case r.Counts != info.Counts || !reflect.DeepEqual(r.Params, info.Params) || r.CatalogHash != r.Catalog.Hash():
			find("run_content", "结果与其信息不符", "its results are not what is said of it")
			complete = false
			continue
		}
		if len(wanted) > 0 {
			r.RunInfo = info
			var h ledger.History
			h.Add(ledger.Scoring{Run: k.hash}, r)
			series := ledger.SeriesOf(&info).Key()
			for _, f := range h.Findings() {
				if at := (noted{series, f.ID}); wanted[at] > 0 {
					seen[at] = true
				}
			}
		}
		tables, err := c.checkDrawings(r, k.seq, k.hash)
		if err != nil {
			return err
		}
		if k.latest != 0 {
			latest++
			r.RunInfo = info
			if err := c.checkResults(r, tables); err != nil {
				return err
			}
		}
		r.Gaps, r.ServiceAreas = nil, nil
	}
	if len(runs) > 0 && latest != 1 {
		c.find("run_latest", "lc_runs", 0, "最新的评估应有一个，却有 %[1]d 个可读", "one run should be the latest, %[1]d can be read that are", latest)
	}
	if c.report.Schema < ledgerSchema {
		return nil
	}
	return c.checkLedger(wanted, seen, complete)
}

// checkDrawings unpacks the drawings of a run, if it has them, and gives the tables that the run then has.
func (c *checker) checkDrawings(r *coverage.Run, seq int64, hash string) ([]coverage.Table, error) {
	rows, err := c.query(`SELECT requirement, size, data FROM lc_drawings WHERE run = ? ORDER BY requirement`, seq)
	var bad error
	packed, err := collect(rows, err, func(row *sql.Rows) (b []byte, err error) {
		var requirement int
		var d drawing
		if err = row.Scan(&requirement, &d.size, &d.data); err == nil {
			b, bad = inflate(d.data, d.size)
		}
		return b, err
	})
	if err != nil || len(packed) == 0 {
		return r.Tables(), err
	}
	if bad == nil {
		bad = r.UnpackDrawings(packed)
	}
	if bad != nil {
		zh, en := errorText(bad)
		c.find("run_content", "lc_drawings", seq, "评估 %.12[1]s: 盲区与服务范围无法解包: %[2]s", "run %.12[1]s: its gaps and service areas cannot be unpacked: %[3]s", hash, zh, en)
		return []coverage.Table{r.ScoresTable()}, nil // the others cannot be compared
	}
	return r.Tables(), nil
}

// checkResults compares the tables that everybody sees with those of the latest run.
func (c *checker) checkResults(r *coverage.Run, tables []coverage.Table) error {
	for _, want := range tables {
		if err := c.checkResult(want, describe(r, want)); err != nil {
			if err := c.unreadable(want.Name, err); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *checker) checkResult(want coverage.Table, describes string) error {
	var description string
	err := c.row(`SELECT coalesce(description, '') FROM gpkg_contents WHERE table_name = ?`, want.Name).Scan(&description)
	if exists, e := c.has(want.Name); e != nil || !exists || errors.Is(err, sql.ErrNoRows) {
		c.find("result_table", want.Name, 0, "缺少最新评估的结果表", "the table of the latest run is missing")
		return e
	}
	if err != nil {
		return err
	}
	if description != describes {
		c.find("result_table", want.Name, 0, "结果表不是最新评估的: %[1]s", "the table is not that of the latest run: %[1]s", description)
		return nil
	}
	l := resultTable(want)
	spatial := l.geometry != ""
	list := quoteAll(resultColumns(want))
	if spatial {
		list = "geom, " + list
	}
	rows, err := c.query(`SELECT fid, ` + list + ` FROM ` + quote(want.Name) + ` ORDER BY fid`)
	if err != nil {
		return err
	}
	defer rows.Close()
	cells := make([]any, len(want.Columns))
	var fid int64
	var blob sql.RawBytes
	targets := []any{&fid}
	if spatial {
		targets = append(targets, &blob)
	}
	for i := range cells {
		targets = append(targets, &cells[i])
	}
	count, short := 0, false
	if err := want.Each(func(id string, row []coverage.Value, g orb.Geometry) error {
		if short || !rows.Next() {
			short = true
			return nil
		}
		count++
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		same := true
		if spatial {
			var b []byte
			if g != nil {
				b = encodeBlob(nil, l.promote(g))
			}
			same = bytes.Equal(b, blob)
		}
		for i, v := range row {
			same = same && sameCell(want.Columns[i], v, cells[i])
		}
		if !same {
			c.find("result_row", want.Name, fid, "这一行不是最新评估的结果（%[1]s）", "the row is not what the latest run found (%[1]s)", id)
		}
		return nil
	}); err != nil {
		return err
	}
	more := 0
	for rows.Next() {
		more++
	}
	if short || more > 0 {
		c.find("result_row", want.Name, 0, "行数不是最新评估的: %[1]d，应为 %[2]d", "it has not the rows of the latest run: %[1]d instead of %[2]d", count+more, want.Len)
	}
	return rows.Err()
}

// sameCell compares a cell as SQLite gives it back with what it was made from.
func sameCell(column coverage.Column, v coverage.Value, cell any) bool {
	switch want := sqlValue(column, v).(type) {
	case nil:
		return cell == nil
	case string:
		got, ok := cell.(string)
		return ok && got == want
	case int64:
		if got, ok := cell.(bool); ok { // the driver gives a BOOLEAN so
			return got == (want != 0)
		}
		got, ok := cell.(int64)
		return ok && got == want
	case float64:
		got, ok := cell.(float64)
		return ok && cmp.Compare(got, want) == 0
	}
	return false
}

// checkCache looks for values that are not what was computed; they are not used.
func (c *checker) checkCache() error {
	rows, err := c.query(`SELECT seq FROM lc_cache ORDER BY seq`)
	list, err := collect(rows, err, scanOne[int64])
	if err != nil {
		return err
	}
	for _, seq := range list {
		var size int
		var value []byte
		if err := c.row(`SELECT size, value FROM lc_cache WHERE seq = ?`, seq).Scan(&size, &value); err != nil {
			return err
		}
		if _, err := checkSum(value, size); err != nil {
			c.find("cache", "lc_cache", seq, "缓存的值已损坏，不会被使用", "the cached value is damaged, and is not used")
		}
	}
	return nil
}

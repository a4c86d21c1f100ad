package store

import (
	"bytes"
	"compress/flate"
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/geo/panics"
)

const currentLayers = `SELECT k.role, k.service, k.name, k.touched, l.version, l.hash, l.info, l.areas
FROM lc_keys k JOIN lc_layers l ON l.key_id = k.id AND l.is_current `

// Layers gives the current version of every layer by role, service and name. Changed is set where another
// program edited the layer's rows since.
func (p *Project) Layers(ctx context.Context) ([]coverage.LayerInfo, error) {
	rows, err := p.readers.QueryContext(ctx, currentLayers+`ORDER BY k.role, k.service, k.name`)
	layers, err := collect(rows, err, scanInfo)
	return layers, explain(p.file, err)
}

// Layer gives any version of a layer, in full, by its hash: NotFound if there is none.
func (p *Project) Layer(ctx context.Context, hash string) (*coverage.Layer, error) {
	l, err := loadLayer(pool{p.readers, ctx}, hash)
	return l, explain(p.file, err)
}

// Report gives the import report of a version by the version's hash: NotFound if there is none.
func (p *Project) Report(ctx context.Context, hash string) (*coverage.ImportReport, error) {
	var size int
	var data []byte
	err := p.readers.QueryRowContext(ctx, `SELECT r.size, r.data FROM lc_reports r JOIN lc_layers l ON l.id = r.layer_id
WHERE l.hash = ? ORDER BY l.id DESC LIMIT 1`, hash).Scan(&size, &data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, coverage.Errorf(coverage.NotFound, "没有图层版本 %s 的导入报告", "there is no import report of layer version %s", hash)
	}
	if err == nil {
		data, err = inflate(data, size)
	}
	report := &coverage.ImportReport{}
	if err == nil {
		if bad := json.Unmarshal(data, report); bad != nil {
			err = damaged(bad.Error())
		}
	}
	if err != nil {
		return nil, explain(p.file, err)
	}
	return report, nil
}

// SaveLayer makes l the current version of its key: its rows stand in the visible table, the version it
// replaces stays, compressed. It sets Version, Rows, Hash (if empty) and Bound (if zero) of l.Info, and Version and Hash of
// the report. If l is the current version already, nothing is written. Rows that another program
// edited meanwhile are first kept as a version of their own.
func (p *Project) SaveLayer(ctx context.Context, l *coverage.Layer, report *coverage.ImportReport) error {
	if err := checkLayer(l); err != nil {
		return err
	}
	l.Info.Rows, l.Info.Changed = l.Len(), false
	if l.Info.Bound == (orb.Bound{}) {
		l.Info.Bound = boundOf(l)
	}
	if l.Info.Hash == "" {
		hash := panics.Meanwhile(l.ComputeHash) // which takes as long as the first rows
		err := p.saveLayer(ctx, l, report, hash)
		l.Info.Hash = hash() // nothing reads the layer when we are back
		if report != nil {
			report.Hash = l.Info.Hash
		}
		return err
	}
	return p.saveLayer(ctx, l, report, func() string { return l.Info.Hash })
}

// saveLayer does what SaveLayer does; a layer that has no other version need not know its hash before its rows are written.
func (p *Project) saveLayer(ctx context.Context, l *coverage.Layer, report *coverage.ImportReport, hash func() string) error {
	if version, same, err := p.isCurrent(ctx, l.Info.LayerKey, hash); err != nil || same {
		if same {
			setVersion(l, report, version)
		}
		return explain(p.file, err)
	}
	version := 0
	write := p.write
	if p.options.soleFrom > 0 && l.PackedSize() >= p.options.soleFrom {
		write = p.writeSole
	}
	err := write(ctx, func(t *tx) error {
		key, err := t.key(l.Info.LayerKey)
		if err != nil {
			return err
		}
		if key.touched {
			if _, err := t.refreshTable(l.Info.Role, p.file); err != nil {
				return err
			}
			if key, err = t.key(l.Info.LayerKey); err != nil {
				return err
			}
		}
		if key.version > 0 && key.hash == hash() { // somebody else saved the same meanwhile
			version = key.version
			return nil
		}
		version = key.newest + 1
		info := l.Info
		info.Version = version
		key.replaces = key.version
		saved := *l
		saved.Info = info
		if err := t.replaceRows(key.id, &saved); err != nil {
			return err
		}
		saved.Info.Hash = hash()
		var r *coverage.ImportReport
		if report != nil {
			c := *report
			c.Version, c.Hash = version, saved.Info.Hash
			r = &c
		}
		if err := t.saveVersion(key, &saved, r); err != nil {
			return err
		}
		return t.stamp(l.Info.Role)
	})
	if err == nil {
		setVersion(l, report, version)
	}
	return err
}

func setVersion(l *coverage.Layer, report *coverage.ImportReport, version int) {
	l.Info.Version = version
	if report != nil {
		report.Version, report.Hash = version, l.Info.Hash
	}
}

// isCurrent tells whether a layer of a hash is the current version of its key, untouched. It does not ask for the hash where the key has none.
func (p *Project) isCurrent(ctx context.Context, k coverage.LayerKey, hash func() string) (version int, same bool, err error) {
	var current string
	err = p.readers.QueryRowContext(ctx, `SELECT l.version, l.hash FROM lc_keys k JOIN lc_layers l ON l.key_id = k.id AND l.is_current
WHERE k.role = ? AND k.service = ? AND k.name = ? AND k.touched = 0`, string(k.Role), k.Service, k.Name).Scan(&version, &current)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	return version, err == nil && current == hash(), err
}

// layerKey is a key with its current version: 0 and "" when it is new.
type layerKey struct {
	id      int64
	touched bool
	current int64 // id of the current version
	version int
	hash    string
	newest  int // highest version there ever was

	replaces int // for saveVersion: the version to which undoing the new one leads, 0 for none
}

// key finds a key, or makes it.
func (t *tx) key(k coverage.LayerKey) (layerKey, error) {
	if err := t.exec(`INSERT OR IGNORE INTO lc_keys (role, service, name) VALUES (?, ?, ?)`, string(k.Role), k.Service, k.Name); err != nil {
		return layerKey{}, err
	}
	var out layerKey
	err := t.row(`SELECT k.id, k.touched, coalesce(l.id, 0), coalesce(l.version, 0), coalesce(l.hash, ''),
  (SELECT coalesce(max(version), 0) FROM lc_layers WHERE key_id = k.id)
FROM lc_keys k LEFT JOIN lc_layers l ON l.key_id = k.id AND l.is_current
WHERE k.role = ? AND k.service = ? AND k.name = ?`, string(k.Role), k.Service, k.Name).
		Scan(&out.id, &out.touched, &out.current, &out.version, &out.hash, &out.newest)
	return out, err
}

// saveVersion puts a version, with its packed copy, in the place of the current one, which is compressed.
func (t *tx) saveVersion(key layerKey, l *coverage.Layer, report *coverage.ImportReport) error {
	if key.current != 0 {
		if err := t.exec(`UPDATE lc_layers SET is_current = 0 WHERE id = ?`, key.current); err != nil {
			return err
		}
		if key.hash != l.Info.Hash {
			if err := t.compress(key.hash); err != nil {
				return err
			}
		}
	}
	if err := t.saveContent(l); err != nil {
		return err
	}
	info, areas, err := encodeInfo(l.Info)
	if err == nil {
		info, err = keepHistory(info, history{Replaces: &key.replaces})
	}
	if err != nil {
		return err
	}
	if err := t.exec(`INSERT INTO lc_layers (key_id, version, is_current, hash, saved, info, areas) VALUES (?, ?, 1, ?, ?, ?, ?)`,
		key.id, l.Info.Version, l.Info.Hash, t.now, info, areas); err != nil {
		return err
	}
	if report != nil {
		b, err := json.Marshal(report)
		if err != nil {
			return err
		}
		if err := t.exec(`INSERT INTO lc_reports VALUES (last_insert_rowid(), ?, ?)`, len(b), deflate(b)); err != nil {
			return err
		}
	}
	return t.exec(`UPDATE lc_keys SET touched = 0 WHERE id = ?`, key.id)
}

// stamp dates a role's table and gives it the extent of its layers.
func (t *tx) stamp(role coverage.Role) error {
	rows, err := t.query(currentLayers+`WHERE k.role = ?`, string(role))
	layers, err := collect(rows, err, scanInfo)
	if err != nil {
		return err
	}
	var bounds []orb.Bound
	for _, l := range layers {
		if l.Rows > 0 && role != coverage.RoleAttributes {
			bounds = append(bounds, l.Bound)
		}
	}
	b, known := union(bounds)
	return t.changed(string(role), b, known)
}

// loadLayer reads a version's content; of several versions with the same content, the newest. A content never changes under its hash,
// so that two statements may read it and what is said of it.
func loadLayer(q querier, hash string) (*coverage.Layer, error) {
	type about struct {
		version int
		info    string
		areas   []byte
	}
	rows, err := q.query(`SELECT version, info, areas FROM lc_layers WHERE hash = ? ORDER BY id DESC LIMIT 1`, hash)
	found, err := collect(rows, err, func(r *sql.Rows) (a about, err error) {
		err = r.Scan(&a.version, &a.info, &a.areas)
		return a, err
	})
	var c *content
	if err == nil && len(found) > 0 {
		c, err = readContent(q, hash)
	}
	if err == nil && c == nil {
		return nil, coverage.Errorf(coverage.NotFound, "没有图层版本 %s", "there is no layer version %s", hash)
	}
	if err != nil {
		return nil, err
	}
	data, err := c.unseal()
	if err != nil {
		return nil, err
	}
	l, err := coverage.UnpackLayer(data)
	if err != nil {
		return nil, damaged(err.Error())
	}
	// The content may be older than the version: A, B, and A again.
	if l.Info, err = decodeInfo(found[0].info, found[0].areas); err != nil {
		return nil, err
	}
	l.Info.Version, l.Info.Hash = found[0].version, hash
	return l, nil
}

func scanInfo(r *sql.Rows) (coverage.LayerInfo, error) {
	var key coverage.LayerKey
	var touched bool
	var version int
	var hash, text string
	var areas []byte
	if err := r.Scan(&key.Role, &key.Service, &key.Name, &touched, &version, &hash, &text, &areas); err != nil {
		return coverage.LayerInfo{}, err
	}
	info, err := decodeInfo(text, areas)
	info.LayerKey, info.Version, info.Hash, info.Changed = key, version, hash, touched
	return info, err
}

// encodeInfo gives an info as JSON, and the areas of its surveys as one WKB collection in their order.
func encodeInfo(i coverage.LayerInfo) (text string, areas []byte, err error) {
	i.Changed = false
	for _, v := range [...]float64{i.Bound.Min[0], i.Bound.Min[1], i.Bound.Max[0], i.Bound.Max[1]} {
		if math.IsInf(v, 0) || math.IsNaN(v) {
			i.Bound = orb.Bound{} // of no rows
		}
	}
	b, err := json.Marshal(i)
	if err != nil {
		return "", nil, err
	}
	if len(i.Surveys) > 0 {
		c := make(orb.Collection, len(i.Surveys))
		for k, s := range i.Surveys {
			c[k] = s.Area
		}
		areas = appendWKB(nil, c)
	}
	return string(b), areas, nil
}

// decodeInfo reads what encodeInfo wrote.
func decodeInfo(text string, areas []byte) (coverage.LayerInfo, error) {
	var i coverage.LayerInfo
	if err := json.Unmarshal([]byte(text), &i); err != nil {
		return i, damaged(err.Error())
	}
	if len(areas) == 0 {
		return i, nil
	}
	g, err := decodeWKB(areas)
	if err != nil {
		return i, damaged(err.Error())
	}
	c, _ := g.(orb.Collection)
	if len(c) != len(i.Surveys) {
		return i, damaged("survey areas do not fit the surveys")
	}
	for k := range c {
		if area, ok := c[k].(orb.MultiPolygon); ok && len(area) > 0 {
			i.Surveys[k].Area = area
		}
	}
	return i, nil
}

// checkLayer finds columns that do not fit, before they are written.
func checkLayer(l *coverage.Layer) error {
	n := l.Len()
	bad := func(what string) error {
		return coverage.Errorf(coverage.Internal, "图层“%s”的列不一致: %s", "the columns of layer %q do not fit: %s", l.Info.Name, what)
	}
	if _, ok := layerTableOf(l.Info.Role); !ok {
		return bad("role")
	}
	if l.Info.Name == "" {
		return bad("name")
	}
	lengths := map[string]int{}
	add := func(what string, length int, present bool) {
		if present {
			lengths[what] = length
		}
	}
	add("names", len(l.Names), l.Names != nil)
	add("points", len(l.Points), l.Points != nil)
	add("shapes", len(l.Shapes), l.Shapes != nil)
	add("properties", len(l.Properties), l.Properties != nil)
	add("kinds", len(l.Kinds), l.Kinds != nil)
	add("services", len(l.Services), l.Services != nil)
	add("status", len(l.Status), l.Status != nil)
	add("opened", len(l.Opened), l.Opened != nil)
	add("closed", len(l.Closed), l.Closed != nil)
	add("capacity", len(l.Capacity), l.Capacity != nil)
	add("area", len(l.AreaMM2), l.AreaMM2 != nil)
	add("floor", len(l.FloorMM2), l.FloorMM2 != nil)
	for _, m := range l.Measures {
		add("measure "+m.Name, len(m.Values), true)
	}
	for _, c := range l.Parents {
		add("parents "+c.Level, len(c.Parents), true)
	}
	for what, length := range lengths {
		if length != n {
			return bad(fmt.Sprintf("%s: %d, %d", what, length, n))
		}
	}
	for i := 1; i < n; i++ {
		if l.IDs[i-1] >= l.IDs[i] {
			return bad("ids are not sorted, or not unique: " + l.IDs[i])
		}
	}
	return nil
}

// boundOf gives the bound of a layer's rows.
func boundOf(l *coverage.Layer) orb.Bound {
	var bounds []orb.Bound
	for i := range l.IDs {
		if g := l.Geometry(i); g != nil && !isEmpty(g) {
			bounds = append(bounds, g.Bound())
		}
	}
	b, _ := union(bounds)
	return b
}

// Whatever is packed ends in a checksum of what it was (CRC-32C): a disk may spoil a byte of a number, and every
// number goes into an official paper. Files of before have none.
const sumSize = 4

func appendSum(dst, of []byte) []byte {
	return binary.BigEndian.AppendUint32(dst, crc32.Checksum(of, crc32.MakeTable(crc32.Castagnoli)))
}

// checkSum takes the checksum, if there is one, off the end of b, of which size bytes come before it.
func checkSum(b []byte, size int) ([]byte, error) {
	switch {
	case len(b) == size:
		return b, nil
	case size >= 0 && len(b) == size+sumSize && bytes.Equal(appendSum(nil, b[:size]), b[size:]):
		return b[:size:size], nil
	}
	return nil, damaged("its size or its checksum is wrong")
}

func damaged(what string) error {
	return &coverage.Error{Code: coverage.Refused,
		Text: coverage.Text{Zh: "文件中的数据已损坏: " + what, En: "data in the file is damaged: " + what},
		Hint: coverage.Text{Zh: "请运行 lifecircle check，并使用备份", En: "run lifecircle check, and use a backup"}}
}

// deflate compresses fast: it is read rarely, and written while somebody waits.
func deflate(b []byte) []byte {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestSpeed)
	if err != nil {
		panic(err) // the level is valid
	}
	_, _ = w.Write(b) // a bytes.Buffer takes everything
	_ = w.Close()
	return appendSum(out.Bytes(), b)
}

// inflate reads what deflate wrote, of size bytes.
func inflate(b []byte, size int) ([]byte, error) {
	if size < 0 || size/2048 > len(b) { // deflate never does better than 1 : 1032
		return nil, damaged("its size")
	}
	out := make([]byte, size)
	from := bytes.NewReader(b) // of single bytes: flate reads none too many
	r := flate.NewReader(from)
	if _, err := io.ReadFull(r, out); err != nil {
		return nil, damaged(err.Error())
	}
	if n, err := r.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		return nil, damaged("it is longer than it says")
	}
	if rest := b[len(b)-from.Len():]; len(rest) > 0 && !bytes.Equal(rest, appendSum(nil, out)) {
		return nil, damaged("its checksum is wrong")
	}
	return out, nil
}

package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"lifecircle/coverage"
	"lifecircle/geo/panics"
)

// minPrefix is how much of a run's hash names it.
const minPrefix = 4

// Runs gives the runs, oldest first; the latest scored one has Latest set, and each names the layers of
// which another version is current now.
func (p *Project) Runs(ctx context.Context) ([]coverage.RunInfo, error) {
	runs, err := p.runs(ctx, `SELECT is_latest, info, inputs FROM lc_runs ORDER BY seq`)
	return runs, explain(p.file, err)
}

// Run gives a run by its hash, or a prefix of at least 4 characters of it, "" for the latest: NotFound if there
// is none, Invalid if the prefix is too short or fits several.
func (p *Project) Run(ctx context.Context, hash string) (*coverage.Run, error) {
	full, err := p.runHash(ctx, hash)
	if err != nil {
		return nil, explain(p.file, err)
	}
	infos, err := p.runs(ctx, `SELECT is_latest, info, inputs FROM lc_runs WHERE hash = ?`, full)
	if err != nil {
		return nil, explain(p.file, err)
	}
	var size int
	var data []byte
	err = p.readers.QueryRowContext(ctx, `SELECT size, data FROM lc_runs WHERE hash = ?`, full).Scan(&size, &data)
	if err == nil {
		data, err = inflate(data, size)
	}
	r := &coverage.Run{}
	if err == nil {
		if bad := r.UnmarshalBinary(data); bad != nil {
			err = damaged(bad.Error())
		}
	}
	if err != nil {
		return nil, explain(p.file, err)
	}
	r.RunInfo = infos[0]
	return r, nil
}

// runHash completes a hash.
func (p *Project) runHash(ctx context.Context, hash string) (string, error) {
	if hash == "" {
		err := p.readers.QueryRowContext(ctx, `SELECT hash FROM lc_runs WHERE is_latest`).Scan(&hash)
		if errors.Is(err, sql.ErrNoRows) {
			e := coverage.Errorf(coverage.NotFound, "项目还没有评估", "the project has no run yet")
			e.File, e.Hint = p.file, coverage.Text{Zh: "请先运行 lifecircle score", En: "run lifecircle score first"}
			return "", e
		}
		return hash, err
	}
	prefix := strings.ToLower(hash)
	for i := 0; i < len(prefix); i++ {
		if c := prefix[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return "", coverage.Errorf(coverage.Invalid, "“%[1]s”不是评估的哈希", "%[1]q is no hash of a run", hash)
		}
	}
	if len(prefix) < minPrefix {
		return "", coverage.Errorf(coverage.Invalid, "“%[1]s”太短，至少 %[2]d 个字符", "%[1]q is too short, %[2]d characters at least", hash, minPrefix)
	}
	rows, err := p.readers.QueryContext(ctx, `SELECT hash FROM lc_runs WHERE hash >= ? AND hash < ? ORDER BY hash LIMIT 2`, prefix, prefix+"g")
	found, err := collect(rows, err, scanOne[string])
	switch {
	case err != nil:
		return "", err
	case len(found) == 0:
		return "", coverage.Errorf(coverage.NotFound, "没有评估 %s", "there is no run %s", hash)
	case len(found) > 1 && found[0] != prefix:
		return "", coverage.Errorf(coverage.Invalid, "多个评估以 %s 开头，请多写几位", "several runs begin with %s, write more of the hash", hash)
	}
	return found[0], nil
}

func (p *Project) runs(ctx context.Context, query string, args ...any) ([]coverage.RunInfo, error) {
	type kept struct {
		info   coverage.RunInfo
		inputs []coverage.InputRef
	}
	rows, err := p.readers.QueryContext(ctx, query, args...)
	list, err := collect(rows, err, func(r *sql.Rows) (k kept, err error) {
		var info, inputs string
		var latest bool
		if err = r.Scan(&latest, &info, &inputs); err != nil {
			return k, err
		}
		if err = errors.Join(json.Unmarshal([]byte(info), &k.info), json.Unmarshal([]byte(inputs), &k.inputs)); err != nil {
			return k, damaged(err.Error())
		}
		k.info.Latest = latest
		return k, nil
	})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	layers, err := p.Layers(ctx)
	if err != nil {
		return nil, err
	}
	current := map[coverage.LayerKey]coverage.LayerInfo{}
	for _, l := range layers {
		current[l.LayerKey] = l
	}
	out := make([]coverage.RunInfo, len(list))
	for i, k := range list {
		k.info.Changed = nil
		read := map[coverage.LayerKey]bool{}
		for _, in := range k.inputs {
			read[in.LayerKey] = true
			if l, ok := current[in.LayerKey]; !ok || l.Hash != in.Hash || l.Changed {
				k.info.Changed = append(k.info.Changed, in.Name)
			}
		}
		var later []string // layers that the run did not have; by radius none reads a network
		for key := range current {
			if !read[key] && key.Role != coverage.RoleNetwork {
				later = append(later, key.Name)
			}
		}
		slices.Sort(later)
		k.info.Changed = append(k.info.Changed, later...)
		out[i] = k.info
	}
	return out, nil
}

// SaveRun keeps a run, and its tables for users of the file in the place of the latest run's; it makes the run
// the latest, which the log of scorings notes. Of a run that is there already nothing but the mark, the log and the tables change, and
// nothing at all if it is the latest. No tables (nil) means the run's own. It sets Created and Latest of r.
func (p *Project) SaveRun(ctx context.Context, r *coverage.Run, tables []coverage.Table) error {
	if len(r.Hash) < minPrefix {
		return coverage.Errorf(coverage.Internal, "评估没有哈希", "the run has no hash")
	}
	created, latest, err := p.savedRun(ctx, r.Hash)
	if err != nil {
		return explain(p.file, err)
	}
	if latest {
		r.Created, r.Latest = created, true
		return nil
	}
	if tables == nil {
		tables = r.Tables()
	}
	data, err := r.MarshalBinary()
	if err != nil {
		return explain(p.file, err)
	}
	size, packed, drawings := len(data), deflate(data), packDrawings(r)
	inputs, err := json.Marshal(r.Inputs)
	if err != nil {
		return explain(p.file, err)
	}
	err = p.write(ctx, func(t *tx) error {
		info := r.RunInfo
		if info.Created == "" {
			info.Created = t.now
		}
		info.Latest, info.Changed = false, nil
		text, err := json.Marshal(info)
		if err != nil {
			return err
		}
		if err := t.exec(`UPDATE lc_runs SET is_latest = 0 WHERE is_latest AND hash <> ?`, r.Hash); err != nil {
			return err
		}
		if err := t.exec(`INSERT INTO lc_runs (hash, is_latest, created, info, inputs, size, data) VALUES (?, 1, ?, ?, ?, ?, ?)
ON CONFLICT (hash) DO UPDATE SET is_latest = 1`, r.Hash, info.Created, string(text), string(inputs), size, packed); err != nil {
			return err
		}
		if err := t.row(`SELECT created FROM lc_runs WHERE hash = ?`, r.Hash).Scan(&created); err != nil {
			return err
		}
		if err := t.addScoring(r.Hash); err != nil {
			return err
		}
		if err := t.saveDrawings(r.Hash, drawings); err != nil {
			return err
		}
		for _, table := range tables {
			if err := t.writeResult(table, describe(r, table)); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		r.Created, r.Latest = created, true
	}
	return err
}

// describe says of which run a table of results is.
func describe(r *coverage.Run, table coverage.Table) string {
	text := "lifecircle run " + r.Hash
	if !r.Drawn && table.Name != "scores" {
		text += ": not drawn yet 尚未绘制; lifecircle score --gaps now"
	}
	return text
}

// drawing is the packed drawings of one requirement.
type drawing struct {
	size int
	data []byte
}

// packDrawings compresses the drawings of a run by requirement, nil if it has none.
func packDrawings(r *coverage.Run) []drawing {
	if !r.Drawn {
		return nil
	}
	out := make([]drawing, len(r.Requirements))
	var wait panics.Group
	for k := range out {
		wait.Go(func() {
			data := r.PackDrawings(k)
			out[k] = drawing{len(data), deflate(data)}
		})
	}
	wait.Wait()
	return out
}

// saveDrawings keeps the drawings of a run that is there; one that has them already keeps those.
func (t *tx) saveDrawings(hash string, drawings []drawing) error {
	for k, d := range drawings {
		if err := t.exec(`INSERT OR IGNORE INTO lc_drawings SELECT seq, ?, ?, ? FROM lc_runs WHERE hash = ?`, k, d.size, d.data, hash); err != nil {
			return err
		}
	}
	return nil
}

// Drawings reads the drawings of a run, if they were kept.
func (p *Project) Drawings(ctx context.Context, r *coverage.Run) error {
	if r.Drawn {
		return nil
	}
	rows, err := p.readers.QueryContext(ctx, `SELECT d.size, d.data FROM lc_drawings d JOIN lc_runs r ON d.run = r.seq WHERE r.hash = ? ORDER BY d.requirement`, r.Hash)
	packed, err := collect(rows, err, func(row *sql.Rows) (b []byte, err error) {
		var d drawing
		if err = row.Scan(&d.size, &d.data); err == nil {
			b, err = inflate(d.data, d.size)
		}
		return b, err
	})
	if err == nil && len(packed) > 0 {
		if bad := r.UnpackDrawings(packed); bad != nil {
			err = damaged(bad.Error())
		}
	}
	return explain(p.file, err)
}

// SaveDrawings keeps the drawings of a run that is there, and writes their tables if it is the latest. A file that
// cannot be written keeps none.
func (p *Project) SaveDrawings(ctx context.Context, r *coverage.Run) error {
	if p.readOnly || !r.Drawn {
		return nil
	}
	drawings := packDrawings(r)
	return p.write(ctx, func(t *tx) error {
		if err := t.saveDrawings(r.Hash, drawings); err != nil {
			return err
		}
		var latest bool
		err := t.row(`SELECT is_latest FROM lc_runs WHERE hash = ?`, r.Hash).Scan(&latest)
		if errors.Is(err, sql.ErrNoRows) || err == nil && !latest {
			return nil
		}
		for _, table := range r.DrawnTables() {
			if err == nil {
				err = t.writeResult(table, describe(r, table))
			}
		}
		return err
	})
}

// savedRun tells when a run was made, and whether it is the latest.
func (p *Project) savedRun(ctx context.Context, hash string) (created string, latest bool, err error) {
	err = p.readers.QueryRowContext(ctx, `SELECT created, is_latest FROM lc_runs WHERE hash = ?`, hash).Scan(&created, &latest)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return created, latest, err
}

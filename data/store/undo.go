package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"lifecircle/coverage"
)

// Undoing. Every version says which one it took the place of, so that undoing twice goes back two changes and not to and fro. What is
// undone stays among the versions: a run that read it can still be explained.

// history is what the info of a version says beside coverage.LayerInfo.
type history struct {
	Replaces *int `json:"replaces,omitempty"` // the version that was current before, 0 for none; a version of before this was kept has none and replaced the one before it
	Undone   bool `json:"undone,omitempty"`
}

func historyOf(info string) (h history, err error) {
	err = json.Unmarshal([]byte(info), &h)
	return h, err
}

// keepHistory adds the history to an info in JSON.
func keepHistory(info string, h history) (string, error) {
	var i coverage.LayerInfo
	if err := json.Unmarshal([]byte(info), &i); err != nil {
		return "", err
	}
	b, err := json.Marshal(struct {
		coverage.LayerInfo
		history
	}{i, h})
	return string(b), err
}

// version is one version of a layer as it is kept.
type version struct {
	id         int64
	hash, info string
	areas      []byte
	number     int
	replaces   int
}

// versionOf reads a version of a key by its number.
func (t *tx) versionOf(key int64, number int) (v version, err error) {
	v.number = number
	if err := t.row(`SELECT id, hash, info, areas FROM lc_layers WHERE key_id = ? AND version = ?`, key, number).Scan(&v.id, &v.hash, &v.info, &v.areas); err != nil {
		if errors.Is(err, sql.ErrNoRows) {
			err = damaged("a version of a layer is missing")
		}
		return v, err
	}
	h, err := historyOf(v.info)
	if v.replaces = number - 1; h.Replaces != nil {
		v.replaces = *h.Replaces
	}
	return v, err
}

// UndoLayer takes the last change of a layer back; see coverage.Store. Rows that another program edited meanwhile are
// first kept as a version of their own: it is then that edit that is undone.
func (p *Project) UndoLayer(ctx context.Context, key coverage.LayerKey) (undone coverage.LayerInfo, now *coverage.LayerInfo, err error) {
	err = p.write(ctx, func(t *tx) error {
		undone, now, err = t.undo(key, p.file)
		return err
	})
	if err != nil {
		return coverage.LayerInfo{}, nil, err
	}
	return undone, now, nil
}

func (t *tx) undo(key coverage.LayerKey, file string) (undone coverage.LayerInfo, now *coverage.LayerInfo, err error) {
	var exists int
	if err := t.row(`SELECT count(*) FROM lc_keys k JOIN lc_layers l ON l.key_id = k.id AND l.is_current WHERE k.role = ? AND k.service = ? AND k.name = ?`,
		string(key.Role), key.Service, key.Name).Scan(&exists); err != nil {
		return undone, nil, err
	}
	if exists == 0 {
		return undone, nil, coverage.Errorf(coverage.NotFound, "没有图层“%s”", "there is no layer %q", key.Name)
	}
	k, err := t.key(key)
	if err == nil && k.touched {
		if _, err = t.refreshTable(key.Role, file); err == nil {
			k, err = t.key(key)
		}
	}
	if err != nil {
		return undone, nil, err
	}
	last, err := t.versionOf(k.id, k.version)
	if err != nil {
		return undone, nil, err
	}
	if undone, err = decodeInfo(last.info, last.areas); err != nil {
		return undone, nil, err
	}
	undone.LayerKey, undone.Version, undone.Hash = key, last.number, last.hash
	info, err := keepHistory(last.info, history{Replaces: &last.replaces, Undone: true})
	if err == nil {
		err = t.exec(`UPDATE lc_layers SET info = ? WHERE id = ?`, info, last.id)
	}
	switch {
	case err != nil:
	case last.replaces == 0:
		err = t.removeLayer(k, undone)
	default:
		now, err = t.restore(k, last.replaces)
	}
	if err != nil {
		return undone, nil, err
	}
	return undone, now, t.stamp(key.Role)
}

// restore makes the content of an older version a new one, with its report.
func (t *tx) restore(k layerKey, number int) (*coverage.LayerInfo, error) {
	v, err := t.versionOf(k.id, number)
	if err != nil {
		return nil, err
	}
	l, err := loadLayer(t, v.hash)
	if err != nil {
		return nil, err
	}
	if l.Info, err = decodeInfo(v.info, v.areas); err != nil {
		return nil, err
	}
	l.Info.Version, l.Info.Hash = k.newest+1, v.hash
	report, err := t.reportOf(v.id)
	if err != nil {
		return nil, err
	}
	if report != nil {
		report.Version = l.Info.Version
	}
	if err := t.replaceRows(k.id, l); err != nil {
		return nil, err
	}
	k.replaces = v.replaces
	if err := t.saveVersion(k, l, report); err != nil {
		return nil, err
	}
	return &l.Info, nil
}

// removeLayer leaves a layer without a current version, and its table without its rows.
func (t *tx) removeLayer(k layerKey, info coverage.LayerInfo) error {
	if err := t.replaceRows(k.id, &coverage.Layer{Info: info}); err != nil {
		return err
	}
	if err := t.exec(`UPDATE lc_layers SET is_current = 0 WHERE id = ?`, k.current); err != nil {
		return err
	}
	if err := t.compress(k.hash); err != nil {
		return err
	}
	return t.exec(`UPDATE lc_keys SET touched = 0 WHERE id = ?`, k.id)
}

// reportOf reads the report of a version, nil if it has none.
func (t *tx) reportOf(layer int64) (*coverage.ImportReport, error) {
	var size int
	var data []byte
	err := t.row(`SELECT size, data FROM lc_reports WHERE layer_id = ?`, layer).Scan(&size, &data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err == nil {
		data, err = inflate(data, size)
	}
	if err != nil {
		return nil, err
	}
	report := &coverage.ImportReport{}
	return report, json.Unmarshal(data, report)
}

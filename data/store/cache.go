package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sort"
)

// Cached gives a computed value by its key, nil if there is none, or a damaged one.
func (p *Project) Cached(ctx context.Context, key string) ([]byte, error) {
	var size int
	var value []byte
	err := p.readers.QueryRowContext(ctx, `SELECT size, value FROM lc_cache WHERE key = ?`, key).Scan(&size, &value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, explain(p.file, err)
	}
	if value, err = checkSum(value, size); err != nil {
		return nil, nil // it is computed again
	}
	return value, nil
}

// SaveCached keeps values, and throws out the oldest beyond the bound. A value that alone is beyond it is not
// kept. A file that cannot be written keeps none, which changes no result.
func (p *Project) SaveCached(ctx context.Context, values map[string][]byte) error {
	if p.readOnly || len(values) == 0 {
		return nil
	}
	keys := make([]string, 0, len(values))
	for k := range values {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return p.write(ctx, func(t *tx) error {
		for _, k := range keys {
			v := values[k]
			if v == nil {
				v = []byte{}
			}
			if int64(len(v)) > p.options.cacheLimit {
				continue
			}
			if err := t.exec(`DELETE FROM lc_cache WHERE key = ?`, k); err != nil {
				return err
			}
			if err := t.exec(`INSERT INTO lc_cache (seq, key, size, value) SELECT coalesce(max(seq), 0) + 1, ?, ?, ? FROM lc_cache`, k, len(v), appendSum(slices.Clone(v), v)); err != nil {
				return err
			}
		}
		return t.exec(`DELETE FROM lc_cache WHERE seq IN (
  SELECT seq FROM (SELECT seq, sum(size) OVER (ORDER BY seq DESC) AS upto FROM lc_cache) WHERE upto > ?)`, p.options.cacheLimit)
	})
}

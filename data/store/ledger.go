package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"time"

	"lifecircle/coverage"
	"lifecircle/coverage/ledger"
)

// What a ledger (台账) needs beside the runs: the order in which they were scored, and what people wrote of findings. Both are logs, to which rows are
// added and of which none is changed.

var _ ledger.Store = (*Project)(nil)

// Scorings gives all scorings in their order: one for each time that another run became the latest.
func (p *Project) Scorings(ctx context.Context) ([]ledger.Scoring, error) {
	rows, err := p.readers.QueryContext(ctx, `SELECT seq, hash, at FROM lc_scorings ORDER BY seq`)
	list, err := collect(rows, err, func(r *sql.Rows) (s ledger.Scoring, err error) {
		err = r.Scan(&s.Seq, &s.Run, &s.At)
		return s, err
	})
	return list, explain(p.file, err)
}

// addScoring notes that a run, which is there, became the latest.
func (t *tx) addScoring(hash string) error {
	return t.exec(`INSERT INTO lc_scorings (hash, at) VALUES (?, ?)`, hash, t.now)
}

// LedgerEntries gives what was written of the findings of a series, in order.
func (p *Project) LedgerEntries(ctx context.Context, series string) ([]ledger.Entry, error) {
	rows, err := p.readers.QueryContext(ctx, `SELECT seq, finding, field, value, at, who, source, scoring FROM lc_ledger WHERE series = ? ORDER BY seq`, series)
	list, err := collect(rows, err, func(r *sql.Rows) (e ledger.Entry, err error) {
		err = r.Scan(&e.Seq, &e.Finding, &e.Field, &e.Value, &e.At, &e.Who, &e.Source, &e.Scoring)
		return e, err
	})
	return list, explain(p.file, err)
}

// SaveLedgerEntries adds entries to a series, all of them or none; time and scoring are those of now. Conflict if there are entries after the one of number
// after (0: none).
func (p *Project) SaveLedgerEntries(ctx context.Context, series string, after int64, entries []ledger.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	return p.write(ctx, func(t *tx) error {
		var last int64
		if err := t.row(`SELECT coalesce(max(seq), 0) FROM lc_ledger WHERE series = ?`, series).Scan(&last); err != nil {
			return err
		}
		if last != after {
			return &coverage.Error{Code: coverage.Conflict, File: p.file, Text: coverage.Text{Zh: "台账刚被别人修改", En: "somebody else has written to the ledger just now"},
				Hint: coverage.Text{Zh: "请再运行一次", En: "run the command again"}}
		}
		var scoring int64
		err := t.row(`SELECT max(seq) FROM lc_scorings HAVING max(seq) IS NOT NULL`).Scan(&scoring)
		if errors.Is(err, sql.ErrNoRows) {
			return coverage.Errorf(coverage.NotFound, "项目还没有评估", "the project has no run yet")
		}
		if err != nil {
			return err
		}
		rows := insertion{into: `lc_ledger (finding, field, value, who, source, series, at, scoring)`, width: 5, same: []driver.Value{series, t.now, scoring}}
		return t.bulk([]insertion{rows}, func(put func(int, []driver.Value) error) error {
			for _, e := range entries {
				if err := put(0, []driver.Value{e.Finding, string(e.Field), e.Value, e.Who, e.Source}); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// noted is a finding of which somebody wrote.
type noted struct{ series, finding string }

// checkLedger looks at the logs: the last scoring is that of the latest run, times are times, what people wrote is of findings that there are. seen are the
// findings among wanted that a run has; complete tells that every run could be read.
func (c *checker) checkLedger(wanted map[noted]int64, seen map[noted]bool, complete bool) error {
	type scoring struct {
		seq      int64
		hash, at string
	}
	rows, err := c.query(`SELECT seq, hash, at FROM lc_scorings ORDER BY seq`)
	list, err := collect(rows, err, func(r *sql.Rows) (s scoring, err error) {
		err = r.Scan(&s.seq, &s.hash, &s.at)
		return s, err
	})
	if err != nil {
		return err
	}
	for i, s := range list {
		if _, err := time.Parse(time.RFC3339, s.at); err != nil && s.at != "" {
			c.find("scoring", "lc_scorings", s.seq, "评估的时间无法读取: %[1]s", "the time of the scoring cannot be read: %[1]s", s.at)
		}
		if i > 0 && list[i-1].hash == s.hash {
			c.find("scoring", "lc_scorings", s.seq, "同一评估连续记了两次", "the scoring of one run is noted twice in a row")
		}
	}
	var latest string
	switch err := c.row(`SELECT hash FROM lc_runs WHERE is_latest`).Scan(&latest); {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return err
	case len(list) == 0 || list[len(list)-1].hash != latest:
		c.find("scoring", "lc_scorings", 0, "最后记下的评估不是最新评估 %.12[1]s", "the last scoring noted is not that of the latest run %.12[1]s", latest)
	}
	rows, err = c.query(`SELECT hash FROM lc_runs WHERE hash NOT IN (SELECT hash FROM lc_scorings) ORDER BY seq`)
	lost, err := collect(rows, err, scanOne[string])
	if err != nil {
		return err
	}
	for _, hash := range lost {
		c.find("scoring", "lc_runs", 0, "评估 %.12[1]s 没有记下何时评估", "no scoring of run %.12[1]s is noted", hash)
	}
	type written struct {
		seq              int64
		series, field    string
		value, at        string
		finding          string
		scoring, highest int64
	}
	rows, err = c.query(`SELECT seq, series, finding, field, value, at, scoring, max(scoring) OVER (ORDER BY seq) FROM lc_ledger ORDER BY seq`)
	entries, err := collect(rows, err, func(r *sql.Rows) (w written, err error) {
		err = r.Scan(&w.seq, &w.series, &w.finding, &w.field, &w.value, &w.at, &w.scoring, &w.highest)
		return w, err
	})
	if err != nil {
		return err
	}
	for _, e := range entries {
		var series ledger.Series
		_, badTime := time.Parse(time.RFC3339, e.at)
		switch err := json.Unmarshal([]byte(e.series), &series); {
		case err != nil || series.Key() != e.series:
			c.find("ledger_entry", "lc_ledger", e.seq, "所属的台账无法读取", "the ledger that it is of cannot be read")
			continue
		case badTime != nil:
			c.find("ledger_entry", "lc_ledger", e.seq, "时间无法读取: %[1]s", "its time cannot be read: %[1]s", e.at)
		case e.scoring < e.highest:
			c.find("ledger_entry", "lc_ledger", e.seq, "写于更早的评估，却在后面", "it was written at an earlier scoring than the entry before it")
		case e.field == string(ledger.FieldDue):
			if day, err := ledger.ParseDate(e.value); err != nil || day != e.value {
				c.find("ledger_entry", "lc_ledger", e.seq, "期限不是日期: %[1]s", "the due date is no date: %[1]s", e.value)
			}
		}
		if at := (noted{e.series, e.finding}); complete && wanted[at] == e.seq && !seen[at] {
			c.find("ledger_finding", "lc_ledger", e.seq, "没有评估发现过“%[1]s”", "no run has found %[1]q", e.finding)
		}
	}
	return nil
}

// noted gives the findings of which somebody wrote, with the first entry.
func (c *checker) noted() (map[noted]int64, error) {
	out := map[noted]int64{}
	if c.report.Schema < ledgerSchema {
		return out, nil
	}
	rows, err := c.query(`SELECT series, finding, min(seq) FROM lc_ledger GROUP BY series, finding`)
	_, err = collect(rows, err, func(r *sql.Rows) (struct{}, error) {
		var n noted
		var seq int64
		err := r.Scan(&n.series, &n.finding, &seq)
		out[n] = seq
		return struct{}{}, err
	})
	return out, err
}

// ledgerSchema is the version of the file that has the ledger's tables.
const ledgerSchema = 3

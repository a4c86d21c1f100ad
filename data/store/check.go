package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	sqlite3 "github.com/mattn/go-sqlite3"

	"lifecircle/coverage"
)

// The checker of a project file: everything that the file promises, looked at row by row. It reads only, and
// repairs nothing: what to do about a finding is for whoever has the backups to decide. The official
// GeoPackage suite looks at one feature a table; this looks at all.

// Finding is one thing that is wrong with a project file, or worth knowing of it.
type Finding struct {
	Code   string `json:"code"`            // stable, listed in README.md
	Table  string `json:"table,omitempty"` // where
	Row    int64  `json:"row,omitempty"`   // fid or rowid in that table, 0 if it is of the whole
	Text   string `json:"text"`            // what is wrong
	TextZh string `json:"text_zh"`
}

// CheckReport is what Check found. The file is in order if Findings is empty.
type CheckReport struct {
	File       string    `json:"file"`       // base name
	Schema     int       `json:"schema"`     // version of our tables
	Tables     int       `json:"tables"`     // registered tables that were read
	Rows       int       `json:"rows"`       // their rows
	Geometries int       `json:"geometries"` // of those rows
	Versions   int       `json:"versions"`   // of layers, unpacked and hashed
	Runs       int       `json:"runs"`       // unpacked
	Findings   []Finding `json:"findings"`   // in the order of the file's parts
	Omitted    int       `json:"omitted"`    // findings beyond the first 20 of one code in one table
	Notes      []Finding `json:"notes"`      // no faults: edits not read back yet, the log of a crash
}

// findingsShown is how many findings of one code in one table are listed.
const findingsShown = 20

// Check looks at a project file as a whole: SQLite's own checks, what a GeoPackage must have, every geometry, every row of the
// R-trees, every version of every layer against its hash and its rows, every report and run. Nothing is written, also where a
// crash left something to roll back. The error is that of Open where the file is no project (Refused) or cannot be read;
// what is wrong inside a project is in the report.
func Check(ctx context.Context, path string, opts ...Option) (*CheckReport, error) {
	o := newOptions(opts)
	report, err := checkFile(ctx, path, o)
	return report, explain(filepath.Base(path), err)
}

func checkFile(ctx context.Context, path string, o options) (*CheckReport, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	c := &checker{report: &CheckReport{File: filepath.Base(path), Findings: []Finding{}, Notes: []Finding{}}, shown: map[[2]string]int{}}
	access, schema, err := identify(absolute, len(o.migrations), o.busy, false)
	if needsRollback(err) {
		c.find("hot_journal", "", 0, "崩溃留下了写到一半的修改；以可写方式打开一次即可回滚", "a crash left a change half-written; opening the project once for writing rolls it back")
		return c.report, nil
	}
	if err != nil {
		return nil, err
	}
	if schema < len(o.migrations) {
		c.note("older_schema", "", "项目文件是旧版本（%d），打开写入时会升级", "the file is of an older version (%d); opening it for writing brings it up to date", schema)
	}
	if hasContent(absolute + "-wal") {
		c.note("log", "", "文件旁有未写回的日志 -wal：正被打开，或上次没有正常关闭", "there is a log -wal beside the file: it is open now, or was not closed")
	}
	if !strings.EqualFold(filepath.Ext(path), extension) {
		c.note("file_name", "", "GeoPackage 的文件名应以 .gpkg 结尾", "the name of a GeoPackage ends in .gpkg")
	}
	c.report.Schema = schema
	db := openDB(absolute, access, o.busy, true)
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	c.tx = &tx{conn: conn, ctx: ctx, now: timestamp(o.clock())}
	if schema < piecesSchema { // contents lie in one value each
		for _, sql := range []string{`PRAGMA query_only = 0`, `CREATE TEMP TABLE lc_pieces (hash TEXT, n INTEGER, data BLOB)`, `PRAGMA query_only = 1`} {
			if err := c.exec(sql); err != nil {
				return nil, err
			}
		}
	}
	if err := c.exec(`BEGIN`); err != nil { // all of it is of one moment
		return nil, err
	}
	defer c.exec(`ROLLBACK`)
	for _, part := range []func() error{c.checkSQLite, c.checkConstraints, c.checkCore, c.checkTables, c.checkMeta, c.checkVersions, c.checkRuns, c.checkCache} {
		if err := part(); err != nil {
			if err := c.unreadable("", err); err != nil {
				return nil, err
			}
		}
	}
	return c.report, nil
}

// needsRollback tells whether SQLite could not read a file without changing it.
func needsRollback(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && (e.ExtendedCode == sqlite3.ErrReadonlyRollback || e.ExtendedCode == sqlite3.ErrReadonlyRecovery)
}

// checker gathers findings; its queries are those of a transaction that only reads.
type checker struct {
	*tx
	report *CheckReport
	shown  map[[2]string]int
}

func (c *checker) find(code, table string, row int64, zh, en string, args ...any) {
	at := [2]string{code, table}
	if c.shown[at]++; c.shown[at] > findingsShown {
		c.report.Omitted++
		return
	}
	c.report.Findings = append(c.report.Findings, finding(code, table, row, zh, en, args...))
}

func (c *checker) note(code, table, zh, en string, args ...any) {
	c.report.Notes = append(c.report.Notes, finding(code, table, 0, zh, en, args...))
}

func finding(code, table string, row int64, zh, en string, args ...any) Finding {
	return Finding{Code: code, Table: table, Row: row, Text: fmt.Sprintf(en, args...), TextZh: fmt.Sprintf(zh, args...)}
}

// unreadable makes a finding of a part that cannot be read, because the file is damaged or a table is not as it should be.
// It gives back errors that say nothing of the file.
func (c *checker) unreadable(table string, err error) error {
	var sq sqlite3.Error
	switch {
	case c.canceled() != nil:
		return c.canceled()
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &sq) && (sq.Code == sqlite3.ErrBusy || sq.Code == sqlite3.ErrLocked || sq.Code == sqlite3.ErrIoErr || sq.Code == sqlite3.ErrNomem):
		return err
	}
	c.find("unreadable", table, 0, "无法读取: %[1]v", "it cannot be read: %[1]v", err)
	return nil
}

// has tells whether there is a table or view of that name.
func (c *checker) has(name string) (bool, error) {
	var n int
	err := c.row(`SELECT count(*) FROM sqlite_master WHERE type IN ('table', 'view') AND name = ?`, name).Scan(&n)
	return n > 0, err
}

// checkSQLite has SQLite look at its pages, indices, constraints and R-trees, and at foreign keys.
func (c *checker) checkSQLite() error {
	rows, err := c.query(`PRAGMA integrity_check(100)`)
	lines, err := collect(rows, err, scanOne[string])
	if err != nil {
		return err
	}
	for _, line := range lines {
		if line != "ok" {
			c.find("integrity", "", 0, "SQLite 完整性检查: %[1]s", "SQLite's integrity check: %[1]s", line)
		}
	}
	type broken struct {
		table, parent string
		row           sql.NullInt64
	}
	rows, err = c.query(`SELECT "table", rowid, parent FROM pragma_foreign_key_check`)
	keys, err := collect(rows, err, func(r *sql.Rows) (b broken, err error) {
		err = r.Scan(&b.table, &b.row, &b.parent)
		return b, err
	})
	for _, k := range keys {
		c.find("foreign_key", k.table, k.row.Int64, "外键指向 %[1]s 中不存在的行", "its foreign key names no row of %[1]s", k.parent)
	}
	return err
}

// checkConstraints tests the CHECKs of our tables: SQLite forgets them where a file is open for reading only.
func (c *checker) checkConstraints() error {
	for _, m := range migrations()[:min(c.report.Schema, len(migrations()))] {
		for _, statement := range strings.Split(m.sql, ";\n") {
			_, after, ok := strings.Cut(statement, "CREATE TABLE lc_")
			if !ok {
				continue
			}
			name, body, _ := strings.Cut(after, " (")
			table := "lc_" + name
			for _, condition := range conditions(body) {
				rows, err := c.query(`SELECT rowid FROM ` + quote(table) + ` WHERE NOT (` + condition + `)`)
				ids, err := collect(rows, err, scanOne[int64])
				if err != nil {
					if err := c.unreadable(table, err); err != nil {
						return err
					}
				}
				for _, id := range ids {
					c.find("constraint", table, id, "不满足 %[1]s", "it does not hold that %[1]s", condition)
				}
			}
		}
	}
	return nil
}

// conditions gives what stands in the brackets after every CHECK.
func conditions(sql string) (out []string) {
	for {
		_, rest, ok := strings.Cut(sql, "CHECK (")
		if !ok {
			return out
		}
		depth, end := 1, 0
		for ; end < len(rest) && depth > 0; end++ {
			switch rest[end] {
			case '(':
				depth++
			case ')':
				depth--
			}
		}
		out = append(out, rest[:end-1])
		sql = rest[end:]
	}
}

// checkMeta looks at what the project says of itself.
func (c *checker) checkMeta() error {
	for _, key := range []string{"name", "title", "created", "schema"} {
		var value string
		err := c.row(`SELECT value FROM lc_meta WHERE key = ?`, key).Scan(&value)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			c.find("meta", "lc_meta", 0, "缺少“%[1]s”", "%[1]q is missing", key)
		case err != nil:
			return err
		case key == "created" && !validTimestamp(value):
			c.find("meta", "lc_meta", 0, "created 不是时间: %[1]s", "created is no time: %[1]s", value)
		}
	}
	return nil
}

// validTimestamp tells whether a text is a time in the one form that gpkg_contents allows.
func validTimestamp(text string) bool {
	const layout = "2006-01-02T15:04:05.000Z"
	at, err := time.Parse(layout, text)
	return err == nil && at.Format(layout) == text
}

// errorText gives the words of an error for a finding, without the hint of where it lies.
func errorText(err error) (zh, en string) {
	var e *coverage.Error
	if errors.As(err, &e) {
		plain := *e
		plain.File, plain.Hint = "", coverage.Text{}
		return plain.In("zh"), plain.In("en")
	}
	return err.Error(), err.Error()
}

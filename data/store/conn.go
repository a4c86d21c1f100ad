package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	sqlite3 "github.com/mattn/go-sqlite3"

	"lifecircle/geo/panics"
)

// connector opens connections to one file. Every connection knows the functions that the
// R-tree triggers of a GeoPackage call.
type connector struct {
	dsn    string
	driver *sqlite3.SQLiteDriver
}

func (c *connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c *connector) Driver() driver.Driver                        { return c.driver }

// Access modes of SQLite's URIs.
const (
	accessCreate = "mode=rwc"
	accessWrite  = "mode=rw"
	accessRead   = "mode=ro"
	// accessFrozen reads a file that nobody can be writing: one that a crash left in WAL mode in a
	// folder where we may not make the index of the log.
	accessFrozen = "mode=ro&immutable=1"
)

// openDB makes a pool of connections; nothing is opened yet. queryOnly connections refuse to write.
func openDB(path, access string, busy time.Duration, queryOnly bool) *sql.DB {
	pragmas := []string{
		"PRAGMA foreign_keys = ON",
		"PRAGMA synchronous = FULL",
	}
	if queryOnly {
		pragmas = append(pragmas, "PRAGMA query_only = ON")
	} else {
		pragmas = append(pragmas, "PRAGMA cache_size = -16384") // KiB; what is written in bulk is written in order
	}
	return sql.OpenDB(&connector{
		dsn: fmt.Sprintf("file:%s?%s&_busy_timeout=%d", escapePath(path), access, busy.Milliseconds()), // from the first statement on
		driver: &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
			for name, f := range spatialFunctions() {
				if err := c.RegisterFunc(name, f, true); err != nil {
					return err
				}
			}
			for _, p := range pragmas {
				if _, err := c.Exec(p, nil); err != nil {
					return err
				}
			}
			return nil
		}},
	})
}

// busyTimeout is the pragma that says how long to wait for another connection.
func busyTimeout(d time.Duration) string {
	return fmt.Sprintf("PRAGMA busy_timeout = %d", d.Milliseconds())
}

// escapePath writes a path as SQLite's URIs have it.
func escapePath(path string) string {
	path = filepath.ToSlash(path)
	if len(path) > 1 && path[1] == ':' { // a drive
		path = "/" + path
	}
	return strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(path)
}

// tx is the one write transaction that is open. Its statements do not look at a context: an
// interrupt in the middle of a statement is worth nothing where a transaction is rolled back whole;
// long loops ask canceled.
type tx struct {
	conn *sql.Conn
	ctx  context.Context
	now  string // the time of everything in this transaction, as in gpkg_contents
}

func (t *tx) exec(query string, args ...any) error {
	_, err := t.conn.ExecContext(context.Background(), query, args...)
	return err
}

func (t *tx) query(query string, args ...any) (*sql.Rows, error) {
	return t.conn.QueryContext(context.Background(), query, args...)
}

func (t *tx) row(query string, args ...any) *sql.Row {
	return t.conn.QueryRowContext(context.Background(), query, args...)
}

func (t *tx) canceled() error { return context.Cause(t.ctx) }

// insertion is a table to insert into, with its columns if not all. Every row brings the cells of the first width columns; in those
// after them all rows say the same, which is bound once.
type insertion struct {
	into  string
	width int
	same  []driver.Value
}

// batchCells is how many cells go into one statement: every call into SQLite costs as much as some cells.
const batchCells = 512

// bulk inserts many rows on the bare connection, several by one statement: database/sql would cost more than
// SQLite itself. fill runs in a goroutine of its own, so that the next rows are made while SQLite takes those before them; it must not
// use the connection. The cells of args are kept until they are inserted, args itself is not.
func (t *tx) bulk(insertions []insertion, fill func(put func(insertion int, args []driver.Value) error) error) error {
	var caught panics.Catcher
	defer caught.Repanic() // out here: a panic within Raw would cost the connection
	return t.conn.Raw(func(bare any) error {
		batches := make([]*batch, len(insertions))
		defer func() {
			for _, b := range batches {
				b.close()
			}
		}()
		for i, in := range insertions {
			b, err := newBatch(bare.(*sqlite3.SQLiteConn), in)
			if err != nil {
				return err
			}
			batches[i] = b
		}
		full, stop := make(chan *load, loadsAhead), make(chan struct{})
		var filled error
		go func() {
			defer close(full)
			caught.Try(func() { filled = fillLoads(t, batches, fill, full, stop) })
		}()
		var failed error
		for l := range full {
			if failed == nil {
				if failed = batches[l.of].insert(l.cells); failed != nil {
					close(stop)
				}
			}
			select {
			case batches[l.of].spare <- l:
			default:
			}
		}
		if failed != nil {
			return failed
		}
		return filled
	})
}

// loadsAhead is how many loads may wait for SQLite; a load is full with so many bytes, however few its rows are.
const (
	loadsAhead = 4
	loadBytes  = 1 << 20
)

// errStopped is why fill ends where SQLite refused a load.
var errStopped = errors.New("the rows are not wanted any more")

// fillLoads has rows filled in and sends them on, load by load.
func fillLoads(t *tx, batches []*batch, fill func(put func(insertion int, args []driver.Value) error) error, full chan<- *load, stop <-chan struct{}) error {
	loads := make([]*load, len(batches))
	send := func(l *load) error {
		select {
		case full <- l:
			return nil
		case <-stop:
			return errStopped
		}
	}
	n := 0
	err := fill(func(insertion int, args []driver.Value) error {
		if n++; n%4096 == 0 {
			if err := t.canceled(); err != nil {
				return err
			}
		}
		if loads[insertion] == nil {
			loads[insertion] = batches[insertion].load(insertion)
		}
		l := loads[insertion]
		for _, v := range args {
			switch v := v.(type) {
			case string:
				l.bytes += len(v)
			case []byte:
				l.bytes += len(v)
			}
		}
		if l.cells = append(l.cells, args...); len(l.cells) < cap(l.cells) && l.bytes < loadBytes {
			return nil
		}
		loads[insertion] = nil
		return send(l)
	})
	for i := 0; i < len(loads) && err == nil; i++ {
		if loads[i] != nil {
			err = send(loads[i])
		}
	}
	return err
}

// load is the cells of some rows: first those that all rows share, then those of each.
type load struct {
	of    int // of the batches
	cells []driver.Value
	bytes int // of texts and blobs
}

// batch inserts the rows of a load by one statement.
type batch struct {
	one, many   driver.Stmt
	rows, width int
	same        []driver.Value
	spare       chan *load // to be filled again
}

func newBatch(c *sqlite3.SQLiteConn, in insertion) (b *batch, err error) {
	b = &batch{width: in.width, same: in.same, rows: max(1, batchCells/in.width), spare: make(chan *load, loadsAhead)}
	n := len(in.same)
	row := func() string {
		var parts []string
		for range in.width {
			n++
			parts = append(parts, "?"+strconv.Itoa(n))
		}
		for i := range in.same {
			parts = append(parts, "?"+strconv.Itoa(i+1))
		}
		return "(" + strings.Join(parts, ", ") + ")"
	}
	query := "INSERT INTO " + in.into + " VALUES " + row()
	if b.one, err = c.Prepare(query); err != nil {
		return nil, err
	}
	for range b.rows - 1 {
		query += ", " + row()
	}
	if b.many, err = c.Prepare(query); err != nil {
		b.one.Close()
		return nil, err
	}
	return b, nil
}

// load gives an empty load.
func (b *batch) load(of int) *load {
	select {
	case l := <-b.spare:
		clear(l.cells[len(b.same):])
		l.cells, l.bytes = l.cells[:len(b.same)], 0
		return l
	default:
		return &load{of: of, cells: append(make([]driver.Value, 0, len(b.same)+b.rows*b.width), b.same...)}
	}
}

func (b *batch) insert(cells []driver.Value) error {
	if len(cells) == len(b.same)+b.rows*b.width {
		//lint:ignore SA1019 the other form copies every cell into a named value
		_, err := b.many.Exec(cells)
		return err
	}
	args := append(make([]driver.Value, 0, len(b.same)+b.width), b.same...)
	for rest := cells[len(b.same):]; len(rest) > 0; rest = rest[b.width:] {
		//lint:ignore SA1019 as above
		if _, err := b.one.Exec(append(args, rest[:b.width]...)); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) close() {
	if b != nil {
		b.one.Close()
		b.many.Close()
	}
}

// collect reads a query's rows.
func collect[T any](rows *sql.Rows, err error, scan func(*sql.Rows) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// scanOne scans a row of one column.
func scanOne[T any](rows *sql.Rows) (v T, err error) {
	err = rows.Scan(&v)
	return v, err
}

// quote writes an SQL identifier.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// literal writes an SQL text.
func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

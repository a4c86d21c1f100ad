package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/data/files"
)

// Mode says how a project is opened.
type Mode int

// The modes.
const (
	ReadOnly  Mode = iota // nothing is written, unless a crash left something to roll back
	ReadWrite             // falls back to reading where the file's permissions allow no writing
)

// Project is one open project file. It implements coverage.Store and is safe for concurrent use.
type Project struct {
	path     string
	file     string // its base name, for errors
	readOnly bool
	warnings []coverage.Text
	options  options

	turn    chan struct{} // held by whoever writes
	writers *sql.DB       // nil when readOnly
	writer  *sql.Conn     // its only connection
	readers *sql.DB

	closing sync.Once
	closed  chan struct{}
}

var _ coverage.Store = (*Project)(nil)

type options struct {
	clock      func() time.Time
	busy       time.Duration
	cacheLimit int64
	migrations []migration
	onNetwork  func(path string) bool
	warn       func(coverage.Text)
	soleFrom   int // bytes of a layer from which on it is saved by writeSole; 0: none
}

// Option changes how a project is opened.
type Option func(*options)

// WithClock gives the clock of everything that is dated; time.Now otherwise.
func WithClock(clock func() time.Time) Option { return func(o *options) { o.clock = clock } }

// WithBusyTimeout says how long to wait for another program that is writing; 10 s otherwise.
func WithBusyTimeout(d time.Duration) Option { return func(o *options) { o.busy = d } }

// WithCacheLimit bounds the cache, in bytes of its values; 256 MiB otherwise.
func WithCacheLimit(bytes int64) Option { return func(o *options) { o.cacheLimit = bytes } }

// WithSoleUse says that the caller does one thing after another and can wait: large layers are then saved without the log of WAL mode, in
// which every byte is written twice, as long as no other program has the project open. Whoever opens it meanwhile waits until that is done, or
// his patience ends.
func WithSoleUse() Option { return func(o *options) { o.soleFrom = 16 << 20 } }

// WithWarning has somebody told what Project.Warnings gives, when a project is opened: for a Shelf, which opens them later.
func WithWarning(tell func(coverage.Text)) Option { return func(o *options) { o.warn = tell } }

func newOptions(opts []Option) options {
	o := options{clock: time.Now, busy: 10 * time.Second, cacheLimit: 256 << 20, migrations: migrations(), onNetwork: onNetwork}
	for _, f := range opts {
		f(&o)
	}
	return o
}

// Create makes a new project file and opens it. Name is what the project is called in files and URLs (the file's base
// name if ""), title what people call it. It is a Conflict if the file exists. The file appears
// whole or not at all.
func Create(path, name, title string, opts ...Option) (*Project, error) {
	o := newOptions(opts)
	file := filepath.Base(path)
	if name == "" {
		name = strings.TrimSuffix(file, filepath.Ext(file))
	}
	if title == "" {
		title = name
	}
	err := writeNew(path, func(temporary string) error {
		db := openDB(temporary, accessCreate, o.busy, false)
		defer db.Close()
		conn, err := db.Conn(context.Background())
		if err != nil {
			return err
		}
		defer conn.Close()
		t := &tx{conn: conn, ctx: context.Background(), now: timestamp(o.clock())}
		if err := migrate(t, 0, o.migrations); err != nil {
			return err
		}
		return t.run(func(t *tx) error {
			for _, kv := range [][2]string{{"name", name}, {"title", title}, {"created", t.now}} {
				if err := t.exec(`INSERT INTO lc_meta VALUES (?, ?)`, kv[0], kv[1]); err != nil {
					return err
				}
			}
			return t.createAttributes()
		})
	})
	if err != nil {
		return nil, explain(file, err)
	}
	return Open(path, ReadWrite, opts...)
}

// Open opens a project file. It is NotFound if there is none, and Refused, before anything is written, if it is no
// database, another program's GeoPackage, or a project of a newer version.
func Open(path string, mode Mode, opts ...Option) (*Project, error) {
	o := newOptions(opts)
	p := &Project{path: path, file: filepath.Base(path), options: o, turn: make(chan struct{}, 1), closed: make(chan struct{})}
	if err := p.open(mode); err != nil {
		p.release()
		return nil, explain(p.file, err)
	}
	return p, nil
}

func (p *Project) open(mode Mode) error {
	absolute, err := filepath.Abs(p.path)
	if err != nil {
		return err
	}
	access, schema, err := identify(absolute, len(p.options.migrations), p.options.busy, true)
	if err != nil {
		return err
	}
	p.readOnly = mode == ReadOnly || !writable(absolute) || !folderWritable(absolute)
	if p.readOnly {
		if schema < len(p.options.migrations) {
			return &coverage.Error{Code: coverage.Refused, File: p.file,
				Text: coverage.Text{Zh: "项目文件是旧版本", En: "the project file is of an older version"},
				Hint: coverage.Text{Zh: "请以可写方式打开一次，以便升级", En: "open it once for writing, which brings it up to date"}}
		}
	} else if err := p.openWriter(absolute, schema); err != nil {
		return err
	} else {
		access = accessWrite
	}
	p.readers = openDB(absolute, access, p.options.busy, true)
	p.readers.SetMaxOpenConns(max(4, runtime.GOMAXPROCS(0)))
	p.readers.SetMaxIdleConns(idleReaders)
	return p.readers.Ping()
}

// idleReaders is how many connections are kept for whoever reads next.
const idleReaders = 4

func (p *Project) openWriter(path string, schema int) error {
	p.writers = openDB(path, accessWrite, p.options.busy, false)
	p.writers.SetMaxOpenConns(1)
	conn, err := p.writers.Conn(context.Background())
	if err != nil {
		return err
	}
	p.writer = conn
	if err := p.chooseJournal(path); err != nil {
		return err
	}
	if schema < len(p.options.migrations) {
		return migrate(&tx{conn: conn, ctx: context.Background(), now: timestamp(p.options.clock())}, schema, p.options.migrations)
	}
	return nil
}

// chooseJournal has readers and the writer not wait for each other (WAL mode), where that can be had. A network drive cannot
// give it, and another program that reads just now in the older mode does not let us change it.
func (p *Project) chooseJournal(path string) error {
	if p.options.onNetwork(path) {
		p.warn("项目在网络盘上：一台机器写入时其他机器须等待；请勿多机同时写入，最好复制到本地", "the project lies on a network drive: while one machine writes, others wait; do not write from several, better work on a local copy")
		if mode := p.askWriter(`PRAGMA journal_mode = DELETE`); mode == "" || mode == "delete" {
			return nil
		}
		return &coverage.Error{Code: coverage.Unavailable, File: p.file,
			Text: coverage.Text{Zh: "项目在网络盘上，且正被另一个程序打开", En: "the project lies on a network drive, and is open in another program"},
			Hint: coverage.Text{Zh: "请在那里关闭后重试", En: "close it there and try again"}}
	}
	p.askWriter(busyTimeout(min(p.options.busy, time.Second)))
	mode := p.askWriter(`PRAGMA journal_mode = WAL`)
	p.askWriter(busyTimeout(p.options.busy))
	if mode != "wal" {
		p.warn("另一个程序正在读取项目文件，写入时会互相等待", "another program reads the project file just now: it and we wait for each other while we write")
	}
	return nil
}

// askWriter gives the answer of a pragma on the connection that writes, "" if it was refused.
func (p *Project) askWriter(pragma string) (answer string) {
	_ = p.writer.QueryRowContext(context.Background(), pragma).Scan(&answer) // refused = not changed
	return answer
}

func (p *Project) warn(zh, en string) {
	w := coverage.Text{Zh: p.file + ": " + zh, En: p.file + ": " + en}
	p.warnings = append(p.warnings, w)
	if p.options.warn != nil {
		p.options.warn(w)
	}
}

// Warnings gives what the user should know of how the project could be opened, with the file's name.
func (p *Project) Warnings() []coverage.Text { return p.warnings }

// Close waits for whoever writes, and leaves one file: the log is written back and removed, unless
// another program still has the project open. Closing twice is harmless.
func (p *Project) Close() error {
	p.closing.Do(func() {
		p.turn <- struct{}{}
		close(p.closed)
		p.release()
		<-p.turn
	})
	return nil
}

func (p *Project) release() {
	if p.readers != nil {
		p.readers.Close()
	}
	if p.writer != nil {
		// Both are refused while another program reads; whoever closes last does it then.
		for _, pragma := range []string{`PRAGMA busy_timeout = 1000`, `PRAGMA wal_checkpoint(TRUNCATE)`, `PRAGMA journal_mode = DELETE`} {
			if rows, err := p.writer.QueryContext(context.Background(), pragma); err == nil {
				for rows.Next() {
				}
				rows.Close()
			}
		}
		p.writer.Close()
	}
	if p.writers != nil {
		p.writers.Close()
	}
}

// ReadOnly tells whether the project is open for reading only.
func (p *Project) ReadOnly() bool { return p.readOnly }

// Path gives the path that the project was opened by.
func (p *Project) Path() string { return p.path }

// Project gives what the file says of itself.
func (p *Project) Project(ctx context.Context) (coverage.ProjectInfo, error) {
	var info coverage.ProjectInfo
	rows, err := p.readers.QueryContext(ctx, `SELECT key, value FROM lc_meta`)
	_, err = collect(rows, err, func(r *sql.Rows) (struct{}, error) {
		var key, value string
		err := r.Scan(&key, &value)
		switch key {
		case "name":
			info.Name = value
		case "title":
			info.Title = value
		case "created":
			info.Created = value
		case "schema":
			info.Schema, _ = strconv.Atoi(value)
		}
		return struct{}{}, err
	})
	return info, explain(p.file, err)
}

// write runs f in a transaction; only one is open at a time. What f wrote is there when write
// returns nil, and nothing of it otherwise.
func (p *Project) write(ctx context.Context, f func(t *tx) error) error {
	return p.writeBy(ctx, (*tx).run, f)
}

// writeSole does what write does, straight into the file where nobody else has it open: what was there is kept in a rollback journal
// until f is done, and what is new needs none. Nobody can begin to read meanwhile: a reader in the middle would keep us from ending.
func (p *Project) writeSole(ctx context.Context, f func(t *tx) error) error {
	return p.writeBy(ctx, func(t *tx, f func(t *tx) error) error {
		begin := beginWriting
		p.readers.SetMaxIdleConns(0) // closes them, else we were not alone
		defer p.readers.SetMaxIdleConns(idleReaders)
		if p.askWriter(`PRAGMA journal_mode`) == "wal" {
			p.askWriter(`PRAGMA busy_timeout = 0`)
			mode := p.askWriter(`PRAGMA journal_mode = DELETE`)
			p.askWriter(busyTimeout(p.options.busy))
			if mode == "delete" {
				begin = `BEGIN EXCLUSIVE`
				defer p.askWriter(`PRAGMA journal_mode = WAL`)
			}
		}
		return t.runFrom(begin, f)
	}, f)
}

func (p *Project) writeBy(ctx context.Context, run func(t *tx, f func(t *tx) error) error, f func(t *tx) error) error {
	if p.readOnly {
		return readOnlyError(p.file)
	}
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case <-p.closed:
		return &coverage.Error{Code: coverage.Unavailable, File: p.file, Text: coverage.Text{Zh: "项目已关闭", En: "the project is closed"}}
	default:
	}
	t := &tx{conn: p.writer, ctx: ctx, now: timestamp(p.options.clock())}
	return explain(p.file, run(t, f))
}

// beginWriting has nobody else write.
const beginWriting = `BEGIN IMMEDIATE`

// run runs f between BEGIN and COMMIT, with a ROLLBACK for an error or a panic.
func (t *tx) run(f func(t *tx) error) error { return t.runFrom(beginWriting, f) }

func (t *tx) runFrom(begin string, f func(t *tx) error) (err error) {
	err = t.exec(begin)
	if err != nil && begin != beginWriting { // somebody came just before: he may be gone when we end
		err = t.exec(beginWriting)
	}
	if err != nil {
		return err
	}
	done := false
	defer func() {
		if !done {
			_ = t.exec(`ROLLBACK`) // refused if SQLite rolled back by itself, as on a full disk
		}
	}()
	if err := f(t); err != nil {
		return err
	}
	if err := t.canceled(); err != nil {
		return err
	}
	if err := t.exec(`COMMIT`); err != nil {
		return err
	}
	done = true
	return nil
}

// timestamp writes a time as gpkg_contents wants it, which is RFC 3339 as well. The form has four digits for the year: a
// clock that is wrong beyond that is held at its ends.
func timestamp(t time.Time) string {
	const layout = "2006-01-02T15:04:05.000Z"
	t = t.UTC()
	switch {
	case t.Year() > 9999:
		t = time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)
	case t.Year() < 0:
		t = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return t.Format(layout)
}

// identify finds out whether a file is a project that this program can read: how to open it for reading, and the version of
// its tables. It writes nothing, unless rollBack allows to undo what a crash left half-written.
func identify(path string, newest int, busy time.Duration, rollBack bool) (access string, schema int, err error) {
	file := filepath.Base(path)
	refuse := func(zh, en, hintZh, hintEn string) error {
		return &coverage.Error{Code: coverage.Refused, File: file, Text: coverage.Text{Zh: zh, En: en}, Hint: coverage.Text{Zh: hintZh, En: hintEn}}
	}
	noDatabase := refuse("不是 GeoPackage 文件", "it is no GeoPackage", "用 lifecircle new 新建项目", "make a project with lifecircle new")
	stat, err := os.Stat(path)
	if err != nil {
		return "", 0, err
	}
	if !stat.Mode().IsRegular() {
		return "", 0, noDatabase
	}
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	header := make([]byte, 100)
	_, err = io.ReadFull(f, header)
	f.Close()
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", 0, err
	}
	if err != nil || string(header[:16]) != "SQLite format 3\x00" {
		return "", 0, noDatabase
	}
	foreign := refuse("不是本程序的项目文件", "it is not a project of lifecircle",
		"用 lifecircle new 新建项目，再导入这个文件里的图层", "make a project with lifecircle new and import this file's layers into it")
	if string(header[68:72]) != "GPKG" {
		return "", 0, foreign
	}
	if is, was, short := cut(path, header, stat.Size()); short {
		return "", 0, refuse(fmt.Sprintf("文件不完整：只有 %d 字节，应为 %d 字节", is, was), fmt.Sprintf("the file is cut short: %d bytes of %d", is, was),
			"请重新复制，或使用备份", "copy it again, or use a backup of it")
	}
	access = accessRead
	if rollBack && hasContent(path+"-journal") && writable(path) {
		// A crash left a change half-written, and nobody can read the file before it is rolled back.
		access = accessWrite
	}
	schema, err = readSchema(path, access, busy)
	if err != nil && header[18] == 2 && !hasContent(path+"-wal") {
		access = accessFrozen
		schema, err = readSchema(path, access, busy)
	}
	switch {
	case err != nil:
		return "", 0, err
	case schema == 0:
		return "", 0, foreign
	case binary.BigEndian.Uint32(header[56:]) != 1: // we write UTF-8, and no program changes that
		return "", 0, damaged("its text encoding")
	case schema > newest:
		return "", 0, refuse(fmt.Sprintf("项目文件是新版本（%d），本程序只认识到 %d", schema, newest),
			fmt.Sprintf("the project file is of a newer version (%d) than this program knows (%d)", schema, newest),
			"请更新 lifecircle", "update lifecircle")
	}
	return access, schema, nil
}

// cut tells whether a database is shorter than its header says: how long it is, and how long it was. The header counts if it
// was written by the last change (https://www.sqlite.org/fileformat2.html#in_header_database_size), and if
// no log holds the rest.
func cut(path string, header []byte, size int64) (is, was int64, ok bool) {
	page := int64(binary.BigEndian.Uint16(header[16:]))
	if page == 1 {
		page = 65536
	}
	was = page * int64(binary.BigEndian.Uint32(header[28:]))
	current := binary.BigEndian.Uint32(header[24:]) == binary.BigEndian.Uint32(header[92:])
	return size, was, current && size < was && !hasContent(path+"-wal") && !hasContent(path+"-journal")
}

// readSchema gives the version of our tables, 0 where there are none.
func readSchema(path, access string, busy time.Duration) (int, error) {
	db := openDB(path, access, busy, true)
	defer db.Close()
	var ours int
	err := db.QueryRow(`SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('lc_meta', 'gpkg_extensions')`).Scan(&ours)
	if err != nil || ours < 2 {
		return 0, err
	}
	err = db.QueryRow(`SELECT count(*) FROM gpkg_extensions WHERE extension_name = 'lifecircle_project'`).Scan(&ours)
	if err != nil || ours == 0 {
		return 0, err
	}
	var version string
	if err := db.QueryRow(`SELECT value FROM lc_meta WHERE key = 'schema'`).Scan(&version); err != nil {
		return 0, err
	}
	schema, err := strconv.Atoi(version)
	if err != nil {
		return 0, damaged(err.Error())
	}
	return schema, nil
}

// hasContent tells whether there is a file that is not empty.
func hasContent(path string) bool {
	s, err := os.Stat(path)
	return err == nil && s.Size() > 0
}

// writable tells whether the file may be written. A file that nobody may write is left alone even by a
// superuser.
func writable(path string) bool {
	s, err := os.Stat(path)
	if err != nil || s.Mode().Perm()&0o222 == 0 {
		return false
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	f.Close()
	return true
}

// writeNew has a file written under another name in the same folder, and gives it its own when it is
// whole. It never replaces a file.
func writeNew(path string, write func(temporary string) error) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if _, err := os.Lstat(path); err == nil {
		return os.ErrExist
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	temporary := f.Name()
	defer func() {
		for _, suffix := range []string{"", "-journal", "-wal", "-shm"} {
			os.Remove(temporary + suffix)
		}
	}()
	if err := errors.Join(f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	if err := write(temporary); err != nil {
		return err
	}
	// A link fails if the name is taken by now, a rename would replace the file.
	if err := os.Link(temporary, path); err != nil {
		if errors.Is(err, os.ErrExist) {
			return err
		}
		if _, err := os.Lstat(path); err == nil {
			return os.ErrExist
		}
		if err := os.Rename(temporary, path); err != nil { // a file system without links
			return err
		}
	}
	_ = files.SyncFolder(filepath.Dir(path)) // it is there in any case
	return nil
}

// union adds up bounds, leaving out those of layers without rows.
func union(bounds []orb.Bound) (b orb.Bound, known bool) {
	for _, next := range bounds {
		if known {
			b = b.Union(next)
		} else {
			b, known = next, true
		}
	}
	return b, known
}

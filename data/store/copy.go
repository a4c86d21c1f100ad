package store

import (
	"context"
	"database/sql"
	"path/filepath"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// copyPages is how much of a copy is made between two looks at the context: 16 MiB.
const copyPages = 4096

// Copy writes a consistent copy of the project to a new file while others read and write. It is a Conflict if the file
// exists; the copy appears whole or not at all.
func (p *Project) Copy(ctx context.Context, path string) error {
	err := writeNew(path, func(temporary string) error {
		db := openDB(temporary, accessWrite, p.options.busy, false)
		defer db.Close()
		to, err := db.Conn(ctx)
		if err != nil {
			return err
		}
		defer to.Close()
		from, err := p.readers.Conn(ctx)
		if err != nil {
			return err
		}
		defer from.Close()
		// Within a transaction the copy is of one moment, and is not begun again when somebody writes.
		if _, err := from.ExecContext(ctx, `BEGIN`); err != nil {
			return err
		}
		defer from.ExecContext(context.Background(), `ROLLBACK`)
		var one int
		if err := from.QueryRowContext(ctx, `SELECT count(*) FROM lc_meta`).Scan(&one); err != nil {
			return err
		}
		if err := backup(ctx, to, from); err != nil {
			return err
		}
		_, err = to.ExecContext(ctx, `PRAGMA journal_mode = DELETE`) // the copy says it is in WAL mode, as we are
		return err
	})
	return explain(filepath.Base(path), err)
}

func backup(ctx context.Context, to, from *sql.Conn) error {
	return to.Raw(func(bareTo any) error {
		return from.Raw(func(bareFrom any) error {
			b, err := bareTo.(*sqlite3.SQLiteConn).Backup("main", bareFrom.(*sqlite3.SQLiteConn), "main")
			if err != nil {
				return err
			}
			for done := false; !done; {
				if err := context.Cause(ctx); err != nil {
					b.Close()
					return err
				}
				if done, err = b.Step(copyPages); err != nil {
					b.Close()
					return err
				}
			}
			return b.Finish()
		})
	})
}

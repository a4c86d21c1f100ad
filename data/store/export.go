package store

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lifecircle/coverage"
)

// Export writes a table of a run as a plain GeoPackage 1.3 of that one layer, with none of our own tables: for programs and people who want
// the result and not the project. Columns are those of the project file. The same table gives the same bytes: the file is dated 1970, as
// exports carry no time. It is put together in a temporary file.
func Export(ctx context.Context, w io.Writer, table coverage.Table) error {
	folder, err := os.MkdirTemp("", "lifecircle-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, table.Name+".gpkg")
	if err := writePlain(ctx, path, table); err != nil {
		return explain(table.Name+".gpkg", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, f)
	return errors.Join(err, f.Close())
}

func writePlain(ctx context.Context, path string, table coverage.Table) error {
	db := openDB(path, accessCreate, time.Second, false)
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	t := &tx{conn: conn, ctx: ctx, now: timestamp(time.Unix(0, 0))}
	return t.run(func(t *tx) error {
		if err := t.exec(geoPackageTables()); err != nil {
			return err
		}
		return t.writeResult(table, "lifecircle")
	})
}

// geoPackageTables gives the first migration as far as it makes the tables that every GeoPackage has.
func geoPackageTables() string {
	plain, _, found := strings.Cut(migrations()[0].sql, "-- What the project says of itself")
	if !found {
		panic("store: the first migration has no tables of our own")
	}
	return plain
}

package store

import (
	"embed"
	"fmt"
	"io/fs"
	"strconv"
)

// The project file grows by migrations: migrations/0001_….sql is version 1, and so on. Each runs
// in a transaction of its own that also notes the new version, so that a crash leaves the file at one version
// or the next.

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one step of the file's tables.
type migration struct {
	name string
	sql  string
}

// migrations gives all steps in their order.
func migrations() []migration {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql") // sorted
	if err != nil {
		panic(err)
	}
	var out []migration
	for i, name := range names {
		b, err := migrationFiles.ReadFile(name)
		if err != nil {
			panic(err)
		}
		if n, err := strconv.Atoi(name[len("migrations/"):][:4]); err != nil || n != i+1 {
			panic("store: migrations are not numbered one by one: " + name)
		}
		out = append(out, migration{name: name, sql: string(b)})
	}
	return out
}

// migrate brings a file from a version to the newest.
func migrate(t *tx, from int, steps []migration) error {
	for version := from + 1; version <= len(steps); version++ {
		step := steps[version-1]
		err := t.run(func(t *tx) error {
			if err := t.exec(step.sql); err != nil {
				return err
			}
			return t.exec(`INSERT INTO lc_meta VALUES ('schema', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, strconv.Itoa(version))
		})
		if err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

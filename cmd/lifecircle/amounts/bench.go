package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// bench runs the program and keeps what it took.
type bench struct {
	lifecircle string // the program
	work       string // folder of inputs and projects
	data       string // folder of test data, for Las Palmas
	runs       int
	wait       time.Duration // for a quiet machine, before each run
	only       *regexp.Regexp
	scale      float64   // of the generated cities; 1 but for trials
	words      io.Writer // what is going on

	taken  map[string][]usage // by key
	failed map[string]bool    // optional jobs that failed
	city   cityLayers         // of the full size
	floor  int64              // peak of the smallest command, bytes

	written int   // files of the reports of the generated city
	bytes   int64 // in them
}

// job is a process that is measured.
type job struct {
	key      string
	once     bool         // too slow to be repeated
	optional bool         // its failure is told in the notes and stops nothing
	prepare  func() error // before each run, not measured; may be nil
	command  func() []string
	// after looks at what the process printed and may correct what it took; may be nil.
	after func(u usage, printed string) (usage, error)
}

// measure runs jobs in rounds, so that a disturbance is spread over all of them.
func (b *bench) measure(ctx context.Context, jobs []job) error {
	for round := range b.runs {
		for _, j := range jobs {
			if b.only != nil && !b.only.MatchString(j.key) || j.once && round > 0 {
				continue
			}
			err := b.one(ctx, j)
			if err != nil && j.optional && ctx.Err() == nil {
				fmt.Fprintf(b.words, "%s is left out: %v\n", j.key, err)
				b.failed[j.key] = true
				continue
			}
			if err != nil {
				return fmt.Errorf("%s: %w", j.key, err)
			}
		}
	}
	return nil
}

func (b *bench) one(ctx context.Context, j job) error {
	if j.prepare != nil {
		if err := j.prepare(); err != nil {
			return err
		}
	}
	quiet(ctx, b.wait)
	command := j.command()
	u, printed, err := run(ctx, command[0], command[1:]...)
	if err == nil && j.after != nil {
		u, err = j.after(u, printed)
	}
	if err != nil {
		return err
	}
	b.taken[j.key] = append(b.taken[j.key], u)
	fmt.Fprintf(b.words, "%-28s %8.3f s  CPU %8.3f s  %6.0f MiB  others %.2f\n", j.key, u.Wall.Seconds(), u.CPU.Seconds(), mebibytes(u.Peak), u.Others)
	return nil
}

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }

// wanted tells whether any of the keys is to be measured.
func (b *bench) wanted(keys ...string) bool {
	return b.only == nil || slices.ContainsFunc(keys, b.only.MatchString)
}

func (b *bench) path(name ...string) string {
	return filepath.Join(append([]string{b.work}, name...)...)
}

// imported is a layer to import and the options that say what it is.
type imported struct {
	file    string
	options []string
}

// facilities are imported as the peers read them, every row a facility of its own.
func facilities(file, service string) imported {
	return imported{file, []string{"--as", "facilities", "--service", service, "--layer", service, "--complete", "--keep-duplicates"}}
}

// project makes a project file of layers, and adds up under a key what their imports took.
func (b *bench) project(ctx context.Context, key, path string, layers []imported) error {
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	total, _, err := run(ctx, b.lifecircle, "new", path, "--quiet")
	if err != nil {
		return err
	}
	u, err := b.add(ctx, path, layers)
	if err != nil {
		return err
	}
	if key != "" {
		u = total.plus(u)
		b.taken[key] = append(b.taken[key], u)
		fmt.Fprintf(b.words, "%-28s %8.3f s  CPU %8.3f s  %6.0f MiB  others %.2f\n", key, u.Wall.Seconds(), u.CPU.Seconds(), mebibytes(u.Peak), u.Others)
	}
	return nil
}

// add imports layers into a project. All of every file must be used.
func (b *bench) add(ctx context.Context, path string, layers []imported) (usage, error) {
	var total usage
	for _, l := range layers {
		u, _, err := run(ctx, b.lifecircle, append([]string{"import", path, l.file, "--quiet", "--strict"}, l.options...)...)
		if err != nil {
			return total, err
		}
		total = total.plus(u)
	}
	return total, nil
}

// score is a job that scores a fresh copy of a project, with the gaps drawn or left for later, and saves the run. The copy stays, as <key with dashes>.gpkg.
func (b *bench) score(key, project, catalog string, gaps bool) job {
	path := b.scored(key)
	when := map[bool]string{true: "now", false: "later"}[gaps]
	command := []string{b.lifecircle, "score", path, "--catalog", catalog, "--gaps", when, "--quiet"}
	return job{key: key, prepare: func() error { return copyFile(path, project) }, command: func() []string { return command }}
}

// scored is the project that a score job left.
func (b *bench) scored(key string) string {
	return b.path("scored-" + strings.ReplaceAll(key, "/", "-") + ".gpkg")
}

// writeCatalog keeps a catalog as a file of the work folder.
func (b *bench) writeCatalog(name, text string) (string, error) {
	path := b.path(name + ".yaml")
	return path, os.WriteFile(path, []byte(text), 0o644)
}

package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"

	"lifecircle/coverage"
	"lifecircle/coverage/batch"
	"lifecircle/coverage/catalog"
	"lifecircle/coverage/intake"
	"lifecircle/data/catalogs"
	"lifecircle/data/format/reports"
	"lifecircle/data/store"
)

// outside is what a batch needs of files and formats.
type outside struct{ a *app }

var _ batch.Outside = (*outside)(nil)

func (*outside) Version() string             { return version() }
func (*outside) Services() *catalog.Services { return catalogs.Services() }

func (*outside) Reporter() batch.Reporter { return reporter{} }

// reporter writes the reports of areas as lifecircle report does.
type reporter struct{}

func (reporter) Formats() []string {
	return slices.DeleteFunc(reports.Formats(), func(f string) bool { return slices.Contains([]string{"csv", "geojson", "gpkg", "json"}, f) })
}

func (reporter) Write(ctx context.Context, p coverage.Store, run *coverage.Run, dir string, spec batch.ReportSpec) error {
	src, err := reportSource(ctx, p, run, spec.Date)
	if err != nil {
		return err
	}
	src.Within = spec.Within
	has := src.Levels()
	levels := slices.DeleteFunc(slices.Clone(spec.Levels), func(l string) bool { return !slices.Contains(has, l) })
	if len(levels) == 0 { // the area has none of them: nothing is asked for, and nil would mean all
		levels = []string{batch.City}
	}
	_, err = reports.Write(ctx, src, dir, reports.Spec{Formats: append(slices.Clone(spec.Formats), "json"), Languages: spec.Languages, Levels: levels, Threads: spec.Threads}, nil)
	return err
}

// beside gives a name that may be a shipped one, else a file relative to a folder.
func beside(dir, name string, shipped []string) string {
	if name == "" || filepath.IsAbs(name) || slices.Contains(shipped, name) {
		return name
	}
	path := filepath.Join(dir, name)
	if _, err := os.Stat(path); err != nil && !strings.ContainsAny(name, "./\\") {
		return name // no file: said as a name that is not known
	}
	return path
}

func (*outside) Catalog(dir, name string) (*catalog.Catalog, []catalog.Finding, error) {
	return loadCatalog(beside(dir, name, catalogs.IDs()))
}

// importOf is a layer of a plan as the command line would import it.
func importOf(dir string, l batch.LayerSpec) importCmd {
	pairs := func(list []catalog.KeyText) []string {
		var out []string
		for _, p := range list {
			out = append(out, p.Key+"="+p.Text)
		}
		return out
	}
	return importCmd{File: l.File, As: l.As, Layer: l.Layer, Service: l.Service, Mapping: beside(dir, l.Mapping, catalogs.MappingIDs()), IDField: l.IDField, NameField: l.NameField,
		Parent: pairs(l.Parent), Level: l.Level, KindField: l.KindField, Measure: pairs(l.Measure), Modelled: l.Modelled, Join: l.Join, Complete: l.Complete, StatusField: l.StatusField,
		CapacityField: l.CapacityField, AreaField: l.AreaField, FloorAreaField: l.FloorAreaField, FloorsField: l.FloorsField, OpenedField: l.OpenedField, ClosedField: l.ClosedField,
		ServiceField: l.ServiceField, CRS: l.CRS, AcceptError: l.AcceptError, Encoding: l.Encoding, Delimiter: l.Delimiter, SourceLayer: l.SourceLayer, Header: l.Header, XField: l.XField,
		YField: l.YField, LocationField: l.LocationField, WKTField: l.WKT, Clip: l.Clip, CellPoints: l.CellPoints, Attribution: l.Attribution, Derived: l.Derived,
		KeepDuplicates: l.KeepDuplicates, Strict: l.Strict}
}

func (o *outside) CheckLayer(dir string, l batch.LayerSpec) (key coverage.LayerKey, files []string, err error) {
	c := importOf(dir, l)
	f, done, err := o.a.openFile(c.File)
	if err != nil {
		return key, nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	options, err := c.options()
	if err != nil {
		return key, nil, err
	}
	files, err = siblings(c.File)
	if err != nil {
		return key, nil, err
	}
	for _, path := range []string{c.Complete, c.Clip, c.Mapping} {
		if path == "" || path == everywhere || path == batch.Unknown || (path == c.Mapping && slices.Contains(catalogs.MappingIDs(), path)) {
			continue
		}
		files = append(files, path)
	}
	key, err = options.Check(catalogs.Services(), f)
	return key, files, err
}

// siblings gives a file and those that belong to it: the parts of a loose Shapefile.
func siblings(path string) ([]string, error) {
	files := []string{path}
	if !strings.EqualFold(filepath.Ext(path), ".shp") {
		return files, nil
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, fileError(path, err)
	}
	stem := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	for _, e := range entries {
		name := e.Name()
		if other, _, _ := strings.Cut(name, "."); !e.IsDir() && name != filepath.Base(path) && (strings.EqualFold(strings.TrimSuffix(name, filepath.Ext(name)), stem) || strings.EqualFold(other, stem)) {
			files = append(files, filepath.Join(filepath.Dir(path), name))
		}
	}
	sort.Strings(files[1:])
	return files, nil
}

func (o *outside) Import(ctx context.Context, st coverage.Store, dir string, l batch.LayerSpec) (report *coverage.ImportReport, err error) {
	c := importOf(dir, l)
	options, err := c.options()
	if err != nil {
		return nil, err
	}
	f, done, err := o.a.openFile(c.File)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	return intake.ImportFile(ctx, st, catalogs.Services(), f, options, nil)
}

func (*outside) Open(path string) (batch.Project, error) {
	return opened(store.Open(path, store.ReadOnly))
}

func (*outside) Change(path string, now func() time.Time) (batch.Project, error) {
	return opened(store.Open(path, store.ReadWrite, clockOf(now)...))
}

func (*outside) Create(path, title string, now func() time.Time) (batch.Project, error) {
	return opened(store.Create(path, "", title, clockOf(now)...))
}

func clockOf(now func() time.Time) []store.Option {
	if now == nil {
		return nil
	}
	return []store.Option{store.WithClock(now)}
}

// opened keeps a project that is not there from being an interface that is.
func opened(p *store.Project, err error) (batch.Project, error) {
	if err != nil {
		return nil, err
	}
	return p, nil
}

func (*outside) WriteTable(ctx context.Context, path, format string, t *coverage.Table) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return writeTable(ctx, io.Writer(f), format, "", t)
}

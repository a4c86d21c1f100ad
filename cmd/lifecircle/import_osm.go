package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"lifecircle/coverage"
	"lifecircle/coverage/intake"
	"lifecircle/data/catalogs"
	"lifecircle/data/format/formats"
	"lifecircle/data/format/osm"
	"lifecircle/data/store"
)

// wholeExtract is the role that stands for all layers of an OpenStreetMap extract.
const wholeExtract = "osm"

// extractDoc is the document of import --as osm --json.
type extractDoc struct {
	Project string          `json:"project"`
	Created bool            `json:"created"` // the project file was made
	Layers  []extractLayer  `json:"layers"`
	Refused []refusedLayer  `json:"refused"`
	Missing []coverage.Text `json:"missing"` // what a project needs and the extract does not have
}

type extractLayer struct {
	Taken  coverage.Text          `json:"taken"` // what of the extract
	Report *coverage.ImportReport `json:"report"`
}

type refusedLayer struct {
	Role  coverage.Role `json:"role"`
	Error errorBody     `json:"error"`
}

// runOSM imports everything that an extract has, into a new project if there is none. Each layer is written by itself: what was
// imported before one is refused stays.
func (c importCmd) runOSM(a *app) error {
	base, err := c.extractOptions()
	if err != nil {
		return err
	}
	f, done, err := a.openFile(c.File)
	if err != nil {
		return err
	}
	defer done()
	plan, mapper, err := c.plan(a, f)
	if err != nil {
		return err
	}
	doc := extractDoc{Project: c.Project, Layers: []extractLayer{}, Refused: []refusedLayer{}, Missing: plan.Notes}
	if doc.Created, err = c.createProject(f.Name); err != nil {
		return err
	}
	err = a.open(c.Project, store.ReadWrite, func(p *store.Project) error {
		for i := range plan.Layers {
			if err := a.importPlanned(p, f, &plan.Layers[i], base, mapper, &doc); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || len(doc.Layers) == 0 {
		if doc.Created {
			err = errors.Join(err, os.Remove(c.Project)) // nothing in it was acknowledged
		}
		if err != nil {
			return err
		}
		return &coverage.Error{Code: coverage.Refused, File: f.Name, Text: coverage.Text{Zh: "没有可用的图层", En: "there is no layer that can be used"}}
	}
	if err := a.printExtract(&doc); err != nil {
		return err
	}
	return doc.condition(c.Strict)
}

// condition holds against an extract what the user asked for.
func (doc *extractDoc) condition(strict bool) error {
	if n := len(doc.Refused); n > 0 {
		return coverage.Errorf(coverage.Condition, "%d 个图层未能导入", "%d layers were refused", n)
	}
	refused := 0
	for _, l := range doc.Layers {
		refused += l.Report.Refused
	}
	if strict && refused > 0 {
		return coverage.Errorf(coverage.Condition, "%[1]d 行被拒绝（--strict）", "%[1]d rows were refused (--strict)", refused)
	}
	return nil
}

// extractOptions are the options that all layers of an extract share; those of single roles have no meaning here.
func (c importCmd) extractOptions() (intake.Options, error) {
	plain := importCmd{Project: c.Project, File: c.File, As: c.As, Layer: c.Layer, Mapping: c.Mapping, Attribution: c.Attribution, Derived: c.Derived,
		Replace: c.Replace, Strict: c.Strict}
	if !c.sameAs(&plain) {
		e := coverage.Errorf(coverage.Invalid, "--as osm 只接受 --layer、--mapping、--attribution、--derived、--replace、--strict",
			"--as osm takes --layer, --mapping, --attribution, --derived, --replace and --strict only")
		e.Hint = coverage.Text{Zh: "单个图层请用 --as facilities 等", En: "for one layer with options of its own use --as facilities and the like"}
		return intake.Options{}, e
	}
	return intake.Options{Name: c.Layer, Attribution: c.Attribution, Derived: c.Derived, Replace: c.Replace, Strict: c.Strict}, nil
}

func (c *importCmd) sameAs(o *importCmd) bool { return fmt.Sprint(*c) == fmt.Sprint(*o) }

// plan reads an extract and says which layers it has.
func (c importCmd) plan(a *app, f *intake.File) (osm.Plan, *intake.Mapper, error) {
	name := c.Mapping
	if name == "" {
		name = "osm"
	}
	mapper, err := mappingOf(name)
	if err != nil {
		return osm.Plan{}, nil, err
	}
	x, err := osm.Read(a.ctx, f.Reader(), osm.Options{Want: osm.Wanted(mapper)})
	if err != nil {
		var e *coverage.Error
		if errors.As(err, &e) && e.File == "" {
			e.File = f.Name
		}
		return osm.Plan{}, nil, err
	}
	return x.Plan(mapper), mapper, nil
}

// createProject makes the project if there is none.
func (c importCmd) createProject(file string) (bool, error) {
	if _, err := os.Stat(c.Project); !errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	title, _, _ := strings.Cut(file, ".")
	p, err := createProject(c.Project, title)
	if err != nil {
		return false, err
	}
	return true, p.Close()
}

// importPlanned imports one layer. A layer that is refused is noted; any other error ends the whole.
func (a *app) importPlanned(p coverage.Store, f *intake.File, l *osm.Layer, base intake.Options, mapper *intake.Mapper, doc *extractDoc) error {
	o := l.Options
	o.Name, o.Derived, o.Replace, o.Strict = base.Name, base.Derived, base.Replace, base.Strict
	if base.Attribution != "" {
		o.Attribution = base.Attribution
	}
	if l.Role == coverage.RoleFacilities {
		o.Mapping = mapper
	}
	o.Formats = planned{layer: l}
	report, err := intake.ImportFile(a.ctx, p, catalogs.Services(), f, o, nil)
	switch {
	case err == nil:
		doc.Layers = append(doc.Layers, extractLayer{l.Note, report})
	case coverage.CodeOf(err) == coverage.Refused:
		doc.Refused = append(doc.Refused, refusedLayer{l.Role, errorJSON(err)})
		fmt.Fprintf(a.stderr, "lifecircle: %s: %s\n", l.Role, inert(a.words(err)))
	default:
		return err
	}
	return nil
}

// planned gives the features of one planned layer, instead of reading the file again.
type planned struct {
	formats.All
	layer *osm.Layer
}

// Open starts at the layer's first feature.
func (p planned) Open(context.Context, *intake.File, intake.ReadOptions) (intake.Source, error) {
	return formats.OSMSource(p.layer), nil
}

// printExtract prints what was imported.
func (a *app) printExtract(doc *extractDoc) error {
	if a.JSON {
		return a.print(doc)
	}
	if doc.Created {
		fmt.Fprintf(a.stdout, a.in("已新建 %s\n", "made %s\n"), doc.Project)
	}
	for _, l := range doc.Layers {
		fmt.Fprintf(a.stdout, "%s\n  ", l.Taken.In(a.Lang))
		if err := a.printReport(l.Report); err != nil {
			return err
		}
	}
	for _, n := range doc.Missing {
		fmt.Fprintf(a.stdout, "  ! %s\n", n.In(a.Lang))
	}
	return nil
}

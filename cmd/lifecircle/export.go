package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/data/files"
	"lifecircle/data/format/csv"
	"lifecircle/data/store"
)

type exportCmd struct {
	Project string `arg:"" help:"Project file. 项目文件"`
	Layer   string `required:"" placeholder:"TABLE" enum:"reach,coverage,scores,gaps,matrix,service_areas" help:"Table: reach, coverage, scores, gaps, matrix, service_areas. 结果表"`
	Format  string `enum:"geojson,csv,gpkg," default:"" placeholder:"csv|geojson|gpkg" help:"Default: by the file's extension, else csv. 格式"`
	Output  string `short:"o" placeholder:"FILE" help:"File to write; an older one is replaced (default: standard output). 输出文件"`
	Run_    string `name:"run" placeholder:"HASH" help:"Run, by its hash or a prefix (default: the latest). 评估"`
}

func (exportCmd) Help() string {
	return `Tables 结果表:
coverage 覆盖: a row per neighborhood and requirement, with share, interval, verdict and cause;
scores 得分: per neighborhood (and parent) and tier; matrix 矩阵: one row per neighborhood;
gaps 盲区; service_areas 服务范围; reach 可达: a row per place of demand and requirement.

    lifecircle export city.gpkg --layer matrix -o matrix.csv
    lifecircle export city.gpkg --layer gaps -o gaps.geojson
    lifecircle export city.gpkg --layer scores -o scores.gpkg
    lifecircle export city.gpkg --layer coverage --run 1ce8d4ff --format csv`
}

// format gives the format: what is asked for, else by the file's extension, else CSV.
func (c exportCmd) format() string {
	switch ext := strings.ToLower(filepath.Ext(c.Output)); {
	case c.Format != "":
		return c.Format
	case ext == ".geojson" || ext == ".json":
		return "geojson"
	case ext == ".gpkg":
		return "gpkg"
	}
	return "csv"
}

func (c exportCmd) Run(a *app) error {
	return a.open(c.Project, store.ReadOnly, func(p *store.Project) error {
		run, err := a.run(p, c.Run_)
		if err != nil {
			return err
		}
		var t coverage.Table
		switch c.Layer {
		case "reach":
			t, err = coverage.ReachTable(a.ctx, p, run, coverage.Options{})
		case "gaps", "service_areas":
			if err = a.draw(c.Project, p, run); err == nil {
				t, err = run.Table(c.Layer)
			}
		default:
			t, err = run.Table(c.Layer)
		}
		if err != nil {
			return err
		}
		a.watch(&t)
		toStdout := c.Output == "" || c.Output == "-"
		if toStdout && a.JSON && (c.Format == "" || c.Format == "csv") {
			return writeTable(a.ctx, a.stdout, "json", run.Hash, &t)
		}
		write := func(w io.Writer) error { return writeTable(a.ctx, w, c.format(), run.Hash, &t) }
		if toStdout {
			return write(a.stdout)
		}
		if same(c.Project, c.Output) {
			return &coverage.Error{Code: coverage.Invalid, File: filepath.Base(c.Output), Text: coverage.Text{Zh: "这是项目文件本身", En: "this is the project file itself"},
				Hint: coverage.Text{Zh: "请换一个输出文件", En: "name another file to write"}}
		}
		if err := a.writeFile(c.Output, write); err != nil {
			return err
		}
		if a.JSON {
			return a.print(map[string]any{"file": c.Output, "layer": c.Layer, "format": c.format(), "rows": t.Len, "run": run.Hash})
		}
		a.say("%s：%d 行 → %s", "%s: %d rows → %s", c.Layer, t.Len, c.Output)
		return nil
	})
}

// watch stops the writing of a table when the command is interrupted, and shows how far it is.
func (a *app) watch(t *coverage.Table) {
	each, n := t.Each, int64(t.Len)
	t.Each = func(yield func(string, []coverage.Value, orb.Geometry) error) error {
		progress, done := a.progress("写出", "write")
		defer done()
		k := int64(0)
		return each(func(id string, row []coverage.Value, g orb.Geometry) error {
			if k++; k&1023 == 0 {
				if err := a.ctx.Err(); err != nil {
					return err
				}
				if progress != nil {
					progress("write", k, n)
				}
			}
			return yield(id, row, g)
		})
	}
}

// writeTable writes a table as csv, gpkg, geojson or json: the one way in which tables leave the program. run is named in JSON only, if it
// is given.
func writeTable(ctx context.Context, w io.Writer, format, run string, t *coverage.Table) error {
	switch format {
	case "csv":
		return csv.Write(w, t)
	case "gpkg":
		return store.Export(ctx, w, *t)
	case "json":
		return writeTableJSON(w, run, t)
	}
	return t.WriteGeoJSON(w)
}

// writeTableJSON writes a table as one JSON document: rows are objects with the names and digits of every other export.
func writeTableJSON(to io.Writer, run string, t *coverage.Table) error {
	w := bufio.NewWriter(to)
	fmt.Fprint(w, "{\n")
	if run != "" {
		fmt.Fprintf(w, "  \"run\": %q,\n", run)
	}
	fmt.Fprintf(w, "  \"layer\": %q,\n  \"rows\": [", t.Name)
	separator := "\n    "
	var line []byte
	err := t.Each(func(_ string, row []coverage.Value, _ orb.Geometry) error {
		line = t.AppendRowJSON(append(line[:0], separator...), row)
		separator = ",\n    "
		_, err := w.Write(line)
		return err
	})
	if err != nil {
		return err
	}
	fmt.Fprint(w, "\n  ]\n}\n")
	return w.Flush()
}

// same tells whether two paths lead to one file.
func same(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// run gives a run of a project; one that has none says how to make one.
func (a *app) run(p coverage.Store, hash string) (*coverage.Run, error) {
	run, err := p.Run(a.ctx, hash)
	if err != nil && hash == "" && coverage.CodeOf(err) == coverage.NotFound {
		return nil, &coverage.Error{Code: coverage.NotFound, Text: coverage.Text{Zh: "项目里还没有评估", En: "the project has no run yet"},
			Hint: coverage.Text{Zh: "先运行：lifecircle score 项目 --catalog chongqing-15min", En: "make one: lifecircle score PROJECT --catalog chongqing-15min"}}
	}
	return run, err
}

// writeFile writes a file whole or not at all: under a temporary name beside it, then renamed.
func (a *app) writeFile(path string, write func(io.Writer) error) (err error) {
	if stat, err := os.Stat(path); err == nil && !stat.Mode().IsRegular() {
		if stat.IsDir() {
			return &coverage.Error{Code: coverage.Invalid, File: filepath.Base(path), Text: coverage.Text{Zh: "是文件夹", En: "is a folder"}, Hint: coverage.Text{Zh: "请给出文件名", En: "name a file in it"}}
		}
		f, err := os.OpenFile(path, os.O_WRONLY, 0) // a pipe or a device: nothing to rename over
		if err != nil {
			return fileError(path, err)
		}
		return errors.Join(write(f), f.Close())
	}
	f, err := files.Create(path)
	if err != nil {
		return &coverage.Error{Code: coverage.Invalid, File: filepath.Base(path), Err: err, Text: coverage.Text{Zh: "无法写入该文件夹", En: "its folder cannot be written to"},
			Hint: coverage.Text{Zh: "检查路径和权限", En: "check the path and its permissions"}}
	}
	if err = f.Finish(write(f)); err == nil {
		err = files.SyncFolder(filepath.Dir(path))
	}
	if err != nil && a.ctx.Err() == nil && coverage.CodeOf(err) == coverage.Internal {
		err = &coverage.Error{Code: coverage.Unavailable, File: filepath.Base(path), Err: err, Text: coverage.Text{Zh: fmt.Sprintf("写入失败：%v", err), En: fmt.Sprintf("cannot be written: %v", err)}}
	}
	return err
}

package reports

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"lifecircle/coverage"
	"lifecircle/coverage/report"
	"lifecircle/data/files"
	"lifecircle/data/format/csv"
	"lifecircle/data/format/docx"
	"lifecircle/data/format/html"
	"lifecircle/data/format/pdf"
	"lifecircle/data/format/xlsx"
	"lifecircle/data/store"
	"lifecircle/geo/panics"
)

// Formats lists the formats of Spec: documents for people, summaries for machines, and tables of results.
func Formats() []string {
	return append(slices.Clone(documentFormats), append([]string{"json"}, tableFormats...)...)
}

var (
	documentFormats = []string{"html", "xlsx", "docx", "pdf"}
	tableFormats    = []string{"csv", "geojson", "gpkg"}
)

// Languages lists the languages of documents.
var Languages = []string{"zh", "en"}

// Spec says what to write.
type Spec struct {
	Formats   []string // of Formats
	Languages []string // of Languages; documents come once for each
	Levels    []string // city, or parents' levels; nil: all that the run has
	Threads   int      // 0: one per processor
	Chromium  string   // path of the Chromium that prints PDF; empty: they are set in the embedded font, with the same bytes everywhere
}

// Check refuses what nobody can write, before anything is written. Errors: Invalid.
func (s *Spec) Check() error {
	for _, f := range s.Formats {
		if !slices.Contains(Formats(), f) {
			return unknown("--format", f, Formats())
		}
	}
	for _, l := range s.Languages {
		if !slices.Contains(Languages, l) {
			return unknown("--languages", l, Languages)
		}
	}
	return nil
}

func unknown(field, word string, of []string) error {
	list := strings.Join(of, ", ")
	return &coverage.Error{Code: coverage.Invalid, Field: field, Text: coverage.Text{Zh: "不认识“" + word + "”", En: fmt.Sprintf("%q is not known", word)},
		Hint: coverage.Text{Zh: "可选：" + list, En: "one of: " + list}}
}

// File is a file that was written.
type File struct {
	Path     string      `json:"file"` // in the folder, with slashes
	Area     string      `json:"area"` // city, or level=id; empty for tables of the whole run
	Name     report.Text `json:"name"` // of the area, or the table
	Format   string      `json:"format"`
	Language string      `json:"language,omitempty"`
	Bytes    int64       `json:"bytes"`
}

// Index is index.json of a folder.
type Index struct {
	MadeBy     string `json:"made_by"` // MadeBy; a folder whose index.json has it not is somebody else's
	Run        string `json:"run"`
	Unfinished bool   `json:"unfinished,omitempty"` // being written, or given up: files are those that may be there, of this report and the one before
	Files      []File `json:"files"`                // in the order of areas, formats and languages
}

// MadeBy marks the indexes that Write makes.
const MadeBy = "lifecircle report/1"

// write is one file to be written.
type write struct {
	File
	to func(io.Writer) error
}

// Write writes the reports of a run into a folder, which is made if it is not there. Files of an earlier report in it that this one
// does not have are removed; others are left alone. Until it has returned the folder has no index.html, and its index.json says that it is
// unfinished. Errors: Invalid for levels that the run does not have, or a folder that cannot be written; Conflict for one with an index of
// somebody else.
func Write(ctx context.Context, src *report.Source, dir string, spec Spec, progress coverage.Progress) (*Index, error) {
	if err := spec.Check(); err != nil {
		return nil, err
	}
	levels := src.Levels()
	for _, l := range spec.Levels {
		if !slices.Contains(levels, l) {
			return nil, unknown("--levels", l, levels)
		}
	}
	jobs := plan(ctx, src, &spec)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, &coverage.Error{Code: coverage.Invalid, File: filepath.Base(dir), Err: err, Text: coverage.Text{Zh: "无法建立该文件夹", En: "the folder cannot be made"},
			Hint: coverage.Text{Zh: "检查路径和权限", En: "check the path and its permissions"}}
	}
	f, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var planned []File
	for _, j := range jobs {
		for _, w := range j.files {
			planned = append(planned, w.File)
		}
	}
	stale, err := f.begin(src.Run.Hash, planned)
	if err != nil {
		return nil, err
	}
	threads := spec.Threads
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(threads)
	var done atomic.Int64
	var caught panics.Catcher
	for i := range jobs {
		g.Go(func() error {
			err := errPanicked
			caught.Try(func() {
				err = jobs[i].run(gctx, dir, func() {
					if n := done.Add(1); progress != nil {
						progress("report", n, int64(len(planned)))
					}
				})
			})
			return err
		})
	}
	err = g.Wait()
	caught.Repanic()
	if err != nil {
		return nil, err
	}
	index := &Index{MadeBy: MadeBy, Run: src.Run.Hash, Files: []File{}}
	for _, j := range jobs {
		for _, w := range j.files {
			index.Files = append(index.Files, w.File)
		}
	}
	return index, f.finish(index, src, stale)
}

// errPanicked ends the other jobs of one that panicked.
var errPanicked = errors.New("a report panicked")

// job is the files of one area, or one table: what shares a report in memory.
type job struct {
	files []write
	build func() error // before the first file; may be nil
	drop  func()       // behind the last one
}

func (j *job) run(ctx context.Context, dir string, done func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if j.build != nil {
		if err := j.build(); err != nil {
			return err
		}
		defer j.drop()
	}
	for i := range j.files {
		if err := ctx.Err(); err != nil {
			return err
		}
		w := &j.files[i]
		path := filepath.Join(dir, filepath.FromSlash(w.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		n, err := files.Write(path, w.to)
		if err != nil {
			return fmt.Errorf("%s: %w", w.Path, err)
		}
		w.Bytes = n
		done()
	}
	return nil
}

// plan lists what is to be written, in the order of the index.
func plan(ctx context.Context, src *report.Source, spec *Spec) []job {
	var jobs []job
	folders := map[string]bool{}
	for _, area := range src.Areas(spec.Levels) {
		folder := folderOf(area, folders)
		var doc *report.Report
		j := job{drop: func() { doc = nil }}
		for _, format := range Formats() {
			switch {
			case !slices.Contains(spec.Formats, format):
			case format == "json":
				j.files = append(j.files, write{File{Path: folder + "/" + summaryFile, Area: area.Key(), Name: area.Name, Format: format}, func(w io.Writer) error {
					s, err := src.Summarize(area)
					if err != nil {
						return err
					}
					e := json.NewEncoder(w)
					e.SetEscapeHTML(false)
					e.SetIndent("", " ")
					return e.Encode(s)
				}})
			case slices.Contains(documentFormats, format):
				j.build = func() (err error) { doc, err = src.Build(area); return err }
				for _, lang := range Languages {
					if slices.Contains(spec.Languages, lang) {
						j.files = append(j.files, write{File{Path: fmt.Sprintf("%s/report.%s.%s", folder, lang, format), Area: area.Key(), Name: area.Name, Format: format, Language: lang},
							func(w io.Writer) error { return writeDocument(ctx, w, format, doc, lang, spec) }})
					}
				}
			}
		}
		if len(j.files) > 0 {
			jobs = append(jobs, j)
		}
	}
	for _, name := range tables {
		for _, format := range tableFormats {
			if slices.Contains(spec.Formats, format) {
				jobs = append(jobs, job{files: []write{{File{Path: resultsFolder + "/" + name + "." + format, Name: tableNames[name], Format: format}, func(w io.Writer) error {
					t, err := src.Run.Table(name)
					if err != nil {
						return err
					}
					switch format {
					case "csv":
						return csv.Write(w, &t)
					case "gpkg":
						return store.Export(ctx, w, t)
					}
					return t.WriteGeoJSON(w)
				}}}})
			}
		}
	}
	return jobs
}

var tables = []string{"scores", "coverage", "matrix", "gaps", "service_areas"}

const (
	cityFolder    = "city"
	resultsFolder = "results"
	summaryFile   = "summary.json"
)

var tableNames = map[string]report.Text{
	"scores": {Zh: "得分", En: "scores"}, "coverage": {Zh: "覆盖", En: "coverage"}, "matrix": {Zh: "矩阵", En: "matrix"}, "gaps": {Zh: "盲区", En: "gaps"},
	"service_areas": {Zh: "服务范围", En: "service areas"},
}

// writeDocument writes a report in a format.
func writeDocument(ctx context.Context, w io.Writer, format string, doc *report.Report, lang string, spec *Spec) error {
	switch format {
	case "html":
		other := map[string]string{"zh": "en", "en": "zh"}[lang]
		if slices.Contains(spec.Languages, other) {
			other = "report." + other + ".html"
		} else {
			other = ""
		}
		return html.Options{Other: other}.Write(w, doc, lang)
	case "docx":
		return docx.Write(w, doc, lang)
	case "xlsx":
		return xlsx.WriteReport(w, doc, lang)
	case "pdf":
		if spec.Chromium == "" {
			return pdf.Write(w, doc, lang)
		}
		var page bytes.Buffer
		if err := html.Write(&page, doc, lang); err != nil {
			return err
		}
		b, err := pdf.ByChromium(ctx, spec.Chromium, page.Bytes())
		if err != nil {
			return err
		}
		_, err = w.Write(b)
		return err
	}
	return coverage.Errorf(coverage.Internal, "没有格式 %s", "there is no format %s", format)
}

// folderOf names the folder of an area: its level and id, without what file systems refuse; what then would be the same gets a number.
func folderOf(a report.Area, taken map[string]bool) string {
	if a.Level == "" {
		return cityFolder
	}
	name := clean(a.Level) + "/" + clean(a.ID)
	folder := name
	for n := 2; taken[strings.ToLower(folder)]; n++ {
		folder = fmt.Sprintf("%s~%d", name, n)
	}
	taken[strings.ToLower(folder)] = true
	return folder
}

// maxName bounds the bytes of a folder's name.
const maxName = 120

func clean(s string) string {
	out := strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || strings.ContainsRune(`/\:*?"<>|%`, r) || r == 0xfffd {
			return '_'
		}
		return r
	}, s)
	for len(out) > maxName {
		_, size := utf8.DecodeLastRuneInString(out)
		out = out[:len(out)-size]
	}
	out = strings.TrimRight(out, ". ") // Windows drops them
	if out == "" || strings.Trim(out, ".") == "" {
		return "_"
	}
	return out
}

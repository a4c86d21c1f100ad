package batch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"lifecircle/coverage"
)

// The names in a folder of results.
const (
	areasFolder = "areas"
	workFolder  = ".work" // gone when the batch is done
	areaJSON    = "area.json"
	batchCSV    = "batch.csv"
	batchJSON   = "batch.json"
	scoresCSV   = "scores.csv"
	refusedCSV  = "refused.csv"
	shardJSON   = "shard.json"
	projectFile = "project.gpkg"

	reportFolder = "report" // of a run
)

// The states of an area.
const (
	StateDone    = "done"
	StatePartial = "partial" // scored, but not from all that the plan says: see problems
	StateFailed  = "failed"  // not scored: see error
)

// Result is what one area left behind: the document area.json. It holds no time and no path of a machine.
type Result struct {
	Version       int           `json:"version"`
	ID            string        `json:"id"`
	Name          coverage.Text `json:"name"`
	Level         string        `json:"level,omitempty"`
	Parent        string        `json:"parent,omitempty"`
	Source        string        `json:"source"`
	State         string        `json:"state"`
	Fingerprint   string        `json:"fingerprint"`
	Error         *Problem      `json:"error,omitempty"`
	Problems      []Problem     `json:"problems"`
	Refused       []RefusedRow  `json:"refused"`
	RefusedAround int           `json:"refused_around,omitempty"` // of a cut: neighborhoods that the source's import refused, of this area or another
	Neighborhoods int           `json:"neighborhoods"`
	MarginM       int64         `json:"margin_m"`
	Neighbors     []string      `json:"neighbors"`
	Crossing      []string      `json:"crossing"`
	Layers        []LayerRef    `json:"layers"`
	Runs          []RunResult   `json:"runs"`
	Files         []File        `json:"files"` // beside the runs'
}

// LayerRef is a layer that the area was scored from.
type LayerRef struct {
	coverage.LayerKey
	Hash     string `json:"hash"`
	Rows     int    `json:"rows"`
	Of       int    `json:"of"` // rows of the source's layer
	Neighbor string `json:"neighbor,omitempty"`
}

// RunResult is one run of an area.
type RunResult struct {
	ID          string            `json:"id"`
	Run         string            `json:"run"`
	Catalog     string            `json:"catalog"`
	CatalogHash string            `json:"catalog_hash"`
	Params      coverage.Params   `json:"params"`
	Counts      coverage.Counts   `json:"counts"`
	Marks       []coverage.Mark   `json:"marks"`
	Files       []File            `json:"files"`
	Scores      []json.RawMessage `json:"scores"` // rows of the table scores
}

// File is a file of an area; its path is relative to the area's folder, with slashes.
type File struct {
	Path   string `json:"path"`
	SHA256 string `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

// Problem is an error as it stands in results.
type Problem struct {
	Code   coverage.Code `json:"code"`
	Layer  string        `json:"layer,omitempty"`
	Text   string        `json:"text"`
	TextZh string        `json:"text_zh"`
}

func problem(layer string, err error) Problem {
	e := asError(err)
	return Problem{Code: e.Code, Layer: layer, Text: e.In("en"), TextZh: e.In("zh")}
}

// RefusedRow is a neighborhood that its layer's import refused.
type RefusedRow struct {
	Layer  string `json:"layer"`
	N      int    `json:"n"` // 1-based, in the file
	ID     string `json:"id"`
	Name   string `json:"name"`
	Reason string `json:"reason"`
	Text   string `json:"text"`
	TextZh string `json:"text_zh"`
}

// why says in one sentence what is wrong with an area; empty if nothing is.
func (r *Result) why() coverage.Text {
	var zh, en []string
	if r.Error != nil {
		zh, en = append(zh, r.Error.TextZh), append(en, r.Error.Text)
	}
	for _, p := range r.Problems {
		zh, en = append(zh, p.TextZh), append(en, p.Text)
	}
	if n := len(r.Refused); n > 0 {
		var ids []string
		for _, row := range r.Refused[:min(n, 3)] {
			ids = append(ids, row.ID+" ("+row.Reason+")")
		}
		list := strings.Join(ids, ", ")
		if n > 3 {
			list += ", …"
		}
		zh, en = append(zh, fmt.Sprintf("%d 个评价单元被拒绝：%s", n, list)), append(en, fmt.Sprintf("%d neighborhoods were refused: %s", n, list))
	}
	if n := r.RefusedAround; n > 0 {
		zh = append(zh, fmt.Sprintf("%s 导入时拒绝了 %d 个评价单元，其中有无本区域的不知道，见 %s", r.Source, n, refusedCSV))
		en = append(en, fmt.Sprintf("%d neighborhoods were refused when they were imported into %s; whether any is of this area is not known, see %s", n, r.Source, refusedCSV))
	}
	return coverage.Text{Zh: strings.Join(zh, "；"), En: strings.Join(en, "; ")}
}

func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		panic(err) // only values of this package are given
	}
	return b.Bytes()
}

// readResult reads what an area left in a folder of results; os.ErrNotExist if there is nothing.
func readResult(out, id string) (*Result, error) {
	src, err := os.ReadFile(filepath.Join(out, areasFolder, id, areaJSON))
	if err != nil {
		return nil, err
	}
	r := &Result{}
	if err := json.Unmarshal(src, r); err != nil || r.ID != id || r.Version != resultVersion || !bytes.Equal(encode(r), src) {
		return nil, fmt.Errorf("%s of %s is damaged or of another version", areaJSON, id)
	}
	return r, nil
}

// whole checks that the files of an area are those that it lists, byte by byte, and no others.
func (r *Result) whole(ctx context.Context, dir string) error {
	listed := map[string]File{areaJSON: {}}
	for _, f := range r.files() {
		listed[f.Path] = f
	}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		name := filepath.ToSlash(rel)
		f, known := listed[name]
		if !known {
			return fmt.Errorf("%s is no result", name)
		}
		delete(listed, name)
		if name == areaJSON {
			return nil
		}
		sum, size, err := hashFile(ctx, path)
		if err == nil && (sum != f.SHA256 || size != f.Bytes) {
			err = fmt.Errorf("%s has changed", name)
		}
		return err
	})
	if err != nil {
		return err
	}
	for name := range listed {
		return fmt.Errorf("%s is missing", name)
	}
	return nil
}

func (r *Result) files() []File {
	all := slices.Clone(r.Files)
	for _, run := range r.Runs {
		all = append(all, run.Files...)
	}
	return all
}

// filesIn lists the files under a folder of an area, by path, with their hashes.
func filesIn(ctx context.Context, dir, under string) ([]File, error) {
	out := []File{}
	err := filepath.WalkDir(filepath.Join(dir, under), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		sum, size, err := hashFile(ctx, path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		out = append(out, File{filepath.ToSlash(rel), sum, size})
		return err
	})
	sort.Slice(out, func(a, b int) bool { return out[a].Path < out[b].Path })
	return out, err
}

// settle writes everything under a folder through to the disk.
func settle(dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return syncPath(path)
	})
}

func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, errors.ErrUnsupported) || isInvalid(err) { // file systems that cannot sync a folder
		err = nil
	}
	return errors.Join(err, f.Close())
}

// writeWhole writes a file under its name at once or not at all.
func writeWhole(path string, content []byte) error {
	temporary := filepath.Join(filepath.Dir(path), workFolder, filepath.Base(path))
	if err := os.WriteFile(temporary, content, 0o644); err != nil {
		return err
	}
	return settleAs(temporary, path)
}

// settleAs writes a file through to the disk and gives it its name.
func settleAs(temporary, path string) error {
	if err := syncPath(temporary); err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	return syncPath(filepath.Dir(path))
}

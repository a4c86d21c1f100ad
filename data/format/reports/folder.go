package reports

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"lifecircle/coverage"
	"lifecircle/coverage/report"
	"lifecircle/data/files"
)

// A folder that reports are written into may hold an earlier report, one that was given up, and what others put there. What is removed is
// only what an index of ours names, in the forms that we write, and never by way of a symbolic link.

const (
	indexFile     = "index.json"
	indexPageFile = "index.html"
	maxIndex      = 256 << 20 // bytes of an index.json that is read: a million files
)

type folder struct {
	dir string
	*os.Root
}

func openFolder(dir string) (*folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &folder{dir, root}, nil
}

// begin makes the folder one that is unfinished, with an index of what is in it and what will be, so that the report after one that is
// given up knows what to remove. It gives those files of earlier reports that are not planned.
func (f *folder) begin(run string, planned []File) (stale []File, err error) {
	old, err := f.earlier()
	if err != nil {
		return nil, err
	}
	now := map[string]bool{}
	for _, p := range planned {
		now[strings.ToLower(p.Path)] = true // systems that do not tell case apart
	}
	for _, o := range old {
		if ours(o.Path) && !now[strings.ToLower(o.Path)] {
			stale = append(stale, o)
		}
	}
	all := slices.Concat([]File{}, planned, stale)
	f.sweep(all)
	if err := f.writeIndex(&Index{MadeBy: MadeBy, Run: run, Unfinished: true, Files: all}); err != nil {
		return nil, f.unwritable(err)
	}
	if err := f.Remove(indexPageFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, f.unwritable(err)
	}
	return stale, files.SyncFolder(f.dir)
}

// finish removes what is no longer in the report and writes its indexes.
func (f *folder) finish(index *Index, src *report.Source, stale []File) error {
	for _, s := range stale {
		if f.linked(path.Dir(s.Path)) {
			continue
		}
		if i, err := f.Lstat(s.Path); err != nil || !i.Mode().IsRegular() {
			continue
		}
		if err := f.Remove(s.Path); err != nil {
			return err
		}
		for at := path.Dir(s.Path); at != "."; at = path.Dir(at) {
			if f.Remove(at) != nil { // it is not empty
				break
			}
		}
	}
	for _, at := range foldersOf(index.Files) {
		if err := files.SyncFolder(filepath.Join(f.dir, filepath.FromSlash(at))); err != nil {
			return err
		}
	}
	if _, err := files.Write(filepath.Join(f.dir, indexPageFile), func(w io.Writer) error { return writeIndexPage(w, index, src) }); err != nil {
		return err
	}
	if err := f.writeIndex(index); err != nil {
		return err
	}
	return files.SyncFolder(f.dir)
}

func (f *folder) writeIndex(index *Index) error {
	_, err := files.Write(filepath.Join(f.dir, indexFile), func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		e.SetIndent("", " ")
		return e.Encode(index)
	})
	return err
}

// earlier gives the files that the folder's index names; a folder with indexes of others is a Conflict.
func (f *folder) earlier() ([]File, error) {
	i, err := f.Lstat(indexFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := f.Lstat(indexPageFile); err == nil { // we never leave one alone
			return nil, conflict(indexPageFile)
		}
		return nil, nil
	case err != nil:
		return nil, err
	case !i.Mode().IsRegular():
		return nil, conflict(indexFile)
	}
	in, err := f.Open(indexFile)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	b, err := io.ReadAll(io.LimitReader(in, maxIndex))
	if err != nil {
		return nil, err
	}
	var old Index
	if err := json.Unmarshal(b, &old); err != nil || old.MadeBy != MadeBy {
		return nil, conflict(indexFile)
	}
	return old.Files, nil
}

func conflict(name string) error {
	return &coverage.Error{Code: coverage.Conflict, File: name, Text: coverage.Text{Zh: "该文件夹里已有不是报告的 " + name, En: "the folder has an " + name + " that is no report's"},
		Hint: coverage.Text{Zh: "请换一个文件夹", En: "name another folder"}}
}

func (f *folder) unwritable(err error) error {
	return &coverage.Error{Code: coverage.Invalid, File: filepath.Base(f.dir), Err: err, Text: coverage.Text{Zh: "无法写入该文件夹", En: "the folder cannot be written to"},
		Hint: coverage.Text{Zh: "检查路径和权限", En: "check the path and its permissions"}}
}

// sweep removes what a process that was killed left of files, and of the indexes, under temporary names.
func (f *folder) sweep(of []File) {
	bases := map[string][]string{".": {indexFile, indexPageFile}}
	for _, x := range of {
		at := path.Dir(x.Path)
		bases[at] = append(bases[at], path.Base(x.Path))
	}
	for at, names := range bases {
		if f.linked(at) {
			continue
		}
		entries, err := fs.ReadDir(f.FS(), at)
		if err != nil {
			continue // not there, or found out when it is written to
		}
		for _, e := range entries {
			if e.Type().IsRegular() && slices.ContainsFunc(names, func(base string) bool { return files.IsTemporary(e.Name(), base) }) {
				_ = f.Remove(path.Join(at, e.Name()))
			}
		}
	}
}

// linked tells whether a folder, or one above it up to ours, is anything but a folder itself.
func (f *folder) linked(at string) bool {
	for ; at != "."; at = path.Dir(at) {
		if i, err := f.Lstat(at); err != nil || !i.IsDir() {
			return true
		}
	}
	return false
}

// foldersOf lists the folders of files and those above, from the innermost.
func foldersOf(of []File) []string {
	seen := map[string]bool{}
	for _, x := range of {
		for at := path.Dir(x.Path); at != "."; at = path.Dir(at) {
			seen[at] = true
		}
	}
	out := make([]string, 0, len(seen))
	for at := range seen {
		out = append(out, at)
	}
	slices.SortFunc(out, func(a, b string) int { return len(b) - len(a) })
	return out
}

var numbered = regexp.MustCompile(`~[0-9]+$`)

// ours tells whether a path has a form that plan gives: city or LEVEL/ID with a document or a summary in it, or results with a table.
func ours(name string) bool {
	parts := strings.Split(name, "/")
	file := parts[len(parts)-1]
	base, format, _ := strings.Cut(file, ".")
	switch {
	case !filepath.IsLocal(filepath.FromSlash(name)):
		return false
	case len(parts) == 2 && parts[0] == resultsFolder:
		return slices.Contains(tables, base) && slices.Contains(tableFormats, format)
	case len(parts) == 2 && parts[0] == cityFolder:
	case len(parts) == 3 && clean(parts[0]) == parts[0]:
		if id := parts[1]; clean(id) != id {
			if id = numbered.ReplaceAllString(id, ""); clean(id) != id {
				return false
			}
		}
	default:
		return false
	}
	lang, format, _ := strings.Cut(format, ".")
	return file == summaryFile || base == "report" && slices.Contains(Languages, lang) && slices.Contains(documentFormats, format)
}

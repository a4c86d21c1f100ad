package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"lifecircle/coverage"
)

const extension = ".gpkg"

// Shelf is a project file, or a folder of them, as the server sees it: projects by id, which is the file's base
// name without .gpkg. It opens a project when it is first asked for, and keeps it open.
type Shelf struct {
	folder string
	only   string // base name, when the shelf is one file
	mode   Mode
	opts   []Option

	mu     sync.Mutex
	open   map[string]*Project
	files  map[string]os.FileInfo // of the open ones, as they were opened
	judged map[string]judged
	closed bool
}

// judged is what was found out of a file, for as long as it stays the same.
type judged struct {
	size     int64
	modified time.Time
	project  bool
}

var _ coverage.Projects = (*Shelf)(nil)

// OpenShelf makes a shelf of a file or a folder. A file must be a project; in a folder, other files are passed over.
func OpenShelf(path string, mode Mode, opts ...Option) (*Shelf, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, explain(filepath.Base(path), err)
	}
	stat, err := os.Stat(absolute)
	if err != nil {
		return nil, explain(filepath.Base(path), err)
	}
	s := &Shelf{folder: absolute, mode: mode, opts: opts, open: map[string]*Project{}, files: map[string]os.FileInfo{}, judged: map[string]judged{}}
	if stat.IsDir() {
		return s, nil
	}
	s.folder, s.only = filepath.Dir(absolute), filepath.Base(absolute)
	if _, err := s.Open(context.Background(), s.id(s.only)); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Shelf) id(file string) string { return strings.TrimSuffix(file, extension) }

// List gives the ids of the projects, sorted.
func (s *Shelf) List(ctx context.Context) ([]string, error) {
	if s.only != "" {
		return []string{s.id(s.only)}, nil
	}
	entries, err := os.ReadDir(s.folder)
	if err != nil {
		return nil, explain(filepath.Base(s.folder), err)
	}
	ids := []string{}
	for _, e := range entries {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		if !strings.HasSuffix(e.Name(), extension) || strings.HasPrefix(e.Name(), ".") || e.IsDir() {
			continue
		}
		if s.isProject(e.Name()) {
			ids = append(ids, s.id(e.Name()))
		}
	}
	sort.Strings(ids)
	return ids, nil
}

// isProject looks into a file once for as long as it does not change.
func (s *Shelf) isProject(name string) bool {
	path := filepath.Join(s.folder, name)
	stat, err := os.Stat(path)
	if err != nil {
		return false
	}
	s.mu.Lock()
	known, ok := s.judged[name]
	_, open := s.open[s.id(name)]
	s.mu.Unlock()
	if open {
		return true
	}
	if ok && known.size == stat.Size() && known.modified.Equal(stat.ModTime()) {
		return known.project
	}
	o := newOptions(s.opts)
	_, _, err = identify(path, len(o.migrations), time.Second, true)
	project := err == nil || coverage.CodeOf(explain(name, err)) == coverage.Unavailable // locked just now
	s.mu.Lock()
	s.judged[name] = judged{stat.Size(), stat.ModTime(), project}
	s.mu.Unlock()
	return project
}

// Open gives a project by its id: NotFound if there is none.
func (s *Shelf) Open(_ context.Context, id string) (coverage.Store, error) {
	missing := coverage.Errorf(coverage.NotFound, "没有项目“%[1]s”", "there is no project %[1]q", id)
	if id == "" || strings.HasPrefix(id, ".") || strings.ContainsAny(id, `/\:`) {
		return nil, missing
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, coverage.Errorf(coverage.Unavailable, "项目已关闭", "the projects are closed")
	}
	if p, ok := s.open[id]; ok {
		if err := s.still(id, p); err != nil {
			return nil, err
		}
		return p, nil
	}
	file := id + extension
	if s.only != "" {
		if id != s.id(s.only) {
			return nil, missing
		}
		file = s.only
	}
	p, err := Open(filepath.Join(s.folder, file), s.mode, s.opts...)
	if err != nil {
		if s.only == "" && coverage.CodeOf(err) == coverage.NotFound {
			return nil, missing
		}
		return nil, err
	}
	if s.files[id], err = os.Stat(p.path); err != nil {
		p.Close()
		return nil, explain(p.file, err)
	}
	s.open[id] = p
	return p, nil
}

// still refuses an open project whose file was moved away or put in another's place: what is written would go into a file
// that nobody finds again, and SQLite's journals go by name, so that the new file is not safe beside the open one.
func (s *Shelf) still(id string, p *Project) error {
	if now, err := os.Stat(p.path); err == nil && os.SameFile(now, s.files[id]) {
		return nil
	}
	return &coverage.Error{Code: coverage.Unavailable, File: p.file,
		Text: coverage.Text{Zh: "文件在打开期间被移走或替换", En: "the file was moved away or replaced while it was open"},
		Hint: coverage.Text{Zh: "请重新启动服务；今后请用 lifecircle copy 备份，停止服务后再替换", En: "restart the server; back up with lifecircle copy, and replace files while nothing serves them"}}
}

// Close closes every project that is open.
func (s *Shelf) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	var errs []error
	for _, p := range s.open {
		errs = append(errs, p.Close())
	}
	clear(s.open)
	return errors.Join(errs...)
}

package coverage

import (
	"context"
)

// ProjectInfo is what a project file says of itself.
type ProjectInfo struct {
	Name    string `json:"name"`
	Title   string `json:"title"`
	Schema  int    `json:"schema"`  // version of our tables
	Created string `json:"created"` // RFC 3339, UTC
}

// Store keeps one project: its layers with their versions, and its runs. The project
// file of package data/store implements it. All methods are safe for concurrent use;
// one writes at a time, many read.
type Store interface {
	Project(ctx context.Context) (ProjectInfo, error)

	// Layers gives the current version of every layer, in the order of their keys.
	// A layer that another program edited shows Changed.
	Layers(ctx context.Context) ([]LayerInfo, error)
	// Layer gives any version of a layer by its hash: NotFound if there is none.
	Layer(ctx context.Context, hash string) (*Layer, error)
	// SaveLayer makes l the current version of its key, and keeps the one it replaces. It sets
	// l.Info.Version, and l.Info.Hash where it is not known yet. Saving the hash that is current already writes nothing. It does not
	// keep l, whose columns may lie outside memory.
	SaveLayer(ctx context.Context, l *Layer, report *ImportReport) error
	// UndoLayer takes the last change of a layer back, be it an import or an edit by another program: the version that it replaced
	// is current again, as a version of its own with that one's content and report, or the layer has none if there was
	// nothing before. Nothing is deleted. It gives the version undone, and the one that is current now (nil for none). NotFound
	// if the project has no such layer.
	UndoLayer(ctx context.Context, key LayerKey) (undone LayerInfo, now *LayerInfo, err error)
	// Report gives the import report of a version, by the version's hash.
	Report(ctx context.Context, hash string) (*ImportReport, error)
	// Refresh reads layers that another program edited back from their tables, as new
	// versions, and tells which.
	Refresh(ctx context.Context) ([]LayerInfo, error)

	// Runs gives the runs, oldest first; the latest scored one has Latest set.
	Runs(ctx context.Context) ([]RunInfo, error)
	// Run gives a run by its hash or a prefix of at least 4 characters of it, "" for the
	// latest: NotFound if there is none, Invalid if the prefix fits several.
	Run(ctx context.Context, hash string) (*Run, error)
	// SaveRun keeps a run, its drawings if it has them, and its tables for users of the file, in one transaction,
	// and makes it the latest. A run that is there already is only made the latest.
	SaveRun(ctx context.Context, r *Run, tables []Table) error
	// Drawings reads the drawings of a kept run, if they were kept, and sets r.Drawn.
	Drawings(ctx context.Context, r *Run) error
	// SaveDrawings keeps the drawings of a run that is there, and shows them if it is the latest. A store that
	// cannot be written keeps none.
	SaveDrawings(ctx context.Context, r *Run) error

	// Cached gives a computed value by key, nil if there is none; SaveCached keeps it. A
	// cache may be emptied at any time without changing any result.
	Cached(ctx context.Context, key string) ([]byte, error)
	SaveCached(ctx context.Context, values map[string][]byte) error
}

// Projects is a shelf of projects, as the server sees them.
type Projects interface {
	// List gives the ids of the projects, sorted.
	List(ctx context.Context) ([]string, error)
	// Open gives a project by its id: NotFound if there is none. The shelf keeps it open.
	Open(ctx context.Context, id string) (Store, error)
}

// Progress is told how far a piece of work is: done of total (0 = unknown) in a stage.
// It may be called from several goroutines. A nil Progress is allowed everywhere.
type Progress func(stage string, done, total int64)

func (p Progress) at(stage string, done, total int64) {
	if p != nil {
		p(stage, done, total)
	}
}

package batch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
)

// Outside is what a batch needs of files and formats. Paths that it is given are ready to be opened, but for the names of catalogs and
// mappings, which may be shipped ones or files relative to dir. All methods are safe for concurrent use.
type Outside interface {
	// Version names the program, of which results hang on: another version does finished areas again.
	Version() string
	// Catalog reads a catalog; the error is a *catalog.Error where a file can be read and not be used.
	Catalog(dir, name string) (*catalog.Catalog, []catalog.Finding, error)
	// CheckLayer says what is wrong with a layer before it is imported, and gives the key that it will have and the files that it is made
	// of, the layer's own first.
	CheckLayer(dir string, l LayerSpec) (key coverage.LayerKey, files []string, err error)
	// Import imports a layer into a project. A report beside an error tells what was found until then.
	Import(ctx context.Context, st coverage.Store, dir string, l LayerSpec) (*coverage.ImportReport, error)
	// Open opens a project file for reading; Create makes one whose dates are those of the clock. Change opens one for writing.
	Open(path string) (Project, error)
	Change(path string, now func() time.Time) (Project, error)
	Create(path, title string, now func() time.Time) (Project, error)
	// Services is the list of services that catalogs are read with.
	Services() *catalog.Services
	// WriteTable writes a table to a new file as csv, geojson, gpkg or json. The same table gives the same bytes.
	WriteTable(ctx context.Context, path, format string, t *coverage.Table) error
	// Reporter writes reports.
	Reporter() Reporter
}

// Project is a project file that is open.
type Project interface {
	coverage.Store
	Copy(ctx context.Context, path string) error
	Close() error
}

// Reporter writes the reports of a run. It must write the same bytes for the same project, run and specification, and nothing but files
// into the folder dir, which it makes. The run is drawn.
type Reporter interface {
	// Formats gives those of html, xlsx, pdf and docx that can be written.
	Formats() []string
	Write(ctx context.Context, project coverage.Store, run *coverage.Run, dir string, spec ReportSpec) error
}

// ReportSpec says what reports of a run are asked for.
type ReportSpec struct {
	Formats   []string // html, xlsx, pdf, docx
	Languages []string
	Levels    []string // city: the area as a whole; of parents those that the area has are reported on
	Date      string   // of the plan: on the cover; "" none
	Threads   int
	Within    int // metres: facilities farther than this from the area were not read; 0: all were
}

// asError gives any error as one that a person can act on; of errors that are not meant for people only a sentence is kept.
func asError(err error) *coverage.Error {
	var e *coverage.Error
	if errors.As(err, &e) {
		return e
	}
	if errors.Is(err, os.ErrNotExist) {
		return coverage.Errorf(coverage.NotFound, "文件不存在", "no such file")
	}
	return coverage.Errorf(coverage.CodeOf(err), "%[1]v", "%[1]v", err)
}

func itoa(n int) string { return strconv.Itoa(n) }

func hashOf(parts ...string) string {
	h := sha256.New()
	for _, s := range parts {
		fmt.Fprintf(h, "%d:%s", len(s), s)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// hashJSON is the hash of a value's JSON.
func hashJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // only values of this package are given
	}
	return hashOf(string(b))
}

// hashFile gives hash and size of a file.
func hashFile(ctx context.Context, path string) (sum string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	for {
		if err := ctx.Err(); err != nil {
			return "", 0, err
		}
		n, err := io.CopyN(h, f, 16<<20)
		size += n
		if err == io.EOF {
			return hex.EncodeToString(h.Sum(nil)), size, nil
		}
		if err != nil {
			return "", 0, fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
	}
}

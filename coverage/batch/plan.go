package batch

import (
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
)

// Plan says what a batch scores and writes. Paths are as the file has them, relative to Dir.
type Plan struct {
	File string // base name
	Dir  string // the folder of the plan

	Title     coverage.Text
	Date      string // YYYY-MM-DD: stands as the day of making in files that carry one; "" 1970-01-01
	Defaults  Settings
	MarginM   int  // facilities are read so far beyond an area, in metres, or as far as the largest limit
	Neighbors bool // facilities of the other areas of the plan serve across the border
	Keep      bool // the project file of every area stays with its tables
	Areas     []AreaSpec
	Outputs   Outputs
}

// DefaultMarginM is how far beyond an area facilities are read if the plan does not say, in metres.
const DefaultMarginM = 3000

// Settings are what an area is scored by. Fields left out are nil or empty, so that an area's own lie over the plan's.
type Settings struct {
	RunSpec
	Runs []RunSpec // several ways to score; the other settings are what they leave out
}

// RunSpec is one way, or several at once, to score an area: every catalog on every basis under every denominator.
type RunSpec struct {
	ID             string
	Catalogs       []string
	Bases          []string
	Denominators   []string
	AssumeComplete *bool
	AcceptParent   *bool
	AsOf           string
	Year           int

	at catalog.Block
}

// AreaSpec is one entry of the list of areas: a project, a list of layers, or a project that is cut into many areas.
type AreaSpec struct {
	ID       string
	Name     coverage.Text
	Project  string
	Layers   []LayerSpec
	Cut      *CutSpec
	Settings Settings

	at catalog.Block
}

// CutSpec makes one area of every parent of a level.
type CutSpec struct {
	Project string
	By      string   // the level
	Only    []string // parents; nil: all
	Prefix  string   // before the areas' ids

	at catalog.Block
}

// LayerSpec is a file to import, with the options of the import under their own names.
type LayerSpec struct {
	File                                                                                                              string
	As, Layer, Level                                                                                                  string
	Service                                                                                                           []string
	Mapping                                                                                                           string // id of a shipped one, or a file
	IDField, NameField, KindField, Join, StatusField, CapacityField, AreaField, FloorAreaField, FloorsField           string
	OpenedField, ClosedField, ServiceField, CRS, Encoding, Delimiter, SourceLayer, XField, YField, LocationField, WKT string
	Parent, Measure                                                                                                   []catalog.KeyText
	Complete                                                                                                          string // "", everywhere, unknown, or a file
	Clip, Attribution, Derived                                                                                        string
	AcceptError                                                                                                       float64
	Header                                                                                                            int
	Modelled, CellPoints, KeepDuplicates, Strict                                                                      bool

	at catalog.Block
}

// Everywhere and Unknown are the values of LayerSpec.Complete that are no files.
const (
	Everywhere = "everywhere"
	Unknown    = "unknown"
)

// Outputs says what every run of every area leaves behind.
type Outputs struct {
	Dir       string
	Tables    []string // scores, coverage, matrix, gaps, service_areas
	Formats   []string // csv, geojson, gpkg, json: tables; html, xlsx, pdf, docx: reports
	Languages []string // of reports: zh, en
	Levels    []string // of reports: city, and levels of parents

	at catalog.Block
}

// The words of outputs, in the order in which they are listed.
var (
	tableNames    = []string{"scores", "coverage", "matrix", "gaps", "service_areas"}
	tableFormats  = []string{"csv", "geojson", "gpkg", "json"}
	reportFormats = []string{"html", "xlsx", "pdf", "docx"}
	languages     = []string{"zh", "en"}
)

// City is the level of reports that speak of an area as a whole.
const City = "city"

// reports gives the formats that are reports.
func (o Outputs) reports() []string { return among(o.Formats, reportFormats) }

// tables gives the formats of tables.
func (o Outputs) tables() []string { return among(o.Formats, tableFormats) }

func among(words, of []string) []string {
	var out []string
	for _, w := range of {
		if slices.Contains(words, w) {
			out = append(out, w)
		}
	}
	return out
}

// path gives a path of the plan as the process reads it.
func (p *Plan) path(name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(p.Dir, name)
}

// over lays settings over others: what they leave out is taken from below.
func (r RunSpec) over(below RunSpec) RunSpec {
	if len(r.Catalogs) == 0 {
		r.Catalogs = below.Catalogs
	}
	if len(r.Bases) == 0 {
		r.Bases = below.Bases
	}
	if len(r.Denominators) == 0 {
		r.Denominators = below.Denominators
	}
	if r.AssumeComplete == nil {
		r.AssumeComplete = below.AssumeComplete
	}
	if r.AcceptParent == nil {
		r.AcceptParent = below.AcceptParent
	}
	if r.AsOf == "" {
		r.AsOf = below.AsOf
	}
	if r.Year == 0 {
		r.Year = below.Year
	}
	return r
}

// runs gives the ways to score an area: its own, else the plan's.
func (s Settings) runs(below Settings) []RunSpec {
	base := s.RunSpec.over(below.RunSpec)
	list := s.Runs
	if len(list) == 0 {
		list = below.Runs
	}
	if len(list) == 0 {
		return []RunSpec{base}
	}
	out := make([]RunSpec, len(list))
	for i, r := range list {
		out[i] = r.over(base)
	}
	return out
}

// params gives the parameters of every combination of catalog, basis and denominator.
func (r RunSpec) params() (catalogs []string, params []coverage.Params) {
	one := func(list []string, fallback string) []string {
		if len(list) == 0 {
			return []string{fallback}
		}
		return list
	}
	is := func(b *bool) bool { return b != nil && *b }
	for _, c := range one(r.Catalogs, defaultCatalog) {
		for _, b := range one(r.Bases, "radius") {
			for _, d := range one(r.Denominators, "") {
				catalogs = append(catalogs, c)
				params = append(params, coverage.Params{Basis: b, Denominator: d, AssumeComplete: is(r.AssumeComplete), AcceptParent: is(r.AcceptParent), AsOf: r.AsOf, Year: r.Year})
			}
		}
	}
	return catalogs, params
}

const defaultCatalog = "chongqing-15min"

// runName names a run after what it was scored by, for folders and tables.
func runName(catalogID string, p coverage.Params) string {
	name := catalogID
	if p.Basis != "radius" {
		name += "-" + p.Basis
	}
	if p.Denominator != "" {
		name += "-" + p.Denominator
	}
	if p.AssumeComplete {
		name += "-complete"
	}
	if p.AcceptParent {
		name += "-parents"
	}
	if p.AsOf != "" {
		name += "-" + p.AsOf
	}
	if p.Year != 0 {
		name += "-" + itoa(p.Year)
	}
	return folderName(name)
}

// folderName makes an id of any text that can be a folder on every system: letters, digits, - _ and . stay, a blank becomes _; what had to be
// changed otherwise is told apart by a hash.
func folderName(s string) string {
	safe := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("-_.", r) {
			return r
		}
		return '_'
	}, s)
	if runes := []rune(safe); len(runes) > 48 {
		safe = string(runes[:48])
	}
	if plain := strings.ReplaceAll(s, " ", "_"); safe == plain && validID(plain) {
		return plain
	}
	if safe = strings.TrimLeft(safe, ".-") + "~" + hashOf(s)[:8]; !validID(safe) {
		safe = "_" + safe
	}
	return safe
}

// validID tells whether an id can be a folder: it begins with no point or hyphen, ends with no point and is no device of Windows.
func validID(id string) bool {
	switch stem, _, _ := strings.Cut(strings.ToLower(id), "."); {
	case id == "", strings.HasPrefix(id, "."), strings.HasPrefix(id, "-"), strings.HasSuffix(id, "."):
		return false
	case slices.Contains([]string{"con", "prn", "aux", "nul"}, stem), len(stem) == 4 && (strings.HasPrefix(stem, "com") || strings.HasPrefix(stem, "lpt")) && unicode.IsDigit(rune(stem[3])):
		return false
	}
	return true
}

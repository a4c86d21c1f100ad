package coverage

import (
	"encoding/json"
	"math"
)

// ImportReport is the report of one import, row by row where something happened.
// Its JSON form is a contract (design.md §8). Read = Used + Repaired + Refused, where
// Used counts the rows taken as they were and Repaired those taken after a repair.
type ImportReport struct {
	Layer      string         `json:"layer"`
	Role       Role           `json:"role"`
	Services   []string       `json:"services,omitempty"`
	Source     string         `json:"source"`
	SHA256     string         `json:"sha256"` // of the file's bytes
	Format     string         `json:"format"` // geojson, geojson-lines, csv, xlsx, shapefile, gpkg, osm-pbf …
	CRS        string         `json:"crs"`
	CRSKnownBy string         `json:"crs_known_by"`      // option, file, format, default (nothing was said), auto (by comparison)
	CRSName    Text           `json:"crs_name,omitzero"` // in words
	Accuracy   *CRSAccuracy   `json:"crs_accuracy,omitempty"`
	Part       string         `json:"source_layer,omitempty"`      // sheet or layer of the file, where it has several
	Encoding   string         `json:"encoding,omitempty"`          // of its texts, where the format leaves it open
	EncodedBy  string         `json:"encoding_known_by,omitempty"` // option, bom, file, content, ascii
	Read       int            `json:"read"`
	Used       int            `json:"used"`
	Repaired   int            `json:"repaired"`
	Refused    int            `json:"refused"`
	Merged     int            `json:"merged,omitempty"`     // of the repaired: rows that are another row's feature, so the file gives Used + Repaired − Merged
	Rows       []ReportRow    `json:"rows"`                 // every row refused or repaired, in file order
	Warnings   []ReportNote   `json:"warnings"`             // findings about the layer as a whole
	Mapping    *MappingReport `json:"mapping,omitempty"`    // what the mapping made of the file; Read are the rows it took
	BBox       []float64      `json:"bbox,omitempty"`       // west, south, east, north of what is used
	FirstLook  *FirstLook     `json:"first_look,omitempty"` // against the project's neighborhoods
	Unchanged  bool           `json:"unchanged,omitempty"`  // the same content was there already: nothing was written
	Version    int            `json:"version"`              // of the layer
	Hash       string         `json:"hash"`                 // of the layer's content and declarations
}

// CRSAccuracy is how far places may lie from where WGS 84 has them because of the file's CRS, beside the data's own errors.
type CRSAccuracy struct {
	Metres *float64 `json:"metres"` // an upper bound, null if none is known
	Text   Text     `json:"text,omitzero"`
}

// ReportRow says what happened to one row of the file.
type ReportRow struct {
	N      int    `json:"n"`              // 1-based number of the feature in the file
	Line   int    `json:"line,omitempty"` // 1-based line where it begins
	ID     string `json:"id"`             // its id if it has one
	Name   string `json:"name,omitempty"` // its name if it has one
	Action string `json:"action"`         // "repaired" or "refused"
	Reason string `json:"reason"`         // stable code, e.g. self_crossing
	Text   string `json:"text"`           // what and where, and what to do (English)
	TextZh string `json:"text_zh,omitempty"`

	// Square metres of a shape before and after it was mended, three decimals: as its rings give it by the usual formula, and as it is kept.
	AreaBefore json.Number `json:"area_before_m2,omitempty"`
	AreaAfter  json.Number `json:"area_after_m2,omitempty"`
}

// FarM is the largest distance that a first look tells: reach is saturated there.
const FarM = float64(math.MaxInt32) / 1000

// FirstLook says how the places of a layer lie to the neighborhoods that the project has: a wrong datum or file shows here first.
type FirstLook struct {
	Rows    int     `json:"rows"`     // that were looked at: all, or at most 10,000 taken evenly from the order of ids
	Inside  int     `json:"inside"`   // of these, in a neighborhood or on its border
	Share   float64 `json:"share"`    // Inside ÷ Rows
	MedianM float64 `json:"median_m"` // median distance to the nearest border of a neighborhood, from within and without, metres; FarM stands for that and more
	Outside int     `json:"outside"`  // rows of the whole layer beyond the study area: the neighborhoods' extent grown by MarginM
	MarginM float64 `json:"margin_m"`
}

// ReportNote is a finding about a layer as a whole.
type ReportNote struct {
	Code   string `json:"code"`
	Text   string `json:"text"`
	TextZh string `json:"text_zh,omitempty"`
}

package coverage

// ImportReport is the report of one import, row by row where something happened.
// Its JSON form is a contract (design.md §8). Read = Used + Repaired + Refused, where
// Used counts the rows taken as they were and Repaired those taken after a repair.
type ImportReport struct {
	Layer      string       `json:"layer"`
	Role       Role         `json:"role"`
	Services   []string     `json:"services,omitempty"`
	Source     string       `json:"source"`
	SHA256     string       `json:"sha256"` // of the file's bytes
	Format     string       `json:"format"` // geojson, geojson-lines, csv
	CRS        string       `json:"crs"`
	CRSKnownBy string       `json:"crs_known_by"`
	Read       int          `json:"read"`
	Used       int          `json:"used"`
	Repaired   int          `json:"repaired"`
	Refused    int          `json:"refused"`
	Rows       []ReportRow  `json:"rows"`                // every row refused or repaired, in file order
	Warnings   []ReportNote `json:"warnings"`            // findings about the layer as a whole
	BBox       []float64    `json:"bbox,omitempty"`      // west, south, east, north of what is used
	Unchanged  bool         `json:"unchanged,omitempty"` // the same content was there already: nothing was written
	Version    int          `json:"version"`             // of the layer
	Hash       string       `json:"hash"`                // of the layer's content and declarations
}

// ReportRow says what happened to one row of the file.
type ReportRow struct {
	N      int    `json:"n"`              // 1-based number of the feature in the file
	Line   int    `json:"line,omitempty"` // 1-based line where it begins
	ID     string `json:"id"`             // its id if it has one
	Action string `json:"action"`         // "repaired" or "refused"
	Reason string `json:"reason"`         // stable code, e.g. self_crossing
	Text   string `json:"text"`           // what and where, and what to do (English)
	TextZh string `json:"text_zh,omitempty"`
}

// ReportNote is a finding about a layer as a whole.
type ReportNote struct {
	Code   string `json:"code"`
	Text   string `json:"text"`
	TextZh string `json:"text_zh,omitempty"`
}

package coverage

// MappingReport says what a mapping made of the features of a file. Features = Mapped + Unmapped.
type MappingReport struct {
	Mapping  string         `json:"mapping"` // its id
	Hash     string         `json:"hash"`    // of all that it says, see catalog.Mapping.Hash; empty in reports of before this was kept
	File     string         `json:"file"`    // base name of a user's own file, empty for a mapping of the program
	Detects  []string       `json:"detects"` // services that it would have found
	Features int            `json:"features"`
	Mapped   int            `json:"mapped"`
	Unmapped int            `json:"unmapped"` // features that no rule took
	Rules    []MappingCount `json:"rules"`    // in the order of the mapping, also those that took nothing
	Groups   []MappingGroup `json:"groups"`   // of the unmapped, the largest first
	More     int            `json:"more"`     // unmapped features of the groups that are not listed
}

// MappingCount is how many features a rule took. A feature may be taken by several rules.
type MappingCount struct {
	Rule     string   `json:"rule"`
	Services []string `json:"services"`
	Features int      `json:"features"`
}

// MappingGroup is a group of features that no rule took, such as amenity=bench.
type MappingGroup struct {
	Group    string `json:"group"`
	Features int    `json:"features"`
}

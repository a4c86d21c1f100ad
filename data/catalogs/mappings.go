package catalogs

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"lifecircle/coverage/catalog"
)

//go:embed mappings/*.yaml
var mappings embed.FS

// MappingIDs are the ids of the shipped mappings.
func MappingIDs() []string { return []string{"amap", "osm", "poi-category"} }

// Mapping is the shipped mapping of an id. The error names those there are.
func Mapping(id string) (*catalog.Mapping, error) {
	src, ok := MappingSource(id)
	if !ok {
		return nil, fmt.Errorf("no shipped mapping is called %q; there are %s (or give a file of your own)", id, strings.Join(MappingIDs(), ", "))
	}
	m, _, err := catalog.ParseMapping(src, id+".yaml", Services())
	if err != nil {
		panic(fmt.Sprintf("an embedded mapping is broken: %v", err)) // a test reads them all
	}
	return m, nil
}

// MappingSource is the YAML file of a shipped mapping as it was written, to start one of one's own from.
func MappingSource(id string) (src []byte, ok bool) {
	if !slices.Contains(MappingIDs(), id) {
		return nil, false
	}
	src, err := mappings.ReadFile("mappings/" + id + ".yaml")
	return src, err == nil
}

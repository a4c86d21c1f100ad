package catalogs

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"lifecircle/coverage/catalog"
)

//go:embed *.yaml catalog.schema.json
var files embed.FS

const servicesFile = "services.yaml"

// DefaultID is the catalog of the reform that this project serves.
const DefaultID = "chongqing-15min"

// IDs are the ids of the shipped catalogs, the default one first.
func IDs() []string {
	return []string{DefaultID, "gb50180-2018", "tdt1062-2021", "complete-community-2020"}
}

// Services is the shared list of services. Each call reads it anew, so that no caller can change another's.
func Services() *catalog.Services {
	services, err := catalog.ParseServices(mustRead(servicesFile), servicesFile)
	if err != nil {
		panic(fmt.Sprintf("the embedded list of services is broken: %v", err)) // a test reads it
	}
	return services
}

// All are the shipped catalogs in the order of IDs.
func All() []*catalog.Catalog {
	services := Services()
	var all []*catalog.Catalog
	for _, id := range IDs() {
		all = append(all, mustParse(id, services))
	}
	return all
}

// Get is the shipped catalog of an id. The error names those there are.
func Get(id string) (*catalog.Catalog, error) {
	if !slices.Contains(IDs(), id) {
		return nil, fmt.Errorf("no shipped catalog is called %q; there are %s (or give a file of your own)", id, strings.Join(IDs(), ", "))
	}
	return mustParse(id, Services()), nil
}

// Source is the YAML file of a shipped catalog as it was written, to start a catalog of one's own from.
func Source(id string) (src []byte, ok bool) {
	if !slices.Contains(IDs(), id) {
		return nil, false
	}
	return mustRead(id + ".yaml"), true
}

// Schema is the JSON Schema (2020-12) of a catalog file.
func Schema() []byte { return mustRead("catalog.schema.json") }

func mustParse(id string, services *catalog.Services) *catalog.Catalog {
	c, _, err := catalog.Parse(mustRead(id+".yaml"), id+".yaml", services)
	if err != nil {
		panic(fmt.Sprintf("an embedded catalog is broken: %v", err)) // a test reads them all
	}
	return c
}

func mustRead(name string) []byte {
	src, err := files.ReadFile(name)
	if err != nil {
		panic(err) // embedded: cannot be missing
	}
	return src
}

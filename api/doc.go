// Package api serves projects over HTTP: their layers and runs as OGC API – Features collections, the upload of a
// layer, and the map page. The URLs, parameters and errors are described in README.md.
//
// It sees projects only through coverage.Projects, so any shelf will do. A request goes through the router
// (api.go), its parameters are read in one place (params.go), a handler (landing.go, collections.go, items.go,
// runs.go, layers.go, openapi.go, page.go) answers or returns an error, and one place writes that error as
// problem+json (problem.go). Tables are rendered once per version and kept (dataset.go, cache.go): what a collection
// answers depends only on content hashes and the query, which is also what its ETag is made of.
package api

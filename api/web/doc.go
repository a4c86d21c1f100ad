// Package web holds the files of the map page: a page, its scripts as plain ES modules, its style, and MapLibre GL JS
// in vendor/. They need no build and no other server.
package web

import (
	"embed"
	"io/fs"
)

//go:embed index.html *.js *.css vendor
var files embed.FS

// Files gives the files of the page by their paths.
func Files() fs.FS { return files }

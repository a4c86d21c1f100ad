// Package catalog makes a guideline machine-readable: its tiers, requirements, pass lines, weights and grades, each with
// source, clause and confidence, and the list of services that all catalogs share.
//
// [Parse] reads a catalog from the bytes of a YAML file. It is strict: a key it does not know, a key written twice, a value
// of the wrong type or a service that is in no list is a [Finding] with line and column, never a guess. What fills
// in for figures that a catalog leaves out is this project's own (confidence C): [DefaultPassLine] and those beside it.
//
// Numbers are decimals read from their text and held as integers ([Ppm], [Area], millimetres, seconds), so that no verdict
// hangs on floating point. [Catalog.Canonical] is the same for every way of writing the same catalog, and is itself a
// catalog file.
package catalog

// Package catalogs holds the catalogs that ship with the program and the list of services that all catalogs share, as YAML
// files embedded in it, and the JSON Schema of a catalog file (for editors; the parser of coverage/catalog is stricter).
//
// Every figure carries source, clause and confidence. chongqing-15min is provisional (暂定): the official tables are not public.
package catalogs

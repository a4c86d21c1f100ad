package api

import (
	"net/http"
	"slices"

	"lifecircle/coverage"
)

// object is a JSON object; encoding/json sorts its keys, so the document is the same each time.
type object = map[string]any

// openAPI describes a project's API in OpenAPI 3.0. Every collection has its own paths, for its columns are its parameters.
func (s *server) openAPI(w http.ResponseWriter, r *http.Request) error {
	if _, err := plainParams(r); err != nil {
		return err
	}
	p, err := s.project(r)
	if err != nil {
		return err
	}
	info, err := p.Project(r.Context())
	if err != nil {
		return err
	}
	run, err := s.latestRun(r.Context(), p)
	if err != nil {
		return err
	}
	paths := object{
		"/":            object{"get": operation("getLandingPage", "Landing page", nil, typeJSON, ref("landingPage"))},
		"/conformance": object{"get": operation("getConformance", "Conformance classes", nil, typeJSON, ref("confClasses"))},
		"/collections": object{"get": operation("getCollections", "Collections", nil, typeJSON, ref("collections"))},
		"/runs":        object{"get": operation("getRuns", "Runs, oldest first", nil, typeJSON, object{"type": "object"})},
		"/runs/{run}":  object{"get": operation("getRun", "A run: its requirements, inputs and marks", []any{runParameter("path", true)}, typeJSON, object{"type": "object"})},
		"/runs/{run}/explain": object{"get": operation("explain", "How a neighborhood's result came about", []any{
			runParameter("path", true),
			object{"name": "neighborhood", "in": "query", "required": true, "schema": object{"type": "string", "minLength": 1}},
			queryParameter("requirement", "id of a requirement; all by default", object{"type": "string"}),
		}, typeJSON, object{"type": "object"})},
		"/layers": object{
			"get":  operation("getLayers", "Layers and the counts of their import reports", nil, typeJSON, object{"type": "object"}),
			"post": s.uploadOperation(),
		},
		"/layers/{role}/{name}": object{"get": operation("getLayer", "A layer and its import report", []any{
			pathParameter("role", "role of the layer"), pathParameter("name", "name of the layer"),
			queryParameter("service", "services of a facility layer, to tell layers of one name apart", object{"type": "string"}),
		}, typeJSON, object{"type": "object"})},
	}
	paths["/layers/{role}/{name}/undo"] = object{"post": s.undoOperation()}
	for i := range collectionKinds {
		k := &collectionKinds[i]
		if k.ofRun() && run == nil {
			continue
		}
		columns := reachColumns()
		if k.id != "reach" {
			c, err := s.open(r.Context(), p, k, "")
			if err != nil {
				return err
			}
			columns = c.table.Columns
		}
		at := "/collections/" + k.id
		paths[at] = object{"get": operation("describe_"+k.id, k.title.En+": description", nil, typeJSON, ref("collection"))}
		paths[at+"/items"] = object{"get": operation("get_"+k.id, k.title.En+": "+k.description, itemsParameters(k, columns), typeGeoJSON, ref("featureCollectionGeoJSON"))}
		one := []any{pathParameter("featureId", "id of a feature")}
		if k.ofRun() {
			one = append(one, parameter("run"))
		}
		paths[at+"/items/{featureId}"] = object{"get": operation("get_one_of_"+k.id, k.title.En+": one feature", one, typeGeoJSON, ref("featureGeoJSON"))}
	}
	return s.writeJSON(w, r, typeOpenAPI, object{
		"openapi": "3.0.3",
		"info": object{
			"title":       projectTitle(p.id, info) + " – lifecircle",
			"version":     s.Version,
			"description": "Layers and runs of a project as OGC API – Features. Coordinates are CRS84 (WGS 84, longitude first). A column's name is a parameter: only rows whose cell is exactly that value are given.",
			"license":     object{"name": "See the attribution of each collection"},
		},
		"servers":    []any{object{"url": p.root}},
		"paths":      paths,
		"components": object{"parameters": sharedParameters(), "schemas": sharedSchemas(), "responses": sharedResponses()},
	})
}

func operation(id, summary string, parameters []any, mediaType string, schema object) object {
	o := object{
		"operationId": id,
		"summary":     summary,
		"responses": object{
			"200": object{"description": "the document", "content": object{mediaType: object{"schema": schema}}},
			"304": object{"description": "the client's copy is still right"},
			"400": object{"$ref": "#/components/responses/invalid"},
			"404": object{"$ref": "#/components/responses/notFound"},
			"405": object{"$ref": "#/components/responses/problem"},
			"500": object{"$ref": "#/components/responses/problem"},
			"503": object{"$ref": "#/components/responses/problem"},
		},
	}
	o["parameters"] = append(append([]any{}, parameters...), formatParameter(mediaType))
	return o
}

func formatParameter(mediaType string) any {
	if mediaType == typeGeoJSON {
		return parameter("fFeatures")
	}
	return parameter("f")
}

func (s *server) uploadOperation() object {
	var parameters []any
	for _, name := range uploadParams {
		if name == "f" {
			continue
		}
		schema := object{"type": "string"}
		switch {
		case name == "as":
			var roles []string
			for _, role := range coverage.Roles {
				roles = append(roles, string(role))
			}
			parameters = append(parameters, object{"name": "as", "in": "query", "description": "role of the layer; may be a field of the form instead",
				"schema": object{"type": "string", "enum": roles}})
			continue
		case slices.Contains(manyParams[:], name):
			schema = object{"type": "array", "items": object{"type": "string"}}
		case slices.Contains(boolParams[:], name):
			schema = object{"type": "boolean"}
		case name == "header":
			schema = object{"type": "integer", "minimum": 1}
		case name == "accept-error":
			schema = object{"type": "number", "minimum": 0, "exclusiveMinimum": true, "maximum": 10000}
		}
		parameters = append(parameters, queryParameter(name, "as on the command line: lifecircle import --"+name, schema))
	}
	binary := object{"schema": object{"type": "string", "format": "binary"}}
	report := object{"description": "the import report", "content": object{typeJSON: object{"schema": object{"type": "object"}}}}
	problem := object{"$ref": "#/components/responses/problem"}
	return object{
		"operationId": "importLayer",
		"summary":     "Import a layer",
		"parameters":  parameters,
		"requestBody": object{"required": true, "content": object{
			typeGeoJSON:                object{"schema": object{"type": "object"}},
			"text/csv":                 binary,
			"image/tiff":               binary,
			"application/octet-stream": binary,
			"multipart/form-data": object{"schema": object{"type": "object", "required": []string{"file"}, "properties": object{
				"file":     object{"type": "string", "format": "binary"},
				"complete": object{"type": "string", "format": "binary", "description": "GeoJSON polygons inside which the layer is complete"},
				"clip":     object{"type": "string", "format": "binary", "description": "GeoJSON polygons: of a population grid, only the cells that they meet are read"},
				"mapping":  object{"type": "string", "format": "binary", "description": "YAML: by what facilities are found, instead of a shipped mapping"},
			}}},
		}},
		"responses": object{
			"200": report, "201": report, "400": problem, "403": problem, "404": problem, "409": problem, "413": problem,
			"415": problem, "422": problem, "429": problem, "500": problem, "503": problem,
		},
	}
}

func (s *server) undoOperation() object {
	problem := object{"$ref": "#/components/responses/problem"}
	return object{
		"operationId": "undoLayer",
		"summary":     "Take the last change of a layer back: the version before is current again, as a new version",
		"parameters": []any{
			pathParameter("role", "role of the layer"), pathParameter("name", "name of the layer"),
			queryParameter("service", "services of a facility layer, to tell layers of one name apart", object{"type": "string"}),
			queryParameter("version", "the version to take back; refused with 409 if another is current. Without it a request that is sent twice goes back two changes", object{"type": "integer", "minimum": 1}),
		},
		"responses": object{
			"200": object{"description": "what was undone and, unless the layer had no version before, what is current now", "content": object{typeJSON: object{"schema": object{
				"type": "object", "required": []string{"undone"}, "properties": object{"undone": object{"type": "object"}, "now": object{"type": "object"}},
			}}}},
			"400": problem, "403": problem, "404": problem, "409": problem, "429": problem, "500": problem, "503": problem,
		},
	}
}

// itemsParameters lists the parameters of a collection's items: the common ones and its columns.
func itemsParameters(k *collectionKind, columns []coverage.Column) []any {
	list := []any{parameter("bbox"), parameter("bbox-crs"), parameter("crs"), parameter("datetime"), parameter("limit"), parameter("offset"), parameter("skipGeometry")}
	if k.ofRun() {
		list = append(list, parameter("run"))
	}
	for _, name := range filterNames(columns) {
		c := columns[slices.IndexFunc(columns, func(c coverage.Column) bool { return c.Name == name })]
		schema := object{"type": "string"}
		switch c.Type {
		case coverage.IntegerColumn:
			schema = object{"type": "integer"}
		case coverage.DecimalColumn:
			schema = object{"type": "number"}
		case coverage.BooleanColumn:
			schema = object{"type": "boolean"}
		}
		o := queryParameter(name, "only rows with exactly this "+name, schema)
		o["allowEmptyValue"] = true // nothing asks for the unknown
		list = append(list, o)
	}
	return list
}

// reachColumns are the columns of table reach that design.md §8 promises: making the table only to list them would take long.
func reachColumns() []coverage.Column {
	var columns []coverage.Column
	for _, name := range []string{"demand_id", "neighborhood_id", "requirement", "service", "basis", "facility_id", "cause"} {
		columns = append(columns, coverage.Column{Name: name, Type: coverage.TextColumn})
	}
	for _, name := range []string{"lon", "lat", "weight", "reach_m", "seconds"} {
		columns = append(columns, coverage.Column{Name: name, Type: coverage.DecimalColumn})
	}
	return columns
}

func queryParameter(name, description string, schema object) object {
	return object{"name": name, "in": "query", "required": false, "description": description, "schema": schema}
}

func pathParameter(name, description string) object {
	return object{"name": name, "in": "path", "required": true, "description": description, "schema": object{"type": "string"}}
}

func runParameter(in string, required bool) object {
	return object{
		"name": "run", "in": in, "required": required, "description": "hash of a run, a prefix of at least 4 characters, or latest",
		"schema": object{"type": "string", "pattern": "^(latest|[0-9a-f]{4,64})?$"},
	}
}

// datetimePattern is the shape of an RFC 3339 time or interval; that a day exists, and an interval does not end before it begins,
// no pattern can say.
const (
	timePattern     = `[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])`
	datetimePattern = "^(" + timePattern + "|" + timePattern + `/(\.\.)?|(\.\.)?/` + timePattern + "|" + timePattern + "/" + timePattern + ")$"
)

func parameter(name string) object { return object{"$ref": "#/components/parameters/" + name} }
func ref(name string) object       { return object{"$ref": "#/components/schemas/" + name} }

func sharedParameters() object {
	flat := func(o object) object {
		o["style"], o["explode"] = "form", false
		return o
	}
	return object{
		"bbox": flat(queryParameter("bbox", "west,south,east,north in CRS84 (heights are allowed and ignored): only features that touch the box", object{
			"type": "array", "minItems": 4, "maxItems": 6, "items": object{"type": "number"},
			"oneOf": []any{object{"minItems": 4, "maxItems": 4}, object{"minItems": 6, "maxItems": 6}},
		})),
		"bbox-crs":     queryParameter("bbox-crs", "CRS of bbox", object{"type": "string", "enum": []string{crs84, "[OGC:CRS84]"}}),
		"crs":          queryParameter("crs", "CRS of the answer", object{"type": "string", "enum": []string{crs84, "[OGC:CRS84]"}}),
		"datetime":     flat(queryParameter("datetime", "RFC 3339 time or interval; features here have no time, and match any", object{"type": "string", "pattern": datetimePattern})),
		"limit":        flat(queryParameter("limit", "most features on a page", object{"type": "integer", "minimum": 1, "maximum": maxLimit, "default": defaultLimit})),
		"offset":       flat(queryParameter("offset", "features to leave out at the start", object{"type": "integer", "minimum": 0, "default": 0})),
		"skipGeometry": queryParameter("skipGeometry", "leave geometries out", object{"type": "boolean", "default": false}),
		"run":          runParameter("query", false),
		"f":            queryParameter("f", "format", object{"type": "string", "enum": []string{"json"}}),
		"fFeatures":    queryParameter("f", "format", object{"type": "string", "enum": []string{"json", "geojson"}}),
	}
}

func sharedResponses() object {
	response := func(description string) object {
		return object{"description": description, "content": object{"application/problem+json": object{"schema": ref("problem")}}}
	}
	return object{
		"invalid":  response("the request is wrong"),
		"notFound": response("there is no such thing"),
		"problem":  response("what went wrong (RFC 9457)"),
	}
}

func sharedSchemas() object {
	text := object{"type": "string"}
	texts := object{"type": "array", "items": text}
	links := object{"type": "array", "items": ref("link")}
	count := object{"type": "integer", "minimum": 0}
	return object{
		"link": object{"type": "object", "required": []string{"href", "rel"}, "properties": object{
			"href": text, "rel": text, "type": text, "title": text,
		}},
		"landingPage": object{"type": "object", "required": []string{"links"}, "properties": object{
			"title": text, "description": text, "links": links,
		}},
		"confClasses": object{"type": "object", "required": []string{"conformsTo"}, "properties": object{"conformsTo": texts}},
		"collections": object{"type": "object", "required": []string{"links", "collections"}, "properties": object{
			"links": links, "collections": object{"type": "array", "items": ref("collection")},
		}},
		"collection": object{"type": "object", "required": []string{"id", "links"}, "properties": object{
			"id": text, "title": text, "description": text, "attribution": text, "itemType": object{"type": "string", "default": "feature"},
			"crs": texts, "links": links,
			"extent": object{"type": "object", "properties": object{"spatial": object{"type": "object", "properties": object{
				"bbox": object{"type": "array", "minItems": 1, "items": object{"type": "array", "minItems": 4, "maxItems": 4, "items": object{"type": "number"}}},
				"crs":  text,
			}}}},
		}},
		"featureCollectionGeoJSON": object{"type": "object", "required": []string{"type", "features"}, "properties": object{
			"type":     object{"type": "string", "enum": []string{"FeatureCollection"}},
			"features": object{"type": "array", "items": ref("featureGeoJSON")},
			"links":    links, "numberMatched": count, "numberReturned": count,
		}},
		"featureGeoJSON": object{"type": "object", "required": []string{"type", "geometry", "properties"}, "properties": object{
			"type":       object{"type": "string", "enum": []string{"Feature"}},
			"id":         text,
			"geometry":   object{"type": "object", "nullable": true, "description": "GeoJSON geometry (RFC 7946)"},
			"properties": object{"type": "object", "nullable": true},
			"links":      links,
		}},
		"problem": object{"type": "object", "required": []string{"type", "title", "status", "code"}, "properties": object{
			"type": text, "title": text, "title_zh": text, "status": object{"type": "integer"}, "code": text,
			"detail": text, "detail_zh": text, "hint": text, "hint_zh": text,
			"file": text, "row": object{"type": "integer"}, "field": text, "report": object{"type": "object"},
		}},
	}
}

package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-chi/chi/v5"

	"lifecircle/coverage"
)

// Media types.
const (
	typeJSON    = "application/json"
	typeGeoJSON = "application/geo+json"
	typeOpenAPI = "application/vnd.oai.openapi+json;version=3.0"
	typeHTML    = "text/html"
)

// Link leads from one resource to another (RFC 8288).
type Link struct {
	Href  string `json:"href"`
	Rel   string `json:"rel"`
	Type  string `json:"type,omitempty"`
	Title string `json:"title,omitempty"`
}

// conformsTo lists the conformance classes, by the names of version 1.0 and of version 1.1 of the standard.
var conformsTo = [...]string{
	"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
	"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
	"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
	"http://www.opengis.net/spec/ogcapi-features-1/1.1/conf/core",
	"http://www.opengis.net/spec/ogcapi-features-1/1.1/conf/geojson",
	"http://www.opengis.net/spec/ogcapi-features-1/1.1/conf/oas30",
}

// root leads people to the map and programs to the projects.
func (s *server) root(w http.ResponseWriter, r *http.Request) error {
	if _, err := plainParams(r); err != nil {
		return err
	}
	w.Header().Add("Vary", "Accept")
	if strings.Contains(r.Header.Get("Accept"), typeHTML) {
		http.Redirect(w, r, "map", http.StatusSeeOther)
		return nil
	}
	base := s.base(r)
	return s.writeJSON(w, r, typeJSON, struct {
		Title       string `json:"title"`
		Description string `json:"description"`
		Version     string `json:"version"`
		Links       []Link `json:"links"`
	}{
		"lifecircle 生活圈", "Coverage of neighborhoods by the services of their life circle", s.Version,
		[]Link{
			{base + "/", "self", typeJSON, "this document"},
			{base + "/projects", "items", typeJSON, "projects"},
			{base + "/map", "alternate", typeHTML, "map"},
		},
	})
}

// healthz says that the server answers and its shelf can be read.
func (s *server) healthz(w http.ResponseWriter, r *http.Request) error {
	ids, err := s.Projects.List(r.Context())
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", typeJSON)
	return json.NewEncoder(w).Encode(map[string]any{"status": "ok", "projects": len(ids), "version": s.Version})
}

func (s *server) projects(w http.ResponseWriter, r *http.Request) error {
	if _, err := plainParams(r); err != nil {
		return err
	}
	ids, err := s.Projects.List(r.Context())
	if err != nil {
		return err
	}
	type project struct {
		ID    string `json:"id"`
		Title string `json:"title"`
		Error string `json:"error,omitempty"` // why it cannot be opened
		Links []Link `json:"links"`
	}
	list := []project{}
	for _, id := range ids {
		at := s.base(r) + "/projects/" + url.PathEscape(id)
		p := project{ID: id, Title: id, Links: []Link{
			{at, "item", typeJSON, "API of the project"},
			{s.base(r) + "/map?project=" + url.QueryEscape(id), "alternate", typeHTML, "map of the project"},
		}}
		info, err := s.projectInfo(r.Context(), id)
		switch {
		case err == nil:
			p.Title = projectTitle(id, info)
		case coverage.CodeOf(err) == coverage.Internal:
			return err
		default: // one broken file hides no other
			p.Error = problemOf(err).Detail
		}
		list = append(list, p)
	}
	return s.writeJSON(w, r, typeJSON, struct {
		Projects []project `json:"projects"`
		Links    []Link    `json:"links"`
	}{list, []Link{{s.base(r) + "/projects", "self", typeJSON, "this document"}}})
}

func (s *server) projectInfo(ctx context.Context, id string) (coverage.ProjectInfo, error) {
	st, err := s.Projects.Open(ctx, id)
	if err != nil {
		return coverage.ProjectInfo{}, err
	}
	return st.Project(ctx)
}

func projectTitle(id string, info coverage.ProjectInfo) string {
	switch {
	case info.Title != "":
		return info.Title
	case info.Name != "":
		return info.Name
	}
	return id
}

// project is the project that a request is about.
type project struct {
	coverage.Store
	id   string
	root string // URL of its API, without a slash at the end
}

func (s *server) project(r *http.Request) (*project, error) {
	id, err := pathParam(r, "project")
	if err != nil {
		return nil, err
	}
	st, err := s.Projects.Open(r.Context(), id)
	if err != nil {
		return nil, err
	}
	return &project{Store: st, id: id, root: s.base(r) + "/projects/" + url.PathEscape(id)}, nil
}

// landing is the root of a project's API.
func (s *server) landing(w http.ResponseWriter, r *http.Request) error {
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
	return s.writeJSON(w, r, typeJSON, struct {
		ID          string `json:"id"`
		Title       string `json:"title"`
		Description string `json:"description"`
		Links       []Link `json:"links"`
	}{
		p.id, projectTitle(p.id, info), "Layers and runs of a lifecircle project",
		[]Link{
			{p.root, "self", typeJSON, "this document"},
			{p.root + "/api", "service-desc", typeOpenAPI, "API definition"},
			{p.root + "/conformance", "conformance", typeJSON, "conformance classes"},
			{p.root + "/collections", "data", typeJSON, "collections"},
			{p.root + "/runs", "related", typeJSON, "runs"},
			{p.root + "/layers", "related", typeJSON, "layers and their import reports"},
			{s.base(r) + "/map?project=" + url.QueryEscape(p.id), "related", typeHTML, "map"},
		},
	})
}

func (s *server) conformance(w http.ResponseWriter, r *http.Request) error {
	if _, err := plainParams(r); err != nil {
		return err
	}
	if _, err := s.project(r); err != nil {
		return err
	}
	return s.writeJSON(w, r, typeJSON, map[string]any{"conformsTo": conformsTo})
}

// base is how the client reaches the server, without a slash at the end.
func (s *server) base(r *http.Request) string {
	if s.BaseURL != "" {
		return strings.TrimSuffix(s.BaseURL, "/")
	}
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// pathParam gives a part of the path as it was before it was escaped.
func pathParam(r *http.Request, name string) (string, error) {
	value, err := url.PathUnescape(chi.URLParam(r, name))
	if err != nil {
		return "", errNoSuchPage()
	}
	return value, nil
}

// writeJSON answers with a value as JSON, or with 304 if the client has these bytes already.
func (s *server) writeJSON(w http.ResponseWriter, r *http.Request, mediaType string, v any) error {
	body, err := marshal(v)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	if notModified(w, r, hex.EncodeToString(sum[:16])) {
		return nil
	}
	w.Header().Set("Content-Type", mediaType)
	w.Write(body)
	return nil
}

// notModified sets the ETag and answers 304 if the client's copy has it. Caches must ask again each time: a project
// changes whenever somebody scores it.
func notModified(w http.ResponseWriter, r *http.Request, tag string) bool {
	h := w.Header()
	tag = `"` + tag + `"`
	h.Set("ETag", tag)
	h.Set("Cache-Control", "no-cache")
	if match := r.Header.Get("If-None-Match"); match != "" {
		for _, theirs := range strings.Split(match, ",") {
			theirs = strings.TrimSpace(theirs)
			if theirs == "*" || strings.TrimPrefix(theirs, "W/") == tag {
				if theirs != "*" {
					h.Set("ETag", theirs)
				}
				w.WriteHeader(http.StatusNotModified)
				return true
			}
		}
	}
	return false
}

// marshal writes JSON as people read it: addresses keep their ampersands.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

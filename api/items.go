package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strconv"

	"lifecircle/coverage"
)

// items answers with a page of a collection's features. There is no timeStamp in it: the same inputs give the same bytes.
func (s *server) items(w http.ResponseWriter, r *http.Request) error {
	values, err := parseQuery(r)
	if err != nil {
		return err
	}
	p, err := s.project(r)
	if err != nil {
		return err
	}
	kind, err := s.kind(r)
	if err != nil {
		return err
	}
	c, err := s.open(r.Context(), p, kind, values.Get("run"))
	if err != nil {
		return err
	}
	q, err := parseItems(values, c.table.Columns, kind.ofRun())
	if err != nil {
		return err
	}
	if notModified(w, r, s.tag(p, c.version, values.Encode())) {
		return nil
	}
	d, err := s.dataset(r.Context(), p, c)
	if err != nil {
		return err
	}
	found, err := d.query(r.Context(), q)
	if err != nil {
		return err
	}
	links := append(pageLinks(p, kind, values, q, found.matched), c.related...)
	body, err := featureCollection(found, links)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", typeGeoJSON)
	w.Write(body)
	return nil
}

// item answers with one feature.
func (s *server) item(w http.ResponseWriter, r *http.Request) error {
	values, err := parseQuery(r)
	if err != nil {
		return err
	}
	p, err := s.project(r)
	if err != nil {
		return err
	}
	kind, err := s.kind(r)
	if err != nil {
		return err
	}
	known := []string{"f", "crs"}
	if kind.ofRun() {
		known = append(known, "run")
	}
	if err := onlyParams(values, known...); err != nil {
		return err
	}
	if _, err := parseItems(values, nil, kind.ofRun()); err != nil {
		return err
	}
	id, err := pathParam(r, "*")
	if err != nil {
		return err
	}
	c, err := s.open(r.Context(), p, kind, values.Get("run"))
	if err != nil {
		return err
	}
	d, err := s.dataset(r.Context(), p, c)
	if err != nil {
		return err
	}
	feature, err := d.item(r.Context(), id)
	if err != nil {
		return err
	}
	if feature == nil {
		return coverage.Errorf(coverage.NotFound, "集合 %s 中没有 %s", "collection %s has no feature %s", kind.id, id)
	}
	if notModified(w, r, s.tag(p, c.version, id, values.Encode())) {
		return nil
	}
	at := p.root + "/collections/" + kind.id
	self := at + "/items/" + url.PathEscape(id)
	if len(values) > 0 {
		self += "?" + values.Encode()
	}
	links, err := marshal(append([]Link{
		{self, "self", typeGeoJSON, "this document"},
		{at, "collection", typeJSON, "the collection of this feature"},
	}, c.related...))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", typeGeoJSON)
	w.Write(bytes.Join([][]byte{feature[:len(feature)-1], []byte(`,"links":`), bytes.TrimSpace(links), []byte("}\n")}, nil))
	return nil
}

// tag makes an ETag of all that a body is made of: program, address, version of the data, query.
func (s *server) tag(p *project, parts ...string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q", s.Version, p.root, parts)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// featureCollection writes the page; numberMatched counts what matches, not what is on the page.
func featureCollection(found page, links []Link) ([]byte, error) {
	linksJSON, err := marshal(links)
	if err != nil {
		return nil, err
	}
	size := len(linksJSON) + 128
	for _, f := range found.features {
		size += len(f) + 1
	}
	body := make([]byte, 0, size)
	body = append(body, `{"type":"FeatureCollection","numberMatched":`...)
	body = strconv.AppendInt(body, int64(found.matched), 10)
	body = append(body, `,"numberReturned":`...)
	body = strconv.AppendInt(body, int64(len(found.features)), 10)
	body = append(body, `,"links":`...)
	body = append(body, bytes.TrimSpace(linksJSON)...)
	body = append(body, `,"features":[`...)
	for i, f := range found.features {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, '\n')
		body = append(body, f...)
	}
	return append(body, "\n]}\n"...), nil
}

// pageLinks leads to this page, the next and the one before.
func pageLinks(p *project, k *collectionKind, values url.Values, q itemsQuery, matched int) []Link {
	links := []Link{{itemsURL(p, k, values), "self", typeGeoJSON, "this document"}}
	at := func(offset int) string {
		v := maps.Clone(values)
		v.Del("offset")
		if offset > 0 {
			v.Set("offset", strconv.Itoa(offset))
		}
		return itemsURL(p, k, v)
	}
	if q.offset+q.limit < matched {
		links = append(links, Link{at(q.offset + q.limit), "next", typeGeoJSON, "next page"})
	}
	if q.offset > 0 {
		links = append(links, Link{at(max(0, min(q.offset, matched)-q.limit)), "prev", typeGeoJSON, "page before"})
	}
	return append(links, Link{p.root + "/collections/" + k.id, "collection", typeJSON, "the collection"})
}

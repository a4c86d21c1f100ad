package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
)

// collectionKind is a table that a project serves.
type collectionKind struct {
	id          string
	title       coverage.Text
	description string
	role        coverage.Role // of its layers; "" for the tables of a run
}

// collectionKinds are all collections, in the order in which they are listed. Their ids are the names that design.md §8 promises.
var collectionKinds = [...]collectionKind{
	{"neighborhoods", coverage.Text{Zh: "评价单元", En: "Neighborhoods"}, "the polygons that are judged", coverage.RoleNeighborhoods},
	{"facilities", coverage.Text{Zh: "设施", En: "Facilities"}, "points and polygons that offer services", coverage.RoleFacilities},
	{"demand", coverage.Text{Zh: "需求", En: "Demand"}, "where people are: points or cells with measures", coverage.RoleDemand},
	{"land", coverage.Text{Zh: "居住用地", En: "Residential land"}, "residential land", coverage.RoleLand},
	{"buildings", coverage.Text{Zh: "建筑", En: "Buildings"}, "buildings as points or footprints", coverage.RoleBuildings},
	{"network", coverage.Text{Zh: "道路", En: "Network"}, "streets and ways", coverage.RoleNetwork},
	{"scores", coverage.Text{Zh: "得分", En: "Scores"}, "scores and grades of neighborhoods and their parents, per tier and overall", ""},
	{"coverage", coverage.Text{Zh: "覆盖", En: "Coverage"}, "share and verdict of every neighborhood under every requirement", ""},
	{"matrix", coverage.Text{Zh: "评估矩阵", En: "Matrix"}, "one row per neighborhood with every requirement's share and verdict", ""},
	{"gaps", coverage.Text{Zh: "盲区", En: "Gaps"}, "where demand lies beyond the limit, or is undetermined", ""},
	{"service_areas", coverage.Text{Zh: "服务范围", En: "Service areas"}, "what lies within the limit of a service's facilities", ""},
	{"reach", coverage.Text{Zh: "可达", En: "Reach"}, "distance of every place of demand to its nearest facility", ""},
}

func (k *collectionKind) ofRun() bool { return k.role == "" }

func findKind(id string) *collectionKind {
	for i := range collectionKinds {
		if collectionKinds[i].id == id {
			return &collectionKinds[i]
		}
	}
	return nil
}

// Collection describes a collection (schema collection.yaml of the standard).
type Collection struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	TitleZh     string   `json:"title_zh"`
	Description string   `json:"description"`
	Attribution string   `json:"attribution,omitempty"`
	Extent      *Extent  `json:"extent,omitempty"`
	ItemType    string   `json:"itemType"`
	CRS         []string `json:"crs"`
	Run         string   `json:"run,omitempty"` // the latest run, whose table the items are by default
	Links       []Link   `json:"links"`
}

// Extent is the box that all features of a collection lie in.
type Extent struct {
	Spatial struct {
		BBox [][4]float64 `json:"bbox"`
		CRS  string       `json:"crs"`
	} `json:"spatial"`
}

func (s *server) collections(w http.ResponseWriter, r *http.Request) error {
	if _, err := plainParams(r); err != nil {
		return err
	}
	p, err := s.project(r)
	if err != nil {
		return err
	}
	list, err := s.describeAll(r.Context(), p)
	if err != nil {
		return err
	}
	return s.writeJSON(w, r, typeJSON, struct {
		Links       []Link       `json:"links"`
		Collections []Collection `json:"collections"`
	}{[]Link{{p.root + "/collections", "self", typeJSON, "this document"}}, list})
}

func (s *server) collection(w http.ResponseWriter, r *http.Request) error {
	if _, err := plainParams(r); err != nil {
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
	list, err := s.describeAll(r.Context(), p)
	if err != nil {
		return err
	}
	for _, c := range list {
		if c.ID == kind.id {
			return s.writeJSON(w, r, typeJSON, c)
		}
	}
	return errNoRun()
}

func (s *server) kind(r *http.Request) (*collectionKind, error) {
	id, err := pathParam(r, "collection")
	if err != nil {
		return nil, err
	}
	if kind := findKind(id); kind != nil {
		return kind, nil
	}
	var ids []string
	for _, k := range collectionKinds {
		ids = append(ids, k.id)
	}
	e := coverage.Errorf(coverage.NotFound, "没有集合 %s", "there is no collection %s", id)
	e.Hint = coverage.Text{Zh: "可用：" + strings.Join(ids, "、"), En: "there are: " + strings.Join(ids, ", ")}
	return nil, e
}

func errNoRun() error {
	e := coverage.Errorf(coverage.NotFound, "此项目尚无评估", "this project has no run yet")
	e.Hint = coverage.Text{Zh: "先运行 lifecircle score", En: "run lifecircle score first"}
	return e
}

// describeAll describes the layers' collections, and those of the latest run if there is one.
func (s *server) describeAll(ctx context.Context, p *project) ([]Collection, error) {
	layers, err := p.Layers(ctx)
	if err != nil {
		return nil, err
	}
	run, err := s.latestRun(ctx, p)
	if err != nil {
		return nil, err
	}
	var list []Collection
	for _, k := range collectionKinds {
		if k.ofRun() && run == nil {
			continue
		}
		at := p.root + "/collections/" + k.id
		c := Collection{
			ID: k.id, Title: k.title.En, TitleZh: k.title.Zh, Description: k.description,
			ItemType: "feature", CRS: []string{crs84},
			Links: []Link{
				{at, "self", typeJSON, "this collection"},
				{at + "/items", "items", typeGeoJSON, k.title.En + " as GeoJSON"},
			},
		}
		if k.ofRun() {
			c.Run = run.Hash
			c.Extent = extent(runBound(run, k.id))
			c.Attribution = attributionOfRun(run)
		} else {
			c.Extent, c.Attribution = extent(layersBound(layers, k.role)), attributionOf(layers, k.role)
		}
		list = append(list, c)
	}
	return list, nil
}

func attributionOf(layers []coverage.LayerInfo, role coverage.Role) string {
	var all []string
	for _, l := range layers {
		if l.Role == role {
			all = append(all, l.Attribution)
		}
	}
	return distinct(all)
}

func attributionOfRun(run *coverage.Run) string {
	var all []string
	for _, in := range run.Inputs {
		all = append(all, in.Attribution)
	}
	return distinct(all)
}

// distinct joins texts, each once, in the order of their first appearance.
func distinct(texts []string) string {
	seen := map[string]bool{"": true}
	var out []string
	for _, t := range texts {
		if !seen[t] {
			seen[t] = true
			out = append(out, t)
		}
	}
	return strings.Join(out, "; ")
}

// extent is nil for a collection without a place.
func extent(b orb.Bound, ok bool) *Extent {
	if !ok {
		return nil
	}
	e := new(Extent)
	e.Spatial.BBox = [][4]float64{{b.Min[0], b.Min[1], b.Max[0], b.Max[1]}}
	e.Spatial.CRS = crs84
	return e
}

func layersBound(layers []coverage.LayerInfo, role coverage.Role) (b orb.Bound, ok bool) {
	for _, l := range layers {
		if l.Role == role && l.Rows > 0 {
			b, ok = join(b, ok, l.Bound)
		}
	}
	return b, ok
}

// runBound gives the box of a table of a run, whether it is drawn or not.
func runBound(run *coverage.Run, collection string) (b orb.Bound, ok bool) {
	add := func(g orb.MultiPolygon) {
		if len(g) > 0 {
			b, ok = join(b, ok, g.Bound())
		}
	}
	if collection == "service_areas" {
		return b, false // known only once they are drawn
	}
	for _, u := range run.Subjects { // gaps lie in them
		add(u.Geometry)
	}
	return b, ok
}

func join(b orb.Bound, ok bool, with orb.Bound) (orb.Bound, bool) {
	if !ok {
		return with, true
	}
	return b.Union(with), true
}

// current is a collection's table as it is now, or as a run left it.
type current struct {
	table   coverage.Table
	version string // a hash that changes when any byte of the table does
	related []Link
}

// open gives the current table of a collection. For the tables of a run, run is a hash or a prefix, "" the latest.
func (s *server) open(ctx context.Context, p *project, k *collectionKind, run string) (current, error) {
	if k.ofRun() {
		found, err := s.run(ctx, p, run)
		if err != nil {
			return current{}, err
		}
		version := k.id + " " + found.Hash
		t, err := s.table(ctx, p, version, func(ctx context.Context) (coverage.Table, error) { return runTable(ctx, p, k.id, found) })
		return current{t, version, []Link{{p.root + "/runs/" + found.Hash, "related", typeJSON, "the run"}}}, err
	}
	layers, err := p.Layers(ctx)
	if err != nil {
		return current{}, err
	}
	hash := sha256.New()
	var hashes []string
	for _, l := range layers {
		if l.Role == k.role {
			hashes = append(hashes, l.Hash)
			fmt.Fprintf(hash, "%q %q %s\n", l.Service, l.Name, l.Hash)
		}
	}
	version := k.id + " " + hex.EncodeToString(hash.Sum(nil))
	t, err := s.table(ctx, p, version, func(ctx context.Context) (coverage.Table, error) {
		var full []*coverage.Layer
		for _, h := range hashes {
			l, err := p.Layer(ctx, h)
			if err != nil {
				return coverage.Table{}, err
			}
			full = append(full, l)
		}
		return coverage.LayersTable(k.role, full)
	})
	return current{table: t, version: version}, err
}

// rowBytes is what a row of a table takes in memory, roughly, before it is rendered.
const rowBytes = 200

func (s *server) table(ctx context.Context, p *project, version string, make func(context.Context) (coverage.Table, error)) (coverage.Table, error) {
	return s.tables.get(ctx, p.id+"\x00"+version, func(ctx context.Context) (coverage.Table, int64, error) {
		t, err := make(ctx)
		return t, int64(t.Len)*rowBytes + 1024, err
	})
}

// dataset gives the table ready to be asked.
func (s *server) dataset(ctx context.Context, p *project, c current) (*dataset, error) {
	return s.datasets.get(ctx, p.id+"\x00"+c.version, func(ctx context.Context) (*dataset, int64, error) {
		return newDataset(ctx, c.table, s.CacheBytes/2)
	})
}

func runTable(ctx context.Context, p *project, id string, run *coverage.Run) (coverage.Table, error) {
	switch id {
	case "reach":
		return coverage.ReachTable(ctx, p, run, coverage.Options{})
	case "gaps", "service_areas":
		drawn := *run // the run itself is shared
		if err := coverage.Draw(ctx, p, &drawn, coverage.Options{}); err != nil {
			return coverage.Table{}, err
		}
		run = &drawn
	}
	return run.Table(id)
}

// itemsURL is the address of a collection's items with a query.
func itemsURL(p *project, k *collectionKind, values url.Values) string {
	at := p.root + "/collections/" + k.id + "/items"
	if len(values) > 0 {
		at += "?" + values.Encode()
	}
	return at
}

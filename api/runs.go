package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/paulmach/orb"

	"lifecircle/coverage"
	"lifecircle/coverage/catalog"
)

// findRun resolves a hash, a prefix of at least four characters of it, or "" for the latest, without reading any run.
func findRun(ctx context.Context, p *project, hash string) (coverage.RunInfo, error) {
	runs, err := p.Runs(ctx)
	if err != nil {
		return coverage.RunInfo{}, err
	}
	if hash == "" {
		for _, info := range runs {
			if info.Latest {
				return info, nil
			}
		}
		return coverage.RunInfo{}, errNoRun()
	}
	if len(hash) < 4 {
		return coverage.RunInfo{}, badParam("run", "评估编号至少 4 个字符", "a run is called by at least 4 characters of its hash, or latest")
	}
	var found []coverage.RunInfo
	for _, info := range runs {
		if strings.HasPrefix(info.Hash, hash) {
			found = append(found, info)
		}
	}
	switch len(found) {
	case 0:
		return coverage.RunInfo{}, coverage.Errorf(coverage.NotFound, "没有评估 %s", "there is no run %s", hash)
	case 1:
		return found[0], nil
	}
	return coverage.RunInfo{}, badParam("run", "多次评估以此开头，请写得更长", "%d runs begin with %s: write more of the hash", len(found), hash)
}

// run gives a run by its hash, a prefix, "latest" or "". Its Latest and Changed are as of the first time it was read: use
// findRun where they matter.
func (s *server) run(ctx context.Context, p *project, hash string) (*coverage.Run, error) {
	if hash == "latest" {
		hash = ""
	}
	info, err := findRun(ctx, p, hash)
	if err != nil {
		return nil, err
	}
	return s.runs.get(ctx, p.id+"\x00"+info.Hash, func(ctx context.Context) (*coverage.Run, int64, error) {
		run, err := p.Run(ctx, info.Hash)
		if err != nil {
			return nil, 0, err
		}
		return run, runSize(run), nil
	})
}

// latestRun is the latest run, nil if there is none.
func (s *server) latestRun(ctx context.Context, p *project) (*coverage.Run, error) {
	run, err := s.run(ctx, p, "")
	if coverage.CodeOf(err) == coverage.NotFound {
		return nil, nil
	}
	return run, err
}

// runSize estimates the bytes that a run takes in memory.
func runSize(r *coverage.Run) int64 {
	n := int64(len(r.Cells)*96 + len(r.Scores)*96 + len(r.CatalogSource) + 1<<14)
	vertices := func(mp orb.MultiPolygon) {
		for _, p := range mp {
			for _, ring := range p {
				n += int64(len(ring))*16 + 24
			}
		}
	}
	for _, u := range r.Subjects {
		n += 160
		vertices(u.Geometry)
	}
	return n
}

func (s *server) runList(w http.ResponseWriter, r *http.Request) error {
	if _, err := plainParams(r); err != nil {
		return err
	}
	p, err := s.project(r)
	if err != nil {
		return err
	}
	infos, err := p.Runs(r.Context())
	if err != nil {
		return err
	}
	type listed struct {
		coverage.RunInfo
		Links []Link `json:"links"`
	}
	runs := []listed{}
	for _, info := range infos {
		runs = append(runs, listed{info, []Link{{p.root + "/runs/" + info.Hash, "item", typeJSON, "the run"}}})
	}
	return s.writeJSON(w, r, typeJSON, struct {
		Runs  []listed `json:"runs"`
		Links []Link   `json:"links"`
	}{runs, []Link{{p.root + "/runs", "self", typeJSON, "this document"}}})
}

// RunView is a run without its tables: what it judged, by which rules, from what.
type RunView struct {
	coverage.RunInfo
	Version      string                   `json:"version"`
	CatalogHash  string                   `json:"catalog_hash"`
	Title        coverage.Text            `json:"title"` // of the catalog
	Provisional  bool                     `json:"provisional"`
	Note         coverage.Text            `json:"note"`
	Tiers        []catalog.Tier           `json:"tiers"`
	Grades       []catalog.Grade          `json:"grades"`
	Floor        catalog.Ppm              `json:"completeness_floor"`
	Scoring      coverage.Text            `json:"scoring_mark"` // how sure the rules of scoring are
	Levels       []string                 `json:"levels"`       // of what was judged: unit, then parents'
	Inputs       []coverage.InputRef      `json:"inputs"`
	Attribution  string                   `json:"attribution,omitempty"`
	Requirements []RequirementView        `json:"requirements"`
	Causes       map[string]coverage.Text `json:"causes"` // words for what column cause holds
	Links        []Link                   `json:"links"`
}

// RequirementView is a requirement as a run judged it, with the clause it stands on.
type RequirementView struct {
	ID             string              `json:"id"`
	Name           coverage.Text       `json:"name"`
	Tier           string              `json:"tier"`
	Class          string              `json:"class,omitempty"`
	Mandatory      bool                `json:"mandatory"`
	Weight         catalog.Ppm         `json:"weight"`
	Service        string              `json:"service"` // alternatives joined with |, like Limit
	ServiceNames   []coverage.Text     `json:"service_names"`
	Accepts        []string            `json:"accepts"` // services whose facilities count
	Limit          string              `json:"limit"`
	Unit           string              `json:"unit"`
	Denominator    string              `json:"denominator"`
	Modelled       bool                `json:"modelled"` // the denominator is modelled
	PassLine       catalog.Ppm         `json:"pass_line"`
	Confidence     string              `json:"confidence"`
	ConfidenceMark coverage.Text       `json:"confidence_mark"` // empty for an official figure
	Source         string              `json:"source,omitempty"`
	Clause         string              `json:"clause,omitempty"`
	Note           coverage.Text       `json:"note"`
	VariantOf      string              `json:"variant_of,omitempty"`
	Variant        bool                `json:"variant"` // reported, not scored
	Flags          []string            `json:"flags"`
	FlagTexts      []coverage.Text     `json:"flag_texts"`
	Alternatives   []alternativeSource `json:"alternatives,omitempty"` // where several, with sources of their own
	Counts         coverage.Counts     `json:"counts"`                 // of units
}

type alternativeSource struct {
	Service    string        `json:"service"`
	Name       coverage.Text `json:"name"`
	Limit      catalog.Limit `json:"limit"`
	MinArea    catalog.Area  `json:"min_area_m2,omitempty"`
	MaxArea    catalog.Area  `json:"max_area_m2,omitempty"`
	Source     string        `json:"source,omitempty"`
	Clause     string        `json:"clause,omitempty"`
	Confidence string        `json:"confidence"`
}

func (s *server) runPage(w http.ResponseWriter, r *http.Request) error {
	if _, err := plainParams(r); err != nil {
		return err
	}
	p, err := s.project(r)
	if err != nil {
		return err
	}
	hash, err := pathParam(r, "run")
	if err != nil {
		return err
	}
	if hash == "latest" {
		hash = ""
	}
	info, err := findRun(r.Context(), p, hash)
	if err != nil {
		return err
	}
	run, err := s.run(r.Context(), p, info.Hash)
	if err != nil {
		return err
	}
	view := s.viewRun(run)
	view.RunInfo = info
	at := p.root + "/runs/" + info.Hash
	view.Links = []Link{{at, "self", typeJSON, "this document"}, {p.root + "/runs", "collection", typeJSON, "runs"}}
	for _, k := range collectionKinds {
		if k.ofRun() {
			view.Links = append(view.Links, Link{p.root + "/collections/" + k.id + "/items?run=" + info.Hash, "items", typeGeoJSON, k.title.En})
		}
	}
	return s.writeJSON(w, r, typeJSON, view)
}

func (s *server) viewRun(run *coverage.Run) RunView {
	cat, services := run.Catalog, run.Services()
	v := RunView{
		RunInfo: run.RunInfo, Version: run.Version, CatalogHash: run.CatalogHash,
		Title: cat.Title, Provisional: cat.Provisional, Note: cat.Note, Tiers: cat.Tiers, Grades: cat.Grades,
		Floor: cat.CompletenessFloor, Scoring: cat.ScoringConfidence.Mark(), Levels: []string{},
		Inputs: run.Inputs, Attribution: attributionOfRun(run), Requirements: []RequirementView{}, Causes: map[string]coverage.Text{},
	}
	for i := range run.Cells {
		cause := run.Cells[i].Cause
		if cause == "" {
			continue
		}
		if _, known := v.Causes[cause]; known {
			continue
		}
		var zh, en []string
		for _, t := range coverage.CauseTexts(cause, services) {
			zh, en = append(zh, t.Zh), append(en, t.En)
		}
		v.Causes[cause] = coverage.Text{Zh: strings.Join(zh, "；"), En: strings.Join(en, "; ")}
	}
	seen := map[string]bool{}
	for _, u := range run.Subjects {
		if !seen[u.Level] {
			seen[u.Level] = true
			v.Levels = append(v.Levels, u.Level)
		}
	}
	for i, j := range run.Requirements {
		rv := RequirementView{
			ID: j.ID, Tier: j.Tier, Service: j.Service, Limit: j.Limit, Unit: j.Unit, Denominator: j.Denominator, Modelled: j.Modelled,
			PassLine: j.PassLine, Confidence: j.Confidence, Variant: j.Variant, Flags: append([]string{}, j.Flags...),
			FlagTexts: append([]coverage.Text{}, coverage.CauseTexts(strings.Join(j.Flags, ";"), services)...), Counts: countUnits(run, i),
		}
		for _, key := range strings.Split(j.Service, "|") {
			rv.ServiceNames = append(rv.ServiceNames, services.Name(key))
		}
		rv.Accepts = accepts(services, j, run.Params.AcceptParent)
		if req := cat.Requirement(j.ID); req != nil {
			describe(&rv, req, services)
		}
		v.Requirements = append(v.Requirements, rv)
	}
	return v
}

func describe(rv *RequirementView, req *catalog.Requirement, services *catalog.Services) {
	rv.Name, rv.Class, rv.Mandatory, rv.Weight = req.Name, req.Class, req.Mandatory, req.Weight
	rv.Source, rv.Clause, rv.Note, rv.VariantOf = req.Source, req.Clause, req.Note, req.VariantOf
	rv.ConfidenceMark = req.Confidence.Mark()
	if len(req.AnyOf) > 1 {
		for _, a := range req.AnyOf {
			rv.Alternatives = append(rv.Alternatives, alternativeSource{a.Service, services.Name(a.Service), a.Limit, a.MinArea, a.MaxArea,
				a.Source, a.Clause, string(a.Confidence)})
		}
	}
}

// accepts lists the services whose facilities count: those asked for and all below them, and those above them where the
// run lets parents stand in.
func accepts(services *catalog.Services, j coverage.Judged, parents bool) []string {
	seen := map[string]bool{}
	for _, key := range strings.Split(j.Service, "|") {
		seen[key] = true
		for _, below := range services.Descendants(key) {
			seen[below] = true
		}
		if parents {
			for _, above := range services.Ancestors(key) {
				seen[above] = true
			}
		}
	}
	return sortedKeys(seen)
}

// countUnits counts the verdicts of units under one requirement.
func countUnits(run *coverage.Run, requirement int) coverage.Counts {
	var c coverage.Counts
	for i, u := range run.Subjects {
		if u.Level != "unit" {
			continue
		}
		switch run.Cells[i*len(run.Requirements)+requirement].Verdict {
		case coverage.Met:
			c.Met++
		case coverage.Unmet:
			c.Unmet++
		case coverage.NotDetected:
			c.NotDetected++
		default:
			c.NotAssessed++
		}
	}
	return c
}

// explain takes the result of a neighborhood apart, under one requirement or all.
func (s *server) explain(w http.ResponseWriter, r *http.Request) error {
	values, err := plainParams(r, "neighborhood", "requirement")
	if err != nil {
		return err
	}
	neighborhood := values.Get("neighborhood")
	if neighborhood == "" {
		return badParam("neighborhood", "请给出评价单元编号", "say which neighborhood, by its id")
	}
	p, err := s.project(r)
	if err != nil {
		return err
	}
	hash, err := pathParam(r, "run")
	if err != nil {
		return err
	}
	run, err := s.run(r.Context(), p, hash)
	if err != nil {
		return err
	}
	explanation, err := coverage.Explain(r.Context(), p, run, neighborhood, values.Get("requirement"), coverage.Options{})
	if err != nil {
		return err
	}
	return s.writeJSON(w, r, typeJSON, explanation)
}

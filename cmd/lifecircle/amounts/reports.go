package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

// Reports: Las Palmas from its layers to every document, and the workbooks and pages of the districts of the generated city.

// reportCase is a line of the table of reports.
type reportCase struct {
	key, what    string
	seconds, mib float64 // targets; 0: none
}

var reportCases = []reportCase{
	{"reports/lp", "Las Palmas: layers imported, scored, and all reports of city and 5 districts written (HTML, XLSX, DOCX, PDF, JSON, tables, two languages)", 10, 512},
	{"reports/city", "generated city, scored: XLSX and HTML of DISTRICTS districts with UNITS neighborhoods × 20 services, two languages (FILES files, MB MB)", 60, 1024},
}

// grouped writes the neighborhoods of Las Palmas with a district for each: bands from south to north, of like numbers.
func grouped(from, to string, districts int) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var doc struct {
		Type     string           `json:"type"`
		Features []map[string]any `json:"features"`
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		return err
	}
	south := func(f map[string]any) float64 { // the southernmost latitude
		least := 90.0
		var walk func(v any)
		walk = func(v any) {
			list, _ := v.([]any)
			if len(list) >= 2 {
				if y, ok := list[1].(float64); ok {
					least = min(least, y)
					return
				}
			}
			for _, x := range list {
				walk(x)
			}
		}
		g, _ := f["geometry"].(map[string]any)
		walk(g["coordinates"])
		return least
	}
	order := slices.Clone(doc.Features)
	slices.SortStableFunc(order, func(a, b map[string]any) int {
		switch x, y := south(a), south(b); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	for i, f := range order {
		if p, ok := f["properties"].(map[string]any); ok {
			p["district"] = fmt.Sprintf("区 %d", 1+i*districts/len(order))
		}
	}
	if text, err = json.Marshal(doc); err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o644)
}

// reports measures the reports.
func (b *bench) reports(ctx context.Context, seed uint64) error {
	if b.wanted("reports/lp") {
		if err := b.lasPalmasReports(ctx); err != nil {
			return err
		}
	}
	if !b.wanted("reports/city") {
		return nil
	}
	made, layered := b.path("report-city"), b.path("report-city-layers")
	if err := b.remake(ctx, "city", made, fmt.Sprint(b.scale), fmt.Sprint(seed)); err != nil {
		return err
	}
	if err := b.remake(ctx, "layers", made, layered, fmt.Sprint(b.scale)); err != nil {
		return err
	}
	var err error
	if b.city, err = readLayers(layered); err != nil {
		return err
	}
	layers := []imported{{b.city.file(unitLayer), []string{"--as", "neighborhoods"}}, {b.city.file(landLayer), []string{"--as", "land"}}}
	for _, s := range b.city.Services {
		layers = append(layers, facilities(b.city.file(s), s))
	}
	project := b.path("report-city.gpkg")
	if err := b.project(ctx, "", project, layers); err != nil {
		return err
	}
	book, err := b.writeCatalog("report-city", catalogText(b.city.Services, false, "land"))
	if err != nil {
		return err
	}
	if _, _, err := run(ctx, b.lifecircle, "score", project, "--catalog", book, "--gaps", "now", "--quiet"); err != nil {
		return err
	}
	out := b.path("report-city-out")
	command := []string{b.lifecircle, "report", project, "--out", out, "--format", "html,xlsx", "--levels", "district", "--quiet", "--json"}
	return b.measure(ctx, []job{{key: "reports/city", command: func() []string { return command }, prepare: func() error { return os.RemoveAll(out) },
		after: func(u usage, printed string) (usage, error) {
			var doc struct{ Files []struct{ Bytes int64 } }
			if err := json.Unmarshal([]byte(printed), &doc); err != nil {
				return u, err
			}
			b.written, b.bytes = len(doc.Files), 0
			for _, f := range doc.Files {
				b.bytes += f.Bytes
			}
			return u, nil
		}}})
}

// lasPalmasReports measures every process from the layers of Las Palmas to its reports, and adds them up.
func (b *bench) lasPalmasReports(ctx context.Context) error {
	if _, err := os.Stat(lasPalmas(b.data, "pois")); err != nil {
		fmt.Fprintln(b.words, "Las Palmas is left out:", err)
		return nil
	}
	units, project, out := b.path("lp-districts.geojson"), b.path("lp-reports.gpkg"), b.path("lp-reports")
	if err := grouped(lasPalmas(b.data, "neighbourhoods"), units, 5); err != nil {
		return err
	}
	steps := [][]string{
		{"new", project},
		{"import", project, units, "--as", "neighborhoods", "--parent", "district=district"},
		{"import", project, lasPalmas(b.data, "population_grid_100m"), "--as", "demand", "--measure", "population=population"},
		{"import", project, lasPalmas(b.data, "population_grid_100m"), "--as", "land", "--layer", "cells"},
		{"import", project, lasPalmas(b.data, "pois"), "--as", "facilities", "--mapping", "poi-category"},
		{"import", project, lasPalmas(b.data, "park_polygons"), "--as", "facilities", "--service", "park,pocket_park"},
		{"score", project, "--accept-parent"},
		{"report", project, "--out", out},
	}
	for range b.runs {
		if err := os.RemoveAll(project); err != nil {
			return err
		}
		if err := os.RemoveAll(out); err != nil {
			return err
		}
		quiet(ctx, b.wait)
		var total usage
		for _, step := range steps {
			u, _, err := run(ctx, b.lifecircle, append(step, "--quiet")...)
			if err != nil {
				return fmt.Errorf("reports/lp: %s: %w", step[0], err)
			}
			total = total.plus(u)
		}
		b.taken["reports/lp"] = append(b.taken["reports/lp"], total)
		fmt.Fprintf(b.words, "%-28s %8.3f s  CPU %8.3f s  %6.0f MiB  others %.2f\n", "reports/lp", total.Wall.Seconds(), total.CPU.Seconds(), mebibytes(total.Peak), total.Others)
	}
	return nil
}

// reportSection writes the part of the README on reports.
func (b *bench) reportSection(machine, command string) string {
	var s strings.Builder
	fmt.Fprintf(&s, "Written by `%s` on %s. Whole processes. 整个进程。\n\n", command, machine)
	s.WriteString("| reports 报告 | time 用时, s | target 目标 | CPU, s | peak 内存峰值, MiB | target 目标 | others 他用 | runs 次数 |\n|---|---|---|---|---|---|---|---|\n")
	for _, c := range reportCases {
		b.measured(&s, c.key, c.what, c.seconds, c.mib)
	}
	s.WriteString("\n* † = other processes took more than 15 % of the processors: its time says little. PDF is set in the embedded font.\n")
	return strings.NewReplacer("DISTRICTS", fmt.Sprint(chongqing.part(b.scale).Districts), "UNITS", thousands(b.city.Units), "FILES", fmt.Sprint(b.written), "MB MB", fmt.Sprint((b.bytes+5e5)/1e6)+" MB").Replace(s.String())
}

package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"lifecircle/coverage"
	"lifecircle/coverage/batch"
	"lifecircle/data/store"
)

// A county of 3 × 3 districts of 3 × 3 communities, made so that a cut could go wrong anywhere: people on borders and corners of districts,
// cells and parcels across them, parcels that touch each other in chains over several districts, parks and clinics just beyond a border, a
// community of two districts, one that overlaps another district's, a street across a border, totals known for some.
const (
	countyWest, countySouth = 106.40, 29.40
	countyStep              = 0.006 // of a community, about 600 m
)

const countyCatalog = `id: county
title: {zh: 县, en: County}
tiers: [{id: "10", minutes: 10}, {id: "15", minutes: 15}]
denominator: population
requirements:
  - {id: clinic, service: clinic, tier: "15", limit: {radius_m: 900}, pass_line: 0.8, mandatory: true}
  - {id: clinic-land, service: clinic, tier: "10", limit: {radius_m: 500}, denominator: land}
  - {id: green, tier: "10", any_of: [{service: park, min_area_m2: 3000, limit: {radius_m: 400}}, {service: pocket_park, limit: {radius_m: 250}}], denominator: land}
  - {id: school, service: primary_school, tier: "10", limit: {radius_m: 700}, denominator: households}
  - {id: old, service: clinic, tier: "10", limit: {radius_m: 600}, denominator: "population:60+"}
  - {id: homes, service: clinic, tier: "10", limit: {radius_m: 600}, denominator: buildings}
  - {id: per-unit, tier: "15", count: {service: clinic, min: 1, per: unit}}
  - {id: per-district, tier: "15", count: {service: clinic, min: 2, per: district}}
`

// county writes the county's files into a folder, and a project of them.
func county(t testing.TB, dir string) (project string) {
	t.Helper()
	r := rand.New(rand.NewPCG(11, 6))
	lon := func(k float64) float64 { return countyWest + k*countyStep }
	lat := func(k float64) float64 { return countySouth + k*countyStep }
	square := func(w, s, e, n float64) string { return box(lon(w), lat(s), lon(e), lat(n)) }
	text := func(s string) string { return strconv.Quote(s) }
	var units, people, cells, buildings, land, clinics, parks, schools []feature
	for x := range 9 {
		for y := range 9 {
			// districts are numbered against the order of communities, so that the smallest id on a border is now of one, now of another
			district := fmt.Sprintf(`"D%d"`, (x/3*3+y/3)*2%9)
			if x == 3 && y == 4 {
				district = "[" + district + `,"D9"]`
			}
			p := []property{{"code", text(fmt.Sprintf("u%02d", (x*9+y*31)%81))}, {"name", text(fmt.Sprintf("社区 %d-%d", x, y))}, {"district", district}, {"street", text(fmt.Sprintf("s%d", x/2))}}
			if y%2 == 0 {
				p = append(p, property{"old", strconv.Itoa(10 + x + y)})
			}
			w, s, e, n := float64(x), float64(y), float64(x+1), float64(y+1)
			if x == 5 && y == 1 {
				e += 0.3 // into the next district
			}
			units = append(units, feature{square(w, s, e, n), p})
		}
	}
	for i := range 700 {
		x, y := 9*r.Float64(), 9*r.Float64()
		switch i % 5 {
		case 0: // on a border between districts
			x = float64(3 * (1 + i%2))
		case 1: // on a corner of communities
			x, y = float64(int(x)), float64(int(y))
		}
		people = append(people, feature{point(lon(x), lat(y)), []property{{"id", text(fmt.Sprintf("p%03d", i))}, {"population", strconv.Itoa(1 + i%7)}}})
	}
	for i := range 60 {
		x, y := 9*r.Float64(), 9*r.Float64()
		cells = append(cells, feature{square(x, y, x+0.25, y+0.2), []property{{"id", text(fmt.Sprintf("c%02d", i))}, {"households", strconv.Itoa(3 + i)}}})
		buildings = append(buildings, feature{square(x+0.3, y, x+0.34, y+0.05), []property{{"id", text(fmt.Sprintf("b%02d", i))}}})
	}
	for i := range 200 { // parcels that overlap in chains through several districts: the whole of a chain is one piece of land
		x, y, corners := 9*r.Float64(), 9*r.Float64(), 3+i%5
		var ring []string
		for k := range corners + 1 {
			turn := 2 * math.Pi * (float64(k%corners)/float64(corners) + 0.01*float64(i))
			reach := 0.12 + 0.3*float64((i*7+k%corners*13)%29)/29
			ring = append(ring, fmt.Sprintf("[%.7f,%.7f]", lon(x+reach*math.Cos(turn)), lat(y+reach*math.Sin(turn))))
		}
		land = append(land, feature{`{"type":"Polygon","coordinates":[[` + strings.Join(ring, ",") + `]]}`, []property{{"id", text(fmt.Sprintf("l%03d", i))}}})
	}
	for i := range 24 {
		x, y := 9*r.Float64(), 9*r.Float64()
		switch i % 4 {
		case 0:
			x = 3 + 0.01*float64(i%3-1) // beside, and on, a border
		case 1:
			x = 6
		}
		clinics = append(clinics, feature{point(lon(x), lat(y)), []property{{"id", text(fmt.Sprintf("k%02d", i))}}})
		if i%2 == 0 {
			schools = append(schools, feature{point(lon(y), lat(x)), []property{{"id", text(fmt.Sprintf("s%02d", i))}}})
		}
		parks = append(parks, feature{square(x-0.05, y-0.1, x+0.05, y+0.02*float64(i%4)), []property{{"id", text(fmt.Sprintf("g%02d", i))}}})
	}
	surveyed := write(t, filepath.Join(dir, "surveyed.geojson"), square(-1, -1, 5.2, 10))
	for name, list := range map[string][]feature{"units": units, "people": people, "cells": cells, "buildings": buildings, "land": land, "clinics": clinics, "parks": parks, "schools": schools} {
		write(t, filepath.Join(dir, name+".geojson"), collection(list))
	}
	write(t, filepath.Join(dir, "county.yaml"), countyCatalog)
	project = filepath.Join(dir, "county.gpkg")
	run(t, "new", project, "--name", "县").must(exitDone)
	for _, args := range [][]string{
		{"units", "--as", "neighborhoods", "--id-field", "code", "--parent", "district=district", "--parent", "street=street", "--measure", "population:60+=old"},
		{"clinics", "--as", "facilities", "--service", "clinic", "--complete"}, {"parks", "--as", "facilities", "--service", "park,pocket_park", "--complete=" + surveyed},
		{"schools", "--as", "facilities", "--service", "primary_school"}, {"people", "--as", "demand"}, {"cells", "--as", "demand", "--measure", "households=households"},
		{"buildings", "--as", "buildings"}, {"land", "--as", "land"},
	} {
		run(t, append([]string{"import", project, filepath.Join(dir, args[0]+".geojson")}, args[1:]...)...).must(exitDone)
	}
	return project
}

// rowsBy reads a CSV by the columns that name its rows.
func rowsBy(t testing.TB, src string, keys ...string) map[string]map[string]string {
	t.Helper()
	records, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(src, "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]string{}
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, name := range records[0] {
			row[name] = record[i]
		}
		var key []string
		for _, k := range keys {
			key = append(key, row[k])
		}
		out[strings.Join(key, "/")] = row
	}
	return out
}

// tree gives every file under a folder with its bytes.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		out[filepath.ToSlash(rel)] = read(t, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// sameTree fails the test unless two folders hold the same files with the same bytes.
func sameTree(t testing.TB, got, want map[string]string) {
	t.Helper()
	for name := range want {
		if _, there := got[name]; !there {
			t.Errorf("%s is missing", name)
		} else if got[name] != want[name] {
			t.Errorf("%s differs", name)
		}
	}
	for name := range got {
		if _, there := want[name]; !there {
			t.Errorf("%s should not be there", name)
		}
	}
	if len(want) == 0 {
		t.Error("nothing was compared")
	}
}

// A district that is scored by itself, cut from the city with what lies around it, has the same rows as in the city scored at once: shares,
// intervals, verdicts, causes, scores and grades, to the last digit.
func TestBatchCutIsTheWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	project := county(t, dir)
	before := read(t, project)
	for name, settings := range map[string]string{"as it is": "", "complete": ", assume_complete: true", "land": ", denominator: land"} {
		plan := write(t, filepath.Join(dir, strings.ReplaceAll(name, " ", "")+".yaml"), "defaults: {catalog: county.yaml"+settings+"}\nmargin_m: 0\nareas:\n  - cut: {project: county.gpkg, by: district}\n")
		out := filepath.Join(dir, "out-"+name)
		run(t, "batch", plan, "--out", out).must(exitDone)
		if read(t, project) != before {
			t.Fatal("the project was written to")
		}
		whole := write(t, filepath.Join(dir, "whole-"+name+".gpkg"), before)
		args := []string{"score", whole, "--catalog", filepath.Join(dir, "county.yaml")}
		if strings.Contains(settings, "assume") {
			args = append(args, "--assume-complete")
		}
		if strings.Contains(settings, "land") {
			args = append(args, "--denominator", "land")
		}
		run(t, args...).must(exitDone)
		sameAsWhole(t, filepath.Join(out, "areas", "*", "*"), whole, 10, func(area, table string, row map[string]string) bool {
			switch level := row["level"]; {
			case level == "street" || (level == "district" && row["neighborhood_id"] != area):
				return true // it crosses the cut
			case area == "D9" && (table == "scores" || row["requirement"] == "per-district"):
				return true // its one community counts in its other district, of which this area has a part only
			}
			return false
		})
	}
}

// sameAsWhole fails the test unless the tables of areas, in the folders that the pattern finds, have the rows that the latest run of the whole
// city has. Some rows may differ; all of the whole city's must be in some area.
func sameAsWhole(t *testing.T, pattern, whole string, areas int, differs func(area, table string, row map[string]string) bool) {
	t.Helper()
	seen := map[string]bool{}
	for table, key := range map[string]string{"coverage": "requirement", "scores": "scope"} {
		want := rowsBy(t, run(t, "export", whole, "--layer", table).must(exitDone).stdout, "neighborhood_id", "level", key)
		paths, err := filepath.Glob(filepath.Join(pattern, table+".csv"))
		if err != nil || len(paths) != areas {
			t.Fatalf("%d tables: %v", len(paths), err)
		}
		for _, path := range paths {
			area := filepath.Base(filepath.Dir(filepath.Dir(path)))
			for id, row := range rowsBy(t, read(t, path), "neighborhood_id", "level", key) {
				if seen[table+id] = true; differs(area, table, row) {
					continue
				}
				for column := range row {
					if column != "marks" && row[column] != want[id][column] {
						t.Errorf("%s, %s: %s is %q, %q in the whole city", area, id, column, row[column], want[id][column])
					}
				}
			}
		}
		for id := range want {
			if !seen[table+id] {
				t.Errorf("no area has the row %s of %s", id, table)
			}
		}
	}
}

// A real city, its neighborhoods grouped into four districts: cut, each has the rows of the whole.
func TestBatchLasPalmas(t *testing.T) {
	t.Parallel()
	extract := sharedData(t, "las_palmas/raw/las_palmas_20230221.osm.pbf")
	dir := t.TempDir()
	var units struct {
		Type     string `json:"type"`
		Features []struct {
			Type       string         `json:"type"`
			Properties map[string]any `json:"properties"`
			Geometry   struct {
				Type        string           `json:"type"`
				Coordinates *json.RawMessage `json:"coordinates"`
			} `json:"geometry"`
		} `json:"features"`
	}
	if err := json.Unmarshal([]byte(read(t, sharedData(t, "las_palmas/derived/neighbourhoods.geojson"))), &units); err != nil {
		t.Fatal(err)
	}
	for i := range units.Features { // by name: a cut of any shape must do
		name := fmt.Sprint(units.Features[i].Properties["name"])
		units.Features[i].Properties["district"] = string(rune('A' + len(name)%4))
	}
	src, err := json.Marshal(units)
	if err != nil {
		t.Fatal(err)
	}
	project := filepath.Join(dir, "city.gpkg")
	run(t, "new", project).must(exitDone)
	for _, args := range [][]string{
		{write(t, filepath.Join(dir, "units.geojson"), string(src)), "--as", "neighborhoods", "--id-field", "osm_id", "--parent", "district=district"},
		{extract, "--as", "facilities", "--layer", "osm"}, {extract, "--as", "land"}, {sharedData(t, "las_palmas/derived/population_grid_100m.geojson"), "--as", "demand"},
	} {
		run(t, append([]string{"import", project}, args...)...).must(exitDone)
	}
	plan := write(t, filepath.Join(dir, "plan.yaml"), `defaults: {catalog: gb50180-2018, accept_parent: true, runs: [{id: land}, {id: people, denominator: population}]}
areas: [{cut: {project: city.gpkg, by: district}}]
outputs: {tables: [scores, coverage]}
`)
	run(t, "batch", plan).must(exitDone)
	for id, options := range map[string][]string{"land": nil, "people": {"--denominator", "population"}} {
		run(t, append([]string{"score", project, "--catalog", "gb50180-2018", "--accept-parent", "--gaps", "later"}, options...)...).must(exitDone)
		sameAsWhole(t, filepath.Join(dir, "batch", "areas", "*", id), project, 4, func(string, string, map[string]string) bool { return false })
	}
}

// Streets that lie in several districts are named where a district has only a part of them.
func TestBatchNamesCrossingParents(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	county(t, dir)
	plan := write(t, filepath.Join(dir, "plan.yaml"), "defaults: {catalog: county.yaml}\nareas:\n  - cut: {project: county.gpkg, by: district, only: [D0], prefix: \"50-\"}\n")
	var doc batchDoc
	run(t, "batch", plan, "--json").must(exitDone).json(&doc)
	if len(doc.Areas) != 1 || doc.Areas[0].ID != "50-D0" || doc.Areas[0].Neighborhoods != 9 || doc.Areas[0].MarginM != 3000 || !slices.Contains(doc.Areas[0].Crossing, "street=s1") {
		t.Errorf("%+v", doc.Areas)
	}
}

type batchDoc struct {
	Out   string
	Kept  int
	Areas []struct {
		ID, State     string
		Why           coverage.Text
		Neighborhoods int
		Refused       *int
		MarginM       int `json:"margin_m"`
		Neighbors     []string
		Crossing      []string
		Runs          []struct {
			ID, Run string
			Counts  counts
		}
	}
	LeftOut []batch.LeftOut `json:"left_out"`
	Refused []batch.DocumentRefused
}

// everything is a plan that writes all that a plan can, of districts of the county and of the town beside it.
func everything(t testing.TB, dir string) (plan string) {
	t.Helper()
	county(t, dir)
	newTown().build(t, dir)
	return write(t, filepath.Join(dir, "plan.yaml"), `title: {zh: 体检, en: Check-up}
date: 2026-11-29
keep_projects: true
defaults: {catalog: county.yaml}
areas:
  - cut: {project: county.gpkg, by: district, only: [D0, D3, D5, D7]}
  - {id: town, name: {zh: 小城, en: Town}, project: town.gpkg, runs: [{id: own, catalog: town.yaml}, {id: sure, catalog: [town.yaml, county.yaml], assume_complete: true}]}
  - id: files
    layers:
      - {file: communities.geojson, as: neighborhoods, id_field: code, parent: {street: street}}
      - {file: clinics.geojson, as: facilities, service: clinic, complete: surveyed.geojson}
      - {file: people.geojson, as: demand}
outputs: {formats: [csv, geojson, gpkg, json, xlsx], tables: [scores, coverage, matrix, gaps, service_areas], levels: [city, district]}
`)
}

// Killed at any moment, again and again, a batch goes on where it was and ends in the bytes of one that nobody killed. Nothing half done ever
// stands under its final name.
func TestBatchKills(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	t.Parallel()
	dir := t.TempDir()
	plan := everything(t, dir)
	start := time.Now()
	ran(t, nil, "batch", plan, "--out", filepath.Join(dir, "calm"), "--quiet").must(exitDone)
	took := time.Since(start)
	want := tree(t, filepath.Join(dir, "calm"))
	r := rand.New(rand.NewPCG(3, 9))
	cut, finished := 0, 0
	for round := range 2 {
		out := filepath.Join(dir, fmt.Sprint("killed", round))
		for {
			p := program(t, nil, "batch", plan, "--out", out, "--quiet", "--threads", fmt.Sprint(1+round%2))
			if err := p.Start(); err != nil {
				t.Fatal(err)
			}
			timer := time.AfterFunc(time.Duration(r.Float64()*0.6*float64(took)), func() { _ = p.Process.Kill() })
			err := p.Wait()
			timer.Stop()
			for name, content := range tree(t, out) {
				if strings.HasPrefix(name, ".work/") {
					continue
				}
				if content != want[name] {
					t.Fatalf("round %d: %s stands there half done", round, name)
				}
			}
			if err == nil {
				finished++
				break
			}
			if cut++; cut > 200 {
				t.Fatal("it never ends")
			}
		}
		sameTree(t, tree(t, out), want)
	}
	if cut < 3 {
		t.Errorf("only %d processes were killed", cut)
	}
	t.Logf("%d killed, %d finished", cut, finished)
}

// What was finished is not done again, unless its bytes or what it hangs on changed; what is done again ends in the same bytes.
func TestBatchGoesOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plan := everything(t, dir)
	out := filepath.Join(dir, "batch")
	var doc batchDoc
	run(t, "batch", plan, "--json").must(exitDone).json(&doc)
	want := tree(t, out)
	if doc.Kept != 0 || len(doc.Areas) != 6 {
		t.Fatalf("%+v", doc)
	}
	run(t, "batch", plan, "--json").must(exitDone).json(&doc)
	if doc.Kept != 6 {
		t.Errorf("%d areas were kept", doc.Kept)
	}
	scores := filepath.Join(out, "areas", "D0", "county", "scores.csv")
	for what, harm := range map[string]func(){
		"a table that somebody edited":   func() { write(t, scores, read(t, scores)+"x") },
		"a table that is gone":           func() { os.Remove(scores) },
		"a file that does not belong":    func() { write(t, filepath.Join(out, "areas", "D0", "notes.txt"), "x") },
		"a damaged record":               func() { write(t, filepath.Join(out, "areas", "D0", "area.json"), "{}") },
		"what a killed process left":     func() { write(t, filepath.Join(out, ".work", "area-1", "made", "x.csv"), "x") },
		"the record of an earlier shard": func() { write(t, filepath.Join(out, "shard.json"), "{}") },
	} {
		harm()
		run(t, "batch", plan, "--json", "--threads", "1").must(exitDone).json(&doc)
		kept := 5
		if strings.Contains(what, "process") || strings.Contains(what, "shard") {
			kept = 6
		}
		if doc.Kept != kept {
			t.Errorf("%s: %d areas were kept", what, doc.Kept)
		}
		sameTree(t, tree(t, out), want)
	}
	// another catalog is another result for those that use it; the town's own run uses another one
	write(t, filepath.Join(dir, "town.yaml"), strings.Replace(townCatalog, "0.8", "0.9", 1))
	run(t, "batch", plan, "--dry-run", "--json").must(exitDone)
	run(t, "batch", plan, "--json").must(exitDone).json(&doc)
	if doc.Kept != 5 {
		t.Errorf("%d areas were kept after a catalog changed", doc.Kept)
	}
	write(t, filepath.Join(dir, "town.yaml"), townCatalog)
	run(t, "batch", plan).must(exitDone)
	sameTree(t, tree(t, out), want)
}

// The parts of a batch, done in any order and anywhere, come to the bytes of one process; what does not fit is named.
func TestBatchShards(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plan := everything(t, dir)
	run(t, "batch", plan, "--out", filepath.Join(dir, "one")).must(exitDone)
	want := tree(t, filepath.Join(dir, "one"))
	for i := range 4 {
		run(t, "batch", plan, "--shard", fmt.Sprintf("%d/4", 4-i)).must(exitDone)
	}
	shards := func(numbers ...int) []string {
		var out []string
		for _, n := range numbers {
			out = append(out, filepath.Join(dir, "batch.shards", fmt.Sprintf("%d-of-4", n)))
		}
		return out
	}
	merge := func(out string, numbers ...int) result {
		return run(t, append([]string{"batch", "merge", plan, "--lang", "en", "--out", filepath.Join(dir, out)}, shards(numbers...)...)...)
	}
	merge("merged", 3, 1, 4, 2).must(exitDone)
	sameTree(t, tree(t, filepath.Join(dir, "merged")), want)
	merge("merged", 3, 1, 4, 2).must(exitDone).says("6 finished before")

	merge("none", 3, 1, 2).must(exitRefused).says("shard 4/4 is missing (D7)")
	merge("none", 3, 1, 2, 2).must(exitRefused).says("shard 2 is given twice", "shard 4/4 is missing")
	if _, err := os.Stat(filepath.Join(dir, "none")); err == nil {
		t.Error("something was written")
	}
	run(t, "batch", plan, "--shard", "1/2").must(exitDone)
	run(t, "batch", "merge", plan, "--lang", "en", filepath.Join(dir, "batch.shards", "1-of-2"), shards(2)[0]).must(exitRefused).says("is one of 4 shards, others are of 2")
	run(t, "batch", "merge", plan, "--lang", "en", dir).must(exitRefused).says("is no result of a shard")
	run(t, "batch", plan, "--lang", "en", "--shard", "2/4", "--out", shards(1)[0]).must(exitRefused).says("is not of this plan or shard")
	write(t, filepath.Join(shards(1)[0], "areas", "D0", "county", "scores.csv"), "x")
	merge("none", 3, 1, 4, 2).must(exitRefused).says("the area D0 of 1-of-4 is missing or has changed")
	write(t, filepath.Join(dir, "county.yaml"), countyCatalog+"\nnote: x\n")
	merge("none", 3, 1, 4, 2).must(exitRefused).says("1-of-4 is of another plan, or of other inputs")
	for _, wrong := range []string{"0/4", "5/4", "x", "1", "-1/2", "1/0"} {
		run(t, "batch", plan, "--shard="+wrong, "--lang", "en").must(exitUsage).says("should read like 2/5")
	}
}

// Another order of the plan and other threads change no byte; two processes never write to one folder.
func TestBatchOrderAndThreads(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	county(t, dir)
	head := "defaults: {catalog: county.yaml}\nareas:\n"
	a := write(t, filepath.Join(dir, "a.yaml"), head+"  - cut: {project: county.gpkg, by: district, only: [D0, D3, D8]}\n")
	b := write(t, filepath.Join(dir, "b.yaml"), head+"  - cut: {project: county.gpkg, by: district, only: [D8]}\n  - cut: {project: county.gpkg, by: district, only: [D3, D0]}\n")
	run(t, "batch", a, "--out", filepath.Join(dir, "a"), "--lang", "en", "--dry-run").must(exitDone).says("3 areas, 3 to do")
	if _, err := os.Stat(filepath.Join(dir, "a")); err == nil {
		t.Error("a dry run wrote something")
	}
	run(t, "batch", a, "--out", filepath.Join(dir, "a"), "--threads", "1").must(exitDone)
	run(t, "batch", a, "--out", filepath.Join(dir, "a"), "--lang", "zh", "--dry-run").must(exitDone).says("共 3 个区域，待评估 0 个")
	run(t, "batch", b, "--out", filepath.Join(dir, "b"), "--threads", "5", "--memory", "1").must(exitDone)
	sameTree(t, tree(t, filepath.Join(dir, "b")), tree(t, filepath.Join(dir, "a")))

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	runIn(t, ctx, "", "batch", a, "--out", filepath.Join(dir, "c")).must(exitInterrupted)
}

// Next to each other: west has a clinic at the border that reaches people in east, whose own layer has none.
func neighbors(t testing.TB, dir, westOptions, eastOptions, more string) (plan string) {
	t.Helper()
	c := newTown()
	write(t, filepath.Join(dir, "town.yaml"), townCatalog)
	write(t, filepath.Join(dir, "west.geojson"), collection(c.communities[:1]))
	write(t, filepath.Join(dir, "east.geojson"), collection(c.communities[1:]))
	lon, lat := away(106.52, 29.51, 270, 300) // in west, 300 m before the border
	in, _ := away(lon, lat, 90, 499)
	out, _ := away(lon, lat, 90, 501)
	write(t, filepath.Join(dir, "west-clinics.geojson"), collection([]feature{
		{point(lon, lat), []property{{"id", `"w"`}, {"name", `"卫生站"`}}},
		{point(106.53, 29.519), []property{{"id", `"inside-east"`}}}}))
	write(t, filepath.Join(dir, "east-clinics.geojson"), collection([]feature{{point(106.5399, 29.5001), []property{{"id", `"e"`}}}}))
	write(t, filepath.Join(dir, "east-people.geojson"), collection([]feature{
		{point(in, lat), []property{{"id", `"a"`}, {"population", "100"}}}, {point(out, lat), []property{{"id", `"b"`}, {"population", "50"}}}}))
	return write(t, filepath.Join(dir, "plan.yaml"), `defaults: {catalog: town.yaml}
`+more+`
areas:
  - id: west
    layers:
      - {file: west.geojson, as: neighborhoods, id_field: code}
      - {file: west-clinics.geojson, as: facilities, service: clinic`+westOptions+`}
  - id: east
    layers:
      - {file: east.geojson, as: neighborhoods, id_field: code}
      - {file: east-clinics.geojson, as: facilities, service: clinic`+eastOptions+`}
      - {file: east-people.geojson, as: demand}
outputs: {tables: [coverage, service_areas]}
keep_projects: true
`)
}

// Facilities across a district's border serve it, and what a neighbor knows is claimed for the neighbor's own land only.
func TestBatchNeighborsServe(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, west, east, more         string
		covered, undetermined, verdict string
	}{
		{"served from across the border", "", ", complete: true", "", "100.000", "0.000", "unmet"},
		{"nobody looks across if the plan says so", "", ", complete: true", "neighbors: false", "0.000", "0.000", "unmet"},
		// east knows nothing of itself: that west is complete says nothing of east's land, where the discs of its people lie
		{"a neighbor's survey says nothing of one's own land", ", complete: true", "", "", "100.000", "50.000", "not_detected"},
		{"no survey at all", "", "", "", "100.000", "50.000", "not_detected"},
		// b's disc reaches into west: only both surveys together can tell that there is nothing
		{"both surveys meet at the border", ", complete: true", ", complete: east.geojson", "", "100.000", "0.000", "unmet"},
		{"the neighbor's side is not known", "", ", complete: east.geojson", "", "100.000", "50.000", "not_detected"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			plan := neighbors(t, dir, c.west, c.east, c.more)
			var doc batchDoc
			run(t, "batch", plan, "--json").must(exitDone).json(&doc)
			rows := rowsBy(t, read(t, filepath.Join(dir, "batch", "areas", "east", "town", "coverage.csv")), "neighborhood_id", "requirement")
			row := rows[eastID+"/clinic-15"]
			if row["demand_covered"] != c.covered || row["demand_undetermined"] != c.undetermined || row["verdict"] != c.verdict {
				t.Errorf("%v", row)
			}
			project := filepath.Join(dir, "batch", "areas", "east", "project.gpkg")
			var layers layersDoc
			run(t, "layers", project, "--json").must(exitDone).json(&layers)
			i := slices.IndexFunc(layers.Layers, func(l struct {
				Role, Name, Hash, Source string
				Rows, Version            int
				Surveys                  []struct{ Service, Kind string }
				Report                   *importDoc
			}) bool {
				return l.Name == "west-clinics@west"
			})
			if c.more != "" {
				if i >= 0 || len(doc.Areas[0].Neighbors) != 0 {
					t.Error("a neighbor was read")
				}
				return
			}
			if i < 0 || layers.Layers[i].Rows != 1 || !slices.Equal(doc.Areas[0].Neighbors, []string{"west"}) {
				t.Fatalf("%+v", layers.Layers)
			}
			want := "unknown"
			if c.west != "" {
				want = "polygon"
			}
			if s := layers.Layers[i].Surveys; len(s) != 1 || s[0].Kind != want {
				t.Errorf("surveys %+v", s)
			}
			run(t, "explain", project, "--neighborhood", eastID, "--requirement", "clinic-15", "--lang", "en").must(exitDone).says("w")
			run(t, "layers", project, "show", "west-clinics@west", "--lang", "en").must(exitDone).says("1 of 2 facilities of the neighboring area west")
			run(t, "check", project).must(exitDone)
		})
	}
}

// One bad layer, neighborhood or district stops nothing else: its row says why, and the exit code is 4.
func TestBatchBadAreas(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plan := neighbors(t, dir, "", "", "")
	write(t, filepath.Join(dir, "west.geojson"), collection(append(newTown().communities[:1:1], feature{`null`, []property{{"code", `"=bad"`}, {"name", `"坏"`}}})))
	write(t, filepath.Join(dir, "east-clinics.geojson"), `{"type":"FeatureCollection","features":[{"type":`)
	write(t, filepath.Join(dir, "broken.geojson"), `nonsense`)
	write(t, plan, read(t, plan)+"\n")
	src := strings.Replace(read(t, plan), "areas:\n", "areas:\n  - id: broken\n    layers: [{file: broken.geojson, as: neighborhoods}]\n", 1)
	write(t, plan, src)
	var doc batchDoc
	r := run(t, "batch", plan, "--json", "--lang", "en").must(exitCondition).says("areas that are not done as planned: 3")
	r.json(&doc)
	states := map[string]string{}
	for _, a := range doc.Areas {
		states[a.ID] = a.State
		if a.Why.Zh == "" || a.Why.En == "" {
			t.Errorf("%s: nothing says why", a.ID)
		}
	}
	if states["broken"] != "failed" || states["east"] != "partial" || states["west"] != "partial" {
		t.Errorf("%v", states)
	}
	rows := rowsBy(t, read(t, filepath.Join(dir, "batch", "batch.csv")), "area")
	if rows["broken"]["run"] != "" || rows["broken"]["why_en"] == "" || !strings.Contains(rows["east"]["why_en"], "east-clinics.geojson") || rows["west"]["refused"] != "1" || rows["west"]["run"] == "" {
		t.Errorf("%v", rows)
	}
	// formulas are inert here as in every other table
	refused := rowsBy(t, read(t, filepath.Join(dir, "batch", "refused.csv")), "area", "n")
	if row := refused["west/2"]; row["neighborhood_id"] != "'=bad" || row["neighborhood"] != "坏" || row["reason"] == "" || row["text_zh"] == "" {
		t.Errorf("%v", refused)
	}
	// repaired, the failed area is done, and what hung on it
	write(t, filepath.Join(dir, "broken.geojson"), collection([]feature{{box(107, 30, 107.01, 30.01), []property{{"id", `"x"`}}}}))
	run(t, "batch", plan, "--json").must(exitCondition).json(&doc)
	for _, a := range doc.Areas {
		if a.ID == "broken" && a.State != "done" {
			t.Errorf("%+v", a)
		}
	}
}

// A project that another program edited is read as it is now, and stays as it was.
func TestBatchReadsEdits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	project := newTown().build(t, dir)
	plan := write(t, filepath.Join(dir, "plan.yaml"), "defaults: {catalog: town.yaml}\nareas: [{id: town, project: town.gpkg}]\n")
	run(t, "batch", plan).must(exitDone)
	spoil(t, project, `DELETE FROM demand WHERE id = 'out'`)
	before := read(t, project)
	var doc batchDoc
	run(t, "batch", plan, "--json").must(exitDone).json(&doc)
	if doc.Kept != 0 {
		t.Error("the edit was not seen")
	}
	if read(t, project) != before {
		t.Error("the project was written to")
	}
	rows := rowsBy(t, read(t, filepath.Join(dir, "batch", "areas", "town", "town", "coverage.csv")), "neighborhood_id", "requirement")
	if row := rows[westID+"/clinic-15"]; row["demand_total"] != "100.000" || row["verdict"] != "met" {
		t.Errorf("%v", row)
	}
}

// A plan is refused as a whole, with every fault at its place, before anything is written.
func TestBatchPlanIsCheckedWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	newTown().build(t, dir)
	write(t, filepath.Join(dir, "bad.yaml"), strings.Replace(townCatalog, "radius_m: 500", "radius_m: -5", 1))
	src := `version: 2
titel: x
date: 2026-02-30
defaults: {catalog: bad.yaml, basis: flight, year: 12}
areas:
  - {id: a, project: nothing.gpkg}
  - {id: A, project: town.gpkg, catalog: no-such-catalog}
  - {id: b}
  - {id: c, project: town.gpkg, cut: {project: town.gpkg, by: street}}
  - cut: {project: town.gpkg, by: province}
  - cut: {project: town.gpkg, by: street, only: [天宫]}
  - id: d
    catalog: town.yaml
    layers:
      - {file: communities.geojson, as: neighborhoods}
      - {file: gone.geojson, as: land}
      - {file: people.geojson, as: folks}
      - {file: clinics.geojson, as: facilities, service: klinik}
      - {file: kindergartens.geojson, as: facilities, service: clinic, join: x}
      - {file: communities.geojson, as: neighborhoods}
      - {file: land.geojson, as: land, colour: red}
  - {id: ../e, project: town.gpkg}
  - {id: nul, project: town.gpkg, catalog: town.yaml, runs: [{id: x}, {id: x}]}
outputs: {dir: ., formats: [csv, docx, svg], levels: [planet]}
`
	plan := write(t, filepath.Join(dir, "plan.yaml"), src)
	for _, lang := range []string{"en", "zh"} {
		r := run(t, "batch", plan, "--lang", lang).must(exitRefused)
		for _, want := range []string{
			"1:10: error unknown_version", "2:1: error unknown_key", "3:7: error bad_date", "4:13: error catalog", "4:32: error bad_basis", "4:46: error bad_range",
			"6:13: error project", "7:6: error duplicate_area", "7:31: error catalog", "8:5: error no_source", "9:5: error several_sources", "10:32: error unknown_level",
			"11:45: error unknown_parent", "16:10: error layer", "17:36: error unknown_role", "18:54: error layer", "19:61: error layer", "20:10: error duplicate_layer",
			"21:42: error unknown_key", "22:10: error bad_id", "23:6: error bad_id", "23:64: error duplicate_run", "24:11: error output", "24:19: error no_reporter", "24:19: error unknown_word", "24:45: error unknown_level",
		} {
			place, code, _ := strings.Cut(want, ": ")
			line := strings.SplitN(place, ":", 2)[0]
			found := code == "error no_reporter" && slices.Contains(reporter{}.Formats(), "docx")
			for _, l := range strings.Split(r.stdout, "\n") {
				found = found || (strings.HasPrefix(l, "plan.yaml:"+line+":") && strings.Contains(l, code))
			}
			if !found {
				t.Errorf("%s: nothing says %s", lang, want)
			}
		}
		if t.Failed() {
			t.Log(r.stdout)
		}
	}
	var doc struct {
		Findings []struct{ Line, Column int }
		Error    struct{ Code string }
	}
	run(t, "batch", plan, "--json", "--dry-run").must(exitRefused).json(&doc)
	if len(doc.Findings) < 20 || doc.Error.Code != "refused" {
		t.Errorf("%+v", doc)
	}
	if _, err := os.Stat(filepath.Join(dir, "areas")); err == nil {
		t.Error("something was written")
	}
}

// Somebody else's folder, and the folder of the inputs, are no place for results; nor is one that another process writes to.
func TestBatchFolders(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	newTown().build(t, dir)
	plan := write(t, filepath.Join(dir, "plan.yaml"), "defaults: {catalog: town.yaml}\nareas: [{id: town, project: town.gpkg}]\n")
	run(t, "batch", plan, "--lang", "en", "--out", dir).must(exitRefused).says("the folder of results holds something else")
	run(t, "batch", plan, "--lang", "en", "--out", plan).must(exitRefused).says("is no folder")
	inner := write(t, filepath.Join(dir, "areas", "plan.yaml"), "areas: [{id: town, project: town.gpkg}]\n")
	os.Rename(filepath.Join(dir, "town.gpkg"), filepath.Join(dir, "areas", "town.gpkg"))
	write(t, filepath.Join(dir, "batch", "batch.csv"), "")
	run(t, "batch", inner, "--lang", "en", "--out", dir).must(exitRefused).says("lies in the folder of results")
	os.Rename(filepath.Join(dir, "areas", "town.gpkg"), filepath.Join(dir, "town.gpkg"))
	out := filepath.Join(dir, "batch")
	run(t, "batch", plan).must(exitDone)
	write(t, plan, "defaults: {catalog: town.yaml}\nareas: [{id: other, project: town.gpkg}]\n")
	run(t, "batch", plan, "--lang", "en").must(exitRefused).says("an area that is not of this plan or shard: town")
	os.RemoveAll(out)
	// a project of the store that is there twice under two names is one source, and no neighbor of itself
	if err := os.Symlink("town.gpkg", filepath.Join(dir, "link.gpkg")); err == nil {
		write(t, plan, "defaults: {catalog: town.yaml}\nareas: [{id: one, project: town.gpkg}, {id: two, project: link.gpkg}]\n")
		var doc batchDoc
		run(t, "batch", plan, "--json").must(exitDone).json(&doc)
		if len(doc.Areas) != 2 || len(doc.Areas[0].Neighbors)+len(doc.Areas[1].Neighbors) != 0 || doc.Areas[0].Runs[0].Run != doc.Areas[1].Runs[0].Run {
			t.Errorf("%+v", doc.Areas)
		}
	}
	if _, err := store.Check(t.Context(), filepath.Join(dir, "town.gpkg")); err != nil {
		t.Error(err)
	}
}

// faulty is the outside with a fault in one area.
type faulty struct {
	*outside
	write func(path string) error
}

func (f faulty) WriteTable(ctx context.Context, path, format string, t *coverage.Table) error {
	if err := f.write(path); err != nil {
		return err
	}
	return f.outside.WriteTable(ctx, path, format, t)
}

// A fault of the program in one district is told in its row and stops no other; a full disk stops the batch and loses nothing. Both times the
// next run ends in the bytes of one that nothing happened to.
func TestBatchFaults(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	county(t, dir)
	src := "defaults: {catalog: county.yaml}\nareas: [{cut: {project: county.gpkg, by: district, only: [D0, D3, D5]}}]\noutputs: {tables: [scores]}\n"
	plan := write(t, filepath.Join(dir, "plan.yaml"), src)
	run(t, "batch", plan, "--out", filepath.Join(dir, "calm")).must(exitDone)
	want := tree(t, filepath.Join(dir, "calm"))
	a := &app{ctx: t.Context(), stdout: io.Discard, stderr: io.Discard}
	fault := func(out string, write func(path string) error) (*batch.Summary, error) {
		b, _, err := batch.Check(t.Context(), []byte(src), "plan.yaml", dir, out, faulty{&outside{a}, write})
		if err != nil {
			t.Fatal(err)
		}
		return b.Run(t.Context(), batch.Options{Threads: 2})
	}
	out := filepath.Join(dir, "panic")
	tables := atomic.Int32{}
	s, err := fault(out, func(path string) error {
		if strings.Contains(path, ".work/area-") && tables.Add(1) == 2 {
			panic("out of luck")
		}
		return nil
	})
	if err != nil || !s.Failed() || len(s.Results) != 3 {
		t.Fatal(s, err)
	}
	failed := 0
	for _, r := range s.Results {
		if r.State == batch.StateFailed {
			if failed++; r.Error == nil || !strings.Contains(r.Error.Text, "out of luck") || r.Error.Code != coverage.Internal || r.Error.TextZh == "" {
				t.Errorf("%+v", r.Error)
			}
		}
	}
	if failed != 1 || !strings.Contains(read(t, filepath.Join(out, "batch.csv")), "out of luck") {
		t.Errorf("%d areas failed", failed)
	}
	run(t, "batch", plan, "--out", out).must(exitDone)
	sameTree(t, tree(t, out), want)

	out = filepath.Join(dir, "full")
	tables.Store(0)
	if _, err := fault(out, func(path string) error {
		if tables.Add(1) == 2 {
			return &os.PathError{Op: "write", Path: path, Err: syscall.ENOSPC}
		}
		return nil
	}); coverage.CodeOf(err) != coverage.Unavailable {
		t.Errorf("a full disk: %v", err)
	}
	run(t, "batch", plan, "--out", out).must(exitDone)
	sameTree(t, tree(t, out), want)
}

// refusing is a city of two districts, of which an import refused a community and a clinic. The far clinic is beyond every margin of west.
func refusing(t testing.TB, dir string) {
	t.Helper()
	write(t, filepath.Join(dir, "town.yaml"), townCatalog)
	unit := func(shape, id, district string) feature {
		return feature{shape, []property{{"code", strconv.Quote(id)}, {"name", strconv.Quote("社区" + id)}, {"district", strconv.Quote(district)}}}
	}
	write(t, filepath.Join(dir, "units.geojson"), collection([]feature{
		unit(box(106.50, 29.50, 106.52, 29.52), "a", "west"), unit(box(106.70, 29.50, 106.72, 29.52), "b", "east"), unit("null", "c", "east")}))
	write(t, filepath.Join(dir, "clinics.geojson"), collection([]feature{
		{point(106.51, 29.51), []property{{"id", `"near"`}}}, {point(106.71, 29.51), []property{{"id", `"far"`}}}, {"null", []property{{"id", `"lost"`}}}}))
	write(t, filepath.Join(dir, "people.geojson"), collection([]feature{
		{point(106.511, 29.51), []property{{"id", `"p"`}, {"population", "10"}}}, {point(106.519, 29.519), []property{{"id", `"q"`}, {"population", "5"}}},
		{point(106.711, 29.51), []property{{"id", `"r"`}, {"population", "10"}}}, {point(106.719, 29.519), []property{{"id", `"s"`}, {"population", "5"}}}}))
	project := filepath.Join(dir, "city.gpkg")
	run(t, "new", project, "--name", "城").must(exitDone)
	for _, args := range [][]string{
		{"units", "--as", "neighborhoods", "--id-field", "code", "--parent", "district=district"}, {"people", "--as", "demand"},
		{"clinics", "--as", "facilities", "--service", "clinic", "--complete", "--crs", "cgcs2000"},
	} {
		run(t, append([]string{"import", project, filepath.Join(dir, args[0]+".geojson")}, args[1:]...)...).must(exitDone)
	}
}

// A neighborhood that the import of a city refused is in no district's tables: it stands in refused.csv, every district says that it may lack
// one, and the exit code is 4, in shards as in one process. What the import found of a layer stands in the districts' reports.
func TestBatchCutNamesRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	refusing(t, dir)
	plan := write(t, filepath.Join(dir, "plan.yaml"), `defaults: {catalog: town.yaml}
keep_projects: true
areas: [{cut: {project: city.gpkg, by: district}}]
outputs: {tables: [scores]}
`)
	run(t, "batch", plan, "--lang", "en", "--dry-run").must(exitDone).says("1 neighborhoods were refused")
	for _, kept := range []int{0, 2} {
		var doc batchDoc
		run(t, "batch", plan, "--json", "--lang", "en").must(exitCondition).says("refused.csv lists them").json(&doc)
		if doc.Kept != kept || len(doc.Areas) != 2 || !slices.Equal(doc.Refused, []batch.DocumentRefused{{Source: "city.gpkg", Neighborhoods: 1}}) {
			t.Errorf("%+v", doc)
		}
		for _, a := range doc.Areas {
			if a.State != "done" || a.Refused != nil || !strings.Contains(a.Why.En, "whether any is of this area is not known") || a.Why.Zh == "" {
				t.Errorf("%+v", a)
			}
		}
	}
	out := filepath.Join(dir, "batch")
	refused := rowsBy(t, read(t, filepath.Join(out, "refused.csv")), "area", "source", "layer", "n")
	if row := refused["/city.gpkg/units/3"]; len(refused) != 1 || row["neighborhood_id"] != "c" || row["neighborhood"] != "社区c" || row["reason"] != "null_geometry" || row["text_zh"] == "" {
		t.Errorf("%v", refused)
	}
	if row := rowsBy(t, read(t, filepath.Join(out, "batch.csv")), "area")["west"]; row["refused"] != "" || row["why_en"] == "" || row["why_zh"] == "" {
		t.Errorf("%v", row)
	}
	var layers struct {
		Layers []struct {
			Rows   int
			Report coverage.ImportReport
		}
	}
	run(t, "layers", filepath.Join(out, "areas", "west", "project.gpkg"), "show", "clinics", "--json").must(exitDone).json(&layers)
	l := layers.Layers[0]
	var codes []string
	for _, w := range l.Report.Warnings {
		codes = append(codes, w.Code)
	}
	if l.Rows != 1 || l.Report.Read != 3 || l.Report.Refused != 1 || len(l.Report.Rows) != 1 || l.Report.Rows[0].ID != "lost" || len(codes) < 2 || codes[0] != "part" || !slices.Contains(codes, "cgcs2000") {
		t.Errorf("a layer of a district: %+v", l)
	}
	if w := l.Report.Warnings[0]; !strings.Contains(w.Text, "of the whole layer") || !strings.Contains(w.TextZh, "整个图层") {
		t.Errorf("%+v", w)
	}
	run(t, "check", filepath.Join(out, "areas", "west", "project.gpkg")).must(exitDone)

	want := tree(t, out)
	for i := range 2 {
		run(t, "batch", plan, "--shard", fmt.Sprintf("%d/2", i+1)).must(exitCondition)
	}
	run(t, "batch", "merge", plan, "--out", filepath.Join(dir, "merged"), filepath.Join(dir, "batch.shards", "1-of-2"), filepath.Join(dir, "batch.shards", "2-of-2")).must(exitCondition)
	sameTree(t, tree(t, filepath.Join(dir, "merged")), want)

	// the same rows of a project that is not cut: the area is known
	whole := write(t, filepath.Join(dir, "whole.yaml"), "defaults: {catalog: town.yaml}\nareas: [{id: city, project: city.gpkg}]\noutputs: {tables: [scores]}\n")
	var doc batchDoc
	run(t, "batch", whole, "--out", filepath.Join(dir, "whole"), "--json").must(exitCondition).json(&doc)
	if a := doc.Areas[0]; a.State != "partial" || a.Refused == nil || *a.Refused != 1 || len(doc.Refused) != 0 {
		t.Errorf("%+v", doc)
	}
}

// A report of a district that was cut says how far facilities were read, on the cover and at the distances that hang on it; one of a city that
// was read whole does not.
func TestBatchReportsSayHowFar(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	refusing(t, dir)
	plan := write(t, filepath.Join(dir, "plan.yaml"), `defaults: {catalog: town.yaml}
margin_m: 1500
areas: [{cut: {project: city.gpkg, by: district, only: [west]}}, {id: city, project: city.gpkg}]
outputs: {tables: [scores], formats: [html], levels: [city]}
`)
	run(t, "batch", plan).must(exitCondition)
	for area, says := range map[string]bool{"west": true, "city": false} {
		words := 0
		for name, page := range tree(t, filepath.Join(dir, "batch", "areas", area, "town", "report")) {
			for _, w := range []string{"Facilities farther than 1,500 m from the area were not read", "where no facility was read", "in the area that was scored and 1,500 m around it", "未读取范围外 1,500 米以远的设施", "读取范围内没有设施", "本次评估范围及周边 1,500 米"} {
				if strings.Contains(page, w) {
					words++
				} else if says && strings.HasSuffix(name, ".html") && name != "index.html" {
					t.Logf("%s: %s says nothing of %q", area, name, w)
				}
			}
		}
		if says != (words >= 6) || (!says && words > 0) {
			t.Errorf("%s: %d of the sentences are said", area, words)
		}
	}
}

// Tables over all areas never stand beside areas that they do not speak of: they are gone before the first area is done again.
func TestBatchSumsGoFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	county(t, dir)
	src := "defaults: {catalog: county.yaml}\nareas: [{cut: {project: county.gpkg, by: district, only: [D0, D3]}}]\noutputs: {tables: [scores]}\n"
	plan := write(t, filepath.Join(dir, "plan.yaml"), src)
	full := func(path string) error { return &os.PathError{Op: "write", Path: path, Err: syscall.ENOSPC} }
	stop := func(out string, do func(*batch.Batch) error) {
		t.Helper()
		b, _, err := batch.Check(t.Context(), []byte(src), "plan.yaml", dir, out, faulty{&outside{&app{ctx: t.Context(), stdout: io.Discard, stderr: io.Discard}}, full})
		if err != nil {
			t.Fatal(err)
		}
		if err := do(b); coverage.CodeOf(err) != coverage.Unavailable {
			t.Errorf("a full disk: %v", err)
		}
		for name := range tree(t, out) {
			if !strings.HasPrefix(name, "areas/") && !strings.HasPrefix(name, ".work/") {
				t.Errorf("%s stands beside areas that changed", name)
			}
		}
	}
	out := filepath.Join(dir, "batch")
	run(t, "batch", plan).must(exitDone)
	var shards []string
	for i := range 2 {
		run(t, "batch", plan, "--shard", fmt.Sprintf("%d/2", i+1)).must(exitDone)
		shards = append(shards, filepath.Join(dir, "batch.shards", fmt.Sprintf("%d-of-2", i+1)))
	}
	scores := filepath.Join(out, "areas", "D0", "county", "scores.csv")
	write(t, scores, "x")
	stop(out, func(b *batch.Batch) error { _, err := b.Merge(t.Context(), shards); return err })
	run(t, "batch", plan).must(exitDone)
	write(t, scores, "x")
	stop(out, func(b *batch.Batch) error { _, err := b.Run(t.Context(), batch.Options{}); return err })
	write(t, filepath.Join(shards[0], "areas", "D0", "county", "scores.csv"), "x")
	stop(shards[0], func(b *batch.Batch) error {
		_, err := b.Run(t.Context(), batch.Options{Shard: batch.Shard{I: 1, N: 2}})
		return err
	})
}

// A merge into, around or below a shard's folder would destroy it and is refused; the shards stay as they are.
func TestBatchMergeSparesShards(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	county(t, dir)
	plan := write(t, filepath.Join(dir, "plan.yaml"), "defaults: {catalog: county.yaml}\nareas: [{cut: {project: county.gpkg, by: district, only: [D0, D3]}}]\noutputs: {tables: [scores]}\n")
	around := filepath.Join(dir, "around")
	first, second := filepath.Join(around, "areas", "first"), filepath.Join(dir, "second")
	run(t, "batch", plan, "--shard", "1/2", "--out", first).must(exitDone)
	run(t, "batch", plan, "--shard", "2/2", "--out", second).must(exitDone)
	want := tree(t, dir)
	link := filepath.Join(dir, "link")
	if err := os.Symlink(second, link); err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{first, second, filepath.Join(second, ".", "..", "second"), link, filepath.Join(link, "areas", "new"), filepath.Join(first, "new"), around} {
		run(t, "batch", "merge", plan, "--lang", "en", "--out", out, first, second).must(exitUsage).says("is the folder of the shard", "choose another folder")
	}
	run(t, "batch", "merge", plan, "--lang", "en", "--out", second, first, link).must(exitUsage)
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	sameTree(t, tree(t, dir), want)
	run(t, "batch", "merge", plan, "--out", filepath.Join(dir, "merged"), first, second).must(exitDone)
}

// A record of a shard that counts beyond any bound is damaged, and of many missing shards a few are named.
func TestBatchMergeIsBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	county(t, dir)
	plan := write(t, filepath.Join(dir, "plan.yaml"), "defaults: {catalog: county.yaml}\nareas: [{cut: {project: county.gpkg, by: district, only: [D0, D3]}}]\noutputs: {tables: [scores]}\n")
	shard := filepath.Join(dir, "shard")
	run(t, "batch", plan, "--shard", "1/100000", "--out", shard).must(exitDone)
	r := run(t, "batch", "merge", plan, "--lang", "en", shard).must(exitRefused).says("shard 2/100000 is missing (D3)", "shard 6/100000 is missing", "99994 more shards are missing")
	if strings.Contains(r.stderr, "shard 7/") {
		t.Error("all are named")
	}
	record := filepath.Join(shard, "shard.json")
	for _, of := range []string{"100001", "9000000000000000000"} {
		write(t, record, strings.Replace(read(t, record), `"of": 100000`, `"of": `+of, 1))
		run(t, "batch", "merge", plan, "--lang", "en", shard).must(exitRefused).says("shard.json of shard is damaged")
		write(t, record, strings.Replace(read(t, record), `"of": `+of, `"of": 100000`, 1))
	}
}

// meddling is the outside where a file is replaced just before a layer of it is imported.
type meddling struct {
	*outside
	before func(file string)
}

func (m meddling) Import(ctx context.Context, st coverage.Store, dir string, l batch.LayerSpec) (*coverage.ImportReport, error) {
	m.before(filepath.Base(l.File))
	return m.outside.Import(ctx, st, dir, l)
}

// A file that is replaced after the plan was checked is not scored as what it was: the area fails with its name, and the next run reads it.
func TestBatchFilesChangeMeanwhile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		during, file string // layer at whose import the file is replaced
		content      string // "": it is removed
	}{
		"a layer":              {"east-people.geojson", "east-people.geojson", collection([]feature{{point(106.53, 29.51), []property{{"id", `"z"`}, {"population", "7"}}}})},
		"a survey":             {"east-clinics.geojson", "surveyed.geojson", box(106.5, 29.4, 106.6, 29.5)},
		"a layer that is gone": {"east-people.geojson", "east-people.geojson", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			plan := neighbors(t, dir, "", ", complete: surveyed.geojson", "neighbors: false")
			write(t, filepath.Join(dir, "surveyed.geojson"), box(106.5, 29.4, 106.6, 29.6))
			run(t, "batch", plan).must(exitDone)
			os.RemoveAll(filepath.Join(dir, "batch", "areas", "east"))
			o := meddling{&outside{&app{ctx: t.Context(), stdout: io.Discard, stderr: io.Discard}}, func(f string) {
				switch path := filepath.Join(dir, c.file); {
				case f != c.during:
				case c.content == "":
					os.Remove(path)
				default:
					write(t, path, c.content)
				}
			}}
			b, _, err := batch.Check(t.Context(), []byte(read(t, plan)), "plan.yaml", dir, "", o)
			if err != nil {
				t.Fatal(err)
			}
			s, err := b.Run(t.Context(), batch.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if r := s.Results[0]; r.ID != "east" || r.State != batch.StateFailed || r.Error.Code != coverage.Unavailable || !strings.Contains(r.Error.Text, c.file) || !strings.Contains(r.Error.Text, "changed while the batch ran") ||
				!strings.Contains(r.Error.TextZh, "变了") {
				t.Errorf("%+v", r.Error)
			}
			if s.Results[1].State != batch.StateDone {
				t.Errorf("%+v", s.Results[1])
			}
			if c.content != "" {
				run(t, "batch", plan).must(exitDone)
			}
		})
	}
}

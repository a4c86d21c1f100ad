package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
)

// lasPalmasCase makes the projects of Las Palmas and gives what is measured on them; nothing where the data is absent.
func (b *bench) lasPalmasCase(ctx context.Context) ([]job, error) {
	if _, err := os.Stat(lasPalmas(b.data, "pois")); err != nil {
		fmt.Fprintln(b.words, "Las Palmas is left out:", err)
		return nil, nil
	}
	if !b.wanted("lp/import", "lp/buildings", "lp/all", "lp/every-radius", "lp/answer", "lp/peers") {
		return nil, nil
	}
	dir := b.path("lp")
	if err := b.remake(ctx, "lp", b.data, dir); err != nil {
		return nil, err
	}
	var keys []string
	var points []imported
	for _, s := range lasPalmasServices {
		keys = append(keys, s.service)
		file := b.path("lp", s.service+".geojson")
		if s.service == "park" {
			file = lasPalmas(b.data, "park_polygons")
		}
		points = append(points, facilities(file, s.service))
	}
	base := []imported{{lasPalmas(b.data, "neighbourhoods"), []string{"--as", "neighborhoods"}}, {lasPalmas(b.data, "buildings_points"), []string{"--as", "buildings"}}}
	people := []imported{{lasPalmas(b.data, "population_grid_100m"), []string{"--as", "demand", "--measure", "population=population"}},
		{lasPalmas(b.data, "population_grid_100m"), []string{"--as", "land"}}}
	if err := b.project(ctx, "lp/import", b.path("lp-buildings.gpkg"), append(slices.Clone(base), points[:peersServices]...)); err != nil {
		return nil, err
	}
	if err := b.project(ctx, "", b.path("lp-all.gpkg"), slices.Concat(base, people, points)); err != nil {
		return nil, err
	}
	buildings, err := b.writeCatalog("lp-buildings", catalogText(keys[:peersServices], false, "buildings"))
	if err != nil {
		return nil, err
	}
	both, err := b.writeCatalog("lp-all", catalogText(keys, false, "land", "population"))
	if err != nil {
		return nil, err
	}
	every, err := b.writeCatalog("lp-every-radius", catalogText(keys, true, "land", "population"))
	if err != nil {
		return nil, err
	}
	return []job{
		b.score("lp/buildings", b.path("lp-buildings.gpkg"), buildings, false),
		b.score("lp/all", b.path("lp-all.gpkg"), both, true),
		b.score("lp/every-radius", b.path("lp-all.gpkg"), every, true),
	}, nil
}

// remake makes inputs in a process of its own: the memory of whoever starts a process counts in that process's peak.
func (b *bench) remake(ctx context.Context, what ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	_, _, err = run(ctx, self, append([]string{"make"}, what...)...)
	return err
}

// cityShares are the sizes of the generated city.
var cityShares = []float64{0.25, 0.5, 1}

// cityCase makes the city of a share of Chongqing's size and gives what is measured on it.
func (b *bench) cityCase(ctx context.Context, share float64, folder string, seed uint64) (cityLayers, []job, error) {
	name := cityName(share)
	keys := cityKeys(share)
	if !b.wanted(keys...) {
		return cityLayers{}, nil, nil
	}
	made := folder
	if made == "" {
		made = b.path(name)
		if err := b.remake(ctx, "city", made, fmt.Sprint(share*b.scale), fmt.Sprint(seed)); err != nil {
			return cityLayers{}, nil, err
		}
	}
	if err := b.remake(ctx, "layers", made, b.path(name+"-layers"), fmt.Sprint(share*b.scale)); err != nil {
		return cityLayers{}, nil, err
	}
	c, err := readLayers(b.path(name + "-layers"))
	if err != nil {
		return c, nil, err
	}
	layers := []imported{{c.file(unitLayer), []string{"--as", "neighborhoods"}}, {c.file(demandLayer), []string{"--as", "demand"}}}
	for _, s := range c.Services {
		layers = append(layers, facilities(c.file(s), s))
	}
	people, withLand := b.path(name+"-people.gpkg"), b.path(name+"-land.gpkg")
	if err := b.project(ctx, name+"/import", people, layers); err != nil {
		return c, nil, err
	}
	if err := copyFile(withLand, people); err != nil {
		return c, nil, err
	}
	if _, err := b.add(ctx, withLand, []imported{{c.file(landLayer), []string{"--as", "land"}}}); err != nil {
		return c, nil, err
	}
	ofPeople, err := b.writeCatalog(name+"-people", catalogText(c.Services, false, "population"))
	if err != nil {
		return c, nil, err
	}
	ofLand, err := b.writeCatalog(name+"-land", catalogText(c.Services, false, "land"))
	if err != nil {
		return c, nil, err
	}
	jobs := []job{b.score(name+"/people", people, ofPeople, false), b.score(name+"/land", withLand, ofLand, true)}
	if share != 1 {
		return c, jobs, nil
	}
	for i, project := range []string{people, withLand} {
		j, err := b.changed(ctx, jobs[i].key+"-again", project, c, []string{ofPeople, ofLand}[i], i == 1)
		if err != nil {
			return c, nil, err
		}
		jobs = append(jobs, j...)
	}
	return c, jobs, nil
}

// changed is a job that scores a project which was scored before, after one layer of facilities got another content.
func (b *bench) changed(ctx context.Context, key, project string, c cityLayers, catalog string, gaps bool) ([]job, error) {
	if !b.wanted(key) {
		return nil, nil
	}
	again := b.path("changed-" + cityName(1) + map[bool]string{true: "-land", false: "-people"}[gaps] + ".gpkg")
	first := b.score(key, project, catalog, gaps)
	if err := first.prepare(); err != nil {
		return nil, err
	}
	command := first.command()
	if _, _, err := run(ctx, command[0], command[1:]...); err != nil {
		return nil, err
	}
	if err := copyFile(again, b.scored(key)); err != nil {
		return nil, err
	}
	layer := facilities(c.file(changedLayer), c.Changed)
	layer.options = append(layer.options, "--replace")
	if _, err := b.add(ctx, again, []imported{layer}); err != nil {
		return nil, err
	}
	return []job{b.score(key, again, catalog, gaps)}, nil
}

func cityName(share float64) string { return fmt.Sprintf("city-%g", share) }

// cityKeys are the keys of what is measured on a city.
func cityKeys(share float64) []string {
	name := cityName(share)
	keys := []string{name + "/import", name + "/people", name + "/land"}
	if share == 1 {
		keys = append(keys, name+"/people-again", name+"/land-again", name+"/answer", name+"/peers")
	}
	return keys
}

// layersFile holds what makeLayers made, in its folder.
const layersFile = "layers.json"

func readLayers(dir string) (cityLayers, error) {
	var c cityLayers
	text, err := os.ReadFile(dir + "/" + layersFile)
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(text, &c)
}

func writeLayers(c cityLayers) error {
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return os.WriteFile(c.Dir+"/"+layersFile, text, 0o644)
}

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// peers are the scripts of other tools that compute the same reaches from the same data.
type peers struct {
	dir     string // of radius_scipy.py, radius_geopandas.py, radius_postgis.py, radius_oracle.py, compare.py
	python  string
	postgis string // folder of the socket of a PostgreSQL server with PostGIS; empty: left out
}

// duel is one set of data on which peers run beside lifecircle.
type duel struct {
	key    string            // such as lp: the results are <key>/peers/<tool> and <key>/answer
	ours   job               // score
	inputs []string          // arguments of every script that name the data
	exact  []string          // further arguments of scipy and PostGIS that name parks
	names  map[string]string // the peers' name of each of our services
	every  int               // the oracle and the peers' answers hold each n-th demand point
	sample int               // how many of them that is; 0: all
}

// verdicts says how far an answer is from the oracle's.
type verdicts struct {
	Pairs       int     `json:"pairs"`
	PairsOracle int     `json:"pairs_oracle"`
	Max         float64 `json:"max"` // metres
	Wrong       [3]int  `json:"-"`   // at each of the radii
}

// jobs gives the peers' runs and the export of our own answer.
func (p peers) jobs(ctx context.Context, b *bench, d duel) []job {
	out := func(tool string) string { return b.answer(d, tool) }
	script := func(tool, script string, once bool, after func(usage, string) (usage, error), args ...string) job {
		command := append([]string{p.python, filepath.Join(p.dir, script), "--out", out(tool)}, d.inputs...)
		return job{key: d.key + "/peers/" + tool, once: once, optional: true, command: func() []string { return slices.Concat(command, args) }, after: after}
	}
	every := []string{"--every", strconv.Itoa(d.every)}
	list := []job{
		script("scipy", "radius_scipy.py", false, nil, slices.Concat(every, d.exact)...),
		script("scipy-ecef", "radius_scipy.py", false, nil, slices.Concat(every, []string{"--coords", "ecef"}, d.exact)...),
		script("geopandas", "radius_geopandas.py", d.sample > 0, nil, slices.Concat(every, d.exact)...),
	}
	if d.sample > 0 { // every answer written, as our export does
		list = append(list, script("scipy-all", "radius_scipy.py", false, nil, d.exact...))
	}
	if p.postgis != "" {
		args := append([]string{"--socket", p.postgis}, d.exact...)
		if d.sample > 0 {
			args = append(args, "--sample", strconv.Itoa(d.sample))
		}
		list = append(list, script("postgis", "radius_postgis.py", d.sample > 0, func(u usage, printed string) (usage, error) { return ofAll(u, printed, d.every) }, args...))
	}
	ours := job{key: d.key + "/answer", once: d.sample > 0, prepare: func() error { return b.ensure(ctx, d.ours) }, command: func() []string {
		return []string{b.lifecircle, "export", b.scored(d.ours.key), "--layer", "reach", "--format", "csv", "-o", b.path("reach-" + d.key + ".csv"), "--quiet"}
	}}
	return append(list, ours)
}

// answer is where an answer lies.
func (b *bench) answer(d duel, tool string) string {
	return b.path("answer-" + d.key + "-" + tool + ".csv")
}

// ensure has a project scored where the job was not measured.
func (b *bench) ensure(ctx context.Context, j job) error {
	if _, err := os.Stat(b.scored(j.key)); err == nil && len(b.taken[j.key]) > 0 {
		return nil
	}
	if err := j.prepare(); err != nil {
		return err
	}
	command := j.command()
	_, _, err := run(ctx, command[0], command[1:]...)
	return err
}

// ofAll reckons what a script's query would have taken for every demand point, where it saw each n-th only. Loading and building are
// left as they were.
func ofAll(u usage, printed string, every int) (usage, error) {
	u.Others = -1 // the server's own work would count as that of others
	if every <= 1 {
		return u, nil
	}
	line := printed[strings.LastIndexByte(printed, '\n')+1:]
	var said struct {
		Query float64 `json:"query_s"`
	}
	if err := json.Unmarshal([]byte(line), &said); err != nil || said.Query <= 0 {
		return u, fmt.Errorf("the script does not tell what its query took: %q", line)
	}
	u.Wall += time.Duration(said.Query * float64(every-1) * float64(time.Second))
	u.Scaled = true
	return u, nil
}

// judge has the oracle compute a duel's exact reaches and compares every answer that is there with it.
func (p peers) judge(ctx context.Context, b *bench, d duel) (map[string]verdicts, error) {
	oracle := b.answer(d, "oracle")
	args := append([]string{filepath.Join(p.dir, "radius_oracle.py"), "--out", oracle}, d.inputs...)
	if d.sample > 0 {
		args = append(args, "--sample", strconv.Itoa(d.sample))
	}
	if _, _, err := run(ctx, p.python, append(args, d.exact...)...); err != nil {
		return nil, err
	}
	if err := translate(b.answer(d, "lifecircle"), b.path("reach-"+d.key+".csv"), d.names, d.every); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	out := map[string]verdicts{}
	for _, tool := range []string{"lifecircle", "scipy", "scipy-ecef", "geopandas", "postgis"} {
		answer := b.answer(d, tool)
		if _, err := os.Stat(answer); err != nil {
			continue
		}
		_, printed, err := run(ctx, p.python, filepath.Join(p.dir, "compare.py"), oracle, answer)
		if err != nil {
			return nil, err
		}
		if out[tool], err = parseVerdicts(printed); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// parseVerdicts reads what compare.py prints.
func parseVerdicts(text string) (verdicts, error) {
	var v verdicts
	var counts map[string]any
	if err := errors.Join(json.Unmarshal([]byte(text), &v), json.Unmarshal([]byte(text), &counts)); err != nil {
		return v, err
	}
	for i, r := range radii {
		for _, kind := range []string{"false_covered", "false_uncovered"} {
			n, ok := counts[fmt.Sprintf("%s_%d", kind, r)].(float64)
			if !ok {
				return v, fmt.Errorf("the comparison does not tell %s at %d m", kind, r)
			}
			v.Wrong[i] += int(n)
		}
	}
	return v, nil
}

// translate turns an exported table of reaches into the form of the peers' answers: demand_id,service,reach_m, of each n-th demand
// point, with their names of the services.
func translate(to, from string, names map[string]string, every int) error {
	if _, err := os.Stat(from); err != nil {
		return err
	}
	return writeFile(to, func(w *bufio.Writer) error {
		w.WriteString("demand_id,service,reach_m\n")
		return readTable(from, []string{"demand_id", "service", "reach_m"}, func(row []string) error {
			id, err := strconv.Atoi(row[0])
			if err != nil || every > 1 && id%every != 0 {
				return err
			}
			name, ok := names[row[1]]
			if !ok {
				return fmt.Errorf("no peer knows the service %s", row[1])
			}
			_, err = fmt.Fprintf(w, "%s,%s,%s\n", row[0], name, row[2])
			return err
		})
	})
}

// lasPalmasDuel and cityDuel name the data for the scripts.
func (b *bench) lasPalmasDuel(ours job) duel {
	d := duel{key: "lp", ours: ours, every: 1, names: map[string]string{},
		inputs: []string{"--case", "lp", "--demand", lasPalmas(b.data, "buildings_points"), "--facilities", lasPalmas(b.data, "pois")},
		exact:  []string{"--parks", lasPalmas(b.data, "park_polygons")}}
	for _, s := range lasPalmasServices[:peersServices] {
		d.names[s.service] = s.category
	}
	return d
}

func cityDuel(ours job, folder string, c cityLayers) duel {
	every := c.every()
	return duel{key: cityName(1), ours: ours, every: every, sample: c.Demand / every, names: c.Names,
		inputs: []string{"--case", "city", "--services", "all", "--demand", filepath.Join(folder, demandFile), "--facilities", filepath.Join(folder, facilitiesFile)}}
}

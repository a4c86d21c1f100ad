package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReplaceSection(t *testing.T) {
	beginMark, endMark := marks(amountsMark)
	for _, c := range []struct{ name, document, want string }{
		{"between the marks", "a\n" + beginMark + "old\n" + endMark + "b\n", "a\n" + beginMark + "new\n" + endMark + "b\n"},
		{"empty section", beginMark + endMark, beginMark + "new\n" + endMark},
		{"no marks", "a\n", ""},
		{"no end", beginMark + "old\n", ""},
		{"wrong order", endMark + "old\n" + beginMark, ""},
		{"twice", beginMark + endMark + beginMark + endMark, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := replaceSection([]byte(c.document), amountsMark, "new\n")
			if string(got) != c.want || (err == nil) != (c.want != "") {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

// A document without the marks keeps its bytes.
func TestWriteSectionRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "README.md")
	if err := os.WriteFile(path, []byte("mine\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := writeSection(path, importsMark, "new\n"); err == nil || !strings.Contains(err.Error(), "README.md") {
		t.Errorf("got %v", err)
	}
	if text, _ := os.ReadFile(path); string(text) != "mine\n" {
		t.Errorf("the document became %q", text)
	}
}

// The README keeps the marks between which the table is written.
func TestReadmeHasTheMarks(t *testing.T) {
	document, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{amountsMark, importsMark, reportsMark} {
		if _, err := replaceSection(document, name, ""); err != nil {
			t.Error(err)
		}
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func TestTypical(t *testing.T) {
	u := func(wall, others float64) usage { return usage{Wall: seconds(wall), Others: others} }
	for _, c := range []struct {
		name string
		runs []usage
		want usage
		n    int
	}{
		{"one", []usage{u(2, 0)}, u(2, 0), 1},
		{"median of three", []usage{u(3, 0), u(1, 0.1), u(2, 0.15)}, u(2, 0.15), 3},
		{"of an even number the lower", []usage{u(3, 0), u(1, 0), u(2, 0), u(4, 0)}, u(2, 0), 4},
		{"disturbed runs are left out", []usage{u(9, 0.5), u(1, 0), u(8, 0.2)}, u(1, 0), 1},
		{"the least disturbed", []usage{u(9, 0.5), u(8, 0.2), u(7, 0.3)}, u(8, 0.2), 1},
		{"not known is not disturbed", []usage{u(9, -1), u(8, -1), u(7, -1)}, u(8, -1), 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, n := typical(c.runs); got != c.want || n != c.n {
				t.Errorf("got %v of %d runs", got, n)
			}
		})
	}
}

func TestSection(t *testing.T) {
	u := func(wall float64, mib int64, others float64) []usage {
		return []usage{{Wall: seconds(wall), CPU: seconds(2 * wall), Peak: mib << 20, Others: others}}
	}
	b := &bench{scale: 1, city: cityLayers{Demand: 1_200_000, Facilities: 100_000, Units: 11_270, Parcels: 45_080}, taken: map[string][]usage{
		"lp/buildings":           u(0.1, 80, 0),
		"lp/answer":              u(0.4, 50, 0),
		"lp/peers/geopandas":     u(0.45, 172, 0),
		"city-0.25/people":       u(0.6, 300, 0),
		"city-1/people":          u(2.5, 1025, 0.02),
		"city-1/people-again":    u(0.24, 900, 0),
		"city-1/land":            u(31, 900, 0.5),
		"city-1/land-again":      u(3, 900, 0),
		"city-1/answer":          u(20, 900, 0),
		"city-1/peers/scipy":     u(5, 366, 0),
		"city-1/peers/scipy-all": u(45, 366, 0),
		"city-1/peers/geopandas": u(20, 366, 0.4),
		"city-1/peers/postgis":   {{Wall: seconds(500), Others: -1, Scaled: true}},
	}}
	judged := map[string]map[string]verdicts{"lp": {"lifecircle": {Pairs: 266208, PairsOracle: 266208, Max: 0.0005}, "geopandas": {Pairs: 266207, PairsOracle: 266208, Max: 2.9, Wrong: [3]int{26, 30, 16}}}}
	text := b.section("a machine", "a command", judged)
	for _, want := range []string{
		"Written by `a command` on a machine.",
		"| score: 22,184 buildings × 12 services (gaps later) | 0.100 | ≤ 0.120: yes 是 | 0.200 | 80 |  | 0 % | 1 |",
		"| score: people × 20 services (gaps later) | 2.50 | ≤ 3.00: yes 是 | 5.00 | 1025 | ≤ 1024: **no 否** | 2 % | 1 |",
		"| again, with one of 20 layers of facilities changed | 0.240 | ≤ 0.250: yes 是 |",
		"| again, with one of 20 layers of facilities changed | 3.00 | ≤ 3.10: disturbed 受扰 |", // the first run was
		"| score: 45,080 parcels of land × 20 services, shares of people beside, gaps of land and service areas drawn | 31.0 † | ≤ 30.0: disturbed 受扰 |",
		"| 300,000 places | 0.600 | 1.00 | | |",
		"| 1,200,000 places | 2.50 | 0.94 | 31.0 † |  |",
		"| **lifecircle** score: project file → saved run | 0.100 | | | 80 | 0 / 0 / 0 of 266208 | 0.001 | 0 % | 1 |",
		"| **lifecircle** score and export of every reach as CSV | 0.500 |",
		"| GeoPandas sjoin_nearest | 0.450 | 4.5 | ≥ 5: **no 否** | 172 | 26 / 30 / 16 of 266207 (1 missing) | 2.900 | 0 % | 1 |",
		"(of each 60th place in the city", "its query × 60;",
		"| scipy cKDTree in UTM, 2 threads | 5.00 | 2.0 | ≥ 1.5: yes 是 |",
		"| scipy cKDTree in UTM, every answer written | 45.0 | 2.0 |  |",
		"| GeoPandas sjoin_nearest | 20.0 † | 8.0 | ≥ 10: disturbed 受扰 |",
		"| PostGIS geography KNN, 2 connections | 500 (reckoned) | 200.0 | ≥ 100: yes 是 (others not known) | 0 |  |  | ? | 1 |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the section lacks %q", want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
	b.city.Demand = 24_000 // a trial reaches no target of the full size
	if trial := b.section("", "", judged); strings.Contains(trial, "≤ 3.00") || strings.Contains(trial, "≤ 1024") || strings.Contains(trial, "≥ 1.5") || !strings.Contains(trial, "≤ 0.120") {
		t.Error("a trial is measured by the targets of the full size:", trial)
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "|") && !strings.HasSuffix(line, "|\n") {
			t.Errorf("a broken line of a table: %q", line)
		}
	}
}

// Nothing of the machine's folders stands in the README.
func TestOptions(t *testing.T) {
	got := options([]string{"-peers", "/a/b", "--python=/venv/bin/python", "-work", "/tmp/x", "-runs", "5", "-postgis=/sock", "-write", "README.md", "-wait", "0s"})
	if want := " -peers PEERS -python python -runs 5 -postgis POSTGIS -write README.md"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 100_000: "100,000", 1_200_000: "1,200,000"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}

func TestParseProcessors(t *testing.T) {
	for _, c := range []struct {
		text      string
		busy, all int64
		ok        bool
	}{
		{"cpu  10 1 5 100 20 2 3 4 7 0\ncpu0 1 1 1 1 1 1 1 1\n", 25, 145, true}, // guest time is part of user time
		{"cpu  10 1 5\n", 0, 0, false},
		{"cpu  10 1 5 x 20 2 3 4\n", 0, 0, false},
		{"", 0, 0, false},
	} {
		if busy, all, ok := parseProcessors(c.text); busy != c.busy || all != c.all || ok != c.ok {
			t.Errorf("%q: %d of %d, %v", c.text, busy, all, ok)
		}
	}
}

func TestAnswers(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "reach.csv"), filepath.Join(dir, "answer.csv")
	text := "\ufeffdemand_id,lon,service,basis,reach_m\n0,1,clinic,radius,12.345\n1,1,clinic,radius,1.000\n60,1,clinic,radius,\n"
	if err := os.WriteFile(from, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := translate(to, from, map[string]string{"clinic": "health_clinic"}, 60); err != nil {
		t.Fatal(err)
	}
	got, _ := os.ReadFile(to)
	if diff := cmp.Diff("demand_id,service,reach_m\n0,health_clinic,12.345\n60,health_clinic,\n", string(got)); diff != "" {
		t.Error(diff)
	}
	if err := translate(to, from, nil, 1); err == nil || !strings.Contains(err.Error(), "reach.csv:2") {
		t.Errorf("a service without a name: %v", err)
	}
}

func TestVerdictsOfTheComparison(t *testing.T) {
	got, err := parseVerdicts(`{"pairs": 5, "pairs_oracle": 6, "max": 2.5, "false_covered_300": 1, "false_uncovered_300": 2, "false_covered_500": 0,
		"false_uncovered_500": 4, "false_covered_1000": 0, "false_uncovered_1000": 0}`)
	if want := (verdicts{Pairs: 5, PairsOracle: 6, Max: 2.5, Wrong: [3]int{3, 4, 0}}); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := parseVerdicts(`{"pairs": 5}`); err == nil {
		t.Error("a comparison without verdicts is taken for one without errors")
	}
}

func TestReckonedTime(t *testing.T) {
	u, err := ofAll(usage{Wall: seconds(10), Others: 0.9}, "noise\n{\"query_s\": 8}", 60)
	if want := (usage{Wall: seconds(2 + 8*60), Others: -1, Scaled: true}); err != nil || u != want {
		t.Errorf("got %+v, %v", u, err)
	}
	if _, err := ofAll(usage{}, "failed", 60); err == nil {
		t.Error("a script that tells nothing is believed")
	}
}

// A peer that cannot be run costs nothing but its own line; our own failure stops everything.
func TestOptionalJobs(t *testing.T) {
	var words strings.Builder
	b := &bench{runs: 2, taken: map[string][]usage{}, failed: map[string]bool{}, words: &words}
	missing := func() []string { return []string{filepath.Join(t.TempDir(), "missing")} }
	present := func() []string { return []string{os.Args[0], "-test.run=^$"} }
	jobs := []job{{key: "lp/peers/none", optional: true, command: missing}, {key: "lp/ours", command: present}, {key: "lp/slow", once: true, command: present}}
	if err := b.measure(t.Context(), jobs); err != nil {
		t.Fatal(err)
	}
	if len(b.taken["lp/ours"]) != 2 || len(b.taken["lp/slow"]) != 1 || len(b.taken["lp/peers/none"]) != 0 || !strings.Contains(words.String(), "lp/peers/none is left out") {
		t.Errorf("taken %v, said %s", b.taken, words.String())
	}
	if text := b.section("", "", nil); !strings.Contains(text, "lp/peers/none could not be run here") {
		t.Error("the section does not tell what failed")
	}
	if err := b.measure(t.Context(), []job{{key: "lp/ours", command: missing}}); err == nil || !strings.Contains(err.Error(), "lp/ours") {
		t.Errorf("got %v", err)
	}
}

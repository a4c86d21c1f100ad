package main

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
)

// row is a line of the table of whole processes.
type row struct {
	key, what string
	seconds   float64 // target; 0: none
	mib       float64 // target; 0: none
	times     string  // key of a row of which this one may take a tenth; empty: none
}

var rows = []row{
	{key: "lp/import", what: "Las Palmas: import of 22,184 buildings, 52 neighborhoods, 12 layers of facilities"},
	{key: "lp/buildings", what: "score: 22,184 buildings × 12 services (gaps later)", seconds: 0.12},
	{key: "lp/all", what: "score: 14 services, each of land and of people (1,614 cells), gaps drawn", seconds: 1},
	{key: "lp/every-radius", what: "the same within 300, 500 and 1,000 m: 84 requirements"},
	{key: "city-1/import", what: "generated city: import of DEMAND places of people, FACILITIES facilities, UNITS neighborhoods"},
	{key: "city-1/people", what: "score: people × 20 services (gaps later)", seconds: 3, mib: 1024},
	{key: "city-1/people-again", what: "again, with one of 20 layers of facilities changed", times: "city-1/people"},
	{key: "city-1/land", what: "score: PARCELS parcels of land × 20 services, shares of people beside, gaps of land and service areas drawn", seconds: 30},
	{key: "city-1/land-again", what: "again, with one of 20 layers of facilities changed", times: "city-1/land"},
}

// rival is a line of the table side by side.
type rival struct {
	tool, what string
	answers    bool               // it is compared with our score and export, not with the score alone
	target     map[string]float64 // how many times as fast lifecircle should be, by duel
}

var rivals = []rival{
	{tool: "scipy", what: "scipy cKDTree in UTM, 2 threads", target: map[string]float64{"city-1": 1.5}},
	{tool: "scipy-ecef", what: "scipy cKDTree in earth-centred coordinates"},
	{tool: "scipy-all", what: "scipy cKDTree in UTM, every answer written", answers: true},
	{tool: "geopandas", what: "GeoPandas sjoin_nearest", target: map[string]float64{"lp": 5, "city-1": 10}},
	{tool: "postgis", what: "PostGIS geography KNN, 2 connections", target: map[string]float64{"city-1": 100}},
}

// section writes the part of the README.
func (b *bench) section(machine, command string, judged map[string]map[string]verdicts) string {
	var s strings.Builder
	fmt.Fprintf(&s, "Written by `%s` on %s. Whole processes; time of the clock, peak of the operating system. 整个进程的用时与内存峰值。\n\n", command, machine)
	b.processes(&s)
	b.growth(&s)
	b.sideBySide(&s, judged)
	b.notes(&s)
	c := b.city
	return strings.NewReplacer("DEMAND", thousands(c.Demand), "FACILITIES", thousands(c.Facilities), "UNITS", thousands(c.Units), "PARCELS", thousands(c.Parcels),
		"EVERYth", thousands(c.every())+"th", "EVERY", thousands(c.every())).Replace(s.String())
}

func (b *bench) processes(s *strings.Builder) {
	s.WriteString("| what 内容 | time 用时, s | target 目标 | CPU, s | peak 内存峰值, MiB | target 目标 | others 他用 | runs 次数 |\n|---|---|---|---|---|---|---|---|\n")
	for _, r := range rows {
		if len(b.taken[r.key]) == 0 {
			continue
		}
		u, n := typical(b.taken[r.key])
		seconds, mib, doubtful := r.seconds, r.mib, false
		if base := b.taken[r.times]; len(base) > 0 {
			first, _ := typical(base)
			seconds = first.Wall.Seconds() / 10
			doubtful = first.Others > disturbed || u.Others > disturbed
		} else {
			doubtful = u.Others > disturbed && u.Wall.Seconds() > seconds // a disturbance only slows
		}
		if !b.targets(r.key) {
			seconds, mib = 0, 0
		}
		fmt.Fprintf(s, "| %s | %s | %s | %s | %.0f | %s | %s | %d |\n", r.what, shown(u), against(u.Wall.Seconds(), seconds, doubtful, digits), digits(u.CPU.Seconds()), mebibytes(u.Peak),
			against(mebibytes(u.Peak), mib, false, func(v float64) string { return fmt.Sprintf("%.0f", v) }), percent(u.Others), n)
	}
}

// targets tells whether the targets of a row apply: those of the generated city are for its full size.
func (b *bench) targets(key string) bool {
	c := b.city
	return !strings.HasPrefix(key, "city") || c.Demand == chongqing.Demand && c.Facilities == chongqing.Facilities && c.Units == chongqing.Neighborhoods
}

// growth compares the sizes of the generated city with n log n.
func (b *bench) growth(s *strings.Builder) {
	head := "\n| generated city 生成城市 | people 人口, s | ÷ n log n | land, and its gaps 用地与盲区, s | ÷ n log n |\n|---|---|---|---|---|\n"
	for _, share := range cityShares {
		cells := fmt.Sprintf("| %s places | ", thousands(chongqing.part(share*b.scale).Demand))
		any := false
		for _, what := range []string{"/people", "/land"} {
			taken, smallest := b.taken[cityName(share)+what], b.taken[cityName(cityShares[0])+what]
			if len(taken) == 0 {
				cells += "| | "
				continue
			}
			any = true
			u, _ := typical(taken)
			cells += shown(u) + " | "
			if len(smallest) > 0 {
				first, _ := typical(smallest)
				cells += fmt.Sprintf("%.2f", u.Wall.Seconds()/first.Wall.Seconds()/nLogN(share*b.scale, cityShares[0]*b.scale))
			}
			cells += " | "
		}
		if any {
			s.WriteString(head + strings.TrimSuffix(cells, " ") + "\n")
			head = ""
		}
	}
}

// nLogN tells how many times as much an n log n cost is at one share of the city as at another.
func nLogN(share, base float64) float64 {
	n := func(share float64) float64 { return share * math.Log(share*float64(chongqing.Demand)) }
	return n(share) / n(base)
}

func (b *bench) sideBySide(s *strings.Builder, judged map[string]map[string]verdicts) {
	for _, d := range []struct{ key, score, what string }{
		{"lp", "lp/buildings", "Las Palmas, 22,184 buildings × 12 services"},
		{"city-1", "city-1/people", "generated city, DEMAND places × 20 services"},
	} {
		score := b.taken[d.score]
		if len(score) == 0 || len(b.taken[d.key+"/answer"]) == 0 {
			continue
		}
		ours, n := typical(score)
		written, m := typical(b.taken[d.key+"/answer"])
		written = ours.plus(written)
		fmt.Fprintf(s, "\n| side by side 同机对比: %s | time 用时, s | lifecircle is × as fast 倍数 | target 目标 | peak, MiB | wrong verdicts 误判 at 300 / 500 / 1000 m | largest error, m | others | runs |\n|---|---|---|---|---|---|---|---|---|\n", d.what)
		fmt.Fprintf(s, "| **lifecircle** score: project file → saved run | %s | | | %.0f | %s | %s | %d |\n", shown(ours), mebibytes(ours.Peak), wrong(judged[d.key], "lifecircle"), percent(ours.Others), n)
		fmt.Fprintf(s, "| **lifecircle** score and export of every reach as CSV | %s | | | %.0f | | | %s | %d |\n", shown(written), mebibytes(written.Peak), percent(written.Others), m)
		for _, r := range rivals {
			taken := b.taken[d.key+"/peers/"+r.tool]
			if len(taken) == 0 {
				continue
			}
			u, n := typical(taken)
			base := ours
			if r.answers {
				base = written
			}
			ratio := u.Wall.Seconds() / base.Wall.Seconds()
			target := ""
			if t := r.target[d.key]; t > 0 && b.targets(d.score) {
				target = fmt.Sprintf("≥ %g: %s", t, holds(ratio >= t, base.Others > disturbed || u.Others > disturbed))
				if u.Others < 0 {
					target += " (others not known)"
				}
			}
			fmt.Fprintf(s, "| %s | %s | %.1f | %s | %.0f | %s | %s | %d |\n", r.what, shown(u), ratio, target, mebibytes(u.Peak), wrong(judged[d.key], r.tool), percent(u.Others), n)
		}
	}
}

// wrong fills the two columns of errors.
func wrong(judged map[string]verdicts, tool string) string {
	v, ok := judged[tool]
	if !ok {
		return " | "
	}
	text := fmt.Sprintf("%d / %d / %d of %d", v.Wrong[0], v.Wrong[1], v.Wrong[2], v.Pairs)
	if v.Pairs != v.PairsOracle {
		text += fmt.Sprintf(" (%d missing)", v.PairsOracle-v.Pairs)
	}
	return fmt.Sprintf("%s | %.3f", text, v.Max)
}

func (b *bench) notes(s *strings.Builder) {
	s.WriteString(`
* The time is the median of the runs in which other processes took at most 15 % of the processors (column others); † = there was none, the least disturbed run is shown. A score runs on a fresh copy
  of the project file, written to the disk and still in the page cache; it includes starting, reading, verifying, computing and a synchronous save.
* The generated city is seeded: 20 services, the last ten times as frequent as the first, limits of 300, 500 and 1,000 m by turns, communities in streets and districts by their 12-digit codes. A smaller
  one has the same density on less land. In “÷ n log n” 1 means cost growing like n log n, n the places of people; the smallest size is 1.
* Side by side: a peer's process goes from GeoJSON or CSV to a CSV of reaches (of each EVERYth place in the city, but where it says all); ours from the project file, in which the import has already checked the
  layers (its own line above), to a saved run with shares, verdicts and scores; the second line also writes every reach, with 16 columns where the peers write 3. Errors are against exact geodesics, in
  the city at each EVERYth place. PostGIS answers each EVERYth place of the city: its query × EVERY; its memory and CPU are the client's, and whether it was disturbed cannot be told.
`)
	for _, key := range slices.Sorted(maps.Keys(b.failed)) {
		fmt.Fprintf(s, "* %s could not be run here.\n", key)
	}
	if b.floor > 0 {
		fmt.Fprintf(s, "* The peak of a process cannot be read below %.0f MiB here, what the smallest command shows.\n", mebibytes(b.floor))
	}
}

// shown is a time with its marks.
func shown(u usage) string {
	text := digits(u.Wall.Seconds())
	if u.Others > disturbed {
		text += " †"
	}
	if u.Scaled {
		text += " (reckoned)"
	}
	return text
}

// against compares a figure with a target that it should not exceed; empty without a target.
func against(value, target float64, doubtful bool, format func(float64) string) string {
	if target == 0 {
		return ""
	}
	return "≤ " + format(target) + ": " + holds(value <= target, doubtful)
}

// holds says whether a target is reached; doubtful is what a disturbed run cannot tell.
func holds(yes, doubtful bool) string {
	switch {
	case doubtful:
		return "disturbed 受扰"
	case yes:
		return "yes 是"
	}
	return "**no 否**"
}

// thousands writes a count with a comma before every three digits.
func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// digits shows seconds with three significant digits, but no more than milliseconds.
func digits(seconds float64) string {
	switch {
	case seconds < 1:
		return fmt.Sprintf("%.3f", seconds)
	case seconds < 10:
		return fmt.Sprintf("%.2f", seconds)
	case seconds < 100:
		return fmt.Sprintf("%.1f", seconds)
	}
	return fmt.Sprintf("%.0f", seconds)
}

func percent(share float64) string {
	if share < 0 {
		return "?"
	}
	return fmt.Sprintf("%.0f %%", 100*share)
}

// The sections of the README stand between lines of these names.
const (
	amountsMark = "amounts"
	importsMark = "imports"
	reportsMark = "reports"
)

// marks gives the lines around a section.
func marks(name string) (begin, end string) {
	return "<!-- " + name + ": begin -->\n", "<!-- " + name + ": end -->\n"
}

// replaceSection puts a text between the two marks of a name in a document, each of which must stand in it once and in their order.
func replaceSection(document []byte, name, section string) ([]byte, error) {
	beginMark, endMark := marks(name)
	begin, end := bytes.Index(document, []byte(beginMark)), bytes.Index(document, []byte(endMark))
	if begin < 0 || end < begin || bytes.Count(document, []byte(beginMark)) != 1 || bytes.Count(document, []byte(endMark)) != 1 {
		return nil, fmt.Errorf("the document must hold the lines %q and %q once, in this order", strings.TrimSpace(beginMark), strings.TrimSpace(endMark))
	}
	var out bytes.Buffer
	out.Write(document[:begin+len(beginMark)])
	out.WriteString(section)
	out.Write(document[end:])
	return out.Bytes(), nil
}

// writeSection replaces a section of a file.
func writeSection(path, name, section string) error {
	document, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if document, err = replaceSection(document, name, section); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return os.WriteFile(path, document, 0o644)
}

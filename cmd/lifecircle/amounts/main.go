package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if len(os.Args) > 1 && os.Args[1] == "make" {
		err = makeInputs(os.Args[2:])
	} else {
		err = amounts(ctx, os.Args[1:])
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "amounts:", err)
		os.Exit(1)
	}
}

// makeInputs makes inputs: lp DATA DIR, city DIR SHARE SEED, layers CITY DIR SHARE, or imports DIR SHARE SEED.
func makeInputs(args []string) error {
	number := func(i int) float64 {
		v, err := strconv.ParseFloat(args[i], 64)
		if err != nil || !(v > 0) {
			return 0
		}
		return v
	}
	switch {
	case len(args) == 3 && args[0] == "lp":
		return makeLasPalmas(args[1], args[2])
	case len(args) == 4 && args[0] == "city" && number(2) > 0:
		seed, err := strconv.ParseUint(args[3], 10, 64)
		if err != nil {
			return err
		}
		return makeCity(args[1], chongqing.part(number(2)), seed)
	case len(args) == 4 && args[0] == "layers" && number(3) > 0:
		size := chongqing.part(number(3))
		c, err := makeLayers(args[1], args[2], size.Streets, size.Districts)
		if err != nil {
			return err
		}
		return writeLayers(c)
	case len(args) == 4 && args[0] == "imports" && number(2) > 0:
		seed, err := strconv.ParseUint(args[3], 10, 64)
		if err != nil {
			return err
		}
		return makeImports(args[1], number(2), seed)
	}
	return errors.New("usage: amounts make lp DATA DIR | city DIR SHARE SEED | layers CITY DIR SHARE | imports DIR SHARE SEED")
}

// amounts measures everything that the options ask for.
func amounts(ctx context.Context, args []string) (err error) {
	b := &bench{taken: map[string][]usage{}, failed: map[string]bool{}, words: os.Stderr}
	var p peers
	flags := flag.NewFlagSet("amounts", flag.ContinueOnError)
	flags.IntVar(&b.runs, "runs", 3, "runs of everything that is not slow")
	flags.DurationVar(&b.wait, "wait", 10*time.Second, "how long to wait for a quiet machine before each run")
	flags.StringVar(&b.data, "data", "../shared/data", "folder of test data, for Las Palmas; skipped where it is absent")
	flags.StringVar(&p.dir, "peers", "", "folder of the peers' scripts, to run them side by side")
	flags.StringVar(&p.python, "python", "python3", "Python with the peers' packages")
	flags.StringVar(&p.postgis, "postgis", "", "folder of the socket of a PostgreSQL server with PostGIS")
	folder := flags.String("city", "", "folder of a city made by make_city.py, to be taken for the full size")
	seed := flags.Uint64("seed", 20260101, "seed of the generated city")
	work := flags.String("work", "", "folder to work in, kept (default: a temporary one)")
	program := flags.String("program", "", "program to measure (default: built from ./cmd/lifecircle)")
	flags.Float64Var(&b.scale, "scale", 1, "share of the generated cities' size, for a trial such as 0.01")
	only := flags.String("only", "", "regular expression of the keys to measure, such as lp/ or city-1/people")
	part := flags.String("part", "", "measure and write one part only: scores, imports (of large files), or reports")
	write := flags.String("write", "", "document whose sections are rewritten, such as README.md")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || b.runs < 1 || !(b.scale > 0 && b.scale <= 1) || *write != "" && (*only != "" || b.scale != 1) {
		return errors.New("no arguments but options; -runs is at least 1, -scale at most 1; -write needs whole tables, without -only and -scale")
	}
	if !slices.Contains([]string{"", scoresPart, importsPart, reportsPart}, *part) {
		return errors.New("-part is scores, imports or reports")
	}
	if *only != "" {
		if b.only, err = regexp.Compile(*only); err != nil {
			return err
		}
	}
	if b.work = *work; b.work == "" {
		if b.work, err = os.MkdirTemp("", "amounts-"); err != nil {
			return err
		}
		defer os.RemoveAll(b.work)
	} else if err = os.MkdirAll(b.work, 0o755); err != nil {
		return err
	}
	if b.lifecircle = *program; b.lifecircle == "" {
		b.lifecircle = b.path("lifecircle" + map[bool]string{true: ".exe"}[runtime.GOOS == "windows"])
		if err := build(ctx, b.lifecircle); err != nil {
			return err
		}
	}
	command := "go run ./cmd/lifecircle/amounts" + options(args)
	finish := func(mark, text string) error {
		fmt.Print(text)
		if *write == "" {
			return nil
		}
		return writeSection(*write, mark, text)
	}
	asked := func(p string) bool { return *part == "" || *part == p }
	if asked(scoresPart) {
		judged, err := b.all(ctx, p, *folder, *seed)
		if err == nil {
			err = finish(amountsMark, b.section(machine(), command, judged))
		}
		if err != nil {
			return err
		}
	}
	if asked(importsPart) {
		if err := b.imports(ctx, *seed); err != nil {
			return err
		}
		if err := finish(importsMark, b.importSection(machine(), command)); err != nil {
			return err
		}
	}
	if asked(reportsPart) {
		if err := b.reports(ctx, *seed); err != nil {
			return err
		}
		return finish(reportsMark, b.reportSection(machine(), command))
	}
	return nil
}

// The parts of -part.
const (
	scoresPart  = "scores"
	importsPart = "imports"
	reportsPart = "reports"
)

// build compiles the program as it stands.
func build(ctx context.Context, to string) error {
	c := exec.CommandContext(ctx, "go", "build", "-o", to, "lifecircle/cmd/lifecircle")
	c.Stderr = os.Stderr
	return c.Run()
}

// all measures every case, the peers in the same rounds, and has their answers judged.
func (b *bench) all(ctx context.Context, p peers, folder string, seed uint64) (map[string]map[string]verdicts, error) {
	u, _, err := run(ctx, b.lifecircle, "version")
	if err != nil {
		return nil, err
	}
	b.floor = u.Peak
	judged := map[string]map[string]verdicts{}
	round := func(d duel, jobs []job) error {
		duels := p.dir != "" && d.inputs != nil
		if duels {
			jobs = append(jobs, p.jobs(ctx, b, d)...)
		}
		if err := b.measure(ctx, jobs); err != nil || !duels || len(b.taken[d.key+"/answer"]) == 0 {
			return err
		}
		v, err := p.judge(ctx, b, d)
		if err != nil && ctx.Err() == nil { // the times stand without it
			fmt.Fprintf(b.words, "%s: the answers are not compared: %v\n", d.key, err)
			b.failed[d.key+"/comparison"] = true
			return nil
		}
		judged[d.key] = v
		return err
	}
	jobs, err := b.lasPalmasCase(ctx)
	if err == nil && len(jobs) > 0 {
		err = round(b.lasPalmasDuel(jobs[0]), jobs)
	}
	if err != nil {
		return nil, err
	}
	for _, share := range cityShares {
		from := ""
		if share == 1 {
			from = folder
		}
		c, jobs, err := b.cityCase(ctx, share, from, seed)
		if err != nil {
			return nil, err
		}
		var d duel
		if share == 1 && len(jobs) > 0 {
			b.city = c
			if from == "" {
				from = b.path(cityName(share))
			}
			d = cityDuel(jobs[0], from, c)
		}
		if err := round(d, jobs); err != nil {
			return nil, err
		}
	}
	return judged, nil
}

// machine says what was measured on.
func machine() string {
	name := ""
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == "model name" {
				name = strings.TrimSpace(v) + ", "
				break
			}
		}
	}
	return fmt.Sprintf("%s%d processors, %s/%s, %s", name, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version())
}

// options repeats the options of the command line, folders of this machine by their meaning only.
func options(args []string) string {
	var b strings.Builder
	for i := 0; i < len(args); i++ {
		name, value, joined := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		if !joined && i+1 < len(args) {
			i++
			value = args[i]
		}
		switch name {
		case "work", "data", "program", "wait":
			continue
		case "peers", "city", "postgis":
			value = strings.ToUpper(name)
		case "python":
			value = filepath.Base(value)
		}
		b.WriteString(" -" + name + " " + value)
	}
	return b.String()
}

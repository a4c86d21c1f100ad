package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// usage is what one whole process took.
type usage struct {
	Wall   time.Duration // of the clock, from start to end
	CPU    time.Duration // of all its threads and children, user and system
	Peak   int64         // bytes: the operating system's figure for the largest resident set; 0 where it gives none
	Others float64       // share of all processors that went to other processes meanwhile; negative where it is not known
	Scaled bool          // Wall is reckoned from a sample
}

// disturbed is the share of the processors that others may take before a run is marked as disturbed.
const disturbed = 0.15

// plus is one process after another.
func (u usage) plus(v usage) usage {
	return usage{u.Wall + v.Wall, u.CPU + v.CPU, max(u.Peak, v.Peak), max(u.Others, v.Others), u.Scaled || v.Scaled}
}

// run runs a program to its end and gives what it took and its standard output, of which at most the last 64 KiB are kept.
func run(ctx context.Context, name string, args ...string) (usage, string, error) {
	c := exec.CommandContext(ctx, name, args...)
	var out, words tail
	c.Stdout, c.Stderr = &out, &words
	c.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	busy, all, known := processors()
	start := time.Now()
	err := c.Run()
	u := usage{Wall: time.Since(start), Others: -1}
	if c.ProcessState != nil {
		u.CPU = c.ProcessState.UserTime() + c.ProcessState.SystemTime()
		u.Peak = peak(c.ProcessState)
	}
	if busy2, all2, _ := processors(); known && all2 > all {
		u.Others = max(0, float64(busy2-busy)-float64(u.CPU.Seconds()*ticks)) / float64(all2-all)
	}
	if err != nil {
		err = fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, words.String())
	}
	return u, out.String(), err
}

// tail keeps the end of what is written to it.
type tail struct{ b []byte }

const tailSize = 64 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if len(t.b) > 2*tailSize {
		t.b = append(t.b[:0], t.b[len(t.b)-tailSize:]...)
	}
	return len(p), nil
}

func (t *tail) String() string { return string(bytes.TrimSpace(t.b)) }

// ticks are the units of /proc/stat in a second.
const ticks = 100

// processors reads how many ticks the processors were busy and how many there were in all, since the machine started.
func processors() (busy, all int64, ok bool) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, false
	}
	return parseProcessors(string(text))
}

// parseProcessors reads the first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal.
func parseProcessors(text string) (busy, all int64, ok bool) {
	line, _, _ := strings.Cut(text, "\n")
	fields := strings.Fields(line)
	if len(fields) < 9 || fields[0] != "cpu" {
		return 0, 0, false
	}
	for i, f := range fields[1:9] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, 0, false
		}
		all += n
		if i != 3 && i != 4 {
			busy += n
		}
	}
	return busy, all, true
}

// quiet waits until the machine has little else to do, but not longer than most.
func quiet(ctx context.Context, most time.Duration) {
	for end := time.Now().Add(most); time.Now().Before(end) && ctx.Err() == nil; {
		busy, all, ok := processors()
		if !ok {
			return
		}
		time.Sleep(400 * time.Millisecond)
		if busy2, all2, _ := processors(); float64(busy2-busy) <= 0.1*float64(all2-all) {
			return
		}
	}
}

// typical gives the run of median time among those that were not disturbed, or the least disturbed one, and how many it was taken from.
func typical(runs []usage) (usage, int) {
	calm := slices.DeleteFunc(slices.Clone(runs), func(u usage) bool { return u.Others > disturbed })
	if len(calm) == 0 {
		return slices.MinFunc(runs, func(a, b usage) int { return cmp.Compare(a.Others, b.Others) }), 1
	}
	slices.SortFunc(calm, func(a, b usage) int { return cmp.Compare(a.Wall, b.Wall) })
	return calm[(len(calm)-1)/2], len(calm)
}

// copyFile copies a file and has it written to the disk, so that the program which is measured next does not pay for it.
func copyFile(to, from string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer source.Close()
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, source)
	return errors.Join(err, f.Sync(), f.Close())
}

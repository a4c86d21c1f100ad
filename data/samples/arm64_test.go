package samples_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

var (
	printDigests = flag.Bool("digests", false, "print the digest of every table of the real cities, for a test of another processor to compare")
	allCities    = flag.Bool("all", false, "compare the largest city, too: minutes under emulation")
)

// digestLine begins the lines of TestDigests among whatever else a test prints.
const digestLine = "digest "

// TestDigests prints what TestSameTablesOnARM64 compares, where it is asked to.
func TestDigests(t *testing.T) {
	if !*printDigests {
		t.Skip("only with -digests")
	}
	for _, c := range realCities(t, *allCities) {
		for _, d := range c.digests(t, 2) {
			fmt.Println(digestLine + d)
		}
	}
}

// A bureau's server and a planner's laptop need not have the same processor: the tables of real cities, geometry and all, have the same bytes when
// they are computed by code for arm64. All three cities: go test ./data/samples -run ARM64 -all -timeout 60m.
func TestSameTablesOnARM64(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute under emulation")
	}
	if runtime.GOARCH == "arm64" {
		t.Skip("this is arm64: the other side of the comparison is amd64")
	}
	emulator, err := exec.LookPath("qemu-aarch64")
	if err != nil {
		t.Skip("qemu-aarch64 is not installed (Debian package qemu-user): nothing to run arm64 code with")
	}
	gotool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command: nothing to build arm64 code with")
	}
	var want []string
	for _, c := range realCities(t, *allCities) {
		want = append(want, c.digests(t, 1)...)
	}

	binary := filepath.Join(t.TempDir(), "samples.test")
	build := exec.CommandContext(t.Context(), gotool, "test", "-c", "-o", binary, ".")
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building for arm64: %v\n%s", err, out)
	}
	var stdout, stderr bytes.Buffer
	emulated := exec.CommandContext(t.Context(), emulator, binary, "-test.run", "^TestDigests$", "-test.timeout", "0", "-digests", fmt.Sprintf("-all=%t", *allCities))
	emulated.Stdout, emulated.Stderr = &stdout, &stderr
	if err := emulated.Run(); err != nil {
		t.Fatalf("on arm64: %v\n%s%s", err, stdout.String(), stderr.String())
	}
	var got []string
	for line := range strings.Lines(stdout.String()) {
		if d, ok := strings.CutPrefix(line, digestLine); ok {
			got = append(got, strings.TrimSpace(d))
		}
	}
	if len(got) != len(want) || len(want) < 12 {
		t.Fatalf("%d tables on arm64, %d here", len(got), len(want))
	}
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("not so on arm64: %s", w)
		}
	}
	t.Logf("%d tables are the same bytes on arm64", len(want))
}

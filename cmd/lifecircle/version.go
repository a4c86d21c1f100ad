package main

import (
	"fmt"
	"runtime/debug"

	"lifecircle/coverage"
)

// release is the version of the program.
const release = "0.1.0"

func version() string {
	v := release
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				v += "+" + s.Value[:12]
			}
		}
	}
	return v
}

type versionCmd struct{}

func (versionCmd) Run(a *app) error {
	if a.JSON {
		return a.print(map[string]string{"version": version(), "algorithm": coverage.AlgorithmVersion})
	}
	_, err := fmt.Fprintln(a.stdout, "lifecircle", version())
	return err
}

//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
)

// peak gives the largest resident set of a process that has ended, in bytes. Linux counts what the parent held when it started the
// process, too: whoever measures must be small.
func peak(p *os.ProcessState) int64 {
	u, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return int64(u.Maxrss)
	}
	return int64(u.Maxrss) << 10
}

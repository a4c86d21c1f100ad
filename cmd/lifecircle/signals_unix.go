//go:build unix

package main

import (
	"os/signal"
	"syscall"
)

// ignoreFileSize has a file that reaches the user's limit (ulimit -f) end in an error that names it, where the system would end the
// program.
func ignoreFileSize() { signal.Ignore(syscall.SIGXFSZ) }

//go:build unix

package batch

import (
	"errors"
	"os"
	"syscall"
)

// lock takes the lock of a folder of results for this process; it is let go when the process ends, however that is. ok is false if
// another process has it. File systems without locks are not locked.
func lock(f *os.File) (ok bool) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	return !errors.Is(err, syscall.EWOULDBLOCK)
}

func isInvalid(err error) bool { return errors.Is(err, syscall.EINVAL) }

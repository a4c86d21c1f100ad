//go:build !unix

package batch

import "os"

// lock does nothing where the system has no such locks.
func lock(*os.File) (ok bool) { return true }

// isInvalid: a folder cannot be opened for syncing there.
func isInvalid(err error) bool { return err != nil }

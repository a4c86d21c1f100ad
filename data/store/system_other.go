//go:build !linux

package store

import (
	"os"
	"path/filepath"
	"strings"
)

// folderWritable tells whether a file can be made beside another: SQLite needs its journal there.
func folderWritable(path string) bool {
	f, err := os.CreateTemp(filepath.Dir(path), ".lifecircle.*.tmp")
	if err != nil {
		return false
	}
	f.Close()
	return os.Remove(f.Name()) == nil
}

// onNetwork tells whether a file lies on a drive that other machines share: here, a Windows path to one.
func onNetwork(path string) bool {
	return strings.HasPrefix(filepath.ToSlash(path), "//")
}

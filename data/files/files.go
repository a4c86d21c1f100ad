// Package files writes files that are there whole or not at all, whenever the program or the machine stops.
package files

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unicode/utf8"
)

// File is a file that is being written, under a temporary name beside its own.
type File struct {
	*os.File
	path string
}

// Create begins a file; its folder must be there. What the temporary name looks like IsTemporary knows.
func Create(path string) (*File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), temporary(filepath.Base(path))+"*")
	if err != nil {
		return nil, err
	}
	return &File{f, path}, nil
}

// Finish writes a file through to the disk and gives it its name, in the place of an older one; with an error, of its writer or its own, it
// removes it and gives the error. The name is durable once SyncFolder was called.
func (f *File) Finish(err error) error {
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(f.Name(), f.path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// Write writes a file, buffered, from Create to Finish, and gives its size. A panic of the writer leaves nothing behind either.
func Write(path string, to func(io.Writer) error) (n int64, err error) {
	f, err := Create(path)
	if err != nil {
		return 0, err
	}
	err = errors.New("the writer panicked")
	defer func() { err = f.Finish(err) }()
	b := bufio.NewWriterSize(f, 1<<16)
	if err = to(b); err == nil {
		err = b.Flush()
	}
	if err == nil {
		n, err = f.Seek(0, io.SeekCurrent)
	}
	return n, err
}

// SyncFolder makes the names in a folder durable, where the system can.
func SyncFolder(folder string) error {
	d, err := os.Open(folder)
	if err == nil {
		err = errors.Join(d.Sync(), d.Close())
	}
	for _, cannot := range []error{errors.ErrUnsupported, os.ErrPermission, syscall.EINVAL} { // Windows; file systems without it
		if errors.Is(err, cannot) {
			return nil
		}
	}
	return err
}

// maxBase bounds what of a name stands in its temporary one: systems take 255 bytes.
const maxBase = 200

// temporary is what temporary names of a file begin with.
func temporary(base string) string {
	for len(base) > maxBase {
		_, size := utf8.DecodeLastRuneInString(base)
		base = base[:len(base)-size]
	}
	return ".lifecircle-" + base + "-"
}

// IsTemporary tells whether a name is what a process that was killed left of a file of the name base.
func IsTemporary(name, base string) bool {
	number, ok := strings.CutPrefix(name, temporary(base))
	return ok && number != "" && strings.Trim(number, "0123456789") == ""
}

package store

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"syscall"

	sqlite3 "github.com/mattn/go-sqlite3"

	"lifecircle/coverage"
)

// explain turns an error of SQLite or the file system into one that a person can act on. Errors
// that are so already, and cancellation, pass as they are.
func explain(file string, err error) error {
	if err == nil {
		return nil
	}
	var known *coverage.Error
	if errors.As(err, &known) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		if known != nil && known.Code == coverage.Refused && known.File == "" {
			known.File = file // damage is found far from where the file's name is known
		}
		return err
	}
	e := &coverage.Error{Code: coverage.Internal, File: file, Err: err,
		Text: coverage.Text{Zh: "项目文件出错: " + err.Error(), En: "the project file failed: " + err.Error()}}
	var sq sqlite3.Error
	var number syscall.Errno
	switch {
	case errors.As(err, &sq):
		explainSQLite(e, sq)
	case strings.HasPrefix(err.Error(), "sql: Scan error"): // a cell holds what we never write
		damagedError(e)
	case errors.As(err, &number) && noRoom(number):
		noRoomError(e, number)
	case errors.Is(err, fs.ErrNotExist):
		e.Code = coverage.NotFound
		e.Text = coverage.Text{Zh: "没有这个文件", En: "there is no such file"}
	case errors.Is(err, fs.ErrExist):
		e.Code = coverage.Conflict
		e.Text = coverage.Text{Zh: "文件已存在", En: "the file exists already"}
		e.Hint = coverage.Text{Zh: "请换一个文件名", En: "choose another name"}
	case errors.Is(err, fs.ErrPermission):
		e.Code = coverage.Unavailable
		e.Text = coverage.Text{Zh: "没有权限: " + err.Error(), En: "not permitted: " + err.Error()}
	}
	var path *fs.PathError
	if e.Code == coverage.Internal && errors.As(err, &path) {
		e.Code = coverage.Unavailable
	}
	return e
}

func explainSQLite(e *coverage.Error, sq sqlite3.Error) {
	switch sq.Code {
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		e.Code = coverage.Unavailable
		e.Text = coverage.Text{Zh: "文件被另一个程序锁定", En: "the file is locked by another program"}
		e.Hint = coverage.Text{Zh: "请在那里结束编辑（或等导入结束）后重试", En: "end the editing there and try again, or once an import there has ended"}
	case sqlite3.ErrFull:
		noRoomError(e, syscall.ENOSPC)
	case sqlite3.ErrReadonly, sqlite3.ErrPerm, sqlite3.ErrAuth:
		*e = *readOnlyError(e.File)
		e.Err = sq
	case sqlite3.ErrCantOpen, sqlite3.ErrIoErr, sqlite3.ErrNomem, sqlite3.ErrProtocol:
		e.Code = coverage.Unavailable
		e.Text = coverage.Text{Zh: "无法读写文件: " + sq.Error(), En: "the file cannot be read or written: " + sq.Error()}
		if noRoom(sq.SystemErrno) {
			noRoomError(e, sq.SystemErrno)
		}
	case sqlite3.ErrNotADB, sqlite3.ErrCorrupt:
		damagedError(e)
	case sqlite3.ErrError:
		// Our tables and columns are always there, unless somebody or something changed the schema.
		for _, beginning := range []string{"no such table", "no such column", "no such index", "malformed database schema", "unsupported file format", "attached databases"} {
			if strings.HasPrefix(sq.Error(), beginning) {
				damagedError(e)
			}
		}
	}
}

func damagedError(e *coverage.Error) {
	e.Code = coverage.Refused
	e.Text = coverage.Text{Zh: "文件已损坏或不是数据库", En: "the file is damaged, or no database"}
	e.Hint = coverage.Text{Zh: "请使用备份", En: "use a backup of it"}
}

// noRoom tells whether an error of the system says that nothing more can be written.
func noRoom(n syscall.Errno) bool {
	return n == syscall.ENOSPC || n == syscall.EDQUOT || n == syscall.EFBIG
}

func noRoomError(e *coverage.Error, n syscall.Errno) {
	e.Code = coverage.Unavailable
	e.Text = coverage.Text{Zh: "磁盘已满，没有写入任何内容", En: "the disk is full, nothing was written"}
	e.Hint = coverage.Text{Zh: "请腾出空间后重试", En: "make room and try again"}
	if n != syscall.ENOSPC {
		e.Text = coverage.Text{Zh: "超出配额或文件大小限制，没有写入任何内容", En: "a quota or limit of file size is reached, nothing was written"}
		e.Hint = coverage.Text{Zh: "请提高限额或腾出空间后重试", En: "raise it or make room, and try again"}
	}
}

func readOnlyError(file string) *coverage.Error {
	return &coverage.Error{Code: coverage.Unavailable, File: file,
		Text: coverage.Text{Zh: "文件以只读方式打开", En: "the file is open for reading only"},
		Hint: coverage.Text{Zh: "请检查文件及其文件夹的权限，或复制后使用副本", En: "check the permissions of the file and its folder, or work on a copy"}}
}

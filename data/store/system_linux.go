package store

import (
	"path/filepath"
	"syscall"
)

// folderWritable tells whether a file can be made beside another: SQLite needs its journal there.
func folderWritable(path string) bool {
	const writeAndEnter = 2 | 1
	return syscall.Access(filepath.Dir(path), writeAndEnter) == nil
}

// onNetwork tells whether a file lies on a drive that other machines share, by the magic number of its file system
// (statfs(2)): NFS, SMB, CIFS, AFS, Coda, Ceph, 9P, GFS2, OCFS2, FUSE (sshfs, cloud drives).
func onNetwork(path string) bool {
	var s syscall.Statfs_t
	if syscall.Statfs(path, &s) != nil {
		return false
	}
	switch uint32(s.Type) {
	case 0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x5346414f, 0x73757245, 0x00c36400, 0x01021997, 0x01161970, 0x7461636f, 0x65735546:
		return true
	}
	return false
}

package reports

// FolderOf and Ours are open to tests.
var (
	FolderOf = folderOf
	Ours     = ours
)

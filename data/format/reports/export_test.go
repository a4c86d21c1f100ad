package reports

// FolderOf is open to tests.
var FolderOf = folderOf

package mariadb

import "syscall"

// free returns how many bytes can be written below path, 0 when unknown.
func free(path string) uint64 {
	var stat syscall.Statfs_t
	if syscall.Statfs(path, &stat) != nil {
		return 0
	}
	return stat.Bavail * uint64(stat.Bsize)
}

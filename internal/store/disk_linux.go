package store

import (
	"io/fs"
	"os"
	"syscall"
)

func (osDisk) Remove(name string) error {
	if err := syscall.Unlink(name); err != nil {
		return &fs.PathError{Op: "unlink", Path: name, Err: err}
	}
	return nil
}

type osFile struct{ *os.File }

// writeOut makes sync_file_range start to write dirty pages, without waiting.
const writeOut = 2 // SYNC_FILE_RANGE_WRITE

// Write also asks the kernel to begin writing to the disk: by the time Sync is
// called for the first of several files, the others are under way.
func (f osFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	if err == nil {
		_ = syscall.SyncFileRange(int(f.Fd()), 0, 0, writeOut) // a hint; Sync tells
	}
	return n, err
}

// Sync is fdatasync, which includes the size of a file that grew.
func (f osFile) Sync() error {
	for {
		err := syscall.Fdatasync(int(f.Fd()))
		if err == nil {
			return nil
		}
		if err != syscall.EINTR {
			return &fs.PathError{Op: "fdatasync", Path: f.Name(), Err: err}
		}
	}
}

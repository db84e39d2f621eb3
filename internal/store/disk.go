package store

import (
	"errors"
	"io/fs"
	"os"
)

// A Disk is what the store does with files beside SQLite. Its methods are safe
// for concurrent use. Errors are recognisable by errors.Is: fs.ErrExist,
// fs.ErrNotExist, syscall.ENOSPC and so on.
type Disk interface {
	// Mkdir makes a directory whose parent exists, or fails with fs.ErrExist.
	Mkdir(name string) error

	// Create makes a new file, or fails with fs.ErrExist.
	Create(name string) (File, error)

	// Rmdir removes an empty directory, or fails with fs.ErrNotExist.
	Rmdir(name string) error

	// Remove removes a file, or fails with fs.ErrNotExist.
	Remove(name string) error

	// Rename gives a file another name.
	Rename(from, to string) error

	// SyncDir makes durable which names are in a directory.
	SyncDir(name string) error

	// ReadDir returns the names in a directory, sorted.
	ReadDir(name string) ([]string, error)

	// Exists reports whether something has the name.
	Exists(name string) (bool, error)
}

// A File is a new file that is being written from its start. Sync makes its
// content and its size durable; what Write wrote may be on its way to the disk
// before that.
type File = interface {
	Write(p []byte) (int, error)
	Sync() error
	Close() error
}

// OS is the operating system's disk.
var OS Disk = osDisk{}

type osDisk struct{}

func (osDisk) Mkdir(name string) error { return os.Mkdir(name, 0o700) }

func (osDisk) Rmdir(name string) error { return os.Remove(name) }

func (osDisk) Create(name string) (File, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (osDisk) Rename(from, to string) error { return os.Rename(from, to) }

func (osDisk) SyncDir(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (osDisk) ReadDir(name string) ([]string, error) {
	entries, err := os.ReadDir(name)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, err
}

func (osDisk) Exists(name string) (bool, error) {
	_, err := os.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

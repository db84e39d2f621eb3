// Package datadir knows the layout of a data directory and who holds it.
//
//	DATA_DIR/            0700
//	  LOCK               held by flock; says who holds it and where he answers
//	  ledger.db          registry, journal and API keys
//	  objects/           one SQLite file per object
//	  quarantine/        files that failed their check
//	  secrets/admin.key  0600, the first key
//
// One process at a time holds a directory. The package opens no database.
package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A Dir is the path of a data directory. It says where things are; only Make
// touches the disk.
type Dir string

// Ledger is the central database.
func (d Dir) Ledger() string { return filepath.Join(string(d), "ledger.db") }

// Objects is the directory under which every object has its file.
func (d Dir) Objects() string { return filepath.Join(string(d), "objects") }

// Quarantine is where files go that failed their check.
func (d Dir) Quarantine() string { return filepath.Join(string(d), "quarantine") }

// Secrets is the directory of what must never be in a backup.
func (d Dir) Secrets() string { return filepath.Join(string(d), "secrets") }

// AdminKey is the file of the key made at the first start.
func (d Dir) AdminKey() string { return filepath.Join(d.Secrets(), "admin.key") }

// LockFile is the file that whoever uses the directory holds.
func (d Dir) LockFile() string { return filepath.Join(string(d), "LOCK") }

// Exists reports whether there is a data directory: a ledger or a lock.
func (d Dir) Exists() bool {
	return exists(d.Ledger()) || exists(d.LockFile())
}

// Make makes the directory, for its owner alone. One that is there is closed to
// others; it must be a data directory or empty, so that a mistyped path never
// changes what belongs to somebody else.
func (d Dir) Make() error {
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return fmt.Errorf("datadir: make %s: %w", d, err)
	}
	if err := d.ours(); err != nil {
		return err
	}
	info, err := os.Stat(string(d))
	if err != nil {
		return fmt.Errorf("datadir: %w", err)
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	if err := os.Chmod(string(d), 0o700); err != nil {
		return fmt.Errorf("datadir: %s is open to others (%v) and cannot be closed: %w", d, info.Mode().Perm(), err)
	}
	return nil
}

// ours refuses a directory that holds something, but no data of ours.
func (d Dir) ours() error {
	if d.Exists() {
		return nil
	}
	entries, err := os.ReadDir(string(d))
	if err != nil {
		return fmt.Errorf("datadir: read %s: %w", d, err)
	}
	for _, e := range entries {
		if e.Name() != "lost+found" {
			return fmt.Errorf("datadir: %s is not a data directory, it holds %q: choose an empty or a new one", d, e.Name())
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

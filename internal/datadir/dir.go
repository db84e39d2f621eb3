// Package datadir knows the layout of a data directory and who holds it.
//
//	DATA_DIR/            0700
//	  LOCK               held by flock; says who holds it and where he answers
//	  ledger.db          registry, journal and API keys
//	  objects/           one SQLite file per object
//	  quarantine/        files that failed their check
//	  RESTORING          while it is made of a backup; it is worthless until then
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

// BackupLedger is the name of the ledger in a backup: another one than in a data
// directory, so that nobody takes the one for the other.
const BackupLedger = "ledger-copy.db"

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

// Restoring is the mark of a restore that has not ended.
func (d Dir) Restoring() string { return filepath.Join(string(d), "RESTORING") }

// LockFile is the file that whoever uses the directory holds.
func (d Dir) LockFile() string { return filepath.Join(string(d), "LOCK") }

// Exists reports whether there is a data directory: a ledger or a lock.
func (d Dir) Exists() bool {
	return exists(d.Ledger()) || exists(d.LockFile())
}

// HasLedger reports whether there is a ledger.
func (d Dir) HasLedger() bool { return exists(d.Ledger()) }

// ErrNoLedger: there are files of objects, and no ledger that knows them.
var ErrNoLedger = errors.New("it has files of tasks, but its ledger.db is missing")

// Make makes the directory, for its owner alone. One that is there is closed to
// others; it must be a data directory or empty, so that a mistyped path never
// changes what belongs to somebody else. One that lost its ledger is ErrNoLedger:
// with a new one all its files would be strangers.
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
	if d.HasLedger() {
		return nil
	}
	if exists(filepath.Join(string(d), BackupLedger)) {
		return fmt.Errorf("datadir: %s is a backup: make a data directory of it with spectralnotify restore", d)
	}
	if files, _ := os.ReadDir(d.Objects()); len(files) > 0 {
		return fmt.Errorf("datadir: %s: %w", d, ErrNoLedger)
	}
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

// Fresh fails unless there is nothing in the directory yet, but for its lock.
func (d Dir) Fresh() error {
	entries, err := os.ReadDir(string(d))
	if err != nil {
		return fmt.Errorf("datadir: read %s: %w", d, err)
	}
	for _, e := range entries {
		if e.Name() != "lost+found" && e.Name() != filepath.Base(d.LockFile()) {
			return fmt.Errorf("datadir: %s holds %q: %w", d, e.Name(), fs.ErrExist)
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
)

// directories makes names durable: a file is only as durable as its own name and
// those of the directories above it.
//
// A sync that failed may have dropped what it should have written, so that the
// next one succeeds and proves nothing. Whoever has changed a name in a directory
// since the last good sync is therefore told, once a sync of it has failed, and
// must change the name again.
type directories struct {
	disk Disk
	root string // exists, and is durable by its owner's doing

	// naive takes a good sync for one whatever failed before; only tests set it.
	naive bool

	mu    sync.Mutex
	names map[string]*names // :: directory → the state of what is in it

	making sync.Mutex
	made   map[string]bool // :: directory → true: its name is durable by this process's doing; false: in doubt
}

// names is the state of the names in one directory.
type names struct {
	mu    sync.Mutex // held while the directory is synced
	began int64      // syncs so far
	good  int64      // the last of them that was good

	state  sync.Mutex // for what follows, and began
	failed int64      // syncs that failed
}

func newDirectories(disk Disk, root string) *directories {
	return &directories{disk: disk, root: root, names: map[string]*names{}, made: map[string]bool{}}
}

func (d *directories) of(dir string) *names {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.names[dir]
	if n == nil {
		n = &names{}
		d.names[dir] = n
	}
	return n
}

// failures returns how many syncs of a directory have failed. It is to be read
// before a name in it is changed, for sync.
func (d *directories) failures(dir string) int64 {
	n := d.of(dir)
	n.state.Lock()
	defer n.state.Unlock()
	if d.naive {
		return 0
	}
	return n.failed
}

// fail notes that a sync of a directory failed, by whomever.
func (d *directories) fail(dir string) {
	n := d.of(dir)
	n.state.Lock()
	defer n.state.Unlock()
	n.failed++
}

// sync makes the names in a directory durable that were changed before the call
// and after failures returned failed. Callers at the same time share a sync.
func (d *directories) sync(dir string, failed int64) error {
	n := d.of(dir)
	n.state.Lock()
	want := n.began + 1 // the first that begins from now on
	n.state.Unlock()

	n.mu.Lock()
	defer n.mu.Unlock()
	if n.good < want {
		n.state.Lock()
		n.began++
		this := n.began
		n.state.Unlock()
		if err := d.disk.SyncDir(dir); err != nil {
			d.fail(dir)
			return fmt.Errorf("store: sync directory: %w", err)
		}
		n.good = this
	}
	if d.failures(dir) != failed {
		return fmt.Errorf("store: sync directory %s: a sync by someone else has failed meanwhile", dir)
	}
	return nil
}

// ensure makes a directory below root, and the names of it and of all up to root
// durable. That a directory exists proves nothing: who made it may have been
// killed before the parent was synced.
func (d *directories) ensure(dir string) error {
	d.making.Lock()
	defer d.making.Unlock()
	return d.up(dir)
}

func (d *directories) up(dir string) error {
	if d.made[dir] || dir == d.root {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent == dir {
		return fmt.Errorf("store: %s is not below %s", dir, d.root)
	}
	if err := d.up(parent); err != nil {
		return err
	}
	return d.add(dir, parent)
}

// forget lets the next ensure make a directory again, since it is gone.
func (d *directories) forget(dir string) {
	d.making.Lock()
	defer d.making.Unlock()
	delete(d.made, dir)
}

// add makes a directory and its name durable. If the sync of the parent failed
// before, the directory is taken away first, so that making it is a change.
func (d *directories) add(dir, parent string) error {
	if _, doubt := d.made[dir]; doubt && !d.naive {
		if err := d.redo(dir); err != nil {
			return err
		}
	}
	failed := d.failures(parent)
	if err := d.disk.Mkdir(dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("store: make directory: %w", err)
	}
	if err := d.sync(parent, failed); err != nil {
		d.made[dir] = false
		return err
	}
	d.made[dir] = true
	return nil
}

// redo removes a directory that is to be made again. One that has files, or had
// some before this process, stays: another name beside it is changed, and the
// parent, which is small, is written with all its names.
func (d *directories) redo(dir string) error {
	err := d.disk.Rmdir(dir)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	beside := dir + "-sync"
	if err := d.disk.Mkdir(beside); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("store: make directory: %w", err)
	}
	if err := d.disk.Rmdir(beside); err != nil {
		return fmt.Errorf("store: remove directory: %w", err)
	}
	return nil
}

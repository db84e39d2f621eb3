package store

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"sync"
)

// directories makes directories durable: a file is only as durable as the names
// above it. That a directory exists proves nothing; the process that made it may
// have been killed before it synced the parent.
type directories struct {
	disk Disk
	root string // exists, and is durable by its owner's doing

	mu    sync.Mutex
	known map[string]bool // :: directory → this process made its name durable
}

// ensure makes a directory below root, and the names of it and of all up to root
// durable.
func (d *directories) ensure(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.up(dir)
}

func (d *directories) up(dir string) error {
	if d.known[dir] || dir == d.root {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent == dir {
		return fmt.Errorf("store: %s is not below %s", dir, d.root)
	}
	if err := d.up(parent); err != nil {
		return err
	}
	if err := d.disk.Mkdir(dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("store: make directory: %w", err)
	}
	if err := d.disk.SyncDir(parent); err != nil {
		return fmt.Errorf("store: sync directory: %w", err)
	}
	d.known[dir] = true
	return nil
}

package powerfail

import (
	"io/fs"
	"maps"
	"slices"
	"syscall"
)

// File is a new file that is being written from its start.
type File = interface {
	Write(p []byte) (int, error)
	Sync() error
	Close() error
}

// Mkdir makes a directory; its parent must exist. It fails with fs.ErrExist if
// there is something of that name.
func (d *Disk) Mkdir(name string) error {
	_, err := d.make("mkdir", name, newDir())
	return err
}

// Create makes a new file; its directory must exist. It fails with fs.ErrExist
// if there is something of that name.
func (d *Disk) Create(name string) (File, error) {
	h, err := d.make("create", name, &node{})
	if err != nil {
		return nil, err
	}
	return &stream{handle: h}, nil
}

func (d *Disk) make(op, name string, n *node) (handle, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	dir, base := d.parent(name)
	var err error
	switch {
	case dir == nil:
		err = fs.ErrNotExist
	case dir.live[base] != nil:
		err = fs.ErrExist
	case !n.isDir() && d.opens(name) != nil:
		err = syscall.EMFILE
	default:
		err = d.step(grows, op, name)
	}
	if err != nil {
		return handle{}, &fs.PathError{Op: op, Path: name, Err: err}
	}
	d.link(dir, base, n)
	return handle{d: d, n: n, name: name, life: d.life}, nil
}

// Remove removes a file. It fails with fs.ErrNotExist if there is none.
func (d *Disk) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	dir, base := d.parent(name)
	var err error
	switch {
	case dir == nil || dir.live[base] == nil:
		err = fs.ErrNotExist
	case dir.live[base].isDir():
		err = syscall.EISDIR
	default:
		err = d.step(changes, "remove", name)
	}
	if err != nil {
		return &fs.PathError{Op: "remove", Path: name, Err: err}
	}
	d.link(dir, base, nil)
	return nil
}

// Rmdir removes an empty directory. It fails with fs.ErrNotExist if there is none.
func (d *Disk) Rmdir(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	dir, base := d.parent(name)
	var err error
	switch {
	case dir == nil || dir.live[base] == nil:
		err = fs.ErrNotExist
	case !dir.live[base].isDir():
		err = syscall.ENOTDIR
	case len(dir.live[base].live) > 0:
		err = syscall.ENOTEMPTY
	default:
		err = d.step(changes, "rmdir", name)
	}
	if err != nil {
		return &fs.PathError{Op: "rmdir", Path: name, Err: err}
	}
	d.link(dir, base, nil)
	return nil
}

// Rename gives a file or directory another name. It takes a sync of both
// directories to make that durable, and they may survive apart. What had the
// new name has it no more.
func (d *Disk) Rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	src, was := d.parent(from)
	dst, is := d.parent(to)
	err := error(fs.ErrNotExist)
	if src != nil && dst != nil && src.live[was] != nil {
		err = d.step(changes, "rename", from)
	}
	if err != nil {
		return &fs.PathError{Op: "rename", Path: from, Err: err}
	}
	n := src.live[was]
	d.link(src, was, nil)
	d.link(dst, is, n)
	return nil
}

// SyncDir makes the names of a directory durable; not the directory's own name,
// which is its parent's.
func (d *Disk) SyncDir(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.find(name)
	if n == nil || !n.isDir() {
		return &fs.PathError{Op: "sync", Path: name, Err: fs.ErrNotExist}
	}
	return d.syncNames(n, name)
}

// ReadDir returns the names in a directory, sorted.
func (d *Disk) ReadDir(name string) ([]string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.find(name)
	if n == nil || !n.isDir() {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	if err := d.opens(name); err != nil {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: err}
	}
	return slices.Sorted(maps.Keys(n.live)), nil
}

// Exists reports whether something has the name.
func (d *Disk) Exists(name string) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.find(name) != nil, nil
}

// A handle is an open file.
type handle struct {
	d    *Disk
	n    *node
	name string
	life int
	temp bool // without a name; no fault meets it
}

// write changes the file; the caller holds the lock.
func (h *handle) write(c change) error {
	if h.temp {
		h.n.cur = c.to(h.n.cur)
		return nil
	}
	what, e, end := "truncate", changes, c.off
	if c.data != nil {
		what, end = "write", c.off+int64(len(c.data))
	}
	if end > int64(len(h.n.cur)) {
		e = grows
	}
	if err := h.alive(); err != nil {
		return err
	}
	if err := h.d.step(e, what, h.name); err != nil {
		return err
	}
	h.n.apply(c)
	return nil
}

func (h *handle) sync() error {
	if h.temp {
		return nil
	}
	if err := h.alive(); err != nil {
		return err
	}
	return h.d.syncNode(h.n, h.name)
}

// alive fails for a file that a killed process had open.
func (h *handle) alive() error {
	if h.life != h.d.life {
		return syscall.EBADF
	}
	return nil
}

// A stream is a file that is written from its start.
type stream struct {
	handle
	off int64
}

func (s *stream) Write(p []byte) (int, error) {
	s.d.mu.Lock()
	defer s.d.mu.Unlock()
	if err := s.write(change{s.off, append([]byte{}, p...)}); err != nil {
		return 0, &fs.PathError{Op: "write", Path: s.name, Err: err}
	}
	s.off += int64(len(p))
	return len(p), nil
}

func (s *stream) Sync() error {
	s.d.mu.Lock()
	defer s.d.mu.Unlock()
	if err := s.sync(); err != nil {
		return &fs.PathError{Op: "sync", Path: s.name, Err: err}
	}
	return nil
}

func (s *stream) Close() error { return nil }

package powerfail

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/ncruces/go-sqlite3/vfs"
)

// A Config describes a Disk. The zero value is a strict disk without WAL
// shared memory.
type Config struct {
	// Dirs exist from the start, durably, with all their parents.
	Dirs []string

	// ShmDir is a real directory for the WAL indexes of databases; without it
	// WAL databases need locking_mode=EXCLUSIVE.
	ShmDir string

	// LaxDir makes a new or removed name durable at once. Otherwise it takes a
	// sync of its directory.
	LaxDir bool

	// Lies reports whether a sync of that file or directory does nothing and
	// says it did. Nil never lies.
	Lies func(name string) bool
}

// A Disk is a tree of directories and files in memory. Its names are absolute
// slash-separated paths. It is safe for concurrent use.
type Disk struct {
	cfg Config

	mu    sync.Mutex
	root  *node
	life  int // counts restarts; files opened in an earlier life are dead
	fault Fault
	at    int // operation from which on the fault happens
	ops   int
	hit   string
	lost  bool   // a sync of a directory failed and dropped its changes
	vfs   string // name it is registered under; empty if it is not
}

// New returns a disk with the directories of the configuration on it.
func New(cfg Config) *Disk {
	d := &Disk{cfg: cfg, root: newDir()}
	for _, name := range cfg.Dirs {
		at := d.root
		for _, part := range split(name) {
			if at.live[part] == nil {
				at.put(part, newDir())
				at.sync()
			}
			at = at.live[part]
		}
	}
	return d
}

// Restart is kill -9 of every process, and the end of the fault: locks and WAL
// indexes are gone, all that was written is seen, whether durable or not. Files
// that were open fail from now on.
func (d *Disk) Restart() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.life++
	d.fault = NoFault
	d.root.unlock()
}

// Files returns the names of all files as the processes see them, sorted.
func (d *Disk) Files() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.root.files("")
}

// ReadFile returns the content of a file as the processes see it.
func (d *Disk) ReadFile(name string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.find(name)
	if n == nil || n.isDir() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	return append([]byte(nil), n.cur...), nil
}

// Damage flips one bit of a file, durably: what a failing medium does.
func (d *Disk) Damage(name string, bit int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.find(name)
	if n == nil || n.isDir() || bit/8 >= int64(len(n.cur)) {
		return &fs.PathError{Op: "damage", Path: name, Err: fs.ErrNotExist}
	}
	for _, img := range [][]byte{n.cur, n.durable} {
		if bit/8 < int64(len(img)) {
			img[bit/8] ^= 1 << (bit % 8)
		}
	}
	return nil
}

// find returns what has the name, or nil.
func (d *Disk) find(name string) *node {
	at := d.root
	for _, part := range split(name) {
		if at == nil || !at.isDir() {
			return nil
		}
		at = at.live[part]
	}
	return at
}

// parent returns the directory a name is in, and the last part of the name; the
// directory is nil if it does not exist.
func (d *Disk) parent(name string) (*node, string) {
	dir := d.find(path.Dir(path.Clean(name)))
	if dir != nil && !dir.isDir() {
		dir = nil
	}
	return dir, path.Base(path.Clean(name))
}

// link changes a name of a directory: n has it now; nil removes it.
func (d *Disk) link(dir *node, base string, n *node) {
	dir.put(base, n)
	if d.cfg.LaxDir {
		dir.syncName(base)
	}
}

// syncNames makes the names in a directory durable, which is opened for it.
func (d *Disk) syncNames(dir *node, name string) error {
	if err := d.opens(name); err != nil {
		return err
	}
	return d.syncNode(dir, name)
}

// syncNode makes a file or a directory durable.
func (d *Disk) syncNode(n *node, name string) error {
	if err := d.step(syncs, "sync", name); err != nil {
		if d.forgets() {
			n.forget()
			d.lost = d.lost || n.isDir()
		}
		return err
	}
	if d.cfg.Lies != nil && d.cfg.Lies(name) {
		return nil
	}
	n.sync()
	return nil
}

// shm returns the WAL index of a database, or nil if there is none.
func (d *Disk) shm(name string, flags vfs.OpenFlag) vfs.SharedMemory {
	if d.cfg.ShmDir == "" {
		return nil
	}
	dir := filepath.Join(d.cfg.ShmDir, d.vfs+"-"+strconv.Itoa(d.life))
	if os.MkdirAll(dir, 0o700) != nil {
		return nil
	}
	return vfs.NewSharedMemory(filepath.Join(dir, strings.ReplaceAll(name, "/", "_")+"-shm"), flags)
}

func split(name string) []string {
	name = strings.Trim(path.Clean("/"+name), "/")
	if name == "" {
		return nil
	}
	return strings.Split(name, "/")
}

package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3/vfs"
)

// watched is the VFS below the store's connections. It remembers what the
// operating system said when an operation on a file failed: SQLite's own error
// tells a full disk from a broken one only sometimes.
type watched struct {
	vfs.VFS
	name string

	mu   sync.Mutex
	said map[string]error // :: database → the first failure since the last forget

	using  sync.RWMutex // held for reading while a connection is open
	closed bool
}

var errClosed = errors.New("store: it is closed")

var watchedMade atomic.Int64 // names are not used twice

// newWatched registers a VFS over a registered one; "" is the operating system's.
func newWatched(below string) (*watched, error) {
	base := vfs.Find(below)
	if base == nil {
		return nil, fmt.Errorf("store: no VFS is registered as %q", below)
	}
	w := &watched{VFS: base, name: fmt.Sprintf("store-%d", watchedMade.Add(1)), said: map[string]error{}}
	vfs.Register(w.name, w)
	return w, nil
}

// enter keeps the VFS registered until leave, which must follow if it returns nil.
func (w *watched) enter() error {
	w.using.RLock()
	if w.closed {
		w.using.RUnlock()
		return errClosed
	}
	return nil
}

func (w *watched) leave() { w.using.RUnlock() }

// close waits for the connections that are open.
func (w *watched) close() {
	w.using.Lock()
	defer w.using.Unlock()
	if !w.closed {
		w.closed = true
		vfs.Unregister(w.name)
	}
}

// note remembers a failure of an operation on a database or its journal.
func (w *watched) note(name string, err error) error {
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	database := strings.TrimSuffix(name, "-journal")
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.said[database] == nil {
		w.said[database] = err
	}
	return err
}

// explain adds to an error of SQLite's what the operating system said of that
// database, and forgets it.
func (w *watched) explain(database string, err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	said := w.said[database]
	delete(w.said, database)
	if err == nil || said == nil || errors.Is(err, said) {
		return err
	}
	return fmt.Errorf("%w: %w", err, said)
}

// Open implements vfs.VFS.
func (w *watched) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, flags, err := w.VFS.Open(name, flags)
	return w.watch(name, f, flags, err)
}

// OpenFilename implements vfs.VFSFilename.
func (w *watched) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	below, ok := w.VFS.(vfs.VFSFilename)
	if !ok {
		return w.Open(name.String(), flags)
	}
	f, flags, err := below.OpenFilename(name, flags)
	return w.watch(name.String(), f, flags, err)
}

func (w *watched) watch(name string, f vfs.File, flags vfs.OpenFlag, err error) (vfs.File, vfs.OpenFlag, error) {
	if err != nil {
		return nil, flags, w.note(name, err)
	}
	return &watchedFile{f, w, name}, flags, nil
}

type watchedFile struct {
	vfs.File
	w    *watched
	name string
}

func (f *watchedFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.File.ReadAt(p, off)
	return n, f.w.note(f.name, err)
}

func (f *watchedFile) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.File.WriteAt(p, off)
	return n, f.w.note(f.name, err)
}

func (f *watchedFile) Truncate(size int64) error { return f.w.note(f.name, f.File.Truncate(size)) }

func (f *watchedFile) Sync(flags vfs.SyncFlag) error { return f.w.note(f.name, f.File.Sync(flags)) }

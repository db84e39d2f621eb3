package store

import (
	"fmt"
	"io"
	"sync"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

// An image is a database file in memory whose bytes can be had and replaced
// between two transactions. One connection uses it, in one goroutine at a time;
// it takes no locks and has no journal.
type image struct {
	data []byte
}

const imageVFS = "spectralnotify-image"

// images are the open images: a VFS.
var images = &imageTable{open: map[string]*image{}}

var registerImages = sync.OnceFunc(func() { vfs.Register(imageVFS, images) })

type imageTable struct {
	mu   sync.Mutex
	made int
	open map[string]*image // :: name → its only image
}

// add makes an image known and returns the name to open it by.
func (t *imageTable) add(m *image) string {
	registerImages()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.made++
	name := fmt.Sprintf("image-%d", t.made)
	t.open[name] = m
	return name
}

func (t *imageTable) drop(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, name)
}

func (t *imageTable) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	if name == "" {
		return &image{}, flags | vfs.OPEN_MEMORY, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.open[name]
	if m == nil || flags&vfs.OPEN_MAIN_DB == 0 {
		return nil, flags, sqlite3.CANTOPEN
	}
	return m, flags | vfs.OPEN_MEMORY, nil
}

func (t *imageTable) Delete(string, bool) error                      { return sqlite3.IOERR_DELETE_NOENT }
func (t *imageTable) Access(string, vfs.AccessFlag) (bool, error)    { return false, nil }
func (t *imageTable) FullPathname(name string) (string, error)       { return name, nil }
func (m *image) Close() error                                        { return nil }
func (m *image) Sync(vfs.SyncFlag) error                             { return nil }
func (m *image) Size() (int64, error)                                { return int64(len(m.data)), nil }
func (m *image) Lock(vfs.LockLevel) error                            { return nil }
func (m *image) Unlock(vfs.LockLevel) error                          { return nil }
func (m *image) CheckReservedLock() (bool, error)                    { return false, nil }
func (m *image) SectorSize() int                                     { return 512 }
func (m *image) DeviceCharacteristics() (c vfs.DeviceCharacteristic) { return c }

func (m *image) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(m.data)) {
		return 0, io.EOF
	}
	n := copy(p, m.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (m *image) WriteAt(p []byte, off int64) (int, error) {
	m.grow(off + int64(len(p)))
	return copy(m.data[off:], p), nil
}

func (m *image) Truncate(size int64) error {
	m.grow(size)
	m.data = m.data[:size]
	return nil
}

func (m *image) grow(size int64) {
	if more := size - int64(len(m.data)); more > 0 {
		m.data = append(m.data, make([]byte, more)...)
	}
}

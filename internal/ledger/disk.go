package ledger

import (
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

// disk is the VFS below a ledger's connections. It adds three things to the one
// below it: the many small writes of a commit reach the -wal as one, a page that
// is read from the -wal is checked, and a write that found no room is remembered,
// because SQLite's error does not tell it from others.
type disk struct {
	vfs.VFS
	name string

	noRoom atomic.Bool // a write failed for want of room since it was last cleared
}

var disks atomic.Int64 // that were ever registered: names are not used twice

// newDisk registers a disk over a registered VFS; empty is the operating system.
func newDisk(below string) (*disk, error) {
	base := vfs.Find(below)
	if base == nil {
		return nil, fmt.Errorf("ledger: no VFS is registered as %q", below)
	}
	d := &disk{VFS: base, name: fmt.Sprintf("ledger-%d", disks.Add(1))}
	vfs.Register(d.name, d)
	return d, nil
}

func (d *disk) unregister() { vfs.Unregister(d.name) }

// Open implements vfs.VFS.
func (d *disk) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, flags, err := d.VFS.Open(name, flags)
	return d.wrap(f, flags), flags, err
}

// OpenFilename implements vfs.VFSFilename.
func (d *disk) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	below, ok := d.VFS.(vfs.VFSFilename)
	if !ok {
		return d.Open(name.String(), flags)
	}
	f, flags, err := below.OpenFilename(name, flags)
	return d.wrap(f, flags), flags, err
}

func (d *disk) wrap(f vfs.File, flags vfs.OpenFlag) vfs.File {
	switch {
	case f == nil:
		return nil
	case flags&vfs.OPEN_WAL != 0:
		return &gatheringFile{File: f, disk: d}
	case flags&vfs.OPEN_MAIN_DB != 0:
		return &mainFile{File: f, disk: d}
	}
	return f
}

// note remembers a failure for want of room.
func (d *disk) note(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		d.noRoom.Store(true)
	}
	return err
}

// mainFile is the database itself.
type mainFile struct {
	vfs.File
	disk *disk
}

func (f *mainFile) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.File.WriteAt(p, off)
	return n, f.disk.note(err)
}

// SharedMemory implements vfs.FileSharedMemory.
func (f *mainFile) SharedMemory() vfs.SharedMemory {
	if below, ok := f.File.(vfs.FileSharedMemory); ok {
		return below.SharedMemory()
	}
	return nil
}

// SizeHint implements vfs.FileSizeHint.
func (f *mainFile) SizeHint(size int64) error {
	if below, ok := f.File.(vfs.FileSizeHint); ok {
		return f.disk.note(below.SizeHint(size))
	}
	return nil
}

// gatherLimit is how much a gatheringFile holds back.
const gatherLimit = 1 << 20

// gatheringFile is a -wal. It holds back writes that follow each other until
// they are synced or something else is done with the file: with synchronous=FULL
// nobody reads a frame before it was synced. What is read is checked.
type gatheringFile struct {
	vfs.File
	disk *disk
	held []byte
	at   int64 // where held begins

	frame []byte // of ReadAt
}

func (f *gatheringFile) WriteAt(p []byte, off int64) (int, error) {
	if len(f.held) > 0 && (off != f.at+int64(len(f.held)) || len(f.held)+len(p) > gatherLimit) {
		if err := f.flush(); err != nil {
			return 0, err
		}
	}
	if len(f.held) == 0 {
		f.at = off
	}
	f.held = append(f.held, p...)
	return len(p), nil
}

// flush writes what is held back. If that fails it is dropped, and the error is
// one of a write wherever SQLite meets it.
func (f *gatheringFile) flush() error {
	if len(f.held) == 0 {
		return nil
	}
	_, err := f.File.WriteAt(f.held, f.at)
	f.held = f.held[:0]
	if err != nil {
		return vfs.SystemError(f.disk.note(err), sqlite3.IOERR_WRITE)
	}
	return nil
}

func (f *gatheringFile) Truncate(size int64) error {
	if err := f.flush(); err != nil {
		return err
	}
	return f.File.Truncate(size)
}

func (f *gatheringFile) Sync(flags vfs.SyncFlag) error {
	if err := f.flush(); err != nil {
		return err
	}
	return f.File.Sync(flags)
}

func (f *gatheringFile) Size() (int64, error) {
	if err := f.flush(); err != nil {
		return 0, err
	}
	return f.File.Size()
}

func (f *gatheringFile) Close() error {
	return errors.Join(f.flush(), f.File.Close())
}

package powerfail

import (
	"fmt"
	"io"
	"path"
	"sync/atomic"
	"syscall"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

var (
	_ vfs.VFS              = (*Disk)(nil)
	_ vfs.FileLockState    = (*dbFile)(nil)
	_ vfs.FileSharedMemory = (*dbFile)(nil)
)

// registered counts the disks that ever were registered.
var registered atomic.Int64

// VFS registers the disk with SQLite, if it is not, and returns the name to open
// databases with.
func (d *Disk) VFS() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.vfs == "" {
		d.vfs = fmt.Sprintf("powerfail-%d", registered.Add(1))
		vfs.Register(d.vfs, d)
	}
	return d.vfs
}

// Close takes the disk's registration back. Databases on it must be closed.
func (d *Disk) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.vfs != "" {
		vfs.Unregister(d.vfs)
		d.vfs = ""
	}
}

// Open implements vfs.VFS. No fault meets a file without a name.
func (d *Disk) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if name == "" {
		return &dbFile{handle: handle{d: d, n: &node{}, temp: true}}, flags, nil
	}
	if err := d.opens(name); err != nil {
		return nil, flags, vfs.SystemError(err, sqlite3.CANTOPEN)
	}
	dir, base := d.parent(name)
	if dir == nil {
		return nil, flags, vfs.SystemError(syscall.ENOENT, sqlite3.CANTOPEN)
	}
	n := dir.live[base]
	switch {
	case n != nil && n.isDir():
		return nil, flags, vfs.SystemError(syscall.EISDIR, sqlite3.CANTOPEN_ISDIR)
	case n != nil && flags&vfs.OPEN_EXCLUSIVE != 0 && flags&vfs.OPEN_CREATE != 0:
		return nil, flags, vfs.SystemError(syscall.EEXIST, sqlite3.CANTOPEN)
	case n == nil && flags&vfs.OPEN_CREATE == 0:
		return nil, flags, vfs.SystemError(syscall.ENOENT, sqlite3.CANTOPEN)
	case n == nil:
		if err := d.step(grows, "create", name); err != nil {
			return nil, flags, vfs.SystemError(err, sqlite3.CANTOPEN)
		}
		n = &node{}
		d.link(dir, base, n)
	}
	f := &dbFile{handle: handle{d: d, n: n, name: name, life: d.life}}
	if flags&vfs.OPEN_CREATE != 0 && flags&(vfs.OPEN_MAIN_JOURNAL|vfs.OPEN_SUPER_JOURNAL|vfs.OPEN_WAL) != 0 {
		// The driver's own VFS syncs the directory with the first sync of
		// these, new or not. The name of a database is synced by nobody.
		f.dir, f.dirName = dir, path.Dir(name)
	}
	if flags&vfs.OPEN_MAIN_DB != 0 {
		f.main, f.shm = true, d.shm(name, flags)
	}
	return f, flags, nil
}

// Delete implements vfs.VFS.
func (d *Disk) Delete(name string, syncDir bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	dir, base := d.parent(name)
	if dir == nil || dir.live[base] == nil {
		return sqlite3.IOERR_DELETE_NOENT
	}
	if err := d.step(changes, "delete", name); err != nil {
		return err
	}
	d.link(dir, base, nil)
	if syncDir {
		if err := d.syncNames(dir, path.Dir(name)); err != nil {
			return vfs.SystemError(err, sqlite3.IOERR_DIR_FSYNC)
		}
	}
	return nil
}

// Access implements vfs.VFS.
func (d *Disk) Access(name string, _ vfs.AccessFlag) (bool, error) { return d.Exists(name) }

// FullPathname implements vfs.VFS.
func (d *Disk) FullPathname(name string) (string, error) { return path.Clean("/" + name), nil }

// A dbFile is a file that SQLite has open.
type dbFile struct {
	handle
	main    bool
	dir     *node // synced with the next sync; nil for none
	dirName string
	shm     vfs.SharedMemory
	level   vfs.LockLevel
}

func (f *dbFile) SharedMemory() vfs.SharedMemory { return f.shm }
func (f *dbFile) SectorSize() int                { return 4096 }

func (f *dbFile) DeviceCharacteristics() vfs.DeviceCharacteristic {
	return vfs.IOCAP_POWERSAFE_OVERWRITE | vfs.IOCAP_SUBPAGE_READ
}

func (f *dbFile) Close() error {
	err := f.Unlock(vfs.LOCK_NONE)
	if f.shm != nil {
		err = f.shm.Close()
	}
	return err
}

func (f *dbFile) Size() (int64, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	return int64(len(f.n.cur)), nil
}

func (f *dbFile) ReadAt(p []byte, off int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if off >= int64(len(f.n.cur)) {
		return 0, io.EOF
	}
	n := copy(p, f.n.cur[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *dbFile) WriteAt(p []byte, off int64) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.write(change{off, append([]byte{}, p...)}); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (f *dbFile) Truncate(size int64) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	return f.write(change{off: size})
}

func (f *dbFile) Sync(vfs.SyncFlag) error {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if err := f.sync(); err != nil {
		return err
	}
	if dir := f.dir; dir != nil {
		f.dir = nil
		return f.d.syncNames(dir, f.dirName)
	}
	return nil
}

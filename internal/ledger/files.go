package ledger

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/ncruces/go-sqlite3/vfs"
)

// A rawFile is a file beside SQLite's use of it.
type rawFile interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Size() (int64, error)
	Truncate(int64) error
	Sync(vfs.SyncFlag) error
}

type osFile struct{ *os.File }

func (f osFile) Size() (int64, error) { return f.Seek(0, io.SeekEnd) }

func (f osFile) Sync(vfs.SyncFlag) error { return f.File.Sync() }

// openRaw opens a file through the same VFS that SQLite uses. It returns
// fs.ErrNotExist if there is none and it must not be made.
func openRaw(path, vfsName string, create bool) (rawFile, error) {
	if vfsName == "" {
		mode := os.O_RDWR
		if create {
			mode |= os.O_CREATE | os.O_TRUNC
		}
		f, err := os.OpenFile(path, mode, 0o600)
		if err != nil {
			return nil, err
		}
		return osFile{f}, nil
	}
	v := vfs.Find(vfsName)
	if v == nil {
		return nil, fmt.Errorf("ledger: no VFS is registered as %q", vfsName)
	}
	full, err := v.FullPathname(path)
	if err != nil {
		return nil, err
	}
	flags := vfs.OPEN_READWRITE | vfs.OPEN_WAL
	if create {
		flags |= vfs.OPEN_CREATE
	} else if there, err := v.Access(full, vfs.ACCESS_EXISTS); err != nil || !there {
		return nil, errors.Join(err, fs.ErrNotExist)
	}
	f, _, err := v.Open(full, flags)
	return f, err
}

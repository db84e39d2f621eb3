package ledger

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// The header of a database, https://sqlite.org/fileformat2.html#the_database_header.
const (
	headerSize    = 100
	headerMagic   = "SQLite format 3\x00"
	reservedAt    = 20 // the byte that says how much of each page is reserved
	checksumBytes = 8
)

// mendHeader lets the -wal bring back a header that a power cut tore while it was
// moved into the database. SQLite would do so by itself, but whether pages have
// checksums is told by the header before the -wal is looked at.
//
// It does so only if the -wal has the page of the header. Otherwise nothing was
// torn: the header is damaged, and opening the ledger says so.
func mendHeader(path, vfsName string) error {
	whole, err := headerIsWhole(path, vfsName)
	if err != nil || whole {
		return err
	}
	held, err := walHoldsHeader(path, vfsName)
	if err != nil || !held {
		return err
	}
	c, err := sqlite.Open(sqlite.Config{Path: path, VFS: vfsName, MustExist: true})
	if err != nil {
		return err
	}
	_, _, err = c.WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE)
	if err != nil {
		err = fmt.Errorf("bring back the header from the -wal: %w", err)
	}
	return errors.Join(err, c.Close())
}

// headerIsWhole reports whether a database says that its pages have checksums,
// or is empty.
func headerIsWhole(path, vfsName string) (bool, error) {
	f, err := openRaw(path, vfsName, false)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	header := make([]byte, headerSize)
	n, err := f.ReadAt(header, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return n == 0 || n == headerSize && string(header[:len(headerMagic)]) == headerMagic && header[reservedAt] == checksumBytes, nil
}

// walHoldsHeader reports whether a commit in the -wal has the first page.
func walHoldsHeader(path, vfsName string) (bool, error) {
	f, err := openRaw(walName(path), vfsName, false)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	w, err := openWAL(f)
	if err != nil || w == nil {
		return false, err
	}
	return w.holds(1)
}

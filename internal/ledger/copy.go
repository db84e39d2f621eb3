package ledger

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// copyPages is how many pages a step of Copy takes, 256 KiB: commits wait for one
// step, not for the copy.
const copyPages = 64

// ErrCopying: the ledger is being copied already.
var ErrCopying = errors.New("ledger: it is being copied already")

// Copy copies the ledger into a new file, durably but for the file's name, while
// commits go on, and returns the ledger position that the copy stands at. The
// copy is the ledger as it was at one moment, when its last page was taken. It
// is one file without a -wal. progress, if not nil, is told how many of how many
// bytes are done; at the last call, all.
//
// There is one copy at a time, others get ErrCopying. A copy that fails leaves
// what there is of its file.
func (l *Ledger) Copy(ctx context.Context, path string, progress func(done, total int64)) (lsn int64, err error) {
	if err := makeCopy(path, l.cfg.VFS); err != nil {
		return 0, fmt.Errorf("ledger: copy to %s: %w", path, err)
	}
	w, err := l.beginCopy(path)
	if err != nil {
		return 0, err
	}
	for left := int64(1); left > 0 && err == nil; {
		var total int64
		if err = ctx.Err(); err == nil {
			left, total, lsn, err = l.copySome(w)
		}
		if err == nil && progress != nil {
			progress(total-left, total)
		}
	}
	if err = errors.Join(err, l.endCopy(w)); err != nil {
		return 0, fmt.Errorf("ledger: copy to %s: %w", path, err)
	}
	if err := finishCopy(path, l.cfg.VFS); err != nil {
		return 0, fmt.Errorf("ledger: copy to %s: %w", path, err)
	}
	return lsn, nil
}

// makeCopy makes the file, empty but for the word that its pages have checksums:
// SQLite may write other pages before the first, and they need theirs.
func makeCopy(path, vfsName string) error {
	f, err := openRaw(path, vfsName, true)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	c, err := sqlite.Open(sqlite.Config{Path: path, VFS: vfsName, Journal: "delete", Checksums: true, MustExist: true})
	if err != nil {
		return err
	}
	return errors.Join(c.Exec("CREATE TABLE copy (id)"), sqlite.CloseAll(c))
}

// beginCopy begins a copy on the writer's connection: what commits change of
// pages that are copied already, SQLite copies again by itself.
func (l *Ledger) beginCopy(path string) (*writer, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.usable(); err != nil {
		return nil, err
	}
	if l.w.copy != nil {
		return nil, ErrCopying
	}
	// Nothing is synced, and there is no journal: nobody uses the file before
	// finishCopy, and a sync of all of it would keep commits waiting.
	name := url.URL{Scheme: "file", Opaque: escapePath(path), RawQuery: "_pragma=journal_mode(off)&_pragma=synchronous(off)"}
	if l.cfg.VFS != "" {
		name.RawQuery += "&vfs=" + l.cfg.VFS
	}
	b, err := l.w.c.BackupInit("main", name.String())
	if err != nil {
		return nil, fmt.Errorf("ledger: copy to %s: %w", path, err)
	}
	l.w.copy = b
	return l.w, nil
}

func escapePath(path string) string { return (&url.URL{Path: path}).EscapedPath() }

// copySome takes one step, and returns how many of how many bytes are left, and
// the position that the copy stands at if none are.
func (l *Ledger) copySome(w *writer) (left, total, lsn int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.w != w || w.copy == nil {
		return 0, 0, 0, fmt.Errorf("%w: the ledger was closed, or opened anew, meanwhile", journal.ErrUnknown)
	}
	done, err := w.copy.Step(copyPages)
	if err != nil {
		return 0, 0, 0, err
	}
	total = int64(w.copy.PageCount()) * pageSize
	if !done { // none may remain, and one more step be needed
		left = max(int64(w.copy.Remaining()), 1) * pageSize
	}
	return left, total, l.lsn, nil
}

// endCopy lets go of the copy's file.
func (l *Ledger) endCopy(w *writer) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return w.endCopy()
}

func (w *writer) endCopy() error {
	b := w.copy
	w.copy = nil
	return b.Close()
}

// finishCopy takes the copy out of WAL mode, so that it is one file, and makes
// its content durable.
func finishCopy(path, vfsName string) error {
	c, err := sqlite.Open(sqlite.Config{Path: path, VFS: vfsName, Exclusive: true, Journal: "delete", Checksums: true, MustExist: true})
	if err != nil {
		return err
	}
	if err := sqlite.CloseAll(c); err != nil {
		return err
	}
	f, err := openRaw(path, vfsName, false)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(0), f.Close())
}

// EachCopied calls each for every object that a copy of a ledger has, oldest
// generation first. home says that the object's file has events that the copy's
// journal lacks; otherwise the file is not needed, and need not exist.
func EachCopied(ctx context.Context, path, vfsName string, each func(key journal.Key, generation int64, home bool) error) error {
	const sql = `SELECT class, id, generation, NOT EXISTS (SELECT 1 FROM journal AS j WHERE j.generation = object.generation AND j.sequence = 1)
		FROM object ORDER BY generation`
	return readCopied(path, vfsName, func(c *sqlite3.Conn) error {
		c.SetInterrupt(ctx)
		err := sqlite.Each(c, sql, func(s *sqlite3.Stmt) error {
			return each(journal.Key{Class: s.ColumnText(0), ID: s.ColumnText(1)}, s.ColumnInt64(2), s.ColumnBool(3))
		})
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return err
	})
}

// CountCopied returns how many objects a copy of a ledger has.
func CountCopied(path, vfsName string) (n int64, err error) {
	err = readCopied(path, vfsName, func(c *sqlite3.Conn) error {
		n, err = sqlite.Int(c, "SELECT count(*) FROM object")
		return err
	})
	return n, err
}

func readCopied(path, vfsName string, read func(*sqlite3.Conn) error) error {
	c, err := sqlite.Open(sqlite.Config{Path: path, VFS: vfsName, ReadOnly: true, Checksums: true, CacheKiB: readerCacheKiB})
	if err == nil {
		err = errors.Join(read(c), sqlite.CloseAll(c))
	}
	if err != nil {
		return fmt.Errorf("ledger: read %s: %w", path, explain(err))
	}
	return nil
}

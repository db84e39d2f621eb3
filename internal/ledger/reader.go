package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// readLimit is how long a read may hold its snapshot, which keeps the -wal from
// being used again from the start.
const readLimit = time.Second

// reader is a connection that only reads, with its statements.
type reader struct {
	c *sqlite3.Conn

	object, detail, entries, span, receipt, id *sqlite3.Stmt

	lists map[string]*sqlite3.Stmt // :: SQL of a listing -> its statement
}

func openReader(path, vfs string) (*reader, error) {
	c, err := sqlite.Open(sqlite.Config{
		Path: path, VFS: vfs, Checksums: true, MustExist: true, QueryOnly: true,
		CacheKiB: readerCacheKiB, Busy: time.Second,
	})
	if err != nil {
		return nil, err
	}
	r := &reader{c: c, lists: map[string]*sqlite3.Stmt{}}
	for _, p := range []struct {
		to  **sqlite3.Stmt
		sql string
	}{
		{&r.object, `SELECT ` + rowColumns + ` FROM object WHERE class = ? AND id = ?`},
		{&r.detail, `SELECT metadata, result FROM detail WHERE generation = ?`},
		{&r.entries, `SELECT sequence, lsn, hash, entry FROM journal WHERE generation = ? ORDER BY sequence`},
		{&r.span, `SELECT sequence, lsn, hash, entry FROM journal WHERE generation = ? AND sequence BETWEEN ? AND ? ORDER BY sequence`},
		{&r.receipt, receiptSQL},
		{&r.id, `SELECT class, id FROM object WHERE generation = ?`},
	} {
		if *p.to, err = sqlite.Prepare(c, p.sql); err != nil {
			return nil, errors.Join(err, r.close())
		}
	}
	return r, nil
}

func (r *reader) close() error { return sqlite.CloseAll(r.c) }

// list returns the statement of a listing, which it keeps: there are few shapes.
func (r *reader) list(sql string) (*sqlite3.Stmt, error) {
	if s := r.lists[sql]; s != nil {
		return s, nil
	}
	s, err := sqlite.Prepare(r.c, sql)
	if err != nil {
		return nil, err
	}
	if len(r.lists) >= 100 {
		for old, s := range r.lists {
			_ = s.Close()
			delete(r.lists, old)
			break
		}
	}
	r.lists[sql] = s
	return s, nil
}

// pool lends the readers of one opening of the ledger.
type pool struct {
	free chan *reader
	size int
	down chan struct{} // closed when no reader is lent any more
}

func openPool(path, vfs string, size int) (*pool, error) {
	p := &pool{free: make(chan *reader, size), size: size, down: make(chan struct{})}
	for n := range size {
		r, err := openReader(path, vfs)
		if err != nil {
			p.size = n
			p.close()
			return nil, err
		}
		p.free <- r
	}
	return p, nil
}

// shut stops lending; the caller holds the ledger's mu.
func (p *pool) shut() {
	select {
	case <-p.down:
	default:
		close(p.down)
	}
}

// close stops lending, waits for readers that are lent and closes all.
func (p *pool) close() {
	p.shut()
	for range p.size {
		_ = (<-p.free).close()
	}
}

// lend returns a reader, nil if the pool is shut.
func (p *pool) lend(ctx context.Context) (*reader, error) {
	select {
	case <-p.down:
		return nil, nil
	default:
	}
	select {
	case r := <-p.free:
		return r, nil
	case <-p.down:
		return nil, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// read lends a reader to f, whose statements stop when ctx ends or the read
// limit is reached.
func (l *Ledger) read(ctx context.Context, f func(*reader) error) error {
	p := l.pool.Load()
	if p == nil {
		return l.shut()
	}
	r, err := p.lend(ctx)
	if err != nil {
		return err
	}
	if r == nil {
		return l.shut()
	}
	defer func() { p.free <- r }()
	r.c.SetInterrupt(ctx)
	if err := f(r); err != nil {
		if cause := context.Cause(ctx); cause != nil && errors.Is(err, sqlite3.INTERRUPT) {
			return cause
		}
		if err = explain(err); isDamaged(err) {
			return l.stop(err)
		}
		return fmt.Errorf("ledger: read: %w", unreadable(err))
	}
	return nil
}

var errShut = fmt.Errorf("%w: the ledger waits for recovery or is closed", journal.ErrUnknown)

// shut says why nothing is read.
func (l *Ledger) shut() error {
	if err := l.stopped(); err != nil {
		return err
	}
	return errShut
}

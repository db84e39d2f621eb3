package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// checkpointPages is how long the -wal may get before it is moved into the
// database.
const checkpointPages = 1000

// transact runs change in one transaction of the writer; the caller holds mu. If
// it returns an error that is not journal.ErrFull, the ledger is broken; with
// journal.ErrJournalDamaged alone, for good.
func (l *Ledger) transact(change func() error) error {
	w := l.w
	l.disk.noRoom.Store(false)
	if w.stale {
		// A commit that found no room left pieces in the -wal. They go before
		// anything is written over them, or there is still no room.
		if err := w.truncate(); err != nil {
			return l.afterRollback(fmt.Errorf("ledger: clean up after a full disk: %w", err))
		}
	}
	if err := w.begin.Exec(); err != nil {
		return l.fail(fmt.Errorf("ledger: begin: %w", err))
	}
	if err := change(); err != nil {
		return l.undo(fmt.Errorf("ledger: write: %w", err))
	}
	if err := w.commit.Exec(); err != nil {
		return l.failedCommit(fmt.Errorf("ledger: commit: %w", err))
	}
	if w.pages >= checkpointPages {
		return l.checkpoint()
	}
	return nil
}

// fail makes the ledger unusable until Recover.
func (l *Ledger) fail(err error) error {
	l.broken = explain(err)
	l.cfg.Log.Error("the ledger stops until it is recovered", "err", err)
	if p := l.pool.Load(); p != nil {
		p.shut()
	}
	if isDamaged(l.broken) {
		l.broken = l.stop(l.broken)
	}
	l.tellBroke()
	return fmt.Errorf("%w: %w", journal.ErrUnknown, l.broken)
}

// undo ends a transaction that did not get to its commit.
func (l *Ledger) undo(err error) error {
	if !l.w.c.GetAutocommit() {
		if e := l.w.rollback.Exec(); e != nil {
			return l.fail(errors.Join(err, e))
		}
	}
	if err := explain(err); isDamaged(err) {
		return l.stop(err)
	}
	return l.afterRollback(err)
}

func (l *Ledger) afterRollback(err error) error {
	if l.disk.noSpace(err) || errors.Is(err, sqlite3.BUSY) && l.w.stale {
		return fmt.Errorf("%w: %w", journal.ErrFull, err)
	}
	return l.fail(err)
}

// failedCommit judges an error of COMMIT itself. Only a write that found no room
// is certain: the commit frame is written last, so it is not there, and SQLite
// has rolled back.
func (l *Ledger) failedCommit(err error) error {
	if l.disk.noSpace(err) && l.w.c.GetAutocommit() {
		l.w.stale = true
		return fmt.Errorf("%w: %w", journal.ErrFull, err)
	}
	return l.fail(err)
}

// checkpoint moves what it can of the -wal into the database. The commit before
// it is durable in any case; but a sync that failed must not be tried again as
// if nothing had happened, so a failure breaks the ledger. For want of room the
// -wal just stays longer.
func (l *Ledger) checkpoint() error {
	_, _, err := l.w.c.WALCheckpoint("main", sqlite3.CHECKPOINT_PASSIVE)
	switch {
	case err == nil, errors.Is(err, sqlite3.BUSY):
		return nil
	case l.disk.noSpace(err):
		l.cfg.Log.Warn("no room to move the ledger's -wal into the ledger", "pages", l.w.pages, "err", err)
		return nil
	}
	_ = l.fail(fmt.Errorf("ledger: checkpoint: %w", err))
	return nil
}

// locked runs change as a transaction of its own, beside Commit.
func (l *Ledger) locked(ctx context.Context, change func(*writer) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.usable(); err != nil {
		return err
	}
	return l.transact(func() error { return change(l.w) })
}

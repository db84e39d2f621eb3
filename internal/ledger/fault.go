package ledger

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// explain adds the class of a failure that a caller can act on.
func explain(err error) error {
	switch {
	case err == nil, errors.Is(err, journal.ErrDamaged):
		return err
	case errors.Is(err, sqlite3.IOERR_DATA):
		return fmt.Errorf("%w: a page is not what was written, by its checksum: %w", journal.ErrDamaged, err)
	case errors.Is(err, sqlite3.CORRUPT), errors.Is(err, sqlite3.NOTADB),
		errors.Is(err, sqlite.ErrNoChecksums), errors.Is(err, sqlite.ErrForeign):
		return fmt.Errorf("%w: %w", journal.ErrDamaged, err)
	}
	return err
}

// unreadable adds the class of a read that failed and may work later.
func unreadable(err error) error {
	switch {
	case errors.Is(err, journal.ErrDamaged), errors.Is(err, journal.ErrNotFound):
		return err
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return fmt.Errorf("%w: %w", journal.ErrNoDescriptors, err)
	case errors.Is(err, sqlite3.IOERR), errors.Is(err, sqlite3.CANTOPEN), errors.Is(err, sqlite3.NOMEM), errors.Is(err, sqlite3.BUSY):
		return fmt.Errorf("%w: %w", journal.ErrUnreadable, err)
	}
	return err
}

// stop ends writing for good: what is stored is not what was written, and
// nothing is built on that. Reads go on, each with what it can prove. It
// returns the error for whoever met the damage.
func (l *Ledger) stop(err error) error {
	err = fmt.Errorf("%w: %s: %w", journal.ErrJournalDamaged, l.path, err)
	if l.damage.CompareAndSwap(nil, &err) {
		l.cfg.Log.Error("the ledger is damaged: from now on nothing is written, and what can be read is; "+
			"stop the server, keep a copy of the whole directory, and run spectralnotify doctor", "error", err)
		l.tellBroke()
	}
	return err
}

// stopped returns the damage that ended writing, nil if there is none.
func (l *Ledger) stopped() error {
	if err := l.damage.Load(); err != nil {
		return *err
	}
	return nil
}

func (l *Ledger) tellBroke() {
	select {
	case l.broke <- struct{}{}:
	default:
	}
}

// noSpace reports whether a write failed for want of room, and nothing but a
// write: a sync that fails, even for want of room, leaves open what is durable.
func (d *disk) noSpace(err error) bool {
	return d.noRoom.Load() && (errors.Is(err, sqlite3.IOERR_WRITE) || errors.Is(err, sqlite3.IOERR_TRUNCATE))
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{journal.ErrDamaged}, args...)...)
}

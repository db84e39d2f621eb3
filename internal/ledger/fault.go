package ledger

import (
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// explain adds the class of a failure that a caller can act on.
func explain(err error) error {
	switch {
	case err == nil, errors.Is(err, journal.ErrDamaged):
		return err
	case errors.Is(err, sqlite3.CORRUPT), errors.Is(err, sqlite3.NOTADB), errors.Is(err, sqlite3.IOERR_DATA),
		errors.Is(err, sqlite.ErrNoChecksums), errors.Is(err, sqlite.ErrForeign):
		return fmt.Errorf("%w: %w", journal.ErrDamaged, err)
	}
	return err
}

// noSpace reports whether a write failed for want of room, and nothing but a
// write: a sync that fails, even for want of room, leaves open what is durable.
func (d *disk) noSpace(err error) bool {
	return d.noRoom.Load() && (errors.Is(err, sqlite3.IOERR_WRITE) || errors.Is(err, sqlite3.IOERR_TRUNCATE))
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{journal.ErrDamaged}, args...)...)
}

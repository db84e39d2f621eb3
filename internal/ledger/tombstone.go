package ledger

import (
	"context"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// Unfinished returns the generations of deleted objects of a class whose file
// may still exist, ascending.
func (l *Ledger) Unfinished(ctx context.Context, class string) (generations []int64, err error) {
	err = l.read(ctx, func(r *reader) error {
		return r.each("SELECT generation FROM tombstone INDEXED BY tombstone_linked WHERE unlinked = 0 AND class = ? ORDER BY generation", []any{class}, func(s *sqlite3.Stmt) error {
			generations = append(generations, s.ColumnInt64(0))
			return nil
		})
	})
	return generations, err
}

// Unlinked records that the files of deleted objects are gone, durably.
func (l *Ledger) Unlinked(ctx context.Context, generations []int64) error {
	if len(generations) == 0 {
		return nil
	}
	return l.locked(ctx, func(w *writer) error {
		s, err := sqlite.Prepare(w.c, "UPDATE tombstone SET unlinked = 1 WHERE generation = ?")
		if err != nil {
			return err
		}
		defer s.Close()
		for _, g := range generations {
			if err := s.BindInt64(1, g); err != nil {
				return err
			}
			if err := s.Exec(); err != nil {
				return err
			}
		}
		return nil
	})
}

// Deleted returns objects of a class that were deleted after a ledger position,
// oldest first, at most limit of them. They are known for a day.
func (l *Ledger) Deleted(ctx context.Context, class string, after int64, limit int) (dead []journal.Tombstone, err error) {
	const sql = "SELECT class, id, generation, lsn, deleted_at FROM tombstone INDEXED BY tombstone_lsn WHERE class = ? AND lsn > ? ORDER BY lsn LIMIT ?"
	err = l.read(ctx, func(r *reader) error {
		return r.each(sql, []any{class, after, limit}, func(s *sqlite3.Stmt) error {
			dead = append(dead, journal.Tombstone{
				Key:        journal.Key{Class: s.ColumnText(0), ID: s.ColumnText(1)},
				Generation: s.ColumnInt64(2), LSN: s.ColumnInt64(3), DeletedAt: s.ColumnInt64(4),
			})
			return nil
		})
	})
	return dead, err
}

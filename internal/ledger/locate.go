package ledger

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// Owned returns which of the generations lo <= g < hi of a class have an owner:
// an object, or a deleted one whose file is still to be removed.
func (l *Ledger) Owned(ctx context.Context, class string, lo, hi int64) (owned map[int64]bool, err error) {
	const sql = `SELECT generation FROM object WHERE generation >= ?1 AND generation < ?2 AND +class = ?3
		UNION ALL SELECT generation FROM tombstone WHERE generation >= ?1 AND generation < ?2 AND +class = ?3 AND +unlinked = 0`
	owned = make(map[int64]bool)
	err = l.read(ctx, func(r *reader) error {
		return sqlite.Each(r.c, sql, func(s *sqlite3.Stmt) error {
			owned[s.ColumnInt64(0)] = true
			return nil
		}, lo, hi, class)
	})
	return owned, err
}

// Locate returns the generation of an object, journal.ErrNotFound if there is
// none, from a ledger that another process is using. It changes nothing, also if
// that process dies meanwhile.
func Locate(dir string, key journal.Key) (generation int64, err error) {
	path := filepath.Join(dir, FileName)
	c, err := sqlite.Open(sqlite.Config{Path: path, Checksums: true, MustExist: true, QueryOnly: true, Busy: time.Second})
	if err != nil {
		return 0, fmt.Errorf("ledger: %w", err)
	}
	defer func() { err = errors.Join(err, sqlite.CloseAll(c)) }()
	if _, err := c.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true); err != nil {
		return 0, fmt.Errorf("ledger: %w", err)
	}
	generation, err = sqlite.Int(c, "SELECT generation FROM object WHERE class = ? AND id = ?", key.Class, key.ID)
	if err == nil && generation == 0 {
		return 0, journal.ErrNotFound
	}
	return generation, err
}

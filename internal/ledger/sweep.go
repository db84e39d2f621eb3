package ledger

import (
	"context"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// day is how long tombstones and receipts are kept, in seconds of uptime.
const day = 24 * 60 * 60

// sweepChunk is how many rows a transaction of a sweep removes, so that commits
// do not wait for long.
const sweepChunk = 2000

// Sweep drops what is too old or too much: tombstones a day after the delete if
// the file is gone, receipts after a day or beyond the caps. What is a day is
// told by how long the server ran, not by the wall clock. It is called now and
// then; it also makes the uptime durable.
func (l *Ledger) Sweep(ctx context.Context) error {
	cutoff := l.uptimeNow() - day
	// The newest commit keeps its tombstone: the highest position must be found.
	err := l.sweep(ctx, `DELETE FROM tombstone WHERE generation IN (SELECT generation FROM tombstone
		WHERE unlinked = 1 AND uptime <= ? AND lsn < (SELECT last_lsn FROM meta) LIMIT ?)`, cutoff)
	if err != nil {
		return err
	}
	err = l.sweep(ctx, `DELETE FROM receipt WHERE lsn IN (SELECT lsn FROM receipt ORDER BY lsn LIMIT ?2) AND uptime <= ?1`, cutoff)
	if err != nil {
		return err
	}
	if err := l.sweepExcess(ctx); err != nil {
		return err
	}
	return l.locked(ctx, func(w *writer) error {
		_, err := sqlite.Exec(w.c, "UPDATE meta SET uptime = ?", l.uptime())
		return err
	})
}

// OldestReceipt returns how many seconds of uptime the oldest receipt has been
// kept; 0 if there is none.
func (l *Ledger) OldestReceipt(ctx context.Context) (age int64, err error) {
	err = l.read(ctx, func(r *reader) error {
		return r.each("SELECT uptime FROM receipt ORDER BY lsn LIMIT 1", nil, func(s *sqlite3.Stmt) error {
			age = l.uptimeNow() - s.ColumnInt64(0)
			return nil
		})
	})
	return age, err
}

func (l *Ledger) uptimeNow() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.uptime()
}

// sweep runs a DELETE that takes a bound and a number of rows until it finds no
// more.
func (l *Ledger) sweep(ctx context.Context, sql string, bound int64) error {
	for n := int64(sweepChunk); n == sweepChunk; {
		err := l.locked(ctx, func(w *writer) (err error) {
			n, err = sqlite.Exec(w.c, sql, bound, sweepChunk)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// sweepExcess drops the oldest receipts beyond the caps. What is too much is
// found by a reader, beside the commits.
func (l *Ledger) sweepExcess(ctx context.Context) error {
	var all int64
	excess := map[int64]int64{} // :: generation -> how many of its receipts are too many
	err := l.read(ctx, func(r *reader) error {
		return r.each("SELECT generation, count(*) FROM receipt INDEXED BY receipt_object GROUP BY generation", nil, func(s *sqlite3.Stmt) error {
			n := s.ColumnInt64(1)
			if over := n - l.cfg.MaxObjectReceipts; over > 0 {
				excess[s.ColumnInt64(0)] = over
				n -= over
			}
			all += n
			return nil
		})
	})
	if err != nil {
		return err
	}
	for generation, n := range excess {
		if err := l.dropOldest(ctx, "WHERE generation = ?1", generation, n); err != nil {
			return err
		}
	}
	return l.dropOldest(ctx, "WHERE ?1 = 0", 0, all-l.cfg.MaxReceipts)
}

func (l *Ledger) dropOldest(ctx context.Context, which string, generation, n int64) error {
	for ; n > 0; n -= sweepChunk {
		err := l.locked(ctx, func(w *writer) error {
			_, err := sqlite.Exec(w.c, "DELETE FROM receipt WHERE lsn IN (SELECT lsn FROM receipt "+which+" ORDER BY lsn LIMIT ?2)",
				generation, min(n, sweepChunk))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

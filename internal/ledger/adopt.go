package ledger

import (
	"context"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// Adopt takes objects into the registry whose files hold all of their events, at
// the ledger positions that their rows have. It returns the indexes of those
// whose key is in use, which it does not take. It is for a ledger that is made
// anew, before anybody uses it.
func (l *Ledger) Adopt(ctx context.Context, objects []journal.Loaded) (lost []int, err error) {
	lsn := int64(0)
	err = l.locked(ctx, func(w *writer) error {
		tally := map[tallyKey]int64{}
		lsn = l.lsn
		for i := range objects {
			o := &objects[i]
			ok, err := w.create(&o.Row)
			if err != nil {
				return fmt.Errorf("%s %q, generation %d: %w", o.Row.Class, o.Row.ID, o.Row.Generation, err)
			}
			if !ok {
				lost = append(lost, i)
				continue
			}
			if err := w.detail(o.Row.Generation, &o.Detail); err != nil {
				return err
			}
			tally[tallyKey{o.Row.Class, o.Row.CreatedBy, o.Row.Status}]++
			lsn = max(lsn, o.Row.LSN)
		}
		if err := w.tallies(tally); err != nil {
			return err
		}
		return w.meta(lsn, l.uptime())
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: adopt: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lsn = lsn
	for i := range objects {
		l.next.Store(max(l.next.Load(), objects[i].Row.Generation))
	}
	return lost, nil
}

// Remains are what can still be read of a ledger that is damaged.
type Remains struct {
	Pending map[int64]int64 // :: generation → the last of its events that the journal has
	Deleted map[int64]bool  // :: generation → it was deleted
}

// ReadRemains reads what it can of a ledger that nobody has open, and changes
// nothing. The error says why it is not all.
func ReadRemains(ctx context.Context, path, vfsName string) (Remains, error) {
	r := Remains{Pending: map[int64]int64{}, Deleted: map[int64]bool{}}
	c, err := sqlite.Open(sqlite.Config{Path: path, VFS: vfsName, ReadOnly: true})
	if err != nil {
		return r, fmt.Errorf("ledger: read %s: %w", path, explain(err))
	}
	defer sqlite.CloseAll(c)
	_, _ = c.Config(sqlite3.DBCONFIG_NO_CKPT_ON_CLOSE, true)
	c.SetInterrupt(ctx)
	err = sqlite.Each(c, "SELECT generation FROM tombstone", func(s *sqlite3.Stmt) error {
		r.Deleted[s.ColumnInt64(0)] = true
		return nil
	})
	if err == nil {
		err = sqlite.Each(c, "SELECT generation, max(sequence) FROM journal GROUP BY generation", func(s *sqlite3.Stmt) error {
			r.Pending[s.ColumnInt64(0)] = s.ColumnInt64(1)
			return nil
		})
	}
	if err != nil {
		return r, fmt.Errorf("ledger: read %s: %w", path, explain(err))
	}
	return r, nil
}

package ledger

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/spectralnotify/spectralnotify/internal/sqlite"
)

// renewal is by how much Renew raises the counter of generations: further than
// what was lost can have come.
const renewal = 1 << 32

// Renew makes the ledger one of another epoch, and generations go on far behind
// those that were ever used: no cursor, page token or file of what was before
// means anything to it. It is for a ledger that was made anew, before anybody
// uses it.
func (l *Ledger) Renew(ctx context.Context) error {
	epoch := rand.Text()[:16]
	next := l.next.Load() + renewal
	err := l.locked(ctx, func(w *writer) error {
		if _, err := sqlite.Exec(w.c, "UPDATE meta SET epoch = ?", epoch); err != nil {
			return err
		}
		n, err := sqlite.Exec(w.c, "UPDATE sqlite_sequence SET seq = ? WHERE name = 'object'", next)
		if err != nil || n > 0 {
			return err
		}
		_, err = sqlite.Exec(w.c, "INSERT INTO sqlite_sequence (name, seq) VALUES ('object', ?)", next)
		return err
	})
	if err != nil {
		return fmt.Errorf("ledger: renew: %w", err)
	}
	l.epoch.Store(&epoch)
	l.next.Store(next)
	return nil
}

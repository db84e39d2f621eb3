package object

import (
	"context"
	"sync"
)

// shown is the ledger position up to which every commit has been shown: its
// object carries it, its followers were told.
type shown struct {
	mu      sync.Mutex
	lsn     int64
	changed chan struct{} // closed when lsn grows
}

func (s *shown) init(lsn int64) { s.lsn, s.changed = lsn, make(chan struct{}) }

func (s *shown) advance(lsn int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if lsn > s.lsn {
		s.lsn = lsn
		close(s.changed)
		s.changed = make(chan struct{})
	}
}

// Shown waits until every commit up to a ledger position has been shown, so
// that a listing read from the ledger is never ahead of the objects.
func (h *Host[S, E]) Shown(ctx context.Context, lsn int64) error {
	for {
		h.group.shown.mu.Lock()
		done, changed := h.group.shown.lsn >= lsn, h.group.shown.changed
		h.group.shown.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		case <-h.stopped:
			return ErrDraining
		}
	}
}

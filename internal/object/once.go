package object

import (
	"context"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// once is Do for a call with an idempotency key: it happens at most once, and
// twins wait for the first of them.
func (h *Host[S, E]) once(ctx context.Context, id string, c Call[S, E]) (Outcome[S, E], error) {
	land, err := h.takeOff(ctx, c.Idempotency.Digest)
	if err != nil {
		return Outcome[S, E]{}, err
	}
	if out, found, err := h.replay(ctx, c.Idempotency); found || err != nil {
		land()
		return out, err
	}
	t, out, err := h.decide(ctx, id, c)
	if err != nil {
		land()
		return Outcome[S, E]{}, err
	}
	if err = t.wait(ctx); err != nil && ctx.Err() != nil {
		go func() { // the caller left, the commit goes on
			t.settle(context.WithoutCancel(ctx))
			land()
		}()
		return Outcome[S, E]{}, err
	}
	land()
	return out, err
}

// takeOff waits until no other call with the same key is under way. The caller
// calls land when its own has ended.
func (h *Host[S, E]) takeOff(ctx context.Context, digest [32]byte) (land func(), err error) {
	for {
		h.mu.Lock()
		other, busy := h.flights[digest]
		if !busy {
			mine := make(chan struct{})
			h.flights[digest] = mine
			h.mu.Unlock()
			return func() {
				h.mu.Lock()
				defer h.mu.Unlock()
				delete(h.flights, digest)
				close(mine)
			}, nil
		}
		h.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// replay answers a call from its receipt, if there is one.
func (h *Host[S, E]) replay(ctx context.Context, key *Idempotency) (out Outcome[S, E], found bool, err error) {
	if err := h.group.up(); err != nil {
		return out, false, err
	}
	r, found, err := h.journal().Receipt(ctx, key.Digest)
	if err != nil || !found {
		return out, found, err
	}
	if r.Request != key.Request {
		return out, true, ErrKeyReused
	}
	state, err := h.class.Unpack(r.Row, journal.Detail{})
	return Outcome[S, E]{State: state, Replayed: true}, true, err
}

func receipt(key *Idempotency, row journal.Row, now int64) *journal.Receipt {
	return &journal.Receipt{
		Digest: key.Digest, Request: key.Request,
		Generation: row.Generation, Sequence: row.Sequence, Row: row, At: now,
	}
}

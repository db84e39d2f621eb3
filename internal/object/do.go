package object

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

func isNotFound(err error) bool { return errors.Is(err, journal.ErrNotFound) }

// Do decides a call on an object and returns when its commit is durable and
// shown. A refusal, too, waits for the commits it was decided on.
//
// It returns the error of Decide; journal.ErrUnknown if the outcome is not
// known; journal.ErrFull if there is no room, ErrAside if there is none for this
// object; journal.ErrJournalDamaged; ErrDraining; ErrKeyReused; or the error of
// ctx, after which the call may still happen.
func (h *Host[S, E]) Do(ctx context.Context, id string, c Call[S, E]) (Outcome[S, E], error) {
	if c.Idempotency != nil {
		return h.once(ctx, id, c)
	}
	t, out, err := h.decide(ctx, id, c)
	if err != nil {
		return Outcome[S, E]{}, err
	}
	return out, t.wait(ctx)
}

// decide finds the object, decides the call and queues its commit, which the
// caller waits for; a nil ticket is done. An error that is a refusal has waited
// for what it was decided on.
func (h *Host[S, E]) decide(ctx context.Context, id string, c Call[S, E]) (*ticket, Outcome[S, E], error) {
	for {
		if h.isDraining() {
			return nil, Outcome[S, E]{}, ErrDraining
		}
		if err := h.group.writable(); err != nil {
			return nil, Outcome[S, E]{}, err
		}
		if err := h.room(ctx, c.Reserved); err != nil {
			return nil, Outcome[S, E]{}, err
		}
		o, err := h.find(id)
		if err != nil {
			return nil, Outcome[S, E]{}, err
		}
		o.mu.Lock()
		if wait, again := o.blocked(); again {
			o.mu.Unlock()
			if err := wait.settle(ctx); err != nil {
				return nil, Outcome[S, E]{}, err
			}
			continue
		}
		t, out, refusal := h.apply(o, c)
		o.mu.Unlock()
		if refusal == nil {
			return t, out, nil
		}
		if err := t.wait(ctx); err != nil { // t is what the refusal was decided on
			return nil, Outcome[S, E]{}, err
		}
		return nil, Outcome[S, E]{}, refusal
	}
}

// blocked reports whether the caller must look again, after waiting for a
// ticket if there is one. The caller holds o.mu.
func (o *object[S, E]) blocked() (*ticket, bool) {
	if o.barrier != nil {
		return o.barrier, true
	}
	return nil, o.gone
}

// apply decides c on o's tentative state and queues the commit. With an error
// the ticket is the newest one under way. The caller holds o.mu.
func (h *Host[S, E]) apply(o *object[S, E], c Call[S, E]) (*ticket, Outcome[S, E], error) {
	o.touched = h.cfg.Uptime()
	var state *S
	now := h.cfg.Now()
	if !o.absent {
		s := o.tentative.state
		state, now = &s, max(now, o.tentative.at)
	}
	d, err := c.Decide(state, now)
	if err == nil && o.overfull(h.cfg.MaxAsideBytes) && !c.Reserved && len(d.Events) > 0 {
		err = fmt.Errorf("%w: %w", ErrAside, o.aside)
	}
	if err == nil && o.absent && len(d.Events) == 0 {
		err = journal.ErrNotFound
	}
	if err != nil {
		newest := o.newest
		if o.absent {
			h.leave(o)
		}
		return newest, Outcome[S, E]{}, err
	}
	out := Outcome[S, E]{State: d.Next, Events: d.Events}
	if len(d.Events) == 0 && !d.Delete {
		return o.newest, out, nil
	}
	t, err := h.prepare(o, d)
	if err != nil {
		return o.newest, Outcome[S, E]{}, err
	}
	t.commit.Reserved = c.Reserved
	if c.Idempotency != nil {
		t.commit.Receipt = receipt(c.Idempotency, t.commit.Row, now)
	}
	o.take(t)
	if err := h.group.queue.push(&t.ticket); err != nil {
		o.barrier, o.newest = nil, nil
		h.leave(o) // what it took does not happen
		return nil, Outcome[S, E]{}, err
	}
	return &t.ticket, out, nil
}

// prepare makes the ticket of a decision. The caller holds o.mu.
func (h *Host[S, E]) prepare(o *object[S, E], d Decision[S, E]) (*objectTicket[S, E], error) {
	t := h.ticket(o)
	t.state, t.events = d.Next, d.Events
	if d.Delete {
		row, _ := h.class.Pack(o.tentative.state)
		row.Generation, row.Hash = o.generation, o.tentative.hash
		t.commit = journal.Commit{Op: journal.OpDelete, Row: row, Expect: o.tentative.sequence, Was: o.tentative.status}
		return t, nil
	}
	row, detail := h.class.Pack(d.Next)
	if want := o.tentative.sequence + int64(len(d.Events)); row.Sequence != want {
		return nil, fmt.Errorf("object: %s %q decided sequence %d, want %d", h.class.Name(), o.id, row.Sequence, want)
	}
	t.commit = journal.Commit{Row: row, Expect: o.tentative.sequence, Was: o.tentative.status}
	t.commit.Row.Generation = o.generation
	if o.absent {
		t.commit.Op = journal.OpCreate
		t.commit.Row.Generation = h.journal().Reserve()
	}
	if d.Detail || o.absent && len(detail.Metadata)+len(detail.Result) > 0 {
		t.commit.Detail = &detail
	}
	t.commit.Entries, t.commit.Row.Hash = h.entries(o.tentative.sequence, o.tentative.hash, d.Events)
	return t, nil
}

// entries encodes events that go on after a sequence and its hash, and returns
// the last hash.
func (h *Host[S, E]) entries(sequence, hash int64, events []E) ([]journal.Entry, int64) {
	entries := make([]journal.Entry, len(events))
	for i, e := range events {
		data := h.class.Encode(make([]byte, 0, 256), e)
		hash = journal.Hash(hash, data)
		entries[i] = journal.Entry{Sequence: sequence + int64(i) + 1, Hash: hash, Data: data}
	}
	return entries, hash
}

// take makes t's outcome what the next call decides on. The caller holds o.mu.
func (o *object[S, E]) take(t *objectTicket[S, E]) {
	o.newest = &t.ticket
	row := t.commit.Row
	switch t.commit.Op {
	case journal.OpDelete:
		o.barrier = o.newest
		return
	case journal.OpCreate:
		o.barrier, o.generation = o.newest, row.Generation
	}
	o.tentative = tentative[S]{t.state, row.Sequence, row.Hash, row.Status, row.UpdatedAt}
}

// overfull reports whether o was set aside and holds more than it may.
func (o *object[S, E]) overfull(limit int64) bool { return o.aside != nil && o.pending.bytes > limit }

// room waits for room in the journal.
func (h *Host[S, E]) room(ctx context.Context, reserved bool) error {
	if reserved || !h.journal().Full() {
		return nil
	}
	timeout := time.NewTimer(h.cfg.FullDelay)
	defer timeout.Stop()
	for {
		changed := h.group.homings.changes()
		if !h.journal().Full() {
			return nil
		}
		h.group.urge()
		select {
		case <-changed:
		case <-timeout.C:
			return fmt.Errorf("%w: the journal is at its cap and homes are written more slowly", journal.ErrFull)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Get returns the committed state of an object, or journal.ErrNotFound.
func (h *Host[S, E]) Get(ctx context.Context, id string) (S, error) {
	o, err := h.enter(ctx, id)
	if err != nil {
		var none S
		return none, err
	}
	defer o.mu.Unlock()
	return o.committed, nil
}

// enter returns a live object, locked, or journal.ErrNotFound. What it shows is
// committed.
func (h *Host[S, E]) enter(ctx context.Context, id string) (*object[S, E], error) {
	for {
		o, err := h.find(id)
		if err != nil {
			return nil, err
		}
		o.mu.Lock()
		if wait, again := o.blocked(); again {
			o.mu.Unlock()
			if err := wait.settle(ctx); err != nil {
				return nil, err
			}
			continue
		}
		if o.absent {
			h.leave(o)
			o.mu.Unlock()
			return nil, journal.ErrNotFound
		}
		o.touched = h.cfg.Uptime()
		return o, nil
	}
}

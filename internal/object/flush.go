package object

import (
	"context"
	"errors"
	"fmt"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// Flush writes home all that was committed before the call, and returns when
// the journal has forgotten it. The error, if any, names what could not be
// written; the rest is home then.
func (h *Host[S, E]) Flush(ctx context.Context) (Flushed, error) {
	var done Flushed
	if err := h.group.writable(); err != nil {
		return done, err
	}
	keys, err := h.journal().Backlog(ctx, h.class.Name())
	if err != nil {
		return done, err
	}
	var faults []error
	asked, events := 0, make([]int64, len(keys))
	for i, key := range keys {
		for ; asked < min(i+4*maxHomecomings, len(keys)); asked++ {
			events[asked] = h.sendHome(keys[asked]) // many at once share what durability costs
		}
		err := h.flushOne(ctx, key)
		if ctx.Err() != nil {
			return done, fmt.Errorf("object: %d of %d objects written home: %w", done.Objects, len(keys), ctx.Err())
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s %q: %w", key.Class, key.ID, err))
			continue
		}
		done.Objects++
		done.Events += events[i]
	}
	return done, errors.Join(faults...)
}

// flushOne takes one object home and waits until what was pending is.
func (h *Host[S, E]) flushOne(ctx context.Context, key journal.Key) error {
	var upto int64
	for {
		changed := h.group.homings.changes()
		if err := h.group.writable(); err != nil {
			return err
		}
		o, err := h.find(key.ID)
		if err != nil {
			return err
		}
		o.mu.Lock()
		home, fault := o.absent || o.pending.empty() || upto > 0 && o.pending.first > upto, error(nil)
		switch {
		case o.gone: // deleted, or read anew: look again
			o.mu.Unlock()
			continue
		case o.absent && o.barrier == nil:
			h.leave(o)
		case home:
		case upto == 0:
			upto = o.pending.last
			o.retryAt = 0
			h.takeHome(o)
		case !o.homing && o.aside != nil:
			fault = o.aside
		case !o.homing: // read anew meanwhile
			h.takeHome(o)
		}
		o.mu.Unlock()
		if home || fault != nil {
			return fault
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

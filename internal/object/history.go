package object

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// History returns committed events of an object, in the order that r asks for,
// and the object's generation. It returns journal.ErrNotFound if there is no
// such object and journal.ErrDamaged if its file cannot be trusted, a
// *journal.LostError if it is known which events are there. Newest first, those
// that are there come before that error: they are fewer than asked for, though
// the last is not the first of all.
func (h *Host[S, E]) History(ctx context.Context, id string, r HistoryRange) (events []E, generation int64, err error) {
	for {
		events, generation, err = h.history(ctx, id, r)
		if !errors.Is(err, errMoved) {
			return events, generation, err
		}
	}
}

// history is History for the object as it is found now; errMoved if another
// generation took its place meanwhile.
func (h *Host[S, E]) history(ctx context.Context, id string, r HistoryRange) (events []E, generation int64, err error) {
	o, err := h.enter(ctx, id)
	if err != nil {
		return nil, 0, err
	}
	v := o.view()
	o.mu.Unlock()
	if r.Ascending && r.After >= v.sequence {
		return nil, v.generation, nil // nothing yet; and no sum below overflows
	}
	lo, hi := max(r.After, 0)+1, min(v.sequence, r.After+int64(r.Limit))
	if !r.Ascending {
		hi = v.sequence
		if r.Before > 0 {
			hi = min(hi, r.Before-1)
		}
		lo = max(1, hi-int64(r.Limit)+1)
	}
	records, err := h.records(ctx, v, lo, hi)
	if err != nil && (r.Ascending || len(records) == 0) {
		return nil, v.generation, err
	}
	events = make([]E, len(records))
	for i, rec := range records {
		events[i] = rec.Event
	}
	if !r.Ascending {
		slices.Reverse(events)
	}
	return events, v.generation, nil
}

// view is what an object showed at one moment.
type view[S, E any] struct {
	id         string
	generation int64
	sequence   int64
	hash       int64 // of the last event
	state      S
	pending    pending[E]
}

// view returns what o shows now. The caller holds o.mu.
func (o *object[S, E]) view() view[S, E] {
	return view[S, E]{o.id, o.generation, o.sequence, o.hash, o.committed, o.pending}
}

// errMoved: what a view showed was deleted before its records were read. The
// caller looks again.
var errMoved = errors.New("object: deleted while it was read")

// records reads the records lo to hi that v shows, as read does. It returns
// errMoved if they are not there because the object is not anymore.
func (h *Host[S, E]) records(ctx context.Context, v view[S, E], lo, hi int64) ([]journal.Record[E], error) {
	records, fault := h.read(ctx, v, lo, hi)
	if fault != nil {
		fault = h.unlessMoved(ctx, v, fault)
	}
	if errors.Is(fault, errMoved) {
		return nil, fault
	}
	return records, fault
}

// unlessMoved returns errMoved instead of a fault that was met while reading
// what v showed, if that is there no more.
func (h *Host[S, E]) unlessMoved(ctx context.Context, v view[S, E], fault error) error {
	if ctx.Err() != nil {
		return fault
	}
	if _, _, err := h.pendingNow(ctx, v); errors.Is(err, errMoved) {
		return errMoved
	}
	return fault
}

// read reads the records lo to hi that v shows: what was pending from memory or
// the journal, the rest from the file. Every one of them is there, or it is an
// error; with a *journal.LostError come the newest of them, those that are there.
func (h *Host[S, E]) read(ctx context.Context, v view[S, E], lo, hi int64) ([]journal.Record[E], error) {
	if lo > hi {
		return nil, nil
	}
	first := v.pending.first // of those that may not be in the file
	if v.pending.empty() {
		first = v.sequence + 1
	}
	var all []journal.Record[E]
	var fault error
	if lo < first {
		all, fault = h.fromFile(ctx, v.generation, lo, min(hi, first-1))
		if fault != nil && (hi < first || !errors.Is(fault, journal.ErrDamaged)) {
			return nil, fault
		}
	}
	if hi >= first {
		recent, err := h.recent(ctx, v, max(lo, first), hi)
		if err != nil {
			return nil, err
		}
		all = append(all, recent...)
	}
	if err := h.whole(v, all, first, hi); err != nil {
		return nil, err
	}
	if begins := all[0].Sequence; begins > lo {
		return all, errors.Join(&journal.LostError{First: begins}, fault)
	}
	return all, nil
}

// recent reads records that were pending when v was: from memory or the journal,
// and what came home since from the file.
func (h *Host[S, E]) recent(ctx context.Context, v view[S, E], lo, hi int64) ([]journal.Record[E], error) {
	for {
		changed := h.group.homings.changes()
		records, fault := h.readPending(ctx, v.generation, v.pending, lo, hi)
		if !errors.Is(fault, journal.ErrDamaged) {
			return records, fault
		}
		now, homing, err := h.pendingNow(ctx, v)
		switch {
		case err != nil:
			return nil, err
		case now.empty() || now.first > hi:
			return h.fromFile(ctx, v.generation, lo, hi)
		case now.first > lo:
			records, err := h.fromFile(ctx, v.generation, lo, now.first-1)
			if err != nil {
				return nil, err
			}
			v.pending = now
			rest, err := h.recent(ctx, v, now.first, hi)
			return append(records, rest...), err
		case !homing:
			return nil, fault
		}
		// The journal has forgotten them, and the object will know in a moment.
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// pendingNow returns what is pending of the object of v now, and whether it is on
// its way home; errMoved if the object is not anymore.
func (h *Host[S, E]) pendingNow(ctx context.Context, v view[S, E]) (p pending[E], homing bool, err error) {
	o, err := h.enter(ctx, v.id)
	if isNotFound(err) {
		return p, false, errMoved
	}
	if err != nil {
		return p, false, err
	}
	defer o.mu.Unlock()
	if o.generation != v.generation {
		return p, false, errMoved
	}
	return o.pending, o.homing, nil
}

// whole sees that records are dense, end at hi, and are those of v: that they go
// on from the file to what is pending from first on, and lead to the last event.
func (h *Host[S, E]) whole(v view[S, E], all []journal.Record[E], first, hi int64) error {
	for i, rec := range all {
		if want := all[0].Sequence + int64(i); rec.Sequence != want {
			return fmt.Errorf("object: %s %q: history has %d where %d belongs", h.class.Name(), v.id, rec.Sequence, want)
		}
		if i > 0 && rec.Sequence == first && rec.Hash != journal.Hash(all[i-1].Hash, h.class.Encode(nil, rec.Event)) {
			return fmt.Errorf("%w: %s %q: event %d of the file is not the one before event %d of the journal", journal.ErrDamaged, h.class.Name(), v.id, first-1, first)
		}
	}
	last := journal.Record[E]{}
	if len(all) > 0 {
		last = all[len(all)-1]
	}
	switch {
	case last.Sequence != hi:
		return fmt.Errorf("%w: %s %q: history ends at %d, want %d", journal.ErrDamaged, h.class.Name(), v.id, last.Sequence, hi)
	case hi == v.sequence && last.Hash != v.hash:
		return fmt.Errorf("%w: %s %q: event %d of the file is not the one that the journal knows", journal.ErrDamaged, h.class.Name(), v.id, hi)
	}
	return nil
}

// fromFile reads the records lo to hi from a generation's file, those that it
// begins with at least. A file that is found damaged goes to quarantine.
func (h *Host[S, E]) fromFile(ctx context.Context, generation, lo, hi int64) (records []journal.Record[E], err error) {
	unlock := h.files.read(generation)
	ownStack(func() {
		records, err = h.cfg.Home.History(ctx, generation, journal.Range{After: lo - 1, Upto: hi, Limit: int(hi - lo + 1)})
	})
	unlock()
	var lost *journal.LostError
	switch {
	case isNotFound(err): // the object is there, its file is not
		return nil, fmt.Errorf("%w: the file of generation %d is missing", journal.ErrDamaged, generation)
	case errors.Is(err, journal.ErrDamaged) && !errors.As(err, &lost):
		h.quarantine(generation)
	}
	return records, err
}

// quarantine moves a damaged file away, so that nobody reads it again.
func (h *Host[S, E]) quarantine(generation int64) {
	unlock := h.files.write(generation)
	defer unlock()
	var err error
	ownStack(func() { err = h.cfg.Home.Quarantine(h.ctx, generation) })
	if err != nil && h.ctx.Err() == nil {
		h.cfg.Log.Error("a damaged file could not be moved to quarantine; it is tried again when it is next read",
			"class", h.class.Name(), "generation", generation, "error", err)
	}
}

package object

import (
	"context"
	"errors"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/watch"
)

// A Follower is one who follows an object. It is used by one goroutine.
type Follower[S, E any] struct {
	host *Host[S, E]
	id   string
	ask  Follow

	topic      *watch.Topic[*Message[S, E]] // nil while it waits for a creation
	generation int64
	at         int64 // sequence of the last event it was told
	joined     int64 // what was committed when it joined
	final      bool  // the object as of at has ended
	current    bool  // was told that it is current
	lost       bool  // it must look for the object anew
	birth      *birth
	next       []*Message[S, E] // to be told before anything else
	ended      bool
	silence    silence
}

// birth is an id whose creation somebody waits for.
type birth struct {
	created chan struct{}
	waiters int
}

// Follow begins to follow an object, between two of its commits. The caller
// must Close the follower. It returns journal.ErrNotFound if there is no such
// object, unless f waits for one or has a cursor of one that was deleted;
// ErrCursor; or ErrDraining.
func (h *Host[S, E]) Follow(ctx context.Context, id string, f Follow) (*Follower[S, E], error) {
	if h.isDraining() {
		return nil, ErrDraining
	}
	var from *cursor
	if f.Cursor != "" {
		c, err := parseCursor(f.Cursor)
		if err != nil {
			return nil, err
		}
		from = &c
	}
	w := &Follower[S, E]{host: h, id: id, ask: f}
	if f.WaitForCreate {
		w.birth = h.expect(id) // before looking, so that a creation is not missed
	}
	err := w.attach(ctx, from)
	if isNotFound(err) {
		err = w.missing(from)
	}
	if err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// missing begins a follower of an object that is not there. One who has seen it
// is told that it is gone; a cursor of another epoch shows that only to one who
// goes on waiting: to others the object is unknown.
func (w *Follower[S, E]) missing(from *cursor) error {
	if from != nil && (w.ask.Forever && w.birth != nil || from.epoch == w.host.journal().Epoch()) {
		w.generation, w.at = from.generation, from.sequence
		w.remove()
		return nil
	}
	if w.birth == nil {
		return journal.ErrNotFound
	}
	return nil
}

// attach joins the object's topic, and prepares what is told first: a snapshot,
// or what a cursor lacks.
func (w *Follower[S, E]) attach(ctx context.Context, from *cursor) error {
	o, err := w.host.enter(ctx, w.id)
	if err != nil {
		return err
	}
	v := o.view()
	w.topic, w.generation, w.joined = w.host.join(o), o.generation, v.sequence
	o.mu.Unlock()
	if w.lost && from == nil && w.ask.Whole { // it waited, so all of it is news
		from = &cursor{w.host.journal().Epoch(), v.generation, 0}
	}
	w.lost, w.current = false, false
	w.host.forgetBirth(w)

	reason, resumes := Reason(0), false
	if from != nil {
		reason, resumes = w.host.resumable(*from, v.generation, v.sequence)
	}
	if resumes {
		w.at = from.sequence
		w.final = w.at == v.sequence && w.host.class.Final(v.state)
		return nil
	}
	if reason != 0 {
		w.next = append(w.next, &Message[S, E]{Kind: Reset, Reason: reason, Cursor: w.host.cursor(v.generation, 0), Sequence: v.sequence})
	}
	w.next = append(w.next, w.snapshot(ctx, v))
	return nil
}

// resumable reports whether a follower can go on after c; if not, why.
func (h *Host[S, E]) resumable(c cursor, generation, sequence int64) (Reason, bool) {
	switch {
	case c.epoch != h.journal().Epoch():
		return EpochChanged, false
	case c.generation != generation:
		return GenerationChanged, false
	case c.sequence > sequence:
		return CursorAhead, false
	}
	return 0, true
}

// snapshot returns the object as v shows it, and what is told next goes on from
// there.
func (w *Follower[S, E]) snapshot(ctx context.Context, v view[S, E]) *Message[S, E] {
	m := &Message[S, E]{Kind: Snapshot, Cursor: w.host.cursor(v.generation, v.sequence), Sequence: v.sequence, State: v.state}
	records, err := w.host.records(ctx, v, max(1, v.sequence-int64(w.ask.History)+1), v.sequence)
	m.HistoryUnavailable = err != nil // records are what is there all the same
	if err != nil && !errors.Is(err, errMoved) && ctx.Err() == nil {
		w.host.cfg.Log.Error("a snapshot goes out without history", "class", w.host.class.Name(), "id", v.id, "error", err)
	}
	for _, r := range records {
		m.Events = append(m.Events, r.Event)
	}
	w.at, w.final = v.sequence, w.host.class.Final(v.state)
	return m
}

// Close ends the follower. It may be called more than once.
func (w *Follower[S, E]) Close() {
	w.ended = true
	w.silence.end()
	w.leave()
	w.host.forgetBirth(w)
}

// leave parts from the topic.
func (w *Follower[S, E]) leave() {
	if w.topic != nil {
		w.host.part(w.generation, w.topic)
		w.topic = nil
	}
}

// expect registers that somebody waits for the creation of an id.
func (h *Host[S, E]) expect(id string) *birth {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.births[id]
	if b == nil {
		b = &birth{created: make(chan struct{})}
		h.births[id] = b
	}
	b.waiters++
	return b
}

// forgetBirth ends what expect began.
func (h *Host[S, E]) forgetBirth(w *Follower[S, E]) {
	if w.birth == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if w.birth.waiters--; w.birth.waiters == 0 && h.births[w.id] == w.birth {
		delete(h.births, w.id)
	}
	w.birth = nil
}

// born wakes those who wait for the creation of an id.
func (h *Host[S, E]) born(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if b := h.births[id]; b != nil {
		close(b.created)
		delete(h.births, id)
	}
}

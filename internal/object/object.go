package object

import (
	"sync"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/watch"
)

// object is the place of one id in memory: a live object, one that is being
// created, or the finding that there is none.
type object[S, E any] struct {
	id    string
	ready chan struct{} // closed when it was read from the journal
	err   error         // why it could not be read; set before ready is closed

	mu      sync.Mutex
	gone    bool    // no longer the place of its id: look again
	absent  bool    // there is no such object
	barrier *ticket // a create or delete under way: wait for it, look again

	generation int64
	committed  S
	sequence   int64 // of committed
	lsn        int64 // of committed
	hash       int64 // of committed

	tentative tentative[S]
	newest    *ticket // the last commit under way; nil if none

	pending pending[E]
	topic   *watch.Topic[*Message[S, E]] // nil if nobody follows

	touched  time.Duration // last call, by Config.Uptime
	changed  time.Duration // last commit
	oldest   time.Duration // when the oldest pending event came
	planned  bool          // the agenda has an entry for it
	homing   bool          // queued for a scribe, being written home, or being forgotten
	aside    error         // why its home cannot be written; nil if it can
	failures int           // how often in a row
	retryAt  time.Duration // when it is tried again
}

// tentative is the state that the next call decides on: committed, and what is
// under way on top of it.
type tentative[S any] struct {
	state    S
	sequence int64
	hash     int64
	status   int
	at       int64 // time of the last event
}

// load fills o from the journal. The object is not yet seen by others.
func (o *object[S, E]) load(class Class[S, E], l journal.Loaded) error {
	state, err := class.Unpack(l.Row, l.Detail)
	if err != nil {
		return err
	}
	o.generation, o.committed = l.Row.Generation, state
	o.sequence, o.lsn, o.hash = l.Row.Sequence, l.Row.LSN, l.Row.Hash
	o.tentative = tentative[S]{state, l.Row.Sequence, l.Row.Hash, l.Row.Status, l.Row.UpdatedAt}
	return o.pending.load(class.Decode, l.Pending)
}

// key returns o's key in the journal.
func (h *Host[S, E]) key(id string) journal.Key { return journal.Key{Class: h.class.Name(), ID: id} }

// find returns the place of an id, read from the journal if it was asleep. The
// caller locks it and looks again if it is gone.
func (h *Host[S, E]) find(id string) (*object[S, E], error) {
	h.mu.Lock()
	if err := h.group.up(); err != nil { // under mu: none comes in behind abandonAll
		h.mu.Unlock()
		return nil, err
	}
	o := h.live[id]
	if o != nil {
		h.mu.Unlock()
		<-o.ready
		return o, o.err
	}
	o = &object[S, E]{id: id, ready: make(chan struct{})}
	h.live[id] = o
	h.mu.Unlock()
	o.err = h.wake(o)
	close(o.ready)
	return o, o.err
}

// wake reads o from the journal. On an error o is gone.
func (h *Host[S, E]) wake(o *object[S, E]) (err error) {
	var loaded journal.Loaded
	ownStack(func() { loaded, err = h.journal().Load(h.ctx, h.key(o.id)) })
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case err == nil:
		err = o.load(h.class, loaded)
	case isNotFound(err):
		o.absent, err = true, nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.live[o.id] != o { // dropped while it was read
		o.gone = true
		return err
	}
	if err != nil {
		o.gone = true
		delete(h.live, o.id)
		return err
	}
	o.touched = h.cfg.Uptime()
	o.changed, o.oldest = o.touched, o.touched
	if !o.absent {
		o.topic = h.topics[o.generation]
		if o.pending.first != 1 {
			delete(h.written, o.generation)
		}
		h.group.pending.Add(o.pending.bytes)
		h.limitPending(o)
		h.plan(o)
	}
	return nil
}

// leave takes o out of memory: its id is looked up anew by the next call. The
// caller holds o.mu.
func (h *Host[S, E]) leave(o *object[S, E]) {
	o.gone = true
	h.bringBack(o)
	h.group.pending.Add(-o.pending.inMemory())
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.live[o.id] == o {
		delete(h.live, o.id)
	}
}

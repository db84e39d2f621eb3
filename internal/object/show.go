package object

import "github.com/spectralnotify/spectralnotify/internal/journal"

// show shows one durable commit of a live object.
func (h *Host[S, E]) show(t *objectTicket[S, E]) {
	if t.commit.Op == journal.OpForget {
		h.forgotten(t)
		return
	}
	o := t.o
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.newest == &t.ticket {
		o.newest = nil
	}
	if o.barrier == &t.ticket {
		o.barrier = nil
	}
	if t.commit.Op == journal.OpDelete {
		h.deleted(o)
		return
	}
	row := t.commit.Row
	o.committed, o.sequence, o.lsn, o.hash = t.state, row.Sequence, row.LSN, row.Hash
	if o.changed = h.cfg.Uptime(); o.pending.empty() {
		o.oldest = o.changed
	}
	before := o.pending.inMemory()
	for i, e := range t.commit.Entries {
		o.pending.add(journal.Record[E]{Sequence: e.Sequence, LSN: e.LSN, Hash: e.Hash, Event: t.events[i]}, len(e.Data))
	}
	h.group.pending.Add(o.pending.inMemory() - before)
	h.limitPending(o)
	if t.commit.Op == journal.OpCreate {
		o.absent = false
		h.born(o.id)
	}
	h.publish(o, t)
	if h.due(o) {
		h.takeHome(o)
	}
	h.plan(o)
}

// lose takes an object out of memory that was not where it was believed to be.
func (h *Host[S, E]) lose(t *objectTicket[S, E]) {
	h.cfg.Log.Error("a commit was lost: the registry has another sequence", "class", h.class.Name(), "id", t.o.id, "expected", t.commit.Expect)
	h.abandon(t.o)
}

// abandonAll takes every object out of memory, whatever it was doing.
func (h *Host[S, E]) abandonAll() {
	for _, o := range h.all() {
		h.abandon(o)
	}
}

// all returns every live object.
func (h *Host[S, E]) all() []*object[S, E] {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]*object[S, E], 0, len(h.live))
	for _, o := range h.live {
		all = append(all, o)
	}
	return all
}

// abandon takes one object out of memory, whatever it was doing. Its followers
// look for it again, with the cursors they have.
func (h *Host[S, E]) abandon(o *object[S, E]) {
	<-o.ready
	o.mu.Lock()
	defer o.mu.Unlock()
	o.barrier, o.newest = nil, nil
	if o.gone {
		return
	}
	h.leave(o)
	h.dropTopic(o)
}

// resume takes home what the journal holds, after it was opened again.
func (h *Host[S, E]) resume() { h.workers.Go(h.backlogLoop) }

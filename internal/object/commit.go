package object

import (
	"context"
	"errors"
	"fmt"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// commitLoop makes what waits durable, batch by batch, and shows it. It is the
// only caller of Journal.Commit and Journal.Recover.
func (h *Host[S, E]) commitLoop() {
	var tickets []*ticket[S, E]
	var commits []journal.Commit
	for {
		if tickets = h.queue.next(tickets); tickets == nil {
			return
		}
		commits = h.commit(tickets, commits)
		h.queue.done()
		clear(tickets)
	}
}

// commit deals with one batch, in as many tries as a full journal makes it take.
// It returns the buffer it was given, empty.
func (h *Host[S, E]) commit(tickets []*ticket[S, E], commits []journal.Commit) []journal.Commit {
	for len(tickets) > 0 {
		commits = commits[:0]
		for _, t := range tickets {
			commits = append(commits, t.commit)
		}
		// Not h.ctx: what was queued before the end is committed.
		lost, err := h.cfg.Journal.Commit(context.Background(), commits)
		switch {
		case errors.Is(err, journal.ErrFull):
			tickets = h.refuse(tickets, err)
			continue
		case err != nil:
			h.failed(tickets, err)
		default:
			h.show(tickets, commits, lost)
		}
		break
	}
	clear(commits)
	return commits[:0]
}

// show lets the objects of a durable batch carry it, tells their followers and
// answers the callers, in the order of the batch.
func (h *Host[S, E]) show(tickets []*ticket[S, E], commits []journal.Commit, lost []int) {
	var lsn int64
	for i, t := range tickets {
		if len(lost) > 0 && lost[0] == i {
			lost = lost[1:]
			h.lose(t)
			continue
		}
		t.commit.Row.LSN, t.commit.Entries = commits[i].Row.LSN, commits[i].Entries
		lsn = max(lsn, t.commit.Row.LSN)
		switch {
		case t.o == nil: // it changed nothing
			t.finish(nil)
			continue
		case t.commit.Op == journal.OpForget:
			h.forgotten(t)
			continue
		}
		h.showOne(t)
		t.finish(nil)
	}
	h.shown.advance(lsn)
}

// showOne shows one durable commit of a live object.
func (h *Host[S, E]) showOne(t *ticket[S, E]) {
	o := t.o
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.newest == t {
		o.newest = nil
	}
	if o.barrier == t {
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
	h.pending.Add(o.pending.inMemory() - before)
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

// lose ends a ticket whose object was not where this host believed it to be.
// Only another owner of the data can do that; the object is read anew.
func (h *Host[S, E]) lose(t *ticket[S, E]) {
	if o := t.o; o != nil && t.commit.Op != journal.OpForget {
		h.cfg.Log.Error("a commit was lost: the registry has another sequence", "class", h.class.Name(), "id", o.id, "expected", t.commit.Expect)
		h.abandon(o)
	}
	t.finish(fmt.Errorf("%w: the object changed underneath", journal.ErrUnknown))
}

// failed deals with a batch whose commit failed: everything that was decided
// since is void, every object is read anew, and the journal is opened as at the
// start before anything else is done.
func (h *Host[S, E]) failed(tickets []*ticket[S, E], cause error) {
	answer := fmt.Errorf("%w: %w", journal.ErrUnknown, cause)
	h.cfg.Log.Error("a commit failed", "commits", len(tickets), "error", cause)
	h.setDown(answer)
	h.abandonAll(tickets, answer)
	// What is queued was decided on objects that are gone; nobody adds to it,
	// since no object can be found.
	h.abandonAll(h.queue.takeAll(), answer)
	if !h.recover() {
		return // stopped; down stays
	}
	h.shown.advance(h.cfg.Journal.LSN())
	h.setDown(nil)
	h.workers.Go(h.backlogLoop)
}

func (h *Host[S, E]) setDown(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.down = err
}

// abandonAll takes every object out of memory and ends the tickets.
func (h *Host[S, E]) abandonAll(tickets []*ticket[S, E], answer error) {
	h.mu.Lock()
	all := make([]*object[S, E], 0, len(h.live))
	for _, o := range h.live {
		all = append(all, o)
	}
	h.mu.Unlock()
	for _, o := range all {
		h.abandon(o)
	}
	h.homes.progress() // who waits for one of them looks again
	for _, t := range tickets {
		if t.o != nil && t.commit.Op != journal.OpForget {
			h.abandon(t.o)
		}
		t.finish(answer)
	}
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

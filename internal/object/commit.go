package object

import (
	"context"
	"errors"
	"fmt"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// commitLoop makes what waits durable, batch by batch, and shows it. It is the
// only caller of Journal.Commit and Journal.Recover.
func (g *Group) commitLoop() {
	var tickets []*ticket
	var commits []journal.Commit
	for {
		if tickets = g.queue.next(tickets); tickets == nil {
			return
		}
		commits = g.commit(tickets, commits)
		g.queue.done()
		clear(tickets)
	}
}

// commit deals with one batch, in as many tries as a full journal makes it take.
// It returns the buffer it was given, empty.
func (g *Group) commit(tickets []*ticket, commits []journal.Commit) []journal.Commit {
	for len(tickets) > 0 {
		commits = commits[:0]
		for _, t := range tickets {
			commits = append(commits, t.commit)
		}
		// Not g.ctx: what was queued before the end is committed.
		lost, err := g.cfg.Journal.Commit(context.Background(), commits)
		switch {
		case errors.Is(err, journal.ErrFull):
			tickets = g.refuse(tickets, err)
			continue
		case errors.Is(err, journal.ErrJournalDamaged) && !errors.Is(err, journal.ErrUnknown):
			g.freeze(tickets, err)
		case err != nil:
			g.failed(tickets, err)
		default:
			g.show(tickets, commits, lost)
		}
		break
	}
	clear(commits)
	return commits[:0]
}

// show lets the objects of a durable batch carry it, tells their followers and
// answers the callers, in the order of the batch.
func (g *Group) show(tickets []*ticket, commits []journal.Commit, lost []int) {
	var lsn int64
	for i, t := range tickets {
		if len(lost) > 0 && lost[0] == i {
			lost = lost[1:]
			g.lose(t)
			continue
		}
		t.commit.Row.LSN, t.commit.Entries = commits[i].Row.LSN, commits[i].Entries
		lsn = max(lsn, t.commit.Row.LSN)
		if t.of != nil {
			t.of.show()
		}
		t.finish(nil)
	}
	g.shown.advance(lsn)
}

// lose ends a ticket whose object was not where its host believed it to be.
// Only another owner of the data can do that; the object is read anew.
func (g *Group) lose(t *ticket) {
	if t.of != nil && t.commit.Op != journal.OpForget {
		t.of.lose()
	}
	t.finish(fmt.Errorf("%w: the object changed underneath", journal.ErrUnknown))
}

// failed deals with a batch whose commit failed: everything that was decided
// since is void, every object is read anew, and the journal is opened as at the
// start before anything else is done.
func (g *Group) failed(tickets []*ticket, cause error) {
	answer := fmt.Errorf("%w: %w", journal.ErrUnknown, cause)
	g.cfg.Log.Error("a commit failed", "commits", len(tickets), "error", cause)
	g.down.Store(&down{answer})
	g.abandonAll(tickets, answer)
	// What is queued was decided on objects that are gone; nobody adds to it,
	// since no object can be found.
	g.abandonAll(g.queue.takeAll(), answer)
	if !g.recover() {
		return // stopped; down stays
	}
	g.shown.advance(g.cfg.Journal.LSN())
	g.down.Store(nil)
	g.each(member.resume)
}

// abandonAll takes every object out of memory and ends the tickets.
func (g *Group) abandonAll(tickets []*ticket, answer error) {
	for _, m := range g.members() {
		m.abandonAll()
	}
	g.homings.made() // who waits for one of them looks again
	for _, t := range tickets {
		if t.of != nil && t.commit.Op != journal.OpForget {
			t.of.abandon()
		}
		t.finish(answer)
	}
}

package object

import (
	"context"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// ticket is a commit under way. Its fields but err are set before it is queued.
type ticket struct {
	commit journal.Commit
	of     change // nil for a commit of no live object

	done chan struct{} // closed when the outcome is known and shown
	err  error         // valid once done is closed
}

// A change is what a commit is of: one object of one host. The group that
// commits knows no more of it.
type change interface {
	// show lets the object carry a durable commit and tells its followers.
	show()
	// lose notes that the object was not where its host believed it to be.
	lose()
	// abandon takes the object out of memory, whatever it was doing.
	abandon()
	// setAside notes that the journal cannot forget what is home.
	setAside(cause error)
	// sendHome has the object taken home, if it has something to bring.
	sendHome()
	// place is the object, to compare.
	place() any
}

// wait returns when t's outcome is known and shown, or with ctx's error. A nil
// ticket is done.
func (t *ticket) wait(ctx context.Context) error {
	if t == nil {
		return nil
	}
	select {
	case <-t.done:
		return t.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// settle waits like wait, for somebody who will look again: what became of t
// does not matter to him.
func (t *ticket) settle(ctx context.Context) error {
	if t == nil {
		return nil
	}
	select {
	case <-t.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *ticket) finish(err error) {
	t.err = err
	close(t.done)
}

// objectTicket is a ticket with what it makes of its object. It is the change
// of its own ticket.
type objectTicket[S, E any] struct {
	ticket
	h      *Host[S, E]
	o      *object[S, E]
	state  S   // after the commit
	events []E // of the commit
}

// ticket returns a ticket of o without a commit.
func (h *Host[S, E]) ticket(o *object[S, E]) *objectTicket[S, E] {
	t := &objectTicket[S, E]{h: h, o: o, ticket: ticket{done: make(chan struct{})}}
	t.of = t
	return t
}

func (t *objectTicket[S, E]) show()                { t.h.show(t) }
func (t *objectTicket[S, E]) lose()                { t.h.lose(t) }
func (t *objectTicket[S, E]) abandon()             { t.h.abandon(t.o) }
func (t *objectTicket[S, E]) setAside(cause error) { t.h.setAside(t.o, cause) }
func (t *objectTicket[S, E]) place() any           { return t.o }

func (t *objectTicket[S, E]) sendHome() {
	if t.h.homes.throttle(t.h.ctx) == nil {
		t.h.sendHome(t.h.key(t.o.id))
	}
}

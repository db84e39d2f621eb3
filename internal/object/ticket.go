package object

import (
	"context"

	"github.com/spectralnotify/spectralnotify/internal/journal"
)

// ticket is a commit under way. Its fields but err are set before it is queued.
type ticket[S, E any] struct {
	o      *object[S, E] // nil for a commit of no live object
	commit journal.Commit
	state  S   // after the commit
	events []E // of the commit

	done chan struct{} // closed when the outcome is known and shown
	err  error         // valid once done is closed
}

// wait returns when t's outcome is known and shown, or with ctx's error. A nil
// ticket is done.
func (t *ticket[S, E]) wait(ctx context.Context) error {
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
func (t *ticket[S, E]) settle(ctx context.Context) error {
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

func (t *ticket[S, E]) finish(err error) {
	t.err = err
	close(t.done)
}

package powertest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// A call is what a caller asked for, under a key of its own.
type call struct {
	cmd  task.Command
	key  string
	text string // of its event; "delete" for a delete
}

// A page is what one caller knows of one of its tasks: the texts of the events
// that were acknowledged, and what it does not know.
type page struct {
	id      string
	acked   []string // texts of the events, from the creation on
	deleted bool     // the delete was acknowledged
	last    call     // the last that was acknowledged
	unknown *call    // that was not answered; nil if all were
}

func (p *page) clone() *page {
	c := *p
	c.acked = slices.Clone(p.acked)
	return &c
}

// gone reports whether the task may not be there.
func (p *page) gone() bool { return p.deleted || p.unknown != nil && p.unknown.text == "delete" }

func (p *page) note(c call) {
	p.last = c
	if c.text == "delete" {
		p.deleted = true
	} else {
		p.acked = append(p.acked, c.text)
	}
}

// A caller works on tasks of its own, and writes on the wall, one call at a time,
// until the power fails.
type caller struct {
	name  string
	r     *rand.Rand
	pages []*page
}

func (c *caller) run(ctx context.Context, st *storm, calls int) error {
	for i := range calls {
		if c.r.IntN(3) == 0 {
			if err := st.wall.write(ctx, st, fmt.Sprintf("%s writes %d", c.name, i)); err != nil {
				return err
			}
		}
		p := c.pick()
		next := c.next(p, i)
		out, err := st.settle(ctx, next)
		switch {
		case errors.Is(err, errDark):
			p.unknown = &next
			return nil
		case err != nil:
			return loss("%T on %s: %v", next.cmd, p.id, err)
		}
		p.note(next)
		if got := out.State.Sequence; got != int64(len(p.acked)) {
			return loss("%T on %s was answered at %d, want %d", next.cmd, p.id, got, len(p.acked))
		}
	}
	return nil
}

// pick returns a task to work on, a new one now and then.
func (c *caller) pick() *page {
	for _, p := range c.pages {
		if !p.deleted && c.r.IntN(3) > 0 {
			return p
		}
	}
	p := &page{id: fmt.Sprintf("%s-%d", c.name, len(c.pages))}
	c.pages = append(c.pages, p)
	return p
}

func (c *caller) next(p *page, i int) call {
	on, key := task.Target{ID: p.id}, fmt.Sprintf("%s key %d", c.name, i)
	if len(p.acked) == 0 {
		return call{task.Create{ID: p.id, Metadata: `{"a":1}`}, key, "Task created"}
	}
	if last := p.acked[len(p.acked)-1]; last == "Task completed" || c.r.IntN(20) == 0 {
		return call{task.Delete{Target: on}, key, "delete"}
	}
	if c.r.IntN(8) == 0 {
		return call{task.Complete{Target: on, Result: `{"b":2}`}, key, "Task completed"}
	}
	text := fmt.Sprintf("%s note %d", c.name, i)
	return call{task.SetProgress{Target: on, Progress: c.r.IntN(101), Message: text}, key, text}
}

// check compares a task with what its caller knows.
func (p *page) check(ctx context.Context, h *house) error {
	events, err := h.history(ctx, p.id)
	switch {
	case errors.Is(err, journal.ErrNotFound):
		if len(p.acked) > 0 && !p.gone() {
			return loss("%s is not there, %d of its events were acknowledged", p.id, len(p.acked))
		}
		return nil
	case err != nil:
		return loss("%s: %w", p.id, err)
	case p.deleted:
		return loss("%s is there, its delete was acknowledged", p.id)
	}
	want := p.acked
	if p.unknown != nil && p.unknown.text != "delete" && len(events) == len(want)+1 {
		want = append(want[:len(want):len(want)], p.unknown.text)
	}
	if len(events) != len(want) {
		return loss("%s has %d events, %d were acknowledged, unknown is %+v", p.id, len(events), len(p.acked), p.unknown)
	}
	for i, e := range events {
		if e.Sequence != int64(i)+1 || e.Message != want[i] {
			return loss("%s: event %d is %q, want %q", p.id, e.Sequence, e.Message, want[i])
		}
	}
	t, err := h.Get(ctx, p.id)
	if err != nil {
		return err
	}
	rebuilt, err := task.Fold(p.id, events)
	if err != nil || fmt.Sprintf("%+v", rebuilt) != fmt.Sprintf("%+v", t) {
		return loss("%s is %+v, its events lead to %+v, %v", p.id, t, rebuilt, err)
	}
	return nil
}

// retry makes the call again that was not answered, which then has happened once,
// and the last one that was, which does not happen again.
func (p *page) retry(ctx context.Context, h *house) error {
	if p.unknown != nil {
		if _, err := h.do(ctx, p.unknown.cmd, p.unknown.key); err != nil {
			return loss("%s: %T again, with its key: %v", p.id, p.unknown.cmd, err)
		}
		p.note(*p.unknown)
		p.unknown = nil
	}
	if p.last.cmd == nil {
		return nil
	}
	out, err := h.do(ctx, p.last.cmd, p.last.key)
	if err != nil || !out.Replayed || out.State.Sequence != int64(len(p.acked)) {
		return loss("%s: %T once more: at %d, replayed %v, %v; want %d, replayed", p.id, p.last.cmd, out.State.Sequence, out.Replayed, err, len(p.acked))
	}
	return nil
}

// A lost is a broken promise.
type lost struct{ cause error }

func (l lost) Error() string { return "lost: " + l.cause.Error() }
func (l lost) Unwrap() error { return l.cause }

func loss(format string, args ...any) error { return lost{fmt.Errorf(format, args...)} }

// errDark: the power has failed before the outcome of a call was known.
var errDark = errors.New("powertest: the power is off")

// unsettled reports whether a call is to be made again.
func unsettled(err error) bool {
	return errors.Is(err, journal.ErrUnknown) || errors.Is(err, journal.ErrFull) || errors.Is(err, object.ErrDraining)
}

package powertest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// A page is what one caller knows of one of its tasks: the texts of the events
// that were acknowledged, and what it does not know.
type page struct {
	id      string
	acked   []string // texts of the events, from the creation on
	deleted bool     // the delete was acknowledged
	unknown string   // text of the event that was not answered; "delete" for a delete
}

// A caller works on tasks of its own, one call at a time, until one fails.
type caller struct {
	name  string
	r     *rand.Rand
	pages []*page
}

func (c *caller) run(ctx context.Context, h *house, calls int) error {
	for i := range calls {
		p := c.pick()
		cmd, text := c.next(p, i)
		_, err := h.do(ctx, cmd)
		switch {
		case err == nil && text == "delete":
			p.deleted = true
		case err == nil:
			p.acked = append(p.acked, text)
		case errors.Is(err, journal.ErrUnknown), errors.Is(err, object.ErrDraining), ctx.Err() != nil:
			p.unknown = text
			return nil
		default:
			return fmt.Errorf("%T on %s: %w", cmd, p.id, err)
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

func (c *caller) next(p *page, i int) (task.Command, string) {
	on := task.Target{ID: p.id}
	if len(p.acked) == 0 {
		return task.Create{ID: p.id, Metadata: `{"a":1}`}, "Task created"
	}
	if last := p.acked[len(p.acked)-1]; last == "Task completed" || c.r.IntN(20) == 0 {
		return task.Delete{Target: on}, "delete"
	}
	if c.r.IntN(8) == 0 {
		return task.Complete{Target: on, Result: `{"b":2}`}, "Task completed"
	}
	text := fmt.Sprintf("%s note %d", c.name, i)
	return task.SetProgress{Target: on, Progress: c.r.IntN(101), Message: text}, text
}

// check compares a task with what its caller knows.
func (p *page) check(ctx context.Context, h *house) error {
	events, err := h.history(ctx, p.id)
	switch {
	case errors.Is(err, journal.ErrNotFound):
		if len(p.acked) > 0 && !p.deleted && p.unknown != "delete" {
			return loss("%s is not there, %d of its events were acknowledged", p.id, len(p.acked))
		}
		return nil
	case errors.Is(err, journal.ErrDamaged):
		return loss("%s: %v", p.id, err)
	case err != nil:
		return err
	case p.deleted:
		return loss("%s is there, its delete was acknowledged", p.id)
	}
	want := p.acked
	if p.unknown != "" && p.unknown != "delete" && len(events) == len(want)+1 {
		want = append(want[:len(want):len(want)], p.unknown)
	}
	if len(events) != len(want) {
		return loss("%s has %d events, %d were acknowledged, unknown is %q", p.id, len(events), len(p.acked), p.unknown)
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

// A lost is a broken promise.
type lost struct{ text string }

func (l lost) Error() string { return l.text }

func loss(format string, args ...any) error { return lost{fmt.Sprintf(format, args...)} }

// A spectator follows a task and remembers what it was shown.
type spectator struct {
	id    string
	mu    sync.Mutex
	shown map[int64]string // :: sequence -> text
}

// run follows until ctx ends, or the disk is dead.
func (s *spectator) run(ctx context.Context, h *house) {
	f, err := h.Follow(ctx, s.id, object.Follow{History: 1000, WaitForCreate: true, Forever: true})
	if err != nil {
		return
	}
	defer f.Close()
	for {
		m, err := f.Next(ctx, 0)
		if err != nil {
			return
		}
		s.mu.Lock()
		if m.Kind == object.Removed {
			clear(s.shown)
		}
		for _, e := range m.Events {
			s.shown[e.Sequence] = e.Message
		}
		s.mu.Unlock()
	}
}

// check sees that nothing that was shown is gone.
func (s *spectator) check(ctx context.Context, h *house, p *page) error {
	events, err := h.history(ctx, s.id)
	if errors.Is(err, journal.ErrNotFound) && (p.deleted || p.unknown == "delete" || len(s.shown) == 0) {
		return nil
	}
	if err != nil {
		return loss("%s, which was shown, cannot be read: %v", s.id, err)
	}
	for sequence, text := range s.shown {
		if sequence > int64(len(events)) || events[sequence-1].Message != text {
			return loss("%s: event %d, %q, was shown and is gone", s.id, sequence, text)
		}
	}
	return nil
}

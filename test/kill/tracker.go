package kill

import (
	"fmt"

	"github.com/spectralnotify/spectralnotify/test/wire"
)

// A Tracker holds the rules of a watch over the messages of one follower: after
// the snapshot each event is exactly one more than what was there before, across
// every reconnect. The zero Tracker expects a snapshot.
type Tracker struct {
	// Steady says that the task is never deleted and the server's data never
	// replaced, so that a reset or a removal is a fault.
	Steady bool

	Cursor string           // of the last message
	At     int64            // sequence of the last message
	Seen   map[int64]string // :: sequence -> message of the event; of this incarnation
	Gone   int              // resets and removals

	open bool // a snapshot has come and was not taken back
}

// Resume makes the tracker go on behind an earlier message of its own.
func (t *Tracker) Resume(cursor string, at int64) { t.Cursor, t.At = cursor, at }

// Take checks the next message of the stream.
func (t *Tracker) Take(m wire.Message) error {
	if err := t.take(m); err != nil {
		return fmt.Errorf("after %d: %w", t.At, err)
	}
	if m.Cursor != "" {
		t.Cursor = m.Cursor
	}
	return nil
}

func (t *Tracker) take(m wire.Message) error {
	switch {
	case m.Snapshot != nil:
		return t.snapshot(m)
	case m.Event != nil:
		return t.event(m)
	case m.Reset != nil:
		return t.gone("reset " + m.Reset.Reason)
	case m.Removed != nil:
		return t.gone("removed " + m.Removed.Reason)
	case m.Current != nil, m.Heartbeat != nil:
		if t.open && m.Sequence != t.At {
			return fmt.Errorf("current or heartbeat at %d", m.Sequence)
		}
	}
	return nil
}

func (t *Tracker) snapshot(m wire.Message) error {
	if t.open {
		return fmt.Errorf("a snapshot at %d although the cursor was good", m.Sequence)
	}
	s := m.Snapshot
	if s.Task.Sequence != m.Sequence {
		return fmt.Errorf("snapshot at %d of a task at %d", m.Sequence, s.Task.Sequence)
	}
	if n := len(s.Events); n > 0 && s.Events[n-1].ID != m.Sequence {
		return fmt.Errorf("snapshot at %d with events up to %d", m.Sequence, s.Events[n-1].ID)
	}
	t.open, t.At, t.Seen = true, m.Sequence, map[int64]string{}
	for i, e := range s.Events {
		if want := m.Sequence - int64(len(s.Events)-1-i); e.ID != want {
			return fmt.Errorf("snapshot's event %d where %d belongs", e.ID, want)
		}
		t.Seen[e.ID] = e.Message
	}
	return nil
}

func (t *Tracker) event(m wire.Message) error {
	e := m.Event.Event
	switch {
	case !t.open:
		return fmt.Errorf("event %d before a snapshot", e.ID)
	case e.ID != t.At+1:
		return fmt.Errorf("event %d where %d belongs", e.ID, t.At+1)
	case m.Sequence != e.ID || m.Event.Task.Sequence != e.ID:
		return fmt.Errorf("event %d in a message at %d with the task at %d", e.ID, m.Sequence, m.Event.Task.Sequence)
	}
	if was, ok := t.Seen[e.ID]; ok && was != e.Message {
		return fmt.Errorf("event %d was %q and is %q", e.ID, was, e.Message)
	}
	t.At, t.Seen[e.ID] = e.ID, e.Message
	return nil
}

func (t *Tracker) gone(what string) error {
	if t.Steady {
		return fmt.Errorf("%s", what)
	}
	t.open = false
	t.Gone++
	return nil
}

// Whole returns what is missing between the first sequence that was seen and the
// last, and what differs from the history. The zero value of both is no news.
func (t *Tracker) Whole(history []wire.Event) error {
	if t.At == 0 {
		return nil // nothing has come yet
	}
	first := t.At
	for n := range t.Seen {
		first = min(first, n)
	}
	for n := first; n <= t.At; n++ {
		text, ok := t.Seen[n]
		switch {
		case !ok:
			return fmt.Errorf("event %d was not seen", n)
		case n < 1 || n > int64(len(history)):
			return fmt.Errorf("event %d, %q, was seen, and the history ends at %d", n, text, len(history))
		case history[n-1].Message != text:
			return fmt.Errorf("event %d was seen as %q, the history has %q", n, text, history[n-1].Message)
		}
	}
	return nil
}

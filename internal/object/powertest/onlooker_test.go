package powertest

import (
	"context"
	"errors"
	"strconv"
	"sync"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/rule"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// A spectator follows a task and remembers what it was shown.
type spectator struct {
	id    string
	mu    sync.Mutex
	at    int64            // sequence of the last event
	shown map[int64]string // :: sequence -> text
	fault error            // the first
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
		s.see(m)
	}
}

func (s *spectator) see(m *object.Message[task.Task, task.Event]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch m.Kind {
	case object.Removed, object.Reset:
		clear(s.shown)
	case object.Snapshot:
		s.at = m.Sequence
	case object.Event:
		if m.Sequence != s.at+1 && s.fault == nil {
			s.fault = loss("%s: a follower was told of %d after %d", s.id, m.Sequence, s.at)
		}
		s.at = m.Sequence
	}
	for _, e := range m.Events {
		s.shown[e.Sequence] = e.Message
	}
}

// check sees that nothing that was shown is gone; gone says that the task may be.
func (s *spectator) check(ctx context.Context, h *house, gone bool) error {
	if s.fault != nil {
		return s.fault
	}
	events, err := h.history(ctx, s.id)
	if errors.Is(err, journal.ErrNotFound) && (gone || len(s.shown) == 0) {
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

// An onlooker reads, and makes calls that must be refused. It remembers what the
// answers told, none of which may be untrue after a power cut: not even that of a
// refusal.
type onlooker struct {
	told   map[string]int64 // :: task id -> highest sequence that an answer told
	absent map[string]bool  // :: task id -> was told, and then was told not to exist
	ids    []string         // of the last listing
	looks  []look           // in turn
}

type look func(*onlooker, context.Context, *storm) error

func newOnlooker(looks ...look) *onlooker {
	return &onlooker{told: map[string]int64{}, absent: map[string]bool{}, looks: looks}
}

// run looks on until ctx ends, or the disk is dead. While nothing is wrong but
// that the disk is full, every read must succeed.
func (o *onlooker) run(ctx context.Context, st *storm) error {
	for n := 0; ctx.Err() == nil; n++ {
		full := st.lacksRoom()
		err := o.looks[n%len(o.looks)](o, ctx, st)
		var l lost
		switch {
		case err == nil:
		case errors.As(err, &l), errors.Is(err, journal.ErrDamaged):
			return err
		case ctx.Err() != nil, errors.Is(err, object.ErrDraining):
			return nil
		case full && st.lacksRoom():
			return loss("the disk is full, and reads fail: %v", err)
		case !st.faulty():
			return loss("nothing is wrong with the disk, and a read fails: %w", err)
		case !st.pause(ctx):
			return nil
		}
	}
	return nil
}

// get reads the wall, which must show what was acknowledged before.
func (o *onlooker) get(ctx context.Context, st *storm) error {
	before := st.wall.at()
	t, err := st.house.Get(ctx, wallID)
	if err == nil && t.Sequence < before {
		return loss("the wall is read at %d after %d was acknowledged", t.Sequence, before)
	}
	return o.tell(wallID, t.Sequence, err)
}

// history reads the newest events of the wall, without a gap, up to what was
// acknowledged before at least.
func (o *onlooker) history(ctx context.Context, st *storm) error {
	before := st.wall.at()
	events, _, err := st.house.History(ctx, wallID, object.HistoryRange{Limit: 20})
	if err == nil && events[0].Sequence < before {
		return loss("the wall's history is read up to %d after %d was acknowledged", events[0].Sequence, before)
	}
	return err
}

// beside reads, and makes a refused call, whenever somebody begins to write on the
// wall.
func (o *onlooker) beside(ctx context.Context, st *storm) error {
	select {
	case <-st.writing:
		return errors.Join(o.get(ctx, st), o.refused(ctx, st))
	case <-ctx.Done():
		return nil
	}
}

// refused makes a call that expects what cannot be.
func (o *onlooker) refused(ctx context.Context, st *storm) error {
	id := wallID
	if len(o.ids) > 0 {
		id, o.ids = o.ids[0], o.ids[1:]
	}
	never := int64(1) << 40
	_, err := st.house.do(ctx, task.SetProgress{Target: task.Target{ID: id, Expected: &never}}, "")
	var refusal *rule.Error
	switch {
	case err == nil:
		return loss("%s is at %d", id, never)
	case errors.Is(err, rule.ErrNotFound) || errors.Is(err, journal.ErrNotFound):
		o.absent[id] = o.told[id] > 0
		return nil
	case errors.Is(err, journal.ErrFull): // what it was decided on did not happen
		return nil
	case errors.As(err, &refusal):
		sequence, err := strconv.ParseInt(refusal.Metadata["sequence"], 10, 64)
		return o.tell(id, sequence, err)
	}
	return err
}

// list reads the registry, which must show what was acknowledged before.
func (o *onlooker) list(ctx context.Context, st *storm) error {
	before := st.wall.at()
	page, err := st.house.ledger.List(ctx, journal.Query{Class: "task", Limit: 1000})
	if err != nil {
		return err
	}
	o.ids = o.ids[:0]
	for _, row := range page.Rows {
		o.ids = append(o.ids, row.Row.ID)
		if row.Row.ID == wallID && row.Row.Sequence < before {
			return loss("the wall is listed at %d after %d was acknowledged", row.Row.Sequence, before)
		}
		if err := o.tell(row.Row.ID, row.Row.Sequence, nil); err != nil {
			return err
		}
	}
	return nil
}

func (o *onlooker) tell(id string, sequence int64, err error) error {
	if err == nil {
		o.told[id] = max(o.told[id], sequence)
	}
	return err
}

// check sees that what was told is so.
func (o *onlooker) check(ctx context.Context, h *house, pages map[string]*page) error {
	for id, sequence := range o.told {
		t, err := h.Get(ctx, id)
		switch {
		case errors.Is(err, journal.ErrNotFound):
			if p := pages[id]; p == nil || !p.gone() {
				return loss("%s is not there and was told at %d", id, sequence)
			}
		case err != nil:
			return err
		case t.Sequence < sequence:
			return loss("%s is at %d and was told at %d", id, t.Sequence, sequence)
		case o.absent[id]:
			return loss("%s is there and was told not to be", id)
		}
	}
	return nil
}

package powertest

import (
	"context"
	"errors"
	"maps"
	"sync"

	"github.com/spectralnotify/spectralnotify/internal/task"
)

const wallID = "wall"

// A wall is the one task that all callers write to, many at once.
type wall struct {
	mu    sync.Mutex
	acked map[int64]string // :: sequence -> text
	asked map[string]*call // :: text -> the call, acknowledged or not
	top   int64            // highest sequence in acked
}

func newWall() *wall { return &wall{acked: map[int64]string{}, asked: map[string]*call{}} }

func (w *wall) clone() *wall {
	return &wall{acked: maps.Clone(w.acked), asked: maps.Clone(w.asked), top: w.top}
}

// at returns the highest sequence that was acknowledged.
func (w *wall) at() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.top
}

func (w *wall) write(ctx context.Context, st *storm, text string) error {
	c := call{task.SetProgress{Target: task.Target{ID: wallID}, Progress: 1, Message: text}, text, text}
	w.mu.Lock()
	w.asked[text] = &c
	w.mu.Unlock()
	select {
	case st.writing <- struct{}{}:
	default:
	}
	out, err := st.settle(ctx, c)
	if errors.Is(err, errDark) {
		return nil
	}
	if err != nil {
		return loss("%q on the wall: %v", text, err)
	}
	return w.note(text, out.State.Sequence)
}

func (w *wall) note(text string, sequence int64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if other, taken := w.acked[sequence]; taken && other != text {
		return loss("the wall has %q and %q at %d", other, text, sequence)
	}
	w.acked[sequence], w.top = text, max(w.top, sequence)
	return nil
}

// check sees that each text is where it was acknowledged, and each that was asked
// for there once at most.
func (w *wall) check(ctx context.Context, h *house) error {
	events, err := h.history(ctx, wallID)
	if err != nil {
		return loss("the wall: %w", err)
	}
	seen := map[string]bool{}
	for _, e := range events[1:] {
		if w.asked[e.Message] == nil || seen[e.Message] {
			return loss("the wall has %q at %d: nobody asked for it, or it is there already", e.Message, e.Sequence)
		}
		seen[e.Message] = true
	}
	for sequence, text := range w.acked {
		if sequence > int64(len(events)) || events[sequence-1].Message != text {
			return loss("the wall lacks %q at %d, which was acknowledged; it has %d events", text, sequence, len(events))
		}
	}
	return nil
}

// retry makes each call again that was not answered: it then has happened once.
func (w *wall) retry(ctx context.Context, h *house) error {
	known := map[string]bool{}
	for _, text := range w.acked {
		known[text] = true
	}
	for text, c := range w.asked {
		if known[text] {
			continue
		}
		out, err := h.do(ctx, c.cmd, c.key)
		if err != nil {
			return loss("%q again, with its key: %v", text, err)
		}
		if err := w.note(text, out.State.Sequence); err != nil {
			return err
		}
	}
	return nil
}

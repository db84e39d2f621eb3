package golden

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/counter"
	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/service"
	"github.com/spectralnotify/spectralnotify/internal/store"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// A house is the present program on a data directory. Its clock is its own, so
// that what it makes is the same every time.
type house struct {
	t        testing.TB
	dir      string
	clock    atomic.Int64
	ledger   *ledger.Ledger
	tasks    *kept[task.Task, task.Event]
	counters *kept[counter.Counter, counter.Event]
	closed   bool
}

// kept are the objects of one class.
type kept[S, E any] struct {
	*object.Host[S, E]
	store *store.Store[S, E]
}

// open opens a data directory. Nothing goes home unless it is flushed.
func open(t testing.TB, dir string) *house {
	t.Helper()
	h, err := tryOpen(t, dir)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func tryOpen(t testing.TB, dir string) (*house, error) {
	h := &house{t: t, dir: dir}
	h.clock.Store(1_700_000_000_000_000)
	var err error
	if h.ledger, err = ledger.New(ledger.Config{Dir: dir, Now: h.now, Monotonic: h.now}); err != nil {
		return nil, err
	}
	group, err := object.NewGroup(object.GroupConfig{Journal: h.ledger})
	if err != nil {
		return nil, errors.Join(err, h.ledger.Close())
	}
	if h.tasks, err = keep(h, group, task.Class{}, task.Layout{}); err != nil {
		return nil, errors.Join(err, h.ledger.Close())
	}
	if h.counters, err = keep(h, group, counter.Class{}, counter.Layout{}); err != nil {
		return nil, errors.Join(err, h.tasks.store.Close(), h.ledger.Close())
	}
	h.tasks.Start()
	h.counters.Start()
	t.Cleanup(h.close)
	return h, nil
}

func (h *house) now() int64 { return h.clock.Add(1000) }

func keep[S, E any](h *house, group *object.Group, class object.Class[S, E], layout store.Layout[S, E]) (*kept[S, E], error) {
	s, err := store.New(store.Config[S, E]{
		Dir: filepath.Join(h.dir, "objects"), Layout: layout, Encode: class.Encode, Epoch: h.ledger.Epoch,
	})
	if err != nil {
		return nil, err
	}
	host, err := object.New(object.Config[S, E]{
		Class: class, Group: group, Home: s, Now: h.now, IdleAfter: time.Hour, OldAfter: time.Hour,
	})
	return &kept[S, E]{host, s}, err
}

// close closes the house and leaves in the journal what is not home.
func (h *house) close() {
	if h.closed {
		return
	}
	h.closed = true
	hurry, cancel := context.WithCancel(context.Background())
	cancel()
	h.tasks.Drain()
	h.counters.Drain()
	_, _ = h.tasks.Stop(hurry), h.counters.Stop(hurry)
	if err := errors.Join(h.tasks.store.Close(), h.counters.store.Close(), h.ledger.Close()); err != nil {
		h.t.Error(err)
	}
}

// do carries out a command on a task, once if it has a key.
func (h *house) do(cmd task.Command, key string) object.Outcome[task.Task, task.Event] {
	h.t.Helper()
	return do(h.t, h.tasks.Host, task.Rules{}, cmd, key)
}

func do[S, E, C any](t testing.TB, host *object.Host[S, E], rules service.Class[S, E, C], cmd C, key string) object.Outcome[S, E] {
	t.Helper()
	call := rules.Call(cmd)
	c := object.Call[S, E]{
		Reserved: call.Ends,
		Decide: func(s *S, now int64) (object.Decision[S, E], error) {
			change, err := rules.Apply(s, cmd, now, "key:worker")
			return object.Decision[S, E](change), err
		},
	}
	if key != "" {
		c.Idempotency = &object.Idempotency{}
		copy(c.Idempotency.Digest[:], key)
	}
	out, err := host.Do(context.Background(), call.ID, c)
	if err != nil {
		t.Fatalf("%+v: %v", cmd, err)
	}
	return out
}

func (h *house) flush() {
	h.t.Helper()
	_, err1 := h.tasks.Flush(context.Background())
	_, err2 := h.counters.Flush(context.Background())
	if err := errors.Join(err1, err2); err != nil {
		h.t.Fatal(err)
	}
}

// content is what a data directory holds.
type content struct {
	Tasks    []held[task.Task, task.Event]
	Counters []held[counter.Counter, counter.Event]
	Keys     []journal.APIKey
}

// held is an object with its whole history.
type held[S, E any] struct {
	State  S
	Events []E
}

// content reads everything, newest object first.
func (h *house) content() (all content) {
	h.t.Helper()
	all.Tasks, all.Counters = read(h, h.tasks, task.ClassName), read(h, h.counters, counter.ClassName)
	var err error
	if all.Keys, err = h.ledger.Keys(context.Background()); err != nil {
		h.t.Fatal(err)
	}
	return all
}

func read[S, E any](h *house, k *kept[S, E], class string) (all []held[S, E]) {
	h.t.Helper()
	ctx := context.Background()
	page, err := h.ledger.List(ctx, journal.Query{Class: class, Limit: 1000})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, row := range page.Rows {
		var o held[S, E]
		if o.State, err = k.Get(ctx, row.Row.ID); err == nil {
			o.Events, _, err = k.History(ctx, row.Row.ID, object.HistoryRange{Ascending: true, Limit: 10_000})
		}
		if err != nil {
			h.t.Fatalf("%s: %v", row.Row.ID, err)
		}
		all = append(all, o)
	}
	return all
}

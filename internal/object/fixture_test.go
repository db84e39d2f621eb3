package object_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/store"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

type (
	host     = object.Host[task.Task, task.Event]
	config   = object.Config[task.Task, task.Event]
	call     = object.Call[task.Task, task.Event]
	decision = object.Decision[task.Task, task.Event]
	outcome  = object.Outcome[task.Task, task.Event]
	message  = object.Message[task.Task, task.Event]
	follower = object.Follower[task.Task, task.Event]
	home     = object.Home[task.Task, task.Event]
)

// house is a host of tasks on a real ledger and real files.
type house struct {
	*host
	t      testing.TB
	ledger *ledger.Ledger
	store  *store.Store[task.Task, task.Event]
	closed bool
}

// open starts a house on a directory. change may replace parts of its Config.
func open(t testing.TB, dir string, change func(*config)) *house {
	t.Helper()
	return openLedger(t, ledger.Config{Dir: dir}, change)
}

func openLedger(t testing.TB, lc ledger.Config, change func(*config)) *house {
	t.Helper()
	start := time.Now()
	lc.Now = func() int64 { return time.Now().UnixMicro() }
	lc.Monotonic = func() int64 { return time.Since(start).Microseconds() }
	l, err := ledger.New(lc)
	if err != nil {
		t.Fatal(err)
	}
	files, err := store.New(store.Config[task.Task, task.Event]{
		Dir: filepath.Join(lc.Dir, "objects"), Layout: task.Layout{}, Encode: task.Class{}.Encode, Epoch: l.Epoch,
	})
	if err != nil {
		t.Fatal(err)
	}
	cfg := config{Class: task.Class{}, Journal: l, Home: files, Now: lc.Now}
	if change != nil {
		change(&cfg)
	}
	h, err := object.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	h.Start()
	w := &house{host: h, t: t, ledger: l, store: files}
	t.Cleanup(func() { w.close() })
	return w
}

// close stops the house and leaves in the journal what is not home.
func (w *house) close() {
	if w.closed {
		return
	}
	w.closed = true
	hurry, cancel := context.WithCancel(context.Background())
	cancel()
	_ = w.Stop(hurry)
	if err := errors.Join(w.store.Close(), w.ledger.Close()); err != nil {
		w.t.Error(err)
	}
}

// apply returns the call that a command makes.
func apply(cmd task.Command, actor string) call {
	return call{
		Decide: func(t *task.Task, now int64) (decision, error) {
			c, err := task.Apply(t, cmd, now, actor)
			return decision{Next: c.Next, Events: c.Events, Delete: c.Delete, Detail: c.Detail}, err
		},
		Reserved: task.Ends(cmd),
	}
}

// keyed returns the call with an idempotency key.
func keyed(c call, key, request string) call {
	c.Idempotency = &object.Idempotency{}
	copy(c.Idempotency.Digest[:], key)
	copy(c.Idempotency.Request[:], request)
	return c
}

func (w *house) do(cmd task.Command) (outcome, error) {
	return w.Do(context.Background(), cmd.TaskID(), apply(cmd, "test"))
}

func (w *house) must(cmds ...task.Command) {
	w.t.Helper()
	for _, cmd := range cmds {
		if _, err := w.do(cmd); err != nil {
			w.t.Fatalf("%T on %q: %v", cmd, cmd.TaskID(), err)
		}
	}
}

func create(id string) task.Command { return task.Create{ID: id} }
func note(id, text string) task.Command {
	return task.AddEvents{Target: task.Target{ID: id}, Events: []task.NewEvent{{Message: text}}}
}

func progress(id string, n int) task.Command {
	return task.SetProgress{Target: task.Target{ID: id}, Progress: n}
}
func complete(id string) task.Command { return task.Complete{Target: task.Target{ID: id}} }
func remove(id string) task.Command   { return task.Delete{Target: task.Target{ID: id}} }

// history returns all events of a task, oldest first, and fails the test unless
// they are dense.
func (w *house) history(id string) []task.Event {
	w.t.Helper()
	var all []task.Event
	for {
		events, _, err := w.History(context.Background(), id, object.HistoryRange{After: int64(len(all)), Ascending: true, Limit: 500})
		if err != nil {
			w.t.Fatalf("history of %q: %v", id, err)
		}
		if len(events) == 0 {
			return all
		}
		for _, e := range events {
			if e.Sequence != int64(len(all))+1 {
				w.t.Fatalf("history of %q has %d after %d", id, e.Sequence, len(all))
			}
			all = append(all, e)
		}
	}
}

// messages counts the texts in a task's history.
func (w *house) messages(id string) map[string]int {
	w.t.Helper()
	n := map[string]int{}
	for _, e := range w.history(id) {
		n[e.Message]++
	}
	return n
}

// inFile returns how many events the task's own file holds.
func (w *house) inFile(generation int64) int {
	w.t.Helper()
	records, err := w.store.History(context.Background(), generation, journal.Range{Upto: 1 << 40, Limit: 1 << 20})
	if err != nil && !errors.Is(err, journal.ErrNotFound) {
		w.t.Fatal(err)
	}
	return len(records)
}

// gate is a journal whose commits a test can hold back or fail.
type gate struct {
	object.Journal
	mu     sync.Mutex
	closed chan struct{} // commits wait until it is closed; nil: they do not
	before error         // fails the next commit, which does not happen
	after  error         // fails the next commit, which happens
}

func (g *gate) Commit(ctx context.Context, batch []journal.Commit) ([]int, error) {
	g.mu.Lock()
	wait, before, after := g.closed, g.before, g.after
	g.before, g.after = nil, nil
	g.mu.Unlock()
	if wait != nil {
		<-wait
	}
	if before != nil {
		return nil, before
	}
	lost, err := g.Journal.Commit(ctx, batch)
	return lost, errors.Join(err, after)
}

// hold keeps commits from happening until the result is called.
func (g *gate) hold() (release func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := make(chan struct{})
	g.closed = c
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.closed = nil
		close(c)
	}
}

func (g *gate) fail(before, after error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.before, g.after = before, after
}

// openBehind opens a house whose journal is behind g, inside of a synctest
// bubble. When it returns, what the start looks for is found: it makes no commit
// that a test does not expect.
func openBehind(t *testing.T, g *gate) *house {
	t.Helper()
	w := open(t, t.TempDir(), func(c *config) {
		g.Journal, c.Journal = c.Journal, g
	})
	synctest.Wait()
	return w
}

// brokenHome fails to write while it is broken.
type brokenHome struct {
	home
	mu     sync.Mutex
	broken func(generation int64) error
}

func (b *brokenHome) Write(ctx context.Context, work []journal.Homecoming[task.Task, task.Event]) []error {
	b.mu.Lock()
	broken := b.broken
	b.mu.Unlock()
	errs := make([]error, len(work))
	for i, w := range work {
		if broken != nil {
			errs[i] = broken(w.Row.Generation)
		}
		if errs[i] == nil {
			errs[i] = b.home.Write(ctx, work[i:i+1])[0]
		}
	}
	return errs
}

func (b *brokenHome) set(broken func(int64) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken = broken
}

func text(prefix string, n ...int) string { return fmt.Sprint(prefix, n) }

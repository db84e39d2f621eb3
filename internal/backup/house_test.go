package backup_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/backup"
	"github.com/spectralnotify/spectralnotify/internal/datadir"
	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/powerfail"
	"github.com/spectralnotify/spectralnotify/internal/sqlite"
	"github.com/spectralnotify/spectralnotify/internal/store"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

type host = object.Host[task.Task, task.Event]

var clock atomic.Int64

func now() int64 { return clock.Add(1) }

// A house is a host of tasks on a real ledger and real files, and a record of
// all that was committed.
type house struct {
	*host
	t      testing.TB
	dir    string
	disk   *powerfail.Disk // nil: the operating system's
	ledger *ledger.Ledger
	store  *store.Store[task.Task, task.Event]
	record *recorder
	closed bool
}

func vfsOf(d *powerfail.Disk) (store.Disk, string) {
	if d == nil {
		return nil, ""
	}
	return d, d.VFS()
}

// openHouse opens a house on a directory. quiet keeps all events in the journal
// until a flush; otherwise they go home all the time.
func openHouse(t testing.TB, dir string, d *powerfail.Disk, quiet bool) (*house, error) {
	disk, vfs := vfsOf(d)
	l, err := ledger.New(ledger.Config{Dir: dir, VFS: vfs, Now: now, Monotonic: now, Readers: 1})
	if err != nil {
		return nil, err
	}
	s, err := store.New(store.Config[task.Task, task.Event]{
		Dir: filepath.Join(dir, "objects"), Layout: task.Layout{}, Encode: task.Class{}.Encode, Epoch: l.Epoch, Disk: disk, VFS: vfs,
	})
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	cfg := object.Config[task.Task, task.Event]{
		Class: task.Class{}, Journal: &recorder{Journal: l}, Home: s, Now: now,
		IdleAfter: 2 * time.Millisecond, OldAfter: 5 * time.Millisecond, SleepAfter: time.Millisecond,
	}
	if quiet {
		cfg.Scribes, cfg.IdleAfter, cfg.OldAfter, cfg.SleepAfter = 1, time.Hour, time.Hour, time.Hour
	}
	h, err := object.New(cfg)
	if err != nil {
		return nil, errors.Join(err, s.Close(), l.Close())
	}
	h.Start()
	return &house{host: h, t: t, dir: dir, disk: d, ledger: l, store: s, record: cfg.Journal.(*recorder)}, nil
}

func mustOpen(t testing.TB, dir string, quiet bool) *house {
	t.Helper()
	h, err := openHouse(t, dir, nil, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.close)
	return h
}

// close closes the house and leaves in the journal what is not home.
func (h *house) close() {
	if h.closed {
		return
	}
	h.closed = true
	hurry, cancel := context.WithCancel(context.Background())
	cancel()
	_ = h.Stop(hurry)
	_ = h.store.Close()
	_ = h.ledger.Close()
}

func (h *house) do(cmd task.Command) error {
	_, err := h.Do(context.Background(), cmd.TaskID(), object.Call[task.Task, task.Event]{
		Reserved: task.Ends(cmd),
		Decide: func(t *task.Task, now int64) (object.Decision[task.Task, task.Event], error) {
			c, err := task.Apply(t, cmd, now, "worker")
			return object.Decision[task.Task, task.Event]{Next: c.Next, Events: c.Events, Delete: c.Delete, Detail: c.Detail}, err
		},
	})
	return err
}

func (h *house) must(cmds ...task.Command) {
	h.t.Helper()
	for _, cmd := range cmds {
		if err := h.do(cmd); err != nil {
			h.t.Fatalf("%T on %q: %v", cmd, cmd.TaskID(), err)
		}
	}
}

func on(id string) task.Target { return task.Target{ID: id} }

func create(id string) task.Command {
	return task.Create{ID: id, Type: "render", Tags: []string{"a", "b"}, Metadata: `{"of":"` + id + `"}`}
}

func progress(id string, n int) task.Command {
	return task.SetProgress{Target: on(id), Progress: n % 101, Message: fmt.Sprintf("%s at %d", id, n)}
}

func complete(id string) task.Command { return task.Complete{Target: on(id), Result: `{"ok":true}`} }
func remove(id string) task.Command   { return task.Delete{Target: on(id)} }

// flush takes everything home.
func (h *house) flush() {
	h.t.Helper()
	if _, err := h.Flush(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
}

// take makes a backup of the house.
func (h *house) take(dir string) (backup.Manifest, error) { return h.takeTelling(dir, nil) }

func (h *house) takeTelling(dir string, progress func(backup.Progress)) (backup.Manifest, error) {
	disk, vfs := vfsOf(h.disk)
	return backup.Take(context.Background(), dir, backup.Source{
		DataDir: h.dir, Ledger: h.ledger, Hosts: map[string]backup.Host{"task": h.host}, Now: time.Now, Progress: progress,
		Disk: disk, VFS: vfs,
	})
}

// target is a data directory to be made anew.
func target(dir string, d *powerfail.Disk) backup.Target {
	disk, vfs := vfsOf(d)
	return backup.Target{
		Dir: datadir.Dir(dir), Classes: []backup.Class{backup.ClassOf(task.Class{}, task.Layout{})},
		Now: now, Monotonic: now, Disk: disk, VFS: vfs,
	}
}

// A truth is what a task was at one moment.
type truth struct {
	state  task.Task
	events []task.Event
}

// A recorder is a journal that remembers each commit, in order.
type recorder struct {
	object.Journal
	mu      sync.Mutex
	commits []journal.Commit
}

func (r *recorder) Commit(ctx context.Context, batch []journal.Commit) ([]int, error) {
	lost, err := r.Journal.Commit(ctx, batch)
	if len(lost) > 0 {
		panic("a commit was lost, though there is one house")
	}
	if err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.commits = append(r.commits, batch...)
	}
	return lost, err
}

// at returns every task as it was right after a ledger position.
func (r *recorder) at(t testing.TB, lsn int64) map[string]truth {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	tasks, details := map[string]truth{}, map[string]journal.Detail{}
	for _, c := range r.commits {
		if c.Op == journal.OpForget || c.Row.LSN > lsn {
			continue
		}
		id := c.Row.ID
		if c.Op == journal.OpDelete {
			delete(tasks, id)
			delete(details, id)
			continue
		}
		if c.Detail != nil {
			details[id] = *c.Detail
		}
		was := tasks[id]
		state, err := task.Class{}.Unpack(c.Row, details[id])
		if err != nil {
			t.Fatal(err)
		}
		was.state = state
		for _, e := range c.Entries {
			event, err := task.Class{}.Decode(e.Data)
			if err != nil {
				t.Fatal(err)
			}
			was.events = append(was.events, event)
		}
		tasks[id] = was
	}
	return tasks
}

// compare returns how a house differs from what it should have: each task, with
// all of its state and history, no more and no less, listed and counted.
func (h *house) compare(want map[string]truth) error {
	ctx := context.Background()
	listed, err := h.ledger.List(ctx, journal.Query{Class: "task", Limit: 10_000})
	if err != nil {
		return err
	}
	if len(listed.Rows) != len(want) || listed.Count != int64(len(want)) {
		return fmt.Errorf("%d tasks are listed and %d counted, want %d", len(listed.Rows), listed.Count, len(want))
	}
	for id, w := range want {
		got, err := h.Get(ctx, id)
		if err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		if !reflect.DeepEqual(got, w.state) {
			return fmt.Errorf("%s is\n%+v, want\n%+v", id, got, w.state)
		}
		events, err := h.history(id)
		if err != nil {
			return fmt.Errorf("history of %s: %w", id, err)
		}
		if !reflect.DeepEqual(events, w.events) {
			return fmt.Errorf("%s has the %d events\n%+v, want %d\n%+v", id, len(events), events, len(w.events), w.events)
		}
	}
	return nil
}

func (h *house) history(id string) (all []task.Event, err error) {
	for {
		some, _, err := h.History(context.Background(), id, object.HistoryRange{After: int64(len(all)), Ascending: true, Limit: 1000})
		if err != nil || len(some) == 0 {
			return all, err
		}
		all = append(all, some...)
	}
}

// whole compares twice: with the journal as it is, and after all is home.
func (h *house) whole(want map[string]truth) error {
	if err := h.compare(want); err != nil {
		return err
	}
	if _, err := h.Flush(context.Background()); err != nil {
		return err
	}
	return h.compare(want)
}

// settled takes all home and compares.
func (h *house) settled(want map[string]truth) error {
	if _, err := h.Flush(context.Background()); err != nil {
		return err
	}
	return h.compare(want)
}

// setVersion makes a closed database one of another schema, by its number.
func setVersion(t testing.TB, path string, version int) {
	t.Helper()
	c, err := sqlite.Open(sqlite.Config{Path: path, MustExist: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Exec(fmt.Sprintf("PRAGMA user_version = %d", version)), c.Close()); err != nil {
		t.Fatal(err)
	}
}

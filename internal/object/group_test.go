package object_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/counter"
	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/ledger"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/store"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

// street is a house of tasks and one of counters, on one ledger.
type street struct {
	*house
	counters *object.Host[counter.Counter, counter.Event]
}

// batches counts the commits of tasks and of counters in each batch.
type batches struct {
	object.Journal
	mixed atomic.Int64
}

func (b *batches) Commit(ctx context.Context, batch []journal.Commit) ([]int, error) {
	classes := map[string]bool{}
	for i := range batch {
		classes[batch[i].Row.Class] = true
	}
	if classes[task.ClassName] && classes[counter.ClassName] {
		b.mixed.Add(1)
	}
	return b.Journal.Commit(ctx, batch)
}

// openStreet opens both behind g, inside of a synctest bubble.
func openStreet(t *testing.T, lc ledger.Config, wrap func(object.Journal) object.Journal) *street {
	t.Helper()
	lc.Dir = t.TempDir()
	s := &street{}
	s.house = openLedger(t, lc, func(c *config) {
		group, err := object.NewGroup(object.GroupConfig{Journal: wrap(c.Journal)})
		if err != nil {
			t.Fatal(err)
		}
		epoch := c.Journal.Epoch
		c.Journal, c.Group = nil, group
		files, err := store.New(store.Config[counter.Counter, counter.Event]{
			Dir: filepath.Join(lc.Dir, "objects"), Layout: counter.Layout{}, Encode: counter.Class{}.Encode, Epoch: epoch,
		})
		if err != nil {
			t.Fatal(err)
		}
		s.counters, err = object.New(object.Config[counter.Counter, counter.Event]{
			Class: counter.Class{}, Group: group, Home: files, Now: c.Now, IdleAfter: c.IdleAfter, OldAfter: c.OldAfter,
		})
		if err != nil {
			t.Fatal(err)
		}
		s.counters.Start()
		t.Cleanup(func() { _ = files.Close() })
	})
	synctest.Wait()
	return s
}

// end stops both, and leaves in the journal what is not home.
func (s *street) end() {
	hurry, cancel := context.WithCancel(context.Background())
	cancel()
	_ = s.counters.Stop(hurry)
	s.close()
}

func (s *street) count(cmd counter.Command) (object.Outcome[counter.Counter, counter.Event], error) {
	return s.countOn("c", cmd)
}

func (s *street) countOn(name string, cmd counter.Command) (object.Outcome[counter.Counter, counter.Event], error) {
	cmd.Name = name
	return s.counters.Do(context.Background(), cmd.Name, object.Call[counter.Counter, counter.Event]{
		Decide: func(c *counter.Counter, now int64) (object.Decision[counter.Counter, counter.Event], error) {
			change, err := counter.Apply(c, cmd, now, "")
			return object.Decision[counter.Counter, counter.Event](change), err
		},
		Reserved: cmd.Op == counter.Delete,
	})
}

func (s *street) mustCount(cmds ...counter.Command) {
	s.t.Helper()
	for _, cmd := range cmds {
		if _, err := s.count(cmd); err != nil {
			s.t.Fatalf("%+v: %v", cmd, err)
		}
	}
}

var (
	begin = counter.Command{Op: counter.Create}
	plus  = counter.Command{Op: counter.Increment, N: 1}
)

func TestHostsOfAGroupShareACommit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, b := &gate{}, &batches{}
		s := openStreet(t, ledger.Config{}, func(j object.Journal) object.Journal { b.Journal = j; g.Journal = b; return g })
		s.must(create("t"))
		s.mustCount(begin)
		release := g.hold()
		errs := make(chan error, 3)
		go func() { _, err := s.do(progress("t", 1)); errs <- err }()
		synctest.Wait() // it is being committed; the others wait for the next batch
		go func() { _, err := s.do(progress("t", 2)); errs <- err }()
		go func() { _, err := s.count(plus); errs <- err }()
		synctest.Wait()
		release()
		for range 3 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		if b.mixed.Load() != 1 {
			t.Errorf("%d commits were shared, want 1", b.mixed.Load())
		}
		// What is listed of one class waits for what the other committed.
		if err := s.Shown(t.Context(), s.ledger.LSN()); err != nil {
			t.Error(err)
		}
		s.end()
	})
}

// shut is a journal that is opened again only when a test lets it.
type shut struct {
	object.Journal
	opens chan struct{}
}

func (s *shut) Recover(ctx context.Context) error {
	select {
	case <-s.opens:
		return s.Journal.Recover(ctx)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A commit of one class fails: nothing of the other is served from memory either,
// what waits is unknown, and both go on.
func TestABreakIsABreakForEveryHost(t *testing.T) {
	t.Parallel()
	for _, happened := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			g, j := &gate{}, &shut{opens: make(chan struct{})}
			s := openStreet(t, ledger.Config{}, func(l object.Journal) object.Journal { j.Journal = l; g.Journal = j; return g })
			s.must(create("t"))
			s.mustCount(begin, plus)
			f, err := s.counters.Follow(t.Context(), "c", object.Follow{Forever: true})
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			for range 2 {
				if _, err := f.Next(t.Context(), 0); err != nil { // snapshot, current
					t.Fatal(err)
				}
			}
			if _, err := s.countOn("idle", begin); err != nil {
				t.Fatal(err)
			}
			broken := errors.New("broken disk")
			release := g.hold()
			if happened {
				g.fail(nil, broken)
			} else {
				g.fail(broken, nil)
			}
			one, other := make(chan error, 1), make(chan error, 1)
			go func() { _, err := s.do(progress("t", 1)); one <- err }()
			synctest.Wait()
			go func() { _, err := s.count(plus); other <- err }()
			synctest.Wait()
			release()
			if err := <-one; !errors.Is(err, journal.ErrUnknown) {
				t.Errorf("the task's call: %v", err)
			}
			if err := <-other; !errors.Is(err, journal.ErrUnknown) {
				t.Errorf("the counter's call, which waited behind it: %v", err)
			}
			synctest.Wait()
			if n := s.Stats().Live + s.counters.Stats().Live; n != 0 {
				t.Errorf("%d objects are in memory while nothing is known of them", n)
			}
			if _, err := s.counters.Get(t.Context(), "idle"); !errors.Is(err, journal.ErrUnknown) {
				t.Errorf("a counter that nobody called is served: %v", err)
			}
			close(j.opens)
			time.Sleep(time.Minute)
			synctest.Wait()
			if err := errors.Join(s.Ready(), s.counters.Ready()); err != nil {
				t.Errorf("not ready again: %v", err)
			}
			out, err := s.count(plus)
			if err != nil || out.State.Value != 2 || out.State.Sequence != 3 {
				t.Errorf("the counter goes on as %+v, %v", out.State, err)
			}
			if m, err := f.Next(t.Context(), 0); err != nil || m.Kind != object.Event || m.Sequence != 3 {
				t.Errorf("its follower was told %+v, %v", m, err)
			}
			s.end()
		})
	}
}

// A journal that one class filled is emptied when another needs room.
func TestRoomIsMadeByEveryHost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := openStreet(t, ledger.Config{MaxJournalBytes: 8 << 10}, func(j object.Journal) object.Journal { return j })
		s.must(create("t"))
		s.mustCount(begin)
		for !s.ledger.Full() {
			s.must(note("t", text("long", make([]int, 500)...)))
		}
		s.mustCount(plus)
		s.end()
	})
}

func TestAGroupOutlivesAHostThatStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := openStreet(t, ledger.Config{}, func(j object.Journal) object.Journal { return j })
		s.mustCount(begin, plus)
		s.must(create("t"))
		if err := s.counters.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.must(progress("t", 50), complete("t"))
		if _, err := s.count(plus); !errors.Is(err, object.ErrDraining) {
			t.Errorf("a host that was stopped counts: %v", err)
		}
		s.close()
	})
}

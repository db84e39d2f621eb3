package object_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spectralnotify/spectralnotify/internal/journal"
	"github.com/spectralnotify/spectralnotify/internal/object"
	"github.com/spectralnotify/spectralnotify/internal/rule"
	"github.com/spectralnotify/spectralnotify/internal/task"
)

func TestCallsOfOneObjectHappenOnceAndInOrder(t *testing.T) {
	t.Parallel()
	w := open(t, t.TempDir(), nil)
	w.must(create("t"))
	const callers, each = 16, 40
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				out, err := w.do(note("t", text("n", c, i)))
				if err != nil || len(out.Events) != 1 || out.State.Sequence != out.Events[0].Sequence {
					t.Errorf("outcome %+v, %v", out, err)
				}
			}
		})
	}
	wg.Wait()
	seen := w.messages("t")
	for c := range callers {
		for i := range each {
			if n := seen[text("n", c, i)]; n != 1 {
				t.Errorf("%s is in the history %d times", text("n", c, i), n)
			}
		}
	}
}

func TestRefusalWaitsForWhatItWasDecidedOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{}
		w := openBehind(t, g)
		w.must(create("t"))
		release := g.hold()
		first, second := make(chan error, 1), make(chan error, 1)
		go func() { _, err := w.do(complete("t")); first <- err }()
		synctest.Wait()
		go func() { _, err := w.do(complete("t")); second <- err }()
		synctest.Wait()
		select {
		case err := <-second:
			t.Errorf("refused with %v before the completion was durable", err)
			second <- err
		default:
		}
		release()
		if err := <-first; err != nil {
			t.Errorf("the first completion: %v", err)
		}
		if err := <-second; !errors.Is(err, task.ErrTerminal) {
			t.Errorf("the second completion: %v, want %v", err, task.ErrTerminal)
		}
		w.close()
	})
}

func TestNothingIsShownBeforeItIsDurable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{}
		w := openBehind(t, g)
		w.must(create("t"))
		f, err := w.Follow(t.Context(), "t", object.Follow{})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		expect(t, f, object.Snapshot, 1)
		expect(t, f, object.Current, 1)

		release := g.hold()
		done := make(chan error, 1)
		go func() { _, err := w.do(progress("t", 40)); done <- err }()
		told := make(chan *message, 1)
		go func() { m, _ := f.Next(t.Context(), 0); told <- m }()
		synctest.Wait()
		select {
		case m := <-told:
			t.Errorf("a follower was told of %+v", m)
			told <- m
		default:
		}
		if s, err := w.Get(t.Context(), "t"); err != nil || s.Progress != 0 {
			t.Errorf("Get shows %d%%, %v", s.Progress, err)
		}
		if events, _, err := w.History(t.Context(), "t", object.HistoryRange{Limit: 10}); err != nil || len(events) != 1 {
			t.Errorf("History shows %d events, %v", len(events), err)
		}
		release()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if m := <-told; m.Kind != object.Event || m.State.Progress != 40 {
			t.Errorf("the follower was told %+v", m)
		}
		w.close()
	})
}

// A commit fails: what was decided on it fails with it, whether it happened or
// not nothing is served from memory, and work goes on.
func TestFailedCommit(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken disk")
	for _, happened := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			g := &gate{}
			w := openBehind(t, g)
			w.must(create("t"), create("other"))
			if happened {
				g.fail(nil, broken)
			} else {
				g.fail(broken, nil)
			}
			release := g.hold()
			errs := make(chan error, 3)
			go func() { _, err := w.do(complete("t")); errs <- err }()
			synctest.Wait()
			go func() { _, err := w.do(complete("t")); errs <- err }() // refused on what fails
			go func() { _, err := w.do(note("other", "x")); errs <- err }()
			synctest.Wait()
			release()
			for range 3 {
				if err := <-errs; !errors.Is(err, journal.ErrUnknown) {
					t.Errorf("happened=%v: %v, want %v", happened, err, journal.ErrUnknown)
				}
			}
			synctest.Wait()
			s, err := w.Get(t.Context(), "t")
			if err != nil || s.Status.Final() != happened {
				t.Errorf("happened=%v: the task is %v, %v", happened, s.Status, err)
			}
			w.must(note("other", "goes on"), note("t", "goes on"))
			if n := w.messages("other")["goes on"]; n != 1 {
				t.Errorf("the new event is there %d times", n)
			}
			w.close()
		})
	}
}

func TestFollowersOutliveAFailedCommit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &gate{}
		w := openBehind(t, g)
		w.must(create("t"))
		f, err := w.Follow(t.Context(), "t", object.Follow{})
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		expect(t, f, object.Snapshot, 1)
		g.fail(nil, errors.New("broken disk"))
		if _, err := w.do(note("t", "unknown but durable")); !errors.Is(err, journal.ErrUnknown) {
			t.Fatalf("%v, want %v", err, journal.ErrUnknown)
		}
		synctest.Wait()
		w.must(note("t", "goes on"), complete("t"))
		at := int64(1)
		for {
			m, err := f.Next(t.Context(), 0)
			if err != nil {
				t.Fatal(err)
			}
			if m.Kind == object.End {
				break
			}
			if m.Kind == object.Current {
				continue
			}
			if at++; m.Kind != object.Event || m.Sequence != at {
				t.Fatalf("got %+v, want event %d", m, at)
			}
		}
		if at != 4 {
			t.Errorf("saw events up to %d, want 4", at)
		}
		w.close()
	})
}

func TestReadersCreateNothing(t *testing.T) {
	t.Parallel()
	w := open(t, t.TempDir(), nil)
	ctx := context.Background()
	if _, err := w.Get(ctx, "none"); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("Get: %v", err)
	}
	if _, _, err := w.History(ctx, "none", object.HistoryRange{Limit: 1}); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("History: %v", err)
	}
	if _, err := w.Follow(ctx, "none", object.Follow{}); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("Follow: %v", err)
	}
	if _, err := w.do(complete("none")); !errors.Is(err, rule.ErrNotFound) {
		t.Errorf("Complete: %v", err)
	}
	if s := w.Stats(); s.Live != 0 || s.Topics != 0 {
		t.Errorf("left in memory: %+v", s)
	}
}

func TestCreateAndDeleteOfOneIDFollowEachOther(t *testing.T) {
	t.Parallel()
	w := open(t, t.TempDir(), nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				for _, cmd := range []task.Command{create("t"), note("t", "x"), remove("t")} {
					_, err := w.do(cmd)
					if err != nil && !errors.Is(err, rule.ErrExists) && !errors.Is(err, rule.ErrNotFound) {
						t.Errorf("%T: %v", cmd, err)
					}
				}
			}
		})
	}
	wg.Wait()
	if _, err := w.Get(context.Background(), "t"); err == nil {
		w.must(remove("t"))
	}
	w.must(create("t"))
	if n := len(w.history("t")); n != 1 {
		t.Errorf("a new task has %d events, want 1", n)
	}
}

func TestDrainRefusesChangesAndServesReads(t *testing.T) {
	t.Parallel()
	w := open(t, t.TempDir(), nil)
	w.must(create("t"))
	f, err := w.Follow(context.Background(), "t", object.Follow{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	expect(t, f, object.Snapshot, 1)
	w.Drain()
	if m := expect(t, f, object.End, 1); m.Reason != object.Draining {
		t.Errorf("ended with reason %d", m.Reason)
	}
	if _, err := w.do(note("t", "x")); !errors.Is(err, object.ErrDraining) {
		t.Errorf("a change: %v, want %v", err, object.ErrDraining)
	}
	if _, err := w.Get(context.Background(), "t"); err != nil {
		t.Errorf("a read: %v", err)
	}
}

// brokenReads is a journal that broke outside a commit: it can do nothing until
// it is opened again.
type brokenReads struct {
	object.Journal
	broken atomic.Bool
	shut   atomic.Bool // cannot be opened
	broke  chan struct{}
}

func (b *brokenReads) Broke() <-chan struct{} { return b.broke }

func (b *brokenReads) Load(ctx context.Context, key journal.Key) (journal.Loaded, error) {
	if b.broken.Load() {
		return journal.Loaded{}, journal.ErrUnknown
	}
	return b.Journal.Load(ctx, key)
}

func (b *brokenReads) Commit(ctx context.Context, batch []journal.Commit) ([]int, error) {
	if b.broken.Load() {
		return nil, journal.ErrUnknown
	}
	return b.Journal.Commit(ctx, batch)
}

func (b *brokenReads) Recover(ctx context.Context) error {
	if b.shut.Load() {
		return errors.New("no disk")
	}
	err := b.Journal.Recover(ctx)
	b.broken.Store(false)
	return err
}

func TestAJournalThatBrokeOutsideACommitIsOpenedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &brokenReads{broke: make(chan struct{}, 1)}
		w := open(t, t.TempDir(), func(c *config) { b.Journal = c.Journal; c.Journal = b })
		w.must(create("t"), complete("t"))
		time.Sleep(time.Minute) // asleep
		if err := w.Ready(); err != nil {
			t.Errorf("before: %v", err)
		}
		b.shut.Store(true)
		b.broken.Store(true)
		b.broke <- struct{}{}
		synctest.Wait()
		if err := w.Ready(); !errors.Is(err, journal.ErrUnknown) {
			t.Errorf("ready while it is broken: %v", err)
		}
		if _, err := w.Get(t.Context(), "t"); !errors.Is(err, journal.ErrUnknown) {
			t.Errorf("while it is broken: %v", err)
		}
		b.shut.Store(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		if err := w.Ready(); err != nil {
			t.Errorf("opened again, but: %v", err)
		}
		if _, err := w.Get(t.Context(), "t"); err != nil {
			t.Errorf("opened again: %v", err)
		}
		w.close()
	})
}
